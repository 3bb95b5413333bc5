//! The other end of Parrot: hears numbered words and says them.

use serde_json::json;

use crate::support::simulators::numbered::{NumberedEars, word};
use crate::support::simulators::{Answer, Asked, Heard, Protocol, ServerSocket, Work};

/// Quiet for so long ends a phrase.
const PHRASE_ENDS_MS: u64 = 400;

/// The service; lets in who has its key.
#[derive(Debug)]
pub(crate) struct ParrotService {
    pub(crate) key: &'static str,
}

/// What was heard of one phrase.
#[derive(Debug, Default)]
struct Phrase {
    number: u64,
    words: Vec<String>,
    from: u64,
    until: u64,
}

impl Phrase {
    fn message(&self, is_final: bool) -> String {
        json!({ "type": "words", "phrase": self.number, "text": self.words.join(" "), "from": self.from,
            "until": self.until, "final": is_final })
        .to_string()
    }

    /// Ends the phrase, if one has begun.
    async fn end(&mut self, socket: &mut ServerSocket) {
        if !self.words.is_empty() {
            let number = self.number;
            let message = self.message(true);
            *self = Self { number, ..Self::default() };
            socket.event(message).await;
        }
    }
}

impl Protocol for ParrotService {
    fn serve<'a>(&'a self, _asked: &'a Asked, answer: &'a mut Answer<'_>) -> Work<'a> {
        Box::pin(async { answer.whole(404, "application/json", b"{}").await })
    }

    fn talk<'a>(&'a self, _asked: &'a Asked, socket: &'a mut ServerSocket) -> Work<'a> {
        Box::pin(async move {
            let mut ears = NumberedEars::default();
            let mut phrase = Phrase::default();
            while !socket.is_over() {
                match socket.hear().await {
                    Heard::Binary(pcm) => {
                        for heard in ears.hear_bytes(&pcm) {
                            if phrase.words.is_empty() {
                                phrase.number += 1;
                                phrase.from = heard.start_sample;
                            }
                            phrase.words.push(word(heard.number));
                            phrase.until = heard.end_sample;
                            socket.event(phrase.message(false)).await;
                        }
                        if !ears.is_sounding() && ears.quiet_ms() > PHRASE_ENDS_MS {
                            phrase.end(socket).await;
                        }
                    }
                    Heard::Text(text) => {
                        if let Some(heard) = ears.end_word() {
                            if phrase.words.is_empty() {
                                phrase.number += 1;
                                phrase.from = heard.start_sample;
                            }
                            phrase.words.push(word(heard.number));
                            phrase.until = heard.end_sample;
                        }
                        phrase.end(socket).await;
                        if text == "end" {
                            socket.event(json!({ "type": "farewell" }).to_string()).await;
                            socket.close(1000, "").await;
                        }
                    }
                    Heard::Gone => return,
                }
            }
        })
    }

    fn refuses(&self, asked: &Asked) -> Option<(u16, String)> {
        (asked.header("authorization") != self.key).then(|| (401, self.error_body(401)))
    }

    fn error_body(&self, _status: u16) -> String {
        json!({ "error": { "code": "parrot_says_no" } }).to_string()
    }
}
