//! A host at the other end of the wire: a microphone that speaks by plan, a player, and what was noticed when.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::bail;
use bytes::{BufMut as _, BytesMut};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use voice_studio::client::player::Player;
use voice_studio::client::{Client, Received};
use voice_studio::conversation::{AiSpeaker, TurnId};
use voice_studio::transport::protocol::{
    AiAudio, ClientMessage, Hello, HelloAudio, HostAudio, ServerMessage,
};

use super::studio::Scene;

/// Samples of a 20 ms frame of the host.
const FRAME: u64 = 960;
/// Samples of a millisecond.
pub(crate) const MS: u64 = 48;

/// What is done and noticed at the host's place. Times run from the session's begin at the client.
pub(crate) trait Guest: Send {
    /// Called every few milliseconds, after the player has played.
    fn tick(
        &mut self,
        now: Duration,
        player: &Player,
        microphone: &mut Microphone,
    ) -> Option<ClientMessage>;
    /// A frame of an AI has come.
    fn sound(&mut self, _now: Duration, _frame: &AiAudio, _microphone: &mut Microphone) {}
    /// A message has come.
    fn message(&mut self, _now: Duration, _message: &ServerMessage) {}
}

/// What the session itself came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held {
    /// From the start of the connection to `session.ready`, ms.
    pub(crate) ready_ms: f64,
    /// Unix time of the client's begin, ms.
    pub(crate) began_unix_ms: f64,
    /// By how much each frame came after its place in its turn, ms; 0 if it came ahead.
    pub(crate) late_ms: Vec<f64>,
    /// The recording's folder.
    pub(crate) episode: String,
}

/// A microphone that is silent but where it was told to speak.
#[derive(Debug)]
pub(crate) struct Microphone {
    voice: Arc<[i16]>,
    /// Captured samples in which it speaks, and where in the voice it begins.
    speech: Range<u64>,
    voice_from: u64,
    sent: u64,
    sequence: u32,
}

impl Microphone {
    /// Speaks the voice from its sample `from` at captured samples `when`; the voice goes round.
    pub(crate) fn speak(&mut self, when: Range<u64>, from: u64) {
        (self.speech, self.voice_from) = (when, from);
    }

    /// Whether it still has to speak.
    pub(crate) fn is_speaking(&self) -> bool {
        self.sent < self.speech.end
    }

    /// Samples sent until now.
    pub(crate) const fn sent(&self) -> u64 {
        self.sent
    }

    fn frames(&mut self, elapsed: Duration) -> Vec<HostAudio> {
        let captured = samples(elapsed);
        let mut frames = Vec::new();
        while self.sent + FRAME <= captured {
            let mut payload = BytesMut::with_capacity(2 * 960);
            for at in self.sent..self.sent + FRAME {
                payload.put_i16_le(if self.speech.contains(&at) {
                    let index =
                        (at - self.speech.start + self.voice_from) % self.voice.len() as u64;
                    usize::try_from(index)
                        .ok()
                        .and_then(|i| self.voice.get(i))
                        .copied()
                        .unwrap_or(0)
                } else {
                    0
                });
            }
            frames.push(HostAudio {
                sequence: self.sequence,
                capture_sample: self.sent,
                muted: false,
                payload: payload.freeze(),
            });
            self.sequence += 1;
            self.sent += FRAME;
        }
        frames
    }
}

/// A duration in samples at 48 kHz.
pub(crate) fn samples(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_nanos() * 48 / 1_000_000).unwrap_or(u64::MAX)
}

/// A sample's time in ms.
#[expect(clippy::cast_precision_loss, reason = "a bench runs for minutes")]
pub(crate) fn ms_of(sample: u64) -> f64 {
    sample as f64 / 48.0
}

/// What a session is to be.
#[derive(Clone, Debug)]
pub(crate) struct Sitting {
    /// Where the studio is.
    pub(crate) address: SocketAddr,
    /// Its script.
    pub(crate) scene: Scene,
    /// Its recording's name.
    pub(crate) episode: String,
    /// How long it lasts.
    pub(crate) length: Duration,
    /// How often the host's end looks at its clock.
    pub(crate) tick: Duration,
    /// What the host's voice is, at 48 kHz.
    pub(crate) voice: Arc<[i16]>,
}

/// Holds one session to its end.
pub(crate) async fn hold(sitting: &Sitting, guest: &mut dyn Guest) -> anyhow::Result<Held> {
    let connecting = Instant::now();
    let mut client = Client::connect(sitting.address).await?;
    let hello = Hello {
        episode_id: sitting.episode.clone(),
        briefing: Some(sitting.scene.name()),
        audio: Some(HelloAudio { codec: "pcm".to_owned(), sample_rate: 48_000 }),
        ..Hello::default()
    };
    client.say(&ClientMessage::Hello(hello)).await?;
    let mut held = Held::default();
    loop {
        if let Received::Message(numbered) = client.next().await?
            && let ServerMessage::SessionReady { episode_id, .. } = numbered.message
        {
            held.episode = episode_id;
            break;
        }
    }
    held.ready_ms = connecting.elapsed().as_secs_f64() * 1000.0;
    if sitting.scene == Scene::Autopilot {
        client.say(&ClientMessage::ToggleAutopilot { enabled: true }).await?;
    }
    let began = Instant::now();
    held.began_unix_ms = unix_ms();
    talk(&mut client, sitting, guest, began, &mut held).await?;
    client.say(&ClientMessage::End).await?;
    let limit = Instant::now() + Duration::from_secs(20);
    loop {
        tokio::select! {
            received = client.next() => match received? {
                Received::Closed { .. } => return Ok(held),
                Received::Message(_) | Received::Sound(_) => {}
            },
            () = sleep_until(limit) => bail!("a session did not end within 20 s"),
        }
    }
}

async fn talk(
    client: &mut Client,
    sitting: &Sitting,
    guest: &mut dyn Guest,
    began: Instant,
    held: &mut Held,
) -> anyhow::Result<()> {
    let voice = Arc::clone(&sitting.voice);
    let mut microphone = Microphone { voice, speech: 0..0, voice_from: 0, sent: 0, sequence: 0 };
    let mut player = Player::default();
    let mut places: [Option<(TurnId, Duration)>; 2] = [None; 2];
    let mut played = 0;
    let mut tick = interval(sitting.tick);
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    while began.elapsed() < sitting.length {
        tokio::select! {
            _ = tick.tick() => {
                let now = began.elapsed();
                for frame in microphone.frames(now) {
                    client.send_sound(&frame).await?;
                }
                let due = samples(now) - played;
                played += due;
                for report in player.play(usize::try_from(due)?, samples(now)) {
                    client.say(&report).await?;
                }
                if let Some(message) = guest.tick(now, &player, &mut microphone) {
                    client.say(&message).await?;
                }
            }
            received = client.next() => {
                let now = began.elapsed();
                match received? {
                    Received::Sound(frame) => {
                        guest.sound(now, &frame, &mut microphone);
                        held.late_ms.push(lateness(&mut places[frame.speaker.index()], &frame, now));
                        player.take(&frame);
                    }
                    Received::Message(numbered) => {
                        let capture = samples(now);
                        guest.message(now, &numbered.message);
                        if let Some(report) = player.obey(&numbered.message, capture) {
                            client.say(&report).await?;
                        }
                    }
                    Received::Closed { code, reason } => bail!("closed: {code} {reason}"),
                }
            }
        }
    }
    Ok(())
}

/// A turn's frames have their places from the arrival of its first one. Pauses move them, so only scenes without
/// interruptions read this.
fn lateness(place: &mut Option<(TurnId, Duration)>, frame: &AiAudio, now: Duration) -> f64 {
    let begin = match place {
        Some((turn, begin)) if *turn == frame.turn => *begin,
        _ => {
            *place = Some((frame.turn, now));
            now
        }
    };
    ((now - begin).as_secs_f64() * 1000.0 - ms_of(frame.first_sample)).max(0.0)
}

/// Unix time in ms with its fractions.
#[expect(clippy::disallowed_methods, reason = "compared with the event log's wall clock")]
pub(crate) fn unix_ms() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64() * 1000.0)
}

/// One second of a buzz with the harmonics of a voice, swelling like syllables.
pub(crate) fn buzz() -> Arc<[i16]> {
    let tau = std::f64::consts::TAU;
    (0..48_000)
        .map(|n| {
            let t = f64::from(n) / 48_000.0;
            let syllable = 0.6 - 0.4 * (t * tau * 4.0).cos();
            let buzz: f64 =
                (1..25).map(|h| (f64::from(h) * 120.0 * t * tau).sin() / f64::from(h)).sum();
            #[expect(clippy::cast_possible_truncation, reason = "well within 16 bits")]
            let sample = (8_000.0 * syllable * buzz) as i16;
            sample
        })
        .collect()
}

/// How much of each AI was played.
pub(crate) fn heard(player: &Player) -> [u64; 2] {
    AiSpeaker::BOTH.map(|speaker| player.heard_samples(speaker))
}
