//! Whether the host's turn is over.
//!
//! Three voices are weighed: silence (counted from the true end of speech), the end-of-turn model, and the words
//! (do they cover the speech, can the last one end a sentence). `Endpointing` only judges; the floor ends turns.
//! A judgement is a function of the time and of what is known, so it may be asked for at any moment and as often
//! as one likes: late words, early answers and late timers all lead to the same end.
//!
//! Does not know what the words are: see `HostWords` for that.

use super::input::Deadline;
use super::rules::Rules;
use crate::time::{SessionTime, Span};

/// What the recogniser's words say about the turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct KnownWords {
    /// Up to where the words are all there.
    pub(super) covered_until: Option<SessionTime>,
    /// Whether there are any words.
    pub(super) has_words: bool,
    /// Whether the last word can end a sentence.
    pub(super) can_end: bool,
    /// Whether more words may come at all; not while speech to text is out of service.
    pub(super) may_grow: bool,
}

/// What is to be done about the host's turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// Nothing yet.
    Wait,
    /// Put the sound so far to the end-of-turn model.
    Ask,
    /// The turn is over but for its last words: have the recogniser give them.
    FinishWords,
    /// The turn is over.
    End,
}

/// The state of one host turn's end.
#[derive(Clone, Debug, Default)]
pub(super) struct Endpointing {
    /// Since when the voice is on.
    voice_since: Option<SessionTime>,
    /// When the voice last ended; none before its first end.
    quiet_since: Option<SessionTime>,
    /// Voice in stretches that ended.
    spoken: Span,
    /// Questions put to the model in this silence.
    asks: u8,
    /// The question that is open.
    open_ask: Option<u32>,
    answer: Option<Answer>,
    /// Whether the talk key is down: the host's word, no silence ends it.
    held: bool,
    /// Whether the host has ended the turn by hand.
    forced: bool,
    /// Whether the recogniser was told to finish in this silence.
    finishing: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Done,
    /// Neither yes nor no to the second question.
    Leaning,
    NotDone,
    NoModel,
}

impl Endpointing {
    /// The voice began; whatever was judged in the silence before is void.
    pub(super) fn started(&mut self, at: SessionTime) {
        self.voice_since = Some(at);
        self.asks = 0;
        self.open_ask = None;
        self.answer = None;
        self.finishing = false;
        self.forced = false;
    }

    /// The voice ended.
    pub(super) fn stopped(&mut self, at: SessionTime) {
        if let Some(since) = self.voice_since.take() {
            self.spoken += at.since(since);
        }
        self.quiet_since = Some(at);
    }

    /// The voice ended earlier than was assumed.
    pub(super) fn stopped_earlier(&mut self, at: SessionTime) {
        if self.voice_since.is_none() {
            self.quiet_since = self.quiet_since.map(|assumed| assumed.min(at));
        }
    }

    /// Voice that was heard before the turn opened.
    pub(super) fn add_spoken(&mut self, spoken: Span) {
        self.spoken += spoken;
    }

    /// The talk key went down or up.
    pub(super) const fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// The host ends the turn by hand: only the last words are waited for.
    pub(super) const fn force(&mut self) {
        self.forced = true;
    }

    /// Question `ask` was put. Where the time of the second has come already, it stands for both.
    pub(super) fn asked(&mut self, ask: u32, now: SessionTime, rules: &Rules) {
        let is_late = self.quiet_since.is_some_and(|quiet| now.since(quiet) >= rules.second_ask);
        self.asks = if is_late { 2 } else { self.asks + 1 };
        self.open_ask = Some(ask);
    }

    /// The model answered; false for an answer to a question that is no longer open.
    pub(super) fn judged(&mut self, ask: u32, score: Option<u16>, rules: &Rules) -> bool {
        if self.open_ask != Some(ask) {
            return false;
        }
        self.open_ask = None;
        let enough = if self.asks <= 1 { rules.done_score } else { rules.done_score_late };
        self.answer = Some(match score {
            Some(score) if score >= enough => Answer::Done,
            Some(score) if self.asks > 1 && score >= rules.done_score_lean => Answer::Leaning,
            Some(_) => Answer::NotDone,
            None => Answer::NoModel,
        });
        true
    }

    /// The recogniser was told to finish.
    pub(super) const fn told_to_finish(&mut self) {
        self.finishing = true;
    }

    /// Whether the recogniser was told to finish in this silence.
    pub(super) const fn is_finishing(&self) -> bool {
        self.finishing
    }

    /// When the voice last ended.
    pub(super) const fn quiet_since(&self) -> Option<SessionTime> {
        self.quiet_since
    }

    /// Whether the host is silent and that may be the end.
    pub(super) const fn is_silence_judged(&self) -> bool {
        self.silence_start().is_some()
    }

    /// Voice in stretches that ended.
    pub(super) const fn spoken(&self) -> Span {
        self.spoken
    }

    /// What is to be done now.
    pub(super) fn judge(&self, now: SessionTime, words: KnownWords, rules: &Rules) -> Judgement {
        let Some(quiet) = self.silence_start() else { return Judgement::Wait };
        let silence = now.since(quiet);
        let are_all_there = self.are_all_there(words, rules);
        if self.forced || silence >= rules.turn_ceiling {
            return if are_all_there || silence >= rules.transcript_late {
                Judgement::End
            } else if self.finishing {
                Judgement::Wait
            } else {
                Judgement::FinishWords
            };
        }
        let was_noise = are_all_there && !words.has_words;
        let may_end = are_all_there && words.can_end && self.sounds_done(silence, rules);
        if was_noise || may_end {
            Judgement::End
        } else if self.next_ask(rules).is_some_and(|after| silence >= after) {
            Judgement::Ask
        } else {
            Judgement::Wait
        }
    }

    /// When the judgement changes if nothing else happens.
    pub(super) fn deadline(
        &self,
        words: KnownWords,
        rules: &Rules,
    ) -> Option<(SessionTime, Deadline)> {
        let quiet = self.silence_start()?;
        if self.finishing || self.forced {
            return Some((quiet + rules.transcript_late, Deadline::TranscriptLate));
        }
        let ceiling = Some((quiet + rules.turn_ceiling, Deadline::EndOfTurnCeiling));
        let ask = self.next_ask(rules).map(|after| {
            let name = if self.asks == 0 {
                Deadline::EndOfTurnFirstAsk
            } else {
                Deadline::EndOfTurnSecondAsk
            };
            (quiet + after, name)
        });
        // Silence alone ends only what the words allow to end; without them its passing changes nothing.
        let may_end = self.are_all_there(words, rules) && words.can_end;
        let silence = self
            .enough_silence(rules)
            .filter(|_| may_end)
            .map(|enough| (quiet + enough, Deadline::EndOfTurnSilence));
        [ask, silence, ceiling].into_iter().flatten().min()
    }

    /// Since when it is the host's silence that decides.
    const fn silence_start(&self) -> Option<SessionTime> {
        if self.voice_since.is_some() || self.held { None } else { self.quiet_since }
    }

    /// Whether the words cover the speech up to its end.
    fn are_all_there(&self, words: KnownWords, rules: &Rules) -> bool {
        let Some(quiet) = self.quiet_since else { return false };
        !words.may_grow
            || words.covered_until.is_some_and(|until| until + rules.coverage_slack >= quiet)
    }

    fn sounds_done(&self, silence: Span, rules: &Rules) -> bool {
        self.answer == Some(Answer::Done)
            || self.enough_silence(rules).is_some_and(|enough| silence >= enough)
    }

    /// The silence that ends the turn where no model will say, or where it says neither yes nor no.
    fn enough_silence(&self, rules: &Rules) -> Option<Span> {
        match self.answer {
            Some(Answer::NoModel) => Some(rules.plain_silence),
            _ if self.spoken < rules.model_speech_min => Some(rules.plain_silence),
            Some(Answer::Leaning) => Some(rules.lean_silence),
            None | Some(Answer::Done | Answer::NotDone) => None,
        }
    }

    /// The silence after which the model is to be asked next, if it is to be asked at all.
    fn next_ask(&self, rules: &Rules) -> Option<Span> {
        if self.spoken < rules.model_speech_min {
            return None;
        }
        match (self.asks, self.answer) {
            (0, _) => Some(rules.first_ask),
            // Not answered yet counts as not done: the second question replaces the first.
            (1, None | Some(Answer::NotDone)) => Some(rules.second_ask),
            (1, Some(Answer::Done | Answer::Leaning | Answer::NoModel)) | (2.., _) => None,
        }
    }
}
