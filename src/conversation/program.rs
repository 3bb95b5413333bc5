//! The plan of the show: which part is on, since when, and which rules hold in it.
//!
//! The rules in force are the show's, changed by those of the part, changed by those of the speaker they are asked for.
//! A part ends with its minutes, when a turn is over, so nobody is cut off by the clock; or when the producer says so.
//!
//! Invariants: a part that is on has a number of the briefing's plan; the rules change only with the part.

use std::sync::Arc;

use super::briefing::Briefing;
use super::floor::Conversation;
use super::order::Order;
use super::prompt::{cues, words_for};
use super::rules::Rules;
use super::speaker::{AiSpeaker, Speaker};
use crate::time::{SessionTime, Span};

/// The part that is on.
#[derive(Clone, Debug)]
pub(super) struct Program {
    /// Its number in the briefing, from 0; 0 also where the briefing has no plan.
    pub(super) index: u16,
    /// Since when it is on; none before anybody was there.
    since: Option<SessionTime>,
    /// How long it was on in the take before.
    before: Span,
    in_force: Arc<InForce>,
}

/// Rules that hold in one part of the show.
#[derive(Clone, Debug)]
pub(super) struct InForce {
    /// For nobody in particular.
    pub(super) table: Rules,
    /// For each at the table.
    speakers: [Rules; 3],
}

impl InForce {
    fn of(briefing: &Briefing, index: u16) -> Self {
        let part = briefing.segments.get(usize::from(index)).map(|part| part.rules.as_slice());
        let table = briefing.rules.clone().with(part.unwrap_or_default());
        let speakers =
            Speaker::ALL.map(|speaker| table.clone().with(&briefing.speaker(speaker).rules));
        Self { table, speakers }
    }

    /// The rules for `speaker`.
    pub(super) const fn of_speaker(&self, speaker: Speaker) -> &Rules {
        &self.speakers[speaker.index()]
    }
}

impl Program {
    pub(super) fn new(briefing: &Briefing) -> Self {
        let in_force = Arc::new(InForce::of(briefing, 0));
        Self { index: 0, since: None, before: Span::ZERO, in_force }
    }

    /// Goes on in part `index`, which was on for `before` in the take before.
    pub(super) fn go_on_after(&mut self, briefing: &Briefing, index: u16, before: Span) {
        let is_known = usize::from(index) < briefing.segments.len();
        self.before = before;
        if is_known && index != self.index {
            self.index = index;
            self.in_force = Arc::new(InForce::of(briefing, index));
        }
    }

    /// The rules that hold, for as long as the caller needs them.
    pub(super) fn in_force(&self) -> Arc<InForce> {
        Arc::clone(&self.in_force)
    }

    /// The same, for a look.
    pub(super) fn rules(&self) -> &InForce {
        &self.in_force
    }

    /// Somebody is there: the show has begun.
    pub(super) fn begin(&mut self, now: SessionTime) {
        self.since.get_or_insert(now);
    }

    /// Since when the part is on.
    pub(super) fn since(&self) -> SessionTime {
        self.since.unwrap_or_default()
    }

    /// How much of its minutes is left at `now`; none where it is open.
    pub(super) fn left(&self, briefing: &Briefing, now: SessionTime) -> Option<Span> {
        let part =
            briefing.segments.get(usize::from(self.index)).filter(|part| part.minutes > 0)?;
        let planned = u64::from(part.minutes) * 60_000;
        let spent = self.before.millis() + self.since.map_or(0, |since| now.since(since).millis());
        Some(Span::from_millis(planned.saturating_sub(spent)))
    }
}

impl Conversation {
    /// The producer goes to another part.
    pub(super) fn on_segment_chosen(&mut self, index: u16) {
        if self.is_ending {
            self.ignore("session_is_ending");
        } else if usize::from(index) >= self.briefing.segments.len() {
            self.ignore("no_such_segment");
        } else if index == self.program.index {
            self.ignore("segment_is_on");
        } else {
            self.go_to_segment(index, "chosen");
        }
    }

    /// The next part begins if the minutes of this one are over. Asked when a turn is over.
    pub(super) fn move_on_if_due(&mut self) {
        let is_over = self.program.left(&self.briefing, self.now) == Some(Span::ZERO);
        if is_over && self.program.rules().table.show.by_minutes && self.has_next_segment() {
            self.go_to_segment(self.program.index + 1, "minutes");
        }
    }

    pub(super) fn has_next_segment(&self) -> bool {
        usize::from(self.program.index) + 1 < self.briefing.segments.len()
    }

    /// Part `index` is on from now on: its rules hold, and both AIs are told.
    pub(super) fn go_to_segment(&mut self, index: u16, reason: &'static str) {
        let Some(part) = self.briefing.segments.get(usize::from(index)) else { return };
        let number = u32::from(index) + 1;
        let goal = if part.goal.is_empty() { String::new() } else { format!(" {}", part.goal) };
        let aside = format!("({}{number}: {}.{goal})", cues::NEXT_PART, part.title);
        self.program.index = index;
        self.program.since = Some(self.now);
        self.program.before = Span::ZERO;
        self.program.in_force = Arc::new(InForce::of(&self.briefing, index));
        self.transcript.aside(None, aside);
        self.order(Order::ShowSegment { index, reason });
    }

    /// How long answers are under `rules`, in words for the speaker's ear; none where its system text says so.
    pub(super) fn pace(&self, rules: &Rules) -> Option<String> {
        let seconds = rules.answer_seconds;
        let is_other = seconds != self.briefing.rules.answer_seconds;
        let words = words_for(seconds);
        is_other.then(|| {
            format!("(In this part of the show an answer takes about {seconds} seconds, that is about {words} words.)")
        })
    }

    /// The rules for the host in this part of the show.
    pub(super) fn host_rules(&self) -> &Rules {
        self.program.rules().of_speaker(Speaker::You)
    }

    /// The rules for `speaker` in this part of the show.
    pub(super) fn rules_of(&self, speaker: AiSpeaker) -> &Rules {
        self.program.rules().of_speaker(speaker.into())
    }
}
