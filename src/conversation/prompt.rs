//! What a language model is asked: system text and history in one speaker's own point of view.

use serde::Serialize;

use super::briefing::Briefing;
use super::speaker::AiSpeaker;

/// A request to a language model, in no provider's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Prompt {
    /// Who the speaker is, who else is there, what is known and how to speak.
    pub system: String,
    /// What was heard so far, oldest first; ends with what is to be answered.
    pub messages: Vec<Message>,
    /// How long the reply should take to say, in seconds.
    pub answer_seconds: u16,
}

/// One line of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Whether the speaker itself said it.
    pub role: Role,
    /// The name of the speaker whose words these are.
    pub name: String,
    /// What was heard.
    pub text: String,
}

/// Point of view of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Somebody else said it: the host or the other AI, told apart by name.
    User,
    /// The speaker itself said it.
    Assistant,
}

/// Builds the system prompt of `speaker` from the briefing.
#[must_use]
pub fn system_prompt(briefing: &Briefing, speaker: AiSpeaker) -> String {
    let _ = (briefing, speaker);
    String::new()
}
