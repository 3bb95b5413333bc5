//! The host of a made-up meeting and the recogniser that listens: sounds, and words that come late, twice or wrong.

use super::meeting::{Meeting, ms};
use crate::conversation::{Input, Stability};
use crate::time::{SessionTime, Span};

/// One host's stretch of speech, as the recogniser will tell it.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    pub(super) segment: u32,
    pub(super) text: String,
    pub(super) from: SessionTime,
    pub(super) until: SessionTime,
    pub(super) is_told: bool,
}

impl Meeting {
    /// The host makes a sound from `at` for `length`.
    pub fn voice(&mut self, at: SessionTime, length: Span) {
        let until = at + length;
        self.learn(at + ms(self.plan.onset_known), Input::SpeechStarted { at });
        self.learn(
            (until + ms(self.plan.stop_known)).max(at + ms(self.plan.onset_known)),
            Input::SpeechStopped { at: until },
        );
    }

    /// The host says `text` from `at` for `length`; the recogniser has the words `after` the end.
    pub fn say(&mut self, at: SessionTime, length: Span, text: &str, after: Span) {
        self.voice(at, length);
        self.words(at, length, text, after);
    }

    /// The recogniser hears `text` from `at` for `length` and says so `after` the end.
    pub fn words(&mut self, at: SessionTime, length: Span, text: &str, after: Span) {
        self.last_segment += 1;
        let (segment, until) = (self.last_segment, at + length);
        let stretch = Stretch { segment, text: text.into(), from: at, until, is_told: false };
        self.tell(until + after, stretch.recognised(Stability::Complete));
        self.stretches.push(stretch);
    }

    /// The recogniser hears `text` from `at` for `length` and says at `told` that it may still change.
    pub fn interim(&mut self, at: SessionTime, length: Span, text: &str, told: SessionTime) {
        self.last_segment += 1;
        let (segment, until) = (self.last_segment, at + length);
        let stretch = Stretch { segment, text: text.into(), from: at, until, is_told: false };
        self.tell(told, stretch.recognised(Stability::Interim));
        self.stretches.push(stretch);
    }

    /// The next voice fails when it has this much sound.
    pub const fn break_voice(&mut self, length: Span) {
        self.breaks_after = Some(length.samples());
    }

    /// The recogniser says its last words once more.
    pub fn repeat_last(&mut self, at: SessionTime, stability: Stability) {
        if let Some(stretch) = self.stretches.last() {
            let input = stretch.recognised(stability);
            self.learn(at, input);
        }
    }

    /// The recogniser's last words become `text`, for good.
    pub fn correct_last(&mut self, at: SessionTime, text: &str) {
        if let Some(stretch) = self.stretches.last_mut() {
            stretch.text = text.into();
            stretch.is_told = false;
            let input = stretch.recognised(Stability::Final);
            self.learn(at, input);
        }
    }
}

impl Stretch {
    pub(super) fn recognised(&self, stability: Stability) -> Input {
        Input::Recognised {
            segment: self.segment,
            text: self.text.clone(),
            from: self.from,
            until: self.until,
            stability,
        }
    }

    pub(super) const fn told(&mut self) {
        self.is_told = true;
    }
}
