//! `docs/api.md` is true: every example in it is sent, and its answer has the fields that the page promises.
//!
//! Two blocks make an example: `http` with method, address, headers and body; `json STATUS` or `bytes STATUS` with the
//! answer. Objects must have the same keys, lists the same kind of elements, values the same type; what an error says
//! must be the same to the letter.

use std::fs;

use serde_json::Value;
use voice_studio::transport::protocol::Hello;

use crate::support::sources::root;
use crate::support::stand_ins::{BRIEFING, StandIns};
use crate::support::studio::Studio;
use crate::support::web::{Answer, send};

/// One example of the document.
#[derive(Debug)]
struct Example {
    line: usize,
    request: String,
    kind: String,
    status: u16,
    answer: String,
}

#[actix::test]
async fn every_example_of_the_api_document_is_true() {
    let studio = Studio::start(StandIns::new(&[], &["A moon is a rock."])).await;
    let mut first = studio.join(Hello::default()).await;
    first.snapshot().await;
    assert_eq!(first.end().await, "table");
    let mut second =
        studio.join(Hello { episode_id: "on-air".to_owned(), ..Hello::default() }).await;
    second.snapshot().await;
    let sessions = studio.get("/api/sessions").await.json();
    let session = sessions["sessions"][0]["sessionId"].as_str().expect("a session").to_owned();

    let examples = examples(&fs::read_to_string(root().join("docs/api.md")).expect("the document"));
    assert!(examples.len() >= 18, "{} examples", examples.len());
    for example in &examples {
        let escaped = Value::from(BRIEFING).to_string();
        let request = example
            .request
            .replace("{sessionId}", &session)
            .replace("{text of table}", escaped.trim_matches('"'));
        let answer = ask(&studio, &request).await;
        let place = format!("docs/api.md:{}: {}", example.line, answer.text());
        assert_eq!(answer.status, example.status, "{place}");
        match example.kind.as_str() {
            "bytes" => {
                let shown: Vec<String> =
                    answer.body.iter().map(|byte| format!("{byte:02x}")).collect();
                assert_eq!(shown.join(" "), example.answer.trim(), "{place}");
            }
            _ if example.answer.trim().is_empty() => assert!(answer.body.is_empty(), "{place}"),
            _ => {
                let promised = serde_json::from_str(&example.answer)
                    .unwrap_or_else(|error| panic!("docs/api.md:{}: {error}", example.line));
                let faults = differences("", &promised, &answer.json());
                assert!(faults.is_empty(), "{place}\n{}", faults.join("\n"));
            }
        }
    }
}

async fn ask(studio: &Studio, request: &str) -> Answer {
    let mut lines = request.lines();
    let (method, path) =
        lines.next().and_then(|line| line.split_once(' ')).expect("a method and an address");
    let rest: Vec<&str> = lines.collect();
    let count = rest.iter().take_while(|line| !line.starts_with('{')).count();
    let headers: Vec<(&str, &str)> =
        rest[..count].iter().filter_map(|line| line.split_once(": ")).collect();
    let silence = "\0".repeat(16_000);
    let body = rest[count..].join("\n").replace("{half a second of silence}", &silence);
    let body = (!body.is_empty()).then_some(body.as_str());
    send(studio.address(), method, path, &headers, body).await
}

fn examples(document: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    let mut request = None;
    let mut lines = document.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) else { continue };
        let block: Vec<&str> =
            lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
        let block = block.join("\n");
        match info.split_once(' ') {
            None if info == "http" => request = Some((number + 1, block)),
            Some((kind, status)) => {
                let (line, request) = request.take().expect("a request before its answer");
                let status = status.parse().expect("a status");
                examples.push(Example {
                    line,
                    request,
                    kind: kind.to_owned(),
                    status,
                    answer: block,
                });
            }
            None => panic!("docs/api.md:{}: a block of {info}", number + 1),
        }
    }
    assert!(request.is_none(), "a request without its answer: {request:?}");
    examples
}

/// Where what was answered is of another shape than what was promised.
fn differences(at: &str, promised: &Value, answered: &Value) -> Vec<String> {
    match (promised, answered) {
        (Value::Object(promised), Value::Object(answered)) => {
            let is_refusal = promised.contains_key("code") && promised.contains_key("hint");
            let keys = promised.keys().chain(answered.keys());
            let missing = keys
                .filter(|key| !promised.contains_key(*key) || !answered.contains_key(*key))
                .map(|key| format!("{at}.{key} is on one side only"));
            let below = promised.iter().filter_map(|(key, value)| {
                let other = answered.get(key)?;
                let at = format!("{at}.{key}");
                let is_other = is_refusal && key != "message" && value != other;
                if is_other {
                    return Some(vec![format!("{at}: {other} instead of {value}")]);
                }
                Some(differences(&at, value, other))
            });
            missing.chain(below.flatten()).collect()
        }
        (Value::Array(promised), Value::Array(answered)) => match promised.first() {
            Some(shape) if answered.is_empty() => vec![format!("{at}: nothing like {shape}")],
            Some(shape) => differences(&format!("{at}[0]"), shape, &answered[0]),
            None => Vec::new(),
        },
        // What may be absent is shown once, either way.
        (Value::Null, _) | (_, Value::Null) => Vec::new(),
        (promised, answered) => {
            let kind = |value: &Value| (value.is_string(), value.is_number(), value.is_boolean());
            let same = kind(promised) == kind(answered);
            if same { Vec::new() } else { vec![format!("{at}: {answered} instead of {promised}")] }
        }
    }
}

#[test]
fn an_answer_of_another_shape_is_named() {
    let promised = serde_json::json!({ "a": [{ "b": 1 }], "c": "x" });
    let answered = serde_json::json!({ "a": [{ "b": "1" }], "d": "x" });
    assert_eq!(
        differences("", &promised, &answered),
        [".c is on one side only", ".d is on one side only", ".a[0].b: \"1\" instead of 1"]
    );
}
