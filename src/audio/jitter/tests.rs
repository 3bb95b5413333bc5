//! What a jitter buffer promises, whatever the network does.

use proptest::prelude::*;

use super::*;

/// 20 ms of silence: what matters here is its length.
const PAYLOAD: [u8; 3] = super::super::opus::SILENT_PACKET;

fn packet(n: u64) -> Packet<'static> {
    let sequence = u16::try_from((65_500 + n) & 0xFFFF).unwrap();
    let timestamp = u32::try_from((u64::from(u32::MAX) - 5_000 + n * 960) & 0xFFFF_FFFF).unwrap();
    Packet { sequence, timestamp, payload: &PAYLOAD }
}

fn ms(millis: u64) -> SessionTime {
    SessionTime::from_millis(millis)
}

/// Everything due at `now`, as text: places in frames since the first packet.
fn due(buffer: &mut JitterBuffer, now: SessionTime) -> Vec<String> {
    let origin = (1 << 32) + u64::from(u32::MAX) - 5_000;
    let place = |at: u64| at.saturating_sub(origin) / 960;
    let mut said = Vec::new();
    while let Some(due) = buffer.due(now) {
        said.push(match due {
            Due::Sound { at, .. } => format!("{}", place(at)),
            Due::Gap { at, samples, .. } => format!("gap {}+{}", place(at), samples / 960),
            Due::Restarted => "restart".to_owned(),
        });
    }
    said
}

#[test]
fn what_comes_in_order_goes_on_at_once_across_both_counters_wrapping() {
    let mut buffer = JitterBuffer::new();
    for n in 0..500 {
        buffer.push(packet(n), ms(n * 20 + n % 7));
        assert_eq!(due(&mut buffer, ms(n * 20 + n % 7)), [n.to_string()]);
    }
    assert_eq!(buffer.counts().given, 500);
}

#[test]
fn a_missing_packet_is_waited_for_as_long_as_the_line_taught() {
    let mut buffer = JitterBuffer::new();
    buffer.push(packet(0), ms(0));
    buffer.push(packet(2), ms(40));
    assert_eq!(due(&mut buffer, ms(40)), ["0"]);
    assert_eq!(buffer.next_deadline(), Some(ms(60)));
    assert_eq!(due(&mut buffer, ms(59)), [""; 0]);
    assert_eq!(due(&mut buffer, ms(60)), ["gap 1+1", "2"]);
    // It comes 90 ms after its loss was noticed: too late, but the next one is waited for that long.
    buffer.push(packet(1), ms(130));
    assert_eq!((buffer.counts().late, buffer.counts().lost), (1, 1));
    assert_eq!(buffer.patience(), Span::from_millis(95));
    buffer.push(packet(4), ms(140));
    buffer.push(packet(5), ms(150));
    assert_eq!(due(&mut buffer, ms(220)), [""; 0]);
    buffer.push(packet(3), ms(230));
    assert_eq!(due(&mut buffer, ms(230)), ["3", "4", "5"]);
    assert_eq!(buffer.counts().reordered, 1);
}

#[test]
fn patience_is_forgotten_when_the_line_is_good_again() {
    let mut buffer = JitterBuffer::new();
    buffer.push(packet(0), ms(0));
    buffer.push(packet(2), ms(40));
    buffer.push(packet(1), ms(190));
    due(&mut buffer, ms(190));
    assert_eq!(buffer.patience().millis(), 154);
    for n in 3..3_000 {
        buffer.push(packet(n), ms(n * 20));
        due(&mut buffer, ms(n * 20));
    }
    assert_eq!(buffer.patience(), PATIENCE_MIN);
}

#[test]
fn a_packet_without_sound_takes_a_number_and_no_time() {
    let mut buffer = JitterBuffer::new();
    buffer.push(packet(0), ms(0));
    let probe = |sequence| Packet { sequence, payload: &[], ..packet(0) };
    buffer.push(probe(packet(1).sequence), ms(1));
    // The second probe is lost, and nobody misses sound.
    buffer.push(Packet { sequence: packet(3).sequence, ..packet(1) }, ms(20));
    assert_eq!(due(&mut buffer, ms(40)), ["0", "1"]);
}

#[test]
fn what_comes_twice_or_too_late_or_from_elsewhere_is_counted_and_dropped() {
    let mut buffer = JitterBuffer::new();
    for n in [0, 1, 1, 0, 2] {
        buffer.push(packet(n), ms(n * 20));
    }
    assert_eq!(due(&mut buffer, ms(60)), ["0", "1", "2"]);
    buffer.push(packet(2), ms(61));
    assert_eq!(buffer.counts().repeated, 3);
    buffer.push(Packet { payload: &[0xFF, 0x3F, 1], ..packet(3) }, ms(62));
    buffer.push(Packet { sequence: packet(20_000).sequence, ..packet(3) }, ms(63));
    buffer.push(Packet { timestamp: packet(0).timestamp, ..packet(4) }, ms(64));
    assert_eq!(buffer.counts().odd, 3);
    assert_eq!(due(&mut buffer, ms(500)), [""; 0]);
}

#[test]
fn another_stream_begins_with_its_second_packet() {
    let mut buffer = JitterBuffer::new();
    buffer.push(packet(0), ms(0));
    buffer.push(packet(20_000), ms(20));
    buffer.push(packet(20_001), ms(40));
    assert_eq!(due(&mut buffer, ms(40))[0], "restart");
    assert_eq!(buffer.counts().given, 1);
}

#[test]
fn after_a_long_hole_time_goes_on_by_the_senders_counter() {
    let mut buffer = JitterBuffer::new();
    buffer.push(packet(0), ms(0));
    assert_eq!(due(&mut buffer, ms(0)), ["0"]);
    buffer.push(packet(251), ms(5_020));
    assert_eq!(due(&mut buffer, ms(5_020)), ["gap 1+250", "251"]);
    assert_eq!(buffer.counts().lost, 250);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    /// Each step: how far the sender goes on, how long the packet is under way, whether it is lost or comes twice.
    #[test]
    fn order_bounds_and_sums_hold_whatever_arrives(
        steps in proptest::collection::vec((1_u64..4, 0_u64..260, 0_u8..12), 1..300),
    ) {
        let mut arrivals = Vec::new();
        let mut n = 0;
        for (go_on, delay, fate) in steps {
            n += go_on;
            match fate {
                0 => {}
                1 => arrivals.extend([(n * 20 + delay, n), (n * 20 + delay + 30, n)]),
                2 => arrivals.push((n * 20 + delay, n + 40_000)),
                _ => arrivals.push((n * 20 + delay, n)),
            }
        }
        arrivals.sort_unstable();
        let (mut buffer, mut last) = (JitterBuffer::new(), 0);
        let mut given = 0;
        for (at, n) in arrivals {
            buffer.push(packet(n), ms(at));
            // Asked at every packet only: the worst customer.
            while let Some(due) = buffer.due(ms(at)) {
                match due {
                    Due::Restarted => last = 0,
                    Due::Gap { at, samples, .. } => {
                        prop_assert!(at >= last && samples > 0);
                        last = at + samples;
                    }
                    Due::Sound { at, samples, .. } => {
                        prop_assert!(at >= last);
                        last = at + samples;
                        given += 1;
                    }
                }
            }
            if let Some(deadline) = buffer.next_deadline() {
                prop_assert!(deadline > ms(at) && deadline <= ms(at) + PATIENCE_MAX);
            }
            prop_assert!((PATIENCE_MIN..=PATIENCE_MAX).contains(&buffer.patience()));
        }
        while buffer.due(ms(u64::from(u32::MAX))).is_some_and(|due| matches!(due, Due::Gap { .. } | Due::Restarted)) {}
        let counts = buffer.counts();
        prop_assert_eq!(counts.given.min(given), given);
        prop_assert!(counts.given + counts.late + counts.repeated + counts.odd <= counts.received);
    }
}
