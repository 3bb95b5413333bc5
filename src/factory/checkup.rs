//! Asks every configured product for the smallest piece of real work: what `studio doctor` shows.

use std::time::Duration;

use futures_util::future::join_all;
use serde::Serialize;

use super::Adapters;
use super::build::BuildError;
use crate::adapters::resilience::{Member, probe};
use crate::adapters::stt::SttOptions;
use crate::adapters::tts::TtsOptions;
use crate::adapters::{AdapterError, AdapterState, BoxFuture};
use crate::clock::Clock;
use crate::config::settings;
use crate::conversation::AiSpeaker;
use crate::services::services;

/// How one product did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checkup {
    /// What it is for: `stt`, `claude`, `guest` or `tts`.
    pub kind: &'static str,
    /// The product.
    pub adapter: String,
    /// Its model; empty where there is no choice.
    pub model: String,
    /// Whether it steps in only when another fails.
    pub fallback: bool,
    /// Whether it gave a result.
    pub ok: bool,
    /// How long its first result took, in ms.
    pub latency_ms: Option<u64>,
    /// Why there was none.
    pub problem: Option<String>,
    /// The end of its model, where its provider has announced one.
    pub warning: Option<String>,
}

/// A question to one product.
struct Question {
    kind: &'static str,
    adapter: &'static str,
    model: String,
    fallback: bool,
    ask: BoxFuture<'static, Result<Duration, AdapterError>>,
}

impl Adapters {
    /// Asks all products of the settings' choice at once; takes as long as the slowest, at most
    /// [`probe::PROBE_LIMIT`].
    pub async fn check_up(&self) -> Vec<Checkup> {
        let chosen = self.config.effective();
        let mut questions = Vec::new();
        let mut missing = Vec::new();
        let ears = questions_of("stt", self.ear_members(chosen.stt), &mut missing, |member| {
            let (name, model) = (member.adapter.name(), member.adapter.model().to_owned());
            let ask: BoxFuture<'static, _> = Box::pin(async move {
                let options = SttOptions { language: "en".to_owned(), ..SttOptions::default() };
                probe::ears(member.adapter.as_ref(), options).await
            });
            (name, model, ask)
        });
        questions.extend(ears);
        for speaker in AiSpeaker::BOTH {
            let members = self.mind_members(self.mind_of(speaker, chosen), "", speaker);
            let kind = super::kind_of(speaker);
            questions.extend(questions_of(kind, members, &mut missing, |member| {
                let (name, model) = (member.adapter.name(), member.adapter.model().to_owned());
                let ask: BoxFuture<'static, _> =
                    Box::pin(async move { probe::mind(member.adapter.as_ref()).await });
                (name, model, ask)
            }));
        }
        questions.extend(questions_of(
            "tts",
            self.voice_members(chosen.tts),
            &mut missing,
            |member| {
                let (name, model) = (member.adapter.name(), member.adapter.model().to_owned());
                let ask: BoxFuture<'static, _> = Box::pin(async move {
                    let voice = services().voices(name)[0].clone();
                    let options = TtsOptions { voice, language: "en".to_owned() };
                    probe::voice(member.adapter.as_ref(), options).await
                });
                (name, model, ask)
            },
        ));
        let answered = join_all(questions.into_iter().map(Question::answer)).await;
        missing.into_iter().chain(answered).collect()
    }
}

/// A sentence about the end of the model that an adapter uses, where its provider has announced one.
pub(super) fn end_of_model(adapter: &AdapterState, today: &str) -> Option<String> {
    let model = &adapter.health.as_ref()?.model;
    let retired = services().retired(&adapter.name, model)?;
    let (kind, setting) = (adapter.kind, model_setting(adapter.kind));
    Some(format!("{kind}: {} (by {setting})", retired.told_on(today)))
}

/// The setting that names the model of what serves as `kind`.
#[must_use]
pub fn model_setting(kind: &str) -> &'static str {
    let setting = match kind {
        "claude" => settings::STUDIO_CLAUDE_MODEL,
        "guest" => settings::GUEST_MODEL,
        "stt" => settings::STT_MODEL,
        _ => settings::TTS_MODEL,
    };
    setting.name
}

/// This day as ISO 8601 writes it.
pub(super) fn today() -> String {
    Clock::system().iso_8601().split('T').next().unwrap_or_default().to_owned()
}

fn questions_of<Adapter: ?Sized>(
    kind: &'static str,
    members: Result<Vec<Member<Adapter>>, BuildError>,
    missing: &mut Vec<Checkup>,
    ask: impl Fn(
        Member<Adapter>,
    ) -> (&'static str, String, BoxFuture<'static, Result<Duration, AdapterError>>),
) -> Vec<Question> {
    let members = members.unwrap_or_else(|problem| {
        missing.push(Checkup {
            kind,
            adapter: "none".to_owned(),
            model: String::new(),
            fallback: false,
            ok: false,
            latency_ms: None,
            problem: Some(problem),
            warning: None,
        });
        Vec::new()
    });
    let question = |(index, member)| {
        let (adapter, model, ask) = ask(member);
        Question { kind, adapter, model, fallback: index > 0, ask }
    };
    members.into_iter().enumerate().map(question).collect()
}

impl Question {
    async fn answer(self) -> Checkup {
        let answer = self.ask.await;
        let latency = answer.as_ref().ok().map(Duration::as_millis);
        let retired = services().retired(self.adapter, &self.model);
        Checkup {
            kind: self.kind,
            adapter: self.adapter.to_owned(),
            fallback: self.fallback,
            ok: answer.is_ok(),
            latency_ms: latency.map(|took| u64::try_from(took).unwrap_or(u64::MAX)),
            problem: answer.err().map(|error| error.to_string()),
            warning: retired.map(|retired| retired.told_on(&today())),
            model: self.model,
        }
    }
}
