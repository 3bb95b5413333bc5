//! Moonshine tiny English: one encoder, one decoder, greedy.
//!
//! Sound goes in whole (0.25 to about 16 s at 16 kHz), text comes out. A decoder step takes about 4 ms; between two
//! of them the work can be called off.
//!
//! Invariants: inputs go in by name; the caches go from one step to the next without a copy; no text is longer than
//! [`TOKENS_PER_SECOND`] allows, which ends the model's loops.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use ort::session::{Session, SessionInputValue};
use ort::value::{DynValue, Tensor, TensorRef};

use super::SttOptions;
use super::decode_queue::{Decoded, Decoder};
use super::moonshine::NAME;
use crate::adapters::AdapterError;
use crate::adapters::numbers::{index, unit};
use crate::adapters::onnx::{OfflineModels, open_session};
use crate::adapters::worker::unavailable;
use crate::audio::SampleRate;

/// Under 400 samples the encoder fails, and under a quarter of a second it only guesses.
pub(super) const SOUND_MIN_SAMPLES: usize = SampleRate::HZ_16000.samples_in_ms(250);
/// The model's makers cap its output here: nobody speaks faster.
const TOKENS_PER_SECOND: f64 = 6.5;
/// Least cap, for one word may be three tokens.
const TOKENS_MIN: usize = 4;
const TOKEN_START: i64 = 1;
const TOKEN_END: usize = 2;
/// Layers × (decoder, encoder) × (key, value).
const CACHES: usize = 6 * 2 * 2;
/// Shape of a cache before the first step: one sequence, eight heads, no positions, 36 numbers a head.
const CACHE_EMPTY: [usize; 4] = [1, 8, 0, 36];

/// The network pair and its words.
pub(super) struct MoonshineModel {
    encoder: Session,
    decoder: Session,
    tokens: Vec<Vec<u8>>,
    cache_names: Vec<CacheName>,
}

struct CacheName {
    past: String,
    present: String,
    /// Whether it holds what was heard (fixed after the first step) and not what was written.
    of_encoder: bool,
}

impl Decoder for MoonshineModel {
    /// Sound shorter than [`SOUND_MIN_SAMPLES`] is no error: nothing is said in it.
    fn decode(
        &mut self,
        sound: &[i16],
        _options: &SttOptions,
        cancelled: &AtomicBool,
    ) -> Result<Option<Decoded>, AdapterError> {
        if sound.len() < SOUND_MIN_SAMPLES {
            return Ok(Some(Decoded::default()));
        }
        let sound: Vec<f32> = sound.iter().copied().map(unit).collect();
        self.run(&sound, cancelled)
            .map_err(|error| unavailable(NAME, format!("run the network: {error}")))
    }
}

fn decoded(text: &[u8], capped: bool) -> Decoded {
    Decoded { text: readable(text), capped, ..Decoded::default() }
}

impl MoonshineModel {
    /// Opens the three files: about 0.7 s and 116 MB.
    ///
    /// # Errors
    ///
    /// A sentence that names the file and what was wrong with it.
    pub(super) fn open(models: &OfflineModels) -> Result<Self, String> {
        let library = models.onnx_runtime();
        let encoder = open_session(&library, &models.moonshine("encoder_model.ort"))?;
        let decoder = open_session(&library, &models.moonshine("decoder_model_merged.ort"))?;
        let tokens = read_tokens(&models.moonshine("tokenizer.bin"))?;
        let cache_names = (0..CACHES).map(cache_name).collect();
        Ok(Self { encoder, decoder, tokens, cache_names })
    }

    fn run(&mut self, sound: &[f32], cancelled: &AtomicBool) -> ort::Result<Option<Decoded>> {
        let mask = Tensor::from_array(([1, sound.len()], vec![1_i64; sound.len()]))?;
        let mut heard = self.encoder.run(ort::inputs! {
            "input_values" => TensorRef::from_array_view(([1, sound.len()], sound))?,
            "attention_mask" => &mask,
        })?;
        let hidden = taken(&mut heard, "last_hidden_state")?;
        drop(heard);

        let mut caches = Vec::with_capacity(CACHES);
        for _ in 0..CACHES {
            caches.push(Tensor::from_array((CACHE_EMPTY, Vec::<f32>::new()))?.into_dyn());
        }
        let tokens_max = tokens_max(sound.len());
        let mut token = TOKEN_START;
        let mut text = Vec::new();
        for step in 0..tokens_max {
            if cancelled.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let next = self.step(token, step > 0, &hidden, &mask, &mut caches)?;
            if next == TOKEN_END {
                return Ok(Some(decoded(&text, false)));
            }
            self.write(next, &mut text);
            token = i64::try_from(next).unwrap_or(TOKEN_START);
        }
        Ok(Some(decoded(&text, true)))
    }

    /// One token further.
    fn step(
        &mut self,
        token: i64,
        has_cache: bool,
        hidden: &DynValue,
        mask: &Tensor<i64>,
        caches: &mut [DynValue],
    ) -> ort::Result<usize> {
        let token = [token];
        let has_cache_input = [has_cache];
        let mut inputs: Vec<(&str, SessionInputValue<'_>)> = Vec::with_capacity(CACHES + 4);
        inputs.push((
            "input_ids",
            TensorRef::from_array_view(([1_usize, 1], token.as_slice()))?.into(),
        ));
        inputs.push(("encoder_hidden_states", hidden.into()));
        inputs.push(("encoder_attention_mask", mask.into()));
        inputs.push((
            "use_cache_branch",
            TensorRef::from_array_view(([1_usize], has_cache_input.as_slice()))?.into(),
        ));
        for (name, cache) in self.cache_names.iter().zip(caches.iter()) {
            inputs.push((&name.past, cache.into()));
        }
        let mut outputs = self.decoder.run(inputs)?;
        let logits = taken(&mut outputs, "logits")?;
        let mut fresh = Vec::with_capacity(CACHES);
        for name in &self.cache_names {
            // What was heard is worked out once, in the first step; later steps give empty stand-ins for it.
            let keep = has_cache && name.of_encoder;
            fresh.push(if keep { None } else { Some(taken(&mut outputs, &name.present)?) });
        }
        drop(outputs);
        for (cache, fresh) in caches.iter_mut().zip(fresh) {
            if let Some(fresh) = fresh {
                *cache = fresh;
            }
        }
        let (_, scores) = logits.try_extract_tensor::<f32>()?;
        Ok(greatest(scores))
    }

    /// Appends what a token stands for: letters, or one byte of a letter, or (for control tokens) nothing.
    fn write(&self, token: usize, text: &mut Vec<u8>) {
        let Some(written) = self.tokens.get(token) else { return };
        match byte_token(written) {
            Some(byte) => text.push(byte),
            None if written.first() == Some(&b'<') && written.last() == Some(&b'>') => {}
            None => text.extend_from_slice(written),
        }
    }
}

fn cache_name(number: usize) -> CacheName {
    let layer = number / 4;
    let of_encoder = number % 4 >= 2;
    let half = if of_encoder { "encoder" } else { "decoder" };
    let kind = if number.is_multiple_of(2) { "key" } else { "value" };
    CacheName {
        past: format!("past_key_values.{layer}.{half}.{kind}"),
        present: format!("present.{layer}.{half}.{kind}"),
        of_encoder,
    }
}

/// An output as a value that outlives the run.
fn taken(outputs: &mut ort::session::SessionOutputs<'_>, name: &str) -> ort::Result<DynValue> {
    outputs.remove(name).ok_or_else(|| ort::Error::new(format!("the network gave no {name}")))
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

/// The byte a token like `<0x0A>` stands for.
fn byte_token(token: &[u8]) -> Option<u8> {
    let digits = token.strip_prefix(b"<0x")?.strip_suffix(b">")?;
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Words as people write them: the model marks a word's begin with U+2581.
fn readable(text: &[u8]) -> String {
    String::from_utf8_lossy(text).replace('\u{2581}', " ").trim().to_owned()
}

/// Reads the table of tokens: records of a length and as many bytes; a first length byte of 128 or more means
/// `second byte × 128 + first - 128`.
fn read_tokens(path: &Path) -> Result<Vec<Vec<u8>>, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("read {}: {error}", path.display()))?;
    parse_tokens(&bytes).ok_or_else(|| format!("{} ends inside a token", path.display()))
}

fn parse_tokens(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut tokens = Vec::new();
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        let (length, after) = if first < 128 {
            (u64::from(first), after)
        } else {
            let (&second, after) = after.split_first()?;
            (u64::from(second) * 128 + u64::from(first) - 128, after)
        };
        let (token, after) = after.split_at_checked(index(length))?;
        tokens.push(token.to_vec());
        rest = after;
    }
    Some(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_tokens_knows_short_long_and_empty_ones() {
        let mut bytes = vec![2, b'h', b'i', 0, 130, 1];
        bytes.extend(std::iter::repeat_n(b'x', 130));
        let tokens = parse_tokens(&bytes).unwrap();
        assert_eq!(tokens.iter().map(Vec::len).collect::<Vec<_>>(), [2, 0, 130]);
        assert!(parse_tokens(&bytes[..20]).is_none());
        assert!(parse_tokens(&[200]).is_none());
    }

    #[test]
    fn byte_tokens_are_bytes_and_word_marks_are_spaces() {
        assert_eq!(byte_token(b"<0xE9>"), Some(0xE9));
        assert_eq!(byte_token(b"<unk>"), None);
        assert_eq!(readable("\u{2581}Hello\u{2581}there".as_bytes()), "Hello there");
    }

    #[test]
    fn the_cap_follows_the_length_and_never_cuts_one_word() {
        assert_eq!(tokens_max(4_000), 4);
        assert_eq!(tokens_max(16_000), 7);
        assert_eq!(tokens_max(160_000), 65);
    }
}
