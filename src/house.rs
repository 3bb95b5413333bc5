//! What this studio brings to every session: its briefings, its adapters, its recordings folder.

use std::path::PathBuf;
use std::sync::Arc;

use crate::briefings::{self, BriefingFileError};
use crate::config::Config;
use crate::conversation::briefing::Briefing;
use crate::conversation::{HostProfile, Speaker};
use crate::factory::Adapters;
use crate::recording::{
    EpisodeId, EpisodeSetup, RecordingError, SpeakerKind, Survivor, TrackSetup, find_survivor,
    keep_profile, read_profile,
};
use crate::session::cast::Cast;
use crate::session::house::{House, RecordRequest, StartError};

/// The house of a configured studio.
#[derive(Debug)]
pub struct StudioHouse {
    briefings_dir: PathBuf,
    recording_dir: PathBuf,
    adapters: Arc<Adapters>,
}

impl StudioHouse {
    /// A house with these adapters.
    #[must_use]
    pub fn new(config: &Config, adapters: Arc<Adapters>) -> Self {
        Self {
            briefings_dir: config.briefings_dir.clone(),
            recording_dir: config.recording_dir.clone(),
            adapters,
        }
    }
}

impl House for StudioHouse {
    fn briefing(&self, name: &str) -> Result<Briefing, StartError> {
        let name = if name.is_empty() {
            let names = briefings::names(&self.briefings_dir).map_err(|error| refused(&error))?;
            let first = names.into_iter().next();
            first.ok_or_else(|| {
                StartError::BriefingNotFound(self.briefings_dir.display().to_string())
            })?
        } else {
            name.to_owned()
        };
        briefings::load(&self.briefings_dir, &name)
            .map(|file| file.briefing)
            .map_err(|error| refused(&error))
    }

    fn cast(&self, briefing: &Briefing) -> Result<Cast, StartError> {
        self.adapters.cast(briefing).map_err(StartError::CastUnavailable)
    }

    fn episode(&self, request: &RecordRequest<'_>) -> Result<EpisodeSetup, StartError> {
        episode_setup(self.recording_dir.clone(), request)
    }

    fn profile(&self, host: &str) -> HostProfile {
        read_profile(&self.recording_dir, host)
    }

    fn keep_profile(&self, host: &str, profile: HostProfile) -> Result<(), RecordingError> {
        keep_profile(&self.recording_dir, host, profile)
    }

    fn survivor(&self, token_hash: &str, now_unix_ms: u64) -> Result<Option<Survivor>, StartError> {
        Ok(find_survivor(&self.recording_dir, token_hash, now_unix_ms)?)
    }
}

/// The recording of a session, named as asked or as its briefing says.
///
/// # Errors
/// [`StartError::Recording`] if the name cannot be a folder's name.
pub fn episode_setup(
    root: PathBuf,
    request: &RecordRequest<'_>,
) -> Result<EpisodeSetup, StartError> {
    let briefing = request.briefing;
    let asked =
        if request.episode_id.is_empty() { briefing.episode.as_str() } else { request.episode_id };
    let episode = EpisodeId::parse(asked)
        .map_err(|error| StartError::Recording(RecordingError::from(error)))?;
    let track = |speaker: Speaker| {
        let (model, voice) = match speaker.ai() {
            None => (Some(request.cast.ears.speech_to_text.name().to_owned()), None),
            Some(ai) => (
                Some(request.cast.mind(ai).model().to_owned()),
                Some(request.cast.voice(ai).options.voice.clone()),
            ),
        };
        let kind = if speaker == Speaker::You { SpeakerKind::Human } else { SpeakerKind::Ai };
        TrackSetup { name: briefing.speaker(speaker).name.clone(), kind, model, voice }
    };
    Ok(EpisodeSetup {
        root,
        episode,
        session_id: request.session_id.to_owned(),
        title: briefing.title.clone(),
        language: briefing.language.clone(),
        started_unix_ms: request.started_unix_ms,
        tracks: Speaker::ALL.map(track),
    })
}

fn refused(error: &BriefingFileError) -> StartError {
    match error {
        BriefingFileError::BadName { name } => StartError::BriefingNotFound(name.clone()),
        BriefingFileError::NotFound { path } => StartError::BriefingNotFound(
            path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        ),
        BriefingFileError::Unreadable { .. } | BriefingFileError::Wrong { .. } => {
            StartError::BriefingInvalid(error.to_string())
        }
    }
}
