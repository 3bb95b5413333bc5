//! The host's side as timelines: a voice that is cut short, words that come late, keys, comings and goings.

use crate::support::timeline::check;

#[test]
fn a_muted_voice_ended_when_the_detector_says_and_not_when_the_key_was_pressed() {
    check(
        r#"
        show votes
        1.0 host starts
        1.0 recogniser hears "What about rain?" for 0.9 heard after 0.3
        2.0 host mutes
        2.16 host stops at 1.9
        until 4
        ----
        1.00 t1 you begins
        2.16 ask 1
        2.21 t1 judged ModelSaysDone after 310 ms
        2.21 finish recognition
        2.21 t1 you ends completed "What about rain?"
        2.21 t2 claude begins
        2.21 t2 claude granted alternation
        2.21 t2 claude writes
        2.61 t2 claude is heard
        "#,
    );
}

#[test]
fn of_two_ends_of_a_muted_voice_the_second_is_none() {
    check(
        r#"
        show ignored
        1.0 host starts
        2.0 host mutes
        2.1 host stops at 1.9
        2.2 host stops at 1.9
        until 3
        ----
        1.00 t1 you begins
        2.10 ask 1
        2.20 ignored voice_is_off
        "#,
    );
}

#[test]
fn a_voice_that_begins_again_is_no_muted_one() {
    check(
        r#"
        show ignored
        1.0 host starts
        1.5 host mutes
        1.6 host unmutes
        1.7 host starts
        2.0 host stops
        2.1 host stops
        until 3
        ----
        1.00 t1 you begins
        1.70 ask 1
        1.75 ignored answer_is_old
        2.10 ignored voice_is_off
        2.20 ask 2
        "#,
    );
}

#[test]
fn whoever_is_away_or_back_already_changes_nothing() {
    check(
        r#"
        show ignored
        1.0 host is back
        2.0 host is lost
        2.1 host is lost
        2.2 host starts
        2.3 host stops
        3.0 host is back
        until 5
        ----
        1.00 ignored host_is_connected
        2.10 ignored host_is_not_connected
        2.20 ignored host_is_not_connected
        2.30 ignored voice_is_off
        "#,
    );
}

#[test]
fn a_host_who_is_lost_in_a_word_has_ended_there() {
    check(
        r#"
        show votes
        1.0 host starts
        1.0 recogniser hears "What about rain?" for 0.9 heard after 0.3
        2.0 host is lost
        2.06 host stops at 1.95
        6.0 host is back
        until 9
        ----
        1.00 t1 you begins
        2.15 ask 1
        2.20 t1 judged ModelSaysDone after 250 ms
        2.20 finish recognition
        2.20 t1 you ends completed "What about rain?"
        2.20 t2 claude begins
        2.20 t2 claude granted alternation
        2.20 t2 claude writes
        6.00 t2 claude is heard
        "#,
    );
}

#[test]
fn while_the_end_is_awaited_nothing_new_begins() {
    check(
        r#"
        show ignored
        1.0 host says "Good night." for 1.0 heard after 2.5
        1.5 host ends it
        1.6 host types "Hello?"
        1.7 host nominates ada
        1.8 producer whispers ada "be brief"
        1.9 producer strikes
        2.0 producer goes to part 1
        2.1 host ends it
        2.2 host stops
        2.3 host starts
        2.4 sound rises
        until 9
        ----
        1.04 t1 you begins
        1.50 finish recognition
        1.60 ignored session_is_ending
        1.70 ignored session_is_ending
        1.80 ignored session_is_ending
        1.90 ignored session_is_ending
        2.00 ignored session_is_ending
        2.10 ignored session_is_ending
        2.20 ignored voice_is_off
        2.30 ignored session_is_ending
        4.50 t1 you ends session-ended ""
        4.50 close
        4.50 ignored session_is_over
        "#,
    );
}

#[test]
fn a_sound_ducks_only_who_is_heard_and_only_by_a_host_who_can_be() {
    check(
        r#"
        0.5 sound rises
        1.0 host types "Ada, what about rain?"
        1.2 sound rises
        1.41 sound rises
        2.0 host mutes
        2.1 sound rises
        2.4 host unmutes
        2.5 sound rises
        3.0 host sounds for 0.5
        3.2 sound rises
        until 8
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        2.50 t2 duck -12 dB
        2.82 t2 duck 0 dB
        3.04 t2 duck -12 dB
        3.20 t2 pause
        4.10 t2 duck 0 dB
        4.10 t2 resume
        4.10 t2 barge-in resumed
        5.60 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_sound_that_is_noticed_twice_is_one() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        2.5 sound rises
        2.6 sound rises
        until 6
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        2.50 t2 duck -12 dB
        2.92 t2 duck 0 dB
        4.70 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn the_sound_before_an_ai_has_ended_is_settled_with_it() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        4.6 sound rises
        6.0 host types "Grace, what about snow?"
        until 11
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        4.60 t2 duck -12 dB
        4.70 t2 claude ends completed "That is a good question, and here is my answer to it."
        6.00 t3 you begins
        6.00 t3 you ends completed "Grace, what about snow?"
        6.00 t4 guest begins
        6.00 t4 guest granted addressed
        6.00 t4 guest writes
        6.40 t4 guest is heard
        9.70 t4 guest ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

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
fn what_is_typed_joins_what_was_just_said() {
    check(
        r#"
        0.5 model says 100
        0.5 model says 100
        1.0 host says "I was thinking of rain" for 1.0
        2.65 host types "Ada, what is rain?"
        until 8
        ----
        1.04 t1 you begins
        2.20 ask 1
        2.60 ask 2
        2.65 finish recognition
        2.65 t1 you ends completed "I was thinking of rain Ada, what is rain?"
        2.65 t2 claude begins
        2.65 t2 claude granted alternation
        2.65 t2 claude writes
        3.05 t2 claude is heard
        6.35 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_host_who_types_while_speaking_is_still_speaking() {
    check(
        r#"
        1.0 host says "well I wonder what it may be about" for 4.0
        2.0 host types "Ada, what about rain?"
        until 12
        ----
        1.04 t1 you begins
        2.00 finish recognition
        2.00 t1 you ends completed "Ada, what about rain?"
        2.00 t2 claude begins
        2.00 t2 claude granted addressed
        2.00 t2 claude writes
        3.45 t2 claude ends withdrawn "" unheard "That is a good question, and here is my answer to it."
        3.45 t2 claude stop
        3.45 t1 you begins
        5.20 ask 1
        5.25 finish recognition
        5.25 t1 you ends completed "well I wonder what it may be about Ada, what about rain?"
        5.25 t3 claude begins
        5.25 t3 claude granted alternation
        5.25 t3 claude writes
        5.65 t3 claude is heard
        8.95 t3 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_key_that_is_held_or_free_already_is_noted() {
    check(
        r#"
        show ignored
        1.0 host holds the key
        1.1 host holds the key
        1.2 host says "What about rain?" for 0.8
        3.0 host says "And about snow?" for 0.8
        6.0 host releases the key
        6.1 host releases the key
        until 9
        ----
        1.10 ignored key_is_there_already
        1.24 t1 you begins
        6.00 finish recognition
        6.00 t1 you ends completed "What about rain? And about snow?"
        6.00 t2 claude begins
        6.00 t2 claude granted alternation
        6.00 t2 claude writes
        6.10 ignored key_is_there_already
        6.40 t2 claude is heard
        "#,
    );
}

#[test]
fn who_mutes_twice_is_muted_since_the_first_time() {
    check(
        r#"
        show ignored
        1.0 host mutes
        2.0 host mutes
        1.5 recogniser hears "so and so" for 0.3 heard after 1.0
        until 4
        ----
        2.80 ignored words_while_muted
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
fn autopilot_waits_for_a_host_who_is_away() {
    check(
        r#"
        1.0 host is lost
        2.0 autopilot on
        4.0 host is back
        4.5 autopilot off
        until 9
        ----
        2.00 autopilot on
        4.00 t1 claude begins
        4.00 t1 claude granted autopilot
        4.00 t1 claude writes
        4.40 t1 claude is heard
        4.50 autopilot off
        7.70 t1 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn autopilot_waits_for_a_host_who_speaks() {
    check(
        r#"
        1.0 host says "Let me begin with the rain, if I may." for 2.0
        1.5 autopilot on
        4.0 autopilot off
        until 9
        ----
        1.04 t1 you begins
        1.50 autopilot on
        3.20 ask 1
        4.00 autopilot off
        4.60 finish recognition
        4.60 t1 you ends completed "Let me begin with the rain, if I may."
        4.60 t2 claude begins
        4.60 t2 claude granted alternation
        4.60 t2 claude writes
        5.00 t2 claude is heard
        8.30 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn ears_that_are_so_already_are_noted() {
    check(
        r#"
        show ignored
        1.0 ears serve
        2.0 ears fail
        2.5 ears fail
        until 4
        ----
        1.00 ignored ears_are_so_already
        2.00 tell ears_lost
        2.50 ignored ears_are_so_already
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
fn the_end_waits_for_no_ai_that_has_not_begun() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        1.1 host ends it
        until 4
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.10 t2 claude ends session-ended ""
        1.10 t2 claude stop
        1.10 close
        "#,
    );
}

#[test]
fn the_end_in_silence_is_one_at_once() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        9.0 host ends it
        until 12
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        4.70 t2 claude ends completed "That is a good question, and here is my answer to it."
        9.00 close
        "#,
    );
}

#[test]
fn words_that_come_between_the_end_and_the_silence_are_kept() {
    check(
        r#"
        show captions
        0.5 flush takes 0.14
        1.0 host types "Ada, what about rain?"
        3.0 host ends it
        2.5 recogniser hears "good night" for 0.4 heard after 0.15
        until 6
        ----
        1.00 t1 you begins
        1.00 t1 caption you "Ada, what about rain?" 1.000 to 1.000
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        2.90 t2 caption claude "That is a good question," 1.400 to 2.900
        3.00 t2 flush
        3.00 t2 claude stop
        3.14 t2 claude ends session-ended "That is a good question," unheard "and here is my answer to it."
        3.14 t3 you begins
        3.14 t3 you ends session-ended "good night"
        3.14 t3 caption you "good night" 2.500 to 2.900
        3.14 close
        "#,
    );
}

#[test]
fn a_voice_over_the_end_is_nobodys_turn() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        2.9 host starts
        3.0 host ends it
        until 6
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        2.90 t2 duck -12 dB
        3.00 t2 duck 0 dB
        3.00 t2 flush
        3.00 t2 claude stop
        3.04 t2 claude ends session-ended "That is a good question," unheard "and here is my answer to it."
        3.04 close
        "#,
    );
}

#[test]
fn a_withdrawn_reply_leaves_its_speaker_the_next_turn() {
    check(
        r#"
        0.5 voice takes 1.0
        1.0 host says "I have been to Rome." for 1.2
        2.9 host says "And then to Paris." for 1.4
        12.0 host says "And then to Oslo." for 1.4
        until 17
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "I have been to Rome."
        2.45 t2 claude begins
        2.45 t2 claude granted alternation
        2.45 t2 claude writes
        4.35 t2 claude ends withdrawn "" unheard "That is a good question, and here is my answer to it."
        4.35 t2 claude stop
        4.35 t1 you begins
        4.50 ask 2
        5.175 finish recognition
        5.175 t1 you ends completed "I have been to Rome. And then to Paris."
        5.175 t3 claude begins
        5.175 t3 claude granted alternation
        5.175 t3 claude writes
        6.475 t3 claude is heard
        9.775 t3 claude ends completed "That is a good question, and here is my answer to it."
        12.04 t4 you begins
        13.60 ask 3
        14.275 finish recognition
        14.275 t4 you ends completed "And then to Oslo."
        14.275 t5 guest begins
        14.275 t5 guest granted alternation
        14.275 t5 guest writes
        15.575 t5 guest is heard
        "#,
    );
}

#[test]
fn one_that_was_heard_does_not() {
    check(
        r#"
        1.0 host says "I have been to Rome." for 1.2
        3.5 host says "And then we went on to Paris by train." for 2.4
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
        3.54 t2 duck -12 dB
        3.85 t2 pause
        4.95 t2 flush
        4.95 t2 claude stop
        4.95 t3 you begins
        4.99 t2 barge-in stopped
        4.99 t2 claude ends barged-in "That is a good" unheard "question, and here is my answer to it."
        6.10 ask 2
        6.15 finish recognition
        6.15 t3 you ends completed "And then we went on to Paris by train."
        6.15 t4 guest begins
        6.15 t4 guest granted alternation
        6.15 t4 guest writes
        6.55 t4 guest is heard
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

#[test]
fn a_turn_that_was_typed_into_is_not_judged() {
    check(
        r#"
        show votes
        1.0 host says "What about rain and" for 3.0
        2.0 host types "Ada, hello?"
        until 2.5
        ----
        1.04 t1 you begins
        2.00 finish recognition
        2.00 t1 you ends completed "Ada, hello?"
        2.00 t2 claude begins
        2.00 t2 claude granted addressed
        2.00 t2 claude writes
        "#,
    );
}

#[test]
fn the_end_closes_the_words_of_a_murmur() {
    check(
        r#"
        show captions interim
        1.0 host types "Ada, tell me the long story."
        1.0 ada will say "The story begins a long time ago, in a town by the sea where nobody ever spoke to anybody, and nobody sang."
        3.0 host sounds for 0.3
        3.0 recogniser hears "right" for 0.3 interim at 4.5
        5.0 host ends it
        until 7
        ----
        1.00 t1 you begins
        1.00 t1 caption you "Ada, tell me the long story." 1.000 to 1.000
        1.00 t1 you ends completed "Ada, tell me the long story."
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.44 t2 claude is heard
        1.74 t2 caption claude "The" + "story begins a long time ago," 1.440 to 1.690
        2.04 t2 caption claude "The story" + "begins a long time ago," 1.440 to 2.040
        2.44 t2 caption claude "The story begins" + "a long time ago," 1.440 to 2.440
        2.64 t2 caption claude "The story begins a" + "long time ago," 1.440 to 2.590
        2.94 t2 caption claude "The story begins a long" + "time ago," 1.440 to 2.890
        3.04 t2 duck -12 dB
        3.20 t2 pause
        3.90 t2 duck 0 dB
        3.90 t2 resume
        3.90 t2 barge-in resumed
        4.00 t2 caption claude "The story begins a long time" + "ago," 1.440 to 3.890
        4.20 t2 caption claude "The story begins a long time ago," 1.440 to 4.190
        4.40 t2 caption claude "in" + "a town by the sea where nobody ever spoke to anybody, and nobody sang." 4.190 to 4.390
        4.50 t3 caption you "right" 3.000 to 3.300
        4.60 t2 caption claude "in a" + "town by the sea where nobody ever spoke to anybody, and nobody sang." 4.190 to 4.540
        4.90 t2 caption claude "in a town" + "by the sea where nobody ever spoke to anybody, and nobody sang." 4.190 to 4.840
        5.00 t2 flush
        5.00 t2 claude stop
        5.04 t2 caption claude "in a town" cut 4.190 to 4.840
        5.04 t2 claude ends session-ended "The story begins a long time ago, in a town" unheard "by the sea where nobody ever spoke to anybody, and nobody sang."
        5.04 t3 caption you "right" 3.000 to 3.300
        5.04 close
        "#,
    );
}

#[test]
fn who_was_to_answer_second_is_not_called_any_more_after_an_interruption() {
    check(
        r#"
        1.0 host types "What do you two think?"
        3.0 host interrupts
        5.0 host nominates ada
        until 12
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "What do you two think?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed-first
        1.00 t2 claude writes
        1.40 t2 claude is heard
        3.00 t2 flush
        3.00 t2 claude stop
        3.04 t2 claude ends interrupted "That is a good question," unheard "and here is my answer to it."
        5.00 t3 claude begins
        5.00 t3 claude granted nominated
        5.00 t3 claude writes
        5.40 t3 claude is heard
        8.70 t3 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_voice_that_is_on_when_the_button_is_pressed_has_the_floor() {
    check(
        r#"
        1.0 host types "Ada, tell me the long story."
        1.0 ada will say "The story begins a long time ago, in a town by the sea where nobody ever spoke."
        5.0 host says "Grace, what about rain?" for 1.2
        5.1 host interrupts
        until 8
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, tell me the long story."
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.44 t2 claude is heard
        5.04 t2 duck -12 dB
        5.10 t2 flush
        5.10 t2 claude stop
        5.10 t3 you begins
        5.14 t2 claude ends interrupted "The story begins a long time ago, in a town by the sea" unheard "where nobody ever spoke."
        6.40 ask 1
        6.45 finish recognition
        6.45 t3 you ends completed "Grace, what about rain?"
        6.45 t4 guest begins
        6.45 t4 guest granted addressed
        6.45 t4 guest writes
        6.85 t4 guest is heard
        "#,
    );
}

#[test]
fn the_end_waits_for_no_key_to_be_released() {
    check(
        r#"
        1.0 host holds the key
        1.1 host says "Good night." for 0.8
        3.0 host ends it
        until 5
        ----
        1.14 t1 you begins
        3.00 finish recognition
        3.00 t1 you ends session-ended "Good night."
        3.00 close
        "#,
    );
}
