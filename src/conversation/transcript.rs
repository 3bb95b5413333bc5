//! What everybody remembers: the lines that were heard, in the order in which their turns began.
//!
//! Invariants: a line holds what was heard, never what was only said; both AIs read the same lines, each from its
//! own point of view. A host's line may still be replaced by better words of the same speech.
//! A back-channel is captioned but is no line: a listener's "mm-hmm" asks nothing.

use super::briefing::Briefing;
use super::prompt::{Message, Role};
use super::speaker::{AiSpeaker, Speaker, TurnId};

/// Lines that go into one prompt: half an hour of talk, well inside any model's window.
const PROMPT_LINES_MAX: usize = 120;

/// Said to a model that has the last word itself: providers take a trailing line of the speaker's own for
/// something to continue letter by letter.
const GO_ON: &str = "(Nobody has spoken since. You have the floor: go on.)";
/// Said to a model before anybody has spoken.
const BEGIN: &str = "(Nobody has spoken yet. You have the floor: begin.)";
/// Who gives these stage directions.
const STAGE: &str = "Studio";

/// The lines of a session.
#[derive(Clone, Debug, Default)]
pub(super) struct Transcript {
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
struct Line {
    turn: TurnId,
    speaker: Speaker,
    text: String,
}

impl Transcript {
    /// Keeps a place for `turn`; a turn that is opened again keeps its place.
    pub(super) fn open(&mut self, turn: TurnId, speaker: Speaker) {
        if self.position(turn).is_none() {
            self.lines.push(Line { turn, speaker, text: String::new() });
        }
    }

    /// What was heard of `turn`.
    pub(super) fn set(&mut self, turn: TurnId, text: String) {
        if let Some(position) = self.position(turn) {
            self.lines[position].text = text;
        }
    }

    /// The history from `speaker`'s point of view, ending with what is to be answered.
    pub(super) fn messages(&self, speaker: AiSpeaker, briefing: &Briefing) -> Vec<Message> {
        let heard: Vec<&Line> = self.lines.iter().filter(|line| !line.text.is_empty()).collect();
        let recent = &heard[heard.len().saturating_sub(PROMPT_LINES_MAX)..];
        let mut messages: Vec<Message> = recent
            .iter()
            .map(|line| Message {
                role: if line.speaker == speaker.into() { Role::Assistant } else { Role::User },
                name: briefing.speaker(line.speaker).name.clone(),
                text: line.text.clone(),
            })
            .collect();
        let direction = match messages.last() {
            None => Some(BEGIN),
            Some(last) if last.role == Role::Assistant => Some(GO_ON),
            Some(_) => None,
        };
        messages.extend(direction.map(|text| Message {
            role: Role::User,
            name: STAGE.into(),
            text: text.into(),
        }));
        messages
    }

    // From the end: only the last few turns ever change.
    fn position(&self, turn: TurnId) -> Option<usize> {
        self.lines.iter().rposition(|line| line.turn == turn)
    }
}
