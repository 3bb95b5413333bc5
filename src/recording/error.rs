//! What can go wrong with a recording, in words for people and in codes for programs.
//!
//! Invariants: every error of a file names what was tried and the path; the codes never change once released.

use std::io;
use std::path::{Path, PathBuf};

use super::folder::EpisodeIdError;
use crate::audio::opus::CodecError;
use crate::conversation::Speaker;

/// A failure of the recorder, of its files or of their repair.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The operating system refused an operation on a file or folder.
    #[error("{action} {}", path.display())]
    File {
        /// What was tried, in the imperative: `write`, `create folder`.
        action: &'static str,
        /// What it was tried on.
        path: PathBuf,
        /// What the system answered.
        #[source]
        source: io::Error,
    },
    /// The episode's name cannot be a folder's name.
    #[error(transparent)]
    EpisodeId(#[from] EpisodeIdError),
    /// Every name from the episode's own to the last numbered take exists already.
    #[error("find a free folder for {episode} in {}: {takes_max} takes exist", root.display())]
    TakesExhausted {
        /// The recordings folder.
        root: PathBuf,
        /// The episode asked for.
        episode: String,
        /// How many names were tried.
        takes_max: u32,
    },
    /// The sound of one track could not be encoded.
    #[error("encode the track of {speaker}")]
    Encode {
        /// Whose track.
        speaker: Speaker,
        /// What the encoder answered.
        #[source]
        source: CodecError,
    },
    /// A value could not be written as JSON or YAML.
    #[error("write {what} as text: {reason}")]
    Text {
        /// Which value.
        what: &'static str,
        /// The serializer's words.
        reason: String,
    },
    /// The folder holds nothing that could be repaired.
    #[error("repair {}: {reason}", path.display())]
    Damaged {
        /// The folder or file.
        path: PathBuf,
        /// What is missing.
        reason: &'static str,
    },
    /// The recording is still being written.
    #[error("open {}: its recording is going on", path.display())]
    InUse {
        /// The event log.
        path: PathBuf,
    },
    /// The disk took no data for as long as the queue could hold what came.
    #[error("write to {}: the disk has not kept up for {queued_s} s", dir.display())]
    Stalled {
        /// The recording's folder.
        dir: PathBuf,
        /// Length of the full queue in seconds.
        queued_s: u64,
    },
    /// The disk has no room for a recording, or none for more of it.
    #[error("record to {}: the disk has {free_bytes} bytes left, which do not last for two minutes", dir.display())]
    SpaceOut {
        /// The recordings folder or the recording's.
        dir: PathBuf,
        /// What is left.
        free_bytes: u64,
    },
    /// The writer thread could not be started.
    #[error("start the writer thread")]
    Thread(#[source] io::Error),
    /// The writer thread met a broken invariant. The folder is left to recovery.
    #[error("record to {}: the writer thread panicked: {message}", dir.display())]
    Panicked {
        /// The recording's folder.
        dir: PathBuf,
        /// The panic's own words.
        message: String,
    },
}

impl RecordingError {
    /// A stable `snake_case` word for logs and clients.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::File { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull
                | io::ErrorKind::QuotaExceeded
                | io::ErrorKind::FileTooLarge => "disk_full",
                _ => "recording_unwritable",
            },
            Self::EpisodeId(error) => error.code(),
            Self::TakesExhausted { .. } => "recording_takes_exhausted",
            Self::SpaceOut { .. } => "disk_full",
            Self::Encode { .. } => "recording_encoder_failed",
            Self::Text { .. } => "recording_text_failed",
            Self::Damaged { .. } => "recording_damaged",
            Self::InUse { .. } => "recording_in_use",
            Self::Stalled { .. } => "disk_stalled",
            Self::Thread(_) => "recording_thread_failed",
            Self::Panicked { .. } => "recording_panicked",
        }
    }
}

/// Names the deed and the path on an input/output error.
pub(super) trait OnPath<T> {
    /// Turns the system's answer into a [`RecordingError::File`].
    fn on(self, action: &'static str, path: &Path) -> Result<T, RecordingError>;
}

impl<T> OnPath<T> for io::Result<T> {
    fn on(self, action: &'static str, path: &Path) -> Result<T, RecordingError> {
        self.map_err(|source| RecordingError::File { action, path: path.to_owned(), source })
    }
}
