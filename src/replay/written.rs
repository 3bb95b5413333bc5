//! A meeting of the made-up world written down as a session's log, for whoever wants one without a session.

use std::path::Path;

use crate::conversation::briefing::Briefing;
use crate::conversation::event::Event as Made;
use crate::recording::{EventLine, EventLog, RecordingError};
use crate::simulation::Event;
use crate::time::SessionTime;

/// Writes what happened at the table of `briefing` as a session's log; the file must not exist.
///
/// # Errors
/// [`RecordingError::File`].
pub fn write_meeting(
    path: &Path,
    briefing: &Briefing,
    events: &[(SessionTime, Event)],
) -> Result<(), RecordingError> {
    let mut log = EventLog::create(path, "simulated")?;
    let start = Made::fact("session.start")
        .with("episodeId", &briefing.episode)
        .with("studioVersion", env!("CARGO_PKG_VERSION"))
        .with("title", &briefing.title)
        .with("briefing", briefing)
        .with("seed", 0);
    let mut write = |t: SessionTime, event: Made| {
        let mut fields = event.fields;
        // `at` has a place of its own in the head of a line.
        let at = fields.remove("at").and_then(|at| at.as_u64()).map(SessionTime::from_samples);
        // A made-up world has no wall clock: its sessions begin with the epoch.
        let timestamp_ms = t.millis();
        log.append(&EventLine { timestamp_ms, t, now: event.now, at, kind: event.name, fields })
    };
    write(SessionTime::ZERO, start)?;
    for (now, event) in events {
        let line = match event {
            Event::Fact(input) => Made::input(*now, input),
            Event::Order(order) => Made::order(order),
        };
        write(*now, line)?;
    }
    let end = events.last().map_or(SessionTime::ZERO, |(now, _)| *now);
    write(end, Made::fact("session.end").with("samples", end.samples()))
}
