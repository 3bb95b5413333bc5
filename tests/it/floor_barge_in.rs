//! What becomes of a voice over an AI, as timelines: ducked, paused, stopped or let go on.

use crate::support::timeline::check;

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
fn after_a_murmur_over_the_last_words_autopilot_goes_on() {
    check(
        r#"
        1.0 autopilot on
        4.58 host says "right." for 0.2
        until 7
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.40 t1 claude is heard
        4.62 t1 duck -12 dB
        4.70 t1 claude ends completed "That is a good question, and here is my answer to it."
        4.70 t2 you begins
        5.48 finish recognition
        5.48 t2 you ends completed "right."
        5.48 guest denied back_channel
        5.48 t3 guest begins
        5.48 t3 guest granted autopilot
        5.48 t3 guest writes
        5.88 t3 guest is heard
        "#,
    );
}
