//! No key leaves the studio but in the header it is for: everything a whole run puts out is searched for them.
//!
//! The run has real adapters and simulated services, one of which turns its key away; the process logs all it can.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command};

use tempfile::TempDir;
use voice_studio::client::{Client, Received};
use voice_studio::conversation::AiSpeaker;
use voice_studio::transport::protocol::{ClientMessage, Hello};

use crate::support::comes;
use crate::support::simulators::anthropic::Anthropic;
use crate::support::simulators::chat::{Chat, House};
use crate::support::simulators::deepgram::Deepgram;
use crate::support::simulators::speech::OpenAiSpeech;
use crate::support::simulators::{Protocol, Simulator};
use crate::support::stand_ins::BRIEFING;
use crate::support::studio::Guest;
use crate::support::web::request;

const CLAUDES: &str = "sk-ant-very-private-0123456789";
const GROQS: &str = "gsk-very-private-0123456789";
const DEEPGRAMS: &str = "dg-very-private-0123456789";
const OPENAIS: &str = "sk-oai-very-private-0123456789";
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

fn start(dir: &Path, settings: &[(&str, String)]) -> Running {
    std::fs::create_dir_all(dir.join("briefings")).expect("a folder");
    std::fs::write(dir.join("briefings/table.md"), BRIEFING).expect("a briefing");
    let file = |name: &str| File::create(dir.join(name)).expect("a file");
    let child = Command::new(env!("CARGO_BIN_EXE_studio"))
        .current_dir(dir)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs(settings.iter().map(|(name, value)| (name, value)))
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

#[actix::test]
async fn no_key_is_in_anything_that_a_whole_run_puts_out() {
    let reply = ["A moon is a rock."];
    let claude = Simulator::start(Anthropic::new(CLAUDES, &reply)).await;
    // It knows another key, so the guest's is turned away.
    let groq = Simulator::start(Chat::new(House::Groq, "another", &reply)).await;
    let ears = Simulator::start(Deepgram::new(DEEPGRAMS)).await;
    let voice = Simulator::start(OpenAiSpeech::new(OPENAIS)).await;
    let dir = TempDir::new().expect("a folder");
    let text = |text: &str| text.to_owned();
    let settings = [
        ("PORT", text("0")),
        ("LOG_LEVEL", text("trace")),
        ("USE_REAL_ADAPTERS", text("true")),
        ("STT_PROVIDER", text("deepgram")),
        ("TTS_PROVIDER", text("openai")),
        ("GUEST_PROVIDER", text("groq")),
        ("ANTHROPIC_API_KEY", text(CLAUDES)),
        ("GROQ_API_KEY", text(GROQS)),
        ("DEEPGRAM_API_KEY", text(DEEPGRAMS)),
        ("OPENAI_API_KEY", text(OPENAIS)),
        ("ANTHROPIC_BASE_URL", claude.url()),
        ("GROQ_BASE_URL", groq.url()),
        ("DEEPGRAM_BASE_URL", ears.url()),
        ("OPENAI_BASE_URL", format!("{}/v1", voice.url())),
    ];
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
    let health = request(address, "GET", "/health", &[]).await;
    seen.push_str(&request(address, "GET", "/metrics", &[]).await.text());
    let states = health.json()["adapters"]["available"].as_array().expect("a list").clone();
    let of_groq = states.iter().find(|state| state["name"] == "groq").expect("groq").clone();
    assert_eq!(of_groq["health"]["breaker"], "open", "{of_groq}");
    assert_eq!(of_groq["state"], "unavailable");
    let of_claude = states.iter().find(|state| state["name"] == "anthropic").expect("anthropic");
    assert_eq!(
        (&of_claude["health"]["breaker"], &of_claude["state"]),
        (&"closed".into(), &"ready".into())
    );
    let more = [health.text(), guest.end().await].concat();
    drop(running);

    let all = [seen, more, everything_in(dir.path())].concat();
    assert!(all.contains("TRACE") && all.contains("session.start"), "the run was logged");
    let place = all
        .find(SECRET)
        .map(|at| all[at.saturating_sub(200)..].chars().take(300).collect::<String>());
    assert_eq!(place, None);
    assert!(was_asked_with(&claude, CLAUDES) && was_asked_with(&groq, GROQS));
    assert!(was_asked_with(&ears, DEEPGRAMS) && was_asked_with(&voice, OPENAIS));
}
