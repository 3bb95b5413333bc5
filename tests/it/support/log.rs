//! What must hold for the log of every session.

use std::sync::Arc;

use voice_studio::conversation::briefing::Briefing;
use voice_studio::conversation::event::{Event as Made, SHELL_FIELDS};
use voice_studio::conversation::{Conversation, Setup};
use voice_studio::recording::Event;
use voice_studio::time::SessionTime;

/// Every name the log may use. A name that is missing here is a new one, and belongs into the crate's map too.
const NAMES: &str = "session.start session.end session.ending session.closing client.connected client.disconnected \
    client.control speech.start speech.stop stt.interim stt.final stt.finish end-of-turn end-of-turn.ask turn.start turn.judged sound.rise speech.waver \
    turn.end turn.metrics floor.grant floor.deny llm.start llm.text llm.first-token llm.complete llm.use reply.stop \
    tts.start tts.finish tts.words tts.first-audio tts.complete playout playout.order barge-in orb.state caption \
    autopilot.toggle autopilot.show reply.prepare reply.prepared tell marker adapter.state recorder.gap recorder.shift clock.fit clock.epoch queue.drop deadline \
    input.ignored recording.ready service.use error whisper strike segment director.move summary.start summary.written summary";

/// Checks numbers, times, names, and that the inputs give the orders again, byte for byte.
pub(crate) fn check_log(events: &[Event]) {
    let orders_missing = check_cut_log(events);
    assert_eq!(orders_missing, 0, "an input's orders are all in the log");
}

/// The same for the log of a process that was killed: the orders of its last input may be missing. Tells how many.
pub(crate) fn check_cut_log(events: &[Event]) -> usize {
    let numbers: Vec<u64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=events.len() as u64).collect::<Vec<_>>());
    for event in events {
        assert!(NAMES.split_whitespace().any(|name| name == event.kind), "{}", event.kind);
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
    let setup = Setup { briefing: Arc::new(briefing), seed };
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
