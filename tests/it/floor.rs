//! Who has the floor, as timelines, one each: what people do above the line, what the studio does below it.

use crate::support::timeline::check;

#[test]
fn a_question_is_answered_by_the_one_who_is_called() {
    check(
        r#"
        1.0 host says "Grace, what about rain?" for 1.2
        1.0 grace will say "It falls down."
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "Grace, what about rain?"
        2.45 t2 guest begins
        2.45 t2 guest granted addressed
        2.45 t2 guest writes
        2.81 t2 guest is heard
        3.71 t2 guest ends completed "It falls down."
        "#,
    );
}

#[test]
fn nobody_called_means_whoever_spoke_longer_ago() {
    check(
        r#"
        1.0 host says "What about rain?" for 1.2
        6.0 host says "And what about snow?" for 1.2
        12.0 host says "Anything else?" for 1.0
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "What about rain?"
        2.45 t2 claude begins
        2.45 t2 claude granted alternation
        2.45 t2 claude writes
        2.85 t2 claude is heard
        6.04 t2 duck -12 dB
        6.15 t2 claude ends completed "That is a good question, and here is my answer to it."
        6.15 t3 you begins
        7.40 ask 2
        7.45 finish recognition
        7.45 t3 you ends completed "And what about snow?"
        7.45 t4 guest begins
        7.45 t4 guest granted alternation
        7.45 t4 guest writes
        7.85 t4 guest is heard
        11.15 t4 guest ends completed "That is a good question, and here is my answer to it."
        12.04 t5 you begins
        13.20 ask 3
        13.25 finish recognition
        13.25 t5 you ends completed "Anything else?"
        13.25 t6 claude begins
        13.25 t6 claude granted alternation
        13.25 t6 claude writes
        13.65 t6 claude is heard
        16.95 t6 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn three_turns_ada_then_grace_then_both() {
    check(
        r#"
        1.0 host says "Welcome to the show. Ada, who are you?" for 2.4
        1.0 ada will say "I am Ada, your host's friend."
        1.0 grace will say "I do agree with her."
        1.0 ada will say "Good night to you."
        1.0 grace will say "Sleep well, everybody."
        8.0 host says "Grace, do you agree with her?" for 1.6
        14.0 host says "Thank you both. Good night." for 1.6
        ----
        1.04 t1 you begins
        3.60 ask 1
        3.65 finish recognition
        3.65 t1 you ends completed "Welcome to the show. Ada, who are you?"
        3.65 t2 claude begins
        3.65 t2 claude granted addressed
        3.65 t2 claude writes
        4.07 t2 claude is heard
        5.87 t2 claude ends completed "I am Ada, your host's friend."
        8.04 t3 you begins
        9.80 ask 2
        9.85 finish recognition
        9.85 t3 you ends completed "Grace, do you agree with her?"
        9.85 t4 guest begins
        9.85 t4 guest granted addressed
        9.85 t4 guest writes
        10.25 t4 guest is heard
        11.55 t4 guest ends completed "I do agree with her."
        14.04 t5 you begins
        15.80 ask 3
        15.85 finish recognition
        15.85 t5 you ends completed "Thank you both. Good night."
        15.85 t6 claude begins
        15.85 t6 claude granted addressed-first
        15.85 t6 claude writes
        16.23 t6 claude is heard
        17.43 t6 claude ends completed "Good night to you."
        17.43 t7 guest begins
        17.43 t7 guest granted addressed-second
        17.43 t7 guest writes
        17.79 t7 guest is heard
        19.09 t7 guest ends completed "Sleep well, everybody."
        "#,
    );
}

#[test]
fn a_name_that_sounds_alike_is_understood() {
    check(
        r#"
        1.0 host says "Brace, do you agree with her?" for 1.6
        6.0 host says "Eight a, who are you?" for 1.6
        ----
        1.04 t1 you begins
        2.80 ask 1
        2.85 finish recognition
        2.85 t1 you ends completed "Brace, do you agree with her?"
        2.85 t2 guest begins
        2.85 t2 guest granted addressed
        2.85 t2 guest writes
        3.25 t2 guest is heard
        6.04 t2 duck -12 dB
        6.20 t2 pause
        7.45 t2 flush
        7.45 t2 guest stop
        7.45 t3 you begins
        7.49 t2 barge-in stopped
        7.49 t2 guest ends barged-in "That is a good question, and here is my answer" unheard "to it."
        7.80 ask 2
        7.85 finish recognition
        7.85 t3 you ends completed "Eight a, who are you?"
        7.85 t4 claude begins
        7.85 t4 claude granted addressed
        7.85 t4 claude writes
        8.25 t4 claude is heard
        11.55 t4 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_name_that_is_only_mentioned_calls_nobody() {
    check(
        r#"
        1.0 host says "As Grace said, rain is wet. Is it?" for 1.6
        ----
        1.04 t1 you begins
        2.80 ask 1
        2.85 finish recognition
        2.85 t1 you ends completed "As Grace said, rain is wet. Is it?"
        2.85 t2 claude begins
        2.85 t2 claude granted alternation
        2.85 t2 claude writes
        3.25 t2 claude is heard
        6.55 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_nominee_speaks_at_once_in_silence_and_next_otherwise() {
    check(
        r#"
        1.0 host nominates grace
        6.0 host says "What about rain?" for 1.2
        6.5 host nominates grace
        until 12
        ----
        1.00 t1 guest begins
        1.00 t1 guest granted nominated
        1.00 t1 guest writes
        1.40 t1 guest is heard
        4.70 t1 guest ends completed "That is a good question, and here is my answer to it."
        6.04 t2 you begins
        7.40 ask 1
        7.45 finish recognition
        7.45 t2 you ends completed "What about rain?"
        7.45 t3 guest begins
        7.45 t3 guest granted nominated
        7.45 t3 guest writes
        7.85 t3 guest is heard
        11.15 t3 guest ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn what_would_each_do_calls_both() {
    check(
        r#"
        1.0 host says "So what would each have you do first?" for 1.4
        until 7
        ----
        1.04 t1 you begins
        2.60 ask 1
        2.65 finish recognition
        2.65 t1 you ends completed "So what would each have you do first?"
        2.65 t2 claude begins
        2.65 t2 claude granted addressed-first
        2.65 t2 claude writes
        3.05 t2 claude is heard
        6.35 t2 claude ends completed "That is a good question, and here is my answer to it."
        6.35 t3 guest begins
        6.35 t3 guest granted addressed-second
        6.35 t3 guest writes
        6.75 t3 guest is heard
        "#,
    );
}

#[test]
fn both_are_called_and_the_second_waits_for_the_first() {
    check(
        r#"
        1.0 host says "What do you two think?" for 1.4
        until 12
        ----
        1.04 t1 you begins
        2.60 ask 1
        2.65 finish recognition
        2.65 t1 you ends completed "What do you two think?"
        2.65 t2 claude begins
        2.65 t2 claude granted addressed-first
        2.65 t2 claude writes
        3.05 t2 claude is heard
        6.35 t2 claude ends completed "That is a good question, and here is my answer to it."
        6.35 t3 guest begins
        6.35 t3 guest granted addressed-second
        6.35 t3 guest writes
        6.75 t3 guest is heard
        10.05 t3 guest ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn the_second_answer_is_void_when_the_host_takes_the_floor() {
    check(
        r#"
        1.0 host says "What do you two think?" for 1.4
        4.0 host says "No wait, something else entirely, please." for 2.0
        until 12
        ----
        1.04 t1 you begins
        2.60 ask 1
        2.65 finish recognition
        2.65 t1 you ends completed "What do you two think?"
        2.65 t2 claude begins
        2.65 t2 claude granted addressed-first
        2.65 t2 claude writes
        3.05 t2 claude is heard
        4.04 t2 duck -12 dB
        4.20 t2 pause
        5.45 t2 flush
        5.45 t2 claude stop
        5.45 t3 you begins
        5.49 t2 barge-in stopped
        5.49 t2 claude ends barged-in "That is a good" unheard "question, and here is my answer to it."
        6.20 ask 2
        6.25 finish recognition
        6.25 t3 you ends completed "No wait, something else entirely, please."
        6.25 t4 guest begins
        6.25 t4 guest granted alternation
        6.25 t4 guest writes
        6.65 t4 guest is heard
        9.95 t4 guest ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn autopilot_keeps_the_gap_and_rests_after_six_turns() {
    check(
        r#"
        0.5 text takes 0.01
        0.5 voice takes 0.01
        1.0 autopilot on
        until 60
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.12 t1 claude is heard
        4.42 t1 claude ends completed "That is a good question, and here is my answer to it."
        4.42 t2 guest begins
        4.42 t2 guest granted autopilot
        4.42 t2 guest writes
        4.67 t2 guest is heard
        7.97 t2 guest ends completed "That is a good question, and here is my answer to it."
        7.97 t3 claude begins
        7.97 t3 claude granted autopilot
        7.97 t3 claude writes
        8.22 t3 claude is heard
        11.52 t3 claude ends completed "That is a good question, and here is my answer to it."
        11.52 t4 guest begins
        11.52 t4 guest granted autopilot
        11.52 t4 guest writes
        11.77 t4 guest is heard
        15.07 t4 guest ends completed "That is a good question, and here is my answer to it."
        15.07 t5 claude begins
        15.07 t5 claude granted autopilot
        15.07 t5 claude writes
        15.32 t5 claude is heard
        18.62 t5 claude ends completed "That is a good question, and here is my answer to it."
        18.62 t6 guest begins
        18.62 t6 guest granted autopilot
        18.62 t6 guest writes
        18.87 t6 guest is heard
        22.17 t6 guest ends completed "That is a good question, and here is my answer to it."
        22.17 claude denied autopilot_max_turns
        22.17 tell autopilot_rests
        "#,
    );
}

#[test]
fn autopilot_switched_off_lets_the_last_turn_end() {
    check(
        r#"
        1.0 autopilot on
        3.0 autopilot off
        until 20
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.40 t1 claude is heard
        3.00 autopilot off
        4.70 t1 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn the_host_wins_over_autopilot() {
    check(
        r#"
        1.0 autopilot on
        3.0 host says "Let me come in here, if I may say so." for 1.8
        until 7
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.40 t1 claude is heard
        3.04 t1 duck -12 dB
        3.20 t1 pause
        4.45 t1 flush
        4.45 t1 claude stop
        4.45 t2 you begins
        4.49 t1 barge-in stopped
        4.49 t1 claude ends barged-in "That is a good question, and" unheard "here is my answer to it."
        5.00 ask 1
        5.05 finish recognition
        5.05 t2 you ends completed "Let me come in here, if I may say so."
        5.05 t3 guest begins
        5.05 t3 guest granted alternation
        5.05 t3 guest writes
        5.45 t3 guest is heard
        "#,
    );
}

#[test]
fn one_ai_may_call_the_other_once_without_autopilot() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        1.0 ada will say "It is wet. Grace, what do you think?"
        1.0 grace will say "It is very wet. Ada, do you agree?"
        until 20
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.46 t2 claude is heard
        3.76 t2 claude ends completed "It is wet. Grace, what do you think?"
        3.76 t3 guest begins
        3.76 t3 guest granted addressed-by-other
        3.76 t3 guest writes
        4.22 t3 guest is heard
        6.42 t3 guest ends completed "It is very wet. Ada, do you agree?"
        6.42 claude denied hand_overs_max
        "#,
    );
}

#[test]
fn the_end_stops_the_speaker_and_closes_everything() {
    check(
        r#"
        show captions orbs
        1.0 host types "Ada, tell me a story."
        1.0 ada will say "The story begins a long time ago, in a town by the sea where nobody ever spoke."
        3.0 host ends it
        until 9
        ----
        0.00 orb you idle
        0.00 orb claude idle
        0.00 orb guest idle
        1.00 t1 you begins
        1.00 t1 caption you "Ada, tell me a story." 1.000 to 1.000
        1.00 t1 you ends completed "Ada, tell me a story."
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.00 orb you listening
        1.00 orb claude thinking
        1.00 orb guest listening
        1.44 t2 claude is heard
        1.44 orb claude speaking
        3.00 t2 flush
        3.00 t2 claude stop
        3.00 orb you idle
        3.00 orb claude interrupted
        3.00 orb guest idle
        3.04 t2 caption claude "The story begins a long" cut 1.440 to 2.890
        3.04 t2 claude ends session-ended "The story begins a long" unheard "time ago, in a town by the sea where nobody ever spoke."
        3.04 orb claude idle
        3.04 close
        "#,
    );
}

#[test]
fn the_end_waits_for_the_hosts_last_words() {
    check(
        r#"
        show captions
        1.0 host says "Good night, everyone." for 1.2 heard after 0.8
        2.3 host ends it
        until 9
        ----
        1.04 t1 you begins
        2.30 finish recognition
        3.00 t1 you ends session-ended "Good night, everyone."
        3.00 t1 caption you "Good night, everyone." 1.000 to 2.200
        3.00 close
        "#,
    );
}

#[test]
fn a_marker_is_noted() {
    check(
        r#"
        2.5 host marks "cut here"
        until 4
        ----
        2.50 marker "cut here"
        "#,
    );
}

#[test]
fn nothing_happens_after_the_end() {
    check(
        r#"
        show ignored
        1.0 host ends it
        2.0 host types "Hello?"
        until 4
        ----
        1.00 close
        2.00 ignored session_is_over
        "#,
    );
}

#[test]
fn orbs_follow_the_floor() {
    check(
        r#"
        show orbs
        1.0 host says "Ada, tell me the long story." for 1.4
        1.0 ada will say "The story begins a long time ago, in a town by the sea where nobody ever spoke."
        5.0 host says "Grace, and you? What do you say?" for 2.0
        until 12
        ----
        0.00 orb you idle
        0.00 orb claude idle
        0.00 orb guest idle
        1.04 t1 you begins
        1.04 orb you speaking
        1.04 orb claude listening
        1.04 orb guest listening
        2.56 orb you idle
        2.60 ask 1
        2.65 finish recognition
        2.65 t1 you ends completed "Ada, tell me the long story."
        2.65 t2 claude begins
        2.65 t2 claude granted addressed
        2.65 t2 claude writes
        2.65 orb you listening
        2.65 orb claude thinking
        3.09 t2 claude is heard
        3.09 orb claude speaking
        5.04 t2 duck -12 dB
        5.04 orb you speaking
        5.20 t2 pause
        5.20 orb claude paused
        6.45 t2 flush
        6.45 t2 claude stop
        6.45 t3 you begins
        6.45 orb claude interrupted
        6.49 t2 barge-in stopped
        6.49 t2 claude ends barged-in "The story begins a long time ago," unheard "in a town by the sea where nobody ever spoke."
        7.16 orb you idle
        7.20 ask 2
        7.25 finish recognition
        7.25 t3 you ends completed "Grace, and you? What do you say?"
        7.25 t4 guest begins
        7.25 t4 guest granted addressed
        7.25 t4 guest writes
        7.25 orb you listening
        7.25 orb guest thinking
        7.65 t4 guest is heard
        7.65 orb claude listening
        7.65 orb guest speaking
        10.95 t4 guest ends completed "That is a good question, and here is my answer to it."
        10.95 orb you idle
        10.95 orb claude idle
        10.95 orb guest idle
        "#,
    );
}

#[test]
fn two_ais_named_together_answer_in_the_order_named() {
    check(
        r#"
        1.0 host says "Grace and Ada, who are you?" for 1.4
        until 3
        ----
        1.04 t1 you begins
        2.60 ask 1
        2.65 finish recognition
        2.65 t1 you ends completed "Grace and Ada, who are you?"
        2.65 t2 guest begins
        2.65 t2 guest granted addressed-first
        2.65 t2 guest writes
        "#,
    );
}
