//! A stack that panics costs its own listener the seat and nobody else anything.
//!
//! All listeners share one thread, and the stack reads what anybody sends. It is not ours, and young: should one of its
//! assertions fail, the peer is over, as if it had hung up, and what was left of it is not asked again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use bytes::BytesMut;

use super::peer::{OfferError, Peer, PeerEvent, Voice};
use super::remote::Remote;
use crate::conversation::AiSpeaker;

/// See the module's text.
#[derive(Debug)]
pub struct Guarded<P> {
    peer: P,
    has_broken: bool,
    has_told: bool,
}

impl<P: Peer> Guarded<P> {
    /// Guards this peer.
    #[must_use]
    pub const fn new(peer: P) -> Self {
        Self { peer, has_broken: false, has_told: false }
    }

    fn ask<T>(&mut self, otherwise: T, ask: impl FnOnce(&mut P) -> T) -> T {
        if self.has_broken {
            return otherwise;
        }
        // What a panic leaves half done is never looked at again.
        catch_unwind(AssertUnwindSafe(|| ask(&mut self.peer))).unwrap_or_else(|_panic| {
            tracing::error!("the WebRTC stack panicked; its listener is gone");
            self.has_broken = true;
            otherwise
        })
    }
}

impl<P: Peer> Peer for Guarded<P> {
    fn answer(&mut self, offer: &str, now: Instant) -> Result<String, OfferError> {
        let broken = Err(OfferError::Refused("the stack broke on it".to_owned()));
        self.ask(broken, |peer| peer.answer(offer, now))
    }

    fn input(&mut self, datagram: &[u8], from: Remote, now: Instant) {
        self.ask((), |peer| peer.input(datagram, from, now));
    }

    fn pass_time(&mut self, now: Instant) {
        self.ask((), |peer| peer.pass_time(now));
    }

    fn next_timeout(&mut self) -> Option<Instant> {
        self.ask(None, Peer::next_timeout)
    }

    fn poll_datagram(&mut self) -> Option<(Remote, BytesMut)> {
        self.ask(None, Peer::poll_datagram)
    }

    fn poll_event(&mut self, now: Instant) -> Option<PeerEvent> {
        let event = self.ask(None, |peer| peer.poll_event(now));
        if self.has_broken && !self.has_told {
            self.has_told = true;
            return Some(PeerEvent::Broken);
        }
        event
    }

    fn send(&mut self, speaker: AiSpeaker, voice: Voice, now: Instant) -> bool {
        self.ask(false, |peer| peer.send(speaker, voice, now))
    }

    fn close(&mut self, now: Instant) {
        self.ask((), |peer| peer.close(now));
    }
}
