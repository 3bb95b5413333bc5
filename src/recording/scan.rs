//! What a track's file holds, up to where it was cut.
//!
//! Reads files that [`super::webm`] wrote, whole, cut at any byte, or half repaired, cluster by cluster.
//!
//! Invariants: never fails on content, only on the disk; a packet that is reported is wholly in the file; what follows
//! the first thing out of order does not count.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::ebml::{Element, ElementHead, elements, read_head};
use super::head::{
    Layout, MATROSKA_EPOCH_UNIX_MS, SEEK_HEAD_BYTES, TrackHeader, filled_in, find_layout, id,
};
use super::webm::{BLOCK_HEAD_BYTES, CLUSTER_PACKETS, cluster, index_of, packet_ms};
use crate::audio::FRAME_SAMPLES;
use crate::time::Span;

/// Longest head of a file that is read: names and titles are short.
const HEAD_BYTES_MAX: u64 = 64 * 1024;

/// Longest cluster that is read: 25 packets of at most 1275 bytes are under 33 kB.
const CLUSTER_BYTES_MAX: u64 = 64 * 1024;

/// Longest head of a top-level element: 4 bytes of identifier, 8 of size.
const ELEMENT_HEAD_BYTES_MAX: usize = 12;

/// One cluster found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ClusterSpot {
    /// Its first byte in the file.
    pub(super) position: u64,
    /// Whole packets in it.
    pub(super) packets: usize,
}

/// What was found in a file.
#[derive(Clone, Debug)]
pub(super) struct Scan {
    /// What the head says, right or wrong; `None` if it cannot be read.
    pub(super) header: Option<TrackHeader>,
    /// Where the parts of the head stand; `None` if it, or a full cluster, is not, byte for byte, what the writer makes of
    /// what is in it: others may then stumble over the track, so it must be written anew.
    pub(super) layout: Option<Layout>,
    /// Where the first cluster belongs.
    pub(super) clusters_at: u64,
    /// All are full but perhaps the last.
    pub(super) clusters: Vec<ClusterSpot>,
    /// Decoded samples of a track that was closed in order: everything around its packets is as the writer leaves it.
    pub(super) finished_samples: Option<u64>,
}

impl Scan {
    /// Whole packets in the file.
    pub(super) fn packets(&self) -> u64 {
        self.clusters.iter().map(|cluster| cluster.packets as u64).sum()
    }

    /// Where the first `count` clusters begin.
    pub(super) fn positions(&self, count: usize) -> Vec<u64> {
        self.clusters.iter().take(count).map(|cluster| cluster.position).collect()
    }
}

/// Looks through a file; `None` if nothing of a track is left in it.
pub(super) fn scan(file: &mut File) -> io::Result<Option<Scan>> {
    let file_bytes = file.seek(SeekFrom::End(0))?;
    let bytes = read_at(file, 0, file_bytes.min(HEAD_BYTES_MAX))?;
    let (header, app) = read_header(&bytes).unzip();
    let intact = match (&header, app) {
        (Some(header), Some(app)) => find_layout(&bytes, &app, header),
        _ => None,
    };
    let clusters_at = match intact {
        Some((_, head_bytes)) => Some(head_bytes),
        None => find_first_cluster(&bytes),
    };
    let Some(clusters_at) = clusters_at.or(header.is_some().then_some(file_bytes)) else {
        return Ok(None);
    };
    let mut found = Scan {
        header,
        layout: intact.map(|(layout, _)| layout),
        clusters_at,
        clusters: Vec::new(),
        finished_samples: None,
    };
    let mut position = clusters_at;
    let mut discard_ns = None;
    while let Some(head) = head_at(file, position, file_bytes)? {
        let Some(size) =
            head.size.filter(|size| head.id == id::CLUSTER && *size <= CLUSTER_BYTES_MAX)
        else {
            break;
        };
        let bytes = read_at(file, position, head.head_bytes as u64 + size)?;
        let cluster = read_cluster(&bytes[head.head_bytes.min(bytes.len())..], found.packets());
        if cluster.packets.is_empty() {
            break;
        }
        let is_last = cluster.packets.len() < CLUSTER_PACKETS || cluster.discard_ns.is_some();
        let is_intact = cluster.is_made_of(&bytes, found.packets());
        if !is_last && !is_intact {
            found.layout = None;
        }
        found.clusters.push(ClusterSpot { position, packets: cluster.packets.len() });
        position += head.head_bytes as u64 + size;
        discard_ns = cluster.discard_ns.filter(|_| is_intact);
        if is_last {
            break;
        }
    }
    if let Some(discard_ns) = discard_ns {
        found.finished_samples = samples_if_finished(file, &bytes, &found, position, discard_ns)?;
    }
    Ok(Some(found))
}

/// Where the first cluster begins behind a head that cannot be read.
fn find_first_cluster(bytes: &[u8]) -> Option<u64> {
    let word = id::CLUSTER.to_be_bytes();
    let places = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(&word));
    let mut whole = places.filter(|at| {
        let (rest, head) = (&bytes[*at..], read_head(&bytes[*at..]));
        let body = head.and_then(|head| rest.get(head.head_bytes..));
        body.is_some_and(|body| !read_cluster(body, 0).packets.is_empty())
    });
    whole.next().map(|at| at as u64)
}

/// Decoded samples of a track whose clusters end at `clusters_end` with this end trim, if the rest of its file is what
/// the writer leaves when it closes one.
fn samples_if_finished(
    file: &mut File,
    head: &[u8],
    found: &Scan,
    clusters_end: u64,
    discard_ns: i64,
) -> io::Result<Option<u64>> {
    let (Some(layout), Some(header)) = (found.layout, found.header.as_ref()) else {
        return Ok(None);
    };
    let discard = u64::try_from(discard_ns)
        .map(|ns| Span::from_duration(std::time::Duration::from_nanos(ns)).samples());
    let cut = discard.map(|discard| u64::from(header.pre_skip).saturating_add(discard));
    let decoded = found.packets() * FRAME_SAMPLES as u64;
    let Some(samples) = cut.ok().and_then(|cut| decoded.checked_sub(cut)) else {
        return Ok(None);
    };
    let index = index_of(&layout, &found.positions(usize::MAX));
    let bytes = clusters_end + index.len() as u64;
    let filled_in = filled_in(&layout, bytes, clusters_end - layout.content, samples);
    let is_filled_in = layout
        .filled_in_later()
        .into_iter()
        .zip(&filled_in)
        .all(|(place, expected)| head.get(place) == Some(expected.as_slice()));
    // One byte more, to see whether the file ends there.
    let is_closed = is_filled_in && read_at(file, clusters_end, index.len() as u64 + 1)? == index;
    Ok(is_closed.then_some(samples))
}

/// Reads the packets of one cluster again.
pub(super) fn packets_of(
    file: &mut File,
    cluster: ClusterSpot,
    first: u64,
) -> io::Result<Vec<Vec<u8>>> {
    let file_bytes = file.seek(SeekFrom::End(0))?;
    let Some(head) = head_at(file, cluster.position, file_bytes)? else {
        return Ok(Vec::new());
    };
    let body_at = cluster.position + head.head_bytes as u64;
    let size =
        head.size.unwrap_or(0).min(CLUSTER_BYTES_MAX).min(file_bytes.saturating_sub(body_at));
    let body = read_at(file, body_at, size)?;
    Ok(read_cluster(&body, first).packets.into_iter().map(<[u8]>::to_vec).collect())
}

/// The whole packets of a cluster's body.
struct Cluster<'a> {
    packets: Vec<&'a [u8]>,
    discard_ns: Option<i64>,
}

impl Cluster<'_> {
    /// Whether the writer makes these bytes of the packets, of which the first has number `first`.
    fn is_made_of(&self, bytes: &[u8], first: u64) -> bool {
        let trim = self.discard_ns.and_then(|trim| u64::try_from(trim).ok());
        let (packets, last) = match (self.packets.split_last(), trim) {
            (Some((last, others)), Some(trim)) => (others, Some((*last, trim))),
            _ => (self.packets.as_slice(), None),
        };
        cluster(first, packets.iter().copied(), last) == bytes
    }
}

/// Reads a cluster whose first packet must be number `first`.
fn read_cluster(body: &[u8], first: u64) -> Cluster<'_> {
    let mut cluster = Cluster { packets: Vec::new(), discard_ns: None };
    let mut elements = elements(body);
    let timestamp = elements
        .next()
        .filter(|element| element.id == id::TIMESTAMP)
        .and_then(|element| element.uint());
    if timestamp != Some(packet_ms(first)) {
        return cluster;
    }
    for element in elements {
        let block = match element.id {
            id::SIMPLE_BLOCK => Some(element),
            id::BLOCK_GROUP => element.child(id::BLOCK),
            _ => None,
        };
        let packet = block.and_then(|block| packet_in(&block, cluster.packets.len()));
        let Some(packet) = packet else {
            break;
        };
        cluster.packets.push(packet);
        if element.id == id::BLOCK_GROUP {
            cluster.discard_ns =
                Some(element.child(id::DISCARD_PADDING).and_then(|trim| trim.sint()).unwrap_or(0));
            break;
        }
    }
    cluster
}

/// The packet of a block that stands at `index` of its cluster.
fn packet_in<'a>(block: &Element<'a>, index: usize) -> Option<&'a [u8]> {
    let (head, packet) = block.body.split_at_checked(BLOCK_HEAD_BYTES)?;
    let relative_ms = u64::from(u16::from_be_bytes([head[1], head[2]]));
    let is_next =
        head[0] == 0x81 && relative_ms == packet_ms(index as u64) && index < CLUSTER_PACKETS;
    (is_next && !packet.is_empty()).then_some(packet)
}

/// Facts of the head, and the version of the writer that made it.
fn read_header(bytes: &[u8]) -> Option<(TrackHeader, String)> {
    let ebml = elements(bytes).next().filter(|element| element.id == id::EBML)?;
    let segment_at = ebml.offset + read_head(bytes)?.head_bytes + ebml.body.len();
    let segment = read_head(bytes.get(segment_at..)?).filter(|head| head.id == id::SEGMENT)?;
    // Behind the place of the `SeekHead`, whatever is in it.
    let content = bytes.get(segment_at + segment.head_bytes + SEEK_HEAD_BYTES..)?;

    let part = |wanted: u32| elements(content).find(|element| element.id == wanted);
    let (info, tracks, tags) = (part(id::INFO)?, part(id::TRACKS)?, part(id::TAGS)?);
    let entry = tracks.child(id::TRACK_ENTRY)?;
    let text = |element: &Element<'_>, id: u32| {
        element.child(id).map(|child| child.text()).unwrap_or_default()
    };
    let opus_head = entry.child(id::CODEC_PRIVATE)?.body;
    let since_epoch_ms =
        info.child(id::DATE_UTC).and_then(|date| date.sint()).unwrap_or(0) / 1_000_000;
    let header = TrackHeader {
        name: text(&entry, id::NAME),
        language: text(&entry, id::LANGUAGE),
        title: text(&info, id::TITLE),
        started_unix_ms: u64::try_from(since_epoch_ms.saturating_add(MATROSKA_EPOCH_UNIX_MS))
            .unwrap_or(0),
        uid: entry.child(id::TRACK_UID)?.uint()?,
        pre_skip: u16::from_le_bytes([*opus_head.get(10)?, *opus_head.get(11)?]),
        tags: read_tags(&tags),
    };
    Some((header, text(&info, id::WRITING_APP)))
}

fn read_tags(tags: &Element<'_>) -> Vec<(String, String)> {
    let simple_tags =
        tags.children().filter(|tag| tag.id == id::TAG).flat_map(|tag| tag.children());
    let mut pairs = Vec::new();
    for simple in simple_tags.filter(|element| element.id == id::SIMPLE_TAG) {
        if let (Some(name), Some(text)) = (simple.child(id::TAG_NAME), simple.child(id::TAG_STRING))
        {
            pairs.push((name.text(), text.text()));
        }
    }
    pairs
}

fn head_at(file: &mut File, position: u64, file_bytes: u64) -> io::Result<Option<ElementHead>> {
    let available = file_bytes.saturating_sub(position).min(ELEMENT_HEAD_BYTES_MAX as u64);
    Ok(read_head(&read_at(file, position, available)?))
}

/// Reads up to `length` bytes; fewer only at the end of the file.
fn read_at(file: &mut File, position: u64, length: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(position))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}
