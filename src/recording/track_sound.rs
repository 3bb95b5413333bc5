//! What a finished track sounds like: its packets, decoded one after the other.
//!
//! Invariants: the first sample is session time zero, for the encoder's look-ahead is left out, as every player does; a packet
//! that cannot be decoded is silence of its length; beyond the last packet everything is silent.
//! Units: samples at 48 kHz.

use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};

use super::error::{OnPath, RecordingError};
use super::scan::{ClusterSpot, packets_of, scan};
use crate::audio::FRAME_SAMPLES;
use crate::audio::opus::HostDecoder;

/// One track on its way from packets to samples.
#[derive(Debug)]
pub(super) struct TrackSound {
    path: PathBuf,
    file: File,
    clusters: std::vec::IntoIter<ClusterSpot>,
    /// Packets in the whole file, and of those the ones that were read.
    packets: u64,
    packets_read: u64,
    decoder: HostDecoder,
    /// Samples to leave out before the first that counts.
    to_skip: usize,
    decoded: VecDeque<i16>,
}

impl TrackSound {
    /// Opens a track.
    ///
    /// # Errors
    /// [`RecordingError::File`] if it cannot be read, [`RecordingError::Damaged`] if it is no track of ours.
    pub(super) fn open(path: &Path) -> Result<Self, RecordingError> {
        let damaged = |reason| RecordingError::Damaged { path: path.to_owned(), reason };
        let mut file = File::open(path).on("open", path)?;
        let scan = scan(&mut file).on("read", path)?.ok_or_else(|| damaged("it is no track"))?;
        let decoder = HostDecoder::new().map_err(|_no_memory| damaged("no decoder for it"))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            packets: scan.packets(),
            to_skip: scan.header.map_or(0, |header| usize::from(header.pre_skip)),
            clusters: scan.clusters.into_iter(),
            packets_read: 0,
            decoder,
            decoded: VecDeque::new(),
        })
    }

    /// Packets in the whole track.
    pub(super) const fn packets(&self) -> u64 {
        self.packets
    }

    /// The next packets, as they lie in the file: at most half a second of them, none at the end.
    ///
    /// # Errors
    /// [`RecordingError::File`].
    pub(super) fn next_packets(&mut self) -> Result<Vec<Vec<u8>>, RecordingError> {
        let Some(cluster) = self.clusters.next() else { return Ok(Vec::new()) };
        let packets =
            packets_of(&mut self.file, cluster, self.packets_read).on("read", &self.path)?;
        self.packets_read += packets.len() as u64;
        Ok(packets)
    }

    /// The sound of a packet.
    pub(super) fn decode(&mut self, packet: &[u8]) -> &[i16] {
        self.decoder.decode(packet).unwrap_or(&[0; FRAME_SAMPLES])
    }

    /// Appends the next `count` samples to `out`.
    ///
    /// # Errors
    /// [`RecordingError::File`].
    pub(super) fn read(&mut self, count: usize, out: &mut Vec<i16>) -> Result<(), RecordingError> {
        while self.decoded.len() < count {
            let packets = self.next_packets()?;
            if packets.is_empty() {
                self.decoded.resize(count, 0);
            }
            for packet in packets {
                let sound = self.decoder.decode(&packet).unwrap_or(&[0; FRAME_SAMPLES]);
                let skipped = self.to_skip.min(sound.len());
                self.to_skip -= skipped;
                self.decoded.extend(&sound[skipped..]);
            }
        }
        out.extend(self.decoded.drain(..count));
        Ok(())
    }
}
