//! The last steps of a recording, the same for one that ends in order and for one that is repaired.
//!
//! Captions, gaps and markers are read from the event log, which holds each of them once; so a repaired folder is made
//! from the same facts by the same code, and a running recording keeps none of them in memory.
//!
//! Order: caption files, the log's last line, the manifest. The manifest is the mark of a finished folder.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::error::{OnPath, RecordingError};
use super::event_log::{EventLine, EventLog, Stamp};
use super::manifest::{
    CaptionFile, CaptionOrigin, Disclosure, LogFile, Lost, Loudness, MANIFEST_FILE, Manifest,
    MarkerEntry, SessionEntry, SpeakerKind, TrackFile, bytes_and_sha256, seconds,
    seconds_of_millis, sha256, write_atomically,
};
use super::noted::{Cut, Gap, Noted};
use super::vtt::{VttHeader, render};
use crate::conversation::{Caption, Speaker};
use crate::time::{SESSION_RATE_HZ, SessionTime};

/// Name of the event log in a recording's folder.
pub const EVENTS_FILE: &str = "events.jsonl";

/// Name of the merged captions in a recording's folder.
pub const EPISODE_CAPTIONS_FILE: &str = "episode.vtt";

const READY_EVENT: &str = "recording.ready";

/// The track's file of a speaker: `you.webm`.
#[must_use]
pub fn track_file(speaker: Speaker) -> String {
    format!("{speaker}.webm")
}

/// The captions' file of a speaker: `you.vtt`.
#[must_use]
pub fn captions_file(speaker: Speaker) -> String {
    format!("{speaker}.vtt")
}

/// What only the session knows at its end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Closing {
    /// When the end is written down.
    pub stamp: Stamp,
    /// How the host's clock was mapped, if it was.
    pub fit: Option<ClockFit>,
    /// Loudness of the tracks, in the order of [`Speaker::ALL`], where the caller measured it; the recorder measures
    /// the others itself.
    pub loudness: [Option<Loudness>; 3],
    /// When listeners were told aloud that AIs take part.
    pub disclosure_spoken_at: Option<SessionTime>,
}

/// The host's clock against session time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClockFit {
    /// Parts per million by which the host's clock ran fast.
    pub skew_ppm: f64,
    /// What the fit leaves, milliseconds; `None` where it was not measured.
    pub residual_ms: Option<f64>,
}

/// A finished recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingReady {
    /// Its folder.
    pub dir: PathBuf,
    /// Its files: tracks, captions, log, manifest.
    pub files: Vec<FileEntry>,
    /// Decoded samples of each track.
    pub samples: u64,
}

/// A file of a finished recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// Name in the folder.
    pub name: String,
    /// Length.
    pub bytes: u64,
    /// SHA-256, lower-case hexadecimal.
    pub sha256: String,
    /// What it is.
    pub kind: FileKind,
}

/// What a file of a recording is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// A speaker's sound.
    Track,
    /// Captions.
    Captions,
    /// The event log.
    Log,
    /// The manifest.
    Manifest,
}

/// Facts of the session that the tracks' heads carry too, so that a repair finds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SessionFacts {
    pub(super) session_id: String,
    /// As asked for; a repair reads it, and a session that goes on begins its next take from it.
    pub(super) episode: String,
    /// The folder's name, which tells takes of one episode apart.
    pub(super) take: String,
    pub(super) title: String,
    pub(super) language: String,
    pub(super) started_unix_ms: u64,
    pub(super) tracks: [TrackSetup; 3],
}

/// One speaker's facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackSetup {
    /// Display name.
    pub name: String,
    /// Human or AI.
    pub kind: SpeakerKind,
    /// What writes the words: an AI's language model, the recogniser that hears a person.
    pub model: Option<String>,
    /// The voice that speaks them.
    pub voice: Option<String>,
}

/// Closes a folder whose tracks are closed.
pub(super) struct Ending<'a> {
    pub(super) dir: &'a Path,
    pub(super) facts: &'a SessionFacts,
    pub(super) samples: u64,
    pub(super) codec_delay_ns: u64,
    pub(super) cut_samples: [u64; 3],
    pub(super) closing: &'a Closing,
    pub(super) lost: Option<Lost>,
    pub(super) recovered: bool,
}

impl Ending<'_> {
    /// Writes captions, the log's last line and the manifest.
    pub(super) fn write(&self, mut log: EventLog) -> Result<RecordingReady, RecordingError> {
        let mut noted = Noted::read(&self.dir.join(EVENTS_FILE))?;
        noted.cut_at(SessionTime::from_samples(self.samples));
        let mut files = Vec::new();
        for speaker in Speaker::ALL {
            files.push(self.file(&track_file(speaker), FileKind::Track)?);
        }
        let captions = self.write_captions(&noted.captions)?;
        for caption in &captions {
            let (name, sha256) = (caption.file.clone(), caption.sha256.clone());
            files.push(FileEntry { name, bytes: caption.bytes, sha256, kind: FileKind::Captions });
        }
        log.append(&self.ready_line(&files))?;
        log.sync()?;
        let events = self.file(EVENTS_FILE, FileKind::Log)?;

        let manifest = self.manifest(&files, captions, &events, log.lines(), noted);
        let bytes = manifest.write(self.dir)?;
        sync_folder(self.dir)?;
        let (name, length) = (MANIFEST_FILE.to_owned(), bytes.len() as u64);
        files.push(events);
        files.push(FileEntry {
            name,
            bytes: length,
            sha256: sha256(&bytes),
            kind: FileKind::Manifest,
        });
        Ok(RecordingReady { dir: self.dir.to_owned(), files, samples: self.samples })
    }

    fn file(&self, name: &str, kind: FileKind) -> Result<FileEntry, RecordingError> {
        let (bytes, sha256) = bytes_and_sha256(&self.dir.join(name))?;
        Ok(FileEntry { name: name.to_owned(), bytes, sha256, kind })
    }

    fn write_captions(&self, captions: &[Caption]) -> Result<Vec<CaptionFile>, RecordingError> {
        let mut written = Vec::new();
        for speaker in Speaker::ALL {
            let own: Vec<Caption> =
                captions.iter().filter(|caption| caption.speaker == speaker).cloned().collect();
            let origin =
                if speaker.ai().is_some() { CaptionOrigin::Engine } else { CaptionOrigin::Asr };
            let name = &self.facts.tracks[speaker.index()].name;
            written.push(self.write_vtt(captions_file(speaker), name, &own, origin)?);
        }
        let merged = EPISODE_CAPTIONS_FILE.to_owned();
        written.push(self.write_vtt(merged, &self.facts.title, captions, CaptionOrigin::Mixed)?);
        Ok(written)
    }

    fn write_vtt(
        &self,
        file: String,
        track: &str,
        captions: &[Caption],
        origin: CaptionOrigin,
    ) -> Result<CaptionFile, RecordingError> {
        let (session_id, language) = (self.facts.session_id.as_str(), self.facts.language.as_str());
        let names = self.facts.tracks.each_ref().map(|track| track.name.as_str());
        let end = SessionTime::from_samples(self.samples);
        let vtt = render(VttHeader { track, session_id, language }, names, captions, end);
        write_atomically(&self.dir.join(&file), vtt.text.as_bytes())?;
        let (bytes, sha256) = (vtt.text.len() as u64, sha256(vtt.text.as_bytes()));
        Ok(CaptionFile {
            file,
            origin,
            language: language.to_owned(),
            cues: vtt.cues,
            bytes,
            sha256,
        })
    }

    fn ready_line(&self, files: &[FileEntry]) -> EventLine {
        let list = files.iter().map(|file| {
            json!({ "name": file.name, "bytes": file.bytes, "sha256": file.sha256, "kind": file.kind })
        });
        let fields = Map::from_iter([
            ("files".to_owned(), Value::Array(list.collect())),
            ("samples".to_owned(), self.samples.into()),
            ("recovered".to_owned(), self.recovered.into()),
            ("lost".to_owned(), json!(self.lost)),
        ]);
        let Stamp { timestamp_ms, t } = self.closing.stamp;
        EventLine { timestamp_ms, t, now: None, at: None, kind: READY_EVENT, fields }
    }

    fn manifest(
        &self,
        files: &[FileEntry],
        captions: Vec<CaptionFile>,
        events: &FileEntry,
        lines: u64,
        noted: Noted,
    ) -> Manifest {
        let facts = self.facts;
        let gaps_of = |speaker| {
            noted.gaps.iter().filter(|gap| gap.speaker == speaker).map(Gap::entry).collect()
        };
        let track = |speaker: Speaker| {
            let setup = &facts.tracks[speaker.index()];
            let file = &files[speaker.index()];
            let fit = self.closing.fit.filter(|_| speaker == Speaker::You);
            TrackFile {
                file: file.name.clone(),
                speaker,
                name: setup.name.clone(),
                kind: setup.kind,
                model: setup.model.clone(),
                voice: setup.voice.clone(),
                samples: self.samples,
                codec_delay_ns: self.codec_delay_ns,
                bytes: file.bytes,
                sha256: file.sha256.clone(),
                skew_ppm: fit.map(|fit| to_thousandths(fit.skew_ppm)),
                residual_ms: fit.and_then(|fit| fit.residual_ms).map(to_thousandths),
                cut_samples: self.cut_samples[speaker.index()],
                gaps: gaps_of(speaker),
                loudness: self.closing.loudness[speaker.index()],
            }
        };
        let marker = |(at, label): (SessionTime, String)| MarkerEntry { at_s: seconds(at), label };
        Manifest {
            session: SessionEntry {
                id: facts.session_id.clone(),
                episode: facts.episode.clone(),
                take: facts.take.clone(),
                title: facts.title.clone(),
                language: facts.language.clone(),
                started_utc: utc(facts.started_unix_ms),
                clock: "server-monotonic".to_owned(),
                sample_rate: SESSION_RATE_HZ,
                samples: self.samples,
                continues: noted.continues,
                sound_check: noted.sound_check,
            },
            tracks: Speaker::ALL.map(track).into(),
            captions,
            log: LogFile {
                file: events.name.clone(),
                events: lines,
                bytes: events.bytes,
                sha256: events.sha256.clone(),
            },
            markers: noted.markers.into_iter().map(marker).collect(),
            cuts: noted.cuts.into_iter().map(Cut::entry).collect(),
            services: noted.services.entries(),
            disclosure: Disclosure {
                ai_content: facts.tracks.iter().any(|track| track.kind == SpeakerKind::Ai),
                spoken_at_s: self.closing.disclosure_spoken_at.map(seconds),
            },
            recovered: self.recovered,
            lost: self.lost.clone(),
        }
    }
}

/// Lost time from the end of the tracks to the last fact of the log.
pub(super) fn lost_after(samples: u64, last: SessionTime) -> Lost {
    let end = SessionTime::from_samples(samples);
    Lost { from_s: seconds_of_millis(end.millis()), len_ms: last.since(end).millis() }
}

/// As many digits as a measurement has. Adding zero turns minus zero, which puzzles whoever reads it, into plus zero.
fn to_thousandths(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0 + 0.0
}

fn utc(unix_ms: u64) -> String {
    let timestamp = i64::try_from(unix_ms)
        .ok()
        .and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok());
    timestamp.unwrap_or_default().to_string()
}

/// Makes the names of a folder's files durable, not only their contents.
fn sync_folder(dir: &Path) -> Result<(), RecordingError> {
    File::open(dir).on("open folder", dir)?.sync_all().on("write to the disk", dir)
}
