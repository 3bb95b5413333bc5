//! `studio bench-turns`: labelled recordings through the real ears into the rules, and what came of it.
//!
//! Prints a table; with `--out` writes it together with JSON and a picture. Nothing is played and no clock is waited for.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};

use super::{host_file, print};
use crate::config::Config;
use crate::conversation::briefing::Briefing;
use crate::conversation::rules::PRESETS;
use crate::factory::Adapters;
use crate::time::Span;
use crate::turnbench::bench::{self, Candidate, OFFSETS_MAX, Recording, Way};
use crate::turnbench::{Clip, Costs, Ears, Kind, Label, picture, read_labels, report};

/// Longest wait for models to load: a slow disk reads them in seconds.
const LOAD_LIMIT: Duration = Duration::from_secs(60);
/// The table beside the recordings.
const LABELS_FILE: &str = "labels.tsv";
const _: () = assert!(OFFSETS_MAX == 10, "what --offsets takes");
/// Silences of the plain timers, in ms.
const TIMERS: [u64; 3] = [500, 700, 1000];

/// What is to be measured.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The folder of the recordings: WAV files, 16-bit
    dir: PathBuf,
    /// The table of labels; labels.tsv in the folder unless given
    #[arg(long, value_name = "FILE.tsv")]
    labels: Option<PathBuf>,
    /// One more candidate: the studio with this rule changed; several together make one
    #[arg(long, value_name = "RULE=VALUE")]
    set: Vec<String>,
    /// One more candidate: a timer of so much silence, in ms; 500, 700 and 1000 unless given
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(50..=10_000))]
    timer: Vec<u64>,
    /// At how many places of an AI's speech each sound comes
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=10))]
    offsets: u8,
    /// Write report.md, report.json and report.svg into this folder
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// Measures.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = Config::load()?;
    let table = arguments.labels.clone().unwrap_or_else(|| arguments.dir.join(LABELS_FILE));
    let text =
        std::fs::read_to_string(&table).with_context(|| format!("read {}", table.display()))?;
    let labels = read_labels(&text)
        .map_err(|error| anyhow::anyhow!("{}: labels_invalid: {error}", table.display()))?;
    let recordings = recordings(&arguments.dir, &labels)?;
    let candidates = candidates(arguments)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let figures = runtime.block_on(async {
        let ears = ears(&config).await?;
        let offsets = usize::from(arguments.offsets);
        let told = |place: usize, recording: &Recording| {
            let (number, all, name) = (place + 1, recordings.len(), &recording.clip.name);
            print::aside(&format!("{number} of {all}: {name}, {}", recording.kind));
        };
        Ok::<_, anyhow::Error>(bench::run(&ears, &recordings, &candidates, offsets, told).await?)
    })?;
    let counts: Vec<String> = Kind::ALL
        .into_iter()
        .map(|kind| {
            let count = recordings.iter().filter(|recording| recording.kind == kind).count();
            format!("{count} {kind}")
        })
        .collect();
    let what = format!(
        "{} labelled stretches ({}); over an AI at {} places each; lines with ends: 95 % intervals",
        recordings.len(),
        counts.join(", "),
        arguments.offsets
    );
    let markdown = format!("{what}\n\n{}", report::table(&figures));
    print::line(markdown.trim_end())?;
    if let Some(folder) = &arguments.out {
        let json = report::json(&figures, recordings.len(), usize::from(arguments.offsets));
        write(
            folder,
            &markdown,
            &serde_json::to_string_pretty(&json)?,
            &picture::svg(&figures, &what),
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

fn write(folder: &Path, markdown: &str, json: &str, svg: &str) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    for (name, text) in [("report.md", markdown), ("report.json", json), ("report.svg", svg)] {
        let path = folder.join(name);
        std::fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
    }
    print::aside(&format!(
        "written: report.md, report.json and report.svg in {}",
        folder.display()
    ));
    Ok(())
}

async fn ears(config: &Config) -> anyhow::Result<Ears> {
    let adapters = Adapters::from_config(config);
    if tokio::time::timeout(LOAD_LIMIT, adapters.settle()).await.is_err() {
        bail!("the models did not load within {} s", LOAD_LIMIT.as_secs());
    }
    for warning in adapters.warnings() {
        print::aside(&format!("warning: {warning}"));
    }
    let ears = adapters.cast(&show(&[])?).map_err(anyhow::Error::msg)?.ears;
    Ok(Ears {
        voice_activity: ears.voice_activity,
        speech_to_text: Some(ears.speech_to_text),
        end_of_turn: ears.end_of_turn,
        interim_words: true,
        costs: Costs::default(),
    })
}

/// A show of which only the rules matter.
fn show(settings: &[String]) -> anyhow::Result<Briefing> {
    with(Briefing::parse("---\ntitle: Bench\n---\n")?, settings)
}

fn with(mut briefing: Briefing, settings: &[String]) -> anyhow::Result<Briefing> {
    for setting in settings {
        let Some((key, value)) = setting.split_once('=') else {
            bail!("{setting:?} sets no rule; expected rule=value");
        };
        briefing = briefing.with_rule(key.trim(), value.trim()).context(setting.clone())?;
    }
    Ok(briefing)
}

/// The studio as it is, under `--set`, under its presets; then the timers.
fn candidates(arguments: &Arguments) -> anyhow::Result<Vec<Candidate>> {
    let rules = |name: String, briefing| Candidate { name, way: Way::Rules(Arc::new(briefing)) };
    let mut candidates = vec![rules("studio".into(), show(&[])?)];
    if !arguments.set.is_empty() {
        candidates
            .push(rules(format!("studio, {}", arguments.set.join(", ")), show(&arguments.set)?));
    }
    for preset in PRESETS {
        let text = format!("---\ntitle: Bench\nrules:\n  preset: {preset}\n---\n");
        candidates.push(rules(format!("studio, {preset}"), Briefing::parse(&text)?));
    }
    let timers = if arguments.timer.is_empty() { &TIMERS } else { &arguments.timer[..] };
    candidates.extend(timers.iter().map(|millis| Candidate {
        name: format!("timer, {millis} ms"),
        way: Way::Timer(Span::from_millis(*millis)),
    }));
    Ok(candidates)
}

fn recordings(dir: &Path, labels: &[Label]) -> anyhow::Result<Vec<Recording>> {
    let mut recordings = Vec::new();
    for label in labels {
        let path = dir.join(&label.file);
        let sound =
            host_file::read_at_16k(&path).with_context(|| format!("read {}", path.display()))?;
        let name = label.file.trim_end_matches(".wav").to_owned();
        let Some(clip) = clip(name, sound, label) else {
            bail!("{}: nothing is heard where {} is labelled", path.display(), label.kind);
        };
        recordings.push(Recording { kind: label.kind, clip });
    }
    if recordings.is_empty() {
        bail!("the table labels no recording");
    }
    Ok(recordings)
}

/// The labelled part alone: what others say around it is no part of the case.
fn clip(name: String, sound: Vec<i16>, label: &Label) -> Option<Clip> {
    let Some((from, until)) = label.part else {
        return if label.kind == Kind::Noise {
            let speech = 0..sound.len();
            Some(Clip { name, samples: sound, speech })
        } else {
            Clip::labelled_by_level(name, sound)
        };
    };
    let place = |millis: u64| usize::try_from(millis * 16).unwrap_or(usize::MAX).min(sound.len());
    let samples = sound[place(from)..place(until)].to_vec();
    let speech = 0..samples.len();
    let name = format!("{name} from {}.{:03}", from / 1000, from % 1000);
    (!samples.is_empty()).then_some(Clip { name, samples, speech })
}
