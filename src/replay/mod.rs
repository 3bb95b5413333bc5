//! A session again from its log: the same facts into the same rules, and what comes out beside what came out.
//!
//! [`Log`] is `events.jsonl` read back; [`compare`] feeds its inputs to a fresh conversation and finds the first order
//! that differs; [`what_if`] asks how the same host would have fared under other rules; [`view`] and [`html`] draw the
//! session. Reads files and nothing else: who wants to see it at its own pace waits by himself.

mod compare;
mod error;
pub mod fate;
mod gaps;
pub mod html;
mod log;
pub mod view;
mod what_if;
mod written;

pub use compare::{Comparison, Difference, clock_time, compare, told};
pub use error::ReplayError;
pub use gaps::Gap;
pub use log::{Line, Log};
pub use what_if::{WhatIf, what_if};
pub use written::write_meeting;
