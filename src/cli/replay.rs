//! `studio replay FILE`: a session again from its log, beside what the log says.
//!
//! Identical is 0; a difference is shown with the five lines before it and is 1. `--from`, `--turn` and `--speed 1` tell
//! the story on the way, `--audio` plays the tracks along, `--set` asks what other rules would have done, `--html` draws.
//! Whoever asks for a part that the log does not have is told so, which is 2.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};

use super::print;
use super::replay_audio::Players;
use crate::clock::{Clock, SessionClock};
use crate::replay::{Comparison, Line, Log, clock_time, compare, fate, told, what_if};
use crate::time::SessionTime;

/// Exit code where the log does not have what was asked for: clap's own for what is wrongly asked.
const EXIT_WRONGLY_ASKED: u8 = 2;

/// What is to be replayed, and how.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The log, events.jsonl, or the folder of a recording
    file: PathBuf,
    /// As fast as possible (0) or at the pace at which it happened (1)
    #[arg(long, value_name = "0|1", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=1))]
    speed: u8,
    /// Tell the story from this time on: 90, 1:30, 1:02:30.5
    #[arg(long, value_name = "T", value_parser = time)]
    from: Option<SessionTime>,
    /// Tell the story of one turn
    #[arg(long, value_name = "N")]
    turn: Option<u32>,
    /// What if a rule were another, by its name in a briefing: endOfTurn.firstAskMs=400
    #[arg(long, value_name = "RULE=VALUE")]
    set: Vec<String>,
    /// Play the tracks along, with ffplay
    #[arg(long)]
    audio: bool,
    /// Draw the session into this file, a page that needs nothing else
    #[arg(long, value_name = "FILE.html")]
    html: Option<PathBuf>,
}

/// Replays it.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let clock = Clock::system();
    let begin = clock.instant();
    let path = &arguments.file;
    let log = Log::read(path).map_err(|error| {
        let code = error.code();
        anyhow::Error::new(error).context(format!("replay {}: {code}", path.display()))
    })?;
    if let Some(reason) = missing_in(&log, arguments) {
        print::aside(&format!("error: {reason}"));
        return Ok(ExitCode::from(EXIT_WRONGLY_ASKED));
    }
    let comparison = compare(&log, log.conversation());
    let took = clock.instant() - begin;
    if arguments.from.is_some()
        || arguments.turn.is_some()
        || arguments.speed == 1
        || arguments.audio
    {
        tell(&log, arguments)?;
    }
    if let Some(html) = &arguments.html {
        draw(&log, &comparison, html)?;
    }
    let identical = say(&log, &comparison, took.as_millis())?;
    if !arguments.set.is_empty() {
        ask_what_if(&log, &arguments.set)?;
    }
    Ok(if identical { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Why the log has no line of what is to be told.
fn missing_in(log: &Log, arguments: &Arguments) -> Option<String> {
    let from = arguments.from.unwrap_or(SessionTime::ZERO);
    let is_late = |line: &Line| line.time() >= from;
    if !log.lines.iter().any(is_late) {
        let end = clock_time(log.end());
        return Some(format!("--from {}: the log ends at {end}", clock_time(from)));
    }
    let turn = u64::from(arguments.turn?);
    let mut of_turn = log.lines.iter().filter(|line| turn_of(line) == Some(turn)).peekable();
    if of_turn.peek().is_some() {
        let is_over = !of_turn.any(is_late);
        return is_over.then(|| format!("turn {turn} is over before {}", clock_time(from)));
    }
    Some(match log.lines.iter().filter_map(turn_of).max() {
        Some(last) => format!("--turn {turn}: there is no such turn; the last is {last}"),
        None => format!("--turn {turn}: there is no such turn; nobody had one"),
    })
}

/// The turn that a line is about.
fn turn_of(line: &Line) -> Option<u64> {
    line.event.fields.get("turn").and_then(serde_json::Value::as_u64)
}

fn say(log: &Log, comparison: &Comparison, took_ms: u128) -> anyhow::Result<bool> {
    let Comparison { inputs, orders, difference } = comparison;
    let minutes = log.end().millis() / 60_000;
    let seconds = log.end().millis() / 1000 % 60;
    let what =
        format!("{inputs} inputs, {orders} orders of {minutes} min {seconds} s in {took_ms} ms");
    let Some(difference) = difference else {
        print::line(&format!("identical: {what}"))?;
        if !log.is_whole() {
            print::aside("the log ends before its session did: compared up to its last line");
        }
        return Ok(true);
    };
    print::line(&difference.side_by_side())?;
    print::line(&format!("different after {what}"))?;
    if log.studio_version() != env!("CARGO_PKG_VERSION") {
        print::aside(&format!("the log was written by studio {}", log.studio_version()));
    }
    Ok(false)
}

fn ask_what_if(log: &Log, settings: &[String]) -> anyhow::Result<()> {
    let answer = what_if(log, settings)?;
    let changed = settings.join(", ");
    print::line(&format!(
        "\nwhat if {changed}? (- held again as it was, + as it would have been)"
    ))?;
    print::line(answer.diff().trim_end())?;
    let columns = [
        ("logged", &answer.logged.fate),
        ("held again", &answer.before.fate),
        ("what if", &answer.after.fate),
    ];
    print::line(&format!("\n{}", fate::table(&columns)))?;
    let (same, all) = answer.follows();
    print::aside(&format!(
        "held again under its own rules, {same} of {all} decisions are the logged ones"
    ));
    print::aside(
        "both columns are held in a world made from the log; the host does not react to what is new",
    );
    Ok(())
}

/// Tells the lines that were asked for, at the pace that was asked for.
fn tell(log: &Log, arguments: &Arguments) -> anyhow::Result<()> {
    let from = arguments.from.unwrap_or(SessionTime::ZERO);
    let wanted = |line: &&Line| {
        let is_asked = |number: u32| turn_of(line) == Some(u64::from(number));
        line.time() >= from && arguments.turn.is_none_or(is_asked)
    };
    let lines: Vec<&Line> = log.lines.iter().filter(wanted).collect();
    let from = lines.first().map_or(from, |line| line.time()).max(from);
    let players = if arguments.audio {
        Players::start(&folder_of(&arguments.file), from)?
    } else {
        Players::none()
    };
    if arguments.speed == 0 && !arguments.audio {
        return lines
            .iter()
            .try_for_each(|line| print::line(&told(line)))
            .context("tell the story");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let told = runtime.block_on(async {
        let clock = SessionClock::start(&Clock::system());
        for line in lines {
            let after = line.time().since(from);
            tokio::time::sleep_until(clock.instant_of(SessionTime::ZERO + after)).await;
            print::line(&told(line))?;
        }
        Ok(())
    });
    players.stop();
    told
}

fn draw(log: &Log, comparison: &Comparison, path: &Path) -> anyhow::Result<()> {
    let page = crate::replay::html::page(log, comparison);
    std::fs::write(path, page).with_context(|| format!("write {}", path.display()))?;
    print::aside(&format!("drawn: {}", path.display()));
    Ok(())
}

fn folder_of(file: &Path) -> PathBuf {
    if file.is_dir() {
        file.into()
    } else {
        file.parent().map(Path::to_path_buf).unwrap_or_default()
    }
}

/// Seconds, or minutes and seconds, or hours too.
fn time(text: &str) -> anyhow::Result<SessionTime> {
    let wrong = || format!("{text:?} is no time; expected 90, 1:30 or 1:02:30.5");
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let fields: Vec<u64> =
        whole.split(':').map(str::parse).collect::<Result<_, _>>().with_context(wrong)?;
    // Minutes and seconds that stand behind a colon are less than sixty: `1:99` is a slip.
    let is_a_slip = fields.iter().skip(1).any(|field| *field > 59);
    if is_a_slip || fields.len() > 3 || part.len() > 3 || fields[0] > 360_000 {
        bail!(wrong());
    }
    let seconds = fields.iter().fold(0, |sum, field| sum * 60 + field);
    let millis: u64 = format!("{part:0<3}").parse().with_context(wrong)?;
    Ok(SessionTime::from_millis(seconds * 1000 + millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, millis) in
            [("90", 90_000), ("1:30", 90_000), ("1:02:30.5", 3_750_500), ("0:59.25", 59_250)]
        {
            assert_eq!(time(text).unwrap(), SessionTime::from_millis(millis), "{text}");
        }
        for text in ["", "1:99", "1:60:00", "1:2:3:4", "1.2345", "-1", "a", "360001"] {
            assert!(time(text).unwrap_err().to_string().contains("is no time"), "{text}");
        }
    }
}
