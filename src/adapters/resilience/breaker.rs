//! The circuit breaker: a value that is told what happened and says whether a product may be asked.
//!
//! Reads no clock: `now` comes in.

use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

/// Failures in a row that open it: one is chance, two are bad luck.
const FAILURES_MAX: u32 = 3;
/// How long it stays open at first; each time that a trial fails, twice as long.
pub const WAIT_FIRST: Duration = Duration::from_secs(5);
/// The longest.
pub const WAIT_MAX: Duration = Duration::from_secs(60);
/// How long it stays open after a refusal, which a person must cure.
pub const REFUSED_WAIT: Duration = Duration::from_secs(60);
/// The longest wait that a service may ask for.
const ASKED_MAX: Duration = Duration::from_secs(600);
/// A trial of which nothing was heard for so long is over.
pub(super) const TRIAL_MAX: Duration = Duration::from_secs(20);

/// How a product is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BreakerState {
    /// It may be asked.
    Closed,
    /// It may not.
    Open,
    /// One trial is under way.
    HalfOpen,
}

impl BreakerState {
    /// The word in `/health`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

/// One product's breaker.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    /// Since when and for how long it is open.
    open: Option<(Instant, Duration)>,
    trial: Option<Instant>,
}

impl Breaker {
    pub(super) fn state(&self) -> BreakerState {
        match (self.open, self.trial) {
            (None, _) => BreakerState::Closed,
            (Some(_), None) => BreakerState::Open,
            (Some(_), Some(_)) => BreakerState::HalfOpen,
        }
    }

    /// Failures in a row.
    pub(super) const fn failures(&self) -> u32 {
        self.failures
    }

    /// How long until a trial is due; `None` while it is closed.
    pub(super) fn due_in(&self, now: Instant) -> Option<Duration> {
        self.open.map(|(since, wait)| wait.saturating_sub(now.saturating_duration_since(since)))
    }

    /// Begins the one trial if it is due.
    pub(super) fn begin_trial(&mut self, now: Instant) -> bool {
        let is_due = self.due_in(now).is_some_and(|wait| wait.is_zero());
        let runs = self.trial.is_some_and(|since| now.saturating_duration_since(since) < TRIAL_MAX);
        if is_due && !runs {
            self.trial = Some(now);
            return true;
        }
        false
    }

    /// A result came. Says whether that closed it.
    pub(super) fn succeeded(&mut self) -> bool {
        let was_open = self.open.is_some();
        *self = Self::default();
        was_open
    }

    /// No result came. `asked` is how long the service wants to be left alone; says whether that opened it.
    pub(super) fn failed(
        &mut self,
        now: Instant,
        is_refusal: bool,
        asked: Option<Duration>,
    ) -> bool {
        self.failures = self.failures.saturating_add(1);
        let own = match self.open {
            // A trial failed, or somebody asked for want of a better.
            Some((_, wait)) => (wait * 2).min(WAIT_MAX),
            None if is_refusal => REFUSED_WAIT,
            None if self.failures >= FAILURES_MAX
                || asked.is_some_and(|wait| wait >= WAIT_FIRST) =>
            {
                WAIT_FIRST
            }
            None => return false,
        };
        let was_closed = self.open.is_none();
        self.open = Some((now, own.max(asked.unwrap_or_default().min(ASKED_MAX))));
        self.trial = None;
        was_closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn three_failures_open_it_and_one_good_trial_closes_it() {
        let mut breaker = Breaker::default();
        let start = Instant::now();
        assert!(!breaker.failed(start, false, None));
        assert!(!breaker.failed(start, false, None));
        assert_eq!(breaker.state(), BreakerState::Closed);
        assert!(breaker.failed(start, false, None));
        assert_eq!(
            (breaker.state(), breaker.due_in(start)),
            (BreakerState::Open, Some(WAIT_FIRST))
        );
        assert!(!breaker.begin_trial(start + WAIT_FIRST - Duration::from_millis(1)));
        assert!(breaker.begin_trial(start + WAIT_FIRST));
        assert!(!breaker.begin_trial(start + WAIT_FIRST), "one trial at a time");
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        assert!(!breaker.failed(start + WAIT_FIRST, false, None), "it was open already");
        assert_eq!(breaker.due_in(start + WAIT_FIRST), Some(WAIT_FIRST * 2));
        assert!(breaker.begin_trial(start + WAIT_FIRST * 3));
        assert!(breaker.succeeded());
        assert_eq!((breaker.state(), breaker.failures()), (BreakerState::Closed, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_and_a_long_wait_asked_for_open_it_at_once() {
        let start = Instant::now();
        let mut refused = Breaker::default();
        assert!(refused.failed(start, true, None));
        assert_eq!(refused.due_in(start), Some(REFUSED_WAIT));
        let mut throttled = Breaker::default();
        assert!(throttled.failed(start, false, Some(Duration::from_secs(30))));
        assert_eq!(throttled.due_in(start), Some(Duration::from_secs(30)));
        let mut hurried = Breaker::default();
        assert!(!hurried.failed(start, false, Some(Duration::from_secs(1))));
    }

    #[tokio::test(start_paused = true)]
    async fn waits_grow_up_to_a_minute_and_a_trial_without_an_end_makes_room_for_another() {
        let mut breaker = Breaker::default();
        let now = Instant::now();
        for _ in 0..20 {
            breaker.failed(now, false, None);
        }
        assert_eq!(breaker.due_in(now), Some(WAIT_MAX));
        assert!(breaker.begin_trial(now + WAIT_MAX));
        assert!(breaker.begin_trial(now + WAIT_MAX + TRIAL_MAX));
    }
}
