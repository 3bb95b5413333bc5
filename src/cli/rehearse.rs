//! `studio rehearse`: a whole session through the real WebSocket, with a WAV file as the host, in real time.
//!
//! Starts a studio on a port of its own, speaks the file into it, hears the AIs as a page would, ends when the host's
//! lines are answered, and prints one line of JSON: files, transcript, latencies, late and dropped frames.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};

use super::{host_file, print};
use crate::app::{self, states_of};
use crate::briefings;
use crate::client::rehearsal::{HostFile, Script, rehearse};
use crate::config::Config;
use crate::conversation::briefing::Briefing;
use crate::factory::Adapters;
use crate::house::StudioHouse;
use crate::session::cast::Cast;
use crate::session::house::{House, RecordRequest, StartError};

/// Longest wait for models to load: a slow disk reads them in seconds.
const LOAD_LIMIT: Duration = Duration::from_secs(60);

/// What a rehearsal needs.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The host's voice: a WAV file, 16-bit
    #[arg(long, value_name = "FILE.wav")]
    host: PathBuf,
    /// The briefing
    #[arg(long, value_name = "FILE.md")]
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
    config.host = std::net::Ipv4Addr::LOCALHOST.into();
    config.port = 0;
    config.access_token = None;
    let host = host_file::read(&arguments.host)
        .with_context(|| format!("read {}", arguments.host.display()))?;
    let briefing = briefings::load_path(&arguments.briefing)?.briefing;
    actix::System::new().block_on(hold(&config, arguments, host, briefing))
}

async fn hold(
    config: &Config,
    arguments: &Arguments,
    host: HostFile,
    briefing: Briefing,
) -> anyhow::Result<ExitCode> {
    let adapters = Arc::new(Adapters::from_config(config));
    wait_for_models(&adapters).await?;
    let house = OneBriefing { house: StudioHouse::new(config, Arc::clone(&adapters)), briefing };
    let running = app::start_with(config, Arc::new(house), states_of(&adapters))?;
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

async fn wait_for_models(adapters: &Adapters) -> anyhow::Result<()> {
    if tokio::time::timeout(LOAD_LIMIT, adapters.settle()).await.is_err() {
        bail!("the models did not load within {} s", LOAD_LIMIT.as_secs());
    }
    for warning in adapters.warnings() {
        print::aside(&format!("warning: {warning}"));
    }
    Ok(())
}

/// A house whose every session runs on one briefing.
#[derive(Debug)]
struct OneBriefing {
    house: StudioHouse,
    briefing: Briefing,
}

impl House for OneBriefing {
    fn briefing(&self, _name: &str) -> Result<Briefing, StartError> {
        Ok(self.briefing.clone())
    }

    fn cast(&self, briefing: &Briefing) -> Result<Cast, StartError> {
        self.house.cast(briefing)
    }

    fn episode(
        &self,
        request: &RecordRequest<'_>,
    ) -> Result<crate::recording::EpisodeSetup, StartError> {
        self.house.episode(request)
    }
}
