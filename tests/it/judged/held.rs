//! A session that was held, as its files tell it.

use std::path::{Path, PathBuf};

use serde_json::Value;
use voice_studio::adapters::hearing::VoiceActivity;
use voice_studio::adapters::stt::SpeechToText;
use voice_studio::client::rehearsal::Summary;

use super::plan::{Case, Plan};
use crate::recording::foreign::tool;
use crate::support::hearing::words_heard;
use crate::support::sound::with_quiet;

pub(super) const AIS: [&str; 2] = ["claude", "guest"];
/// Samples of session time in one sample of a decoded track.
const SESSION_PER_TRACK: u64 = 3;
/// Sound before the first captioned word that belongs to its turn.
const LEAD_SAMPLES: u64 = 16 * 300;

/// A session and its recording.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) plan: Plan,
    pub(super) dir: PathBuf,
    pub(super) summary: Summary,
    pub(super) events: Vec<Value>,
    /// Claude's and the guest's track at 16 kHz; empty where ffmpeg is missing and may be.
    pub(super) tracks: [Vec<i16>; 2],
    pub(super) turns: Vec<HeldTurn>,
}

/// An AI's turn.
#[derive(Clone, Debug, Default)]
pub(super) struct HeldTurn {
    pub(super) turn: u64,
    pub(super) speaker: String,
    /// Why it had the floor.
    pub(super) granted: String,
    /// Why it ended.
    pub(super) ended: String,
    /// What the model wrote.
    pub(super) written: String,
    /// Its final captions.
    pub(super) captions: String,
    /// What a listener of its track understands.
    pub(super) from_track: String,
    /// Samples of session time of the first captioned word.
    pub(super) begins: Option<u64>,
}

impl Held {
    /// Reads a recording.
    pub(super) async fn read(
        plan: Plan,
        dir: PathBuf,
        summary: Summary,
        recogniser: &dyn SpeechToText,
        detector: &dyn VoiceActivity,
    ) -> Self {
        let log = std::fs::read_to_string(dir.join("events.jsonl")).unwrap();
        let events: Vec<Value> =
            log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let tracks = AIS.map(|speaker| decode_16k(&dir.join(speaker).with_extension("webm")));
        let mut held = Self { turns: ai_turns(&events), plan, dir, summary, events, tracks };
        for index in 0..held.turns.len() {
            let sound = held.sound_of(index);
            if !sound.is_empty() {
                held.turns[index].from_track =
                    words_heard(recogniser, detector, &with_quiet(sound)).await;
            }
        }
        held
    }

    /// Events of a type.
    pub(super) fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.events.iter().filter(move |event| event["type"] == kind)
    }

    /// The verdicts on voices over an AI, in order.
    pub(super) fn verdicts(&self) -> Vec<&str> {
        self.of_type("barge-in").filter_map(|event| event["verdict"].as_str()).collect()
    }

    /// The AI turns of which anything was heard. A reply that was withdrawn in silence because the host went on is none.
    pub(super) fn heard_turns(&self) -> Vec<&HeldTurn> {
        self.turns.iter().filter(|turn| !turn.captions.is_empty()).collect()
    }

    /// What each turn of the host's held. A turn that was taken for ended and went on has two ends; the last one tells.
    pub(super) fn host_turns(&self) -> Vec<&str> {
        let mut turns: Vec<(u64, &str)> = Vec::new();
        for end in self.of_type("turn.end").filter(|event| event["speaker"] == "you") {
            let (Some(turn), Some(text)) = (end["turn"].as_u64(), end["heardText"].as_str()) else {
                panic!("{end}")
            };
            turns.retain(|(earlier, _)| *earlier != turn);
            turns.push((turn, text));
        }
        turns.into_iter().map(|(_, text)| text).filter(|text| !text.is_empty()).collect()
    }

    /// The host's final captions.
    pub(super) fn host_captions(&self) -> String {
        captions_of(&self.events, |event| event["speaker"] == "you")
    }

    /// The host's final captions before and after the only pause of a second or more between two stretches of voice; none
    /// without one.
    pub(super) fn halves(&self) -> Option<(String, String)> {
        let at = |event: &Value| event["at"].as_u64();
        let stops = self.of_type("speech.stop").filter_map(at);
        let starts: Vec<u64> = self.of_type("speech.start").filter_map(at).collect();
        let pauses: Vec<(u64, u64)> = stops
            .filter_map(|stop| Some((stop, *starts.iter().find(|start| **start > stop)?)))
            .filter(|(stop, start)| start - stop >= 48_000)
            .collect();
        let [(stop, start)] = pauses[..] else { return None };
        let of_host = |event: &Value| event["speaker"] == "you";
        let before = captions_of(&self.events, |event| {
            of_host(event) && event["end"].as_u64().is_some_and(|end| end <= stop)
        });
        let after = captions_of(&self.events, |event| {
            of_host(event) && event["start"].as_u64().is_some_and(|begin| begin >= start)
        });
        Some((before, after))
    }

    /// First sample of session time at which an AI sounds.
    pub(super) fn first_ai_sound(&self) -> Option<u64> {
        let first = |track: &Vec<i16>| track.iter().position(|sample| sample.unsigned_abs() > 300);
        let first = self.tracks.iter().filter_map(first).min()?;
        Some(first as u64 * SESSION_PER_TRACK)
    }

    /// The track from a turn's first word to the next turn of the same speaker.
    fn sound_of(&self, index: usize) -> Vec<i16> {
        let turn = &self.turns[index];
        let Some(track) = AIS.iter().position(|name| *name == turn.speaker) else {
            return Vec::new();
        };
        let place = |begins: u64| {
            usize::try_from((begins / SESSION_PER_TRACK).saturating_sub(LEAD_SAMPLES)).unwrap()
        };
        let Some(from) = turn.begins.map(place) else { return Vec::new() };
        let next = self.turns[index + 1..]
            .iter()
            .filter(|later| later.speaker == turn.speaker)
            .find_map(|later| later.begins.map(place));
        let samples = &self.tracks[track];
        let until = next.unwrap_or(samples.len()).min(samples.len());
        samples[from.min(until)..until].to_vec()
    }
}

/// Final captions that match, in the order of speech.
fn captions_of(events: &[Value], wanted: impl Fn(&Value) -> bool) -> String {
    let mut captions: Vec<(u64, &str)> = events
        .iter()
        .filter(|event| event["type"] == "caption" && event["isFinal"] == true && wanted(event))
        .map(|event| (event["start"].as_u64().unwrap(), event["text"].as_str().unwrap()))
        .filter(|(_, text)| !text.is_empty())
        .collect();
    captions.sort_by_key(|(start, _)| *start);
    captions.iter().map(|(_, text)| *text).collect::<Vec<_>>().join(" ")
}

fn ai_turns(events: &[Value]) -> Vec<HeldTurn> {
    let text = |event: &Value, field: &str| event[field].as_str().unwrap_or_default().to_owned();
    let granted = events.iter().filter(|event| event["type"] == "floor.grant");
    granted
        .map(|grant| {
            let of_turn = |kind: &'static str| {
                let turn = &grant["turn"];
                events.iter().filter(move |event| event["type"] == kind && event["turn"] == *turn)
            };
            HeldTurn {
                turn: grant["turn"].as_u64().unwrap(),
                speaker: text(grant, "speaker"),
                granted: text(grant, "reason"),
                ended: of_turn("turn.end")
                    .next_back()
                    .map(|end| text(end, "reason"))
                    .unwrap_or_default(),
                written: of_turn("llm.text").map(|event| text(event, "text")).collect(),
                captions: captions_of(events, |event| event["turn"] == grant["turn"]),
                from_track: String::new(),
                begins: of_turn("caption")
                    .filter(|event| event["isFinal"] == true)
                    .filter_map(|event| event["start"].as_u64())
                    .min(),
            }
        })
        .collect()
}

/// A track as ffmpeg plays it.
fn decode_16k(track: &Path) -> Vec<i16> {
    let track = track.to_str().unwrap();
    let arguments = ["-v", "error", "-i", track, "-ac", "1", "-ar", "16000", "-f", "s16le", "-"];
    let Some(output) = tool("ffmpeg", &arguments) else { return Vec::new() };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// The sessions of a kind.
pub(super) fn of(held: &[Held], case: Case) -> impl Iterator<Item = &Held> {
    held.iter().filter(move |held| held.plan.case == case)
}
