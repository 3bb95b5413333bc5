//! One turn over ElevenLabs' input-streaming socket: text goes in as it is written, sound comes out.
//!
//! The service gives one stream of sound for all pieces and spells along what it says. By the spelling each stretch of
//! sound is given to its piece, cut where the next piece's first letter begins.
//!
//! Invariants: what was sent is never sent again; a piece ends when its last letter has sounded, at the latest when
//! the next one begins; a socket that closes without the final message, or before every piece has sounded, is a failure;
//! at most [`PIECES_AHEAD`] pieces are on their way, as the service charges for text that nobody will hear.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::elevenlabs::{NAME, RATE, sound_of};
use super::elevenlabs_letters::{Letters, Spelling};
use super::elevenlabs_order::{InOrder, Stretch};
use super::piecewise::{give_sound, is_speakable};
use super::{TtsEvent, TtsPiece, TtsWord};
use crate::adapters::AdapterError;
use crate::adapters::ending::{Events, Stop, give, unless_dropped};
use crate::adapters::net::{Incoming, Socket, truncated};
use crate::adapters::numbers::index;
use crate::adapters::wire::{SampleReader, of_close, parse, word};

/// Pieces sent and not spoken yet. One to speak, one to speak without a pause behind it, one being written.
const PIECES_AHEAD: usize = 3;

/// How long the service may take to close after its final message, where not every letter was spelled.
const CLOSE_LIMIT: Duration = Duration::from_millis(500);

/// What the service says no to for good.
const REFUSALS: &[&str] = &[
    "quota_exceeded",
    "invalid_api_key",
    "voice_not_found",
    "max_character_limit_exceeded",
    "model_not_found",
    "unauthorized",
    "invalid_request",
];

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FromElevenLabs {
    audio: Option<String>,
    alignment: Option<Spelling>,
    is_final: Option<bool>,
    error: Option<String>,
}

/// A piece that was sent, until it is spoken.
struct Sent {
    piece: u16,
    letters: Letters,
    /// Its sound so far.
    samples: u64,
    /// How many of its words were told; `None` before it has begun.
    told: Option<usize>,
}

/// Has a turn spoken until all is said, nobody listens any more, or the service fails.
pub(super) async fn speak(
    socket: Socket,
    mut written: mpsc::Receiver<TtsPiece>,
    events: &Events<TtsEvent>,
) -> Result<(), Stop> {
    let mut turn = Turn {
        socket,
        sent: VecDeque::new(),
        has_begun: false,
        is_written: false,
        final_at: None,
        order: InOrder::default(),
        reader: SampleReader::default(),
    };
    turn.speak_all(&mut written, events).await
}

struct Turn {
    socket: Socket,
    sent: VecDeque<Sent>,
    has_begun: bool,
    /// Whether no more pieces will come.
    is_written: bool,
    /// When the final message came.
    final_at: Option<Instant>,
    order: InOrder,
    reader: SampleReader,
}

impl Turn {
    async fn speak_all(
        &mut self,
        written: &mut mpsc::Receiver<TtsPiece>,
        events: &Events<TtsEvent>,
    ) -> Result<(), Stop> {
        loop {
            self.end_spoken(events).await?;
            if self.is_written && !self.has_begun && self.sent.is_empty() {
                // A turn without a word: there is nothing to be finished.
                return Ok(());
            }
            if self.final_at.is_some() && self.sent.is_empty() {
                return Ok(());
            }
            let may_take = !self.is_written && self.sent.len() < PIECES_AHEAD;
            let close_by = self.final_at.map(|at| at + CLOSE_LIMIT);
            let closed = async {
                match close_by {
                    Some(by) => sleep_until(by).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = events.closed() => return Err(Stop::Dropped),
                message = self.socket.next() => match message {
                    Ok(Incoming::Closed { .. }) | Err(_) if self.final_at.is_some() => {
                        return self.finish(events).await;
                    }
                    message => self.on_message(message?, events).await?,
                },
                () = closed => return self.finish(events).await,
                piece = written.recv(), if may_take => {
                    unless_dropped(events, self.on_piece(piece)).await??;
                }
            }
        }
    }

    async fn on_piece(&mut self, piece: Option<TtsPiece>) -> Result<(), AdapterError> {
        let Some(TtsPiece { piece, text }) = piece else {
            self.is_written = true;
            return if self.has_begun { self.send("", false).await } else { Ok(()) };
        };
        if is_speakable(&text) {
            if !self.has_begun {
                // One space opens the stream.
                self.has_begun = true;
                self.send(" ", false).await?;
            }
            // A text ends with a space, so that the service knows that its last word is whole.
            self.send(&format!("{} ", text.trim_end()), true).await?;
            self.sent.push_back(Sent::new(piece, &text));
        } else {
            self.sent.push_back(Sent::new(piece, ""));
        }
        Ok(())
    }

    async fn send(&mut self, text: &str, flush: bool) -> Result<(), AdapterError> {
        let message = if flush {
            serde_json::json!({ "text": text, "flush": true })
        } else {
            serde_json::json!({ "text": text })
        };
        self.socket.send_text(message.to_string()).await
    }

    /// Ends the pieces at the front of which every letter has sounded.
    async fn end_spoken(&mut self, events: &Events<TtsEvent>) -> Result<(), Stop> {
        while self.sent.front().is_some_and(|sent| sent.letters.is_whole()) {
            self.end_first(events).await?;
        }
        Ok(())
    }

    async fn end_first(&mut self, events: &Events<TtsEvent>) -> Result<(), Stop> {
        let Some(sent) = self.sent.pop_front() else { return Ok(()) };
        let words = sent.letters.words();
        if sent.told != Some(words.len()) {
            sent.tell(events, words).await?;
        }
        give(events, TtsEvent::PieceEnded { piece: sent.piece }).await
    }

    async fn on_message(
        &mut self,
        message: Incoming,
        events: &Events<TtsEvent>,
    ) -> Result<(), Stop> {
        let text = match message {
            Incoming::Text(text) => text,
            Incoming::Binary(_) => return Ok(()),
            Incoming::Closed { code, .. } => return Err(of_close(NAME, code).into()),
        };
        let message: FromElevenLabs = parse(NAME, text.as_bytes())?;
        if let Some(error) = message.error {
            return Err(failure(&error).into());
        }
        if let Some(audio) = message.audio.filter(|audio| !audio.is_empty()) {
            let spelling = message.alignment.unwrap_or_default();
            let stretch = Stretch { sound: sound_of(&audio)?, spelling, left_out: 0 };
            let due: String = self.sent.iter().flat_map(|sent| sent.letters.due()).collect();
            for stretch in self.order.take(stretch, &due) {
                self.on_stretch(stretch, events).await?;
            }
        }
        if message.is_final == Some(true) {
            if !self.is_written {
                // It has hung up on its own, with text yet to come.
                return Err(of_close(NAME, 1000).into());
            }
            self.final_at = Some(Instant::now());
            self.end_nearly_spoken(events).await?;
        }
        Ok(())
    }

    /// After the final message: ends the pieces at the front of which nothing but marks is due.
    async fn end_nearly_spoken(&mut self, events: &Events<TtsEvent>) -> Result<(), Stop> {
        while self.sent.front().is_some_and(|sent| sent.letters.is_nearly_whole()) {
            self.end_first(events).await?;
        }
        Ok(())
    }

    /// Nothing more comes: what has sounded has ended, and what has not is missing.
    async fn finish(&mut self, events: &Events<TtsEvent>) -> Result<(), Stop> {
        if let Some(stretch) = self.order.rest() {
            self.on_stretch(stretch, events).await?;
        }
        while let Some(first) = self.sent.front() {
            let is_silent = first.samples == 0 && first.letters.lacks_words();
            if is_silent || first.letters.has_begun() && first.letters.lacks_words() {
                return Err(truncated(NAME, "its last words").into());
            }
            self.end_first(events).await?;
        }
        Ok(())
    }

    async fn on_stretch(
        &mut self,
        stretch: Stretch,
        events: &Events<TtsEvent>,
    ) -> Result<(), Stop> {
        let mut left_out = stretch.left_out;
        for sent in &mut self.sent {
            left_out = sent.letters.leave_out(left_out);
        }
        let samples = self.reader.push(&stretch.sound);
        self.on_sound(&samples, &stretch.spelling, events).await
    }

    /// Gives a stretch of sound to the pieces whose letters sound in it.
    async fn on_sound(
        &mut self,
        samples: &[i16],
        spelling: &Spelling,
        events: &Events<TtsEvent>,
    ) -> Result<(), Stop> {
        let mut given = 0;
        for (letter, from, until) in spelling.letters() {
            let Some(first) = self.sent.front_mut() else { break };
            let place = |at: u64| (first.samples + at).saturating_sub(given as u64);
            let (begin, end) = (place(from), place(until));
            if first.letters.take(letter, begin, end) || !first.letters.is_nearly_whole() {
                continue;
            }
            // A letter that the first piece has no place for may be where the next one begins.
            let next = self.sent.iter().skip(1).position(|sent| !sent.letters.is_whole());
            let Some(next) = next.map(|place| place + 1) else { continue };
            if !self.sent[next].letters.take(letter, 0, until.saturating_sub(from)) {
                continue;
            }
            let cut = index(from).clamp(given, samples.len());
            self.give_to_first(&samples[given..cut], events).await?;
            given = cut;
            for _ in 0..next {
                self.end_first(events).await?;
            }
        }
        self.give_to_first(&samples[given..], events).await
    }

    async fn give_to_first(
        &mut self,
        samples: &[i16],
        events: &Events<TtsEvent>,
    ) -> Result<(), Stop> {
        // Sound behind the last word of all belongs to nobody; there is none but breath.
        let Some(first) = self.sent.front_mut() else { return Ok(()) };
        first.samples += samples.len() as u64;
        let words = first.letters.whole_words();
        if first.letters.has_begun() && first.told != Some(words.len()) {
            first.told = Some(words.len());
            first.tell(events, words).await?;
        }
        give_sound(events, first.piece, RATE, samples).await
    }
}

impl Sent {
    fn new(piece: u16, text: &str) -> Self {
        Self { piece, letters: Letters::of(text), samples: 0, told: None }
    }

    /// Tells where these words of it lie.
    async fn tell(&self, events: &Events<TtsEvent>, mut words: Vec<TtsWord>) -> Result<(), Stop> {
        for word in &mut words {
            // The service rounds to milliseconds; a word cannot end behind the sound.
            word.start_sample = word.start_sample.min(self.samples);
            word.end_sample = word.end_sample.min(self.samples);
        }
        if self.samples == 0 {
            // Nothing that could have words.
            return Ok(());
        }
        give(events, TtsEvent::Words { piece: self.piece, words }).await
    }
}

fn failure(error: &str) -> AdapterError {
    let reason = format!("an error in the stream ({})", word(error));
    if REFUSALS.contains(&error) {
        AdapterError::Refused { adapter: NAME, reason }
    } else {
        AdapterError::Unavailable { adapter: NAME, reason, retry_after: None }
    }
}
