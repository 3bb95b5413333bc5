//! The one port from outside: what a listener is told of it, and what its counters say of strangers.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use voice_studio::transport::protocol::{ClientMessage, Hello, ServerMessage};

use crate::support::caller::Caller;
use crate::support::comes;
use crate::support::stand_ins::StandIns;
use crate::support::studio::{Opening, Studio};

const ANSWER: &str = "A moon is a rock.";

async fn counters(studio: &Studio) -> Value {
    let health: Value = serde_json::from_slice(&studio.get("/health").await.body).expect("JSON");
    health["webrtc"].clone()
}

#[actix::test]
async fn a_turn_server_is_handed_to_the_listener() {
    let opening = Opening::of(StandIns::new(&[], &[ANSWER]))
        .with("STUDIO_TURN_URL", "turn:turn.example.org:3478")
        .with("STUDIO_TURN_USERNAME", "studio")
        .with("STUDIO_TURN_CREDENTIAL", "a-shared-word");
    let studio = opening.start().await;
    let mut guest = studio.join(Hello::default()).await;
    let servers = guest
        .first("webrtc.ready", |message| match message {
            ServerMessage::MediaReady { ice_servers } => Some(ice_servers.clone()),
            _ => None,
        })
        .await;
    let [server] = servers.as_slice() else { panic!("{servers:?}") };
    assert_eq!(server.urls, "turn:turn.example.org:3478");
    assert_eq!(server.username.as_deref(), Some("studio"));
    assert_eq!(server.credential.as_deref(), Some("a-shared-word"));
}

/// A listener that knows what it wants does not wait to be asked.
#[actix::test]
async fn an_offer_that_comes_with_hello_is_answered() {
    let studio = Studio::start(StandIns::new(&[], &[ANSWER])).await;
    let now = tokio::time::Instant::now().into_std();
    let (_, sdp) = Caller::new(SocketAddr::from(([127, 0, 0, 1], 5_000)), now);
    let mut guest = studio.join(Hello::default()).await;
    guest.say(ClientMessage::MediaOffer { sdp, restart: false, offer: 7 }).await;
    let answer = guest.first("webrtc.answer", |message| match message {
        ServerMessage::MediaAnswer { sdp, offer: 7 } => Some(sdp.clone()),
        _ => None,
    });
    assert!(answer.await.contains("a=ice-lite"));
}

/// Two offers under way at once, as of a host who plays with the switch: the second takes the first one's seat.
#[actix::test]
async fn an_offer_that_overtakes_another_leaves_one_seat() {
    let studio = Studio::start(StandIns::new(&[], &[ANSWER])).await;
    let now = tokio::time::Instant::now().into_std();
    let mut guest = studio.join(Hello::default()).await;
    for offer in [7, 8] {
        let (_, sdp) = Caller::new(SocketAddr::from(([127, 0, 0, 1], 5_000)), now);
        guest.say(ClientMessage::MediaOffer { sdp, restart: false, offer }).await;
    }
    let second = guest.first("webrtc.answer", |message| match message {
        ServerMessage::MediaAnswer { offer: 8, .. } => Some(()),
        _ => None,
    });
    second.await;
    comes("one seat", async { while counters(&studio).await["listeners"] != 1 {} }).await;
}

/// Whoever opens a stream and says nothing of ours on it is shown the door; the port is not used up by it.
#[actix::test]
async fn streams_of_strangers_are_bounded_and_counted() {
    let opening = Opening::of(StandIns::new(&[], &[ANSWER])).with("STUDIO_MAX_SESSIONS", "2");
    let studio = opening.start().await;
    let port = counters(&studio).await["port"].as_u64().expect("a port");
    let port = u16::try_from(port).expect("a port");
    let mut streams = Vec::new();
    // Two for each seat.
    for _ in 0..6 {
        streams.push(TcpStream::connect(("127.0.0.1", port)).await.expect("a stream"));
    }
    comes("the counters", async { while counters(&studio).await["refusedStreams"] != 2 {} }).await;
    // A frame of noise is a stranger's datagram; one that is too long ends its stream.
    streams[0].write_all(&[0, 4, 1, 2, 3, 4]).await.expect("written");
    comes("the counters", async { while counters(&studio).await["strangers"] != 1 {} }).await;
    streams[1].write_all(&[0xFF, 0xFF, 1]).await.expect("written");
    let mut byte = [0; 1];
    let end = streams[1].read(&mut byte);
    assert_eq!(comes("the end", end).await.expect("in order"), 0);
}

#[actix::test]
async fn what_strangers_send_to_the_port_shows_in_health() {
    let studio = Studio::start(StandIns::new(&[], &[ANSWER])).await;
    let before = counters(&studio).await;
    assert_eq!((&before["strangers"], &before["listeners"]), (&0.into(), &0.into()));
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
    let port = u16::try_from(before["port"].as_u64().expect("a port")).expect("a port");
    let mut stun = vec![0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42];
    stun.extend([7; 12]);
    let media = [&[0x80, 111, 0, 1][..], &[0; 60]].concat();
    let handshake = [&[22, 0xFE, 0xFD][..], &[0; 40]].concat();
    for datagram in [&stun[..], &media, &handshake, b"hello"] {
        socket.send_to(datagram, ("127.0.0.1", port)).await.expect("sent");
    }
    comes("the counters", async { while counters(&studio).await["strangers"] != 4 {} }).await;
    let after = counters(&studio).await;
    assert_eq!((&after["datagrams"], &after["heard"]), (&4.into(), &0.into()));
    let figures = String::from_utf8(studio.get("/metrics").await.body.to_vec()).expect("text");
    for line in [
        "studio_webrtc_datagrams_total 4",
        "studio_webrtc_dropped_datagrams_total{reason=\"stranger\"} 4",
        "studio_webrtc_dropped_datagrams_total{reason=\"rejected\"} 0",
        "studio_webrtc_dropped_datagrams_total{reason=\"false_check\"} 0",
        "studio_webrtc_refused_streams_total 0",
        "studio_webrtc_broken_peers_total 0",
    ] {
        assert!(figures.lines().any(|said| said == line), "{line} in {figures}");
    }
}
