//! One AI's mind: asks a language model for replies and passes on what it writes.
//!
//! A translation: [`StartReply`] opens a stream, its events become [`ReplyArrived`]. One reply at a time; a new one
//! drops the one before. A stream without progress by its deadline ends as timed out. Beside the replies one summary at
//! a time is written ([`StartSummary`], [`SummaryArrived`]), which holds up none of them.

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use tokio::sync::Notify;

use super::mailbox::{MAILBOX_CAPACITY, deliver_to};
use super::messages::{
    ReplyArrived, ReplyAwaited, ReplyEvent, StartReply, StartSummary, StopReply, SummaryArrived,
    SummaryEvent,
};
use super::supervision::Watch;
use crate::adapters::llm::{LanguageModel, LlmEvent, LlmUse};
use crate::adapters::net::Spent;
use crate::adapters::{AdapterError, AdapterNote, ChangeOutcome, outcome_of};
use crate::conversation::{AiSpeaker, Outcome, Prompt, TurnId};
use crate::faults;

/// Longest wait for a stream to open, and for its first piece of text. Longer than any healthy provider's first
/// token; the conversation's own deadline for the first text is what a listener notices.
pub const PROGRESS_LIMIT: Duration = Duration::from_secs(12);

/// Longest wait between two pieces of text. Less than the conversation waits for a listener who plays nothing any more:
/// a reply that breaks off in mid-sentence is the mind's fault, and the host is not told to look after the loudspeaker.
const TEXT_LIMIT: Duration = Duration::from_secs(6);

/// One AI's language model at work.
#[derive(Debug)]
pub struct LlmActor {
    model: Arc<dyn LanguageModel>,
    speaker: AiSpeaker,
    session: Recipient<ReplyArrived>,
    summaries: Recipient<SummaryArrived>,
    running: Option<Running>,
    summing_up: Option<SpawnHandle>,
    watch: Watch,
}

/// A reply at work, or put off.
#[derive(Debug)]
struct Running {
    turn: TurnId,
    work: SpawnHandle,
    /// Ends the wait of a reply that was put off.
    hurry: Arc<Notify>,
}

impl LlmActor {
    /// A mind that reports to `session`.
    #[must_use]
    pub const fn new(
        model: Arc<dyn LanguageModel>,
        speaker: AiSpeaker,
        session: Recipient<ReplyArrived>,
        summaries: Recipient<SummaryArrived>,
        watch: Watch,
    ) -> Self {
        Self { model, speaker, session, summaries, running: None, summing_up: None, watch }
    }

    fn drop_running(&mut self, ctx: &mut Context<Self>) {
        if let Some(running) = self.running.take() {
            ctx.cancel_future(running.work);
        }
    }
}

impl Actor for LlmActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX_CAPACITY);
        let model = Arc::clone(&self.model);
        ctx.spawn(async move { model.warm_up().await }.into_actor(self));
    }
}

impl Handler<StartReply> for LlmActor {
    type Result = ();

    fn handle(&mut self, message: StartReply, ctx: &mut Self::Context) {
        self.watch.fault_point("mind");
        self.drop_running(ctx);
        let StartReply { turn, prompt, is_ahead } = message;
        let (model, session) = (Arc::clone(&self.model), self.session.clone());
        let episode = self.watch.episode();
        let hurry = Arc::new(Notify::new());
        let awaited = Arc::clone(&hurry);
        let work = async move {
            if is_ahead {
                put_off(model.as_ref(), turn, &session, &awaited).await;
            }
            write_reply(model, prompt, turn, session, episode).await;
        };
        self.running = Some(Running { turn, work: ctx.spawn(work.into_actor(self)), hurry });
    }
}

impl Handler<ReplyAwaited> for LlmActor {
    type Result = ();

    fn handle(&mut self, message: ReplyAwaited, _ctx: &mut Self::Context) {
        if let Some(running) = self.running.as_ref().filter(|own| own.turn == message.turn) {
            running.hurry.notify_one();
        }
    }
}

impl Handler<StopReply> for LlmActor {
    type Result = ();

    fn handle(&mut self, message: StopReply, ctx: &mut Self::Context) {
        if self.running.as_ref().is_some_and(|running| running.turn == message.turn) {
            self.drop_running(ctx);
        }
    }
}

/// Waits with a reply that nobody waits for yet while a rate limit is nearly spent: what is left of it is for the others.
async fn put_off(
    model: &dyn LanguageModel,
    turn: TurnId,
    session: &Recipient<ReplyArrived>,
    hurry: &Notify,
) {
    let Some(spent) = model.spent() else { return };
    let Spent { what, remaining, limit, until } = spent;
    let cause = format!("{remaining} of {limit} {what} are left");
    let outcome = ChangeOutcome::Holding;
    let note = AdapterNote::changed(model.name(), model.model(), outcome, 1, Some(cause));
    deliver_to(session, ReplyArrived { turn, event: ReplyEvent::Noted(note) });
    tokio::select! {
        () = hurry.notified() => {}
        () = tokio::time::sleep_until(until) => {}
    }
}

impl Handler<StartSummary> for LlmActor {
    type Result = ();

    fn handle(&mut self, message: StartSummary, ctx: &mut Self::Context) {
        // Another one is asked for only when the one before was given up.
        if let Some(work) = self.summing_up.take() {
            ctx.cancel_future(work);
        }
        let work = sum_up(
            Arc::clone(&self.model),
            message.prompt,
            (message.summary, self.speaker),
            self.watch.episode(),
            self.summaries.clone(),
        );
        self.summing_up = Some(ctx.spawn(work.into_actor(self)));
    }
}

/// Longest summary that is passed on, in bytes: what it may have in words, and as much again.
const SUMMARY_BYTES_MAX: usize = 8 * 1024;

async fn sum_up(
    model: Arc<dyn LanguageModel>,
    prompt: Prompt,
    (summary, speaker): (u32, AiSpeaker),
    episode: Arc<str>,
    session: Recipient<SummaryArrived>,
) {
    let text = std::cell::RefCell::new(String::new());
    let tell = |event| deliver_to(&session, SummaryArrived { summary, speaker, event });
    let take = |event| match event {
        ReplyEvent::Text(more) => {
            let mut text = text.borrow_mut();
            if text.len() + more.len() <= SUMMARY_BYTES_MAX {
                text.push_str(&more);
            }
            true
        }
        ReplyEvent::Noted(note) => tell(SummaryEvent::Noted(note)),
        ReplyEvent::Ended { .. } => true,
    };
    let outcome = match pass_on(model.as_ref(), prompt, &take, &episode).await {
        Ok(_) => Outcome::Complete,
        Err(error) => {
            tracing::warn!(
                adapter = model.name(),
                error = error.kind(),
                "a summary was not written"
            );
            outcome_of(&error)
        }
    };
    let text = if outcome == Outcome::Complete { text.take() } else { String::new() };
    tell(SummaryEvent::Ended { text, outcome });
}

async fn write_reply(
    model: Arc<dyn LanguageModel>,
    prompt: Prompt,
    turn: TurnId,
    session: Recipient<ReplyArrived>,
    episode: Arc<str>,
) {
    let tell = |event| deliver_to(&session, ReplyArrived { turn, event });
    let ended = match pass_on(model.as_ref(), prompt, &tell, &episode).await {
        Ok(usage) => ReplyEvent::Ended { outcome: Outcome::Complete, usage, error: None },
        Err(error) => ReplyEvent::Ended {
            outcome: outcome_of(&error),
            usage: LlmUse::default(),
            error: Some(error),
        },
    };
    tell(ended);
}

async fn pass_on(
    model: &dyn LanguageModel,
    prompt: Prompt,
    tell: &impl Fn(ReplyEvent) -> bool,
    episode: &str,
) -> Result<LlmUse, AdapterError> {
    let adapter = model.name();
    let late = |stage, waited| AdapterError::TimedOut { adapter, stage, waited };
    let mut stream = match tokio::time::timeout(PROGRESS_LIMIT, model.open(prompt)).await {
        Ok(opened) => opened?,
        Err(_elapsed) => return Err(late("open", PROGRESS_LIMIT)),
    };
    let mut limit = PROGRESS_LIMIT;
    loop {
        let next = async {
            faults::hang("mind-stream", episode).await;
            stream.events.recv().await
        };
        match tokio::time::timeout(limit, next).await {
            Ok(Some(Ok(LlmEvent::Text(text)))) => {
                limit = TEXT_LIMIT;
                tell(ReplyEvent::Text(text));
            }
            // Who counts is a wrapper, which tells it in a note.
            Ok(Some(Ok(LlmEvent::Begun(_)))) => {}
            Ok(Some(Ok(LlmEvent::Note(note)))) => {
                tell(ReplyEvent::Noted(note));
            }
            Ok(Some(Ok(LlmEvent::Done(usage)))) => return Ok(usage),
            Ok(Some(Err(error))) => return Err(error),
            Ok(None) => {
                return Err(AdapterError::Malformed {
                    adapter,
                    reason: "the stream ended without an end".to_owned(),
                });
            }
            Err(_elapsed) => return Err(late("text", limit)),
        }
    }
}
