//! The one way a message is sent between actors: it never blocks, and what does not arrive is counted.

use std::sync::atomic::{AtomicU64, Ordering};

use actix::dev::ToEnvelope;
use actix::prelude::*;

/// Messages an actor may have waiting. A second of everything a session says at its liveliest is about 300.
pub const MAILBOX_CAPACITY: usize = 1024;

static UNDELIVERED: AtomicU64 = AtomicU64::new(0);

/// Messages that found their receiver gone or its mailbox full, since the process began.
#[must_use]
pub fn undelivered() -> u64 {
    UNDELIVERED.load(Ordering::Relaxed)
}

/// Sends without waiting. `false` if the receiver is gone or its mailbox full; that is counted.
pub fn deliver<A, M>(to: &Addr<A>, message: M) -> bool
where
    A: Actor + Handler<M>,
    A::Context: ToEnvelope<A, M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    counted(to.try_send(message).is_ok())
}

/// The same, to whoever takes this kind of message.
pub fn deliver_to<M>(to: &Recipient<M>, message: M) -> bool
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    counted(to.try_send(message).is_ok())
}

fn counted(arrived: bool) -> bool {
    if !arrived {
        UNDELIVERED.fetch_add(1, Ordering::Relaxed);
    }
    arrived
}
