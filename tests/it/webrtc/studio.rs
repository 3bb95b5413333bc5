//! A whole studio over its real ports, and a listener of somebody else's make on lines from good to bad: the session
//! holds, tracks are equal and aligned, nothing is spoken twice, captions say what was heard.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::codec::{Framed, LengthDelimitedCodec};
use voice_studio::audio::opus::TrackEncoder;
use voice_studio::client::Received;
use voice_studio::conversation::Speaker;
use voice_studio::recording::capture::{CAPTURE_DIR, CAPTURE_FILE};
use voice_studio::recording::read_events;
use voice_studio::simulation::dice::Dice;
use voice_studio::transport::protocol::{ClientMessage, Hello, PlayoutClock, ServerMessage};

use crate::support::caller::{Caller, FIRST_SEQUENCE, FIRST_TIMESTAMP};
use crate::support::capture::kept_packets;
use crate::support::stand_ins::StandIns;
use crate::support::studio::{Guest, Studio};

const QUESTION: &str = "Ada what is a moon";
const ANSWER: &str =
    "A moon is a rock that goes around a planet. It shines with borrowed light, and that is all.";

/// Three packets' time.
const HELD: Duration = Duration::from_millis(65);

/// How far the tracks may lie apart from what the listener said and heard. Without jitter 0.0 to 0.3 ms are seen where nothing
/// else runs, and 5 ms beside the recogniser's tests, which hold up every packet for a while.
const APART_MAX_MS: f64 = 15.0;

/// And so much of the line's jitter. The host's sound must find its place within 300 ms of the first packet, so the fastest of
/// fifteen tells the network's delay: two tenths of the jitter are seen, and half beside the recogniser's tests. What comes
/// later finds the true place, which is held to 5 ms in virtual time, by `src/audio/host_packets/tests.rs`.
const APART_OF_JITTER: f64 = 0.5;

/// Longest scenario, with a hole of five seconds in it.
const LIMIT: Duration = Duration::from_secs(40);

#[derive(Clone, Copy, Debug)]
struct Line {
    name: &'static str,
    loss_percent: u64,
    jitter_ms: u64,
    /// So many packets in a hundred are held for [`HELD`]: their successors overtake them.
    held_percent: u64,
    /// Nothing gets through, both ways, from here after the first sound of the answer.
    hole: Option<(Duration, Duration)>,
    /// From another port from here on.
    moves_after: Option<Duration>,
    /// UDP does not get through at all.
    by_tcp: bool,
    /// ICE begins anew on the same call.
    restarts_after: Option<Duration>,
    /// The listener goes back to the socket.
    leaves_after: Option<Duration>,
}

/// A page's player: a buffer of 60 ms, positions by RTP time, and the rules of `docs/protocol.md`.
#[derive(Default)]
struct Player {
    /// Turn, first sample, RTP time.
    segments: Vec<(u32, u64, u32)>,
    newest: Option<(u32, Instant)>,
    /// Where playing began, and when: it is even from there on.
    began: Option<(u32, Instant)>,
    buffer: Duration,
    is_shut: bool,
    reported: BTreeMap<u32, u64>,
    /// Where in which turn sound began or went on elsewhere, and where it had been told to stop.
    begins: Vec<(u32, u64)>,
    stops: Vec<(u32, u64)>,
    /// When the first sample of the first turn was heard.
    heard_at: Option<Instant>,
}

const STALL: Duration = Duration::from_millis(300);

impl Player {
    fn place_at(&self, rtp: u32) -> Option<(u32, u64)> {
        self.segments.iter().rev().find_map(|(turn, first, begins)| {
            let into = i64::from(rtp.wrapping_sub(*begins).cast_signed());
            u64::try_from(into).ok().map(|into| (*turn, first + into))
        })
    }

    fn heard(&self, now: Instant) -> Option<(u32, u64)> {
        let (rtp, at) = self.began?;
        let since = |span: Duration| i64::try_from(span.as_micros()).unwrap() * 48 / 1_000;
        let played = i64::from(rtp) + since(now - at) - since(self.buffer);
        // No further than what has come.
        let (newest, _) = self.newest?;
        let come = i64::from(rtp) + i64::from(newest.wrapping_sub(rtp).cast_signed()) + 960;
        let played = played.min(come);
        self.place_at(u32::try_from(played & 0xFFFF_FFFF).unwrap()).filter(|_| !self.is_shut)
    }

    /// A packet came; where the line had stood still, what was heard last.
    fn packet(&mut self, rtp: u32, now: Instant) -> Option<(u32, u64)> {
        let before = self.newest;
        if before.is_some_and(|(newest, _)| rtp.wrapping_sub(newest).cast_signed() <= 0) {
            return None;
        }
        let stood_still = before.filter(|(_, at)| now - *at > STALL && !self.is_shut);
        let last = stood_still.and_then(|(newest, _)| self.place_at(newest));
        self.newest = Some((rtp, now));
        if last.is_some() || self.began.is_none() {
            self.began = Some((rtp, now));
        }
        last.map(|(turn, place)| {
            self.is_shut = true;
            self.stops.push((turn, place + 960));
            (turn, place + 960)
        })
    }

    fn segment(&mut self, turn: u32, first: u64, rtp: u32) {
        if self.is_shut {
            self.segments.clear();
        }
        self.is_shut = false;
        self.segments.push((turn, first, rtp));
        self.begins.push((turn, first));
        if self.heard_at.is_none()
            && let Some((begun, at)) = self.began
        {
            let ahead = i64::from(rtp.wrapping_sub(begun).cast_signed()) * 1_000 / 48;
            let ahead = Duration::from_micros(u64::try_from(ahead).unwrap_or(0));
            self.heard_at = Some(at + self.buffer + ahead);
        }
    }

    fn report(&mut self, turn: u32, place: u64) -> u64 {
        let told = self.reported.entry(turn).or_default();
        *told = place.max(*told);
        *told
    }
}

struct Outcome {
    connected_after: Duration,
    first_sound_after: Duration,
    captions: Vec<(Speaker, String)>,
    stops: Vec<(u32, u64)>,
    begins: Vec<(u32, u64)>,
    packets: usize,
}

/// One session on this line: a question, an answer, the end.
async fn session_on(line: Line) -> Outcome {
    let studio = Studio::start(StandIns::new(&[QUESTION], &[ANSWER])).await;
    let mut guest =
        studio.join(Hello { participant_name: "Sam".to_owned(), ..Hello::default() }).await;
    let ready =
        |message: &ServerMessage| matches!(message, ServerMessage::MediaReady { .. }).then_some(());
    guest.first("webrtc.ready", ready).await;
    let mut listener = Listener::call(&mut guest, line).await;
    let outcome = tokio::time::timeout(LIMIT, listener.hold(&mut guest)).await;
    let captions = outcome.unwrap_or_else(|_| panic!("{}: no end within {LIMIT:?}", line.name));
    let episode = guest.end().await;
    let dir = studio.recordings().join(episode);
    let player = &listener.player;
    let heard_at = player.heard_at.expect("an answer was heard");
    check(line, &dir, &captions, heard_at - listener.asked_at.expect("a question was asked"));
    check_kept(line, &dir, &listener.spoken);
    Outcome {
        connected_after: listener.connected_after.expect("connected"),
        first_sound_after: listener.first_sound_after.expect("sound"),
        captions,
        stops: player.stops.clone(),
        begins: player.begins.clone(),
        packets: listener.caller.heard.len(),
    }
}

/// Where the answer says that this machine is reached by `carrier`.
fn candidate(answer: &str, carrier: &str) -> SocketAddr {
    let mut candidates = answer.lines().filter(|line| line.starts_with("a=candidate"));
    let words = candidates.find_map(|line| {
        let words: Vec<_> = line.split(' ').collect();
        (words[2] == carrier).then(|| format!("{}:{}", words[4], words[5]))
    });
    words.expect("a candidate").parse().expect("an address")
}

/// A stream in which each datagram has its length before it (RFC 4571).
async fn stream_to(server: SocketAddr) -> Framed<TcpStream, LengthDelimitedCodec> {
    let stream = TcpStream::connect(server).await.expect("a stream");
    stream.set_nodelay(true).expect("an option");
    LengthDelimitedCodec::builder().length_field_length(2).new_framed(stream)
}

async fn frame_of(stream: &mut Option<Framed<TcpStream, LengthDelimitedCodec>>) -> Vec<u8> {
    match stream {
        Some(stream) => {
            stream.next().await.expect("a stream that goes on").expect("a frame").to_vec()
        }
        None => std::future::pending().await,
    }
}

/// What a listener waits for.
enum Said {
    Caption(Speaker, String),
    Over,
}

struct Listener {
    line: Line,
    caller: Caller,
    /// The second one after a move.
    sockets: Vec<UdpSocket>,
    /// In place of both where UDP does not get through.
    stream: Option<Framed<TcpStream, LengthDelimitedCodec>>,
    server: SocketAddr,
    dice: Dice,
    /// On the way: when, up or down, what.
    under_way: BTreeMap<(Instant, u64), (bool, Vec<u8>)>,
    sent: u64,
    offered_at: Instant,
    answer_at: Option<Instant>,
    connected_after: Option<Duration>,
    first_sound_after: Option<Duration>,
    player: Player,
    taken: usize,
    encoder: TrackEncoder,
    said: u64,
    /// The packets of it.
    spoken: Vec<Vec<u8>>,
    /// When the first sample of the question was captured.
    asked_at: Option<Instant>,
    has_restarted: bool,
    sound: BySocket,
}

/// Where a listener is who goes back to the socket: the server says that WebRTC is over before it says where the turn goes on,
/// or else a page would leave that to its line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum BySocket {
    #[default]
    Not,
    Asked,
    Told,
    /// It plays from this sample of this turn since then, and has sound up to the last one.
    Resumed {
        turn: u32,
        first: u64,
        since: Instant,
        until: u64,
    },
}

impl BySocket {
    fn heard(self, now: Instant) -> Option<(u32, u64)> {
        let Self::Resumed { turn, first, since, until } = self else { return None };
        let played = u64::try_from((now - since).as_micros()).unwrap() * 48 / 1_000;
        Some((turn, until.min(first + played)))
    }
}

impl Listener {
    async fn call(guest: &mut Guest, line: Line) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let other = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let address = socket.local_addr().expect("an address");
        let now = Instant::now();
        let (mut caller, offer) = Caller::new(address, now.into_std());
        guest.say(ClientMessage::MediaOffer { sdp: offer, restart: false, offer: 0 }).await;
        let answer = guest
            .first("webrtc.answer", |message| match message {
                ServerMessage::MediaAnswer { sdp, .. } => Some(sdp.clone()),
                _ => None,
            })
            .await;
        let server = candidate(&answer, if line.by_tcp { "tcp" } else { "udp" });
        let stream = if line.by_tcp { Some(stream_to(server).await) } else { None };
        caller.accept(&answer);
        Self {
            line,
            caller,
            sockets: vec![socket, other],
            stream,
            server,
            dice: Dice::new(17 + line.jitter_ms + line.loss_percent),
            under_way: BTreeMap::new(),
            sent: 0,
            offered_at: now,
            answer_at: None,
            connected_after: None,
            first_sound_after: None,
            player: Player {
                buffer: Duration::from_millis(60 + line.jitter_ms),
                ..Player::default()
            },
            taken: 0,
            encoder: TrackEncoder::for_call().expect("Opus"),
            said: 0,
            spoken: Vec::new(),
            asked_at: None,
            has_restarted: false,
            sound: BySocket::Not,
        }
    }

    /// Until the answer is over: its captions.
    async fn hold(&mut self, guest: &mut Guest) -> Vec<(Speaker, String)> {
        let mut ticks = interval(Duration::from_millis(5));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut captions = Vec::<(Speaker, String)>::new();
        let mut is_over = false;
        let mut next_word = None::<Instant>;
        let mut next_report = Instant::now();
        let mut buffers = [[0; 2_048]; 2];
        loop {
            let [first, second] = &mut buffers;
            let mut came = None;
            tokio::select! {
                got = self.sockets[0].recv_from(first) => came = got.ok().map(|(n, _)| first[..n].to_vec()),
                got = self.sockets[1].recv_from(second) => came = got.ok().map(|(n, _)| second[..n].to_vec()),
                frame = frame_of(&mut self.stream) => came = Some(frame),
                message = guest.client.next() => {
                    let said = self.on_message(message.expect("readable"));
                    is_over |= matches!(said, Some(Said::Over));
                    if let Some(Said::Caption(speaker, text)) = said {
                        captions.push((speaker, text));
                    }
                }
                _ = ticks.tick() => {}
            }
            // The last words may be told after the figures.
            if is_over && captions.last().is_some_and(|(_, text)| ANSWER.ends_with(text.as_str())) {
                return captions;
            }
            let now = Instant::now();
            for message in self.change(now) {
                guest.say(message).await;
            }
            if let Some(datagram) = came {
                self.send(false, datagram, now);
            }
            self.deliver(now).await;
            if self.caller.timeout() <= now.into_std() {
                self.caller.pass_time(now.into_std());
            }
            if self.caller.is_connected {
                self.connected_after.get_or_insert(now - self.offered_at);
                let due = *next_word.get_or_insert(now);
                if due <= now {
                    next_word = Some(due + Duration::from_millis(20));
                    self.speak(due, now);
                }
            }
            while let Some((_, datagram)) = self.caller.sending.pop_front() {
                self.send(true, datagram, now);
            }
            for report in self.listen(now) {
                guest.say(report).await;
            }
            if next_report <= now {
                next_report = now + Duration::from_millis(50);
                if let Some((turn, place)) =
                    self.sound.heard(now).or_else(|| self.player.heard(now))
                {
                    let played = self.player.report(turn, place);
                    guest.say(self.playout(turn, played, false, now)).await;
                }
            }
        }
    }

    /// Half a second of quiet, a voice for 1.2 s, then quiet. The microphone is even: what is sent late was captured when
    /// it was due.
    fn speak(&mut self, due: Instant, now: Instant) {
        let is_voice = (25..85).contains(&self.said);
        if is_voice {
            // A packet leaves when its last sample is there.
            self.asked_at.get_or_insert(due - Duration::from_millis(20));
        }
        let frame: Vec<i16> = (0..960)
            .map(|n| match (is_voice, n % 240 < 120) {
                (false, _) => 0,
                (true, true) => 6_000,
                (true, false) => -6_000,
            })
            .collect();
        let packet = self.encoder.encode(&frame).expect("a frame").to_vec();
        self.said += 1;
        self.caller.say(&packet, now.into_std());
        self.spoken.push(packet);
    }

    /// What the listener does of its own about its line.
    fn change(&mut self, now: Instant) -> Vec<ClientMessage> {
        let since = self.since_answer(now);
        let is_due =
            |after: Option<Duration>| after.zip(since).is_some_and(|(after, since)| since >= after);
        if is_due(self.line.restarts_after) && !std::mem::replace(&mut self.has_restarted, true) {
            return vec![ClientMessage::MediaOffer {
                sdp: self.caller.restart(),
                restart: true,
                offer: 8,
            }];
        }
        if is_due(self.line.leaves_after) && self.sound == BySocket::Not {
            self.sound = BySocket::Asked;
            let (turn, place) = self.player.heard(now).expect("in mid-turn");
            let played = self.player.report(turn, place);
            self.player.is_shut = true;
            self.player.stops.push((turn, played));
            return vec![self.playout(turn, played, false, now), ClientMessage::MediaClose];
        }
        Vec::new()
    }

    fn since_answer(&self, now: Instant) -> Option<Duration> {
        self.answer_at.map(|at| now - at)
    }

    /// Puts a datagram on the line.
    fn send(&mut self, is_up: bool, datagram: Vec<u8>, now: Instant) {
        let is_hole = self
            .line
            .hole
            .zip(self.since_answer(now))
            .is_some_and(|((from, until), since)| (from..until).contains(&since));
        let is_up_already = self.caller.is_connected;
        if is_hole || (is_up_already && self.dice.chance(self.line.loss_percent)) {
            return;
        }
        let is_held = is_up_already && self.dice.chance(self.line.held_percent);
        let jitter = Duration::from_micros(self.dice.between(0, self.line.jitter_ms * 1_000));
        let delay = jitter + if is_held { HELD } else { Duration::ZERO };
        self.sent += 1;
        self.under_way.insert((now + delay, self.sent), (is_up, datagram));
    }

    async fn deliver(&mut self, now: Instant) {
        while let Some(entry) = self.under_way.first_entry() {
            if entry.key().0 > now {
                return;
            }
            let (is_up, datagram) = entry.remove();
            if is_up && let Some(stream) = &mut self.stream {
                stream.send(Bytes::from(datagram)).await.expect("sent");
            } else if is_up {
                let has_moved = self
                    .line
                    .moves_after
                    .zip(self.since_answer(now))
                    .is_some_and(|(after, since)| since >= after);
                let socket = &self.sockets[usize::from(has_moved)];
                socket.send_to(&datagram, self.server).await.expect("sent");
            } else {
                self.caller.input(&datagram, self.server, now.into_std());
            }
        }
    }

    /// Plays what came of Claude's track; what has to be told about it.
    fn listen(&mut self, now: Instant) -> Vec<ClientMessage> {
        let mut reports = Vec::new();
        while let Some(packet) = self.caller.heard.get(self.taken) {
            self.taken += 1;
            self.first_sound_after.get_or_insert(now - self.offered_at);
            if packet.track != 0 {
                continue;
            }
            if let Some((turn, place)) = self.player.packet(packet.timestamp, now) {
                let played = self.player.report(turn, place);
                reports.push(self.playout(turn, played, true, now));
            }
        }
        reports
    }

    fn playout(&self, turn: u32, played: u64, stalled: bool, now: Instant) -> ClientMessage {
        let told =
            u64::try_from((now - self.offered_at).as_micros()).unwrap() * 48 / 1_000 + 480_000;
        ClientMessage::Playout {
            speaker: voice_studio::conversation::AiSpeaker::Claude,
            turn: voice_studio::conversation::TurnId(turn),
            played_samples: played,
            capture_sample: None,
            flushed: false,
            stalled,
            clock: Some(PlayoutClock { at: told, sent: told }),
        }
    }

    fn on_message(&mut self, received: Received) -> Option<Said> {
        match received {
            Received::Message(numbered) => match numbered.message {
                ServerMessage::MediaSegment { turn, first_sample, rtp_timestamp, .. } => {
                    self.answer_at.get_or_insert(Instant::now());
                    self.player.segment(turn.0, first_sample, rtp_timestamp);
                    None
                }
                ServerMessage::Caption(caption) if caption.is_final => {
                    Some(Said::Caption(caption.speaker, caption.text))
                }
                ServerMessage::MediaAnswer { sdp, offer } => {
                    assert_eq!(offer, 8, "the answer names its offer");
                    self.caller.accept(&sdp);
                    None
                }
                ServerMessage::MediaState { connected: false, reason } => {
                    assert_eq!((self.sound, reason.as_str()), (BySocket::Asked, "dismissed"));
                    self.sound = BySocket::Told;
                    None
                }
                ServerMessage::Resume { turn, from_sample, .. } => {
                    assert_eq!(self.sound, BySocket::Told);
                    let (first, since) = (from_sample, Instant::now());
                    self.sound = BySocket::Resumed { turn: turn.0, first, since, until: first };
                    self.player.begins.push((turn.0, first));
                    None
                }
                // The reply's times are told when its turn is over.
                ServerMessage::Metrics(_) => Some(Said::Over),
                _ => None,
            },
            Received::Sound(frame) => {
                let BySocket::Resumed { until, .. } = &mut self.sound else {
                    panic!("{}: sound on the socket", self.line.name);
                };
                assert_eq!(frame.first_sample, *until, "nothing twice, nothing left out");
                *until += frame.samples.len() as u64;
                None
            }
            Received::Closed { code, reason } => {
                panic!("{}: closed with {code} {reason}", self.line.name)
            }
        }
    }
}

fn check(
    line: Line,
    dir: &std::path::Path,
    captions: &[(Speaker, String)],
    asked_to_heard: Duration,
) {
    let name = line.name;
    let questions: Vec<_> = captions
        .iter()
        .filter(|(speaker, _)| *speaker == Speaker::You)
        .map(|(_, text)| text.as_str())
        .collect();
    assert_eq!(questions.join(" "), QUESTION, "{name}");
    let answers: Vec<_> = captions
        .iter()
        .filter(|(speaker, _)| *speaker == Speaker::Claude)
        .map(|(_, text)| text.as_str())
        .collect();
    assert_eq!(answers.join(" "), ANSWER, "{name}");
    let samples = |speaker| crate::recording::decode(dir, speaker);
    let (you, claude, guest) =
        (samples(Speaker::You), samples(Speaker::Claude), samples(Speaker::Guest));
    assert_eq!((you.len(), you.len()), (claude.len(), guest.len()), "{name}: tracks are equal");
    let voiced = |track: &[i16]| {
        track.chunks(480).filter(|part| part.iter().any(|sample| sample.abs() > 300)).count() * 10
    };
    // The host spoke for 1.2 s, whatever the line; a hole of the line lies in the answer.
    let host_ms = voiced(&you);
    assert!((1_000..1_450).contains(&host_ms), "{name}: the host is heard for {host_ms} ms");
    let claude_ms = voiced(&claude);
    let manifest = std::fs::read_to_string(dir.join("session.yml")).expect("a manifest");
    let cuts = manifest.lines().filter_map(|line| line.trim().strip_prefix("cut_samples: "));
    let cuts: Vec<u64> = cuts.map(|cut| cut.parse().expect("a number")).collect();
    assert!(cuts.len() == 3 && cuts[1] < 4_800, "{name}: {cuts:?} samples found no place");
    assert!((4_900..5_900).contains(&claude_ms), "{name}: the answer takes {claude_ms} ms");
    let onset = |track: &[i16]| {
        let at = track.iter().position(|sample| sample.abs() > 300).expect("a sound");
        at as f64 / 48.0
    };
    let apart = onset(&claude) - onset(&you) - asked_to_heard.as_secs_f64() * 1_000.0;
    println!(
        "{name}: host {host_ms} ms, answer {claude_ms} ms, tracks {apart:.1} ms apart from true time"
    );
    let apart_max = APART_MAX_MS + APART_OF_JITTER * line.jitter_ms as f64;
    assert!(apart.abs() < apart_max, "{name}: {apart:.1} ms, at most {apart_max}");
    let events: Vec<_> = read_events(&dir.join("events.jsonl")).expect("a log").collect();
    assert!(!events.is_empty());
}

/// What is kept of the host's packets is what was said, byte for byte, each packet once, and all that came through.
fn check_kept(line: Line, dir: &std::path::Path, spoken: &[Vec<u8>]) {
    let name = line.name;
    let file = std::fs::read(dir.join(CAPTURE_DIR).join(CAPTURE_FILE)).expect("packets");
    let kept = kept_packets(&file);
    let mut seen = std::collections::BTreeSet::new();
    for packet in &kept {
        let n = packet.sequence.wrapping_sub(FIRST_SEQUENCE);
        assert_eq!(packet.payload, spoken[usize::from(n)], "{name}: packet {n}");
        assert_eq!(packet.timestamp, FIRST_TIMESTAMP.wrapping_add(u32::from(n) * 960), "{name}");
        assert!(seen.insert(n), "{name}: packet {n} is kept twice");
    }
    assert!(kept.is_sorted_by_key(|packet| packet.at_ms), "{name}: in the order of their coming");
    // The question was said by then.
    assert!(kept.len() >= 80, "{name}: {} kept", kept.len());
    if line.hole.is_none() && line.leaves_after.is_none() {
        let through = spoken.len() as u64 * (100 - line.loss_percent) / 100;
        let (least, most) = (through * 9 / 10, spoken.len() as u64);
        assert!((least..=most).contains(&(kept.len() as u64)), "{name}: {} kept", kept.len());
    }
}

const fn line(name: &'static str, loss_percent: u64, jitter_ms: u64) -> Line {
    Line {
        name,
        loss_percent,
        jitter_ms,
        held_percent: 0,
        hole: None,
        moves_after: None,
        by_tcp: false,
        restarts_after: None,
        leaves_after: None,
    }
}

/// A dozen listeners with their coders are as much as two cores keep on time.
static ONE_CROWD: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Holds a session on each of these lines at once.
async fn hold_on(lines: Vec<Line>) -> Vec<Outcome> {
    let _alone = ONE_CROWD.lock().await;
    let outcomes = futures_util::future::join_all(lines.iter().copied().map(session_on)).await;
    for (line, outcome) in lines.iter().zip(&outcomes) {
        println!(
            "{}: connected after {:?}, first packet after {:?}, {} packets, begins {:?}, stops {:?}, {:?}",
            line.name,
            outcome.connected_after,
            outcome.first_sound_after,
            outcome.packets,
            outcome.begins,
            outcome.stops,
            outcome.captions
        );
        // Nothing is spoken twice and nothing left out: sound goes on where it was told to have stopped.
        let mut stops = outcome.stops.iter();
        let mut heard = None::<(u32, u64)>;
        for begin in &outcome.begins {
            if heard.is_some_and(|(turn, _)| turn == begin.0)
                && let Some(stop) = stops.next()
            {
                assert_eq!(begin, stop, "{}", line.name);
            } else {
                assert!(heard.is_none_or(|before| before < *begin), "{}", line.name);
            }
            heard = Some(*begin);
        }
    }
    outcomes
}

#[actix::test]
async fn a_session_holds_on_every_line() {
    let lines = vec![
        line("good", 0, 0),
        line("0 %, 50 ms", 0, 50),
        line("0 %, 150 ms", 0, 150),
        line("5 %", 5, 0),
        line("5 %, 50 ms", 5, 50),
        line("5 %, 150 ms", 5, 150),
        line("20 %", 20, 0),
        line("20 %, 50 ms", 20, 50),
        line("20 %, 150 ms", 20, 150),
        Line { held_percent: 20, ..line("reordered", 0, 0) },
        Line { by_tcp: true, ..line("no UDP", 0, 0) },
    ];
    let outcomes = hold_on(lines).await;
    assert!(outcomes.iter().all(|outcome| outcome.stops.is_empty()));
}

#[actix::test]
async fn a_session_holds_through_a_hole_and_changes_of_the_line() {
    let (from, until) = (Duration::from_millis(800), Duration::from_millis(5_800));
    let lines = vec![
        Line { hole: Some((from, until)), ..line("a hole of five seconds", 0, 0) },
        Line { moves_after: Some(Duration::from_millis(700)), ..line("another port", 0, 0) },
        Line { restarts_after: Some(Duration::from_millis(700)), ..line("ICE anew", 0, 0) },
        Line { leaves_after: Some(Duration::from_millis(900)), ..line("back to the socket", 0, 0) },
    ];
    let outcomes = hold_on(lines).await;
    assert_eq!(outcomes[0].stops.len(), 1, "the hole is noticed once");
    assert_eq!(outcomes[0].begins.len(), 2, "and sound goes on once");
    assert!(outcomes[1].stops.is_empty() && outcomes[2].stops.is_empty());
    assert_eq!(outcomes[3].begins.len(), 2, "sound goes on by the socket");
}
