//! Whisper on this machine, through whisper.cpp: built with the feature `local-whisper` only.
//!
//! Whisper hears whole stretches and nothing in between, so stretches are cut by the session's hints and decoded again
//! while they grow, as with Moonshine ([`super::moonshine`] tells the rules; **without hints it says nothing**). It
//! knows the times of its words, and other languages than English where its model does.
//!
//! Invariants: one thread owns the model and serves all streams; a stream holds at most 15 s of sound.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::decode_queue::{DecodeCounters, decode_queue};
use super::stretch_streams::StretchStreams;
use super::whisper_model::{Languages, WhisperModel};
use super::{SpeechToText, SttCapabilities, SttOptions, SttStream};
use crate::adapters::worker;
use crate::adapters::{AdapterError, Availability, BoxFuture};
use crate::audio::SampleRate;

pub(super) const NAME: &str = "whisper-local";

/// The recogniser: one model for all streams of the process.
#[derive(Debug)]
pub struct WhisperLocal {
    streams: StretchStreams,
    /// The model file's name without its ending.
    model: String,
    /// What the model knows, once it is loaded.
    languages: Arc<OnceLock<Languages>>,
}

impl WhisperLocal {
    /// Starts the thread, which loads the ggml model at `path` in the background (tiny: 78 MB, 0.1 s).
    #[must_use]
    pub fn start(path: &Path) -> Self {
        let (queue, source) = decode_queue();
        let source = Arc::new(source);
        let jobs = Arc::clone(&source);
        let languages = Arc::new(OnceLock::new());
        let (known, file) = (Arc::clone(&languages), path.to_path_buf());
        let load = move || {
            let model = WhisperModel::open(&file)?;
            // A model that is loaded afresh is the same file.
            known.get_or_init(|| model.languages());
            Ok(model)
        };
        let work = move |model: &mut WhisperModel, job| source.work(model, job);
        let worker = worker::spawn(NAME, load, move || jobs.next(), work);
        let model = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Self { streams: StretchStreams::new(NAME, queue, worker), model, languages }
    }

    /// What it has done since it began.
    #[must_use]
    pub fn counters(&self) -> DecodeCounters {
        self.streams.counters()
    }
}

impl SpeechToText for WhisperLocal {
    fn name(&self) -> &'static str {
        NAME
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn capabilities(&self) -> SttCapabilities {
        SttCapabilities { interim: true, word_times: true, rate: SampleRate::HZ_16000 }
    }

    fn availability(&self) -> Availability {
        self.streams.availability()
    }

    /// Refuses a language that its model does not know.
    fn open(&self, options: SttOptions) -> BoxFuture<'_, Result<SttStream, AdapterError>> {
        Box::pin(async move {
            self.streams.ready().await?;
            let knows = |known: &Languages| known.of(&options.language).is_some();
            if !self.languages.get().is_some_and(knows) {
                let reason =
                    format!("{} does not know the language {:?}", self.model, options.language);
                return Err(AdapterError::Refused { adapter: NAME, reason });
            }
            self.streams.open(options, true).await
        })
    }
}
