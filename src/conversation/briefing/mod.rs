//! What the show is about: the briefing a host prepares.
//!
//! A briefing is Markdown with YAML front matter: the table's people and the plan of the show above, what everyone
//! and what only one of the AI speakers knows below. [`Briefing::parse`] is the only way from text to a [`Briefing`]
//! and tells everything that is wrong at once. `docs/briefings.md` is its description for hosts.
//!
//! Does not read files; `crate::briefings` does.

use serde::{Deserialize, Serialize};

use super::rules::Rules;
use super::speaker::{AiSpeaker, Speaker};

mod errors;
mod fields;
mod overlay;
mod parse;
mod rules;
mod sections;
mod show_rules;
mod yaml;

pub use errors::{BriefingError, BriefingErrors};
pub use overlay::Setting;

/// A checked briefing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
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
    /// Providers chosen for this show in place of the configured ones, as the settings spell them.
    #[serde(default)]
    pub providers: ProviderChoice,
    /// The plan of the show.
    pub segments: Vec<Segment>,
    /// What everybody knows (`## Everyone`).
    pub everyone: String,
    /// What only Claude and only the guest know (`## Claude`, `## Guest`), in the order of [`AiSpeaker::BOTH`].
    pub private: [String; 2],
}

/// One at the table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
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
    /// What holds for this speaker in place of the show's rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Setting>,
}

/// Providers by kind; empty for the configured one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProviderChoice {
    /// Speech to text.
    pub stt: String,
    /// Text to speech.
    pub tts: String,
    /// The guest's language model.
    pub guest: String,
}

/// One part of the show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Segment {
    /// Its title.
    pub title: String,
    /// Planned length; 0 for open.
    pub minutes: u16,
    /// What it should reach.
    pub goal: String,
    /// What holds in it in place of the show's rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Setting>,
}

/// The longest briefing, in bytes: about twenty pages, far more than a language model is helped by.
pub const BRIEFING_BYTES_MAX: usize = 64 * 1024;

impl Briefing {
    /// Reads a briefing from the text of its file.
    ///
    /// # Errors
    /// Everything that is wrong with it, by line; where the YAML itself cannot be read, that one place.
    pub fn parse(text: &str) -> Result<Self, BriefingErrors> {
        parse::parse(text)
    }

    /// The same show with one of its rules changed: `endOfTurn.firstAskMs` to `400`. Keys, ranges and words are those
    /// of the group `rules` of a briefing; a list is written as in YAML, `[wait, stop]`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn with_rule(&self, key: &str, value: &str) -> Result<Self, BriefingErrors> {
        let setting = Setting { key: key.to_owned(), value: value.to_owned() };
        Ok(Self { rules: overlay::over(&self.rules, &[setting])?, ..self.clone() })
    }

    /// What the two AIs are called by: names and aliases, names first.
    #[must_use]
    pub fn called_names(&self) -> Vec<String> {
        let ais = || AiSpeaker::BOTH.map(|speaker| self.speaker(speaker.into()));
        let names = ais().into_iter().map(|brief| &brief.name);
        let aliases = ais().into_iter().flat_map(|brief| &brief.aliases);
        names.chain(aliases).filter(|name| !name.is_empty()).cloned().collect()
    }

    /// Names and terms that a recogniser should expect: of those at the table, then the show's.
    #[must_use]
    pub fn expected_words(&self) -> Vec<String> {
        let host = self.speaker(Speaker::You).name.clone();
        let mut words = self.called_names();
        for word in std::iter::once(host).chain(self.terms.iter().cloned()) {
            if !word.is_empty() && !words.contains(&word) {
                words.push(word);
            }
        }
        words
    }

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
