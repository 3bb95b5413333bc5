//! What values mean together: a door that is open needs a token, a provider needs its key.

use std::path::Path;

use super::providers::{CLAUDE_NEEDS, Provider};
use super::reader::Reader;
use super::settings::{self, Kind, Setting};
use super::{Config, ConfigError};

impl Config {
    pub(super) fn check_access(&self, reader: &mut Reader<'_>) {
        if !self.host.is_loopback() && !reader.is_set(&settings::STUDIO_ACCESS_TOKEN) {
            let expects = settings::STUDIO_ACCESS_TOKEN.kind.expects();
            let why = format!("{expects}, as HOST={} lets others in", self.host);
            reader.note(ConfigError::missing(&settings::STUDIO_ACCESS_TOKEN, why));
        }
    }

    /// Asks for what the chosen set needs and for nothing else.
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

    /// Sentences about models that were named for nobody.
    pub(super) fn model_warnings(&self) -> Vec<String> {
        [
            idle_model(&settings::STT_MODEL, self.stt_model.as_ref(), self.chosen.stt),
            idle_model(&settings::TTS_MODEL, self.tts_model.as_ref(), self.chosen.tts),
            idle_model(&settings::GUEST_MODEL, self.guest_model.as_ref(), self.chosen.guest),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// A sentence about a model that the chosen provider has no use for.
fn idle_model<P: Provider>(
    setting: &Setting,
    named: Option<&String>,
    provider: P,
) -> Option<String> {
    let why = provider.has_no_models().filter(|_| named.is_some())?;
    let (choice, chosen) = (P::SETTING.name, provider.as_str());
    Some(format!("{} has no effect with {choice}={chosen}: {why}", setting.name))
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
    for setting in needs_of(reader, provider) {
        require(reader, setting, &format!("{name}={chosen}"));
    }
}

/// What a provider cannot do without as it is set up.
fn needs_of<P: Provider>(reader: &Reader<'_>, provider: P) -> &'static [&'static Setting] {
    let is_elsewhere = provider.instead().is_some_and(|setting| reader.is_set(setting));
    if is_elsewhere { &[] } else { provider.needs() }
}

/// The same for those who step in.
fn check_fallbacks<P: Provider>(reader: &mut Reader<'_>, setting: &Setting, fallbacks: &[P]) {
    for provider in fallbacks {
        let needed_by = format!("{}={}", setting.name, provider.as_str());
        if let Some(what) = provider.lacks() {
            reader.note(ConfigError::unusable(setting.name, provider.as_str(), what));
            continue;
        }
        for need in needs_of(reader, *provider) {
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
