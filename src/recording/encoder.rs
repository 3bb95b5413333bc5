//! Sound into Opus packets, with silence that is real and cheap.
//!
//! Invariants: one packet of 20 ms a frame; a frame of zeros after two others is the three bytes of full-band silence;
//! nothing of what was said before a silence is heard after it.

use opus::{Application, Bitrate, Channels, Encoder};

use crate::audio::FRAME_SAMPLES;
use crate::time::SESSION_RATE_HZ;

/// 20 ms of full-band mono silence: a TOC byte and an empty frame (RFC 6716 §3.1).
pub(super) const SILENT_PACKET: [u8; 3] = [0xF8, 0xFF, 0xFE];

/// Silent frames that still go through the encoder: they carry out what it holds of the speech before.
const DRAINING_FRAMES: u32 = 2;

/// A frame is at most 1275 bytes (RFC 6716 §3.2.1), and one byte says what it is.
const PACKET_BYTES_MAX: usize = 1276;

/// Half of the encoder's full effort: the budget of sessions a core rests on it, and speech at these rates does not show it.
const COMPLEXITY: i32 = 5;

/// Encodes one track.
#[derive(Debug)]
pub(super) struct TrackEncoder {
    encoder: Encoder,
    silent_frames: u32,
    packet: Vec<u8>,
}

impl TrackEncoder {
    /// An encoder of 48 kHz mono at so many bits a second, without DTX (which would leave holes).
    pub(super) fn new(bits_per_second: i32) -> Result<Self, opus::Error> {
        let mut encoder = Encoder::new(SESSION_RATE_HZ, Channels::Mono, Application::Audio)?;
        encoder.set_bitrate(Bitrate::Bits(bits_per_second))?;
        encoder.set_complexity(COMPLEXITY)?;
        encoder.set_dtx(false)?;
        Ok(Self { encoder, silent_frames: 0, packet: vec![0; PACKET_BYTES_MAX] })
    }

    /// Samples by which decoded sound lags behind what went in.
    pub(super) fn look_ahead(&mut self) -> Result<u16, opus::Error> {
        Ok(u16::try_from(self.encoder.get_lookahead()?).unwrap_or(0))
    }

    /// The packet of the next 20 ms.
    pub(super) fn encode(&mut self, frame: &[i16; FRAME_SAMPLES]) -> Result<&[u8], opus::Error> {
        if frame.iter().any(|sample| *sample != 0) {
            if self.silent_frames > DRAINING_FRAMES {
                self.encoder.reset_state()?;
            }
            self.silent_frames = 0;
        } else {
            self.silent_frames = self.silent_frames.saturating_add(1);
            if self.silent_frames > DRAINING_FRAMES {
                return Ok(&SILENT_PACKET);
            }
        }
        let length = self.encoder.encode(frame, &mut self.packet)?;
        Ok(&self.packet[..length])
    }
}
