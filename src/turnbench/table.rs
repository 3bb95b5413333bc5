//! A table on virtual time: a host who was recorded, an AI that is made up, and the rules between them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::hearing::{Ears, Hearing};
use crate::adapters::AdapterError;
use crate::conversation::briefing::Briefing;
use crate::conversation::{
    Conversation, HostProfile, Input, Order, Outcome, Setup, Speaker, TurnId, VoicedWord,
};
use crate::time::{SessionTime, Span};

/// A spoken word of the made-up voice, with the gap after it.
const WORD: Span = Span::from_millis(400);
/// How often the page reports what was heard.
const REPORT: Span = Span::from_millis(100);
/// How long it takes to confirm silence.
const FLUSH: Span = Span::from_millis(40);

/// What the AIs do when they are given the floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// They think for ever: only the host is heard.
    Never,
    /// They speak so many words at once.
    Words(usize),
}

/// A conversation and what is due in the world around it.
#[derive(Debug)]
pub struct Table {
    conversation: Conversation,
    reply: Reply,
    now: SessionTime,
    due: BTreeMap<(SessionTime, u64), Input>,
    sequence: u64,
    voice: Option<Voice>,
    /// What was ordered, and when.
    pub orders: Vec<(SessionTime, Order)>,
}

/// The AI voice that is on.
#[derive(Debug)]
struct Voice {
    turn: TurnId,
    total: u64,
    position: u64,
    moving_since: Option<SessionTime>,
}

impl Voice {
    fn position(&self, now: SessionTime) -> u64 {
        let moved = self.moving_since.map_or(0, |since| now.since(since).samples());
        (self.position + moved).min(self.total)
    }

    fn halt(&mut self, now: SessionTime) -> u64 {
        self.position = self.position(now);
        self.moving_since = None;
        self.position
    }
}

impl Table {
    /// A table at which a host has just sat down.
    #[must_use]
    pub fn new(briefing: Arc<Briefing>, reply: Reply) -> Self {
        let setup = Setup { briefing, seed: 0, profile: HostProfile::default() };
        let mut table = Self {
            conversation: Conversation::new(setup),
            reply,
            now: SessionTime::ZERO,
            due: BTreeMap::new(),
            sequence: 0,
            voice: None,
            orders: Vec::new(),
        };
        table.later(SessionTime::ZERO, Input::HostConnected);
        table
    }

    /// `input` will be learned at `at`.
    pub fn later(&mut self, at: SessionTime, input: Input) {
        self.sequence += 1;
        self.due.insert((at.max(self.now), self.sequence), input);
    }

    /// Plays what was heard to the table, and goes on to `end`.
    ///
    /// # Errors
    ///
    /// What the end-of-turn model says.
    pub async fn play(
        &mut self,
        ears: &Ears,
        hearing: &mut Hearing,
        end: SessionTime,
    ) -> Result<(), AdapterError> {
        for (known, fact) in hearing.facts.clone() {
            self.later(known, fact);
        }
        while let Some((at, input)) = self.next(end) {
            self.now = self.now.max(at);
            let mut orders = Vec::new();
            self.conversation.handle(self.now, input, &mut orders);
            for order in orders {
                self.obey(&order, ears, hearing).await?;
                self.orders.push((self.now, order));
            }
        }
        Ok(())
    }

    /// What the host is shown to have said, as far as it stands.
    #[must_use]
    pub fn words(&self) -> Vec<&str> {
        let captions = self.orders.iter().filter_map(|(_, order)| match order {
            Order::ShowCaption(caption) if caption.speaker == Speaker::You => Some(caption),
            _ => None,
        });
        captions.map(|caption| caption.text.as_str()).collect()
    }

    /// What happens next, be it a fact, a deadline or a report of the page.
    fn next(&mut self, end: SessionTime) -> Option<(SessionTime, Input)> {
        let fact = self.due.keys().next().map(|(at, _)| *at);
        let deadline = self.conversation.next_deadline();
        match (fact, deadline) {
            (Some(at), deadline) if deadline.is_none_or(|(due, _)| at <= due) => {
                if at > end {
                    return None;
                }
                let (_, input) = self.due.pop_first()?;
                Some((at, self.as_of(at, input)))
            }
            (_, Some((at, deadline))) if at <= end => {
                Some((at, Input::DeadlinePassed { deadline }))
            }
            _ => None,
        }
    }

    /// A report that was planned tells what is true when it is sent.
    fn as_of(&mut self, now: SessionTime, input: Input) -> Input {
        let Input::Played { turn, .. } = input else { return input };
        let Some(voice) = self.voice.as_ref().filter(|voice| voice.turn == turn) else {
            return input;
        };
        let samples = voice.position(now);
        if voice.moving_since.is_some() {
            self.later(now + REPORT, Input::Played { turn, samples, at: now });
        }
        Input::Played { turn, samples, at: now }
    }

    async fn obey(
        &mut self,
        order: &Order,
        ears: &Ears,
        hearing: &mut Hearing,
    ) -> Result<(), AdapterError> {
        let now = self.now;
        match order {
            Order::AskEndOfTurn { ask } => {
                let score = ears.judge(hearing, now).await?;
                let answer = Input::EndOfTurnJudged { ask: *ask, score };
                self.later(now + ears.costs.judgement, answer);
            }
            Order::FinishRecognition => {
                for words in hearing.last_words(now) {
                    self.later(now + ears.costs.score, words);
                }
            }
            Order::StartReply { turn, .. } => self.reply(*turn),
            Order::Speak { turn, piece, text, .. } => self.speak(*turn, *piece, text),
            Order::FinishVoice { turn, .. } => {
                let samples = self.voice.as_ref().map_or(0, |voice| voice.total);
                let outcome = Outcome::Complete;
                self.later(now, Input::VoiceEnded { turn: *turn, samples, outcome });
            }
            Order::StartPlayout { turn, .. } | Order::Resume { turn, .. } => {
                if let Some(voice) = self.voice.as_mut().filter(|voice| voice.turn == *turn) {
                    voice.moving_since = Some(now);
                }
                self.later(now + REPORT, Input::Played { turn: *turn, samples: 0, at: now });
            }
            Order::Pause { turn, .. } => {
                if let Some(voice) = self.voice.as_mut().filter(|voice| voice.turn == *turn) {
                    voice.halt(now);
                }
            }
            Order::Flush { turn, .. } => {
                if let Some(voice) = self.voice.as_mut().filter(|voice| voice.turn == *turn) {
                    let samples = voice.halt(now);
                    self.later(now + FLUSH, Input::Flushed { turn: *turn, samples, at: now });
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn reply(&mut self, turn: TurnId) {
        let Reply::Words(count) = self.reply else { return };
        let text = "word ".repeat(count);
        self.later(self.now, Input::ReplyText { turn, text });
        self.later(self.now, Input::ReplyEnded { turn, outcome: Outcome::Complete });
    }

    fn speak(&mut self, turn: TurnId, piece: u16, text: &str) {
        let is_first = self.voice.as_ref().is_none_or(|voice| voice.turn != turn);
        if is_first {
            self.voice = Some(Voice { turn, total: 0, position: 0, moving_since: None });
        }
        let Some(voice) = &mut self.voice else { return };
        let mut words = Vec::new();
        let mut place = 0_u32;
        for word in text.split_whitespace() {
            let length = u32::try_from(word.len()).unwrap_or(0);
            let start_sample = voice.total;
            voice.total += WORD.samples();
            let end_sample = voice.total;
            words.push(VoicedWord {
                text_start: place,
                text_end: place + length,
                start_sample,
                end_sample,
            });
            place += length + 1;
        }
        let samples = voice.total;
        self.later(self.now, Input::PieceVoiced { turn, piece, words, samples });
        if is_first {
            self.later(self.now, Input::VoiceStarted { turn });
        }
    }
}
