//! Sessions on air, the WebSocket through which one begins, and ending one from outside.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::Studio;
use super::error::ApiError;
use crate::session::directory::{FindSession, ListSessions, SessionSummary};
use crate::session::messages::EndSession;
use crate::transport::websocket;

/// How long an ending session is waited for. Closing files takes less; after it the answer says `ending`.
const END_PATIENCE: Duration = Duration::from_secs(25);

/// `GET /ws`.
///
/// # Errors
/// If the request is no WebSocket handshake.
pub async fn socket(
    request: HttpRequest,
    body: web::Payload,
    studio: web::Data<Studio>,
) -> Result<HttpResponse, actix_web::Error> {
    let (directory, media) = (studio.directory.clone(), studio.media.clone());
    websocket::connect(&request, body, directory, studio.patience, media)
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    #[serde(flatten)]
    summary: SessionSummary,
    started_utc: String,
}

/// `GET /api/sessions`: who is on air.
///
/// # Errors
/// `internal` if the directory is gone.
pub async fn list(studio: web::Data<Studio>) -> Result<HttpResponse, ApiError> {
    let sessions = studio.directory.send(ListSessions).await.map_err(|error| {
        tracing::error!(id = "sessions", %error, "the directory does not answer");
        ApiError::internal("sessions")
    })?;
    let sessions: Vec<Listed> = sessions
        .into_iter()
        .map(|summary| Listed {
            started_utc: crate::clock::iso_8601(summary.started_unix_ms),
            summary,
        })
        .collect();
    Ok(HttpResponse::Ok().json(serde_json::json!({ "sessions": sessions })))
}

/// `POST /api/sessions/{id}/end`: ends it in order and answers when its recording is whole.
///
/// # Errors
/// `not_found` if no such session is on air.
pub async fn end(
    path: web::Path<String>,
    studio: web::Data<Studio>,
) -> Result<HttpResponse, ApiError> {
    let wanted = FindSession { session_id: path.into_inner() };
    let Ok(Some(handle)) = studio.directory.send(wanted).await else {
        return Err(ApiError::not_found("such session on air"));
    };
    let ended = tokio::time::timeout(END_PATIENCE, handle.address.send(EndSession)).await;
    let is_over = match ended {
        // A session that is gone before it could answer is over, too.
        Ok(_answered) => true,
        Err(_elapsed) => false,
    };
    let body = serde_json::json!({
        "sessionId": handle.identity.session_id,
        "episodeId": handle.identity.episode_id,
        "state": if is_over { "ended" } else { "ending" },
    });
    Ok(if is_over { HttpResponse::Ok() } else { HttpResponse::Accepted() }.json(body))
}
