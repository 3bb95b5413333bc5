//! What all sessions together know of one product: its breaker and its counters.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::breaker::{Breaker, BreakerState, REFUSED_WAIT, TRIAL_MAX};
use crate::adapters::{AdapterError, BoxFuture, ChangeOutcome};

/// How long a product that is away is probed after somebody last wanted it: a studio that nobody uses asks nobody.
const PROBED_WHILE_WANTED: Duration = Duration::from_secs(600);

/// How a product is asked whether it is well.
pub(super) type Probe =
    Arc<dyn Fn() -> BoxFuture<'static, Result<Duration, AdapterError>> + Send + Sync>;

/// One product's state, shared by every session that uses it.
pub struct Health {
    adapter: &'static str,
    model: String,
    breaker: Mutex<Breaker>,
    wanted: Mutex<Option<Instant>>,
    last_cause: Mutex<Option<String>>,
    /// Until then a refusal is taken for one of a single request: a probe is under way, or has just found the product
    /// well.
    doubted_until: Mutex<Option<Instant>>,
    probe: Probe,
    attempts: AtomicU64,
    successes: AtomicU64,
    failures: AtomicU64,
    opened: AtomicU64,
    probes: AtomicU64,
    retries: AtomicU64,
    fallbacks: AtomicU64,
}

/// A product's state as `/health` shows it; the counters only rise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HealthState {
    /// The product.
    pub adapter: &'static str,
    /// Its model; empty where there is no choice.
    pub model: String,
    /// Whether it is asked.
    pub breaker: BreakerState,
    /// Until a trial is due, in ms, while it is not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_in_ms: Option<u64>,
    /// Failures in a row.
    pub failures_in_row: u32,
    /// Streams begun.
    pub attempts: u64,
    /// Streams that gave a result.
    pub successes: u64,
    /// Streams that failed, before or after a result.
    pub failures: u64,
    /// How often its breaker opened.
    pub opened: u64,
    /// Probes sent.
    pub probes: u64,
    /// Times it was asked again after a failure.
    pub retries: u64,
    /// Times the next product was asked after its failure.
    pub fallbacks: u64,
    /// Why it failed last, without spoken words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_cause: Option<String>,
}

impl std::fmt::Debug for Health {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Health")
            .field("adapter", &self.adapter)
            .field("model", &self.model)
            .field("breaker", &self.breaker)
            .finish_non_exhaustive()
    }
}

impl Health {
    /// Of a product that nobody has asked yet.
    pub(super) fn new(adapter: &'static str, model: &str, probe: Probe) -> Arc<Self> {
        Arc::new(Self {
            adapter,
            model: model.to_owned(),
            breaker: Mutex::default(),
            wanted: Mutex::default(),
            last_cause: Mutex::default(),
            doubted_until: Mutex::default(),
            probe,
            attempts: AtomicU64::new(0),
            successes: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            opened: AtomicU64::new(0),
            probes: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            fallbacks: AtomicU64::new(0),
        })
    }

    /// Whether the product may be asked.
    #[must_use]
    pub fn may_serve(&self) -> bool {
        self.breaker().state() == BreakerState::Closed
    }

    /// A stream begins.
    pub(super) fn began(&self) {
        *lock(&self.wanted) = Some(Instant::now());
        self.attempts.fetch_add(1, Ordering::Relaxed);
    }

    /// It gave a result.
    pub(super) fn succeeded(&self) {
        self.successes.fetch_add(1, Ordering::Relaxed);
        if self.breaker().succeeded() {
            tracing::info!(adapter = self.adapter, model = self.model, "a service is back");
        }
    }

    /// It failed. `is_bare` says that it gave no result before, which is what the breaker counts.
    pub(super) fn failed(self: &Arc<Self>, error: &AdapterError, is_bare: bool) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        *lock(&self.last_cause) = Some(error.to_string());
        if is_bare {
            let is_doubtful = matches!(error, AdapterError::Refused { .. }) && self.may_serve();
            if !(is_doubtful && self.ask_whom_it_concerns()) {
                self.note_failure(error);
            }
        }
    }

    /// A refusal may concern one request or everybody who asks: a probe tells which before the product is kept from all
    /// other sessions. Says whether one is under way.
    fn ask_whom_it_concerns(self: &Arc<Self>) -> bool {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return false };
        let now = Instant::now();
        {
            let mut doubted_until = lock(&self.doubted_until);
            if doubted_until.is_some_and(|until| now < until) {
                return true;
            }
            // A probe of which nothing is heard is forgotten like any trial.
            *doubted_until = Some(now + TRIAL_MAX);
        }
        let health = Arc::clone(self);
        runtime.spawn(async move {
            health.probes.fetch_add(1, Ordering::Relaxed);
            let answer = (health.probe)().await;
            let well_until = answer.is_ok().then(|| Instant::now() + REFUSED_WAIT);
            *lock(&health.doubted_until) = well_until;
            if let Err(error) = answer {
                *lock(&health.last_cause) = Some(error.to_string());
                health.note_failure(&error);
            }
        });
        true
    }

    /// A chain does this about it next.
    pub(super) fn told(&self, outcome: ChangeOutcome) {
        match outcome {
            ChangeOutcome::Retrying => self.retries.fetch_add(1, Ordering::Relaxed),
            ChangeOutcome::Switching => self.fallbacks.fetch_add(1, Ordering::Relaxed),
            ChangeOutcome::Waiting
            | ChangeOutcome::Serving
            | ChangeOutcome::Returned
            | ChangeOutcome::Holding => return,
        };
    }

    fn note_failure(self: &Arc<Self>, error: &AdapterError) {
        let (is_refusal, asked) = match error {
            AdapterError::Refused { .. } => (true, None),
            AdapterError::Unavailable { retry_after, .. } => (false, *retry_after),
            AdapterError::TimedOut { .. } | AdapterError::Malformed { .. } => (false, None),
            // Whoever cancels says nothing about the product.
            AdapterError::Cancelled { .. } => return,
        };
        let has_opened = self.breaker().failed(Instant::now(), is_refusal, asked);
        if has_opened {
            self.opened.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(
                adapter = self.adapter, model = self.model, cause = %error,
                "a service is not asked any more until a probe finds it well"
            );
            self.probe_until_well();
        }
    }

    /// Asks now and then, in the background, while anybody may want the product.
    fn probe_until_well(self: &Arc<Self>) {
        let health = Arc::clone(self);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            while let Some(wait) = health.wait_for_trial() {
                sleep(wait.max(Duration::from_millis(10))).await;
                if !health.breaker().begin_trial(Instant::now()) {
                    continue;
                }
                health.probes.fetch_add(1, Ordering::Relaxed);
                match (health.probe)().await {
                    Ok(_latency) => health.succeeded(),
                    Err(error) => {
                        *lock(&health.last_cause) = Some(error.to_string());
                        health.note_failure(&error);
                    }
                }
            }
        });
    }

    /// How long until the next probe; `None` if none is needed. A product that nobody wanted for long is let be: its
    /// breaker closes, and whoever wants it next finds out.
    fn wait_for_trial(&self) -> Option<Duration> {
        let now = Instant::now();
        let wait = self.breaker().due_in(now)?;
        let wanted = *lock(&self.wanted);
        let is_wanted = wanted.is_some_and(|at| now.duration_since(at) < PROBED_WHILE_WANTED);
        if !is_wanted {
            self.breaker().succeeded();
            return None;
        }
        Some(wait)
    }

    /// Its state at this moment.
    #[must_use]
    pub fn state(&self) -> HealthState {
        let breaker = self.breaker();
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        HealthState {
            adapter: self.adapter,
            model: self.model.clone(),
            breaker: breaker.state(),
            retry_in_ms: breaker
                .due_in(Instant::now())
                .map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
            failures_in_row: breaker.failures(),
            attempts: count(&self.attempts),
            successes: count(&self.successes),
            failures: count(&self.failures),
            opened: count(&self.opened),
            probes: count(&self.probes),
            retries: count(&self.retries),
            fallbacks: count(&self.fallbacks),
            last_cause: lock(&self.last_cause).clone(),
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        lock(&self.breaker)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
