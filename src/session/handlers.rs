//! What wakes a Session: one handler for each message, in the order of [`super::messages`].
//!
//! A handler is a translation: it turns the message into an [`Input`] or hands it to whoever knows. No rule lives here.

use actix::prelude::*;

use super::actor::{ADVANCE_EVERY, LAST_SAMPLES_PATIENCE, REPAIR_PATIENCE, Session, WATERMARK_LAG};
use super::messages::{
    Announce, Attach, AwaitEnd, BreakOff, ChildStopped, Detach, EarsFailed, EarsHeard, EarsNoted,
    EchoLearned, EndSession, HostPacket, HostSound, Listen, LookOn, Pressed, Record, RecorderSaid,
    ReplyArrived, ReplyEvent, ReportPlayout, RequestState, SendAway, SummaryArrived, SummaryEvent,
    Tick, VoiceArrived,
};
use super::notice::{Notice, RecordingFiles};
use super::service_notes::Kind;
use crate::adapters::llm::LlmUse;
use crate::conversation::event::Event;
use crate::conversation::{AiSpeaker, Input};
use crate::faults;
use crate::recording::Space;

// ── From the listener's connection ───────────────────────────────────────────────────────────────────────────

impl Handler<Attach> for Session {
    type Result = ();

    fn handle(&mut self, message: Attach, ctx: &mut Self::Context) {
        if self.chair.is_taken() {
            // The one who sat there leaves, and with it the counter of the host's sound.
            self.host_restarts();
        }
        self.listener_came(ctx);
        self.host.listen_to_frames();
        self.listener_time = Default::default();
        let ready = self.ready(message.last_seq.is_some());
        self.chair.attach(message.outbox, message.last_seq, Notice::Ready(ready));
        for speaker in AiSpeaker::BOTH {
            // A voice that was not held, since nobody knew that the connection before was dead: the newcomer learns where
            // it goes on, as after a pause.
            let goes_on = self.stages[speaker.index()].rewind_to_heard(message.reports);
            if let Some((turn, from_sample)) = goes_on {
                self.notify(Notice::Resume { speaker, turn, from_sample });
            }
        }
        self.advance(Input::HostConnected, ctx);
        let state = self.state();
        self.notify(Notice::State(Box::new(state)));
    }
}

impl Handler<Detach> for Session {
    type Result = ();

    fn handle(&mut self, message: Detach, ctx: &mut Self::Context) {
        if self.chair.detach(&message.outbox) {
            self.listener_left(ctx);
        }
    }
}

impl Handler<SendAway> for Session {
    type Result = ();

    fn handle(&mut self, message: SendAway, ctx: &mut Self::Context) {
        if self.chair.is_taken_by(&message.outbox) {
            self.notify(message.last_word);
            self.chair.close(message.reason);
            self.listener_left(ctx);
        }
    }
}

impl Handler<HostSound> for Session {
    type Result = ();

    fn handle(&mut self, message: HostSound, _ctx: &mut Self::Context) {
        if self.ending.is_none() {
            self.on_host_sound(&message);
        }
    }
}

impl Handler<HostPacket> for Session {
    type Result = ();

    fn handle(&mut self, message: HostPacket, _ctx: &mut Self::Context) {
        if self.ending.is_none() {
            self.on_host_packet(&message);
        }
    }
}

impl Handler<Pressed> for Session {
    type Result = ();

    fn handle(&mut self, message: Pressed, ctx: &mut Self::Context) {
        match &message.0 {
            Input::MuteSet { muted } => self.muted = *muted,
            Input::Typed { .. } => self.host_stopped = self.clock.now(),
            _ => {}
        }
        self.advance(message.0, ctx);
    }
}

impl Handler<ReportPlayout> for Session {
    type Result = ();

    fn handle(&mut self, message: ReportPlayout, ctx: &mut Self::Context) {
        self.on_report(message, ctx);
    }
}

impl Handler<RequestState> for Session {
    type Result = ();

    fn handle(&mut self, _message: RequestState, _ctx: &mut Self::Context) {
        let state = self.state();
        self.notify(Notice::State(Box::new(state)));
    }
}

impl Handler<EndSession> for Session {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _message: EndSession, ctx: &mut Self::Context) -> Self::Result {
        if self.ending.is_none() {
            self.advance(Input::EndRequested, ctx);
        }
        self.wait_for_end()
    }
}

impl Handler<BreakOff> for Session {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _message: BreakOff, ctx: &mut Self::Context) -> Self::Result {
        if self.ending.is_none() {
            self.advance(Input::EndRequested, ctx);
            // Whoever is in mid-sentence gets the time it takes to fall silent, and no more.
            ctx.run_later(LAST_SAMPLES_PATIENCE, Self::close);
        }
        self.wait_for_end()
    }
}

impl Handler<AwaitEnd> for Session {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _message: AwaitEnd, _ctx: &mut Self::Context) -> Self::Result {
        self.wait_for_end()
    }
}

impl Handler<Announce> for Session {
    type Result = ();

    fn handle(&mut self, message: Announce, _ctx: &mut Self::Context) {
        if matches!(message.0, Notice::MediaAnswer { .. }) {
            self.lose_closed_media();
        }
        self.notify(message.0);
    }
}

impl Handler<LookOn> for Session {
    type Result = bool;

    fn handle(&mut self, message: LookOn, _ctx: &mut Self::Context) -> bool {
        let state = Notice::State(Box::new(self.state()));
        self.screens.seat(message.outbox, state)
    }
}

impl Handler<Listen> for Session {
    type Result = bool;

    fn handle(&mut self, message: Listen, _ctx: &mut Self::Context) -> bool {
        self.children.feeds.borrow_mut().seat(message.speaker, message.reader)
    }
}

// ── From the adapters' actors ────────────────────────────────────────────────────────────────────────────────

impl Handler<EarsHeard> for Session {
    type Result = ();

    fn handle(&mut self, message: EarsHeard, ctx: &mut Self::Context) {
        if let Input::SpeechStopped { at } = &message.0 {
            self.host_stopped = *at;
        }
        if let Input::Recognised { segment, .. } = &message.0 {
            self.last_segment = self.last_segment.max(*segment);
        }
        self.advance(message.0, ctx);
    }
}

impl Handler<EarsFailed> for Session {
    type Result = ();

    fn handle(&mut self, message: EarsFailed, _ctx: &mut Self::Context) {
        self.adapter_failed("stt", None, &message.error, message.recovering);
    }
}

impl Handler<EarsNoted> for Session {
    type Result = ();

    fn handle(&mut self, message: EarsNoted, ctx: &mut Self::Context) {
        self.on_note(Kind::Stt, None, &message.0, ctx);
    }
}

impl Handler<EchoLearned> for Session {
    type Result = ();

    fn handle(&mut self, learned: EchoLearned, _ctx: &mut Self::Context) {
        let event = Event::fact("echo")
            .with("lagMs", learned.lag_ms)
            .with("gainDb", learned.gain_db)
            .with("heldBackMs", learned.held_back_ms);
        self.log(self.clock.now(), event);
    }
}

impl Handler<ReplyArrived> for Session {
    type Result = ();

    fn handle(&mut self, message: ReplyArrived, ctx: &mut Self::Context) {
        let turn = message.turn;
        let Some(stage) = self.stages.iter_mut().find(|stage| stage.is_turn(turn)) else { return };
        let speaker = stage.speaker();
        match message.event {
            ReplyEvent::Text(text) => {
                let since_end = self.clock.now().since(self.host_stopped).millis();
                if stage.first_text(since_end) {
                    let first =
                        Event::fact("llm.first-token").with("turn", turn).with("speaker", speaker);
                    self.log(self.clock.now(), first.with("latency", since_end));
                }
                self.accounts.wrote(speaker, text.len());
                self.advance(Input::ReplyText { turn, text }, ctx);
            }
            ReplyEvent::Noted(note) => self.on_note(Kind::Llm, Some(speaker), &note, ctx),
            ReplyEvent::Ended { outcome, usage, error } => {
                self.accounts.close_reply(speaker);
                if let Some(error) = error {
                    self.adapter_failed("llm", Some(speaker), &error, true);
                }
                if usage != LlmUse::default() {
                    let tokens = Event::fact("llm.use").with("turn", turn).with("speaker", speaker);
                    let tokens = tokens.with("inputTokens", usage.input_tokens);
                    self.log(self.clock.now(), tokens.with("outputTokens", usage.output_tokens));
                }
                let took =
                    self.clock.now().since(self.stages[speaker.index()].opened_at()).millis();
                self.advance_with(Input::ReplyEnded { turn, outcome }, ctx, |line| {
                    line.with("speaker", speaker).with("latency", took)
                });
            }
        }
    }
}

impl Handler<SummaryArrived> for Session {
    type Result = ();

    fn handle(&mut self, message: SummaryArrived, ctx: &mut Self::Context) {
        let SummaryArrived { summary, speaker, event } = message;
        match event {
            SummaryEvent::Noted(note) => self.on_summary_note(speaker, &note, ctx),
            SummaryEvent::Ended { text, outcome } => {
                self.advance_with(Input::Summarised { summary, text, outcome }, ctx, |line| {
                    line.with("speaker", speaker)
                });
            }
        }
    }
}

impl Handler<VoiceArrived> for Session {
    type Result = ();

    fn handle(&mut self, message: VoiceArrived, ctx: &mut Self::Context) {
        self.on_voice(message, ctx);
    }
}

impl Handler<ChildStopped> for Session {
    type Result = ();

    fn handle(&mut self, message: ChildStopped, ctx: &mut Self::Context) {
        if self.ending.is_none() {
            self.on_child_stopped(message, ctx);
        }
    }
}

impl Handler<RecorderSaid> for Session {
    type Result = ();

    fn handle(&mut self, message: RecorderSaid, ctx: &mut Self::Context) {
        match message {
            RecorderSaid::HalfFull => self.problem(
                "disk_slow",
                "the disk is slow and recording falls behind".to_owned(),
                "stop other programs that write to this disk",
            ),
            RecorderSaid::Space(Space::Low { seconds }) => {
                let minutes = seconds.div_ceil(60);
                self.problem(
                    "disk_low",
                    format!("the disk has room for about {minutes} minutes more"),
                    "free some space: the session ends in order when two minutes are left",
                );
            }
            RecorderSaid::Space(Space::Out { free_bytes }) => {
                self.problem(
                    "disk_full",
                    format!("the disk has {free_bytes} bytes left, which do not last"),
                    "the session ends; what was recorded is whole",
                );
                self.advance(Input::EndRequested, ctx);
            }
            RecorderSaid::Failed(error) => {
                self.problem(
                    error.code(),
                    error.to_string(),
                    "what was recorded until now is kept",
                );
                if self.ending.is_none() {
                    self.advance(Input::EndRequested, ctx);
                }
                ctx.run_later(REPAIR_PATIENCE, |session, ctx| session.on_recording_over(None, ctx));
            }
            RecorderSaid::Ready(ready) => {
                let files = ready
                    .files
                    .into_iter()
                    .map(|file| (file.name, file.bytes, file.sha256))
                    .collect();
                let files = RecordingFiles { episode_id: self.identity.episode_id.clone(), files };
                self.on_recording_over(Some(files), ctx);
            }
        }
    }
}

// ── From the arbiter's timer ─────────────────────────────────────────────────────────────────────────────────

impl Handler<Tick> for Session {
    type Result = ();

    fn handle(&mut self, _message: Tick, ctx: &mut Self::Context) {
        if self.ending.is_some() {
            return;
        }
        faults::point("session", &self.identity.episode_id);
        let now = self.clock.now();
        self.play(now, ctx);
        self.host_silence(now);
        if now.since(self.advanced) >= ADVANCE_EVERY {
            self.advanced = now;
            self.children.record(Record::Advance(now - WATERMARK_LAG));
            self.tell_levels();
            if self.children.take_record_lost() {
                let message = "part of the record was lost because this machine is overloaded";
                self.problem(
                    "recorder_lost",
                    message.to_owned(),
                    "the session ends; what was recorded until now is kept",
                );
                self.advance(Input::EndRequested, ctx);
            }
        }
    }
}
