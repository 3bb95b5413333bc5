//! A Whisper model in whisper.cpp's file format: one stretch of sound goes in whole, words with their times come out.
//!
//! Invariants: nothing that is made for a decode outlives it (the binding never frees what it is told by name, so a
//! language's parameters are made once); whisper.cpp prints nothing, as its log spells what was said.

use std::collections::BTreeMap;
use std::ffi::{c_int, c_void};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use whisper_rs::{
    FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters, WhisperError,
    WhisperSegment, WhisperState,
};

use super::decode_queue::{Decoded, Decoder, Urgency};
use super::whisper_local::NAME;
use super::{SttOptions, SttWord};
use crate::adapters::AdapterError;
use crate::adapters::numbers::{index, unit};
use crate::adapters::worker::unavailable;
use crate::audio::SampleRate;

/// How a file of this format begins: "ggml", backwards.
const MAGIC: [u8; 4] = *b"lmgg";
const RATE: SampleRate = SampleRate::HZ_16000;
/// Whisper looks at nothing shorter than 100 ms, and guesses below a quarter of a second.
const SOUND_MIN_SAMPLES: usize = RATE.samples_in_ms(250);
/// Sound is followed by so much silence: the last word of a stretch that ends with it is often dropped.
const TAIL_SAMPLES: usize = RATE.samples_in_ms(400);
/// Threads a decode computes on. More do not make a small model faster.
const THREADS_MAX: usize = 4;
/// Sound behind one place of the encoder's window (30 s are 1500 places).
const SAMPLES_A_PLACE: usize = RATE.samples_in_ms(20);
/// Places of the window that are computed at least, and beyond the sound: with less than that it begins to repeat itself.
const PLACES_MIN: usize = 512;
const PLACES_SPARE: usize = 64;
/// The most that models of this format have.
const PLACES_MAX: usize = 1500;
/// Nobody says more tokens a second, whatever the language; more is a loop.
const TOKENS_PER_SECOND: usize = 16;
/// Least cap, for a word in a rare language may be many tokens.
const TOKENS_MIN: usize = 16;
/// Terms that are told as what was said before: the model reads the last 224 tokens of it.
const TERMS_MAX: usize = 40;
/// whisper.cpp tells times in hundredths of a second.
const SAMPLES_A_CENTISECOND: u64 = RATE.samples_in_ms(10) as u64;

/// Languages of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Languages {
    English,
    /// All that Whisper knows.
    Many,
}

impl Languages {
    /// What the model calls this BCP 47 language, if it knows it. No language is English.
    pub(super) fn of(self, tag: &str) -> Option<&'static str> {
        let code = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        match (self, code.as_str()) {
            (_, "" | "en") => Some("en"),
            (Self::English, _) => None,
            // The binding takes no text with a nought in it.
            (Self::Many, code) if code.bytes().all(|byte| byte.is_ascii_lowercase()) => {
                whisper_rs::get_lang_id(code).and_then(whisper_rs::get_lang_str)
            }
            (Self::Many, _) => None,
        }
    }
}

/// The model and the place where it works.
#[derive(Debug)]
pub(super) struct WhisperModel {
    context: WhisperContext,
    state: WhisperState,
    languages: Languages,
    /// A decode's parameters for each language that was asked for; Whisper knows a hundred.
    parameters: BTreeMap<&'static str, FullParams<'static, 'static>>,
}

impl WhisperModel {
    /// Reads the file.
    ///
    /// # Errors
    /// A sentence that names the file.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        // whisper.cpp does not survive every file that is something else.
        let mut magic = [0; MAGIC.len()];
        let read = File::open(path).and_then(|mut file| file.read_exact(&mut magic));
        read.map_err(|error| format!("no model at {}: {error}", path.display()))?;
        if magic != MAGIC {
            return Err(format!("{} is no ggml model", path.display()));
        }
        whisper_rs::install_logging_hooks();
        let opened = |error: WhisperError| format!("open the model {}: {error}", path.display());
        let context = WhisperContext::new_with_params(path, WhisperContextParameters::default());
        let context = context.map_err(opened)?;
        let state = context.create_state().map_err(opened)?;
        let languages =
            if context.is_multilingual() { Languages::Many } else { Languages::English };
        Ok(Self { context, state, languages, parameters: BTreeMap::new() })
    }

    pub(super) const fn languages(&self) -> Languages {
        self.languages
    }

    /// Decodes the sound; what came of it lies in `self.state`.
    fn run(
        &mut self,
        sound: &[f32],
        language: &'static str,
        terms: &[i32],
        cancelled: &AtomicBool,
    ) -> Result<(), WhisperError> {
        let known = self.parameters.entry(language).or_insert_with(|| parameters_for(language));
        let mut parameters: FullParams<'_, '_> = known.clone();
        parameters.set_audio_ctx(count(places(sound.len())));
        parameters.set_max_tokens(count(tokens_max(sound.len())));
        if !terms.is_empty() {
            parameters.set_tokens(terms);
        }
        call_off_with(&mut parameters, cancelled);
        self.state.full(parameters, sound)
    }

    /// Terms as tokens of something that was said before: it writes names as it has seen them.
    fn tokens_of(&self, terms: &[String]) -> Vec<i32> {
        let text = terms.iter().take(TERMS_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
        let text = text.replace('\0', "");
        if text.is_empty() {
            return Vec::new();
        }
        // A token is at least a byte. With room for fewer the binding would read memory that is not its own.
        self.context.tokenize(&text, text.len() + 1).unwrap_or_default()
    }

    fn decoded(&self, tokens_max: usize) -> Decoded {
        let mut decoded = Decoded::default();
        let mut tokens = 0;
        for segment in self.state.as_iter() {
            decoded.text.push_str(&segment.to_str_lossy().unwrap_or_default());
            add_words(&segment, self.context.token_eot(), &mut decoded.words);
            tokens += index_of(segment.n_tokens());
        }
        decoded.text = decoded.text.split_whitespace().collect::<Vec<_>>().join(" ");
        decoded.capped = tokens >= tokens_max;
        decoded
    }
}

impl Decoder for WhisperModel {
    /// Sound shorter than [`SOUND_MIN_SAMPLES`] is no error: nothing is said in it.
    fn decode(
        &mut self,
        sound: &[i16],
        options: &SttOptions,
        _urgency: Urgency,
        cancelled: &AtomicBool,
    ) -> Result<Option<Decoded>, AdapterError> {
        if sound.len() < SOUND_MIN_SAMPLES {
            return Ok(Some(Decoded::default()));
        }
        let Some(language) = self.languages.of(&options.language) else {
            let reason = format!("the language {:?}", options.language);
            return Err(AdapterError::Refused { adapter: NAME, reason });
        };
        let terms = self.tokens_of(&options.terms);
        let silence = std::iter::repeat_n(0.0, TAIL_SAMPLES);
        let sound: Vec<f32> = sound.iter().copied().map(unit).chain(silence).collect();
        let ended = self.run(&sound, language, &terms, cancelled);
        if cancelled.load(Ordering::Relaxed) {
            return Ok(None);
        }
        ended.map_err(|error| unavailable(NAME, format!("run the network: {error}")))?;
        Ok(Some(self.decoded(tokens_max(sound.len()))))
    }
}

/// What is the same in every decode of a language.
fn parameters_for(language: &'static str) -> FullParams<'static, 'static> {
    let mut parameters = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
    // The binding copies the name and never frees it, so it is told once a language.
    parameters.set_language(Some(language));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    parameters.set_n_threads(count(cores.min(THREADS_MAX)));
    // A stretch stands for itself, and is one segment: at most 15 s.
    parameters.set_no_context(true);
    parameters.set_single_segment(true);
    parameters.set_token_timestamps(true);
    parameters.set_suppress_nst(true);
    // What it is unsure of is not decoded again and again by chance: nobody could wait for that.
    parameters.set_temperature_inc(0.0);
    parameters.set_print_special(false);
    parameters.set_print_progress(false);
    parameters.set_print_realtime(false);
    parameters.set_print_timestamps(false);
    parameters
}

/// Ends the decode with these parameters soon after `cancelled` is set.
#[expect(unsafe_code, reason = "the binding's own closure for it is called as what it is not")]
fn call_off_with(parameters: &mut FullParams<'_, '_>, cancelled: &AtomicBool) {
    unsafe extern "C" fn is_cancelled(flag: *mut c_void) -> bool {
        // SAFETY: the flag is the one below.
        unsafe { &*flag.cast::<AtomicBool>() }.load(Ordering::Relaxed)
    }
    // SAFETY: `is_cancelled` only reads the flag, on any thread, and only while the decode runs, which borrows it.
    unsafe {
        parameters.set_abort_callback(Some(is_cancelled));
        parameters
            .set_abort_callback_user_data(ptr::from_ref(cancelled).cast_mut().cast::<c_void>());
    }
}

/// Adds a segment's words: a token without a space before it goes on with the last.
fn add_words(segment: &WhisperSegment<'_>, first_mark: i32, words: &mut Vec<SttWord>) {
    // Letters of some languages are spread over tokens, so words are put together as bytes.
    let mut spelled: Vec<(Vec<u8>, u64, u64)> = Vec::new();
    for number in 0..segment.n_tokens() {
        let Some(token) = segment.get_token(number) else { continue };
        let Ok(bytes) = token.to_bytes() else { continue };
        if token.token_id() >= first_mark {
            continue;
        }
        let data = token.token_data();
        let (start, end) = (samples_of(data.t0), samples_of(data.t1));
        match spelled.last_mut() {
            Some((word, _, until)) if !bytes.starts_with(b" ") => {
                word.extend_from_slice(bytes);
                *until = end.max(*until);
            }
            _ => spelled.push((bytes.to_vec(), start, end.max(start))),
        }
    }
    let whole = spelled.into_iter().map(|(bytes, start_sample, end_sample)| SttWord {
        text: String::from_utf8_lossy(&bytes).trim().to_owned(),
        start_sample,
        end_sample,
    });
    words.extend(whole.filter(|word| !word.text.is_empty()));
}

/// Places of the window that a decode of so much sound needs: the whole window would cost the same for a word as for
/// half a minute.
fn places(samples: usize) -> usize {
    (samples.div_ceil(SAMPLES_A_PLACE) + PLACES_SPARE).clamp(PLACES_MIN, PLACES_MAX)
}

fn tokens_max(samples: usize) -> usize {
    (samples * TOKENS_PER_SECOND / index(u64::from(RATE.hz()))).max(TOKENS_MIN)
}

fn samples_of(centiseconds: i64) -> u64 {
    u64::try_from(centiseconds).unwrap_or(0) * SAMPLES_A_CENTISECOND
}

fn count(number: usize) -> c_int {
    c_int::try_from(number).unwrap_or(c_int::MAX)
}

fn index_of(number: c_int) -> usize {
    usize::try_from(number).unwrap_or(0)
}
