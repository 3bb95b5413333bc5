//! How loud sound is.
//!
//! Levels of single frames for gates, orbs and warnings; [`LoudnessMeter`] for the figures a producer reads in
//! `session.yml`.
//!
//! Invariants: silence has no level (`None`), never minus infinity: files and wire formats have no word for that.
//! Units: dBFS, 0 = a full-scale square wave; loudness in LUFS (EBU R 128), true peak in dBTP.

use std::fmt;

use super::loudness_range::{LoudnessRange, energy};
use super::{SampleRate, num};

/// Level of an orb's smallest and largest movement: quiet speech just moves it, loud speech fills it.
const ORB_DBFS: std::ops::Range<f32> = -60.0..-10.0;

/// Samples at or beyond this are taken as clipped: an analogue stage saturates a little below full scale.
const CLIPPED: u16 = 32_760;

/// A tenth of a second.
const TENTH_SAMPLES: usize = SampleRate::HZ_48000.samples_in_ms(100);

/// What is in one frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Levels {
    /// Largest sample; `None` for digital silence.
    pub peak_dbfs: Option<f32>,
    /// Root of the mean square; `None` for digital silence.
    pub rms_dbfs: Option<f32>,
    /// Samples at full scale.
    pub clipped_samples: usize,
}

impl Levels {
    /// Measures `samples`.
    #[must_use]
    pub fn of(samples: &[i16]) -> Self {
        let peak = samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
        let clipped_samples =
            samples.iter().filter(|sample| sample.unsigned_abs() >= CLIPPED).count();
        Self {
            peak_dbfs: dbfs(f32::from(peak) / num::FULL_SCALE),
            rms_dbfs: rms_dbfs(samples),
            clipped_samples,
        }
    }

    /// How far an orb moves, 0 to 1000: linear in decibels, since ears are.
    #[must_use]
    pub fn orb(&self) -> u16 {
        let Some(rms_dbfs) = self.rms_dbfs else { return 0 };
        num::per_mille((rms_dbfs - ORB_DBFS.start) / (ORB_DBFS.end - ORB_DBFS.start) * 1000.0)
    }
}

/// Root of the mean square of `samples`; `None` for digital silence and for no samples.
#[must_use]
pub fn rms_dbfs(samples: &[i16]) -> Option<f32> {
    let energy: u64 = samples.iter().map(|&sample| u64::from(sample.unsigned_abs()).pow(2)).sum();
    let mean_square = energy as f64 / samples.len().max(1) as f64;
    dbfs(num::single(mean_square.sqrt()) / num::FULL_SCALE)
}

/// Whether every sample is zero.
#[must_use]
pub fn is_silent(samples: &[i16]) -> bool {
    samples.iter().all(|&sample| sample == 0)
}

/// The level of a linear amplitude (1.0 = full scale); `None` for zero and below.
#[must_use]
pub fn dbfs(amplitude: f32) -> Option<f32> {
    (amplitude > 0.0).then(|| 20.0 * amplitude.log10())
}

/// The linear gain of `gain_db`.
#[must_use]
pub fn linear(gain_db: f32) -> f32 {
    10_f32.powf(gain_db / 20.0)
}

/// The loudness of a whole track.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Loudness {
    /// Gated loudness of all of it, LUFS; `None` if nothing passed the gate of −70 LUFS.
    pub integrated_lufs: Option<f64>,
    /// Highest peak between the samples, dBTP; `None` for digital silence.
    pub true_peak_dbtp: Option<f64>,
    /// Spread between quiet and loud, LU; `None` where there is no loudness.
    pub range_lu: Option<f64>,
}

/// Measures a mono track at 48 kHz as it passes, by EBU R 128.
///
/// A mono track reads 3 LU lower than the same sound played from two loudspeakers, as the standard has it.
/// Memory is constant, 0.2 MB: loudness goes into histograms.
pub struct LoudnessMeter {
    /// `None` only if the meter refused its constant parameters; then there is nothing to say.
    meter: Option<ebur128::EbuR128>,
    range: LoudnessRange,
    /// Samples since the last whole tenth of a second.
    in_tenth: usize,
}

impl fmt::Debug for LoudnessMeter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoudnessMeter").finish_non_exhaustive()
    }
}

impl Default for LoudnessMeter {
    fn default() -> Self {
        Self::new()
    }
}

impl LoudnessMeter {
    /// A meter that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        use ebur128::Mode;
        let mode = Mode::I | Mode::TRUE_PEAK | Mode::HISTOGRAM;
        let meter = ebur128::EbuR128::new(1, crate::time::SESSION_RATE_HZ, mode).ok();
        Self { meter, range: LoudnessRange::default(), in_tenth: 0 }
    }

    /// Takes the track's next samples.
    pub fn add(&mut self, mut samples: &[i16]) {
        let Some(meter) = &mut self.meter else { return };
        while !samples.is_empty() {
            let (now, rest) = samples.split_at(samples.len().min(TENTH_SAMPLES - self.in_tenth));
            if meter.add_frames_i16(now).is_err() {
                self.meter = None;
                return;
            }
            self.in_tenth = (self.in_tenth + now.len()) % TENTH_SAMPLES;
            if self.in_tenth == 0 {
                self.range.add(meter.loudness_window(100).map_or(0.0, energy));
            }
            samples = rest;
        }
    }

    /// The loudness of all that was added.
    #[must_use]
    pub fn summary(&self) -> Loudness {
        let Some(meter) = &self.meter else { return Loudness::default() };
        let integrated_lufs = meter.loudness_global().ok().filter(|lufs| lufs.is_finite());
        Loudness {
            integrated_lufs,
            true_peak_dbtp: meter
                .true_peak(0)
                .ok()
                .filter(|&peak| peak > 0.0)
                .map(|peak| 20.0 * peak.log10()),
            range_lu: integrated_lufs.and_then(|_| self.range.range_lu()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    fn sine(hz: f64, amplitude_dbfs: f64, samples: u32) -> Vec<i16> {
        let amplitude = 32_768.0 * 10_f64.powf(amplitude_dbfs / 20.0);
        (0..samples)
            .map(|n| {
                num::sample_of(num::single(
                    (f64::from(n) * TAU * hz / 48_000.0).sin() * amplitude / 32_768.0,
                ))
            })
            .collect()
    }

    #[test]
    fn a_sine_of_minus_20_dbfs_peaks_there_and_its_rms_is_3_db_lower() {
        let levels = Levels::of(&sine(1000.0, -20.0, 48_000));
        assert!((levels.peak_dbfs.unwrap() + 20.0).abs() < 0.01, "{levels:?}");
        assert!((levels.rms_dbfs.unwrap() + 23.01).abs() < 0.01, "{levels:?}");
        assert_eq!(levels.clipped_samples, 0);
        assert_eq!(levels.orb(), 740);
    }

    #[test]
    fn silence_has_no_level() {
        for silence in [&[][..], &[0; 960]] {
            assert_eq!(Levels::of(silence), Levels::default());
            assert_eq!(Levels::of(silence).orb(), 0);
        }
        assert!(is_silent(&[0; 3]) && !is_silent(&[0, 1]));
        let mut meter = LoudnessMeter::new();
        meter.add(&[0; 48_000]);
        assert_eq!(meter.summary(), Loudness::default());
        assert_eq!(LoudnessMeter::new().summary(), Loudness::default());
    }

    #[test]
    fn full_scale_samples_are_counted_as_clipped() {
        assert_eq!(Levels::of(&[i16::MIN, i16::MAX, 32_000, 0]).clipped_samples, 2);
        assert_eq!(Levels::of(&[i16::MIN]).peak_dbfs, Some(0.0));
    }

    #[test]
    fn the_loudness_meter_reads_the_standards_calibration_tone() {
        // EBU Tech 3341: a 1 kHz sine of −23 dBFS in both channels reads −23.0 LUFS; in one channel −26.0.
        let mut meter = LoudnessMeter::new();
        for chunk in sine(1000.0, -23.0, 480_000).chunks(960) {
            meter.add(chunk);
        }
        let loudness = meter.summary();
        assert!((loudness.integrated_lufs.unwrap() + 26.0).abs() < 0.1, "{loudness:?}");
        assert!((loudness.true_peak_dbtp.unwrap() + 23.0).abs() < 0.1, "{loudness:?}");
        assert!(loudness.range_lu.unwrap() < 0.1, "{loudness:?}");
    }

    #[test]
    fn the_range_is_that_of_the_reference_meter() {
        use ebur128::Mode;
        // EBU Tech 3342, case 1 and 3: steps of 10 and 20 LU; then one that swells.
        let steps = |levels: &[f64]| {
            levels.iter().flat_map(|&level| sine(1000.0, level, 20 * 48_000)).collect::<Vec<_>>()
        };
        let swelling: Vec<f64> = (0..12).map(|step| -40.0 + 2.0 * f64::from(step)).collect();
        for levels in [&[-20.0, -30.0][..], &[-40.0, -20.0], &swelling] {
            let track = steps(levels);
            let mut own = LoudnessMeter::new();
            track.chunks(700).for_each(|chunk| own.add(chunk));
            let mut reference = ebur128::EbuR128::new(1, 48_000, Mode::I | Mode::LRA).unwrap();
            reference.add_frames_i16(&track).unwrap();
            let (own, reference) =
                (own.summary().range_lu.unwrap(), reference.loudness_range().unwrap());
            assert!((own - reference).abs() <= 0.15, "{levels:?}: {own} instead of {reference}");
        }
    }
}
