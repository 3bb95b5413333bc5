//! What an answer means that is no result: statuses, error codes, broken connections.

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::Value;

use super::super::AdapterError;
use super::limits::{http_date, time_from};

/// What is read of a body that is an error.
pub const ERROR_BODY_MAX: usize = 16 * 1024;

/// The longest error code that is told.
const WORD_MAX: usize = 64;

/// The longest wait a service may ask for and be believed: more is a matter for its operator.
pub(super) const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);

/// Error codes that mean "not again before somebody pays", whatever their status: asking again does not help.
const EXHAUSTED: &[&str] = &[
    "insufficient_quota",
    "credit_balance_exhausted",
    "organization_usage_limit_exceeded",
    "enforced_spend_limit_reached",
    "quota_exceeded",
    "billing_error",
];

/// The error that an HTTP status stands for; `word` is the service's own code for it, empty where it gave none.
#[must_use]
pub fn of_status(
    adapter: &'static str,
    status: u16,
    word: &str,
    retry_after: Option<Duration>,
) -> AdapterError {
    let reason =
        if word.is_empty() { format!("HTTP {status}") } else { format!("HTTP {status} {word}") };
    let is_exhausted = EXHAUSTED.contains(&word) || word.ends_with("_spend_limit_exceeded");
    match status {
        _ if is_exhausted => AdapterError::Refused { adapter, reason },
        // 498 is Groq's "no capacity", 529 Anthropic's "overloaded", 424 and 409 pass like them.
        408 | 409 | 424 | 425 | 429 | 498 | 500..=599 => {
            AdapterError::Unavailable { adapter, reason, retry_after }
        }
        _ => AdapterError::Refused { adapter, reason },
    }
}

/// The machine word of an error body: `error.code`, `error.details.error_code`, `error.type`, `detail.status` or the
/// like. Sentences are left out: some services repeat the request, or a part of the key, in them.
#[must_use]
pub fn error_word(body: &[u8]) -> String {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return String::new() };
    let places = [
        "/error/details/error_code",
        "/error/code",
        "/error/type",
        "/error/status",
        "/detail/status",
        "/detail/code",
        "/err_code",
        "/error_code",
        "/error",
        "/code",
        "/type",
    ];
    let is_word = |text: &&str| {
        !text.is_empty()
            && text.len() <= WORD_MAX
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
    };
    places
        .iter()
        .filter_map(|place| body.pointer(place).and_then(Value::as_str))
        .find(is_word)
        .unwrap_or_default()
        .to_owned()
}

/// How long the service asked to be left alone: `retry-after-ms`, `retry-after` in seconds, or, where nothing remains
/// of a limit, the time of its reset. A date is read against the answer's own `date`.
#[must_use]
pub fn retry_after_of(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let millis =
        text("retry-after-ms").and_then(|text| text.parse().ok()).map(Duration::from_millis);
    let seconds = || {
        let asked = text("retry-after")?;
        match asked.parse::<f64>() {
            Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
            Err(_no_number) => time_from(http_date(asked)?, headers),
        }
    };
    let reset = || {
        ["requests", "tokens"].into_iter().find_map(|what| {
            let is_spent = text(&format!("x-ratelimit-remaining-{what}")) == Some("0");
            let reset = text(&format!("x-ratelimit-reset-{what}")).filter(|_| is_spent)?;
            spelled_duration(reset)
        })
    };
    millis.or_else(seconds).or_else(reset).map(|wait| wait.min(RETRY_AFTER_MAX))
}

/// A duration as limits spell it: `1s`, `6m0s`, `12ms`, `2m59.56s`.
pub(super) fn spelled_duration(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = Some(text).filter(|text| !text.is_empty())?;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit = &rest[digits..];
        let length = unit.find(|c: char| c.is_ascii_digit()).unwrap_or(unit.len());
        let seconds = match &unit[..length] {
            "ms" => number / 1000.0,
            "s" => number,
            "m" => number * 60.0,
            "h" => number * 3600.0,
            _ => return None,
        };
        total = total.checked_add(Duration::try_from_secs_f64(seconds).ok()?)?;
        rest = &unit[length..];
    }
    Some(total)
}

/// A connection that could not be made or broke. The address stays out of it: it may hold a token.
#[must_use]
pub fn broke(adapter: &'static str, doing: &str, error: &reqwest::Error) -> AdapterError {
    let what = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else if error.is_decode() || error.is_body() {
        "the connection broke off"
    } else {
        "the exchange failed"
    };
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(std::error::Error::source) {
        cause = Some(deeper);
    }
    let reason = match cause {
        Some(cause) => format!("{doing}: {what} ({cause})"),
        None => format!("{doing}: {what}"),
    };
    AdapterError::Unavailable { adapter, reason, retry_after: None }
}

/// A stream that ended without its protocol's last word. What came is whole as far as it goes; another try may help.
#[must_use]
pub fn truncated(adapter: &'static str, missing: &str) -> AdapterError {
    let reason = format!("the stream ended without {missing}");
    AdapterError::Unavailable { adapter, reason, retry_after: None }
}

/// Something that nobody can read; `what` says which part of it, without its content.
#[must_use]
pub fn unreadable(adapter: &'static str, what: &str) -> AdapterError {
    AdapterError::Malformed { adapter, reason: what.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_fall_into_what_another_try_may_cure_and_what_not() {
        for (status, word, retryable) in [
            (429, "rate_limit_exceeded", true),
            (429, "insufficient_quota", false),
            (529, "overloaded_error", true),
            (500, "", true),
            (401, "invalid_api_key", false),
            (404, "model_not_found", false),
            (402, "", false),
        ] {
            let error = of_status("t", status, word, None);
            assert_eq!(error.is_retryable(), retryable, "{status} {word}");
        }
    }

    #[test]
    fn of_an_error_body_only_the_machine_word_is_told() {
        for (body, word) in [
            (
                r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
                "overloaded_error",
            ),
            (
                r#"{"error":{"message":"Incorrect API key provided: sk-1","type":"invalid_request_error","code":"invalid_api_key"}}"#,
                "invalid_api_key",
            ),
            (r#"{"error":"the key sk-1 is wrong"}"#, ""),
            (
                r#"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#,
                "unavailable_error",
            ),
            (r#"{"detail":{"status":"quota_exceeded","message":"x"}}"#, "quota_exceeded"),
            ("no json", ""),
        ] {
            assert_eq!(error_word(body.as_bytes()), word, "{body}");
        }
    }

    #[test]
    fn waits_are_read_in_every_spelling_and_bounded() {
        let wait = |pairs: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, value.parse().unwrap());
            }
            retry_after_of(&headers).map(|wait| wait.as_millis())
        };
        assert_eq!(wait(&[("retry-after", "2")]), Some(2000));
        assert_eq!(wait(&[("retry-after", "0.5"), ("retry-after-ms", "70")]), Some(70));
        assert_eq!(wait(&[("retry-after", "99999999")]), Some(3_600_000));
        let spent =
            [("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "2m59.56s")];
        assert_eq!(wait(&spent), Some(179_560));
        let left = [("x-ratelimit-remaining-tokens", "9"), ("x-ratelimit-reset-tokens", "1s")];
        assert_eq!(wait(&left), None);
        assert_eq!(wait(&[("retry-after", "soon")]), None);
        let (made, later) = ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:50:07 GMT");
        assert_eq!(wait(&[("date", made), ("retry-after", later)]), Some(30_000));
        assert_eq!(wait(&[("date", later), ("retry-after", made)]), Some(0), "it has passed");
        assert_eq!(wait(&[("retry-after", later)]), None, "nobody knows from when");
    }
}
