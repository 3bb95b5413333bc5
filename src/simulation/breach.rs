//! A broken rule, and how a check says so.

/// A rule that was broken, in words: which invariant, and how.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Breach(pub String);

/// Leaves the function with a [`Breach`] unless the condition holds.
macro_rules! hold {
    ($condition:expr, $($words:tt)+) => {
        if !$condition {
            return Err(Breach(format!($($words)+)));
        }
    };
}

/// Leaves the function with a [`Breach`] that shows both sides unless they are equal.
macro_rules! hold_equal {
    ($left:expr, $right:expr, $($words:tt)+) => {
        match (&$left, &$right) {
            (left, right) => hold!(
                left == right,
                "{}\n  one side: {left:?}\n  the other: {right:?}",
                format_args!($($words)+)
            ),
        }
    };
}
pub(super) use {hold, hold_equal};
