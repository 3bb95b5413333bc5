//! Asking a product whether it is well: the smallest piece of real work, and how long its first result took.
//!
//! Used in the background while a breaker is open and after a refusal, and by `studio doctor`.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::super::llm::{LanguageModel, LlmEvent};
use super::super::stt::{SpeechToText, SttEvent, SttInput, SttOptions};
use super::super::tts::{TextToSpeech, TtsEvent, TtsOptions, TtsPiece};
use super::super::{AdapterError, BoxFuture};
use crate::audio::Frame;
use crate::conversation::Prompt;
use crate::conversation::prompt::{Message, Role};

/// Longest wait for a probe's answer.
pub const PROBE_LIMIT: Duration = Duration::from_secs(8);

/// A word from a language model.
///
/// # Errors
/// Why there is none.
pub async fn mind(adapter: &dyn LanguageModel) -> Result<Duration, AdapterError> {
    let line = Message {
        role: Role::User,
        name: "Studio".to_owned(),
        text: "Are you there? Say yes.".to_owned(),
    };
    let prompt = Prompt {
        system: "You answer with one word.".to_owned(),
        messages: vec![line],
        answer_seconds: 1,
    };
    within(adapter.name(), async {
        let mut stream = adapter.open(prompt).await?;
        loop {
            match stream.events.recv().await {
                Some(Ok(LlmEvent::Begun(_) | LlmEvent::Note(_))) => {}
                Some(Ok(LlmEvent::Text(_) | LlmEvent::Done(_))) => return Ok(()),
                Some(Err(error)) => return Err(error),
                None => return Err(ended(adapter.name())),
            }
        }
    })
    .await
}

/// A sound from a voice.
///
/// # Errors
/// Why there is none.
pub async fn voice(
    adapter: &dyn TextToSpeech,
    options: TtsOptions,
) -> Result<Duration, AdapterError> {
    within(adapter.name(), async {
        let mut stream = adapter.open(options).await?;
        let piece = TtsPiece { piece: 0, text: "Yes.".to_owned() };
        if stream.pieces.send(piece).await.is_err() {
            tracing::debug!(adapter = adapter.name(), "a voice under probe takes no text");
        }
        drop(stream.pieces);
        loop {
            match stream.events.recv().await {
                Some(Ok(TtsEvent::Audio { .. })) => return Ok(()),
                Some(Ok(TtsEvent::Done)) => {
                    let reason = "it spoke without a sound".to_owned();
                    return Err(AdapterError::Malformed { adapter: adapter.name(), reason });
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
                None => return Err(ended(adapter.name())),
            }
        }
    })
    .await
}

/// The orderly end of a recogniser's stream with a moment of silence in it.
///
/// # Errors
/// Why there is none.
pub async fn ears(
    adapter: &dyn SpeechToText,
    options: SttOptions,
) -> Result<Duration, AdapterError> {
    within(adapter.name(), async {
        let mut stream = adapter.open(options).await?;
        let rate = adapter.capabilities().rate;
        for _ in 0..10 {
            let quiet = SttInput::Audio(Frame::silence(rate, rate.samples_in_ms(20)));
            if stream.input.send(quiet).await.is_err() {
                break;
            }
        }
        drop(stream.input);
        loop {
            match stream.events.recv().await {
                Some(Ok(SttEvent::Done)) => return Ok(()),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
                None => return Err(ended(adapter.name())),
            }
        }
    })
    .await
}

async fn within(
    adapter: &'static str,
    work: impl Future<Output = Result<(), AdapterError>>,
) -> Result<Duration, AdapterError> {
    let began = Instant::now();
    match timeout(PROBE_LIMIT, work).await {
        Ok(done) => done.map(|()| began.elapsed()),
        Err(_elapsed) => {
            Err(AdapterError::TimedOut { adapter, stage: "first result", waited: PROBE_LIMIT })
        }
    }
}

fn ended(adapter: &'static str) -> AdapterError {
    let reason = "the stream ended without an end".to_owned();
    AdapterError::Unavailable { adapter, reason, retry_after: None }
}

/// The probe of a shared adapter, for its [`super::Health`].
pub(super) fn of<Adapter: ?Sized + Send + Sync + 'static>(
    adapter: &std::sync::Arc<Adapter>,
    ask: fn(std::sync::Arc<Adapter>) -> BoxFuture<'static, Result<Duration, AdapterError>>,
) -> super::health::Probe {
    let adapter = std::sync::Arc::clone(adapter);
    std::sync::Arc::new(move || ask(std::sync::Arc::clone(&adapter)))
}
