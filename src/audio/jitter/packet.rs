//! What goes into a jitter buffer and what comes out.

use crate::time::SessionTime;

/// What a packet brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Its sequence number, rising by one.
    pub sequence: u16,
    /// The sender's counter at its first sample.
    pub timestamp: u32,
    /// Opus; empty for a packet that only probes the line.
    pub payload: &'a [u8],
}

/// What is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due<'a> {
    /// A packet with sound.
    Sound {
        /// The sender's counter at its first sample, without wrapping.
        at: u64,
        /// Samples it holds.
        samples: u64,
        /// Opus.
        payload: &'a [u8],
        /// When it came.
        arrival: SessionTime,
    },
    /// Sound was lost, or never sent, right before the packet that follows.
    Gap {
        /// Where it begins on the sender's counter.
        at: u64,
        /// How long it is.
        samples: u64,
        /// The packet after it, which may carry a copy of the sound before it.
        next: &'a [u8],
        /// Samples that packet holds.
        next_samples: u64,
        /// When that packet came.
        arrival: SessionTime,
    },
    /// The sender counts anew; nothing that follows has to do with what was.
    Restarted,
}

/// What became of the packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JitterCounts {
    /// Packets that came.
    pub received: u64,
    /// Packets given out.
    pub given: u64,
    /// Packets that were waited for and not given out.
    pub lost: u64,
    /// Packets that came after their place was given up.
    pub late: u64,
    /// Packets that came twice.
    pub repeated: u64,
    /// Packets that filled a gap in time.
    pub reordered: u64,
    /// Packets that cannot be: too long, no Opus, from another stream, back in time.
    pub odd: u64,
}
