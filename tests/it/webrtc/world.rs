//! Callers and the studio's exchange on a network of our own: virtual time, no socket, chance from a seed.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use voice_studio::conversation::{AiSpeaker, TurnId};
use voice_studio::session::media_line::MediaLine;
use voice_studio::session::notice::SoundFrame;
use voice_studio::transport::webrtc::exchange::{Admission, Exchange};
use voice_studio::transport::webrtc::guarded::Guarded;
use voice_studio::transport::webrtc::happening::{Happening, SeatId};
use voice_studio::transport::webrtc::peer::{Invitation, OfferError};
use voice_studio::transport::webrtc::rtc_peer::RtcPeer;
use voice_studio::transport::webrtc::sending::OutgoingTrack;

use crate::support::caller::Caller;
use voice_studio::simulation::dice::Dice;

/// Opus silence, told apart by nobody.
pub(crate) const SILENCE: [u8; 3] = [0xF8, 0xFF, 0xFE];

pub(crate) const SERVER: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)), 7000);

/// A STUN message of this type with this body.
pub(crate) fn stun_message(kind: u16, body: &[u8]) -> Vec<u8> {
    let mut message = kind.to_be_bytes().to_vec();
    message.extend(u16::try_from(body.len()).expect("short").to_be_bytes());
    message.extend([0x21, 0x12, 0xA4, 0x42]);
    message.extend([7; 12]);
    message.extend(body);
    message
}

/// One listener of the world.
pub(crate) struct Seated {
    pub(crate) caller: Caller,
    pub(crate) seat: SeatId,
    pub(crate) line: Arc<MediaLine>,
    /// Where its packets come from, as the network shows it.
    pub(crate) public: SocketAddr,
    /// Says 20 ms every 20 ms from here on.
    next_word: Option<Instant>,
    /// Nothing it sends arrives, and nothing reaches it.
    pub(crate) is_cut_off: bool,
}

/// Allocations while the studio was given voice packets, and while it sent some; the caller's own are not among them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    pub(crate) taken: u64,
    pub(crate) taking: u64,
    pub(crate) sent: u64,
    pub(crate) sending: u64,
}

pub(crate) struct World {
    pub(crate) exchange: Exchange<Guarded<RtcPeer>>,
    /// What was allocated for packets so far.
    pub(crate) cost: Cost,
    pub(crate) seated: Vec<Seated>,
    pub(crate) happenings: Vec<(Duration, Happening)>,
    pub(crate) delay: Duration,
    pub(crate) loss_percent: u64,
    /// Every datagram that reached the studio, while this is some.
    pub(crate) tape: Option<Vec<(SocketAddr, Vec<u8>)>>,
    under_way: BTreeMap<(Instant, u64), (SocketAddr, SocketAddr, Vec<u8>)>,
    sent: u64,
    dice: Dice,
    start: Instant,
    pub(crate) now: Instant,
}

impl World {
    #[expect(clippy::disallowed_methods, reason = "virtual time has to begin at some instant")]
    pub(crate) fn new(seats_max: usize) -> Self {
        let start = Instant::now();
        Self {
            exchange: Exchange::new(seats_max),
            cost: Cost::default(),
            seated: Vec::new(),
            happenings: Vec::new(),
            delay: Duration::from_millis(1),
            loss_percent: 0,
            tape: None,
            under_way: BTreeMap::new(),
            sent: 0,
            dice: Dice::new(5),
            start,
            now: start,
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.now - self.start
    }

    /// Seats a caller at `10.0.1.n` and returns its index.
    pub(crate) fn call(&mut self) -> usize {
        let n = u32::try_from(self.seated.len()).expect("a house");
        let address = SocketAddr::from(((0x0A00_0101 + n).to_be_bytes(), 5000));
        let (mut caller, offer) = Caller::new(address, self.now);
        let line = Arc::<MediaLine>::default();
        let (seat, answer) = self.admit(&offer, n, &line).expect("an answer");
        caller.accept(&answer);
        self.seated.push(Seated {
            caller,
            seat,
            line,
            public: address,
            next_word: None,
            is_cut_off: false,
        });
        self.seated.len() - 1
    }

    pub(crate) fn admit(
        &mut self,
        offer: &str,
        n: u32,
        line: &Arc<MediaLine>,
    ) -> Result<(SeatId, String), OfferError> {
        let invitation = Invitation {
            address: SERVER,
            takes_streams: true,
            streams: [1_000 + n, 2_000_000 + n],
        };
        let track = |speaker| OutgoingTrack::new(speaker, 65_000, u32::MAX - 9_000).expect("Opus");
        let [claude, guest] = AiSpeaker::BOTH;
        let admission = Admission {
            peer: Guarded::new(RtcPeer::new(&invitation, self.now)?),
            line: Arc::clone(line),
            tracks: [track(claude), track(guest)],
        };
        self.exchange.admit(admission, offer, self.now)
    }

    /// Lets a caller say silence every 20 ms.
    pub(crate) fn talk(&mut self, index: usize) {
        self.seated[index].next_word = Some(self.now);
    }

    /// Queues 20 ms of a tone on an AI's track.
    pub(crate) fn play(&self, index: usize, speaker: AiSpeaker, turn: u32, first_sample: u64) {
        let samples: Vec<i16> =
            (0..960).map(|n| i16::try_from((n * 37) % 8_000).expect("small")).collect();
        self.seated[index].line.play(SoundFrame {
            speaker,
            turn: TurnId(turn),
            first_sample,
            samples: samples.into(),
        });
    }

    /// Runs until `done` or for `limit`; says whether it was done.
    pub(crate) fn run(&mut self, limit: Duration, mut done: impl FnMut(&Self) -> bool) -> bool {
        let end = self.now + limit;
        loop {
            self.collect();
            if done(self) {
                return true;
            }
            let next = self.next_instant().max(self.now);
            if next > end {
                self.now = end;
                return false;
            }
            self.now = next;
            self.step();
        }
    }

    fn next_instant(&self) -> Instant {
        let far = self.now + Duration::from_secs(3_600);
        let callers =
            self.seated.iter().filter(|seated| !seated.caller.is_closed).flat_map(|seated| {
                [Some(seated.caller.timeout()), seated.next_word].into_iter().flatten()
            });
        callers
            .chain(self.exchange.next_timeout())
            .chain(self.under_way.keys().next().map(|(at, _)| *at))
            .min()
            .unwrap_or(far)
    }

    fn step(&mut self) {
        let now = self.now;
        while let Some(entry) = self.under_way.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let (from, to, datagram) = entry.remove();
            if to == SERVER {
                if let Some(tape) = &mut self.tape {
                    tape.push((from, datagram.clone()));
                }
                self.take(&datagram, from);
            } else if let Some(seated) = self.seated.iter_mut().find(|seated| seated.public == to)
                && !seated.is_cut_off
            {
                seated.caller.input(&datagram, SERVER, now);
            }
            self.collect();
        }
        for seated in &mut self.seated {
            if seated.caller.timeout() <= now {
                seated.caller.pass_time(now);
            }
            if let Some(due) = seated.next_word.filter(|due| *due <= now) {
                seated.next_word = Some(due + Duration::from_millis(20));
                seated.caller.say(&SILENCE, now);
            }
        }
        let sent = self.exchange.counts().voices;
        let allocated = allocation_counter::measure(|| self.exchange.pass_time(now)).count_total;
        let sent = self.exchange.counts().voices - sent;
        if sent > 0 {
            self.cost.sent += sent;
            self.cost.sending += allocated;
        }
    }

    fn take(&mut self, datagram: &[u8], from: SocketAddr) {
        let now = self.now;
        let taken = self.exchange.counts().media;
        let take = || self.exchange.input(datagram, from, now);
        let allocated = allocation_counter::measure(take).count_total;
        let taken = self.exchange.counts().media - taken;
        if taken > 0 {
            self.cost.taken += taken;
            self.cost.taking += allocated;
        }
    }

    /// Puts on the network what everybody has to send.
    fn collect(&mut self) {
        while let Some(happening) = self.exchange.poll_happening() {
            self.happenings.push((self.now - self.start, happening));
        }
        let mut sent = Vec::new();
        while let Some((to, datagram)) = self.exchange.poll_datagram() {
            sent.push((SERVER, to.address, datagram.to_vec()));
        }
        for seated in &mut self.seated {
            while let Some((to, datagram)) = seated.caller.sending.pop_front() {
                if !seated.is_cut_off {
                    sent.push((seated.public, to, datagram));
                }
            }
        }
        for (from, to, datagram) in sent {
            self.send(from, to, datagram);
        }
    }

    /// Puts a datagram on the network, whoever sent it.
    pub(crate) fn send(&mut self, from: SocketAddr, to: SocketAddr, datagram: Vec<u8>) {
        if self.dice.chance(self.loss_percent) {
            return;
        }
        self.sent += 1;
        self.under_way.insert((self.now + self.delay, self.sent), (from, to, datagram));
    }

    /// Packets of the host that came through to the session.
    pub(crate) fn arrived(&self, index: usize) -> usize {
        let mut payload = Vec::new();
        let mut packets = 0;
        while self.seated[index].line.next_packet(&mut payload).is_some() {
            packets += 1;
        }
        packets
    }

    pub(crate) fn happened(&self, happening: Happening) -> Option<Duration> {
        self.happenings.iter().find(|(_, known)| *known == happening).map(|(at, _)| *at)
    }
}
