//! One running conversation: the actor that supervises ears, minds, voices, recorder and logger.
//!
//! Every handler is a translation, message to [`Input`] and [`Order`](crate::conversation::Order) to message; the
//! rules live in [`crate::conversation`]. [`Session::advance`] is the one way in: it reads the clock once, logs the
//! input, asks the conversation, carries out the orders and sets the one timer.
//!
//! Invariants: a session goes on when any adapter dies; it ends with a whole recording, however it ends; a frame of a
//! stopped turn is never handed to a listener.

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use tokio::sync::watch;

use super::cast::Cast;
use super::children::Children;
use super::host_ear::HostEar;
use super::listener::ListenerChair;
use super::loudness::LiveLevels;
use super::mailbox::MAILBOX_CAPACITY;
use super::messages::{
    Announce, Attach, AwaitEnd, ChildStopped, Detach, EarsFailed, EarsHeard, EndSession, Finish,
    HostSound, LogEvent, Pressed, Record, RecorderSaid, ReplyArrived, ReplyEvent, ReportPlayout,
    RequestState, Tick, VoiceArrived,
};
use super::notice::{CloseReason, Notice, RecordingFiles};
use super::pacer::{Pacer, Register};
use super::recorder::OpenRecord;
use super::stage::Stage;
use crate::audio::playout::DueFrame;
use crate::clock::SessionClock;
use crate::conversation::event::Event;
use crate::conversation::{AiSpeaker, Conversation, Deadline, Input, Order, Setup};

use crate::time::{SessionTime, Span};

/// How far the recorder's watermark trails session time: only then is it known what was heard.
pub const WATERMARK_LAG: Span = Span::from_millis(400);

/// How often the watermark moves on: five ticks, so that a kill costs at most 0.5 s of cluster and 0.5 s of this.
const ADVANCE_EVERY: Span = Span::from_millis(100);

/// How long a failed recording may take to be repaired before the session ends without it.
const REPAIR_PATIENCE: Duration = Duration::from_secs(10);

/// What a session is made of.
#[derive(Debug)]
pub struct SessionParts {
    /// Names and tokens.
    pub identity: Identity,
    /// The conversation's setup.
    pub setup: Setup,
    /// The rate of the host's sound.
    pub host_rate: crate::audio::SampleRate,
    /// The adapters.
    pub cast: Cast,
    /// Where it is recorded; the folder is there.
    pub record: OpenRecord,
    /// The session's clock, started with the recorder.
    pub clock: SessionClock,
    /// The timer of the arbiter it lives on.
    pub pacer: Addr<Pacer>,
}

/// A session's names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its id.
    pub session_id: String,
    /// What a listener shows to come back.
    pub resume_token: String,
    /// Its recording's folder.
    pub episode_id: String,
}

/// One running conversation.
#[derive(Debug)]
pub struct Session {
    pub(super) identity: Identity,
    pub(super) setup: Setup,
    pub(super) clock: SessionClock,
    pub(super) conversation: Conversation,
    pub(super) cast: Cast,
    pub(super) children: Children,
    pub(super) chair: ListenerChair,
    pub(super) host: HostEar,
    pub(super) stages: [Stage; 2],
    pub(super) levels: LiveLevels,
    pub(super) due: Vec<DueFrame>,
    pub(super) muted: bool,
    /// When the host's last speech ended: replies are measured from here.
    pub(super) host_stopped: SessionTime,
    record: Option<OpenRecord>,
    pacer: Addr<Pacer>,
    orders: Vec<Order>,
    timer: Option<(SessionTime, SpawnHandle)>,
    advanced: SessionTime,
    ending: Option<SessionTime>,
    over: watch::Sender<bool>,
}

impl Session {
    /// A session that begins when it is started as an actor.
    #[must_use]
    pub fn new(parts: SessionParts) -> Self {
        Self {
            conversation: Conversation::new(parts.setup.clone()),
            identity: parts.identity,
            setup: parts.setup,
            host: HostEar::new(parts.host_rate),
            clock: parts.clock,
            cast: parts.cast,
            children: Children::default(),
            chair: ListenerChair::default(),
            stages: AiSpeaker::BOTH.map(Stage::new),
            levels: LiveLevels::default(),
            due: Vec::new(),
            muted: false,
            host_stopped: SessionTime::ZERO,
            record: Some(parts.record),
            pacer: parts.pacer,
            orders: Vec::new(),
            timer: None,
            advanced: SessionTime::ZERO,
            ending: None,
            over: watch::Sender::new(false),
        }
    }

    /// The one way into the conversation.
    pub(super) fn advance(&mut self, input: Input, ctx: &mut Context<Self>) {
        let now = self.clock.now();
        self.log(now, Event::input(now, &input));
        let mut orders = std::mem::take(&mut self.orders);
        self.conversation.handle(now, input, &mut orders);
        for order in orders.drain(..) {
            self.log(now, Event::order(&order));
            self.carry_out(order, now, ctx);
        }
        self.orders = orders;
        self.set_timer(ctx);
    }

    fn set_timer(&mut self, ctx: &mut Context<Self>) {
        let next = self.conversation.next_deadline();
        if self.timer.as_ref().map(|(at, _)| *at) == next.map(|(at, _)| at) {
            return;
        }
        if let Some((_, timer)) = self.timer.take() {
            ctx.cancel_future(timer);
        }
        if let Some((at, _)) = next {
            let sleep = tokio::time::sleep_until(self.clock.instant_of(at));
            let timer =
                ctx.spawn(sleep.into_actor(self).map(|(), session, ctx| session.on_timer(ctx)));
            self.timer = Some((at, timer));
        }
    }

    fn on_timer(&mut self, ctx: &mut Context<Self>) {
        self.timer = None;
        let now = self.clock.now();
        match self.conversation.next_deadline() {
            Some((at, deadline)) if at <= now => {
                if deadline == Deadline::FlushConfirm {
                    // What the conversation takes as heard and what the track holds are to be the same.
                    self.stages.iter_mut().for_each(Stage::settle);
                }
                self.advance(Input::DeadlinePassed { deadline }, ctx);
            }
            _ => self.set_timer(ctx),
        }
    }

    pub(super) fn log(&self, t: SessionTime, event: Event) {
        self.children.log(LogEvent::Line { t, event });
    }

    pub(super) fn notify(&mut self, notice: Notice) {
        let kept = self.chair.tell(notice);
        if !kept {
            self.log(
                self.clock.now(),
                Event::fact("queue.drop").with("queue", "control").with("reason", "slow_client"),
            );
        }
    }

    /// All is said: the recording is made whole and the session waits for the recorder's word.
    pub(super) fn close(&mut self, ctx: &mut Context<Self>) {
        if self.ending.is_some() {
            return;
        }
        let end = SessionTime::from_millis(self.clock.now().millis() + 1);
        self.ending = Some(end);
        if let Some((_, timer)) = self.timer.take() {
            ctx.cancel_future(timer);
        }
        self.host_ends(end);
        self.log(end, Event::fact("session.end").with("samples", end.samples()));
        self.children.log(LogEvent::Close(Finish { end, fit: self.host.fit() }));
        self.children.dismiss();
    }

    fn wait_for_end(&self) -> ResponseFuture<()> {
        let mut over = self.over.subscribe();
        Box::pin(async move {
            // An error means that the session is gone, which is over too.
            drop(over.wait_for(|over| *over).await);
        })
    }

    fn on_recording_over(&mut self, files: Option<RecordingFiles>, ctx: &mut Context<Self>) {
        let reason = match files {
            Some(files) => {
                self.notify(Notice::RecordingReady(files));
                CloseReason::Ended
            }
            None => CloseReason::Failed,
        };
        self.chair.close(reason);
        self.over.send_replace(true);
        ctx.stop();
    }
}

impl Actor for Session {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX_CAPACITY);
        let Some(record) = self.record.take() else { return };
        self.children.seat_record(record, &self.clock, ctx.address());
        self.log_start();
        self.seat_everybody(ctx);
        self.pacer.do_send(Register { session: ctx.address().recipient() });
        self.set_timer(ctx);
        tracing::info!(session = %self.identity.session_id, episode = %self.identity.episode_id, "session started");
    }

    fn stopped(&mut self, _ctx: &mut Self::Context) {
        tracing::info!(session = %self.identity.session_id, "session stopped");
    }
}

// ── From the listener's connection ───────────────────────────────────────────────────────────────────────────

impl Handler<Attach> for Session {
    type Result = ();

    fn handle(&mut self, message: Attach, ctx: &mut Self::Context) {
        let ready = self.ready(message.last_seq.is_some());
        self.chair.attach(message.outbox, message.last_seq, Notice::Ready(ready));
        self.stages.iter_mut().for_each(Stage::rewind_to_heard);
        self.advance(Input::HostConnected, ctx);
        let state = self.state();
        self.notify(Notice::State(Box::new(state)));
    }
}

impl Handler<Detach> for Session {
    type Result = ();

    fn handle(&mut self, message: Detach, ctx: &mut Self::Context) {
        if self.chair.detach(&message.outbox) {
            self.host_restarts();
            self.advance(Input::HostLost, ctx);
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

impl Handler<Pressed> for Session {
    type Result = ();

    fn handle(&mut self, message: Pressed, ctx: &mut Self::Context) {
        if let Input::MuteSet { muted } = &message.0 {
            self.muted = *muted;
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

impl Handler<AwaitEnd> for Session {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _message: AwaitEnd, _ctx: &mut Self::Context) -> Self::Result {
        self.wait_for_end()
    }
}

impl Handler<Announce> for Session {
    type Result = ();

    fn handle(&mut self, message: Announce, _ctx: &mut Self::Context) {
        self.notify(message.0);
    }
}

// ── From the adapters' actors ────────────────────────────────────────────────────────────────────────────────

impl Handler<EarsHeard> for Session {
    type Result = ();

    fn handle(&mut self, message: EarsHeard, ctx: &mut Self::Context) {
        if let Input::SpeechStopped { at } = &message.0 {
            self.host_stopped = *at;
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
                self.advance(Input::ReplyText { turn, text }, ctx);
            }
            ReplyEvent::Ended { outcome, usage, error } => {
                if let Some(error) = error {
                    self.adapter_failed("llm", Some(speaker), &error, true);
                }
                if usage != crate::adapters::llm::LlmUse::default() {
                    let tokens = Event::fact("llm.use").with("turn", turn).with("speaker", speaker);
                    let tokens = tokens.with("inputTokens", usage.input_tokens);
                    self.log(self.clock.now(), tokens.with("outputTokens", usage.output_tokens));
                }
                self.advance(Input::ReplyEnded { turn, outcome }, ctx);
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
        let now = self.clock.now();
        self.play(now, ctx);
        self.host_silence(now);
        if now.since(self.advanced) >= ADVANCE_EVERY {
            self.advanced = now;
            self.children.record(Record::Advance(now - WATERMARK_LAG));
            self.tell_levels();
        }
    }
}

/// What a session that is to be found by its listeners gives away of itself.
#[derive(Clone, Debug)]
pub struct SessionHandle {
    /// Its names.
    pub identity: Identity,
    /// Where to send to.
    pub address: Addr<Session>,
    /// The briefing it runs on.
    pub briefing: Arc<crate::conversation::briefing::Briefing>,
}
