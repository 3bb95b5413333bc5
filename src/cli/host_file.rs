//! The host's voice from a WAV file.

use std::path::Path;

use anyhow::{Context, bail};

use crate::audio::SampleRate;
use crate::audio::resample::Resampler;
use crate::client::rehearsal::HostFile;
use crate::transport::protocol::HOST_RATES;

/// Reads a 16-bit WAV file; the first channel of several. A rate the wire does not carry is brought to 48 kHz.
pub(super) fn read(path: &Path) -> anyhow::Result<HostFile> {
    let (rate, samples) = read_wav(path)?;
    if HOST_RATES.contains(&rate.hz()) {
        return Ok(HostFile::new(rate.hz(), samples));
    }
    Ok(HostFile::new(SampleRate::HZ_48000.hz(), brought_to(SampleRate::HZ_48000, rate, samples)))
}

/// The same at 16 kHz, which is what the ears hear with.
pub(super) fn read_at_16k(path: &Path) -> anyhow::Result<Vec<i16>> {
    let (rate, samples) = read_wav(path)?;
    Ok(brought_to(SampleRate::HZ_16000, rate, samples))
}

fn read_wav(path: &Path) -> anyhow::Result<(SampleRate, Vec<i16>)> {
    let mut reader = hound::WavReader::open(path)?;
    let spec = reader.spec();
    if spec.sample_format != hound::SampleFormat::Int || spec.bits_per_sample != 16 {
        bail!("{} bits a sample; expected 16-bit PCM", spec.bits_per_sample);
    }
    let rate = SampleRate::new(spec.sample_rate)
        .with_context(|| format!("{} Hz is not between 8 and 48 kHz", spec.sample_rate))?;
    let channels = usize::from(spec.channels.max(1));
    let all = reader.samples::<i16>().collect::<Result<Vec<i16>, _>>()?;
    Ok((rate, all.into_iter().step_by(channels).collect()))
}

fn brought_to(wanted: SampleRate, rate: SampleRate, samples: Vec<i16>) -> Vec<i16> {
    if rate == wanted {
        return samples;
    }
    let mut resampler = Resampler::new(rate, wanted);
    let mut brought = Vec::new();
    resampler.push(&samples, &mut brought);
    resampler.finish(&mut brought);
    brought
}
