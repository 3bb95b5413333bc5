//! Where settings come from: the process environment over the file `.env`.
//!
//! Does not know which settings there are.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use super::errors::ConfigError;

/// The file beside the process whose values stand in for what the environment does not say.
pub const ENV_FILE: &str = ".env";

/// Everything [`super::Config::from_env`] may look at. A value that holds only spaces counts as not set.
#[derive(Clone)]
pub struct Environment {
    process: BTreeMap<String, String>,
    file: BTreeMap<String, String>,
    is_file: fn(&Path) -> bool,
}

/// Which of the two places said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The process environment.
    Process,
    /// The file `.env`.
    EnvFile,
}

impl Environment {
    /// An environment of these variables, with nothing in `.env` and no file anywhere.
    #[must_use]
    pub fn of<N: Into<String>, V: Into<String>>(process: impl IntoIterator<Item = (N, V)>) -> Self {
        Self { process: owned(process), file: BTreeMap::new(), is_file: |_| false }
    }

    /// The same with these variables in `.env`.
    #[must_use]
    pub fn with_file<N: Into<String>, V: Into<String>>(
        mut self,
        file: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.file = owned(file);
        self
    }

    /// The same with another answer to "is this path a file?".
    #[must_use]
    pub fn with_is_file(mut self, is_file: fn(&Path) -> bool) -> Self {
        self.is_file = is_file;
        self
    }

    /// The process environment and the `.env` of `folder`, if there is one.
    ///
    /// # Errors
    /// An `.env` that cannot be read, or a line of it that is not `NAME=value`. The line itself is not shown, as it
    /// may hold a key.
    pub fn read(folder: &Path) -> Result<Self, ConfigError> {
        let process = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let file = read_env_file(&folder.join(ENV_FILE))?;
        Ok(Self { process, file, is_file: Path::is_file })
    }

    /// The value of `name` without surrounding spaces, and who said it. The process environment wins; a name that
    /// it sets to nothing is left to the file.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<(&str, Source)> {
        let places = [(&self.process, Source::Process), (&self.file, Source::EnvFile)];
        places.into_iter().find_map(|(variables, source)| {
            let value = variables.get(name)?.trim();
            (!value.is_empty()).then_some((value, source))
        })
    }

    /// Every name that either place sets.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.process
            .keys()
            .chain(self.file.keys())
            .map(String::as_str)
            .collect::<BTreeSet<_>>()
            .into_iter()
    }

    /// Whether `path` is a file.
    #[must_use]
    pub fn is_file(&self, path: &Path) -> bool {
        (self.is_file)(path)
    }
}

impl fmt::Debug for Environment {
    /// Names only: values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Process => "environment",
            Self::EnvFile => ENV_FILE,
        })
    }
}

fn owned<N: Into<String>, V: Into<String>>(
    pairs: impl IntoIterator<Item = (N, V)>,
) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
}

fn read_env_file(path: &Path) -> Result<BTreeMap<String, String>, ConfigError> {
    let lines = match dotenvy::from_path_iter(path) {
        Ok(lines) => lines,
        Err(dotenvy::Error::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(BTreeMap::new());
        }
        Err(error) => return Err(unreadable(path, "a file that can be read", &error.to_string())),
    };
    let mut variables = BTreeMap::new();
    let mut last = None;
    for line in lines {
        match line {
            Ok((name, value)) => {
                last = Some(name.clone());
                variables.insert(name, value);
            }
            Err(dotenvy::Error::Io(error)) => {
                return Err(unreadable(path, "a text file in UTF-8", &error.to_string()));
            }
            // dotenvy's own message repeats the line, key and all.
            Err(_) => {
                let place = last.map_or_else(
                    || "before the first setting".to_owned(),
                    |name| format!("after {name}"),
                );
                return Err(unreadable(
                    path,
                    "lines such as NAME=value or NAME='value with spaces'",
                    &place,
                ));
            }
        }
    }
    Ok(variables)
}

fn unreadable(path: &Path, expects: &str, what: &str) -> ConfigError {
    ConfigError::unusable(path.display().to_string(), what, expects)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env_file(text: &str) -> (tempfile::TempDir, Result<BTreeMap<String, String>, ConfigError>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(ENV_FILE);
        std::fs::write(&path, text).unwrap();
        let read = read_env_file(&path);
        (folder, read)
    }

    #[test]
    fn a_folder_without_the_file_is_fine() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read_env_file(&folder.path().join(ENV_FILE)).unwrap(), BTreeMap::new());
    }

    #[test]
    fn comments_quotes_and_empty_values_are_understood() {
        let (_folder, read) =
            env_file("# a comment\nPORT=5000\nGUEST_MODEL='a b'\nGROQ_API_KEY=\n");
        let variables = read.unwrap();
        assert_eq!(variables["PORT"], "5000");
        assert_eq!(variables["GUEST_MODEL"], "a b");
        assert_eq!(Environment::of(variables).get("GROQ_API_KEY"), None);
    }

    #[test]
    fn a_broken_line_is_placed_but_never_shown() {
        let (_folder, read) = env_file("PORT=5000\nGROQ_API_KEY gsk-very-private\n");
        let message = read.unwrap_err().to_string();
        assert!(message.contains("after PORT"), "{message}");
        assert!(!message.contains("gsk-very-private"), "{message}");
    }
}
