//! Every listener's WebRTC on one port: whose a packet is, what is due when, who has fallen silent.
//!
//! Without a socket and a clock: datagrams and time go in, datagrams and happenings come out. A datagram is its
//! listener's by the name in a check, else by an address from which an authentic check came. Sound from an address that
//! nobody has announced may be that of a listener whose address has just changed, seconds before its next check: it is
//! tried by its stream's number, a bounded number of times. Everything else is a stranger's: dropped and counted, at the
//! price of one look-up.
//!
//! Invariants: what one listener sends reaches no other's peer, but for sound with that one's number from a strange address,
//! which its keys refuse; a listener is touched only when something of it happens; nothing is kept for strangers.
//! Bounds: [`Exchange::new`] names how many listeners; [`super::path::ADDRESSES_MAX`] addresses each.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;

use super::happening::{ExchangeCounts, Farewell, Happening, SeatId};
use super::peer::{OfferError, Peer, PeerEvent};
use super::remote::Remote;
use super::seat::Seat;
use super::sending::OutgoingTrack;
use super::stun::{self, Kind};
use crate::session::media_line::{MediaLine, PacketHead};

mod whose;

/// From the offer to packets both ways.
/// A line that loses every fifth packet repeats a handshake for ten seconds; meanwhile the socket serves.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(30);

/// Without sound and without an authentic check for so long a listener is taken as gone. Browsers check every 2.5 s
/// (RFC 7675 asks for consent at least every 30 s).
pub const SILENT_LIMIT: Duration = Duration::from_secs(15);

/// Packets from addresses that nobody has announced, which are tried with a listener's keys each second: twice what a voice
/// sends. Who has overheard a stream's number makes the studio decrypt no more than that.
pub(super) const TRIES_A_SECOND: u32 = 100;

/// How often that is looked after.
pub(super) const CARE_EVERY: Duration = Duration::from_secs(1);

/// Shortest time until a timer of the stack is looked at again.
const REST: Duration = Duration::from_millis(1);

/// See the module's text.
#[derive(Debug)]
pub struct Exchange<P> {
    seats: HashMap<SeatId, Seat<P>>,
    names: HashMap<String, SeatId>,
    addresses: HashMap<Remote, SeatId>,
    /// Streams of hosts' voices, by their numbers: the last authentic one of each listener.
    voices: HashMap<u32, SeatId>,
    timers: BinaryHeap<Reverse<(Instant, SeatId)>>,
    outgoing: VecDeque<(Remote, BytesMut)>,
    happenings: VecDeque<Happening>,
    counts: ExchangeCounts,
    seats_max: usize,
    next: u64,
}

/// What came of a listener at once.
#[derive(Clone, Copy, Debug, Default)]
struct Brought {
    /// Packets of the host's voice.
    media: u64,
    /// Reports.
    reports: u64,
}

/// What a seat is for.
#[derive(Debug)]
pub struct Admission<P> {
    /// The stack's end.
    pub peer: P,
    /// The line to the session.
    pub line: Arc<MediaLine>,
    /// The tracks, in the order of [`AiSpeaker::BOTH`].
    pub tracks: [OutgoingTrack; 2],
}

impl<P: Peer> Exchange<P> {
    /// An exchange for at most `seats_max` listeners.
    #[must_use]
    pub fn new(seats_max: usize) -> Self {
        Self {
            seats: HashMap::new(),
            names: HashMap::new(),
            addresses: HashMap::new(),
            voices: HashMap::new(),
            timers: BinaryHeap::new(),
            outgoing: VecDeque::new(),
            happenings: VecDeque::new(),
            counts: ExchangeCounts::default(),
            seats_max,
            next: 0,
        }
    }

    /// Whether another listener finds a seat.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.seats.len() < self.seats_max
    }

    /// Seats a listener and answers its offer.
    ///
    /// # Errors
    /// [`OfferError`]; nobody is seated then.
    pub fn admit(
        &mut self,
        admission: Admission<P>,
        offer: &str,
        now: Instant,
    ) -> Result<(SeatId, String), OfferError> {
        let Admission { mut peer, line, tracks } = admission;
        if !self.has_room() {
            return Err(OfferError::Refused("every seat is taken".to_owned()));
        }
        let answer = peer.answer(offer, now)?;
        self.next += 1;
        let id = SeatId(self.next);
        let seat = Seat::new(peer, line, tracks, now);
        self.seats.insert(id, seat);
        self.learn_name(id, &answer);
        self.settle(id, now);
        Ok((id, answer))
    }

    /// Answers a later offer of a listener: its network changed.
    ///
    /// # Errors
    /// [`OfferError`]; the listener keeps its seat.
    pub fn renegotiate(
        &mut self,
        id: SeatId,
        offer: &str,
        now: Instant,
    ) -> Result<String, OfferError> {
        let Some(seat) = self.seats.get_mut(&id) else {
            return Err(OfferError::Refused("the connection is over".to_owned()));
        };
        let answer = seat.peer.answer(offer, now)?;
        self.learn_name(id, &answer);
        self.settle(id, now);
        Ok(answer)
    }

    /// The name under which the listener knows us from this answer on.
    fn learn_name(&mut self, id: SeatId, answer: &str) {
        let Some(seat) = self.seats.get_mut(&id) else { return };
        let Some(name) = answer.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:")) else {
            return;
        };
        let name = name.trim().to_owned();
        if let Some(gone) = seat.learn_name(&name) {
            self.names.remove(&gone);
        }
        self.names.insert(name, id);
    }

    /// Hangs up. The listener is told, as far as it listens.
    pub fn dismiss(&mut self, id: SeatId, now: Instant) {
        if let Some(seat) = self.seats.get_mut(&id) {
            seat.peer.close(now);
            self.settle(id, now);
            self.remove(id, "dismissed");
        }
    }

    /// A datagram came from `from`.
    pub fn input(&mut self, datagram: &[u8], from: impl Into<Remote>, now: Instant) {
        let from = from.into();
        self.counts.datagrams += 1;
        match stun::kind_of(datagram) {
            Kind::Stun if stun::is_request(datagram) => {
                let named = stun::addressee(datagram).and_then(|name| self.names.get(name));
                match named.copied() {
                    Some(id) => self.on_check(id, datagram, from, now),
                    None => self.counts.strangers += 1,
                }
            }
            kind @ (Kind::Stun | Kind::Dtls | Kind::Srtp) => {
                match self.addresses.get(&from).copied() {
                    Some(id) => self.on_packet(id, kind, datagram, from, now),
                    None => self.on_strange_packet(kind, datagram, from, now),
                }
            }
            Kind::Strange => self.counts.strangers += 1,
        }
    }

    /// Time has come to `now`: passes it to whom it concerns.
    pub fn pass_time(&mut self, now: Instant) {
        while let Some(Reverse((at, id))) = self.timers.peek().copied()
            && at <= now
        {
            self.timers.pop();
            let Some(seat) = self.seats.get_mut(&id) else { continue };
            if seat.timer != Some(at) {
                // A sooner one was set after this.
                continue;
            }
            seat.timer = None;
            if seat.peer.next_timeout().is_some_and(|timeout| timeout <= now) {
                seat.peer.pass_time(now);
            }
            let (counts, happenings) = (&mut self.counts, &mut self.happenings);
            seat.speak(now, counts, |segment| {
                happenings.push_back(Happening::Segment(id, segment));
            });
            self.care(id, now);
            self.settle(id, now);
        }
    }

    /// When to pass time next.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        self.timers.peek().map(|Reverse((at, _))| *at)
    }

    /// The next datagram to send.
    pub fn poll_datagram(&mut self) -> Option<(Remote, BytesMut)> {
        self.outgoing.pop_front()
    }

    /// The next happening.
    pub fn poll_happening(&mut self) -> Option<Happening> {
        self.happenings.pop_front()
    }

    /// What came in, went out and was dropped.
    #[must_use]
    pub const fn counts(&self) -> ExchangeCounts {
        self.counts
    }

    /// Listeners that are seated.
    #[must_use]
    pub fn seated(&self) -> usize {
        self.seats.len()
    }

    /// Whether something authentic came from here, and whoever sent it still has a seat.
    #[must_use]
    pub fn knows(&self, remote: Remote) -> bool {
        self.addresses.contains_key(&remote)
    }

    /// What a listener's line loses in percent, as its last report that told of it said.
    #[must_use]
    pub fn expected_loss(&self, id: SeatId) -> Option<u8> {
        self.seats.get(&id).and_then(|seat| seat.loss_percent)
    }

    /// Addresses that are known: a bound for tests.
    #[must_use]
    pub fn known_addresses(&self) -> usize {
        self.addresses.len()
    }

    /// Looks whether the listener is still there.
    fn care(&mut self, id: SeatId, now: Instant) {
        let Some(seat) = self.seats.get_mut(&id) else { return };
        if seat.care_at > now {
            return;
        }
        seat.care_at = now + CARE_EVERY;
        seat.tries = TRIES_A_SECOND;
        let farewell = seat.farewell(now);
        if let Some(farewell) = farewell {
            seat.peer.close(now);
            self.settle(id, now);
            self.leave(id, farewell);
        }
    }

    /// Takes what the peer has to say and sets its timer. Returns what came.
    fn settle(&mut self, id: SeatId, now: Instant) -> Brought {
        let mut brought = Brought::default();
        let Some(seat) = self.seats.get_mut(&id) else { return brought };
        let mut farewell = None;
        while let Some(event) = seat.peer.poll_event(now) {
            match event {
                PeerEvent::Connected => {
                    if seat.next_tick.is_none() {
                        seat.next_tick = Some(now);
                        self.happenings.push_back(Happening::Connected(id));
                    }
                }
                PeerEvent::Media(packet) => {
                    brought.media += 1;
                    let head = PacketHead {
                        sequence: packet.sequence,
                        timestamp: packet.timestamp,
                        arrival: now.into(),
                    };
                    seat.line.hear(head, &packet.payload);
                }
                PeerEvent::Report { loss_percent } => {
                    brought.reports += 1;
                    if let Some(percent) = loss_percent {
                        seat.loss_percent = Some(percent);
                        seat.tracks.iter_mut().for_each(|track| track.expect_loss(percent));
                    }
                }
                PeerEvent::Closed => farewell = Some(Farewell::HungUp),
                PeerEvent::Broken => {
                    self.counts.broken += 1;
                    farewell = Some(Farewell::Broke);
                }
            }
        }
        self.counts.media += brought.media;
        self.counts.reports += brought.reports;
        while let Some((to, datagram)) = seat.peer.poll_datagram() {
            let to = match stun::kind_of(&datagram) {
                Kind::Stun => {
                    seat.asked.note(&datagram);
                    to
                }
                _ => seat.path.real_for(to),
            };
            self.outgoing.push_back((to, datagram));
        }
        if let Some(farewell) = farewell {
            self.leave(id, farewell);
            return brought;
        }
        // The stack's deadlines may lie in the past, and stay there: never a busy loop for them.
        let timeout = seat.peer.next_timeout().map(|at| at.max(now + REST));
        let due = timeout.map_or(seat.care_at, |at| at.min(seat.care_at));
        let due = seat.next_tick.map_or(due, |tick| tick.min(due)).max(now);
        if seat.timer.is_none_or(|timer| due < timer) {
            seat.timer = Some(due);
            self.timers.push(Reverse((due, id)));
        }
        brought
    }

    fn leave(&mut self, id: SeatId, farewell: Farewell) {
        if self.remove(id, farewell.word()) {
            self.happenings.push_back(Happening::Gone(id, farewell));
        }
    }

    /// The seat is free; its line tells the session why.
    fn remove(&mut self, id: SeatId, farewell: &'static str) -> bool {
        let Some(seat) = self.seats.remove(&id) else { return false };
        seat.line.close(farewell);
        for name in &seat.names {
            self.names.remove(name);
        }
        if let Some(voice) = seat.voice {
            self.voices.remove(&voice);
        }
        for address in seat.path.addresses() {
            if self.addresses.get(address) == Some(&id) {
                self.addresses.remove(address);
            }
        }
        true
    }
}
