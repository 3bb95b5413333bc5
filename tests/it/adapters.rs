//! The contract of `adapters/mod.rs`, run over every adapter that can work on this machine without a network.
//!
//! One check a kind, cases are adapters: a new adapter is one more call.

mod distant_chains;
mod distant_ears;
mod distant_voices;
mod google;
mod hearing;
mod minds;
pub(crate) mod recognisers;
mod shows;
mod spoken_chains;
mod voices;
#[cfg(feature = "local-whisper")]
mod whisper_local;
