//! One stretch of sound, heard to its end: what a sound check asks of a recogniser.

use std::collections::BTreeMap;

use super::{SpeechToText, SttEvent, SttInput, SttOptions, SttWords};
use crate::adapters::AdapterError;
use crate::audio::resample::Resampler;
use crate::audio::{Frame, SampleRate};
use crate::conversation::Stability;

/// Sound is handed over in pieces of so many ms, as a session does.
const PIECE_MS: usize = 20;

/// The words of `samples`, taken as one stretch of speech. Waits until the recogniser has said all.
///
/// # Errors
/// Those of the recogniser.
pub async fn words_of(
    ears: &dyn SpeechToText,
    options: SttOptions,
    rate: SampleRate,
    samples: &[i16],
) -> Result<String, AdapterError> {
    let wanted = ears.capabilities().rate;
    let samples = at_rate(rate, wanted, samples);
    let mut stream = ears.open(options).await?;
    let input = stream.input;
    let telling = async move {
        let until = samples.len() as u64;
        let pieces = samples.chunks(wanted.hz() as usize * PIECE_MS / 1000);
        let mut all: Vec<SttInput> =
            pieces.map(|piece| SttInput::Audio(Frame::new(wanted, piece))).collect();
        all.insert(1.min(all.len()), SttInput::SpeechStarted { at_sample: 0 });
        all.push(SttInput::SpeechStopped { at_sample: until });
        all.push(SttInput::Finish);
        for piece in all {
            // A recogniser that wants no more says why in its events.
            if input.send(piece).await.is_err() {
                break;
            }
        }
        // Dropped here: there is no more sound, so final words follow.
    };
    let hearing = async move {
        let mut segments: BTreeMap<u32, SttWords> = BTreeMap::new();
        while let Some(event) = stream.events.recv().await {
            match event? {
                SttEvent::Words(words) => {
                    let known = segments.get(&words.segment);
                    if known.is_none_or(|known| known.stability != Stability::Final) {
                        segments.insert(words.segment, words);
                    }
                }
                SttEvent::Note(_) => {}
                SttEvent::Done => break,
            }
        }
        let texts: Vec<String> = segments.into_values().map(|words| words.text).collect();
        Ok(texts.join(" "))
    };
    let ((), heard) = tokio::join!(telling, hearing);
    heard
}

fn at_rate(from: SampleRate, to: SampleRate, samples: &[i16]) -> Vec<i16> {
    if from == to {
        return samples.to_vec();
    }
    let mut resampler = Resampler::new(from, to);
    let mut at_rate = Vec::new();
    resampler.push(samples, &mut at_rate);
    resampler.finish(&mut at_rate);
    at_rate
}
