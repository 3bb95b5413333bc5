//! Voice activity and end of turn.

use std::sync::Arc;

use voice_studio::adapters::hearing::earshot::Earshot;
use voice_studio::adapters::hearing::silero::Silero;
use voice_studio::adapters::hearing::smart_turn::SmartTurn;
use voice_studio::adapters::hearing::smart_turn_features::{FRAMES, MELS, SmartTurnFeatures};
use voice_studio::adapters::hearing::{EndOfTurn, HEARING_EVENT_CAPACITY, VoiceActivity};
use voice_studio::adapters::onnx::OfflineModels;
use voice_studio::adapters::scripted::{Fault, ScriptedEars, ScriptedEndOfTurn};
use voice_studio::adapters::{AdapterError, Availability};
use voice_studio::audio::{Frame, SampleRate};

use crate::support::sound::frames_16k;
use crate::support::{comes, models};

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

#[tokio::test]
async fn scripted_ears_keep_the_contract_of_a_detector() {
    check_voice_activity(&ScriptedEars::default()).await;
}

// ── End of turn ──────────────────────────────────────────────────────────────────────────────────────────

async fn check_end_of_turn(adapter: &dyn EndOfTurn) {
    for samples in [0, 1, 16_000, 128_000, 200_000] {
        let sound: Arc<[i16]> = vec![300; samples].into();
        let score = comes("an answer", adapter.judge(sound)).await.unwrap();
        assert!(score <= 1000, "{score}");
    }
    // A question that nobody waits for is no obstacle to the next.
    drop(adapter.judge(vec![0; 16_000].into()));
    assert!(comes("an answer", adapter.judge(vec![0; 16_000].into())).await.is_ok());
}

#[tokio::test]
async fn smart_turn_keeps_the_contract() {
    let Some(models) = models("smart turn") else { return };
    check_end_of_turn(&SmartTurn::start(&models)).await;
}

#[tokio::test]
async fn smart_turn_without_its_models_is_unavailable() {
    let judge = SmartTurn::start(&OfflineModels::new("/nonexistent"));
    let error = comes("a refusal", judge.judge(Arc::from([]))).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    assert!(matches!(judge.availability(), Availability::Unavailable(_)));
}

#[tokio::test]
async fn a_scripted_judge_keeps_the_contract_and_gives_its_scores_in_order() {
    let judge = ScriptedEndOfTurn::new([100, 900]);
    let mut scores = Vec::new();
    for _ in 0..3 {
        scores.push(judge.judge(Arc::from([])).await.unwrap());
    }
    assert_eq!(scores, [100, 900, 900]);
    check_end_of_turn(&ScriptedEndOfTurn::new([])).await;
    let failing = ScriptedEndOfTurn::new([]).with_faults(vec![Some(Fault::AtOpen)]);
    assert!(failing.judge(Arc::from([])).await.is_err());
    assert!(failing.judge(Arc::from([])).await.is_ok());
}

/// A buzz of rising pitch that swells and dies, over noise: three seconds, the same on every machine. The reference
/// picture in `tests/data` was made of it by the network's own package (pipecat-ai 1.14.0,
/// `compute_whisper_log_mel_features`) after zeros in front to 128 000 samples; every 16th column is kept.
fn buzz() -> Vec<i16> {
    let mut state = 12_345_u32;
    let sample = |at: i32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = i32::try_from((state >> 16) % 401).unwrap() - 200;
        let period = 40 + at / 4_000 * 7;
        let saw = (2 * (at % period) - period).abs() * 12_000 / period - 6_000;
        let loud = at / 1_600 % 4;
        i16::try_from(noise + (saw * loud).div_euclid(3)).unwrap()
    };
    (0..48_000).map(sample).collect()
}

#[test]
fn the_picture_for_smart_turn_equals_that_of_its_makers() {
    let reference: Vec<f32> = include_bytes!("../../data/smart_turn_features.f32")
        .chunks_exact(4)
        .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
        .collect();
    let picture = SmartTurnFeatures::new().picture(&buzz()).unwrap();
    assert_eq!((reference.len(), picture.len()), (MELS * FRAMES / 16, MELS * FRAMES));
    let kept = picture.chunks(FRAMES).flat_map(|row| row.iter().step_by(16));
    let greatest =
        kept.zip(&reference).map(|(ours, theirs)| (ours - theirs).abs()).fold(0.0, f32::max);
    println!("greatest difference {greatest:e}");
    assert!(greatest < 1e-4, "{greatest}");
}
