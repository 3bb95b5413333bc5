//! How fast a voice speaks that does not tell where its words lie.
//!
//! Until a piece's sound is whole its length is a guess: by its letters, and by how long this voice took for a letter in
//! the pieces before. So an AI that is stopped in its first sentence is remembered with what was heard of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::audio::SampleRate;

/// Microseconds a letter of voices that nobody has heard yet, the space behind a word counted as one: 3.8 syllables a
/// second, three letters and a space each.
const USUAL_MICROS: u64 = 75_000;

/// What a guess is longer than the rate says, per cent: a word that is called heard too early cannot be taken back.
const LONGER_PERCENT: u64 = 115;

/// One voice's rate, shared by its turns.
#[derive(Clone, Debug, Default)]
pub(super) struct LetterRate(Arc<AtomicU64>);

impl LetterRate {
    /// Samples that so many letters will take.
    pub(super) fn guess(&self, letters: u64, rate: SampleRate) -> u64 {
        let known = self.0.load(Ordering::Relaxed);
        let micros = if known == 0 { USUAL_MICROS } else { known };
        letters * micros * u64::from(rate.hz()) / 1_000_000 * LONGER_PERCENT / 100
    }

    /// So many letters took so many samples: each piece counts a quarter.
    pub(super) fn learn(&self, letters: u64, samples: u64, rate: SampleRate) {
        let Some(micros) = (samples * 1_000_000 / u64::from(rate.hz())).checked_div(letters) else {
            return;
        };
        let known = self.0.load(Ordering::Relaxed);
        let known = if known == 0 { micros } else { known };
        self.0.store((3 * known + micros) / 4, Ordering::Relaxed);
    }
}

/// Letters of a text, the space behind each word counted.
pub(super) fn letters_of(text: &str) -> u64 {
    text.split_whitespace().map(|word| word.chars().count() as u64 + 1).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_of_a_voice_is_learned_from_its_pieces() {
        let rate = LetterRate::default();
        let khz = SampleRate::HZ_16000;
        assert_eq!(rate.guess(20, khz), 27_600, "1.5 s and a little more");
        for _ in 0..20 {
            rate.clone().learn(20, 16_000, khz);
        }
        assert_eq!(rate.guess(40, khz), 32_000 * 115 / 100);
        rate.learn(0, 16_000, khz);
        assert_eq!(rate.guess(40, khz), 36_800, "a piece without a letter teaches nothing");
    }
}
