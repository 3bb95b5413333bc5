//! `studio verify FOLDER`: are the files of a finished recording what `session.yml` says?
//!
//! Reads every byte and changes nothing.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use super::print;
use crate::recording::{Verified, verify};

/// What is to be verified.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A recording's folder
    dir: PathBuf,
}

/// Verifies it; 1 if a file is not what it was.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    tell(&arguments.dir, "whole")
}

/// The same for a recording that is whole for a reason.
pub(super) fn tell(dir: &Path, whole: &str) -> anyhow::Result<ExitCode> {
    let folder = dir.display();
    match verify(dir).with_context(|| format!("verify {folder}"))? {
        Verified::Whole { files } => {
            print::line(&format!("{folder}: {whole}, {files} files are what session.yml says"))?;
            return Ok(ExitCode::SUCCESS);
        }
        Verified::Unfinished => {
            print::line(&format!("{folder}: unfinished, it has no session.yml"))?;
            print::aside(&format!(
                "unless it is being recorded, `studio recover {folder}` makes it whole"
            ));
        }
        Verified::Damaged(damaged) => {
            print::line(&format!("{folder}: not what session.yml says"))?;
            for damage in &damaged {
                print::line(&format!("  {damage}"))?;
            }
            print::aside(
                "nothing was changed: put these files back from a copy; without one, keep session.yml elsewhere and `studio recover` makes a whole recording of what is left",
            );
        }
    }
    Ok(ExitCode::FAILURE)
}
