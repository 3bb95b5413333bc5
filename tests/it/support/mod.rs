//! What the tests share.

pub(crate) mod dice;
pub(crate) mod invariants;
pub(crate) mod meeting;
pub(crate) mod timeline;
