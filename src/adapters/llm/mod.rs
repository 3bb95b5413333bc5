//! Language models.

use std::fmt;

use tokio::sync::mpsc;

use super::net::Spent;
use super::{AdapterError, AdapterNote, Availability, BoxFuture};
use crate::conversation::Prompt;

pub mod anthropic;
pub mod openai_compatible;
pub mod rehearsal;

/// Tokens that a second of speech may take: 2.6 words of 1.4 tokens, and as much again for a reply that is longer than
/// was asked for. A reply that is cut by its limit ends in mid-sentence, which sounds worse than a long one.
const TOKENS_A_SECOND: u64 = 8;

/// The fewest tokens a reply is allowed: two short sentences.
const TOKENS_MIN: u64 = 64;

/// The limit of tokens for a reply that should take so long to say.
#[must_use]
pub fn tokens_for(answer_seconds: u16) -> u64 {
    (u64::from(answer_seconds) * TOKENS_A_SECOND).max(TOKENS_MIN)
}

/// Letters a token stands for where nobody counted.
const LETTERS_A_TOKEN: usize = 4;

/// The tokens of so many letters, by a rule of thumb: for a reply that broke off or was dropped before its counts came.
#[must_use]
pub const fn tokens_of_letters(letters: usize) -> u64 {
    (letters / LETTERS_A_TOKEN) as u64
}

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
    /// The rate limit that is nearly spent, if one is: work that nobody waits for yet should wait for its reset.
    fn spent(&self) -> Option<Spent> {
        None
    }
    /// Opens its connection ahead of the first reply, if it has one. Whether that works does not matter.
    fn warm_up(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
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
    /// What it has read, where the provider tells that before the first text. Tokens written do not count yet.
    Begun(LlmUse),
    /// The next piece of the reply; not empty.
    Text(String),
    /// From a wrapper: something about the products behind it.
    Note(AdapterNote),
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
    /// Of the tokens read, those the provider keeps from now on.
    pub cache_written_tokens: u64,
}
