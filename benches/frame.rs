//! What one 20 ms frame costs in each stage of sound.
//!
//! Prints microseconds a frame (the best of several rounds) beside the figure known for the stage's library, and at
//! the end what a talking session adds up to beside the budget: 100 sessions a core leave 200 µs for each 20 ms.
#![expect(clippy::print_stdout, reason = "the figures are the product")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use voice_studio::audio::gate::{LevelGate, VoiceGate, VoiceGateRules};
use voice_studio::audio::host_line::HostLine;
use voice_studio::audio::levels::{Levels, LoudnessMeter};
use voice_studio::audio::mix;
use voice_studio::audio::opus::{
    AI_BITS_PER_SECOND, CodecError, HOST_BITS_PER_SECOND, HostDecoder, TrackEncoder,
};
use voice_studio::audio::playout::{Playout, Reports};
use voice_studio::audio::resample::Resampler;
use voice_studio::audio::{FRAME_SAMPLES, SampleRate};
use voice_studio::conversation::TurnId;
use voice_studio::time::SessionTime;

/// Frames of one round: 10 s of sound.
const FRAMES: u32 = 500;
/// Rounds, of which the best counts: the others met other work.
const ROUNDS: u32 = 5;
/// Time for one frame of one session with 100 sessions a core.
const BUDGET_US: f64 = 200.0;

fn main() -> Result<(), CodecError> {
    println!("{:<44} {:>9}   known", "one 20 ms frame", "µs");
    let wide = voice(48_000);
    let narrow = voice(16_000);

    let down = resample(SampleRate::HZ_48000, SampleRate::HZ_16000, &wide);
    report("resample 48 to 16 kHz", down, "7.1 (rubato Fft)");
    report(
        "resample 16 to 48 kHz",
        resample(SampleRate::HZ_16000, SampleRate::HZ_48000, &narrow),
        "",
    );
    let up = resample(SampleRate::HZ_24000, SampleRate::HZ_48000, &voice(24_000));
    report("resample 24 to 48 kHz", up, "3.1 (rubato Fft)");
    report(
        "resample 22.05 to 48 kHz",
        resample(SampleRate::new(22_050), SampleRate::HZ_48000, &voice(22_050)),
        "",
    );

    let line = host_line(SampleRate::HZ_48000, &wide);
    report("host line (fit and render), 48 kHz", line, "");
    report("host line (fit and render), 16 kHz", host_line(SampleRate::HZ_16000, &narrow), "");

    let gates = {
        let (mut level, mut voice) =
            (LevelGate::default(), VoiceGate::new(VoiceGateRules::default()));
        let mut hop = 0;
        best(|n| {
            black_box(level.judge(frame(&narrow, n, 320)));
            hop += 512;
            black_box(voice.judge(hop - 512, hop, u16::from(n % 50 < 25) * 900));
        })
    };
    report("level gate and voice gate, 16 kHz", gates, "");
    let levels = best(|n| {
        black_box(Levels::of(frame(&wide, n, FRAME_SAMPLES)).orb());
    });
    report("levels", levels, "");
    let mut meter = LoudnessMeter::new();
    let loudness = best(|n| meter.add(frame(&wide, n, FRAME_SAMPLES)));
    report("loudness with true peak", loudness, "11.6 (ebur128)");

    let playout = playout(&wide);
    report("playout: push, due, heard", playout, "");
    let mut sum = Vec::new();
    let mixing = best(|n| {
        let track = frame(&wide, n, FRAME_SAMPLES);
        mix::sum(&[track, track, track], &mut sum);
        black_box(&sum);
    });
    report("mix of three", mixing, "");

    let mut encoder = TrackEncoder::new(AI_BITS_PER_SECOND)?;
    let encode_ai =
        best(|n| drop(black_box(encoder.encode(frame(&wide, n, FRAME_SAMPLES)).map(<[u8]>::len))));
    report("encode an AI voice, 64 kbit/s", encode_ai, "121 (libopus, 32 kbit/s with FEC)");
    let mut encoder = TrackEncoder::new(HOST_BITS_PER_SECOND)?;
    let encode_host =
        best(|n| drop(black_box(encoder.encode(frame(&wide, n, FRAME_SAMPLES)).map(<[u8]>::len))));
    report("encode the host, 96 kbit/s", encode_host, "");
    let packets = encoder.encode(frame(&wide, 1, FRAME_SAMPLES))?.to_vec();
    let encode_silence =
        best(|_| drop(black_box(encoder.encode(&[0; FRAME_SAMPLES]).map(<[u8]>::len))));
    report("encode silence", encode_silence, "");
    let mut decoder = HostDecoder::new()?;
    let decode = best(|_| drop(black_box(decoder.decode(&packets).map(<[i16]>::len))));
    report("decode a host's packet", decode, "31 (libopus)");
    let conceal = best(|_| drop(black_box(decoder.conceal(FRAME_SAMPLES).map(<[i16]>::len))));
    report("conceal a lost packet", conceal, "25 (libopus)");

    let host = line + down + gates + levels + loudness + encode_host + 2.0 * encode_silence;
    let ai = playout + levels + loudness + encode_ai + line + down + gates + 2.0 * encode_silence;
    println!(
        "\nhost talks: {host:.0} µs, an AI talks: {ai:.0} µs of {BUDGET_US:.0} (sound stages alone, loudness included)"
    );
    let mean = 0.4 * host + 0.4 * ai + 0.2 * (line + down + gates + 3.0 * encode_silence);
    println!("host 40 %, one AI 40 %: {mean:.0} µs, {:.0} sessions a core", 20_000.0 / mean);
    Ok(())
}

/// The best mean of several rounds over [`FRAMES`], in microseconds.
fn best(mut stage: impl FnMut(usize)) -> f64 {
    let mut best = Duration::MAX;
    let mut n = 0;
    for _ in 0..ROUNDS {
        #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
        let start = Instant::now();
        for _ in 0..FRAMES {
            stage(n);
            n += 1;
        }
        best = best.min(start.elapsed());
    }
    best.as_secs_f64() * 1e6 / f64::from(FRAMES)
}

fn report(stage: &str, micros: f64, known: &str) {
    println!("{stage:<44} {micros:>9.2}   {known}");
}

/// The `n`th frame of a second of sound that goes round.
fn frame(sound: &[i16], n: usize, samples: usize) -> &[i16] {
    let at = n * samples % sound.len();
    &sound[at..at + samples]
}

/// One second of a buzz with the harmonics of a voice, swelling like syllables.
fn voice(hz: u32) -> Vec<i16> {
    (0..hz)
        .map(|n| {
            let t = f64::from(n) / f64::from(hz);
            let tau = std::f64::consts::TAU;
            let syllable = 0.55 - 0.45 * (t * tau * 4.0).cos();
            let buzz: f64 =
                (1..25).map(|h| (f64::from(h) * 120.0 * t * tau).sin() / f64::from(h)).sum();
            #[expect(clippy::cast_possible_truncation, reason = "well within 16 bits")]
            let sample = (8_000.0 * syllable * buzz) as i16;
            sample
        })
        .collect()
}

fn resample(from: impl Into<Option<SampleRate>>, to: SampleRate, sound: &[i16]) -> f64 {
    let Some(from) = from.into() else { return f64::NAN };
    let mut resampler = Resampler::new(from, to);
    let mut out = Vec::new();
    best(|n| {
        out.clear();
        resampler.push(frame(sound, n, from.samples_in_ms(20)), &mut out);
        black_box(&out);
    })
}

fn host_line(rate: SampleRate, sound: &[i16]) -> f64 {
    let mut line = HostLine::new();
    let mut out = Vec::new();
    let samples = rate.samples_in_ms(20);
    best(|n| {
        out.clear();
        let arrival = SessionTime::from_millis(20 * (n as u64 + 1) + n as u64 % 7);
        line.push((n * samples) as u64, rate, frame(sound, n, samples), arrival, &mut out);
        black_box(&out);
    })
}

fn playout(sound: &[i16]) -> f64 {
    let mut playout = Playout::new(Reports::Expected);
    let turn = TurnId(1);
    playout.open(turn);
    playout.start(turn, SessionTime::ZERO);
    let mut frames = Vec::new();
    best(|n| {
        let now = SessionTime::from_millis(20 * (n as u64 + 1));
        playout.push(turn, frame(sound, n, FRAME_SAMPLES));
        frames.clear();
        playout.due(now, &mut frames);
        black_box(playout.heard(turn, (n * FRAME_SAMPLES) as u64, now, now));
    })
}
