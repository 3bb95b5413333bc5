//! The session's recorder: passes sound and lines on to the writer thread.
//!
//! The thread's queue holds ten seconds. Half full warns the host; full ends the session in order with
//! `disk_stalled`. A recorder that is dropped without an end leaves a recording that ends where it was.

use std::sync::{Arc, OnceLock};

use actix::prelude::*;

use super::mailbox::{MAILBOX_CAPACITY, deliver_to};
use super::messages::{Finish, Record, RecorderSaid};
use super::supervision::Watch;
use crate::clock::SessionClock;
use crate::recording::{
    Closing, EpisodeSetup, FinishingWriter, QueueRefusal, Queued, RecordMessage, RecorderReport,
    RecordingError, Stamp, WriterHandle,
};

/// A recording whose folder is there and whose session is not yet.
#[derive(Debug)]
pub struct OpenRecord {
    writer: WriterHandle,
    /// Whom the writer thread reports to, once there is somebody.
    listener: Arc<OnceLock<Recipient<RecorderSaid>>>,
    clock: SessionClock,
}

impl OpenRecord {
    /// Makes the folder and starts the writer thread. Blocks.
    ///
    /// # Errors
    /// If the folder or its files cannot be made.
    pub fn create(setup: EpisodeSetup, clock: SessionClock) -> Result<Self, RecordingError> {
        let listener: Arc<OnceLock<Recipient<RecorderSaid>>> = Arc::default();
        let reporter = Arc::clone(&listener);
        let writer = WriterHandle::start(setup, move |report| {
            let said = match report {
                RecorderReport::Failed(error) => {
                    tracing::error!(code = error.code(), detail = %error, "recording failed");
                    RecorderSaid::Failed(error)
                }
                RecorderReport::Ready(ready) => RecorderSaid::Ready(ready),
                RecorderReport::Space(space) => RecorderSaid::Space(space),
            };
            if let Some(session) = reporter.get() {
                deliver_to(session, said);
            }
        })?;
        Ok(Self { writer, listener, clock })
    }

    /// The folder's name.
    #[must_use]
    pub fn episode_id(&self) -> String {
        self.writer
            .dir()
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    }
}

/// Tracks, log and manifest of one session.
#[derive(Debug)]
pub struct RecorderActor {
    writer: Option<WriterHandle>,
    /// The thread while it makes the recording whole. Its answer comes by the report.
    finishing: Option<FinishingWriter>,
    clock: SessionClock,
    session: Recipient<RecorderSaid>,
    /// The queue was full; said once, since it stays full while the session ends.
    is_stalled: bool,
    watch: Watch,
}

impl RecorderActor {
    /// A recorder that reports to `session`.
    #[must_use]
    pub fn new(record: OpenRecord, session: Recipient<RecorderSaid>, watch: Watch) -> Self {
        // Set once, here: an open record is consumed.
        record.listener.get_or_init(|| session.clone());
        Self {
            writer: Some(record.writer),
            finishing: None,
            clock: record.clock,
            session,
            is_stalled: false,
            watch,
        }
    }

    fn queue(&mut self, message: RecordMessage) {
        let Some(writer) = &mut self.writer else { return };
        match writer.try_send(message) {
            Ok(Queued::Accepted) => {}
            Ok(Queued::HalfFull) => {
                deliver_to(&self.session, RecorderSaid::HalfFull);
            }
            Err(QueueRefusal::Full(_)) => {
                // The session answers with its end; what does not fit until then is not recorded.
                if !std::mem::replace(&mut self.is_stalled, true) {
                    let stalled = writer.stalled();
                    deliver_to(&self.session, RecorderSaid::Failed(stalled));
                }
            }
            // The thread has said why itself.
            Err(QueueRefusal::Closed(_)) => self.writer = None,
        }
    }

    fn finish(&mut self, finish: Finish) {
        let Some(writer) = self.writer.take() else { return };
        let stamp = Stamp { timestamp_ms: self.clock.unix_ms_of(finish.end), t: finish.end };
        let closing = Closing { stamp, fit: finish.fit, ..Closing::default() };
        self.finishing = Some(writer.finish(finish.end, closing));
    }
}

impl Actor for RecorderActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX_CAPACITY);
    }
}

impl Handler<Record> for RecorderActor {
    type Result = ();

    fn handle(&mut self, message: Record, _ctx: &mut Self::Context) {
        self.watch.fault_point("recorder");
        match message {
            Record::Sound { speaker, at, samples } => {
                self.queue(RecordMessage::Audio { speaker, at, samples });
            }
            Record::Capture(block) => self.queue(RecordMessage::Capture(block)),
            Record::Advance(watermark) => self.queue(RecordMessage::Advance(watermark)),
            Record::Line(line) => self.queue(RecordMessage::Event(line)),
            Record::Finish(finish) => self.finish(finish),
            Record::GiveUp => {
                if let Some(finishing) = self.finishing.take() {
                    finishing.give_up();
                }
            }
        }
    }
}
