//! OpenAI's speech (`/v1/audio/speech`), and servers that speak its protocol.
//!
//! One request a piece; the sound comes as it is made. It tells no word times.

use std::sync::Arc;

use serde::Serialize;

use super::piecewise::{self, Form, PieceVoice, Spoken};
use super::{TextToSpeech, TtsCapabilities, TtsOptions, TtsStream};
use crate::adapters::net::{Endpoint, Net, answer_of, body_of};
use crate::adapters::{AdapterError, Availability, BoxFuture};
use crate::audio::SampleRate;
use crate::secret::Secret;

const NAME: &str = "openai";
/// What `response_format: pcm` is made of.
const RATE: SampleRate = SampleRate::HZ_24000;

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
}

impl PieceVoice for Requests {
    const NAME: &'static str = NAME;
    /// 4096 characters; the language of a show may need several bytes for one.
    const TEXT_BYTES_MAX: usize = 4096;

    fn rate(&self) -> SampleRate {
        RATE
    }

    async fn say(&self, text: String, options: Arc<TtsOptions>) -> Result<Spoken, AdapterError> {
        let OpenAiSpeechOptions { service, key, model, voice } = &self.options;
        let voice = if options.voice.is_empty() { voice } else { &options.voice };
        let speech = Speech { model, input: &text, voice, response_format: "pcm" };
        let mut request = self.net.post(service, "/audio/speech").json(&speech);
        if let Some(key) = key {
            request = request.bearer_auth(key.expose());
        }
        let answer = answer_of(NAME, request).await?;
        Ok(Spoken::sound(Form::Pcm, body_of(NAME, answer)))
    }
}
