//! Threads that stand still in code which is not ours: a model's native call, a disk that does not answer.
//!
//! Such a thread cannot be ended, only given up: whoever waited for it goes on without it, and it counts here until it
//! comes back. Each kind has a cap where it is given up, so none of them takes the process with it.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a thread was doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A model's computation, or the loading of it.
    Model,
    /// The synthesis of a voice.
    Voice,
    /// Opening a session: its folder and files.
    Opening,
    /// Writing a recording.
    Writer,
}

impl Kind {
    const COUNT: usize = 4;
}

/// Threads of each kind that stand still now.
static STANDING: [AtomicU64; Kind::COUNT] = [const { AtomicU64::new(0) }; Kind::COUNT];
/// Threads that were given up since the process began, those that came back included.
static GIVEN_UP: AtomicU64 = AtomicU64::new(0);

/// A thread that was given up. It counts until this is dropped, which is when it has come back.
#[derive(Debug)]
#[must_use = "a thread counts as blocked for as long as this lives"]
pub struct Blocked(Kind);

impl Blocked {
    /// A thread of this kind is given up.
    pub fn count(kind: Kind) -> Self {
        STANDING[kind as usize].fetch_add(1, Ordering::Relaxed);
        GIVEN_UP.fetch_add(1, Ordering::Relaxed);
        Self(kind)
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        STANDING[self.0 as usize].fetch_sub(1, Ordering::Relaxed);
    }
}

/// How many threads of this kind stand still now.
#[must_use]
pub fn standing(kind: Kind) -> u64 {
    STANDING[kind as usize].load(Ordering::Relaxed)
}

/// How many threads were given up since the process began.
#[must_use]
pub fn given_up() -> u64 {
    GIVEN_UP.load(Ordering::Relaxed)
}
