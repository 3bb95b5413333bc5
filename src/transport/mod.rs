//! How audio and captions reach people.
//!
//! [`protocol`] is the only file that knows the wire's JSON; its full text is `docs/protocol.md`. [`websocket`] is the
//! first transport. Knows sessions, never adapters.

mod flow;
pub mod protocol;
pub mod translate;
pub mod websocket;
mod websocket_writer;
