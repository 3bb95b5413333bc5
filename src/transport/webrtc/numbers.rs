//! Numbers of a seat that begin anywhere, as RTP asks for. (ICE's secrets are drawn by the stack.)

use super::peer::OfferError;

pub(super) struct Numbers {
    /// Streams of the AIs' tracks: two different ones, none of them zero.
    pub(super) streams: [u32; 2],
    /// First sequence number and first RTP time of each track.
    pub(super) counters: [(u16, u32); 2],
}

impl Numbers {
    pub(super) fn draw() -> Result<Self, OfferError> {
        let mut bytes = [0_u8; 20];
        getrandom::fill(&mut bytes).map_err(|error| OfferError::Refused(error.to_string()))?;
        let word = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let half = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let first = word(0).max(1);
        let second = if word(4) == first { first.wrapping_add(1).max(1) } else { word(4).max(1) };
        Ok(Self { streams: [first, second], counters: [(half(8), word(10)), (half(14), word(16))] })
    }
}
