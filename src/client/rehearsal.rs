//! A host who speaks from a file: holds one whole session over the wire and tells what came of it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::bail;
use bytes::{BufMut, BytesMut};
use serde::Serialize;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::player::Player;
use super::{Client, Received};
use crate::transport::protocol::{
    ClientMessage, FRAME_MS, Hello, HelloAudio, HostAudio, OrbState, ServerMessage, Speaker,
    WireCaption, WireFile, WireMetrics,
};

/// Quiet after the host's last line and the last answer before the session is ended: longer than the longest wait of
/// the conversation for the end of a turn and its words.
pub const QUIET_AT_END: Duration = Duration::from_millis(3_500);
/// Longest rehearsal beyond the host's file.
pub const OVERTIME_MAX: Duration = Duration::from_secs(90);
/// Longest wait for the recording after the end.
pub const RECORDING_LIMIT: Duration = Duration::from_secs(30);

/// The host's voice.
#[derive(Clone, Debug)]
pub struct HostFile {
    rate: u32,
    samples: Vec<i16>,
}

impl HostFile {
    /// A voice of `samples` at one of the wire's rates.
    #[must_use]
    pub const fn new(rate: u32, samples: Vec<i16>) -> Self {
        Self { rate, samples }
    }

    /// Length of the file.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_millis(self.samples.len() as u64 * 1000 / u64::from(self.rate))
    }
}

/// What else the host does.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// The recording's name; empty takes the briefing's.
    pub episode_id: String,
    /// The briefing's name; empty takes the studio's first.
    pub briefing: String,
    /// Whether autopilot is switched on at the start.
    pub autopilot: bool,
}

/// What came of a rehearsal.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// The session.
    pub session_id: String,
    /// The recording's name.
    pub episode_id: String,
    /// Where it lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dir: Option<String>,
    /// The recording's files.
    pub files: Vec<WireFile>,
    /// Final captions in the order of time.
    pub transcript: Vec<Line>,
    /// Times of each reply.
    pub turns: Vec<WireMetrics>,
    /// What the studio told the host.
    pub notices: Vec<String>,
    /// Frames of an AI that came after the sound before them had run out.
    pub late_frames: u64,
    /// Frames of an AI that could not be played: doubled, after a hole, or more than a listener holds.
    pub dropped_frames: u64,
    /// Length of the rehearsal.
    pub seconds: f64,
}

/// One line of the transcript.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// Who.
    pub speaker: Speaker,
    /// On-air name.
    pub name: String,
    /// What was heard.
    pub text: String,
    /// Session ms.
    pub start: u64,
    /// Session ms.
    pub end: u64,
    /// Whether the speaker was cut off here.
    pub cut: bool,
}

/// Holds the session.
///
/// # Errors
/// If the studio refuses it, breaks off, or leaves no recording.
pub async fn rehearse(
    address: SocketAddr,
    host: HostFile,
    script: &Script,
) -> anyhow::Result<Summary> {
    let mut client = Client::connect(address).await?;
    let hello = Hello {
        episode_id: script.episode_id.clone(),
        briefing: Some(script.briefing.clone()).filter(|name| !name.is_empty()),
        audio: Some(HelloAudio { codec: "pcm".to_owned(), sample_rate: host.rate }),
        protocol: Some(1),
        reports: true,
        ..Hello::default()
    };
    client.say(&ClientMessage::Hello(hello)).await?;
    let mut table = Table::default();
    while table.summary.session_id.is_empty() {
        table.take(client.next().await?, 0)?;
    }
    if script.autopilot {
        client.say(&ClientMessage::ToggleAutopilot { enabled: true }).await?;
    }
    let began = Instant::now();
    talk(&mut client, &mut table, &host, began).await?;
    client.say(&ClientMessage::End).await?;
    let limit = Instant::now() + RECORDING_LIMIT;
    while table.summary.files.is_empty() {
        tokio::select! {
            received = client.next() => drop(table.take(received?, 0)?),
            () = sleep_until(limit) => bail!("no recording came within {} s", RECORDING_LIMIT.as_secs()),
        }
    }
    Ok(table.finish(began.elapsed()))
}

/// Speaks the file and hears the answers until all is quiet.
async fn talk(
    client: &mut Client,
    table: &mut Table,
    host: &HostFile,
    began: Instant,
) -> anyhow::Result<()> {
    let mut microphone = Microphone { host, sent: 0, sequence: 0 };
    let mut tick = interval(Duration::from_millis(u64::from(FRAME_MS)));
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut played = 0;
    let overtime = began + host.duration() + OVERTIME_MAX;
    let mut quiet_since = began;
    loop {
        tokio::select! {
            _ = tick.tick() => {
                let elapsed = began.elapsed();
                for frame in microphone.due(elapsed) {
                    client.send_sound(&frame).await?;
                }
                let capture = counter(elapsed, host.rate);
                let due = counter(elapsed, 48_000) - played;
                played += due;
                for report in table.player.play(usize::try_from(due)?, capture) {
                    client.say(&report).await?;
                }
                let now = Instant::now();
                if elapsed < host.duration() || table.is_busy() {
                    quiet_since = now;
                } else if now.duration_since(quiet_since) > QUIET_AT_END {
                    return Ok(());
                }
                if now > overtime {
                    bail!("the rehearsal did not come to an end {} s after the host's file", OVERTIME_MAX.as_secs());
                }
            }
            received = client.next() => {
                let capture = counter(began.elapsed(), host.rate);
                if let Some(report) = table.take(received?, capture)? {
                    client.say(&report).await?;
                }
            }
        }
    }
}

fn counter(elapsed: Duration, rate: u32) -> u64 {
    u64::try_from(elapsed.as_nanos() * u128::from(rate) / 1_000_000_000).unwrap_or(u64::MAX)
}

/// The host's microphone: the file, then silence.
struct Microphone<'a> {
    host: &'a HostFile,
    sent: u64,
    sequence: u32,
}

impl Microphone<'_> {
    /// The frames that a microphone would have captured by now.
    fn due(&mut self, elapsed: Duration) -> Vec<HostAudio> {
        let frame = u64::from(self.host.rate / 1000 * FRAME_MS);
        let captured = counter(elapsed, self.host.rate);
        let mut frames = Vec::new();
        while self.sent + frame <= captured {
            let mut payload = BytesMut::new();
            for index in self.sent..self.sent + frame {
                let sample =
                    usize::try_from(index).ok().and_then(|index| self.host.samples.get(index));
                payload.put_i16_le(sample.copied().unwrap_or(0));
            }
            frames.push(HostAudio {
                sequence: self.sequence,
                capture_sample: self.sent,
                muted: false,
                payload: payload.freeze(),
            });
            self.sequence += 1;
            self.sent += frame;
        }
        frames
    }
}

/// What the host sees and hears.
#[derive(Default)]
struct Table {
    summary: Summary,
    names: [String; 3],
    player: Player,
    orbs: BTreeMap<&'static str, OrbState>,
    finals: BTreeMap<u32, WireCaption>,
}

impl Table {
    fn take(&mut self, received: Received, capture: u64) -> anyhow::Result<Option<ClientMessage>> {
        let message = match received {
            Received::Sound(frame) => {
                self.player.take(&frame);
                return Ok(None);
            }
            Received::Closed { code, reason } => {
                bail!("the studio closed the session: {code} {reason}")
            }
            Received::Message(numbered) => numbered.message,
        };
        let report = self.player.obey(&message, capture);
        match message {
            ServerMessage::SessionReady { session_id, episode_id, names, .. } => {
                (self.summary.session_id, self.summary.episode_id, self.names) =
                    (session_id, episode_id, names);
            }
            ServerMessage::Orb { speaker, state } => {
                self.orbs.insert(speaker.as_str(), state);
            }
            ServerMessage::Caption(caption) if caption.is_final => {
                self.finals.insert(caption.id, caption);
            }
            ServerMessage::Metrics(metrics) => self.summary.turns.push(metrics),
            ServerMessage::Ack { message } => self.summary.notices.push(message),
            ServerMessage::Error { code, message, hint } => {
                if self.summary.session_id.is_empty() {
                    bail!("{message} ({code}: {hint})");
                }
                self.summary.notices.push(format!("{code}: {message}"));
            }
            ServerMessage::RecordingReady { files, .. } => self.summary.files = files,
            _ => {}
        }
        Ok(report)
    }

    /// Whether an AI still has something to say.
    fn is_busy(&self) -> bool {
        let at_work =
            [OrbState::Thinking, OrbState::Speaking, OrbState::Paused, OrbState::Connecting];
        let ai = |name: &&str| self.orbs.get(name).is_some_and(|state| at_work.contains(state));
        self.player.counts().is_busy || ["claude", "guest"].iter().any(ai)
    }

    fn finish(mut self, elapsed: Duration) -> Summary {
        let names = &self.names;
        let mut lines: Vec<Line> = self
            .finals
            .into_values()
            .map(|caption| Line {
                speaker: caption.speaker,
                name: names[caption.speaker.index()].clone(),
                text: caption.text,
                start: caption.start,
                end: caption.end,
                cut: caption.cut,
            })
            .collect();
        lines.sort_by_key(|line| line.start);
        self.summary.transcript = lines;
        let counts = self.player.counts();
        (self.summary.late_frames, self.summary.dropped_frames) =
            (counts.underruns, counts.dropped);
        self.summary.seconds = elapsed.as_secs_f64();
        self.summary
    }
}
