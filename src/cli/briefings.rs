//! `studio briefings list` and `studio briefings check FILE|NAME`: what a host asks before a show.
//!
//! Both answer with a report to print and an exit code; [`run`] prints it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::print;
use crate::briefings::{self, BriefingFile, BriefingFileError};
use crate::config::Config;
use crate::conversation::Speaker;

/// Exit code where everything is good.
const EXIT_GOOD: u8 = 0;
/// Exit code where a briefing is wrong or missing.
const EXIT_WRONG: u8 = 1;

/// What can be asked of briefings.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List the briefings of `BRIEFINGS_DIR`
    List,
    /// Say everything that is wrong with a briefing
    Check {
        /// The briefing: a file, or the name of one of the studio's
        #[arg(value_name = "FILE.md|NAME")]
        briefing: PathBuf,
    },
}

/// Does what was asked and prints it.
pub(super) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    let folder = Config::load()?.briefings_dir;
    let report = match command {
        Command::List => list(&folder),
        Command::Check { briefing } => check(&folder, briefing),
    };
    print::line(&report.text)?;
    Ok(ExitCode::from(report.exit_code))
}

/// What to print and how to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Lines for a person, without a line end at the end.
    pub text: String,
    /// 0, or 1 where something is wrong.
    pub exit_code: u8,
}

/// The briefings of `folder`, a line each; what is wrong stands below the name.
#[must_use]
pub fn list(folder: &Path) -> Report {
    let listed = match briefings::list(folder) {
        Ok(listed) => listed,
        Err(error) => return wrong(&error),
    };
    if listed.is_empty() {
        return Report {
            text: format!("no briefings in {}", folder.display()),
            exit_code: EXIT_GOOD,
        };
    }
    let width = listed.iter().map(|entry| entry.name.len()).max().unwrap_or_default();
    let is_good = listed.iter().all(|entry| entry.briefing.is_ok());
    let lines = listed.iter().map(|entry| match &entry.briefing {
        Ok(file) => format!("{:width$}  {}", entry.name, summary(file)),
        Err(error) => {
            format!("{:width$}  cannot be used\n{}", entry.name, indented(&error.to_string()))
        }
    });
    let text = lines.collect::<Vec<String>>().join("\n");
    Report { text, exit_code: if is_good { EXIT_GOOD } else { EXIT_WRONG } }
}

/// Everything that is wrong with the briefing that is a file or has this name in `folder`, or what the studio reads in it.
#[must_use]
pub fn check(folder: &Path, asked: &Path) -> Report {
    match briefings::load_named(folder, asked) {
        Ok(file) => Report { text: details(&file), exit_code: EXIT_GOOD },
        Err(error) => wrong(&error),
    }
}

fn wrong(error: &BriefingFileError) -> Report {
    Report { text: error.to_string(), exit_code: EXIT_WRONG }
}

/// `The Moon, up close (Clara and Oscar, 3 segments, 9 min)`.
fn summary(file: &BriefingFile) -> String {
    let briefing = &file.briefing;
    let minutes: u32 = briefing.segments.iter().map(|segment| u32::from(segment.minutes)).sum();
    let [claude, guest] =
        [Speaker::Claude, Speaker::Guest].map(|speaker| &briefing.speaker(speaker).name);
    let segments = match briefing.segments.len() {
        1 => "1 segment".to_owned(),
        count => format!("{count} segments"),
    };
    format!("{} ({claude} and {guest}, {segments}, {minutes} min)", briefing.title)
}

fn details(file: &BriefingFile) -> String {
    let briefing = &file.briefing;
    let mut text = format!("{}: good\n  {}", file.path.display(), summary(file));
    let mut add = |label: &str, value: &str| {
        if !value.is_empty() {
            // Writing to a string cannot fail.
            let _infallible = write!(text, "\n  {:<9} {value}", format!("{label}:"));
        }
    };
    add("episode", &briefing.episode);
    add("language", &briefing.language);
    add("terms", &briefing.terms.join(", "));
    for speaker in Speaker::ALL {
        let brief = briefing.speaker(speaker);
        let names = std::iter::once(&brief.name)
            .chain(&brief.aliases)
            .map(String::as_str)
            .collect::<Vec<_>>();
        let voice =
            if brief.voice.is_empty() { String::new() } else { format!(", voice {}", brief.voice) };
        add(speaker.as_str(), &format!("{}{voice}", names.join(" or ")));
    }
    for segment in &briefing.segments {
        add("segment", &format!("{} ({} min)", segment.title, segment.minutes));
    }
    text
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}
