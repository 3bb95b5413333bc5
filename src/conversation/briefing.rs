//! What the show is about: the briefing a host prepares.

use super::rules::Rules;
use super::speaker::{AiSpeaker, Speaker};

/// A checked briefing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Briefing {
    /// The show's title.
    pub title: String,
    /// Default episode id: letters, digits, `-`, `_`, `.`.
    pub episode: String,
    /// BCP 47 language.
    pub language: String,
    /// Names and terms the recogniser should expect.
    pub terms: Vec<String>,
    /// The numbers of the conversation.
    pub rules: Rules,
    /// The three at the table, in the order of [`Speaker::ALL`].
    pub speakers: [SpeakerBrief; 3],
    /// The plan of the show.
    pub segments: Vec<Segment>,
    /// What everybody knows (`## Everyone`).
    pub everyone: String,
    /// What only Claude and only the guest know (`## Claude`, `## Guest`), in the order of [`AiSpeaker::BOTH`].
    pub private: [String; 2],
}

/// One at the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpeakerBrief {
    /// Name on air, in captions and file metadata.
    pub name: String,
    /// Other names that mean this speaker.
    pub aliases: Vec<String>,
    /// Role in the show.
    pub role: String,
    /// How this speaker is.
    pub persona: String,
    /// The voice, as the voice's product spells it; empty for the default.
    pub voice: String,
    /// The model, as its provider spells it; empty for the configured one.
    pub model: String,
}

/// One part of the show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its title.
    pub title: String,
    /// Planned length; 0 for open.
    pub minutes: u16,
    /// What it should reach.
    pub goal: String,
}

impl Briefing {
    /// What is said of `speaker`.
    #[must_use]
    pub const fn speaker(&self, speaker: Speaker) -> &SpeakerBrief {
        &self.speakers[speaker.index()]
    }

    /// What only `speaker` knows.
    #[must_use]
    pub fn private(&self, speaker: AiSpeaker) -> &str {
        &self.private[speaker.index()]
    }
}
