//! A recogniser that hears numbered words and goes wrong by a plan, without a connection.
//!
//! Bytes on a connection take real time, of which a paused clock knows nothing: it would run through every limit before
//! they are there. This one's words come by channels, which a paused clock waits for; what connections do to words is
//! shown in real time by `adapters/distant_chains.rs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until}; // of paused time: nothing waits
use voice_studio::adapters::net::{of_status, truncated, unreadable};
use voice_studio::adapters::resilience::Member;
use voice_studio::adapters::stt::{
    STT_AUDIO_CAPACITY, STT_EVENT_CAPACITY, SpeechToText, SttCapabilities, SttEvent, SttInput,
    SttOptions, SttStream, SttWords,
};
use voice_studio::adapters::{AdapterError, Availability, BoxFuture};
use voice_studio::audio::SampleRate;
use voice_studio::conversation::Stability;

use super::simulators::numbered::{HeardWord, NumberedEars, word};
use super::simulators::{Fault, FaultPlan, Strike};

const NAME: &str = "near";
/// Quiet for so long ends a phrase.
const PHRASE_ENDS_MS: u64 = 400;

/// The recogniser. Its plan's first entry is for the first stream, and so on.
#[derive(Debug)]
pub(crate) struct NearEars {
    plan: FaultPlan,
    is_down: AtomicBool,
    is_refusing: bool,
    /// The only language it takes, where it takes but one.
    language: Option<&'static str>,
}

impl NearEars {
    pub(crate) fn new(plan: Vec<Option<Fault>>) -> Arc<Self> {
        Arc::new(Self::by(plan))
    }

    /// One that lets nobody in.
    pub(crate) fn refusing() -> Arc<Self> {
        Arc::new(Self { is_refusing: true, ..Self::by(Vec::new()) })
    }

    /// One that refuses whoever speaks another language.
    pub(crate) fn speaking(language: &'static str) -> Arc<Self> {
        Arc::new(Self { language: Some(language), ..Self::by(Vec::new()) })
    }

    fn by(plan: Vec<Option<Fault>>) -> Self {
        let is_down = AtomicBool::new(false);
        Self { plan: FaultPlan::new(plan), is_down, is_refusing: false, language: None }
    }

    /// While it is down, nobody gets through.
    pub(crate) fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::Relaxed);
    }

    pub(crate) fn member(self: &Arc<Self>) -> Member<dyn SpeechToText> {
        let ears: Arc<dyn SpeechToText> = self.clone();
        Member::of_ears(ears)
    }
}

impl SpeechToText for NearEars {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> SttCapabilities {
        SttCapabilities { interim: true, word_times: false, rate: SampleRate::HZ_16000 }
    }

    fn availability(&self) -> Availability {
        Availability::Ready
    }

    fn open(&self, options: SttOptions) -> BoxFuture<'_, Result<SttStream, AdapterError>> {
        Box::pin(async move {
            if self.is_down.load(Ordering::Relaxed) {
                return Err(truncated(NAME, "a greeting"));
            }
            let is_foreign = self.language.is_some_and(|own| own != options.language);
            if self.is_refusing || is_foreign {
                return Err(of_status(NAME, 401, "", None));
            }
            let fault = self.plan.take();
            if let Some(Fault::Latency(length)) = fault {
                sleep_until(Instant::now() + length).await;
            }
            if let Some((status, after)) = fault.and_then(Fault::status) {
                let after = after.map(std::time::Duration::from_secs);
                return Err(of_status(NAME, status, "", after));
            }
            let (input, given) = mpsc::channel(STT_AUDIO_CAPACITY);
            let (said, events) = mpsc::channel(STT_EVENT_CAPACITY);
            let talk = Talk { said, fault, events: 0, held: None, phrase: Phrase::default() };
            tokio::spawn(talk.listen(given));
            Ok(SttStream { input, events })
        })
    }
}

/// One stream.
struct Talk {
    said: mpsc::Sender<Result<SttEvent, AdapterError>>,
    fault: Option<Fault>,
    events: usize,
    /// An event that comes after the one that should follow it.
    held: Option<SttEvent>,
    phrase: Phrase,
}

/// What was heard of one phrase.
#[derive(Debug, Default)]
struct Phrase {
    number: u32,
    words: Vec<String>,
    from: u64,
    until: u64,
}

/// The stream is over, by its fault or because nobody listens.
struct Over;

impl Talk {
    async fn listen(mut self, mut given: mpsc::Receiver<SttInput>) {
        let said = self.said.clone();
        tokio::select! {
            _over = self.hear_all(&mut given) => {}
            () = said.closed() => {}
        }
    }

    async fn hear_all(&mut self, given: &mut mpsc::Receiver<SttInput>) -> Result<(), Over> {
        let mut ears = NumberedEars::default();
        while let Some(input) = given.recv().await {
            match input {
                SttInput::Audio(frame) => {
                    let pcm: Vec<u8> =
                        frame.samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
                    for heard in ears.hear_bytes(&pcm) {
                        self.phrase.add(&heard);
                        let words = self.phrase.words(Stability::Interim);
                        self.event(SttEvent::Words(words), given).await?;
                    }
                    if !ears.is_sounding() && ears.quiet_ms() > PHRASE_ENDS_MS {
                        self.end_phrase(given).await?;
                    }
                }
                SttInput::Finish => {
                    if let Some(heard) = ears.end_word() {
                        self.phrase.add(&heard);
                    }
                    self.end_phrase(given).await?;
                }
                SttInput::SpeechStarted { .. } | SttInput::SpeechStopped { .. } => {}
            }
        }
        if let Some(heard) = ears.end_word() {
            self.phrase.add(&heard);
        }
        self.end_phrase(given).await?;
        self.event(SttEvent::Done, given).await?;
        match self.held.take() {
            Some(held) => self.give(Ok(held)).await,
            None => Ok(()),
        }
    }

    async fn end_phrase(&mut self, given: &mut mpsc::Receiver<SttInput>) -> Result<(), Over> {
        if self.phrase.words.is_empty() {
            return Ok(());
        }
        let words = self.phrase.words(Stability::Final);
        self.phrase = Phrase { number: self.phrase.number, ..Phrase::default() };
        self.event(SttEvent::Words(words), given).await
    }

    /// The next event, or what the fault puts in its place.
    async fn event(
        &mut self,
        event: SttEvent,
        given: &mut mpsc::Receiver<SttInput>,
    ) -> Result<(), Over> {
        let number = self.events;
        self.events += 1;
        match self.fault.and_then(|fault| fault.strikes_at(number)) {
            Some(Strike::Malformed) => {
                self.give(Err(unreadable(NAME, "a message"))).await?;
                return Err(Over);
            }
            Some(Strike::HalfClosed | Strike::EndsEarly | Strike::Reset) => {
                self.give(Err(truncated(NAME, "its farewell"))).await?;
                return Err(Over);
            }
            Some(Strike::Silence) => {
                while given.recv().await.is_some() {}
                self.said.closed().await;
                return Err(Over);
            }
            None => {}
        }
        match self.fault {
            Some(Fault::Drip { every, .. }) => sleep_until(Instant::now() + every).await,
            Some(Fault::WrongOrder) => match self.held.take() {
                None => {
                    self.held = Some(event);
                    return Ok(());
                }
                Some(held) => {
                    self.give(Ok(event)).await?;
                    return self.give(Ok(held)).await;
                }
            },
            _ => {}
        }
        self.give(Ok(event)).await
    }

    async fn give(&mut self, event: Result<SttEvent, AdapterError>) -> Result<(), Over> {
        self.said.send(event).await.map_err(|_gone| Over)
    }
}

impl Phrase {
    fn add(&mut self, heard: &HeardWord) {
        if self.words.is_empty() {
            self.number += 1;
            self.from = heard.start_sample;
        }
        self.words.push(word(heard.number));
        self.until = heard.end_sample;
    }

    fn words(&self, stability: Stability) -> SttWords {
        SttWords {
            segment: self.number,
            text: self.words.join(" "),
            from_sample: self.from,
            until_sample: self.until,
            stability,
            words: Vec::new(),
        }
    }
}
