//! One AI's turn: what it wrote, what its voice made of it, and how far the listener has heard it.
//!
//! A word is heard when its last sample is: a word cut in the middle is one that nobody could quote. So the heard
//! text may lack the one word that was being said, and never holds one that was not.
//! Times of heard words come from the listener's reports, mapped back to the word's samples; a pause between two
//! reports therefore falls between two words and not into one.
//!
//! Units: samples of the turn's own audio at 48 kHz, counted from its first.

use super::ai_piece::Piece;
use super::captions::{Captions, text_of};
use super::input::VoicedWord;
use super::order::{Caption, CaptionWord, GrantReason, TurnEnd};
use super::sentences::Cutter;
use super::speaker::{AiSpeaker, TurnId};
use super::voiced_words::{Token, ends_clause, evenly, placed};
use crate::time::{SessionTime, Span};

/// Reports kept for mapping samples to times: a quarter of an hour at five a second.
const REPORTS_MAX: usize = 4500;

/// The most that is kept of the silence behind the last word of a turn that ends early.
const TAIL: Span = Span::from_millis(60);

/// A granted turn, from the grant to its end.
#[derive(Clone, Debug)]
pub(super) struct AiTurn {
    pub(super) id: TurnId,
    pub(super) speaker: AiSpeaker,
    pub(super) reason: GrantReason,
    /// The number of its grant; 0 before it has the floor.
    pub(super) grant: u32,
    /// The host turn it answers directly: the one that is opened again if this reply is withdrawn.
    pub(super) answers: Option<TurnId>,
    /// When its first word is wanted.
    pub(super) not_before: SessionTime,
    /// Not to be heard before this, for until then somebody else was.
    pub(super) free_at: SessionTime,
    pub(super) reply: Reply,
    /// Whether its last sentence calls the other AI: known once all is written, for it is asked at every input.
    pub(super) calls_other: Option<bool>,
    cutter: Cutter,
    pieces: Vec<Piece>,
    /// Since when the voice has something to say.
    pub(super) spoken_since: Option<SessionTime>,
    pub(super) has_voice: bool,
    /// All samples there will be.
    pub(super) voice_total: Option<u64>,
    pub(super) playout: Option<Playout>,
    /// Why the turn will end other than well.
    pub(super) trouble: Option<TurnEnd>,
    /// Whether it ends earlier than it was written.
    pub(super) has_landed: bool,
}

/// How far the language model is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// Not asked yet.
    Due,
    /// Asked at this time.
    Writing(SessionTime),
    /// It writes no more.
    Written,
}

/// What the listener hears of the turn.
#[derive(Clone, Debug)]
pub(super) struct Playout {
    /// Since when it may be heard.
    pub(super) began: SessionTime,
    /// Samples heard.
    pub(super) played: u64,
    /// When there was last any progress.
    pub(super) progress_at: SessionTime,
    pub(super) is_ducked: bool,
    pub(super) is_paused: bool,
    /// Samples heard and the time the last of them sounded, rising.
    reports: Vec<(u64, SessionTime)>,
}

impl AiTurn {
    pub(super) fn new(
        id: TurnId,
        speaker: AiSpeaker,
        reason: GrantReason,
        not_before: SessionTime,
    ) -> Self {
        Self {
            id,
            speaker,
            reason,
            grant: 0,
            answers: None,
            not_before,
            free_at: not_before,
            reply: Reply::Due,
            calls_other: None,
            cutter: Cutter::default(),
            pieces: Vec::new(),
            spoken_since: None,
            has_voice: false,
            voice_total: None,
            playout: None,
            trouble: None,
            has_landed: false,
        }
    }

    // ── Written ──────────────────────────────────────────────────────────────────────────────────────────

    /// Takes more of the reply (none: it is whole); gives the pieces that became whole, with their numbers.
    pub(super) fn write(&mut self, text: Option<&str>) -> Vec<(u16, String)> {
        let mut texts = Vec::new();
        match text {
            Some(text) => self.cutter.push(text, &mut texts),
            None => self.cutter.finish(&mut texts),
        }
        let mut pieces = Vec::new();
        for text in texts {
            // Pieces have 16-bit numbers; a reply that needs more of them is no answer of ten seconds.
            let Ok(number) = u16::try_from(self.pieces.len()) else { break };
            pieces.push((number, text.clone()));
            self.pieces.push(Piece::new(text));
        }
        pieces
    }

    /// All that was written and can be said.
    pub(super) fn said_text(&self) -> String {
        let texts: Vec<&str> = self.pieces.iter().map(|piece| piece.text.as_str()).collect();
        texts.join(" ")
    }

    /// Whether anything of the reply can be said.
    pub(super) fn has_pieces(&self) -> bool {
        !self.pieces.is_empty()
    }

    // ── Voiced ───────────────────────────────────────────────────────────────────────────────────────────

    /// Where the words of `piece` lie; false if it is neither the piece that is due nor the last one, told anew.
    pub(super) fn voice(&mut self, piece: u16, words: &[VoicedWord], samples: u64) -> bool {
        let number = usize::from(piece);
        let due = self.pieces.iter().position(|piece| !piece.is_voiced);
        let due = due.unwrap_or(self.pieces.len());
        // A voice that broke off and went on knows better than before where the rest of its last piece lies.
        let is_told_again = number + 1 == due && !self.pieces[number].is_closed;
        if number >= self.pieces.len() || (number != due && !is_told_again) {
            return false;
        }
        let begin = self.voiced_before(number);
        let piece = &mut self.pieces[number];
        piece.is_voiced = true;
        let end = samples.max(begin);
        piece.is_estimated = words.is_empty();
        let tokens = if piece.is_estimated {
            evenly(&piece.text, begin, end)
        } else {
            placed(&piece.text, words, begin, end)
        };
        // What was heard stays where it was heard.
        let heard = piece.heard.len().min(piece.tokens.len());
        piece.tokens.truncate(heard);
        piece.tokens.extend(tokens.into_iter().skip(heard));
        true
    }

    /// Where the sound of the pieces before this one ends.
    fn voiced_before(&self, number: usize) -> u64 {
        let before = self.pieces[..number].iter().rev();
        before.filter_map(|piece| piece.tokens.last()).next().map_or(0, |token| token.end)
    }

    /// When the voice is to start, so that its first word is heard when it is wanted: earlier by the silence the sound
    /// begins with and by `way`, the time sound takes to the listener's ear.
    pub(super) fn starts_at(&self, way: Span) -> SessionTime {
        let first = self.pieces.first().and_then(|piece| piece.tokens.first());
        let lead_in = Span::from_samples(first.map_or(0, |token| token.start));
        (self.not_before - lead_in - way).max(self.free_at)
    }

    // ── Heard ────────────────────────────────────────────────────────────────────────────────────────────

    /// Samples heard so far.
    pub(super) fn played(&self) -> u64 {
        self.playout.as_ref().map_or(0, |playout| playout.played)
    }

    /// Whether the listener may be hearing it: it was started and does not rest.
    pub(super) fn is_audible(&self) -> bool {
        self.playout.is_some()
    }

    /// Whether all there is was heard.
    pub(super) fn is_heard_out(&self) -> bool {
        self.voice_total.is_some_and(|total| total > 0 && self.played() >= total)
    }

    /// The listener has heard `samples` in all, the last of them at `at`.
    pub(super) fn hear(&mut self, samples: u64, at: SessionTime) {
        let Some(playout) = &mut self.playout else { return };
        let samples = samples.min(self.voice_total.unwrap_or(u64::MAX));
        if samples > playout.played {
            playout.played = samples;
            // Clock fits wobble: progress counts, and time stands still rather than run back.
            let at = playout.reports.last().map_or(at, |(_, last)| at.max(*last));
            if playout.reports.len() == REPORTS_MAX {
                playout.reports.remove(0);
            }
            playout.reports.push((samples, at));
        }
        self.note_heard();
    }

    /// Notes the words that the samples heard so far complete.
    pub(super) fn note_heard(&mut self) {
        // The very end is heard with the last sample, whatever rounding the word times went through.
        let is_whole = self.is_heard_out() && self.trouble.is_none() && !self.has_landed;
        let played = if is_whole { u64::MAX } else { self.played() };
        let Some(playout) = &self.playout else { return };
        for piece in self.pieces.iter_mut().filter(|piece| piece.is_voiced && !piece.is_closed) {
            while let Some(token) =
                piece.tokens.get(piece.heard.len()).filter(|token| token.end <= played)
            {
                let (start, end) = (playout.time_of(token.start), playout.time_of(token.end));
                let earliest = piece.heard.last().map_or(SessionTime::ZERO, |word| word.end);
                let start = start.max(earliest);
                piece.heard.push(CaptionWord {
                    text: token.text.clone(),
                    start,
                    end: end.max(start),
                });
            }
        }
    }

    /// The turn ends where the first clause ends behind `sample`: tells where, unless that is where it ends anyway.
    pub(super) fn land_after(&mut self, sample: u64) -> Option<u64> {
        let tokens: Vec<&Token> = self
            .pieces
            .iter()
            .filter(|piece| piece.is_voiced)
            .flat_map(|piece| &piece.tokens)
            .collect();
        let at = tokens.iter().position(|token| token.end >= sample && ends_clause(&token.text))?;
        let next = tokens.get(at + 1)?;
        // A little of the silence behind it: a word that is cut at its last sample clicks.
        let samples =
            tokens[at].end + (next.start.saturating_sub(tokens[at].end) / 2).min(TAIL.samples());
        self.voice_total = Some(samples);
        self.has_landed = true;
        Some(samples)
    }

    /// What was heard.
    pub(super) fn heard_text(&self) -> String {
        let heard: Vec<String> = self
            .pieces
            .iter()
            .filter(|piece| !piece.heard.is_empty())
            .map(|piece| text_of(&piece.heard))
            .collect();
        heard.join(" ")
    }

    /// What was written and not heard.
    pub(super) fn unheard_text(&self) -> String {
        let rests = self.pieces.iter().map(Piece::pending).chain([self.cutter.rest()]);
        let rests: Vec<String> = rests.filter(|rest| !rest.is_empty()).collect();
        rests.join(" ")
    }

    /// The words that were heard, in order.
    pub(super) fn heard_words(&self) -> impl Iterator<Item = &CaptionWord> {
        self.pieces.iter().flat_map(|piece| &piece.heard)
    }

    /// The words that come next, as written, and when they will begin to sound.
    pub(super) fn next_words(&self) -> impl Iterator<Item = (&str, SessionTime)> {
        let (played, until) = (self.played(), self.heard_until());
        let ahead = move |start: u64| until + Span::from_samples(start.saturating_sub(played));
        let next = self.pieces.iter().flat_map(|piece| piece.tokens.iter().skip(piece.heard.len()));
        next.map(move |token| (token.text.as_str(), ahead(token.start)))
    }

    /// How long the word lasts that is being said now; none between two words, and while nothing moves.
    pub(super) fn rest_of_word(&self, now: SessionTime) -> Option<Span> {
        let playout = self.playout.as_ref().filter(|playout| !playout.is_paused)?;
        let (heard, at) = playout.reports.last()?;
        let place = heard + now.since(*at).samples();
        let mut words = self.pieces.iter().flat_map(|piece| &piece.tokens);
        let word = words.find(|word| word.end > place)?;
        (word.start < place).then(|| Span::from_samples(word.end - place))
    }

    /// When the last heard sample sounded.
    pub(super) fn heard_until(&self) -> SessionTime {
        let last = self.playout.as_ref().and_then(|playout| playout.reports.last());
        last.map_or(self.not_before, |(_, at)| *at)
    }

    /// When the last heard word ended: earlier than the last sample where the voice closes with silence.
    pub(super) fn spoke_until(&self) -> SessionTime {
        let last = self.pieces.iter().rev().find_map(|piece| piece.heard.last());
        last.map_or(self.heard_until(), |word| word.end.min(self.heard_until()))
    }

    /// Whether any word was heard.
    pub(super) fn was_heard(&self) -> bool {
        self.pieces.iter().any(|piece| !piece.heard.is_empty())
    }

    /// Captions that are to be shown anew; with `cut` all that were begun close with what was heard.
    pub(super) fn captions(&mut self, cut: bool, captions: &mut Captions) -> Vec<Caption> {
        let mut shown = Vec::new();
        for piece in
            self.pieces.iter_mut().filter(|piece| !piece.is_closed && !piece.heard.is_empty())
        {
            let pending = piece.pending();
            let is_whole = pending.is_empty();
            let id = *piece.caption.get_or_insert_with(|| captions.next_id());
            let caption = Caption {
                id,
                speaker: self.speaker.into(),
                turn: self.id,
                text: text_of(&piece.heard),
                pending: if cut { String::new() } else { pending },
                is_final: cut || is_whole,
                start: piece.heard.first().map_or(SessionTime::ZERO, |word| word.start),
                end: piece.heard.last().map_or(SessionTime::ZERO, |word| word.end),
                words: piece.heard.clone(),
                estimated: piece.is_estimated,
                cut: cut && !is_whole,
            };
            piece.is_closed = caption.is_final;
            if captions.note(&caption) {
                shown.push(caption);
            }
        }
        shown
    }
}

impl Playout {
    pub(super) const fn new(now: SessionTime) -> Self {
        Self {
            began: now,
            played: 0,
            progress_at: now,
            is_ducked: false,
            is_paused: false,
            reports: Vec::new(),
        }
    }

    /// When `sample` sounded: counted back from the first report that covers it, but not before the report that
    /// did not, for sound between two reports cannot be older than the first of them.
    fn time_of(&self, sample: u64) -> SessionTime {
        let next = self.reports.partition_point(|(samples, _)| *samples < sample);
        let floor = next.checked_sub(1).and_then(|last| self.reports.get(last)).map(|(_, at)| *at);
        match self.reports.get(next).or(self.reports.last()) {
            Some((samples, at)) => {
                let back = Span::from_samples(samples.saturating_sub(sample));
                (*at - back).max(floor.unwrap_or(SessionTime::ZERO))
            }
            None => self.progress_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples in a tenth of a second.
    const TENTH: u64 = 4_800;

    fn at(tenths: u64) -> SessionTime {
        SessionTime::from_samples(tenths * TENTH)
    }

    /// A turn that has written two sentences and is heard.
    fn turn() -> AiTurn {
        let mut turn = AiTurn::new(TurnId(1), AiSpeaker::Claude, GrantReason::Autopilot, at(0));
        let pieces = turn.write(Some("It rains everywhere. It snows nowhere else. And"));
        assert_eq!(pieces.len(), 2);
        turn.playout = Some(Playout::new(at(0)));
        turn
    }

    fn word((text_start, text_end): (u32, u32), (start, end): (u64, u64)) -> VoicedWord {
        let (start_sample, end_sample) = (start * TENTH, end * TENTH);
        VoicedWord { text_start, text_end, start_sample, end_sample }
    }

    fn times(turn: &AiTurn) -> Vec<(&str, u64, u64)> {
        let tenths = |at: SessionTime| at.samples() / TENTH;
        let words = turn.heard_words();
        words.map(|word| (word.text.as_str(), tenths(word.start), tenths(word.end))).collect()
    }

    /// The words of the first sentence, at these times.
    fn first(times: [(u64, u64); 3]) -> [VoicedWord; 3] {
        let places = [(0, 2), (3, 8), (9, 20)];
        std::array::from_fn(|n| word(places[n], times[n]))
    }

    #[test]
    fn pieces_are_placed_in_order_and_the_last_one_anew_until_it_is_closed() {
        let mut turn = turn();
        assert!(!turn.voice(1, &[], 20 * TENTH), "the first is due");
        assert!(turn.voice(0, &first([(0, 1), (1, 2), (2, 9)]), 10 * TENTH));
        assert!(turn.voice(0, &first([(0, 3), (3, 4), (4, 9)]), 12 * TENTH), "told anew");
        turn.hear(3 * TENTH, at(3));
        assert_eq!(times(&turn), [("It", 0, 3)]);
        assert!(turn.voice(0, &first([(0, 1), (5, 6), (7, 9)]), 12 * TENTH));
        turn.hear(6 * TENTH, at(6));
        assert_eq!(times(&turn), [("It", 0, 3), ("rains", 5, 6)], "what was heard stays");
        turn.captions(true, &mut Captions::default());
        assert!(!turn.voice(0, &[], 12 * TENTH), "it is closed");
        assert!(turn.voice(1, &[], 20 * TENTH));
        assert!(!turn.voice(2, &[], 30 * TENTH), "nobody wrote it");
    }

    #[test]
    fn a_pause_between_two_reports_falls_between_two_words() {
        let mut turn = turn();
        turn.hear(2 * TENTH, at(2));
        turn.hear(4 * TENTH, at(9));
        turn.hear(6 * TENTH, at(11));
        assert!(turn.voice(0, &first([(0, 2), (3, 4), (4, 5)]), 20 * TENTH));
        turn.note_heard();
        assert_eq!(times(&turn), [("It", 0, 2), ("rains", 8, 9), ("everywhere.", 9, 10)]);
    }

    #[test]
    fn a_turn_lands_in_the_silence_behind_a_clause() {
        let text = "It rains, it snows, it hails, and so on.";
        let landed = |sample: u64| {
            let mut turn = AiTurn::new(TurnId(1), AiSpeaker::Guest, GrantReason::Autopilot, at(0));
            turn.write(Some(text));
            turn.write(None);
            turn.playout = Some(Playout::new(at(0)));
            let first = [((0, 2), (0, 1000)), ((3, 9), (1000, 2000)), ((10, 12), (2100, 3000))];
            let more = [((13, 19), (3000, 4000)), ((20, 22), (14_000, 15_000))];
            let last = ((23, 29), (15_000, 16_000));
            let words = first.into_iter().chain(more).chain([last]);
            let words: Vec<VoicedWord> = words
                .map(|((text_start, text_end), (start_sample, end_sample))| VoicedWord {
                    text_start,
                    text_end,
                    start_sample,
                    end_sample,
                })
                .collect();
            assert!(turn.voice(0, &words, 16_000) && turn.voice(1, &[], 40_000));
            let landed = turn.land_after(sample);
            turn.hear(100_000, at(9));
            assert_eq!(turn.has_landed, landed.is_some());
            (landed, turn.played())
        };
        assert_eq!(landed(1500), (Some(2050), 2050), "half of the silence");
        assert_eq!(landed(2000), (Some(2050), 2050));
        assert_eq!(landed(2001), (Some(4000 + 2880), 6880), "60 ms of it at most");
        assert_eq!(landed(4001), (Some(16_000), 16_000), "where there is none");
        assert_eq!(landed(16_001), (None, 100_000), "where the turn ends anyway");
    }

    #[test]
    fn a_voice_starts_so_early_that_its_first_word_is_heard_in_time() {
        let mut turn = turn();
        turn.voice(0, &first([(3, 4), (4, 5), (5, 6)]), 8 * TENTH);
        (turn.not_before, turn.free_at) = (at(10), at(5));
        let way = Span::from_samples(TENTH);
        assert_eq!(turn.starts_at(Span::ZERO), at(7), "three tenths of silence come first");
        assert_eq!(turn.starts_at(way), at(6));
        turn.free_at = at(8);
        assert_eq!(turn.starts_at(way), at(8), "somebody else was heard until then");
    }

    #[test]
    fn reports_of_a_quarter_of_an_hour_are_kept() {
        let mut turn = turn();
        (1..=4_501).for_each(|sample| turn.hear(sample, at(sample)));
        let reports = turn.playout.as_ref().map(|playout| playout.reports.as_slice());
        let first = reports.and_then(|reports| reports.first()).map(|(sample, _)| *sample);
        assert_eq!((reports.map(<[_]>::len), first), (Some(4_500), Some(2)));
    }
}
