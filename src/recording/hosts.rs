//! What is known of hosts, a small file each: `.hosts/<name>-<hash>.json` below the recordings folder.
//!
//! Read when a session starts, written when it has ended in order, taken away by `studio profile reset NAME`. A file that
//! cannot be read is left alone and said so; the show begins with a host nobody knows.
//!
//! Invariants: whatever a host is called, the file lies in the folder; a file holds three numbers and no word; there are
//! at most [`HOSTS_MAX`].

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::error::{OnPath, RecordingError};
use super::manifest::{sha256, write_atomically};
use crate::conversation::HostProfile;

/// The folder, below that of the recordings. No recording's name begins with a dot.
pub const HOSTS_FOLDER: &str = ".hosts";

/// Hosts that are remembered: more than any studio has; the one that was away longest is forgotten.
pub const HOSTS_MAX: usize = 1000;

/// A profile is three numbers.
const PROFILE_BYTES_MAX: u64 = 4096;

/// Of a name, so much is shown in the file's.
const SHOWN_CHARS: usize = 40;

/// What is known of the host of this name.
#[must_use]
pub fn read_profile(recordings: &Path, name: &str) -> HostProfile {
    let path = path_of(recordings, name);
    let mut text = String::new();
    let read = File::open(&path)
        .and_then(|file| file.take(PROFILE_BYTES_MAX).read_to_string(&mut text))
        .map_err(|error| (error.kind() == io::ErrorKind::NotFound, error.to_string()));
    let known = read.and_then(|_| {
        serde_json::from_str::<HostProfile>(&text).map_err(|error| (false, error.to_string()))
    });
    match known {
        Ok(profile) => profile.bounded(),
        Err((true, _)) => HostProfile::default(),
        Err((false, reason)) => {
            tracing::warn!(
                file = %path.display(), reason,
                "the host's profile cannot be read and is not used; the end of this show writes it anew"
            );
            HostProfile::default()
        }
    }
}

/// Keeps what is known of the host of this name.
///
/// # Errors
/// [`RecordingError::File`] if it cannot be written.
pub fn keep_profile(
    recordings: &Path,
    name: &str,
    profile: HostProfile,
) -> Result<(), RecordingError> {
    let folder = recordings.join(HOSTS_FOLDER);
    fs::create_dir_all(&folder).on("create folder", &folder)?;
    let text = serde_json::to_string(&profile.bounded()).map_err(|error| RecordingError::Text {
        what: "the host's profile",
        reason: error.to_string(),
    })?;
    write_atomically(&path_of(recordings, name), text.as_bytes())?;
    forget_oldest(&folder)
}

/// Forgets the host of this name; false if nobody of the name was known.
///
/// # Errors
/// [`RecordingError::File`] if the file cannot be taken away.
pub fn reset_profile(recordings: &Path, name: &str) -> Result<bool, RecordingError> {
    let path = path_of(recordings, name);
    match fs::remove_file(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        removed => removed.on("remove", &path).map(|()| true),
    }
}

/// The file of a host: the name as far as a file may be called so, and a hash that tells "Zoë" from "Zo".
fn path_of(recordings: &Path, name: &str) -> PathBuf {
    let name = name.trim().to_lowercase();
    let shown: String = name
        .chars()
        .take(SHOWN_CHARS)
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let hash = sha256(name.as_bytes());
    let hash = &hash[..12];
    recordings.join(HOSTS_FOLDER).join(format!("{shown}-{hash}.json"))
}

/// Keeps the folder within its bound.
fn forget_oldest(folder: &Path) -> Result<(), RecordingError> {
    let entries = fs::read_dir(folder).on("list", folder)?;
    let changed = |entry: &fs::DirEntry| {
        entry.metadata().and_then(|file| file.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
    };
    let mut files: Vec<(SystemTime, PathBuf)> = entries
        .filter_map(Result::ok)
        .map(|entry| (changed(&entry), entry.path()))
        .filter(|(_, path)| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    files.sort();
    let more = files.len().saturating_sub(HOSTS_MAX);
    for (_, path) in files.into_iter().take(more) {
        fs::remove_file(&path).on("remove", &path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: HostProfile = HostProfile { shows: 2, pause_ms: 900, pace_wpm: 160 };

    #[test]
    fn what_is_kept_is_read_again_until_it_is_reset() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read_profile(dir.path(), "Zoë"), HostProfile::default());
        keep_profile(dir.path(), "Zoë", KNOWN).unwrap();
        assert_eq!(read_profile(dir.path(), " zoë "), KNOWN, "a name is not its capitals");
        assert_eq!(read_profile(dir.path(), "Zoe"), HostProfile::default());
        assert!(reset_profile(dir.path(), "Zoë").unwrap());
        assert!(!reset_profile(dir.path(), "Zoë").unwrap());
        assert_eq!(read_profile(dir.path(), "Zoë"), HostProfile::default());
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["../../etc/passwd", "", "a/b\\c\0", &"x".repeat(5000), "..", "CON"] {
            keep_profile(dir.path(), name, KNOWN).unwrap();
            assert_eq!(read_profile(dir.path(), name), KNOWN, "{name:?}");
        }
        let folders: Vec<_> = fs::read_dir(dir.path()).unwrap().filter_map(Result::ok).collect();
        assert_eq!(folders.len(), 1, "{folders:?}");
        assert_eq!(fs::read_dir(dir.path().join(HOSTS_FOLDER)).unwrap().count(), 6);
    }

    #[test]
    fn a_file_that_is_no_profile_is_not_used_and_the_next_show_mends_it() {
        let dir = tempfile::tempdir().unwrap();
        keep_profile(dir.path(), "Ann", KNOWN).unwrap();
        for text in ["", "{\"pauseMs\": -1}", "not json", "7"] {
            fs::write(path_of(dir.path(), "Ann"), text).unwrap();
            assert_eq!(read_profile(dir.path(), "Ann"), HostProfile::default(), "{text:?}");
        }
        fs::write(path_of(dir.path(), "Ann"), "{\"pauseMs\": 4000000000}").unwrap();
        assert_eq!(read_profile(dir.path(), "Ann").pause_ms, 3000);
        keep_profile(dir.path(), "Ann", KNOWN).unwrap();
        assert_eq!(read_profile(dir.path(), "Ann"), KNOWN);
    }
}
