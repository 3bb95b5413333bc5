//! The floor's behaviour as timelines, one each: what people do above the line, what the studio does below it.

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
fn an_interruption_is_ducked_paused_and_stopped() {
    check(
        r#"
        show captions
        1.0 host says "Ada, tell me the long story." for 1.4
        1.0 ada will say "The story begins a long time ago, in a town by the sea where nobody ever spoke."
        5.0 host says "Let me ask something else about the sea." for 2.0
        until 9
        ----
        1.04 t1 you begins
        2.60 ask 1
        2.65 finish recognition
        2.65 t1 you ends completed "Ada, tell me the long story."
        2.65 t2 claude begins
        2.65 t2 claude granted addressed
        2.65 t2 claude writes
        2.69 t1 caption you "Ada, tell me the long story." 1.000 to 2.400
        3.09 t2 claude is heard
        5.04 t2 duck -12 dB
        5.19 t2 caption claude "The story begins a long time ago," 3.090 to 5.140
        5.20 t2 pause
        6.45 t2 flush
        6.45 t2 claude stop
        6.45 t3 you begins
        6.49 t2 barge-in stopped
        6.49 t2 claude ends barged-in "The story begins a long time ago," unheard "in a town by the sea where nobody ever spoke."
        7.20 ask 2
        7.25 finish recognition
        7.25 t3 you ends completed "Let me ask something else about the sea."
        7.25 t4 guest begins
        7.25 t4 guest granted alternation
        7.25 t4 guest writes
        7.29 t3 caption you "Let me ask something else about the sea." 5.000 to 7.000
        7.65 t4 guest is heard
        "#,
    );
}

#[test]
fn a_back_channel_pauses_and_the_ai_goes_on() {
    check(
        r#"
        show captions
        1.0 host says "Explain how tides work, please." for 1.4
        1.0 ada will say "The moon pulls the water towards itself, and the earth turns below it."
        5.0 host says "mm hmm." for 0.5
        until 14
        ----
        1.04 t1 you begins
        2.60 ask 1
        2.65 finish recognition
        2.65 t1 you ends completed "Explain how tides work, please."
        2.65 t2 claude begins
        2.65 t2 claude granted alternation
        2.65 t2 claude writes
        2.69 t1 caption you "Explain how tides work, please." 1.000 to 2.400
        3.09 t2 claude is heard
        5.04 t2 duck -12 dB
        5.20 t2 pause
        6.10 t2 duck 0 dB
        6.10 t2 resume
        6.10 t2 barge-in resumed
        6.40 t2 caption claude "The moon pulls the water towards itself," 3.090 to 6.390
        8.20 t2 caption claude "and the earth turns below it." 6.390 to 8.200
        8.20 t2 claude ends completed "The moon pulls the water towards itself, and the earth turns below it."
        "#,
    );
}

#[test]
fn a_short_sound_that_ends_before_the_pause_only_ducks() {
    check(
        r#"
        1.0 host says "Explain how tides work, please." for 1.4
        1.0 ada will say "The moon pulls the water towards itself, and the earth turns below it."
        5.0 host sounds for 0.03
        until 14
        ----
        1.04 t1 you begins
        2.60 ask 1
        2.65 finish recognition
        2.65 t1 you ends completed "Explain how tides work, please."
        2.65 t2 claude begins
        2.65 t2 claude granted alternation
        2.65 t2 claude writes
        3.09 t2 claude is heard
        5.04 t2 duck -12 dB
        5.19 t2 duck 0 dB
        7.29 t2 claude ends completed "The moon pulls the water towards itself, and the earth turns below it."
        "#,
    );
}

#[test]
fn two_short_sounds_with_a_short_gap_are_one_voice() {
    check(
        r#"
        1.0 host says "Explain how tides work, please." for 1.4
        1.0 ada will say "The moon pulls the water towards itself, and the earth turns below it."
        5.0 host sounds for 0.5
        5.8 host sounds for 1.0
        until 9
        ----
        1.04 t1 you begins
        2.60 ask 1
        2.65 finish recognition
        2.65 t1 you ends completed "Explain how tides work, please."
        2.65 t2 claude begins
        2.65 t2 claude granted alternation
        2.65 t2 claude writes
        3.09 t2 claude is heard
        5.04 t2 duck -12 dB
        5.20 t2 pause
        6.75 t2 flush
        6.75 t2 claude stop
        6.75 t3 you begins
        6.79 t2 barge-in stopped
        6.79 t2 claude ends barged-in "The moon pulls the water towards" unheard "itself, and the earth turns below it."
        7.00 ask 2
        8.40 finish recognition
        "#,
    );
}

#[test]
fn wait_stops_the_ai_however_short() {
    check(
        r#"
        1.0 host says "Explain how tides work, please." for 1.4
        1.0 ada will say "The moon pulls the water towards itself, and the earth turns below it."
        5.0 host says "Wait!" for 0.3
        until 9
        ----
        1.04 t1 you begins
        2.60 ask 1
        2.65 finish recognition
        2.65 t1 you ends completed "Explain how tides work, please."
        2.65 t2 claude begins
        2.65 t2 claude granted alternation
        2.65 t2 claude writes
        3.09 t2 claude is heard
        5.04 t2 duck -12 dB
        5.20 t2 pause
        5.55 t2 flush
        5.55 t2 claude stop
        5.55 t3 you begins
        5.55 ask 2
        5.59 t2 barge-in stopped
        5.59 t2 claude ends barged-in "The moon pulls the water towards" unheard "itself, and the earth turns below it."
        6.90 finish recognition
        6.90 t3 you ends completed "Wait!"
        6.90 t4 guest begins
        6.90 t4 guest granted alternation
        6.90 t4 guest writes
        7.30 t4 guest is heard
        "#,
    );
}

#[test]
fn wait_stops_the_ai_even_after_it_went_on() {
    check(
        r#"
        1.0 host says "Explain how tides work, please." for 1.4
        1.0 ada will say "The moon pulls the water towards itself, and the earth turns below it."
        5.0 host says "Hold on" for 0.4 heard after 1.2
        until 9
        ----
        1.04 t1 you begins
        2.60 ask 1
        2.65 finish recognition
        2.65 t1 you ends completed "Explain how tides work, please."
        2.65 t2 claude begins
        2.65 t2 claude granted alternation
        2.65 t2 claude writes
        3.09 t2 claude is heard
        5.04 t2 duck -12 dB
        5.20 t2 pause
        6.00 t2 duck 0 dB
        6.00 t2 resume
        6.00 t2 barge-in resumed
        6.60 t2 flush
        6.60 t2 claude stop
        6.60 t3 you begins
        6.60 ask 2
        6.64 t2 barge-in stopped
        6.64 t2 claude ends barged-in "The moon pulls the water towards itself, and" unheard "the earth turns below it."
        7.00 finish recognition
        7.00 t3 you ends completed "Hold on"
        7.00 t4 guest begins
        7.00 t4 guest granted alternation
        7.00 t4 guest writes
        7.40 t4 guest is heard
        "#,
    );
}

#[test]
fn a_long_murmur_of_never_phrases_is_no_interruption() {
    check(
        r#"
        1.0 host says "Explain how tides work, please." for 1.4
        1.0 ada will say "The moon pulls the water towards itself, and the earth turns below it, as it has for ages."
        5.0 recogniser hears "mm hmm, yeah" for 0.5 interim at 5.6
        5.0 host sounds for 1.2
        until 14
        ----
        1.04 t1 you begins
        2.60 ask 1
        2.65 finish recognition
        2.65 t1 you ends completed "Explain how tides work, please."
        2.65 t2 claude begins
        2.65 t2 claude granted alternation
        2.65 t2 claude writes
        3.09 t2 claude is heard
        5.04 t2 duck -12 dB
        5.20 t2 pause
        6.80 t2 duck 0 dB
        6.80 t2 resume
        6.80 t2 barge-in resumed
        10.20 t2 claude ends completed "The moon pulls the water towards itself, and the earth turns below it, as it has for ages."
        "#,
    );
}

#[test]
fn words_of_an_interruption_are_the_hosts_turn() {
    check(
        r#"
        1.0 host says "Explain how tides work, please." for 1.4
        1.0 ada will say "The moon pulls the water towards itself, and the earth turns below it."
        5.0 host says "Grace, what do you think?" for 1.6
        until 11
        ----
        1.04 t1 you begins
        2.60 ask 1
        2.65 finish recognition
        2.65 t1 you ends completed "Explain how tides work, please."
        2.65 t2 claude begins
        2.65 t2 claude granted alternation
        2.65 t2 claude writes
        3.09 t2 claude is heard
        5.04 t2 duck -12 dB
        5.20 t2 pause
        6.45 t2 flush
        6.45 t2 claude stop
        6.45 t3 you begins
        6.49 t2 barge-in stopped
        6.49 t2 claude ends barged-in "The moon pulls the water towards" unheard "itself, and the earth turns below it."
        6.80 ask 2
        6.85 finish recognition
        6.85 t3 you ends completed "Grace, what do you think?"
        6.85 t4 guest begins
        6.85 t4 guest granted addressed
        6.85 t4 guest writes
        7.25 t4 guest is heard
        10.55 t4 guest ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn an_unconfirmed_flush_counts_as_silent_after_150_ms() {
    check(
        r#"
        0.5 flush takes 9.0
        1.0 host says "Ada, tell me the long story." for 1.4
        1.0 ada will say "The story begins a long time ago, in a town by the sea where nobody ever spoke."
        5.0 host interrupts
        until 9
        ----
        1.04 t1 you begins
        2.60 ask 1
        2.65 finish recognition
        2.65 t1 you ends completed "Ada, tell me the long story."
        2.65 t2 claude begins
        2.65 t2 claude granted addressed
        2.65 t2 claude writes
        3.09 t2 claude is heard
        5.00 t2 flush
        5.00 t2 claude stop
        5.15 t2 claude ends interrupted "The story begins a long time" unheard "ago, in a town by the sea where nobody ever spoke."
        "#,
    );
}

#[test]
fn the_next_ai_waits_for_the_flush_of_the_last() {
    check(
        r#"
        0.5 flush takes 0.14
        0.5 voice takes 0.01
        0.5 text takes 0.01
        1.0 host says "Ada, tell me the long story." for 1.4
        1.0 ada will say "The story begins a long time ago, in a town by the sea where nobody ever spoke."
        5.0 host types "Grace, and you?"
        until 6
        ----
        1.04 t1 you begins
        2.60 ask 1
        2.65 finish recognition
        2.65 t1 you ends completed "Ada, tell me the long story."
        2.65 t2 claude begins
        2.65 t2 claude granted addressed
        2.65 t2 claude writes
        2.81 t2 claude is heard
        5.00 t2 flush
        5.00 t2 claude stop
        5.00 t3 you begins
        5.00 t3 you ends completed "Grace, and you?"
        5.00 t4 guest begins
        5.00 t4 guest granted addressed
        5.14 t2 claude ends interrupted "The story begins a long time ago," unheard "in a town by the sea where nobody ever spoke."
        5.14 t4 guest writes
        5.26 t4 guest is heard
        "#,
    );
}

#[test]
fn history_is_cut_at_the_heard_word_for_both() {
    check(
        r#"
        show prompts
        1.0 host says "Ada, tell me the long story." for 1.4
        1.0 ada will say "The story begins a long time ago, in a town by the sea where nobody ever spoke."
        5.0 host types "Grace, and you?"
        9.0 host types "Ada, go on."
        until 10
        ----
        1.04 t1 you begins
        2.60 ask 1
        2.65 finish recognition
        2.65 t1 you ends completed "Ada, tell me the long story."
        2.65 t2 claude begins
        2.65 t2 claude granted addressed
        2.65 t2 claude writes | user Host: Ada, tell me the long story.
        3.09 t2 claude is heard
        5.00 t2 flush
        5.00 t2 claude stop
        5.00 t3 you begins
        5.00 t3 you ends completed "Grace, and you?"
        5.00 t4 guest begins
        5.00 t4 guest granted addressed
        5.04 t2 claude ends interrupted "The story begins a long time" unheard "ago, in a town by the sea where nobody ever spoke."
        5.04 t4 guest writes | user Host: Ada, tell me the long story. | user Ada: The story begins a long time | user Host: Grace, and you?
        5.44 t4 guest is heard
        8.74 t4 guest ends completed "That is a good question, and here is my answer to it."
        9.00 t5 you begins
        9.00 t5 you ends completed "Ada, go on."
        9.00 t6 claude begins
        9.00 t6 claude granted addressed
        9.00 t6 claude writes | user Host: Ada, tell me the long story. | assistant Ada: The story begins a long time | user Host: Grace, and you? | user Grace: That is a good question, and here is my answer to it. | user Host: Ada, go on.
        9.40 t6 claude is heard
        "#,
    );
}

#[test]
fn captions_grow_word_by_word_and_end_final() {
    check(
        r#"
        show captions interim
        0.5 page reports every 0.3
        1.0 host types "Ada, short please."
        1.0 ada will say "Rain falls on us all. It does."
        until 6
        ----
        1.00 t1 you begins
        1.00 t1 caption you "Ada, short please." 1.000 to 1.000
        1.00 t1 you ends completed "Ada, short please."
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        1.70 t2 caption claude "Rain" + "falls on us all." 1.400 to 1.700
        2.30 t2 caption claude "Rain falls on" + "us all." 1.400 to 2.250
        2.60 t2 caption claude "Rain falls on us" + "all." 1.400 to 2.450
        2.90 t2 caption claude "Rain falls on us all." 1.400 to 2.750
        3.20 t2 caption claude "It" + "does." 2.750 to 2.950
        3.50 t2 caption claude "It does." 2.750 to 3.500
        3.50 t2 claude ends completed "Rain falls on us all. It does."
        "#,
    );
}

#[test]
fn long_host_speech_becomes_several_final_cues() {
    check(
        r#"
        show captions
        1.0 host says "I have a long question today. It is about the rain that fell on the town for three whole weeks in spring, and about the people who stayed in the town to help." for 9.5
        until 12
        ----
        1.04 t1 you begins
        10.70 ask 1
        10.75 finish recognition
        10.75 t1 you ends completed "I have a long question today. It is about the rain that fell on the town for three whole weeks in spring, and about the people who stayed in the town to help."
        10.75 t2 claude begins
        10.75 t2 claude granted alternation
        10.75 t2 claude writes
        10.79 t1 caption you "I have a long question today. It is about the rain that fell on the town for three whole weeks in spring," 1.000 to 7.333
        10.79 t1 caption you "and about the people who stayed in the town to help." 7.333 to 10.500
        11.15 t2 claude is heard
        "#,
    );
}

#[test]
fn typed_words_interrupt_and_end_the_turn_at_once() {
    check(
        r#"
        1.0 host types "Ada, tell me a story."
        1.0 ada will say "The story begins a long time ago, in a town by the sea where nobody ever spoke."
        3.0 host types "Stop that."
        until 7
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, tell me a story."
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.44 t2 claude is heard
        3.00 t2 flush
        3.00 t2 claude stop
        3.00 t3 you begins
        3.00 t3 you ends completed "Stop that."
        3.00 t4 guest begins
        3.00 t4 guest granted alternation
        3.04 t2 claude ends interrupted "The story begins a long" unheard "time ago, in a town by the sea where nobody ever spoke."
        3.04 t4 guest writes
        3.44 t4 guest is heard
        6.74 t4 guest ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn the_interrupt_button_stops_and_the_table_waits() {
    check(
        r#"
        1.0 autopilot on
        4.0 host interrupts
        until 20
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.40 t1 claude is heard
        4.00 t1 flush
        4.00 t1 claude stop
        4.04 t1 claude ends interrupted "That is a good question, and here is my" unheard "answer to it."
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
fn a_lost_host_pauses_the_ai_and_it_goes_on_where_it_was() {
    check(
        r#"
        1.0 host types "Ada, tell me a story."
        1.0 ada will say "The story begins a long time ago, in a town by the sea where nobody ever spoke."
        3.0 host is lost
        20.0 host is back
        until 40
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, tell me a story."
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.44 t2 claude is heard
        3.00 t2 pause
        20.00 t2 resume
        23.30 t2 claude ends completed "The story begins a long time ago, in a town by the sea where nobody ever spoke."
        "#,
    );
}

#[test]
fn a_reply_that_is_ready_waits_for_the_lost_host() {
    check(
        r#"
        1.0 host types "Ada, tell me a story."
        1.1 host is lost
        9.0 host is back
        until 20
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, tell me a story."
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        9.00 t2 claude is heard
        12.30 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_failed_reply_is_answered_by_the_other_if_nobody_was_called() {
    check(
        r#"
        show orbs
        1.0 host types "What about rain?"
        1.0 ada will fail ""
        until 8
        ----
        0.00 orb you idle
        0.00 orb claude idle
        0.00 orb guest idle
        1.00 t1 you begins
        1.00 t1 you ends completed "What about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted alternation
        1.00 t2 claude writes
        1.00 orb you listening
        1.00 orb claude thinking
        1.00 orb guest listening
        1.20 tell reply_failed
        1.20 t2 claude ends failed ""
        1.20 t2 claude stop
        1.20 t3 guest begins
        1.20 t3 guest granted substitution
        1.20 t3 guest writes
        1.20 orb claude failed
        1.20 orb guest thinking
        1.60 t3 guest is heard
        1.60 orb guest speaking
        4.90 t3 guest ends completed "That is a good question, and here is my answer to it."
        4.90 orb you idle
        4.90 orb guest idle
        "#,
    );
}

#[test]
fn a_failed_reply_of_the_one_who_was_called_is_told() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        1.0 ada will refuse ""
        until 8
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.20 tell reply_refused
        1.20 t2 claude ends failed ""
        1.20 t2 claude stop
        "#,
    );
}

#[test]
fn both_failing_ends_in_rest() {
    check(
        r#"
        1.0 host types "What about rain?"
        1.0 ada will fail ""
        1.0 grace will fail ""
        until 8
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "What about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted alternation
        1.00 t2 claude writes
        1.20 tell reply_failed
        1.20 t2 claude ends failed ""
        1.20 t2 claude stop
        1.20 t3 guest begins
        1.20 t3 guest granted substitution
        1.20 t3 guest writes
        1.40 tell reply_failed
        1.40 t3 guest ends failed ""
        1.40 t3 guest stop
        "#,
    );
}

#[test]
fn what_a_failing_model_wrote_is_still_heard() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        1.0 ada will fail "It falls down on all of us"
        until 8
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.34 tell reply_failed
        1.44 t2 claude is heard
        3.14 t2 claude stop
        3.14 t2 claude ends failed "It falls down on all of us"
        "#,
    );
}

#[test]
fn an_empty_reply_ends_its_turn() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        1.0 ada will say " "
        until 8
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.22 t2 claude ends empty ""
        1.22 t2 claude stop
        "#,
    );
}

#[test]
fn a_model_that_hangs_is_given_up_after_ten_seconds() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        1.0 ada will hang
        until 20
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        11.00 tell reply_timed_out
        11.00 t2 claude ends timed-out ""
        11.00 t2 claude stop
        "#,
    );
}

#[test]
fn a_voice_that_hangs_is_given_up_after_five_seconds() {
    check(
        r#"
        0.5 voice takes 30.0
        1.0 host types "Ada, what about rain?"
        until 20
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        6.30 tell voice_timed_out
        6.30 t2 claude ends timed-out "" unheard "That is a good question, and here is my answer to it."
        6.30 t2 claude stop
        "#,
    );
}

#[test]
fn a_page_that_reports_nothing_is_given_up_after_eight_seconds() {
    check(
        r#"
        0.5 page reports every 30.0
        1.0 host types "Ada, what about rain?"
        until 20
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        9.40 tell playout_stalled
        9.40 t2 flush
        9.40 t2 claude stop
        9.44 t2 claude ends timed-out "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn ears_that_fail_are_told_and_turns_do_not_wait_for_words() {
    check(
        r#"
        show orbs
        1.0 ears fail
        2.0 host sounds for 1.0
        6.0 ears serve
        until 8
        ----
        0.00 orb you idle
        0.00 orb claude idle
        0.00 orb guest idle
        1.00 tell ears_lost
        1.00 orb you failed
        2.04 t1 you begins
        2.04 orb claude listening
        2.04 orb guest listening
        3.16 finish recognition
        3.16 t1 you ends no-words ""
        3.16 orb claude idle
        3.16 orb guest idle
        6.00 tell ears_back
        6.00 orb you idle
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
fn a_voice_ordered_but_not_yet_heard_is_held_at_the_first_sound_of_the_host() {
    check(
        r#"
        0.5 page reports every 0.4
        1.0 host says "I have been to Rome." for 1.2
        2.82 host says "And then to Paris, Grace." for 1.4
        until 9
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "I have been to Rome."
        2.45 t2 claude begins
        2.45 t2 claude granted alternation
        2.45 t2 claude writes
        2.85 t2 claude is heard
        2.86 t2 pause
        4.27 t2 flush
        4.27 t2 claude stop
        4.27 t1 you begins
        4.31 t2 barge-in stopped
        4.31 t2 claude ends withdrawn "" unheard "That is a good question, and here is my answer to it."
        4.42 ask 2
        4.995 finish recognition
        4.995 t1 you ends completed "I have been to Rome. And then to Paris, Grace."
        4.995 t3 guest begins
        4.995 t3 guest granted addressed
        4.995 t3 guest writes
        5.395 t3 guest is heard
        8.995 t3 guest ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_host_who_speaks_over_the_last_words_has_the_next_turn() {
    check(
        r#"
        1.0 host says "What do you two think?" for 1.4
        6.2 host says "Thank you, that is quite enough for today." for 2.0
        until 14
        ----
        1.04 t1 you begins
        2.60 ask 1
        2.65 finish recognition
        2.65 t1 you ends completed "What do you two think?"
        2.65 t2 claude begins
        2.65 t2 claude granted addressed-first
        2.65 t2 claude writes
        3.05 t2 claude is heard
        6.24 t2 duck -12 dB
        6.35 t2 claude ends completed "That is a good question, and here is my answer to it."
        6.35 t3 you begins
        8.40 ask 2
        8.45 finish recognition
        8.45 t3 you ends completed "Thank you, that is quite enough for today."
        8.45 t4 guest begins
        8.45 t4 guest granted alternation
        8.45 t4 guest writes
        8.85 t4 guest is heard
        12.15 t4 guest ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_murmur_over_the_last_words_is_no_turn() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        4.58 host says "right." for 0.2
        until 12
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
        "#,
    );
}

#[test]
fn a_question_over_the_last_words_is_answered_even_if_short() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        4.58 host says "And you, Grace?" for 0.4
        until 12
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
        5.18 ask 1
        5.23 finish recognition
        5.23 t3 you ends completed "And you, Grace?"
        5.23 t4 guest begins
        5.23 t4 guest granted addressed
        5.23 t4 guest writes
        5.63 t4 guest is heard
        8.93 t4 guest ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_voice_that_fails_in_the_middle_ends_with_what_was_heard() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        1.0 ada voice breaks after 1.0
        until 8
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        1.40 tell voice_failed
        2.40 t2 claude stop
        2.40 t2 claude ends failed "That is a good" unheard "question, and here is my answer to it."
        "#,
    );
}

#[test]
fn an_interrupt_with_nobody_speaking_is_ignored() {
    check(
        r#"
        show ignored
        1.0 host interrupts
        until 2
        ----
        1.00 ignored nobody_to_interrupt
        "#,
    );
}

#[test]
fn facts_that_cannot_be_are_noted_and_change_nothing() {
    check(
        r#"
        show ignored
        1.0 host stops
        1.1 host says "What about rain?" for 1.2
        1.5 host starts
        2.0 ada plays in t9
        2.1 host types "  "
        until 4
        ----
        1.00 ignored voice_is_off
        1.14 t1 you begins
        1.50 ignored voice_is_on
        2.00 ignored turn_is_over
        2.10 ignored text_is_empty
        2.50 ask 1
        2.55 finish recognition
        2.55 t1 you ends completed "What about rain?"
        2.55 t2 claude begins
        2.55 t2 claude granted alternation
        2.55 t2 claude writes
        2.95 t2 claude is heard
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
