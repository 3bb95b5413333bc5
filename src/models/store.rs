//! A models folder on disk: what is there, and whether it is what it should be.
//!
//! Invariants: looking never changes anything; `state` compares sizes only (fast enough for every start), `verify`
//! reads every byte.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::hex::hex;
use sha2::{Digest, Sha256};

use super::catalogue::{Model, ModelFile, SystemLibrary};
use super::{ModelError, PLATFORM};

/// Bytes read at a time while hashing: large enough that system calls do not show.
const READ_BYTES: usize = 1 << 16;

/// A folder that holds models, one folder each.
#[derive(Clone, Debug)]
pub struct Store {
    dir: PathBuf,
}

/// How a model stands on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelState {
    /// All there.
    Ready,
    /// Some or all files are not there; their names.
    Missing(Vec<String>),
    /// Files that are there with another content than the catalogue's; their names.
    Damaged(Vec<String>),
    /// The system library is not there; the sentence says how to get it.
    NotInstalled(String),
    /// Nothing exists for this platform.
    NotForPlatform,
}

impl ModelState {
    /// Whether the model can be used.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        matches!(self, Self::Ready)
    }

    /// Returns one word for tables and JSON.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Missing(_) => "missing",
            Self::Damaged(_) => "damaged",
            Self::NotInstalled(_) => "not-installed",
            Self::NotForPlatform => "not-for-platform",
        }
    }

    /// Returns what to do about it; nothing if the model is ready.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        match self {
            Self::Ready => None,
            Self::Missing(files) => {
                Some(format!("{} not there: run `studio models pull`", files.join(", ")))
            }
            Self::Damaged(files) => {
                Some(format!("{} changed on disk: run `studio models pull`", files.join(", ")))
            }
            Self::NotInstalled(sentence) => Some(sentence.clone()),
            Self::NotForPlatform => {
                Some(format!("there is no build of it for this platform ({PLATFORM})"))
            }
        }
    }
}

impl Store {
    /// The store in `dir`, which need not exist.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Returns the folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns where a file of a model lies, whether it is there or not.
    #[must_use]
    pub fn path(&self, model: &str, file: &str) -> PathBuf {
        self.dir.join(model).join(file)
    }

    /// Returns how a model stands, by the sizes of its files.
    #[must_use]
    pub fn state(&self, model: &Model) -> ModelState {
        self.judge(model, |path, file| {
            std::fs::metadata(path).map(|meta| meta.is_file() && meta.len() == file.bytes)
        })
    }

    /// Returns how a model stands, by the sha256 of its files.
    #[must_use]
    pub fn verify(&self, model: &Model) -> ModelState {
        self.judge(model, |path, file| sha256_of(path).map(|hash| hash == file.sha256))
    }

    /// Whether one file is there with the right content.
    ///
    /// # Errors
    /// [`ModelError::Disk`] when it is there and cannot be read.
    pub fn holds(&self, model: &str, file: &ModelFile) -> Result<bool, ModelError> {
        let path = self.path(model, &file.name);
        match sha256_of(&path) {
            Ok(hash) => Ok(hash == file.sha256),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(ModelError::disk("read", path)(error)),
        }
    }

    /// Sorts a model's files by what `is_right` says of each. A file that cannot be read counts as damaged.
    fn judge(
        &self,
        model: &Model,
        is_right: impl Fn(&Path, &ModelFile) -> std::io::Result<bool>,
    ) -> ModelState {
        if let Some(system) = &model.system {
            return system.state();
        }
        let (mut missing, mut damaged, mut count) = (Vec::new(), Vec::new(), 0_usize);
        for file in model.files_here() {
            count += 1;
            match is_right(&self.path(&model.name, &file.name), file) {
                Ok(true) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    missing.push(file.name.clone());
                }
                Ok(false) | Err(_) => damaged.push(file.name.clone()),
            }
        }
        match (count, damaged.is_empty(), missing.is_empty()) {
            (0, ..) => ModelState::NotForPlatform,
            (_, false, _) => ModelState::Damaged(damaged),
            (_, _, false) => ModelState::Missing(missing),
            (_, true, true) => ModelState::Ready,
        }
    }
}

impl SystemLibrary {
    /// Asks the dynamic loader itself, since only it knows its search path and the libraries this one needs.
    fn state(&self) -> ModelState {
        #[expect(
            unsafe_code,
            reason = "opening a library is the only way to know that it can be opened"
        )]
        // SAFETY: the names come from the catalogue of this build; these libraries hold voices and have no
        // initialisers of their own. Nothing is called, and the handle is dropped at once.
        let opened = unsafe { libloading::Library::new(&self.library) };
        match opened {
            Ok(_) => ModelState::Ready,
            Err(_) => ModelState::NotInstalled(format!(
                "{} not found: install the system package (Debian: sudo apt-get install {})",
                self.library, self.apt
            )),
        }
    }
}

/// Returns the sha256 of a file as 64 lower-case hexadecimal digits.
pub(super) fn sha256_of(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hex(&hash.finalize())),
            Ok(count) => hash.update(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
