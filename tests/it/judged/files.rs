//! The files of whole sessions, judged by tools that nobody here wrote.

use std::path::Path;
use std::process::Command;

use super::sessions;
use crate::recording::foreign::{FILL_HOLES, ffmpeg_decode, text, tool};

const TRACKS: [&str; 3] = ["you.webm", "claude.webm", "guest.webm"];

#[test]
fn the_three_tracks_decode_to_the_same_length_whether_holes_are_filled_or_not() {
    for held in sessions() {
        let mut lengths = Vec::new();
        for track in TRACKS {
            let track = held.dir.join(track);
            for filter in [&[] as &[&str], &FILL_HOLES] {
                let Some(bytes) = ffmpeg_decode(track.to_str().unwrap(), filter) else { return };
                lengths.push(bytes.len());
            }
        }
        assert!(lengths[0] > 48_000, "{}: {lengths:?}", held.plan.episode);
        assert!(lengths.iter().all(|length| *length == lengths[0]), "{lengths:?}");
    }
}

#[test]
fn mkvinfo_and_ffprobe_accept_every_track() {
    for held in sessions() {
        for track in TRACKS {
            let track = held.dir.join(track);
            let track = track.to_str().unwrap();
            let Some(output) = tool("mkvinfo", &["--ui-language", "en_US", "-a", track]) else {
                return;
            };
            let tree = text(&output);
            let complaint = ["Unknown element", "Error", "resync"]
                .into_iter()
                .find(|complaint| tree.contains(complaint));
            assert!(output.status.success() && complaint.is_none(), "{track}: {complaint:?}");
            let entries = "stream=codec_name,sample_rate,channels";
            let arguments = ["-v", "error", "-show_entries", entries, "-of", "csv=p=0", track];
            let Some(output) = tool("ffprobe", &arguments) else { return };
            assert_eq!(text(&output).trim(), "opus,48000,1", "{track}");
        }
    }
}

#[test]
fn the_validators_parser_accepts_every_caption_file() {
    let conformance = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    if !conformance.join("node_modules").is_dir() {
        println!("skipped: run `npm ci` in tests/conformance to check captions with webvtt-parser");
        return;
    }
    let mut command = Command::new("node");
    command.arg(conformance.join("vttcheck.mjs"));
    let files = ["you.vtt", "claude.vtt", "guest.vtt", "episode.vtt"];
    for held in sessions() {
        command.args(files.map(|file| held.dir.join(file)));
    }
    let output = command.output().expect("node runs: ./dev installs it");
    assert!(output.status.success(), "{}", text(&output));
}
