//! What a killed server leaves behind becomes a whole recording.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use voice_studio::conversation::Speaker;
use voice_studio::recording::{
    Closing, GapCause, Manifest, RecordingError, RecordingReady, Recovered, read_events, recover,
};

use super::{ReadTrack, converse, lag_of, memory_dir, ms, recorder, sweep};

type Files = BTreeMap<String, Vec<u8>>;

fn files(dir: &Path) -> Files {
    let entries = fs::read_dir(dir).unwrap().map(Result::unwrap);
    entries
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect()
}

fn restore(dir: &Path, files: &Files) {
    fs::create_dir_all(dir).unwrap();
    for (name, bytes) in files {
        fs::write(dir.join(name), bytes).unwrap();
    }
}

/// The folder of a server killed after `millis`.
fn killed(root: &Path, millis: u64) -> PathBuf {
    let mut recorder = recorder(root);
    converse(&mut recorder, millis);
    recorder.dir().to_owned()
}

fn repair(dir: &Path) -> RecordingReady {
    match recover(dir) {
        Ok(Recovered::Repaired { ready, .. }) => ready,
        other => panic!("{other:?}"),
    }
}

/// What must hold of any repaired folder, and that repairing it again changes nothing.
fn assert_is_whole(ready: &RecordingReady) {
    let dir = &ready.dir;
    for speaker in Speaker::ALL {
        let track = ReadTrack::open(dir, speaker);
        assert_eq!(track.decode().len() as u64, ready.samples, "{speaker}");
        assert_eq!(track.packets.len() as u64, (ready.samples + 312).div_ceil(960), "{speaker}");
    }
    let manifest = Manifest::read(dir).unwrap().unwrap();
    assert!(manifest.recovered && manifest.lost.is_some());
    assert_eq!(
        manifest.tracks.iter().map(|track| track.samples).collect::<Vec<_>>(),
        [ready.samples; 3]
    );
    for name in ["you.vtt", "claude.vtt", "guest.vtt", "episode.vtt"] {
        assert!(fs::read_to_string(dir.join(name)).unwrap().starts_with("WEBVTT\n\n"));
    }
    let events: Vec<_> =
        read_events(&dir.join("events.jsonl")).unwrap().map(Result::unwrap).collect();
    assert!(events.iter().zip(1..).all(|(event, seq)| event.seq == seq));
    assert_eq!(events.last().unwrap().kind, "recording.ready");
    let before = files(dir);
    assert_eq!(recover(dir).unwrap(), Recovered::AlreadyFinished);
    assert_eq!(files(dir), before);
}

#[test]
fn a_killed_recording_loses_less_than_a_second_and_keeps_captions_markers_and_sound() {
    for millis in [1000, 2550, 3333, 5000, 7000] {
        let root = memory_dir();
        let dir = killed(root.path(), millis);
        assert!(!dir.join("session.yml").exists(), "an unfinished folder has no manifest");
        let before = ReadTrack::open(&dir, Speaker::You).packets;
        let ready = repair(&dir);
        assert_is_whole(&ready);
        let kept_ms = ready.samples / 48;
        assert!(millis - kept_ms <= 1000, "killed at {millis} ms, kept {kept_ms} ms");
        assert_eq!(
            ReadTrack::open(&dir, Speaker::You).packets,
            before,
            "packets stay as they were"
        );
        if kept_ms > 4500 {
            let manifest = Manifest::read(&dir).unwrap().unwrap();
            assert_eq!(
                manifest.captions.iter().map(|file| file.cues).collect::<Vec<_>>(),
                [1, 1, 1, 3]
            );
            assert_eq!(manifest.markers[0].label, "cut this?");
            let setup = super::setup(root.path());
            assert_eq!(
                (manifest.session.id, manifest.session.title),
                (setup.session_id, setup.title)
            );
            assert_eq!(manifest.tracks[1].model.as_deref(), Some("claude-test"));
            let guest = ReadTrack::open(&dir, Speaker::Guest).decode();
            assert!(lag_of(&sweep(4800), &guest, ms(3000).samples() as usize).abs() <= 48);
        }
    }
}

/// Cuts one file, or all, at every of many places and repairs the folder.
fn repair_every_cut(whole: &Files, places: usize) {
    let root = memory_dir();
    let mut cuts = 0;
    let mut attempt = |cut_files: Files| {
        let dir = root.path().join(cuts.to_string());
        cuts += 1;
        restore(&dir, &cut_files);
        let ready = repair(&dir);
        assert_is_whole(&ready);
        fs::remove_dir_all(&dir).unwrap();
        ready.samples
    };
    for (name, bytes) in whole {
        for place in 0..places {
            let mut cut_files = whole.clone();
            cut_files.insert(name.clone(), bytes[..bytes.len() * place / places].to_vec());
            attempt(cut_files);
        }
    }
    let mut kept = Vec::new();
    for place in 0..places {
        let cut = |(name, bytes): (&String, &Vec<u8>)| {
            (name.clone(), bytes[..bytes.len() * place / places].to_vec())
        };
        kept.push(attempt(whole.iter().map(cut).collect()));
    }
    assert!(kept.is_sorted(), "a longer file never gives a shorter recording: {kept:?}");
    println!("{cuts} cuts repaired");
}

#[test]
fn every_prefix_of_every_file_of_a_killed_recording_can_be_repaired() {
    let root = memory_dir();
    repair_every_cut(&files(&killed(root.path(), 3400)), 60);
}

#[test]
fn every_prefix_of_every_file_of_a_recording_killed_while_closing_can_be_repaired() {
    let root = memory_dir();
    let mut recorder = recorder(root.path());
    converse(&mut recorder, 2300);
    let ready = recorder.finish(ms(2345), Closing::default()).unwrap();
    let mut whole = files(&ready.dir);
    whole.remove("session.yml");
    repair_every_cut(&whole, 25);
}

#[test]
fn each_byte_around_a_cluster_and_the_head_is_a_good_place_to_be_cut() {
    let root = memory_dir();
    let whole = files(&killed(root.path(), 1500));
    let track = &whole["you.webm"];
    let cluster = [0x1F, 0x43, 0xB6, 0x75];
    let first = track.windows(4).position(|bytes| bytes == cluster).unwrap();
    let second =
        first + 4 + track[first + 4..].windows(4).position(|bytes| bytes == cluster).unwrap();
    for cut in (first - 3..first + 30).chain(second - 3..second + 30) {
        let dir = root.path().join(cut.to_string());
        let mut cut_files = whole.clone();
        cut_files.insert("you.webm".to_owned(), track[..cut].to_vec());
        restore(&dir, &cut_files);
        assert_is_whole(&repair(&dir));
    }
}

#[test]
fn a_damaged_byte_anywhere_still_gives_a_whole_recording() {
    let root = memory_dir();
    let whole = files(&killed(root.path(), 1500));
    for (name, bytes) in &whole {
        for place in 0..40 {
            let dir = root.path().join(format!("{name}-{place}"));
            let mut damaged = bytes.clone();
            damaged[bytes.len() * place / 40] ^= 0xFF;
            let mut files = whole.clone();
            files.insert(name.clone(), damaged);
            restore(&dir, &files);
            let outcome = recover(&dir);
            assert!(
                matches!(outcome, Ok(Recovered::Repaired { .. })),
                "{name} at {place}: {outcome:?}"
            );
            assert!(Manifest::read(&dir).unwrap().unwrap().recovered);
        }
    }
}

/// Found by fuzzing: the recording was refused, and with it the other two tracks.
#[test]
fn a_head_that_tells_another_look_ahead_is_put_right_and_costs_nothing() {
    for damaged in ["you", "claude", "guest"] {
        let root = memory_dir();
        let dir = killed(root.path(), 3_000);
        let path = dir.join(format!("{damaged}.webm"));
        let mut bytes = fs::read(&path).unwrap();
        let head = bytes.windows(8).position(|word| word == b"OpusHead").unwrap();
        bytes[head + 10..head + 12].copy_from_slice(&8504_u16.to_le_bytes());
        fs::write(&path, bytes).unwrap();
        let ready = repair(&dir);
        assert_is_whole(&ready);
        assert!(ready.samples > 2 * 48_000, "{damaged}: {} samples", ready.samples);
        let mended = fs::read(&path).unwrap();
        assert_eq!(mended[head + 10..head + 12], 312_u16.to_le_bytes());
    }
}

/// Found by fuzzing: such a track was called repaired, and no other reader could open it.
#[test]
fn a_damaged_byte_anywhere_in_a_head_costs_no_sound_and_every_reader_opens_the_track() {
    let root = memory_dir();
    let whole = files(&killed(root.path(), 1500));
    let track = &whole["claude.webm"];
    let head = track.windows(4).position(|bytes| bytes == [0x1F, 0x43, 0xB6, 0x75]).unwrap();
    restore(&root.path().join("pilot-2"), &whole);
    let samples = repair(&root.path().join("pilot-2")).samples;
    let packets = ReadTrack::open(&root.path().join("pilot-2"), Speaker::Claude).packets;
    for place in 0..head {
        for flip in [0xFF, 0x01, 0x80] {
            let dir = root.path().join(format!("{place}-{flip}"));
            let mut damaged = whole.clone();
            damaged.get_mut("claude.webm").unwrap()[place] ^= flip;
            restore(&dir, &damaged);
            let ready = repair(&dir);
            assert_is_whole(&ready);
            assert_eq!(ready.samples, samples, "byte {place}");
            assert_eq!(ReadTrack::open(&dir, Speaker::Claude).packets, packets, "byte {place}");
            assert!(!dir.join("claude.webm.part").exists());
            fs::remove_dir_all(&dir).unwrap();
        }
    }
    println!("{head} bytes of a head damaged in three ways");
}

/// Found by fuzzing: the flags of a block say how it is laced, which this project's reader does not look at.
#[test]
fn a_damaged_head_of_a_block_costs_no_sound_and_every_reader_opens_the_track() {
    let root = memory_dir();
    let whole = files(&killed(root.path(), 1500));
    restore(&root.path().join("pilot-3"), &whole);
    let samples = repair(&root.path().join("pilot-3")).samples;
    let packets = ReadTrack::open(&root.path().join("pilot-3"), Speaker::Claude).packets;
    let track = &whole["claude.webm"];
    // Track 1, 40 ms into the first cluster, a keyframe.
    let is_block = |bytes: &[u8]| bytes == [0x81, 0, 40, 0x80];
    let first = track.windows(4).position(is_block).unwrap();
    // And one in the last cluster of a track that was closed already.
    let closed = &files(&root.path().join("pilot-3"))["claude.webm"];
    let last = closed.windows(4).collect::<Vec<_>>().into_iter().rposition(is_block).unwrap();
    for (track, block) in [(track, first), (closed, last)] {
        for flags in 0..=255 {
            let dir = root.path().join(format!("flags-{flags}"));
            let mut damaged = track.clone();
            damaged[block + 3] = flags;
            let mut files = whole.clone();
            files.insert("claude.webm".to_owned(), damaged);
            restore(&dir, &files);
            let ready = repair(&dir);
            assert_is_whole(&ready);
            assert_eq!(ready.samples, samples, "flags {flags:#x}");
            let read = ReadTrack::open(&dir, Speaker::Claude).packets;
            assert_eq!(read, packets, "flags {flags:#x}");
            fs::remove_dir_all(&dir).unwrap();
        }
    }
}

#[test]
fn a_repair_that_was_itself_killed_is_done_again() {
    let root = memory_dir();
    let original = files(&killed(root.path(), 3400));
    let repaired = repair(&root.path().join("pilot"));
    let after = files(&repaired.dir);
    for done in 0..=3 {
        let dir = root.path().join(format!("again-{done}"));
        let mut half_done = original.clone();
        for speaker in &Speaker::ALL[..done] {
            let name = format!("{speaker}.webm");
            half_done.insert(name.clone(), after[&name].clone());
        }
        restore(&dir, &half_done);
        let ready = repair(&dir);
        assert_is_whole(&ready);
        assert_eq!(ready.samples, repaired.samples, "{done} tracks were closed already");
        let again = files(&dir);
        for speaker in Speaker::ALL {
            let name = format!("{speaker}.webm");
            assert_eq!(again[&name], after[&name], "{name}");
        }
    }
}

#[test]
fn a_lost_file_does_not_cost_the_other_tracks_their_sound() {
    let root = memory_dir();
    let whole = files(&killed(root.path(), 12_000));
    for lost in [None, Some(0), Some(100), Some(1000)] {
        let dir = root.path().join(format!("lost-{lost:?}"));
        let mut left = whole.clone();
        let claude = left.remove("claude.webm").unwrap();
        if let Some(bytes) = lost {
            left.insert("claude.webm".to_owned(), claude[..bytes].to_vec());
        }
        restore(&dir, &left);
        let ready = repair(&dir);
        assert_is_whole(&ready);
        assert!(ready.samples > ms(11_000).samples());
        let gaps = &Manifest::read(&dir).unwrap().unwrap().tracks[1].gaps;
        assert_eq!(gaps.len(), 1);
        assert_eq!(gaps[0].cause, GapCause::Crash);
    }
}

#[test]
fn the_command_line_says_what_is_missing_of_each_track() {
    let root = memory_dir();
    let dir = killed(root.path(), 12_000);
    fs::remove_file(dir.join("claude.webm")).unwrap();
    let guest = fs::read(dir.join("guest.webm")).unwrap();
    fs::write(dir.join("guest.webm"), &guest[..1000]).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_studio")).arg("recover").arg(&dir).output();
    let output = output.unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    let manifest = Manifest::read(&dir).unwrap().unwrap();
    let missing = |track: usize| {
        let millis = manifest.tracks[track].gaps[0].len_ms;
        assert!(millis > 10_000, "{millis} ms");
        format!("{}.{} s missing", millis / 1000, millis % 1000 / 100)
    };
    let seconds = manifest.session.samples / 48_000;
    let (claude, guest, folder) = (missing(1), missing(2), dir.display());
    let expected =
        format!("{folder}: repaired, {seconds} s\n  claude: {claude}\n  guest: {guest}\n");
    assert_eq!(said, expected);
    assert_eq!(manifest.tracks[1].gaps[0].len_ms, manifest.session.samples / 48);
}

#[test]
fn a_folder_of_which_only_the_log_is_left_is_still_a_recording() {
    let root = memory_dir();
    let whole = files(&killed(root.path(), 2000));
    let dir = root.path().join("log-only");
    restore(&dir, &Files::from([("events.jsonl".to_owned(), whole["events.jsonl"].clone())]));
    let ready = repair(&dir);
    assert_is_whole(&ready);
    assert_eq!(Manifest::read(&dir).unwrap().unwrap().session.id, "s-7f3a");
}

#[test]
fn a_finished_recording_is_left_as_it_is() {
    let root = memory_dir();
    let mut recorder = recorder(root.path());
    converse(&mut recorder, 1000);
    let ready = recorder.finish(ms(1000), Closing::default()).unwrap();
    let before = files(&ready.dir);
    assert_eq!(recover(&ready.dir).unwrap(), Recovered::AlreadyFinished);
    assert_eq!(files(&ready.dir), before);
}

#[test]
fn a_recording_that_goes_on_is_not_touched() {
    let root = memory_dir();
    let mut recorder = recorder(root.path());
    converse(&mut recorder, 2000);
    let before = files(recorder.dir());
    assert_eq!(recover(recorder.dir()).unwrap_err().code(), "recording_in_use");
    assert_eq!(files(recorder.dir()), before);
    let ready = recorder.finish(ms(2000), Closing::default()).unwrap();
    assert_eq!(ready.samples, ms(2000).samples());
}

#[test]
fn a_folder_without_a_recording_is_refused() {
    let root = memory_dir();
    let error = recover(root.path()).unwrap_err();
    assert!(matches!(error, RecordingError::Damaged { .. }));
    assert_eq!(error.code(), "recording_damaged");
    assert!(files(root.path()).is_empty());
}
