//! What the server says in text.

use serde::{Deserialize, Serialize};

use super::parts::{
    OrbStates, SessionFacts, WireCaption, WireFile, WireIceServer, WireMetrics, WireSegment,
    WireStretch,
};
use crate::conversation::director::{Directing, Step};
use crate::conversation::{AiSpeaker, GrantReason, OrbState, Scores, Speaker, StrikeScope, TurnId};

/// A text frame to the client: a message under its rising number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Numbered {
    /// Rises by one with every text message of the session.
    pub seq: u64,
    /// The message.
    #[serde(flatten)]
    pub message: ServerMessage,
}

/// What the server says in text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum ServerMessage {
    /// The session is there.
    #[serde(rename = "session.ready", rename_all = "camelCase")]
    SessionReady {
        /// The session's id.
        session_id: String,
        /// For `hello` after a lost connection.
        resume_token: String,
        /// The recording's folder.
        episode_id: String,
        /// Whether this connection goes on with a session that was there.
        resumed: bool,
        /// Display names, in the order you, claude, guest.
        names: [String; 3],
        /// Kinds of frames the host may send from now on, of [`super::HOST_CODECS`].
        host_codecs: Vec<String>,
    },
    /// Something for the host to read.
    #[serde(rename = "server.ack")]
    Ack {
        /// One sentence.
        message: String,
    },
    /// Everything a page needs to draw itself.
    #[serde(rename = "state.snapshot", rename_all = "camelCase")]
    Snapshot {
        /// Orb of each speaker.
        orb_states: OrbStates,
        /// Captions so far, newest last, at most 200.
        captions: Vec<WireCaption>,
        /// Whether autopilot is on.
        autopilot: bool,
        /// Facts of the session.
        session: Box<SessionFacts>,
        /// The part of the plan that is on; `null` where there is no plan.
        #[serde(default)]
        segment: Option<WireSegment>,
        /// Stretches that were cut, newest last, at most 50.
        #[serde(default)]
        strikes: Vec<WireStretch>,
    },
    /// A speaker's orb changed.
    #[serde(rename = "orb.state")]
    Orb {
        /// Whose.
        speaker: Speaker,
        /// To what.
        state: OrbState,
    },
    /// A caption, new or replaced.
    #[serde(rename = "caption")]
    Caption(WireCaption),
    /// Autopilot was switched, by anybody.
    #[serde(rename = "autopilot")]
    Autopilot {
        /// On or off.
        enabled: bool,
    },
    /// The recording is whole.
    #[serde(rename = "recording.ready", rename_all = "camelCase")]
    RecordingReady {
        /// The recording's folder.
        episode_id: String,
        /// Its files.
        files: Vec<WireFile>,
    },
    /// Change the loudness of an AI.
    #[serde(rename = "audio.duck", rename_all = "camelCase")]
    Duck {
        /// Whose audio.
        speaker: AiSpeaker,
        /// Which turn.
        turn: TurnId,
        /// 0 restores it.
        gain_db: i8,
        /// Length of the change.
        fade_ms: u16,
    },
    /// Hold an AI's audio; what is buffered stays.
    #[serde(rename = "audio.pause", rename_all = "camelCase")]
    Pause {
        /// Whose audio.
        speaker: AiSpeaker,
        /// Which turn.
        turn: TurnId,
        /// Length of the fade.
        fade_ms: u16,
    },
    /// Go on with it.
    #[serde(rename = "audio.resume", rename_all = "camelCase")]
    Resume {
        /// Whose audio.
        speaker: AiSpeaker,
        /// Which turn.
        turn: TurnId,
        /// The first sample to play; earlier ones were heard.
        from_sample: u64,
    },
    /// Stop it for good and answer with a last `client.playout`.
    #[serde(rename = "audio.flush", rename_all = "camelCase")]
    Flush {
        /// Whose audio.
        speaker: AiSpeaker,
        /// Which turn.
        turn: TurnId,
        /// Length of the fade.
        fade_ms: u16,
    },
    /// How long the parts of a reply took.
    #[serde(rename = "turn.metrics", rename_all = "camelCase")]
    Metrics(WireMetrics),
    /// An AI was given the floor, and why.
    #[serde(rename = "floor.grant", rename_all = "camelCase")]
    Granted {
        /// In which turn.
        turn: TurnId,
        /// Who.
        speaker: AiSpeaker,
        /// Why.
        reason: GrantReason,
        /// What that rests on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scores: Option<Box<Scores>>,
    },
    /// An AI was not given the floor, and why.
    #[serde(rename = "floor.deny")]
    Denied {
        /// Who.
        speaker: AiSpeaker,
        /// Why not, as a word.
        reason: String,
        /// What that rests on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scores: Option<Box<Scores>>,
    },
    /// What the director has an AI do on autopilot, and why.
    #[serde(rename = "director")]
    Directed {
        /// In which turn.
        turn: TurnId,
        /// Who.
        speaker: AiSpeaker,
        /// What.
        step: Step,
        /// Why, as a word.
        reason: String,
        /// What that rests on.
        scores: Directing,
    },
    /// The show goes on to another part of its plan.
    #[serde(rename = "segment")]
    Segment {
        /// Which.
        #[serde(flatten)]
        segment: WireSegment,
        /// `chosen`, `minutes` or `director`.
        reason: String,
    },
    /// A whisper was taken: for the one who sent it.
    #[serde(rename = "whisper")]
    Whispered {
        /// Whose ear.
        speaker: AiSpeaker,
        /// What.
        text: String,
    },
    /// A stretch of the session is cut.
    #[serde(rename = "strike")]
    Struck {
        /// Which.
        #[serde(flatten)]
        stretch: WireStretch,
        /// What was meant.
        scope: StrikeScope,
        /// Turns of which something was cut.
        turns: Vec<TurnId>,
    },
    /// How loud a speaker is, for orbs.
    #[serde(rename = "level")]
    Level {
        /// Who.
        speaker: Speaker,
        /// 0 to 1000.
        level: u16,
    },
    /// WebRTC is served here; what helps to connect.
    #[serde(rename = "webrtc.ready", rename_all = "camelCase")]
    MediaReady {
        /// For `RTCPeerConnection`.
        ice_servers: Vec<WireIceServer>,
    },
    /// The answer to `webrtc.offer`.
    #[serde(rename = "webrtc.answer")]
    MediaAnswer {
        /// SDP.
        sdp: String,
        /// Which offer this answers.
        offer: u32,
    },
    /// Whether sound flows by WebRTC: the host's from now on, an AI's from its next turn on.
    #[serde(rename = "webrtc.state")]
    MediaState {
        /// It does.
        connected: bool,
        /// Why not, as a word.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// Which sample of a turn has which RTP time: the turn plays by WebRTC from here.
    #[serde(rename = "webrtc.segment", rename_all = "camelCase")]
    MediaSegment {
        /// Whose audio.
        speaker: AiSpeaker,
        /// Which turn.
        turn: TurnId,
        /// Place in the turn of the first sample.
        first_sample: u64,
        /// RTP time of the packet that begins with it.
        rtp_timestamp: u32,
    },
    /// Something could not be done.
    #[serde(rename = "error")]
    Error {
        /// Stable `snake_case` word.
        code: String,
        /// What happened.
        message: String,
        /// What to do.
        hint: String,
    },
}
