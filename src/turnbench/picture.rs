//! What candidates came to, drawn: an SVG that needs nothing else and follows the reader's light or dark.
//!
//! Three parts: being cut off against being kept waiting; interruptions missed and false ones; how soon the studio
//! reacts to a voice over an AI. Lines with ends are 95 % intervals.

use std::fmt::Write as _;

use super::bench::Figures;
use super::figures::{Rate, Tally};

const WIDTH: f64 = 980.0;
/// Where plots begin and end.
const LEFT: f64 = 230.0;
const RIGHT: f64 = WIDTH - 90.0;
const ROW: f64 = 26.0;
/// A column of the distributions, and how many there are at most; the last takes all that is longer.
const COLUMN_MS: u64 = 20;
const COLUMNS: usize = 60;
/// Colours of the studio's candidates, by number; timers are grey.
const COLOURS: usize = 6;

const STYLE: &str = "\
svg { --ground: #fff; --text: #1d2430; --soft: #5b6675; --line: #dfe4ea; --timer: #8a94a3;
  --c0: #0b6bcb; --c1: #b3261e; --c2: #1a7f37; --c3: #9a5b00; --c4: #7a3fb8; --c5: #00767a; background: var(--ground); }
@media (prefers-color-scheme: dark) { svg { --ground: #12161c; --text: #e8ecf1; --soft: #a3aebb; --line: #2c343f;
  --timer: #8a94a3; --c0: #6cb2ff; --c1: #ff8f85; --c2: #6fd08c; --c3: #f0b45c; --c4: #c7a0f5; --c5: #5fd0d4; } }
text { font: 13px system-ui, sans-serif; fill: var(--text); } .soft { fill: var(--soft); font-size: 12px; }
.title { font-size: 17px; font-weight: 650; } .num { font-variant-numeric: tabular-nums; }
.grid { stroke: var(--line); } .whisker { stroke-width: 2; fill: none; }
";

/// The picture of all candidates; the first is the one whose reactions are drawn.
#[must_use]
pub fn svg(all: &[Figures], what: &str) -> String {
    let mut page = Page { body: String::new(), y: 34.0 };
    page.text(24.0, "title", "start", "Turn-taking on recordings");
    page.y += 20.0;
    page.text(24.0, "soft", "start", what);
    page.y += 14.0;
    delays(&mut page, all);
    rates(&mut page, all, "Turns cut off", |figures| figures.cut);
    rates(&mut page, all, "Hesitant turns cut off", |figures| figures.cut_hesitant);
    rates(&mut page, all, "Interruptions missed", |figures| figures.missed);
    rates(&mut page, all, "False interruptions: a listener's sound stopped the AI", |figures| {
        figures.false_stops
    });
    if let Some(first) = all.first() {
        page.heading(&format!("From the onset of a voice over an AI, {}", first.name));
        for (name, tally) in ["duck", "pause", "stop"].into_iter().zip(&first.reactions) {
            distribution(&mut page, name, tally);
        }
    }
    let height = page.y + 20.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" width=\"{WIDTH}\" height=\"{height:.0}\" \
         role=\"img\" aria-label=\"Turn-taking on recordings; the same figures stand in the report's table\">\n\
         <style>{STYLE}</style>\n{}</svg>\n",
        page.body
    )
}

/// A page that grows downward.
struct Page {
    body: String,
    y: f64,
}

impl Page {
    fn put(&mut self, element: std::fmt::Arguments<'_>) {
        let written = self.body.write_fmt(element);
        debug_assert!(written.is_ok(), "a text takes all that is written into it");
        self.body.push('\n');
    }

    fn text(&mut self, x: f64, class: &str, anchor: &str, words: &str) {
        let (y, words) = (self.y, escaped(words));
        self.put(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\" text-anchor=\"{anchor}\">{words}</text>"
        ));
    }

    fn heading(&mut self, words: &str) {
        self.y += 36.0;
        self.text(24.0, "title", "start", words);
        self.y += 8.0;
    }

    /// A scale with its grid over `rows` rows that follow; `label` names a place on it.
    fn scale(&mut self, rows: usize, most: f64, step: f64, label: impl Fn(f64) -> String) {
        let (top, bottom) = (self.y + 16.0, self.y + 16.0 + ROW * places(rows));
        self.y += 12.0;
        let mut at = 0.0;
        while at <= most * 1.0001 {
            let x = LEFT + (RIGHT - LEFT) * at / most;
            self.text(x, "soft num", "middle", &label(at));
            self.put(format_args!(
                "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{top:.1}\" x2=\"{x:.1}\" y2=\"{bottom:.1}\"/>"
            ));
            at += step;
        }
        self.y += 4.0;
    }

    /// A line with ends from `low` to `high`, shares of the plot's width, and a dot at `middle`.
    fn whisker(&mut self, colour: &str, low: f64, middle: f64, high: f64) {
        let x = |share: f64| LEFT + (RIGHT - LEFT) * share.clamp(0.0, 1.0);
        let (low, middle, high, y) = (x(low), x(middle), x(high), self.y + ROW / 2.0);
        let (top, bottom) = (y - 5.0, y + 5.0);
        self.put(format_args!(
            "<path class=\"whisker\" stroke=\"var(--{colour})\" d=\"M{low:.1} {top:.1}V{bottom:.1}M{low:.1} {y:.1}H{high:.1}M{high:.1} {top:.1}V{bottom:.1}\"/>\
             <circle cx=\"{middle:.1}\" cy=\"{y:.1}\" r=\"5\" fill=\"var(--{colour})\"/>"
        ));
    }

    /// The name before a row and its value behind it; goes on to the next row.
    fn row(&mut self, name: &str, value: &str) {
        self.y += ROW / 2.0 + 4.5;
        self.text(LEFT - 14.0, "", "end", name);
        self.text(RIGHT + 12.0, "num", "start", value);
        self.y += ROW / 2.0 - 4.5;
    }
}

/// The median and the 95th percentile of every candidate's delays.
fn delays(page: &mut Page, all: &[Figures]) {
    page.heading("Response delay: from the end of speech to the end of the turn");
    page.y += 16.0;
    page.text(
        24.0,
        "soft",
        "start",
        "Dot: median with its 95 % interval. Ring: the 95th percentile.",
    );
    page.y += 8.0;
    let longest = all.iter().filter_map(|figures| figures.delays.quantile(95)).max();
    let most = longest.map_or(1000, |longest| longest.millis().div_ceil(500) * 500).max(500);
    let most = length(most);
    page.scale(all.len(), most, if most > 2000.0 { 500.0 } else { 250.0 }, |ms| {
        format!("{ms:.0} ms")
    });
    for (number, figures) in all.iter().enumerate() {
        let share = |per_cent| {
            let span = figures.delays.quantile(per_cent)?;
            Some(length(span.millis()) / most)
        };
        let value = figures
            .delays
            .quantile(50)
            .map_or("–".into(), |span| format!("{} ms", span.millis()));
        if let (Some(middle), Some((low, high)), Some(late)) =
            (share(50), figures.delays.interval(50), share(95))
        {
            let colour = colour(figures, number);
            let (low, high) = (length(low.millis()) / most, length(high.millis()) / most);
            let (x, y) = (LEFT + (RIGHT - LEFT) * late, page.y + ROW / 2.0);
            let from = LEFT + (RIGHT - LEFT) * middle;
            page.put(format_args!(
                "<line class=\"whisker\" stroke=\"var(--{colour})\" stroke-dasharray=\"2 4\" x1=\"{from:.1}\" y1=\"{y:.1}\" x2=\"{x:.1}\" y2=\"{y:.1}\"/>\
                 <circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\" fill=\"var(--ground)\" stroke=\"var(--{colour})\" stroke-width=\"2\"/>"
            ));
            page.whisker(&colour, low, middle, high);
        }
        page.row(&figures.name, &value);
    }
}

/// A share of every candidate with its interval; nothing where there were no cases.
fn rates(page: &mut Page, all: &[Figures], title: &str, of: impl Fn(&Figures) -> Rate) {
    let cases = all.iter().map(|figures| of(figures).cases).max().unwrap_or(0);
    if cases == 0 {
        return;
    }
    page.heading(title);
    let highest = all.iter().map(|figures| of(figures).interval().1).fold(0.0, f64::max);
    let (most, step) = match highest {
        high if high <= 0.05 => (0.05, 0.01),
        high if high <= 0.2 => (0.2, 0.05),
        high if high <= 0.5 => (0.5, 0.1),
        _ => (1.0, 0.2),
    };
    page.scale(all.len(), most, step, |share| format!("{:.0} %", share * 100.0));
    for (number, figures) in all.iter().enumerate() {
        let rate = of(figures);
        let (low, high) = rate.interval();
        page.whisker(&colour(figures, number), low / most, rate.share() / most, high / most);
        page.row(&figures.name, &format!("{} of {}", rate.happened, rate.cases));
    }
}

/// How often a reaction took how long, a column every 20 ms.
fn distribution(page: &mut Page, name: &str, tally: &Tally) {
    const HEIGHT: f64 = 64.0;
    let mut columns = [0_u32; COLUMNS];
    for span in tally.values() {
        let column = usize::try_from(span.millis() / COLUMN_MS).unwrap_or(COLUMNS);
        columns[column.min(COLUMNS - 1)] += 1;
    }
    let most = f64::from(columns.iter().copied().max().unwrap_or(0).max(1));
    let width = (RIGHT - LEFT) / places(COLUMNS);
    let bottom = page.y + HEIGHT + 14.0;
    for (column, count) in columns.into_iter().enumerate().filter(|(_, count)| *count > 0) {
        let (x, height) = (LEFT + width * places(column), HEIGHT * f64::from(count) / most);
        let from = places(column) * length(COLUMN_MS);
        page.put(format_args!(
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\" fill=\"var(--c0)\"><title>{from:.0} ms: {count}</title></rect>",
            bottom - height,
            width - 1.5
        ));
    }
    page.put(format_args!(
        "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{bottom:.1}\" x2=\"{RIGHT}\" y2=\"{bottom:.1}\"/>"
    ));
    page.y = bottom - HEIGHT / 2.0;
    page.text(LEFT - 14.0, "", "end", name);
    page.y = bottom + 15.0;
    for at in (0..=COLUMNS).step_by(10) {
        let words = format!("{:.0} ms", places(at) * length(COLUMN_MS));
        page.text(LEFT + width * places(at), "soft num", "middle", &words);
    }
    page.y += 16.0;
    page.text(LEFT, "soft", "start", &tally.to_string());
    page.y += 4.0;
}

fn colour(figures: &Figures, number: usize) -> String {
    if figures.is_timer { "timer".into() } else { format!("c{}", number % COLOURS) }
}

fn places(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

fn length(millis: u64) -> f64 {
    u32::try_from(millis).map_or(f64::MAX, f64::from)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
