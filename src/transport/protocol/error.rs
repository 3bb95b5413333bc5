//! Why a client's frame was not taken: stable codes, with what to do.

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
    /// A rate outside [`super::HOST_RATES`].
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
    /// Over [`super::FRAME_BYTES_MAX`].
    #[error("a frame of more than 64 KiB")]
    FrameTooLarge,
    /// More frames than a page has reason to send.
    #[error("frames come faster than they can be taken")]
    TooFast,
    /// Anything before `hello`.
    #[error("the first message must be hello")]
    HelloFirst,
    /// A second `hello`.
    #[error("hello was said already")]
    HelloTwice,
    /// No `hello` in time.
    #[error("no hello came")]
    HelloMissing,
    /// WebRTC is not served here.
    #[error("WebRTC is not served here")]
    MediaUnavailable,
    /// An offer that was not taken.
    #[error("{0}")]
    MediaOffer(String),
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
            Self::TooFast => "too_fast",
            Self::HelloFirst => "hello_first",
            Self::HelloTwice => "hello_twice",
            Self::HelloMissing => "hello_missing",
            Self::MediaUnavailable => "webrtc_unavailable",
            Self::MediaOffer(_) => "webrtc_offer_refused",
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
            Self::BadCodec(_) => {
                "send pcm (16-bit little-endian mono), or opus with a sample rate of 48000"
            }
            Self::BadProtocol(_) => "speak protocol 1",
            Self::OddByteCount(_) => "send whole 16-bit samples",
            Self::BadBinary { .. } => {
                "start every binary frame with the 16-byte header of docs/protocol.md"
            }
            Self::FrameTooLarge => "send 20 ms of audio a frame",
            Self::TooFast => "send sound in real time, and at most 100 messages a second",
            Self::HelloFirst | Self::HelloMissing => "say hello with participantName and episodeId",
            Self::HelloTwice => "open another connection for another session",
            Self::MediaUnavailable => "go on with audio over this socket",
            Self::MediaOffer(_) => {
                "offer three audio sections, max-bundle; or go on with audio over this socket"
            }
        }
    }

    /// Whether the client did something wrong. That there is no WebRTC to be had is none of its faults, and a page may ask
    /// again all day.
    #[must_use]
    pub const fn is_mistake(&self) -> bool {
        !matches!(self, Self::MediaUnavailable | Self::MediaOffer(_))
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
            | Self::TooFast
            | Self::HelloTwice
            | Self::MediaUnavailable
            | Self::MediaOffer(_) => false,
        }
    }
}
