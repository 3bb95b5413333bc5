//! A language model that replies with given texts.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use super::{Fault, FaultPlan, Outlet, Over, ready};
use crate::adapters::llm::{LLM_EVENT_CAPACITY, LanguageModel, LlmEvent, LlmStream, LlmUse};
use crate::adapters::net::Spent;
use crate::adapters::{AdapterError, Availability, BoxFuture};
use crate::conversation::Prompt;

const NAME: &str = "scripted-mind";
/// Prompts remembered for a test to read.
const PROMPTS_KEPT: usize = 64;

/// Replies in the order of its streams; the last reply is given again when the script has ended.
#[derive(Debug)]
pub struct ScriptedMind {
    replies: Mutex<VecDeque<String>>,
    prompts: Mutex<VecDeque<Prompt>>,
    faults: FaultPlan,
    first_text_after: Duration,
    text_every: Duration,
    spent: Mutex<Option<Duration>>,
}

impl ScriptedMind {
    /// A mind that gives these replies, word by word and at once.
    #[must_use]
    pub fn new<Text: Into<String>>(replies: impl IntoIterator<Item = Text>) -> Self {
        Self {
            replies: Mutex::new(replies.into_iter().map(Into::into).collect()),
            prompts: Mutex::new(VecDeque::new()),
            faults: FaultPlan::default(),
            first_text_after: Duration::ZERO,
            text_every: Duration::ZERO,
            spent: Mutex::default(),
        }
    }

    /// Thinks so long before the first word and so long before each further one.
    #[must_use]
    pub const fn with_delays(mut self, first_text_after: Duration, text_every: Duration) -> Self {
        self.first_text_after = first_text_after;
        self.text_every = text_every;
        self
    }

    /// Lets streams go wrong.
    #[must_use]
    pub fn with_faults(mut self, plan: Vec<Option<Fault>>) -> Self {
        self.faults = FaultPlan::new(plan);
        self
    }

    /// When it is first asked whether a rate limit is nearly spent, one is, for so long from then on.
    #[must_use]
    pub fn with_spent(mut self, for_so_long: Duration) -> Self {
        self.spent = Mutex::new(Some(for_so_long));
        self
    }

    /// What it was asked, oldest first; the newest 64.
    #[must_use]
    pub fn prompts(&self) -> Vec<Prompt> {
        self.prompts.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn next_reply(&self) -> String {
        let mut replies = self.replies.lock().unwrap_or_else(PoisonError::into_inner);
        let last = if replies.len() > 1 { replies.pop_front() } else { replies.front().cloned() };
        last.unwrap_or_default()
    }

    fn remember(&self, prompt: Prompt) {
        let mut prompts = self.prompts.lock().unwrap_or_else(PoisonError::into_inner);
        if prompts.len() == PROMPTS_KEPT {
            prompts.pop_front();
        }
        prompts.push_back(prompt);
    }
}

impl LanguageModel for ScriptedMind {
    fn name(&self) -> &'static str {
        NAME
    }

    fn model(&self) -> &str {
        "script"
    }

    fn availability(&self) -> Availability {
        ready()
    }

    fn spent(&self) -> Option<Spent> {
        let spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let until = tokio::time::Instant::now() + spent;
        Some(Spent { what: "requests", remaining: 2, limit: 50, until })
    }

    fn open(&self, prompt: Prompt) -> BoxFuture<'_, Result<LlmStream, AdapterError>> {
        Box::pin(async move {
            self.remember(prompt);
            let fault = self.faults.open(NAME).await?;
            let (sender, events) = mpsc::channel(LLM_EVENT_CAPACITY);
            let outlet = Outlet::new(NAME, sender, fault);
            let reply = self.next_reply();
            let (first, each) = (self.first_text_after, self.text_every);
            tokio::spawn(async move { write(outlet, &reply, first, each).await.unwrap_or(()) });
            Ok(LlmStream { events })
        })
    }
}

/// Writes a reply word by word; the pieces joined are the reply.
async fn write(
    mut outlet: Outlet<LlmEvent>,
    reply: &str,
    first: Duration,
    each: Duration,
) -> Result<(), Over> {
    let mut wait = first;
    let mut output_tokens = 0;
    for piece in reply.split_inclusive(' ') {
        outlet.unless_dropped(tokio::time::sleep(wait)).await?;
        outlet.give(LlmEvent::Text(piece.to_owned())).await?;
        output_tokens += 1;
        wait = each;
    }
    outlet.give(LlmEvent::Done(LlmUse { output_tokens, ..LlmUse::default() })).await
}
