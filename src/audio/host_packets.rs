//! A host's Opus packets as sound, each stretch with its place on the sender's counter.
//!
//! The jitter buffer says what is next; here it is decoded. Of sound that was lost, the last packet is rebuilt from the
//! copy its successor carries, what is short is concealed, and what is long is left out: the counter tells how long,
//! so a hole moves nothing.
//!
//! What is decoded lies behind its packet by what the encoder looked ahead, and is placed that much earlier.
//!
//! Invariants: places rise, stretches never overlap; the packets given in again give the same samples.

use super::jitter::{Due, JitterBuffer, JitterCounts, Packet};
use super::num;
use super::opus::{CodecError, HostDecoder, LOOKAHEAD, carries_copy};
use crate::time::{SessionTime, Span};

/// Longest loss that is concealed: beyond 100 ms Opus has faded to silence, and a recogniser hears a gap better than
/// an invention.
pub const CONCEAL_MAX: Span = Span::from_millis(100);

/// What comes of a host's packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostSpan<'a> {
    /// Sound, or what stands for it.
    Sound {
        /// The sender's counter at its first sample.
        at: u64,
        /// 48 kHz, mono.
        samples: &'a [i16],
        /// No sample of it was captured later than this: when the packet came that brought it, less what its encoder
        /// looked ahead.
        captured_before: SessionTime,
    },
    /// The sender counts anew.
    Restarted,
}

/// What became of lost sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RepairCounts {
    /// Samples that a later packet carried a copy of.
    pub rebuilt: u64,
    /// Samples that were made up.
    pub concealed: u64,
    /// Samples that are a hole.
    pub missing: u64,
    /// Packets that Opus could not decode.
    pub undecodable: u64,
}

/// See the module's text.
#[derive(Debug)]
pub struct HostPackets {
    buffer: JitterBuffer,
    decoder: HostDecoder,
    repairs: RepairCounts,
}

impl HostPackets {
    /// A host who has said nothing.
    ///
    /// # Errors
    /// Opus has no memory.
    pub fn new() -> Result<Self, CodecError> {
        Ok(Self {
            buffer: JitterBuffer::new(),
            decoder: HostDecoder::new()?,
            repairs: RepairCounts::default(),
        })
    }

    /// Takes a packet that arrived at `arrival`.
    pub fn push(&mut self, packet: Packet<'_>, arrival: SessionTime) {
        self.buffer.push(packet, arrival);
    }

    /// Decodes what is due at `now` and hands it to `take`, in order.
    pub fn drain(&mut self, now: SessionTime, mut take: impl FnMut(HostSpan<'_>)) {
        while let Some(due) = self.buffer.due(now) {
            match due {
                Due::Restarted => take(HostSpan::Restarted),
                Due::Gap { at, samples, next, next_samples, arrival } => {
                    let captured_before = arrival - LOOKAHEAD;
                    let gap = Gap { at, samples, next, next_samples, captured_before };
                    gap.fill(&mut self.decoder, &mut self.repairs, &mut take);
                }
                Due::Sound { at, payload, arrival, .. } => match self.decoder.decode(payload) {
                    Ok(samples) => {
                        let captured_before = arrival - LOOKAHEAD;
                        take(HostSpan::Sound { at, samples, captured_before });
                    }
                    Err(_) => self.repairs.undecodable += 1,
                },
            }
        }
    }

    /// What became of the packets.
    #[must_use]
    pub const fn counts(&self) -> JitterCounts {
        self.buffer.counts()
    }

    /// What became of lost sound.
    #[must_use]
    pub const fn repairs(&self) -> RepairCounts {
        self.repairs
    }

    /// How long a gap is waited for.
    #[must_use]
    pub const fn patience(&self) -> Span {
        self.buffer.patience()
    }
}

/// Lost sound and what follows it.
struct Gap<'a> {
    at: u64,
    samples: u64,
    next: &'a [u8],
    next_samples: u64,
    captured_before: SessionTime,
}

impl Gap<'_> {
    fn fill(
        &self,
        decoder: &mut HostDecoder,
        repairs: &mut RepairCounts,
        take: &mut impl FnMut(HostSpan<'_>),
    ) {
        let Self { at, samples, next, next_samples, captured_before } = *self;
        let copied = if carries_copy(next) { next_samples.min(samples) } else { 0 };
        let unknown = samples - copied;
        if unknown <= CONCEAL_MAX.samples() {
            if let Ok(sound) = decoder.conceal(num::index(unknown)) {
                repairs.concealed += sound.len() as u64;
                take(HostSpan::Sound { at, samples: sound, captured_before });
            }
        } else {
            repairs.missing += unknown;
        }
        if copied == 0 {
            return;
        }
        if let Ok(sound) = decoder.rebuild(next, num::index(copied)) {
            repairs.rebuilt += sound.len() as u64;
            let at = at + unknown;
            take(HostSpan::Sound { at, samples: sound, captured_before });
        }
    }
}

#[cfg(test)]
mod tests;
