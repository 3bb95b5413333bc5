//! One WebM file with one Opus track, written as it happens.
//!
//! [`TrackWriter`] takes 20 ms packets and hands a complete cluster of known size to the kernel every 500 ms in one
//! write; [`TrackWriter::finish`] adds the last packet with its end trim, the cues and, once those are on the disk, the
//! facts in the head (RFC 9559, RFC 7845, the WebM subset). Every prefix of such a file is readable.
//!
//! Own EBML instead of the crate `mkv-element` 0.4: repair and crash safety need places of fixed width in the head, a
//! segment of unknown size that is closed later, and a reader that goes on up to a cut; that crate has none of the three.
//!
//! Invariants: packet `n` has timestamp `n` × 20 ms, without holes; the segment's size is patched last, so a file of
//! known size is a finished file.
//! Units: positions are bytes; block times are milliseconds (ticks of 1 ms); lengths are samples at 48 kHz.

use std::fs::File;
use std::io::{self, Cursor, Seek, SeekFrom, Write};

use super::ebml::{
    UNKNOWN_SIZE, put_bytes, put_float, put_master, put_sint, put_size_of_length, put_text,
    put_uint, put_void,
};
use crate::audio::{FRAME_MS, FRAME_SAMPLES};
use crate::time::{SAMPLES_PER_MS, SESSION_RATE_HZ};

/// Packets of a full cluster: 500 ms, half of what a killed server may lose (the other half is the watermark's).
pub const CLUSTER_PACKETS: usize = (500 / FRAME_MS) as usize;

/// Every how many clusters a cue is set: 2 s, which keeps the index of a two-hour track under 100 kB.
const CLUSTERS_A_CUE: u64 = 4;

/// Room kept at the start of the segment for the `SeekHead` of a finished file.
const SEEK_HEAD_BYTES: usize = 256;

/// A `Duration` element: identifier 2, size 1, float 8.
const DURATION_BYTES: usize = 11;

/// What a decoder needs before a seek target to have settled (RFC 7845 §4.6).
const SEEK_PRE_ROLL_NS: u64 = 80_000_000;

/// 2001-01-01T00:00:00Z, where `DateUTC` begins, in Unix milliseconds.
pub(super) const MATROSKA_EPOCH_UNIX_MS: i64 = 978_307_200_000;

const NS_PER_MS: i64 = 1_000_000;
const NS_PER_S: u64 = 1_000_000_000;

const APP: &str = concat!("voice-studio ", env!("CARGO_PKG_VERSION"));

/// Identifiers of the elements used (RFC 9559).
pub(super) mod id {
    pub(in super::super) const EBML: u32 = 0x1A45_DFA3;
    pub(in super::super) const SEGMENT: u32 = 0x1853_8067;
    pub(in super::super) const SEEK_HEAD: u32 = 0x114D_9B74;
    pub(in super::super) const INFO: u32 = 0x1549_A966;
    pub(in super::super) const DURATION: u32 = 0x4489;
    pub(in super::super) const DATE_UTC: u32 = 0x4461;
    pub(in super::super) const TITLE: u32 = 0x7BA9;
    pub(in super::super) const TRACKS: u32 = 0x1654_AE6B;
    pub(in super::super) const TRACK_ENTRY: u32 = 0xAE;
    pub(in super::super) const TRACK_UID: u32 = 0x73C5;
    pub(in super::super) const NAME: u32 = 0x536E;
    pub(in super::super) const LANGUAGE: u32 = 0x22_B59C;
    pub(in super::super) const CODEC_PRIVATE: u32 = 0x63A2;
    pub(in super::super) const TAGS: u32 = 0x1254_C367;
    pub(in super::super) const TAG: u32 = 0x7373;
    pub(in super::super) const SIMPLE_TAG: u32 = 0x67C8;
    pub(in super::super) const TAG_NAME: u32 = 0x45A3;
    pub(in super::super) const TAG_STRING: u32 = 0x4487;
    pub(in super::super) const CLUSTER: u32 = 0x1F43_B675;
    pub(in super::super) const TIMESTAMP: u32 = 0xE7;
    pub(in super::super) const SIMPLE_BLOCK: u32 = 0xA3;
    pub(in super::super) const BLOCK_GROUP: u32 = 0xA0;
    pub(in super::super) const BLOCK: u32 = 0xA1;
    pub(in super::super) const DISCARD_PADDING: u32 = 0x75A2;
    pub(in super::super) const CUES: u32 = 0x1C53_BB6B;
}

/// Bytes of a block before its packet: track number, relative time, flags.
pub(super) const BLOCK_HEAD_BYTES: usize = 4;

/// A place the writer can write: it appends, goes back to patch the head, and makes data durable.
pub trait Sink: Write + Seek {
    /// Returns once everything written is on the disk.
    ///
    /// # Errors
    /// Whatever the disk answers.
    fn sync(&mut self) -> io::Result<()>;
}

impl Sink for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

impl Sink for Cursor<Vec<u8>> {
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the head of a track's file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackHeader {
    /// Shown by editors; control characters are removed.
    pub name: String,
    /// ISO 639-2 code; see [`super::language::iso_639_2`].
    pub language: String,
    /// The episode's title.
    pub title: String,
    /// When the session began, Unix milliseconds.
    pub started_unix_ms: u64,
    /// Unique number of the track, not 0.
    pub uid: u64,
    /// The encoder's look-ahead in samples, which decoders drop at the start.
    pub pre_skip: u16,
    /// Further facts of the track, name and text.
    pub tags: Vec<(String, String)>,
}

/// Where the parts of the head stand, in bytes from the start of the segment's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// First byte of the segment's content, from the start of the file.
    pub(super) content: u64,
    pub(super) info: u64,
    pub(super) tracks: u64,
    pub(super) tags: u64,
    /// The 11 bytes kept for the duration.
    pub(super) duration: u64,
}

/// One entry of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cue {
    time_ms: u64,
    cluster: u64,
}

/// Packets of the cluster that is being gathered.
#[derive(Debug, Default)]
struct Gathered {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Gathered {
    fn push(&mut self, packet: &[u8]) {
        self.bytes.extend_from_slice(packet);
        self.ends.push(self.bytes.len());
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn packets(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[start..*end])
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

/// Writes one track. See the module's text for its promises.
#[derive(Debug)]
pub struct TrackWriter<W> {
    sink: W,
    position: u64,
    layout: Layout,
    pre_skip: u16,
    gathered: Gathered,
    packets_written: u64,
    cues: Vec<Cue>,
}

impl<W: Sink> TrackWriter<W> {
    /// Writes the head at the sink's start.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn create(mut sink: W, header: &TrackHeader) -> io::Result<Self> {
        let (bytes, layout) = head(header);
        sink.write_all(&bytes)?;
        sink.flush()?;
        Ok(Self {
            sink,
            position: bytes.len() as u64,
            layout,
            pre_skip: header.pre_skip,
            gathered: Gathered::default(),
            packets_written: 0,
            cues: Vec::new(),
        })
    }

    /// Goes on after `clusters` (their positions in the file, all full) in a sink that was cut after the last of them.
    pub(super) fn resume(
        mut sink: W,
        layout: Layout,
        pre_skip: u16,
        clusters: &[u64],
    ) -> io::Result<Self> {
        let position = sink.seek(SeekFrom::End(0))?;
        let mut cues = Vec::new();
        for (index, cluster) in (0..).zip(clusters) {
            if index % CLUSTERS_A_CUE == 0 {
                cues.push(Cue { time_ms: index * cluster_ms(), cluster: cluster - layout.content });
            }
        }
        let packets_written = (clusters.len() * CLUSTER_PACKETS) as u64;
        Ok(Self {
            sink,
            position,
            layout,
            pre_skip,
            gathered: Gathered::default(),
            packets_written,
            cues,
        })
    }

    /// Packets taken so far: the number of the next.
    pub fn packets(&self) -> u64 {
        self.packets_written + self.gathered.len() as u64
    }

    /// Takes the next 20 ms. The cluster it completes goes to the kernel at once.
    ///
    /// # Errors
    /// Those of the sink. What was written up to the cluster before stays readable.
    pub fn packet(&mut self, packet: &[u8]) -> io::Result<()> {
        self.gathered.push(packet);
        if self.gathered.len() == CLUSTER_PACKETS { self.write_cluster(None) } else { Ok(()) }
    }

    /// Makes what was handed to the kernel durable.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn sync(&mut self) -> io::Result<()> {
        self.sink.sync()
    }

    /// Takes the last packet and closes the file, so that it decodes to exactly `samples`.
    /// Data is on the disk before the head is patched.
    ///
    /// # Errors
    /// Those of the sink, and [`io::ErrorKind::InvalidInput`] if `samples` do not end within the last packet.
    pub fn finish(mut self, last: &[u8], samples: u64) -> io::Result<W> {
        let decoded = (self.packets() + 1) * FRAME_SAMPLES as u64;
        let heard_end = samples + u64::from(self.pre_skip);
        let discard =
            decoded.checked_sub(heard_end).filter(|discard| *discard <= FRAME_SAMPLES as u64);
        let Some(discard) = discard else {
            let reason = format!("{samples} samples do not end within the last of {decoded}");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        };
        self.write_cluster(Some((last, samples_to_ns(discard))))?;
        let cues = self.position - self.layout.content;
        self.append(&cue_table(&self.cues))?;
        self.sink.sync()?;

        self.patch(self.layout.content, &seek_head(&self.layout, cues))?;
        let duration_ms = samples / SAMPLES_PER_MS;
        if duration_ms > 0 {
            // A duration of zero is illegal; an empty recording keeps the Void in its place.
            let mut duration = Vec::new();
            put_float(&mut duration, id::DURATION, millis_f64(duration_ms));
            self.patch(self.layout.content + self.layout.duration, &duration)?;
        }
        self.sink.sync()?;
        let mut size = Vec::new();
        put_size_of_length(&mut size, self.position - self.layout.content, UNKNOWN_SIZE.len());
        self.patch(self.layout.content - UNKNOWN_SIZE.len() as u64, &size)?;
        self.sink.sync()?;
        Ok(self.sink)
    }

    /// Writes what is gathered, and after it the track's last packet with its end trim in nanoseconds.
    fn write_cluster(&mut self, last: Option<(&[u8], i64)>) -> io::Result<()> {
        let first = self.packets_written;
        let mut cluster = Vec::with_capacity(self.gathered.bytes.len() + 16 * CLUSTER_PACKETS);
        put_master(&mut cluster, id::CLUSTER, |body| {
            put_uint(body, id::TIMESTAMP, packet_ms(first));
            for (index, packet) in (0..).zip(self.gathered.packets()) {
                put_bytes(body, id::SIMPLE_BLOCK, &block(index, KEYFRAME, packet));
            }
            if let Some((packet, discard_ns)) = last {
                put_master(body, id::BLOCK_GROUP, |group| {
                    put_bytes(group, id::BLOCK, &block(self.gathered.len(), NO_FLAGS, packet));
                    if discard_ns > 0 {
                        put_sint(group, id::DISCARD_PADDING, discard_ns);
                    }
                });
            }
        });
        let index = first / CLUSTER_PACKETS as u64;
        if index.is_multiple_of(CLUSTERS_A_CUE) {
            self.cues.push(Cue {
                time_ms: packet_ms(first),
                cluster: self.position - self.layout.content,
            });
        }
        self.append(&cluster)?;
        self.packets_written += self.gathered.len() as u64 + u64::from(last.is_some());
        self.gathered.clear();
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sink.write_all(bytes)?;
        self.sink.flush()?;
        self.position += bytes.len() as u64;
        Ok(())
    }

    fn patch(&mut self, position: u64, bytes: &[u8]) -> io::Result<()> {
        self.sink.seek(SeekFrom::Start(position))?;
        self.sink.write_all(bytes)?;
        self.sink.flush()
    }
}

/// Timestamp of packet `index`.
pub(super) fn packet_ms(index: u64) -> u64 {
    index * u64::from(FRAME_MS)
}

fn cluster_ms() -> u64 {
    packet_ms(CLUSTER_PACKETS as u64)
}

/// The end trim of so many samples. They are under a frame, so the product cannot overflow.
pub(super) fn samples_to_ns(samples: u64) -> i64 {
    i64::try_from(samples * NS_PER_S / u64::from(SESSION_RATE_HZ)).unwrap_or(i64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 ms, which is 285 000 years")]
fn millis_f64(millis: u64) -> f64 {
    millis as f64
}

/// Every Opus packet can be decoded from, so a `SimpleBlock` says so.
const KEYFRAME: u8 = 0x80;
/// In a `BlockGroup` the absence of a reference says it.
const NO_FLAGS: u8 = 0;

fn block(index_in_cluster: usize, flags: u8, packet: &[u8]) -> Vec<u8> {
    const { assert!(CLUSTER_PACKETS * (FRAME_MS as usize) < i16::MAX as usize) };
    let relative_ms = u16::try_from(packet_ms(index_in_cluster as u64)).unwrap_or(u16::MAX);
    let mut bytes = Vec::with_capacity(BLOCK_HEAD_BYTES + packet.len());
    bytes.push(0x81); // track 1
    bytes.extend_from_slice(&relative_ms.to_be_bytes());
    bytes.push(flags);
    bytes.extend_from_slice(packet);
    bytes
}

/// The head of the file and where its parts stand.
fn head(header: &TrackHeader) -> (Vec<u8>, Layout) {
    let mut out = Vec::with_capacity(1024);
    put_master(&mut out, id::EBML, |body| {
        put_uint(body, 0x4286, 1); // EBMLVersion
        put_uint(body, 0x42F7, 1); // EBMLReadVersion
        put_uint(body, 0x42F2, 4); // EBMLMaxIDLength
        put_uint(body, 0x42F3, 8); // EBMLMaxSizeLength
        put_text(body, 0x4282, "webm");
        put_uint(body, 0x4287, 4); // DocTypeVersion: CodecDelay, SeekPreRoll and DiscardPadding are of version 4
        put_uint(body, 0x4285, 2); // DocTypeReadVersion: SimpleBlock is of version 2
    });
    out.extend_from_slice(&id::SEGMENT.to_be_bytes());
    out.extend_from_slice(&UNKNOWN_SIZE);

    let content = out.len();
    put_void(&mut out, SEEK_HEAD_BYTES);
    let info = out.len() - content;
    let started_ms = i64::try_from(header.started_unix_ms).unwrap_or(i64::MAX);
    put_master(&mut out, id::INFO, |body| {
        // First, so that its place is known: 4 bytes of identifier, 2 of size, whatever follows.
        put_void(body, DURATION_BYTES);
        put_uint(body, 0x2A_D7B1, 1_000_000); // TimestampScale: a tick is a millisecond
        put_sint(
            body,
            id::DATE_UTC,
            started_ms.saturating_sub(MATROSKA_EPOCH_UNIX_MS).saturating_mul(NS_PER_MS),
        );
        put_text(body, id::TITLE, &clean(&header.title));
        put_text(body, 0x4D80, APP);
        put_text(body, 0x5741, APP);
    });
    let duration = find_duration_place(&out, content + info);

    let tracks = out.len() - content;
    put_master(&mut out, id::TRACKS, |body| {
        put_master(body, id::TRACK_ENTRY, |entry| track_entry(entry, header));
    });
    let tags = out.len() - content;
    put_master(&mut out, id::TAGS, |body| put_master(body, id::TAG, |tag| track_tags(tag, header)));

    let at = |offset: usize| offset as u64;
    let layout = Layout {
        content: at(content),
        info: at(info),
        tracks: at(tracks),
        tags: at(tags),
        duration: at(duration - content),
    };
    (out, layout)
}

/// The duration's place is the first child of `Info`: right behind the head of the element at `info`.
pub(super) fn find_duration_place(bytes: &[u8], info: usize) -> usize {
    info + super::ebml::read_head(&bytes[info..]).map_or(0, |head| head.head_bytes)
}

fn track_entry(entry: &mut Vec<u8>, header: &TrackHeader) {
    put_uint(entry, 0xD7, 1); // TrackNumber
    put_uint(entry, id::TRACK_UID, header.uid.max(1));
    put_uint(entry, 0x83, 2); // TrackType: audio
    put_uint(entry, 0x9C, 0); // FlagLacing
    put_text(entry, id::NAME, &clean(&header.name));
    put_text(entry, id::LANGUAGE, &header.language);
    put_text(entry, 0x86, "A_OPUS");
    put_bytes(entry, id::CODEC_PRIVATE, &opus_head(header.pre_skip));
    put_uint(entry, 0x56AA, u64::from(header.pre_skip) * NS_PER_S / u64::from(SESSION_RATE_HZ)); // CodecDelay
    put_uint(entry, 0x56BB, SEEK_PRE_ROLL_NS);
    put_master(entry, 0xE1, |audio| {
        put_float(audio, 0xB5, f64::from(SESSION_RATE_HZ));
        put_uint(audio, 0x9F, 1); // Channels
    });
}

fn track_tags(tag: &mut Vec<u8>, header: &TrackHeader) {
    put_master(tag, 0x63C0, |targets| {
        put_uint(targets, 0x68CA, 30); // TargetTypeValue: a track
        put_uint(targets, 0x63C5, header.uid.max(1));
    });
    for (name, text) in &header.tags {
        put_master(tag, id::SIMPLE_TAG, |simple| {
            put_text(simple, id::TAG_NAME, name);
            put_text(simple, id::TAG_STRING, &clean(text));
        });
    }
}

/// The 19 bytes of RFC 7845 §5.1 for one channel without gain.
fn opus_head(pre_skip: u16) -> [u8; 19] {
    let mut head = [0; 19];
    head[..8].copy_from_slice(b"OpusHead");
    head[8] = 1; // version
    head[9] = 1; // channels
    head[10..12].copy_from_slice(&pre_skip.to_le_bytes());
    head[12..16].copy_from_slice(&SESSION_RATE_HZ.to_le_bytes());
    head
}

fn cue_table(cues: &[Cue]) -> Vec<u8> {
    let mut out = Vec::new();
    put_master(&mut out, id::CUES, |body| {
        for cue in cues {
            put_master(body, 0xBB, |point| {
                put_uint(point, 0xB3, cue.time_ms);
                put_master(point, 0xB7, |positions| {
                    put_uint(positions, 0xF7, 1);
                    put_uint(positions, 0xF1, cue.cluster);
                });
            });
        }
    });
    out
}

/// The `SeekHead` with the Void that keeps the rest of its room.
fn seek_head(layout: &Layout, cues: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(SEEK_HEAD_BYTES);
    put_master(&mut out, id::SEEK_HEAD, |body| {
        let parts = [
            (id::INFO, layout.info),
            (id::TRACKS, layout.tracks),
            (id::TAGS, layout.tags),
            (id::CUES, cues),
        ];
        for (part, position) in parts {
            put_master(body, 0x4DBB, |seek| {
                put_bytes(seek, 0x53AB, &part.to_be_bytes());
                put_uint(seek, 0x53AC, position);
            });
        }
    });
    let rest = SEEK_HEAD_BYTES - out.len();
    put_void(&mut out, rest);
    out
}

/// Text without control characters: NUL would end it early, and editors show it on one line.
fn clean(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}
