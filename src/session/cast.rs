//! Who serves a session: ears, two minds, two voices.

use std::sync::Arc;

use super::ears::EarAdapters;
use crate::adapters::llm::LanguageModel;
use crate::adapters::tts::{TextToSpeech, TtsOptions};
use crate::conversation::AiSpeaker;

/// The adapters of one session. Cloning shares them.
#[derive(Clone, Debug)]
pub struct Cast {
    /// What the session hears with.
    pub ears: EarAdapters,
    /// Claude's and the guest's language model, in the order of [`AiSpeaker::BOTH`].
    pub minds: [Arc<dyn LanguageModel>; 2],
    /// Claude's and the guest's voice.
    pub voices: [VoiceOf; 2],
}

/// A voice and how it is to sound.
#[derive(Clone, Debug)]
pub struct VoiceOf {
    /// The product.
    pub voice: Arc<dyn TextToSpeech>,
    /// Its voice and language.
    pub options: TtsOptions,
}

impl Cast {
    /// The mind of `speaker`.
    #[must_use]
    pub fn mind(&self, speaker: AiSpeaker) -> &Arc<dyn LanguageModel> {
        &self.minds[speaker.index()]
    }

    /// The voice of `speaker`.
    #[must_use]
    pub const fn voice(&self, speaker: AiSpeaker) -> &VoiceOf {
        &self.voices[speaker.index()]
    }
}
