//! A run in which every part that holds a key panics: what is logged of it is no key either.

use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;
use voice_studio::app;
use voice_studio::cli::log_panics;
use voice_studio::client::Client;
use voice_studio::config::{Config, Environment};
use voice_studio::factory::Adapters;
use voice_studio::faults::{Fault, arm, fired};
use voice_studio::session::supervision::panics;
use voice_studio::transport::protocol::{ClientMessage, Hello, HostAudio, ServerMessage};

use super::{
    Anthropic, BRIEFING, CLAUDES, DEEPGRAMS, Deepgram, GROQS, Guest, OPENAIS, OpenAiSpeech,
    Simulator, comes, everything_in, holds_no_secret, was_asked_with,
};

/// The places of the services for the run itself. Whoever is not told runs nothing.
const CLAUDES_PLACE: &str = "STUDIO_TEST_CLAUDES_PLACE";
const EARS_PLACE: &str = "STUDIO_TEST_EARS_PLACE";
const VOICES_PLACE: &str = "STUDIO_TEST_VOICES_PLACE";

/// The parts that hold a key, and the word with which a listener is told that one was replaced.
const PARTS: [(&str, &str); 3] =
    [("mind", "llm error"), ("voice", "tts error"), ("ears", "stt error")];

#[expect(
    clippy::disallowed_methods,
    reason = "what one process of this test tells the other, not a setting of the product"
)]
fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[actix::test]
async fn no_key_is_in_what_is_told_of_a_panic() {
    let claude = Simulator::start(Anthropic::new(CLAUDES, &["A moon is a rock."; 9])).await;
    let ears = Simulator::start(Deepgram::new(DEEPGRAMS)).await;
    let voice = Simulator::start(OpenAiSpeech::new(OPENAIS)).await;
    let mut command = Command::new(std::env::current_exe().expect("this binary"));
    command.args(["--exact", "secrets::panics::the_run_itself", "--nocapture"]);
    command.env(CLAUDES_PLACE, claude.url()).env(EARS_PLACE, ears.url());
    command.env(VOICES_PLACE, format!("{}/v1", voice.url()));
    let running = tokio::task::spawn_blocking(move || command.output().expect("it runs"));
    let output = comes("the run's end", running).await.expect("no panic here");
    let texts = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    let all = texts.concat();
    holds_no_secret(&all);
    assert!(output.status.success(), "{all}");
    assert!(all.contains("1 passed") && all.contains("session.start"), "{all}");
    assert!(all.matches("a panic: whoever watches").count() >= PARTS.len(), "{all}");
    assert!(was_asked_with(&claude, CLAUDES) && was_asked_with(&ears, DEEPGRAMS));
    assert!(was_asked_with(&voice, OPENAIS));
}

#[actix::test]
async fn the_run_itself() {
    let (Some(claude), Some(ears), Some(voice)) =
        (told(CLAUDES_PLACE), told(EARS_PLACE), told(VOICES_PLACE))
    else {
        return;
    };
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(std::io::stderr)
        .init();
    log_panics();
    let dir = TempDir::new().expect("a folder");
    let path = |name: &str| dir.path().join(name).display().to_string();
    std::fs::create_dir_all(dir.path().join("briefings")).expect("a folder");
    std::fs::write(dir.path().join("briefings/table.md"), BRIEFING).expect("a briefing");
    let settings = [
        ("PORT", "0".to_owned()),
        ("USE_REAL_ADAPTERS", "true".to_owned()),
        ("RECORDING_DIR", path("recordings")),
        ("BRIEFINGS_DIR", path("briefings")),
        ("STUDIO_MODELS_DIR", path("models")),
        ("STT_PROVIDER", "deepgram".to_owned()),
        ("TTS_PROVIDER", "openai".to_owned()),
        ("GUEST_PROVIDER", "rehearsal".to_owned()),
        ("ANTHROPIC_API_KEY", CLAUDES.to_owned()),
        ("GROQ_API_KEY", GROQS.to_owned()),
        ("DEEPGRAM_API_KEY", DEEPGRAMS.to_owned()),
        ("OPENAI_API_KEY", OPENAIS.to_owned()),
        ("ANTHROPIC_BASE_URL", claude),
        ("DEEPGRAM_BASE_URL", ears),
        ("OPENAI_BASE_URL", voice),
    ];
    let config = Config::from_env(&Environment::of(settings)).expect("good settings");
    let adapters = Arc::new(Adapters::from_config(&config));
    let running = app::start(&config, &adapters).unwrap_or_else(|error| panic!("{error}"));
    let mut guest = Guest { client: Client::connect(running.address).await.expect("connected") };
    guest.say(ClientMessage::Hello(Hello::default())).await;
    guest.snapshot().await;
    let before = panics();
    let payload = vec![0; 1920].into();
    let silence = HostAudio { sequence: 0, capture_sample: 0, muted: false, payload };
    for (place, told) in PARTS {
        let lever = arm(place, "table", Fault::Panic);
        guest.say(ClientMessage::Say { text: "Ada, what is a moon?".to_owned() }).await;
        guest.client.send_sound(&silence).await.expect("sent");
        let replaced = guest.first(told, |message| match message {
            ServerMessage::Ack { message } => message.starts_with(told).then_some(()),
            _ => None,
        });
        replaced.await;
        assert!(fired(place, "table"), "{place} was never come by");
        drop(lever);
    }
    assert!(panics() >= before + PARTS.len() as u64);
    guest.end().await;
    running.stop().await;
    println!("{}", everything_in(dir.path()));
}
