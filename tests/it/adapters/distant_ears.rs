//! Recognisers that are services: each against its simulator, whole, cut, and under every fault.
//!
//! Speech is numbered words: a transcript that holds the full sequence once has lost and doubled nothing.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::watch;
use voice_studio::adapters::net::{Endpoint, Net};
use voice_studio::adapters::scripted::ScriptedEars;
use voice_studio::adapters::stt::assemblyai::{AssemblyAi, AssemblyAiOptions};
use voice_studio::adapters::stt::deepgram::{Deepgram, DeepgramOptions};
use voice_studio::adapters::stt::whisper::{Whisper, WhisperOptions, WhisperRoute};
use voice_studio::adapters::stt::{
    SpeechToText, SttEvent, SttInput, SttOptions, SttStream, SttWords,
};
use voice_studio::adapters::{AdapterError, AdapterNote};
use voice_studio::conversation::Stability;
use voice_studio::secret::Secret;

use super::recognisers::check_speech_to_text;
use crate::support::comes;
use crate::support::gate::heard_through;
use crate::support::simulators::{self as sim, Fault, FaultPlan, Protocol, Simulator, numbered};

const KEY: &str = "a-key-for-tests";

fn key() -> Secret {
    Secret::new(KEY.to_owned())
}

fn at<P: Protocol>(simulator: &Simulator<P>, path: &str) -> Endpoint {
    Endpoint::parse(&format!("{}{path}", simulator.url())).expect("an address")
}

pub(crate) fn deepgram(simulator: &Simulator<sim::deepgram::Deepgram>) -> Deepgram {
    let service = at(simulator, "");
    Deepgram::new(DeepgramOptions { service, key: key(), model: "nova-3".to_owned() })
}

pub(crate) fn assemblyai(
    simulator: &Simulator<sim::assemblyai::AssemblyAi>,
    model: &str,
) -> AssemblyAi {
    let service = at(simulator, "");
    AssemblyAi::new(AssemblyAiOptions { service, key: key(), model: model.to_owned() })
}

pub(crate) fn whisper(
    simulator: &Simulator<sim::whisper::WhisperServer>,
    route: WhisperRoute,
) -> Whisper {
    whisper_asking(simulator, route, true)
}

/// `interims`: whether it asks while the voice sounds, or only when it has fallen silent.
fn whisper_asking(
    simulator: &Simulator<sim::whisper::WhisperServer>,
    route: WhisperRoute,
    interims: bool,
) -> Whisper {
    let (path, key) = match route {
        WhisperRoute::OpenAi => ("/v1", Some(key())),
        WhisperRoute::Transcribe | WhisperRoute::WhisperCpp => ("", None),
    };
    let options = WhisperOptions {
        service: at(simulator, path),
        route,
        key,
        model: "whisper-1".to_owned(),
        interims,
    };
    Whisper::start(&Net::new().expect("clients"), &options).expect("a runtime")
}

/// Two sentences of numbered words with pauses around, as a session would give them: sound and hints.
pub(crate) async fn two_sentences() -> Vec<SttInput> {
    let quiet = |ms: usize| vec![0_i16; ms * 16];
    let words = |numbers: std::ops::Range<usize>| numbers.flat_map(numbered::speak).collect();
    let sound: Vec<Vec<i16>> =
        vec![quiet(400), words(1..8), quiet(1_300), words(8..15), quiet(1_500)];
    script_of(sound.concat()).await
}

/// Sound with the hints that a session would give.
pub(crate) async fn script_of(sound: Vec<i16>) -> Vec<SttInput> {
    heard_through(&ScriptedEars::default(), &sound).await
}

/// Frames of voice, 0.7 s, after which whoever speaks waits for the first words: two words are whole by then, and who hears
/// whole stretches has asked once and not yet a second time.
const HEARD_BY: usize = 35;

/// Everything a product's stream says, and how it ended.
pub(crate) async fn hear(
    adapter: &dyn SpeechToText,
    script: &[SttInput],
) -> (Vec<SttWords>, Result<(), AdapterError>) {
    let (said, notes, end) = listen(adapter, script).await;
    assert_eq!(notes, [], "an adapter tells nothing of others");
    (said, end)
}

/// Everything a stream says and tells, and how it ended.
///
/// Sound is given faster than it is spoken, but nobody is fast enough to be silent again before the first words came:
/// where a recogniser has words that are not final, it is given little of the voice before it tells some.
pub(crate) async fn listen(
    adapter: &dyn SpeechToText,
    script: &[SttInput],
) -> (Vec<SttWords>, Vec<AdapterNote>, Result<(), AdapterError>) {
    let options = SttOptions {
        language: "en-GB".to_owned(),
        terms: vec!["Ada".to_owned()],
        ..SttOptions::default()
    };
    let SttStream { input, mut events } = match comes("open", adapter.open(options)).await {
        Ok(stream) => stream,
        Err(error) => return (Vec::new(), Vec::new(), Err(error)),
    };
    let script = script.to_vec();
    let started = script.iter().position(|given| matches!(given, SttInput::SpeechStarted { .. }));
    let waits_at = started.filter(|_| adapter.capabilities().interim).map(|at| at + HEARD_BY);
    let (is_heard, mut first_words) = watch::channel(false);
    let feed = tokio::spawn(async move {
        for (at, given) in script.into_iter().enumerate() {
            if waits_at == Some(at) {
                // A stream that fails has no words.
                drop(comes("the first words", first_words.wait_for(|is_heard| *is_heard)).await);
            }
            // A stream that has failed takes no more.
            if input.send(given).await.is_err() {
                return;
            }
        }
    });
    let (mut said, mut notes) = (Vec::new(), Vec::new());
    let mut end = None;
    while let Some(event) = comes("an event", events.recv()).await {
        assert!(end.is_none(), "{event:?} after {end:?}");
        match event {
            Ok(SttEvent::Note(note)) => {
                notes.push(note);
                continue;
            }
            Ok(SttEvent::Words(words)) => said.push(words),
            Ok(SttEvent::Done) => end = Some(Ok(())),
            Err(error) => end = Some(Err(error)),
        }
        is_heard.send_replace(true);
    }
    feed.await.expect("fed");
    (said, notes, end.expect("Done or an error"))
}

/// The numbers in the final words.
pub(crate) fn numbers(said: &[SttWords]) -> Vec<usize> {
    said.iter()
        .filter(|words| words.stability == Stability::Final)
        .flat_map(|words| words.text.split_whitespace())
        .map(|word| {
            let number: String = word.chars().filter(char::is_ascii_digit).collect();
            number.parse().unwrap_or_else(|_| panic!("{word} is no numbered word"))
        })
        .collect()
}

pub(crate) async fn check_sequence(adapter: &dyn SpeechToText, script: &[SttInput]) {
    let (said, end) = hear(adapter, script).await;
    end.expect("an end in order");
    assert_eq!(numbers(&said), (1..15).collect::<Vec<_>>());
    assert!(said.iter().any(|words| words.stability == Stability::Interim), "no interim words");
    let first = said.iter().find(|words| words.stability == Stability::Final).expect("a final");
    // The first word begins 400 ms into the sound; a recogniser may hear a little silence along.
    assert!((4_000..=6_600).contains(&first.from_sample), "begins at {}", first.from_sample);
    if adapter.capabilities().word_times {
        for words in said.iter().filter(|words| words.stability == Stability::Final) {
            for word in &words.words {
                let number: usize = word
                    .text
                    .chars()
                    .filter(char::is_ascii_digit)
                    .collect::<String>()
                    .parse()
                    .unwrap();
                let place =
                    if number < 8 { 400 + (number - 1) * 300 } else { 3_800 + (number - 8) * 300 };
                let is_there = word.start_sample.abs_diff(place as u64 * 16) <= 320;
                assert!(is_there, "{word:?} in place of {place} ms");
            }
        }
    }
}

/// Under every fault a stream ends in order, or with one error that says whether another try helps; what it says until
/// then is a beginning of what was said. What only slows or disturbs loses nothing.
pub(crate) async fn check_faults(
    plan: &FaultPlan,
    adapter: &dyn SpeechToText,
    script: &[SttInput],
    events_before: usize,
) {
    for fault in Fault::all(events_before) {
        check_fault(plan, adapter, script, fault).await;
    }
}

async fn check_fault(
    plan: &FaultPlan,
    adapter: &dyn SpeechToText,
    script: &[SttInput],
    fault: Fault,
) {
    plan.push(fault);
    let (said, end) = hear(adapter, script).await;
    let heard = numbers(&said);
    let sequence: Vec<usize> = (1..15).collect();
    println!("{}: {fault:?}: {} words, {end:?}", adapter.name(), heard.len());
    assert!(plan.is_spent(), "{fault:?} met nobody");
    match fault {
        Fault::Latency(_) | Fault::Drip { .. } | Fault::ClockJump(_) | Fault::WrongOrder => {
            assert!(end.is_ok(), "{fault:?}: {end:?}");
            assert_eq!(heard, sequence, "{fault:?}");
        }
        _ => {
            let error = end.expect_err("a failure is told");
            assert!(sequence.starts_with(&heard), "{fault:?}: {heard:?}");
            // What nobody can read is not asked for again, unless it never came to its end.
            let may_be_unreadable = matches!(fault, Fault::MalformedAfter(_));
            assert!(error.is_retryable() || may_be_unreadable, "{fault:?}: {error}");
            if let (Fault::Status(_, Some(after)), AdapterError::Unavailable { retry_after, .. }) =
                (fault, &error)
            {
                assert_eq!(*retry_after, Some(Duration::from_secs(after)), "{fault:?}");
            }
        }
    }
}

async fn check_refusal(adapter: &dyn SpeechToText) {
    let error = comes("a refusal", adapter.open(SttOptions::default())).await.unwrap_err();
    assert!(matches!(error, AdapterError::Refused { .. }), "{error}");
    assert!(!error.to_string().contains(KEY), "{error}");
}

#[tokio::test]
async fn deepgram_keeps_the_contract_and_hears_every_word_once() {
    let simulator = Simulator::start(sim::deepgram::Deepgram::new(KEY)).await;
    let script = two_sentences().await;
    check_speech_to_text(&deepgram(&simulator), &script).await;
    check_sequence(&deepgram(&simulator), &script).await;
    let asked = simulator.asked().pop().expect("a handshake");
    for part in ["language=en-GB", "keyterm=Ada", "interim_results=true", "punctuate=true"] {
        assert!(asked.path.contains(part), "{} without {part}", asked.path);
    }
}

#[tokio::test]
async fn deepgram_lives_with_every_fault() {
    let simulator = Simulator::start(sim::deepgram::Deepgram::new(KEY)).await;
    let script = two_sentences().await;
    check_faults(&simulator.plan, &deepgram(&simulator), &script, 4).await;
    let strange = Simulator::start(sim::deepgram::Deepgram::new("another key")).await;
    check_refusal(&deepgram(&strange)).await;
}

#[tokio::test]
async fn a_silent_line_to_deepgram_is_kept_alive() {
    let simulator = Simulator::start(sim::deepgram::Deepgram::new(KEY)).await;
    let opened = deepgram(&simulator).open(SttOptions::default()).await.expect("open");
    // Nothing is sent for longer than the service bears without a word.
    tokio::time::pause();
    comes("signs of life", simulator.protocol.kept_alive(2)).await;
    drop(opened);
}

#[tokio::test]
async fn assemblyai_keeps_the_contract_and_hears_every_word_once() {
    let script = two_sentences().await;
    for model in ["universal-streaming-english", "u3-rt-pro"] {
        let simulator = Simulator::start(sim::assemblyai::AssemblyAi::new(KEY)).await;
        check_speech_to_text(&assemblyai(&simulator, model), &script).await;
        check_sequence(&assemblyai(&simulator, model), &script).await;
        let asked = simulator.asked().pop().expect("a handshake");
        assert_eq!(asked.header("assemblyai-version"), "2025-05-12");
        let terms = asked.path.contains("keyterms_prompt=%5B%22Ada%22%5D");
        assert!(terms, "{} without terms", asked.path);
        let language = asked.path.contains("language_codes=%5B%22en%22%5D");
        assert_eq!(language, model == "u3-rt-pro", "{}", asked.path);
    }
}

#[tokio::test]
async fn assemblyai_is_asked_for_the_shows_language_and_a_model_without_it_says_so() {
    let simulator = Simulator::start(sim::assemblyai::AssemblyAi::new(KEY)).await;
    let options = || SttOptions { language: "de-AT".to_owned(), ..SttOptions::default() };
    let english = assemblyai(&simulator, "universal-streaming-english");
    let error = comes("a refusal", english.open(options())).await.unwrap_err();
    assert!(error.to_string().contains("universal-streaming-multilingual"), "{error}");
    let many = assemblyai(&simulator, "universal-streaming-multilingual");
    drop(comes("open", many.open(options())).await.expect("a stream"));
    let asked = simulator.asked().pop().expect("a handshake");
    assert!(asked.path.contains("language_codes=%5B%22de%22%5D"), "{}", asked.path);
}

#[tokio::test]
async fn assemblyai_lives_with_every_fault() {
    let simulator = Simulator::start(sim::assemblyai::AssemblyAi::new(KEY)).await;
    let script = two_sentences().await;
    let adapter = assemblyai(&simulator, "universal-streaming-english");
    check_faults(&simulator.plan, &adapter, &script, 4).await;
    let strange = Simulator::start(sim::assemblyai::AssemblyAi::new("another key")).await;
    check_refusal(&assemblyai(&strange, "universal-streaming-english")).await;
}

#[tokio::test]
async fn whisper_keeps_the_contract_on_every_route_and_hears_every_word_once() {
    let script = two_sentences().await;
    for route in [WhisperRoute::Transcribe, WhisperRoute::OpenAi, WhisperRoute::WhisperCpp] {
        let simulator = Simulator::start(sim::whisper::WhisperServer::new(KEY)).await;
        check_speech_to_text(&whisper(&simulator, route), &script).await;
        check_sequence(&whisper(&simulator, route), &script).await;
    }
}

#[tokio::test]
async fn whisper_lives_with_every_fault() {
    let script = two_sentences().await;
    // The first request meets the fault. Where words are asked for while the voice sounds it is one for such words, and is
    // waited for; where not, it is one for a sentence. A request that was called off may come late all the same, so each
    // fault has a server of its own.
    let faults = Fault::all(0).into_iter().flat_map(|fault| [(fault, true), (fault, false)]);
    let checks = faults.map(|(fault, interims)| {
        let script = &script;
        async move {
            let simulator = Simulator::start(sim::whisper::WhisperServer::new(KEY)).await;
            let adapter = whisper_asking(&simulator, WhisperRoute::Transcribe, interims);
            check_fault(&simulator.plan, &adapter, script, fault).await;
        }
    });
    join_all(checks).await;
}
