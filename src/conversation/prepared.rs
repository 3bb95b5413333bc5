//! Replies that are made before they hold the floor.
//!
//! One mechanism for two wishes. *Speculation*: while it is being judged whether the host's turn is over, the reply is
//! written already, on the words known so far. *The next speaker*: while one AI speaks, the other writes what follows, so
//! that the gap between them is chosen and not suffered. Either way the reply is a turn without the floor.
//!
//! Invariants: a prepared turn never sounds, and is no orb, caption or line of anybody's memory; one at most is there; it
//! gets the floor only if the floor is given to its speaker and every word its prompt held stands; otherwise it is dropped
//! with a note of what it cost; tries are bounded for each turn it could follow.

use super::addressing::Addressed;
use super::ai_turn::{AiTurn, Reply};
use super::autopilot::Next;
use super::barge_in::has_content;
use super::director::Decision;
use super::floor::{Conversation, Floor};
use super::input::Outcome;
use super::order::{GrantReason, Order, PreparedEnd};
use super::prompt::{Message, Prompt, Role, STAGE};
use super::speaker::{AiSpeaker, TurnId};
use super::words::plain_words;
use crate::time::Span;

/// How much earlier than the end of speech interim words may end and still be worth an answer: a recogniser's interval.
const REACH_SLACK: Span = Span::from_millis(400);

/// A turn without the floor.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    pub(super) turn: AiTurn,
    basis: Basis,
    /// The host's words as they stand in it, and whom they call: asked at every step, and slow to find out.
    called: Option<(String, Addressed)>,
    /// What the director has its speaker do in it.
    pub(super) step: Option<Decision>,
    /// Pieces that the voice gets when the floor is given.
    pub(super) held: Vec<(u16, String)>,
}

/// What a prepared reply rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Basis {
    /// The turn it follows.
    after: TurnId,
    /// The words of that turn, as they are compared.
    words: Vec<String>,
    /// How often everything else in the speaker's memory had changed.
    memory: u32,
}

/// Replies prepared for one turn to follow.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tries {
    after: Option<TurnId>,
    made: u16,
}

impl Tries {
    fn made_after(self, turn: TurnId) -> u16 {
        if self.after == Some(turn) { self.made } else { 0 }
    }
}

/// Who would speak if the turn on the floor ended as it stands, and what that one would answer.
struct Foreseen {
    speaker: AiSpeaker,
    after: TurnId,
    text: String,
    /// Whom a text of the host calls.
    addressed: Option<Addressed>,
}

impl Conversation {
    // ── What the rules ask ───────────────────────────────────────────────────────────────────────────────

    /// Drops a prepared reply that no longer stands, or has one made where that may help.
    pub(super) fn advance_prepared(&mut self) -> bool {
        if let Some(prepared) = &self.prepared {
            let Some(why) = self.fault_of(prepared) else { return false };
            self.discard_prepared(why);
            return true;
        }
        if !self.may_prepare() {
            return false;
        }
        let Some(foreseen) = self.foreseen() else { return false };
        self.prepare(foreseen);
        true
    }

    /// Whether this is a moment in which a reply may be made ahead.
    fn may_prepare(&self) -> bool {
        if !self.is_connected || self.is_ending || self.fading.is_some() {
            return false;
        }
        let (after, most) = match &self.floor {
            Floor::Open => return false,
            Floor::Host(turn) => {
                let may_be_over =
                    self.voice_since.is_none() && turn.endpointing.is_silence_judged();
                let reach = self.words.reach(turn.id);
                let is_known = turn
                    .endpointing
                    .quiet_since()
                    .zip(reach)
                    .is_some_and(|(quiet, reach)| reach + REACH_SLACK >= quiet);
                if !may_be_over || !is_known || !self.known_words(turn.id).can_end {
                    return false;
                }
                (turn.id, self.rules().prepare_tries)
            }
            Floor::Ai(turn) => {
                let is_foreseeable = turn.playout.is_some()
                    && turn.reply == Reply::Written
                    && turn.trouble.is_none()
                    && self.intrusion.is_none();
                if !is_foreseeable {
                    return false;
                }
                (turn.id, u16::from(self.rules().prepare_next))
            }
        };
        self.tries.made_after(after) < most
    }

    /// Who comes next if the turn on the floor ends as it stands.
    fn foreseen(&self) -> Option<Foreseen> {
        match &self.floor {
            Floor::Open => None,
            Floor::Host(turn) => {
                let text = self.words.text(turn.id);
                let asks = !plain_words(&text).is_empty()
                    && (!turn.is_overlap || has_content(&text, self.rules()))
                    && self.spoken_strike(&text).is_none();
                let known = self.prepared.as_ref().and_then(|prepared| prepared.called.as_ref());
                let known =
                    known.filter(|(line, _)| *line == text).map(|(_, addressed)| *addressed);
                let addressed = known.unwrap_or_else(|| self.names.addressed(&text));
                let speaker = self.whom(turn.id, &text, addressed).speaker;
                let addressed = Some(addressed);
                asks.then_some(Foreseen { speaker, after: turn.id, text, addressed })
            }
            Floor::Ai(turn) => {
                // One that makes room for the host is followed by nobody, for a while.
                if self.landing.is_of(turn.id) {
                    return None;
                }
                let text = turn.said_text();
                let calls_other = turn.calls_other?;
                let rules = &self.program.rules().table;
                let next = self.agenda.clone().after(turn.speaker, calls_other, rules);
                match next {
                    // A voice cannot make one turn while it speaks another.
                    Next::Grant(speaker, _) if speaker != turn.speaker => {
                        Some(Foreseen { speaker, after: turn.id, text, addressed: None })
                    }
                    Next::Grant(..) | Next::Deny(..) | Next::Rest => None,
                }
            }
        }
    }

    /// Why `prepared` is of no use any more; none while it may be.
    fn fault_of(&self, prepared: &Prepared) -> Option<&'static str> {
        if self.is_ending {
            return Some("session_is_ending");
        }
        let follows = match &self.floor {
            Floor::Open => None,
            Floor::Host(turn) => Some(turn.id),
            Floor::Ai(turn) => Some(turn.id),
        };
        if follows != Some(prepared.basis.after) {
            return Some("another_turn_came");
        }
        let is_in_trouble = matches!(&self.floor, Floor::Ai(turn) if turn.trouble.is_some());
        let Some(foreseen) = self.foreseen().filter(|_| !is_in_trouble) else {
            return Some("nobody_follows");
        };
        if foreseen.speaker != prepared.turn.speaker {
            Some("another_speaker_follows")
        } else if plain_words(&foreseen.text) != prepared.basis.words {
            Some("words_changed")
        } else if self.transcript.revision_but(foreseen.after) != prepared.basis.memory {
            Some("memory_changed")
        } else {
            None
        }
    }

    fn prepare(&mut self, foreseen: Foreseen) {
        let Foreseen { speaker, after, text, addressed } = foreseen;
        let made = self.tries.made_after(after);
        self.tries = Tries { after: Some(after), made: made + 1 };
        let Ok(step) = self.foreseen_step(speaker, after, &text) else { return };
        self.do_without_summaries(speaker);
        if self.is_too_long_with_one_more(speaker) {
            return;
        }
        let turn = self.new_turn_id();
        let basis =
            Basis { after, words: plain_words(&text), memory: self.transcript.revision_but(after) };
        let mut prepared = AiTurn::new(turn, speaker, GrantReason::Alternation, self.now);
        prepared.reply = Reply::Writing(self.now);
        let prompt = self.prompt(speaker, Some((after, &text)), step.as_ref());
        let called = addressed.map(|addressed| (text, addressed));
        let held = Vec::new();
        self.prepared = Some(Box::new(Prepared { turn: prepared, basis, called, step, held }));
        self.order(Order::NotePreparing { turn, speaker, after });
        self.order(Order::StartReply { turn, speaker, prompt: Box::new(prompt) });
    }

    /// What the director will have `speaker` do after turn `after`, if the AI that has it goes on as it is written; an
    /// error where somebody else will speak, or nobody.
    fn foreseen_step(
        &self,
        speaker: AiSpeaker,
        after: TurnId,
        text: &str,
    ) -> Result<Option<Decision>, ()> {
        let Floor::Ai(turn) = &self.floor else { return Ok(None) };
        let expected = self.spoken(after, turn.speaker.into(), text, None);
        match self.direct(turn.speaker, expected.as_ref()) {
            None => Ok(None),
            Some(Some(decision)) if decision.speaker == speaker => Ok(Some(decision)),
            Some(_) => Err(()),
        }
    }

    /// What `speaker` is asked: with `expected`, as if that text of that turn had been heard already; with `step`, what
    /// the director has it do.
    pub(super) fn prompt(
        &self,
        speaker: AiSpeaker,
        expected: Option<(TurnId, &str)>,
        step: Option<&Decision>,
    ) -> Prompt {
        let rules = self.rules_of(speaker);
        let is_summed_up = rules.show.history_words > 0;
        let mut messages =
            self.transcript.messages(speaker, &self.briefing, expected, is_summed_up);
        let directions = [self.pace(rules), step.and_then(|step| self.direction(step))];
        messages.extend(directions.into_iter().flatten().map(|text| Message {
            role: Role::User,
            name: STAGE.into(),
            text,
        }));
        Prompt {
            system: self.system_prompts[speaker.index()].clone(),
            messages,
            answer_seconds: rules.answer_seconds,
        }
    }

    // ── What becomes of it ───────────────────────────────────────────────────────────────────────────────

    /// The prepared turn, if it is `turn`.
    pub(super) fn prepared(&mut self, turn: TurnId) -> Option<&mut AiTurn> {
        let prepared = self.prepared.as_mut().filter(|prepared| prepared.turn.id == turn);
        prepared.map(|prepared| &mut prepared.turn)
    }

    /// The first piece may be voiced ahead, for that is what the listener would wait for; the others wait.
    pub(super) fn hold_pieces(&mut self, mut pieces: Vec<(u16, String)>) -> Vec<(u16, String)> {
        let may_sound = self.rules().prepare_sound;
        let Some(prepared) = &mut self.prepared else { return pieces };
        let first = pieces.first().filter(|(number, _)| *number == 0 && may_sound);
        let held = if first.is_some() { pieces.split_off(1) } else { std::mem::take(&mut pieces) };
        prepared.held.extend(held);
        pieces
    }

    /// The prepared reply is written, or its model failed: then it is as if it had never been asked.
    pub(super) fn on_prepared_written(&mut self, outcome: Outcome) {
        let Some(prepared) = &self.prepared else { return };
        let (turn, speaker) = (prepared.turn.id, prepared.turn.speaker);
        if outcome != Outcome::Complete {
            self.discard_prepared("reply_failed");
        } else if !prepared.turn.has_pieces() {
            self.discard_prepared("reply_is_empty");
        } else if prepared.held.is_empty() {
            self.order(Order::FinishVoice { turn, speaker });
        }
    }

    /// Drops the prepared reply.
    pub(super) fn discard_prepared(&mut self, reason: &'static str) {
        let Some(prepared) = self.prepared.take() else { return };
        let (turn, speaker) = (prepared.turn.id, prepared.turn.speaker);
        let words = words_in(&prepared.turn.unheard_text());
        self.order(Order::StopReply { turn, speaker });
        let end = PreparedEnd::Discarded;
        self.order(Order::NotePrepared { turn, speaker, end, reason, words });
    }

    /// The prepared turn of `speaker`, who is given the floor, if all it rests on stands.
    pub(super) fn take_prepared(&mut self, speaker: AiSpeaker) -> Option<Box<Prepared>> {
        let prepared = self.prepared.as_ref()?;
        let Basis { after, words, memory } = &prepared.basis;
        let is_same = plain_words(self.transcript.text(*after)) == *words
            && self.transcript.revision_but(*after) == *memory;
        // One that hangs is no help: asking again may be.
        let awaits_voice = prepared.turn.has_pieces() && prepared.turn.spoken_since.is_none();
        let hangs = !awaits_voice
            && !prepared.turn.has_voice
            && self.ai_deadline(&prepared.turn).is_some_and(|(at, _)| at <= self.now);
        let fault = if prepared.turn.speaker != speaker {
            Some("another_speaker_follows")
        } else if !is_same {
            Some("words_changed")
        } else {
            hangs.then_some("reply_is_late")
        };
        if let Some(fault) = fault {
            self.discard_prepared(fault);
            return None;
        }
        self.prepared.take()
    }

    /// The prepared turn has the floor: its voice goes on where it was held.
    pub(super) fn release(&mut self, held: Vec<(u16, String)>) {
        let now = self.now;
        let Floor::Ai(current) = &self.floor else { return };
        let (turn, speaker, reply) = (current.id, current.speaker, current.reply);
        let words = words_in(&current.unheard_text());
        let end = PreparedEnd::Used;
        self.order(Order::NotePrepared { turn, speaker, end, reason: "words_stood", words });
        let was_held = !held.is_empty();
        self.speak(turn, held, now);
        if was_held && reply == Reply::Written {
            self.order(Order::FinishVoice { turn, speaker });
        }
    }
}

fn words_in(text: &str) -> u32 {
    u32::try_from(text.split_whitespace().count()).unwrap_or(u32::MAX)
}
