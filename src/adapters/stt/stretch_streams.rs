//! What all recognisers share that hear stretches and nothing in between: the queue to who decodes, and the streams.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};

use super::decode_queue::{DecodeCounters, DecodeQueue, STREAMS_MAX};
use super::stretch_ears::StretchEars;
use super::{STT_AUDIO_CAPACITY, STT_EVENT_CAPACITY, SttOptions, SttStream};
use crate::adapters::worker::{WorkerState, unavailable};
use crate::adapters::{AdapterError, Availability};

/// The streams of one recogniser, at most [`STREAMS_MAX`] at a time.
#[derive(Debug)]
pub(super) struct StretchStreams {
    adapter: &'static str,
    queue: Arc<DecodeQueue>,
    worker: WorkerState,
    open: Arc<Semaphore>,
}

impl StretchStreams {
    /// No stream yet; `worker` takes its jobs from `queue`.
    pub(super) fn new(adapter: &'static str, queue: DecodeQueue, worker: WorkerState) -> Self {
        Self {
            adapter,
            queue: Arc::new(queue),
            worker,
            open: Arc::new(Semaphore::new(STREAMS_MAX)),
        }
    }

    /// Opens one; with `interims` words are asked for while the voice sounds.
    ///
    /// # Errors
    /// The worker cannot decode, or too many streams are open.
    pub(super) async fn open(
        &self,
        options: SttOptions,
        interims: bool,
    ) -> Result<SttStream, AdapterError> {
        self.worker.ready().await?;
        let Ok(permit) = Arc::clone(&self.open).try_acquire_owned() else {
            return Err(unavailable(self.adapter, format!("{STREAMS_MAX} streams are open")));
        };
        let (input, given) = mpsc::channel(STT_AUDIO_CAPACITY);
        let (said, events) = mpsc::channel(STT_EVENT_CAPACITY);
        let (queue, worker) = (Arc::clone(&self.queue), self.worker.clone());
        let ears = StretchEars::new(self.adapter, options, interims, queue, worker, permit);
        tokio::spawn(ears.listen(given, said));
        Ok(SttStream { input, events })
    }

    /// Waits until the worker can decode, for whoever must ask it something first.
    ///
    /// # Errors
    /// Why it cannot.
    #[cfg(feature = "local-whisper")]
    pub(super) async fn ready(&self) -> Result<(), AdapterError> {
        self.worker.ready().await
    }

    pub(super) fn availability(&self) -> Availability {
        self.worker.availability()
    }

    pub(super) fn counters(&self) -> DecodeCounters {
        self.queue.counters()
    }
}
