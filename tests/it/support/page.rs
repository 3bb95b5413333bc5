//! A page in real time: a microphone with a soft tone, a loudspeaker, and all that survives a lost connection.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};
use voice_studio::client::player::Player;
use voice_studio::client::{Client, Received};
use voice_studio::transport::protocol::{
    ClientMessage, Hello, HostAudio, ServerMessage, WireCaption,
};

use super::proxy::Proxy;

/// Turns the AIs take on autopilot before they rest: the default of the rules.
pub(crate) const TURNS: usize = 6;
/// Amplitude of the host's tone: 10 dB under what counts as voice.
const TONE: f64 = 140.0;
/// Longest a disturbed session may take to get all of it through.
const LIMIT: Duration = Duration::from_secs(110);

/// A page and its host: everything that survives a lost connection.
pub(crate) struct Page {
    pub(crate) episode: String,
    /// The name its recording got: another if the answer to its first hello was lost and it said hello again.
    pub(crate) recorded_as: String,
    pub(crate) token: Option<String>,
    pub(crate) last_seq: u64,
    pub(crate) player: Player,
    began: Instant,
    played: u64,
    sent_frames: u32,
    captured: u64,
    pub(crate) heard_of: Heard,
    /// Codes of errors, for a test that expects some; others have none.
    pub(crate) errors: Vec<String>,
    pub(crate) errors_are_expected: bool,
}

/// What the page was told.
#[derive(Default)]
pub(crate) struct Heard {
    /// How often each number came.
    pub(crate) numbers: BTreeMap<u64, usize>,
    pub(crate) finals: Vec<WireCaption>,
    pub(crate) orbs: Vec<(String, String)>,
    pub(crate) replies: usize,
    pub(crate) is_on_autopilot: bool,
    pub(crate) is_recorded: bool,
}

impl Page {
    pub(crate) fn new(episode: String) -> Self {
        Self {
            episode,
            recorded_as: String::new(),
            token: None,
            last_seq: 0,
            player: Player::keeping(),
            began: Instant::now(),
            played: 0,
            sent_frames: 0,
            captured: 0,
            heard_of: Heard::default(),
            errors: Vec::new(),
            errors_are_expected: false,
        }
    }

    pub(crate) fn hello(&self) -> Hello {
        let last_seq = self.token.is_some().then_some(self.last_seq);
        Hello {
            episode_id: self.episode.clone(),
            resume_token: self.token.clone(),
            last_seq,
            reports: true,
            ..Hello::default()
        }
    }

    /// Whether all that the AIs had to say was said.
    pub(crate) fn is_done(&self) -> bool {
        self.heard_of.replies >= TURNS && !self.player.counts().is_busy
    }

    /// Talks through `proxy` until all was said, coming back as often as it takes.
    pub(crate) async fn talk(&mut self, proxy: &Proxy) {
        let limit = Instant::now() + LIMIT;
        while !self.is_done() {
            assert!(Instant::now() < limit, "{}: {} replies", self.episode, self.heard_of.replies);
            if let Ok(mut client) = Client::connect(proxy.address).await {
                self.sit(&mut client, Self::is_done).await;
            }
        }
        proxy.calm_down();
        while !self.heard_of.is_recorded {
            assert!(Instant::now() < limit, "{}: no recording", self.episode);
            let mut client = Client::connect(proxy.address).await.expect("a calm network");
            self.sit(&mut client, |page| page.heard_of.is_recorded).await;
        }
    }

    /// One connection, until it is lost or `over`.
    pub(crate) async fn sit(&mut self, client: &mut Client, over: impl Fn(&Self) -> bool) {
        if client.say(&ClientMessage::Hello(self.hello())).await.is_err() {
            return;
        }
        let mut is_ready = false;
        let mut tick = interval(Duration::from_millis(20));
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        // A microphone that nobody listens to is not kept: its counter runs on.
        self.captured = self.counter();
        while !over(self) {
            let sent = tokio::select! {
                _ = tick.tick() => self.tick(client, is_ready).await,
                received = client.next() => match received {
                    Ok(Received::Closed { .. }) | Err(_) => return,
                    Ok(received) => {
                        is_ready |= matches!(&received, Received::Message(numbered)
                            if matches!(numbered.message, ServerMessage::SessionReady { .. }));
                        self.take(received, client).await
                    }
                },
            };
            if sent.is_none() {
                return;
            }
        }
    }

    /// Samples since the page was opened.
    fn counter(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap() * 48 / 1000
    }

    async fn tick(&mut self, client: &mut Client, is_ready: bool) -> Option<()> {
        let now = self.counter();
        while is_ready && self.captured + 960 <= now {
            let tone = (self.captured..self.captured + 960).flat_map(|index| {
                let phase = std::f64::consts::TAU * 440.0 * index as f64 / 48_000.0;
                i16::to_le_bytes(tone_sample(phase))
            });
            let frame = HostAudio {
                sequence: self.sent_frames,
                capture_sample: self.captured,
                muted: false,
                payload: tone.collect::<Vec<u8>>().into(),
            };
            self.sent_frames += 1;
            self.captured += 960;
            client.send_sound(&frame).await.ok()?;
        }
        let due = now - self.played;
        self.played = now;
        for report in self.player.play(usize::try_from(due).unwrap(), now) {
            client.say(&report).await.ok()?;
        }
        if is_ready && !self.heard_of.is_on_autopilot {
            client.say(&ClientMessage::ToggleAutopilot { enabled: true }).await.ok()?;
        }
        if is_ready && self.is_done() {
            client.say(&ClientMessage::End).await.ok()?;
        }
        Some(())
    }

    async fn take(&mut self, received: Received, client: &mut Client) -> Option<()> {
        let numbered = match received {
            Received::Message(numbered) => numbered,
            Received::Sound(frame) => {
                self.player.take(&frame);
                return Some(());
            }
            Received::Closed { .. } => return None,
        };
        self.last_seq = numbered.seq;
        *self.heard_of.numbers.entry(numbered.seq).or_default() += 1;
        let report = self.player.obey(&numbered.message, self.counter());
        match numbered.message {
            ServerMessage::SessionReady { resume_token, episode_id, .. } => {
                self.token = Some(resume_token);
                self.recorded_as = episode_id;
            }
            ServerMessage::Caption(caption) if caption.is_final => {
                self.heard_of.finals.push(caption);
            }
            ServerMessage::Orb { speaker, state } => {
                let state = serde_json::to_string(&state).expect("a word");
                self.heard_of.orbs.push((speaker.to_string(), state));
            }
            ServerMessage::Metrics(_) => self.heard_of.replies += 1,
            // Once is enough: AIs that have had their turns rest, and are not to be set going again.
            ServerMessage::Autopilot { enabled } => self.heard_of.is_on_autopilot |= enabled,
            ServerMessage::RecordingReady { .. } => self.heard_of.is_recorded = true,
            ServerMessage::Error { code, message, .. } => {
                assert!(self.errors_are_expected, "{}: {code} {message}", self.episode);
                self.errors.push(code);
            }
            _ => {}
        }
        match report {
            Some(report) => client.say(&report).await.ok(),
            None => Some(()),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the tone is soft")]
fn tone_sample(phase: f64) -> i16 {
    (TONE * phase.sin()) as i16
}
