//! One function a product that listens or speaks: its options out of the settings.

use std::sync::Arc;

use super::build::{BuildError, Workshop, endpoint, key};
use crate::adapters::google::access::GoogleAccess;
use crate::adapters::net::Endpoint;
use crate::adapters::stt::SpeechToText;
use crate::adapters::stt::assemblyai::{AssemblyAi, AssemblyAiOptions};
use crate::adapters::stt::deepgram::{Deepgram, DeepgramOptions};
use crate::adapters::stt::google::{
    GoogleSpeech, GoogleSpeechOptions, GoogleSpeechVersion, STREAM_HARD, STREAM_SOFT,
};
use crate::adapters::stt::whisper::{Whisper, WhisperOptions, WhisperRoute};
use crate::adapters::tts::TextToSpeech;
use crate::adapters::tts::elevenlabs::{ElevenLabs, ElevenLabsOptions, ElevenLabsWay};
use crate::adapters::tts::espeak::Espeak;
use crate::adapters::tts::google::{GoogleVoices, GoogleVoicesOptions};
use crate::adapters::tts::openai::{OpenAiSpeech, OpenAiSpeechOptions};
use crate::adapters::tts::piper::{Piper, PiperOptions, PiperServer};
use crate::clock::Clock;
use crate::config::{ElevenLabsBy, SttProvider, TtsProvider};
use crate::services::services;

/// The program of espeak-ng, where the system's packages put it.
const ESPEAK: &str = "espeak-ng";

impl Workshop {
    pub(super) fn assemblyai(&self) -> Result<Arc<dyn SpeechToText>, BuildError> {
        let (addresses, keys) = (&self.config.addresses, &self.config.keys);
        Ok(Arc::new(AssemblyAi::new(AssemblyAiOptions {
            service: endpoint(&addresses.assemblyai)?,
            key: key(&keys.assemblyai, "ASSEMBLYAI_API_KEY")?,
            model: self.stt_model(SttProvider::AssemblyAi, "assemblyai"),
        })))
    }

    pub(super) fn deepgram(&self) -> Result<Arc<dyn SpeechToText>, BuildError> {
        let (addresses, keys) = (&self.config.addresses, &self.config.keys);
        Ok(Arc::new(Deepgram::new(DeepgramOptions {
            service: endpoint(&addresses.deepgram)?,
            key: key(&keys.deepgram, "DEEPGRAM_API_KEY")?,
            model: self.stt_model(SttProvider::Deepgram, "deepgram"),
        })))
    }

    /// Version 2 is asked where the model is named with it; see [`google_version`].
    pub(super) fn google_speech(&self) -> Result<Arc<dyn SpeechToText>, BuildError> {
        let address = &self.config.addresses.google_speech;
        let service = endpoint(address)?;
        let (access, project) = self.google_access()?;
        let model = self.stt_model(SttProvider::Google, "google-stt");
        let (version, model) = google_version(&model, &project, location_of(address));
        let (stream_soft, stream_hard) = (STREAM_SOFT, STREAM_HARD);
        let options =
            GoogleSpeechOptions { service, access, version, model, stream_soft, stream_hard };
        Ok(Arc::new(GoogleSpeech::new(options)?))
    }

    pub(super) fn google_voices(&self) -> Result<Arc<dyn TextToSpeech>, BuildError> {
        let service = endpoint(&self.config.addresses.google_tts)?;
        let (access, _project) = self.google_access()?;
        let voice = services().voices("google")[0].clone();
        let options = GoogleVoicesOptions { service, access, voice };
        Ok(Arc::new(GoogleVoices::new(self.net()?, options)?))
    }

    /// Who asks Google, and the project of the key file.
    fn google_access(&self) -> Result<(Arc<GoogleAccess>, String), BuildError> {
        let path = self.config.keys.google_credentials.as_ref();
        let path = path.ok_or("GOOGLE_APPLICATION_CREDENTIALS is not set")?;
        let file = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let token_uri = self.config.addresses.google_token.as_deref();
        let now = || Clock::system().unix_ms() / 1000;
        let access = GoogleAccess::of_key_file(self.net()?, &file, token_uri, now);
        let (access, project) = access.map_err(|what| format!("{}: {what}", path.display()))?;
        Ok((Arc::new(access), project))
    }

    pub(super) fn whisper(&self) -> Result<Arc<dyn SpeechToText>, BuildError> {
        let (service, route) = whisper_route(&self.config.whisper_endpoint)?;
        // Whoever has a server of their own pays nothing a question and needs no key.
        let is_own = service.is_loopback() || route != WhisperRoute::OpenAi;
        let options = WhisperOptions {
            service,
            route,
            key: if is_own { None } else { self.config.keys.openai.clone() },
            model: self.stt_model(SttProvider::Whisper, "whisper"),
            interims: is_own,
        };
        Ok(Arc::new(Whisper::start(&self.net()?, &options)?))
    }

    #[cfg(feature = "local-whisper")]
    pub(super) fn whisper_local(&self) -> Result<Arc<dyn SpeechToText>, BuildError> {
        use crate::adapters::stt::whisper_local::WhisperLocal;
        Ok(Arc::new(WhisperLocal::start(&self.config.whisper_model)))
    }

    #[cfg(not(feature = "local-whisper"))]
    #[expect(clippy::unused_self, reason = "one shape for all products")]
    pub(super) fn whisper_local(&self) -> Result<Arc<dyn SpeechToText>, BuildError> {
        Err(format!("whisper-local needs {}", crate::config::WITHOUT_LOCAL_WHISPER))
    }

    pub(super) fn elevenlabs(&self) -> Result<Arc<dyn TextToSpeech>, BuildError> {
        let (addresses, keys) = (&self.config.addresses, &self.config.keys);
        let options = ElevenLabsOptions {
            service: endpoint(&addresses.elevenlabs)?,
            key: key(&keys.elevenlabs, "ELEVENLABS_API_KEY")?,
            model: self.tts_model(TtsProvider::ElevenLabs, "elevenlabs"),
            voice: services().voices("elevenlabs")[0].clone(),
            way: match self.config.elevenlabs_by {
                ElevenLabsBy::Socket => ElevenLabsWay::Socket,
                ElevenLabsBy::Requests => ElevenLabsWay::Requests,
            },
        };
        Ok(Arc::new(ElevenLabs::new(self.net()?, options)))
    }

    pub(super) fn openai_speech(&self) -> Result<Arc<dyn TextToSpeech>, BuildError> {
        let model = self.tts_model(TtsProvider::OpenAi, "openai-tts");
        let options = OpenAiSpeechOptions {
            service: endpoint(&self.config.addresses.openai)?,
            key: self.config.keys.openai.clone(),
            extra: services().extra_fields("openai-tts", &model),
            model,
            voice: services().voices("openai")[0].clone(),
        };
        Ok(Arc::new(OpenAiSpeech::new(self.net()?, options)))
    }

    pub(super) fn piper(&self) -> Result<Arc<dyn TextToSpeech>, BuildError> {
        if let Some(address) = &self.config.addresses.piper_http {
            return Ok(Arc::new(PiperServer::new(self.net()?, endpoint(address)?)));
        }
        let (program, model) =
            (self.config.piper_path.clone(), self.config.piper_model_path.clone());
        Ok(Arc::new(Piper::new(PiperOptions { program, model })))
    }

    #[expect(clippy::unused_self, reason = "one shape for all products")]
    pub(super) fn espeak(&self) -> Result<Arc<dyn TextToSpeech>, BuildError> {
        Ok(Arc::new(Espeak::new(ESPEAK)))
    }

    /// The model that the settings name for the chosen recogniser, or what the table of services says.
    fn stt_model(&self, provider: SttProvider, name: &str) -> String {
        let named = self.config.stt_model.as_ref().filter(|_| self.config.chosen.stt == provider);
        named.cloned().unwrap_or_else(|| services().default_model(name).to_owned())
    }

    fn tts_model(&self, provider: TtsProvider, name: &str) -> String {
        let named = self.config.tts_model.as_ref().filter(|_| self.config.chosen.tts == provider);
        named.cloned().unwrap_or_else(|| services().default_model(name).to_owned())
    }
}

/// Where the recognisers of this address are: those of a region are not known elsewhere.
fn location_of(address: &str) -> &str {
    let host = address.split_once("://").map_or(address, |(_scheme, rest)| rest);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    host.strip_suffix("-speech.googleapis.com").unwrap_or("global")
}

/// Which version a model belongs to: `v2/long` asks version 2 for `long`, everything else version 1.
fn google_version(model: &str, project: &str, location: &str) -> (GoogleSpeechVersion, String) {
    match model.strip_prefix("v2/") {
        Some(model) => {
            let recognizer = format!("projects/{project}/locations/{location}/recognizers/_");
            (GoogleSpeechVersion::V2 { recognizer }, model.to_owned())
        }
        None => (GoogleSpeechVersion::V1, model.to_owned()),
    }
}

/// The server and its route out of `WHISPER_ENDPOINT`, which names both.
fn whisper_route(address: &str) -> Result<(Endpoint, WhisperRoute), BuildError> {
    let address = address.trim_end_matches('/');
    let (server, route) = [
        ("/transcribe", WhisperRoute::Transcribe),
        ("/inference", WhisperRoute::WhisperCpp),
        ("/audio/transcriptions", WhisperRoute::OpenAi),
    ]
    .into_iter()
    .find_map(|(path, route)| Some((address.strip_suffix(path)?, route)))
    // A server whose address ends with a version speaks OpenAI's protocol.
    .or_else(|| address.ends_with("/v1").then_some((address, WhisperRoute::OpenAi)))
    .unwrap_or((address, WhisperRoute::Transcribe));
    Ok((endpoint(server)?, route))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_2_is_asked_for_the_recognisers_of_the_addresss_region() {
        for (address, location) in [
            ("https://speech.googleapis.com", "global"),
            ("https://eu-speech.googleapis.com/", "eu"),
            ("https://us-central1-speech.googleapis.com:443", "us-central1"),
            ("http://127.0.0.1:4001", "global"),
        ] {
            let (version, model) = google_version("v2/chirp_2", "p", location_of(address));
            let recognizer = format!("projects/p/locations/{location}/recognizers/_");
            assert_eq!(version, GoogleSpeechVersion::V2 { recognizer }, "{address}");
            assert_eq!(model, "chirp_2");
        }
        assert_eq!(google_version("latest_long", "p", "eu").0, GoogleSpeechVersion::V1);
    }

    #[test]
    fn the_address_of_a_whisper_server_tells_how_it_is_asked() {
        for (address, server, route) in [
            ("http://localhost:8001/transcribe", "http://localhost:8001", WhisperRoute::Transcribe),
            ("http://localhost:8001", "http://localhost:8001", WhisperRoute::Transcribe),
            ("http://h:8080/inference", "http://h:8080", WhisperRoute::WhisperCpp),
            ("http://h:8000/v1", "http://h:8000/v1", WhisperRoute::OpenAi),
            (
                "https://api.openai.com/v1/audio/transcriptions",
                "https://api.openai.com/v1",
                WhisperRoute::OpenAi,
            ),
        ] {
            let (found, own) = whisper_route(address).unwrap();
            assert_eq!((found.to_string().as_str(), own), (server, route), "{address}");
        }
    }
}
