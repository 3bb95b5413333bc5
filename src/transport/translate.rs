//! From what a session tells to what the wire says.

use super::protocol::{
    Numbered, OrbStates, ServerMessage, SessionFacts, WireCaption, WireFile, WireMetrics,
};
use crate::session::notice::{Notice, RecordingFiles, State};

/// The JSON of a notice under its number; `None` for what is not said in text.
#[must_use]
pub fn to_json(seq: u64, notice: &Notice) -> Option<String> {
    let numbered = Numbered { seq, message: to_wire(notice) };
    serde_json::to_string(&numbered)
        .inspect_err(|error| tracing::error!(%error, "a notice could not be written as JSON"))
        .ok()
}

fn to_wire(notice: &Notice) -> ServerMessage {
    match notice {
        Notice::Ready(ready) => ServerMessage::SessionReady {
            session_id: ready.session_id.clone(),
            resume_token: ready.resume_token.clone(),
            episode_id: ready.episode_id.clone(),
            resumed: ready.resumed,
            names: ready.names.clone(),
        },
        Notice::State(state) => snapshot(state),
        Notice::Tell(message) => ServerMessage::Ack { message: message.clone() },
        Notice::Orb(speaker, state) => ServerMessage::Orb { speaker: *speaker, state: *state },
        Notice::Caption(caption) => ServerMessage::Caption(WireCaption::from(caption.as_ref())),
        Notice::Autopilot(enabled) => ServerMessage::Autopilot { enabled: *enabled },
        Notice::Duck { speaker, turn, gain_db, fade_ms } => ServerMessage::Duck {
            speaker: *speaker,
            turn: *turn,
            gain_db: *gain_db,
            fade_ms: *fade_ms,
        },
        Notice::Pause { speaker, turn, fade_ms } => {
            ServerMessage::Pause { speaker: *speaker, turn: *turn, fade_ms: *fade_ms }
        }
        Notice::Resume { speaker, turn, from_sample } => {
            ServerMessage::Resume { speaker: *speaker, turn: *turn, from_sample: *from_sample }
        }
        Notice::Flush { speaker, turn, fade_ms } => {
            ServerMessage::Flush { speaker: *speaker, turn: *turn, fade_ms: *fade_ms }
        }
        Notice::Metrics(metrics) => ServerMessage::Metrics(WireMetrics {
            turn: metrics.turn,
            speaker: metrics.speaker,
            end_of_turn_ms: metrics.end_of_turn_ms,
            first_text_ms: metrics.first_text_ms,
            first_audio_ms: metrics.first_audio_ms,
            first_sent_ms: metrics.first_sent_ms,
            first_heard_ms: metrics.first_heard_ms,
        }),
        Notice::Granted { turn, speaker, reason } => {
            ServerMessage::Granted { turn: *turn, speaker: *speaker, reason: *reason }
        }
        Notice::Level(speaker, level) => ServerMessage::Level { speaker: *speaker, level: *level },
        Notice::RecordingReady(files) => recording_ready(files),
        Notice::Problem { code, message, hint } => ServerMessage::Error {
            code: (*code).to_owned(),
            message: message.clone(),
            hint: (*hint).to_owned(),
        },
    }
}

fn snapshot(state: &State) -> ServerMessage {
    let [you, claude, guest] = state.orbs;
    ServerMessage::Snapshot {
        orb_states: OrbStates { you, claude, guest },
        captions: state.captions.iter().map(WireCaption::from).collect(),
        autopilot: state.autopilot,
        session: SessionFacts {
            session_id: state.session_id.clone(),
            episode_id: state.episode_id.clone(),
            title: state.title.clone(),
            names: state.names.clone(),
            adapters: state.adapters.clone(),
            now_ms: state.now_ms,
            muted: state.muted,
            recording: state.recording,
        },
    }
}

fn recording_ready(files: &RecordingFiles) -> ServerMessage {
    let file = |(name, bytes, sha256): &(String, u64, String)| WireFile {
        name: name.clone(),
        url: format!("/api/recordings/{}/{name}", files.episode_id),
        bytes: *bytes,
        sha256: sha256.clone(),
    };
    ServerMessage::RecordingReady {
        episode_id: files.episode_id.clone(),
        files: files.files.iter().map(file).collect(),
    }
}
