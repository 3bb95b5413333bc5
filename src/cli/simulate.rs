//! `studio simulate`: random meetings on virtual time, every invariant after every step.
//!
//! Ends with 0 and a table, or with 1, the story of the first failure, its seed, and the smallest meeting found that
//! breaks the same rule, as a timeline test.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;

use super::print;
use crate::clock::Clock;
use crate::replay::write_meeting;
use crate::simulation::tally::{COLUMN_MS, COLUMNS, Tally};
use crate::simulation::trial::{Failure, meeting, play};
use crate::time::Span;

/// How much is simulated, and from where.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// How many meetings
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    sessions: u64,
    /// The first meeting's seed; the others follow it
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    /// Minutes of each meeting in which things happen; without it, half a minute on average
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u64).range(1..=600))]
    minutes: Option<u64>,
    /// Threads; as many as there are cores unless given
    #[arg(long, value_name = "T", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// Hold the first meeting once more and write it down as a session's log, for `studio replay`
    #[arg(long, value_name = "FILE.jsonl")]
    log: Option<PathBuf>,
}

/// Simulates.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let length = arguments.minutes.map(|minutes| Span::from_millis(minutes * 60_000));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = arguments.threads.map_or(cores, usize::from);
    let clock = Clock::system();
    let begin = clock.instant();
    // A panic inside a meeting is told in its story, not by the standard hook in between.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let (tally, failure) = simulate(arguments.seed, arguments.sessions, length, threads);
    let told = failure.as_ref().map(|failure| (failure.story(length), failure.test(length)));
    std::panic::set_hook(hook);
    print::line(&table(&tally, clock.instant() - begin, threads))?;
    if let Some(path) = &arguments.log {
        write_down(arguments.seed, length, path)?;
    }
    let (Some(failure), Some((story, test))) = (failure, told) else {
        print::line(&plot(&tally))?;
        print::line("no invariant was broken")?;
        return Ok(ExitCode::SUCCESS);
    };
    let minutes =
        arguments.minutes.map(|minutes| format!(" --minutes {minutes}")).unwrap_or_default();
    print::line(&format!(
        "\n{story}\n\nmeeting {} broke a rule; as a test:\n\n{test}",
        failure.seed
    ))?;
    print::line(&format!("again: studio simulate --sessions 1 --seed {}{minutes}", failure.seed))?;
    Ok(ExitCode::FAILURE)
}

/// The log of one meeting, as far as it went.
fn write_down(seed: u64, length: Option<Span>, path: &Path) -> anyhow::Result<()> {
    let timeline = meeting(seed, length);
    let mut events = Vec::new();
    if let Err(breach) = timeline.play(&mut events) {
        print::aside(&format!("meeting {seed} breaks a rule: {breach}"));
    }
    write_meeting(path, &timeline.briefing(), &events)
        .with_context(|| format!("write {}", path.display()))?;
    print::aside(&format!("written: {}, the log of meeting {seed}", path.display()));
    Ok(())
}

/// Plays the meetings on all threads. Of several failures the one with the lowest seed.
fn simulate(
    seed: u64,
    sessions: u64,
    length: Option<Span>,
    threads: usize,
) -> (Tally, Option<Failure>) {
    let next = AtomicU64::new(0);
    // Meetings after the first failure are not begun.
    let end = AtomicU64::new(sessions);
    let work = || {
        let mut tally = Tally::default();
        let mut failure = None;
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= end.load(Ordering::Relaxed) {
                return (tally, failure);
            }
            if let Err(broken) = play(seed.wrapping_add(index), length, &mut tally) {
                end.fetch_min(index, Ordering::Relaxed);
                failure = Some(broken);
            }
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut all = (Tally::default(), None::<Failure>);
        for worker in workers {
            // A worker catches what a meeting does; one that is lost anyway has no figures to give.
            let Ok((tally, failure)) = worker.join() else { continue };
            all.0.merge(&tally);
            all.1 = all.1.into_iter().chain(failure).min_by_key(|failure| failure.seed);
        }
        all
    })
}

fn table(tally: &Tally, took: Duration, threads: usize) -> String {
    let minutes = |span: Span| span.millis() / 60_000;
    let (busy, all) = (minutes(tally.busy), minutes(tally.all));
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    let rows = [
        ("meetings", tally.meetings.to_string()),
        ("minutes in which things happened", busy.to_string()),
        ("minutes in all", all.to_string()),
        ("inputs", tally.facts.to_string()),
        ("orders", tally.orders.to_string()),
        ("seconds it took", format!("{}.{}", took_ms / 1000, took_ms % 1000 / 100)),
        ("busy minutes a second", format!("{} on {threads} threads", busy * 1000 / took_ms)),
    ];
    let counted = tally.counts.iter().map(|(name, count)| (name.as_str(), count.to_string()));
    let rows = rows.into_iter().chain(counted);
    let lines: Vec<String> = rows.map(|(name, value)| format!("{name:<36}{value:>14}")).collect();
    lines.join("\n")
}

/// How long hosts waited for the end of their turns, a bar a tenth of a second.
fn plot(tally: &Tally) -> String {
    const WIDTH: u64 = 50;
    let most = tally.waits.iter().copied().max().unwrap_or(0).max(1);
    let mut lines = vec!["\nfrom the host's last sound to the end of the turn".to_owned()];
    for (column, count) in (0_u64..).zip(tally.waits) {
        let eighths = count * WIDTH * 8 / most;
        let full = usize::try_from(eighths / 8).unwrap_or(0);
        let rest =
            ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][usize::try_from(eighths % 8).unwrap_or(0)];
        let from = column * COLUMN_MS;
        let mark = if from / COLUMN_MS + 1 == COLUMNS as u64 { "+" } else { " " };
        lines.push(format!("{from:>5}{mark}ms │{}{rest} {count}", "█".repeat(full)));
    }
    while lines.len() > 2 && lines.last().is_some_and(|line| line.ends_with("│ 0")) {
        lines.pop();
    }
    lines.join("\n")
}
