//! Finished recordings: the list with its search, one with its facts, its files, its waveforms, its end.

use std::path::Path;

use actix_files::NamedFile;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, ContentDisposition, DispositionParam, DispositionType};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::{Studio, is_known};
use crate::conversation::Speaker;
use crate::recording::library::{self, Search, Shelved};
use crate::recording::manifest::Manifest;
use crate::recording::peaks::{POINTS_MAX, peaks};
use crate::recording::vtt_read::ReadCue;
use crate::recording::{RecordingError, closing};

/// Recordings in one answer.
const PAGE_MAX: usize = 200;
const PAGE_USUAL: usize = 50;
/// Places of one recording that a search shows.
const MATCHES_MAX: usize = 5;
/// Points of a waveform unless more or fewer are asked for.
const POINTS_USUAL: usize = 1_000;

/// What a list is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListQuery {
    /// Words to look for.
    q: String,
    /// How many to leave out at the beginning.
    offset: usize,
    /// How many at most.
    limit: Option<usize>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    episode_id: String,
    title: String,
    /// `finished`, `on-air` or `unfinished`.
    state: &'static str,
    started_utc: Option<String>,
    duration_ms: Option<u64>,
    bytes: u64,
    speakers: Vec<String>,
    markers: usize,
    recovered: bool,
    match_count: usize,
    matches: Vec<ReadCue>,
}

/// `GET /api/recordings`: the latest first; `q` finds words in captions, titles and names.
///
/// # Errors
/// `internal` if the folder cannot be read.
pub async fn list(
    query: web::Query<ListQuery>,
    studio: web::Data<Studio>,
) -> Result<HttpResponse, ApiError> {
    let on_air = on_air(&studio).await;
    let root = studio.recording_dir.clone();
    let query = query.into_inner();
    let limit = query.limit.unwrap_or(PAGE_USUAL).min(PAGE_MAX);
    let answer = blocking("recordings", move || {
        let search = Search::parse(&query.q);
        let found: Vec<(Shelved, Vec<ReadCue>)> = library::list(&root)?
            .into_iter()
            .filter_map(|shelved| matches_in(&root, shelved, &search))
            .collect();
        let total = found.len();
        let page = found.into_iter().skip(query.offset).take(limit);
        let recordings: Vec<Listed> =
            page.map(|(shelved, cues)| listed(&root, &shelved, cues, &on_air)).collect();
        Ok(serde_json::json!({ "recordings": recordings, "total": total }))
    });
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-cache")).json(answer.await?))
}

/// The cues that a search finds; `None` if it finds nothing of this recording.
fn matches_in(root: &Path, shelved: Shelved, search: &Search) -> Option<(Shelved, Vec<ReadCue>)> {
    if search.is_empty() {
        return Some((shelved, Vec::new()));
    }
    let found = search.found_in(&library::captions(root, &shelved.name));
    (search.finds_name(&shelved) || !found.is_empty()).then_some((shelved, found))
}

fn title_of(shelved: &Shelved) -> &str {
    shelved.manifest.as_ref().map_or(shelved.name.as_str(), |it| it.session.title.as_str())
}

fn listed(root: &Path, shelved: &Shelved, mut cues: Vec<ReadCue>, on_air: &[String]) -> Listed {
    let match_count = cues.len();
    cues.truncate(MATCHES_MAX);
    let manifest = shelved.manifest.as_ref();
    Listed {
        episode_id: shelved.name.clone(),
        title: title_of(shelved).to_owned(),
        state: state_of(shelved, on_air),
        started_utc: manifest.map(|it| it.session.started_utc.clone()),
        duration_ms: manifest.map(duration_ms),
        bytes: library::files(root, shelved).iter().map(|file| file.bytes).sum(),
        speakers: manifest
            .map(|it| it.tracks.iter().map(|track| track.name.clone()).collect())
            .unwrap_or_default(),
        markers: manifest.map_or(0, |it| it.markers.len()),
        recovered: manifest.is_some_and(|it| it.recovered),
        match_count,
        matches: cues,
    }
}

fn state_of(shelved: &Shelved, on_air: &[String]) -> &'static str {
    if shelved.manifest.is_some() {
        "finished"
    } else if on_air.contains(&shelved.name) {
        "on-air"
    } else {
        "unfinished"
    }
}

fn duration_ms(manifest: &Manifest) -> u64 {
    manifest.session.samples * 1000 / u64::from(manifest.session.sample_rate.max(1))
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FileFacts {
    name: String,
    url: String,
    #[serde(rename = "type")]
    kind: &'static str,
    bytes: u64,
    sha256: Option<String>,
}

/// `GET /api/recordings/{episode}`: everything about one recording but its sound.
///
/// # Errors
/// `not_found`.
pub async fn one(
    path: web::Path<String>,
    studio: web::Data<Studio>,
) -> Result<HttpResponse, ApiError> {
    let on_air = on_air(&studio).await;
    let root = studio.recording_dir.clone();
    let name = path.into_inner();
    let answer = blocking("recordings", move || {
        let Some(shelved) = library::find(&root, &name) else { return Ok(None) };
        Ok(Some(facts(&root, &shelved, &on_air)))
    });
    match answer.await? {
        Some(facts) => {
            Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-cache")).json(facts))
        }
        None => Err(ApiError::not_found("such recording")),
    }
}

fn facts(root: &Path, shelved: &Shelved, on_air: &[String]) -> serde_json::Value {
    let manifest = shelved.manifest.as_ref();
    let files: Vec<FileFacts> = library::files(root, shelved)
        .into_iter()
        .map(|file| FileFacts {
            url: format!("/api/recordings/{}/{}", shelved.name, file.name),
            kind: library::file_type(&file.name).unwrap_or_default(),
            name: file.name,
            bytes: file.bytes,
            sha256: file.sha256,
        })
        .collect();
    let tracks = manifest.map(|it| it.tracks.as_slice()).unwrap_or_default();
    serde_json::json!({
        "episodeId": shelved.name,
        "title": title_of(shelved),
        "state": state_of(shelved, on_air),
        "startedUtc": manifest.map(|it| &it.session.started_utc),
        "durationMs": manifest.map(duration_ms),
        "language": manifest.map(|it| &it.session.language),
        "recovered": manifest.is_some_and(|it| it.recovered),
        "speakers": tracks.iter().map(|track| serde_json::json!({
            "speaker": track.speaker,
            "name": track.name,
            "kind": track.kind,
            "model": track.model,
            "voice": track.voice,
            "track": track.file,
            "loudnessLufs": track.loudness.map(|it| it.integrated),
            "truePeakDbtp": track.loudness.map(|it| it.true_peak),
            "gaps": track.gaps,
        })).collect::<Vec<_>>(),
        "markers": manifest.map(|it| it.markers.as_slice()).unwrap_or_default(),
        "cuts": manifest.map(|it| it.cuts.as_slice()).unwrap_or_default().iter().map(|cut| serde_json::json!({
            "fromMs": cut.from_ms,
            "toMs": cut.to_ms,
            "scope": cut.scope,
        })).collect::<Vec<_>>(),
        "captions": library::captions(root, &shelved.name),
        "files": files,
    })
}

/// `DELETE /api/recordings/{episode}`: for good.
///
/// # Errors
/// `not_found`, or `recording_in_use` while it is being made.
pub async fn delete(
    path: web::Path<String>,
    studio: web::Data<Studio>,
) -> Result<HttpResponse, ApiError> {
    let name = path.into_inner();
    if on_air(&studio).await.contains(&name) {
        return Err(ApiError::recording_in_use(&name));
    }
    let root = studio.recording_dir.clone();
    let (episode, of_log) = (name.clone(), name.clone());
    let deleted = blocking("recordings", move || match library::find(&root, &name) {
        None => Ok(Some(ApiError::not_found("such recording"))),
        Some(_) => match library::delete(&root, &name) {
            Err(RecordingError::InUse { .. }) => Ok(Some(ApiError::recording_in_use(&episode))),
            other => other.map(|()| None),
        },
    });
    match deleted.await? {
        Some(refusal) => Err(refusal),
        None => {
            tracing::info!(episode = of_log, "a recording was deleted");
            Ok(HttpResponse::NoContent().finish())
        }
    }
}

/// What the tracks' sound is known by: the same tracks give the same picture and the same file for ever.
pub(super) fn sound_version(manifest: &Manifest) -> String {
    manifest.tracks.iter().map(|track| track.sha256.get(..16).unwrap_or_default()).collect()
}

/// How fine a waveform is to be.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PeaksQuery {
    points: Option<usize>,
}

/// `GET /api/recordings/{episode}/peaks`: the loudest sample of each stretch of each track, 0 to 255.
///
/// # Errors
/// `not_found`, for an unfinished recording too.
pub async fn waveforms(
    request: HttpRequest,
    path: web::Path<String>,
    query: web::Query<PeaksQuery>,
    studio: web::Data<Studio>,
) -> Result<HttpResponse, ApiError> {
    let name = path.into_inner();
    let points = query.points.unwrap_or(POINTS_USUAL).clamp(1, POINTS_MAX);
    let root = studio.recording_dir.clone();
    let asked = name.clone();
    let found = blocking("recordings", move || Ok(library::find(&root, &asked))).await?;
    let Some(manifest) = found.and_then(|shelved| shelved.manifest) else {
        return Err(ApiError::not_found("such finished recording"));
    };
    let etag = format!("\"{}-{points}\"", sound_version(&manifest));
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::ETAG, etag.clone()))
        .insert_header((header::CACHE_CONTROL, "no-cache"));
    if is_known(&request, &etag) {
        response.status(StatusCode::NOT_MODIFIED);
        return Ok(response.finish());
    }
    let mut pictures: [Vec<u8>; 3] = Default::default();
    for speaker in Speaker::ALL {
        // One at a time: decoding must not take the machine from those who are on air.
        let _turn = studio.decode_turn.lock().await;
        let track = studio.recording_dir.join(&name).join(closing::track_file(speaker));
        pictures[speaker.index()] = blocking("recordings", move || peaks(&track, points)).await?;
    }
    let [you, claude, guest] = pictures;
    Ok(response.json(serde_json::json!({
        "durationMs": duration_ms(&manifest),
        "tracks": { "you": you, "claude": claude, "guest": guest },
    })))
}

/// `GET /api/recordings/{episode}/{file}`: one file, with ranges and an `ETag`.
///
/// # Errors
/// `not_found` for anything that is not a file of a recording, and no name leaves its folder; `range_not_satisfiable`.
pub async fn file(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    studio: web::Data<Studio>,
) -> Result<HttpResponse, ApiError> {
    let (episode, name) = path.into_inner();
    let missing = || ApiError::not_found("such file of a recording");
    if !library::is_plain(&episode) || !library::is_plain(&name) {
        return Err(missing());
    }
    let kind = library::file_type(&name).ok_or_else(missing)?;
    let found = studio.recording_dir.join(&episode).join(&name);
    let opened = web::block(move || NamedFile::open(found)).await;
    let Ok(Ok(opened)) = opened else { return Err(missing()) };
    if !opened.metadata().is_file() {
        return Err(missing());
    }
    let content_type = kind.parse().map_err(|_never| missing())?;
    let length = opened.metadata().len();
    let named = ContentDisposition {
        disposition: DispositionType::Inline,
        parameters: vec![DispositionParam::Filename(format!("{episode}-{name}"))],
    };
    let answer = opened.set_content_type(content_type).set_content_disposition(named);
    let answer = answer.into_response(&request);
    if answer.status() != StatusCode::RANGE_NOT_SATISFIABLE {
        return Ok(answer);
    }
    let mut refusal = ApiError::range_not_satisfiable(length).error_response();
    if let Some(range) = answer.headers().get(header::CONTENT_RANGE) {
        refusal.headers_mut().insert(header::CONTENT_RANGE, range.clone());
    }
    Ok(refusal)
}

/// The folders of the sessions on air.
async fn on_air(studio: &Studio) -> Vec<String> {
    let sessions = studio.directory.send(crate::session::directory::ListSessions).await;
    sessions.unwrap_or_default().into_iter().map(|session| session.episode_id).collect()
}

/// Runs what waits for the disk where it holds nobody up; what breaks is logged under `id`.
pub(super) async fn blocking<T: Send + 'static>(
    id: &'static str,
    work: impl FnOnce() -> Result<T, RecordingError> + Send + 'static,
) -> Result<T, ApiError> {
    let done = web::block(work).await.map_err(|error| error.to_string());
    done.and_then(|done| done.map_err(|error| error.to_string())).map_err(|error| {
        tracing::error!(id, error, "a recording cannot be read");
        ApiError::internal(id)
    })
}
