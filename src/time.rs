//! Session time: the one clock every fact of a session carries.
//!
//! A [`SessionTime`] counts samples at 48 kHz since the session's first instant; a [`Span`] is a length of it.
//! Milliseconds are derived for people and files, never measured a second time.
//!
//! Invariants: nothing here reads a clock; arithmetic saturates at zero and never panics.
//! Units: samples at 48 kHz unless a name says otherwise.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// Samples a second of session time, of every recorded track and of Opus' own clock (RFC 7587 §4.1).
pub const SESSION_RATE_HZ: u32 = 48_000;

/// Samples of session time in a millisecond: whole, so a millisecond is exact.
pub const SAMPLES_PER_MS: u64 = SESSION_RATE_HZ as u64 / 1000;
const _: () = assert!(SAMPLES_PER_MS * 1000 == SESSION_RATE_HZ as u64);

/// A point in a session: samples at 48 kHz since it began.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct SessionTime(u64);

impl SessionTime {
    /// The session's first instant.
    pub const ZERO: Self = Self(0);

    /// The instant `samples` after the start.
    #[must_use]
    pub const fn from_samples(samples: u64) -> Self {
        Self(samples)
    }

    /// The instant `millis` milliseconds after the start.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(SAMPLES_PER_MS))
    }

    /// Samples since the start.
    #[must_use]
    pub const fn samples(self) -> u64 {
        self.0
    }

    /// Whole milliseconds since the start, rounded down.
    #[must_use]
    pub const fn millis(self) -> u64 {
        self.0 / SAMPLES_PER_MS
    }

    /// How long after `earlier` this is; zero if it is not after it.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// This instant moved by a signed count of samples, stopping at the session's start.
    #[must_use]
    pub const fn offset(self, samples: i64) -> Self {
        Self(self.0.saturating_add_signed(samples))
    }
}

/// A length of session time.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Span(u64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of `samples` at 48 kHz.
    #[must_use]
    pub const fn from_samples(samples: u64) -> Self {
        Self(samples)
    }

    /// A span of `millis` milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(SAMPLES_PER_MS))
    }

    /// The span's samples at 48 kHz.
    #[must_use]
    pub const fn samples(self) -> u64 {
        self.0
    }

    /// Whole milliseconds, rounded down.
    #[must_use]
    pub const fn millis(self) -> u64 {
        self.0 / SAMPLES_PER_MS
    }

    /// The same length as a [`std::time::Duration`], rounded down to the microsecond.
    #[must_use]
    pub const fn to_duration(self) -> std::time::Duration {
        std::time::Duration::from_micros(self.0.saturating_mul(1000) / SAMPLES_PER_MS)
    }

    /// The span of a [`std::time::Duration`], rounded down to the sample.
    #[must_use]
    pub const fn from_duration(duration: std::time::Duration) -> Self {
        let seconds = duration.as_secs().saturating_mul(SESSION_RATE_HZ as u64);
        let rest = duration.subsec_nanos() as u64 * SESSION_RATE_HZ as u64 / 1_000_000_000;
        Self(seconds.saturating_add(rest))
    }
}

impl Add<Span> for SessionTime {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub<Span> for SessionTime {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Span {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for SessionTime {
    /// Seconds with three decimals: `12.340`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.millis() / 1000, self.millis() % 1000)
    }
}

impl fmt::Display for Span {
    /// Whole milliseconds: `200 ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_milliseconds_is_exact_both_ways() {
        for millis in [0, 1, 999, 86_400_000] {
            assert_eq!(SessionTime::from_millis(millis).millis(), millis);
            let span = Span::from_millis(millis);
            assert_eq!(Span::from_duration(span.to_duration()), span);
        }
    }

    #[test]
    fn times_before_the_start_are_the_start() {
        assert_eq!(SessionTime::from_millis(5) - Span::from_millis(9), SessionTime::ZERO);
        assert_eq!(SessionTime::from_millis(5).offset(-1_000_000), SessionTime::ZERO);
        assert_eq!(SessionTime::ZERO.since(SessionTime::from_millis(3)), Span::ZERO);
    }

    #[test]
    fn times_print_as_seconds() {
        assert_eq!(SessionTime::from_millis(12_340).to_string(), "12.340");
    }
}
