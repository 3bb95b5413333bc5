//! A recogniser at the other end of a WebSocket: sound goes out, results come in, both at any time.
//!
//! What the messages say is a [`Dialect`]; here is what all have in common: final words on demand within a limit, a
//! sign of life on a silent line, a last message before the end.
//!
//! Invariants: a socket that closes without the service's last message is a failure; while the service takes no sound,
//! none is taken from the session (which sees that and replaces the stream).

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::segments::Segments;
use super::{SttEvent, SttInput};
use crate::adapters::AdapterError;
use crate::adapters::ending::{Events, Stop, conclude, give, unless_dropped};
use crate::adapters::net::{Incoming, Socket};
use crate::adapters::wire::bytes_of;
use crate::audio::SampleRate;

/// Longest wait for final words that were asked for, and for the last message once no more sound comes.
pub(super) const FINAL_LIMIT: Duration = Duration::from_secs(5);
/// What every service here is sent.
pub(super) const RATE: SampleRate = SampleRate::HZ_16000;

/// How one service speaks.
pub(super) trait Dialect: Send + 'static {
    /// The product.
    const NAME: &'static str;
    /// After so long without sound the service wants a sign of life.
    const QUIET_MAX: Option<Duration>;

    /// The next sound.
    fn audio(&mut self, samples: &[i16]) -> Vec<Outgoing>;
    /// Final words are wanted for everything so far.
    fn finish(&mut self) -> Vec<Outgoing>;
    /// A sign of life.
    fn keep_alive(&mut self) -> Vec<Outgoing> {
        Vec::new()
    }
    /// No more sound will come.
    fn end(&mut self) -> Vec<Outgoing>;
    /// What a text message of the service means.
    ///
    /// # Errors
    /// What the service says of its own failure, or that nobody can read it.
    fn heard(&mut self, text: &str, segments: &mut Segments) -> Result<Heard, AdapterError>;
    /// What a close of the service's means before its last message.
    fn closed(&self, code: u16, reason: &str) -> AdapterError;
}

/// A message on its way out.
#[derive(Debug)]
pub(super) enum Outgoing {
    Text(String),
    Sound(Vec<u8>),
}

impl Outgoing {
    pub(super) fn sound(samples: &[i16]) -> Self {
        Self::Sound(bytes_of(samples))
    }
}

/// What came of one message.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) event: Option<SttEvent>,
    /// The service has settled everything it was sent before it was asked to.
    pub(super) is_settled: bool,
    /// The service's last message.
    pub(super) is_last: bool,
}

/// Hears until the input ends, nobody listens any more, or the service fails.
pub(super) async fn listen<D: Dialect>(
    dialect: D,
    socket: Socket,
    input: mpsc::Receiver<SttInput>,
    events: Events<SttEvent>,
) {
    let mut ears = SocketEars {
        dialect,
        socket,
        segments: Segments::default(),
        final_by: None,
        is_ended: false,
        quiet_since: Instant::now(),
    };
    let ended = ears.hear_all(input, &events).await;
    conclude(events, ended, SttEvent::Done).await;
}

struct SocketEars<D> {
    dialect: D,
    socket: Socket,
    segments: Segments,
    /// Until when words that were asked for must be final.
    final_by: Option<Instant>,
    is_ended: bool,
    quiet_since: Instant,
}

enum Wake {
    Dropped,
    Message(Result<Incoming, AdapterError>),
    Input(Option<SttInput>),
    Late,
    Quiet,
}

impl<D: Dialect> SocketEars<D> {
    async fn hear_all(
        &mut self,
        mut input: mpsc::Receiver<SttInput>,
        events: &Events<SttEvent>,
    ) -> Result<(), Stop> {
        loop {
            let outgoing = match self.wake(&mut input, events).await {
                Wake::Dropped => return Err(Stop::Dropped),
                Wake::Message(message) => {
                    if self.on_message(message?, events).await? {
                        return Ok(());
                    }
                    Vec::new()
                }
                Wake::Input(given) => self.on_input(given)?,
                Wake::Late => {
                    let (adapter, stage, waited) = (D::NAME, "final words", FINAL_LIMIT);
                    return Err(AdapterError::TimedOut { adapter, stage, waited }.into());
                }
                Wake::Quiet => {
                    self.quiet_since = Instant::now();
                    self.dialect.keep_alive()
                }
            };
            for message in outgoing {
                let sent = async {
                    match message {
                        Outgoing::Text(text) => self.socket.send_text(text).await,
                        Outgoing::Sound(bytes) => self.socket.send_binary(bytes).await,
                    }
                };
                unless_dropped(events, sent).await??;
            }
        }
    }

    async fn wake(
        &mut self,
        input: &mut mpsc::Receiver<SttInput>,
        events: &Events<SttEvent>,
    ) -> Wake {
        let quiet = D::QUIET_MAX.filter(|_| !self.is_ended).map(|limit| self.quiet_since + limit);
        tokio::select! {
            biased;
            () = events.closed() => Wake::Dropped,
            message = self.socket.next() => Wake::Message(message),
            () = at(self.final_by) => Wake::Late,
            given = input.recv(), if !self.is_ended => Wake::Input(given),
            () = at(quiet) => Wake::Quiet,
        }
    }

    fn on_input(&mut self, given: Option<SttInput>) -> Result<Vec<Outgoing>, AdapterError> {
        match given {
            Some(SttInput::Audio(frame)) => {
                if frame.rate != RATE {
                    return Err(super::wrong_rate(D::NAME, frame.rate, RATE));
                }
                self.quiet_since = Instant::now();
                Ok(self.dialect.audio(&frame.samples))
            }
            Some(SttInput::Finish) => {
                // With nothing open there may be nothing to say; a service is free not to answer then.
                if self.segments.is_open() {
                    self.final_by.get_or_insert(Instant::now() + FINAL_LIMIT);
                }
                Ok(self.dialect.finish())
            }
            // It has ears of its own.
            Some(SttInput::SpeechStarted { .. } | SttInput::SpeechStopped { .. }) => Ok(Vec::new()),
            None => {
                self.is_ended = true;
                self.final_by = Some(Instant::now() + FINAL_LIMIT);
                Ok(self.dialect.end())
            }
        }
    }

    /// Whether that was the service's last message.
    async fn on_message(
        &mut self,
        message: Incoming,
        events: &Events<SttEvent>,
    ) -> Result<bool, Stop> {
        let text = match message {
            Incoming::Text(text) => text,
            Incoming::Binary(_) => return Ok(false),
            Incoming::Closed { code, reason } => {
                return Err(self.dialect.closed(code, &reason).into());
            }
        };
        let heard = self.dialect.heard(&text, &mut self.segments)?;
        let unsettled =
            (heard.is_settled || heard.is_last).then(|| self.segments.close()).flatten();
        for event in heard.event.into_iter().chain(unsettled) {
            give(events, event).await?;
        }
        if !self.is_ended && !self.segments.is_open() {
            self.final_by = None;
        }
        Ok(heard.is_last && self.is_ended)
    }
}

/// Waits until then, or for ever.
async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
