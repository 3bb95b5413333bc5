//! What Google answers to plain requests: whole synthesis, and the exchange of claims for tokens.

use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::google::HZ;
use super::http::{Answer, Asked};
use super::tones::wav_of;
use super::{Protocol, Work, lock};

/// `text:synthesize`, the list of voices, and the exchange of claims for tokens.
#[derive(Debug)]
pub(crate) struct GoogleRequests {
    token: String,
    spoken: Mutex<Vec<String>>,
}

impl GoogleRequests {
    pub(crate) fn new(token: &str) -> Self {
        Self { token: token.to_owned(), spoken: Mutex::default() }
    }

    /// Every text that was turned into sound, in order.
    pub(crate) fn spoken(&self) -> Vec<String> {
        lock(&self.spoken).clone()
    }

    fn exchange(asked: &Asked) -> Option<()> {
        let form = String::from_utf8_lossy(&asked.body).into_owned();
        let assertion = form.split('&').find_map(|pair| pair.strip_prefix("assertion="))?;
        let has_kind =
            form.contains("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer");
        let parts: Vec<&str> = assertion.split('.').collect();
        let [header, claims, signature] = parts.as_slice() else { return None };
        let decode =
            |part: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).ok();
        let header: serde_json::Value = serde_json::from_slice(&decode(header)?).ok()?;
        let claims: serde_json::Value = serde_json::from_slice(&decode(claims)?).ok()?;
        let is_whole = has_kind
            && header["alg"] == "RS256"
            && claims["aud"] == "https://oauth2.googleapis.com/token"
            && claims["exp"].as_u64()? <= claims["iat"].as_u64()? + 3600
            && !claims["iss"].as_str()?.is_empty()
            && decode(signature)?.len() == 256;
        is_whole.then_some(())
    }
}

impl Protocol for GoogleRequests {
    fn serve<'a>(&'a self, asked: &'a Asked, answer: &'a mut Answer<'_>) -> Work<'a> {
        Box::pin(async move {
            if asked.route() == "/token" {
                let (status, body) = match Self::exchange(asked) {
                    Some(()) => (
                        200,
                        json!({ "access_token": self.token, "expires_in": 3599, "token_type": "Bearer" }),
                    ),
                    None => (
                        400,
                        json!({ "error": "invalid_grant", "error_description": "Invalid JWT Signature." }),
                    ),
                };
                return answer.whole(status, "application/json", body.to_string().as_bytes()).await;
            }
            let is_known = self.token.is_empty()
                || asked.header("authorization") == format!("Bearer {}", self.token);
            let body = asked.json();
            let text = body["input"]["text"].as_str().unwrap_or_default().to_owned();
            let refusal = if !is_known {
                Some((401, "UNAUTHENTICATED"))
            } else if asked.route() != "/v1/text:synthesize" {
                Some((404, "NOT_FOUND"))
            } else if body["voice"]["languageCode"].as_str().unwrap_or_default().is_empty()
                || body["audioConfig"]["audioEncoding"] != "LINEAR16"
                || text.is_empty()
                || text.len() > 5000
            {
                Some((400, "INVALID_ARGUMENT"))
            } else {
                None
            };
            if let Some((status, word)) = refusal {
                return answer
                    .whole(status, "application/json", error(status, word).as_bytes())
                    .await;
            }
            lock(&self.spoken).push(text.clone());
            let sound = json!({ "audioContent": STANDARD.encode(wav_of(&text, HZ)) });
            answer.begin("application/json; charset=UTF-8", "").await;
            answer.event(sound.to_string()).await;
            answer.end().await;
        })
    }

    fn error_body(&self, status: u16) -> String {
        error(status, if status == 429 { "RESOURCE_EXHAUSTED" } else { "INTERNAL" })
    }
}

fn error(status: u16, word: &str) -> String {
    json!({ "error": { "code": status, "status": word, "message": "simulated", "details": [] } })
        .to_string()
}
