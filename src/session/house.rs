//! What the studio brings to every session: briefings, adapters, and where to record to.
//!
//! The one door through which composition reaches the sessions; `app` implements it, tests bring their own.

use std::fmt;

use super::cast::Cast;
use crate::conversation::HostProfile;
use crate::conversation::briefing::Briefing;
use crate::recording::{EpisodeSetup, RecordingError, Survivor};

/// A studio as its sessions see it. Reading may block.
pub trait House: fmt::Debug + Send + Sync {
    /// The briefing of this name; the first one for an empty name.
    ///
    /// # Errors
    /// [`StartError::BriefingNotFound`] or [`StartError::BriefingInvalid`].
    fn briefing(&self, name: &str) -> Result<Briefing, StartError>;

    /// The adapters that serve this briefing.
    ///
    /// # Errors
    /// [`StartError::CastUnavailable`] if a speaker cannot be served at all.
    fn cast(&self, briefing: &Briefing) -> Result<Cast, StartError>;

    /// Where and under which names the session is recorded.
    ///
    /// # Errors
    /// [`StartError::Recording`] if the episode's name cannot be a folder's name.
    fn episode(&self, request: &RecordRequest<'_>) -> Result<EpisodeSetup, StartError>;

    /// What is known of the host of this name. A house that knows nobody has no shelf for it.
    fn profile(&self, host: &str) -> HostProfile {
        tracing::debug!(host_bytes = host.len(), "this house remembers no hosts");
        HostProfile::default()
    }

    /// Keeps what is known of the host by the end of a session.
    ///
    /// # Errors
    /// [`RecordingError`] if it cannot be written.
    fn keep_profile(&self, host: &str, profile: HostProfile) -> Result<(), RecordingError> {
        tracing::debug!(host_bytes = host.len(), shows = profile.shows, "nothing is kept");
        Ok(())
    }

    /// The session whose process died and whose token has this hash. A house without recordings knows of none.
    ///
    /// # Errors
    /// [`StartError::Recording`] if its recording cannot be read.
    fn survivor(&self, token_hash: &str, now_unix_ms: u64) -> Result<Option<Survivor>, StartError> {
        tracing::debug!(token_hash, now_unix_ms, "this house keeps no recordings to go on with");
        Ok(None)
    }
}

/// What is to be recorded.
#[derive(Debug)]
pub struct RecordRequest<'a> {
    /// Names, language, title.
    pub briefing: &'a Briefing,
    /// Whose models and voices are named in the manifest.
    pub cast: &'a Cast,
    /// The folder asked for; empty takes the briefing's.
    pub episode_id: &'a str,
    /// The session.
    pub session_id: &'a str,
    /// When it begins.
    pub started_unix_ms: u64,
}

/// Why a session could not be started or found.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No such briefing.
    #[error("there is no briefing {0:?}")]
    BriefingNotFound(String),
    /// A briefing with mistakes.
    #[error("the briefing cannot be used: {0}")]
    BriefingInvalid(String),
    /// An adapter that nothing can replace.
    #[error("{0}")]
    CastUnavailable(String),
    /// The recording cannot be made.
    #[error("the recording cannot be made: {0}")]
    Recording(#[from] RecordingError),
    /// Enough sessions run.
    #[error("{most} sessions are on air, which is all this studio serves")]
    SessionsFull {
        /// The configured bound.
        most: usize,
    },
    /// The disk does not answer.
    #[error("the disk that recordings go to does not answer")]
    Stalled,
    /// The studio is shutting down.
    #[error("the studio is shutting down")]
    Draining,
    /// No session has this token.
    #[error("no session waits for this token")]
    ResumeUnknown,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    NoRandomness(String),
    /// Starting broke.
    #[error("starting the session broke: {0}")]
    Broken(String),
}

impl StartError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::BriefingNotFound(_) => "briefing_not_found",
            Self::BriefingInvalid(_) => "briefing_invalid",
            Self::CastUnavailable(_) => "adapter_unavailable",
            // One word for whatever is wrong with it; the message says what.
            Self::Recording(RecordingError::EpisodeId(_)) => "bad_episode_id",
            Self::Recording(error) => error.code(),
            Self::SessionsFull { .. } => "sessions_full",
            Self::Stalled => "disk_stalled",
            Self::Draining => "draining",
            Self::ResumeUnknown => "resume_unknown",
            Self::NoRandomness(_) | Self::Broken(_) => "session_failed",
        }
    }

    /// What to do.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::BriefingNotFound(_) => "GET /api/briefings lists the briefings there are",
            Self::BriefingInvalid(_) => "run studio briefings check on it",
            Self::CastUnavailable(_) => "run studio models pull, or see /health",
            Self::Recording(RecordingError::EpisodeId(_)) => {
                "use letters, digits, - _ . in the episode id"
            }
            Self::Recording(_) | Self::Stalled => "see that RECORDING_DIR can be written",
            Self::SessionsFull { .. } => "end another session first, or raise STUDIO_MAX_SESSIONS",
            Self::Draining => "connect again in a minute",
            Self::ResumeUnknown => "start a new session with hello, without resumeToken",
            Self::NoRandomness(_) | Self::Broken(_) => "see the server's log",
        }
    }
}
