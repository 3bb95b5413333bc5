//! What must hold for the log of every session.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use voice_studio::conversation::briefing::Briefing;
use voice_studio::conversation::event::{Event as Made, SHELL_FIELDS};
use voice_studio::conversation::{Conversation, Setup};
use voice_studio::recording::Event;
use voice_studio::replay::write_meeting;
use voice_studio::simulation::Timeline;
use voice_studio::time::SessionTime;

/// The published schema of a line.
pub(crate) fn schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/events.schema.json");
    serde_json::from_str(&fs::read_to_string(path).expect("the schema")).expect("JSON")
}

/// Whether the schema has a place for a field in lines of this type.
fn knows_field(schema: &Value, definition: &Value, field: &str) -> bool {
    let own = definition["properties"].get(field).is_some();
    let parts = definition["oneOf"].as_array().into_iter().flatten();
    let shared = definition["$ref"].as_str().and_then(|path| schema.pointer(&path[1..]));
    own || parts.chain(shared).any(|part| knows_field(schema, part, field))
}

/// Writes what happens in `timeline` as a session's log.
pub(crate) fn log_of(timeline: &Timeline, dir: &Path) -> PathBuf {
    let path = dir.join("events.jsonl");
    let mut events = Vec::new();
    timeline.play(&mut events).expect("a meeting that keeps all rules");
    write_meeting(&path, &timeline.briefing(), &events).expect("a log");
    path
}

/// Checks numbers, times, names, and that the inputs give the orders again, byte for byte.
pub(crate) fn check_log(events: &[Event]) {
    let orders_missing = check_cut_log(events);
    assert_eq!(orders_missing, 0, "an input's orders are all in the log");
}

/// The same for the log of a process that was killed: the orders of its last input may be missing. Tells how many.
pub(crate) fn check_cut_log(events: &[Event]) -> usize {
    let numbers: Vec<u64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=events.len() as u64).collect::<Vec<_>>());
    let schema = schema();
    for event in events {
        let definition = schema["$defs"].get(&event.kind);
        let definition = definition
            .unwrap_or_else(|| panic!("docs/events.schema.json does not know {}", event.kind));
        for field in event.fields.keys() {
            let is_known = knows_field(&schema, definition, field);
            assert!(is_known, "docs/events.schema.json does not know {field} of {}", event.kind);
        }
        assert_eq!(event.session_id, events[0].session_id);
    }
    let inputs: Vec<_> = events.iter().filter_map(|event| event.now).collect();
    assert!(inputs.is_sorted(), "inputs enter in the order of their times");
    let logged = told(events);
    let again = replayed(events);
    for (number, (logged, again)) in logged.iter().zip(&again).enumerate() {
        assert_eq!(logged, again, "line {number} of inputs and orders");
    }
    assert!(!logged.is_empty());
    let missing = again.len() - logged.len();
    assert!(again[again.len() - missing..].iter().all(|line| line.starts_with("order")));
    missing
}

/// Inputs and orders as the log has them.
fn told(events: &[Event]) -> Vec<String> {
    let line = |event: &Event| {
        if event.as_input().is_some() {
            return Some(format!("input {}", event.kind));
        }
        event.fields.contains_key("order").then(|| {
            let at = event.at.map(SessionTime::samples);
            let mut fields = event.fields.clone();
            fields.retain(|name, _| !SHELL_FIELDS.contains(&name.as_str()));
            line_of(&event.kind, at, serde_json::to_string(&fields).expect("JSON"))
        })
    };
    events.iter().filter_map(line).collect()
}

/// The same inputs, fed into a fresh conversation set up as the log's first line says.
fn replayed(events: &[Event]) -> Vec<String> {
    let start = &events[0];
    assert_eq!(start.kind, "session.start");
    let briefing: Briefing =
        serde_json::from_value(start.fields["briefing"].clone()).expect("a briefing");
    let seed = start.fields["seed"].as_u64().expect("a seed");
    let profile = serde_json::from_value(start.fields["hostProfile"].clone()).expect("a profile");
    let setup = Setup { briefing: Arc::new(briefing), seed, profile };
    let mut conversation = match start.fields.get("memory") {
        None => Conversation::new(setup),
        Some(memory) => {
            let memory = serde_json::from_value(memory.clone()).expect("a memory");
            Conversation::continuing(setup, &memory)
        }
    };
    let (mut lines, mut orders) = (Vec::new(), Vec::new());
    for event in events {
        let Some((now, input)) = event.as_input() else { continue };
        lines.push(format!("input {}", event.kind));
        conversation.handle(now, input, &mut orders);
        for order in orders.drain(..) {
            let mut made = Made::order(&order);
            let at = made.fields.remove("at").and_then(|at| at.as_u64());
            lines.push(line_of(made.name, at, serde_json::to_string(&made.fields).expect("JSON")));
        }
    }
    lines
}

fn line_of(kind: &str, at: Option<u64>, fields: String) -> String {
    format!("order {kind} {at:?} {fields}")
}
