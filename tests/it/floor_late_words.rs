//! Words that come late as timelines: whose they are, and what they may still stop.

use crate::support::timeline::check;

#[test]
fn words_that_come_late_belong_to_the_turn_they_were_said_in() {
    check(
        r#"
        show captions prompts
        1.0 host says "What about rain" for 1.0
        1.0 recogniser hears "in Spain?" for 1.1 heard after 1.4
        8.0 host says "Grace, and you?" for 1.0
        until 11
        ----
        1.04 t1 you begins
        2.20 ask 1
        2.25 finish recognition
        2.25 t1 you ends completed "What about rain"
        2.25 t2 claude begins
        2.25 t2 claude granted alternation
        2.25 t2 claude writes | user Host: What about rain
        2.29 t1 caption you "What about rain" 1.000 to 2.000
        2.65 t2 claude is heard
        4.15 t2 caption claude "That is a good question," 2.650 to 4.150
        5.95 t2 caption claude "and here is my answer to it." 4.150 to 5.950
        5.95 t2 claude ends completed "That is a good question, and here is my answer to it."
        8.04 t3 you begins
        9.20 ask 2
        9.25 finish recognition
        9.25 t3 you ends completed "Grace, and you?"
        9.25 t1 caption you "in Spain?" 1.000 to 2.100
        9.25 t4 guest begins
        9.25 t4 guest granted addressed
        9.25 t4 guest writes | user Host: What about rain in Spain? | user Ada: That is a good question, and here is my answer to it. | user Host: Grace, and you?
        9.29 t3 caption you "Grace, and you?" 8.000 to 9.000
        9.65 t4 guest is heard
        "#,
    );
}

#[test]
fn they_do_so_in_silence_too() {
    check(
        r#"
        show captions prompts
        1.0 host says "Good night" for 1.0
        1.0 ada will say "Night."
        1.0 recogniser hears "everybody." for 1.1 heard after 2.4
        8.0 host says "Grace, and you?" for 1.0
        until 11
        ----
        1.04 t1 you begins
        2.20 ask 1
        2.25 finish recognition
        2.25 t1 you ends completed "Good night"
        2.25 t2 claude begins
        2.25 t2 claude granted alternation
        2.25 t2 claude writes | user Host: Good night
        2.29 t1 caption you "Good night" 1.000 to 2.000
        2.57 t2 claude is heard
        2.97 t2 caption claude "Night." 2.570 to 2.970
        2.97 t2 claude ends completed "Night."
        8.04 t3 you begins
        9.20 ask 2
        9.25 finish recognition
        9.25 t3 you ends completed "Grace, and you?"
        9.25 t1 caption you "everybody." 1.000 to 2.100
        9.25 t4 guest begins
        9.25 t4 guest granted addressed
        9.25 t4 guest writes | user Host: Good night everybody. | user Ada: Night. | user Host: Grace, and you?
        9.29 t3 caption you "Grace, and you?" 8.000 to 9.000
        9.65 t4 guest is heard
        "#,
    );
}

#[test]
fn words_a_little_later_than_the_turn_are_a_turn_of_their_own() {
    check(
        r#"
        show captions
        1.0 host says "Good night" for 1.0
        1.0 ada will say "Night."
        1.0 recogniser hears "everybody." for 1.2 heard after 2.4
        until 8
        ----
        1.04 t1 you begins
        2.20 ask 1
        2.25 finish recognition
        2.25 t1 you ends completed "Good night"
        2.25 t2 claude begins
        2.25 t2 claude granted alternation
        2.25 t2 claude writes
        2.29 t1 caption you "Good night" 1.000 to 2.000
        2.57 t2 claude is heard
        2.97 t2 caption claude "Night." 2.570 to 2.970
        2.97 t2 claude ends completed "Night."
        4.60 t3 you begins
        4.60 t3 you ends completed "everybody."
        4.60 t4 guest begins
        4.60 t4 guest granted addressed-first
        4.60 t4 guest writes
        5.00 t4 guest is heard
        6.50 t4 caption guest "That is a good question," 5.000 to 6.500
        "#,
    );
}

#[test]
fn hold_on_stops_an_ai_where_no_voice_was_noticed() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        3.0 recogniser hears "hold on" for 0.4 heard after 0.3
        until 9
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        3.70 t2 flush
        3.70 t2 claude stop
        3.70 t3 you begins
        3.74 t2 barge-in stopped
        3.74 t2 claude ends barged-in "That is a good question, and here is" unheard "my answer to it."
        5.00 t3 you ends completed "hold on"
        5.00 t4 guest begins
        5.00 t4 guest granted alternation
        5.00 t4 guest writes
        5.40 t4 guest is heard
        8.70 t4 guest ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn other_words_without_a_voice_are_captioned_and_stop_nobody() {
    check(
        r#"
        show captions interim
        1.0 host types "Ada, what about rain?"
        3.0 recogniser hears "in the Alps it snows" for 0.4 heard after 0.3
        until 9
        ----
        1.00 t1 you begins
        1.00 t1 caption you "Ada, what about rain?" 1.000 to 1.000
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        1.70 t2 caption claude "That" + "is a good question," 1.400 to 1.700
        1.90 t2 caption claude "That is" + "a good question," 1.400 to 1.900
        2.10 t2 caption claude "That is a" + "good question," 1.400 to 2.050
        2.40 t2 caption claude "That is a good" + "question," 1.400 to 2.350
        2.90 t2 caption claude "That is a good question," 1.400 to 2.900
        3.20 t2 caption claude "and" + "here is my answer to it." 2.900 to 3.150
        3.50 t2 caption claude "and here" + "is my answer to it." 2.900 to 3.450
        3.70 t3 caption you "in the Alps it snows" 3.000 to 3.400
        3.70 t2 caption claude "and here is" + "my answer to it." 2.900 to 3.650
        3.90 t2 caption claude "and here is my" + "answer to it." 2.900 to 3.850
        4.30 t2 caption claude "and here is my answer" + "to it." 2.900 to 4.250
        4.50 t2 caption claude "and here is my answer to" + "it." 2.900 to 4.450
        4.70 t2 caption claude "and here is my answer to it." 2.900 to 4.700
        4.70 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_question_over_the_last_words_is_a_turn_also_when_its_words_come_after_them() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        4.40 host says "And you, Grace?" for 0.03 heard after 1.0
        until 12
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        4.44 t2 duck -12 dB
        4.59 t2 duck 0 dB
        4.70 t2 claude ends completed "That is a good question, and here is my answer to it."
        5.43 t3 you begins
        5.43 finish recognition
        5.43 t3 you ends completed "And you, Grace?"
        5.43 t4 guest begins
        5.43 t4 guest granted addressed
        5.43 t4 guest writes
        5.83 t4 guest is heard
        9.13 t4 guest ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_murmur_over_the_last_words_stays_one_when_its_words_come_after_them() {
    check(
        r#"
        show captions interim
        1.0 host types "Ada, what about rain?"
        4.40 host says "right" for 0.03 heard after 1.0
        until 12
        ----
        1.00 t1 you begins
        1.00 t1 caption you "Ada, what about rain?" 1.000 to 1.000
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        1.70 t2 caption claude "That" + "is a good question," 1.400 to 1.700
        1.90 t2 caption claude "That is" + "a good question," 1.400 to 1.900
        2.10 t2 caption claude "That is a" + "good question," 1.400 to 2.050
        2.40 t2 caption claude "That is a good" + "question," 1.400 to 2.350
        2.90 t2 caption claude "That is a good question," 1.400 to 2.900
        3.20 t2 caption claude "and" + "here is my answer to it." 2.900 to 3.150
        3.50 t2 caption claude "and here" + "is my answer to it." 2.900 to 3.450
        3.70 t2 caption claude "and here is" + "my answer to it." 2.900 to 3.650
        3.90 t2 caption claude "and here is my" + "answer to it." 2.900 to 3.850
        4.30 t2 caption claude "and here is my answer" + "to it." 2.900 to 4.250
        4.44 t2 duck -12 dB
        4.50 t2 caption claude "and here is my answer to" + "it." 2.900 to 4.450
        4.59 t2 duck 0 dB
        4.70 t2 caption claude "and here is my answer to it." 2.900 to 4.700
        4.70 t2 claude ends completed "That is a good question, and here is my answer to it."
        5.43 t3 caption you "right" 4.400 to 4.430
        "#,
    );
}

#[test]
fn words_over_the_last_words_that_come_two_seconds_late_ask_for_nothing() {
    check(
        r#"
        show captions interim
        1.0 host types "Ada, what about rain?"
        4.40 host says "And you, Grace?" for 0.03 heard after 2.3
        until 12
        ----
        1.00 t1 you begins
        1.00 t1 caption you "Ada, what about rain?" 1.000 to 1.000
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        1.70 t2 caption claude "That" + "is a good question," 1.400 to 1.700
        1.90 t2 caption claude "That is" + "a good question," 1.400 to 1.900
        2.10 t2 caption claude "That is a" + "good question," 1.400 to 2.050
        2.40 t2 caption claude "That is a good" + "question," 1.400 to 2.350
        2.90 t2 caption claude "That is a good question," 1.400 to 2.900
        3.20 t2 caption claude "and" + "here is my answer to it." 2.900 to 3.150
        3.50 t2 caption claude "and here" + "is my answer to it." 2.900 to 3.450
        3.70 t2 caption claude "and here is" + "my answer to it." 2.900 to 3.650
        3.90 t2 caption claude "and here is my" + "answer to it." 2.900 to 3.850
        4.30 t2 caption claude "and here is my answer" + "to it." 2.900 to 4.250
        4.44 t2 duck -12 dB
        4.50 t2 caption claude "and here is my answer to" + "it." 2.900 to 4.450
        4.59 t2 duck 0 dB
        4.70 t2 caption claude "and here is my answer to it." 2.900 to 4.700
        4.70 t2 claude ends completed "That is a good question, and here is my answer to it."
        6.73 t3 caption you "And you, Grace?" 4.400 to 4.430
        "#,
    );
}

#[test]
fn words_from_before_the_mute_are_the_hosts() {
    check(
        r#"
        show ignored
        1.0 host says "What about rain?" for 1.0 heard after 0.6
        1.9 host mutes
        until 4
        ----
        1.04 t1 you begins
        2.10 ask 1
        2.60 finish recognition
        2.60 t1 you ends completed "What about rain?"
        2.60 t2 claude begins
        2.60 t2 claude granted alternation
        2.60 t2 claude writes
        3.00 t2 claude is heard
        "#,
    );
}

#[test]
fn eight_tenths_of_a_second_without_a_word_are_worth_a_message() {
    check(
        r#"
        1.0 host sounds for 0.8
        until 8
        ----
        1.04 t1 you begins
        2.00 ask 1
        3.40 finish recognition
        4.80 t1 you ends no-words ""
        4.80 tell not_understood
        "#,
    );
}

#[test]
fn less_is_not() {
    check(
        r#"
        1.0 host sounds for 0.79
        until 8
        ----
        1.04 t1 you begins
        1.99 ask 1
        3.39 finish recognition
        4.79 t1 you ends no-words ""
        "#,
    );
}

#[test]
fn words_that_begin_with_the_mute_are_nobodys() {
    check(
        r#"
        show ignored
        2.0 host mutes
        2.0 recogniser hears "So what?" for 0.5 heard after 0.1
        until 4
        ----
        2.60 ignored words_while_muted
        "#,
    );
}

#[test]
fn wait_stops_an_ai_up_to_two_seconds_after_it_went_on() {
    check(
        r#"
        1.0 host types "Ada, tell me the long story."
        1.0 ada will say "The story begins a long time ago, in a town by the sea where nobody ever spoke to anybody, and nobody sang."
        4.0 host sounds for 0.3
        4.0 recogniser hears "Wait." for 0.3 heard after 2.6
        until 8
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, tell me the long story."
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.44 t2 claude is heard
        4.04 t2 duck -12 dB
        4.20 t2 pause
        4.90 t2 duck 0 dB
        4.90 t2 resume
        4.90 t2 barge-in resumed
        6.90 t2 claude stop
        6.90 t3 you begins
        6.90 finish recognition
        6.90 t3 you ends completed "Wait."
        6.90 t2 flush
        6.90 t4 guest begins
        6.90 t4 guest granted alternation
        6.94 t2 barge-in stopped
        6.94 t2 claude ends barged-in "The story begins a long time ago, in a town by the sea where nobody ever" unheard "spoke to anybody, and nobody sang."
        6.94 t4 guest writes
        7.34 t4 guest is heard
        "#,
    );
}

#[test]
fn and_no_later() {
    check(
        r#"
        1.0 host types "Ada, tell me the long story."
        1.0 ada will say "The story begins a long time ago, in a town by the sea where nobody ever spoke to anybody, and nobody sang."
        4.0 host sounds for 0.3
        4.0 recogniser hears "Wait." for 0.3 heard after 2.601
        until 8
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, tell me the long story."
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.44 t2 claude is heard
        4.04 t2 duck -12 dB
        4.20 t2 pause
        4.90 t2 duck 0 dB
        4.90 t2 resume
        4.90 t2 barge-in resumed
        "#,
    );
}

#[test]
fn words_up_to_130_ms_behind_a_turn_are_its_own() {
    check(
        r#"
        show captions interim
        1.0 host says "What about rain?" for 1.2
        2.0 recogniser hears "in spring" for 0.33 heard after 1.0
        until 3.5
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 t1 caption you "What about rain?" 1.000 to 2.200
        2.45 finish recognition
        2.45 t1 you ends completed "What about rain?"
        2.45 t2 claude begins
        2.45 t2 claude granted alternation
        2.45 t2 claude writes
        2.49 t1 caption you "What about rain?" 1.000 to 2.200
        2.85 t2 claude is heard
        3.15 t2 caption claude "That" + "is a good question," 2.850 to 3.150
        3.33 t1 caption you "in spring" 2.000 to 2.330
        3.35 t2 caption claude "That is" + "a good question," 2.850 to 3.350
        "#,
    );
}

#[test]
fn a_wait_that_was_over_when_the_voice_began_is_none_of_its_words() {
    check(
        r#"
        1.0 host types "Ada, tell me the long story."
        1.0 ada will say "The story begins a long time ago, in a town by the sea where nobody ever spoke to anybody, and nobody sang."
        3.5 recogniser hears "Wait." for 0.5 heard after 0.3
        4.0 host sounds for 0.6
        until 6
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, tell me the long story."
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.44 t2 claude is heard
        4.04 t2 duck -12 dB
        4.20 t2 pause
        5.20 t2 duck 0 dB
        5.20 t2 resume
        5.20 t2 barge-in resumed
        "#,
    );
}

#[test]
fn words_up_to_130_ms_behind_a_murmur_are_its_own() {
    check(
        r#"
        1.0 host types "Ada, tell me the long story."
        1.0 ada will say "The story begins a long time ago, in a town by the sea where nobody ever spoke to anybody, and nobody sang."
        4.0 host sounds for 0.3
        4.0 recogniser hears "Wait." for 0.43 heard after 2.5
        until 8
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, tell me the long story."
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.44 t2 claude is heard
        4.04 t2 duck -12 dB
        4.20 t2 pause
        4.90 t2 duck 0 dB
        4.90 t2 resume
        4.90 t2 barge-in resumed
        "#,
    );
}

#[test]
fn and_later_ones_are_another() {
    check(
        r#"
        1.0 host types "Ada, tell me the long story."
        1.0 ada will say "The story begins a long time ago, in a town by the sea where nobody ever spoke to anybody, and nobody sang."
        4.0 host sounds for 0.3
        4.0 recogniser hears "Wait." for 0.431 heard after 2.5
        until 8
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, tell me the long story."
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.44 t2 claude is heard
        4.04 t2 duck -12 dB
        4.20 t2 pause
        4.90 t2 duck 0 dB
        4.90 t2 resume
        4.90 t2 barge-in resumed
        6.931 t2 claude stop
        6.931 t3 you begins
        6.931 t3 you ends completed "Wait."
        6.931 t2 flush
        6.931 t4 guest begins
        6.931 t4 guest granted alternation
        6.971 t2 barge-in stopped
        6.971 t2 claude ends barged-in "The story begins a long time ago, in a town by the sea where nobody ever" unheard "spoke to anybody, and nobody sang."
        6.971 t4 guest writes
        7.371 t4 guest is heard
        "#,
    );
}

#[test]
fn so_are_they_when_the_ai_has_ended() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        4.3 host sounds for 0.2
        4.3 recogniser hears "right." for 0.33 heard after 0.9
        until 8
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        4.34 t2 duck -12 dB
        4.50 t2 pause
        5.10 t2 duck 0 dB
        5.10 t2 resume
        5.10 t2 barge-in resumed
        5.30 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn words_that_nobody_noticed_a_voice_for_are_no_turn_when_they_change() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        4.2 recogniser hears "right" for 0.3 interim at 4.6
        5.0 recogniser corrects it to "What about snow?"
        until 8
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        4.70 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}
