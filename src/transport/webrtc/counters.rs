//! The thread's counts, for whoever asks on another.

use std::sync::atomic::{AtomicU64, Ordering};

use super::happening::ExchangeCounts;

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct Counters {
    seated: AtomicU64,
    datagrams: AtomicU64,
    strangers: AtomicU64,
    rejected: AtomicU64,
    false_checks: AtomicU64,
    unsent: AtomicU64,
    media: AtomicU64,
    reports: AtomicU64,
    voices: AtomicU64,
    broken: AtomicU64,
    refused_streams: AtomicU64,
}

impl Counters {
    pub(super) fn write(&self, seated: usize, counts: &ExchangeCounts) {
        let write = |counter: &AtomicU64, count| counter.store(count, Ordering::Relaxed);
        write(&self.seated, seated as u64);
        write(&self.datagrams, counts.datagrams);
        write(&self.strangers, counts.strangers);
        write(&self.rejected, counts.rejected);
        write(&self.false_checks, counts.false_checks);
        write(&self.unsent, counts.unsent);
        write(&self.media, counts.media);
        write(&self.reports, counts.reports);
        write(&self.voices, counts.voices);
        write(&self.broken, counts.broken);
        write(&self.refused_streams, counts.refused_streams);
    }

    /// How many are seated, and what came in, went out and was dropped.
    pub(super) fn read(&self) -> (u64, ExchangeCounts) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counts = ExchangeCounts {
            datagrams: read(&self.datagrams),
            strangers: read(&self.strangers),
            rejected: read(&self.rejected),
            false_checks: read(&self.false_checks),
            unsent: read(&self.unsent),
            media: read(&self.media),
            reports: read(&self.reports),
            voices: read(&self.voices),
            broken: read(&self.broken),
            refused_streams: read(&self.refused_streams),
        };
        (read(&self.seated), counts)
    }
}
