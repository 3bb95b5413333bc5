//! `studio models list|pull|verify`: the local models, seen from the terminal.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::print;
use crate::config::Config;
use crate::models::pull::{self, Options, Progress, Pulled};
use crate::models::{Catalogue, Model, ModelError, ModelState, Set, Store};

/// What to do with the models.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
    /// The models folder; `STUDIO_MODELS_DIR` unless given
    #[arg(long, global = true, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show every model with its use, licence, size and state
    List(Chosen),
    /// Fetch what is missing or damaged; without names the offline set
    Pull(Chosen),
    /// Check every byte against the catalogue; without names the offline set
    Verify(Chosen),
}

#[derive(Debug, Args)]
struct Chosen {
    /// Names as `studio models list` shows them
    names: Vec<String>,
    /// A whole set; may be given more than once
    #[arg(long = "set", value_enum, value_name = "SET")]
    sets: Vec<Set>,
}

/// Does what the command line asks for.
///
/// # Errors
/// A [`ModelError`] with its code, settings that cannot be read, or standard output gone.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    // Where the folder is named, broken settings do not keep the models from coming.
    let dir = match &arguments.dir {
        Some(dir) => dir.clone(),
        None => Config::load()?.models_dir,
    };
    let store = Store::new(&dir);
    let catalogue = Catalogue::embedded().map_err(coded)?;
    match &arguments.action {
        Action::List(chosen) => list(&chosen.of(&catalogue, &[])?, &store),
        Action::Verify(chosen) => verify(&chosen.of(&catalogue, &[Set::Offline])?, &store),
        Action::Pull(chosen) => pull(&catalogue, &chosen.of(&catalogue, &[Set::Offline])?, &store),
    }
}

impl Chosen {
    /// The models asked for, or those of `otherwise` when nothing was asked for.
    fn of<'c>(
        &self,
        catalogue: &'c Catalogue,
        otherwise: &[Set],
    ) -> anyhow::Result<Vec<&'c Model>> {
        let asked = !self.names.is_empty() || !self.sets.is_empty();
        catalogue.select(&self.names, if asked { &self.sets } else { otherwise }).map_err(coded)
    }
}

fn list(models: &[&Model], store: &Store) -> anyhow::Result<ExitCode> {
    print::line(&format!(
        "{:<18} {:<16} {:>10}  {:<46} {}",
        "name", "state", "size", "use", "licence"
    ))?;
    for model in models {
        let size =
            if model.system.is_some() { "system".to_owned() } else { human(model.bytes_here()) };
        let state = store.state(model).word();
        print::line(&format!(
            "{:<18} {state:<16} {size:>10}  {:<46} {}",
            model.name, model.purpose, model.licence
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn verify(models: &[&Model], store: &Store) -> anyhow::Result<ExitCode> {
    let mut all_ready = true;
    for model in models {
        let state = store.verify(model);
        all_ready &= state.is_ready();
        print::line(&state_line(model, &state))?;
    }
    Ok(if all_ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn pull(catalogue: &Catalogue, models: &[&Model], store: &Store) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    let mut progress = Terminal::new();
    let options = Options::default();
    let work = pull::pull(catalogue, models, store, &options, &mut progress);
    let pulled = runtime.block_on(work).map_err(coded)?;
    print::line(&summary(&pulled, &progress.since_start))?;

    // What the system's package manager brings cannot be pulled; say so here, where people look.
    let mut all_ready = true;
    for model in models {
        let state = store.state(model);
        if !state.is_ready() {
            all_ready = false;
            print::line(&state_line(model, &state))?;
        }
    }
    Ok(if all_ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn summary(pulled: &Pulled, since_start: &ProgressBar) -> String {
    let Pulled { fetched, kept } = pulled;
    let seconds = since_start.elapsed().as_secs_f32();
    let count = fetched.len();
    let files = if count == 1 { "file" } else { "files" };
    format!("{count} {files} fetched and checked, {kept} right already, {seconds:.1} s")
}

fn state_line(model: &Model, state: &ModelState) -> String {
    let advice = state.advice().map(|advice| format!("  {advice}")).unwrap_or_default();
    format!("{:<18} {}{advice}", model.name, state.word())
}

fn human(bytes: u64) -> String {
    HumanBytes(bytes).to_string()
}

/// An error with its stable code in front.
fn coded(error: ModelError) -> anyhow::Error {
    let code = error.code();
    anyhow::Error::new(error).context(code)
}

/// Where there is no terminal to draw a bar on, a line this often says that a download goes on.
const LINE_EVERY_S: u64 = 5;

/// Progress for people: a bar on a terminal, lines elsewhere, and a line at the end of each download everywhere.
struct Terminal {
    bar: ProgressBar,
    /// When the last line about the bar's download was printed, in seconds since its beginning.
    last_line_s: u64,
    /// Never drawn: it knows how long ago the pull began.
    since_start: ProgressBar,
    what: String,
}

impl Terminal {
    fn new() -> Self {
        let hidden = ProgressBar::hidden;
        Self { bar: hidden(), last_line_s: 0, since_start: hidden(), what: String::new() }
    }
}

impl Progress for Terminal {
    fn begin(&mut self, what: &str, bytes: Option<u64>) {
        what.clone_into(&mut self.what);
        self.last_line_s = 0;
        self.bar = ProgressBar::with_draw_target(bytes, ProgressDrawTarget::stderr());
        // The template is fixed; a wrong one would only cost the bar its looks.
        if let Ok(style) =
            ProgressStyle::with_template("  {msg}  {bar:24} {bytes}/{total_bytes} {bytes_per_sec}")
        {
            self.bar.set_style(style);
        }
        self.bar.set_message(what.to_owned());
    }

    fn at(&mut self, bytes: u64) {
        self.bar.set_position(bytes);
        let seconds = self.bar.elapsed().as_secs();
        if self.bar.is_hidden() && seconds >= self.last_line_s + LINE_EVERY_S {
            self.last_line_s = seconds;
            let whole = self.bar.length().map(human).unwrap_or_default();
            print::aside(&format!("  {}  {} of {whole}, {seconds} s", self.what, human(bytes)));
        }
    }

    fn end(&mut self, outcome: Result<(), &str>) {
        let seconds = self.bar.elapsed().as_secs_f32();
        let bytes = self.bar.length().map(human).unwrap_or_default();
        self.bar.finish_and_clear();
        match outcome {
            Ok(()) => print::aside(&format!("  {}  {bytes}, {seconds:.1} s", self.what)),
            Err(why) => {
                print::aside(&format!("  {}  not had after {seconds:.1} s: {why}", self.what));
            }
        }
    }

    fn note(&mut self, sentence: &str) {
        print::aside(&format!("  {sentence}"));
    }
}
