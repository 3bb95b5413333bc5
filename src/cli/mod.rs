//! The command line: one file per command, each with its arguments and `run`.
//!
//! A command answers with its exit code: 0 done, 1 tried and not done, 2 wrongly asked (clap's own), 69 where a sound
//! device is missing. An error that reaches [`main`] is printed with its causes and ends with 1, or with 78 where the
//! settings are what is wrong.
//!
//! To add a command: a file with `Arguments` and `run`, a variant of [`Command`], an arm in [`main`].

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{ConfigErrors, EXIT_CONFIG};

mod bench_turns;
pub mod briefings;
mod doctor;
mod host_file;
mod log;
mod models;
mod own_studio;
mod panics;
mod print;
mod profile;
mod recover;
mod rehearse;
mod replay;
mod replay_audio;
mod serve;
mod signal;
mod simulate;
#[cfg(feature = "talk")]
mod talk;
mod verify;

pub use panics::log_panics;

/// A live voice studio: you, Claude and a guest, recorded track by track.
#[derive(Debug, Parser)]
#[command(name = "studio", version)]
struct Line {
    #[command(subcommand)]
    command: Option<Command>,
}

/// Everything `studio` can be asked to do.
#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the studio at http://HOST:PORT (the default)
    Serve,
    /// Hold a whole session with a WAV file as the host, and print what came of it as JSON
    Rehearse(rehearse::Arguments),
    /// Hold a session at this terminal, with this machine's own microphone and loudspeaker
    #[cfg(feature = "talk")]
    Talk(talk::Arguments),
    /// Replay a session from its log and compare, ask what if, or draw it
    Replay(replay::Arguments),
    /// Hold random meetings on virtual time and check every rule after every step
    Simulate(simulate::Arguments),
    /// Measure turn-taking on labelled recordings: cut-offs, interruptions, delays
    BenchTurns(bench_turns::Arguments),
    /// Show or forget what the studio has learned of a host
    #[command(subcommand)]
    Profile(profile::Command),
    /// Repair a recording that was left unfinished
    Recover(recover::Arguments),
    /// Compare the files of a finished recording with its session.yml, byte for byte
    Verify(verify::Arguments),
    /// List and check briefings
    #[command(subcommand)]
    Briefings(briefings::Command),
    /// List, fetch and check the local models
    Models(models::Arguments),
    /// Check every configured provider: key, model, first result and its latency
    Doctor(doctor::Arguments),
}

/// Reads the command line and does what it says.
#[must_use]
pub fn main() -> ExitCode {
    let outcome = match Line::parse().command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(),
        Command::Rehearse(arguments) => rehearse::run(&arguments),
        #[cfg(feature = "talk")]
        Command::Talk(arguments) => talk::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Simulate(arguments) => simulate::run(&arguments),
        Command::BenchTurns(arguments) => bench_turns::run(&arguments),
        Command::Profile(command) => profile::run(&command),
        Command::Recover(arguments) => recover::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Briefings(command) => briefings::run(&command),
        Command::Models(arguments) => models::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
    };
    outcome.unwrap_or_else(|error| {
        print::error(&error);
        if error.is::<ConfigErrors>() { ExitCode::from(EXIT_CONFIG) } else { ExitCode::FAILURE }
    })
}
