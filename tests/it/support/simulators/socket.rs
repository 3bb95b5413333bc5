//! The WebSocket half of a simulator.

use futures_util::{SinkExt, StreamExt};
use std::sync::Mutex;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until}; // of a service, whose time may be paused
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};

use super::fault::{Fault, FaultPlan, Strike};
use super::http::Asked;
use super::{Protocol, lock};

/// What a visitor sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Text(String),
    Binary(Vec<u8>),
    /// The visitor closed or is gone.
    Gone,
}

/// A socket at its service's end; the fault strikes in [`Self::event`].
pub(crate) struct ServerSocket {
    stream: WebSocketStream<TcpStream>,
    fault: Option<Fault>,
    events: usize,
    held: Option<String>,
    is_over: bool,
}

impl ServerSocket {
    /// By how much told times jump, in ms.
    pub(crate) fn clock_jump_ms(&self) -> i64 {
        self.fault.map_or(0, Fault::clock_jump_ms)
    }

    /// Whether the fault has ended the talk: nothing is sent any more.
    pub(crate) const fn is_over(&self) -> bool {
        self.is_over
    }

    /// What comes next; safe to be dropped while it waits.
    pub(crate) async fn hear(&mut self) -> Heard {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => return Heard::Text(text.as_str().to_owned()),
                Some(Ok(Message::Binary(bytes))) => return Heard::Binary(bytes.to_vec()),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Heard::Gone,
            }
        }
    }

    /// Sends the next event as text, or what the fault puts in its place. `false` once the talk is over.
    pub(crate) async fn event(&mut self, event: impl Into<String>) -> bool {
        let event = event.into();
        if self.is_over {
            return false;
        }
        let number = self.events;
        self.events += 1;
        if let Some(strike) = self.fault.and_then(|fault| fault.strikes_at(number)) {
            self.strike(strike).await;
            return false;
        }
        match self.fault {
            Some(Fault::WrongOrder) => match self.held.take() {
                None => {
                    self.held = Some(event);
                    true
                }
                Some(held) => {
                    self.send(Message::text(event)).await && self.send(Message::text(held)).await
                }
            },
            Some(Fault::Drip { every, .. }) => {
                sleep_until(Instant::now() + every).await;
                self.send(Message::text(event)).await
            }
            _ => self.send(Message::text(event)).await,
        }
    }

    /// Closes in order.
    pub(crate) async fn close(&mut self, code: u16, reason: &str) {
        if let Some(held) = self.held.take() {
            self.send(Message::text(held)).await;
        }
        let frame = CloseFrame { code: CloseCode::from(code), reason: reason.to_owned().into() };
        drop(self.stream.close(Some(frame)).await);
        self.is_over = true;
    }

    async fn send(&mut self, message: Message) -> bool {
        self.is_over |= self.stream.send(message).await.is_err();
        !self.is_over
    }

    async fn strike(&mut self, strike: Strike) {
        match strike {
            Strike::Malformed => {
                self.send(Message::text("{\"type\": nobody can read this")).await;
                self.wait_for_the_end().await;
            }
            Strike::HalfClosed => {
                let socket = socket2::SockRef::from(self.stream.get_ref());
                drop(socket.shutdown(std::net::Shutdown::Write));
                self.wait_for_the_end().await;
            }
            Strike::Silence => self.wait_for_the_end().await,
            Strike::EndsEarly => self.close(1000, "").await,
            Strike::Reset => super::reset(self.stream.get_ref()),
        }
        self.is_over = true;
    }

    /// Until the visitor hangs up.
    async fn wait_for_the_end(&mut self) {
        while self.hear().await != Heard::Gone {}
    }
}

/// Serves one socket.
#[expect(clippy::result_large_err, reason = "the handshake's callback has this type")]
pub(super) async fn serve<P: Protocol>(
    stream: TcpStream,
    protocol: &P,
    plan: &FaultPlan,
    log: &Mutex<Vec<Asked>>,
) {
    let fault = plan.take();
    if let Some(Fault::Latency(length)) = fault {
        sleep_until(Instant::now() + length).await;
    }
    let mut asked = Asked::default();
    let shake = |request: &Request, response: Response| {
        asked = asked_by(request);
        let refused = match fault.and_then(Fault::status) {
            Some((status, after)) => Some((status, protocol.error_body(status), after)),
            None => protocol.refuses(&asked).map(|(status, body)| (status, body, None)),
        };
        let Some((status, body, retry_after)) = refused else { return Ok(response) };
        let mut refusal = http::Response::new(Some(body));
        if let Some(after) = retry_after {
            refusal.headers_mut().insert("retry-after", after.into());
        }
        *refusal.status_mut() = http::StatusCode::from_u16(status).expect("a status");
        Err(refusal)
    };
    let accepted = tokio_tungstenite::accept_hdr_async(stream, shake).await;
    lock(log).push(asked.clone());
    let Ok(stream) = accepted else { return };
    let mut socket = ServerSocket { stream, fault, events: 0, held: None, is_over: false };
    protocol.talk(&asked, &mut socket).await;
}

fn asked_by(request: &Request) -> Asked {
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let headers = request.headers().iter();
    let headers = headers
        .map(|(name, value)| {
            (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned())
        })
        .collect();
    Asked { method: "GET".to_owned(), path, headers, body: Vec::new() }
}
