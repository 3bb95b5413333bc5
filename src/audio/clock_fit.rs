//! Where the host's sample counter lies on session time.
//!
//! Each frame of the host carries the counter of its sender's sound card and arrives some time after it was captured.
//! Network and buffers only ever add, so the truth is the lower envelope of (arrival − capture): the line under all
//! recent points that touches the lowest of them. Its slope is the difference of the two clocks.
//!
//! The envelope cannot see the smallest delay that every frame has; it is taken as zero.
//!
//! A device that stalls goes on counting where it left off while wall time is missing; one that restarts counts anew.
//! Then no line fits, and a new *epoch* begins, with a line of its own and the slope known so far. Nothing is written
//! back: what was said of earlier samples stands.
//!
//! Invariants: causal; within an epoch the mapping rises with the counter.
//! Units: capture samples at the host's rate; session time; slopes in parts per million.

use std::collections::VecDeque;
use std::ops::Range;

use super::{SampleRate, num};
use crate::time::{SESSION_RATE_HZ, SessionTime, Span};

/// Points of the envelope: the lowest of each second, for two minutes. Long enough that 200 ms of jitter leave the
/// slope within a few ppm, short enough to follow a sound card that warms up.
const POINTS_MAX: usize = 120;

/// Capture time from which one lowest point is kept.
const POINT_SPAN: Span = Span::from_millis(1000);

/// From this much capture time on the measured slope counts as much as the slope assumed before.
const TRUST_SPAN: Span = Span::from_millis(5_000);

/// Sound cards are within ±500 ppm (bad ones); twice that is taken for measuring error.
const SKEW_PPM_MAX: f64 = 1000.0;

/// Deviation from the line that no fit explains (podcast-production: 60 ms …).
pub const STRAY_MAX: Span = Span::from_millis(60);

/// … if it lasts (… over 1 s). A network that holds everything back delivers it in a burst whose last frames are on
/// time again, and so does not look like this.
pub const STRAY_PATIENCE: Span = Span::from_millis(1000);

/// Fewest frames in a row that count as lasting.
const STRAY_FRAMES_MIN: u32 = 10;

/// Time from an epoch's first sample until its line is worth using: fifteen frames, of which one is likely
/// to have come through at once. Less than the 400 ms by which the recorder trails.
pub const SETTLE_SPAN: Span = Span::from_millis(300);

/// A counter that falls back by no more than this repeats or reorders frames; beyond, it counts anew.
const REPEAT_MAX: Span = Span::from_millis(1000);

/// Why a new epoch began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EpochCause {
    /// The first sound.
    First,
    /// The counter stood while time went on: the device or its thread stalled.
    Stalled,
    /// The counter ran ahead of time.
    Jumped,
    /// The counter began anew, or at another rate.
    Restarted,
}

/// A new epoch of the mapping, for a `recorder.gap` event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// Rising from 1.
    pub number: u32,
    /// Why it began.
    pub cause: EpochCause,
    /// First capture sample that it maps.
    pub capture_sample: u64,
    /// When it was noticed.
    pub noticed_at: SessionTime,
    /// By how much later (earlier, if negative) sound lies than the epoch before would have put it; 0 where that
    /// has no meaning.
    pub shift_samples: i64,
}

/// A point of the mapping, for the log: one a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FitPair {
    /// Capture sample.
    pub capture_sample: u64,
    /// Where it lies.
    pub at: SessionTime,
    /// By how much the host's clock runs fast.
    pub skew_ppm: f32,
    /// The epoch it belongs to.
    pub epoch: u32,
}

/// The line of an epoch at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mapping {
    origin: u64,
    origin_at: SessionTime,
    hz: f64,
    slope: f64,
    level: f64,
}

impl Mapping {
    /// When `capture_sample` was captured; not before the session began.
    #[must_use]
    pub fn session_time_of(&self, capture_sample: u64) -> SessionTime {
        let captured = num::distance(capture_sample, self.origin) as f64 / self.hz
            * f64::from(SESSION_RATE_HZ);
        self.origin_at.offset(num::signed(captured * (1.0 + self.slope) + self.level))
    }

    /// The place on the host's counter, relative to `capture_sample`, that sounded `samples` (negative: before)
    /// after the session began.
    #[must_use]
    pub fn capture_offset_at(&self, samples: i64, capture_sample: u64) -> f64 {
        let since = samples as f64 - self.origin_at.samples() as f64;
        let captured =
            (since - self.level) / (1.0 + self.slope) * self.hz / f64::from(SESSION_RATE_HZ);
        captured - num::distance(capture_sample, self.origin) as f64
    }
}

/// What a frame did to the fit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Observed {
    /// A new epoch began with this frame.
    pub epoch: Option<Epoch>,
    /// A pair for the log.
    pub pair: Option<FitPair>,
    /// The frame repeats samples that were here already; it should not be used.
    pub is_repeat: bool,
}

/// The mapping from capture samples to session time.
#[derive(Debug, Default)]
pub struct ClockFit {
    line: Option<Line>,
    epoch: u32,
}

#[derive(Debug)]
struct Line {
    rate: SampleRate,
    /// Capture sample and arrival of the epoch's first frame; everything else is relative to them.
    origin: u64,
    origin_at: SessionTime,
    /// Slope assumed before anything was measured.
    prior: f64,
    slope: f64,
    level: f64,
    points: VecDeque<Point>,
    /// Lowest point of the second that runs, and the capture time at which that began.
    lowest: Option<Point>,
    second: f64,
    /// End of the newest frame.
    captured: u64,
    stray: Option<Stray>,
    /// Capture time at which the next pair is due.
    next_pair: f64,
}

/// Samples at 48 kHz: capture time since the origin, and (arrival − capture) relative to the origin's.
#[derive(Clone, Copy, Debug)]
struct Point {
    captured: f64,
    lateness: f64,
}

/// Frames in a row that lie off the line on one side.
#[derive(Clone, Copy, Debug)]
struct Stray {
    since: SessionTime,
    frames: u32,
    /// How far the lowest of them lies above the line; delay only adds, so that is the truest.
    lowest: f64,
}

impl ClockFit {
    /// A fit that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a frame that holds capture samples `captured` at `rate` and arrived at `arrival`. Arrivals come in order.
    pub fn observe(
        &mut self,
        captured: Range<u64>,
        rate: SampleRate,
        arrival: SessionTime,
    ) -> Observed {
        let Some(line) = self.line.as_mut().filter(|line| line.rate == rate) else {
            let cause = if self.line.is_some() { EpochCause::Restarted } else { EpochCause::First };
            let epoch = self.begin(cause, captured, rate, arrival, 0.0);
            return Observed { epoch: Some(epoch), ..Observed::default() };
        };
        if captured.start < line.captured {
            if line.span(line.captured - captured.start) <= REPEAT_MAX.samples() as f64 {
                return Observed { is_repeat: true, ..Observed::default() };
            }
            let skew = line.slope;
            let epoch = self.begin(EpochCause::Restarted, captured, rate, arrival, skew);
            return Observed { epoch: Some(epoch), ..Observed::default() };
        }
        let leaps = captured.start > line.captured;
        if let Some((cause, off)) = line.take(captured.clone(), leaps, arrival) {
            // The frames that strayed have shown where the new line lies; this frame alone may be late.
            let (slope, start) = (line.slope, line.place(line.offset(captured.start)) + off);
            let waited = num::distance(arrival.samples(), line.origin_at.samples()) as f64;
            let mut epoch = self.begin(cause, captured, rate, arrival, slope);
            epoch.shift_samples = num::signed(off);
            if let Some(line) = &mut self.line {
                line.level = line.level.min(start - waited);
            }
            return Observed { epoch: Some(epoch), ..Observed::default() };
        }
        Observed { pair: line.pair_due(self.epoch), ..Observed::default() }
    }

    /// Forgets the counter: the next frame comes from a new connection or device and begins an epoch.
    pub fn restart(&mut self) {
        self.line = None;
    }

    /// The mapping as it is known now. `None` before the first frame.
    #[must_use]
    pub fn mapping(&self) -> Option<Mapping> {
        self.line.as_ref().map(Line::mapping)
    }

    /// When `capture_sample` was captured, by what is known now. `None` before the first frame.
    #[must_use]
    pub fn session_time_of(&self, capture_sample: u64) -> Option<SessionTime> {
        self.mapping().map(|mapping| mapping.session_time_of(capture_sample))
    }

    /// By how much the host's clock runs fast; negative if slow.
    #[must_use]
    pub fn skew_ppm(&self) -> f64 {
        self.line.as_ref().map_or(0.0, |line| -line.slope * 1e6)
    }

    /// Whether the epoch is old enough at `now` for its line to be used. Its age counts from where its first sample lies,
    /// not from when that came: one that came late has less time left until its place is given up.
    #[must_use]
    pub fn is_settled(&self, now: SessionTime) -> bool {
        let began = self.line.as_ref().map(|line| line.mapping().session_time_of(line.origin));
        began.is_some_and(|began| now.since(began) >= SETTLE_SPAN)
    }

    /// The number of the epoch; 0 before the first frame.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    fn begin(
        &mut self,
        cause: EpochCause,
        captured: Range<u64>,
        rate: SampleRate,
        arrival: SessionTime,
        slope: f64,
    ) -> Epoch {
        self.epoch += 1;
        let mut line = Line {
            rate,
            origin: captured.start,
            origin_at: arrival,
            prior: slope,
            slope,
            level: 0.0,
            points: VecDeque::with_capacity(POINTS_MAX),
            lowest: None,
            second: 0.0,
            captured: captured.end,
            stray: None,
            next_pair: 0.0,
        };
        let first = line.point(captured.end, arrival);
        line.level = first.lateness - line.slope * first.captured;
        line.lowest = Some(first);
        self.line = Some(line);
        Epoch {
            number: self.epoch,
            cause,
            capture_sample: captured.start,
            noticed_at: arrival,
            shift_samples: 0,
        }
    }
}

impl Line {
    fn mapping(&self) -> Mapping {
        let Self { origin, origin_at, slope, level, .. } = *self;
        Mapping { origin, origin_at, hz: f64::from(self.rate.hz()), slope, level }
    }

    /// `samples` of the host's counter in samples at 48 kHz.
    fn span(&self, samples: u64) -> f64 {
        samples as f64 * f64::from(SESSION_RATE_HZ) / f64::from(self.rate.hz())
    }

    /// Capture time of `capture_sample` since the origin.
    fn offset(&self, capture_sample: u64) -> f64 {
        num::distance(capture_sample, self.origin) as f64 * f64::from(SESSION_RATE_HZ)
            / f64::from(self.rate.hz())
    }

    /// Session samples since the origin's arrival at which capture time `captured` lies.
    fn place(&self, captured: f64) -> f64 {
        captured * (1.0 + self.slope) + self.level
    }

    fn point(&self, capture_end: u64, arrival: SessionTime) -> Point {
        let captured = self.offset(capture_end);
        let since = num::distance(arrival.samples(), self.origin_at.samples()) as f64;
        Point { captured, lateness: since - captured }
    }

    /// Takes a frame. Returns how the line broke, if it did, and by how much.
    fn take(
        &mut self,
        captured: Range<u64>,
        leaps: bool,
        arrival: SessionTime,
    ) -> Option<(EpochCause, f64)> {
        self.captured = captured.end;
        let point = self.point(captured.end, arrival);
        let off = point.lateness - self.slope * point.captured - self.level;
        let stray_max = STRAY_MAX.samples() as f64;
        // Nothing arrives before it was captured. Right after a leap of the counter that settles it; a young line
        // may simply have seen late frames only.
        let is_young = arrival.since(self.origin_at) < STRAY_PATIENCE;
        if off < -stray_max && leaps && !is_young {
            return Some((EpochCause::Jumped, off));
        }
        if off.abs() <= stray_max || (off < 0.0 && is_young) {
            self.stray = None;
            self.bend_under(point);
            return None;
        }
        let stray = match self.stray {
            Some(stray) if (stray.lowest < 0.0) == (off < 0.0) => {
                Stray { frames: stray.frames + 1, lowest: stray.lowest.min(off), ..stray }
            }
            _ => Stray { since: arrival, frames: 1, lowest: off },
        };
        self.stray = Some(stray);
        let lasts =
            arrival.since(stray.since) >= STRAY_PATIENCE && stray.frames >= STRAY_FRAMES_MIN;
        let cause = if off > 0.0 { EpochCause::Stalled } else { EpochCause::Jumped };
        lasts.then_some((cause, stray.lowest))
    }

    /// Keeps the line under `point`, and fits it anew when a second's lowest point is known.
    fn bend_under(&mut self, point: Point) {
        self.level = self.level.min(point.lateness - self.slope * point.captured);
        let height = |of: &Point| of.lateness - self.slope * of.captured;
        let lowest = self.lowest.filter(|lowest| height(lowest) <= height(&point)).unwrap_or(point);
        self.lowest = Some(lowest);
        if point.captured - self.second < POINT_SPAN.samples() as f64 {
            return;
        }
        if self.points.len() == POINTS_MAX {
            self.points.pop_front();
        }
        self.points.push_back(lowest);
        self.second = point.captured;
        self.lowest = None;
        self.fit();
    }

    /// The line under all points that is highest at their middle: the edge of their lower hull that spans it.
    fn fit(&mut self) {
        let (Some(first), Some(last)) = (self.points.front(), self.points.back()) else { return };
        let known = last.captured - first.captured;
        let middle =
            self.points.iter().map(|point| point.captured).sum::<f64>() / self.points.len() as f64;
        if let Some(measured) = hull_slope(&self.points, middle) {
            let trust = (known / TRUST_SPAN.samples() as f64).powi(2);
            let weight = trust / (1.0 + trust);
            let bound = SKEW_PPM_MAX / 1e6;
            self.slope = (self.prior + weight * (measured - self.prior)).clamp(-bound, bound);
        }
        self.level = self
            .points
            .iter()
            .map(|point| point.lateness - self.slope * point.captured)
            .fold(f64::INFINITY, f64::min);
    }

    fn pair_due(&mut self, epoch: u32) -> Option<FitPair> {
        let captured = self.offset(self.captured);
        if captured < self.next_pair {
            return None;
        }
        self.next_pair = captured + POINT_SPAN.samples() as f64;
        Some(FitPair {
            capture_sample: self.captured,
            at: self.origin_at.offset(num::signed(self.place(captured))),
            skew_ppm: num::single(-self.slope * 1e6),
            epoch,
        })
    }
}

/// Slope of the edge of the points' lower hull that spans `middle`. Points come in order of capture.
fn hull_slope(points: &VecDeque<Point>, middle: f64) -> Option<f64> {
    let slope = |a: &Point, b: &Point| (b.lateness - a.lateness) / (b.captured - a.captured);
    let mut hull: Vec<Point> = Vec::with_capacity(points.len());
    for point in points {
        while let [.., before, last] = hull[..]
            && slope(&before, &last) >= slope(&last, point)
        {
            hull.pop();
        }
        if hull.last().is_none_or(|last| last.captured < point.captured) {
            hull.push(*point);
        }
    }
    hull.windows(2).find(|edge| edge[1].captured >= middle).map(|edge| slope(&edge[0], &edge[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A host whose clock runs `skew_ppm` fast and whose first sample was captured at `start_ms`.
    #[derive(Clone, Copy)]
    struct Host {
        rate: SampleRate,
        skew_ppm: f64,
        start_ms: f64,
    }

    impl Host {
        /// When capture sample `sample` truly sounded, in session samples.
        fn truth(&self, sample: u64) -> f64 {
            let hz = f64::from(self.rate.hz()) * (1.0 + self.skew_ppm / 1e6);
            self.start_ms * 48.0 + sample as f64 / hz * 48_000.0
        }
    }

    const FRAME_48: u64 = 960;

    /// Uniform in 0..1, the same for the same seed.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self) -> f64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as f64 / f64::from(u32::MAX >> 1)
        }
    }

    fn session(samples: f64) -> SessionTime {
        SessionTime::from_samples(num::count(samples))
    }

    /// Two hours of frames through a network of `delay_ms`; the largest error in ms in the second second, and after.
    fn two_hours(host: Host, mut delay_ms: impl FnMut(&mut Dice) -> f64) -> (f64, f64) {
        let mut fit = ClockFit::new();
        let mut dice = Dice(7);
        let frame = u64::from(host.rate.hz()) / 50;
        let (mut early, mut late, mut arrived) = (0.0_f64, 0.0_f64, 0.0_f64);
        for n in 0..2 * 3600 * 50 {
            let end = (n + 1) * frame;
            // Frames of one socket arrive in order.
            arrived = arrived.max(host.truth(end) + delay_ms(&mut dice) * 48.0);
            let observed = fit.observe(n * frame..end, host.rate, session(arrived));
            assert_eq!(observed.epoch.is_some(), n == 0, "frame {n}: {observed:?}");
            let error_ms =
                (fit.session_time_of(end).unwrap().samples() as f64 - host.truth(end)).abs() / 48.0;
            match n {
                0..50 => {}
                50..100 => early = early.max(error_ms),
                _ => late = late.max(error_ms),
            }
        }
        assert!(
            (fit.skew_ppm() - host.skew_ppm).abs() < 20.0,
            "skew {} of {}",
            fit.skew_ppm(),
            host.skew_ppm
        );
        (early, late)
    }

    #[test]
    fn two_hours_at_500_ppm_through_jitter_of_200_ms_stay_within_10_ms() {
        type Delay = fn(&mut Dice) -> f64;
        let delays: [(&str, Delay); 3] = [
            ("mostly a few ms", |dice| (-8.0 * (1.0 - dice.roll() * 0.999_999).ln()).min(200.0)),
            (
                "stalls",
                |dice| if dice.roll() < 0.01 { 200.0 * dice.roll() } else { 2.0 * dice.roll() },
            ),
            ("none", |_| 0.0),
        ];
        for (name, delay) in delays {
            for skew_ppm in [-500.0, 0.0, 500.0] {
                for rate in [SampleRate::HZ_48000, SampleRate::HZ_44100] {
                    let (early, late) = two_hours(Host { rate, skew_ppm, start_ms: 1234.5 }, delay);
                    println!(
                        "{name}, {skew_ppm} ppm, {rate}: {early:.2} ms in the second second, {late:.2} ms after"
                    );
                    assert!(
                        early <= 5.0 && late <= 10.0,
                        "{name}, {skew_ppm} ppm: {early} ms, {late} ms"
                    );
                }
            }
        }
    }

    /// Frames of 20 ms at 48 kHz with a little jitter; `arrival_ms` maps capture ms to arrival.
    fn feed(
        fit: &mut ClockFit,
        frames: Range<u64>,
        shift: u64,
        arrival_ms: impl Fn(u64) -> u64,
    ) -> Vec<Epoch> {
        frames
            .filter_map(|n| {
                let start = shift + n * FRAME_48;
                let jitter = n * 7 % 5;
                let arrival = SessionTime::from_millis(arrival_ms((n + 1) * 20) + jitter);
                fit.observe(start..start + FRAME_48, SampleRate::HZ_48000, arrival).epoch
            })
            .collect()
    }

    #[test]
    fn a_device_that_stalls_begins_an_epoch_a_second_later_and_the_sound_before_stays_where_it_was()
    {
        let mut fit = ClockFit::new();
        feed(&mut fit, 0..500, 0, |ms| ms + 10);
        let before = fit.session_time_of(400 * FRAME_48);
        // From 10 s on everything comes 300 ms later for good.
        let epochs = feed(&mut fit, 500..600, 0, |ms| ms + 310);
        assert_eq!(epochs.len(), 1);
        assert_eq!(epochs[0].cause, EpochCause::Stalled);
        assert_eq!(epochs[0].number, 2);
        assert!((epochs[0].shift_samples - 300 * 48).abs() <= 2 * 48, "{epochs:?}");
        assert!(epochs[0].capture_sample <= 552 * FRAME_48);
        let placed = fit.session_time_of(600 * FRAME_48).unwrap().millis();
        assert!((12_308..=12_316).contains(&placed), "{placed}");
        assert_eq!(before.unwrap().millis(), 8_010);
    }

    #[test]
    fn a_network_that_holds_everything_back_is_no_stall() {
        let mut fit = ClockFit::new();
        feed(&mut fit, 0..500, 0, |ms| ms + 10);
        // Nothing for three seconds, then all of it at once.
        let epochs = feed(&mut fit, 500..800, 0, |ms| if ms < 13_000 { 13_000 } else { ms + 10 });
        assert_eq!(epochs, []);
        assert_eq!(fit.session_time_of(800 * FRAME_48).unwrap().millis(), 16_010);
    }

    #[test]
    fn a_counter_that_leaps_without_time_passing_begins_an_epoch_at_once() {
        let mut fit = ClockFit::new();
        feed(&mut fit, 0..500, 0, |ms| ms + 10);
        let epochs = feed(&mut fit, 500..510, 96_000, |ms| ms + 10);
        assert_eq!(epochs.len(), 1);
        assert_eq!(
            (epochs[0].cause, epochs[0].capture_sample),
            (EpochCause::Jumped, 500 * FRAME_48 + 96_000)
        );
        assert!((epochs[0].shift_samples + 96_000).abs() <= 10 * 48);
    }

    #[test]
    fn frames_that_were_not_sent_leave_the_mapping_alone() {
        let mut fit = ClockFit::new();
        feed(&mut fit, 0..500, 0, |ms| ms + 10);
        assert_eq!(feed(&mut fit, 650..900, 0, |ms| ms + 10), []);
        assert_eq!(fit.session_time_of(900 * FRAME_48).unwrap().millis(), 18_010);
    }

    #[test]
    fn a_counter_that_begins_anew_begins_an_epoch_and_a_repeated_frame_does_not() {
        let mut fit = ClockFit::new();
        feed(&mut fit, 0..500, 0, |ms| ms + 10);
        let repeated = fit.observe(
            499 * FRAME_48..500 * FRAME_48,
            SampleRate::HZ_48000,
            SessionTime::from_millis(10_020),
        );
        assert!(repeated.is_repeat);
        let epochs = feed(&mut fit, 0..10, 0, |ms| ms + 10_100);
        assert_eq!(
            epochs.iter().map(|epoch| epoch.cause).collect::<Vec<_>>(),
            [EpochCause::Restarted]
        );
        let other_rate =
            fit.observe(0..320, SampleRate::HZ_16000, SessionTime::from_millis(11_000));
        assert_eq!(other_rate.epoch.map(|epoch| epoch.cause), Some(EpochCause::Restarted));
    }

    #[test]
    fn one_pair_a_second_goes_to_the_log_and_the_mapping_runs_both_ways() {
        let mut fit = ClockFit::new();
        let pairs = (0..500)
            .filter_map(|n| {
                let arrival = SessionTime::from_millis((n + 1) * 20 + 500);
                fit.observe(n * FRAME_48..(n + 1) * FRAME_48, SampleRate::HZ_48000, arrival).pair
            })
            .count();
        assert_eq!(pairs, 10);
        let at = fit.session_time_of(240_000).unwrap();
        let back = fit.mapping().unwrap().capture_offset_at(num::distance(at.samples(), 0), 0);
        assert!((back - 240_000.0).abs() < 1.0);
        assert!(fit.is_settled(SessionTime::from_millis(9_000)) && !ClockFit::new().is_settled(at));
    }
}
