//! Where a recording lives: the episode's name and its folder.
//!
//! Invariants: a folder that exists is never written into; two sessions never get the same folder, since the system
//! creates it for one of them only; a name can never lead out of the recordings folder.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::{OnPath, RecordingError};

/// Longest name of an episode, in characters.
pub const EPISODE_ID_LENGTH_MAX: usize = 64;

/// Takes of one episode that are numbered before a new name is asked for.
const TAKES_MAX: u32 = 9_999;

/// The name of an episode: 1 to 64 of letters, digits, `-`, `_` and `.` (ASCII), no leading dot, no `..`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EpisodeId(String);

/// Why a text is no [`EpisodeId`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EpisodeIdError {
    /// It is empty.
    #[error("an episode id needs at least one character")]
    Empty,
    /// It has more than [`EPISODE_ID_LENGTH_MAX`] characters.
    #[error("an episode id has at most {EPISODE_ID_LENGTH_MAX} characters, not {0}")]
    TooLong(usize),
    /// It holds a character that is no letter, digit, `-`, `_` or `.`.
    #[error("an episode id holds letters, digits, '-', '_' and '.', not {0:?}")]
    Character(char),
    /// It begins with a dot or holds two in a row.
    #[error("an episode id neither begins with '.' nor holds '..'")]
    Dots,
}

impl EpisodeIdError {
    /// A stable `snake_case` word, the one of `docs/protocol.md`; which rule was broken is for people and in the
    /// message.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "bad_episode_id"
    }
}

impl EpisodeId {
    /// Checks a name.
    ///
    /// # Errors
    /// Says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, EpisodeIdError> {
        let is_allowed =
            |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
        let length = text.chars().count();
        if text.is_empty() {
            Err(EpisodeIdError::Empty)
        } else if length > EPISODE_ID_LENGTH_MAX {
            Err(EpisodeIdError::TooLong(length))
        } else if let Some(other) = text.chars().find(|character| !is_allowed(*character)) {
            Err(EpisodeIdError::Character(other))
        } else if text.starts_with('.') || text.contains("..") {
            Err(EpisodeIdError::Dots)
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EpisodeId {
    type Error = EpisodeIdError;
    fn try_from(text: String) -> Result<Self, EpisodeIdError> {
        Self::parse(&text)
    }
}

impl From<EpisodeId> for String {
    fn from(episode: EpisodeId) -> Self {
        episode.0
    }
}

impl fmt::Display for EpisodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Creates the folder of an episode's next take under `root`: `<episode>`, or `<episode>-2`, `-3`, … if that exists.
///
/// # Errors
/// [`RecordingError::File`] if the recordings folder cannot be created or written, [`RecordingError::TakesExhausted`].
pub fn create_take(root: &Path, episode: &EpisodeId) -> Result<PathBuf, RecordingError> {
    fs::create_dir_all(root).on("create folder", root)?;
    for take in 1..=TAKES_MAX {
        let name = if take == 1 { episode.to_string() } else { format!("{episode}-{take}") };
        let dir = root.join(name);
        match fs::create_dir(&dir) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => {
                created.on("create folder", &dir)?;
                return Ok(dir);
            }
        }
    }
    Err(RecordingError::TakesExhausted {
        root: root.to_owned(),
        episode: episode.to_string(),
        takes_max: TAKES_MAX,
    })
}

/// What a take's folder is called.
pub(super) fn folder_name(dir: &Path) -> String {
    dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_out_of_the_folder_are_refused_with_a_code() {
        let long = "x".repeat(65);
        let cases = [
            ("", EpisodeIdError::Empty),
            (long.as_str(), EpisodeIdError::TooLong(65)),
            ("../up", EpisodeIdError::Character('/')),
            ("a/b", EpisodeIdError::Character('/')),
            ("a\\b", EpisodeIdError::Character('\\')),
            ("a\0b", EpisodeIdError::Character('\0')),
            ("Ünï", EpisodeIdError::Character('Ü')),
            (".hidden", EpisodeIdError::Dots),
            ("..", EpisodeIdError::Dots),
            ("a..b", EpisodeIdError::Dots),
        ];
        for (name, error) in cases {
            // The one word that the wire's text and the connection know.
            assert_eq!(error.code(), "bad_episode_id");
            assert_eq!(EpisodeId::parse(name), Err(error), "{name:?}");
        }
        for name in ["a", "2026-11-21_show.v2", &"x".repeat(64)] {
            assert_eq!(EpisodeId::parse(name).unwrap().as_str(), name);
        }
    }
}
