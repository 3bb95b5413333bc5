//! From when each letter sounds to when each word does.
//!
//! The service spells back what it says, letter by letter, a few hundred milliseconds at a time. Mostly that is the
//! text as it was sent; where it is not, a letter is looked for a little further on, and one that is nowhere is let go.

use serde::Deserialize;

use super::TtsWord;
use super::elevenlabs::RATE;
use crate::adapters::numbers::samples_at;

/// So many letters and figures of a text at most are left out without a word's being missing.
pub(super) const LEFT_OUT_MAX: usize = 3;

/// How far a letter is looked for behind the one that is due: a mark and a space or two that the service left out.
const SKIPPED_MAX: usize = 8;

/// Letters with their times, in either of the service's spellings: of the socket (milliseconds) or of a request
/// (seconds).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Spelling {
    #[serde(alias = "characters")]
    chars: Vec<String>,
    #[serde(alias = "charStartTimesMs", alias = "charsStartTimesMs")]
    starts_ms: Vec<f64>,
    #[serde(alias = "charDurationsMs", alias = "charsDurationsMs")]
    lengths_ms: Vec<f64>,
    #[serde(alias = "character_start_times_seconds")]
    starts_s: Vec<f64>,
    #[serde(alias = "character_end_times_seconds")]
    ends_s: Vec<f64>,
}

impl Spelling {
    /// Each letter with where it begins and ends, in samples of the sound it came with.
    pub(super) fn letters(&self) -> impl Iterator<Item = (char, u64, u64)> + '_ {
        let at = |seconds: f64| samples_at(seconds, RATE.hz());
        self.chars.iter().enumerate().flat_map(move |(place, letters)| {
            let of = |times: &[f64]| times.get(place).copied();
            let (from, until) = match (of(&self.starts_ms), of(&self.starts_s)) {
                (Some(start), _) => {
                    (start / 1000.0, (start + of(&self.lengths_ms).unwrap_or_default()) / 1000.0)
                }
                (None, Some(start)) => (start, of(&self.ends_s).unwrap_or(start)),
                (None, None) => (0.0, 0.0),
            };
            letters.chars().map(move |letter| (letter, at(from), at(until)))
        })
    }
}

/// The letters of one piece, as far as they have been spoken.
#[derive(Debug, Default)]
pub(super) struct Letters {
    /// The text's letters with their places in bytes, spaces left out.
    due: Vec<(usize, char)>,
    spoken: usize,
    /// The text's words in bytes.
    words: Vec<(usize, usize)>,
    /// When each word sounds, as far as a letter of it was spoken.
    times: Vec<Option<(u64, u64)>>,
}

impl Letters {
    /// Nothing of `text` was spoken yet.
    pub(super) fn of(text: &str) -> Self {
        let mut words = Vec::new();
        let mut from = 0;
        for word in text.split_whitespace() {
            let start = from + text[from..].find(word).unwrap_or_default();
            from = start + word.len();
            if word.chars().any(char::is_alphanumeric) {
                words.push((start, from));
            }
        }
        let due = text.char_indices().filter(|(_, letter)| !letter.is_whitespace()).collect();
        Self { due, spoken: 0, times: vec![None; words.len()], words }
    }

    /// Whether all of it was spoken.
    pub(super) const fn is_whole(&self) -> bool {
        self.spoken == self.due.len()
    }

    /// Whether nothing but marks is left.
    pub(super) fn is_nearly_whole(&self) -> bool {
        self.due_letters().next().is_none()
    }

    /// Notes a spoken letter; whether it is one of this piece.
    pub(super) fn take(&mut self, letter: char, from: u64, until: u64) -> bool {
        if letter.is_whitespace() {
            return true;
        }
        let ahead = self.due[self.spoken..].iter().take(SKIPPED_MAX);
        let Some(skipped) = ahead.enumerate().find(|(_, due)| due.1 == letter).map(|found| found.0)
        else {
            return false;
        };
        let place = self.due[self.spoken + skipped].0;
        self.spoken += skipped + 1;
        if let Some(word) =
            self.words.iter().position(|&(start, end)| (start..end).contains(&place))
        {
            let known = self.times[word].get_or_insert((from, until));
            *known = (known.0.min(from), known.1.max(until));
        }
        true
    }

    /// Whether any of it was spoken.
    pub(super) const fn has_begun(&self) -> bool {
        self.spoken > 0
    }

    /// Whether more is due than a service leaves out of a text.
    pub(super) fn lacks_words(&self) -> bool {
        self.due_letters().nth(LEFT_OUT_MAX).is_some()
    }

    /// What has not been spoken, marks and all, but without its spaces.
    pub(super) fn due(&self) -> impl Iterator<Item = char> + '_ {
        self.due[self.spoken..].iter().map(|(_, letter)| *letter)
    }

    fn due_letters(&self) -> impl Iterator<Item = char> + '_ {
        self.due().filter(|letter| letter.is_alphanumeric())
    }

    /// The service says this many of its letters and figures not at all; how many of them are not of this piece.
    pub(super) fn leave_out(&mut self, count: usize) -> usize {
        for left in (1..=count).rev() {
            let mut due = self.due[self.spoken..].iter();
            let Some(next) = due.position(|(_, letter)| letter.is_alphanumeric()) else {
                return left;
            };
            self.spoken += next + 1;
        }
        0
    }

    /// The words of which every letter was spoken, in order of time.
    pub(super) fn whole_words(&self) -> Vec<TtsWord> {
        let next = self.due.get(self.spoken).map_or(usize::MAX, |(place, _)| *place);
        let mut words = self.words();
        words.retain(|word| word.text_end <= next);
        words
    }

    /// The words that were spoken, in order of time, the last one perhaps in part.
    pub(super) fn words(&self) -> Vec<TtsWord> {
        let mut last = 0;
        let timed = self.words.iter().zip(&self.times);
        timed
            .filter_map(|(&(text_start, text_end), &time)| {
                let (start, end) = time?;
                let start_sample = start.max(last);
                last = start_sample;
                let end_sample = end.max(start_sample);
                Some(TtsWord { text_start, text_end, start_sample, end_sample })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(text: &str, letters: &str) -> (Letters, Vec<bool>) {
        let mut all = Letters::of(text);
        let taken = (0..)
            .zip(letters.chars())
            .map(|(at, letter)| all.take(letter, at * 10, at * 10 + 10))
            .collect();
        (all, taken)
    }

    #[test]
    fn words_begin_and_end_with_their_letters() {
        let (letters, _) = spoken("Oh, so", "Oh, so");
        assert!(letters.is_whole());
        let words: Vec<_> = letters
            .words()
            .iter()
            .map(|word| (word.text_start, word.text_end, word.start_sample, word.end_sample))
            .collect();
        assert_eq!(words, [(0, 3, 0, 30), (4, 6, 40, 60)]);
    }

    #[test]
    fn a_word_is_whole_with_its_last_letter_or_the_first_of_the_next() {
        for (letters, whole) in [("", 0), ("Oh", 0), ("Oh,", 1), ("Ohs", 1), ("Oh, so", 2)] {
            let (spoken, _) = spoken("Oh, so", letters);
            assert_eq!(spoken.whole_words().len(), whole, "{letters:?}");
        }
        assert_eq!(spoken("Oh, so", "Oh").0.due().collect::<String>(), ",so");
    }

    #[test]
    fn left_out_marks_and_foreign_letters_do_not_lose_the_place() {
        let (letters, taken) = spoken("Well - it's so.", "Well its§ so");
        assert!(!letters.is_whole() && letters.is_nearly_whole());
        assert_eq!(taken.iter().filter(|taken| !**taken).count(), 1);
        assert_eq!(letters.words().len(), 3);
    }

    #[test]
    fn both_spellings_are_read() {
        let socket = r#"{"chars":["H","i"],"charStartTimesMs":[0,60],"charDurationsMs":[60,80]}"#;
        let request = r#"{"characters":["H","i"],"character_start_times_seconds":[0,0.06],"character_end_times_seconds":[0.06,0.14]}"#;
        for text in [socket, request] {
            let spelling: Spelling = serde_json::from_str(text).unwrap();
            assert_eq!(spelling.letters().collect::<Vec<_>>(), [('H', 0, 1440), ('i', 1440, 3360)]);
        }
    }
}
