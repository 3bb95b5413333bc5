//! The recording: what a producer finds in the folder, and what a crash leaves to be found.
//!
//! `foreign` lets tools that nobody here wrote judge the files; the others use a reader of their own.
#![cfg(test)] // says to clippy what cargo knows: helpers here may fail loudly, too
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "the numbers of these tests are small"
)]

mod captions;
pub(crate) mod foreign;
mod log;
mod manifest;
mod repair;
mod thread;
mod tracks;
mod verification;

use std::fs::File;
use std::path::Path;

use matroska_demuxer::{Frame, MatroskaFile};
use voice_studio::conversation::{Caption, CaptionWord, Speaker, TurnId};
use voice_studio::recording::{
    EpisodeId, EpisodeRecorder, EpisodeSetup, EventLine, SpeakerKind, Stamp, TrackSetup,
};
use voice_studio::time::SessionTime;

/// 2026-11-21T04:00:00Z.
const STARTED_UNIX_MS: u64 = 1_795_233_600_000;

fn ms(millis: u64) -> SessionTime {
    SessionTime::from_millis(millis)
}

fn stamp(millis: u64) -> Stamp {
    Stamp { timestamp_ms: STARTED_UNIX_MS + millis, t: ms(millis) }
}

/// A folder in memory where there is one: hundreds of repairs would otherwise wait for the disk, thousands of times.
pub(crate) fn memory_dir() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn setup(root: &Path) -> EpisodeSetup {
    let track = |name: &str, kind, model: Option<&str>, voice: Option<&str>| TrackSetup {
        name: name.to_owned(),
        kind,
        model: model.map(str::to_owned),
        voice: voice.map(str::to_owned),
    };
    EpisodeSetup {
        root: root.to_owned(),
        episode: EpisodeId::parse("pilot").unwrap(),
        session_id: "s-7f3a".to_owned(),
        title: "Ada & Grace".to_owned(),
        language: "en".to_owned(),
        started_unix_ms: STARTED_UNIX_MS,
        tracks: [
            track("Ünï", SpeakerKind::Human, None, None),
            track("Ada", SpeakerKind::Ai, Some("claude-test"), Some("slt")),
            track("Grace", SpeakerKind::Ai, Some("guest-test"), Some("rms")),
        ],
    }
}

fn recorder(root: &Path) -> EpisodeRecorder {
    EpisodeRecorder::create(setup(root)).unwrap()
}

/// A rising tone from 400 Hz to 2.8 kHz: its place in a decoded track can be found to the sample.
fn sweep(samples: usize) -> Vec<i16> {
    let length = samples as f64;
    let sample = |index: usize| {
        let position = index as f64 / length;
        let cycles = (400.0 * position + 1200.0 * position * position) * length / 48_000.0;
        (12_000.0 * (std::f64::consts::TAU * cycles).sin()).round() as i16
    };
    (0..samples).map(sample).collect()
}

/// How many samples later than `expected` the `sound` stands in `track`: the best of ±20 ms.
fn lag_of(sound: &[i16], track: &[i16], expected: usize) -> i64 {
    let likeness = |lag: &i64| -> i64 {
        let pairs = sound.iter().enumerate().step_by(3);
        pairs
            .map(|(index, sample)| {
                let place = expected as i64 + index as i64 + lag;
                let heard = usize::try_from(place)
                    .ok()
                    .and_then(|place| track.get(place))
                    .copied()
                    .unwrap_or(0);
                i64::from(*sample) * i64::from(heard)
            })
            .sum()
    };
    (-960..=960).max_by_key(likeness).unwrap()
}

/// Loudest sample of a span.
fn peak(track: &[i16], from: SessionTime, to: SessionTime) -> i32 {
    let span = from.samples() as usize..to.samples() as usize;
    track[span].iter().map(|sample| i32::from(*sample).abs()).max().unwrap_or(0)
}

/// A track as the independent reader sees it.
pub(crate) struct ReadTrack {
    file: MatroskaFile<File>,
    pub(crate) packets: Vec<Vec<u8>>,
    timestamps: Vec<u64>,
}

impl ReadTrack {
    pub(crate) fn open(dir: &Path, speaker: Speaker) -> Self {
        let mut file =
            MatroskaFile::open(File::open(dir.join(format!("{speaker}.webm"))).unwrap()).unwrap();
        let (mut packets, mut timestamps) = (Vec::new(), Vec::new());
        let mut frame = Frame::default();
        while file.next_frame(&mut frame).unwrap() {
            packets.push(std::mem::take(&mut frame.data));
            timestamps.push(frame.timestamp);
        }
        Self { file, packets, timestamps }
    }

    /// Opens a file that ends anywhere.
    fn open_cut(dir: &Path, speaker: Speaker) -> Self {
        let mut file =
            MatroskaFile::open(File::open(dir.join(format!("{speaker}.webm"))).unwrap()).unwrap();
        let (mut packets, mut timestamps) = (Vec::new(), Vec::new());
        let mut frame = Frame::default();
        while let Ok(true) = file.next_frame(&mut frame) {
            packets.push(std::mem::take(&mut frame.data));
            timestamps.push(frame.timestamp);
        }
        Self { file, packets, timestamps }
    }

    pub(crate) fn samples(&self) -> u64 {
        self.file.info().duration().unwrap() as u64 * 48
    }

    /// Decodes the packets, drops the look-ahead and what is after the end.
    fn decode(&self) -> Vec<i16> {
        let mut decoder = opus::Decoder::new(48_000, opus::Channels::Mono).unwrap();
        let mut sound = Vec::new();
        let mut frame = [0; 5760];
        for packet in &self.packets {
            let samples = decoder.decode(packet, &mut frame, false).unwrap();
            sound.extend_from_slice(&frame[..samples]);
        }
        let delay_ns = self.file.tracks()[0].codec_delay().unwrap();
        sound.drain(..(delay_ns * 48 / 1_000_000) as usize);
        let samples = self.samples() as usize;
        assert!(
            sound.len() >= samples && sound.len() - samples < 960,
            "the end is within the last packet"
        );
        sound.truncate(samples);
        sound
    }
}

/// The files of a short recording whose process died.
pub(crate) fn unfinished_recording() -> std::collections::BTreeMap<String, Vec<u8>> {
    let root = memory_dir();
    let mut recorder = recorder(root.path());
    converse(&mut recorder, 3_000);
    let files = std::fs::read_dir(recorder.dir()).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, std::fs::read(path).unwrap())
    });
    files.collect()
}

pub(crate) fn decode(dir: &Path, speaker: Speaker) -> Vec<i16> {
    ReadTrack::open(dir, speaker).decode()
}

/// A final caption; its words get the given times in milliseconds.
fn caption(id: u32, speaker: Speaker, words: &[(&str, u64, u64)]) -> Caption {
    let text = words.iter().map(|(text, ..)| *text).collect::<Vec<_>>().join(" ");
    let words: Vec<CaptionWord> = words
        .iter()
        .map(|(text, start, end)| CaptionWord {
            text: (*text).to_owned(),
            start: ms(*start),
            end: ms(*end),
        })
        .collect();
    Caption {
        id,
        speaker,
        turn: TurnId(id),
        text,
        pending: String::new(),
        is_final: true,
        start: words.first().map_or(SessionTime::ZERO, |word| word.start),
        end: words.last().map_or(SessionTime::ZERO, |word| word.end),
        words,
        estimated: false,
        cut: false,
    }
}

fn event(millis: u64, kind: &'static str, fields: serde_json::Value) -> EventLine {
    let serde_json::Value::Object(fields) = fields else { panic!("fields are an object") };
    EventLine {
        timestamp_ms: STARTED_UNIX_MS + millis,
        t: ms(millis),
        now: None,
        at: None,
        kind,
        fields,
    }
}

/// A short conversation with pauses, an interruption, captions, a marker and a gap, up to `millis`, in steps of 100 ms
/// with a watermark that trails by 400 ms; not finished.
fn converse(recorder: &mut EpisodeRecorder, millis: u64) {
    let sound = sweep(4800);
    let start = event(0, "session.start", serde_json::json!({ "episodeId": "pilot" }));
    recorder.event(&start).unwrap();
    for now in (0..millis).step_by(100) {
        let speaker = match now {
            200..1000 => Some(Speaker::You),
            1400..2600 => Some(Speaker::Claude),
            3000..4400 => Some(Speaker::Guest),
            _ => None,
        };
        if let Some(speaker) = speaker {
            recorder.audio(speaker, ms(now), &sound);
        }
        match now {
            1000 => recorder.caption(
                stamp(now),
                &caption(1, Speaker::You, &[("What", 200, 500), ("rain?", 500, 950)]),
            ),
            2600 => recorder.caption(
                stamp(now),
                &caption(2, Speaker::Claude, &[("It", 1400, 1500), ("rains.", 1500, 2590)]),
            ),
            2800 => recorder.marker(stamp(now), "cut this?", ms(2700)),
            4400 => {
                recorder.caption(stamp(now), &caption(3, Speaker::Guest, &[("Often.", 3000, 4390)]))
            }
            _ => Ok(()),
        }
        .unwrap();
        recorder.advance(ms(now.saturating_sub(400))).unwrap();
    }
}
