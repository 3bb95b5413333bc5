//! One speaker's track while it grows: sound placed on session time, rendered into frames, encoded, written.
//!
//! **Joining.** Where the listener's page reports its playout, the positions of one turn's stretches jitter by a few
//! samples. A stretch that begins within 5 ms of the end of the one before is therefore joined to it, without hole or
//! overlap; the small difference is not carried on, so the first stretch after a pause stands at its own time again.
//! A larger difference is honoured: a later start leaves a hole, an earlier one is an overlap.
//!
//! **Order.** The stretches of one speaker come in the order of their times. What overlaps sound that was placed before,
//! or time that is already encoded, is cut off and counted.
//!
//! Invariants: every 20 ms of session time is one packet, sound or silence; at most [`AHEAD_MAX`] of sound waits.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use super::error::{OnPath, RecordingError};
use super::loudness::TrackLoudness;
use super::manifest::Loudness;
use super::webm::{TrackHeader, TrackWriter};
use crate::audio::FRAME_SAMPLES;
use crate::audio::opus::{AI_BITS_PER_SECOND, CodecError, HOST_BITS_PER_SECOND, TrackEncoder};
use crate::conversation::Speaker;
use crate::time::{SessionTime, Span};

/// Stretches this close to the end of the one before are joined to it. Reports of a page jitter by under a
/// millisecond; a pause in speech is ten times longer. (Positions by RTP time waver by more: an AI's loud sound is joined
/// by the session's stage before it comes here.)
pub const JOIN_TOLERANCE: Span = Span::from_millis(5);

/// Sound that begins more than this after the watermark is left out and counted: it bounds the memory of a track.
/// The watermark trails by under half a second, so only a broken clock gets there.
pub const AHEAD_MAX: Span = Span::from_millis(30_000);

const FRAME: u64 = FRAME_SAMPLES as u64;

/// Sound that waits for the watermark.
#[derive(Debug)]
struct Stretch {
    start: u64,
    samples: Vec<i16>,
}

/// See the module's text.
#[derive(Debug)]
pub(super) struct Track {
    speaker: Speaker,
    path: PathBuf,
    writer: TrackWriter<File>,
    encoder: TrackEncoder,
    loudness: TrackLoudness,
    waiting: VecDeque<Stretch>,
    placed_until: u64,
    cut_samples: u64,
}

impl Track {
    /// Creates the speaker's file, which must not exist. The encoder's look-ahead goes into its head.
    pub(super) fn create(
        path: &Path,
        speaker: Speaker,
        mut header: TrackHeader,
    ) -> Result<Self, RecordingError> {
        let bits = if speaker.ai().is_some() { AI_BITS_PER_SECOND } else { HOST_BITS_PER_SECOND };
        let encoder = TrackEncoder::new(bits).map_err(encode_error(speaker))?;
        header.pre_skip = encoder.pre_skip();
        let file = OpenOptions::new().write(true).create_new(true).open(path).on("create", path)?;
        let writer = TrackWriter::create(file, &header).on("write", path)?;
        Ok(Self {
            speaker,
            path: path.to_owned(),
            writer,
            encoder,
            loudness: TrackLoudness::default(),
            waiting: VecDeque::new(),
            placed_until: 0,
            cut_samples: 0,
        })
    }

    /// Samples before which all is encoded.
    pub(super) fn encoded(&self) -> u64 {
        self.writer.packets() * FRAME
    }

    /// Bytes handed to the kernel so far.
    pub(super) fn bytes(&self) -> u64 {
        self.writer.bytes()
    }

    /// Samples that were left out because their place was taken, past or far ahead.
    pub(super) fn cut_samples(&self) -> u64 {
        self.cut_samples
    }

    /// The track will end here: what was placed behind it is left out, too.
    pub(super) fn cut_beyond(&mut self, end: u64) {
        let beyond = |stretch: &Stretch| {
            (stretch.start + stretch.samples.len() as u64).saturating_sub(end.max(stretch.start))
        };
        self.cut_samples += self.waiting.iter().map(beyond).sum::<u64>();
    }

    /// The encoder's look-ahead.
    pub(super) fn pre_skip(&self) -> u16 {
        self.encoder.pre_skip()
    }

    /// Puts a stretch on its place; see the module's text for joins and overlaps.
    pub(super) fn place(&mut self, at: SessionTime, samples: &[i16]) {
        let encoded = self.encoded();
        let mut start = at.samples();
        let may_join = self.placed_until > 0 && self.placed_until >= encoded;
        if may_join && start.abs_diff(self.placed_until) <= JOIN_TOLERANCE.samples() {
            start = self.placed_until;
        }
        let length = samples.len() as u64;
        if start > encoded.saturating_add(AHEAD_MAX.samples()) {
            self.cut_samples += length;
            return;
        }
        let floor = self.placed_until.max(encoded);
        let overlap = floor.saturating_sub(start).min(length);
        self.cut_samples += overlap;
        let kept = &samples[usize::try_from(overlap).unwrap_or(samples.len())..];
        if !kept.is_empty() {
            let start = start + overlap;
            self.placed_until = start + kept.len() as u64;
            self.waiting.push_back(Stretch { start, samples: kept.to_vec() });
        }
    }

    /// Encodes every whole frame before `watermark`, holes as silence.
    pub(super) fn advance(&mut self, watermark: SessionTime) -> Result<(), RecordingError> {
        while self.encoded() + FRAME <= watermark.samples() {
            let packet = match self.next_frame() {
                Some(frame) => {
                    self.loudness.add(&frame);
                    self.encoder.encode(&frame)
                }
                None => {
                    self.loudness.add_silence();
                    self.encoder.encode_silence()
                }
            };
            let packet = packet.map_err(encode_error(self.speaker))?;
            self.writer.packet(packet).on("write", &self.path)?;
        }
        Ok(())
    }

    /// Makes what was written durable.
    pub(super) fn sync(&mut self) -> Result<(), RecordingError> {
        self.writer.sync().on("write to the disk", &self.path)
    }

    /// Encodes up to `samples` and closes the file with exactly that length. Returns how loud the track is.
    pub(super) fn finish(mut self, samples: u64) -> Result<Option<Loudness>, RecordingError> {
        // The encoder's look-ahead must be pushed out by frames after the end.
        let packets = (samples + u64::from(self.pre_skip())).div_ceil(FRAME);
        self.advance(SessionTime::from_samples(packets.saturating_sub(1) * FRAME))?;
        let frame = self.next_frame().unwrap_or([0; FRAME_SAMPLES]);
        let last = self.encoder.encode(&frame).map_err(encode_error(self.speaker))?;
        self.writer.finish(last, samples).on("finish", &self.path)?;
        Ok(self.loudness.summary())
    }

    /// The next 20 ms of session time; `None` where nothing was placed.
    fn next_frame(&mut self) -> Option<[i16; FRAME_SAMPLES]> {
        let frame_start = self.encoded();
        if self.waiting.front().is_none_or(|stretch| stretch.start >= frame_start + FRAME) {
            return None;
        }
        let mut frame = [0; FRAME_SAMPLES];
        while let Some(stretch) = self.waiting.front() {
            let offset_in_frame = index(stretch.start.saturating_sub(frame_start));
            if offset_in_frame >= FRAME_SAMPLES {
                break;
            }
            let used = index(frame_start.saturating_sub(stretch.start));
            let rest = &stretch.samples[used.min(stretch.samples.len())..];
            let count = rest.len().min(FRAME_SAMPLES - offset_in_frame);
            frame[offset_in_frame..offset_in_frame + count].copy_from_slice(&rest[..count]);
            if count < rest.len() {
                break;
            }
            self.waiting.pop_front();
        }
        Some(frame)
    }
}

fn encode_error(speaker: Speaker) -> impl Fn(CodecError) -> RecordingError {
    move |source| RecordingError::Encode { speaker, source }
}

/// A distance in samples as an index; what does not fit memory lies behind every slice.
fn index(samples: u64) -> usize {
    usize::try_from(samples).unwrap_or(usize::MAX)
}
