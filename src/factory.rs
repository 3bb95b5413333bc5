//! Builds the adapters from the configuration: the one place besides `app` that knows products by name.

use std::sync::Arc;
use std::time::Duration;

use crate::adapters::hearing::earshot::Earshot;
use crate::adapters::hearing::silero::Silero;
use crate::adapters::hearing::smart_turn::SmartTurn;
use crate::adapters::hearing::{EndOfTurn, VoiceActivity};
use crate::adapters::llm::LanguageModel;
use crate::adapters::llm::rehearsal::Rehearsal;
use crate::adapters::onnx::OfflineModels;
use crate::adapters::stt::SpeechToText;
use crate::adapters::stt::moonshine::Moonshine;
use crate::adapters::tts::flite::Flite;
use crate::adapters::tts::{TextToSpeech, TtsOptions};
use crate::adapters::{AdapterState, Availability};
use crate::config::Config;
use crate::conversation::briefing::Briefing;
use crate::conversation::{AiSpeaker, Speaker};
use crate::session::cast::{Cast, VoiceOf};
use crate::session::ears::EarAdapters;

/// Flite's voices for Claude and for the guest: one that sounds like a woman, one like a man, told apart at once.
const DEFAULT_VOICES: [&str; 2] = ["slt", "rms"];

/// Every adapter the configuration asks for, built once and shared by all sessions.
#[derive(Clone, Debug)]
pub struct Adapters {
    speech_to_text: Arc<dyn SpeechToText>,
    voice_activity: Arc<dyn VoiceActivity>,
    voice_activity_fallback: Arc<dyn VoiceActivity>,
    end_of_turn: Arc<dyn EndOfTurn>,
    minds: [Arc<dyn LanguageModel>; 2],
    voice: Arc<dyn TextToSpeech>,
}

impl Adapters {
    /// The adapters of this configuration; models are loaded in the background. Real providers have no adapters yet:
    /// the configuration refuses to ask for them.
    #[must_use]
    pub fn from_config(config: &Config) -> Self {
        let models = OfflineModels::new(&config.models_dir).with_runtime(&config.onnxruntime);
        Self {
            speech_to_text: Arc::new(Moonshine::start(&models)),
            voice_activity: Arc::new(Silero::start(&models)),
            voice_activity_fallback: Arc::new(Earshot),
            end_of_turn: Arc::new(SmartTurn::start(&models)),
            minds: AiSpeaker::BOTH
                .map(|_| Arc::new(Rehearsal::new(Rehearsal::PACE)) as Arc<dyn LanguageModel>),
            voice: Arc::new(Flite::new()),
        }
    }

    /// Who serves a session on this briefing. What a briefing does not choose is chosen so that the two AIs sound
    /// apart.
    #[must_use]
    pub fn cast(&self, briefing: &Briefing) -> Cast {
        let voice = |speaker: AiSpeaker| {
            let wanted = &briefing.speaker(speaker.into()).voice;
            let voice = if wanted.is_empty() {
                DEFAULT_VOICES[speaker.index()].to_owned()
            } else {
                wanted.clone()
            };
            VoiceOf {
                voice: Arc::clone(&self.voice),
                options: TtsOptions { voice, language: briefing.language.clone() },
            }
        };
        let voice_activity = match self.voice_activity.availability() {
            Availability::Unavailable(_) => &self.voice_activity_fallback,
            Availability::Ready | Availability::Loading => &self.voice_activity,
        };
        let end_of_turn = match self.end_of_turn.availability() {
            Availability::Unavailable(_) => None,
            Availability::Ready | Availability::Loading => Some(Arc::clone(&self.end_of_turn)),
        };
        Cast {
            ears: EarAdapters {
                speech_to_text: Arc::clone(&self.speech_to_text),
                voice_activity: Arc::clone(voice_activity),
                end_of_turn,
            },
            minds: self.minds.clone(),
            voices: AiSpeaker::BOTH.map(voice),
        }
    }

    /// The state of each adapter, in the order in which sound passes them.
    #[must_use]
    pub fn states(&self) -> Vec<AdapterState> {
        let minds = AiSpeaker::BOTH.into_iter().zip(&self.minds).map(|(speaker, mind)| {
            let kind = if Speaker::from(speaker) == Speaker::Claude { "claude" } else { "guest" };
            AdapterState::of(kind, mind.name(), mind.availability())
        });
        [
            AdapterState::of("vad", self.voice_activity.name(), self.voice_activity.availability()),
            AdapterState::of("stt", self.speech_to_text.name(), self.speech_to_text.availability()),
            AdapterState::of("endOfTurn", self.end_of_turn.name(), self.end_of_turn.availability()),
        ]
        .into_iter()
        .chain(minds)
        .chain([AdapterState::of("tts", self.voice.name(), self.voice.availability())])
        .collect()
    }

    /// A sentence about each adapter that cannot serve.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let sentence = |adapter: AdapterState| {
            // Those that hear need local models; the others say themselves what they lack.
            let hint = match adapter.kind {
                "vad" | "stt" | "endOfTurn" => "; `studio models pull` fetches the local models",
                _ => "",
            };
            adapter.reason.map(|reason| {
                format!("{} ({}) is unavailable: {reason}{hint}", adapter.kind, adapter.name)
            })
        };
        self.states().into_iter().filter_map(sentence).collect()
    }

    /// Waits until everything that loads has loaded or failed. Loading tells nobody, so it is asked every 20 ms.
    pub async fn settle(&self) {
        while !self.is_settled() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Whether everything that loads has loaded or failed.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.states().iter().all(|adapter| adapter.state != "loading")
    }
}
