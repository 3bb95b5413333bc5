//! What the server says in text.

use serde::{Deserialize, Serialize};

use crate::conversation::{
    AiSpeaker, Caption, CaptionWord, GrantReason, OrbState, Speaker, TurnId,
};

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
        session: SessionFacts,
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

/// An entry of `iceServers`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireIceServer {
    /// `turn:host:port` or `stun:host:port`.
    pub urls: String,
    /// Whom it knows the client as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// And by what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

/// The orb of each speaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrbStates {
    /// The host.
    pub you: OrbState,
    /// Claude.
    pub claude: OrbState,
    /// The guest.
    pub guest: OrbState,
}

/// Facts of the session in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionFacts {
    /// The session's id.
    pub session_id: String,
    /// The recording's folder.
    pub episode_id: String,
    /// The briefing's title.
    pub title: String,
    /// Display names, in the order you, claude, guest.
    pub names: [String; 3],
    /// Names of the adapters at work: ears, guest's mind, voices.
    pub adapters: [String; 3],
    /// Session time now.
    pub now_ms: u64,
    /// Whether the host's microphone is off.
    pub muted: bool,
    /// Whether a recording is being made.
    pub recording: bool,
}

/// A caption on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireCaption {
    /// Captions of one id replace each other until one is final.
    pub id: u32,
    /// Who says it.
    pub speaker: Speaker,
    /// In which turn.
    pub turn: TurnId,
    /// What was heard so far.
    pub text: String,
    /// What is being said but not heard yet.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pending: String,
    /// Whether it will never change.
    pub is_final: bool,
    /// Start, session ms.
    pub start: u64,
    /// End, session ms.
    pub end: u64,
    /// Whether word times are spread rather than known.
    pub estimated: bool,
    /// Whether the speaker was cut off here.
    pub cut: bool,
    /// Words with times.
    pub words: Vec<WireWord>,
}

/// A word of a caption on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireWord {
    /// As written.
    pub text: String,
    /// Session ms.
    pub start: u64,
    /// Session ms.
    pub end: u64,
}

impl From<&Caption> for WireCaption {
    fn from(caption: &Caption) -> Self {
        let word = |word: &CaptionWord| WireWord {
            text: word.text.clone(),
            start: word.start.millis(),
            end: word.end.millis(),
        };
        Self {
            id: caption.id,
            speaker: caption.speaker,
            turn: caption.turn,
            text: caption.text.clone(),
            pending: caption.pending.clone(),
            is_final: caption.is_final,
            start: caption.start.millis(),
            end: caption.end.millis(),
            estimated: caption.estimated,
            cut: caption.cut,
            words: caption.words.iter().map(word).collect(),
        }
    }
}

/// A file of a finished recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireFile {
    /// File name.
    pub name: String,
    /// Where to fetch it.
    pub url: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256 in hex.
    pub sha256: String,
}

/// Times of one reply in ms, from the end of the host's speech; `None` where it did not come to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WireMetrics {
    /// The reply's turn.
    pub turn: u32,
    /// Who replied.
    pub speaker: Option<AiSpeaker>,
    /// Until the turn was judged over.
    pub end_of_turn_ms: Option<u64>,
    /// Until the model's first text.
    pub first_text_ms: Option<u64>,
    /// Until the voice's first audio.
    pub first_audio_ms: Option<u64>,
    /// Until the first frame was written to the listener.
    pub first_sent_ms: Option<u64>,
    /// Until it was heard.
    pub first_heard_ms: Option<u64>,
    /// Tokens the language model read.
    #[serde(default)]
    pub input_tokens: u64,
    /// Tokens it wrote.
    #[serde(default)]
    pub output_tokens: u64,
    /// Of the tokens read, those its provider had kept.
    #[serde(default)]
    pub cached_tokens: u64,
    /// Characters the voice was given.
    #[serde(default)]
    pub characters: u64,
    /// What the turn cost in millionths of a US dollar, where the price table knows.
    #[serde(default)]
    pub cost_micro_usd: Option<u64>,
    /// Whether any of the counts is estimated: the reply broke off or was interrupted before its service had counted.
    #[serde(default)]
    pub estimated: bool,
}
