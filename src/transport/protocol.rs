//! The wire: JSON text frames tagged by `type`, and binary frames of audio.
//!
//! A translation table and nothing else; `docs/protocol.md` is its full text. Times are session milliseconds,
//! positions are samples. Parsing never fails silently: each refusal has a stable [`WireError`] code.

use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use crate::audio::SampleRate;
use crate::conversation::{AiSpeaker, Caption, CaptionWord, OrbState, Speaker, TurnId};

/// The version a client may name in `hello.protocol`.
pub const PROTOCOL_VERSION: u32 = 1;

/// Largest frame a client may send, text or binary: 64 KiB, 340 ms of 48 kHz PCM and more than any message.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;

/// Rates a client may send PCM at.
pub const HOST_RATES: [u32; 4] = [16_000, 24_000, 44_100, 48_000];

/// Bytes before the payload of every binary frame.
pub const BINARY_HEADER_BYTES: usize = 16;

const KIND_HOST_PCM: u8 = 1;
const KIND_HOST_OPUS: u8 = 2;
const KIND_AI_PCM: u8 = 16;
const FLAG_MUTED: u8 = 1;

// ── Client → server ──────────────────────────────────────────────────────────────────────────────────────────

/// What a client says in text.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "type")]
pub enum ClientMessage {
    /// The first message of every connection.
    #[serde(rename = "hello")]
    Hello(Hello),
    /// Switches autopilot.
    #[serde(rename = "client.toggle-autopilot")]
    ToggleAutopilot {
        /// On or off.
        enabled: bool,
    },
    /// Asks for a `state.snapshot`.
    #[serde(rename = "client.request-state")]
    RequestState,
    /// Stops whoever speaks.
    #[serde(rename = "client.interrupt")]
    Interrupt,
    /// Switches the host's microphone.
    #[serde(rename = "client.mute")]
    Mute {
        /// On or off.
        muted: bool,
    },
    /// The talk key.
    #[serde(rename = "client.push-to-talk")]
    PushToTalk {
        /// Down or up.
        held: bool,
    },
    /// Gives an AI the next word.
    #[serde(rename = "client.nominate")]
    Nominate {
        /// Who.
        speaker: AiSpeaker,
    },
    /// A typed line instead of a spoken one.
    #[serde(rename = "client.say")]
    Say {
        /// The line, at most [`SAY_CHARS_MAX`] characters.
        text: String,
    },
    /// Marks this moment for the edit.
    #[serde(rename = "client.marker")]
    Marker {
        /// At most [`LABEL_CHARS_MAX`] characters; may be empty.
        #[serde(default)]
        label: String,
    },
    /// What the listener has truly heard, and the capture counter at the same instant.
    #[serde(rename = "client.playout", rename_all = "camelCase")]
    Playout {
        /// Whose audio.
        speaker: AiSpeaker,
        /// Which turn.
        turn: TurnId,
        /// Samples of the turn heard so far, at 48 kHz.
        played_samples: u64,
        /// The host's capture counter at that instant, in samples of the host's own rate.
        #[serde(default)]
        capture_sample: Option<u64>,
        /// Whether this is the last word on a flushed turn.
        #[serde(default)]
        flushed: bool,
    },
    /// Ends the session.
    #[serde(rename = "client.end")]
    End,
}

/// Longest `client.say`, in characters: about a minute of speech.
pub const SAY_CHARS_MAX: usize = 1000;
/// Longest `client.marker` label, in characters.
pub const LABEL_CHARS_MAX: usize = 200;

const CLIENT_TYPES: [&str; 11] = [
    "hello",
    "client.toggle-autopilot",
    "client.request-state",
    "client.interrupt",
    "client.mute",
    "client.push-to-talk",
    "client.nominate",
    "client.say",
    "client.marker",
    "client.playout",
    "client.end",
];

/// Who wants in, and how their audio comes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Hello {
    /// The host's name; replaces the briefing's unless empty.
    pub participant_name: String,
    /// Name of the recording folder; empty takes the briefing's.
    pub episode_id: String,
    /// Name of a briefing file without `.md`; empty takes the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub briefing: Option<String>,
    /// How the host's audio comes; PCM at 48 kHz unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<HelloAudio>,
    /// From `session.ready` of a connection that was lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume_token: Option<String>,
    /// The last `seq` seen before it was lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seq: Option<u64>,
    /// The version the client speaks; [`PROTOCOL_VERSION`] unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<u32>,
}

/// The host's audio format.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HelloAudio {
    /// `pcm` (16-bit little-endian mono).
    pub codec: String,
    /// One of [`HOST_RATES`].
    pub sample_rate: u32,
}

/// A binary frame from the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostAudio {
    /// Frames sent so far, rising by one.
    pub sequence: u32,
    /// The sender's counter at the first sample of this frame, in samples of its own rate.
    pub capture_sample: u64,
    /// Whether the microphone was off: the samples are silence.
    pub muted: bool,
    /// PCM s16le.
    pub payload: Bytes,
}

/// Why a client's frame was not taken. The connection goes on unless [`WireError::is_fatal`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Not JSON.
    #[error("the frame is not JSON: {0}")]
    BadJson(String),
    /// JSON without a known `type`.
    #[error("unknown message type {0:?}")]
    UnknownType(String),
    /// A known type with wrong fields.
    #[error("{kind}: {reason}")]
    BadFields {
        /// The message's type.
        kind: String,
        /// What is wrong.
        reason: String,
    },
    /// A rate outside [`HOST_RATES`].
    #[error("sample rate {0} is not served")]
    BadSampleRate(u32),
    /// A codec nobody here can read.
    #[error("audio codec {0:?} is not served")]
    BadCodec(String),
    /// A protocol version nobody here speaks.
    #[error("protocol version {0} is not spoken here")]
    BadProtocol(u32),
    /// PCM with half a sample at its end.
    #[error("{0} bytes of 16-bit samples cannot be")]
    OddByteCount(usize),
    /// A binary frame that is too short or of unknown kind.
    #[error("binary frame of {bytes} bytes and kind {kind} cannot be read")]
    BadBinary {
        /// Its length.
        bytes: usize,
        /// Its first byte.
        kind: u8,
    },
    /// Over [`FRAME_BYTES_MAX`].
    #[error("a frame of more than 64 KiB")]
    FrameTooLarge,
    /// Anything before `hello`.
    #[error("the first message must be hello")]
    HelloFirst,
    /// A second `hello`.
    #[error("hello was said already")]
    HelloTwice,
    /// No `hello` in time.
    #[error("no hello came")]
    HelloMissing,
}

impl WireError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadJson(_) => "bad_json",
            Self::UnknownType(_) => "unknown_type",
            Self::BadFields { .. } => "bad_fields",
            Self::BadSampleRate(_) => "bad_sample_rate",
            Self::BadCodec(_) => "bad_codec",
            Self::BadProtocol(_) => "bad_protocol",
            Self::OddByteCount(_) => "odd_byte_count",
            Self::BadBinary { .. } => "bad_binary",
            Self::FrameTooLarge => "frame_too_large",
            Self::HelloFirst => "hello_first",
            Self::HelloTwice => "hello_twice",
            Self::HelloMissing => "hello_missing",
        }
    }

    /// What the client should do.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::BadJson(_) => "send one JSON object a text frame",
            Self::UnknownType(_) => "see docs/protocol.md for the message types",
            Self::BadFields { .. } => "see docs/protocol.md for the fields of this type",
            Self::BadSampleRate(_) => "send 16000, 24000, 44100 or 48000",
            Self::BadCodec(_) => "send pcm (16-bit little-endian mono)",
            Self::BadProtocol(_) => "speak protocol 1",
            Self::OddByteCount(_) => "send whole 16-bit samples",
            Self::BadBinary { .. } => {
                "start every binary frame with the 16-byte header of docs/protocol.md"
            }
            Self::FrameTooLarge => "send 20 ms of audio a frame",
            Self::HelloFirst | Self::HelloMissing => "say hello with participantName and episodeId",
            Self::HelloTwice => "open another connection for another session",
        }
    }

    /// Whether the connection cannot go on.
    #[must_use]
    pub const fn is_fatal(&self) -> bool {
        match self {
            Self::FrameTooLarge
            | Self::HelloFirst
            | Self::HelloMissing
            | Self::BadSampleRate(_)
            | Self::BadCodec(_)
            | Self::BadProtocol(_) => true,
            Self::BadJson(_)
            | Self::UnknownType(_)
            | Self::BadFields { .. }
            | Self::OddByteCount(_)
            | Self::BadBinary { .. }
            | Self::HelloTwice => false,
        }
    }
}

impl ClientMessage {
    /// Reads a text frame.
    ///
    /// # Errors
    /// [`WireError::BadJson`], [`WireError::UnknownType`] or [`WireError::BadFields`].
    pub fn parse(text: &str) -> Result<Self, WireError> {
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|error| WireError::BadJson(error.to_string()))?;
        let kind =
            value.get("type").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        if !CLIENT_TYPES.contains(&kind.as_str()) {
            return Err(WireError::UnknownType(kind.chars().take(60).collect()));
        }
        let message: Self = serde_json::from_value(value).map_err(|error| {
            WireError::BadFields { kind: kind.clone(), reason: error.to_string() }
        })?;
        message.check_lengths(&kind)?;
        Ok(message)
    }

    fn check_lengths(&self, kind: &str) -> Result<(), WireError> {
        let too_long = |what: &str, most: usize| {
            Err(WireError::BadFields {
                kind: kind.to_owned(),
                reason: format!("{what} is longer than {most} characters"),
            })
        };
        match self {
            Self::Say { text } if text.chars().count() > SAY_CHARS_MAX => {
                too_long("text", SAY_CHARS_MAX)
            }
            Self::Marker { label } if label.chars().count() > LABEL_CHARS_MAX => {
                too_long("label", LABEL_CHARS_MAX)
            }
            Self::Hello(hello) if hello.participant_name.chars().count() > LABEL_CHARS_MAX => {
                too_long("participantName", LABEL_CHARS_MAX)
            }
            _ => Ok(()),
        }
    }
}

impl Hello {
    /// The rate of the host's PCM.
    ///
    /// # Errors
    /// [`WireError::BadCodec`], [`WireError::BadSampleRate`] or [`WireError::BadProtocol`].
    pub fn host_rate(&self) -> Result<SampleRate, WireError> {
        if let Some(version) = self.protocol.filter(|version| *version != PROTOCOL_VERSION) {
            return Err(WireError::BadProtocol(version));
        }
        let Some(audio) = &self.audio else { return Ok(SampleRate::HZ_48000) };
        if audio.codec != "pcm" {
            return Err(WireError::BadCodec(audio.codec.chars().take(40).collect()));
        }
        if !HOST_RATES.contains(&audio.sample_rate) {
            return Err(WireError::BadSampleRate(audio.sample_rate));
        }
        SampleRate::new(audio.sample_rate).ok_or(WireError::BadSampleRate(audio.sample_rate))
    }
}

impl HostAudio {
    /// Reads a binary frame: kind, flags, 2 bytes reserved, sequence u32, capture counter u64, payload.
    ///
    /// # Errors
    /// [`WireError::BadBinary`], [`WireError::BadCodec`] or [`WireError::OddByteCount`].
    pub fn parse(frame: &Bytes) -> Result<Self, WireError> {
        let kind = frame.first().copied().unwrap_or_default();
        let unreadable = || WireError::BadBinary { bytes: frame.len(), kind };
        if kind == KIND_HOST_OPUS {
            return Err(WireError::BadCodec("opus".to_owned()));
        }
        if kind != KIND_HOST_PCM {
            return Err(unreadable());
        }
        let (Some(sequence), Some(capture)) = (frame.get(4..8), frame.get(8..16)) else {
            return Err(unreadable());
        };
        let (Ok(sequence), Ok(capture)) = (sequence.try_into(), capture.try_into()) else {
            return Err(unreadable());
        };
        let payload = frame.slice(BINARY_HEADER_BYTES..);
        if !payload.len().is_multiple_of(2) {
            return Err(WireError::OddByteCount(payload.len()));
        }
        Ok(Self {
            sequence: u32::from_le_bytes(sequence),
            capture_sample: u64::from_le_bytes(capture),
            muted: frame.get(1).is_some_and(|flags| flags & FLAG_MUTED != 0),
            payload,
        })
    }

    /// The frame's bytes, as a client sends them.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let mut bytes = BytesMut::with_capacity(BINARY_HEADER_BYTES + self.payload.len());
        bytes.put_u8(KIND_HOST_PCM);
        bytes.put_u8(if self.muted { FLAG_MUTED } else { 0 });
        bytes.put_u16_le(0);
        bytes.put_u32_le(self.sequence);
        bytes.put_u64_le(self.capture_sample);
        bytes.put_slice(&self.payload);
        bytes.freeze()
    }

    /// The payload as samples.
    #[must_use]
    pub fn samples(&self) -> Vec<i16> {
        self.payload.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
    }
}

// ── Server → client ──────────────────────────────────────────────────────────────────────────────────────────

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
    /// How loud a speaker is, for orbs.
    #[serde(rename = "level")]
    Level {
        /// Who.
        speaker: Speaker,
        /// 0 to 1000.
        level: u16,
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
}

/// A binary frame to the client: one AI's audio, PCM s16le at 48 kHz.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AiAudio {
    /// Who speaks.
    pub speaker: AiSpeaker,
    /// In which turn.
    pub turn: TurnId,
    /// Place of the first sample in the turn.
    pub first_sample: u64,
    /// The samples.
    pub samples: Vec<i16>,
}

impl AiAudio {
    /// The frame's bytes: kind 16, speaker (1 claude, 2 guest), 2 bytes reserved, turn u32, first sample u64, PCM.
    #[must_use]
    pub fn encode(speaker: AiSpeaker, turn: TurnId, first_sample: u64, samples: &[i16]) -> Bytes {
        let mut bytes = BytesMut::with_capacity(BINARY_HEADER_BYTES + samples.len() * 2);
        bytes.put_u8(KIND_AI_PCM);
        bytes.put_u8(match speaker {
            AiSpeaker::Claude => 1,
            AiSpeaker::Guest => 2,
        });
        bytes.put_u16_le(0);
        bytes.put_u32_le(turn.0);
        bytes.put_u64_le(first_sample);
        for sample in samples {
            bytes.put_i16_le(*sample);
        }
        bytes.freeze()
    }

    /// Reads a frame, as a client does. `None` if it is no AI audio.
    #[must_use]
    pub fn parse(frame: &[u8]) -> Option<Self> {
        let speaker = match frame.get(..2)? {
            [KIND_AI_PCM, 1] => AiSpeaker::Claude,
            [KIND_AI_PCM, 2] => AiSpeaker::Guest,
            _ => return None,
        };
        Some(Self {
            speaker,
            turn: TurnId(u32::from_le_bytes(frame.get(4..8)?.try_into().ok()?)),
            first_sample: u64::from_le_bytes(frame.get(8..16)?.try_into().ok()?),
            samples: frame
                .get(BINARY_HEADER_BYTES..)?
                .chunks_exact(2)
                .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
                .collect(),
        })
    }
}
