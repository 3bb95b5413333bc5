//! Replies that are made before they hold the floor, as timelines.

use crate::support::timeline::check;

#[test]
fn the_reply_is_written_while_the_end_of_the_turn_is_judged() {
    check(
        r#"
        0.0 rule prepare.tries 2
        0.5 model says 400
        0.5 model says 700
        1.0 host says "What about rain?" for 1.2
        until 7
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 t2 claude prepares for after t1
        2.45 t2 claude writes
        2.80 ask 2
        2.85 finish recognition
        2.85 t1 you ends completed "What about rain?"
        2.85 t2 claude begins
        2.85 t2 claude granted alternation
        2.85 t2 claude used words_stood 11 words
        2.85 t2 claude is heard
        6.15 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn words_that_change_drop_what_was_written_on_them() {
    check(
        r#"
        0.0 rule prepare.tries 2
        1.0 host sounds for 1.2
        1.0 recogniser hears "What about the train" for 1.2 interim at 2.3
        2.5 recogniser corrects it to "What about the rain?"
        until 4
        ----
        1.04 t1 you begins
        2.36 t2 claude prepares for after t1
        2.36 t2 claude writes
        2.40 ask 1
        2.50 finish recognition
        2.50 t1 you ends completed "What about the rain?"
        2.50 t2 claude stop
        2.50 t2 claude discarded words_changed 0 words
        2.50 t3 claude begins
        2.50 t3 claude granted alternation
        2.50 t3 claude writes
        2.90 t3 claude is heard
        "#,
    );
}

#[test]
fn a_host_who_goes_on_makes_the_reply_void() {
    check(
        r#"
        0.0 rule prepare.tries 2
        0.5 model says 400
        1.0 host says "I have been to Rome." for 1.2
        2.7 host says "And to Paris, Grace." for 1.2
        until 5
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 t2 claude prepares for after t1
        2.45 t2 claude writes
        4.10 ask 2
        4.15 t2 claude stop
        4.15 t2 claude discarded another_speaker_follows 12 words
        4.15 t3 guest prepares for after t1
        4.15 t3 guest writes
        4.525 finish recognition
        4.525 t1 you ends completed "I have been to Rome. And to Paris, Grace."
        4.525 t3 guest begins
        4.525 t3 guest granted addressed
        4.525 t3 guest used words_stood 9 words
        4.55 t3 guest is heard
        "#,
    );
}

#[test]
fn tries_are_counted_and_then_the_turn_is_waited_for() {
    check(
        r#"
        0.0 rule prepare.tries 1
        1.0 host sounds for 1.2
        1.0 recogniser hears "What about the train" for 1.2 interim at 2.3
        2.5 recogniser corrects it to "What about the rain?"
        until 4
        ----
        1.04 t1 you begins
        2.36 t2 claude prepares for after t1
        2.36 t2 claude writes
        2.40 ask 1
        2.50 finish recognition
        2.50 t1 you ends completed "What about the rain?"
        2.50 t2 claude stop
        2.50 t2 claude discarded words_changed 0 words
        2.50 t3 claude begins
        2.50 t3 claude granted alternation
        2.50 t3 claude writes
        2.90 t3 claude is heard
        "#,
    );
}

#[test]
fn another_name_in_better_words_gives_the_floor_to_another() {
    check(
        r#"
        0.0 rule prepare.tries 1
        1.0 host sounds for 1.2
        1.0 recogniser hears "Ada, what about rain" for 1.2 interim at 2.3
        2.5 recogniser corrects it to "Grace, what about rain"
        until 4
        ----
        1.04 t1 you begins
        2.36 t2 claude prepares for after t1
        2.36 t2 claude writes
        2.40 ask 1
        2.50 finish recognition
        2.50 t1 you ends completed "Grace, what about rain"
        2.50 t2 claude stop
        2.50 t2 claude discarded another_speaker_follows 0 words
        2.50 t3 guest begins
        2.50 t3 guest granted addressed
        2.50 t3 guest writes
        2.90 t3 guest is heard
        "#,
    );
}

#[test]
fn without_sound_only_text_is_made_ahead() {
    check(
        r#"
        show pieces
        0.0 rule prepare.tries 1
        0.0 rule prepare.sound 0
        0.5 model says 400
        0.5 model says 700
        1.0 host says "What about rain?" for 1.2
        1.0 ada will say "It is wet indeed and it falls from clouds. So it does, and that is that."
        until 4
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 t2 claude prepares for after t1
        2.45 t2 claude writes
        2.80 ask 2
        2.85 finish recognition
        2.85 t1 you ends completed "What about rain?"
        2.85 t2 claude begins
        2.85 t2 claude granted alternation
        2.85 t2 claude used words_stood 11 words
        2.85 t2 piece 0 "It is wet indeed and it falls from clouds."
        2.95 t2 claude is heard
        2.97 t2 piece 1 "So it does, and that is that."
        2.97 t2 no more pieces
        "#,
    );
}

#[test]
fn only_the_first_piece_is_spoken_before_the_floor_is_given() {
    check(
        r#"
        show pieces
        0.0 rule prepare.tries 1
        0.5 model says 400
        0.5 model says 700
        1.0 host says "What about rain?" for 1.2
        1.0 ada will say "It is wet indeed and it falls from clouds. So it does, and that is that."
        until 4
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 t2 claude prepares for after t1
        2.45 t2 claude writes
        2.80 ask 2
        2.83 t2 piece 0 "It is wet indeed and it falls from clouds."
        2.85 finish recognition
        2.85 t1 you ends completed "What about rain?"
        2.85 t2 claude begins
        2.85 t2 claude granted alternation
        2.85 t2 claude used words_stood 11 words
        2.93 t2 claude is heard
        2.97 t2 piece 1 "So it does, and that is that."
        2.97 t2 no more pieces
        "#,
    );
}

#[test]
fn a_prepared_reply_that_fails_is_asked_for_again() {
    check(
        r#"
        0.0 rule prepare.tries 1
        0.5 model says 400
        0.5 model says 700
        1.0 host says "What about rain?" for 1.2
        1.0 ada will fail ""
        until 7
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 t2 claude prepares for after t1
        2.45 t2 claude writes
        2.65 t2 claude stop
        2.65 t2 claude discarded reply_failed 0 words
        2.80 ask 2
        2.85 finish recognition
        2.85 t1 you ends completed "What about rain?"
        2.85 t3 claude begins
        2.85 t3 claude granted alternation
        2.85 t3 claude writes
        3.25 t3 claude is heard
        6.55 t3 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn the_gap_between_two_ais_is_the_chosen_one_however_slow_they_are() {
    check(
        r#"
        0.0 rule prepare.next 1
        0.5 text takes 1.5
        0.5 voice takes 0.8
        1.0 autopilot on
        until 16
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        3.40 t1 claude is heard
        3.40 t2 guest prepares for after t1
        3.40 t2 guest writes
        6.70 t1 claude ends completed "That is a good question, and here is my answer to it."
        6.70 t2 guest begins
        6.70 t2 guest granted autopilot
        6.70 t2 guest used words_stood 12 words
        6.95 t2 guest is heard
        6.95 t3 claude prepares for after t2
        6.95 t3 claude writes
        10.25 t2 guest ends completed "That is a good question, and here is my answer to it."
        10.25 t3 claude begins
        10.25 t3 claude granted autopilot
        10.25 t3 claude used words_stood 12 words
        10.50 t3 claude is heard
        10.50 t4 guest prepares for after t3
        10.50 t4 guest writes
        13.80 t3 claude ends completed "That is a good question, and here is my answer to it."
        13.80 t4 guest begins
        13.80 t4 guest granted autopilot
        13.80 t4 guest used words_stood 12 words
        14.05 t4 guest is heard
        14.05 t5 claude prepares for after t4
        14.05 t5 claude writes
        "#,
    );
}

#[test]
fn a_gap_may_be_chosen() {
    check(
        r#"
        0.0 rule autopilot.gapMs 900
        0.0 rule prepare.next 1
        1.0 autopilot on
        until 10
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.40 t1 claude is heard
        1.44 t2 guest prepares for after t1
        1.44 t2 guest writes
        4.70 t1 claude ends completed "That is a good question, and here is my answer to it."
        4.70 t2 guest begins
        4.70 t2 guest granted autopilot
        4.70 t2 guest used words_stood 12 words
        5.60 t2 guest is heard
        5.60 t3 claude prepares for after t2
        5.60 t3 claude writes
        8.90 t2 guest ends completed "That is a good question, and here is my answer to it."
        8.90 t3 claude begins
        8.90 t3 claude granted autopilot
        8.90 t3 claude used words_stood 12 words
        9.80 t3 claude is heard
        9.80 t4 guest prepares for after t3
        9.80 t4 guest writes
        "#,
    );
}

#[test]
fn an_interruption_drops_the_next_speakers_reply() {
    check(
        r#"
        0.0 rule prepare.next 1
        1.0 autopilot on
        3.0 host says "Let me come in here, if I may say so." for 1.8
        until 7
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.40 t1 claude is heard
        1.44 t2 guest prepares for after t1
        1.44 t2 guest writes
        3.04 t1 duck -12 dB
        3.20 t1 pause
        4.45 t1 flush
        4.45 t1 claude stop
        4.45 t3 you begins
        4.45 t2 guest stop
        4.45 t2 guest discarded another_turn_came 12 words
        4.49 t1 barge-in stopped
        4.49 t1 claude ends barged-in "That is a good question, and" unheard "here is my answer to it."
        5.00 ask 1
        5.05 finish recognition
        5.05 t3 you ends completed "Let me come in here, if I may say so."
        5.05 t4 guest begins
        5.05 t4 guest granted alternation
        5.05 t4 guest writes
        5.45 t4 guest is heard
        5.49 t5 claude prepares for after t4
        5.49 t5 claude writes
        "#,
    );
}

#[test]
fn autopilot_switched_off_drops_the_next_speakers_reply() {
    check(
        r#"
        0.0 rule prepare.next 1
        1.0 autopilot on
        3.0 autopilot off
        until 20
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.40 t1 claude is heard
        1.44 t2 guest prepares for after t1
        1.44 t2 guest writes
        3.00 autopilot off
        3.00 t2 guest stop
        3.00 t2 guest discarded nobody_follows 12 words
        4.70 t1 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn the_second_answer_is_written_while_the_first_is_heard() {
    check(
        r#"
        show prompts
        0.0 rule prepare.next 1
        1.0 host types "What do you two think?"
        1.0 ada will say "It is wet."
        until 7
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "What do you two think?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed-first
        1.00 t2 claude writes | user Host: What do you two think?
        1.36 t2 claude is heard
        1.36 t3 guest prepares for after t2
        1.36 t3 guest writes | user Host: What do you two think? | user Ada: It is wet.
        2.06 t2 claude ends completed "It is wet."
        2.06 t3 guest begins
        2.06 t3 guest granted addressed-second
        2.06 t3 guest used words_stood 12 words
        2.31 t3 guest is heard
        5.61 t3 guest ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_back_channel_leaves_the_prepared_reply_alone() {
    check(
        r#"
        0.0 rule prepare.next 1
        1.0 autopilot on
        2.5 host says "mm hmm" for 0.3
        until 8
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.40 t1 claude is heard
        1.44 t2 guest prepares for after t1
        1.44 t2 guest writes
        2.54 t1 duck -12 dB
        2.70 t1 pause
        3.40 t1 duck 0 dB
        3.40 t1 resume
        3.40 t1 barge-in resumed
        5.40 t1 claude ends completed "That is a good question, and here is my answer to it."
        5.40 t2 guest begins
        5.40 t2 guest granted autopilot
        5.40 t2 guest used words_stood 12 words
        5.65 t2 guest is heard
        5.65 t4 claude prepares for after t2
        5.65 t4 claude writes
        "#,
    );
}

#[test]
fn nothing_is_written_ahead_for_a_murmur_over_the_last_words() {
    check(
        r#"
        0.0 rule prepare.tries 2
        1.0 host types "Ada, what about rain?"
        4.58 host says "right." for 0.2
        8.0 host types "Ada, what about snow?"
        11.58 host says "And hail?" for 0.4
        until 14
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        4.62 t2 duck -12 dB
        4.70 t2 claude ends completed "That is a good question, and here is my answer to it."
        4.70 t3 you begins
        5.48 finish recognition
        5.48 t3 you ends completed "right."
        5.48 guest denied back_channel
        8.00 t4 you begins
        8.00 t4 you ends completed "Ada, what about snow?"
        8.00 t5 claude begins
        8.00 t5 claude granted addressed
        8.00 t5 claude writes
        8.40 t5 claude is heard
        11.62 t5 duck -12 dB
        11.70 t5 claude ends completed "That is a good question, and here is my answer to it."
        11.70 t6 you begins
        12.18 ask 1
        12.23 t7 guest prepares for after t6
        12.23 t7 guest writes
        12.23 finish recognition
        12.23 t6 you ends completed "And hail?"
        12.23 t7 guest begins
        12.23 t7 guest granted alternation
        12.23 t7 guest used words_stood 0 words
        12.63 t7 guest is heard
        "#,
    );
}

#[test]
fn nothing_is_written_ahead_for_who_strikes() {
    check(
        r#"
        0.0 rule prepare.tries 2
        1.0 host types "Ada, what about rain?"
        6.0 host says "No, strike that." for 0.8
        until 12
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        4.70 t2 claude ends completed "That is a good question, and here is my answer to it."
        6.04 t3 you begins
        7.00 ask 1
        7.05 finish recognition
        7.05 t3 you ends completed "No, strike that."
        7.05 struck spoken 1.400 to 7.050 t2 t3
        "#,
    );
}

#[test]
fn words_up_to_four_tenths_before_the_end_are_worth_an_answer() {
    check(
        r#"
        0.0 rule prepare.tries 1
        1.0 host sounds for 1.2
        1.0 recogniser hears "What about rain" for 0.8 interim at 2.3
        until 3
        ----
        1.04 t1 you begins
        2.36 t2 claude prepares for after t1
        2.36 t2 claude writes
        2.40 ask 1
        "#,
    );
}

#[test]
fn and_shorter_ones_are_not() {
    check(
        r#"
        0.0 rule prepare.tries 1
        1.0 host sounds for 1.2
        1.0 recogniser hears "What about rain" for 0.799 interim at 2.3
        until 3
        ----
        1.04 t1 you begins
        2.40 ask 1
        "#,
    );
}

#[test]
fn an_empty_reply_that_was_written_ahead_is_asked_for_again() {
    check(
        r#"
        0.0 rule prepare.tries 1
        0.5 model says 400
        0.5 model says 700
        1.0 host says "What about rain?" for 1.2
        1.0 ada will say ""
        until 7
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 t2 claude prepares for after t1
        2.45 t2 claude writes
        2.65 t2 claude stop
        2.65 t2 claude discarded reply_is_empty 0 words
        2.80 ask 2
        2.85 finish recognition
        2.85 t1 you ends completed "What about rain?"
        2.85 t3 claude begins
        2.85 t3 claude granted alternation
        2.85 t3 claude writes
        3.25 t3 claude is heard
        6.55 t3 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_model_that_hangs_while_it_writes_ahead_is_asked_again_when_its_time_comes() {
    check(
        r#"
        0.0 rule prepare.next 1
        1.0 autopilot on
        1.0 ada will say "The story begins a long time ago, in a town by the sea where nobody ever spoke to anybody, and nobody sang, and nobody ever wrote a letter home, not even to a mother or a friend."
        1.0 grace will hang
        until 16
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.44 t1 claude is heard
        1.94 t2 guest prepares for after t1
        1.94 t2 guest writes
        12.24 t1 claude ends completed "The story begins a long time ago, in a town by the sea where nobody ever spoke to anybody, and nobody sang, and nobody ever wrote a letter home, not even to a mother or a friend."
        12.24 t2 guest stop
        12.24 t2 guest discarded reply_is_late 0 words
        12.24 t3 guest begins
        12.24 t3 guest granted autopilot
        12.24 t3 guest writes
        12.64 t3 guest is heard
        12.68 t4 claude prepares for after t3
        12.68 t4 claude writes
        15.94 t3 guest ends completed "That is a good question, and here is my answer to it."
        15.94 t4 claude begins
        15.94 t4 claude granted autopilot
        15.94 t4 claude used words_stood 12 words
        "#,
    );
}

#[test]
fn nobody_prepares_to_follow_one_whose_model_failed() {
    check(
        r#"
        0.0 rule prepare.next 1
        1.0 autopilot on
        1.0 ada will fail "That is a good question, and here is my answer."
        until 4
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.40 tell reply_failed
        1.40 t1 claude is heard
        "#,
    );
}

#[test]
fn while_the_host_is_away_nothing_is_written_ahead() {
    check(
        r#"
        0.0 rule prepare.next 1
        1.0 autopilot on
        1.42 host is lost
        3.0 host is back
        until 4
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.40 t1 claude is heard
        1.42 t1 pause
        3.00 t1 resume
        3.00 t2 guest prepares for after t1
        3.00 t2 guest writes
        "#,
    );
}

#[test]
fn nothing_is_written_ahead_for_after_the_end() {
    check(
        r#"
        0.0 rule prepare.tries 2
        1.0 host sounds for 1.2
        2.3 host ends it
        1.0 recogniser hears "Good night" for 1.2 interim at 2.4
        until 7
        ----
        1.04 t1 you begins
        2.30 finish recognition
        5.20 t1 you ends session-ended "Good night"
        5.20 close
        "#,
    );
}

#[test]
fn a_voice_that_fails_before_it_has_the_floor_is_asked_for_again() {
    check(
        r#"
        0.0 rule prepare.tries 1
        0.5 model says 400
        0.5 model says 700
        1.0 host says "What about rain?" for 1.2
        1.0 ada voice breaks after 0.5
        until 4
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 t2 claude prepares for after t1
        2.45 t2 claude writes
        2.80 ask 2
        2.85 t2 claude stop
        2.85 t2 claude discarded voice_failed 11 words
        2.85 finish recognition
        2.85 t1 you ends completed "What about rain?"
        2.85 t3 claude begins
        2.85 t3 claude granted alternation
        2.85 t3 claude writes
        3.25 t3 claude is heard
        "#,
    );
}
