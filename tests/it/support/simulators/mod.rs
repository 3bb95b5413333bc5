//! Stand-ins for services, at the other end of a real connection on loopback: one protocol a file.
//!
//! A [`Simulator`] is a server; a [`Protocol`] says what it answers; a [`FaultPlan`] says how it goes wrong. The plan's
//! first entry is for the first request or socket, and so on; what comes after its end works. All waits are tokio's, so
//! a simulator that shares the test's runtime obeys paused time.
//!
//! Each is proven by its provider's own SDK: `tests/conformance/`, run by `tests/it/conformance.rs`.

pub(crate) mod anthropic;
pub(crate) mod assemblyai;
pub(crate) mod chat;
pub(crate) mod deepgram;
pub(crate) mod elevenlabs;
mod fault;
pub(crate) mod google;
mod google_outlet;
mod google_requests;
mod hearing;
mod http;
pub(crate) mod numbered;
mod socket;
pub(crate) mod speech;
mod tones;
mod waits;
pub(crate) mod whisper;

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub(crate) use fault::{Fault, FaultPlan, Strike};
pub(crate) use http::{Answer, Asked};
pub(crate) use socket::{Heard, ServerSocket};
pub(crate) use waits::Waits;

/// A future of a protocol's work.
pub(crate) type Work<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// What a service answers.
pub(crate) trait Protocol: Send + Sync + 'static {
    /// Answers one plain request. Faults strike inside [`Answer`].
    fn serve<'a>(&'a self, asked: &'a Asked, answer: &'a mut Answer<'_>) -> Work<'a>;

    /// Talks over one socket. Faults strike inside [`ServerSocket`].
    fn talk<'a>(&'a self, _asked: &'a Asked, _socket: &'a mut ServerSocket) -> Work<'a> {
        Box::pin(async {})
    }

    /// Why a handshake for a socket is refused: its status and body.
    fn refuses(&self, _asked: &Asked) -> Option<(u16, String)> {
        None
    }

    /// The body of an answer with this status, as the service writes its errors.
    fn error_body(&self, status: u16) -> String;
}

/// A service that runs; dropping it stops it.
pub(crate) struct Simulator<P> {
    pub(crate) address: SocketAddr,
    pub(crate) protocol: Arc<P>,
    pub(crate) plan: Arc<FaultPlan>,
    pub(crate) waits: Arc<Waits>,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

/// What is known of its visitors.
#[derive(Debug, Default)]
struct State {
    asked: Mutex<Vec<Asked>>,
    connections: AtomicUsize,
    is_down: AtomicBool,
}

impl<P: Protocol> Simulator<P> {
    /// A service in which nothing goes wrong.
    pub(crate) async fn start(protocol: P) -> Self {
        Self::start_with(protocol, Vec::new()).await
    }

    /// A service with this plan of faults.
    pub(crate) async fn start_with(protocol: P, plan: Vec<Option<Fault>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
        let address = listener.local_addr().expect("an address");
        let protocol = Arc::new(protocol);
        let plan = Arc::new(FaultPlan::new(plan));
        let waits = Arc::new(Waits::default());
        let state = Arc::new(State::default());
        let service = (protocol.clone(), plan.clone(), waits.clone());
        let accepting = tokio::spawn(accept(listener, service, state.clone()));
        Self { address, protocol, plan, waits, state, accepting }
    }

    /// Its base address.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it was asked so far, oldest first.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        lock(&self.state.asked).clone()
    }

    /// Connections so far, also those that died at once.
    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::Relaxed)
    }

    /// While it is down, connections die as soon as they are made.
    pub(crate) fn set_down(&self, is_down: bool) {
        self.state.is_down.store(is_down, Ordering::Relaxed);
    }
}

impl<P> Drop for Simulator<P> {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept<P: Protocol>(
    listener: TcpListener,
    (protocol, plan, waits): (Arc<P>, Arc<FaultPlan>, Arc<Waits>),
    state: Arc<State>,
) {
    // The connections end with the server.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        state.connections.fetch_add(1, Ordering::Relaxed);
        if state.is_down.load(Ordering::Relaxed) {
            reset(&stream);
            continue;
        }
        let (protocol, plan, state) = (protocol.clone(), plan.clone(), state.clone());
        let waits = waits.clone();
        connections.spawn(async move {
            if is_socket(&stream).await {
                socket::serve(stream, protocol.as_ref(), &plan, &state.asked).await;
            } else {
                http::serve(stream, protocol.as_ref(), (&plan, &waits), &state.asked).await;
            }
        });
    }
}

/// Whether the first request asks for a WebSocket; nothing of it is taken.
async fn is_socket(stream: &TcpStream) -> bool {
    let mut head = [0; 8192];
    loop {
        if stream.readable().await.is_err() {
            return false;
        }
        let Ok(length) = stream.peek(&mut head).await else { return false };
        let text = String::from_utf8_lossy(&head[..length]).to_ascii_lowercase();
        if text.contains("\r\n\r\n") || length == 0 || length == head.len() {
            return text.contains("upgrade: websocket");
        }
        tokio::task::yield_now().await;
    }
}

/// A connection that is dropped after this is gone at once, without a farewell.
fn reset(stream: &TcpStream) {
    socket2::SockRef::from(stream).set_linger(Some(std::time::Duration::ZERO)).expect("a socket");
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
