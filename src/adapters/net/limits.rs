//! How much is left of a service's rate limits, as the headers of its answers tell.
//!
//! `x-ratelimit-{limit,remaining,reset}-{requests,tokens}` (OpenAI, Groq, Together) and
//! `anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-{limit,remaining,reset}`. A reset is spelled as a
//! duration or as a time of day; a time is read against the answer's own `date`, so the clock of this machine does not
//! matter.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::HeaderMap;
use tokio::time::Instant;

use super::status::{RETRY_AFTER_MAX, spelled_duration};

/// From this share of a limit on, in per cent, what is left is for what somebody waits for.
const NEARLY_SPENT_PERCENT: u64 = 10;

/// So many requests at least are kept for what somebody waits for: an answer and its second try for each of two speakers.
const REQUESTS_KEPT: u64 = 4;

/// What each of them is limited in.
const LIMITED: [(&str, &[&str]); 2] = [
    ("x-ratelimit", &["requests", "tokens"]),
    ("anthropic-ratelimit", &["requests", "tokens", "input-tokens", "output-tokens"]),
];

/// The limits of one product and key. Cloning shares them.
#[derive(Clone, Debug, Default)]
pub struct RateLimits {
    spent: Arc<Mutex<Option<Spent>>>,
}

/// A limit that is nearly spent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    /// Which, as the header spells it.
    pub what: &'static str,
    /// What is left of it.
    pub remaining: u64,
    /// Of how much.
    pub limit: u64,
    /// When it is whole again.
    pub until: Instant,
}

impl RateLimits {
    /// Takes in what an answer tells; what it does not speak of stays as it was.
    pub fn note(&self, adapter: &'static str, headers: &HeaderMap) {
        let mut known = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        match told_by(headers) {
            Told::Nothing => {}
            Told::Enough => *known = None,
            Told::Spent(spent) => {
                if known.is_none() {
                    tracing::info!(
                        adapter,
                        limit = spent.what,
                        remaining = spent.remaining,
                        of = spent.limit,
                        seconds = spent.until.saturating_duration_since(Instant::now()).as_secs(),
                        "a rate limit is nearly spent: nothing is prepared ahead until its reset"
                    );
                }
                *known = Some(spent);
            }
        }
    }

    /// The limit that is nearly spent, until it is whole again.
    #[must_use]
    pub fn spent(&self) -> Option<Spent> {
        let mut known = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        if known.as_ref().is_some_and(|spent| spent.until <= Instant::now()) {
            *known = None;
        }
        known.clone()
    }
}

/// What an answer says of the limits.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Nothing,
    Enough,
    /// Of several that are nearly spent the one that lasts longest.
    Spent(Spent),
}

fn told_by(headers: &HeaderMap) -> Told {
    let mut told = Told::Nothing;
    for (prefix, names) in LIMITED {
        for what in names {
            let text = |part: &str| {
                let name = match prefix {
                    "x-ratelimit" => format!("{prefix}-{part}-{what}"),
                    _ => format!("{prefix}-{what}-{part}"),
                };
                headers.get(name)?.to_str().ok().map(str::trim)
            };
            let number = |part: &str| text(part)?.parse::<u64>().ok();
            let (Some(limit), Some(remaining)) = (number("limit"), number("remaining")) else {
                continue;
            };
            let kept = limit * NEARLY_SPENT_PERCENT / 100;
            let kept = if *what == "requests" { kept.max(REQUESTS_KEPT) } else { kept };
            // A limit of fewer requests than are kept would keep them all for ever.
            let is_spent = remaining < kept && remaining < limit;
            let wait =
                text("reset").filter(|_| is_spent).and_then(|reset| wait_until(reset, headers));
            let Some(wait) = wait else {
                if told == Told::Nothing {
                    told = Told::Enough;
                }
                continue;
            };
            let until = Instant::now() + wait.min(RETRY_AFTER_MAX);
            let lasts_longer = matches!(&told, Told::Spent(spent) if spent.until >= until);
            if !lasts_longer {
                told = Told::Spent(Spent { what, remaining, limit, until });
            }
        }
    }
    told
}

/// How long a time or a duration is away.
fn wait_until(reset: &str, headers: &HeaderMap) -> Option<Duration> {
    spelled_duration(reset).or_else(|| time_from(reset.parse().ok()?, headers))
}

/// How long after the answer was made a moment is. A moment that has passed is now.
pub(super) fn time_from(moment: Timestamp, headers: &HeaderMap) -> Option<Duration> {
    let made = http_date(headers.get("date")?.to_str().ok()?)?;
    let wait = moment.duration_since(made);
    Some(Duration::try_from(wait).unwrap_or_default())
}

/// A date as HTTP spells it: `Sat, 28 Nov 2026 18:00:00 GMT`.
pub(super) fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text.trim()).ok().map(|date| date.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        headers
    }

    /// The limit that is told as nearly spent, and for how many seconds.
    fn spent(pairs: &[(&'static str, &str)]) -> Option<(&'static str, u64)> {
        let limits = RateLimits::default();
        limits.note("t", &headers(pairs));
        let spent = limits.spent()?;
        Some((spent.what, spent.until.saturating_duration_since(Instant::now()).as_secs()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_is_nearly_spent_when_a_tenth_is_left() {
        let tokens = |remaining: &str, reset: &str| {
            spent(&[
                ("x-ratelimit-limit-tokens", "6000"),
                ("x-ratelimit-remaining-tokens", remaining),
                ("x-ratelimit-reset-tokens", reset),
            ])
        };
        assert_eq!(tokens("600", "12s"), None);
        assert_eq!(tokens("599", "12s"), Some(("tokens", 12)));
        assert_eq!(tokens("0", "2m59.56s"), Some(("tokens", 179)));
        assert_eq!(tokens("0", "soon"), None);
        assert_eq!(tokens("0", "72h0m0s"), Some(("tokens", 3600)), "no longer than an hour");
        assert_eq!(spent(&[]), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_of_reset_is_read_against_the_answers_own_date() {
        let anthropic = [
            ("date", "Sat, 28 Nov 2026 18:00:00 GMT"),
            ("anthropic-ratelimit-requests-limit", "50"),
            ("anthropic-ratelimit-requests-remaining", "3"),
            ("anthropic-ratelimit-requests-reset", "2026-11-28T18:00:07Z"),
            ("anthropic-ratelimit-output-tokens-limit", "8000"),
            ("anthropic-ratelimit-output-tokens-remaining", "100"),
            ("anthropic-ratelimit-output-tokens-reset", "2026-11-28T18:00:40Z"),
            ("anthropic-ratelimit-input-tokens-limit", "40000"),
            ("anthropic-ratelimit-input-tokens-remaining", "39000"),
            ("anthropic-ratelimit-input-tokens-reset", "2026-11-28T18:00:59Z"),
        ];
        assert_eq!(spent(&anthropic), Some(("output-tokens", 40)));
        assert_eq!(spent(&anthropic[1..]), None, "without a date a time says nothing");
    }

    #[tokio::test(start_paused = true)]
    async fn it_lasts_until_the_reset_or_until_an_answer_says_otherwise() {
        let limits = RateLimits::default();
        let told = |remaining: &str| {
            headers(&[
                ("x-ratelimit-limit-requests", "30"),
                ("x-ratelimit-remaining-requests", remaining),
                ("x-ratelimit-reset-requests", "10s"),
            ])
        };
        limits.note("t", &told("2"));
        assert!(limits.spent().is_some());
        limits.note("t", &HeaderMap::new());
        assert!(limits.spent().is_some(), "an answer that says nothing changes nothing");
        limits.note("t", &told("20"));
        assert_eq!(limits.spent(), None);
        limits.note("t", &told("2"));
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(limits.spent(), None);
    }
}
