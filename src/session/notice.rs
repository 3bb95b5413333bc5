//! What a session tells its listener, in no wire's words.

use std::sync::Arc;

use crate::conversation::director::{Directing, Step};
use crate::conversation::{
    AiSpeaker, Caption, GrantReason, OrbState, Scores, Speaker, StrikeScope, TurnId,
};
use crate::time::SessionTime;

/// One thing for the listener to know or do. The transport translates it.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// The session is there.
    Ready(Ready),
    /// Everything a page needs to draw itself.
    State(Box<State>),
    /// Something for the host to read.
    Tell(String),
    /// A speaker's orb changed.
    Orb(Speaker, OrbState),
    /// A caption, new or replaced.
    Caption(Box<Caption>),
    /// Autopilot was switched.
    Autopilot(bool),
    /// Change the loudness of an AI.
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
    /// Hold an AI's audio.
    Pause {
        /// Whose audio.
        speaker: AiSpeaker,
        /// Which turn.
        turn: TurnId,
        /// Length of the fade.
        fade_ms: u16,
    },
    /// Go on with it.
    Resume {
        /// Whose audio.
        speaker: AiSpeaker,
        /// Which turn.
        turn: TurnId,
        /// The first sample to play.
        from_sample: u64,
    },
    /// Stop it for good.
    Flush {
        /// Whose audio.
        speaker: AiSpeaker,
        /// Which turn.
        turn: TurnId,
        /// Length of the fade.
        fade_ms: u16,
    },
    /// How long the parts of a reply took.
    Metrics(TurnMetrics),
    /// An AI was given the floor, and why.
    Granted {
        /// In which turn.
        turn: TurnId,
        /// Who.
        speaker: AiSpeaker,
        /// Why.
        reason: GrantReason,
        /// What that rests on.
        scores: Option<Box<Scores>>,
    },
    /// An AI was not given the floor, and why.
    Denied {
        /// Who.
        speaker: AiSpeaker,
        /// Why not.
        reason: &'static str,
        /// What that rests on.
        scores: Option<Box<Scores>>,
    },
    /// What the director has an AI do on autopilot, and why.
    Directed {
        /// In which turn.
        turn: TurnId,
        /// Who.
        speaker: AiSpeaker,
        /// What.
        step: Step,
        /// Why.
        reason: &'static str,
        /// What that rests on.
        scores: Directing,
    },
    /// The show goes on to another part of its plan.
    Segment {
        /// Which.
        segment: Segment,
        /// Why: `chosen`, `minutes` or `director`.
        reason: &'static str,
    },
    /// This was said into one AI's ear. For whoever said it, and nobody else.
    Whispered {
        /// Whose ear.
        speaker: AiSpeaker,
        /// What.
        text: String,
    },
    /// A stretch of the session is cut.
    Struck {
        /// Where it begins.
        from: SessionTime,
        /// Where it ends.
        to: SessionTime,
        /// What was meant.
        scope: StrikeScope,
        /// Turns of which something was cut.
        turns: Vec<TurnId>,
    },
    /// How loud a speaker is, 0 to 1000.
    Level(Speaker, u16),
    /// The recording is whole.
    RecordingReady(RecordingFiles),
    /// What a listener needs to connect by WebRTC.
    MediaOffered(Vec<IceServer>),
    /// The answer to its offer.
    MediaAnswer {
        /// SDP.
        sdp: String,
        /// The listener's number of the offer.
        offer: u32,
    },
    /// Whether sound flows by WebRTC.
    MediaState {
        /// It does.
        connected: bool,
        /// Why not, as a word; empty where it does.
        reason: &'static str,
    },
    /// Which sample of a turn has which RTP time.
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
    Problem {
        /// Stable `snake_case` word.
        code: &'static str,
        /// What happened.
        message: String,
        /// What to do.
        hint: &'static str,
    },
}

/// A part of the show's plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its number, from 0.
    pub index: u16,
    /// Its title.
    pub title: String,
    /// What it should reach.
    pub goal: String,
    /// Its planned length; 0 for open.
    pub minutes: u16,
    /// Since when it is on.
    pub since: SessionTime,
}

/// A server that helps a listener to be reached, or to reach us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IceServer {
    /// `turn:host:port` or `stun:host:port`.
    pub url: String,
    /// Whom it knows the listener as.
    pub username: Option<String>,
    /// And by what.
    pub credential: Option<String>,
}

/// Facts of a session that is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// The session's id.
    pub session_id: String,
    /// For coming back after a lost connection.
    pub resume_token: String,
    /// The recording's folder.
    pub episode_id: String,
    /// Whether the session was there before this connection.
    pub resumed: bool,
    /// Display names, in the order of [`Speaker::ALL`].
    pub names: [String; 3],
    /// Whether the host's frames may be packets of Opus: where its counter is at 48 kHz.
    pub takes_opus: bool,
}

/// Everything a page needs to draw itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The session's id.
    pub session_id: String,
    /// The recording's folder.
    pub episode_id: String,
    /// The briefing's title.
    pub title: String,
    /// BCP 47 tag of the show's language.
    pub language: String,
    /// Display names, in the order of [`Speaker::ALL`].
    pub names: [String; 3],
    /// Names of the adapters: ears, guest's mind, voices.
    pub adapters: [String; 3],
    /// Orbs, in the order of [`Speaker::ALL`].
    pub orbs: [OrbState; 3],
    /// Captions, oldest first.
    pub captions: Vec<Caption>,
    /// Whether autopilot is on.
    pub autopilot: bool,
    /// Whether the host's microphone is off.
    pub muted: bool,
    /// Session time in ms.
    pub now_ms: u64,
    /// Whether a recording is being made.
    pub recording: bool,
    /// The part of the plan that is on; none where there is no plan.
    pub segment: Option<Segment>,
    /// Stretches that were cut, oldest first.
    pub strikes: Vec<(SessionTime, SessionTime)>,
}

/// Times of one reply in ms from the end of the host's speech.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TurnMetrics {
    /// The reply's turn.
    pub turn: u32,
    /// Who replied.
    pub speaker: Option<AiSpeaker>,
    /// Until the host's turn was judged over.
    pub end_of_turn_ms: Option<u64>,
    /// Until the model's first text.
    pub first_text_ms: Option<u64>,
    /// Until the voice's first audio.
    pub first_audio_ms: Option<u64>,
    /// Until the first frame was handed to the listener's connection.
    pub first_sent_ms: Option<u64>,
    /// Until it was heard.
    pub first_heard_ms: Option<u64>,
    /// What the turn used of its services.
    pub used: super::TurnUse,
}

/// A finished recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingFiles {
    /// The folder's name.
    pub episode_id: String,
    /// Name, bytes and SHA-256 of each file.
    pub files: Vec<(String, u64, String)>,
}

/// Why nothing more will come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The session ended in order.
    Ended,
    /// The listener does not read.
    SlowClient,
    /// The session broke; what was recorded is kept.
    Failed,
    /// Another connection took over.
    Replaced,
    /// What the listener asked cannot be.
    Refused,
    /// It sent more than 64 KiB at once.
    TooLarge,
    /// The studio is full or shutting down.
    TryLater,
}

/// A frame of AI sound on its way to the listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoundFrame {
    /// Who speaks.
    pub speaker: AiSpeaker,
    /// In which turn.
    pub turn: TurnId,
    /// Place of the first sample in the turn.
    pub first_sample: u64,
    /// Samples at 48 kHz.
    pub samples: Arc<[i16]>,
}
