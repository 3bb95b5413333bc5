//! Threads that carry the offline models, so that no arbiter ever computes.
//!
//! A worker is one plain thread that loads its tools (a session, a pair of sessions), then takes jobs one at a time.
//! A job that panics is dropped, so whoever waits for its answer learns of it; the tools are loaded afresh, because
//! nobody knows what the panic left behind.
//!
//! Invariants: a worker never brings down the process; after [`RELOADS_MAX`] panics it stays down and says why; it
//! ends when its source of jobs says there will be no more.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::sync::watch;

use super::{AdapterError, Availability};

/// Panics a worker survives. The models fail by results; a thread that panics again and again has a defect no reload
/// cures, and each reload costs half a second of a core.
pub(super) const RELOADS_MAX: u32 = 8;

/// How long `open` waits for models still being loaded: the slowest pair takes 0.7 s on an idle core, several times
/// that on a busy one.
pub(super) const LOADING_MAX: Duration = Duration::from_secs(10);

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

    /// The error of a stream whose job was lost with the worker's panic.
    pub(super) fn job_lost(&self) -> AdapterError {
        unavailable(self.adapter, "its worker broke off and is being restarted".to_owned())
    }
}

/// An error that another try or another product may cure.
pub(super) const fn unavailable(adapter: &'static str, reason: String) -> AdapterError {
    AdapterError::Unavailable { adapter, reason, retry_after: None }
}

/// Starts a worker: `load` gives it its tools, `next_job` blocks until there is work (or `None`: the end), `work` does
/// it. All three run on the worker's own thread.
pub(super) fn spawn<Tools, Job>(
    adapter: &'static str,
    mut load: impl FnMut() -> Result<Tools, String> + Send + 'static,
    mut next_job: impl FnMut() -> Option<Job> + Send + 'static,
    mut work: impl FnMut(&mut Tools, Job) -> Result<(), String> + Send + 'static,
) -> WorkerState {
    let (status, availability) = watch::channel(Availability::Loading);
    let thread_status = status.clone();
    let body = move || {
        let mut tools = load_guarded(&mut load, &thread_status);
        let mut reloads = 0;
        while let Some(job) = next_job() {
            let Some(ready) = tools.as_mut() else { continue };
            let problem = match catch_unwind(AssertUnwindSafe(|| work(ready, job))) {
                Ok(Ok(())) => continue,
                Ok(Err(reason)) => {
                    tracing::warn!(adapter, reason, "a job failed");
                    continue;
                }
                Err(_panic) => "a job panicked",
            };
            reloads += 1;
            tracing::error!(adapter, reloads, "{problem}; its models are loaded afresh");
            if reloads > RELOADS_MAX {
                tools = None;
                thread_status
                    .send_replace(Availability::Unavailable(format!("broke off {reloads} times")));
            } else {
                thread_status.send_replace(Availability::Loading);
                tools = load_guarded(&mut load, &thread_status);
            }
        }
    };
    if let Err(error) = std::thread::Builder::new().name(adapter.to_owned()).spawn(body) {
        status.send_replace(Availability::Unavailable(format!("start its worker thread: {error}")));
    }
    WorkerState { adapter, availability }
}

fn load_guarded<Tools>(
    load: &mut impl FnMut() -> Result<Tools, String>,
    status: &watch::Sender<Availability>,
) -> Option<Tools> {
    let loaded = catch_unwind(AssertUnwindSafe(load))
        .unwrap_or_else(|_panic| Err("loading broke off".to_owned()));
    match loaded {
        Ok(tools) => {
            status.send_replace(Availability::Ready);
            Some(tools)
        }
        Err(reason) => {
            status.send_replace(Availability::Unavailable(reason));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::{mpsc, oneshot};

    use super::*;

    /// A job that panics when it is asked to divide by nought.
    type Job = (u32, oneshot::Sender<u32>);

    fn divider() -> (mpsc::Sender<Job>, WorkerState) {
        let (jobs, mut waiting) = mpsc::channel::<Job>(4);
        let state = spawn(
            "divider",
            || Ok(100_u32),
            move || waiting.blocking_recv(),
            |hundred, (by, answer)| {
                assert!(by != 0, "a planted panic");
                answer.send(*hundred / by).map_err(|_gone| "nobody waits".to_owned())
            },
        );
        (jobs, state)
    }

    async fn divide(jobs: &mpsc::Sender<Job>, by: u32) -> Option<u32> {
        let (answer, answered) = oneshot::channel();
        jobs.send((by, answer)).await.unwrap();
        answered.await.ok()
    }

    #[tokio::test]
    async fn a_panicking_job_is_answered_by_silence_and_the_next_one_by_a_fresh_worker() {
        let (jobs, state) = divider();
        state.ready().await.unwrap();
        assert_eq!(divide(&jobs, 4).await, Some(25));
        assert_eq!(divide(&jobs, 0).await, None);
        assert_eq!(divide(&jobs, 5).await, Some(20));
        assert_eq!(state.availability(), Availability::Ready);
    }

    #[tokio::test]
    async fn a_worker_that_panics_for_ever_stays_down_and_says_so() {
        let (jobs, state) = divider();
        for _ in 0..=RELOADS_MAX {
            assert_eq!(divide(&jobs, 0).await, None);
        }
        assert_eq!(divide(&jobs, 1).await, None);
        assert!(
            matches!(state.availability(), Availability::Unavailable(reason) if reason.contains("broke off"))
        );
        assert!(matches!(state.ready().await, Err(AdapterError::Unavailable { .. })));
    }

    #[tokio::test]
    async fn a_worker_whose_tools_are_missing_is_unavailable_with_the_reason() {
        let state = spawn(
            "lost",
            || Err::<(), _>("no such file".to_owned()),
            || None::<()>,
            |(), ()| Ok(()),
        );
        let error = state.ready().await.unwrap_err();
        assert_eq!(error.to_string(), "lost is unavailable: no such file");
    }
}
