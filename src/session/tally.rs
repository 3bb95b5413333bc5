//! What happened in all sessions of this process since it began, for whoever watches it: counters that only rise.
//!
//! Messages that did not arrive are counted in [`super::mailbox`], panics in [`super::supervision`].

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::services::Usage;

/// A number that only rises.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Counts so many more.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// How many there were so far.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Products and models that are told apart; what comes beyond is summed as `other`. Settings and briefings name a few.
const SERVICES_MAX: usize = 64;

/// All counters.
#[derive(Debug, Default)]
pub struct Tally {
    /// Sessions that went on air.
    pub sessions_started: Counter,
    /// Those that were refused: full, draining, a disk that stands still, a briefing that cannot be used.
    pub sessions_refused: Counter,
    /// Frames of AI sound that a slow listener lost.
    pub dropped_sound_frames: Counter,
    /// Connections that were closed because they did not take what they must be told.
    pub dropped_connections: Counter,
    /// Pieces of the host's sound that no recogniser or detector took in time.
    pub dropped_ear_frames: Counter,
    /// The host's packets by WebRTC that found their lane full.
    pub dropped_host_packets: Counter,
    /// Payload that came in by the sockets of listeners.
    pub socket_bytes_in: Counter,
    /// Payload that went out by them.
    pub socket_bytes_out: Counter,
    /// Replies that were not made ahead because a rate limit was nearly spent.
    pub replies_held: Counter,
    used: Mutex<BTreeMap<(&'static str, String), Used>>,
}

/// What was used of one product and model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Tokens, sound, characters.
    pub usage: Usage,
    /// Millionths of a US dollar, as far as prices are known.
    pub cost_micro_usd: u64,
}

static TALLY: Tally = Tally {
    sessions_started: Counter::new(),
    sessions_refused: Counter::new(),
    dropped_sound_frames: Counter::new(),
    dropped_connections: Counter::new(),
    dropped_ear_frames: Counter::new(),
    dropped_host_packets: Counter::new(),
    socket_bytes_in: Counter::new(),
    socket_bytes_out: Counter::new(),
    replies_held: Counter::new(),
    used: Mutex::new(BTreeMap::new()),
};

/// This process's counters.
#[must_use]
pub fn tally() -> &'static Tally {
    &TALLY
}

impl Tally {
    /// Enters work of a product.
    pub fn enter(&self, adapter: &'static str, model: &str, usage: Usage, cost: Option<u64>) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let known = (adapter, model.to_owned());
        let is_known = used.contains_key(&known) || used.len() < SERVICES_MAX;
        let sum = used.entry(if is_known { known } else { ("other", String::new()) }).or_default();
        sum.usage.add(usage);
        sum.cost_micro_usd += cost.unwrap_or(0);
    }

    /// What was used, by product and model.
    #[must_use]
    pub fn used(&self) -> BTreeMap<(&'static str, String), Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_beyond_the_bound_are_summed_up() {
        let tally = Tally::default();
        let spoken = Usage { characters: 10, ..Usage::default() };
        for model in 0..100 {
            tally.enter("a", &model.to_string(), spoken, (model == 3).then_some(7));
            tally.enter("a", "3", spoken, None);
        }
        let used = tally.used();
        assert_eq!(used.len(), SERVICES_MAX + 1);
        let third = used[&("a", "3".to_owned())];
        assert_eq!((third.usage.characters, third.cost_micro_usd), (1_010, 7));
        let all: u64 = used.values().map(|used| used.usage.characters).sum();
        assert_eq!(all, 2_000);
    }
}
