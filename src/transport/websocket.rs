//! A listener's WebSocket: one actor per connection, one task that writes.
//!
//! The actor keeps its timers whatever the socket does; the writer awaits the socket and is given up after
//! [`WRITE_LIMIT`]. What waits between the two is the session's [`Outbox`], which is bounded.
//!
//! A connection's life: accepted, `hello` within [`HELLO_LIMIT`], attached to a session, closed with a reason.

use std::sync::Arc;

use actix::prelude::*;
use actix_web::{HttpRequest, HttpResponse, web};
use actix_ws::{AggregatedMessage, ProtocolError};
use bytes::Bytes;
use tokio::time::Instant;

use super::flow::{Flow, Passage};
use super::protocol::{ClientMessage, FRAME_BYTES_MAX, Hello, WireError};
use super::signalling::{MediaDesk, Signalling};
use super::tcp_handle::TcpHandle;
use super::translate::{forward_sound, measured, reason_of};
pub use super::websocket_patience::{DEAD_AFTER, HELLO_LIMIT, PING_EVERY, Patience, WRITE_LIMIT};
use super::websocket_writer::{Written, count_bytes, write_all};
use crate::audio::SampleRate;
use crate::audio::playout::Reports;
use crate::faults;
use crate::session::directory::{Directory, ResumeSession, StartSession};
use crate::session::house::StartError;
use crate::session::mailbox::deliver;
use crate::session::messages::{Announce, Attach, Detach, EndSession, SendAway};
use crate::session::notice::{CloseReason, Notice};
use crate::session::outbox::{Outbox, SIGN_EVERY};
use crate::session::{Session, SessionHandle};

/// Messages kept for a session that is being started.
const EARLY_MESSAGES_MAX: usize = 32;

/// Unreadable frames after which a connection is not worth listening to.
pub const MISTAKES_MAX: u32 = 100;

/// What actix-ws says of a message whose fragments together are too large. It has no error of its own for it, and a
/// connection that breaks has the same kind; a test holds the two apart.
const FRAGMENTS_TOO_LARGE: &str = "Exceeded maximum continuation size";

/// The number of what is said before there is a session.
const NO_SESSION_SEQ: u64 = 0;

/// Upgrades the request and starts its connection.
///
/// # Errors
/// If the request is no WebSocket handshake.
pub fn connect(
    request: &HttpRequest,
    body: web::Payload,
    directory: Addr<Directory>,
    patience: Patience,
    media: Option<MediaDesk>,
) -> Result<HttpResponse, actix_web::Error> {
    let desk = media.map(|media| Signalling::new(media, request));
    let tcp = TcpHandle::of(request);
    let (response, socket, frames) = actix_ws::handle(request, body)?;
    let frames = frames
        .max_frame_size(FRAME_BYTES_MAX)
        .aggregate_continuations()
        .max_continuation_size(FRAME_BYTES_MAX);
    Connection::create(|ctx| {
        ctx.add_stream(frames);
        Connection {
            socket,
            tcp,
            directory,
            outbox: Arc::new(Outbox::default()),
            patience,
            session: Stage::Greeting,
            heard_from: Instant::now(),
            flow: Flow::new(Instant::now()),
            pong: Pong::default(),
            mistakes: 0,
            takes_opus: false,
            media: desk,
        }
    });
    Ok(response)
}

/// One listener's connection.
pub(super) struct Connection {
    socket: actix_ws::Session,
    tcp: TcpHandle,
    directory: Addr<Directory>,
    outbox: Arc<Outbox>,
    patience: Patience,
    session: Stage,
    pub(super) heard_from: Instant,
    pub(super) flow: Flow,
    pong: Pong,
    mistakes: u32,
    /// Whether the host counts at the rate of Opus.
    takes_opus: bool,
    /// Where WebRTC is served.
    pub(super) media: Option<Signalling>,
}

/// The answer to a ping. One at a time is on its way to the socket; of those that come meanwhile only the last is
/// answered (RFC 6455, section 5.5.3), so one who asks without reading costs no more than two.
#[derive(Default)]
struct Pong {
    is_on_its_way: bool,
    owed: Option<Bytes>,
}

/// How far a connection has come.
enum Stage {
    /// `hello` is awaited.
    Greeting,
    /// The directory is asked; what is said meanwhile waits.
    Joining(Vec<ClientMessage>),
    /// In a session.
    Joined(Addr<Session>, Arc<str>),
    /// Told to go; nothing more is read.
    Leaving,
}

impl Connection {
    fn on_text(&mut self, text: &str, ctx: &mut Context<Self>) {
        let message = match ClientMessage::parse(text) {
            Ok(message) => message,
            Err(error) => return self.refuse(&error),
        };
        match (&mut self.session, message) {
            (Stage::Greeting, ClientMessage::Hello(hello)) => self.join(&hello, ctx),
            (Stage::Greeting, _) => self.refuse(&WireError::HelloFirst),
            (Stage::Joining(_) | Stage::Joined(..), ClientMessage::Hello(_)) => {
                self.refuse(&WireError::HelloTwice);
            }
            (Stage::Joining(early), message) if early.len() < EARLY_MESSAGES_MAX => {
                early.push(message);
            }
            (Stage::Joining(_), _) => self.refuse(&WireError::HelloFirst),
            (Stage::Joined(session, _), message) => {
                let session = session.clone();
                self.pass_on(&session, message, ctx);
            }
            (Stage::Leaving, _) => {}
        }
    }

    fn on_binary(&mut self, frame: &Bytes) {
        let Stage::Joined(session, _) = &self.session else {
            if matches!(self.session, Stage::Greeting) {
                self.refuse(&WireError::HelloFirst);
            }
            // While the session is being started, sound has nowhere to go yet: its counter tells the hole.
            return;
        };
        // Another has taken the chair. What was still on its way here was captured before that, and would be taken for
        // the newcomer's sound.
        if self.outbox.is_closed() {
            return;
        }
        if let Err(error) = forward_sound(session, frame, self.takes_opus) {
            self.refuse(&error);
        }
    }

    fn join(&mut self, hello: &Hello, ctx: &mut Context<Self>) {
        let host_rate = match hello.host_rate() {
            Ok(rate) => rate,
            Err(error) => return self.refuse(&error),
        };
        self.takes_opus = host_rate == SampleRate::HZ_48000;
        self.session = Stage::Joining(Vec::new());
        let directory = self.directory.clone();
        let last_seq = hello.last_seq.or(hello.resume_token.as_ref().map(|_| 0));
        let reports = if hello.reports { Reports::Promised } else { Reports::Expected };
        let start = StartSession {
            participant_name: hello.participant_name.clone(),
            episode_id: hello.episode_id.clone(),
            briefing: hello.briefing.clone().unwrap_or_default(),
            host_rate,
            sound_check: hello.sound_check.map(measured),
        };
        let resume = hello.resume_token.clone().map(|resume_token| ResumeSession { resume_token });
        let joining = async move {
            let answer = match resume {
                Some(resume) => directory.send(resume).await,
                None => directory.send(start).await,
            };
            answer.unwrap_or(Err(StartError::Draining))
        };
        ctx.spawn(joining.into_actor(self).map(move |found, connection, ctx| match found {
            Ok(handle) => {
                connection.joined(&handle, last_seq, reports, ctx);
                if reports == Reports::Expected {
                    ctx.run_interval(SIGN_EVERY, Self::check_life);
                }
            }
            Err(error) => connection.turned_away(&error),
        }));
    }

    fn joined(
        &mut self,
        handle: &SessionHandle,
        last_seq: Option<u64>,
        reports: Reports,
        ctx: &mut Context<Self>,
    ) {
        if matches!(self.session, Stage::Leaving) {
            // Gone before it was there: nobody will come to hear this session.
            deliver(&handle.address, EndSession);
            return;
        }
        deliver(&handle.address, Attach { outbox: Arc::clone(&self.outbox), last_seq, reports });
        self.offer_media(&handle.address);
        let episode = handle.identity.episode_id.as_str().into();
        let joined = Stage::Joined(handle.address.clone(), episode);
        let before = std::mem::replace(&mut self.session, joined);
        if let Stage::Joining(early) = before {
            early.into_iter().for_each(|message| self.pass_on(&handle.address, message, ctx));
        }
    }

    fn turned_away(&mut self, error: &StartError) {
        tracing::info!(code = error.code(), "a listener was turned away");
        let problem =
            Notice::Problem { code: error.code(), message: error.to_string(), hint: error.hint() };
        self.outbox.push(NO_SESSION_SEQ, problem);
        self.leave(reason_of(error));
    }

    pub(super) fn refuse(&mut self, error: &WireError) {
        self.mistakes += u32::from(error.is_mistake());
        let problem =
            Notice::Problem { code: error.code(), message: error.to_string(), hint: error.hint() };
        let is_over = error.is_fatal() || self.mistakes > MISTAKES_MAX;
        let too_large = matches!(error, WireError::FrameTooLarge);
        let reason = if too_large { CloseReason::TooLarge } else { CloseReason::Refused };
        match &self.session {
            Stage::Joined(session, _) if is_over => {
                let outbox = Arc::clone(&self.outbox);
                if deliver(session, SendAway { outbox, last_word: problem, reason }) {
                    self.session = Stage::Leaving;
                } else {
                    self.leave(reason);
                }
            }
            Stage::Joined(session, _) => {
                deliver(session, Announce(problem));
            }
            Stage::Leaving => {}
            Stage::Greeting | Stage::Joining(_) => {
                self.outbox.push(NO_SESSION_SEQ, problem);
                if is_over {
                    self.leave(reason);
                }
            }
        }
    }

    /// Writes what is queued, closes, and reads nothing more.
    fn leave(&mut self, reason: CloseReason) {
        self.detach();
        self.session = Stage::Leaving;
        self.outbox.close(reason);
    }

    fn detach(&mut self) {
        self.hang_up();
        if let Stage::Joined(session, _) = &self.session {
            deliver(session, Detach { outbox: Arc::clone(&self.outbox) });
        }
    }

    fn check_life(&mut self, ctx: &mut Context<Self>) {
        if self.heard_from.elapsed() > self.patience.dead {
            tracing::info!("a listener fell silent");
            return self.give_up(ctx);
        }
        let mut socket = self.socket.clone();
        let limit = self.patience.write;
        let ping = async move {
            tokio::time::timeout(limit, socket.ping(b"")).await.is_ok_and(|sent| sent.is_ok())
        };
        ctx.spawn(ping.into_actor(self).map(|sent, connection, ctx| {
            if !sent {
                connection.give_up(ctx);
            }
        }));
    }

    fn answer_ping(&mut self, payload: Bytes, ctx: &mut Context<Self>) {
        if self.pong.is_on_its_way {
            self.pong.owed = Some(payload);
            return;
        }
        self.pong.is_on_its_way = true;
        let (mut socket, limit) = (self.socket.clone(), self.patience.write);
        let pong = async move { tokio::time::timeout(limit, socket.pong(&payload)).await.is_ok() };
        ctx.spawn(pong.into_actor(self).map(|is_taken, connection, ctx| {
            connection.pong.is_on_its_way = false;
            match connection.pong.owed.take() {
                _ if !is_taken => connection.give_up(ctx),
                Some(payload) => connection.answer_ping(payload, ctx),
                None => {}
            }
        }));
    }

    /// The other side does not take what is written, or is not there.
    fn give_up(&mut self, ctx: &mut Context<Self>) {
        self.tcp.shut();
        self.end(ctx);
    }

    fn end(&mut self, ctx: &mut Context<Self>) {
        self.detach();
        self.session = Stage::Leaving;
        ctx.stop();
    }
}

impl Drop for Connection {
    /// A connection that broke off inside this process leaves its chair, too.
    fn drop(&mut self) {
        self.detach();
        self.outbox.close(CloseReason::Failed);
    }
}

impl Actor for Connection {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let writer = write_all(self.socket.clone(), Arc::clone(&self.outbox), self.patience.write);
        ctx.spawn(writer.into_actor(self).map(|written, connection, ctx| match written {
            Written::Over => connection.end(ctx),
            Written::Stalled => connection.give_up(ctx),
        }));
        ctx.run_later(self.patience.hello, |connection, _ctx| {
            if matches!(connection.session, Stage::Greeting) {
                connection.refuse(&WireError::HelloMissing);
            }
        });
        ctx.run_interval(self.patience.ping, Self::check_life);
    }

    fn stopped(&mut self, _ctx: &mut Self::Context) {
        self.tcp.shut_after(self.patience.write);
    }
}

impl StreamHandler<Result<AggregatedMessage, ProtocolError>> for Connection {
    fn handle(&mut self, frame: Result<AggregatedMessage, ProtocolError>, ctx: &mut Self::Context) {
        self.heard_from = Instant::now();
        self.outbox.note_sign(self.heard_from);
        if let Stage::Joined(_, episode) = &self.session {
            faults::point("connection", episode);
        }
        count_bytes(frame.as_ref().ok());
        let passage = match frame {
            Ok(AggregatedMessage::Text(_) | AggregatedMessage::Ping(_)) => {
                self.flow.text(self.heard_from)
            }
            Ok(AggregatedMessage::Binary(_)) => self.flow.sound(self.heard_from),
            _ => Passage::Granted,
        };
        match passage {
            Passage::Granted => {}
            Passage::Refused => return self.refuse(&WireError::TooFast),
            Passage::Dropped => return,
        }
        match frame {
            Ok(AggregatedMessage::Text(text)) => self.on_text(&text, ctx),
            Ok(AggregatedMessage::Binary(bytes)) => self.on_binary(&bytes),
            Ok(AggregatedMessage::Ping(payload)) => self.answer_ping(payload, ctx),
            Ok(AggregatedMessage::Pong(_)) => {}
            Ok(AggregatedMessage::Close(_)) => self.leave(CloseReason::Ended),
            Err(ProtocolError::Overflow) => self.refuse(&WireError::FrameTooLarge),
            Err(ProtocolError::Io(error)) if error.to_string() == FRAGMENTS_TOO_LARGE => {
                self.refuse(&WireError::FrameTooLarge);
            }
            Err(error) => {
                tracing::debug!(%error, "a WebSocket frame broke the protocol");
                self.leave(CloseReason::Refused);
            }
        }
    }

    fn finished(&mut self, ctx: &mut Self::Context) {
        self.end(ctx);
    }
}
