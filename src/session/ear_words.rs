//! Whether the recogniser still answers: somebody spoke, and final words are due.
//!
//! A stream that takes sound and gives nothing back looks alive from its input. Wrappers that know their product give it
//! up sooner and hear the sound again with the next one; this limit is for whatever stands still behind them.

use crate::adapters::{AdapterNote, ChangeOutcome};
use crate::audio::host_voice::VoiceFact;
use crate::conversation::Stability;
use crate::time::{SessionTime, Span};

/// Shorter speech may be a cough, of which no recogniser says a word.
const SPEECH_MIN: Span = Span::from_millis(1_000);

/// A recogniser that owes final words and has said nothing for so long is replaced: twice as long as a wrapper waits.
pub(super) const WORDS_LIMIT: Span = Span::from_millis(8_000);

/// What the recogniser owes.
#[derive(Debug, Default)]
pub(super) struct WordsDue {
    /// Where the running speech began.
    speech_from: Option<SessionTime>,
    /// Since when words are due.
    since: Option<SessionTime>,
    /// A wrapper exchanges its product and keeps what is said: it has said so, and will say when words come again.
    is_away: bool,
}

impl WordsDue {
    /// Somebody began or ended to speak.
    pub(super) fn hear(&mut self, fact: VoiceFact) {
        match fact {
            VoiceFact::Started(at) => self.speech_from = Some(at),
            VoiceFact::Stopped(at) => {
                let spoke = self.speech_from.take().map(|from| at.since(from));
                if !self.is_away && spoke.is_some_and(|spoke| spoke >= SPEECH_MIN) {
                    self.since.get_or_insert(at);
                }
            }
            VoiceFact::Rose(_) | VoiceFact::Sure(_) => {}
        }
    }

    /// Words came. Those that may still change are no answer, but a sign of life: a reader who pauses only for breath is
    /// given no final words for longer than [`WORDS_LIMIT`].
    pub(super) fn said(&mut self, stability: Stability, now: SessionTime) {
        self.since = self.since.filter(|_| stability != Stability::Final).map(|_| now);
    }

    /// A wrapper told something.
    pub(super) fn noted(&mut self, note: &AdapterNote) {
        let AdapterNote::Changed(change) = note else { return };
        self.since = None;
        self.is_away = match change.outcome {
            ChangeOutcome::Retrying | ChangeOutcome::Switching | ChangeOutcome::Waiting => true,
            ChangeOutcome::Serving | ChangeOutcome::Returned => false,
            ChangeOutcome::Holding => self.is_away,
        };
    }

    /// Another stream takes over, which owes nothing.
    pub(super) fn forgive(&mut self) {
        *self = Self { speech_from: self.speech_from, ..Self::default() };
    }

    pub(super) fn are_overdue(&self, now: SessionTime) -> bool {
        self.since.is_some_and(|since| now.since(since) > WORDS_LIMIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> SessionTime {
        SessionTime::from_millis(ms)
    }

    fn spoken(from: u64, until: u64) -> WordsDue {
        let mut due = WordsDue::default();
        due.hear(VoiceFact::Started(at(from)));
        due.hear(VoiceFact::Stopped(at(until)));
        due
    }

    fn changed(outcome: ChangeOutcome) -> AdapterNote {
        AdapterNote::changed("ears", "", outcome, 1, None)
    }

    #[test]
    fn speech_without_final_words_is_overdue_after_eight_seconds_and_a_cough_never_is() {
        let mut due = spoken(1_000, 2_500);
        assert!(!due.are_overdue(at(10_500)) && due.are_overdue(at(10_501)));
        due.said(Stability::Interim, at(4_000));
        due.said(Stability::Complete, at(9_000));
        assert!(!due.are_overdue(at(17_000)), "words that may still change are a sign of life");
        assert!(due.are_overdue(at(17_001)), "and no answer");
        due.said(Stability::Final, at(17_001));
        assert!(!due.are_overdue(at(60_000)));
        assert!(!spoken(1_000, 1_900).are_overdue(at(60_000)));
    }

    #[test]
    fn the_first_speech_that_was_not_answered_counts_and_the_next_stream_owes_nothing() {
        let mut due = spoken(1_000, 2_500);
        due.hear(VoiceFact::Started(at(9_000)));
        due.hear(VoiceFact::Stopped(at(10_400)));
        assert!(due.are_overdue(at(10_501)));
        due.forgive();
        assert!(!due.are_overdue(at(60_000)));
    }

    #[test]
    fn while_a_wrapper_exchanges_its_product_nothing_is_due() {
        let mut due = spoken(1_000, 2_500);
        due.noted(&changed(ChangeOutcome::Waiting));
        due.hear(VoiceFact::Started(at(3_000)));
        due.hear(VoiceFact::Stopped(at(5_000)));
        assert!(!due.are_overdue(at(60_000)));
        due.noted(&changed(ChangeOutcome::Serving));
        due.hear(VoiceFact::Started(at(61_000)));
        due.hear(VoiceFact::Stopped(at(62_000)));
        assert!(due.are_overdue(at(70_001)));
    }
}
