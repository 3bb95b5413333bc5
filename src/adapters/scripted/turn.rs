//! An end-of-turn model that answers with given scores.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{Fault, FaultPlan, ready, scripted_failure};
use crate::adapters::hearing::EndOfTurn;
use crate::adapters::{AdapterError, Availability, BoxFuture};

const NAME: &str = "scripted-end-of-turn";

/// Answers in the order of its questions; the last score is given again when the script has ended.
#[derive(Debug)]
pub struct ScriptedEndOfTurn {
    scores: Mutex<VecDeque<u16>>,
    answer_after: Duration,
    faults: FaultPlan,
}

impl ScriptedEndOfTurn {
    /// A judge that gives these scores (per mille), at once; 500, which means nothing, without any.
    #[must_use]
    pub fn new(scores: impl IntoIterator<Item = u16>) -> Self {
        Self {
            scores: Mutex::new(scores.into_iter().collect()),
            answer_after: Duration::ZERO,
            faults: FaultPlan::default(),
        }
    }

    /// Takes this long for an answer.
    #[must_use]
    pub const fn with_delay(mut self, answer_after: Duration) -> Self {
        self.answer_after = answer_after;
        self
    }

    /// Lets questions go wrong; a question has no events, so every fault strikes at once.
    #[must_use]
    pub fn with_faults(mut self, plan: Vec<Option<Fault>>) -> Self {
        self.faults = FaultPlan::new(plan);
        self
    }

    fn next_score(&self) -> u16 {
        let mut scores = self.scores.lock().unwrap_or_else(PoisonError::into_inner);
        let next = if scores.len() > 1 { scores.pop_front() } else { scores.front().copied() };
        next.unwrap_or(500)
    }
}

impl EndOfTurn for ScriptedEndOfTurn {
    fn name(&self) -> &'static str {
        NAME
    }

    fn availability(&self) -> Availability {
        ready()
    }

    #[expect(clippy::panic, reason = "a panicking judge is one of the faults that tests ask for")]
    fn judge(&self, _sound: Arc<[i16]>) -> BoxFuture<'_, Result<u16, AdapterError>> {
        Box::pin(async {
            let fault = self.faults.open(NAME).await?;
            tokio::time::sleep(self.answer_after).await;
            match fault {
                None => Ok(self.next_score()),
                Some(Fault::HangsAfter(_) | Fault::HangsAtOpen) => std::future::pending().await,
                Some(Fault::PanicsAfter(_)) => panic!("the script lets {NAME} panic"),
                Some(Fault::AtOpen | Fault::FailsAfter(_)) => Err(scripted_failure(NAME)),
            }
        })
    }
}
