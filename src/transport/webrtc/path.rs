//! The path to a listener, which may move while it talks: another port behind a NAT, another network.
//!
//! The stack never moves a path it has chosen (and another one takes 13 s), but the sockets are ours: the stack is shown
//! one *virtual* address, the one it last sent to, whatever the true one is. A new true address is believed only when
//! a packet from it was authentic sound ([`Path::prove`]); forged ones change nothing. When the stack itself chooses
//! another address, both are equal again.
//!
//! Bounded: [`ADDRESSES_MAX`] addresses a listener.

use std::net::SocketAddr;

use crate::faults;

/// Addresses one listener may have: two are normal, a change of network adds two more.
pub const ADDRESSES_MAX: usize = 8;

/// See the module's text.
#[derive(Debug, Default)]
pub struct Path {
    /// What the stack believes.
    shown: Option<SocketAddr>,
    /// What is true.
    real: Option<SocketAddr>,
    /// Addresses from which authentic checks came, newest last.
    checked: Vec<SocketAddr>,
    moves: u64,
}

impl Path {
    /// An authentic check came from here. Returns the address that had to go for it.
    pub fn check(&mut self, from: SocketAddr) -> Option<SocketAddr> {
        if self.checked.contains(&from) {
            return None;
        }
        let is_full = self.checked.len() == ADDRESSES_MAX;
        let gone = is_full
            .then(|| self.checked.iter().position(|address| Some(*address) != self.real))
            .flatten()
            .map(|index| self.checked.remove(index));
        self.checked.push(from);
        gone
    }

    /// The address under which the stack is shown a packet (no check) from here; `None` if it is nobody's.
    #[must_use]
    pub fn shown_for(&self, from: SocketAddr) -> Option<SocketAddr> {
        let is_known =
            self.real == Some(from) || self.shown == Some(from) || self.checked.contains(&from);
        is_known.then(|| self.shown.unwrap_or(from))
    }

    /// A packet from here was authentic sound: that is where the listener is.
    pub fn prove(&mut self, from: SocketAddr) -> bool {
        let has_moved = self.real.is_some_and(|real| real != from) && !faults::is_out("path");
        if has_moved {
            self.real = Some(from);
            self.moves += 1;
        }
        has_moved
    }

    /// Where a packet (no check) goes that the stack sends to `to`.
    pub fn real_for(&mut self, to: SocketAddr) -> SocketAddr {
        if self.shown != Some(to) {
            self.shown = Some(to);
            self.real = Some(to);
        }
        self.real.unwrap_or(to)
    }

    /// All addresses of this listener.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
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
    use super::*;

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
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
}
