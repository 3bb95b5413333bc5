//! What Smart Turn looks at: a log-mel picture of the last eight seconds.
//!
//! Equal to the reference extractor of the network's makers (Whisper's, on sound brought to zero mean and unit
//! variance), to 1e-4. The network's int8 weights magnify rounding, so nothing here is rounded early: the picture is
//! worked out in f64 where the reference does so.
//!
//! The filters and the transform are made once; a picture costs about 2 ms. Units: samples at 16 kHz.

use std::f64::consts::PI;
use std::sync::Arc;

use realfft::{RealFftPlanner, RealToComplex};

use crate::adapters::numbers::unit;
use crate::audio::SampleRate;

/// Sound in the picture: eight seconds.
pub const SOUND_SAMPLES: usize = SampleRate::HZ_16000.samples_in_ms(8_000);
/// Length of one spectrum's window.
const WINDOW_SAMPLES: usize = 400;
/// From one spectrum to the next.
const STEP_SAMPLES: usize = 160;
/// Columns of the picture.
pub const FRAMES: usize = SOUND_SAMPLES / STEP_SAMPLES;
/// Rows of the picture.
pub const MELS: usize = 80;
const BINS: usize = WINDOW_SAMPLES / 2 + 1;
/// What is mirrored at both ends, so that the first window is centred on the first sample.
const MIRROR_SAMPLES: usize = WINDOW_SAMPLES / 2;
/// Keeps the division defined where all sound is silence.
const VARIANCE_FLOOR: f64 = 1e-7;
const POWER_FLOOR: f64 = 1e-10;
/// Decades under the loudest point that still differ.
const RANGE_DECADES: f64 = 8.0;

/// The extractor with its tables.
pub struct SmartTurnFeatures {
    window: [f64; WINDOW_SAMPLES],
    /// For each row its first bin and the weights from there on.
    filters: Vec<(usize, Vec<f64>)>,
    fourier: Arc<dyn RealToComplex<f64>>,
}

impl std::fmt::Debug for SmartTurnFeatures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmartTurnFeatures").finish_non_exhaustive()
    }
}

impl Default for SmartTurnFeatures {
    fn default() -> Self {
        Self::new()
    }
}

impl SmartTurnFeatures {
    /// Makes the tables.
    #[must_use]
    pub fn new() -> Self {
        let mut window = [0.0; WINDOW_SAMPLES];
        for (at, weight) in window.iter_mut().enumerate() {
            *weight = 0.5 - 0.5 * (2.0 * PI * count(at) / count(WINDOW_SAMPLES)).cos();
        }
        let fourier = RealFftPlanner::new().plan_fft_forward(WINDOW_SAMPLES);
        Self { window, filters: mel_filters(), fourier }
    }

    /// The picture of the last [`SOUND_SAMPLES`] of `sound`, row by row ([`MELS`] × [`FRAMES`]); shorter sound has
    /// silence in front.
    ///
    /// # Errors
    ///
    /// A sentence, if the transform refuses its buffers: never, by their sizes.
    pub fn picture(&self, sound: &[i16]) -> Result<Vec<f32>, String> {
        let mirrored = mirrored(&normalised(sound));
        let mut spectrum = self.fourier.make_output_vec();
        let mut scratch = self.fourier.make_scratch_vec();
        let mut part = [0.0; WINDOW_SAMPLES];
        let mut powers = [0.0; BINS];
        let mut logs = vec![0.0; MELS * FRAMES];
        let mut loudest = f64::NEG_INFINITY;
        for (frame, samples) in
            mirrored.windows(WINDOW_SAMPLES).step_by(STEP_SAMPLES).take(FRAMES).enumerate()
        {
            for ((place, sample), weight) in part.iter_mut().zip(samples).zip(&self.window) {
                *place = sample * weight;
            }
            self.fourier
                .process_with_scratch(&mut part, &mut spectrum, &mut scratch)
                .map_err(|error| format!("transform a frame: {error}"))?;
            for (power, bin) in powers.iter_mut().zip(&spectrum) {
                *power = bin.norm_sqr();
            }
            for (mel, (first, weights)) in self.filters.iter().enumerate() {
                let energy: f64 = weights
                    .iter()
                    .zip(&powers[*first..])
                    .map(|(weight, power)| weight * power)
                    .sum();
                let log = energy.max(POWER_FLOOR).log10();
                loudest = loudest.max(log);
                logs[mel * FRAMES + frame] = log;
            }
        }
        let floor = loudest - RANGE_DECADES;
        Ok(logs.into_iter().map(|log| narrow((log.max(floor) + 4.0) / 4.0)).collect())
    }
}

/// The last eight seconds with zero mean and unit variance, the silence in front counted in, rounded to f32.
fn normalised(sound: &[i16]) -> Vec<f64> {
    let last = &sound[sound.len().saturating_sub(SOUND_SAMPLES)..];
    let mut samples = vec![0.0; SOUND_SAMPLES - last.len()];
    samples.extend(last.iter().map(|&sample| f64::from(unit(sample))));
    let mean = samples.iter().sum::<f64>() / count(SOUND_SAMPLES);
    let variance =
        samples.iter().map(|sample| (sample - mean).powi(2)).sum::<f64>() / count(SOUND_SAMPLES);
    let deviation = (variance + VARIANCE_FLOOR).sqrt();
    for sample in &mut samples {
        *sample = f64::from(narrow((*sample - mean) / deviation));
    }
    samples
}

/// The samples with their ends mirrored, the edge itself not repeated.
fn mirrored(samples: &[f64]) -> Vec<f64> {
    let mut mirrored = Vec::with_capacity(samples.len() + 2 * MIRROR_SAMPLES);
    mirrored.extend(samples[1..=MIRROR_SAMPLES].iter().rev());
    mirrored.extend(samples);
    mirrored.extend(samples[samples.len() - 1 - MIRROR_SAMPLES..samples.len() - 1].iter().rev());
    mirrored
}

/// Triangular filters, even on Slaney's mel scale from 0 to 8000 Hz, of equal area.
fn mel_filters() -> Vec<(usize, Vec<f64>)> {
    let top = mel_of(8_000.0);
    let edges: Vec<f64> =
        (0..MELS + 2).map(|edge| hertz_of(top * count(edge) / count(MELS + 1))).collect();
    let bin_hertz = f64::from(SampleRate::HZ_16000.hz()) / count(WINDOW_SAMPLES);
    let mut filters = Vec::with_capacity(MELS);
    for edge in edges.windows(3) {
        let &[left, middle, right] = edge else { continue };
        let weight = |bin: usize| {
            let hertz = count(bin) * bin_hertz;
            let rise = (hertz - left) / (middle - left);
            let fall = (right - hertz) / (right - middle);
            rise.min(fall).max(0.0) * 2.0 / (right - left)
        };
        let weights: Vec<f64> = (0..BINS).map(weight).collect();
        let first = weights.iter().position(|&weight| weight > 0.0).unwrap_or(0);
        let end = weights.iter().rposition(|&weight| weight > 0.0).map_or(first, |last| last + 1);
        filters.push((first, weights[first..end].to_vec()));
    }
    filters
}

/// Slaney's scale is a straight line below 1000 Hz and a logarithm above.
const LINE_HERTZ_A_MEL: f64 = 200.0 / 3.0;
const BEND_HERTZ: f64 = 1_000.0;
const BEND_MEL: f64 = BEND_HERTZ / LINE_HERTZ_A_MEL;

fn mel_of(hertz: f64) -> f64 {
    if hertz < BEND_HERTZ {
        hertz / LINE_HERTZ_A_MEL
    } else {
        BEND_MEL + 27.0 * (hertz / BEND_HERTZ).ln() / 6.4_f64.ln()
    }
}

fn hertz_of(mel: f64) -> f64 {
    if mel < BEND_MEL {
        mel * LINE_HERTZ_A_MEL
    } else {
        BEND_HERTZ * ((mel - BEND_MEL) * 6.4_f64.ln() / 27.0).exp()
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of samples, bins and edges are far below 2^52"
)]
const fn count(number: usize) -> f64 {
    number as f64
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding to f32 is what the reference does at these places"
)]
const fn narrow(number: f64) -> f32 {
    number as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mel_scale_bends_at_a_thousand_hertz_and_inverts() {
        assert!((mel_of(1_000.0) - 15.0).abs() < 1e-12);
        for hertz in [0.0, 440.0, 1_000.0, 6_400.0, 8_000.0] {
            assert!((hertz_of(mel_of(hertz)) - hertz).abs() < 1e-9);
        }
    }

    #[test]
    fn silence_is_a_flat_picture() {
        let picture = SmartTurnFeatures::new().picture(&[]).unwrap();
        assert_eq!(picture.len(), MELS * FRAMES);
        assert!(picture.iter().all(|&value| (value - picture[0]).abs() < 1e-6));
    }
}
