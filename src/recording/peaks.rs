//! How loud a track is along its length, for pictures: one number a stretch.
//!
//! Decodes the whole track, about a second for ten minutes of speech, so callers keep the result.
//!
//! Units: a peak is 0 to 255 of full scale; stretches are equal parts of the track.

use std::path::Path;

use super::error::RecordingError;
use super::track_sound::TrackSound;
use crate::audio::opus::SILENT_PACKET;

/// The finest picture: wider than any screen.
pub const POINTS_MAX: usize = 4_000;

/// The loudest sample of each of `points` equal stretches of a track; fewer for a track of fewer packets.
///
/// # Errors
/// [`RecordingError::File`] if it cannot be read, [`RecordingError::Damaged`] if it is no track of ours.
pub fn peaks(path: &Path, points: usize) -> Result<Vec<u8>, RecordingError> {
    let mut track = TrackSound::open(path)?;
    let packets = track.packets();
    let points = points.clamp(1, POINTS_MAX).min(usize::try_from(packets).unwrap_or(POINTS_MAX));
    let mut loudest = vec![0_u8; points];
    let mut index = 0;
    loop {
        let read = track.next_packets()?;
        if read.is_empty() {
            return Ok(loudest);
        }
        for packet in read {
            if packet != SILENT_PACKET {
                // A packet that cannot be decoded is a gap in the picture, no more.
                let sound = track.decode(&packet);
                let peak = sound.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
                let point = usize::try_from(index * points as u64 / packets.max(1)).unwrap_or(0);
                let peak = u8::try_from(peak >> 7).unwrap_or(u8::MAX);
                if let Some(slot) = loudest.get_mut(point) {
                    *slot = (*slot).max(peak);
                }
            }
            index += 1;
        }
    }
}
