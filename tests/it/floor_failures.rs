//! What becomes of a turn when a service, a page or a listener fails, as timelines.

use voice_studio::conversation::{Deadline, Input, Order, TurnId};
use voice_studio::simulation::Timeline;
use voice_studio::time::SessionTime;

use crate::support::timeline::check;

#[test]
fn a_lost_host_pauses_the_ai_and_it_goes_on_where_it_was() {
    check(
        r#"
        1.0 host types "Ada, tell me a story."
        1.0 ada will say "The story begins a long time ago, in a town by the sea where nobody ever spoke."
        3.0 host is lost
        20.0 host is back
        until 40
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, tell me a story."
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.44 t2 claude is heard
        3.00 t2 pause
        20.00 t2 resume
        23.30 t2 claude ends completed "The story begins a long time ago, in a town by the sea where nobody ever spoke."
        "#,
    );
}

#[test]
fn a_reply_that_is_ready_waits_for_the_lost_host() {
    check(
        r#"
        1.0 host types "Ada, tell me a story."
        1.1 host is lost
        9.0 host is back
        until 20
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, tell me a story."
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        9.00 t2 claude is heard
        12.30 t2 claude ends completed "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn a_failed_reply_is_answered_by_the_other_if_nobody_was_called() {
    check(
        r#"
        show orbs
        1.0 host types "What about rain?"
        1.0 ada will fail ""
        until 8
        ----
        0.00 orb you idle
        0.00 orb claude idle
        0.00 orb guest idle
        1.00 t1 you begins
        1.00 t1 you ends completed "What about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted alternation
        1.00 t2 claude writes
        1.00 orb you listening
        1.00 orb claude thinking
        1.00 orb guest listening
        1.20 tell reply_failed
        1.20 t2 claude ends failed ""
        1.20 t2 claude stop
        1.20 t3 guest begins
        1.20 t3 guest granted substitution
        1.20 t3 guest writes
        1.20 orb claude failed
        1.20 orb guest thinking
        1.60 t3 guest is heard
        1.60 orb guest speaking
        4.90 t3 guest ends completed "That is a good question, and here is my answer to it."
        4.90 orb you idle
        4.90 orb guest idle
        "#,
    );
}

#[test]
fn a_failed_reply_of_the_one_who_was_called_is_told() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        1.0 ada will refuse ""
        until 8
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.20 tell reply_refused
        1.20 t2 claude ends failed ""
        1.20 t2 claude stop
        "#,
    );
}

#[test]
fn both_failing_ends_in_rest() {
    check(
        r#"
        1.0 host types "What about rain?"
        1.0 ada will fail ""
        1.0 grace will fail ""
        until 8
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
        1.40 tell reply_failed
        1.40 t3 guest ends failed ""
        1.40 t3 guest stop
        "#,
    );
}

#[test]
fn what_a_failing_model_wrote_is_still_heard() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        1.0 ada will fail "It falls down on all of us"
        until 8
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.34 tell reply_failed
        1.44 t2 claude is heard
        3.14 t2 claude stop
        3.14 t2 claude ends failed "It falls down on all of us"
        "#,
    );
}

#[test]
fn an_empty_reply_ends_its_turn() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        1.0 ada will say " "
        until 8
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.22 t2 claude ends empty ""
        1.22 t2 claude stop
        "#,
    );
}

#[test]
fn a_model_that_hangs_is_given_up_after_ten_seconds() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        1.0 ada will hang
        until 20
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        11.00 tell reply_timed_out
        11.00 t2 claude ends timed-out ""
        11.00 t2 claude stop
        "#,
    );
}

#[test]
fn a_voice_that_hangs_is_given_up_after_five_seconds() {
    check(
        r#"
        0.5 voice takes 30.0
        1.0 host types "Ada, what about rain?"
        until 20
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        6.30 tell voice_timed_out
        6.30 t2 claude ends timed-out "" unheard "That is a good question, and here is my answer to it."
        6.30 t2 claude stop
        "#,
    );
}

#[test]
fn a_page_that_reports_nothing_is_given_up_after_eight_seconds() {
    check(
        r#"
        0.5 page reports every 30.0
        1.0 host types "Ada, what about rain?"
        until 20
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        9.40 tell playout_stalled
        9.40 t2 flush
        9.40 t2 claude stop
        9.44 t2 claude ends timed-out "That is a good question, and here is my answer to it."
        "#,
    );
}

#[test]
fn ears_that_fail_are_told_and_turns_do_not_wait_for_words() {
    check(
        r#"
        show orbs
        1.0 ears fail
        2.0 host sounds for 1.0
        6.0 ears serve
        until 8
        ----
        0.00 orb you idle
        0.00 orb claude idle
        0.00 orb guest idle
        1.00 tell ears_lost
        1.00 orb you failed
        2.04 t1 you begins
        2.04 orb claude listening
        2.04 orb guest listening
        3.16 finish recognition
        3.16 t1 you ends no-words ""
        3.16 orb claude idle
        3.16 orb guest idle
        6.00 tell ears_back
        6.00 orb you idle
        "#,
    );
}

#[test]
fn a_voice_that_fails_in_the_middle_ends_with_what_was_heard() {
    check(
        r#"
        1.0 host types "Ada, what about rain?"
        1.0 ada voice breaks after 1.0
        until 8
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        1.40 tell voice_failed
        2.40 t2 claude stop
        2.40 t2 claude ends failed "That is a good" unheard "question, and here is my answer to it."
        "#,
    );
}

#[test]
fn facts_that_cannot_be_are_noted_and_change_nothing() {
    check(
        r#"
        show ignored
        1.0 host stops
        1.1 host says "What about rain?" for 1.2
        1.5 host starts
        2.0 ada plays in t9
        2.1 host types "  "
        until 4
        ----
        1.00 ignored voice_is_off
        1.14 t1 you begins
        1.50 ignored voice_is_on
        2.00 ignored turn_is_over
        2.10 ignored text_is_empty
        2.50 ask 1
        2.55 finish recognition
        2.55 t1 you ends completed "What about rain?"
        2.55 t2 claude begins
        2.55 t2 claude granted alternation
        2.55 t2 claude writes
        2.95 t2 claude is heard
        "#,
    );
}

#[test]
fn who_was_cut_off_and_then_says_nothing_does_not_look_cut_off() {
    check(
        r#"
        show orbs
        1.0 host types "Ada, tell me the long story."
        1.0 ada will say "The story begins a long time ago, in a town by the sea where nobody ever spoke."
        1.0 ada will say ""
        4.0 host interrupts
        5.0 host types "Ada?"
        until 7
        ----
        0.00 orb you idle
        0.00 orb claude idle
        0.00 orb guest idle
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, tell me the long story."
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.00 orb you listening
        1.00 orb claude thinking
        1.00 orb guest listening
        1.44 t2 claude is heard
        1.44 orb claude speaking
        4.00 t2 flush
        4.00 t2 claude stop
        4.00 orb you idle
        4.00 orb claude interrupted
        4.00 orb guest idle
        4.04 t2 claude ends interrupted "The story begins a long time ago, in a" unheard "town by the sea where nobody ever spoke."
        5.00 t3 you begins
        5.00 t3 you ends completed "Ada?"
        5.00 t4 claude begins
        5.00 t4 claude granted addressed
        5.00 t4 claude writes
        5.00 orb you listening
        5.00 orb claude thinking
        5.00 orb guest listening
        5.20 t4 claude ends empty ""
        5.20 t4 claude stop
        5.20 orb you idle
        5.20 orb claude idle
        5.20 orb guest idle
        "#,
    );
}

#[test]
fn who_failed_and_then_is_cut_off_does_not_look_failed() {
    check(
        r#"
        show orbs
        1.0 ada will fail ""
        1.0 host types "Ada?"
        3.0 host types "Ada, again?"
        5.0 host interrupts
        until 7
        ----
        0.00 orb you idle
        0.00 orb claude idle
        0.00 orb guest idle
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.00 orb you listening
        1.00 orb claude thinking
        1.00 orb guest listening
        1.20 tell reply_failed
        1.20 t2 claude ends failed ""
        1.20 t2 claude stop
        1.20 orb you idle
        1.20 orb claude failed
        1.20 orb guest idle
        3.00 t3 you begins
        3.00 t3 you ends completed "Ada, again?"
        3.00 t4 claude begins
        3.00 t4 claude granted addressed
        3.00 t4 claude writes
        3.00 orb you listening
        3.00 orb claude thinking
        3.00 orb guest listening
        3.40 t4 claude is heard
        3.40 orb claude speaking
        5.00 t4 flush
        5.00 t4 claude stop
        5.00 orb you idle
        5.00 orb claude interrupted
        5.00 orb guest idle
        5.04 t4 claude ends interrupted "That is a good question," unheard "and here is my answer to it."
        "#,
    );
}

#[test]
fn a_deadline_that_is_not_due_is_noted() {
    let mut meeting = Timeline::parse("1.0 host sounds for 1.0").expect("a timeline").meeting();
    let at = SessionTime::from_millis;
    meeting.run(at(2500), &mut Vec::new()).expect("a world that comes to rest");
    let conversation = &mut meeting.conversation;
    let (due, deadline) = conversation.next_deadline().expect("the end of a turn is waited for");
    let mut told = |now, deadline| {
        let mut orders = Vec::new();
        conversation.handle(now, Input::DeadlinePassed { deadline }, &mut orders);
        orders.contains(&Order::NoteIgnored { what: "deadline_is_not_due" })
    };
    assert!(told(at(due.millis() - 1), deadline), "too early");
    assert!(!told(due, deadline));
    assert!(told(due, Deadline::FlushConfirm), "another one");
}

#[test]
fn what_a_page_says_will_sound_was_heard_by_now() {
    let script = "1.0 host types \"Ada?\"\n2.3 host interrupts\n0.5 flush takes 9.0";
    let mut meeting = Timeline::parse(script).expect("a timeline").meeting();
    let at = SessionTime::from_millis;
    let mut heard_until = |now, input| {
        meeting.run(now, &mut Vec::new()).expect("a world that comes to rest");
        meeting.conversation.handle(now, input, &mut Vec::new());
        let captions = meeting.conversation.snapshot().captions;
        captions.iter().map(|caption| caption.end).max().expect("a caption")
    };
    let (turn, samples) = (TurnId(2), 40_000);
    let heard = heard_until(at(2_250), Input::Played { turn, samples, at: at(9_000) });
    assert!(heard <= at(2_250), "{heard}");
    let samples = 60_000;
    let heard = heard_until(at(2_340), Input::Flushed { turn, samples, at: at(9_000) });
    assert!(heard <= at(2_340), "{heard}");
}

#[test]
fn a_host_who_is_back_hears_at_once_whom_he_had_not_paused() {
    check(
        r#"
        1.0 host types "Ada, tell me the long story."
        1.0 ada will say "The story begins a long time ago, in a town by the sea where nobody ever spoke."
        4.0 host sounds for 2.0
        4.1 host is lost
        4.3 host is back
        until 6
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, tell me the long story."
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.44 t2 claude is heard
        4.04 t2 duck -12 dB
        4.10 t2 duck 0 dB
        4.10 t2 pause
        4.30 t2 resume
        "#,
    );
}

#[test]
fn whom_he_had_paused_he_hears_when_it_is_known_that_he_only_murmured() {
    check(
        r#"
        1.0 host types "Ada, tell me the long story."
        1.0 ada will say "The story begins a long time ago, in a town by the sea where nobody ever spoke."
        4.0 host sounds for 2.0
        4.25 host is lost
        4.4 host is back
        until 6
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, tell me the long story."
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.44 t2 claude is heard
        4.04 t2 duck -12 dB
        4.20 t2 pause
        4.85 t2 duck 0 dB
        4.85 t2 resume
        4.85 t2 barge-in resumed
        "#,
    );
}

#[test]
fn a_voice_that_begins_twice_is_noted() {
    let mut meeting = Timeline::parse("1.0 host types \"Ada?\"").expect("a timeline").meeting();
    let now = SessionTime::from_millis(1_450);
    meeting.run(now, &mut Vec::new()).expect("a world that comes to rest");
    let mut orders = Vec::new();
    meeting.conversation.handle(now, Input::VoiceStarted { turn: TurnId(2) }, &mut orders);
    assert_eq!(orders, [Order::NoteIgnored { what: "voice_is_not_due" }]);
}
