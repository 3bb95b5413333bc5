//! One simulated meeting: played, counted, and if a rule is broken, told and made small.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::meeting::Event;
use super::random::{self, REST};
use super::shrink::{as_test, shrink};
use super::story::{ALL_KINDS, story};
use super::tally::Tally;
use super::timeline::Timeline;
use crate::time::{SessionTime, Span};

/// Events of a failure's story that are told.
const TOLD_MAX: usize = 80;

/// A meeting that broke a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The meeting's seed.
    pub seed: u64,
    /// Which rule, and how.
    pub broken: String,
}

/// The meeting of `seed`; with `length`, one in which things happen for that long.
#[must_use]
pub fn meeting(seed: u64, length: Option<Span>) -> Timeline {
    length.map_or_else(|| random::meeting(seed), |length| random::long_meeting(seed, length))
}

/// Plays the meeting of `seed` and adds it to `tally`.
///
/// # Errors
/// [`Failure`] if a rule is broken.
pub fn play(seed: u64, length: Option<Span>, tally: &mut Tally) -> Result<(), Failure> {
    let timeline = meeting(seed, length);
    let mut events = Vec::new();
    outcome(&timeline, &mut events).map_err(|broken| Failure { seed, broken })?;
    let end = events.last().map_or(SessionTime::ZERO, |(now, _)| *now);
    tally.add(end - REST, end, &events);
    Ok(())
}

/// Plays a meeting; a panic is a broken rule like any other.
fn outcome(timeline: &Timeline, events: &mut Vec<(SessionTime, Event)>) -> Result<(), String> {
    match catch_unwind(AssertUnwindSafe(|| timeline.play(events))) {
        Ok(played) => played.map_err(|breach| breach.to_string()),
        Err(_) => Err("panic: nothing in the conversation may".into()),
    }
}

impl Failure {
    /// The end of the story, the broken rule and the seed.
    #[must_use]
    pub fn story(&self, length: Option<Span>) -> String {
        let mut events = Vec::new();
        let again = outcome(&meeting(self.seed, length), &mut events);
        debug_assert!(again.is_err(), "the same seed gives the same meeting");
        let told = &events[events.len().saturating_sub(TOLD_MAX)..];
        format!("{}\n{}", story(told, ALL_KINDS, true), self.broken)
    }

    /// The smallest meeting found that breaks the same rule, as a timeline test.
    #[must_use]
    pub fn test(&self, length: Option<Span>) -> String {
        let rule = rule_of(&self.broken);
        let small = shrink(&meeting(self.seed, length), |candidate| {
            outcome(candidate, &mut Vec::new()).is_err_and(|broken| rule_of(&broken) == rule)
        });
        let mut events = Vec::new();
        let broken = outcome(&small, &mut events).err().unwrap_or_default();
        let comment: String = broken.lines().map(|line| format!("// {line}\n")).collect();
        let name = format!("meeting_{}_keeps_{}", self.seed, rule.replace(' ', "_"));
        format!("{comment}{}", as_test(&small, &name, &story(&events, "", false)))
    }
}

/// `invariant 4` of `invariant 4: …`.
fn rule_of(broken: &str) -> &str {
    broken.split(':').next().unwrap_or_default()
}
