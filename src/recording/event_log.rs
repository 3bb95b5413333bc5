//! `events.jsonl`: every fact of a session, one JSON object a line.
//!
//! A line begins with `v`, `seq`, `timestamp` (Unix ms), `t` (session ms), `now` and `at` (samples, where the core needs
//! them), `sessionId`, `type`; the event's own fields follow.
//!
//! Invariants: a line is complete or absent (one write a line, taken back if it fails half-way); `seq` rises by one from
//! 1; nothing here reads a clock. A line without its line end was cut off and does not count.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::error::{OnPath, RecordingError};
use super::event_version::upgrade;
use crate::conversation::Input;
use crate::conversation::event::LOG_VERSION;
use crate::time::SessionTime;

/// Longest line that is read; a briefing of this size would be a library. Longer ones are an error, not memory.
const LINE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// When something is written down: the wall clock's time and the session's, read at one instant by the caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Unix milliseconds.
    pub timestamp_ms: u64,
    /// Session time.
    pub t: SessionTime,
}

/// One event to be logged.
#[derive(Clone, Debug, PartialEq)]
pub struct EventLine {
    /// Wall clock, Unix milliseconds.
    pub timestamp_ms: u64,
    /// Session time at which it is logged; written in milliseconds.
    pub t: SessionTime,
    /// The core's `now`, in samples, for events that replay feeds again.
    pub now: Option<SessionTime>,
    /// When it was so, in samples, where that is earlier than `now`.
    pub at: Option<SessionTime>,
    /// Dotted name: `floor.grant`.
    pub kind: &'static str,
    /// The event's own fields. One that bears a name of the line's own head is written with `_` appended.
    pub fields: Map<String, Value>,
}

/// The head of a line, in its order.
#[derive(Serialize)]
struct Head<'a> {
    v: u32,
    seq: u64,
    timestamp: u64,
    t: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<SessionTime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<SessionTime>,
    #[serde(rename = "sessionId")]
    session_id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(flatten)]
    fields: &'a Map<String, Value>,
}

const HEAD_NAMES: [&str; 8] = ["v", "seq", "timestamp", "t", "now", "at", "sessionId", "type"];

/// One line read back, in the words of the present version.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Event {
    /// The version in which it was written.
    pub v: u32,
    /// Number of the line, from 1.
    pub seq: u64,
    /// Wall clock, Unix milliseconds.
    #[serde(rename = "timestamp")]
    pub timestamp_ms: u64,
    /// Session time in milliseconds.
    #[serde(rename = "t")]
    pub t_ms: u64,
    /// The core's `now`.
    #[serde(default)]
    pub now: Option<SessionTime>,
    /// When it was so.
    #[serde(default)]
    pub at: Option<SessionTime>,
    /// Which session.
    #[serde(rename = "sessionId")]
    pub session_id: String,
    /// Dotted name.
    #[serde(rename = "type")]
    pub kind: String,
    /// The event's own fields.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

impl Event {
    /// The input of the conversation that this line holds.
    ///
    /// # Errors
    /// What is wrong with it, also where it holds none.
    pub fn input(&self) -> Result<Input, serde_json::Error> {
        let mut fields = self.fields.clone();
        if let Some(at) = self.at {
            // It has a place of its own in the head of a line.
            fields.insert("at".to_owned(), at.samples().into());
        }
        serde_json::from_value(Value::Object(fields))
    }

    /// The same with the `now` at which it entered, if the line holds one.
    #[must_use]
    pub fn as_input(&self) -> Option<(SessionTime, Input)> {
        Some((self.now?, self.input().ok()?))
    }
}

/// Why a line could not be read.
#[derive(Debug, thiserror::Error)]
pub enum EventReadError {
    /// The file could not be read on.
    #[error("read line {line} of the event log")]
    File {
        /// Counted from 1.
        line: u64,
        /// What the system answered.
        #[source]
        source: io::Error,
    },
    /// The line is no event.
    #[error("line {line} of the event log is no event: {reason}")]
    Line {
        /// Counted from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The line is of a version that this studio does not know.
    #[error(
        "line {line} of the event log is of version {v}; this studio reads versions 1 to {LOG_VERSION}"
    )]
    Version {
        /// Counted from 1.
        line: u64,
        /// Its version.
        v: u32,
    },
}

/// Appends to one session's log.
#[derive(Debug)]
pub struct EventLog {
    file: File,
    path: PathBuf,
    session_id: String,
    next_seq: u64,
    bytes: u64,
    buffer: Vec<u8>,
}

impl EventLog {
    /// Creates the log; the file must not exist.
    ///
    /// # Errors
    /// [`RecordingError::File`].
    pub fn create(path: &Path, session_id: &str) -> Result<Self, RecordingError> {
        let file = OpenOptions::new().write(true).create_new(true).open(path).on("create", path)?;
        hold(&file, path)?;
        Ok(Self::over(file, path, session_id, 1, 0))
    }

    /// Opens a log that a killed server left, or creates a missing one. A torn last line is cut off.
    ///
    /// # Errors
    /// [`RecordingError::File`], [`RecordingError::InUse`] if its recorder is still at work.
    pub fn reopen(path: &Path, session_id: &str) -> Result<Self, RecordingError> {
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = file.on("open", path)?;
        hold(&file, path)?;
        let (lines, bytes) = whole_lines(&mut file).on("read", path)?;
        file.set_len(bytes).on("cut", path)?;
        file.seek(SeekFrom::Start(bytes)).on("open", path)?;
        Ok(Self::over(file, path, session_id, lines + 1, bytes))
    }

    /// Says whose lines the next ones are, once that is known.
    pub(super) fn set_session(&mut self, session_id: &str) {
        session_id.clone_into(&mut self.session_id);
    }

    fn over(file: File, path: &Path, session_id: &str, next_seq: u64, bytes: u64) -> Self {
        Self {
            file,
            path: path.to_owned(),
            session_id: session_id.to_owned(),
            next_seq,
            bytes,
            buffer: Vec::new(),
        }
    }

    /// Writes one line and hands it to the kernel.
    ///
    /// # Errors
    /// [`RecordingError::File`]; the log then ends with the line before, and the next append takes this one's number.
    pub fn append(&mut self, line: &EventLine) -> Result<(), RecordingError> {
        let renamed = HEAD_NAMES
            .iter()
            .any(|name| line.fields.contains_key(*name))
            .then(|| rename(&line.fields));
        let head = Head {
            v: LOG_VERSION,
            seq: self.next_seq,
            timestamp: line.timestamp_ms,
            t: line.t.millis(),
            now: line.now,
            at: line.at,
            session_id: &self.session_id,
            kind: line.kind,
            fields: renamed.as_ref().unwrap_or(&line.fields),
        };
        self.buffer.clear();
        serde_json::to_writer(&mut self.buffer, &head).map_err(|error| RecordingError::Text {
            what: "an event",
            reason: error.to_string(),
        })?;
        self.buffer.push(b'\n');
        if let Err(source) = self.file.write_all(&self.buffer) {
            // Take back the half that may have been written. If even that fails, readers pass over a torn last line.
            let taken_back = self
                .file
                .set_len(self.bytes)
                .and_then(|()| self.file.seek(SeekFrom::Start(self.bytes)));
            if let Err(error) = taken_back {
                tracing::warn!(%error, "a torn line stays at the end of the event log");
            }
            return Err(RecordingError::File { action: "write", path: self.path.clone(), source });
        }
        self.bytes += self.buffer.len() as u64;
        self.next_seq += 1;
        Ok(())
    }

    /// Makes all lines durable.
    ///
    /// # Errors
    /// [`RecordingError::File`].
    pub fn sync(&mut self) -> Result<(), RecordingError> {
        self.file.sync_data().on("write to the disk", &self.path)
    }

    /// Bytes written so far.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Lines written so far.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.next_seq - 1
    }
}

impl Drop for EventLog {
    /// Unlocks by name: a process being started at this instant holds a copy of the file until it runs.
    fn drop(&mut self) {
        if let Err(error) = self.file.unlock() {
            tracing::debug!(%error, "the event log was not locked");
        }
    }
}

/// Whether a recorder or a repair is at work on this log.
///
/// # Errors
/// [`RecordingError::File`] if it cannot be opened.
pub(super) fn is_held(path: &Path) -> Result<bool, RecordingError> {
    let file = File::open(path).on("open", path)?;
    match hold(&file, path) {
        Ok(()) => {
            // Nobody was; a recorder that comes now must find it free.
            if let Err(error) = file.unlock() {
                tracing::debug!(%error, "the event log was not locked");
            }
            Ok(false)
        }
        Err(RecordingError::InUse { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Locks the log for as long as it is open, so that a repair by hand cannot cut a recording that is going on. The lock
/// ends with the process, however that ends.
fn hold(file: &File, path: &Path) -> Result<(), RecordingError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(RecordingError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => {
            // Some network file systems have no locks. Recording there is better than not recording.
            tracing::warn!(%error, "the event log cannot be locked here");
            Ok(())
        }
    }
}

fn rename(fields: &Map<String, Value>) -> Map<String, Value> {
    let renamed = |name: &String| {
        if HEAD_NAMES.contains(&name.as_str()) { format!("{name}_") } else { name.clone() }
    };
    fields.iter().map(|(name, value)| (renamed(name), value.clone())).collect()
}

/// Counts the lines that end, and the bytes up to there.
fn whole_lines(file: &mut File) -> io::Result<(u64, u64)> {
    file.seek(SeekFrom::Start(0))?;
    let mut reader = BufReader::new(file);
    let (mut lines, mut bytes, mut line_bytes) = (0, 0, 0);
    loop {
        let chunk = reader.fill_buf()?;
        let Some(&last) = chunk.last() else {
            return Ok((lines, bytes));
        };
        let line_end = chunk.iter().position(|byte| *byte == b'\n');
        let used = line_end.map_or(chunk.len(), |end| end + 1);
        line_bytes += used as u64;
        if line_end.is_some() {
            lines += 1;
            bytes += line_bytes;
            line_bytes = 0;
        }
        debug_assert!(line_end.is_some() || last != b'\n');
        reader.consume(used);
    }
}

/// Reads a log from its start, older versions in the words of the present one. A line that is no event is an error and
/// does not end the reading; a last line without its line end is left out.
///
/// # Errors
/// [`RecordingError::File`] if the log cannot be opened.
pub fn read_events(path: &Path) -> Result<Events, RecordingError> {
    let file = File::open(path).on("open", path)?;
    Ok(Events { reader: BufReader::new(file), line: 0, ended: false })
}

/// See [`read_events`].
#[derive(Debug)]
pub struct Events {
    reader: BufReader<File>,
    line: u64,
    ended: bool,
}

impl Iterator for Events {
    type Item = Result<Event, EventReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        self.line += 1;
        let line = self.line;
        let mut bytes = Vec::new();
        if let Err(source) = self.reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut bytes)
        {
            self.ended = true;
            return Some(Err(EventReadError::File { line, source }));
        }
        if bytes.pop() != Some(b'\n') {
            self.ended = true;
            let is_too_long = bytes.len() as u64 + 1 >= LINE_BYTES_MAX;
            let reason = format!("it is longer than {LINE_BYTES_MAX} bytes");
            return is_too_long.then_some(Err(EventReadError::Line { line, reason }));
        }
        Some(event_of(&bytes, line))
    }
}

fn event_of(bytes: &[u8], line: u64) -> Result<Event, EventReadError> {
    let mut event: Event = serde_json::from_slice(bytes)
        .map_err(|error| EventReadError::Line { line, reason: error.to_string() })?;
    upgrade(&mut event).map_err(|v| EventReadError::Version { line, v })?;
    Ok(event)
}
