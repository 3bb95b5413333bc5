//! A listener's own clock on session time.
//!
//! A listener whose voices come by WebRTC knows when it heard a sample by its own clock only. Each of its reports says
//! when that was and when the report left; reports arrive late by what the network takes, never early, so the clocks lie
//! at the lower envelope of (arrival − told), as the host's counter does.

use crate::audio::SampleRate;
use crate::audio::clock_fit::ClockFit;
use crate::time::SessionTime;

/// Two readings of a listener's clock, in samples at 48 kHz since whenever it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenerClock {
    /// When what is reported held.
    pub at: u64,
    /// When it was told.
    pub sent: u64,
}

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct ListenerTime {
    fit: ClockFit,
}

impl ListenerTime {
    /// When something happened that the listener tells of at `now`.
    pub(super) fn time_of(
        &mut self,
        clock: ListenerClock,
        now: SessionTime,
    ) -> Option<SessionTime> {
        // What cannot be is not taken into account: told before it happened, or so late that nobody can mean it.
        let age = clock.sent.checked_sub(clock.at).filter(|age| *age <= AGE_MAX_SAMPLES)?;
        let end = clock.sent.checked_add(1)?;
        self.fit.observe(clock.sent..end, SampleRate::HZ_48000, now);
        self.fit.session_time_of(clock.sent - age)
    }
}

/// A report tells of the last seconds.
const AGE_MAX_SAMPLES: u64 = 10 * crate::time::SESSION_RATE_HZ as u64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_reports_do_not_move_what_they_tell() {
        let mut time = ListenerTime::default();
        let mut worst = 0;
        for n in 0..200_u64 {
            // The listener's clock shows 7000 s more than the session's; reports take 3 to 90 ms.
            let told_ms = 1_000 + n * 50;
            let delay_ms = if n % 9 == 0 { 3 } else { 3 + n * 37 % 87 };
            let on_own = |ms: u64| (7_000_000 + ms) * 48;
            let clock = ListenerClock { at: on_own(told_ms - 25), sent: on_own(told_ms) };
            let at = time.time_of(clock, SessionTime::from_millis(told_ms + delay_ms)).unwrap();
            if n > 20 {
                worst = worst.max(at.millis().abs_diff(told_ms - 25));
            }
        }
        assert!(worst <= 4, "{worst} ms");
    }

    #[test]
    fn what_cannot_be_is_not_believed() {
        let mut time = ListenerTime::default();
        let now = SessionTime::from_millis(500);
        for (at, sent) in [(2, 1), (0, AGE_MAX_SAMPLES + 1), (u64::MAX, u64::MAX)] {
            assert_eq!(time.time_of(ListenerClock { at, sent }, now), None);
        }
    }
}
