//! What a session's gate makes of a detector's scores, for tests that have no session.

use voice_studio::adapters::hearing::VoiceActivity;
use voice_studio::adapters::stt::SttInput;

use super::comes;
use super::sound::frames_16k;

/// Starts at two hops at 500 in a row, stops when 160 ms stayed under 350.
const STOP_SAMPLES: u64 = 2_560;

/// Sound and hints in the order in which a session would give them to a recogniser: each hint right behind the sound
/// with which it became known.
pub(crate) async fn heard_through(detector: &dyn VoiceActivity, samples: &[i16]) -> Vec<SttInput> {
    let mut hints = hints(detector, samples).await.into_iter().peekable();
    let mut script = Vec::new();
    let mut sent = 0;
    for frame in frames_16k(samples) {
        sent += frame.samples.len() as u64;
        script.push(SttInput::Audio(frame));
        while let Some((_, hint)) = hints.next_if(|(known_at, _)| *known_at <= sent) {
            script.push(hint);
        }
    }
    script
}

/// Hints with the samples at which they become known.
async fn hints(detector: &dyn VoiceActivity, samples: &[i16]) -> Vec<(u64, SttInput)> {
    let mut stream = comes("open", detector.open()).await.unwrap();
    let frames = frames_16k(samples);
    let feed = tokio::spawn(async move {
        for frame in frames {
            stream.audio.send(frame).await.unwrap();
        }
    });
    let mut hints = Vec::new();
    let mut speaking = false;
    let mut over_since = None;
    let mut last_voice = 0;
    while let Some(score) = comes("a score", stream.scores.recv()).await {
        let score = score.unwrap();
        if speaking {
            if score.score >= 350 {
                last_voice = score.until_sample;
            } else if score.until_sample >= last_voice + STOP_SAMPLES {
                speaking = false;
                hints.push((score.until_sample, SttInput::SpeechStopped { at_sample: last_voice }));
            }
        } else if score.score >= 500 {
            let since = *over_since.get_or_insert(score.from_sample);
            if score.from_sample > since {
                speaking = true;
                last_voice = score.until_sample;
                hints.push((score.until_sample, SttInput::SpeechStarted { at_sample: since }));
            }
        }
        if score.score < 500 {
            over_since = None;
        }
    }
    feed.await.unwrap();
    hints
}
