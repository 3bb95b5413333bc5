//! `studio recover FOLDER`: repairs a recording that was left unfinished, by hand.
//!
//! The studio does the same at every start; twice gives the same result. A finished recording is never touched: its files
//! are compared with its manifest.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use super::{print, verify};
use crate::recording::{GapCause, Manifest, Recovered, recover};
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
        Recovered::AlreadyFinished => return verify::tell(dir, "whole already"),
        Recovered::Repaired { ready, lost } => {
            let seconds = ready.samples / u64::from(SESSION_RATE_HZ);
            print::line(&format!("{}: repaired, {seconds} s", dir.display()))?;
            for missing in missing_in(dir)? {
                print::line(&format!("  {missing}"))?;
            }
            if lost.len_ms > 0 {
                print::line(&format!("  the end: {} lost", length(lost.len_ms)))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What silence fills, a line a track: `you: 52.9 s missing`.
fn missing_in(dir: &Path) -> anyhow::Result<Vec<String>> {
    let manifest = Manifest::read(dir)?;
    let tracks = manifest.iter().flat_map(|manifest| &manifest.tracks);
    let missing = tracks.filter_map(|track| {
        let gaps = track.gaps.iter().filter(|gap| gap.cause == GapCause::Crash);
        let millis: u64 = gaps.map(|gap| gap.len_ms).sum();
        (millis > 0).then(|| format!("{}: {} missing", track.speaker, length(millis)))
    });
    Ok(missing.collect())
}

/// Tenths of a second; milliseconds where it is less than one.
fn length(millis: u64) -> String {
    if millis < 1000 {
        format!("{millis} ms")
    } else {
        format!("{}.{} s", millis / 1000, millis % 1000 / 100)
    }
}
