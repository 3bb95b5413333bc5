//! The real binary, from its first line to its exit code.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};

use tempfile::TempDir;
use voice_studio::client::{Client, Received};
use voice_studio::conversation::Speaker;
use voice_studio::recording::{Recovered, read_events, recover};
use voice_studio::transport::protocol::{ClientMessage, Hello, ServerMessage};

use crate::support::comes;
use crate::support::log::check_log;
use crate::support::stand_ins::BRIEFING;
use crate::support::studio::Guest;
use crate::support::web::request;

/// A studio as an operator starts it, in a folder of its own without models.
struct Process {
    child: Child,
    address: SocketAddr,
    printed: Vec<String>,
    /// Held open: a process that cannot print any more would be another test.
    _out: BufReader<ChildStdout>,
    err: BufReader<ChildStderr>,
    dir: TempDir,
}

/// The binary, set up for `dir` and for nothing else that this machine may have set.
fn binary(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_studio"));
    std::fs::create_dir_all(dir.join("briefings")).expect("a folder");
    std::fs::write(dir.join("briefings/table.md"), BRIEFING).expect("a briefing");
    command.current_dir(dir).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("PORT", "0").stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Process {
    fn start() -> Self {
        let dir = TempDir::new().expect("a folder");
        let mut child = binary(dir.path()).spawn().expect("the binary");
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let err = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut printed = Vec::new();
        while !printed.last().is_some_and(|line: &String| line.starts_with("Health at ")) {
            let mut line = String::new();
            let count = out.read_line(&mut line).expect("text");
            assert!(count > 0, "it ended after {printed:?}");
            printed.push(line.trim_end().to_owned());
        }
        let listening = printed.iter().find_map(|line| line.strip_prefix("Listening on http://"));
        let address = listening.and_then(|address| address.parse().ok()).expect("an address");
        Self { child, address, printed, _out: out, err, dir }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill is there").success());
    }

    /// Waits for the end; returns the exit code and what it said to the operator.
    fn end(&mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        while self.err.read_line(&mut said).expect("text") > 0 {}
        (self.child.wait().expect("an end").code(), said)
    }

    async fn join(&self) -> Guest {
        let client = Client::connect(self.address).await.expect("a connection");
        let mut guest = Guest { client };
        guest.say(ClientMessage::Hello(Hello::default())).await;
        guest
    }

    fn recording(&self) -> std::path::PathBuf {
        self.dir.path().join("recordings/table")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended cannot be killed, and that is in order.
        if self.child.kill().is_ok() {
            assert!(self.child.wait().is_ok() || std::thread::panicking());
        }
    }
}

fn run(dir: &Path, settings: &[(&str, &str)]) -> Output {
    binary(dir).envs(settings.iter().copied()).output().expect("the binary")
}

fn tracks_are_equal(folder: &Path) {
    let lengths = Speaker::ALL.map(|speaker| crate::recording::decode(folder, speaker).len());
    assert!(lengths[0] > 0 && lengths.iter().all(|length| *length == lengths[0]), "{lengths:?}");
}

#[test]
fn bad_settings_are_named_all_at_once_and_the_exit_code_is_78() {
    let dir = TempDir::new().expect("a folder");
    let output = run(
        dir.path(),
        &[
            ("PORT", "eighty"),
            ("LOG_LEVEL", "loud"),
            ("USE_REAL_ADAPTERS", "perhaps"),
            ("HOST", "0.0.0.0"),
        ],
    );
    assert_eq!(output.status.code(), Some(78));
    let said = String::from_utf8_lossy(&output.stderr);
    for name in [
        "PORT",
        "LOG_LEVEL",
        "USE_REAL_ADAPTERS",
        "STUDIO_ACCESS_TOKEN",
        "eighty",
        "loud",
        "perhaps",
    ] {
        assert!(said.contains(name), "{name} in {said}");
    }
    assert!(output.stdout.is_empty(), "nothing was started");
}

#[test]
fn a_port_in_use_ends_with_a_sentence_and_exit_code_1() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let dir = TempDir::new().expect("a folder");
    let output = run(dir.path(), &[("PORT", &port)]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("port_unavailable") && said.contains(&port), "{said}");
}

#[test]
fn a_recordings_folder_that_cannot_be_written_ends_with_a_sentence_and_exit_code_1() {
    let dir = TempDir::new().expect("a folder");
    std::fs::write(dir.path().join("recordings"), "a file in place of the folder").expect("a file");
    let output = run(dir.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("recording_unwritable") && said.contains("RECORDING_DIR"), "{said}");
}

#[actix::test]
async fn without_models_the_studio_starts_says_so_and_a_typed_line_is_answered_aloud() {
    let mut process = Process::start();
    assert_eq!(process.printed[0], "Backend Configuration");
    for label in [
        "Environment:",
        "Port:",
        "CORS Origins:",
        "Use Real Adapters:",
        "STT Provider:",
        "TTS Provider:",
        "Guest Provider:",
        "Recording Dir:",
        "Briefings Dir:",
    ] {
        let is_there = process.printed.iter().any(|line| line.trim_start().starts_with(label));
        assert!(is_there, "{label} in {:?}", process.printed);
    }
    let address = process.address;
    assert!(process.printed.contains(&format!("WebSocket at ws://{address}/ws")));
    assert!(process.printed.contains(&format!("Health at http://{address}/health")));

    let health = comes("the adapters to settle", async {
        loop {
            let health = request(address, "GET", "/health", &[]).await.json();
            if !health.to_string().contains("\"loading\"") {
                return health;
            }
        }
    })
    .await;
    assert_eq!(health["status"], "degraded");
    let available = health["adapters"]["available"].as_array().expect("a list").clone();
    let state = |kind: &str| {
        available.iter().find(|adapter| adapter["kind"] == kind).expect("an adapter")["state"]
            .clone()
    };
    assert_eq!(state("stt"), "unavailable");
    assert_eq!(state("guest"), "ready");

    let mut guest = process.join().await;
    guest.snapshot().await;
    if state("tts") == "ready" {
        guest
            .say(ClientMessage::Say { text: "Ada, what do you know of the moon?".to_owned() })
            .await;
        while !matches!(guest.next().await, Received::Sound(_)) {}
    } else {
        println!("skipped: no Flite on this machine, so nothing can be heard");
    }
    process.signal("-TERM");
    assert_eq!(guest.recording().await, "table");
    assert_eq!(guest.closed().await, (1000, "session_ended".to_owned()));
    let (code, said) = process.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("moonshine") && said.contains("studio models pull"), "{said}");
    assert!(said.contains("1 sessions ended in order"), "{said}");
    tracks_are_equal(&process.recording());
    assert!(process.recording().join("session.yml").is_file());
    let log = process.recording().join("events.jsonl");
    check_log(&read_events(&log).expect("a log").map(Result::unwrap).collect::<Vec<_>>());
}

#[actix::test]
async fn a_host_who_cannot_be_heard_is_told_so() {
    let process = Process::start();
    let mut guest = process.join().await;
    guest
        .first("word of the ears", |message| match message {
            ServerMessage::Ack { message } => message.starts_with("stt error: ").then_some(()),
            _ => None,
        })
        .await;
    guest.is_well().await;
}

#[actix::test]
async fn an_interrupt_at_the_keyboard_stops_it_too_and_a_second_signal_does_no_harm() {
    let mut process = Process::start();
    let mut guest = process.join().await;
    guest.snapshot().await;
    process.signal("-INT");
    process.signal("-TERM");
    let (code, said) = process.end();
    assert_eq!(code, Some(0), "{said}");
    let folder = process.recording();
    // Whole at once, or brought back as the next start would: the second signal may have come in time or not.
    assert!(
        matches!(recover(&folder), Ok(Recovered::AlreadyFinished | Recovered::Repaired { .. })),
        "{said}"
    );
    tracks_are_equal(&folder);
}

#[actix::test]
async fn what_a_killed_studio_left_is_whole_after_the_next_start() {
    let mut process = Process::start();
    let mut guest = process.join().await;
    guest.snapshot().await;
    process.child.kill().expect("killed");
    process.end();
    assert!(!process.recording().join("session.yml").exists());
    let mut again = binary(process.dir.path()).spawn().expect("the binary");
    let mut out = BufReader::new(again.stdout.take().expect("a pipe"));
    let mut line = String::new();
    while !line.starts_with("Listening on http://") {
        line.clear();
        assert!(out.read_line(&mut line).expect("text") > 0, "it ended");
    }
    let address =
        line.trim_end().trim_start_matches("Listening on http://").parse().expect("an address");
    comes("the studio to be ready", async {
        while request(address, "GET", "/ready", &[]).await.status != 200 {}
    })
    .await;
    again.kill().expect("killed");
    again.wait().expect("an end");
    assert!(process.recording().join("session.yml").is_file());
    tracks_are_equal(&process.recording());
}
