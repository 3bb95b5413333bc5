//! A session whose process died, as its recording remembers it: enough to go on in a new take.
//!
//! The log's first line says who was at the table and, as a hash, whose token it was; the lines of turns and captions
//! say what was heard. A session that ended in order has nothing to go on with and is not found.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Map, Value};

use super::closing::EVENTS_FILE;
use super::error::RecordingError;
use super::event_log::{Event, read_events};
use super::manifest::Manifest;
use crate::conversation::briefing::Briefing;
use crate::conversation::{Caption, Memory, Outcome, Speaker, StruckTurn, TurnId};
use crate::time::SAMPLES_PER_MS;

/// How long after its last fact a session may be gone on with: the time in which a host waits at an open page for a
/// studio that is being restarted or mended.
pub const REVIVAL_MAX: Duration = Duration::from_secs(10 * 60);

/// The field of the log's first line that tells whose session it was: SHA-256 of the resume token, in hexadecimal.
pub const TOKEN_HASH_FIELD: &str = "resumeTokenHash";
/// The field of the log's first line that holds what an earlier take left.
pub const MEMORY_FIELD: &str = "memory";

const START_EVENT: &str = "session.start";

/// What is left of a session.
#[derive(Clone, Debug, PartialEq)]
pub struct Survivor {
    /// Its id.
    pub session_id: String,
    /// The folder of its recording.
    pub folder: String,
    /// The episode that was asked for.
    pub episode: String,
    /// Who was at the table.
    pub briefing: Briefing,
    /// What decided what the rules leave open.
    pub seed: u64,
    /// Rate of the host's sound.
    pub host_rate_hz: u32,
    /// What was heard, turn by turn.
    pub memory: Memory,
    /// When its recorded sound ends, Unix milliseconds.
    pub ended_unix_ms: u64,
}

/// Finds the session of this token among the repaired recordings of `root`: the newest take, if its process died within
/// the last [`REVIVAL_MAX`].
///
/// # Errors
/// [`RecordingError::File`] if a log cannot be read, [`RecordingError::Text`] if its manifest cannot.
pub fn find_survivor(
    root: &Path,
    token_hash: &str,
    now_unix_ms: u64,
) -> Result<Option<Survivor>, RecordingError> {
    let Ok(folders) = fs::read_dir(root) else { return Ok(None) };
    let oldest_ms = now_unix_ms.saturating_sub(millis(REVIVAL_MAX));
    let newest = folders
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|dir| changed_unix_ms(dir).is_some_and(|changed| changed >= oldest_ms))
        .filter_map(|dir| Some((first_event(&dir)?, dir)))
        .filter(|(start, _)| text(&start.fields, TOKEN_HASH_FIELD) == Some(token_hash))
        .max_by_key(|(start, _)| start.timestamp_ms);
    match newest {
        Some((start, dir)) => read(start, &dir, oldest_ms),
        None => Ok(None),
    }
}

fn read(start: Event, dir: &Path, oldest_ms: u64) -> Result<Option<Survivor>, RecordingError> {
    let Some(manifest) = Manifest::read(dir)?.filter(|manifest| manifest.recovered) else {
        return Ok(None);
    };
    let field = |name: &str| start.fields.get(name).cloned().unwrap_or(Value::Null);
    let (Ok(briefing), Some(seed)) =
        (serde_json::from_value::<Briefing>(field("briefing")), field("seed").as_u64())
    else {
        return Ok(None);
    };
    let mut memory: Memory = serde_json::from_value(field(MEMORY_FIELD)).unwrap_or_default();
    let mut last_ms = 0;
    for event in read_events(&dir.join(EVENTS_FILE))?.filter_map(Result::ok) {
        last_ms = last_ms.max(event.timestamp_ms);
        remember(&mut memory, event);
    }
    memory.settle();
    let host_rate_hz = field("config")["hostRate"].as_u64();
    Ok((last_ms >= oldest_ms).then(|| Survivor {
        session_id: start.session_id.clone(),
        folder: dir.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        episode: manifest.session.episode,
        briefing,
        seed,
        host_rate_hz: host_rate_hz.and_then(|hz| u32::try_from(hz).ok()).unwrap_or_default(),
        memory,
        // The first line is written a little after the first sample on a busy machine; it says how much.
        ended_unix_ms: start.timestamp_ms.saturating_sub(start.t_ms)
            + manifest.session.samples / SAMPLES_PER_MS,
    }))
}

/// What a line tells of what was heard.
fn remember(memory: &mut Memory, event: Event) {
    let fields = event.fields;
    memory.went_on_until(event.t_ms);
    let turn = number(&fields, "turn").map(TurnId);
    let speaker = fields.get("speaker").cloned().unwrap_or(Value::Null);
    let speaker = serde_json::from_value::<Speaker>(speaker).ok();
    match (event.kind.as_str(), turn, speaker) {
        ("turn.start", Some(turn), Some(speaker)) => memory.turn_started(turn, speaker),
        ("turn.end", Some(turn), speaker) => {
            memory.turn_ended(turn, text(&fields, "heardText").unwrap_or_default());
            let is_withdrawn = text(&fields, "reason") == Some("withdrawn");
            if let Some(speaker) = speaker.and_then(Speaker::ai).filter(|_| is_withdrawn) {
                memory.withdrawn(speaker);
            }
        }
        ("floor.grant", _, Some(speaker)) => {
            if let Some(speaker) = speaker.ai() {
                memory.granted(speaker);
            }
        }
        ("strike", ..) => {
            let turns = fields.get("turns").cloned().unwrap_or(Value::Null);
            let turns = serde_json::from_value::<Vec<StruckTurn>>(turns).unwrap_or_default();
            turns.iter().for_each(|struck| memory.struck(struck.turn, &struck.kept));
        }
        ("whisper", _, Some(speaker)) => {
            if let Some(speaker) = speaker.ai() {
                memory.whispered(speaker, text(&fields, "text").unwrap_or_default());
            }
        }
        ("summary.written", ..) => {
            if let Some(summary) = number(&fields, "summary") {
                memory.summary_written(summary, text(&fields, "text").unwrap_or_default());
            }
        }
        ("summary", _, Some(speaker)) => {
            let outcome = fields.get("outcome").cloned().unwrap_or(Value::Null);
            let outcome = serde_json::from_value::<Outcome>(outcome).ok();
            let (summary, upto) = (number(&fields, "summary"), number(&fields, "upto"));
            if let (Some(speaker), Some(summary), Some(upto), Some(outcome)) =
                (speaker.ai(), summary, upto, outcome)
            {
                memory.summed_up(speaker, summary, TurnId(upto), outcome);
            }
        }
        ("segment", ..) => {
            let index = fields.get("index").and_then(Value::as_u64);
            if let Some(index) = index.and_then(|index| u16::try_from(index).ok()) {
                memory.segment_began(index, event.t_ms);
            }
        }
        ("autopilot.show", ..) => {
            memory.autopilot_set(fields.get("enabled").and_then(Value::as_bool).unwrap_or(false));
        }
        ("caption", ..) => {
            if let Ok(caption) = serde_json::from_value::<Caption>(Value::Object(fields)) {
                memory.shown(caption);
            }
        }
        _ => {}
    }
}

fn first_event(dir: &Path) -> Option<Event> {
    let event = read_events(&dir.join(EVENTS_FILE)).ok()?.next()?.ok()?;
    (event.kind == START_EVENT).then_some(event)
}

fn changed_unix_ms(dir: &Path) -> Option<u64> {
    let changed = fs::metadata(PathBuf::from(dir).join(EVENTS_FILE)).ok()?.modified().ok()?;
    changed.duration_since(UNIX_EPOCH).ok().map(millis)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn number(fields: &Map<String, Value>, name: &str) -> Option<u32> {
    fields.get(name).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok())
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_str)
}
