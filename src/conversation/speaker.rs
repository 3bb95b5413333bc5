//! Who takes part, and the names of turns.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One of the three at the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    /// The human host.
    You,
    /// The AI speaker whose words come from Claude.
    Claude,
    /// The AI speaker whose words come from the guest model.
    Guest,
}

impl Speaker {
    /// All three, in the order of tracks and files.
    pub const ALL: [Self; 3] = [Self::You, Self::Claude, Self::Guest];

    /// The wire and file name: `you`, `claude`, `guest`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::You => "you",
            Self::Claude => "claude",
            Self::Guest => "guest",
        }
    }

    /// The AI speaker this is, if it is one.
    #[must_use]
    pub const fn ai(self) -> Option<AiSpeaker> {
        match self {
            Self::You => None,
            Self::Claude => Some(AiSpeaker::Claude),
            Self::Guest => Some(AiSpeaker::Guest),
        }
    }

    /// Place in [`Speaker::ALL`], for arrays with one entry a speaker.
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::You => 0,
            Self::Claude => 1,
            Self::Guest => 2,
        }
    }
}

impl fmt::Display for Speaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One of the two AI speakers: what may be granted a reply, a voice and a playout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AiSpeaker {
    /// Speaks with Claude's words.
    Claude,
    /// Speaks with the guest model's words.
    Guest,
}

impl AiSpeaker {
    /// Both, in track order.
    pub const BOTH: [Self; 2] = [Self::Claude, Self::Guest];

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Claude => Self::Guest,
            Self::Guest => Self::Claude,
        }
    }

    /// The wire and file name: `claude`, `guest`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Guest => "guest",
        }
    }

    /// Place in [`AiSpeaker::BOTH`], for arrays with one entry an AI.
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::Claude => 0,
            Self::Guest => 1,
        }
    }
}

impl From<AiSpeaker> for Speaker {
    fn from(speaker: AiSpeaker) -> Self {
        match speaker {
            AiSpeaker::Claude => Self::Claude,
            AiSpeaker::Guest => Self::Guest,
        }
    }
}

impl fmt::Display for AiSpeaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One speaker's time on the floor. Numbered from 1 in the order in which they were thought of (a prepared turn that
/// came to nothing has had its number); prints as `t7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TurnId(pub u32);

impl fmt::Display for TurnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t{}", self.0)
    }
}

/// What a speaker's orb shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OrbState {
    /// Nothing asked of this speaker, nobody speaks to it.
    Idle,
    /// Its services are being reached.
    Connecting,
    /// Somebody else speaks and this speaker follows.
    Listening,
    /// It has the floor and no sound yet.
    Thinking,
    /// Its voice is being heard.
    Speaking,
    /// Its voice is held while the studio judges whether the host cuts in.
    Paused,
    /// It was cut off.
    Interrupted,
    /// Its microphone is off.
    Muted,
    /// Its service failed; the others go on.
    Failed,
}
