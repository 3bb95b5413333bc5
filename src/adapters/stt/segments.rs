//! From what a streaming service says to the segments of the contract: numbered without a gap, each with one beginning,
//! none reopened after its final, every one that began closed.
//!
//! Services differ in what they promise; this is where the promise of [`super`] is kept for all of them.
//! Units: samples of the stream.

use super::{SttEvent, SttWord, SttWords};
use crate::conversation::Stability;

/// What a service says of one stretch, in stream time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) from_sample: u64,
    pub(super) until_sample: u64,
    pub(super) words: Vec<SttWord>,
}

/// The segments of one stream.
#[derive(Debug, Default)]
pub(super) struct Segments {
    /// Number of the newest segment.
    number: u32,
    open: Option<SttWords>,
    /// Where the newest segment began.
    last_from: u64,
}

impl Segments {
    /// Words that may change. Empty ones open no segment.
    pub(super) fn interim(&mut self, said: Said) -> Option<SttEvent> {
        self.say(said, Stability::Interim)
    }

    /// Words that cover all that was said, and change only in their spelling unless the voice goes on.
    pub(super) fn complete(&mut self, said: Said) -> Option<SttEvent> {
        self.say(said, Stability::Complete)
    }

    /// Words that stay. Empty ones close an open segment and are nothing otherwise.
    pub(super) fn finish(&mut self, said: Said) -> Option<SttEvent> {
        self.say(said, Stability::Final)
    }

    /// Whether words were said that may still change.
    pub(super) const fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// The open segment ends as it stands: the service will say no more of it, and its words are not to be lost.
    pub(super) fn close(&mut self) -> Option<SttEvent> {
        let mut words = self.open.take()?;
        words.stability = Stability::Final;
        Some(SttEvent::Words(words))
    }

    fn say(&mut self, said: Said, stability: Stability) -> Option<SttEvent> {
        let text = said.text.trim().to_owned();
        if self.open.is_none() && text.is_empty() {
            return None;
        }
        let (from_sample, until_before) = match &self.open {
            Some(open) => (open.from_sample, open.until_sample),
            None => {
                self.number += 1;
                self.last_from = self.last_from.max(said.from_sample);
                (self.last_from, 0)
            }
        };
        let until_sample = match stability {
            Stability::Interim => said.until_sample.max(until_before),
            Stability::Complete | Stability::Final => said.until_sample,
        };
        let words = SttWords {
            segment: self.number,
            text,
            from_sample,
            until_sample: until_sample.max(from_sample),
            stability,
            words: said.words,
        };
        self.open = (stability != Stability::Final).then(|| words.clone());
        Some(SttEvent::Words(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, from_sample: u64, until_sample: u64) -> Said {
        Said { text: text.to_owned(), from_sample, until_sample, words: Vec::new() }
    }

    fn check(event: Option<SttEvent>, expected: (u32, &str, u64, u64, Stability)) {
        let Some(SttEvent::Words(words)) = event else { panic!("{event:?}") };
        let SttWords { segment, text, from_sample, until_sample, stability, .. } = words;
        assert_eq!((segment, text.as_str(), from_sample, until_sample, stability), expected);
    }

    #[test]
    fn a_segment_keeps_its_beginning_and_never_shrinks_before_it_is_whole() {
        let mut segments = Segments::default();
        check(segments.interim(said(" one", 100, 300)), (1, "one", 100, 300, Stability::Interim));
        check(segments.interim(said("one t", 90, 250)), (1, "one t", 100, 300, Stability::Interim));
        check(segments.finish(said("One.", 90, 260)), (1, "One.", 100, 260, Stability::Final));
        check(segments.interim(said("two", 50, 60)), (2, "two", 100, 100, Stability::Interim));
    }

    #[test]
    fn silence_opens_nothing_and_an_empty_final_closes_what_is_open() {
        let mut segments = Segments::default();
        assert_eq!(segments.interim(said(" ", 0, 10)), None);
        assert_eq!(segments.finish(said("", 0, 10)), None);
        segments.interim(said("uh", 20, 40));
        check(segments.finish(said("", 20, 50)), (1, "", 20, 50, Stability::Final));
        assert_eq!(segments.close(), None);
    }

    #[test]
    fn words_the_service_forgot_to_settle_are_kept() {
        let mut segments = Segments::default();
        segments.interim(said("kept", 20, 40));
        assert!(segments.is_open());
        check(segments.close(), (1, "kept", 20, 40, Stability::Final));
    }
}
