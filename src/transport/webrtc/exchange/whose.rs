//! Whose a datagram is, and what may be believed of where it came from.
//!
//! Invariants: an address is a listener's from something authentic on, and a voice's number from its first authentic packet
//! on; neither is taken from one who is there.

use std::time::{Duration, Instant};

use super::super::happening::{Happening, SeatId};
use super::super::peer::Peer;
use super::super::remote::Remote;
use super::super::stun::{self, Kind};
use super::Exchange;

/// So long after the last authentic packet from there an address is its listener's alone: two of a browser's checks.
const HOLD_LIMIT: Duration = Duration::from_secs(5);

impl<P: Peer> Exchange<P> {
    pub(super) fn on_check(&mut self, id: SeatId, datagram: &[u8], from: Remote, now: Instant) {
        let is_anothers = self.is_anothers(from, id, now);
        let Some(seat) = self.seats.get_mut(&id) else { return };
        if is_anothers || !seat.path.has_room_for(from) {
            self.counts.false_checks += 1;
            return;
        }
        seat.peer.input(datagram, from, now);
        // The stack answers authentic checks only, and at once; a first one with a check of its own.
        let sent_before = self.outgoing.len();
        self.settle(id, now);
        let is_authentic = self
            .outgoing
            .range(sent_before..)
            .any(|(to, sent)| *to == from && (stun::is_success(sent) || stun::is_request(sent)));
        if !is_authentic {
            self.counts.false_checks += 1;
            return;
        }
        let Some(seat) = self.seats.get_mut(&id) else { return };
        seat.heard_at = now;
        if seat.path.is_at(from) {
            seat.heard_here_at = now;
        }
        self.believe(id, from);
    }

    /// A packet from an address that nobody has announced.
    pub(super) fn on_strange_packet(
        &mut self,
        kind: Kind,
        datagram: &[u8],
        from: Remote,
        now: Instant,
    ) {
        let voice = stun::voice_of(datagram).filter(|_| kind == Kind::Srtp);
        let id = voice.and_then(|voice| self.voices.get(&voice)).copied();
        let found = id.and_then(|id| {
            let seat = self.seats.get_mut(&id)?;
            let shown = seat.path.shown()?;
            (seat.tries > 0 && seat.path.has_room_for(from)).then_some((id, seat, shown))
        });
        let Some((id, seat, shown)) = found else {
            self.counts.strangers += 1;
            return;
        };
        seat.tries -= 1;
        seat.peer.input(datagram, shown, now);
        if self.settle(id, now).media == 0 {
            self.counts.rejected += 1;
            return;
        }
        self.believe(id, from);
        self.hear_from(id, from, now);
    }

    /// Something authentic came from here: the address is this listener's.
    fn believe(&mut self, id: SeatId, from: Remote) {
        let Some(seat) = self.seats.get_mut(&id) else { return };
        if let Some(gone) = seat.path.check(from)
            && self.addresses.get(&gone) == Some(&id)
        {
            self.addresses.remove(&gone);
        }
        self.addresses.insert(from, id);
    }

    /// Authentic sound came from here: that is where the listener is.
    fn hear_from(&mut self, id: SeatId, from: Remote, now: Instant) {
        let Some(seat) = self.seats.get_mut(&id) else { return };
        (seat.heard_at, seat.heard_here_at) = (now, now);
        if seat.path.prove(from) {
            self.happenings.push_back(Happening::Moved(id));
        }
    }

    /// The number of a listener's stream, by which it is found should its address change. It is taken from nobody.
    fn learn_voice(&mut self, id: SeatId, datagram: &[u8]) {
        let Some(seat) = self.seats.get_mut(&id) else { return };
        let voice = stun::voice_of(datagram).filter(|voice| seat.voice != Some(*voice));
        let Some(voice) = voice.filter(|voice| !self.voices.contains_key(voice)) else { return };
        if let Some(before) = seat.voice.replace(voice) {
            self.voices.remove(&before);
        }
        self.voices.insert(voice, id);
    }

    /// Whether another listener talks from this address: a check of its own, sent as if from there, must not take it away.
    fn is_anothers(&self, from: Remote, id: SeatId, now: Instant) -> bool {
        self.addresses
            .get(&from)
            .filter(|owner| **owner != id)
            .and_then(|owner| self.seats.get(owner))
            .is_some_and(|seat| seat.path.is_at(from) && now - seat.heard_here_at < HOLD_LIMIT)
    }

    pub(super) fn on_packet(
        &mut self,
        id: SeatId,
        kind: Kind,
        datagram: &[u8],
        from: Remote,
        now: Instant,
    ) {
        let Some(seat) = self.seats.get_mut(&id) else { return };
        if kind == Kind::Stun {
            if seat.asked.takes_answer(datagram) {
                seat.peer.input(datagram, from, now);
                self.settle(id, now);
            } else {
                self.counts.false_checks += 1;
            }
            return;
        }
        let Some(shown) = seat.path.shown_for(from) else {
            self.counts.strangers += 1;
            return;
        };
        let has_connected = seat.next_tick.is_some();
        let sent_before = self.outgoing.len();
        seat.peer.input(datagram, shown, now);
        // What this very packet brought is looked at before anything else is fed: only it proves where it came from.
        let brought = self.settle(id, now);
        if brought.media > 0 {
            self.hear_from(id, from, now);
            self.learn_voice(id, datagram);
        } else if brought.reports > 0 {
            if let Some(seat) = self.seats.get_mut(&id) {
                seat.heard_at = now;
            }
        } else if has_connected && self.outgoing.len() == sent_before {
            self.counts.rejected += 1;
        }
    }
}
