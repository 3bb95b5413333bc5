//! One stretch of speech and the sound around it, as plain values.
//!
//! A stretch begins a little before the voice (its pre-roll: without it one word in ten is wrong), goes on over short
//! pauses, and closes when the silence has lasted or it has grown too long. Nothing here decodes or waits.
//!
//! Units: samples of the stream at 16 kHz.

use std::collections::VecDeque;

use crate::adapters::numbers::index;
use crate::audio::SampleRate;

const fn ms(millis: u32) -> u64 {
    SampleRate::HZ_16000.samples_in_ms(millis) as u64
}

/// Sound before the voice that the recogniser needs.
pub(super) const PRE_ROLL_SAMPLES: u64 = ms(320);
/// Sound after the voice that it may use.
pub(super) const TAIL_SAMPLES: u64 = ms(200);
/// Silence that closes a stretch.
pub(super) const HANG_SAMPLES: u64 = ms(700);
/// Length from which a shorter silence closes it, and that silence.
pub(super) const LONG_SAMPLES: u64 = ms(10_000);
pub(super) const LONG_HANG_SAMPLES: u64 = ms(300);
/// Longest stretch: past it the recogniser loses words and time.
pub(super) const CEILING_SAMPLES: u64 = ms(15_000);
/// Voice before the first interim: less gives wrong words with confidence.
pub(super) const FIRST_INTERIM_SAMPLES: u64 = ms(500);
/// Least sound between two interims.
pub(super) const CADENCE_SAMPLES: u64 = ms(400);
/// Sound kept while nobody speaks: the pre-roll, and as much again as a start may be reported late.
const REMEMBERED_SAMPLES: u64 = ms(1000);
const _: () = assert!(REMEMBERED_SAMPLES > 2 * PRE_ROLL_SAMPLES);
/// What is compared to find the quietest place.
const QUIET_WINDOW_SAMPLES: usize = SampleRate::HZ_16000.samples_in_ms(100);
const QUIET_STEP_SAMPLES: usize = SampleRate::HZ_16000.samples_in_ms(20);

/// The newest sound of a stream.
#[derive(Debug, Default)]
pub(super) struct Sound {
    samples: VecDeque<i16>,
    heard_samples: u64,
}

impl Sound {
    pub(super) fn push(&mut self, samples: &[i16]) {
        self.samples.extend(samples);
        self.heard_samples += samples.len() as u64;
    }

    /// All that was ever heard.
    pub(super) const fn heard(&self) -> u64 {
        self.heard_samples
    }

    /// The oldest sample still here.
    fn first(&self) -> u64 {
        self.heard_samples - self.samples.len() as u64
    }

    /// Forgets what no stretch can need any more: everything before `needed`, or before the memory's reach.
    pub(super) fn forget_before(&mut self, needed: Option<u64>) {
        let keep_from =
            needed.unwrap_or_else(|| self.heard_samples.saturating_sub(REMEMBERED_SAMPLES));
        let gone = index(keep_from.saturating_sub(self.first())).min(self.samples.len());
        self.samples.drain(..gone);
    }

    /// Sound between two samples, as far as it is here.
    pub(super) fn between(&self, from: u64, until: u64) -> Vec<i16> {
        self.part(from, until).collect()
    }

    fn part(&self, from: u64, until: u64) -> impl Iterator<Item = i16> + '_ {
        let begin = index(from.saturating_sub(self.first())).min(self.samples.len());
        let end = index(until.saturating_sub(self.first())).clamp(begin, self.samples.len());
        self.samples.range(begin..end).copied()
    }

    /// The middle of the quietest tenth of a second between two samples.
    pub(super) fn quietest(&self, from: u64, until: u64) -> u64 {
        let part = self.between(from, until);
        let energy =
            |window: &[i16]| window.iter().map(|&sample| i64::from(sample).pow(2)).sum::<i64>();
        let windows = part.windows(QUIET_WINDOW_SAMPLES).step_by(QUIET_STEP_SAMPLES).enumerate();
        let quietest =
            windows.min_by_key(|(_, window)| energy(window)).map_or(0, |(place, _)| place);
        let middle = quietest * QUIET_STEP_SAMPLES + QUIET_WINDOW_SAMPLES / 2;
        (from.max(self.first()) + middle as u64).min(until)
    }
}

/// A stretch that is being heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) segment: u32,
    /// Where the sound to be decoded begins.
    pub(super) from_sample: u64,
    /// Where the voice begins: the pre-roll before it helps the recogniser and is no part of what was said.
    pub(super) voice_from: u64,
    voice: Voice,
    /// Voice of the parts that have ended.
    voiced_samples: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Voice {
    Speaking { since: u64 },
    Quiet { since: u64 },
}

/// Why a stretch is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Close {
    /// The silence has lasted.
    Quiet,
    /// It has reached the ceiling while the voice goes on.
    TooLong,
}

impl Stretch {
    /// A stretch whose voice began at `voice_from`; `earliest` is where the one before ended.
    pub(super) fn begin(segment: u32, voice_from: u64, earliest: u64) -> Self {
        let from_sample = voice_from.saturating_sub(PRE_ROLL_SAMPLES).max(earliest);
        let since = voice_from.max(from_sample);
        let voice = Voice::Speaking { since };
        Self { segment, from_sample, voice_from: since, voice, voiced_samples: 0 }
    }

    /// The rest of a voice that was cut at `cut`.
    pub(super) const fn go_on(segment: u32, cut: u64) -> Self {
        let voice = Voice::Speaking { since: cut };
        Self { segment, from_sample: cut, voice_from: cut, voice, voiced_samples: 0 }
    }

    /// The voice is back after a pause. Whether that is news.
    pub(super) fn resume(&mut self, at_sample: u64) -> bool {
        let Voice::Quiet { since } = self.voice else { return false };
        self.voice = Voice::Speaking { since: at_sample.max(since) };
        true
    }

    /// The voice fell silent. Whether that is news.
    pub(super) fn pause(&mut self, at_sample: u64) -> bool {
        let Voice::Speaking { since } = self.voice else { return false };
        self.voiced_samples += at_sample.saturating_sub(since);
        self.voice = Voice::Quiet { since: at_sample.max(self.from_sample) };
        true
    }

    /// Where the voice fell silent, if it has.
    pub(super) const fn stop(&self) -> Option<u64> {
        match self.voice {
            Voice::Speaking { .. } => None,
            Voice::Quiet { since } => Some(since),
        }
    }

    /// Voice in it up to `until`.
    pub(super) fn voice_samples(&self, until: u64) -> u64 {
        match self.voice {
            Voice::Speaking { since } => self.voiced_samples + until.saturating_sub(since),
            Voice::Quiet { .. } => self.voiced_samples,
        }
    }

    /// Whether it is over, with `heard` samples of the stream heard.
    pub(super) fn close(&self, heard: u64) -> Option<Close> {
        match self.voice {
            Voice::Quiet { since } => {
                let long = since.saturating_sub(self.from_sample) >= LONG_SAMPLES;
                let hang = if long { LONG_HANG_SAMPLES } else { HANG_SAMPLES };
                (heard >= since + hang).then_some(Close::Quiet)
            }
            Voice::Speaking { .. } => {
                (heard >= self.from_sample + CEILING_SAMPLES).then_some(Close::TooLong)
            }
        }
    }

    /// Whether the voice sounds and an interim is due: first after half a second of voice, then at a cadence that
    /// slows down with the length. `slowdown` stretches the growth when the recogniser is late.
    pub(super) fn interim_is_due(&self, heard: u64, last_at: Option<u64>, slowdown: u64) -> bool {
        if self.stop().is_some() || self.voice_samples(heard) < FIRST_INTERIM_SAMPLES {
            return false;
        }
        let Some(last_at) = last_at else { return true };
        // A fifth of the stretch: 400 ms up to 2 s of speech, 2 s at 10 s.
        let grown = heard.saturating_sub(self.from_sample) / 5 * slowdown;
        heard >= last_at + CADENCE_SAMPLES.max(grown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_begins_a_pre_roll_before_the_voice_but_never_inside_the_one_before() {
        assert_eq!(Stretch::begin(1, ms(1000), 0).from_sample, ms(680));
        assert_eq!(Stretch::begin(1, ms(100), 0).from_sample, 0);
        assert_eq!(Stretch::begin(2, ms(1000), ms(900)).from_sample, ms(900));
    }

    #[test]
    fn a_short_pause_goes_on_and_only_voice_is_counted() {
        let mut stretch = Stretch::begin(1, ms(1000), 0);
        assert!(stretch.pause(ms(1500)));
        assert!(!stretch.pause(ms(1600)));
        assert_eq!(stretch.close(ms(2199)), None);
        assert!(stretch.resume(ms(2000)));
        assert_eq!(stretch.voice_samples(ms(2250)), ms(750));
        assert!(stretch.pause(ms(2250)));
        assert_eq!(stretch.close(ms(2949)), None);
        assert_eq!(stretch.close(ms(2950)), Some(Close::Quiet));
    }

    #[test]
    fn a_long_stretch_closes_at_a_shorter_pause_and_a_longer_one_at_the_ceiling() {
        let mut stretch = Stretch::begin(1, ms(320), 0);
        assert_eq!(stretch.close(ms(14_999)), None);
        assert_eq!(stretch.close(ms(15_000)), Some(Close::TooLong));
        stretch.pause(ms(10_000));
        assert_eq!(stretch.close(ms(10_299)), None);
        assert_eq!(stretch.close(ms(10_300)), Some(Close::Quiet));
    }

    #[test]
    fn interims_come_after_half_a_second_of_voice_and_slow_down_with_the_length() {
        let stretch = Stretch::begin(1, ms(320), 0);
        assert!(!stretch.interim_is_due(ms(819), None, 1));
        assert!(stretch.interim_is_due(ms(820), None, 1));
        assert!(!stretch.interim_is_due(ms(1219), Some(ms(820)), 1));
        assert!(stretch.interim_is_due(ms(1220), Some(ms(820)), 1));
        assert!(!stretch.interim_is_due(ms(9_000), Some(ms(7_500)), 1));
        assert!(stretch.interim_is_due(ms(10_000), Some(ms(8_000)), 1));
        assert!(!stretch.interim_is_due(ms(10_000), Some(ms(8_000)), 2));
    }

    #[test]
    fn sound_is_remembered_for_a_second_or_from_where_it_is_needed() {
        let mut sound = Sound::default();
        sound.push(&vec![1; index(ms(3000))]);
        sound.forget_before(Some(ms(500)));
        assert_eq!(sound.between(0, ms(3000)).len() as u64, ms(2500));
        sound.forget_before(None);
        assert_eq!(sound.between(0, ms(9000)).len() as u64, ms(1000));
        assert_eq!(sound.heard(), ms(3000));
    }

    #[test]
    fn the_quietest_place_is_found() {
        let mut sound = Sound::default();
        let mut samples = vec![1000; index(ms(2000))];
        samples[index(ms(1200))..index(ms(1300))].fill(3);
        sound.push(&samples);
        assert_eq!(sound.quietest(ms(500), ms(2000)), ms(1250));
    }
}
