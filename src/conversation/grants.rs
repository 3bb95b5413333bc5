//! Giving the floor and taking it: the only place where a turn begins or ends.
//!
//! Invariants: a turn that was taken never gets the floor back (a host's turn may be opened again when the reply to
//! it is withdrawn, and then ends again: the last end counts); each turn that began ends with a reason.

use std::mem::replace;

use super::ai_turn::{AiTurn, Reply};
use super::barge_in::{Intrusion, has_content};
use super::endpointing::Endpointing;
use super::floor::{Conversation, Floor, HostTurn, HostTurnEnded};
use super::order::{GrantReason, Order, TurnEnd, Verdict};
use super::snapshot::LastTurn;
use super::speaker::{AiSpeaker, Speaker, TurnId};
use super::who_answers::Choice;
use crate::time::{SessionTime, Span};

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
        self.transcript.open(id, Speaker::You, Some(at));
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
        self.transcript.sounded(id, voice.onset);
    }

    /// The host's turn is over: whoever is called answers.
    pub(super) fn end_host_turn(&mut self) {
        self.finish_host_turn(true);
    }

    /// The host's turn is over; nobody answers where it is not `is_answered`.
    pub(super) fn finish_host_turn(&mut self, is_answered: bool) {
        let Floor::Host(mut turn) = replace(&mut self.floor, Floor::Open) else { return };
        let quiet_since = turn.endpointing.quiet_since();
        if quiet_since.is_some() && self.voice_since.is_none() {
            let words = self.known_words(turn.id);
            let votes = turn.endpointing.votes(self.now, words, self.host_rules());
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
        let spoken = turn.endpointing.spoken();
        let spoken = self.spoken(turn.id, Speaker::You, &text, Some(spoken));
        if let Some(spoken) = spoken {
            self.recent.host_spoke();
            self.recent.add(spoken);
        }
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
        if !is_answered {
            // Whoever ended it says what follows.
        } else if let Some(is_all) = self.spoken_strike(&text).filter(|_| had_words) {
            self.strike_as_spoken(turn.id, is_all);
        } else if had_words && turn.is_overlap && !has_content(&text, self.host_rules()) {
            let speaker = self.agenda.longer_ago();
            self.deny(speaker, "back_channel", &text);
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
        let Choice { speaker, reason, second } = self.whom(turn, text, self.names.addressed(text));
        self.agenda.host_acted();
        self.agenda.take_nominee();
        self.agenda.then(second);
        self.step = None;
        self.grant(speaker, reason, self.now, Some(turn), text);
    }

    /// Closes captions and forgets words of turns that nothing can change any more.
    fn let_go_of_words(&mut self, last: Option<TurnId>) {
        let murmur = self.murmur.as_ref().and_then(|murmur| murmur.voice.turn);
        let captions = self.words.let_go(&[last, murmur], &mut self.captions);
        self.orders.extend(captions.into_iter().map(Order::ShowCaption));
    }

    // ── An AI ────────────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn grant(
        &mut self,
        speaker: AiSpeaker,
        reason: GrantReason,
        not_before: SessionTime,
        answers: Option<TurnId>,
        said: &str,
    ) {
        self.cut_word();
        let prepared = self.take_prepared(speaker);
        let id = match &prepared {
            Some(prepared) => prepared.turn.id,
            None => self.new_turn_id(),
        };
        let scores = self.scores(said);
        if let Some(prepared) = &prepared {
            // What was written was written for this step, whatever the director says by now.
            self.step = prepared.step;
        }
        let step = self.step;
        if let Some(step) = &step {
            self.take_step(step);
        }
        let grant = self.agenda.granted(speaker);
        self.was_cut[speaker.index()] = false;
        self.has_failed[speaker.index()] = false;
        self.transcript.open(id, speaker.into(), None);
        self.order(Order::NoteTurnStarted { turn: id, speaker: speaker.into() });
        self.order(Order::NoteGranted { turn: id, speaker, reason, scores });
        if let Some(step) = step {
            self.note_step(id, step);
        }
        let (mut turn, held) = match prepared {
            Some(prepared) => (prepared.turn, Some(prepared.held)),
            None => (AiTurn::new(id, speaker, reason, not_before), None),
        };
        (turn.reason, turn.answers, turn.grant) = (reason, answers, grant);
        (turn.not_before, turn.free_at) = (not_before, self.now);
        self.floor = Floor::Ai(Box::new(turn));
        if let Some(held) = held {
            self.release(held);
        }
    }

    /// The turn was heard to its end.
    pub(super) fn complete(&mut self) {
        let Floor::Ai(turn) = replace(&mut self.floor, Floor::Open) else { return };
        let speaker = turn.speaker;
        if turn.reply != Reply::Written || turn.trouble.is_some() || turn.has_landed {
            self.order(Order::StopReply { turn: turn.id, speaker });
        }
        let calls_other = self.names.calls_other(speaker, &turn.heard_text());
        let spoke_until = turn.spoke_until();
        self.agenda.succeeded();
        let landed = if turn.has_landed { TurnEnd::Yielded } else { TurnEnd::Completed };
        let (id, reason) = (turn.id, turn.trouble.unwrap_or(landed));
        self.finish_ai_turn(*turn, reason, false);
        if self.has_made_room(id) {
            self.settle_intrusion();
        } else {
            self.go_on_after(speaker, calls_other, spoke_until);
        }
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
                | GrantReason::FollowUp
                | GrantReason::AskedHost
                | GrantReason::Balance
                | GrantReason::Role
                | GrantReason::Substitution
        );
        self.revoke(reason, false);
        let may_substitute = self.agenda.may_substitute();
        if was_audible {
            // The listener's end is in doubt: another voice would go the same way.
            self.settle_intrusion();
        } else if was_free && may_substitute && self.voice_since.is_none() {
            let said =
                answers.map(|turn| self.transcript.text(turn).to_owned()).unwrap_or_default();
            let other = speaker.other();
            self.step = None;
            self.grant(other, GrantReason::Substitution, self.now, answers, &said);
        } else {
            self.go_on_after(speaker, false, self.now);
        }
    }

    /// The AI under a voice is gone: the voice has the floor, unless it only murmured.
    pub(super) fn settle_intrusion(&mut self) {
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
        let length = Span::from_samples(turn.played());
        let spoken = self.spoken(turn.id, speaker.into(), &heard_text, Some(length));
        spoken.into_iter().for_each(|spoken| self.recent.add(spoken));
        self.has_failed[speaker.index()] = matches!(reason, TurnEnd::Failed | TurnEnd::TimedOut);
        if reason == TurnEnd::Withdrawn && self.program.rules().table.show.takes_back_withdrawn {
            self.agenda.take_back(speaker, turn.grant);
        }
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
