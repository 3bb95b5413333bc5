//! A table of scripted adapters, and ones that panic inside the actor that opens them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use voice_studio::adapters::hearing::{EndOfTurn, VoiceActivity};
use voice_studio::adapters::llm::{LanguageModel, LlmStream};
use voice_studio::adapters::scripted::{
    ScriptedEars, ScriptedEndOfTurn, ScriptedMind, ScriptedVoice,
};
use voice_studio::adapters::stt::{SpeechToText, SttCapabilities, SttOptions, SttStream};
use voice_studio::adapters::tts::{TextToSpeech, TtsCapabilities, TtsOptions, TtsStream};
use voice_studio::adapters::{AdapterError, Availability, BoxFuture};
use voice_studio::conversation::Prompt;
use voice_studio::conversation::briefing::Briefing;
use voice_studio::session::cast::{Cast, VoiceOf};
use voice_studio::session::ears::EarAdapters;

/// Who is at the table in these tests.
pub(crate) const BRIEFING: &str = "---
title: A table of three
episode: table
language: en
speakers:
  you: { name: Sam, role: host }
  claude: { name: Ada, role: co-host, persona: Precise. }
  guest: { name: Oscar, role: guest, persona: Warm. }
segments:
  - { title: Talk, minutes: 5, goal: Talk about the moon. }
rules:
  prepare: { tries: 0, next: false }
---

## Everyone

The moon is a rock.
";

/// Each reply is asked for when its turn begins: how early it may be is a story of its own (`prepared.rs`).
pub(crate) fn briefing() -> Briefing {
    Briefing::parse(BRIEFING).expect("a briefing without mistakes")
}

/// The adapters of a session, each to be replaced by a test that needs another.
#[derive(Clone, Debug)]
pub(crate) struct StandIns {
    pub(crate) briefing: Briefing,
    pub(crate) speech_to_text: Arc<dyn SpeechToText>,
    pub(crate) voice_activity: Arc<dyn VoiceActivity>,
    pub(crate) end_of_turn: Option<Arc<dyn EndOfTurn>>,
    pub(crate) minds: [Arc<dyn LanguageModel>; 2],
    pub(crate) voices: [Arc<dyn TextToSpeech>; 2],
    /// The voice that both are asked for; empty leaves it to them.
    pub(crate) voice_name: &'static str,
}

impl StandIns {
    /// Ears that hear these lines, minds that give these replies, voices of 300 ms a word.
    pub(crate) fn new(lines: &[&str], replies: &[&str]) -> Self {
        let ears = Arc::new(ScriptedEars::new(lines.iter().copied()));
        Self {
            briefing: briefing(),
            voice_activity: Arc::clone(&ears) as Arc<dyn VoiceActivity>,
            speech_to_text: ears,
            end_of_turn: Some(Arc::new(ScriptedEndOfTurn::new([900]))),
            minds: [0, 1].map(|_| {
                Arc::new(ScriptedMind::new(replies.iter().copied())) as Arc<dyn LanguageModel>
            }),
            voices: [0, 1].map(|_| Arc::new(ScriptedVoice::new()) as Arc<dyn TextToSpeech>),
            voice_name: "tone",
        }
    }

    /// The rule of this name in a briefing.
    pub(crate) fn with_rule(mut self, name: &str, value: &str) -> Self {
        self.briefing = self.briefing.with_rule(name, value).expect("a rule");
        self
    }

    pub(crate) fn with_mind(mut self, place: usize, mind: Arc<dyn LanguageModel>) -> Self {
        self.minds[place] = mind;
        self
    }

    pub(crate) fn with_voice(mut self, place: usize, voice: Arc<dyn TextToSpeech>) -> Self {
        self.voices[place] = voice;
        self
    }

    pub(crate) fn cast(&self) -> Cast {
        let (voice, language) = (self.voice_name.to_owned(), "en".to_owned());
        let options = TtsOptions { voice, language };
        Cast {
            ears: EarAdapters {
                speech_to_text: Arc::clone(&self.speech_to_text),
                voice_activity: Arc::clone(&self.voice_activity),
                end_of_turn: self.end_of_turn.clone(),
            },
            minds: self.minds.clone(),
            voices: self.voices.clone().map(|voice| VoiceOf { voice, options: options.clone() }),
        }
    }
}

/// Panics in `open`, inside the actor that calls it, for the first `times` calls.
#[derive(Debug)]
pub(crate) struct Panicking<Adapter> {
    inner: Adapter,
    left: AtomicUsize,
}

impl<Adapter> Panicking<Adapter> {
    pub(crate) fn times(times: usize, inner: Adapter) -> Arc<Self> {
        Arc::new(Self { inner, left: AtomicUsize::new(times) })
    }

    fn strike(&self) {
        let left = self.left.load(Ordering::Relaxed);
        if left > 0 {
            self.left.store(left - 1, Ordering::Relaxed);
            panic!("the test lets this actor panic");
        }
    }
}

impl<Adapter: LanguageModel> LanguageModel for Panicking<Adapter> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn model(&self) -> &str {
        self.inner.model()
    }

    fn availability(&self) -> Availability {
        self.inner.availability()
    }

    fn open(&self, prompt: Prompt) -> BoxFuture<'_, Result<LlmStream, AdapterError>> {
        self.strike();
        self.inner.open(prompt)
    }
}

impl<Adapter: TextToSpeech> TextToSpeech for Panicking<Adapter> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn capabilities(&self) -> TtsCapabilities {
        self.inner.capabilities()
    }

    fn availability(&self) -> Availability {
        self.inner.availability()
    }

    fn open(&self, options: TtsOptions) -> BoxFuture<'_, Result<TtsStream, AdapterError>> {
        self.strike();
        self.inner.open(options)
    }
}

impl<Adapter: SpeechToText> SpeechToText for Panicking<Adapter> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn capabilities(&self) -> SttCapabilities {
        self.inner.capabilities()
    }

    fn availability(&self) -> Availability {
        self.inner.availability()
    }

    fn open(&self, options: SttOptions) -> BoxFuture<'_, Result<SttStream, AdapterError>> {
        Box::pin(async move {
            self.strike();
            self.inner.open(options).await
        })
    }
}
