//! The host's frames by the socket: PCM at the agreed rate, or packets of Opus whose counter is at 48 kHz.
//!
//! Both kinds count the same samples, so a host may change from one to the other at any frame. A socket loses and
//! reorders nothing: there is no jitter buffer here, and what the client left out shows in its counter.

use super::actor::Session;
use super::host_ear::{CAPTURE_BLOCK_BYTES, HostEar, SILENCE};
use super::messages::{HostPacket, HostSound};
use crate::audio::SampleRate;
use crate::audio::opus::{CodecError, HostDecoder, packet_samples};
use crate::recording::capture::append_packet;

impl HostEar {
    /// Whether frames may be packets of Opus.
    pub(super) fn takes_opus(&self) -> bool {
        self.rate == SampleRate::HZ_48000
    }
}

impl Session {
    /// A frame of PCM came from the host's microphone.
    pub(super) fn on_host_sound(&mut self, message: &HostSound) {
        if self.host.packets.is_some() {
            self.host.unused_frames += 1;
            return;
        }
        let samples: Vec<i16> = if message.muted || self.muted {
            vec![0; message.pcm.len() / 2]
        } else {
            message.pcm.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
        };
        self.host.decoder = None;
        self.take_frame(message.capture_sample, &samples);
    }

    /// A packet of Opus came from the host's microphone. It is kept as received, unless the host is muted.
    pub(super) fn on_host_packet(&mut self, message: &HostPacket) {
        let HostPacket { sequence, capture_sample, muted, packet } = message;
        if self.host.packets.is_some() || !self.host.takes_opus() {
            self.host.unused_frames += 1;
            return;
        }
        if *muted || self.muted {
            let samples = packet_samples(packet).unwrap_or(0);
            return self.take_frame(*capture_sample, &SILENCE[..samples]);
        }
        let now = self.clock.now();
        // RTP counts with these low bits of the same numbers.
        let (sequence, timestamp) = (sequence & 0xFFFF, capture_sample & 0xFFFF_FFFF);
        append_packet(
            &mut self.host.capture,
            now,
            u16::try_from(sequence).unwrap_or(0),
            u32::try_from(timestamp).unwrap_or(0),
            packet,
        );
        if self.host.capture.len() >= CAPTURE_BLOCK_BYTES {
            self.record_capture();
        }
        let mut decoder = match self.host.decoder.take().map_or_else(HostDecoder::new, Ok) {
            Ok(decoder) => decoder,
            Err(error) => return self.cannot_decode(&error),
        };
        match decoder.decode(packet) {
            Ok(samples) => self.take_frame(*capture_sample, samples),
            Err(error) => self.cannot_decode(&error),
        }
        self.host.decoder = Some(decoder);
    }

    /// What cannot be decoded is missing: its hole is told like any other.
    fn cannot_decode(&mut self, error: &CodecError) {
        self.host.unused_frames += 1;
        tracing::debug!(%error, "a frame of the host cannot be heard");
    }

    fn take_frame(&mut self, capture_sample: u64, samples: &[i16]) {
        let now = self.clock.now();
        let mut pieces = std::mem::take(&mut self.host.pieces);
        let rate = self.host.rate;
        let observed = self.host.line.push(capture_sample, rate, samples, now, &mut pieces);
        self.log_fit(&observed, now);
        self.take_pieces(&mut pieces);
        self.host.pieces = pieces;
    }
}
