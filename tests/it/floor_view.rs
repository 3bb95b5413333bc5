//! The conversation as somebody sees it who comes in, and what a show leaves for the next one.

use voice_studio::conversation::{HostProfile, Snapshot, Speaker, TurnId};
use voice_studio::simulation::{Meeting, Timeline};
use voice_studio::time::{SessionTime, Span};

/// A question that is answered, interrupted and struck.
const SHOW: &str = r#"
    0.0 part "Snow" of 5
    0.5 host mutes
    0.7 host unmutes
    0.8 autopilot on
    0.9 autopilot off
    3.9 autopilot on
    4.0 autopilot off
    8.0 host says "Ada, what about the rain in spring?" for 2.0
    8.0 ada will say "It falls down on all of us, whoever we are and wherever we go."
    14.0 host sounds for 0.5
    20.0 host says "Grace, what do you say?" for 1.2
    23.0 host sounds for 1.6
    26.0 host interrupts
    28.0 producer strikes
    29.0 producer goes to part 2
    until 40
"#;

fn at(seconds: f64) -> SessionTime {
    SessionTime::ZERO + Span::from_duration(std::time::Duration::from_secs_f64(seconds))
}

fn run(meeting: &mut Meeting, seconds: f64) -> Snapshot {
    meeting.run(at(seconds), &mut Vec::new()).expect("a world that comes to rest");
    meeting.conversation.snapshot()
}

#[test]
fn who_comes_in_is_shown_who_has_the_floor_and_how_far_that_one_is() {
    let mut meeting = Timeline::parse(SHOW).expect("a timeline").meeting();
    let mut seen = Vec::new();
    for seconds in [1.0, 3.8, 8.5, 10.2, 10.35, 13.0, 14.3, 19.0, 23.3, 26.01, 30.0] {
        let floor = run(&mut meeting, seconds).floor;
        assert_eq!(floor, meeting.conversation.floor_view());
        let holder = floor.holder.map_or("nobody", Speaker::as_str);
        let turn = floor.turn.map_or(0, |turn| turn.0);
        seen.push(format!("{seconds} t{turn} {holder} {:?}", floor.phase));
    }
    assert_eq!(
        seen,
        [
            "1 t1 claude Thinking",
            "3.8 t1 claude Heard",
            "8.5 t2 you Speaking",
            "10.2 t2 you Judging",
            "10.35 t3 claude Thinking",
            "13 t3 claude Heard",
            "14.3 t4 you Speaking",
            "19 t0 nobody Open",
            "23.3 t6 guest Paused",
            "26.01 t7 you Judging",
            "30 t0 nobody Open",
        ]
    );
}

#[test]
fn who_comes_in_is_shown_the_show_as_it_stands() {
    let mut meeting = Timeline::parse(SHOW).expect("a timeline").meeting();
    assert!(!meeting.conversation.snapshot().connected);
    let muted = run(&mut meeting, 0.6);
    assert!(muted.connected && muted.muted && !muted.autopilot);
    assert_eq!(muted.last_turn, None);
    let now = run(&mut meeting, 0.85);
    assert!(now.autopilot && !now.muted);
    let first = run(&mut meeting, 12.0);
    assert_eq!(first.segment.map(|part| (part.index, part.since)), Some((0, SessionTime::ZERO)));
    let last = first.last_turn.expect("a turn has ended");
    assert_eq!((last.turn, last.speaker), (TurnId(2), Speaker::You));
    let later = run(&mut meeting, 32.0);
    assert_eq!(later.segment.map(|part| (part.index, part.since)), Some((1, at(29.0))));
    assert_eq!(later.strikes.len(), 1);
    let texts: Vec<&str> = later.captions.iter().map(|caption| caption.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "It falls down on all of us,",
            "whoever we are and wherever we go.",
            "Ada, what about the rain in spring?",
            "That is a good question,",
            "and here is my answer to it.",
            "Grace, what do you say?",
            "That is a good",
        ]
    );
}

#[test]
fn a_show_leaves_what_it_learned_of_its_host() {
    let mut meeting = Timeline::parse(
        r#"
        1.0 host is known to pause for 0.6
        1.0 host says "Ada, what about rain and" for 2.0
        3.9 host says "about the snow that falls?" for 2.0
        until 20
        "#,
    )
    .expect("a timeline")
    .meeting();
    let before = meeting.conversation.host_profile();
    assert_eq!(before, HostProfile { shows: 1, pause_ms: 600, pace_wpm: 0 });
    run(&mut meeting, 5.0);
    // The turn is still open: what it taught counts already, but its pace is not known.
    assert_eq!(meeting.conversation.host_profile().pause_ms, 900);
    run(&mut meeting, 20.0);
    assert_eq!(
        meeting.conversation.host_profile(),
        HostProfile { shows: 1, pause_ms: 900, pace_wpm: 150 }
    );
}

#[test]
fn who_comes_in_is_shown_the_last_fifty_strikes() {
    let line = |n: u64| format!("{n}.0 host types \"Hello?\"\n{n}.5 producer strikes\n");
    let script: String = (1..=51).map(line).collect();
    let mut meeting = Timeline::parse(&script).expect("a timeline").meeting();
    let strikes = run(&mut meeting, 60.0).strikes;
    let ends: Vec<u64> = strikes.iter().map(|(_, to)| to.millis()).collect();
    assert_eq!((ends.len(), ends[0], ends[49]), (50, 2_540, 51_540));
}
