//! `studio serve`: the studio, until it is told to stop.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;

use super::print;
use crate::app;
use crate::config::Config;
use crate::factory::Adapters;

/// Starts the studio and serves until a signal comes.
///
/// # Errors
/// If the settings, the port or the recordings folder cannot be used.
pub(super) fn run() -> anyhow::Result<ExitCode> {
    let config = Config::load()?;
    super::log::start(config.log_level);
    actix::System::new().block_on(serve(&config))
}

async fn serve(config: &Config) -> anyhow::Result<ExitCode> {
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
    super::signal::stop_signal().await.context("wait for a signal")?;
    print::aside("Stopping: sessions end with whole recordings.");
    let stopped = tokio::select! {
        ended = running.stop() => Some(ended),
        second = super::signal::stop_signal() => { second.context("wait for a signal")?; None }
    };
    print::aside(&match stopped {
        Some(0) => "Stopped.".to_owned(),
        Some(1) => "Stopped; 1 session ended in order.".to_owned(),
        Some(count) => format!("Stopped; {count} sessions ended in order."),
        None => "Stopped at once; unfinished recordings are repaired at the next start.".to_owned(),
    });
    Ok(ExitCode::SUCCESS)
}
