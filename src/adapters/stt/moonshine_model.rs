//! Moonshine tiny English, greedy, and with an ear for the names at the table.
//!
//! Sound goes in whole (0.25 to about 16 s at 16 kHz), text comes out. Between two steps of some ms the work can be
//! called off. No text is longer than [`TOKENS_PER_SECOND`] allows, which ends the model's loops.

use std::sync::atomic::{AtomicBool, Ordering};

use super::SttOptions;
use super::decode_queue::{Decoded, Decoder, Urgency};
use super::moonshine::NAME;
use super::moonshine_called;
use super::moonshine_network::{Heard, Network, TOKEN_END, TOKEN_START, Written};
use super::moonshine_vocabulary::Vocabulary;
use crate::adapters::AdapterError;
use crate::adapters::numbers::unit;
use crate::adapters::onnx::OfflineModels;
use crate::adapters::worker::unavailable;
use crate::audio::SampleRate;

/// Under 400 samples the encoder fails, and under a quarter of a second it only guesses.
pub(super) const SOUND_MIN_SAMPLES: usize = SampleRate::HZ_16000.samples_in_ms(250);
/// The model's makers cap its output here: nobody speaks faster.
const TOKENS_PER_SECOND: f64 = 6.5;
/// Least cap, for one word may be three tokens.
const TOKENS_MIN: usize = 4;

/// The networks and their words: about 118 MB.
pub(super) struct Model {
    pub(super) network: Network,
    pub(super) vocabulary: Vocabulary,
}

/// One way to read a stretch of sound.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    /// Without the first and the last, which mark start and end.
    pub(super) tokens: Vec<usize>,
    /// How likely the model found each of them where it stands, as a natural logarithm; one more for the end. Empty where
    /// nobody compares.
    pub(super) shares: Vec<f32>,
    /// The same for every token at the first place.
    pub(super) openings: Vec<f32>,
    /// Whether it ran into the cap: it then repeats itself.
    pub(super) capped: bool,
}

impl Reading {
    /// How likely all of it is.
    pub(super) fn likelihood(&self) -> f32 {
        self.shares.iter().sum()
    }

    /// How likely a token of it is, in the mean.
    pub(super) fn mean(&self) -> f32 {
        self.likelihood() / f32::from(u16::try_from(self.shares.len()).unwrap_or(u16::MAX).max(1))
    }
}

/// What is asked of a reading.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// What it begins with.
    pub(super) begin: &'a [usize],
    /// Whether it is weighed, which looks at all 32 768 tokens once more at every place; one that turns out less likely
    /// than this is given up.
    pub(super) at_least: Option<f32>,
}

impl Decoder for Model {
    /// Sound shorter than [`SOUND_MIN_SAMPLES`] is no error: nothing is said in it.
    fn decode(
        &mut self,
        sound: &[i16],
        options: &SttOptions,
        urgency: Urgency,
        cancelled: &AtomicBool,
    ) -> Result<Option<Decoded>, AdapterError> {
        if sound.len() < SOUND_MIN_SAMPLES {
            return Ok(Some(Decoded::default()));
        }
        let sound: Vec<f32> = sound.iter().copied().map(unit).collect();
        // Whom a line calls is decided when it is over; what it sounds like until then may change anyway.
        let names = if urgency == Urgency::Interim { &[] } else { options.names.as_slice() };
        self.run(&sound, names, cancelled)
            .map_err(|error| unavailable(NAME, format!("run the network: {error}")))
    }
}

impl Model {
    /// Opens the three files: about 0.7 s.
    ///
    /// # Errors
    ///
    /// A sentence that names the file and what was wrong with it.
    pub(super) fn open(models: &OfflineModels) -> Result<Self, String> {
        let network = Network::open(models)?;
        let vocabulary = Vocabulary::read(&models.moonshine("tokenizer.bin"))?;
        Ok(Self { network, vocabulary })
    }

    fn run(
        &mut self,
        sound: &[f32],
        names: &[String],
        cancelled: &AtomicBool,
    ) -> ort::Result<Option<Decoded>> {
        let mut heard = self.network.hear(sound)?;
        let tokens_max = tokens_max(sound.len());
        let at_least = (!names.is_empty()).then_some(f32::NEG_INFINITY);
        let free = Wanted { begin: &[], at_least };
        let Some(plain) = self.read(&mut heard, free, tokens_max, cancelled)? else {
            return Ok(None);
        };
        let called = if names.is_empty() || plain.capped || plain.tokens.is_empty() {
            None
        } else {
            moonshine_called::reading(self, &mut heard, &plain, names, tokens_max, cancelled)?
        };
        if cancelled.load(Ordering::Relaxed) {
            return Ok(None);
        }
        Ok(Some(Decoded {
            text: self.vocabulary.text(&called.as_ref().unwrap_or(&plain).tokens),
            capped: plain.capped,
            is_named: called.is_some(),
            ..Decoded::default()
        }))
    }

    /// The likeliest reading, word by word, that begins as asked; `None` if it was given up or called off.
    pub(super) fn read(
        &mut self,
        heard: &mut Heard,
        wanted: Wanted<'_>,
        tokens_max: usize,
        cancelled: &AtomicBool,
    ) -> ort::Result<Option<Reading>> {
        let mut written = Written::nothing()?;
        let mut reading = Reading::default();
        let mut token = TOKEN_START;
        for place in 0..tokens_max {
            if cancelled.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let fixed = wanted.begin.get(place).copied();
            let weighed = &mut reading;
            let next = self.network.write(&[token], heard, &mut written, |scores| {
                let next = fixed.unwrap_or_else(|| greatest(scores));
                if wanted.at_least.is_some() {
                    weighed.shares.push(share(scores, next));
                    if place == 0 {
                        weighed.openings = shares(scores);
                    }
                }
                next
            })?;
            if wanted.at_least.is_some_and(|least| reading.likelihood() < least) {
                return Ok(None);
            }
            if next == TOKEN_END {
                return Ok(Some(reading));
            }
            reading.tokens.push(next);
            token = next;
        }
        reading.capped = true;
        Ok(Some(reading))
    }

    /// `tokens` as a whole reading.
    pub(super) fn judge(&mut self, heard: &mut Heard, tokens: Vec<usize>) -> ort::Result<Reading> {
        let mut written = Written::nothing()?;
        let given: Vec<usize> =
            std::iter::once(TOKEN_START).chain(tokens.iter().copied()).collect();
        let shares = self.network.write(&given, heard, &mut written, |scores| {
            let size = scores.len() / given.len();
            let next = tokens.iter().copied().chain(std::iter::once(TOKEN_END));
            scores
                .chunks(size.max(1))
                .zip(next)
                .map(|(scores, token)| share(scores, token))
                .collect()
        })?;
        Ok(Reading { tokens, shares, ..Reading::default() })
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "seconds of one stretch: a small positive number"
)]
fn tokens_max(samples: usize) -> usize {
    let seconds = samples as f64 / f64::from(SampleRate::HZ_16000.hz());
    ((seconds * TOKENS_PER_SECOND).ceil() as usize).max(TOKENS_MIN)
}

/// The place of the greatest score.
fn greatest(scores: &[f32]) -> usize {
    let mut best = (TOKEN_END, f32::NEG_INFINITY);
    for (place, &score) in scores.iter().enumerate() {
        if score > best.1 {
            best = (place, score);
        }
    }
    best.0
}

/// The logarithm of the sum that scores are shares of.
fn whole(scores: &[f32]) -> f32 {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    most + scores.iter().map(|score| (score - most).exp()).sum::<f32>().ln()
}

/// The likelihood of one token, as a natural logarithm.
fn share(scores: &[f32], token: usize) -> f32 {
    scores.get(token).map_or(f32::NEG_INFINITY, |score| score - whole(scores))
}

/// The same of all tokens.
fn shares(scores: &[f32]) -> Vec<f32> {
    let whole = whole(scores);
    scores.iter().map(|score| score - whole).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cap_follows_the_length_and_never_cuts_one_word() {
        assert_eq!(tokens_max(4_000), 4);
        assert_eq!(tokens_max(16_000), 7);
        assert_eq!(tokens_max(160_000), 65);
    }

    #[test]
    fn shares_are_logarithms_of_parts_of_one() {
        let scores = [1.0, 3.0, 2.0];
        assert_eq!(greatest(&scores), 1);
        let sum: f32 = shares(&scores).iter().map(|share| share.exp()).sum();
        assert!((sum - 1.0).abs() < 1e-6);
        assert!((share(&scores, 1) - 0.665_24_f32.ln()).abs() < 1e-4);
        assert!(share(&scores, 9).is_infinite());
    }
}
