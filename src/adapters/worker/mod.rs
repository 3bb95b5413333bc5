//! Threads that carry the offline models, so that no arbiter ever computes.
//!
//! A worker is one plain thread that loads its tools (a session, a pair of sessions), then takes jobs one at a time.
//! A job that panics is dropped, so whoever waits for its answer learns of it; the tools are loaded afresh, because
//! nobody knows what the panic left behind.
//!
//! A native call that does not come back cannot be ended. A second thread looks: a job that takes longer than its
//! product ever does is given up, whoever waits learns that it is lost, and a fresh thread with fresh tools takes the
//! place. The thread that was given up counts as blocked until it comes back.
//!
//! Invariants: a worker never brings down the process; after [`RELOADS_MAX`] panics, and while [`STUCK_MAX`] of its
//! threads stand still, it is down and says why; whoever asks a worker that is down is told at once; it ends when its
//! source of jobs says there will be no more.

mod reply;
#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

pub(super) use reply::{Line, Reply};

use super::{AdapterError, Availability};
use crate::blocked::{Blocked, Kind};
use crate::faults;

/// Panics a worker survives. The models fail by results; a thread that panics again and again has a defect no reload
/// cures, and each reload costs half a second of a core.
pub(super) const RELOADS_MAX: u32 = 8;

/// Threads of one worker that may stand still at a time: each keeps its tools, up to 116 MB, and perhaps a core.
pub(super) const STUCK_MAX: usize = 2;

/// How long `open` waits for models still being loaded: the slowest pair takes 0.7 s on an idle core, several times
/// that on a busy one.
pub(super) const LOADING_MAX: Duration = Duration::from_secs(10);

/// How often the watch looks whether the job at hand is still the same.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Work for a worker.
pub(super) trait Job: Send + 'static {
    /// The line to whoever waits for it.
    fn line(&self) -> Line;
}

/// The state of one worker, as others see it. Cloning it is cheap.
#[derive(Clone, Debug)]
pub(super) struct WorkerState {
    adapter: &'static str,
    availability: watch::Receiver<Availability>,
}

impl WorkerState {
    /// Whether the worker can serve now.
    pub(super) fn availability(&self) -> Availability {
        self.availability.borrow().clone()
    }

    /// Waits until the worker has loaded its tools.
    ///
    /// # Errors
    ///
    /// [`AdapterError::Unavailable`] if it could not, [`AdapterError::TimedOut`] after [`LOADING_MAX`].
    pub(super) async fn ready(&self) -> Result<(), AdapterError> {
        let mut availability = self.availability.clone();
        let settled = availability.wait_for(|now| *now != Availability::Loading);
        let answer = match tokio::time::timeout(LOADING_MAX, settled).await {
            Ok(Ok(now)) => now.clone(),
            Ok(Err(_gone)) => Availability::Unavailable("its worker thread has ended".to_owned()),
            Err(_elapsed) => {
                return Err(AdapterError::TimedOut {
                    adapter: self.adapter,
                    stage: "loading its models",
                    waited: LOADING_MAX,
                });
            }
        };
        match answer {
            Availability::Ready | Availability::Loading => Ok(()),
            Availability::Unavailable(reason) => Err(unavailable(self.adapter, reason)),
        }
    }

    /// The error of a stream whose job was lost with the worker's panic, or because it stood still.
    pub(super) fn job_lost(&self) -> AdapterError {
        unavailable(self.adapter, "its worker broke off and is being restarted".to_owned())
    }
}

/// An error that another try or another product may cure.
pub(super) const fn unavailable(adapter: &'static str, reason: String) -> AdapterError {
    AdapterError::Unavailable { adapter, reason, retry_after: None }
}

/// Starts a worker: `load` gives it its tools, `next_job` blocks until there is work (or `None`: the end), `work` does
/// it. All three run on the worker's own thread. `patience` is how long a job may take before its thread is given up:
/// several times what the slowest takes on a busy machine.
pub(super) fn spawn<Tools: Send + 'static, J: Job>(
    adapter: &'static str,
    patience: Duration,
    load: impl FnMut() -> Result<Tools, String> + Send + 'static,
    next_job: impl FnMut() -> Option<J> + Send + 'static,
    work: impl Fn(&mut Tools, J) -> Result<(), String> + Send + Sync + 'static,
) -> WorkerState {
    let (status, availability) = watch::channel(Availability::Loading);
    let worker = Arc::new(Worker {
        adapter,
        patience,
        status,
        load: Mutex::new(Box::new(load)),
        next_job: Mutex::new(Box::new(next_job)),
        work: Box::new(work),
        place: Mutex::new(Place::default()),
        over: Condvar::new(),
    });
    worker.start_thread(0, Begin::Loading);
    let watcher = Arc::clone(&worker);
    let name = format!("{adapter}-watch");
    if let Err(error) = std::thread::Builder::new().name(name).spawn(move || watcher.watch()) {
        // It works without; only a job that stands still is not found out.
        tracing::warn!(adapter, %error, "start the thread that watches a worker");
    }
    WorkerState { adapter, availability }
}

type Load<Tools> = Box<dyn FnMut() -> Result<Tools, String> + Send>;
type NextJob<J> = Box<dyn FnMut() -> Option<J> + Send>;
type Work<Tools, J> = Box<dyn Fn(&mut Tools, J) -> Result<(), String> + Send + Sync>;

struct Worker<Tools, J> {
    adapter: &'static str,
    patience: Duration,
    status: watch::Sender<Availability>,
    load: Mutex<Load<Tools>>,
    next_job: Mutex<NextJob<J>>,
    work: Work<Tools, J>,
    place: Mutex<Place<Tools>>,
    over: Condvar,
}

/// The one place at which jobs are done, and who had it before.
struct Place<Tools> {
    /// The number of the thread that serves; those with lower ones were given up.
    thread: u32,
    running: Option<Running>,
    /// How many stretches of work have begun.
    begun: u64,
    /// Panics so far.
    reloads: u32,
    /// Whether the thread that serves has no tools: it turns everybody away.
    is_bare: bool,
    /// Threads that were given up and did not come back yet.
    stuck: Vec<Blocked>,
    /// Tools of one that came back, for a thread without.
    spare: Option<Tools>,
    is_over: bool,
}

impl<Tools> Default for Place<Tools> {
    fn default() -> Self {
        Self {
            thread: 0,
            running: None,
            begun: 0,
            reloads: 0,
            is_bare: false,
            stuck: Vec::new(),
            spare: None,
            is_over: false,
        }
    }
}

/// What the thread is at.
struct Running {
    number: u64,
    patience: Duration,
    /// Who waits; nobody while tools are being loaded.
    line: Option<Line>,
}

/// How a thread begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begin {
    Loading,
    /// Only to turn away whoever asks.
    Bare,
}

/// The thread was given up while it stood still: another has its place.
struct GivenUp;

impl<Tools: Send + 'static, J: Job> Worker<Tools, J> {
    fn place(&self) -> MutexGuard<'_, Place<Tools>> {
        // A panic under the lock leaves plain numbers behind: still true.
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start_thread(self: &Arc<Self>, thread: u32, begin: Begin) {
        let worker = Arc::clone(self);
        let body = move || {
            if worker.serve(thread, begin).is_ok() {
                worker.place().is_over = true;
                worker.over.notify_all();
            }
        };
        if let Err(error) = std::thread::Builder::new().name(self.adapter.to_owned()).spawn(body) {
            self.is_down(format!("start its worker thread: {error}"));
        }
    }

    /// Does jobs until there will be no more.
    fn serve(&self, thread: u32, begin: Begin) -> Result<(), GivenUp> {
        let mut tools = if begin == Begin::Loading { self.load(thread)? } else { None };
        loop {
            let job = (self.next_job.lock().unwrap_or_else(PoisonError::into_inner))();
            let Some(job) = job else { return Ok(()) };
            if tools.is_none() {
                tools = self.place().spare.take();
            }
            let Some(ready) = tools.as_mut() else { continue };
            self.begin(self.patience, Some(job.line()));
            let done = catch_unwind(AssertUnwindSafe(|| {
                faults::point("worker", self.adapter);
                (self.work)(ready, job)
            }));
            if !self.end(thread) {
                self.come_back(if done.is_ok() { tools } else { None });
                return Err(GivenUp);
            }
            match done {
                Ok(Ok(())) => {}
                Ok(Err(reason)) => {
                    tracing::warn!(adapter = self.adapter, reason, "a job failed");
                }
                Err(_panic) => tools = self.after_panic(thread)?,
            }
        }
    }

    fn after_panic(&self, thread: u32) -> Result<Option<Tools>, GivenUp> {
        let reloads = {
            let mut place = self.place();
            place.reloads += 1;
            place.reloads
        };
        tracing::error!(
            adapter = self.adapter,
            reloads,
            "a job panicked; its models are loaded afresh"
        );
        if reloads > RELOADS_MAX {
            self.is_down(format!("broke off {reloads} times"));
            return Ok(None);
        }
        self.status.send_replace(Availability::Loading);
        self.load(thread)
    }

    fn load(&self, thread: u32) -> Result<Option<Tools>, GivenUp> {
        self.begin(LOADING_MAX, None);
        let loaded = catch_unwind(AssertUnwindSafe(|| {
            (self.load.lock().unwrap_or_else(PoisonError::into_inner))()
        }))
        .unwrap_or_else(|_panic| Err("loading broke off".to_owned()));
        if !self.end(thread) {
            self.come_back(loaded.ok());
            return Err(GivenUp);
        }
        match loaded {
            Ok(tools) => {
                self.place().is_bare = false;
                self.status.send_replace(Availability::Ready);
                Ok(Some(tools))
            }
            Err(reason) => {
                self.is_down(reason);
                Ok(None)
            }
        }
    }

    /// No tools: whoever asks is turned away.
    fn is_down(&self, reason: String) {
        self.place().is_bare = true;
        self.status.send_replace(Availability::Unavailable(reason));
    }

    fn begin(&self, patience: Duration, line: Option<Line>) {
        let mut place = self.place();
        place.begun += 1;
        place.running = Some(Running { number: place.begun, patience, line });
    }

    /// Whether the thread still has the place.
    fn end(&self, thread: u32) -> bool {
        let mut place = self.place();
        let is_here = place.thread == thread;
        if is_here {
            place.running = None;
        }
        is_here
    }

    /// A thread that was given up has come back. Its tools serve if nobody else has any.
    fn come_back(&self, tools: Option<Tools>) {
        let mut place = self.place();
        drop(place.stuck.pop());
        let is_needed = place.is_bare && place.reloads <= RELOADS_MAX;
        let unneeded = match tools {
            Some(tools) if is_needed => {
                place.is_bare = false;
                place.spare.replace(tools)
            }
            other => other,
        };
        let serves = !place.is_bare && place.spare.is_some();
        drop(place);
        // Networks take a moment to let go of; nobody waits for the lock meanwhile.
        drop(unneeded);
        if serves {
            self.status.send_replace(Availability::Ready);
        }
        tracing::info!(adapter = self.adapter, "a thread that stood still has come back");
    }

    // ── The watch ────────────────────────────────────────────────────────────────────────────────────────

    /// Looks until the worker ends.
    fn watch(self: Arc<Self>) {
        let (mut seen, mut stood) = (0, Duration::ZERO);
        let mut place = self.place();
        loop {
            let waited = self.over.wait_timeout_while(place, LOOK_EVERY, |place| !place.is_over);
            place = waited.unwrap_or_else(PoisonError::into_inner).0;
            if place.is_over {
                return;
            }
            let Some((number, patience)) =
                place.running.as_ref().map(|running| (running.number, running.patience))
            else {
                continue;
            };
            stood = if number == seen { stood + LOOK_EVERY } else { Duration::ZERO };
            seen = number;
            if stood >= patience
                && let Some(running) = place.running.take()
            {
                let next = place.give_up(running.line.is_none());
                let (thread, stuck) = (place.thread, place.stuck.len());
                drop(place);
                self.replace(running, thread, next, stuck);
                place = self.place();
            }
        }
    }

    fn replace(self: &Arc<Self>, given_up: Running, thread: u32, begin: Begin, stuck: usize) {
        tracing::error!(
            adapter = self.adapter,
            stuck,
            "a thread stands still in a native call and is given up"
        );
        self.status.send_replace(match begin {
            Begin::Loading => Availability::Loading,
            Begin::Bare => Availability::Unavailable(format!("{stuck} of its threads stand still")),
        });
        if let Some(line) = given_up.line {
            line.cut();
        }
        self.start_thread(thread, begin);
    }
}

impl<Tools> Place<Tools> {
    /// The thread that serves is given up; how the next one begins. What could not be loaded once is not loaded again.
    fn give_up(&mut self, was_loading: bool) -> Begin {
        self.stuck.push(Blocked::count(Kind::Model));
        self.thread += 1;
        self.is_bare = was_loading || self.stuck.len() >= STUCK_MAX;
        if self.is_bare { Begin::Bare } else { Begin::Loading }
    }
}
