//! Speech to text.

pub mod assemblyai;
mod decode_queue;
pub mod deepgram;
pub mod google;
mod google_ears;
mod google_version;
mod inventions;
pub mod moonshine;
mod moonshine_called;
mod moonshine_model;
mod moonshine_network;
mod moonshine_vocabulary;
mod reading;
mod segments;
mod socket_ears;
mod stretch;
mod stretch_ears;
mod stretch_streams;
mod stretch_words;
mod voice_hints;
pub mod whisper;
#[cfg(feature = "local-whisper")]
pub mod whisper_local;
#[cfg(feature = "local-whisper")]
mod whisper_model;
mod whisper_request;

use std::fmt;

use tokio::sync::mpsc;

pub use reading::words_of;

use super::{AdapterError, AdapterNote, Availability, BoxFuture};
use crate::audio::{Frame, SampleRate};

/// Sound waiting for a recogniser: 100 frames, 2 s. When full the sender drops the oldest and counts it.
pub const STT_AUDIO_CAPACITY: usize = 100;
/// Words waiting for the session; a recogniser waits when it is full.
pub const STT_EVENT_CAPACITY: usize = 64;

/// A product that turns sound into words.
pub trait SpeechToText: fmt::Debug + Send + Sync {
    /// The product's name in logs, `/health` and recordings.
    fn name(&self) -> &'static str;
    /// The model's name as its provider spells it; empty where there is no choice.
    fn model(&self) -> &str {
        ""
    }
    /// Facts about it.
    fn capabilities(&self) -> SttCapabilities;
    /// Whether it can serve now.
    fn availability(&self) -> Availability;
    /// Starts listening. Sound must arrive at [`SttCapabilities::rate`].
    fn open(&self, options: SttOptions) -> BoxFuture<'_, Result<SttStream, AdapterError>>;
}

/// What a recogniser can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SttCapabilities {
    /// Whether words come before they are final.
    pub interim: bool,
    /// Whether words carry times of their own.
    pub word_times: bool,
    /// The rate it wants to be given.
    pub rate: SampleRate,
}

/// What a recogniser is told at the start.
#[derive(Clone, Debug, Default)]
pub struct SttOptions {
    /// BCP 47 language.
    pub language: String,
    /// Names and terms it should expect.
    pub terms: Vec<String>,
    /// Of those, what somebody at the table is called by: who answers depends on them.
    pub names: Vec<String>,
}

/// A running recogniser. Dropping it stops the work.
#[derive(Debug)]
pub struct SttStream {
    /// Sound and hints, in order; closing it means "no more sound": final words, then `Done`.
    pub input: mpsc::Sender<SttInput>,
    /// Words; ends with [`SttEvent::Done`] or one error.
    pub events: mpsc::Receiver<Result<SttEvent, AdapterError>>,
}

/// What a recogniser is given.
#[derive(Clone, Debug)]
pub enum SttInput {
    /// The next sound, without holes: silence is sound.
    Audio(Frame),
    /// Somebody began to speak at this sample (already sent). A hint: a recogniser with ears of its own ignores it.
    SpeechStarted {
        /// Stream time.
        at_sample: u64,
    },
    /// They fell silent at this sample (already sent). A hint that the words up to here can be worked out now.
    SpeechStopped {
        /// Stream time.
        at_sample: u64,
    },
    /// The turn is over: give final words for everything sent so far, now.
    Finish,
}

/// What a recogniser says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SttEvent {
    /// Words of the stretch `segment`; a later one with the same number replaces them unless they were final.
    Words(SttWords),
    /// From a wrapper: something about the products behind it.
    Note(AdapterNote),
    /// All has been said.
    Done,
}

/// The words of one stretch of speech.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SttWords {
    /// Number of the stretch, rising from 1.
    pub segment: u32,
    /// The text.
    pub text: String,
    /// First sample of the voice in it, stream time.
    pub from_sample: u64,
    /// Last sample these words cover, stream time.
    pub until_sample: u64,
    /// How much they may change.
    pub stability: crate::conversation::Stability,
    /// Words with times, where the product gives them (stream time).
    pub words: Vec<SttWord>,
}

/// One recognised word with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SttWord {
    /// As written.
    pub text: String,
    /// Stream time.
    pub start_sample: u64,
    /// Stream time.
    pub end_sample: u64,
}

/// Sound at another rate than the one a recogniser asked for.
fn wrong_rate(adapter: &'static str, given: SampleRate, wanted: SampleRate) -> AdapterError {
    AdapterError::Refused { adapter, reason: format!("sound at {given}, {wanted} is wanted") }
}
