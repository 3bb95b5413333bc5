//! What everybody remembers: the lines that were heard, in the order in which their turns began.
//!
//! Invariants: a line holds what was heard, never what was only said; both AIs read the same lines, each from its
//! own point of view. A host's line may still be replaced by better words of the same speech.
//! A back-channel is captioned but is no line: a listener's "mm-hmm" asks nothing.

use std::collections::VecDeque;

use super::briefing::Briefing;
use super::prompt::{Message, Role};
use super::speaker::{AiSpeaker, Speaker, TurnId};

/// Lines that go into one prompt: half an hour of talk, well inside any model's window.
const PROMPT_LINES_MAX: usize = 120;
/// Lines kept: what a prompt takes, and as many again for turns of which nothing was heard. Only the last few ever change.
pub(super) const LINES_MAX: usize = 2 * PROMPT_LINES_MAX;

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
    lines: VecDeque<Line>,
    /// How often the text of any line changed.
    revision: u32,
}

#[derive(Clone, Debug)]
struct Line {
    turn: TurnId,
    speaker: Speaker,
    text: String,
    /// How often its text changed.
    changes: u32,
}

impl Transcript {
    /// Keeps a place for `turn`; a turn that is opened again keeps its place.
    pub(super) fn open(&mut self, turn: TurnId, speaker: Speaker) {
        if self.position(turn).is_none() {
            if self.lines.len() == LINES_MAX {
                self.lines.pop_front();
            }
            self.lines.push_back(Line { turn, speaker, text: String::new(), changes: 0 });
        }
    }

    /// What was heard of `turn`.
    pub(super) fn set(&mut self, turn: TurnId, text: String) {
        if let Some(position) = self.position(turn) {
            let line = &mut self.lines[position];
            if line.text != text {
                line.text = text;
                line.changes = line.changes.wrapping_add(1);
                self.revision = self.revision.wrapping_add(1);
            }
        }
    }

    /// What was heard of `turn`; nothing of one that is no line.
    pub(super) fn text(&self, turn: TurnId) -> &str {
        self.position(turn).map_or("", |position| self.lines[position].text.as_str())
    }

    /// A number that stays the same as long as nothing but the line of `turn` changes.
    pub(super) fn revision_but(&self, turn: TurnId) -> u32 {
        let own = self.position(turn).map_or(0, |position| self.lines[position].changes);
        self.revision.wrapping_sub(own)
    }

    /// The history from `speaker`'s point of view, ending with what is to be answered. With `expected` the line of
    /// that turn holds that text: what will have been heard if nothing comes between.
    pub(super) fn messages(
        &self,
        speaker: AiSpeaker,
        briefing: &Briefing,
        expected: Option<(TurnId, &str)>,
    ) -> Vec<Message> {
        let heard: Vec<(&Line, &str)> = self
            .lines
            .iter()
            .map(|line| match expected {
                Some((turn, text)) if turn == line.turn => (line, text),
                _ => (line, line.text.as_str()),
            })
            .filter(|(_, text)| !text.is_empty())
            .collect();
        let recent = heard.len().saturating_sub(PROMPT_LINES_MAX);
        let mut messages: Vec<Message> = heard
            .into_iter()
            .skip(recent)
            .map(|(line, text)| Message {
                role: if line.speaker == speaker.into() { Role::Assistant } else { Role::User },
                name: briefing.speaker(line.speaker).name.clone(),
                text: text.to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_show_of_any_length_is_remembered_as_far_as_a_prompt_reaches() {
        let text = "---\ntitle: T\nepisode: t\nlanguage: en\nspeakers:\n  you: { name: Sam, role: host }\n  \
                    claude: { name: Ada, role: co-host, persona: Calm. }\n  \
                    guest: { name: Oscar, role: guest, persona: Warm. }\nsegments:\n  \
                    - { title: Talk, minutes: 5, goal: Talk. }\n---\n\n## Everyone\n\nThe moon is a rock.\n";
        let briefing = Briefing::parse(text).expect("a briefing");
        let mut transcript = Transcript::default();
        for turn in 1..=1000 {
            transcript.open(TurnId(turn), Speaker::You);
            // Of every other turn nothing was heard.
            if turn % 2 == 0 {
                transcript.set(TurnId(turn), format!("line {turn}"));
            }
        }
        assert_eq!(transcript.lines.len(), LINES_MAX);
        let messages = transcript.messages(AiSpeaker::Claude, &briefing, None);
        assert_eq!(messages.len(), PROMPT_LINES_MAX);
        assert_eq!(messages[0].text, "line 762");
        assert_eq!(transcript.text(TurnId(1000)), "line 1000");
    }
}
