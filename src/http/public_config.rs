//! What a front end must know before anybody enters. Nothing secret, no paths.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::Studio;
use super::access::AccessRules;
use super::health::adapter_name;
use crate::conversation::briefing::BRIEFING_BYTES_MAX;
use crate::transport::protocol::{HOST_RATES, PROTOCOL_VERSION};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PublicConfig {
    version: &'static str,
    protocol: u32,
    access_required: bool,
    use_real_adapters: bool,
    sessions_max: usize,
    host_rates: &'static [u32],
    briefing_bytes_max: usize,
    stt: String,
    tts: String,
    guest: String,
}

/// `GET /api/config`.
pub async fn show(studio: web::Data<Studio>, rules: web::Data<AccessRules>) -> HttpResponse {
    let available = (studio.adapters.0)();
    HttpResponse::Ok().json(PublicConfig {
        version: env!("CARGO_PKG_VERSION"),
        protocol: PROTOCOL_VERSION,
        access_required: rules.token.is_some(),
        use_real_adapters: studio.use_real_adapters,
        sessions_max: studio.sessions_max,
        host_rates: &HOST_RATES,
        briefing_bytes_max: BRIEFING_BYTES_MAX,
        stt: adapter_name(&available, "stt"),
        tts: adapter_name(&available, "tts"),
        guest: adapter_name(&available, "guest"),
    })
}
