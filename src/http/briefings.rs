//! The briefings a host may choose from, read, checked and saved.
//!
//! Nothing is saved that a session could not be held on.

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::ApiError;
use super::{Studio, is_known};
use crate::briefings::{self, BriefingFile, BriefingFileError, Expected, SaveError};
use crate::conversation::Speaker;
use crate::conversation::briefing::{BRIEFING_BYTES_MAX, Briefing, BriefingErrors};
use crate::hex::hex;

/// What a preview shows.
#[derive(Debug, Serialize)]
struct Facts {
    name: String,
    title: String,
    episode: String,
    language: String,
    speakers: [String; 3],
    roles: [String; 3],
    voices: [String; 3],
    segments: Vec<SegmentFacts>,
}

#[derive(Debug, Serialize)]
struct SegmentFacts {
    title: String,
    minutes: u16,
    goal: String,
}

fn facts(name: &str, briefing: &Briefing) -> Facts {
    let of = |read: fn(&crate::conversation::briefing::SpeakerBrief) -> &String| {
        Speaker::ALL.map(|speaker| read(briefing.speaker(speaker)).clone())
    };
    Facts {
        name: name.to_owned(),
        title: briefing.title.clone(),
        episode: briefing.episode.clone(),
        language: briefing.language.clone(),
        speakers: of(|speaker| &speaker.name),
        roles: of(|speaker| &speaker.role),
        voices: of(|speaker| &speaker.voice),
        segments: briefing
            .segments
            .iter()
            .map(|segment| SegmentFacts {
                title: segment.title.clone(),
                minutes: segment.minutes,
                goal: segment.goal.clone(),
            })
            .collect(),
    }
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
        Ok(file) => Some(facts(&listed.name, &file.briefing)),
        Err(error) => {
            tracing::warn!(briefing = listed.name, %error, "a briefing cannot be used");
            None
        }
    });
    let usable: Vec<Facts> = usable.collect();
    Ok(HttpResponse::Ok().json(serde_json::json!({ "briefings": usable })))
}

/// `GET /api/briefings/{name}`: its text and what it says, with an `ETag` for replacing it.
///
/// # Errors
/// `bad_name`, `not_found`; `briefing_invalid` if the file has mistakes.
pub async fn one(
    request: HttpRequest,
    path: web::Path<String>,
    studio: web::Data<Studio>,
) -> Result<HttpResponse, ApiError> {
    let (folder, name) = (studio.briefings_dir.clone(), path.into_inner());
    let loaded = web::block(move || briefings::load(&folder, &name)).await;
    let file = loaded.map_err(|_broken| ApiError::internal("briefings"))?.map_err(refusal)?;
    let tag = etag(&file.text);
    if is_known(&request, &tag) {
        return Ok(HttpResponse::NotModified().insert_header((header::ETAG, tag)).finish());
    }
    Ok(answer(HttpResponse::Ok(), &file))
}

/// A briefing as it is sent in.
#[derive(Debug, Deserialize)]
pub struct Sent {
    /// What it is to be called; the briefing's episode unless given.
    #[serde(default)]
    name: Option<String>,
    /// Its whole text, Markdown with front matter.
    text: String,
}

/// `POST /api/briefings/check`: what is wrong with a text, or what it says. Saves nothing.
pub async fn check(sent: web::Json<Sent>) -> HttpResponse {
    let (briefing, problems) = match Briefing::parse(&sent.text) {
        Ok(briefing) => (Some(facts(&briefing.episode, &briefing)), BriefingErrors::default()),
        Err(errors) => (None, errors),
    };
    let problems: Vec<_> = problems
        .0
        .iter()
        .map(|error| {
            serde_json::json!({ "line": error.line, "key": error.key, "problem": error.problem })
        })
        .collect();
    HttpResponse::Ok().json(serde_json::json!({
        "valid": briefing.is_some(), "problems": problems, "briefing": briefing,
    }))
}

/// `POST /api/briefings`: a new one.
///
/// # Errors
/// `briefing_invalid`, `briefing_exists`, `bad_name`.
pub async fn create(
    sent: web::Json<Sent>,
    studio: web::Data<Studio>,
) -> Result<HttpResponse, ApiError> {
    let Sent { name, text } = sent.into_inner();
    let name = match name.filter(|name| !name.is_empty()) {
        Some(name) => name,
        None => {
            Briefing::parse(&text)
                .map_err(|errors| ApiError::briefing_invalid(errors.to_string()))?
                .episode
        }
    };
    let file = save(&studio, name, text, Expected::Nothing).await?;
    let mut created = HttpResponse::Created();
    created.insert_header((header::LOCATION, format!("/api/briefings/{}", file.name)));
    Ok(answer(created, &file))
}

/// `PUT /api/briefings/{name}`: in place of the one that is there, or a new one. `If-Match` keeps two people from
/// overwriting each other.
///
/// # Errors
/// `briefing_invalid`, `changed_meanwhile`, `bad_name`.
pub async fn replace(
    request: HttpRequest,
    path: web::Path<String>,
    sent: web::Json<Sent>,
    studio: web::Data<Studio>,
) -> Result<HttpResponse, ApiError> {
    let expected = request
        .headers()
        .get(header::IF_MATCH)
        .map(HeaderValue::to_str)
        .transpose()
        .map_err(|_not_ascii| ApiError::bad_request("If-Match is no tag"))?
        .map_or(Expected::Anything, |tags| {
            let tags = tags.split(',').map(|tag| tag.trim().to_owned()).collect::<Vec<_>>();
            Expected::Text(Box::new(move |text| {
                tags.iter().any(|tag| tag == "*" || *tag == etag(text))
            }))
        });
    let file = save(&studio, path.into_inner(), sent.into_inner().text, expected).await?;
    Ok(answer(HttpResponse::Ok(), &file))
}

async fn save(
    studio: &Studio,
    name: String,
    text: String,
    expected: Expected,
) -> Result<BriefingFile, ApiError> {
    if text.len() > BRIEFING_BYTES_MAX {
        return Err(ApiError::too_large(BRIEFING_BYTES_MAX));
    }
    let folder = studio.briefings_dir.clone();
    // One at a time: between looking and writing nobody else writes.
    let _turn = studio.save_turn.lock().await;
    let asked = name.clone();
    let saved = web::block(move || briefings::save(&folder, &asked, &text, &expected)).await;
    match saved.map_err(|_broken| ApiError::internal("briefings"))? {
        Ok(file) => {
            tracing::info!(briefing = name, "a briefing was saved");
            Ok(file)
        }
        Err(SaveError::Exists) => Err(ApiError::briefing_exists(&name)),
        Err(SaveError::Changed) => Err(ApiError::changed_meanwhile("the briefing")),
        Err(SaveError::File(error)) => Err(refusal(error)),
    }
}

fn answer(mut response: actix_web::HttpResponseBuilder, file: &BriefingFile) -> HttpResponse {
    response
        .insert_header((header::ETAG, etag(&file.text)))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .json(serde_json::json!({
            "name": file.name,
            "text": file.text,
            "briefing": facts(&file.name, &file.briefing),
        }))
}

fn etag(text: &str) -> String {
    format!("\"{}\"", hex(&Sha256::digest(text.as_bytes())))
}

fn refusal(error: BriefingFileError) -> ApiError {
    match error {
        BriefingFileError::BadName { .. } => ApiError::bad_name(error.to_string()),
        BriefingFileError::NotFound { .. } => ApiError::not_found("such briefing"),
        BriefingFileError::Wrong { errors, .. } => ApiError::briefing_invalid(errors.to_string()),
        BriefingFileError::Unreadable { .. } => {
            tracing::error!(id = "briefings", %error, "a briefing cannot be read or saved");
            ApiError::internal("briefings")
        }
    }
}

/// Longest body: a briefing of the longest kind, every character of it escaped.
pub const BODY_BYTES_MAX: usize = 6 * BRIEFING_BYTES_MAX;
