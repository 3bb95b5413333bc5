//! Chains of products: what is lost, what is said twice, who serves, and when the first choice is back.

mod ears;
mod minds;
pub(crate) mod voices;
