//! Thousands of random meetings: late, lost, doubled and failing facts, and all invariants after each step.

use std::panic::{AssertUnwindSafe, catch_unwind};

use voice_studio::simulation::story::{ALL_KINDS, story};
use voice_studio::simulation::{Timeline, random};

const MEETINGS: u64 = 10_000;

#[test]
fn ten_thousand_random_meetings_keep_all_invariants() {
    #[expect(clippy::disallowed_methods, reason = "a failed seed is replayed by name")]
    let seeds = match std::env::var("STUDIO_SEED") {
        Ok(seed) => vec![seed.parse().expect("STUDIO_SEED is a number")],
        Err(_) => (0..MEETINGS).collect::<Vec<u64>>(),
    };
    let threads = 2;
    std::thread::scope(|scope| {
        for part in 0..threads {
            let seeds = seeds
                .iter()
                .copied()
                .filter(move |seed| seed % threads == part)
                .collect::<Vec<_>>();
            scope.spawn(move || seeds.into_iter().for_each(meet));
        }
    });
}

fn meet(seed: u64) {
    let mut events = Vec::new();
    let timeline = random::meeting(seed);
    let outcome = catch_unwind(AssertUnwindSafe(|| timeline.play(&mut events)));
    let broken = match outcome {
        Ok(Ok(())) => return,
        Ok(Err(breach)) => breach.to_string(),
        Err(_) => "it panicked".into(),
    };
    let from = events.len().saturating_sub(120);
    let story = story(&events[from..], ALL_KINDS, true);
    panic!("{timeline}\n{story}\nmeeting {seed}: {broken}; replay it with STUDIO_SEED={seed}");
}

#[test]
fn a_timeline_prints_as_it_is_read() {
    for seed in 0..200 {
        let timeline = random::meeting(seed);
        let printed = timeline.to_string();
        assert_eq!(Timeline::parse(&printed).as_ref(), Ok(&timeline), "{printed}");
    }
}
