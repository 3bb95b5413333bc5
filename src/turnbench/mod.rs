//! A bench for turn-taking: recorded sound through the real ears into the rules, faster than it was spoken.
//!
//! [`Ears`] hear a sound once: clock fit, level, detector and recogniser, with the time at which each fact becomes
//! known. A [`Table`] plays these facts into a [`Conversation`](crate::conversation::Conversation) on virtual time, as
//! often as one likes and under whatever rules: the host alone ([`end_of_turn`]), or over an AI that speaks
//! ([`barge_in`]). [`Tally`] makes figures of many cases; [`bench`] puts labelled recordings to several candidates, and
//! [`report`] and [`picture`] tell what they came to.
//!
//! Invariants: nothing waits for a clock; the same sound, models and rules give the same outcome.
//! Units: sound at 16 kHz, times on session time with zero at the first sample of the sound.

pub mod barge_in;
pub mod bench;
mod clip;
pub mod end_of_turn;
mod figures;
mod hearing;
mod labels;
pub mod picture;
pub mod report;
mod table;

pub use clip::{Clip, speech_span};
pub use figures::{Rate, Tally};
pub use hearing::{Costs, Ears, Hearing};
pub use labels::{Kind, Label, LabelError, read_labels};
pub use table::{Reply, Table};
