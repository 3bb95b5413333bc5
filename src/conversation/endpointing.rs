//! Whether the host's turn is over.
//!
//! Votes are weighed: silence (counted from the true end of speech), the end-of-turn model, the words (do they cover
//! the speech, can the last one end a sentence, is it a question, does the host think aloud), the pace at which they
//! come and the pauses that this host makes. The wait is a pure function of all of them, and the vote that decided it is told ([`Vote`]).
//! `Endpointing` only judges; the floor ends turns.
//! A judgement is a function of the time and of what is known, so it may be asked for at any moment and as often
//! as one likes: late words, early answers and late timers all lead to the same end.
//!
//! Does not know what the words are: see `HostWords` for that.

use super::habit::{Habit, pace_of};
use super::input::Deadline;
use super::order::{TurnVotes, Vote};
use super::rules::Rules;
use crate::time::{SessionTime, Span};

/// What the recogniser's words say about the turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct KnownWords {
    /// Up to where the words are all there.
    pub(super) covered_until: Option<SessionTime>,
    /// Whether there are any words.
    pub(super) has_words: bool,
    /// How many.
    pub(super) count: u64,
    /// Whether the last word can end a sentence.
    pub(super) can_end: bool,
    /// Whether it is built as a question.
    pub(super) is_question: bool,
    /// Whether the host thinks aloud.
    pub(super) is_thinking: bool,
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
    /// The model's answers in this silence.
    scores: Vec<u16>,
    habit: Habit,
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
    /// A turn of a host who pauses like this.
    pub(super) fn of(habit: Habit) -> Self {
        Self { habit, ..Self::default() }
    }

    /// What is known of the host's pauses and pace.
    pub(super) const fn habit(&self) -> Habit {
        self.habit
    }

    /// The turn is over: its pace is known.
    pub(super) fn learn_pace(&mut self, words: KnownWords) {
        if let Some(pace) = self.pace(words) {
            self.habit.learn_pace(pace);
        }
    }

    /// How fast the host speaks in this turn, words a minute of voice; none while there is too little of it.
    fn pace(&self, words: KnownWords) -> Option<u16> {
        pace_of(words.count, self.spoken)
    }

    /// Whether the host speaks more slowly than usual.
    fn is_slow(&self, words: KnownWords) -> bool {
        self.pace(words).is_some_and(|pace| self.habit.is_slow(pace))
    }

    /// The voice began; whatever was judged in the silence before is void.
    pub(super) fn started(&mut self, at: SessionTime) {
        if let Some(quiet) = self.quiet_since.filter(|_| self.voice_since.is_none()) {
            self.habit.learn(at.since(quiet));
        }
        self.scores.clear();
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
        self.scores.extend(score);
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
        let are_all_there = are_all_there(quiet, words, rules);
        let (ceiling, _) = self.ceiling(words, rules);
        if self.forced || silence >= ceiling {
            return if are_all_there || silence >= rules.transcript_late.max(ceiling) {
                Judgement::End
            } else if self.finishing {
                Judgement::Wait
            } else {
                Judgement::FinishWords
            };
        }
        let was_noise = are_all_there && !words.has_words;
        let may_end = are_all_there
            && words.can_end
            && self.enough_silence(words, rules).is_some_and(|(enough, _)| silence >= enough);
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
            let late = rules.transcript_late.max(self.ceiling(words, rules).0);
            return Some((quiet + late, Deadline::TranscriptLate));
        }
        let ceiling = Some((quiet + self.ceiling(words, rules).0, Deadline::EndOfTurnCeiling));
        let ask = self.next_ask(rules).map(|after| {
            let name = if self.asks == 0 {
                Deadline::EndOfTurnFirstAsk
            } else {
                Deadline::EndOfTurnSecondAsk
            };
            (quiet + after, name)
        });
        // Silence alone ends only what the words allow to end; without them its passing changes nothing.
        let may_end = are_all_there(quiet, words, rules) && words.can_end;
        let silence = self
            .enough_silence(words, rules)
            .filter(|_| may_end)
            .map(|(enough, _)| (quiet + enough, Deadline::EndOfTurnSilence));
        [ask, silence, ceiling].into_iter().flatten().min()
    }

    /// Since when it is the host's silence that decides.
    const fn silence_start(&self) -> Option<SessionTime> {
        if self.voice_since.is_some() || self.held { None } else { self.quiet_since }
    }

    /// The silence that ends a turn whose words may end, and the vote that asks for it; none while only the ceiling
    /// can. Nobody is cut off in a pause like those the host makes anyway.
    fn enough_silence(&self, words: KnownWords, rules: &Rules) -> Option<(Span, Vote)> {
        let enough = match self.answer {
            Some(Answer::Done) => (Span::ZERO, Vote::ModelSaysDone),
            Some(Answer::NoModel) => (rules.plain_silence, Vote::Silence),
            _ if self.spoken < rules.model_speech_min => (rules.plain_silence, Vote::Silence),
            Some(Answer::Leaning) if words.is_question => (rules.plain_silence, Vote::Question),
            Some(Answer::Leaning) => (rules.lean_silence, Vote::ModelLeans),
            None | Some(Answer::NotDone) => return None,
        };
        let slow = Span::from_samples(enough.0.samples() * u64::from(rules.slow_percent) / 100);
        let enough =
            if slow > enough.0 && self.is_slow(words) { (slow, Vote::Pace) } else { enough };
        // Whom the model or the words take for finished is never kept longer than one of whom nobody knows.
        let habit = (self.habit.wait(rules).min(rules.turn_ceiling), Vote::Habit);
        Some(if habit.0 > enough.0 { habit } else { enough })
    }

    /// The silence that ends a turn whatever anybody thinks, and the vote that asks for it.
    fn ceiling(&self, words: KnownWords, rules: &Rules) -> (Span, Vote) {
        let is_sure =
            self.scores.len() > 1 && self.scores.iter().all(|score| *score < rules.surely_not_done);
        let mut ceiling = (rules.turn_ceiling, Vote::Ceiling);
        for (may_ask, wait, vote) in [
            (is_sure, rules.not_done_ceiling, Vote::ModelSaysNotDone),
            (words.is_thinking, rules.thinking_ceiling, Vote::Thinking),
            (true, self.habit.wait(rules), Vote::Habit),
        ] {
            if may_ask && wait > ceiling.0 {
                ceiling = (wait, vote);
            }
        }
        ceiling
    }

    /// All votes about the end of the turn, for the log and for whoever asks why.
    pub(super) fn votes(&self, now: SessionTime, words: KnownWords, rules: &Rules) -> TurnVotes {
        let silence = self.quiet_since.map_or(Span::ZERO, |quiet| now.since(quiet));
        let ceiling = self.ceiling(words, rules);
        let (wait, decided) = match self.enough_silence(words, rules) {
            _ if self.forced => (Span::ZERO, Vote::Key),
            Some(enough) if words.can_end && enough.0 <= ceiling.0 => enough,
            _ => ceiling,
        };
        TurnVotes {
            decided,
            silence_ms: silence.millis(),
            wait_ms: wait.millis(),
            habit_ms: self.habit.pause().millis(),
            pace_wpm: self.pace(words).filter(|_| rules.slow_percent > 0),
            scores: self.scores.clone(),
            can_end: words.can_end,
            is_question: words.is_question,
            is_thinking: words.is_thinking,
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

/// Whether the words cover the speech up to its end at `quiet`.
fn are_all_there(quiet: SessionTime, words: KnownWords, rules: &Rules) -> bool {
    !words.may_grow
        || words.covered_until.is_some_and(|until| until + rules.coverage_slack >= quiet)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> SessionTime {
        SessionTime::from_millis(millis)
    }

    /// What is known of a whole sentence of which the words up to `covered` are there.
    fn words(covered: u64) -> KnownWords {
        let covered_until = Some(at(covered));
        let (has_words, can_end, may_grow) = (true, true, true);
        KnownWords {
            covered_until,
            has_words,
            count: 2,
            can_end,
            may_grow,
            ..KnownWords::default()
        }
    }

    /// A turn of so much voice, of which the model said so when it was asked after 200 and 600 ms.
    fn turn(spoken: u64, scores: &[Option<u16>]) -> Endpointing {
        let mut turn = Endpointing::default();
        turn.started(at(1000 - spoken));
        turn.stopped(at(1000));
        for ((ask, after), score) in [(1, 200), (2, 600)].into_iter().zip(scores) {
            turn.asked(ask, at(1000 + after), &Rules::default());
            assert!(turn.judged(ask, *score, &Rules::default()));
        }
        turn
    }

    /// What is to be done after so much silence.
    fn after(silence: u64, turn: &Endpointing, words: KnownWords) -> Judgement {
        turn.judge(at(1000 + silence), words, &Rules::default())
    }

    /// The silence that ends a turn of a second whose words are there.
    fn end(scores: &[Option<u16>], words: KnownWords) -> u64 {
        let turn = turn(1000, scores);
        let is_end = |silence: &u64| after(*silence, &turn, words) == Judgement::End;
        (0..9999).find(is_end).expect("an end")
    }

    #[test]
    fn the_model_is_believed_from_its_bounds_on() {
        let end = |scores: &[u16]| {
            let scores: Vec<_> = scores.iter().copied().map(Some).collect();
            end(&scores, words(1000))
        };
        assert_eq!([750, 749].map(|first| end(&[first])), [0, 1600]);
        assert_eq!([500, 499, 200, 199].map(|second| end(&[649, second])), [0, 1000, 1000, 1600]);
        assert_eq!(end(&[30, 29]), 1600, "it is not sure");
        assert_eq!(end(&[29, 30]), 1600);
        assert_eq!(end(&[29, 29]), 2400, "it is sure that the host goes on");
    }

    #[test]
    fn without_the_model_seven_tenths_of_a_second_end_a_turn() {
        assert_eq!(end(&[None], words(1000)), 700);
        let ask = |spoken, silence| after(silence, &turn(spoken, &[]), words(1000));
        assert_eq!([199, 200].map(|it| ask(300, it)), [Judgement::Wait, Judgement::Ask]);
        assert_eq!([699, 700].map(|it| ask(299, it)), [Judgement::Wait, Judgement::End]);
    }

    #[test]
    fn the_model_is_asked_again_where_it_did_not_say_yes() {
        let again = |scores: &[Option<u16>], silence| after(silence, &turn(1000, scores), words(0));
        let (wait, ask) = (Judgement::Wait, Judgement::Ask);
        assert_eq!([599, 600].map(|it| again(&[Some(649)], it)), [wait, ask]);
        assert_eq!([Some(750), None].map(|first| again(&[first], 600)), [wait; 2]);
        assert_eq!(again(&[Some(100), Some(100)], 1500), wait);
    }

    #[test]
    fn a_question_needs_less_silence_where_the_model_leans() {
        let question = KnownWords { is_question: true, ..words(1000) };
        assert_eq!(end(&[Some(649), Some(300)], question), 700);
        assert_eq!(end(&[Some(649), Some(100)], question), 1600);
    }

    #[test]
    fn words_that_reach_to_within_130_ms_of_the_end_are_all_there() {
        let turn = turn(1000, &[Some(900)]);
        assert_eq!(after(300, &turn, words(870)), Judgement::End);
        assert_eq!(after(1599, &turn, words(869)), Judgement::Wait);
        assert_eq!(after(1600, &turn, words(869)), Judgement::FinishWords);
        let mut told = turn;
        told.told_to_finish();
        assert_eq!(after(2999, &told, words(869)), Judgement::Wait);
        assert_eq!(after(3000, &told, words(869)), Judgement::End);
        let deadline = told.deadline(words(869), &Rules::default());
        assert_eq!(deadline, Some((at(4000), Deadline::TranscriptLate)));
    }

    #[test]
    fn whoever_thinks_aloud_has_three_seconds() {
        let thinking = KnownWords { is_thinking: true, can_end: false, ..words(1000) };
        assert_eq!(end(&[Some(900)], thinking), 3000);
    }

    #[test]
    fn noise_without_a_word_ends_at_once() {
        let noise = KnownWords { has_words: false, can_end: false, ..words(1000) };
        assert_eq!(end(&[], noise), 0);
    }

    #[test]
    fn a_voice_that_begins_again_voids_what_was_judged() {
        let mut turn = turn(1000, &[Some(10), Some(10)]);
        turn.told_to_finish();
        turn.force();
        turn.asked(3, at(2000), &Rules::default());
        turn.started(at(2500));
        assert_eq!(after(9000, &turn, words(3500)), Judgement::Wait, "the voice is on");
        turn.stopped(at(3500));
        assert!(!turn.judged(3, Some(900), &Rules::default()), "its question is not open any more");
        let after = |silence: u64| turn.judge(at(3500 + silence), words(0), &Rules::default());
        assert_eq!([199, 200].map(after), [Judgement::Wait, Judgement::Ask]);
        // A quarter longer than the pause that was none of the end.
        assert_eq!([1874, 1875].map(after), [Judgement::Ask, Judgement::FinishWords]);
        assert_eq!(turn.spoken(), Span::from_millis(2000));
    }
}
