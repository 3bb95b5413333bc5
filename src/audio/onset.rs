//! The first millisecond of a sound: a level that rises out of the quiet.
//!
//! A voice detector needs a hop or two before it is sure, 60 ms at the median and 190 ms at the 95th percentile. The
//! level of the sound is there at once. [`LevelRise`] says "something begins" within 10 ms, knows nothing of voices,
//! and learns a noise that stays; whoever acts on it must be able to take it back.
//!
//! Invariants: one rise per sound, the next one only after [`REST_BLOCKS`] quiet blocks; its memory is a few numbers.
//! Units: blocks of 5 ms at 48 kHz, levels in dBFS.

use std::collections::VecDeque;

use super::{SampleRate, levels};
use crate::time::{SessionTime, Span};

/// 5 ms: short enough to lose no time, long enough to hold a period of the deepest voice.
const BLOCK_SAMPLES: usize = SampleRate::HZ_48000.samples_in_ms(5);

/// The same on session time.
const BLOCK: Span = Span::from_samples(BLOCK_SAMPLES as u64);

/// A rise is a sound this far above the floor: speech stands 25 dB above a room, its first consonant half of that.
const RISE_DB: f32 = 12.0;

/// No rise below this: a quiet room's own murmur.
const LEAST_DBFS: f32 = -50.0;

/// The floor rises this much a block while nobody speaks, 30 dB a second: a fan that starts is learned in a second.
const LEARN_DB: f32 = 0.15;

/// The floor never falls below this: digital silence is no measure of a room.
const FLOOR_MIN_DBFS: f32 = -72.0;

/// Loud blocks in a row that make a rise: one alone is a click.
const RISE_BLOCKS: u8 = 2;

/// Quiet blocks in a row before the next rise counts as another sound: 100 ms.
const REST_BLOCKS: u8 = 20;

/// Blocks whose level is remembered: half a second, which a detector's answer takes only on a machine that has stalled.
const REMEMBERED_BLOCKS: usize = 100;

/// Listens for the beginning of sounds.
#[derive(Clone, Debug)]
pub struct LevelRise {
    floor_dbfs: f32,
    loud_blocks: u8,
    quiet_blocks: u8,
    /// When the sound that is on began.
    risen: Option<SessionTime>,
    block: Vec<i16>,
    /// End of each block, its power above the room's.
    recent: VecDeque<(SessionTime, f32)>,
}

impl Default for LevelRise {
    fn default() -> Self {
        Self::new()
    }
}

impl LevelRise {
    /// Ears in a room that is not known yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            // A room is taken for loud until it was heard to be quiet: the first sound of all is no rise.
            floor_dbfs: LEAST_DBFS,
            loud_blocks: 0,
            quiet_blocks: 0,
            risen: None,
            block: Vec::with_capacity(BLOCK_SAMPLES),
            recent: VecDeque::with_capacity(REMEMBERED_BLOCKS),
        }
    }

    /// Takes the next sound at 48 kHz, which began at `at`; `is_speech` while a detector hears a voice. Returns when
    /// a sound began, once for each.
    pub fn hear(
        &mut self,
        at: SessionTime,
        samples: &[i16],
        is_speech: bool,
    ) -> Option<SessionTime> {
        let mut rose = None;
        let mut taken = 0;
        while taken < samples.len() {
            let count = (BLOCK_SAMPLES - self.block.len()).min(samples.len() - taken);
            self.block.extend_from_slice(&samples[taken..taken + count]);
            taken += count;
            if self.block.len() == BLOCK_SAMPLES {
                let until = at + Span::from_samples(taken as u64);
                rose = rose.or(self.judge(until, is_speech));
                self.block.clear();
            }
        }
        rose
    }

    /// The level that counts as quiet here.
    #[must_use]
    pub const fn floor_dbfs(&self) -> f32 {
        self.floor_dbfs
    }

    /// How far the sound from `from` to `until` stood above the room, dB; none if it is not known or no more.
    #[must_use]
    pub fn above_room_db(&self, from: SessionTime, until: SessionTime) -> Option<f32> {
        let first = self.recent.partition_point(|(end, _)| *end <= from);
        let powers: Vec<f32> = self
            .recent
            .range(first..)
            .take_while(|(end, _)| *end - BLOCK < until)
            .map(|(_, power)| *power)
            .collect();
        let is_whole = first > 0 && self.recent.back().is_some_and(|(end, _)| *end >= until);
        let mean = powers.iter().sum::<f32>() / powers.len() as f32;
        (is_whole && mean > 0.0).then(|| 10.0 * mean.log10())
    }

    /// When the sound that is on began; none while it is quiet.
    #[must_use]
    pub const fn since(&self) -> Option<SessionTime> {
        self.risen
    }

    fn judge(&mut self, until: SessionTime, is_speech: bool) -> Option<SessionTime> {
        let level = levels::rms_dbfs(&self.block).unwrap_or(f32::NEG_INFINITY);
        if self.recent.len() == REMEMBERED_BLOCKS {
            self.recent.pop_front();
        }
        self.recent.push_back((until, 10_f32.powf((level - self.floor_dbfs) / 10.0)));
        let is_loud = level >= (self.floor_dbfs + RISE_DB).max(LEAST_DBFS);
        if level < self.floor_dbfs {
            self.floor_dbfs = level.max(FLOOR_MIN_DBFS);
        } else if !is_speech {
            self.floor_dbfs = level.min(self.floor_dbfs + LEARN_DB);
        }
        if is_loud {
            self.loud_blocks = self.loud_blocks.saturating_add(1);
            self.quiet_blocks = 0;
        } else {
            self.loud_blocks = 0;
            self.quiet_blocks = self.quiet_blocks.saturating_add(1);
            if self.quiet_blocks >= REST_BLOCKS {
                self.risen = None;
            }
        }
        if self.loud_blocks < RISE_BLOCKS || self.risen.is_some() {
            return None;
        }
        let length = BLOCK_SAMPLES * usize::from(RISE_BLOCKS);
        self.risen = Some(until - Span::from_samples(length as u64));
        self.risen.filter(|_| !is_speech)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ms` of a square wave.
    fn tone(ms: u32, amplitude: i16) -> Vec<i16> {
        (0..SampleRate::HZ_48000.samples_in_ms(ms))
            .map(|index| if index % 240 < 120 { amplitude } else { -amplitude })
            .collect()
    }

    /// When sounds were heard to begin, in ms, the sound in frames of 20 ms.
    fn rises(parts: &[(u32, i16)], is_speech: bool) -> Vec<u64> {
        let sound: Vec<i16> =
            parts.iter().flat_map(|&(ms, amplitude)| tone(ms, amplitude)).collect();
        let mut ears = LevelRise::new();
        (0_u64..)
            .zip(sound.chunks(960))
            .filter_map(|(frame, samples)| {
                ears.hear(SessionTime::from_millis(frame * 20), samples, is_speech)
            })
            .map(SessionTime::millis)
            .collect()
    }

    #[test]
    fn a_sound_out_of_the_quiet_is_noticed_once_and_at_its_beginning() {
        assert_eq!(rises(&[(1000, 20), (400, 3000), (600, 20)], false), [1000]);
        assert_eq!(rises(&[(1003, 20), (400, 3000), (600, 20), (200, 3000)], false), [1000, 2000]);
    }

    #[test]
    fn a_gap_within_a_word_is_no_new_sound() {
        assert_eq!(rises(&[(1000, 20), (100, 3000), (80, 20), (100, 3000)], false), [1000]);
    }

    #[test]
    fn loudness_is_told_above_the_room_and_only_where_it_is_known() {
        let mut ears = LevelRise::new();
        let sound = [tone(1000, 20), tone(200, 2000)].concat();
        ears.hear(SessionTime::ZERO, &sound, false);
        let above = |from: u64, until: u64| {
            ears.above_room_db(SessionTime::from_millis(from), SessionTime::from_millis(until))
        };
        let db = above(1040, 1072).unwrap();
        // The room is being learned anew meanwhile.
        assert!((36.0..40.0).contains(&db), "{db}");
        assert!(above(900, 932).unwrap().abs() < 0.5);
        assert_eq!(above(100, 132), None, "too long ago");
        assert_eq!(above(1190, 1222), None, "not heard yet");
    }

    #[test]
    fn a_click_and_a_murmur_are_nothing() {
        assert!(rises(&[(1000, 20), (5, 9000), (500, 20)], false).is_empty());
        assert!(rises(&[(1000, 20), (500, 90)], false).is_empty(), "-51 dBFS");
    }

    #[test]
    fn what_a_detector_hears_already_is_not_told() {
        assert!(rises(&[(1000, 20), (400, 3000)], true).is_empty());
    }

    #[test]
    fn a_noise_that_stays_is_learned() {
        // A fan that starts is one sound; once it is known, what stands above it is another.
        let fan = [(1000, 20), (2000, 300), (200, 20), (5, 20), (300, 300)];
        assert_eq!(rises(&fan, false).len(), 2);
        assert_eq!(rises(&[(1000, 20), (3000, 300), (300, 6000)], false), [1000, 4000]);
    }
}
