//! The only reader of time.
//!
//! [`Clock`] reads the wall clock once, when it is made, and counts on from there with tokio's monotonic clock. So
//! a step of the system's time never moves a running session, and a test that pauses tokio's time pauses everything.
//! [`SessionClock`] is session time: samples at 48 kHz since a session began.
//!
//! Invariants: no other file reads a clock; of two readings the later is never smaller.
//! Units: [`SessionTime`] in samples at 48 kHz; Unix time in milliseconds since 1970-01-01T00:00:00Z.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tokio::time::Instant;

use crate::time::{SESSION_RATE_HZ, SessionTime, Span};

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Pairs of readings of the two clocks from which the closest is taken: a thread is hardly ever put aside in all of them.
const READINGS: usize = 8;

/// The process's clock. Clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    /// The instant at which the wall clock was read.
    origin: Instant,
    /// What it showed, since 1970.
    origin_unix: Duration,
}

impl Clock {
    /// A clock set by the system's wall clock; a system that thinks it is before 1970 gets 1970.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place where the wall clock is read")]
    pub fn system() -> Self {
        // Between the two readings a busy machine may do something else for tens of milliseconds, and the clock would be
        // wrong by as much for as long as it lives: of a few pairs the closest counts.
        let pair = || {
            let before = Instant::now();
            let origin_unix =
                SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            (before.elapsed(), Self { origin: before, origin_unix })
        };
        let pairs = std::iter::repeat_with(pair).take(READINGS);
        pairs.min_by_key(|(apart, _)| *apart).map_or_else(|| Self::set_to(0), |(_, clock)| clock)
    }

    /// A clock that shows `unix_ms` at this moment: for tests and simulations that need the same timestamps twice.
    #[must_use]
    pub fn set_to(unix_ms: u64) -> Self {
        Self { origin: Instant::now(), origin_unix: Duration::from_millis(unix_ms) }
    }

    /// This moment on the monotonic clock; for measuring how long something took.
    #[must_use]
    pub fn instant(&self) -> Instant {
        Instant::now()
    }

    /// Milliseconds since 1970, rounded down.
    #[must_use]
    pub fn unix_ms(&self) -> u64 {
        self.unix_ms_at(Instant::now())
    }

    /// The time of day in UTC as ISO 8601 with milliseconds: `2026-01-31T12:00:00.250Z`.
    #[must_use]
    pub fn iso_8601(&self) -> String {
        iso_8601(self.unix_ms())
    }

    fn unix_ms_at(&self, instant: Instant) -> u64 {
        whole_millis(self.origin_unix + instant.saturating_duration_since(self.origin))
    }
}

/// One session's time. Clones show the same time.
#[derive(Clone, Debug)]
pub struct SessionClock {
    clock: Clock,
    start: Instant,
}

impl SessionClock {
    /// Begins a session at this moment.
    #[must_use]
    pub fn start(clock: &Clock) -> Self {
        Self { clock: clock.clone(), start: Instant::now() }
    }

    /// Session time at this moment, rounded down to the sample.
    #[must_use]
    pub fn now(&self) -> SessionTime {
        self.at(Instant::now())
    }

    /// Session time at `instant`; the start for any instant before it.
    #[must_use]
    pub fn at(&self, instant: Instant) -> SessionTime {
        SessionTime::ZERO + Span::from_duration(instant.saturating_duration_since(self.start))
    }

    /// The instant at which [`Self::now`] first shows `time`: rounded up, so that a timer set to it never fires
    /// before its time.
    #[must_use]
    pub fn instant_of(&self, time: SessionTime) -> Instant {
        let rate = u64::from(SESSION_RATE_HZ);
        let (seconds, samples) = (time.samples() / rate, time.samples() % rate);
        let since_start = Duration::from_secs(seconds)
            + Duration::from_nanos((samples * NANOS_PER_SECOND).div_ceil(rate));
        // An instant beyond what the platform can tell is as good as never: a century stands for it.
        self.start
            .checked_add(since_start)
            .unwrap_or(self.start + Duration::from_secs(100 * 365 * 86_400))
    }

    /// Milliseconds since 1970 at this moment, rounded down.
    #[must_use]
    pub fn unix_ms(&self) -> u64 {
        self.clock.unix_ms()
    }

    /// Milliseconds since 1970 at which `time` was or will be; the timestamp of a logged event.
    ///
    /// The whole milliseconds of `time` after the session's first: on every line of a log the two are equally far apart,
    /// so any line tells when the session began.
    #[must_use]
    pub fn unix_ms_of(&self, time: SessionTime) -> u64 {
        self.clock.unix_ms_at(self.start).saturating_add(time.millis())
    }

    /// When the session began, in UTC as ISO 8601 with milliseconds.
    #[must_use]
    pub fn started_iso_8601(&self) -> String {
        iso_8601(self.unix_ms_of(SessionTime::ZERO))
    }
}

/// A Unix time in milliseconds as ISO 8601 in UTC; the last moment that can be written stands for all later ones.
#[must_use]
pub fn iso_8601(unix_ms: u64) -> String {
    let timestamp = i64::try_from(unix_ms)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .unwrap_or(Timestamp::MAX);
    format!("{timestamp:.3}")
}

fn whole_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-31T12:00:00Z.
    const NOON: u64 = 1_769_860_800_000;

    #[tokio::test(start_paused = true)]
    async fn session_time_runs_with_tokios_clock() {
        let session = SessionClock::start(&Clock::set_to(NOON));
        assert_eq!(session.now(), SessionTime::ZERO);
        tokio::time::advance(Duration::from_millis(20)).await;
        assert_eq!(session.now(), SessionTime::from_millis(20));
        assert_eq!(session.unix_ms(), NOON + 20);
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_that_starts_later_starts_at_zero_on_the_same_wall_clock() {
        let clock = Clock::set_to(NOON);
        tokio::time::advance(Duration::from_secs(5)).await;
        let session = SessionClock::start(&clock);
        assert_eq!(session.now(), SessionTime::ZERO);
        assert_eq!(session.unix_ms_of(SessionTime::from_millis(1500)), NOON + 6500);
        assert_eq!(session.started_iso_8601(), "2026-01-31T12:00:05.000Z");
    }

    #[tokio::test(start_paused = true)]
    async fn every_timestamp_tells_when_the_session_began() {
        let clock = Clock::set_to(NOON);
        tokio::time::advance(Duration::from_micros(700)).await;
        let session = SessionClock::start(&clock);
        for samples in [0, 1, 16, 47, 48, 959, 48_031] {
            let time = SessionTime::from_samples(samples);
            assert_eq!(session.unix_ms_of(time) - time.millis(), NOON, "{samples}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn at_the_instant_of_a_time_the_clock_shows_that_time() {
        let session = SessionClock::start(&Clock::system());
        for samples in [0, 1, 2, 47, 48, 959, 48_001, 172_800_000, 3 * 48_000 * 86_400 + 31] {
            let time = SessionTime::from_samples(samples);
            assert_eq!(session.at(session.instant_of(time)), time);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_set_to_a_session_time_never_fires_before_it() {
        let session = SessionClock::start(&Clock::system());
        for samples in [1, 7, 48_000, 96_001] {
            let time = SessionTime::from_samples(samples);
            tokio::time::sleep_until(session.instant_of(time)).await;
            assert!(session.now() >= time, "{samples}");
        }
    }

    #[tokio::test]
    async fn times_beyond_all_reason_are_answered() {
        let session = SessionClock::start(&Clock::set_to(u64::MAX));
        assert_eq!(session.at(session.start), SessionTime::ZERO);
        assert!(session.instant_of(SessionTime::from_samples(u64::MAX)) > session.start);
        assert_eq!(iso_8601(u64::MAX), iso_8601(i64::MAX.unsigned_abs()));
    }

    #[test]
    fn moments_print_as_iso_8601_with_milliseconds() {
        assert_eq!(iso_8601(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso_8601(NOON + 250), "2026-01-31T12:00:00.250Z");
    }
}
