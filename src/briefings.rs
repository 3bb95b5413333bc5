//! Briefings as files: a folder of Markdown files, one a show.
//!
//! Does not judge what stands in them; [`Briefing::parse`] does. Adds the file's name to whatever is wrong.
//!
//! Invariants: no name leads out of the folder; no file above [`BRIEFING_BYTES_MAX`] is read whole.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::conversation::briefing::{BRIEFING_BYTES_MAX, Briefing, BriefingErrors};

/// How the file of a briefing ends.
const EXTENSION: &str = "md";
/// Longest name: that of a file on every system there is.
const NAME_CHARS_MAX: usize = 100;

/// A briefing with the file it came from.
#[derive(Clone, Debug)]
pub struct BriefingFile {
    /// The file's name without `.md`: what a client asks for.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// The file's whole text, for the record.
    pub text: String,
    /// What it says.
    pub briefing: Briefing,
}

/// Why a briefing is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum BriefingFileError {
    /// The name could lead out of the folder or cannot be that of a file.
    #[error(
        "briefing name {name:?}: expected letters, digits, - _ and . with a letter or digit first, at most {NAME_CHARS_MAX}"
    )]
    BadName {
        /// What was asked for.
        name: String,
    },
    /// There is no such file.
    #[error("{}: no such briefing", path.display())]
    NotFound {
        /// What was looked for.
        path: PathBuf,
    },
    /// The file or folder is there and cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// What was tried.
        path: PathBuf,
        /// What came of it.
        source: std::io::Error,
    },
    /// It can be read and something in it is wrong. Prints one line a finding: file, line, expectation.
    #[error("{}", findings(path, errors))]
    Wrong {
        /// The file.
        path: PathBuf,
        /// Everything that is wrong.
        errors: BriefingErrors,
    },
}

fn findings(path: &Path, errors: &BriefingErrors) -> String {
    let lines: Vec<String> =
        errors.0.iter().map(|error| format!("{}: {error}", path.display())).collect();
    lines.join("\n")
}

/// The names of all briefings of `folder`, sorted; their text is not read. A folder that does not exist has none.
/// `README.md` and files whose names begin with a dot or are no names of briefings are left out.
///
/// # Errors
/// A folder that cannot be read.
pub fn names(folder: &Path) -> Result<Vec<String>, BriefingFileError> {
    let unreadable = |source| BriefingFileError::Unreadable { path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        let is_briefing =
            path.extension().is_some_and(|extension| extension == EXTENSION) && path.is_file();
        let name = path
            .file_stem()
            .and_then(|name| name.to_str())
            .filter(|name| is_name(name) && *name != "README");
        names.extend(name.filter(|_| is_briefing).map(str::to_owned));
    }
    names.sort_unstable();
    Ok(names)
}

/// One entry of a folder's list.
#[derive(Debug)]
pub struct ListedBriefing {
    /// The name to load it by.
    pub name: String,
    /// What it says, or what is wrong with it.
    pub briefing: Result<BriefingFile, BriefingFileError>,
}

/// Reads every briefing of `folder`, in the order of names; each may be wrong on its own.
///
/// # Errors
/// A folder that cannot be read.
pub fn list(folder: &Path) -> Result<Vec<ListedBriefing>, BriefingFileError> {
    let names = names(folder)?.into_iter();
    Ok(names.map(|name| ListedBriefing { briefing: load(folder, &name), name }).collect())
}

/// Reads the briefing `name` of `folder`; `.md` at its end may be left out.
///
/// # Errors
/// A bad name, a missing or unreadable file, or everything that is wrong in it.
pub fn load(folder: &Path, name: &str) -> Result<BriefingFile, BriefingFileError> {
    let name = name.strip_suffix(".md").unwrap_or(name);
    if !is_name(name) {
        return Err(BriefingFileError::BadName {
            name: name.chars().take(NAME_CHARS_MAX).collect(),
        });
    }
    read(&folder.join(format!("{name}.{EXTENSION}")), name)
}

/// Reads the briefing at `path`, wherever it lies: for the command line, never for a name from outside.
///
/// # Errors
/// A missing or unreadable file, or everything that is wrong in it.
pub fn load_path(path: &Path) -> Result<BriefingFile, BriefingFileError> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    read(path, &name)
}

/// Reads what somebody at a terminal names: a file, wherever it lies, or one of `folder` by its name.
///
/// # Errors
/// As [`load`] and [`load_path`].
pub fn load_named(folder: &Path, asked: &Path) -> Result<BriefingFile, BriefingFileError> {
    let is_name_of_one = |name: &&str| is_name(name.strip_suffix(".md").unwrap_or(name));
    match asked.to_str().filter(is_name_of_one) {
        Some(name) if !asked.is_file() => load(folder, name),
        _ => load_path(asked),
    }
}

/// A name that stays in its folder on every system: no separators, no drive, no leading dot.
fn is_name(name: &str) -> bool {
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    is_plain
        && name.len() <= NAME_CHARS_MAX
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
}

fn read(path: &Path, name: &str) -> Result<BriefingFile, BriefingFileError> {
    let path = path.to_owned();
    let text = match read_limited(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(BriefingFileError::NotFound { path });
        }
        Err(source) => return Err(BriefingFileError::Unreadable { path, source }),
    };
    match Briefing::parse(&text) {
        Ok(briefing) => Ok(BriefingFile { name: name.to_owned(), path, text, briefing }),
        Err(errors) => Err(BriefingFileError::Wrong { path, errors }),
    }
}

/// The file's text, cut one byte above the limit: enough for the parser to see that it is too long.
fn read_limited(path: &Path) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(BRIEFING_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    if bytes.len() > BRIEFING_BYTES_MAX {
        // Where the cut falls inside a character the text is still too long without it.
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    String::from_utf8(bytes)
        .map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error.utf8_error()))
}

/// What is there before something is saved.
pub enum Expected {
    /// No briefing of this name.
    Nothing,
    /// Whatever.
    Anything,
    /// A text of which this holds.
    Text(Box<dyn Fn(&str) -> bool + Send>),
}

impl std::fmt::Debug for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Anything => "Anything",
            Self::Text(_) => "Text",
        })
    }
}

/// Why a briefing was not saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// There is one, and a new one was to be made.
    #[error("there is a briefing of this name")]
    Exists,
    /// Another text lies there than was expected.
    #[error("the briefing was changed meanwhile")]
    Changed,
    /// Name, text or disk.
    #[error(transparent)]
    File(#[from] BriefingFileError),
}

/// Checks a text and saves it as the briefing `name` of `folder`, whole or not at all.
///
/// # Errors
/// A bad name, everything that is wrong with the text, something else than `expected` there, a disk that refuses.
pub fn save(
    folder: &Path,
    name: &str,
    text: &str,
    expected: &Expected,
) -> Result<BriefingFile, SaveError> {
    let name = name.strip_suffix(".md").unwrap_or(name);
    if !is_name(name) || name == "README" {
        let name = name.chars().take(NAME_CHARS_MAX).collect();
        return Err(BriefingFileError::BadName { name }.into());
    }
    let path = folder.join(format!("{name}.{EXTENSION}"));
    let briefing = Briefing::parse(text)
        .map_err(|errors| BriefingFileError::Wrong { path: path.clone(), errors })?;
    let there = match read_limited(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(source) => return Err(BriefingFileError::Unreadable { path, source }.into()),
    };
    match (expected, &there) {
        (Expected::Nothing, Some(_)) => return Err(SaveError::Exists),
        (Expected::Text(_), None) => return Err(SaveError::Changed),
        (Expected::Text(holds), Some(there)) if !holds(there) => return Err(SaveError::Changed),
        _ => {}
    }
    write_whole(folder, &path, text)
        .map_err(|source| BriefingFileError::Unreadable { path: path.clone(), source })?;
    Ok(BriefingFile { name: name.to_owned(), path, text: text.to_owned(), briefing })
}

/// A reader sees the old file or the new one, never half of it; so does whoever starts after the power went.
fn write_whole(folder: &Path, path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    fs::create_dir_all(folder)?;
    let part = path.with_extension("md.part");
    let mut file = File::create(&part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&part, path)
}
