//! A meeting in a made-up world: a host, a recogniser, two language models with voices and a page, on virtual time.
//!
//! The world answers each order as real services would, after the delays of its [`Plan`]; with dice it is late,
//! fails, doubles and loses things. It keeps the truth (what each voice really said, sample by sample) beside what
//! it reports, so that checks need not believe the conversation.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use voice_studio::conversation::briefing::{Briefing, Segment, SpeakerBrief};
use voice_studio::conversation::rules::Rules;
use voice_studio::conversation::{
    AiSpeaker, Conversation, Input, Order, Outcome, Setup, Stability, TurnId, VoicedWord,
};
use voice_studio::time::{SAMPLES_PER_MS, SessionTime, Span};

use super::dice::Dice;

/// How quick everybody is, in milliseconds.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) onset_known: u64,
    pub(crate) stop_known: u64,
    pub(crate) words_after: u64,
    pub(crate) final_after: u64,
    pub(crate) judge_after: u64,
    pub(crate) text_after: u64,
    pub(crate) chunk_every: u64,
    pub(crate) voice_after: u64,
    pub(crate) report_every: u64,
    pub(crate) flush_after: u64,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            onset_known: 40,
            stop_known: 160,
            words_after: 250,
            final_after: 40,
            judge_after: 50,
            text_after: 200,
            chunk_every: 20,
            voice_after: 100,
            report_every: 100,
            flush_after: 40,
        }
    }
}

/// Something that will happen in the world.
#[derive(Clone, Debug)]
enum Happening {
    Learn(Input),
    Report(TurnId, u32),
}

/// How a language model will reply.
#[derive(Clone, Debug)]
pub(crate) enum Script {
    Says(String),
    Fails(String, Outcome),
    Hangs,
}

/// One AI voice, as it really is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Voice {
    /// End sample of each word, in order, with the word.
    pub(crate) words: Vec<(u64, String)>,
    ready: u64,
    total: Option<u64>,
    /// Position when it last moved or stood, and since when it moves.
    position: u64,
    moving_since: Option<SessionTime>,
    told_at: SessionTime,
    has_started: bool,
    is_broken: bool,
    epoch: u32,
}

impl Voice {
    fn position(&self, now: SessionTime) -> u64 {
        let moved = self.moving_since.map_or(0, |since| now.since(since).samples());
        (self.position + moved).min(self.ready)
    }
}

/// One host's stretch of speech, as the recogniser will tell it.
#[derive(Clone, Debug)]
struct Stretch {
    segment: u32,
    text: String,
    from: SessionTime,
    until: SessionTime,
    is_told: bool,
}

/// What happened, for stories and checks.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Fact(Input),
    Order(Order),
}

pub(crate) struct Meeting {
    pub(crate) briefing: Briefing,
    pub(crate) conversation: Conversation,
    pub(crate) now: SessionTime,
    pub(crate) plan: Plan,
    pub(crate) dice: Option<Dice>,
    pub(crate) replies: [VecDeque<Script>; 2],
    pub(crate) scores: VecDeque<Option<u16>>,
    pub(crate) voices: BTreeMap<TurnId, Voice>,
    queue: BTreeMap<(SessionTime, u64), Happening>,
    sequence: u64,
    stretches: Vec<Stretch>,
    last_segment: u32,
    breaks_after: Option<u64>,
}

pub(crate) fn briefing() -> Briefing {
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
        // What a host's turn is answered with is one story, how early it is written another: see `floor_prepared`.
        rules: Rules { speculation_tries: 0, prepare_next: false, ..Rules::default() },
        speakers: [
            speaker("Host", "Moderator"),
            speaker("Ada", "Claude"),
            speaker("Grace", "Guest"),
        ],
        segments: vec![Segment { title: "Opening".into(), minutes: 2, goal: "Begin.".into() }],
        everyone: String::new(),
        private: [String::new(), String::new()],
    }
}

pub(crate) fn conversation() -> Conversation {
    conversation_of(briefing())
}

pub(crate) fn conversation_of(briefing: Briefing) -> Conversation {
    Conversation::new(Setup { briefing: Arc::new(briefing), seed: 0 })
}

pub(crate) const fn ms(millis: u64) -> Span {
    Span::from_millis(millis)
}

impl Meeting {
    pub(crate) fn new(plan: Plan, dice: Option<Dice>) -> Self {
        Self {
            briefing: briefing(),
            conversation: conversation(),
            now: SessionTime::ZERO,
            plan,
            dice,
            replies: [VecDeque::new(), VecDeque::new()],
            scores: VecDeque::new(),
            voices: BTreeMap::new(),
            queue: BTreeMap::new(),
            sequence: 0,
            stretches: Vec::new(),
            last_segment: 0,
            breaks_after: None,
        }
    }

    // ── What the script does ─────────────────────────────────────────────────────────────────────────────

    /// `input` will be learned at `at`.
    pub(crate) fn learn(&mut self, at: SessionTime, input: Input) {
        self.schedule(at, Happening::Learn(input));
    }

    /// The host makes a sound from `at` for `length`.
    pub(crate) fn voice(&mut self, at: SessionTime, length: Span) {
        let until = at + length;
        self.learn(at + ms(self.plan.onset_known), Input::SpeechStarted { at });
        self.learn(
            (until + ms(self.plan.stop_known)).max(at + ms(self.plan.onset_known)),
            Input::SpeechStopped { at: until },
        );
    }

    /// The host says `text` from `at` for `length`; the recogniser has the words `after` the end.
    pub(crate) fn say(&mut self, at: SessionTime, length: Span, text: &str, after: Span) {
        self.voice(at, length);
        self.words(at, length, text, after);
    }

    /// The recogniser hears `text` from `at` for `length` and says so `after` the end.
    pub(crate) fn words(&mut self, at: SessionTime, length: Span, text: &str, after: Span) {
        self.last_segment += 1;
        let (segment, until) = (self.last_segment, at + length);
        let stretch = Stretch { segment, text: text.into(), from: at, until, is_told: false };
        self.learn(until + after, stretch.recognised(Stability::Complete));
        self.stretches.push(stretch);
    }

    /// The recogniser hears `text` from `at` for `length` and says at `told` that it may still change.
    pub(crate) fn interim(&mut self, at: SessionTime, length: Span, text: &str, told: SessionTime) {
        self.last_segment += 1;
        let (segment, until) = (self.last_segment, at + length);
        let stretch = Stretch { segment, text: text.into(), from: at, until, is_told: false };
        self.learn(told, stretch.recognised(Stability::Interim));
        self.stretches.push(stretch);
    }

    /// The next voice fails when it has this much sound.
    pub(crate) const fn break_voice(&mut self, length: Span) {
        self.breaks_after = Some(length.samples());
    }

    /// The recogniser says its last words once more.
    pub(crate) fn repeat_last(&mut self, at: SessionTime, stability: Stability) {
        if let Some(stretch) = self.stretches.last() {
            let input = stretch.recognised(stability);
            self.learn(at, input);
        }
    }

    /// The recogniser's last words become `text`, for good.
    pub(crate) fn correct_last(&mut self, at: SessionTime, text: &str) {
        if let Some(stretch) = self.stretches.last_mut() {
            stretch.text = text.into();
            stretch.is_told = false;
            let input = stretch.recognised(Stability::Final);
            self.learn(at, input);
        }
    }

    /// Changes a rule of the show. Only before anything has happened.
    pub(crate) fn rule(&mut self, change: impl FnOnce(&mut Rules)) {
        change(&mut self.briefing.rules);
        self.conversation = conversation_of(self.briefing.clone());
    }

    // ── The world runs ───────────────────────────────────────────────────────────────────────────────────

    /// Goes to the next thing that happens, at most to `end`; appends it and its orders to `events`.
    /// False if nothing happens before `end`.
    pub(crate) fn step(
        &mut self,
        end: SessionTime,
        events: &mut Vec<(SessionTime, Event)>,
    ) -> bool {
        let happening = self.queue.keys().next().map(|(at, _)| *at);
        let deadline = self.conversation.next_deadline();
        let deadline_first = match (happening, deadline) {
            (None, None) => return false,
            (Some(happening), Some((deadline, _))) => deadline <= happening,
            (None, Some(_)) => true,
            (Some(_), None) => false,
        };
        if deadline_first {
            let (at, deadline) = deadline.unwrap();
            if at > end {
                return false;
            }
            self.now = self.now.max(at);
            self.take(Input::DeadlinePassed { deadline }, events);
            let again = self.conversation.next_deadline();
            assert_ne!(again, Some((at, deadline)), "a deadline that passed still stands");
            return true;
        }
        let (at, sequence) = *self.queue.keys().next().unwrap();
        if at > end {
            return false;
        }
        let happening = self.queue.remove(&(at, sequence)).unwrap();
        self.now = self.now.max(at);
        match happening {
            Happening::Learn(input) => {
                if let Input::Recognised { segment, .. } = &input {
                    self.stretches
                        .iter_mut()
                        .filter(|stretch| stretch.segment == *segment)
                        .for_each(Stretch::told);
                }
                if let Input::PieceVoiced { turn, samples, .. } = &input {
                    // Nothing sounds before its words are known. What stood still at the end goes on from there.
                    let now = self.now;
                    let voice = self.voices.entry(*turn).or_default();
                    voice.position = voice.position(now);
                    voice.moving_since = voice.moving_since.map(|_| now);
                    if !voice.is_broken {
                        voice.ready = *samples;
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
        true
    }

    /// Runs until `end`.
    pub(crate) fn run(&mut self, end: SessionTime, events: &mut Vec<(SessionTime, Event)>) {
        let mut steps = 0;
        while self.step(end, events) {
            steps += 1;
            assert!(steps < 100_000, "the world does not come to rest before {end}");
        }
        self.now = self.now.max(end);
    }

    fn take(&mut self, input: Input, events: &mut Vec<(SessionTime, Event)>) {
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
                let score = self.scores.pop_front().unwrap_or(Some(900));
                let delay = self.jitter(self.plan.judge_after);
                self.learn(self.now + delay, Input::EndOfTurnJudged { ask: *ask, score });
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
                due.into_iter().for_each(|input| self.learn(at, input));
            }
            Order::StartReply { turn, speaker, .. } => self.write(*turn, *speaker),
            Order::Speak { turn, piece, text, .. } => self.speak(*turn, *piece, text),
            Order::FinishVoice { turn, .. } => {
                let voice = self.voices.entry(*turn).or_default();
                let (samples, at) = (voice.ready_end(), voice.told_at.max(self.now));
                voice.total = Some(samples);
                self.learn(
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
                let (at, delay) = (self.now, self.jitter(self.plan.flush_after));
                let is_lost = self.dice.as_mut().is_some_and(|dice| dice.chance(10));
                if !is_lost {
                    self.learn(at + delay, Input::Flushed { turn: *turn, samples, at });
                }
            }
            _ => {}
        }
    }

    fn halt(&mut self, turn: TurnId) -> u64 {
        let now = self.now;
        let voice = self.voices.entry(turn).or_default();
        voice.position = voice.position(now);
        voice.moving_since = None;
        voice.epoch += 1;
        voice.position
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

    fn write(&mut self, turn: TurnId, speaker: AiSpeaker) {
        let script = self.replies[speaker.index()].pop_front().unwrap_or_else(|| {
            Script::Says("That is a good question, and here is my answer to it.".into())
        });
        let (text, outcome) = match script {
            Script::Says(text) => (text, Outcome::Complete),
            Script::Fails(text, outcome) => (text, outcome),
            Script::Hangs => return,
        };
        let mut at = self.now + self.jitter(self.plan.text_after);
        for chunk in text.split_inclusive(' ') {
            self.learn(at, Input::ReplyText { turn, text: chunk.into() });
            at = at + ms(self.plan.chunk_every);
        }
        self.learn(at, Input::ReplyEnded { turn, outcome });
    }

    fn speak(&mut self, turn: TurnId, piece: u16, text: &str) {
        let delay = self.jitter(self.plan.voice_after);
        let breaks = self.dice.as_mut().is_some_and(|dice| dice.chance(2));
        let is_untimed = self.dice.as_mut().is_some_and(|dice| dice.chance(5));
        let now = self.now;
        let voice = self.voices.entry(turn).or_default();
        let mut sample = voice.ready_end();
        let mut words = Vec::new();
        let mut search = 0;
        for word in text.split_whitespace() {
            let start = search + text[search..].find(word).unwrap();
            search = start + word.len();
            let length = u64::try_from(word.chars().count()).unwrap() * 50 + 100;
            let end_sample = sample + length * SAMPLES_PER_MS;
            words.push(VoicedWord {
                text_start: u32::try_from(start).unwrap(),
                text_end: u32::try_from(search).unwrap(),
                start_sample: sample,
                end_sample,
            });
            voice.words.push((end_sample, word.into()));
            sample = end_sample;
        }
        let at = (now + delay).max(voice.told_at);
        voice.told_at = at;
        let is_first = !voice.has_started;
        voice.has_started = true;
        let words = if is_untimed { Vec::new() } else { words };
        self.learn(at, Input::PieceVoiced { turn, piece, words, samples: sample });
        if is_first {
            self.learn(at, Input::VoiceStarted { turn });
        }
        if let Some(samples) = self.breaks_after.take() {
            self.learn(at, Input::VoiceEnded { turn, samples, outcome: Outcome::Failed });
        }
        if breaks {
            let outcome = Outcome::Failed;
            self.learn(at + ms(10), Input::VoiceEnded { turn, samples: sample, outcome });
        }
    }

    fn report(&mut self, turn: TurnId, epoch: u32, events: &mut Vec<(SessionTime, Event)>) {
        let now = self.now;
        let every = self.jitter(self.plan.report_every);
        let is_lost = self.dice.as_mut().is_some_and(|dice| dice.chance(5));
        let Some(voice) = self.voices.get(&turn).filter(|voice| voice.epoch == epoch) else {
            return;
        };
        let samples = voice.position(now);
        let is_at_end = voice.total.is_some_and(|total| samples >= total);
        self.schedule(now + every, Happening::Report(turn, epoch));
        if is_lost && !is_at_end {
            return;
        }
        // Rounded as a page does: what is under way is not reported to the sample.
        self.take(Input::Played { turn, samples, at: now }, events);
        if samples > 0 && self.conversation.floor_view().turn != Some(turn) {
            self.halt(turn);
        }
    }

    fn jitter(&mut self, millis: u64) -> Span {
        let Some(dice) = &mut self.dice else { return ms(millis) };
        // Three in a hundred are very late.
        if dice.chance(3) {
            ms(dice.between(0, millis * 40))
        } else {
            ms(dice.between(millis / 2, millis * 2))
        }
    }

    fn schedule(&mut self, at: SessionTime, happening: Happening) {
        self.sequence += 1;
        self.queue.insert((at.max(self.now), self.sequence), happening);
    }
}

impl Stretch {
    fn recognised(&self, stability: Stability) -> Input {
        Input::Recognised {
            segment: self.segment,
            text: self.text.clone(),
            from: self.from,
            until: self.until,
            stability,
        }
    }

    const fn told(&mut self) {
        self.is_told = true;
    }
}

impl Voice {
    fn ready_end(&self) -> u64 {
        self.words.last().map_or(0, |(end, _)| *end)
    }
}
