//! Text to speech.

pub mod elevenlabs;
mod elevenlabs_letters;
mod elevenlabs_order;
mod elevenlabs_socket;
mod elevenlabs_spares;
pub mod espeak;
pub mod flite;
mod flite_ffi;
mod flite_margins;
mod flite_text;
pub mod google;
pub mod openai;
mod piecewise;
pub mod piper;
mod piper_process;
mod wav;

use std::fmt;

use tokio::sync::mpsc;

use super::{AdapterError, AdapterNote, Availability, BoxFuture};
use crate::audio::{Frame, SampleRate};

/// Pieces of text waiting for a voice.
pub const TTS_INPUT_CAPACITY: usize = 64;
/// Sound waiting for the session: about 2 s of 100 ms chunks. A voice waits when it is full, so that it never runs
/// far ahead of a listener who may interrupt.
pub const TTS_EVENT_CAPACITY: usize = 20;

/// A product that speaks.
pub trait TextToSpeech: fmt::Debug + Send + Sync {
    /// The product's name in logs, `/health` and recordings.
    fn name(&self) -> &'static str;
    /// The model's name as its provider spells it; empty where there is no choice.
    fn model(&self) -> &str {
        ""
    }
    /// Facts about it.
    fn capabilities(&self) -> TtsCapabilities;
    /// Whether it can serve now.
    fn availability(&self) -> Availability;
    /// Opens its connection ahead of the first turn with these options, or loads its voice. Whether that works does not
    /// matter.
    fn warm_up<'a>(&'a self, _options: &'a TtsOptions) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }
    /// Starts a turn's voice.
    fn open(&self, options: TtsOptions) -> BoxFuture<'_, Result<TtsStream, AdapterError>>;
}

/// What a voice can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TtsCapabilities {
    /// Whether it tells when each word sounds.
    pub word_times: bool,
    /// The rate of its sound.
    pub rate: SampleRate,
}

/// What a voice is told at the start.
#[derive(Clone, Debug, Default)]
pub struct TtsOptions {
    /// Its name, as the product spells it; empty for the product's default.
    pub voice: String,
    /// BCP 47 language.
    pub language: String,
}

/// A voice at work on one turn. Dropping it stops the work.
#[derive(Debug)]
pub struct TtsStream {
    /// Pieces in order; closing it means "no more text": the rest of the sound, then `Done`.
    pub pieces: mpsc::Sender<TtsPiece>,
    /// Sound; ends with [`TtsEvent::Done`] or one error.
    pub events: mpsc::Receiver<Result<TtsEvent, AdapterError>>,
}

/// A piece of text to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TtsPiece {
    /// Its number in the turn.
    pub piece: u16,
    /// What to say.
    pub text: String,
}

/// What a voice gives. For each piece in order: its words where known, its sound, its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TtsEvent {
    /// Where the words of a piece lie in the piece's own sound. Comes before or during that sound, and again when more of
    /// them are known: the last list holds all of them.
    Words {
        /// The piece.
        piece: u16,
        /// Its words in order of time, none of them in part.
        words: Vec<TtsWord>,
    },
    /// The next sound of the piece, at the product's rate.
    Audio {
        /// The piece.
        piece: u16,
        /// The sound, at most 100 ms.
        frame: Frame,
    },
    /// The piece's sound is complete.
    PieceEnded {
        /// The piece.
        piece: u16,
    },
    /// From a wrapper: something about the products behind it.
    Note(AdapterNote),
    /// All pieces have been said.
    Done,
}

/// One spoken word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TtsWord {
    /// Byte range of the word in the piece's text.
    pub text_start: usize,
    /// End of the byte range.
    pub text_end: usize,
    /// First sample in the piece's sound, at the product's rate.
    pub start_sample: u64,
    /// End sample in the piece's sound, at the product's rate.
    pub end_sample: u64,
}
