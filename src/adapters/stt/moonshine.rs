//! Moonshine tiny English: speech to text without a network.
//!
//! It hears no pauses of its own: the hints [`SpeechStarted`](super::SttInput::SpeechStarted) and
//! [`SpeechStopped`](super::SttInput::SpeechStopped) bound the stretches it decodes. **Without hints it says nothing**, whatever sounds.
//!
//! A stretch is decoded again and again while it grows (interims), at once when the voice stops (complete: the audio
//! is whole, so if the silence lasts that text *is* the final one), and once more only if the voice went on. Silence
//! of 700 ms makes it final, as does `Finish`. Every stretch ends with exactly one final, empty if no words were in it.
//!
//! Invariants: one thread owns the networks (116 MB) and serves all streams; a stream holds at most 15 s of sound;
//! its stretches are answered in order; its time is its own sound, so it reads no clock.

use std::sync::Arc;
use std::time::Duration;

use super::decode_queue::{DecodeCounters, decode_queue};
use super::moonshine_model::Model;
use super::stretch_streams::StretchStreams;
use super::{SpeechToText, SttCapabilities, SttOptions, SttStream};
use crate::adapters::onnx::OfflineModels;
use crate::adapters::worker;
use crate::adapters::{AdapterError, Availability, BoxFuture};
use crate::audio::SampleRate;

pub(super) const NAME: &str = "moonshine";
/// Longest a decode may take before its thread is given up: the longest stretch, 15 s, takes 0.4 s on an idle core, and
/// ten times that where ten sessions' threads want it too.
const DECODE_PATIENCE: Duration = Duration::from_secs(8);

/// The recogniser: one pair of networks for all streams of the process.
#[derive(Debug)]
pub struct Moonshine {
    streams: StretchStreams,
}

impl Moonshine {
    /// Starts the thread, which loads the networks in the background.
    #[must_use]
    pub fn start(models: &OfflineModels) -> Self {
        let (queue, source) = decode_queue();
        let source = Arc::new(source);
        let jobs = Arc::clone(&source);
        let models = models.clone();
        let worker = worker::spawn(
            NAME,
            DECODE_PATIENCE,
            move || Model::open(&models),
            move || jobs.next(),
            move |model, job| source.work(model, job),
        );
        Self { streams: StretchStreams::new(NAME, queue, worker) }
    }

    /// What it has done since it began.
    #[must_use]
    pub fn counters(&self) -> DecodeCounters {
        self.streams.counters()
    }
}

impl SpeechToText for Moonshine {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> SttCapabilities {
        SttCapabilities { interim: true, word_times: false, rate: SampleRate::HZ_16000 }
    }

    fn availability(&self) -> Availability {
        self.streams.availability()
    }

    /// Its networks know English only. `names` are listened for; `terms` cannot be given to them.
    fn open(&self, options: SttOptions) -> BoxFuture<'_, Result<SttStream, AdapterError>> {
        Box::pin(async move {
            let language = options.language.to_ascii_lowercase();
            if !(language.is_empty() || language == "en" || language.starts_with("en-")) {
                let reason = format!("the language {language:?} is not English");
                return Err(AdapterError::Refused { adapter: NAME, reason });
            }
            self.streams.open(options, true).await
        })
    }
}
