//! Servers with a Whisper model: faster-whisper behind `/transcribe`, the OpenAI-compatible route, whisper.cpp's.

use serde_json::{Value, json};

use super::hearing::text_of;
use super::http::{Answer, Asked};
use super::numbered::{HeardWord, NumberedEars, word};
use super::{Protocol, Work};

/// Hears numbered words in files.
#[derive(Debug)]
pub(crate) struct WhisperServer {
    /// Wanted on the OpenAI-compatible route.
    key: String,
}

impl WhisperServer {
    pub(crate) fn new(key: &str) -> Self {
        Self { key: key.to_owned() }
    }
}

impl Protocol for WhisperServer {
    fn serve<'a>(&'a self, asked: &'a Asked, answer: &'a mut Answer<'_>) -> Work<'a> {
        Box::pin(async move {
            let Some(form) = Form::of(asked) else {
                answer.whole(400, "text/plain", b"Invalid request").await;
                return;
            };
            let Some(words) = form.words() else {
                answer
                    .whole(400, "application/json", error("no WAV file at 16 kHz").as_bytes())
                    .await;
                return;
            };
            let told = match asked.route() {
                "/transcribe" => faster_whisper(&words),
                "/v1/audio/transcriptions" => {
                    if asked.header("authorization") != format!("Bearer {}", self.key) {
                        answer
                            .whole(401, "application/json", error("invalid_api_key").as_bytes())
                            .await;
                        return;
                    }
                    if form.text("model").is_empty() {
                        answer.whole(422, "application/json", error("model").as_bytes()).await;
                        return;
                    }
                    openai(&words, form.text("response_format") == "verbose_json")
                }
                "/inference" => whisper_cpp(&words, form.text("response_format") == "verbose_json"),
                route => {
                    let message = format!("File Not Found ({route})");
                    answer.whole(404, "text/plain", message.as_bytes()).await;
                    return;
                }
            };
            answer.begin("application/json", "").await;
            answer.event(told.to_string()).await;
            answer.end().await;
        })
    }

    fn error_body(&self, _status: u16) -> String {
        error("simulated")
    }
}

fn error(what: &str) -> String {
    json!({ "error": { "message": what, "type": "invalid_request_error", "code": null, "param": null } })
        .to_string()
}

/// The parts of a multipart form.
struct Form {
    parts: Vec<(String, Vec<u8>)>,
}

impl Form {
    fn of(asked: &Asked) -> Option<Self> {
        let kind = asked.header("content-type");
        let boundary = kind.split_once("boundary=")?.1.trim_matches('"');
        let mark = format!("--{boundary}").into_bytes();
        let mut parts = Vec::new();
        let mut rest = asked.body.as_slice();
        while let Some(at) = find(rest, &mark) {
            rest = &rest[at + mark.len()..];
            let end = find(rest, &mark).unwrap_or(rest.len());
            let part = &rest[..end];
            let Some(head) = find(part, b"\r\n\r\n") else { continue };
            let names = String::from_utf8_lossy(&part[..head]).into_owned();
            let name = names.split("name=\"").nth(1)?.split('"').next()?.to_owned();
            let body = &part[head + 4..];
            parts.push((name, body.strip_suffix(b"\r\n").unwrap_or(body).to_vec()));
        }
        Some(Self { parts })
    }

    fn part(&self, name: &str) -> Option<&[u8]> {
        self.parts.iter().find(|(own, _)| own == name).map(|(_, body)| body.as_slice())
    }

    fn text(&self, name: &str) -> String {
        String::from_utf8_lossy(self.part(name).unwrap_or_default()).into_owned()
    }

    /// What is said in the file.
    fn words(&self) -> Option<Vec<HeardWord>> {
        let mut reader = hound::WavReader::new(self.part("file")?).ok()?;
        if (reader.spec().channels, reader.spec().sample_rate) != (1, 16_000) {
            return None;
        }
        let samples: Vec<i16> = reader.samples::<i16>().map_while(Result::ok).collect();
        let mut ears = NumberedEars::default();
        let mut words = ears.hear(&samples);
        words.extend(ears.end_word());
        Some(words)
    }
}

fn find(text: &[u8], mark: &[u8]) -> Option<usize> {
    text.windows(mark.len()).position(|part| part == mark)
}

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

/// Words as the servers write them: faster-whisper keeps the space before each.
fn told(words: &[HeardWord], space: &str) -> Vec<Value> {
    words
        .iter()
        .map(|heard| {
            json!({ "word": format!("{space}{}", word(heard.number)), "start": seconds(heard.start_ms()),
                "end": seconds(heard.end_ms()), "probability": 0.93 })
        })
        .collect()
}

fn segment(words: &[HeardWord]) -> Value {
    json!({ "id": 1, "seek": 0, "start": 0.0, "end": seconds(words.last().map_or(0, HeardWord::end_ms)),
        "text": format!(" {}", text_of(words)), "tokens": [50364], "temperature": 0.0, "avg_logprob": -0.21,
        "compression_ratio": 0.8, "no_speech_prob": 0.02 })
}

fn faster_whisper(words: &[HeardWord]) -> Value {
    let mut segment = segment(words);
    segment["words"] = told(words, " ").into();
    json!({ "language": "en", "language_probability": 0.99, "duration": 2.1, "duration_after_vad": 1.7,
        "text": format!(" {}", text_of(words)), "segments": [segment] })
}

fn openai(words: &[HeardWord], is_verbose: bool) -> Value {
    if !is_verbose {
        return json!({ "text": text_of(words) });
    }
    json!({ "task": "transcribe", "language": "english", "duration": 2.1, "text": text_of(words),
        "words": told(words, ""), "segments": [segment(words)] })
}

/// whisper.cpp calls its tokens words.
fn whisper_cpp(words: &[HeardWord], is_verbose: bool) -> Value {
    if !is_verbose {
        return json!({ "text": format!(" {}\n", text_of(words)) });
    }
    let tokens: Vec<Value> = words
        .iter()
        .flat_map(|heard| {
            let (from, until) = (seconds(heard.start_ms()), seconds(heard.end_ms()));
            let token = |text: String| json!({ "word": text, "start": from, "end": until, "t_dtw": -1, "probability": 0.9 });
            [token(" word".to_owned()), token(heard.number.to_string())]
        })
        .collect();
    let mut segment = segment(words);
    segment["words"] = tokens.into();
    json!({ "task": "transcribe", "language": "english", "duration": 2.1, "text": format!(" {}\n", text_of(words)),
        "segments": [segment], "detected_language": "english", "detected_language_probability": 0.99 })
}
