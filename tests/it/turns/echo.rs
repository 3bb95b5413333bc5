//! What comes back of the AIs by a loudspeaker: it is nobody's voice, and who speaks over it or with it is heard.

use std::path::PathBuf;

use voice_studio::audio::SampleRate;
use voice_studio::audio::echo::EchoGuard;
use voice_studio::audio::resample::Resampler;
use voice_studio::conversation::Input;
use voice_studio::time::{SessionTime, Span};
use voice_studio::turnbench::barge_in::Outcome;
use voice_studio::turnbench::{Clip, Ears, Hearing, Rate, Tally, barge_in};

use super::{LEAD_SAMPLES, TALK, briefing, ears, ms, rows, takes_all};
use crate::support::sound::wav_16k;

/// What the AIs say here, one line after the other with short gaps, from half a second on: Flite's voices.
fn ai_speech() -> Vec<i16> {
    let mut sound = vec![0; 8_000];
    for line in ["request", "ada", "question", "pause", "grace", "both"] {
        let path = format!("{}/tests/audio/{line}.wav", env!("CARGO_MANIFEST_DIR"));
        sound.extend(wav_16k(PathBuf::from(path).as_path()));
        sound.extend([0; 3_200]);
    }
    sound
}

/// `own` as a loudspeaker and a room bring it to a microphone: so late and so much softer, with some reflections.
#[expect(clippy::cast_possible_truncation, reason = "clamped to the range just before")]
fn echo_of(own: &[i16], delay_ms: usize, gain_db: f64, length: usize) -> Vec<i16> {
    const REFLECTIONS: [(usize, f64); 4] = [(0, 1.0), (7, 0.4), (19, -0.3), (43, 0.2)];
    let gain = 10_f64.powf(gain_db / 20.0);
    let at = |place: Option<usize>| place.and_then(|n| own.get(n)).copied().map_or(0.0, f64::from);
    let sample = |n: usize| {
        let sum: f64 = REFLECTIONS
            .iter()
            .map(|(late, share)| share * at(n.checked_sub((delay_ms + late) * 16)))
            .sum();
        (gain * sum).round().clamp(-32_768.0, 32_767.0) as i16
    };
    (0..length).map(sample).collect()
}

fn mixed(sound: &mut [i16], more: &[i16]) {
    for (sample, more) in sound.iter_mut().zip(more) {
        *sample = sample.saturating_add(*more);
    }
}

const GAINS_DB: [f64; 5] = [-10.0, -15.0, -20.0, -25.0, -30.0];
const DELAYS_MS: [usize; 4] = [20, 80, 140, 200];

#[tokio::test]
async fn the_ais_own_voice_is_no_voice_and_no_words_however_it_comes_back() {
    let Some(ears) = ears("echo") else { return };
    let own = ai_speech();
    let length = own.len() + 16_000;
    let quiet =
        Clip { name: "room".into(), samples: Vec::new(), speech: 0..0 }.in_a_room(length, 0);
    let count = |hearing: &Hearing, wanted: fn(&Input) -> bool| {
        hearing.facts.iter().filter(|(_, fact)| wanted(fact)).count()
    };
    let is_voice = |fact: &Input| matches!(fact, Input::SpeechStarted { .. });
    let is_rise = |fact: &Input| matches!(fact, Input::SoundRose { .. });
    let is_words =
        |fact: &Input| matches!(fact, Input::Recognised { text, .. } if !text.is_empty());
    let (mut voices, mut rises, mut words, mut unguarded) = (0, 0, 0, 0);
    for gain_db in GAINS_DB {
        for delay_ms in DELAYS_MS {
            let mut sound = quiet.samples.clone();
            mixed(&mut sound, &echo_of(&own, delay_ms, gain_db, length));
            let hearing = ears.hear_over(&sound, &own).await.unwrap();
            let found = [is_voice, is_rise, is_words].map(|wanted| count(&hearing, wanted));
            println!("echo {gain_db} dB after {delay_ms} ms: {found:?} voices, rises, words");
            voices += found[0];
            rises += found[1];
            words += found[2];
        }
        let mut sound = quiet.samples.clone();
        mixed(&mut sound, &echo_of(&own, DELAYS_MS[1], gain_db, length));
        let deaf = Ears { speech_to_text: None, ..ears.clone() };
        unguarded += count(&deaf.hear(&sound).await.unwrap(), is_voice);
    }
    println!("voices {voices}, rises {rises}, words {words}; without the guard {unguarded} voices");
    assert!(unguarded > GAINS_DB.len(), "without the guard the echo is a voice");
    assert_eq!((voices, words), (0, 0));
}

#[tokio::test]
async fn a_host_who_speaks_over_the_echo_stops_the_ai() {
    let what = "barge-in over an echo";
    let (Some(ears), Some(rows)) = (ears(what), rows(what)) else { return };
    let briefing = briefing();
    let own = ai_speech();
    let gains = if takes_all() { &GAINS_DB[..] } else { &GAINS_DB[2..3] };
    for gain_db in gains {
        let (mut stopped, mut pauses) = (Rate::default(), Tally::default());
        for (place, row) in rows.iter().filter(|row| row.is(&TALK)).enumerate() {
            let Some(clip) = row.speech() else { continue };
            let clip = clip.part(0..clip.samples.len().min(clip.speech.start + 3 * 16_000));
            let mut clip = clip.in_a_room(3 * LEAD_SAMPLES + place * 1_777, 2 * 16_000);
            let delay_ms = DELAYS_MS[place % DELAYS_MS.len()];
            let said = clip.samples.clone();
            let mut outcome = Outcome::default();
            // First the AI speaks on whatever the host does; then it falls silent where it was paused.
            for _ in 0..2 {
                let silent_from = outcome.pause.map_or(own.len(), |pause| {
                    clip.speech.start + usize::try_from(pause.millis()).unwrap() * 16
                });
                let own = &own[..silent_from.min(own.len())];
                clip.samples.clone_from(&said);
                mixed(&mut clip.samples, &echo_of(own, delay_ms, *gain_db, said.len()));
                let mut hearing = ears.hear_over(&clip.samples, own).await.unwrap();
                (outcome, _) =
                    barge_in::judge(&ears, &mut hearing, &clip, &briefing).await.unwrap();
            }
            let [pause, stop] = [outcome.pause, outcome.stop].map(ms);
            println!(
                "{} over {gain_db} dB after {delay_ms} ms: pause {pause}, stop {stop}",
                clip.name
            );
            stopped.add(outcome.stop.is_some());
            outcome.pause.into_iter().for_each(|span| pauses.add(span));
        }
        println!("over an echo of {gain_db} dB: stopped {stopped}; pause {pauses}");
        // An echo of -10 dB is as loud as many of these hosts.
        let least = if *gain_db < -15.0 { 0.95 } else { 0.8 };
        assert!(stopped.share() >= least, "{stopped}");
    }
}

/// How long two are compared, samples at 16 kHz: an AI's first words.
const TOGETHER: usize = 3 * 16_000;

/// When the guard believes that `near` is `own` come back, if it ever does. Both at 16 kHz.
fn believed(own: &[i16], near: &[i16]) -> Option<Span> {
    let wide = |samples: &[i16]| {
        let mut wide = Vec::new();
        Resampler::new(SampleRate::HZ_16000, SampleRate::HZ_48000).push(samples, &mut wide);
        wide
    };
    let mut guard = EchoGuard::default();
    let (own, near) = (wide(own), wide(near));
    let mut frames = own.chunks(960).zip(near.chunks(960)).zip((0..).step_by(20));
    frames.find_map(|((own, near), millis)| {
        let at = SessionTime::from_millis(millis);
        guard.own(at, own);
        guard.hear(at, near, true);
        guard.path().map(|_| Span::from_millis(millis + 20))
    })
}

#[test]
fn who_speaks_into_an_ais_first_words_is_not_its_echo_and_an_echo_is_soon_known() {
    let Some(rows) = rows("two voices at once") else { return };
    let clips: Vec<Vec<i16>> = rows
        .iter()
        .filter(|row| row.is(&TALK))
        .filter_map(super::Row::speech)
        .map(|clip| clip.samples[clip.speech.start..].iter().copied().take(TOGETHER).collect())
        .collect();
    let (mut mistaken, mut soon, mut known) = (Rate::default(), Rate::default(), Tally::default());
    let pairs = clips.iter().flat_map(|own| clips.iter().map(move |near| (own, near)));
    let others = pairs.filter(|(own, near)| !std::ptr::eq(*own, *near));
    for (own, near) in others.step_by(if takes_all() { 1 } else { 11 }) {
        mistaken.add(believed(own, near).is_some());
    }
    for own in &clips {
        for (delay_ms, gain_db) in DELAYS_MS.into_iter().zip(GAINS_DB) {
            let after = believed(own, &echo_of(own, delay_ms, gain_db, own.len()));
            soon.add(after.is_some_and(|after| after <= Span::from_millis(1000)));
            after.into_iter().for_each(|after| known.add(after));
        }
    }
    println!("taken for an echo {mistaken}; echoes known within a second {soon}, after {known}");
    assert!(mistaken.share() <= 0.01, "{mistaken}");
    assert!(soon.share() >= 0.95, "{soon}");
}
