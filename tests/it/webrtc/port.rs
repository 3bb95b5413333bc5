//! The one port from outside: what a listener is told of it, and what its counters say of strangers.

use serde_json::Value;
use tokio::net::UdpSocket;
use voice_studio::transport::protocol::{Hello, ServerMessage};

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
}
