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

/// A recogniser at work.
pub(super) struct Running {
    pub(super) input: Option<mpsc::Sender<SttInput>>,
    pub(super) events: mpsc::Receiver<Result<SttEvent, AdapterError>>,
    /// The place of its first sample.
    pub(super) base: u64,
    pub(super) opened: Instant,
    /// When it last took something, or had nothing to take.
    pub(super) took: Instant,
    /// By when it must have said something.
    pub(super) words_by: Option<Instant>,
    pub(super) has_settled: bool,
    pub(super) is_well: bool,
    pub(super) sent_samples: u64,
    pub(super) told_use: Instant,
}

impl Running {
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
