//! One listener over many of Google's streams, none of which may grow older than five minutes.
//!
//! Sound is kept until its words are final. A stream that is to be replaced in a silence is asked for its last words
//! first; one that is replaced in the middle of a sentence is dropped. Either way the next stream begins with the sound
//! behind the last final word, so no word is lost, and none is heard twice.
//!
//! Invariants: at most one stream takes sound; words of a stream are moved to the time of ours; at most
//! [`KEPT_SAMPLES_MAX`] of sound is kept, the oldest goes (Google settles words every few seconds).

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::google::{NAME, RATE};
use super::google_version::{GoogleStream, Recogniser};
use super::segments::{Said, Segments};
use super::socket_ears::FINAL_LIMIT;
use super::{SttEvent, SttInput, SttWord};
use crate::adapters::AdapterError;
use crate::adapters::ending::{Events, Stop, conclude, give, unless_dropped};
use crate::adapters::google::messages::speech_v1::StreamingRecognitionResult;
use crate::adapters::net::truncated;
use crate::adapters::numbers::index;
use crate::adapters::wire::bytes_of;

/// A minute of sound: nobody speaks so long without a word becoming final.
const KEPT_SAMPLES_MAX: usize = RATE.samples_in_ms(60_000);
/// A stream that ends younger than this has not grown old: something is wrong.
const RUN_OUT_MIN: Duration = Duration::from_secs(5);
/// What is sent at once when kept sound is sent again: 100 ms, the size Google recommends.
const REPLAY_SAMPLES: usize = RATE.samples_in_ms(100);

/// The listener.
#[derive(Debug)]
pub(super) struct GoogleEars {
    recogniser: Recogniser,
    /// The stream that takes sound; none while the one before gives its last words.
    stream: Option<GoogleStream>,
    /// A stream that was asked for its last words, and until when they must come.
    closing: Option<(GoogleStream, Instant)>,
    began: Instant,
    limits: (Duration, Duration),
    segments: Segments,
    kept: VecDeque<i16>,
    heard: u64,
    /// Up to where every word is final.
    settled: u64,
    /// Whether the session says that somebody speaks, and since when.
    voice_since: Option<u64>,
    /// Up to where words are final once the closing stream has ended: nobody asks for them a second time.
    finish_at: Option<u64>,
    /// Whether final words were asked for once more while a stream was closing.
    is_due_again: bool,
    is_ended: bool,
}

enum Wake {
    Dropped,
    Results(Option<Result<Vec<StreamingRecognitionResult>, AdapterError>>),
    LastResults(Option<Result<Vec<StreamingRecognitionResult>, AdapterError>>),
    Late,
    Input(Option<SttInput>),
}

impl GoogleEars {
    pub(super) fn new(
        recogniser: Recogniser,
        first: GoogleStream,
        limits: (Duration, Duration),
    ) -> Self {
        Self {
            recogniser,
            stream: Some(first),
            closing: None,
            began: Instant::now(),
            limits,
            segments: Segments::default(),
            kept: VecDeque::new(),
            heard: 0,
            settled: 0,
            voice_since: None,
            finish_at: None,
            is_due_again: false,
            is_ended: false,
        }
    }

    /// Hears until the input ends, nobody listens any more, or the service fails.
    pub(super) async fn listen(
        mut self,
        input: mpsc::Receiver<SttInput>,
        events: Events<SttEvent>,
    ) {
        let ended = self.hear_all(input, &events).await;
        conclude(events, ended, SttEvent::Done).await;
    }

    async fn hear_all(
        &mut self,
        mut input: mpsc::Receiver<SttInput>,
        events: &Events<SttEvent>,
    ) -> Result<(), Stop> {
        loop {
            match self.wake(&mut input, events).await {
                Wake::Dropped => return Err(Stop::Dropped),
                Wake::Results(Some(Ok(results))) => {
                    self.on_results(results, false, events).await?;
                }
                Wake::Results(Some(Err(error))) => {
                    if !self.has_run_out(&error) {
                        return Err(error.into());
                    }
                    self.open_next(events).await?;
                }
                Wake::Results(None) => return Err(truncated(NAME, "being asked to").into()),
                Wake::LastResults(Some(results)) => self.on_results(results?, true, events).await?,
                Wake::LastResults(None) => {
                    if self.on_closed(events).await? {
                        return Ok(());
                    }
                }
                Wake::Late => {
                    let (adapter, stage, waited) = (NAME, "final words", FINAL_LIMIT);
                    return Err(AdapterError::TimedOut { adapter, stage, waited }.into());
                }
                Wake::Input(given) => {
                    self.on_input(given, events).await?;
                    if self.is_ended && self.closing.is_none() {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn wake(
        &mut self,
        input: &mut mpsc::Receiver<SttInput>,
        events: &Events<SttEvent>,
    ) -> Wake {
        let late = self.closing.as_ref().map(|(_, late)| *late);
        let results = async {
            match &mut self.stream {
                Some(stream) => stream.results.recv().await,
                None => std::future::pending().await,
            }
        };
        let last_results = async {
            match &mut self.closing {
                Some((stream, _)) => stream.results.recv().await,
                None => std::future::pending().await,
            }
        };
        let too_late = async {
            match late {
                Some(late) => tokio::time::sleep_until(late).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = events.closed() => Wake::Dropped,
            results = results => Wake::Results(results),
            results = last_results => Wake::LastResults(results),
            () = too_late => Wake::Late,
            given = input.recv(), if !self.is_ended => Wake::Input(given),
        }
    }

    // ── What is heard ────────────────────────────────────────────────────────────────────────────────────

    async fn on_input(
        &mut self,
        given: Option<SttInput>,
        events: &Events<SttEvent>,
    ) -> Result<(), Stop> {
        match given {
            Some(SttInput::Audio(frame)) => {
                if frame.rate != RATE {
                    return Err(super::wrong_rate(NAME, frame.rate, RATE).into());
                }
                self.keep(&frame.samples);
                self.replace_if_old(events).await?;
                self.send(&frame.samples, events).await?;
            }
            Some(SttInput::SpeechStarted { at_sample }) => self.voice_since = Some(at_sample),
            Some(SttInput::SpeechStopped { .. }) => self.voice_since = None,
            Some(SttInput::Finish) => self.finish(),
            None => {
                self.is_ended = true;
                self.finish();
            }
        }
        Ok(())
    }

    fn keep(&mut self, samples: &[i16]) {
        self.kept.extend(samples);
        self.heard += samples.len() as u64;
        let settled = index(self.settled.saturating_sub(self.kept_from()));
        let too_much = self.kept.len().saturating_sub(KEPT_SAMPLES_MAX);
        self.kept.drain(..settled.max(too_much).min(self.kept.len()));
    }

    fn kept_from(&self) -> u64 {
        self.heard - self.kept.len() as u64
    }

    async fn send(&mut self, samples: &[i16], events: &Events<SttEvent>) -> Result<(), Stop> {
        let Some(sound) = self.stream.as_ref().and_then(|stream| stream.sound.clone()) else {
            // It waits among the kept sound for the next stream.
            return Ok(());
        };
        // Whoever takes no more sound has ended, and says why among the results.
        drop(unless_dropped(events, sound.send(bytes_of(samples))).await?);
        Ok(())
    }

    // ── Streams follow one another ───────────────────────────────────────────────────────────────────────

    /// By the clock and by the sound that went in, whichever is more: sound may come faster than it sounded.
    async fn replace_if_old(&mut self, events: &Events<SttEvent>) -> Result<(), Stop> {
        let Some(stream) = &self.stream else { return Ok(()) };
        let sounded = (self.heard - stream.base) * 1000 / u64::from(RATE.hz());
        let age = self.began.elapsed().max(Duration::from_millis(sounded));
        let (soft, hard) = self.limits;
        let is_silent = self.voice_since.is_none() && !self.segments.is_open();
        if age >= hard || age >= soft && is_silent {
            self.stream = None;
            self.open_next(events).await?;
        }
        Ok(())
    }

    /// Whether a stream ended only because it grew old, or had no sound for long while the line was silent.
    fn has_run_out(&self, error: &AdapterError) -> bool {
        let AdapterError::Unavailable { reason, .. } = error else { return false };
        let is_of_age = ["gRPC OutOfRange", "gRPC Aborted"].contains(&reason.as_str());
        is_of_age && self.began.elapsed() >= RUN_OUT_MIN
    }

    /// Asks the running stream for its last words; the next one begins when they are there.
    fn finish(&mut self) {
        if self.closing.is_some() {
            // What was said since waits for the next stream, which is then closed at once.
            self.is_due_again = true;
            return;
        }
        let has_heard = |stream: &mut GoogleStream| stream.base < self.heard;
        let Some(mut stream) = self.stream.take_if(has_heard) else { return };
        stream.sound = None;
        self.finish_at = Some(self.heard);
        self.closing = Some((stream, Instant::now() + FINAL_LIMIT));
    }

    /// The closing stream has ended. Whether that was the last of all.
    async fn on_closed(&mut self, events: &Events<SttEvent>) -> Result<bool, Stop> {
        self.closing = None;
        if let Some(event) = self.segments.close() {
            give(events, event).await?;
        }
        let finished = self.finish_at.take().unwrap_or_default();
        self.settled = self.settled.max(finished.min(self.heard));
        let is_due_again = std::mem::take(&mut self.is_due_again);
        if !self.is_ended || is_due_again {
            self.open_next(events).await?;
        }
        if is_due_again {
            self.finish();
        }
        Ok(self.is_ended && self.closing.is_none())
    }

    /// Opens the next stream with the sound behind the last final word.
    async fn open_next(&mut self, events: &Events<SttEvent>) -> Result<(), Stop> {
        let base = self.settled.max(self.kept_from());
        let stream = self.recogniser.open(base);
        let from = index(base - self.kept_from());
        let again: Vec<i16> = self.kept.range(from..).copied().collect();
        self.stream = Some(stream);
        self.began = Instant::now();
        for part in again.chunks(REPLAY_SAMPLES) {
            self.send(part, events).await?;
        }
        Ok(())
    }

    // ── What is said ─────────────────────────────────────────────────────────────────────────────────────

    async fn on_results(
        &mut self,
        results: Vec<StreamingRecognitionResult>,
        is_closing: bool,
        events: &Events<SttEvent>,
    ) -> Result<(), Stop> {
        let stream = if is_closing {
            self.closing.as_ref().map(|(stream, _)| stream)
        } else {
            self.stream.as_ref()
        };
        let base = stream.map_or(0, |stream| stream.base);
        let mut interim = Said::default();
        for result in results {
            let is_final = result.is_final;
            let said = self.said(result, base);
            if !is_final {
                // A steady head and an unsteady tail: one text.
                interim.text.push_str(&said.text);
                interim.until_sample = interim.until_sample.max(said.until_sample);
                continue;
            }
            let is_plausible = said.until_sample > self.settled || said.text.trim().is_empty();
            // Words whose time nobody can believe end where the sound does: they must not be asked for again.
            let until = if is_plausible { said.until_sample.min(self.heard) } else { self.heard };
            self.settled = self.settled.max(until);
            if let Some(event) = self.segments.finish(said) {
                give(events, event).await?;
            }
        }
        // One that was overtaken by its own final words says nothing new.
        let is_overtaken = interim.until_sample > 0 && interim.until_sample <= self.settled;
        if interim.text.is_empty() || is_overtaken {
            return Ok(());
        }
        // It tells no beginning before the words are final.
        interim.from_sample = self.voice_since.unwrap_or_default().max(self.settled);
        match self.segments.interim(interim) {
            Some(event) => give(events, event).await,
            None => Ok(()),
        }
    }

    fn said(&self, result: StreamingRecognitionResult, base: u64) -> Said {
        let hz = RATE.hz();
        let best = result.alternatives.into_iter().next().unwrap_or_default();
        let words: Vec<SttWord> = best
            .words
            .into_iter()
            .map(|word| SttWord {
                text: word.word,
                start_sample: base + word.start_time.unwrap_or_default().samples(hz),
                end_sample: base + word.end_time.unwrap_or_default().samples(hz),
            })
            .collect();
        let until = result.result_end_time.map_or(0, |end| base + end.samples(hz));
        Said {
            text: best.transcript,
            from_sample: words.first().map_or(self.settled, |word| word.start_sample),
            until_sample: words.last().map_or(until, |word| word.end_sample).max(until),
            words,
        }
    }
}
