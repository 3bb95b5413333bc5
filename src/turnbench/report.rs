//! What candidates came to: a table for people and JSON for programs. Every share with its counts and 95 % interval.

use serde_json::{Value, json};

use super::bench::Figures;
use super::figures::{Rate, Tally};
use crate::time::Span;

/// A row of the table: its name, and what it says of a candidate.
type Row = (&'static str, fn(&Figures) -> String);

/// Rows of the table.
const ROWS: [Row; 14] = [
    ("turns cut off", |figures| rate(figures.cut)),
    ("– of hesitant turns", |figures| rate(figures.cut_hesitant)),
    ("cut-offs in all / in hesitant turns", |figures| {
        format!("{} / {}", figures.cut_offs[0], figures.cut_offs[1])
    }),
    ("response delay, p50", |figures| quantile(&figures.delays, 50)),
    ("response delay, p95", |figures| quantile(&figures.delays, 95)),
    ("turns whose end was not seen", |figures| figures.never_ended.to_string()),
    ("interruptions missed", |figures| rate(figures.missed)),
    ("false interruptions", |figures| rate(figures.false_stops)),
    ("back-channels not resumed", |figures| rate(figures.not_resumed)),
    ("noise that paused", |figures| rate(figures.noise_pauses)),
    ("noise that stopped", |figures| rate(figures.noise_stops)),
    ("duck after onset, p50 / p95", |figures| both(&figures.reactions[0])),
    ("pause after onset, p50 / p95", |figures| both(&figures.reactions[1])),
    ("stop after onset, p50 / p95", |figures| both(&figures.reactions[2])),
];

/// The table as Markdown, a column a candidate.
#[must_use]
pub fn table(all: &[Figures]) -> String {
    let mut rows = vec![vec![String::new()]];
    rows[0].extend(all.iter().map(|figures| figures.name.clone()));
    for (name, value) in ROWS {
        let cells = all.iter().map(value);
        rows.push(std::iter::once(name.to_owned()).chain(cells).collect());
    }
    let columns = rows[0].len();
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    let rule = widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().join(" | ");
    let mut text = line(&rows[0]);
    text.push_str(&format!("| {rule} |\n"));
    text.extend(rows[1..].iter().map(line));
    text
}

/// The same for programs, with every single time in milliseconds.
#[must_use]
pub fn json(all: &[Figures], recordings: usize, offsets: usize) -> Value {
    let of_rate = |rate: Rate| {
        let (low, high) = rate.interval();
        json!({ "count": rate.happened, "of": rate.cases, "share": rate.share(), "low95": low, "high95": high })
    };
    let of_tally = |tally: &Tally| {
        let at = |per_cent| match (tally.quantile(per_cent), tally.interval(per_cent)) {
            (Some(value), Some((low, high))) => {
                json!({ "ms": value.millis(), "low95": low.millis(), "high95": high.millis() })
            }
            _ => Value::Null,
        };
        let all: Vec<u64> = tally.values().iter().map(|span| span.millis()).collect();
        json!({ "count": tally.count(), "p50": at(50), "p95": at(95), "all": all })
    };
    let candidates = all.iter().map(|figures| {
        json!({
            "name": figures.name,
            "isTimer": figures.is_timer,
            "turnsCutOff": of_rate(figures.cut),
            "hesitantTurnsCutOff": of_rate(figures.cut_hesitant),
            "cutOffs": figures.cut_offs[0],
            "cutOffsInHesitantTurns": figures.cut_offs[1],
            "responseDelay": of_tally(&figures.delays),
            "turnsNeverEnded": figures.never_ended,
            "missedInterruptions": of_rate(figures.missed),
            "falseInterruptions": of_rate(figures.false_stops),
            "backChannelsNotResumed": of_rate(figures.not_resumed),
            "noisePaused": of_rate(figures.noise_pauses),
            "noiseStopped": of_rate(figures.noise_stops),
            "duckAfterOnset": of_tally(&figures.reactions[0]),
            "pauseAfterOnset": of_tally(&figures.reactions[1]),
            "stopAfterOnset": of_tally(&figures.reactions[2]),
        })
    });
    json!({ "v": 1, "recordings": recordings, "offsets": offsets, "candidates": candidates.collect::<Vec<_>>() })
}

fn rate(rate: Rate) -> String {
    if rate.cases == 0 { "–".into() } else { rate.to_string() }
}

fn ms(span: Option<Span>) -> String {
    span.map_or_else(|| "–".into(), |span| format!("{} ms", span.millis()))
}

fn quantile(tally: &Tally, per_cent: usize) -> String {
    let Some((low, high)) = tally.interval(per_cent) else { return "–".into() };
    format!("{} ({} to {} ms)", ms(tally.quantile(per_cent)), low.millis(), high.millis())
}

fn both(tally: &Tally) -> String {
    if tally.count() == 0 {
        return "–".into();
    }
    format!("{} / {}", ms(tally.quantile(50)), ms(tally.quantile(95)))
}
