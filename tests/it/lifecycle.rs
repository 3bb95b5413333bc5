//! The real binary, from its first line to its exit code.

use std::path::Path;
use std::process::Output;

use tempfile::TempDir;
use tokio::time::Instant;
use voice_studio::adapters::Availability;
use voice_studio::adapters::tts::TextToSpeech;
use voice_studio::adapters::tts::flite::Flite;
use voice_studio::app::STOP_LIMIT;
use voice_studio::client::Received;
use voice_studio::conversation::Speaker;
use voice_studio::recording::{Manifest, Recovered, read_events, recover};
use voice_studio::transport::protocol::{ClientMessage, Hello, ServerMessage};

use crate::support::comes;
use crate::support::log::check_log;
use crate::support::process::{Process, binary};
use crate::support::web::request;

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
    assert_says_its_cause_once(&said);
}

fn assert_says_its_cause_once(said: &str) {
    let error = said.lines().find(|line| line.starts_with("error: ")).expect("an error");
    assert_eq!(error.matches("os error").count(), 1, "{error}");
}

#[test]
fn a_recordings_folder_that_cannot_be_written_ends_with_a_sentence_and_exit_code_1() {
    let dir = TempDir::new().expect("a folder");
    std::fs::write(dir.path().join("recordings"), "a file in place of the folder").expect("a file");
    let output = run(dir.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("recording_unwritable") && said.contains("RECORDING_DIR"), "{said}");
    assert_says_its_cause_once(&said);
}

#[actix::test]
async fn what_is_known_of_hosts_is_no_recording_that_could_not_be_repaired() {
    let dir = TempDir::new().expect("a folder");
    std::fs::create_dir_all(dir.path().join("recordings/.hosts")).expect("a folder");
    std::fs::create_dir_all(dir.path().join("recordings/notes")).expect("a folder");
    let mut process = Process::start_in(dir, &[]);
    process.is_ready().await;
    process.signal("-TERM");
    let (code, said) = process.end();
    assert_eq!(code, Some(0), "{said}");
    let left: Vec<&str> = said.lines().filter(|line| line.contains("not be repaired")).collect();
    assert!(matches!(left[..], [line] if line.contains("recordings/notes")), "{said}");
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
    assert!(said.contains("1 session ended in order"), "{said}");
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
async fn a_second_signal_ends_at_once_and_the_files_are_whole_all_the_same() {
    let mut process = Process::start();
    let mut guest = process.join().await;
    guest.snapshot().await;
    process.signal("-INT");
    process.signal("-TERM");
    let (code, said) = process.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 session ended in order"), "{said}");
    let folder = process.recording();
    assert_eq!(recover(&folder).expect("a recording"), Recovered::AlreadyFinished, "{said}");
    tracks_are_equal(&folder);
}

/// Opening a pipe that nobody writes into never returns: so does a disk that has died.
#[actix::test]
async fn a_disk_that_stands_still_does_not_keep_the_studio_from_ending() {
    let dir = TempDir::new().expect("a folder");
    let stuck = dir.path().join("recordings/stuck");
    std::fs::create_dir_all(&stuck).expect("a folder");
    let made = std::process::Command::new("mkfifo").arg(stuck.join("you.webm")).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo is there");
    let mut process = Process::start_in(dir, &[]);
    let ready = request(process.address, "GET", "/ready", &[]).await;
    assert_eq!(ready.text(), r#"{"status":"starting"}"#, "the repair waits for the disk");
    let mut guest = process.join().await;
    guest.snapshot().await;
    process.signal("-TERM");
    assert_eq!(guest.recording().await, "table");
    let (code, said) = process.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 session ended in order"), "{said}");
    tracks_are_equal(&process.recording());
}

#[actix::test]
async fn a_draining_studio_refuses_new_sessions_keeps_live_ones_and_takes_back_a_lost_listener() {
    let mut process = Process::start_with(&[("STUDIO_DRAIN_SECONDS", "600")]);
    let mut guest = process.join().await;
    let token = guest.resume_token().await;
    process.signal("-TERM");
    guest
        .first("word of it", |message| match message {
            ServerMessage::Ack { message } => message.contains("600 seconds").then_some(()),
            _ => None,
        })
        .await;
    let ready = request(process.address, "GET", "/ready", &[]).await;
    assert_eq!((ready.status, ready.text().as_str()), (503, r#"{"status":"draining"}"#));
    let mut late = process.join().await;
    assert_eq!(late.error().await, "draining");
    assert_eq!(late.closed().await, (1013, "try_later".to_owned()));
    drop(guest);
    let mut guest = process.join_as(Hello { resume_token: Some(token), ..Hello::default() }).await;
    guest.is_well().await;
    // The last session's own end is the studio's: it does not wait for the rest of its time.
    assert_eq!(guest.end().await, "table");
    let (code, said) = process.end();
    assert_eq!(code, Some(0), "{said}");
    tracks_are_equal(&process.recording());
}

#[actix::test]
async fn when_the_time_of_draining_is_over_sessions_end_in_order() {
    let mut process = Process::start_with(&[("STUDIO_DRAIN_SECONDS", "1")]);
    let mut guest = process.join().await;
    guest.snapshot().await;
    process.signal("-TERM");
    assert_eq!(guest.recording().await, "table");
    assert_eq!(guest.closed().await, (1000, "session_ended".to_owned()));
    let (code, said) = process.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 session ended in order"), "{said}");
}

#[actix::test]
async fn a_second_signal_ends_the_draining_too() {
    let mut process = Process::start_with(&[("STUDIO_DRAIN_SECONDS", "600")]);
    let mut guest = process.join().await;
    guest.snapshot().await;
    process.signal("-TERM");
    guest
        .first("word of it", |message| {
            matches!(message, ServerMessage::Ack { message } if message.contains("600 seconds"))
                .then_some(())
        })
        .await;
    process.signal("-TERM");
    assert_eq!(guest.recording().await, "table");
    let (code, said) = process.end();
    assert_eq!(code, Some(0), "{said}");
    tracks_are_equal(&process.recording());
}

/// Sessions on air at once when the order to stop comes.
const ON_AIR: usize = 8;

#[actix::test]
async fn many_sessions_in_mid_sentence_are_whole_recordings_within_the_time_to_stop() {
    if Flite::new().availability() != Availability::Ready {
        println!("skipped: no Flite on this machine, so nobody is in mid-sentence");
        return;
    }
    let mut process = Process::start();
    process.is_ready().await;
    let mut guests = Vec::new();
    for number in 0..ON_AIR {
        let hello = Hello { episode_id: format!("on-air-{number}"), ..Hello::default() };
        let mut guest = process.join_as(hello).await;
        guest.snapshot().await;
        guest.say(ClientMessage::Say { text: "Ada, what do you know of it?".to_owned() }).await;
        while !matches!(guest.next().await, Received::Sound(_)) {}
        guests.push(guest);
    }
    process.signal("-TERM");
    let told = Instant::now();
    for (number, guest) in guests.iter_mut().enumerate() {
        assert_eq!(guest.recording().await, format!("on-air-{number}"));
        assert_eq!(guest.closed().await, (1000, "session_ended".to_owned()));
    }
    let (code, said) = process.end();
    let took = told.elapsed();
    println!("{ON_AIR} sessions ended in {} ms", took.as_millis());
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("8 sessions ended in order"), "{said}");
    assert!(took < STOP_LIMIT, "a promise to whoever stops it: {took:?}");
    for number in 0..ON_AIR {
        let folder = process.dir.path().join(format!("recordings/on-air-{number}"));
        tracks_are_equal(&folder);
        let manifest = Manifest::read(&folder).expect("readable").expect("finished");
        assert!(!manifest.recovered, "ended in order, not repaired");
        let log = read_events(&folder.join("events.jsonl")).expect("a log");
        check_log(&log.map(Result::unwrap).collect::<Vec<_>>());
    }
}
