//! Sound of a clock that runs a little fast or slow, to 48 kHz session time.
//!
//! [`DriftResampler`] is told by its caller for every 5 ms where in the input they should end. A windowed-sinc filter is
//! applied at each output sample's own place, between the two nearest of its stored phases. The filters are computed
//! once in the process and shared by all sessions.
//!
//! Invariants: the same pushes and places give the same output; nothing is delayed: a sample is rendered as soon as the
//! filter's half after it has come (0.7 ms at 48 kHz, 4 ms at 16 kHz).
//! Units: positions in input samples from the first one pushed.

use std::f64::consts::PI;
use std::sync::LazyLock;

use rubato::{WindowFunction, calculate_cutoff};

use super::resample::{TAPS, TAPS_WIDE, WIDE_HZ};
use super::{SampleRate, num};

/// How far a [`DriftResampler`] may bend time. Sound cards are within 500 ppm; as much again and more is left to walk
/// off a correction of the clock fit, 1.5 ms a second. 2000 ppm are 3.5 cents, which nobody hears in speech.
pub const BEND_PPM_MAX: f64 = 2000.0;

/// Samples at 48 kHz that one [`DriftResampler::render`] makes: 5 ms, a quarter of a frame, so that little waits for
/// more input.
pub const RENDER_SAMPLES: usize = (crate::time::SESSION_RATE_HZ / 200) as usize;

/// Stored phases of the filter, between which is interpolated. Linear interpolation between 256 is wrong by less than
/// (π / 256)² / 8, −94 dB: under the step of a 16-bit sample.
const PHASES: usize = 256;

/// Products that are summed side by side, so that they need not wait for each other: four vectors of any 64-bit processor.
/// With eight, or with a sum for each of the two phases, rustc 1.95 made no vectors of them: 29 ns for 64 taps instead of 9.
const LANES: usize = 16;
const _: () = assert!(LANES.is_power_of_two());
const _: () = assert!(TAPS.is_multiple_of(LANES) && TAPS_WIDE.is_multiple_of(LANES));

static NARROW: LazyLock<Filter> = LazyLock::new(|| Filter::new(TAPS));
static WIDE: LazyLock<Filter> = LazyLock::new(|| Filter::new(TAPS_WIDE));

/// A low-pass at the input's rate, in [`PHASES`] + 1 phases of so many taps.
#[derive(Debug)]
struct Filter {
    taps: usize,
    phases: Vec<f32>,
}

impl Filter {
    /// A sinc under the square of a Blackman-Harris window; each phase lets a constant through unchanged.
    fn new(taps: usize) -> Self {
        let cutoff = f64::from(calculate_cutoff::<f32>(taps, WindowFunction::BlackmanHarris2));
        let half = taps as f64 / 2.0;
        let mut phases = Vec::with_capacity((PHASES + 1) * taps);
        for phase in 0..=PHASES {
            let shift = phase as f64 / PHASES as f64;
            let row: Vec<f64> = (0..taps)
                .map(|tap| {
                    let distance = tap as f64 - (half - 1.0) - shift;
                    sinc(distance * cutoff) * window(distance / half)
                })
                .collect();
            let sum: f64 = row.iter().sum();
            phases.extend(row.iter().map(|value| num::single(value / sum)));
        }
        Self { taps, phases }
    }

    /// The sum of `input`, which has `taps` samples, with the filter at `shift` (0 to 1) after the middle.
    fn apply(&self, input: &[f32], shift: f64) -> f32 {
        let place = shift * PHASES as f64;
        let phase = num::index(num::floor(place)).min(PHASES - 1);
        let between = num::single(place - phase as f64);
        let (low, high) =
            self.phases[phase * self.taps..(phase + 2) * self.taps].split_at(self.taps);
        let mut sums = [0.0_f32; LANES];
        let (input, _) = input.as_chunks::<LANES>();
        let (low, _) = low.as_chunks::<LANES>();
        let (high, _) = high.as_chunks::<LANES>();
        for ((input, low), high) in input.iter().zip(low).zip(high) {
            for lane in 0..LANES {
                let tap = low[lane] + between * (high[lane] - low[lane]);
                sums[lane] += input[lane] * tap;
            }
        }
        // By halves: added one after the other they would wait for each other as long as all the products take.
        for halving in 1..=LANES.ilog2() {
            let width = LANES >> halving;
            for lane in 0..width {
                sums[lane] += sums[lane + width];
            }
        }
        sums[0]
    }
}

fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-9 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

/// Blackman-Harris, squared; 1 in the middle, 0 at ±1.
fn window(x: f64) -> f64 {
    if x.abs() >= 1.0 {
        return 0.0;
    }
    let term = |k: f64| (k * PI * x).cos();
    (0.35875 + 0.48829 * term(1.0) + 0.14128 * term(2.0) + 0.01168 * term(3.0)).powi(2)
}

/// A stream to 48 kHz whose clock is corrected as it runs.
///
/// Positions are counted in input samples from the first one pushed; they start a little before it, where the filter
/// has not yet reached the input.
#[derive(Debug)]
pub struct DriftResampler {
    rate: SampleRate,
    filter: &'static Filter,
    /// Input that is still needed, and how many samples of the padded input came before it.
    input: Vec<f32>,
    dropped: u64,
    position: f64,
    taken: u64,
}

impl DriftResampler {
    /// A stream from about `rate` to 48 kHz.
    #[must_use]
    pub fn new(rate: SampleRate) -> Self {
        let filter: &Filter = if rate.hz() >= WIDE_HZ { &WIDE } else { &NARROW };
        let mut resampler =
            Self { rate, filter, input: Vec::new(), dropped: 0, position: 0.0, taken: 0 };
        resampler.reset();
        resampler
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
        self.input.extend(samples.iter().map(|&sample| num::float_of(sample)));
    }

    /// Appends [`RENDER_SAMPLES`] samples, the last of which lies at input position `until`, or as near to it as
    /// [`BEND_PPM_MAX`] allows. Returns whether there was enough input; if not, nothing has happened.
    pub fn render(&mut self, until: f64, out: &mut Vec<i16>) -> bool {
        let step = 1.0 / self.bend(until);
        if self.missing(step) > 0 {
            return false;
        }
        let (begin, taps) = (self.position, self.filter.taps);
        out.extend((1..=RENDER_SAMPLES).map(|n| {
            let (first, shift) = self.place(begin + n as f64 * step);
            num::sample_of(self.filter.apply(&self.input[first..first + taps], shift))
        }));
        self.position = begin + RENDER_SAMPLES as f64 * step;
        let (first, _) = self.place(self.position);
        self.input.drain(..first);
        self.dropped += first as u64;
        true
    }

    /// Like `render`, with silence in place of input that is missing: for the end of a stretch.
    pub fn render_out(&mut self, until: f64, out: &mut Vec<i16>) {
        let missing = self.missing(1.0 / self.bend(until));
        self.input.resize(self.input.len() + missing, 0.0);
        self.render(until, out);
    }

    /// Begins a stream of its own.
    pub fn reset(&mut self) {
        self.input.clear();
        // What lies before the input is silence: a filter's length, and the filter starts in its middle.
        self.input.resize(self.filter.taps, 0.0);
        self.dropped = 0;
        self.position = -((self.filter.taps / 2) as f64);
        self.taken = 0;
    }

    /// Where in `input` the filter for a position begins, and how far the position is after a sample.
    fn place(&self, position: f64) -> (usize, f64) {
        let half = (self.filter.taps / 2) as f64;
        // Padded by `taps` before the first sample, so this is positive; the filter begins `half - 1` samples earlier.
        let padded = position + 2.0 * half;
        let whole = num::floor(padded);
        let first = (whole + 1).saturating_sub(self.filter.taps as u64 / 2 + self.dropped);
        (num::index(first), padded - whole as f64)
    }

    /// How many samples the next block lacks.
    fn missing(&self, step: f64) -> usize {
        let (first, _) = self.place(self.position + RENDER_SAMPLES as f64 * step);
        (first + self.filter.taps).saturating_sub(self.input.len())
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

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    fn rate(hz: u32) -> SampleRate {
        SampleRate::new(hz).unwrap()
    }

    fn sine(hz: f64, rate_hz: f64, samples: u32) -> Vec<i16> {
        (0..samples)
            .map(|n| num::sample_of(num::single(0.5 * (f64::from(n) * TAU * hz / rate_hz).sin())))
            .collect()
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

    #[test]
    fn a_click_stays_where_it_was() {
        for hz in [16_000, 24_000, 44_100, 48_000] {
            let mut resampler = DriftResampler::new(rate(hz));
            let mut input = vec![0; hz as usize / 4];
            let place = hz as usize / 10;
            input[place] = 16_000;
            resampler.push(&input);
            let step = f64::from(hz) / 48_000.0;
            let first = (resampler.position() / step).ceil();
            let mut out = Vec::new();
            while resampler
                .render((first + (out.len() + RENDER_SAMPLES) as f64 - 1.0) * step, &mut out)
            {
            }
            let peak = (0..out.len()).max_by_key(|&n| out[n].unsigned_abs()).unwrap();
            let found = (peak as f64 + first) * step;
            assert!((found - place as f64).abs() <= step, "{hz} Hz: at {found}, not {place}");
        }
    }

    #[test]
    fn how_input_is_cut_into_pushes_does_not_matter() {
        let input = sine(300.0, 24_000.0, 5_000);
        let rendered = |chunk: usize| {
            let mut resampler = DriftResampler::new(SampleRate::HZ_24000);
            let (mut out, mut until) = (Vec::new(), resampler.position());
            for samples in input.chunks(chunk) {
                resampler.push(samples);
                while resampler.render(until + 120.01, &mut out) {
                    until += 120.01;
                }
            }
            out
        };
        assert_eq!(rendered(7), rendered(5_000));
    }
}
