//! What streaming recognisers have in common: words that become whole, a pause that settles them.

use super::numbered::{HeardWord, NumberedEars, word};

/// Ears with the words that are not settled yet.
#[derive(Debug, Default)]
pub(crate) struct Listener {
    ears: NumberedEars,
    open: Vec<HeardWord>,
}

impl Listener {
    /// Takes sound; whether a word became whole.
    pub(crate) fn hear(&mut self, pcm: &[u8]) -> bool {
        let words = self.ears.hear_bytes(pcm);
        let is_more = !words.is_empty();
        self.open.extend(words);
        is_more
    }

    /// The words not settled yet.
    pub(crate) fn open(&self) -> &[HeardWord] {
        &self.open
    }

    /// Whether there are words and it has been quiet behind them for so long.
    pub(crate) fn is_over(&self, quiet_ms: u64) -> bool {
        !self.open.is_empty() && !self.ears.is_sounding() && self.ears.quiet_ms() >= quiet_ms
    }

    /// Whether a word sounds at this moment.
    pub(crate) fn is_sounding(&self) -> bool {
        self.ears.is_sounding()
    }

    /// Settles all words, the one that still sounds among them if it is one.
    pub(crate) fn settle(&mut self) -> Vec<HeardWord> {
        self.open.extend(self.ears.end_word());
        std::mem::take(&mut self.open)
    }

    /// How much sound there was, in ms.
    pub(crate) fn heard_ms(&self) -> u64 {
        self.ears.heard_samples() / 16
    }
}

/// The words as they are written.
pub(crate) fn text_of(words: &[HeardWord]) -> String {
    words.iter().map(|heard| word(heard.number)).collect::<Vec<_>>().join(" ")
}

/// A word in milliseconds moved by `jump`, as far as there is time before it.
pub(crate) fn moved(ms: u64, jump: i64) -> u64 {
    ms.saturating_add_signed(jump)
}
