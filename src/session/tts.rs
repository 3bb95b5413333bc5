//! One AI's voice: has the pieces of a turn spoken and passes on the sound.
//!
//! A translation: pieces go in, [`VoiceArrived`] comes out, resampled to 48 kHz and counted in turn samples. The
//! voice runs ahead of the listener only as far as the turn's [`Allowance`] goes. One turn at a time.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use futures_util::StreamExt;
use tokio::sync::mpsc;

use super::allowance::Allowance;
use super::letter_rate::LetterRate;
use super::mailbox::{MAILBOX_CAPACITY, deliver_to};
use super::messages::{FinishVoice, SpeakPiece, StopVoice, VoiceArrived, VoiceEvent};
use super::supervision::Watch;
use super::told::told;
use super::turn_sound::TurnSound;
use crate::adapters::tts::{TextToSpeech, TtsEvent, TtsOptions, TtsPiece};
use crate::adapters::{AdapterError, outcome_of};
use crate::conversation::{Outcome, TurnId};

/// Longest wait for a stream to open, and for the next sound once a piece was given.
pub const PROGRESS_LIMIT: Duration = Duration::from_secs(8);

/// Pieces of one turn that may wait for the voice to open. A reply of three minutes has about sixty.
const PIECES_CAPACITY: usize = 128;

/// One AI's voice at work.
#[derive(Debug)]
pub struct TtsActor {
    voice: Arc<dyn TextToSpeech>,
    options: TtsOptions,
    session: Recipient<VoiceArrived>,
    /// How fast it speaks, where it does not tell where its words lie.
    letters: LetterRate,
    running: Option<Running>,
    watch: Watch,
}

#[derive(Debug)]
struct Running {
    turn: TurnId,
    pieces: Option<mpsc::Sender<TtsPiece>>,
    work: SpawnHandle,
}

impl TtsActor {
    /// A voice that reports to `session`.
    #[must_use]
    pub fn new(
        voice: Arc<dyn TextToSpeech>,
        options: TtsOptions,
        session: Recipient<VoiceArrived>,
        watch: Watch,
    ) -> Self {
        let letters = LetterRate::default();
        Self { voice, options, session, letters, running: None, watch }
    }

    fn begin(&mut self, turn: TurnId, allowance: Allowance, ctx: &mut Context<Self>) {
        self.drop_running(ctx);
        let (pieces, waiting) = mpsc::channel(PIECES_CAPACITY);
        let work = speak_turn(
            Arc::clone(&self.voice),
            self.options.clone(),
            waiting,
            Turn {
                turn,
                allowance,
                session: self.session.clone(),
                letters: self.letters.clone(),
                episode: self.watch.episode(),
            },
        );
        self.running =
            Some(Running { turn, pieces: Some(pieces), work: ctx.spawn(work.into_actor(self)) });
    }

    fn drop_running(&mut self, ctx: &mut Context<Self>) {
        if let Some(running) = self.running.take() {
            ctx.cancel_future(running.work);
        }
    }
}

impl Actor for TtsActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX_CAPACITY);
        let (voice, options) = (Arc::clone(&self.voice), self.options.clone());
        ctx.spawn(async move { voice.warm_up(&options).await }.into_actor(self));
    }
}

impl Handler<SpeakPiece> for TtsActor {
    type Result = ();

    fn handle(&mut self, message: SpeakPiece, ctx: &mut Self::Context) {
        self.watch.fault_point("voice");
        if self.running.as_ref().is_none_or(|running| running.turn != message.turn) {
            self.begin(message.turn, message.allowance, ctx);
        }
        let pieces = self.running.as_ref().and_then(|running| running.pieces.as_ref());
        let piece = TtsPiece { piece: message.piece, text: message.text };
        if pieces.is_some_and(|pieces| pieces.try_send(piece).is_err()) {
            let reason = format!("more than {PIECES_CAPACITY} pieces wait for a voice");
            let error =
                AdapterError::Unavailable { adapter: self.voice.name(), reason, retry_after: None };
            let event = VoiceEvent::Ended { outcome: Outcome::Failed, error: Some(error) };
            self.drop_running(ctx);
            deliver_to(&self.session, VoiceArrived { turn: message.turn, event });
        }
    }
}

impl Handler<FinishVoice> for TtsActor {
    type Result = ();

    fn handle(&mut self, message: FinishVoice, _ctx: &mut Self::Context) {
        if let Some(running) = self.running.as_mut().filter(|running| running.turn == message.turn)
        {
            running.pieces = None;
        }
    }
}

impl Handler<StopVoice> for TtsActor {
    type Result = ();

    fn handle(&mut self, message: StopVoice, ctx: &mut Self::Context) {
        if self.running.as_ref().is_some_and(|running| running.turn == message.turn) {
            self.drop_running(ctx);
        }
    }
}

struct Turn {
    turn: TurnId,
    allowance: Allowance,
    session: Recipient<VoiceArrived>,
    episode: Arc<str>,
    letters: LetterRate,
}

impl Turn {
    fn tell(&self, event: VoiceEvent) {
        deliver_to(&self.session, VoiceArrived { turn: self.turn, event });
    }
}

/// How a turn's voice ended without a failure.
enum Spoken {
    /// All pieces were spoken.
    Whole,
    /// The turn ended before its voice did.
    TurnIsOver,
}

/// Pieces are taken only when the voice can have them: waiting for room here would stop listening to its sound.
fn has_room(voice: &mpsc::Sender<TtsPiece>) -> bool {
    voice.capacity() > 0
}

async fn speak_turn(
    voice: Arc<dyn TextToSpeech>,
    options: TtsOptions,
    pieces: mpsc::Receiver<TtsPiece>,
    turn: Turn,
) {
    let ended = match pass_on(voice.as_ref(), options, pieces, &turn).await {
        Ok(Spoken::Whole) => VoiceEvent::Ended { outcome: Outcome::Complete, error: None },
        // Whoever ended the turn knows; to call it a failure would tell the host of one at every interruption.
        Ok(Spoken::TurnIsOver) => return,
        Err(error) => VoiceEvent::Ended { outcome: outcome_of(&error), error: Some(error) },
    };
    turn.tell(ended);
}

async fn pass_on(
    voice: &dyn TextToSpeech,
    options: TtsOptions,
    mut waiting: mpsc::Receiver<TtsPiece>,
    turn: &Turn,
) -> Result<Spoken, AdapterError> {
    let adapter = voice.name();
    let late = |stage| AdapterError::TimedOut { adapter, stage, waited: PROGRESS_LIMIT };
    let stream = match tokio::time::timeout(PROGRESS_LIMIT, voice.open(options)).await {
        Ok(opened) => opened?,
        Err(_elapsed) => return Err(late("open")),
    };
    let mut sound = TurnSound::new(voice.capabilities().rate, turn.letters.clone());
    let mut to_voice = Some(stream.pieces);
    let mut events = pin!(told(stream.events, "voice-stream", Arc::clone(&turn.episode)));
    loop {
        let owed = sound.pieces_owed();
        tokio::select! {
            piece = waiting.recv(), if to_voice.as_ref().is_some_and(has_room) => match (piece, &to_voice) {
                (Some(piece), Some(voice)) => {
                    sound.given(&piece);
                    if voice.send(piece).await.is_err() {
                        // The stream has ended by itself; its last event says why.
                        to_voice = None;
                    }
                }
                _ => to_voice = None,
            },
            event = tokio::time::timeout(PROGRESS_LIMIT, events.next()), if owed || to_voice.is_none() => {
                let Ok(event) = event else { return Err(late("sound")) };
                match event {
                    Some(Ok(TtsEvent::Done)) => {
                        for event in sound.finish() {
                            turn.tell(event);
                        }
                        return Ok(Spoken::Whole);
                    }
                    Some(Ok(event)) => {
                        for event in sound.take(event) {
                            if let VoiceEvent::Sound(samples) = &event
                                && !turn.allowance.spend(samples.len()).await
                            {
                                return Ok(Spoken::TurnIsOver);
                            }
                            turn.tell(event);
                        }
                    }
                    Some(Err(error)) => return Err(error),
                    None => {
                        let reason = "the stream ended without an end".to_owned();
                        return Err(AdapterError::Malformed { adapter, reason });
                    }
                }
            }
        }
    }
}
