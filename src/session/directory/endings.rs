//! The end of all sessions: they are told and waited for, ended in order, or broken off.

use actix::prelude::*;

use super::{BeginDrain, BreakOffAll, Directory, Drain};
use crate::session::mailbox::deliver;
use crate::session::messages::{Announce, AwaitEnd, BreakOff, EndSession};
use crate::session::notice::Notice;

impl Handler<BeginDrain> for Directory {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, request: BeginDrain, _ctx: &mut Self::Context) -> Self::Result {
        self.is_draining = true;
        let sessions = self.on_air();
        for session in &sessions {
            deliver(session, Announce(Notice::Tell(request.told.clone())));
        }
        Box::pin(async move {
            let endings = sessions.iter().map(|session| session.send(AwaitEnd));
            futures_util::future::join_all(endings).await;
        })
    }
}

impl Handler<Drain> for Directory {
    type Result = ResponseFuture<usize>;

    fn handle(&mut self, _request: Drain, _ctx: &mut Self::Context) -> Self::Result {
        self.is_draining = true;
        let sessions = self.on_air();
        Box::pin(async move {
            let count = sessions.len();
            let endings = sessions.iter().map(|session| session.send(EndSession));
            futures_util::future::join_all(endings).await;
            count
        })
    }
}

impl Handler<BreakOffAll> for Directory {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _request: BreakOffAll, _ctx: &mut Self::Context) -> Self::Result {
        self.is_draining = true;
        let sessions = self.on_air();
        Box::pin(async move {
            let endings = sessions.iter().map(|session| session.send(BreakOff));
            futures_util::future::join_all(endings).await;
        })
    }
}
