//! One running conversation: the actor that supervises ears, minds, voices, recorder and logger.
//!
//! Every handler is a translation, message to [`Input`] and [`Order`] to message; the
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
use super::listener_time::{ListenerTime, SteadyPlace};
use super::loudness::LiveLevels;
use super::mailbox::{MAILBOX_CAPACITY, deliver};
use super::messages::{Finish, LogEvent, Record};
use super::notice::{CloseReason, Notice, RecordingFiles};
use super::own_sound::OwnPlace;
use super::pacer::{Pacer, Register};
use super::profile_keeper::ProfileKeeper;
use super::recorder::OpenRecord;
use super::revival::Earlier;
use super::service_notes::Accounts;
use super::stage::Stage;
use super::tally::tally;
use super::watchers::Screens;
use crate::audio::playout::DueFrame;
use crate::clock::SessionClock;
use crate::conversation::event::Event;
use crate::conversation::{
    AiSpeaker, Conversation, Deadline, Input, Order, Setup, Speaker, TurnId,
};

use crate::recording::{AHEAD_MAX, SoundCheckEntry};
use crate::time::{SessionTime, Span};

/// How far the recorder's watermark trails session time: only then is it known what was heard.
pub const WATERMARK_LAG: Span = Span::from_millis(400);
const _: () = assert!(
    crate::audio::host_line::WAIT_MAX.samples() + Span::from_millis(40).samples()
        <= WATERMARK_LAG.samples(),
    "what the host's line still takes, the recorder still takes"
);

/// How often the watermark moves on: five ticks, so that a kill costs at most 0.4 s of cluster and 0.5 s of this.
pub(super) const ADVANCE_EVERY: Span = Span::from_millis(100);

/// How long a failed recording may take to be repaired before the session ends without it.
pub(super) const REPAIR_PATIENCE: Duration = Duration::from_secs(10);

/// How long a session waits for a listener, one that was lost or one that has never come, before it ends in order.
pub const LISTENER_PATIENCE: Duration = Duration::from_secs(60);

/// How long a session that is broken off waits for its speakers to fall silent: twice what a flush takes to be confirmed.
pub(super) const LAST_SAMPLES_PATIENCE: Duration = Duration::from_millis(300);

/// How long closing files may take before the session is over without the recorder's word: less than the 25 s a
/// stopping studio leaves its sessions. What was written is repaired at the next start.
const CLOSE_PATIENCE: Duration = Duration::from_secs(20);

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
    /// What it takes over from a session whose process died.
    pub earlier: Option<Earlier>,
    /// What the host's sound check measured.
    pub sound_check: Option<SoundCheckEntry>,
    /// Who keeps what is learned of the host; nobody where the host has no name.
    pub keeper: Option<ProfileKeeper>,
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
    pub(super) screens: Screens,
    pub(super) host: HostEar,
    pub(super) listener_time: ListenerTime,
    pub(super) steady_place: SteadyPlace,
    pub(super) stages: [Stage; 2],
    /// When each AI's sound is heard, for the ears.
    pub(super) own_places: [OwnPlace; 2],
    pub(super) levels: LiveLevels,
    /// What the products used, and whose are being exchanged.
    pub(super) accounts: Accounts,
    pub(super) due: Vec<DueFrame<TurnId>>,
    pub(super) muted: bool,
    /// The recogniser's segments so far; ears that are replaced go on from here.
    pub(super) last_segment: u32,
    /// When the host's last words ended, spoken or typed: replies are measured from here.
    pub(super) host_stopped: SessionTime,
    /// What it goes on from, until that is told.
    pub(super) earlier: Option<Earlier>,
    /// What the host's sound check measured before.
    pub(super) sound_check: Option<SoundCheckEntry>,
    keeper: Option<ProfileKeeper>,
    record: Option<OpenRecord>,
    pacer: Addr<Pacer>,
    orders: Vec<Order>,
    timer: Option<(SessionTime, SpawnHandle)>,
    /// Runs while nobody listens.
    patience: Option<SpawnHandle>,
    pub(super) advanced: SessionTime,
    pub(super) ending: Option<SessionTime>,
    over: watch::Sender<bool>,
}

impl Session {
    /// A session that begins when it is started as an actor.
    #[must_use]
    pub fn new(parts: SessionParts) -> Self {
        Self {
            conversation: match &parts.earlier {
                None => Conversation::new(parts.setup.clone()),
                Some(earlier) => Conversation::continuing(parts.setup.clone(), &earlier.memory),
            },
            earlier: parts.earlier,
            sound_check: parts.sound_check,
            identity: parts.identity,
            setup: parts.setup,
            host: HostEar::new(parts.host_rate),
            listener_time: ListenerTime::default(),
            steady_place: SteadyPlace::default(),
            clock: parts.clock,
            cast: parts.cast,
            children: Children::default(),
            chair: ListenerChair::default(),
            screens: Screens::default(),
            stages: AiSpeaker::BOTH.map(Stage::new),
            own_places: Default::default(),
            levels: LiveLevels::default(),
            accounts: Accounts::default(),
            due: Vec::new(),
            muted: false,
            last_segment: 0,
            host_stopped: SessionTime::ZERO,
            keeper: parts.keeper,
            record: Some(parts.record),
            pacer: parts.pacer,
            orders: Vec::new(),
            timer: None,
            patience: None,
            advanced: SessionTime::ZERO,
            ending: None,
            over: watch::Sender::new(false),
        }
    }

    /// The one way into the conversation. Shut once the session closes: what happens then is no part of it, and its
    /// log has had its last line.
    pub(super) fn advance(&mut self, input: Input, ctx: &mut Context<Self>) {
        let is_words = matches!(input, Input::Recognised { .. });
        self.advance_with(input, ctx, |line| {
            if is_words { line.with("speaker", Speaker::You) } else { line }
        });
    }

    /// The same, with more for the reader of the log than the conversation needs to know.
    pub(super) fn advance_with(
        &mut self,
        input: Input,
        ctx: &mut Context<Self>,
        tell_more: impl FnOnce(Event) -> Event,
    ) {
        if self.ending.is_some() {
            return;
        }
        let now = self.clock.now();
        self.log(now, tell_more(Event::input(now, &input)));
        let mut orders = std::mem::take(&mut self.orders);
        self.conversation.handle(now, input, &mut orders);
        for order in orders.drain(..) {
            let line = Event::order(&order);
            self.log(
                now,
                match &order {
                    Order::StartReply { speaker, .. } => {
                        line.with("model", self.cast.mind(*speaker).model())
                    }
                    _ => line,
                },
            );
            self.carry_out(order, now, ctx);
        }
        self.orders = orders;
        if self.ending.is_none() {
            self.set_timer(ctx);
        }
    }

    /// The chair is empty: nobody hears and nobody is heard.
    pub(super) fn listener_left(&mut self, ctx: &mut Context<Self>) {
        self.host_restarts();
        self.advance(Input::HostLost, ctx);
        self.await_listener(ctx);
    }

    /// Nobody listens: the session ends when nobody has come for [`LISTENER_PATIENCE`].
    pub(super) fn await_listener(&mut self, ctx: &mut Context<Self>) {
        self.listener_came(ctx);
        let patience = ctx.run_later(LISTENER_PATIENCE, |session, ctx| {
            session.patience = None;
            let passed = Event::fact("deadline").with("deadline", "listener-patience");
            session.log(session.clock.now(), passed);
            session.advance(Input::EndRequested, ctx);
        });
        self.patience = Some(patience);
    }

    /// Somebody listens.
    pub(super) fn listener_came(&mut self, ctx: &mut Context<Self>) {
        if let Some(patience) = self.patience.take() {
            ctx.cancel_future(patience);
        }
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
        self.screens.tell(&notice);
        let kept = self.chair.tell(notice);
        if !kept {
            tally().dropped_connections.add(1);
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
        let over = SessionTime::from_millis(self.clock.now().millis() + 1);
        // What a listener told late was put behind its place, and may reach beyond this moment: nothing that was heard is
        // left out. Further than this no track takes it.
        let placed = self.stages.iter().map(Stage::placed_until).fold(over, SessionTime::max);
        let end = placed.min(over + AHEAD_MAX);
        self.ending = Some(end);
        if let Some((_, timer)) = self.timer.take() {
            ctx.cancel_future(timer);
        }
        self.host_ends(over);
        self.log(over, Event::fact("session.end").with("samples", end.samples()));
        if let Some(keeper) = self.keeper.take() {
            keeper.keep(self.conversation.host_profile());
        }
        self.children.finish(Finish { end, fit: self.host.fit() });
        self.children.dismiss();
        ctx.run_later(CLOSE_PATIENCE, |session, ctx| {
            tracing::error!(session = %session.identity.session_id, "the recorder did not finish in time");
            session.children.record(Record::GiveUp);
            session.on_recording_over(None, ctx);
        });
    }

    pub(super) fn wait_for_end(&self) -> ResponseFuture<()> {
        let mut over = self.over.subscribe();
        Box::pin(async move {
            // An error means that the session is gone, which is over too.
            drop(over.wait_for(|over| *over).await);
        })
    }

    pub(super) fn on_recording_over(
        &mut self,
        files: Option<RecordingFiles>,
        ctx: &mut Context<Self>,
    ) {
        let reason = match files {
            Some(files) => {
                self.notify(Notice::RecordingReady(files));
                CloseReason::Ended
            }
            None => CloseReason::Failed,
        };
        self.chair.close(reason);
        self.screens.close(reason);
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
        deliver(&self.pacer, Register { session: ctx.address().recipient() });
        self.set_timer(ctx);
        self.await_listener(ctx);
        tracing::info!(session = %self.identity.session_id, episode = %self.identity.episode_id, "session started");
    }

    fn stopped(&mut self, _ctx: &mut Self::Context) {
        tracing::info!(session = %self.identity.session_id, "session stopped");
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
    /// When it began, Unix milliseconds.
    pub started_unix_ms: u64,
}
