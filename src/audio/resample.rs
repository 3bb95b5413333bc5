//! Sound from one rate to another, without delay.
//!
//! [`Resampler`] changes between two fixed rates: voices up to 48 kHz, the track down to 16 kHz for the recogniser.
//! [`DriftResampler`] follows a clock that runs a little fast or slow: its caller says for every 5 ms where in the
//! input they should end.
//!
//! Both are windowed-sinc filters: the first works on whole blocks by Fourier transform, a quarter of the cost; the
//! second on single samples, since its ratio changes. The delay of the filter is taken out: output sample k is input
//! time k · in / out to the sample, so that tracks stay aligned. What remains is waiting: the newest half block of input
//! and at most a block of output are held until more comes or `finish` is called; the blocks are 5 ms down to the
//! recogniser's rate, where a host waits, and 10 to 14 ms up from a voice's.
//!
//! Invariants: the same input gives the same output however it is cut into pushes; with equal rates the output is
//! the input.

use std::fmt;

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{
    Async, Fft, FixedAsync, FixedSync, SincInterpolationParameters, SincInterpolationType,
    WindowFunction, calculate_cutoff,
};

use super::{SampleRate, num};

/// Filter taps at the lower of the two rates: the pass band ends at 0.9 of its Nyquist frequency (7.2 kHz at 16 kHz,
/// above what recognisers use) with 64 samples of look-ahead.
const TAPS: usize = 128;

/// Filter taps where the lower rate is at least [`WIDE_HZ`]: the pass band ends at 0.79 of its Nyquist frequency, which
/// is 17.4 kHz at 44.1 kHz; half the taps cost half the time.
const TAPS_WIDE: usize = 64;

/// From here on speech leaves the filter room.
const WIDE_HZ: u32 = 44_100;

const WINDOW: WindowFunction = WindowFunction::BlackmanHarris2;

/// Output is made in blocks of a 200th of a second, 5 ms: a quarter of a frame, so that little waits for more input.
const BLOCKS_PER_SECOND: u32 = 200;

/// Blocks of the Fourier transform when the rate goes up: 160 taps at 16 kHz, so that the pass band ends at 0.92 of its
/// Nyquist frequency. Down, half of it: 80 taps, 0.84 of 8 kHz, above what recognisers use.
const BLOCK_UP_MS: u32 = 10;
const BLOCK_DOWN_MS: u32 = 5;

/// Rates that have no common block of at most so long go through the other filter.
const BLOCK_MS_MAX: u32 = 14;

/// Filter phases between which is interpolated. Linear interpolation between 256 is wrong by less than
/// (π / 256)² / 8, −94 dB: under the step of a 16-bit sample.
const INTERPOLATED_PHASES: u32 = 256;

/// How far a [`DriftResampler`] may bend time. Sound cards are within 500 ppm; as much again and more is left to walk
/// off a correction of the clock fit, 1.5 ms a second. 2000 ppm are 3.5 cents, which nobody hears in speech.
pub const BEND_PPM_MAX: f64 = 2000.0;

/// Samples at 48 kHz that one [`DriftResampler::render`] makes: 5 ms.
pub const RENDER_SAMPLES: usize = (crate::time::SESSION_RATE_HZ / BLOCKS_PER_SECOND) as usize;

/// The filter with its buffers.
struct Engine {
    filter: Box<dyn rubato::Resampler<f32>>,
    /// Input not yet taken by the filter.
    waiting: Vec<f32>,
    block: Vec<f32>,
    /// Input position of the sample before the first output, in the input's samples.
    origin: f64,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("waiting", &self.waiting.len())
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// A filter that works on blocks. `None` if the rates have no short block in common.
    fn fft(from_hz: u32, to_hz: u32) -> Option<Self> {
        let divisor = gcd(from_hz, to_hz);
        // Even blocks: the delay, half a block, is then a whole number of samples on both sides.
        let unit = 2 * from_hz / divisor;
        let wanted = from_hz * (if to_hz < from_hz { BLOCK_DOWN_MS } else { BLOCK_UP_MS }) / 1000;
        let block = (wanted / unit).max(1) * unit;
        if block * 1000 > from_hz * BLOCK_MS_MAX {
            return None;
        }
        let (from, to) = (from_hz as usize, to_hz as usize);
        let filter =
            Fft::new_custom(from, to, block as usize, 1, 1, WINDOW, FixedSync::Both).ok()?;
        // The sample before the first lies half a block and one output sample before the input.
        let origin = -f64::from(block) / 2.0 - f64::from(from_hz) / f64::from(to_hz);
        let made = rubato::Resampler::<f32>::output_frames_max(&filter);
        Some(Self { filter: Box::new(filter), waiting: Vec::new(), block: vec![0.0; made], origin })
    }

    /// A filter that works on samples, whose ratio may change by the factor `bend` while it runs.
    fn sinc(from_hz: u32, to_hz: u32, bend: f64) -> Self {
        // Below the lower Nyquist frequency the filter needs its taps at the lower rate.
        let base = if from_hz.min(to_hz) >= WIDE_HZ { TAPS_WIDE } else { TAPS };
        let taps =
            (base * from_hz.max(to_hz) as usize).div_ceil(to_hz as usize).next_multiple_of(8);
        let parameters = SincInterpolationParameters::new(taps, WINDOW)
            .f_cutoff(calculate_cutoff(base, WINDOW))
            .oversampling_factor(INTERPOLATED_PHASES as usize)
            .interpolation(SincInterpolationType::Linear);
        let ratio = f64::from(to_hz) / f64::from(from_hz);
        let block = (to_hz / BLOCKS_PER_SECOND) as usize;
        #[expect(
            clippy::expect_used,
            reason = "rates within SampleRate::RANGE_HZ give a finite ratio over zero"
        )]
        let filter = Async::new_sinc(ratio, bend, &parameters, block, 1, FixedAsync::Output)
            .expect("a resampler between two sample rates");
        // The filter's centre lies half its length behind its newest sample, and its phases are numbered from one
        // phase on.
        let origin = 1.0 / f64::from(INTERPOLATED_PHASES) - (taps / 2) as f64;
        Self { filter: Box::new(filter), waiting: Vec::new(), block: vec![0.0; block], origin }
    }

    fn push(&mut self, samples: &[i16]) {
        self.waiting.extend(samples.iter().map(|&sample| num::float_of(sample)));
    }

    fn push_silence(&mut self, samples: usize) {
        self.waiting.resize(self.waiting.len() + samples, 0.0);
    }

    fn missing(&self) -> usize {
        self.filter.input_frames_next().saturating_sub(self.waiting.len())
    }

    /// The next block, if there is enough input for it.
    fn render(&mut self) -> Option<&[f32]> {
        if self.missing() > 0 {
            return None;
        }
        let (length, block) = (self.waiting.len(), self.block.len());
        let input = InterleavedSlice::new(&self.waiting[..], 1, length).ok()?;
        let mut output = InterleavedSlice::new_mut(&mut self.block[..], 1, block).ok()?;
        let (taken, made) = self.filter.process_into_buffer(&input, &mut output, None).ok()?;
        self.waiting.drain(..taken);
        Some(&self.block[..made])
    }

    fn reset(&mut self) {
        self.filter.reset();
        self.waiting.clear();
    }
}

/// A stream from one fixed rate to another.
#[derive(Debug)]
pub struct Resampler {
    from: SampleRate,
    to: SampleRate,
    /// `None` where the rates are equal.
    engine: Option<Engine>,
    /// Output samples still to be dropped: they lie before the input.
    early: u64,
    taken: u64,
    given: u64,
}

impl Resampler {
    /// A stream from `from` to `to`.
    #[must_use]
    pub fn new(from: SampleRate, to: SampleRate) -> Self {
        let engine = (from != to).then(|| {
            Engine::fft(from.hz(), to.hz()).unwrap_or_else(|| Engine::sinc(from.hz(), to.hz(), 1.0))
        });
        let mut resampler = Self { from, to, engine, early: 0, taken: 0, given: 0 };
        resampler.begin();
        resampler
    }

    /// The rate of what goes in.
    #[must_use]
    pub const fn from(&self) -> SampleRate {
        self.from
    }

    /// The rate of what comes out.
    #[must_use]
    pub const fn to(&self) -> SampleRate {
        self.to
    }

    /// Takes the next input and appends what output it makes.
    pub fn push(&mut self, samples: &[i16], out: &mut Vec<i16>) {
        self.taken += samples.len() as u64;
        match &mut self.engine {
            None => {
                self.given += samples.len() as u64;
                out.extend_from_slice(samples);
            }
            Some(engine) => {
                engine.push(samples);
                self.drain(out);
            }
        }
    }

    /// Ends the stream: appends the rest, so that the output is as long as the input, rounded up to a sample. The
    /// next push begins a stream of its own.
    pub fn finish(&mut self, out: &mut Vec<i16>) {
        let whole = (self.taken * u64::from(self.to.hz())).div_ceil(u64::from(self.from.hz()));
        let start = out.len();
        let rest = num::index(whole.saturating_sub(self.given));
        while out.len() - start < rest {
            let Some(engine) = &mut self.engine else { break };
            engine.push_silence(engine.missing());
            self.drain(out);
        }
        out.truncate(start + rest);
        self.begin();
    }

    fn begin(&mut self) {
        (self.taken, self.given, self.early) = (0, 0, 0);
        let Some(engine) = &mut self.engine else { return };
        engine.reset();
        let step = f64::from(self.from.hz()) / f64::from(self.to.hz());
        // Rounded a little up: what is a whole number may have come out just below it.
        self.early = num::count(1e-6 - engine.origin / step).saturating_sub(1);
    }

    fn drain(&mut self, out: &mut Vec<i16>) {
        let Some(engine) = &mut self.engine else { return };
        while let Some(block) = engine.render() {
            let early = self.early.min(block.len() as u64);
            self.early -= early;
            let block = &block[num::index(early)..];
            self.given += block.len() as u64;
            out.extend(block.iter().map(|&sample| num::sample_of(sample)));
        }
    }
}

/// A stream to 48 kHz whose clock is corrected as it runs.
///
/// Positions are counted in input samples from the first one pushed; they start a little before it, where the filter
/// has not yet reached the input.
#[derive(Debug)]
pub struct DriftResampler {
    rate: SampleRate,
    engine: Engine,
    position: f64,
    taken: u64,
}

impl DriftResampler {
    /// A stream from about `rate` to 48 kHz.
    #[must_use]
    pub fn new(rate: SampleRate) -> Self {
        let bend = 1.0 + 2.0 * BEND_PPM_MAX / 1e6;
        let to_hz = crate::time::SESSION_RATE_HZ;
        let engine = Engine::sinc(rate.hz(), to_hz, bend);
        let position = engine.origin;
        Self { rate, engine, position, taken: 0 }
    }

    /// The nominal rate of the input.
    #[must_use]
    pub const fn rate(&self) -> SampleRate {
        self.rate
    }

    /// Input position of the last sample rendered.
    #[must_use]
    pub const fn position(&self) -> f64 {
        self.position
    }

    /// Input samples pushed since the start.
    #[must_use]
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    /// Takes the next input.
    pub fn push(&mut self, samples: &[i16]) {
        self.taken += samples.len() as u64;
        self.engine.push(samples);
    }

    /// Appends [`RENDER_SAMPLES`] samples, the last of which lies at input position `until`, or as near to it as
    /// [`BEND_PPM_MAX`] allows. Returns whether there was enough input; if not, nothing has happened.
    pub fn render(&mut self, until: f64, out: &mut Vec<i16>) -> bool {
        let ratio = self.bend(until);
        let filter = self.engine.filter.as_adjustable();
        if filter.is_none_or(|filter| filter.set_resample_ratio(ratio, false).is_err()) {
            return false;
        }
        let Some(block) = self.engine.render() else { return false };
        out.extend(block.iter().map(|&sample| num::sample_of(sample)));
        self.position += RENDER_SAMPLES as f64 / ratio;
        true
    }

    /// Like `render`, with silence in place of input that is missing: for the end of a stretch.
    pub fn render_out(&mut self, until: f64, out: &mut Vec<i16>) {
        while !self.render(until, out) {
            let missing = self.engine.missing();
            if missing == 0 {
                return;
            }
            self.engine.push_silence(missing);
        }
    }

    /// Begins a stream of its own.
    pub fn reset(&mut self) {
        self.engine.reset();
        self.position = self.engine.origin;
        self.taken = 0;
    }

    /// The ratio with which the next block ends at `until`.
    fn bend(&self, until: f64) -> f64 {
        let nominal = f64::from(crate::time::SESSION_RATE_HZ) / f64::from(self.rate.hz());
        let (lowest, highest) =
            (nominal * (1.0 - BEND_PPM_MAX / 1e6), nominal * (1.0 + BEND_PPM_MAX / 1e6));
        let way = until - self.position;
        // Where the end is already behind, input is taken as slowly as may be: the highest ratio.
        if way <= 0.0 { highest } else { (RENDER_SAMPLES as f64 / way).clamp(lowest, highest) }
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    /// Every pair in use.
    const PAIRS: [(u32, u32); 8] = [
        (16_000, 48_000),
        (22_050, 48_000),
        (24_000, 48_000),
        (44_100, 48_000),
        (48_000, 48_000),
        (48_000, 16_000),
        (8_000, 48_000),
        (31_997, 48_000),
    ];

    fn rate(hz: u32) -> SampleRate {
        SampleRate::new(hz).unwrap()
    }

    fn resampled(from: u32, to: u32, input: &[i16], chunk: usize) -> Vec<i16> {
        let mut resampler = Resampler::new(rate(from), rate(to));
        let mut out = Vec::new();
        for samples in input.chunks(chunk) {
            resampler.push(samples, &mut out);
        }
        resampler.finish(&mut out);
        out
    }

    fn sine(hz: f64, rate_hz: f64, samples: u32) -> Vec<i16> {
        (0..samples)
            .map(|n| num::sample_of(num::single(0.5 * (f64::from(n) * TAU * hz / rate_hz).sin())))
            .collect()
    }

    #[test]
    fn a_sine_keeps_its_place_its_level_and_its_length() {
        for (from, to) in PAIRS {
            let out =
                resampled(from, to, &sine(440.0, f64::from(from), from), (from / 50) as usize);
            assert_eq!(out.len(), to as usize, "{from} to {to}");
            let wanted = sine(440.0, f64::from(to), to);
            let edge = (to / 50) as usize;
            let worst = (edge..out.len() - edge).map(|n| out[n].abs_diff(wanted[n])).max().unwrap();
            // Blocks: rounding only. Others are placed to half an output sample: 440 Hz move 2.9 % in it.
            let bound = if (from, to) == (31_997, 48_000) { 16_384 * 3 / 100 } else { 4 };
            assert!(worst <= bound, "{from} to {to}: off by {worst} of 16384");
        }
    }

    #[test]
    fn a_click_stays_where_it_was() {
        for (from, to) in PAIRS {
            let mut input = vec![0; from as usize];
            let place = from as usize / 4;
            input[place] = 16_000;
            let out = resampled(from, to, &input, 100);
            let peak = (0..out.len()).max_by_key(|&n| out[n].unsigned_abs()).unwrap();
            let wanted = (place as f64 * f64::from(to) / f64::from(from)).round();
            assert!((peak as f64 - wanted).abs() <= 1.0, "{from} to {to}: at {peak}, not {wanted}");
        }
    }

    #[test]
    fn what_a_lower_rate_cannot_hold_is_removed() {
        let out = resampled(48_000, 16_000, &sine(9_000.0, 48_000.0, 48_000), 960);
        let loudest = out[320..15_680].iter().map(|sample| sample.unsigned_abs()).max().unwrap();
        assert!(loudest <= 4, "9 kHz leaves {loudest} of 16384 at 16 kHz");
    }

    #[test]
    fn chunking_makes_no_difference_and_a_finished_stream_begins_anew() {
        let input = sine(300.0, 24_000.0, 5_000);
        let whole = resampled(24_000, 48_000, &input, 5_000);
        assert_eq!(resampled(24_000, 48_000, &input, 7), whole);
        let mut resampler = Resampler::new(rate(24_000), rate(48_000));
        for _ in 0..2 {
            let mut out = Vec::new();
            resampler.push(&input, &mut out);
            resampler.finish(&mut out);
            assert_eq!(out, whole);
        }
    }

    #[test]
    fn equal_rates_pass_through_at_once() {
        let mut resampler = Resampler::new(SampleRate::HZ_48000, SampleRate::HZ_48000);
        let mut out = Vec::new();
        resampler.push(&[1, -2, i16::MIN], &mut out);
        assert_eq!(out, [1, -2, i16::MIN]);
    }

    #[test]
    fn at_most_ten_milliseconds_are_held() {
        for (from, to) in PAIRS {
            let mut resampler = Resampler::new(rate(from), rate(to));
            let mut out = Vec::new();
            for _ in 0..10 {
                resampler.push(&vec![0; (from / 50) as usize], &mut out);
            }
            let held = to as usize / 5 - out.len();
            let bound = if from == 8_000 { 13 } else { 10 };
            assert!(held * 1000 <= bound * to as usize, "{from} to {to} holds {held} samples");
        }
    }

    #[test]
    fn a_clock_that_runs_fast_is_followed_to_the_sample() {
        // A host whose 44.1 kHz run 500 ppm fast: the rendering of 440 true Hz has 440 Hz and keeps its phase.
        for hz in [16_000, 24_000, 44_100, 48_000] {
            let true_hz = f64::from(hz) * 1.0005;
            let mut resampler = DriftResampler::new(rate(hz));
            resampler.push(&sine(440.0, true_hz, 2 * hz));
            let step = true_hz / 48_000.0;
            let mut out = Vec::new();
            // Session sample of the first output: where the filter starts.
            let first = (resampler.position() / step).ceil();
            loop {
                let end = first + (out.len() + RENDER_SAMPLES) as f64 - 1.0;
                if !resampler.render(end * step, &mut out) {
                    break;
                }
            }
            assert!(out.len() > 95_000);
            let worst = (4_800..90_000_u32)
                .map(|n| {
                    let wanted = 16_384.0 * ((f64::from(n) + first) * TAU * 440.0 / 48_000.0).sin();
                    (f64::from(out[n as usize]) - wanted).abs()
                })
                .fold(0.0, f64::max);
            assert!(worst < 8.0, "{hz} Hz: off by {worst} of 16384");
        }
    }

    #[test]
    fn time_bends_by_2000_ppm_at_most() {
        let mut resampler = DriftResampler::new(SampleRate::HZ_48000);
        resampler.push(&[0; 4_800]);
        let mut out = Vec::new();
        let start = resampler.position();
        assert!(resampler.render(start + 1000.0, &mut out));
        assert!((resampler.position() - start - 240.0 / 0.998).abs() < 1e-6);
        let second = resampler.position();
        assert!(resampler.render(-5.0, &mut out));
        assert!((resampler.position() - second - 240.0 / 1.002).abs() < 1e-6);
    }
}
