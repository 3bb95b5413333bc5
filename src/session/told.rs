//! What comes of an adapter's stream.

use std::sync::Arc;

use futures_util::stream::{Stream, unfold};
use tokio::sync::mpsc;

use crate::faults;

/// The events of a stream, one after the other. `place` is where a test may let it hang: once it does it stays so, also
/// for a reader that turns to something else in between.
pub(super) fn told<Event: 'static>(
    events: mpsc::Receiver<Event>,
    place: &'static str,
    episode: Arc<str>,
) -> impl Stream<Item = Event> {
    unfold((events, episode), move |(mut events, episode)| async move {
        faults::hang(place, &episode).await;
        let event = events.recv().await?;
        Some((event, (events, episode)))
    })
}
