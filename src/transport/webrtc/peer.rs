//! One listener's end of WebRTC, as the loop sees it: packets and time in, packets and events out.
//!
//! The trait behind which the stack sits. Nothing in it reads a clock or a socket, so a whole call can be played in
//! virtual time, and another stack is another file.

use std::fmt;
use std::net::SocketAddr;
use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::remote::Remote;
use crate::conversation::AiSpeaker;

/// Longest offer that is read: three audio sections of a browser take 5 KiB.
pub const OFFER_BYTES_MAX: usize = 16 * 1024;

/// Why an offer was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// Not an offer that can be answered.
    #[error("the offer cannot be answered: {0}")]
    Unusable(String),
    /// The stack gave up.
    #[error("the offer was not taken: {0}")]
    Refused(String),
}

/// What a peer brings besides packets to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerEvent {
    /// Packets flow both ways, encrypted. May be said again after a change of network.
    Connected,
    /// A packet of the host's voice, decrypted and authentic.
    Media(Media),
    /// An authentic report of the other side; of one that tells it, how many packets in a hundred are lost of what it is sent.
    Report {
        /// The worse of the two tracks, 0 to 100.
        loss_percent: Option<u8>,
    },
    /// The other side hung up, or was silent for too long.
    Closed,
    /// The stack panicked: nothing more comes of this peer.
    Broken,
}

/// A packet of the host's voice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// RTP sequence number.
    pub sequence: u16,
    /// RTP timestamp, 48 kHz.
    pub timestamp: u32,
    /// Opus; empty for a packet that probes the line.
    pub payload: Bytes,
}

/// A packet of an AI's voice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    /// RTP sequence number.
    pub sequence: u16,
    /// RTP timestamp, 48 kHz.
    pub timestamp: u32,
    /// Whether a voice begins here.
    pub begins: bool,
    /// Opus.
    pub payload: Bytes,
}

/// What a peer is made of.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Where we are reached: the candidate of the answer.
    pub address: SocketAddr,
    /// Whether streams are taken there, too: a second candidate, for networks that let no UDP through.
    pub takes_streams: bool,
    /// The streams of our tracks, one for each AI.
    pub streams: [u32; 2],
}

/// One listener's end.
pub trait Peer: fmt::Debug + Send {
    /// Takes an offer, the first or a later one (a change of network), and answers it. The answer names us anew
    /// (`a=ice-ufrag`) where the offer begins ICE anew.
    ///
    /// # Errors
    /// [`OfferError`]; a peer that was connected stays so.
    fn answer(&mut self, offer: &str, now: Instant) -> Result<String, OfferError>;

    /// A datagram came from `from`. Broken and forged ones change nothing.
    fn input(&mut self, datagram: &[u8], from: Remote, now: Instant);

    /// Time has come to `now`.
    fn pass_time(&mut self, now: Instant);

    /// When to pass time next.
    fn next_timeout(&mut self) -> Option<Instant>;

    /// The next datagram to send. Asked until there is none.
    fn poll_datagram(&mut self) -> Option<(Remote, BytesMut)>;

    /// The next event. Asked until there is none.
    fn poll_event(&mut self, now: Instant) -> Option<PeerEvent>;

    /// Sends a packet on an AI's track; `false` if it cannot leave (yet).
    fn send(&mut self, speaker: AiSpeaker, voice: Voice, now: Instant) -> bool;

    /// Says good-bye; what that takes is polled.
    fn close(&mut self, now: Instant);
}
