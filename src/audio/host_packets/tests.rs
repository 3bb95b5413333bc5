//! A host behind simulated networks: what the track holds, and where.

use std::f64::consts::TAU;

use super::super::SampleRate;
use super::super::host_line::{HostLine, HostPiece};
use super::super::opus::{HostDecoder, LOOKAHEAD, TrackEncoder};
use super::super::{FRAME_SAMPLES, levels};
use super::*;

/// One network, all of it chance from a seed.
#[derive(Clone, Copy, Debug)]
struct Line {
    seed: u64,
    loss_percent: u64,
    jitter_ms: u64,
    twice_percent: u64,
    skew_ppm: f64,
    /// Nothing gets through between these instants of sending.
    hole_ms: Option<(u64, u64)>,
}

const GOOD: Line =
    Line { seed: 7, loss_percent: 0, jitter_ms: 0, twice_percent: 0, skew_ppm: 0.0, hole_ms: None };

/// What the session made of it.
struct Outcome {
    track: Vec<i16>,
    packets: HostPackets,
    line: HostLine,
    sent: u64,
}

/// A number from 0 to `below`, by splitmix64.
fn dice(state: &mut u64, below: u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (mixed ^ (mixed >> 31)) % below.max(1)
}

/// A sender whose sound is a hum on true time, through the network, the buffer and onto session time; the session asks
/// every 20 ms, as it does. A loss is noticed by what follows it, so the last packet comes through.
fn call(net: Line, seconds: u64) -> Outcome {
    let mut encoder = TrackEncoder::for_call().unwrap();
    let mut state = net.seed;
    let mut under_way: Vec<(u64, u64, Vec<u8>)> = Vec::new();
    let frames = seconds * 50;
    for n in 0..frames {
        let hz = 48_000.0 * (1.0 + net.skew_ppm / 1e6);
        let truth = |sample: u64| sample as f64 * 48_000.0 / hz;
        let first = n * FRAME_SAMPLES as u64;
        let frame: Vec<i16> =
            (first..first + FRAME_SAMPLES as u64).map(|sample| hum(truth(sample))).collect();
        let payload = encoder.encode(&frame).unwrap().to_vec();
        let sent = num::count(truth(first + FRAME_SAMPLES as u64));
        let sent_ms = sent / 48;
        let is_lost = dice(&mut state, 100) < net.loss_percent && n + 1 < frames
            || net.hole_ms.is_some_and(|(from, until)| (from..until).contains(&sent_ms));
        let delay = dice(&mut state, net.jitter_ms * 48 + 1);
        let comes_twice = dice(&mut state, 100) < net.twice_percent;
        if is_lost {
            continue;
        }
        under_way.push((sent + delay, n, payload.clone()));
        if comes_twice {
            let again = dice(&mut state, 100 * 48);
            under_way.push((sent + delay + again, n, payload));
        }
    }
    under_way.sort();
    // What was sent before the first that came is not known of.
    let sent = frames - under_way.first().map_or(0, |(_, n, _)| *n);
    let (mut packets, mut line) = (HostPackets::new().unwrap(), HostLine::new());
    let mut pieces = Vec::new();
    let mut arriving = under_way.into_iter().peekable();
    let end = SessionTime::from_millis(seconds * 1_000 + 600);
    let mut now = SessionTime::ZERO;
    let mut tick = SessionTime::ZERO;
    while now < end {
        let next = arriving.peek().map(|(at, ..)| SessionTime::from_samples(*at)).unwrap_or(end);
        now = next.min(tick);
        if now == next
            && let Some((_, n, payload)) = arriving.next()
        {
            let sequence = u16::try_from((n + 65_000) & 0xFFFF).unwrap();
            let timestamp = u32::try_from((n * 960 + 4_294_900_000) & 0xFFFF_FFFF).unwrap();
            packets.push(Packet { sequence, timestamp, payload: &payload }, now);
        }
        packets.drain(now, |span| match span {
            HostSpan::Sound { at, samples, captured_before } => {
                line.push(at, SampleRate::HZ_48000, samples, captured_before, &mut pieces);
            }
            HostSpan::Restarted => line.restart(now, &mut pieces),
        });
        if now == tick {
            line.advance(now, &mut pieces);
            tick = tick + Span::from_millis(20);
        }
    }
    line.finish(end, &mut pieces);
    let mut track = Vec::new();
    for piece in &pieces {
        assert_eq!(piece.from().samples(), track.len() as u64, "{net:?}: {piece:?}");
        match piece {
            HostPiece::Sound { samples, .. } => track.extend_from_slice(samples),
            HostPiece::Hole { until, .. } => track.resize(num::index(until.samples()), 0),
        }
    }
    assert_eq!(track.len() as u64, end.samples(), "{net:?}");
    Outcome { track, packets, line, sent }
}

/// A hum as of a low voice, four syllables and a breath a second: Opus sends copies of what it takes for speech, and what
/// never rests it takes for noise. The 50 Hz tell the shift: 100 ms are whole periods of all other parts.
fn hum(session_samples: f64) -> i16 {
    let seconds = session_samples / 48_000.0;
    let part = |hz: f64, level: f64| level * (seconds * TAU * hz).sin();
    let voice = part(50.0, 0.2) + part(150.0, 0.15) + part(250.0, 0.1) + part(350.0, 0.1);
    let is_breath = seconds.fract() < 0.15;
    let loudness = if is_breath { 0.1 } else { 0.7 + part(4.0, 0.3) };
    num::sample_of(num::single(voice * loudness))
}

/// Shifts in ms between the track and the tone, one for each 100 ms in which nothing is missing.
fn shifts_ms(track: &[i16], from_ms: usize, until_ms: usize, own: f64) -> Vec<f64> {
    (from_ms..until_ms)
        .step_by(100)
        .filter_map(|ms| {
            let window = &track[ms * 48..(ms + 100) * 48];
            let is_whole = window
                .chunks(240)
                .all(|part| levels::rms_dbfs(part).is_some_and(|level| level > -40.0));
            let (mut sine, mut cosine) = (0.0, 0.0);
            for (n, &sample) in window.iter().enumerate() {
                let phase = n as f64 * TAU * 50.0 / 48_000.0;
                sine += f64::from(sample) * phase.sin();
                cosine += f64::from(sample) * phase.cos();
            }
            // A period is 20 ms: the nearest of all shifts that look alike.
            is_whole.then(|| (cosine.atan2(sine) / TAU * 20.0 - own + 30.0) % 20.0 - 10.0)
        })
        .collect()
}

fn worst(shifts: &[f64]) -> f64 {
    shifts.iter().fold(0.0, |worst, shift| shift.abs().max(worst))
}

/// By how much the codec's filter against rumble shifts the tone. What is beyond that is the network's or ours. The filter
/// follows the voice, so the shift is that of the same stretch.
fn filter_shift_ms(from_ms: usize, until_ms: usize) -> f64 {
    let mut encoder = TrackEncoder::for_call().unwrap();
    let mut decoder = HostDecoder::new().unwrap();
    let mut sound = Vec::new();
    for n in 0..until_ms / 20 + 1 {
        let frame: Vec<i16> = (n * 960..(n + 1) * 960).map(|sample| hum(sample as f64)).collect();
        sound.extend_from_slice(decoder.decode(encoder.encode(&frame).unwrap()).unwrap());
    }
    // A tone that comes later is shifted less.
    middle(&shifts_ms(&sound, from_ms, until_ms, 0.0)) + LOOKAHEAD.samples() as f64 / 48.0
}

/// The middle of the shifts: where the track lies as a whole.
fn middle(shifts: &[f64]) -> f64 {
    let mut sorted = shifts.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

#[test]
fn every_line_gives_a_track_on_true_time() {
    let own = filter_shift_ms(3_000, 11_500);
    for loss_percent in [0, 5, 20] {
        for jitter_ms in [0, 50, 150] {
            for skew_ppm in [-500.0, 0.0, 500.0] {
                let twice_percent = if jitter_ms > 0 { 5 } else { 0 };
                let net = Line {
                    seed: 11 + loss_percent + jitter_ms,
                    loss_percent,
                    jitter_ms,
                    twice_percent,
                    skew_ppm,
                    ..GOOD
                };
                let Outcome { track, packets, line, sent } = call(net, 12);
                let shifts = shifts_ms(&track, 3_000, 11_500, own);
                let (counts, repairs) = (packets.counts(), packets.repairs());
                println!(
                    "loss {loss_percent} %, jitter {jitter_ms} ms, {skew_ppm} ppm: shift {:.2} ms (worst {:.2}), {} of {sent} lost, {} late, {} reordered, {} ms rebuilt, {} ms concealed, {} ms missing, {} samples late, patience {} ms",
                    middle(&shifts),
                    worst(&shifts),
                    counts.lost,
                    counts.late,
                    counts.reordered,
                    repairs.rebuilt / 48,
                    repairs.concealed / 48,
                    repairs.missing / 48,
                    line.late_samples(),
                    packets.patience().millis()
                );
                assert!(shifts.len() > 50, "{net:?}: {} whole stretches", shifts.len());
                // The envelope finds the fastest packets; of 150 ms of jitter a few ms are left.
                assert!(middle(&shifts).abs() < 5.0, "{net:?}: {}", middle(&shifts));
                assert!(counts.late * 50 <= counts.received, "{net:?}: {counts:?}");
                assert_eq!(line.late_samples(), 0, "{net:?}");
                let whole = sent - counts.lost;
                assert_eq!(counts.given, whole, "{net:?}: {counts:?}");
                // No less than half of single losses come back from copies.
                if loss_percent == 5 {
                    assert!(repairs.rebuilt > repairs.concealed, "{net:?}: {repairs:?}");
                }
            }
        }
    }
}

#[test]
fn a_hole_of_five_seconds_is_a_hole_of_five_seconds() {
    let net = Line { hole_ms: Some((8_000, 13_000)), skew_ppm: 300.0, ..GOOD };
    let Outcome { track, packets, .. } = call(net, 20);
    let silent = |ms: usize| levels::is_silent(&track[ms * 48..(ms + 10) * 48]);
    assert!((8_100..12_900).step_by(10).all(silent));
    let own = filter_shift_ms(13_300, 19_500);
    assert!(worst(&shifts_ms(&track, 13_300, 19_500, own)) < 1.0);
    assert_eq!(packets.counts().lost, 250);
    assert!(packets.repairs().missing / 960 >= 248);
}

#[test]
fn the_same_network_gives_the_same_track_twice() {
    let net = Line { loss_percent: 20, jitter_ms: 150, twice_percent: 10, ..GOOD };
    assert!(call(net, 5).track == call(net, 5).track);
}

#[test]
fn a_copy_is_found_where_the_encoder_put_one() {
    let mut encoder = TrackEncoder::for_call().unwrap();
    let mut copies = 0;
    for n in 0..50_u64 {
        let frame: Vec<i16> = (n * 960..(n + 1) * 960).map(|sample| hum(sample as f64)).collect();
        copies += u32::from(carries_copy(encoder.encode(&frame).unwrap()));
    }
    assert!(copies > 40, "{copies} of 50");
    let mut track = TrackEncoder::new(super::super::opus::HOST_BITS_PER_SECOND).unwrap();
    assert!(!carries_copy(track.encode(&[77; FRAME_SAMPLES]).unwrap()), "music mode has no copies");
    assert!(!carries_copy(&[]) && !carries_copy(&[0x78]));
}
