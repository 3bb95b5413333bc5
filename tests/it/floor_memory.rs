//! Long shows as timelines: what is summed up, what is left out, and that nobody waits for it.

use std::fmt::Write as _;

use voice_studio::conversation::prompt::STAGE;
use voice_studio::conversation::{AiSpeaker, Input, Order, Outcome, Speaker, TurnEnd};
use voice_studio::simulation::story::story;
use voice_studio::simulation::{Event, Timeline};
use voice_studio::time::SessionTime;

use crate::support::timeline::check;

#[test]
fn the_older_half_is_summed_up_and_the_next_prompt_has_the_summary() {
    check(
        r#"show prompts
        0.0 rule historyWords 30
        1.0 host says "Ada, what about rain?" for 1.2
        1.0 ada will say "Rain is water that falls, and it makes everything wet."
        1.0 summary will say "The host asked me about rain, and I said that it is wet."
        1.0 summary will fail
        7.5 host says "Grace, what about snow?" for 1.2
        7.5 grace will say "Snow is water that falls, and it makes everything white."
        18.0 host says "Ada, what about hail?" for 1.2
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "Ada, what about rain?"
        2.45 t2 claude begins
        2.45 t2 claude granted addressed
        2.45 t2 claude writes | user Host: Ada, what about rain?
        2.85 t2 claude is heard
        6.15 t2 claude ends completed "Rain is water that falls, and it makes everything wet."
        7.54 t3 you begins
        8.90 ask 2
        8.95 finish recognition
        8.95 t3 you ends completed "Grace, what about snow?"
        8.95 t4 guest begins
        8.95 t4 guest granted addressed
        8.95 t4 guest writes | user Host: Ada, what about rain? | user Ada: Rain is water that falls, and it makes everything wet. | user Host: Grace, what about snow?
        9.35 t4 guest is heard
        12.75 t4 guest ends completed "Snow is water that falls, and it makes everything white."
        12.75 claude sums up 1
        12.75 guest sums up 2
        15.75 claude remembers up to t2 as summary complete
        15.75 guest remembers up to t2 as summary failed
        18.04 t5 you begins
        19.40 ask 3
        19.45 claude sums up 3
        19.45 guest sums up 4
        19.45 finish recognition
        19.45 t5 you ends completed "Ada, what about hail?"
        19.45 t6 claude begins
        19.45 t6 claude granted addressed
        19.45 t6 claude writes | user Studio: (What was said before, summed up: The host asked me about rain, and I said that it is wet.) | user Host: Grace, what about snow? | user Grace: Snow is water that falls, and it makes everything white. | user Host: Ada, what about hail?
        19.85 t6 claude is heard
        22.45 claude remembers up to t3 as summary complete
        22.45 guest remembers up to t3 as summary complete
        23.15 t6 claude ends completed "That is a good question, and here is my answer to it."
        23.15 claude sums up 5
        23.15 guest sums up 6
        26.15 claude remembers up to t4 as summary complete
        26.15 guest remembers up to t4 as summary complete
        "#,
    );
}

#[test]
fn a_summary_that_never_comes_is_done_without() {
    check(
        r#"
        0.0 rule historyWords 30
        1.0 summary will hang
        1.0 summary will hang
        1.0 host says "Ada, what about rain?" for 1.2
        1.0 ada will say "Rain is water that falls, and it makes everything wet."
        7.5 host says "Grace, what about snow?" for 1.2
        7.5 grace will say "Snow is water that falls, and it makes everything white."
        until 70.0
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "Ada, what about rain?"
        2.45 t2 claude begins
        2.45 t2 claude granted addressed
        2.45 t2 claude writes
        2.85 t2 claude is heard
        6.15 t2 claude ends completed "Rain is water that falls, and it makes everything wet."
        7.54 t3 you begins
        8.90 ask 2
        8.95 finish recognition
        8.95 t3 you ends completed "Grace, what about snow?"
        8.95 t4 guest begins
        8.95 t4 guest granted addressed
        8.95 t4 guest writes
        9.35 t4 guest is heard
        12.75 t4 guest ends completed "Snow is water that falls, and it makes everything white."
        12.75 claude sums up 1
        12.75 guest sums up 2
        57.75 claude remembers up to t2 as summary timed-out
        57.75 guest remembers up to t2 as summary timed-out
        "#,
    );
}

/// Two hours at the table, on virtual time: the host asks every half minute, the AIs talk on their own for five minutes of
/// every half hour, one summary in five fails and one in five never comes.
fn two_hours() -> Timeline {
    let mut text = String::from(
        "0.0 rule historyWords 400\n0.0 rule prepare.next 1\n0.0 rule autopilot.maxTurns 60\nuntil 7260.0\n",
    );
    let mut line = |at: u32, what: &str| {
        // Writing to a string cannot fail.
        let _infallible = writeln!(text, "{at}.0 {what}");
    };
    for ask in 0..240_u32 {
        let at = 5 + ask * 30;
        let name = ["ada", "grace"][ask as usize % 2];
        let summary = [
            "say \"They spoke of rain and snow.\"",
            "say \"Much was said.\"",
            "fail",
            "hang",
            "say \"So far.\"",
        ];
        line(at, &format!("summary will {}", summary[ask as usize % 5]));
        if (at / 300) % 6 == 5 {
            if at % 300 < 30 {
                line(at, "autopilot on");
            }
            continue;
        }
        if at % 300 < 30 {
            line(at - 1, "autopilot off");
        }
        let answer = format!(
            "This is answer number {ask}, and it takes a while to be said, for it speaks of rain and of much else besides."
        );
        line(at, &format!("{name} will say {answer:?}"));
        line(
            at,
            &format!(
                "host says \"{name}, what is your question number {ask} about rain?\" for 2.5"
            ),
        );
    }
    line(7230, "autopilot off");
    line(7250, "host ends it");
    Timeline::parse(&text).expect("a timeline")
}

#[test]
fn two_hours_of_talk_stay_within_the_window_and_nobody_waits() {
    let mut events = Vec::new();
    two_hours().play(&mut events).expect("two hours that keep every rule, and replay");
    let words = |text: &str| text.split_whitespace().count();
    let mut asked_at: Option<SessionTime> = None;
    let (mut longest_wait, mut longest_prompt, mut answered) = (0, 0, 0);
    let mut summaries = [0_usize; 2];
    let mut left_out = 0;
    for (now, event) in &events {
        match event {
            Event::Order(Order::NoteTurnEnded {
                speaker: Speaker::You,
                reason: TurnEnd::Completed,
                ..
            }) => asked_at = Some(*now),
            Event::Order(Order::StartPlayout { .. }) => {
                if let Some(asked) = asked_at.take() {
                    longest_wait = longest_wait.max(now.since(asked).millis());
                    answered += 1;
                }
            }
            Event::Order(Order::StartReply { prompt, .. }) => {
                let told: usize = prompt.messages.iter().map(|line| words(&line.text)).sum();
                longest_prompt = longest_prompt.max(told);
            }
            Event::Order(Order::NoteSummarised { speaker, outcome, .. }) => {
                summaries[speaker.index()] += 1;
                left_out += usize::from(*outcome != Outcome::Complete);
            }
            Event::Fact(Input::DeadlinePassed { .. }) | Event::Order(_) | Event::Fact(_) => {}
        }
    }
    println!(
        "two hours: {answered} answers, the longest wait {longest_wait} ms, the longest prompt {longest_prompt} words, \
         {summaries:?} summaries, {left_out} of them left out"
    );
    assert!(answered >= 180, "{answered}");
    assert!(longest_wait <= 1000, "a model takes 200 ms and a voice 100: {longest_wait} ms");
    // Twice the rule while a summary is written, the summary, the last two lines, a direction.
    assert!(longest_prompt <= 2 * 400 + 200, "{longest_prompt}");
    assert!(AiSpeaker::BOTH.iter().all(|speaker| summaries[speaker.index()] >= 8), "{summaries:?}");
    assert!(left_out >= 4, "{left_out}");
    let last = events.iter().rev().find_map(|(_, event)| match event {
        Event::Order(Order::StartReply { prompt, .. }) => Some(prompt),
        Event::Order(_) | Event::Fact(_) => None,
    });
    let first = &last.expect("a prompt").messages[0];
    assert_eq!(first.name, STAGE, "what is told first is what was summed up: {first:?}");
}

#[test]
fn half_of_the_memory_is_left_and_the_last_two_lines_always() {
    check(
        r#"
        show prompts
        0.0 rule historyWords 20
        1.0 host types "Ada, what about rain?"
        1.0 ada will say "Rain is water that falls, and it makes everything wet that is under it."
        8.0 host types "Grace, what about snow?"
        8.0 grace will say "Snow is water that falls, and it makes everything white."
        until 30
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes | user Host: Ada, what about rain?
        1.40 t2 claude is heard
        5.70 t2 claude ends completed "Rain is water that falls, and it makes everything wet that is under it."
        8.00 t3 you begins
        8.00 t3 you ends completed "Grace, what about snow?"
        8.00 t4 guest begins
        8.00 t4 guest granted addressed
        8.00 t4 guest writes | user Host: Ada, what about rain? | user Ada: Rain is water that falls, and it makes everything wet that is under it. | user Host: Grace, what about snow?
        8.00 claude sums up 1
        8.00 guest sums up 2
        8.40 t4 guest is heard
        11.00 claude remembers up to t1 as summary complete
        11.00 guest remembers up to t1 as summary complete
        11.80 t4 guest ends completed "Snow is water that falls, and it makes everything white."
        11.80 claude sums up 3
        11.80 guest sums up 4
        14.80 claude remembers up to t2 as summary complete
        14.80 guest remembers up to t2 as summary timed-out
        "#,
    );
}

#[test]
fn a_summary_that_nobody_asked_for_is_ignored() {
    check(
        r#"
        show prompts
        0.0 rule historyWords 20
        1.0 summary will say ""
        1.0 summary will say "So far."
        1.0 host types "Ada, what about rain?"
        1.0 ada will say "Rain is water that falls, and it makes everything wet that is under it."
        12.0 host types "Ada, what about snow?"
        until 20
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes | user Host: Ada, what about rain?
        1.40 t2 claude is heard
        5.70 t2 claude ends completed "Rain is water that falls, and it makes everything wet that is under it."
        12.00 t3 you begins
        12.00 t3 you ends completed "Ada, what about snow?"
        12.00 t4 claude begins
        12.00 t4 claude granted addressed
        12.00 t4 claude writes | user Host: Ada, what about rain? | assistant Ada: Rain is water that falls, and it makes everything wet that is under it. | user Host: Ada, what about snow?
        12.00 claude sums up 1
        12.00 guest sums up 2
        12.40 t4 claude is heard
        15.00 claude remembers up to t1 as summary failed
        15.00 guest remembers up to t1 as summary complete
        15.70 t4 claude ends completed "That is a good question, and here is my answer to it."
        15.70 claude sums up 3
        15.70 guest sums up 4
        18.70 claude remembers up to t2 as summary complete
        18.70 guest remembers up to t2 as summary timed-out
        "#,
    );
}

#[test]
fn the_end_waits_for_no_summary() {
    check(
        r#"
        0.0 rule historyWords 20
        1.0 summary will hang
        1.0 summary will hang
        1.0 host types "Ada, what about rain?"
        1.0 ada will say "Rain is water that falls, and it makes everything wet that is under it."
        12.0 host types "Ada, what about snow?"
        20.0 host ends it
        until 90
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        5.70 t2 claude ends completed "Rain is water that falls, and it makes everything wet that is under it."
        12.00 t3 you begins
        12.00 t3 you ends completed "Ada, what about snow?"
        12.00 t4 claude begins
        12.00 t4 claude granted addressed
        12.00 t4 claude writes
        12.00 claude sums up 1
        12.00 guest sums up 2
        12.40 t4 claude is heard
        15.70 t4 claude ends completed "That is a good question, and here is my answer to it."
        15.70 claude remembers up to t1 as summary timed-out
        15.70 guest remembers up to t1 as summary timed-out
        15.70 claude sums up 3
        15.70 guest sums up 4
        18.70 claude remembers up to t2 as summary complete
        18.70 guest remembers up to t2 as summary timed-out
        20.00 close
        "#,
    );
}

#[test]
fn what_is_summed_up_tells_each_ai_only_its_own_whispers() {
    check(
        r#"
        show prompts
        0.0 rule historyWords 30
        0.5 producer whispers ada "be kind"
        1.0 host types "Ada, what about rain?"
        1.0 ada will say "Rain is water that falls, and it makes everything wet."
        8.0 host types "Grace, what about snow?"
        8.0 grace will say "Snow is water that falls, and it makes everything white."
        30.0 host types "Ada, what about hail?"
        until 32
        ----
        0.50 claude is told "be kind"
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes | user Studio: (The producer says in your ear, and only you hear it: be kind – Act on it without mentioning it.) | user Host: Ada, what about rain?
        1.40 t2 claude is heard
        4.70 t2 claude ends completed "Rain is water that falls, and it makes everything wet."
        8.00 t3 you begins
        8.00 t3 you ends completed "Grace, what about snow?"
        8.00 t4 guest begins
        8.00 t4 guest granted addressed
        8.00 t4 guest writes | user Host: Ada, what about rain? | user Ada: Rain is water that falls, and it makes everything wet. | user Host: Grace, what about snow?
        8.40 t4 guest is heard
        11.80 t4 guest ends completed "Snow is water that falls, and it makes everything white."
        11.80 claude sums up 1
        11.80 guest sums up 2
        14.80 claude remembers up to t2 as summary complete
        14.80 guest remembers up to t2 as summary complete
        30.00 t5 you begins
        30.00 t5 you ends completed "Ada, what about hail?"
        30.00 t6 claude begins
        30.00 t6 claude granted addressed
        30.00 t6 claude writes | user Studio: (What was said before, summed up: They spoke of rain, and agreed.) | user Host: Grace, what about snow? | user Grace: Snow is water that falls, and it makes everything white. | user Host: Ada, what about hail?
        30.00 claude sums up 3
        30.00 guest sums up 4
        30.40 t6 claude is heard
        "#,
    );
}

#[test]
fn a_memory_that_doubles_while_it_is_summed_up_is_not_waited_for() {
    check(
        r#"
        0.0 rule historyWords 20
        1.0 host types "Ada, one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
        1.0 ada will say "Good."
        2.5 host types "Ada, one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
        2.5 ada will say "Well."
        3.0 host types "Ada, one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
        3.0 host types "Grace, one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
        until 6
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.32 t2 claude is heard
        1.72 t2 claude ends completed "Good."
        2.50 t3 you begins
        2.50 t3 you ends completed "Ada, one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
        2.50 t4 claude begins
        2.50 t4 claude granted addressed
        2.50 t4 claude writes
        2.50 claude sums up 1
        2.50 guest sums up 2
        2.82 t4 claude is heard
        3.00 t4 flush
        3.00 t4 claude stop
        3.00 t5 you begins
        3.00 t5 you ends completed "Ada, one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
        3.00 t6 claude begins
        3.00 t6 claude granted addressed
        3.00 claude remembers up to t1 as summary timed-out
        3.00 guest remembers up to t1 as summary timed-out
        3.00 claude sums up 3
        3.00 guest sums up 4
        3.00 t6 claude ends interrupted ""
        3.00 t6 claude stop
        3.00 t7 you begins
        3.00 t7 you ends completed "Grace, one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
        3.00 t8 guest begins
        3.00 t8 guest granted addressed
        3.00 claude remembers up to t2 as summary timed-out
        3.00 guest remembers up to t2 as summary timed-out
        3.00 claude sums up 5
        3.00 guest sums up 6
        3.04 t4 claude ends interrupted "" unheard "Well."
        3.04 t8 guest writes
        3.44 t8 guest is heard
        6.00 claude remembers up to t3 as summary complete
        6.00 guest remembers up to t3 as summary timed-out
        "#,
    );
}

#[test]
fn no_more_than_the_older_half_is_summed_up() {
    check(
        r#"
        0.0 rule historyWords 75
        1.0 host types "Ada, what about rain?"
        6.0 host types "Grace, what about snow?"
        11.0 host types "Ada, what about hail?"
        16.0 host types "Grace, what about fog?"
        until 20
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        4.70 t2 claude ends completed "That is a good question, and here is my answer to it."
        6.00 t3 you begins
        6.00 t3 you ends completed "Grace, what about snow?"
        6.00 t4 guest begins
        6.00 t4 guest granted addressed
        6.00 t4 guest writes
        6.40 t4 guest is heard
        9.70 t4 guest ends completed "That is a good question, and here is my answer to it."
        11.00 t5 you begins
        11.00 t5 you ends completed "Ada, what about hail?"
        11.00 t6 claude begins
        11.00 t6 claude granted addressed
        11.00 t6 claude writes
        11.40 t6 claude is heard
        14.70 t6 claude ends completed "That is a good question, and here is my answer to it."
        16.00 t7 you begins
        16.00 t7 you ends completed "Grace, what about fog?"
        16.00 t8 guest begins
        16.00 t8 guest granted addressed
        16.00 t8 guest writes
        16.00 claude sums up 1
        16.00 guest sums up 2
        16.40 t8 guest is heard
        19.00 claude remembers up to t4 as summary complete
        19.00 guest remembers up to t4 as summary complete
        19.70 t8 guest ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_part_with_a_shorter_memory_waits_for_no_summary() {
    // One was begun in the part before; none was.
    for (words, told) in [(300, BEGUN), (3000, NOT_BEGUN)] {
        assert_eq!(told_of_memory(words), told, "{words}");
    }
}

/// What is told of the memory in a show whose second part has only two hundred words of it, and its first so many.
fn told_of_memory(words: u32) -> Vec<String> {
    let rain = "rain ".repeat(100);
    let text = format!(
        r#"
        0.0 rule historyWords {words}
        0.0 rule director.enabled 0
        0.0 part "Snow" of 5
        0.0 part 2 rule historyWords 200
        0.0 summary will hang
        0.0 summary will hang
        100.0 host types "Ada, {rain}"
        105.0 host types "Grace, {rain}"
        110.0 host types "Ada, {rain}"
        114.0 host types "Grace, {rain}"
        115.0 autopilot on
        until 122
        "#
    );
    let mut events = Vec::new();
    Timeline::parse(&text).expect("a timeline").play(&mut events).expect("no rule is broken");
    let story = story(&events, "", false);
    let of_memory = ["writes", "part", "sums up", "summary"];
    let is_told = |line: &&str| of_memory.iter().any(|word| line.contains(word));
    story.lines().filter(is_told).map(str::to_owned).collect()
}

const BEGUN: &[&str] = &[
    "100.00 t2 claude writes",
    "105.00 t4 guest writes",
    "110.00 t6 claude writes",
    "110.00 claude sums up 1",
    "110.00 guest sums up 2",
    "114.00 t8 guest writes",
    "117.70 t9 claude writes",
    "121.40 part 2 minutes",
    "121.40 guest remembers up to t3 as summary timed-out",
    "121.40 t10 guest writes",
    "121.40 claude remembers up to t3 as summary timed-out",
    "121.40 guest sums up 3",
    "121.40 claude sums up 4",
];

const NOT_BEGUN: &[&str] = &[
    "100.00 t2 claude writes",
    "105.00 t4 guest writes",
    "110.00 t6 claude writes",
    "114.00 t8 guest writes",
    "117.70 t9 claude writes",
    "121.40 part 2 minutes",
    "121.40 guest sums up 1",
    "121.40 guest remembers up to t7 as summary timed-out",
    "121.40 t10 guest writes",
    "121.40 claude sums up 2",
];

#[test]
fn nothing_is_written_ahead_that_would_be_too_long_with_what_is_being_said() {
    check(
        r#"
        0.0 rule historyWords 20
        0.0 rule prepare.next 1
        1.0 host types "Ada, one two three four five six seven eight nine ten one two three four five six seven eight nine ten one two three four five six seven eight nine ten one two three four five six seven eight nine ten"
        1.5 autopilot on
        until 9
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, one two three four five six seven eight nine ten one two three four five six seven eight nine ten one two three four five six seven eight nine ten one two three four five six seven eight nine ten"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        1.50 autopilot on
        1.50 t3 guest prepares for after t2
        1.50 t3 guest writes
        4.70 t2 claude ends completed "That is a good question, and here is my answer to it."
        4.70 t3 guest begins
        4.70 t3 guest granted autopilot
        4.70 t3 guest used words_stood 12 words
        4.95 t3 guest is heard
        8.25 t3 guest ends completed "That is a good question, and here is my answer to it."
        8.25 t4 claude begins
        8.25 t4 claude granted autopilot
        8.25 claude sums up 1
        8.25 claude remembers up to t1 as summary timed-out
        8.25 t4 claude writes
        8.25 guest sums up 2
        8.65 t4 claude is heard
        8.69 guest remembers up to t1 as summary timed-out
        8.69 t5 guest prepares for after t4
        8.69 t5 guest writes
        "#,
    );
}
