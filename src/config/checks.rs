//! What values mean together: a door that is open needs a token, a provider needs its key.

use std::path::Path;

use super::providers::{CLAUDE_NEEDS, Provider};
use super::reader::Reader;
use super::settings::{self, Kind, Setting};
use super::{Config, ConfigError};
use crate::services::services;

impl Config {
    pub(super) fn check_access(&self, reader: &mut Reader<'_>) {
        if !self.host.is_loopback() && !reader.is_set(&settings::STUDIO_ACCESS_TOKEN) {
            let expects = settings::STUDIO_ACCESS_TOKEN.kind.expects();
            let why = format!("{expects}, as HOST={} lets others in", self.host);
            reader.note(ConfigError::missing(&settings::STUDIO_ACCESS_TOKEN, why));
        }
    }

    /// Asks for what the chosen set needs and for nothing else; warns of model names that have an end.
    pub(super) fn check_providers(&self, reader: &mut Reader<'_>) {
        require(reader, CLAUDE_NEEDS, "Claude's words");
        check_provider(reader, self.chosen.stt);
        check_provider(reader, self.chosen.tts);
        check_provider(reader, self.chosen.guest);
        check_fallbacks(reader, &settings::STUDIO_STT_FALLBACK, &self.fallbacks.stt);
        check_fallbacks(reader, &settings::STUDIO_TTS_FALLBACK, &self.fallbacks.tts);
        check_fallbacks(reader, &settings::STUDIO_CLAUDE_FALLBACK, &self.fallbacks.claude);
        check_fallbacks(reader, &settings::STUDIO_GUEST_FALLBACK, &self.fallbacks.guest);
    }

    /// Sentences about chosen models whose providers have announced their end.
    pub(super) fn model_warnings(&self) -> Vec<String> {
        let named = [
            (&settings::STUDIO_CLAUDE_MODEL, Some(&self.claude_model)),
            (&settings::GUEST_MODEL, self.guest_model.as_ref()),
            (&settings::STT_MODEL, self.stt_model.as_ref()),
            (&settings::TTS_MODEL, self.tts_model.as_ref()),
        ];
        let warning = |(setting, model): (&Setting, Option<&String>)| {
            let retired = services().retired(model?)?;
            Some(format!(
                "{}={}: {} ends this model on {}; use {}",
                setting.name, retired.model, retired.provider, retired.ends, retired.r#use
            ))
        };
        named.into_iter().filter_map(warning).collect()
    }
}

/// Notes a provider that this binary does not have, and what is missing of its needs.
fn check_provider<P: Provider>(reader: &mut Reader<'_>, provider: P) {
    let (name, chosen) = (P::SETTING.name, provider.as_str());
    if reader.is_wrong(P::SETTING) {
        return;
    }
    if let Some(what) = provider.lacks() {
        return reader.note(ConfigError::unusable(name, chosen, what));
    }
    for setting in provider.needs() {
        require(reader, setting, &format!("{name}={chosen}"));
    }
}

/// The same for those who step in.
fn check_fallbacks<P: Provider>(reader: &mut Reader<'_>, setting: &Setting, fallbacks: &[P]) {
    for provider in fallbacks {
        let needed_by = format!("{}={}", setting.name, provider.as_str());
        if let Some(what) = provider.lacks() {
            reader.note(ConfigError::unusable(setting.name, provider.as_str(), what));
            continue;
        }
        for need in provider.needs() {
            require(reader, need, &needed_by);
        }
    }
}

/// Notes `setting` as missing if nobody set it or if it names a file that is not there; once, whoever needs it.
fn require(reader: &mut Reader<'_>, setting: &Setting, needed_by: &str) {
    if reader.is_wrong(setting) {
        return;
    }
    let given = reader.environment.get(setting.name).map(|(text, _)| text).or(setting.default);
    let expects = setting.kind.expects();
    match given {
        None => reader.note(ConfigError::missing(
            setting,
            format!("{expects}, needed by {needed_by} ({})", setting.doc),
        )),
        Some(path)
            if setting.kind == Kind::Path && !reader.environment.is_file(Path::new(path)) =>
        {
            let error = ConfigError::unusable(
                setting.name,
                path,
                format!("a file that exists, needed by {needed_by} ({})", setting.doc),
            );
            reader.note(error);
        }
        Some(_) => {}
    }
}
