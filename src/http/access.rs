//! Who may ask: `Host`, `Origin` and, where one is set, the access token.
//!
//! Any web page may try to reach a server on this machine, so a browser's `Origin` must be the studio's own or one of
//! `CORS_ORIGIN`, and `Host` must be a name of the studio, which keeps out pages whose name was pointed here.
//!
//! The token comes as `Bearer`, as the password of `Basic` (broadcasting software takes it in an address), or as the
//! cookie for which the page exchanges it once. The cookie holds a value derived from the token, never the token.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse, ResponseError, web};
use base64::prelude::{BASE64_STANDARD, Engine};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::error::ApiError;
use super::page;
use crate::config::Secret;
use crate::hex::hex;

/// The cookie in which a page keeps its right to ask.
pub const COOKIE: &str = "studio_access";

/// Where a page exchanges the token for the cookie.
pub const ACCESS_PATH: &str = "/api/access";

/// Longest life of the cookie: a month, so that a host does not sign in before every show.
const COOKIE_S: u64 = 30 * 24 * 60 * 60;

/// What pages from elsewhere may do.
const METHODS: &str = "GET, HEAD, POST, PUT, DELETE, OPTIONS";
/// The headers they may send.
const HEADERS_TAKEN: &str = "authorization, content-type, if-match, if-none-match, range";
/// The headers of an answer they may read.
const HEADERS_SHOWN: &str =
    "etag, location, content-range, accept-ranges, content-length, content-disposition";
/// How long a browser may remember the answer to its preflight.
const PREFLIGHT_S: &str = "600";

/// Who may ask.
#[derive(Clone, Debug)]
pub struct AccessRules {
    /// Pages from elsewhere that may.
    pub origins: Vec<String>,
    /// The address the studio listens on.
    pub host: std::net::IpAddr,
    /// What everybody must show, if anything.
    pub token: Option<Secret>,
}

impl AccessRules {
    /// Judges a request by its headers.
    ///
    /// # Errors
    /// The refusal.
    pub fn check(&self, request: &HttpRequest) -> Result<(), ApiError> {
        self.check_names(request)?;
        match &self.token {
            Some(token) if !is_open(request) && !shows(request, token) => {
                Err(ApiError::access_denied())
            }
            _ => Ok(()),
        }
    }

    /// Judges where a request comes from and whom it means.
    fn check_names(&self, request: &HttpRequest) -> Result<(), ApiError> {
        let host = header_of(request, &header::HOST).unwrap_or_default();
        if !self.is_own_name(&host) {
            return Err(ApiError::host_not_allowed(&host));
        }
        match header_of(request, &header::ORIGIN) {
            Some(origin) if !self.may_come_from(&origin, &host) => {
                Err(ApiError::origin_not_allowed(&origin))
            }
            _ => Ok(()),
        }
    }

    /// Whether a page from `origin` may ask; its answer may then be read by it.
    #[must_use]
    pub fn may_come_from(&self, origin: &str, host: &str) -> bool {
        let own =
            ["http://", "https://"].iter().any(|scheme| origin.strip_prefix(scheme) == Some(host));
        own || self.origins.iter().any(|allowed| allowed == origin)
    }

    fn is_own_name(&self, host: &str) -> bool {
        let name = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => host.rsplit_once(':').map_or(host, |(name, _port)| name),
        };
        let is_local = name == "localhost"
            || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        // A studio for a whole network is guarded by its token and has names nobody here knows.
        is_local || !self.host.is_loopback()
    }
}

fn header_of(request: &HttpRequest, name: &header::HeaderName) -> Option<String> {
    request.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// What needs no token: the page itself, which holds nothing of anybody's, and the exchange.
fn is_open(request: &HttpRequest) -> bool {
    let path = request.path();
    path == ACCESS_PATH || path.strip_prefix('/').and_then(page::asset).is_some()
}

fn shows(request: &HttpRequest, token: &Secret) -> bool {
    let authorization = header_of(request, &header::AUTHORIZATION).unwrap_or_default();
    let bearer = authorization.strip_prefix("Bearer ").map(|shown| shown.trim().to_owned());
    let basic = authorization.strip_prefix("Basic ").and_then(password);
    let cookies = header_of(request, &header::COOKIE).unwrap_or_default();
    let cookie = cookies.split(';').find_map(|pair| {
        pair.trim().split_once('=').filter(|(name, _)| *name == COOKIE).map(|(_, value)| value)
    });
    [bearer, basic].iter().flatten().any(|shown| is_same(shown, token.expose()))
        || cookie.is_some_and(|shown| is_same(shown, &cookie_value(token)))
}

/// The password of `Basic` authorization; the name before it does not matter.
fn password(encoded: &str) -> Option<String> {
    let bytes = BASE64_STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.split_once(':').map(|(_name, password)| password.to_owned())
}

fn is_same(shown: &str, wanted: &str) -> bool {
    shown.as_bytes().ct_eq(wanted.as_bytes()).into()
}

/// What the cookie holds: who reads it cannot give the token away, and another token makes it worthless.
fn cookie_value(token: &Secret) -> String {
    hex(&Sha256::new()
        .chain_update(b"studio access cookie")
        .chain_update(token.expose())
        .finalize())
}

/// The body of `POST /api/access`.
#[derive(Deserialize)]
#[expect(missing_debug_implementations, reason = "it holds the token")]
pub struct Exchange {
    token: String,
}

/// `POST /api/access`: the token for the cookie, once.
///
/// # Errors
/// `access_denied` for a wrong token.
pub async fn exchange(
    request: HttpRequest,
    rules: web::Data<AccessRules>,
    body: web::Json<Exchange>,
) -> Result<HttpResponse, ApiError> {
    let Some(token) = &rules.token else { return Ok(HttpResponse::NoContent().finish()) };
    if !is_same(body.token.trim(), token.expose()) {
        return Err(ApiError::access_denied());
    }
    let is_https =
        header_of(&request, &header::ORIGIN).is_some_and(|origin| origin.starts_with("https:"));
    let cookie = cookie(&cookie_value(token), COOKIE_S, is_https);
    Ok(HttpResponse::NoContent().insert_header((header::SET_COOKIE, cookie)).finish())
}

/// `DELETE /api/access`: the page forgets its right.
pub async fn forget() -> HttpResponse {
    let gone = cookie("", 0, false);
    HttpResponse::NoContent().insert_header((header::SET_COOKIE, gone)).finish()
}

/// `value` is one that needs no quoting.
fn cookie(value: &str, max_age_s: u64, is_https: bool) -> String {
    let secure = if is_https { "; Secure" } else { "" };
    format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={max_age_s}{secure}")
}

/// Refuses what may not ask, answers preflights, and lets pages from allowed origins read the answers, refusals too.
///
/// # Errors
/// Whatever the request itself comes to.
pub async fn guard<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let Some(rules) = request.app_data::<web::Data<AccessRules>>().cloned() else {
        return Ok(next.call(request).await?.map_into_left_body());
    };
    let origin = header_of(request.request(), &header::ORIGIN);
    let is_known = rules.check_names(request.request()).is_ok();
    let is_preflight = request.method() == Method::OPTIONS
        && origin.is_some()
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if is_preflight && is_known {
        // A browser sends neither token nor cookie with it.
        request.into_response(preflight()).map_into_right_body()
    } else if let Err(refusal) = rules.check(request.request()) {
        let is_live = request.path().starts_with(super::LIVE_PATH);
        let mut response = refusal.error_response();
        if refusal.code == "access_denied" {
            // Only players of a feed can do something with a question for a password.
            let scheme = if is_live { "Basic realm=\"studio\"" } else { "Bearer" };
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static(scheme));
        }
        request.into_response(response).map_into_right_body()
    } else {
        next.call(request).await?.map_into_left_body()
    };
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, header::HeaderValue::from_static("nosniff"));
    if let Some(value) =
        origin.filter(|_| is_known).and_then(|origin| header::HeaderValue::from_str(&origin).ok())
    {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, value);
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            header::HeaderValue::from_static("true"),
        );
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            header::HeaderValue::from_static(HEADERS_SHOWN),
        );
        headers.insert(header::VARY, header::HeaderValue::from_static("Origin"));
    }
    Ok(response)
}

fn preflight() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS_TAKEN))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_S))
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn rules(token: Option<&str>) -> AccessRules {
        AccessRules {
            origins: vec!["http://localhost:3000".to_owned()],
            host: [127, 0, 0, 1].into(),
            token: token.map(|token| Secret::new(token.to_owned())),
        }
    }

    fn code(rules: &AccessRules, headers: &[(&str, &str)]) -> &'static str {
        let request =
            headers.iter().fold(TestRequest::with_uri("/api/sessions"), |request, pair| {
                request.insert_header(*pair)
            });
        rules.check(&request.to_http_request()).map_or_else(|error| error.code, |()| "allowed")
    }

    #[test]
    fn the_studio_answers_to_its_own_names_only() {
        let rules = rules(None);
        for host in ["localhost:4000", "127.0.0.1:4000", "[::1]:4000", "127.0.0.1"] {
            assert_eq!(code(&rules, &[("host", host)]), "allowed", "{host}");
        }
        for host in ["studio.example", "evil.localhost.example:4000", "", "10.0.0.1:4000"] {
            assert_eq!(code(&rules, &[("host", host)]), "host_not_allowed", "{host}");
        }
    }

    #[test]
    fn pages_from_elsewhere_are_refused_unless_they_are_named() {
        let rules = rules(None);
        let host = ("host", "localhost:4000");
        for origin in ["http://localhost:4000", "http://localhost:3000"] {
            assert_eq!(code(&rules, &[host, ("origin", origin)]), "allowed", "{origin}");
        }
        for origin in [
            "http://evil.example",
            "null",
            "http://localhost:4000.evil.example",
            "http://localhost:4001",
        ] {
            assert_eq!(code(&rules, &[host, ("origin", origin)]), "origin_not_allowed", "{origin}");
        }
    }

    #[test]
    fn a_token_is_shown_by_header_or_cookie() {
        let rules = rules(Some("sesame"));
        let host = ("host", "localhost:4000");
        assert_eq!(code(&rules, &[host]), "access_denied");
        assert_eq!(code(&rules, &[host, ("authorization", "Bearer sesam")]), "access_denied");
        assert_eq!(code(&rules, &[host, ("authorization", "Bearer sesame")]), "allowed");
        let cookie =
            format!("a=b; studio_access={}", cookie_value(&Secret::new("sesame".to_owned())));
        assert_eq!(code(&rules, &[host, ("cookie", &cookie)]), "allowed");
        assert_eq!(code(&rules, &[host, ("cookie", "studio_access=sesame")]), "access_denied");
        // obs:sesame and obs:sesam
        assert_eq!(code(&rules, &[host, ("authorization", "Basic b2JzOnNlc2FtZQ==")]), "allowed");
        assert_eq!(code(&rules, &[host, ("authorization", "Basic b2JzOnNlc2Ft")]), "access_denied");
        assert_eq!(code(&rules, &[host, ("authorization", "Basic ***")]), "access_denied");
    }

    #[test]
    fn the_page_itself_needs_no_token_and_everything_else_does() {
        let rules = rules(Some("sesame"));
        let code_of = |path: &str| {
            let request = TestRequest::with_uri(path).insert_header(("host", "localhost:4000"));
            rules.check(&request.to_http_request()).map_or_else(|error| error.code, |()| "allowed")
        };
        for path in ["/", "/studio.js", "/style.css", "/api/access"] {
            assert_eq!(code_of(path), "allowed", "{path}");
        }
        for path in [
            "/ws",
            "/health",
            "/api/briefings",
            "/api/recordings/a/you.webm",
            "/live/current/you.wav",
            "//",
        ] {
            assert_eq!(code_of(path), "access_denied", "{path}");
        }
    }
}
