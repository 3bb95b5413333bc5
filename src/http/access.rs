//! Who may ask: `Host`, `Origin` and, where one is set, the access token.
//!
//! Any web page may try to reach a server on this machine, so a browser's `Origin` must be the studio's own or one of
//! `CORS_ORIGIN`, and `Host` must be a name of the studio, which keeps out pages whose name was pointed here.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, web};
use subtle::ConstantTimeEq;

use super::error::ApiError;
use crate::config::Secret;

/// The cookie in which a page keeps the access token.
pub const COOKIE: &str = "studio_access";

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
        let host = header_of(request, &header::HOST).unwrap_or_default();
        if !self.is_own_name(&host) {
            return Err(ApiError::host_not_allowed(&host));
        }
        if let Some(origin) = header_of(request, &header::ORIGIN)
            && !self.may_come_from(&origin, &host)
        {
            return Err(ApiError::origin_not_allowed(&origin));
        }
        match &self.token {
            Some(token) if !shows(request, token) => Err(ApiError::access_denied()),
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

fn shows(request: &HttpRequest, token: &Secret) -> bool {
    let bearer = header_of(request, &header::AUTHORIZATION)
        .and_then(|value| value.strip_prefix("Bearer ").map(|shown| shown.trim().to_owned()));
    let cookie = header_of(request, &header::COOKIE).and_then(|cookies| {
        cookies
            .split(';')
            .find_map(|pair| pair.trim().strip_prefix("studio_access=").map(str::to_owned))
    });
    let matches = |shown: &String| shown.as_bytes().ct_eq(token.expose().as_bytes()).into();
    bearer.iter().chain(&cookie).any(matches)
}

/// Refuses what may not ask, and lets pages from allowed origins read the answers.
///
/// # Errors
/// The refusal, or whatever the request itself comes to.
pub async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let rules = request.app_data::<web::Data<AccessRules>>().cloned();
    let origin = header_of(request.request(), &header::ORIGIN);
    if let Some(rules) = &rules {
        rules.check(request.request())?;
    }
    let mut response = next.call(request).await?;
    if let Some(value) = origin.and_then(|origin| header::HeaderValue::from_str(&origin).ok()) {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, value);
        headers.insert(header::VARY, header::HeaderValue::from_static("Origin"));
    }
    Ok(response)
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
        let request = headers
            .iter()
            .fold(TestRequest::default(), |request, pair| request.insert_header(*pair));
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
        assert_eq!(code(&rules, &[host, ("cookie", "a=b; studio_access=sesame")]), "allowed");
    }
}
