//! Routes, codes and the JSON of what is refused.

use voice_studio::transport::protocol::Hello;

use crate::support::stand_ins::StandIns;
use crate::support::studio::{Opening, Studio};
use crate::support::web::request;

fn stand_ins() -> StandIns {
    StandIns::new(&[], &["A moon is a rock."])
}

#[actix::test]
async fn health_tells_status_time_version_and_adapters() {
    let studio = Studio::start(stand_ins()).await;
    let answer = studio.get("/health").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    let health = answer.json();
    assert_eq!(health["status"], "ok");
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    let timestamp = health["timestamp"].as_str().expect("a time");
    timestamp.parse::<jiff::Timestamp>().expect("ISO 8601");
    assert!(timestamp.ends_with('Z') && timestamp.len() == 24, "{timestamp}");
    let adapters = &health["adapters"];
    assert_eq!(adapters["enabled"], false);
    for kind in ["stt", "tts", "guest"] {
        assert_eq!(adapters[kind], "scripted", "{kind}");
    }
    let available = adapters["available"].as_array().expect("a list");
    assert!(available.iter().all(|adapter| adapter["state"] == "ready"), "{available:?}");
    assert_eq!(available.len(), 6);
}

#[actix::test]
async fn ready_says_no_while_starting_and_while_draining() {
    let dir = tempfile::TempDir::new().expect("a folder");
    let running = Opening::of(stand_ins()).start_in(&dir).expect("a studio");
    let address = running.address;
    // The system has not been given a moment since the start: repairing recordings has not begun.
    let mut words = Vec::new();
    while words.last().is_none_or(|(status, _)| *status != 200) {
        let answer = request(address, "GET", "/ready", &[]).await;
        words.push((answer.status, answer.text()));
    }
    assert_eq!(words.last().map(|(_, text)| text.as_str()), Some(r#"{"status":"ready"}"#));
    assert!(
        words[..words.len() - 1]
            .iter()
            .all(|(status, text)| *status == 503 && text == r#"{"status":"starting"}"#),
        "{words:?}"
    );
    running.drain(std::time::Duration::ZERO).await;
    let answer = request(address, "GET", "/ready", &[]).await;
    assert_eq!((answer.status, answer.text().as_str()), (503, r#"{"status":"draining"}"#));
    running.stop().await;
}

#[actix::test]
async fn refusals_are_json_of_three_fields() {
    let studio = Studio::start(stand_ins()).await;
    let address = studio.address();
    let body = async |path: &str, headers: &[(&str, &str)]| {
        let answer = request(address, "GET", path, headers).await;
        assert_eq!(answer.header("content-type"), "application/json");
        format!("{} {}", answer.status, answer.text())
    };
    insta::assert_snapshot!(body("/nowhere", &[]).await, @r#"404 {"code":"not_found","message":"there is no such address","hint":"see docs/protocol.md for the addresses"}"#);
    insta::assert_snapshot!(body("/api/recordings/none/you.webm", &[]).await, @r#"404 {"code":"not_found","message":"there is no such file of a recording","hint":"see docs/protocol.md for the addresses"}"#);
    insta::assert_snapshot!(body("/health", &[("Origin", "http://evil.example")]).await, @r#"403 {"code":"origin_not_allowed","message":"pages from \"http://evil.example\" may not use this studio","hint":"add the page's origin to CORS_ORIGIN"}"#);
    insta::assert_snapshot!(body("/health", &[("Host", "evil.example")]).await, @r#"403 {"code":"host_not_allowed","message":"this studio does not answer to the name \"evil.example\"","hint":"use localhost, 127.0.0.1 or the address in HOST"}"#);
    std::fs::remove_dir_all(studio.dir.path().join("briefings")).expect("a folder");
    std::fs::write(studio.dir.path().join("briefings"), "a file in its place").expect("a file");
    insta::assert_snapshot!(body("/api/briefings", &[]).await, @r#"500 {"code":"internal","message":"something broke here; the log knows more under briefings","hint":"look for this id in the server's log"}"#);
}

#[actix::test]
async fn briefings_are_listed_and_one_with_mistakes_is_left_out() {
    let studio = Studio::start(stand_ins()).await;
    std::fs::write(studio.dir.path().join("briefings/bad.md"), "---\ntitle: [\n---\n")
        .expect("a file");
    let answer = studio.get("/api/briefings").await;
    assert_eq!(answer.status, 200);
    let listed = serde_json::json!({ "briefings": [{
        "name": "table",
        "title": "A table of three",
        "episode": "table",
        "speakers": ["Sam", "Ada", "Oscar"],
    }] });
    assert_eq!(answer.json(), listed);
}

#[actix::test]
async fn a_finished_recording_is_served_whole_and_in_parts() {
    let studio = Studio::start(stand_ins()).await;
    let address = studio.address();
    let mut guest = studio.join(Hello::default()).await;
    guest.snapshot().await;
    let listed = studio.get("/api/sessions").await.json();
    assert_eq!(listed["sessions"][0]["episodeId"], "table");
    let episode = guest.end().await;
    for (name, content_type) in [
        ("you.webm", "audio/webm"),
        ("claude.vtt", "text/vtt; charset=utf-8"),
        ("events.jsonl", "application/x-ndjson"),
        ("session.yml", "text/yaml; charset=utf-8"),
    ] {
        let path = format!("/api/recordings/{episode}/{name}");
        let on_disk = std::fs::read(studio.recordings().join(&episode).join(name)).expect("a file");
        let whole = studio.get(&path).await;
        assert_eq!((whole.status, whole.header("content-type")), (200, content_type));
        assert!(whole.body == on_disk, "{name}");
        assert_eq!(whole.header("accept-ranges"), "bytes");
        let part = request(address, "GET", &path, &[("Range", "bytes=2-5")]).await;
        assert_eq!((part.status, part.body.as_slice()), (206, &on_disk[2..6]), "{name}");
        assert_eq!(part.header("content-range"), format!("bytes 2-5/{}", on_disk.len()));
        let etag = whole.header("etag").to_owned();
        let again = request(address, "GET", &path, &[("If-None-Match", etag.as_str())]).await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{name}");
        let beyond = request(address, "GET", &path, &[("Range", "bytes=99999999-")]).await;
        assert_eq!(beyond.status, 416, "{name}");
    }
}

#[actix::test]
async fn no_name_leaves_the_recordings_folder() {
    let studio = Studio::start(stand_ins()).await;
    std::fs::write(studio.dir.path().join("secret.yml"), "secret").expect("a file");
    std::fs::create_dir_all(studio.recordings().join("take/inner.yml")).expect("a folder");
    std::fs::write(studio.recordings().join("take/notes.txt"), "notes").expect("a file");
    for path in [
        "/api/recordings/../secret.yml",
        "/api/recordings/%2e%2e/secret.yml",
        "/api/recordings/..%2f/secret.yml",
        "/api/recordings/take/..%2f..%2fsecret.yml",
        "/api/recordings/take/%2e%2e%2fsecret.yml",
        "/api/recordings/take/notes.txt",
        "/api/recordings/take/inner.yml",
        "/api/recordings/take/.yml",
        "/api/recordings/take/",
        "/api/recordings/take",
        "/api/recordings//secret.yml",
        "/api/recordings/take/you.webm%00",
        "/api/recordings/take/%ff.webm",
        "/../secret.yml",
    ] {
        let answer = studio.get(path).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
        assert!(!answer.text().contains("secret"), "{path}");
    }
}

#[actix::test]
async fn the_page_is_served_with_its_policy() {
    let studio = Studio::start(stand_ins()).await;
    let page = studio.get("/").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").starts_with("default-src 'self'"));
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert!(page.text().contains("<html"), "a page");
}

#[actix::test]
async fn an_address_that_only_looks_like_a_file_of_the_page_is_not_found_in_json() {
    let studio = Studio::start(stand_ins()).await;
    for path in ["/nothing.js", "/deep/index.html", "/package.json", "/%2e%2e/Cargo.toml"] {
        let answer = studio.get(path).await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{path}");
    }
}
