//! How loud each speaker is right now, for orbs.

use crate::audio::levels::Levels;
use crate::conversation::Speaker;

/// The loudest moment of each speaker since it was last asked.
#[derive(Debug, Default)]
pub(super) struct LiveLevels {
    now: [u16; 3],
    told: [u16; 3],
}

impl LiveLevels {
    /// Takes in what a speaker sounds like.
    pub(super) fn add(&mut self, speaker: Speaker, samples: &[i16]) {
        let level = Levels::of(samples).orb();
        let loudest = &mut self.now[speaker.index()];
        *loudest = level.max(*loudest);
    }

    /// The levels that changed, and starts anew.
    pub(super) fn take(&mut self) -> Vec<(Speaker, u16)> {
        let changed = Speaker::ALL.into_iter().filter_map(|speaker| {
            let level = std::mem::take(&mut self.now[speaker.index()]);
            let told = std::mem::replace(&mut self.told[speaker.index()], level);
            (level != told).then_some((speaker, level))
        });
        changed.collect()
    }
}
