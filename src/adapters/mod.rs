//! What the studio asks of the world: ears, minds and voices, as small capability traits.
//!
//! One file per product below [`stt`], [`llm`], [`tts`] and [`hearing`]. An adapter is a translation table, their
//! words on the left and ours on the right; it never retries, never logs spoken words, never has an opinion.
//!
//! # The contract, checked over every adapter by `tests/it/adapters.rs`
//!
//! - `open` returns within its time limit, without blocking the thread, or says why not.
//! - A running stream is a pair of bounded channels. Closing the sending half means "no more will come".
//! - Events come in time order. Final words never change.
//! - Exactly one `Done` or exactly one error ends a stream; nothing follows it.
//! - Dropping the stream stops the work within 200 ms.
//! - Every time an adapter speaks of is *stream time*: samples of the sound it was given or gives. It never sees
//!   session time.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use serde::Serialize;

pub use crate::services::Usage;

mod ending;
pub mod google;
pub mod hearing;
pub mod llm;
pub mod net;
mod numbers;
pub mod onnx;
pub mod resilience;
pub mod scripted;
pub mod stt;
mod task;
pub mod tts;
mod wire;
mod worker;

/// A boxed future, the return type of every `open`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why an adapter could not do its work, by what the caller can do about it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AdapterError {
    /// Not there now: unreachable, overloaded, its model file missing. Another try or another product may help.
    #[error("{adapter} is unavailable: {reason}")]
    Unavailable {
        /// The adapter's name.
        adapter: &'static str,
        /// What was tried and what came of it, without spoken words.
        reason: String,
        /// How long the service asked to be left alone, where it said so.
        retry_after: Option<Duration>,
    },
    /// It understood and said no: bad key, unknown model, not allowed. Asking again does not help.
    #[error("{adapter} refused: {reason}")]
    Refused {
        /// The adapter's name.
        adapter: &'static str,
        /// What it said, without spoken words.
        reason: String,
    },
    /// No progress within its time.
    #[error("{adapter} made no progress in {} ms ({stage})", waited.as_millis())]
    TimedOut {
        /// The adapter's name.
        adapter: &'static str,
        /// What was being waited for.
        stage: &'static str,
        /// How long.
        waited: Duration,
    },
    /// It answered what nobody can read.
    #[error("{adapter} answered something unreadable: {reason}")]
    Malformed {
        /// The adapter's name.
        adapter: &'static str,
        /// What could not be read, without spoken words.
        reason: String,
    },
    /// The caller stopped it.
    #[error("{adapter} was cancelled")]
    Cancelled {
        /// The adapter's name.
        adapter: &'static str,
    },
}

impl AdapterError {
    /// Whether the same request may succeed if made again.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Unavailable { .. } | Self::TimedOut { .. } => true,
            Self::Refused { .. } | Self::Malformed { .. } | Self::Cancelled { .. } => false,
        }
    }

    /// A stable word for logs and metrics.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "unavailable",
            Self::Refused { .. } => "refused",
            Self::TimedOut { .. } => "timed_out",
            Self::Malformed { .. } => "malformed",
            Self::Cancelled { .. } => "cancelled",
        }
    }
}

/// What a wrapper tells of the products behind it, in the stream of their events. No product tells one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdapterNote {
    /// Something changed in who serves.
    Changed(AdapterChange),
    /// A language model was asked: what it has read for that. [`Self::Used`] takes its place once the reply is over; of one
    /// that is dropped before, this and the text that came is all that is known.
    Begun(ServiceUse),
    /// A product's work that must be paid for; the sum of a stream's uses is what it used.
    Used(ServiceUse),
}

impl AdapterNote {
    /// The note that something changed about this product; see [`AdapterChange`].
    #[must_use]
    pub fn changed(
        adapter: &'static str,
        model: &str,
        outcome: ChangeOutcome,
        attempt: u32,
        cause: Option<String>,
    ) -> Self {
        Self::Changed(AdapterChange { adapter, model: model.to_owned(), outcome, attempt, cause })
    }
}

/// One step of getting work done in spite of failures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterChange {
    /// The product it is about.
    pub adapter: &'static str,
    /// Its model, where it has one.
    pub model: String,
    /// What happened.
    pub outcome: ChangeOutcome,
    /// The number of the attempt in this stream, from 1.
    pub attempt: u32,
    /// Why, without spoken words: what failed before.
    pub cause: Option<String>,
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeOutcome {
    /// It failed, and the same product is asked again.
    Retrying,
    /// It failed, and the next product is asked.
    Switching,
    /// Nobody is left to be asked now; another round begins after a pause.
    Waiting,
    /// This product serves, after something else failed.
    Serving,
    /// The first choice serves again.
    Returned,
    /// So much of its rate limit is spent that work nobody waits for yet is put off.
    Holding,
}

impl ChangeOutcome {
    /// The word in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retrying => "retrying",
            Self::Switching => "switching",
            Self::Waiting => "waiting",
            Self::Serving => "serving",
            Self::Returned => "returned",
            Self::Holding => "holding",
        }
    }
}

/// Work of one product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceUse {
    /// The product.
    pub adapter: &'static str,
    /// Its model as its provider spells it.
    pub model: String,
    /// How much.
    pub usage: Usage,
    /// Whether any of it is estimated: the product did not come to count.
    pub is_estimated: bool,
}

/// Whether an adapter can serve now, for `/health` and the start-up block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Availability {
    /// Ready.
    Ready,
    /// Its models are being loaded.
    Loading,
    /// Cannot serve; the sentence says why and what to do.
    Unavailable(String),
}

/// One adapter's state, for `/health` and the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdapterState {
    /// What it is for.
    pub kind: &'static str,
    /// The product.
    pub name: String,
    /// `ready`, `loading` or `unavailable`.
    pub state: &'static str,
    /// Why it cannot serve and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether it steps in only when another fails.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub fallback: bool,
    /// Its breaker and counters, where it is one of a chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<resilience::HealthState>,
}

impl AdapterState {
    /// The state of the adapter `name`, which serves as `kind`.
    #[must_use]
    pub fn of(kind: &'static str, name: &str, availability: Availability) -> Self {
        let (state, reason) = match availability {
            Availability::Ready => ("ready", None),
            Availability::Loading => ("loading", None),
            Availability::Unavailable(reason) => ("unavailable", Some(reason)),
        };
        Self { kind, name: name.to_owned(), state, reason, fallback: false, health: None }
    }

    /// The same with what a chain knows of it: while its breaker is open it does not serve.
    #[must_use]
    pub fn with_health(mut self, health: resilience::HealthState, fallback: bool) -> Self {
        if self.state == "ready" && health.breaker != resilience::BreakerState::Closed {
            self.state = "unavailable";
            self.reason = health.last_cause.clone();
        }
        self.health = Some(health);
        self.fallback = fallback;
        self
    }
}

/// How a piece of work ended that ended with this error, in the conversation's words.
#[must_use]
pub const fn outcome_of(error: &AdapterError) -> crate::conversation::Outcome {
    use crate::conversation::Outcome;
    match error {
        AdapterError::Refused { .. } => Outcome::Refused,
        AdapterError::TimedOut { .. } => Outcome::TimedOut,
        AdapterError::Unavailable { .. }
        | AdapterError::Malformed { .. }
        | AdapterError::Cancelled { .. } => Outcome::Failed,
    }
}
