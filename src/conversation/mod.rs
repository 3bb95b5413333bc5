//! The rules of the conversation, as a pure value.
#![warn(missing_docs, clippy::wildcard_enum_match_arm)]

pub mod briefing;
pub mod event;
pub mod input;
pub mod order;
pub mod prompt;
pub mod rules;
pub mod speaker;

pub use input::{Deadline, Input, Outcome, Stability, VoicedWord};
pub use order::{Caption, CaptionWord, GrantReason, Order, TurnEnd, Verdict};
pub use prompt::Prompt;
pub use speaker::{AiSpeaker, OrbState, Speaker, TurnId};
