//! No key leaves the studio but in the header it is for: everything a whole run puts out is searched for them.
//!
//! The run has real adapters and simulated services, one of which turns its key away; the process logs all it can.

mod panics;

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command};

use tempfile::TempDir;
use voice_studio::client::{Client, Received};
use voice_studio::conversation::AiSpeaker;
use voice_studio::transport::protocol::{ClientMessage, Hello};

use crate::support::comes;
use crate::support::simulators::anthropic::Anthropic;
use crate::support::simulators::assemblyai::AssemblyAi;
use crate::support::simulators::chat::{Chat, House};
use crate::support::simulators::deepgram::Deepgram;
use crate::support::simulators::elevenlabs::ElevenLabs;
use crate::support::simulators::google::GoogleRequests;
use crate::support::simulators::speech::OpenAiSpeech;
use crate::support::simulators::{Protocol, Simulator};
use crate::support::stand_ins::BRIEFING;
use crate::support::studio::Guest;
use crate::support::web::{Answer, request};

const CLAUDES: &str = "sk-ant-very-private-0123456789";
const GROQS: &str = "gsk-very-private-0123456789";
const DEEPGRAMS: &str = "dg-very-private-0123456789";
const OPENAIS: &str = "sk-oai-very-private-0123456789";
const TOGETHERS: &str = "tg-very-private-0123456789";
const ASSEMBLYAIS: &str = "aai-very-private-0123456789";
const ELEVENLABS: &str = "el-very-private-0123456789";
const GOOGLES_TOKEN: &str = "ya29.very-private-0123456789";
/// Every key has it and nothing else should.
const SECRET: &str = "very-private";

/// A process that is killed with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn start(dir: &Path, settings: &[(&str, &str)]) -> Running {
    std::fs::create_dir_all(dir.join("briefings")).expect("a folder");
    std::fs::write(dir.join("briefings/table.md"), BRIEFING).expect("a briefing");
    let file = |name: &str| File::create(dir.join(name)).expect("a file");
    let child = Command::new(env!("CARGO_BIN_EXE_studio"))
        .current_dir(dir)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs(settings.iter().copied())
        .stdout(file("out.txt"))
        .stderr(file("err.txt"))
        .spawn()
        .expect("the binary");
    Running(child)
}

/// Text of all files below a folder.
fn everything_in(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            text.push_str(&everything_in(&path));
        } else {
            text.push_str(&String::from_utf8_lossy(&std::fs::read(&path).expect("a file")));
        }
    }
    text
}

fn was_asked_with<P: Protocol>(simulator: &Simulator<P>, key: &str) -> bool {
    let has_key = |(_, value): &(String, String)| value.contains(key);
    simulator.asked().iter().any(|asked| asked.headers.iter().any(has_key))
}

/// Runs a whole show with this cast and gives back everything it put out: what a visitor saw, `/health`, `/metrics`, both
/// standard streams with every line of the log, and the recording. The guest's service must turn its key away.
async fn everything_of(cast: &[(&str, &str)], guest_service: &str) -> String {
    let dir = TempDir::new().expect("a folder");
    let mut settings = vec![("PORT", "0"), ("LOG_LEVEL", "trace"), ("USE_REAL_ADAPTERS", "true")];
    settings.extend(cast);
    let running = start(dir.path(), &settings);
    let address = comes("the studio to listen", async {
        loop {
            let out = std::fs::read_to_string(dir.path().join("out.txt")).unwrap_or_default();
            let listening = out.lines().find_map(|line| line.strip_prefix("Listening on http://"));
            if let Some(address) = listening.and_then(|address| address.parse().ok()) {
                return address;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;

    let mut seen = String::new();
    let mut guest = Guest { client: Client::connect(address).await.expect("a connection") };
    guest.say(ClientMessage::Hello(Hello::default())).await;
    guest.snapshot().await;
    guest.say(ClientMessage::Say { text: "Ada, what is a moon?".to_owned() }).await;
    loop {
        match guest.next().await {
            Received::Sound(_) => break,
            other => seen.push_str(&format!("{other:?}\n")),
        }
    }
    guest.say(ClientMessage::Interrupt).await;
    guest.say(ClientMessage::Nominate { speaker: AiSpeaker::Guest }).await;
    while !seen.contains("language model failed") && !seen.contains("refused") {
        let next = guest.next().await;
        assert!(!matches!(next, Received::Closed { .. }), "closed before the guest was refused");
        seen.push_str(&format!("{next:?}\n"));
    }
    let state_of = |health: &Answer, name: &str| {
        let health = health.json();
        let states = health["adapters"]["available"].as_array().expect("a list");
        let state = states.iter().find(|state| state["name"] == name).expect("a service");
        (state["health"]["breaker"].clone(), state["state"].clone())
    };
    // A probe finds out whether everybody is refused.
    let health = comes("the breaker to open", async {
        loop {
            let health = request(address, "GET", "/health", &[]).await;
            if state_of(&health, guest_service) == ("open".into(), "unavailable".into()) {
                return health;
            }
        }
    })
    .await;
    seen.push_str(&request(address, "GET", "/metrics", &[]).await.text());
    assert_eq!(state_of(&health, "anthropic"), ("closed".into(), "ready".into()));
    let more = [health.text(), guest.end().await].concat();
    drop(running);

    let all = [seen, more, everything_in(dir.path())].concat();
    assert!(all.contains("TRACE") && all.contains("session.start"), "the run was logged");
    all
}

/// Nothing of it is a key, or a part of one.
fn holds_no_secret(all: &str) {
    let file = include_str!("../data/google-account-for-tests.json");
    let account: serde_json::Value = serde_json::from_str(file).expect("an account");
    let private_key = account["private_key"].as_str().expect("a key");
    let of_account = private_key.lines().filter(|line| !line.starts_with("--"));
    for secret in of_account.chain([SECRET]) {
        let place = all.find(secret);
        let place = place.map(|at| all[..at].chars().rev().take(200).collect::<Vec<_>>());
        let before = place.map(|place| place.into_iter().rev().collect::<String>());
        assert_eq!(before, None, "a secret stands behind this");
    }
}

#[actix::test]
async fn no_key_is_in_anything_that_a_whole_run_puts_out() {
    let reply = ["A moon is a rock."];
    let claude = Simulator::start(Anthropic::new(CLAUDES, &reply)).await;
    // It knows another key, so the guest's is turned away.
    let groq = Simulator::start(Chat::new(House::Groq, "another", &reply)).await;
    let ears = Simulator::start(Deepgram::new(DEEPGRAMS)).await;
    let voice = Simulator::start(OpenAiSpeech::new(OPENAIS)).await;
    let openai = format!("{}/v1", voice.url());
    let cast = [
        ("STT_PROVIDER", "deepgram"),
        ("TTS_PROVIDER", "openai"),
        ("GUEST_PROVIDER", "groq"),
        ("ANTHROPIC_API_KEY", CLAUDES),
        ("GROQ_API_KEY", GROQS),
        ("DEEPGRAM_API_KEY", DEEPGRAMS),
        ("OPENAI_API_KEY", OPENAIS),
        ("ANTHROPIC_BASE_URL", &claude.url()),
        ("GROQ_BASE_URL", &groq.url()),
        ("DEEPGRAM_BASE_URL", &ears.url()),
        ("OPENAI_BASE_URL", &openai),
    ];
    holds_no_secret(&everything_of(&cast, "groq").await);
    assert!(was_asked_with(&claude, CLAUDES) && was_asked_with(&groq, GROQS));
    assert!(was_asked_with(&ears, DEEPGRAMS) && was_asked_with(&voice, OPENAIS));
}

#[actix::test]
async fn no_key_of_the_other_services_is_either() {
    let reply = ["A moon is a rock."];
    let claude = Simulator::start(Anthropic::new(CLAUDES, &reply)).await;
    let together = Simulator::start(Chat::new(House::Together, "another", &reply)).await;
    let ears = Simulator::start(AssemblyAi::new(ASSEMBLYAIS)).await;
    let voice = Simulator::start(ElevenLabs::new(ELEVENLABS)).await;
    let google = Simulator::start(GoogleRequests::new(GOOGLES_TOKEN)).await;
    let tokens = format!("{}/token", google.url());
    let account = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/google-account-for-tests.json");
    let (claudes, togethers, ears_at, voice_at, google_at) =
        (claude.url(), together.url(), ears.url(), voice.url(), google.url());
    let mut cast = vec![
        ("STT_PROVIDER", "assemblyai"),
        ("TTS_PROVIDER", "elevenlabs"),
        ("GUEST_PROVIDER", "together"),
        ("ANTHROPIC_API_KEY", CLAUDES),
        ("TOGETHER_API_KEY", TOGETHERS),
        ("ASSEMBLYAI_API_KEY", ASSEMBLYAIS),
        ("ELEVENLABS_API_KEY", ELEVENLABS),
        ("GOOGLE_APPLICATION_CREDENTIALS", account),
        ("ANTHROPIC_BASE_URL", &claudes),
        ("TOGETHER_BASE_URL", &togethers),
        ("ASSEMBLYAI_BASE_URL", &ears_at),
        ("ELEVENLABS_BASE_URL", &voice_at),
        ("GOOGLE_TTS_ENDPOINT", &google_at),
        ("GOOGLE_TOKEN_URI", &tokens),
    ];
    holds_no_secret(&everything_of(&cast, "together").await);
    assert!(was_asked_with(&ears, ASSEMBLYAIS) && was_asked_with(&voice, ELEVENLABS));
    assert!(was_asked_with(&together, TOGETHERS));

    cast.push(("TTS_PROVIDER", "google"));
    holds_no_secret(&everything_of(&cast, "together").await);
    assert!(was_asked_with(&google, GOOGLES_TOKEN), "the token was fetched and used");
}
