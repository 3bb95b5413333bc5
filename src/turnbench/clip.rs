//! A recording with its labels.

use std::ops::Range;

use crate::audio::{SampleRate, levels};
use crate::time::{SESSION_RATE_HZ, SessionTime};

/// A window of the labelling: 5 ms.
const WINDOW_SAMPLES: usize = SampleRate::HZ_16000.samples_in_ms(5);
/// Speech stands this far above the quietest twentieth of a recording …
const ABOVE_FLOOR_DB: f32 = 10.0;
/// … and no more than this below its loudest twentieth.
const BELOW_PEAK_DB: f32 = 35.0;
/// Of so many windows in a row …
const RUN_WINDOWS: usize = 10;
/// … so many are loud where speech begins or ends.
const RUN_LOUD: usize = 8;

/// Clear speech is no further than this below the loudest twentieth.
const CLEAR_DB: f32 = 20.0;
/// What is there before speech is judged by a second of it, and by no less than a tenth …
const BEFORE_WINDOWS: usize = 200;
const ROOM_WINDOWS: usize = 20;
/// … and the sound of speech stands this far above it.
const ABOVE_ROOM_DB: f32 = 6.0;
/// A gap of this length parts a sound from the one before it: 30 ms, the closure of a consonant.
const GAP_WINDOWS: usize = 6;

/// A recording at 16 kHz and where its speech lies.
#[derive(Clone, Debug)]
pub struct Clip {
    /// What it is called in reports.
    pub name: String,
    /// The sound.
    pub samples: Vec<i16>,
    /// From the first to the last sample of speech, 16 kHz.
    pub speech: Range<usize>,
}

impl Clip {
    /// A recording whose speech is found by its level; none if there is no sound in it.
    #[must_use]
    pub fn labelled_by_level(name: impl Into<String>, samples: Vec<i16>) -> Option<Self> {
        let speech = speech_span(&samples)?;
        Some(Self { name: name.into(), samples, speech })
    }

    /// The recording with a quiet room before and after it, in samples.
    #[must_use]
    pub fn in_a_room(&self, before: usize, after: usize) -> Self {
        let samples = room(before).chain(self.samples.iter().copied()).chain(room(after)).collect();
        let speech = self.speech.start + before..self.speech.end + before;
        Self { name: self.name.clone(), samples, speech }
    }

    /// When its speech begins.
    #[must_use]
    pub fn onset(&self) -> SessionTime {
        time_of(self.speech.start)
    }

    /// When its speech ends.
    #[must_use]
    pub fn speech_end(&self) -> SessionTime {
        time_of(self.speech.end)
    }

    /// When the recording ends.
    #[must_use]
    pub fn end(&self) -> SessionTime {
        time_of(self.samples.len())
    }

    /// The part `range` of it, in samples, all of it speech.
    #[must_use]
    pub fn part(&self, range: Range<usize>) -> Self {
        let samples = self.samples[range.clone()].to_vec();
        let speech = speech_span(&samples).unwrap_or(0..samples.len());
        Self { name: format!("{}@{}", self.name, range.start / 16), samples, speech }
    }
}

/// A quiet room: noise at -70 dBFS, the same each time.
fn room(samples: usize) -> impl Iterator<Item = i16> {
    let mut state = 0x2545_F491_u32;
    (0..samples).map(move |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        i16::try_from(state >> 27).unwrap_or(0) - 16
    })
}

/// The first to the last sample of speech, by level.
#[must_use]
pub fn speech_span(samples: &[i16]) -> Option<Range<usize>> {
    let windows: Vec<f32> = samples
        .chunks_exact(WINDOW_SAMPLES)
        .map(|window| levels::rms_dbfs(window).unwrap_or(-100.0))
        .collect();
    let mut sorted = windows.clone();
    sorted.sort_by(f32::total_cmp);
    let (floor, peak) = (*sorted.get(sorted.len() / 20)?, *sorted.get(sorted.len() * 19 / 20)?);
    let threshold = (floor + ABOVE_FLOOR_DB).max(peak - BELOW_PEAK_DB);
    let loud: Vec<bool> = windows.iter().map(|&level| level > threshold).collect();
    let is_run =
        |run: &[bool]| run.iter().filter(|&&is_loud| is_loud).count() >= RUN_LOUD.min(run.len());
    let first = (0..loud.len())
        .find(|&n| loud[n] && is_run(&loud[n..(n + RUN_WINDOWS).min(loud.len())]))?;
    let last = (first..loud.len())
        .rev()
        .find(|&n| loud[n] && is_run(&loud[(n + 1).saturating_sub(RUN_WINDOWS)..=n]))?;
    let first = begin_of(&windows, threshold, peak - CLEAR_DB).unwrap_or(first);
    Some(first * WINDOW_SAMPLES..(last + 1) * WINDOW_SAMPLES)
}

/// The window in which speech begins: from the first that is clearly speech (above `clear_dbfs`) back to where its sound
/// rises out of what was there before it. A click long before the first word, or the hiss of a recording, is neither.
fn begin_of(windows: &[f32], threshold: f32, clear_dbfs: f32) -> Option<usize> {
    let is_clear = |n: &usize| {
        let run = &windows[*n..(*n + RUN_WINDOWS).min(windows.len())];
        let clear = run.iter().filter(|&&level| level > clear_dbfs).count();
        windows[*n] > clear_dbfs && clear >= RUN_LOUD.min(run.len())
    };
    let clear = (0..windows.len()).find(is_clear)?;
    let mut before = windows[clear.saturating_sub(BEFORE_WINDOWS)..clear].to_vec();
    before.sort_by(f32::total_cmp);
    let room = before.get(before.len() / 2).filter(|_| before.len() >= ROOM_WINDOWS);
    let threshold = room.map_or(threshold, |room| threshold.max(room + ABOVE_ROOM_DB));
    let (mut first, mut gap) = (clear, 0);
    for n in (0..clear).rev() {
        if windows[n] > threshold {
            (first, gap) = (n, 0);
        } else {
            gap += 1;
        }
        if gap == GAP_WINDOWS {
            break;
        }
    }
    Some(first)
}

/// Where sample `sample` of a sound at 16 kHz lies on session time.
pub(super) fn time_of(sample: usize) -> SessionTime {
    let factor = u64::from(SESSION_RATE_HZ / SampleRate::HZ_16000.hz());
    SessionTime::from_samples(sample as u64 * factor)
}
