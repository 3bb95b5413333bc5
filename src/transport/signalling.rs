//! WebRTC's signalling on a listener's WebSocket: offers in, answers out, and good-bye when the socket goes.
//!
//! A connection has at most one seat on the WebRTC port. An offer for a fresh one frees the one before.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use actix::prelude::*;
use actix_web::HttpRequest;

use super::flow::Passage;
use super::protocol::{ClientMessage, WireError};
use super::translate::forward;
use super::webrtc::{MediaServer, Offer, OfferError, SeatId, Seated};
use super::websocket::Connection;
use crate::session::actor::Session;
use crate::session::mailbox::deliver;
use crate::session::messages::Announce;
use crate::session::notice::{IceServer, Notice};

/// Offers of one connection that are being answered: one, and one that overtook it.
const OFFERS_AT_ONCE: u8 = 2;

/// What the studio serves WebRTC with.
#[derive(Clone, Debug)]
pub struct MediaDesk {
    /// The port.
    pub server: MediaServer,
    /// Who helps listeners to connect.
    pub ice_servers: Vec<IceServer>,
}

/// One connection's part of it.
#[derive(Debug)]
pub(super) struct Signalling {
    desk: MediaDesk,
    /// The address at which the listener reached this machine.
    local: IpAddr,
    seat: Option<SeatId>,
    pending: u8,
    /// How often the listener went back to the socket: an offer of before is not wanted any more when it is answered.
    departures: u32,
}

impl Signalling {
    pub(super) fn new(desk: MediaDesk, request: &HttpRequest) -> Self {
        let own = desk.server.address().ip();
        let local = if own.is_unspecified() {
            request.peer_addr().and_then(address_towards).unwrap_or(own)
        } else {
            own
        };
        Self { desk, local, seat: None, pending: 0, departures: 0 }
    }
}

/// Which of this machine's addresses packets to `peer` leave from. Nothing is sent.
fn address_towards(peer: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr = if peer.is_ipv4() { [0; 4].into() } else { [0_u16; 8].into() };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect(peer).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

const fn is_signalling(message: &ClientMessage) -> bool {
    matches!(
        message,
        ClientMessage::MediaOffer { .. }
            | ClientMessage::MediaCandidate { .. }
            | ClientMessage::MediaClose
    )
}

impl Connection {
    /// Tells a listener who came that WebRTC is to be had.
    pub(super) fn offer_media(&self, session: &Addr<Session>) {
        if let Some(media) = &self.media {
            deliver(session, Announce(Notice::MediaOffered(media.desk.ice_servers.clone())));
        }
    }

    /// Passes on what a listener says: signalling to WebRTC, the rest to the session.
    pub(super) fn pass_on(
        &mut self,
        session: &Addr<Session>,
        message: ClientMessage,
        ctx: &mut Context<Self>,
    ) {
        if is_signalling(&message) {
            self.signal(session, message, ctx);
        } else {
            forward(session, message);
        }
    }

    fn signal(&mut self, session: &Addr<Session>, message: ClientMessage, ctx: &mut Context<Self>) {
        match (message, &mut self.media) {
            (ClientMessage::MediaOffer { sdp, restart, offer: number }, Some(media)) => {
                if self.flow.offer(self.heard_from) != Passage::Granted {
                    let fast = "offers come faster than one a second".to_owned();
                    return self.refuse(&WireError::MediaOffer(fast));
                }
                if media.pending >= OFFERS_AT_ONCE {
                    let busy = "an offer is being answered already".to_owned();
                    return self.refuse(&WireError::MediaOffer(busy));
                }
                media.pending += 1;
                let server = media.desk.server.clone();
                let (local, seat) = (media.local, media.seat);
                let offer = Offer { sdp, session: session.clone(), local, seat, restart };
                let session = session.clone();
                let departures = media.departures;
                let answering = async move { server.offer(offer).await };
                ctx.spawn(answering.into_actor(self).map(move |answer, connection, _ctx| {
                    connection.answered(&session, number, departures, answer);
                }));
            }
            (ClientMessage::MediaOffer { .. }, None) => self.refuse(&WireError::MediaUnavailable),
            (ClientMessage::MediaClose, Some(_)) => self.hang_up(),
            _ => {}
        }
    }

    fn answered(
        &mut self,
        session: &Addr<Session>,
        offer: u32,
        departures: u32,
        answer: Result<Seated, OfferError>,
    ) {
        let Some(media) = &mut self.media else { return };
        media.pending -= 1;
        let is_wanted = media.departures == departures;
        match answer {
            Ok(Seated { seat, .. }) if !is_wanted => media.desk.server.dismiss(seat),
            Ok(Seated { seat, sdp }) => {
                // Of two offers under way at once the second knew of no seat to free.
                let before = media.seat.replace(seat).filter(|before| *before != seat);
                if let Some(before) = before {
                    media.desk.server.dismiss(before);
                }
                deliver(session, Announce(Notice::MediaAnswer { sdp, offer }));
            }
            Err(error) => {
                tracing::debug!(%error, is_wanted, "an offer was not taken");
                if is_wanted {
                    self.refuse(&WireError::MediaOffer(error.to_string()));
                }
            }
        }
    }

    fn leave_seat(&mut self) {
        if let Some(media) = &mut self.media
            && let Some(seat) = media.seat.take()
        {
            media.desk.server.dismiss(seat);
        }
    }

    /// The listener goes back to the socket, or its socket goes, and the seat with it; so does one that is on its way.
    pub(super) fn hang_up(&mut self) {
        if let Some(media) = &mut self.media {
            media.departures += 1;
        }
        self.leave_seat();
    }
}
