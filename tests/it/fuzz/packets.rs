//! The WebRTC port: whatever a datagram holds and whoever sends it, the call that runs goes on; whatever an offer holds, it
//! is answered or refused; and whatever a host's authentic packets hold and claim of their time, the track is whole.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::sync::Arc;

use voice_studio::audio::host_line::{HostLine, HostPiece};
use voice_studio::audio::host_packets::{HostPackets, HostSpan};
use voice_studio::audio::jitter::Packet;
use voice_studio::audio::opus::TrackEncoder;
use voice_studio::audio::{FRAME_SAMPLES, SampleRate};
use voice_studio::recording::AHEAD_MAX;
use voice_studio::recording::capture::append_packet;
use voice_studio::time::{SessionTime, Span};

use super::{RUNS_IN_MEMORY, Seeds, fuzz};
use crate::support::caller::Caller;
use crate::support::capture::records;
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

/// Longest silence between two packets of this fuzz.
const PAUSE_MS_MAX: u32 = 30_000;

/// What a host's line may hold at most: the jitter buffer's packets, half a second of sound, filters, and what it gave out.
const LINE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Two seconds of a voice as packets with copies of each other, as they would be kept.
fn voice(first_sequence: u16, first_timestamp: u32) -> Vec<u8> {
    let mut encoder = TrackEncoder::for_call().expect("Opus");
    let mut kept = Vec::new();
    for n in 0..100_u16 {
        let frame: Vec<i16> = (0..FRAME_SAMPLES)
            .map(|sample| {
                let at = usize::from(n) * FRAME_SAMPLES + sample;
                let loud = i16::try_from(at / 4_800 % 3).expect("few") * 4_000;
                if at % 300 < 150 { loud } else { -loud }
            })
            .collect();
        let payload = encoder.encode(&frame).expect("a frame");
        let at = SessionTime::from_millis(u64::from(n) * 20);
        let timestamp = first_timestamp.wrapping_add(u32::from(n) * 960);
        append_packet(&mut kept, at, first_sequence.wrapping_add(n), timestamp, payload);
    }
    kept
}

/// What an authentic listener may send on purpose: times that leap, numbers that lie, packets that are no Opus.
#[test]
fn voices_of_hosts() {
    let seeds = Seeds::of_bytes([voice(0, 0), voice(65_500, u32::MAX - 9_000)]);
    fuzz("voices", RUNS_IN_MEMORY / 4, &seeds, |bytes| {
        let used = allocation_counter::measure(|| {
            let mut packets = HostPackets::new().expect("Opus");
            let mut line = HostLine::new();
            let (mut pieces, mut end, mut now) = (Vec::new(), SessionTime::ZERO, 0);
            for kept in records(bytes) {
                now = kept.at_ms.clamp(now, now + PAUSE_MS_MAX);
                let time = SessionTime::from_millis(u64::from(now));
                let packet = Packet {
                    sequence: kept.sequence,
                    timestamp: kept.timestamp,
                    payload: &kept.payload,
                };
                packets.push(packet, time);
                packets.drain(time, |span| match span {
                    HostSpan::Sound { at, samples, captured_before } => {
                        line.push(at, SampleRate::HZ_48000, samples, captured_before, &mut pieces);
                    }
                    HostSpan::Restarted => line.restart(time, &mut pieces),
                });
                line.advance(time, &mut pieces);
                for piece in pieces.drain(..) {
                    assert_eq!(piece.from(), end, "each piece begins where the one before ended");
                    end = piece.until();
                    let ahead = end.since(time);
                    // A counter that races is believed for a while; this is how far the recorder takes sound.
                    let is_hole = matches!(piece, HostPiece::Hole { .. });
                    let ahead_max = if is_hole { Span::ZERO } else { AHEAD_MAX };
                    assert!(
                        ahead <= ahead_max,
                        "what begins at {:?} ends {ahead:?} after {time:?}",
                        piece.from()
                    );
                }
            }
        });
        assert!(used.bytes_max < LINE_BYTES_MAX, "{} bytes", used.bytes_max);
    });
}
