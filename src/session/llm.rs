//! One AI's mind: asks a language model for replies and passes on what it writes.
//!
//! A translation: [`StartReply`] opens a stream, its events become [`ReplyArrived`]. One reply at a time; a new one
//! drops the one before. A stream without progress by its deadline ends as timed out. Beside the replies one summary at
//! a time is written ([`StartSummary`], [`SummaryArrived`]), which holds up none of them.

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;

use super::mailbox::{MAILBOX_CAPACITY, deliver_to};
use super::messages::{
    ReplyArrived, ReplyEvent, StartReply, StartSummary, StopReply, SummaryArrived, SummaryEvent,
};
use super::supervision::Watch;
use crate::adapters::llm::{LanguageModel, LlmEvent, LlmUse};
use crate::adapters::{AdapterError, outcome_of};
use crate::conversation::{AiSpeaker, Outcome, Prompt, TurnId};

/// Longest wait for a stream to open, and between two pieces of text. Longer than any healthy provider's first
/// token; the conversation's own deadline for the first text is what a listener notices.
pub const PROGRESS_LIMIT: Duration = Duration::from_secs(12);

/// One AI's language model at work.
#[derive(Debug)]
pub struct LlmActor {
    model: Arc<dyn LanguageModel>,
    speaker: AiSpeaker,
    session: Recipient<ReplyArrived>,
    summaries: Recipient<SummaryArrived>,
    running: Option<(TurnId, SpawnHandle)>,
    summing_up: Option<SpawnHandle>,
    watch: Watch,
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
        if let Some((_, work)) = self.running.take() {
            ctx.cancel_future(work);
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
        let work = write_reply(
            Arc::clone(&self.model),
            message.prompt,
            message.turn,
            self.session.clone(),
        );
        self.running = Some((message.turn, ctx.spawn(work.into_actor(self))));
    }
}

impl Handler<StopReply> for LlmActor {
    type Result = ();

    fn handle(&mut self, message: StopReply, ctx: &mut Self::Context) {
        if self.running.as_ref().is_some_and(|(turn, _)| *turn == message.turn) {
            self.drop_running(ctx);
        }
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
    let outcome = match pass_on(model.as_ref(), prompt, &take).await {
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
) {
    let tell = |event| deliver_to(&session, ReplyArrived { turn, event });
    let ended = match pass_on(model.as_ref(), prompt, &tell).await {
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
) -> Result<LlmUse, AdapterError> {
    let adapter = model.name();
    let late = |stage| AdapterError::TimedOut { adapter, stage, waited: PROGRESS_LIMIT };
    let mut stream = match tokio::time::timeout(PROGRESS_LIMIT, model.open(prompt)).await {
        Ok(opened) => opened?,
        Err(_elapsed) => return Err(late("open")),
    };
    loop {
        match tokio::time::timeout(PROGRESS_LIMIT, stream.events.recv()).await {
            Ok(Some(Ok(LlmEvent::Text(text)))) => {
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
            Err(_elapsed) => return Err(late("text")),
        }
    }
}
