//! What broadcasting software looks at and listens to: events of a session as they happen, and one clean feed a speaker.
//!
//! The session is named by its id or as `current`, the one that began last, so an address can be set up once.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::mpsc;

use super::Studio;
use super::error::ApiError;
use crate::audio::{SampleRate, wav};
use crate::conversation::Speaker;
use crate::session::SessionHandle;
use crate::session::directory::FindSession;
use crate::session::messages::{Listen, LookOn};
use crate::session::outbox::{Outbox, Outgoing};
use crate::session::watchers::FEED_CAPACITY;
use crate::transport::translate::to_json;

/// How often a quiet stream says that it is there: below the patience of proxies.
const STILL_HERE_EVERY: Duration = Duration::from_secs(10);

async fn session(studio: &Studio, id: String) -> Result<SessionHandle, ApiError> {
    let found = studio.directory.send(FindSession { session_id: id }).await;
    found.ok().flatten().ok_or_else(|| ApiError::not_found("such session on air"))
}

/// `GET /live/{session}/events`: a snapshot, then orbs, captions and levels, as server-sent events whose data are the
/// messages of the wire protocol.
///
/// # Errors
/// `not_found`, `too_many_watchers`.
pub async fn events(
    path: web::Path<String>,
    studio: web::Data<Studio>,
) -> Result<HttpResponse, ApiError> {
    let handle = session(&studio, path.into_inner()).await?;
    let outbox = Arc::new(Outbox::default());
    let seated = handle.address.send(LookOn { outbox: Arc::clone(&outbox) }).await;
    if !seated.unwrap_or(false) {
        return Err(ApiError::too_many_watchers());
    }
    let lines = stream::unfold(outbox, |outbox| async {
        loop {
            let line = match tokio::time::timeout(STILL_HERE_EVERY, outbox.next()).await {
                Err(_quiet) => Bytes::from_static(b": still here\n\n"),
                Ok(Outgoing::Notice(seq, notice)) => {
                    let Some(json) = to_json(seq, &notice) else { continue };
                    Bytes::from(format!("data: {json}\n\n"))
                }
                Ok(Outgoing::Sound(_)) => continue,
                Ok(Outgoing::Close(_)) => return None,
            };
            return Some((Ok::<_, actix_web::Error>(line), outbox));
        }
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(lines))
}

/// `GET /live/{session}/{speaker}.wav`: one speaker's sound without end, 48 kHz mono, 400 ms behind the room.
///
/// # Errors
/// `not_found`, `too_many_watchers`.
pub async fn feed(
    path: web::Path<(String, String)>,
    studio: web::Data<Studio>,
) -> Result<HttpResponse, ApiError> {
    let (id, name) = path.into_inner();
    let speaker = Speaker::ALL
        .into_iter()
        .find(|speaker| speaker.as_str() == name)
        .ok_or_else(|| ApiError::not_found("such speaker"))?;
    let handle = session(&studio, id).await?;
    let (reader, pieces) = mpsc::channel(FEED_CAPACITY);
    let seated = handle.address.send(Listen { speaker, reader }).await;
    if !seated.unwrap_or(false) {
        return Err(ApiError::too_many_watchers());
    }
    let head = Bytes::copy_from_slice(&wav::head(SampleRate::HZ_48000, None));
    let sound = stream::unfold((Some(head), pieces), |(head, mut pieces)| async {
        let piece = match head {
            Some(head) => head,
            None => pieces.recv().await?,
        };
        Some((Ok::<_, actix_web::Error>(piece), (None, pieces)))
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "audio/wav"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(sound))
}
