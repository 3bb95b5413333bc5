//! Deepgram: live transcription over a WebSocket (`/v1/listen`).
//!
//! Deepgram settles words every few seconds while somebody speaks; each settled stretch is a segment here. `Finish`
//! becomes `Finalize`, which it answers with a result marked so. It hangs up after 10 s without a message, so a silent
//! line is kept alive.

use std::time::Duration;

use serde::Deserialize;
use tokio::sync::mpsc;

use super::segments::{Said, Segments};
use super::socket_ears::{self, Dialect, Heard, Outgoing, RATE};
use super::{
    STT_AUDIO_CAPACITY, STT_EVENT_CAPACITY, SpeechToText, SttCapabilities, SttOptions, SttStream,
    SttWord,
};
use crate::adapters::net::{Endpoint, Socket};
use crate::adapters::numbers::samples_at;
use crate::adapters::wire::{of_close, parse, with_query, word};
use crate::adapters::{AdapterError, Availability, BoxFuture};
use crate::secret::Secret;

const NAME: &str = "deepgram";
/// It hangs up after 10 s; its makers advise a sign of life every 3 to 5 s.
const QUIET_MAX: Duration = Duration::from_secs(4);
/// Times are told with a few digits.
const ROUNDING_S: f64 = 0.005;
/// Silence after which it settles what it has heard.
const ENDPOINTING_MS: &str = "300";
/// Terms it is told to expect: its makers' bound is 500 tokens in all.
const TERMS_MAX: usize = 100;

/// Where and how.
#[derive(Clone, Debug)]
pub struct DeepgramOptions {
    /// `https://api.deepgram.com` or another.
    pub service: Endpoint,
    /// Key.
    pub key: Secret,
    /// Model, such as `nova-3`.
    pub model: String,
}

/// The product.
#[derive(Clone, Debug)]
pub struct Deepgram {
    options: DeepgramOptions,
}

impl Deepgram {
    /// Nothing is connected before a stream is opened.
    #[must_use]
    pub const fn new(options: DeepgramOptions) -> Self {
        Self { options }
    }

    fn path(&self, options: &SttOptions) -> String {
        let rate = RATE.hz().to_string();
        let mut query = vec![
            ("model", self.options.model.as_str()),
            ("encoding", "linear16"),
            ("sample_rate", rate.as_str()),
            ("channels", "1"),
            ("interim_results", "true"),
            ("punctuate", "true"),
            ("smart_format", "true"),
            ("vad_events", "true"),
            ("endpointing", ENDPOINTING_MS),
        ];
        if !options.language.is_empty() {
            query.push(("language", &options.language));
        }
        query.extend(options.terms.iter().take(TERMS_MAX).map(|term| ("keyterm", term.as_str())));
        with_query("/v1/listen", query)
    }
}

impl SpeechToText for Deepgram {
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
        Box::pin(async move {
            let authorization = format!("Token {}", self.options.key.expose());
            let headers = [("authorization", authorization.as_str())];
            let path = self.path(&options);
            let socket = Socket::connect(NAME, &self.options.service, &path, &headers).await?;
            let (input, given) = mpsc::channel(STT_AUDIO_CAPACITY);
            let (said, events) = mpsc::channel(STT_EVENT_CAPACITY);
            tokio::spawn(socket_ears::listen(DeepgramDialect::default(), socket, given, said));
            Ok(SttStream { input, events })
        })
    }
}

#[derive(Default)]
struct DeepgramDialect {
    /// Up to where words are final, in seconds as the service tells them; none before the first.
    settled: Option<f64>,
}

fn command(name: &str) -> Vec<Outgoing> {
    vec![Outgoing::Text(format!(r#"{{"type":"{name}"}}"#))]
}

impl Dialect for DeepgramDialect {
    const NAME: &'static str = NAME;
    const QUIET_MAX: Option<Duration> = Some(QUIET_MAX);

    fn audio(&mut self, samples: &[i16]) -> Vec<Outgoing> {
        // An empty message would end the stream.
        if samples.is_empty() { Vec::new() } else { vec![Outgoing::sound(samples)] }
    }

    fn finish(&mut self) -> Vec<Outgoing> {
        command("Finalize")
    }

    fn keep_alive(&mut self) -> Vec<Outgoing> {
        command("KeepAlive")
    }

    fn end(&mut self) -> Vec<Outgoing> {
        command("CloseStream")
    }

    fn heard(&mut self, text: &str, segments: &mut Segments) -> Result<Heard, AdapterError> {
        Ok(match parse(NAME, text.as_bytes())? {
            FromDeepgram::Results(results) => {
                let Results { is_final, from_finalize: is_settled, .. } = results;
                if is_final {
                    self.settled = Some(results.start + results.duration);
                } else if self.settled.is_some_and(|settled| results.start + ROUNDING_S < settled) {
                    // It was overtaken by its own final words.
                    return Ok(Heard::default());
                }
                let said = results.said();
                let event = if is_final { segments.finish(said) } else { segments.interim(said) };
                Heard { event, is_settled, is_last: false }
            }
            FromDeepgram::Metadata => Heard { is_last: true, ..Heard::default() },
            FromDeepgram::Error { variant } => {
                let reason = format!("an error in the stream ({})", word(&variant));
                return Err(AdapterError::Unavailable { adapter: NAME, reason, retry_after: None });
            }
            FromDeepgram::Other => Heard::default(),
        })
    }

    fn closed(&self, code: u16, _reason: &str) -> AdapterError {
        // 1008 is DATA-0000, sound it cannot decode; 1011 is NET-0000 and NET-0001, on which another try may help.
        of_close(NAME, code)
    }
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum FromDeepgram {
    Results(Results),
    Metadata,
    Error {
        #[serde(default)]
        variant: String,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Results {
    #[serde(default)]
    start: f64,
    #[serde(default)]
    duration: f64,
    #[serde(default)]
    is_final: bool,
    #[serde(default)]
    from_finalize: bool,
    channel: Channel,
}

#[derive(Deserialize)]
struct Channel {
    #[serde(default)]
    alternatives: Vec<Alternative>,
}

#[derive(Default, Deserialize)]
struct Alternative {
    #[serde(default)]
    transcript: String,
    #[serde(default)]
    words: Vec<Word>,
}

#[derive(Deserialize)]
struct Word {
    word: String,
    punctuated_word: Option<String>,
    start: f64,
    end: f64,
}

impl Results {
    fn said(self) -> Said {
        let at = |seconds: f64| samples_at(seconds, RATE.hz());
        let best = self.channel.alternatives.into_iter().next().unwrap_or_default();
        let words: Vec<SttWord> = best
            .words
            .into_iter()
            .map(|word| SttWord {
                text: word.punctuated_word.unwrap_or(word.word),
                start_sample: at(word.start),
                end_sample: at(word.end),
            })
            .collect();
        Said {
            text: best.transcript,
            from_sample: words.first().map_or_else(|| at(self.start), |word| word.start_sample),
            until_sample: words
                .last()
                .map_or_else(|| at(self.start + self.duration), |word| word.end_sample),
            words,
        }
    }
}
