//! A chain of voices that speaks as one.
//!
//! A voice that breaks in a turn is opened again, or the next one is, and says what is left; see `voice_pieces`. A
//! stream that ends between two pieces, as services close idle sockets, is no failure: the next piece opens another.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::mind::{away, best_of};
use super::voice_pieces::{Pieces, Place};
use super::{
    Attempts, FIRST_RESULT_LIMIT, FIRST_RESULT_LIMIT_LAST, Health, IDLE_LIMIT, Member, Next,
    OPEN_LIMIT, OPEN_LIMIT_LAST, cause_of, probe,
};
use crate::adapters::tts::{
    TTS_EVENT_CAPACITY, TTS_INPUT_CAPACITY, TextToSpeech, TtsCapabilities, TtsEvent, TtsOptions,
    TtsPiece, TtsStream,
};
use crate::adapters::{
    AdapterError, AdapterNote, Availability, BoxFuture, ChangeOutcome, ServiceUse, Usage,
};
use crate::audio::SampleRate;

/// How long a voice may take to say that it is done when it has said everything.
const LAST_WORD_LIMIT: Duration = Duration::from_secs(1);

type Voices = Member<dyn TextToSpeech>;

impl Voices {
    /// A voice that nobody has asked yet.
    #[must_use]
    pub fn of_voice(adapter: Arc<dyn TextToSpeech>) -> Self {
        let ask = probe::of(&adapter, |adapter| {
            let options = TtsOptions { voice: String::new(), language: "en".to_owned() };
            Box::pin(async move { probe::voice(adapter.as_ref(), options).await })
        });
        let health = Health::new(adapter.name(), adapter.model(), ask);
        Self { adapter, health }
    }
}

/// Voices in the order in which they are asked.
#[derive(Clone, Debug)]
pub struct ResilientVoice {
    members: Arc<[Voices]>,
    /// The names of the voices, as each product spells them; the first is the caller's.
    names: Arc<[String]>,
    rate: SampleRate,
}

impl ResilientVoice {
    /// A chain; `first` is the first choice, the others come with the voice that stands in for the caller's.
    #[must_use]
    pub fn new(first: Voices, others: impl IntoIterator<Item = (Voices, String)>) -> Self {
        let (others, names): (Vec<_>, Vec<_>) = others.into_iter().unzip();
        let members: Arc<[Voices]> = std::iter::once(first).chain(others).collect();
        let rates = || members.iter().map(|member| member.adapter.capabilities().rate);
        let rate = members[0].adapter.capabilities().rate;
        let rate = if rates().all(|own| own == rate) { rate } else { SampleRate::HZ_48000 };
        let names = std::iter::once(String::new()).chain(names).collect();
        Self { members, names, rate }
    }

    fn options_of(&self, at: usize, options: &TtsOptions) -> TtsOptions {
        if at == 0 {
            return options.clone();
        }
        TtsOptions { voice: self.names[at].clone(), language: options.language.clone() }
    }
}

impl TextToSpeech for ResilientVoice {
    fn name(&self) -> &'static str {
        self.members[0].adapter.name()
    }

    fn model(&self) -> &str {
        self.members[0].adapter.model()
    }

    fn capabilities(&self) -> TtsCapabilities {
        let word_times = self.members.iter().all(|member| member.adapter.capabilities().word_times);
        TtsCapabilities { word_times, rate: self.rate }
    }

    fn availability(&self) -> Availability {
        best_of(self.members.iter().map(|member| (member.adapter.availability(), &member.health)))
    }

    fn warm_up<'a>(&'a self, options: &'a TtsOptions) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            for (at, member) in self.members.iter().enumerate() {
                member.adapter.warm_up(&self.options_of(at, options)).await;
            }
        })
    }

    fn open(&self, options: TtsOptions) -> BoxFuture<'_, Result<TtsStream, AdapterError>> {
        Box::pin(async move {
            let (pieces, waiting) = mpsc::channel(TTS_INPUT_CAPACITY);
            let (sender, events) = mpsc::channel(TTS_EVENT_CAPACITY);
            let speaking = Speaking {
                chain: self.clone(),
                options,
                pieces: Pieces::new(self.rate),
                events: sender.clone(),
                running: None,
                attempts: Attempts::new(),
                at: Member::first(&self.members),
                trouble: None,
            };
            tokio::spawn(async move {
                tokio::select! {
                    _over = speaking.speak(waiting) => {}
                    () = sender.closed() => {}
                }
            });
            Ok(TtsStream { pieces, events })
        })
    }
}

/// Nobody listens any more, or the chain has given up and said so.
struct Over;

/// A voice at work.
struct Running {
    pieces: Option<mpsc::Sender<TtsPiece>>,
    events: mpsc::Receiver<Result<TtsEvent, AdapterError>>,
    rate: SampleRate,
    /// Whether it has given sound.
    has_sounded: bool,
    /// Where the turn was when it was opened.
    place_before: Place,
}

/// A turn being spoken.
struct Speaking {
    chain: ResilientVoice,
    options: TtsOptions,
    pieces: Pieces,
    events: mpsc::Sender<Result<TtsEvent, AdapterError>>,
    running: Option<Running>,
    attempts: Attempts,
    /// Who is asked.
    at: usize,
    /// Why it is not the first choice, or not the first attempt.
    trouble: Option<String>,
}

impl Speaking {
    async fn speak(mut self, mut waiting: mpsc::Receiver<TtsPiece>) -> Result<(), Over> {
        if self.at > 0 {
            self.trouble = Some(away(&self.chain.members[0]));
        }
        let mut is_open = true;
        loop {
            if self.pieces.is_empty() && !is_open {
                self.hear_last_word().await;
                return self.give(TtsEvent::Done).await;
            }
            if self.running.is_none() && self.pieces.has_more() {
                self.open().await?;
                continue;
            }
            let (is_owed, has_more) = (self.pieces.is_owed(), self.pieces.has_more());
            let limit = self.limit();
            let Some(running) = &mut self.running else {
                match waiting.recv().await {
                    Some(piece) => self.pieces.push(piece),
                    None => is_open = false,
                }
                continue;
            };
            if !is_open && !has_more {
                // The voice learns that no more text comes.
                running.pieces = None;
            }
            let sender = running.pieces.clone();
            let room = async {
                match &sender {
                    Some(pieces) => pieces.reserve().await.ok(),
                    None => None,
                }
            };
            tokio::select! {
                piece = waiting.recv(), if is_open => match piece {
                    Some(piece) => self.pieces.push(piece),
                    None => is_open = false,
                },
                permit = room, if has_more && sender.is_some() => match permit {
                    Some(permit) => {
                        if let Some(piece) = self.pieces.give() {
                            let characters = piece.text.chars().count() as u64;
                            permit.send(piece);
                            self.used(characters).await?;
                        }
                    }
                    // The stream has ended by itself; its last event says why.
                    None => running.pieces = None,
                },
                event = timeout(limit, running.events.recv()) => match event {
                    Ok(Some(Ok(event))) => self.on_event(event).await?,
                    Ok(Some(Err(error))) => self.on_broken(error).await?,
                    Ok(None) => self.on_broken(self.broke_off("the stream ended without an end")).await?,
                    Err(_elapsed) if is_owed => {
                        let adapter = self.member().adapter.name();
                        let error = AdapterError::TimedOut { adapter, stage: "sound", waited: limit };
                        self.on_broken(error).await?;
                    }
                    Err(_elapsed) => {}
                },
            }
        }
    }

    fn member(&self) -> &Voices {
        &self.chain.members[self.at]
    }

    fn is_last(&self) -> bool {
        Member::next(&self.chain.members, self.at + 1).is_none()
    }

    fn limit(&self) -> Duration {
        match &self.running {
            Some(running) if running.has_sounded => IDLE_LIMIT,
            _ if self.is_last() => FIRST_RESULT_LIMIT_LAST,
            _ => FIRST_RESULT_LIMIT,
        }
    }

    async fn open(&mut self) -> Result<(), Over> {
        self.attempts.begin();
        let member = self.member().clone();
        member.health.began();
        let limit = if self.is_last() { OPEN_LIMIT_LAST } else { OPEN_LIMIT };
        let options = self.chain.options_of(self.at, &self.options);
        let adapter = member.adapter.name();
        match timeout(limit, member.adapter.open(options)).await {
            Ok(Ok(stream)) => {
                self.running = Some(Running {
                    pieces: Some(stream.pieces),
                    events: stream.events,
                    rate: member.adapter.capabilities().rate,
                    has_sounded: false,
                    place_before: self.pieces.place(),
                });
                Ok(())
            }
            Ok(Err(error)) => self.on_failure(error, true).await,
            Err(_elapsed) => {
                let error = AdapterError::TimedOut { adapter, stage: "open", waited: limit };
                self.on_failure(error, true).await
            }
        }
    }

    async fn on_event(&mut self, event: TtsEvent) -> Result<(), Over> {
        let Some(running) = &mut self.running else { return Ok(()) };
        match event {
            TtsEvent::Note(_) => Ok(()),
            TtsEvent::Done if self.pieces.is_owed() => {
                self.on_broken(self.broke_off("it was done before everything was said")).await
            }
            TtsEvent::Done => {
                self.running = None;
                Ok(())
            }
            event => {
                let is_first = matches!(event, TtsEvent::Audio { .. }) && !running.has_sounded;
                running.has_sounded |= is_first;
                let rate = running.rate;
                if is_first {
                    self.on_first_sound().await?;
                }
                match self.pieces.take(event, rate) {
                    Some(events) => self.give_all(events).await,
                    None => {
                        let adapter = self.member().adapter.name();
                        let reason = "a piece out of its turn".to_owned();
                        self.on_broken(AdapterError::Malformed { adapter, reason }).await
                    }
                }
            }
        }
    }

    async fn on_first_sound(&mut self) -> Result<(), Over> {
        self.member().health.succeeded();
        let Some(cause) = self.trouble.take() else { return Ok(()) };
        self.tell(ChangeOutcome::Serving, self.attempts.number, Some(cause)).await
    }

    /// The running stream is over before its work.
    async fn on_broken(&mut self, error: AdapterError) -> Result<(), Over> {
        let running = self.running.take();
        let has_sounded = running.as_ref().is_some_and(|running| running.has_sounded);
        let is_owed = self.pieces.is_owed();
        let rest = self.pieces.restart();
        // Only words are progress: a voice that dies in the middle of the same one is not asked for ever.
        if running.is_some_and(|running| self.pieces.place() > running.place_before) {
            self.attempts.got_on(!self.is_last());
        }
        if !is_owed {
            tracing::debug!(%error, "a voice's idle stream ended");
            return Ok(());
        }
        self.give_all(rest).await?;
        if self.pieces.is_empty() {
            // It broke after its last word: nothing is missing.
            self.member().health.failed(&error, !has_sounded);
            return Ok(());
        }
        self.on_failure(error, !has_sounded).await
    }

    async fn on_failure(&mut self, error: AdapterError, is_bare: bool) -> Result<(), Over> {
        self.running = None;
        self.member().health.failed(&error, is_bare);
        let number = self.attempts.number;
        let cause = cause_of(&error);
        let next = self.attempts.after(&error, &self.chain.members, self.at);
        match next {
            Next::Retry(wait) => {
                self.tell(ChangeOutcome::Retrying, number, Some(cause.clone())).await?;
                sleep(wait).await;
            }
            Next::Switch(other) => {
                self.tell(ChangeOutcome::Switching, number, Some(cause.clone())).await?;
                self.at = other;
            }
            Next::GiveUp => {
                drop(self.events.send(Err(error)).await);
                return Err(Over);
            }
        }
        self.trouble = Some(cause);
        Ok(())
    }

    /// Everything is said: the voice may end in its own words, so that its connection closes in order.
    async fn hear_last_word(&mut self) {
        let Some(mut running) = self.running.take() else { return };
        running.pieces = None;
        let done = async {
            while let Some(Ok(event)) = running.events.recv().await {
                if event == TtsEvent::Done {
                    return;
                }
            }
        };
        if timeout(LAST_WORD_LIMIT, done).await.is_err() {
            tracing::debug!("a voice did not say that it was done");
        }
    }

    fn broke_off(&self, reason: &str) -> AdapterError {
        let adapter = self.member().adapter.name();
        AdapterError::Unavailable { adapter, reason: reason.to_owned(), retry_after: None }
    }

    async fn used(&mut self, characters: u64) -> Result<(), Over> {
        let adapter = &self.member().adapter;
        let usage = Usage { characters, ..Usage::default() };
        let (adapter, model) = (adapter.name(), adapter.model().to_owned());
        let used = ServiceUse { adapter, model, usage, is_estimated: false };
        self.give(TtsEvent::Note(AdapterNote::Used(used))).await
    }

    async fn tell(
        &mut self,
        outcome: ChangeOutcome,
        attempt: u32,
        cause: Option<String>,
    ) -> Result<(), Over> {
        let adapter = &self.member().adapter;
        self.member().health.told(outcome);
        let note = AdapterNote::changed(adapter.name(), adapter.model(), outcome, attempt, cause);
        self.give(TtsEvent::Note(note)).await
    }

    async fn give_all(&mut self, events: Vec<TtsEvent>) -> Result<(), Over> {
        for event in events {
            self.give(event).await?;
        }
        Ok(())
    }

    async fn give(&mut self, event: TtsEvent) -> Result<(), Over> {
        self.events.send(Ok(event)).await.map_err(|_gone| Over)
    }
}
