//! Who keeps what a session has learned of its host.

use std::sync::Arc;

use super::house::House;
use crate::conversation::HostProfile;

/// A host without a name of his own is nobody in particular.
const NAMELESS: &str = "Host";

/// Keeps one host's profile.
#[derive(Clone, Debug)]
pub struct ProfileKeeper {
    house: Arc<dyn House>,
    host: String,
}

impl ProfileKeeper {
    /// The keeper of `host`; none for one whom nobody has named.
    #[must_use]
    pub fn of(house: &Arc<dyn House>, host: &str) -> Option<Self> {
        let is_named = !host.trim().is_empty() && host.trim() != NAMELESS;
        is_named.then(|| Self { house: Arc::clone(house), host: host.to_owned() })
    }

    /// What is known. Reads a file.
    #[must_use]
    pub fn read(&self) -> HostProfile {
        self.house.profile(&self.host)
    }

    /// Keeps it, on the pool for blocking work: a session does not wait for it.
    pub(super) fn keep(self, profile: HostProfile) {
        drop(tokio::task::spawn_blocking(move || {
            if let Err(error) = self.house.keep_profile(&self.host, profile) {
                tracing::warn!(%error, "what was learned of the host is not kept");
            }
        }));
    }
}
