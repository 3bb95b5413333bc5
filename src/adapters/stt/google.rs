//! Google Cloud Speech, versions 1 and 2, streaming over gRPC.
//!
//! A stream of Google's lives for five minutes; here streams follow one another without the listener's notice
//! ([`super::google_ears`]). Google tells no end of a turn, only which words stay.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::google_ears::GoogleEars;
use super::google_version::Recogniser;
use super::{
    STT_AUDIO_CAPACITY, STT_EVENT_CAPACITY, SpeechToText, SttCapabilities, SttOptions, SttStream,
};
use crate::adapters::google::GoogleLine;
use crate::adapters::google::access::GoogleAccess;
use crate::adapters::net::Endpoint;
use crate::adapters::{AdapterError, Availability, BoxFuture};
use crate::audio::SampleRate;

pub(super) const NAME: &str = "google";
/// What it is sent.
pub(super) const RATE: SampleRate = SampleRate::HZ_16000;

/// Which of Google's definitions is spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GoogleSpeechVersion {
    /// `google.cloud.speech.v1`.
    V1,
    /// `google.cloud.speech.v2`, which asks a recogniser such as `projects/p/locations/global/recognizers/_`.
    V2 {
        /// Its whole name.
        recognizer: String,
    },
}

/// Where and how.
#[derive(Clone, Debug)]
pub struct GoogleSpeechOptions {
    /// `https://speech.googleapis.com`, or of a region.
    pub service: Endpoint,
    /// Who asks.
    pub access: Arc<GoogleAccess>,
    /// Version 1 or 2.
    pub version: GoogleSpeechVersion,
    /// Model, such as `latest_long` (version 1) or `long` (version 2).
    pub model: String,
    /// A stream older than this is replaced at the next silence; [`STREAM_SOFT`] but for tests.
    pub stream_soft: Duration,
    /// A stream as old as this is replaced in the middle of a word; [`STREAM_HARD`] but for tests.
    pub stream_hard: Duration,
}

/// Google ends a stream after 305 s, older documents say five minutes: half a minute is left to find a silence.
pub const STREAM_SOFT: Duration = Duration::from_secs(270);
/// And ten seconds to begin the next one.
pub const STREAM_HARD: Duration = Duration::from_secs(290);

/// The product.
#[derive(Debug)]
pub struct GoogleSpeech {
    line: GoogleLine,
    options: GoogleSpeechOptions,
}

impl GoogleSpeech {
    /// Nothing is connected before a stream is opened. Must be called on a runtime, which carries the connection.
    ///
    /// # Errors
    /// A sentence, where the address cannot be used.
    pub fn new(options: GoogleSpeechOptions) -> Result<Self, String> {
        let line = GoogleLine::new(NAME, &options.service, Arc::clone(&options.access))?;
        Ok(Self { line, options })
    }
}

impl SpeechToText for GoogleSpeech {
    fn name(&self) -> &'static str {
        NAME
    }

    fn model(&self) -> &str {
        &self.options.model
    }

    fn capabilities(&self) -> SttCapabilities {
        SttCapabilities { interim: true, word_times: true, rate: RATE }
    }

    fn availability(&self) -> Availability {
        Availability::Ready
    }

    fn open(&self, options: SttOptions) -> BoxFuture<'_, Result<SttStream, AdapterError>> {
        let GoogleSpeechOptions { version, model, stream_soft, stream_hard, .. } = &self.options;
        let recogniser =
            Recogniser::new(self.line.clone(), version.clone(), model.clone(), options);
        Box::pin(async move {
            // Connected before anybody speaks.
            let first = recogniser.open(0);
            let (input, given) = mpsc::channel(STT_AUDIO_CAPACITY);
            let (said, events) = mpsc::channel(STT_EVENT_CAPACITY);
            let ears = GoogleEars::new(recogniser, first, (*stream_soft, *stream_hard));
            tokio::spawn(ears.listen(given, said));
            Ok(SttStream { input, events })
        })
    }
}
