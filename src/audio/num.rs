//! The conversions between counts, samples and measurements, each with its rule at the ends of the range.
//!
//! Sound lives on casts; here are all the lossy ones of `audio`, so that everywhere else a cast is lossless.
//!
//! Invariants: nothing here panics; what does not fit saturates; not-a-number becomes zero.

use std::ops::Range;

/// Full scale of a 16-bit sample as a float: 1.0 is one above the largest positive sample.
pub(super) const FULL_SCALE: f32 = 32_768.0;

/// A sample as a float in -1.0..1.0.
pub(super) fn float_of(sample: i16) -> f32 {
    f32::from(sample) / FULL_SCALE
}

/// The nearest sample of a float in -1.0..1.0; louder floats saturate.
#[expect(
    clippy::cast_possible_truncation,
    reason = "float to integer casts saturate, and saturation is meant"
)]
pub(super) fn sample_of(float: f32) -> i16 {
    // Half a step away from zero and cut: `round` is a call into the C library, a sample at a time.
    let scaled = float * FULL_SCALE;
    (scaled + 0.5_f32.copysign(scaled)) as i16
}

/// A sum of samples, saturated.
#[expect(clippy::cast_possible_truncation, reason = "clamped to the range just before")]
pub(super) fn saturated(sum: i32) -> i16 {
    sum.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

/// A count that indexes memory; counts beyond the address space saturate.
pub(super) fn index(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// The sample range `range` of a buffer whose first element is sample `base`.
pub(super) fn index_range(range: Range<u64>, base: u64) -> Range<usize> {
    index(range.start.saturating_sub(base))..index(range.end.saturating_sub(base))
}

/// The whole number nearest to `value`; negative values become zero.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturation is meant")]
pub(super) fn count(value: f64) -> u64 {
    value.round() as u64
}

/// The greatest whole number not above `value`; negative values become zero.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturation is meant")]
pub(super) fn floor(value: f64) -> u64 {
    value as u64
}

/// The signed whole number nearest to `value`.
#[expect(clippy::cast_possible_truncation, reason = "saturation is meant")]
pub(super) fn signed(value: f64) -> i64 {
    value.round() as i64
}

/// A measurement kept in single precision.
#[expect(
    clippy::cast_possible_truncation,
    reason = "measurements need six digits, and single precision has seven"
)]
pub(super) fn single(value: f64) -> f32 {
    value as f32
}

/// `value` rounded into `0..=1000`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the range just before"
)]
pub(super) fn per_mille(value: f32) -> u16 {
    value.round().clamp(0.0, 1000.0) as u16
}

/// The signed distance from `earlier` to `later`.
pub(super) fn distance(later: u64, earlier: u64) -> i64 {
    if later >= earlier {
        i64::try_from(later - earlier).unwrap_or(i64::MAX)
    } else {
        i64::try_from(earlier - later).map_or(i64::MIN, |gap| -gap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_survives_the_way_through_floats() {
        for sample in i16::MIN..=i16::MAX {
            assert_eq!(sample_of(float_of(sample)), sample);
        }
    }

    #[test]
    fn what_does_not_fit_saturates() {
        assert_eq!(sample_of(1.5), i16::MAX);
        assert_eq!(sample_of(f32::NAN), 0);
        assert_eq!(saturated(-40_000), i16::MIN);
        assert_eq!(count(-3.0), 0);
        assert_eq!(per_mille(2000.0), 1000);
        assert_eq!(distance(3, 5), -2);
    }
}
