//! What the wrappers tell of the products behind them: to the log, to the host in a sentence, to the orbs, to the sums.
//!
//! Nothing is decided here: who is asked next is the wrappers' matter, what a failed turn means the conversation's.

use actix::prelude::*;

use super::actor::Session;
use super::notice::Notice;
use super::tally::tally;
use crate::adapters::llm::tokens_of_letters;
use crate::adapters::{AdapterChange, AdapterNote, ChangeOutcome, ServiceUse, Usage};
use crate::conversation::event::Event;
use crate::conversation::snapshot::OrbStates;
use crate::conversation::{AiSpeaker, Input, OrbState, Speaker};
use crate::services::services;

/// What a product is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Speech to text.
    Stt,
    /// A language model.
    Llm,
    /// A voice.
    Tts,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Stt => "stt",
            Self::Llm => "llm",
            Self::Tts => "tts",
        }
    }

    const fn in_words(self) -> &'static str {
        match self {
            Self::Stt => "speech recognition",
            Self::Llm => "language model",
            Self::Tts => "voice",
        }
    }
}

/// What was used, and who is shown as away. The sums of a session are made from its log.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    of_turn: [TurnUse; 2],
    replies: [Reply; 2],
    /// Whose products are being exchanged: their orbs show it.
    pub(super) connecting: [bool; 3],
    ears_away: bool,
}

/// What one turn used so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TurnUse {
    /// Of the language model and of the voice together.
    pub usage: Usage,
    /// Millionths of a US dollar, where every product's price is known.
    pub cost_micro_usd: Option<u64>,
    /// Whether any of it is estimated.
    pub is_estimated: bool,
    is_begun: bool,
}

/// A reply as its account sees it.
#[derive(Debug, Default)]
enum Reply {
    /// Nobody who counts was asked.
    #[default]
    None,
    /// Being written, so many letters so far, by somebody who counts in the end.
    Open { begun: ServiceUse, letters: usize },
    /// Counted or estimated; counts that were on their way when it was dropped come too late.
    Closed,
}

impl TurnUse {
    fn add(&mut self, used: &ServiceUse, cost: Option<u64>) {
        self.usage.add(used.usage);
        self.is_estimated |= used.is_estimated;
        let so_far = if self.is_begun { self.cost_micro_usd } else { Some(0) };
        self.cost_micro_usd = so_far.zip(cost).map(|(so_far, cost)| so_far + cost);
        self.is_begun = true;
    }
}

impl Accounts {
    /// A new turn: its sums begin.
    pub(super) fn begin_turn(&mut self, speaker: AiSpeaker) {
        self.of_turn[speaker.index()] = TurnUse::default();
        self.replies[speaker.index()] = Reply::None;
    }

    /// The speaker's language model wrote so many letters.
    pub(super) const fn wrote(&mut self, speaker: AiSpeaker, more: usize) {
        if let Reply::Open { letters, .. } = &mut self.replies[speaker.index()] {
            *letters += more;
        }
    }

    /// The speaker's reply is over by itself.
    pub(super) fn close_reply(&mut self, speaker: AiSpeaker) {
        self.replies[speaker.index()] = Reply::Closed;
    }

    fn begin_reply(&mut self, speaker: AiSpeaker, begun: &ServiceUse) {
        let reply = &mut self.replies[speaker.index()];
        if !matches!(reply, Reply::Closed) {
            *reply = Reply::Open { begun: begun.clone(), letters: 0 };
        }
    }

    /// What a reply that is dropped used, as far as anybody knows.
    fn drop_reply(&mut self, speaker: AiSpeaker) -> Option<ServiceUse> {
        let reply = &mut self.replies[speaker.index()];
        let Reply::Open { begun, letters } = std::mem::replace(reply, Reply::Closed) else {
            return None;
        };
        let usage = Usage { output_tokens: tokens_of_letters(letters), ..begun.usage };
        Some(ServiceUse { usage, is_estimated: true, ..begun })
    }

    fn is_late(&self, kind: Kind, speaker: Option<AiSpeaker>) -> bool {
        let reply = speaker.map(|speaker| &self.replies[speaker.index()]);
        kind == Kind::Llm && matches!(reply, Some(Reply::Closed))
    }

    /// What the speaker's turn used.
    pub(super) const fn of_turn(&self, speaker: AiSpeaker) -> TurnUse {
        self.of_turn[speaker.index()]
    }

    /// The orbs as they are shown, in the order of [`Speaker::ALL`].
    pub(super) fn orbs(&self, own: OrbStates) -> [OrbState; 3] {
        Speaker::ALL.map(|speaker| {
            if self.connecting[speaker.index()] {
                OrbState::Connecting
            } else {
                orb_of(own, speaker)
            }
        })
    }

    fn enter(&mut self, speaker: Option<AiSpeaker>, used: &ServiceUse) -> Option<u64> {
        let cost = services().cost_micro_usd(used.adapter, &used.model, used.usage);
        if let Some(speaker) = speaker {
            self.of_turn[speaker.index()].add(used, cost);
        }
        cost
    }
}

impl Session {
    /// A wrapper told something.
    pub(super) fn on_note(
        &mut self,
        kind: Kind,
        speaker: Option<AiSpeaker>,
        note: &AdapterNote,
        ctx: &mut Context<Self>,
    ) {
        if self.ending.is_some() {
            return;
        }
        match note {
            AdapterNote::Changed(change) => self.on_change(kind, speaker, change, ctx),
            AdapterNote::Begun(begun) => {
                if let Some(speaker) = speaker {
                    self.accounts.begin_reply(speaker, begun);
                }
            }
            AdapterNote::Used(used) if self.accounts.is_late(kind, speaker) => {
                tracing::debug!(adapter = used.adapter, "counts of a reply that was dropped");
            }
            AdapterNote::Used(used) => {
                if let (Kind::Llm, Some(speaker)) = (kind, speaker) {
                    self.accounts.close_reply(speaker);
                }
                self.enter(kind, speaker, used);
            }
        }
    }

    /// A wrapper told something while it summed up: its counts are the session's, but no turn's.
    pub(super) fn on_summary_note(
        &mut self,
        speaker: AiSpeaker,
        note: &AdapterNote,
        ctx: &mut Context<Self>,
    ) {
        match note {
            _ if self.ending.is_some() => {}
            AdapterNote::Changed(change) => self.on_change(Kind::Llm, Some(speaker), change, ctx),
            AdapterNote::Begun(_) => {}
            AdapterNote::Used(used) => {
                let cost = services().cost_micro_usd(used.adapter, &used.model, used.usage);
                let event = used_event(Kind::Llm, Some(speaker), used, cost);
                self.log(self.clock.now(), event.with("summary", true));
            }
        }
    }

    /// The speaker's reply is not wanted any more. What was read and written of it must be paid for all the same, and
    /// the stream that would have told how much is dropped with it.
    pub(super) fn account_for_dropped(&mut self, speaker: AiSpeaker) {
        if let Some(used) = self.accounts.drop_reply(speaker) {
            self.enter(Kind::Llm, Some(speaker), &used);
        }
    }

    fn enter(&mut self, kind: Kind, speaker: Option<AiSpeaker>, used: &ServiceUse) {
        let cost = self.accounts.enter(speaker, used);
        tally().enter(used.adapter, &used.model, used.usage, cost);
        self.log(self.clock.now(), used_event(kind, speaker, used, cost));
    }

    fn on_change(
        &mut self,
        kind: Kind,
        speaker: Option<AiSpeaker>,
        change: &AdapterChange,
        ctx: &mut Context<Self>,
    ) {
        let outcome = change.outcome;
        tracing::warn!(
            session = %self.identity.session_id, kind = kind.as_str(), adapter = change.adapter,
            outcome = outcome.as_str(), attempt = change.attempt, cause = change.cause.as_deref().unwrap_or(""),
            "a service changed"
        );
        let event = Event::fact("adapter.state")
            .with("kind", kind.as_str())
            .with("speaker", speaker)
            .with("adapter", change.adapter)
            .with("model", &change.model)
            .with("outcome", outcome.as_str())
            .with("attempt", change.attempt)
            .with("cause", &change.cause);
        self.log(self.clock.now(), event);
        if outcome == ChangeOutcome::Holding {
            // The show misses nothing: only work that nobody waits for yet is put off.
            tally().replies_held.add(1);
            return;
        }
        let is_away = matches!(
            outcome,
            ChangeOutcome::Retrying | ChangeOutcome::Switching | ChangeOutcome::Waiting
        );
        self.show_connecting(speaker.map_or(Speaker::You, Speaker::from), is_away);
        if let Some(sentence) = self.sentence_of(kind, speaker, change) {
            self.notify(Notice::Tell(sentence));
        }
        if kind == Kind::Stt {
            match outcome {
                ChangeOutcome::Waiting => self.ears_changed(false, ctx),
                ChangeOutcome::Serving | ChangeOutcome::Returned => self.ears_changed(true, ctx),
                ChangeOutcome::Retrying | ChangeOutcome::Switching | ChangeOutcome::Holding => {}
            }
        }
    }

    fn ears_changed(&mut self, available: bool, ctx: &mut Context<Self>) {
        if self.accounts.ears_away == available {
            self.accounts.ears_away = !available;
            self.advance(Input::EarsChanged { available }, ctx);
        }
    }

    /// The orb of somebody whose product is being exchanged shows that, and what it showed before once another serves.
    fn show_connecting(&mut self, speaker: Speaker, is_away: bool) {
        let shown = &mut self.accounts.connecting[speaker.index()];
        if *shown == is_away {
            return;
        }
        *shown = is_away;
        let own = orb_of(self.conversation.snapshot().orb_states, speaker);
        self.notify(Notice::Orb(speaker, if is_away { OrbState::Connecting } else { own }));
    }

    /// Something for the host to read. A first quick retry is not worth a word.
    fn sentence_of(
        &self,
        kind: Kind,
        speaker: Option<AiSpeaker>,
        change: &AdapterChange,
    ) -> Option<String> {
        let whose = match speaker {
            None => format!("The {}", kind.in_words()),
            Some(speaker) => {
                let name = &self.setup.briefing.speaker(speaker.into()).name;
                format!("{name}'s {}", kind.in_words())
            }
        };
        let adapter = change.adapter;
        match change.outcome {
            ChangeOutcome::Retrying if change.attempt <= 1 => None,
            ChangeOutcome::Retrying => {
                Some(format!("{whose} ({adapter}) does not answer; trying again."))
            }
            ChangeOutcome::Switching => {
                Some(format!("{whose} ({adapter}) failed; another one is asked."))
            }
            ChangeOutcome::Waiting => {
                Some(format!("{whose} is away; the studio goes on trying and keeps what you say."))
            }
            ChangeOutcome::Serving => Some(format!("{whose} is there again, by {adapter}.")),
            ChangeOutcome::Returned => Some(format!("{whose} is back with {adapter}.")),
            ChangeOutcome::Holding => None,
        }
    }
}

const fn orb_of(orbs: OrbStates, speaker: Speaker) -> OrbState {
    match speaker {
        Speaker::You => orbs.you,
        Speaker::Claude => orbs.claude,
        Speaker::Guest => orbs.guest,
    }
}

fn used_event(
    kind: Kind,
    speaker: Option<AiSpeaker>,
    used: &ServiceUse,
    cost: Option<u64>,
) -> Event {
    let ServiceUse { adapter, model, usage, is_estimated } = used;
    let dated = cost.map(|_| services().dated.as_str());
    Event::fact("service.use")
        .with("kind", kind.as_str())
        .with("speaker", speaker)
        .with("adapter", adapter)
        .with("model", model)
        .with("inputTokens", usage.input_tokens)
        .with("outputTokens", usage.output_tokens)
        .with("cachedTokens", usage.cached_tokens)
        .with("cacheWrittenTokens", usage.cache_written_tokens)
        .with("audioMs", usage.audio_ms)
        .with("characters", usage.characters)
        .with("costMicroUsd", cost)
        .with("pricesDated", dated)
        .with("estimated", *is_estimated)
}
