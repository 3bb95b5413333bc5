//! Who is decoded next: the queue between all streams and the threads that own a [`Decoder`], be it a model here or the
//! way to a server that has one.
//!
//! A final goes before a complete, a complete before an interim; within a class the oldest goes first. A stream has at
//! most one interim waiting, and an interim that fell more than a second behind its stream is not worth its time.
//!
//! Invariants: dropping a [`Pending`] calls its work off between two decoder steps; every job is answered or, if the
//! thread broke off, its answer's channel closes. Bounds: [`STREAMS_MAX`] streams, each with at most one interim, one
//! complete and [`CLOSINGS_MAX`] finals.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use tokio::sync::oneshot;

use super::{SttOptions, SttWord};
use crate::adapters::AdapterError;
use crate::adapters::worker::{self, Line, Reply};
use crate::audio::SampleRate;

/// Streams at once. One core carries 7 to 9 that talk without a pause; most are silent most of the time.
pub(super) const STREAMS_MAX: usize = 64;
/// Stretches of one stream that wait for their final words before the stream stops taking sound.
pub(super) const CLOSINGS_MAX: usize = 4;
/// An interim older than this against its stream's sound is dropped: a newer one is due.
const INTERIM_STALE_SAMPLES: u64 = SampleRate::HZ_16000.samples_in_ms(1000) as u64;

/// How much a decode matters, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// Somebody's turn waits for it.
    Final,
    /// Somebody fell silent.
    Complete,
    /// Somebody speaks.
    Interim,
}

/// What came of a decode.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// The words.
    Decoded(Decoded),
    /// It was not done: nobody wanted it any more, or it came too late.
    Dropped,
    /// The decoder failed.
    Failed(AdapterError),
    /// The thread broke off.
    Lost,
}

/// The words of a stretch of sound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Decoded {
    pub(super) text: String,
    /// Whether the text ran into the decoder's length cap: it then repeats itself.
    pub(super) capped: bool,
    /// Words with their times in samples of the sound, where they are told.
    pub(super) words: Vec<SttWord>,
    /// Whether one of the names at the table was heard where the decoder alone wrote something else.
    pub(super) is_named: bool,
}

/// Whoever turns a stretch of sound into words, one at a time.
pub(super) trait Decoder {
    /// The words of `sound`, spoken in a stream of these options; `None` if it was called off meanwhile.
    ///
    /// # Errors
    /// Why there are none.
    fn decode(
        &mut self,
        sound: &[i16],
        options: &SttOptions,
        urgency: Urgency,
        cancelled: &AtomicBool,
    ) -> Result<Option<Decoded>, AdapterError>;
}

/// What the queue has done since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecodeCounters {
    /// Decodes carried to their end.
    pub decoded: u64,
    /// Interims dropped because they came too late.
    pub interims_stale: u64,
    /// Decodes called off before or while they ran.
    pub called_off: u64,
    /// Interims not asked for because the queue was long.
    pub interims_degraded: u64,
    /// Decodes that reached the length cap.
    pub capped: u64,
    /// Decodes in which a called name was heard that would have been written as something else.
    pub named: u64,
}

/// The stream's end of the queue. When the last one is dropped the thread ends.
#[derive(Debug)]
pub(super) struct DecodeQueue {
    shared: Arc<Shared>,
}

/// The thread's end of the queue.
#[derive(Debug)]
pub(super) struct DecodeSource {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    decoded: AtomicU64,
    interims_stale: AtomicU64,
    called_off: AtomicU64,
    interims_degraded: AtomicU64,
    capped: AtomicU64,
    named: AtomicU64,
}

#[derive(Debug, Default)]
struct Waiting {
    jobs: Vec<DecodeJob>,
    closed: bool,
}

/// A decode to be done.
#[derive(Debug)]
pub(super) struct DecodeJob {
    sound: Vec<i16>,
    until_sample: u64,
    heard: Arc<AtomicU64>,
    options: Arc<SttOptions>,
    ticket: Arc<Ticket>,
    answer: Reply<Answer>,
}

impl worker::Job for DecodeJob {
    fn line(&self) -> Line {
        self.answer.line()
    }
}

/// What both sides of a decode may look at and change.
#[derive(Debug)]
struct Ticket {
    urgency: AtomicU8,
    cancelled: AtomicBool,
    started: AtomicBool,
}

/// A decode somebody waits for. Dropping it calls the work off.
#[derive(Debug)]
pub(super) struct Pending {
    ticket: Arc<Ticket>,
    answer: oneshot::Receiver<Answer>,
}

impl Pending {
    /// Its answer. May be waited for again if the waiting was given up.
    pub(super) async fn answer(&mut self) -> Answer {
        (&mut self.answer).await.unwrap_or(Answer::Lost)
    }

    /// Puts it before everything that is not final.
    pub(super) fn make_final(&self) {
        self.ticket.urgency.store(Urgency::Final as u8, Ordering::Relaxed);
    }

    /// Whether the thread has begun with it.
    pub(super) fn has_started(&self) -> bool {
        self.ticket.started.load(Ordering::Relaxed)
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.ticket.cancelled.store(true, Ordering::Relaxed);
    }
}

/// Makes a queue: the streams' end and the thread's.
pub(super) fn decode_queue() -> (DecodeQueue, DecodeSource) {
    let shared = Arc::new(Shared::default());
    (DecodeQueue { shared: Arc::clone(&shared) }, DecodeSource { shared })
}

impl DecodeQueue {
    /// Asks for the words of `sound`, which ends at `until_sample` of a stream that has `heard` so much.
    pub(super) fn ask(
        &self,
        urgency: Urgency,
        sound: Vec<i16>,
        until_sample: u64,
        heard: &Arc<AtomicU64>,
        options: &Arc<SttOptions>,
    ) -> Pending {
        let ticket = Arc::new(Ticket {
            urgency: AtomicU8::new(urgency as u8),
            cancelled: AtomicBool::new(false),
            started: AtomicBool::new(false),
        });
        let (reply, answer) = Reply::channel();
        let job = DecodeJob {
            sound,
            until_sample,
            heard: Arc::clone(heard),
            options: Arc::clone(options),
            ticket: Arc::clone(&ticket),
            answer: reply,
        };
        let mut waiting = self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        // Called-off work leaves the queue here too, so that its length tells the truth.
        let before = waiting.jobs.len();
        waiting.jobs.retain(|job| !job.ticket.cancelled.load(Ordering::Relaxed));
        let gone = before - waiting.jobs.len();
        self.shared.called_off.fetch_add(gone as u64, Ordering::Relaxed);
        waiting.jobs.push(job);
        drop(waiting);
        self.shared.changed.notify_one();
        Pending { ticket, answer }
    }

    /// Jobs waiting, of all streams.
    pub(super) fn len(&self) -> usize {
        self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner).jobs.len()
    }

    /// Counts an interim that was not even asked for.
    pub(super) fn count_degraded(&self) {
        self.shared.interims_degraded.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn counters(&self) -> DecodeCounters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        DecodeCounters {
            decoded: read(&self.shared.decoded),
            interims_stale: read(&self.shared.interims_stale),
            called_off: read(&self.shared.called_off),
            interims_degraded: read(&self.shared.interims_degraded),
            capped: read(&self.shared.capped),
            named: read(&self.shared.named),
        }
    }
}

impl Drop for DecodeQueue {
    fn drop(&mut self) {
        self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.shared.changed.notify_one();
    }
}

impl DecodeSource {
    /// Blocks until there is work; `None` when nobody can ask any more.
    pub(super) fn next(&self) -> Option<DecodeJob> {
        let mut waiting = self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let first =
                waiting.jobs.iter().enumerate().min_by_key(|(place, job)| (job.urgency(), *place));
            if let Some((place, _)) = first {
                return Some(waiting.jobs.remove(place));
            }
            if waiting.closed {
                return None;
            }
            waiting = self.shared.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Does one job on the thread that owns the decoder.
    ///
    /// # Errors
    ///
    /// The decoder's sentence, which the job's owner was given as well.
    pub(super) fn work(&self, decoder: &mut impl Decoder, job: DecodeJob) -> Result<(), String> {
        job.ticket.started.store(true, Ordering::Relaxed);
        if job.is_stale() {
            self.shared.interims_stale.fetch_add(1, Ordering::Relaxed);
            return job.reply(Answer::Dropped);
        }
        if job.ticket.cancelled.load(Ordering::Relaxed) {
            self.shared.called_off.fetch_add(1, Ordering::Relaxed);
            return job.reply(Answer::Dropped);
        }
        let urgency = job.urgency();
        match decoder.decode(&job.sound, &job.options, urgency, &job.ticket.cancelled) {
            Ok(Some(decoded)) => {
                self.shared.decoded.fetch_add(1, Ordering::Relaxed);
                self.shared.capped.fetch_add(u64::from(decoded.capped), Ordering::Relaxed);
                self.shared.named.fetch_add(u64::from(decoded.is_named), Ordering::Relaxed);
                job.reply(Answer::Decoded(decoded))
            }
            Ok(None) => {
                self.shared.called_off.fetch_add(1, Ordering::Relaxed);
                job.reply(Answer::Dropped)
            }
            Err(error) => {
                let reason = error.to_string();
                job.reply(Answer::Failed(error))?;
                Err(reason)
            }
        }
    }
}

impl DecodeJob {
    fn urgency(&self) -> Urgency {
        let urgency = self.ticket.urgency.load(Ordering::Relaxed);
        [Urgency::Final, Urgency::Complete]
            .into_iter()
            .find(|known| *known as u8 == urgency)
            .unwrap_or(Urgency::Interim)
    }

    fn is_stale(&self) -> bool {
        let behind = self.heard.load(Ordering::Relaxed).saturating_sub(self.until_sample);
        self.urgency() == Urgency::Interim && behind > INTERIM_STALE_SAMPLES
    }

    /// Answers; a stream that was dropped meanwhile does not wait for it.
    fn reply(self, answer: Answer) -> Result<(), String> {
        self.answer.give(answer);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(queue: &DecodeQueue, urgency: Urgency, until_sample: u64) -> Pending {
        let heard = Arc::new(AtomicU64::new(until_sample));
        queue.ask(urgency, Vec::new(), until_sample, &heard, &Arc::default())
    }

    #[test]
    fn finals_go_before_completes_before_interims_and_the_oldest_first() {
        let (queue, source) = decode_queue();
        let kept = [
            ask(&queue, Urgency::Interim, 1),
            ask(&queue, Urgency::Complete, 2),
            ask(&queue, Urgency::Complete, 3),
            ask(&queue, Urgency::Final, 4),
        ];
        kept[2].make_final();
        let order: Vec<u64> =
            (0..4).filter_map(|_| source.next()).map(|job| job.until_sample).collect();
        assert_eq!(order, [3, 4, 2, 1]);
        drop(queue);
        assert!(source.next().is_none());
    }

    #[test]
    fn dropped_work_leaves_the_queue_and_is_counted() {
        let (queue, source) = decode_queue();
        drop(ask(&queue, Urgency::Final, 1));
        let _kept = ask(&queue, Urgency::Interim, 2);
        assert_eq!((queue.len(), queue.counters().called_off), (1, 1));
        assert_eq!(source.next().map(|job| job.until_sample), Some(2));
    }

    #[test]
    fn an_interim_a_second_behind_is_stale_and_a_final_never() {
        let (queue, source) = decode_queue();
        let heard = Arc::new(AtomicU64::new(16_001));
        let _interim = queue.ask(Urgency::Interim, Vec::new(), 0, &heard, &Arc::default());
        assert!(source.next().is_some_and(|job| job.is_stale()));
        let _final = queue.ask(Urgency::Final, Vec::new(), 0, &heard, &Arc::default());
        assert!(source.next().is_some_and(|job| !job.is_stale()));
    }
}
