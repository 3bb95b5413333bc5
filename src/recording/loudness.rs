//! How loud a track is, measured while it is written.
//!
//! Most of a track is silence, and the standard leaves silence out. After three seconds of it nothing the meter still
//! knows can change, so it rests; what it would have heard is skipped in whole seconds, which keeps its blocks where
//! they were.

use super::manifest::Loudness;
use crate::audio::levels::LoudnessMeter;
use crate::audio::{FRAME_MS, FRAME_SAMPLES};

/// Silent frames after which the meter rests: its longest block is 3 s.
const RESTS_AFTER: u64 = 3_000 / FRAME_MS as u64;

/// Frames of a second, the step of its blocks.
const SECOND: u64 = 1_000 / FRAME_MS as u64;

/// Measures one track.
#[derive(Debug)]
pub(super) struct TrackLoudness {
    /// From the first sound on: it takes 0.2 MB, and some speakers never speak.
    meter: Option<LoudnessMeter>,
    /// Silent frames in a row; before the first sound it rests.
    silent_frames: u64,
}

impl Default for TrackLoudness {
    fn default() -> Self {
        Self { meter: None, silent_frames: RESTS_AFTER }
    }
}

impl TrackLoudness {
    /// The next frame sounds.
    pub(super) fn add(&mut self, frame: &[i16; FRAME_SAMPLES]) {
        let meter = self.meter.get_or_insert_default();
        let skipped = self.silent_frames.saturating_sub(RESTS_AFTER);
        for _ in 0..skipped % SECOND {
            meter.add(&[0; FRAME_SAMPLES]);
        }
        self.silent_frames = 0;
        meter.add(frame);
    }

    /// The next frame is silent.
    pub(super) fn add_silence(&mut self) {
        self.silent_frames += 1;
        if let Some(meter) = self.meter.as_mut().filter(|_| self.silent_frames <= RESTS_AFTER) {
            meter.add(&[0; FRAME_SAMPLES]);
        }
    }

    /// The loudness until now; `None` if nothing was loud enough to have one.
    pub(super) fn summary(&self) -> Option<Loudness> {
        let measured = self.meter.as_ref()?.summary();
        Some(Loudness {
            integrated: tenth(measured.integrated_lufs?),
            true_peak: tenth(measured.true_peak_dbtp?),
            // What is shorter than a block of three seconds has no range.
            range: tenth(measured.range_lu.unwrap_or(0.0)),
        })
    }
}

/// Loudness is shown with one decimal.
fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(n: u64) -> [i16; FRAME_SAMPLES] {
        let swell = 2_000 + 40 * i16::try_from(n % 200).unwrap();
        std::array::from_fn(|at| if at / 24 % 2 == 0 { swell } else { -swell })
    }

    #[test]
    fn a_meter_that_rests_in_pauses_says_what_one_that_never_rests_says() {
        let mut resting = TrackLoudness::default();
        let mut awake = LoudnessMeter::new();
        for n in 0..6_000 {
            // Pauses of 0.2 to 14 s between 8 s of sound.
            let sounds = n % 1_111 < 400 || n % 1_111 > 1_100;
            if sounds {
                resting.add(&frame(n));
                awake.add(&frame(n));
            } else {
                resting.add_silence();
                awake.add(&[0; FRAME_SAMPLES]);
            }
        }
        let (resting, awake) = (resting.summary().unwrap(), awake.summary());
        assert!(
            (resting.integrated - awake.integrated_lufs.unwrap()).abs() < 0.06,
            "{resting:?} {awake:?}"
        );
        assert!(
            (resting.true_peak - awake.true_peak_dbtp.unwrap()).abs() < 0.06,
            "{resting:?} {awake:?}"
        );
        assert!((resting.range - awake.range_lu.unwrap()).abs() < 0.06, "{resting:?} {awake:?}");
    }

    #[test]
    fn a_silent_track_has_no_loudness() {
        let mut track = TrackLoudness::default();
        (0..500).for_each(|_| track.add_silence());
        assert_eq!(track.summary(), None);
    }
}
