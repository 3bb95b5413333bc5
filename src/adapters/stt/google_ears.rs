//! One listener over many of Google's streams, none of which may grow older than five minutes.
//!
//! Sound is kept until its words are final. A stream that has grown old is given no more sound at the next silence, or in
//! the middle of a sentence if none comes, and is asked for its last words. The next stream begins with the sound behind
//! them. A word that reaches up to where the sound was cut may be half of one: it is left to the next stream. So no word
//! is lost, and none is heard twice.
//!
//! Invariants: there is one stream at a time; words of a stream are moved to the time of ours; at most
//! [`KEPT_SAMPLES_MAX`] of sound is kept, the oldest goes (Google settles words every few seconds), but none that was not
//! sent yet; while a stream takes no sound, its results are read all the same.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::google::{NAME, RATE};
use super::google_version::{GoogleStream, Recogniser};
use super::segments::{Said, Segments};
use super::socket_ears::FINAL_LIMIT;
use super::voice_hints::VoiceHints;
use super::{SttEvent, SttInput, SttWord};
use crate::adapters::AdapterError;
use crate::adapters::ending::{Events, Stop, conclude, give};
use crate::adapters::google::messages::speech_v1::StreamingRecognitionResult;
use crate::adapters::net::truncated;
use crate::adapters::numbers::index;
use crate::adapters::wire::bytes_of;

const fn ms(millis: u32) -> u64 {
    RATE.samples_in_ms(millis) as u64
}

/// A minute of sound: nobody speaks so long without a word becoming final.
const KEPT_SAMPLES_MAX: usize = RATE.samples_in_ms(60_000);
/// While so much waits to be sent, none is taken from the session, which sees that and replaces us.
const UNSENT_MAX: u64 = ms(500);
/// While a stream gives its last words the next one's sound waits, for as long as [`FINAL_LIMIT`] and a little longer.
const UNSENT_CLOSING_MAX: u64 = ms(6_000);
const _: () = assert!(UNSENT_CLOSING_MAX < KEPT_SAMPLES_MAX as u64 / 2);
/// What is sent at once, where there is so much: 100 ms, the size Google recommends.
const SENT_AT_ONCE: u64 = ms(100);
/// A stream that ends younger than this has not grown old: something is wrong.
const RUN_OUT_MIN: Duration = Duration::from_secs(5);
/// Silence in which an old stream is replaced: long enough that a voice that just began is not cut off.
const SILENCE_MIN: u64 = ms(300);
/// A stream hears again so much of what the one before was given, as far as no words were found in it. No word is longer.
const OVERLAP: u64 = ms(1_000);
/// A word that ends so close to a cut may go on behind it: Google tells times in tenths of a second.
const EDGE: u64 = ms(100);

/// The listener.
#[derive(Debug)]
pub(super) struct GoogleEars {
    recogniser: Recogniser,
    stream: GoogleStream,
    began: Instant,
    limits: (Duration, Duration),
    /// Set once the stream gets no more sound than it is to give its last words for.
    closing: Option<Closing>,
    segments: Segments,
    hints: VoiceHints,
    kept: VecDeque<i16>,
    heard: u64,
    /// Up to where the stream was given the sound.
    sent: u64,
    /// Up to where every word is final; never behind what was sent.
    settled: u64,
    /// Whether final words were asked for while a stream was closing.
    is_due_again: bool,
    is_ended: bool,
}

/// A stream that is asked for its last words.
#[derive(Debug)]
struct Closing {
    /// Where its sound ends.
    until: u64,
    /// When they must be there.
    by: Instant,
    cause: Cause,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// Somebody waits for them: all that was said before is final with them.
    Asked,
    /// The stream is old; what is said goes on in the next.
    Old,
}

enum Wake {
    Dropped,
    Results(Option<Result<Vec<StreamingRecognitionResult>, AdapterError>>),
    Late,
    Room,
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
            stream: first,
            began: Instant::now(),
            limits,
            closing: None,
            segments: Segments::default(),
            hints: VoiceHints::default(),
            kept: VecDeque::new(),
            heard: 0,
            sent: 0,
            settled: 0,
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
                Wake::Results(Some(Ok(results))) => self.on_results(results, events).await?,
                Wake::Results(Some(Err(error))) => {
                    if !self.has_run_out(&error) {
                        return Err(error.into());
                    }
                    self.open_next();
                }
                Wake::Results(None) => self.on_closed(events).await?,
                Wake::Late => {
                    let (adapter, stage, waited) = (NAME, "final words", FINAL_LIMIT);
                    return Err(AdapterError::TimedOut { adapter, stage, waited }.into());
                }
                Wake::Room => self.send(),
                Wake::Input(given) => self.on_input(given)?,
            }
            if self.is_ended && self.closing.is_none() {
                return Ok(());
            }
        }
    }

    async fn wake(
        &mut self,
        input: &mut mpsc::Receiver<SttInput>,
        events: &Events<SttEvent>,
    ) -> Wake {
        let late = self.closing.as_ref().map(|closing| closing.by);
        let unsent_max = if late.is_some() { UNSENT_CLOSING_MAX } else { UNSENT_MAX };
        let takes_input = !self.is_ended && self.heard - self.sent < unsent_max;
        let has_sound = self.sent < self.send_until();
        let GoogleStream { sound, results, .. } = &mut self.stream;
        let room = async {
            if let Some(sound) = sound.as_ref().filter(|_| has_sound)
                && sound.reserve().await.is_ok()
            {
                return;
            }
            // Whoever takes no more sound has ended, and says why among the results.
            std::future::pending::<()>().await;
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
            results = results.recv() => Wake::Results(results),
            () = too_late => Wake::Late,
            () = room => Wake::Room,
            given = input.recv(), if takes_input => Wake::Input(given),
        }
    }

    // ── What is heard ────────────────────────────────────────────────────────────────────────────────────

    fn on_input(&mut self, given: Option<SttInput>) -> Result<(), Stop> {
        match given {
            Some(SttInput::Audio(frame)) => {
                if frame.rate != RATE {
                    return Err(super::wrong_rate(NAME, frame.rate, RATE).into());
                }
                self.keep(&frame.samples);
            }
            Some(SttInput::SpeechStarted { at_sample }) => self.hints.started(at_sample),
            Some(SttInput::SpeechStopped { at_sample }) => self.hints.stopped(at_sample),
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

    fn send_until(&self) -> u64 {
        self.closing.as_ref().map_or(self.heard, |closing| closing.until)
    }

    /// Gives the stream the next sound, for which there is room, or finds it too old for that.
    fn send(&mut self) {
        if self.closing.is_none() && self.is_old() {
            self.close(self.sent, Cause::Old);
            return;
        }
        let from = index(self.sent - self.kept_from());
        let length = SENT_AT_ONCE.min(self.send_until() - self.sent);
        let part: Vec<i16> = self.kept.range(from..from + index(length)).copied().collect();
        if let Some(sound) = &self.stream.sound {
            // One that has ended since says why among the results.
            drop(sound.try_send(bytes_of(&part)));
        }
        self.sent += length;
        self.end_sound_if_all_is_sent();
    }

    // ── Streams follow one another ───────────────────────────────────────────────────────────────────────

    /// By the clock and by the sound that went in, whichever is more: sound may come faster than it sounded.
    fn is_old(&self) -> bool {
        let sounded = (self.sent - self.stream.base) * 1000 / u64::from(RATE.hz());
        let age = self.began.elapsed().max(Duration::from_millis(sounded));
        let (soft, hard) = self.limits;
        age >= hard || age >= soft && self.hints.quiet_samples(self.sent) >= SILENCE_MIN
    }

    /// Whether a stream ended only because it grew old, or had no sound for long while the line was silent.
    fn has_run_out(&self, error: &AdapterError) -> bool {
        let AdapterError::Unavailable { reason, .. } = error else { return false };
        let is_of_age = ["gRPC OutOfRange", "gRPC Aborted"].contains(&reason.as_str());
        is_of_age && self.closing.is_none() && self.began.elapsed() >= RUN_OUT_MIN
    }

    /// Final words are wanted for all that was heard.
    fn finish(&mut self) {
        if self.closing.is_some() {
            // What was said since waits for the next stream, which is then closed at once.
            self.is_due_again = true;
        } else if self.stream.base < self.heard {
            self.close(self.heard, Cause::Asked);
        }
    }

    /// Asks the stream for its last words, with the sound up to here; the next one begins when they are there.
    fn close(&mut self, until: u64, cause: Cause) {
        self.closing = Some(Closing { until, by: Instant::now() + FINAL_LIMIT, cause });
        self.end_sound_if_all_is_sent();
    }

    fn end_sound_if_all_is_sent(&mut self) {
        if self.closing.as_ref().is_some_and(|closing| closing.until == self.sent) {
            self.stream.sound = None;
        }
    }

    /// The stream has ended in order.
    async fn on_closed(&mut self, events: &Events<SttEvent>) -> Result<(), Stop> {
        let had_all = self.stream.sound.is_none();
        let Some(Closing { until, cause, .. }) = self.closing.take().filter(|_| had_all) else {
            return Err(truncated(NAME, "being asked to").into());
        };
        let unsettled = self.segments.close();
        // Words that it left open and that are final now are not to be heard again.
        let is_heard_again = cause == Cause::Old && unsettled.is_none();
        if let Some(event) = unsettled {
            give(events, event).await?;
        }
        let overlap = if is_heard_again { OVERLAP } else { 0 };
        self.settled = self.settled.max(until.saturating_sub(overlap));
        let is_due_again = std::mem::take(&mut self.is_due_again);
        if !self.is_ended || is_due_again {
            self.open_next();
        }
        if is_due_again {
            self.finish();
        }
        Ok(())
    }

    /// Opens the next stream, which begins with the sound behind the last final word.
    fn open_next(&mut self) {
        let base = self.settled.max(self.kept_from());
        self.stream = self.recogniser.open(base);
        self.began = Instant::now();
        self.sent = base;
    }

    // ── What is said ─────────────────────────────────────────────────────────────────────────────────────

    async fn on_results(
        &mut self,
        results: Vec<StreamingRecognitionResult>,
        events: &Events<SttEvent>,
    ) -> Result<(), Stop> {
        let mut interim = Said::default();
        for result in results {
            let is_final = result.is_final;
            let mut said = self.said(result);
            if !is_final {
                // A steady head and an unsteady tail: one text.
                interim.text.push_str(&said.text);
                interim.until_sample = interim.until_sample.max(said.until_sample);
                continue;
            }
            self.leave_what_was_cut(&mut said);
            let is_plausible = said.until_sample > self.settled || said.text.trim().is_empty();
            // Words whose time nobody can believe end where the sound does: they must not be asked for again.
            let until = if is_plausible { said.until_sample.min(self.sent) } else { self.sent };
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
        let until = if interim.until_sample > 0 { interim.until_sample } else { self.heard };
        interim.from_sample = self.hints.beginning(self.settled, until);
        match self.segments.interim(interim) {
            Some(event) => give(events, event).await,
            None => Ok(()),
        }
    }

    fn said(&self, result: StreamingRecognitionResult) -> Said {
        let (base, hz) = (self.stream.base, RATE.hz());
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

    /// The last words of an old stream go as far as the last whole one: the next stream hears the rest.
    fn leave_what_was_cut(&self, said: &mut Said) {
        let Some(Closing { until: cut, cause: Cause::Old, .. }) = self.closing else { return };
        let Some(last) = said.words.last() else { return };
        let is_cut = last.end_sample + EDGE >= cut && last.start_sample + OVERLAP >= cut;
        if is_cut && let Some(whole) = said.text.trim_end().strip_suffix(last.text.as_str()) {
            said.text = whole.to_owned();
            said.words.pop();
        }
        said.until_sample = said.words.last().map_or(self.settled, |word| word.end_sample);
    }
}
