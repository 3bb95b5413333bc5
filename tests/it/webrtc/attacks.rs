//! Strangers, forgers and broken packets: dropped, counted, bounded; the call goes on.

use std::net::SocketAddr;
use std::time::Duration;

use voice_studio::conversation::AiSpeaker;
use voice_studio::faults::without;
use voice_studio::transport::webrtc::happening::Happening;
use voice_studio::transport::webrtc::path::{ADDRESSES_EVER_MAX, ADDRESSES_MAX};
use voice_studio::transport::webrtc::stun::{self, Kind};

use super::world::{SERVER, World, stun_message};
use voice_studio::simulation::dice::Dice;

const SECOND: Duration = Duration::from_secs(1);

/// A call of which everything that reached the studio is on tape, a second of it sound.
pub(crate) fn taped_call() -> World {
    let mut world = World::new(4);
    world.tape = Some(Vec::new());
    world.call();
    let seat = world.seated[0].seat;
    assert!(world.run(SECOND, |world| world.happened(Happening::Connected(seat)).is_some()));
    world.talk(0);
    world.run(SECOND, |_| false);
    world
}

pub(crate) fn goes_on(world: &mut World) {
    world.tape = None;
    world.arrived(0);
    let heard = world.seated[0].caller.heard.len();
    world.run(SECOND, |_| false);
    assert!(world.arrived(0) >= 48, "the host is not heard any more");
    assert!(world.seated[0].caller.heard.len() - heard >= 96, "the AIs are not heard any more");
    assert_eq!(world.exchange.seated(), 1);
}

#[test]
fn what_strangers_send_is_dropped_counted_and_kept_nowhere() {
    let mut world = taped_call();
    let tape = world.tape.take().unwrap();
    let known = world.exchange.known_addresses();
    let before = world.exchange.counts();
    let mut dice = Dice::new(3);
    let mut sent = 0;
    for n in 0..3_000_u32 {
        let stranger = SocketAddr::from(((0x0B00_0000 + n).to_be_bytes(), 9));
        let (_, datagram) = dice.pick(&tape).clone();
        world.exchange.input(&datagram, stranger, world.now);
        sent += 1;
    }
    let counts = world.exchange.counts();
    // Checks on tape are authentic; who repeats one within its time is answered, and gets no further.
    let dropped = counts.strangers - before.strangers;
    assert!(dropped > sent * 9 / 10, "{dropped} of {sent}");
    assert_eq!(counts.media, before.media);
    assert!(world.exchange.known_addresses() <= known + 8);
    goes_on(&mut world);
}

#[test]
fn what_comes_again_is_rejected_and_heard_once() {
    let mut world = taped_call();
    let tape = world.tape.take().unwrap();
    let before = world.exchange.counts();
    let [mut voices, mut records, mut answers] = [0; 3];
    for (from, datagram) in &tape {
        match stun::kind_of(datagram) {
            Kind::Srtp => voices += 1,
            Kind::Dtls => records += 1,
            Kind::Stun if !stun::is_request(datagram) => answers += 1,
            _ => {}
        }
        world.exchange.input(datagram, *from, world.now);
    }
    let counts = world.exchange.counts();
    assert!(voices >= 49 && records >= 2 && answers >= 1, "{voices} {records} {answers}");
    assert_eq!(counts.media, before.media, "a replayed packet was heard");
    assert_eq!(counts.reports, before.reports, "a replayed report was read");
    // A record that is answered by its flight's repetition was not dropped.
    let rejected = counts.rejected - before.rejected;
    assert!(
        (voices..=voices + records).contains(&rejected),
        "{rejected} of {voices} and {records}"
    );
    assert_eq!(counts.false_checks - before.false_checks, answers);
    goes_on(&mut world);
}

/// Forged handshake records, reports and answers, from the caller's own address: each is in a count.
#[test]
fn what_is_forged_is_counted_whatever_its_kind() {
    let mut world = taped_call();
    world.tape = None;
    let from = world.seated[0].public;
    let before = world.exchange.counts();
    let record = [&[23, 254, 253, 0, 1, 0, 0, 0, 0, 9, 9, 0, 40][..], &[7; 40]].concat();
    let report = [&[0x81, 201, 0, 7][..], &[7; 60]].concat();
    let marked = [&[0x80, 0x80 | 70, 0, 7][..], &[7; 60]].concat();
    for n in 0..50 {
        for datagram in [&record, &report, &marked, &stun_message(0x0101, &[n; 8])] {
            world.exchange.input(datagram, from, world.now);
        }
    }
    let counts = world.exchange.counts();
    assert_eq!(counts.rejected - before.rejected, 150, "records, reports, marked packets");
    assert_eq!(counts.false_checks - before.false_checks, 50);
    goes_on(&mut world);
}

/// Who has overheard a stream's number cannot make the studio try more than a bounded number of packets with its keys.
#[test]
fn forged_sound_from_elsewhere_is_tried_a_few_times() {
    let mut world = taped_call();
    let tape = world.tape.take().unwrap();
    let sound = tape.iter().rfind(|(_, datagram)| {
        stun::voice_of(datagram).is_some() && stun::kind_of(datagram) == Kind::Srtp
    });
    let (_, sound) = sound.unwrap();
    let known = world.exchange.known_addresses();
    let before = world.exchange.counts();
    for n in 0..1_000_u32 {
        let mut forged = sound.clone();
        forged[14] ^= 1;
        let from = SocketAddr::from(((0x0B00_0000 + n).to_be_bytes(), 9));
        world.exchange.input(&forged, from, world.now);
    }
    let counts = world.exchange.counts();
    let (tried, strange) = (counts.rejected - before.rejected, counts.strangers - before.strangers);
    assert_eq!((tried, strange), (100, 900), "tried with the listener's keys, and not looked at");
    assert_eq!(world.exchange.known_addresses(), known);
    goes_on(&mut world);
}

/// One listener's own, authentic check with another's address on it.
#[test]
fn a_listener_cannot_take_anothers_address() {
    let mut world = taped_call();
    world.tape = Some(Vec::new());
    let thief = world.call();
    let seat = world.seated[thief].seat;
    assert!(world.run(SECOND, |world| world.happened(Happening::Connected(seat)).is_some()));
    let own = world.seated[thief].public;
    let tape = world.tape.take().unwrap();
    let (_, check) =
        tape.iter().find(|(from, datagram)| *from == own && stun::is_request(datagram)).unwrap();
    let victim = world.seated[0].public;
    let before = world.exchange.counts();
    world.exchange.input(check, victim, world.now);
    assert_eq!(world.exchange.counts().false_checks - before.false_checks, 1);
    world.exchange.dismiss(seat, world.now);
    goes_on(&mut world);
}

#[test]
fn an_address_is_not_believed_for_a_forged_or_replayed_packet() {
    let mut world = taped_call();
    let tape = world.tape.take().unwrap();
    let forger = SocketAddr::from(([10, 6, 6, 6], 6));
    // The forger has overheard a check, which makes its address known, and repeats sound.
    for (_, datagram) in &tape {
        world.exchange.input(datagram, forger, world.now);
    }
    assert!(world.happened(Happening::Moved(world.seated[0].seat)).is_none());
    goes_on(&mut world);
    assert!(
        !world.happenings.iter().any(|(_, happening)| matches!(happening, Happening::Moved(_)))
    );
}

/// A check that was overheard, sent from this many addresses: datagrams in answer, and bytes that stay allocated for them.
fn overheard_from(addresses: u32) -> (u64, i64) {
    let mut world = taped_call();
    let tape = world.tape.take().unwrap();
    let (_, check) = tape.iter().find(|(_, datagram)| stun::is_request(datagram)).unwrap();
    let (mut answered, mut kept) = (0, 0);
    for n in 0..addresses {
        let from = SocketAddr::from(((0x0B00_0000 + n).to_be_bytes(), 9));
        let now = world.now;
        kept +=
            allocation_counter::measure(|| world.exchange.input(check, from, now)).bytes_current;
        while let Some((to, _)) = world.exchange.poll_datagram() {
            answered += u64::from(to.address == from);
        }
    }
    assert!(world.exchange.known_addresses() <= ADDRESSES_MAX);
    goes_on(&mut world);
    (answered, kept)
}

/// The stack keeps every address from which an authentic check came, and asks it back.
#[test]
fn a_check_that_was_overheard_and_comes_from_everywhere_is_answered_a_few_times() {
    let (answered, kept) = overheard_from(2_000);
    println!("2000 repeated checks: {answered} datagrams in answer, {kept} bytes kept");
    // A success and a check back for each address that is believed.
    assert!(answered <= 2 * ADDRESSES_EVER_MAX as u64, "{answered}");
    let _out = without("addresses");
    let (all, more) = overheard_from(2_000);
    println!("without a bound: {all} datagrams, {more} bytes");
    assert!(all >= 4_000 && more > 4 * kept, "{all} datagrams, {more} bytes");
}

/// Every kind of datagram of a call, mutated by seed: bits, cuts, glue, from the caller's own address.
#[test]
fn broken_packets_change_nothing() {
    for seed in 1..=4 {
        let mut world = taped_call();
        let tape = world.tape.take().unwrap();
        let mut dice = Dice::new(seed);
        for _ in 0..4_000 {
            let (from, mut datagram) = dice.pick(&tape).clone();
            mutate(&mut datagram, &mut dice);
            let from = if dice.chance(80) { from } else { SocketAddr::from(([10, 5, 5, 5], 5)) };
            world.exchange.input(&datagram, from, world.now);
            if dice.chance(2) {
                world.exchange.pass_time(world.now);
            }
        }
        assert_eq!(world.exchange.seated(), 1, "seed {seed}");
        assert!(world.exchange.known_addresses() <= 8, "seed {seed}");
        goes_on(&mut world);
    }
}

/// The same before and during the handshake, from a caller that never gets any further.
#[test]
fn broken_handshakes_leave_others_alone() {
    let mut world = taped_call();
    let tape = world.tape.take().unwrap();
    let mut dice = Dice::new(9);
    let victim = world.call();
    world.seated[victim].is_cut_off = true;
    let from = world.seated[victim].public;
    for _ in 0..4_000 {
        let (_, mut datagram) = dice.pick(&tape).clone();
        mutate(&mut datagram, &mut dice);
        world.exchange.input(&datagram, from, world.now);
    }
    world.seated[victim].is_cut_off = false;
    world.play(0, AiSpeaker::Claude, 1, 0);
    world.tape = None;
    world.arrived(0);
    world.run(SECOND, |_| false);
    assert!(world.arrived(0) >= 48);
}

#[test]
fn noise_of_every_length_and_first_byte_is_survived() {
    let mut world = taped_call();
    world.tape = None;
    let mut dice = Dice::new(21);
    let from = world.seated[0].public;
    for first in 0..=255_u8 {
        for length in [0, 1, 2, 4, 12, 13, 14, 19, 20, 21, 40, 200, 1_500] {
            let mut datagram: Vec<u8> =
                (0..length).map(|_| u8::try_from(dice.between(0, 255)).unwrap()).collect();
            if let Some(byte) = datagram.first_mut() {
                *byte = first;
            }
            for from in [from, SERVER, SocketAddr::from(([1, 2, 3, 4], 5))] {
                world.exchange.input(&datagram, from, world.now);
            }
        }
    }
    goes_on(&mut world);
}

fn mutate(datagram: &mut Vec<u8>, dice: &mut Dice) {
    for _ in 0..dice.between(1, 4) {
        if datagram.is_empty() {
            return;
        }
        let last = datagram.len() as u64 - 1;
        let at = usize::try_from(dice.between(0, last)).unwrap();
        match dice.between(0, 5) {
            0 => datagram[at] ^= 1 << dice.between(0, 7),
            1 => datagram[at] = u8::try_from(dice.between(0, 255)).unwrap(),
            2 => datagram.truncate(at),
            3 => datagram.extend(vec![0xFF; at % 64]),
            4 => {
                let tail = datagram.split_off(at);
                datagram.extend(tail.iter().rev());
            }
            // Lengths lie at the beginning of everything.
            _ => {
                let at = at.min(24);
                if let Some(byte) = datagram.get_mut(at) {
                    *byte =
                        u8::try_from(*dice.pick(&[0_u64, 1, 0x7F, 0x80, 0xFE, 0xFF])).unwrap_or(0);
                }
            }
        }
    }
}
