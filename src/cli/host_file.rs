//! The host's voice from a WAV file.

use std::path::Path;

use anyhow::{Context, bail};

use crate::audio::SampleRate;
use crate::audio::resample::Resampler;
use crate::client::rehearsal::HostFile;
use crate::transport::protocol::HOST_RATES;

/// Reads a 16-bit WAV file; the first channel of several. A rate the wire does not carry is brought to 48 kHz.
pub(super) fn read(path: &Path) -> anyhow::Result<HostFile> {
    let mut reader = hound::WavReader::open(path)?;
    let spec = reader.spec();
    if spec.sample_format != hound::SampleFormat::Int || spec.bits_per_sample != 16 {
        bail!("{} bits a sample; expected 16-bit PCM", spec.bits_per_sample);
    }
    let channels = usize::from(spec.channels.max(1));
    let all = reader.samples::<i16>().collect::<Result<Vec<i16>, _>>()?;
    let samples: Vec<i16> = all.into_iter().step_by(channels).collect();
    if HOST_RATES.contains(&spec.sample_rate) {
        return Ok(HostFile::new(spec.sample_rate, samples));
    }
    let rate = SampleRate::new(spec.sample_rate)
        .with_context(|| format!("{} Hz is not between 8 and 48 kHz", spec.sample_rate))?;
    let mut resampler = Resampler::new(rate, SampleRate::HZ_48000);
    let mut at_48k = Vec::new();
    resampler.push(&samples, &mut at_48k);
    resampler.finish(&mut at_48k);
    Ok(HostFile::new(48_000, at_48k))
}
