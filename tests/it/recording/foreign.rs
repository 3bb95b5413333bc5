//! Tools that nobody here wrote accept what the studio writes, finished or repaired.
//!
//! `./dev` installs them. Where one is missing the test fails with its name, unless `STUDIO_SKIP_FOREIGN=1` says that
//! this machine is known to lack them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use voice_studio::conversation::Speaker;
use voice_studio::recording::{Closing, recover};

use super::{converse, lag_of, ms, recorder, sweep};

/// Runs a tool; `None` if it is missing and may be.
pub(crate) fn tool(name: &str, arguments: &[&str]) -> Option<Output> {
    // In a locale without UTF-8, mkvmerge cuts its JSON at the first letter beyond ASCII.
    match Command::new(name).args(arguments).env("LC_ALL", "C.UTF-8").output() {
        Ok(output) => Some(output),
        Err(_) if may_be_missing() => {
            println!("skipped: {name} is not installed");
            None
        }
        Err(error) => panic!(
            "{name} does not run ({error}): `./dev setup` installs it, STUDIO_SKIP_FOREIGN=1 skips it"
        ),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a switch of the tests, not a setting of the product"
)]
fn may_be_missing() -> bool {
    std::env::var("STUDIO_SKIP_FOREIGN").is_ok_and(|value| value == "1")
}

pub(crate) fn text(output: &Output) -> String {
    let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&both).into_owned()
}

/// A finished and a repaired recording.
fn recordings(root: &Path) -> [PathBuf; 2] {
    let mut finished = recorder(root);
    converse(&mut finished, 5000);
    let finished = finished.finish(ms(5123), Closing::default()).unwrap().dir;
    let mut recorder = recorder(root);
    converse(&mut recorder, 5000);
    let killed = recorder.dir().to_owned();
    drop(recorder);
    let track = std::fs::OpenOptions::new().write(true).open(killed.join("claude.webm")).unwrap();
    track.set_len(track.metadata().unwrap().len() - 13).unwrap();
    recover(&killed).unwrap();
    [finished, killed]
}

fn every_track(check: impl Fn(&str)) {
    let root = tempfile::tempdir().unwrap();
    for dir in recordings(root.path()) {
        for speaker in Speaker::ALL {
            check(dir.join(format!("{speaker}.webm")).to_str().unwrap());
        }
    }
}

#[test]
fn ffprobe_finds_opus_at_48_khz_with_a_duration_from_zero() {
    let root = tempfile::tempdir().unwrap();
    let [finished, _] = recordings(root.path());
    let track = finished.join("you.webm");
    let entries = "format=duration,start_time:stream=codec_name,sample_rate,channels";
    let arguments =
        ["-v", "error", "-show_entries", entries, "-of", "default=nw=1", track.to_str().unwrap()];
    let Some(output) = tool("ffprobe", &arguments) else { return };
    let facts = text(&output);
    for fact in ["codec_name=opus", "sample_rate=48000", "channels=1", "duration=5.123000"] {
        assert!(facts.contains(fact), "{fact} in {facts}");
    }
    let start = facts.lines().find_map(|line| line.strip_prefix("start_time=")).unwrap();
    assert!(
        start.parse::<f64>().unwrap().abs() <= 0.007,
        "{start}: the look-ahead lies before zero"
    );
}

#[test]
fn no_packet_comes_more_than_twenty_one_milliseconds_after_the_one_before() {
    every_track(|track| {
        let arguments = [
            "-v",
            "error",
            "-select_streams",
            "a:0",
            "-show_entries",
            "packet=pts_time",
            "-of",
            "csv=p=0",
            track,
        ];
        let Some(output) = tool("ffprobe", &arguments) else { return };
        let times: Vec<f64> = text(&output)
            .lines()
            .filter_map(|line| line.trim_end_matches(',').parse().ok())
            .collect();
        assert!(times.len() > 200, "{} packets", times.len());
        assert!(times.windows(2).all(|pair| (pair[1] - pair[0] - 0.02).abs() < 0.0011), "{track}");
    });
}

/// Fills holes of the timestamps. Times stay as they are in the file: ffmpeg would otherwise move the look-ahead, which
/// lies before zero, to zero and fill those 7 ms too, in its own WebM files as in ours.
pub(crate) const FILL_HOLES: [&str; 2] = ["-af", "aresample=async=1:first_pts=0"];

/// Decodes with ffmpeg, which must have nothing to say.
pub(crate) fn ffmpeg_decode(track: &str, filter: &[&str]) -> Option<Vec<u8>> {
    let mut arguments = vec!["-v", "warning", "-xerror", "-copyts", "-i", track];
    arguments.extend_from_slice(filter);
    arguments.extend_from_slice(&["-ac", "1", "-f", "s16le", "-"]);
    let output = tool("ffmpeg", &arguments)?;
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(output.stdout)
}

#[test]
fn all_tracks_decode_to_the_same_bytes_whether_holes_are_filled_or_not() {
    let root = tempfile::tempdir().unwrap();
    let recordings = recordings(root.path());
    let samples = recordings
        .each_ref()
        .map(|dir| voice_studio::recording::Manifest::read(dir).unwrap().unwrap().session.samples);
    assert_eq!(samples[0], 5123 * 48);
    for (dir, samples) in recordings.iter().zip(samples) {
        for speaker in Speaker::ALL {
            let track = dir.join(format!("{speaker}.webm"));
            let track = track.to_str().unwrap();
            let Some(plain) = ffmpeg_decode(track, &[]) else { return };
            let Some(filled) = ffmpeg_decode(track, &FILL_HOLES) else {
                return;
            };
            assert_eq!(
                (plain.len(), filled.len()),
                (samples as usize * 2, samples as usize * 2),
                "{track}"
            );
        }
    }
}

#[test]
fn sound_decoded_by_ffmpeg_stands_within_a_millisecond_of_its_session_time() {
    let root = tempfile::tempdir().unwrap();
    for dir in recordings(root.path()) {
        for (speaker, at) in
            [(Speaker::You, ms(200)), (Speaker::Claude, ms(1400)), (Speaker::Guest, ms(3000))]
        {
            let track = dir.join(format!("{speaker}.webm"));
            let Some(bytes) = ffmpeg_decode(track.to_str().unwrap(), &[]) else { return };
            let sound: Vec<i16> =
                bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
            let lag = lag_of(&sweep(4800), &sound, at.samples() as usize);
            println!("{speaker}: {lag} samples");
            assert!(lag.abs() <= 48, "{speaker} stands {lag} samples off");
        }
    }
}

#[test]
fn mkvinfo_walks_the_whole_tree() {
    every_track(|track| {
        let Some(output) = tool("mkvinfo", &["--ui-language", "en_US", "-a", track]) else {
            return;
        };
        let tree = text(&output);
        for part in [
            "Seek head",
            "Codec-inherent delay: 00:00:00.006500000",
            "Seek pre-roll: 00:00:00.080000000",
            "Cues",
            "Discard padding",
        ] {
            assert!(tree.contains(part), "{part} in {tree}");
        }
        let has_complaint =
            tree.contains("Unknown element") || tree.contains("Error") || tree.contains("resync");
        assert!(output.status.success() && !has_complaint, "{tree}");
    });
}

#[test]
fn mediaconch_finds_the_structure_sound() {
    every_track(|track| {
        let Some(output) = tool("mediaconch", &["-mc", "-fs", track]) else { return };
        assert!(text(&output).contains("pass!"), "{}", text(&output));
    });
}

#[test]
fn mkvmerge_reads_the_tracks_without_a_warning() {
    every_track(|track| {
        let Some(output) = tool("mkvmerge", &["-J", track]) else { return };
        let facts: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (&facts["errors"], &facts["warnings"]),
            (&serde_json::json!([]), &serde_json::json!([]))
        );
        assert_eq!(facts["tracks"][0]["codec"], "Opus");
        assert_eq!(facts["container"]["properties"]["title"], "Ada & Grace");
    });
}
