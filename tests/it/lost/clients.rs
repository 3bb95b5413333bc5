//! Clients that misbehave: they get a reason where they can hear one, cost what they may, and keep nobody from being on
//! time. (Floods, deaf listeners, pings and giant frames are in `websocket`.)

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use voice_studio::client::{Client, RawFrame, Received};
use voice_studio::conversation::Speaker;
use voice_studio::recording::{Event, read_events};
use voice_studio::transport::protocol::{ClientMessage, Hello, HostAudio, ServerMessage};
use voice_studio::transport::websocket::Patience;

use crate::support::comes;
use crate::support::page::Page;
use crate::support::stand_ins::StandIns;
use crate::support::studio::{Opening, Studio};
use crate::support::web::handshake_text;

/// Connections that say nothing, each costing a file descriptor on either side.
const IDLE: usize = 1_000;

fn stand_ins() -> StandIns {
    let sentence = "This is a sentence that goes on for a while so that its sound can be late.";
    StandIns::new(&[], &[sentence])
}

fn hello(episode: &str) -> Hello {
    Hello { episode_id: episode.to_owned(), ..Hello::default() }
}

/// A page that hears the AIs talk until `over`; its sound must not be late.
async fn is_on_time(studio: &Studio, over: watch::Receiver<bool>) {
    let mut page = Page::new("on-time".to_owned());
    let mut client = Client::connect(studio.address()).await.expect("a connection");
    page.sit(&mut client, |_| *over.borrow()).await;
    let counts = page.player.counts();
    assert_eq!((counts.underruns, counts.dropped), (0, 0));
}

/// Reads until the other side ends the connection.
async fn to_the_end(socket: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A reset is an end as well.
    drop(comes("the end", socket.read_to_end(&mut bytes)).await);
    bytes
}

#[actix::test]
async fn a_thousand_idle_connections_and_a_slow_drip_are_closed_and_neighbours_stay_on_time() {
    let patience = Patience { hello: Duration::from_secs(2), ..Patience::default() };
    let studio = Opening::of(stand_ins()).waiting(patience).start().await;
    let (stop, over) = watch::channel(false);
    let crowd = async {
        let mut idle = Vec::new();
        for number in 0..IDLE {
            let mut socket = TcpStream::connect(studio.address()).await.expect("a connection");
            match number % 3 {
                // Not a byte; half a request; a whole handshake and then nothing.
                0 => {}
                1 => socket.write_all(b"GET /ws HTTP/1.1\r\nHost: x").await.expect("sent"),
                _ => socket
                    .write_all(handshake_text(studio.address()).as_bytes())
                    .await
                    .expect("sent"),
            }
            idle.push(socket);
        }
        // One byte at a time, for as long as the studio lets it.
        let mut drip = TcpStream::connect(studio.address()).await.expect("a connection");
        let text = handshake_text(studio.address());
        let mut tick = tokio::time::interval(Duration::from_millis(100));
        for byte in text.bytes().cycle() {
            tick.tick().await;
            let mut answer = [0; 256];
            let has_ended = drip.try_read(&mut answer).is_ok();
            if has_ended || drip.write_all(&[byte]).await.is_err() {
                break;
            }
        }
        for (number, socket) in idle.iter_mut().enumerate() {
            let said = to_the_end(socket).await;
            if number % 3 == 2 {
                let said = String::from_utf8_lossy(&said).into_owned();
                assert!(said.contains("hello_missing"), "a reason on the wire: {said}");
            }
        }
        stop.send_replace(true);
    };
    tokio::join!(is_on_time(&studio, over), crowd);
}

#[actix::test]
async fn fragments_without_end_are_refused_with_their_size() {
    let studio = Studio::start(stand_ins()).await;
    let mut socket = TcpStream::connect(studio.address()).await.expect("a connection");
    socket.write_all(handshake_text(studio.address()).as_bytes()).await.expect("sent");
    // A text frame that never says it is the last, 1 KiB at a time, masked with zeros.
    let mut fragment = vec![0x01, 0x80 | 126, 0x04, 0x00, 0, 0, 0, 0];
    fragment.extend(vec![b'x'; 1024]);
    let (mut heard, mut told) = socket.into_split();
    let reading = async {
        let mut bytes = Vec::new();
        // A reset is an end as well.
        drop(comes("the end", heard.read_to_end(&mut bytes)).await);
        bytes
    };
    let sending = async {
        while told.write_all(&fragment).await.is_ok() {
            fragment[0] = 0x00;
        }
        std::future::pending::<()>().await;
    };
    let said = tokio::select! {
        bytes = reading => String::from_utf8_lossy(&bytes).into_owned(),
        () = sending => unreachable!("it sends until the other side ends"),
    };
    assert!(said.contains("frame_too_large"), "a reason on the wire: {said}");
}

#[actix::test]
async fn a_message_in_many_fragments_and_one_byte_at_a_time_is_understood() {
    let studio = Studio::start(stand_ins()).await;
    let mut socket = TcpStream::connect(studio.address()).await.expect("a connection");
    socket.write_all(handshake_text(studio.address()).as_bytes()).await.expect("sent");
    let text = br#"{"type":"hello","participantName":"Sam","episodeId":"crumbs"}"#;
    for (index, byte) in text.iter().enumerate() {
        let last = if index + 1 == text.len() { 0x80 } else { 0 };
        let code = u8::from(index == 0);
        for piece in [last | code, 0x81, 0, 0, 0, 0, *byte] {
            socket.write_all(&[piece]).await.expect("sent");
        }
    }
    let mut heard = Vec::new();
    while !String::from_utf8_lossy(&heard).contains("state.snapshot") {
        let mut part = [0; 2048];
        let count = comes("the session", socket.read(&mut part)).await.expect("a frame");
        assert!(count > 0, "{}", String::from_utf8_lossy(&heard));
        heard.extend_from_slice(&part[..count]);
    }
}

#[actix::test]
async fn a_client_that_talks_too_fast_is_told_so_and_its_neighbour_stays_on_time() {
    let studio = Studio::start(stand_ins()).await;
    let (stop, over) = watch::channel(false);
    let flood = async {
        let mut guest = studio.join(hello("flood")).await;
        guest.snapshot().await;
        let frame = HostAudio {
            sequence: 0,
            capture_sample: 0,
            muted: false,
            payload: vec![0; 1920].into(),
        };
        for _ in 0..20_000 {
            guest.client.send_sound(&frame).await.expect("the connection goes on");
        }
        assert_eq!(guest.error().await, "too_fast");
        for _ in 0..20_000 {
            // A connection that was closed for it takes no more, which is in order as well.
            if guest.client.say(&ClientMessage::RequestState).await.is_err() {
                break;
            }
        }
        stop.send_replace(true);
    };
    tokio::join!(is_on_time(&studio, over), flood);
}

#[actix::test]
async fn a_half_open_connection_is_found_out_and_its_session_waits_for_its_listener() {
    let patience = Patience {
        ping: Duration::from_millis(50),
        dead: Duration::from_millis(400),
        ..Patience::default()
    };
    let studio = Opening::of(stand_ins()).waiting(patience).start().await;
    // It is there and answers nothing, not even a ping: its program hangs, or its cable is out.
    let mut socket = TcpStream::connect(studio.address()).await.expect("a connection");
    socket.write_all(handshake_text(studio.address()).as_bytes()).await.expect("sent");
    let text = br#"{"type":"hello","episodeId":"half-open"}"#;
    let mut frame = vec![0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0];
    frame.extend(text);
    socket.write_all(&frame).await.expect("sent");
    let said = String::from_utf8_lossy(&to_the_end(&mut socket).await).into_owned();
    let token = said.split("\"resumeToken\":\"").nth(1).and_then(|rest| rest.split('"').next());
    let token = token.expect("a token").to_owned();
    let again = Hello { resume_token: Some(token), last_seq: Some(0), ..Hello::default() };
    let mut client = Client::connect(studio.address()).await.expect("a connection");
    client.say(&ClientMessage::Hello(again)).await.expect("sent");
    let Received::Message(first) = comes("a word", client.next()).await.expect("readable") else {
        panic!("no word")
    };
    assert!(first.seq > 0, "{first:?}");
    let end = RawFrame::Text(r#"{"type":"client.end"}"#.to_owned());
    client.send_raw(end).await.expect("sent");
    comes("the recording", async {
        while !matches!(client.next().await, Ok(Received::Message(numbered))
            if matches!(numbered.message, ServerMessage::RecordingReady { .. }))
        {}
    })
    .await;
}

#[actix::test]
async fn a_counter_that_jumps_and_runs_back_costs_no_more_than_a_hole_with_its_cause() {
    let studio = Studio::start(stand_ins()).await;
    let mut guest = studio.join(hello("jumps")).await;
    guest.snapshot().await;
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let counters = (0..25)
        .map(|index| index * 960)
        .chain((0..25).map(|index| 960 * 100_000 + index * 960))
        .chain((0..25).map(|index| index * 960))
        .chain([u64::MAX, u64::MAX - 960, 0]);
    for (sequence, capture_sample) in (0..).zip(counters) {
        tick.tick().await;
        let payload = vec![1; 1920].into();
        let frame = HostAudio { sequence, capture_sample, muted: false, payload };
        guest.client.send_sound(&frame).await.expect("the connection goes on");
    }
    guest.is_well().await;
    assert_eq!(guest.end().await, "jumps");
    let log = read_events(&studio.recordings().join("jumps/events.jsonl")).expect("a log");
    let events: Vec<Event> = log.map(|event| event.expect("a whole line")).collect();
    crate::support::log::check_log(&events);
    assert!(events.iter().any(|event| event.kind == "clock.epoch"), "the jump was noticed");
    for event in events.iter().filter(|event| event.kind == "recorder.gap") {
        let length = event.fields["lenMs"].as_u64().expect("a length");
        assert!(length < 10_000, "a hole of {length} ms in a session of two seconds");
    }
}

/// A listener whose sound is told faster than time passes, or late, has it put one behind the other; the last of it reaches
/// beyond the end of the session, which waits for it.
#[actix::test]
async fn what_was_heard_is_whole_though_it_was_told_late_and_the_session_ends() {
    const SENTENCE: &str = "This is a sentence that goes on for a while and is told at once.";
    let studio = Studio::start(StandIns::new(&[], &[SENTENCE])).await;
    let mut guest = studio.join(Hello { reports: true, ..Hello::default() }).await;
    guest.say(ClientMessage::Say { text: "Ada, what is a moon?".to_owned() }).await;
    let mut heard = 0;
    loop {
        match guest.next().await {
            Received::Sound(frame) => {
                heard = frame.first_sample + frame.samples.len() as u64;
                guest
                    .say(ClientMessage::Playout {
                        speaker: frame.speaker,
                        turn: frame.turn,
                        played_samples: heard,
                        capture_sample: None,
                        flushed: false,
                        stalled: false,
                        clock: None,
                    })
                    .await;
            }
            // The reply's times are told when its turn is over.
            Received::Message(numbered) => {
                if matches!(numbered.message, ServerMessage::Metrics(_)) {
                    break;
                }
            }
            Received::Closed { code, reason } => panic!("closed with {code} {reason}"),
        }
    }
    let dir = studio.recordings().join(guest.end().await);
    let track = crate::recording::decode(&dir, Speaker::Claude);
    let voiced = track.chunks(480).filter(|part| part.iter().any(|sample| sample.abs() > 300));
    let (voiced_ms, heard_ms) = (voiced.count() as u64 * 10, heard / 48);
    println!("{heard_ms} ms were heard, {voiced_ms} ms are on the track");
    assert!(voiced_ms * 100 > heard_ms * 85 && heard_ms > 3_000, "{voiced_ms} of {heard_ms} ms");
}
