//! How a voice over an AI is weighed, and where an AI stops, as timelines.

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
        "#,
    );
}

#[test]
fn a_word_that_would_take_too_long_is_cut() {
    check(
        r#"
        0.0 rule bargeIn.finishWordMs 0
        1.0 host types "Ada, who are you?"
        4.0 host says "Stop!" for 0.16
        4.05 detector is unsure
        until 8
        ----
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
        "#,
    );
}
