//! Google's services over gRPC: streaming recognition (versions 1 and 2) and streaming synthesis.
//!
//! gRPC needs HTTP/2, so this simulator has a server of its own; plan and faults are the others'. A fault strikes once
//! a stream.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::codegen::{BoxFuture, http};
use tonic::server::{Grpc, StreamingService};
use tonic::{Request, Response, Status, Streaming};
use voice_studio::adapters::google::messages::{
    Duration as Length, speech_v1 as v1, speech_v2 as v2, texttospeech_v1 as tts,
};

use super::fault::{Fault, FaultPlan};
use super::google_outlet::{Answers, Line, Outlet, OverLine, begin};
pub(crate) use super::google_requests::GoogleRequests;
use super::hearing::{Listener, text_of};
use super::lock;
use super::numbered::{HeardWord, word};
use super::tones::pcm_of;

/// Silence behind words that makes them final.
const FINAL_MS: u64 = 500;
/// What its voices speak at.
pub(super) const HZ: u32 = 24_000;

/// A server that speaks gRPC; dropping it stops it.
pub(crate) struct GoogleSimulator {
    pub(crate) address: SocketAddr,
    pub(crate) state: Arc<State>,
    serving: JoinHandle<()>,
}

/// What it does and what was asked of it.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) plan: FaultPlan,
    /// The token it lets in; empty lets everybody in.
    token: String,
    /// After so much sound a stream is refused to go on.
    pub(crate) stream_ms_max: u64,
    streams: Mutex<Vec<String>>,
    spoken: Mutex<Vec<String>>,
}

impl GoogleSimulator {
    pub(crate) async fn start(token: &str, stream_ms_max: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State {
            plan: FaultPlan::new(Vec::new()),
            token: token.to_owned(),
            stream_ms_max,
            streams: Mutex::default(),
            spoken: Mutex::default(),
        });
        let serving = tokio::spawn(serve(listener, Arc::clone(&state)));
        Self { address, state, serving }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What each stream was asked for: language, model, terms.
    pub(crate) fn streams(&self) -> Vec<String> {
        lock(&self.state.streams).clone()
    }

    /// Every text that was turned into sound, in order.
    pub(crate) fn spoken(&self) -> Vec<String> {
        lock(&self.state.spoken).clone()
    }
}

impl Drop for GoogleSimulator {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl State {
    fn admit<T>(&self, request: &Request<T>) -> Result<(), Status> {
        let given = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
        if self.token.is_empty() || given == Some(&format!("Bearer {}", self.token)) {
            return Ok(());
        }
        Err(Status::unauthenticated("Request had invalid authentication credentials."))
    }
}

// ── Recognition ──────────────────────────────────────────────────────────────────────────────────────────────

/// What either version asks for, in the same words.
enum Ask {
    Config { language: String, model: String, terms: Vec<String> },
    Sound(Vec<u8>),
    Nothing,
}

/// One call: whom it asks, and over which line.
#[derive(Clone)]
struct Visit(Arc<State>, Line);

/// The recogniser in version `V`.
#[derive(Clone)]
struct Speech<const V: u8>(Visit);

fn ask_v1(request: v1::StreamingRecognizeRequest) -> Result<Ask, Status> {
    Ok(match request.request {
        None => Ask::Nothing,
        Some(v1::Request::AudioContent(sound)) => Ask::Sound(sound),
        Some(v1::Request::StreamingConfig(streaming)) => {
            let config = streaming.config.ok_or_else(|| Status::invalid_argument("config"))?;
            if (config.encoding, config.sample_rate_hertz) != (v1::LINEAR16, 16_000) {
                return Err(Status::invalid_argument("sound that is not simulated"));
            }
            let terms = config.speech_contexts.into_iter().flat_map(|context| context.phrases);
            let terms = terms.collect();
            Ask::Config { language: config.language_code, model: config.model, terms }
        }
    })
}

fn ask_v2(request: v2::StreamingRecognizeRequest) -> Result<Ask, Status> {
    Ok(match request.request {
        None => Ask::Nothing,
        Some(v2::Request::Audio(sound)) => Ask::Sound(sound),
        Some(v2::Request::StreamingConfig(streaming)) => {
            let config = streaming.config.ok_or_else(|| Status::invalid_argument("config"))?;
            let decoding = config.explicit_decoding_config.unwrap_or_default();
            let form =
                (decoding.encoding, decoding.sample_rate_hertz, decoding.audio_channel_count);
            let parts: Vec<&str> = request.recognizer.split('/').collect();
            let is_named =
                matches!(parts.as_slice(), ["projects", _, "locations", _, "recognizers", _]);
            if form != (v2::LINEAR16, 16_000, 1) || !is_named {
                return Err(Status::invalid_argument("sound or recogniser that is not simulated"));
            }
            let sets = config.adaptation.unwrap_or_default().phrase_sets;
            let phrases = sets.into_iter().filter_map(|set| set.inline_phrase_set);
            let terms = phrases.flat_map(|set| set.phrases).map(|phrase| phrase.value).collect();
            let language = config.language_codes.join(",");
            Ask::Config { language, model: config.model, terms }
        }
    })
}

type Results = Vec<v1::StreamingRecognitionResult>;

/// Hears one stream and answers with results, which a version wraps.
async fn recognise<Message: Send + 'static, Wrapped: Send + Sync + 'static>(
    Visit(state, line): Visit,
    asks: impl Stream<Item = Result<Message, Status>> + Send + 'static,
    ask_of: fn(Message) -> Result<Ask, Status>,
    wrap: fn(Results) -> Wrapped,
) -> Result<Response<Answers<Wrapped>>, Status> {
    let fault = state.plan.take();
    begin(fault).await?;
    let (mut outlet, answers) = Outlet::new(line, fault);
    let jump = fault.map_or(0, Fault::clock_jump_ms);
    tokio::spawn(async move {
        let mut asks = Box::pin(asks);
        let mut listener = Listener::default();
        let mut is_configured = false;
        while let Some(ask) = asks.next().await {
            let asked = ask.and_then(ask_of);
            let sound = match asked {
                Ok(Ask::Config { language, model, terms }) if !is_configured => {
                    is_configured = true;
                    lock(&state.streams).push(format!("{language} {model} {terms:?}"));
                    continue;
                }
                Ok(Ask::Sound(sound)) if is_configured && sound.len() <= 25_600 => sound,
                Ok(_) => return outlet.fail(Status::invalid_argument("out of place")).await,
                // The visitor is gone.
                Err(status) if status.code() == tonic::Code::Cancelled => return,
                Err(status) => return outlet.fail(status).await,
            };
            let is_more = listener.hear(&sound);
            if listener.heard_ms() > state.stream_ms_max {
                let status = Status::out_of_range("Exceeded maximum allowed stream duration");
                return outlet.fail(status).await;
            }
            let told = if listener.is_over(FINAL_MS) {
                vec![result(&listener.settle(), true, jump)]
            } else if is_more {
                // The last word is not steady yet.
                let (steady, unsteady) = listener.open().split_at(listener.open().len() - 1);
                [steady, unsteady]
                    .iter()
                    .filter(|words| !words.is_empty())
                    .map(|words| result(words, false, jump))
                    .collect()
            } else {
                continue;
            };
            if !outlet.event(wrap(told)).await {
                return;
            }
        }
        let last = listener.settle();
        if !last.is_empty() && !outlet.event(wrap(vec![result(&last, true, jump)])).await {
            return;
        }
        outlet.end().await;
    });
    Ok(Response::new(answers))
}

fn result(words: &[HeardWord], is_final: bool, jump: i64) -> v1::StreamingRecognitionResult {
    let at = |ms: u64| Some(Length::of_millis(i64::try_from(ms).expect("a time") + jump));
    let told = words.iter().map(|heard| v1::WordInfo {
        start_time: at(heard.start_ms()),
        end_time: at(heard.end_ms()),
        word: word(heard.number),
    });
    // A space goes before all but the first words, and it matters.
    let is_first = words.first().is_some_and(|word| word.start_ms() < 1_000);
    let space = if is_first { "" } else { " " };
    v1::StreamingRecognitionResult {
        alternatives: vec![v1::SpeechRecognitionAlternative {
            transcript: format!("{space}{}", text_of(words)),
            confidence: if is_final { 0.97 } else { 0.0 },
            words: if is_final { told.collect() } else { Vec::new() },
        }],
        is_final,
        stability: if is_final { 0.0 } else { 0.9 },
        result_end_time: words.last().and_then(|heard| at(heard.end_ms())),
    }
}

impl StreamingService<v1::StreamingRecognizeRequest> for Speech<1> {
    type Response = v1::StreamingRecognizeResponse;
    type ResponseStream = Answers<Self::Response>;
    type Future = BoxFuture<Response<Self::ResponseStream>, Status>;

    fn call(&mut self, request: Request<Streaming<v1::StreamingRecognizeRequest>>) -> Self::Future {
        let visit = self.0.clone();
        Box::pin(async move {
            visit.0.admit(&request)?;
            recognise(visit, request.into_inner(), ask_v1, |results| {
                v1::StreamingRecognizeResponse { error: None, results }
            })
            .await
        })
    }
}

impl StreamingService<v2::StreamingRecognizeRequest> for Speech<2> {
    type Response = v2::StreamingRecognizeResponse;
    type ResponseStream = Answers<Self::Response>;
    type Future = BoxFuture<Response<Self::ResponseStream>, Status>;

    fn call(&mut self, request: Request<Streaming<v2::StreamingRecognizeRequest>>) -> Self::Future {
        let visit = self.0.clone();
        Box::pin(async move {
            visit.0.admit(&request)?;
            recognise(visit, request.into_inner(), ask_v2, |results| {
                v2::StreamingRecognizeResponse { results }
            })
            .await
        })
    }
}

// ── Synthesis ────────────────────────────────────────────────────────────────────────────────────────────────

/// The streaming voices.
#[derive(Clone)]
struct Voices(Visit);

impl StreamingService<tts::StreamingSynthesizeRequest> for Voices {
    type Response = tts::StreamingSynthesizeResponse;
    type ResponseStream = Answers<Self::Response>;
    type Future = BoxFuture<Response<Self::ResponseStream>, Status>;

    fn call(
        &mut self,
        request: Request<Streaming<tts::StreamingSynthesizeRequest>>,
    ) -> Self::Future {
        let Visit(state, line) = self.0.clone();
        Box::pin(async move {
            state.admit(&request)?;
            let fault = state.plan.take();
            begin(fault).await?;
            let mut asks = request.into_inner();
            let first = asks.message().await?.and_then(|first| first.streaming_request);
            let Some(tts::StreamingRequest::StreamingConfig(config)) = first else {
                return Err(Status::invalid_argument("the first message is the configuration"));
            };
            let voice = config.voice.unwrap_or_default();
            let form = config.streaming_audio_config.unwrap_or_default();
            if !voice.name.contains("Chirp3-HD") || voice.language_code.is_empty() {
                return Err(Status::invalid_argument("This voice does not support streaming."));
            }
            if form.audio_encoding != tts::PCM {
                return Err(Status::invalid_argument("an encoding that is not simulated"));
            }
            let (mut outlet, answers) = Outlet::new(line, fault);
            // Cuts samples in two; of such parts in another order nothing would be left.
            let odd = usize::from(fault != Some(Fault::WrongOrder));
            tokio::spawn(async move {
                while let Ok(Some(ask)) = asks.message().await {
                    let Some(tts::StreamingRequest::Input(input)) = ask.streaming_request else {
                        break;
                    };
                    let Some(tts::InputSource::Text(text)) = input.input_source else { break };
                    lock(&state.spoken).push(text.clone());
                    for part in pcm_of(&text, HZ).chunks(9_600 + odd) {
                        let audio_content = part.to_vec();
                        if !outlet.event(tts::StreamingSynthesizeResponse { audio_content }).await {
                            return;
                        }
                    }
                }
                outlet.end().await;
            });
            Ok(Response::new(answers))
        })
    }
}

// ── Wiring ───────────────────────────────────────────────────────────────────────────────────────────────────

type Answered = Result<http::Response<OverLine>, std::convert::Infallible>;

/// A method that streams both ways; no other is simulated.
async fn answer<S, Ask, Answer>(
    service: S,
    line: Line,
    request: http::Request<hyper::body::Incoming>,
) -> Answered
where
    S: StreamingService<Ask, Response = Answer> + Send,
    S::ResponseStream: Send + 'static,
    Ask: prost::Message + Default + 'static,
    Answer: prost::Message + Default + 'static,
{
    let codec: tonic_prost::ProstCodec<Answer, Ask> = tonic_prost::ProstCodec::default();
    let answers = Grpc::new(codec).streaming(service, request).await;
    Ok(answers.map(|answers| OverLine::new(answers, line)))
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    // The connections end with the server.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        let socket = socket2::SockRef::from(&stream).try_clone().map(Arc::new);
        let socket = socket.expect("a second handle");
        let answering =
            hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let line = Line::new(Arc::clone(&socket));
                let visit = Visit(Arc::clone(&state), line.clone());
                async move {
                    match request.uri().path() {
                        "/google.cloud.speech.v1.Speech/StreamingRecognize" => {
                            answer(Speech::<1>(visit), line, request).await
                        }
                        "/google.cloud.speech.v2.Speech/StreamingRecognize" => {
                            answer(Speech::<2>(visit), line, request).await
                        }
                        "/google.cloud.texttospeech.v1.TextToSpeech/StreamingSynthesize" => {
                            answer(Voices(visit), line, request).await
                        }
                        _ => {
                            let refusal = Status::unimplemented("not simulated").into_http();
                            Ok(refusal.map(|nothing| OverLine::new(nothing, line)))
                        }
                    }
                }
            });
        let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(stream), answering);
        // How a visitor leaves is no matter.
        connections.spawn(async move { drop(connection.await) });
    }
}

/// A stream that is let to live for so long.
pub(crate) const FIVE_MINUTES: Duration = Duration::from_secs(305);
