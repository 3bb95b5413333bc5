//! Calls in virtual time: they begin at once, last, move, and end; and each workaround for the stack has its test.

use std::sync::Arc;
use std::time::Duration;

use voice_studio::conversation::{AiSpeaker, TurnId};
use voice_studio::transport::webrtc::exchange::{CONNECT_LIMIT, SILENT_LIMIT};
use voice_studio::transport::webrtc::happening::{Farewell, Happening};
use voice_studio::transport::webrtc::peer::OfferError;

use super::world::{SERVER, World};
use crate::support::caller::Caller;

const SECOND: Duration = Duration::from_secs(1);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A world with one call that is up and whose caller talks.
fn call() -> World {
    let mut world = World::new(8);
    world.call();
    assert!(world.run(SECOND, |world| is_up(world, 0)), "no connection within a second");
    world.talk(0);
    world
}

fn is_up(world: &World, index: usize) -> bool {
    let seated = &world.seated[index];
    seated.caller.is_connected && world.happened(Happening::Connected(seated.seat)).is_some()
}

fn heard(world: &World, index: usize) -> usize {
    world.seated[index].caller.heard.len()
}

/// Without the held handshake this takes a second, without the repeated nomination half of one.
#[test]
fn a_call_is_up_within_a_few_round_trips() {
    let mut world = World::new(1);
    world.call();
    assert!(world.run(SECOND, |world| is_up(world, 0)));
    // Round trips take 2 ms here: ICE two, DTLS two or three.
    assert!(world.elapsed() < ms(50), "{:?}", world.elapsed());
    world.talk(0);
    assert!(world.run(ms(60), |world| world.exchange.counts().media > 0));
}

/// The workaround for tracks: added later, they land on the microphone's section.
#[test]
fn sound_flows_both_ways_each_voice_on_its_own_section() {
    let mut world = call();
    for frame in 0..50 {
        world.play(0, AiSpeaker::Claude, 1, frame * 960);
    }
    world.play(0, AiSpeaker::Guest, 2, 0);
    world.run(SECOND * 2, |_| false);
    let heard = &world.seated[0].caller.heard;
    for track in [0, 1] {
        let packets: Vec<_> = heard.iter().filter(|packet| packet.track == track).collect();
        assert!(packets.len() >= 98, "{} packets on track {track}", packets.len());
        for pair in packets.windows(2) {
            assert_eq!(pair[1].sequence, pair[0].sequence + 1);
            assert_eq!(pair[1].timestamp, pair[0].timestamp.wrapping_add(960));
            let apart = pair[1].at - pair[0].at;
            assert_eq!(apart, ms(20), "packets leave every 20 ms");
        }
        let voiced = packets.iter().filter(|packet| packet.payload.len() > 3).count();
        // Two frames of silence after the voice are encoded, to let it end.
        assert_eq!(voiced, if track == 0 { 52 } else { 3 });
    }
    let segments: Vec<_> = world
        .happenings
        .iter()
        .filter_map(|(_, happening)| match happening {
            Happening::Segment(_, segment) => {
                Some((segment.speaker, segment.turn, segment.first_sample))
            }
            _ => None,
        })
        .collect();
    assert_eq!(segments, [(AiSpeaker::Claude, TurnId(1), 0), (AiSpeaker::Guest, TurnId(2), 0)]);
    assert!((98..=101).contains(&world.arrived(0)));
}

/// The workaround for good-byes: the stack stays «connected» for half a minute.
#[test]
fn a_caller_who_hangs_up_is_gone_at_once() {
    let mut world = call();
    world.run(SECOND, |_| false);
    let before = world.elapsed();
    world.seated[0].caller.close();
    let gone = Happening::Gone(world.seated[0].seat, Farewell::HungUp);
    assert!(world.run(SECOND * 40, |world| world.happened(gone).is_some()));
    assert!(world.elapsed() - before < SECOND, "{:?}", world.elapsed() - before);
    assert_eq!((world.exchange.seated(), world.exchange.known_addresses()), (0, 0));
    assert!(world.seated[0].line.is_closed());
}

#[test]
fn a_caller_who_falls_silent_loses_the_seat_in_time() {
    let mut world = call();
    world.run(SECOND * 3, |_| false);
    let before = world.elapsed();
    world.seated[0].is_cut_off = true;
    let gone = Happening::Gone(world.seated[0].seat, Farewell::FellSilent);
    assert!(world.run(SILENT_LIMIT + SECOND * 3, |world| world.happened(gone).is_some()));
    assert!(world.elapsed() - before >= SILENT_LIMIT - SECOND);
}

/// One that answers no check at all, too.
#[test]
fn a_caller_who_never_comes_loses_the_seat_in_time() {
    let mut world = World::new(1);
    world.call();
    world.seated[0].is_cut_off = true;
    let gone = Happening::Gone(world.seated[0].seat, Farewell::NeverCame);
    assert!(world.run(CONNECT_LIMIT + SECOND * 2, |world| world.happened(gone).is_some()));
    assert!(world.elapsed() >= CONNECT_LIMIT);
    assert_eq!(world.exchange.seated(), 0);
}

#[test]
fn a_hole_of_five_seconds_is_survived() {
    let mut world = call();
    world.run(SECOND * 2, |_| false);
    world.seated[0].is_cut_off = true;
    world.run(SECOND * 5, |_| false);
    world.seated[0].is_cut_off = false;
    world.arrived(0);
    let before = heard(&world, 0);
    world.run(SECOND * 2, |_| false);
    assert_eq!(world.exchange.seated(), 1);
    assert!(world.arrived(0) > 90 && heard(&world, 0) - before > 180);
}

/// The workaround for paths: the stack never sends to another address than the first.
#[test]
fn a_caller_whose_port_changes_is_followed_both_ways() {
    let mut world = call();
    world.run(SECOND * 3, |_| false);
    let moved = std::net::SocketAddr::from(([10, 9, 9, 9], 60_001));
    world.seated[0].public = moved;
    world.arrived(0);
    let before = heard(&world, 0);
    // The caller's next check announces the address; its sound proves it.
    let is_back = |world: &World| heard(world, 0) > before + 4;
    assert!(world.run(SECOND * 6, is_back), "nothing comes down after 6 s");
    world.run(SECOND, |_| false);
    assert!(world.arrived(0) > 40);
    assert!(world.happened(Happening::Moved(world.seated[0].seat)).is_some());
    // And stays: from the address that the stack knows nothing comes any more.
    world.run(SECOND * 59, |_| false);
    world.arrived(0);
    let before = heard(&world, 0);
    world.run(SECOND, |_| false);
    assert!(world.arrived(0) > 40 && heard(&world, 0) - before > 90);
    assert_eq!(world.exchange.seated(), 1);
}

/// Sound from an address of which no check has come yet is the listener's all the same, if its keys say so.
#[test]
fn a_caller_whose_port_changes_loses_no_word() {
    let mut world = call();
    world.run(SECOND * 3, |_| false);
    world.arrived(0);
    world.seated[0].public = std::net::SocketAddr::from(([10, 9, 9, 9], 60_001));
    let before = heard(&world, 0);
    // Less than the time until the caller's next check.
    world.run(SECOND / 2, |_| false);
    let (said, came_down) = (world.arrived(0), heard(&world, 0) - before);
    println!("in half a second after the change {said} packets came up and {came_down} down");
    assert!(said >= 23 && came_down >= 44, "{said} and {came_down}");
    assert!(world.happened(Happening::Moved(world.seated[0].seat)).is_some());
}

/// What a listener reports of its line: the encoders are told, to make their copies count.
#[test]
fn reports_of_listeners_are_read() {
    let mut world = call();
    world.run(SECOND * 10, |_| false);
    let reports = world.exchange.counts().reports;
    println!("{reports} reports in 10 s");
    assert!(reports >= 2, "{reports}");
    let before = world.exchange.expected_loss(world.seated[0].seat);
    world.loss_percent = 20;
    world.run(SECOND * 20, |_| false);
    let told = world.exchange.expected_loss(world.seated[0].seat);
    println!("{before:?} per cent of loss expected, then {told:?}");
    assert_eq!(before, Some(0));
    assert!(told.is_some_and(|told| (10..=30).contains(&told)), "{told:?}");
}

#[test]
fn ice_begins_anew_on_the_same_call() {
    let mut world = call();
    world.run(SECOND * 2, |_| false);
    let offer = world.seated[0].caller.restart();
    let answer = world.exchange.renegotiate(world.seated[0].seat, &offer, world.now).unwrap();
    world.seated[0].caller.accept(&answer);
    world.arrived(0);
    let before = heard(&world, 0);
    world.run(SECOND * 2, |_| false);
    assert!(world.arrived(0) > 90 && heard(&world, 0) - before > 180);
    assert_eq!(world.exchange.seated(), 1);
}

#[test]
fn a_bad_line_is_a_call_all_the_same() {
    // OpenSSL repeats a handshake by the true clock, so it is over before the line gets bad.
    let mut world = call();
    world.loss_percent = 20;
    world.delay = ms(40);
    let mut came = 0;
    for _ in 0..10 {
        world.run(SECOND, |_| false);
        came += world.arrived(0);
    }
    assert!((350..450).contains(&came), "{came} of 500");
}

#[test]
fn a_whole_house_calls_at_once_and_holds() {
    let mut world = World::new(60);
    for _ in 0..60 {
        world.call();
    }
    let everybody = |world: &World| (0..60).all(|index| is_up(world, index));
    assert!(world.run(SECOND * 2, everybody));
    for index in 0..60 {
        world.talk(index);
    }
    world.run(SECOND * 2, |_| false);
    for index in 0..60 {
        assert!(world.arrived(index) > 95, "caller {index}");
        assert!(heard(&world, index) > 190, "caller {index}");
    }
    let counts = world.exchange.counts();
    assert_eq!(
        (counts.strangers, counts.rejected, counts.false_checks, counts.unsent),
        (0, 0, 0, 0)
    );
    // One more finds no seat.
    let (_, offer) = Caller::new(std::net::SocketAddr::from(([10, 7, 7, 7], 1)), world.now);
    let refused = world.admit(&offer, 99, &Arc::default()).unwrap_err();
    assert!(matches!(refused, OfferError::Refused(_)), "{refused}");
}

#[test]
fn offers_that_cannot_be_answered_are_refused_and_take_no_seat() {
    let mut world = World::new(4);
    let (_, good) = Caller::new(SERVER, world.now);
    let sections: Vec<_> = good.split("m=audio").collect();
    let two = format!("{}m=audio{}m=audio{}", sections[0], sections[1], sections[2]);
    let cases = [
        String::new(),
        "hello".to_owned(),
        good[..good.len() / 2].to_owned(),
        two,
        good.replace("m=audio", "m=video"),
        good.replace("a=setup:actpass", "a=setup:passive"),
        good.lines()
            .filter(|line| !line.starts_with("a=fingerprint"))
            .collect::<Vec<_>>()
            .join("\r\n"),
        good.lines().filter(|line| !line.starts_with("a=mid")).collect::<Vec<_>>().join("\r\n"),
        good.replace("opus/48000/2", "PCMU/8000"),
        format!("{good}{}", "a=x-long:y\r\n".repeat(2_000)),
    ];
    for (n, offer) in (0..).zip(&cases) {
        let refused = world.admit(offer, n, &Arc::default());
        assert!(refused.is_err(), "case {n} was answered");
    }
    assert_eq!(world.exchange.seated(), 0);
    assert!(world.admit(&good, 77, &Arc::default()).is_ok());
}
