//! The path to a listener, which may move while it talks: another port behind a NAT, another network.
//!
//! The stack never moves a path it has chosen (and another one takes 13 s), but the sockets are ours: the stack is shown
//! one *virtual* address, the one it last sent to, whatever the true one is. A new true address is believed only when
//! a packet from it was authentic sound ([`Path::prove`]), also before its first check; forged ones change nothing. When
//! the stack itself chooses another address, both are equal again.
//!
//! Bounded: [`ADDRESSES_MAX`] addresses a listener at a time, and [`ADDRESSES_EVER_MAX`] until ICE begins anew.

use super::remote::Remote;
use crate::faults;

/// Addresses one listener may have: two are normal, a change of network adds two more.
pub const ADDRESSES_MAX: usize = 8;

/// Addresses a listener may come from until ICE begins anew. The stack keeps each for good and asks each back, and a check
/// that was overheard can be sent from as many as one likes; a listener who walks from network to network all day begins
/// ICE anew on the way.
pub const ADDRESSES_EVER_MAX: usize = 64;

/// See the module's text.
#[derive(Debug, Default)]
pub struct Path {
    /// What the stack believes.
    shown: Option<Remote>,
    /// What is true.
    real: Option<Remote>,
    /// Addresses from which something authentic came, newest last.
    checked: Vec<Remote>,
    /// How many there have been since ICE began.
    ever: usize,
    moves: u64,
}

impl Path {
    /// Something authentic came from here. Returns the address that had to go for it.
    pub fn check(&mut self, from: Remote) -> Option<Remote> {
        if self.checked.contains(&from) {
            return None;
        }
        let is_full = self.checked.len() == ADDRESSES_MAX;
        let gone = is_full
            .then(|| self.checked.iter().position(|address| Some(*address) != self.real))
            .flatten()
            .map(|index| self.checked.remove(index));
        self.checked.push(from);
        self.ever += 1;
        gone
    }

    /// Whether a check from here may be looked at.
    #[must_use]
    pub fn has_room_for(&self, from: Remote) -> bool {
        self.ever < ADDRESSES_EVER_MAX
            || self.checked.contains(&from)
            || faults::is_out("addresses")
    }

    /// ICE begins anew: the stack forgets every address.
    pub const fn begin_anew(&mut self) {
        self.ever = 0;
    }

    /// The address under which the stack is shown a packet (no check) from here; `None` if it is nobody's.
    #[must_use]
    pub fn shown_for(&self, from: Remote) -> Option<Remote> {
        let is_known =
            self.real == Some(from) || self.shown == Some(from) || self.checked.contains(&from);
        is_known.then(|| self.shown.unwrap_or(from))
    }

    /// What the stack believes, once it has chosen.
    #[must_use]
    pub const fn shown(&self) -> Option<Remote> {
        self.shown
    }

    /// A packet from here was authentic sound: that is where the listener is.
    pub fn prove(&mut self, from: Remote) -> bool {
        let has_moved = self.real.is_some_and(|real| real != from) && !faults::is_out("path");
        if has_moved {
            self.real = Some(from);
            self.moves += 1;
        }
        has_moved
    }

    /// Where a packet (no check) goes that the stack sends to `to`.
    pub fn real_for(&mut self, to: Remote) -> Remote {
        if self.shown != Some(to) {
            self.shown = Some(to);
            self.real = Some(to);
        }
        self.real.unwrap_or(to)
    }

    /// Whether the listener talks from here.
    #[must_use]
    pub fn is_at(&self, from: Remote) -> bool {
        self.real == Some(from)
    }

    /// All addresses of this listener.
    #[must_use]
    pub fn addresses(&self) -> &[Remote] {
        &self.checked
    }

    /// How often the listener moved without the stack's doing.
    #[must_use]
    pub const fn moves(&self) -> u64 {
        self.moves
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn at(port: u16) -> Remote {
        SocketAddr::from(([127, 0, 0, 1], port)).into()
    }

    #[test]
    fn a_listener_that_moves_is_followed_and_the_stack_sees_one_address() {
        let mut path = Path::default();
        path.check(at(1));
        assert_eq!(path.shown_for(at(1)), Some(at(1)));
        assert_eq!(path.real_for(at(1)), at(1));
        assert_eq!(path.shown_for(at(2)), None, "nobody has announced it");
        path.check(at(2));
        assert_eq!(path.shown_for(at(2)), Some(at(1)));
        assert_eq!(path.real_for(at(1)), at(1), "not before it has proved itself");
        assert!(path.prove(at(2)) && !path.prove(at(2)));
        assert_eq!(path.real_for(at(1)), at(2));
        // The stack chooses anew, after an ICE restart.
        assert_eq!(path.real_for(at(3)), at(3));
        assert_eq!(path.moves(), 1);
    }

    #[test]
    fn the_oldest_address_makes_room_and_the_true_one_stays() {
        let mut path = Path::default();
        path.check(at(1));
        path.real_for(at(1));
        let gone: Vec<_> = (2..=20).filter_map(|port| path.check(at(port))).collect();
        assert_eq!(gone.len(), 20 - ADDRESSES_MAX);
        assert!(!gone.contains(&at(1)) && path.addresses().contains(&at(1)));
    }

    #[test]
    fn new_addresses_come_to_an_end_until_ice_begins_anew() {
        let mut path = Path::default();
        for port in (1..).take(ADDRESSES_EVER_MAX) {
            assert!(path.has_room_for(at(port)));
            path.check(at(port));
        }
        let last = u16::try_from(ADDRESSES_EVER_MAX).unwrap();
        assert!(!path.has_room_for(at(9_000)) && path.has_room_for(at(last)));
        path.begin_anew();
        assert!(path.has_room_for(at(9_000)));
    }
}
