//! A recorder on a thread of its own, behind a bounded queue.
//!
//! The bridge to the actors without an actor in it: [`WriterHandle::try_send`] never blocks, and answers come back
//! through the closure given at the start, on the writer's thread. Encoding, writing and waiting for the disk happen
//! there only.
//!
//! When the queue is half full the caller warns the host; when it is full the caller ends the session in order with
//! [`RecordingError::Stalled`]. Ending never needs room in the queue, so a stalled disk cannot prevent it.
//!
//! Invariants: after a failure nothing more is written by the recorder, the folder is repaired at once if the disk
//! allows, and every later message is refused, as `Closed` unless the queue is full; a panic becomes a report; a handle that is dropped without
//! [`WriterHandle::finish`] ends the recording at its watermark.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SendError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::closing::{Closing, RecordingReady};
use super::episode::{EpisodeRecorder, EpisodeSetup};
use super::error::RecordingError;
use super::event_log::{EventLine, Stamp};
use super::noted::Gap;
use super::recovery::{Recovered, recover};
use super::space::{Space, SpaceWatch};
use crate::audio::FRAME_MS;
use crate::blocked::{Blocked, Kind};
use crate::conversation::{Caption, Speaker};
use crate::faults;
use crate::time::{SESSION_RATE_HZ, SessionTime};

/// How much the queue holds: as long as a disk may stand still before the session is ended.
pub const QUEUE_SECONDS: usize = 10;

/// Messages of a second of session: a frame of each of three tracks, the watermark and an event every 20 ms.
const MESSAGES_A_SECOND: usize = 5 * 1000 / FRAME_MS as usize;

/// Capacity of the queue in messages.
pub const QUEUE_MESSAGES_MAX: usize = QUEUE_SECONDS * MESSAGES_A_SECOND;

/// Capacity of the queue in samples of sound, all tracks together: stretches may be longer than a frame.
pub const QUEUE_SAMPLES_MAX: usize = QUEUE_SECONDS * SESSION_RATE_HZ as usize * Speaker::ALL.len();

/// How long the thread lets messages gather once it has done all there are, unless the watermark moves on, which is what
/// makes it write sound: three frames. Each wake costs a switch of threads, with fifty sessions a tenth of all the time
/// they take.
const GATHERING: Duration = Duration::from_millis(3 * FRAME_MS as u64);

/// What a recorder can be told. Record class: never dropped on the way.
#[derive(Clone, Debug)]
pub enum RecordMessage {
    /// Sound of one speaker, 48 kHz mono, at its place.
    Audio {
        /// Whose.
        speaker: Speaker,
        /// Where it begins.
        at: SessionTime,
        /// The sound; shared, not copied.
        samples: Arc<[i16]>,
    },
    /// A caption; only final ones are kept.
    Caption {
        /// When it is written down.
        stamp: Stamp,
        /// The caption.
        caption: Box<Caption>,
    },
    /// A line for the event log.
    Event(Box<EventLine>),
    /// A hole in a track that is no pause.
    Gap {
        /// When it is written down.
        stamp: Stamp,
        /// The hole.
        gap: Gap,
    },
    /// A moment marked for the edit.
    Marker {
        /// When it is written down.
        stamp: Stamp,
        /// What it is called.
        label: String,
        /// The moment.
        at: SessionTime,
    },
    /// Packets of the host as they were received, as [`super::capture::append_packet`] wrote them.
    Capture(Box<[u8]>),
    /// Everything before this time is known.
    Advance(SessionTime),
}

/// What a recorder answers, on its own thread.
#[derive(Debug)]
pub enum RecorderReport {
    /// Recording is over, in disorder. A `Ready` follows if the folder could be repaired at once.
    Failed(RecordingError),
    /// The folder is whole.
    Ready(RecordingReady),
    /// The disk fills up.
    Space(Space),
}

/// That a message is in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queued {
    /// There is room.
    Accepted,
    /// The queue has just become half full: the host should know. Said again only after it was down to a quarter.
    HalfFull,
}

/// That a message is not in the queue.
#[derive(Clone, Debug)]
pub enum QueueRefusal {
    /// The disk has not kept up for [`QUEUE_SECONDS`]. The session must end with [`WriterHandle::stalled`].
    Full(RecordMessage),
    /// The recorder has failed and said so.
    Closed(RecordMessage),
}

/// How the recording is to end; the channel's closing tells the thread to look.
type FinishOrder = Arc<Mutex<Option<(SessionTime, Closing)>>>;

/// The sending side. One owner; it never blocks.
#[derive(Debug)]
pub struct WriterHandle {
    /// Bounded by the count beside it: a bounded channel of the standard library takes all its memory at once, 137 kB.
    sender: Sender<RecordMessage>,
    queued_messages: Arc<AtomicUsize>,
    queued_samples: Arc<AtomicUsize>,
    finish_order: FinishOrder,
    is_half_full: bool,
    dir: PathBuf,
    thread: JoinHandle<()>,
    blocked: BlockedMark,
}

/// Counts the thread as blocked, from when it is given up until it comes back.
type BlockedMark = Arc<Mutex<Option<Blocked>>>;

impl WriterHandle {
    /// Creates the take's folder and starts the thread. `report` is called on it.
    ///
    /// Creating happens on the caller's thread, since a session that cannot record must not begin.
    ///
    /// # Errors
    /// Those of [`EpisodeRecorder::create`], and [`RecordingError::Thread`].
    pub fn start(
        setup: EpisodeSetup,
        report: impl Fn(RecorderReport) + Send + 'static,
    ) -> Result<Self, RecordingError> {
        let recorder = EpisodeRecorder::create(setup)?;
        let dir = recorder.dir().to_owned();
        let (sender, receiver) = channel();
        let (queued_messages, queued_samples) = (Arc::default(), Arc::default());
        let finish_order = FinishOrder::default();
        let blocked = BlockedMark::default();
        let mark = Arc::clone(&blocked);
        let inbox = Inbox {
            receiver,
            queued_messages: Arc::clone(&queued_messages),
            queued_samples: Arc::clone(&queued_samples),
            finish_order: Arc::clone(&finish_order),
        };
        let run_dir = dir.clone();
        let thread = std::thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || {
                run(&run_dir, &report, || record(recorder, &inbox, &report));
                drop(mark.lock().unwrap_or_else(PoisonError::into_inner).take());
            })
            .map_err(RecordingError::Thread)?;
        Ok(Self {
            sender,
            queued_messages,
            queued_samples,
            finish_order,
            is_half_full: false,
            dir,
            thread,
            blocked,
        })
    }

    /// The take's folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Queues a message.
    ///
    /// # Errors
    /// [`QueueRefusal`], with the message.
    pub fn try_send(&mut self, message: RecordMessage) -> Result<Queued, QueueRefusal> {
        let samples = message_samples(&message);
        let queued_samples = self.queued_samples.load(Ordering::Relaxed);
        let is_full = self.queued_messages.load(Ordering::Relaxed) >= QUEUE_MESSAGES_MAX;
        if is_full || (queued_samples > 0 && queued_samples + samples > QUEUE_SAMPLES_MAX) {
            return Err(QueueRefusal::Full(message));
        }
        self.queued_messages.fetch_add(1, Ordering::Relaxed);
        self.queued_samples.fetch_add(samples, Ordering::Relaxed);
        let has_work = matches!(message, RecordMessage::Advance(_));
        if let Err(SendError(message)) = self.sender.send(message) {
            self.queued_messages.fetch_sub(1, Ordering::Relaxed);
            self.queued_samples.fetch_sub(samples, Ordering::Relaxed);
            return Err(QueueRefusal::Closed(message));
        }
        if has_work {
            self.thread.thread().unpark();
        }
        Ok(self.level())
    }

    /// The failure that a full queue is. The thread counts as blocked until it comes back.
    #[must_use]
    pub fn stalled(&self) -> RecordingError {
        count_blocked(&self.thread, &self.blocked);
        RecordingError::Stalled { dir: self.dir.clone(), queued_s: QUEUE_SECONDS as u64 }
    }

    /// Ends the recording at `end`, after everything queued. Needs no room in the queue; the answer is a report.
    pub fn finish(self, end: SessionTime, closing: Closing) -> FinishingWriter {
        *self.finish_order.lock().unwrap_or_else(PoisonError::into_inner) = Some((end, closing));
        drop(self.sender);
        self.thread.thread().unpark();
        FinishingWriter { thread: self.thread, blocked: self.blocked }
    }

    /// Half full on the way up, once.
    fn level(&mut self) -> Queued {
        let messages = self.queued_messages.load(Ordering::Relaxed);
        let samples = self.queued_samples.load(Ordering::Relaxed);
        let reaches = |part: usize| {
            messages * part >= QUEUE_MESSAGES_MAX || samples * part >= QUEUE_SAMPLES_MAX
        };
        if !self.is_half_full && reaches(2) {
            self.is_half_full = true;
            return Queued::HalfFull;
        }
        self.is_half_full &= reaches(4);
        Queued::Accepted
    }
}

/// A recorder that is finishing. Dropping it lets the thread finish by itself.
#[derive(Debug)]
pub struct FinishingWriter {
    thread: JoinHandle<()>,
    blocked: BlockedMark,
}

impl FinishingWriter {
    /// Nobody waits for it any more: it counts as blocked until it has finished.
    pub fn give_up(self) {
        count_blocked(&self.thread, &self.blocked);
    }

    /// Waits until the last report was given. Blocks: not for an arbiter.
    pub fn wait(self) {
        // The thread reports its panics itself; only a panic of the report's receiver can end it so.
        if self.thread.join().is_err() {
            tracing::error!("the receiver of a recorder's reports panicked");
        }
    }
}

fn count_blocked(thread: &JoinHandle<()>, mark: &BlockedMark) {
    let mut blocked = mark.lock().unwrap_or_else(PoisonError::into_inner);
    if blocked.is_none() && !thread.is_finished() {
        *blocked = Some(Blocked::count(Kind::Writer));
    }
}

/// The thread's side of the queue.
struct Inbox {
    receiver: Receiver<RecordMessage>,
    queued_messages: Arc<AtomicUsize>,
    queued_samples: Arc<AtomicUsize>,
    finish_order: FinishOrder,
}

impl Inbox {
    /// The next message, when some have gathered; `None` once the handle is gone and all are taken.
    fn next(&self) -> Option<RecordMessage> {
        let message = match self.receiver.try_recv() {
            Ok(message) => message,
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => {
                std::thread::park_timeout(GATHERING);
                self.receiver.recv().ok()?
            }
        };
        self.took(&message);
        Some(message)
    }

    /// Counts a message out of the queue.
    fn took(&self, message: &RecordMessage) {
        self.queued_messages.fetch_sub(1, Ordering::Relaxed);
        self.queued_samples.fetch_sub(message_samples(message), Ordering::Relaxed);
    }
}

fn message_samples(message: &RecordMessage) -> usize {
    if let RecordMessage::Audio { samples, .. } = message { samples.len() } else { 0 }
}

/// Does the thread's work and answers for how it ends.
fn run(
    dir: &Path,
    report: &dyn Fn(RecorderReport),
    work: impl FnOnce() -> Result<RecordingReady, RecordingError>,
) {
    let error = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(ready)) => return report(RecorderReport::Ready(ready)),
        Ok(Err(error)) => error,
        Err(panic) => {
            RecordingError::Panicked { dir: dir.to_owned(), message: panic_message(panic.as_ref()) }
        }
    };
    report(RecorderReport::Failed(error));
    match catch_unwind(|| recover(dir)) {
        Ok(Ok(Recovered::Repaired { ready, .. })) => report(RecorderReport::Ready(ready)),
        Ok(Ok(Recovered::AlreadyFinished)) => {}
        // The next start of the studio tries again; what is on the disk stays.
        Ok(Err(error)) => {
            tracing::warn!(code = error.code(), "a failed recording could not be repaired at once");
        }
        Err(panic) => tracing::error!(
            message = panic_message(panic.as_ref()),
            "the repair of a recording panicked"
        ),
    }
}

/// Takes messages until the handle is gone, then ends as ordered.
fn record(
    mut recorder: EpisodeRecorder,
    inbox: &Inbox,
    report: &dyn Fn(RecorderReport),
) -> Result<RecordingReady, RecordingError> {
    let mut watermark = SessionTime::ZERO;
    let mut space = SpaceWatch::new(recorder.dir());
    let folder = recorder.dir().file_name().unwrap_or_default().to_string_lossy().into_owned();
    while let Some(message) = inbox.next() {
        match message {
            RecordMessage::Audio { speaker, at, samples } => recorder.audio(speaker, at, &samples),
            RecordMessage::Caption { stamp, caption } => recorder.caption(stamp, &caption)?,
            RecordMessage::Event(line) => recorder.event(&line)?,
            RecordMessage::Gap { stamp, gap } => recorder.gap(stamp, &gap)?,
            RecordMessage::Marker { stamp, label, at } => recorder.marker(stamp, &label, at)?,
            RecordMessage::Capture(block) => recorder.capture(&block)?,
            RecordMessage::Advance(until) => {
                faults::point("writer", &folder);
                watermark = watermark.max(until);
                recorder.advance(until)?;
                if let Some(space) = space.look(until, recorder.bytes()) {
                    report(RecorderReport::Space(space));
                }
            }
        }
    }
    let order = inbox.finish_order.lock().unwrap_or_else(PoisonError::into_inner).take();
    let (end, closing) = order.unwrap_or((watermark, Closing::default()));
    recorder.finish(end, closing)
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests;
