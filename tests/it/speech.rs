//! Real models over real recordings: what the offline studio hears and says.
//!
//! Sound goes the way of a session: Silero's scores become hints as a session's gate makes them, and sound and hints
//! go to the recogniser. It is given faster than it was spoken,
//! so interims are few here; the words that count are the final ones.

use std::path::Path;

use voice_studio::adapters::hearing::silero::Silero;
use voice_studio::adapters::stt::moonshine::Moonshine;
use voice_studio::adapters::stt::{SpeechToText, SttEvent, SttInput, SttOptions, SttStream, SttWords};
use voice_studio::adapters::tts::flite::Flite;
use voice_studio::adapters::tts::{TextToSpeech, TtsEvent, TtsOptions, TtsPiece};
use voice_studio::adapters::Availability;
use voice_studio::conversation::Stability;

use crate::support::gate::heard_through;
use crate::support::sound::{wav_16k, with_quiet};
use crate::support::words::{WordErrors, word_errors};
use crate::support::{comes, models, shared_dir};

// ── The way of a session ─────────────────────────────────────────────────────────────────────────────────

/// All that the recogniser says of a recording, in order.
async fn hear(moonshine: &Moonshine, silero: &Silero, samples: &[i16]) -> Vec<SttWords> {
    let script = heard_through(silero, samples).await;
    let SttStream { input, mut events } =
        comes("open", moonshine.open(SttOptions { language: "en".to_owned(), terms: Vec::new() })).await.unwrap();
    let feed = tokio::spawn(async move {
        for given in script {
            input.send(given).await.unwrap();
        }
    });
    let mut said = Vec::new();
    let mut done = false;
    while let Some(event) = comes("words", events.recv()).await {
        assert!(!done, "{event:?} after Done");
        match event.unwrap() {
            SttEvent::Words(words) => said.push(words),
            SttEvent::Done => done = true,
        }
    }
    assert!(done);
    feed.await.unwrap();
    said
}

fn finals(said: &[SttWords]) -> String {
    let texts: Vec<_> =
        said.iter().filter(|words| words.stability == Stability::Final).map(|words| words.text.as_str()).collect();
    texts.join(" ")
}

/// A line of Flite's, and its words with their times.
async fn speak(flite: &Flite, voice: &str, text: &str) -> (Vec<i16>, Vec<(String, usize, usize)>) {
    let options = TtsOptions { voice: voice.to_owned(), language: "en".to_owned() };
    let mut stream = comes("open", flite.open(options)).await.unwrap();
    stream.pieces.send(TtsPiece { piece: 0, text: text.to_owned() }).await.unwrap();
    drop(stream.pieces);
    let mut samples = Vec::new();
    let mut timed = Vec::new();
    while let Some(event) = comes("sound", stream.events.recv()).await {
        match event.unwrap() {
            TtsEvent::Audio { frame, .. } => samples.extend_from_slice(&frame.samples),
            TtsEvent::Words { words, .. } => timed.extend(words.into_iter().map(|word| {
                let written = text[word.text_start..word.text_end].to_owned();
                (written, usize::try_from(word.start_sample).unwrap(), usize::try_from(word.end_sample).unwrap())
            })),
            TtsEvent::PieceEnded { .. } | TtsEvent::Done => {}
        }
    }
    (samples, timed)
}

/// The clips of one kind whose transcript can be trusted: file name and reference.
fn clips(shared: &Path, kinds: &[&str]) -> Vec<(String, String)> {
    let table = std::fs::read_to_string(shared.join("speech/MANIFEST.tsv")).unwrap();
    let mut clips = Vec::new();
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let (file, kind, transcript, basis) = (cells[0], cells[4], cells[6], cells[7]);
        if kinds.contains(&kind) && !basis.starts_with("machine") {
            clips.push((file.to_owned(), transcript.to_owned()));
        }
    }
    clips
}

// ── What is heard ────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn read_speech_is_written_down_with_at_most_six_words_in_a_hundred_wrong() {
    let (Some(models), Some(shared)) = (models("read speech"), shared_dir()) else {
        println!("skipped: no shared recordings");
        return;
    };
    let (silero, moonshine) = (Silero::start(&models), Moonshine::start(&models));
    let mut total = WordErrors::default();
    for (file, reference) in clips(&shared, &["read"]) {
        let samples = with_quiet(wav_16k(&shared.join("speech").join(&file)));
        let said = hear(&moonshine, &silero, &samples).await;
        let errors = word_errors(&reference, &finals(&said));
        if errors.wrong > 0 {
            println!("{file}: {} of {}: {:?}", errors.wrong, errors.words, finals(&said));
        }
        total += errors;
    }
    println!("read speech: {} of {} words wrong ({:.1} %)", total.wrong, total.words, total.percent());
    println!("{:?}", moonshine.counters());
    assert!(total.words > 250, "only {} words", total.words);
    assert!(total.percent() <= 6.0, "{:.1} % of the words are wrong", total.percent());
}

#[tokio::test]
async fn lines_of_both_voices_are_understood() {
    let Some(models) = models("spoken lines") else { return };
    let flite = Flite::new();
    if let Availability::Unavailable(reason) = flite.availability() {
        println!("skipped: {reason}");
        return;
    }
    let (silero, moonshine) = (Silero::start(&models), Moonshine::start(&models));
    let lines = [
        "The compiler was the hardest thing she ever built.",
        "Please tell me what you think about the weather in the mountains.",
        "We should ask the audience before we decide anything.",
    ];
    let mut total = WordErrors::default();
    for voice in ["slt", "rms"] {
        for line in lines {
            let (samples, _) = speak(&flite, voice, line).await;
            let said = hear(&moonshine, &silero, &with_quiet(samples)).await;
            let errors = word_errors(line, &finals(&said));
            if errors.wrong > 0 {
                println!("{voice}: {:?}", finals(&said));
            }
            total += errors;
        }
    }
    println!("spoken lines: {} of {} words wrong", total.wrong, total.words);
    assert!(total.percent() <= 5.0, "{:.1} % of the words are wrong", total.percent());
}
