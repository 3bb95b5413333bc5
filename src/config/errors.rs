//! What is wrong with the settings, all of it at once.

use std::fmt;

use super::environment::Source;
use super::settings::Setting;
use crate::secret::REDACTED;

/// One setting that cannot be used: its name, what was given, what was expected. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The setting, or the file that holds settings.
    pub name: String,
    /// What was given, fit to be shown; `None` where nothing was.
    pub given: Option<String>,
    /// What would have been right, and why.
    pub expected: String,
}

impl ConfigError {
    /// A value that was given and cannot be used.
    #[must_use]
    pub fn unusable(
        name: impl Into<String>,
        given: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self { name: name.into(), given: Some(given.into()), expected: expected.into() }
    }

    /// A value that was not given and is needed.
    #[must_use]
    pub fn missing(setting: &Setting, expected: impl Into<String>) -> Self {
        Self { name: setting.name.to_owned(), given: None, expected: expected.into() }
    }

    /// `value` of `setting` cannot be used.
    pub(super) fn value(setting: &Setting, name: &str, (value, source): (&str, Source)) -> Self {
        let shown =
            if setting.kind.is_secret() { REDACTED.to_owned() } else { without_password(value) };
        let shown = match source {
            Source::Process => shown,
            Source::EnvFile => format!("{shown} (in {source})"),
        };
        Self::unusable(name, shown, setting.kind.expects())
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.given {
            Some(given) => write!(f, "{}: {given}; expected {}", self.name, self.expected),
            None => write!(f, "{} is not set; expected {}", self.name, self.expected),
        }
    }
}

/// Everything wrong with the settings, in the order in which they are read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [_] => write!(f, "1 setting cannot be used")?,
            errors => write!(f, "{} settings cannot be used", errors.len())?,
        }
        self.0.iter().try_for_each(|error| write!(f, "\n  {error}"))
    }
}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}

/// `value` with the user and password of an address taken out: `http://…@host/`.
fn without_password(value: &str) -> String {
    match (value.find("://"), value.rfind('@')) {
        (Some(scheme), Some(at)) if scheme + 3 <= at => {
            format!("{}…{}", &value[..scheme + 3], &value[at..])
        }
        _ => value.to_owned(),
    }
}
