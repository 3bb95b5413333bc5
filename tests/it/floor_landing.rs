//! Soft landings as timelines: an AI finishes its clause for a host who breathes in.

use voice_studio::simulation::Timeline;
use voice_studio::simulation::story::story;

use crate::support::timeline::check;

#[test]
fn what_the_host_strikes_in_the_same_breath_is_his_own() {
    check(
        r#"show prompts
        1.0 host says "Ada, what about rain?" for 1.2
        6.0 host says "Grace, snow is warm, no, strike that." for 2.0
        10.0 host says "Grace, is snow cold?" for 1.0
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "Ada, what about rain?"
        2.45 t2 claude begins
        2.45 t2 claude granted addressed
        2.45 t2 claude writes | user Host: Ada, what about rain?
        2.85 t2 claude is heard
        6.04 t2 duck -12 dB
        6.15 t2 claude ends completed "That is a good question, and here is my answer to it."
        6.15 t3 you begins
        8.20 ask 2
        8.25 finish recognition
        8.25 t3 you ends completed "Grace, snow is warm, no, strike that."
        8.25 struck spoken 6.000 to 8.250 t3
        10.04 t4 you begins
        11.20 ask 3
        11.25 finish recognition
        11.25 t4 you ends completed "Grace, is snow cold?"
        11.25 t5 guest begins
        11.25 t5 guest granted addressed
        11.25 t5 guest writes | user Host: Ada, what about rain? | user Ada: That is a good question, and here is my answer to it. | user Host: Grace, is snow cold?
        11.65 t5 guest is heard
        14.95 t5 guest ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn without_autopilot_nobody_lands() {
    check(
        r#"
        1.0 host types "Ada, what is a moon?"
        1.0 ada will say "A moon is a rock that goes around a planet, as everybody in this town knows. And there is more."
        2.6 host breathes
        until 8
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what is a moon?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.50 t2 claude is heard
        2.60 t2 duck -12 dB
        2.92 t2 duck 0 dB
        7.30 t2 claude ends completed "A moon is a rock that goes around a planet, as everybody in this town knows. And there is more."
        "#,
    );
}

#[test]
fn nobody_lands_where_the_briefing_says_so() {
    check(
        r#"
        0.0 rule director.softLanding 0
        1.0 autopilot on
        1.0 ada will say "A moon is a rock that goes around a planet, as everybody in this town knows. And there is more."
        2.6 host breathes
        5.0 autopilot off
        until 9
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.50 t1 claude is heard
        2.60 t1 duck -12 dB
        2.92 t1 duck 0 dB
        5.00 autopilot off
        7.30 t1 claude ends completed "A moon is a rock that goes around a planet, as everybody in this town knows. And there is more."
        "#,
    );
}

#[test]
fn a_second_breath_asks_for_no_second_landing() {
    check(
        r#"
        1.0 autopilot on
        1.0 ada will say "A moon is a rock that goes around a planet, as everybody in this town knows. And there is more."
        2.6 host breathes
        3.0 host breathes
        5.0 autopilot off
        until 9
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.50 t1 claude is heard
        2.60 t1 duck -12 dB
        2.92 t1 duck 0 dB
        2.92 t1 lands
        3.00 t1 duck -12 dB
        3.32 t1 duck 0 dB
        4.20 t1 claude stop
        4.20 t1 claude ends yielded "A moon is a rock that goes around a planet," unheard "as everybody in this town knows. And there is more."
        5.00 autopilot off
        "#,
    );
}

#[test]
fn a_room_that_only_makes_noises_is_not_landed_for_again_for_half_a_minute() {
    check(
        r#"
        0.0 rule autopilot.maxTurns 30
        1.0 autopilot on
        2.6 host breathes
        9.0 host breathes
        35.9 host breathes
        38.5 host breathes
        40.0 autopilot off
        until 60
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.40 t1 claude is heard
        2.60 t1 duck -12 dB
        2.92 t1 duck 0 dB
        4.70 t1 claude ends completed "That is a good question, and here is my answer to it."
        6.20 t2 guest begins
        6.20 t2 guest granted autopilot
        6.20 t2 guest writes
        6.60 t2 guest is heard
        9.00 t2 duck -12 dB
        9.32 t2 duck 0 dB
        9.90 t2 guest ends completed "That is a good question, and here is my answer to it."
        9.90 t3 claude begins
        9.90 t3 claude granted autopilot
        9.90 t3 claude writes
        10.30 t3 claude is heard
        13.60 t3 claude ends completed "That is a good question, and here is my answer to it."
        13.60 t4 guest begins
        13.60 t4 guest granted autopilot
        13.60 t4 guest writes
        14.00 t4 guest is heard
        17.30 t4 guest ends completed "That is a good question, and here is my answer to it."
        17.30 t5 claude begins
        17.30 t5 claude granted autopilot
        17.30 t5 claude writes
        17.70 t5 claude is heard
        21.00 t5 claude ends completed "That is a good question, and here is my answer to it."
        21.00 t6 guest begins
        21.00 t6 guest granted autopilot
        21.00 t6 guest writes
        21.40 t6 guest is heard
        24.70 t6 guest ends completed "That is a good question, and here is my answer to it."
        24.70 t7 claude begins
        24.70 t7 claude granted autopilot
        24.70 t7 claude writes
        25.10 t7 claude is heard
        28.40 t7 claude ends completed "That is a good question, and here is my answer to it."
        28.40 t8 guest begins
        28.40 t8 guest granted autopilot
        28.40 t8 guest writes
        28.80 t8 guest is heard
        32.10 t8 guest ends completed "That is a good question, and here is my answer to it."
        32.10 t9 claude begins
        32.10 t9 claude granted autopilot
        32.10 t9 claude writes
        32.50 t9 claude is heard
        35.80 t9 claude ends completed "That is a good question, and here is my answer to it."
        35.80 t10 guest begins
        35.80 t10 guest granted autopilot
        35.80 t10 guest writes
        36.20 t10 guest is heard
        38.50 t10 duck -12 dB
        38.82 t10 duck 0 dB
        39.50 t10 guest ends completed "That is a good question, and here is my answer to it."
        40.00 autopilot off
        "#,
    );
}

#[test]
fn where_no_clause_ends_the_turn_does_and_the_floor_is_kept_free() {
    check(
        r#"
        1.0 autopilot on
        1.0 ada will say "A moon is a rock."
        1.6 host breathes
        5.5 autopilot off
        until 9
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.40 t1 claude is heard
        1.60 t1 duck -12 dB
        1.92 t1 duck 0 dB
        2.60 t1 claude ends completed "A moon is a rock."
        4.10 t2 guest begins
        4.10 t2 guest granted autopilot
        4.10 t2 guest writes
        4.50 t2 guest is heard
        5.50 autopilot off
        7.80 t2 guest ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn autopilot_switched_off_frees_the_floor_that_was_kept() {
    check(
        r#"
        1.0 autopilot on
        1.0 ada will say "A moon is a rock."
        1.6 host breathes
        3.0 autopilot off
        until 9
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.40 t1 claude is heard
        1.60 t1 duck -12 dB
        1.92 t1 duck 0 dB
        2.60 t1 claude ends completed "A moon is a rock."
        3.00 autopilot off
        "#,
    );
}

#[test]
fn who_speaks_after_his_breath_has_the_floor() {
    check(
        r#"
        1.0 autopilot on
        1.0 ada will say "A moon is a rock."
        1.6 host breathes
        3.2 host says "Grace, is that so?" for 0.9
        4.0 autopilot off
        until 9
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.40 t1 claude is heard
        1.60 t1 duck -12 dB
        1.92 t1 duck 0 dB
        2.60 t1 claude ends completed "A moon is a rock."
        3.24 t2 you begins
        4.00 autopilot off
        4.30 ask 1
        5.70 finish recognition
        5.70 t2 you ends completed "Grace, is that so?"
        5.70 t3 guest begins
        5.70 t3 guest granted addressed
        5.70 t3 guest writes
        6.10 t3 guest is heard
        "#,
    );
}

#[test]
fn the_end_of_the_show_waits_for_no_host_who_may_speak() {
    check(
        r#"
        1.0 autopilot on
        1.0 ada will say "A moon is a rock."
        1.6 host breathes
        3.0 host ends it
        until 9
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.40 t1 claude is heard
        1.60 t1 duck -12 dB
        1.92 t1 duck 0 dB
        2.60 t1 claude ends completed "A moon is a rock."
        3.00 close
        "#,
    );
}

#[test]
fn an_interrupted_landing_is_none() {
    check(
        r#"
        1.0 autopilot on
        1.0 ada will say "A moon is a rock that goes around a planet, as everybody in this town knows. And there is more."
        2.6 host breathes
        3.0 host interrupts
        until 9
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.50 t1 claude is heard
        2.60 t1 duck -12 dB
        2.92 t1 duck 0 dB
        2.92 t1 lands
        3.00 t1 flush
        3.00 t1 claude stop
        3.04 t1 claude ends interrupted "A moon is a rock that" unheard "goes around a planet, as everybody in this town knows. And there is more."
        "#,
    );
}

#[test]
fn an_interrupted_landing_leaves_room_for_the_next() {
    check(
        r#"
        1.0 autopilot on
        1.0 ada will say "A moon is a rock that goes around a planet, as everybody in this town knows. And there is more."
        1.0 grace will say "A planet is a rock that goes around a sun, as everybody in this town knows. And there is more."
        2.6 host breathes
        3.0 host interrupts
        4.0 autopilot on
        5.8 host breathes
        7.0 autopilot off
        until 12
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.50 t1 claude is heard
        2.60 t1 duck -12 dB
        2.92 t1 duck 0 dB
        2.92 t1 lands
        3.00 t1 flush
        3.00 t1 claude stop
        3.04 t1 claude ends interrupted "A moon is a rock that" unheard "goes around a planet, as everybody in this town knows. And there is more."
        4.00 autopilot on
        4.00 t2 guest begins
        4.00 t2 guest granted autopilot
        4.00 t2 guest writes
        4.50 t2 guest is heard
        5.80 t2 duck -12 dB
        6.12 t2 duck 0 dB
        6.12 t2 lands
        7.00 autopilot off
        9.10 t2 guest stop
        9.10 t2 guest ends yielded "A planet is a rock that goes around a sun, as everybody in this town knows." unheard "And there is more."
        "#,
    );
}

#[test]
fn after_just_half_a_minute_it_is_landed_for_again() {
    let town = "and the rain fell on the town, ".repeat(18);
    for (breath, told) in [("35.879", vec![]), ("35.88", vec!["36.20 t2 lands"])] {
        let timeline = format!(
            r#"
            1.0 autopilot on
            2.6 host breathes
            3.0 grace will say "{town}and that was all."
            {breath} host breathes
            until 37
            "#
        );
        let mut events = Vec::new();
        Timeline::parse(&timeline).expect("a timeline").play(&mut events).expect("every rule kept");
        let story = story(&events, "", false);
        let lands: Vec<&str> = story.lines().filter(|line| line.ends_with("lands")).collect();
        assert_eq!(lands, told, "{breath}");
    }
}

#[test]
fn a_breath_lets_the_speaker_finish_the_clause_and_keeps_the_floor_free() {
    check(
        r#"
        1.0 autopilot on
        1.0 ada will say "A moon is a rock that goes around a planet, as everybody in this town knows. And there is more."
        2.6 host breathes
        5.6 host says "Grace, is that so?" for 0.9
        9.5 autopilot off
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.50 t1 claude is heard
        2.60 t1 duck -12 dB
        2.92 t1 duck 0 dB
        2.92 t1 lands
        4.20 t1 claude stop
        4.20 t1 claude ends yielded "A moon is a rock that goes around a planet," unheard "as everybody in this town knows. And there is more."
        5.64 t2 you begins
        6.70 ask 1
        8.10 finish recognition
        8.10 t2 you ends completed "Grace, is that so?"
        8.10 t3 guest begins
        8.10 t3 guest granted addressed
        8.10 t3 guest writes
        8.50 t3 guest is heard
        9.50 autopilot off
        11.80 t3 guest ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_breath_that_no_word_follows_costs_a_moment_and_is_not_landed_for_again() {
    check(
        r#"
        0.0 rule autopilot.maxTurns 2
        1.0 autopilot on
        1.0 ada will say "A moon is a rock that goes around a planet, as everybody in this town knows. And there is more."
        1.0 grace will say "It is a lamp that goes around a planet, as everybody in this town knows. And there is more."
        2.6 host breathes
        8.5 host breathes
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.50 t1 claude is heard
        2.60 t1 duck -12 dB
        2.92 t1 duck 0 dB
        2.92 t1 lands
        4.20 t1 claude stop
        4.20 t1 claude ends yielded "A moon is a rock that goes around a planet," unheard "as everybody in this town knows. And there is more."
        5.70 t2 guest begins
        5.70 t2 guest granted autopilot
        5.70 t2 guest writes
        6.18 t2 guest is heard
        8.50 t2 duck -12 dB
        8.82 t2 duck 0 dB
        11.78 t2 guest ends completed "It is a lamp that goes around a planet, as everybody in this town knows. And there is more."
        11.78 claude denied autopilot_max_turns
        11.78 tell autopilot_rests
        "#,
    );
}

#[test]
fn without_autopilot_a_breath_changes_nothing() {
    check(
        r#"
        1.0 host says "Ada, what about rain?" for 1.2
        1.0 ada will say "It falls down, as everybody in this town knows, and it makes us wet."
        4.0 host breathes
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "Ada, what about rain?"
        2.45 t2 claude begins
        2.45 t2 claude granted addressed
        2.45 t2 claude writes
        2.93 t2 claude is heard
        4.00 t2 duck -12 dB
        4.32 t2 duck 0 dB
        7.13 t2 claude ends completed "It falls down, as everybody in this town knows, and it makes us wet."
        "#,
    );
}

#[test]
fn a_clause_that_ends_in_just_over_a_second_is_landed_at() {
    check(
        r#"
        1.0 autopilot on
        1.0 ada will say "That is a good question, and it is so so, but there is more to say, and that is all."
        2.6 host breathes
        until 6
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.40 t1 claude is heard
        2.60 t1 duck -12 dB
        2.92 t1 duck 0 dB
        2.92 t1 lands
        4.00 t1 claude stop
        4.00 t1 claude ends yielded "That is a good question, and it is so so," unheard "but there is more to say, and that is all."
        5.50 t2 guest begins
        5.50 t2 guest granted autopilot
        5.50 t2 guest writes
        5.90 t2 guest is heard
        "#,
    );
}
