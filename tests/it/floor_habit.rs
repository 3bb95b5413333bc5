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
        "#,
    );
}
