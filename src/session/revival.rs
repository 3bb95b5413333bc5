//! Going on with a session whose process died: its token, and what the new session takes over.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::conversation::Memory;
use crate::hex::hex;

/// What a session takes over from the take before it.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// What was heard.
    pub memory: Memory,
    /// Which take, and how long ago it broke off.
    pub continues: Continues,
}

/// The take before; written into the first line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Continues {
    /// Its session.
    pub session_id: String,
    /// Its folder.
    pub episode_id: String,
    /// From the end of its sound to the first instant of this take, by the wall clock.
    pub gap_ms: u64,
}

/// What the log says of a resume token: enough to know it again, and nothing anybody could come back with.
#[must_use]
pub fn token_hash(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}
