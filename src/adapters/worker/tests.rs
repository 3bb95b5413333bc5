//! What a worker does about jobs that panic and jobs that stand still.

use std::sync::mpsc as plain;

use tokio::sync::{mpsc, oneshot};

use super::*;

/// How long the dividers of these tests may take: long beside a division, short beside a test.
const PATIENCE: Duration = Duration::from_millis(500);

/// A number to divide a hundred by. It panics when that is nought, and waits where it is told to.
struct Division {
    by: u32,
    waits: Option<plain::Receiver<()>>,
    answer: Reply<u32>,
}

impl Job for Division {
    fn line(&self) -> Line {
        self.answer.line()
    }
}

fn divider() -> (mpsc::Sender<Division>, WorkerState) {
    let (jobs, mut waiting) = mpsc::channel::<Division>(4);
    let state = spawn(
        "divider",
        PATIENCE,
        || Ok(100_u32),
        move || waiting.blocking_recv(),
        |hundred, job: Division| {
            if let Some(waits) = job.waits {
                // An error means that it is let go, which is what it waits for.
                waits.recv().unwrap_or_default();
            }
            assert!(job.by != 0, "a planted panic");
            job.answer.give(*hundred / job.by);
            Ok(())
        },
    );
    (jobs, state)
}

async fn divide(jobs: &mpsc::Sender<Division>, by: u32) -> Option<u32> {
    let (answer, answered) = Reply::channel();
    jobs.send(Division { by, waits: None, answer }).await.unwrap();
    answered.await.ok()
}

/// A division that stands still until the lever is dropped.
async fn stand_still(jobs: &mpsc::Sender<Division>) -> (plain::Sender<()>, oneshot::Receiver<u32>) {
    let (lever, held) = plain::channel();
    let (answer, answered) = Reply::channel();
    jobs.send(Division { by: 1, waits: Some(held), answer }).await.unwrap();
    (lever, answered)
}

async fn becomes(state: &WorkerState, wanted: impl Fn(&Availability) -> bool) {
    state.availability.clone().wait_for(wanted).await.unwrap();
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
async fn a_job_that_stands_still_is_lost_and_those_behind_it_are_done() {
    let (jobs, state) = divider();
    let (lever, answered) = stand_still(&jobs).await;
    // It waits behind the other one, and is not asked for again.
    let (lost, behind) = tokio::join!(answered, divide(&jobs, 4));
    assert!(lost.is_err(), "whoever waits learns of it");
    assert_eq!(behind, Some(25));
    drop(lever);
    assert_eq!(divide(&jobs, 5).await, Some(20));
    assert_eq!(state.availability(), Availability::Ready);
}

#[tokio::test]
async fn two_threads_that_stand_still_bring_it_down_and_the_first_that_comes_back_serves_again() {
    let (jobs, state) = divider();
    let mut levers = Vec::new();
    for _ in 0..STUCK_MAX {
        let (lever, answered) = stand_still(&jobs).await;
        assert!(answered.await.is_err());
        levers.push(lever);
    }
    becomes(&state, |now| matches!(now, Availability::Unavailable(_))).await;
    assert!(
        matches!(state.availability(), Availability::Unavailable(reason) if reason.contains("stand still"))
    );
    assert_eq!(divide(&jobs, 4).await, None, "nobody waits for one that is down");
    levers.pop();
    becomes(&state, |now| *now == Availability::Ready).await;
    assert_eq!(divide(&jobs, 4).await, Some(25));
}

#[tokio::test]
async fn a_worker_whose_tools_are_missing_is_unavailable_with_the_reason() {
    let state = spawn(
        "lost",
        PATIENCE,
        || Err::<(), _>("no such file".to_owned()),
        || None::<Division>,
        |(), _| Ok(()),
    );
    let error = state.ready().await.unwrap_err();
    assert_eq!(error.to_string(), "lost is unavailable: no such file");
}
