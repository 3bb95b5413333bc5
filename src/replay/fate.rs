//! How the host fared: how often he was cut off, how long he waited, what became of his interruptions.

use std::fmt::Write as _;

use crate::conversation::{Input, Order, Speaker, TurnEnd, Verdict};
use crate::simulation::meeting::Event;
use crate::time::{SessionTime, Span};

/// A host who speaks again this soon after his last word had not finished: people leave up to 1.5 s inside a sentence
/// while they look for a word, and answer an AI's first words later than that.
pub const GOES_ON_WITHIN: Span = Span::from_millis(1_500);
/// A wait longer than this is felt: three times the silence people leave between turns.
pub const KEPT_WAITING: Span = Span::from_millis(1_000);

/// See the module's head. Times in milliseconds from the end of the host's last word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// Turns of the host that ended with words.
    pub turns: u64,
    /// Of them those in whose next second and a half the host spoke on.
    pub cut_offs: u64,
    /// Until the end of the turn was decided.
    pub waits: Vec<u64>,
    /// Until an AI was heard.
    pub responses: Vec<u64>,
    /// Voice over an AI that stopped it.
    pub stopped: u64,
    /// Voice over an AI after which it went on.
    pub resumed: u64,
    /// Times an AI was held for a voice over it.
    pub pauses: u64,
}

impl Fate {
    /// How the host fared in what happened.
    #[must_use]
    pub fn of(events: &[(SessionTime, Event)]) -> Self {
        let mut fate = Self::default();
        let mut stopped_at = None;
        let mut ended = None;
        for (now, event) in events {
            match event {
                Event::Fact(Input::SpeechStarted { at }) => {
                    if ended.take().is_some_and(|end| at.since(end) < GOES_ON_WITHIN) {
                        fate.cut_offs += 1;
                    }
                }
                Event::Fact(Input::SpeechStopped { at }) => stopped_at = Some(*at),
                Event::Order(Order::NoteTurnEnded {
                    speaker: Speaker::You,
                    reason: TurnEnd::Completed,
                    ..
                }) => {
                    fate.turns += 1;
                    ended = stopped_at;
                    fate.waits.extend(stopped_at.map(|at| now.since(at).millis()));
                }
                Event::Order(Order::StartPlayout { .. }) => {
                    fate.responses.extend(stopped_at.take().map(|at| now.since(at).millis()));
                }
                Event::Order(Order::NoteBargeIn { verdict: Verdict::Stopped, .. }) => {
                    fate.stopped += 1;
                }
                Event::Order(Order::NoteBargeIn { verdict: Verdict::Resumed, .. }) => {
                    fate.resumed += 1;
                }
                Event::Order(Order::Pause { .. }) => fate.pauses += 1,
                Event::Fact(_) | Event::Order(_) => {}
            }
        }
        fate.waits.sort_unstable();
        fate.responses.sort_unstable();
        fate
    }

    /// How often the host was kept waiting.
    #[must_use]
    pub fn kept_waiting(&self) -> u64 {
        self.waits.iter().filter(|wait| **wait > KEPT_WAITING.millis()).map(|_| 1).sum()
    }
}

/// The value below which `per_cent` of `sorted` lie; none of nothing.
#[must_use]
pub fn percentile(sorted: &[u64], per_cent: usize) -> Option<u64> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last * per_cent + 50) / 100).copied()
}

/// A row of the table: its name and what it says of a fate.
type Row<'a> = (&'a str, &'a dyn Fn(&Fate) -> String);

/// A table of several fates, a column each.
#[must_use]
pub fn table(columns: &[(&str, &Fate)]) -> String {
    let in_ms = |value: Option<u64>| value.map_or("–".into(), |value| format!("{value} ms"));
    let rows: [Row<'_>; 9] = [
        ("host turns", &|fate| fate.turns.to_string()),
        ("cut off", &|fate| fate.cut_offs.to_string()),
        ("kept waiting (> 1 s)", &|fate| fate.kept_waiting().to_string()),
        ("wait, median", &|fate| in_ms(percentile(&fate.waits, 50))),
        ("wait, 95 %", &|fate| in_ms(percentile(&fate.waits, 95))),
        ("answer heard, median", &|fate| in_ms(percentile(&fate.responses, 50))),
        ("answer heard, 95 %", &|fate| in_ms(percentile(&fate.responses, 95))),
        ("AI stopped for a voice", &|fate| fate.stopped.to_string()),
        ("AI held and went on", &|fate| fate.resumed.to_string()),
    ];
    let mut text = format!("{:<24}", "");
    for (name, _) in columns {
        put(&mut text, format_args!("{name:>16}"));
    }
    for (name, value) in rows {
        put(&mut text, format_args!("\n{name:<24}"));
        for (_, fate) in columns {
            put(&mut text, format_args!("{:>16}", value(fate)));
        }
    }
    text
}

/// Writing into a text cannot fail.
fn put(text: &mut String, words: std::fmt::Arguments<'_>) {
    let written = text.write_fmt(words);
    debug_assert!(written.is_ok(), "a text takes all that is written into it");
}
