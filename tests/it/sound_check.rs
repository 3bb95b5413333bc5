//! The sound check: a read sentence goes through the show's own ears, and what was measured is kept with the recording.

use std::sync::Arc;

use tokio::sync::{Notify, Semaphore};
use voice_studio::adapters::scripted::ScriptedEars;
use voice_studio::adapters::stt::moonshine::Moonshine;
use voice_studio::adapters::stt::{SpeechToText, SttCapabilities, SttOptions, SttStream, words_of};
use voice_studio::adapters::{AdapterError, Availability, BoxFuture};
use voice_studio::audio::SampleRate;
use voice_studio::recording::{Manifest, SoundCheckEntry};
use voice_studio::transport::protocol::{
    ClientMessage, Hello, HelloSoundCheck, ROUND_TRIP_MS_MAX, WireError,
};

use crate::support::sound::wav_16k;
use crate::support::sources::root;
use crate::support::stand_ins::StandIns;
use crate::support::studio::Studio;
use crate::support::web::{Answer, send};
use crate::support::{comes, models};

const SENTENCE: &str = "Please put six fresh peaches beside the seashore chair.";

const MEASURED: HelloSoundCheck = HelloSoundCheck {
    level_dbfs: -21,
    peak_dbfs: -6,
    noise_dbfs: -63,
    echo_dbfs: -60,
    round_trip_ms: 12,
    headphones: true,
    recognised_per_mille: Some(875),
};

/// `samples` of loud sound: every byte is an `@`.
fn loud(samples: usize) -> String {
    "@@".repeat(samples)
}

async fn ask(studio: &Studio, path: &str, body: &str) -> Answer {
    let kind = [("Content-Type", "application/octet-stream")];
    send(studio.address(), "POST", path, &kind, Some(body)).await
}

#[actix::test]
async fn a_read_sentence_is_heard_by_the_shows_own_recogniser() {
    let studio = Studio::start(StandIns::new(&[SENTENCE], &[])).await;
    let answer = ask(&studio, "/api/sound-check?briefing=table", &loud(48_000)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        answer.json(),
        serde_json::json!({ "text": SENTENCE, "recogniser": "scripted-ears" }),
        "as it was heard"
    );
    assert!(!studio.recordings().join("table").exists(), "nothing of it is kept");
}

#[actix::test]
async fn in_silence_no_recogniser_is_asked_for_words() {
    let studio = Studio::start(StandIns::new(&[SENTENCE], &[])).await;
    let silence = "\0".repeat(32_000);
    let answer = ask(&studio, "/api/sound-check?briefing=table", &silence).await;
    assert_eq!((answer.status, answer.json()["text"].as_str()), (200, Some("")));
}

#[actix::test]
async fn what_cannot_be_heard_is_refused_in_words() {
    let studio = Studio::start(StandIns::new(&[], &[])).await;
    let long = loud(12 * 16_000 + 1);
    for (path, body, status, code) in [
        ("/api/sound-check", "", 400, "bad_request"),
        ("/api/sound-check", &long[..7_999], 400, "bad_request"),
        ("/api/sound-check", &long[..8_001], 400, "bad_request"),
        ("/api/sound-check", &long[..], 413, "too_large"),
        ("/api/sound-check?briefing=none", &long[..8_000], 404, "not_found"),
        ("/api/sound-check?briefing=..%2Ftable", &long[..8_000], 404, "not_found"),
    ] {
        let answer = ask(&studio, path, body).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.text());
    }
}

/// Ears that open when they may, and say when they are asked to.
#[derive(Debug)]
struct HeldEars {
    inner: ScriptedEars,
    asked: Notify,
    may_open: Semaphore,
}

impl SpeechToText for HeldEars {
    fn name(&self) -> &'static str {
        "held"
    }

    fn capabilities(&self) -> SttCapabilities {
        self.inner.capabilities()
    }

    fn availability(&self) -> Availability {
        Availability::Ready
    }

    fn open(&self, options: SttOptions) -> BoxFuture<'_, Result<SttStream, AdapterError>> {
        Box::pin(async move {
            self.asked.notify_one();
            drop(self.may_open.acquire().await.expect("never closed"));
            self.inner.open(options).await
        })
    }
}

#[actix::test]
async fn one_sound_check_is_heard_at_a_time() {
    let ears = Arc::new(HeldEars {
        inner: ScriptedEars::new([SENTENCE]),
        asked: Notify::new(),
        may_open: Semaphore::new(0),
    });
    let mut cast = StandIns::new(&[], &[]);
    cast.speech_to_text = Arc::clone(&ears) as Arc<dyn SpeechToText>;
    let studio = Studio::start(cast).await;
    let body = loud(16_000);
    let second = async {
        comes("the first question", ears.asked.notified()).await;
        let answer = ask(&studio, "/api/sound-check", &body).await;
        assert_eq!((answer.status, answer.code().as_str()), (503, "sound_check_busy"));
        ears.may_open.add_permits(1);
    };
    let (first, ()) = tokio::join!(ask(&studio, "/api/sound-check", &body), second);
    assert_eq!((first.status, first.json()["text"].as_str()), (200, Some(SENTENCE)));
}

#[actix::test]
async fn what_was_measured_stands_in_the_manifest() {
    let studio = Studio::start(StandIns::new(&[], &[])).await;
    let hello = Hello { sound_check: Some(MEASURED), ..Hello::default() };
    let mut guest = studio.join(hello).await;
    guest.snapshot().await;
    let episode = guest.end().await;
    let manifest = Manifest::read(&studio.recordings().join(episode)).expect("readable");
    let kept = manifest.expect("a manifest").session.sound_check;
    assert_eq!(
        kept,
        Some(SoundCheckEntry {
            level_dbfs: -21,
            peak_dbfs: -6,
            noise_dbfs: -63,
            echo_dbfs: -60,
            round_trip_ms: 12,
            headphones: true,
            recognised_per_mille: Some(875),
        })
    );
}

#[actix::test]
async fn figures_that_cannot_be_are_refused_and_a_hello_without_them_serves() {
    for wrong in [
        HelloSoundCheck { level_dbfs: 1, ..MEASURED },
        HelloSoundCheck { peak_dbfs: -101, ..MEASURED },
        HelloSoundCheck { noise_dbfs: 40, ..MEASURED },
        HelloSoundCheck { echo_dbfs: i16::MIN, ..MEASURED },
        HelloSoundCheck { round_trip_ms: ROUND_TRIP_MS_MAX + 1, ..MEASURED },
        HelloSoundCheck { recognised_per_mille: Some(1001), ..MEASURED },
    ] {
        let hello = ClientMessage::Hello(Hello { sound_check: Some(wrong), ..Hello::default() });
        let text = serde_json::to_string(&hello).expect("JSON");
        let refused = ClientMessage::parse(&text);
        assert!(matches!(refused, Err(WireError::BadFields { .. })), "{text}: {refused:?}");
    }
    let studio = Studio::start(StandIns::new(&[], &[])).await;
    let wrong = HelloSoundCheck { level_dbfs: 1, ..MEASURED };
    let mut guest = studio.join(Hello { sound_check: Some(wrong), ..Hello::default() }).await;
    assert_eq!(guest.error().await, "bad_fields");
    guest.say(ClientMessage::Hello(Hello::default())).await;
    guest.snapshot().await;
    let episode = guest.end().await;
    let manifest = Manifest::read(&studio.recordings().join(episode)).expect("readable");
    assert_eq!(manifest.expect("a manifest").session.sound_check, None);
}

#[actix::test]
async fn the_offline_recogniser_understands_a_spoken_line() {
    let Some(models) = models("a sound check with a real recogniser") else { return };
    let moonshine = Moonshine::start(&models);
    let samples = wav_16k(&root().join("tests/audio/question.wav"));
    let heard =
        comes("words", words_of(&moonshine, SttOptions::default(), SampleRate::HZ_16000, &samples))
            .await
            .expect("words");
    let heard = heard.to_lowercase();
    assert!(["founder", "measure"].iter().all(|word| heard.contains(word)), "{heard}");
}
