//! A value that cannot be printed.

use std::fmt;

/// A key or token. Shows `[secret]` wherever it is printed, has no serialised form, and gives its text only to who
/// asks by name, so that `expose` can be searched for.
#[derive(Clone)]
pub struct Secret(String);

/// What is shown in a secret's place.
pub const REDACTED: &str = "[secret]";

impl Secret {
    /// Hides `text`.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself, for the header or comparison that needs it and for nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}
