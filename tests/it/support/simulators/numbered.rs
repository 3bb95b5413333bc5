//! Speech that any recogniser's simulator understands: numbered words, each a tone whose pitch is its number.
//!
//! Who hears the sound hears which words it was given, and where: a transcript that holds every number once proves that
//! no sound was lost and none was heard twice.

/// What simulators hear at.
pub(crate) const RATE: u32 = 16_000;
/// How long a word sounds, and how long it is quiet after it.
pub(crate) const WORD_MS: u32 = 200;
pub(crate) const GAP_MS: u32 = 100;
/// Shorter than this is no word: a piece of one at the edge of what was given.
const SOUNDING_MIN_MS: u32 = 120;
/// Pitch of word 0, and the step from word to word. Crossings within 200 ms tell 5 Hz apart.
const BASE_HZ: u32 = 400;
const STEP_HZ: u32 = 20;
/// Words that can be told apart.
pub(crate) const WORDS_MAX: usize = 64;
/// Louder than this is sound.
const LOUD: i16 = 1500;
/// Quiet for so long ends a word.
const QUIET_SAMPLES: usize = (RATE as usize) * 30 / 1000;

/// The word of this number as it is written.
pub(crate) fn word(number: usize) -> String {
    format!("word{number}")
}

/// One word and the quiet after it, at [`RATE`].
pub(crate) fn speak(number: usize) -> Vec<i16> {
    speak_at(number, RATE)
}

/// The same at another rate.
#[expect(clippy::cast_possible_truncation, reason = "a quarter of full scale fits")]
pub(crate) fn speak_at(number: usize, rate: u32) -> Vec<i16> {
    assert!(number < WORDS_MAX, "pitches end at {WORDS_MAX}");
    let pitch = f64::from(BASE_HZ) + f64::from(STEP_HZ) * f64::from(u32::try_from(number).unwrap());
    let samples = |ms: u32| usize::try_from(rate * ms / 1000).unwrap();
    let tone = (0..samples(WORD_MS)).map(|at| {
        let phase = std::f64::consts::TAU * pitch * at as f64 / f64::from(rate);
        (phase.sin() * 9_000.0) as i16
    });
    tone.chain(std::iter::repeat_n(0, samples(GAP_MS))).collect()
}

/// A word that was heard, with its place in samples of what was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeardWord {
    pub(crate) number: usize,
    pub(crate) start_sample: u64,
    pub(crate) end_sample: u64,
}

impl HeardWord {
    pub(crate) fn start_ms(&self) -> u64 {
        self.start_sample * 1000 / u64::from(RATE)
    }

    pub(crate) fn end_ms(&self) -> u64 {
        self.end_sample * 1000 / u64::from(RATE)
    }
}

/// Ears for such speech at [`RATE`].
#[derive(Debug, Default)]
pub(crate) struct NumberedEars {
    heard: u64,
    /// First loud sample of the word that sounds.
    from: Option<u64>,
    last_loud: u64,
    crossings: u32,
    was_high: bool,
    first_crossing: u64,
    last_crossing: u64,
}

impl NumberedEars {
    /// Samples given so far.
    pub(crate) const fn heard_samples(&self) -> u64 {
        self.heard
    }

    /// Whether a word sounds at this moment.
    pub(crate) const fn is_sounding(&self) -> bool {
        self.from.is_some()
    }

    /// For how long it has been quiet, in ms.
    pub(crate) fn quiet_ms(&self) -> u64 {
        (self.heard - self.last_loud.min(self.heard)) * 1000 / u64::from(RATE)
    }

    /// Takes sound as little-endian PCM.
    pub(crate) fn hear_bytes(&mut self, pcm: &[u8]) -> Vec<HeardWord> {
        let samples: Vec<i16> =
            pcm.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
        self.hear(&samples)
    }

    /// Takes sound, gives the words that ended in it.
    pub(crate) fn hear(&mut self, samples: &[i16]) -> Vec<HeardWord> {
        let mut words = Vec::new();
        for sample in samples {
            let at = self.heard;
            self.heard += 1;
            if sample.unsigned_abs() > LOUD.unsigned_abs() {
                let is_high = *sample > 0;
                if self.from.is_none() {
                    self.from = Some(at);
                    self.crossings = 0;
                    self.was_high = is_high;
                    self.first_crossing = at;
                } else if is_high && !self.was_high {
                    self.crossings += 1;
                    if self.crossings == 1 {
                        self.first_crossing = at;
                    }
                    self.last_crossing = at;
                }
                self.was_high = is_high;
                self.last_loud = at;
            } else if self.from.is_some() && at - self.last_loud > QUIET_SAMPLES as u64 {
                words.extend(self.end_word());
            }
        }
        words
    }

    /// The word that still sounds, if it is one.
    pub(crate) fn end_word(&mut self) -> Option<HeardWord> {
        let from = self.from.take()?;
        let until = self.last_loud + 1;
        let is_word = (until - from) * 1000 >= u64::from(SOUNDING_MIN_MS * RATE);
        let periods = self.crossings.saturating_sub(1);
        let span = self.last_crossing - self.first_crossing;
        if !is_word || periods == 0 || span == 0 {
            return None;
        }
        let hz = f64::from(periods) * f64::from(RATE) / span as f64;
        let number = ((hz - f64::from(BASE_HZ)) / f64::from(STEP_HZ)).round();
        let number = (0..WORDS_MAX).find(|known| (number - *known as f64).abs() < 0.5)?;
        Some(HeardWord { number, start_sample: from, end_sample: until })
    }
}

#[test]
fn numbered_words_are_heard_once_each_in_their_places() {
    let mut ears = NumberedEars::default();
    let mut heard = Vec::new();
    let speech: Vec<i16> = (0..WORDS_MAX).flat_map(speak).collect();
    for part in speech.chunks(317) {
        heard.extend(ears.hear(part));
    }
    let numbers: Vec<usize> = heard.iter().map(|word| word.number).collect();
    assert_eq!(numbers, (0..WORDS_MAX).collect::<Vec<_>>());
    assert_eq!(heard[3].start_ms(), 900);
}
