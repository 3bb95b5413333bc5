//! The studio's own voice in the host's microphone.
//!
//! A listener without headphones sends back what he hears. [`EchoGuard`] is told what the AIs say and when it is heard,
//! compares its envelope with that of the host's sound, and learns how late and how loud it comes back. What of the host's
//! sound is explained by that is the studio's own voice; what stands above it is the host, also while both sound.
//!
//! It decides nothing: [`HostVoice`](super::host_voice::HostVoice) asks for a [`Source`], and takes what is
//! [`Source::Own`] for quiet.
//!
//! Invariants: without AI sound in the last half second everything is the host's; its memory is a few seconds of
//! envelopes and a table of sums; the same calls give the same answers.
//! Units: blocks of 10 ms on session time, linear levels.

use std::collections::VecDeque;

use super::bands::{BANDS, BLOCK_SAMPLES, Bands, Envelope};
use super::likeness::Likeness;
use super::num;
use crate::time::{SessionTime, Span};

/// How much later than it was thought to be heard the own sound may come back, in blocks: what is told of a page's
/// position may be 100 ms wrong either way, and loudspeaker, room and microphone take up to 300 ms.
const LAGS: std::ops::Range<i64> = -10..41;
const LAG_COUNT: usize = 51;

/// So long after it was to be heard, in blocks, nothing of a sound comes back any more: the last lag and a room's tail.
const REACH: u64 = 51;

/// Blocks of the AIs' sound that are remembered: 4 s, with the 200 ms a listener holds ahead.
const FAR_BLOCKS: usize = 400;

/// Blocks of verdicts that are remembered: a detector that is half a second late still finds its own.
const VERDICT_BLOCKS: usize = 64;

/// A block of AI sound louder than this is sound: -60 dBFS in a band.
const FAR_SOUNDS: f32 = 1e-3;

/// Reports of a position wobble by this much, and sound goes on where it was.
const JOIN: Span = Span::from_millis(15);

/// How alike their changes from block to block must be for the two to be the same sound, after how many blocks of AI
/// sound. Levels alone do not tell: two voices that begin together are as alike as 0.93 after 0.6 s by chance and 0.85
/// after 1.5 s, for both are loud and then soft. Their changes are not: 870 pairs of recordings, the best of all lags,
/// reach 0.65, 0.49, 0.46, 0.34 and 0.27 (all but three in a thousand) after these times, while half of 120 echoes in
/// four rooms are above 0.76 at any time and all above 0.54 at the last.
const ALIKE: [(u32, f32); 5] = [(60, 0.7), (80, 0.58), (100, 0.5), (150, 0.45), (250, 0.42)];

/// After so many blocks of AI sound whose levels are less alike than this, the line has no echo: people with headphones,
/// and browsers whose echo cancellation works. No echo of those 120 was, and three in four pairs are.
const CLEAR: (u32, f32) = (40, 0.6);

/// A path that was learned is forgotten when the changes are less alike than this: two voices stay below 0.25 once sums
/// are full (99 of 100).
const UNLIKE: f32 = 0.25;

/// How far above the expected echo a band must stand to be somebody else, as a factor: 6 dB.
const MARGIN: f32 = 2.0;

/// Below this a band is a room's noise whatever was expected: -68 dBFS.
const NOISE: f32 = 4e-4;

/// An echo is spread by the room: two blocks around its time …
const SPREAD: i64 = 2;

/// … and it dies away with 1.3 dB a block, which is a room of half a second.
const TAIL: f32 = 0.86;

/// Bands that must stand above the echo for a block to be the host's, and such blocks among the last few: 0 false in
/// 70 s of echo, and the host is found 30 to 110 ms after the first sound.
const HOST_BANDS: usize = 2;
const HOST_BLOCKS: usize = 3;
const OF_BLOCKS: usize = 6;

/// The gain of each band is followed as the level that seven of ten echoes stay below, in steps of a factor: 0.3 dB.
const GAIN_UP: f32 = 1.024;
const GAIN_DOWN: f32 = 0.99;

/// What stands so far above the known gain teaches nothing: somebody speaks. 18 dB.
const GAIN_LEAP: f32 = 8.0;

/// While the host speaks over an echo nothing is learned, for so many blocks: then it was the path that changed.
const FROZEN_MOST: u32 = 300;

/// Whose a sound is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The host's, or the room's.
    Host,
    /// The studio's own, come back.
    Own,
    /// Nobody knows yet: an AI sounds, and whether it comes back has not been learned.
    Unsure,
}

/// How the studio's own sound comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EchoPath {
    /// How much later than it was told to be heard, to 10 ms.
    pub lag_ms: i64,
    /// How loud, against what was sent, in the loudest band.
    pub gain_db: i16,
}

/// Compares what the host's microphone hears with what the AIs say.
#[derive(Debug)]
pub struct EchoGuard {
    far_bands: Bands,
    near_bands: Bands,
    /// The AIs' envelope from block `far_from` on.
    far: VecDeque<Envelope>,
    far_from: u64,
    /// Where this stretch of AI sound began, and its last block that sounds.
    stretch: Option<(u64, u64)>,
    likeness: Likeness<LAG_COUNT>,
    /// Whether the line was found to have no echo.
    is_clear: bool,
    path: Option<Path>,
    /// Blocks that the known path did not explain, less those that it did.
    unexplained: u32,
    expected: Envelope,
    /// The last verdicts, the newest with its block's number.
    verdicts: VecDeque<Source>,
    judged_until: u64,
}

/// The same as it is reckoned with: blocks, and a factor for each band.
#[derive(Clone, Copy, Debug)]
struct Path {
    lag: i64,
    gain: Envelope,
}

impl Default for EchoGuard {
    fn default() -> Self {
        Self {
            far_bands: Bands::default(),
            near_bands: Bands::default(),
            far: VecDeque::with_capacity(FAR_BLOCKS),
            far_from: 0,
            stretch: None,
            likeness: Likeness::default(),
            is_clear: false,
            path: None,
            unexplained: 0,
            expected: [0.0; BANDS],
            verdicts: VecDeque::with_capacity(VERDICT_BLOCKS),
            judged_until: 0,
        }
    }
}

impl EchoGuard {
    /// AI sound at 48 kHz that the listener hears from `at` on, as far as that is known ahead.
    pub fn own(&mut self, at: SessionTime, samples: &[i16]) {
        let Self { far_bands, far, far_from, stretch, .. } = self;
        let at = joined(at, far_bands.next());
        far_bands.push(at, samples, |block, levels| {
            if levels.iter().any(|level| *level > FAR_SOUNDS) {
                // Where it began may have been told too late at first.
                let (from, last) = stretch
                    .filter(|(_, last)| block <= last + REACH)
                    .map_or((block, block), |(from, last)| (from.min(block), last.max(block)));
                *stretch = Some((from, last));
            }
            let end = *far_from + far.len() as u64;
            if far.is_empty() || block >= end + FAR_BLOCKS as u64 {
                far.clear();
                *far_from = block;
            }
            while *far_from + (far.len() as u64) <= block {
                far.push_back([0.0; BANDS]);
            }
            if let Some(place) = block.checked_sub(*far_from).and_then(|n| usize::try_from(n).ok())
                && let Some(known) = far.get_mut(place)
            {
                *known = levels;
            }
            while far.len() > FAR_BLOCKS {
                far.pop_front();
                *far_from += 1;
            }
        });
    }

    /// The AIs fell silent at `at`: what was to be heard after it is not.
    pub fn own_silent(&mut self, at: SessionTime) {
        let keep = (at.samples() / BLOCK_SAMPLES).saturating_sub(self.far_from);
        self.far.truncate(usize::try_from(keep).unwrap_or(usize::MAX));
    }

    /// Sound of the host's microphone at 48 kHz. Where none was captured, for the host is muted or there is a hole, the
    /// samples only keep the time: what is not heard says nothing of what comes back.
    pub fn hear(&mut self, at: SessionTime, samples: &[i16], is_captured: bool) {
        if self.is_idle(at) {
            // Nobody could come back: nothing is measured, and what was judged is past.
            self.verdicts.clear();
            return;
        }
        let at = joined(at, self.near_bands.next());
        let mut bands = self.near_bands.clone();
        bands.push(at, samples, |block, levels| self.judge(block, &levels, is_captured));
        self.near_bands = bands;
    }

    /// Whose the sound is that ended at `until`.
    #[must_use]
    pub fn source(&self, until: SessionTime) -> Source {
        let end = until.samples() / BLOCK_SAMPLES;
        let late = usize::try_from(self.judged_until.saturating_sub(end)).unwrap_or(usize::MAX);
        let last = self.verdicts.iter().rev().skip(late).take(OF_BLOCKS);
        let count = |source| last.clone().filter(|verdict| **verdict == source).count();
        if last.len() < HOST_BLOCKS || count(Source::Host) >= HOST_BLOCKS {
            Source::Host
        } else if count(Source::Unsure) > 0 {
            Source::Unsure
        } else {
            Source::Own
        }
    }

    /// How the studio's own sound comes back; none where it does not.
    #[must_use]
    pub fn path(&self) -> Option<EchoPath> {
        self.path.map(|path| {
            let loudest = path.gain.iter().copied().fold(1e-6, f32::max);
            let gain_db = num::signed(f64::from(20.0 * loudest.log10()));
            EchoPath { lag_ms: path.lag * 10, gain_db: i16::try_from(gain_db).unwrap_or(0) }
        })
    }

    /// When the listener was told to hear the first of the AI sound that is on, or was last; none before any.
    #[must_use]
    pub fn own_since(&self) -> Option<SessionTime> {
        self.stretch.map(|(from, _)| SessionTime::from_samples(from * BLOCK_SAMPLES))
    }

    /// Whether no AI sound of the last half second or to come is known.
    fn is_idle(&self, at: SessionTime) -> bool {
        let end = self.far_from + self.far.len() as u64;
        self.far.is_empty() || end + REACH < at.samples() / BLOCK_SAMPLES
    }

    fn far_at(&self, block: i64) -> Envelope {
        let place = u64::try_from(block).ok().and_then(|block| block.checked_sub(self.far_from));
        let place = place.and_then(|place| usize::try_from(place).ok());
        place.and_then(|place| self.far.get(place)).copied().unwrap_or([0.0; BANDS])
    }

    fn judge(&mut self, block: u64, near: &Envelope, is_captured: bool) {
        let now = i64::try_from(block).unwrap_or(i64::MAX);
        let mut far = [[0.0; BANDS]; LAG_COUNT];
        for (place, lag) in far.iter_mut().zip(LAGS) {
            *place = self.far_at(now - lag);
        }
        let sounds = far.iter().flatten().any(|level| *level > FAR_SOUNDS);
        let known = self.path.filter(|_| is_captured);
        let explained = known.map(|path| self.explain(near, now, &path));
        let is_over = explained == Some(Source::Host);
        self.unexplained =
            if is_over { self.unexplained + 1 } else { self.unexplained.saturating_sub(1) };
        if sounds && is_captured && (!is_over || self.unexplained > FROZEN_MOST) {
            self.learn(block, near, &far);
        }
        let verdict = match explained {
            Some(source) if self.path.is_some() => source,
            Some(_) | None if !sounds || self.is_clear => Source::Host,
            Some(_) | None => Source::Unsure,
        };
        if block != self.judged_until + 1 {
            self.verdicts.clear();
        }
        self.judged_until = block;
        if self.verdicts.len() == VERDICT_BLOCKS {
            self.verdicts.pop_front();
        }
        self.verdicts.push_back(verdict);
    }

    /// Learns from a block whether, how late and how loud the AIs' sound comes back.
    fn learn(&mut self, block: u64, near: &Envelope, far: &[Envelope; LAG_COUNT]) {
        let likeness = self.likeness.compare(block, near, far);
        let blocks = self.likeness.blocks();
        self.is_clear |= blocks >= CLEAR.0 && likeness.levels < CLEAR.1;
        let needed = ALIKE.iter().rev().find(|(after, _)| blocks >= *after);
        if needed.is_some_and(|(_, alike)| likeness.changes >= *alike) {
            self.is_clear = false;
            let gain = self.path.map(|path| path.gain);
            let gain = gain.unwrap_or_else(|| self.likeness.gain(likeness.place));
            self.path =
                Some(Path { lag: LAGS.clone().nth(likeness.place).unwrap_or(LAGS.start), gain });
        } else if likeness.changes < UNLIKE {
            self.path = None;
        }
    }

    /// Whether the expected echo explains the near sound; follows the gain where it does.
    fn explain(&mut self, near: &Envelope, now: i64, path: &Path) -> Source {
        let mut spread = [0.0_f32; BANDS];
        for block in now - path.lag - SPREAD..=now - path.lag + SPREAD {
            for (level, far) in spread.iter_mut().zip(self.far_at(block)) {
                *level = level.max(far);
            }
        }
        let far = self.far_at(now - path.lag);
        let mut gain = path.gain;
        let mut above = 0;
        for band in 0..BANDS {
            self.expected[band] = spread[band].max(self.expected[band] * TAIL);
            if near[band] > MARGIN * gain[band] * self.expected[band] + NOISE {
                above += 1;
            }
            let echo = gain[band] * far[band];
            if far[band] > 2.0 * FAR_SOUNDS && near[band] < GAIN_LEAP * echo {
                gain[band] *= if near[band] > echo { GAIN_UP } else { GAIN_DOWN };
            }
        }
        self.path = Some(Path { gain, ..*path });
        if above >= HOST_BANDS { Source::Host } else { Source::Own }
    }
}

/// A place that is off by less than [`JOIN`] is the one where the sound goes on.
fn joined(at: SessionTime, next: SessionTime) -> SessionTime {
    if at.since(next).max(next.since(at)) < JOIN { next } else { at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::num;

    /// A made-up voice: syllables of 120 to 280 ms of a buzz through two moving resonances, and gaps between them.
    struct Voice {
        state: u32,
    }

    impl Voice {
        fn chance(&mut self) -> f32 {
            self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (self.state >> 8) as f32 / 16_777_216.0
        }

        fn says(&mut self, ms: usize, level: f32) -> Vec<f32> {
            let mut sound = Vec::new();
            while sound.len() < ms * 48 {
                let (length, gap) = (120.0 + 160.0 * self.chance(), 30.0 + 120.0 * self.chance());
                let pitch = 90.0 + 120.0 * self.chance();
                let formants = [300.0 + 500.0 * self.chance(), 900.0 + 1500.0 * self.chance()];
                let samples = num::index(num::count(f64::from(length) * 48.0));
                for n in 0..samples {
                    let (time, shape) = (
                        n as f32 / 48_000.0,
                        (n as f32 / samples as f32 * std::f32::consts::PI).sin(),
                    );
                    let buzz: f32 = (1..25)
                        .map(|harmonic| {
                            let hz = pitch * harmonic as f32;
                            let near =
                                |formant: &f32| 1.0 / (1.0 + ((hz - formant) / 120.0).powi(2));
                            let gain: f32 = formants.iter().map(near).sum::<f32>() + 0.02;
                            gain * (std::f32::consts::TAU * hz * time).sin()
                        })
                        .sum();
                    sound.push(level * shape * buzz / 3.0);
                }
                sound.extend(std::iter::repeat_n(
                    0.0,
                    num::index(num::count(f64::from(gap) * 48.0)),
                ));
            }
            sound.truncate(ms * 48);
            sound
        }
    }

    fn pcm(sound: &[f32]) -> Vec<i16> {
        sound.iter().map(|sample| num::sample_of(*sample)).collect()
    }

    /// What the guard says of each hop of 32 ms while `near` is heard and `own` is played at the same time.
    fn sources(guard: &mut EchoGuard, from_ms: u64, own: &[f32], near: &[f32]) -> Vec<Source> {
        let mut sources = Vec::new();
        for (frame, (own, near)) in own.chunks(960).zip(near.chunks(960)).enumerate() {
            let at = SessionTime::from_millis(from_ms + 20 * frame as u64);
            guard.own(at, &pcm(own));
            guard.hear(at, &pcm(near), near.iter().any(|sample| *sample != 0.0));
            sources.push(guard.source(at + Span::from_millis(20)));
        }
        sources
    }

    /// `own` as it comes back: later, softer, with a reflection, in a room with some noise.
    fn echo_of(own: &[f32], delay_ms: usize, gain: f32) -> Vec<f32> {
        let mut noise = Voice { state: 5 };
        let come_back = |n: usize, late: usize| n.checked_sub(late * 48).map_or(0.0, |n| own[n]);
        (0..own.len())
            .map(|n| {
                let echo = come_back(n, delay_ms) + 0.5 * come_back(n, delay_ms + 17);
                gain * echo + 2e-4 * (noise.chance() - 0.5)
            })
            .collect()
    }

    #[test]
    fn the_own_voice_that_comes_back_is_known_for_what_it_is() {
        for (delay_ms, gain) in [(20, 0.3), (90, 0.1), (200, 0.03)] {
            let own = Voice { state: 1 }.says(4000, 0.5);
            let mut guard = EchoGuard::default();
            let sources = sources(&mut guard, 1000, &own, &echo_of(&own, delay_ms, gain));
            let learned = sources.iter().position(|source| *source == Source::Own).unwrap();
            assert!(learned <= 80, "{delay_ms} ms: learned after {learned} frames");
            let host = sources.iter().skip(5).filter(|source| **source == Source::Host).count();
            assert_eq!(host, 0, "{delay_ms} ms");
            let lag_ms = guard.path().unwrap().lag_ms;
            assert!(
                lag_ms.abs_diff(i64::try_from(delay_ms).unwrap()) <= 20,
                "{lag_ms} for {delay_ms} ms"
            );
        }
    }

    #[test]
    fn a_host_who_speaks_over_the_echo_is_heard() {
        let own = Voice { state: 1 }.says(6000, 0.5);
        let host = Voice { state: 77 }.says(2000, 0.3);
        let mut near = echo_of(&own, 90, 0.1);
        for (place, sample) in near[4000 * 48..].iter_mut().zip(&host) {
            *place += sample;
        }
        let sources = sources(&mut EchoGuard::default(), 1000, &own, &near);
        let first = sources.iter().skip(60).position(|source| *source == Source::Host).unwrap();
        let after_ms = i64::try_from(60 + first).unwrap() * 20 - 4000;
        assert!((0..=140).contains(&after_ms), "{after_ms} ms after the host began");
    }

    #[test]
    fn of_a_muted_host_nothing_is_learned_and_nothing_forgotten() {
        let own = Voice { state: 1 }.says(9000, 0.5);
        let mut near = echo_of(&own, 90, 0.1);
        near[..3000 * 48].fill(0.0);
        let mut guard = EchoGuard::default();
        let parts = sources(&mut guard, 1000, &own[..6000 * 48], &near[..6000 * 48]);
        let host = parts.iter().skip(5).filter(|source| **source == Source::Host).count();
        assert_eq!((host, parts.last()), (0, Some(&Source::Own)), "learned once it is heard");
        let path = guard.path();
        near[6000 * 48..].fill(0.0);
        sources(&mut guard, 7000, &own[6000 * 48..], &near[6000 * 48..]);
        assert_eq!(guard.path(), path, "known when it is heard again");
    }

    #[test]
    fn with_headphones_the_host_is_the_host() {
        let own = Voice { state: 1 }.says(4000, 0.5);
        let mut near = echo_of(&own, 90, 0.0);
        for (place, sample) in near[1000 * 48..].iter_mut().zip(Voice { state: 77 }.says(3000, 0.3))
        {
            *place += sample;
        }
        let sources = sources(&mut EchoGuard::default(), 1000, &own, &near);
        assert!(sources[..10].contains(&Source::Unsure));
        assert!(sources[30..].iter().all(|source| *source == Source::Host), "{sources:?}");
    }

    #[test]
    fn while_no_ai_speaks_everything_is_the_hosts() {
        let mut guard = EchoGuard::default();
        let host = pcm(&Voice { state: 77 }.says(500, 0.3));
        guard.hear(SessionTime::ZERO, &host, true);
        assert_eq!(guard.source(SessionTime::from_millis(500)), Source::Host);
    }
}
