//! The wire: JSON text frames tagged by `type`, and binary frames of audio.
//!
//! A translation table and nothing else, and the only place that knows the wire; `docs/protocol.md` is its full text.
//! Times are session milliseconds, positions are samples. Parsing never fails silently: each refusal has a stable
//! [`WireError`] code. A front end in Rust needs nothing but this module.

mod binary;
mod client;
mod error;
mod parts;
mod server;

pub use crate::conversation::{AiSpeaker, OrbState, Speaker, TurnId};
pub use binary::{AiAudio, BINARY_HEADER_BYTES, HostAudio};
pub use client::{
    CANDIDATE_CHARS_MAX, ClientMessage, Hello, HelloAudio, LABEL_CHARS_MAX, PlayoutClock,
    SAY_CHARS_MAX, STRIKE_SECONDS_MAX, WHISPER_CHARS_MAX,
};
pub use error::WireError;
pub use parts::{
    OrbStates, SessionFacts, WireCaption, WireFile, WireIceServer, WireMetrics, WireSegment,
    WireStretch, WireWord,
};
pub use server::{Numbered, ServerMessage};

/// The version a client may name in `hello.protocol`.
pub const PROTOCOL_VERSION: u32 = 1;

/// Largest frame a client may send, text or binary: 64 KiB, 340 ms of 48 kHz PCM and more than any message.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;

/// Rates a client may send PCM at.
pub const HOST_RATES: [u32; 4] = [16_000, 24_000, 44_100, 48_000];

/// How much sound a client best sends in a frame, in ms.
pub const FRAME_MS: u32 = 20;
