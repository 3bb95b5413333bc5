//! How a voice over an AI is weighed, and where an AI stops, as timelines.

use voice_studio::conversation::{Input, Order, TurnId};
use voice_studio::simulation::Timeline;
use voice_studio::time::SessionTime;

use crate::support::timeline::check;

#[test]
fn a_voice_the_detector_is_not_sure_of_ducks_and_pauses_late() {
    check(
        r#"
        1.0 host types "Ada, who are you?"
        4.0 host sounds for 0.5
        4.05 detector is unsure
        until 20
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, who are you?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        4.04 t2 duck -12 dB
        4.60 t2 pause
        5.10 t2 duck 0 dB
        5.10 t2 resume
        5.10 t2 barge-in resumed
        5.20 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_voice_that_is_told_to_be_unsure_before_it_begins_is_not_paused_for_at_once() {
    check(
        r#"
        1.0 host types "Ada, who are you?"
        3.8 sound rises
        4.0 detector is unsure
        4.0 host sounds for 0.3
        until 20
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, who are you?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        3.80 t2 duck -12 dB
        4.455 t2 pause
        4.90 t2 duck 0 dB
        4.90 t2 resume
        4.90 t2 barge-in resumed
        5.20 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_voice_that_is_told_to_be_sure_before_it_begins_counts_as_one_told_after_it() {
    check(
        r#"
        1.0 host types "Ada, who are you?"
        4.0 detector is sure
        4.0 host sounds for 0.5
        until 20
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, who are you?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        4.04 t2 duck -12 dB
        4.11 t2 pause
        5.10 t2 duck 0 dB
        5.10 t2 resume
        5.10 t2 barge-in resumed
        5.70 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn what_was_told_of_one_voice_says_nothing_of_the_next() {
    check(
        r#"
        1.0 host types "Ada, who are you?"
        3.0 detector is unsure
        3.0 host sounds for 0.1
        4.0 host sounds for 0.5
        until 20
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, who are you?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        3.04 t2 duck -12 dB
        3.26 t2 duck 0 dB
        4.04 t2 duck -12 dB
        4.20 t2 pause
        5.10 t2 duck 0 dB
        5.10 t2 resume
        5.10 t2 barge-in resumed
        5.60 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn what_was_told_of_a_muted_voice_says_nothing_of_the_next() {
    check(
        r#"
        1.0 host types "Ada, who are you?"
        2.5 host mutes
        3.0 detector is unsure
        3.0 host sounds for 0.1
        3.5 host unmutes
        4.0 host sounds for 0.5
        until 20
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, who are you?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        4.04 t2 duck -12 dB
        4.20 t2 pause
        5.10 t2 duck 0 dB
        5.10 t2 resume
        5.10 t2 barge-in resumed
        5.60 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_voice_that_becomes_sure_counts_from_before_the_detectors_first_hop() {
    check(
        r#"
        1.0 host types "Ada, who are you?"
        4.0 host sounds for 0.5
        4.05 detector is unsure
        4.1 detector is sure
        until 20
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, who are you?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        4.04 t2 duck -12 dB
        4.11 t2 pause
        5.10 t2 duck 0 dB
        5.10 t2 resume
        5.10 t2 barge-in resumed
        5.70 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_voice_whose_first_sound_was_noticed_counts_from_there() {
    check(
        r#"
        1.0 host types "Ada, who are you?"
        3.94 sound rises
        4.0 host sounds for 0.5
        4.05 detector is unsure
        4.1 detector is sure
        until 20
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, who are you?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        3.94 t2 duck -12 dB
        4.14 t2 pause
        5.10 t2 duck 0 dB
        5.10 t2 resume
        5.10 t2 barge-in resumed
        5.70 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_short_command_stops_an_ai_at_the_end_of_its_word() {
    check(
        r#"
        1.0 host types "Ada, who are you?"
        4.0 host says "Stop!" for 0.16
        4.05 detector is unsure
        until 8
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, who are you?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        4.04 t2 duck -12 dB
        4.32 t2 duck 0 dB
        4.41 t2 claude stop
        4.41 t3 you begins
        4.45 t2 flush
        4.49 t2 barge-in stopped
        4.49 t2 claude ends barged-in "That is a good question, and here is my answer to" unheard "it."
        5.76 finish recognition
        5.76 t3 you ends completed "Stop!"
        5.76 t4 guest begins
        5.76 t4 guest granted alternation
        5.76 t4 guest writes
        6.16 t4 guest is heard
        "#,
    );
}

#[test]
fn a_word_is_cut_where_the_briefing_says_so() {
    check(
        r#"
        0.0 rule bargeIn.finishWordMs 0
        1.0 host types "Ada, who are you?"
        4.0 host says "Stop!" for 0.16
        4.05 detector is unsure
        until 8
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, who are you?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        4.04 t2 duck -12 dB
        4.32 t2 duck 0 dB
        4.41 t2 flush
        4.41 t2 claude stop
        4.41 t3 you begins
        4.45 t2 barge-in stopped
        4.45 t2 claude ends barged-in "That is a good question, and here is my answer" unheard "to it."
        5.76 finish recognition
        5.76 t3 you ends completed "Stop!"
        5.76 t4 guest begins
        5.76 t4 guest granted alternation
        5.76 t4 guest writes
        6.16 t4 guest is heard
        "#,
    );
}

#[test]
fn a_reply_into_the_hosts_pause_is_withdrawn_and_both_halves_are_one_turn() {
    check(
        r#"
        show prompts
        1.0 host says "I wonder about rain." for 1.2
        2.75 host says "And about snow." for 1.0
        until 12
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "I wonder about rain."
        2.45 t2 claude begins
        2.45 t2 claude granted alternation
        2.45 t2 claude writes | user Host: I wonder about rain.
        4.00 t2 claude ends withdrawn "" unheard "That is a good question, and here is my answer to it."
        4.00 t2 claude stop
        4.00 t1 you begins
        4.00 ask 2
        4.437 finish recognition
        4.437 t1 you ends completed "I wonder about rain. And about snow."
        4.437 t4 claude begins
        4.437 t4 claude granted alternation
        4.437 t4 claude writes | user Host: I wonder about rain. And about snow.
        4.837 t4 claude is heard
        8.137 t4 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn one_word_of_content_shortens_what_a_voice_may_last() {
    check(
        r#"
        1.0 host types "Ada, who are you?"
        2.5 recogniser hears "rain" for 0.3 interim at 2.9
        2.5 host sounds for 2.0
        until 4.4
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, who are you?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        2.54 t2 duck -12 dB
        2.70 t2 pause
        3.65 t2 flush
        3.65 t2 claude stop
        3.65 t3 you begins
        3.69 t2 barge-in stopped
        3.69 t2 claude ends barged-in "That is a good" unheard "question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_second_one_shortens_it_more() {
    check(
        r#"
        1.0 host types "Ada, who are you?"
        2.5 recogniser hears "rain snow" for 0.3 interim at 2.9
        2.5 host sounds for 2.0
        until 4.4
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, who are you?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        2.54 t2 duck -12 dB
        2.70 t2 pause
        3.40 t2 flush
        3.40 t2 claude stop
        3.40 t3 you begins
        3.44 t2 barge-in stopped
        3.44 t2 claude ends barged-in "That is a good" unheard "question, and here is my answer to it."
        "#,
    );
}

#[test]
fn and_a_third() {
    check(
        r#"
        1.0 host types "Ada, who are you?"
        2.5 recogniser hears "rain snow hail" for 0.3 interim at 2.9
        2.5 host sounds for 2.0
        until 4.4
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, who are you?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        2.54 t2 duck -12 dB
        2.70 t2 pause
        3.15 t2 flush
        3.15 t2 claude stop
        3.15 t3 you begins
        3.19 t2 barge-in stopped
        3.19 t2 claude ends barged-in "That is a good" unheard "question, and here is my answer to it."
        "#,
    );
}

#[test]
fn but_no_fourth() {
    check(
        r#"
        1.0 host types "Ada, who are you?"
        2.5 recogniser hears "rain snow hail fog" for 0.3 interim at 2.9
        2.5 host sounds for 2.0
        until 4.4
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, who are you?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        2.54 t2 duck -12 dB
        2.70 t2 pause
        3.15 t2 flush
        3.15 t2 claude stop
        3.15 t3 you begins
        3.19 t2 barge-in stopped
        3.19 t2 claude ends barged-in "That is a good" unheard "question, and here is my answer to it."
        "#,
    );
}

#[test]
fn the_least_that_words_leave_is_the_pause() {
    check(
        r#"
        0.0 ada rule bargeIn.backChannelMaxMs 200
        1.0 host types "Ada, who are you?"
        2.5 recogniser hears "rain snow hail fog" for 0.2 interim at 2.75
        2.5 host sounds for 2.0
        until 4.4
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, who are you?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        2.54 t2 duck -12 dB
        2.70 t2 pause
        2.90 t2 flush
        2.90 t2 claude stop
        2.90 t3 you begins
        2.94 t2 barge-in stopped
        2.94 t2 claude ends barged-in "That is a good" unheard "question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_voice_longer_than_a_back_channel_stops_an_ai_when_its_words_come() {
    check(
        r#"
        1.0 host types "Ada, who are you?"
        2.5 host says "rain snow hail" for 0.81 heard after 0.3
        until 6
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, who are you?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        2.54 t2 duck -12 dB
        2.70 t2 pause
        3.61 t2 flush
        3.61 t2 claude stop
        3.61 t3 you begins
        3.61 ask 1
        3.65 t2 barge-in stopped
        3.65 t2 claude ends barged-in "That is a good" unheard "question, and here is my answer to it."
        3.66 finish recognition
        3.66 t3 you ends completed "rain snow hail"
        3.66 t4 guest begins
        3.66 t4 guest granted alternation
        3.66 t4 guest writes
        4.06 t4 guest is heard
        "#,
    );
}

#[test]
fn one_that_is_just_as_long_does_not() {
    check(
        r#"
        1.0 host types "Ada, who are you?"
        2.5 host says "rain snow hail" for 0.8 heard after 0.3
        until 8
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, who are you?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        2.54 t2 duck -12 dB
        2.70 t2 pause
        3.90 t2 duck 0 dB
        3.90 t2 resume
        3.90 t2 barge-in resumed
        5.90 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_sound_without_a_word_may_be_half_as_long_again() {
    check(
        r#"
        1.0 host types "Ada, who are you?"
        2.5 host sounds for 1.25
        until 8
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, who are you?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        2.54 t2 duck -12 dB
        2.70 t2 pause
        4.35 t2 duck 0 dB
        4.35 t2 resume
        4.35 t2 barge-in resumed
        6.35 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn and_no_longer() {
    check(
        r#"
        1.0 host types "Ada, who are you?"
        2.5 host sounds for 1.26
        until 8
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, who are you?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        2.54 t2 duck -12 dB
        2.70 t2 pause
        3.92 t2 flush
        3.92 t2 claude stop
        3.92 t3 you begins
        3.96 ask 1
        3.96 t2 barge-in stopped
        3.96 t2 claude ends barged-in "That is a good" unheard "question, and here is my answer to it."
        5.36 finish recognition
        6.76 t3 you ends no-words ""
        6.76 tell not_understood
        "#,
    );
}

#[test]
fn an_ai_that_was_paused_is_not_heard_before_its_listener_is_back() {
    check(
        r#"
        1.0 host types "Ada, who are you?"
        2.5 host sounds for 0.5
        2.9 host is lost
        9.0 host is back
        until 15
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, who are you?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        2.54 t2 duck -12 dB
        2.70 t2 pause
        3.50 t2 duck 0 dB
        3.50 t2 barge-in resumed
        9.00 t2 resume
        11.00 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_voice_that_goes_on_into_the_next_turn_is_judged_anew() {
    check(
        r#"
        0.0 rule prepare.next 1
        1.0 host types "You two, who are you?"
        1.0 ada will say "I am Ada."
        2.04 host sounds for 1.1
        until 8
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "You two, who are you?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed-first
        1.00 t2 claude writes
        1.36 t2 claude is heard
        1.36 t3 guest prepares for after t2
        1.36 t3 guest writes
        2.06 t2 claude ends completed "I am Ada."
        2.06 t3 guest begins
        2.06 t3 guest granted addressed-second
        2.06 t3 guest used words_stood 12 words
        3.74 t3 guest is heard
        7.04 t3 guest ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_voice_a_little_before_the_end_ducks_who_comes_to_it() {
    check(
        r#"
        1.0 host types "You two, who are you?"
        1.0 ada will say "I am Ada."
        1.9 host sounds for 0.03
        until 8
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "You two, who are you?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed-first
        1.00 t2 claude writes
        1.36 t2 claude is heard
        1.94 t2 duck -12 dB
        2.06 t2 claude ends completed "I am Ada."
        2.06 t3 you begins
        3.53 finish recognition
        4.93 t3 you ends no-words ""
        4.93 t4 guest begins
        4.93 t4 guest granted addressed-second
        4.93 t4 guest writes
        5.33 t4 guest is heard
        "#,
    );
}

#[test]
fn a_command_in_the_middle_of_a_long_word_cuts_it() {
    check(
        r#"
        1.0 host types "Ada, who are you?"
        1.0 ada will say "Incomprehensibilities are my trade."
        1.6 host says "Stop!" for 0.16
        until 4
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, who are you?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.38 t2 claude is heard
        1.64 t2 duck -12 dB
        1.92 t2 duck 0 dB
        2.01 t2 flush
        2.01 t2 claude stop
        2.01 t1 you begins
        2.05 t2 barge-in stopped
        2.05 t2 claude ends withdrawn "" unheard "Incomprehensibilities are my trade."
        2.51 finish recognition
        2.51 t1 you ends completed "Ada, who are you? Stop!"
        2.51 t4 claude begins
        2.51 t4 claude granted addressed
        2.51 t4 claude writes
        2.91 t4 claude is heard
        "#,
    );
}

#[test]
fn a_word_is_finished_up_to_the_last_sample_that_may_be_waited_for() {
    check(
        r#"
        0.5 page reports every 0.02
        1.0 host types "Ada, who are you?"
        1.0 ada will say "Incomprehensibilities are my trade."
        2.12 host says "Stop!" for 0.16
        until 4
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, who are you?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.38 t2 claude is heard
        2.16 t2 duck -12 dB
        2.38 t2 pause
        2.53 t2 flush
        2.53 t2 claude stop
        2.53 t1 you begins
        2.57 t2 barge-in stopped
        2.57 t2 claude ends withdrawn "" unheard "Incomprehensibilities are my trade."
        3.68 finish recognition
        3.68 t1 you ends completed "Ada, who are you? Stop!"
        3.68 t4 claude begins
        3.68 t4 claude granted addressed
        3.68 t4 claude writes
        "#,
    );
}

#[test]
fn somebody_elses_grant_cuts_the_word_that_was_being_finished() {
    check(
        r#"
        0.5 page reports every 0.02
        1.0 host types "Ada, who are you?"
        1.0 ada will say "Incomprehensibilities are my trade."
        2.16 host says "Stop!" for 0.16
        2.6 host types "Grace, who are you?"
        until 4
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, who are you?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.38 t2 claude is heard
        2.20 t2 duck -12 dB
        2.38 t2 pause
        2.57 t2 flush
        2.57 t2 claude stop
        2.57 t1 you begins
        2.60 finish recognition
        2.60 t1 you ends completed "Ada, who are you? Stop! Grace, who are you?"
        2.60 t4 claude begins
        2.60 t4 claude granted addressed-first
        2.61 t2 barge-in stopped
        2.61 t2 claude ends withdrawn "" unheard "Incomprehensibilities are my trade."
        2.61 t4 claude writes
        3.01 t4 claude is heard
        "#,
    );
}

#[test]
fn the_next_voice_starts_earlier_by_the_time_that_sound_takes_to_the_listener() {
    check(
        r#"
        0.5 text takes 0.01
        0.5 voice takes 0.01
        0.5 page reports every 0.5
        0.0 rule autopilot.maxTurns 3
        1.0 autopilot on
        1.23 ada plays in t1
        until 12
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.12 t1 claude is heard
        4.62 t1 claude ends completed "That is a good question, and here is my answer to it."
        4.62 t2 guest begins
        4.62 t2 guest granted autopilot
        4.62 t2 guest writes
        4.77 t2 guest is heard
        8.27 t2 guest ends completed "That is a good question, and here is my answer to it."
        8.27 t3 claude begins
        8.27 t3 claude granted autopilot
        8.27 t3 claude writes
        8.445 t3 claude is heard
        11.945 t3 claude ends completed "That is a good question, and here is my answer to it."
        11.945 guest denied autopilot_max_turns
        11.945 tell autopilot_rests
        "#,
    );
}

#[test]
fn a_first_sound_later_than_three_tenths_of_a_second_counts_as_so_late() {
    check(
        r#"
        0.5 text takes 0.01
        0.5 voice takes 0.01
        0.5 page reports every 0.6
        0.0 rule autopilot.gapMs 900
        0.0 rule autopilot.maxTurns 3
        1.0 autopilot on
        1.7 ada plays in t1
        until 13
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.12 t1 claude is heard
        4.72 t1 claude ends completed "That is a good question, and here is my answer to it."
        4.72 t2 guest begins
        4.72 t2 guest granted autopilot
        4.72 t2 guest writes
        5.32 t2 guest is heard
        8.92 t2 guest ends completed "That is a good question, and here is my answer to it."
        8.92 t3 claude begins
        8.92 t3 claude granted autopilot
        8.92 t3 claude writes
        9.595 t3 claude is heard
        "#,
    );
}

#[test]
fn a_first_sound_that_comes_after_a_pause_says_nothing_of_the_next() {
    check(
        r#"
        0.5 text takes 0.01
        0.5 voice takes 0.01
        0.5 page reports every 0.5
        0.0 rule autopilot.maxTurns 2
        1.0 autopilot on
        1.13 host sounds for 0.3
        1.3 ada plays in t1
        until 7
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.12 t1 claude is heard
        1.17 t1 pause
        2.03 t1 resume
        2.03 t1 barge-in resumed
        5.53 t1 claude ends completed "That is a good question, and here is my answer to it."
        5.53 t2 guest begins
        5.53 t2 guest granted autopilot
        5.53 t2 guest writes
        5.78 t2 guest is heard
        "#,
    );
}

#[test]
fn a_voice_that_begins_anew_is_taken_for_one_whatever_the_detector_thought_of_the_last() {
    check(
        r#"
        1.0 host types "Ada, tell me the long story."
        1.0 ada will say "The story begins a long time ago, in a town by the sea where nobody ever spoke."
        5.0 host sounds for 0.15
        5.05 detector is unsure
        5.4 host sounds for 0.5
        until 7
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, tell me the long story."
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.44 t2 claude is heard
        5.04 t2 duck -12 dB
        5.31 t2 duck 0 dB
        5.44 t2 duck -12 dB
        5.60 t2 pause
        6.50 t2 duck 0 dB
        6.50 t2 resume
        6.50 t2 barge-in resumed
        "#,
    );
}

#[test]
fn a_flush_is_waited_for_from_the_end_of_the_word_that_was_finished() {
    check(
        r#"
        0.5 flush takes 9.0
        1.0 host types "Ada, tell me the long story."
        1.0 ada will say "The story begins a long time ago, in a town by the sea where nobody ever spoke."
        3.6 host says "Stop." for 0.1 heard after 0.05
        until 5
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, tell me the long story."
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.44 t2 claude is heard
        3.64 t2 duck -12 dB
        3.75 t2 claude stop
        3.75 t3 you begins
        3.84 t2 flush
        3.99 t2 barge-in stopped
        3.99 t2 claude ends barged-in "The story begins a long time ago, in" unheard "a town by the sea where nobody ever spoke."
        "#,
    );
}

#[test]
fn one_sample_that_was_heard_is_a_voice_that_is_heard() {
    let after = |input| {
        let script = "0.5 page reports every 9.0\n1.0 host types \"Ada?\"";
        let mut meeting = Timeline::parse(script).expect("a timeline").meeting();
        let (now, turn) = (SessionTime::from_millis(1_450), TurnId(2));
        meeting.run(now, &mut Vec::new()).expect("a world that comes to rest");
        let heard = Input::Played { turn, samples: 1, at: now };
        let mut orders = Vec::new();
        meeting.conversation.handle(now, heard, &mut Vec::new());
        meeting.conversation.handle(now, input, &mut orders);
        let is_ducked = orders.iter().any(|order| matches!(order, Order::Duck { .. }));
        (is_ducked, orders.iter().any(|order| matches!(order, Order::Pause { .. })))
    };
    let at = SessionTime::from_millis(1_430);
    assert_eq!(after(Input::SoundRose { at }), (true, false));
    assert_eq!(after(Input::SpeechStarted { at }), (true, false));
}
