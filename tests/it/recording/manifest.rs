//! The manifest: what was recorded, and whether the files still are what they were.

use std::fs;

use sha2::{Digest, Sha256};
use voice_studio::conversation::Speaker;
use voice_studio::recording::{
    ClockFit, Closing, EpisodeRecorder, Gap, GapCause, Loudness, Manifest, recover,
};
use voice_studio::time::Span;

use super::{converse, ms, recorder, setup, stamp};

#[test]
fn it_holds_the_facts_of_the_session_and_the_hash_of_every_file() {
    let root = tempfile::tempdir().unwrap();
    let mut recorder = recorder(root.path());
    converse(&mut recorder, 5000);
    let length = Span::from_millis(120);
    let gap = Gap { speaker: Speaker::You, at: ms(1200), length, cause: GapCause::Network };
    recorder.gap(stamp(1400), &gap).unwrap();
    let loudness = Loudness { integrated: -20.1, true_peak: -3.2, range: 7.9 };
    let closing = Closing {
        stamp: stamp(5000),
        fit: Some(ClockFit { skew_ppm: 41.2, residual_ms: Some(0.8) }),
        loudness: [Some(loudness), None, None],
        disclosure_spoken_at: Some(ms(4200)),
    };
    let ready = recorder.finish(ms(5000), closing).unwrap();
    let manifest = Manifest::read(&ready.dir).unwrap().unwrap();

    assert_eq!(manifest.session.started_utc, "2026-11-21T04:00:00Z");
    assert_eq!((manifest.session.samples, manifest.session.sample_rate), (240_000, 48_000));
    assert_eq!((manifest.recovered, manifest.lost), (false, None));
    let [you, claude, _] = &manifest.tracks[..] else { panic!("three tracks") };
    assert_eq!(
        (you.skew_ppm, you.residual_ms, you.loudness),
        (Some(41.2), Some(0.8), Some(loudness))
    );
    assert_eq!((you.codec_delay_ns, you.gaps[0].at_s, you.gaps[0].len_ms), (6_500_000, 1.2, 120));
    assert_eq!(
        (claude.skew_ppm, claude.voice.as_deref(), claude.gaps.len()),
        (None, Some("slt"), 0)
    );
    assert_eq!((manifest.markers[0].at_s, manifest.markers[0].label.as_str()), (2.7, "cut this?"));
    assert_eq!(
        (manifest.disclosure.ai_content, manifest.disclosure.spoken_at_s),
        (true, Some(4.2))
    );

    let expected = [
        "you.webm",
        "claude.webm",
        "guest.webm",
        "you.vtt",
        "claude.vtt",
        "guest.vtt",
        "episode.vtt",
        "events.jsonl",
        "session.yml",
    ];
    assert_eq!(ready.files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), expected);
    assert_eq!(
        fs::read_dir(&ready.dir).unwrap().count(),
        expected.len(),
        "and nothing else is in the folder"
    );
    let noted = manifest.tracks.iter().map(|file| &file.sha256);
    let noted = noted
        .chain(manifest.captions.iter().map(|file| &file.sha256))
        .chain([&manifest.log.sha256]);
    for (file, noted) in ready.files.iter().zip(noted.chain([&ready.files[8].sha256])) {
        let bytes = fs::read(ready.dir.join(&file.name)).unwrap();
        let hash: String =
            Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            (&file.sha256, file.bytes, noted),
            (&hash, bytes.len() as u64, &hash),
            "{}",
            file.name
        );
    }
}

#[test]
fn a_take_is_told_from_the_others_of_its_episode_wherever_its_files_go() {
    let root = tempfile::tempdir().unwrap();
    let takes = ["pilot", "pilot-2"].map(|take| {
        let ready = recorder(root.path()).finish(ms(20), Closing::default()).unwrap();
        let session = Manifest::read(&ready.dir).unwrap().unwrap().session;
        assert_eq!((session.episode.as_str(), session.take.as_str()), ("pilot", take));
        ready.dir
    });
    let moved = root.path().join("moved");
    fs::rename(&takes[1], &moved).unwrap();
    fs::remove_file(moved.join("session.yml")).unwrap();
    recover(&moved).unwrap();
    let session = Manifest::read(&moved).unwrap().unwrap().session;
    assert_eq!((session.episode.as_str(), session.take.as_str()), ("pilot", "pilot-2"));

    let old = fs::read_to_string(takes[0].join("session.yml")).unwrap();
    fs::write(takes[0].join("session.yml"), old.replace("  take: pilot\n", "")).unwrap();
    assert_eq!(Manifest::read(&takes[0]).unwrap().unwrap().session.take, "", "it did not say");
}

#[test]
fn names_of_every_kind_come_back_as_they_were() {
    let texts = [
        "A&B",
        "<script>",
        "",
        "x: y",
        "- a",
        "'\"",
        "nul\0",
        "two\nlines\n",
        "\u{202E}rtl",
        "yes",
        "0x1F",
        "~",
        "#no",
    ];
    for text in texts {
        let root = tempfile::tempdir().unwrap();
        let mut setup = setup(root.path());
        setup.title = text.to_owned();
        setup.session_id = text.to_owned();
        setup.tracks[1].name = text.to_owned();
        setup.tracks[1].model = Some(text.to_owned());
        let mut recorder = EpisodeRecorder::create(setup).unwrap();
        recorder.marker(stamp(0), text, ms(0)).unwrap();
        let ready = recorder.finish(ms(20), Closing::default()).unwrap();
        let manifest = Manifest::read(&ready.dir).unwrap().unwrap();
        let track = &manifest.tracks[1];
        assert_eq!((manifest.session.title.as_str(), manifest.session.id.as_str()), (text, text));
        assert_eq!((track.name.as_str(), track.model.as_deref()), (text, Some(text)));
        assert_eq!(manifest.markers[0].label, text);
    }
}
