//! Voices that answer one request with one piece of sound: OpenAI's speech and Piper's server.

use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::http::{Answer, Asked};
use super::tones::{pcm_of, wav_of};
use super::{Protocol, Work, lock};

/// Two letters of sound.
const PART_BYTES: usize = 4_800;

/// OpenAI's `/v1/audio/speech`.
#[derive(Debug)]
pub(crate) struct OpenAiSpeech {
    key: String,
    spoken: Mutex<Vec<String>>,
}

impl OpenAiSpeech {
    pub(crate) fn new(key: &str) -> Self {
        Self { key: key.to_owned(), spoken: Mutex::default() }
    }

    /// Every text that was turned into sound, in order.
    pub(crate) fn spoken(&self) -> Vec<String> {
        lock(&self.spoken).clone()
    }
}

impl Protocol for OpenAiSpeech {
    fn serve<'a>(&'a self, asked: &'a Asked, answer: &'a mut Answer<'_>) -> Work<'a> {
        Box::pin(async move {
            let body = asked.json();
            let field = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
            let text = field("input");
            let refusal = if asked.header("authorization") != format!("Bearer {}", self.key) {
                Some((401, "invalid_api_key"))
            } else if asked.route() != "/v1/audio/speech" {
                Some((404, "unknown_url"))
            } else if field("model").is_empty() || field("voice").is_empty() || text.is_empty() {
                Some((400, "missing_required_parameter"))
            } else if text.chars().count() > 4096 {
                Some((400, "string_above_max_length"))
            } else if field("response_format") != "pcm" {
                Some((400, "not_simulated"))
            } else if field("stream_format") == "sse" && field("model").starts_with("tts-1") {
                Some((400, "unsupported_value"))
            } else {
                None
            };
            if let Some((status, code)) = refusal {
                answer.whole(status, "application/json", openai_error(code).as_bytes()).await;
                return;
            }
            lock(&self.spoken).push(text.clone());
            let sound = pcm_of(&text, 24_000);
            if field("stream_format") == "sse" {
                return say_in_events(&sound, answer).await;
            }
            answer.begin("audio/pcm", "x-request-id: r-1\r\n").await;
            // The first byte by itself: every part behind it begins in the middle of a sample.
            let (first, rest) = sound.split_at(1);
            for part in std::iter::once(first).chain(rest.chunks(PART_BYTES)) {
                if !answer.event(part).await {
                    return;
                }
            }
            answer.end().await;
        })
    }

    fn error_body(&self, status: u16) -> String {
        openai_error(if status == 429 { "rate_limit_exceeded" } else { "server_error" })
    }
}

async fn say_in_events(sound: &[u8], answer: &mut Answer<'_>) {
    answer.begin("text/event-stream", "x-request-id: r-1\r\n").await;
    for part in sound.chunks(PART_BYTES) {
        let delta = json!({ "type": "speech.audio.delta", "audio": STANDARD.encode(part) });
        if !answer.event(format!("data: {delta}\n\n")).await {
            return;
        }
    }
    let usage = json!({ "input_tokens": 6, "output_tokens": 72, "total_tokens": 78 });
    let done = json!({ "type": "speech.audio.done", "usage": usage });
    if answer.event(format!("data: {done}\n\n")).await {
        answer.end().await;
    }
}

fn openai_error(code: &str) -> String {
    json!({ "error": { "message": "simulated", "type": "invalid_request_error", "param": null, "code": code } })
        .to_string()
}

/// Piper's own server.
#[derive(Debug, Default)]
pub(crate) struct PiperServer {
    spoken: Mutex<Vec<String>>,
}

impl PiperServer {
    /// Every text that was turned into sound, in order.
    pub(crate) fn spoken(&self) -> Vec<String> {
        lock(&self.spoken).clone()
    }
}

impl Protocol for PiperServer {
    fn serve<'a>(&'a self, asked: &'a Asked, answer: &'a mut Answer<'_>) -> Work<'a> {
        Box::pin(async move {
            if (asked.method.as_str(), asked.route()) != ("POST", "/synthesize") {
                answer.whole(404, "text/html", b"<h1>Not Found</h1>").await;
                return;
            }
            let text = asked.json()["text"].as_str().unwrap_or_default().to_owned();
            if text.trim().is_empty() {
                answer.whole(500, "text/html", b"<h1>Internal Server Error</h1>").await;
                return;
            }
            lock(&self.spoken).push(text.clone());
            // A whole file with its length, at a rate that not every voice has.
            let file = wav_of(&text, 16_000);
            answer.begin("audio/wav", "").await;
            for part in file.chunks(10_000) {
                if !answer.event(part).await {
                    return;
                }
            }
            answer.end().await;
        })
    }

    fn error_body(&self, _status: u16) -> String {
        "<h1>Internal Server Error</h1>".to_owned()
    }
}
