//! The tracks of a recording, played along with a replay by ffplay: one player a track, all from the same time.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};

use super::print;
use crate::conversation::Speaker;
use crate::time::SessionTime;

/// The players that run. Dropping them ends them.
#[derive(Debug)]
pub(super) struct Players(Vec<Child>);

impl Players {
    /// Nobody plays.
    pub(super) const fn none() -> Self {
        Self(Vec::new())
    }

    /// Plays the tracks in `folder` from `from` on.
    pub(super) fn start(folder: &Path, from: SessionTime) -> anyhow::Result<Self> {
        let mut players = Self(Vec::new());
        let seconds = format!("{}.{:03}", from.millis() / 1000, from.millis() % 1000);
        for speaker in Speaker::ALL {
            let track = folder.join(format!("{speaker}.webm"));
            if !track.is_file() {
                print::aside(&format!("no track of {speaker} beside the log"));
                continue;
            }
            let player = Command::new("ffplay")
                .args(["-nodisp", "-autoexit", "-loglevel", "error", "-ss", &seconds])
                .arg(&track)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .spawn();
            match player {
                Ok(player) => players.0.push(player),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    bail!(
                        "ffplay is not installed; it plays the tracks (Debian: apt install ffmpeg)"
                    );
                }
                Err(error) => return Err(error).context("start ffplay"),
            }
        }
        if players.0.is_empty() {
            bail!("no track to play in {}", folder.display());
        }
        Ok(players)
    }

    /// Ends them.
    pub(super) fn stop(self) {
        drop(self);
    }
}

impl Drop for Players {
    fn drop(&mut self) {
        for player in &mut self.0 {
            // One that has come to its end by itself needs no end.
            if player.kill().is_err() || player.wait().is_err() {
                print::aside("a player did not end");
            }
        }
    }
}
