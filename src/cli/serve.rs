//! `studio serve`: the studio, until it is told to stop.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;

use super::print;
use super::signal::StopSignals;
use crate::app::{self, Running};
use crate::config::Config;
use crate::factory::Adapters;

/// Starts the studio and serves until a signal comes.
///
/// # Errors
/// If the settings, the port or the recordings folder cannot be used.
pub(super) fn run() -> anyhow::Result<ExitCode> {
    let config = Config::load()?;
    super::log::start(config.log_level);
    super::panics::log_panics();
    let system = actix::System::new();
    let served = system.block_on(serve(&config));
    // Its end would wait for threads that stand still on a disk or in a native call, perhaps for ever. Whatever had to be
    // waited for was waited for; the process's end takes the rest along.
    std::mem::forget(system);
    served
}

async fn serve(config: &Config) -> anyhow::Result<ExitCode> {
    // Before anything is said: whoever reads that the studio listens may stop it at once.
    let mut signals = StopSignals::listen().context("listen to signals")?;
    let adapters = Arc::new(Adapters::from_config(config));
    let running = app::start(config, &adapters)?;
    print::line(&config.block().to_string())?;
    for sentence in config.warnings.iter().chain(&adapters.warnings()) {
        print::aside(&format!("warning: {sentence}"));
    }
    let address = running.address;
    print::line(&format!(
        "Listening on http://{address}\nWebSocket at ws://{address}/ws\nHealth at http://{address}/health"
    ))?;
    signals.next().await;
    let is_in_a_hurry = wait_for_sessions(config, &running, &mut signals).await;
    print::aside("Stopping: sessions end with whole recordings.");
    let stopped = stop(running, &mut signals, is_in_a_hurry).await;
    print::aside(&match stopped {
        Some(0) => "Stopped.".to_owned(),
        Some(1) => "Stopped; 1 session ended in order.".to_owned(),
        Some(count) => format!("Stopped; {count} sessions ended in order."),
        None => "Stopped at once; unfinished recordings are repaired at the next start.".to_owned(),
    });
    Ok(ExitCode::SUCCESS)
}

/// Lets the sessions on air come to their own end for as long as is configured. Tells whether a second signal cut it short.
async fn wait_for_sessions(config: &Config, running: &Running, signals: &mut StopSignals) -> bool {
    if config.drain.is_zero() {
        return false;
    }
    print::aside(&format!(
        "Draining: no new sessions; those on air have {} s. A second signal ends them at once.",
        config.drain.as_secs()
    ));
    tokio::select! {
        () = running.drain(config.drain) => false,
        () = signals.next() => true,
    }
}

/// Ends all in order. A second signal does not wait for last words; a third does not wait for files.
async fn stop(running: Running, signals: &mut StopSignals, is_in_a_hurry: bool) -> Option<usize> {
    let directory = running.directory.clone();
    let mut stopping = std::pin::pin!(running.stop());
    if !is_in_a_hurry {
        tokio::select! {
            ended = &mut stopping => return Some(ended),
            () = signals.next() => {}
        }
    }
    print::aside("Ending at once: nobody's last words are waited for.");
    tokio::select! {
        // `stop` counts what it ends and returns when all is over; the order to hurry only shortens the wait.
        ((), ended) = async { tokio::join!(Running::hurry(directory), stopping) } => Some(ended),
        () = signals.next() => None,
    }
}
