//! What follows a turn by itself: nominations, second answers, hand-overs, autopilot as the director has it.
//!
//! `autopilot` says who would be next, [`director`](super::director) what that one is to do; `grants` gives the floor.

use super::autopilot::{Next, gap};
use super::floor::{Conversation, Floor};
use super::order::Order;
use super::speaker::AiSpeaker;
use crate::time::SessionTime;

impl Conversation {
    /// Begins with whoever is due, if nobody has the floor and somebody listens.
    pub(super) fn begin_from_silence(&mut self) {
        let is_silent = matches!(self.floor, Floor::Open) && self.voice_since.is_none();
        if is_silent && self.is_connected && !self.is_ending {
            let in_force = self.program.in_force();
            let next = self.agenda.in_silence(&in_force.table);
            self.follow(next, None);
        }
    }

    /// What follows by itself; `end` is when the turn before was heard to its end, if one was.
    fn follow(&mut self, next: Next, end: Option<SessionTime>) {
        let (next, step) = self.directed(next);
        self.step = step;
        match next {
            Next::Grant(speaker, reason) => {
                let pause = |end| end + gap(self.rules_of(speaker), self.seed, self.last_turn_id);
                let not_before = end.map_or(self.now, pause);
                let said = self.last_turn.as_ref().map(|last| last.heard_text.clone());
                self.grant(speaker, reason, not_before, None, &said.unwrap_or_default());
            }
            Next::Deny(speaker, reason) => {
                self.deny(speaker, reason, "");
                if reason == "autopilot_max_turns" {
                    let message = "The speakers have talked among themselves for a while and wait for you; say \
                                   something, or switch autopilot on again.";
                    self.tell("autopilot_rests", message.into());
                } else if reason == "show_is_wrapped_up" {
                    let message = "The plan of the show has come to its end and both speakers have said good-bye; say \
                                   something, or end the session.";
                    self.tell(reason, message.into());
                }
            }
            Next::Rest => {}
        }
    }

    pub(super) fn deny(&mut self, speaker: AiSpeaker, reason: &'static str, text: &str) {
        let scores = self.scores(text);
        self.order(Order::NoteDenied { speaker, reason, scores });
    }

    /// What follows an AI's turn: the host if the host speaks, otherwise whoever is due.
    pub(super) fn go_on_after(&mut self, speaker: AiSpeaker, calls_other: bool, end: SessionTime) {
        if !self.agenda.is_on_autopilot() || !self.program.rules().table.show.directs {
            self.move_on_if_due();
        }
        if self.voice_since.is_none() {
            let in_force = self.program.in_force();
            let next = self.agenda.after(speaker, calls_other, &in_force.table);
            self.follow(next, Some(end));
        }
        match (&self.floor, &mut self.intrusion) {
            // The voice now falls on the next turn, of which nothing is heard yet.
            (Floor::Ai(_), Some(intrusion)) => intrusion.has_paused = false,
            (Floor::Open | Floor::Host(_), Some(_)) => self.settle_intrusion(),
            (Floor::Open | Floor::Host(_) | Floor::Ai(_), None) => {}
        }
    }
}
