//! Watched children and how often each may be replaced.
//!
//! actix lets a panicking handler kill its actor alone: nothing restarts it and nobody is told. So every child
//! carries a [`Watch`], whose drop is the notice, and the Session replaces it within [`RESTARTS_MAX`].

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix::Recipient;

use super::mailbox::deliver_to;
use super::messages::{Child, ChildStopped};
use crate::faults;
use crate::time::{SessionTime, Span};

/// Replacements of one child within [`RESTART_WINDOW`]: more means that the next will die too.
pub const RESTARTS_MAX: usize = 3;
/// The time in which replacements are counted.
pub const RESTART_WINDOW: Span = Span::from_millis(60_000);

/// How long the first replacement of a stream waits, so that a service which stumbles has a moment; each further one
/// waits four times as long: 0.25 s, 1 s, 4 s.
pub const BACKOFF_FIRST: Duration = Duration::from_millis(250);

static PANICS: AtomicU64 = AtomicU64::new(0);

/// Notes a panic anywhere in the process; for its hook.
pub fn count_panic() {
    PANICS.fetch_add(1, Ordering::Relaxed);
}

/// Panics since the process began, each of which cost a part of it and no more.
#[must_use]
pub fn panics() -> u64 {
    PANICS.load(Ordering::Relaxed)
}

/// Does a piece of work of an actor that nobody can replace.
///
/// # Errors
/// A sentence, if it panicked: the actor goes on.
pub(super) fn unbroken<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_panic| "it panicked".to_owned())
}

/// Carried by a child; tells the Session when the child is no more, however it ended.
#[derive(Debug)]
pub struct Watch {
    session: Recipient<ChildStopped>,
    notice: ChildStopped,
    /// Whose child it is, by the recording's folder.
    episode: Arc<str>,
}

impl Watch {
    /// A watch on the `generation`th actor in this place.
    #[must_use]
    pub const fn new(
        session: Recipient<ChildStopped>,
        child: Child,
        generation: u32,
        episode: Arc<str>,
    ) -> Self {
        Self { session, notice: ChildStopped { child, generation }, episode }
    }

    /// Whose child it is, by the recording's folder.
    pub(super) fn episode(&self) -> Arc<str> {
        Arc::clone(&self.episode)
    }

    /// A place where a test may let this child go wrong.
    pub(super) fn fault_point(&self, name: &'static str) {
        faults::point(name, &self.episode);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // A child that outlives its Session has nobody to tell, and that is in order.
        if self.session.connected() {
            deliver_to(&self.session, self.notice);
        }
    }
}

/// One place at the table and the replacements it has seen.
#[derive(Debug, Default)]
pub struct Place {
    generation: u32,
    replaced: VecDeque<SessionTime>,
}

impl Place {
    /// The number of whoever sits here.
    #[must_use]
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    /// Somebody sat down; the number they carry in their [`Watch`].
    pub const fn occupy(&mut self) -> u32 {
        self.generation += 1;
        self.generation
    }

    /// Whether another may be seated after one was lost at `now`.
    pub fn may_replace(&mut self, now: SessionTime) -> bool {
        while self.replaced.front().is_some_and(|earlier| now.since(*earlier) > RESTART_WINDOW) {
            self.replaced.pop_front();
        }
        let allowed = self.replaced.len() < RESTARTS_MAX;
        if allowed {
            self.replaced.push_back(now);
        }
        allowed
    }

    /// How long the replacement that was just granted waits.
    #[must_use]
    pub fn backoff(&self) -> Duration {
        let earlier = u32::try_from(self.replaced.len().saturating_sub(1)).unwrap_or(0);
        BACKOFF_FIRST * 4_u32.saturating_pow(earlier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_replaced_three_times_a_minute_and_then_left_alone() {
        let mut place = Place::default();
        let at = |seconds: u64| SessionTime::from_millis(seconds * 1000);
        let granted: Vec<bool> = (0..5).map(|second| place.may_replace(at(second))).collect();
        assert_eq!(granted, [true, true, true, false, false]);
        assert_eq!(place.backoff(), Duration::from_secs(4));
        assert!(place.may_replace(at(62)));
        assert_eq!(place.backoff(), Duration::from_secs(1), "one of the last minute still counts");
    }
}
