//! The Session's children: their addresses, their places, and what is sent to them.

use std::cell::{Cell, RefCell};

use actix::prelude::*;

use super::event_logger::EventLoggerActor;
use super::llm::LlmActor;
use super::mailbox::deliver;
use super::messages::{Child, Dismiss, Finish, LogEvent, Record};
use super::recorder::RecorderActor;
use super::stt::SttActor;
use super::supervision::Place;
use super::tts::TtsActor;
use super::watchers::Feeds;
use crate::conversation::AiSpeaker;

/// Everybody who works for one session.
#[derive(Debug, Default)]
pub(super) struct Children {
    pub(super) ears: Seat<SttActor>,
    pub(super) minds: [Seat<LlmActor>; 2],
    pub(super) voices: [Seat<TtsActor>; 2],
    pub(super) recorder: Option<Addr<RecorderActor>>,
    pub(super) logger: Option<Addr<EventLoggerActor>>,
    /// Something for the record did not arrive: what follows would have a hole nobody knows of.
    record_lost: Cell<bool>,
    /// Who hears along, as the recorder does.
    pub(super) feeds: RefCell<Feeds>,
}

/// A place and who sits there.
#[derive(Debug)]
pub(super) struct Seat<A: Actor> {
    pub(super) place: Place,
    pub(super) address: Option<Addr<A>>,
}

impl<A: Actor> Default for Seat<A> {
    fn default() -> Self {
        Self { place: Place::default(), address: None }
    }
}

impl<A: Actor> Seat<A> {
    /// Sends to whoever sits here. `false` if nobody does or their mailbox is full.
    pub(super) fn send<M>(&self, message: M) -> bool
    where
        A: Handler<M>,
        A::Context: dev::ToEnvelope<A, M>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        self.address.as_ref().is_some_and(|address| deliver(address, message))
    }
}

impl Children {
    pub(super) const fn mind(&self, speaker: AiSpeaker) -> &Seat<LlmActor> {
        &self.minds[speaker.index()]
    }

    pub(super) const fn voice(&self, speaker: AiSpeaker) -> &Seat<TtsActor> {
        &self.voices[speaker.index()]
    }

    /// For the recording.
    pub(super) fn record(&self, message: Record) {
        self.feeds.borrow_mut().see(&message);
        if self.recorder.as_ref().is_some_and(|recorder| !deliver(recorder, message)) {
            self.record_lost.set(true);
        }
    }

    /// For the event log.
    pub(super) fn log(&self, message: LogEvent) {
        if self.logger.as_ref().is_some_and(|logger| !deliver(logger, message)) {
            self.record_lost.set(true);
        }
    }

    /// Whether something for the record was lost, which no recording survives as a true one. Said once.
    pub(super) fn take_record_lost(&self) -> bool {
        self.record_lost.replace(false)
    }

    /// The record is to be made whole: by the logger after its last line, or by the recorder itself if it is gone.
    pub(super) fn finish(&self, finish: Finish) {
        let told =
            self.logger.as_ref().is_some_and(|logger| deliver(logger, LogEvent::Close(finish)));
        if !told {
            self.record(Record::Finish(finish));
        }
    }

    /// Which of the children left, if it is one that still counts.
    pub(super) fn place_of(&mut self, child: Child) -> Option<&mut Place> {
        match child {
            Child::Ears => Some(&mut self.ears.place),
            Child::Mind(speaker) => Some(&mut self.minds[speaker.index()].place),
            Child::Voice(speaker) => Some(&mut self.voices[speaker.index()].place),
            Child::Recorder | Child::Logger => None,
        }
    }

    /// Ears, minds and voices leave; the record stays until it is whole.
    pub(super) fn dismiss(&mut self) {
        self.ears.send(Dismiss);
        self.ears.address = None;
        for seat in &mut self.minds {
            seat.address = None;
        }
        for seat in &mut self.voices {
            seat.address = None;
        }
    }
}

impl Drop for Children {
    /// A session that broke off takes them along: ears would otherwise go on hearing for nobody.
    fn drop(&mut self) {
        if self.ears.address.is_some() {
            self.dismiss();
        }
    }
}
