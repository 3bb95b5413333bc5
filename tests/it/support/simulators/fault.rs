//! How a service goes wrong.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use super::lock;

/// One way. Events are counted from 0: after so many whole events it strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The answer begins so late.
    Latency(Duration),
    /// Bytes come a few at a time, with pauses between.
    Drip { bytes: usize, every: Duration },
    /// The request is answered with an error; `retry-after` in seconds, if any.
    Status(u16, Option<u64>),
    /// An event that nobody can read.
    MalformedAfter(usize),
    /// The service's half of the connection closes without an end.
    HalfClosedAfter(usize),
    /// Nothing comes any more; the connection stays.
    SilenceAfter(usize),
    /// The answer ends in order, but without the protocol's last word.
    EndsEarlyAfter(usize),
    /// The connection is gone at once.
    ResetAfter(usize),
    /// Every event comes after the one that should follow it.
    WrongOrder,
    /// Times that the service tells of jump by so much.
    ClockJump(i64),
}

impl Fault {
    /// One of each, striking after `events` events: what every adapter has to live with.
    pub(crate) fn all(events: usize) -> Vec<Self> {
        vec![
            Self::Latency(Duration::from_millis(400)),
            Self::Drip { bytes: 64, every: Duration::from_millis(1) },
            Self::Status(429, Some(1)),
            Self::Status(500, None),
            Self::Status(529, None),
            Self::MalformedAfter(events),
            Self::HalfClosedAfter(events),
            Self::SilenceAfter(events),
            Self::EndsEarlyAfter(events),
            Self::ResetAfter(events),
            Self::WrongOrder,
            Self::ClockJump(-3_600_000),
        ]
    }

    /// The error status it stands for, with its `retry-after`.
    pub(crate) const fn status(self) -> Option<(u16, Option<u64>)> {
        match self {
            Self::Status(status, retry_after) => Some((status, retry_after)),
            _ => None,
        }
    }

    /// By how much told times jump, in ms.
    pub(crate) const fn clock_jump_ms(self) -> i64 {
        match self {
            Self::ClockJump(ms) => ms,
            _ => 0,
        }
    }

    /// What strikes in place of the event with this number.
    pub(crate) fn strikes_at(self, number: usize) -> Option<Strike> {
        let (after, strike) = match self {
            Self::MalformedAfter(after) => (after, Strike::Malformed),
            Self::HalfClosedAfter(after) => (after, Strike::HalfClosed),
            Self::SilenceAfter(after) => (after, Strike::Silence),
            Self::EndsEarlyAfter(after) => (after, Strike::EndsEarly),
            Self::ResetAfter(after) => (after, Strike::Reset),
            _ => return None,
        };
        (number >= after).then_some(strike)
    }
}

/// What happens in an event's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strike {
    Malformed,
    HalfClosed,
    Silence,
    EndsEarly,
    Reset,
}

/// The faults to come, one a request or socket.
#[derive(Debug)]
pub(crate) struct FaultPlan {
    next: Mutex<VecDeque<Option<Fault>>>,
}

impl FaultPlan {
    pub(crate) fn new(plan: Vec<Option<Fault>>) -> Self {
        Self { next: Mutex::new(plan.into()) }
    }

    /// What comes next goes wrong in this way.
    pub(crate) fn push(&self, fault: Fault) {
        lock(&self.next).push_back(Some(fault));
    }

    /// Takes the next entry.
    pub(crate) fn take(&self) -> Option<Fault> {
        lock(&self.next).pop_front().flatten()
    }

    /// Whether all that was planned has been met.
    pub(crate) fn is_spent(&self) -> bool {
        lock(&self.next).is_empty()
    }
}
