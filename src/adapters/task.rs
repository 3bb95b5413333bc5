//! A task that ends with whoever started it.

use std::future::Future;

use tokio::task::{JoinError, JoinHandle};

/// A running task. Dropping it stops the work.
#[derive(Debug)]
pub(super) struct Running<T>(JoinHandle<T>);

impl<T: Send + 'static> Running<T> {
    /// Starts `work` on the runtime.
    pub(super) fn spawn(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self(tokio::spawn(work))
    }

    /// What came of it.
    ///
    /// # Errors
    /// If it panicked.
    pub(super) async fn outcome(mut self) -> Result<T, JoinError> {
        (&mut self.0).await
    }
}

impl<T> Drop for Running<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
