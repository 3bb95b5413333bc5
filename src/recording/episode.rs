//! A recording while it happens.
//!
//! [`EpisodeRecorder`] owns a take's folder: three tracks and the event log grow in it; captions and the manifest are
//! written at the end, from the log. All calls block on the disk, so it lives on a writer thread, never on an arbiter.
//!
//! Captions, gaps and markers go to the event log in the same call that takes them, and to nowhere else before the end:
//! one line each, safe from a crash as soon as the call returns, and no second copy that could disagree. Their `.vtt`
//! files are rendered from the log, by a repair exactly as by an orderly end.
//!
//! Invariants: the tracks always have the same number of packets; a folder is never opened twice.
//! Does not resample, does not read a clock, does not know sockets or actors.

use std::path::{Path, PathBuf};

use super::capture::Capture;
use super::closing::{
    Closing, EVENTS_FILE, Ending, RecordingReady, SessionFacts, TrackSetup, track_file,
};
use super::error::RecordingError;
use super::event_log::{EventLine, EventLog, Stamp};
use super::folder::{EpisodeId, create_take, folder_name};
use super::head::{TrackHeader, samples_to_ns};
use super::language::iso_639_2;
use super::manifest::{SpeakerKind, sha256};
use super::noted::{Gap, caption_line, gap_line, marker_line};
use super::space;
use super::track::Track;
use crate::conversation::{Caption, Speaker};
use crate::time::{SAMPLES_PER_MS, SessionTime, Span};

/// How often data is made durable: what a power cut may take with it.
pub const SYNC_INTERVAL: Span = Span::from_millis(5_000);

/// What must be known to begin a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpisodeSetup {
    /// The recordings folder.
    pub root: PathBuf,
    /// The episode.
    pub episode: EpisodeId,
    /// The session.
    pub session_id: String,
    /// The episode's title.
    pub title: String,
    /// BCP 47 tag of the spoken language.
    pub language: String,
    /// When the session began, Unix milliseconds.
    pub started_unix_ms: u64,
    /// The speakers, in the order of [`Speaker::ALL`].
    pub tracks: [TrackSetup; 3],
}

/// See the module's text.
#[derive(Debug)]
pub struct EpisodeRecorder {
    dir: PathBuf,
    facts: SessionFacts,
    tracks: [Track; 3],
    log: EventLog,
    capture: Capture,
    last_stamp: Stamp,
    synced_until: SessionTime,
}

impl EpisodeRecorder {
    /// Creates the folder of the episode's next take, with its tracks and its log.
    ///
    /// # Errors
    /// [`RecordingError::File`] if a folder or file cannot be created, [`RecordingError::TakesExhausted`],
    /// [`RecordingError::Encode`] if there is no encoder.
    pub fn create(setup: EpisodeSetup) -> Result<Self, RecordingError> {
        let EpisodeSetup { root, episode, session_id, title, language, started_unix_ms, tracks } =
            setup;
        // Looked at in the folder around it where that is there: a new take begins with room to end in.
        if let Err(free_bytes) = space::check(&root) {
            return Err(RecordingError::SpaceOut { dir: root, free_bytes });
        }
        let dir = create_take(&root, &episode)?;
        let facts = SessionFacts {
            session_id,
            episode: episode.to_string(),
            take: folder_name(&dir),
            title,
            language,
            started_unix_ms,
            tracks,
        };
        let log = EventLog::create(&dir.join(EVENTS_FILE), &facts.session_id)?;
        let track = |speaker: Speaker| {
            Track::create(&dir.join(track_file(speaker)), speaker, facts.header(speaker))
        };
        let [you, claude, guest] = Speaker::ALL.map(track);
        let tracks = [you?, claude?, guest?];
        Ok(Self {
            dir,
            facts,
            tracks,
            log,
            capture: Capture::default(),
            last_stamp: Stamp::default(),
            synced_until: SessionTime::ZERO,
        })
    }

    /// The take's folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What tracks and log have come to so far.
    pub(super) fn bytes(&self) -> u64 {
        self.tracks.iter().map(Track::bytes).sum::<u64>() + self.log.bytes()
    }

    /// Places 48 kHz mono sound of one speaker at session time `at`. A speaker's stretches come in order; a hole before
    /// one is silence. A start within [`super::JOIN_TOLERANCE`] of the end of the stretch before is joined to it; a
    /// larger overlap, sound before the watermark and sound more than [`super::AHEAD_MAX`] after it are left out and
    /// counted in the manifest.
    pub fn audio(&mut self, speaker: Speaker, at: SessionTime, samples: &[i16]) {
        self.tracks[speaker.index()].place(at, samples);
    }

    /// Keeps packets of the host as they were received: records made by [`super::capture::append_packet`].
    ///
    /// # Errors
    /// [`RecordingError::File`].
    pub fn capture(&mut self, block: &[u8]) -> Result<(), RecordingError> {
        self.capture.append(&self.dir, self.facts.started_unix_ms, block)
    }

    /// Keeps a final caption; interim ones are passed over.
    ///
    /// # Errors
    /// Those of the event log.
    pub fn caption(&mut self, stamp: Stamp, caption: &Caption) -> Result<(), RecordingError> {
        if caption.is_final { self.event(&caption_line(stamp, caption)?) } else { Ok(()) }
    }

    /// Appends a line to the event log.
    ///
    /// # Errors
    /// Those of the event log.
    pub fn event(&mut self, line: &EventLine) -> Result<(), RecordingError> {
        self.last_stamp = Stamp { timestamp_ms: line.timestamp_ms, t: line.t };
        self.log.append(line)
    }

    /// Notes a hole in a track that is no pause of its speaker. The silence itself comes from placing nothing there.
    ///
    /// # Errors
    /// Those of the event log.
    pub fn gap(&mut self, stamp: Stamp, gap: &Gap) -> Result<(), RecordingError> {
        self.event(&gap_line(stamp, gap))
    }

    /// Marks a moment for the edit.
    ///
    /// # Errors
    /// Those of the event log.
    pub fn marker(
        &mut self,
        stamp: Stamp,
        label: &str,
        at: SessionTime,
    ) -> Result<(), RecordingError> {
        self.event(&marker_line(stamp, label, at))
    }

    /// Everything before `watermark` is known: fills holes with silence, encodes, and hands complete clusters to the
    /// kernel; every [`SYNC_INTERVAL`] to the disk.
    ///
    /// # Errors
    /// [`RecordingError::File`], [`RecordingError::Encode`].
    pub fn advance(&mut self, watermark: SessionTime) -> Result<(), RecordingError> {
        for track in &mut self.tracks {
            track.advance(watermark)?;
        }
        if watermark.since(self.synced_until) >= SYNC_INTERVAL {
            self.synced_until = watermark;
            for track in &mut self.tracks {
                track.sync()?;
            }
            self.log.sync()?;
            self.capture.sync()?;
        }
        Ok(())
    }

    /// Closes all files. Every track decodes to the same number of samples: up to `end`, rounded up to a whole
    /// millisecond, at least one, and not before what is already encoded. Sound placed beyond it is left out
    /// and counted.
    ///
    /// # Errors
    /// [`RecordingError::File`], [`RecordingError::Encode`]. The folder is then unfinished, and [`super::recover`]
    /// brings back what was written.
    pub fn finish(
        mut self,
        end: SessionTime,
        mut closing: Closing,
    ) -> Result<RecordingReady, RecordingError> {
        let encoded = self.tracks.iter().map(Track::encoded).max().unwrap_or(0);
        let samples = end.samples().max(encoded).div_ceil(SAMPLES_PER_MS).max(1) * SAMPLES_PER_MS;
        self.tracks.iter_mut().for_each(|track| track.cut_beyond(samples));
        let cut_samples = self.tracks.each_ref().map(Track::cut_samples);
        let codec_delay_ns = samples_to_ns(u64::from(self.tracks[0].pre_skip()));
        for (track, known) in self.tracks.into_iter().zip(&mut closing.loudness) {
            let measured = track.finish(samples)?;
            *known = known.or(measured);
        }
        if closing.stamp == Stamp::default() {
            closing.stamp = self.last_stamp;
        }
        let (dir, facts, closing) = (&self.dir, &self.facts, &closing);
        let lost = None;
        Ending { dir, facts, samples, codec_delay_ns, cut_samples, closing, lost, recovered: false }
            .write(self.log)
    }
}

const TAG_SESSION: &str = "SESSION_ID";
const TAG_EPISODE: &str = "EPISODE_ID";
const TAG_TAKE: &str = "TAKE";
const TAG_LANGUAGE: &str = "LANGUAGE_BCP47";
const TAG_KIND: &str = "SPEAKER_KIND";
const TAG_MODEL: &str = "MODEL";
const TAG_VOICE: &str = "VOICE";

impl SessionFacts {
    /// The head of a speaker's track. It carries all facts, so that a folder can be repaired from its tracks alone.
    pub(super) fn header(&self, speaker: Speaker) -> TrackHeader {
        let track = &self.tracks[speaker.index()];
        let kind = if track.kind == SpeakerKind::Human { "human" } else { "ai" };
        let facts = [
            (TAG_SESSION, Some(self.session_id.as_str())),
            (TAG_EPISODE, Some(self.episode.as_str())),
            (TAG_TAKE, Some(self.take.as_str()).filter(|take| !take.is_empty())),
            (TAG_LANGUAGE, Some(self.language.as_str())),
            (TAG_KIND, Some(kind)),
            (TAG_MODEL, track.model.as_deref()),
            (TAG_VOICE, track.voice.as_deref()),
        ];
        let known =
            facts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.to_owned())));
        TrackHeader {
            name: if track.name.trim().is_empty() {
                speaker.to_string()
            } else {
                track.name.clone()
            },
            language: iso_639_2(&self.language).to_owned(),
            title: self.title.clone(),
            started_unix_ms: self.started_unix_ms,
            uid: track_uid(&self.session_id, speaker),
            pre_skip: 0,
            tags: known.collect(),
        }
    }

    /// The facts that the heads of the tracks carry; what all of them say is taken from `any`, so that a head that was
    /// lost is made up for.
    pub(super) fn from_headers(
        any: &TrackHeader,
        headers: [Option<&TrackHeader>; 3],
    ) -> Option<Self> {
        let tag = |header: &TrackHeader, wanted: &str| {
            header.tags.iter().find(|(name, _)| name == wanted).map(|(_, text)| text.clone())
        };
        let tracks = Speaker::ALL.map(|speaker| {
            let kind = if speaker.ai().is_some() { SpeakerKind::Ai } else { SpeakerKind::Human };
            let header = headers[speaker.index()];
            TrackSetup {
                name: header.map_or_else(|| speaker.to_string(), |header| header.name.clone()),
                kind: match header.and_then(|header| tag(header, TAG_KIND)).as_deref() {
                    Some("human") => SpeakerKind::Human,
                    Some("ai") => SpeakerKind::Ai,
                    _ => kind,
                },
                model: header.and_then(|header| tag(header, TAG_MODEL)),
                voice: header.and_then(|header| tag(header, TAG_VOICE)),
            }
        });
        Some(Self {
            session_id: tag(any, TAG_SESSION)?,
            episode: tag(any, TAG_EPISODE)?,
            take: tag(any, TAG_TAKE).unwrap_or_default(),
            title: any.title.clone(),
            language: tag(any, TAG_LANGUAGE).unwrap_or_default(),
            started_unix_ms: any.started_unix_ms,
            tracks,
        })
    }
}

/// A number that is the same for the same track and different for every other: the session's id is random.
fn track_uid(session_id: &str, speaker: Speaker) -> u64 {
    let hash = sha256(format!("{session_id}/{speaker}").as_bytes());
    u64::from_str_radix(&hash[..14], 16).unwrap_or(0).max(1)
}
