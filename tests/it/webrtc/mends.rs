//! Each mend of what the stack does not do as a server with one port needs it, taken out: what breaks then. With the mends
//! in place the same calls are in `calls.rs`.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use voice_studio::conversation::AiSpeaker;
use voice_studio::faults::without;
use voice_studio::transport::webrtc::guarded::Guarded;
use voice_studio::transport::webrtc::happening::{Farewell, Happening};
use voice_studio::transport::webrtc::peer::{OfferError, Peer, PeerEvent, Voice};
use voice_studio::transport::webrtc::remote::Remote;
use voice_studio::transport::webrtc::stun;

use super::world::{World, stun_message};
use crate::support::caller::Caller;

const SECOND: Duration = Duration::from_secs(1);

/// How long a fresh caller waits until sound may flow both ways; `None` for more than five seconds.
fn connects_after() -> Option<Duration> {
    let mut world = World::new(1);
    world.call();
    let seat = world.seated[0].seat;
    let is_up = |world: &World| {
        world.seated[0].caller.is_connected && world.happened(Happening::Connected(seat)).is_some()
    };
    world.run(SECOND * 5, is_up).then(|| world.elapsed())
}

fn call() -> World {
    let mut world = World::new(2);
    world.call();
    let seat = world.seated[0].seat;
    assert!(world.run(SECOND, |world| world.happened(Happening::Connected(seat)).is_some()));
    world.talk(0);
    world.run(SECOND * 3, |_| false);
    world
}

#[test]
fn without_held_handshakes_a_call_begins_by_the_clients_timer() {
    let whole = connects_after().expect("a connection");
    let _out = without("held-dtls");
    // The caller's OpenSSL repeats a handshake by the true clock, of which next to nothing passes here.
    let slow = connects_after();
    println!("connected after {whole:?}, without held handshakes {slow:?}");
    assert!(slow.is_none_or(|slow| slow > whole + Duration::from_millis(200)), "{slow:?}");
}

#[test]
fn without_the_repeated_nomination_a_call_begins_with_the_next_one() {
    let whole = connects_after().expect("a connection");
    let _out = without("nomination");
    let slow = connects_after().expect("a connection");
    println!("connected after {whole:?}, without the repeated nomination {slow:?}");
    assert!(slow > whole + Duration::from_millis(200), "{slow:?} against {whole:?}");
}

#[test]
fn without_a_look_at_dtls_a_good_bye_is_not_heard() {
    let mut world = call();
    let _out = without("hung-up");
    world.seated[0].caller.close();
    let gone = Happening::Gone(world.seated[0].seat, Farewell::HungUp);
    assert!(!world.run(SECOND * 5, |world| world.happened(gone).is_some()));
    assert_eq!(world.exchange.seated(), 1, "sound goes on to nobody");
}

/// The ways of an answer's sections: microphone, first AI, second AI.
fn directions(answer: &str) -> Vec<&str> {
    let ways = ["a=recvonly", "a=sendonly", "a=sendrecv", "a=inactive"];
    let of = |section: &str| ways.into_iter().find(|way| section.contains(way)).unwrap_or_default();
    answer.split("m=audio").skip(1).map(of).collect()
}

fn answer() -> String {
    let mut world = World::new(1);
    let (_, offer) = Caller::new(SocketAddr::from(([10, 0, 1, 1], 5_000)), world.now);
    world.admit(&offer, 0, &std::sync::Arc::default()).expect("an answer").1
}

const WANTED: [&str; 3] = ["a=recvonly", "a=sendonly", "a=sendonly"];

#[test]
fn without_tracks_that_are_there_first_the_sections_do_not_send_what_they_should() {
    assert_eq!(directions(&answer()), WANTED);
    let _out = without("two-tracks-first");
    let late = answer();
    println!("tracks added after the offer was read: {:?}", directions(&late));
    assert_ne!(directions(&late), WANTED);
}

/// With transport-wide feedback browsers probe the line with empty packets in the voice.
#[test]
fn transport_wide_feedback_is_not_negotiated() {
    let answer = answer();
    assert!(!answer.contains("transport-cc") && !answer.contains("transport-wide-cc"), "{answer}");
}

#[test]
fn without_a_path_that_follows_nothing_comes_down_after_a_change_of_port() {
    let mut world = call();
    let _out = without("path");
    world.seated[0].public = SocketAddr::from(([10, 9, 9, 9], 60_001));
    world.run(SECOND, |_| false);
    let before = world.seated[0].caller.heard.len();
    world.run(SECOND * 10, |_| false);
    assert_eq!(world.seated[0].caller.heard.len(), before);
}

#[test]
fn without_patience_a_caller_who_moved_is_hung_up_on_after_half_a_minute() {
    let _out = without("patience");
    let mut world = call();
    world.seated[0].public = SocketAddr::from(([10, 9, 9, 9], 60_001));
    let gone = Happening::Gone(world.seated[0].seat, Farewell::HungUp);
    assert!(world.run(SECOND * 45, |world| world.happened(gone).is_some()));
    println!("hung up on {:?} after its call began", world.elapsed());
}

/// Names are the stack's own, so a restart takes new ones, as ICE asks for.
#[test]
fn a_restart_takes_a_new_name_and_a_new_password() {
    let mut world = call();
    let of = |answer: &str, what: &str| {
        answer.lines().find(|line| line.starts_with(what)).expect("an attribute").to_owned()
    };
    let restart = |world: &mut World| {
        let offer = world.seated[0].caller.restart();
        let (seat, now) = (world.seated[0].seat, world.now);
        let answer = world.exchange.renegotiate(seat, &offer, now).expect("an answer");
        world.seated[0].caller.accept(&answer);
        world.run(SECOND * 2, |_| false);
        answer
    };
    let first = restart(&mut world);
    let second = restart(&mut world);
    for what in ["a=ice-ufrag:", "a=ice-pwd:"] {
        assert_ne!(of(&first, what), of(&second, what));
    }
}

/// A check that anybody can send who has heard our name, and that says that we are to lead.
fn check_that_turns_roles(name: &str) -> Vec<u8> {
    let name = format!("{name}:them");
    let mut body = vec![0, 6];
    body.extend(u16::try_from(name.len()).expect("short").to_be_bytes());
    body.extend(name.as_bytes());
    body.resize(body.len().next_multiple_of(4), 0);
    // ICE-CONTROLLED with the lowest number there is: ours is higher.
    body.extend([0x80, 0x29, 0, 8]);
    body.extend([0; 8]);
    stun_message(0x0001, &body)
}

/// An offer of a caller with one more candidate in each section.
fn offer_with(candidate: &str, now: Instant) -> String {
    let (_, offer) = Caller::new(SocketAddr::from(([10, 0, 1, 1], 5_000)), now);
    offer.replace("a=mid:", &format!("a=candidate:{candidate}\r\na=mid:"))
}

/// Datagrams to the address of somebody else that an offer names, while somebody sends forged checks.
fn sent_to_a_victim() -> usize {
    let victim = SocketAddr::from(([203, 0, 113, 9], 9));
    let mut world = World::new(1);
    let offer = offer_with("1 1 udp 2130706431 203.0.113.9 9 typ host", world.now);
    let (_, answer) = world.admit(&offer, 0, &std::sync::Arc::default()).expect("an answer");
    let name = answer.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:")).expect("a name");
    let forged = check_that_turns_roles(name.trim());
    let mut sent = 0;
    for _ in 0..50 {
        world.now += Duration::from_millis(100);
        world.exchange.input(&forged, SocketAddr::from(([10, 6, 6, 6], 6)), world.now);
        world.exchange.pass_time(world.now);
        while let Some((to, _)) = world.exchange.poll_datagram() {
            sent += usize::from(to.address == victim);
        }
    }
    sent
}

/// Whoever sends an offer names no address that then gets packets.
#[test]
fn candidates_of_an_offer_are_sent_nothing() {
    assert_eq!(sent_to_a_victim(), 0);
    // Either mend is enough for this.
    {
        let _out = without("roles");
        assert_eq!(sent_to_a_victim(), 0);
    }
    {
        let _out = without("candidates-left-out");
        assert_eq!(sent_to_a_victim(), 0);
    }
    let _out = (without("roles"), without("candidates-left-out"));
    let sent = sent_to_a_victim();
    println!("with candidates and with roles that turn: {sent} datagrams to the victim in 5 s");
    assert!(sent > 0);
}

/// A candidate may name a host (RFC 8839, section 5.1), and whoever cannot look it up has to ignore it.
#[test]
fn without_leaving_candidates_out_an_offer_that_names_a_host_is_refused() {
    let answered = || {
        let mut world = World::new(1);
        let offer = offer_with("1 1 udp 2130706431 mona.example.org 9 typ host", world.now);
        world.admit(&offer, 0, &std::sync::Arc::default()).is_ok()
    };
    assert!(answered());
    let _out = without("candidates-left-out");
    assert!(!answered());
}

/// How long a caller waits until sound may flow both ways, when somebody who overheard its first check sends one that
/// turns roles.
fn connects_beside_a_forger() -> Option<Duration> {
    let mut world = World::new(1);
    world.tape = Some(Vec::new());
    world.call();
    let overheard = |world: &World| world.tape.as_ref().and_then(|tape| tape.first()).cloned();
    assert!(world.run(SECOND, |world| overheard(world).is_some()));
    let (_, check) = overheard(&world).expect("a check");
    let forged = check_that_turns_roles(stun::addressee(&check).expect("a name"));
    world.exchange.input(&forged, SocketAddr::from(([10, 6, 6, 6], 6)), world.now);
    let seat = world.seated[0].seat;
    let is_up = |world: &World| {
        world.seated[0].caller.is_connected && world.happened(Happening::Connected(seat)).is_some()
    };
    world.run(SECOND * 5, is_up).then(|| world.elapsed())
}

/// Calls that are tried. Whose number breaks the tie is chance, and only one of the two ways costs a second: that none of
/// so many goes that way happens once in 2³² runs.
const FORGED_CALLS: u32 = 32;

#[test]
fn without_roles_that_stay_a_forged_check_keeps_a_call_from_beginning() {
    let slowest =
        || (0..FORGED_CALLS).map(|_| connects_beside_a_forger().unwrap_or(SECOND * 5)).max();
    let whole = slowest().expect("calls");
    assert!(whole < Duration::from_millis(50), "{whole:?}");
    let _out = without("roles");
    let turned = slowest().expect("calls");
    println!("connected after at most {whole:?} beside a forger, where roles turn {turned:?}");
    assert!(turned > whole + Duration::from_millis(200), "{turned:?}");
}

/// A stack that panics at the first packet.
#[derive(Debug)]
struct Fragile;

impl Peer for Fragile {
    fn answer(&mut self, _offer: &str, _now: Instant) -> Result<String, OfferError> {
        Ok(String::new())
    }

    fn input(&mut self, _datagram: &[u8], _from: Remote, _now: Instant) {
        panic!("the test's stack breaks");
    }

    fn pass_time(&mut self, _now: Instant) {}

    fn next_timeout(&mut self) -> Option<Instant> {
        None
    }

    fn poll_datagram(&mut self) -> Option<(Remote, BytesMut)> {
        None
    }

    fn poll_event(&mut self, _now: Instant) -> Option<PeerEvent> {
        None
    }

    fn send(&mut self, _speaker: AiSpeaker, _voice: Voice, _now: Instant) -> bool {
        true
    }

    fn close(&mut self, _now: Instant) {}
}

#[test]
fn a_stack_that_panics_is_over_and_says_so_once() {
    let world = World::new(1);
    let mut peer = Guarded::new(Fragile);
    assert!(peer.answer("", world.now).is_ok());
    peer.input(&[0; 20], SocketAddr::from(([10, 0, 0, 2], 1)).into(), world.now);
    assert_eq!(peer.poll_event(world.now), Some(PeerEvent::Broken));
    assert_eq!(peer.poll_event(world.now), None);
    assert!(peer.answer("", world.now).is_err());
    let voice = Voice { sequence: 0, timestamp: 0, begins: false, payload: bytes::Bytes::new() };
    assert!(!peer.send(AiSpeaker::Claude, voice, world.now), "it is not asked again");
}
