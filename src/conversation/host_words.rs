//! The host's words as the recogniser gives them: late, twice, better, and each to the turn it belongs to.
//!
//! A segment is one stretch of speech. It belongs to one turn (a host turn, or the number kept for a voice over
//! an AI). Words are never lost: what comes when no turn is open is kept for the one that opens next.

use super::captions::{Captions, cues, spread, text_of};
use super::endpointing::KnownWords;
use super::input::Stability;
use super::order::Caption;
use super::speaker::{Speaker, TurnId};
use super::words::{can_end_sentence, is_question, plain_words};
use crate::time::SessionTime;

/// All segments that may still change or still matter.
#[derive(Clone, Debug, Default)]
pub(super) struct HostWords {
    segments: Vec<Segment>,
    /// The highest number of a segment that was let go.
    let_go: Option<u32>,
}

#[derive(Clone, Debug)]
struct Segment {
    /// The recogniser's number; none for typed text.
    number: Option<u32>,
    /// None until a turn opens that it belongs to.
    turn: Option<TurnId>,
    text: String,
    said: Said,
    from: SessionTime,
    until: SessionTime,
    stability: Stability,
    caption: Option<u32>,
}

/// What a segment's text says about the end of a turn: asked at every step, and found out once.
#[derive(Clone, Copy, Debug)]
struct Said {
    has_words: bool,
    count: u64,
    can_end: bool,
    is_question: bool,
}

impl Said {
    fn by(text: &str) -> Self {
        Self {
            has_words: !plain_words(text).is_empty(),
            count: text.split_whitespace().count() as u64,
            can_end: can_end_sentence(text),
            is_question: is_question(text),
        }
    }
}

/// Where a segment is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// Never heard of.
    Nowhere,
    /// Known, and never to change again.
    Settled,
    /// Under this turn, or for the next one.
    For(Option<TurnId>),
}

impl HostWords {
    /// Where segment `number` is kept.
    pub(super) fn find(&self, number: u32) -> Kept {
        match self.segments.iter().find(|segment| segment.number == Some(number)) {
            Some(segment) if segment.stability == Stability::Final => Kept::Settled,
            Some(segment) => Kept::For(segment.turn),
            None if self.let_go.is_some_and(|let_go| number <= let_go) => Kept::Settled,
            None => Kept::Nowhere,
        }
    }

    /// Takes the words of segment `number`. What is settled stays as it is.
    pub(super) fn take(
        &mut self,
        number: u32,
        turn: Option<TurnId>,
        text: &str,
        (from, until): (SessionTime, SessionTime),
        stability: Stability,
    ) {
        let text = squeezed(text);
        let said = Said::by(&text);
        match self.segments.iter_mut().find(|segment| segment.number == Some(number)) {
            Some(known) if known.stability == Stability::Final => {}
            Some(known) => {
                (known.text, known.said) = (text, said);
                (known.from, known.until, known.stability) = (from, until, stability);
            }
            None => {
                let segment = Segment {
                    number: Some(number),
                    turn,
                    text,
                    said,
                    from,
                    until,
                    stability,
                    caption: None,
                };
                // In order of speech, whatever order they come in.
                let place = self.segments.partition_point(|other| other.from <= from);
                self.segments.insert(place, segment);
            }
        }
    }

    /// Takes typed text.
    pub(super) fn type_in(&mut self, turn: TurnId, text: &str, at: SessionTime) {
        let text = squeezed(text);
        self.segments.push(Segment {
            number: None,
            turn: Some(turn),
            said: Said::by(&text),
            text,
            from: at,
            until: at,
            stability: Stability::Final,
            caption: None,
        });
    }

    /// Gives what belongs to `from` (none: what waits for a turn) to `to`.
    pub(super) fn hand_over(&mut self, from: Option<TurnId>, to: TurnId) {
        for segment in self.segments.iter_mut().filter(|segment| segment.turn == from) {
            segment.turn = Some(to);
        }
    }

    /// All words of `turn`, in order.
    pub(super) fn text(&self, turn: TurnId) -> String {
        let texts: Vec<&str> = self
            .of(turn)
            .map(|segment| segment.text.as_str())
            .filter(|text| !text.is_empty())
            .collect();
        texts.join(" ")
    }

    /// Up to where anything was recognised of `turn`.
    pub(super) fn reach(&self, turn: TurnId) -> Option<SessionTime> {
        self.of(turn).map(|segment| segment.until).max()
    }

    /// What the words of `turn` say about its end.
    pub(super) fn known(&self, turn: TurnId, may_grow: bool) -> KnownWords {
        let whole = |segment: &&Segment| segment.stability >= Stability::Complete;
        let last = self.of(turn).map(|segment| segment.said).filter(|said| said.has_words).last();
        KnownWords {
            covered_until: self.of(turn).filter(whole).map(|segment| segment.until).max(),
            has_words: last.is_some(),
            count: self.of(turn).map(|segment| segment.said.count).sum(),
            can_end: last.is_some_and(|said| said.can_end),
            is_question: last.is_some_and(|said| said.is_question),
            is_thinking: false,
            may_grow,
        }
    }

    /// Captions of `turn` that are to be shown anew, all of them final if `close`.
    pub(super) fn captions(
        &mut self,
        turn: TurnId,
        close: bool,
        captions: &mut Captions,
    ) -> Vec<Caption> {
        let mut shown = Vec::new();
        for segment in self.segments.iter_mut().filter(|segment| segment.turn == Some(turn)) {
            if close {
                segment.stability = Stability::Final;
            }
            segment.show(turn, captions, &mut shown);
        }
        shown
    }

    /// Lets go of all turns but those in `keep`; their open captions close as they stand.
    pub(super) fn let_go(
        &mut self,
        keep: &[Option<TurnId>],
        captions: &mut Captions,
    ) -> Vec<Caption> {
        let mut shown = Vec::new();
        self.segments.retain_mut(|segment| {
            let Some(turn) = segment.turn.filter(|turn| !keep.contains(&Some(*turn))) else {
                return true;
            };
            segment.stability = Stability::Final;
            segment.show(turn, captions, &mut shown);
            self.let_go = self.let_go.max(segment.number);
            false
        });
        shown
    }

    /// Whether words wait for a turn to open.
    pub(super) fn has_waiting(&self) -> bool {
        self.segments.iter().any(|segment| segment.turn.is_none() && !segment.text.is_empty())
    }

    fn of(&self, turn: TurnId) -> impl Iterator<Item = &Segment> {
        self.segments.iter().filter(move |segment| segment.turn == Some(turn))
    }
}

impl Segment {
    /// Appends the captions that show this segment, as far as they changed.
    fn show(&mut self, turn: TurnId, captions: &mut Captions, shown: &mut Vec<Caption>) {
        let is_final = self.stability == Stability::Final;
        let words = spread(&self.text, self.from, self.until);
        if words.is_empty() && self.caption.is_none() {
            return;
        }
        // What may change is one caption; only what stands is parted into cues.
        let cues = if is_final && !words.is_empty() { cues(words) } else { vec![words] };
        for (place, words) in cues.into_iter().enumerate() {
            let id = match self.caption.filter(|_| place == 0) {
                Some(id) => id,
                None => captions.next_id(),
            };
            if place == 0 {
                self.caption = Some(id);
            }
            let caption = Caption {
                id,
                speaker: Speaker::You,
                turn,
                text: text_of(&words),
                pending: String::new(),
                is_final,
                start: words.first().map_or(self.from, |word| word.start),
                end: words.last().map_or(self.until, |word| word.end),
                words,
                estimated: true,
                cut: false,
            };
            if !captions.note(&caption) {
                // The first cue was final already, and with it all the others.
                return;
            }
            shown.push(caption);
        }
    }
}

fn squeezed(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_no_words_nothing_is_known() {
        let words = HostWords::default();
        let known = KnownWords { may_grow: true, ..KnownWords::default() };
        assert_eq!(words.known(TurnId(1), true), known);
    }

    #[test]
    fn words_that_were_let_go_are_gone_and_their_number_is_settled() {
        let (mut words, mut captions) = (HostWords::default(), Captions::default());
        let at = (SessionTime::ZERO, SessionTime::from_millis(500));
        words.take(1, Some(TurnId(1)), "so", at, Stability::Interim);
        words.take(2, Some(TurnId(2)), "what", at, Stability::Interim);
        let shown = words.let_go(&[Some(TurnId(2))], &mut captions);
        assert_eq!(shown.iter().map(|caption| caption.is_final).collect::<Vec<_>>(), [true]);
        assert_eq!(words.find(1), Kept::Settled);
        assert_eq!(words.find(2), Kept::For(Some(TurnId(2))));
        assert_eq!([1, 2].map(|turn| words.text(TurnId(turn))), ["", "what"]);
    }
}
