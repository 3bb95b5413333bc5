//! Earshot: voice activity in plain Rust, without any model file.
//!
//! Stands in for Silero where ONNX Runtime is absent. A hop is 256 samples (16 ms) and costs 8 µs, so it is judged
//! where the sound arrives, without a thread of its own. Its scores want a threshold of 500 for three hops in a row.

use tokio::sync::mpsc;

use super::hops::Hops;
use super::{
    HEARING_AUDIO_CAPACITY, HEARING_EVENT_CAPACITY, VoiceActivity, VoiceActivityStream, VoiceScore,
};
use crate::adapters::{AdapterError, Availability, BoxFuture};
use crate::audio::Frame;

const NAME: &str = "earshot";
/// What the detector was trained on: 16 ms at 16 kHz.
const HOP_SAMPLES: usize = 256;

/// The detector. It holds nothing: each stream has a state of 8 kB.
#[derive(Clone, Copy, Debug, Default)]
pub struct Earshot;

impl Earshot {
    /// A detector; always ready.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl VoiceActivity for Earshot {
    fn name(&self) -> &'static str {
        NAME
    }

    fn availability(&self) -> Availability {
        Availability::Ready
    }

    fn open(&self) -> BoxFuture<'_, Result<VoiceActivityStream, AdapterError>> {
        Box::pin(async {
            let (audio, sound) = mpsc::channel(HEARING_AUDIO_CAPACITY);
            let (judged, scores) = mpsc::channel(HEARING_EVENT_CAPACITY);
            tokio::spawn(listen(sound, judged));
            Ok(VoiceActivityStream { audio, scores })
        })
    }
}

/// Judges hop after hop until the sound ends or nobody wants scores.
async fn listen(
    mut sound: mpsc::Receiver<Frame>,
    judged: mpsc::Sender<Result<VoiceScore, AdapterError>>,
) {
    let mut detector = earshot::Detector::default_boxed();
    let mut hops = Hops::<HOP_SAMPLES>::new();
    loop {
        let frame = tokio::select! {
            frame = sound.recv() => frame,
            () = judged.closed() => return,
        };
        let mut ended = false;
        match frame {
            Some(frame) => {
                if let Err(error) = hops.push(NAME, &frame) {
                    // If nobody listens any more there is nobody to tell.
                    drop(judged.send(Err(error)).await);
                    return;
                }
            }
            None => ended = true,
        }
        while let Some(hop) = hops.next_whole().or_else(|| if ended { hops.rest() } else { None }) {
            let probability = detector.predict_i16(&hop.samples);
            if judged.send(Ok(hop.score(probability))).await.is_err() {
                return;
            }
        }
        if ended {
            return;
        }
    }
}
