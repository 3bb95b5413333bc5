//! What is known of the services by their models' names: which is used where nobody chose, which has an end, what each
//! costs. `models/services.toml` is embedded in the binary.
//!
//! Knows no setting, makes no request. Money is counted in millionths of a US dollar.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

const EMBEDDED: &str = include_str!("../models/services.toml");

/// The embedded table.
static SERVICES: LazyLock<Services> = LazyLock::new(|| {
    // A test reads the same text and fails where it cannot be read.
    toml::from_str(EMBEDDED).unwrap_or_default()
});

/// The whole table.
#[derive(Debug, Default, Deserialize)]
pub struct Services {
    /// The day the table was last looked over.
    pub dated: String,
    default_model: BTreeMap<String, String>,
    /// Claude's voice and the guest's.
    #[serde(default)]
    voices: BTreeMap<String, [String; 2]>,
    #[serde(default)]
    retired: Vec<Retired>,
    #[serde(default)]
    price: Vec<Price>,
    #[serde(default)]
    extra: Vec<Extra>,
}

/// Fields that requests for some models need.
#[derive(Clone, Debug, Deserialize)]
struct Extra {
    provider: String,
    /// The beginning of the model's name.
    model: String,
    body: serde_json::Map<String, serde_json::Value>,
}

/// A model's name with an end.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Retired {
    /// As its provider spells it.
    pub model: String,
    /// Whose.
    pub provider: String,
    /// The announced day.
    pub ends: String,
    /// What to use in its place.
    pub r#use: String,
}

impl Retired {
    /// What there is to know of it on this day, as ISO 8601 writes it.
    #[must_use]
    pub fn told_on(&self, today: &str) -> String {
        let Self { model, provider, ends, r#use } = self;
        if ends.as_str() <= today {
            format!("{provider} has ended the model {model} on {ends}; use {use}")
        } else {
            format!("{provider} will end the model {model} on {ends}; use {use}")
        }
    }
}

/// What a model costs, each for a million of its unit, sound for an hour.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct Price {
    /// Whose.
    pub provider: String,
    /// As its provider spells it.
    pub model: String,
    #[serde(default)]
    input: u64,
    #[serde(default)]
    output: u64,
    cached: Option<u64>,
    cache_written: Option<u64>,
    #[serde(default)]
    audio_hour: u64,
    #[serde(default)]
    characters: u64,
}

/// What was used of a service. Units: tokens, milliseconds of sound, characters of text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens read, those that were kept or are being kept by the provider among them.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Of the tokens read, those the provider had kept.
    pub cached_tokens: u64,
    /// Of the tokens read, those the provider keeps from now on.
    pub cache_written_tokens: u64,
    /// Sound given or taken.
    pub audio_ms: u64,
    /// Text given to a voice.
    pub characters: u64,
}

impl Usage {
    /// Adds what another stretch of work used.
    pub fn add(&mut self, other: Self) {
        self.input_tokens += other.input_tokens;
        self.output_tokens += other.output_tokens;
        self.cached_tokens += other.cached_tokens;
        self.cache_written_tokens += other.cache_written_tokens;
        self.audio_ms += other.audio_ms;
        self.characters += other.characters;
    }
}

/// The table.
#[must_use]
pub fn services() -> &'static Services {
    &SERVICES
}

impl Services {
    /// The model that `provider` is asked for where nobody chose; empty where it has none.
    #[must_use]
    pub fn default_model(&self, provider: &str) -> &str {
        self.default_model.get(provider).map_or("", String::as_str)
    }

    /// The voices of Claude and of the guest where nobody chose; empty names where the product has but one.
    #[must_use]
    pub fn voices(&self, provider: &str) -> &[String; 2] {
        static NONE: [String; 2] = [String::new(), String::new()];
        self.voices.get(provider).unwrap_or(&NONE)
    }

    /// Whether the name has an end at this provider.
    #[must_use]
    pub fn retired(&self, provider: &str, model: &str) -> Option<&Retired> {
        // Whoever serves Whisper is asked by OpenAI's names.
        let provider = if provider == "whisper" { "openai" } else { provider };
        // A dated name such as claude-haiku-4-5-20251001 is another name, with an end of its own.
        self.retired.iter().find(|own| own.model == model && own.provider == provider)
    }

    /// Fields that requests for this model need, such as how much it should think before it speaks.
    #[must_use]
    pub fn extra_fields(
        &self,
        provider: &str,
        model: &str,
    ) -> serde_json::Map<String, serde_json::Value> {
        self.extra
            .iter()
            .filter(|extra| extra.provider == provider && model.starts_with(&extra.model))
            .flat_map(|extra| extra.body.clone())
            .collect()
    }

    /// What the work cost in millionths of a US dollar; `None` where the table does not know the model.
    #[must_use]
    pub fn cost_micro_usd(&self, provider: &str, model: &str, usage: Usage) -> Option<u64> {
        let own = || self.price.iter().filter(|price| price.provider == provider);
        let price = own()
            .find(|price| price.model == model)
            .or_else(|| own().find(|price| is_kind_of(model, &price.model)))?;
        Some(price.of(usage))
    }
}

/// Whether `model` is `known` with a date or a voice's letter behind it: `claude-haiku-4-5-20251001`, `Neural2-F`. Such
/// a one costs the same; one with a word behind it, such as `tts-1-hd`, is another.
fn is_kind_of(model: &str, known: &str) -> bool {
    let Some((begin, rest)) = model.split_at_checked(known.len()) else { return false };
    let Some(rest) = rest.strip_prefix('-') else { return false };
    let is_date = rest.len() == 8 && rest.bytes().all(|byte| byte.is_ascii_digit());
    let is_letter = rest.len() == 1 && rest.bytes().all(|byte| byte.is_ascii_uppercase());
    begin.eq_ignore_ascii_case(known) && (is_date || is_letter)
}

impl Price {
    fn of(&self, usage: Usage) -> u64 {
        let plain = usage
            .input_tokens
            .saturating_sub(usage.cached_tokens)
            .saturating_sub(usage.cache_written_tokens);
        let parts = [
            (plain, self.input, 1_000_000),
            (usage.cached_tokens, self.cached.unwrap_or(self.input), 1_000_000),
            (usage.cache_written_tokens, self.cache_written.unwrap_or(self.input), 1_000_000),
            (usage.output_tokens, self.output, 1_000_000),
            (usage.audio_ms, self.audio_hour, 3_600_000),
            (usage.characters, self.characters, 1_000_000),
        ];
        let total: u128 = parts
            .into_iter()
            .map(|(amount, price, per)| u128::from(amount) * u128::from(price) / per)
            .sum();
        u64::try_from(total).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_table_can_be_read_and_every_entry_is_dated() {
        let table: Services = toml::from_str(EMBEDDED).unwrap();
        let is_day = |text: &str| text.len() == 10 && text.split('-').count() == 3;
        assert!(is_day(&table.dated));
        assert!(table.retired.iter().all(|retired| is_day(&retired.ends)), "{table:?}");
        for retired in &table.retired {
            assert_eq!(table.retired(&retired.provider, &retired.r#use), None, "{retired:?}");
        }
        for (provider, model) in &table.default_model {
            let provider = provider.split('-').next().unwrap();
            let ends = table.retired(provider, model).map(|retired| retired.ends.as_str());
            assert!(ends.is_none_or(|ends| *ends > *table.dated), "{provider}: {model} has ended");
        }
    }

    #[test]
    fn a_model_ends_at_its_provider_and_an_announced_end_is_told_from_one_that_has_come() {
        let known = |provider| services().retired(provider, "whisper-1");
        assert_eq!(known("openai"), known("whisper"));
        assert_eq!(known("deepgram"), None);
        let whisper = known("openai").unwrap();
        let told = |today| whisper.told_on(today);
        let use_other = "use a Whisper server of your own";
        assert_eq!(
            told("2027-02-25"),
            format!("openai will end the model whisper-1 on 2027-02-26; {use_other}")
        );
        assert_eq!(
            told("2027-02-26"),
            format!("openai has ended the model whisper-1 on 2027-02-26; {use_other}")
        );
    }

    #[test]
    fn tokens_that_were_kept_cost_what_the_table_says_of_them() {
        let used = Usage {
            input_tokens: 6_000,
            cached_tokens: 5_000,
            output_tokens: 200,
            ..Usage::default()
        };
        let cost = services().cost_micro_usd("anthropic", "claude-haiku-4-5", used);
        assert_eq!(cost, Some(1_000 + 500 + 1_000));
        let spoken = Usage { audio_ms: 60_000, ..Usage::default() };
        assert_eq!(services().cost_micro_usd("deepgram", "nova-3", spoken), Some(7_700));
        assert_eq!(services().cost_micro_usd("groq", "unheard-of", used), None);
    }

    #[test]
    fn a_name_with_a_date_or_a_voices_letter_costs_what_the_name_costs() {
        let used = Usage { characters: 1_000, output_tokens: 1_000, ..Usage::default() };
        let cost = |provider, model| services().cost_micro_usd(provider, model, used);
        assert_eq!(cost("google", "Neural2-F"), Some(16_000));
        assert_eq!(cost("anthropic", "claude-haiku-4-5-20251001"), Some(5_000));
        assert_eq!(cost("openai", "tts-1"), Some(15_000));
        for (provider, model) in [
            ("openai", "tts-1-hd"),
            ("google", "Chirp3-HD-Kore"),
            ("google", "Neural2-é"),
            ("openai", "Neural2-F"),
        ] {
            assert_eq!(cost(provider, model), None, "{provider} {model}");
        }
    }
}
