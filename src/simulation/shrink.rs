//! From a meeting that breaks a rule to the smallest one that still does, and to a test.

use super::act::Act;
use super::timeline::Timeline;
use crate::time::SessionTime;

/// Most meetings played on the way; each is played in about a millisecond.
const TRIES_MAX: u32 = 4_000;

/// The smallest timeline that was found for which `fails` still holds. `timeline` itself must fail.
///
/// Takes away what it can: first the unreliability of the services, then halves, quarters and single lines, then the
/// time in which nothing happens. Stops after [`TRIES_MAX`] meetings.
pub fn shrink(timeline: &Timeline, mut fails: impl FnMut(&Timeline) -> bool) -> Timeline {
    let mut best = timeline.clone();
    let mut tries = 0;
    let mut fails = |candidate: &Timeline| {
        tries += 1;
        (tries <= TRIES_MAX).then(|| fails(candidate))
    };
    let reliable = without(&best, |_, act| matches!(act, Act::FaultsFrom(_)));
    if fails(&reliable) == Some(true) {
        best = reliable;
    }
    loop {
        let before = best.acts.len();
        let mut chunk = before.div_ceil(2).max(1);
        loop {
            let mut from = 0;
            while from < best.acts.len() {
                let candidate = without(&best, |index, _| (from..from + chunk).contains(&index));
                match fails(&candidate) {
                    Some(true) => best = candidate,
                    Some(false) => from += chunk,
                    None => return best,
                }
            }
            if chunk == 1 {
                break;
            }
            chunk = chunk.div_ceil(2);
        }
        if best.acts.len() == before {
            break;
        }
    }
    close_gaps(best, fails)
}

/// Moves everything after a long pause forward, as long as it still fails.
fn close_gaps(mut best: Timeline, mut fails: impl FnMut(&Timeline) -> Option<bool>) -> Timeline {
    let mut times: Vec<SessionTime> = best.acts.iter().map(|(at, _)| *at).collect();
    times.sort();
    times.dedup();
    for pair in times.windows(2).rev() {
        let gap = pair[1].since(pair[0]).millis();
        for shorter in [0, 500, 1000, 2000, 5000, 10_000] {
            if shorter >= gap {
                break;
            }
            let by = crate::time::Span::from_millis(gap - shorter);
            let mut candidate = best.clone();
            for (at, _) in candidate.acts.iter_mut().filter(|(at, _)| *at >= pair[1]) {
                *at = *at - by;
            }
            candidate.until = candidate.until - by;
            match fails(&candidate) {
                Some(true) => {
                    best = candidate;
                    break;
                }
                Some(false) => {}
                None => return best,
            }
        }
    }
    best
}

fn without(timeline: &Timeline, mut is_taken: impl FnMut(usize, &Act) -> bool) -> Timeline {
    let kept = timeline.acts.iter().enumerate().filter(|(index, (_, act))| !is_taken(*index, act));
    Timeline { acts: kept.map(|(_, act)| act.clone()).collect(), until: timeline.until }
}

/// `timeline` as a test of `tests/it/floor.rs`, with what is told of it so far below the line.
#[must_use]
pub fn as_test(timeline: &Timeline, name: &str, story: &str) -> String {
    let indented =
        |text: &str| -> String { text.lines().map(|line| format!("        {line}\n")).collect() };
    format!(
        "#[test]\nfn {name}() {{\n    check(\n        r#\"\n{}        ----\n{}        \"#,\n    );\n}}\n",
        indented(&timeline.to_string()),
        indented(story)
    )
}
