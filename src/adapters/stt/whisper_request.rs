//! One question to a Whisper server and what its answer says, whichever of the known answers it is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use tokio::runtime::Handle;

use super::decode_queue::{Decoded, Decoder, Urgency};
use super::whisper::{NAME, WhisperOptions, WhisperRoute};
use super::{SttOptions, SttWord};
use crate::adapters::AdapterError;
use crate::adapters::net::{Net, answer_of, broke, truncated, unreadable};
use crate::adapters::numbers::samples_at;
use crate::adapters::wire::{bytes_of, parse};
use crate::audio::{SampleRate, wav};

const RATE: SampleRate = SampleRate::HZ_16000;
/// Shortest wait for an answer: a server may have to load its model first.
const ANSWER_MIN: Duration = Duration::from_secs(10);
/// Otherwise so many times the sound: a server slower than that is none for talking.
const ANSWER_PER_SOUND: u32 = 3;
/// How often a question that is under way looks whether anybody still wants its answer.
const CANCEL_CHECK: Duration = Duration::from_millis(50);
/// Terms in a prompt: it reads the last 224 tokens of it.
const TERMS_MAX: usize = 40;
/// The longest answer: 15 s of speech are a few hundred words.
const ANSWER_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Asks, on a thread of its own.
#[derive(Clone, Debug)]
pub(super) struct WhisperRequests {
    net: Net,
    options: WhisperOptions,
    runtime: Handle,
}

impl WhisperRequests {
    pub(super) const fn new(net: Net, options: WhisperOptions, runtime: Handle) -> Self {
        Self { net, options, runtime }
    }

    async fn ask(&self, sound: &[i16], stream: &SttOptions) -> Result<Decoded, AdapterError> {
        let WhisperOptions { service, route, key, model, .. } = &self.options;
        let file = Part::bytes(wav_of(sound)).file_name("speech.wav").mime_str("audio/wav");
        let file = file.map_err(|error| broke(NAME, "write the question", &error))?;
        let mut form = Form::new().part("file", file);
        // The servers know languages without their region.
        if let Some(language) = stream.language.split('-').next().filter(|code| !code.is_empty()) {
            form = form.text("language", language.to_owned());
        }
        if !stream.terms.is_empty() {
            // It writes names as it has seen them before.
            let terms: Vec<&str> =
                stream.terms.iter().take(TERMS_MAX).map(String::as_str).collect();
            form = form.text("prompt", terms.join(", "));
        }
        let (path, form) = match route {
            WhisperRoute::Transcribe => ("/transcribe", form.text("word_timestamps", "true")),
            WhisperRoute::OpenAi => (
                "/audio/transcriptions",
                form.text("model", model.clone())
                    .text("response_format", "verbose_json")
                    .text("timestamp_granularities[]", "word"),
            ),
            WhisperRoute::WhisperCpp => (
                "/inference",
                form.text("response_format", "verbose_json")
                    // Otherwise it goes over the sound once more to tell languages apart.
                    .text("no_language_probabilities", "true"),
            ),
        };
        let mut request = self.net.post(service, path).multipart(form);
        if let Some(key) = key {
            request = request.bearer_auth(key.expose());
        }
        let answer = answer_of(NAME, request).await?;
        if answer.content_length().is_some_and(|length| length > ANSWER_BYTES_MAX) {
            return Err(unreadable(NAME, "an answer of more than 4 MB"));
        }
        let answer =
            answer.bytes().await.map_err(|error| broke(NAME, "read the answer", &error))?;
        if answer.is_empty() {
            return Err(truncated(NAME, "an answer"));
        }
        let answer: Answer = parse(NAME, &answer)?;
        Ok(answer.decoded())
    }
}

impl Decoder for WhisperRequests {
    fn decode(
        &mut self,
        sound: &[i16],
        options: &SttOptions,
        _urgency: Urgency,
        cancelled: &AtomicBool,
    ) -> Result<Option<Decoded>, AdapterError> {
        let length = Duration::from_millis(sound.len() as u64 * 1000 / u64::from(RATE.hz()));
        let waited = ANSWER_MIN.max(length * ANSWER_PER_SOUND);
        let late = AdapterError::TimedOut { adapter: NAME, stage: "an answer", waited };
        self.runtime.block_on(async {
            let unwanted = async {
                while !cancelled.load(Ordering::Relaxed) {
                    tokio::time::sleep(CANCEL_CHECK).await;
                }
            };
            tokio::select! {
                // What nobody wants any more is not even asked: questions may be paid for.
                biased;
                () = unwanted => Ok(None),
                answer = tokio::time::timeout(waited, self.ask(sound, options)) => {
                    answer.unwrap_or(Err(late)).map(Some)
                }
            }
        })
    }
}

/// A WAV file of this sound.
fn wav_of(samples: &[i16]) -> Vec<u8> {
    let mut file = wav::head(RATE, Some(samples.len() as u64)).to_vec();
    file.extend(bytes_of(samples));
    file
}

/// Every answer there is: faster-whisper's, OpenAI's `verbose_json`, whisper.cpp's, and a bare text.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    text: Option<String>,
    /// OpenAI has words here, the others in each segment.
    words: Option<Vec<Word>>,
    segments: Option<Vec<Segment>>,
}

#[derive(Deserialize)]
struct Segment {
    #[serde(default)]
    text: String,
    words: Option<Vec<Word>>,
}

#[derive(Deserialize)]
struct Word {
    word: String,
    #[serde(default)]
    start: f64,
    #[serde(default)]
    end: f64,
}

impl Answer {
    fn decoded(self) -> Decoded {
        let segments = self.segments.unwrap_or_default();
        let text = self.text.unwrap_or_else(|| {
            segments.iter().map(|segment| segment.text.as_str()).collect::<String>()
        });
        let in_segments =
            segments.into_iter().flat_map(|segment| segment.words.unwrap_or_default());
        let words = self.words.unwrap_or_else(|| in_segments.collect());
        Decoded { text: squeezed(&text), words: whole_words(words), ..Decoded::default() }
    }
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Words as such. whisper.cpp calls each token a word: one without a space before it goes on with the last.
/// Where no word has a space before it, all of them are whole.
fn whole_words(words: Vec<Word>) -> Vec<SttWord> {
    let are_tokens = words.iter().any(|word| word.word.starts_with(' '));
    let mut whole: Vec<SttWord> = Vec::new();
    for Word { word, start, end } in words {
        let (start_sample, end_sample) = (samples_at(start, RATE.hz()), samples_at(end, RATE.hz()));
        let text = word.trim();
        // whisper.cpp's own marks, such as `[_BEG_]`, are no words.
        if text.is_empty() || text.starts_with("[_") {
            continue;
        }
        match whole.last_mut() {
            Some(last) if are_tokens && !word.starts_with(' ') => {
                last.text.push_str(text);
                last.end_sample = end_sample.max(last.end_sample);
            }
            _ => whole.push(SttWord { text: text.to_owned(), start_sample, end_sample }),
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: &str, text: &str, words: &[(&str, u64, u64)]) {
        let answer: Answer = serde_json::from_str(answer).unwrap();
        let decoded = answer.decoded();
        let found: Vec<_> = decoded
            .words
            .iter()
            .map(|word| (word.text.as_str(), word.start_sample, word.end_sample))
            .collect();
        assert_eq!((decoded.text.as_str(), found.as_slice()), (text, words));
    }

    #[test]
    fn every_known_answer_is_read() {
        check(r#"{"text":" Hi."}"#, "Hi.", &[]);
        let faster = r#"{"language":"en","text":" Hi you.","segments":[{"id":1,"text":" Hi you.",
            "words":[{"start":0.0,"end":0.5,"word":" Hi","probability":0.9},{"start":0.5,"end":1,"word":" you."}]}]}"#;
        check(faster, "Hi you.", &[("Hi", 0, 8_000), ("you.", 8_000, 16_000)]);
        let openai = r#"{"task":"transcribe","text":"Hi you.","words":[{"word":"Hi","start":0,"end":0.5},
            {"word":"you","start":0.5,"end":1}],"segments":[]}"#;
        check(openai, "Hi you.", &[("Hi", 0, 8_000), ("you", 8_000, 16_000)]);
        let cpp = r#"{"text":" Unlikely.\n","segments":[{"text":" Unlikely.","words":[
            {"word":" Un","start":0,"end":0.25,"t_dtw":-1},{"word":"likely","start":0.25,"end":0.5},{"word":".","start":0.5,"end":0.5}]}]}"#;
        check(cpp, "Unlikely.", &[("Unlikely.", 0, 8_000)]);
    }

    #[test]
    fn a_question_is_a_wav_file() {
        let file = wav_of(&[1, -1]);
        assert_eq!((file.len(), &file[40..44]), (48, &[4, 0, 0, 0][..]));
        let mut reader = hound::WavReader::new(file.as_slice()).unwrap();
        assert_eq!(reader.samples::<i16>().map(Result::unwrap).collect::<Vec<_>>(), [1, -1]);
    }
}
