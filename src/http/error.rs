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
            "see docs/api.md for the addresses",
        )
    }

    /// The address knows other methods.
    #[must_use]
    pub fn method_not_allowed(method: &str) -> Self {
        let message = format!("this address does not know {method}");
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            message,
            "see docs/api.md for the methods",
        )
    }

    /// Body, address or query cannot be read.
    #[must_use]
    pub fn bad_request(why: impl Into<String>) -> Self {
        let hint = "see docs/api.md for what is expected";
        Self::new(StatusCode::BAD_REQUEST, "bad_request", why.into(), hint)
    }

    /// The body has more bytes than anything of use.
    #[must_use]
    pub fn too_large(most: usize) -> Self {
        let message = format!("the body is longer than {most} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message, "send less")
    }

    /// A part of a file was asked for that it does not have.
    #[must_use]
    pub fn range_not_satisfiable(bytes: u64) -> Self {
        let message = format!("the file has {bytes} bytes, and none where the range begins");
        let hint = "ask for a range within the file";
        Self::new(StatusCode::RANGE_NOT_SATISFIABLE, "range_not_satisfiable", message, hint)
    }

    /// A name that cannot be that of a file in its folder.
    #[must_use]
    pub fn bad_name(why: String) -> Self {
        let hint = "use letters, digits, - and _, beginning with a letter or digit";
        Self::new(StatusCode::BAD_REQUEST, "bad_name", why, hint)
    }

    /// A briefing with mistakes was to be saved. One line a mistake.
    #[must_use]
    pub fn briefing_invalid(findings: String) -> Self {
        let hint = "mend what each line names; docs/briefings.md describes the format";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "briefing_invalid", findings, hint)
    }

    /// There is a briefing of this name.
    #[must_use]
    pub fn briefing_exists(name: &str) -> Self {
        let message = format!("there is a briefing {name:?} already");
        Self::new(
            StatusCode::CONFLICT,
            "briefing_exists",
            message,
            "choose another name, or replace it with PUT",
        )
    }

    /// Somebody else saved meanwhile.
    #[must_use]
    pub fn changed_meanwhile(what: &str) -> Self {
        let message = format!("{what} was changed since it was read");
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "changed_meanwhile",
            message,
            "read it again and repeat the change",
        )
    }

    /// A recording that goes on cannot be deleted.
    #[must_use]
    pub fn recording_in_use(episode: &str) -> Self {
        let message = format!("the recording {episode:?} is being made or repaired");
        Self::new(StatusCode::CONFLICT, "recording_in_use", message, "end its session first")
    }

    /// No more may look on or listen.
    #[must_use]
    pub fn too_many_watchers() -> Self {
        let message = "nobody more can look on or listen to this session".to_owned();
        let hint = "close a second screen or a feed";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_watchers", message, hint)
    }

    /// No more WAV files can be made at one time.
    #[must_use]
    pub fn too_many_downloads() -> Self {
        let message = "as many WAV files are being made as can be at one time".to_owned();
        let hint = "try again when another download has ended";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_downloads", message, hint)
    }

    /// Somebody else's sound check is being heard.
    #[must_use]
    pub fn sound_check_busy() -> Self {
        let message = "another sound check is being heard".to_owned();
        let hint = "try again in a few seconds";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "sound_check_busy", message, hint)
    }

    /// The recogniser of the show cannot serve.
    #[must_use]
    pub fn recogniser_unavailable(why: &str) -> Self {
        let message = format!("the recogniser gave no words: {why}");
        let hint = "see /health, or run studio doctor";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "recogniser_unavailable", message, hint)
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
            "send Authorization: Bearer with STUDIO_ACCESS_TOKEN, or sign in on the page",
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
            r#"{"code":"not_found","message":"there is no recording \"x\"","hint":"see docs/api.md for the addresses"}"#
        );
    }
}
