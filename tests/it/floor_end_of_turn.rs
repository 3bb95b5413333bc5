//! When the host's turn is over, as timelines: votes, late words, turns that go on.

use crate::support::timeline::check;

#[test]
fn the_first_answer_of_the_model_must_be_clear_the_second_need_not() {
    check(
        r#"
        0.5 model says 600
        0.5 model says 600
        1.0 host says "What about rain?" for 1.2
        until 4
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.80 ask 2
        2.85 finish recognition
        2.85 t1 you ends completed "What about rain?"
        2.85 t2 claude begins
        2.85 t2 claude granted alternation
        2.85 t2 claude writes
        3.25 t2 claude is heard
        "#,
    );
}

#[test]
fn without_a_model_plain_silence_ends_the_turn() {
    check(
        r#"
        0.5 model says nothing
        1.0 host says "What about rain?" for 1.2
        until 4
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.90 finish recognition
        2.90 t1 you ends completed "What about rain?"
        2.90 t2 claude begins
        2.90 t2 claude granted alternation
        2.90 t2 claude writes
        3.30 t2 claude is heard
        "#,
    );
}

#[test]
fn a_short_answer_is_not_put_to_the_model() {
    check(
        r#"
        1.0 host says "No." for 0.25
        until 4
        ----
        1.04 t1 you begins
        1.95 finish recognition
        1.95 t1 you ends completed "No."
        1.95 t2 claude begins
        1.95 t2 claude granted alternation
        1.95 t2 claude writes
        2.35 t2 claude is heard
        "#,
    );
}

#[test]
fn a_last_word_that_leads_on_holds_the_turn() {
    check(
        r#"
        1.0 host says "I was thinking that we might." for 1.6
        3.8 host says "talk about the history of maps" for 1.8
        until 9
        ----
        1.04 t1 you begins
        2.80 ask 1
        5.80 ask 2
        7.10 finish recognition
        7.10 t1 you ends completed "I was thinking that we might. talk about the history of maps"
        7.10 t2 claude begins
        7.10 t2 claude granted alternation
        7.10 t2 claude writes
        7.50 t2 claude is heard
        "#,
    );
}

#[test]
fn the_ceiling_ends_a_turn_whatever_its_last_word() {
    check(
        r#"
        1.0 host says "Let us talk about the" for 1.2
        until 6
        ----
        1.04 t1 you begins
        2.40 ask 1
        3.80 finish recognition
        3.80 t1 you ends completed "Let us talk about the"
        3.80 t2 claude begins
        3.80 t2 claude granted alternation
        3.80 t2 claude writes
        4.20 t2 claude is heard
        "#,
    );
}

#[test]
fn a_model_that_never_answers_does_not_hold_the_turn() {
    check(
        r#"
        0.5 model takes 9.0
        1.0 host says "What about rain?" for 1.2
        until 5
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.80 ask 2
        3.80 finish recognition
        3.80 t1 you ends completed "What about rain?"
        3.80 t2 claude begins
        3.80 t2 claude granted alternation
        3.80 t2 claude writes
        4.20 t2 claude is heard
        "#,
    );
}

#[test]
fn an_answer_to_an_old_question_is_ignored() {
    check(
        r#"
        show ignored
        0.5 model takes 0.5
        1.0 host says "What about rain" for 1.0
        2.4 host says "and about snow" for 1.0
        until 5
        ----
        1.04 t1 you begins
        2.20 ask 1
        2.70 ignored answer_is_old
        3.60 ask 2
        4.00 ask 3
        4.10 ignored answer_is_old
        4.50 finish recognition
        4.50 t1 you ends completed "What about rain and about snow"
        4.50 t2 claude begins
        4.50 t2 claude granted alternation
        4.50 t2 claude writes
        4.90 t2 claude is heard
        "#,
    );
}

#[test]
fn words_later_than_the_model_end_the_turn_when_they_come() {
    check(
        r#"
        1.0 host says "What about rain?" for 1.2 heard after 0.9
        until 5
        ----
        1.04 t1 you begins
        2.40 ask 1
        3.10 finish recognition
        3.10 t1 you ends completed "What about rain?"
        3.10 t2 claude begins
        3.10 t2 claude granted alternation
        3.10 t2 claude writes
        3.50 t2 claude is heard
        "#,
    );
}

#[test]
fn words_later_than_the_ceiling_are_still_waited_for() {
    check(
        r#"
        1.0 host says "What about rain?" for 1.2 heard after 2.2
        until 6
        ----
        1.04 t1 you begins
        2.40 ask 1
        3.80 finish recognition
        4.40 t1 you ends completed "What about rain?"
        4.40 t2 claude begins
        4.40 t2 claude granted alternation
        4.40 t2 claude writes
        4.80 t2 claude is heard
        "#,
    );
}

#[test]
fn sound_without_words_ends_without_a_reply() {
    check(
        r#"
        1.0 host sounds for 1.0
        until 8
        ----
        1.04 t1 you begins
        2.20 ask 1
        3.60 finish recognition
        5.00 t1 you ends no-words ""
        5.00 tell not_understood
        "#,
    );
}

#[test]
fn words_after_their_turn_was_given_up_are_answered_as_the_next_turn() {
    check(
        r#"
        1.0 host says "What about rain?" for 1.2 heard after 4.0
        until 9
        ----
        1.04 t1 you begins
        2.40 ask 1
        3.80 finish recognition
        5.20 t1 you ends no-words ""
        5.20 tell not_understood
        6.20 t2 you begins
        6.20 t2 you ends completed "What about rain?"
        6.20 t3 claude begins
        6.20 t3 claude granted alternation
        6.20 t3 claude writes
        6.60 t3 claude is heard
        "#,
    );
}

#[test]
fn words_that_come_in_the_next_turn_join_it() {
    check(
        r#"
        1.0 host says "What about rain?" for 1.2 heard after 4.0
        5.6 host says "Hello? Ada?" for 1.2
        until 12
        ----
        1.04 t1 you begins
        2.40 ask 1
        3.80 finish recognition
        5.20 t1 you ends no-words ""
        5.20 tell not_understood
        5.64 t2 you begins
        7.00 ask 2
        7.05 finish recognition
        7.05 t2 you ends completed "What about rain? Hello? Ada?"
        7.05 t3 claude begins
        7.05 t3 claude granted addressed
        7.05 t3 claude writes
        7.45 t3 claude is heard
        10.75 t3 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn an_empty_final_is_noise_and_ends_the_turn_at_once() {
    check(
        r#"
        1.0 host says "" for 0.5
        until 5
        ----
        1.04 t1 you begins
        1.70 ask 1
        1.75 finish recognition
        1.75 t1 you ends no-words ""
        "#,
    );
}

#[test]
fn better_words_that_come_late_replace_the_line_in_memory() {
    check(
        r#"
        show prompts
        1.0 host says "What about the brain?" for 1.2
        3.0 recogniser corrects it to "What about the rain?"
        7.0 host says "Grace, do you agree?" for 1.2
        until 9
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "What about the brain?"
        2.45 t2 claude begins
        2.45 t2 claude granted alternation
        2.45 t2 claude writes | user Host: What about the brain?
        2.85 t2 claude is heard
        6.15 t2 claude ends completed "That is a good question, and here is my answer to it."
        7.04 t3 you begins
        8.40 ask 2
        8.45 finish recognition
        8.45 t3 you ends completed "Grace, do you agree?"
        8.45 t4 guest begins
        8.45 t4 guest granted addressed
        8.45 t4 guest writes | user Host: What about the rain? | user Ada: That is a good question, and here is my answer to it. | user Host: Grace, do you agree?
        8.85 t4 guest is heard
        "#,
    );
}

#[test]
fn going_on_before_the_reply_is_heard_makes_one_turn_of_both_halves() {
    check(
        r#"
        show prompts
        0.5 voice takes 1.0
        1.0 host says "I have been to Rome." for 1.2
        2.9 host says "And then to Paris, Grace." for 1.4
        until 10
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "I have been to Rome."
        2.45 t2 claude begins
        2.45 t2 claude granted alternation
        2.45 t2 claude writes | user Host: I have been to Rome.
        4.35 t2 claude ends withdrawn "" unheard "That is a good question, and here is my answer to it."
        4.35 t2 claude stop
        4.35 t1 you begins
        4.50 ask 2
        5.175 finish recognition
        5.175 t1 you ends completed "I have been to Rome. And then to Paris, Grace."
        5.175 t3 guest begins
        5.175 t3 guest granted addressed
        5.175 t3 guest writes | user Host: I have been to Rome. And then to Paris, Grace.
        6.475 t3 guest is heard
        9.775 t3 guest ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_cough_while_the_ai_thinks_does_not_swallow_the_reply() {
    check(
        r#"
        0.5 voice takes 0.6
        1.0 host says "What about rain?" for 1.2
        2.7 host sounds for 0.3
        until 8
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "What about rain?"
        2.45 t2 claude begins
        2.45 t2 claude granted alternation
        2.45 t2 claude writes
        3.60 t2 claude is heard
        6.90 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_reply_does_not_start_over_the_host() {
    check(
        r#"
        0.5 voice takes 0.3
        1.0 host says "What about rain?" for 1.2
        2.9 host sounds for 0.6
        until 8
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "What about rain?"
        2.45 t2 claude begins
        2.45 t2 claude granted alternation
        2.45 t2 claude writes
        4.10 t2 claude is heard
        7.40 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_held_key_keeps_the_turn_and_its_release_ends_it() {
    check(
        r#"
        1.0 host holds the key
        1.2 host says "What about rain?" for 1.2
        5.0 host releases the key
        until 8
        ----
        1.24 t1 you begins
        5.00 finish recognition
        5.00 t1 you ends completed "What about rain?"
        5.00 t2 claude begins
        5.00 t2 claude granted alternation
        5.00 t2 claude writes
        5.40 t2 claude is heard
        "#,
    );
}

#[test]
fn a_key_released_in_the_middle_of_a_word_waits_for_the_words() {
    check(
        r#"
        1.0 host holds the key
        1.2 host says "What about rain?" for 1.2
        2.35 host releases the key
        until 6
        ----
        1.24 t1 you begins
        2.35 finish recognition
        2.65 t1 you ends completed "What about rain?"
        2.65 t2 claude begins
        2.65 t2 claude granted alternation
        2.65 t2 claude writes
        3.05 t2 claude is heard
        "#,
    );
}

#[test]
fn a_muted_host_is_not_heard() {
    check(
        r#"
        show ignored orbs
        1.0 host mutes
        1.2 host says "Can you hear me?" for 1.2
        4.0 host unmutes
        until 6
        ----
        0.00 orb you idle
        0.00 orb claude idle
        0.00 orb guest idle
        1.00 orb you muted
        1.24 ignored voice_while_muted
        2.56 ignored voice_is_off
        2.65 ignored words_while_muted
        4.00 orb you idle
        "#,
    );
}

#[test]
fn words_that_only_the_recogniser_noticed_are_a_turn() {
    check(
        r#"
        1.0 recogniser hears "What about rain?" for 1.2 heard after 0.5
        until 6
        ----
        2.70 t1 you begins
        2.90 t1 you ends completed "What about rain?"
        2.90 t2 claude begins
        2.90 t2 claude granted alternation
        2.90 t2 claude writes
        3.30 t2 claude is heard
        "#,
    );
}

#[test]
fn a_final_that_comes_twice_is_ignored() {
    check(
        r#"
        show captions ignored
        1.0 host says "What about rain?" for 1.2
        2.9 recogniser repeats it
        until 3.2
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "What about rain?"
        2.45 t2 claude begins
        2.45 t2 claude granted alternation
        2.45 t2 claude writes
        2.49 t1 caption you "What about rain?" 1.000 to 2.200
        2.85 t2 claude is heard
        2.90 ignored segment_is_final
        "#,
    );
}

#[test]
fn nothing_heard_is_no_turn() {
    check(
        r#"
        show ignored
        1.0 recogniser hears "" for 0.5 heard after 0.2
        2.0 host ends it
        until 4
        ----
        2.00 close
        "#,
    );
}
