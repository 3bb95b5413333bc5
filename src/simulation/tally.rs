//! What simulated meetings came to: how many of what, and how long hosts waited. Adds up over threads.

use std::collections::BTreeMap;

use super::meeting::Event;
use crate::conversation::{Input, Order, Speaker, TurnEnd};
use crate::time::{SessionTime, Span};

/// Width of a column of the histogram of waits.
pub const COLUMN_MS: u64 = 100;
/// Columns of that histogram; the last takes everything longer.
pub const COLUMNS: usize = 30;

/// Counts over any number of meetings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Meetings.
    pub meetings: u64,
    /// Time in which things happened: up to the last act.
    pub busy: Span,
    /// All time, with the rest after the last act.
    pub all: Span,
    /// Inputs.
    pub facts: u64,
    /// Orders.
    pub orders: u64,
    /// Things counted by name: ends of turns, verdicts, refusals.
    pub counts: BTreeMap<String, u64>,
    /// Waits from the host's last sound to the end of the turn, in columns of [`COLUMN_MS`].
    pub waits: [u64; COLUMNS],
}

impl Tally {
    /// Counts one meeting that was busy until `busy` and over at `end`.
    pub fn add(&mut self, busy: SessionTime, end: SessionTime, events: &[(SessionTime, Event)]) {
        self.meetings += 1;
        self.busy += busy.since(SessionTime::ZERO);
        self.all += end.since(SessionTime::ZERO);
        let mut silent_since = None;
        for (now, event) in events {
            match event {
                Event::Fact(input) => {
                    self.facts += 1;
                    match input {
                        Input::SpeechStopped { at } => silent_since = Some(*at),
                        Input::SpeechStarted { .. } => silent_since = None,
                        _ => {}
                    }
                }
                Event::Order(order) => {
                    self.orders += 1;
                    self.order(*now, order, silent_since);
                }
            }
        }
    }

    fn order(&mut self, now: SessionTime, order: &Order, silent_since: Option<SessionTime>) {
        let name = match order {
            Order::NoteTurnEnded { speaker, reason, .. } => {
                let is_wait = *speaker == Speaker::You && *reason == TurnEnd::Completed;
                if let Some(since) = silent_since.filter(|_| is_wait) {
                    let column = now.since(since).millis() / COLUMN_MS;
                    let column = usize::try_from(column).unwrap_or(COLUMNS).min(COLUMNS - 1);
                    self.waits[column] += 1;
                }
                let who = if *speaker == Speaker::You { "host" } else { "AI" };
                format!("{who} turn: {reason:?}")
            }
            Order::NoteBargeIn { verdict, .. } => format!("voice over an AI: {verdict:?}"),
            Order::NoteDenied { .. } => "floor denied".into(),
            Order::NoteStruck { .. } => "struck".into(),
            Order::NoteWhispered { .. } => "whispered".into(),
            Order::NoteDirected { step, .. } => format!("director: {step:?}"),
            Order::Land { .. } => "soft landings".into(),
            Order::NoteSummarised { outcome, .. } => format!("summary: {outcome:?}"),
            Order::NoteIgnored { .. } => "impossible inputs ignored".into(),
            Order::Tell { .. } => "host told of trouble".into(),
            _ => return,
        };
        *self.counts.entry(name).or_default() += 1;
    }

    /// Both together.
    pub fn merge(&mut self, other: &Self) {
        self.meetings += other.meetings;
        self.busy += other.busy;
        self.all += other.all;
        self.facts += other.facts;
        self.orders += other.orders;
        for (name, count) in &other.counts {
            *self.counts.entry(name.clone()).or_default() += count;
        }
        for (mine, theirs) in self.waits.iter_mut().zip(other.waits) {
            *mine += theirs;
        }
    }
}
