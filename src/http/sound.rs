//! A finished recording's sound for programs that open no WebM: a WAV file of one speaker or of all three, made while it
//! is sent.

use actix_web::body::SizedStream;
use actix_web::http::header::{self, ContentDisposition, DispositionParam, DispositionType};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use futures_util::stream;

use super::error::ApiError;
use super::recordings::{blocking, sound_version};
use super::{Studio, is_known};
use crate::audio::wav;
use crate::conversation::Speaker;
use crate::recording::library;
use crate::recording::wav::WavFile;

/// The name of all three speakers together.
const MIX: &str = "mix.wav";

/// `GET /api/recordings/{episode}/audio/{you|claude|guest|mix}.wav`: 48 kHz, mono, 16 bits, as long as the session.
///
/// # Errors
/// `not_found`, for an unfinished recording too; `too_many_downloads`.
pub async fn show(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    studio: web::Data<Studio>,
) -> Result<HttpResponse, ApiError> {
    let (episode, name) = path.into_inner();
    let speaker = match name.as_str() {
        MIX => None,
        other => Some(
            Speaker::ALL
                .into_iter()
                .find(|speaker| other.strip_suffix(".wav") == Some(speaker.as_str()))
                .ok_or_else(|| ApiError::not_found("such sound of a recording"))?,
        ),
    };
    let (root, asked) = (studio.recording_dir.clone(), episode.clone());
    let found = blocking("recordings", move || Ok(library::find(&root, &asked))).await?;
    let Some(manifest) = found.and_then(|shelved| shelved.manifest) else {
        return Err(ApiError::not_found("such finished recording"));
    };
    let etag = format!("\"{}-{name}\"", sound_version(&manifest));
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((header::ETAG, etag.clone()))
        .insert_header((header::CACHE_CONTROL, "no-cache"));
    if is_known(&request, &etag) {
        return Ok(answer.status(StatusCode::NOT_MODIFIED).finish());
    }
    let samples = manifest.session.samples;
    if samples > wav::SAMPLES_MAX {
        return Err(ApiError::not_found("WAV file of more than 12 hours"));
    }
    answer.insert_header((header::CONTENT_TYPE, "audio/wav")).insert_header(ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(format!("{episode}-{name}"))],
    });
    if request.method() == Method::HEAD {
        // Nobody reads it, so nothing is decoded.
        let nothing = stream::empty::<Result<Bytes, actix_web::Error>>();
        return Ok(answer.body(SizedStream::new(WavFile::bytes_of(samples), nothing)));
    }
    let seat = studio.downloads.clone().try_acquire_owned();
    let seat = seat.map_err(|_all_taken| ApiError::too_many_downloads())?;
    let (dir, turn) = (studio.recording_dir.join(&episode), studio.decode_turn.clone());
    let held = turn.lock().await;
    let file = blocking("recordings", move || WavFile::open(&dir, speaker, samples)).await?;
    drop(held);
    // One piece of one file at a time: decoding must not take the machine from those who are on air.
    let pieces = stream::try_unfold((file, turn, seat), |(mut file, turn, seat)| async {
        let held = turn.lock().await;
        let read = blocking("recordings", move || Ok((file.next_piece()?, file))).await;
        drop(held);
        let (piece, file) = read?;
        Ok::<_, actix_web::Error>(piece.map(|piece| (Bytes::from(piece), (file, turn, seat))))
    });
    Ok(answer.body(SizedStream::new(WavFile::bytes_of(samples), Box::pin(pieces))))
}
