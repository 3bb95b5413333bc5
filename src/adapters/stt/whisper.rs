//! Whisper behind a server: the studio's own `/transcribe`, the OpenAI-compatible route, and whisper.cpp's `/inference`.
//!
//! Whisper hears whole stretches and nothing in between, so stretches are cut by the session's hints and sent again
//! while they grow, as with Moonshine ([`super::moonshine`] tells the rules). What differs between the servers is
//! where they want to be asked, how they name things, and how many questions they bear at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use super::decode_queue::{DecodeCounters, decode_queue};
use super::stretch_streams::StretchStreams;
use super::whisper_request::WhisperRequests;
use super::{SpeechToText, SttCapabilities, SttOptions, SttStream};
use crate::adapters::net::{Endpoint, Net};
use crate::adapters::worker;
use crate::adapters::{AdapterError, Availability, BoxFuture};
use crate::audio::SampleRate;
use crate::secret::Secret;

pub(super) const NAME: &str = "whisper";
/// Questions at once to a server that bears several. More than the host of a show or two ever needs.
const REQUESTS_AT_ONCE: usize = 4;
/// Longest a thread may be at one question before it is given up. A question has limits of its own, 45 s for the longest
/// stretch, so this is one that they do not reach.
const ANSWER_PATIENCE: Duration = Duration::from_secs(60);

/// How a server is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhisperRoute {
    /// `POST /transcribe`, answered in faster-whisper's words.
    Transcribe,
    /// `POST /audio/transcriptions` below a path with a version, as OpenAI and speaches have it.
    OpenAi,
    /// `POST /inference` of whisper.cpp's server, which answers one question at a time.
    WhisperCpp,
}

/// Where and how.
#[derive(Clone, Debug)]
pub struct WhisperOptions {
    /// The server, without the route.
    pub service: Endpoint,
    /// Which route it has.
    pub route: WhisperRoute,
    /// Key, where the server wants one.
    pub key: Option<Secret>,
    /// Model, where the route names one, such as `Systran/faster-whisper-small`.
    pub model: String,
    /// Whether growing stretches are sent again and again. Every question costs, so it is off where questions are paid.
    pub interims: bool,
}

/// The recogniser.
#[derive(Debug)]
pub struct Whisper {
    streams: StretchStreams,
    model: String,
    interims: bool,
}

impl Whisper {
    /// Starts the threads that ask; nothing is connected before the first stretch. The runtime that this is called on
    /// carries the connections.
    ///
    /// # Errors
    /// A sentence, if there is none.
    pub fn start(net: &Net, options: &WhisperOptions) -> Result<Self, String> {
        let runtime = Handle::try_current().map_err(|error| error.to_string())?;
        let (queue, source) = decode_queue();
        let source = Arc::new(source);
        let threads = match options.route {
            WhisperRoute::WhisperCpp => 1,
            WhisperRoute::Transcribe | WhisperRoute::OpenAi => REQUESTS_AT_ONCE,
        };
        let start = || {
            let jobs = Arc::clone(&source);
            let source = Arc::clone(&source);
            let requests = WhisperRequests::new(net.clone(), options.clone(), runtime.clone());
            worker::spawn(
                NAME,
                ANSWER_PATIENCE,
                move || Ok(requests.clone()),
                move || jobs.next(),
                move |requests, job| source.work(requests, job),
            )
        };
        let worker = start();
        for _ in 1..threads {
            start();
        }
        Ok(Self {
            streams: StretchStreams::new(NAME, queue, worker),
            // The others have one, and are asked for none.
            model: match options.route {
                WhisperRoute::OpenAi => options.model.clone(),
                WhisperRoute::Transcribe | WhisperRoute::WhisperCpp => String::new(),
            },
            interims: options.interims,
        })
    }

    /// What it has done since it began.
    #[must_use]
    pub fn counters(&self) -> DecodeCounters {
        self.streams.counters()
    }
}

impl SpeechToText for Whisper {
    fn name(&self) -> &'static str {
        NAME
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn capabilities(&self) -> SttCapabilities {
        SttCapabilities { interim: self.interims, word_times: true, rate: SampleRate::HZ_16000 }
    }

    fn availability(&self) -> Availability {
        self.streams.availability()
    }

    fn open(&self, options: SttOptions) -> BoxFuture<'_, Result<SttStream, AdapterError>> {
        Box::pin(self.streams.open(options, self.interims))
    }
}
