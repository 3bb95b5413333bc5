//! `studio recover DIR`: repairs a recording that was left unfinished, by hand.
//!
//! The studio does the same at every start; twice gives the same result.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;

use super::print;
use crate::recording::{Recovered, recover};
use crate::time::SESSION_RATE_HZ;

/// What is to be repaired.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A recording's folder
    dir: PathBuf,
}

/// Repairs it and says what came of it.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let dir = &arguments.dir;
    match recover(dir).with_context(|| format!("recover {}", dir.display()))? {
        Recovered::AlreadyFinished => print::line(&format!("{}: whole already", dir.display()))?,
        Recovered::Repaired { ready, lost } => {
            let seconds = ready.samples / u64::from(SESSION_RATE_HZ);
            let lost = lost.len_ms;
            print::line(&format!("{}: repaired, {seconds} s, {lost} ms lost", dir.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
