//! A meeting in a made-up world: a host, a recogniser, two language models with voices and a page, on virtual time.
//!
//! The world answers each order as real services would, after the delays of its [`Plan`]; with dice it is late and
//! fails, and with dice for disorder it loses things, tells them twice and lets later ones overtake earlier ones. It
//! keeps the truth (what each voice really said, sample by sample) beside what it reports, so that checks need not
//! believe the conversation.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::conversation::briefing::{Briefing, ProviderChoice, Segment, SpeakerBrief};
use crate::conversation::rules::Rules;
use crate::conversation::{
    Conversation, HostProfile, Input, Order, Outcome, Setup, Stability, TurnId,
};
use crate::time::{SessionTime, Span};

use super::dice::Dice;
use super::host::Stretch;
use super::invariants::{Breach, hold};
use super::known::Known;
use super::plan::Plan;
use super::voice::Voice;

/// How often what a service tells is lost, comes twice, and is overtaken: often enough that a meeting meets all of it.
const LOST_PER_CENT: u64 = 1;
const DOUBLED_PER_CENT: u64 = 4;
const OVERTAKEN_PER_CENT: u64 = 4;
/// How long after its time: longer than any of the short waits between a service and the table.
const DISORDER_MAX_MS: u64 = 700;

/// Something that will happen in the world.
#[derive(Clone, Debug)]
pub(super) enum Happening {
    Learn(Input),
    Report(TurnId, u32),
}

/// How a language model will reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Script {
    Says(String),
    Fails(String, Outcome),
    Hangs,
}

/// What happened, for stories and checks.
#[derive(Clone, Debug)]
pub enum Event {
    Fact(Input),
    Order(Order),
}

#[derive(Debug)]
pub struct Meeting {
    pub briefing: Briefing,
    pub profile: HostProfile,
    pub conversation: Conversation,
    pub now: SessionTime,
    pub plan: Plan,
    pub dice: Option<Dice>,
    /// What services tell twice or in another order; chance of its own, so that it changes nothing else.
    pub disorder: Option<Dice>,
    pub replies: [VecDeque<Script>; 2],
    pub scores: VecDeque<Option<u16>>,
    /// What the next summaries will be.
    pub summaries: VecDeque<Script>,
    pub voices: BTreeMap<TurnId, Voice>,
    queue: BTreeMap<(SessionTime, u64), Happening>,
    /// What is known of a world that was, where this one follows it.
    pub known: Option<Known>,
    /// When nothing may be going on.
    pub rests: Vec<SessionTime>,
    sequence: u64,
    pub(super) stretches: Vec<Stretch>,
    pub(super) last_segment: u32,
    pub(super) breaks_after: Option<u64>,
    /// Since when what the AIs say comes back to the microphone.
    pub(super) loudspeaker_from: Option<SessionTime>,
}

pub fn briefing() -> Briefing {
    let speaker = |name: &str, alias: &str| SpeakerBrief {
        name: name.into(),
        aliases: vec![alias.into()],
        ..SpeakerBrief::default()
    };
    Briefing {
        title: "Two voices at the table".into(),
        episode: "test".into(),
        language: "en".into(),
        terms: Vec::new(),
        // What a host's turn is answered with is one story, how early it is written another: a timeline switches it on.
        rules: Rules { prepare_tries: 0, prepare_next: false, ..Rules::default() },
        speakers: [
            speaker("Host", "Moderator"),
            speaker("Ada", "Claude"),
            speaker("Grace", "Guest"),
        ],
        providers: ProviderChoice::default(),
        segments: vec![Segment {
            title: "Opening".into(),
            minutes: 2,
            goal: "Begin.".into(),
            rules: Vec::new(),
        }],
        everyone: String::new(),
        private: [String::new(), String::new()],
    }
}

/// The conversation at the table of `briefing` with a host of whom so much is known.
pub fn conversation_of(briefing: Briefing, profile: HostProfile) -> Conversation {
    Conversation::new(Setup { briefing: Arc::new(briefing), seed: 0, profile })
}

pub const fn ms(millis: u64) -> Span {
    Span::from_millis(millis)
}

impl Meeting {
    pub fn new(plan: Plan, dice: Option<Dice>) -> Self {
        Self {
            briefing: briefing(),
            profile: HostProfile::default(),
            conversation: conversation_of(briefing(), HostProfile::default()),
            now: SessionTime::ZERO,
            plan,
            dice,
            disorder: None,
            replies: [VecDeque::new(), VecDeque::new()],
            scores: VecDeque::new(),
            summaries: VecDeque::new(),
            voices: BTreeMap::new(),
            queue: BTreeMap::new(),
            known: None,
            rests: Vec::new(),
            sequence: 0,
            stretches: Vec::new(),
            last_segment: 0,
            breaks_after: None,
            loudspeaker_from: None,
        }
    }

    /// Changes a rule of the show, before it is sat down to.
    pub fn rule(&mut self, change: impl FnOnce(&mut Rules)) {
        self.show(|briefing| change(&mut briefing.rules));
    }

    /// Changes the show, before it is sat down to.
    pub fn show(&mut self, change: impl FnOnce(&mut Briefing)) {
        change(&mut self.briefing);
    }

    /// Shows before have taught how long this host pauses.
    pub(super) fn know(&mut self, pause: Span) {
        self.profile.pause_ms = u32::try_from(pause.millis()).unwrap_or(u32::MAX);
    }

    /// The show is as it will be, and its host as well known: they sit down.
    pub(super) fn sit_down(&mut self) {
        self.conversation = conversation_of(self.briefing.clone(), self.profile);
    }

    // ── What the script does ─────────────────────────────────────────────────────────────────────────────

    /// `input` will be learned at `at`.
    pub fn learn(&mut self, at: SessionTime, input: Input) {
        self.schedule(at, Happening::Learn(input));
    }

    /// A service tells `input` at `at`: with disorder now and then never, twice, or after things that happened later.
    pub(super) fn tell(&mut self, at: SessionTime, input: Input) {
        if self.disorder.as_mut().is_some_and(|dice| dice.chance(LOST_PER_CENT)) {
            return;
        }
        let late = self.disorder.as_mut().and_then(|dice| {
            let is_late = dice.chance(OVERTAKEN_PER_CENT);
            is_late.then(|| ms(dice.between(1, DISORDER_MAX_MS)))
        });
        self.tell_in_order(at + late.unwrap_or(Span::ZERO), input);
    }

    /// The same for what comes through one queue in order, as the sound and words of one voice do: at most twice.
    pub(super) fn tell_in_order(&mut self, at: SessionTime, input: Input) {
        let again = self.disorder.as_mut().and_then(|dice| {
            let is_doubled = dice.chance(DOUBLED_PER_CENT);
            is_doubled.then(|| ms(dice.between(0, DISORDER_MAX_MS)))
        });
        if let Some(after) = again {
            self.learn(at + after, input.clone());
        }
        self.learn(at, input);
    }

    // ── The world runs ───────────────────────────────────────────────────────────────────────────────────

    /// Goes to the next thing that happens, at most to `end`; appends it and its orders to `events`.
    /// False if nothing happens before `end`.
    ///
    /// # Errors
    /// [`Breach`] if a deadline stands after it has passed.
    pub fn step(
        &mut self,
        end: SessionTime,
        events: &mut Vec<(SessionTime, Event)>,
    ) -> Result<bool, Breach> {
        let happening = self.queue.first_key_value().map(|(&(at, _), _)| at);
        let deadline = self.conversation.next_deadline();
        if let Some((at, deadline)) = deadline
            && happening.is_none_or(|happening| at <= happening)
        {
            if at > end {
                return Ok(false);
            }
            self.now = self.now.max(at);
            self.take(Input::DeadlinePassed { deadline }, events);
            let again = self.conversation.next_deadline();
            hold!(
                again != Some((at, deadline)),
                "invariant 6: {deadline:?} stands after it has passed"
            );
            return Ok(true);
        }
        if happening.is_none_or(|at| at > end) {
            return Ok(false);
        }
        let Some(((at, _), happening)) = self.queue.pop_first() else { return Ok(false) };
        self.now = self.now.max(at);
        match happening {
            Happening::Learn(input) => {
                if let Input::Recognised { segment, .. } = &input {
                    self.stretches
                        .iter_mut()
                        .filter(|stretch| stretch.segment == *segment)
                        .for_each(Stretch::told);
                    self.note_told_words(&input);
                }
                if let Input::PieceVoiced { turn, samples, .. } = &input {
                    // Nothing sounds before its words are known. What stood still at the end goes on from there.
                    let now = self.now;
                    let voice = self.voices.entry(*turn).or_default();
                    voice.position = voice.position(now);
                    voice.moving_since = voice.moving_since.map(|_| now);
                    if !voice.is_broken {
                        voice.ready = voice.ready.max(*samples);
                    }
                }
                if let Input::VoiceEnded { turn, samples, outcome: Outcome::Failed } = &input {
                    let voice = self.voices.entry(*turn).or_default();
                    voice.is_broken = true;
                    voice.ready = voice.ready.min(*samples);
                }
                self.take(input, events);
            }
            Happening::Report(turn, epoch) => self.report(turn, epoch, events),
        }
        Ok(true)
    }

    /// Runs until `end`.
    ///
    /// # Errors
    /// [`Breach`], also if the world does not come to rest before `end`.
    pub fn run(
        &mut self,
        end: SessionTime,
        events: &mut Vec<(SessionTime, Event)>,
    ) -> Result<(), Breach> {
        let mut steps = 0;
        while self.step(end, events)? {
            steps += 1;
            hold!(steps < 100_000, "invariant 7: the world does not come to rest before {end}");
        }
        self.now = self.now.max(end);
        Ok(())
    }

    pub(super) fn take(&mut self, input: Input, events: &mut Vec<(SessionTime, Event)>) {
        let mut orders = Vec::new();
        self.conversation.handle(self.now, input.clone(), &mut orders);
        events.push((self.now, Event::Fact(input)));
        for order in orders {
            self.obey(&order);
            events.push((self.now, Event::Order(order)));
        }
    }

    fn obey(&mut self, order: &Order) {
        match order {
            Order::AskEndOfTurn { ask } => {
                let known = self.known.as_ref().and_then(|known| known.score(self.now));
                let score = known.or_else(|| self.scores.pop_front()).unwrap_or(Some(900));
                let delay = self.jitter(self.plan.judge_after);
                self.tell(self.now + delay, Input::EndOfTurnJudged { ask: *ask, score });
            }
            Order::FinishRecognition => {
                let at = self.now + self.jitter(self.plan.final_after);
                let due: Vec<Input> = self
                    .stretches
                    .iter()
                    .filter(|stretch| stretch.is_told && stretch.from < self.now)
                    .map(|stretch| stretch.recognised(Stability::Final))
                    .collect();
                self.stretches.retain(|stretch| !stretch.is_told);
                due.into_iter().for_each(|input| self.tell(at, input));
            }
            Order::StartReply { turn, speaker, .. } => self.write(*turn, *speaker),
            Order::StartSummary { summary, .. } => self.sum_up(*summary),
            Order::Land { turn, samples, .. } => {
                self.voices.entry(*turn).or_default().landed = Some(*samples);
            }
            Order::Speak { turn, piece, text, .. } => self.speak(*turn, *piece, text),
            Order::FinishVoice { turn, .. } => {
                let voice = self.voices.entry(*turn).or_default();
                let (samples, at) = (voice.ready_end(), voice.told_at.max(self.now));
                voice.total = Some(samples);
                self.tell_in_order(
                    at,
                    Input::VoiceEnded { turn: *turn, samples, outcome: Outcome::Complete },
                );
            }
            Order::StopReply { turn, .. } => self.stop(*turn),
            Order::StartPlayout { turn, .. } | Order::Resume { turn, .. } => {
                let (now, every) = (self.now, self.jitter(self.plan.report_every));
                let voice = self.voices.entry(*turn).or_default();
                voice.moving_since = Some(now);
                voice.epoch += 1;
                let epoch = voice.epoch;
                self.schedule(now + every, Happening::Report(*turn, epoch));
            }
            Order::Pause { turn, .. } => {
                self.halt(*turn);
            }
            Order::Flush { turn, .. } => {
                let samples = self.halt(*turn);
                let delay = self.jitter(self.plan.flush_after);
                let at = self.voices.get(turn).map_or(self.now, |voice| voice.silent_since);
                let is_lost = self.dice.as_mut().is_some_and(|dice| dice.chance(10));
                if !is_lost {
                    let told = self.now + delay;
                    self.tell(told, Input::Flushed { turn: *turn, samples, at });
                }
            }
            _ => {}
        }
    }

    fn stop(&mut self, turn: TurnId) {
        // With dice, what is under way still arrives.
        if self.dice.is_none() {
            self.queue.retain(|_, happening| match happening {
                Happening::Learn(
                    Input::ReplyText { turn: of, .. }
                    | Input::ReplyEnded { turn: of, .. }
                    | Input::PieceVoiced { turn: of, .. }
                    | Input::VoiceStarted { turn: of }
                    | Input::VoiceEnded { turn: of, .. },
                ) => *of != turn,
                _ => true,
            });
        }
    }

    pub(super) fn jitter(&mut self, millis: u64) -> Span {
        let Some(dice) = &mut self.dice else { return ms(millis) };
        // Three in a hundred are very late.
        if dice.chance(3) {
            ms(dice.between(0, millis * 40))
        } else {
            ms(dice.between(millis / 2, millis * 2))
        }
    }

    pub(super) fn schedule(&mut self, at: SessionTime, happening: Happening) {
        self.sequence += 1;
        self.queue.insert((at.max(self.now), self.sequence), happening);
    }
}
