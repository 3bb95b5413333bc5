//! What a request that cannot be served is answered: one shape, stable codes.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

/// A refusal. Serialised as `{code, message, hint}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// Stable `snake_case` word.
    pub code: &'static str,
    /// What happened.
    pub message: String,
    /// What to do.
    pub hint: &'static str,
    #[serde(skip)]
    status: u16,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: String, hint: &'static str) -> Self {
        Self { code, message, hint, status: status.as_u16() }
    }

    /// There is no such thing.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            format!("there is no {what}"),
            "see docs/protocol.md for the addresses",
        )
    }

    /// A web page from elsewhere asked.
    #[must_use]
    pub fn origin_not_allowed(origin: &str) -> Self {
        let message = format!("pages from {origin:?} may not use this studio");
        Self::new(
            StatusCode::FORBIDDEN,
            "origin_not_allowed",
            message,
            "add the page's origin to CORS_ORIGIN",
        )
    }

    /// The request was sent to a name that is not the studio's.
    #[must_use]
    pub fn host_not_allowed(host: &str) -> Self {
        let message = format!("this studio does not answer to the name {host:?}");
        Self::new(
            StatusCode::FORBIDDEN,
            "host_not_allowed",
            message,
            "use localhost, 127.0.0.1 or the address in HOST",
        )
    }

    /// The access token is missing or wrong.
    #[must_use]
    pub fn access_denied() -> Self {
        let message = "this studio asks for its access token".to_owned();
        Self::new(
            StatusCode::UNAUTHORIZED,
            "access_denied",
            message,
            "send Authorization: Bearer with STUDIO_ACCESS_TOKEN",
        )
    }

    /// Something broke; the log knows more under this id.
    #[must_use]
    pub fn internal(id: &str) -> Self {
        let message = format!("something broke here; the log knows more under {id}");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            message,
            "look for this id in the server's log",
        )
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code()).json(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_three_fields_of_json() {
        let json = serde_json::to_string(&ApiError::not_found("recording \"x\"")).unwrap();
        assert_eq!(
            json,
            r#"{"code":"not_found","message":"there is no recording \"x\"","hint":"see docs/protocol.md for the addresses"}"#
        );
    }
}
