//! Sockets to ElevenLabs that were opened ahead: the first turn with a voice does not wait for TCP, TLS and a handshake.
//!
//! An idle socket costs nothing and counts against no limit. The service hangs up after [`super::elevenlabs::INACTIVITY_S`]
//! of silence, so a spare is thrown away before.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::adapters::net::Socket;

/// Voices with a spare at a time: two for each of two shows.
const SPARES_MAX: usize = 4;

/// Less than the 180 s after which the service hangs up.
const KEPT: Duration = Duration::from_secs(150);

/// One spare a path, which names voice, model and language.
#[derive(Debug, Default)]
pub(super) struct Spares(Mutex<BTreeMap<String, (Instant, Socket)>>);

impl Spares {
    /// Whether a spare for `path` would be of use.
    pub(super) async fn lacks(&self, path: &str) -> bool {
        let mut spares = self.0.lock().await;
        spares.retain(|_, (opened, _)| opened.elapsed() < KEPT);
        spares.len() < SPARES_MAX && !spares.contains_key(path)
    }

    pub(super) async fn put(&self, path: String, socket: Socket) {
        self.0.lock().await.insert(path, (Instant::now(), socket));
    }

    /// The spare for `path`, unless it is too old or the service has hung up on it.
    pub(super) async fn take(&self, path: &str) -> Option<Socket> {
        let (opened, mut socket) = self.0.lock().await.remove(path)?;
        // A service that was told nothing says nothing but good-bye.
        let is_open = socket.next().now_or_never().is_none();
        (opened.elapsed() < KEPT && is_open).then_some(socket)
    }
}
