//! OpenAI's speech (`/v1/audio/speech`), and servers that speak its protocol.
//!
//! One request a piece; the sound comes as it is made: as bare samples, or in events where the request asks for those
//! (`stream_format`) and the model has them. Bare samples have no last word: of an answer that breaks off in order nobody
//! knows that it is not whole. Events have one. It tells no word times.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use reqwest::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::piecewise::{self, Form, Part, PieceVoice, Spoken};
use super::{TextToSpeech, TtsCapabilities, TtsOptions, TtsStream};
use crate::adapters::net::{
    Endpoint, Net, SseEvent, SseParser, answer_of, body_of, error_word, of_status, truncated,
    unreadable,
};
use crate::adapters::wire::parse;
use crate::adapters::{AdapterError, Availability, BoxFuture};
use crate::audio::SampleRate;
use crate::secret::Secret;

const NAME: &str = "openai";
/// What `response_format: pcm` is made of.
const RATE: SampleRate = SampleRate::HZ_24000;
/// How long a body may take to end after its last event.
const END_LIMIT: Duration = Duration::from_millis(500);

/// Where and how.
#[derive(Clone, Debug)]
pub struct OpenAiSpeechOptions {
    /// `https://api.openai.com/v1` or another, with the version in its path.
    pub service: Endpoint,
    /// Key; a server of one's own may need none.
    pub key: Option<Secret>,
    /// Model, such as `gpt-4o-mini-tts`.
    pub model: String,
    /// The voice where none is asked for, such as `alloy`.
    pub voice: String,
    /// Fields of the request that the model needs, such as `stream_format`.
    pub extra: Map<String, Value>,
}

/// The product.
#[derive(Clone, Debug)]
pub struct OpenAiSpeech {
    voice: Arc<Requests>,
}

#[derive(Debug)]
struct Requests {
    net: Net,
    options: OpenAiSpeechOptions,
}

impl OpenAiSpeech {
    /// Nothing is connected before something is said.
    #[must_use]
    pub fn new(net: Net, options: OpenAiSpeechOptions) -> Self {
        Self { voice: Arc::new(Requests { net, options }) }
    }
}

impl TextToSpeech for OpenAiSpeech {
    fn name(&self) -> &'static str {
        NAME
    }

    fn model(&self) -> &str {
        &self.voice.options.model
    }

    fn capabilities(&self) -> TtsCapabilities {
        TtsCapabilities { word_times: false, rate: RATE }
    }

    fn availability(&self) -> Availability {
        Availability::Ready
    }

    fn warm_up<'a>(&'a self, _options: &'a TtsOptions) -> BoxFuture<'a, ()> {
        Box::pin(self.voice.net.warm_up(&self.voice.options.service))
    }

    fn open(&self, options: TtsOptions) -> BoxFuture<'_, Result<TtsStream, AdapterError>> {
        Box::pin(async move { Ok(piecewise::open(Arc::clone(&self.voice), options)) })
    }
}

#[derive(Serialize)]
struct Speech<'a> {
    model: &'a str,
    input: &'a str,
    voice: &'a str,
    response_format: &'static str,
    #[serde(flatten)]
    extra: &'a Map<String, Value>,
}

/// One event of a streamed answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Event {
    r#type: String,
    audio: String,
    error: Value,
}

impl PieceVoice for Requests {
    const NAME: &'static str = NAME;
    /// 4096 characters; the language of a show may need several bytes for one.
    const TEXT_BYTES_MAX: usize = 4096;

    fn rate(&self) -> SampleRate {
        RATE
    }

    async fn say(&self, text: String, options: Arc<TtsOptions>) -> Result<Spoken, AdapterError> {
        let OpenAiSpeechOptions { service, key, model, voice, extra } = &self.options;
        let voice = if options.voice.is_empty() { voice } else { &options.voice };
        let speech = Speech { model, input: &text, voice, response_format: "pcm", extra };
        let mut request = self.net.post(service, "/audio/speech").json(&speech);
        if let Some(key) = key {
            request = request.bearer_auth(key.expose());
        }
        let answer = answer_of(NAME, request).await?;
        // A server that does not know events gives samples, whatever it was asked for.
        let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let has_events = kind.is_some_and(|kind| kind.starts_with("text/event-stream"));
        let body = body_of(NAME, answer);
        if !has_events {
            return Ok(Spoken::sound(Form::Pcm, body));
        }
        let events = Events {
            body: Box::pin(body),
            parser: SseParser::new(NAME),
            sound: VecDeque::new(),
            is_done: false,
        };
        Ok(Spoken { form: Form::Pcm, parts: Box::pin(stream::try_unfold(events, Events::next)) })
    }
}

/// An answer in events: sound, and a last word.
struct Events {
    body: Pin<Box<dyn Stream<Item = Result<Bytes, AdapterError>> + Send>>,
    parser: SseParser,
    sound: VecDeque<Bytes>,
    is_done: bool,
}

impl Events {
    async fn next(mut self) -> Result<Option<(Part, Self)>, AdapterError> {
        loop {
            if let Some(sound) = self.sound.pop_front() {
                return Ok(Some((Part::Sound(sound), self)));
            }
            let bytes = if self.is_done {
                tokio::time::timeout(END_LIMIT, self.body.next()).await.unwrap_or_default()
            } else {
                self.body.next().await
            };
            match bytes {
                Some(bytes) => {
                    for event in self.parser.push(&bytes?)? {
                        self.read(&event)?;
                    }
                }
                None if self.is_done => return Ok(None),
                None => return Err(truncated(NAME, "its last event")),
            }
        }
    }

    fn read(&mut self, event: &SseEvent) -> Result<(), AdapterError> {
        if event.data.trim() == "[DONE]" {
            return Ok(());
        }
        let read: Event = parse(NAME, event.data.as_bytes())?;
        if !read.error.is_null() {
            let word =
                error_word(serde_json::json!({ "error": read.error }).to_string().as_bytes());
            return Err(of_status(NAME, 500, &word, None));
        }
        // Some servers name the event in its own line only.
        let kind = if read.r#type.is_empty() { &event.name } else { &read.r#type };
        match kind.as_str() {
            "speech.audio.delta" => {
                let sound = BASE64.decode(&read.audio);
                let sound = sound.map_err(|_none| unreadable(NAME, "sound that is no base64"))?;
                self.sound.push_back(sound.into());
            }
            "speech.audio.done" => self.is_done = true,
            _ => {}
        }
        Ok(())
    }
}
