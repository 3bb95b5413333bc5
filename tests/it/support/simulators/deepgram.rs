//! Deepgram's live transcription, `/v1/listen`.

use serde_json::{Value, json};
use tokio::sync::watch;

use super::hearing::{Listener, text_of};
use super::http::{Answer, Asked};
use super::numbered::{HeardWord, word};
use super::socket::Heard;
use super::{Protocol, ServerSocket, Work};

/// Silence that settles what was said, as the adapter asks for it.
const ENDPOINTING_MS: u64 = 300;
/// Without a word it says so all the same, now and then.
const EMPTY_EVERY_MS: u64 = 3_000;

/// Hears numbered words.
#[derive(Debug)]
pub(crate) struct Deepgram {
    key: String,
    kept_alive: watch::Sender<usize>,
}

impl Deepgram {
    pub(crate) fn new(key: &str) -> Self {
        Self { key: key.to_owned(), kept_alive: watch::Sender::new(0) }
    }

    /// Waits for so many signs of life.
    pub(crate) async fn kept_alive(&self, times: usize) {
        let mut seen = self.kept_alive.subscribe();
        seen.wait_for(|seen| *seen >= times).await.expect("the simulator lives");
    }
}

impl Protocol for Deepgram {
    fn serve<'a>(&'a self, _asked: &'a Asked, answer: &'a mut Answer<'_>) -> Work<'a> {
        Box::pin(async move {
            answer.whole(404, "application/json", self.error_body(404).as_bytes()).await;
        })
    }

    fn refuses(&self, asked: &Asked) -> Option<(u16, String)> {
        let given = asked.header("authorization");
        if given != format!("Token {}", self.key) && given != format!("Bearer {}", self.key) {
            return Some((401, self.error_body(401)));
        }
        let has = |pair: &str| asked.path.split(['?', '&']).any(|own| own == pair);
        let is_known = asked.route() == "/v1/listen"
            && has("encoding=linear16")
            && has("sample_rate=16000")
            && asked.path.contains("model=");
        (!is_known).then(|| (400, self.error_body(400)))
    }

    fn talk<'a>(&'a self, asked: &'a Asked, socket: &'a mut ServerSocket) -> Work<'a> {
        Box::pin(async move {
            let mut line = Line {
                listener: Listener::default(),
                from_ms: 0,
                jump_ms: socket.clock_jump_ms(),
                was_sounding: false,
                shows_interims: asked.path.contains("interim_results=true"),
            };
            loop {
                match socket.hear().await {
                    Heard::Binary(pcm) => line.on_sound(&pcm, socket).await,
                    Heard::Text(text) => {
                        let command: Value = serde_json::from_str(&text).unwrap_or_default();
                        match command["type"].as_str() {
                            Some("Finalize") => line.settle(socket, true).await,
                            Some("CloseStream") => break,
                            Some("KeepAlive") => self.kept_alive.send_modify(|seen| *seen += 1),
                            _ => {}
                        }
                    }
                    Heard::Gone => return,
                }
                if socket.is_over() {
                    return;
                }
            }
            if !line.listener.open().is_empty() || line.listener.is_sounding() {
                line.settle(socket, false).await;
            }
            let seconds = line.listener.heard_ms() as f64 / 1000.0;
            let metadata = json!({ "type": "Metadata", "transaction_key": "deprecated", "request_id": "r-1",
                "sha256": "00", "created": "2026-11-25T09:00:00.000Z", "duration": seconds, "channels": 1 });
            socket.event(metadata.to_string()).await;
            socket.close(1000, "").await;
        })
    }

    fn error_body(&self, status: u16) -> String {
        let code = match status {
            401 => "INVALID_AUTH",
            429 => "TOO_MANY_REQUESTS",
            400 => "Bad Request",
            _ => "INTERNAL_SERVER_ERROR",
        };
        json!({ "err_code": code, "err_msg": "simulated", "request_id": "r-1" }).to_string()
    }
}

struct Line {
    listener: Listener,
    /// Up to where everything is settled.
    from_ms: u64,
    jump_ms: i64,
    was_sounding: bool,
    shows_interims: bool,
}

impl Line {
    async fn on_sound(&mut self, pcm: &[u8], socket: &mut ServerSocket) {
        if pcm.is_empty() {
            socket.close(1008, "DATA-0000").await;
            return;
        }
        let is_more = self.listener.hear(pcm);
        let is_sounding = self.listener.is_sounding();
        if is_sounding && !self.was_sounding && self.listener.open().is_empty() {
            let at = self.seconds(self.listener.heard_ms());
            let started = json!({ "type": "SpeechStarted", "channel": [0, 1], "timestamp": at });
            socket.event(started.to_string()).await;
        }
        self.was_sounding = is_sounding;
        if self.listener.is_over(ENDPOINTING_MS) {
            self.settle(socket, false).await;
        } else if is_more && self.shows_interims {
            let words = self.listener.open().to_vec();
            self.tell(socket, &words, false, false).await;
        } else if self.listener.heard_ms() >= self.from_ms + EMPTY_EVERY_MS
            && self.listener.open().is_empty()
            && !is_sounding
        {
            self.settle(socket, false).await;
        }
    }

    async fn settle(&mut self, socket: &mut ServerSocket, from_finalize: bool) {
        let words = self.listener.settle();
        self.tell(socket, &words, true, from_finalize).await;
        self.from_ms = self.listener.heard_ms();
    }

    async fn tell(
        &self,
        socket: &mut ServerSocket,
        words: &[HeardWord],
        is_final: bool,
        from_finalize: bool,
    ) {
        let told: Vec<Value> = words
            .iter()
            .map(|heard| {
                let text = word(heard.number);
                json!({ "word": text, "punctuated_word": text, "confidence": 0.98,
                    "start": self.seconds(heard.start_ms()), "end": self.seconds(heard.end_ms()) })
            })
            .collect();
        let alternative =
            json!({ "transcript": text_of(words), "confidence": 0.98, "words": told });
        let seconds = (self.listener.heard_ms() - self.from_ms) as f64 / 1000.0;
        let results = json!({ "type": "Results", "channel_index": [0, 1], "duration": seconds,
            "start": self.seconds(self.from_ms), "is_final": is_final, "speech_final": is_final && !from_finalize,
            "from_finalize": from_finalize, "channel": { "alternatives": [alternative] },
            "metadata": { "request_id": "r-1", "model_uuid": "m-1",
                "model_info": { "name": "general-nova-3", "version": "1", "arch": "nova-3" } } });
        socket.event(results.to_string()).await;
    }

    fn seconds(&self, ms: u64) -> f64 {
        (ms as f64 + self.jump_ms as f64) / 1000.0
    }
}
