//! `session.yml`: what a recording is, who spoke, and whether its files are what they were.
//!
//! It is written last and in one step, so a folder that has it is a finished folder.
//! Units: `_s` seconds, `_ms` milliseconds, `samples` at 48 kHz; hashes are SHA-256 in lower-case hexadecimal.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::{OnPath, RecordingError};
use super::services_used::ServiceEntry;
use super::sound_check::SoundCheckEntry;
use crate::conversation::Speaker;
use crate::hex::hex;
use crate::time::SessionTime;

/// Name of the manifest in a recording's folder.
pub const MANIFEST_FILE: &str = "session.yml";

/// The whole manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The session itself.
    pub session: SessionEntry,
    /// The three tracks, in the order of [`Speaker::ALL`].
    pub tracks: Vec<TrackFile>,
    /// Caption files: one a speaker, then the merged one.
    pub captions: Vec<CaptionFile>,
    /// The event log.
    pub log: LogFile,
    /// Marked moments, in the order they were marked.
    pub markers: Vec<MarkerEntry>,
    /// Stretches that were struck while the session ran: all tracks and captions still hold them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cuts: Vec<CutEntry>,
    /// What services were used, and what that cost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceEntry>,
    /// What listeners must be told.
    pub disclosure: Disclosure,
    /// Whether the folder was left unfinished and repaired.
    pub recovered: bool,
    /// What a repair could not bring back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<Lost>,
}

/// Facts of the session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionEntry {
    /// Session id.
    pub id: String,
    /// Episode id as asked for; the folder may be a numbered take of it.
    pub episode: String,
    /// The folder it was recorded into; empty in files that were written before this was noted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub take: String,
    /// The episode's title.
    pub title: String,
    /// BCP 47 tag.
    pub language: String,
    /// ISO 8601, UTC.
    pub started_utc: String,
    /// Which clock session time follows.
    pub clock: String,
    /// Samples a second of every track.
    pub sample_rate: u32,
    /// Decoded samples of every track.
    pub samples: u64,
    /// The take that this one goes on from, if the studio died in between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues: Option<ContinuesEntry>,
    /// What the host's sound check measured before, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sound_check: Option<SoundCheckEntry>,
}

/// The take before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContinuesEntry {
    /// Its folder.
    #[serde(alias = "episodeId")]
    pub episode: String,
    /// Its session.
    #[serde(alias = "sessionId")]
    pub session_id: String,
    /// From the end of its sound to the start of this one, by the wall clock.
    #[serde(alias = "gapMs")]
    pub gap_ms: u64,
}

/// One track.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackFile {
    /// File name.
    pub file: String,
    /// Whose.
    pub speaker: Speaker,
    /// Display name.
    pub name: String,
    /// Human or AI.
    pub kind: SpeakerKind,
    /// What wrote the words: an AI's language model, the recogniser that heard a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The voice that spoke them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// Decoded samples.
    pub samples: u64,
    /// What decoders drop at the start.
    pub codec_delay_ns: u64,
    /// File length.
    pub bytes: u64,
    /// File hash.
    pub sha256: String,
    /// Clock difference that was taken out, parts per million.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skew_ppm: Option<f64>,
    /// What the fit leaves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residual_ms: Option<f64>,
    /// Samples that came for a place already written and were left out.
    pub cut_samples: u64,
    /// Holes filled with silence that were not pauses of the speaker.
    pub gaps: Vec<GapEntry>,
    /// Measured loudness of the track as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loudness: Option<Loudness>,
}

/// Who is behind a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpeakerKind {
    /// A person.
    Human,
    /// A synthetic voice.
    Ai,
}

/// One hole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GapEntry {
    /// Where it begins.
    pub at_s: f64,
    /// How long it is.
    pub len_ms: u64,
    /// Why.
    pub cause: GapCause,
    /// What fills it: always `silence`.
    pub filled: String,
}

/// Why sound is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GapCause {
    /// Packets did not arrive.
    Network,
    /// The capture device stood still.
    Stall,
    /// The microphone was off.
    Mute,
    /// The speaker was not connected.
    Absent,
    /// The server stopped before the sound was written.
    Crash,
}

/// Loudness of a track (ITU-R BS.1770).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loudness {
    /// Integrated, LUFS.
    pub integrated: f64,
    /// Highest true peak, dBTP.
    pub true_peak: f64,
    /// Loudness range, LU.
    pub range: f64,
}

/// One caption file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaptionFile {
    /// File name.
    pub file: String,
    /// Where its words come from.
    pub origin: CaptionOrigin,
    /// BCP 47 tag.
    pub language: String,
    /// How many cues it has.
    pub cues: usize,
    /// File length.
    pub bytes: u64,
    /// File hash.
    pub sha256: String,
}

/// Where captions come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CaptionOrigin {
    /// Recognised speech.
    Asr,
    /// The text the voice was given.
    Engine,
    /// Both, in the merged file.
    Mixed,
}

/// The event log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogFile {
    /// File name.
    pub file: String,
    /// Lines.
    pub events: u64,
    /// File length.
    pub bytes: u64,
    /// File hash.
    pub sha256: String,
}

/// One marked moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MarkerEntry {
    /// When.
    pub at_s: f64,
    /// What it is called.
    pub label: String,
}

/// One stretch to be cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutEntry {
    /// Where it begins.
    pub from_ms: u64,
    /// Where it ends.
    pub to_ms: u64,
    /// What was meant: `last-turn`, `seconds`, or `spoken` by the host.
    pub scope: String,
    /// Turns of which something is in it, as captions and log name them.
    pub turns: Vec<u32>,
}

/// What listeners must be told (Apple asks for it in the audio and in the metadata).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Disclosure {
    /// Whether an AI performs in it.
    pub ai_content: bool,
    /// When it was said aloud, if it was.
    pub spoken_at_s: Option<f64>,
}

/// What a repair could not bring back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lost {
    /// Where the recovered tracks end.
    pub from_s: f64,
    /// From there to the last fact in the log.
    pub len_ms: u64,
}

/// A file as the manifest has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedFile<'a> {
    /// Its name in the folder.
    pub name: &'a str,
    /// Its length.
    pub bytes: u64,
    /// Its hash.
    pub sha256: &'a str,
}

impl Manifest {
    /// Reads a folder's manifest; `None` if there is none.
    ///
    /// # Errors
    /// [`RecordingError::File`] if it cannot be read, [`RecordingError::Text`] if it is no manifest.
    pub fn read(dir: &Path) -> Result<Option<Self>, RecordingError> {
        let path = dir.join(MANIFEST_FILE);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.on("read", &path)?,
        };
        serde_saphyr::from_str(&text).map(Some).map_err(|error| RecordingError::Text {
            what: "the manifest",
            reason: error.to_string(),
        })
    }

    /// The files it vouches for: tracks, captions, log.
    pub fn files(&self) -> impl Iterator<Item = ListedFile<'_>> {
        let tracks = self.tracks.iter().map(|it| (&it.file, it.bytes, &it.sha256));
        let captions = self.captions.iter().map(|it| (&it.file, it.bytes, &it.sha256));
        let log = (&self.log.file, self.log.bytes, &self.log.sha256);
        let files = tracks.chain(captions).chain([log]);
        files.map(|(name, bytes, sha256)| ListedFile { name, bytes, sha256 })
    }

    /// Writes the folder's manifest in one step and returns its bytes.
    ///
    /// # Errors
    /// [`RecordingError::File`], [`RecordingError::Text`].
    pub fn write(&self, dir: &Path) -> Result<Vec<u8>, RecordingError> {
        let text = serde_saphyr::to_string(self).map_err(|error| RecordingError::Text {
            what: "the manifest",
            reason: error.to_string(),
        })?;
        write_atomically(&dir.join(MANIFEST_FILE), text.as_bytes())?;
        Ok(text.into_bytes())
    }
}

/// A session time in seconds, exact to the millisecond.
pub(super) fn seconds(time: SessionTime) -> f64 {
    seconds_of_millis(time.millis())
}

/// Milliseconds in seconds.
#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 ms, which is 285 000 years")]
pub(super) fn seconds_of_millis(millis: u64) -> f64 {
    millis as f64 / 1000.0
}

/// Puts a file in place whole or not at all, durably.
pub(super) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), RecordingError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    let mut file = File::create(&part).on("create", &part)?;
    file.write_all(bytes).on("write", &part)?;
    file.sync_all().on("write to the disk", &part)?;
    fs::rename(&part, path).on("rename to", path)
}

/// Length and SHA-256 of a file.
pub(super) fn bytes_and_sha256(path: &Path) -> Result<(u64, String), RecordingError> {
    let mut file = File::open(path).on("open", path)?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; 64 * 1024];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut chunk).on("read", path)?;
        if read == 0 {
            return Ok((bytes, hex(&hash.finalize())));
        }
        hash.update(&chunk[..read]);
        bytes += read as u64;
    }
}

/// SHA-256 of bytes in memory.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
