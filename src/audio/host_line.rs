//! The host's sound on session time.
//!
//! Frames with the sender's counter go in; out come sound at 48 kHz and holes, one after the other without a gap, each
//! with its place on session time. Between frames that belong together time is bent by parts per million, so that the
//! track follows the clock fit; what was never captured, sent or received becomes an explicit hole with its cause,
//! never a stretched or repeated sound.
//!
//! The line feeds the recorder as it is, and the recogniser through a 48 to 16 kHz resampler with holes as silence.
//!
//! Invariants: each piece begins where the one before ended, the first at session time zero; no hole reaches beyond
//! the present, whatever a counter says; sound that comes after its place was given away is dropped and counted.
//! Units: 48 kHz, session time. Waiting: a filter's look-ahead of 4 ms at 16 kHz, 5 ms of block, and [`SETTLE_SPAN`]
//! at the start of each epoch.

use std::sync::Arc;

use super::clock_fit::{ClockFit, EpochCause, Mapping, Observed};
use super::drift::{DriftResampler, RENDER_SAMPLES};
use super::{SampleRate, num};
use crate::time::{SESSION_RATE_HZ, SessionTime, Span};

pub use super::clock_fit::SETTLE_SPAN;

/// How long a place is kept free for sound that is late. The recorder's watermark trails by 400 ms; the rest is for a
/// tick of 20 ms and this line's own filters, or sound that came in time would find its place written as silence.
pub const WAIT_MAX: Span = Span::from_millis(360);
const _: () = assert!(
    SETTLE_SPAN.samples() < WAIT_MAX.samples(),
    "an epoch settles before its sound is given up"
);

/// A block of the resampler on the signed line of session samples, where a filter's start may lie before zero.
#[expect(clippy::cast_possible_wrap, reason = "240")]
const BLOCK: i64 = RENDER_SAMPLES as i64;

/// Why there is no sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoleCause {
    /// Nothing came within [`WAIT_MAX`]: nobody connected, muted at the source, a network that holds back.
    Absent,
    /// The counter says that samples were captured and not sent.
    Missing,
    /// The host's device stood still.
    Stalled,
    /// The host's counter or connection began anew.
    Restarted,
}

impl HoleCause {
    /// The word in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Missing => "missing",
            Self::Stalled => "stalled",
            Self::Restarted => "restarted",
        }
    }
}

/// The next stretch of the host's track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostPiece {
    /// Sound at 48 kHz.
    Sound {
        /// Where its first sample lies.
        at: SessionTime,
        /// The samples.
        samples: Arc<[i16]>,
    },
    /// No sound.
    Hole {
        /// Where it begins.
        from: SessionTime,
        /// Where it ends.
        until: SessionTime,
        /// Why.
        cause: HoleCause,
    },
}

impl HostPiece {
    /// Where the piece begins.
    #[must_use]
    pub const fn from(&self) -> SessionTime {
        match self {
            Self::Sound { at, .. } => *at,
            Self::Hole { from, .. } => *from,
        }
    }

    /// Where the piece ends.
    #[must_use]
    pub fn until(&self) -> SessionTime {
        match self {
            Self::Sound { at, samples } => *at + Span::from_samples(samples.len() as u64),
            Self::Hole { until, .. } => *until,
        }
    }
}

/// Puts the host's frames onto session time.
#[derive(Debug, Default)]
pub struct HostLine {
    fit: ClockFit,
    resampler: Option<DriftResampler>,
    stretch: Option<Stretch>,
    /// End of what was given out.
    given: SessionTime,
    late_samples: u64,
    /// Sound of the call that runs, before it becomes a piece.
    sound: Vec<i16>,
    block: Vec<i16>,
}

/// Frames whose counters follow each other within one epoch.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    /// Capture sample of the resampler's first input.
    origin: u64,
    /// Capture sample that would go on.
    next: u64,
    /// The fit when its newest frame came; a later epoch has no say in it.
    mapping: Mapping,
    /// Session sample of the next output; `None` until the epoch has settled.
    cursor: Option<i64>,
    /// Why there was no sound before it.
    cause: HoleCause,
    begun_at: SessionTime,
}

impl HostLine {
    /// A line that begins at session time zero.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a frame whose first sample has number `first_sample` on the sender's counter and that arrived at
    /// `arrival`. Appends what can be said. The answer tells of new epochs and of pairs for the log.
    pub fn push(
        &mut self,
        first_sample: u64,
        rate: SampleRate,
        samples: &[i16],
        arrival: SessionTime,
        out: &mut Vec<HostPiece>,
    ) -> Observed {
        let end = first_sample.saturating_add(samples.len() as u64);
        if end == first_sample {
            return Observed::default();
        }
        let observed = self.fit.observe(first_sample..end, rate, arrival);
        let Some(mapping) = self.fit.mapping().filter(|_| !observed.is_repeat) else {
            self.late_samples +=
                samples.len() as u64 * u64::from(SESSION_RATE_HZ) / u64::from(rate.hz());
            return observed;
        };
        let goes_on = self.stretch.is_some_and(|stretch| stretch.next == first_sample);
        if !goes_on || observed.epoch.is_some() {
            let cause = match observed.epoch.map(|epoch| epoch.cause) {
                None => HoleCause::Missing,
                Some(EpochCause::First) => HoleCause::Absent,
                Some(EpochCause::Stalled) => HoleCause::Stalled,
                Some(EpochCause::Jumped | EpochCause::Restarted) => HoleCause::Restarted,
            };
            self.end_stretch(arrival, out);
            self.begin_stretch(first_sample, rate, mapping, cause, arrival);
        }
        if let (Some(stretch), Some(resampler)) = (&mut self.stretch, &mut self.resampler) {
            resampler.push(samples);
            stretch.next = end;
            stretch.mapping = mapping;
        }
        if self.fit.is_settled(arrival) {
            self.start_stretch(arrival, out);
            self.render();
        }
        self.emit(out);
        observed
    }

    /// Time has come to `now`: what has not arrived by now is given up and becomes a hole.
    pub fn advance(&mut self, now: SessionTime, out: &mut Vec<HostPiece>) {
        // An epoch settles with time, though its next frame may be late.
        if self.fit.is_settled(now) {
            self.start_stretch(now, out);
            self.render();
            self.emit(out);
        }
        let until = now - WAIT_MAX;
        // A stretch that only just began has its place already, though it may not have been given out.
        let has_begun =
            self.stretch.is_some_and(|stretch| now.since(stretch.begun_at) <= SETTLE_SPAN);
        // What has come lies at its place, though the filters hold the last of it back.
        let come = self.stretch.map(|stretch| stretch.mapping.session_time_of(stretch.next));
        if until > self.given.max(come.unwrap_or_default()) && !has_begun {
            self.end_stretch(now, out);
            self.leave_hole(until, HoleCause::Absent, out);
        }
    }

    /// The next frame comes from a new connection or device, whose counter has nothing to do with this one's.
    pub fn restart(&mut self, now: SessionTime, out: &mut Vec<HostPiece>) {
        self.end_stretch(now, out);
        self.fit.restart();
    }

    /// The session ends at `end`: appends the rest and closes the line there. Sound beyond `end` is cut.
    pub fn finish(&mut self, end: SessionTime, out: &mut Vec<HostPiece>) {
        self.end_stretch(end, out);
        self.leave_hole(end, HoleCause::Absent, out);
        while let Some(last) = out.last_mut()
            && last.until() > end
        {
            match last {
                HostPiece::Sound { at, samples } if *at < end => {
                    *samples = samples[..num::index(end.since(*at).samples())].into();
                }
                HostPiece::Hole { from, until, .. } if *from < end => *until = end,
                HostPiece::Sound { .. } | HostPiece::Hole { .. } => {
                    out.pop();
                }
            }
        }
        self.given = self.given.max(end);
    }

    /// The clock fit, for playout reports in the host's own counter.
    #[must_use]
    pub const fn fit(&self) -> &ClockFit {
        &self.fit
    }

    /// Where the next piece will begin.
    #[must_use]
    pub const fn given_until(&self) -> SessionTime {
        self.given
    }

    /// Samples (at 48 kHz) that came too late or twice.
    #[must_use]
    pub const fn late_samples(&self) -> u64 {
        self.late_samples
    }

    fn begin_stretch(
        &mut self,
        origin: u64,
        rate: SampleRate,
        mapping: Mapping,
        cause: HoleCause,
        begun_at: SessionTime,
    ) {
        match self.resampler.as_mut().filter(|resampler| resampler.rate() == rate) {
            Some(resampler) => resampler.reset(),
            None => self.resampler = Some(DriftResampler::new(rate)),
        }
        self.stretch =
            Some(Stretch { origin, next: origin, mapping, cursor: None, cause, begun_at });
    }

    /// Finds the stretch's place, once.
    fn start_stretch(&mut self, now: SessionTime, out: &mut Vec<HostPiece>) {
        let (Some(mut stretch), Some(resampler)) = (self.stretch, &self.resampler) else { return };
        if stretch.cursor.is_some() {
            return;
        }
        let start = stretch.mapping.session_time_of(stretch.origin).min(now);
        // The filter's first outputs lie before its input; they are rendered and dropped.
        let lead =
            resampler.position() * f64::from(SESSION_RATE_HZ) / f64::from(resampler.rate().hz());
        stretch.cursor = Some(num::distance(start.samples(), 0) + num::signed(lead) + 1);
        self.stretch = Some(stretch);
        self.late_samples += self.given.since(start).samples();
        self.leave_hole(start, stretch.cause, out);
    }

    /// Renders what there is input for.
    fn render(&mut self) {
        let (Some(mut stretch), Some(resampler)) = (self.stretch, &mut self.resampler) else {
            return;
        };
        let Some(mut cursor) = stretch.cursor else { return };
        self.block.clear();
        while resampler.render(stretch.target(cursor), &mut self.block) {
            cursor += BLOCK;
        }
        stretch.cursor = Some(cursor);
        self.stretch = Some(stretch);
        self.keep(cursor);
    }

    /// Renders the stretch to its end, and forgets it.
    fn end_stretch(&mut self, now: SessionTime, out: &mut Vec<HostPiece>) {
        if self.stretch.is_none() {
            return;
        }
        self.start_stretch(now, out);
        self.render();
        if let (Some(stretch), Some(resampler)) = (self.stretch.take(), &mut self.resampler)
            && let Some(mut cursor) = stretch.cursor
        {
            let taken = resampler.taken() as f64;
            self.block.clear();
            while resampler.position() < taken {
                resampler.render_out(stretch.target(cursor), &mut self.block);
                cursor += BLOCK;
            }
            let per_sample = f64::from(SESSION_RATE_HZ) / f64::from(resampler.rate().hz());
            let beyond = num::count((resampler.position() - taken) * per_sample)
                .min(self.block.len() as u64);
            self.block.truncate(self.block.len() - num::index(beyond));
            self.keep(cursor.saturating_sub_unsigned(beyond));
        }
        self.emit(out);
    }

    /// Takes over of `block`, which ends at session sample `end`, what lies after all that was given out.
    fn keep(&mut self, end: i64) {
        let until = u64::try_from(end).unwrap_or(0);
        let given = self.given.samples() + self.sound.len() as u64;
        let fresh = num::index(until.saturating_sub(given)).min(self.block.len());
        self.sound.extend_from_slice(&self.block[self.block.len() - fresh..]);
    }

    fn emit(&mut self, out: &mut Vec<HostPiece>) {
        if !self.sound.is_empty() {
            let piece = HostPiece::Sound { at: self.given, samples: self.sound[..].into() };
            self.sound.clear();
            self.given = piece.until();
            out.push(piece);
        }
    }

    fn leave_hole(&mut self, until: SessionTime, cause: HoleCause, out: &mut Vec<HostPiece>) {
        if until > self.given {
            out.push(HostPiece::Hole { from: self.given, until, cause });
            self.given = until;
        }
    }
}

impl Stretch {
    /// Input position of the last sample of the block that begins at session sample `cursor`.
    fn target(&self, cursor: i64) -> f64 {
        self.mapping.capture_offset_at(cursor + BLOCK - 1, self.origin)
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;
    use std::ops::Range;

    use proptest::prelude::*;

    use super::*;

    /// A host that counts `skew_ppm` fast from session time `start_ms` on; its sound is a sine on true time.
    struct Host {
        rate: SampleRate,
        skew_ppm: f64,
        start_ms: f64,
    }

    impl Host {
        fn truth(&self, sample: u64) -> f64 {
            let hz = f64::from(self.rate.hz()) * (1.0 + self.skew_ppm / 1e6);
            self.start_ms * 48.0 + sample as f64 * 48_000.0 / hz
        }

        fn frame(&self, n: u64) -> (u64, Vec<i16>) {
            let length = self.rate.samples_in_ms(20) as u64;
            let samples =
                (n * length..(n + 1) * length).map(|sample| tone(self.truth(sample))).collect();
            (n * length, samples)
        }

        fn push(
            &self,
            line: &mut HostLine,
            n: u64,
            delay_ms: u64,
            out: &mut Vec<HostPiece>,
        ) -> Observed {
            let (first, samples) = self.frame(n);
            let arrival =
                SessionTime::from_samples(num::count(self.truth(first + samples.len() as u64)));
            line.push(first, self.rate, &samples, arrival + Span::from_millis(delay_ms), out)
        }
    }

    /// 50 Hz: a shift of 1 ms changes it by a third of its amplitude.
    fn tone(session_samples: f64) -> i16 {
        num::sample_of(num::single(0.5 * (session_samples * TAU * 50.0 / 48_000.0).sin()))
    }

    /// Checks that pieces follow each other from zero, and returns sound as a track with holes as silence.
    fn track(pieces: &[HostPiece]) -> Vec<i16> {
        let mut track = Vec::new();
        for piece in pieces {
            assert_eq!(piece.from().samples(), track.len() as u64, "{piece:?}");
            match piece {
                HostPiece::Sound { samples, .. } => track.extend_from_slice(samples),
                HostPiece::Hole { until, .. } => track.resize(num::index(until.samples()), 0),
            }
        }
        track
    }

    fn holes(pieces: &[HostPiece]) -> Vec<(u64, u64, HoleCause)> {
        pieces
            .iter()
            .filter_map(|piece| match piece {
                HostPiece::Hole { from, until, cause } => {
                    Some((from.millis(), until.millis(), *cause))
                }
                HostPiece::Sound { .. } => None,
            })
            .collect()
    }

    /// Largest shift in ms between the track and the true tone over a stretch in ms, by their phases.
    fn shift_ms(track: &[i16], stretch_ms: Range<usize>) -> f64 {
        stretch_ms
            .step_by(100)
            .map(|ms| {
                let (mut sine, mut cosine) = (0.0, 0.0);
                for (n, &sample) in track[ms * 48..(ms + 100) * 48].iter().enumerate() {
                    // 100 ms are five whole periods.
                    let phase = n as f64 * TAU * 50.0 / 48_000.0;
                    sine += f64::from(sample) * phase.sin();
                    cosine += f64::from(sample) * phase.cos();
                }
                (cosine.atan2(sine) / TAU * 20.0).abs()
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn every_rate_and_skew_lands_on_session_time() {
        for hz in [16_000, 24_000, 44_100, 48_000] {
            for skew_ppm in [-500.0, 500.0] {
                let host = Host { rate: SampleRate::new(hz).unwrap(), skew_ppm, start_ms: 730.0 };
                let (mut line, mut out) = (HostLine::new(), Vec::new());
                for n in 0..3000 {
                    host.push(&mut line, n, n * 13 % 7, &mut out);
                    line.advance(SessionTime::from_millis(730 + n * 20), &mut out);
                }
                let holes = holes(&out);
                assert!(
                    matches!(holes[..], [(0, 729 | 730, HoleCause::Absent)]),
                    "{hz} Hz, {skew_ppm} ppm: {holes:?}"
                );
                let track = track(&out);
                let (early, late) = (shift_ms(&track, 800..1_700), shift_ms(&track, 1_700..60_000));
                println!(
                    "{hz} Hz, {skew_ppm} ppm: {early:.2} ms in the first second, {late:.2} ms after"
                );
                assert!(
                    early < 5.0 && late < 5.0,
                    "{hz} Hz, {skew_ppm} ppm: {early} ms, {late} ms"
                );
            }
        }
    }

    #[test]
    fn what_was_not_sent_is_a_hole_of_its_length_and_the_sound_after_it_is_in_place() {
        let host = Host { rate: SampleRate::HZ_48000, skew_ppm: 0.0, start_ms: 0.0 };
        let (mut line, mut out) = (HostLine::new(), Vec::new());
        for n in (0..100).chain(115..300) {
            host.push(&mut line, n, 0, &mut out);
        }
        assert_eq!(holes(&out), [(2_000, 2_300, HoleCause::Missing)]);
        let track = track(&out);
        assert!(track[2_005 * 48..2_295 * 48].iter().all(|&sample| sample == 0));
        assert!(shift_ms(&track, 0..1_900) < 0.1 && shift_ms(&track, 2_400..5_800) < 0.1);
    }

    #[test]
    fn sound_that_comes_after_its_place_was_given_away_is_dropped_and_counted() {
        let host = Host { rate: SampleRate::HZ_16000, skew_ppm: 0.0, start_ms: 0.0 };
        let (mut line, mut out) = (HostLine::new(), Vec::new());
        for n in 0..100 {
            host.push(&mut line, n, 0, &mut out);
        }
        // Nothing for a second; then what was held back, all at once.
        line.advance(SessionTime::from_millis(3_000), &mut out);
        assert_eq!(holes(&out), [(2_000, 2_640, HoleCause::Absent)]);
        for n in 100..150 {
            let held_back = (150 - n) * 20;
            host.push(&mut line, n, held_back, &mut out);
        }
        for n in 150..200 {
            host.push(&mut line, n, 0, &mut out);
        }
        let track = track(&out);
        assert_eq!(holes(&out).len(), 1);
        assert!((30_600..=30_800).contains(&line.late_samples()), "{}", line.late_samples());
        assert!(shift_ms(&track, 2_700..3_900) < 0.1);
    }

    #[test]
    fn what_has_come_keeps_its_place_though_the_filters_hold_its_last_samples_back() {
        let host = Host { rate: SampleRate::HZ_48000, skew_ppm: 0.0, start_ms: 0.0 };
        let (mut line, mut out) = (HostLine::new(), Vec::new());
        for n in 0..100 {
            host.push(&mut line, n, 0, &mut out);
        }
        let until = SessionTime::from_millis(1_998);
        assert!(line.given_until() < until);
        line.advance(until + WAIT_MAX, &mut out);
        for n in 100..200 {
            // The next ones were held up, and come all at once.
            host.push(&mut line, n, 340_u64.saturating_sub((n - 100) * 20), &mut out);
        }
        assert_eq!((holes(&out).len(), line.late_samples()), (0, 0));
        assert!(shift_ms(&track(&out), 0..3_900) < 0.1);
    }

    #[test]
    fn a_device_that_stalled_leaves_a_hole_and_time_is_right_again() {
        let host = Host { rate: SampleRate::HZ_48000, skew_ppm: 0.0, start_ms: 0.0 };
        let (mut line, mut out) = (HostLine::new(), Vec::new());
        let mut epochs = Vec::new();
        for n in 0..300 {
            // From 2 s on the counter has lost half a second.
            let (_, samples) = host.frame(if n < 100 { n } else { n + 25 });
            let delay = if n < 100 { 0 } else { 500 };
            let arrival = SessionTime::from_millis((n + 1) * 20 + delay);
            let observed = line.push(n * 960, host.rate, &samples, arrival, &mut out);
            epochs.extend(observed.epoch);
        }
        assert_eq!(epochs.len(), 2);
        let holes = holes(&out);
        assert_eq!((holes.len(), holes[0].2), (1, HoleCause::Stalled));
        assert!((499..=501).contains(&(holes[0].1 - holes[0].0)), "{holes:?}");
        assert!(shift_ms(&track(&out), 3_800..6_300) < 0.5);
    }

    #[test]
    fn a_counter_cannot_make_a_hole_into_the_future() {
        let (mut line, mut out) = (HostLine::new(), Vec::new());
        let rate = SampleRate::HZ_48000;
        for n in 0..100 {
            line.push(n * 960, rate, &[5; 960], SessionTime::from_millis((n + 1) * 20), &mut out);
        }
        line.push(u64::MAX - 5_000, rate, &[5; 960], SessionTime::from_millis(2_020), &mut out);
        line.push(u64::MAX - 3, rate, &[5; 960], SessionTime::from_millis(2_040), &mut out);
        line.finish(SessionTime::from_millis(2_500), &mut out);
        assert_eq!(track(&out).len(), 2_500 * 48);
    }

    #[test]
    fn the_line_ends_where_the_session_ends() {
        let host = Host { rate: SampleRate::HZ_44100, skew_ppm: 100.0, start_ms: 100.0 };
        let (mut line, mut out) = (HostLine::new(), Vec::new());
        for n in 0..50 {
            host.push(&mut line, n, 3, &mut out);
        }
        let mut longer = out.clone();
        line.finish(SessionTime::from_millis(1_000), &mut out);
        assert_eq!(track(&out).len(), 48_000);
        line = HostLine::new();
        longer.clear();
        line.finish(SessionTime::from_millis(1_000), &mut longer);
        assert_eq!(holes(&longer), [(0, 1_000, HoleCause::Absent)]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn pieces_follow_each_other_whatever_arrives(
            frames in proptest::collection::vec((0_u64..4, 0_u64..300, 0_u8..40), 1..120),
            hz in prop_oneof![Just(16_000), Just(44_100), Just(48_000)],
        ) {
            let host = Host { rate: SampleRate::new(hz).unwrap(), skew_ppm: 200.0, start_ms: 50.0 };
            let (mut line, mut out) = (HostLine::new(), Vec::new());
            let (mut n, mut now) = (0, SessionTime::ZERO);
            for (skip, delay_ms, trouble) in frames {
                n += skip;
                let (first, samples) = host.frame(n);
                let first = match trouble {
                    0 => first / 2,
                    1 => first + 1_000_000,
                    2 => u64::MAX - 10,
                    _ => first,
                };
                now = now.max(SessionTime::from_millis(70 + n * 20 + delay_ms));
                line.push(first, host.rate, &samples, now, &mut out);
                if trouble == 3 {
                    line.restart(now, &mut out);
                }
                line.advance(now, &mut out);
                for piece in &out {
                    if let HostPiece::Hole { until, .. } = piece {
                        prop_assert!(*until <= now);
                    }
                }
                prop_assert!(line.given_until() <= now + Span::from_millis(600), "{} at {now}", line.given_until());
            }
            let end = now + Span::from_millis(1_000);
            line.finish(end, &mut out);
            prop_assert_eq!(track(&out).len() as u64, end.samples());
        }
    }
}
