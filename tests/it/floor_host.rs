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
        "#,
    );
}

#[test]
fn other_words_without_a_voice_are_captioned_and_stop_nobody() {
    check(
        r#"
        show captions
        1.0 host types "Ada, what about rain?"
        3.0 recogniser hears "in the Alps it snows" for 0.4 heard after 0.3
        until 9
        ----
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
        "#,
    );
}

#[test]
fn a_murmur_over_the_last_words_stays_one_when_its_words_come_after_them() {
    check(
        r#"
        show captions
        1.0 host types "Ada, what about rain?"
        4.40 host says "right" for 0.03 heard after 1.0
        until 12
        ----
        "#,
    );
}

#[test]
fn words_over_the_last_words_that_come_two_seconds_late_ask_for_nothing() {
    check(
        r#"
        show captions
        1.0 host types "Ada, what about rain?"
        4.40 host says "And you, Grace?" for 0.03 heard after 2.3
        until 12
        ----
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
        "#,
    );
}
