//! AssemblyAI: Universal-Streaming, version 3, over a WebSocket.
//!
//! Its turns are segments here. The universal-streaming models settle a turn twice, first bare (complete here), then
//! with marks and capitals (final); the Pro models write properly at once. `Finish` becomes `ForceEndpoint`; the bare
//! words are final then, for somebody waits.
//!
//! It takes sound in messages of 50 ms to 1 s. A shorter rest is filled up with silence, which its times count and
//! ours do not: [`Filled`] knows where.

use std::collections::VecDeque;
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
use crate::adapters::wire::{of_close, parse, with_query};
use crate::adapters::{AdapterError, Availability, BoxFuture};
use crate::secret::Secret;

const NAME: &str = "assemblyai";
/// The protocol as it was on this day.
const VERSION: &str = "2025-05-12";
/// What one message holds: its makers find 50 to 100 ms best.
const CHUNK_SAMPLES: usize = RATE.samples_in_ms(60);
/// The shortest it takes.
const CHUNK_MIN_SAMPLES: usize = RATE.samples_in_ms(50);
/// Terms it is told to expect, and the longest of them: its makers' bounds.
const TERMS_MAX: usize = 100;
const TERM_CHARS_MAX: usize = 50;
/// Places of filled-in silence that are remembered: words come within seconds, and nobody ends a turn a second.
const FILLED_MAX: usize = 64;

/// Where and how.
#[derive(Clone, Debug)]
pub struct AssemblyAiOptions {
    /// `https://streaming.assemblyai.com` or another.
    pub service: Endpoint,
    /// Key.
    pub key: Secret,
    /// Model, such as `universal-streaming-english`.
    pub model: String,
}

/// The product.
#[derive(Clone, Debug)]
pub struct AssemblyAi {
    options: AssemblyAiOptions,
}

impl AssemblyAi {
    /// Nothing is connected before a stream is opened.
    #[must_use]
    pub const fn new(options: AssemblyAiOptions) -> Self {
        Self { options }
    }

    /// Only these models write their words bare first.
    fn formats_apart(&self) -> bool {
        self.options.model.starts_with("universal-streaming")
    }

    /// The languages to listen for, as the query says them; empty for a model that hears but one.
    fn language_codes(&self, language: &str) -> Result<String, AdapterError> {
        let primary = language.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let is_english = primary.is_empty() || primary == "en";
        if !self.options.model.ends_with("-english") {
            return Ok(if primary.is_empty() { primary } else { format!(r#"["{primary}"]"#) });
        }
        if is_english {
            return Ok(String::new());
        }
        let reason = format!(
            "the language {language:?}: {} hears English; universal-streaming-multilingual hears more",
            self.options.model
        );
        Err(AdapterError::Refused { adapter: NAME, reason })
    }

    fn path(&self, options: &SttOptions) -> Result<String, AdapterError> {
        let languages = self.language_codes(&options.language)?;
        let rate = RATE.hz().to_string();
        let is_term = |term: &&String| term.chars().count() <= TERM_CHARS_MAX;
        let terms: Vec<&String> = options.terms.iter().filter(is_term).take(TERMS_MAX).collect();
        let terms = serde_json::json!(terms).to_string();
        let mut query = vec![
            ("speech_model", self.options.model.as_str()),
            ("sample_rate", rate.as_str()),
            ("encoding", "pcm_s16le"),
        ];
        if self.formats_apart() {
            query.push(("format_turns", "true"));
        }
        if terms != "[]" {
            query.push(("keyterms_prompt", &terms));
        }
        if !languages.is_empty() {
            query.push(("language_codes", &languages));
        }
        Ok(with_query("/v3/ws", query))
    }
}

impl SpeechToText for AssemblyAi {
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
            let headers =
                [("authorization", self.options.key.expose()), ("assemblyai-version", VERSION)];
            let path = self.path(&options)?;
            let socket = Socket::connect(NAME, &self.options.service, &path, &headers).await?;
            let (input, given) = mpsc::channel(STT_AUDIO_CAPACITY);
            let (said, events) = mpsc::channel(STT_EVENT_CAPACITY);
            let dialect = AssemblyAiDialect {
                formats_apart: self.formats_apart(),
                waiting: Vec::new(),
                filled: Filled::default(),
                is_forced: false,
                settled: None,
            };
            tokio::spawn(socket_ears::listen(dialect, socket, given, said));
            Ok(SttStream { input, events })
        })
    }
}

struct AssemblyAiDialect {
    formats_apart: bool,
    waiting: Vec<i16>,
    filled: Filled,
    /// Whether somebody waits for final words.
    is_forced: bool,
    /// The last turn whose final words are out.
    settled: Option<u64>,
}

fn command(name: &str) -> Outgoing {
    Outgoing::Text(format!(r#"{{"type":"{name}"}}"#))
}

impl AssemblyAiDialect {
    /// The rest of the sound, filled up to what the service takes.
    fn rest(&mut self) -> Vec<Outgoing> {
        if self.waiting.is_empty() {
            return Vec::new();
        }
        let missing = CHUNK_MIN_SAMPLES.saturating_sub(self.waiting.len());
        self.filled.sent(self.waiting.len());
        self.filled.fill(missing);
        self.waiting.resize(self.waiting.len() + missing, 0);
        let rest = Outgoing::sound(&self.waiting);
        self.waiting.clear();
        vec![rest]
    }
}

impl Dialect for AssemblyAiDialect {
    const NAME: &'static str = NAME;
    /// It hangs up on nobody who did not ask for it.
    const QUIET_MAX: Option<Duration> = None;

    fn audio(&mut self, samples: &[i16]) -> Vec<Outgoing> {
        self.waiting.extend_from_slice(samples);
        let mut chunks = Vec::new();
        while self.waiting.len() >= CHUNK_SAMPLES {
            let chunk: Vec<i16> = self.waiting.drain(..CHUNK_SAMPLES).collect();
            self.filled.sent(chunk.len());
            chunks.push(Outgoing::sound(&chunk));
        }
        chunks
    }

    fn finish(&mut self) -> Vec<Outgoing> {
        self.is_forced = true;
        let mut messages = self.rest();
        messages.push(command("ForceEndpoint"));
        messages
    }

    fn end(&mut self) -> Vec<Outgoing> {
        let mut messages = self.rest();
        messages.push(command("Terminate"));
        messages
    }

    fn heard(&mut self, text: &str, segments: &mut Segments) -> Result<Heard, AdapterError> {
        Ok(match parse(NAME, text.as_bytes())? {
            FromAssemblyAi::Turn(turn) => {
                Heard { event: self.on_turn(turn, segments), ..Heard::default() }
            }
            FromAssemblyAi::Termination => Heard { is_last: true, ..Heard::default() },
            FromAssemblyAi::Error { error_code } => return Err(of_code(error_code)),
            FromAssemblyAi::Other => Heard::default(),
        })
    }

    fn closed(&self, code: u16, _reason: &str) -> AdapterError {
        of_code(code)
    }
}

impl AssemblyAiDialect {
    fn on_turn(&mut self, turn: Turn, segments: &mut Segments) -> Option<super::SttEvent> {
        if self.settled.is_some_and(|settled| turn.turn_order <= settled) {
            return None;
        }
        let is_formatted = turn.turn_is_formatted || !self.formats_apart;
        let (order, is_over) = (turn.turn_order, turn.end_of_turn);
        let said = self.said(turn);
        if !is_over {
            return segments.interim(said);
        }
        if !is_formatted && !self.is_forced {
            return segments.complete(said);
        }
        self.settled = Some(order);
        self.is_forced = false;
        segments.finish(said)
    }

    fn said(&self, turn: Turn) -> Said {
        let at = |ms: u64| self.filled.without(ms * u64::from(RATE.hz()) / 1000);
        let words: Vec<SttWord> = turn
            .words
            .into_iter()
            .map(|word| SttWord {
                text: word.text,
                start_sample: at(word.start),
                end_sample: at(word.end),
            })
            .collect();
        // The transcript holds settled words only; a word that may still change is shown all the same.
        let text = if turn.end_of_turn {
            turn.transcript
        } else {
            words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
        };
        Said {
            text,
            from_sample: words.first().map_or(0, |word| word.start_sample),
            until_sample: words.last().map_or(0, |word| word.end_sample),
            words,
        }
    }
}

/// What an error or close code of the service means.
fn of_code(code: u16) -> AdapterError {
    let reason = format!("closed the session ({code})");
    match code {
        // A bad key or account; an unreadable message of ours; sound in pieces it does not take; the older codes of the same.
        1008 | 3006 | 3007 | 4001..=4003 | 4029 => AdapterError::Refused { adapter: NAME, reason },
        // Too many sessions a minute: its makers ask for seconds.
        3009 => AdapterError::Unavailable {
            adapter: NAME,
            reason,
            retry_after: Some(Duration::from_secs(2)),
        },
        _ => of_close(NAME, code),
    }
}

/// Silence that was filled in: places in the service's time, and how much before each.
#[derive(Debug, Default)]
struct Filled {
    sent: u64,
    /// End of a filled-in silence in the service's samples, and all that was filled in up to there.
    places: VecDeque<(u64, u64)>,
    total: u64,
}

impl Filled {
    fn sent(&mut self, samples: usize) {
        self.sent += samples as u64;
    }

    fn fill(&mut self, samples: usize) {
        if samples == 0 {
            return;
        }
        self.sent += samples as u64;
        self.total += samples as u64;
        self.places.push_back((self.sent, self.total));
        if self.places.len() > FILLED_MAX {
            self.places.pop_front();
        }
    }

    /// A sample of the service's time in ours.
    fn without(&self, sample: u64) -> u64 {
        let before = self.places.iter().rev().find(|(end, _)| *end <= sample);
        sample.saturating_sub(before.map_or(0, |(_, total)| *total))
    }
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum FromAssemblyAi {
    Turn(Turn),
    Termination,
    Error {
        #[serde(default)]
        error_code: u16,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Turn {
    turn_order: u64,
    #[serde(default)]
    turn_is_formatted: bool,
    #[serde(default)]
    end_of_turn: bool,
    #[serde(default)]
    transcript: String,
    #[serde(default)]
    words: Vec<Word>,
}

#[derive(Deserialize)]
struct Word {
    text: String,
    start: u64,
    end: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filled_in_silence_is_taken_out_of_the_times_behind_it() {
        let mut filled = Filled::default();
        filled.sent(1_000);
        filled.fill(200);
        filled.sent(1_000);
        assert_eq!([500, 1_200, 1_700].map(|sample| filled.without(sample)), [500, 1_000, 1_500]);
    }
}
