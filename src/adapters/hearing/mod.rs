//! Voice activity and end of turn: what is heard before any word is.

pub mod earshot;
mod hops;
pub mod silero;
pub mod smart_turn;
pub mod smart_turn_features;

use std::fmt;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::{AdapterError, Availability, BoxFuture};
use crate::audio::Frame;

/// Sound waiting for a detector: 50 frames, 1 s. When full the sender drops the oldest and counts it.
pub const HEARING_AUDIO_CAPACITY: usize = 50;
/// Scores waiting for the session.
pub const HEARING_EVENT_CAPACITY: usize = 64;

/// A product that tells voice from everything else.
pub trait VoiceActivity: fmt::Debug + Send + Sync {
    /// The product's name.
    fn name(&self) -> &'static str;
    /// Whether it can serve now.
    fn availability(&self) -> Availability;
    /// Starts listening to sound at 16 kHz.
    fn open(&self) -> BoxFuture<'_, Result<VoiceActivityStream, AdapterError>>;
}

/// A running detector. Dropping it stops the work.
#[derive(Debug)]
pub struct VoiceActivityStream {
    /// Sound at 16 kHz, any length a frame; closing it means "no more".
    pub audio: mpsc::Sender<Frame>,
    /// A score for each hop, in order; ends when all sound was judged, or with one error.
    pub scores: mpsc::Receiver<Result<VoiceScore, AdapterError>>,
}

/// How much one hop of sound is voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VoiceScore {
    /// First sample of the hop, stream time at 16 kHz.
    pub from_sample: u64,
    /// End of the hop, stream time at 16 kHz.
    pub until_sample: u64,
    /// Per mille: 0 surely not, 1000 surely voice.
    pub score: u16,
}

/// A product that tells whether a speaker has finished.
pub trait EndOfTurn: fmt::Debug + Send + Sync {
    /// The product's name.
    fn name(&self) -> &'static str;
    /// Whether it can serve now.
    fn availability(&self) -> Availability;
    /// How finished the last seconds (16 kHz, at most 8 s, the newest last) sound, per mille. Never blocks the thread.
    fn judge(&self, sound: Arc<[i16]>) -> BoxFuture<'_, Result<u16, AdapterError>>;
}
