//! When what is sent to a listener will be heard: for ears that must know the studio's own voice.
//!
//! The listener's reports say where it is; sound that leaves later is heard as much later. Before a turn's first report
//! the way that sound took in the turns before stands in.
//!
//! Units: turn samples at 48 kHz, session time.

use crate::time::{SessionTime, Span};

/// The longest way that is believed: what takes longer has stalled.
const WAY_MAX: Span = Span::from_millis(400);

/// Where one AI's sound is on the listener's time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OwnPlace {
    /// When the turn's first sample would have sounded, and whether a report said so.
    zero: Option<(SessionTime, bool)>,
    way: Span,
}

impl OwnPlace {
    /// Sound begins or goes on: its place is not known yet.
    pub(super) const fn restart(&mut self) {
        self.zero = None;
    }

    /// When the sample will be heard that is sent at `now`.
    pub(super) fn time_of(&mut self, sample: u64, now: SessionTime) -> SessionTime {
        let way = self.way;
        let (zero, _) =
            self.zero.get_or_insert_with(|| ((now + way) - Span::from_samples(sample), false));
        *zero + Span::from_samples(sample)
    }

    /// The turn's first `samples` have been heard, the last of them at `at`.
    pub(super) fn heard(&mut self, samples: u64, at: SessionTime) {
        let reported = at - Span::from_samples(samples);
        if let Some((guessed, false)) = self.zero {
            // As much later than it left as it is later than was guessed.
            self.way = (self.way + reported.since(guessed)).min(WAY_MAX) - guessed.since(reported);
        }
        self.zero = Some((reported, true));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> SessionTime {
        SessionTime::from_millis(millis)
    }

    #[test]
    fn a_report_says_where_sound_is_and_the_next_turn_starts_from_it() {
        let mut place = OwnPlace::default();
        assert_eq!(place.time_of(0, ms(1000)), ms(1000));
        assert_eq!(place.time_of(4800, ms(1001)), ms(1100), "sent ahead, heard in its time");
        place.heard(4800, ms(1220));
        assert_eq!(place.time_of(9600, ms(1230)), ms(1320));
        place.restart();
        assert_eq!(place.time_of(9600, ms(3000)), ms(3120));
        place.heard(14_400, ms(3200));
        place.restart();
        assert_eq!(place.time_of(0, ms(9000)), ms(9100));
    }
}
