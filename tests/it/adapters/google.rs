//! Google's recogniser and voices, over gRPC and by request, each against its simulator.

use std::sync::Arc;
use std::time::Duration;

use voice_studio::adapters::AdapterError;
use voice_studio::adapters::google::access::GoogleAccess;
use voice_studio::adapters::net::{Endpoint, Net};
use voice_studio::adapters::stt::google::{
    GoogleSpeech, GoogleSpeechOptions, GoogleSpeechVersion, STREAM_HARD, STREAM_SOFT,
};
use voice_studio::adapters::stt::{SpeechToText, SttOptions};
use voice_studio::adapters::tts::TtsOptions;
use voice_studio::adapters::tts::google::{GoogleVoices, GoogleVoicesOptions};
use voice_studio::conversation::Stability;

use super::distant_ears::{check_faults, check_sequence, hear, numbers, script_of, two_sentences};
use super::distant_voices::{PIECES, check_faults_of_voice, speak};
use super::recognisers::check_speech_to_text;
use super::voices::check_text_to_speech;
use crate::support::comes;
use crate::support::simulators::google::{FIVE_MINUTES, GoogleRequests, GoogleSimulator};
use crate::support::simulators::{Fault, Simulator, numbered};

const TOKEN: &str = "ya29.a-token-for-tests";

fn at(url: &str) -> Endpoint {
    Endpoint::parse(url).expect("an address")
}

fn net() -> Net {
    Net::new().expect("clients")
}

/// A service account whose tokens come from this simulator.
fn account(tokens: &Simulator<GoogleRequests>) -> Arc<GoogleAccess> {
    let file = include_bytes!("../../data/google-account-for-tests.json");
    let token_uri = format!("{}/token", tokens.url());
    let (access, project) =
        GoogleAccess::of_key_file(net(), file, Some(&token_uri), || 1_795_600_000).expect("a key");
    assert_eq!(project, "studio-tests");
    Arc::new(access)
}

fn versions() -> [GoogleSpeechVersion; 2] {
    let recognizer = "projects/studio-tests/locations/global/recognizers/_".to_owned();
    [GoogleSpeechVersion::V1, GoogleSpeechVersion::V2 { recognizer }]
}

fn speech(
    simulator: &GoogleSimulator,
    access: &Arc<GoogleAccess>,
    version: GoogleSpeechVersion,
    (stream_soft, stream_hard): (Duration, Duration),
) -> GoogleSpeech {
    let (service, access) = (at(&simulator.url()), Arc::clone(access));
    let model = "latest_long".to_owned();
    let options = GoogleSpeechOptions { service, access, version, model, stream_soft, stream_hard };
    GoogleSpeech::new(options).expect("an address")
}

const LIMITS: (Duration, Duration) = (STREAM_SOFT, STREAM_HARD);

fn five_minutes() -> u64 {
    u64::try_from(FIVE_MINUTES.as_millis()).unwrap()
}

#[tokio::test]
async fn google_keeps_the_contract_in_both_versions_and_hears_every_word_once() {
    let script = two_sentences().await;
    let tokens = Simulator::start(GoogleRequests::new(TOKEN)).await;
    for version in versions() {
        let simulator = GoogleSimulator::start(TOKEN, five_minutes()).await;
        let adapter = speech(&simulator, &account(&tokens), version, LIMITS);
        check_speech_to_text(&adapter, &script).await;
        check_sequence(&adapter, &script).await;
        let asked = simulator.streams().pop().expect("a stream");
        assert_eq!(asked, r#"en-GB latest_long ["Ada"]"#);
    }
    let exchanges = tokens.asked().iter().filter(|asked| asked.route() == "/token").count();
    assert_eq!(exchanges, 2, "one token serves all streams of an adapter");
}

#[tokio::test]
async fn google_lives_with_every_fault() {
    let script = two_sentences().await;
    let simulator = GoogleSimulator::start("", five_minutes()).await;
    let open = Arc::new(GoogleAccess::Open);
    for version in versions() {
        let adapter = speech(&simulator, &open, version, LIMITS);
        check_faults(&simulator.state.plan, &adapter, &script, 4).await;
    }
    // Somebody whom Google does not know.
    let strict = GoogleSimulator::start("another token", five_minutes()).await;
    let tokens = Simulator::start(GoogleRequests::new(TOKEN)).await;
    let adapter = speech(&strict, &account(&tokens), GoogleSpeechVersion::V1, LIMITS);
    let (_, end) = hear(&adapter, &script).await;
    let error = end.expect_err("a refusal");
    assert!(matches!(error, AdapterError::Refused { .. }), "{error}");
    assert!(!error.to_string().contains(TOKEN), "{error}");
}

/// Speech without a pause for longer than a stream may live, and speech with pauses: the streams that follow one
/// another hear every word once.
#[tokio::test]
async fn a_talk_longer_than_googles_streams_loses_no_word_and_doubles_none() {
    let open = Arc::new(GoogleAccess::Open);
    let seconds = Duration::from_secs;
    // 60 words in 18 s, with a pause of 700 ms behind every fifth, or without any.
    let flowing: Vec<i16> = (0..60).flat_map(numbered::speak).collect();
    let pausing: Vec<i16> = (0..60)
        .flat_map(|number| {
            let pause = if number % 5 == 4 { 700 * 16 } else { 0 };
            numbered::speak(number).into_iter().chain(vec![0; pause])
        })
        .collect();
    for version in versions() {
        // With more and more silence in front, streams are cut between words and at every place within one.
        let cases = (0..6).map(|step| (&flowing, 400 + 50 * step, 0, 1));
        for (sound, lead_ms, pause_ms, streams) in cases.chain([(&pausing, 400, 700, 4)]) {
            // Streams are refused after 8 s; the adapter replaces them after 5 s in a pause, after 7 s anywhere.
            let simulator = GoogleSimulator::start("", 8_000).await;
            let limits = (seconds(5), seconds(7));
            let adapter = speech(&simulator, &open, version.clone(), limits);
            let (lead, end) = (vec![0; lead_ms * 16], vec![0; 24_000]);
            let script = script_of([lead, sound.clone(), end].concat()).await;
            let (said, end) = hear(&adapter, &script).await;
            end.expect("an end in order");
            assert_eq!(numbers(&said), (0..60).collect::<Vec<_>>());
            // Each in its place in the talk and whole, whichever stream heard it: half a word would be a wrong one.
            let finals = said.iter().filter(|words| words.stability == Stability::Final);
            for (number, word) in finals.flat_map(|words| &words.words).enumerate() {
                let place_ms = lead_ms + number * 300 + number / 5 * pause_ms;
                let is_there = word.start_sample.abs_diff(place_ms as u64 * 16) <= 320;
                assert!(is_there, "{word:?} in place of {place_ms} ms");
                let length = word.end_sample - word.start_sample;
                let is_whole = length.abs_diff(u64::from(numbered::WORD_MS) * 16) <= 160;
                assert!(is_whole, "{word:?} is {length} samples long");
            }
            let begun = simulator.streams().len();
            assert!(begun > streams, "{begun} streams");
        }
    }
}

#[tokio::test]
async fn googles_voices_keep_the_contract_and_live_with_every_fault() {
    let tokens = Simulator::start(GoogleRequests::new(TOKEN)).await;
    let voices = |url: String, voice: &str| {
        let (service, access) = (at(&url), account(&tokens));
        let options = GoogleVoicesOptions { service, access, voice: voice.to_owned() };
        GoogleVoices::new(net(), options).expect("an address")
    };
    let harmless = [Fault::ClockJump(-3_600_000), Fault::WrongOrder];

    let requests = Simulator::start(GoogleRequests::new(TOKEN)).await;
    let neural = voices(requests.url(), "Neural2-F");
    check_text_to_speech(&neural).await;
    let spoken = || requests.protocol.spoken();
    check_faults_of_voice(&requests.plan, &neural, spoken, 0, &harmless).await;
    let voice = &requests.asked()[0].json()["voice"];
    assert_eq!(voice["languageCode"], "en-US");
    assert_eq!(voice["name"], "en-US-Neural2-F");

    let streams = GoogleSimulator::start(TOKEN, five_minutes()).await;
    let chirp = voices(streams.url(), "Chirp3-HD-Kore");
    check_text_to_speech(&chirp).await;
    let harmless = [Fault::ClockJump(-3_600_000)];
    check_faults_of_voice(&streams.state.plan, &chirp, || streams.spoken(), 1, &harmless).await;

    // A voice that does not stream is refused where only streams are.
    let wrong = TtsOptions { voice: "Chirp-HD-Kore".to_owned(), ..TtsOptions::default() };
    let given = speak(&chirp, wrong, &PIECES[..1]).await;
    let error = given.end.expect("an end").expect_err("a refusal");
    assert!(matches!(error, AdapterError::Refused { .. }), "{error}");
}

#[test]
fn a_file_that_is_no_key_says_so_without_its_content() {
    for file in ["{}", r#"{"client_email":"a@b","private_key":"-----BEGIN\nabc!\n-----END"}"#] {
        let error = GoogleAccess::of_key_file(net(), file.as_bytes(), None, || 0).unwrap_err();
        assert!(!error.contains("abc"), "{error}");
    }
}

#[tokio::test]
async fn a_google_that_is_not_there_is_unavailable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let options = GoogleSpeechOptions {
        service: at(&address),
        access: Arc::new(GoogleAccess::Open),
        version: GoogleSpeechVersion::V1,
        model: "latest_long".to_owned(),
        stream_soft: STREAM_SOFT,
        stream_hard: STREAM_HARD,
    };
    let adapter = GoogleSpeech::new(options).expect("an address");
    let mut stream = comes("open", adapter.open(SttOptions::default())).await.expect("a stream");
    let first = comes("an error", stream.events.recv()).await.expect("an error");
    assert!(first.is_err_and(|error| error.is_retryable()));
}
