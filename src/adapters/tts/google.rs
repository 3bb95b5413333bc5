//! Google Cloud Text-to-Speech: Neural2 and its like by request, the streaming voices (Chirp 3 HD) over gRPC.
//!
//! Which way a voice goes is told by its name. It tells no word times in its released version.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};

use super::piecewise::{self, Form, PieceVoice, Spoken};
use super::{TextToSpeech, TtsCapabilities, TtsOptions, TtsStream};
use crate::adapters::google::access::GoogleAccess;
use crate::adapters::google::messages::texttospeech_v1 as v1;
use crate::adapters::google::{GoogleLine, of_status};
use crate::adapters::net::{Endpoint, Net, answer_of, broke, unreadable};
use crate::adapters::wire::parse;
use crate::adapters::{AdapterError, Availability, BoxFuture};
use crate::audio::SampleRate;

const NAME: &str = "google";
/// The natural rate of these voices.
const RATE: SampleRate = SampleRate::HZ_24000;
const METHOD: &str = "/google.cloud.texttospeech.v1.TextToSpeech/StreamingSynthesize";
/// Language where none is told.
const LANGUAGE: &str = "en-US";
/// The families that stream; the others answer requests only.
const STREAMING: [&str; 2] = ["Chirp3-HD", "Chirp-HD"];

/// Where and how.
#[derive(Clone, Debug)]
pub struct GoogleVoicesOptions {
    /// `https://texttospeech.googleapis.com` or another.
    pub service: Endpoint,
    /// Who asks.
    pub access: Arc<GoogleAccess>,
    /// The voice where none is asked for, with or without its language: `Neural2-F` or `en-US-Neural2-F`.
    pub voice: String,
}

/// The product.
#[derive(Clone, Debug)]
pub struct GoogleVoices {
    voice: Arc<Requests>,
}

#[derive(Debug)]
struct Requests {
    net: Net,
    line: GoogleLine,
    options: GoogleVoicesOptions,
}

impl GoogleVoices {
    /// Nothing is connected before something is said. Must be called on a runtime, which carries the connection.
    ///
    /// # Errors
    /// A sentence, where the address cannot be used.
    pub fn new(net: Net, options: GoogleVoicesOptions) -> Result<Self, String> {
        let line = GoogleLine::new(NAME, &options.service, Arc::clone(&options.access))?;
        Ok(Self { voice: Arc::new(Requests { net, line, options }) })
    }
}

impl TextToSpeech for GoogleVoices {
    fn name(&self) -> &'static str {
        NAME
    }

    fn model(&self) -> &str {
        &self.voice.options.voice
    }

    fn capabilities(&self) -> TtsCapabilities {
        TtsCapabilities { word_times: false, rate: RATE }
    }

    fn availability(&self) -> Availability {
        Availability::Ready
    }

    /// Its token as well: without one the first piece would wait for two services.
    fn warm_up<'a>(&'a self, _options: &'a TtsOptions) -> BoxFuture<'a, ()> {
        Box::pin(async {
            if let Err(error) = self.voice.options.access.bearer(NAME).await {
                tracing::debug!(%error, "no token ahead of the first turn");
            }
            self.voice.net.warm_up(&self.voice.options.service).await;
        })
    }

    fn open(&self, options: TtsOptions) -> BoxFuture<'_, Result<TtsStream, AdapterError>> {
        Box::pin(async move { Ok(piecewise::open(Arc::clone(&self.voice), options)) })
    }
}

/// A voice as Google names it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct VoiceName {
    language: String,
    name: String,
}

impl VoiceName {
    /// The voice that is wanted; one without a language in front speaks the show's.
    fn of(wanted: &str, language: &str) -> Self {
        let mut parts = wanted.split('-');
        let first = parts.next().unwrap_or_default();
        let has_language = (2..=3).contains(&first.len()) && first.chars().all(char::is_lowercase);
        if has_language {
            let language = format!("{first}-{}", parts.next().unwrap_or_default());
            return Self { language, name: wanted.to_owned() };
        }
        let language = with_region(language);
        let name = if wanted.is_empty() { String::new() } else { format!("{language}-{wanted}") };
        Self { language, name }
    }

    fn streams(&self) -> bool {
        STREAMING.iter().any(|family| self.name.contains(family))
    }
}

/// Its voices belong to a region; a language without one gets the largest.
fn with_region(language: &str) -> String {
    match language.split_once('-') {
        Some(_) => language.to_owned(),
        None => match language {
            "" | "en" => LANGUAGE.to_owned(),
            "pt" => "pt-BR".to_owned(),
            own => format!("{own}-{}", own.to_ascii_uppercase()),
        },
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Synthesis<'a> {
    input: Input<'a>,
    voice: Voice<'a>,
    audio_config: AudioConfig,
}

#[derive(Serialize)]
struct Input<'a> {
    text: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Voice<'a> {
    language_code: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AudioConfig {
    audio_encoding: &'static str,
    sample_rate_hertz: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Synthesised {
    audio_content: String,
}

impl PieceVoice for Requests {
    const NAME: &'static str = NAME;
    const TEXT_BYTES_MAX: usize = 5000;

    fn rate(&self) -> SampleRate {
        RATE
    }

    async fn say(&self, text: String, options: Arc<TtsOptions>) -> Result<Spoken, AdapterError> {
        let wanted = if options.voice.is_empty() { &self.options.voice } else { &options.voice };
        let voice = VoiceName::of(wanted, &options.language);
        if voice.streams() { self.stream(text, voice).await } else { self.ask(&text, &voice).await }
    }
}

impl Requests {
    /// One request, answered by a WAV file in base64.
    async fn ask(&self, text: &str, voice: &VoiceName) -> Result<Spoken, AdapterError> {
        let synthesis = Synthesis {
            input: Input { text },
            voice: Voice { language_code: &voice.language, name: &voice.name },
            audio_config: AudioConfig { audio_encoding: "LINEAR16", sample_rate_hertz: RATE.hz() },
        };
        let mut request =
            self.net.post(&self.options.service, "/v1/text:synthesize").json(&synthesis);
        if let Some((bearer, _)) = self.options.access.bearer(NAME).await? {
            request = request.bearer_auth(bearer.expose());
        }
        let answer = answer_of(NAME, request).await?;
        let answer = answer.bytes().await.map_err(|error| broke(NAME, "read the sound", &error))?;
        let spoken: Synthesised = parse(NAME, &answer)?;
        let file = BASE64
            .decode(spoken.audio_content)
            .map_err(|_no_base64| unreadable(NAME, "sound that is no base64"))?;
        Ok(Spoken::sound(Form::Wav, stream::iter([Ok(Bytes::from(file))])))
    }

    /// One stream a piece over the warm connection: only its end tells where a piece ends.
    async fn stream(&self, text: String, voice: VoiceName) -> Result<Spoken, AdapterError> {
        let config = v1::StreamingSynthesizeConfig {
            voice: Some(v1::VoiceSelectionParams {
                language_code: voice.language,
                name: voice.name,
            }),
            streaming_audio_config: Some(v1::StreamingAudioConfig {
                audio_encoding: v1::PCM,
                sample_rate_hertz: i32::try_from(RATE.hz()).unwrap_or(i32::MAX),
            }),
        };
        let input = v1::StreamingSynthesisInput { input_source: Some(v1::InputSource::Text(text)) };
        let asks =
            [v1::StreamingRequest::StreamingConfig(config), v1::StreamingRequest::Input(input)]
                .map(|request| v1::StreamingSynthesizeRequest { streaming_request: Some(request) });
        let answers = self.line.call(METHOD, stream::iter(asks)).await?;
        let sound =
            answers.map(|answer: Result<v1::StreamingSynthesizeResponse, tonic::Status>| {
                let answer = answer.map_err(|status| of_status(NAME, &status))?;
                Ok(Bytes::from(answer.audio_content))
            });
        Ok(Spoken::sound(Form::Pcm, sound))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voice_without_a_language_speaks_the_shows() {
        for (wanted, language, found, name) in [
            ("Neural2-F", "en-GB", "en-GB", "en-GB-Neural2-F"),
            ("Neural2-F", "de", "de-DE", "de-DE-Neural2-F"),
            ("fr-FR-Neural2-A", "en-GB", "fr-FR", "fr-FR-Neural2-A"),
            ("cmn-CN-Chirp3-HD-Kore", "", "cmn-CN", "cmn-CN-Chirp3-HD-Kore"),
            ("", "en", "en-US", ""),
        ] {
            let voice = VoiceName::of(wanted, language);
            assert_eq!((voice.language.as_str(), voice.name.as_str()), (found, name), "{wanted}");
        }
        assert!(VoiceName::of("Chirp3-HD-Kore", "en-US").streams());
        assert!(!VoiceName::of("Neural2-F", "en-US").streams());
    }
}
