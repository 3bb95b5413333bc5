//! A meeting as text: a line for each thing that people do or services are like, `seconds who does what`.
//!
//! ```text
//!  1.0 host says "What about rain?" for 1.2
//!  1.0 ada will say "It falls down."
//!  0.0 faults from 77
//! ```
//!
//! [`Timeline`] prints as it is read. The rest of the world behaves as [`Plan::default`](super::plan::Plan) says.

use std::fmt;

use super::act::Act;
use super::invariants::{Breach, Watch, hold};
use super::meeting::{Event, Meeting, conversation_of};
use super::plan::Plan;
use crate::conversation::briefing::Briefing;
use crate::conversation::{Conversation, Input};
use crate::time::SessionTime;

/// How long a meeting is watched that does not say `until`.
const UNTIL: SessionTime = SessionTime::from_millis(60_000);

/// What happens in a meeting, and until when it is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// What happens, with its time. In any order; what bears on the same service keeps this one.
    pub acts: Vec<(SessionTime, Act)>,
    /// When the last check is made: everything is at rest then, or has ended.
    pub until: SessionTime,
}

/// Why a text is no timeline.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the timeline, {text:?}: {reason}")]
pub struct TimelineError {
    /// Counted from 1.
    pub line: usize,
    /// The line.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Timeline {
    /// Reads a timeline.
    ///
    /// # Errors
    /// [`TimelineError`] for the first line that means nothing.
    pub fn parse(text: &str) -> Result<Self, TimelineError> {
        let mut timeline = Self { acts: Vec::new(), until: UNTIL };
        for (number, line) in (1..).zip(text.lines().map(str::trim)) {
            let wrong = |reason| TimelineError { line: number, text: line.into(), reason };
            if let Some(until) = line.strip_prefix("until ") {
                timeline.until = seconds(until).map_err(wrong)?;
            } else if !line.is_empty() {
                let (time, rest) = line.split_once(' ').unwrap_or((line, ""));
                let act = Act::parse(rest).map_err(wrong)?;
                timeline.acts.push((seconds(time).map_err(wrong)?, act));
            }
        }
        Ok(timeline)
    }

    /// The meeting before anything has happened in it, with all that will.
    #[must_use]
    pub fn meeting(&self) -> Meeting {
        let mut meeting = Meeting::new(Plan::default(), None);
        meeting.learn(SessionTime::ZERO, Input::HostConnected);
        for (at, act) in &self.acts {
            act.play(*at, &mut meeting);
        }
        meeting.sit_down();
        meeting
    }

    /// The briefing of its show, with the rules it sets.
    #[must_use]
    pub fn briefing(&self) -> Briefing {
        self.meeting().briefing
    }

    /// Plays the meeting, checks every invariant after each step, and appends what happened to `events`.
    ///
    /// # Errors
    /// [`Breach`], the first.
    pub fn play(&self, events: &mut Vec<(SessionTime, Event)>) -> Result<(), Breach> {
        let mut meeting = self.meeting();
        let mut watch = Watch::of(&meeting.briefing.rules);
        let mut checked = events.len();
        let begin = checked;
        let mut rests = std::mem::take(&mut meeting.rests);
        rests.sort();
        for end in rests.into_iter().map(Some).chain([None]) {
            while meeting.step(end.unwrap_or(self.until), events)? {
                for (now, event) in &events[checked..] {
                    watch.check(*now, event, &meeting.voices)?;
                }
                checked = events.len();
                watch.every_wait_has_a_name(&meeting.conversation)?;
            }
            if end.is_some() {
                let floor = meeting.conversation.floor_view();
                hold!(floor.holder.is_none(), "invariant 7: not at rest: {floor:?}");
                let deadline = meeting.conversation.next_deadline();
                hold!(deadline.is_none(), "invariant 7: not at rest: {deadline:?} stands");
            }
        }
        watch.at_the_end()?;
        same_inputs_give_same_orders(
            &events[begin..],
            conversation_of(meeting.briefing, meeting.profile),
        )
    }
}

/// Invariant 8: the same inputs give the same orders.
fn same_inputs_give_same_orders(
    events: &[(SessionTime, Event)],
    mut again: Conversation,
) -> Result<(), Breach> {
    let mut rest = events.iter().peekable();
    while let Some((now, event)) = rest.next() {
        let Event::Fact(input) = event else { continue };
        let mut orders = Vec::new();
        again.handle(*now, input.clone(), &mut orders);
        for order in orders {
            let before = rest.next_if(|(_, event)| matches!(event, Event::Order(_)));
            hold!(
                matches!(before, Some((_, Event::Order(before))) if *before == order),
                "invariant 8: {order:?} instead of {before:?}"
            );
        }
        let missing = rest.peek().filter(|(_, event)| matches!(event, Event::Order(_)));
        hold!(missing.is_none(), "invariant 8: {missing:?} is missing");
    }
    Ok(())
}

impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, act) in &self.acts {
            writeln!(f, "{} {act}", in_seconds(*at))?;
        }
        if self.until == UNTIL { Ok(()) } else { writeln!(f, "until {}", in_seconds(self.until)) }
    }
}

/// A time in seconds with at most three decimals, as in a timeline.
pub(super) fn in_seconds(at: SessionTime) -> String {
    let millis = at.millis();
    let text = format!("{}.{:03}", millis / 1000, millis % 1000);
    let short = text.trim_end_matches('0');
    if short.ends_with('.') { format!("{short}0") } else { short.into() }
}

/// Reads a time in seconds; more than three decimals are refused, for they would be lost.
pub(super) fn seconds(text: &str) -> Result<SessionTime, String> {
    let text = text.trim();
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(part) || part.len() > 3 || whole.len() > 7 {
        return Err(format!("{text:?} is no time in seconds"));
    }
    let millis = format!("{whole}{part:0<3}").parse().ok();
    millis.map(SessionTime::from_millis).ok_or_else(|| format!("{text:?} is too long"))
}
