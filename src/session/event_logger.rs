//! The session's log: gives every event its times and hands it to the recorder's one writer thread.

use actix::prelude::*;

use super::mailbox::{MAILBOX_CAPACITY, deliver};
use super::messages::{LogEvent, Record};
use super::recorder::RecorderActor;
use super::supervision::Watch;
use crate::clock::SessionClock;
use crate::recording::EventLine;
use crate::time::SessionTime;

/// Every fact of a session, in order.
#[derive(Debug)]
pub struct EventLoggerActor {
    recorder: Addr<RecorderActor>,
    clock: SessionClock,
    watch: Watch,
}

impl EventLoggerActor {
    /// A logger that writes through `recorder`.
    #[must_use]
    pub const fn new(recorder: Addr<RecorderActor>, clock: SessionClock, watch: Watch) -> Self {
        Self { recorder, clock, watch }
    }
}

impl Actor for EventLoggerActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX_CAPACITY);
    }
}

impl Handler<LogEvent> for EventLoggerActor {
    type Result = ();

    fn handle(&mut self, message: LogEvent, _ctx: &mut Self::Context) {
        self.watch.fault_point("logger");
        let record = match message {
            LogEvent::Line { t, event } => {
                let mut fields = event.fields;
                // `at` has a place of its own in the head of a line.
                let at = fields
                    .get("at")
                    .and_then(serde_json::Value::as_u64)
                    .map(SessionTime::from_samples);
                fields.remove("at");
                let timestamp_ms = self.clock.unix_ms_of(t);
                Record::Line(Box::new(EventLine {
                    timestamp_ms,
                    t,
                    now: event.now,
                    at,
                    kind: event.name,
                    fields,
                }))
            }
            LogEvent::Close(finish) => Record::Finish(finish),
        };
        deliver(&self.recorder, record);
    }
}
