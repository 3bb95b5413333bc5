//! How long a host is waited for, as timelines: pauses that were learned, pace, thinking.

use crate::support::timeline::check;

#[test]
fn a_host_whose_pauses_are_known_from_other_shows_is_waited_for_from_the_first_word() {
    check(
        r#"
        show votes
        0.0 host is known to pause for 0.9
        1.0 host says "I wonder about rain." for 1.2
        until 12
        ----
        1.04 t1 you begins
        2.40 ask 1
        3.325 t1 judged Habit after 1125 ms
        3.325 finish recognition
        3.325 t1 you ends completed "I wonder about rain."
        3.325 t2 claude begins
        3.325 t2 claude granted alternation
        3.325 t2 claude writes
        3.725 t2 claude is heard
        7.025 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_host_who_speaks_slowly_is_given_more_time_where_the_model_is_not_sure() {
    check(
        r#"
        show votes
        0.0 model says 300
        0.0 model says 300
        1.0 host says "We want five more" for 3.0
        until 12
        ----
        1.04 t1 you begins
        4.20 ask 1
        4.60 ask 2
        5.30 t1 judged Pace after 1300 ms
        5.30 finish recognition
        5.30 t1 you ends completed "We want five more"
        5.30 t2 claude begins
        5.30 t2 claude granted alternation
        5.30 t2 claude writes
        5.70 t2 claude is heard
        9.00 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn at_the_usual_pace_he_is_not() {
    check(
        r#"
        show votes
        0.0 model says 300
        0.0 model says 300
        1.0 host says "We want five more, and we want them here today, at once" for 3.0
        until 12
        ----
        1.04 t1 you begins
        4.20 ask 1
        4.60 ask 2
        5.00 t1 judged ModelLeans after 1000 ms
        5.00 finish recognition
        5.00 t1 you ends completed "We want five more, and we want them here today, at once"
        5.00 t2 claude begins
        5.00 t2 claude granted alternation
        5.00 t2 claude writes
        5.40 t2 claude is heard
        8.70 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn whoever_thinks_aloud_keeps_the_floor_and_is_shown_to_think() {
    check(
        r#"
        show votes orbs
        0.0 model says 900
        1.0 host says "That was, let me think" for 1.4
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
        2.65 orb you thinking
        5.40 t1 judged Thinking after 3000 ms
        5.40 finish recognition
        5.40 t1 you ends completed "That was, let me think"
        5.40 t2 claude begins
        5.40 t2 claude granted alternation
        5.40 t2 claude writes
        5.40 orb you listening
        5.40 orb claude thinking
        5.80 t2 claude is heard
        5.80 orb claude speaking
        9.10 t2 claude ends completed "That is a good question, and here is my answer to it."
        9.10 orb you idle
        9.10 orb claude idle
        9.10 orb guest idle
        "#,
    );
}

#[test]
fn nobody_is_cut_off_in_a_pause_like_his_own_even_where_the_ceiling_is_lower() {
    check(
        r#"
        show votes
        0.0 host is known to pause for 2.0
        1.0 host says "I was thinking of the" for 1.6
        until 8
        ----
        1.04 t1 you begins
        2.80 ask 1
        5.10 t1 judged Habit after 2500 ms
        5.10 finish recognition
        5.10 t1 you ends completed "I was thinking of the"
        5.10 t2 claude begins
        5.10 t2 claude granted alternation
        5.10 t2 claude writes
        5.50 t2 claude is heard
        "#,
    );
}
