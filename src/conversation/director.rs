//! What the next AI is to do while the AIs talk by themselves.
//!
//! The director looks at the last turns and at the clock of the plan: whether the talk leads on, who has talked how
//! much, how long ago anybody asked anything, what time is left. It says one [`Step`], with its reason and the scores
//! it rests on; the step goes into the next prompt as a stage direction. It decides nothing about the floor beyond who
//! of the two comes next.
//!
//! Invariants: a pure function of the last turns, the rules and the time; bounded by [`TURNS_KEPT`].

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::autopilot::Next;
use super::floor::Conversation;
use super::order::{GrantReason, Order};
use super::prompt::cues;
use super::show_rules::ShowRules;
use super::speaker::{AiSpeaker, Speaker, TurnId};
use super::topics;
use super::words::plain_words;
use crate::time::Span;

/// Turns that are looked at: the last two or three minutes of talk.
const TURNS_KEPT: usize = 12;
/// A turn is compared with so many before it.
const TURNS_COMPARED: usize = 6;
/// AI turns in a part before its topic may be exhausted.
const TURNS_BEFORE_EXHAUSTED: u16 = 4;
/// AI turns after a new side was asked for before it is asked for again.
const TURNS_FOR_AN_ANGLE: u32 = 4;
/// Talk of both AIs below which shares say nothing.
const TALK_MIN: Span = Span::from_millis(30_000);
/// A turn that is shorter may be gone on with by the same speaker.
const SHORT_TURN: Span = Span::from_millis(2_500);
/// Words a lively voice says in ten seconds.
const WORDS_PER_TEN_SECONDS: u64 = 26;

/// What the next AI is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Whatever follows from what was said.
    GoOn,
    /// End with a question to the other.
    AskOther,
    /// Be short and hand over.
    Shorten,
    /// The same speaker once more: say more about it.
    Elaborate,
    /// Take up a side of the topic that was not spoken of.
    NewAngle,
    /// Lead over to the next part of the plan.
    NextSegment,
    /// Close.
    WrapUp,
}

/// What the director looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Directing {
    /// How much of the last turns was new, per mille; none where too little was said.
    pub novelty: Option<u16>,
    /// How much of the last turn was in one before it, per mille.
    pub overlap: Option<u16>,
    /// Of the AIs' talk of late, how much was the next speaker's, per mille.
    pub share: Option<u16>,
    /// How long the next speaker's last turn took.
    pub monologue_ms: u64,
    /// What is left of the part's minutes; none where it is open.
    pub remaining_ms: Option<u64>,
    /// AI turns in this part of the plan, of those that are looked at.
    pub turns: u16,
}

/// A step for a speaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) speaker: AiSpeaker,
    pub(super) step: Step,
    pub(super) reason: &'static str,
    pub(super) scores: Directing,
}

/// One turn as the director sees it.
#[derive(Clone, Debug)]
pub(super) struct Spoken {
    pub(super) turn: TurnId,
    pub(super) speaker: Speaker,
    stems: Vec<String>,
    length: Span,
    /// Whether it ends with a question.
    pub(super) asks: bool,
    segment: u16,
}

/// The last turns.
#[derive(Clone, Debug, Default)]
pub(super) struct Recent {
    turns: VecDeque<Spoken>,
    /// AI turns so far, and how many there were when a new side was last asked for.
    ai_turns: u32,
    angle_at: Option<u32>,
    /// Who has closed the show.
    has_closed: [bool; 2],
}

/// What stands fixed when a step is decided on.
struct Scene<'a> {
    rules: &'a ShowRules,
    last: AiSpeaker,
    segment: u16,
    left: Option<Span>,
    has_next: bool,
}

impl Recent {
    /// A turn was heard. One that is opened again and ends again counts as it ended last.
    pub(super) fn add(&mut self, spoken: Spoken) {
        self.forget(|turn| turn == spoken.turn);
        self.ai_turns = self.ai_turns.saturating_add(u32::from(spoken.speaker.ai().is_some()));
        if self.turns.len() >= TURNS_KEPT {
            self.turns.pop_front();
        }
        self.turns.push_back(spoken);
    }

    /// These turns were never said.
    pub(super) fn forget(&mut self, is_struck: impl Fn(TurnId) -> bool) {
        self.turns.retain(|spoken| !is_struck(spoken.turn));
    }

    /// The host spoke: the show is not over after all.
    pub(super) const fn host_spoke(&mut self) {
        self.has_closed = [false; 2];
    }

    /// The step was taken.
    fn took(&mut self, decision: &Decision) {
        match decision.step {
            Step::NewAngle => self.angle_at = Some(self.ai_turns),
            Step::WrapUp => self.has_closed[decision.speaker.index()] = true,
            Step::GoOn | Step::AskOther | Step::Shorten | Step::Elaborate | Step::NextSegment => {}
        }
    }

    /// The turn that was heard last, but for `turn`.
    pub(super) fn last_but(&self, turn: Option<TurnId>) -> Option<&Spoken> {
        self.turns.iter().rfind(|spoken| Some(spoken.turn) != turn)
    }

    /// How long `speaker` has talked in the turns that are looked at.
    pub(super) fn talk(&self, speaker: Speaker) -> Span {
        talk(self.turns.iter(), speaker)
    }

    /// What the one after `scene.last` is to do; none if all is said. `expected` is the turn that is being said.
    fn decide(&self, scene: &Scene<'_>, expected: Option<&Spoken>) -> Option<Decision> {
        let turns: Vec<&Spoken> = self.turns.iter().chain(expected).collect();
        let next = scene.last.other();
        let of_ai = || turns.iter().copied().filter(|spoken| spoken.speaker.ai().is_some());
        let ai_turns = self.ai_turns + u32::from(expected.is_some());
        let scores = scores(&turns, scene, next);
        let step = |speaker, step, reason| Some(Decision { speaker, step, reason, scores });
        let rules = scene.rules;
        let is_time_over = scene.left == Some(Span::ZERO);

        if rules.by_minutes
            && !scene.has_next
            && scene.left.is_some_and(|left| left <= rules.wrap_up)
        {
            if self.has_closed[next.index()] {
                return None;
            }
            return step(next, Step::WrapUp, "show_time_over");
        }
        if rules.by_minutes && scene.has_next && is_time_over {
            return step(next, Step::NextSegment, "segment_time_over");
        }
        let angle_age = self.angle_at.map_or(u32::MAX, |at| ai_turns.saturating_sub(at));
        let is_exhausted = scores.turns >= TURNS_BEFORE_EXHAUSTED
            && scores.novelty.is_some_and(|new| new < rules.novelty_min);
        if is_exhausted && scene.has_next {
            return step(next, Step::NextSegment, "topic_exhausted");
        }
        if is_exhausted && angle_age >= TURNS_FOR_AN_ANGLE {
            return step(next, Step::NewAngle, "topic_exhausted");
        }
        let repeats = scores.overlap.is_some_and(|old| old >= rules.repetition_max);
        if repeats && angle_age >= TURNS_FOR_AN_ANGLE {
            return step(next, Step::NewAngle, "repetition");
        }
        let share_min = 1000_u16.saturating_sub(rules.share_max);
        let last_share = scores.share.map(|share| 1000_u16.saturating_sub(share));
        let was_short = of_ai().next_back().is_some_and(|spoken| spoken.length < SHORT_TURN);
        let spoke_before = of_ai().rev().nth(1).map(|spoken| spoken.speaker);
        if was_short
            && last_share.is_some_and(|share| share < share_min)
            && spoke_before != Some(scene.last.into())
        {
            return step(scene.last, Step::Elaborate, "share_low");
        }
        if scores.share.is_some_and(|share| share > rules.share_max) {
            return step(next, Step::Shorten, "share_high");
        }
        if scores.monologue_ms > rules.monologue_max.millis() {
            return step(next, Step::Shorten, "monologue_long");
        }
        let unasked = usize::from(rules.ask_every);
        let mut last_turns = of_ai().rev().take(unasked);
        if unasked > 0 && of_ai().count() >= unasked && last_turns.all(|spoken| !spoken.asks) {
            return step(next, Step::AskOther, "nobody_asked");
        }
        step(next, Step::GoOn, "flow")
    }
}

fn scores(turns: &[&Spoken], scene: &Scene<'_>, next: AiSpeaker) -> Directing {
    let is_ai = |spoken: &&&Spoken| spoken.speaker.ai().is_some();
    let before = |at: usize| {
        let from = at.saturating_sub(TURNS_COMPARED);
        turns[from..at].iter().map(|spoken| spoken.stems.as_slice())
    };
    let last_of_ai = turns.iter().rposition(|spoken| spoken.speaker.ai().is_some());
    let novelties: Vec<u32> = (0..turns.len())
        .rev()
        .filter(|at| turns[*at].speaker.ai().is_some() && *at > 0)
        .take(3)
        .filter_map(|at| topics::novelty(&turns[at].stems, before(at)).map(u32::from))
        .collect();
    let count = u32::try_from(novelties.len()).unwrap_or(0);
    let mean = novelties.iter().sum::<u32>().checked_div(count).filter(|_| count >= 2);
    let [own, both] = {
        let talk = |speaker: AiSpeaker| talk(turns.iter().copied(), speaker.into()).millis();
        [talk(next), talk(next) + talk(next.other())]
    };
    let own_last = turns.iter().rev().find(|spoken| spoken.speaker == next.into());
    Directing {
        novelty: mean.and_then(|mean| u16::try_from(mean).ok()),
        overlap: last_of_ai.and_then(|at| topics::repetition(&turns[at].stems, before(at))),
        share: (both >= TALK_MIN.millis())
            .then(|| u16::try_from(own * 1000 / both).unwrap_or(1000)),
        monologue_ms: own_last.map_or(0, |spoken| spoken.length.millis()),
        remaining_ms: scene.left.map(Span::millis),
        turns: turns
            .iter()
            .filter(is_ai)
            .filter(|spoken| spoken.segment == scene.segment)
            .fold(0, |count, _| count + 1),
    }
}

fn talk<'a>(turns: impl Iterator<Item = &'a Spoken>, speaker: Speaker) -> Span {
    turns
        .filter(|spoken| spoken.speaker == speaker)
        .fold(Span::ZERO, |sum, spoken| sum + spoken.length)
}

impl Conversation {
    /// A turn as the director sees it; none of one without a word.
    pub(super) fn spoken(
        &self,
        turn: TurnId,
        speaker: Speaker,
        text: &str,
        length: Option<Span>,
    ) -> Option<Spoken> {
        let words = plain_words(text).len();
        if words == 0 {
            return None;
        }
        let words = u64::try_from(words).unwrap_or(u64::MAX);
        let guessed = Span::from_millis(words.saturating_mul(10_000) / WORDS_PER_TEN_SECONDS);
        let asks = text.trim_end().trim_end_matches(['"', '”', '\'', '’', ')']).ends_with('?');
        Some(Spoken {
            turn,
            speaker,
            stems: topics::stems(text, &self.names.words()),
            length: length.unwrap_or(guessed),
            asks,
            segment: self.program.index,
        })
    }

    /// What the director has the AI do who follows `last`, if it steers now; `expected` is what `last` is saying.
    pub(super) fn direct(
        &self,
        last: AiSpeaker,
        expected: Option<&Spoken>,
    ) -> Option<Option<Decision>> {
        let rules = &self.program.rules().table.show;
        if !rules.directs || !self.agenda.is_on_autopilot() {
            return None;
        }
        let scene = Scene {
            rules,
            last,
            segment: self.program.index,
            left: self.program.left(&self.briefing, self.now),
            has_next: self.has_next_segment(),
        };
        Some(self.recent.decide(&scene, expected))
    }

    /// What would follow by itself, as the director has it, with what is to be done in it.
    pub(super) fn directed(&self, next: Next) -> (Next, Option<Decision>) {
        let Next::Grant(speaker, GrantReason::Autopilot | GrantReason::AddressedByOther) = next
        else {
            return (next, None);
        };
        match self.direct(speaker.other(), None) {
            None => (next, None),
            Some(None) => (Next::Deny(speaker, "show_is_wrapped_up"), None),
            Some(Some(decision)) if decision.speaker == speaker => (next, Some(decision)),
            Some(Some(decision)) => {
                (Next::Grant(decision.speaker, GrantReason::Autopilot), Some(decision))
            }
        }
    }

    /// The step is taken in turn `turn`, which is about to begin.
    pub(super) fn take_step(&mut self, decision: &Decision) {
        self.recent.took(decision);
        if decision.step == Step::NextSegment {
            self.go_to_segment(self.program.index + 1, "director");
        }
    }

    pub(super) fn note_step(&mut self, turn: TurnId, decision: Decision) {
        let Decision { speaker, step, reason, scores } = decision;
        self.order(Order::NoteDirected { turn, speaker, step, reason, scores });
    }

    /// The step in words for the speaker's ear; none where it says nothing.
    pub(super) fn direction(&self, decision: &Decision) -> Option<String> {
        let other = self.name(decision.speaker.other().into());
        let part = |index: u16| self.briefing.segments.get(usize::from(index));
        let goal_of = |index: u16| {
            part(index)
                .filter(|part| !part.goal.is_empty())
                .map_or(String::new(), |part| format!(" {}", part.goal))
        };
        let (now, next) = (self.program.index, self.program.index.saturating_add(1));
        let words = match decision.step {
            Step::GoOn => return None,
            Step::AskOther => {
                format!("answer in a sentence or two, then end with a question to {other} by name.")
            }
            Step::Shorten => {
                format!("{}, then hand over to {other}.", cues::SHORT)
            }
            Step::Elaborate => {
                "say more about what you have just said, with an example.".to_owned()
            }
            Step::NewAngle => format!(
                "{} Take up a side of it that nobody has spoken of yet.{}",
                cues::IN_CIRCLES,
                goal_of(now)
            ),
            Step::NextSegment => {
                let title = part(next).map_or("", |part| part.title.as_str());
                format!(
                    "{} Lead over in one sentence to the next, {title}, and begin it.{}",
                    cues::PART_OVER,
                    goal_of(next)
                )
            }
            Step::WrapUp => format!("the show ends in a moment. {}", cues::CLOSE),
        };
        Some(format!("(The director tells you, and only you hear it: {words})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Turns of so many milliseconds, each in words of its own; a text that ends with a question mark asks.
    fn recent(turns: &[(AiSpeaker, u64, &str)]) -> Recent {
        let mut recent = Recent::default();
        for (number, (speaker, millis, text)) in (1..).zip(turns) {
            recent.add(Spoken {
                turn: TurnId(number),
                speaker: (*speaker).into(),
                stems: topics::stems(text, &[]),
                length: Span::from_millis(*millis),
                asks: text.ends_with('?'),
                segment: 0,
            });
        }
        recent
    }

    /// What whoever follows the last turn is to do under `rules`, in an open part that is the only one.
    fn decision(recent: &Recent, rules: &ShowRules) -> Decision {
        let last = recent.turns.back().and_then(|spoken| spoken.speaker.ai()).unwrap_or(ADA);
        let scene = Scene { rules, last, segment: 0, left: None, has_next: false };
        recent.decide(&scene, None).expect("a step")
    }

    fn step(turns: &[(AiSpeaker, u64, &str)]) -> (AiSpeaker, Step, &'static str) {
        let Decision { speaker, step, reason, .. } =
            decision(&recent(turns), &ShowRules::default());
        (speaker, step, reason)
    }

    const ADA: AiSpeaker = AiSpeaker::Claude;
    const GRACE: AiSpeaker = AiSpeaker::Guest;

    #[test]
    fn shares_say_something_from_half_a_minute_of_talk() {
        let share = |millis| {
            let recent = recent(&[(GRACE, millis, "No."), (ADA, 20_000, "Yes?")]);
            decision(&recent, &ShowRules::default()).scores.share
        };
        assert_eq!([9_999, 10_000, 20_000].map(share), [None, Some(333), Some(500)]);
        let alone = decision(&recent(&[(ADA, 40_000, "Yes?")]), &ShowRules::default()).scores;
        assert_eq!((alone.share, alone.monologue_ms), (Some(0), 0), "she has not spoken yet");
    }

    #[test]
    fn more_than_two_thirds_of_the_talk_are_too_much() {
        let share = |own| step(&[(GRACE, own, "No."), (ADA, 100_000 - own, "Yes?")]);
        let rules = ShowRules { monologue_max: Span::from_millis(300_000), ..ShowRules::default() };
        let patient = |own| {
            let turns = [(GRACE, own, "No."), (ADA, 100_000 - own, "Yes?")];
            decision(&recent(&turns), &rules).reason
        };
        assert_eq!(share(66_800), (GRACE, Step::Shorten, "share_high"));
        assert_eq!([66_700, 66_799, 66_800].map(patient), ["flow", "flow", "share_high"]);
    }

    #[test]
    fn whoever_has_less_than_a_third_and_said_little_says_more() {
        let after = |own: u64, last: u64, before: AiSpeaker| {
            let turns = [
                (ADA, own - last, "Yes."),
                (GRACE, 100_000 - own - 1000, "No?"),
                (before, 1000, "So?"),
                (ADA, last, "Well?"),
            ];
            let rules =
                ShowRules { monologue_max: Span::from_millis(300_000), ..ShowRules::default() };
            let Decision { speaker, step, reason, .. } = decision(&recent(&turns), &rules);
            (speaker, step, reason)
        };
        let more = (ADA, Step::Elaborate, "share_low");
        assert_eq!(after(33_200, 2_499, GRACE), more);
        assert_ne!(after(33_200, 2_500, GRACE), more, "a turn of some length");
        assert_ne!(after(33_300, 2_499, GRACE), more, "a third");
        assert_ne!(after(31_000, 2_499, ADA), more, "nobody is asked twice");
    }

    #[test]
    fn a_turn_longer_than_the_longest_is_a_monologue() {
        let after = |millis| step(&[(GRACE, millis, "No."), (ADA, 30_000, "Yes?")]);
        assert_eq!(after(30_000), (GRACE, Step::GoOn, "flow"));
        assert_eq!(after(30_001), (GRACE, Step::Shorten, "monologue_long"));
    }

    #[test]
    fn three_turns_without_a_question_ask_for_one() {
        let turns =
            [(ADA, 900, "Yes?"), (GRACE, 900, "No."), (ADA, 900, "So."), (GRACE, 900, "Oh.")];
        assert_eq!(step(&turns[1..3]), (GRACE, Step::GoOn, "flow"));
        assert_eq!(step(&turns[..3]), (GRACE, Step::GoOn, "flow"));
        assert_eq!(step(&turns), (ADA, Step::AskOther, "nobody_asked"));
    }

    /// A talk in which each turn says half of what the one before said.
    const HALF_NEW: [(AiSpeaker, u64, &str); 5] = [
        (ADA, 5_000, "vapour ocean cloud mountain?"),
        (GRACE, 5_000, "cloud mountain desert farmer?"),
        (ADA, 5_000, "desert farmer canal river?"),
        (GRACE, 5_000, "canal river harbour sailor?"),
        (ADA, 5_000, "harbour sailor tide vapour?"),
    ];

    #[test]
    fn a_topic_is_exhausted_where_less_is_new_than_the_rules_ask_for() {
        let after = |turns: usize, novelty_min| {
            let rules = ShowRules { novelty_min, ..ShowRules::default() };
            let Decision { step, reason, scores, .. } =
                decision(&recent(&HALF_NEW[..turns]), &rules);
            (scores.novelty, step, reason)
        };
        assert_eq!(after(1, 1000).0, None, "there is nothing that it could repeat");
        assert_eq!(after(2, 1000).0, None, "one turn is no tendency");
        assert_eq!(after(3, 1000), (Some(500), Step::GoOn, "flow"), "three turns are no topic");
        assert_eq!(after(4, 501), (Some(500), Step::NewAngle, "topic_exhausted"));
        assert_eq!(after(4, 500), (Some(500), Step::GoOn, "flow"));
        // Of the last three 500, 500 and, for vapour was said already, 250.
        assert_eq!(after(5, 1).0, Some(416));
    }

    #[test]
    fn a_turn_repeats_one_of_the_six_before_it() {
        let other = ["alpha", "bravo", "delta", "gamma", "sigma", "omega"];
        let after = |between: usize, repetition_max| {
            let texts: Vec<String> = other[..between]
                .iter()
                .map(|word| format!("{word}one {word}two {word}three {word}four?"))
                .collect();
            let said = "vapour ocean cloud mountain?";
            let again = "vapour ocean cloud desert?";
            let texts =
                std::iter::once(said).chain(texts.iter().map(String::as_str)).chain([again]);
            let turns: Vec<_> = texts
                .zip(AiSpeaker::BOTH.iter().cycle())
                .map(|(text, by)| (*by, 5_000, text))
                .collect();
            let rules = ShowRules { repetition_max, ..ShowRules::default() };
            let Decision { reason, scores, .. } = decision(&recent(&turns), &rules);
            (scores.overlap, reason)
        };
        assert_eq!(after(5, 750), (Some(750), "repetition"));
        assert_eq!(after(5, 751), (Some(750), "flow"));
        assert_eq!(after(6, 750), (Some(0), "flow"));
    }

    #[test]
    fn the_last_twelve_turns_are_looked_at() {
        let turns = [(ADA, 1_000, "Yes?"); 13];
        let recent = recent(&turns);
        assert_eq!(recent.talk(Speaker::Claude), Span::from_millis(12_000));
        assert_eq!(decision(&recent, &ShowRules::default()).scores.turns, 12);
    }
}
