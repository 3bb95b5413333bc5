//! Anthropic's Messages API.

use std::collections::VecDeque;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::http::{Answer, Asked};
use super::{Protocol, Work, lock};

/// Answers with given replies, word by word; the last is given again when the script has ended.
#[derive(Debug)]
pub(crate) struct Anthropic {
    replies: Mutex<VecDeque<String>>,
    /// The key it lets in.
    key: String,
    /// Headers of every good answer that tell of its limits.
    limits: Mutex<String>,
}

impl Anthropic {
    pub(crate) fn new(key: &str, replies: &[&str]) -> Self {
        Self {
            replies: Mutex::new(replies.iter().map(|reply| (*reply).to_owned()).collect()),
            key: key.to_owned(),
            limits: Mutex::new(limits(49, "2026-11-28T18:00:01Z")),
        }
    }

    /// From now on so many of 50 requests are left until then; the answers are dated the 28th at six.
    pub(crate) fn set_limits(&self, remaining: u32, reset: &str) {
        *lock(&self.limits) = limits(remaining, reset);
    }

    fn next_reply(&self) -> String {
        let mut replies = lock(&self.replies);
        let next = if replies.len() > 1 { replies.pop_front() } else { replies.front().cloned() };
        next.unwrap_or_default()
    }

    /// What is wrong with a request, as the service would say it.
    fn refusal(&self, asked: &Asked) -> Option<(u16, String)> {
        let bearer = format!("Bearer {}", self.key);
        let is_known =
            asked.header("x-api-key") == self.key || asked.header("authorization") == bearer;
        if !is_known {
            return Some((401, error("authentication_error", "invalid x-api-key")));
        }
        let body = asked.json();
        let version = asked.header("anthropic-version");
        let problem = if asked.route() != "/v1/messages" {
            return Some((404, error("not_found_error", "no such route")));
        } else if version.is_empty() {
            "anthropic-version: header is required"
        } else if body["model"].as_str().unwrap_or_default().is_empty() {
            "model: field required"
        } else if body["model"] == "no-such-model" {
            return Some((404, error("not_found_error", "model: no-such-model")));
        } else if body["max_tokens"].as_u64().unwrap_or(0) == 0 {
            "max_tokens: field required"
        } else if version == "2026-10-21"
            && ["temperature", "top_p", "top_k"].iter().any(|name| !body[name].is_null())
        {
            "sampling parameters are not part of this version"
        } else if body["messages"][0]["role"] != "user" {
            "messages: first message must use the user role"
        } else if !alternates(&body["messages"]) {
            "messages: roles must alternate"
        } else if breakpoints(&body) > 4 {
            "a maximum of 4 blocks with cache_control may be provided"
        } else if has_empty_text(&body["messages"]) {
            "messages: text content blocks must be non-empty"
        } else {
            return None;
        };
        Some((400, error("invalid_request_error", problem)))
    }
}

fn limits(remaining: u32, reset: &str) -> String {
    format!(
        "date: Sat, 28 Nov 2026 18:00:00 GMT\r\nanthropic-ratelimit-requests-limit: 50\r\n\
         anthropic-ratelimit-requests-remaining: {remaining}\r\nanthropic-ratelimit-requests-reset: {reset}\r\n"
    )
}

impl Protocol for Anthropic {
    fn serve<'a>(&'a self, asked: &'a Asked, answer: &'a mut Answer<'_>) -> Work<'a> {
        Box::pin(async move {
            if let Some((status, body)) = self.refusal(asked) {
                answer.whole(status, "application/json", body.as_bytes()).await;
                return;
            }
            let body = asked.json();
            let reply = self.next_reply();
            let input = count_tokens(&body);
            let cached = if breakpoints(&body) > 0 { input / 2 } else { 0 };
            let usage = |output: usize| {
                json!({ "input_tokens": input - cached, "cache_creation_input_tokens": 0,
                        "cache_read_input_tokens": cached, "output_tokens": output })
            };
            let words: Vec<&str> = reply.split_inclusive(' ').collect();
            let mut message = json!({ "id": "msg_1", "type": "message", "role": "assistant", "model": body["model"],
                "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage(1) });
            if body["stream"] != true {
                message["content"] = json!([{ "type": "text", "text": reply }]);
                message["stop_reason"] = "end_turn".into();
                message["usage"] = usage(words.len());
                answer.whole(200, "application/json", message.to_string().as_bytes()).await;
                return;
            }
            let limits = lock(&self.limits).clone();
            answer
                .begin(
                    "text/event-stream; charset=utf-8",
                    &format!("request-id: req_1\r\n{limits}"),
                )
                .await;
            answer.event(event(&json!({ "type": "message_start", "message": message }))).await;
            let block = json!({ "type": "text", "text": "" });
            answer
                .event(event(
                    &json!({ "type": "content_block_start", "index": 0, "content_block": block }),
                ))
                .await;
            answer.event(event(&json!({ "type": "ping" }))).await;
            for word in &words {
                let delta = json!({ "type": "text_delta", "text": word });
                answer
                    .event(event(
                        &json!({ "type": "content_block_delta", "index": 0, "delta": delta }),
                    ))
                    .await;
            }
            answer.event(event(&json!({ "type": "content_block_stop", "index": 0 }))).await;
            let delta = json!({ "stop_reason": "end_turn", "stop_sequence": null });
            answer
                .event(event(&json!({ "type": "message_delta", "delta": delta, "usage": usage(words.len()) })))
                .await;
            answer.event(event(&json!({ "type": "message_stop" }))).await;
            answer.end().await;
        })
    }

    fn error_body(&self, status: u16) -> String {
        let kind = match status {
            401 => "authentication_error",
            429 => "rate_limit_error",
            529 => "overloaded_error",
            400..500 => "invalid_request_error",
            _ => "api_error",
        };
        error(kind, "simulated")
    }
}

fn event(data: &Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap_or_default())
}

fn error(kind: &str, message: &str) -> String {
    let error = json!({ "type": kind, "message": message });
    json!({ "type": "error", "error": error, "request_id": "req_1" }).to_string()
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

fn breakpoints(body: &Value) -> usize {
    body.to_string().matches("\"cache_control\"").count()
}

fn has_empty_text(messages: &Value) -> bool {
    messages.to_string().contains("\"text\":\"\"")
}

/// What it says that a request's prompt takes.
pub(crate) fn count_tokens(body: &Value) -> usize {
    (body["system"].to_string().len() + body["messages"].to_string().len()) / 4
}
