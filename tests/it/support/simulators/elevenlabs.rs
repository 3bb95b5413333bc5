//! ElevenLabs' speech: streamed by request, with and without times, and by input streaming over a socket.

use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::http::{Answer, Asked};
use super::socket::Heard;
use super::tones::{LETTER_MS, pcm_of};
use super::{Protocol, ServerSocket, Work, lock};

const HZ: u32 = 24_000;
/// Letters in one message. Cuts words anywhere.
const LETTERS_AT_ONCE: usize = 7;

/// Speaks letter by letter and notes what it was told to say.
#[derive(Debug)]
pub(crate) struct ElevenLabs {
    key: String,
    spoken: Mutex<Vec<String>>,
}

impl ElevenLabs {
    pub(crate) fn new(key: &str) -> Self {
        Self { key: key.to_owned(), spoken: Mutex::default() }
    }

    /// Every text that was turned into sound, in order.
    pub(crate) fn spoken(&self) -> Vec<String> {
        lock(&self.spoken).clone()
    }

    fn refusal(&self, asked: &Asked) -> Option<(u16, &'static str)> {
        let mut parts = asked.route().split('/').skip(1);
        let (version, kind, voice) = (parts.next(), parts.next(), parts.next().unwrap_or_default());
        if asked.header("xi-api-key") != self.key {
            return Some((401, "invalid_api_key"));
        }
        if (version, kind) != (Some("v1"), Some("text-to-speech")) {
            return Some((404, "not_found"));
        }
        if voice == "nosuchvoice" || voice.is_empty() {
            return Some((404, "voice_not_found"));
        }
        (!asked.path.contains("output_format=pcm_24000")).then_some((400, "invalid_output_format"))
    }

    /// Speaks over a socket. `false` once the talk is over.
    async fn speak(&self, text: &str, socket: &mut ServerSocket) -> bool {
        lock(&self.spoken).push(text.trim().to_owned());
        for letters in parts_of(text) {
            let spelling = spelling_ms(&letters);
            let message = json!({ "audio": STANDARD.encode(pcm_of(&letters, HZ)), "isFinal": null,
                "alignment": spelling, "normalizedAlignment": spelling });
            if !socket.event(message.to_string()).await {
                return false;
            }
        }
        true
    }
}

fn parts_of(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(LETTERS_AT_ONCE).map(|part| part.iter().collect()).collect()
}

/// Times from the beginning of this message's sound.
fn spelling_ms(letters: &str) -> Value {
    let chars: Vec<String> = letters.chars().map(String::from).collect();
    let starts: Vec<u32> = (0..).map(|place| place * LETTER_MS).take(chars.len()).collect();
    json!({ "chars": chars, "charStartTimesMs": starts, "charDurationsMs": vec![LETTER_MS; starts.len()] })
}

/// Times from the beginning of the whole answer.
fn spelling_s(letters: &str, before: usize) -> Value {
    let chars: Vec<String> = letters.chars().map(String::from).collect();
    let at = |place: usize| (before + place) as f64 * f64::from(LETTER_MS) / 1000.0;
    let starts: Vec<f64> = (0..chars.len()).map(at).collect();
    let ends: Vec<f64> = (1..=chars.len()).map(at).collect();
    json!({ "characters": chars, "character_start_times_seconds": starts, "character_end_times_seconds": ends })
}

impl Protocol for ElevenLabs {
    fn serve<'a>(&'a self, asked: &'a Asked, answer: &'a mut Answer<'_>) -> Work<'a> {
        Box::pin(async move {
            if let Some((status, code)) = self.refusal(asked) {
                answer.whole(status, "application/json", detail(code).as_bytes()).await;
                return;
            }
            let body = asked.json();
            let text = body["text"].as_str().unwrap_or_default().to_owned();
            if text.is_empty() || body["model_id"].as_str().unwrap_or_default().is_empty() {
                answer.whole(422, "application/json", detail("invalid_request").as_bytes()).await;
                return;
            }
            lock(&self.spoken).push(text.trim().to_owned());
            let has_times = asked.route().ends_with("/with-timestamps");
            let kind = if has_times { "application/json" } else { "audio/pcm" };
            answer.begin(kind, "request-id: req-1\r\n").await;
            let mut before = 0;
            for letters in parts_of(&text) {
                let sound = pcm_of(&letters, HZ);
                let event = if has_times {
                    let spelling = spelling_s(&letters, before);
                    let line = json!({ "audio_base64": STANDARD.encode(sound), "alignment": spelling,
                        "normalized_alignment": spelling });
                    format!("{line}\n").into_bytes()
                } else {
                    sound
                };
                before += letters.chars().count();
                if !answer.event(event).await {
                    return;
                }
            }
            answer.end().await;
        })
    }

    fn talk<'a>(&'a self, asked: &'a Asked, socket: &'a mut ServerSocket) -> Work<'a> {
        Box::pin(async move {
            let mut waiting = String::new();
            let speaks_at_once = asked.path.contains("auto_mode=true");
            let mut has_begun = false;
            loop {
                let Heard::Text(text) = socket.hear().await else { return };
                let message: Value = serde_json::from_str(&text).unwrap_or_default();
                // The key may come with the first message too.
                let mut asked = asked.clone();
                if let Some(key) = message["xi-api-key"].as_str() {
                    asked.headers.push(("xi-api-key".to_owned(), key.to_owned()));
                }
                if let Some((_, code)) = self.refusal(&asked).filter(|_| !has_begun) {
                    return fail(socket, code).await;
                }
                let Some(text) = message["text"].as_str() else {
                    return fail(socket, "invalid_message").await;
                };
                if !has_begun {
                    has_begun = true;
                    if text != " " {
                        return fail(socket, "missing_initial_space").await;
                    }
                    continue;
                }
                waiting.push_str(text.trim_start());
                let is_end = text.is_empty();
                let is_due = is_end || speaks_at_once || message["flush"] == true;
                if is_due && !waiting.trim().is_empty() {
                    let due = std::mem::take(&mut waiting);
                    if !self.speak(&due, socket).await {
                        return;
                    }
                }
                if is_end {
                    socket.event(json!({ "audio": null, "isFinal": true }).to_string()).await;
                    return socket.close(1000, "").await;
                }
            }
        })
    }

    fn error_body(&self, status: u16) -> String {
        detail(if status == 429 { "too_many_concurrent_requests" } else { "system_busy" })
    }
}

async fn fail(socket: &mut ServerSocket, code: &str) {
    let error = json!({ "message": "simulated", "error": code, "code": 1008 });
    socket.event(error.to_string()).await;
    socket.close(1008, "simulated").await;
}

fn detail(code: &str) -> String {
    json!({ "detail": { "status": code, "message": "simulated" } }).to_string()
}
