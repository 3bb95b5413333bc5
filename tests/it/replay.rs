//! Replay: the same inputs give the same orders, a difference is named, other rules are asked about, a page is drawn.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use voice_studio::conversation::{Conversation, Setup};
use voice_studio::replay::{
    Log, ReplayError, clock_time, compare, fate, html, view::View, what_if,
};
use voice_studio::simulation::{Timeline, random};

use crate::support::log::log_of;

/// A show of three questions, of which the second is asked in two halves, an interruption and a murmur.
const SHOW: &str = r#"
    1.0 host says "Ada, what about rain?" for 1.2
    1.0 ada will say "It falls down. That is what it has always done and will do as far as anybody knows."
    0.0 model says 900
    0.0 model says 900
    0.0 model says 100
    0.0 model says 100
    0.0 model says 900
    5.0 host says "Wait, stop there." for 1.0
    8.0 host says "I was thinking that" for 1.0
    9.9 host says "you could tell us about snow." for 1.4
    14.0 host sounds for 0.3
    0.0 model says 100
    0.0 model says 100
    22.0 host says "And now I wonder about hail." for 1.2
    until 40
"#;

fn show() -> Timeline {
    Timeline::parse(SHOW).expect("a timeline")
}

/// The log with `edit` done to the fields of each line.
fn edited(path: &Path, mut edit: impl FnMut(&mut serde_json::Map<String, Value>)) -> PathBuf {
    let text = fs::read_to_string(path).expect("the log");
    let lines: Vec<String> = text
        .lines()
        .map(|line| {
            let mut fields = serde_json::from_str(line).expect("a line");
            edit(&mut fields);
            serde_json::to_string(&fields).expect("JSON")
        })
        .collect();
    let edited = path.with_file_name("edited.jsonl");
    fs::write(&edited, lines.join("\n") + "\n").expect("a file");
    edited
}

#[test]
fn random_meetings_replay_identically_from_their_logs() {
    let root = tempfile::tempdir().unwrap();
    for seed in 0..40 {
        let dir = root.path().join(seed.to_string());
        fs::create_dir(&dir).unwrap();
        log_of(&random::meeting(seed), &dir);
        let log = Log::read(&dir).unwrap();
        let comparison = compare(&log, log.conversation());
        assert_eq!(comparison.difference, None, "meeting {seed}");
        assert!(comparison.orders > 10 && log.is_whole());
    }
}

#[test]
fn a_changed_order_is_the_first_difference_with_the_five_lines_before_it() {
    let root = tempfile::tempdir().unwrap();
    let path = log_of(&show(), root.path());
    let path = edited(&path, |fields| {
        if fields["type"] == "floor.grant" && fields["reason"] == "addressed" {
            fields.insert("reason".into(), "alternation".into());
        }
    });
    let log = Log::read(&path).unwrap();
    let difference = compare(&log, log.conversation()).difference.expect("a difference");
    assert_eq!(difference.before.len(), 5);
    let shown = difference.side_by_side();
    assert!(shown.contains("first difference at 00:02.450"), "{shown}");
    let row = shown.lines().rfind(|line| line.contains("reason")).unwrap();
    assert!(row.starts_with('≠') && row.contains("alternation") && row.contains("\"addressed\""));
    assert!(shown.lines().filter(|line| line.starts_with('≠')).count() == 1, "{shown}");
}

#[test]
fn a_missing_and_an_added_order_are_differences() {
    let root = tempfile::tempdir().unwrap();
    let path = log_of(&show(), root.path());
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let grant = lines.iter().position(|line| line.contains("floor.grant")).unwrap();
    let with = |lines: Vec<&str>| {
        let path = root.path().join("edited.jsonl");
        fs::write(&path, lines.join("\n") + "\n").unwrap();
        let log = Log::read(&path).unwrap();
        compare(&log, log.conversation()).difference.expect("a difference")
    };
    let mut missing = lines.clone();
    missing.remove(grant);
    let difference = with(missing);
    assert_eq!(difference.replayed.unwrap().kind, "floor.grant");
    let mut doubled = lines.clone();
    doubled.insert(grant, lines[grant]);
    assert_eq!(with(doubled).logged.unwrap().kind, "floor.grant");
}

#[test]
fn a_changed_rule_is_found_as_the_first_order_it_changes() {
    let root = tempfile::tempdir().unwrap();
    let path = log_of(&show(), root.path());
    let log = Log::read(&path).unwrap();
    let changed = log.setup.briefing.with_rule("bargeIn.duckDb", "-20").unwrap();
    let setup = Setup { briefing: changed.into(), ..log.setup.clone() };
    let shown = compare(&log, Conversation::new(setup)).difference.unwrap().side_by_side();
    let row = shown.lines().rfind(|line| line.contains("gainDb")).unwrap();
    assert!(row.contains("-12") && row.contains("-20"), "{shown}");
}

#[test]
fn the_log_of_a_killed_server_is_compared_up_to_its_last_line() {
    let root = tempfile::tempdir().unwrap();
    let path = log_of(&show(), root.path());
    let text = fs::read_to_string(&path).unwrap();
    for cut in (text.len() / 3..text.len()).step_by(997) {
        let killed = root.path().join("killed.jsonl");
        fs::write(&killed, &text.as_bytes()[..cut]).unwrap();
        let log = Log::read(&killed).unwrap();
        assert!(!log.is_whole());
        assert_eq!(compare(&log, log.conversation()).difference, None, "cut at {cut}");
    }
}

#[test]
fn what_is_no_log_is_refused_with_a_code() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("bad.jsonl");
    let code = |text: &str| {
        fs::write(&path, text).unwrap();
        Log::read(&path).map(|_| ()).unwrap_err().code()
    };
    let head = r#""v":1,"seq":1,"timestamp":0,"t":0,"sessionId":"s""#;
    assert_eq!(code(""), "log_empty");
    assert_eq!(code("no json\n"), "log_line_invalid");
    assert_eq!(code(&format!("{{{head},\"type\":\"error\"}}\n")), "log_start_invalid");
    assert_eq!(
        code(&format!("{{{head},\"type\":\"session.start\",\"seed\":0}}\n")),
        "log_start_invalid"
    );
    let unknown = format!("{{{head},\"now\":1,\"type\":\"speech.start\",\"input\":\"sneezed\"}}\n");
    assert_eq!(code(&unknown), "log_input_unknown");
    let newer = head.replace("\"v\":1", "\"v\":99");
    assert_eq!(code(&format!("{{{newer},\"type\":\"session.start\"}}\n")), "log_version_unknown");
    let missing = Log::read(&root.path().join("missing.jsonl")).unwrap_err();
    assert_eq!(missing.code(), "log_unreadable");
}

#[test]
fn a_part_that_the_log_does_not_have_is_wrongly_asked() {
    let root = tempfile::tempdir().unwrap();
    let path = log_of(&show(), root.path());
    let replay = |asked: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_studio"));
        let output = command.arg("replay").arg(&path).args(asked).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let log = Log::read(&path).unwrap();
    let turns = log.lines.iter().filter_map(|line| line.event.fields.get("turn")?.as_u64());
    let last = turns.max().unwrap().to_string();
    let end = clock_time(log.end());
    for (asked, told) in [
        (["--turn", "99"], format!("--turn 99: there is no such turn; the last is {last}\n")),
        (["--from", "59:00"], format!("--from 59:00.000: the log ends at {end}\n")),
        (["--from", "1:99"], "\"1:99\" is no time".to_owned()),
    ] {
        let (code, out, said) = replay(&asked);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{asked:?}: {said}");
        assert!(said.contains(&told), "{asked:?}: {said}");
    }
    let (code, out, _) = replay(&["--turn", &last]);
    assert!(code == Some(0) && out.lines().count() > 1, "{out}");
}

/// A log of version 1 holds what that version knew; what later ones say besides is no difference from it.
#[test]
fn a_log_of_an_older_version_replays_by_what_it_could_say() {
    let root = tempfile::tempdir().unwrap();
    let path = log_of(&show(), root.path());
    let mut left_out = 0;
    let path = edited(&path, |fields| {
        fields.insert("v".into(), 1.into());
        if fields["type"] == "turn.end" {
            left_out += usize::from(fields.remove("unheardText").is_some());
        }
        if fields["type"] == "turn.judged" {
            let votes = fields["votes"].as_object_mut().unwrap();
            left_out += usize::from(votes.remove("habitMs").is_some());
        }
    });
    let log = Log::read(&path).unwrap();
    assert_eq!(log.version(), 1);
    assert!(left_out > 3);
    assert_eq!(compare(&log, log.conversation()).difference, None);
    let newest = edited(&path, |fields| {
        fields.insert("v".into(), 2.into());
    });
    let log = Log::read(&newest).unwrap();
    assert!(compare(&log, log.conversation()).difference.is_some(), "a field is missing");
}

#[test]
fn more_patience_keeps_the_halves_of_a_question_together_and_the_host_waiting() {
    let root = tempfile::tempdir().unwrap();
    let log = Log::read(&log_of(&show(), root.path())).unwrap();
    let same = what_if(&log, &[]).unwrap();
    let (follows, all) = same.follows();
    assert_eq!(same.diff(), "the same decisions\n");
    assert!(all >= 8 && follows == all, "{follows} of {all} decisions");
    let hasty =
        ["endOfTurn.firstAskMs=100", "endOfTurn.secondAskMs=150", "endOfTurn.ceilingMs=300"];
    let answer = what_if(&log, &hasty.map(String::from)).unwrap();
    let (before, after) = (&answer.before.fate, &answer.after.fate);
    assert!(after.cut_offs > before.cut_offs, "{before:?} {after:?}");
    let wait = |fate: &fate::Fate| fate::percentile(&fate.waits, 95).unwrap();
    assert!(wait(after) < wait(before), "{before:?} {after:?}");
    assert!(answer.diff().contains("+ ") && answer.diff().contains("- "), "{}", answer.diff());
    let table = fate::table(&[("before", before), ("after", after)]);
    assert!(table.contains("cut off") && table.contains("kept waiting"), "{table}");
}

#[test]
fn a_rule_that_no_briefing_has_is_refused_in_its_words() {
    let root = tempfile::tempdir().unwrap();
    let log = Log::read(&log_of(&show(), root.path())).unwrap();
    let problem = |setting: &str| match what_if(&log, &[setting.into()]) {
        Err(ReplayError::Rule(problem)) => problem,
        other => panic!("{setting}: {other:?}"),
    };
    assert!(problem("nothing").contains("expected rule=value"));
    assert!(problem("endOfTurn.firstAskMS=400").contains("did you mean firstAskMs"));
    assert!(problem("endOfTurn.firstAskMs=1").contains("rules.endOfTurn.firstAskMs"));
    assert!(
        problem("bargeIn.pauseMs=[").contains("line 1") || !problem("bargeIn.pauseMs=[").is_empty()
    );
    assert!(problem("a b=3").contains("no key of rules"));
}

/// An AI that follows the other answers nobody: what is shown of it is the gap, and the host's wait is that for one answer.
#[test]
fn speakers_among_themselves_are_drawn_with_the_gaps_between_them() {
    let root = tempfile::tempdir().unwrap();
    let talk = Timeline::parse(
        r#"
        0.0 rule prepare.next 1
        0.5 autopilot on
        1.0 host says "Ada, what about rain?" for 1.2
        until 60
        "#,
    )
    .unwrap();
    let log = Log::read(&log_of(&talk, root.path())).unwrap();
    let view = View::of(&log, &compare(&log, log.conversation()));
    assert!(view.gaps.len() >= 3, "{:?}", view.gaps);
    assert!(view.gaps.iter().all(|gap| gap.length.abs_diff(250) <= 40), "{:?}", view.gaps);
    let lanes: Vec<usize> = view.gaps.iter().map(|gap| gap.lane).collect();
    assert!(lanes.windows(2).all(|pair| pair[0] != pair[1]), "they take turns: {lanes:?}");
    assert!(html::page(&log, &compare(&log, log.conversation())).contains("\"gaps\":[{"));
}

#[test]
fn the_page_needs_nothing_else_and_holds_every_decision_with_its_reason() {
    let root = tempfile::tempdir().unwrap();
    let log = Log::read(&log_of(&show(), root.path())).unwrap();
    let comparison = compare(&log, log.conversation());
    let view = View::of(&log, &comparison);
    assert_eq!(view.difference, None);
    let grants: Vec<_> = view.decisions.iter().filter(|made| made.kind == "floor").collect();
    assert!(grants.iter().any(|made| made.why.contains("addressed")), "{grants:?}");
    assert!(
        view.decisions.iter().any(|made| made.kind == "barge" && made.what.contains("stopped"))
    );
    assert!(view.stretches.iter().any(|stretch| stretch.kind == "heard" && stretch.lane == 1));
    assert!(view.stretches.iter().all(|stretch| stretch.from < stretch.to));
    assert!(view.captions.iter().any(|cue| cue.cut));
    let page = html::page(&log, &comparison);
    for outside in ["http://", "https://", "src=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside} in the page");
    }
    assert_eq!(page.matches("</script>").count(), 2, "the data cannot end their element");
    assert!(view.decisions.iter().all(|made| made.seq > 0));
}
