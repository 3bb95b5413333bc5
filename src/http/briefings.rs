//! The briefings a host may choose from.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::Studio;
use super::error::ApiError;
use crate::briefings;
use crate::conversation::Speaker;

#[derive(Debug, Serialize)]
struct Listed {
    name: String,
    title: String,
    episode: String,
    speakers: [String; 3],
}

/// `GET /api/briefings`: those that can be used; one with mistakes is left out and logged.
///
/// # Errors
/// `internal` if the folder cannot be read.
pub async fn list(studio: web::Data<Studio>) -> Result<HttpResponse, ApiError> {
    let folder = studio.briefings_dir.clone();
    let listed = web::block(move || briefings::list(&folder)).await;
    let Ok(Ok(listed)) = listed else {
        tracing::error!(id = "briefings", folder = %studio.briefings_dir.display(), "the briefings cannot be listed");
        return Err(ApiError::internal("briefings"));
    };
    let usable = listed.into_iter().filter_map(|listed| match listed.briefing {
        Ok(file) => Some(Listed {
            name: listed.name,
            title: file.briefing.title.clone(),
            episode: file.briefing.episode.clone(),
            speakers: Speaker::ALL.map(|speaker| file.briefing.speaker(speaker).name.clone()),
        }),
        Err(error) => {
            tracing::warn!(briefing = listed.name, %error, "a briefing cannot be used");
            None
        }
    });
    let usable: Vec<Listed> = usable.collect();
    Ok(HttpResponse::Ok().json(serde_json::json!({ "briefings": usable })))
}
