//! Binary frames: 16 bytes of header, little-endian, then 16-bit samples or one packet of Opus.

use bytes::{BufMut, Bytes, BytesMut};

use super::WireError;
use crate::audio::opus::{PACKET_BYTES_MAX, packet_samples};
use crate::conversation::{AiSpeaker, TurnId};

/// Bytes before the payload of every binary frame.
pub const BINARY_HEADER_BYTES: usize = 16;

const KIND_HOST_PCM: u8 = 1;
const KIND_HOST_OPUS: u8 = 2;
const KIND_AI_PCM: u8 = 16;
const FLAG_MUTED: u8 = 1;

/// A binary frame from the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostAudio {
    /// Frames sent so far, rising by one.
    pub sequence: u32,
    /// The sender's counter at the first sample of this frame, in samples of its own rate.
    pub capture_sample: u64,
    /// Whether the microphone was off: the samples are silence.
    pub muted: bool,
    /// PCM s16le.
    pub payload: Bytes,
}

impl HostAudio {
    /// Reads a binary frame: kind, flags, 2 bytes reserved, sequence u32, capture counter u64, payload.
    ///
    /// # Errors
    /// [`WireError::BadBinary`] or [`WireError::OddByteCount`].
    pub fn parse(frame: &Bytes) -> Result<Self, WireError> {
        let head = HostHead::parse(frame, KIND_HOST_PCM)?;
        let payload = frame.slice(BINARY_HEADER_BYTES..);
        if !payload.len().is_multiple_of(2) {
            return Err(WireError::OddByteCount(payload.len()));
        }
        let HostHead { sequence, capture_sample, muted } = head;
        Ok(Self { sequence, capture_sample, muted, payload })
    }

    /// The frame's bytes, as a client sends them.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let Self { sequence, capture_sample, muted, .. } = *self;
        HostHead { sequence, capture_sample, muted }.before(KIND_HOST_PCM, &self.payload)
    }

    /// The payload as samples.
    #[must_use]
    pub fn samples(&self) -> Vec<i16> {
        self.payload.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
    }
}

/// A packet of Opus from the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostOpus {
    /// Frames sent so far, rising by one, whatever their kind.
    pub sequence: u32,
    /// The sender's counter at the first sample that comes out of a decoder, at 48 kHz: what the encoder looked ahead
    /// is taken off already.
    pub capture_sample: u64,
    /// Whether the microphone was off.
    pub muted: bool,
    /// One packet of 2.5 to 120 ms.
    pub packet: Bytes,
}

impl HostOpus {
    /// Whether a binary frame says that it is one.
    #[must_use]
    pub fn is_in(frame: &[u8]) -> bool {
        frame.first() == Some(&KIND_HOST_OPUS)
    }

    /// Reads a binary frame: the header of [`HostAudio`] with kind 2, then the packet.
    ///
    /// # Errors
    /// [`WireError::BadBinary`], also for what is no packet of Opus.
    pub fn parse(frame: &Bytes) -> Result<Self, WireError> {
        let HostHead { sequence, capture_sample, muted } = HostHead::parse(frame, KIND_HOST_OPUS)?;
        let packet = frame.slice(BINARY_HEADER_BYTES..);
        if packet.len() > PACKET_BYTES_MAX || packet_samples(&packet).is_none() {
            return Err(WireError::BadBinary { bytes: frame.len(), kind: KIND_HOST_OPUS });
        }
        Ok(Self { sequence, capture_sample, muted, packet })
    }

    /// The frame's bytes, as a client sends them.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let Self { sequence, capture_sample, muted, .. } = *self;
        HostHead { sequence, capture_sample, muted }.before(KIND_HOST_OPUS, &self.packet)
    }
}

/// What stands before every frame of a host.
#[derive(Clone, Copy, Debug)]
struct HostHead {
    sequence: u32,
    capture_sample: u64,
    muted: bool,
}

impl HostHead {
    fn parse(frame: &[u8], wanted: u8) -> Result<Self, WireError> {
        let kind = frame.first().copied().unwrap_or_default();
        let unreadable = || WireError::BadBinary { bytes: frame.len(), kind };
        if kind != wanted {
            return Err(unreadable());
        }
        let (Some(sequence), Some(capture)) = (frame.get(4..8), frame.get(8..16)) else {
            return Err(unreadable());
        };
        let (Ok(sequence), Ok(capture)) = (sequence.try_into(), capture.try_into()) else {
            return Err(unreadable());
        };
        Ok(Self {
            sequence: u32::from_le_bytes(sequence),
            capture_sample: u64::from_le_bytes(capture),
            muted: frame.get(1).is_some_and(|flags| flags & FLAG_MUTED != 0),
        })
    }

    fn before(self, kind: u8, payload: &[u8]) -> Bytes {
        let mut bytes = BytesMut::with_capacity(BINARY_HEADER_BYTES + payload.len());
        bytes.put_u8(kind);
        bytes.put_u8(if self.muted { FLAG_MUTED } else { 0 });
        bytes.put_u16_le(0);
        bytes.put_u32_le(self.sequence);
        bytes.put_u64_le(self.capture_sample);
        bytes.put_slice(payload);
        bytes.freeze()
    }
}

/// A binary frame to the client: one AI's audio, PCM s16le at 48 kHz.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AiAudio {
    /// Who speaks.
    pub speaker: AiSpeaker,
    /// In which turn.
    pub turn: TurnId,
    /// Place of the first sample in the turn.
    pub first_sample: u64,
    /// The samples.
    pub samples: Vec<i16>,
}

impl AiAudio {
    /// The frame's bytes: kind 16, speaker (1 claude, 2 guest), 2 bytes reserved, turn u32, first sample u64, PCM.
    #[must_use]
    pub fn encode(speaker: AiSpeaker, turn: TurnId, first_sample: u64, samples: &[i16]) -> Bytes {
        let mut bytes = BytesMut::with_capacity(BINARY_HEADER_BYTES + samples.len() * 2);
        bytes.put_u8(KIND_AI_PCM);
        bytes.put_u8(match speaker {
            AiSpeaker::Claude => 1,
            AiSpeaker::Guest => 2,
        });
        bytes.put_u16_le(0);
        bytes.put_u32_le(turn.0);
        bytes.put_u64_le(first_sample);
        for sample in samples {
            bytes.put_i16_le(*sample);
        }
        bytes.freeze()
    }

    /// Reads a frame, as a client does. `None` if it is no AI audio.
    #[must_use]
    pub fn parse(frame: &[u8]) -> Option<Self> {
        let speaker = match frame.get(..2)? {
            [KIND_AI_PCM, 1] => AiSpeaker::Claude,
            [KIND_AI_PCM, 2] => AiSpeaker::Guest,
            _ => return None,
        };
        Some(Self {
            speaker,
            turn: TurnId(u32::from_le_bytes(frame.get(4..8)?.try_into().ok()?)),
            first_sample: u64::from_le_bytes(frame.get(8..16)?.try_into().ok()?),
            samples: frame
                .get(BINARY_HEADER_BYTES..)?
                .chunks_exact(2)
                .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
                .collect(),
        })
    }
}
