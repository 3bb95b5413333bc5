//! The two versions of Google's recogniser behind one face: a stream takes bytes of sound and gives results.

use futures_util::{Stream, StreamExt, stream};
use prost::Message;
use tokio::sync::mpsc;
use tonic::Streaming;

use super::SttOptions;
use super::google::{GoogleSpeechVersion, NAME, RATE};
use crate::adapters::AdapterError;
use crate::adapters::google::messages::speech_v1::StreamingRecognitionResult;
use crate::adapters::google::messages::{speech_v1 as v1, speech_v2 as v2};
use crate::adapters::google::{GoogleLine, of_status};
use crate::adapters::task::Running;

const METHOD_V1: &str = "/google.cloud.speech.v1.Speech/StreamingRecognize";
const METHOD_V2: &str = "/google.cloud.speech.v2.Speech/StreamingRecognize";
/// Terms it is told to expect; Google takes 5000, a show names a few.
const TERMS_MAX: usize = 100;
/// Language where none is told.
const LANGUAGE: &str = "en-US";
/// Sound on its way out: a second of 20 ms frames. Google takes less than 25 KB a message, a frame is 640 bytes.
pub(super) const SOUND_CAPACITY: usize = 50;
/// Results on their way in; the reading half waits when nobody takes them.
const RESULTS_CAPACITY: usize = 16;

/// What opens streams.
#[derive(Clone, Debug)]
pub(super) struct Recogniser {
    line: GoogleLine,
    version: GoogleSpeechVersion,
    model: String,
    options: SttOptions,
}

/// One stream of Google's.
#[derive(Debug)]
pub(super) struct GoogleStream {
    /// Bytes of sound; closing it asks for the last words.
    pub(super) sound: Option<mpsc::Sender<Vec<u8>>>,
    /// One message's results each. Closes when the stream has ended in order.
    pub(super) results: mpsc::Receiver<Result<Vec<StreamingRecognitionResult>, AdapterError>>,
    /// The sample of our sound that is its first.
    pub(super) base: u64,
    _reading: Running<()>,
}

impl Recogniser {
    pub(super) const fn new(
        line: GoogleLine,
        version: GoogleSpeechVersion,
        model: String,
        options: SttOptions,
    ) -> Self {
        Self { line, version, model, options }
    }

    /// Opens a stream whose first sample is `base` of ours. Google may answer nothing before the first words, so
    /// nothing is waited for: a refusal comes as the first result.
    pub(super) fn open(&self, base: u64) -> GoogleStream {
        let (sound, waiting) = mpsc::channel::<Vec<u8>>(SOUND_CAPACITY);
        let (given, results) = mpsc::channel(RESULTS_CAPACITY);
        let frames = stream::unfold(waiting, |mut waiting| async move {
            waiting.recv().await.map(|frame| (frame, waiting))
        });
        let reading = match &self.version {
            GoogleSpeechVersion::V1 => {
                let config = v1::Request::StreamingConfig(self.config_v1());
                let asks = stream::iter([config])
                    .chain(frames.map(v1::Request::AudioContent))
                    .map(|request| v1::StreamingRecognizeRequest { request: Some(request) });
                self.read(METHOD_V1, asks, given, |answer: v1::StreamingRecognizeResponse| {
                    match answer.error {
                        Some(error) if error.code != 0 => Err(error.code),
                        _ => Ok(answer.results),
                    }
                })
            }
            GoogleSpeechVersion::V2 { recognizer } => {
                let recognizer = recognizer.clone();
                let config = v2::Request::StreamingConfig(self.config_v2());
                let first = v2::StreamingRecognizeRequest { recognizer, request: Some(config) };
                let asks = stream::iter([first]).chain(frames.map(|frame| {
                    let request = Some(v2::Request::Audio(frame));
                    v2::StreamingRecognizeRequest { recognizer: String::new(), request }
                }));
                self.read(METHOD_V2, asks, given, |answer: v2::StreamingRecognizeResponse| {
                    Ok(answer.results)
                })
            }
        };
        GoogleStream { sound: Some(sound), results, base, _reading: reading }
    }

    /// Reads a stream's answers on a task of its own.
    fn read<Ask, Answer>(
        &self,
        method: &'static str,
        asks: impl Stream<Item = Ask> + Send + 'static,
        given: mpsc::Sender<Result<Vec<StreamingRecognitionResult>, AdapterError>>,
        results_of: fn(Answer) -> Result<Vec<StreamingRecognitionResult>, i32>,
    ) -> Running<()>
    where
        Ask: Message + 'static,
        Answer: Message + Default + 'static,
    {
        let call = self.line.call(method, asks);
        Running::spawn(async move {
            let mut answers: Streaming<Answer> = match call.await {
                Ok(answers) => answers,
                Err(error) => return drop(given.send(Err(error)).await),
            };
            loop {
                let results = match answers.message().await {
                    Ok(Some(answer)) => results_of(answer)
                        .map_err(|code| of_status(NAME, &tonic::Status::new(code.into(), ""))),
                    Ok(None) => return,
                    Err(status) => Err(of_status(NAME, &status)),
                };
                let is_over = results.is_err();
                if given.send(results).await.is_err() || is_over {
                    return;
                }
            }
        })
    }

    fn language(&self) -> String {
        let language = &self.options.language;
        if language.is_empty() { LANGUAGE.to_owned() } else { language.clone() }
    }

    fn terms(&self) -> Vec<String> {
        self.options.terms.iter().take(TERMS_MAX).cloned().collect()
    }

    fn config_v1(&self) -> v1::StreamingRecognitionConfig {
        let terms = self.terms();
        let contexts = (!terms.is_empty()).then_some(v1::SpeechContext { phrases: terms });
        let config = v1::RecognitionConfig {
            encoding: v1::LINEAR16,
            sample_rate_hertz: hertz(),
            language_code: self.language(),
            speech_contexts: contexts.into_iter().collect(),
            enable_word_time_offsets: true,
            enable_automatic_punctuation: true,
            model: self.model.clone(),
        };
        v1::StreamingRecognitionConfig { config: Some(config), interim_results: true }
    }

    fn config_v2(&self) -> v2::StreamingRecognitionConfig {
        let phrases: Vec<_> = self.terms().into_iter().map(|value| v2::Phrase { value }).collect();
        let adaptation = (!phrases.is_empty()).then(|| v2::SpeechAdaptation {
            phrase_sets: vec![v2::AdaptationPhraseSet {
                inline_phrase_set: Some(v2::PhraseSet { phrases }),
            }],
        });
        let config = v2::RecognitionConfig {
            features: Some(v2::RecognitionFeatures {
                enable_word_time_offsets: true,
                enable_automatic_punctuation: true,
            }),
            adaptation,
            explicit_decoding_config: Some(v2::ExplicitDecodingConfig {
                encoding: v2::LINEAR16,
                sample_rate_hertz: hertz(),
                audio_channel_count: 1,
            }),
            model: self.model.clone(),
            language_codes: vec![self.language()],
        };
        v2::StreamingRecognitionConfig {
            config: Some(config),
            streaming_features: Some(v2::StreamingRecognitionFeatures { interim_results: true }),
        }
    }
}

fn hertz() -> i32 {
    i32::try_from(RATE.hz()).unwrap_or(i32::MAX)
}
