//! The one 20 ms timer of an arbiter.
//!
//! It serves every session that lives there and never counts: after a stall all missed ticks fire at once, so each
//! session asks the clock what is due.

use std::time::Duration;

use actix::prelude::*;

use super::messages::Tick;
use super::supervision::unbroken;
use crate::audio::FRAME_MS;
use crate::faults;

/// The timer of one arbiter.
#[derive(Debug, Default)]
pub struct Pacer {
    sessions: Vec<Recipient<Tick>>,
    missed: u64,
    broken: u64,
}

/// A session wants to be ticked until it is gone.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Register {
    /// The session.
    pub session: Recipient<Tick>,
}

impl Pacer {
    fn tick(&mut self, _ctx: &mut Context<Self>) {
        // The one actor that all sessions of an arbiter need: what breaks in one tick does not end the next.
        let ticked = unbroken(|| self.tick_all());
        self.broken += u64::from(ticked.is_err());
    }

    fn tick_all(&mut self) {
        faults::point("pacer", "");
        self.sessions.retain(Recipient::connected);
        for session in &self.sessions {
            if session.try_send(Tick).is_err() {
                // The next tick says the same.
                self.missed += 1;
            }
        }
    }
}

impl Actor for Pacer {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(Duration::from_millis(u64::from(FRAME_MS)), Self::tick);
    }
}

impl Handler<Register> for Pacer {
    type Result = ();

    fn handle(&mut self, message: Register, _ctx: &mut Self::Context) {
        self.sessions.push(message.session);
    }
}
