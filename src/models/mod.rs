//! Local models by catalogue: what there is, what is on disk, how the rest gets there.
//!
//! [`Catalogue`] says what belongs to the studio, [`Store`] looks at a models folder, [`pull`](pull::pull) fetches
//! what is missing. The adapters only ever ask the store for a path.
//!
//! Invariants: a file under its final name has passed its sha256; a missing model is a state, never a panic; nothing
//! here reads the environment or the clock.
//! Layout on disk: `<models folder>/<model>/<file>`.

use std::path::PathBuf;
use std::time::Duration;

pub mod catalogue;
mod download;
mod package;
pub mod pull;
mod store;

pub use catalogue::{Catalogue, Model, PLATFORM, Set};
pub use store::{ModelState, Store};

/// Why a model could not be listed, checked or fetched.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The catalogue itself is wrong.
    #[error("the model catalogue is not valid: {0}")]
    Catalogue(String),
    /// A name that the catalogue does not have.
    #[error("there is no model {name:?}; known are {known}")]
    UnknownModel {
        /// The name as given.
        name: String,
        /// All names there are.
        known: String,
    },
    /// The disk said no: full, not writable, not readable.
    #[error("{doing} {}", path.display())]
    Disk {
        /// What was tried.
        doing: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: std::io::Error,
    },
    /// Every source of at least one file was tried in vain.
    #[error("{} could not be had:\n{}", plural(files.len()), files.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    NoSource {
        /// Each such file with what its sources answered.
        files: Vec<Failed>,
    },
    /// The whole pull took longer than it may.
    #[error("stopped after {} s; what is there stays, run it again to go on", after.as_secs())]
    TimedOut {
        /// The limit.
        after: Duration,
    },
}

/// One file that could not be had.
#[derive(Clone, Debug)]
pub struct Failed {
    /// `model/file`.
    pub file: String,
    /// One sentence per source, in the order tried.
    pub tried: Vec<String>,
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "  {}", self.file)?;
        self.tried.iter().try_for_each(|sentence| write!(f, "\n    {sentence}"))
    }
}

impl ModelError {
    /// Returns a stable word for scripts and logs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Catalogue(_) => "catalogue_invalid",
            Self::UnknownModel { .. } => "model_unknown",
            Self::Disk { .. } => "model_disk",
            Self::NoSource { .. } => "model_no_source",
            Self::TimedOut { .. } => "model_timed_out",
        }
    }

    /// Wraps a system error with what was being done to which file.
    fn disk(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Disk { doing, path, source }
    }
}

fn plural(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}
