//! Whole shows through services: every distant recogniser and voice holds a session from hello to recording.
//!
//! In real time, all at once: the host says numbered words, is answered, and says more. The recogniser's words are the
//! captions, once each; what the voice was told to say is what was heard, once.

use std::sync::Arc;

use futures_util::future::join_all;
use voice_studio::adapters::google::access::GoogleAccess;
use voice_studio::adapters::llm::LanguageModel;
use voice_studio::adapters::scripted::{ScriptedEars, ScriptedEndOfTurn, ScriptedMind};
use voice_studio::adapters::stt::SpeechToText;
use voice_studio::adapters::stt::google::{
    GoogleSpeech, GoogleSpeechOptions, GoogleSpeechVersion, STREAM_HARD, STREAM_SOFT,
};
use voice_studio::adapters::stt::whisper::WhisperRoute;
use voice_studio::adapters::tts::TextToSpeech;
use voice_studio::adapters::tts::elevenlabs::ElevenLabsWay;
use voice_studio::adapters::tts::espeak::Espeak;
use voice_studio::adapters::tts::google::{GoogleVoices, GoogleVoicesOptions};
use voice_studio::adapters::tts::piper::PiperServer;
use voice_studio::client::rehearsal::{HostFile, Script, Summary, rehearse};
use voice_studio::transport::protocol::Speaker;

use super::distant_ears::{assemblyai, deepgram, whisper};
use super::distant_voices::{OpenAiForm, at, elevenlabs, net, openai};
use crate::support::comes;
use crate::support::simulators::google::{FIVE_MINUTES, GoogleRequests, GoogleSimulator};
use crate::support::simulators::{self as sim, Simulator, numbered};
use crate::support::stand_ins::{StandIns, briefing};
use crate::support::studio::Studio;

/// A recogniser and a voice that hold a show together, and their names.
type Pair = (&'static str, Arc<dyn SpeechToText>, Arc<dyn TextToSpeech>);

const KEY: &str = "a-key-for-tests";
const REPLY: &str = "That is so. And there is more of it.";

/// The host: five words, a pause in which an answer fits, four more.
fn host() -> HostFile {
    let quiet = |ms: usize| vec![0_i16; ms * 16];
    let words = |numbers: std::ops::Range<usize>| numbers.flat_map(numbered::speak).collect();
    let parts: Vec<Vec<i16>> =
        vec![quiet(500), words(1..6), quiet(7_000), words(6..10), quiet(500)];
    HostFile::new(16_000, parts.concat())
}

async fn hold(ears: Arc<dyn SpeechToText>, voice: Arc<dyn TextToSpeech>) -> Summary {
    let detector = Arc::new(ScriptedEars::default());
    let mind = || Arc::new(ScriptedMind::new([REPLY, REPLY])) as Arc<dyn LanguageModel>;
    let cast = StandIns {
        briefing: briefing(),
        speech_to_text: ears,
        voice_activity: detector,
        end_of_turn: Some(Arc::new(ScriptedEndOfTurn::new([900]))),
        minds: [mind(), mind()],
        voices: [Arc::clone(&voice), voice],
        // No product knows another's voices by their names: each speaks with its own.
        voice_name: "",
    };
    let studio = Studio::start(cast).await;
    let script = Script::default();
    let summary =
        comes("the end of a show", Box::pin(rehearse(studio.address(), host(), &script))).await;
    summary.expect("a whole session")
}

fn check(name: &str, summary: &Summary, spoken: Option<Vec<String>>) {
    let said = |wanted: fn(Speaker) -> bool| {
        let lines = summary.transcript.iter().filter(|line| wanted(line.speaker));
        lines.map(|line| line.text.as_str()).collect::<Vec<_>>().join(" ")
    };
    let host = said(|speaker| speaker == Speaker::You);
    let numbers: Vec<usize> = host
        .split_whitespace()
        .map(|word| word.chars().filter(char::is_ascii_digit).collect::<String>())
        .map(|number| number.parse().unwrap_or_else(|_| panic!("{name}: {host}")))
        .collect();
    assert_eq!(numbers, (1..10).collect::<Vec<_>>(), "{name}: {host}");
    let answers = said(|speaker| speaker != Speaker::You);
    assert_eq!(answers, format!("{REPLY} {REPLY}"), "{name}");
    assert!(summary.files.len() >= 3, "{name}: {:?}", summary.files);
    if let Some(spoken) = spoken {
        let spoken = spoken.iter().map(|text| text.trim()).collect::<Vec<_>>().join(" ");
        assert_eq!(spoken, format!("{REPLY} {REPLY}"), "{name}: what was said is what was heard");
    }
    println!("{name}: {} lines in {:.1} s", summary.transcript.len(), summary.seconds);
}

#[actix::test]
async fn every_distant_recogniser_and_voice_holds_a_whole_session() {
    let google_ears = |simulator: &GoogleSimulator, version| {
        let options = GoogleSpeechOptions {
            service: voice_studio::adapters::net::Endpoint::parse(&simulator.url()).unwrap(),
            access: Arc::new(GoogleAccess::Open),
            version,
            model: "latest_long".to_owned(),
            stream_soft: STREAM_SOFT,
            stream_hard: STREAM_HARD,
        };
        Arc::new(GoogleSpeech::new(options).expect("an address")) as Arc<dyn SpeechToText>
    };
    let google_voice = |url: String, voice: &str| {
        let service = voice_studio::adapters::net::Endpoint::parse(&url).unwrap();
        let (access, voice) = (Arc::new(GoogleAccess::Open), voice.to_owned());
        let options = GoogleVoicesOptions { service, access, voice };
        Arc::new(GoogleVoices::new(net(), options).expect("an address")) as Arc<dyn TextToSpeech>
    };
    let deep = Simulator::start(sim::deepgram::Deepgram::new(KEY)).await;
    let assembly = Simulator::start(sim::assemblyai::AssemblyAi::new(KEY)).await;
    let whispers = Simulator::start(sim::whisper::WhisperServer::new(KEY)).await;
    let eleven = Simulator::start(sim::elevenlabs::ElevenLabs::new(KEY)).await;
    let eleven_asked = Simulator::start(sim::elevenlabs::ElevenLabs::new(KEY)).await;
    let open = Simulator::start(sim::speech::OpenAiSpeech::new(KEY)).await;
    let piper = Simulator::start(sim::speech::PiperServer::default()).await;
    let neural = Simulator::start(GoogleRequests::new("")).await;
    let streams =
        GoogleSimulator::start("", u64::try_from(FIVE_MINUTES.as_millis()).unwrap()).await;
    let recognizer = "projects/p/locations/global/recognizers/_".to_owned();

    let mut pairs: Vec<Pair> = vec![
        (
            "deepgram, elevenlabs by socket",
            Arc::new(deepgram(&deep)),
            Arc::new(elevenlabs(&eleven, ElevenLabsWay::Socket)),
        ),
        (
            "assemblyai, elevenlabs by request",
            Arc::new(assemblyai(&assembly, "universal-streaming-english")),
            Arc::new(elevenlabs(&eleven_asked, ElevenLabsWay::Requests)),
        ),
        (
            "whisper, openai",
            Arc::new(whisper(&whispers, WhisperRoute::Transcribe)),
            Arc::new(openai(&open, OpenAiForm::Events)),
        ),
        (
            "google 1, piper's server",
            google_ears(&streams, GoogleSpeechVersion::V1),
            Arc::new(PiperServer::new(net(), at(&piper, ""))),
        ),
        (
            "google 2, google neural2",
            google_ears(&streams, GoogleSpeechVersion::V2 { recognizer }),
            google_voice(neural.url(), "Neural2-F"),
        ),
        (
            "deepgram, google chirp",
            Arc::new(deepgram(&deep)),
            google_voice(streams.url(), "Chirp3-HD-Kore"),
        ),
    ];
    if Espeak::new("espeak-ng")
        .open(voice_studio::adapters::tts::TtsOptions::default())
        .await
        .is_ok()
    {
        pairs.push((
            "deepgram, espeak-ng",
            Arc::new(deepgram(&deep)),
            Arc::new(Espeak::new("espeak-ng")),
        ));
    }
    let shows = pairs
        .into_iter()
        .map(|(name, ears, voice)| async move { (name, Box::pin(hold(ears, voice)).await) });
    for (name, summary) in join_all(shows).await {
        let spoken = match name {
            "deepgram, elevenlabs by socket" => Some(eleven.protocol.spoken()),
            "assemblyai, elevenlabs by request" => Some(eleven_asked.protocol.spoken()),
            "whisper, openai" => Some(open.protocol.spoken()),
            "google 1, piper's server" => Some(piper.protocol.spoken()),
            "google 2, google neural2" => Some(neural.protocol.spoken()),
            "deepgram, google chirp" => Some(streams.spoken()),
            _ => None,
        };
        check(name, &summary, spoken);
    }
}
