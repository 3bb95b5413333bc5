//! AssemblyAI's Universal-Streaming, `/v3/ws`.

use serde_json::{Value, json};

use super::hearing::{Listener, moved, text_of};
use super::http::{Answer, Asked};
use super::numbered::{HeardWord, word};
use super::socket::Heard;
use super::{Protocol, ServerSocket, Work};

/// Silence that ends a turn of which the model is sure.
const MIN_TURN_SILENCE_MS: u64 = 400;
/// What one message may hold: 50 ms to 1 s.
const MESSAGE_BYTES: std::ops::RangeInclusive<usize> = 1_600..=32_000;

/// Hears numbered words.
#[derive(Debug)]
pub(crate) struct AssemblyAi {
    key: String,
}

impl AssemblyAi {
    pub(crate) fn new(key: &str) -> Self {
        Self { key: key.to_owned() }
    }
}

impl Protocol for AssemblyAi {
    fn serve<'a>(&'a self, _asked: &'a Asked, answer: &'a mut Answer<'_>) -> Work<'a> {
        Box::pin(async move {
            answer.whole(404, "application/json", self.error_body(404).as_bytes()).await;
        })
    }

    fn refuses(&self, asked: &Asked) -> Option<(u16, String)> {
        if asked.header("authorization") != self.key {
            return Some((401, self.error_body(401)));
        }
        let is_known = asked.route() == "/v3/ws"
            && asked.path.contains("speech_model=")
            && asked.path.contains("sample_rate=16000");
        (!is_known).then(|| (400, self.error_body(400)))
    }

    fn talk<'a>(&'a self, asked: &'a Asked, socket: &'a mut ServerSocket) -> Work<'a> {
        Box::pin(async move {
            let query = asked.path.to_ascii_lowercase();
            let mut line = Line {
                listener: Listener::default(),
                turn_order: 0,
                jump_ms: socket.clock_jump_ms(),
                formats: query.contains("format_turns=true"),
            };
            let begin = json!({ "type": "Begin", "id": "0b4a5b0e-0000-4000-8000-000000000001",
                "expires_at": 1_795_230_000_i64 + line.jump_ms / 1000 });
            socket.event(begin.to_string()).await;
            loop {
                match socket.hear().await {
                    Heard::Binary(pcm) => line.on_sound(&pcm, socket).await,
                    Heard::Text(text) => {
                        let command: Value = serde_json::from_str(&text).unwrap_or_default();
                        match command["type"].as_str() {
                            Some("ForceEndpoint") => line.end_turn(socket).await,
                            Some("Terminate") => break,
                            Some("KeepAlive" | "UpdateConfiguration") => {}
                            _ => fail(socket, 3006, "Invalid message").await,
                        }
                    }
                    Heard::Gone => return,
                }
                if socket.is_over() {
                    return;
                }
            }
            line.end_turn(socket).await;
            let seconds = line.listener.heard_ms() / 1000;
            let termination = json!({ "type": "Termination", "audio_duration_seconds": seconds,
                "session_duration_seconds": seconds });
            socket.event(termination.to_string()).await;
            socket.close(1000, "").await;
        })
    }

    fn error_body(&self, status: u16) -> String {
        json!({ "error": "simulated", "error_code": status.to_string() }).to_string()
    }
}

/// An error is told in words before the socket closes with the same code.
async fn fail(socket: &mut ServerSocket, code: u16, what: &str) {
    let error = json!({ "type": "Error", "error_code": code, "error": what });
    socket.event(error.to_string()).await;
    socket.close(code, what).await;
}

struct Line {
    listener: Listener,
    turn_order: u64,
    jump_ms: i64,
    formats: bool,
}

impl Line {
    async fn on_sound(&mut self, pcm: &[u8], socket: &mut ServerSocket) {
        if !MESSAGE_BYTES.contains(&pcm.len()) {
            fail(socket, 3007, "Input duration violation").await;
            return;
        }
        let is_more = self.listener.hear(pcm);
        if self.listener.is_over(MIN_TURN_SILENCE_MS) {
            self.end_turn(socket).await;
        } else if is_more {
            let words = self.listener.open().to_vec();
            self.tell(socket, &words, false, false).await;
        }
    }

    async fn end_turn(&mut self, socket: &mut ServerSocket) {
        let words = self.listener.settle();
        if words.is_empty() {
            return;
        }
        self.tell(socket, &words, true, false).await;
        if self.formats {
            self.tell(socket, &words, true, true).await;
        }
        self.turn_order += 1;
    }

    async fn tell(
        &self,
        socket: &mut ServerSocket,
        words: &[HeardWord],
        is_over: bool,
        is_formatted: bool,
    ) {
        let told: Vec<Value> = words
            .iter()
            .enumerate()
            .map(|(place, heard)| {
                json!({ "text": word(heard.number), "confidence": 0.97,
                    "start": moved(heard.start_ms(), self.jump_ms), "end": moved(heard.end_ms(), self.jump_ms),
                    // The last word may still change.
                    "word_is_final": is_over || place + 1 < words.len() })
            })
            .collect();
        let settled = if is_over { words } else { &words[..words.len() - 1] };
        let mut transcript = text_of(settled);
        if is_formatted {
            transcript = format!("{}.", transcript.replacen('w', "W", 1));
        }
        let turn = json!({ "type": "Turn", "turn_order": self.turn_order, "turn_is_formatted": is_formatted,
            "end_of_turn": is_over, "transcript": transcript, "utterance": if is_over { transcript.as_str() } else { "" },
            "end_of_turn_confidence": if is_over { 0.9 } else { 0.02 }, "words": told });
        socket.event(turn.to_string()).await;
    }
}
