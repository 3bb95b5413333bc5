//! Giving the floor and taking it: the only place where a turn begins or ends.
//!
//! Invariants: a turn that was taken never gets the floor back (a host's turn may be opened again when the reply to
//! it is withdrawn, and then ends again: the last end counts); each turn that began ends with a reason.

use std::mem::replace;

use super::addressing::Addressed;
use super::ai_turn::{AiTurn, Reply};
use super::autopilot::Next;
use super::barge_in::{Intrusion, has_content};
use super::endpointing::Endpointing;
use super::floor::{Conversation, Floor, HostTurn, HostTurnEnded};
use super::order::{GrantReason, Order, TurnEnd, Verdict};
use super::snapshot::LastTurn;
use super::speaker::{AiSpeaker, Speaker, TurnId};
use crate::time::{SessionTime, Span};

/// Who answers the host.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    pub(super) speaker: AiSpeaker,
    pub(super) reason: GrantReason,
    /// Who answers after that one.
    pub(super) second: Option<AiSpeaker>,
}

/// Speech without a word shorter than this is not worth a message: a cough, a chair.
const UNHEARD_SPEECH_MIN: Span = Span::from_millis(800);

impl Conversation {
    // ── The host ─────────────────────────────────────────────────────────────────────────────────────────

    /// The host's turn begins: with a voice, or with words alone that ended at `at`.
    pub(super) fn open_host_turn(
        &mut self,
        id: Option<TurnId>,
        voice: Option<SessionTime>,
        at: SessionTime,
    ) {
        let mut endpointing = Endpointing::of(self.habit);
        endpointing.hold(self.is_key_held);
        match voice {
            Some(since) => endpointing.started(since),
            None => endpointing.stopped(at),
        }
        let id = id.unwrap_or_else(|| self.new_turn_id());
        self.floor = Floor::Host(HostTurn { id, began: at, is_overlap: false, endpointing });
        self.order(Order::NoteTurnStarted { turn: id, speaker: Speaker::You });
        self.transcript.open(id, Speaker::You);
        self.words.hand_over(None, id);
        self.words_changed(id);
    }

    /// The host's turn begins with a voice that fell on an AI; `again` is the turn it goes on with.
    pub(super) fn open_host_turn_after(&mut self, voice: Intrusion, again: Option<TurnId>) {
        let id = again.or(voice.turn).unwrap_or_else(|| self.new_turn_id());
        if let Some(last) = self.last_host_turn.filter(|last| again == Some(last.id)) {
            // The turn was ended in a pause: there is no better evidence of how this host pauses.
            self.habit.learn(voice.onset.since(last.spoke_until));
        }
        if let Some(kept) = voice.turn.filter(|kept| *kept != id) {
            self.words.hand_over(Some(kept), id);
        }
        self.open_host_turn(
            Some(id),
            voice.since(),
            if voice.since().is_some() { voice.onset } else { voice.ended() },
        );
        if let Floor::Host(turn) = &mut self.floor {
            turn.began = voice.onset;
            turn.endpointing.add_spoken(voice.voice());
        }
    }

    /// The host's turn is over: whoever is called answers.
    pub(super) fn end_host_turn(&mut self) {
        let Floor::Host(mut turn) = replace(&mut self.floor, Floor::Open) else { return };
        let quiet_since = turn.endpointing.quiet_since();
        if quiet_since.is_some() && self.voice_since.is_none() {
            let words = self.known_words(turn.id);
            let votes = turn.endpointing.votes(self.now, words, self.rules());
            self.order(Order::NoteTurnJudged { turn: turn.id, votes });
        }
        turn.endpointing.learn_pace(self.known_words(turn.id));
        self.habit = turn.endpointing.habit();
        let has_spoken = self.voice_since.is_some() || turn.endpointing.spoken() > Span::ZERO;
        if has_spoken && !turn.endpointing.is_finishing() {
            self.order(Order::FinishRecognition);
        }
        let text = self.words.text(turn.id);
        let had_words = self.known_words(turn.id).has_words;
        let spoke_until = quiet_since.filter(|_| self.voice_since.is_none()).unwrap_or(self.now);
        self.last_host_turn = Some(HostTurnEnded { id: turn.id, spoke_until, had_words });
        self.transcript.set(turn.id, text.clone());
        let reason = match (self.is_ending, had_words) {
            (true, _) => TurnEnd::SessionEnded,
            (false, true) => TurnEnd::Completed,
            (false, false) => TurnEnd::NoWords,
        };
        self.note_turn_ended(turn.id, Speaker::You, reason, text.clone(), String::new());
        self.let_go_of_words(Some(turn.id));
        if self.is_ending {
            return;
        }
        if had_words && turn.is_overlap && !has_content(&text, self.rules()) {
            let speaker = self.agenda.longer_ago();
            self.order(Order::NoteDenied { speaker, reason: "back_channel" });
            self.begin_from_silence();
        } else if had_words {
            self.answer(turn.id, &text);
        } else {
            if self.can_hear && turn.endpointing.spoken() >= UNHEARD_SPEECH_MIN {
                self.tell(
                    "not_understood",
                    "The studio caught no word of that; please say it again.".into(),
                );
            }
            self.begin_from_silence();
        }
        // A host who typed while speaking is still speaking.
        if self.voice_since.is_some() {
            match &self.floor {
                Floor::Ai(_) => self.intrude(self.now),
                Floor::Open => self.open_host_turn(None, Some(self.now), self.now),
                Floor::Host(_) => {}
            }
        }
    }

    /// Gives the floor to whom the host's line calls.
    fn answer(&mut self, turn: TurnId, text: &str) {
        let Choice { speaker, reason, second } = self.whom(text);
        self.agenda.host_acted();
        self.agenda.take_nominee();
        self.agenda.then(second);
        self.grant(speaker, reason, self.now, Some(turn));
    }

    /// Whom the host's line calls, or else whose turn it is. Changes nothing.
    pub(super) fn whom(&self, text: &str) -> Choice {
        let longer_ago = self.agenda.longer_ago();
        let (speaker, reason, second) = match (self.agenda.nominee(), self.names.addressed(text)) {
            (Some(nominee), _) => (nominee, GrantReason::Nominated, None),
            (None, Addressed::One(one)) => (one, GrantReason::Addressed, None),
            (None, Addressed::BothFrom(first)) => {
                (first, GrantReason::AddressedFirst, Some(first.other()))
            }
            (None, Addressed::Both) => {
                (longer_ago, GrantReason::AddressedFirst, Some(longer_ago.other()))
            }
            (None, Addressed::Nobody) => (longer_ago, GrantReason::Alternation, None),
        };
        Choice { speaker, reason, second }
    }

    /// Closes captions and forgets words of turns that nothing can change any more.
    fn let_go_of_words(&mut self, last: Option<TurnId>) {
        let murmur = self.murmur.as_ref().and_then(|murmur| murmur.voice.turn);
        let captions = self.words.let_go(&[last, murmur], &mut self.captions);
        self.orders.extend(captions.into_iter().map(Order::ShowCaption));
    }

    // ── An AI ────────────────────────────────────────────────────────────────────────────────────────────

    fn grant(
        &mut self,
        speaker: AiSpeaker,
        reason: GrantReason,
        not_before: SessionTime,
        answers: Option<TurnId>,
    ) {
        self.cut_word();
        let prepared = self.take_prepared(speaker);
        let id = match &prepared {
            Some(prepared) => prepared.turn.id,
            None => self.new_turn_id(),
        };
        self.agenda.granted(speaker);
        self.was_cut[speaker.index()] = false;
        self.has_failed[speaker.index()] = false;
        self.transcript.open(id, speaker.into());
        self.order(Order::NoteTurnStarted { turn: id, speaker: speaker.into() });
        self.order(Order::NoteGranted { turn: id, speaker, reason });
        let (mut turn, held) = match prepared {
            Some(prepared) => (prepared.turn, Some(prepared.held)),
            None => (AiTurn::new(id, speaker, reason, not_before), None),
        };
        (turn.reason, turn.answers) = (reason, answers);
        (turn.not_before, turn.free_at) = (not_before, self.now);
        self.floor = Floor::Ai(Box::new(turn));
        if let Some(held) = held {
            self.release(held);
        }
    }

    /// Begins with whoever is due, if nobody has the floor and somebody listens.
    pub(super) fn begin_from_silence(&mut self) {
        let is_silent = matches!(self.floor, Floor::Open) && self.voice_since.is_none();
        if is_silent && self.is_connected && !self.is_ending {
            let briefing = self.briefing.clone();
            let next = self.agenda.in_silence(&briefing.rules);
            self.follow(next, self.now);
        }
    }

    fn follow(&mut self, next: Next, not_before: SessionTime) {
        match next {
            Next::Grant(speaker, reason) => self.grant(speaker, reason, not_before, None),
            Next::Deny(speaker, reason) => {
                self.order(Order::NoteDenied { speaker, reason });
                if reason == "autopilot_max_turns" {
                    let message = "The speakers have talked among themselves for a while and wait for you; say \
                                   something, or switch autopilot on again.";
                    self.tell("autopilot_rests", message.into());
                }
            }
            Next::Rest => {}
        }
    }

    /// The turn was heard to its end.
    pub(super) fn complete(&mut self) {
        let Floor::Ai(turn) = replace(&mut self.floor, Floor::Open) else { return };
        let speaker = turn.speaker;
        if turn.reply != Reply::Written || turn.trouble.is_some() {
            self.order(Order::StopReply { turn: turn.id, speaker });
        }
        let calls_other = self.names.calls_other(speaker, &turn.heard_text());
        let spoke_until = turn.spoke_until();
        self.agenda.succeeded();
        let reason = turn.trouble.unwrap_or(TurnEnd::Completed);
        self.finish_ai_turn(*turn, reason, false);
        self.go_on_after(speaker, calls_other, spoke_until);
    }

    /// Nothing more will come of the turn: service, voice or listener failed.
    pub(super) fn come_to_nothing(&mut self, reason: TurnEnd) {
        let Floor::Ai(turn) = &self.floor else { return };
        let (speaker, was_audible, answers) = (turn.speaker, turn.is_audible(), turn.answers);
        let was_free = matches!(
            turn.reason,
            GrantReason::Alternation
                | GrantReason::Autopilot
                | GrantReason::AddressedByOther
                | GrantReason::Substitution
        );
        self.revoke(reason, false);
        let may_substitute = self.agenda.may_substitute();
        if was_audible {
            // The listener's end is in doubt: another voice would go the same way.
            self.settle_intrusion();
        } else if was_free && may_substitute && self.voice_since.is_none() {
            self.grant(speaker.other(), GrantReason::Substitution, self.now, answers);
        } else {
            self.go_on_after(speaker, false, self.now);
        }
    }

    /// What follows an AI's turn: the host if the host speaks, otherwise whoever is due.
    fn go_on_after(&mut self, speaker: AiSpeaker, calls_other: bool, end: SessionTime) {
        if self.voice_since.is_none() {
            let briefing = self.briefing.clone();
            let next = self.agenda.after(speaker, calls_other, &briefing.rules);
            self.follow(next, end + briefing.rules.ai_gap);
        }
        match (&self.floor, &mut self.intrusion) {
            // The voice now falls on the next turn, of which nothing is heard yet.
            (Floor::Ai(_), Some(intrusion)) => intrusion.has_paused = false,
            (Floor::Open | Floor::Host(_), Some(_)) => self.settle_intrusion(),
            (Floor::Open | Floor::Host(_) | Floor::Ai(_), None) => {}
        }
    }

    /// The AI under a voice is gone: the voice has the floor, unless it only murmured.
    fn settle_intrusion(&mut self) {
        let Some(intrusion) = self.intrusion.take() else { return };
        let has_content = has_content(&self.intrusion_words(&intrusion), self.rules());
        // What comes back of the AI's last words is nobody's turn.
        let is_echo = self.own.is_echoing(self.now);
        let has_voice = intrusion.since().is_some() && !is_echo;
        if (has_voice || has_content) && !self.is_ending {
            self.open_host_turn_after(intrusion, None);
            if let Floor::Host(turn) = &mut self.floor {
                turn.is_overlap = true;
            }
        } else {
            self.let_pass(intrusion, true);
        }
    }

    /// The host's voice takes the floor. A reply of which no word was heard is withdrawn, and what the host said
    /// before and after is one turn.
    pub(super) fn yield_to_host(&mut self) {
        let Some(intrusion) = self.intrusion.take() else { return };
        let Floor::Ai(turn) = &self.floor else { return };
        let was_heard = turn.was_heard();
        let again = turn.answers.filter(|_| !was_heard);
        let is_barge_in = turn.is_audible();
        self.revoke(if was_heard { TurnEnd::BargedIn } else { TurnEnd::Withdrawn }, is_barge_in);
        self.open_host_turn_after(intrusion, again);
    }

    /// The host ends the AI's turn by hand; a voice that is on goes on as the host's turn.
    pub(super) fn interrupt(&mut self, reason: TurnEnd) {
        self.revoke(reason, false);
        self.settle_intrusion();
    }

    /// Takes the floor from the AI. What the listener may be hearing is stopped, and the turn ends when it is
    /// known how much that was.
    fn revoke(&mut self, reason: TurnEnd, is_barge_in: bool) {
        let Floor::Ai(turn) = replace(&mut self.floor, Floor::Open) else { return };
        let (id, speaker) = (turn.id, turn.speaker);
        if turn.is_audible() {
            self.was_cut[speaker.index()] = true;
            self.fade(turn, reason, is_barge_in);
        } else {
            self.finish_ai_turn(*turn, reason, is_barge_in);
        }
        self.order(Order::StopReply { turn: id, speaker });
    }

    pub(super) fn finish_ai_turn(&mut self, mut turn: AiTurn, reason: TurnEnd, is_barge_in: bool) {
        self.remember_own(&turn);
        let captions = turn.captions(true, &mut self.captions);
        self.orders.extend(captions.into_iter().map(Order::ShowCaption));
        let (heard_text, unheard_text) = (turn.heard_text(), turn.unheard_text());
        self.transcript.set(turn.id, heard_text.clone());
        let speaker = turn.speaker;
        self.has_failed[speaker.index()] = matches!(reason, TurnEnd::Failed | TurnEnd::TimedOut);
        if is_barge_in {
            let (heard_text, unheard_text) = (heard_text.clone(), unheard_text.clone());
            let verdict = Verdict::Stopped;
            self.order(Order::NoteBargeIn {
                speaker,
                turn: turn.id,
                verdict,
                heard_text,
                unheard_text,
            });
        }
        self.note_turn_ended(turn.id, speaker.into(), reason, heard_text, unheard_text);
    }

    fn note_turn_ended(
        &mut self,
        turn: TurnId,
        speaker: Speaker,
        reason: TurnEnd,
        heard_text: String,
        unheard_text: String,
    ) {
        self.last_turn = Some(LastTurn { turn, speaker, reason, heard_text: heard_text.clone() });
        self.order(Order::NoteTurnEnded { turn, speaker, reason, heard_text, unheard_text });
    }

    // ── The end ──────────────────────────────────────────────────────────────────────────────────────────

    /// Everything has ended: closes what is still open on paper.
    pub(super) fn close(&mut self) {
        if self.words.has_waiting() {
            // Words that came too late for their turn and found no other: they are kept as one.
            self.open_host_turn(None, None, self.now);
            self.end_host_turn();
        }
        self.murmur = None;
        self.let_go_of_words(None);
        self.is_closed = true;
    }
}
