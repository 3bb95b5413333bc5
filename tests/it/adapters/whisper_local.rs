//! Whisper on this machine, in a build with the feature `local-whisper`.
//!
//! The contract is carried by a model that has learnt nothing and is made here; what a real one hears is shown where
//! `STUDIO_WHISPER_MODEL` names it, or `studio models pull whisper-tiny-en` has put it.

use std::path::{Path, PathBuf};

use voice_studio::adapters::hearing::silero::Silero;
use voice_studio::adapters::scripted::ScriptedEars;
use voice_studio::adapters::stt::whisper_local::WhisperLocal;
use voice_studio::adapters::stt::{
    SpeechToText, SttEvent, SttInput, SttOptions, SttStream, SttWords,
};
use voice_studio::adapters::{AdapterError, Availability};
use voice_studio::conversation::Stability;

use super::recognisers::{check_speech_to_text, two_bursts};
use crate::support::gate::heard_through;
use crate::support::ggml::write_whisper_model;
use crate::support::sound::{wav_16k, with_quiet};
use crate::support::words::{WordErrors, word_errors};
use crate::support::{comes, models};

fn unlearnt() -> (WhisperLocal, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ggml-unlearnt.en.bin");
    write_whisper_model(&path, 1);
    (WhisperLocal::start(&path), folder)
}

#[tokio::test]
async fn local_whisper_keeps_the_contract() {
    let (whisper, _folder) = unlearnt();
    let script = heard_through(&ScriptedEars::default(), &two_bursts()).await;
    check_speech_to_text(&whisper, &script).await;
    assert_eq!(whisper.model(), "ggml-unlearnt.en");
    assert!(whisper.counters().decoded > 0);
}

#[tokio::test]
async fn local_whisper_refuses_a_language_that_its_model_does_not_know() {
    let (whisper, _folder) = unlearnt();
    for language in ["de", "de-AT", "e\0n", "tlh"] {
        let options = SttOptions { language: language.to_owned(), ..SttOptions::default() };
        let error = comes("a refusal", whisper.open(options)).await.expect_err("a refusal");
        assert!(matches!(error, AdapterError::Refused { .. }), "{language}: {error}");
    }
    for language in ["", "en", "EN-gb"] {
        let terms = vec!["Grace Hopper".to_owned(), "a\0b".to_owned()];
        let options = SttOptions { language: language.to_owned(), terms, ..SttOptions::default() };
        comes("a stream", whisper.open(options)).await.expect("English");
    }
}

#[tokio::test]
async fn local_whisper_says_which_file_it_lacks_and_which_is_none_of_its_models() {
    let folder = tempfile::tempdir().expect("a folder");
    let strange = folder.path().join("voice.onnx");
    std::fs::write(&strange, "something else entirely").expect("a file");
    for path in [Path::new("/nonexistent/ggml-tiny.en.bin"), &strange] {
        let whisper = WhisperLocal::start(path);
        let error = comes("an error", whisper.open(SttOptions::default())).await.expect_err("none");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
        assert!(matches!(whisper.availability(), Availability::Unavailable(_)));
    }
}

/// What a real model hears of the spoken lines, with a place for every word.
#[tokio::test]
async fn a_real_model_of_local_whisper_understands_the_spoken_lines() {
    let (Some(model), Some(models)) = (real_model(), models("whisper-local")) else { return };
    let whisper = WhisperLocal::start(&model);
    let silero = Silero::start(&models);
    let mut errors = WordErrors::default();
    for (file, text) in [
        ("question.wav", "What should a founder measure in the first year?"),
        ("request.wav", "Tell me the long story of how the radio was invented."),
        ("barge-in.wav", "Wait, stop there. Let me ask something else."),
    ] {
        let line = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audio").join(file);
        let samples = with_quiet(wav_16k(&line));
        let length = samples.len() as u64;
        let script = heard_through(&silero, &samples).await;
        let said = hear(&whisper, script).await;
        let heard: Vec<&str> = said.iter().map(|words| words.text.as_str()).collect();
        println!("{file}: {heard:?}");
        errors += word_errors(text, &heard.join(" "));
        for words in &said {
            let written: Vec<&str> = words.words.iter().map(|word| word.text.as_str()).collect();
            assert_eq!(written.join(" "), words.text, "{file}: every word has a place");
            assert!(words.words.iter().all(|word| word.start_sample <= word.end_sample));
            assert!(words.words.is_sorted_by_key(|word| word.start_sample), "{words:?}");
            assert!(words.words.iter().all(|word| word.end_sample <= length + 16_000), "{words:?}");
        }
    }
    println!("{errors:?}");
    assert!(errors.percent() <= 10.0, "{errors:?}");
}

/// The final words of a script.
async fn hear(whisper: &WhisperLocal, script: Vec<SttInput>) -> Vec<SttWords> {
    let options = SttOptions { language: "en".to_owned(), ..SttOptions::default() };
    let SttStream { input, mut events } = comes("open", whisper.open(options)).await.expect("open");
    let feed = tokio::spawn(async move {
        for given in script {
            input.send(given).await.expect("a stream that goes on");
        }
    });
    let mut said = Vec::new();
    loop {
        match comes("words", events.recv()).await.expect("an end").expect("no error") {
            SttEvent::Words(words) if words.stability == Stability::Final => said.push(words),
            SttEvent::Words(_) => {}
            SttEvent::Note(note) => panic!("no product tells {note:?}"),
            SttEvent::Done => break,
        }
    }
    feed.await.expect("fed");
    said
}

fn real_model() -> Option<PathBuf> {
    let named = std::env::var_os("STUDIO_WHISPER_MODEL").map(PathBuf::from);
    let pulled =
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("models/whisper-tiny-en/ggml-tiny.en.bin");
    let model = named.unwrap_or_else(pulled);
    if !model.is_file() {
        println!("skipped: no model at {}", model.display());
        return None;
    }
    Some(model)
}
