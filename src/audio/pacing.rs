//! Where a listener would be who plays what it is sent at once and at the nominal rate.
//!
//! Stands in for reports where none come.

use crate::time::{SessionTime, Span};

/// A model of the listener's place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pacing {
    /// Samples played at `at`.
    pub(super) sample: u64,
    pub(super) at: SessionTime,
    /// When `sample` was reached; earlier than `at` where the model waits for sound.
    pub(super) reached: SessionTime,
}

impl Pacing {
    /// Plays on to `now`, as far as there is sound.
    pub(super) fn advance(&mut self, now: SessionTime, sent: u64) {
        let elapsed = now.since(self.at).samples();
        let played = elapsed.min(sent.saturating_sub(self.sample));
        if played > 0 {
            self.reached = self.at + Span::from_samples(played);
            self.sample += played;
        }
        self.at = self.at.max(now);
    }
}
