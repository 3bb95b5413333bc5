//! Who sits where: children are seated at the start, and replaced when they are lost.

use actix::prelude::*;

use super::actor::Session;
use super::children::Children;
use super::event_logger::EventLoggerActor;
use super::llm::LlmActor;
use super::messages::{Child, ChildStopped};
use super::notice::Notice;
use super::recorder::{OpenRecord, RecorderActor};
use super::stt::SttActor;
use super::supervision::Watch;
use super::tts::TtsActor;
use crate::adapters::AdapterError;
use crate::adapters::stt::SttOptions;
use crate::clock::SessionClock;
use crate::conversation::event::Event;
use crate::conversation::{AiSpeaker, Input, Outcome};

impl Session {
    /// Seats ears, minds and voices.
    pub(super) fn seat_everybody(&mut self, ctx: &mut Context<Self>) {
        self.seat_ears(ctx);
        for speaker in AiSpeaker::BOTH {
            self.seat_mind(speaker, ctx);
            self.seat_voice(speaker, ctx);
        }
    }

    fn watch(&self, child: Child, generation: u32, ctx: &Context<Self>) -> Watch {
        let episode = self.identity.episode_id.as_str().into();
        Watch::new(ctx.address().recipient(), child, generation, episode)
    }

    fn seat_ears(&mut self, ctx: &mut Context<Self>) {
        let generation = self.children.ears.place.occupy();
        let watch = self.watch(Child::Ears, generation, ctx);
        let briefing = &self.setup.briefing;
        let options = SttOptions {
            language: briefing.language.clone(),
            terms: briefing.expected_words(),
            names: briefing.called_names(),
        };
        let ears = SttActor::new(
            self.cast.ears.clone(),
            options,
            &ctx.address(),
            self.last_segment,
            watch,
        );
        self.children.ears.address = Some(ears.start());
    }

    fn seat_mind(&mut self, speaker: AiSpeaker, ctx: &mut Context<Self>) {
        let generation = self.children.minds[speaker.index()].place.occupy();
        let watch = self.watch(Child::Mind(speaker), generation, ctx);
        let model = std::sync::Arc::clone(self.cast.mind(speaker));
        let session = ctx.address();
        let (replies, summaries) = (session.clone().recipient(), session.recipient());
        let mind = LlmActor::new(model, speaker, replies, summaries, watch).start();
        self.children.minds[speaker.index()].address = Some(mind);
    }

    fn seat_voice(&mut self, speaker: AiSpeaker, ctx: &mut Context<Self>) {
        let generation = self.children.voices[speaker.index()].place.occupy();
        let watch = self.watch(Child::Voice(speaker), generation, ctx);
        let voice = self.cast.voice(speaker).clone();
        let voice =
            TtsActor::new(voice.voice, voice.options, ctx.address().recipient(), watch).start();
        self.children.voices[speaker.index()].address = Some(voice);
    }

    /// A child is no more: the listener is told, its turn ends as failed, and another sits down if that may help.
    pub(super) fn on_child_stopped(&mut self, message: ChildStopped, ctx: &mut Context<Self>) {
        let now = self.clock.now();
        let Some(place) = self.children.place_of(message.child) else {
            self.problem(
                "recorder_lost",
                "the recorder stopped by itself".to_owned(),
                "the session ends",
            );
            self.advance(Input::EndRequested, ctx);
            return;
        };
        if place.generation() != message.generation {
            return;
        }
        let replaced = place.may_replace(now);
        let what = name_of(message.child);
        tracing::error!(session = %self.identity.session_id, child = what, replaced, "an actor was lost");
        let context = Event::fact("error")
            .with("error", format!("{what} stopped by itself"))
            .with("context", what);
        self.log(now, context.with("replaced", replaced));
        self.notify(Notice::Tell(format!(
            "{what} error: it stopped by itself{}",
            if replaced { " and was replaced" } else { "; it failed too often and stays away" }
        )));
        match message.child {
            Child::Ears => {
                if replaced {
                    self.seat_ears(ctx);
                } else {
                    self.children.ears.address = None;
                    self.advance(Input::EarsChanged { available: false }, ctx);
                }
            }
            Child::Mind(speaker) => {
                self.children.minds[speaker.index()].address = None;
                if replaced {
                    self.seat_mind(speaker, ctx);
                }
                if let Some(turn) = self.stages[speaker.index()].turn() {
                    self.advance(Input::ReplyEnded { turn, outcome: Outcome::Failed }, ctx);
                }
            }
            Child::Voice(speaker) => {
                self.children.voices[speaker.index()].address = None;
                if replaced {
                    self.seat_voice(speaker, ctx);
                }
                if let Some(turn) = self.stages[speaker.index()].turn() {
                    let stage = &mut self.stages[speaker.index()];
                    stage.playout.close(turn);
                    let samples = stage.playout.snapshot().map_or(0, |shown| shown.pushed);
                    self.advance(
                        Input::VoiceEnded { turn, samples, outcome: Outcome::Failed },
                        ctx,
                    );
                }
            }
            Child::Recorder | Child::Logger => {}
        }
    }

    /// An adapter could not do its work: an event of the conversation, told in words, never the session's end.
    pub(super) fn adapter_failed(
        &mut self,
        kind: &'static str,
        speaker: Option<AiSpeaker>,
        error: &AdapterError,
        recovering: bool,
    ) {
        tracing::warn!(
            session = %self.identity.session_id, kind, error = error.kind(), detail = %error, recovering,
            "an adapter failed"
        );
        let event = Event::fact("error").with("error", error.to_string()).with("context", kind);
        let event = event
            .with("speaker", speaker)
            .with("kind", error.kind())
            .with("recovering", recovering);
        self.log(self.clock.now(), event);
        self.notify(Notice::Tell(format!("{kind} error: {error}")));
    }

    /// Something the host must know of, with a stable code.
    pub(super) fn problem(&mut self, code: &'static str, message: String, hint: &'static str) {
        tracing::warn!(session = %self.identity.session_id, code, detail = %message, "a problem of the session");
        let event = Event::fact("error").with("error", &message).with("context", code);
        self.log(self.clock.now(), event);
        self.notify(Notice::Problem { code, message, hint });
    }
}

impl Children {
    /// Seats recorder and logger over the session's one writer thread.
    pub(super) fn seat_record(
        &mut self,
        record: OpenRecord,
        clock: &SessionClock,
        session: Addr<Session>,
    ) {
        let episode: std::sync::Arc<str> = record.episode_id().into();
        let watch = |child| {
            Watch::new(session.clone().recipient(), child, 0, std::sync::Arc::clone(&episode))
        };
        let recorder =
            RecorderActor::new(record, session.clone().recipient(), watch(Child::Recorder)).start();
        let logger = EventLoggerActor::new(recorder.clone(), clock.clone(), watch(Child::Logger));
        self.logger = Some(logger.start());
        self.recorder = Some(recorder);
    }
}

const fn name_of(child: Child) -> &'static str {
    match child {
        Child::Ears => "stt",
        Child::Mind(_) => "llm",
        Child::Voice(_) => "tts",
        Child::Recorder => "recorder",
        Child::Logger => "event log",
    }
}
