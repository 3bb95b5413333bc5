//! The rehearsal language model: speaks from the briefing, on this machine, without a key.
//!
//! It lets a host try a show before any service is paid for, and a test have a conversation. It understands nothing:
//! it finds the sentences of the prompt that share words with what was said last, and says them with a sentence
//! around them. It never claims to be more; its name is `rehearsal` wherever a name is shown.
//!
//! Invariants: the same prompt gives the same words; whatever the host's words are, there is an answer; it never
//! says what the other AI speaker's private part holds, as its prompt does not hold it.
//! Units: words a second as the offline voices speak, about 2.6.

use std::time::Duration;

use tokio::sync::mpsc;

use super::{LLM_EVENT_CAPACITY, LanguageModel, LlmEvent, LlmStream, LlmUse};
use crate::adapters::{AdapterError, Availability, BoxFuture};
use crate::conversation::Prompt;

mod facts;
mod phrases;
mod reply;
mod scene;
mod summary;
mod words;

/// The name in settings, `/health`, logs and recordings, of the product and of its one model.
pub const NAME: &str = "rehearsal";

/// Words that are given at once.
const WORDS_A_PIECE: usize = 3;

/// The model. Knows nothing but its pace.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    pace: Duration,
}

impl Rehearsal {
    /// Time before each piece by default: three words in 30 ms are the pace of a quick hosted model, about a hundred
    /// words a second.
    pub const PACE: Duration = Duration::from_millis(30);

    /// A model that takes `pace` to write each piece of three words.
    #[must_use]
    pub const fn new(pace: Duration) -> Self {
        Self { pace }
    }

    /// The whole answer to `prompt`: what a stream gives in pieces.
    #[must_use]
    pub fn answer(prompt: &Prompt) -> String {
        if summary::is_asked_for(prompt) { summary::sum_up(prompt) } else { reply::reply(prompt) }
    }
}

impl Default for Rehearsal {
    fn default() -> Self {
        Self::new(Self::PACE)
    }
}

impl LanguageModel for Rehearsal {
    fn name(&self) -> &'static str {
        NAME
    }

    fn model(&self) -> &str {
        NAME
    }

    fn availability(&self) -> Availability {
        Availability::Ready
    }

    fn open(&self, prompt: Prompt) -> BoxFuture<'_, Result<LlmStream, AdapterError>> {
        let pace = self.pace;
        Box::pin(async move {
            let (sender, events) = mpsc::channel(LLM_EVENT_CAPACITY);
            tokio::spawn(write(Self::answer(&prompt), pace, sender));
            Ok(LlmStream { events })
        })
    }
}

/// Gives `answer` in pieces until it is complete or nobody listens.
async fn write(
    answer: String,
    pace: Duration,
    sender: mpsc::Sender<Result<LlmEvent, AdapterError>>,
) {
    for piece in pieces(&answer) {
        tokio::select! {
            () = sender.closed() => return,
            () = tokio::time::sleep(pace) => {}
        }
        if sender.send(Ok(LlmEvent::Text(piece.to_owned()))).await.is_err() {
            return;
        }
    }
    // Tokens are a provider's measure; there is no provider, so there are none. A listener who is gone misses nothing.
    sender.send(Ok(LlmEvent::Done(LlmUse::default()))).await.unwrap_or_default();
}

/// `text` cut before every third word; the pieces together are the text.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let word_starts = text.match_indices(' ').map(|(at, _)| at);
    for at in word_starts.skip(WORDS_A_PIECE - 1).step_by(WORDS_A_PIECE) {
        pieces.push(&text[start..at]);
        start = at;
    }
    pieces.push(&text[start..]);
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_together_are_the_text() {
        for text in ["", "one", "one two three", "one two three four", "ä b  c d e f. G"] {
            assert_eq!(pieces(text).concat(), text);
        }
        assert_eq!(pieces("a b c d e f g"), ["a b c", " d e f", " g"]);
    }
}
