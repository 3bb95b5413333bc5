//! Whether a finished recording still is what its manifest says: every file's length and SHA-256.
//!
//! Reads every byte and changes nothing: what was damaged afterwards is for people to judge.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use super::error::RecordingError;
use super::library::is_plain;
use super::manifest::{ListedFile, MANIFEST_FILE, Manifest, bytes_and_sha256};

/// What [`verify`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    /// There is no manifest: the recording goes on, or was left unfinished.
    Unfinished,
    /// Every file is what the manifest says.
    Whole {
        /// How many.
        files: usize,
    },
    /// These files are not.
    Damaged(Vec<Damage>),
}

/// A file that is not what the manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Its name.
    pub file: String,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not there.
    Missing,
    /// It has another length.
    Length {
        /// Bytes that are there.
        found: u64,
        /// Bytes that the manifest says.
        listed: u64,
    },
    /// It has the length and another content.
    Content,
    /// It cannot be read, or its name leads out of the folder.
    Unreadable(String),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file)?;
        match &self.fault {
            Fault::Missing => f.write_str("not there"),
            Fault::Length { found, listed } => {
                write!(f, "{found} bytes, {MANIFEST_FILE} says {listed}")
            }
            Fault::Content => write!(f, "as long as {MANIFEST_FILE} says, with another content"),
            Fault::Unreadable(reason) => f.write_str(reason),
        }
    }
}

/// Compares the files of a folder with its manifest.
///
/// # Errors
/// [`RecordingError::File`] if there is no such folder.
pub fn verify(dir: &Path) -> Result<Verified, RecordingError> {
    if let Err(source) = fs::read_dir(dir) {
        return Err(RecordingError::File { action: "look into", path: dir.to_owned(), source });
    }
    let manifest = match Manifest::read(dir) {
        Ok(Some(manifest)) => manifest,
        Ok(None) => return Ok(Verified::Unfinished),
        Err(RecordingError::File { source, .. }) => return Ok(unreadable(source.to_string())),
        Err(RecordingError::Text { reason, .. }) => return Ok(unreadable(reason)),
        Err(error) => return Err(error),
    };
    let damaged: Vec<Damage> = manifest.files().filter_map(|listed| judge(dir, listed)).collect();
    Ok(if damaged.is_empty() {
        Verified::Whole { files: manifest.files().count() }
    } else {
        Verified::Damaged(damaged)
    })
}

/// The manifest itself cannot be read, so nothing is known of the others.
fn unreadable(reason: String) -> Verified {
    let fault = Fault::Unreadable(reason);
    Verified::Damaged(vec![Damage { file: MANIFEST_FILE.to_owned(), fault }])
}

fn judge(dir: &Path, listed: ListedFile<'_>) -> Option<Damage> {
    let fault = fault_of(dir, listed)?;
    Some(Damage { file: listed.name.to_owned(), fault })
}

fn fault_of(dir: &Path, listed: ListedFile<'_>) -> Option<Fault> {
    if !is_plain(listed.name) {
        return Some(Fault::Unreadable("no name of a recording's file".to_owned()));
    }
    let path = dir.join(listed.name);
    // The length first: what was cut short need not be read.
    match fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Some(Fault::Missing),
        Err(error) => return Some(Fault::Unreadable(error.to_string())),
        Ok(meta) if meta.len() != listed.bytes => {
            return Some(Fault::Length { found: meta.len(), listed: listed.bytes });
        }
        Ok(_) => {}
    }
    match bytes_and_sha256(&path) {
        Ok((_, sha256)) if sha256 == listed.sha256 => None,
        Ok(_) => Some(Fault::Content),
        Err(RecordingError::File { source, .. }) => Some(Fault::Unreadable(source.to_string())),
        Err(error) => Some(Fault::Unreadable(error.to_string())),
    }
}
