//! What the real recogniser understands of a host whose line loses packets.
//!
//! Recordings with trusted transcripts go as a browser would send them: Opus with copies of lost packets, a network that
//! loses and delays, jitter buffer, copies and concealment, onto session time, and from there to the recogniser.

use std::collections::BTreeMap;
use std::path::Path;

use voice_studio::adapters::hearing::silero::Silero;
use voice_studio::adapters::stt::moonshine::Moonshine;
use voice_studio::audio::host_line::{HostLine, HostPiece};
use voice_studio::audio::host_packets::{HostPackets, HostSpan, RepairCounts};
use voice_studio::audio::jitter::Packet;
use voice_studio::audio::opus::TrackEncoder;
use voice_studio::audio::resample::Resampler;
use voice_studio::audio::{FRAME_SAMPLES, SampleRate};
use voice_studio::simulation::dice::Dice;
use voice_studio::time::{SessionTime, Span};

use crate::speech::{clips, finals, hear};
use crate::support::sound::{wav_16k, with_quiet};
use crate::support::words::{WordErrors, word_errors};
use crate::support::{models, shared_dir};

/// Each packet is under way for up to so much longer than the fastest: packets overtake each other.
const JITTER_MS: u64 = 50;

fn resampled(sound: &[i16], from: SampleRate, to: SampleRate) -> Vec<i16> {
    let mut resampler = Resampler::new(from, to);
    let mut out = Vec::new();
    resampler.push(sound, &mut out);
    resampler.finish(&mut out);
    out
}

/// The track that a session makes of this sound, both at 48 kHz, when so many packets in a hundred are lost.
fn over_a_line(sound: &[i16], loss_percent: u64, dice: &mut Dice) -> (Vec<i16>, RepairCounts) {
    let mut encoder = TrackEncoder::for_call().expect("Opus");
    // A browser's encoder knows the loss from our receiver reports.
    encoder.expect_loss(u8::try_from(loss_percent).expect("per cent")).expect("a number");
    let mut under_way = BTreeMap::new();
    for (n, part) in (0_u64..).zip(sound.chunks(FRAME_SAMPLES)) {
        let mut frame = part.to_vec();
        frame.resize(FRAME_SAMPLES, 0);
        let payload = encoder.encode(&frame).expect("a frame").to_vec();
        let sent = (n + 1) * FRAME_SAMPLES as u64;
        let comes = sent + dice.between(0, JITTER_MS * 48);
        // The first one sets the line's beginning, on a good line as on a bad one.
        if n == 0 || !dice.chance(loss_percent) {
            under_way.insert((comes, n), payload);
        }
    }
    let (mut packets, mut line) = (HostPackets::new().expect("Opus"), HostLine::new());
    let mut pieces = Vec::new();
    let end = SessionTime::from_samples(sound.len() as u64) + Span::from_millis(800);
    let mut now = SessionTime::ZERO;
    while now < end {
        let tick = now + Span::from_millis(20);
        while let Some(entry) = under_way.first_entry() {
            let (comes, n) = *entry.key();
            let arrival = SessionTime::from_samples(comes);
            if arrival > tick {
                break;
            }
            let payload = entry.remove();
            let sequence = u16::try_from(n & 0xFFFF).expect("16 bits");
            let timestamp = u32::try_from(n * FRAME_SAMPLES as u64).expect("minutes");
            packets.push(Packet { sequence, timestamp, payload: &payload }, arrival);
            drain(&mut packets, &mut line, arrival, &mut pieces);
        }
        now = tick;
        drain(&mut packets, &mut line, now, &mut pieces);
        line.advance(now, &mut pieces);
    }
    line.finish(end, &mut pieces);
    let mut track = Vec::new();
    for piece in &pieces {
        match piece {
            HostPiece::Sound { samples, .. } => track.extend_from_slice(samples),
            HostPiece::Hole { until, .. } => {
                track.resize(usize::try_from(until.samples()).expect("minutes"), 0);
            }
        }
    }
    (track, packets.repairs())
}

fn drain(
    packets: &mut HostPackets,
    line: &mut HostLine,
    now: SessionTime,
    pieces: &mut Vec<HostPiece>,
) {
    packets.drain(now, |span| match span {
        HostSpan::Sound { at, samples, captured_before } => {
            line.push(at, SampleRate::HZ_48000, samples, captured_before, pieces);
        }
        HostSpan::Restarted => line.restart(now, pieces),
    });
}

async fn errors_at(
    loss_percent: u64,
    shared: &Path,
    moonshine: &Moonshine,
    silero: &Silero,
) -> WordErrors {
    let mut dice = Dice::new(29 + loss_percent);
    let mut total = WordErrors::default();
    let mut repaired = RepairCounts::default();
    for (file, reference) in clips(shared, &["read", "speech"]) {
        let clip = wav_16k(&shared.join("speech").join(&file));
        let wide = resampled(&clip, SampleRate::HZ_16000, SampleRate::HZ_48000);
        let (track, repairs) = over_a_line(&wide, loss_percent, &mut dice);
        repaired.rebuilt += repairs.rebuilt;
        repaired.concealed += repairs.concealed;
        repaired.missing += repairs.missing;
        let narrow = resampled(&track, SampleRate::HZ_48000, SampleRate::HZ_16000);
        let said = hear(moonshine, silero, &with_quiet(narrow)).await;
        total += word_errors(&reference, &finals(&said));
    }
    println!(
        "loss {loss_percent:>2} %, jitter {JITTER_MS} ms: {:>3} of {} words wrong, {:.1} %; {} ms rebuilt, {} ms concealed, {} ms missing",
        total.wrong,
        total.words,
        total.percent(),
        repaired.rebuilt / 48,
        repaired.concealed / 48,
        repaired.missing / 48
    );
    total
}

#[tokio::test]
async fn recognition_at_five_percent_loss_is_at_most_two_points_worse_than_at_none() {
    let (Some(models), Some(shared)) = (models("speech over a line"), shared_dir()) else {
        println!("skipped: no shared recordings");
        return;
    };
    let (silero, moonshine) = (Silero::start(&models), Moonshine::start(&models));
    let mut percent = BTreeMap::new();
    for loss_percent in [0, 5, 20] {
        let errors = errors_at(loss_percent, &shared, &moonshine, &silero).await;
        assert!(errors.words > 250, "only {} words", errors.words);
        percent.insert(loss_percent, errors.percent());
    }
    assert!(percent[&5] <= percent[&0] + 2.0, "{percent:?}");
}
