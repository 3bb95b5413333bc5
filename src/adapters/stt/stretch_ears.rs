//! One running stream of a recogniser that has no ears of its own: from sound and hints to words.
//!
//! The task holds the sound of the current stretch, asks a decoder for its words at the right moments, and
//! says them in order. It never waits for a decode while it could hear.
//!
//! Invariants: every stretch that began ends with exactly one final; of two stretches all words of the earlier are said
//! before any of the later; at most one interim, one complete and [`CLOSINGS_MAX`] finals are asked for at a time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::decode_queue::{Answer, CLOSINGS_MAX, DecodeQueue, Urgency};
use super::inventions::{VOICE_MIN_SAMPLES, guarded};
use super::stretch::{Close, LONG_SAMPLES, Sound, Stretch, TAIL_SAMPLES};
use super::stretch_words::{Closing, Interim, Text, Words, answer_of};
use super::{SttEvent, SttInput, SttOptions, SttWord, SttWords};
use crate::adapters::AdapterError;
use crate::adapters::ending::{Events, Stop, conclude, give};
use crate::adapters::worker::WorkerState;
use crate::audio::{Frame, SampleRate};
use crate::conversation::Stability;

/// Decodes waiting at which interims are no longer asked for: half a second of work.
const QUEUE_LONG: usize = 6;
/// Decodes waiting at which the cadence of interims halves.
const QUEUE_LATE: usize = 2;
/// Decodes waiting at which it halves again.
const QUEUE_LATER: usize = 4;

/// One stream.
#[derive(Debug)]
pub(super) struct StretchEars {
    adapter: &'static str,
    options: Arc<SttOptions>,
    /// Whether words are asked for while the voice sounds.
    interims: bool,
    queue: Arc<DecodeQueue>,
    worker: WorkerState,
    sound: Sound,
    /// The same count as in `sound`, for the decoding thread to see what is stale.
    heard: Arc<AtomicU64>,
    /// Number of the newest stretch.
    segments: u32,
    /// End of the sound that belongs to earlier stretches.
    last_end: u64,
    current: Option<Current>,
    /// Stretches that are over, oldest first, until their final words are out.
    closings: VecDeque<Closing>,
    _permit: OwnedSemaphorePermit,
}

/// The stretch being heard.
#[derive(Debug)]
struct Current {
    stretch: Stretch,
    interim: Option<Interim>,
    last_interim_at: Option<u64>,
    /// The words up to where the voice stopped; `None` while it sounds.
    complete: Option<Words>,
}

/// What a stream's task wakes up for.
enum Wake {
    Dropped,
    Final(Answer),
    Complete(Answer),
    Interim(Answer),
    Input(Option<SttInput>),
}

impl StretchEars {
    /// A stream that has heard nothing yet; the permit is given back when it ends.
    pub(super) fn new(
        adapter: &'static str,
        options: SttOptions,
        interims: bool,
        queue: Arc<DecodeQueue>,
        worker: WorkerState,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            adapter,
            options: Arc::new(options),
            interims,
            queue,
            worker,
            sound: Sound::default(),
            heard: Arc::new(AtomicU64::new(0)),
            segments: 0,
            last_end: 0,
            current: None,
            closings: VecDeque::new(),
            _permit: permit,
        }
    }

    /// Hears until the input ends, nobody listens any more, or the recogniser fails.
    pub(super) async fn listen(
        mut self,
        mut input: mpsc::Receiver<SttInput>,
        events: Events<SttEvent>,
    ) {
        let ended = self.hear_all(&mut input, &events).await;
        conclude(events, ended, SttEvent::Done).await;
    }

    async fn hear_all(
        &mut self,
        input: &mut mpsc::Receiver<SttInput>,
        events: &Events<SttEvent>,
    ) -> Result<(), Stop> {
        let mut ended = false;
        loop {
            self.say_known_finals(events).await?;
            if ended && self.closings.is_empty() {
                return Ok(());
            }
            match self.wake(input, events, ended).await {
                Wake::Dropped => return Err(Stop::Dropped),
                Wake::Final(answer) => self.on_final(answer)?,
                Wake::Complete(answer) => self.on_complete(answer, events).await?,
                Wake::Interim(answer) => self.on_interim(answer, events).await?,
                Wake::Input(Some(SttInput::Audio(frame))) => self.on_audio(&frame, events).await?,
                Wake::Input(Some(SttInput::SpeechStarted { at_sample })) => {
                    self.on_started(at_sample);
                }
                Wake::Input(Some(SttInput::SpeechStopped { at_sample })) => {
                    self.on_stopped(at_sample, events).await?;
                }
                Wake::Input(Some(SttInput::Finish)) => self.on_finish(),
                Wake::Input(None) => {
                    self.on_finish();
                    self.current = None;
                    ended = true;
                }
            }
        }
    }

    /// Waits for whatever comes first. Words of a later stretch wait until the earlier ones are final; sound waits
    /// while too many stretches do.
    async fn wake(
        &mut self,
        input: &mut mpsc::Receiver<SttInput>,
        events: &Events<SttEvent>,
        ended: bool,
    ) -> Wake {
        let closings = self.closings.len();
        let oldest = self.closings.front_mut().and_then(|closing| closing.words.awaited());
        let (complete, interim) = match self.current.as_mut() {
            Some(current) if closings == 0 => (
                current.complete.as_mut().and_then(Words::awaited),
                current.interim.as_mut().map(|interim| &mut interim.pending),
            ),
            _ => (None, None),
        };
        tokio::select! {
            biased;
            () = events.closed() => Wake::Dropped,
            answer = answer_of(oldest) => Wake::Final(answer),
            answer = answer_of(complete) => Wake::Complete(answer),
            answer = answer_of(interim) => Wake::Interim(answer),
            given = input.recv(), if !ended && closings < CLOSINGS_MAX => Wake::Input(given),
        }
    }

    // ── What is heard ────────────────────────────────────────────────────────────────────────────────────

    async fn on_audio(&mut self, frame: &Frame, events: &Events<SttEvent>) -> Result<(), Stop> {
        if frame.rate != SampleRate::HZ_16000 {
            let reason = format!("sound at {}, {} is wanted", frame.rate, SampleRate::HZ_16000);
            return Err(Stop::Failed(AdapterError::Refused { adapter: self.adapter, reason }));
        }
        self.sound.push(&frame.samples);
        let heard = self.sound.heard();
        self.heard.store(heard, Ordering::Relaxed);
        match self.current.as_ref().and_then(|current| current.stretch.close(heard)) {
            Some(Close::Quiet) => self.close_quiet(),
            Some(Close::TooLong) => self.cut_at_the_quietest(),
            None => self.ask_interim_if_due(),
        }
        self.sound.forget_before(self.current.as_ref().map(|current| current.stretch.from_sample));
        self.say_known_finals(events).await
    }

    fn on_started(&mut self, at_sample: u64) {
        if let Some(current) = &mut self.current {
            if current.stretch.resume(at_sample) {
                // The words so far were not all: what was worked out of them is not needed.
                current.complete = None;
            }
            return;
        }
        self.segments += 1;
        let voice_from = at_sample.min(self.sound.heard());
        self.begin(Stretch::begin(self.segments, voice_from, self.last_end));
    }

    fn begin(&mut self, stretch: Stretch) {
        self.current =
            Some(Current { stretch, interim: None, last_interim_at: None, complete: None });
    }

    async fn on_stopped(&mut self, at_sample: u64, events: &Events<SttEvent>) -> Result<(), Stop> {
        let heard = self.sound.heard();
        let at_sample = at_sample.min(heard);
        let Some(current) = &mut self.current else { return Ok(()) };
        if !current.stretch.pause(at_sample) {
            return Ok(());
        }
        current.interim = None;
        if at_sample <= current.stretch.from_sample && current.last_interim_at.is_none() {
            // The voice had ended before this stretch began, which only `Finish` had opened: there is nothing in it.
            self.current = None;
            self.segments -= 1;
            return Ok(());
        }
        let until = heard.min(at_sample + TAIL_SAMPLES);
        let words = self.words_of(at_sample, until, Urgency::Complete);
        let known = matches!(words, Words::Known(_));
        if let Some(current) = &mut self.current {
            current.complete = Some(words);
        }
        if known { self.say_complete(events).await } else { Ok(()) }
    }

    /// Everything so far becomes final now. A voice that still sounds goes on in a stretch of its own.
    fn on_finish(&mut self) {
        let Some(current) = &self.current else { return };
        if current.stretch.stop().is_some() {
            self.close_quiet();
            return;
        }
        let heard = self.sound.heard();
        if heard > current.stretch.from_sample {
            self.close_at(heard);
        }
    }

    // ── How a stretch ends ───────────────────────────────────────────────────────────────────────────────

    /// The silence has lasted: what was worked out when it began is final.
    fn close_quiet(&mut self) {
        let Some(current) = self.current.take() else { return };
        let Some(stop) = current.stretch.stop() else { return };
        let words = current.complete.unwrap_or(Words::Known(Text::default()));
        if let Words::Awaited(pending) = &words {
            pending.make_final();
        }
        self.last_end = self.sound.heard().min(stop + TAIL_SAMPLES);
        self.closings.push_back(Closing { stretch: current.stretch, until_sample: stop, words });
    }

    fn cut_at_the_quietest(&mut self) {
        let Some(current) = &self.current else { return };
        let heard = self.sound.heard();
        // Not in the newest tail: the recogniser wants some sound behind a word.
        let cut = self.sound.quietest(
            current.stretch.from_sample + LONG_SAMPLES,
            heard.saturating_sub(TAIL_SAMPLES),
        );
        self.close_at(cut);
    }

    /// Cuts a voice that goes on: final up to `cut`, a new stretch behind it.
    fn close_at(&mut self, cut: u64) {
        let words = self.words_of(cut, cut, Urgency::Final);
        let Some(current) = self.current.take() else { return };
        self.last_end = cut;
        self.closings.push_back(Closing { stretch: current.stretch, until_sample: cut, words });
        self.segments += 1;
        self.begin(Stretch::go_on(self.segments, cut));
    }

    /// The words of the current stretch with voice up to `voice_until` and sound up to `until`.
    fn words_of(&self, voice_until: u64, until: u64, urgency: Urgency) -> Words {
        let Some(current) = &self.current else { return Words::Known(Text::default()) };
        let stretch = &current.stretch;
        if stretch.voice_samples(voice_until) < VOICE_MIN_SAMPLES {
            return Words::Known(Text::default());
        }
        let sound = self.sound.between(stretch.from_sample, until);
        Words::Awaited(self.queue.ask(urgency, sound, until, &self.heard, &self.options))
    }

    fn ask_interim_if_due(&mut self) {
        let Some(current) = self.current.as_mut().filter(|_| self.interims) else { return };
        let heard = self.sound.heard();
        let waiting = self.queue.len();
        let slowdown = match waiting {
            0..QUEUE_LATE => 1,
            QUEUE_LATE..QUEUE_LATER => 2,
            _ => 4,
        };
        let running = current.interim.as_ref().is_some_and(|interim| interim.pending.has_started());
        if running || !current.stretch.interim_is_due(heard, current.last_interim_at, slowdown) {
            return;
        }
        current.last_interim_at = Some(heard);
        // One that still waits is replaced: the newer sound holds the older.
        current.interim = None;
        if waiting >= QUEUE_LONG {
            self.queue.count_degraded();
            return;
        }
        let sound = self.sound.between(current.stretch.from_sample, heard);
        let pending = self.queue.ask(Urgency::Interim, sound, heard, &self.heard, &self.options);
        current.interim = Some(Interim { until_sample: heard, pending });
    }

    // ── What is said ─────────────────────────────────────────────────────────────────────────────────────

    fn on_final(&mut self, answer: Answer) -> Result<(), Stop> {
        let Some(closing) = self.closings.front() else { return Ok(()) };
        let voice = closing.stretch.voice_samples(closing.until_sample);
        let from = closing.stretch.from_sample;
        let text = self.worker_answer(answer, voice, from)?.unwrap_or_default();
        if let Some(closing) = self.closings.front_mut() {
            closing.words = Words::Known(text);
        }
        Ok(())
    }

    async fn on_complete(&mut self, answer: Answer, events: &Events<SttEvent>) -> Result<(), Stop> {
        let Some(Current { stretch, .. }) = self.current else { return Ok(()) };
        let voice = stretch.voice_samples(0);
        let text = self.worker_answer(answer, voice, stretch.from_sample)?.unwrap_or_default();
        if let Some(current) = &mut self.current {
            current.complete = Some(Words::Known(text));
        }
        self.say_complete(events).await
    }

    async fn on_interim(&mut self, answer: Answer, events: &Events<SttEvent>) -> Result<(), Stop> {
        let Some(current) = &mut self.current else { return Ok(()) };
        let Some(interim) = current.interim.take() else { return Ok(()) };
        let stretch = current.stretch;
        let voice = stretch.voice_samples(interim.until_sample);
        match self.worker_answer(answer, voice, stretch.from_sample)? {
            Some(text) if !text.text.is_empty() => {
                say(events, &stretch, text, interim.until_sample, Stability::Interim).await
            }
            _ => Ok(()),
        }
    }

    async fn say_complete(&self, events: &Events<SttEvent>) -> Result<(), Stop> {
        // Behind stretches that are not final yet it is not said; its final will be.
        let Some(current) = self.current.as_ref().filter(|_| self.closings.is_empty()) else {
            return Ok(());
        };
        match (&current.complete, current.stretch.stop()) {
            (Some(Words::Known(text)), Some(stop)) => {
                say(events, &current.stretch, text.clone(), stop, Stability::Complete).await
            }
            _ => Ok(()),
        }
    }

    /// Says the finals whose words are there, oldest first.
    async fn say_known_finals(&mut self, events: &Events<SttEvent>) -> Result<(), Stop> {
        while let Some(Closing { words: Words::Known(text), stretch, until_sample }) =
            self.closings.front_mut()
        {
            let (text, stretch, until_sample) = (std::mem::take(text), *stretch, *until_sample);
            self.closings.pop_front();
            say(events, &stretch, text, until_sample, Stability::Final).await?;
        }
        Ok(())
    }

    /// The words of an answer; `None` if there are none because it was dropped.
    fn worker_answer(
        &self,
        answer: Answer,
        voice_samples: u64,
        from_sample: u64,
    ) -> Result<Option<Text>, Stop> {
        match answer {
            Answer::Decoded(decoded) => {
                let text = guarded(&decoded, voice_samples);
                let words = if text == decoded.text { decoded.words } else { Vec::new() };
                let in_stream = |word: SttWord| SttWord {
                    start_sample: from_sample + word.start_sample,
                    end_sample: from_sample + word.end_sample,
                    ..word
                };
                Ok(Some(Text { text, words: words.into_iter().map(in_stream).collect() }))
            }
            Answer::Dropped => Ok(None),
            Answer::Failed(error) => Err(Stop::Failed(error)),
            Answer::Lost => Err(Stop::Failed(self.worker.job_lost())),
        }
    }
}

async fn say(
    events: &Events<SttEvent>,
    stretch: &Stretch,
    Text { text, words }: Text,
    until_sample: u64,
    stability: Stability,
) -> Result<(), Stop> {
    let words = SttWords {
        segment: stretch.segment,
        text,
        from_sample: stretch.voice_from,
        // A hint of silence may be older than the hint of voice.
        until_sample: until_sample.max(stretch.voice_from),
        stability,
        words,
    };
    give(events, SttEvent::Words(words)).await
}
