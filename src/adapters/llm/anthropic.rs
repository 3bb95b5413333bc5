//! Claude by Anthropic's Messages API, streamed, with the stable part of the prompt kept by the provider.
//!
//! The system text and the history so far are marked to be kept: what is asked again in the next turn is read from
//! the provider's cache at a tenth of the price (from 4096 tokens on with Haiku; below nothing is kept and nothing is
//! lost). Each line of the history is a block of its own, so that the kept beginning never changes.

use serde_json::{Value, json};

use super::{LLM_EVENT_CAPACITY, LanguageModel, LlmEvent, LlmStream, LlmUse, tokens_for};
use crate::adapters::net::{
    Endpoint, Flow, Net, RateLimits, Spent, SseEvent, Translate, answer_of, events_of, of_status,
    truncated, unreadable,
};
use crate::adapters::{AdapterError, Availability, BoxFuture};
use crate::conversation::Prompt;
use crate::conversation::prompt::{Message, Role};
use crate::secret::Secret;

const NAME: &str = "anthropic";

/// The API's version. With it a temperature is an error, so none is sent.
const VERSION: &str = "2026-10-21";

/// What stands in for the word that the API wants first, where nobody has spoken yet.
const OPENING: &str = "(The show begins.)";

/// What stands in for the word that the API wants last, where the speaker itself spoke last.
const GO_ON: &str = "(Go on.)";

/// Anthropic's Messages API.
#[derive(Clone, Debug)]
pub struct Anthropic {
    net: Net,
    service: Endpoint,
    key: Secret,
    model: String,
    limits: RateLimits,
}

impl Anthropic {
    /// The model of this name at this service.
    #[must_use]
    pub fn new(net: Net, service: Endpoint, key: Secret, model: String) -> Self {
        Self { net, service, key, model, limits: RateLimits::default() }
    }

    fn body(&self, prompt: &Prompt) -> Value {
        json!({
            "model": self.model,
            "max_tokens": tokens_for(prompt.answer_seconds),
            "stream": true,
            "system": [{ "type": "text", "text": prompt.system, "cache_control": { "type": "ephemeral" } }],
            "messages": messages(&prompt.messages),
        })
    }
}

impl LanguageModel for Anthropic {
    fn name(&self) -> &'static str {
        NAME
    }

    fn model(&self) -> &str {
        &self.model
    }

    fn availability(&self) -> Availability {
        Availability::Ready
    }

    fn spent(&self) -> Option<Spent> {
        self.limits.spent()
    }

    fn warm_up(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.net.warm_up(&self.service))
    }

    fn open(&self, prompt: Prompt) -> BoxFuture<'_, Result<LlmStream, AdapterError>> {
        Box::pin(async move {
            let request = self
                .net
                .post(&self.service, "/v1/messages")
                .header("x-api-key", self.key.expose())
                .header("anthropic-version", VERSION)
                .json(&self.body(&prompt));
            let response = answer_of(NAME, request).await?;
            self.limits.note(NAME, response.headers());
            let events = events_of(NAME, response, LLM_EVENT_CAPACITY, Reply::default());
            Ok(LlmStream { events })
        })
    }
}

/// The history in the API's form: turns alternate, the first and the last are the user's, each line is a block.
fn messages(lines: &[Message]) -> Vec<Value> {
    let role = |role: Role| match role {
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    let mut turns: Vec<(Role, Vec<String>)> = Vec::new();
    let mut say = |role: Role, text: String| match turns.last_mut() {
        Some((last, blocks)) if *last == role => blocks.push(text),
        _ => turns.push((role, vec![text])),
    };
    if lines.first().is_none_or(|line| line.role == Role::Assistant) {
        say(Role::User, OPENING.to_owned());
    }
    for line in lines.iter().filter(|line| !line.text.trim().is_empty()) {
        let text = match line.role {
            Role::User => format!("{}: {}", line.name, line.text.trim()),
            Role::Assistant => line.text.trim().to_owned(),
        };
        say(line.role, text);
    }
    if lines.last().is_some_and(|line| line.role == Role::Assistant) {
        say(Role::User, GO_ON.to_owned());
    }
    let count = turns.len();
    let message = |(index, (by, texts)): (usize, (Role, Vec<String>))| {
        let mut blocks: Vec<Value> =
            texts.into_iter().map(|text| json!({ "type": "text", "text": text })).collect();
        if let Some(last) = blocks.last_mut().filter(|_| index + 1 == count) {
            last["cache_control"] = json!({ "type": "ephemeral" });
        }
        json!({ "role": role(by), "content": blocks })
    };
    turns.into_iter().enumerate().map(message).collect()
}

/// A reply being read.
#[derive(Debug, Default)]
struct Reply {
    usage: LlmUse,
    has_text: bool,
    is_declined: bool,
}

impl Translate for Reply {
    type Event = LlmEvent;

    fn take(&mut self, event: SseEvent, out: &mut Vec<LlmEvent>) -> Result<Flow, AdapterError> {
        let data: Value = serde_json::from_str(&event.data)
            .map_err(|_broken| unreadable(NAME, "an event that is no JSON"))?;
        match data["type"].as_str().unwrap_or_default() {
            "message_start" => {
                self.count(&data["message"]["usage"]);
                out.push(LlmEvent::Begun(self.usage));
            }
            "content_block_start" => self.text(&data["content_block"]["text"], out),
            "content_block_delta" if data["delta"]["type"] == "text_delta" => {
                self.text(&data["delta"]["text"], out);
            }
            "message_delta" => {
                self.count(&data["usage"]);
                self.is_declined |= data["delta"]["stop_reason"] == "refusal";
            }
            "message_stop" if self.is_declined && !self.has_text => {
                let reason = "the model declined to answer".to_owned();
                return Err(AdapterError::Refused { adapter: NAME, reason });
            }
            "message_stop" => {
                out.push(LlmEvent::Done(self.usage));
                return Ok(Flow::Over);
            }
            "error" => return Err(stream_error(&data["error"])),
            // Thinking, tools, pings and whatever is to come: nothing to be said.
            _ => {}
        }
        Ok(Flow::On)
    }

    fn end(&mut self, _out: &mut Vec<LlmEvent>) -> Result<(), AdapterError> {
        Err(truncated(NAME, "message_stop"))
    }
}

impl Reply {
    fn text(&mut self, text: &Value, out: &mut Vec<LlmEvent>) {
        if let Some(text) = text.as_str().filter(|text| !text.is_empty()) {
            self.has_text = true;
            out.push(LlmEvent::Text(text.to_owned()));
        }
    }

    /// Counts are cumulative; a later one replaces an earlier one where it is given.
    fn count(&mut self, usage: &Value) {
        let read = |name: &str| usage[name].as_u64();
        if let Some(fresh) = read("input_tokens") {
            let written = read("cache_creation_input_tokens").unwrap_or(0);
            let cached = read("cache_read_input_tokens").unwrap_or(0);
            self.usage.input_tokens = fresh + written + cached;
            self.usage.cached_tokens = cached;
            self.usage.cache_written_tokens = written;
        }
        if let Some(written) = read("output_tokens") {
            self.usage.output_tokens = written;
        }
    }
}

/// An error in the stream, after the status said that all is well: the status it would have had.
fn stream_error(error: &Value) -> AdapterError {
    let word = error["details"]["error_code"].as_str();
    let word = word.or_else(|| error["type"].as_str()).unwrap_or_default();
    let status = match error["type"].as_str().unwrap_or_default() {
        "overloaded_error" => 529,
        "rate_limit_error" => 429,
        "timeout_error" => 504,
        "invalid_request_error" => 400,
        "authentication_error" => 401,
        "billing_error" => 402,
        "permission_error" => 403,
        "not_found_error" => 404,
        "request_too_large" => 413,
        _ => 500,
    };
    of_status(NAME, status, word, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(role: Role, name: &str, text: &str) -> Message {
        Message { role, name: name.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn turns_alternate_and_the_kept_beginning_ends_at_the_newest_line() {
        let lines = [
            line(Role::Assistant, "Ada", "Welcome."),
            line(Role::User, "Sam", "Hello."),
            line(Role::User, "Oscar", "Hi!"),
        ];
        let told = serde_json::to_string(&messages(&lines)).unwrap();
        assert_eq!(
            told,
            r#"[{"content":[{"text":"(The show begins.)","type":"text"}],"role":"user"},{"content":[{"text":"Welcome.","type":"text"}],"role":"assistant"},{"content":[{"text":"Sam: Hello.","type":"text"},{"cache_control":{"type":"ephemeral"},"text":"Oscar: Hi!","type":"text"}],"role":"user"}]"#
        );
        let own = messages(&lines[..1]);
        assert_eq!(own.len(), 3);
        assert_eq!(own[2]["role"], "user");
        assert_eq!(messages(&[])[0]["role"], "user");
    }
}
