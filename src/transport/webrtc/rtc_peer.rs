//! The stack: `rtc`, the core of the `webrtc` crate, without its sockets and tasks.
//!
//! What of it does not fit a server with one port is made good in [`super::mends`] and [`super::path`].

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use rtc::interceptor::{Registry, Slot};
use rtc::peer_connection::configuration::interceptor_registry::configure_rtcp_reports;
use rtc::peer_connection::configuration::media_engine::{MIME_TYPE_OPUS, MediaEngine};
use rtc::peer_connection::configuration::setting_engine::SettingEngineBuilder;
use rtc::peer_connection::event::RTCPeerConnectionEvent;
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::state::{RTCIceConnectionState, RTCPeerConnectionState};
use rtc::peer_connection::transport::{
    CandidateConfig, CandidateHostConfig, RTCDtlsRole, RTCIceCandidate, RTCIceTcpCandidateType,
};
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::rtp_transceiver::RTCRtpSenderId;
use rtc::rtp_transceiver::rtp_sender::{RTCRtpCodec, RTCRtpCodecParameters, RtpCodecKind};
use rtc::sansio::Protocol;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};

use super::mends::{
    HeldDtls, Nomination, hung_up, patience, refused, turns_roles, two_tracks_first, unusable,
};
use super::offer::readable;
use super::peer::{Invitation, Media, OfferError, Peer, PeerEvent, Voice};
use super::remote::{Carrier, Remote};
use super::reports::{Noted, ReportReader};
use super::stun::{self, Kind};
use crate::audio::opus::PACKET_BYTES_MAX;
use crate::conversation::AiSpeaker;
use crate::faults;

/// Packets of a sender that may come out of order and are still told from replays: 2.5 s of sound.
const REPLAY_WINDOW: usize = 128;

/// The stack keeps what it is given, so each datagram is cut from a block of this size: about 60 packets of a voice. A block
/// whose packets are gone is used again, and a packet costs no allocation of ours.
const BLOCK_BYTES: usize = 8 * 1024;

/// Where reports are read: behind the stack's own reader of them, which any place that only looks may be.
const READER_SLOT: Slot = Slot::Custom(12_500);

/// The payload type we would choose; an offer's own choice is kept.
const PAYLOAD_TYPE: u8 = 111;

/// See the module's text.
pub struct RtcPeer {
    connection: RTCPeerConnection,
    local: SocketAddr,
    takes_streams: bool,
    /// Once the first offer was read.
    senders: Option<[RTCRtpSenderId; 2]>,
    opus: RTCRtpCodec,
    streams: [u32; 2],
    payload_type: u8,
    noted: Arc<Noted>,
    block: BytesMut,
    held_dtls: HeldDtls,
    nomination: Nomination,
    path_is_known: bool,
    has_connected: bool,
    is_over: bool,
}

impl std::fmt::Debug for RtcPeer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RtcPeer")
            .field("local", &self.local)
            .field("has_connected", &self.has_connected)
            .finish_non_exhaustive()
    }
}

impl RtcPeer {
    /// A peer that awaits its first offer.
    ///
    /// # Errors
    /// [`OfferError::Refused`] if the stack cannot be set up.
    pub fn new(invitation: &Invitation, now: Instant) -> Result<Self, OfferError> {
        let opus = RTCRtpCodec {
            mime_type: MIME_TYPE_OPUS.to_owned(),
            clock_rate: 48_000,
            channels: 2,
            sdp_fmtp_line: "minptime=10;useinbandfec=1".to_owned(),
            rtcp_feedback: Vec::new(),
        };
        let mut media_engine = MediaEngine::default();
        media_engine
            .register_codec(
                RTCRtpCodecParameters { rtp_codec: opus.clone(), payload_type: PAYLOAD_TYPE },
                RtpCodecKind::Audio,
            )
            .map_err(refused)?;
        let [quiet, failed] = patience();
        let settings = SettingEngineBuilder::new()
            .with_lite(true)
            .with_include_loopback_candidate(true)
            // As the client's DTLS server: as its client a handshake took 115 ms longer.
            .with_answering_dtls_role(RTCDtlsRole::Server)
            .with_ice_timeouts(quiet, failed, None)
            .with_srtp_replay_protection_window(REPLAY_WINDOW)
            .with_srtcp_replay_protection_window(REPLAY_WINDOW)
            .build();
        let noted = Arc::<Noted>::default();
        let reader = ReportReader::new(Arc::clone(&noted), invitation.streams);
        let registry = configure_rtcp_reports(Registry::new()).with(READER_SLOT, reader);
        let connection = RTCPeerConnectionBuilder::new()
            .with_media_engine(media_engine)
            .with_setting_engine(settings)
            // Reports only: with transport-wide feedback browsers probe the line with empty packets in the voice.
            .with_interceptor_registry(registry)
            .build(now)
            .map_err(refused)?;
        Ok(Self {
            connection,
            local: invitation.address,
            takes_streams: invitation.takes_streams,
            senders: None,
            opus,
            streams: invitation.streams,
            payload_type: PAYLOAD_TYPE,
            noted,
            block: BytesMut::new(),
            held_dtls: HeldDtls::default(),
            nomination: Nomination::default(),
            path_is_known: false,
            has_connected: false,
            is_over: false,
        })
    }

    fn feed(&mut self, datagram: &[u8], from: Remote, now: Instant) {
        let transport = TransportContext {
            local_addr: self.local,
            peer_addr: from.address,
            transport_protocol: match from.carrier {
                Carrier::Udp => TransportProtocol::UDP,
                Carrier::Tcp => TransportProtocol::TCP,
            },
            ecn: None,
        };
        if self.block.capacity() < datagram.len() {
            self.block.reserve(BLOCK_BYTES.max(datagram.len()));
        }
        self.block.extend_from_slice(datagram);
        let message = self.block.split();
        if let Err(error) = self.connection.handle_read(TaggedBytesMut { now, transport, message })
        {
            tracing::trace!(%error, "a datagram was not taken");
        }
    }

    /// Adds the AIs' tracks, once.
    fn add_tracks(&mut self) -> Result<[RTCRtpSenderId; 2], OfferError> {
        if let Some(senders) = self.senders {
            return Ok(senders);
        }
        let senders = two_tracks_first(&mut self.connection, self.streams, &self.opus)?;
        self.senders = Some(senders);
        Ok(senders)
    }

    fn add_own_candidate(&mut self, carrier: Carrier) -> Result<(), OfferError> {
        let (network, role) = match carrier {
            Carrier::Udp => ("udp", RTCIceTcpCandidateType::Unspecified),
            // The listener opens the stream.
            Carrier::Tcp => ("tcp", RTCIceTcpCandidateType::Passive),
        };
        let config = CandidateHostConfig {
            base_config: CandidateConfig {
                network: network.to_owned(),
                address: self.local.ip().to_string(),
                port: self.local.port(),
                component: 1,
                ..CandidateConfig::default()
            },
            ..CandidateHostConfig::default()
        };
        let candidate = config.new_candidate_host().map_err(refused)?;
        let candidate = RTCIceCandidate { tcp_type: role, ..RTCIceCandidate::from(&candidate) };
        let candidate = candidate.to_json().map_err(refused)?;
        self.connection.add_local_candidate(candidate).map_err(refused)
    }

    fn on_message(message: RTCMessage) -> Option<PeerEvent> {
        match message {
            RTCMessage::RtpPacket(_, packet) => Some(PeerEvent::Media(Media {
                sequence: packet.header.sequence_number,
                timestamp: packet.header.timestamp,
                payload: packet.payload,
            })),
            _ => None,
        }
    }

    fn on_stack_event(&mut self, event: RTCPeerConnectionEvent) -> Option<PeerEvent> {
        match event {
            RTCPeerConnectionEvent::OnIceConnectionStateChangeEvent(
                RTCIceConnectionState::Connected | RTCIceConnectionState::Completed,
            ) => {
                self.path_is_known = true;
                None
            }
            RTCPeerConnectionEvent::OnConnectionStateChangeEvent(state) => match state {
                RTCPeerConnectionState::Connected => {
                    self.has_connected = true;
                    Some(PeerEvent::Connected)
                }
                RTCPeerConnectionState::Failed | RTCPeerConnectionState::Closed => self.end(),
                _ => None,
            },
            _ => None,
        }
    }

    fn end(&mut self) -> Option<PeerEvent> {
        (!std::mem::replace(&mut self.is_over, true)).then_some(PeerEvent::Closed)
    }
}

impl Peer for RtcPeer {
    fn answer(&mut self, offer: &str, now: Instant) -> Result<String, OfferError> {
        let offer = readable(offer)?;
        let offer = RTCSessionDescription::offer(offer).map_err(unusable)?;
        if !faults::is_out("two-tracks-first") {
            self.add_tracks()?;
        }
        self.connection.set_remote_description(now, offer).map_err(unusable)?;
        let senders = self.add_tracks()?;
        if !self.has_connected {
            self.add_own_candidate(Carrier::Udp)?;
            if self.takes_streams {
                self.add_own_candidate(Carrier::Tcp)?;
            }
        }
        let answer = self.connection.create_answer(None).map_err(refused)?;
        self.connection.set_local_description(now, answer).map_err(refused)?;
        if let Some(mut sender) = self.connection.rtp_sender(senders[0])
            && let Some(codec) = sender.get_parameters().rtp_parameters.codecs.first()
        {
            self.payload_type = codec.payload_type;
        }
        let answer = self.connection.local_description();
        answer
            .map(|description| description.sdp)
            .ok_or_else(|| OfferError::Refused("no answer was made".to_owned()))
    }

    fn input(&mut self, datagram: &[u8], from: Remote, now: Instant) {
        match stun::kind_of(datagram) {
            Kind::Dtls if !self.path_is_known && !faults::is_out("held-dtls") => {
                self.held_dtls.hold(datagram, from);
            }
            Kind::Dtls | Kind::Srtp => self.feed(datagram, from, now),
            Kind::Stun if turns_roles(datagram) => {}
            Kind::Stun => {
                self.nomination.note(datagram, from);
                self.feed(datagram, from, now);
                if stun::is_success(datagram)
                    && let Some((again, path)) = self.nomination.take(from)
                {
                    self.feed(&again, path, now);
                }
            }
            Kind::Strange => {}
        }
    }

    fn pass_time(&mut self, now: Instant) {
        if let Err(error) = self.connection.handle_timeout(now) {
            tracing::debug!(%error, "the stack's timer failed");
        }
    }

    fn next_timeout(&mut self) -> Option<Instant> {
        self.connection.poll_timeout()
    }

    fn poll_datagram(&mut self) -> Option<(Remote, BytesMut)> {
        let TaggedBytesMut { transport, message, .. } = self.connection.poll_write()?;
        let carrier = match transport.transport_protocol {
            TransportProtocol::TCP => Carrier::Tcp,
            // Of the two that we offer.
            _ => Carrier::Udp,
        };
        Some((Remote { address: transport.peer_addr, carrier }, message))
    }

    fn poll_event(&mut self, now: Instant) -> Option<PeerEvent> {
        loop {
            if let Some(event) = self.connection.poll_event() {
                if let Some(event) = self.on_stack_event(event) {
                    return Some(event);
                }
                continue;
            }
            if let Some(TaggedRTCMessage { message, .. }) = self.connection.poll_read() {
                if let Some(event) = Self::on_message(message) {
                    return Some(event);
                }
                continue;
            }
            if self.path_is_known
                && let Some((record, from)) = self.held_dtls.release()
            {
                self.feed(&record, from, now);
                continue;
            }
            if let Some(loss_percent) = self.noted.take() {
                return Some(PeerEvent::Report { loss_percent });
            }
            let [sender, _] = self.senders?;
            return if hung_up(&mut self.connection, sender) { self.end() } else { None };
        }
    }

    fn send(&mut self, speaker: AiSpeaker, voice: Voice, now: Instant) -> bool {
        let index = speaker.index();
        let Some(senders) = self.senders else { return false };
        let header = rtc::rtp::header::Header {
            version: 2,
            marker: voice.begins,
            payload_type: self.payload_type,
            sequence_number: voice.sequence,
            timestamp: voice.timestamp,
            ssrc: self.streams[index],
            ..Default::default()
        };
        let packet = rtc::rtp::Packet { header, payload: voice.payload };
        self.connection
            .rtp_sender(senders[index])
            .is_some_and(|mut sender| sender.write_rtp(now, packet).is_ok())
    }

    fn close(&mut self, _now: Instant) {
        self.is_over = true;
        if let Err(error) = self.connection.close() {
            tracing::debug!(%error, "a peer could not say good-bye");
        }
    }
}

const _: () = assert!(PACKET_BYTES_MAX < 1_400, "a packet of voice fits a datagram");
