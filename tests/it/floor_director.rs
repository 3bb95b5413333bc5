//! Who speaks, and what the director has them do, as timelines.

use crate::support::timeline::check;

#[test]
fn a_follow_up_question_goes_to_whom_it_follows() {
    check(
        r#"
        1.0 host says "Ada, what about rain?" for 1.2
        6.0 host says "And why is that?" for 0.9
        11.0 host says "And what about snow?" for 1.0
        ----
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
        "#,
    );
}

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
        "#,
    );
}

#[test]
fn whoever_talks_too_much_is_told_to_be_short() {
    check(
        r#"show director
        0.0 rule autopilot.maxTurns 4
        1.0 text comes every 1
        1.0 autopilot on
        1.0 ada will say "Rain begins as vapour that rises from warm oceans, and then it cools, and drops form around dust and salt, and they fall on fields and roofs and rivers, and the rivers carry it home to the sea, where the whole long journey begins again, as it has done for four billion years, day after day and night after night, on every coast of every continent that there ever was, without an end. And that is not all, for there is snow as well, which falls on mountains and feeds the glaciers, and those feed the rivers in summer when no rain falls at all. Is it not so, Grace?"
        1.0 grace will say "Quite so, and I would add the hail, which farmers fear more than frost or wind."
        until 80.0
        ----
        "#,
    );
}

#[test]
fn a_breath_lets_the_speaker_finish_the_clause_and_keeps_the_floor_free() {
    check(
        r#"
        1.0 autopilot on
        1.0 ada will say "A moon is a rock that goes around a planet, as everybody in this town knows. And there is more."
        2.6 host breathes
        5.6 host says "Grace, is that so?" for 0.9
        9.5 autopilot off
        ----
        "#,
    );
}

#[test]
fn a_breath_that_no_word_follows_costs_a_moment_and_is_not_landed_for_again() {
    check(
        r#"
        0.0 rule autopilot.maxTurns 2
        1.0 autopilot on
        1.0 ada will say "A moon is a rock that goes around a planet, as everybody in this town knows. And there is more."
        1.0 grace will say "It is a lamp that goes around a planet, as everybody in this town knows. And there is more."
        2.6 host breathes
        8.5 host breathes
        ----
        "#,
    );
}

#[test]
fn without_autopilot_a_breath_changes_nothing() {
    check(
        r#"
        1.0 host says "Ada, what about rain?" for 1.2
        1.0 ada will say "It falls down, as everybody in this town knows, and it makes us wet."
        4.0 host breathes
        ----
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
        "#,
    );
}
