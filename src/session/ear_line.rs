//! The line to one stream of the ears: what it cannot take yet waits, in order and bounded.

use std::collections::VecDeque;
use std::time::Duration;

use actix::prelude::*;
use tokio::sync::mpsc;

use super::stt::SttActor;
use super::supervision::Place;
use super::tally::tally;
use crate::adapters::stt::SttInput;
use crate::adapters::{AdapterError, Availability, BoxFuture};
use crate::audio::FRAME_SAMPLES;
use crate::time::{SessionTime, Span};

/// Sound that waits while a stream is being opened: 4 s. Older sound is dropped and counted. More than
/// [`PROGRESS_LIMIT`], so that a stream that takes nothing is replaced before a hole would shift its time.
const WAITING_CAPACITY: usize = 200;
const _: () = assert!((WAITING_CAPACITY * FRAME_SAMPLES) as u64 > PROGRESS_LIMIT.samples());

/// A detector or recogniser that has not taken or answered sound for this long is replaced.
pub(super) const PROGRESS_LIMIT: Span = Span::from_millis(3_000);

/// Longest wait for a stream to open: loading a local model takes a second or two, more on a busy machine.
const OPEN_LIMIT: Duration = Duration::from_secs(10);

/// One stream's sending half, and what waits while there is none.
#[derive(Debug)]
pub(super) struct Line<T> {
    pub(super) sender: Option<mpsc::Sender<T>>,
    pub(super) waiting: VecDeque<T>,
    pub(super) place: Place,
    pub(super) reader: Option<SpawnHandle>,
    blocked_since: Option<SessionTime>,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self {
            sender: None,
            waiting: VecDeque::new(),
            place: Place::default(),
            reader: None,
            blocked_since: None,
        }
    }
}

impl<T> Line<T> {
    /// Sends in order; what the stream cannot take now waits, and the oldest goes when too much waits.
    pub(super) fn send(&mut self, item: T, now: SessionTime) {
        self.waiting.push_back(item);
        while self.waiting.len() > WAITING_CAPACITY {
            self.waiting.pop_front();
            tally().dropped_ear_frames.add(1);
        }
        self.drain(now);
    }

    /// Sends what waits, as far as the stream takes it.
    pub(super) fn drain(&mut self, now: SessionTime) {
        let Some(sender) = &self.sender else { return };
        while let Some(item) = self.waiting.pop_front() {
            match sender.try_send(item) {
                Ok(()) => self.blocked_since = None,
                Err(
                    mpsc::error::TrySendError::Full(item) | mpsc::error::TrySendError::Closed(item),
                ) => {
                    self.waiting.push_front(item);
                    self.blocked_since.get_or_insert(now);
                    return;
                }
            }
        }
    }

    /// Lets go of the stream; what waits stays for the next one.
    pub(super) fn close(&mut self, ctx: &mut Context<SttActor>) {
        self.sender = None;
        self.blocked_since = None;
        if let Some(reader) = self.reader.take() {
            ctx.cancel_future(reader);
        }
    }

    /// Whether the stream has taken nothing for too long.
    pub(super) fn is_blocked(&self, now: SessionTime) -> bool {
        self.blocked_since.is_some_and(|since| now.since(since) > PROGRESS_LIMIT)
    }
}

/// Opens a stream, or gives it up.
pub(super) async fn within_limit<Stream>(
    adapter: &'static str,
    opening: BoxFuture<'_, Result<Stream, AdapterError>>,
) -> Result<Stream, AdapterError> {
    let late = |_elapsed| AdapterError::TimedOut { adapter, stage: "open", waited: OPEN_LIMIT };
    tokio::time::timeout(OPEN_LIMIT, opening).await.map_err(late)?
}

/// Whether trying again may help: a model that is missing does not come by itself.
pub(super) const fn is_there(availability: &Availability) -> bool {
    !matches!(availability, Availability::Unavailable(_))
}

/// A stream that closed without its last word: its task is gone.
pub(super) fn broke_off(adapter: &'static str) -> AdapterError {
    let reason = "the stream ended without an end".to_owned();
    AdapterError::Unavailable { adapter, reason, retry_after: None }
}

pub(super) fn waiting_samples(waiting: &VecDeque<SttInput>) -> usize {
    waiting
        .iter()
        .map(|input| if let SttInput::Audio(frame) = input { frame.samples.len() } else { 0 })
        .sum()
}
