//! The AIs' own voice in the host's microphone, as timelines: it interrupts nobody and is nobody's words.

use crate::support::timeline::check;

#[test]
fn what_an_ai_says_and_comes_back_by_a_loudspeaker_stops_nobody_and_is_nobodys_turn() {
    check(
        r#"
        0.0 host hears by loudspeaker
        0.0 ada will say "Rain begins as vapour that rises from the sea, and then it cools and falls down again."
        1.0 host types "Ada, what about rain?"
        until 20
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.48 t2 claude is heard
        1.62 t2 duck -12 dB
        2.48 t2 pause
        2.64 t2 duck 0 dB
        2.64 t2 resume
        2.64 t2 barge-in resumed
        6.84 t2 claude ends completed "Rain begins as vapour that rises from the sea, and then it cools and falls down again."
        "#,
    );
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
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.48 t2 claude is heard
        1.62 t2 duck -12 dB
        2.48 t2 pause
        2.64 t2 duck 0 dB
        2.64 t2 resume
        2.64 t2 barge-in resumed
        5.90 t2 flush
        5.90 t2 claude stop
        5.90 t3 you begins
        5.90 ask 1
        5.94 t2 barge-in stopped
        5.94 t2 claude ends barged-in "Rain begins as vapour that rises from the sea, and then it cools and" unheard "falls down again."
        5.95 finish recognition
        5.95 t3 you ends completed "But why does it fall at all?"
        5.95 t4 guest begins
        5.95 t4 guest granted alternation
        5.95 t4 guest writes
        6.35 t4 guest is heard
        6.49 t4 duck -12 dB
        9.65 t4 guest ends completed "That is a good question, and here is my answer to it."
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
        1.00 t1 you begins
        1.00 t1 caption you "Ada, what about rain?" 1.000 to 1.000
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.48 t2 claude is heard
        1.78 t2 caption claude "Rain" + "begins as vapour that rises from the sea." 1.480 to 1.780
        2.18 t2 caption claude "Rain begins" + "as vapour that rises from the sea." 1.480 to 2.180
        2.38 t2 caption claude "Rain begins as" + "vapour that rises from the sea." 1.480 to 2.380
        2.78 t2 caption claude "Rain begins as vapour" + "that rises from the sea." 1.480 to 2.780
        2.80 t3 caption you "the moon is made of cheese" 2.000 to 2.800
        3.08 t2 caption claude "Rain begins as vapour that" + "rises from the sea." 1.480 to 3.080
        3.20 t3 caption you "" 2.000 to 3.000
        3.48 t2 caption claude "Rain begins as vapour that rises" + "from the sea." 1.480 to 3.430
        3.78 t2 caption claude "Rain begins as vapour that rises from" + "the sea." 1.480 to 3.730
        3.98 t2 caption claude "Rain begins as vapour that rises from the" + "sea." 1.480 to 3.980
        4.28 t2 caption claude "Rain begins as vapour that rises from the sea." 1.480 to 4.280
        4.28 t2 claude ends completed "Rain begins as vapour that rises from the sea."
        "#,
    );
}

#[test]
fn until_it_is_known_what_comes_back_a_voice_pauses_nobody() {
    check(
        r#"
        1.0 host types "Ada, who are you?"
        1.8 host sounds for 1.6
        until 20
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, who are you?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        1.84 t2 duck -12 dB
        2.40 t2 pause
        3.25 t2 flush
        3.25 t2 claude stop
        3.25 t3 you begins
        3.29 t2 barge-in stopped
        3.29 t2 claude ends barged-in "That is a good" unheard "question, and here is my answer to it."
        3.60 ask 1
        5.00 finish recognition
        6.40 t3 you ends no-words ""
        6.40 tell not_understood
        "#,
    );
}

#[test]
fn after_the_warm_up_it_pauses() {
    check(
        r#"
        0.0 rule bargeIn.warmUpMs 300
        1.0 host types "Ada, who are you?"
        1.8 host sounds for 1.6
        until 20
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, who are you?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.40 t2 claude is heard
        1.84 t2 duck -12 dB
        2.00 t2 pause
        3.25 t2 flush
        3.25 t2 claude stop
        3.25 t3 you begins
        3.29 t2 barge-in stopped
        3.29 t2 claude ends barged-in "That is" unheard "a good question, and here is my answer to it."
        3.60 ask 1
        5.00 finish recognition
        6.40 t3 you ends no-words ""
        6.40 tell not_understood
        "#,
    );
}

#[test]
fn late_words_over_an_echo_are_a_turn_that_ends() {
    check(
        r#"
        0.0 words take 0.793
        0.0 faults from 20022448
        0.0 host hears by loudspeaker
        0.0 ada will say ""
        0.0 host says "and so on" for 1.432
        4.211 ada will say "Yes."
        8.621 host says "no" for 1.688
        11.521 host says "Wait, stop there." for 0.42 heard after 2.872
        until 30
        ----
        0.04 t1 you begins
        1.632 ask 1
        2.225 finish recognition
        2.225 t1 you ends completed "and so on"
        2.225 t2 claude begins
        2.225 t2 claude granted alternation
        2.225 t2 claude writes
        2.505 t2 claude ends empty ""
        2.505 t2 claude stop
        2.505 t3 guest begins
        2.505 t3 guest granted substitution
        2.505 t3 guest writes
        2.938 t3 guest is heard
        3.177 t3 duck -12 dB
        3.982 t3 pause
        4.498 t3 duck 0 dB
        4.498 t3 resume
        4.498 t3 barge-in resumed
        8.321 t3 guest ends completed "That is a good question, and here is my answer to it."
        8.661 t4 you begins
        10.509 ask 2
        11.102 finish recognition
        11.102 t4 you ends completed "no"
        11.102 t5 claude begins
        11.102 t5 claude granted alternation
        11.102 t5 claude writes
        11.542 t5 claude is heard
        11.561 t5 pause
        12.541 t5 resume
        12.541 t5 barge-in resumed
        12.681 t5 duck -12 dB
        12.896 t5 claude ends completed "Yes."
        14.813 t6 you begins
        14.813 finish recognition
        15.896 t6 you ends completed "Wait, stop there."
        15.896 t7 guest begins
        15.896 t7 guest granted alternation
        15.896 t7 guest writes
        16.229 t7 guest is heard
        16.239 tell voice_failed
        16.376 t7 duck -12 dB
        17.812 t7 guest stop
        17.812 t7 guest ends failed "That is a good question," unheard "and here is my answer to it."
        "#,
    );
}

#[test]
fn wait_stops_an_ai_that_has_just_said_what() {
    check(
        r#"
        0.0 ada will say "My notes do not cover how it was invented, but here is what I know. I think that it is mostly listening."
        1.0 host types "Ada, what about rain?"
        4.8 host starts
        4.8 recogniser hears "Wait," for 0.4 heard after 0.2
        5.2 host stops
        until 9
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, what about rain?"
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.48 t2 claude is heard
        4.80 t2 duck -12 dB
        5.00 t2 pause
        5.40 t2 flush
        5.40 t2 claude stop
        5.40 t3 you begins
        5.40 ask 1
        5.44 t2 barge-in stopped
        5.44 t2 claude ends barged-in "My notes do not cover how it was invented, but here is" unheard "what I know. I think that it is mostly listening."
        6.80 finish recognition
        6.80 t3 you ends completed "Wait,"
        6.80 t4 guest begins
        6.80 t4 guest granted alternation
        6.80 t4 guest writes
        7.20 t4 guest is heard
        "#,
    );
}

#[test]
fn of_a_host_who_is_back_it_is_not_known_what_comes_back() {
    check(
        r#"
        1.0 host types "Ada, tell me the long story."
        1.0 ada will say "The story begins a long time ago, in a town by the sea where nobody ever spoke."
        4.0 host is lost
        5.0 host is back
        5.3 host sounds for 0.5
        until 7
        ----
        1.00 t1 you begins
        1.00 t1 you ends completed "Ada, tell me the long story."
        1.00 t2 claude begins
        1.00 t2 claude granted addressed
        1.00 t2 claude writes
        1.44 t2 claude is heard
        4.00 t2 pause
        5.00 t2 resume
        5.34 t2 duck -12 dB
        5.96 t2 duck 0 dB
        "#,
    );
}
