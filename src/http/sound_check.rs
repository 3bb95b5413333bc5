//! The sound check's question to the studio's own ears: what was understood of a read sentence.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::Studio;
use super::error::ApiError;
use crate::adapters::stt::{SpeechToText, SttOptions, words_of};
use crate::audio::SampleRate;
use crate::audio::levels::rms_dbfs;
use crate::session::house::StartError;

/// Most sound: 12 s at 16 kHz, more than anybody needs for a sentence.
pub const SOUND_BYTES_MAX: usize = 12 * 16_000 * 2;
/// Least sound: a quarter of a second; nobody reads a sentence faster.
const SOUND_BYTES_MIN: usize = 16_000 * 2 / 4;
/// Sound below this, on average, holds no voice that anybody could record: 20 dB below the softest speech.
const SILENT_DBFS: f32 = -65.0;
/// Longest wait for the words: a distant recogniser at its slowest.
const HEARING_LIMIT: Duration = Duration::from_secs(15);

/// For whose show.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    /// The briefing's name; empty takes the first.
    #[serde(default)]
    briefing: String,
}

/// `POST /api/sound-check`: the words of a read sentence, heard by the recogniser of the briefing's show.
///
/// One at a time: a sound check must not cost the sessions on air their words.
///
/// # Errors
/// `bad_request`, `too_large`, `not_found`, `sound_check_busy`, `recogniser_unavailable`.
pub async fn hear(
    wanted: web::Query<Wanted>,
    studio: web::Data<Studio>,
    body: Result<web::Bytes, actix_web::Error>,
) -> Result<HttpResponse, ApiError> {
    let samples = samples_of(body)?;
    let Ok(_turn) = studio.sound_check_turn.try_lock() else {
        return Err(ApiError::sound_check_busy());
    };
    let house = Arc::clone(&studio.house);
    let cast = web::block(move || {
        let briefing = house.briefing(&wanted.briefing)?;
        let ears = house.cast(&briefing)?.ears.speech_to_text;
        Ok::<_, StartError>((ears, briefing.language))
    });
    let (ears, language) = match cast.await {
        Ok(Ok(found)) => found,
        Ok(Err(StartError::BriefingNotFound(_))) => {
            return Err(ApiError::not_found("such briefing"));
        }
        Ok(Err(error)) => return Err(ApiError::recogniser_unavailable(&error.to_string())),
        Err(error) => return Err(ApiError::recogniser_unavailable(&error.to_string())),
    };
    // In silence a recogniser hears words of its own.
    let is_silent = rms_dbfs(&samples).is_none_or(|level| level < SILENT_DBFS);
    let text = if is_silent { String::new() } else { listen(&*ears, language, &samples).await? };
    let body = serde_json::json!({ "text": text, "recogniser": ears.name() });
    Ok(HttpResponse::Ok().json(body))
}

fn samples_of(body: Result<web::Bytes, actix_web::Error>) -> Result<Vec<i16>, ApiError> {
    let body = body.map_err(|error| {
        if error.as_response_error().status_code() == 413 {
            ApiError::too_large(SOUND_BYTES_MAX)
        } else {
            ApiError::bad_request(error.to_string())
        }
    })?;
    if body.len() < SOUND_BYTES_MIN || !body.len().is_multiple_of(2) {
        let bytes = body.len();
        return Err(ApiError::bad_request(format!(
            "{bytes} bytes; expected a quarter of a second of 16-bit samples at 16 kHz at least"
        )));
    }
    Ok(body.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect())
}

async fn listen(
    ears: &dyn SpeechToText,
    language: String,
    samples: &[i16],
) -> Result<String, ApiError> {
    let options = SttOptions { language, ..SttOptions::default() };
    let hearing = words_of(ears, options, SampleRate::HZ_16000, samples);
    match tokio::time::timeout(HEARING_LIMIT, hearing).await {
        Ok(Ok(text)) => Ok(text),
        Ok(Err(error)) => Err(ApiError::recogniser_unavailable(&error.to_string())),
        Err(_elapsed) => {
            let seconds = HEARING_LIMIT.as_secs();
            Err(ApiError::recogniser_unavailable(&format!("no words within {seconds} s")))
        }
    }
}
