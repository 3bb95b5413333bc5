//! Why a log cannot be replayed, with a stable code each.

use std::path::PathBuf;

use crate::recording::{EventReadError, RecordingError};

/// A log that cannot be read or holds no session.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file cannot be opened.
    #[error(transparent)]
    File(#[from] RecordingError),
    /// A line is no event.
    #[error(transparent)]
    Line(#[from] EventReadError),
    /// It is longer than any session.
    #[error("{} is {mib} MiB long; expected at most {mib_max} MiB", path.display())]
    TooLong {
        /// The log.
        path: PathBuf,
        /// Its size.
        mib: u64,
        /// The bound.
        mib_max: u64,
    },
    /// There is no line in it.
    #[error("{} holds no event", path.display())]
    Empty {
        /// The log.
        path: PathBuf,
    },
    /// The first line does not say how the session began.
    #[error(
        "line 1 of the event log is {kind}; expected session.start with briefing and seed: {reason}"
    )]
    Start {
        /// What it is.
        kind: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A line holds an input that this studio does not know.
    #[error(
        "line {seq} of the event log holds an input that this studio does not know: {input}: {reason}"
    )]
    UnknownInput {
        /// The line.
        seq: u64,
        /// Its name.
        input: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A rule cannot be set to this.
    #[error("{0}")]
    Rule(String),
}

impl ReplayError {
    /// A stable word for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::File(_) => "log_unreadable",
            Self::Line(EventReadError::Version { .. }) => "log_version_unknown",
            Self::Line(EventReadError::File { .. }) => "log_unreadable",
            Self::Line(EventReadError::Line { .. }) => "log_line_invalid",
            Self::TooLong { .. } => "log_too_long",
            Self::Empty { .. } => "log_empty",
            Self::Start { .. } => "log_start_invalid",
            Self::UnknownInput { .. } => "log_input_unknown",
            Self::Rule(_) => "rule_invalid",
        }
    }
}
