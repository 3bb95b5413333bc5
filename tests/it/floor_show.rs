//! The show around the floor as timelines: the producer's channel, the plan and its rules.

use crate::support::timeline::check;

#[test]
fn a_whisper_is_in_one_prompt_and_in_no_caption() {
    check(
        r#"show prompts captions
        0.5 producer whispers grace "ask about the budget"
        1.0 host says "Ada, what about rain?" for 1.2
        1.0 ada will say "It falls down."
        6.0 host says "Grace, and what about snow?" for 1.2
        6.0 grace will say "It falls up."
        ----
        0.50 guest is told "ask about the budget"
        1.04 t1 you begins
        2.40 ask 1
        2.45 finish recognition
        2.45 t1 you ends completed "Ada, what about rain?"
        2.45 t2 claude begins
        2.45 t2 claude granted addressed
        2.45 t2 claude writes | user Host: Ada, what about rain?
        2.49 t1 caption you "Ada, what about rain?" 1.000 to 2.200
        2.81 t2 claude is heard
        3.71 t2 caption claude "It falls down." 2.810 to 3.710
        3.71 t2 claude ends completed "It falls down."
        6.04 t3 you begins
        7.40 ask 2
        7.45 finish recognition
        7.45 t3 you ends completed "Grace, and what about snow?"
        7.45 t4 guest begins
        7.45 t4 guest granted addressed
        7.45 t4 guest writes | user Studio: (The producer says in your ear, and only you hear it: ask about the budget – Act on it without mentioning it.) | user Host: Ada, what about rain? | user Ada: It falls down. | user Host: Grace, and what about snow?
        7.49 t3 caption you "Grace, and what about snow?" 6.000 to 7.200
        7.81 t4 guest is heard
        8.61 t4 caption guest "It falls up." 7.810 to 8.610
        8.61 t4 guest ends completed "It falls up."
        "#,
    );
}

#[test]
fn a_whisper_makes_what_was_written_ahead_worthless_for_its_ear_only() {
    check(
        r#"
        0.0 rule prepare.next 1
        1.0 autopilot on
        1.0 ada will say "A moon is a rock that goes around a planet, as everybody knows."
        1.0 grace will say "It is also a lamp."
        3.5 producer whispers ada "be brief"
        4.0 producer whispers grace "be kind"
        6.5 autopilot off
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.50 t1 claude is heard
        1.50 t2 guest prepares for after t1
        1.50 t2 guest writes
        3.50 claude is told "be brief"
        4.00 t2 guest stop
        4.00 t2 guest discarded memory_changed 5 words
        4.00 guest is told "be kind"
        5.40 t1 claude ends completed "A moon is a rock that goes around a planet, as everybody knows."
        5.40 t3 guest begins
        5.40 t3 guest granted autopilot
        5.40 t3 guest writes
        5.80 t3 guest is heard
        5.84 t4 claude prepares for after t3
        5.84 t4 claude writes
        6.50 autopilot off
        6.50 t4 claude stop
        6.50 t4 claude discarded nobody_follows 12 words
        9.10 t3 guest ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn another_part_of_the_show_has_other_rules_and_both_are_told() {
    check(
        r#"show prompts
        0.0 part "Quick questions" of 3
        0.0 part 2 rule preset rapid-fire
        0.5 producer goes to part 2
        0.6 producer goes to part 9
        1.0 model says nothing
        1.0 model says 100
        1.0 model says 100
        1.0 host says "I was thinking of rain" for 1.2
        1.0 ada will say "It falls down."
        ----
        0.50 part 2 chosen
        1.04 t1 you begins
        2.40 ask 1
        2.90 finish recognition
        2.90 t1 you ends completed "I was thinking of rain"
        2.90 t2 claude begins
        2.90 t2 claude granted alternation
        2.90 t2 claude writes | user Studio: (The show goes on to part 2: Quick questions. Speak about Quick questions.) | user Host: I was thinking of rain | user Studio: (In this part of the show an answer takes about 5 seconds, that is about 13 words.)
        3.26 t2 claude is heard
        4.16 t2 claude ends completed "It falls down."
        "#,
    );
}

#[test]
fn each_speaker_has_rules_of_their_own() {
    check(
        r#"
        0.0 host rule endOfTurn.ceilingMs 700
        0.0 grace rule bargeIn.pauseMs 600
        1.0 model says 100
        1.0 model says 100
        1.0 host says "Ada, I was thinking of rain" for 1.2
        1.0 ada will say "It falls down on all of us, whoever we are and wherever we go on this earth."
        1.0 grace will say "It falls up on all of us, whoever we are and wherever we go on this earth."
        4.5 host sounds for 1.0
        12.0 host says "Grace, what do you say?" for 1.0
        15.0 host sounds for 1.0
        until 24.0
        ----
        1.04 t1 you begins
        2.40 ask 1
        2.80 ask 2
        2.90 finish recognition
        2.90 t1 you ends completed "Ada, I was thinking of rain"
        2.90 t2 claude begins
        2.90 t2 claude granted addressed
        2.90 t2 claude writes
        3.34 t2 claude is heard
        4.54 t2 duck -12 dB
        4.70 t2 pause
        6.10 t2 duck 0 dB
        6.10 t2 resume
        6.10 t2 barge-in resumed
        9.50 t2 claude ends completed "It falls down on all of us, whoever we are and wherever we go on this earth."
        12.04 t3 you begins
        13.20 ask 3
        13.25 finish recognition
        13.25 t3 you ends completed "Grace, what do you say?"
        13.25 t4 guest begins
        13.25 t4 guest granted addressed
        13.25 t4 guest writes
        13.69 t4 guest is heard
        15.04 t4 duck -12 dB
        15.60 t4 pause
        16.60 t4 duck 0 dB
        16.60 t4 resume
        16.60 t4 barge-in resumed
        19.30 t4 guest ends completed "It falls up on all of us, whoever we are and wherever we go on this earth."
        "#,
    );
}

#[test]
fn a_part_is_over_with_its_minutes_when_somebody_has_ended() {
    check(
        r#"
        0.0 part "Snow" of 5
        110.0 host says "Ada, what about rain?" for 1.2
        119.0 host says "Ada, what about hail?" for 1.2
        125.0 host says "Ada, what about fog?" for 1.2
        until 130.0
        ----
        110.04 t1 you begins
        111.40 ask 1
        111.45 finish recognition
        111.45 t1 you ends completed "Ada, what about rain?"
        111.45 t2 claude begins
        111.45 t2 claude granted addressed
        111.45 t2 claude writes
        111.85 t2 claude is heard
        115.15 t2 claude ends completed "That is a good question, and here is my answer to it."
        119.04 t3 you begins
        120.40 ask 2
        120.45 finish recognition
        120.45 t3 you ends completed "Ada, what about hail?"
        120.45 t4 claude begins
        120.45 t4 claude granted addressed
        120.45 t4 claude writes
        120.85 t4 claude is heard
        124.15 t4 claude ends completed "That is a good question, and here is my answer to it."
        124.15 part 2 minutes
        125.04 t5 you begins
        126.40 ask 3
        126.45 finish recognition
        126.45 t5 you ends completed "Ada, what about fog?"
        126.45 t6 claude begins
        126.45 t6 claude granted addressed
        126.45 t6 claude writes
        126.85 t6 claude is heard
        "#,
    );
}

#[test]
fn a_part_that_is_on_or_is_none_is_not_gone_to() {
    check(
        r#"
        show ignored
        0.0 part "Snow" of 5
        0.5 producer goes to part 1
        0.6 producer goes to part 3
        0.7 producer goes to part 2
        until 2
        ----
        0.50 ignored segment_is_on
        0.60 ignored no_such_segment
        0.70 part 2 chosen
        "#,
    );
}

#[test]
fn without_minutes_a_part_is_never_over() {
    check(
        r#"
        0.0 part "Snow" of 0
        0.0 part "Hail" of 1
        0.5 producer goes to part 2
        200.0 host says "Ada, what about rain?" for 1.2
        until 206
        ----
        0.50 part 2 chosen
        200.04 t1 you begins
        201.40 ask 1
        201.45 finish recognition
        201.45 t1 you ends completed "Ada, what about rain?"
        201.45 t2 claude begins
        201.45 t2 claude granted addressed
        201.45 t2 claude writes
        201.85 t2 claude is heard
        205.15 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn the_last_part_is_never_left() {
    check(
        r#"
        200.0 host says "Ada, what about rain?" for 1.2
        until 206
        ----
        200.04 t1 you begins
        201.40 ask 1
        201.45 finish recognition
        201.45 t1 you ends completed "Ada, what about rain?"
        201.45 t2 claude begins
        201.45 t2 claude granted addressed
        201.45 t2 claude writes
        201.85 t2 claude is heard
        205.15 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn minutes_count_for_nothing_where_the_briefing_says_so() {
    check(
        r#"
        0.0 part "Snow" of 5
        0.0 part 1 rule director.byMinutes false
        200.0 host says "Ada, what about rain?" for 1.2
        until 206
        ----
        200.04 t1 you begins
        201.40 ask 1
        201.45 finish recognition
        201.45 t1 you ends completed "Ada, what about rain?"
        201.45 t2 claude begins
        201.45 t2 claude granted addressed
        201.45 t2 claude writes
        201.85 t2 claude is heard
        205.15 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_pace_of_its_own_is_told_to_the_speaker() {
    check(
        r#"
        show prompts
        0.0 grace rule answerSeconds 4
        1.0 host types "Grace, what about rain?"
        until 2
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Grace, what about rain?"
        1.00 t2 guest begins
        1.00 t2 guest granted addressed
        1.00 t2 guest writes | user Host: Grace, what about rain? | user Studio: (In this part of the show an answer takes about 4 seconds, that is about 11 words.)
        1.40 t2 guest is heard
        "#,
    );
}
