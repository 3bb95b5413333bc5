//! `GET /metrics`: what a monitoring reads is in its format, says what `/health` says, and holds nothing of anybody's.

use std::collections::BTreeMap;

use voice_studio::transport::protocol::{ClientMessage, Hello, ServerMessage, Speaker};

use crate::conformance;
use crate::support::process::Process;
use crate::support::simulators::anthropic::Anthropic;
use crate::support::simulators::deepgram::Deepgram;
use crate::support::simulators::speech::OpenAiSpeech;
use crate::support::simulators::{Fault, Simulator};
use crate::support::stand_ins::StandIns;
use crate::support::studio::Studio;
use crate::support::web::request;

/// Samples by name and labels, with their values as they are written. Panics where a line is not of the format.
fn samples(text: &str) -> BTreeMap<String, String> {
    assert!(text.ends_with('\n'));
    let mut samples = BTreeMap::new();
    let mut family = None;
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, sentence) = help.split_once(' ').expect("a name and a sentence");
            assert!(!sentence.is_empty(), "{line}");
            family = Some(name.to_owned());
            continue;
        }
        let name = family.as_deref().expect("a head before its samples");
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let kind = kind.strip_prefix(name).expect("the same name").trim();
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            assert!(["counter", "gauge"].contains(&kind), "{line}");
            continue;
        }
        let (what, value) = line.rsplit_once(' ').expect("a value");
        let labels = what.strip_prefix(name).expect("a sample of its family");
        assert!(labels.is_empty() || (labels.starts_with('{') && labels.ends_with('}')), "{line}");
        assert!(number(value) >= 0.0, "{line}");
        assert!(samples.insert(what.to_owned(), value.to_owned()).is_none(), "twice: {line}");
    }
    samples
}

fn number(value: &str) -> f64 {
    value.parse().expect("a number")
}

#[actix::test]
async fn the_figures_are_in_the_format_and_follow_what_happens() {
    let studio = Studio::start(StandIns::new(&[], &["A moon is a rock."])).await;
    let figures = async || {
        let answer = studio.get("/metrics").await;
        let kind = "text/plain; version=0.0.4; charset=utf-8";
        assert_eq!((answer.status, answer.header("content-type")), (200, kind));
        samples(&answer.text())
    };
    let before = figures().await;
    assert_eq!(before["studio_sessions"], "0");
    let version = format!("studio_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(before[&version], "1");
    let mut guest = studio.join(Hello::default()).await;
    guest.snapshot().await;
    let during = figures().await;
    assert_eq!((&*during["studio_sessions"], &*during["studio_ready"]), ("1", "1"));
    // Other sessions of this process count as well.
    for name in ["studio_sessions_started_total", "studio_websocket_bytes_total{direction=\"out\"}"]
    {
        assert!(number(&during[name]) > number(&before[name]), "{name}");
    }
    let refusal = send_to(&studio, "POST").await;
    assert_eq!(refusal, 405);
}

async fn send_to(studio: &Studio, method: &str) -> u16 {
    request(studio.address(), method, "/metrics", &[]).await.status
}

#[actix::test]
async fn the_figures_say_what_chains_did_and_prometheus_own_library_reads_them() {
    const KEY: &str = "sk-very-private-0123456789";
    let claude = Simulator::start(Anthropic::new(KEY, &["A moon is a rock."])).await;
    let ears = Simulator::start(Deepgram::new(KEY)).await;
    let voice = Simulator::start(OpenAiSpeech::new(KEY)).await;
    let addresses = [claude.url(), ears.url(), format!("{}/v1", voice.url())];
    let process = Process::start_with(&[
        ("USE_REAL_ADAPTERS", "true"),
        ("STT_PROVIDER", "deepgram"),
        ("TTS_PROVIDER", "openai"),
        ("GUEST_PROVIDER", "rehearsal"),
        ("STUDIO_CLAUDE_FALLBACK", "rehearsal"),
        ("ANTHROPIC_API_KEY", KEY),
        ("DEEPGRAM_API_KEY", KEY),
        ("OPENAI_API_KEY", KEY),
        ("ANTHROPIC_BASE_URL", &addresses[0]),
        ("DEEPGRAM_BASE_URL", &addresses[1]),
        ("OPENAI_BASE_URL", &addresses[2]),
    ]);
    let mut guest = process.join_as(Hello::default()).await;
    guest.snapshot().await;
    for fault in [Fault::Status(500, None); 2] {
        claude.plan.push(fault);
    }
    for _ in 0..2 {
        guest.say(ClientMessage::Say { text: "Ada, what is a moon?".to_owned() }).await;
        guest
            .first("an answer", |message| match message {
                ServerMessage::Caption(caption) => {
                    (caption.speaker == Speaker::Claude).then_some(())
                }
                _ => None,
            })
            .await;
        guest.say(ClientMessage::Interrupt).await;
        guest
            .first("the end of the answer", |message| {
                matches!(message, ServerMessage::Metrics(_)).then_some(())
            })
            .await;
    }
    let text = request(process.address, "GET", "/metrics", &[]).await.text();
    let figures = samples(&text);
    let of_claude = |name: &str| {
        let labels = "{role=\"llm\",adapter=\"anthropic\",model=\"claude-haiku-4-5\"}";
        figures[&format!("studio_adapter_{name}{labels}")].as_str()
    };
    // Asked, asked again, the other one asked; then well.
    assert_eq!((of_claude("retries_total"), of_claude("fallbacks_total")), ("1", "1"));
    assert_eq!((of_claude("failures_total"), of_claude("failures_in_row")), ("2", "0"));
    assert!(number(of_claude("attempts_total")) >= 3.0);
    assert!(number(of_claude("successes_total")) >= 1.0);
    let breaker = |state: &str| {
        figures[&format!(
            "studio_adapter_breaker{{role=\"llm\",adapter=\"anthropic\",model=\"claude-haiku-4-5\",state=\"{state}\"}}"
        )]
        .as_str()
    };
    assert_eq!([breaker("closed"), breaker("open"), breaker("half-open")], ["1", "0", "0"]);
    let used = figures.iter().filter(|(name, _)| name.contains("adapter=\"anthropic\""));
    let tokens = used
        .filter(|(name, value)| name.starts_with("studio_service_tokens") && number(value) > 0.0);
    assert!(tokens.count() >= 2, "{text}");
    for private in ["very-private", "rock", "Ada", "Oscar"] {
        assert!(!text.contains(private), "{private}");
    }
    conformance::run("metrics_parse.py", &[format!("http://{}", process.address)]).await;
    guest.end().await;
}
