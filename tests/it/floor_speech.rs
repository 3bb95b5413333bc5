//! What recorded speech taught the floor, one timeline each: found in whole sessions, kept as words and times.

use crate::support::timeline::check;

#[test]
fn a_model_of_two_minds_and_a_second_of_silence_end_a_whole_sentence() {
    check(
        r#"
        0.5 model says 74
        0.5 model says 300
        1.0 host says "What about rain?" for 1.2
        until 4
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.80 ask 2
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
fn a_model_that_is_sure_the_sentence_goes_on_is_waited_for_to_the_ceiling() {
    check(
        r#"
        0.5 model says 300
        0.5 model says 114
        1.0 host says "I do not know." for 1.2
        3.3 host says "To one, oh." for 0.9
        until 6
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.80 ask 2
        4.40 ask 3
        5.575 finish recognition
        5.575 t1 you ends completed "I do not know. To one, oh."
        5.575 t2 claude begins
        5.575 t2 claude granted alternation
        5.575 t2 claude writes
        5.975 t2 claude is heard
        "#,
    );
}

#[test]
fn a_model_of_two_minds_does_not_end_a_sentence_that_leads_on() {
    check(
        r#"
        0.5 model says 140
        0.5 model says 400
        1.0 host says "I was thinking that we might." for 1.6
        3.75 host says "Talk about the history of maps." for 1.8
        until 6.5
        ----
        1.04 t1 you begins
        2.80 ask 1
        3.20 ask 2
        5.75 ask 3
        "#,
    );
}

#[test]
fn a_comparison_may_end_with_the_verb() {
    check(
        r#"
        1.0 host says "He might have been made still more respectable than he was." for 3.0
        until 5
        ----
        1.04 t1 you begins
        4.20 ask 1
        4.25 finish recognition
        4.25 t1 you ends completed "He might have been made still more respectable than he was."
        4.25 t2 claude begins
        4.25 t2 claude granted alternation
        4.25 t2 claude writes
        4.65 t2 claude is heard
        "#,
    );
}

#[test]
fn a_name_heard_wrongly_by_a_whole_sound_still_calls_where_somebody_is_called() {
    check(
        r#"
        1.0 host says "Grace, who are you?" for 1.2
        1.0 ada will say "Fine."
        1.0 grace will say "Fine."
        5.0 host says "Beta, what do you make of that?" for 1.6
        9.0 host says "Better, that is what I say." for 1.6
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "Grace, who are you?"
        2.45 t2 guest begins
        2.45 t2 guest granted addressed
        2.45 t2 guest writes
        2.77 t2 guest is heard
        3.17 t2 guest ends completed "Fine."
        5.04 t3 you begins
        6.80 ask 2
        6.85 finish recognition
        6.85 t3 you ends completed "Beta, what do you make of that?"
        6.85 t4 claude begins
        6.85 t4 claude granted addressed
        6.85 t4 claude writes
        7.17 t4 claude is heard
        7.57 t4 claude ends completed "Fine."
        9.04 t5 you begins
        10.80 ask 3
        10.85 finish recognition
        10.85 t5 you ends completed "Better, that is what I say."
        10.85 t6 guest begins
        10.85 t6 guest granted alternation
        10.85 t6 guest writes
        11.25 t6 guest is heard
        14.55 t6 guest ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}
