//! `studio rehearse`: a whole session through the real WebSocket, with a WAV file as the host, in real time.
//!
//! Starts a studio on a port of its own, speaks the file into it, hears the AIs as a page would, ends when the host's
//! lines are answered, and prints one line of JSON: files, transcript, latencies, late and dropped frames.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;

use super::{host_file, own_studio, print};
use crate::briefings;
use crate::client::rehearsal::{HostFile, Script, rehearse};
use crate::config::Config;
use crate::conversation::briefing::Briefing;

/// What a rehearsal needs.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The host's voice: a WAV file, 16-bit
    #[arg(long, value_name = "FILE.wav")]
    host: PathBuf,
    /// The briefing: a file, or the name of one of the studio's
    #[arg(long, value_name = "FILE.md|NAME")]
    briefing: PathBuf,
    /// Name of the recording; the briefing's unless given
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    episode: String,
    /// Let the AIs talk on by themselves
    #[arg(long)]
    autopilot: bool,
}

/// Holds the rehearsal.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut config = Config::load()?;
    super::log::start(config.log_level);
    super::panics::log_panics();
    own_studio::keep_to_itself(&mut config);
    let host = host_file::read(&arguments.host)
        .with_context(|| format!("read {}", arguments.host.display()))?;
    let briefing = briefings::load_named(&config.briefings_dir, &arguments.briefing)?.briefing;
    actix::System::new().block_on(hold(&config, arguments, host, briefing))
}

async fn hold(
    config: &Config,
    arguments: &Arguments,
    host: HostFile,
    briefing: Briefing,
) -> anyhow::Result<ExitCode> {
    let running = own_studio::start(config, Some(briefing)).await?;
    let script = Script {
        episode_id: arguments.episode.clone(),
        autopilot: arguments.autopilot,
        ..Script::default()
    };
    let summary = rehearse(running.address, host, &script).await;
    running.stop().await;
    let mut summary = summary?;
    summary.dir = Some(config.recording_dir.join(&summary.episode_id).display().to_string());
    print::line(&serde_json::to_string(&summary)?)?;
    Ok(ExitCode::SUCCESS)
}
