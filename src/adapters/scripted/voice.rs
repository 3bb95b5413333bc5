//! A voice that says each word as a tone of its own, so that a listener can tell which word sounds.

use std::f64::consts::TAU;
use std::time::Duration;

use tokio::sync::mpsc;

use super::{Fault, FaultPlan, Outlet, Over, ready};
use crate::adapters::tts::{
    TTS_EVENT_CAPACITY, TTS_INPUT_CAPACITY, TextToSpeech, TtsCapabilities, TtsEvent, TtsOptions,
    TtsPiece, TtsStream, TtsWord,
};
use crate::adapters::{AdapterError, Availability, BoxFuture};
use crate::audio::{Frame, SampleRate};

const NAME: &str = "scripted-voice";
/// How loud the tones are: -12 dBFS.
const AMPLITUDE: f64 = 8_192.0;

/// Says a word in a fixed time. Its sound is made at once, as far ahead as its listener lets it.
#[derive(Debug)]
pub struct ScriptedVoice {
    rate: SampleRate,
    word: Duration,
    first_sound_after: Duration,
    faults: FaultPlan,
}

impl Default for ScriptedVoice {
    fn default() -> Self {
        Self::new()
    }
}

impl ScriptedVoice {
    /// A voice of 300 ms a word at 16 kHz, without delay.
    #[must_use]
    pub fn new() -> Self {
        Self {
            rate: SampleRate::HZ_16000,
            word: Duration::from_millis(300),
            first_sound_after: Duration::ZERO,
            faults: FaultPlan::default(),
        }
    }

    /// Sounds at another rate.
    #[must_use]
    pub const fn at_rate(mut self, rate: SampleRate) -> Self {
        self.rate = rate;
        self
    }

    /// Takes this long for a word, in whole milliseconds.
    #[must_use]
    pub const fn with_pace(mut self, word: Duration) -> Self {
        self.word = word;
        self
    }

    /// Waits so long before the first sound of each stream.
    #[must_use]
    pub const fn with_delay(mut self, first_sound_after: Duration) -> Self {
        self.first_sound_after = first_sound_after;
        self
    }

    /// Lets streams go wrong.
    #[must_use]
    pub fn with_faults(mut self, plan: Vec<Option<Fault>>) -> Self {
        self.faults = FaultPlan::new(plan);
        self
    }
}

impl TextToSpeech for ScriptedVoice {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> TtsCapabilities {
        TtsCapabilities { word_times: true, rate: self.rate }
    }

    fn availability(&self) -> Availability {
        ready()
    }

    fn open(&self, _options: TtsOptions) -> BoxFuture<'_, Result<TtsStream, AdapterError>> {
        Box::pin(async {
            let fault = self.faults.open(NAME).await?;
            let (pieces, mut written) = mpsc::channel::<TtsPiece>(TTS_INPUT_CAPACITY);
            let (sender, events) = mpsc::channel(TTS_EVENT_CAPACITY);
            let mut outlet = Outlet::new(NAME, sender, fault);
            let tones = Tones { rate: self.rate, word_samples: word_samples(self.rate, self.word) };
            let mut wait = self.first_sound_after;
            let speak = async move {
                while let Some(piece) = outlet.unless_dropped(written.recv()).await? {
                    outlet.unless_dropped(tokio::time::sleep(wait)).await?;
                    wait = Duration::ZERO;
                    tones.say(&mut outlet, &piece).await?;
                }
                outlet.give(TtsEvent::Done).await
            };
            tokio::spawn(async move { speak.await.unwrap_or(()) });
            Ok(TtsStream { pieces, events })
        })
    }
}

/// The pitch a word has, by its letters: 320 to 1580 Hz in steps of 20.
#[must_use]
pub fn pitch_hz(word: &str) -> u32 {
    let letters =
        word.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase);
    let sum =
        letters.fold(0_u32, |sum, letter| sum.wrapping_mul(31).wrapping_add(u32::from(letter)));
    320 + sum % 64 * 20
}

fn word_samples(rate: SampleRate, word: Duration) -> usize {
    rate.samples_in_ms(u32::try_from(word.as_millis()).unwrap_or(u32::MAX)).max(1)
}

/// How tones are made.
#[derive(Clone, Copy, Debug)]
struct Tones {
    rate: SampleRate,
    word_samples: usize,
}

impl Tones {
    async fn say(self, outlet: &mut Outlet<TtsEvent>, piece: &TtsPiece) -> Result<(), Over> {
        let TtsPiece { piece, text } = piece;
        let words = self.words(text);
        if !words.is_empty() {
            outlet.give(TtsEvent::Words { piece: *piece, words: words.clone() }).await?;
        }
        for word in words {
            let tone = self.tone(pitch_hz(&text[word.text_start..word.text_end]));
            for part in tone.chunks(self.rate.samples_in_ms(100).max(1)) {
                outlet
                    .give(TtsEvent::Audio { piece: *piece, frame: Frame::new(self.rate, part) })
                    .await?;
            }
        }
        outlet.give(TtsEvent::PieceEnded { piece: *piece }).await
    }

    /// The words of a text that hold a letter or figure, end to end.
    fn words(self, text: &str) -> Vec<TtsWord> {
        let mut words = Vec::new();
        let mut start_sample = 0;
        let mut at = 0;
        for written in text.split_inclusive(char::is_whitespace) {
            let text_start = at;
            at += written.len();
            if written.chars().any(char::is_alphanumeric) {
                let end_sample = start_sample + self.word_samples as u64;
                let text_end = text_start + written.trim_end().len();
                words.push(TtsWord { text_start, text_end, start_sample, end_sample });
                start_sample = end_sample;
            }
        }
        words
    }

    /// One word: nine tenths tone, one tenth silence, so that a word can be told from the next of the same pitch.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "a quarter of full scale fits; samples of a word are few"
    )]
    fn tone(self, pitch_hz: u32) -> Vec<i16> {
        let step = TAU * f64::from(pitch_hz) / f64::from(self.rate.hz());
        let sounding = self.word_samples * 9 / 10;
        let sample = |at: usize| {
            if at < sounding { (AMPLITUDE * (step * at as f64).sin()) as i16 } else { 0 }
        };
        (0..self.word_samples).map(sample).collect()
    }
}
