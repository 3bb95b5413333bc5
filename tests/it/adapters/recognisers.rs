//! Speech to text.

use voice_studio::adapters::hearing::VoiceActivity;
use voice_studio::adapters::hearing::silero::Silero;
use voice_studio::adapters::onnx::OfflineModels;
use voice_studio::adapters::scripted::{Fault, ScriptedEars};
use voice_studio::adapters::stt::moonshine::Moonshine;
use voice_studio::adapters::stt::{
    STT_EVENT_CAPACITY, SpeechToText, SttEvent, SttInput, SttOptions, SttStream, SttWords,
};
use voice_studio::adapters::{AdapterError, Availability};
use voice_studio::audio::{Frame, SampleRate};
use voice_studio::conversation::Stability;

use crate::support::gate::heard_through;
use crate::support::sound::{frames_16k, wav_16k, with_quiet};
use crate::support::{comes, models};

async fn open(adapter: &dyn SpeechToText) -> SttStream {
    comes(
        "open",
        adapter.open(SttOptions { language: "en-GB".to_owned(), ..SttOptions::default() }),
    )
    .await
    .unwrap()
}

/// Reads a stream to its end and checks the order of everything in it.
async fn read_all(
    mut events: tokio::sync::mpsc::Receiver<Result<SttEvent, AdapterError>>,
) -> Vec<SttWords> {
    let mut said: Vec<SttWords> = Vec::new();
    let mut done = false;
    while let Some(event) = comes("an event", events.recv()).await {
        assert!(!done, "{event:?} after Done");
        assert!(events.len() <= STT_EVENT_CAPACITY);
        match event.unwrap() {
            SttEvent::Words(words) => said.push(words),
            SttEvent::Note(note) => println!("{note:?}"),
            SttEvent::Done => done = true,
        }
    }
    assert!(done, "no Done");
    check_order(&said);
    said
}

fn check_order(said: &[SttWords]) {
    for words in said {
        assert!(words.from_sample <= words.until_sample, "{words:?}");
    }
    for pair in said.windows(2) {
        let [earlier, later] = pair else { unreachable!() };
        if later.segment == earlier.segment {
            assert_ne!(earlier.stability, Stability::Final, "final words changed: {pair:?}");
            assert_eq!(later.from_sample, earlier.from_sample, "{pair:?}");
            assert!(
                later.until_sample >= earlier.until_sample || later.stability != Stability::Interim,
                "{pair:?}"
            );
        } else {
            assert_eq!(later.segment, earlier.segment + 1, "{pair:?}");
            assert_eq!(earlier.stability, Stability::Final, "a stretch without a final: {pair:?}");
            assert!(later.from_sample >= earlier.from_sample, "{pair:?}");
        }
    }
    if let Some(last) = said.last() {
        assert_eq!(last.stability, Stability::Final);
    }
}

fn finals(said: &[SttWords]) -> Vec<&SttWords> {
    said.iter().filter(|words| words.stability == Stability::Final).collect()
}

/// `script`: sound with at least one stretch of speech and quiet at its end, and the hints for it.
pub(crate) async fn check_speech_to_text(adapter: &dyn SpeechToText, script: &[SttInput]) {
    everything_becomes_final_once(adapter, script).await;
    finish_gives_final_words_at_once_and_the_stream_goes_on(adapter, script).await;
    nothing_is_said_without_sound(adapter).await;
    dropped_work_ends(adapter, script).await;

    let mut stream = open(adapter).await;
    stream.input.send(SttInput::Audio(Frame::silence(SampleRate::HZ_48000, 960))).await.unwrap();
    let first = comes("an error", stream.events.recv()).await;
    assert!(matches!(first, Some(Err(AdapterError::Refused { .. }))), "{first:?}");
    assert!(comes("the end", stream.events.recv()).await.is_none());
}

async fn everything_becomes_final_once(adapter: &dyn SpeechToText, script: &[SttInput]) {
    let SttStream { input, events } = open(adapter).await;
    let script = script.to_vec();
    let feed = tokio::spawn(async move {
        for given in script {
            input.send(given).await.unwrap();
        }
    });
    let said = read_all(events).await;
    feed.await.unwrap();
    assert!(finals(&said).iter().any(|words| !words.text.is_empty()), "nothing was understood");
    for pair in said.windows(2) {
        if pair[0].stability == Stability::Complete && pair[1].stability == Stability::Final {
            // A service may put marks and capitals in last; the words are the same.
            assert_eq!(
                bare(&pair[0].text),
                bare(&pair[1].text),
                "the silence lasted, so the complete words are the final ones"
            );
        }
    }
}

fn bare(text: &str) -> String {
    let kept = text.chars().filter(|c| c.is_alphanumeric() || c.is_whitespace());
    kept.flat_map(char::to_lowercase).collect()
}

async fn finish_gives_final_words_at_once_and_the_stream_goes_on(
    adapter: &dyn SpeechToText,
    script: &[SttInput],
) {
    let started =
        script.iter().position(|given| matches!(given, SttInput::SpeechStarted { .. })).unwrap();
    let SttStream { input, mut events } = open(adapter).await;
    // A second of the first stretch, then the end of the turn, though the voice goes on.
    for given in &script[..started + 50] {
        comes("room", input.send(given.clone())).await.unwrap();
    }
    comes("room", input.send(SttInput::Finish)).await.unwrap();
    let mut said = Vec::new();
    loop {
        match comes("final words", events.recv()).await {
            Some(Ok(SttEvent::Words(words))) => said.push(words),
            other => panic!("{other:?} in place of final words"),
        }
        if said.last().is_some_and(|words| words.stability == Stability::Final) {
            break;
        }
    }
    check_order(&said);
    let feed = tokio::spawn({
        let rest = script[started + 50..].to_vec();
        async move {
            for given in rest {
                input.send(given).await.unwrap();
            }
        }
    });
    let later = read_all(events).await;
    feed.await.unwrap();
    assert!(
        later.iter().all(|words| words.segment > said[0].segment),
        "words of the finished segment came again"
    );
}

async fn nothing_is_said_without_sound(adapter: &dyn SpeechToText) {
    let SttStream { input, events } = open(adapter).await;
    input.send(SttInput::SpeechStopped { at_sample: 5 }).await.unwrap();
    input.send(SttInput::Finish).await.unwrap();
    drop(input);
    assert!(read_all(events).await.is_empty());
}

async fn dropped_work_ends(adapter: &dyn SpeechToText, script: &[SttInput]) {
    let SttStream { input, events } = open(adapter).await;
    for given in &script[..60.min(script.len())] {
        input.send(given.clone()).await.unwrap();
    }
    drop(events);
    comes("the end of dropped work", input.closed()).await;
}

#[tokio::test]
async fn moonshine_keeps_the_contract() {
    let Some(models) = models("moonshine") else { return };
    let recording = models.dir.join("two-cities/two_cities.wav");
    if !recording.is_file() {
        println!("skipped: no {}", recording.display());
        return;
    }
    let mut samples = wav_16k(&recording);
    samples.truncate(16_000 * 12);
    let script = heard_through(&Silero::start(&models), &with_quiet(samples)).await;
    check_speech_to_text(&Moonshine::start(&models), &script).await;
}

/// Hints that come late, twice, out of order or from the future, and turns that end anywhere.
#[tokio::test]
async fn moonshine_keeps_the_contract_whatever_it_is_told() {
    let Some(models) = models("moonshine") else { return };
    let recording = models.dir.join("two-cities/two_cities.wav");
    if !recording.is_file() {
        println!("skipped: no {}", recording.display());
        return;
    }
    let frames = frames_16k(&wav_16k(&recording)[..16_000 * 20]);
    let moonshine = Moonshine::start(&models);
    for seed in 1..=12_u64 {
        let mut state = seed;
        let mut below = |limit: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % limit
        };
        let mut script = Vec::new();
        let mut sent = 0_u64;
        for frame in &frames[..usize::try_from(below(1000)).unwrap()] {
            sent += frame.samples.len() as u64;
            script.push(SttInput::Audio(frame.clone()));
            let at_sample = (sent + below(3_000)).saturating_sub(below(12_000));
            match below(60) {
                0 | 1 => script.push(SttInput::SpeechStarted { at_sample }),
                2 | 3 => script.push(SttInput::SpeechStopped { at_sample }),
                4 => script.push(SttInput::Finish),
                _ => {}
            }
        }
        println!("seed {seed}: {} inputs", script.len());
        let SttStream { input, events } = open(&moonshine).await;
        let feed = tokio::spawn(async move {
            for given in script {
                input.send(given).await.unwrap();
            }
        });
        read_all(events).await;
        feed.await.unwrap();
    }
}

#[tokio::test]
async fn moonshine_refuses_another_language_and_says_which_file_it_lacks() {
    let moonshine = Moonshine::start(&OfflineModels::new("/nonexistent"));
    let error = comes("a refusal", moonshine.open(SttOptions::default())).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    assert!(matches!(moonshine.availability(), Availability::Unavailable(_)));
    let german = SttOptions { language: "de".to_owned(), ..SttOptions::default() };
    let error = comes("a refusal", moonshine.open(german)).await.unwrap_err();
    assert!(matches!(error, AdapterError::Refused { .. }), "{error}");
}

/// Two bursts of a loud tone, a second each, a second and a half apart.
pub(super) fn two_bursts() -> Vec<i16> {
    let mut samples = Vec::new();
    for _ in 0..2 {
        samples.extend([0; 8_000]);
        samples.extend((0..16_000).map(|at| if at / 40 % 2 == 0 { 9_000 } else { -9_000 }));
        samples.extend([0; 16_000]);
    }
    samples
}

#[tokio::test]
async fn scripted_ears_keep_the_contract_of_a_recogniser_and_say_their_lines_in_order() {
    let detector: &dyn VoiceActivity = &ScriptedEars::default();
    let script = heard_through(detector, &two_bursts()).await;
    check_speech_to_text(
        &ScriptedEars::new(["one", "two", "three", "four", "five", "six", "seven"]),
        &script,
    )
    .await;

    let SttStream { input, events } = open(&ScriptedEars::new(["how are you", "fine"])).await;
    let feed = tokio::spawn(async move {
        for given in script {
            input.send(given).await.unwrap();
        }
    });
    let said = read_all(events).await;
    feed.await.unwrap();
    assert_eq!(
        finals(&said).iter().map(|words| words.text.as_str()).collect::<Vec<_>>(),
        ["how are you", "fine"]
    );
    assert!(
        said.iter().any(|words| words.stability == Stability::Interim && words.text == "how are")
    );
}

#[tokio::test]
async fn a_script_goes_on_in_the_stream_that_replaces_a_broken_one() {
    let ears = ScriptedEars::new(["lost", "kept"]).with_faults(vec![Some(Fault::PanicsAfter(0))]);
    for expected in [None, Some("kept")] {
        let SttStream { input, mut events } = open(&ears).await;
        input.send(SttInput::SpeechStarted { at_sample: 0 }).await.unwrap();
        input.send(SttInput::Finish).await.unwrap();
        let first = comes("words or the end", events.recv()).await;
        let text = first.map(|event| match event.unwrap() {
            SttEvent::Words(words) => words.text,
            SttEvent::Note(_) | SttEvent::Done => panic!("done in place of words"),
        });
        assert_eq!(text.as_deref(), expected);
    }
}
