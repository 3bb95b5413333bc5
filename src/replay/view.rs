//! A session as a picture needs it: stretches, states, decisions and latencies on lanes, in milliseconds.
//!
//! Read off the log alone. What a lane shows follows from inputs and orders of its speaker; a decision is an order that
//! gives, denies or takes the floor, or a judgement that led to one, with its reason as the log has it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::compare::Comparison;
use super::gaps::{Gap, gaps};
use super::log::{Line, Log};
use crate::conversation::{Input, Speaker};

/// Everything the picture shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct View {
    /// The show's title.
    pub title: String,
    /// Which session.
    pub session: String,
    /// When it began: Unix milliseconds.
    pub began: u64,
    /// How long it was.
    pub length: u64,
    /// Names on air, in the order of lanes.
    pub names: [String; 3],
    /// Whether a replay gives the same orders; the first difference otherwise.
    pub difference: Option<String>,
    /// What sounded, or nearly.
    pub stretches: Vec<Stretch>,
    /// States of the orbs.
    pub orbs: Vec<Orb>,
    /// Captions in their last form.
    pub captions: Vec<Cue>,
    /// What was decided, and why.
    pub decisions: Vec<Decision>,
    /// From the host's last word to the answer.
    pub latencies: Vec<Latency>,
    /// From one AI's last word to the other's first.
    pub gaps: Vec<Gap>,
}

/// Something that lasts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stretch {
    /// Whose lane.
    pub lane: usize,
    /// `voice`, `thinking`, `heard` or `paused`.
    pub kind: &'static str,
    /// Begin.
    pub from: u64,
    /// End.
    pub to: u64,
    /// The turn, where it is known.
    pub turn: Option<u64>,
}

/// A state of an orb, until the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Orb {
    /// Whose.
    pub lane: usize,
    /// The state's name.
    pub state: String,
    /// Begin.
    pub from: u64,
    /// End.
    pub to: u64,
}

/// A caption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cue {
    /// Whose.
    pub lane: usize,
    /// In which turn.
    pub turn: u64,
    /// Begin.
    pub from: u64,
    /// End.
    pub to: u64,
    /// What was heard.
    pub text: String,
    /// Whether the speaker was cut off.
    pub cut: bool,
}

/// Something that was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Whose lane.
    pub lane: usize,
    /// When.
    pub at: u64,
    /// `floor`, `end`, `judge`, `barge`, `host` or `trouble`.
    pub kind: &'static str,
    /// In a few words.
    pub what: String,
    /// The reason and the numbers behind it.
    pub why: String,
    /// Line of the log.
    pub seq: u64,
}

/// The parts of one answer's delay, each from the host's last word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Latency {
    /// Who answered.
    pub lane: usize,
    /// The turn.
    pub turn: u64,
    /// When the host fell silent.
    pub from: u64,
    /// Until each step, in order: its name and milliseconds.
    pub steps: Vec<(&'static str, u64)>,
}

/// Steps of an answer, as `turn.metrics` names them.
const STEPS: [(&str, &str); 5] = [
    ("endOfTurnMs", "end of turn decided"),
    ("firstTextMs", "first text"),
    ("firstAudioMs", "first sound"),
    ("firstSentMs", "first sent"),
    ("firstHeardMs", "heard"),
];

impl View {
    /// The picture of `log`.
    #[must_use]
    pub fn of(log: &Log, comparison: &Comparison) -> Self {
        let mut drawing = Drawing::default();
        for line in &log.lines {
            drawing.take(line);
        }
        let mut view = drawing.finish(log.end().millis());
        let start = log.lines.first();
        view.title.clone_from(&log.setup.briefing.title);
        view.session = start.map(|line| line.event.session_id.clone()).unwrap_or_default();
        view.began = start.map_or(0, |line| line.event.timestamp_ms);
        view.names = Speaker::ALL.map(|speaker| log.setup.briefing.speaker(speaker).name.clone());
        view.difference = comparison.difference.as_ref().map(super::Difference::side_by_side);
        view
    }
}

/// A picture that is being drawn.
#[derive(Default)]
struct Drawing {
    view: View,
    /// What is open on each lane.
    open: [Option<(&'static str, u64, Option<u64>)>; 3],
    orbs: [Option<(String, u64)>; 3],
    captions: BTreeMap<u64, Cue>,
    /// When the host last fell silent.
    silent: u64,
    /// Of each turn that follows the host's: when the host had fallen silent before it.
    asked: BTreeMap<u64, u64>,
    /// Whose turn was the last to end.
    last_ended: usize,
    now: u64,
}

impl Drawing {
    fn take(&mut self, line: &Line) {
        self.now = line.time().millis();
        match &line.input {
            Some((_, Input::SpeechStarted { at })) => self.begin(0, "voice", at.millis(), None),
            Some((_, Input::SpeechStopped { at })) => {
                self.silent = at.millis();
                self.end(0, at.millis());
            }
            Some((_, Input::EndOfTurnJudged { score, .. })) => {
                let what =
                    score.map_or("no model can say".into(), |score| format!("{score} ‰ finished"));
                self.decide(line, 0, "judge", what, "end-of-turn model");
            }
            Some((_, Input::InterruptPressed)) => {
                self.decide(line, 0, "host", "interrupt pressed", "");
            }
            Some((_, Input::MuteSet { muted })) => {
                self.decide(line, 0, "host", if *muted { "muted" } else { "unmuted" }, "");
            }
            Some((_, Input::AutopilotSet { enabled })) => {
                let what = if *enabled { "autopilot on" } else { "autopilot off" };
                self.decide(line, 0, "host", what, "");
            }
            Some((_, Input::HostLost)) => self.decide(line, 0, "trouble", "connection lost", ""),
            Some((_, Input::HostConnected)) => self.decide(line, 0, "host", "connected", ""),
            Some((_, Input::Typed { text })) => {
                self.decide(line, 0, "host", format!("typed {text:?}"), "");
            }
            _ => self.take_order(line),
        }
    }

    fn take_order(&mut self, line: &Line) {
        let text = |name: &str| {
            line.event.fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let number = |name: &str| line.event.fields.get(name).and_then(Value::as_u64);
        let lane = lane_of(&text("speaker"));
        let turn = number("turn");
        match (line.event.kind.as_str(), text("order").as_str()) {
            ("floor.grant", _) => {
                // An AI that follows the other answers nobody: its delay is the gap between the two.
                if self.last_ended == 0 {
                    self.asked.extend(turn.map(|turn| (turn, self.silent)));
                }
                self.begin(lane, "thinking", self.now, turn);
                self.decide(line, lane, "floor", "given the floor", &text("reason"));
            }
            ("floor.deny", _) => {
                self.decide(line, lane, "floor", "not given the floor", &text("reason"));
            }
            ("playout.order", "start-playout" | "resume") => {
                self.begin(lane, "heard", self.now, turn);
            }
            ("playout.order", "pause") => {
                self.begin(lane, "paused", self.now, turn);
                self.decide(line, lane, "barge", "held", "voice over it has lasted");
            }
            ("playout.order", "duck") => {
                let gain =
                    line.event.fields.get("gainDb").map(Value::to_string).unwrap_or_default();
                self.decide(line, lane, "barge", format!("loudness {gain} dB"), "voice over it");
            }
            ("playout.order", "flush") => self.end(lane, self.now),
            ("barge-in", _) => {
                let why =
                    format!("heard {:?}, unheard {:?}", text("heardText"), text("unheardText"));
                self.decide(
                    line,
                    lane,
                    "barge",
                    format!("voice over it: {}", text("verdict")),
                    &why,
                );
            }
            ("turn.end", _) => {
                self.last_ended = lane;
                if lane > 0 {
                    self.end(lane, self.now);
                }
                let what = format!("turn {} ends", turn.unwrap_or(0));
                self.decide(line, lane, "end", what, &text("reason"));
            }
            ("orb.state", _) => self.orb(lane, text("state")),
            ("caption", _) => self.caption(lane, line),
            ("end-of-turn.ask", _) => {
                let silence = self.now.saturating_sub(self.silent);
                let why = format!("{silence} ms of silence");
                self.decide(line, 0, "judge", "end-of-turn model asked", &why);
            }
            ("tell", _) => self.decide(line, 0, "trouble", text("code"), &text("message")),
            ("marker", _) => {
                self.decide(line, 0, "host", format!("marker {:?}", text("label")), "");
            }
            ("turn.metrics", _) => self.latency(lane, line),
            _ => {}
        }
    }

    fn begin(&mut self, lane: usize, kind: &'static str, at: u64, turn: Option<u64>) {
        self.end(lane, at);
        self.open[lane] = Some((kind, at, turn));
    }

    fn end(&mut self, lane: usize, at: u64) {
        if let Some((kind, from, turn)) = self.open[lane].take()
            && at > from
        {
            self.view.stretches.push(Stretch { lane, kind, from, to: at, turn });
        }
    }

    fn orb(&mut self, lane: usize, state: String) {
        let now = self.now;
        if let Some((state, from)) = self.orbs[lane].replace((state, now))
            && now > from
        {
            self.view.orbs.push(Orb { lane, state, from, to: now });
        }
    }

    fn caption(&mut self, lane: usize, line: &Line) {
        let fields = &line.event.fields;
        let number = |name: &str| fields.get(name).and_then(Value::as_u64).unwrap_or(0);
        let cue = Cue {
            lane,
            turn: number("turn"),
            from: number("start") / crate::time::SAMPLES_PER_MS,
            to: number("end") / crate::time::SAMPLES_PER_MS,
            text: fields.get("text").and_then(Value::as_str).unwrap_or_default().into(),
            cut: fields.get("cut").and_then(Value::as_bool).unwrap_or(false),
        };
        self.captions.insert(number("id"), cue);
    }

    fn latency(&mut self, lane: usize, line: &Line) {
        let number = |name: &str| line.event.fields.get(name).and_then(Value::as_u64);
        let steps: Vec<_> =
            STEPS.iter().filter_map(|(field, name)| Some((*name, number(field)?))).collect();
        let turn = number("turn").unwrap_or(0);
        if let Some(from) = self.asked.get(&turn).copied().filter(|_| !steps.is_empty()) {
            self.view.latencies.push(Latency { lane, turn, from, steps });
        }
    }

    fn decide(
        &mut self,
        line: &Line,
        lane: usize,
        kind: &'static str,
        what: impl Into<String>,
        why: &str,
    ) {
        let mut why = why.to_owned();
        // Scores and votes that the log has beside the reason are shown with it, whatever they are called.
        for (name, value) in &line.event.fields {
            if !KNOWN_FIELDS.contains(&name.as_str()) {
                let space = if why.is_empty() { "" } else { "; " };
                why = format!("{why}{space}{name} {value}");
            }
        }
        let decision =
            Decision { lane, at: self.now, kind, what: what.into(), why, seq: line.event.seq };
        self.view.decisions.push(decision);
    }

    fn finish(mut self, end: u64) -> View {
        self.now = end;
        for lane in 0..3 {
            self.end(lane, end);
            self.orb(lane, String::new());
        }
        self.view.length = end;
        self.view.captions =
            self.captions.into_values().filter(|cue| !cue.text.is_empty()).collect();
        self.view.gaps = gaps(&self.view.captions);
        self.view
    }
}

/// Fields that a decision shows in its own words already, or that say nothing to people.
const KNOWN_FIELDS: [&str; 20] = [
    "input",
    "order",
    "speaker",
    "turn",
    "reason",
    "verdict",
    "heardText",
    "unheardText",
    "score",
    "ask",
    "state",
    "muted",
    "enabled",
    "text",
    "code",
    "message",
    "label",
    "gainDb",
    "fadeMs",
    "piece",
];

fn lane_of(speaker: &str) -> usize {
    Speaker::ALL.iter().position(|known| known.as_str() == speaker).unwrap_or(0)
}
