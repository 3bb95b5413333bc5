//! Text to speech.

use std::time::Duration;

use tokio::sync::mpsc;
use voice_studio::adapters::scripted::{Fault, ScriptedVoice};
use voice_studio::adapters::tts::flite::{Flite, STREAMS_MAX};
use voice_studio::adapters::tts::{
    TTS_EVENT_CAPACITY, TextToSpeech, TtsEvent, TtsOptions, TtsPiece, TtsStream,
};
use voice_studio::adapters::{AdapterError, Availability};
use voice_studio::audio::SampleRate;

use crate::support::comes;

/// What a stream said of one piece.
#[derive(Debug, Default)]
struct Heard {
    words: Vec<(String, u64, u64)>,
    samples: u64,
}

async fn say(adapter: &dyn TextToSpeech, voice: &str, pieces: &[&str]) -> Vec<Heard> {
    let options = TtsOptions { voice: voice.to_owned(), language: "en".to_owned() };
    let stream = comes("open", adapter.open(options)).await.unwrap();
    let texts: Vec<String> = pieces.iter().map(|text| (*text).to_owned()).collect();
    let TtsStream { pieces: sender, mut events } = stream;
    let all = texts.clone();
    let feed = tokio::spawn(async move {
        for (piece, text) in (0..).zip(all) {
            sender.send(TtsPiece { piece, text }).await.unwrap();
        }
    });
    let heard = listen(adapter, &texts, &mut events).await;
    feed.await.unwrap();
    heard
}

/// Reads a whole stream and checks the order of everything in it.
async fn listen(
    adapter: &dyn TextToSpeech,
    texts: &[String],
    events: &mut mpsc::Receiver<Result<TtsEvent, AdapterError>>,
) -> Vec<Heard> {
    let rate = adapter.capabilities().rate;
    let mut ended: Vec<Heard> = Vec::new();
    let mut now = Heard::default();
    let mut done = false;
    while let Some(event) = comes("an event", events.recv()).await {
        assert!(!done, "{event:?} after Done");
        assert!(events.len() <= TTS_EVENT_CAPACITY);
        let current = u16::try_from(ended.len()).unwrap();
        match event.unwrap() {
            TtsEvent::Words { piece, words } => {
                assert_eq!(piece, current);
                let text = &texts[ended.len()];
                let mut at = (0, 0);
                let before = std::mem::take(&mut now.words);
                for word in words {
                    assert!(
                        word.text_start >= at.0
                            && word.start_sample >= at.1
                            && word.end_sample >= word.start_sample
                    );
                    at = (word.text_end, word.start_sample);
                    let written = text[word.text_start..word.text_end].to_owned();
                    now.words.push((written, word.start_sample, word.end_sample));
                }
                let goes_on = now.words.len() > before.len() || before.is_empty();
                assert!(goes_on && now.words.starts_with(&before), "{before:?} was told before");
            }
            TtsEvent::Audio { piece, frame } => {
                assert_eq!((piece, frame.rate), (current, rate));
                assert!(
                    !frame.samples.is_empty() && frame.samples.len() <= rate.samples_in_ms(100)
                );
                now.samples += frame.samples.len() as u64;
            }
            TtsEvent::PieceEnded { piece } => {
                assert_eq!(piece, current);
                let last = now.words.last().map_or(0, |word| word.2);
                assert!(last <= now.samples, "a word ends at {last} of {} samples", now.samples);
                ended.push(std::mem::take(&mut now));
            }
            TtsEvent::Note(note) => println!("{note:?}"),
            TtsEvent::Done => done = true,
        }
    }
    assert!(done, "no Done");
    assert_eq!(ended.len(), texts.len());
    ended
}

pub(crate) async fn check_text_to_speech(adapter: &dyn TextToSpeech) {
    let long = "This sentence is long enough to fill more than one channel of sound. ".repeat(4);
    let heard = say(adapter, "", &["Hello there, Ada.", "", " — ", &long]).await;
    assert!(heard[0].samples > 0 && heard[3].samples > heard[0].samples);
    if adapter.capabilities().word_times {
        let words: Vec<_> = heard[0].words.iter().map(|word| word.0.as_str()).collect();
        assert_eq!(words, ["Hello", "there,", "Ada."]);
    }
    assert_eq!((heard[1].samples, heard[2].samples), (0, 0), "a text without words has no sound");

    let nothing = say(adapter, "", &[]).await;
    assert!(nothing.is_empty());

    // Work that nobody listens to ends, though a piece is under way and more could come.
    let stream = comes("open", adapter.open(TtsOptions::default())).await.unwrap();
    stream.pieces.send(TtsPiece { piece: 0, text: long.clone() }).await.unwrap();
    let mut events = stream.events;
    assert!(comes("a first event", events.recv()).await.is_some());
    drop(events);
    comes("the end of dropped work", stream.pieces.closed()).await;

    // A reader who is slow bounds how far the voice runs ahead.
    let stream = comes("open", adapter.open(TtsOptions::default())).await.unwrap();
    stream.pieces.send(TtsPiece { piece: 0, text: long.clone() }).await.unwrap();
    drop(stream.pieces);
    let mut events = stream.events;
    let heard = listen(adapter, &[long], &mut events).await;
    assert!(heard[0].samples > 0);
}

fn flite() -> Option<Flite> {
    let flite = Flite::new();
    if let Availability::Unavailable(reason) = flite.availability() {
        println!("skipped: {reason}");
        return None;
    }
    Some(flite)
}

#[tokio::test]
async fn flite_keeps_the_contract() {
    let Some(flite) = flite() else { return };
    check_text_to_speech(&flite).await;
}

#[tokio::test]
async fn both_voices_of_flite_speak_and_an_unknown_one_is_refused() {
    let Some(flite) = flite() else { return };
    for voice in ["slt", "rms"] {
        let heard = say(&flite, voice, &["Good morning."]).await;
        assert!(heard[0].samples > 8_000, "{voice} says {} samples", heard[0].samples);
    }
    let options = TtsOptions { voice: "elvis".to_owned(), language: String::new() };
    let error = comes("a refusal", flite.open(options)).await.unwrap_err();
    assert!(matches!(error, AdapterError::Refused { .. }), "{error}");
}

#[tokio::test]
async fn flite_expands_figures_and_signs_without_losing_the_place_in_the_text() {
    let Some(flite) = flite() else { return };
    let text = "Dr. Smith’s café — it cost $42 in 1999… wow! 🎉";
    let heard = say(&flite, "slt", &[text]).await;
    let words: Vec<_> = heard[0].words.iter().map(|word| word.0.as_str()).collect();
    assert_eq!(words, ["Dr.", "Smith’s", "café", "it", "cost", "$42", "in", "1999…", "wow!"]);
    let of = |written: &str| {
        heard[0].words.iter().find(|word| word.0 == written).map(|word| word.2 - word.1).unwrap()
    };
    assert!(of("$42") > 2 * of("it"), "forty two dollars take longer than one syllable");
}

#[tokio::test]
async fn many_flite_streams_of_one_voice_speak_at_once_without_disturbing_each_other() {
    let Some(flite) = flite() else { return };
    let texts = [
        "The first of several voices.",
        "Another one, rather different.",
        "And the third says this.",
    ];
    let alone: Vec<u64> = [
        say(&flite, "slt", &[texts[0]]).await[0].samples,
        say(&flite, "slt", &[texts[1]]).await[0].samples,
        say(&flite, "slt", &[texts[2]]).await[0].samples,
    ]
    .into();
    for _ in 0..5 {
        let (a, b, c) = tokio::join!(
            say(&flite, "slt", &texts[..1]),
            say(&flite, "slt", &texts[1..2]),
            say(&flite, "slt", &texts[2..]),
        );
        assert_eq!([a[0].samples, b[0].samples, c[0].samples], alone[..]);
    }
}

#[tokio::test]
async fn a_scripted_voice_keeps_the_contract_at_every_rate() {
    for rate in [SampleRate::HZ_16000, SampleRate::HZ_24000, SampleRate::HZ_48000] {
        check_text_to_speech(&ScriptedVoice::new().at_rate(rate)).await;
    }
}

#[tokio::test]
async fn a_scripted_voice_says_each_word_at_its_pace() {
    let voice = ScriptedVoice::new().with_pace(Duration::from_millis(200));
    let heard = say(&voice, "", &["one two - three"]).await;
    assert_eq!(heard[0].samples, 3 * 3_200);
    let times: Vec<_> =
        heard[0].words.iter().map(|word| (word.0.as_str(), word.1, word.2)).collect();
    assert_eq!(times, [("one", 0, 3_200), ("two", 3_200, 6_400), ("three", 6_400, 9_600)]);
}

#[tokio::test]
async fn a_scripted_voice_breaks_the_way_its_plan_says() {
    let voice = ScriptedVoice::new().with_faults(vec![
        Some(Fault::FailsAfter(2)),
        Some(Fault::PanicsAfter(1)),
        None,
    ]);
    let mut ends = Vec::new();
    for _ in 0..3 {
        let TtsStream { pieces, mut events } = voice.open(TtsOptions::default()).await.unwrap();
        pieces.send(TtsPiece { piece: 0, text: "one two".to_owned() }).await.unwrap();
        drop(pieces);
        let mut last = None;
        let mut count = 0;
        while let Some(event) = comes("an event", events.recv()).await {
            count += 1;
            last = Some(event);
        }
        ends.push((count, matches!(last, Some(Ok(TtsEvent::Done))), matches!(last, Some(Err(_)))));
    }
    assert_eq!(ends, [(3, false, true), (1, false, false), (9, true, false)]);
}

#[tokio::test]
async fn flite_turns_away_what_it_has_no_threads_for() {
    let Some(flite) = flite() else { return };
    let mut open = Vec::new();
    for _ in 0..STREAMS_MAX {
        open.push(comes("open", flite.open(TtsOptions::default())).await.unwrap());
    }
    let error = comes("a refusal", flite.open(TtsOptions::default())).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
}
