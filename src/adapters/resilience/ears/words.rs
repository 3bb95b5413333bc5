//! One row of segments out of the words of several recognisers.
//!
//! Each recogniser counts its stretches of speech from 1 and its samples from 0. What goes out is numbered on, placed in
//! the whole sound, and holds no word twice; a stretch that a lost recogniser had begun is gone on with by the next.

use crate::adapters::stt::{SttWord, SttWords};
use crate::conversation::Stability;

/// A word that begins before the last final one ended by more than this was part of it: 80 ms, half a short word.
const OVERLAP_SECONDS_PER_1000: u64 = 80;

/// The words so far.
#[derive(Debug)]
pub(super) struct Segments {
    overlap: u64,
    /// The number of the last final segment.
    last_final: u32,
    /// Where its words end.
    final_until: u64,
    /// The segment that is not final, in the number it was told by.
    open: Option<SttWords>,
    /// The running recogniser's number of it.
    open_as: Option<u32>,
    /// Numbers of the running recogniser up to this are done.
    done: u32,
}

impl Segments {
    pub(super) fn new(rate_hz: u32) -> Self {
        Self {
            overlap: u64::from(rate_hz) * OVERLAP_SECONDS_PER_1000 / 1000,
            last_final: 0,
            final_until: 0,
            open: None,
            open_as: None,
            done: 0,
        }
    }

    /// Up to here words are final.
    pub(super) const fn final_until(&self) -> u64 {
        self.final_until
    }

    /// Whether a stretch has words that may still change.
    pub(super) const fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Another recogniser begins.
    pub(super) const fn begin(&mut self) {
        self.open_as = None;
        self.done = 0;
    }

    /// Takes the running recogniser's words, whose first sample is `base`; gives what is to be told.
    pub(super) fn take(&mut self, words: SttWords, base: u64) -> Vec<SttWords> {
        let number = words.segment;
        if number <= self.done {
            return Vec::new();
        }
        let mut told = Vec::new();
        if self.open_as.is_some_and(|open| open != number) {
            // It went on without ending the one before.
            told.extend(self.close());
        }
        let Some(mut words) = self.placed(words, base) else {
            return told;
        };
        self.open_as = Some(number);
        words.segment = self.last_final + 1;
        words.from_sample = match &self.open {
            Some(open) => open.from_sample,
            None => words.from_sample.max(self.final_until),
        };
        words.until_sample = words.until_sample.max(words.from_sample);
        if words.stability == Stability::Final {
            self.last_final = words.segment;
            self.final_until = self.final_until.max(words.until_sample);
            self.open = None;
            self.open_as = None;
            self.done = number;
        } else {
            self.open = Some(words.clone());
        }
        told.push(words);
        told
    }

    /// No more words will come of the open segment: what is known of it is final.
    pub(super) fn close(&mut self) -> Option<SttWords> {
        let mut words = self.open.take()?;
        words.stability = Stability::Final;
        self.last_final = words.segment;
        self.final_until = self.final_until.max(words.until_sample);
        self.done = self.open_as.take().unwrap_or(self.done);
        Some(words)
    }

    /// The words in the whole sound, without those that are final already; `None` if none are left.
    fn placed(&self, mut words: SttWords, base: u64) -> Option<SttWords> {
        words.from_sample += base;
        words.until_sample += base;
        for word in &mut words.words {
            word.start_sample += base;
            word.end_sample += base;
        }
        let is_known = |word: &SttWord| word.start_sample + self.overlap < self.final_until;
        if words.words.iter().any(is_known) {
            words.words.retain(|word| !is_known(word));
            words.from_sample = words.words.first()?.start_sample;
            let texts: Vec<&str> = words.words.iter().map(|word| word.text.as_str()).collect();
            words.text = texts.join(" ");
        } else if words.until_sample <= self.final_until && words.until_sample > 0 {
            return None;
        }
        Some(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(segment: u32, text: &str, from: u64, until: u64, stability: Stability) -> SttWords {
        SttWords {
            segment,
            text: text.to_owned(),
            from_sample: from,
            until_sample: until,
            stability,
            words: Vec::new(),
        }
    }

    #[test]
    fn a_stretch_that_a_lost_recogniser_began_is_gone_on_with_under_its_number() {
        let mut segments = Segments::new(16_000);
        segments.take(words(1, "one", 0, 1000, Stability::Final), 0);
        segments.take(words(2, "two", 2000, 3000, Stability::Interim), 0);
        segments.begin();
        let told = segments.take(words(1, "two three", 900, 4000, Stability::Interim), 1000);
        assert_eq!((told[0].segment, told[0].from_sample, told[0].until_sample), (2, 2000, 5000));
        let told = segments.take(words(1, "two three", 900, 4000, Stability::Final), 1000);
        assert_eq!((told[0].segment, segments.final_until()), (2, 5000));
        let told = segments.take(words(2, "four", 6000, 7000, Stability::Final), 1000);
        assert_eq!(told[0].segment, 3);
    }

    #[test]
    fn words_that_are_final_already_are_not_told_twice() {
        let mut segments = Segments::new(16_000);
        segments.take(words(1, "one two", 0, 10_000, Stability::Final), 0);
        segments.begin();
        assert!(segments.take(words(1, "two", 0, 2_000, Stability::Final), 8_000).is_empty());
        let mut again = words(2, "two three", 0, 9_000, Stability::Final);
        let word = |text: &str, start_sample, end_sample| SttWord {
            text: text.to_owned(),
            start_sample,
            end_sample,
        };
        again.words = vec![word("two", 0, 2_000), word("three", 4_000, 9_000)];
        let told = segments.take(again, 8_000);
        assert_eq!((told[0].text.as_str(), told[0].from_sample), ("three", 12_000));
    }

    #[test]
    fn what_is_known_of_a_stretch_without_an_end_becomes_final() {
        let mut segments = Segments::new(16_000);
        segments.take(words(1, "one", 0, 1000, Stability::Interim), 0);
        let told = segments.take(words(2, "two", 2000, 3000, Stability::Interim), 0);
        let seen: Vec<_> = told.iter().map(|told| (told.segment, told.stability)).collect();
        assert_eq!(seen, [(1, Stability::Final), (2, Stability::Interim)]);
        assert_eq!(segments.close().unwrap().text, "two");
        assert_eq!(segments.close(), None);
    }
}
