//! Who is on air: starts sessions, knows them by id and token, ends them all.
//!
//! Sessions live on N arbiters of their own, apart from the web server's, each with one 20 ms timer. A session that
//! lost its listener stays for [`super::actor::LISTENER_PATIENCE`]; one whose process died is gone on with by its token.

mod endings;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use serde::Serialize;
use tokio::sync::{Mutex, watch};

use super::actor::{Session, SessionHandle, SessionParts};
use super::house::{House, StartError};
use super::messages::AwaitEnd;
use super::opening::{Opened, open, open_again};
use super::pacer::Pacer;
use super::supervision::unbroken;
use super::tally::tally;
use crate::audio::SampleRate;
use crate::blocked::{Blocked, Kind, standing};
use crate::clock::Clock;
use crate::faults;
use crate::recording::SoundCheckEntry;

/// Pool threads that may be at work on opening sessions, blocked ones included: a disk that stands still must not take
/// the whole pool with it.
const OPENINGS_MAX: usize = 16;

/// Writers that may stand still before no session is begun: each keeps ten seconds of three tracks, 3 MB, and a disk that
/// has stopped so many will stop the next.
const WRITERS_STUCK_MAX: u64 = 16;

/// How long opening a session may take: a healthy disk takes a few milliseconds.
const OPENING_LIMIT: Duration = Duration::from_secs(10);

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
    /// Whether recordings of an earlier process are whole.
    repaired: watch::Sender<bool>,
    /// Held by whoever goes on with a session of an earlier process.
    reviving: Arc<Mutex<()>>,
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
    /// What the host's sound check measured, if there was one.
    pub sound_check: Option<SoundCheckEntry>,
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

/// No new sessions from now on. Those on air go on and are told the sentence; answers when the last of them is over.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub struct BeginDrain {
    /// For the hosts.
    pub told: String,
}

/// No new sessions; end those that run, and answer when their recordings are whole.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "usize")]
pub struct Drain;

/// End all that still run without waiting for anybody's last words; answers when their recordings are whole.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct BreakOffAll;

/// The recordings that an earlier process left unfinished are whole.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Repaired;

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
            repaired: watch::Sender::new(false),
            reviving: Arc::default(),
        }
    }

    fn on_air(&self) -> Vec<Addr<Session>> {
        self.sessions.values().map(|handle| handle.address.clone()).collect()
    }

    fn on_air_by_token(&self, token: &str) -> Option<SessionHandle> {
        use subtle::ConstantTimeEq;
        let token = token.as_bytes();
        let is_its = |handle: &&SessionHandle| {
            bool::from(handle.identity.resume_token.as_bytes().ct_eq(token))
        };
        self.sessions.values().find(is_its).cloned()
    }

    /// Opens a session on the pool for blocking work and puts it on air.
    fn start(
        &mut self,
        open: impl FnOnce(&Arc<dyn House>, &Clock) -> Result<Opened, StartError> + Send + 'static,
    ) -> Starting {
        let refused = if self.is_draining {
            Some(StartError::Draining)
        } else if self.sessions.len() + self.starting >= self.sessions_max {
            Some(StartError::SessionsFull { most: self.sessions_max })
        } else if self.starting >= OPENINGS_MAX || standing(Kind::Writer) >= WRITERS_STUCK_MAX {
            Some(StartError::Stalled)
        } else {
            None
        };
        if let Some(error) = refused {
            tally().sessions_refused.add(1);
            return Box::pin(async move { Err(error) }.into_actor(self));
        }
        self.starting += 1;
        let (house, clock) = (Arc::clone(&self.house), self.clock.clone());
        let mut opening = tokio::task::spawn_blocking(move || open(&house, &clock));
        let waiting = async move {
            match tokio::time::timeout(OPENING_LIMIT, &mut opening).await {
                Ok(opened) => Ok(opened),
                Err(_elapsed) => Err(opening),
            }
        };
        Box::pin(waiting.into_actor(self).map(|opened, directory, ctx| match opened {
            Ok(opened) => {
                directory.starting -= 1;
                match opened {
                    // Whoever drains knows the sessions on air, not those that were about to be.
                    Ok(_) if directory.is_draining => Err(StartError::Draining),
                    Ok(opened) => {
                        let opened = opened?;
                        unbroken(|| directory.admit(opened, ctx)).map_err(StartError::Broken)
                    }
                    Err(panicked) => Err(StartError::Broken(panicked.to_string())),
                }
                .inspect_err(|_refused| tally().sessions_refused.add(1))
            }
            Err(blocked) => {
                tracing::error!(
                    blocked = directory.starting,
                    "a pool thread stands still on the disk"
                );
                // It counts until it comes back; what it then brings nobody waits for any more.
                let counted = Blocked::count(Kind::Opening);
                let back =
                    blocked.into_actor(directory).map(|_late, directory: &mut Self, _ctx| {
                        directory.starting -= 1;
                        drop(counted);
                    });
                ctx.spawn(back);
                tally().sessions_refused.add(1);
                Err(StartError::Stalled)
            }
        }))
    }

    fn admit(&mut self, opened: Opened, ctx: &mut Context<Self>) -> SessionHandle {
        let index = self.next_arbiter % self.arbiters.len();
        self.next_arbiter += 1;
        let (arbiter, pacer) = &self.arbiters[index];
        let Opened {
            identity,
            setup,
            host_rate,
            cast,
            record,
            clock,
            earlier,
            sound_check,
            keeper,
        } = opened;
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
            earlier,
            sound_check,
            keeper,
        };
        let address = Session::start_in_arbiter(&arbiter.handle(), |_ctx| Session::new(parts));
        let handle =
            SessionHandle { identity, address: address.clone(), briefing, started_unix_ms };
        tally().sessions_started.add(1);
        self.sessions.insert(handle.identity.session_id.clone(), handle.clone());
        let id = handle.identity.session_id.clone();
        let over = address.send(AwaitEnd);
        ctx.spawn(over.into_actor(self).map(move |_gone, _directory, ctx| ctx.notify(Forget(id))));
        handle
    }
}

impl Actor for Directory {
    type Context = Context<Self>;
}

/// A session or why there is none, once what blocks is done.
type Starting = ResponseActFuture<Directory, Result<SessionHandle, StartError>>;

impl Handler<StartSession> for Directory {
    type Result = Starting;

    fn handle(&mut self, request: StartSession, _ctx: &mut Self::Context) -> Self::Result {
        // Whoever is on air is known here alone: what breaks costs one question and not the directory.
        let started = unbroken(|| {
            faults::point("directory", &request.episode_id);
            self.start(move |house, clock| open(house, &request, clock))
        });
        started.unwrap_or_else(|broke| {
            Box::pin(async move { Err(StartError::Broken(broke)) }.into_actor(self))
        })
    }
}

impl Handler<ResumeSession> for Directory {
    type Result = Starting;

    fn handle(&mut self, request: ResumeSession, _ctx: &mut Self::Context) -> Self::Result {
        if let Some(found) = self.on_air_by_token(&request.resume_token) {
            return Box::pin(async move { Ok(found) }.into_actor(self));
        }
        // Perhaps its process died. Recordings must be whole before one is gone on with, and of two connections that
        // come back with one token the second finds what the first has opened.
        let mut repaired = self.repaired.subscribe();
        let one_at_a_time = Arc::clone(&self.reviving);
        let waiting = async move {
            // An error means that this studio is going down, which the next question finds out.
            drop(repaired.wait_for(|repaired| *repaired).await);
            one_at_a_time.lock_owned().await
        };
        let token = request.resume_token;
        Box::pin(waiting.into_actor(self).then(move |turn, directory, _ctx| {
            let opening = match directory.on_air_by_token(&token) {
                Some(found) => Box::pin(async move { Ok(found) }.into_actor(directory)),
                None => directory.start(move |house, clock| open_again(house, &token, clock)),
            };
            opening.map(move |opened, _directory, _ctx| {
                drop(turn);
                opened
            })
        }))
    }
}

impl Handler<Repaired> for Directory {
    type Result = ();

    fn handle(&mut self, _message: Repaired, _ctx: &mut Self::Context) -> Self::Result {
        self.repaired.send_replace(true);
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

impl Handler<Forget> for Directory {
    type Result = ();

    fn handle(&mut self, message: Forget, _ctx: &mut Self::Context) {
        self.sessions.remove(&message.0);
    }
}
