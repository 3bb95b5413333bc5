//! The recordings folder as a shelf: what is there, what was said in it, and taking one away.
//!
//! Reads manifests and captions and never sound. An unfinished folder is listed as such: somebody may be recording.
//!
//! Invariants: no name leads out of the folder; a recording that goes on is never deleted; one that is being deleted
//! is not listed any more, whatever happens to the server meanwhile.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::closing::{EPISODE_CAPTIONS_FILE, EVENTS_FILE, track_file};
use super::error::{OnPath, RecordingError};
use super::event_log::is_held;
use super::manifest::{ListedFile, MANIFEST_FILE, Manifest, bytes_and_sha256};
use super::vtt_read::{ReadCue, read_cues};
use crate::conversation::Speaker;

/// Recordings that a list looks at: a daily show of twenty-seven years.
pub const SHELF_MAX: usize = 10_000;
/// Largest caption file that is read: a day of talk is under 3 MB.
const CAPTIONS_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Longest name of a folder or file: an episode's id with the number of its take.
const NAME_CHARS_MAX: usize = 80;
/// What the name of a folder that is being deleted begins with. No recording's name begins with a dot.
const DELETED: &str = ".deleted-";

/// Endings of the files a recording has, with what a browser should take them for.
pub const FILE_TYPES: [(&str, &str); 5] = [
    ("webm", "audio/webm"),
    ("wav", "audio/wav"),
    ("vtt", "text/vtt; charset=utf-8"),
    ("jsonl", "application/x-ndjson"),
    ("yml", "text/yaml; charset=utf-8"),
];

/// The type of a recording's file by its name; `None` for what is none.
#[must_use]
pub fn file_type(name: &str) -> Option<&'static str> {
    let ending = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty())?.1;
    FILE_TYPES.iter().find(|(known, _)| *known == ending).map(|(_, kind)| *kind)
}

/// Whether a name stays in its folder on every system. An episode's id is one, and so is a later take's.
#[must_use]
pub fn is_plain(name: &str) -> bool {
    let is_part = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    !name.starts_with('.')
        && !name.contains("..")
        && (1..=NAME_CHARS_MAX).contains(&name.len())
        && name.chars().all(is_part)
}

/// One recording on the shelf.
#[derive(Clone, Debug)]
pub struct Shelved {
    /// Its folder's name.
    pub name: String,
    /// Its manifest; `None` while it is unfinished.
    pub manifest: Option<Manifest>,
}

/// Every recording of a folder, the latest first, unfinished ones before all. A manifest that cannot be read counts as
/// unfinished: the next start repairs it.
///
/// # Errors
/// [`RecordingError::File`] if the folder cannot be read.
pub fn list(root: &Path) -> Result<Vec<Shelved>, RecordingError> {
    let entries = match fs::read_dir(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.on("list", root)?,
    };
    let names = entries
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| is_plain(name) && is_recording(&root.join(name)))
        .take(SHELF_MAX);
    let mut shelf: Vec<Shelved> = names
        .map(|name| Shelved { manifest: Manifest::read(&root.join(&name)).ok().flatten(), name })
        .collect();
    let started = |one: &Shelved| one.manifest.as_ref().map(|it| it.session.started_utc.clone());
    shelf.sort_by(|a, b| {
        let order = match (started(a), started(b)) {
            (None, Some(_)) => std::cmp::Ordering::Less,
            (Some(_), None) => std::cmp::Ordering::Greater,
            (a, b) => b.cmp(&a),
        };
        order.then_with(|| b.name.cmp(&a.name))
    });
    Ok(shelf)
}

/// One recording; `None` if there is none of this name.
#[must_use]
pub fn find(root: &Path, name: &str) -> Option<Shelved> {
    let dir = root.join(name);
    (is_plain(name) && is_recording(&dir))
        .then(|| Shelved { manifest: Manifest::read(&dir).ok().flatten(), name: name.to_owned() })
}

fn is_recording(dir: &Path) -> bool {
    dir.is_dir()
        && (dir.join(EVENTS_FILE).is_file()
            || dir.join(MANIFEST_FILE).is_file()
            || dir.join(track_file(Speaker::You)).is_file())
}

/// The captions of a recording, all speakers; empty while there are none.
#[must_use]
pub fn captions(root: &Path, name: &str) -> Vec<ReadCue> {
    let path = root.join(name).join(EPISODE_CAPTIONS_FILE);
    let mut text = String::new();
    let read =
        File::open(path).and_then(|file| file.take(CAPTIONS_BYTES_MAX).read_to_string(&mut text));
    if read.is_err() {
        return Vec::new();
    }
    read_cues(&text)
}

/// A file that lies in a recording's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShelvedFile {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Its hash, where the manifest has it or it is small enough to be taken at once.
    pub sha256: Option<String>,
}

/// Files above this are not hashed for a list.
const HASHED_BYTES_MAX: u64 = 1024 * 1024;

/// The files of a recording that can be fetched: tracks first, then as the manifest has them, then others by name.
#[must_use]
pub fn files(root: &Path, shelved: &Shelved) -> Vec<ShelvedFile> {
    let dir = root.join(&shelved.name);
    let known: Vec<ListedFile<'_>> = shelved.manifest.iter().flat_map(Manifest::files).collect();
    let mut files: Vec<ShelvedFile> = fs::read_dir(&dir)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let meta = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            (is_plain(&name) && file_type(&name).is_some()).then_some((name, meta.len()))
        })
        .map(|(name, bytes)| {
            let hash = known.iter().find(|own| own.name == name).map(|own| own.sha256.to_owned());
            let is_small = bytes <= HASHED_BYTES_MAX && shelved.manifest.is_some();
            let taken = || bytes_and_sha256(&dir.join(&name)).ok().map(|(_, hash)| hash);
            let sha256 = hash.or_else(|| is_small.then(taken).flatten());
            ShelvedFile { name, bytes, sha256 }
        })
        .collect();
    let place = |file: &ShelvedFile| {
        known.iter().position(|own| own.name == file.name).unwrap_or(known.len())
    };
    files.sort_by(|a, b| place(a).cmp(&place(b)).then_with(|| a.name.cmp(&b.name)));
    files
}

/// Deletes a recording. It leaves the list in one step, before its files go.
///
/// # Errors
/// [`RecordingError::InUse`] while a recorder is at work in it, [`RecordingError::File`] if the disk refuses.
pub fn delete(root: &Path, name: &str) -> Result<(), RecordingError> {
    let dir = root.join(name);
    let log = dir.join(EVENTS_FILE);
    if log.is_file() && is_held(&log)? {
        return Err(RecordingError::InUse { path: dir });
    }
    let gone = free_name(root, name);
    fs::rename(&dir, &gone).on("take away", &dir)?;
    fs::remove_dir_all(&gone).on("delete", &gone)
}

fn free_name(root: &Path, name: &str) -> PathBuf {
    let candidate = |number: u32| root.join(format!("{DELETED}{name}-{number}"));
    // The first that is free; two deletions of one name at the same instant are settled by the rename.
    (1..u32::MAX).map(candidate).find(|path| !path.exists()).unwrap_or_else(|| candidate(0))
}

/// Finishes deletions that an earlier process began. Returns how many.
pub fn sweep(root: &Path) -> usize {
    let entries = fs::read_dir(root).into_iter().flatten().filter_map(Result::ok);
    let is_left = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(DELETED);
    entries
        .filter(is_left)
        .filter(|entry| {
            fs::remove_dir_all(entry.path())
                .inspect_err(|error| tracing::warn!(%error, "a deleted recording is still there"))
                .is_ok()
        })
        .count()
}

/// The words of a search, in lower case; a recording is found if one place in it has them all: a cue, two cues of one
/// caption, or its names and its title.
#[derive(Clone, Debug, Default)]
pub struct Search {
    words: Vec<String>,
}

/// Words of a search that count.
const SEARCH_WORDS_MAX: usize = 16;

impl Search {
    /// Reads what somebody typed. Nothing finds everything.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let words = text.split_whitespace().take(SEARCH_WORDS_MAX);
        Self { words: words.map(str::to_lowercase).collect() }
    }

    /// Whether there is nothing to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The cues that have all the words. A phrase may begin at the end of a cue and go on in the caption's next: the two
    /// are then given as one.
    #[must_use]
    pub fn found_in(&self, cues: &[ReadCue]) -> Vec<ReadCue> {
        let mut before: BTreeMap<u32, &ReadCue> = BTreeMap::new();
        let mut found = Vec::new();
        for cue in cues {
            let earlier = cue.caption.and_then(|caption| before.insert(caption, cue));
            if self.finds(&cue.text) {
                found.push(cue.clone());
            } else if let Some(earlier) = earlier.filter(|earlier| !self.finds(&earlier.text)) {
                found.extend(Some(earlier.joined(cue)).filter(|both| self.finds(&both.text)));
            }
        }
        found
    }

    /// Whether a recording's own name, its title or its speakers' names have all the words.
    #[must_use]
    pub fn finds_name(&self, shelved: &Shelved) -> bool {
        let manifest = shelved.manifest.iter();
        let names = manifest.flat_map(|it| {
            let speakers = it.tracks.iter().map(|track| track.name.as_str());
            std::iter::once(it.session.title.as_str()).chain(speakers)
        });
        let names: Vec<&str> = std::iter::once(shelved.name.as_str()).chain(names).collect();
        self.finds(&names.join(" "))
    }

    /// Whether a text has all the words.
    #[must_use]
    pub fn finds(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.words.iter().all(|word| text.contains(word.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_needs_all_its_words_in_one_place() {
        let search = Search::parse("  Night TRAINS ");
        assert!(search.finds("Why night trains came back"));
        assert!(!search.finds("a night without them"));
        assert!(Search::parse(" ").is_empty() && Search::parse("").finds("anything"));
    }

    #[test]
    fn a_phrase_is_found_where_a_caption_goes_on_in_its_next_cue() {
        let file = "WEBVTT\n\nc1\n00:01.000 --> 00:05.000\n<v Ada>We flew with Apollo</v>\n\nc2\n00:04.000 --> 00:05.000\n<v Sam>11 what?</v>\n\nc1-2\n00:05.000 --> 00:06.000\n<v Ada>11 to the moon.</v>\n";
        let cues = read_cues(file);
        let found = |words: &str| {
            let found = Search::parse(words).found_in(&cues);
            found.into_iter().map(|cue| (cue.start_ms, cue.end_ms, cue.text)).collect::<Vec<_>>()
        };
        let both = (1000, 6000, "We flew with Apollo 11 to the moon.".to_owned());
        assert_eq!(found("apollo 11"), [both]);
        assert_eq!(found("moon"), [(5000, 6000, "11 to the moon.".to_owned())]);
        assert!(found("apollo what").is_empty());
        assert_eq!(found("11").len(), 2, "each by itself");
    }

    #[test]
    fn names_that_could_climb_are_none() {
        for name in ["", ".", "..", ".hidden", "a/b", "a\\b", "a..b", "ü", &"x".repeat(81)] {
            assert!(!is_plain(name), "{name}");
        }
        assert!(is_plain("night-trains_2.take-2"));
        for (name, kind) in
            [("you.webm", Some("audio/webm")), (".yml", None), ("a.html", None), ("yml", None)]
        {
            assert_eq!(file_type(name), kind, "{name}");
        }
    }

    #[test]
    fn what_was_being_deleted_is_not_listed_and_is_swept() {
        let root = tempfile::TempDir::new().unwrap();
        for name in ["take", ".deleted-old-1"] {
            fs::create_dir(root.path().join(name)).unwrap();
            fs::write(root.path().join(name).join(EVENTS_FILE), "").unwrap();
        }
        fs::create_dir(root.path().join("notes")).unwrap();
        let names: Vec<String> =
            list(root.path()).unwrap().into_iter().map(|one| one.name).collect();
        assert_eq!(names, ["take"]);
        assert_eq!(sweep(root.path()), 1);
        assert!(!root.path().join(".deleted-old-1").exists());
        delete(root.path(), "take").unwrap();
        assert!(list(root.path()).unwrap().is_empty() && !root.path().join("take").exists());
    }
}
