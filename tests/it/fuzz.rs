//! Files and frames that nobody would make on purpose: seeds from `tests/fuzz` and from the recorder itself, changed at
//! random, must be refused or read, and never break anything.
//!
//! With every test run a fixed number of inputs; `./dev fuzz` gives each target a minute (`STUDIO_FUZZ_SECONDS`), from a
//! seed of its own (`STUDIO_FUZZ_SEED`). What breaks a target is kept in `target/fuzz` and named, so that it can become
//! a test.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use voice_studio::audio::FRAME_SAMPLES;
use voice_studio::conversation::briefing::Briefing;
use voice_studio::conversation::{Conversation, HostProfile, Input, Setup, Speaker};
use voice_studio::recording::{
    EventLine, EventLog, Manifest, RecordingError, Recovered, find_survivor, read_events, recover,
};
use voice_studio::time::SessionTime;
use voice_studio::transport::protocol::{AiAudio, ClientMessage, HostAudio, HostOpus};

use crate::recording::{ReadTrack, memory_dir, unfinished_recording};
use crate::support::stand_ins::briefing;
use voice_studio::simulation::dice::Dice;

mod packets;

/// Inputs a target is given with every test run, where a target touches the disk and where it does not.
const RUNS_ON_DISK: u64 = 150;
const RUNS_IN_MEMORY: u64 = 4_000;

/// libopus' look-ahead at 48 kHz, in samples.
const PRE_SKIP: u16 = 312;

/// Longest input: more than any seed, and what a wire frame may have.
const INPUT_BYTES_MAX: usize = 64 * 1024;

/// What turns up in all of the formats, and hurts.
const WORDS: &[&str] = &[
    "0",
    "-1",
    "1e999",
    "18446744073709551615",
    "9007199254740993",
    "null",
    "true",
    "[]",
    "{}",
    "\"\"",
    "\u{0}",
    "\u{feff}",
    "é",
    "𝄞",
    "\\ud800",
    "---\n",
    "\n\n",
    "\r\n",
    ": ",
    "- ",
    "{",
    "[",
    "\"",
    "&a *a",
    "!!str",
    "-->",
    "\"type\"",
    "\"seq\"",
    "\"now\"",
    "\"at\"",
    "\"t\"",
];

#[expect(
    clippy::disallowed_methods,
    reason = "a switch of the tests, not a setting of the product"
)]
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What hurts in a track: heads and sizes of elements, and of packets.
const ELEMENTS: &[&[u8]] = &[
    &[0x1A, 0x45, 0xDF, 0xA3],
    &[0x18, 0x53, 0x80, 0x67],
    &[0x1F, 0x43, 0xB6, 0x75],
    &[0x1C, 0x53, 0xBB, 0x6B],
    &[0xA3],
    &[0xA0],
    &[0xA1],
    &[0xE7],
    &[0xEC],
    &[0x75, 0xA2],
    &[0x56, 0xAA],
    &[0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
    &[0x08, 0, 0, 0, 0, 0, 0, 0],
    &[0x10, 0xFF, 0xFF, 0xFF],
    &[0xFF],
    &[0x80],
    &[0x81, 0x7F, 0xFF, 0x80],
    &[0x81, 0x80, 0x00, 0x80],
    b"OpusHead",
    &[0xF8, 0xFF, 0xFE],
];

/// Where the fuzzer's inputs come from.
struct Seeds {
    files: Vec<Vec<u8>>,
    words: Vec<&'static [u8]>,
}

impl Seeds {
    /// The corpus of `target`, a format of text.
    fn of_text(target: &str) -> Self {
        Self { files: corpus(target), words: WORDS.iter().map(|word| word.as_bytes()).collect() }
    }

    /// The corpus of `target`, a format of EBML's elements.
    fn of_elements(target: &str) -> Self {
        Self { files: corpus(target), words: ELEMENTS.to_vec() }
    }

    /// What was sent in truth.
    fn of_bytes(files: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self { files: Vec::new(), words: WORDS.iter().map(|word| word.as_bytes()).collect() }
            .and(files)
    }

    fn and(mut self, files: impl IntoIterator<Item = Vec<u8>>) -> Self {
        self.files.extend(files);
        self
    }
}

/// How often a run that takes its time says how far it is.
const SAY_EVERY: Duration = Duration::from_secs(15);

/// Gives `target` inputs made of `seeds` until it has had enough of them, or until its time is over.
fn fuzz(name: &str, runs: u64, seeds: &Seeds, target: impl Fn(&[u8])) {
    let seed = setting("STUDIO_FUZZ_SEED").unwrap_or(1);
    let until = setting("STUDIO_FUZZ_SECONDS").map(Duration::from_secs);
    let began = Instant::now();
    let mut say_at = SAY_EVERY;
    let mut dice = Dice::new(seed);
    let mut given = 0;
    while until.map_or(given < runs, |limit| began.elapsed() < limit) {
        let input = mutated(seeds, &mut dice);
        given += 1;
        if began.elapsed() >= say_at {
            println!("  {name}: {} s, {given} inputs", say_at.as_secs());
            say_at += SAY_EVERY;
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| target(&input)));
        if let Err(panic) = outcome {
            let kept = keep(name, given, &input);
            println!("{name}: seed {seed}, input {given}, kept as {}", kept.display());
            resume_unwind(panic);
        }
    }
    let files = seeds.files.len();
    println!(
        "fuzz {name}: {given} inputs made of {files} seeds read or refused, none broke it (seed {seed})"
    );
}

fn keep(name: &str, number: u64, input: &[u8]) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/fuzz");
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join(format!("{name}-{number}"));
    std::fs::write(&path, input).expect("a file");
    path
}

/// A seed with one to eight changes.
fn mutated(seeds: &Seeds, dice: &mut Dice) -> Vec<u8> {
    let mut input = dice.pick(&seeds.files).clone();
    for _ in 0..dice.between(1, 8) {
        let length = input.len() as u64;
        let at = usize::try_from(dice.between(0, length)).unwrap();
        let reach = usize::try_from(dice.between(0, 64).min(length - at as u64)).unwrap();
        match dice.between(0, 8) {
            0 if at < input.len() => input[at] ^= 1 << dice.between(0, 7),
            1 if at < input.len() => input[at] = *dice.pick(&[0, 1, 0x7F, 0x80, 0xFF, b'\n']),
            2 => drop(input.drain(at..at + reach)),
            3 => input.truncate(at),
            4 => {
                let part = input[at..at + reach].to_vec();
                let to = usize::try_from(dice.between(0, length)).unwrap();
                input.splice(to..to, part);
            }
            5 => {
                let other = dice.pick(&seeds.files);
                let from = usize::try_from(dice.between(0, other.len() as u64)).unwrap();
                let part = &other[from..(from + reach).min(other.len())];
                input.splice(at..at, part.iter().copied());
            }
            6 => {
                let word = dice.pick(&seeds.words).iter().copied();
                input.splice(at..at + reach.min(4), word);
            }
            7 => {
                // A number in the text becomes another.
                if let Some(digit) = input[at..].iter().position(u8::is_ascii_digit) {
                    input[at + digit] = b'0' + u8::try_from(dice.between(0, 9)).unwrap();
                }
            }
            _ => {
                let bytes: Vec<u8> =
                    (0..reach).map(|_| u8::try_from(dice.between(0, 255)).unwrap()).collect();
                input.splice(at..at + reach, bytes);
            }
        }
        input.truncate(INPUT_BYTES_MAX);
    }
    input
}

/// The seeds that lie in the corpus for `target`.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz").join(target);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("a corpus")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("a seed")).collect()
}

#[test]
fn frames_of_the_wire_protocol() {
    fuzz("wire", RUNS_IN_MEMORY, &Seeds::of_text("wire"), |bytes| {
        if let Ok(message) = std::str::from_utf8(bytes).unwrap_or_default().parse_message() {
            let again = serde_json::to_string(&message).expect("what was read can be written");
            assert_eq!(again.parse_message().expect("and read again"), message);
            if let ClientMessage::Hello(hello) = &message {
                drop(hello.host_rate());
            }
        }
        if let Ok(frame) = HostAudio::parse(&bytes.to_vec().into()) {
            assert_eq!(HostAudio::parse(&frame.encode()).expect("a frame"), frame);
            assert_eq!(frame.samples().len() * 2, frame.payload.len());
        }
        if let Ok(frame) = HostOpus::parse(&bytes.to_vec().into()) {
            assert_eq!(HostOpus::parse(&frame.encode()).expect("a frame"), frame);
        }
        if let Some(frame) = AiAudio::parse(bytes) {
            let again =
                AiAudio::encode(frame.speaker, frame.turn, frame.first_sample, &frame.samples);
            assert_eq!(AiAudio::parse(&again), Some(frame));
        }
    });
}

trait ParseMessage {
    fn parse_message(&self) -> Result<ClientMessage, String>;
}

impl ParseMessage for str {
    fn parse_message(&self) -> Result<ClientMessage, String> {
        ClientMessage::parse(self).map_err(|error| {
            assert!(!error.code().is_empty() && !error.hint().is_empty());
            error.to_string()
        })
    }
}

#[test]
fn briefings() {
    fuzz("briefing", RUNS_IN_MEMORY / 4, &Seeds::of_text("briefing"), |bytes| {
        let text = String::from_utf8_lossy(bytes);
        match Briefing::parse(&text) {
            Ok(briefing) => {
                let json = serde_json::to_string(&briefing).expect("a briefing is JSON");
                let again: Briefing = serde_json::from_str(&json).expect("and comes back");
                assert_eq!(again, briefing);
            }
            Err(errors) => assert!(!errors.to_string().is_empty()),
        }
    });
}

#[test]
fn event_logs() {
    let root = memory_dir();
    let folder = root.path().join("table");
    std::fs::create_dir(&folder).expect("a folder");
    let path = folder.join("events.jsonl");
    let files = unfinished_recording();
    let seeds = Seeds::of_text("event-log").and([files["events.jsonl"].clone()]);
    fuzz("event-log", RUNS_IN_MEMORY / 4, &seeds, |bytes| {
        std::fs::write(&path, bytes).expect("a file");
        let inputs: Vec<(SessionTime, Input)> = read_events(&path)
            .expect("a file")
            .filter_map(Result::ok)
            .filter_map(|event| event.as_input())
            .collect();
        // Whatever inputs it holds, the rules take them and come to rest.
        let setup =
            Setup { briefing: Arc::new(briefing()), seed: 1, profile: HostProfile::default() };
        let mut conversation = Conversation::new(setup);
        let mut orders = Vec::new();
        for (now, input) in inputs {
            conversation.handle(now, input, &mut orders);
            orders.clear();
        }
        let mut log = EventLog::reopen(&path, "s-1").expect("a log");
        let lines = log.lines();
        log.append(&line()).expect("a line");
        drop(log);
        let last = read_events(&path).expect("a file").last().expect("a line");
        assert_eq!(last.expect("the line just written").seq, lines + 1);
        drop(find_survivor(root.path(), "00", 0));
    });
}

fn line() -> EventLine {
    EventLine {
        timestamp_ms: 0,
        t: SessionTime::ZERO,
        now: None,
        at: None,
        kind: "marker",
        fields: serde_json::Map::new(),
    }
}

fn restore(folder: &Path, files: &BTreeMap<String, Vec<u8>>) {
    std::fs::remove_dir_all(folder).unwrap_or_default();
    std::fs::create_dir(folder).expect("a folder");
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).expect("a file");
    }
}

/// Repairs the folder and checks what comes of it.
fn repair(folder: &Path) {
    match recover(folder) {
        Ok(Recovered::AlreadyFinished) => {}
        Ok(Recovered::Repaired { ready, .. }) => {
            for speaker in Speaker::ALL {
                assert_eq!(length(folder, speaker), ready.samples, "{speaker}");
            }
            assert_eq!(recover(folder).expect("whole"), Recovered::AlreadyFinished);
        }
        Err(RecordingError::Damaged { .. }) => {}
        Err(error) => panic!("{error}"),
    }
    drop(find_survivor(folder.parent().expect("a root"), "00", 0));
}

/// The length that the independent reader finds, of which every packet is there. A packet whose bytes were changed need
/// not decode.
fn length(folder: &Path, speaker: Speaker) -> u64 {
    let track = ReadTrack::open(folder, speaker);
    let needed = (track.samples() + u64::from(PRE_SKIP)).div_ceil(FRAME_SAMPLES as u64);
    assert_eq!(track.packets.len() as u64, needed, "{speaker}");
    track.samples()
}

#[test]
fn manifests() {
    let root = memory_dir();
    let folder = root.path().join("table");
    let unfinished = unfinished_recording();
    restore(&folder, &unfinished);
    recover(&folder).expect("repaired");
    let manifest = std::fs::read(folder.join("session.yml")).expect("a manifest");
    let seeds = Seeds::of_text("manifest").and([manifest]);
    fuzz("manifest", RUNS_ON_DISK, &seeds, |bytes| {
        let mut files = unfinished.clone();
        files.insert("session.yml".to_owned(), bytes.to_vec());
        restore(&folder, &files);
        match Manifest::read(&folder) {
            Ok(_) | Err(RecordingError::Text { .. } | RecordingError::File { .. }) => {}
            Err(error) => panic!("{error}"),
        }
        if std::str::from_utf8(bytes).is_ok() {
            repair(&folder);
        }
    });
}

#[test]
fn repair_of_tracks() {
    let root = memory_dir();
    let folder = root.path().join("table");
    let unfinished = unfinished_recording();
    restore(&folder, &unfinished);
    recover(&folder).expect("repaired");
    let finished = std::fs::read(folder.join("claude.webm")).expect("a track");
    let own = [unfinished["claude.webm"].clone(), unfinished["you.webm"].clone(), finished];
    let seeds = Seeds::of_elements("webm").and(own);
    fuzz("webm", RUNS_ON_DISK, &seeds, |bytes| {
        let mut files = unfinished.clone();
        files.insert("claude.webm".to_owned(), bytes.to_vec());
        restore(&folder, &files);
        repair(&folder);
    });
}
