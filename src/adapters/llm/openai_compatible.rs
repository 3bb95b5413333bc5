//! Chat completions as OpenAI speaks them, and as Groq, Together and a llama.cpp server do.
//!
//! One protocol in four [`Dialect`]s: a table of what differs. A reply ends with `[DONE]` or with a body that ends after
//! a reason to stop; both occur.

use serde_json::{Map, Value, json};

use super::{LLM_EVENT_CAPACITY, LanguageModel, LlmEvent, LlmStream, LlmUse, tokens_for};
use crate::adapters::net::{
    Endpoint, Flow, Net, RateLimits, Spent, SseEvent, Translate, answer_of, error_word, events_of,
    of_status, truncated, unreadable,
};
use crate::adapters::{AdapterError, Availability, BoxFuture};
use crate::conversation::Prompt;
use crate::conversation::prompt::Role;
use crate::secret::Secret;

/// What differs between those who speak this protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    name: &'static str,
    /// Behind the base address.
    path: &'static str,
    /// What the limit of tokens is called.
    tokens_field: &'static str,
    /// How it is asked to count what was used.
    stream_options: StreamOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StreamOptions {
    /// It counts by itself.
    Unasked,
    /// A last chunk with the counts.
    Usage,
    /// The same, without the padding against eavesdroppers on the lengths of pieces, who have TLS to break first.
    UsageUnpadded,
}

impl Dialect {
    /// OpenAI; its base address ends with `/v1`.
    pub const OPENAI: Self = Self {
        name: "openai",
        path: "/chat/completions",
        tokens_field: "max_completion_tokens",
        stream_options: StreamOptions::UsageUnpadded,
    };
    /// Groq; its base address is the bare host.
    pub const GROQ: Self = Self {
        name: "groq",
        path: "/openai/v1/chat/completions",
        tokens_field: "max_completion_tokens",
        stream_options: StreamOptions::Unasked,
    };
    /// Together; its base address is the bare host.
    pub const TOGETHER: Self = Self {
        name: "together",
        path: "/v1/chat/completions",
        tokens_field: "max_tokens",
        stream_options: StreamOptions::Unasked,
    };
    /// A llama.cpp server, or another local one; its base address ends with `/v1`.
    pub const LOCAL: Self = Self {
        name: "local",
        path: "/chat/completions",
        tokens_field: "max_tokens",
        stream_options: StreamOptions::Usage,
    };
    /// All of them.
    pub const ALL: [Self; 4] = [Self::OPENAI, Self::GROQ, Self::TOGETHER, Self::LOCAL];

    /// The product's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }
}

/// A service that speaks this protocol.
#[derive(Clone, Debug)]
pub struct OpenAiCompatible {
    dialect: Dialect,
    net: Net,
    service: Endpoint,
    /// A server of one's own may have none.
    key: Option<Secret>,
    model: String,
    /// Fields of the request that the model needs, such as how much it should think.
    extra: Map<String, Value>,
    limits: RateLimits,
}

impl OpenAiCompatible {
    /// The model of this name at this service.
    #[must_use]
    pub fn new(
        dialect: Dialect,
        net: Net,
        service: Endpoint,
        key: Option<Secret>,
        model: String,
        extra: Map<String, Value>,
    ) -> Self {
        Self { dialect, net, service, key, model, extra, limits: RateLimits::default() }
    }

    fn body(&self, prompt: &Prompt) -> Value {
        let mut body = Map::new();
        body.insert("model".to_owned(), self.model.as_str().into());
        body.insert("messages".to_owned(), messages(prompt).into());
        body.insert("stream".to_owned(), true.into());
        body.insert(self.dialect.tokens_field.to_owned(), tokens_for(prompt.answer_seconds).into());
        let options = match self.dialect.stream_options {
            StreamOptions::Unasked => None,
            StreamOptions::Usage => Some(json!({ "include_usage": true })),
            StreamOptions::UsageUnpadded => {
                Some(json!({ "include_usage": true, "include_obfuscation": false }))
            }
        };
        if let Some(options) = options {
            body.insert("stream_options".to_owned(), options);
        }
        body.extend(self.extra.clone());
        Value::Object(body)
    }
}

impl LanguageModel for OpenAiCompatible {
    fn name(&self) -> &'static str {
        self.dialect.name
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
            let adapter = self.dialect.name;
            let mut request =
                self.net.post(&self.service, self.dialect.path).json(&self.body(&prompt));
            if let Some(key) = &self.key {
                request = request.bearer_auth(key.expose());
            }
            let response = answer_of(adapter, request).await?;
            self.limits.note(adapter, response.headers());
            let reply = Reply { adapter, ..Reply::default() };
            Ok(LlmStream { events: events_of(adapter, response, LLM_EVENT_CAPACITY, reply) })
        })
    }
}

/// The prompt in the protocol's form. Lines of one role are one message: many a local model's template insists that
/// roles alternate.
fn messages(prompt: &Prompt) -> Vec<Value> {
    let mut turns: Vec<(&str, String)> = vec![("system", prompt.system.clone())];
    for line in prompt.messages.iter().filter(|line| !line.text.trim().is_empty()) {
        let (role, text) = match line.role {
            Role::User => ("user", format!("{}: {}", line.name, line.text.trim())),
            Role::Assistant => ("assistant", line.text.trim().to_owned()),
        };
        match turns.last_mut() {
            Some((last, said)) if *last == role => {
                said.push('\n');
                said.push_str(&text);
            }
            _ => turns.push((role, text)),
        }
    }
    match turns.last() {
        Some(("user", _)) => {}
        Some(("assistant", _)) => turns.push(("user", "(Go on.)".to_owned())),
        _ => turns.push(("user", "(The show begins.)".to_owned())),
    }
    turns.into_iter().map(|(role, content)| json!({ "role": role, "content": content })).collect()
}

/// A reply being read.
#[derive(Debug, Default)]
struct Reply {
    adapter: &'static str,
    usage: LlmUse,
    has_text: bool,
    /// Why it stopped; nothing more is said after it.
    finished: Option<String>,
}

impl Translate for Reply {
    type Event = LlmEvent;

    fn take(&mut self, event: SseEvent, out: &mut Vec<LlmEvent>) -> Result<Flow, AdapterError> {
        if event.data.trim() == "[DONE]" {
            self.end(out)?;
            return Ok(Flow::Over);
        }
        let chunk: Value = serde_json::from_str(&event.data)
            .map_err(|_broken| unreadable(self.adapter, "a chunk that is no JSON"))?;
        for error in [&chunk["error"], &chunk["x_groq"]["error"]] {
            if !error.is_null() {
                return Err(stream_error(self.adapter, error));
            }
        }
        self.count(&chunk["usage"]);
        self.count(&chunk["x_groq"]["usage"]);
        let choice = &chunk["choices"][0];
        // What a model thinks comes in other fields and is not for the listener.
        if let Some(text) = choice["delta"]["content"].as_str().filter(|text| !text.is_empty()) {
            self.has_text = true;
            out.push(LlmEvent::Text(text.to_owned()));
        }
        if let Some(reason) = choice["finish_reason"].as_str() {
            self.finished = Some(reason.to_owned());
        }
        Ok(Flow::On)
    }

    fn end(&mut self, out: &mut Vec<LlmEvent>) -> Result<(), AdapterError> {
        match self.finished.as_deref() {
            None => Err(truncated(self.adapter, "a reason to stop")),
            Some("content_filter") if !self.has_text => {
                let reason = "its filter held the answer back".to_owned();
                Err(AdapterError::Refused { adapter: self.adapter, reason })
            }
            Some(_) => {
                out.push(LlmEvent::Done(self.usage));
                Ok(())
            }
        }
    }
}

impl Reply {
    fn count(&mut self, usage: &Value) {
        let read = |place: &str| usage.pointer(place).and_then(Value::as_u64);
        if let Some(input) = read("/prompt_tokens") {
            self.usage.input_tokens = input;
            self.usage.output_tokens = read("/completion_tokens").unwrap_or(0);
            self.usage.cached_tokens = read("/prompt_tokens_details/cached_tokens").unwrap_or(0);
        }
    }
}

/// An error in the stream, after the status said that all is well: the status it would have had.
fn stream_error(adapter: &'static str, error: &Value) -> AdapterError {
    let word = error_word(json!({ "error": error }).to_string().as_bytes());
    let status = error["code"].as_u64().and_then(|code| u16::try_from(code).ok());
    let usual = match word.as_str() {
        "invalid_request_error" | "context_length_exceeded" | "exceed_context_size_error" => 400,
        "invalid_api_key" | "authentication_error" => 401,
        "rate_limit_exceeded" | "slow_down" | "tokens" | "requests" => 429,
        _ => 500,
    };
    let status = status.filter(|status| (400..600).contains(status)).unwrap_or(usual);
    of_status(adapter, status, &word, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::prompt::Message;

    #[test]
    fn roles_alternate_after_the_system_text() {
        let line = |role, name: &str, text: &str| Message {
            role,
            name: name.to_owned(),
            text: text.to_owned(),
        };
        let prompt = Prompt {
            system: "Be brief.".to_owned(),
            messages: vec![
                line(Role::User, "Sam", "Hello."),
                line(Role::User, "Ada", "Hi."),
                line(Role::Assistant, "Oscar", "Good day."),
            ],
            answer_seconds: 10,
        };
        let roles: Vec<Value> =
            messages(&prompt).into_iter().map(|message| message["role"].clone()).collect();
        assert_eq!(roles, ["system", "user", "assistant", "user"]);
        assert_eq!(messages(&prompt)[1]["content"], "Sam: Hello.\nAda: Hi.");
    }
}
