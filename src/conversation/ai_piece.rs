//! One piece of an AI's reply: its words as written, and where they lie in the turn's sound.
//!
//! Units: samples of the turn's own audio at 48 kHz, counted from its first.

use super::order::CaptionWord;
use super::voiced_words::Token;

/// What the voice gets at once, and one caption.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) text: String,
    /// Its words in sound; none before the voice has told.
    pub(super) tokens: Vec<Token>,
    pub(super) is_voiced: bool,
    pub(super) is_estimated: bool,
    /// Words of it that were heard.
    pub(super) heard: Vec<CaptionWord>,
    pub(super) caption: Option<u32>,
    pub(super) is_closed: bool,
}

impl Piece {
    /// A piece that was written and has no voice yet.
    pub(super) const fn new(text: String) -> Self {
        Self {
            text,
            tokens: Vec::new(),
            is_voiced: false,
            is_estimated: false,
            heard: Vec::new(),
            caption: None,
            is_closed: false,
        }
    }

    /// The words of it that were not heard.
    pub(super) fn pending(&self) -> String {
        let words: Vec<&str> = self.text.split_whitespace().skip(self.heard.len()).collect();
        words.join(" ")
    }
}
