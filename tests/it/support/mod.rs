//! What the tests share.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]

pub(crate) mod dice;
pub(crate) mod invariants;
pub(crate) mod meeting;
pub(crate) mod timeline;
