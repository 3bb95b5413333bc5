//! The logged inputs into a fresh conversation, and its orders against the logged ones, one by one.

use std::collections::VecDeque;
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::log::{Line, Log};
use crate::conversation::event::{Event as Made, LOG_VERSION, SHELL_FIELDS};
use crate::conversation::{Conversation, Order};
use crate::time::SessionTime;

/// Lines shown before the first difference.
const CONTEXT: usize = 5;

/// What came of a replay.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Inputs that were fed.
    pub inputs: u64,
    /// Orders that were compared.
    pub orders: u64,
    /// The first order that is not the logged one.
    pub difference: Option<Difference>,
}

/// Where log and replay part.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// When.
    pub at: SessionTime,
    /// The line of the log, where it has one.
    pub logged: Option<Told>,
    /// What the replay has there.
    pub replayed: Option<Told>,
    /// The lines before it, oldest first.
    pub before: Vec<String>,
}

/// One order as a line of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// Number of the line; none for a replayed one.
    pub seq: Option<u64>,
    /// Dotted name.
    pub kind: String,
    /// Its fields, without those that the shell added.
    pub fields: Map<String, Value>,
}

impl Told {
    fn logged(line: &Line) -> Self {
        let mut fields = line.event.fields.clone();
        fields.retain(|name, _| !SHELL_FIELDS.contains(&name.as_str()));
        if let Some(at) = line.event.at {
            fields.insert("at".into(), at.samples().into());
        }
        Self { seq: Some(line.event.seq), kind: line.event.kind.clone(), fields }
    }

    fn replayed(order: &Order) -> Self {
        let made = Made::order(order);
        Self { seq: None, kind: made.name.into(), fields: made.fields }
    }

    /// What a log of an older version could not say yet is no difference from it.
    fn is_told_by(&self, logged: &Self, version: u32) -> bool {
        self.kind == logged.kind
            && if version == LOG_VERSION {
                self.fields == logged.fields
            } else {
                holds_all(&self.fields, &logged.fields)
            }
    }
}

/// Whether all that `less` says is said by `more`, in the objects within as well.
fn holds_all(more: &Map<String, Value>, less: &Map<String, Value>) -> bool {
    less.iter().all(|(name, value)| match (more.get(name), value) {
        (Some(Value::Object(more)), Value::Object(less)) => holds_all(more, less),
        (own, value) => own == Some(value),
    })
}

/// Replays `log` with a conversation that began as `conversation`, up to the first difference.
#[must_use]
pub fn compare(log: &Log, mut conversation: Conversation) -> Comparison {
    let mut orders: VecDeque<Order> = VecDeque::new();
    let mut given = Vec::new();
    let mut done = Comparison { inputs: 0, orders: 0, difference: None };
    let mut now = SessionTime::ZERO;
    for (index, line) in log.lines.iter().enumerate() {
        let before = || log.lines[index.saturating_sub(CONTEXT)..index].iter().map(told).collect();
        if let Some((at, input)) = &line.input {
            if let Some(order) = orders.front() {
                let replayed = Some(Told::replayed(order));
                done.difference =
                    Some(Difference { at: now, logged: None, replayed, before: before() });
                return done;
            }
            now = *at;
            conversation.handle(now, input.clone(), &mut given);
            orders.extend(given.drain(..));
            done.inputs += 1;
        } else if line.is_order() {
            let logged = Told::logged(line);
            let replayed = orders.pop_front().map(|order| Told::replayed(&order));
            if !replayed
                .as_ref()
                .is_some_and(|replayed| replayed.is_told_by(&logged, log.version()))
            {
                done.difference =
                    Some(Difference { at: now, logged: Some(logged), replayed, before: before() });
                return done;
            }
            done.orders += 1;
        }
    }
    if let Some(order) = orders.front().filter(|_| log.is_whole()) {
        let from = log.lines.len().saturating_sub(CONTEXT);
        done.difference = Some(Difference {
            at: now,
            logged: None,
            replayed: Some(Told::replayed(order)),
            before: log.lines[from..].iter().map(told).collect(),
        });
    }
    done
}

/// One line of the log for people: number, time, name and what it says, cut to a width that fits.
#[must_use]
pub fn told(line: &Line) -> String {
    let event = &line.event;
    let mut fields = event.fields.clone();
    if let Some(at) = event.at {
        fields.insert("at".into(), at.samples().into());
    }
    let time = line.time();
    let mut text = format!("{:>6} {} {:<16}", event.seq, clock_time(time), event.kind);
    for (name, value) in &fields {
        // Most names say which input or order it is; these do not.
        let is_plain = (name != "order" && name != "input")
            || matches!(event.kind.as_str(), "playout" | "playout.order" | "client.control");
        if is_plain && write!(text, " {name}={}", short(value)).is_err() {
            break;
        }
    }
    text
}

/// `1:02:03.456`, hours only where there are some.
#[must_use]
pub fn clock_time(time: SessionTime) -> String {
    let (seconds, millis) = (time.millis() / 1000, time.millis() % 1000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let text = format!("{minutes:02}:{seconds:02}.{millis:03}");
    if hours > 0 { format!("{hours}:{text}") } else { text }
}

/// A value in at most sixty characters.
fn short(value: &Value) -> String {
    const CHARS_MAX: usize = 60;
    let text = value.to_string();
    if text.chars().count() <= CHARS_MAX {
        return text;
    }
    let cut: String = text.chars().take(CHARS_MAX - 1).collect();
    format!("{cut}…")
}

impl Difference {
    /// The difference for people: the lines before it, then log and replay side by side, field by field.
    #[must_use]
    pub fn side_by_side(&self) -> String {
        let mut rows = vec![row("", "the log says", "this studio says", false)];
        let kind =
            |told: &Option<Told>| told.as_ref().map_or("nothing".into(), |told| told.kind.clone());
        let (logged, replayed) = (kind(&self.logged), kind(&self.replayed));
        rows.push(row("type", &logged, &replayed, logged != replayed));
        let fields =
            |told: &Option<Told>| told.as_ref().map(|told| told.fields.clone()).unwrap_or_default();
        let (logged, replayed) = (fields(&self.logged), fields(&self.replayed));
        let mut names: Vec<&String> = logged.keys().chain(replayed.keys()).collect();
        names.sort();
        names.dedup();
        for name in names {
            let (left, right) = (logged.get(name), replayed.get(name));
            let text = |value: Option<&Value>| value.map_or("–".into(), short);
            rows.push(row(name, &text(left), &text(right), left != right));
        }
        let place = self.logged.as_ref().and_then(|told| told.seq);
        let place = place.map_or_else(|| "no line".into(), |seq| format!("line {seq}"));
        format!(
            "{}\n\nfirst difference at {}, {place} of the log:\n{}",
            self.before.join("\n"),
            clock_time(self.at),
            rows.join("\n")
        )
    }
}

fn row(name: &str, left: &str, right: &str, differs: bool) -> String {
    let mark = if differs { '≠' } else { ' ' };
    format!("{mark} {name:<14} │ {left:<60} │ {right}").trim_end().to_owned()
}
