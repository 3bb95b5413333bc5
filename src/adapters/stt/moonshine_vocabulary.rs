//! The words of the model: what its tokens stand for, and which tokens a text is.
//!
//! Texts become tokens as in training (byte pair encoding as `SentencePiece` does it): of all neighbours that are a token
//! together, those with the lowest number are joined first, until nothing can be joined.

use std::collections::HashMap;
use std::path::Path;

use crate::adapters::numbers::index;

/// Marks the begin of a word.
const WORD: char = '\u{2581}';

/// All tokens, by number and by text.
#[derive(Debug)]
pub(super) struct Vocabulary {
    tokens: Vec<Vec<u8>>,
    numbers: HashMap<Vec<u8>, usize>,
}

impl Vocabulary {
    /// Reads the model's table of tokens.
    ///
    /// # Errors
    ///
    /// A sentence that names the file and what was wrong with it.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let bytes =
            std::fs::read(path).map_err(|error| format!("read {}: {error}", path.display()))?;
        let tokens =
            parse(&bytes).ok_or_else(|| format!("{} ends inside a token", path.display()))?;
        Ok(Self::of(tokens))
    }

    fn of(tokens: Vec<Vec<u8>>) -> Self {
        // A single letter is there twice, as a letter and as a byte: texts are made of the later one, the letter.
        let numbers =
            tokens.iter().enumerate().map(|(number, token)| (token.clone(), number)).collect();
        Self { tokens, numbers }
    }

    /// What `tokens` stand for, as people write it.
    pub(super) fn text(&self, tokens: &[usize]) -> String {
        let mut text = Vec::new();
        for written in tokens.iter().filter_map(|token| self.tokens.get(*token)) {
            match byte_token(written) {
                Some(byte) => text.push(byte),
                // Control tokens are nothing.
                None if written.first() == Some(&b'<') && written.last() == Some(&b'>') => {}
                None => text.extend_from_slice(written),
            }
        }
        String::from_utf8_lossy(&text).replace(WORD, " ").trim().to_owned()
    }

    /// The tokens of one or more words; `None` if there is a letter that the model does not know.
    pub(super) fn tokens(&self, words: &str) -> Option<Vec<usize>> {
        let marked = format!("{WORD}{}", words.trim().replace(' ', "\u{2581}"));
        let mut pieces: Vec<String> = marked.chars().map(String::from).collect();
        let joined = |pieces: &[String], at: usize| format!("{}{}", pieces[at], pieces[at + 1]);
        while let Some((_, at)) = (0..pieces.len().saturating_sub(1))
            .filter_map(|at| Some((self.number(&joined(&pieces, at))?, at)))
            .min()
        {
            pieces[at] = joined(&pieces, at);
            pieces.remove(at + 1);
        }
        pieces.iter().map(|piece| self.number(piece)).collect()
    }

    /// The token that is `text`, a mark of punctuation for example.
    pub(super) fn number(&self, text: &str) -> Option<usize> {
        self.numbers.get(text.as_bytes()).copied()
    }

    /// Whether a word begins with this token.
    pub(super) fn begins_word(&self, token: usize) -> bool {
        self.tokens
            .get(token)
            .is_some_and(|written| written.starts_with(WORD.to_string().as_bytes()))
    }
}

/// The byte a token like `<0x0A>` stands for.
fn byte_token(token: &[u8]) -> Option<u8> {
    let digits = token.strip_prefix(b"<0x")?.strip_suffix(b">")?;
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Records of a length and as many bytes; a first length byte of 128 or more means `second byte × 128 + first - 128`.
fn parse(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
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

    fn vocabulary(tokens: &[&str]) -> Vocabulary {
        Vocabulary::of(tokens.iter().map(|token| token.as_bytes().to_vec()).collect())
    }

    #[test]
    fn the_table_knows_short_long_and_empty_tokens() {
        let mut bytes = vec![2, b'h', b'i', 0, 130, 1];
        bytes.extend(std::iter::repeat_n(b'x', 130));
        let tokens = parse(&bytes).unwrap();
        assert_eq!(tokens.iter().map(Vec::len).collect::<Vec<_>>(), [2, 0, 130]);
        assert!(parse(&bytes[..20]).is_none());
        assert!(parse(&[200]).is_none());
    }

    #[test]
    fn byte_tokens_are_bytes_control_tokens_nothing_and_word_marks_spaces() {
        let words = vocabulary(&["</s>", "▁Caf", "<0xC3>", "<0xA9>", "▁there"]);
        assert_eq!(words.text(&[1, 2, 3, 4, 0]), "Café there");
        assert!(words.begins_word(4) && !words.begins_word(2));
    }

    #[test]
    fn the_lowest_number_is_joined_first() {
        // "A", "d", "a", "▁" are letters; of "▁A" and "da" the lower number comes first, and "▁Ad" is never reached.
        let words = vocabulary(&["da", "▁A", "▁Ad", "A", "d", "a", "▁", ","]);
        assert_eq!(words.tokens("Ada,"), Some(vec![1, 0, 7]));
        assert_eq!(words.tokens("Ada Ada"), Some(vec![1, 0, 1, 0]));
        assert_eq!(words.tokens("Eda"), None);
    }
}
