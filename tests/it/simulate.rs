//! `studio simulate`: random meetings are counted, and one that breaks a rule is made small and told as a test.
#![cfg(test)] // says to clippy what cargo knows: helpers here may fail loudly, too

use std::process::Command;

use voice_studio::simulation::act::Act;
use voice_studio::simulation::shrink::{as_test, shrink};
use voice_studio::simulation::tally::Tally;
use voice_studio::simulation::{Timeline, random, trial};
use voice_studio::time::Span;

fn simulate(arguments: &[&str]) -> (Option<i32>, String) {
    let studio = env!("CARGO_BIN_EXE_studio");
    let ran = Command::new(studio).arg("simulate").args(arguments).output().expect("the studio");
    (ran.status.code(), String::from_utf8_lossy(&ran.stdout).into_owned())
}

#[test]
fn meetings_are_counted_in_a_table_and_drawn() {
    let (code, told) = simulate(&["--sessions", "60", "--seed", "5", "--threads", "2"]);
    assert_eq!(code, Some(0), "{told}");
    let row = |name: &str| {
        let line = told.lines().find(|line| line.starts_with(name));
        line.unwrap_or_else(|| panic!("{name} in\n{told}"))
            .split_whitespace()
            .last()
            .expect("a figure")
    };
    assert_eq!(row("meetings "), "60");
    assert!(row("orders ").parse::<u64>().expect("a number") > 1000);
    assert!(told.contains("│█") && told.ends_with("no invariant was broken\n"), "{told}");
    let (code, _) = simulate(&["--sessions", "0"]);
    assert_eq!(code, Some(2), "no meetings at all is a mistake");
}

/// Long ones find what short ones cannot: more than fifty captions, twenty turns of memory.
#[test]
fn ten_minutes_of_a_meeting_keep_every_rule() {
    let mut tally = Tally::default();
    for seed in 0..12 {
        let played = trial::play(seed, Some(Span::from_millis(600_000)), &mut tally);
        let told = played.map_err(|failure| failure.story(Some(Span::from_millis(600_000))));
        assert_eq!(told, Ok(()), "seed {seed}");
    }
    assert_eq!(tally.meetings, 12);
}

#[test]
fn the_same_seed_is_the_same_meeting() {
    let count = |seed| {
        let mut tally = Tally::default();
        trial::play(seed, None, &mut tally).expect("a meeting that keeps all rules");
        tally
    };
    assert_eq!(count(3), count(3));
    assert_ne!(count(3), count(4));
}

/// As if it were a broken rule that the host murmurs: what is left is the murmur, at once, as a test that can be read.
#[test]
fn a_failing_meeting_is_made_small_and_told_as_a_timeline_that_reads_back() {
    let murmurs =
        |timeline: &Timeline| timeline.acts.iter().any(|(_, act)| matches!(act, Act::Sounds(_)));
    let seed = (0..).find(|seed| murmurs(&random::meeting(*seed))).expect("a murmur");
    let large = random::meeting(seed);
    let small = shrink(&large, murmurs);
    assert!(large.acts.len() > 10);
    assert_eq!(small.acts.len(), 1, "{small}");
    let test = as_test(&small, "a_murmur", "1.00 nothing happens\n");
    let text =
        test.split("r#\"").nth(1).and_then(|text| text.split("----").next()).expect("a body");
    assert_eq!(Timeline::parse(text).expect("a timeline").acts, small.acts);
    assert!(test.contains("1.00 nothing happens"), "{test}");
}
