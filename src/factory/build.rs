//! One line a product: from a choice in the settings to the adapter that speaks with it.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};

use crate::adapters::llm::LanguageModel;
use crate::adapters::llm::anthropic::Anthropic;
use crate::adapters::llm::openai_compatible::{Dialect, OpenAiCompatible};
use crate::adapters::llm::rehearsal::Rehearsal;
use crate::adapters::net::{Endpoint, Net};
use crate::adapters::onnx::OfflineModels;
use crate::adapters::stt::SpeechToText;
use crate::adapters::stt::moonshine::Moonshine;
use crate::adapters::tts::TextToSpeech;
use crate::adapters::tts::flite::Flite;
use crate::config::{Choice, Config, GuestProvider, SttProvider, TtsProvider};
use crate::secret::Secret;
use crate::services::services;

/// Why a product cannot be had: a sentence that says what to do.
pub(crate) type BuildError = String;

/// Builds adapters. Products of this machine are built once, as their models are large.
#[derive(Debug)]
pub(super) struct Workshop {
    pub(super) config: Config,
    net: Result<Net, String>,
    models: OfflineModels,
    moonshine: Mutex<Option<Arc<Moonshine>>>,
    flite: Mutex<Option<Arc<Flite>>>,
}

impl Workshop {
    pub(super) fn new(config: &Config, models: OfflineModels) -> Self {
        Self {
            config: config.clone(),
            net: Net::new(),
            models,
            moonshine: Mutex::default(),
            flite: Mutex::default(),
        }
    }

    /// A recogniser. One product, one arm.
    pub(super) fn speech_to_text(
        &self,
        provider: SttProvider,
    ) -> Result<Arc<dyn SpeechToText>, BuildError> {
        match provider {
            SttProvider::Moonshine => Ok(self.moonshine()),
            SttProvider::AssemblyAi => self.assemblyai(),
            SttProvider::Deepgram => self.deepgram(),
            SttProvider::Whisper => self.whisper(),
            SttProvider::WhisperLocal => self.whisper_local(),
            SttProvider::Google => self.google_speech(),
        }
    }

    /// A voice. One product, one arm.
    pub(super) fn text_to_speech(
        &self,
        provider: TtsProvider,
    ) -> Result<Arc<dyn TextToSpeech>, BuildError> {
        match provider {
            TtsProvider::Flite => Ok(self.flite()),
            TtsProvider::ElevenLabs => self.elevenlabs(),
            TtsProvider::OpenAi => self.openai_speech(),
            TtsProvider::Piper => self.piper(),
            TtsProvider::Espeak => self.espeak(),
            TtsProvider::Google => self.google_voices(),
        }
    }

    /// Claude.
    pub(super) fn claude(&self, model: &str) -> Result<Arc<dyn LanguageModel>, BuildError> {
        let key = key(&self.config.keys.anthropic, "ANTHROPIC_API_KEY")?;
        let service = endpoint(&self.config.addresses.anthropic)?;
        Ok(Arc::new(Anthropic::new(self.net()?, service, key, model.to_owned())))
    }

    /// A language model other than Claude. One product, one arm.
    pub(super) fn mind(
        &self,
        provider: GuestProvider,
        model: &str,
    ) -> Result<Arc<dyn LanguageModel>, BuildError> {
        let (addresses, keys) = (&self.config.addresses, &self.config.keys);
        let (dialect, address, key) = match provider {
            GuestProvider::Rehearsal => return Ok(Arc::new(Rehearsal::new(Rehearsal::PACE))),
            GuestProvider::OpenAi => {
                (Dialect::OPENAI, &addresses.openai, Some(key(&keys.openai, "OPENAI_API_KEY")?))
            }
            GuestProvider::Groq => {
                (Dialect::GROQ, &addresses.groq, Some(key(&keys.groq, "GROQ_API_KEY")?))
            }
            GuestProvider::Together => (
                Dialect::TOGETHER,
                &addresses.together,
                Some(key(&keys.together, "TOGETHER_API_KEY")?),
            ),
            GuestProvider::Local => (Dialect::LOCAL, &self.config.local_llama_endpoint, None),
        };
        let extra = extra_fields(provider.as_str(), model);
        let service = endpoint(address)?;
        Ok(Arc::new(OpenAiCompatible::new(
            dialect,
            self.net()?,
            service,
            key,
            model.to_owned(),
            extra,
        )))
    }

    pub(super) fn moonshine(&self) -> Arc<Moonshine> {
        let mut built = self.moonshine.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(built.get_or_insert_with(|| Arc::new(Moonshine::start(&self.models))))
    }

    pub(super) fn flite(&self) -> Arc<Flite> {
        let mut built = self.flite.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(built.get_or_insert_with(|| Arc::new(Flite::new())))
    }

    pub(super) fn net(&self) -> Result<Net, BuildError> {
        self.net.clone()
    }
}

pub(super) fn key(given: &Option<Secret>, name: &str) -> Result<Secret, BuildError> {
    given.clone().ok_or_else(|| format!("{name} is not set"))
}

pub(super) fn endpoint(address: &str) -> Result<Endpoint, BuildError> {
    Endpoint::parse(address).ok_or_else(|| format!("{address} is no address of a service"))
}

/// What the table of services says a model needs in its requests.
fn extra_fields(provider: &str, model: &str) -> Map<String, Value> {
    services().extra_fields(provider, model)
}
