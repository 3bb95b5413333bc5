//! Who answers, as timelines: follow-ups, roles, balance, and who stands in for a service that failed.

use crate::support::timeline::check;

#[test]
fn a_follow_up_question_goes_to_whom_it_follows() {
    check(
        r#"
        1.0 host says "Ada, what about rain?" for 1.2
        6.0 host says "And why is that?" for 0.9
        11.0 host says "And what about snow?" for 1.0
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "Ada, what about rain?"
        2.45 t2 claude begins
        2.45 t2 claude granted addressed
        2.45 t2 claude writes
        2.85 t2 claude is heard
        6.04 t2 duck -12 dB
        6.15 t2 claude ends completed "That is a good question, and here is my answer to it."
        6.15 t3 you begins
        7.10 ask 2
        7.15 finish recognition
        7.15 t3 you ends completed "And why is that?"
        7.15 t4 claude begins
        7.15 t4 claude granted follow-up
        7.15 t4 claude writes
        7.55 t4 claude is heard
        10.85 t4 claude ends completed "That is a good question, and here is my answer to it."
        11.04 t5 you begins
        12.20 ask 3
        12.25 finish recognition
        12.25 t5 you ends completed "And what about snow?"
        12.25 t6 guest begins
        12.25 t6 guest granted alternation
        12.25 t6 guest writes
        12.65 t6 guest is heard
        15.95 t6 guest ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn whoever_asked_the_host_gets_the_answer() {
    check(
        r#"
        1.0 host says "Ada, what about rain?" for 1.2
        1.0 ada will say "I like it. What would you do in it?"
        7.0 host says "I would take an umbrella." for 1.2
        12.0 host says "But what is fog?" for 1.0
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "Ada, what about rain?"
        2.45 t2 claude begins
        2.45 t2 claude granted addressed
        2.45 t2 claude writes
        2.93 t2 claude is heard
        5.23 t2 claude ends completed "I like it. What would you do in it?"
        7.04 t3 you begins
        8.40 ask 2
        8.45 finish recognition
        8.45 t3 you ends completed "I would take an umbrella."
        8.45 t4 claude begins
        8.45 t4 claude granted asked-host
        8.45 t4 claude writes
        8.85 t4 claude is heard
        12.04 t4 duck -12 dB
        12.15 t4 claude ends completed "That is a good question, and here is my answer to it."
        12.15 t5 you begins
        13.20 ask 3
        13.25 finish recognition
        13.25 t5 you ends completed "But what is fog?"
        13.25 t6 guest begins
        13.25 t6 guest granted alternation
        13.25 t6 guest writes
        13.65 t6 guest is heard
        16.95 t6 guest ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn whoever_talked_less_answers_where_the_briefing_balances() {
    check(
        r#"
        0.0 rule answers 1
        1.0 host says "Ada, what about rain?" for 1.2
        1.0 ada will say "Yes."
        5.0 host says "Grace, what about rain?" for 1.2
        1.0 grace will say "It falls down on all of us, whoever we are and wherever we go on this earth."
        13.0 host says "What about snow?" for 1.0
        17.5 host says "What about hail?" for 1.0
        until 30.0
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "Ada, what about rain?"
        2.45 t2 claude begins
        2.45 t2 claude granted addressed
        2.45 t2 claude writes
        2.77 t2 claude is heard
        3.07 t2 claude ends completed "Yes."
        5.04 t3 you begins
        6.40 ask 2
        6.45 finish recognition
        6.45 t3 you ends completed "Grace, what about rain?"
        6.45 t4 guest begins
        6.45 t4 guest granted addressed
        6.45 t4 guest writes
        6.89 t4 guest is heard
        11.59 t4 guest ends completed "It falls down on all of us, whoever we are and wherever we go on this earth."
        13.04 t5 you begins
        14.20 ask 3
        14.25 finish recognition
        14.25 t5 you ends completed "What about snow?"
        14.25 t6 claude begins
        14.25 t6 claude granted balance
        14.25 t6 claude writes
        14.65 t6 claude is heard
        17.54 t6 duck -12 dB
        17.70 t6 pause
        18.75 t6 flush
        18.75 t6 claude stop
        18.75 t7 you begins
        18.75 ask 4
        18.79 t6 barge-in stopped
        18.79 t6 claude ends barged-in "That is a good question, and here is my answer to" unheard "it."
        18.80 finish recognition
        18.80 t7 you ends completed "What about hail?"
        18.80 t8 claude begins
        18.80 t8 claude granted balance
        18.80 t8 claude writes
        19.20 t8 claude is heard
        22.50 t8 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn an_ai_that_is_silent_is_followed_by_nobody_it_did_not_call() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        1.0 ada will say "Grace knows more of it."
        until 9
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        2.90 t2 claude ends completed "Grace knows more of it."
        "#,
    );
}

#[test]
fn a_table_of_failing_services_rests() {
    check(
        r#"
        1.0 autopilot on
        1.0 ada will fail ""
        1.0 grace will fail ""
        9.0 host nominates ada
        until 15
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.20 tell reply_failed
        1.20 t1 claude ends failed ""
        1.20 t1 claude stop
        1.20 t2 guest begins
        1.20 t2 guest granted substitution
        1.20 t2 guest writes
        1.40 tell reply_failed
        1.40 t2 guest ends failed ""
        1.40 t2 guest stop
        1.40 claude denied services_fail
        9.00 t3 claude begins
        9.00 t3 claude granted nominated
        9.00 t3 claude writes
        9.40 t3 claude is heard
        12.70 t3 claude ends completed "That is a good question, and here is my answer to it."
        12.70 t4 guest begins
        12.70 t4 guest granted autopilot
        12.70 t4 guest writes
        13.10 t4 guest is heard
        "#,
    );
}

#[test]
fn where_no_role_knows_more_of_it_they_take_turns() {
    check(
        r#"
        0.0 rule answers 2
        1.0 host says "What about rain?" for 1.2
        until 9
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "What about rain?"
        2.45 t2 claude begins
        2.45 t2 claude granted alternation
        2.45 t2 claude writes
        2.85 t2 claude is heard
        6.15 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_follow_up_is_none_where_the_briefing_says_so() {
    check(
        r#"
        0.0 rule followUps 0
        1.0 host says "Ada, what about rain?" for 1.2
        6.5 host says "And why is that?" for 0.9
        until 11
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "Ada, what about rain?"
        2.45 t2 claude begins
        2.45 t2 claude granted addressed
        2.45 t2 claude writes
        2.85 t2 claude is heard
        6.15 t2 claude ends completed "That is a good question, and here is my answer to it."
        6.54 t3 you begins
        7.60 ask 2
        7.65 finish recognition
        7.65 t3 you ends completed "And why is that?"
        7.65 t4 guest begins
        7.65 t4 guest granted alternation
        7.65 t4 guest writes
        8.05 t4 guest is heard
        "#,
    );
}

#[test]
fn a_question_back_is_no_answer() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        1.0 ada will say "What would you do in it?"
        6.0 host says "What is it that you mean?" for 1.2
        until 11
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.42 t2 claude is heard
        3.02 t2 claude ends completed "What would you do in it?"
        6.04 t3 you begins
        7.40 ask 1
        7.45 finish recognition
        7.45 t3 you ends completed "What is it that you mean?"
        7.45 t4 guest begins
        7.45 t4 guest granted alternation
        7.45 t4 guest writes
        7.85 t4 guest is heard
        "#,
    );
}

#[test]
fn whose_role_knows_more_of_it_answers() {
    check(
        r#"
        0.0 rule answers 2
        0.0 ada has the role "A cook: bread and soup."
        0.0 grace has the role "A sailor who knows harbours and tides."
        1.0 host says "What makes the tides so high?" for 1.2
        7.0 host says "And what makes a good soup?" for 1.2
        until 12
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "What makes the tides so high?"
        2.45 t2 guest begins
        2.45 t2 guest granted role
        2.45 t2 guest writes
        2.85 t2 guest is heard
        6.15 t2 guest ends completed "That is a good question, and here is my answer to it."
        7.04 t3 you begins
        8.40 ask 2
        8.45 finish recognition
        8.45 t3 you ends completed "And what makes a good soup?"
        8.45 t4 claude begins
        8.45 t4 claude granted role
        8.45 t4 claude writes
        8.85 t4 claude is heard
        "#,
    );
}

#[test]
fn an_ai_may_call_the_other_again_after_the_host_has_spoken() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        1.0 ada will say "Grace, what do you think?"
        1.0 grace will say "It is wet."
        6.0 host types "Ada, what about snow?"
        6.0 ada will say "Grace, what do you think?"
        6.0 grace will say "It is white."
        until 12
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        3.00 t2 claude ends completed "Grace, what do you think?"
        3.00 t3 guest begins
        3.00 t3 guest granted addressed-by-other
        3.00 t3 guest writes
        3.36 t3 guest is heard
        4.06 t3 guest ends completed "It is wet."
        6.00 t4 you begins
        6.00 t4 you ends completed "Ada, what about snow?"
        6.00 t5 claude begins
        6.00 t5 claude granted addressed
        6.00 t5 claude writes
        6.40 t5 claude is heard
        8.00 t5 claude ends completed "Grace, what do you think?"
        8.00 t6 guest begins
        8.00 t6 guest granted addressed-by-other
        8.00 t6 guest writes
        8.36 t6 guest is heard
        9.16 t6 guest ends completed "It is white."
        "#,
    );
}

#[test]
fn a_reply_that_is_heard_makes_good_for_one_that_failed() {
    check(
        r#"
        1.0 host types "What about rain?"
        1.0 ada will fail ""
        1.0 grace will say "It is wet. Ada, what do you think?"
        1.0 ada will fail ""
        until 9
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "What about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted alternation
        1.00 t2 claude writes
        1.20 tell reply_failed
        1.20 t2 claude ends failed ""
        1.20 t2 claude stop
        1.20 t3 guest begins
        1.20 t3 guest granted substitution
        1.20 t3 guest writes
        1.66 t3 guest is heard
        3.86 t3 guest ends completed "It is wet. Ada, what do you think?"
        3.86 t4 claude begins
        3.86 t4 claude granted addressed-by-other
        3.86 t4 claude writes
        4.06 tell reply_failed
        4.06 t4 claude ends failed ""
        4.06 t4 claude stop
        4.06 t5 guest begins
        4.06 t5 guest granted substitution
        4.06 t5 guest writes
        4.46 t5 guest is heard
        7.76 t5 guest ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn who_stands_in_for_one_that_failed_is_told_nothing() {
    check(
        r#"
        show director
        1.0 autopilot on
        1.0 ada will fail ""
        until 4
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude to go-on flow
        1.00 t1 claude writes
        1.20 tell reply_failed
        1.20 t1 claude ends failed ""
        1.20 t1 claude stop
        1.20 t2 guest begins
        1.20 t2 guest granted substitution
        1.20 t2 guest writes
        1.60 t2 guest is heard
        "#,
    );
}

#[test]
fn who_answers_the_host_is_told_nothing() {
    check(
        r#"
        show director
        1.0 autopilot on
        3.0 host types "Grace, what about rain?"
        until 5
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude to go-on flow
        1.00 t1 claude writes
        1.40 t1 claude is heard
        3.00 t1 flush
        3.00 t1 claude stop
        3.00 t2 you begins
        3.00 t2 you ends completed "Grace, what about rain?"
        3.00 t3 guest begins
        3.00 t3 guest granted addressed
        3.04 t1 claude ends interrupted "That is a good question," unheard "and here is my answer to it."
        3.04 t3 guest writes
        3.44 t3 guest is heard
        "#,
    );
}
