//! Piper: good voices on this machine, as a warm process a voice or behind its own HTTP server.
//!
//! It tells no word times. What differs between the two ways is in [`super::piper_process`] and here below.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::piecewise::{self, Form, PieceVoice, Spoken};
use super::piper_process::PiperProcesses;
use super::{TextToSpeech, TtsCapabilities, TtsOptions, TtsStream};
use crate::adapters::net::{Endpoint, Net, answer_of, body_of};
use crate::adapters::worker::unavailable;
use crate::adapters::{AdapterError, Availability, BoxFuture};
use crate::audio::SampleRate;

pub(super) const NAME: &str = "piper";
/// The rate of most voices; another one is resampled to it.
const RATE_HZ: u32 = 22_050;

/// A process a voice.
#[derive(Clone, Debug)]
pub struct PiperOptions {
    /// The program, `piper` where it is in the path.
    pub program: PathBuf,
    /// The default voice's file, `….onnx`, with its description beside it. Other voices lie in the same folder and are
    /// asked for by their file's name without its ending.
    pub model: PathBuf,
}

/// The product as processes on this machine.
#[derive(Clone, Debug)]
pub struct Piper {
    voice: Arc<PiperProcesses>,
    model: PathBuf,
}

impl Piper {
    /// No process is started before a turn is.
    #[must_use]
    pub fn new(options: PiperOptions) -> Self {
        let rate = rate_of(&options.model).unwrap_or_else(usual_rate);
        let model = options.model.clone();
        Self { voice: Arc::new(PiperProcesses::new(options, rate)), model }
    }
}

fn usual_rate() -> SampleRate {
    SampleRate::new(RATE_HZ).unwrap_or(SampleRate::HZ_24000)
}

/// The rate that a voice's description tells.
fn rate_of(model: &Path) -> Option<SampleRate> {
    #[derive(Deserialize)]
    struct Description {
        audio: Audio,
    }
    #[derive(Deserialize)]
    struct Audio {
        sample_rate: u32,
    }
    let mut path = model.as_os_str().to_owned();
    path.push(".json");
    let description: Description = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    SampleRate::new(description.audio.sample_rate)
}

impl TextToSpeech for Piper {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> TtsCapabilities {
        TtsCapabilities { word_times: false, rate: self.voice.rate() }
    }

    fn availability(&self) -> Availability {
        if self.model.is_file() {
            return Availability::Ready;
        }
        Availability::Unavailable(format!("there is no voice at {}", self.model.display()))
    }

    fn warm_up<'a>(&'a self, options: &'a TtsOptions) -> BoxFuture<'a, ()> {
        Box::pin(async {
            if let Err(error) = self.voice.warm_up(&options.voice) {
                tracing::debug!(%error, "a voice could not be loaded ahead");
            }
        })
    }

    fn open(&self, options: TtsOptions) -> BoxFuture<'_, Result<TtsStream, AdapterError>> {
        Box::pin(async move {
            if let Availability::Unavailable(reason) = self.availability() {
                return Err(unavailable(NAME, reason));
            }
            self.voice.warm_up(&options.voice)?;
            Ok(piecewise::open(Arc::clone(&self.voice), options))
        })
    }
}

/// The product behind its HTTP server.
#[derive(Clone, Debug)]
pub struct PiperServer {
    voice: Arc<Requests>,
}

#[derive(Debug)]
struct Requests {
    net: Net,
    service: Endpoint,
}

impl PiperServer {
    /// The server at this address; nothing is connected before something is said.
    #[must_use]
    pub fn new(net: Net, service: Endpoint) -> Self {
        Self { voice: Arc::new(Requests { net, service }) }
    }
}

impl TextToSpeech for PiperServer {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> TtsCapabilities {
        TtsCapabilities { word_times: false, rate: usual_rate() }
    }

    fn availability(&self) -> Availability {
        Availability::Ready
    }

    fn warm_up<'a>(&'a self, _options: &'a TtsOptions) -> BoxFuture<'a, ()> {
        Box::pin(self.voice.net.warm_up(&self.voice.service))
    }

    fn open(&self, options: TtsOptions) -> BoxFuture<'_, Result<TtsStream, AdapterError>> {
        Box::pin(async move { Ok(piecewise::open(Arc::clone(&self.voice), options)) })
    }
}

#[derive(Serialize)]
struct Synthesis<'a> {
    text: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    voice: &'a str,
}

impl PieceVoice for Requests {
    const NAME: &'static str = NAME;
    /// A piece is a clause, and far shorter.
    const TEXT_BYTES_MAX: usize = 4096;

    fn rate(&self) -> SampleRate {
        usual_rate()
    }

    async fn say(&self, text: String, options: Arc<TtsOptions>) -> Result<Spoken, AdapterError> {
        let synthesis = Synthesis { text: &text, voice: &options.voice };
        let request = self.net.post(&self.service, "/synthesize").json(&synthesis);
        let answer = answer_of(NAME, request).await?;
        Ok(Spoken::sound(Form::Wav, body_of(NAME, answer)))
    }
}
