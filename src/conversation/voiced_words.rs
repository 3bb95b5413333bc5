//! The words of a piece where they lie in a turn's sound.
//!
//! Units: samples of the turn's own audio at 48 kHz, counted from its first.

use super::captions::spread;
use super::input::VoicedWord;
use crate::time::SessionTime;

/// A word as written, with its punctuation.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) start: u64,
    pub(super) end: u64,
}

/// The words of `text` with the times of the voice's words that fall on them. A word that is not spoken (a dash)
/// takes the time of its neighbour; times never run backwards and stay within the piece.
pub(super) fn placed(text: &str, words: &[VoicedWord], begin: u64, end: u64) -> Vec<Token> {
    let mut tokens = Vec::new();
    let (mut search, mut last) = (0, begin);
    for token in text.split_whitespace() {
        let from = text[search..].find(token).map_or(search, |offset| search + offset);
        search = from + token.len();
        let on_it = |word: &&VoicedWord| {
            let (start, end) = (usize::try_from(word.text_start), usize::try_from(word.text_end));
            start.is_ok_and(|start| start < search) && end.is_ok_and(|end| end > from)
        };
        let start = words
            .iter()
            .filter(on_it)
            .map(|word| word.start_sample)
            .min()
            .unwrap_or(last)
            .clamp(last, end);
        let stop = words
            .iter()
            .filter(on_it)
            .map(|word| word.end_sample)
            .max()
            .unwrap_or(last)
            .clamp(start, end);
        last = stop;
        tokens.push(Token { text: token.into(), start, end: stop });
    }
    tokens
}

/// Whether a sentence or a clause ends with `word`.
pub(super) fn ends_clause(word: &str) -> bool {
    let word = word.trim_end_matches(['"', '”', '\'', '’', ')']);
    word.ends_with(['.', '!', '?', '…', ',', ';', ':', '—', '–'])
}

/// The words of `text` spread over its samples by their length.
pub(super) fn evenly(text: &str, begin: u64, end: u64) -> Vec<Token> {
    spread(text, SessionTime::from_samples(begin), SessionTime::from_samples(end))
        .into_iter()
        .map(|word| Token { text: word.text, start: word.start.samples(), end: word.end.samples() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(
        (text_start, text_end): (u32, u32),
        (start_sample, end_sample): (u64, u64),
    ) -> VoicedWord {
        VoicedWord { text_start, text_end, start_sample, end_sample }
    }

    fn places(tokens: &[Token]) -> Vec<(&str, u64, u64)> {
        tokens.iter().map(|token| (token.text.as_str(), token.start, token.end)).collect()
    }

    #[test]
    fn a_written_word_lies_where_the_words_lie_that_the_voice_says_for_it() {
        // "Twenty-one" is two words to the voice, the dash none.
        let words = [word((0, 6), (10, 20)), word((7, 10), (25, 40)), word((15, 20), (50, 90))];
        let tokens = placed("Twenty-one – times", &words, 5, 80);
        assert_eq!(places(&tokens), [("Twenty-one", 10, 40), ("–", 40, 40), ("times", 50, 80)]);
    }

    #[test]
    fn times_never_run_backwards() {
        let words = [word((0, 3), (30, 60)), word((4, 7), (20, 50))];
        assert_eq!(places(&placed("one two", &words, 0, 100)), [("one", 30, 60), ("two", 60, 60)]);
    }

    #[test]
    fn without_words_of_the_voice_the_letters_share_the_time() {
        assert_eq!(places(&evenly("I am", 100, 600)), [("I", 100, 300), ("am", 300, 600)]);
    }

    #[test]
    fn a_clause_ends_with_its_mark_whatever_closes_behind_it() {
        assert!(
            ["rain.", "rain,\"", "rain…", "(rain!)", "so –", "then:"]
                .iter()
                .all(|word| ends_clause(word))
        );
        assert!(["rain", "rain-", "it's", "(rain)"].iter().all(|word| !ends_clause(word)));
    }
}
