//! The event log: a line is complete or absent.

use std::fs;
use std::io::Write as _;

use serde_json::json;
use voice_studio::recording::{EventLog, EventReadError, read_events};
use voice_studio::time::SessionTime;

use super::event;

#[test]
fn a_line_begins_with_its_head_in_order() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("events.jsonl");
    let mut log = EventLog::create(&path, "s-1").unwrap();
    let mut line = event(1234, "stt.final", json!({ "speaker": "you", "text": "two\nlines" }));
    line.timestamp_ms = 99;
    log.append(&line).unwrap();
    line.now = Some(SessionTime::from_samples(59_232));
    line.at = Some(SessionTime::from_samples(48_000));
    log.append(&line).unwrap();
    let expected = "\
{\"v\":2,\"seq\":1,\"timestamp\":99,\"t\":1234,\"sessionId\":\"s-1\",\"type\":\"stt.final\",\"speaker\":\"you\",\"text\":\"two\\nlines\"}
{\"v\":2,\"seq\":2,\"timestamp\":99,\"t\":1234,\"now\":59232,\"at\":48000,\"sessionId\":\"s-1\",\"type\":\"stt.final\",\"speaker\":\"you\",\"text\":\"two\\nlines\"}
";
    assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    let events: Vec<_> = read_events(&path).unwrap().map(Result::unwrap).collect();
    assert_eq!(events[1].at, Some(SessionTime::from_samples(48_000)));
    assert_eq!((events[0].seq, events[1].seq, events[0].fields.len()), (1, 2, 2));
}

#[test]
fn a_field_with_a_name_of_the_head_cannot_forge_it() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("events.jsonl");
    let mut log = EventLog::create(&path, "s-1").unwrap();
    log.append(&event(5, "error", json!({ "type": "fake", "seq": 77, "error": "x" }))).unwrap();
    let event = read_events(&path).unwrap().next().unwrap().unwrap();
    assert_eq!((event.kind.as_str(), event.seq), ("error", 1));
    assert_eq!(event.fields["type_"], "fake");
    assert_eq!(event.fields["seq_"], 77);
}

#[test]
fn every_cut_of_a_log_reads_as_its_whole_lines_and_can_be_continued() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("events.jsonl");
    let mut log = EventLog::create(&path, "s-1").unwrap();
    for index in 0..4 {
        log.append(&event(index, "orb.state", json!({ "state": "Grüße" }))).unwrap();
    }
    drop(log);
    let whole = fs::read(&path).unwrap();
    for cut in 0..=whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let lines = whole[..cut].iter().filter(|byte| **byte == b'\n').count();
        let seqs: Vec<u64> = read_events(&path).unwrap().map(|event| event.unwrap().seq).collect();
        assert_eq!(seqs, (1..=lines as u64).collect::<Vec<_>>(), "cut at {cut}");
        let mut log = EventLog::reopen(&path, "s-1").unwrap();
        log.append(&event(9, "error", json!({}))).unwrap();
        let seqs: Vec<u64> = read_events(&path).unwrap().map(|event| event.unwrap().seq).collect();
        assert_eq!(seqs, (1..=lines as u64 + 1).collect::<Vec<_>>(), "cut at {cut} and continued");
    }
}

#[test]
fn a_line_that_is_no_event_is_named_and_the_next_is_read() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("events.jsonl");
    EventLog::create(&path, "s-1").unwrap().append(&event(0, "error", json!({}))).unwrap();
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"\xFF\xFE not json\n").unwrap();
    EventLog::reopen(&path, "s-1").unwrap().append(&event(1, "error", json!({}))).unwrap();
    let read: Vec<_> = read_events(&path).unwrap().collect();
    assert_eq!(read.len(), 3);
    assert!(
        read[1]
            .as_ref()
            .unwrap_err()
            .to_string()
            .starts_with("line 2 of the event log is no event")
    );
    assert_eq!(read[2].as_ref().unwrap().seq, 3);
}

#[test]
fn an_older_version_is_read_in_the_words_of_the_present_one_and_an_unknown_one_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("events.jsonl");
    let start = |v: u32, rules: &str| {
        let head = format!(r#""v":{v},"seq":1,"timestamp":0,"t":0,"sessionId":"s""#);
        let line = format!(r#"{{{head},"type":"session.start","briefing":{{"rules":{rules}}}}}"#);
        fs::write(&path, line + "\n").unwrap();
        read_events(&path).unwrap().next().unwrap()
    };
    let rules = |v, rules| start(v, rules).unwrap().fields["briefing"]["rules"].clone();
    assert_eq!(
        rules(1, r#"{"duckDb":-12}"#),
        json!({ "duckDb": -12, "prepareTries": 0, "prepareNext": false, "prepareSound": false }),
        "a show from before there were prepared replies was held without"
    );
    assert_eq!(rules(1, r#"{"prepareTries":3}"#)["prepareTries"], 3, "what was written stands");
    assert_eq!(rules(2, r#"{"duckDb":-12}"#), json!({ "duckDb": -12 }));
    assert_eq!(start(1, "{}").unwrap().v, 1, "it says in which version it was written");
    for unknown in [0, 3, 4_000_000_000] {
        let refused = start(unknown, "{}").unwrap_err();
        assert!(matches!(refused, EventReadError::Version { line: 1, v } if v == unknown));
        let told = refused.to_string();
        assert!(told.contains(&format!("version {unknown}")) && told.contains("1 to 2"), "{told}");
    }
}
