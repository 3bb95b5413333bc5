//! Chat completions as OpenAI, Groq, Together and a llama.cpp server answer them.

use std::collections::VecDeque;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::http::{Answer, Asked};
use super::{Protocol, Work, lock};

/// Whose dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum House {
    OpenAi,
    Groq,
    Together,
    LlamaCpp,
}

impl House {
    pub(crate) const ALL: [Self; 4] = [Self::OpenAi, Self::Groq, Self::Together, Self::LlamaCpp];

    /// What stands before `/chat/completions`.
    const fn prefix(self) -> &'static str {
        match self {
            Self::OpenAi | Self::Together | Self::LlamaCpp => "/v1",
            Self::Groq => "/openai/v1",
        }
    }
}

/// Answers with given replies, word by word; the last is given again when the script has ended.
#[derive(Debug)]
pub(crate) struct Chat {
    house: House,
    replies: Mutex<VecDeque<String>>,
    key: String,
    /// Headers of every good answer that tell of its limits.
    limits: Mutex<String>,
}

impl Chat {
    pub(crate) fn new(house: House, key: &str, replies: &[&str]) -> Self {
        Self {
            house,
            replies: Mutex::new(replies.iter().map(|reply| (*reply).to_owned()).collect()),
            key: key.to_owned(),
            limits: Mutex::new(limits(99, "1s")),
        }
    }

    /// From now on so many of 100 requests are left for so long.
    pub(crate) fn set_limits(&self, remaining: u32, reset: &str) {
        *lock(&self.limits) = limits(remaining, reset);
    }

    fn next_reply(&self) -> String {
        let mut replies = lock(&self.replies);
        let next = if replies.len() > 1 { replies.pop_front() } else { replies.front().cloned() };
        next.unwrap_or_default()
    }

    fn refusal(&self, asked: &Asked) -> Option<(u16, String)> {
        let needs_key = self.house != House::LlamaCpp;
        if needs_key && asked.header("authorization") != format!("Bearer {}", self.key) {
            return Some((401, error("invalid_request_error", "invalid_api_key")));
        }
        if asked.route() != format!("{}/chat/completions", self.house.prefix()) {
            return Some((404, error("invalid_request_error", "unknown_url")));
        }
        let body = asked.json();
        if body["model"] == "no-such-model" {
            return Some((404, error("invalid_request_error", "model_not_found")));
        }
        let is_wrong = match self.house {
            // Its reasoning models take only the newer name.
            House::OpenAi => !body["max_tokens"].is_null(),
            House::Together => !body["stream_options"].is_null(),
            House::Groq | House::LlamaCpp => false,
        };
        let roles_alternate = self.house != House::LlamaCpp || alternates(&body["messages"]);
        (is_wrong || !roles_alternate || body["messages"][0].is_null())
            .then(|| (400, error("invalid_request_error", "unsupported_parameter")))
    }

    fn chunk(&self, model: &Value, jump_ms: i64, delta: &Value, finish: Option<&str>) -> Value {
        let mut choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
        if self.house == House::OpenAi {
            choice["logprobs"] = Value::Null;
        }
        let mut chunk = json!({ "id": "c1", "object": "chat.completion.chunk", "model": model,
            "created": 1_795_220_000 + jump_ms / 1000, "choices": [choice] });
        if self.house == House::OpenAi {
            chunk["usage"] = Value::Null;
            chunk["system_fingerprint"] = "fp".into();
        }
        chunk
    }
}

fn limits(remaining: u32, reset: &str) -> String {
    format!(
        "x-ratelimit-limit-requests: 100\r\nx-ratelimit-remaining-requests: {remaining}\r\n\
         x-ratelimit-reset-requests: {reset}\r\n"
    )
}

impl Protocol for Chat {
    fn serve<'a>(&'a self, asked: &'a Asked, answer: &'a mut Answer<'_>) -> Work<'a> {
        Box::pin(async move {
            if let Some((status, body)) = self.refusal(asked) {
                answer.whole(status, "application/json", body.as_bytes()).await;
                return;
            }
            let body = asked.json();
            let (model, jump) = (&body["model"], answer.clock_jump_ms());
            let reply = self.next_reply();
            let words: Vec<&str> = reply.split_inclusive(' ').collect();
            let input = body["messages"].to_string().len() / 4;
            let usage = json!({ "prompt_tokens": input, "completion_tokens": words.len(),
                "total_tokens": input + words.len(), "prompt_tokens_details": { "cached_tokens": input / 2 } });
            if body["stream"] != true {
                let choice = json!({ "index": 0, "finish_reason": "stop",
                    "message": { "role": "assistant", "content": reply } });
                let whole = json!({ "id": "c1", "object": "chat.completion", "created": 1, "model": model,
                    "choices": [choice], "usage": usage });
                answer.whole(200, "application/json", whole.to_string().as_bytes()).await;
                return;
            }
            answer
                .begin("text/event-stream", &format!("x-request-id: r1\r\n{}", lock(&self.limits)))
                .await;
            let say = |delta: Value, finish| data(&self.chunk(model, jump, &delta, finish));
            answer.event(say(json!({ "role": "assistant", "content": "" }), None)).await;
            if self.house == House::LlamaCpp {
                answer.event(": still reading\n\n").await;
            }
            if self.house != House::OpenAi {
                let field =
                    if self.house == House::LlamaCpp { "reasoning_content" } else { "reasoning" };
                answer
                    .event(say(json!({ "role": "assistant", "content": null, field: "hmm" }), None))
                    .await;
            }
            for word in &words {
                answer.event(say(json!({ "role": "assistant", "content": word }), None)).await;
            }
            let mut last = self.chunk(model, jump, &json!({}), Some("stop"));
            match self.house {
                House::Groq => last["x_groq"] = json!({ "id": "req_1", "usage": usage }),
                House::Together => {
                    last["usage"] = usage.clone();
                    last["choices"][0]["delta"] = json!({ "role": "assistant", "content": "" });
                    last["choices"][0]["finish_reason"] = "eos".into();
                }
                House::LlamaCpp => {
                    last["timings"] = json!({ "prompt_n": 1, "predicted_n": words.len() });
                }
                House::OpenAi => {}
            }
            answer.event(data(&last)).await;
            if body["stream_options"]["include_usage"] == true {
                let mut counts = self.chunk(model, jump, &json!({}), None);
                counts["choices"] = json!([]);
                counts["usage"] = usage;
                answer.event(data(&counts)).await;
            }
            answer.event("data: [DONE]\n\n").await;
            answer.end().await;
        })
    }

    fn error_body(&self, status: u16) -> String {
        match status {
            429 => error("requests", "rate_limit_exceeded"),
            _ if self.house == House::LlamaCpp => {
                json!({ "error": { "code": status, "message": "simulated", "type": "unavailable_error" } })
                    .to_string()
            }
            _ => error("server_error", "server_is_overloaded"),
        }
    }
}

fn data(value: &Value) -> String {
    format!("data: {value}\n\n")
}

fn error(kind: &str, code: &str) -> String {
    json!({ "error": { "message": "simulated", "type": kind, "param": null, "code": code } })
        .to_string()
}

fn alternates(messages: &Value) -> bool {
    let roles: Vec<&str> = messages
        .as_array()
        .into_iter()
        .flatten()
        .map(|message| message["role"].as_str().unwrap_or_default())
        .collect();
    roles.windows(2).all(|pair| pair[0] != pair[1])
}
