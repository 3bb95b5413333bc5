//! Tracks summed, and gains that change without a click.
//!
//! Invariants: sums saturate, they never wrap; a [`Fade`] goes from one gain to the other in exactly its length,
//! however its sound is cut into frames, and then stays there.
//! Units: linear gain, 1.0 = unchanged; lengths in samples at the sound's own rate.

use std::f32::consts::PI;

use super::num;

/// Replaces `out` by the sum of `tracks`, as long as the longest of them.
pub fn sum(tracks: &[&[i16]], out: &mut Vec<i16>) {
    let length = tracks.iter().map(|track| track.len()).max().unwrap_or(0);
    out.clear();
    out.extend((0..length).map(|n| {
        // Three speakers fit into 32 bits 65 536 / 3 times.
        num::saturated(
            tracks.iter().filter_map(|track| track.get(n)).map(|&sample| i32::from(sample)).sum(),
        )
    }));
}

/// Adds `track` to the start of `mix`; what goes beyond `mix` is left out.
pub fn add(mix: &mut [i16], track: &[i16]) {
    for (sum, &sample) in mix.iter_mut().zip(track) {
        *sum = sum.saturating_add(sample);
    }
}

/// Multiplies sound by a constant gain.
pub fn scale(samples: &mut [i16], gain: f32) {
    for sample in samples {
        *sample = num::sample_of(num::float_of(*sample) * gain);
    }
}

/// How a gain moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// Evenly. Its two corners can be heard in a pure tone, not in speech.
    Linear,
    /// Half a cosine: without corners, for a cut in mid-word.
    RaisedCosine,
}

/// A gain on its way from one value to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fade {
    from: f32,
    to: f32,
    curve: Curve,
    length: usize,
    done: usize,
}

impl Fade {
    /// A fade over `length` samples; 0 is a jump.
    #[must_use]
    pub const fn new(from: f32, to: f32, curve: Curve, length: usize) -> Self {
        Self { from, to, curve, length, done: 0 }
    }

    /// A gain that stays.
    #[must_use]
    pub const fn steady(gain: f32) -> Self {
        Self::new(gain, gain, Curve::Linear, 0)
    }

    /// From the gain it has now to `to`: for an order that comes while another is being carried out.
    #[must_use]
    pub fn turn(&self, to: f32, curve: Curve, length: usize) -> Self {
        Self::new(self.gain(), to, curve, length)
    }

    /// The gain of the next sample.
    #[must_use]
    pub fn gain(&self) -> f32 {
        if self.is_done() {
            return self.to;
        }
        let way = self.done as f32 / self.length as f32;
        let way = match self.curve {
            Curve::Linear => way,
            Curve::RaisedCosine => 0.5 - 0.5 * (way * PI).cos(),
        };
        self.from + (self.to - self.from) * way
    }

    /// Whether the gain has arrived.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.done >= self.length
    }

    /// Carries the gain through the next samples.
    pub fn apply(&mut self, samples: &mut [i16]) {
        let moving = samples.len().min(self.length - self.done.min(self.length));
        let (moving, steady) = samples.split_at_mut(moving);
        for sample in moving {
            *sample = num::sample_of(num::float_of(*sample) * self.gain());
            self.done += 1;
        }
        // Exactly one means: bit for bit what came.
        if !steady.is_empty() && (self.to - 1.0).abs() > f32::EPSILON {
            scale(steady, self.to);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sums_saturate_and_are_as_long_as_the_longest_track() {
        let mut out = vec![7; 9];
        sum(&[&[30_000, -30_000, 5], &[30_000, -30_000], &[]], &mut out);
        assert_eq!(out, [i16::MAX, i16::MIN, 5]);
        sum(&[], &mut out);
        assert!(out.is_empty());
        let mut mix = [30_000, 1];
        add(&mut mix, &[30_000, 2, 3]);
        assert_eq!(mix, [i16::MAX, 3]);
    }

    #[test]
    fn a_fade_out_falls_without_a_step_and_stays_at_nothing() {
        for curve in [Curve::Linear, Curve::RaisedCosine] {
            let mut samples = [20_000; 960];
            Fade::new(1.0, 0.0, curve, 480).apply(&mut samples);
            assert_eq!(samples[0], 20_000);
            assert!(
                (9_800..=10_200).contains(&samples[240]),
                "{curve:?}: half way at {}",
                samples[240]
            );
            assert!(
                samples.windows(2).all(|pair| (0..=70).contains(&(pair[0] - pair[1]))),
                "{curve:?}"
            );
            assert!(samples[480..].iter().all(|&sample| sample == 0));
        }
    }

    #[test]
    fn a_fade_that_is_turned_goes_on_from_where_it_is() {
        let mut duck = Fade::new(1.0, 0.25, Curve::RaisedCosine, 960);
        duck.apply(&mut [0; 480]);
        let before = duck.gain();
        let back = duck.turn(1.0, Curve::RaisedCosine, 960);
        assert!((back.gain() - before).abs() < 1e-6);
        assert!(!back.is_done() && Fade::steady(1.0).is_done());
    }

    proptest! {
        #[test]
        fn how_a_sound_is_cut_into_frames_does_not_matter(
            samples in proptest::collection::vec(any::<i16>(), 1..500),
            cut in 1_usize..100,
            length in 0_usize..600,
            to in 0.0_f32..2.0,
        ) {
            let mut whole = samples.clone();
            Fade::new(1.0, to, Curve::RaisedCosine, length).apply(&mut whole);
            let mut pieces = samples;
            let mut fade = Fade::new(1.0, to, Curve::RaisedCosine, length);
            for piece in pieces.chunks_mut(cut) {
                fade.apply(piece);
            }
            prop_assert_eq!(whole, pieces);
        }
    }
}
