//! The three adapters that make a session's ears.

use std::sync::Arc;

use crate::adapters::hearing::{EndOfTurn, VoiceActivity};
use crate::adapters::stt::SpeechToText;

/// What a session hears with.
#[derive(Clone, Debug)]
pub struct EarAdapters {
    /// Words.
    pub speech_to_text: Arc<dyn SpeechToText>,
    /// Voice or none.
    pub voice_activity: Arc<dyn VoiceActivity>,
    /// Finished or not; without it plain silence decides.
    pub end_of_turn: Option<Arc<dyn EndOfTurn>>,
}
