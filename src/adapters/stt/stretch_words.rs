//! Words of a stretch, there or on their way from the one who decodes.

use super::SttWord;
use super::decode_queue::{Answer, Pending};
use super::stretch::Stretch;

/// Words of a stretch that goes on.
#[derive(Debug)]
pub(super) struct Interim {
    pub(super) until_sample: u64,
    pub(super) pending: Pending,
}

/// A stretch that is over, until its final words are out.
#[derive(Debug)]
pub(super) struct Closing {
    pub(super) stretch: Stretch,
    pub(super) until_sample: u64,
    pub(super) words: Words,
}

/// Words of a whole stretch, there or on their way.
#[derive(Debug)]
pub(super) enum Words {
    Known(Text),
    Awaited(Pending),
}

impl Words {
    /// The decode to wait for, if the words are not there yet.
    pub(super) fn awaited(&mut self) -> Option<&mut Pending> {
        match self {
            Self::Known(_) => None,
            Self::Awaited(pending) => Some(pending),
        }
    }
}

/// The answer of a decode, if there is one to wait for; for ever otherwise.
pub(super) async fn answer_of(pending: Option<&mut Pending>) -> Answer {
    match pending {
        Some(pending) => pending.answer().await,
        None => std::future::pending().await,
    }
}

/// What was understood of a stretch: its text, and its words with their times in the stream where they are told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) text: String,
    pub(super) words: Vec<SttWord>,
}
