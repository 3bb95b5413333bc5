//! Sound as pure values.
//!
//! What a 20 ms frame needs on its way: rates ([`resample`]), clocks ([`clock_fit`], [`host_line`]), voice or silence
//! ([`host_voice`], [`levels`]), what a listener was sent and heard ([`playout`]), how it is summed ([`mix`]) and coded
//! ([`opus`]). Start reading at [`playout`]: the turn of an AI speaker lives there.
//!
//! Invariants: nothing here reads a clock, a file or a socket, waits, or starts a thread; time comes in as
//! [`SessionTime`](crate::time::SessionTime). The same calls give the same samples; replay never depends on encoded
//! bytes.
//! Units: samples are 16-bit mono, full scale ±32768; rates in Hz; levels in dBFS.
#![warn(missing_docs, clippy::wildcard_enum_match_arm)]

mod bands;
pub mod clock_fit;
pub mod drift;
pub mod echo;
pub mod evidence;
pub mod gate;
pub mod host_line;
pub mod host_packets;
pub mod host_voice;
pub mod jitter;
pub mod levels;
mod likeness;
mod loudness_range;
pub mod mix;
mod num;
pub mod onset;
pub mod opus;
mod pacing;
pub mod playout;
pub mod resample;
pub mod stream_time;
pub mod wav;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Samples a second of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SampleRate(u32);

impl SampleRate {
    /// What recognisers and detectors hear.
    pub const HZ_16000: Self = Self(16_000);
    /// Many voices.
    pub const HZ_24000: Self = Self(24_000);
    /// Sound cards of another age.
    pub const HZ_44100: Self = Self(44_100);
    /// Session time, tracks and everything a listener hears.
    pub const HZ_48000: Self = Self(48_000);

    /// Lowest and highest rate any voice or microphone here may have.
    pub const RANGE_HZ: std::ops::RangeInclusive<u32> = 8_000..=48_000;

    /// A rate of `hz`, if it is within [`Self::RANGE_HZ`].
    #[must_use]
    pub fn new(hz: u32) -> Option<Self> {
        Self::RANGE_HZ.contains(&hz).then_some(Self(hz))
    }

    /// Samples a second.
    #[must_use]
    pub const fn hz(self) -> u32 {
        self.0
    }

    /// Samples in `millis` milliseconds, rounded down.
    #[must_use]
    pub const fn samples_in_ms(self, millis: u32) -> usize {
        (self.0 as u64 * millis as u64 / 1000) as usize
    }
}

impl fmt::Display for SampleRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Hz", self.0)
    }
}

/// How much sound travels in one message: 20 ms, the frame of Opus and of every queue here.
pub const FRAME_MS: u32 = 20;

/// Samples of one frame at 48 kHz.
pub const FRAME_SAMPLES: usize = SampleRate::HZ_48000.samples_in_ms(FRAME_MS);

/// A stretch of mono sound. Cloning shares the samples.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// Samples a second.
    pub rate: SampleRate,
    /// 16-bit samples, full scale ±32768.
    pub samples: Arc<[i16]>,
}

impl Frame {
    /// A frame over these samples.
    #[must_use]
    pub fn new(rate: SampleRate, samples: impl Into<Arc<[i16]>>) -> Self {
        Self { rate, samples: samples.into() }
    }

    /// A frame of digital silence.
    #[must_use]
    pub fn silence(rate: SampleRate, samples: usize) -> Self {
        Self { rate, samples: vec![0; samples].into() }
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({} samples at {})", self.samples.len(), self.rate)
    }
}
