//! What the server's messages are made of.

use serde::{Deserialize, Serialize};

use crate::conversation::{AiSpeaker, Caption, CaptionWord, OrbState, Speaker, TurnId};

/// A part of the show's plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireSegment {
    /// Its number in the briefing, from 0.
    pub index: u16,
    /// Its title.
    pub title: String,
    /// What it should reach; may be empty.
    pub goal: String,
    /// Its planned length; 0 for open.
    pub minutes: u16,
    /// Since when it is on, session ms.
    pub since: u64,
}

/// A stretch of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireStretch {
    /// Where it begins, session ms.
    pub from: u64,
    /// Where it ends, session ms.
    pub to: u64,
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
    /// BCP 47 tag of the show's language.
    pub language: String,
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
