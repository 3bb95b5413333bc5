//! `studio serve`: the studio, until it is told to stop.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;

use super::print;
use crate::app;
use crate::config::{Config, EXIT_CONFIG};

/// Starts the studio and serves until a signal comes.
///
/// # Errors
/// If the port or the recordings folder cannot be used.
pub fn run() -> anyhow::Result<ExitCode> {
    let config = match Config::load() {
        Ok(config) => Arc::new(config),
        Err(errors) => {
            print::complaint(&errors.to_string());
            return Ok(ExitCode::from(EXIT_CONFIG));
        }
    };
    super::log::start(config.log_level);
    actix::System::new().block_on(serve(&config))
}

async fn serve(config: &Config) -> anyhow::Result<ExitCode> {
    let running = app::start(config)?;
    print::line(&config.block().to_string());
    for warning in &config.warnings {
        print::line(&format!("warning: {warning}"));
    }
    print::line(&format!("\nListening on http://{}", running.address));
    print::line(&format!("WebSocket at ws://{}/ws", running.address));
    print::line(&format!("Health at http://{}/health", running.address));
    running.report_adapters(|sentence| print::line(&sentence));
    super::signal::stop_signal().await.context("wait for a signal")?;
    print::line("Stopping: sessions end with whole recordings.");
    let stopped = tokio::select! {
        ended = running.stop() => Some(ended),
        second = super::signal::stop_signal() => { second.context("wait for a signal")?; None }
    };
    match stopped {
        Some(count) => print::line(&format!("Stopped; {count} sessions ended in order.")),
        None => print::line("Stopped at once; unfinished recordings are repaired at the next start."),
    }
    Ok(ExitCode::SUCCESS)
}
