//! A service that is away when the studio starts, comes back, goes down in mid-show and comes back again: the real binary
//! goes on with the fallback and returns, and `/health` shows the breaker at every step.

use std::time::Duration;

use serde_json::Value;
use voice_studio::transport::protocol::{ClientMessage, Hello, ServerMessage, Speaker};

use crate::support::comes;
use crate::support::process::Process;
use crate::support::simulators::anthropic::Anthropic;
use crate::support::simulators::chat::{Chat, House};
use crate::support::simulators::deepgram::Deepgram;
use crate::support::simulators::speech::OpenAiSpeech;
use crate::support::simulators::{Fault, Simulator};
use crate::support::studio::Guest;
use crate::support::web::request;

const KEY: &str = "a-key-for-tests";
/// How long the probe that finds the service well is kept waiting, so that it can be seen under way.
const PROBE_TAKES: Duration = Duration::from_millis(700);

/// Asks Claude something; whose words the answer has. It is cut as soon as that is known.
async fn who_answers(guest: &mut Guest) -> &'static str {
    guest.say(ClientMessage::Say { text: "Ada, what is a moon?".to_owned() }).await;
    let who = guest
        .first("an answer", |message| match message {
            ServerMessage::Caption(caption) if caption.speaker == Speaker::Claude => {
                let said = format!("{}{}", caption.text, caption.pending);
                ["anthropic", "groq"].into_iter().find(|name| said.contains(name))
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
    who
}

/// What `/health` says of Claude's first choice and of the fallback.
async fn health(process: &Process) -> [Value; 2] {
    let health = request(process.address, "GET", "/health", &[]).await.json();
    let states = health["adapters"]["available"].as_array().expect("a list");
    let of_claude: Vec<&Value> = states.iter().filter(|state| state["kind"] == "claude").collect();
    assert_eq!(of_claude.len(), 2, "{health}");
    [of_claude[0].clone(), of_claude[1].clone()]
}

/// The first choice is not asked any more, and `/health` says since how many failures and for how long.
async fn is_open(process: &Process, times: u64) {
    let [first, other] = health(process).await;
    assert_eq!(
        (&first["name"], &first["state"], &first["health"]["breaker"]),
        (&"anthropic".into(), &"unavailable".into(), &"open".into()),
        "{first}"
    );
    let of = &first["health"];
    assert_eq!((&of["opened"], &of["failuresInRow"]), (&times.into(), &3.into()), "{first}");
    assert!(of["retryInMs"].as_u64() <= Some(5_000) && of["lastCause"].is_string(), "{first}");
    assert_eq!((&other["name"], &other["fallback"]), (&"groq".into(), &true.into()));
    assert_eq!((&other["state"], &other["health"]["breaker"]), (&"ready".into(), &"closed".into()));
    let figures = request(process.address, "GET", "/metrics", &[]).await.text();
    let of_claude = "role=\"llm\",adapter=\"anthropic\",model=\"claude-haiku-4-5\"";
    for line in [
        format!("studio_adapter_breaker{{{of_claude},state=\"open\"}} 1"),
        format!("studio_adapter_breaker{{{of_claude},state=\"closed\"}} 0"),
        format!("studio_adapter_breaker_opened_total{{{of_claude}}} {times}"),
    ] {
        assert!(figures.lines().any(|figure| figure == line), "no {line} in {figures}");
    }
}

/// The service is well again: the probe that finds it out is seen under way, and then that it did.
async fn comes_back(process: &Process, service: &Simulator<Anthropic>, probes: u64) {
    service.plan.push(Fault::Latency(PROBE_TAKES));
    service.set_down(false);
    comes("a probe", service.waits.lateness()).await;
    let [first, _] = health(process).await;
    assert_eq!(first["health"]["breaker"], "half-open", "{first}");
    let first = comes("the end of the probe", async {
        loop {
            let [first, _] = health(process).await;
            if first["health"]["breaker"] != "half-open" {
                return first;
            }
        }
    })
    .await;
    assert_eq!((&first["state"], &first["health"]["breaker"]), (&"ready".into(), &"closed".into()));
    assert_eq!(first["health"]["probes"], probes, "{first}");
    assert!(first["health"]["retryInMs"].is_null(), "{first}");
}

#[actix::test]
async fn the_show_goes_on_with_the_fallback_and_returns_and_health_shows_the_breaker() {
    let claude = Simulator::start(Anthropic::new(KEY, &["By anthropic, a rock."])).await;
    claude.set_down(true);
    let groq = Simulator::start(Chat::new(House::Groq, KEY, &["By groq, a rock."])).await;
    let ears = Simulator::start(Deepgram::new(KEY)).await;
    let voice = Simulator::start(OpenAiSpeech::new(KEY)).await;
    let addresses = [claude.url(), groq.url(), ears.url(), format!("{}/v1", voice.url())];
    let process = Process::start_with(&[
        ("USE_REAL_ADAPTERS", "true"),
        ("STT_PROVIDER", "deepgram"),
        ("TTS_PROVIDER", "openai"),
        ("GUEST_PROVIDER", "groq"),
        ("STUDIO_CLAUDE_FALLBACK", "groq"),
        ("ANTHROPIC_API_KEY", KEY),
        ("GROQ_API_KEY", KEY),
        ("DEEPGRAM_API_KEY", KEY),
        ("OPENAI_API_KEY", KEY),
        ("ANTHROPIC_BASE_URL", &addresses[0]),
        ("GROQ_BASE_URL", &addresses[1]),
        ("DEEPGRAM_BASE_URL", &addresses[2]),
        ("OPENAI_BASE_URL", &addresses[3]),
    ]);
    let mut guest = process.join_as(Hello::default()).await;
    guest.snapshot().await;
    let [first, _] = health(&process).await;
    assert_eq!(first["health"]["breaker"], "closed", "nobody has asked it yet: {first}");

    // Down at the start: two attempts in the first turn, one in the second, and it is let be.
    assert_eq!(who_answers(&mut guest).await, "groq");
    assert_eq!(who_answers(&mut guest).await, "groq");
    is_open(&process, 1).await;
    let attempts = health(&process).await[0]["health"]["attempts"].clone();
    assert_eq!(who_answers(&mut guest).await, "groq");
    assert_eq!(health(&process).await[0]["health"]["attempts"], attempts, "nobody asks it");
    comes_back(&process, &claude, 1).await;
    assert_eq!(who_answers(&mut guest).await, "anthropic");

    // Down in mid-show: the same, on connections that it had.
    for _ in 0..3 {
        claude.plan.push(Fault::ResetAfter(0));
    }
    assert_eq!(who_answers(&mut guest).await, "groq");
    assert_eq!(who_answers(&mut guest).await, "groq");
    assert!(claude.plan.is_spent());
    is_open(&process, 2).await;
    comes_back(&process, &claude, 2).await;
    assert_eq!(who_answers(&mut guest).await, "anthropic");
    guest.end().await;
}
