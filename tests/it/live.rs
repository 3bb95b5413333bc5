//! Second screens and feeds: what broadcasting software gets of a session on air.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use voice_studio::transport::protocol::{AiSpeaker, ClientMessage, Hello};

use crate::support::comes;
use crate::support::stand_ins::StandIns;
use crate::support::studio::Studio;

/// A stream that is being read.
struct Watching {
    socket: TcpStream,
    bytes: Vec<u8>,
}

impl Watching {
    async fn open(studio: &Studio, path: &str) -> Self {
        let mut socket = TcpStream::connect(studio.address()).await.expect("the studio listens");
        let head = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", studio.address());
        socket.write_all(head.as_bytes()).await.expect("a request");
        Self { socket, bytes: Vec::new() }
    }

    /// Reads until this holds of what came so far, or the stream ended.
    async fn until(&mut self, what: &str, holds: impl Fn(&[u8]) -> bool) {
        while !holds(&self.bytes) {
            let mut part = vec![0; 16 * 1024];
            let count = comes(what, self.socket.read(&mut part)).await.expect("a stream");
            assert!(count > 0, "the stream ended before {what}");
            self.bytes.extend_from_slice(&part[..count]);
        }
    }
}

fn says(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

#[actix::test]
async fn a_second_screen_sees_the_show_and_learns_of_its_end() {
    let studio = Studio::start(StandIns::new(&[], &["A moon is a rock."])).await;
    let nobody = studio.get("/live/current/events").await;
    assert_eq!((nobody.status, nobody.code().as_str()), (404, "not_found"));
    let mut guest = studio.join(Hello::default()).await;
    guest.snapshot().await;
    let mut screen = Watching::open(&studio, "/live/current/events").await;
    screen.until("the snapshot", |bytes| says(bytes, "state.snapshot")).await;
    let text = "the sponsor is listening".to_owned();
    guest.say(ClientMessage::Whisper { speaker: AiSpeaker::Claude, text }).await;
    guest.say(ClientMessage::Say { text: "Ada, what is a moon?".to_owned() }).await;
    screen.until("why Ada speaks", |bytes| says(bytes, "\"floor.grant\"")).await;
    screen.until("what she says", |bytes| says(bytes, "A moon is a rock.")).await;
    guest.say(ClientMessage::Strike { seconds: None }).await;
    screen.until("what was struck", |bytes| says(bytes, "\"scope\":\"last-turn\"")).await;
    let text = String::from_utf8_lossy(&screen.bytes).into_owned();
    assert!(!text.contains("sponsor"), "a whisper is nobody's but whose ear it was: {text}");
    assert!(text.contains("content-type: text/event-stream"), "{text}");
    assert!(text.contains("\"reason\":\"addressed\""), "{text}");
    assert!(!text.contains("resumeToken") && !text.contains("audio.flush"), "{text}");
    guest.end().await;
    // The last chunk of a stream that ended in order.
    screen.until("the end", |bytes| bytes.ends_with(b"0\r\n\r\n")).await;
}

#[actix::test]
async fn a_feed_is_a_wav_stream_of_one_speaker() {
    let studio = Studio::start(StandIns::new(&[], &["A moon is a rock."])).await;
    let mut guest = studio.join(Hello::default()).await;
    guest.snapshot().await;
    let sessions = studio.get("/api/sessions").await.json();
    let id = sessions["sessions"][0]["sessionId"].as_str().expect("an id").to_owned();
    let missing = studio.get(&format!("/live/{id}/nobody.wav")).await;
    assert_eq!((missing.status, missing.code().as_str()), (404, "not_found"));
    let mut feed = Watching::open(&studio, &format!("/live/{id}/claude.wav")).await;
    feed.until("the head", |bytes| says(bytes, "WAVEfmt ")).await;
    // Half a second of sound, whoever speaks or not.
    feed.until("sound", |bytes| bytes.len() > 48_000).await;
    assert!(says(&feed.bytes, "content-type: audio/wav"));
    guest.end().await;
    feed.until("the end", |bytes| bytes.ends_with(b"0\r\n\r\n")).await;
}
