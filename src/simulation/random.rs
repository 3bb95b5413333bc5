//! A random meeting: what chance from a seed has people do, as a [`Timeline`].
//!
//! The host speaks, murmurs, presses, is lost and comes back; models write long, short and empty replies, fail, refuse
//! and hang; recogniser, models, voices and page are as quick as the seed has it and unreliable on top.

use super::act::Act;
use super::dice::Dice;
use super::meeting::{Script, ms};
use super::show::ShowAct;
use super::timeline::Timeline;
use crate::conversation::briefing::Setting;
use crate::conversation::{AiSpeaker, Input, Outcome, Speaker, Stability};
use crate::time::{SessionTime, Span};

/// What hosts say.
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
    "No, strike that.",
    "So what about snow, no, strike that.",
    "And why is that?",
    "I would take an umbrella.",
];

/// What AIs say.
const REPLIES: &[&str] = &[
    "Yes.",
    "Well, that depends on the weather, I would say. Grace, what do you think?",
    "I build tools for producers, and each speaker is recorded on a track of their own. It helps a lot. Ada, do you agree?",
    "Rain begins as vapour that rises, and then it cools. Drops form. They fall... Dr. Gray knows more of it - ask her!",
    "",
    "   ",
    "I would not know. What would you do about it?",
];

/// How long after the last act the table must have come to rest.
pub const REST: Span = ms(180_000);

/// The meeting of `seed`: 3 to 12 things happen, then the table is left alone, then the session ends.
#[must_use]
pub fn meeting(seed: u64) -> Timeline {
    let mut dice = Dice::new(seed);
    let acts = dice.between(3, 12);
    draw(seed, &mut dice, acts)
}

/// The same with things happening for at least `length`.
#[must_use]
pub fn long_meeting(seed: u64, length: Span) -> Timeline {
    // Seven seconds at most lie between two acts.
    let acts = length.millis() / 3500;
    draw(seed, &mut Dice::new(seed), acts.max(3))
}

fn draw(seed: u64, dice: &mut Dice, acts: u64) -> Timeline {
    let mut draft = Draft { acts: Vec::new(), dice: dice.clone(), words_after: 0 };
    draft.plan(seed);
    let mut at = SessionTime::from_millis(draft.dice.between(0, 2000));
    for _ in 0..acts {
        draft.act(at);
        at = at + ms(draft.dice.between(50, 7000));
    }
    // The table is left alone: without autopilot, with its host there, it comes to rest.
    for input in [
        Input::AutopilotSet { enabled: false },
        Input::PushToTalkSet { held: false },
        Input::HostConnected,
    ] {
        draft.put(at, Act::Presses(input));
    }
    draft.put(at, Act::Stops(None));
    let rest = at + REST;
    draft.put(rest, Act::Rests);
    // Some end in the middle of a word.
    let after = rest + ms(1);
    if draft.dice.chance(30) {
        draft.put(after, Act::Says("one more thing before we go".into(), ms(900), Some(ms(300))));
    }
    let end = after + ms(draft.dice.between(0, 1500));
    draft.put(end, Act::Presses(Input::EndRequested));
    Timeline { acts: draft.acts, until: end + ms(10_000) }
}

struct Draft {
    acts: Vec<(SessionTime, Act)>,
    dice: Dice,
    words_after: u64,
}

impl Draft {
    fn put(&mut self, at: SessionTime, act: Act) {
        self.acts.push((at, act));
    }

    fn plan(&mut self, seed: u64) {
        let dice = &mut self.dice;
        self.words_after = dice.between(50, 900);
        let plan = [
            ("onset takes", dice.between(0, 80)),
            ("words take", self.words_after),
            ("last words take", dice.between(0, 300)),
            ("model takes", dice.between(10, 200)),
            ("text takes", dice.between(10, 900)),
            ("text comes every", dice.between(1, 60)),
            ("voice takes", dice.between(10, 400)),
            ("page reports every", dice.between(20, 250)),
            ("flush takes", dice.between(5, 120)),
        ];
        for (name, millis) in plan {
            self.put(SessionTime::ZERO, Act::Takes(name, ms(millis)));
        }
        // Shows differ in what they let be written ahead.
        let tries = self.dice.between(0, 3);
        let (next, sound) = (!self.dice.chance(20), !self.dice.chance(30));
        let (next, sound) = (u64::from(next), u64::from(sound));
        for (rule, value) in
            [("prepare.tries", tries), ("prepare.next", next), ("prepare.sound", sound)]
        {
            self.put(SessionTime::ZERO, Act::Rule(rule, value));
        }
        self.plan_show();
        self.put(SessionTime::ZERO, Act::FaultsFrom(seed ^ 0xABCD));
    }

    /// Shows differ in their plan, in who answers, in how much is remembered.
    fn plan_show(&mut self) {
        let history = *self.dice.pick(&[0, 40, 120, 3000]);
        let rules = [
            ("answers", self.dice.between(0, 2)),
            ("followUps", u64::from(!self.dice.chance(20))),
            ("autopilot.maxTurns", self.dice.between(2, 30)),
            ("autopilot.gapVaryMs", self.dice.between(0, 200)),
            ("director.enabled", u64::from(!self.dice.chance(20))),
            ("director.softLanding", u64::from(!self.dice.chance(20))),
            ("historyWords", history),
        ];
        for (rule, value) in rules {
            self.put(SessionTime::ZERO, Act::Rule(rule, value));
        }
        if self.dice.chance(50) {
            let minutes = u16::try_from(self.dice.between(0, 2)).unwrap_or(0);
            let setting = |key: &str, value: &str| Setting { key: key.into(), value: value.into() };
            let acts = [
                ShowAct::Part("Snow".into(), minutes),
                ShowAct::PartRule(2, setting("preset", "rapid-fire")),
                ShowAct::PartRule(2, setting("bargeIn.pauseMs", "350")),
                ShowAct::SpeakerRule(Speaker::You, setting("endOfTurn.ceilingMs", "1300")),
                ShowAct::SpeakerRule(Speaker::Guest, setting("autopilot.gapMs", "600")),
            ];
            acts.into_iter().for_each(|act| self.put(SessionTime::ZERO, Act::Show(act)));
        }
    }

    /// The producer does something.
    fn produce(&mut self, at: SessionTime) {
        let speaker = *self.dice.pick(&AiSpeaker::BOTH);
        let act = match self.dice.between(0, 9) {
            0..=2 => ShowAct::Whispers(speaker, format!("secret {} for {speaker:?}", at.millis())),
            3..=5 => ShowAct::Strikes(None),
            6 => ShowAct::Strikes(Some(ms(self.dice.between(100, 20_000)))),
            7 => ShowAct::GoesTo(u16::try_from(self.dice.between(1, 3)).unwrap_or(1)),
            _ => ShowAct::Breathes,
        };
        self.put(at, Act::Show(act));
    }

    fn act(&mut self, at: SessionTime) {
        if self.dice.chance(12) {
            self.produce(at);
        }
        for speaker in AiSpeaker::BOTH {
            let text = String::from(*self.dice.pick(REPLIES));
            let script = match self.dice.between(0, 19) {
                0 => Script::Fails(text, Outcome::Failed),
                1 => Script::Fails(String::new(), Outcome::Refused),
                2 => Script::Fails(String::new(), Outcome::TimedOut),
                3 => Script::Hangs,
                _ => Script::Says(text),
            };
            self.put(at, Act::Will(speaker, script));
        }
        let score = *self.dice.pick(&[None, Some(100), Some(550), Some(700), Some(990)]);
        self.put(at, Act::Scores(score));
        let speaker = *self.dice.pick(&AiSpeaker::BOTH);
        let act = match self.dice.between(0, 99) {
            0..=44 => return self.speak(at),
            45..=52 => Act::Sounds(ms(self.dice.between(20, 1200))),
            53..=56 => {
                let after = ms(self.dice.between(0, 3000));
                Act::Heard("nobody heard this begin".into(), ms(400), after)
            }
            57..=64 => Act::Presses(Input::AutopilotSet { enabled: self.dice.chance(60) }),
            65..=69 => Act::Presses(Input::InterruptPressed),
            70..=73 => Act::Presses(Input::Nominated { speaker }),
            74..=77 => Act::Types((*self.dice.pick(LINES)).into()),
            78..=81 => Act::Presses(Input::MuteSet { muted: self.dice.chance(40) }),
            82..=86 => {
                self.put(at, Act::Presses(Input::PushToTalkSet { held: true }));
                let released = at + ms(self.dice.between(100, 3000));
                self.put(released, Act::Presses(Input::PushToTalkSet { held: false }));
                return;
            }
            87..=92 => {
                self.put(at, Act::Presses(Input::HostLost));
                let back = at + ms(self.dice.between(100, 9000));
                self.put(back, Act::Presses(Input::HostConnected));
                return;
            }
            93..=95 => Act::Presses(Input::EarsChanged { available: self.dice.chance(50) }),
            96 => Act::Answers(1, 999),
            97 => Act::Stops(Some(at + ms(50))),
            _ => Act::Marks("here".into()),
        };
        self.put(at, act);
    }

    /// The host speaks: in one stretch or several, with words that are late, lost, doubled or wrong at first.
    fn speak(&mut self, at: SessionTime) {
        let mut at = at;
        for _ in 0..self.dice.between(1, 3) {
            let length = ms(self.dice.between(60, 2500));
            let text = *self.dice.pick(LINES);
            let is_odd = self.dice.chance(8);
            let after = if is_odd { self.dice.between(0, 6000) } else { self.words_after };
            if self.dice.chance(5) {
                self.put(at, Act::Sounds(length));
            } else {
                let told = is_odd.then_some(ms(after));
                self.put(at, Act::Says(text.into(), length, told));
            }
            if self.dice.chance(10) {
                self.put(at + length + ms(after + 20), Act::Repeats(Stability::Final));
            }
            if self.dice.chance(30) {
                self.put(at + ms(300), Act::Repeats(Stability::Interim));
            }
            at = at + length + ms(self.dice.between(80, 1500));
        }
    }
}
