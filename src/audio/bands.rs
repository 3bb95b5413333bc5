//! The envelope of a sound in a few bands: how loud it is, where in the spectrum, every 10 ms.
//!
//! Two sounds that are the same but for a room between them have like envelopes; that is all an echo guard needs, and it
//! costs a hundredth of a spectrum.
//!
//! Invariants: blocks lie on a grid of session time, so that those of two sounds can be compared; a sound that jumps in
//! time begins anew.
//! Units: sound at 48 kHz, levels linear with full scale 1.0, blocks of 10 ms counted since the session began.

use std::f32::consts::TAU;

use super::{SampleRate, num};
use crate::time::SessionTime;

/// Bands.
pub(super) const BANDS: usize = 8;

/// Their middles, in Hz: where voices have their formants and loudspeakers still sound, two thirds of an octave apart.
const MIDDLES_HZ: [f32; BANDS] = [220.0, 370.0, 600.0, 950.0, 1500.0, 2300.0, 3500.0, 5200.0];

/// Middle over width of a band.
const SHARPNESS: f32 = 1.6;

/// Samples at 48 kHz that make one here: 16 kHz hold all bands.
const STEP: usize = 3;

/// 10 ms at 48 kHz.
pub(super) const BLOCK_SAMPLES: u64 = SampleRate::HZ_48000.samples_in_ms(10) as u64;

/// Levels of one block.
pub(super) type Envelope = [f32; BANDS];

/// Makes envelopes of one sound.
#[derive(Clone, Debug)]
pub(super) struct Bands {
    filters: [Filter; BANDS],
    energy: Envelope,
    /// The next sample at 48 kHz.
    next: u64,
    /// Sum of the samples that do not make one at 16 kHz yet.
    sum: f32,
}

/// A band-pass of second order (Robert Bristow-Johnson's cookbook, constant peak gain), transposed direct form.
#[derive(Clone, Copy, Debug, Default)]
struct Filter {
    gain: f32,
    feedback: [f32; 2],
    state: [f32; 2],
}

impl Filter {
    fn around(middle_hz: f32) -> Self {
        let omega = TAU * middle_hz / SampleRate::HZ_16000.hz() as f32;
        let alpha = omega.sin() / (2.0 * SHARPNESS);
        let scale = 1.0 + alpha;
        Self {
            gain: alpha / scale,
            feedback: [-2.0 * omega.cos() / scale, (1.0 - alpha) / scale],
            state: [0.0; 2],
        }
    }

    fn pass(&mut self, input: f32) -> f32 {
        let output = self.gain * input + self.state[0];
        self.state[0] = self.state[1] - self.feedback[0] * output;
        self.state[1] = -self.gain * input - self.feedback[1] * output;
        output
    }
}

impl Default for Bands {
    fn default() -> Self {
        Self { filters: MIDDLES_HZ.map(Filter::around), energy: [0.0; BANDS], next: 0, sum: 0.0 }
    }
}

impl Bands {
    /// When the next sample is expected to sound.
    pub(super) const fn next(&self) -> SessionTime {
        SessionTime::from_samples(self.next)
    }

    /// Takes samples that sounded from `at` on, and gives each block that is whole, with its number.
    pub(super) fn push(
        &mut self,
        at: SessionTime,
        samples: &[i16],
        mut whole: impl FnMut(u64, Envelope),
    ) {
        if at.samples() != self.next {
            self.energy = [0.0; BANDS];
            self.sum = 0.0;
            self.next = at.samples();
        }
        for &sample in samples {
            self.sum += num::float_of(sample);
            self.next += 1;
            if self.next.is_multiple_of(STEP as u64) {
                let mean = self.sum / STEP as f32;
                self.sum = 0.0;
                for (filter, energy) in self.filters.iter_mut().zip(&mut self.energy) {
                    let passed = filter.pass(mean);
                    *energy += passed * passed;
                }
            }
            if self.next.is_multiple_of(BLOCK_SAMPLES) {
                let count = (BLOCK_SAMPLES / STEP as u64) as f32;
                let levels = self.energy.map(|energy| (energy / count).sqrt());
                self.energy = [0.0; BANDS];
                whole(self.next / BLOCK_SAMPLES - 1, levels);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f32, ms: u32) -> Vec<i16> {
        (0..SampleRate::HZ_48000.samples_in_ms(ms))
            .map(|n| num::sample_of(0.5 * (TAU * hz * n as f32 / 48_000.0).sin()))
            .collect()
    }

    #[test]
    fn a_tone_stands_in_its_band() {
        for (band, &hz) in MIDDLES_HZ.iter().enumerate() {
            let mut last = [0.0; BANDS];
            Bands::default().push(SessionTime::ZERO, &tone(hz, 200), |_, levels| last = levels);
            let loudest = (0..BANDS).max_by(|a, b| last[*a].total_cmp(&last[*b]));
            assert_eq!(loudest, Some(band), "{hz} Hz: {last:?}");
            // Less at the top, where the way to 16 kHz takes some.
            assert!((0.29..0.37).contains(&last[band]), "{hz} Hz: {last:?}");
        }
    }

    #[test]
    fn blocks_lie_on_the_grid_of_session_time_also_after_a_jump() {
        let mut bands = Bands::default();
        let mut blocks = Vec::new();
        bands.push(SessionTime::from_millis(15), &tone(600.0, 20), |block, _| blocks.push(block));
        bands.push(SessionTime::from_millis(35), &tone(600.0, 5), |block, _| blocks.push(block));
        bands.push(SessionTime::from_millis(92), &tone(600.0, 20), |block, _| blocks.push(block));
        assert_eq!(blocks, [1, 2, 3, 9, 10]);
    }
}
