//! `studio profile`: what the studio has learned of a host, and how to make it forget.

use std::process::ExitCode;

use anyhow::Context;

use super::print;
use crate::config::Config;
use crate::recording::{read_profile, reset_profile};

/// What is to be done.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Show what is known of a host, by the name given on joining; 1 if that is nothing
    Show {
        /// The host's name
        name: String,
    },
    /// Forget it
    Reset {
        /// The host's name
        name: String,
    },
}

/// Does it in the folder that recordings go to.
pub(super) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    let recordings = Config::load()?.recording_dir;
    match command {
        Command::Show { name } => {
            let known = read_profile(&recordings, name);
            if known.shows == 0 {
                print::line(&format!("{name}: nothing is known"))?;
                return Ok(ExitCode::FAILURE);
            }
            print::line(&format!(
                "{name}: {} shows, pauses of up to {} ms, {} words a minute",
                known.shows, known.pause_ms, known.pace_wpm
            ))?;
        }
        Command::Reset { name } => {
            let was_known = reset_profile(&recordings, name).context("forget the host")?;
            let told = if was_known { "forgotten" } else { "nothing was known" };
            print::line(&format!("{name}: {told}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
