//! Pool threads that stand still on a dead disk, when sessions are opened and when they are closed: no more than so many
//! at a time, each counted in `/health` until it comes back. Sessions on air and their neighbours do not notice.
//!
//! In a process of its own, for the counts are the process's.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::time::{Instant, interval};
use voice_studio::blocked::{Kind, standing};
use voice_studio::faults::{Fault, Lever, arm, fired};
use voice_studio::transport::protocol::{ClientMessage, Hello};

use super::faults::{beside_neighbours, is_whole, stand_ins};
use super::{in_a_process_of_its_own, setting};
use crate::support::comes;
use crate::support::studio::{Guest, Opening, Studio};

/// How many openings, and how many closings, may stand still: what `session/directory.rs` says.
const STUCK_MAX: usize = 16;
/// What is refused because too many stand still is refused at once, and not when they are given up.
const AT_ONCE: Duration = Duration::from_secs(5);

#[test]
fn pool_threads_that_stand_still_on_a_disk_are_counted_and_capped_and_others_are_on_time() {
    in_a_process_of_its_own(module_path!(), "the_threads_themselves", &[("STUDIO_BLOCKED", 1)]);
}

fn hello(episode: &str) -> Hello {
    Hello { episode_id: episode.to_owned(), ..Hello::default() }
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let mut look = interval(Duration::from_millis(5));
    comes(what, async {
        while !holds() {
            look.tick().await;
        }
    })
    .await;
}

/// What `/health` tells of threads that stand still.
async fn shown(studio: &Studio, kind: &str) -> u64 {
    let health = studio.get("/health").await.json();
    health["blockedThreads"][kind].as_u64().expect("a number")
}

async fn is_refused_at_once(studio: &Studio, episode: &str) {
    let asked = Instant::now();
    assert_eq!(studio.join(hello(episode)).await.error().await, "disk_stalled");
    assert!(asked.elapsed() < AT_ONCE, "refused after {:?}", asked.elapsed());
}

/// Arms a place for each of as many sessions as may stand still.
fn arm_all(place: &'static str, episodes: &[String]) -> Vec<Lever> {
    episodes.iter().map(|episode| arm(place, episode, Fault::Stall)).collect()
}

fn episodes(name: &str) -> Vec<String> {
    (1..=STUCK_MAX).map(|number| format!("{name}-{number}")).collect()
}

async fn join_each(studio: &Studio, episodes: &[String]) -> Vec<Guest> {
    join_all(episodes.iter().map(|episode| studio.join(hello(episode)))).await
}

async fn openings(studio: &Studio) {
    let mut on_air = studio.join(hello("on-air")).await;
    let token = on_air.resume_token().await;
    let stuck = episodes("opening");
    let levers = arm_all("open", &stuck);
    let mut waiting = join_each(studio, &stuck).await;
    until("all of them to stand still", || stuck.iter().all(|it| fired("open", it))).await;
    is_refused_at_once(studio, "one-more").await;
    assert_eq!(shown(studio, "openings").await, 0, "nobody was given up yet");
    let told = join_all(waiting.iter_mut().map(Guest::error)).await;
    assert_eq!(told, vec!["disk_stalled"; STUCK_MAX]);
    assert_eq!(shown(studio, "openings").await, STUCK_MAX as u64);
    is_refused_at_once(studio, "one-more").await;
    // Whoever is on air needs no thread, also when it comes back.
    drop(on_air);
    let mut on_air =
        studio.join(Hello { resume_token: Some(token), last_seq: Some(0), ..hello("") }).await;
    on_air.is_well().await;
    drop(levers);
    until("the threads to come back", || standing(Kind::Opening) == 0).await;
    let mut next = studio.join(hello("next")).await;
    next.snapshot().await;
    assert_eq!(next.end().await, "next");
    assert_eq!(on_air.end().await, "on-air");
}

async fn writers(studio: &Studio) {
    let stuck = episodes("closing");
    let mut guests = join_each(studio, &stuck).await;
    join_all(guests.iter_mut().map(Guest::snapshot)).await;
    let levers = arm_all("writer", &stuck);
    until("all of them to stand still", || stuck.iter().all(|it| fired("writer", it))).await;
    let closed = join_all(guests.iter_mut().map(|guest| async {
        guest.say(ClientMessage::End).await;
        guest.closed().await
    }))
    .await;
    assert_eq!(closed, vec![(1011, "session_failed".to_owned()); STUCK_MAX]);
    assert_eq!(shown(studio, "writers").await, STUCK_MAX as u64);
    is_refused_at_once(studio, "one-more").await;
    drop(levers);
    until("the threads to come back", || standing(Kind::Writer) == 0).await;
    for episode in &stuck {
        is_whole(&studio.recordings().join(episode)).await;
    }
    let mut next = studio.join(hello("next-again")).await;
    next.snapshot().await;
    assert_eq!(next.end().await, "next-again");
}

/// Neighbours have their own sessions opened before no more can be.
async fn neighbours_are_on_air(studio: &Studio) {
    let mut look = interval(Duration::from_millis(20));
    comes("two neighbours", async {
        while studio.get("/api/sessions").await.json()["sessions"].as_array().map(Vec::len)
            != Some(2)
        {
            look.tick().await;
        }
    })
    .await;
}

#[actix::test]
async fn the_threads_themselves() {
    if setting("STUDIO_BLOCKED").is_none() {
        println!("run by the test above, in a process of its own");
        return;
    }
    let studio = Opening::of(stand_ins()).start().await;
    let breaking = async {
        neighbours_are_on_air(&studio).await;
        // Boxed, for both hold many guests.
        openings(&studio).boxed_local().await;
        writers(&studio).boxed_local().await;
    };
    beside_neighbours(&studio, breaking.boxed_local()).await;
}
