//! The host's side: voice, words and keys.
//!
//! Each method writes down one fact; what follows from it is asked afterwards. Voice that falls on an AI's turn
//! becomes an [`Intrusion`], all other voice is the host's turn.

use super::barge_in::{Intrusion, has_content};
use super::floor::{Conversation, Floor, Murmur, Rise};
use super::host_words::Kept;
use super::input::Stability;
use super::order::{Order, TurnEnd};
use super::speaker::{AiSpeaker, Speaker, TurnId};
use crate::time::SessionTime;

impl Conversation {
    // ── Voice ────────────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn on_speech_started(&mut self, at: SessionTime) {
        if self.is_ending {
            return self.ignore("session_is_ending");
        }
        if !self.is_connected {
            return self.ignore("host_is_not_connected");
        }
        if self.muted_since.is_some() {
            return self.ignore("voice_while_muted");
        }
        if self.voice_since.is_some() {
            return self.ignore("voice_is_on");
        }
        let at = at.min(self.now);
        self.voice_since = Some(at);
        self.end_is_assumed = false;
        match &mut self.floor {
            Floor::Host(turn) => turn.endpointing.started(at),
            Floor::Open => self.open_host_turn(None, Some(at), at),
            Floor::Ai(_) => self.intrude(at),
        }
    }

    /// A sound over an AI's voice ducks it at once; a detector that hears no voice in it gives the loudness back.
    pub(super) fn on_sound_rose(&mut self, at: SessionTime) {
        let is_over_voice = matches!(
            &self.floor,
            Floor::Ai(turn) if turn.playout.as_ref().is_some_and(|playout| playout.played > 0)
        );
        let may_be_host = self.is_connected && !self.is_ending && self.muted_since.is_none();
        if may_be_host && is_over_voice && self.voice_since.is_none() && self.intrusion.is_none() {
            self.rise =
                Some(Rise { at: at.min(self.now), until: self.now + self.rules().sound_confirm });
            self.duck();
        }
    }

    /// Whether the sound that was waited for is settled, one way or the other.
    pub(super) fn advance_rise(&mut self) -> bool {
        let Some(rise) = self.rise else { return false };
        let is_voice = self.intrusion.is_some();
        let is_settled = is_voice || rise.until <= self.now || !matches!(self.floor, Floor::Ai(_));
        if is_settled {
            self.rise = None;
            if !is_voice {
                self.restore_level();
                self.make_room();
            }
        }
        is_settled
    }

    /// Over an AI's voice a sound that may be none is not paused for yet; elsewhere it changes nothing.
    pub(super) fn on_voice_wavered(&mut self, firm: bool) {
        // Logs of before it was told with the start know nothing of the voices that were on when an AI began.
        if self.voice_since.is_none() || self.firm.is_some() {
            self.firm = Some(firm);
        }
        if self.voice_since.is_some()
            && let Some(intrusion) = &mut self.intrusion
        {
            intrusion.wavered(firm, &self.program.rules().table);
        }
    }

    pub(super) fn on_speech_stopped(&mut self, at: SessionTime) {
        let at = at.min(self.now);
        self.firm = None;
        if let Some(since) = self.voice_since.take() {
            self.voice_ended(at.max(since));
        } else if self.end_is_assumed {
            self.end_is_assumed = false;
            if let Floor::Host(turn) = &mut self.floor {
                turn.endpointing.stopped_earlier(at);
            }
        } else {
            self.ignore("voice_is_off");
        }
    }

    /// The voice ended as far as the conversation is concerned; the detector will say exactly when.
    pub(super) fn assume_voice_ended(&mut self) {
        if let Some(since) = self.voice_since.take() {
            self.end_is_assumed = true;
            self.firm = None;
            self.voice_ended(self.now.max(since));
        }
    }

    fn voice_ended(&mut self, at: SessionTime) {
        // One that was let pass while it was on, as an echo is, may still turn out to be the host's.
        if let Some(murmur) = &mut self.murmur {
            murmur.voice.stopped(at);
        }
        match &mut self.floor {
            Floor::Host(turn) => turn.endpointing.stopped(at),
            Floor::Ai(_) => {
                if let Some(intrusion) = &mut self.intrusion {
                    intrusion.stopped(at);
                }
                // Too short for a pause: the AI is let go at once. What turns out too long stops it anyway.
                if self.intrusion.as_ref().is_some_and(|intrusion| !intrusion.has_paused) {
                    self.restore_level();
                }
            }
            Floor::Open => {}
        }
    }

    /// The host's voice falls on an AI's turn.
    pub(super) fn intrude(&mut self, at: SessionTime) {
        // The detector is sure of a voice a little later than it began to sound.
        let onset = self.rise.map_or(at, |rise| rise.at.min(at));
        let Floor::Ai(turn) = &self.floor else { return };
        let rules = self.program.rules().of_speaker(turn.speaker.into());
        let intrusion = self.intrusion.get_or_insert_with(|| Intrusion::new(onset));
        intrusion.started(at, self.firm, rules);
        match &turn.playout {
            // Not a sample was reported as heard: holding it loses nothing and cannot start over the host.
            Some(playout) if playout.played == 0 => self.pause_for_voice(),
            Some(_) => self.duck(),
            None => {}
        }
    }

    // ── Words ────────────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn on_recognised(
        &mut self,
        segment: u32,
        text: &str,
        from: SessionTime,
        until: SessionTime,
        stability: Stability,
    ) {
        let until = until.min(self.now);
        let from = from.min(until);
        if self.take_own_words(segment, text, (from, until), stability) {
            return;
        }
        let turn = match self.words.find(segment) {
            Kept::Settled => return self.ignore("segment_is_final"),
            Kept::For(turn) => turn,
            // What a muted host says is nobody's.
            Kept::Nowhere if self.muted_since.is_some_and(|since| from >= since) => {
                return self.ignore("words_while_muted");
            }
            Kept::Nowhere => self.turn_of_new_words(from, until),
        };
        let is_blank = text.trim().is_empty();
        if turn.is_none() && is_blank {
            return;
        }
        self.words.take(segment, turn, text, (from, until), stability);
        if turn.is_none() && matches!(self.floor, Floor::Open) && !self.is_ending {
            // Words that came too late for their turn, or that only the recogniser noticed: they are the turn.
            self.open_host_turn(None, None, until);
        }
        if let Some(turn) = turn {
            self.words_changed(turn);
        }
    }

    /// Shows and remembers what is known of `turn`, and looks again at a voice that was let pass.
    pub(super) fn words_changed(&mut self, turn: TurnId) {
        let captions = self.words.captions(turn, false, &mut self.captions);
        self.orders.extend(captions.into_iter().map(Order::ShowCaption));
        self.transcript.set(turn, self.words.text(turn));
        let Some(murmur) = self.murmur.take_if(|murmur| murmur.voice.turn == Some(turn)) else {
            return;
        };
        let text = self.words.text(turn);
        let is_fresh = self.now <= murmur.until;
        match &self.floor {
            Floor::Ai(_) if is_fresh && self.intrusion.is_none() && self.claims(&text) => {
                self.intrusion = Some(self.claim(murmur.voice));
            }
            Floor::Open
                if is_fresh
                    && murmur.was_last_word
                    && has_content(&text, self.rules())
                    && !self.is_ending =>
            {
                self.open_host_turn_after(murmur.voice, None);
            }
            Floor::Ai(_) | Floor::Open | Floor::Host(_) => self.murmur = Some(murmur),
        }
    }

    /// The turn that words never heard of before belong to; none if they open one or wait for one.
    fn turn_of_new_words(&mut self, from: SessionTime, until: SessionTime) -> Option<TurnId> {
        let slack = self.rules().coverage_slack;
        let last = self.last_host_turn.filter(|last| until <= last.spoke_until + slack);
        let late_for = last.filter(|last| last.had_words).map(|last| last.id);
        match &self.floor {
            Floor::Host(turn) if until <= turn.began => Some(late_for.unwrap_or(turn.id)),
            Floor::Host(turn) => Some(turn.id),
            Floor::Ai(_)
                if self.intrusion.as_ref().is_some_and(|intrusion| until > intrusion.onset) =>
            {
                self.intrusion.as_mut().and_then(|intrusion| intrusion.turn).or_else(|| {
                    let id = self.new_turn_id();
                    if let Some(intrusion) = &mut self.intrusion {
                        intrusion.turn = Some(id);
                    }
                    Some(id)
                })
            }
            Floor::Ai(_) if last.is_some() => late_for,
            Floor::Ai(_) => Some(self.turn_of_murmur(from, until)),
            Floor::Open if last.is_some() => late_for,
            Floor::Open => {
                let is_murmur = self
                    .murmur
                    .as_ref()
                    .is_some_and(|murmur| until <= murmur.voice.ended() + slack);
                is_murmur.then(|| self.turn_of_murmur(from, until))
            }
        }
    }

    /// The turn that keeps the words of a voice that was let pass, or that only the recogniser noticed.
    fn turn_of_murmur(&mut self, from: SessionTime, until: SessionTime) -> TurnId {
        let slack = self.rules().coverage_slack;
        let late_words = self.rules().late_words;
        let is_known =
            self.murmur.as_ref().is_some_and(|murmur| until <= murmur.voice.ended() + slack);
        if !is_known {
            let voice = Intrusion::unnoticed(from, until);
            self.murmur =
                Some(Murmur { voice, until: self.now + late_words, was_last_word: false });
        }
        let known = self.murmur.as_ref().and_then(|murmur| murmur.voice.turn);
        known.unwrap_or_else(|| {
            let id = self.new_turn_id();
            if let Some(murmur) = &mut self.murmur {
                murmur.voice.turn = Some(id);
            }
            id
        })
    }

    pub(super) fn on_end_of_turn_judged(&mut self, ask: u32, score: Option<u16>) {
        let in_force = self.program.in_force();
        let rules = in_force.of_speaker(Speaker::You);
        let is_open = match &mut self.floor {
            Floor::Host(turn) => turn.endpointing.judged(ask, score, rules),
            Floor::Open | Floor::Ai(_) => false,
        };
        if !is_open {
            self.ignore("answer_is_old");
        }
    }

    pub(super) fn ask_end_of_turn(&mut self) {
        self.last_ask = self.last_ask.wrapping_add(1);
        let (ask, now, in_force) = (self.last_ask, self.now, self.program.in_force());
        if let Floor::Host(turn) = &mut self.floor {
            turn.endpointing.asked(ask, now, in_force.of_speaker(Speaker::You));
            self.order(Order::AskEndOfTurn { ask });
        }
    }

    pub(super) fn finish_recognition(&mut self) {
        if let Floor::Host(turn) = &mut self.floor {
            turn.endpointing.told_to_finish();
            self.order(Order::FinishRecognition);
        }
    }

    // ── Keys ─────────────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn on_typed(&mut self, text: &str) {
        if self.is_ending {
            return self.ignore("session_is_ending");
        }
        if text.trim().is_empty() {
            return self.ignore("text_is_empty");
        }
        if matches!(self.floor, Floor::Ai(_)) {
            self.interrupt(TurnEnd::Interrupted);
        }
        if matches!(self.floor, Floor::Open) {
            self.open_host_turn(None, None, self.now);
        }
        if let Floor::Host(turn) = &self.floor {
            let id = turn.id;
            self.words.type_in(id, text, self.now);
            self.words_changed(id);
            self.end_host_turn();
        }
    }

    pub(super) fn on_interrupt_pressed(&mut self) {
        if matches!(self.floor, Floor::Ai(_)) {
            self.agenda.host_acted();
            self.interrupt(TurnEnd::Interrupted);
        } else {
            self.ignore("nobody_to_interrupt");
        }
    }

    pub(super) fn on_mute_set(&mut self, muted: bool) {
        if muted {
            self.muted_since.get_or_insert(self.now);
            self.assume_voice_ended();
        } else {
            self.muted_since = None;
        }
    }

    pub(super) fn on_push_to_talk_set(&mut self, held: bool) {
        if self.is_key_held == held {
            return self.ignore("key_is_there_already");
        }
        self.is_key_held = held;
        if !held {
            self.assume_voice_ended();
        }
        if let Floor::Host(turn) = &mut self.floor {
            turn.endpointing.hold(held);
            if !held {
                turn.endpointing.force();
            }
        }
    }

    pub(super) fn on_nominated(&mut self, speaker: AiSpeaker) {
        if self.is_ending {
            return self.ignore("session_is_ending");
        }
        self.agenda.nominate(speaker);
        self.begin_from_silence();
    }

    pub(super) fn on_autopilot_set(&mut self, enabled: bool) {
        self.agenda.set_autopilot(enabled);
        self.order(Order::ShowAutopilot { enabled });
        if enabled {
            self.begin_from_silence();
        }
    }
}
