//! Listeners by TCP, where a network lets no UDP through: the same datagrams, each framed by its length (RFC 4571), on
//! the TCP port of the same number.
//!
//! What comes is handed on one frame at a time; what leaves is written as far as the kernel takes it.
//!
//! Invariants: no task a stream and none a frame; a stream on which no authentic check came is closed after
//! [`UNKNOWN_LIMIT`], and so is one whose listener has left.
//! Bounds: [`Streams::open`] names how many streams, and one more is closed at once and counted; [`WAITING_BYTES_MAX`]
//! of each wait to be written, and a datagram beyond them is lost, as it would be on a full line.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Buf as _, BufMut as _, BytesMut};
use futures_util::StreamExt as _;
use futures_util::stream::{AbortHandle, BoxStream, SelectAll, abortable, once};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep_until};
use tokio_util::codec::{FramedRead, LengthDelimitedCodec};

/// Bytes of a frame's length.
const LENGTH_BYTES: usize = 2;

/// From the opening of a stream to the first authentic check: browsers send one at once.
const UNKNOWN_LIMIT: Duration = Duration::from_secs(10);

/// What waits in this process for one stream: 0.3 s of two voices. Later than that it is better lost than heard.
const WAITING_BYTES_MAX: usize = 8 * 1024;

/// And in the kernel, which doubles it: without it a stream that stands still would swallow minutes.
const SEND_BUFFER_BYTES: usize = 8 * 1024;

/// When the system has no room for another stream, it is asked again so much later.
const REST: Duration = Duration::from_millis(200);

/// Streams that wait to be accepted.
const BACKLOG: i32 = 64;

/// A frame and its stream, or a stream's end and its number.
type Incoming = (SocketAddr, Result<BytesMut, u64>);

/// See the module's text.
pub(super) struct Streams {
    port: Option<TcpListener>,
    links: HashMap<SocketAddr, Link>,
    incoming: SelectAll<BoxStream<'static, Incoming>>,
    links_max: usize,
    opened: u64,
    refused: u64,
    rests_until: Instant,
}

struct Link {
    /// Tells a stream from an earlier one from the same address.
    number: u64,
    writing: OwnedWriteHalf,
    waiting: BytesMut,
    opened_at: Instant,
    reading: AbortHandle,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

/// Binds the port.
pub(super) fn bind(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    use socket2::{Domain, Protocol, Socket, Type};
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

impl Streams {
    /// Takes streams from this port, or none at all without one.
    pub(super) fn open(port: Option<TcpListener>, links_max: usize) -> Self {
        Self {
            port,
            links: HashMap::new(),
            incoming: SelectAll::new(),
            links_max,
            opened: 0,
            refused: 0,
            rests_until: Instant::now(),
        }
    }

    /// Whether there is a port.
    pub(super) const fn are_taken(&self) -> bool {
        self.port.is_some()
    }

    /// Streams that found no room.
    pub(super) const fn refused(&self) -> u64 {
        self.refused
    }

    /// Waits for a frame. Whoever stops waiting loses nothing.
    pub(super) async fn next(&mut self) -> (SocketAddr, BytesMut) {
        loop {
            tokio::select! {
                accepted = accept(self.port.as_ref(), self.rests_until) => match accepted {
                    Ok((stream, from)) => self.take(stream, from),
                    Err(error) => {
                        tracing::warn!(%error, "a WebRTC stream could not be taken");
                        self.rests_until = Instant::now() + REST;
                    }
                },
                Some((from, frame)) = self.incoming.next() => match frame {
                    Ok(frame) => return (from, frame),
                    Err(number) => {
                        if self.links.get(&from).is_some_and(|link| link.number == number) {
                            self.links.remove(&from);
                        }
                    }
                },
            }
        }
    }

    fn take(&mut self, stream: TcpStream, from: SocketAddr) {
        if self.links.len() >= self.links_max {
            self.refused += 1;
            return;
        }
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a stream gathers what should leave at once");
        }
        self.opened += 1;
        let number = self.opened;
        let (reading, writing) = stream.into_split();
        let codec = LengthDelimitedCodec::builder()
            .length_field_length(LENGTH_BYTES)
            .max_frame_length(super::server::DATAGRAM_BYTES_MAX)
            .new_codec();
        // A frame that is too long ends its stream: what follows it cannot be found.
        let frames = FramedRead::new(reading, codec)
            .take_while(|frame| std::future::ready(frame.is_ok()))
            .map(move |frame| (from, frame.map_err(|_broken| number)))
            .chain(once(std::future::ready((from, Err(number)))));
        let (frames, reading) = abortable(frames);
        self.incoming.push(frames.boxed());
        let waiting = BytesMut::new();
        let link = Link { number, writing, waiting, opened_at: Instant::now(), reading };
        self.links.insert(from, link);
    }

    /// Sends a datagram; `false` if it is lost.
    pub(super) fn send(&mut self, to: SocketAddr, datagram: &[u8]) -> bool {
        self.links.get_mut(&to).is_some_and(|link| link.send(datagram))
    }

    /// Closes the streams of nobody, and writes on where a stream stood still.
    pub(super) fn care(&mut self, now: Instant, is_known: impl Fn(SocketAddr) -> bool) {
        self.links.retain(|from, link| {
            link.flush();
            is_known(*from) || now - link.opened_at < UNKNOWN_LIMIT
        });
    }
}

async fn accept(
    port: Option<&TcpListener>,
    rests_until: Instant,
) -> io::Result<(TcpStream, SocketAddr)> {
    let Some(port) = port else { return std::future::pending().await };
    sleep_until(rests_until).await;
    port.accept().await
}

impl Link {
    fn send(&mut self, datagram: &[u8]) -> bool {
        self.flush();
        let Ok(length) = u16::try_from(datagram.len()) else { return false };
        if self.waiting.len() + LENGTH_BYTES + datagram.len() > WAITING_BYTES_MAX {
            return false;
        }
        self.waiting.put_u16(length);
        self.waiting.put_slice(datagram);
        self.flush();
        true
    }

    fn flush(&mut self) {
        while !self.waiting.is_empty() {
            match self.writing.try_write(&self.waiting) {
                Ok(written) => self.waiting.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // Its reading end comes to an end by itself.
                Err(_broken) => return self.waiting.clear(),
            }
        }
    }
}
