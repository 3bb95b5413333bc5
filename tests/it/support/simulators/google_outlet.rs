//! How a Google service goes wrong: in its answers, in their status, and in the connection below both.

use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use futures_util::Stream;
use hyper::body::{Body, Bytes, Frame};
use socket2::Socket;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tonic::Status;

use super::fault::{Fault, Strike};

/// The status that stands for an HTTP one.
fn status_of(http: u16) -> Status {
    match http {
        429 => Status::resource_exhausted("Quota exceeded"),
        500 => Status::internal("simulated"),
        _ => Status::unavailable("simulated"),
    }
}

pub(super) type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// What a call comes in on, for the faults that strike below gRPC.
#[derive(Clone)]
pub(super) struct Line {
    connection: Arc<Socket>,
    /// Whether the call's answers are to end without a status, as they do behind a proxy that gave up.
    ends_early: Arc<AtomicBool>,
}

impl Line {
    pub(super) fn new(connection: Arc<Socket>) -> Self {
        Self { connection, ends_early: Arc::default() }
    }
}

/// Events on their way out; the fault strikes among them.
pub(super) struct Outlet<T> {
    sender: mpsc::Sender<Result<T, Status>>,
    line: Line,
    fault: Option<Fault>,
    events: usize,
    held: Option<T>,
    is_silent: bool,
}

impl<T> Outlet<T> {
    pub(super) fn new(line: Line, fault: Option<Fault>) -> (Self, Answers<T>)
    where
        T: Send + 'static,
    {
        let (sender, waiting) = mpsc::channel(16);
        let answers = futures_util::stream::unfold(waiting, |mut waiting| async move {
            waiting.recv().await.map(|answer| (answer, waiting))
        });
        let outlet = Self { sender, line, fault, events: 0, held: None, is_silent: false };
        (outlet, Box::pin(answers))
    }

    /// `false` once the stream is over.
    pub(super) async fn event(&mut self, event: T) -> bool {
        let number = self.events;
        self.events += 1;
        match self.fault.and_then(|fault| fault.strikes_at(number)) {
            Some(Strike::Malformed) => {
                drop(self.sender.send(Err(Status::data_loss("nobody can read this"))).await);
                return false;
            }
            Some(Strike::Reset) => {
                drop(self.sender.send(Err(Status::unavailable("connection reset"))).await);
                return false;
            }
            Some(Strike::Silence) => {
                // It goes on taking what it is sent.
                self.is_silent = true;
                return true;
            }
            Some(Strike::HalfClosed) => {
                drop(self.line.connection.shutdown(Shutdown::Write));
                return false;
            }
            Some(Strike::EndsEarly) => {
                self.line.ends_early.store(true, Ordering::Relaxed);
                return false;
            }
            None => {}
        }
        if let Some(Fault::Drip { every, .. }) = self.fault {
            sleep_until(Instant::now() + every).await; // of a service, whose time may be paused
        }
        if self.fault == Some(Fault::WrongOrder) {
            let Some(held) = self.held.take() else {
                self.held = Some(event);
                return true;
            };
            return self.send(event).await && self.send(held).await;
        }
        self.send(event).await
    }

    async fn send(&self, event: T) -> bool {
        self.sender.send(Ok(event)).await.is_ok()
    }

    pub(super) async fn end(mut self) {
        if let Some(held) = self.held.take() {
            self.send(held).await;
        }
        if self.is_silent {
            self.sender.closed().await;
        }
    }

    pub(super) async fn fail(self, status: Status) {
        drop(self.sender.send(Err(status)).await);
    }
}

/// Latency and error statuses, before a stream begins.
pub(super) async fn begin(fault: Option<Fault>) -> Result<(), Status> {
    if let Some(Fault::Latency(length)) = fault {
        sleep_until(Instant::now() + length).await; // of a service, whose time may be paused
    }
    fault.and_then(Fault::status).map_or(Ok(()), |(status, _)| Err(status_of(status)))
}

/// The answers of a call as they go over its line.
pub(super) struct OverLine {
    answers: tonic::body::Body,
    line: Line,
}

impl OverLine {
    pub(super) const fn new(answers: tonic::body::Body, line: Line) -> Self {
        Self { answers, line }
    }
}

impl Body for OverLine {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.answers).poll_frame(context));
        let is_status = matches!(&frame, Some(Ok(frame)) if frame.is_trailers());
        let is_left_out = is_status && self.line.ends_early.load(Ordering::Relaxed);
        Poll::Ready(frame.filter(|_| !is_left_out))
    }

    // A refusal is a head and nothing else: Google's libraries take no empty data behind it.
    fn is_end_stream(&self) -> bool {
        self.answers.is_end_stream()
    }
}
