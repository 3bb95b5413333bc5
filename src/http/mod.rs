//! Routes, access, errors and the embedded page. Holds no rules.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use actix::Addr;
use actix_web::error::{JsonPayloadError, QueryPayloadError};
use actix_web::http::header::IF_NONE_MATCH;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};

use self::error::ApiError;
use crate::adapters::AdapterState;
use crate::clock::Clock;
use crate::session::directory::Directory;
use crate::session::house::House;
use crate::transport::signalling::MediaDesk;
use crate::transport::websocket::Patience;

pub mod access;
pub mod briefings;
pub mod error;
mod exposition;
pub mod health;
pub mod live;
pub mod metrics;
pub mod page;
pub mod public_config;
pub mod recordings;
pub mod sessions;
pub mod sound;
pub mod sound_check;

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
    /// Sessions at one time.
    pub sessions_max: usize,
    /// Whoever decodes a recording holds it.
    pub decode_turn: Arc<tokio::sync::Mutex<()>>,
    /// WAV files on their way to somebody: each holds three tracks open for as long as it is read.
    pub downloads: Arc<tokio::sync::Semaphore>,
    /// Whoever saves a briefing holds it.
    pub save_turn: Arc<tokio::sync::Mutex<()>>,
    /// Whoever has a sound check heard holds it.
    pub sound_check_turn: Arc<tokio::sync::Mutex<()>>,
    /// Briefings, and the ears of their shows.
    pub house: Arc<dyn House>,
}

/// Where broadcasting software looks and listens.
pub const LIVE_PATH: &str = "/live/";

/// Whether whoever asks has this version already.
fn is_known(request: &HttpRequest, etag: &str) -> bool {
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    known.is_some_and(|known| known.split(',').any(|tag| tag.trim() == etag))
}

/// Every route, in the order of a session's life. The page takes what is left.
pub fn configure(config: &mut web::ServiceConfig) {
    let unreadable = |error: String| actix_web::Error::from(ApiError::bad_request(error));
    config
        .app_data(web::JsonConfig::default().limit(briefings::BODY_BYTES_MAX).error_handler(
            move |error, _request| match error {
                JsonPayloadError::Overflow { limit }
                | JsonPayloadError::OverflowKnownLength { limit, .. } => {
                    ApiError::too_large(limit).into()
                }
                JsonPayloadError::ContentType => {
                    unreadable("the body is not sent as JSON; expected application/json".to_owned())
                }
                other => unreadable(format!("the body cannot be read ({other})")),
            },
        ))
        .app_data(web::QueryConfig::default().error_handler(move |error, _request| {
            let QueryPayloadError::Deserialize(what) = &error else {
                return unreadable("the query cannot be read".to_owned());
            };
            unreadable(format!("the query cannot be read ({what})"))
        }))
        // A name that is no text names nothing that is there.
        .app_data(
            web::PathConfig::default()
                .error_handler(|_error, _request| ApiError::not_found("such address").into()),
        );
    let at = |path: &str| web::resource(path.to_owned()).default_service(web::to(not_allowed));
    config
        .service(at("/health").get(health::health).head(health::health))
        .service(at("/ready").get(health::ready).head(health::ready))
        .service(at("/metrics").get(metrics::show))
        .service(at("/ws").get(sessions::socket))
        .service(at(access::ACCESS_PATH).post(access::exchange).delete(access::forget))
        .service(at("/api/config").get(public_config::show))
        .service(at("/api/briefings").get(briefings::list).post(briefings::create))
        .service(at("/api/briefings/check").post(briefings::check))
        .service(at("/api/briefings/{name}").get(briefings::one).put(briefings::replace))
        .service(
            at("/api/sound-check")
                .app_data(web::PayloadConfig::new(sound_check::SOUND_BYTES_MAX))
                .post(sound_check::hear),
        )
        .service(at("/api/sessions").get(sessions::list))
        .service(at("/api/sessions/{id}/end").post(sessions::end))
        .service(at("/api/recordings").get(recordings::list))
        .service(at("/api/recordings/{episode}").get(recordings::one).delete(recordings::delete))
        .service(at("/api/recordings/{episode}/peaks").get(recordings::waveforms))
        .service(at("/api/recordings/{episode}/audio/{name}").get(sound::show).head(sound::show))
        .service(
            at("/api/recordings/{episode}/{file}").get(recordings::file).head(recordings::file),
        );
    config
        .service(at("/live/{session}/events").get(live::events))
        .service(at("/live/{session}/{speaker}.wav").get(live::feed));
    page::configure(config);
    config.default_service(web::to(not_found));
}

async fn not_found() -> HttpResponse {
    ApiError::not_found("such address").error_response()
}

async fn not_allowed(request: HttpRequest) -> HttpResponse {
    ApiError::method_not_allowed(request.method().as_str()).error_response()
}
