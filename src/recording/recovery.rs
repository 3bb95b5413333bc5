//! Repair of a folder that a killed server left unfinished.
//!
//! Tracks are cut, in place, at their common last whole packet and closed; captions and the manifest are made from the
//! event log by the code that makes them at an orderly end. In place, because a full disk may be why the server died;
//! only a track of which the head or a cluster was damaged is written anew, for other readers would not find its packets.
//!
//! A track that is shorter than the others by more than a disk may hold back was damaged, not merely cut off: it is
//! filled with silence and the hole noted, so that one bad file never costs the other two their sound.
//!
//! Invariants: a folder with a manifest is left as it is, so doing it twice changes nothing; the repair may itself be
//! killed at any instant and be done again; whatever the files hold, it ends.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::closing::{
    Closing, EVENTS_FILE, Ending, RecordingReady, SessionFacts, TrackSetup, lost_after, track_file,
};
use super::ebml::UNKNOWN_SIZE;
use super::episode::SYNC_INTERVAL;
use super::error::{OnPath, RecordingError};
use super::event_log::{EventLog, Stamp};
use super::folder::folder_name;
use super::head::{TrackHeader, samples_to_ns};
use super::manifest::{GapCause, Lost, Manifest, SpeakerKind};
use super::noted::{Gap, Noted, caption_line, gap_line};
use super::scan::{Scan, packets_of, scan};
use super::webm::{CLUSTER_PACKETS, TrackWriter};
use crate::audio::FRAME_SAMPLES;
use crate::audio::opus::SILENT_PACKET;
use crate::conversation::Speaker;
use crate::time::{SAMPLES_PER_MS, SessionTime, Span};

const FRAME: u64 = FRAME_SAMPLES as u64;

/// No repaired track ends inside its first packet: with the end trim in the packet that the look-ahead is cut from, ffmpeg
/// cuts only one of the two.
const PACKETS_MIN: u64 = 2;
/// Packets by which tracks may differ because the disk had not yet taken them.
const HELD_BACK_PACKETS: u64 = SYNC_INTERVAL.samples() / FRAME;

/// libopus' look-ahead at 48 kHz, for a track whose head was lost.
const PRE_SKIP_USUAL: u16 = 312;

/// What [`recover`] found and did.
#[derive(Clone, Debug, PartialEq)]
pub enum Recovered {
    /// The folder was finished; nothing was touched.
    AlreadyFinished,
    /// The folder was unfinished and is whole now.
    Repaired {
        /// Its files.
        ready: RecordingReady,
        /// What could not be brought back.
        lost: Lost,
    },
}

/// Repairs a recording's folder.
///
/// # Errors
/// [`RecordingError::Damaged`] if the folder holds no part of a recording, [`RecordingError::InUse`] if a recorder is at
/// work in it, [`RecordingError::File`] if the disk refuses.
pub fn recover(dir: &Path) -> Result<Recovered, RecordingError> {
    // A manifest is put in place whole; one that cannot be read was damaged later, and is made again.
    match Manifest::read(dir) {
        Ok(Some(_)) => return Ok(Recovered::AlreadyFinished),
        Ok(None) | Err(RecordingError::Text { .. }) => {}
        Err(error) => return Err(error),
    }
    let events = dir.join(EVENTS_FILE);
    let paths = Speaker::ALL.map(|speaker| dir.join(track_file(speaker)));
    if !events.exists() && !paths.iter().any(|path| path.exists()) {
        return Err(RecordingError::Damaged {
            path: dir.to_owned(),
            reason: "it holds neither tracks nor a log",
        });
    }

    // Opening the log takes its lock, so nothing is looked at that still grows.
    let mut log = EventLog::reopen(&events, "")?;
    let [you, claude, guest] = paths.each_ref().map(scan_at);
    let scans = [you?, claude?, guest?];
    let noted = Noted::read(&events)?;
    let mut facts = facts_of(&scans).unwrap_or_else(|| facts_without_tracks(dir, &noted));
    if facts.take.is_empty() {
        // The heads of older tracks do not tell it.
        facts.take = folder_name(dir);
    }
    let headers = scans.iter().flatten().filter_map(|scan| scan.header.as_ref());
    let pre_skip = common_pre_skip(headers.map(|header| header.pre_skip));
    let end = CommonEnd::of(&scans, pre_skip);

    log.set_session(&facts.session_id);
    for caption in noted.left_open() {
        log.append(&caption_line(noted.last, &caption)?)?;
    }
    for speaker in Speaker::ALL {
        let found = scans[speaker.index()].as_ref();
        let path = &paths[speaker.index()];
        if let Some(gap) = end.hole_of(speaker, found).filter(|gap| !noted.gaps.contains(gap)) {
            log.append(&gap_line(noted.last, &gap))?;
        }
        let mut header = facts.header(speaker);
        header.pre_skip = pre_skip;
        close_track(path, found, &end, &header)?;
    }

    let lost = lost_after(end.samples, noted.last.t);
    let closing = Closing { stamp: noted.last, ..Closing::default() };
    let ending = Ending {
        dir,
        facts: &facts,
        samples: end.samples,
        codec_delay_ns: samples_to_ns(u64::from(pre_skip)),
        cut_samples: [0; 3],
        closing: &closing,
        lost: Some(lost.clone()),
        recovered: true,
    };
    Ok(Recovered::Repaired { ready: ending.write(log)?, lost })
}

/// The look-ahead of the encoder that made all tracks: what most heads say, for one of them may be damaged.
fn common_pre_skip(found: impl Iterator<Item = u16>) -> u16 {
    let mut found: Vec<u16> = found.collect();
    found.sort_unstable();
    found.get(found.len().saturating_sub(1) / 2).copied().unwrap_or(PRE_SKIP_USUAL)
}

/// Looks through a track that may be missing.
fn scan_at(path: &PathBuf) -> Result<Option<Scan>, RecordingError> {
    if !path.exists() {
        return Ok(None);
    }
    let mut file = File::open(path).on("open", path)?;
    scan(&mut file).on("read", path)
}

/// Where all three tracks will end.
struct CommonEnd {
    packets: u64,
    samples: u64,
}

impl CommonEnd {
    fn of(scans: &[Option<Scan>; 3], pre_skip: u16) -> Self {
        let counts = scans.each_ref().map(|scan| scan.as_ref().map_or(0, Scan::packets));
        let longest = counts.into_iter().max().unwrap_or(0);
        let is_merely_cut = |count: &u64| count + HELD_BACK_PACKETS >= longest;
        let packets = counts.into_iter().filter(is_merely_cut).min().unwrap_or(0);
        let packets = packets.max(PACKETS_MIN);
        let finished =
            scans.each_ref().map(|scan| scan.as_ref().and_then(|scan| scan.finished_samples));
        let samples = match finished {
            // Only the manifest was missing.
            [Some(you), Some(claude), Some(guest)] if you == claude && claude == guest => you,
            _ => {
                let decoded = (packets * FRAME).saturating_sub(u64::from(pre_skip));
                (decoded / SAMPLES_PER_MS).max(1) * SAMPLES_PER_MS
            }
        };
        Self { packets, samples }
    }

    /// The silence that a damaged track needs.
    fn hole_of(&self, speaker: Speaker, found: Option<&Scan>) -> Option<Gap> {
        let at = SessionTime::from_samples(found.map_or(0, Scan::packets) * FRAME);
        let length = SessionTime::from_samples(self.samples).since(at);
        (length > Span::ZERO && length.samples() > FRAME).then_some(Gap {
            speaker,
            at,
            length,
            cause: GapCause::Crash,
        })
    }
}

/// Brings one track to the common end; one that has it already is left alone.
///
/// A track that was merely cut off is mended in place. One of which the head or a full cluster was damaged is written anew
/// beside it from the packets that are left, and then takes its place.
fn close_track(
    path: &Path,
    found: Option<&Scan>,
    end: &CommonEnd,
    header: &TrackHeader,
) -> Result<(), RecordingError> {
    let Some(scan) = found else { return write_track(path, std::iter::empty(), end, header) };
    if scan.finished_samples == Some(end.samples) && scan.packets() == end.packets {
        return Ok(());
    }
    let in_place = scan
        .layout
        .filter(|_| scan.header.as_ref().map(|own| own.pre_skip) == Some(header.pre_skip));
    let open = |options: &mut OpenOptions| options.read(true).open(path).on("open", path);
    let Some(layout) = in_place else {
        let mut file = open(&mut OpenOptions::new())?;
        let first_packets = (0_u64..).step_by(CLUSTER_PACKETS);
        let clusters = scan.clusters.iter().zip(first_packets);
        let packets = clusters.flat_map(|(cluster, first)| {
            let (packets, error) = match packets_of(&mut file, *cluster, first) {
                Ok(packets) => (packets, None),
                Err(error) => (Vec::new(), Some(Err(error))),
            };
            packets.into_iter().map(Ok).chain(error)
        });
        return write_track(path, packets, end, header);
    };

    let mut file = open(OpenOptions::new().write(true))?;
    let kept = scan.packets().min(end.packets);
    let per_cluster = CLUSTER_PACKETS as u64;
    let full = usize::try_from(kept.saturating_sub(1) / per_cluster).unwrap_or(usize::MAX);
    let (cut_at, packets) = match scan.clusters.get(full) {
        Some(cluster) => {
            let first = full as u64 * per_cluster;
            (cluster.position, packets_of(&mut file, *cluster, first).on("read", path)?)
        }
        None => (scan.clusters_at, Vec::new()),
    };
    // From here the file counts as unfinished again, until it is closed.
    file.seek(SeekFrom::Start(layout.content - UNKNOWN_SIZE.len() as u64)).on("read", path)?;
    file.write_all(&UNKNOWN_SIZE).on("write", path)?;
    file.set_len(cut_at).on("cut", path)?;
    let writer = TrackWriter::resume(file, layout, header.pre_skip, &scan.positions(full));
    fill(writer.on("write", path)?, packets.into_iter().map(Ok), end).on("finish", path)
}

/// Writes a track anew, beside the old one until it is whole. On a disk that has no room for it nothing is left behind.
fn write_track(
    path: &Path,
    packets: impl Iterator<Item = io::Result<Vec<u8>>>,
    end: &CommonEnd,
    header: &TrackHeader,
) -> Result<(), RecordingError> {
    let part = path.with_extension("webm.part");
    let file = File::create(&part).on("create", &part)?;
    let written = TrackWriter::create(file, header)
        .and_then(|writer| fill(writer, packets, end))
        .and_then(|()| fs::rename(&part, path));
    if written.is_err() && fs::remove_file(&part).is_err() {
        tracing::warn!(path = %part.display(), "half a repaired track is left");
    }
    written.on("write anew", path)
}

/// Writes what there is, and silence after it, up to the common end.
fn fill(
    mut writer: TrackWriter<File>,
    packets: impl Iterator<Item = io::Result<Vec<u8>>>,
    end: &CommonEnd,
) -> io::Result<()> {
    let mut packets = packets.fuse();
    let mut next = || packets.next().unwrap_or_else(|| Ok(SILENT_PACKET.to_vec()));
    while writer.packets() + 1 < end.packets {
        writer.packet(&next()?)?;
    }
    writer.finish(&next()?, end.samples).map(drop)
}

/// What the heads of the tracks say. A head that is whole is believed before one that is damaged.
fn facts_of(scans: &[Option<Scan>; 3]) -> Option<SessionFacts> {
    let headers = scans.each_ref().map(|scan| scan.as_ref().and_then(|scan| scan.header.as_ref()));
    let whole = scans.iter().flatten().find(|scan| scan.layout.is_some());
    let any =
        whole.and_then(|scan| scan.header.as_ref()).or(headers.into_iter().flatten().next())?;
    SessionFacts::from_headers(any, headers)
}

/// Facts for a folder of which no track's head is left: its name, and what the log says.
fn facts_without_tracks(dir: &Path, noted: &Noted) -> SessionFacts {
    let episode = folder_name(dir);
    let track = |speaker: Speaker| TrackSetup {
        name: speaker.to_string(),
        kind: if speaker.ai().is_some() { SpeakerKind::Ai } else { SpeakerKind::Human },
        model: None,
        voice: None,
    };
    let Stamp { timestamp_ms, t } = noted.last;
    SessionFacts {
        session_id: noted.session_id.clone().unwrap_or_else(|| "unknown".to_owned()),
        title: episode.clone(),
        take: episode.clone(),
        episode,
        language: "und".to_owned(),
        started_unix_ms: timestamp_ms.saturating_sub(t.millis()),
        tracks: Speaker::ALL.map(track),
    }
}
