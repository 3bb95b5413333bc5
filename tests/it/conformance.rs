//! Each simulator against its provider's own library: what the library takes, the adapters are tested with.
//!
//! The libraries are Python's, pinned in `tests/conformance/requirements.txt` and put into `.dev/conformance` by
//! `./dev`. Without them a check says that it is skipped. Every check has a limit of wall-clock time.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::support::simulators::chat::House;
use crate::support::simulators::google::{FIVE_MINUTES, GoogleRequests, GoogleSimulator};
use crate::support::simulators::{self as sim, Simulator};

const KEY: &str = "a-key-for-tests";
const MOON: &str = "A moon is a rock that goes around a planet.";
/// A library needs seconds to be loaded on a busy machine; one that waits for ever is stopped.
const LIMIT: Duration = Duration::from_secs(90);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The Python that has the libraries, where `./dev` has made it whole.
fn python() -> Option<PathBuf> {
    let home = root().join(".dev/conformance");
    home.join(".installed-by-dev").exists().then(|| home.join("bin/python"))
}

/// Runs `tests/conformance/<script>` with these addresses; it prints `ok` as its last word. Returns what it printed,
/// `None` where it was skipped.
pub(crate) async fn run(script: &str, addresses: &[String]) -> Option<String> {
    let Some(python) = python() else {
        println!(
            "skipped: {script}: no libraries in .dev/conformance; ./dev setup test puts them there"
        );
        return None;
    };
    let mut command = Command::new(python);
    command
        .arg(root().join("tests/conformance").join(script))
        .args(addresses)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = match tokio::time::timeout(LIMIT, command.output()).await {
        Ok(output) => output.expect("Python starts"),
        Err(_) => panic!("{script} has not ended within {} s", LIMIT.as_secs()),
    };
    let (out, log) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let is_ok = output.status.success() && out.trim_end().ends_with("ok");
    assert!(is_ok, "{script} ended with {}:\n{out}\n{log}", output.status);
    Some(out.into_owned())
}

#[tokio::test]
async fn deepgrams_library_takes_its_simulator() {
    let simulator = Simulator::start(sim::deepgram::Deepgram::new(KEY)).await;
    run("deepgram_sdk.py", &[simulator.url()]).await;
}

#[tokio::test]
async fn assemblyais_library_takes_its_simulator() {
    let simulator = Simulator::start(sim::assemblyai::AssemblyAi::new(KEY)).await;
    run("assemblyai_sdk.py", &[simulator.url()]).await;
}

#[tokio::test]
async fn elevenlabs_library_takes_its_simulator() {
    let simulator = Simulator::start(sim::elevenlabs::ElevenLabs::new(KEY)).await;
    run("elevenlabs_sdk.py", &[simulator.url()]).await;
}

#[tokio::test]
async fn openais_library_takes_the_simulators_of_its_speech_and_of_whisper_servers() {
    let speech = Simulator::start(sim::speech::OpenAiSpeech::new(KEY)).await;
    let whisper = Simulator::start(sim::whisper::WhisperServer::new(KEY)).await;
    run("openai_speech_sdk.py", &[speech.url(), whisper.url()]).await;
}

#[tokio::test]
async fn googles_libraries_take_their_simulators() {
    let streams =
        GoogleSimulator::start("", u64::try_from(FIVE_MINUTES.as_millis()).unwrap()).await;
    let short = GoogleSimulator::start("", 1_000).await;
    let requests = Simulator::start(GoogleRequests::new("")).await;
    let tokens = Simulator::start(GoogleRequests::new("ya29.a-token")).await;
    run("google_sdk.py", &[streams.url(), short.url(), requests.url(), tokens.url()]).await;
}

#[tokio::test]
async fn anthropics_library_takes_its_simulator() {
    let service = sim::anthropic::Anthropic::new(KEY, &[MOON]);
    let plan =
        [None, None, Some(sim::Fault::Status(529, None)), Some(sim::Fault::Status(429, Some(0)))];
    let plan = plan.into_iter().chain([None, Some(sim::Fault::ResetAfter(6))]).collect();
    let simulator = Simulator::start_with(service, plan).await;
    run("anthropic_sdk.py", &[simulator.url()]).await;
}

#[tokio::test]
async fn the_libraries_of_openai_groq_and_together_take_the_simulators_of_chat_completions() {
    let mut simulators = Vec::new();
    for house in [House::OpenAi, House::Groq, House::Together, House::LlamaCpp] {
        let is_first = house == House::OpenAi;
        let plan = is_first.then(|| vec![None, Some(sim::Fault::Status(429, Some(0)))]);
        let service = sim::chat::Chat::new(house, KEY, &[MOON]);
        simulators.push(Simulator::start_with(service, plan.unwrap_or_default()).await);
    }
    let urls: Vec<String> = simulators.iter().map(Simulator::url).collect();
    run("chat_sdk.py", &urls).await;
}
