//! WebRTC beside the WebSocket: Opus both ways on one UDP port for all sessions.
//!
//! ```text
//! socket ⇄ [`server`] ⇄ [`exchange`] (whose packet, what is due) ⇄ [`peer`] (trait) ⇄ [`rtc_peer`] (the stack)
//!                             │ packets, frames: [`MediaLine`](crate::session::media_line::MediaLine)
//!                             ▼
//!                          Session ── signalling, captions, orders: the WebSocket
//! ```
//!
//! The offer comes over the listener's WebSocket and its answer goes back there; from then on only packets pass. ICE-lite:
//! the studio has one address and answers checks. Everything but [`server`] is without a socket and a clock, so whole
//! calls are played in virtual time by the tests.
//!
//! Invariants: one thread and one socket for all listeners, no task and no message a packet; what is forged, replayed
//! or nobody's is dropped and counted; a listener that falls silent loses its seat, never its session.

mod asked;
mod counters;
pub mod exchange;
pub mod guarded;
pub mod happening;
mod mends;
mod numbers;
mod offer;
pub mod path;
pub mod peer;
pub mod remote;
mod reports;
pub mod rtc_peer;
mod seat;
pub mod sending;
pub mod server;
mod streams;
pub mod stun;

pub use happening::{ExchangeCounts, Farewell, SeatId};
pub use peer::OfferError;
pub use server::{MediaServer, Offer, Seated};
