//! The WebRTC port: whatever a datagram holds and whoever sends it, the call that runs goes on; whatever an offer holds, it
//! is answered or refused.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::sync::Arc;

use super::{RUNS_IN_MEMORY, Seeds, fuzz};
use crate::support::caller::Caller;
use crate::webrtc::attacks::{goes_on, taped_call};
use crate::webrtc::world::World;

/// After so many datagrams the call is looked after.
const LOOK_EVERY: u32 = 1_000;

/// More than a world of this fuzz ever knows: the caller's own and what a repeated check brings.
const ADDRESSES_MAX: usize = 8;

#[test]
fn datagrams_of_stun_dtls_and_rtp() {
    let mut world = taped_call();
    let tape = world.tape.take().expect("a tape");
    let seeds = Seeds::of_bytes(tape.iter().map(|(_, datagram)| datagram.clone()));
    let own = world.seated[0].public;
    let stranger = SocketAddr::from(([10, 5, 5, 5], 5));
    let world = RefCell::new((world, 0));
    fuzz("packets", RUNS_IN_MEMORY, &seeds, |bytes| {
        let (world, given) = &mut *world.borrow_mut();
        let now = world.now;
        // From the caller's own address most of all: a stranger's get no further than a look-up.
        let from = if *given % 5 == 0 { stranger } else { own };
        world.exchange.input(bytes, from, now);
        *given += 1;
        if *given % LOOK_EVERY == 0 {
            assert!(world.exchange.known_addresses() <= ADDRESSES_MAX);
            assert_eq!(world.exchange.counts().broken, 0);
            goes_on(world);
        }
    });
    let (mut world, _) = world.into_inner();
    let counts = world.exchange.counts();
    println!(
        "packets: {} datagrams, {} of strangers, {} rejected, {} false checks",
        counts.datagrams, counts.strangers, counts.rejected, counts.false_checks
    );
    assert!(counts.strangers > 0 && counts.rejected > 0 && counts.false_checks > 0);
    goes_on(&mut world);
}

#[test]
fn offers() {
    let now = World::new(1).now;
    let offer = |port| Caller::new(SocketAddr::from(([10, 0, 1, 1], port)), now).1.into_bytes();
    let seeds = Seeds::of_bytes([offer(5_000), offer(65_000)]);
    // Each run makes a peer, which costs a certificate.
    fuzz("offers", RUNS_IN_MEMORY / 10, &seeds, |bytes| {
        let mut world = World::new(1);
        match world.admit(&String::from_utf8_lossy(bytes), 0, &Arc::default()) {
            Ok((_, answer)) => {
                assert!(answer.contains("a=ice-lite"));
                assert_eq!(world.exchange.seated(), 1);
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                assert_eq!(world.exchange.seated(), 0);
            }
        }
        assert_eq!(world.exchange.counts().broken, 0);
    });
}
