//! Cuts sound of any frame length into the fixed hops a detector judges.
//!
//! Invariants: hops lie end to end from sample 0; a hop never holds a sample twice. Units: samples at 16 kHz.

use super::VoiceScore;
use crate::adapters::AdapterError;
use crate::adapters::numbers::per_mille;
use crate::audio::{Frame, SampleRate};

/// Sound that waits for the rest of its hop of `N` samples.
#[derive(Debug)]
pub(super) struct Hops<const N: usize> {
    waiting: Vec<i16>,
    judged_samples: u64,
}

/// One hop, filled up with silence if the sound ended inside it.
#[derive(Debug)]
pub(super) struct Hop<const N: usize> {
    pub(super) samples: [i16; N],
    pub(super) from_sample: u64,
    pub(super) until_sample: u64,
}

impl<const N: usize> Hop<N> {
    /// The detector's judgement of this hop.
    pub(super) fn score(&self, probability: f32) -> VoiceScore {
        VoiceScore {
            from_sample: self.from_sample,
            until_sample: self.until_sample,
            score: per_mille(probability),
        }
    }
}

impl<const N: usize> Hops<N> {
    pub(super) const fn new() -> Self {
        Self { waiting: Vec::new(), judged_samples: 0 }
    }

    /// Takes sound in.
    ///
    /// # Errors
    ///
    /// [`AdapterError::Refused`] if it is not at 16 kHz.
    pub(super) fn push(
        &mut self,
        adapter: &'static str,
        frame: &Frame,
    ) -> Result<(), AdapterError> {
        if frame.rate != SampleRate::HZ_16000 {
            let reason = format!("sound at {}, {} is wanted", frame.rate, SampleRate::HZ_16000);
            return Err(AdapterError::Refused { adapter, reason });
        }
        self.waiting.extend_from_slice(&frame.samples);
        Ok(())
    }

    /// The next whole hop.
    pub(super) fn next_whole(&mut self) -> Option<Hop<N>> {
        if self.waiting.len() < N { None } else { self.take(N) }
    }

    /// What is left when the sound has ended.
    pub(super) fn rest(&mut self) -> Option<Hop<N>> {
        self.take(self.waiting.len().min(N))
    }

    fn take(&mut self, count: usize) -> Option<Hop<N>> {
        if count == 0 {
            return None;
        }
        let mut samples = [0; N];
        for (place, sample) in samples.iter_mut().zip(self.waiting.drain(..count)) {
            *place = sample;
        }
        let from_sample = self.judged_samples;
        self.judged_samples += count as u64;
        Some(Hop { samples, from_sample, until_sample: self.judged_samples })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_any_length_become_hops_end_to_end_and_the_rest_is_filled_with_silence() {
        let mut hops = Hops::<256>::new();
        let mut ends = Vec::new();
        for length in [100, 200, 700, 1] {
            hops.push("test", &Frame::new(SampleRate::HZ_16000, vec![7; length])).unwrap();
            while let Some(hop) = hops.next_whole() {
                ends.push((hop.from_sample, hop.until_sample));
            }
        }
        let rest = hops.rest().unwrap();
        ends.push((rest.from_sample, rest.until_sample));
        assert_eq!(ends, [(0, 256), (256, 512), (512, 768), (768, 1001)]);
        assert_eq!(rest.samples[232], 7);
        assert_eq!(rest.samples[233..], [0; 23]);
        assert!(hops.rest().is_none());
    }

    #[test]
    fn sound_at_another_rate_is_refused() {
        let mut hops = Hops::<256>::new();
        let error = hops.push("test", &Frame::silence(SampleRate::HZ_48000, 960)).unwrap_err();
        assert!(matches!(error, AdapterError::Refused { .. }));
    }
}
