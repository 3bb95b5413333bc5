//! What the event log keeps for the files that are written at the end: captions, holes and marked moments.
//!
//! Each is a line of the log and nothing else until then; this file knows both directions, so they cannot disagree.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::error::RecordingError;
use super::event_log::{Event, EventLine, Stamp, read_events};
use super::manifest::{ContinuesEntry, CutEntry, GapCause, GapEntry, seconds};
use super::services_used::{ServicesUsed, USE_EVENT};
use super::sound_check::{SOUND_CHECK_FIELD, SoundCheckEntry};
use crate::conversation::{Caption, Speaker, TurnId, memory};
use crate::time::{SessionTime, Span};

/// Name of the log's event for a final caption.
const CAPTION_EVENT: &str = "caption";
/// Name of the log's event for a hole in a track.
const GAP_EVENT: &str = "recorder.gap";
/// Name of the log's event for a marked moment.
const MARKER_EVENT: &str = "marker";
/// Name of the log's event for a stretch that was struck.
const STRIKE_EVENT: &str = "strike";
/// Name of the log's event for the end of a turn, and the reasons for which a speaker is stopped.
const TURN_END_EVENT: &str = "turn.end";
const STOPPED_REASONS: [&str; 2] = ["barged-in", "interrupted"];
/// Name of the log's first event.
const START_EVENT: &str = "session.start";
/// The field of the log's first line that names the take it goes on from.
pub const CONTINUES_FIELD: &str = "continues";

/// A hole in a track that is no pause of its speaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Whose track.
    pub speaker: Speaker,
    /// Where it begins.
    pub at: SessionTime,
    /// How long it is.
    pub length: Span,
    /// Why.
    pub cause: GapCause,
}

impl Gap {
    pub(super) fn entry(&self) -> GapEntry {
        let filled = "silence".to_owned();
        GapEntry { at_s: seconds(self.at), len_ms: self.length.millis(), cause: self.cause, filled }
    }
}

/// A stretch that was struck: the files keep it, and an editor takes it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    from: SessionTime,
    to: SessionTime,
    scope: String,
    turns: Vec<u32>,
}

impl Cut {
    fn of(fields: &Map<String, Value>) -> Option<Self> {
        let time =
            |name: &str| fields.get(name).and_then(Value::as_u64).map(SessionTime::from_samples);
        let turns = fields.get("turns").and_then(Value::as_array).into_iter().flatten();
        let turn = |struck: &Value| u32::try_from(struck.get("turn")?.as_u64()?).ok();
        Some(Self {
            from: time("from")?,
            to: time("to")?,
            scope: fields.get("scope")?.as_str()?.to_owned(),
            turns: turns.filter_map(turn).collect(),
        })
    }

    pub(super) fn entry(self) -> CutEntry {
        let (from_ms, to_ms) = (self.from.millis(), self.to.millis());
        CutEntry { from_ms, to_ms, scope: self.scope, turns: self.turns }
    }
}

/// What the event log knows about the files.
#[derive(Debug, Default)]
pub(super) struct Noted {
    /// Final captions, one an id, in the order of the log.
    pub(super) captions: Vec<Caption>,
    pub(super) gaps: Vec<Gap>,
    pub(super) markers: Vec<(SessionTime, String)>,
    /// Stretches that were struck.
    pub(super) cuts: Vec<Cut>,
    /// What services were used for.
    pub(super) services: ServicesUsed,
    /// Who and when, from the log's own lines.
    pub(super) session_id: Option<String>,
    pub(super) last: Stamp,
    /// The take that this one goes on from.
    pub(super) continues: Option<ContinuesEntry>,
    /// What the host's sound check measured.
    pub(super) sound_check: Option<SoundCheckEntry>,
    /// Captions that were shown and not yet final, in their latest form.
    open: BTreeMap<u32, Caption>,
    /// Turns that were stopped with words unheard.
    stopped: Vec<TurnId>,
}

impl Noted {
    /// Reads the log. Lines that are no events are passed over: what can be read must be used.
    pub(super) fn read(path: &Path) -> Result<Self, RecordingError> {
        let mut noted = Self::default();
        for event in read_events(path)? {
            match event {
                Ok(event) => noted.take(event),
                Err(error) => tracing::warn!(%error, "a line of the event log is passed over"),
            }
        }
        noted.mark_stopped();
        Ok(noted)
    }

    /// Where a speaker was stopped between two captions, the one before is cut: nothing of the next was heard.
    fn mark_stopped(&mut self) {
        for turn in std::mem::take(&mut self.stopped) {
            if let Some(last) = self.captions.iter_mut().rev().find(|it| it.turn == turn) {
                last.cut = true;
            }
        }
    }

    /// Captions that a killed session left open, as far as they were heard: what sounds in a track has its words.
    pub(super) fn left_open(&self) -> Vec<Caption> {
        let heard = self.open.values().filter(|caption| !caption.text.is_empty());
        let mut captions: Vec<Caption> = heard.cloned().collect();
        captions.iter_mut().for_each(memory::close);
        captions
    }

    /// Leaves out what lies beyond the end of the sound.
    pub(super) fn cut_at(&mut self, end: SessionTime) {
        self.markers.retain(|(at, _)| *at <= end);
        self.gaps.retain(|gap| gap.at < end);
        self.cuts.retain(|cut| cut.from < end);
        self.cuts.iter_mut().for_each(|cut| cut.to = cut.to.min(end));
        for gap in &mut self.gaps {
            gap.length = gap.length.min(end.since(gap.at));
        }
    }

    fn take(&mut self, event: Event) {
        self.last.timestamp_ms = self.last.timestamp_ms.max(event.timestamp_ms);
        self.last.t = self.last.t.max(SessionTime::from_millis(event.t_ms));
        self.session_id.get_or_insert(event.session_id);
        match event.kind.as_str() {
            CAPTION_EVENT => {
                let caption = serde_json::from_value::<Caption>(Value::Object(event.fields));
                let is_known = |id| self.captions.iter().rev().any(|caption| caption.id == id);
                let Some(caption) = caption.ok().filter(|caption| !is_known(caption.id)) else {
                    return;
                };
                if caption.is_final {
                    self.open.remove(&caption.id);
                    self.captions.push(caption);
                } else {
                    self.open.insert(caption.id, caption);
                }
            }
            GAP_EVENT => {
                let field = |name: &str| event.fields.get(name).cloned().unwrap_or(Value::Null);
                let speaker = serde_json::from_value(field("speaker"));
                let length = serde_json::from_value(field("samples"));
                let cause = serde_json::from_value(field("cause"));
                if let (Ok(speaker), Ok(length), Ok(cause), Some(at)) =
                    (speaker, length, cause, event.at)
                {
                    self.gaps.push(Gap { speaker, at, length, cause });
                }
            }
            TURN_END_EVENT => {
                let text = |name: &str| event.fields.get(name).and_then(Value::as_str);
                let is_stopped = text("reason").is_some_and(|it| STOPPED_REASONS.contains(&it))
                    && text("unheardText").is_some_and(|unheard| !unheard.is_empty());
                let turn = event.fields.get("turn").cloned().unwrap_or(Value::Null);
                let turn = serde_json::from_value(turn).ok().filter(|_| is_stopped);
                self.stopped.extend::<Option<TurnId>>(turn);
            }
            STRIKE_EVENT => self.cuts.extend(Cut::of(&event.fields)),
            USE_EVENT => self.services.take(&event.fields),
            START_EVENT => {
                let field = |name: &str| event.fields.get(name).cloned().unwrap_or(Value::Null);
                self.continues = serde_json::from_value(field(CONTINUES_FIELD)).ok();
                self.sound_check = serde_json::from_value(field(SOUND_CHECK_FIELD)).ok();
            }
            MARKER_EVENT => {
                let label = event.fields.get("label").and_then(Value::as_str);
                if let (Some(label), Some(at)) = (label, event.at) {
                    self.markers.push((at, label.to_owned()));
                }
            }
            _ => {}
        }
    }
}

/// The log's line for a final caption.
pub(super) fn caption_line(stamp: Stamp, caption: &Caption) -> Result<EventLine, RecordingError> {
    let fields = match serde_json::to_value(caption) {
        Ok(Value::Object(fields)) => fields,
        Ok(other) => {
            return Err(RecordingError::Text {
                what: "a caption",
                reason: format!("{other} is no object"),
            });
        }
        Err(error) => {
            return Err(RecordingError::Text { what: "a caption", reason: error.to_string() });
        }
    };
    Ok(EventLine {
        timestamp_ms: stamp.timestamp_ms,
        t: stamp.t,
        now: None,
        at: None,
        kind: CAPTION_EVENT,
        fields,
    })
}

/// The log's line for a hole.
pub(super) fn gap_line(stamp: Stamp, gap: &Gap) -> EventLine {
    let fields = Map::from_iter([
        ("speaker".to_owned(), json!(gap.speaker)),
        ("samples".to_owned(), json!(gap.length)),
        ("lenMs".to_owned(), gap.length.millis().into()),
        ("cause".to_owned(), json!(gap.cause)),
    ]);
    EventLine {
        timestamp_ms: stamp.timestamp_ms,
        t: stamp.t,
        now: None,
        at: Some(gap.at),
        kind: GAP_EVENT,
        fields,
    }
}

/// The log's line for a marked moment.
pub(super) fn marker_line(stamp: Stamp, label: &str, at: SessionTime) -> EventLine {
    let fields = Map::from_iter([("label".to_owned(), label.into())]);
    EventLine {
        timestamp_ms: stamp.timestamp_ms,
        t: stamp.t,
        now: None,
        at: Some(at),
        kind: MARKER_EVENT,
        fields,
    }
}
