//! A real client against a real port: the protocol's first steps, everything that may not be sent, and listeners who
//! do not listen.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use voice_studio::adapters::scripted::ScriptedVoice;
use voice_studio::client::Received;
use voice_studio::conversation::{OrbState, Speaker};
use voice_studio::recording::read_events;
use voice_studio::transport::protocol::{
    BINARY_HEADER_BYTES, ClientMessage, FRAME_BYTES_MAX, HOST_RATES, Hello, HelloAudio, HostAudio,
    ServerMessage,
};
use voice_studio::transport::websocket::Patience;

use crate::support::comes;
use crate::support::log::check_log;
use crate::support::stand_ins::StandIns;
use crate::support::studio::{Guest, Opening, Studio};
use crate::support::web::{handshake, request};

const ANSWER: &str =
    "A moon is a rock that goes around a planet. It shines with borrowed light, and that is all.";
/// Policy, as in RFC 6455.
const POLICY: u16 = 1008;

fn stand_ins() -> StandIns {
    StandIns::new(&["Ada what is a moon"], &[ANSWER])
}

fn hello() -> Hello {
    Hello { participant_name: "Sam".to_owned(), ..Hello::default() }
}

fn pcm(sequence: u32, samples: usize) -> HostAudio {
    HostAudio {
        sequence,
        capture_sample: u64::from(sequence) * samples as u64,
        muted: false,
        payload: vec![0; samples * 2].into(),
    }
}

#[actix::test]
async fn hello_is_answered_by_ready_and_then_by_the_state() {
    let studio = Studio::start(stand_ins()).await;
    let mut guest = studio.join(hello()).await;
    let mut last_seq = 0;
    let mut types = Vec::new();
    while types.last() != Some(&"snapshot") {
        let Received::Message(numbered) = guest.next().await else {
            panic!("sound without a word")
        };
        assert!(numbered.seq > last_seq, "numbers rise");
        last_seq = numbered.seq;
        types.push(match &numbered.message {
            ServerMessage::SessionReady {
                resumed,
                names,
                session_id,
                resume_token,
                episode_id,
                host_codecs,
            } => {
                assert_eq!(host_codecs, &["pcm", "opus"]);
                assert_eq!(names, &["Sam", "Ada", "Oscar"]);
                assert!(!resumed && session_id.starts_with("s-") && resume_token.starts_with("r-"));
                assert_eq!(episode_id, "table");
                "ready"
            }
            ServerMessage::Snapshot { orb_states, session, .. } => {
                assert_eq!(orb_states.claude, OrbState::Idle);
                assert!(session.recording && session.title == "A table of three");
                "snapshot"
            }
            ServerMessage::Orb { .. } => "orb",
            other => panic!("{other:?} before the state"),
        });
    }
    assert_eq!(types[0], "ready");
    assert_eq!(guest.end().await, "table");
    assert_eq!(guest.closed().await, (1000, "session_ended".to_owned()));
}

#[actix::test]
async fn a_typed_line_is_answered_aloud() {
    let studio = Studio::start(stand_ins()).await;
    let mut guest = studio.join(hello()).await;
    // Said before the session is there: it waits.
    guest.say(ClientMessage::Say { text: "Oscar, what is a moon?".to_owned() }).await;
    let sound = loop {
        if let Received::Sound(sound) = guest.next().await {
            break sound;
        }
    };
    assert_eq!((sound.speaker.as_str(), sound.first_sample), ("guest", 0));
    guest.end().await;
    let log = studio.recordings().join("table/events.jsonl");
    check_log(&read_events(&log).expect("a log").map(Result::unwrap).collect::<Vec<_>>());
}

#[actix::test]
async fn what_cannot_be_understood_gets_its_code_and_the_connection_goes_on() {
    let studio = Studio::start(stand_ins()).await;
    let mut guest = studio.join(hello()).await;
    guest.snapshot().await;
    for (text, code) in [
        ("{", "bad_json"),
        ("", "bad_json"),
        ("[1, 2]", "unknown_type"),
        ("{\"type\": \"client.dance\"}", "unknown_type"),
        ("{\"type\": 7}", "unknown_type"),
        ("{\"type\": \"client.mute\"}", "bad_fields"),
        ("{\"type\": \"client.mute\", \"muted\": \"yes\"}", "bad_fields"),
        ("{\"type\": \"client.nominate\", \"speaker\": \"you\"}", "bad_fields"),
        ("{\"type\": \"hello\", \"participantName\": \"Eve\"}", "hello_twice"),
    ] {
        guest.send_text(text).await;
        assert_eq!(guest.error().await, code, "{text}");
    }
    let long = "x".repeat(1001);
    guest.say(ClientMessage::Say { text: long }).await;
    assert_eq!(guest.error().await, "bad_fields");
    let whole = pcm(0, 960).encode();
    let mut opus = whole.to_vec();
    opus[0] = 2;
    for (bytes, code) in [
        (whole[..whole.len() - 1].to_vec(), "odd_byte_count"),
        (whole[..BINARY_HEADER_BYTES - 1].to_vec(), "bad_binary"),
        (Vec::new(), "bad_binary"),
        (vec![99; 40], "bad_binary"),
        (opus.clone(), "bad_binary"),
        (opus[..BINARY_HEADER_BYTES].to_vec(), "bad_binary"),
    ] {
        guest.send_bytes(bytes).await;
        assert_eq!(guest.error().await, code);
        guest.is_well().await;
    }
}

#[actix::test]
async fn opus_is_taken_where_the_hosts_counter_is_at_its_rate_and_nowhere_else() {
    let studio = Studio::start(stand_ins()).await;
    let audio = Some(HelloAudio { codec: "pcm".to_owned(), sample_rate: 16_000 });
    let mut guest = studio.join(Hello { audio, ..hello() }).await;
    let codecs = |message: &ServerMessage| match message {
        ServerMessage::SessionReady { host_codecs, .. } => Some(host_codecs.clone()),
        _ => None,
    };
    assert_eq!(guest.first("ready", codecs).await, ["pcm"]);
    let mut opus = pcm(0, 960).encode().to_vec();
    opus[0] = 2;
    guest.send_bytes(opus).await;
    assert_eq!(guest.error().await, "bad_codec");
    // What a client can only say in one way will not get better.
    assert_eq!(guest.closed().await.0, POLICY);
}

#[actix::test]
async fn a_hello_that_cannot_be_served_gets_its_code_and_the_connection_ends() {
    let studio = Studio::start(stand_ins()).await;
    std::fs::write(studio.dir.path().join("briefings/wrong.md"), "---\ntitle: [\n---\n")
        .expect("a file");
    let audio =
        |codec: &str, sample_rate| Some(HelloAudio { codec: codec.to_owned(), sample_rate });
    let briefing = |name: &str| Some(name.to_owned());
    for (hello, code) in [
        (Hello { audio: audio("pcm", 8000), ..hello() }, "bad_sample_rate"),
        (Hello { audio: audio("flac", 48_000), ..hello() }, "bad_codec"),
        (Hello { audio: audio("opus", 44_100), ..hello() }, "bad_sample_rate"),
        (Hello { protocol: Some(2), ..hello() }, "bad_protocol"),
        (Hello { episode_id: "../up".to_owned(), ..hello() }, "bad_episode_id"),
        (Hello { episode_id: "a/b".to_owned(), ..hello() }, "bad_episode_id"),
        (Hello { briefing: briefing("wrong"), ..hello() }, "briefing_invalid"),
        (Hello { briefing: briefing("none"), ..hello() }, "briefing_not_found"),
        (Hello { briefing: briefing("../table"), ..hello() }, "briefing_not_found"),
        (Hello { resume_token: briefing("r-0"), ..hello() }, "resume_unknown"),
    ] {
        let mut guest = studio.join(hello).await;
        assert_eq!(guest.error().await, code);
        assert_eq!(guest.closed().await, (POLICY, "refused".to_owned()), "{code}");
    }
    assert!(!studio.dir.path().join("up").exists());
    let left = std::fs::read_dir(studio.recordings()).expect("a folder").count();
    assert_eq!(left, 0, "nothing was begun");
}

#[actix::test]
async fn a_word_before_hello_ends_the_connection() {
    let studio = Studio::start(stand_ins()).await;
    let mut guest = studio.connect().await;
    guest.say(ClientMessage::RequestState).await;
    assert_eq!(guest.error().await, "hello_first");
    assert_eq!(guest.closed().await.0, POLICY);
    let mut guest = studio.connect().await;
    guest.send_bytes(pcm(0, 960).encode().to_vec()).await;
    assert_eq!(guest.error().await, "hello_first");
    assert_eq!(guest.closed().await.0, POLICY);
}

#[actix::test]
async fn a_connection_that_never_says_hello_is_closed() {
    let patience = Patience { hello: Duration::from_millis(1), ..Patience::default() };
    let studio = Opening::of(stand_ins()).waiting(patience).start().await;
    let mut guest = studio.connect().await;
    assert_eq!(guest.error().await, "hello_missing");
    assert_eq!(guest.closed().await.0, POLICY);
}

#[actix::test]
async fn a_frame_over_64_kib_ends_the_connection_with_its_size_as_the_reason() {
    let studio = Studio::start(stand_ins()).await;
    let mut guest = studio.join(hello()).await;
    guest.snapshot().await;
    let most = vec![1; FRAME_BYTES_MAX];
    guest.send_bytes(most).await;
    guest.is_well().await;
    guest.send_bytes(vec![1; FRAME_BYTES_MAX + 1]).await;
    assert_eq!(guest.error().await, "frame_too_large");
    assert_eq!(guest.closed().await, (1009, "frame_too_large".to_owned()));
}

#[actix::test]
async fn pings_go_both_ways_and_one_who_does_not_answer_is_taken_as_gone() {
    let patience = Patience {
        ping: Duration::from_millis(20),
        dead: Duration::from_millis(200),
        ..Patience::default()
    };
    let studio = Opening::of(stand_ins()).waiting(patience).start().await;
    let mut socket = tokio::net::TcpStream::connect(studio.address()).await.expect("a socket");
    let head = format!(
        "GET /ws HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        studio.address()
    );
    socket.write_all(head.as_bytes()).await.expect("a request");
    // A ping with the payload "hi", masked with zeros.
    socket.write_all(&[0x89, 0x82, 0, 0, 0, 0, b'h', b'i']).await.expect("a ping");
    let mut bytes = Vec::new();
    comes("the end", socket.read_to_end(&mut bytes)).await.expect("an end");
    let frames =
        &bytes[bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4..];
    let holds = |wanted: &[u8]| frames.windows(wanted.len()).any(|part| part == wanted);
    assert!(holds(&[0x8A, 2, b'h', b'i']), "a pong: {frames:?}");
    assert!(holds(&[0x89, 0]), "a ping of its own: {frames:?}");
}

#[actix::test]
async fn every_served_rate_is_taken_in_and_every_frame_is_placed() {
    let studio = Studio::start(stand_ins()).await;
    for rate in HOST_RATES {
        let episode_id = format!("rate-{rate}");
        let audio = Some(HelloAudio { codec: "pcm".to_owned(), sample_rate: rate });
        let mut guest =
            studio.join(Hello { audio, episode_id: episode_id.clone(), ..hello() }).await;
        guest.snapshot().await;
        for sequence in 0..5 {
            guest.client.send_sound(&pcm(sequence, rate as usize / 50)).await.expect("sent");
        }
        assert_eq!(guest.end().await, episode_id);
        let log = studio.recordings().join(&episode_id).join("events.jsonl");
        let events: Vec<_> = read_events(&log).expect("a log").map(Result::unwrap).collect();
        assert_eq!(events[0].fields["config"]["hostRate"], rate);
        assert!(events.iter().any(|event| event.kind == "clock.epoch"), "sound was placed");
    }
}

#[actix::test]
async fn a_flood_of_frames_is_survived_and_neighbours_go_on() {
    let studio = Studio::start(stand_ins()).await;
    let mut neighbour = studio.join(Hello { episode_id: "quiet".to_owned(), ..hello() }).await;
    let mut guest = studio.join(hello()).await;
    guest.snapshot().await;
    for sequence in 0..5_000 {
        guest.client.send_sound(&pcm(sequence, 960)).await.expect("sent");
    }
    for number in 0..200 {
        guest.send_text(&format!("{{\"type\": \"flood-{number}\"}}")).await;
    }
    assert_eq!(guest.closed().await.0, POLICY, "two hundred mistakes are too many");
    neighbour.is_well().await;
    assert_eq!(neighbour.end().await, "quiet");
}

/// A client whose kernel takes little and which reads nothing.
async fn deaf_client(studio: &Studio) -> tokio::net::TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    let mut socket = socket.connect(studio.address()).await.expect("a connection");
    let head = format!(
        "GET /ws HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        studio.address()
    );
    socket.write_all(head.as_bytes()).await.expect("a request");
    let hello = br#"{"type":"hello","participantName":"Sam","episodeId":"deaf"}"#;
    socket.write_all(&masked(hello)).await.expect("hello");
    let mut heard = Vec::new();
    while !String::from_utf8_lossy(&heard).contains("state.snapshot") {
        let mut part = [0; 512];
        let count = comes("the session", socket.read(&mut part)).await.expect("a frame");
        assert!(count > 0, "it was closed: {}", String::from_utf8_lossy(&heard));
        heard.extend_from_slice(&part[..count]);
    }
    socket
}

/// A text frame of less than 64 KiB, masked with zeros.
fn masked(text: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81];
    if text.len() < 126 {
        frame.push(0x80 | u8::try_from(text.len()).expect("short"));
    } else {
        frame.push(0x80 | 126);
        frame.extend(u16::try_from(text.len()).expect("short").to_be_bytes());
    }
    frame.extend([0; 4]);
    frame.extend(text);
    frame
}

#[actix::test]
async fn a_client_that_does_not_read_costs_bounded_memory_and_is_closed_and_neighbours_go_on() {
    let patience = Patience { write: Duration::from_millis(200), ..Patience::default() };
    let studio = Opening::of(stand_ins()).waiting(patience).start().await;
    let mut neighbour = studio.join(Hello { episode_id: "reads".to_owned(), ..hello() }).await;
    neighbour.snapshot().await;
    let mut deaf = deaf_client(&studio).await;
    // Each asks for a snapshot of a few hundred bytes that nobody reads, until the studio has had enough.
    let ask = masked(br#"{"type":"client.request-state"}"#);
    comes("the studio to give up", async { while deaf.write_all(&ask).await.is_ok() {} }).await;
    neighbour.is_well().await;
    neighbour.say(ClientMessage::Say { text: "Ada, what is a moon?".to_owned() }).await;
    while !matches!(neighbour.next().await, Received::Sound(_)) {}
    neighbour.end().await;
    studio.running.stop().await;
    let log = studio.dir.path().join("recordings/deaf/events.jsonl");
    let events: Vec<_> = read_events(&log).expect("a log").map(Result::unwrap).collect();
    check_log(&events);
    assert!(events.iter().any(|event| event.kind == "client.disconnected"), "it was given up");
}

#[actix::test]
async fn a_lost_connection_comes_back_to_its_session() {
    let studio = Studio::start(stand_ins().with_voice(0, Arc::new(ScriptedVoice::new()))).await;
    let mut guest = studio.join(hello()).await;
    let token = guest
        .first("ready", |message| match message {
            ServerMessage::SessionReady { resume_token, .. } => Some(resume_token.clone()),
            _ => None,
        })
        .await;
    drop(guest);
    let again = Hello { resume_token: Some(token), last_seq: Some(1), ..hello() };
    let mut guest: Guest = studio.join(again).await;
    let resumed = guest
        .first("ready", |message| match message {
            ServerMessage::SessionReady { resumed, .. } => Some(*resumed),
            _ => None,
        })
        .await;
    assert!(resumed);
    guest.is_well().await;
    assert_eq!(guest.end().await, "table");
}

#[actix::test]
async fn a_recordings_folder_that_cannot_be_written_is_said_at_start_and_at_hello() {
    let dir = tempfile::TempDir::new().expect("a folder");
    std::fs::write(dir.path().join("recordings"), "a file in place of the folder").expect("a file");
    let error =
        Opening::of(stand_ins()).start_in(&dir).expect_err("no folder, no studio").to_string();
    assert!(error.contains("recording_unwritable") && error.contains("RECORDING_DIR"), "{error}");

    let studio = Studio::start(stand_ins()).await;
    std::fs::remove_dir(studio.recordings()).expect("an empty folder");
    std::fs::write(studio.recordings(), "a file").expect("a file");
    let mut guest = studio.join(hello()).await;
    assert_eq!(guest.error().await, "recording_unwritable");
    assert_eq!(guest.closed().await, (1011, "session_failed".to_owned()));
}

#[actix::test]
async fn a_port_in_use_is_said_in_a_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let dir = tempfile::TempDir::new().expect("a folder");
    let opening = Opening::of(stand_ins()).with("PORT", port.to_string());
    let error = opening.start_in(&dir).expect_err("the port is taken").to_string();
    assert!(
        error.starts_with(&format!("listen on 127.0.0.1:{port}: "))
            && error.contains("port_unavailable"),
        "{error}"
    );
}

#[actix::test]
async fn a_full_studio_says_to_try_later() {
    let studio = Opening::of(stand_ins()).with("STUDIO_MAX_SESSIONS", "1").start().await;
    let mut first = studio.join(hello()).await;
    first.snapshot().await;
    let mut second = studio.join(hello()).await;
    assert_eq!(second.error().await, "sessions_full");
    assert_eq!(second.closed().await, (1013, "try_later".to_owned()));
    first.end().await;
}

#[actix::test]
async fn pages_from_elsewhere_are_refused_before_the_upgrade() {
    let studio = Studio::start(stand_ins()).await;
    let address = studio.address();
    for (headers, code) in [
        (vec![("Origin", "http://evil.example")], "origin_not_allowed"),
        (vec![("Origin", "null")], "origin_not_allowed"),
        (vec![("Host", "evil.example")], "host_not_allowed"),
    ] {
        let answer = handshake(address, &headers).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, code), "{headers:?}");
    }
    let own = format!("http://{address}");
    for origin in [own.as_str(), "http://localhost:3000"] {
        assert_eq!(handshake(address, &[("Origin", origin)]).await.status, 101, "{origin}");
    }
    let answer = request(address, "GET", "/health", &[("Origin", "http://localhost:3000")]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), "http://localhost:3000");
    assert_eq!(answer.header("vary"), "Origin");
}

#[actix::test]
async fn a_studio_for_a_whole_network_asks_for_its_token() {
    const TOKEN: &str = "a-token-of-many-letters";
    let opening =
        Opening::of(stand_ins()).with("HOST", "0.0.0.0").with("STUDIO_ACCESS_TOKEN", TOKEN);
    let dir = tempfile::TempDir::new().expect("a folder");
    let running = opening.start_in(&dir).expect("a studio");
    let address = ([127, 0, 0, 1], running.address.port()).into();
    let bearer = format!("Bearer {TOKEN}");
    let refused = handshake(address, &[]).await;
    assert_eq!((refused.status, refused.code().as_str()), (401, "access_denied"));
    assert_eq!(handshake(address, &[("Authorization", "Bearer wrong")]).await.status, 401);
    assert_eq!(handshake(address, &[("Authorization", &bearer)]).await.status, 101);
    assert_eq!(request(address, "GET", "/api/briefings", &[]).await.status, 401);
    let with_bearer = [("Authorization", bearer.as_str())];
    assert_eq!(request(address, "GET", "/api/briefings", &with_bearer).await.status, 200);
    running.stop().await;
}

#[actix::test]
async fn a_stopping_studio_ends_its_sessions_and_tells_their_listeners() {
    let studio = Studio::start(stand_ins()).await;
    let mut guest = studio.join(hello()).await;
    guest.snapshot().await;
    let address = studio.address();
    let stopping = actix::spawn(studio.running.stop());
    assert_eq!(guest.recording().await, "table");
    assert_eq!(guest.closed().await, (1000, "session_ended".to_owned()));
    assert_eq!(comes("the stop", stopping).await.expect("it stops"), 1);
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens any more");
    assert!(studio.dir.path().join("recordings/table/session.yml").is_file());
    let folder = studio.dir.path().join("recordings/table");
    let lengths = Speaker::ALL.map(|speaker| crate::recording::decode(&folder, speaker).len());
    assert!(lengths[0] > 0 && lengths == [lengths[0]; 3], "{lengths:?}");
}
