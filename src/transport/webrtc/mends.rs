//! What of the stack does not fit a server with one port, made good: each in one named place.
//!
//! `docs/decisions.md` tells what each is for; `tests/it/webrtc/mends.rs` takes each out and shows what breaks then. A path
//! that moves is [`super::path`].

use std::time::Duration;

use bytes::BytesMut;
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::RTCPeerConnection;
use rtc::peer_connection::transport::RTCDtlsTransportState;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpSenderId, RTCRtpTransceiverDirection, RTCRtpTransceiverInit};

use super::peer::OfferError;
use super::remote::Remote;
use super::stun;
use crate::conversation::AiSpeaker;
use crate::faults;

/// Handshake records that wait for the path to be known: a flight of a client is two to four.
const HELD_DTLS_MAX: usize = 8;

/// Workaround: added after the offer was read, a track takes the first free section, the microphone's, and the browser
/// refuses the answer. Two tracks that only send, added before, land on the second and third section.
pub(super) fn two_tracks_first(
    connection: &mut RTCPeerConnection,
    streams: [u32; 2],
    opus: &RTCRtpCodec,
) -> Result<[RTCRtpSenderId; 2], OfferError> {
    let mut add = |speaker: AiSpeaker| {
        let track = MediaStreamTrack::new(
            format!("studio-{speaker}"),
            format!("{speaker}"),
            format!("{speaker}"),
            RtpCodecKind::Audio,
            vec![RTCRtpEncodingParameters {
                rtp_coding_parameters: RTCRtpCodingParameters {
                    ssrc: Some(streams[speaker.index()]),
                    ..Default::default()
                },
                codec: opus.clone(),
                ..Default::default()
            }],
        );
        if faults::is_out("two-tracks-first") {
            return connection.add_track(track).map_err(refused);
        }
        let only_sends = RTCRtpTransceiverInit {
            direction: RTCRtpTransceiverDirection::Sendonly,
            ..Default::default()
        };
        let section =
            connection.add_transceiver_from_track(track, Some(only_sends)).map_err(refused)?;
        connection
            .rtp_transceiver(section)
            .and_then(|section| section.sender())
            .ok_or_else(|| OfferError::Refused("a track without a sender".to_owned()))
    };
    let [claude, guest] = AiSpeaker::BOTH;
    Ok([add(claude)?, add(guest)?])
}

/// Workaround: a handshake that begins before the stack has settled on a path is thrown away by it, and comes again by
/// the client's timer, up to a second later. It is kept until the path is known.
#[derive(Debug, Default)]
pub(super) struct HeldDtls {
    records: Vec<(BytesMut, Remote)>,
}

impl HeldDtls {
    pub(super) fn hold(&mut self, datagram: &[u8], from: Remote) {
        if self.records.len() < HELD_DTLS_MAX {
            self.records.push((BytesMut::from(datagram), from));
        }
    }

    pub(super) fn release(&mut self) -> Option<(BytesMut, Remote)> {
        (!self.records.is_empty()).then(|| self.records.remove(0))
    }
}

/// Workaround: the controlled side waits for the client's *next* nomination after its own check was answered, which is
/// half a second away. The nomination that came is given in once more right after that answer.
#[derive(Debug, Default)]
pub(super) struct Nomination {
    kept: Option<(Vec<u8>, Remote)>,
}

impl Nomination {
    pub(super) fn note(&mut self, datagram: &[u8], from: Remote) {
        if stun::nominates(datagram) && !faults::is_out("nomination") {
            self.kept = Some((datagram.to_vec(), from));
        }
    }

    pub(super) fn take(&mut self, answered: Remote) -> Option<(Vec<u8>, Remote)> {
        self.kept.take_if(|(_, from)| *from == answered)
    }
}

/// Workaround: told by a check that the other side is the controlled one, too, the stack turns into a controlling full agent,
/// before it looks whether the check is authentic, and then sends checks to every candidate it knows. An ICE-lite side is
/// the controlled one for good (RFC 8445, section 6.1.1), so such checks are nobody's.
pub(super) fn turns_roles(datagram: &[u8]) -> bool {
    stun::takes_our_role(datagram) && !faults::is_out("roles")
}

/// Workaround: whether a listener is there the stack judges by checks from the one address it has chosen. Of one that moved
/// none comes there any more, and it was hung up on 30 s later, in the midst of talking. It never judges by itself: the loop
/// does ([`super::exchange::SILENT_LIMIT`]), which hears sound, and every address. Returns after how long without a check the
/// stack says «disconnected», and after how long more «failed».
pub(super) fn patience() -> [Option<Duration>; 2] {
    if faults::is_out("patience") {
        return [Some(Duration::from_secs(10)), Some(Duration::from_secs(20))];
    }
    // Zero is never.
    [Some(Duration::ZERO); 2]
}

/// Workaround: the stack stays «connected» when the other side says good-bye; only its DTLS knows.
pub(super) fn hung_up(connection: &mut RTCPeerConnection, sender: RTCRtpSenderId) -> bool {
    !faults::is_out("hung-up")
        && connection.rtp_sender(sender).is_some_and(|sender| {
            sender.transport().is_some_and(|transport| {
                matches!(
                    transport.state(),
                    RTCDtlsTransportState::Closed | RTCDtlsTransportState::Failed
                )
            })
        })
}

pub(super) fn refused(error: impl std::fmt::Display) -> OfferError {
    OfferError::Refused(error.to_string())
}

pub(super) fn unusable(error: impl std::fmt::Display) -> OfferError {
    OfferError::Unusable(error.to_string())
}
