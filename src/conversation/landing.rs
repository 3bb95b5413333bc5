//! Soft landings: an AI that talks without its host makes room when the host is about to speak.
//!
//! A breath, a chair, a hand on the table: a sound that is no voice (yet) has an AI on autopilot come to the end of its
//! clause. No new one is begun, and the floor is kept free for a moment; then, if nobody spoke, the talk goes on.
//!
//! Invariants: a landed turn ends where a clause ends, at the same sample for listener and memory; the floor is kept for
//! the host for a bounded time; a room that makes noises without a word is not landed for again for a while.

use super::floor::{Conversation, Floor};
use super::input::Deadline;
use super::order::Order;
use super::speaker::TurnId;
use crate::time::{SessionTime, Span};

/// What a listener may hold: a clause that ends within it has been sent already (a second by WebRTC, and its report's
/// way).
const LEAD: Span = Span::from_millis(1_100);

/// How long no sound is landed for after one that nobody's word followed.
const FALSE_ALARM_REST: Span = Span::from_millis(30_000);

/// What is made of room for the host.
#[derive(Clone, Debug, Default)]
pub(super) struct Landing {
    /// The turn that comes to its end.
    turn: Option<TurnId>,
    /// Until when the floor is kept free.
    until: Option<SessionTime>,
    /// Until when no sound counts.
    rests_until: SessionTime,
}

impl Landing {
    /// Whether `turn` makes room for the host.
    pub(super) fn is_of(&self, turn: TurnId) -> bool {
        self.turn == Some(turn)
    }

    /// When the floor is not kept free any more.
    pub(super) fn deadline(&self) -> Option<(SessionTime, Deadline)> {
        self.until.map(|until| (until, Deadline::HostMaySpeak))
    }
}

impl Conversation {
    /// The host made a sound that is no voice: the AI on autopilot comes to the end of its clause.
    pub(super) fn make_room(&mut self) {
        let is_asked = self.agenda.is_on_autopilot()
            && self.program.rules().table.show.soft_landing
            && self.now >= self.landing.rests_until
            && self.landing.turn.is_none();
        let Floor::Ai(turn) = &mut self.floor else { return };
        if !is_asked || !turn.was_heard() {
            return;
        }
        let (id, speaker) = (turn.id, turn.speaker);
        self.landing.turn = Some(id);
        // Where no clause ends before the turn does, the turn's own end will do.
        if let Some(samples) = turn.land_after(turn.played() + LEAD.samples()) {
            self.order(Order::Land { turn: id, speaker, samples });
        }
    }

    /// Whether turn `turn`, which is over, made room for the host; then the floor is kept free.
    pub(super) fn has_made_room(&mut self, turn: TurnId) -> bool {
        let made_room = self.landing.turn.take() == Some(turn);
        if made_room && self.agenda.is_on_autopilot() && self.voice_since.is_none() {
            self.landing.until = Some(self.now + self.program.rules().table.show.host_may_speak);
            return true;
        }
        false
    }

    /// Whether the wait for the host is over, one way or the other.
    pub(super) fn advance_landing(&mut self) -> bool {
        let is_over_turn = self
            .landing
            .turn
            .is_some_and(|landing| !matches!(&self.floor, Floor::Ai(turn) if turn.id == landing));
        if is_over_turn {
            self.landing.turn = None;
        }
        let Some(until) = self.landing.until else { return false };
        let is_taken = !matches!(self.floor, Floor::Open) || !self.agenda.is_on_autopilot();
        if !is_taken && !self.is_ending && self.now < until {
            return false;
        }
        self.landing.until = None;
        if !is_taken {
            self.landing.rests_until = self.now + FALSE_ALARM_REST;
            self.begin_from_silence();
        }
        true
    }
}
