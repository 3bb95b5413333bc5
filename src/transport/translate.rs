//! Between a session and the wire: what a session tells as messages, and what a listener says as what a session
//! understands.

use actix::Addr;
use bytes::Bytes;

use super::protocol::{
    ClientMessage, HOST_CODECS, HelloSoundCheck, HostAudio, HostOpus, Numbered, OPUS, OrbStates,
    ServerMessage, SessionFacts, WireCaption, WireError, WireFile, WireIceServer, WireMetrics,
    WireSegment, WireStretch,
};
use crate::conversation::Input;
use crate::recording::{RecordingError, SoundCheckEntry};
use crate::session::Session;
use crate::session::house::StartError;
use crate::session::mailbox::deliver;
use crate::session::messages::{
    EndSession, HostPacket, HostSound, ListenerClock, Pressed, ReportPlayout, RequestState,
};
use crate::session::notice::{CloseReason, IceServer, Notice, RecordingFiles, Segment, State};
use crate::time::Span;

/// What a listener heard, as a session understands it; `None` if the message is about something else.
#[must_use]
pub fn to_report(message: &ClientMessage) -> Option<ReportPlayout> {
    let ClientMessage::Playout {
        speaker,
        turn,
        played_samples,
        capture_sample,
        flushed,
        stalled,
        clock,
    } = *message
    else {
        return None;
    };
    let clock = clock.map(|clock| ListenerClock { at: clock.at, sent: clock.sent });
    Some(ReportPlayout { speaker, turn, played_samples, capture_sample, clock, stalled, flushed })
}

/// A sound check as the recording keeps it.
#[must_use]
pub const fn measured(check: HelloSoundCheck) -> SoundCheckEntry {
    SoundCheckEntry {
        level_dbfs: check.level_dbfs,
        peak_dbfs: check.peak_dbfs,
        noise_dbfs: check.noise_dbfs,
        echo_dbfs: check.echo_dbfs,
        round_trip_ms: check.round_trip_ms,
        headphones: check.headphones,
        recognised_per_mille: check.recognised_per_mille,
    }
}

/// Hands a binary frame of a host to its session: PCM, or Opus where that is taken.
///
/// # Errors
/// [`WireError`] if it is neither, or Opus where the host counts at another rate.
pub(super) fn forward_sound(
    session: &Addr<Session>,
    frame: &Bytes,
    takes_opus: bool,
) -> Result<(), WireError> {
    if !HostOpus::is_in(frame) {
        let HostAudio { capture_sample, muted, payload, .. } = HostAudio::parse(frame)?;
        deliver(session, HostSound { capture_sample, muted, pcm: payload });
        return Ok(());
    }
    if !takes_opus {
        return Err(WireError::BadCodec(OPUS.to_owned()));
    }
    let HostOpus { sequence, capture_sample, muted, packet } = HostOpus::parse(frame)?;
    deliver(session, HostPacket { sequence, capture_sample, muted, packet });
    Ok(())
}

/// The JSON of a notice under its number; `None` for what is not said in text.
#[must_use]
pub fn to_json(seq: u64, notice: &Notice) -> Option<String> {
    let numbered = Numbered { seq, message: to_wire(notice) };
    serde_json::to_string(&numbered)
        .inspect_err(|error| tracing::error!(%error, "a notice could not be written as JSON"))
        .ok()
}

fn host_codecs(takes_opus: bool) -> Vec<String> {
    HOST_CODECS
        .into_iter()
        .filter(|codec| takes_opus || *codec != OPUS)
        .map(str::to_owned)
        .collect()
}

fn to_wire(notice: &Notice) -> ServerMessage {
    match notice {
        Notice::Ready(ready) => ServerMessage::SessionReady {
            session_id: ready.session_id.clone(),
            resume_token: ready.resume_token.clone(),
            episode_id: ready.episode_id.clone(),
            resumed: ready.resumed,
            names: ready.names.clone(),
            host_codecs: host_codecs(ready.takes_opus),
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
            input_tokens: metrics.used.usage.input_tokens,
            output_tokens: metrics.used.usage.output_tokens,
            cached_tokens: metrics.used.usage.cached_tokens,
            characters: metrics.used.usage.characters,
            cost_micro_usd: metrics.used.cost_micro_usd,
            estimated: metrics.used.is_estimated,
        }),
        Notice::Granted { turn, speaker, reason, scores } => ServerMessage::Granted {
            turn: *turn,
            speaker: *speaker,
            reason: *reason,
            scores: scores.clone(),
        },
        Notice::Denied { speaker, reason, scores } => ServerMessage::Denied {
            speaker: *speaker,
            reason: (*reason).to_owned(),
            scores: scores.clone(),
        },
        Notice::Directed { turn, speaker, step, reason, scores } => ServerMessage::Directed {
            turn: *turn,
            speaker: *speaker,
            step: *step,
            reason: (*reason).to_owned(),
            scores: *scores,
        },
        Notice::Segment { segment: on, reason } => {
            ServerMessage::Segment { segment: segment(on), reason: (*reason).to_owned() }
        }
        Notice::Whispered { speaker, text } => {
            ServerMessage::Whispered { speaker: *speaker, text: text.clone() }
        }
        Notice::Struck { from, to, scope, turns } => ServerMessage::Struck {
            stretch: WireStretch { from: from.millis(), to: to.millis() },
            scope: *scope,
            turns: turns.clone(),
        },
        Notice::Level(speaker, level) => ServerMessage::Level { speaker: *speaker, level: *level },
        Notice::RecordingReady(files) => recording_ready(files),
        Notice::MediaOffered(servers) => {
            ServerMessage::MediaReady { ice_servers: servers.iter().map(ice_server).collect() }
        }
        Notice::MediaAnswer { sdp, offer } => {
            ServerMessage::MediaAnswer { sdp: sdp.clone(), offer: *offer }
        }
        Notice::MediaState { connected, reason } => {
            ServerMessage::MediaState { connected: *connected, reason: (*reason).to_owned() }
        }
        Notice::MediaSegment { speaker, turn, first_sample, rtp_timestamp } => {
            ServerMessage::MediaSegment {
                speaker: *speaker,
                turn: *turn,
                first_sample: *first_sample,
                rtp_timestamp: *rtp_timestamp,
            }
        }
        Notice::Problem { code, message, hint } => ServerMessage::Error {
            code: (*code).to_owned(),
            message: message.clone(),
            hint: (*hint).to_owned(),
        },
    }
}

fn segment(segment: &Segment) -> WireSegment {
    WireSegment {
        index: segment.index,
        title: segment.title.clone(),
        goal: segment.goal.clone(),
        minutes: segment.minutes,
        since: segment.since.millis(),
    }
}

fn ice_server(server: &IceServer) -> WireIceServer {
    WireIceServer {
        urls: server.url.clone(),
        username: server.username.clone(),
        credential: server.credential.clone(),
    }
}

fn snapshot(state: &State) -> ServerMessage {
    let [you, claude, guest] = state.orbs;
    ServerMessage::Snapshot {
        orb_states: OrbStates { you, claude, guest },
        captions: state.captions.iter().map(WireCaption::from).collect(),
        autopilot: state.autopilot,
        session: Box::new(SessionFacts {
            session_id: state.session_id.clone(),
            episode_id: state.episode_id.clone(),
            title: state.title.clone(),
            language: state.language.clone(),
            names: state.names.clone(),
            adapters: state.adapters.clone(),
            now_ms: state.now_ms,
            muted: state.muted,
            recording: state.recording,
        }),
        segment: state.segment.as_ref().map(segment),
        strikes: state
            .strikes
            .iter()
            .map(|(from, to)| WireStretch { from: from.millis(), to: to.millis() })
            .collect(),
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

/// The word with which somebody who could not be given a session is sent away.
pub(super) const fn reason_of(error: &StartError) -> CloseReason {
    match error {
        StartError::SessionsFull { .. } | StartError::Draining => CloseReason::TryLater,
        StartError::BriefingNotFound(_)
        | StartError::BriefingInvalid(_)
        | StartError::ResumeUnknown
        | StartError::Recording(RecordingError::EpisodeId(_)) => CloseReason::Refused,
        _ => CloseReason::Failed,
    }
}

/// Translates what a listener says into what a session understands.
pub(super) fn forward(session: &Addr<Session>, message: ClientMessage) {
    let pressed = match message {
        ClientMessage::ToggleAutopilot { enabled } => Input::AutopilotSet { enabled },
        ClientMessage::Interrupt => Input::InterruptPressed,
        ClientMessage::Mute { muted } => Input::MuteSet { muted },
        ClientMessage::PushToTalk { held } => Input::PushToTalkSet { held },
        ClientMessage::Nominate { speaker } => Input::Nominated { speaker },
        ClientMessage::Say { text } => Input::Typed { text },
        ClientMessage::Marker { label } => Input::Marked { label },
        ClientMessage::Whisper { speaker, text } => Input::Whispered { speaker, text },
        ClientMessage::Strike { seconds } => Input::StrikePressed {
            last: seconds.map(|seconds| Span::from_millis(u64::from(seconds) * 1000)),
        },
        ClientMessage::Segment { index } => Input::SegmentChosen { index },
        ClientMessage::RequestState => {
            deliver(session, RequestState);
            return;
        }
        ClientMessage::Playout { .. } => {
            to_report(&message).map(|report| deliver(session, report));
            return;
        }
        ClientMessage::End => {
            deliver(session, EndSession);
            return;
        }
        // The caller has answered them.
        ClientMessage::Hello(_)
        | ClientMessage::MediaOffer { .. }
        | ClientMessage::MediaCandidate { .. }
        | ClientMessage::MediaClose => return,
    };
    deliver(session, Pressed(pressed));
}
