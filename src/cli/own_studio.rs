//! A studio of a command's own: on a port of the system's choice, for this machine alone.

use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;

use super::print;
use crate::app::{self, Running, states_of};
use crate::config::Config;
use crate::conversation::briefing::Briefing;
use crate::factory::Adapters;
use crate::house::StudioHouse;
use crate::recording::EpisodeSetup;
use crate::session::cast::Cast;
use crate::session::house::{House, RecordRequest, StartError};

/// Longest wait for models to load: a slow disk reads them in seconds.
const LOAD_LIMIT: Duration = Duration::from_secs(60);

/// Makes settings those of a studio that only its own process can find.
pub(super) fn keep_to_itself(config: &mut Config) {
    config.host = std::net::Ipv4Addr::LOCALHOST.into();
    config.port = 0;
    config.access_token = None;
}

/// Starts it once its models are there. With a briefing every session runs on that one.
///
/// # Errors
/// If the models do not load, or the studio cannot start.
pub(super) async fn start(config: &Config, briefing: Option<Briefing>) -> anyhow::Result<Running> {
    let adapters = Arc::new(Adapters::from_config(config));
    wait_for_models(&adapters).await?;
    let house = StudioHouse::new(config, Arc::clone(&adapters));
    let house: Arc<dyn House> = match briefing {
        Some(briefing) => Arc::new(OneBriefing { house, briefing }),
        None => Arc::new(house),
    };
    Ok(app::start_with(config, house, states_of(&adapters))?)
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

    fn episode(&self, request: &RecordRequest<'_>) -> Result<EpisodeSetup, StartError> {
        self.house.episode(request)
    }
}
