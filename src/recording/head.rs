//! The head of a track's file: everything before the first cluster.
//!
//! Three places in it are filled in at the end: the segment's size, and, kept by Voids of their exact length, the
//! `SeekHead` at the start of the segment and the `Duration` at the start of `Info`.
//! Units: positions are bytes from the start of the segment's content.

use std::ops::Range;

use super::ebml::{
    UNKNOWN_SIZE, put_bytes, put_float, put_master, put_sint, put_size_of_length, put_text,
    put_uint, put_void,
};
use crate::time::{SAMPLES_PER_MS, SESSION_RATE_HZ};

/// Room kept at the start of the segment for the `SeekHead` of a finished file.
pub(super) const SEEK_HEAD_BYTES: usize = 256;

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
    pub(in super::super) const WRITING_APP: u32 = 0x5741;
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

/// So many samples in nanoseconds; whole for half milliseconds, which is all that pre-skips and end trims are made of.
pub(super) fn samples_to_ns(samples: u64) -> u64 {
    samples * NS_PER_S / u64::from(SESSION_RATE_HZ)
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

impl Layout {
    /// The places, from the start of the file, of the segment's size, the `SeekHead` and the duration.
    pub(super) fn filled_in_later(&self) -> [Range<usize>; 3] {
        let content = usize::try_from(self.content).unwrap_or(usize::MAX);
        let duration = usize::try_from(self.content + self.duration).unwrap_or(usize::MAX);
        [
            content - UNKNOWN_SIZE.len()..content,
            content..content + SEEK_HEAD_BYTES,
            duration..duration + DURATION_BYTES,
        ]
    }
}

/// The head of the file and where its parts stand.
pub(super) fn head(header: &TrackHeader) -> (Vec<u8>, Layout) {
    head_by(APP, header)
}

/// Where the parts of the head that `bytes` begin with stand, and its length, if it is byte for byte what `app`, a
/// version of this writer, makes of `header`; whatever is in the three places that are filled in at the end.
pub(super) fn find_layout(bytes: &[u8], app: &str, header: &TrackHeader) -> Option<(Layout, u64)> {
    let (expected, layout) = head_by(app, header);
    let mut found = bytes.get(..expected.len())?.to_vec();
    for place in layout.filled_in_later() {
        found[place.clone()].copy_from_slice(&expected[place]);
    }
    (found == expected).then_some((layout, expected.len() as u64))
}

fn head_by(app: &str, header: &TrackHeader) -> (Vec<u8>, Layout) {
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
        put_text(body, 0x4D80, app); // MuxingApp
        put_text(body, id::WRITING_APP, app);
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
fn find_duration_place(bytes: &[u8], info: usize) -> usize {
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
    put_uint(entry, 0x56AA, samples_to_ns(u64::from(header.pre_skip))); // CodecDelay
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

/// What stands in the three places of a finished track, in the order of [`Layout::filled_in_later`]: `bytes` are those of
/// its file, `cues` the place of its index.
pub(super) fn filled_in(layout: &Layout, bytes: u64, cues: u64, samples: u64) -> [Vec<u8>; 3] {
    let mut size = Vec::new();
    put_size_of_length(&mut size, bytes - layout.content, UNKNOWN_SIZE.len());
    let mut duration = Vec::new();
    match samples / SAMPLES_PER_MS {
        // A duration of zero is illegal; an empty recording keeps the Void in its place.
        0 => put_void(&mut duration, DURATION_BYTES),
        millis => put_float(&mut duration, id::DURATION, millis_f64(millis)),
    }
    [size, seek_head(layout, cues), duration]
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 ms, which is 285 000 years")]
fn millis_f64(millis: u64) -> f64 {
    millis as f64
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
