//! The names at the table, heard by the offline recogniser: it has never seen them, and who answers depends on them.

use std::path::Path;

use voice_studio::adapters::Availability;
use voice_studio::adapters::hearing::silero::Silero;
use voice_studio::adapters::stt::moonshine::Moonshine;
use voice_studio::adapters::tts::TextToSpeech;
use voice_studio::adapters::tts::flite::Flite;

use crate::speech::{clips, finals, hear_names, speak};
use crate::support::sound::{wav_16k, with_quiet};
use crate::support::{models, shared_dir};

const NAMES: [&str; 4] = ["Ada", "Grace", "Claude", "Nova"];

/// `samples` behind `lead` samples of silence: the same words at another place give the model other numbers.
fn behind(lead: usize, samples: &[i16]) -> Vec<i16> {
    with_quiet([vec![0; lead], samples.to_vec()].concat())
}

fn words(text: &str) -> Vec<String> {
    let parts = text.split(|c: char| !c.is_alphanumeric());
    parts.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

fn calls(text: &str, name: &str) -> bool {
    let (words, name) = (words(text), name.to_lowercase());
    words.first() == Some(&name) || words.last() == Some(&name)
}

#[tokio::test]
async fn who_is_called_is_heard_wherever_the_line_lies_in_the_sound() {
    let Some(models) = models("called names") else { return };
    let (silero, moonshine) = (Silero::start(&models), Moonshine::start(&models));
    let lines = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audio");
    let mut plain = 0;
    let mut wrong = Vec::new();
    for (file, name) in [("ada.wav", "Ada"), ("grace.wav", "Grace")] {
        let samples = wav_16k(&lines.join(file));
        for place in 0..12 {
            let sound = behind(8_000 + 613 * place, &samples);
            plain += usize::from(calls(
                &finals(&hear_names(&moonshine, &silero, &sound, &[]).await),
                name,
            ));
            let heard = finals(&hear_names(&moonshine, &silero, &sound, &["Ada", "Grace"]).await);
            if !calls(&heard, name) {
                wrong.push(format!("{name}: {heard}"));
            }
        }
    }
    println!("called at 24 places: {plain} heard without names, {} with", 24 - wrong.len());
    println!("{:?}", moonshine.counters());
    assert_eq!(wrong, [""; 0]);
}

#[tokio::test]
async fn names_are_heard_at_the_head_and_at_the_end_in_both_voices() {
    let Some(models) = models("called names") else { return };
    let flite = Flite::new();
    if let Availability::Unavailable(reason) = flite.availability() {
        println!("skipped: {reason}");
        return;
    }
    let (silero, moonshine) = (Silero::start(&models), Moonshine::start(&models));
    let lines = [
        "{}, do you agree with her?",
        "{}, how did it begin?",
        "So {}, tell us more about it.",
        "Do you agree with that, {}?",
        "Thank you, {}.",
    ];
    let (mut asked, mut plain, mut heard, mut wrong) = (0, 0, 0, 0);
    for voice in ["slt", "rms"] {
        for name in NAMES {
            for line in lines {
                let (samples, _) = speak(&flite, voice, &line.replace("{}", name)).await;
                let sound = behind(8_000, &samples);
                let alone = finals(&hear_names(&moonshine, &silero, &sound, &[]).await);
                let text = finals(&hear_names(&moonshine, &silero, &sound, &NAMES).await);
                let is_called = |name: &str| words(&text).contains(&name.to_lowercase());
                asked += 1;
                plain += usize::from(words(&alone).contains(&name.to_lowercase()));
                heard += usize::from(is_called(name));
                wrong += NAMES.iter().filter(|other| **other != name && is_called(other)).count();
                if !is_called(name) {
                    println!("{voice}: {name} in {text:?}");
                }
            }
        }
    }
    println!(
        "{asked} calls: {plain} heard without names, {heard} with, {wrong} heard as another name"
    );
    assert!(heard * 100 >= asked * 95, "{heard} of {asked}");
    assert_eq!(wrong, 0);
}

#[tokio::test]
async fn nobody_is_called_by_words_that_call_nobody() {
    let Some(models) = models("called names") else { return };
    let (silero, moonshine) = (Silero::start(&models), Moonshine::start(&models));
    let lines = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audio");
    let made = ["question", "request", "barge-in", "both", "right", "sentence", "pause"];
    let mut recordings: Vec<_> =
        made.iter().map(|name| lines.join(format!("{name}.wav"))).collect();
    if let Some(shared) = shared_dir() {
        let spoken = clips(&shared, &["read", "command", "question", "meeting"]);
        recordings.extend(spoken.iter().map(|(file, _)| shared.join("speech").join(file)));
    }
    println!("{} recordings", recordings.len());
    for recording in recordings {
        let sound = with_quiet(wav_16k(&recording));
        let alone = finals(&hear_names(&moonshine, &silero, &sound, &[]).await);
        assert_eq!(
            finals(&hear_names(&moonshine, &silero, &sound, &NAMES).await),
            alone,
            "{}",
            recording.display()
        );
    }
    assert_eq!(moonshine.counters().named, 0);
}
