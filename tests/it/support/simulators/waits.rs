//! How a service keeps its visitors waiting, for a visitor who must know that it does so on purpose.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until}; // of a service, whose time may be paused

/// The waits in a service's plain answers. One visitor at a time may follow them.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    waited_ms: AtomicU64,
    was_late: Notify,
    fell_silent: Notify,
    hung_up: Notify,
}

impl Waits {
    /// How long it has waited so far in order to be late.
    pub(crate) fn so_far(&self) -> Duration {
        Duration::from_millis(self.waited_ms.load(Ordering::Relaxed))
    }

    /// Until somebody is being kept waiting.
    pub(crate) async fn lateness(&self) {
        self.was_late.notified().await;
    }

    /// Until an answer has fallen silent: nothing comes after what was sent.
    pub(crate) async fn silence(&self) {
        self.fell_silent.notified().await;
    }

    /// The connection of the answer that is silent closes, behind all that was sent.
    pub(crate) fn hang_up(&self) {
        self.hung_up.notify_one();
    }

    pub(super) async fn be_late(&self, by: Duration) {
        self.waited_ms.fetch_add(u64::try_from(by.as_millis()).expect("a wait"), Ordering::Relaxed);
        self.was_late.notify_one();
        sleep_until(Instant::now() + by).await;
    }

    pub(super) async fn be_silent(&self, until_the_visitor_leaves: impl Future<Output = ()>) {
        self.fell_silent.notify_one();
        tokio::select! {
            () = until_the_visitor_leaves => {}
            () = self.hung_up.notified() => {}
        }
    }
}
