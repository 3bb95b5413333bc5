//! The few conversions between samples, scores and indices that lose something, each in one place.

/// A probability as the integer per mille that the conversation reads; what is no number is nought.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0..=1000 before the cast"
)]
pub(super) fn per_mille(probability: f32) -> u16 {
    (probability.clamp(0.0, 1.0) * 1000.0).round() as u16
}

/// A 16-bit sample as a float of full scale 1.
pub(super) fn unit(sample: i16) -> f32 {
    f32::from(sample) / 32_768.0
}

/// A sample count as an index; more than fits in memory is the largest index.
pub(super) fn index(samples: u64) -> usize {
    usize::try_from(samples).unwrap_or(usize::MAX)
}

/// Seconds as samples at `rate`, rounded; before the start is the start.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped at nought; casts saturate"
)]
pub(super) fn samples(seconds: f32, rate: u32) -> u64 {
    (f64::from(seconds).max(0.0) * f64::from(rate)).round() as u64
}

/// Seconds of a long stream as samples at `rate`, rounded; before the start, or no number, is the start.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped at nought; casts saturate"
)]
pub(super) fn samples_at(seconds: f64, rate: u32) -> u64 {
    (seconds.max(0.0) * f64::from(rate)).round() as u64
}
