//! Second takes as timelines: what the host strikes, how far it reaches, and who speaks after it.

use crate::support::timeline::check;

#[test]
fn the_host_strikes_a_turn_and_the_second_take_knows_nothing_of_the_first() {
    check(
        r#"show prompts
        1.0 host says "Ada, what about rain?" for 1.2
        1.0 ada will say "It falls up."
        6.0 host says "No, strike that." for 0.9
        9.0 host says "What about rain?" for 1.0
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "Ada, what about rain?"
        2.45 t2 claude begins
        2.45 t2 claude granted addressed
        2.45 t2 claude writes | user Host: Ada, what about rain?
        2.81 t2 claude is heard
        3.61 t2 claude ends completed "It falls up."
        6.04 t3 you begins
        7.10 ask 2
        7.15 finish recognition
        7.15 t3 you ends completed "No, strike that."
        7.15 struck spoken 2.810 to 7.150 t2 t3
        9.04 t4 you begins
        10.20 ask 3
        10.25 finish recognition
        10.25 t4 you ends completed "What about rain?"
        10.25 t5 claude begins
        10.25 t5 claude granted alternation
        10.25 t5 claude writes | user Host: Ada, what about rain? | user Host: What about rain?
        10.65 t5 claude is heard
        13.95 t5 claude ends completed "That is a good question, and here is my answer to it."
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
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "Ada, what about rain?"
        2.45 t2 claude begins
        2.45 t2 claude granted addressed
        2.45 t2 claude writes | user Host: Ada, what about rain?
        3.03 t2 claude is heard
        4.00 t2 flush
        4.00 t2 claude stop
        4.04 t2 claude ends interrupted "It falls up," unheard "and everybody in the whole city has to look at it."
        4.04 struck last-turn 3.030 to 4.040 t2
        6.04 t3 you begins
        7.40 ask 2
        7.45 finish recognition
        7.45 t3 you ends completed "Grace, what about rain?"
        7.45 t4 guest begins
        7.45 t4 guest granted addressed
        7.45 t4 guest writes | user Host: Ada, what about rain? | user Host: Grace, what about rain?
        7.85 t4 guest is heard
        11.15 t4 guest ends completed "That is a good question, and here is my answer to it."
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
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "Ada, what about rain?"
        2.45 t2 claude begins
        2.45 t2 claude granted addressed
        2.45 t2 claude writes | user Host: Ada, what about rain?
        2.85 t2 claude is heard
        7.75 t2 claude ends completed "It falls down on us. And it makes everybody in this whole city wet to the bone."
        10.00 struck seconds 5.000 to 10.000 t2 but "It falls down on us. And it makes"
        12.04 t3 you begins
        13.40 ask 2
        13.45 finish recognition
        13.45 t3 you ends completed "Grace, what about snow?"
        13.45 t4 guest begins
        13.45 t4 guest granted addressed
        13.45 t4 guest writes | user Host: Ada, what about rain? | user Ada: It falls down on us. And it makes | user Host: Grace, what about snow?
        13.85 t4 guest is heard
        17.15 t4 guest ends completed "That is a good question, and here is my answer to it."
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
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.40 t1 claude is heard
        2.60 t1 claude ends completed "A moon is a rock."
        2.60 t2 guest begins
        2.60 t2 guest granted autopilot
        2.60 t2 guest writes
        3.08 t2 guest is heard
        4.00 t2 flush
        4.00 t2 guest stop
        4.04 t2 guest ends interrupted "No, a moon is" unheard "a cheese, a green one, with holes in it."
        4.04 struck last-turn 3.080 to 4.040 t2
        4.04 t3 guest begins
        4.04 t3 guest granted autopilot
        4.04 t3 guest writes
        4.44 t3 guest is heard
        6.50 autopilot off
        7.74 t3 guest ends completed "That is a good question, and here is my answer to it."
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
fn polite_words_may_follow_and_others_may_lead_in() {
    check(
        r#"
        1.0 host says "Ada, what about rain?" for 1.2
        1.0 ada will say "It falls up."
        6.0 host says "Okay, let's just cut that, please." for 1.2
        until 9
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "Ada, what about rain?"
        2.45 t2 claude begins
        2.45 t2 claude granted addressed
        2.45 t2 claude writes
        2.81 t2 claude is heard
        3.61 t2 claude ends completed "It falls up."
        6.04 t3 you begins
        7.40 ask 2
        7.45 finish recognition
        7.45 t3 you ends completed "Okay, let's just cut that, please."
        7.45 struck spoken 2.810 to 7.450 t2 t3
        "#,
    );
}

#[test]
fn a_phrase_in_the_middle_strikes_nothing() {
    check(
        r#"
        1.0 host says "Ada, what about rain?" for 1.2
        1.0 ada will say "It falls up."
        6.0 host says "Please strike that match for me." for 1.2
        until 10
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "Ada, what about rain?"
        2.45 t2 claude begins
        2.45 t2 claude granted addressed
        2.45 t2 claude writes
        2.81 t2 claude is heard
        3.61 t2 claude ends completed "It falls up."
        6.04 t3 you begins
        7.40 ask 2
        7.45 finish recognition
        7.45 t3 you ends completed "Please strike that match for me."
        7.45 t4 guest begins
        7.45 t4 guest granted alternation
        7.45 t4 guest writes
        7.85 t4 guest is heard
        "#,
    );
}

#[test]
fn with_nothing_before_it_the_host_strikes_his_own_words() {
    check(
        r#"
        1.0 host says "Strike that." for 0.9
        until 4
        ----
        1.04 t1 you begins
        2.10 ask 1
        2.15 finish recognition
        2.15 t1 you ends completed "Strike that."
        2.15 struck spoken 1.000 to 2.150 t1
        "#,
    );
}

#[test]
fn seconds_reach_over_several_turns() {
    check(
        r#"
        show prompts
        1.0 host says "Ada, what about rain?" for 1.2
        1.0 ada will say "It falls up."
        6.0 host says "Grace, what about snow?" for 1.2
        1.0 grace will say "It falls down."
        10.0 producer strikes 6.0
        12.0 host says "Ada, what about hail?" for 1.2
        until 15
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "Ada, what about rain?"
        2.45 t2 claude begins
        2.45 t2 claude granted addressed
        2.45 t2 claude writes | user Host: Ada, what about rain?
        2.81 t2 claude is heard
        3.61 t2 claude ends completed "It falls up."
        6.04 t3 you begins
        7.40 ask 2
        7.45 finish recognition
        7.45 t3 you ends completed "Grace, what about snow?"
        7.45 t4 guest begins
        7.45 t4 guest granted addressed
        7.45 t4 guest writes | user Host: Ada, what about rain? | user Ada: It falls up. | user Host: Grace, what about snow?
        7.81 t4 guest is heard
        8.71 t4 guest ends completed "It falls down."
        10.00 struck seconds 6.000 to 10.000 t3 t4
        12.04 t5 you begins
        13.40 ask 3
        13.45 finish recognition
        13.45 t5 you ends completed "Ada, what about hail?"
        13.45 t6 claude begins
        13.45 t6 claude granted addressed
        13.45 t6 claude writes | user Host: Ada, what about rain? | assistant Ada: It falls up. | user Host: Ada, what about hail?
        13.85 t6 claude is heard
        "#,
    );
}

#[test]
fn what_was_struck_is_not_struck_again() {
    check(
        r#"
        1.0 host says "Ada, what about rain?" for 1.2
        1.0 ada will say "It falls up."
        6.0 producer strikes
        7.0 producer strikes
        8.0 producer strikes
        until 9
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "Ada, what about rain?"
        2.45 t2 claude begins
        2.45 t2 claude granted addressed
        2.45 t2 claude writes
        2.81 t2 claude is heard
        3.61 t2 claude ends completed "It falls up."
        6.00 struck last-turn 2.810 to 6.000 t2
        7.00 struck last-turn 1.000 to 7.000 t1
        8.00 tell nothing_to_strike
        "#,
    );
}

#[test]
fn words_of_a_host_who_still_speaks_are_struck_and_he_goes_on() {
    check(
        r#"
        1.0 host says "I was thinking that" for 1.0
        2.2 host says "the rain falls up" for 2.0
        2.9 producer strikes
        until 6
        ----
        1.04 t1 you begins
        2.20 ask 1
        2.90 finish recognition
        2.90 t1 you ends completed "I was thinking that"
        2.90 t2 you begins
        2.90 struck last-turn 1.000 to 2.900 t1
        4.40 ask 2
        4.45 finish recognition
        4.45 t2 you ends completed "the rain falls up"
        4.45 t3 claude begins
        4.45 t3 claude granted alternation
        4.45 t3 claude writes
        4.85 t3 claude is heard
        "#,
    );
}

#[test]
fn a_host_of_whom_no_word_is_known_goes_on() {
    check(
        r#"
        1.0 host says "Ada, what about rain?" for 1.2
        1.0 ada will say "It falls up."
        6.0 host says "So once more, Ada, what about rain?" for 1.6
        6.2 producer strikes
        until 9
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "Ada, what about rain?"
        2.45 t2 claude begins
        2.45 t2 claude granted addressed
        2.45 t2 claude writes
        2.81 t2 claude is heard
        3.61 t2 claude ends completed "It falls up."
        6.04 t3 you begins
        6.20 struck last-turn 2.810 to 6.200 t2
        7.80 ask 2
        7.85 finish recognition
        7.85 t3 you ends completed "So once more, Ada, what about rain?"
        7.85 t4 claude begins
        7.85 t4 claude granted addressed
        7.85 t4 claude writes
        8.25 t4 claude is heard
        "#,
    );
}

#[test]
fn two_minutes_are_struck_at_most() {
    check(
        r#"
        1.0 host says "Ada, what about rain?" for 1.2
        1.0 ada will say "It falls up."
        140.0 host says "Grace, what about snow?" for 1.2
        1.0 grace will say "It falls down."
        150.0 producer strikes 9000
        until 152
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "Ada, what about rain?"
        2.45 t2 claude begins
        2.45 t2 claude granted addressed
        2.45 t2 claude writes
        2.81 t2 claude is heard
        3.61 t2 claude ends completed "It falls up."
        140.04 t3 you begins
        141.40 ask 2
        141.45 finish recognition
        141.45 t3 you ends completed "Grace, what about snow?"
        141.45 t4 guest begins
        141.45 t4 guest granted addressed
        141.45 t4 guest writes
        141.81 t4 guest is heard
        142.71 t4 guest ends completed "It falls down."
        150.00 struck seconds 140.000 to 150.000 t3 t4
        "#,
    );
}

#[test]
fn a_struck_answer_leaves_its_speaker_the_next_turn() {
    check(
        r#"
        1.0 host says "What about rain?" for 1.2
        1.0 ada will say "It falls up."
        6.0 producer strikes
        8.0 host says "What about snow?" for 1.2
        until 11
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "What about rain?"
        2.45 t2 claude begins
        2.45 t2 claude granted alternation
        2.45 t2 claude writes
        2.81 t2 claude is heard
        3.61 t2 claude ends completed "It falls up."
        6.00 struck last-turn 2.810 to 6.000 t2
        8.04 t3 you begins
        9.40 ask 2
        9.45 finish recognition
        9.45 t3 you ends completed "What about snow?"
        9.45 t4 claude begins
        9.45 t4 claude granted alternation
        9.45 t4 claude writes
        9.85 t4 claude is heard
        "#,
    );
}

#[test]
fn a_strike_waits_until_it_is_known_what_was_heard() {
    check(
        r#"
        0.5 flush takes 0.14
        1.0 host types "Ada, what about rain?"
        2.5 host types "No, strike that."
        until 6
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        2.50 t2 flush
        2.50 t2 claude stop
        2.50 t3 you begins
        2.50 t3 you ends completed "No, strike that."
        2.64 t2 claude ends interrupted "That is a good" unheard "question, and here is my answer to it."
        2.64 struck spoken 1.400 to 2.640 t2 t3
        "#,
    );
}

#[test]
fn who_was_to_answer_second_is_not_called_any_more_after_a_strike() {
    check(
        r#"
        1.0 host types "You two, what about rain?"
        2.5 host types "No, strike that."
        4.0 autopilot on
        5.0 autopilot off
        until 9
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "You two, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed-first
        1.00 t2 claude writes
        1.40 t2 claude is heard
        2.50 t2 flush
        2.50 t2 claude stop
        2.50 t3 you begins
        2.50 t3 you ends completed "No, strike that."
        2.54 t2 claude ends interrupted "That is a good" unheard "question, and here is my answer to it."
        2.54 struck spoken 1.400 to 2.540 t2 t3
        4.00 autopilot on
        4.00 t4 claude begins
        4.00 t4 claude granted autopilot
        4.00 t4 claude writes
        4.40 t4 claude is heard
        5.00 autopilot off
        7.70 t4 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn seconds_that_begin_with_a_voice_strike_what_was_said_under_it_too() {
    check(
        r#"
        1.0 host types "Ada, tell me the long story."
        1.0 ada will say "The story begins a long time ago, in a town by the sea where nobody ever spoke."
        5.0 host says "Let me ask something else about the sea." for 2.0
        7.5 producer strikes 2.5
        until 9
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, tell me the long story."
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.44 t2 claude is heard
        5.04 t2 duck -12 dB
        5.20 t2 pause
        6.45 t2 flush
        6.45 t2 claude stop
        6.45 t3 you begins
        6.49 t2 barge-in stopped
        6.49 t2 claude ends barged-in "The story begins a long time ago, in a town by the sea where" unheard "nobody ever spoke."
        7.20 ask 1
        7.25 finish recognition
        7.25 t3 you ends completed "Let me ask something else about the sea."
        7.25 t4 guest begins
        7.25 t4 guest granted alternation
        7.25 t4 guest writes
        7.50 t4 guest ends interrupted "" unheard "That is a"
        7.50 t4 guest stop
        7.50 struck seconds 5.000 to 7.500 t2 but "The story begins a long time ago, in a town by the sea" t3
        "#,
    );
}

#[test]
fn a_struck_question_is_answered_by_nobody() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        1.0 ada will say "I like it. What would you do in it?"
        6.0 producer strikes
        7.0 host says "I would take an umbrella." for 1.2
        until 10
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.48 t2 claude is heard
        3.78 t2 claude ends completed "I like it. What would you do in it?"
        6.00 struck last-turn 1.480 to 6.000 t2
        7.04 t3 you begins
        8.40 ask 1
        8.45 finish recognition
        8.45 t3 you ends completed "I would take an umbrella."
        8.45 t4 claude begins
        8.45 t4 claude granted alternation
        8.45 t4 claude writes
        8.85 t4 claude is heard
        "#,
    );
}

#[test]
fn who_was_struck_does_not_look_cut_off() {
    check(
        r#"
        show orbs
        1.0 host types "Ada, tell me the long story."
        1.0 ada will say "The story begins a long time ago, in a town by the sea where nobody ever spoke."
        4.0 producer strikes
        until 6
        ----
        0.00 orb you idle
        0.00 orb claude idle
        0.00 orb guest idle
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, tell me the long story."
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.00 orb you listening
        1.00 orb claude thinking
        1.00 orb guest listening
        1.44 t2 claude is heard
        1.44 orb claude speaking
        4.00 t2 flush
        4.00 t2 claude stop
        4.00 orb you idle
        4.00 orb claude interrupted
        4.00 orb guest idle
        4.04 t2 claude ends interrupted "The story begins a long time ago, in a" unheard "town by the sea where nobody ever spoke."
        4.04 struck last-turn 1.440 to 4.040 t2
        4.04 orb claude idle
        "#,
    );
}

#[test]
fn on_autopilot_too_the_host_who_strikes_speaks_next() {
    check(
        r#"
        1.0 autopilot on
        4.0 host says "Wait, strike that." for 1.2
        8.0 host says "Ada, what about snow?" for 1.2
        until 11
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.40 t1 claude is heard
        4.04 t1 duck -12 dB
        4.20 t1 pause
        5.45 t1 flush
        5.45 t1 claude stop
        5.45 t2 you begins
        5.45 ask 1
        5.49 t1 barge-in stopped
        5.49 t1 claude ends barged-in "That is a good question, and here is my" unheard "answer to it."
        5.50 finish recognition
        5.50 t2 you ends completed "Wait, strike that."
        5.50 struck spoken 1.400 to 5.500 t1 t2
        8.04 t3 you begins
        9.40 ask 2
        9.45 finish recognition
        9.45 t3 you ends completed "Ada, what about snow?"
        9.45 t4 claude begins
        9.45 t4 claude granted addressed
        9.45 t4 claude writes
        9.85 t4 claude is heard
        "#,
    );
}

#[test]
fn a_voice_that_was_over_when_it_stopped_the_ai_is_struck_from_its_first_sound() {
    check(
        r#"
        1.0 host types "Ada, tell me the long story."
        1.0 ada will say "The story begins a long time ago, in a town by the sea where nobody ever spoke to anybody, and nobody sang."
        5.0 host says "Wait, stop." for 0.4
        6.5 producer strikes
        until 9
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, tell me the long story."
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.44 t2 claude is heard
        5.04 t2 duck -12 dB
        5.20 t2 pause
        5.65 t2 flush
        5.65 t2 claude stop
        5.65 t3 you begins
        5.65 ask 1
        5.69 t2 barge-in stopped
        5.69 t2 claude ends barged-in "The story begins a long time ago, in a town by the sea where" unheard "nobody ever spoke to anybody, and nobody sang."
        6.50 finish recognition
        6.50 t3 you ends completed "Wait, stop."
        6.50 struck last-turn 5.000 to 6.500 t3
        "#,
    );
}

#[test]
fn a_phrase_that_leads_on_strikes_too() {
    check(
        r#"
        0.0 part 1 rule strike [again-from-the]
        1.0 host says "What about rain? Again from the" for 1.6
        until 8
        ----
        1.04 t1 you begins
        2.80 ask 1
        2.85 finish recognition
        2.85 t1 you ends completed "What about rain? Again from the"
        2.85 struck spoken 1.000 to 2.850 t1
        "#,
    );
}

#[test]
fn what_was_heard_two_minutes_ago_to_the_word_is_left() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        122.9 producer strikes 300
        until 124
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        4.70 t2 claude ends completed "That is a good question, and here is my answer to it."
        122.90 struck seconds 2.900 to 122.900 t2 but "That is a good question,"
        "#,
    );
}
