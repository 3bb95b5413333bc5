//! The host's side as timelines: a voice that is cut short, keys, comings and goings, the end.

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
