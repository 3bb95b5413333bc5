//! `studio doctor`: the real binary asks simulated services, well ones and ailing ones.

use std::process::Output;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use voice_studio::clock::Clock;
use voice_studio::services::services;

use crate::support::process::{Process, binary};
use crate::support::simulators::anthropic::Anthropic;
use crate::support::simulators::chat::{Chat, House};
use crate::support::simulators::deepgram::Deepgram;
use crate::support::simulators::speech::OpenAiSpeech;
use crate::support::simulators::{Fault, Simulator};

const KEY: &str = "sk-very-private-0123456789";
/// Nothing that is printed has it.
const SECRET: &str = "very-private";
const REPLY: [&str; 1] = ["Yes."];
/// More than the slowest probe may take, and less than anybody would call long.
const FEW_SECONDS: Duration = Duration::from_secs(12);

/// One service a kind, and the settings that lead there.
struct Services {
    ears: Simulator<Deepgram>,
    claude: Simulator<Anthropic>,
    groq: Simulator<Chat>,
    voice: Simulator<OpenAiSpeech>,
}

impl Services {
    async fn start() -> Self {
        Self {
            ears: Simulator::start(Deepgram::new(KEY)).await,
            claude: Simulator::start(Anthropic::new(KEY, &REPLY)).await,
            groq: Simulator::start(Chat::new(House::Groq, KEY, &REPLY)).await,
            voice: Simulator::start(OpenAiSpeech::new(KEY)).await,
        }
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        let keys = ["ANTHROPIC_API_KEY", "GROQ_API_KEY", "DEEPGRAM_API_KEY", "OPENAI_API_KEY"];
        let mut settings: Vec<(&str, String)> = keys.map(|name| (name, KEY.to_owned())).into();
        let chosen = [
            ("USE_REAL_ADAPTERS", "true"),
            ("STT_PROVIDER", "deepgram"),
            ("TTS_PROVIDER", "openai"),
            ("GUEST_PROVIDER", "groq"),
            ("STUDIO_STT_FALLBACK", "none"),
            ("STUDIO_TTS_FALLBACK", "none"),
        ];
        settings.extend(chosen.map(|(name, value)| (name, value.to_owned())));
        settings.extend([
            ("ANTHROPIC_BASE_URL", self.claude.url()),
            ("GROQ_BASE_URL", self.groq.url()),
            ("DEEPGRAM_BASE_URL", self.ears.url()),
            ("OPENAI_BASE_URL", format!("{}/v1", self.voice.url())),
        ]);
        settings
    }
}

/// What the doctor said and how it ended. `changed` settings replace others.
async fn doctor(services: &Services, changed: &[(&'static str, &str)], json: bool) -> Answer {
    let mut settings = services.settings();
    settings.extend(changed.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let run = move || {
        let dir = TempDir::new().expect("a folder");
        let mut command = binary(dir.path());
        command.arg("doctor").args(json.then_some("--json")).envs(settings);
        command.output().expect("the binary")
    };
    // The services live on this thread.
    let run = tokio::time::timeout(FEW_SECONDS, tokio::task::spawn_blocking(run)).await;
    let Output { status, stdout, stderr } = run.expect("within a few seconds").expect("no panic");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    let (out, err) = (text(stdout), text(stderr));
    assert!(!out.contains(SECRET) && !err.contains(SECRET), "a key is shown: {out}{err}");
    Answer { code: status.code(), out }
}

struct Answer {
    code: Option<i32>,
    out: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {}", self.out))
    }
}

/// The check of one kind; the first choice's or a fallback's.
fn check<'a>(report: &'a Value, kind: &str, is_fallback: bool) -> &'a Value {
    let checks = report["checks"].as_array().expect("a list");
    let found = checks.iter().find(|it| it["kind"] == kind && it["fallback"] == is_fallback);
    found.unwrap_or_else(|| panic!("no {kind} in {report}"))
}

fn text<'a>(check: &'a Value, field: &str) -> &'a str {
    check[field].as_str().unwrap_or_else(|| panic!("no {field} in {check}"))
}

#[actix::test]
async fn four_services_that_are_well_are_a_table_with_their_latencies() {
    let services = Services::start().await;
    let table = doctor(&services, &[], false).await;
    assert_eq!(table.code, Some(0), "{}", table.out);
    for (kind, product, model) in [
        ("stt", "deepgram", "nova-3"),
        ("claude", "anthropic", "claude-haiku-4-5"),
        ("guest", "groq", ""),
        ("tts", "openai", ""),
    ] {
        let line = table.out.lines().find(|line| line.starts_with(kind)).expect("a line");
        assert!(line.contains(product) && line.contains(model), "{line}");
        assert!(line.contains("works") && line.ends_with(" ms"), "{line}");
    }
    assert!(!table.out.contains("FAILS"), "{}", table.out);

    let answer = doctor(&services, &[], true).await;
    let report = answer.json();
    assert_eq!((answer.code, &report["ok"]), (Some(0), &true.into()), "{report}");
    assert_eq!(report["realAdapters"], true);
    for kind in ["stt", "claude", "guest", "tts"] {
        let check = check(&report, kind, false);
        assert_eq!((&check["ok"], &check["problem"]), (&true.into(), &Value::Null), "{check}");
        assert!(check["latencyMs"].is_u64() && check["advice"].is_null(), "{check}");
    }
    // Every service was asked for real work with its key, once a run.
    assert_eq!(services.claude.asked().len(), 2);
    assert_eq!(services.voice.protocol.spoken(), ["Yes.", "Yes."]);
}

/// What is told of a model today: the test is right on the day of an announced end and on the day before.
fn told_today(provider: &str, model: &str) -> String {
    let today = Clock::system().iso_8601();
    let retired = services().retired(provider, model).expect("a model with an end");
    retired.told_on(today.split('T').next().expect("a day"))
}

#[actix::test]
async fn models_that_have_ended_or_will_are_named_at_the_start_and_by_the_doctor() {
    let services = Services::start().await;
    let ending = [
        ("GUEST_MODEL", "llama-3.3-70b-versatile"),
        ("STUDIO_CLAUDE_MODEL", "claude-sonnet-4-5"),
        ("STUDIO_STT_FALLBACK", "whisper"),
        ("WHISPER_ENDPOINT", "http://127.0.0.1:9/v1"),
    ];
    // The voice's model is the one that nobody named.
    let wanted = [
        ("guest", "GUEST_MODEL", told_today("groq", ending[0].1)),
        ("claude", "STUDIO_CLAUDE_MODEL", told_today("anthropic", ending[1].1)),
        ("tts", "TTS_MODEL", told_today("openai", "gpt-4o-mini-tts")),
        ("stt", "STT_MODEL", told_today("whisper", "whisper-1")),
    ];
    assert!(wanted[0].2.contains("groq has ended the model llama-3.3-70b-versatile on 2026-08-16"));

    let report = doctor(&services, &ending, true).await.json();
    let table = doctor(&services, &ending, false).await;
    for (kind, _, told) in &wanted {
        let check = check(&report, kind, *kind == "stt");
        assert_eq!(text(check, "warning"), told, "{check}");
        assert!(table.out.contains(told.as_str()), "{told} in {}", table.out);
    }
    assert_eq!(check(&report, "stt", false)["warning"], Value::Null, "deepgram's has no end");
    assert_eq!(
        (report["ok"].as_bool(), table.code),
        (Some(true), Some(0)),
        "a warning is no failure"
    );

    let mut settings = services.settings();
    settings.extend(ending.map(|(name, value)| (name, value.to_owned())));
    let settings: Vec<(&str, &str)> =
        settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut process = Process::start_with(&settings);
    process.signal("-TERM");
    let (code, said) = process.end();
    assert_eq!(code, Some(0), "{said}");
    for (kind, setting, told) in &wanted {
        let warning = format!("warning: {kind}: {told} (by {setting})\n");
        assert_eq!(said.matches(&warning).count(), 1, "{warning} in {said}");
    }
}

#[actix::test]
async fn a_wrong_key_an_unknown_model_and_a_service_that_is_not_there_get_their_advice() {
    let services = Services::start().await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let nobodys = format!("http://{}", nobody.local_addr().expect("an address"));
    drop(nobody);
    let wrong = [
        ("GROQ_API_KEY", "gsk-very-private-but-wrong"),
        ("STUDIO_CLAUDE_MODEL", "no-such-model"),
        ("DEEPGRAM_BASE_URL", nobodys.as_str()),
    ];
    let answer = doctor(&services, &wrong, true).await;
    let report = answer.json();
    assert_eq!((answer.code, &report["ok"]), (Some(1), &false.into()), "{report}");
    for (kind, problem, advice) in [
        ("guest", "HTTP 401", "GROQ_API_KEY (Groq: https://console.groq.com/keys)"),
        ("claude", "HTTP 404", "STUDIO_CLAUDE_MODEL"),
        ("stt", "connect: Connection refused (os error", "nothing answers there"),
    ] {
        let check = check(&report, kind, false);
        assert_eq!((&check["ok"], &check["latencyMs"]), (&false.into(), &Value::Null), "{check}");
        assert!(text(check, "problem").contains(problem), "{check}");
        assert!(text(check, "advice").contains(advice), "{check}");
    }
    assert_eq!(check(&report, "claude", false)["model"], "no-such-model");
    assert_eq!(check(&report, "tts", false)["ok"], true, "what works is said to work");

    let table = doctor(&services, &wrong, false).await;
    assert_eq!(table.code, Some(1));
    assert_eq!(table.out.matches("FAILS").count(), 3, "{}", table.out);
    for advice in ["GROQ_API_KEY", "STUDIO_CLAUDE_MODEL", "nothing answers there"] {
        assert!(table.out.contains(advice), "{advice} in {}", table.out);
    }
}

#[actix::test]
async fn a_service_that_is_silent_and_one_that_hangs_up_take_a_few_seconds_and_no_more() {
    let services = Services::start().await;
    services.claude.plan.push(Fault::SilenceAfter(0));
    services.voice.set_down(true);
    services.groq.plan.push(Fault::Status(429, Some(1)));
    let answer = doctor(&services, &[], true).await;
    let report = answer.json();
    assert_eq!(answer.code, Some(1), "{report}");
    for (kind, problem, advice) in [
        ("claude", "made no progress", "takes too long"),
        ("guest", "HTTP 429", "asked too often"),
        ("tts", "Connection reset", "nothing answers there"),
    ] {
        let check = check(&report, kind, false);
        assert!(text(check, "problem").contains(problem), "{check}");
        assert!(text(check, "advice").contains(advice), "{check}");
    }
    assert_eq!(check(&report, "stt", false)["ok"], true);
}

#[actix::test]
async fn a_fallback_that_fails_is_shown_and_the_first_choice_still_counts() {
    let services = Services::start().await;
    let other = Simulator::start(Chat::new(House::Together, "another key", &REPLY)).await;
    let address = other.url();
    let with_other = [
        ("STUDIO_CLAUDE_FALLBACK", "together"),
        ("TOGETHER_API_KEY", KEY),
        ("TOGETHER_BASE_URL", address.as_str()),
    ];
    let answer = doctor(&services, &with_other, true).await;
    let report = answer.json();
    assert_eq!((answer.code, &report["ok"]), (Some(0), &true.into()), "{report}");
    assert_eq!(check(&report, "claude", false)["ok"], true);
    let stand_in = check(&report, "claude", true);
    assert_eq!((&stand_in["adapter"], &stand_in["ok"]), (&"together".into(), &false.into()));
    assert!(text(stand_in, "advice").contains("TOGETHER_API_KEY"), "{stand_in}");
}
