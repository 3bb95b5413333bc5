//! The AIs' own voice in the host's microphone, as timelines: it interrupts nobody and is nobody's words.

use voice_studio::simulation::Timeline;
use voice_studio::simulation::story::story;

use crate::support::timeline::check;

#[test]
fn what_an_ai_says_and_comes_back_by_a_loudspeaker_stops_nobody_and_is_nobodys_turn() {
    let replies = [
        "Rain begins as vapour that rises from the sea, and then it cools and falls down again.",
        "Snow is nothing but rain that was too cold, and hail is what fell up before it fell down.",
    ];
    let script = format!(
        r#"
        0.0 host hears by loudspeaker
        0.0 ada will say {:?}
        0.0 grace will say {:?}
        1.0 host types "Ada, what about rain?"
        20.0 host types "Grace, what about snow?"
        39.0 all is at rest
        until 40
        "#,
        replies[0], replies[1]
    );
    let mut events = Vec::new();
    Timeline::parse(&script).unwrap().play(&mut events).unwrap();
    let story = story(&events, "captions", false);
    for reply in replies {
        assert!(story.contains(&format!("completed {reply:?}")), "{story}");
    }
    assert_eq!(story.matches("you begins").count(), 2, "{story}");
    assert!(!story.contains("barge-in stopped"), "{story}");
    assert!(story.matches("pause").count() <= 1, "only before it is known to come back\n{story}");
}

#[test]
fn a_host_who_speaks_over_the_loudspeaker_is_heard_by_his_words() {
    check(
        r#"
        0.0 host hears by loudspeaker
        0.0 ada will say "Rain begins as vapour that rises from the sea, and then it cools and falls down again."
        1.0 host types "Ada, what about rain?"
        4.5 recogniser hears "But why does it fall at all?" for 1.2 heard after 0.2
        until 20
        ----
        "#,
    );
}

#[test]
fn own_words_that_were_taken_for_the_hosts_at_first_vanish_again() {
    check(
        r#"
        show captions interim
        0.0 ada will say "Rain begins as vapour that rises from the sea."
        1.0 host types "Ada, what about rain?"
        2.0 recogniser hears "the moon is made of cheese" for 1.0 interim at 2.8
        3.2 recogniser corrects it to "begins as vapour that rises"
        until 20
        ----
        "#,
    );
}

#[test]
fn until_it_is_known_what_comes_back_length_alone_stops_nobody() {
    check(
        r#"
        1.0 host types "Ada, who are you?"
        1.8 host sounds for 1.6
        until 20
        ----
        "#,
    );
}

#[test]
fn after_the_warm_up_it_does() {
    check(
        r#"
        0.0 rule bargeIn.warmUpMs 300
        1.0 host types "Ada, who are you?"
        1.8 host sounds for 1.6
        until 20
        ----
        "#,
    );
}
