//! One AI's track on its way to a listener: a packet every 20 ms, voice or silence, on one unbroken time line.
//!
//! A browser's jitter buffer settles best on a stream that never stops, and its playout position can then be told by
//! RTP time alone: whenever a voice begins, or goes on elsewhere than expected, the listener is told once which sample
//! of which turn is heard at which RTP time ([`Segment`]), over the socket.
//!
//! Invariants: sequence and time rise by one packet with every tick, whatever is sent; a segment is told before the
//! packet that it is about leaves. Silence costs three bytes and no encoding.

use bytes::{Bytes, BytesMut};

use super::peer::Voice;
use crate::audio::FRAME_SAMPLES;
use crate::audio::opus::{CodecError, SILENT_PACKET, TrackEncoder};
use crate::conversation::{AiSpeaker, TurnId};
use crate::session::media_line::MediaLine;

/// Samples of a tick on the RTP clock.
#[expect(clippy::cast_possible_truncation, reason = "960")]
const TICK: u32 = FRAME_SAMPLES as u32;

/// Encoded packets are cut from blocks of this size: about 300 of them, so that a packet costs no allocation.
const BLOCK_BYTES: usize = 32 * 1024;

/// Largest packet that is made; the bit rate makes them a tenth of that.
const PACKET_ROOM: usize = crate::audio::opus::PACKET_BYTES_MAX;

/// Which sample of which turn is heard at which RTP time, from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Who speaks.
    pub speaker: AiSpeaker,
    /// In which turn.
    pub turn: TurnId,
    /// Place in the turn of the first sample.
    pub first_sample: u64,
    /// The RTP time at which it is heard: that of its packet, and what the encoder looks ahead.
    pub rtp_timestamp: u32,
}

/// See the module's text.
#[derive(Debug)]
pub struct OutgoingTrack {
    speaker: AiSpeaker,
    encoder: TrackEncoder,
    sequence: u16,
    timestamp: u32,
    /// The turn that is being sent and the sample that would go on.
    run: Option<(TurnId, u64)>,
    block: BytesMut,
}

impl OutgoingTrack {
    /// A track whose counters begin anywhere, as RTP asks for.
    ///
    /// # Errors
    /// There is no encoder.
    pub fn new(speaker: AiSpeaker, sequence: u16, timestamp: u32) -> Result<Self, CodecError> {
        Ok(Self {
            speaker,
            encoder: TrackEncoder::for_call()?,
            sequence,
            timestamp,
            run: None,
            block: BytesMut::new(),
        })
    }

    /// The packet of this tick, and the segment that begins with it.
    pub fn tick(&mut self, line: &MediaLine) -> (Voice, Option<Segment>) {
        let mut frame = [0; FRAME_SAMPLES];
        let taken = line.take(self.speaker, &mut frame);
        let timestamp = self.timestamp;
        let mut begins = false;
        let mut segment = None;
        if let Some(taken) = taken {
            begins = self.run.is_none();
            if self.run != Some((taken.turn, taken.first_sample)) {
                segment = Some(Segment {
                    speaker: self.speaker,
                    turn: taken.turn,
                    first_sample: taken.first_sample,
                    rtp_timestamp: timestamp.wrapping_add(u32::from(self.encoder.pre_skip())),
                });
            }
            let next = taken.first_sample + taken.samples as u64;
            self.run = (taken.samples == FRAME_SAMPLES).then_some((taken.turn, next));
        } else {
            self.run = None;
        }
        let voice =
            Voice { sequence: self.sequence, timestamp, begins, payload: self.encode(&frame) };
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = timestamp.wrapping_add(TICK);
        (voice, segment)
    }

    /// Ticks that were missed: time went on, nothing is sent for them.
    pub fn skip(&mut self, ticks: u32) {
        self.timestamp = self.timestamp.wrapping_add(TICK.wrapping_mul(ticks));
        self.run = None;
    }

    /// The listener loses so many packets in a hundred.
    pub fn expect_loss(&mut self, percent: u8) {
        if let Err(error) = self.encoder.expect_loss(percent) {
            tracing::debug!(%error, "an encoder cannot expect loss");
        }
    }

    fn encode(&mut self, frame: &[i16; FRAME_SAMPLES]) -> Bytes {
        match self.encoder.encode(frame) {
            Ok(packet) if packet != SILENT_PACKET => {
                if self.block.capacity() < PACKET_ROOM {
                    self.block.reserve(BLOCK_BYTES);
                }
                self.block.extend_from_slice(packet);
                self.block.split().freeze()
            }
            // A frame of the right length can always be encoded; if not, silence keeps the time.
            _ => Bytes::from_static(&SILENT_PACKET),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::notice::SoundFrame;

    fn frame(turn: u32, first_sample: u64, samples: usize) -> SoundFrame {
        let samples: Vec<i16> =
            (0..samples).map(|n| i16::try_from(n % 300 * 40).unwrap()).collect();
        SoundFrame {
            speaker: AiSpeaker::Claude,
            turn: TurnId(turn),
            first_sample,
            samples: samples.into(),
        }
    }

    #[test]
    fn time_goes_on_in_silence_and_a_segment_tells_each_beginning() {
        let line = MediaLine::default();
        let mut track = OutgoingTrack::new(AiSpeaker::Claude, 65_534, u32::MAX - 1_000).unwrap();
        let mut told = Vec::new();
        let mut tick = |told: &mut Vec<(u32, u64)>| {
            let (voice, segment) = track.tick(&line);
            told.extend(segment.map(|segment| (segment.turn.0, segment.first_sample)));
            (voice.sequence, voice.timestamp, voice.begins, voice.payload.len() > 3)
        };
        let start = u32::MAX - 1_000;
        assert_eq!(tick(&mut told), (65_534, start, false, false));
        line.play(frame(1, 0, 960));
        line.play(frame(1, 960, 960));
        assert_eq!(tick(&mut told), (65_535, start.wrapping_add(960), true, true));
        assert_eq!(tick(&mut told), (0, start.wrapping_add(1_920), false, true));
        assert_eq!(told, [(1, 0)]);
        // The voice ran dry for a tick, and goes on.
        tick(&mut told);
        line.play(frame(1, 1_920, 960));
        tick(&mut told);
        assert_eq!(told, [(1, 0), (1, 1_920)]);
        // Silence is encoded twice, then costs three bytes.
        assert_eq!(
            (0..5).map(|_| tick(&mut told).3).collect::<Vec<_>>(),
            [true, true, false, false, false]
        );
    }

    #[test]
    fn a_frame_that_is_filled_up_with_silence_breaks_the_run() {
        let line = MediaLine::default();
        let mut track = OutgoingTrack::new(AiSpeaker::Claude, 0, 0).unwrap();
        line.play(frame(1, 0, 500));
        assert!(track.tick(&line).1.is_some());
        line.play(frame(1, 500, 960));
        let segment = track.tick(&line).1.unwrap();
        assert_eq!((segment.first_sample, segment.rtp_timestamp), (500, 960 + 312));
    }
}
