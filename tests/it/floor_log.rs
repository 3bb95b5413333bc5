//! The names of the log's lines: each input and each order goes under the one that the published schema has for it.

use std::collections::BTreeSet;

use serde_json::Value;
use voice_studio::conversation::event::{Event as Made, LOG_VERSION};
use voice_studio::simulation::{Event, Timeline, random};

/// Meetings in which everything happens that can.
const MEETINGS: u64 = 200;

/// What chance never does: a detector that wavers.
const WAVERS: &str = r#"
    1.0 host types "Ada, who are you?"
    4.0 host sounds for 0.5
    4.05 detector is unsure
"#;

/// What the schema lets a line be: its inputs, or its orders.
fn tags<'a>(definition: &'a Value, field: &str) -> Vec<&'a str> {
    let parts = definition["oneOf"].as_array().into_iter().flatten().chain([definition]);
    let tags = parts.map(|part| &part["properties"][field]);
    let named =
        tags.flat_map(|tag| tag["enum"].as_array().into_iter().flatten().chain([&tag["const"]]));
    named.filter_map(Value::as_str).collect()
}

#[test]
fn every_input_and_order_has_the_name_that_the_schema_gives_it() {
    let schema =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/events.schema.json"));
    let schema: Value = serde_json::from_str(&schema.expect("the schema")).expect("JSON");
    assert_eq!(schema["properties"]["v"]["const"], LOG_VERSION);
    let definitions = schema["$defs"].as_object().expect("definitions");
    let meetings = (0..MEETINGS).map(random::meeting);
    let wavers = Timeline::parse(WAVERS).expect("a timeline");
    let mut seen = BTreeSet::new();
    for timeline in meetings.chain([wavers]) {
        let mut events = Vec::new();
        timeline.play(&mut events).expect("a meeting that keeps all rules");
        for (now, event) in &events {
            let (made, field) = match event {
                Event::Fact(input) => (Made::input(*now, input), "input"),
                Event::Order(order) => (Made::order(order), "order"),
            };
            let tag = made.fields[field].as_str().expect("a tag");
            let definition = definitions.get(made.name).expect(made.name);
            assert!(tags(definition, field).contains(&tag), "{tag} is told as {}", made.name);
            let stabilities = tags(definition, "stability");
            let stability = made.fields.get("stability").and_then(Value::as_str);
            assert!(stability.is_none_or(|it| stabilities.contains(&it)), "{made:?}");
            seen.insert((made.name.to_owned(), tag.to_owned()));
        }
    }
    let told = |field| {
        let all = definitions.iter().flat_map(move |(name, definition)| {
            tags(definition, field).into_iter().map(move |tag| (name.clone(), tag.to_owned()))
        });
        all.collect::<BTreeSet<_>>()
    };
    let missing: Vec<_> =
        told("input").union(&told("order")).filter(|told| !seen.contains(told)).cloned().collect();
    assert!(missing.is_empty(), "never seen: {missing:?}");
}
