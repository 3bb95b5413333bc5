//! What a track's file holds, up to where it was cut.
//!
//! Reads files that [`super::webm`] wrote, whole, cut at any byte, or half repaired, cluster by cluster.
//!
//! Invariants: never fails on content, only on the disk; a packet that is reported is wholly in the file; what follows
//! the first thing out of order does not count.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::ebml::{Element, ElementHead, elements, read_head};
use super::head::{Layout, MATROSKA_EPOCH_UNIX_MS, TrackHeader, find_duration_place, id};
use super::webm::{BLOCK_HEAD_BYTES, CLUSTER_PACKETS, packet_ms};

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
    pub(super) header: TrackHeader,
    pub(super) layout: Layout,
    /// Where the first cluster belongs.
    pub(super) clusters_at: u64,
    /// All are full but perhaps the last.
    pub(super) clusters: Vec<ClusterSpot>,
    /// Whether the file was closed in order: the segment's size is known and right.
    pub(super) is_finished: bool,
    /// The end trim of the last packet, if it has one.
    pub(super) discard_ns: Option<i64>,
}

impl Scan {
    /// Whole packets in the file.
    pub(super) fn packets(&self) -> u64 {
        self.clusters.iter().map(|cluster| cluster.packets as u64).sum()
    }
}

/// Looks through a file; `None` if not even its head is whole.
pub(super) fn scan(file: &mut File) -> io::Result<Option<Scan>> {
    let file_bytes = file.seek(SeekFrom::End(0))?;
    let bytes = read_at(file, 0, file_bytes.min(HEAD_BYTES_MAX))?;
    let Some((header, layout, segment_size, mut position)) = read_header(&bytes) else {
        return Ok(None);
    };
    let mut found = Scan {
        header,
        layout,
        clusters_at: position,
        clusters: Vec::new(),
        is_finished: false,
        discard_ns: None,
    };
    while let Some(head) = head_at(file, position, file_bytes)? {
        let Some(size) =
            head.size.filter(|size| head.id == id::CLUSTER && *size <= CLUSTER_BYTES_MAX)
        else {
            break;
        };
        let body_at = position + head.head_bytes as u64;
        let body = read_at(file, body_at, size.min(file_bytes.saturating_sub(body_at)))?;
        let cluster = read_cluster(&body, found.packets());
        if cluster.packets.is_empty() {
            break;
        }
        found.clusters.push(ClusterSpot { position, packets: cluster.packets.len() });
        found.discard_ns = cluster.discard_ns;
        if cluster.packets.len() < CLUSTER_PACKETS || cluster.discard_ns.is_some() {
            break;
        }
        position = body_at + size;
    }
    found.is_finished =
        segment_size == Some(file_bytes - layout.content) && found.discard_ns.is_some();
    Ok(Some(found))
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

/// Facts and places of the head, the segment's size if known, and where the first cluster belongs.
fn read_header(bytes: &[u8]) -> Option<(TrackHeader, Layout, Option<u64>, u64)> {
    let ebml = elements(bytes).next().filter(|element| element.id == id::EBML)?;
    let segment_at = ebml.offset + read_head(bytes)?.head_bytes + ebml.body.len();
    let segment = read_head(bytes.get(segment_at..)?).filter(|head| head.id == id::SEGMENT)?;
    let content_at = segment_at + segment.head_bytes;
    let content = bytes.get(content_at..)?;

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
    let layout = Layout {
        content: content_at as u64,
        info: info.offset as u64,
        tracks: tracks.offset as u64,
        tags: tags.offset as u64,
        duration: find_duration_place(content, info.offset) as u64,
    };
    let tags_bytes = read_head(content.get(tags.offset..)?)?.head_bytes + tags.body.len();
    Some((header, layout, segment.size, (content_at + tags.offset + tags_bytes) as u64))
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
