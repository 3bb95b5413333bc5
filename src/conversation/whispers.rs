//! The producer's channel: a word in one AI's ear.
//!
//! A whisper is an aside in that one's memory, from its next prompt on. It is no turn, so it has no sound and no
//! caption, and the other AI's memory does not hold it.

use super::floor::Conversation;
use super::order::Order;
use super::prompt::cues;
use super::speaker::AiSpeaker;

impl Conversation {
    pub(super) fn on_whispered(&mut self, speaker: AiSpeaker, text: &str) {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if self.is_ending {
            return self.ignore("session_is_ending");
        }
        if text.is_empty() {
            return self.ignore("text_is_empty");
        }
        self.whisper(speaker, &text);
        // What this one has written ahead does not know of it.
        if self.prepared.as_ref().is_some_and(|prepared| prepared.turn.speaker == speaker) {
            self.discard_prepared("memory_changed");
        }
        self.order(Order::NoteWhispered { speaker, text });
    }

    /// The whisper stands in the memory of `speaker`.
    pub(super) fn whisper(&mut self, speaker: AiSpeaker, text: &str) {
        let aside = format!("({}{text}{})", cues::WHISPER, cues::WHISPER_END);
        self.transcript.aside(Some(speaker), aside);
    }
}
