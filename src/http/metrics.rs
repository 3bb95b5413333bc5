//! `GET /metrics`: what an operator's monitoring reads, in Prometheus' text format.
//!
//! Names begin with `studio_`, counters end with `_total`, units are base units. No label holds a word, a name, an
//! episode, an address or a key: only products, models and the studio's own words, so there are few of them.

use std::collections::BTreeMap;

use actix_web::http::header;
use actix_web::{HttpResponse, web};

use super::Studio;
use super::exposition::{CONTENT_TYPE, Exposition, Kind};
use crate::adapters::AdapterState;
use crate::adapters::resilience::{BreakerState, HealthState};
use crate::session::directory::ListSessions;
use crate::session::mailbox::undelivered;
use crate::session::supervision::panics;
use crate::session::tally::{Tally, tally};

/// The answer.
pub async fn show(studio: web::Data<Studio>) -> HttpResponse {
    // A directory that is gone has nobody on air.
    let on_air = studio.directory.send(ListSessions).await.map_or(0, |sessions| sessions.len());
    let mut figures = Exposition::default();
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    figures
        .family(Kind::Gauge, "studio_build_info", "The version, as a label.")
        .sample(&version, 1);
    let ready = u8::from(studio.readiness.is_ready());
    figures.one(Kind::Gauge, "studio_ready", "Whether sessions are taken.", ready);
    figures.one(Kind::Gauge, "studio_sessions", "Sessions on air.", on_air);
    let most = studio.sessions_max;
    figures.one(Kind::Gauge, "studio_sessions_max", "Sessions at one time.", most);
    sessions(&mut figures, tally());
    adapters(&mut figures, &(studio.adapters.0)());
    uses(&mut figures, tally());
    if let Some(media) = &studio.media {
        let (seated, counts) = media.server.counts();
        figures.one(Kind::Gauge, "studio_webrtc_peers", "Listeners by WebRTC.", seated);
        let dropped = [
            ("stranger", counts.strangers),
            ("rejected", counts.rejected),
            ("false_check", counts.false_checks),
            ("unsent", counts.unsent),
        ];
        figures.one(
            Kind::Counter,
            "studio_webrtc_datagrams_total",
            "Datagrams that came in.",
            counts.datagrams,
        );
        let name = "studio_webrtc_dropped_datagrams_total";
        let mut family = figures.family(Kind::Counter, name, "Datagrams dropped, by reason.");
        for (reason, count) in dropped {
            family.sample(&[("reason", reason)], count);
        }
        let mut count = |name, help, value| figures.one(Kind::Counter, name, help, value);
        count(
            "studio_webrtc_refused_streams_total",
            "TCP streams that found no room.",
            counts.refused_streams,
        );
        count(
            "studio_webrtc_broken_peers_total",
            "Listeners at whom the WebRTC stack panicked.",
            counts.broken,
        );
    }
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, CONTENT_TYPE))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(figures.into_text())
}

fn sessions(figures: &mut Exposition, tally: &Tally) {
    let mut count = |name, help, value| figures.one(Kind::Counter, name, help, value);
    count(
        "studio_sessions_started_total",
        "Sessions that went on air.",
        tally.sessions_started.get(),
    );
    count("studio_sessions_refused_total", "Sessions refused.", tally.sessions_refused.get());
    count("studio_panics_total", "Panics, each of which cost a part and no more.", panics());
    count(
        "studio_undelivered_messages_total",
        "Messages between actors that found their receiver gone or full.",
        undelivered(),
    );
    count(
        "studio_prepared_replies_held_total",
        "Replies not made ahead because a rate limit was nearly spent.",
        tally.replies_held.get(),
    );
    let help = "What full queues dropped: frames of AI sound, connections that took no control \
        messages, frames of the host's sound for the ears, packets of the host's sound.";
    let mut dropped = figures.family(Kind::Counter, "studio_queue_dropped_total", help);
    dropped.sample(&[("queue", "sound")], tally.dropped_sound_frames.get());
    dropped.sample(&[("queue", "control")], tally.dropped_connections.get());
    dropped.sample(&[("queue", "ears")], tally.dropped_ear_frames.get());
    dropped.sample(&[("queue", "host_packets")], tally.dropped_host_packets.get());
    let mut bytes = figures.family(
        Kind::Counter,
        "studio_websocket_bytes_total",
        "Payload of listeners' WebSockets.",
    );
    bytes.sample(&[("direction", "in")], tally.socket_bytes_in.get());
    bytes.sample(&[("direction", "out")], tally.socket_bytes_out.get());
}

/// What a product is for, where chains are counted.
fn role_of(kind: &'static str) -> &'static str {
    match kind {
        "claude" | "guest" => "llm",
        other => other,
    }
}

fn adapters(figures: &mut Exposition, states: &[AdapterState]) {
    let help = "Whether an adapter can serve, by what it is for.";
    let mut ready = figures.family(Kind::Gauge, "studio_adapter_ready", help);
    for state in states {
        let model = state.health.as_ref().map_or("", |health| health.model.as_str());
        let place = if state.fallback { "fallback" } else { "first" };
        ready.sample(
            &[("kind", state.kind), ("adapter", &state.name), ("model", model), ("place", place)],
            u8::from(state.state == "ready"),
        );
    }
    // A product that serves two speakers has one breaker and one set of counters.
    let healths: BTreeMap<(&str, &str, &str), &HealthState> = states
        .iter()
        .filter_map(|state| {
            let health = state.health.as_ref()?;
            Some(((role_of(state.kind), health.adapter, health.model.as_str()), health))
        })
        .collect();
    let help = "1 for the state of an adapter's circuit breaker, 0 for the others.";
    let mut breaker = figures.family(Kind::Gauge, "studio_adapter_breaker", help);
    for ((role, adapter, model), health) in &healths {
        for state in [BreakerState::Closed, BreakerState::Open, BreakerState::HalfOpen] {
            let labels = [
                ("role", *role),
                ("adapter", *adapter),
                ("model", *model),
                ("state", state.as_str()),
            ];
            breaker.sample(&labels, u8::from(health.breaker == state));
        }
    }
    type Read = fn(&HealthState) -> u64;
    let figures_of: [(Kind, &'static str, &str, Read); 8] = [
        (
            Kind::Gauge,
            "studio_adapter_failures_in_row",
            "Failures since the last result.",
            |health| u64::from(health.failures_in_row),
        ),
        (Kind::Counter, "studio_adapter_attempts_total", "Streams begun.", |health| {
            health.attempts
        }),
        (
            Kind::Counter,
            "studio_adapter_successes_total",
            "Streams that gave a result.",
            |health| health.successes,
        ),
        (Kind::Counter, "studio_adapter_failures_total", "Streams that failed.", |health| {
            health.failures
        }),
        (
            Kind::Counter,
            "studio_adapter_retries_total",
            "Times it was asked again after a failure.",
            |health| health.retries,
        ),
        (
            Kind::Counter,
            "studio_adapter_fallbacks_total",
            "Times the next product was asked after its failure.",
            |health| health.fallbacks,
        ),
        (
            Kind::Counter,
            "studio_adapter_breaker_opened_total",
            "How often the breaker opened.",
            |health| health.opened,
        ),
        (Kind::Counter, "studio_adapter_probes_total", "Probes while it was open.", |health| {
            health.probes
        }),
    ];
    for (kind, name, help, read) in figures_of {
        let mut family = figures.family(kind, name, help);
        for ((role, adapter, model), health) in &healths {
            let labels = [("role", *role), ("adapter", *adapter), ("model", *model)];
            family.sample(&labels, read(health));
        }
    }
}

fn uses(figures: &mut Exposition, tally: &Tally) {
    let used = tally.used();
    let help = "Tokens of language models; cached and cache_written are parts of input.";
    let mut tokens = figures.family(Kind::Counter, "studio_service_tokens_total", help);
    for ((adapter, model), used) in &used {
        let usage = used.usage;
        for (kind, count) in [
            ("input", usage.input_tokens),
            ("output", usage.output_tokens),
            ("cached", usage.cached_tokens),
            ("cache_written", usage.cache_written_tokens),
        ] {
            tokens.sample(&[("adapter", adapter), ("model", model), ("kind", kind)], count);
        }
    }
    let mut each = |name, help, thousandths: fn(&crate::session::tally::Used) -> (u64, usize)| {
        let mut family = figures.family(Kind::Counter, name, help);
        for ((adapter, model), used) in &used {
            let (count, digits) = thousandths(used);
            family.sample(&[("adapter", adapter), ("model", model)], decimal(count, digits));
        }
    };
    each("studio_service_audio_seconds_total", "Sound given to recognisers.", |used| {
        (used.usage.audio_ms, 3)
    });
    each("studio_service_characters_total", "Text given to voices.", |used| {
        (used.usage.characters, 0)
    });
    each(
        "studio_service_cost_dollars_total",
        "Cost in US dollars by the dated price table, as far as it knows.",
        |used| (used.cost_micro_usd, 6),
    );
}

/// A count of parts of which `10^digits` make one, written as a decimal number.
fn decimal(count: u64, digits: usize) -> String {
    if digits == 0 {
        return count.to_string();
    }
    let text = format!("{count:0>width$}", width = digits + 1);
    let (whole, part) = text.split_at(text.len() - digits);
    format!("{whole}.{part}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_written_as_decimals() {
        assert_eq!(decimal(7_700, 6), "0.007700");
        assert_eq!(decimal(61_250, 3), "61.250");
        assert_eq!(decimal(12, 0), "12");
    }
}
