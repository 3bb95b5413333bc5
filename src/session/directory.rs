//! Who is on air: starts sessions, knows them by id and token, ends them all.
//!
//! Sessions live on N arbiters of their own, apart from the web server's, each with one 20 ms timer. A session that
//! lost its listener stays for [`super::actor::LISTENER_PATIENCE`].

use std::collections::BTreeMap;
use std::sync::Arc;

use actix::prelude::*;
use serde::Serialize;

use super::actor::{Identity, Session, SessionHandle, SessionParts};
use super::house::{House, RecordRequest, StartError};
use super::messages::EndSession;
use super::pacer::Pacer;
use super::recorder::OpenRecord;
use crate::audio::SampleRate;
use crate::clock::{Clock, SessionClock};
use crate::conversation::Setup;
use crate::hex::hex;

/// Knows every session.
#[derive(Debug)]
pub struct Directory {
    house: Arc<dyn House>,
    clock: Clock,
    sessions_max: usize,
    arbiters: Vec<(Arbiter, Addr<Pacer>)>,
    sessions: BTreeMap<String, SessionHandle>,
    starting: usize,
    next_arbiter: usize,
    is_draining: bool,
}

/// Start a session.
#[derive(Clone, Debug, Message)]
#[rtype(result = "Result<SessionHandle, StartError>")]
pub struct StartSession {
    /// The host's name; empty takes the briefing's.
    pub participant_name: String,
    /// The recording's name; empty takes the briefing's.
    pub episode_id: String,
    /// The briefing's file name without `.md`; empty takes the first.
    pub briefing: String,
    /// The rate of the host's sound.
    pub host_rate: SampleRate,
}

/// The session this token belongs to.
#[derive(Clone, Debug, Message)]
#[rtype(result = "Result<SessionHandle, StartError>")]
pub struct ResumeSession {
    /// From `session.ready`.
    pub resume_token: String,
}

/// Every session on air.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "Vec<SessionSummary>")]
pub struct ListSessions;

/// The session of this id, if it is on air.
#[derive(Clone, Debug, Message)]
#[rtype(result = "Option<SessionHandle>")]
pub struct FindSession {
    /// As `session.ready` says it, or [`CURRENT`].
    pub session_id: String,
}

/// Means the session that began last.
pub const CURRENT: &str = "current";

/// One session on air.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionSummary {
    /// Its id.
    pub session_id: String,
    /// Its recording's folder.
    pub episode_id: String,
    /// Its briefing's title.
    pub title: String,
    /// Display names, in the order of [`crate::conversation::Speaker::ALL`].
    pub names: [String; 3],
    /// When it began, Unix milliseconds.
    #[serde(skip)]
    pub started_unix_ms: u64,
}

/// No new sessions; end those that run, and answer when their recordings are whole.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "usize")]
pub struct Drain;

#[derive(Message)]
#[rtype(result = "()")]
struct Forget(String);

impl Directory {
    /// A directory with nobody on air. `arbiters` threads serve the sessions.
    #[must_use]
    pub fn new(house: Arc<dyn House>, clock: Clock, sessions_max: usize, arbiters: usize) -> Self {
        let arbiters = (0..arbiters.max(1))
            .map(|_| {
                let arbiter = Arbiter::new();
                let pacer = Pacer::start_in_arbiter(&arbiter.handle(), |_ctx| Pacer::default());
                (arbiter, pacer)
            })
            .collect();
        Self {
            house,
            clock,
            sessions_max,
            arbiters,
            sessions: BTreeMap::new(),
            starting: 0,
            next_arbiter: 0,
            is_draining: false,
        }
    }

    fn admit(&mut self, opened: Opened, ctx: &mut Context<Self>) -> SessionHandle {
        let index = self.next_arbiter % self.arbiters.len();
        self.next_arbiter += 1;
        let (arbiter, pacer) = &self.arbiters[index];
        let Opened { identity, setup, host_rate, cast, record, clock } = opened;
        let briefing = Arc::clone(&setup.briefing);
        let started_unix_ms = clock.unix_ms();
        let parts = SessionParts {
            identity: identity.clone(),
            setup,
            host_rate,
            cast,
            record,
            clock,
            pacer: pacer.clone(),
        };
        let address = Session::start_in_arbiter(&arbiter.handle(), |_ctx| Session::new(parts));
        let handle =
            SessionHandle { identity, address: address.clone(), briefing, started_unix_ms };
        self.sessions.insert(handle.identity.session_id.clone(), handle.clone());
        let id = handle.identity.session_id.clone();
        let over = address.send(super::messages::AwaitEnd);
        ctx.spawn(over.into_actor(self).map(move |_gone, _directory, ctx| ctx.notify(Forget(id))));
        handle
    }
}

struct Opened {
    identity: Identity,
    setup: Setup,
    host_rate: SampleRate,
    cast: super::cast::Cast,
    record: OpenRecord,
    clock: SessionClock,
}

/// All that blocks: reading the briefing, making the folder. Runs on the pool for blocking work.
fn open(house: &dyn House, request: &StartSession, clock: &Clock) -> Result<Opened, StartError> {
    let mut briefing = house.briefing(&request.briefing)?;
    let name = request.participant_name.trim();
    if !name.is_empty() {
        briefing.speakers[0].name = name.chars().take(40).collect();
    }
    let cast = house.cast(&briefing)?;
    let session_clock = SessionClock::start(clock);
    let session_id = random_id("s")?;
    let record = OpenRecord::create(
        house.episode(&RecordRequest {
            briefing: &briefing,
            cast: &cast,
            episode_id: &request.episode_id,
            session_id: &session_id,
            started_unix_ms: session_clock.unix_ms(),
        })?,
        session_clock.clone(),
    )?;
    let episode_id = record.episode_id();
    // 53 bits: any reader of the log keeps them, also one that has floating-point numbers only.
    let seed = u64::from_le_bytes(random_bytes()?) >> 11;
    Ok(Opened {
        identity: Identity { session_id, resume_token: random_id("r")?, episode_id },
        setup: Setup { briefing: Arc::new(briefing), seed },
        host_rate: request.host_rate,
        cast,
        record,
        clock: session_clock,
    })
}

fn random_bytes<const N: usize>() -> Result<[u8; N], StartError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| StartError::NoRandomness(error.to_string()))?;
    Ok(bytes)
}

/// 128 random bits in hex: nobody guesses them.
fn random_id(prefix: &str) -> Result<String, StartError> {
    Ok(format!("{prefix}-{}", hex(&random_bytes::<16>()?)))
}

impl Actor for Directory {
    type Context = Context<Self>;
}

impl Handler<StartSession> for Directory {
    type Result = ResponseActFuture<Self, Result<SessionHandle, StartError>>;

    fn handle(&mut self, request: StartSession, _ctx: &mut Self::Context) -> Self::Result {
        let refused = if self.is_draining {
            Some(StartError::Draining)
        } else if self.sessions.len() + self.starting >= self.sessions_max {
            Some(StartError::SessionsFull { most: self.sessions_max })
        } else {
            None
        };
        if let Some(error) = refused {
            return Box::pin(async move { Err(error) }.into_actor(self));
        }
        self.starting += 1;
        let (house, clock) = (Arc::clone(&self.house), self.clock.clone());
        let opening = tokio::task::spawn_blocking(move || open(house.as_ref(), &request, &clock));
        Box::pin(opening.into_actor(self).map(|opened, directory, ctx| {
            directory.starting -= 1;
            match opened {
                // Whoever drains knows the sessions on air, not those that were about to be.
                Ok(_) if directory.is_draining => Err(StartError::Draining),
                Ok(opened) => Ok(directory.admit(opened?, ctx)),
                Err(panicked) => Err(StartError::Broken(panicked.to_string())),
            }
        }))
    }
}

impl Handler<ResumeSession> for Directory {
    type Result = Result<SessionHandle, StartError>;

    fn handle(&mut self, request: ResumeSession, _ctx: &mut Self::Context) -> Self::Result {
        use subtle::ConstantTimeEq;
        let token = request.resume_token.as_bytes();
        let found = self
            .sessions
            .values()
            .find(|handle| handle.identity.resume_token.as_bytes().ct_eq(token).into());
        found.cloned().ok_or(StartError::ResumeUnknown)
    }
}

impl Handler<ListSessions> for Directory {
    type Result = Vec<SessionSummary>;

    fn handle(&mut self, _request: ListSessions, _ctx: &mut Self::Context) -> Self::Result {
        let summary = |handle: &SessionHandle| SessionSummary {
            session_id: handle.identity.session_id.clone(),
            episode_id: handle.identity.episode_id.clone(),
            title: handle.briefing.title.clone(),
            names: handle.briefing.speakers.each_ref().map(|speaker| speaker.name.clone()),
            started_unix_ms: handle.started_unix_ms,
        };
        self.sessions.values().map(summary).collect()
    }
}

impl Handler<FindSession> for Directory {
    type Result = Option<SessionHandle>;

    fn handle(&mut self, wanted: FindSession, _ctx: &mut Self::Context) -> Self::Result {
        if wanted.session_id == CURRENT {
            return self.sessions.values().max_by_key(|handle| handle.started_unix_ms).cloned();
        }
        self.sessions.get(&wanted.session_id).cloned()
    }
}

impl Handler<Drain> for Directory {
    type Result = ResponseFuture<usize>;

    fn handle(&mut self, _request: Drain, _ctx: &mut Self::Context) -> Self::Result {
        self.is_draining = true;
        let sessions: Vec<_> =
            self.sessions.values().map(|handle| handle.address.clone()).collect();
        Box::pin(async move {
            let count = sessions.len();
            let endings = sessions.iter().map(|session| session.send(EndSession));
            futures_util::future::join_all(endings).await;
            count
        })
    }
}

impl Handler<Forget> for Directory {
    type Result = ();

    fn handle(&mut self, message: Forget, _ctx: &mut Self::Context) {
        self.sessions.remove(&message.0);
    }
}
