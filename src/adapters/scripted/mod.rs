//! Stand-ins for every product, that do what a script says. For tests and benches only; no setting can choose them.
//!
//! [`ScriptedEars`] hear loudness and write down the script's lines, [`ScriptedMind`] replies with given texts,
//! [`ScriptedVoice`] says each word as a tone of its own, [`ScriptedEndOfTurn`] answers with given scores. All keep the
//! contract of [`super`], unless a [`Fault`] tells them to break it. Delays are tokio's, so paused time works.
//!
//! A stream's fault is taken from the plan when it opens: the first entry for the first stream, and so on; `None`, and
//! everything after the plan's end, works.

mod ears;
mod mind;
mod turn;
mod voice;

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc;

pub use ears::ScriptedEars;
pub use mind::ScriptedMind;
pub use turn::ScriptedEndOfTurn;
pub use voice::{ScriptedVoice, pitch_hz};

use super::{AdapterError, Availability};

/// How a stream goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `open` answers that the service is unavailable.
    AtOpen,
    /// `open` never answers.
    HangsAtOpen,
    /// After this many events comes an error, as from a connection that broke.
    FailsAfter(usize),
    /// After this many events nothing comes any more.
    HangsAfter(usize),
    /// After this many events the stream's task panics: the channel closes without an end.
    PanicsAfter(usize),
}

/// The faults of the streams to come.
#[derive(Debug, Default)]
struct FaultPlan {
    next: Mutex<VecDeque<Option<Fault>>>,
}

impl FaultPlan {
    fn new(plan: Vec<Option<Fault>>) -> Self {
        Self { next: Mutex::new(plan.into()) }
    }

    /// Takes the fault of the stream being opened and carries out what belongs to opening.
    async fn open(&self, adapter: &'static str) -> Result<Option<Fault>, AdapterError> {
        let fault = self.next.lock().unwrap_or_else(PoisonError::into_inner).pop_front().flatten();
        match fault {
            Some(Fault::AtOpen) => Err(scripted_failure(adapter)),
            Some(Fault::HangsAtOpen) => std::future::pending().await,
            other => Ok(other),
        }
    }
}

fn scripted_failure(adapter: &'static str) -> AdapterError {
    AdapterError::Unavailable {
        adapter,
        reason: "the script says so".to_owned(),
        retry_after: None,
    }
}

/// The sending half of a stream's events, with the stream's fault in it.
#[derive(Debug)]
struct Outlet<Event> {
    adapter: &'static str,
    events: mpsc::Sender<Result<Event, AdapterError>>,
    fault: Option<Fault>,
    given: usize,
}

/// The stream is over: nobody listens, or its fault has struck.
#[derive(Debug)]
struct Over;

impl<Event> Outlet<Event> {
    const fn new(
        adapter: &'static str,
        events: mpsc::Sender<Result<Event, AdapterError>>,
        fault: Option<Fault>,
    ) -> Self {
        Self { adapter, events, fault, given: 0 }
    }

    /// Gives an event, or lets the fault strike in its place.
    #[expect(clippy::panic, reason = "a panicking stream is one of the faults that tests ask for")]
    async fn give(&mut self, event: Event) -> Result<(), Over> {
        match self.fault {
            Some(Fault::FailsAfter(count)) if self.given >= count => {
                return Err(self.fail(scripted_failure(self.adapter)).await);
            }
            Some(Fault::HangsAfter(count)) if self.given >= count => {
                self.events.closed().await;
                return Err(Over);
            }
            Some(Fault::PanicsAfter(count)) if self.given >= count => {
                panic!("the script lets {} panic after {count} events", self.adapter)
            }
            _ => {}
        }
        self.given += 1;
        self.events.send(Ok(event)).await.map_err(|_gone| Over)
    }

    /// Ends the stream with an error of its own.
    async fn fail(&self, error: AdapterError) -> Over {
        // If nobody listens any more there is nobody to tell.
        drop(self.events.send(Err(error)).await);
        Over
    }

    /// Waits for `work` unless nobody listens any more.
    async fn unless_dropped<T>(&self, work: impl Future<Output = T>) -> Result<T, Over> {
        tokio::select! {
            done = work => Ok(done),
            () = self.events.closed() => Err(Over),
        }
    }
}

/// A stand-in is always there.
const fn ready() -> Availability {
    Availability::Ready
}
