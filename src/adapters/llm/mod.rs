//! Language models.

use std::fmt;

use tokio::sync::mpsc;

use super::{AdapterError, Availability, BoxFuture};
use crate::conversation::Prompt;

pub mod rehearsal;

/// Pieces of text waiting for the session; a model waits when it is full.
pub const LLM_EVENT_CAPACITY: usize = 64;

/// A product that writes what a speaker says.
pub trait LanguageModel: fmt::Debug + Send + Sync {
    /// The product's name in logs, `/health` and recordings.
    fn name(&self) -> &'static str;
    /// The model's name as its provider spells it.
    fn model(&self) -> &str;
    /// Whether it can serve now.
    fn availability(&self) -> Availability;
    /// Starts a reply.
    fn open(&self, prompt: Prompt) -> BoxFuture<'_, Result<LlmStream, AdapterError>>;
}

/// A reply being written. Dropping it stops the work.
#[derive(Debug)]
pub struct LlmStream {
    /// Text; ends with [`LlmEvent::Done`] or one error.
    pub events: mpsc::Receiver<Result<LlmEvent, AdapterError>>,
}

/// What a language model says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LlmEvent {
    /// The next piece of the reply; not empty.
    Text(String),
    /// The reply is complete.
    Done(LlmUse),
}

/// What a reply cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LlmUse {
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Of the tokens read, those the provider had kept.
    pub cached_tokens: u64,
}
