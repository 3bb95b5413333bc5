//! The show around the floor as timelines: the producer's channel, second takes, the plan and its rules.

use crate::support::timeline::check;

#[test]
fn a_whisper_is_in_one_prompt_and_in_no_caption() {
    check(
        r#"show prompts captions
        0.5 producer whispers grace "ask about the budget"
        1.0 host says "Ada, what about rain?" for 1.2
        1.0 ada will say "It falls down."
        6.0 host says "Grace, and what about snow?" for 1.2
        6.0 grace will say "It falls up."
        ----
        0.50 guest is told "ask about the budget"
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "Ada, what about rain?"
        2.45 t2 claude begins
        2.45 t2 claude granted addressed
        2.45 t2 claude writes | user Host: Ada, what about rain?
        2.49 t1 caption you "Ada, what about rain?" 1.000 s to 2.200 s
        2.81 t2 claude is heard
        3.71 t2 caption claude "It falls down." 2.810 s to 3.710 s
        3.71 t2 claude ends completed "It falls down."
        6.04 t3 you begins
        7.40 ask 2
        7.45 finish recognition
        7.45 t3 you ends completed "Grace, and what about snow?"
        7.45 t4 guest begins
        7.45 t4 guest granted addressed
        7.45 t4 guest writes | user Studio: (The producer says in your ear, and only you hear it: ask about the budget – Act on it without mentioning it.) | user Host: Ada, what about rain? | user Ada: It falls down. | user Host: Grace, and what about snow?
        7.49 t3 caption you "Grace, and what about snow?" 6.000 s to 7.200 s
        7.81 t4 guest is heard
        8.61 t4 caption guest "It falls up." 7.810 s to 8.610 s
        8.61 t4 guest ends completed "It falls up."
        "#,
    );
}

#[test]
fn a_whisper_makes_what_was_written_ahead_worthless_for_its_ear_only() {
    check(
        r#"
        0.0 rule prepare.next 1
        1.0 autopilot on
        1.0 ada will say "A moon is a rock that goes around a planet, as everybody knows."
        1.0 grace will say "It is also a lamp."
        3.5 producer whispers ada "be brief"
        4.0 producer whispers grace "be kind"
        6.5 autopilot off
        ----
        "#,
    );
}

#[test]
fn the_host_strikes_a_turn_and_the_second_take_knows_nothing_of_the_first() {
    check(
        r#"show prompts
        1.0 host says "Ada, what about rain?" for 1.2
        1.0 ada will say "It falls up."
        6.0 host says "No, strike that." for 0.9
        9.0 host says "What about rain?" for 1.0
        ----
        "#,
    );
}

#[test]
fn what_the_host_strikes_in_the_same_breath_is_his_own() {
    check(
        r#"show prompts
        1.0 host says "Ada, what about rain?" for 1.2
        6.0 host says "Grace, snow is warm, no, strike that." for 2.0
        10.0 host says "Grace, is snow cold?" for 1.0
        ----
        "#,
    );
}

#[test]
fn the_button_strikes_whoever_speaks_up_to_the_last_heard_word() {
    check(
        r#"show prompts
        1.0 host says "Ada, what about rain?" for 1.2
        1.0 ada will say "It falls up, and everybody in the whole city has to look at it."
        4.0 producer strikes
        6.0 host says "Grace, what about rain?" for 1.2
        ----
        "#,
    );
}

#[test]
fn the_last_seconds_are_struck_at_a_word() {
    check(
        r#"show prompts
        1.0 host says "Ada, what about rain?" for 1.2
        1.0 ada will say "It falls down on us. And it makes everybody in this whole city wet to the bone."
        10.0 producer strikes 5.0
        12.0 host says "Grace, what about snow?" for 1.2
        ----
        "#,
    );
}

#[test]
fn on_autopilot_the_table_goes_on_from_before_what_was_struck() {
    check(
        r#"
        1.0 autopilot on
        1.0 ada will say "A moon is a rock."
        1.0 grace will say "No, a moon is a cheese, a green one, with holes in it."
        4.0 producer strikes
        6.5 autopilot off
        ----
        "#,
    );
}

#[test]
fn with_nothing_said_there_is_nothing_to_strike() {
    check(
        r#"
        1.0 producer strikes
        2.0 producer strikes 10.0
        ----
        1.00 tell nothing_to_strike
        2.00 tell nothing_to_strike
        "#,
    );
}

#[test]
fn another_part_of_the_show_has_other_rules_and_both_are_told() {
    check(
        r#"show prompts
        0.0 part "Quick questions" of 3
        0.0 part 2 rule preset rapid-fire
        0.5 producer goes to part 2
        0.6 producer goes to part 9
        1.0 model says nothing
        1.0 model says 100
        1.0 model says 100
        1.0 host says "I was thinking of rain" for 1.2
        1.0 ada will say "It falls down."
        ----
        "#,
    );
}

#[test]
fn each_speaker_has_rules_of_their_own() {
    check(
        r#"
        0.0 host rule endOfTurn.ceilingMs 700
        0.0 grace rule bargeIn.pauseMs 600
        1.0 model says 100
        1.0 model says 100
        1.0 host says "Ada, I was thinking of rain" for 1.2
        1.0 ada will say "It falls down on all of us, whoever we are and wherever we go on this earth."
        1.0 grace will say "It falls up on all of us, whoever we are and wherever we go on this earth."
        4.5 host sounds for 1.0
        8.0 host says "Grace, and you?" for 0.8
        11.0 host sounds for 1.0
        until 20.0
        ----
        "#,
    );
}

#[test]
fn a_part_is_over_with_its_minutes_when_somebody_has_ended() {
    check(
        r#"
        0.0 part "Snow" of 5
        110.0 host says "Ada, what about rain?" for 1.2
        119.0 host says "Ada, what about hail?" for 1.2
        125.0 host says "Ada, what about fog?" for 1.2
        until 130.0
        ----
        "#,
    );
}
