//! The AIs' side: text, voice, and what the listener heard of it.
//!
//! What arrives for a turn that is over is dropped here, with a note. Loudness and pauses of the voice that is on
//! are ordered here too, so that an order is given once and only while it means something.

use super::ai_turn::{AiTurn, Playout, Reply};
use super::barge_in::Intrusion;
use super::floor::{Conversation, Floor, Murmur};
use super::input::{Deadline, Outcome, VoicedWord};
use super::order::{Order, TurnEnd, Verdict};
use super::speaker::{Speaker, TurnId};
use crate::time::{SessionTime, Span};

/// The longest way to the ear that is learned: a page that takes longer to its first sound has stalled.
const WAY_MAX: Span = Span::from_millis(300);

impl Conversation {
    // ── Written and voiced ───────────────────────────────────────────────────────────────────────────────

    pub(super) fn on_reply_text(&mut self, turn: TurnId, text: &str) {
        let now = self.now;
        let Some(current) = self.current(turn) else { return };
        if !matches!(current.reply, Reply::Writing(_)) {
            return self.ignore("reply_is_not_being_written");
        }
        let pieces = current.write(Some(text));
        self.speak(turn, pieces, now);
    }

    pub(super) fn on_reply_ended(&mut self, turn: TurnId, outcome: Outcome) {
        let now = self.now;
        let Some(current) = self.current(turn) else { return };
        if !matches!(current.reply, Reply::Writing(_)) {
            return self.ignore("reply_is_not_being_written");
        }
        current.reply = Reply::Written;
        let pieces = current.write(None);
        let speaker = current.speaker;
        let has_pieces = current.has_pieces();
        let said = current.said_text();
        let calls_other = self.names.calls_other(speaker, &said);
        if let Some(current) = self.ai_turn(turn) {
            current.calls_other = Some(calls_other);
        }
        self.speak(turn, pieces, now);
        if self.prepared(turn).is_some() {
            self.on_prepared_written(outcome);
        } else if has_pieces {
            self.order(Order::FinishVoice { turn, speaker });
            if let Some(reason) = trouble_of(outcome) {
                self.has_trouble(reason);
                self.tell_of_reply(speaker.into(), outcome);
            }
        } else if let Some(reason) = trouble_of(outcome) {
            self.tell_of_reply(speaker.into(), outcome);
            self.come_to_nothing(reason);
        } else {
            self.come_to_nothing(TurnEnd::Empty);
        }
    }

    pub(super) fn speak(&mut self, turn: TurnId, pieces: Vec<(u16, String)>, now: SessionTime) {
        let pieces = if self.prepared(turn).is_some() { self.hold_pieces(pieces) } else { pieces };
        let Some(current) = self.ai_turn(turn) else { return };
        // A voice that has ended says nothing more; the text stays unheard.
        if pieces.is_empty() || current.voice_total.is_some() {
            return;
        }
        current.spoken_since.get_or_insert(now);
        let speaker = current.speaker;
        self.orders.extend(pieces.into_iter().map(|(piece, text)| Order::Speak {
            turn,
            speaker,
            piece,
            text,
        }));
    }

    pub(super) fn on_piece_voiced(
        &mut self,
        turn: TurnId,
        piece: u16,
        words: &[VoicedWord],
        samples: u64,
    ) {
        let Some(current) = self.current(turn) else { return };
        if current.voice_total.is_some() || !current.voice(piece, words, samples) {
            return self.ignore("piece_is_not_due");
        }
        current.note_heard();
        self.show_heard();
    }

    pub(super) fn on_voice_started(&mut self, turn: TurnId) {
        let Some(current) = self.current(turn) else { return };
        if current.has_voice || current.spoken_since.is_none() {
            return self.ignore("voice_is_not_due");
        }
        current.has_voice = true;
    }

    pub(super) fn on_voice_ended(&mut self, turn: TurnId, samples: u64, outcome: Outcome) {
        let Some(current) = self.current(turn) else { return };
        if current.voice_total.is_some() || current.spoken_since.is_none() {
            return self.ignore("voice_is_not_due");
        }
        current.voice_total = Some(samples.max(current.played()));
        current.has_voice = true;
        let speaker = Speaker::from(current.speaker);
        let trouble = trouble_of(outcome);
        if self.prepared(turn).is_some() {
            if trouble.is_some() || samples == 0 {
                self.discard_prepared("voice_failed");
            }
            return;
        }
        if trouble.is_some() {
            let name = self.name(speaker);
            let message = format!(
                "{name}'s voice failed; the show goes on, try again or choose another voice."
            );
            self.tell("voice_failed", message);
        }
        if samples == 0 {
            self.come_to_nothing(trouble.unwrap_or(TurnEnd::Empty));
        } else if let Some(reason) = trouble {
            self.has_trouble(reason);
        }
    }

    fn has_trouble(&mut self, reason: TurnEnd) {
        if let Floor::Ai(current) = &mut self.floor {
            current.trouble.get_or_insert(reason);
        }
    }

    // ── Heard ────────────────────────────────────────────────────────────────────────────────────────────

    pub(super) fn on_played(&mut self, turn: TurnId, samples: u64, at: SessionTime) {
        let at = at.min(self.now);
        if let Some(fading) = self.fading.as_mut().filter(|fading| fading.turn.id == turn) {
            fading.turn.hear(samples, at);
            return;
        }
        let now = self.now;
        let Some(current) = self.current(turn) else { return };
        if !current.is_audible() {
            return self.ignore("turn_is_not_playing");
        }
        let before = current.played();
        current.hear(samples, at);
        let more = current.played() - before;
        let mut way = None;
        if let Some(playout) = current.playout.as_mut().filter(|playout| playout.played > before) {
            playout.progress_at = now;
            if before == 0 && !playout.is_paused {
                way = Some((at - Span::from_samples(samples)).since(playout.began));
            }
        }
        if let Some(way) = way {
            self.learn_way(way);
        }
        self.own.more_heard(more);
        self.show_heard();
    }

    /// A turn's first sound took this long to the ear. A stall or a pause says nothing of the next one, so no one turn
    /// moves the estimate far.
    fn learn_way(&mut self, way: Span) {
        let way = way.min(WAY_MAX);
        let known = self.way.unwrap_or(way);
        self.way = Some(Span::from_samples((3 * known.samples() + way.samples()) / 4));
    }

    pub(super) fn on_flushed(&mut self, turn: TurnId, samples: u64, at: SessionTime) {
        let at = at.min(self.now);
        match self.fading.as_mut().filter(|fading| fading.turn.id == turn) {
            Some(fading) => {
                fading.turn.hear(samples, at);
                self.fade_out();
            }
            None => self.ignore("turn_is_over"),
        }
    }

    fn show_heard(&mut self) {
        if let Floor::Ai(current) = &mut self.floor {
            let captions = current.captions(false, &mut self.captions);
            self.orders.extend(captions.into_iter().map(Order::ShowCaption));
        }
    }

    /// The AI turn `turn`, on the floor or prepared; otherwise notes that it is over.
    fn current(&mut self, turn: TurnId) -> Option<&mut AiTurn> {
        if self.ai_turn(turn).is_none() {
            self.ignore("turn_is_over");
        }
        self.ai_turn(turn)
    }

    fn ai_turn(&mut self, turn: TurnId) -> Option<&mut AiTurn> {
        match &mut self.floor {
            Floor::Ai(current) if current.id == turn => Some(current),
            Floor::Open | Floor::Host(_) | Floor::Ai(_) => {
                let prepared = self.prepared.as_mut().filter(|prepared| prepared.turn.id == turn);
                prepared.map(|prepared| &mut prepared.turn)
            }
        }
    }

    // ── What the rules ask of the turn on the floor ──────────────────────────────────────────────────────

    pub(super) fn advance_ai_turn(&mut self) -> bool {
        let Floor::Ai(turn) = &self.floor else { return false };
        if turn.is_heard_out() {
            self.complete();
            return true;
        }
        // The prompt holds what was heard of the last turn, so it waits until that is known.
        if turn.reply == Reply::Due && self.fading.is_none() {
            self.start_reply();
            return true;
        }
        match self.ai_deadline(turn).filter(|(at, _)| *at <= self.now) {
            Some((_, Deadline::NextSpeaker)) => self.start_playout(),
            Some((_, late)) => self.time_out(late),
            None => return false,
        }
        true
    }

    fn start_reply(&mut self) {
        let now = self.now;
        let Floor::Ai(current) = &mut self.floor else { return };
        current.reply = Reply::Writing(now);
        let (turn, speaker) = (current.id, current.speaker);
        self.do_without_summaries(speaker);
        let prompt = self.prompt(speaker, None, self.step.as_ref());
        self.order(Order::StartReply { turn, speaker, prompt: Box::new(prompt) });
    }

    fn start_playout(&mut self) {
        let now = self.now;
        let Floor::Ai(current) = &mut self.floor else { return };
        current.playout = Some(Playout::new(now));
        let (turn, speaker) = (current.id, current.speaker);
        self.transcript.sounded(turn, now);
        // The show has gone on: nobody looks cut off any more.
        self.was_cut = [false; 2];
        self.order(Order::StartPlayout { turn, speaker });
    }

    fn time_out(&mut self, late: Deadline) {
        let Floor::Ai(current) = &self.floor else { return };
        let name = self.name(current.speaker.into());
        let (code, message) = if late == Deadline::ReplyFirstText {
            (
                "reply_timed_out",
                format!("{name} found no words in time; ask again or go on with the other one."),
            )
        } else if late == Deadline::VoiceFirstAudio {
            (
                "voice_timed_out",
                format!("{name}'s voice gave no sound in time; ask again or choose another voice."),
            )
        } else {
            let message = format!(
                "The page no longer plays {name}'s voice; check the sound output or reload the page."
            );
            ("playout_stalled", message)
        };
        self.tell(code, message);
        self.come_to_nothing(TurnEnd::TimedOut);
    }

    fn tell_of_reply(&mut self, speaker: Speaker, outcome: Outcome) {
        let name = self.name(speaker);
        let (code, message) = match outcome {
            Outcome::Complete => return,
            Outcome::Failed => (
                "reply_failed",
                format!("{name}'s language model failed; the show goes on, ask again in a moment."),
            ),
            Outcome::Refused => (
                "reply_refused",
                format!("{name}'s language model refused to answer; put the question differently."),
            ),
            Outcome::TimedOut => (
                "reply_timed_out",
                format!("{name} found no words in time; ask again or go on with the other one."),
            ),
        };
        self.tell(code, message);
    }

    pub(super) fn name(&self, speaker: Speaker) -> String {
        self.briefing.speaker(speaker).name.clone()
    }

    // ── Loudness and pauses ──────────────────────────────────────────────────────────────────────────────

    pub(super) fn duck(&mut self) {
        let (gain_db, fade_ms) = (self.rules().duck_db, millis(self.rules().duck_fade));
        let Floor::Ai(current) = &mut self.floor else { return };
        let (turn, speaker) = (current.id, current.speaker);
        if let Some(playout) =
            current.playout.as_mut().filter(|playout| !playout.is_ducked && !playout.is_paused)
        {
            playout.is_ducked = true;
            self.order(Order::Duck { turn, speaker, gain_db, fade_ms });
        }
    }

    pub(super) fn restore_level(&mut self) {
        let fade_ms = millis(self.rules().duck_fade);
        let Floor::Ai(current) = &mut self.floor else { return };
        let (turn, speaker) = (current.id, current.speaker);
        if let Some(playout) = current.playout.as_mut().filter(|playout| playout.is_ducked) {
            playout.is_ducked = false;
            self.order(Order::Duck { turn, speaker, gain_db: 0, fade_ms });
        }
    }

    pub(super) fn pause(&mut self) {
        let fade_ms = millis(self.rules().stop_fade);
        let Floor::Ai(current) = &mut self.floor else { return };
        let (turn, speaker) = (current.id, current.speaker);
        if let Some(playout) = current.playout.as_mut().filter(|playout| !playout.is_paused) {
            playout.is_paused = true;
            self.order(Order::Pause { turn, speaker, fade_ms });
        }
    }

    pub(super) fn resume(&mut self) {
        let now = self.now;
        let Floor::Ai(current) = &mut self.floor else { return };
        let (turn, speaker) = (current.id, current.speaker);
        if let Some(playout) =
            current.playout.as_mut().filter(|playout| playout.is_paused && self.is_connected)
        {
            playout.is_paused = false;
            playout.progress_at = now;
            self.order(Order::Resume { turn, speaker });
        }
    }

    pub(super) fn pause_for_voice(&mut self) {
        if let Some(intrusion) = &mut self.intrusion {
            intrusion.has_paused = true;
        }
        self.pause();
    }

    /// The voice was a back-channel or a cough: the AI goes on at the same sample.
    pub(super) fn go_on_after_voice(&mut self) {
        let Some(intrusion) = self.intrusion.take() else { return };
        self.restore_level();
        if intrusion.has_paused {
            self.resume();
            if let Floor::Ai(current) = &self.floor {
                let order = Order::NoteBargeIn {
                    speaker: current.speaker,
                    turn: current.id,
                    verdict: Verdict::Resumed,
                    heard_text: current.heard_text(),
                    unheard_text: current.unheard_text(),
                };
                self.order(order);
            }
        }
        self.let_pass(intrusion, false);
    }

    /// Keeps a voice that was let pass for a while: its words may still come.
    pub(super) fn let_pass(&mut self, voice: Intrusion, was_last_word: bool) {
        let until = self.now + self.rules().late_words;
        self.murmur = Some(Murmur { voice, until, was_last_word });
    }
}

/// A fade for the wire: whole milliseconds in 16 bits.
pub(super) fn millis(span: Span) -> u16 {
    u16::try_from(span.millis()).unwrap_or(u16::MAX)
}

const fn trouble_of(outcome: Outcome) -> Option<TurnEnd> {
    match outcome {
        Outcome::Complete => None,
        Outcome::Failed | Outcome::Refused => Some(TurnEnd::Failed),
        Outcome::TimedOut => Some(TurnEnd::TimedOut),
    }
}
