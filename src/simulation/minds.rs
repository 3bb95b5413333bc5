//! The language models of a meeting: what they reply and how they sum up, by script and by chance.

use super::meeting::{Meeting, Script, ms};
use crate::conversation::{AiSpeaker, Input, Outcome, TurnId};

impl Meeting {
    pub(super) fn write(&mut self, turn: TurnId, speaker: AiSpeaker) {
        let script = self.replies[speaker.index()].pop_front().unwrap_or_else(|| {
            Script::Says("That is a good question, and here is my answer to it.".into())
        });
        let (text, outcome) = match script {
            Script::Says(text) => (text, Outcome::Complete),
            Script::Fails(text, outcome) => (text, outcome),
            Script::Hangs => return,
        };
        let mut at = self.now + self.jitter(self.plan.text_after);
        for chunk in text.split_inclusive(' ') {
            self.tell(at, Input::ReplyText { turn, text: chunk.into() });
            at = at + ms(self.plan.chunk_every);
        }
        self.tell(at, Input::ReplyEnded { turn, outcome });
    }

    pub(super) fn sum_up(&mut self, summary: u32) {
        let script = self.summaries.pop_front().unwrap_or_else(|| {
            let faults =
                [8, 4].map(|percent| self.dice.as_mut().is_some_and(|dice| dice.chance(percent)));
            match faults {
                [true, _] => Script::Fails(String::new(), Outcome::Failed),
                [_, true] => Script::Hangs,
                [false, false] => Script::Says("They spoke of rain, and agreed.".into()),
            }
        });
        let (text, outcome) = match script {
            Script::Says(text) => (text, Outcome::Complete),
            Script::Fails(text, outcome) => (text, outcome),
            Script::Hangs => return,
        };
        let at = self.now + self.jitter(self.plan.summary_after);
        let told = Input::Summarised { summary, text, outcome };
        if self.dice.as_mut().is_some_and(|dice| dice.chance(5)) {
            self.learn(at + ms(10), told.clone());
        }
        self.learn(at, told);
    }
}
