//! How long the replay of an hour takes: a log of simulated talk is written, read back and compared.
//!
//! The hour is busier than most shows: somebody says or presses something every few seconds, services are late and fail.

use std::time::Instant;

use voice_studio::replay::{Log, compare, write_meeting};
use voice_studio::simulation::random;
use voice_studio::time::Span;

/// Shows that are replayed; the slowest counts.
const SHOWS: u64 = 5;
const HOUR: Span = Span::from_millis(3_600_000);
const BUDGET_MS: u128 = 1_000;

fn main() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let mut slowest = 0;
    for seed in 0..SHOWS {
        let timeline = random::long_meeting(seed, HOUR);
        let mut events = Vec::new();
        timeline.play(&mut events)?;
        let path = dir.path().join(format!("{seed}.jsonl"));
        write_meeting(&path, &timeline.briefing(), &events)?;
        let mib = std::fs::metadata(&path)?.len() >> 20;
        #[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
        let begin = Instant::now();
        let log = Log::read(&path)?;
        let read_ms = begin.elapsed().as_millis();
        let comparison = compare(&log, log.conversation());
        let took_ms = begin.elapsed().as_millis();
        anyhow::ensure!(comparison.difference.is_none(), "show {seed} replays differently");
        slowest = slowest.max(took_ms);
        say(&format!(
            "show {seed}: {} min, {} lines, {mib} MiB: read {read_ms} ms, with comparison {took_ms} ms",
            log.end().millis() / 60_000,
            log.lines.len()
        ));
    }
    say(&format!("replay of an hour: {slowest} ms (budget {BUDGET_MS} ms)"));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a bench prints its figure")]
fn say(text: &str) {
    println!("{text}");
}
