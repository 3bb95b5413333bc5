//! A stopped turn on its way to silence.
//!
//! A voice stops an AI at the end of its word where that is near; a button, and a turn that is held already, at once.
//! The turn ends when it is known how much of it was heard: by the listener's word, or by its time.

use super::ai_turn::AiTurn;
use super::floor::Conversation;
use super::order::{Order, TurnEnd};
use super::replies::millis;
use crate::time::{SessionTime, Span};

/// A stopped turn whose last heard sample is not known yet.
#[derive(Clone, Debug)]
pub(super) struct Fading {
    pub(super) turn: Box<AiTurn>,
    pub(super) reason: TurnEnd,
    pub(super) is_barge_in: bool,
    /// When its last word ends, at which it is to be stopped; none once that is ordered.
    pub(super) word_ends: Option<SessionTime>,
    /// By when it is silent, whatever the listener says.
    pub(super) until: SessionTime,
}

impl Conversation {
    /// What the listener may be hearing of `turn` is to stop.
    pub(super) fn fade(&mut self, turn: Box<AiTurn>, reason: TurnEnd, is_barge_in: bool) {
        let near = |rest: &Span| is_barge_in && *rest <= self.rules().finish_word;
        let word_ends = turn.rest_of_word(self.now).filter(near).map(|rest| self.now + rest);
        let until = self.now + self.rules().flush_confirm;
        self.fading = Some(Fading { turn, reason, is_barge_in, word_ends, until });
        if word_ends.is_none() {
            self.flush();
        }
    }

    /// Somebody else is to speak: the word of the last one is not finished.
    pub(super) fn cut_word(&mut self) {
        if self.fading.as_ref().is_some_and(|fading| fading.word_ends.is_some()) {
            self.flush();
        }
    }

    /// What the listener still holds of the stopped turn is not to be heard.
    fn flush(&mut self) {
        let (now, rules) = (self.now, &self.briefing.rules);
        let (fade_ms, confirm) = (millis(rules.stop_fade), rules.flush_confirm);
        let Some(fading) = &mut self.fading else { return };
        fading.word_ends = None;
        fading.until = now + confirm;
        let (turn, speaker) = (fading.turn.id, fading.turn.speaker);
        self.order(Order::Flush { turn, speaker, fade_ms });
    }

    pub(super) fn advance_fading(&mut self) -> bool {
        let word_ends = self.fading.as_ref().and_then(|fading| fading.word_ends);
        if let Some(end) = word_ends {
            if end <= self.now {
                self.flush();
            }
            return end <= self.now;
        }
        let is_over = self.fading.as_ref().is_some_and(|fading| fading.until <= self.now);
        if is_over {
            self.fade_out();
        }
        is_over
    }

    /// The stopped turn is silent: what was heard of it is known for good.
    pub(super) fn fade_out(&mut self) {
        let Some(Fading { turn, reason, is_barge_in, .. }) = self.fading.take() else { return };
        let was_heard_after_all = reason == TurnEnd::Withdrawn && turn.was_heard();
        self.finish_ai_turn(
            *turn,
            if was_heard_after_all { TurnEnd::BargedIn } else { reason },
            is_barge_in,
        );
    }
}
