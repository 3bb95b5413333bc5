//! Builds the adapters from the configuration: the one place besides `app` that knows products by name.
//!
//! [`build`] has one line a product. A briefing may choose other providers and models than the settings do; each
//! product is built once for each model and shared by all sessions.

mod build;
mod checkup;
mod speech;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::adapters::hearing::earshot::Earshot;
use crate::adapters::hearing::silero::Silero;
use crate::adapters::hearing::smart_turn::SmartTurn;
use crate::adapters::hearing::{EndOfTurn, VoiceActivity};
use crate::adapters::llm::LanguageModel;
use crate::adapters::onnx::OfflineModels;
use crate::adapters::resilience::Member;
use crate::adapters::resilience::ears::ResilientEars;
use crate::adapters::resilience::mind::ResilientMind;
use crate::adapters::resilience::voice::ResilientVoice;
use crate::adapters::stt::SpeechToText;
use crate::adapters::tts::{TextToSpeech, TtsOptions};
use crate::adapters::{AdapterState, Availability};
use crate::config::{Choice, Config, GuestProvider, Providers, SttProvider, TtsProvider};
use crate::conversation::briefing::Briefing;
use crate::conversation::{AiSpeaker, Speaker};
use crate::services::services;
use crate::session::cast::{Cast, VoiceOf};
use crate::session::ears::EarAdapters;
use build::{BuildError, Workshop};
pub use checkup::{Checkup, model_setting};
use checkup::{end_of_model, today};

/// Every adapter the configuration asks for, built once and shared by all sessions.
#[derive(Debug)]
pub struct Adapters {
    config: Config,
    workshop: Workshop,
    voice_activity: Arc<dyn VoiceActivity>,
    voice_activity_fallback: Arc<dyn VoiceActivity>,
    end_of_turn: Arc<dyn EndOfTurn>,
    built: Mutex<Built>,
}

/// What was built so far, by product and model. Bounded by what settings and briefings name.
#[derive(Debug, Default)]
struct Built {
    ears: BTreeMap<&'static str, Member<dyn SpeechToText>>,
    voices: BTreeMap<&'static str, Member<dyn TextToSpeech>>,
    minds: BTreeMap<(&'static str, String), Member<dyn LanguageModel>>,
}

/// Who writes a speaker's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mind {
    Claude,
    Other(GuestProvider),
}

impl Adapters {
    /// The adapters of this configuration; local models are loaded in the background.
    #[must_use]
    pub fn from_config(config: &Config) -> Self {
        let models = OfflineModels::new(&config.models_dir).with_runtime(&config.onnxruntime);
        let adapters = Self {
            config: config.clone(),
            voice_activity: Arc::new(Silero::start(&models)),
            voice_activity_fallback: Arc::new(Earshot),
            end_of_turn: Arc::new(SmartTurn::start(&models)),
            workshop: Workshop::new(config, models),
            built: Mutex::default(),
        };
        adapters.build_chosen();
        adapters
    }

    /// What the settings choose is built at the start, so that its models load before anybody comes.
    fn build_chosen(&self) {
        for failed in self.states().into_iter().filter(|adapter| adapter.name == NONE) {
            let reason = failed.reason.unwrap_or_default();
            tracing::warn!(kind = failed.kind, reason, "an adapter could not be built");
        }
    }

    /// Who serves a session on this briefing. What a briefing does not choose is chosen so that the two AIs sound
    /// apart.
    ///
    /// # Errors
    /// A sentence about a provider that the briefing names and this studio cannot serve.
    pub fn cast(&self, briefing: &Briefing) -> Result<Cast, BuildError> {
        let chosen = self.chosen_by(briefing)?;
        let voice_of = |speaker: AiSpeaker| -> Result<VoiceOf, BuildError> {
            let wanted = &briefing.speaker(speaker.into()).voice;
            let voice = if wanted.is_empty() {
                services().voices(chosen.tts.as_str())[speaker.index()].clone()
            } else {
                wanted.clone()
            };
            let options = TtsOptions { voice, language: briefing.language.clone() };
            Ok(VoiceOf { voice: self.voice_chain(chosen.tts, speaker)?, options })
        };
        let mind_of = |speaker: AiSpeaker| {
            let model = &briefing.speaker(speaker.into()).model;
            self.mind_chain(self.mind_of(speaker, chosen), model, speaker)
        };
        let voice_activity = match self.voice_activity.availability() {
            Availability::Unavailable(_) => &self.voice_activity_fallback,
            Availability::Ready | Availability::Loading => &self.voice_activity,
        };
        let end_of_turn = match self.end_of_turn.availability() {
            Availability::Unavailable(_) => None,
            Availability::Ready | Availability::Loading => Some(Arc::clone(&self.end_of_turn)),
        };
        let [claude, guest] = AiSpeaker::BOTH;
        Ok(Cast {
            ears: EarAdapters {
                speech_to_text: self.ear_chain(chosen.stt)?,
                voice_activity: Arc::clone(voice_activity),
                end_of_turn,
            },
            minds: [mind_of(claude)?, mind_of(guest)?],
            voices: [voice_of(claude)?, voice_of(guest)?],
        })
    }

    /// The settings' choice, with what the briefing chooses in its place. Without real adapters there is no choice.
    fn chosen_by(&self, briefing: &Briefing) -> Result<Providers, BuildError> {
        let chosen = self.config.effective();
        if !self.config.use_real_adapters {
            return Ok(chosen);
        }
        let own = &briefing.providers;
        Ok(Providers {
            stt: choice(&own.stt, chosen.stt)?,
            tts: choice(&own.tts, chosen.tts)?,
            guest: choice(&own.guest, chosen.guest)?,
        })
    }

    const fn mind_of(&self, speaker: AiSpeaker, chosen: Providers) -> Mind {
        match speaker {
            AiSpeaker::Claude if self.config.use_real_adapters => Mind::Claude,
            AiSpeaker::Claude => Mind::Other(GuestProvider::Rehearsal),
            AiSpeaker::Guest => Mind::Other(chosen.guest),
        }
    }

    // ── Chains: the chosen product and who steps in for it. Products of this machine alone need none ─────────

    fn ear_chain(&self, chosen: SttProvider) -> Result<Arc<dyn SpeechToText>, BuildError> {
        let mut members = self.ear_members(chosen)?;
        if !self.config.use_real_adapters {
            return Ok(members.swap_remove(0).adapter);
        }
        let first = members.remove(0);
        Ok(Arc::new(ResilientEars::new(first, members)))
    }

    fn voice_chain(
        &self,
        chosen: TtsProvider,
        speaker: AiSpeaker,
    ) -> Result<Arc<dyn TextToSpeech>, BuildError> {
        let mut members = self.voice_members(chosen)?;
        if !self.config.use_real_adapters {
            return Ok(members.swap_remove(0).adapter);
        }
        let first = members.remove(0);
        let named = members.into_iter().map(|member| {
            let voice = services().voices(member.adapter.name())[speaker.index()].clone();
            (member, voice)
        });
        Ok(Arc::new(ResilientVoice::new(first, named)))
    }

    fn mind_chain(
        &self,
        chosen: Mind,
        model: &str,
        speaker: AiSpeaker,
    ) -> Result<Arc<dyn LanguageModel>, BuildError> {
        let mut members = self.mind_members(chosen, model, speaker)?;
        if !self.config.use_real_adapters {
            return Ok(members.swap_remove(0).adapter);
        }
        let first = members.remove(0);
        Ok(Arc::new(ResilientMind::new(first, members)))
    }

    // ── Members: each product is built once for each model ────────────────────────────────────────────────────

    pub(crate) fn ear_members(
        &self,
        chosen: SttProvider,
    ) -> Result<Vec<Member<dyn SpeechToText>>, BuildError> {
        let mut members = vec![self.ears(chosen)?];
        for other in self.others(&self.config.fallbacks.stt, chosen) {
            members.extend(said(self.ears(other), "stt"));
        }
        Ok(members)
    }

    pub(crate) fn voice_members(
        &self,
        chosen: TtsProvider,
    ) -> Result<Vec<Member<dyn TextToSpeech>>, BuildError> {
        let mut members = vec![self.voice(chosen)?];
        for other in self.others(&self.config.fallbacks.tts, chosen) {
            members.extend(said(self.voice(other), "tts"));
        }
        Ok(members)
    }

    fn mind_members(
        &self,
        chosen: Mind,
        model: &str,
        speaker: AiSpeaker,
    ) -> Result<Vec<Member<dyn LanguageModel>>, BuildError> {
        let mut members = vec![self.mind(chosen, model)?];
        let others = match speaker {
            AiSpeaker::Claude => &self.config.fallbacks.claude,
            AiSpeaker::Guest => &self.config.fallbacks.guest,
        };
        let others = if self.config.use_real_adapters { others.as_slice() } else { &[] };
        for other in others.iter().map(|other| Mind::Other(*other)).filter(|o| *o != chosen) {
            members.extend(said(self.mind(other, ""), kind_of(speaker)));
        }
        Ok(members)
    }

    /// Who steps in for `chosen`.
    fn others<C: Choice + PartialEq>(&self, fallbacks: &[C], chosen: C) -> Vec<C> {
        let is_used = self.config.use_real_adapters;
        fallbacks.iter().copied().filter(|other| is_used && *other != chosen).collect()
    }

    fn ears(&self, provider: SttProvider) -> Result<Member<dyn SpeechToText>, BuildError> {
        let mut built = self.built();
        if let Some(known) = built.ears.get(provider.as_str()) {
            return Ok(known.clone());
        }
        let member = Member::of_ears(self.workshop.speech_to_text(provider)?);
        built.ears.insert(provider.as_str(), member.clone());
        Ok(member)
    }

    fn voice(&self, provider: TtsProvider) -> Result<Member<dyn TextToSpeech>, BuildError> {
        let mut built = self.built();
        if let Some(known) = built.voices.get(provider.as_str()) {
            return Ok(known.clone());
        }
        let member = Member::of_voice(self.workshop.text_to_speech(provider)?);
        built.voices.insert(provider.as_str(), member.clone());
        Ok(member)
    }

    /// The language model of this name; for an empty one the configured, or what the table of services says.
    fn mind(&self, mind: Mind, model: &str) -> Result<Member<dyn LanguageModel>, BuildError> {
        let (provider, configured) = match mind {
            Mind::Claude => ("anthropic", Some(self.config.claude_model.as_str())),
            Mind::Other(provider) => (
                provider.as_str(),
                self.config.guest_model.as_deref().filter(|_| provider == self.config.chosen.guest),
            ),
        };
        let fallback = || configured.unwrap_or_else(|| services().default_model(provider));
        let model = if model.is_empty() { fallback() } else { model };
        let mut built = self.built();
        if let Some(known) = built.minds.get(&(provider, model.to_owned())) {
            return Ok(known.clone());
        }
        let member = Member::of_mind(match mind {
            Mind::Claude => self.workshop.claude(model)?,
            Mind::Other(provider) => self.workshop.mind(provider, model)?,
        });
        built.minds.insert((provider, model.to_owned()), member.clone());
        Ok(member)
    }

    fn built(&self) -> std::sync::MutexGuard<'_, Built> {
        self.built.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state of each adapter, in the order in which sound passes them.
    #[must_use]
    pub fn states(&self) -> Vec<AdapterState> {
        let chosen = self.config.effective();
        let ears = self.ear_members(chosen.stt);
        let voices = self.voice_members(chosen.tts);
        let minds = |speaker: AiSpeaker| {
            let members = self.mind_members(self.mind_of(speaker, chosen), "", speaker);
            states_of(kind_of(speaker), members, |mind| (mind.name(), mind.availability()))
        };
        let vad = &self.voice_activity;
        let mut states = vec![AdapterState::of("vad", vad.name(), vad.availability())];
        states.extend(states_of("stt", ears, |ears| (ears.name(), ears.availability())));
        let judge = &self.end_of_turn;
        states.push(AdapterState::of("endOfTurn", judge.name(), judge.availability()));
        states.extend(AiSpeaker::BOTH.into_iter().flat_map(minds));
        states.extend(states_of("tts", voices, |voice| (voice.name(), voice.availability())));
        states
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
        let states = self.states();
        let today = today();
        let ends = states.iter().filter_map(|adapter| end_of_model(adapter, &today));
        let mut warnings: Vec<String> = ends.collect();
        warnings.dedup();
        warnings.extend(states.into_iter().filter_map(sentence));
        warnings
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

/// The name of an adapter that could not be built.
const NONE: &str = "none";

/// The states of a chain, first choice first; what a chain knows of its members is shown where it is one.
fn states_of<Adapter: ?Sized>(
    kind: &'static str,
    members: Result<Vec<Member<Adapter>>, BuildError>,
    of: impl Fn(&Adapter) -> (&'static str, Availability),
) -> Vec<AdapterState> {
    let members = match members {
        Ok(members) => members,
        Err(reason) => {
            return vec![AdapterState::of(kind, NONE, Availability::Unavailable(reason))];
        }
    };
    let state = |(index, member): (usize, &Member<Adapter>)| {
        let (name, availability) = of(member.adapter.as_ref());
        AdapterState::of(kind, name, availability).with_health(member.health.state(), index > 0)
    };
    members.iter().enumerate().map(state).collect()
}

/// A product that should step in and cannot be built is left out, and the log says so.
fn said<T>(built: Result<T, BuildError>, kind: &'static str) -> Option<T> {
    built.inspect_err(|reason| tracing::warn!(kind, reason, "a fallback could not be built")).ok()
}

/// The kind of a speaker's mind in `/health`.
const fn kind_of(speaker: AiSpeaker) -> &'static str {
    match speaker {
        AiSpeaker::Claude => Speaker::Claude.as_str(),
        AiSpeaker::Guest => Speaker::Guest.as_str(),
    }
}

/// The provider a briefing names, or the settings' choice where it names none.
fn choice<C: Choice>(named: &str, chosen: C) -> Result<C, BuildError> {
    if named.is_empty() {
        return Ok(chosen);
    }
    let found = C::ALL.iter().find(|choice| choice.as_str().eq_ignore_ascii_case(named));
    found.copied().ok_or_else(|| {
        let known: Vec<&str> = C::ALL.iter().map(|choice| choice.as_str()).collect();
        format!("the briefing names the provider {named}; known are {}", known.join(", "))
    })
}
