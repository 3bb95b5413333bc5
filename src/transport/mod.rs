//! How audio and captions reach people.
//!
//! [`protocol`] is the only file that knows the wire's JSON; its full text is `docs/protocol.md`. [`websocket`] carries
//! everything; [`webrtc`] takes the sound off it where it can. Knows sessions, never adapters.

mod flow;
pub mod protocol;
pub mod signalling;
pub mod tcp_handle;
pub mod translate;
pub mod webrtc;
pub mod websocket;
mod websocket_patience;
mod websocket_writer;
