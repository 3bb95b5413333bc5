//! Whether the studio lives and whether it takes sessions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::Studio;
use crate::adapters::AdapterState;
use crate::blocked::{Kind, given_up, standing};
use crate::transport::webrtc::MediaServer;

/// How far the process is.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<AtomicU8>);

const STARTING: u8 = 0;
const READY: u8 = 1;
const DRAINING: u8 = 2;

impl Readiness {
    /// Sessions may come.
    pub fn set_ready(&self) {
        // A studio that was told to stop while it started does not become ready any more.
        let starting =
            self.0.compare_exchange(STARTING, READY, Ordering::AcqRel, Ordering::Acquire);
        if starting.is_err() {
            tracing::debug!("not starting any more");
        }
    }

    /// No more sessions.
    pub fn set_draining(&self) {
        self.0.store(DRAINING, Ordering::Release);
    }

    /// Whether sessions are taken.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.0.load(Ordering::Acquire) == READY
    }

    fn word(&self) -> &'static str {
        match self.0.load(Ordering::Acquire) {
            STARTING => "starting",
            READY => "ready",
            _ => "draining",
        }
    }
}

/// The answer of `GET /health`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Health {
    status: &'static str,
    timestamp: String,
    version: &'static str,
    adapters: AdapterHealth,
    undelivered_messages: u64,
    panics: u64,
    blocked_threads: BlockedThreads,
    threads_given_up: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    webrtc: Option<WebRtcHealth>,
}

/// Threads that stand still now in code that is not ours.
#[derive(Debug, Serialize)]
struct BlockedThreads {
    models: u64,
    voices: u64,
    openings: u64,
    writers: u64,
}

impl BlockedThreads {
    fn now() -> Self {
        Self {
            models: standing(Kind::Model),
            voices: standing(Kind::Voice),
            openings: standing(Kind::Opening),
            writers: standing(Kind::Writer),
        }
    }
}

/// The WebRTC port since the start of the process.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct WebRtcHealth {
    port: u16,
    listeners: u64,
    /// Whatever came; and what of it were authentic reports.
    datagrams: u64,
    reports: u64,
    /// Authentic packets of hosts' voices, and packets of AIs' that left.
    heard: u64,
    sent: u64,
    unsent: u64,
    /// Dropped: of nobody here or of no known kind; forged, replayed or broken; checks with a wrong password and answers to none.
    strangers: u64,
    rejected: u64,
    false_checks: u64,
    /// Listeners at whom the stack broke.
    broken: u64,
    /// Streams that found no room.
    refused_streams: u64,
}

impl WebRtcHealth {
    fn of(server: &MediaServer) -> Self {
        let (listeners, counts) = server.counts();
        Self {
            port: server.address().port(),
            listeners,
            datagrams: counts.datagrams,
            reports: counts.reports,
            heard: counts.media,
            sent: counts.voices,
            unsent: counts.unsent,
            strangers: counts.strangers,
            rejected: counts.rejected,
            false_checks: counts.false_checks,
            broken: counts.broken,
            refused_streams: counts.refused_streams,
        }
    }
}

#[derive(Debug, Serialize)]
struct AdapterHealth {
    enabled: bool,
    stt: String,
    tts: String,
    guest: String,
    available: Vec<AdapterState>,
}

/// `GET /health`: alive, with the state of each adapter. `degraded` if one of them cannot serve.
pub async fn health(studio: web::Data<Studio>) -> HttpResponse {
    let available = (studio.adapters.0)();
    let name = |kind| adapter_name(&available, kind);
    let degraded = available.iter().any(|adapter| adapter.state == "unavailable");
    HttpResponse::Ok().json(Health {
        status: if degraded { "degraded" } else { "ok" },
        timestamp: studio.clock.iso_8601(),
        version: env!("CARGO_PKG_VERSION"),
        adapters: AdapterHealth {
            enabled: studio.use_real_adapters,
            stt: name("stt"),
            tts: name("tts"),
            guest: name("guest"),
            available: available.clone(),
        },
        undelivered_messages: crate::session::mailbox::undelivered(),
        panics: crate::session::supervision::panics(),
        blocked_threads: BlockedThreads::now(),
        threads_given_up: given_up(),
        webrtc: studio.media.as_ref().map(|desk| WebRtcHealth::of(&desk.server)),
    })
}

/// The name of the adapter of a kind; empty if there is none.
pub(super) fn adapter_name(available: &[AdapterState], kind: &str) -> String {
    available
        .iter()
        .find(|adapter| adapter.kind == kind)
        .map(|adapter| adapter.name.clone())
        .unwrap_or_default()
}

/// `GET /ready`: 200 while sessions are taken, 503 while starting or draining.
pub async fn ready(studio: web::Data<Studio>) -> HttpResponse {
    let word = studio.readiness.word();
    let body = serde_json::json!({ "status": word });
    if word == "ready" {
        HttpResponse::Ok().json(body)
    } else {
        HttpResponse::ServiceUnavailable().json(body)
    }
}
