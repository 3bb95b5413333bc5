//! The contract of `adapters/mod.rs`, run over every adapter that can work on this machine without a network.

use tokio::sync::mpsc;
use voice_studio::adapters::hearing::earshot::Earshot;
use voice_studio::adapters::hearing::silero::Silero;
use voice_studio::adapters::hearing::{HEARING_EVENT_CAPACITY, VoiceActivity};
use voice_studio::adapters::onnx::OfflineModels;
use voice_studio::adapters::tts::flite::Flite;
use voice_studio::adapters::tts::{
    TTS_EVENT_CAPACITY, TextToSpeech, TtsEvent, TtsOptions, TtsPiece, TtsStream,
};
use voice_studio::adapters::{AdapterError, Availability};
use voice_studio::audio::{Frame, SampleRate};

use crate::support::sound::frames_16k;
use crate::support::{comes, models};

// ── Voice activity ───────────────────────────────────────────────────────────────────────────────────────

/// One second and a bit, not a whole number of anybody's hops.
const ODD_SAMPLES: usize = 16_777;

async fn check_voice_activity(adapter: &dyn VoiceActivity) {
    scores_cover_all_sound_in_order(adapter).await;
    scores_wait_for_their_reader(adapter).await;
    sound_at_a_wrong_rate_is_one_error(adapter).await;
    let stream = comes("open", adapter.open()).await.unwrap();
    drop(stream.scores);
    comes("the end of dropped work", stream.audio.closed()).await;
}

async fn scores_cover_all_sound_in_order(adapter: &dyn VoiceActivity) {
    let mut stream = comes("open", adapter.open()).await.unwrap();
    for frame in frames_16k(&vec![100; ODD_SAMPLES]) {
        comes("room", stream.audio.send(frame)).await.unwrap();
        assert!(stream.scores.len() <= HEARING_EVENT_CAPACITY);
    }
    drop(stream.audio);
    let mut until = 0;
    while let Some(score) = comes("a score", stream.scores.recv()).await {
        let score = score.unwrap();
        assert_eq!(score.from_sample, until);
        assert!(score.until_sample > until && score.score <= 1000);
        until = score.until_sample;
    }
    assert_eq!(until, ODD_SAMPLES as u64);
}

/// Ten seconds without a reader: sound backs up in the bounded channel, nothing grows, nothing is lost.
async fn scores_wait_for_their_reader(adapter: &dyn VoiceActivity) {
    let mut stream = comes("open", adapter.open()).await.unwrap();
    let feed = tokio::spawn(async move {
        for frame in frames_16k(&vec![0; 160_000]) {
            stream.audio.send(frame).await.unwrap();
        }
    });
    let mut until = 0;
    while let Some(score) = comes("a score", stream.scores.recv()).await {
        until = score.unwrap().until_sample;
    }
    feed.await.unwrap();
    assert_eq!(until, 160_000);
}

async fn sound_at_a_wrong_rate_is_one_error(adapter: &dyn VoiceActivity) {
    let mut stream = comes("open", adapter.open()).await.unwrap();
    stream.audio.send(Frame::silence(SampleRate::HZ_48000, 960)).await.unwrap();
    let first = comes("an error", stream.scores.recv()).await;
    assert!(matches!(first, Some(Err(AdapterError::Refused { .. }))), "{first:?}");
    assert!(comes("the end", stream.scores.recv()).await.is_none());
}

#[tokio::test]
async fn earshot_keeps_the_contract() {
    check_voice_activity(&Earshot::new()).await;
}

#[tokio::test]
async fn silero_keeps_the_contract() {
    let Some(models) = models("silero") else { return };
    check_voice_activity(&Silero::start(&models)).await;
}

#[tokio::test]
async fn silero_without_its_models_is_unavailable_and_says_which_file() {
    let silero = Silero::start(&OfflineModels::new("/nonexistent"));
    let error = comes("a refusal", silero.open()).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    let Availability::Unavailable(reason) = silero.availability() else {
        panic!("available without files")
    };
    assert!(reason.contains("ONNX Runtime"), "{reason}");
}

// ── Text to speech ───────────────────────────────────────────────────────────────────────────────────────

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
    let mut worded = false;
    let mut done = false;
    while let Some(event) = comes("an event", events.recv()).await {
        assert!(!done, "{event:?} after Done");
        assert!(events.len() <= TTS_EVENT_CAPACITY);
        let current = u16::try_from(ended.len()).unwrap();
        match event.unwrap() {
            TtsEvent::Words { piece, words } => {
                assert_eq!(piece, current);
                assert!(!worded, "words twice");
                worded = true;
                let text = &texts[ended.len()];
                let mut at = (0, 0);
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
                worded = false;
            }
            TtsEvent::Done => done = true,
        }
    }
    assert!(done, "no Done");
    assert_eq!(ended.len(), texts.len());
    ended
}

async fn check_text_to_speech(adapter: &dyn TextToSpeech) {
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
