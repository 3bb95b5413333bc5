//! What is known of a host from the shows before.
//!
//! A host pauses and speaks on Tuesday as on Monday: so that nobody is cut off until the first pause was learned, what
//! the conversation learned is kept and given to the next one. The shell keeps it in a file and logs it whole in
//! `session.start`, so that a replay begins with the same.
//!
//! Invariants: all numbers are bounded, whatever a file said; of what was said it holds nothing.

use serde::{Deserialize, Serialize};

use crate::time::Span;

/// What the conversation knows of its host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HostProfile {
    /// Shows that taught it.
    pub shows: u32,
    /// The longest pause inside a turn of late, at most [`PAUSE_MAX`]; 0 where none is known.
    pub pause_ms: u32,
    /// How fast the host speaks, in words a minute of voice, within [`PACE_WPM`]; 0 where it is not known.
    pub pace_wpm: u16,
}

/// Longer pauses are absences.
pub const PAUSE_MAX: Span = Span::from_millis(3000);

/// Slower is no speech, faster is a recogniser's mistake: auctioneers reach 300 words a minute.
pub const PACE_WPM: std::ops::RangeInclusive<u16> = 60..=300;

impl HostProfile {
    /// The same with every number within its bounds: for what comes from a file.
    #[must_use]
    pub fn bounded(self) -> Self {
        let most = u32::try_from(PAUSE_MAX.millis());
        Self {
            shows: self.shows,
            pause_ms: most.map_or(self.pause_ms, |most| self.pause_ms.min(most)),
            pace_wpm: if PACE_WPM.contains(&self.pace_wpm) { self.pace_wpm } else { 0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_file_says_is_brought_within_bounds() {
        let wild = HostProfile { shows: 9, pause_ms: u32::MAX, pace_wpm: 9999 };
        assert_eq!(wild.bounded(), HostProfile { shows: 9, pause_ms: 3000, pace_wpm: 0 });
        let tame = HostProfile { shows: 1, pause_ms: 800, pace_wpm: 170 };
        assert_eq!(tame.bounded(), tame);
    }
}
