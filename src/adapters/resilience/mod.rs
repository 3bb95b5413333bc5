//! Retry, circuit breaker, probing back to health and fallback: written once, around the traits.
//!
//! A chain is a list of products of one kind, first choice first. [`ears::ResilientEars`], [`mind::ResilientMind`] and
//! [`voice::ResilientVoice`] are chains that keep the contract of [`super`] as one product would: the session sees a
//! stream that opens at once and goes on while products behind it fail, are asked again and are exchanged. What they do
//! is told by [`super::AdapterNote`]s in the stream.
//!
//! - **Limits** of connecting, of the first result and of silence belong to the chain, not to the products.
//! - **Retries** only before anything was given: text that was passed on is never asked for again, sound that was passed
//!   on is never made again.
//! - **A result** is text, sound or words. A connection that opens and dies without one counts as a failure, however
//!   often it opens.
//! - **The breaker** of a product is shared by all sessions. While it is open nobody asks the product but a probe in the
//!   background, so a session does not pay for finding out that a service is still away.
//!
//! Knows no product by name.

mod backoff;
mod breaker;
pub mod ears;
mod health;
pub mod mind;
pub mod probe;
pub mod voice;
mod voice_pieces;

use std::sync::Arc;
use std::time::Duration;

pub use breaker::{BreakerState, REFUSED_WAIT, WAIT_FIRST, WAIT_MAX};
pub use health::{Health, HealthState};

use super::AdapterError;

/// Longest wait for a stream to open while another product stands by, and for the last one in the chain, whose local
/// models may still be loading.
pub const OPEN_LIMIT: Duration = Duration::from_millis(2_500);
/// See [`OPEN_LIMIT`].
pub const OPEN_LIMIT_LAST: Duration = Duration::from_secs(8);

/// Longest wait for a first result while another product stands by, and for the last one. The conversation gives a
/// reply ten seconds and a voice five: the next product must have its share of them.
pub const FIRST_RESULT_LIMIT: Duration = Duration::from_millis(2_500);
/// See [`FIRST_RESULT_LIMIT`].
pub const FIRST_RESULT_LIMIT_LAST: Duration = Duration::from_secs(8);

/// Longest silence in the middle of a result. A listener hears a pause after what was sent ahead.
pub const IDLE_LIMIT: Duration = Duration::from_secs(4);

/// All attempts of one turn together: what the conversation waits for a reply, less a second.
pub const TURN_BUDGET: Duration = Duration::from_secs(9);

/// One product in a chain. Cloning shares it.
#[derive(Debug)]
pub struct Member<Adapter: ?Sized> {
    /// The product.
    pub adapter: Arc<Adapter>,
    /// What is known of how it does, by all sessions together.
    pub health: Arc<Health>,
}

impl<Adapter: ?Sized> Clone for Member<Adapter> {
    fn clone(&self) -> Self {
        Self { adapter: Arc::clone(&self.adapter), health: Arc::clone(&self.health) }
    }
}

impl<Adapter: ?Sized> Member<Adapter> {
    /// The first member from `from` on that may be asked now.
    fn next(members: &[Self], from: usize) -> Option<usize> {
        (from..members.len()).find(|index| members[*index].health.may_serve())
    }

    /// Who is asked first: the first whose breaker lets it; where none does, the first of all, for want of a better.
    fn first(members: &[Self]) -> usize {
        Self::next(members, 0).unwrap_or(0)
    }
}

/// What follows a failure before any result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// The same product after this wait.
    Retry(Duration),
    /// The product with this place in the chain.
    Switch(usize),
    /// Nobody.
    GiveUp,
}

/// Attempts at one piece of work.
#[derive(Debug)]
struct Attempts {
    began: tokio::time::Instant,
    /// The number of the running attempt, from 1.
    number: u32,
    /// Attempts with the present product.
    here: u32,
}

/// Attempts with one product while another stands by, and with the last one.
const HERE_MAX: u32 = 2;
const HERE_MAX_LAST: u32 = 3;

/// The longest wait before the same product is asked again while another stands by: a listener notices more.
const WAIT_BESIDE_OTHERS: Duration = Duration::from_millis(600);

impl Attempts {
    fn new() -> Self {
        Self { began: tokio::time::Instant::now(), number: 0, here: 0 }
    }

    fn begin(&mut self) -> u32 {
        self.start_the_clock();
        self.number += 1;
        self.here += 1;
        self.number
    }

    /// The budget runs from the first attempt, or from the first failure of what had worked before.
    fn start_the_clock(&mut self) {
        if self.number == 0 {
            self.began = tokio::time::Instant::now();
        }
    }

    /// The product got on and broke all the same. While another stands by, that is one more attempt with it: one that
    /// breaks at every second word would otherwise be asked to the end of the turn.
    fn got_on(&mut self, has_other: bool) {
        let here = if has_other { self.here } else { 0 };
        *self = Self { here, ..Self::new() };
    }

    /// What to do after `error` of member `at`.
    fn after<Adapter: ?Sized>(
        &mut self,
        error: &AdapterError,
        members: &[Member<Adapter>],
        at: usize,
    ) -> Next {
        self.start_the_clock();
        let left = TURN_BUDGET.saturating_sub(self.began.elapsed());
        let other = Member::next(members, at + 1);
        let asked = match error {
            AdapterError::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        };
        let wait = asked.unwrap_or_else(|| backoff::wait(self.here));
        let (most, longest) = match other {
            Some(_) => (HERE_MAX, WAIT_BESIDE_OTHERS),
            None => (HERE_MAX_LAST, left),
        };
        // Who took all the time there was would take it again.
        let was_slow = other.is_some() && matches!(error, AdapterError::TimedOut { .. });
        // What nobody can read may have been garbled on its way.
        let is_curable = error.is_retryable() || matches!(error, AdapterError::Malformed { .. });
        let may_retry = is_curable && !was_slow && members[at].health.may_serve();
        if may_retry && self.here < most && wait <= longest {
            return Next::Retry(wait);
        }
        match other {
            Some(other) if !left.is_zero() => {
                self.here = 0;
                Next::Switch(other)
            }
            _ => Next::GiveUp,
        }
    }
}

/// The cause of a change in words for the log.
fn cause_of(error: &AdapterError) -> String {
    error.to_string()
}
