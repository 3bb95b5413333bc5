//! A finished recording's sound as a WAV file, made piece by piece while it is sent: of one speaker, or of all three
//! together.
//!
//! Nothing is kept on disk. Memory is one piece and half a second of each track, whatever the recording's length.

use std::path::Path;

use super::closing::track_file;
use super::error::RecordingError;
use super::track_sound::TrackSound;
use crate::audio::{SampleRate, mix, wav};
use crate::conversation::Speaker;

/// Samples in a piece: half a second, 48 kB.
const PIECE_SAMPLES: usize = SampleRate::HZ_48000.samples_in_ms(500);

/// A WAV file on its way.
#[derive(Debug)]
pub struct WavFile {
    tracks: Vec<TrackSound>,
    samples: u64,
    /// Samples still to come, and whether the head is.
    left: u64,
    needs_head: bool,
    parts: Vec<Vec<i16>>,
    mixed: Vec<i16>,
}

impl WavFile {
    /// The sound of `speaker`, or of all three, of the recording in `folder` that is `samples` long.
    ///
    /// # Errors
    /// [`RecordingError::File`] if a track cannot be read, [`RecordingError::Damaged`] if it is none of ours or longer than a
    /// WAV file can be.
    pub fn open(
        folder: &Path,
        speaker: Option<Speaker>,
        samples: u64,
    ) -> Result<Self, RecordingError> {
        let speakers = speaker.map_or_else(|| Speaker::ALL.to_vec(), |speaker| vec![speaker]);
        if samples > wav::SAMPLES_MAX {
            let reason = "it is longer than the 12 hours that a WAV file can hold";
            return Err(RecordingError::Damaged { path: folder.to_owned(), reason });
        }
        let tracks: Vec<TrackSound> = speakers
            .into_iter()
            .map(|speaker| TrackSound::open(&folder.join(track_file(speaker))))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            parts: tracks.iter().map(|_| Vec::with_capacity(PIECE_SAMPLES)).collect(),
            tracks,
            samples,
            left: samples,
            needs_head: true,
            mixed: Vec::new(),
        })
    }

    /// Bytes of a whole file of `samples`.
    #[must_use]
    pub const fn bytes_of(samples: u64) -> u64 {
        wav::HEAD_BYTES as u64 + 2 * samples
    }

    /// The next piece; none at the end.
    ///
    /// # Errors
    /// [`RecordingError::File`].
    pub fn next_piece(&mut self) -> Result<Option<Vec<u8>>, RecordingError> {
        if std::mem::take(&mut self.needs_head) {
            return Ok(Some(wav::head(SampleRate::HZ_48000, Some(self.samples)).to_vec()));
        }
        let count = usize::try_from(self.left).map_or(PIECE_SAMPLES, |it| it.min(PIECE_SAMPLES));
        if count == 0 {
            return Ok(None);
        }
        for (track, part) in self.tracks.iter_mut().zip(&mut self.parts) {
            part.clear();
            track.read(count, part)?;
        }
        self.left -= count as u64;
        let parts: Vec<&[i16]> = self.parts.iter().map(Vec::as_slice).collect();
        mix::sum(&parts, &mut self.mixed);
        Ok(Some(self.mixed.iter().flat_map(|sample| sample.to_le_bytes()).collect()))
    }
}
