//! The event log against its published schema and its guide: the same names everywhere, and logs that keep to them.
//!
//! Whether a line is right is judged by Python's `jsonschema`, which nobody here wrote; what the schema names is compared
//! with the sources, so that a line that is new in the code is missed by name.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use voice_studio::conversation::{AiSpeaker, Input};
use voice_studio::simulation::random;
use voice_studio::time::Span;

use crate::conformance;
use crate::support::log::{log_of, schema};
use crate::support::room::Room;
use crate::support::sources::{root, source_files};
use crate::support::stand_ins::StandIns;

type Names = BTreeSet<String>;

/// Judges logs by the schema; says so where the validator is not installed.
pub(crate) async fn validate(logs: &[PathBuf]) {
    let schema = root().join("docs/events.schema.json");
    let paths = std::iter::once(&schema).chain(logs);
    let paths: Vec<String> = paths.map(|path| path.display().to_string()).collect();
    conformance::run("event_log.py", &paths).await;
}

/// What is in one and not in the other, by name.
fn assert_same(what: &str, code: &Names, schema: &Names) {
    let missing: Vec<_> = code.difference(schema).collect();
    let gone: Vec<_> = schema.difference(code).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "docs/events.schema.json and the code differ in {what}: missing in the schema {missing:?}, not in the code {gone:?}"
    );
}

fn literals_after<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = String> + 'a {
    text.match_indices(mark).filter_map(move |(at, _)| {
        let rest = text[at + mark.len()..].trim_start().strip_prefix('"')?;
        Some(rest.split('"').next()?.to_owned())
    })
}

/// Every name that the sources give to a line.
fn names_in_code() -> Names {
    let is_name = |name: &String| {
        name.bytes().all(|byte| byte.is_ascii_lowercase() || b".-".contains(&byte))
            && !name.is_empty()
    };
    let mut names = Names::new();
    for source in source_files(&root(), "src") {
        names.extend(literals_after(&source.text, "Event::fact("));
        for line in source.text.lines().filter(|line| line.contains("_EVENT: &str")) {
            names.extend(literals_after(line, "="));
        }
        if source.path == "src/conversation/event.rs" {
            names.extend(literals_after(&source.text, "=>").filter(is_name));
        }
    }
    names
}

/// The variants of an enumeration as they are written in the log.
fn variants_in_code(path: &str, name: &str) -> Names {
    let text = fs::read_to_string(root().join(path)).expect("a source file");
    let body = text.split_once(&format!("pub enum {name} {{\n")).expect("the enumeration").1;
    let body = body.split_once("\n}\n").expect("its end").0;
    let is_variant = |line: &&str| {
        line.strip_prefix("    ")
            .is_some_and(|line| line.starts_with(|c: char| c.is_ascii_uppercase()))
    };
    let word = |line: &str| {
        let name =
            line.trim().split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        let mut word = String::new();
        for c in name.chars() {
            if c.is_ascii_uppercase() && !word.is_empty() {
                word.push('-');
            }
            word.push(c.to_ascii_lowercase());
        }
        word
    };
    body.lines().filter(is_variant).map(word).collect()
}

/// What the schema allows in a field, wherever it names it.
fn allowed(value: &Value, field: &str, found: &mut Names) {
    match value {
        Value::Object(members) => {
            if let Some(known) = members.get("properties").and_then(|known| known.get(field)) {
                let one = known.get("const").into_iter();
                let several = known.get("enum").and_then(Value::as_array).into_iter().flatten();
                found.extend(one.chain(several).filter_map(Value::as_str).map(str::to_owned));
            }
            members.values().for_each(|value| allowed(value, field, found));
        }
        Value::Array(items) => items.iter().for_each(|value| allowed(value, field, found)),
        _ => {}
    }
}

#[test]
fn the_schema_names_the_types_inputs_and_orders_that_the_code_has() {
    let schema = schema();
    let names = |value: &Value| -> Names {
        value
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let types = names(&schema["properties"]["type"]["enum"]);
    assert_same("types", &names_in_code(), &types);
    let is_type = |name: &&String| name.starts_with(|c: char| c.is_ascii_lowercase());
    let defined: Names =
        schema["$defs"].as_object().expect("$defs").keys().filter(is_type).cloned().collect();
    assert_same("definitions", &types, &defined);
    let choices = schema["allOf"].as_array().expect("allOf").iter().map(|choice| {
        let name = choice["if"]["properties"]["type"]["const"].as_str().expect("a type");
        assert_eq!(choice["then"]["$ref"], format!("#/$defs/{name}"));
        name.to_owned()
    });
    assert_same("choices", &types, &choices.collect());
    for (field, path, name) in [
        ("input", "src/conversation/input.rs", "Input"),
        ("order", "src/conversation/order.rs", "Order"),
    ] {
        let mut in_schema = Names::new();
        allowed(&schema["$defs"], field, &mut in_schema);
        assert_same(field, &variants_in_code(path, name), &in_schema);
    }
    let mut deadlines = Names::new();
    allowed(&schema["$defs"]["deadline"], "deadline", &mut deadlines);
    deadlines.remove("listener-patience");
    assert_same(
        "deadlines",
        &variants_in_code("src/conversation/input.rs", "Deadline"),
        &deadlines,
    );
}

#[test]
fn the_guide_has_a_row_for_every_type_and_says_which_input_or_order_it_is() {
    let guide = fs::read_to_string(root().join("docs/events.md")).expect("the guide");
    let schema = schema();
    let rows: Vec<&str> = guide.lines().filter(|line| line.starts_with("| `")).collect();
    for (name, definition) in schema["$defs"].as_object().expect("$defs") {
        if name.starts_with(|c: char| c.is_ascii_uppercase()) {
            continue;
        }
        let own: Vec<_> = rows
            .iter()
            .filter(|row| {
                row.split('|').nth(1).is_some_and(|cell| cell.contains(&format!("`{name}`")))
            })
            .collect();
        assert!(!own.is_empty(), "docs/events.md has no row for {name}");
        for field in ["input", "order"] {
            let mut words = Names::new();
            allowed(definition, field, &mut words);
            for word in words {
                let is_told = own.iter().any(|row| row.contains(&format!("`{word}`")));
                assert!(is_told, "docs/events.md does not say that {name} is the {field} {word}");
            }
        }
    }
}

#[tokio::test]
async fn logs_of_simulated_meetings_are_what_the_schema_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut logs = Vec::new();
    for seed in 0..20 {
        let place = folder.path().join(seed.to_string());
        fs::create_dir(&place).expect("a folder");
        logs.push(log_of(&random::meeting(seed), &place));
    }
    let place = folder.path().join("long");
    fs::create_dir(&place).expect("a folder");
    logs.push(log_of(&random::long_meeting(1, Span::from_millis(120_000)), &place));
    validate(&logs).await;
}

/// A real session with actors and recorder: asked, interrupted, murmured over, pressed, lost, ended.
#[actix::test]
async fn the_log_of_a_session_is_what_the_schema_says() {
    let answer = "A moon is a rock that goes around a planet. It shines with borrowed light, and that is all.";
    let cast = StandIns::new(
        &["Ada what is a moon", "wait stop that now please", "mm"],
        &[answer, answer],
    );
    let mut room = Room::open(&cast).await;
    room.host_speaks(1500);
    room.until("the sound of an answer", |page| page.frames().count() > 0).await;
    room.run(1200).await;
    room.host_speaks(1500);
    room.run(6000).await;
    for input in [
        Input::Nominated { speaker: AiSpeaker::Guest },
        Input::Marked { label: "here".to_owned() },
        Input::MuteSet { muted: true },
        Input::MuteSet { muted: false },
        Input::PushToTalkSet { held: true },
        Input::PushToTalkSet { held: false },
        Input::AutopilotSet { enabled: true },
        Input::AutopilotSet { enabled: false },
    ] {
        room.press(input);
        room.run(200).await;
    }
    room.press(Input::Typed { text: "And what is a star?".to_owned() });
    room.run(1500).await;
    room.press(Input::InterruptPressed);
    room.run(500).await;
    room.lose_connection();
    room.run(500).await;
    let left = room.end().await;
    // The validator lives in real time.
    tokio::time::resume();
    validate(&[left.folder.join("events.jsonl")]).await;
}
