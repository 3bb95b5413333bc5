//! The gap between two AI speakers on autopilot, with the real offline voices, as the recording has it.
//!
//! Holds rehearsals of the `studio` binary in real time and decodes the tracks they leave with ffmpeg. A gap is what
//! nobody says between the last loud 5 ms of one speaker and the first of the next. Minutes; arguments: how many
//! rehearsals, and a briefing.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};

const REHEARSALS: usize = 3;
/// The chosen gap and how far from it one may be.
const CHOSEN_MS: u64 = 250;
const WITHIN_MS: u64 = 40;
/// Sound above this is speech: 30 dB below the voices' peaks, and well above what Opus leaves of silence.
const LOUD: u16 = 400;
/// 5 ms at 48 kHz.
const WINDOW_SAMPLES: usize = 240;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let rehearsals = arguments.first().map_or(Ok(REHEARSALS), |count| count.parse())?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let briefing =
        arguments.get(1).map_or_else(|| root.join("briefings/example.md"), PathBuf::from);
    let dir = tempfile::tempdir()?;
    let mut gaps = Vec::new();
    for number in 0..rehearsals {
        let episode = format!("gaps-{number}");
        let done = Command::new(env!("CARGO_BIN_EXE_studio"))
            .args(["rehearse", "--autopilot", "--episode", &episode, "--host"])
            .arg(root.join("tests/audio/question.wav"))
            .arg("--briefing")
            .arg(&briefing)
            .env("RECORDING_DIR", dir.path())
            .env("STUDIO_MODELS_DIR", root.join("models"))
            .output()
            .context("start the studio")?;
        ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let of_show = gaps_of(&dir.path().join(&episode))?;
        say(&format!("rehearsal {number}: {of_show:?} ms"));
        gaps.extend(of_show);
    }
    if gaps.is_empty() {
        bail!("no AI followed the other");
    }
    gaps.sort_unstable();
    draw(&gaps);
    let at = |per_cent: usize| gaps[(gaps.len() - 1) * per_cent / 100];
    let met = gaps.iter().filter(|gap| gap.abs_diff(CHOSEN_MS) <= WITHIN_MS).count();
    say(&format!(
        "gap between AI speakers: {met} of {} within {CHOSEN_MS} ± {WITHIN_MS} ms; least {}, p50 {}, p95 {}, most {} ms",
        gaps.len(),
        gaps[0],
        at(50),
        at(95),
        at(100)
    ));
    Ok(())
}

/// The gaps of one recording, in ms.
fn gaps_of(folder: &Path) -> anyhow::Result<Vec<u64>> {
    let track = |name: &str| loud_windows(&folder.join(name));
    let (host, claude, guest) = (track("you.webm")?, track("claude.webm")?, track("guest.webm")?);
    let (mut gaps, mut last) = (Vec::new(), None);
    for (at, (host, sounds)) in (0_u64..).zip(host.into_iter().zip(claude.into_iter().zip(guest))) {
        let who = match sounds {
            (true, false) => 0,
            (false, true) => 1,
            (true, true) => bail!("both sound at {} ms", at * 5),
            (false, false) => {
                // Who speaks after the host answers: that is no gap between two AIs.
                if host {
                    last = None;
                }
                continue;
            }
        };
        if let Some((before, until)) = last
            && before != who
        {
            gaps.push((at - until - 1) * 5);
        }
        last = Some((who, at));
    }
    Ok(gaps)
}

/// For each 5 ms of a track whether somebody speaks in it.
fn loud_windows(track: &Path) -> anyhow::Result<Vec<bool>> {
    let done = Command::new("ffmpeg")
        .args(["-loglevel", "error", "-i"])
        .arg(track)
        .args(["-f", "s16le", "-ac", "1", "-ar", "48000", "-"])
        .output()
        .context("start ffmpeg")?;
    ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let samples: Vec<u16> = done
        .stdout
        .chunks_exact(2)
        .map(|two| i16::from_le_bytes([two[0], two[1]]).unsigned_abs())
        .collect();
    Ok(samples
        .chunks(WINDOW_SAMPLES)
        .map(|window| window.iter().any(|sample| *sample > LOUD))
        .collect())
}

fn draw(gaps: &[u64]) {
    for from in (gaps[0] / 10 * 10..=gaps[gaps.len() - 1]).step_by(10) {
        let count = gaps.iter().filter(|gap| (from..from + 10).contains(*gap)).count();
        say(&format!("{from:>5} ms │{}", "█".repeat(count)));
    }
}

#[expect(clippy::print_stdout, reason = "a bench prints its figure")]
fn say(text: &str) {
    println!("{text}");
}
