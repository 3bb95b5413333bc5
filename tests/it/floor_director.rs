//! What the director has the AIs do, and the gaps between them, as timelines.

use crate::support::timeline::check;

#[test]
fn on_autopilot_somebody_is_asked_when_nobody_asks() {
    check(
        r#"show director prompts
        0.0 rule autopilot.maxTurns 4
        1.0 autopilot on
        1.0 ada will say "Rain begins as vapour."
        1.0 grace will say "Snow begins as crystals."
        1.0 ada will say "Hail begins as thunder."
        1.0 grace will say "Fog begins as breath. Ada, what do you think of fog?"
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude to go-on flow
        1.00 t1 claude writes | user Studio: (Nobody has spoken yet. You have the floor: begin.)
        1.38 t1 claude is heard
        2.78 t1 claude ends completed "Rain begins as vapour."
        2.78 t2 guest begins
        2.78 t2 guest granted autopilot
        2.78 t2 guest to go-on flow
        2.78 t2 guest writes | user Ada: Rain begins as vapour.
        3.16 t2 guest is heard
        4.66 t2 guest ends completed "Snow begins as crystals."
        4.66 t3 claude begins
        4.66 t3 claude granted autopilot
        4.66 t3 claude to go-on flow
        4.66 t3 claude writes | assistant Ada: Rain begins as vapour. | user Grace: Snow begins as crystals.
        5.04 t3 claude is heard
        6.44 t3 claude ends completed "Hail begins as thunder."
        6.44 t4 guest begins
        6.44 t4 guest granted autopilot
        6.44 t4 guest to ask-other nobody_asked
        6.44 t4 guest writes | user Ada: Rain begins as vapour. | assistant Grace: Snow begins as crystals. | user Ada: Hail begins as thunder. | user Studio: (The director tells you, and only you hear it: answer in a sentence or two, then end with a question to Ada by name.)
        6.82 t4 guest is heard
        10.02 t4 guest ends completed "Fog begins as breath. Ada, what do you think of fog?"
        10.02 claude denied autopilot_max_turns
        10.02 tell autopilot_rests
        "#,
    );
}

#[test]
fn a_talk_that_turns_in_circles_goes_on_to_the_next_part() {
    check(
        r#"show director
        0.0 part "Snow" of 5
        0.0 rule autopilot.maxTurns 6
        1.0 autopilot on
        1.0 ada will say "Rain begins as vapour that rises from warm oceans into the cold sky."
        1.0 grace will say "Vapour rises from oceans, and the cold sky makes rain. Right, Ada?"
        1.0 ada will say "Warm oceans give vapour, and vapour that rises gives rain."
        1.0 grace will say "Cold sky, warm oceans, rising vapour, and that makes rain."
        1.0 ada will say "Snow is another matter, and a lovely one."
        until 60.0
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude to go-on flow
        1.00 t1 claude writes
        1.54 t1 claude is heard
        5.64 t1 claude ends completed "Rain begins as vapour that rises from warm oceans into the cold sky."
        5.64 t2 guest begins
        5.64 t2 guest granted autopilot
        5.64 t2 guest to go-on flow
        5.64 t2 guest writes
        6.02 t2 guest is heard
        10.02 t2 guest ends completed "Vapour rises from oceans, and the cold sky makes rain. Right, Ada?"
        10.02 t3 claude begins
        10.02 t3 claude granted addressed-by-other
        10.02 t3 claude to new-angle repetition
        10.02 t3 claude writes
        10.40 t3 claude is heard
        13.90 t3 claude ends completed "Warm oceans give vapour, and vapour that rises gives rain."
        13.90 t4 guest begins
        13.90 t4 guest granted autopilot
        13.90 t4 guest to go-on flow
        13.90 t4 guest writes
        14.32 t4 guest is heard
        17.82 t4 guest ends completed "Cold sky, warm oceans, rising vapour, and that makes rain."
        17.82 part 2 director
        17.82 t5 claude begins
        17.82 t5 claude granted autopilot
        17.82 t5 claude to next-segment topic_exhausted
        17.82 t5 claude writes
        18.28 t5 claude is heard
        20.78 t5 claude ends completed "Snow is another matter, and a lovely one."
        20.78 t6 guest begins
        20.78 t6 guest granted autopilot
        20.78 t6 guest to ask-other nobody_asked
        20.78 t6 guest writes
        21.18 t6 guest is heard
        24.48 t6 guest ends completed "That is a good question, and here is my answer to it."
        24.48 claude denied autopilot_max_turns
        24.48 tell autopilot_rests
        "#,
    );
}

#[test]
fn in_the_last_minute_both_close_and_then_they_rest() {
    check(
        r#"show director prompts
        0.0 rule autopilot.maxTurns 9
        0.0 rule director.wrapUpMs 119000
        1.5 autopilot on
        1.5 ada will say "That was the show. Good-bye."
        1.5 grace will say "Good-bye, everybody."
        10.0 host says "Wait, one question." for 1.0
        until 30.0
        ----
        1.50 autopilot on
        1.50 t1 claude begins
        1.50 t1 claude granted autopilot
        1.50 t1 claude to wrap-up show_time_over
        1.50 t1 claude writes | user Studio: (Nobody has spoken yet. You have the floor: begin.) | user Studio: (The director tells you, and only you hear it: the show ends in a moment. Close with one sentence and say good-bye.)
        1.88 t1 claude is heard
        3.58 t1 claude ends completed "That was the show. Good-bye."
        3.58 t2 guest begins
        3.58 t2 guest granted autopilot
        3.58 t2 guest to wrap-up show_time_over
        3.58 t2 guest writes | user Ada: That was the show. Good-bye. | user Studio: (The director tells you, and only you hear it: the show ends in a moment. Close with one sentence and say good-bye.)
        3.92 t2 guest is heard
        5.12 t2 guest ends completed "Good-bye, everybody."
        5.12 claude denied show_is_wrapped_up
        5.12 tell show_is_wrapped_up
        10.04 t3 you begins
        11.20 ask 1
        11.25 finish recognition
        11.25 t3 you ends completed "Wait, one question."
        11.25 t4 claude begins
        11.25 t4 claude granted alternation
        11.25 t4 claude writes | assistant Ada: That was the show. Good-bye. | user Grace: Good-bye, everybody. | user Host: Wait, one question.
        11.65 t4 claude is heard
        14.95 t4 claude ends completed "That is a good question, and here is my answer to it."
        14.95 t5 guest begins
        14.95 t5 guest granted autopilot
        14.95 t5 guest to wrap-up show_time_over
        14.95 t5 guest writes | user Ada: That was the show. Good-bye. | assistant Grace: Good-bye, everybody. | user Host: Wait, one question. | user Ada: That is a good question, and here is my answer to it. | user Studio: (The director tells you, and only you hear it: the show ends in a moment. Close with one sentence and say good-bye.)
        15.35 t5 guest is heard
        18.65 t5 guest ends completed "That is a good question, and here is my answer to it."
        18.65 t6 claude begins
        18.65 t6 claude granted autopilot
        18.65 t6 claude to wrap-up show_time_over
        18.65 t6 claude writes | assistant Ada: That was the show. Good-bye. | user Grace: Good-bye, everybody. | user Host: Wait, one question. | assistant Ada: That is a good question, and here is my answer to it. | user Grace: That is a good question, and here is my answer to it. | user Studio: (The director tells you, and only you hear it: the show ends in a moment. Close with one sentence and say good-bye.)
        19.05 t6 claude is heard
        22.35 t6 claude ends completed "That is a good question, and here is my answer to it."
        22.35 guest denied show_is_wrapped_up
        22.35 tell show_is_wrapped_up
        "#,
    );
}

#[test]
fn whoever_talks_too_much_is_told_to_be_short() {
    check(
        r#"show director
        0.0 rule autopilot.maxTurns 4
        1.0 autopilot on
        1.0 ada will say "Rain begins as vapour that rises from warm oceans, and then it cools, and drops form around dust and salt, and they fall on fields and roofs and rivers, and the rivers carry it home to the sea, where the whole long journey begins again, as it has done for four billion years, day after day and night after night, on every coast of every continent that there ever was, without an end. And that is not all, for there is snow as well, which falls on mountains and feeds the glaciers, and those feed the rivers in summer when no rain falls at all. Is it not so, Grace?"
        1.0 grace will say "Quite so, and I would add the hail, which farmers fear more than frost or wind."
        until 80.0
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude to go-on flow
        1.00 t1 claude writes
        1.48 t1 claude is heard
        35.28 t1 claude ends completed "Rain begins as vapour that rises from warm oceans, and then it cools, and drops form around dust and salt, and they fall on fields and roofs and rivers, and the rivers carry it home to the sea, where the whole long journey begins again, as it has done for four billion years, day after day and night after night, on every coast of every continent that there ever was, without an end. And that is not all, for there is snow as well, which falls on mountains and feeds the glaciers, and those feed the rivers in summer when no rain falls at all. Is it not so, Grace?"
        35.28 t2 guest begins
        35.28 t2 guest granted addressed-by-other
        35.28 t2 guest to go-on flow
        35.28 t2 guest writes
        35.74 t2 guest is heard
        40.54 t2 guest ends completed "Quite so, and I would add the hail, which farmers fear more than frost or wind."
        40.54 t3 claude begins
        40.54 t3 claude granted autopilot
        40.54 t3 claude to shorten share_high
        40.54 t3 claude writes
        40.94 t3 claude is heard
        44.24 t3 claude ends completed "That is a good question, and here is my answer to it."
        44.24 t4 guest begins
        44.24 t4 guest granted autopilot
        44.24 t4 guest to go-on flow
        44.24 t4 guest writes
        44.64 t4 guest is heard
        47.94 t4 guest ends completed "That is a good question, and here is my answer to it."
        47.94 claude denied autopilot_max_turns
        47.94 tell autopilot_rests
        "#,
    );
}

#[test]
fn the_gap_between_two_speakers_varies_by_chance_from_the_seed() {
    check(
        r#"
        0.0 rule autopilot.gapVaryMs 200
        0.0 rule prepare.next 1
        0.0 rule autopilot.maxTurns 4
        1.0 autopilot on
        1.0 ada will say "One."
        1.0 grace will say "Two."
        1.0 ada will say "Three."
        1.0 grace will say "Four."
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.32 t1 claude is heard
        1.32 t2 guest prepares for after t1
        1.32 t2 guest writes
        1.62 t1 claude ends completed "One."
        1.62 t2 guest begins
        1.62 t2 guest granted autopilot
        1.62 t2 guest used words_stood 1 words
        1.711 t2 guest is heard
        1.711 t3 claude prepares for after t2
        1.711 t3 claude writes
        2.011 t2 guest ends completed "Two."
        2.011 t3 claude begins
        2.011 t3 claude granted autopilot
        2.011 t3 claude used words_stood 1 words
        2.31 t3 claude is heard
        2.31 t4 guest prepares for after t3
        2.31 t4 guest writes
        2.71 t3 claude ends completed "Three."
        2.71 t4 guest begins
        2.71 t4 guest granted autopilot
        2.71 t4 guest used words_stood 1 words
        3.146 t4 guest is heard
        3.546 t4 guest ends completed "Four."
        3.546 claude denied autopilot_max_turns
        3.546 tell autopilot_rests
        "#,
    );
}

#[test]
fn an_ai_that_spoke_too_long_is_told_to_be_short() {
    check(
        r#"
        show director
        0.0 part 1 rule director.monologueMs 5000
        0.0 rule autopilot.maxTurns 3
        1.0 autopilot on
        1.0 ada will say "Rain begins as vapour that rises from warm oceans into the cold sky, and then it cools."
        1.0 grace will say "Snow begins as crystals, quite another thing, and lovely."
        until 40
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude to go-on flow
        1.00 t1 claude writes
        1.54 t1 claude is heard
        6.84 t1 claude ends completed "Rain begins as vapour that rises from warm oceans into the cold sky, and then it cools."
        6.84 t2 guest begins
        6.84 t2 guest granted autopilot
        6.84 t2 guest to go-on flow
        6.84 t2 guest writes
        7.22 t2 guest is heard
        10.62 t2 guest ends completed "Snow begins as crystals, quite another thing, and lovely."
        10.62 t3 claude begins
        10.62 t3 claude granted autopilot
        10.62 t3 claude to shorten monologue_long
        10.62 t3 claude writes
        11.02 t3 claude is heard
        14.32 t3 claude ends completed "That is a good question, and here is my answer to it."
        14.32 guest denied autopilot_max_turns
        14.32 tell autopilot_rests
        "#,
    );
}

#[test]
fn nobody_is_asked_to_ask_where_the_briefing_says_never() {
    check(
        r#"
        show director
        0.0 part 1 rule director.askEvery 0
        0.0 rule autopilot.maxTurns 5
        1.0 autopilot on
        1.0 ada will say "Rain begins as vapour."
        1.0 grace will say "Snow begins as crystals."
        1.0 ada will say "Hail begins as thunder."
        1.0 grace will say "Fog begins as breath."
        1.0 ada will say "Dew begins as night."
        until 40
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude to go-on flow
        1.00 t1 claude writes
        1.38 t1 claude is heard
        2.78 t1 claude ends completed "Rain begins as vapour."
        2.78 t2 guest begins
        2.78 t2 guest granted autopilot
        2.78 t2 guest to go-on flow
        2.78 t2 guest writes
        3.16 t2 guest is heard
        4.66 t2 guest ends completed "Snow begins as crystals."
        4.66 t3 claude begins
        4.66 t3 claude granted autopilot
        4.66 t3 claude to go-on flow
        4.66 t3 claude writes
        5.04 t3 claude is heard
        6.44 t3 claude ends completed "Hail begins as thunder."
        6.44 t4 guest begins
        6.44 t4 guest granted autopilot
        6.44 t4 guest to go-on flow
        6.44 t4 guest writes
        6.82 t4 guest is heard
        8.12 t4 guest ends completed "Fog begins as breath."
        8.12 t5 claude begins
        8.12 t5 claude granted autopilot
        8.12 t5 claude to go-on flow
        8.12 t5 claude writes
        8.50 t5 claude is heard
        9.80 t5 claude ends completed "Dew begins as night."
        9.80 guest denied autopilot_max_turns
        9.80 tell autopilot_rests
        "#,
    );
}

#[test]
fn whoever_said_little_is_asked_for_more() {
    check(
        r#"
        show director
        0.0 part 1 rule director.shareMax 600
        0.0 rule autopilot.maxTurns 5
        1.0 autopilot on
        1.0 ada will say "Rain begins as vapour that rises from warm oceans into the cold sky, and then it cools, and drops gather around grains of dust or salt until they fall upon fields and roofs and rivers, and the rivers carry it home to the sea, where the whole journey starts over, as it has done for ages and ages, and nobody had to ask for it, and nobody ever paid for it, which is a wonder, and whoever thinks of it for long enough may well begin to think that somebody must have meant it for us, or at least for the frogs, do you see, Grace?"
        1.0 grace will say "Indeed so."
        1.0 grace will say "Snow is the same in white."
        until 90
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude to go-on flow
        1.00 t1 claude writes
        1.54 t1 claude is heard
        33.24 t1 claude ends completed "Rain begins as vapour that rises from warm oceans into the cold sky, and then it cools, and drops gather around grains of dust or salt until they fall upon fields and roofs and rivers, and the rivers carry it home to the sea, where the whole journey starts over, as it has done for ages and ages, and nobody had to ask for it, and nobody ever paid for it, which is a wonder, and whoever thinks of it for long enough may well begin to think that somebody must have meant it for us, or at least for the frogs, do you see, Grace?"
        33.24 t2 guest begins
        33.24 t2 guest granted addressed-by-other
        33.24 t2 guest to go-on flow
        33.24 t2 guest writes
        33.58 t2 guest is heard
        34.28 t2 guest ends completed "Indeed so."
        34.28 t3 guest begins
        34.28 t3 guest granted autopilot
        34.28 t3 guest to elaborate share_low
        34.28 t3 guest writes
        34.70 t3 guest is heard
        36.40 t3 guest ends completed "Snow is the same in white."
        36.40 t4 claude begins
        36.40 t4 claude granted autopilot
        36.40 t4 claude to shorten share_high
        36.40 t4 claude writes
        36.80 t4 claude is heard
        40.10 t4 claude ends completed "That is a good question, and here is my answer to it."
        40.10 t5 guest begins
        40.10 t5 guest granted autopilot
        40.10 t5 guest to ask-other nobody_asked
        40.10 t5 guest writes
        40.50 t5 guest is heard
        43.80 t5 guest ends completed "That is a good question, and here is my answer to it."
        43.80 claude denied autopilot_max_turns
        43.80 tell autopilot_rests
        "#,
    );
}

#[test]
fn without_a_director_nobody_is_told_anything() {
    check(
        r#"
        show director
        0.0 rule director.enabled 0
        0.0 rule autopilot.maxTurns 3
        1.0 autopilot on
        until 40
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.40 t1 claude is heard
        4.70 t1 claude ends completed "That is a good question, and here is my answer to it."
        4.70 t2 guest begins
        4.70 t2 guest granted autopilot
        4.70 t2 guest writes
        5.10 t2 guest is heard
        8.40 t2 guest ends completed "That is a good question, and here is my answer to it."
        8.40 t3 claude begins
        8.40 t3 claude granted autopilot
        8.40 t3 claude writes
        8.80 t3 claude is heard
        12.10 t3 claude ends completed "That is a good question, and here is my answer to it."
        12.10 guest denied autopilot_max_turns
        12.10 tell autopilot_rests
        "#,
    );
}

#[test]
fn a_new_side_is_asked_for_again_only_after_four_turns() {
    check(
        r#"
        show director
        0.0 rule autopilot.maxTurns 8
        0.0 part 1 rule director.askEvery 0
        1.0 autopilot on
        1.0 ada will say "Rain begins as vapour that rises from warm oceans into the cold sky."
        1.0 grace will say "Vapour rises from warm oceans, and the cold sky makes rain."
        1.0 ada will say "Warm oceans give vapour, and vapour that rises gives rain."
        1.0 grace will say "Cold sky, warm oceans, rising vapour, and that makes rain."
        1.0 ada will say "Rising vapour, a cold sky and warm oceans make the rain."
        1.0 grace will say "Oceans are warm, vapour rises, the sky is cold, rain begins."
        1.0 ada will say "Rain, vapour, oceans, sky, warm, cold and rising."
        until 60
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude to go-on flow
        1.00 t1 claude writes
        1.54 t1 claude is heard
        5.64 t1 claude ends completed "Rain begins as vapour that rises from warm oceans into the cold sky."
        5.64 t2 guest begins
        5.64 t2 guest granted autopilot
        5.64 t2 guest to go-on flow
        5.64 t2 guest writes
        6.04 t2 guest is heard
        9.64 t2 guest ends completed "Vapour rises from warm oceans, and the cold sky makes rain."
        9.64 t3 claude begins
        9.64 t3 claude granted autopilot
        9.64 t3 claude to new-angle repetition
        9.64 t3 claude writes
        10.02 t3 claude is heard
        13.52 t3 claude ends completed "Warm oceans give vapour, and vapour that rises gives rain."
        13.52 t4 guest begins
        13.52 t4 guest granted autopilot
        13.52 t4 guest to go-on flow
        13.52 t4 guest writes
        13.94 t4 guest is heard
        17.44 t4 guest ends completed "Cold sky, warm oceans, rising vapour, and that makes rain."
        17.44 t5 claude begins
        17.44 t5 claude granted autopilot
        17.44 t5 claude to go-on flow
        17.44 t5 claude writes
        17.96 t5 claude is heard
        21.36 t5 claude ends completed "Rising vapour, a cold sky and warm oceans make the rain."
        21.36 t6 guest begins
        21.36 t6 guest granted autopilot
        21.36 t6 guest to go-on flow
        21.36 t6 guest writes
        21.76 t6 guest is heard
        25.36 t6 guest ends completed "Oceans are warm, vapour rises, the sky is cold, rain begins."
        25.36 t7 claude begins
        25.36 t7 claude granted autopilot
        25.36 t7 claude to new-angle topic_exhausted
        25.36 t7 claude writes
        25.74 t7 claude is heard
        28.64 t7 claude ends completed "Rain, vapour, oceans, sky, warm, cold and rising."
        28.64 t8 guest begins
        28.64 t8 guest granted autopilot
        28.64 t8 guest to go-on flow
        28.64 t8 guest writes
        29.04 t8 guest is heard
        32.34 t8 guest ends completed "That is a good question, and here is my answer to it."
        32.34 claude denied autopilot_max_turns
        32.34 tell autopilot_rests
        "#,
    );
}

#[test]
fn what_the_host_said_is_said_already() {
    check(
        r#"
        show director
        0.0 rule autopilot.maxTurns 4
        1.0 host says "Let us talk of glaciers and the valleys that they carve, shall we, Ada?" for 3.0
        1.0 ada will say "Glaciers carve valleys, slowly and for ever."
        1.5 autopilot on
        until 30
        ----
        1.04 t1 you begins
        1.50 autopilot on
        4.20 ask 1
        4.25 finish recognition
        4.25 t1 you ends completed "Let us talk of glaciers and the valleys that they carve, shall we, Ada?"
        4.25 t2 claude begins
        4.25 t2 claude granted addressed
        4.25 t2 claude writes
        4.69 t2 claude is heard
        7.29 t2 claude ends completed "Glaciers carve valleys, slowly and for ever."
        7.29 t3 guest begins
        7.29 t3 guest granted autopilot
        7.29 t3 guest to new-angle repetition
        7.29 t3 guest writes
        7.69 t3 guest is heard
        10.99 t3 guest ends completed "That is a good question, and here is my answer to it."
        10.99 t4 claude begins
        10.99 t4 claude granted autopilot
        10.99 t4 claude to go-on flow
        10.99 t4 claude writes
        11.39 t4 claude is heard
        14.69 t4 claude ends completed "That is a good question, and here is my answer to it."
        14.69 t5 guest begins
        14.69 t5 guest granted autopilot
        14.69 t5 guest to ask-other nobody_asked
        14.69 t5 guest writes
        15.09 t5 guest is heard
        18.39 t5 guest ends completed "That is a good question, and here is my answer to it."
        18.39 claude denied autopilot_max_turns
        18.39 tell autopilot_rests
        "#,
    );
}

#[test]
fn gaps_vary_around_the_chosen_one() {
    check(
        r#"
        0.0 rule autopilot.gapVaryMs 200
        0.0 rule autopilot.maxTurns 6
        0.0 rule director.enabled 0
        0.5 text takes 0.01
        0.5 voice takes 0.01
        1.0 autopilot on
        1.0 ada will say "One."
        1.0 grace will say "Two."
        1.0 ada will say "Three."
        1.0 grace will say "Four."
        1.0 ada will say "Five."
        1.0 grace will say "Six."
        until 20
        ----
        1.00 autopilot on
        1.00 t1 claude begins
        1.00 t1 claude granted autopilot
        1.00 t1 claude writes
        1.04 t1 claude is heard
        1.34 t1 claude ends completed "One."
        1.34 t2 guest begins
        1.34 t2 guest granted autopilot
        1.34 t2 guest writes
        1.509 t2 guest is heard
        1.809 t2 guest ends completed "Two."
        1.809 t3 claude begins
        1.809 t3 claude granted autopilot
        1.809 t3 claude writes
        1.901 t3 claude is heard
        2.301 t3 claude ends completed "Three."
        2.301 t4 guest begins
        2.301 t4 guest granted autopilot
        2.301 t4 guest writes
        2.599 t4 guest is heard
        2.999 t4 guest ends completed "Four."
        2.999 t5 claude begins
        2.999 t5 claude granted autopilot
        2.999 t5 claude writes
        3.435 t5 claude is heard
        3.835 t5 claude ends completed "Five."
        3.835 t6 guest begins
        3.835 t6 guest granted autopilot
        3.835 t6 guest writes
        4.154 t6 guest is heard
        4.454 t6 guest ends completed "Six."
        4.454 claude denied autopilot_max_turns
        4.454 tell autopilot_rests
        "#,
    );
}
