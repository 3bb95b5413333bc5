//! What the session's services were used for: sums of the event log's own lines, for `session.yml`.
//!
//! A line of the log is one stretch of work; the sums are made at the end, after an orderly one and after a crash.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::manifest::seconds_of_millis;

/// Name of the log's event for used services.
pub(super) const USE_EVENT: &str = "service.use";

/// One service's work for one speaker.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceEntry {
    /// `stt`, `llm` or `tts`.
    pub kind: String,
    /// Whose words; none for the recogniser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaker: Option<String>,
    /// The product.
    pub service: String,
    /// Its model; empty where there is no choice.
    pub model: String,
    /// Tokens read.
    #[serde(default, skip_serializing_if = "is_none")]
    pub input_tokens: u64,
    /// Of them, those the provider had kept.
    #[serde(default, skip_serializing_if = "is_none")]
    pub cached_tokens: u64,
    /// Tokens written.
    #[serde(default, skip_serializing_if = "is_none")]
    pub output_tokens: u64,
    /// Sound heard, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_s: Option<f64>,
    /// Characters spoken.
    #[serde(default, skip_serializing_if = "is_none")]
    pub characters: u64,
    /// What it cost by the price table, US dollars; none where the table does not know the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// The day of that table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prices_dated: Option<String>,
    /// Whether some of it is estimated: a reply broke off or was interrupted before its service had counted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_none(count: &u64) -> bool {
    *count == 0
}

/// Sums by kind, speaker, service and model, in the order in which they first occur.
#[derive(Debug, Default)]
pub(super) struct ServicesUsed(Vec<Sum>);

#[derive(Debug, Default)]
struct Sum {
    entry: ServiceEntry,
    audio_ms: u64,
    micro_usd: Option<u64>,
}

impl ServicesUsed {
    /// Takes one line of the log.
    pub(super) fn take(&mut self, fields: &Map<String, Value>) {
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
        let number = |name: &str| fields.get(name).and_then(Value::as_u64).unwrap_or(0);
        let speaker = Some(text("speaker")).filter(|name| !name.is_empty()).map(str::to_owned);
        let (kind, service, model) = (text("kind"), text("adapter"), text("model"));
        let is_same = |sum: &Sum| {
            let entry = &sum.entry;
            (&*entry.kind, &*entry.service, &*entry.model) == (kind, service, model)
                && entry.speaker == speaker
        };
        let place = self.0.iter().position(is_same).unwrap_or_else(|| {
            let entry = ServiceEntry {
                kind: kind.to_owned(),
                speaker: speaker.clone(),
                service: service.to_owned(),
                model: model.to_owned(),
                ..ServiceEntry::default()
            };
            self.0.push(Sum { entry, audio_ms: 0, micro_usd: Some(0) });
            self.0.len() - 1
        });
        let Some(sum) = self.0.get_mut(place) else { return };
        sum.entry.input_tokens += number("inputTokens");
        sum.entry.cached_tokens += number("cachedTokens");
        sum.entry.output_tokens += number("outputTokens");
        sum.entry.characters += number("characters");
        sum.audio_ms += number("audioMs");
        sum.entry.estimated |= fields.get("estimated").and_then(Value::as_bool).unwrap_or(false);
        let cost = fields.get("costMicroUsd").and_then(Value::as_u64);
        sum.micro_usd = sum.micro_usd.zip(cost).map(|(so_far, cost)| so_far + cost);
        let dated = Some(text("pricesDated")).filter(|day| !day.is_empty());
        sum.entry.prices_dated = dated.map(str::to_owned).or(sum.entry.prices_dated.take());
    }

    /// The entries of the manifest.
    pub(super) fn entries(self) -> Vec<ServiceEntry> {
        self.0.into_iter().map(Sum::entry).collect()
    }
}

impl Sum {
    fn entry(self) -> ServiceEntry {
        ServiceEntry {
            audio_s: (self.audio_ms > 0).then(|| seconds_of_millis(self.audio_ms)),
            // Millionths are thousandths of thousandths.
            cost_usd: self.micro_usd.map(|micro| seconds_of_millis(micro) / 1000.0),
            prices_dated: self.entry.prices_dated.filter(|_| self.micro_usd.is_some()),
            ..self.entry
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_of_one_service_are_one_entry_and_an_unknown_price_is_no_price() {
        let mut used = ServicesUsed::default();
        for line in [
            json!({ "kind": "llm", "speaker": "claude", "adapter": "a", "model": "m", "inputTokens": 10,
                "outputTokens": 2, "costMicroUsd": 1500, "pricesDated": "2026-07-01" }),
            json!({ "kind": "stt", "speaker": null, "adapter": "s", "model": "", "audioMs": 2500 }),
            json!({ "kind": "llm", "speaker": "claude", "adapter": "a", "model": "m", "inputTokens": 5,
                "outputTokens": 1, "costMicroUsd": 500, "estimated": true }),
        ] {
            used.take(line.as_object().unwrap());
        }
        let entries = used.entries();
        assert_eq!(entries.len(), 2);
        assert_eq!((entries[0].input_tokens, entries[0].cost_usd), (15, Some(0.002)));
        assert_eq!((entries[1].audio_s, entries[1].cost_usd), (Some(2.5), None));
        let dated = entries.iter().map(|entry| entry.prices_dated.as_deref());
        assert_eq!(dated.collect::<Vec<_>>(), [Some("2026-07-01"), None]);
        assert_eq!((entries[0].estimated, entries[1].estimated), (true, false));
    }
}
