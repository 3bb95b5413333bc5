//! What a client says in text, and how it is read.

use serde::{Deserialize, Serialize};

use super::{HOST_CODECS, HOST_RATES, OPUS, PROTOCOL_VERSION, WireError};
use crate::audio::SampleRate;
use crate::conversation::{AiSpeaker, STRIKE_MAX, TurnId};

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
    /// A word in one AI's ear: it is never heard, captioned or shown, and the other AI does not know of it.
    #[serde(rename = "client.whisper")]
    Whisper {
        /// Whose ear.
        speaker: AiSpeaker,
        /// At most [`WHISPER_CHARS_MAX`] characters.
        text: String,
    },
    /// Cuts what was said last and has everybody forget it.
    #[serde(rename = "client.strike")]
    Strike {
        /// So many seconds, at most [`STRIKE_SECONDS_MAX`]; the last turn where they are not told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seconds: Option<u16>,
    },
    /// Goes to another part of the show's plan.
    #[serde(rename = "client.segment")]
    Segment {
        /// Its number in the briefing, from 0.
        index: u16,
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
        /// Whether what was sent after this sample never sounded, since the line was dead: it is sent again.
        #[serde(default)]
        stalled: bool,
        /// Two readings of the client's own clock, for one whose voices come by WebRTC and who has no capture counter.
        #[serde(default)]
        clock: Option<PlayoutClock>,
    },
    /// Asks for WebRTC, or says that its network changed.
    #[serde(rename = "webrtc.offer")]
    MediaOffer {
        /// SDP with three audio sections: microphone, first AI, second AI.
        sdp: String,
        /// Whether the offer is about the connection there is, rather than about a fresh one.
        #[serde(default)]
        restart: bool,
        /// The client's number of this offer: its answer names it.
        #[serde(default)]
        offer: u32,
    },
    /// An address of the client. Taken and not needed: the server learns addresses from checks.
    #[serde(rename = "webrtc.candidate")]
    MediaCandidate {
        /// As the browser spells it; at most [`CANDIDATE_CHARS_MAX`] characters.
        #[serde(default)]
        candidate: String,
    },
    /// Goes back to the socket.
    #[serde(rename = "webrtc.close")]
    MediaClose,
    /// Ends the session.
    #[serde(rename = "client.end")]
    End,
}

/// Readings of a client's own clock, in samples at 48 kHz since whenever it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct PlayoutClock {
    /// When `playedSamples` had been heard.
    pub at: u64,
    /// When this message was sent.
    pub sent: u64,
}

/// Longest `webrtc.candidate`.
pub const CANDIDATE_CHARS_MAX: usize = 1000;
/// Longest `client.say`, in characters: about a minute of speech.
pub const SAY_CHARS_MAX: usize = 1000;
/// Longest `client.whisper`, in characters: what an ear can take while others speak.
pub const WHISPER_CHARS_MAX: usize = 500;
/// Most seconds of a `client.strike`.
pub const STRIKE_SECONDS_MAX: u16 = 120;
const _: () = assert!(STRIKE_SECONDS_MAX as u64 * 1000 == STRIKE_MAX.millis());
/// Longest `client.marker` label, in characters.
pub const LABEL_CHARS_MAX: usize = 200;

const CLIENT_TYPES: [&str; 17] = [
    "hello",
    "client.toggle-autopilot",
    "client.request-state",
    "client.interrupt",
    "client.mute",
    "client.push-to-talk",
    "client.nominate",
    "client.say",
    "client.marker",
    "client.whisper",
    "client.strike",
    "client.segment",
    "client.playout",
    "webrtc.offer",
    "webrtc.candidate",
    "webrtc.close",
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
    /// Whether all that is heard is told by `client.playout`: then nothing else counts as heard.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub reports: bool,
    /// What a sound check before the show measured; kept with the recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sound_check: Option<HelloSoundCheck>,
    /// The version the client speaks; [`PROTOCOL_VERSION`] unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<u32>,
}

/// The host's audio format.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HelloAudio {
    /// `pcm` (16-bit little-endian mono) or `opus`, whose counter is at 48 kHz. Where the rate is 48000 frames of both
    /// kinds are taken, whichever is named.
    pub codec: String,
    /// One of [`HOST_RATES`].
    pub sample_rate: u32,
}

/// A sound check. Levels are whole dB of full scale, −100 to 0: effective values, except the peak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HelloSoundCheck {
    /// The voice.
    pub level_dbfs: i16,
    /// Its loudest sample.
    pub peak_dbfs: i16,
    /// The room without it.
    pub noise_dbfs: i16,
    /// The microphone while the loudspeaker played.
    pub echo_dbfs: i16,
    /// To the studio and back, at most [`ROUND_TRIP_MS_MAX`].
    pub round_trip_ms: u32,
    /// Whether the host said to wear headphones.
    #[serde(default)]
    pub headphones: bool,
    /// Words of the read sentence that were understood, per mille; absent where nobody was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recognised_per_mille: Option<u16>,
}

/// Longest way that a sound check tells: a minute is no way at all.
pub const ROUND_TRIP_MS_MAX: u32 = 60_000;

impl HelloSoundCheck {
    /// The first field that cannot be true, with what was expected.
    fn fault(&self) -> Option<String> {
        let levels = [
            ("levelDbfs", self.level_dbfs),
            ("peakDbfs", self.peak_dbfs),
            ("noiseDbfs", self.noise_dbfs),
            ("echoDbfs", self.echo_dbfs),
        ];
        let level = levels.into_iter().find(|(_, value)| !(-100..=0).contains(value));
        if let Some((field, value)) = level {
            return Some(format!("soundCheck.{field} is {value}, expected -100 to 0"));
        }
        if self.round_trip_ms > ROUND_TRIP_MS_MAX {
            return Some(format!("soundCheck.roundTripMs is above {ROUND_TRIP_MS_MAX}"));
        }
        let is_share = self.recognised_per_mille.is_none_or(|share| share <= 1000);
        (!is_share).then(|| "soundCheck.recognisedPerMille is above 1000".to_owned())
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
        message.check_bounds(&kind)?;
        Ok(message)
    }

    fn check_bounds(&self, kind: &str) -> Result<(), WireError> {
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
            Self::Whisper { text, .. } if text.chars().count() > WHISPER_CHARS_MAX => {
                too_long("text", WHISPER_CHARS_MAX)
            }
            Self::Whisper { text, .. } if text.trim().is_empty() => Err(WireError::BadFields {
                kind: kind.to_owned(),
                reason: "text is empty".to_owned(),
            }),
            Self::Strike { seconds: Some(seconds) }
                if !(1..=STRIKE_SECONDS_MAX).contains(seconds) =>
            {
                Err(WireError::BadFields {
                    kind: kind.to_owned(),
                    reason: format!("seconds is {seconds}, expected 1 to {STRIKE_SECONDS_MAX}"),
                })
            }
            Self::MediaCandidate { candidate }
                if candidate.chars().count() > CANDIDATE_CHARS_MAX =>
            {
                too_long("candidate", CANDIDATE_CHARS_MAX)
            }
            Self::Marker { label } if label.chars().count() > LABEL_CHARS_MAX => {
                too_long("label", LABEL_CHARS_MAX)
            }
            Self::Hello(hello) if hello.participant_name.chars().count() > LABEL_CHARS_MAX => {
                too_long("participantName", LABEL_CHARS_MAX)
            }
            Self::Hello(hello) => match hello.sound_check.as_ref().and_then(HelloSoundCheck::fault)
            {
                Some(reason) => Err(WireError::BadFields { kind: kind.to_owned(), reason }),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

impl Hello {
    /// The rate of the host's sound and of its counter.
    ///
    /// # Errors
    /// [`WireError::BadCodec`], [`WireError::BadSampleRate`] or [`WireError::BadProtocol`].
    pub fn host_rate(&self) -> Result<SampleRate, WireError> {
        if let Some(version) = self.protocol.filter(|version| *version != PROTOCOL_VERSION) {
            return Err(WireError::BadProtocol(version));
        }
        let Some(audio) = &self.audio else { return Ok(SampleRate::HZ_48000) };
        if !HOST_CODECS.contains(&audio.codec.as_str()) {
            return Err(WireError::BadCodec(audio.codec.chars().take(40).collect()));
        }
        let is_opus = audio.codec == OPUS;
        if !HOST_RATES.contains(&audio.sample_rate)
            || is_opus && audio.sample_rate != SampleRate::HZ_48000.hz()
        {
            return Err(WireError::BadSampleRate(audio.sample_rate));
        }
        SampleRate::new(audio.sample_rate).ok_or(WireError::BadSampleRate(audio.sample_rate))
    }
}
