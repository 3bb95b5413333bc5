//! The one socket and its thread.
//!
//! The loop waits for a datagram, a command or the next deadline, and does what is due; the rules are the exchange's.
//! Commands are rare (an offer, a good-bye) and their queue is bounded; packets go through shared lanes and cost no
//! message.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use actix::Addr;
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::counters::Counters;
use super::exchange::{Admission, CARE_EVERY, Exchange};
use super::guarded::Guarded;
use super::happening::{ExchangeCounts, Happening, SeatId};
use super::numbers::Numbers;
use super::peer::{Invitation, OfferError};
use super::remote::{Carrier, Remote};
use super::rtc_peer::RtcPeer;
use super::sending::OutgoingTrack;
use super::streams::{self, Streams};
use crate::conversation::AiSpeaker;
use crate::session::actor::Session;
use crate::session::mailbox::deliver;
use crate::session::media_line::MediaLine;
use crate::session::messages::{MediaSegment, MediaUp};

/// Offers and good-byes that wait: a whole house coming back at once.
const COMMANDS_MAX: usize = 256;

/// Datagrams read before anything else is looked at, so that a flood cannot keep voices from leaving.
const DATAGRAMS_AT_ONCE: usize = 64;

/// Largest datagram that is read; browsers keep below 1500.
pub(super) const DATAGRAM_BYTES_MAX: usize = 2048;

/// Streams for each seat: one in use, and one from before the listener's network changed.
const STREAMS_A_SEAT: usize = 2;

/// Room in the kernel for what comes while the thread is busy: 20 ms of 200 sessions take 0.1 MiB.
const RECEIVE_BUFFER_BYTES: usize = 2 * 1024 * 1024;

/// Without a deadline the thread looks up this often.
const IDLE: Duration = Duration::from_secs(1);

/// An offer of a listener.
#[derive(Debug)]
pub struct Offer {
    /// SDP.
    pub sdp: String,
    /// Its session.
    pub session: Addr<Session>,
    /// The address at which the listener reaches this machine.
    pub local: IpAddr,
    /// The seat it has.
    pub seat: Option<SeatId>,
    /// Whether the offer is about that one, for its network changed. Otherwise another one takes its place.
    pub restart: bool,
}

/// A listener's seat and the answer to its offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seated {
    /// The seat.
    pub seat: SeatId,
    /// SDP.
    pub sdp: String,
}

#[derive(Debug)]
enum Command {
    Offer(Box<Offer>, oneshot::Sender<Result<Seated, OfferError>>),
    Dismiss(SeatId),
}

/// The handle to the thread. It ends when the last handle is dropped.
#[derive(Clone, Debug)]
pub struct MediaServer {
    commands: mpsc::Sender<Command>,
    address: SocketAddr,
    announced: Option<IpAddr>,
    counters: Arc<Counters>,
}

impl MediaServer {
    /// Opens the port and starts the thread. `announced` is the address that listeners are told; without one it is
    /// that of the interface they came by.
    ///
    /// # Errors
    /// If the port cannot be had or the thread not be started.
    pub fn start(
        address: SocketAddr,
        announced: Option<IpAddr>,
        seats_max: usize,
    ) -> io::Result<Self> {
        let socket = open(address)?;
        let address = socket.local_addr()?;
        let port = open_streams(address);
        let (commands, received) = mpsc::channel(COMMANDS_MAX);
        let counters = Arc::<Counters>::default();
        let shared = Arc::clone(&counters);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("webrtc".to_owned()).spawn(move || {
            runtime.block_on(async move {
                let port = port.map(TcpListener::from_std).transpose();
                let opened = UdpSocket::from_std(socket).and_then(|socket| Ok((socket, port?)));
                let (socket, port) = match opened {
                    Ok(opened) => opened,
                    Err(error) => {
                        tracing::error!(%error, "the WebRTC port cannot be used");
                        return;
                    }
                };
                Loop {
                    socket,
                    streams: Streams::open(port, seats_max * STREAMS_A_SEAT),
                    care_at: Instant::now(),
                    commands: received,
                    exchange: Exchange::new(seats_max),
                    sessions: std::collections::HashMap::new(),
                    counters: shared,
                    unsent: 0,
                }
                .run()
                .await;
            });
        })?;
        Ok(Self { commands, address, announced, counters })
    }

    /// The port that is open.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers an offer.
    ///
    /// # Errors
    /// [`OfferError`]; also when too many wait.
    pub async fn offer(&self, mut offer: Offer) -> Result<Seated, OfferError> {
        offer.local = self.announced.unwrap_or(offer.local);
        let (reply, answer) = oneshot::channel();
        let busy = || OfferError::Refused("too many offers wait".to_owned());
        self.commands.try_send(Command::Offer(Box::new(offer), reply)).map_err(|_full| busy())?;
        answer.await.unwrap_or_else(|_gone| Err(busy()))
    }

    /// Hangs up.
    pub fn dismiss(&self, seat: SeatId) {
        if self.commands.try_send(Command::Dismiss(seat)).is_err() {
            // It will fall silent, and then be gone by itself.
            tracing::debug!(seat = seat.0, "a good-bye found no room");
        }
    }

    /// What came in and was dropped, and how many are seated.
    #[must_use]
    pub fn counts(&self) -> (u64, ExchangeCounts) {
        self.counters.read()
    }
}

fn open(address: SocketAddr) -> io::Result<std::net::UdpSocket> {
    use socket2::{Domain, Protocol, Socket, Type};
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if let Err(error) = socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES) {
        tracing::debug!(%error, "the system keeps its own size of receive buffer");
    }
    socket.bind(&address.into())?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// The TCP port of the same number. Without it whoever gets no UDP through talks by the WebSocket, which is TCP too.
fn open_streams(address: SocketAddr) -> Option<std::net::TcpListener> {
    streams::bind(address)
        .inspect_err(|error| tracing::warn!(%error, %address, "WebRTC is by UDP only: its TCP port is taken"))
        .ok()
}

struct Loop {
    socket: UdpSocket,
    streams: Streams,
    care_at: Instant,
    commands: mpsc::Receiver<Command>,
    exchange: Exchange<Guarded<RtcPeer>>,
    sessions: std::collections::HashMap<SeatId, (Addr<Session>, Arc<MediaLine>)>,
    counters: Arc<Counters>,
    /// Datagrams that the kernel had no room for.
    unsent: u64,
}

impl Loop {
    async fn run(mut self) {
        warm_up();
        let mut buffer = [0; DATAGRAM_BYTES_MAX];
        let timer = sleep_until(Instant::now() + IDLE);
        tokio::pin!(timer);
        loop {
            let now = Instant::now();
            let due = self
                .exchange
                .next_timeout()
                .map_or(now + IDLE, |due| Instant::from_std(due).min(now + IDLE));
            timer.as_mut().reset(due);
            tokio::select! {
                ready = self.socket.readable() => {
                    if let Err(error) = ready {
                        tracing::error!(%error, "the WebRTC port is broken");
                        return;
                    }
                    self.read(&mut buffer);
                }
                command = self.commands.recv() => match command {
                    Some(command) => self.obey(command),
                    None => return,
                },
                (from, frame) = self.streams.next() => {
                    let now = Instant::now().into_std();
                    self.exchange.input(&frame, Remote::by_tcp(from), now);
                }
                () = timer.as_mut() => {}
            }
            self.exchange.pass_time(Instant::now().into_std());
            self.write();
            self.care();
            self.tell();
            self.count();
        }
    }

    fn read(&mut self, buffer: &mut [u8; DATAGRAM_BYTES_MAX]) {
        let now = Instant::now().into_std();
        for _ in 0..DATAGRAMS_AT_ONCE {
            match self.socket.try_recv_from(buffer) {
                Ok((bytes, from)) => self.exchange.input(&buffer[..bytes], from, now),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // A listener's port that is closed comes back as an error of ours.
                Err(error) => tracing::trace!(%error, "a datagram could not be read"),
            }
        }
    }

    fn write(&mut self) {
        while let Some((to, datagram)) = self.exchange.poll_datagram() {
            let has_left = match to.carrier {
                Carrier::Udp => self.socket.try_send_to(&datagram, to.address).is_ok(),
                Carrier::Tcp => self.streams.send(to.address, &datagram),
            };
            // As lost as on the way: the other side conceals it.
            self.unsent += u64::from(!has_left);
        }
    }

    /// Looks after the streams.
    fn care(&mut self) {
        let now = Instant::now();
        if self.care_at <= now {
            self.care_at = now + CARE_EVERY;
            let exchange = &self.exchange;
            self.streams.care(now, |from| exchange.knows(Remote::by_tcp(from)));
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Offer(offer, reply) => {
                let before = offer.seat;
                let answer = match before.filter(|_| offer.restart) {
                    Some(seat) => self
                        .exchange
                        .renegotiate(seat, &offer.sdp, Instant::now().into_std())
                        .map(|sdp| Seated { seat, sdp }),
                    None => self.admit(*offer),
                };
                // Before the answer is told, or the end of the one would be taken for the end of the other.
                if let (Some(before), Ok(Seated { seat, .. })) = (before, &answer)
                    && before != *seat
                {
                    self.dismiss(before);
                }
                if let Err(answer) = reply.send(answer)
                    && let Ok(Seated { seat, .. }) = answer
                {
                    // Whoever asked is gone.
                    self.dismiss(seat);
                }
            }
            Command::Dismiss(seat) => self.dismiss(seat),
        }
    }

    fn admit(&mut self, offer: Offer) -> Result<Seated, OfferError> {
        let now = Instant::now().into_std();
        let local = SocketAddr::new(offer.local, self.port());
        let numbers = Numbers::draw()?;
        let invitation = Invitation {
            address: local,
            takes_streams: self.streams.are_taken(),
            streams: numbers.streams,
        };
        let peer = Guarded::new(RtcPeer::new(&invitation, now)?);
        let track = |speaker: AiSpeaker| {
            let (sequence, timestamp) = numbers.counters[speaker.index()];
            OutgoingTrack::new(speaker, sequence, timestamp)
                .map_err(|error| OfferError::Refused(error.to_string()))
        };
        let [claude, guest] = AiSpeaker::BOTH;
        let line = Arc::<MediaLine>::default();
        let admission =
            Admission { peer, line: Arc::clone(&line), tracks: [track(claude)?, track(guest)?] };
        let (seat, sdp) = self.exchange.admit(admission, &offer.sdp, now)?;
        self.sessions.insert(seat, (offer.session, line));
        Ok(Seated { seat, sdp })
    }

    fn port(&self) -> u16 {
        self.socket.local_addr().map_or(0, |address| address.port())
    }

    fn dismiss(&mut self, seat: SeatId) {
        self.exchange.dismiss(seat, Instant::now().into_std());
        self.sessions.remove(&seat);
    }

    /// Says to sessions what happened to their listeners.
    fn tell(&mut self) {
        while let Some(happening) = self.exchange.poll_happening() {
            match happening {
                Happening::Connected(seat) => {
                    if let Some((session, line)) = self.sessions.get(&seat) {
                        deliver(session, MediaUp { line: Arc::clone(line) });
                    }
                }
                Happening::Segment(seat, segment) => {
                    if let Some((session, _)) = self.sessions.get(&seat) {
                        deliver(
                            session,
                            MediaSegment {
                                speaker: segment.speaker,
                                turn: segment.turn,
                                first_sample: segment.first_sample,
                                rtp_timestamp: segment.rtp_timestamp,
                            },
                        );
                    }
                }
                Happening::Moved(seat) => {
                    tracing::info!(seat = seat.0, "a listener moved to another address");
                }
                Happening::Gone(seat, farewell) => {
                    let farewell = farewell.word();
                    tracing::info!(seat = seat.0, farewell, "a listener's WebRTC is over");
                    self.sessions.remove(&seat);
                }
            }
        }
    }

    fn count(&self) {
        let counts = self.exchange.counts();
        let counts = ExchangeCounts {
            unsent: counts.unsent + self.unsent,
            refused_streams: self.streams.refused(),
            ..counts
        };
        self.counters.write(self.exchange.seated(), &counts);
    }
}

/// The first handshake of a process costs up to 0.3 s: tables of the crypto are made then. Nobody waits here.
fn warm_up() {
    let address = SocketAddr::from(([127, 0, 0, 1], 9));
    let invitation = Invitation { address, takes_streams: false, streams: [1, 2] };
    if let Err(error) = RtcPeer::new(&invitation, Instant::now().into_std()) {
        tracing::warn!(%error, "WebRTC cannot be set up");
    }
}
