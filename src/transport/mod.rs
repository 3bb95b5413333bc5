//! How audio and captions reach people.
//!
//! [`protocol`] is the only file that knows the wire's JSON; its full text is `docs/protocol.md`.

pub mod protocol;
