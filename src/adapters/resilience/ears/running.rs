//! A recogniser at work, and by when it must have done something.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::adapters::AdapterError;
use crate::adapters::stt::{SttEvent, SttInput};

/// A recogniser that has not taken sound for so long is given up.
pub(super) const BLOCKED_LIMIT: Duration = Duration::from_secs(3);
/// A stream that has lived so long without dying serves.
pub(super) const SETTLED_AFTER: Duration = Duration::from_millis(1_500);
/// A stream that has lived so long is well, though nobody spoke.
pub(super) const WELL_AFTER: Duration = Duration::from_secs(10);

/// A recogniser with interim words says some so often while somebody speaks, and its final ones so soon after: the
/// conversation waits three seconds for them.
const INTERIM_LIMIT: Duration = Duration::from_millis(2_500);
/// One without them works out a whole stretch first.
const WORDS_LIMIT: Duration = Duration::from_secs(4);

/// A recogniser at work.
pub(super) struct Running {
    pub(super) input: Option<mpsc::Sender<SttInput>>,
    pub(super) events: mpsc::Receiver<Result<SttEvent, AdapterError>>,
    /// The place of its first sample.
    pub(super) base: u64,
    pub(super) opened: Instant,
    /// When it last took something, or had nothing to take.
    pub(super) took: Instant,
    /// Whether it says words before they are final.
    pub(super) interim: bool,
    /// Whether somebody speaks in what it was given.
    pub(super) is_spoken_to: bool,
    /// By when it must have said something.
    pub(super) words_by: Option<Instant>,
    pub(super) has_settled: bool,
    pub(super) is_well: bool,
    pub(super) sent_samples: u64,
    pub(super) told_use: Instant,
}

impl Running {
    /// It was given the begin of speech.
    pub(super) fn on_speech(&mut self) {
        self.is_spoken_to = true;
        if self.interim {
            self.words_by.get_or_insert(Instant::now() + INTERIM_LIMIT);
        }
    }

    /// It was given the end of speech, of which words are due or not.
    pub(super) fn on_silence(&mut self, are_due: bool) {
        self.is_spoken_to = false;
        let limit = self.waited_for_words();
        self.words_by = are_due.then(|| Instant::now() + limit);
    }

    /// How long it may be silent.
    pub(super) const fn waited_for_words(&self) -> Duration {
        if self.interim { INTERIM_LIMIT } else { WORDS_LIMIT }
    }

    /// It said words: more are due while somebody speaks, or until they are final.
    pub(super) fn on_words(&mut self, is_final: bool) {
        if self.input.is_none() {
            // These are its last words, which have a limit of their own.
            return;
        }
        let is_due = (self.interim && self.is_spoken_to) || (!is_final && self.words_by.is_some());
        self.words_by = is_due.then(|| Instant::now() + INTERIM_LIMIT);
    }

    /// The next moment at which something must have happened.
    pub(super) fn deadline(&self, has_more: bool) -> Instant {
        let blocked = (has_more && self.input.is_some()).then(|| self.took + BLOCKED_LIMIT);
        let settled = (!self.has_settled).then(|| self.opened + SETTLED_AFTER);
        let well = (!self.is_well).then(|| self.opened + WELL_AFTER);
        let earliest = [blocked, settled, well, self.words_by].into_iter().flatten().min();
        // Nothing is waited for: a minute stands for ever.
        earliest.unwrap_or_else(|| Instant::now() + Duration::from_secs(60))
    }
}
