//! Routes, access, errors and the embedded page. Holds no rules.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use actix::Addr;
use actix_web::{HttpResponse, ResponseError, web};

use crate::adapters::AdapterState;
use crate::clock::Clock;
use crate::session::directory::Directory;
use crate::transport::signalling::MediaDesk;
use crate::transport::websocket::Patience;

pub mod access;
pub mod briefings;
pub mod error;
pub mod health;
pub mod page;
pub mod recordings;
pub mod sessions;

/// Asks for the state of each adapter.
#[derive(Clone)]
pub struct AdapterStates(pub Arc<dyn Fn() -> Vec<AdapterState> + Send + Sync>);

impl fmt::Debug for AdapterStates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries((self.0)()).finish()
    }
}

/// What the routes know.
#[derive(Clone, Debug)]
pub struct Studio {
    /// Who is on air.
    pub directory: Addr<Directory>,
    /// Who serves.
    pub adapters: AdapterStates,
    /// The time of day.
    pub clock: Clock,
    /// How far the process is.
    pub readiness: health::Readiness,
    /// Whether real providers were chosen.
    pub use_real_adapters: bool,
    /// Where recordings lie.
    pub recording_dir: PathBuf,
    /// Where briefings lie.
    pub briefings_dir: PathBuf,
    /// How long connections are waited for.
    pub patience: Patience,
    /// Where WebRTC is served; `None` if its port could not be had.
    pub media: Option<MediaDesk>,
}

/// Every route, in the order of a session's life. The page takes what is left.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/health", web::get().to(health::health))
        .route("/ready", web::get().to(health::ready))
        .route("/api/briefings", web::get().to(briefings::list))
        .route("/ws", web::get().to(sessions::socket))
        .route("/api/sessions", web::get().to(sessions::list))
        .route("/api/recordings/{episode}/{file}", web::get().to(recordings::file));
    page::configure(config);
    config.default_service(web::to(not_found));
}

async fn not_found() -> HttpResponse {
    error::ApiError::not_found("such address").error_response()
}
