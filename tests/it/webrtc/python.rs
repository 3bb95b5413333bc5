//! A listener that nobody here wrote, on the real port of the real binary: aiortc, a WebRTC in Python.
//!
//! `tests/conformance/webrtc_aiortc.py` is the listener; what it heard is held against what was recorded.

use serde_json::Value;
use voice_studio::adapters::Availability;
use voice_studio::adapters::tts::TextToSpeech;
use voice_studio::adapters::tts::flite::Flite;
use voice_studio::conversation::Speaker;
use voice_studio::recording::capture::{CAPTURE_DIR, CAPTURE_FILE};

use crate::conformance::run;
use crate::recording::decode;
use crate::support::models;
use crate::support::process::Process;
use crate::support::sources::root;
use crate::support::words::normal;

/// Samples of a step of the envelope, 5 ms.
const STEP: usize = 240;

/// Loudness of each 5 ms.
fn envelope(sound: &[i16]) -> Vec<f64> {
    sound.chunks_exact(STEP).map(crate::support::sound::rms).collect()
}

/// How alike two stretches of loudness are, 1 for the same shape.
fn likeness(a: &[f64], b: &[f64]) -> f64 {
    let product = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    product(a, b) / (product(a, a) * product(b, b)).sqrt().max(1.0)
}

/// The first sample of something.
fn onset(sound: &[i16]) -> usize {
    sound.iter().position(|sample| sample.unsigned_abs() > 600).expect("a sound")
}

fn ms(samples: usize) -> f64 {
    samples as f64 / 48.0
}

#[actix::test]
async fn a_listener_in_python_asks_by_webrtc_and_hears_the_answer() {
    let Some(models) = models("a listener in Python") else { return };
    if let Availability::Unavailable(reason) = Flite::new().availability() {
        println!("skipped: {reason}");
        return;
    }
    let folder = models.dir.display().to_string();
    let mut studio = Process::start_with(&[("STUDIO_MODELS_DIR", folder.as_str())]);
    studio.is_ready().await;
    let heard_path = studio.dir.path().join("heard.pcm");
    let arguments = [
        format!("ws://{}/ws", studio.address),
        root().join("tests/audio/question.wav").display().to_string(),
        heard_path.display().to_string(),
    ];
    let Some(printed) = run("webrtc_aiortc.py", &arguments).await else { return };
    let facts: Value = serde_json::from_str(printed.lines().next().expect("a line")).expect("JSON");
    println!("{facts}");
    let said = |wanted: &str| -> String {
        let captions = facts["captions"].as_array().expect("captions").iter();
        let own = captions.filter(|caption| caption[0] == wanted);
        own.filter_map(|caption| caption[1].as_str()).collect::<Vec<_>>().join(" ")
    };
    let asked = normal(&said("you"));
    assert!(
        asked.iter().any(|word| ["founder", "measure", "first", "year"].contains(&word.as_str()))
    );
    let speaker = facts["speaker"].as_str().expect("who spoke");
    assert!(!said(speaker).is_empty(), "{facts}");

    let dir = studio.dir.path().join("recordings/python");
    let [you, claude, guest] = Speaker::ALL.map(|speaker| decode(&dir, speaker));
    assert_eq!((you.len(), you.len()), (claude.len(), guest.len()), "tracks are equal");
    let answer = if speaker == "claude" { &claude } else { &guest };
    let heard: Vec<i16> = std::fs::read(&heard_path)
        .expect("what was heard")
        .chunks_exact(2)
        .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    let part = envelope(&answer[onset(answer)..][..96_000]);
    // At every half millisecond, for where the steps begin is chance on both sides.
    let alike = (0..STEP).step_by(24).map(|begin| {
        let whole = envelope(&heard[begin..]);
        whole.windows(part.len()).map(|there| likeness(&part, there)).fold(0.0, f64::max)
    });
    let alike = alike.fold(0.0, f64::max);
    // What the listener measured between its question and the answer, and what the tracks say.
    let measured = facts["asked_to_heard_ms"].as_f64().expect("a number");
    let recorded = ms(onset(answer)) - ms(onset(&you));
    println!(
        "heard against recorded: likeness {alike:.3}; question to answer {measured:.0} ms at the listener, \
         {recorded:.0} ms in the tracks"
    );
    // 0.998 by loudness of 5 ms; what is left are two generations of Opus.
    assert!(alike > 0.98, "{alike}");
    // One or two milliseconds apart. Python tells positions by its last frame, of 20 ms.
    assert!((recorded - measured).abs() < 25.0, "{recorded} against {measured}");
    assert!(
        std::fs::metadata(dir.join(CAPTURE_DIR).join(CAPTURE_FILE)).expect("packets").len() > 1_000
    );
    studio.signal("-TERM");
    assert_eq!(studio.end().0, Some(0), "the studio stops in order");
}
