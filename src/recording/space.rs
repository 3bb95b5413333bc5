//! How long the disk lasts.
//!
//! The free space is looked at once a second of session time and divided by what this process writes: what this recording
//! has written so far, but not less than three voices at once would, times the recordings going on. So the host hears of
//! it in time, and the session ends in order while there is still room to end in.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::audio::opus::{AI_BITS_PER_SECOND, HOST_BITS_PER_SECOND};
use crate::time::{SESSION_RATE_HZ, SessionTime, Span};

/// How often it is looked at.
const LOOK_EVERY: Span = Span::from_millis(1_000);

/// The host is warned when the disk lasts so many seconds: time enough to tidy up while the show goes on.
pub const WARN_SECONDS: u64 = 15 * 60;

/// The session ends in order when it lasts no longer than this: captions, cues and manifest have to fit too.
pub const END_SECONDS: u64 = 2 * 60;

/// Everybody speaks at once, and half as much again for containers and the log.
const RATE_MIN_BYTES: u64 =
    (HOST_BITS_PER_SECOND.unsigned_abs() as u64 + 2 * AI_BITS_PER_SECOND.unsigned_abs() as u64) / 8
        * 3
        / 2;

/// Recordings going on in this process, by the folder they lie in: they share its disk.
static GOING_ON: Mutex<BTreeMap<PathBuf, u64>> = Mutex::new(BTreeMap::new());

/// What the disk has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// It lasts for about so many seconds more; said once, and again after it was better.
    Low {
        /// Seconds.
        seconds: u64,
    },
    /// It does not last: the session must end in order.
    Out {
        /// Bytes that are left.
        free_bytes: u64,
    },
}

/// Watches the disk of one recording.
#[derive(Debug)]
pub(super) struct SpaceWatch {
    dir: PathBuf,
    next_look: SessionTime,
    has_warned: bool,
    is_out: bool,
}

impl SpaceWatch {
    pub(super) fn new(dir: &Path) -> Self {
        *going_on().entry(root_of(dir)).or_default() += 1;
        Self { dir: dir.to_owned(), next_look: SessionTime::ZERO, has_warned: false, is_out: false }
    }

    /// Looks if it is time to; `written_bytes` is what the recording has come to until `now`.
    pub(super) fn look(&mut self, now: SessionTime, written_bytes: u64) -> Option<Space> {
        if now < self.next_look || self.is_out {
            return None;
        }
        self.next_look = now + LOOK_EVERY;
        let free_bytes = match free_bytes(&self.dir) {
            Ok(free_bytes) => free_bytes,
            Err(error) => {
                tracing::debug!(%error, "the free space of this disk is not known");
                return None;
            }
        };
        let recordings = going_on().get(&root_of(&self.dir)).copied().unwrap_or(1);
        let rate = rate(now, written_bytes).saturating_mul(recordings);
        self.judge(free_bytes, free_bytes / rate)
    }

    fn judge(&mut self, free_bytes: u64, seconds: u64) -> Option<Space> {
        if seconds <= END_SECONDS {
            self.is_out = true;
            return Some(Space::Out { free_bytes });
        }
        let is_low = seconds <= WARN_SECONDS;
        let is_news = is_low && !self.has_warned;
        // Warned again only after it was clearly better, or a disk at the edge would chatter.
        self.has_warned = is_low || (self.has_warned && seconds <= WARN_SECONDS * 2);
        is_news.then_some(Space::Low { seconds })
    }
}

impl Drop for SpaceWatch {
    fn drop(&mut self) {
        let mut going_on = going_on();
        let root = root_of(&self.dir);
        let left = going_on.get(&root).copied().unwrap_or(1).saturating_sub(1);
        if left == 0 {
            going_on.remove(&root);
        } else {
            going_on.insert(root, left);
        }
    }
}

/// Whether there is room to begin a recording in the folder `root`.
///
/// # Errors
/// The bytes that are left, if they do not last.
pub(super) fn check(root: &Path) -> Result<(), u64> {
    let recordings = going_on().get(root).copied().unwrap_or(0) + 1;
    match free_bytes(root) {
        Ok(free_bytes) if free_bytes / (RATE_MIN_BYTES * recordings) <= END_SECONDS => {
            Err(free_bytes)
        }
        // Where the system does not say, the first write will.
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Bytes a second of this recording.
fn rate(now: SessionTime, written_bytes: u64) -> u64 {
    let seconds = (now.samples() / u64::from(SESSION_RATE_HZ)).max(1);
    // In the first seconds heads and the briefing weigh more than anybody's voice.
    if seconds < 10 { RATE_MIN_BYTES } else { (written_bytes / seconds).max(RATE_MIN_BYTES) }
}

fn going_on() -> MutexGuard<'static, BTreeMap<PathBuf, u64>> {
    // A panic while holding the lock leaves counts behind: still true.
    GOING_ON.lock().unwrap_or_else(PoisonError::into_inner)
}

fn root_of(dir: &Path) -> PathBuf {
    dir.parent().unwrap_or(dir).to_owned()
}

/// Bytes that a process without privileges may still write to the disk under `dir`.
#[cfg(unix)]
fn free_bytes(dir: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(dir)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_dir: &Path) -> io::Result<u64> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_fills_up_warns_once_and_then_ends() {
        let mut watch = SpaceWatch::new(Path::new("."));
        let said: Vec<Option<Space>> =
            [4000, 901, 900, 700, 121].into_iter().map(|left| watch.judge(1, left)).collect();
        assert_eq!(said, [None, None, Some(Space::Low { seconds: 900 }), None, None]);
        assert_eq!(watch.judge(7, 120), Some(Space::Out { free_bytes: 7 }));
    }

    #[test]
    fn it_warns_again_only_after_it_was_clearly_better() {
        let mut watch = SpaceWatch::new(Path::new("."));
        let warned = |watch: &mut SpaceWatch, left| watch.judge(1, left).is_some();
        assert!(warned(&mut watch, 600));
        assert!(!warned(&mut watch, 1000) && !warned(&mut watch, 600));
        assert!(!warned(&mut watch, 2000) && warned(&mut watch, 600));
    }

    #[test]
    fn the_free_space_of_this_disk_is_known() {
        assert!(free_bytes(Path::new(".")).is_ok_and(|bytes| bytes > 0));
    }
}
