//! `kill -9` at random moments of real rehearsals: at most a second of each track is gone, and nobody needs to be asked.
//!
//! A few kills run with every test run; `STUDIO_KILLS=30` (`./dev torture`) makes it as many as one likes. Needs the
//! local models; says so where they are missing.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;
use tokio::time::{Instant, interval};
use voice_studio::conversation::Speaker;
use voice_studio::recording::{Event, Manifest, read_events};

use crate::recording::foreign::{FILL_HOLES, ffmpeg_decode, text, tool};
use crate::support::log::check_cut_log;
use crate::support::models;
use crate::support::process::{Process, binary};
use voice_studio::simulation::dice::Dice;

/// What the issue of a killed server may cost, in ms.
const LOST_MS_MAX: u64 = 1_000;
/// Rehearsals on the way to their kill at one time: each takes a quarter of a core while its host speaks.
const AT_ONE_TIME: u64 = 3;

/// How many processes are killed.
#[expect(
    clippy::disallowed_methods,
    reason = "a switch of the tests, not a setting of the product"
)]
fn kills() -> u64 {
    std::env::var("STUDIO_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(AT_ONE_TIME)
}

/// A rehearsal that will be killed.
struct Doomed {
    child: Child,
    folder: PathBuf,
    /// Session time at which the kill falls.
    after: Duration,
}

/// One that was.
struct Killed {
    folder: PathBuf,
    unix_ms: u64,
}

impl Doomed {
    fn start(dir: &Path, number: u64, after: Duration) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let episode = format!("kill-{number}");
        let mut command = binary(dir);
        command
            .args(["rehearse", "--autopilot", "--episode", &episode])
            .arg("--briefing")
            .arg(root.join("tests/data/table.md"))
            .arg("--host")
            .arg(dir.join("host.wav"))
            .env("STUDIO_MODELS_DIR", root.join("models"))
            .env("STUDIO_ARBITERS", "1");
        let folder = dir.join("recordings").join(episode);
        Self { child: command.spawn().expect("the binary"), folder, after }
    }

    /// Kills it at its moment, counted from the first line of its log.
    async fn kill(mut self) -> Killed {
        let limit = Instant::now() + Duration::from_secs(90);
        let mut look = interval(Duration::from_millis(1));
        let started = loop {
            look.tick().await;
            if let Some(event) = first_event(&self.folder) {
                break event.timestamp_ms;
            }
            let ended = self.child.try_wait().expect("a child");
            assert!(ended.is_none() && Instant::now() < limit, "no session: {}", self.said());
        };
        let moment = started + u64::try_from(self.after.as_millis()).unwrap();
        while unix_ms() < moment {
            look.tick().await;
            assert!(self.child.try_wait().expect("a child").is_none(), "it ended before its kill");
        }
        let unix_ms = unix_ms();
        self.child.kill().expect("killed");
        self.child.wait().expect("an end");
        Killed { folder: self.folder, unix_ms }
    }

    fn said(&mut self) -> String {
        self.child.kill().expect("a child");
        let err = self.child.stderr.take().expect("a pipe");
        std::io::BufReader::new(err).lines().map_while(Result::ok).collect::<Vec<_>>().join("\n")
    }
}

#[expect(clippy::disallowed_methods, reason = "the clock of the one who kills, not of the product")]
fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    u64::try_from(since.as_millis()).unwrap()
}

fn first_event(folder: &Path) -> Option<Event> {
    read_events(&folder.join("events.jsonl")).ok()?.next()?.ok()
}

/// The host's lines: a question to one, a request, an interruption.
fn host_file(dir: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audio");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(dir.join("host.wav"), spec).expect("a file");
    for (line, quiet_ms) in [("ada", 5_000), ("request", 4_000), ("barge-in", 9_000)] {
        let sound = crate::support::sound::wav_16k(&root.join(line).with_extension("wav"));
        for sample in sound.into_iter().chain(std::iter::repeat_n(0, 16 * quiet_ms)) {
            file.write_sample(sample).expect("a sample");
        }
    }
    file.finalize().expect("a file");
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read(path).expect("a file"))
        })
        .collect()
}

fn recover_by_hand(folder: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_studio")).arg("recover").arg(folder).output();
    let output = output.expect("the binary");
    assert!(output.status.success(), "{}", text(&output));
    text(&output)
}

/// What a kill came to.
struct Cost {
    /// From the session's start to the kill, by the clock of the one who killed.
    lived_ms: u64,
    /// What can be decoded of each track.
    decoded_ms: u64,
}

impl Cost {
    fn lost_ms(&self) -> u64 {
        self.lived_ms.saturating_sub(self.decoded_ms)
    }
}

/// What must hold of every recording that a killed process left, once it was repaired.
fn judge(killed: &Killed) -> Cost {
    let folder = &killed.folder;
    let manifest = Manifest::read(folder).expect("a manifest").expect("repaired");
    assert!(manifest.recovered && manifest.lost.is_some(), "{}", folder.display());
    let lengths = Speaker::ALL.map(|speaker| crate::recording::decode(folder, speaker).len());
    assert!(lengths[0] > 0 && lengths == [lengths[0]; 3], "{lengths:?}");
    let events: Vec<Event> = read_events(&folder.join("events.jsonl"))
        .expect("a log")
        .map(|event| event.expect("a whole line"))
        .collect();
    check_cut_log(&events);
    let lived_ms = killed.unix_ms - events[0].timestamp_ms;
    let decoded_ms = lengths[0] as u64 / 48;
    for speaker in Speaker::ALL {
        let track = folder.join(format!("{speaker}.webm"));
        are_silent(track.to_str().expect("a name"), lengths[0]);
        let vtt = std::fs::read_to_string(folder.join(format!("{speaker}.vtt")));
        assert!(vtt.expect("captions").starts_with("WEBVTT"));
    }
    Cost { lived_ms, decoded_ms }
}

/// All checkers, which must have nothing to say.
fn are_silent(track: &str, samples: usize) {
    for filter in [&[] as &[&str], &FILL_HOLES] {
        let Some(bytes) = ffmpeg_decode(track, filter) else { continue };
        assert_eq!(bytes.len(), samples * 2, "{track}");
    }
    if let Some(output) = tool("mkvinfo", &["--ui-language", "en_US", "-a", track]) {
        let tree = text(&output);
        let complaint =
            ["Unknown element", "Error", "resync"].into_iter().find(|word| tree.contains(word));
        assert!(output.status.success() && complaint.is_none(), "{track}: {complaint:?}");
    }
    if let Some(output) = tool("mediaconch", &["-mc", "-fs", track]) {
        assert!(text(&output).contains("pass!"), "{}", text(&output));
    }
    if let Some(output) = tool("mkvmerge", &["-J", track]) {
        let facts: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let nothing = serde_json::json!([]);
        assert_eq!((&facts["errors"], &facts["warnings"]), (&nothing, &nothing), "{track}");
    }
}

#[actix::test]
async fn a_kill_at_any_moment_of_a_rehearsal_costs_at_most_a_second_and_the_next_start_repairs_it()
{
    if models("rehearsals that are killed").is_none() {
        return;
    }
    let dir = TempDir::new().expect("a folder");
    host_file(dir.path());
    let mut dice = Dice::new(kills() ^ 0x6B17);
    let mut dead = Vec::new();
    let numbers: Vec<u64> = (1..=kills()).collect();
    for batch in numbers.chunks(usize::try_from(AT_ONE_TIME).unwrap()) {
        let doomed = batch.iter().map(|number| {
            let after = Duration::from_millis(dice.between(700, 14_000));
            Doomed::start(dir.path(), *number, after).kill()
        });
        let killed = futures_util::future::join_all(doomed.collect::<Vec<_>>()).await;
        // The last to die is repaired by hand, twice; the others by whatever starts next, be it a rehearsal or the studio.
        let last = killed.iter().max_by_key(|killed| killed.unix_ms).expect("one that was killed");
        let by_hand = &last.folder;
        assert!(!by_hand.join("session.yml").exists(), "it was killed in mid-session");
        assert!(recover_by_hand(by_hand).contains("repaired"));
        let repaired = files(by_hand);
        assert!(recover_by_hand(by_hand).contains("whole already"));
        assert_eq!(files(by_hand), repaired, "twice gives the same");
        dead.extend(killed);
    }
    let process = Process::start_in(dir, &[]);
    process.is_ready().await;
    let mut costs = Vec::new();
    for killed in &dead {
        assert!(killed.folder.join("session.yml").is_file(), "repaired before /ready says so");
        costs.push(judge(killed));
    }
    println!("kill | lived ms | decoded ms, each of three tracks | lost ms");
    for (number, Cost { lived_ms, decoded_ms }) in (1..).zip(&costs) {
        println!(
            "{number:>4} | {lived_ms:>8} | {decoded_ms:>33} | {:>7}",
            lived_ms.saturating_sub(*decoded_ms)
        );
    }
    let lost: Vec<u64> = costs.iter().map(Cost::lost_ms).collect();
    let most = lost.iter().max().expect("a kill");
    println!(
        "{} kills, at most {most} ms lost, all tracks equally long, all checkers silent",
        lost.len()
    );
    assert!(*most <= LOST_MS_MAX, "lost: {lost:?} ms");
}

#[actix::test]
async fn what_a_killed_studio_left_is_whole_after_the_next_start() {
    let process = Process::start();
    let mut guest = process.join().await;
    guest.snapshot().await;
    let dir = process.kill();
    assert!(!dir.path().join("recordings/table/session.yml").exists());
    let again = Process::start_in(dir, &[]);
    again.is_ready().await;
    assert!(again.recording().join("session.yml").is_file());
    let lengths =
        Speaker::ALL.map(|speaker| crate::recording::decode(&again.recording(), speaker).len());
    assert!(lengths[0] > 0 && lengths == [lengths[0]; 3], "{lengths:?}");
}
