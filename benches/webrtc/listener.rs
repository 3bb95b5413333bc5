//! A listener by WebRTC: says silence and now and then a voice, hears both tracks, counts what comes late or not at all.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::net::UdpSocket;
use tokio::time::{Instant, sleep_until};
use voice_studio::audio::opus::TrackEncoder;
use voice_studio::client::{Client, Received};
use voice_studio::transport::protocol::{ClientMessage, Hello, ServerMessage};

use super::caller::Caller;
use super::studio::Scene;

/// Between two packets of the microphone.
const FRAME: Duration = Duration::from_millis(20);
/// No session takes longer to connect.
const LIMIT: Duration = Duration::from_secs(20);
/// A voice of a second, every twenty seconds, so that one in twenty speaks: packets of sound among those of silence.
const PERIOD: usize = 1_000;
const SPEECH: usize = 50;

/// How long a listener stays.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stay {
    UntilSound,
    Until(Instant),
}

/// What it came to.
#[derive(Debug, Default)]
pub(crate) struct Stayed {
    /// From the sending of the offer to the first packet of an AI's track.
    pub(crate) first_sound_ms: f64,
    /// By how much each packet came after its time: that of the earliest, and 20 ms for each since.
    pub(crate) late_ms: Vec<f64>,
    /// Packets that never came, by their numbers.
    pub(crate) lost: u64,
    /// Whether sound came to the end.
    pub(crate) held: bool,
}

#[derive(Debug)]
pub(crate) struct Listener {
    client: Client,
    caller: Caller,
    socket: UdpSocket,
    server: SocketAddr,
    offered_at: Instant,
    /// Each listener speaks at another time.
    said: usize,
    silence: Vec<u8>,
    voice: VecDeque<Vec<u8>>,
}

impl Listener {
    pub(crate) async fn call(address: SocketAddr, number: usize) -> anyhow::Result<Self> {
        let mut client = Client::connect(address).await?;
        let hello = Hello {
            episode_id: format!("house-{number}"),
            briefing: Some(Scene::Quick.name()),
            ..Hello::default()
        };
        client.say(&ClientMessage::Hello(hello)).await?;
        until(&mut client, "webrtc.ready", |message| {
            matches!(message, ServerMessage::MediaReady { .. }).then_some(())
        })
        .await?;
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        let (mut caller, offer) = Caller::new(socket.local_addr()?, Instant::now().into_std());
        let offered_at = Instant::now();
        client.say(&ClientMessage::MediaOffer { sdp: offer, restart: false, offer: 0 }).await?;
        let answer = until(&mut client, "webrtc.answer", |message| match message {
            ServerMessage::MediaAnswer { sdp, .. } => Some(sdp.clone()),
            _ => None,
        })
        .await?;
        let candidate =
            answer.lines().find(|line| line.starts_with("a=candidate")).context("a candidate")?;
        let mut words = candidate.split(' ').skip(4);
        let (Some(ip), Some(port)) = (words.next(), words.next()) else { bail!("{candidate}") };
        caller.accept(&answer);
        let mut encoder = TrackEncoder::for_call()?;
        let silence = encoder.encode(&[0; 960])?.to_vec();
        let mut voice = VecDeque::new();
        for n in 0..SPEECH {
            let frame: Vec<i16> = (0..960)
                .map(|at| i16::try_from((n * 960 + at) * 37 % 12_000).unwrap_or(0) - 6_000)
                .collect();
            voice.push_back(encoder.encode(&frame)?.to_vec());
        }
        let server = format!("{ip}:{port}").parse()?;
        Ok(Self { client, caller, socket, server, offered_at, said: number * 50, silence, voice })
    }

    pub(crate) async fn stay(mut self, stay: Stay) -> anyhow::Result<Stayed> {
        let mut stayed = Stayed::default();
        let mut next_word = None::<Instant>;
        let mut buffer = [0; 2_048];
        let mut taken = 0;
        let mut tracks = [Track::default(); 2];
        let mut last = self.offered_at;
        loop {
            let now = Instant::now();
            while let Some((_, datagram)) = self.caller.sending.pop_front() {
                self.socket.send_to(&datagram, self.server).await?;
            }
            if self.caller.is_connected {
                let due = *next_word.get_or_insert(now);
                if due <= now {
                    next_word = Some(due + FRAME);
                    self.speak(now);
                    continue;
                }
            }
            for packet in self.caller.heard.drain(..) {
                let at = Instant::from_std(packet.at);
                last = at;
                if taken == 0 {
                    stayed.first_sound_ms = (at - self.offered_at).as_secs_f64() * 1_000.0;
                }
                taken += 1;
                tracks[packet.track].take(packet.sequence, at, &mut stayed);
            }
            let end = match stay {
                Stay::UntilSound if taken > 0 => break,
                Stay::UntilSound => self.offered_at + LIMIT,
                Stay::Until(end) => end,
            };
            if now >= end {
                break;
            }
            let wake = Instant::from_std(self.caller.timeout()).min(end);
            let wake = next_word.map_or(wake, |due| due.min(wake));
            tokio::select! {
                came = self.socket.recv_from(&mut buffer) => {
                    let (length, from) = came?;
                    self.caller.input(&buffer[..length], from, Instant::now().into_std());
                }
                message = self.client.next() => {
                    if let Received::Closed { code, reason } = message? {
                        bail!("closed: {code} {reason}");
                    }
                }
                () = sleep_until(wake) => self.caller.pass_time(Instant::now().into_std()),
            }
        }
        stayed.held = taken > 0 && Instant::now() - last < Duration::from_secs(1);
        self.client.say(&ClientMessage::End).await?;
        let limit = Instant::now() + LIMIT;
        loop {
            tokio::select! {
                message = self.client.next() => if let Received::Closed { .. } = message? { break },
                () = sleep_until(limit) => bail!("a session did not end within 20 s"),
            }
        }
        Ok(stayed)
    }

    fn speak(&mut self, now: Instant) {
        let place = self.said % PERIOD;
        self.said += 1;
        let packet = self.voice.get(place).unwrap_or(&self.silence).clone();
        self.caller.say(&packet, now.into_std());
    }
}

/// Where a track has got to.
#[derive(Clone, Copy, Debug, Default)]
struct Track {
    first: Option<(u64, Instant)>,
    newest: u64,
}

impl Track {
    fn take(&mut self, sequence: u64, at: Instant, stayed: &mut Stayed) {
        let Some((first, began)) = self.first else {
            (self.first, self.newest) = (Some((sequence, at)), sequence);
            return;
        };
        stayed.lost += sequence.saturating_sub(self.newest + 1);
        self.newest = self.newest.max(sequence);
        let place = FRAME * u32::try_from(sequence.saturating_sub(first)).unwrap_or(0);
        let due = began + place;
        if at < due {
            // The first one was itself late: from here on this one tells the time.
            self.first = Some((first, at - place));
        }
        stayed.late_ms.push(at.saturating_duration_since(due).as_secs_f64() * 1_000.0);
    }
}

/// What the first message for which `wanted` gives something holds; `what` names it.
async fn until<T>(
    client: &mut Client,
    what: &str,
    wanted: impl Fn(&ServerMessage) -> Option<T>,
) -> anyhow::Result<T> {
    let limit = Instant::now() + LIMIT;
    loop {
        tokio::select! {
            received = client.next() => match received? {
                Received::Message(numbered) => {
                    if let ServerMessage::Error { code, message, .. } = &numbered.message {
                        bail!("{code}: {message}");
                    }
                    if let Some(found) = wanted(&numbered.message) {
                        return Ok(found);
                    }
                }
                Received::Sound(_) => {}
                Received::Closed { code, reason } => bail!("closed: {code} {reason}"),
            },
            () = sleep_until(limit) => bail!("no {what} within 20 s"),
        }
    }
}
