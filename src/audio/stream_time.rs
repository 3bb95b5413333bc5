//! From a stream's own samples to session time and back.
//!
//! A stream counts the samples it was given; session time also counts the holes nobody sent. The map is a list of
//! places where the two were seen together, one for each hole.

use std::collections::VecDeque;

use super::SampleRate;
use crate::time::{SESSION_RATE_HZ, SessionTime, Span};

/// Holes remembered. Words and scores come within seconds; older places are of no use.
const PLACES_MAX: usize = 64;

/// A difference under this is rounding of the resampler, not a hole: 2 ms.
const HOLE_MIN: Span = Span::from_millis(2);

/// One stream's clock. Samples are counted at the stream's rate, as they went in: what is still on its way through a
/// resampler keeps its place.
#[derive(Debug)]
pub struct StreamTime {
    rate: SampleRate,
    /// Places in samples since the first sound of all, whatever stream it went to.
    places: VecDeque<(u64, SessionTime)>,
    /// Sound taken at 48 kHz, and handed to streams at their rate.
    taken: Span,
    handed: u64,
    /// The place of the running stream's first sample.
    origin: u64,
}

impl StreamTime {
    /// A stream that was given nothing yet.
    #[must_use]
    pub const fn new(rate: SampleRate) -> Self {
        Self { rate, places: VecDeque::new(), taken: Span::ZERO, handed: 0, origin: 0 }
    }

    /// `length` of sound that began at `at` was taken, and `handed` samples came out for the stream.
    pub fn take(&mut self, at: SessionTime, length: Span, handed: usize) {
        let place = self.in_stream(self.taken);
        let expected = self.time_of_place(place);
        let is_hole = at.since(expected).max(expected.since(at)) > HOLE_MIN;
        if self.places.is_empty() || is_hole {
            self.places.push_back((place, at));
            while self.places.len() > PLACES_MAX {
                self.places.pop_front();
            }
        }
        self.taken += length;
        self.handed += handed as u64;
    }

    /// A fresh stream counts from zero; the last `waiting` samples handed out will be its first.
    pub fn restart(&mut self, waiting: usize) {
        self.origin = self.handed.saturating_sub(waiting as u64);
    }

    /// When this sample of the stream sounded.
    pub fn session_time(&self, sample: u64) -> SessionTime {
        self.time_of_place(self.origin + sample)
    }

    fn time_of_place(&self, place: u64) -> SessionTime {
        let known = self
            .places
            .iter()
            .rev()
            .find(|(from, _)| *from <= place)
            .or_else(|| self.places.front());
        let Some((from, at)) = known else { return SessionTime::ZERO };
        *at + Span::from_samples(
            place.saturating_sub(*from) * u64::from(SESSION_RATE_HZ) / self.hz(),
        )
    }

    /// Which sample of the stream sounded then.
    pub fn stream_sample(&self, time: SessionTime) -> u64 {
        let place =
            self.places.iter().rev().find(|(_, at)| *at <= time).or_else(|| self.places.front());
        let Some((from, at)) = place else { return 0 };
        (from + self.in_stream(time.since(*at))).saturating_sub(self.origin)
    }

    fn in_stream(&self, length: Span) -> u64 {
        length.samples() * self.hz() / u64::from(SESSION_RATE_HZ)
    }

    fn hz(&self) -> u64 {
        u64::from(self.rate.hz())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second() -> Span {
        Span::from_millis(1000)
    }

    #[test]
    fn a_hole_moves_everything_after_it_and_nothing_before() {
        let mut time = StreamTime::new(SampleRate::HZ_16000);
        time.take(SessionTime::from_millis(100), second(), 16_000);
        time.take(SessionTime::from_millis(1_600), second(), 16_000);
        assert_eq!(time.session_time(8_000), SessionTime::from_millis(600));
        assert_eq!(time.session_time(24_000), SessionTime::from_millis(2_100));
        assert_eq!(time.stream_sample(SessionTime::from_millis(2_100)), 24_000);
    }

    #[test]
    fn sound_on_its_way_through_a_resampler_is_no_hole() {
        let mut time = StreamTime::new(SampleRate::HZ_16000);
        for frame in 0..100 {
            let handed = if frame == 0 { 100 } else { 320 };
            time.take(SessionTime::from_millis(frame * 20), Span::from_millis(20), handed);
        }
        assert_eq!(time.places.len(), 1);
        assert_eq!(time.session_time(16_000), SessionTime::from_millis(1000));
    }

    #[test]
    fn a_fresh_stream_begins_with_what_waited_for_it() {
        let mut time = StreamTime::new(SampleRate::HZ_16000);
        time.take(SessionTime::ZERO, Span::from_millis(2000), 32_000);
        time.restart(1_600);
        assert_eq!(time.session_time(0), SessionTime::from_millis(1_900));
    }
}
