//! Where the answer of a job goes.
//!
//! The worker's watch can take it back from a thread that stands still: whoever waits then learns that the job is lost,
//! as it does when the thread panics and drops the job.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

/// The thread's side of one question. Dropping it tells whoever waits that there will be no answer.
pub(in crate::adapters) struct Reply<T>(Arc<Mutex<Option<oneshot::Sender<T>>>>);

impl<T: Send + 'static> Reply<T> {
    /// Both sides of a question.
    pub(in crate::adapters) fn channel() -> (Self, oneshot::Receiver<T>) {
        let (sender, answered) = oneshot::channel();
        (Self(Arc::new(Mutex::new(Some(sender)))), answered)
    }

    /// Whether anybody still waits.
    pub(in crate::adapters) fn is_wanted(&self) -> bool {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sender.as_ref().is_some_and(|sender| !sender.is_closed())
    }

    /// Answers. Whoever does not wait any more misses nothing.
    pub(in crate::adapters) fn give(self, answer: T) {
        if let Some(sender) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            drop(sender.send(answer));
        }
    }

    /// The line to whoever waits, for the watch to cut.
    pub(in crate::adapters) fn line(&self) -> Line {
        Line(Arc::clone(&self.0) as Arc<dyn Cut>)
    }
}

impl<T> fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reply")
    }
}

/// The line of a job that is being worked on.
pub(in crate::adapters) struct Line(Arc<dyn Cut>);

impl Line {
    /// There will be no answer.
    pub(super) fn cut(self) {
        self.0.cut();
    }
}

trait Cut: Send + Sync {
    fn cut(&self);
}

impl<T: Send> Cut for Mutex<Option<oneshot::Sender<T>>> {
    fn cut(&self) {
        drop(self.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}
