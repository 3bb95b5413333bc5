//! Routes, codes and the JSON of what is refused.

use voice_studio::transport::protocol::Hello;

use crate::support::stand_ins::StandIns;
use crate::support::studio::{Opening, Studio};
use crate::support::web::{request, send};

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
    insta::assert_snapshot!(body("/nowhere", &[]).await, @r#"404 {"code":"not_found","message":"there is no such address","hint":"see docs/api.md for the addresses"}"#);
    insta::assert_snapshot!(body("/api/recordings/none/you.webm", &[]).await, @r#"404 {"code":"not_found","message":"there is no such file of a recording","hint":"see docs/api.md for the addresses"}"#);
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
        "language": "en",
        "speakers": ["Sam", "Ada", "Oscar"],
        "roles": ["host", "co-host", "guest"],
        "voices": ["", "", ""],
        "segments": [{ "title": "Talk", "minutes": 5, "goal": "Talk about the moon." }],
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
        let refused = (beyond.status, beyond.code());
        assert_eq!(refused, (416, "range_not_satisfiable".to_owned()), "{name}");
        assert_eq!(beyond.header("content-range"), format!("bytes */{}", on_disk.len()));
        assert!(beyond.header("content-type").starts_with("application/json"), "{name}");
    }
}

#[actix::test]
async fn recordings_are_listed_searched_and_deleted() {
    let studio = Studio::start(stand_ins()).await;
    let address = studio.address();
    assert_eq!(studio.get("/api/recordings").await.text(), r#"{"recordings":[],"total":0}"#);
    let mut guest = studio.join(Hello { episode_id: "first".to_owned(), ..Hello::default() }).await;
    guest.snapshot().await;
    let on_air = studio.get("/api/recordings").await.json();
    assert_eq!(on_air["recordings"][0]["state"], "on-air");
    let refused = request(address, "DELETE", "/api/recordings/first", &[]).await;
    assert_eq!((refused.status, refused.code().as_str()), (409, "recording_in_use"));
    guest.end().await;
    let folder = studio.recordings().join("first");
    std::fs::write(
        folder.join("episode.vtt"),
        "WEBVTT\n\nc1\n00:00:01.000 --> 00:00:02.000\n<v Ada>Night trains &amp; beds</v>\n\nc2\n00:00:03.000 --> 00:00:04.000\n<v Ada>We flew with Apollo</v>\n\nc2-2\n00:00:04.000 --> 00:00:05.000\n<v Ada>11 to the stars.</v>\n",
    )
    .expect("captions");
    for (query, found) in [
        ("night+BEDS", 1),
        ("beds+plane", 0),
        ("beds+apollo", 0),
        ("apollo+11", 1),
        ("three", 1),
        ("first", 1),
        ("oscar", 1),
        ("", 1),
    ] {
        let listed = studio.get(&format!("/api/recordings?q={query}")).await.json();
        assert_eq!(listed["total"], found, "{query}: {listed}");
    }
    let matches = studio.get("/api/recordings?q=night").await.json();
    assert_eq!(
        matches["recordings"][0]["matches"],
        serde_json::json!([{ "speaker": "Ada", "startMs": 1000, "endMs": 2000, "text": "Night trains & beds", "cut": false }])
    );
    let past_the_end = studio.get("/api/recordings?offset=1").await.json();
    assert_eq!(past_the_end["recordings"].as_array().map(Vec::len), Some(0));
    let bad = studio.get("/api/recordings?limit=many").await;
    assert_eq!((bad.status, bad.code().as_str()), (400, "bad_request"));
    let peaks = studio.get("/api/recordings/first/peaks?points=3").await;
    let tag = peaks.header("etag").to_owned();
    assert!(peaks.json()["tracks"]["you"].as_array().is_some_and(|points| points.len() <= 3));
    let known = [("If-None-Match", tag.as_str())];
    let again = request(address, "GET", "/api/recordings/first/peaks?points=3", &known).await;
    assert_eq!(again.status, 304);
    for sound in ["you", "mix"] {
        let wav = studio.get(&format!("/api/recordings/first/audio/{sound}.wav")).await;
        assert_eq!((wav.status, wav.header("content-type")), (200, "audio/wav"));
        let said: usize = wav.header("content-length").parse().expect("a length");
        assert!(said > 44 && wav.body.len() == said, "{said} and {}", wav.body.len());
        let named = format!("attachment; filename=\"first-{sound}.wav\"");
        assert_eq!(wav.header("content-disposition"), named);
        let asked = format!("/api/recordings/first/audio/{sound}.wav");
        let head = request(address, "HEAD", &asked, &[]).await;
        assert_eq!((head.status, head.header("content-length")), (200, &*said.to_string()));
        assert!(head.body.is_empty());
    }
    assert_eq!(studio.get("/api/recordings/first/audio/you.webm").await.status, 404);
    assert_eq!(request(address, "DELETE", "/api/recordings/first", &[]).await.status, 204);
    assert!(!folder.exists());
    assert_eq!(studio.get("/api/recordings/first/you.webm").await.status, 404);
}

#[actix::test]
async fn a_session_is_ended_from_outside_with_a_whole_recording() {
    let studio = Studio::start(stand_ins()).await;
    let address = studio.address();
    let mut guest = studio.join(Hello::default()).await;
    guest.snapshot().await;
    let listed = studio.get("/api/sessions").await.json();
    let id = listed["sessions"][0]["sessionId"].as_str().expect("an id").to_owned();
    let ended = request(address, "POST", &format!("/api/sessions/{id}/end"), &[]).await;
    assert_eq!((ended.status, ended.json()["state"].as_str()), (200, Some("ended")));
    assert!(studio.recordings().join("table/session.yml").is_file(), "the recording is whole");
    assert_eq!(guest.closed().await, (1000, "session_ended".to_owned()));
    let again = request(address, "POST", "/api/sessions/s-none/end", &[]).await;
    assert_eq!((again.status, again.code().as_str()), (404, "not_found"));
}

#[actix::test]
async fn briefings_are_checked_before_they_are_saved() {
    use crate::support::stand_ins::BRIEFING;
    let studio = Studio::start(stand_ins()).await;
    let address = studio.address();
    let path = |name: &str| studio.dir.path().join("briefings").join(name);
    let body =
        |name: &str, text: &str| serde_json::json!({ "name": name, "text": text }).to_string();
    let post = async |body: &str| send(address, "POST", "/api/briefings", &[], Some(body)).await;

    let invalid = post(&body("rain", "---\ntitel: Rain\n---\n")).await;
    assert_eq!((invalid.status, invalid.code().as_str()), (422, "briefing_invalid"));
    assert!(!path("rain.md").exists());
    for name in ["../rain", ".rain", "README", "a/b", "rain\u{0}"] {
        let refused = post(&body(name, BRIEFING)).await;
        assert_eq!((refused.status, refused.code().as_str()), (400, "bad_name"), "{name}");
    }
    let made = post(&body("rain", BRIEFING)).await;
    assert_eq!((made.status, made.header("location")), (201, "/api/briefings/rain"));
    assert_eq!(std::fs::read_to_string(path("rain.md")).expect("a file"), BRIEFING);
    let twice = post(&body("rain", BRIEFING)).await;
    assert_eq!((twice.status, twice.code().as_str()), (409, "briefing_exists"));
    let unnamed = post(&serde_json::json!({ "text": BRIEFING }).to_string()).await;
    assert_eq!(
        (unnamed.status, unnamed.code().as_str()),
        (409, "briefing_exists"),
        "its episode is table"
    );

    let tag = studio.get("/api/briefings/rain").await.header("etag").to_owned();
    let same = request(address, "GET", "/api/briefings/rain", &[("If-None-Match", &tag)]).await;
    assert_eq!((same.status, same.body.len(), same.header("etag")), (304, 0, tag.as_str()));
    let other = BRIEFING.replace("moon", "sun");
    let put = async |tag: &str, text: &str| {
        let headers = [("If-Match", tag)];
        send(address, "PUT", "/api/briefings/rain", &headers, Some(&body("", text))).await
    };
    let replaced = put(&tag, &other).await;
    assert_eq!(replaced.status, 200);
    assert_ne!(replaced.header("etag"), tag);
    let late = put(&tag, BRIEFING).await;
    assert_eq!((late.status, late.code().as_str()), (412, "changed_meanwhile"));
    assert_eq!(std::fs::read_to_string(path("rain.md")).expect("a file"), other);
    let huge = post(&body("huge", &"x".repeat(400_000))).await;
    assert_eq!((huge.status, huge.code().as_str()), (413, "too_large"));
    let long = post(&body("long", &"x".repeat(70_000))).await;
    assert_eq!((long.status, long.code().as_str()), (413, "too_large"), "longer than any briefing");
    let odd = request(address, "GET", "/api/recordings?limit=many", &[]).await;
    assert_eq!((odd.status, odd.code().as_str()), (400, "bad_request"));
    assert!(odd.text().contains("the query cannot be read"), "{}", odd.text());
    let plain = [("Content-Type", "text/plain")];
    let plain = send(address, "POST", "/api/briefings", &plain, Some("{}")).await;
    assert_eq!((plain.status, plain.code().as_str()), (400, "bad_request"));
    assert!(plain.text().contains("application/json"), "{}", plain.text());
    let no_json = post("{").await;
    assert_eq!((no_json.status, no_json.code().as_str()), (400, "bad_request"));
}

#[actix::test]
async fn a_page_from_an_allowed_origin_may_ask_and_others_may_not() {
    let studio = Studio::start(stand_ins()).await;
    let address = studio.address();
    let preflight = async |origin: &str| {
        let headers = [("Origin", origin), ("Access-Control-Request-Method", "PUT")];
        request(address, "OPTIONS", "/api/briefings/table", &headers).await
    };
    let allowed = preflight("http://localhost:3000").await;
    assert_eq!(allowed.status, 204);
    assert_eq!(allowed.header("access-control-allow-origin"), "http://localhost:3000");
    assert!(allowed.header("access-control-allow-methods").contains("PUT"));
    assert!(allowed.header("access-control-allow-headers").contains("if-match"));
    assert_eq!(allowed.header("access-control-max-age"), "600");
    let refused = preflight("http://evil.example").await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "origin_not_allowed"));
    assert_eq!(refused.header("access-control-allow-origin"), "");
    let own = [("Origin", "http://localhost:3000")];
    let missing = request(address, "GET", "/api/recordings/none", &own).await;
    assert_eq!(
        (missing.status, missing.header("access-control-allow-origin")),
        (404, "http://localhost:3000")
    );
}

#[actix::test]
async fn the_token_is_exchanged_once_for_a_cookie() {
    const TOKEN: &str = "a-token-of-many-letters";
    let studio =
        Opening::of(stand_ins()).with("STUDIO_ACCESS_TOKEN", TOKEN).start_asking(TOKEN).await;
    let address = studio.address();
    let post = async |token: &str| {
        let body = serde_json::json!({ "token": token }).to_string();
        send(address, "POST", "/api/access", &[], Some(&body)).await
    };
    assert_eq!(studio.get("/").await.status, 200, "the page can ask for the token");
    let refused = studio.get("/api/config").await;
    assert_eq!((refused.status, refused.code().as_str()), (401, "access_denied"));
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    let wrong = post("another-token-of-many").await;
    assert_eq!((wrong.status, wrong.header("set-cookie")), (401, ""));
    let right = post(TOKEN).await;
    assert_eq!(right.status, 204);
    let cookie = right.header("set-cookie").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    assert!(!cookie.contains(TOKEN), "{cookie}");
    let shown = cookie.split(';').next().unwrap_or_default();
    assert_eq!(request(address, "GET", "/api/config", &[("Cookie", shown)]).await.status, 200);
    let evil = [("Cookie", shown), ("Origin", "http://evil.example")];
    assert_eq!(request(address, "GET", "/api/config", &evil).await.status, 403);
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
        "/api/recordings/..",
        "/api/recordings/%2e%2e/peaks",
        "/api/recordings/take/peaks",
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
