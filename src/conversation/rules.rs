//! Every number of the conversation, with its unit, its default and where the default comes from.

use serde::{Deserialize, Serialize};

use crate::time::Span;

/// The numbers the rules run on. Written into `session.start`, so that a replay uses the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rules {
    /// Silence after which the end-of-turn model is asked first.
    pub first_ask: Span,
    /// Silence after which it is asked again.
    pub second_ask: Span,
    /// From the end of speech: the turn ends whatever anybody thinks.
    pub turn_ceiling: Span,
    /// Per mille from which the model's answer ends a turn.
    pub done_score: u16,
    /// Voice over an AI: from its onset to the pause.
    pub barge_in_pause: Span,
    /// Voice over an AI: longest back-channel.
    pub back_channel_max: Span,
    /// Quiet after a back-channel before the AI goes on.
    pub resume_after: Span,
    /// Gain while ducked, dB.
    pub duck_db: i8,
    /// How long an answer should take to say.
    pub answer_seconds: u16,
    /// AI turns in a row without the host on autopilot.
    pub autopilot_max_turns: u16,
    /// Silence between two AI speakers on autopilot.
    pub ai_gap: Span,
    /// Phrases that always interrupt, whatever their length.
    pub always_interrupt: Vec<String>,
    /// Phrases that never do.
    pub never_interrupt: Vec<String>,
}
