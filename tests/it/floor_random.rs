//! Thousands of random meetings: late, lost, doubled and failing facts, and all invariants after each step.

use std::panic::{AssertUnwindSafe, catch_unwind};

use voice_studio::conversation::{AiSpeaker, Input, Outcome, Stability};
use voice_studio::time::SessionTime;

use crate::support::dice::Dice;
use crate::support::invariants::{Watch, same_inputs_give_same_orders};
use crate::support::meeting::{Event, Meeting, Plan, Script, conversation_of, ms};
use crate::support::timeline::story_of;

const MEETINGS: u64 = 10_000;

#[test]
fn ten_thousand_random_meetings_keep_all_invariants() {
    #[expect(clippy::disallowed_methods, reason = "a failed seed is replayed by name")]
    let seeds = match std::env::var("STUDIO_SEED") {
        Ok(seed) => vec![seed.parse().expect("STUDIO_SEED is a number")],
        Err(_) => (0..MEETINGS).collect::<Vec<u64>>(),
    };
    let threads = 2;
    std::thread::scope(|scope| {
        for part in 0..threads {
            let seeds = seeds
                .iter()
                .copied()
                .filter(move |seed| seed % threads == part)
                .collect::<Vec<_>>();
            scope.spawn(move || seeds.into_iter().for_each(meet));
        }
    });
}

fn meet(seed: u64) {
    let mut events = Vec::new();
    let outcome = catch_unwind(AssertUnwindSafe(|| play(seed, &mut events)));
    if outcome.is_err() {
        let from = events.len().saturating_sub(120);
        let story = story_of(&events[from..], true);
        panic!("{story}\nmeeting {seed} broke a rule; replay it with STUDIO_SEED={seed}");
    }
}

fn play(seed: u64, events: &mut Vec<(SessionTime, Event)>) {
    let mut dice = Dice::new(seed);
    let mut meeting = Meeting::new(plan(&mut dice), Some(Dice::new(seed ^ 0xABCD)));
    // Shows differ in what they let be written ahead.
    let (tries, next, sound) = (dice.between(0, 3), !dice.chance(20), !dice.chance(30));
    meeting.rule(|rules| {
        rules.speculation_tries = u16::try_from(tries).unwrap_or(0);
        (rules.prepare_next, rules.prepare_sound) = (next, sound);
    });
    let mut watch = Watch::default();
    let mut checked = 0;
    meeting.learn(SessionTime::ZERO, Input::HostConnected);
    let acts = dice.between(3, 12);
    let mut at = SessionTime::from_millis(dice.between(0, 2000));
    for _ in 0..acts {
        act(&mut meeting, &mut dice, at);
        at = at + ms(dice.between(50, 7000));
        while meeting.step(at, events) {
            check(&mut watch, &meeting, events, &mut checked);
        }
    }
    // The table is left alone: without autopilot, with its host there, it comes to rest.
    for input in [
        Input::AutopilotSet { enabled: false },
        Input::PushToTalkSet { held: false },
        Input::HostConnected,
        Input::SpeechStopped { at },
    ] {
        meeting.learn(at, input);
    }
    let rest = at + ms(180_000);
    while meeting.step(rest, events) {
        check(&mut watch, &meeting, events, &mut checked);
    }
    let floor = meeting.conversation.snapshot().floor;
    assert_eq!(floor.holder, None, "invariant 7: {floor:?} three minutes after the last input");
    assert_eq!(meeting.conversation.next_deadline(), None, "invariant 7");
    // Some end in the middle of a word.
    if dice.chance(30) {
        meeting.say(rest, ms(900), "one more thing before we go", ms(300));
    }
    let end = rest + ms(dice.between(0, 1500));
    meeting.learn(end, Input::EndRequested);
    while meeting.step(end + ms(10_000), events) {
        check(&mut watch, &meeting, events, &mut checked);
    }
    watch.all_turns_ended();
    same_inputs_give_same_orders(events, conversation_of(meeting.briefing.clone()));
}

fn check(
    watch: &mut Watch,
    meeting: &Meeting,
    events: &[(SessionTime, Event)],
    checked: &mut usize,
) {
    for (now, event) in &events[*checked..] {
        watch.check(*now, event, &meeting.voices);
    }
    *checked = events.len();
    watch.every_wait_has_a_name(&meeting.conversation);
}

fn plan(dice: &mut Dice) -> Plan {
    Plan {
        onset_known: dice.between(0, 80),
        stop_known: 160,
        words_after: dice.between(50, 900),
        final_after: dice.between(0, 300),
        judge_after: dice.between(10, 200),
        text_after: dice.between(10, 900),
        chunk_every: dice.between(1, 60),
        voice_after: dice.between(10, 400),
        report_every: dice.between(20, 250),
        flush_after: dice.between(5, 120),
    }
}

const LINES: &[&str] = &[
    "What about rain?",
    "Ada, who are you?",
    "Grace, do you agree with her?",
    "Thank you both. Good night.",
    "I was thinking that we might",
    "and so on",
    "Wait, stop there.",
    "mm hmm",
    "right",
    "As Ada said, it is all about listening, and about the gap between two speakers, which is short. Is it not?",
    "You two, what do you say?",
    "",
    "no",
];
const REPLIES: &[&str] = &[
    "Yes.",
    "Well, that depends on the weather, I would say. Grace, what do you think?",
    "I build tools for producers, and each speaker is recorded on a track of their own. It helps a lot. Ada, do you agree?",
    "Rain begins as vapour that rises, and then it cools. Drops form. They fall... Dr. Gray knows more of it - ask her!",
    "",
    "   ",
];

fn act(meeting: &mut Meeting, dice: &mut Dice, at: SessionTime) {
    for replies in &mut meeting.replies {
        if replies.is_empty() {
            let text = String::from(*dice.pick(REPLIES));
            replies.push_back(match dice.between(0, 19) {
                0 => Script::Fails(text, Outcome::Failed),
                1 => Script::Fails(String::new(), Outcome::Refused),
                2 => Script::Fails(String::new(), Outcome::TimedOut),
                3 => Script::Hangs,
                _ => Script::Says(text),
            });
        }
    }
    if meeting.scores.is_empty() {
        meeting.scores.push_back(*dice.pick(&[None, Some(100), Some(550), Some(700), Some(990)]));
    }
    let speaker = *dice.pick(&AiSpeaker::BOTH);
    match dice.between(0, 99) {
        0..=44 => speak(meeting, dice, at),
        45..=52 => meeting.voice(at, ms(dice.between(20, 1200))),
        53..=56 => meeting.words(at, ms(400), "nobody heard this begin", ms(dice.between(0, 3000))),
        57..=64 => meeting.learn(at, Input::AutopilotSet { enabled: dice.chance(60) }),
        65..=69 => meeting.learn(at, Input::InterruptPressed),
        70..=73 => meeting.learn(at, Input::Nominated { speaker }),
        74..=77 => meeting.learn(at, Input::Typed { text: (*dice.pick(LINES)).into() }),
        78..=81 => meeting.learn(at, Input::MuteSet { muted: dice.chance(40) }),
        82..=86 => {
            meeting.learn(at, Input::PushToTalkSet { held: true });
            meeting.learn(at + ms(dice.between(100, 3000)), Input::PushToTalkSet { held: false });
        }
        87..=92 => {
            meeting.learn(at, Input::HostLost);
            meeting.learn(at + ms(dice.between(100, 9000)), Input::HostConnected);
        }
        93..=95 => meeting.learn(at, Input::EarsChanged { available: dice.chance(50) }),
        96 => meeting.learn(at, Input::EndOfTurnJudged { ask: 1, score: Some(999) }),
        97 => meeting.learn(at, Input::SpeechStopped { at: at + ms(50) }),
        _ => meeting.learn(at, Input::Marked { label: "here".into() }),
    }
}

/// The host speaks: in one stretch or several, with words that are late, lost, doubled or wrong at first.
fn speak(meeting: &mut Meeting, dice: &mut Dice, at: SessionTime) {
    let mut at = at;
    for _ in 0..dice.between(1, 3) {
        let length = ms(dice.between(60, 2500));
        let text = *dice.pick(LINES);
        let after = if dice.chance(8) { dice.between(0, 6000) } else { meeting.plan.words_after };
        if dice.chance(5) {
            meeting.voice(at, length);
        } else {
            meeting.say(at, length, text, ms(after));
        }
        if dice.chance(10) {
            meeting.repeat_last(at + length + ms(after + 20), Stability::Final);
        }
        if dice.chance(30) {
            meeting.repeat_last(at + ms(300), Stability::Interim);
        }
        at = at + length + ms(dice.between(80, 1500));
    }
}
