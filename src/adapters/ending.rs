//! How the task of a running stream ends: in order, with one error, or unheard because it was dropped.

use std::future::Future;

use tokio::sync::mpsc;

use super::AdapterError;

/// Why a stream's task stops before its natural end.
#[derive(Debug)]
pub(super) enum Stop {
    /// Nobody listens any more.
    Dropped,
    /// It broke; whoever listens is told.
    Failed(AdapterError),
}

impl From<AdapterError> for Stop {
    fn from(error: AdapterError) -> Self {
        Self::Failed(error)
    }
}

/// The sending half of a stream's events.
pub(super) type Events<Event> = mpsc::Sender<Result<Event, AdapterError>>;

/// Gives one event; waits while the listener has enough.
pub(super) async fn give<Event>(events: &Events<Event>, event: Event) -> Result<(), Stop> {
    events.send(Ok(event)).await.map_err(|_gone| Stop::Dropped)
}

/// Waits for `work` unless nobody listens any more.
pub(super) async fn unless_dropped<Event, T>(
    events: &Events<Event>,
    work: impl Future<Output = T>,
) -> Result<T, Stop> {
    tokio::select! {
        biased;
        () = events.closed() => Err(Stop::Dropped),
        done = work => Ok(done),
    }
}

/// Says the one last word of a stream: `done`, or why there is none.
pub(super) async fn conclude<Event>(events: Events<Event>, ended: Result<(), Stop>, done: Event) {
    let last = match ended {
        Ok(()) => Ok(done),
        Err(Stop::Failed(error)) => Err(error),
        Err(Stop::Dropped) => return,
    };
    // If nobody listens any more there is nobody to tell.
    drop(events.send(last).await);
}
