//! ElevenLabs: speech over a WebSocket that takes text as it is written, or by one request a piece.
//!
//! Both tell when each letter sounds; the words' times come from that. The socket is the way with the earliest first
//! sound; requests are for networks that let no socket through.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::elevenlabs_letters::{Letters, Spelling};
use super::elevenlabs_order::{InOrder, Stretch};
use super::elevenlabs_socket::speak;
use super::elevenlabs_spares::Spares;
use super::piecewise::{self, Form, Part, PieceVoice, Spoken};
use super::{
    TTS_EVENT_CAPACITY, TTS_INPUT_CAPACITY, TextToSpeech, TtsCapabilities, TtsEvent, TtsOptions,
    TtsStream, TtsWord,
};
use crate::adapters::ending::conclude;
use crate::adapters::net::{Endpoint, Net, Socket, answer_of, body_of, truncated, unreadable};
use crate::adapters::wire::{parse, with_query};
use crate::adapters::{AdapterError, Availability, BoxFuture};
use crate::audio::SampleRate;
use crate::secret::Secret;

pub(super) const NAME: &str = "elevenlabs";
/// Its sound as bare samples at this rate; every plan has it.
pub(super) const RATE: SampleRate = SampleRate::HZ_24000;
const FORMAT: &str = "pcm_24000";
/// The longest silence towards the service before it hangs up, in seconds; the most it grants.
const INACTIVITY_S: &str = "180";
/// The longest line of a streamed answer: a second of sound as base64 is 64 KB.
const LINE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How the service is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElevenLabsWay {
    /// One WebSocket a turn.
    Socket,
    /// One request a piece.
    Requests,
}

/// Where and how.
#[derive(Clone, Debug)]
pub struct ElevenLabsOptions {
    /// `https://api.elevenlabs.io` or another.
    pub service: Endpoint,
    /// Key.
    pub key: Secret,
    /// Model, such as `eleven_flash_v2_5`.
    pub model: String,
    /// The id of the voice where none is asked for.
    pub voice: String,
    /// Socket or requests.
    pub way: ElevenLabsWay,
}

/// The product.
#[derive(Clone, Debug)]
pub struct ElevenLabs {
    voice: Arc<Requests>,
}

#[derive(Debug)]
struct Requests {
    net: Net,
    options: ElevenLabsOptions,
    spares: Spares,
}

impl ElevenLabs {
    /// Nothing is connected before a stream is opened.
    #[must_use]
    pub fn new(net: Net, options: ElevenLabsOptions) -> Self {
        Self { voice: Arc::new(Requests { net, options, spares: Spares::default() }) }
    }
}

impl TextToSpeech for ElevenLabs {
    fn name(&self) -> &'static str {
        NAME
    }

    fn model(&self) -> &str {
        &self.voice.options.model
    }

    fn capabilities(&self) -> TtsCapabilities {
        TtsCapabilities { word_times: true, rate: RATE }
    }

    fn availability(&self) -> Availability {
        Availability::Ready
    }

    fn warm_up<'a>(&'a self, options: &'a TtsOptions) -> BoxFuture<'a, ()> {
        Box::pin(async {
            if self.voice.options.way == ElevenLabsWay::Requests {
                self.voice.net.warm_up(&self.voice.options.service).await;
            } else if let Err(error) = self.voice.open_spare(options).await {
                tracing::debug!(%error, "no socket ahead of the first turn");
            }
        })
    }

    fn open(&self, options: TtsOptions) -> BoxFuture<'_, Result<TtsStream, AdapterError>> {
        Box::pin(async move {
            let requests = &self.voice;
            if requests.options.way == ElevenLabsWay::Requests {
                return Ok(piecewise::open(Arc::clone(requests), options));
            }
            let path = requests.path("stream-input", &options)?;
            let socket = match requests.spares.take(&path).await {
                Some(spare) => spare,
                None => requests.connect(&path).await?,
            };
            let (pieces, written) = mpsc::channel(TTS_INPUT_CAPACITY);
            let (spoken, events) = mpsc::channel(TTS_EVENT_CAPACITY);
            tokio::spawn(async move {
                let ended = speak(socket, written, &spoken).await;
                conclude(spoken, ended, TtsEvent::Done).await;
            });
            Ok(TtsStream { pieces, events })
        })
    }
}

impl Requests {
    async fn connect(&self, path: &str) -> Result<Socket, AdapterError> {
        let headers = [("xi-api-key", self.options.key.expose())];
        Socket::connect(NAME, &self.options.service, path, &headers).await
    }

    async fn open_spare(&self, options: &TtsOptions) -> Result<(), AdapterError> {
        let path = self.path("stream-input", options)?;
        if self.spares.lacks(&path).await {
            let socket = self.connect(&path).await?;
            self.spares.put(path, socket).await;
        }
        Ok(())
    }

    fn path(&self, method: &str, options: &TtsOptions) -> Result<String, AdapterError> {
        let ElevenLabsOptions { voice, model, .. } = &self.options;
        let voice = if options.voice.is_empty() { voice } else { &options.voice };
        if voice.is_empty() || !voice.chars().all(|c| c.is_ascii_alphanumeric()) {
            let reason = format!("{voice:?} is no id of a voice; an id is letters and figures");
            return Err(AdapterError::Refused { adapter: NAME, reason });
        }
        let mut query = vec![("output_format", FORMAT)];
        if method == "stream-input" {
            query.extend([
                ("model_id", model.as_str()),
                ("inactivity_timeout", INACTIVITY_S),
                ("sync_alignment", "true"),
                // Pieces are sentences or clauses: it need not gather text before it speaks.
                ("auto_mode", "true"),
            ]);
            query.extend(self.language(options).map(|language| ("language_code", language)));
        }
        Ok(with_query(&format!("/v1/text-to-speech/{voice}/{method}"), query))
    }

    /// Only these models take a language; the others find it in the text and refuse to be told.
    fn language<'a>(&self, options: &'a TtsOptions) -> Option<&'a str> {
        let language = options.language.split('-').next().filter(|language| !language.is_empty());
        language.filter(|_| self.options.model.ends_with("_v2_5"))
    }
}

#[derive(Serialize)]
struct Request<'a> {
    text: &'a str,
    model_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    language_code: Option<&'a str>,
}

/// One line of the answer.
#[derive(Deserialize)]
struct Line {
    audio_base64: String,
    alignment: Option<Spelling>,
}

impl PieceVoice for Requests {
    const NAME: &'static str = NAME;
    /// The smallest bound among its models, in characters.
    const TEXT_BYTES_MAX: usize = 10_000;

    fn rate(&self) -> SampleRate {
        RATE
    }

    async fn say(&self, text: String, options: Arc<TtsOptions>) -> Result<Spoken, AdapterError> {
        let ElevenLabsOptions { service, key, model, .. } = &self.options;
        let path = self.path("stream/with-timestamps", &options)?;
        let language_code = self.language(&options);
        let request = self
            .net
            .post(service, &path)
            .header("xi-api-key", key.expose())
            .json(&Request { text: &text, model_id: model, language_code });
        let body = body_of(NAME, answer_of(NAME, request).await?);
        let lines = Lines {
            body: Box::pin(body),
            waiting: Vec::new(),
            letters: Letters::of(&text),
            order: InOrder::default(),
            ready: VecDeque::new(),
            told: 0,
            end: None,
        };
        let parts = stream::try_unfold(lines, Lines::next);
        Ok(Spoken { form: Form::Pcm, parts: Box::pin(parts) })
    }
}

/// The answer to a request: a line of JSON for each stretch of sound, times from the beginning of the whole. It has no
/// last word of its own: whether it is whole is told by its letters.
struct Lines {
    body: Pin<Box<dyn Stream<Item = Result<Bytes, AdapterError>> + Send>>,
    waiting: Vec<u8>,
    letters: Letters,
    order: InOrder,
    ready: VecDeque<Part>,
    /// Words told so far.
    told: usize,
    /// Whether no more lines come, and what is left to be said of it.
    end: Option<Result<(), AdapterError>>,
}

impl Lines {
    /// The words and the sound of the next line, or the words that only the end made whole.
    async fn next(mut self) -> Result<Option<(Part, Self)>, AdapterError> {
        loop {
            if let Some(part) = self.ready.pop_front() {
                return Ok(Some((part, self)));
            }
            if let Some(end) = self.end.take() {
                return end.map(|()| None);
            }
            match self.read().await {
                Ok(true) => {}
                Ok(false) => self.end = Some(self.on_end()),
                Err(error) => self.end = Some(Err(error)),
            }
        }
    }

    fn tell(&mut self, words: Vec<TtsWord>) {
        if words.len() > self.told {
            self.told = words.len();
            self.ready.push_back(Part::Words(words));
        }
    }

    /// Reads on until a line is whole; `false` where there is none any more.
    async fn read(&mut self) -> Result<bool, AdapterError> {
        loop {
            if let Some(end) = self.waiting.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.waiting.drain(..=end).collect();
                self.on_line(&line)?;
                return Ok(true);
            }
            if self.waiting.len() > LINE_BYTES_MAX {
                return Err(unreadable(NAME, "a line without end"));
            }
            match self.body.next().await {
                Some(bytes) => self.waiting.extend_from_slice(&bytes?),
                None if self.waiting.is_empty() => return Ok(false),
                None => self.waiting.push(b'\n'),
            }
        }
    }

    fn on_line(&mut self, line: &[u8]) -> Result<(), AdapterError> {
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let line: Line = parse(NAME, line)?;
        let spelling = line.alignment.unwrap_or_default();
        let stretch = Stretch { sound: sound_of(&line.audio_base64)?, spelling, left_out: 0 };
        let due: String = self.letters.due().collect();
        for stretch in self.order.take(stretch, &due) {
            self.on_stretch(stretch);
        }
        Ok(())
    }

    fn on_stretch(&mut self, stretch: Stretch) {
        self.letters.leave_out(stretch.left_out);
        for (letter, from, until) in stretch.spelling.letters() {
            self.letters.take(letter, from, until);
        }
        self.tell(self.letters.whole_words());
        self.ready.push_back(Part::Sound(stretch.sound));
    }

    /// The body has ended in order: what it has not spelled was not said. Where it spells nothing nobody knows.
    fn on_end(&mut self) -> Result<(), AdapterError> {
        if let Some(stretch) = self.order.rest() {
            self.on_stretch(stretch);
        }
        if self.letters.has_begun() && self.letters.lacks_words() {
            return Err(truncated(NAME, "its last words"));
        }
        self.tell(self.letters.words());
        Ok(())
    }
}

/// Samples as bytes out of base64.
pub(super) fn sound_of(base64: &str) -> Result<Bytes, AdapterError> {
    let bytes =
        BASE64.decode(base64).map_err(|_no_base64| unreadable(NAME, "sound that is no base64"))?;
    Ok(bytes.into())
}
