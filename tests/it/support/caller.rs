//! Somebody else's WebRTC (str0m over OpenSSL) as a listener: one microphone out, two AI tracks in.
//!
//! Without a socket and a clock, like the studio's own end; whoever drives it brings both.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

/// What a caller heard: a packet of an AI's voice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    /// 0 for Claude, 1 for the guest.
    pub(crate) track: usize,
    pub(crate) sequence: u64,
    pub(crate) timestamp: u32,
    pub(crate) payload: Vec<u8>,
    pub(crate) at: Instant,
}

/// Of the first packet that is said: both counters wrap soon.
pub(crate) const FIRST_SEQUENCE: u16 = 60_000;
pub(crate) const FIRST_TIMESTAMP: u32 = 4_294_000_000;

#[derive(Debug)]
pub(crate) struct Caller {
    rtc: Rtc,
    address: SocketAddr,
    mids: [Mid; 3],
    pending: Option<SdpPendingOffer>,
    sequence: u64,
    timestamp: u32,
    timeout: Instant,
    pub(crate) sending: VecDeque<(SocketAddr, Vec<u8>)>,
    pub(crate) heard: Vec<Heard>,
    pub(crate) is_connected: bool,
    pub(crate) is_closed: bool,
}

impl Caller {
    /// A caller at `address`, and its offer.
    pub(crate) fn new(address: SocketAddr, now: Instant) -> (Self, String) {
        let mut rtc = RtcConfig::new()
            .clear_codecs()
            .enable_opus(true, false)
            .set_rtp_mode(true)
            .set_rtcp_report_interval_audio(Duration::from_secs(1))
            .build(now);
        rtc.add_local_candidate(Candidate::host(address, "udp").expect("an address"));
        let mut offering = rtc.sdp_api();
        let mut section =
            |direction| offering.add_media(MediaKind::Audio, direction, None, None, None);
        let mids = [
            section(Direction::SendOnly),
            section(Direction::RecvOnly),
            section(Direction::RecvOnly),
        ];
        let (offer, pending) = offering.apply().expect("something to offer");
        let caller = Self {
            rtc,
            address,
            mids,
            pending: Some(pending),
            sequence: FIRST_SEQUENCE.into(),
            timestamp: FIRST_TIMESTAMP,
            timeout: now,
            sending: VecDeque::new(),
            heard: Vec::new(),
            is_connected: false,
            is_closed: false,
        };
        (caller, offer.to_sdp_string())
    }

    pub(crate) fn accept(&mut self, answer: &str) {
        let answer = SdpAnswer::from_sdp_string(answer).expect("an answer in SDP");
        let pending = self.pending.take().expect("an offer");
        self.rtc.sdp_api().accept_answer(pending, answer).expect("an answer that fits");
        self.drain();
    }

    /// Begins ICE anew: the offer for it.
    pub(crate) fn restart(&mut self) -> String {
        let mut offering = self.rtc.sdp_api();
        offering.ice_restart(true);
        let (offer, pending) = offering.apply().expect("something to offer");
        self.pending = Some(pending);
        offer.to_sdp_string()
    }

    pub(crate) fn timeout(&self) -> Instant {
        self.timeout
    }

    pub(crate) fn input(&mut self, datagram: &[u8], from: SocketAddr, now: Instant) {
        // Sent by a studio that meant somebody else; a real socket would bring it all the same.
        let Ok(receive) = Receive::new(Protocol::Udp, from, self.address, datagram) else { return };
        if self.rtc.is_alive() {
            self.rtc.handle_input(Input::Receive(now, receive)).expect("a packet is taken");
            self.drain();
        }
    }

    pub(crate) fn pass_time(&mut self, now: Instant) {
        if self.rtc.is_alive() {
            self.rtc.handle_input(Input::Timeout(now)).expect("time is taken");
            self.drain();
        }
    }

    /// Says the next 20 ms; `lost` ones take their number and their time and never leave.
    pub(crate) fn say(&mut self, payload: &[u8], now: Instant) {
        let (sequence, timestamp) = (self.sequence, self.timestamp);
        self.sequence += 1;
        self.timestamp = self.timestamp.wrapping_add(960);
        let Some(media) = self.rtc.media(self.mids[0]) else { return };
        let Some(pt) = media.remote_pts().first().copied() else { return };
        let mut api = self.rtc.direct_api();
        if let Some(stream) = api.stream_tx_by_mid(self.mids[0], None) {
            stream.write_rtp(RtpWrite::new(pt, sequence.into(), timestamp, now, payload.to_vec()));
        }
        self.drain();
    }

    pub(crate) fn close(&mut self) {
        self.rtc.close().expect("it can say good-bye");
        self.drain();
    }

    fn drain(&mut self) {
        while self.rtc.is_alive() {
            match self.rtc.poll_output().expect("output") {
                Output::Timeout(at) => {
                    self.timeout = at;
                    return;
                }
                Output::Transmit(sent) => {
                    self.sending.push_back((sent.destination, sent.contents.to_vec()));
                }
                Output::Event(event) => self.on_event(event),
            }
        }
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Connected => self.is_connected = true,
            Event::Closed => self.is_closed = true,
            Event::RtpPacket(packet) => {
                let stream =
                    self.rtc.direct_api().stream_rx(&packet.header.ssrc).map(|rx| rx.mid());
                let Some(track) = self.mids[1..].iter().position(|mid| Some(*mid) == stream) else {
                    panic!("sound on the microphone's section");
                };
                self.heard.push(Heard {
                    track,
                    sequence: *packet.seq_no,
                    timestamp: packet.header.timestamp,
                    payload: packet.payload.to_vec(),
                    at: packet.timestamp,
                });
            }
            _ => {}
        }
    }
}
