//! The page, as it lies in `web/`.
//!
//! In release builds its files are in the binary; in development they are read from disk at every request, so an edit
//! needs a reload and nothing else. Development tools, tests and types of that folder are never served.
//!
//! Invariant: nothing outside the flat list of `web/` can be named by a request; there are no folders to climb.

use std::borrow::Cow;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use rust_embed::RustEmbed;

use super::error::ApiError;

/// What the page may do: only what this studio serves, its own WebSocket included (`'self'` covers `ws:` of the same
/// host and port in current browsers). No inline script and no inline style.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

/// The page needs the microphone; nothing it might ever embed does.
const PERMISSIONS_POLICY: &str = "microphone=(self), camera=(), geolocation=()";

#[derive(RustEmbed)]
#[folder = "web/"]
#[include = "*.html"]
#[include = "*.css"]
#[include = "*.js"]
#[include = "*.svg"]
#[exclude = "*/*"]
struct Files;

/// One file of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// The content.
    pub bytes: Cow<'static, [u8]>,
    /// Value of `Content-Type`, with its charset.
    pub content_type: &'static str,
    /// Value of `ETag`, quotes included: the SHA-256 of the content, so it changes exactly when the content does.
    pub etag: String,
}

/// Looks up a file by its name in `web/`, such as `studio.js`; the empty name is the page itself.
///
/// `None` for everything that is not served, whatever it looks like.
#[must_use]
pub fn asset(path: &str) -> Option<Asset> {
    let name = if path.is_empty() { "index.html" } else { path };
    let content_type = content_type(name)?;
    let file = Files::get(name)?;
    Some(Asset { etag: etag(&file.metadata.sha256_hash()), bytes: file.data, content_type })
}

/// Serves `/` and every file of the page under its own name.
///
/// Names without a dot, such as `/ws` or `/health`, and everything in folders are left to other routes.
pub fn configure(cfg: &mut web::ServiceConfig) {
    cfg.service(web::resource("/").get(serve).head(serve));
    cfg.service(web::resource(r"/{file:[a-z0-9-]+\.(?:html|css|js|svg)}").get(serve).head(serve));
}

async fn serve(request: HttpRequest) -> HttpResponse {
    let Some(asset) = asset(request.match_info().query("file")) else {
        return ApiError::not_found("such file of the page").error_response();
    };
    let is_known = request
        .headers()
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|tags| names_tag(tags, &asset.etag));
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((header::ETAG, asset.etag))
        // The browser keeps its copy and asks whether it is still right: a new version shows at the next load.
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::PERMISSIONS_POLICY, PERMISSIONS_POLICY));
    if is_known {
        return response.finish();
    }
    response
        .insert_header((header::CONTENT_TYPE, asset.content_type))
        .body(asset.bytes.into_owned())
}

/// The list of what is served is also the list of its types.
fn content_type(name: &str) -> Option<&'static str> {
    if name.contains(['/', '\\']) {
        return None;
    }
    match name.rsplit_once('.')?.1 {
        "html" => Some("text/html; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "svg" => Some("image/svg+xml; charset=utf-8"),
        _ => None,
    }
}

fn etag(hash: &[u8; 32]) -> String {
    format!("\"{}\"", crate::hex::hex(hash))
}

/// Whether `If-None-Match` holds this tag; proxies that compress may have made it a weak one.
fn names_tag(header: &str, etag: &str) -> bool {
    header
        .split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use actix_web::{App, body::to_bytes};

    use super::*;

    #[test]
    fn the_empty_name_is_the_page() {
        let page = asset("").expect("web/index.html is there");
        assert_eq!(page.content_type, "text/html; charset=utf-8");
        assert_eq!(Some(page), asset("index.html"));
    }

    #[test]
    fn every_address_in_the_page_is_served() {
        let html = asset("").map(|page| page.bytes.into_owned()).unwrap_or_default();
        let html = String::from_utf8(html).expect("the page is UTF-8");
        let addresses: Vec<&str> = html
            .split(['"', ' '])
            .filter(|part| part.starts_with('/') && part.contains('.'))
            .collect();
        assert!(addresses.len() >= 3, "style, script and icon: {addresses:?}");
        for address in addresses {
            assert!(asset(address.trim_start_matches('/')).is_some(), "{address}");
        }
    }

    #[test]
    fn every_module_that_a_module_imports_is_served() {
        for name in Files::iter().filter(|name| name.ends_with(".js")) {
            let source = asset(&name).map(|module| module.bytes.into_owned()).unwrap_or_default();
            for line in
                String::from_utf8_lossy(&source).lines().filter(|line| line.starts_with("import "))
            {
                let module = line.split('\'').nth(1).unwrap_or_default().trim_start_matches("./");
                assert!(asset(module).is_some(), "{name} imports {module}");
            }
        }
    }

    #[test]
    fn tools_tests_types_and_other_folders_are_not_served() {
        for path in [
            "package.json",
            "types.d.ts",
            "tsconfig.json",
            "test/state.test.js",
            "node_modules/typescript/lib/tsc.js",
            "../Cargo.toml",
            "..\\Cargo.toml",
            "../src/lib.rs",
            "nothing.js",
            "index",
        ] {
            assert_eq!(asset(path), None, "{path}");
        }
        assert!(Files::iter().all(|name| !name.contains('/')));
    }

    #[actix_web::test]
    async fn the_page_comes_with_its_policies_and_a_known_copy_is_not_sent_again() {
        let app = init_service(App::new().configure(configure)).await;
        let response = call_service(&app, TestRequest::get().uri("/").to_request()).await;
        assert_eq!(response.status(), StatusCode::OK);
        let value = |name| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
        };
        assert_eq!(value("content-security-policy"), CONTENT_SECURITY_POLICY);
        assert_eq!(value("x-content-type-options"), "nosniff");
        assert_eq!(value("referrer-policy"), "no-referrer");
        assert_eq!(value("cache-control"), "no-cache");
        assert!(value("permissions-policy").contains("microphone=(self)"));
        let etag = value("etag").to_owned();

        let again = TestRequest::get()
            .uri("/")
            .insert_header(("if-none-match", format!("W/{etag}")))
            .to_request();
        let response = call_service(&app, again).await;
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(to_bytes(response.into_body()).await.expect("an empty body").len(), 0);
    }

    #[actix_web::test]
    async fn files_are_served_under_their_names_and_nothing_else_is() {
        let app = init_service(App::new().configure(configure)).await;
        let response =
            call_service(&app, TestRequest::get().uri("/playback-worklet.js").to_request()).await;
        assert_eq!(
            response.headers().get("content-type").map(header::HeaderValue::as_bytes),
            Some(&b"text/javascript; charset=utf-8"[..])
        );
        assert!(!read_body(response).await.is_empty());
        for uri in [
            "/nothing.js",
            "/types.d.ts",
            "/package.json",
            "/test/state.test.js",
            "/%2e%2e/Cargo.toml",
            "/ws",
        ] {
            let response = call_service(&app, TestRequest::get().uri(uri).to_request()).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{uri}");
        }
    }
}
