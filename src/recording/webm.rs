//! One WebM file with one Opus track, written as it happens.
//!
//! [`TrackWriter`] takes 20 ms packets and hands a complete cluster of known size to the kernel every 400 ms in one
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

use super::ebml::{put_bytes, put_master, put_sint, put_uint};
pub use super::head::TrackHeader;
use super::head::{Layout, filled_in, head, id, samples_to_ns};
use crate::audio::{FRAME_MS, FRAME_SAMPLES};

/// Packets of a full cluster: 400 ms. A killed server loses what is not yet a whole cluster, and what the watermark
/// trails by (400 ms, moved every 100 ms): together 0.9 s, which leaves 0.1 s for a busy machine.
pub const CLUSTER_PACKETS: usize = (400 / FRAME_MS) as usize;

/// Every how many clusters a cue is set: 2 s, which keeps the index of a two-hour track under 100 kB.
const CLUSTERS_A_CUE: u64 = 5;

/// Cues at most: more than two hours of them. A longer track has them half as often, so the index of a recording that
/// nobody stopped does not grow with it.
const CUES_MAX: usize = 4096;

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
    cues: Cues,
}

/// The index in the making.
#[derive(Debug)]
struct Cues {
    cues: Vec<Cue>,
    clusters_a_cue: u64,
}

impl Cues {
    const fn new() -> Self {
        Self { cues: Vec::new(), clusters_a_cue: CLUSTERS_A_CUE }
    }

    /// The index of clusters at these positions in the file.
    fn of(layout: &Layout, clusters: &[u64]) -> Self {
        let mut cues = Self::new();
        for (index, cluster) in (0..).zip(clusters) {
            cues.note(index, cluster - layout.content);
        }
        cues
    }

    /// Notes where a cluster lies. Whatever came before, the cues of a track of this length are the same.
    fn note(&mut self, index: u64, cluster: u64) {
        if self.cues.len() >= CUES_MAX {
            self.clusters_a_cue *= 2;
            let every = self.clusters_a_cue * cluster_ms();
            self.cues.retain(|cue| cue.time_ms.is_multiple_of(every));
        }
        if index.is_multiple_of(self.clusters_a_cue) {
            self.cues.push(Cue { time_ms: index * cluster_ms(), cluster });
        }
    }
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
            cues: Cues::new(),
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
        let cues = Cues::of(&layout, clusters);
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

    /// Bytes handed to the kernel so far.
    pub fn bytes(&self) -> u64 {
        self.position
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
        self.append(&cue_table(&self.cues.cues))?;
        self.sink.sync()?;

        let [size_at, seek_head_at, duration_at] = self.layout.filled_in_later();
        let [size, seek_head, duration] = filled_in(&self.layout, self.position, cues, samples);
        self.patch(seek_head_at.start, &seek_head)?;
        self.patch(duration_at.start, &duration)?;
        self.sink.sync()?;
        self.patch(size_at.start, &size)?;
        self.sink.sync()?;
        Ok(self.sink)
    }

    /// Writes what is gathered, and after it the track's last packet with its end trim in nanoseconds.
    fn write_cluster(&mut self, last: Option<(&[u8], u64)>) -> io::Result<()> {
        let first = self.packets_written;
        let cluster = cluster(first, self.gathered.packets(), last);
        let index = first / CLUSTER_PACKETS as u64;
        self.cues.note(index, self.position - self.layout.content);
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

    fn patch(&mut self, position: usize, bytes: &[u8]) -> io::Result<()> {
        self.sink.seek(SeekFrom::Start(position as u64))?;
        self.sink.write_all(bytes)?;
        self.sink.flush()
    }
}

/// A cluster whose first packet has number `first`; the track's last packet comes with its end trim in nanoseconds.
pub(super) fn cluster<'a>(
    first: u64,
    packets: impl Iterator<Item = &'a [u8]>,
    last: Option<(&[u8], u64)>,
) -> Vec<u8> {
    let mut cluster = Vec::new();
    put_master(&mut cluster, id::CLUSTER, |body| {
        put_uint(body, id::TIMESTAMP, packet_ms(first));
        let mut count = 0;
        for packet in packets {
            put_bytes(body, id::SIMPLE_BLOCK, &block(count, KEYFRAME, packet));
            count += 1;
        }
        if let Some((packet, discard_ns)) = last {
            put_master(body, id::BLOCK_GROUP, |group| {
                put_bytes(group, id::BLOCK, &block(count, NO_FLAGS, packet));
                if discard_ns > 0 {
                    let discard_ns = i64::try_from(discard_ns).unwrap_or(i64::MAX);
                    put_sint(group, id::DISCARD_PADDING, discard_ns);
                }
            });
        }
    });
    cluster
}

/// Timestamp of packet `index`.
pub(super) fn packet_ms(index: u64) -> u64 {
    index * u64::from(FRAME_MS)
}

fn cluster_ms() -> u64 {
    packet_ms(CLUSTER_PACKETS as u64)
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

/// The index that ends a track whose clusters are at these positions in the file.
pub(super) fn index_of(layout: &Layout, clusters: &[u64]) -> Vec<u8> {
    cue_table(&Cues::of(layout, clusters).cues)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_stays_small_however_long_its_track_grows_and_keeps_its_steps_even() {
        let mut cues = Cues::new();
        // A week.
        for index in 0..7 * 24 * 3600 * 1000 / cluster_ms() {
            cues.note(index, 1000 * index);
        }
        assert!(cues.cues.len() <= CUES_MAX && cues.cues.len() > CUES_MAX / 2);
        let step = cues.clusters_a_cue * cluster_ms();
        for (place, cue) in (0..).zip(&cues.cues) {
            assert_eq!(
                (cue.time_ms, cue.cluster),
                (place * step, 1000 * place * cues.clusters_a_cue)
            );
        }
    }
}
