//! A chain of recognisers that listens as one.
//!
//! The stream that the session has never ends by itself while a product may come back: sound waits in the memory
//! meanwhile and is heard late rather than never. Words that were final stay; a stretch that was begun is heard again
//! from its first word. When the first choice is well again it takes over in a pause of the host.

mod memory;
mod running;
mod trouble;
mod words;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use super::mind::{away, best_of};
use super::{Attempts, Health, Member, OPEN_LIMIT, OPEN_LIMIT_LAST, probe};
use crate::adapters::stt::{
    STT_AUDIO_CAPACITY, STT_EVENT_CAPACITY, SpeechToText, SttCapabilities, SttEvent, SttInput,
    SttOptions, SttStream,
};
use crate::adapters::{AdapterError, Availability, BoxFuture, ChangeOutcome};
use crate::conversation::Stability;
use memory::{Memory, as_given};
use running::{BLOCKED_LIMIT, Running, SETTLED_AFTER, WELL_AFTER};
use words::Segments;

/// Shorter speech may be a cough, of which no recogniser says a word.
const SPEECH_MIN: Duration = Duration::from_secs(1);
/// How long the last words may take when no more sound comes.
const LAST_WORDS_LIMIT: Duration = Duration::from_secs(5);
/// Use is told so often.
const USE_EVERY: Duration = Duration::from_secs(30);

type Ears = Member<dyn SpeechToText>;

impl Ears {
    /// A recogniser that nobody has asked yet.
    #[must_use]
    pub fn of_ears(adapter: Arc<dyn SpeechToText>) -> Self {
        let ask = probe::of(&adapter, |adapter| {
            let options = SttOptions { language: "en".to_owned(), ..SttOptions::default() };
            Box::pin(async move { probe::ears(adapter.as_ref(), options).await })
        });
        let health = Health::new(adapter.name(), adapter.model(), ask);
        Self { adapter, health }
    }
}

/// Recognisers in the order in which they are asked.
#[derive(Clone, Debug)]
pub struct ResilientEars {
    members: Arc<[Ears]>,
}

impl ResilientEars {
    /// A chain; `first` is the first choice. One that hears at another rate is left out and said so.
    #[must_use]
    pub fn new(first: Ears, others: impl IntoIterator<Item = Ears>) -> Self {
        let rate = first.adapter.capabilities().rate;
        let others = others.into_iter().filter(|member| {
            let fits = member.adapter.capabilities().rate == rate;
            if !fits {
                tracing::error!(adapter = member.adapter.name(), %rate, "hears at another rate; left out");
            }
            fits
        });
        Self { members: std::iter::once(first).chain(others).collect() }
    }
}

impl SpeechToText for ResilientEars {
    fn name(&self) -> &'static str {
        self.members[0].adapter.name()
    }

    fn model(&self) -> &str {
        self.members[0].adapter.model()
    }

    fn capabilities(&self) -> SttCapabilities {
        let all = || self.members.iter().map(|member| member.adapter.capabilities());
        let (interim, word_times) = (all().all(|own| own.interim), all().all(|own| own.word_times));
        SttCapabilities { interim, word_times, ..self.members[0].adapter.capabilities() }
    }

    fn availability(&self) -> Availability {
        // Sound waits while a service is away, so only what cannot come back counts.
        match best_of(self.members.iter().map(|m| (m.adapter.availability(), &m.health))) {
            Availability::Loading => Availability::Loading,
            Availability::Ready | Availability::Unavailable(_) => Availability::Ready,
        }
    }

    fn open(&self, options: SttOptions) -> BoxFuture<'_, Result<SttStream, AdapterError>> {
        Box::pin(async move {
            let (input, given) = mpsc::channel(STT_AUDIO_CAPACITY);
            let (sender, events) = mpsc::channel(STT_EVENT_CAPACITY);
            let rate = self.capabilities().rate.hz();
            let listening = Listening {
                at: Member::first(&self.members),
                members: Arc::clone(&self.members),
                options,
                events: sender.clone(),
                memory: Memory::new(rate),
                segments: Segments::new(rate),
                state: State::Closed { until: Instant::now() },
                attempts: Attempts::new(),
                trouble: None,
                refused: 0,
                may_return: Instant::now(),
                cursor: 0,
                is_open: true,
                speech_from: None,
            };
            tokio::spawn(async move {
                tokio::select! {
                    _over = listening.listen(given) => {}
                    () = sender.closed() => {}
                }
            });
            Ok(SttStream { input, events })
        })
    }
}

/// Nobody listens any more, or everything has been said.
struct Over;

enum State {
    /// Nobody listens; the next is asked at this moment.
    Closed { until: Instant },
    /// One listens.
    Running(Box<Running>),
}

/// A session being listened to.
struct Listening {
    members: Arc<[Ears]>,
    /// Who is asked.
    at: usize,
    options: SttOptions,
    events: mpsc::Sender<Result<SttEvent, AdapterError>>,
    memory: Memory,
    segments: Segments,
    state: State,
    attempts: Attempts,
    /// Why it is not the first choice, or not the first attempt.
    trouble: Option<String>,
    /// Members in a row that refused.
    refused: usize,
    /// Until then no better member is tried again: one of them refused this stream.
    may_return: Instant,
    /// The item the running recogniser is given next.
    cursor: u64,
    /// Whether more sound may come.
    is_open: bool,
    /// Where the running speech began.
    speech_from: Option<u64>,
}

impl Listening {
    async fn listen(mut self, mut given: mpsc::Receiver<SttInput>) -> Result<(), Over> {
        if self.at > 0 {
            self.trouble = Some(away(&self.members[0]));
        }
        loop {
            let is_open = self.is_open;
            match &mut self.state {
                State::Closed { until } => {
                    let until = *until;
                    tokio::select! {
                        biased;
                        () = sleep_until(until) => self.open(&mut given).await?,
                        input = given.recv(), if is_open => self.on_input(input),
                    }
                }
                State::Running(running) => {
                    let next = self.memory.item(self.cursor).cloned();
                    let deadline = running.deadline(next.is_some());
                    let sender = running.input.clone().filter(|_| next.is_some());
                    let room = async {
                        match &sender {
                            Some(input) => input.reserve().await.ok(),
                            None => None,
                        }
                    };
                    tokio::select! {
                        input = given.recv(), if is_open => self.on_input(input),
                        permit = room, if sender.is_some() => match (permit, next) {
                            (Some(permit), Some(next)) => {
                                permit.send(as_given(&next, running.base));
                                self.on_sent(&next).await?;
                            }
                            // The stream has ended by itself; its last event says why.
                            _ => running.input = None,
                        },
                        event = running.events.recv() => self.on_event(event).await?,
                        () = sleep_until(deadline) => self.on_deadline().await?,
                    }
                    self.finish_if_all_is_sent();
                }
            }
            self.return_if_quiet().await?;
        }
    }

    fn member(&self) -> &Ears {
        &self.members[self.at]
    }

    fn on_input(&mut self, input: Option<SttInput>) {
        match input {
            Some(input) => {
                if let SttInput::SpeechStarted { at_sample } = input {
                    self.speech_from = Some(at_sample);
                }
                let lost = self.memory.lost();
                self.memory.push(input, self.cursor);
                self.cursor = self.cursor.max(self.memory.oldest());
                if lost == 0 && self.memory.lost() > 0 {
                    tracing::warn!("a recogniser was away for too long: sound is lost");
                }
            }
            None => self.is_open = false,
        }
    }

    async fn on_sent(&mut self, sent: &SttInput) -> Result<(), Over> {
        self.cursor += 1;
        let State::Running(running) = &mut self.state else { return Ok(()) };
        running.took = Instant::now();
        match sent {
            SttInput::Audio(frame) => running.sent_samples += frame.samples.len() as u64,
            SttInput::SpeechStarted { .. } => running.on_speech(),
            SttInput::SpeechStopped { at_sample } => {
                let from = self.speech_from.take().unwrap_or(*at_sample);
                let rate = u64::from(self.members[self.at].adapter.capabilities().rate.hz());
                let spoken = Duration::from_millis(at_sample.saturating_sub(from) * 1000 / rate);
                running.on_silence(spoken >= SPEECH_MIN || self.segments.is_open());
            }
            SttInput::Finish => {}
        }
        if running.told_use.elapsed() >= USE_EVERY {
            self.tell_use().await?;
        }
        Ok(())
    }

    /// Asks the next recogniser; sound goes on to be taken meanwhile.
    async fn open(&mut self, given: &mut mpsc::Receiver<SttInput>) -> Result<(), Over> {
        self.attempts.begin();
        let member = self.member().clone();
        member.health.began();
        let is_last = Member::next(&self.members, self.at + 1).is_none();
        let limit = if is_last { OPEN_LIMIT_LAST } else { OPEN_LIMIT };
        let adapter = Arc::clone(&member.adapter);
        let options = self.options.clone();
        let mut opening = Box::pin(async move { timeout(limit, adapter.open(options)).await });
        let opened = loop {
            tokio::select! {
                opened = &mut opening => break opened,
                input = given.recv(), if self.is_open => self.on_input(input),
            }
        };
        match opened {
            Ok(Ok(stream)) => {
                self.run(stream);
                Ok(())
            }
            Ok(Err(error)) => self.on_failure(error, true).await,
            Err(_elapsed) => {
                let adapter = member.adapter.name();
                let error = AdapterError::TimedOut { adapter, stage: "open", waited: limit };
                self.on_failure(error, true).await
            }
        }
    }

    /// A fresh stream is given everything whose words are not final.
    fn run(&mut self, stream: SttStream) {
        let start = self.memory.start(self.segments.final_until());
        self.segments.begin();
        self.cursor = start.item;
        if start.is_speaking {
            // A stream of nobody: the channel is empty and takes a hint.
            let begun = stream.input.try_send(SttInput::SpeechStarted { at_sample: 0 });
            self.speech_from.get_or_insert(start.base);
            if begun.is_err() {
                tracing::debug!("a fresh recogniser takes no hint");
            }
        }
        let now = Instant::now();
        let mut running = Box::new(Running {
            input: Some(stream.input),
            events: stream.events,
            base: start.base,
            opened: now,
            took: now,
            interim: self.members[self.at].adapter.capabilities().interim,
            is_spoken_to: false,
            words_by: None,
            has_settled: false,
            is_well: false,
            sent_samples: 0,
            told_use: now,
        });
        if start.is_speaking {
            running.on_speech();
        }
        self.state = State::Running(running);
    }

    async fn on_event(
        &mut self,
        event: Option<Result<SttEvent, AdapterError>>,
    ) -> Result<(), Over> {
        let adapter = self.member().adapter.name();
        let broke = |reason: &str| AdapterError::Unavailable {
            adapter,
            reason: reason.to_owned(),
            retry_after: None,
        };
        let State::Running(running) = &mut self.state else { return Ok(()) };
        match event {
            Some(Ok(SttEvent::Words(words))) => {
                let base = running.base;
                // Words that may still change are a sign of life; only final ones are progress, or a recogniser that
                // dies at every second word would be asked for ever.
                let is_final = words.stability == Stability::Final;
                running.on_words(is_final);
                if is_final && !std::mem::replace(&mut running.is_well, true) {
                    self.on_well().await?;
                } else if !running.has_settled {
                    self.on_settled().await?;
                }
                for words in self.segments.take(words, base) {
                    self.give(SttEvent::Words(words)).await?;
                }
                self.memory.forget(self.segments.final_until(), self.cursor);
                Ok(())
            }
            Some(Ok(SttEvent::Note(_))) => Ok(()),
            Some(Ok(SttEvent::Done)) if running.input.is_none() && !self.is_open => {
                self.say_done().await
            }
            Some(Ok(SttEvent::Done)) => self.on_broken(broke("it was done while sound came")).await,
            Some(Err(error)) => self.on_broken(error).await,
            None => self.on_broken(broke("the stream ended without an end")).await,
        }
    }

    async fn on_deadline(&mut self) -> Result<(), Over> {
        let adapter = self.member().adapter.name();
        let late = |stage, waited| AdapterError::TimedOut { adapter, stage, waited };
        let has_more = self.memory.item(self.cursor).is_some();
        let State::Running(running) = &mut self.state else { return Ok(()) };
        let now = Instant::now();
        if running.words_by.is_some_and(|by| by <= now) {
            let waited = running.waited_for_words();
            return self.on_broken(late("words", waited)).await;
        }
        if has_more && running.input.is_some() && now >= running.took + BLOCKED_LIMIT {
            return self.on_broken(late("taking sound", BLOCKED_LIMIT)).await;
        }
        if !running.has_settled && now >= running.opened + SETTLED_AFTER {
            return self.on_settled().await;
        }
        if !running.is_well && now >= running.opened + WELL_AFTER {
            running.is_well = true;
            return self.on_well().await;
        }
        Ok(())
    }

    /// It lives: whoever was told of trouble is told that it is over.
    async fn on_settled(&mut self) -> Result<(), Over> {
        let State::Running(running) = &mut self.state else { return Ok(()) };
        running.has_settled = true;
        let Some(cause) = self.trouble.take() else { return Ok(()) };
        self.tell(ChangeOutcome::Serving, self.attempts.number, Some(cause)).await
    }

    /// It has given a result.
    async fn on_well(&mut self) -> Result<(), Over> {
        self.on_settled().await?;
        self.member().health.succeeded();
        self.attempts = Attempts::new();
        self.refused = 0;
        Ok(())
    }
}
