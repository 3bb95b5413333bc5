//! How long to wait before asking again.

use std::time::Duration;

/// The first wait; each further one is twice as long.
const FIRST: Duration = Duration::from_millis(250);
/// The longest.
const MAX: Duration = Duration::from_secs(8);

/// The wait after attempt number `attempt`, from 1, three quarters to the whole of it by chance: many sessions that lost
/// a service at one moment do not all come back at one moment.
pub(super) fn wait(attempt: u32) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    let whole = FIRST.saturating_mul(1 << doublings).min(MAX);
    let quarter = whole / 4;
    whole - quarter.mul_f64(chance())
}

/// 0 to 1. A system without random numbers gives 0: no jitter is a smaller evil than no retry.
fn chance() -> f64 {
    let mut bytes = [0; 2];
    match getrandom::fill(&mut bytes) {
        Ok(()) => f64::from(u16::from_le_bytes(bytes)) / f64::from(u16::MAX),
        Err(_none) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound_and_are_never_quite_the_same() {
        for (attempt, whole) in [(1, 250), (2, 500), (3, 1000), (6, 8000), (60, 8000)] {
            let wait = wait(attempt).as_millis();
            assert!((whole * 3 / 4..=whole).contains(&wait), "{attempt}: {wait}");
        }
    }
}
