//! A listener's own clock on session time.
//!
//! A listener whose voices come by WebRTC knows when it heard a sample by its own clock only. Each of its reports says
//! when that was and when the report left; reports arrive late by what the network takes, never early, so the clocks lie
//! at the lower envelope of (arrival − told), as the host's counter does.

use crate::audio::SampleRate;
use crate::audio::clock_fit::ClockFit;
use crate::conversation::TurnId;
use crate::time::{SessionTime, Span};

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

/// Positions by RTP time come in steps of a packet and waver by a browser's stretching; sound that goes on is placed
/// where the sound before it ended, and nears its own place by this part with every report.
const NEARING: i64 = 16;

/// Beyond this it is no wavering: the line stood still, and what follows has a place of its own. 100 ms.
pub(super) const WAVER_MAX_SAMPLES: u64 = 4_800;

/// The place of a turn's sound that comes by WebRTC, made steady.
#[derive(Debug, Default)]
pub(super) struct SteadyPlace {
    last: Option<(TurnId, u64, SessionTime)>,
}

impl SteadyPlace {
    /// When sample `played` of the turn was heard, of which the listener says that it was `at`.
    pub(super) fn place(&mut self, turn: TurnId, played: u64, at: SessionTime) -> SessionTime {
        let steady = match self.last {
            // Said again while nothing comes: it was heard when it was heard. Were it moved up to this moment, what follows
            // the hole would be taken to waver about a place that it never had.
            Some((of, before, place)) if of == turn && played == before => place,
            Some((of, before, place)) if of == turn && played > before => {
                let expected = place + Span::from_samples(played - before);
                let off = at.samples().abs_diff(expected.samples());
                if off <= WAVER_MAX_SAMPLES {
                    let off = i64::try_from(off).unwrap_or(0) / NEARING;
                    expected.offset(if at < expected { -off } else { off })
                } else {
                    at
                }
            }
            _ => at,
        };
        self.last = Some((turn, played, steady));
        steady
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
    fn sound_that_wavers_is_placed_without_seams_and_a_leap_is_believed() {
        let mut steady = SteadyPlace::default();
        let ms = SessionTime::from_millis;
        let mut end = None;
        let mut seams = 0;
        for n in 1..200_u64 {
            // A position every 50 ms that wavers by 20 ms, and a clock that is 300 ppm fast.
            let waver = n * 7 % 41;
            let at = ms(1_000 + n * 50 + waver - 20 + n * 50 * 3 / 10_000);
            let place = steady.place(TurnId(1), n * 2_400, at);
            if let Some(end) = end {
                seams += u64::from((place.samples() - 2_400).abs_diff(end) > 240);
            }
            end = Some(place.samples());
            assert!(place.millis().abs_diff(at.millis()) <= 30);
        }
        assert_eq!(seams, 0);
        assert_eq!(steady.place(TurnId(1), 480_000, ms(20_000)), ms(20_000));
        assert_eq!(steady.place(TurnId(2), 960, ms(21_000)), ms(21_000));
    }

    #[test]
    fn a_line_that_stands_still_and_goes_on_has_a_place_of_its_own_behind_the_hole() {
        let mut steady = SteadyPlace::default();
        let ms = SessionTime::from_millis;
        assert_eq!(steady.place(TurnId(1), 48_000, ms(2_000)), ms(2_000));
        for n in 1..100 {
            assert_eq!(steady.place(TurnId(1), 48_000, ms(2_000 + n * 50)), ms(2_000));
        }
        // 82 ms after the last report: less than a position may waver.
        assert_eq!(steady.place(TurnId(1), 48_384, ms(7_032)), ms(7_032));
        assert_eq!(steady.place(TurnId(1), 51_264, ms(7_092)), ms(7_092));
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
