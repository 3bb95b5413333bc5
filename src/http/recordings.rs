//! The files of finished recordings.

use actix_files::NamedFile;
use actix_web::http::header::{ContentDisposition, DispositionParam, DispositionType};
use actix_web::web;

use super::Studio;
use super::error::ApiError;
use crate::recording::EpisodeId;

/// Endings of the files a recording has, with what a browser should take them for.
const KINDS: [(&str, &str); 4] = [
    ("webm", "audio/webm"),
    ("vtt", "text/vtt; charset=utf-8"),
    ("jsonl", "application/x-ndjson"),
    ("yml", "text/yaml; charset=utf-8"),
];

/// `GET /api/recordings/{episode}/{file}`: one file, with ranges and an `ETag`.
///
/// # Errors
/// `not_found` for anything that is not a file of a recording; no name leaves its folder.
pub async fn file(
    path: web::Path<(String, String)>,
    studio: web::Data<Studio>,
) -> Result<NamedFile, ApiError> {
    let (episode, name) = path.into_inner();
    let missing = || ApiError::not_found("such file of a recording");
    let is_plain = |part: &str| EpisodeId::parse(part).is_ok();
    if !is_plain(&episode) || !is_plain(&name) {
        return Err(missing());
    }
    let kind = KINDS
        .iter()
        .find(|(ending, _)| name.ends_with(&format!(".{ending}")))
        .ok_or_else(missing)?;
    let found = studio.recording_dir.join(&episode).join(&name);
    let opened = web::block(move || NamedFile::open(found)).await;
    let Ok(Ok(opened)) = opened else { return Err(missing()) };
    if !opened.metadata().is_file() {
        return Err(missing());
    }
    let content_type = kind.1.parse().map_err(|_never| missing())?;
    Ok(opened.set_content_type(content_type).set_content_disposition(ContentDisposition {
        disposition: DispositionType::Inline,
        parameters: vec![DispositionParam::Filename(format!("{episode}-{name}"))],
    }))
}
