//! Sound for tests: recordings, silence, and what a stream was given or gave.

use std::path::Path;

use voice_studio::audio::{Frame, SampleRate};

/// A 16-bit mono recording at 16 kHz; one at 48 kHz is thinned out to it (good enough for noise).
pub(crate) fn wav_16k(path: &Path) -> Vec<i16> {
    let mut reader =
        hound::WavReader::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let spec = reader.spec();
    assert_eq!((spec.channels, spec.bits_per_sample), (1, 16), "{}", path.display());
    let samples: Vec<i16> = reader.samples::<i16>().map(Result::unwrap).collect();
    match spec.sample_rate {
        16_000 => samples,
        48_000 => samples.chunks(3).map(mean).collect(),
        other => panic!("{}: {other} Hz", path.display()),
    }
}

fn mean(samples: &[i16]) -> i16 {
    let sum: i64 = samples.iter().map(|&sample| i64::from(sample)).sum();
    i16::try_from(sum / i64::try_from(samples.len()).unwrap()).unwrap()
}

/// The sound in frames of 20 ms at 16 kHz; the last may be shorter.
pub(crate) fn frames_16k(samples: &[i16]) -> Vec<Frame> {
    samples.chunks(320).map(|part| Frame::new(SampleRate::HZ_16000, part)).collect()
}

/// Root mean square of a stretch of samples.
pub(crate) fn rms(samples: &[i16]) -> f64 {
    let sum: f64 = samples.iter().map(|&sample| f64::from(sample) * f64::from(sample)).sum();
    (sum / (samples.len().max(1)) as f64).sqrt()
}

/// A recording with a second of quiet behind it, so that its last stretch ends.
pub(crate) fn with_quiet(mut samples: Vec<i16>) -> Vec<i16> {
    samples.extend([0; 16_000]);
    samples
}
