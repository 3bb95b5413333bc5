//! `events.jsonl` read back as a session: how it began, and every line in order.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::error::ReplayError;
use crate::conversation::briefing::Briefing;
use crate::conversation::event::LOG_VERSION;
use crate::conversation::event::PROFILE_FIELD;
use crate::conversation::{Conversation, Input, Setup};
use crate::recording::{Event, MEMORY_FIELD, read_events};
use crate::time::SessionTime;

/// Longest log that is read: twenty hours at the pace of the busiest hour that was measured.
const LOG_MIB_MAX: u64 = 256;

/// A session's log.
#[derive(Clone, Debug)]
pub struct Log {
    /// What the conversation began with.
    pub setup: Setup,
    /// Every line, oldest first.
    pub lines: Vec<Line>,
}

/// One line.
#[derive(Clone, Debug)]
pub struct Line {
    /// As it was written.
    pub event: Event,
    /// The input it holds, with the `now` at which it entered.
    pub input: Option<(SessionTime, Input)>,
}

impl Line {
    /// Whether it holds an order.
    #[must_use]
    pub fn is_order(&self) -> bool {
        self.event.fields.contains_key("order")
    }

    /// The session time of the line: the core's `now` where it has one.
    #[must_use]
    pub fn time(&self) -> SessionTime {
        self.event.now.unwrap_or(SessionTime::from_millis(self.event.t_ms))
    }
}

impl Log {
    /// Reads a log. `path` may be a recording's folder.
    ///
    /// # Errors
    /// [`ReplayError`]: a log with a line that is no event is not replayed, for what follows would rest on a hole.
    pub fn read(path: &Path) -> Result<Self, ReplayError> {
        let in_folder = path.join("events.jsonl");
        let path = if path.is_dir() { in_folder.as_path() } else { path };
        let mib = fs::metadata(path).map_or(0, |file| file.len() >> 20);
        if mib > LOG_MIB_MAX {
            return Err(ReplayError::TooLong { path: path.into(), mib, mib_max: LOG_MIB_MAX });
        }
        let mut lines = Vec::new();
        for event in read_events(path)? {
            lines.push(line(event?)?);
        }
        let first = lines.first().ok_or_else(|| ReplayError::Empty { path: path.into() })?;
        Ok(Self { setup: setup(&first.event)?, lines })
    }

    /// A conversation as this session's was at its beginning.
    #[must_use]
    pub fn conversation(&self) -> Conversation {
        self.conversation_with(self.setup.clone())
    }

    /// The same with another setup. A take that goes on from one whose process died remembers it, as its first line says.
    #[must_use]
    pub fn conversation_with(&self, setup: Setup) -> Conversation {
        let start = self.lines.first().map(|line| &line.event.fields);
        let memory = start.and_then(|fields| fields.get(MEMORY_FIELD));
        match memory.and_then(|memory| serde_json::from_value(memory.clone()).ok()) {
            Some(memory) => Conversation::continuing(setup, &memory),
            None => Conversation::new(setup),
        }
    }

    /// The inputs in order.
    pub fn inputs(&self) -> impl Iterator<Item = (SessionTime, &Input)> {
        self.lines.iter().filter_map(|line| line.input.as_ref().map(|(now, input)| (*now, input)))
    }

    /// Whether the session ended in order; the log of a killed server stops anywhere.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.lines.iter().rev().any(|line| line.event.kind == "session.end")
    }

    /// When its last line was written.
    #[must_use]
    pub fn end(&self) -> SessionTime {
        self.lines.last().map_or(SessionTime::ZERO, Line::time)
    }

    /// The version of the format it was written in.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.lines.first().map_or(LOG_VERSION, |line| line.event.v)
    }

    /// The version of the studio that wrote it.
    #[must_use]
    pub fn studio_version(&self) -> &str {
        let start = self.lines.first().map(|line| &line.event.fields);
        start.and_then(|fields| fields.get("studioVersion")?.as_str()).unwrap_or("unknown")
    }
}

fn line(event: Event) -> Result<Line, ReplayError> {
    let Some(name) = event.fields.get("input") else { return Ok(Line { event, input: None }) };
    let unknown = |reason: &str| ReplayError::UnknownInput {
        seq: event.seq,
        input: name.as_str().unwrap_or_default().into(),
        reason: reason.into(),
    };
    let input = match (event.now, event.input()) {
        (Some(now), Ok(input)) => (now, input),
        (None, _) => return Err(unknown("it does not say when it entered (now)")),
        (_, Err(error)) => return Err(unknown(&error.to_string())),
    };
    Ok(Line { input: Some(input), event })
}

fn setup(start: &Event) -> Result<Setup, ReplayError> {
    let wrong = |reason: String| ReplayError::Start { kind: start.kind.clone(), reason };
    let field = |name: &str| {
        start.fields.get(name).cloned().ok_or_else(|| wrong(format!("it has no {name}")))
    };
    if start.kind != "session.start" {
        return Err(wrong("a log begins with its session's start".into()));
    }
    let briefing: Briefing =
        serde_json::from_value(field("briefing")?).map_err(|error| wrong(error.to_string()))?;
    let seed = match field("seed")? {
        Value::Number(seed) => seed.as_u64(),
        _ => None,
    };
    let seed = seed.ok_or_else(|| wrong("its seed is no whole number".into()))?;
    // A log from before there were profiles had a host of whom nothing was known.
    let profile = start.fields.get(PROFILE_FIELD).cloned().unwrap_or(Value::Null);
    let profile = serde_json::from_value(profile).unwrap_or_default();
    Ok(Setup { briefing: Arc::new(briefing), seed, profile })
}
