//! Sessions on air, and the WebSocket through which one begins.

use actix_web::{HttpRequest, HttpResponse, web};

use super::Studio;
use super::error::ApiError;
use crate::session::directory::ListSessions;
use crate::transport::websocket;

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

/// `GET /api/sessions`: who is on air.
///
/// # Errors
/// `internal` if the directory is gone.
pub async fn list(studio: web::Data<Studio>) -> Result<HttpResponse, ApiError> {
    let sessions = studio.directory.send(ListSessions).await.map_err(|error| {
        tracing::error!(id = "sessions", %error, "the directory does not answer");
        ApiError::internal("sessions")
    })?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "sessions": sessions })))
}
