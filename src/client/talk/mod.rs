//! A session held by a person at a terminal: the machine's own microphone and loudspeaker over the wire.
//!
//! [`talk`] moves sound between the rings of a [`SoundLine`] and the socket, obeys the studio's orders, reports what
//! was heard, and shows a [`View`]. Who makes the rings ring is the caller's business: a sound card, or a test.

pub mod screen;
pub mod sound_line;
pub mod view;
pub mod voices;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::bail;
use bytes::{BufMut, BytesMut};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use self::sound_line::{LineFaults, PLAYOUT_SAMPLES, SoundLine};
use self::view::View;
use self::voices::Voices;
use super::{Client, Received};
use crate::transport::protocol::{
    ClientMessage, FRAME_MS, Hello, HelloAudio, HostAudio, ServerMessage, WireCaption,
};

/// How often the rings are looked at: a quarter of a frame.
const STEP: Duration = Duration::from_millis(5);
/// How often the screen is drawn at most.
const DRAW: Duration = Duration::from_millis(100);
/// Longest wait for the recording after the end.
const RECORDING_LIMIT: Duration = Duration::from_secs(30);
/// How long a session waits for its listener, and how often that is tried.
const COMEBACK_LIMIT: Duration = Duration::from_secs(60);
const COMEBACK_WAIT: Duration = Duration::from_secs(1);
/// Orders of the host that may wait: nobody presses more keys within a step.
pub const KEYS_MAX: usize = 16;

/// What the host orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Whoever speaks stops.
    Interrupt,
    /// The microphone is switched.
    Mute,
    /// Autopilot is switched.
    Autopilot,
    /// The session ends.
    End,
}

impl Key {
    /// What a letter means.
    #[must_use]
    pub const fn of(letter: char) -> Option<Self> {
        match letter {
            ' ' => Some(Self::Interrupt),
            'm' | 'M' => Some(Self::Mute),
            'a' | 'A' => Some(Self::Autopilot),
            // Ctrl-C and Ctrl-D come as letters while single keys are read.
            'q' | 'Q' | '\u{3}' | '\u{4}' => Some(Self::End),
            _ => None,
        }
    }
}

/// Where the studio is and how it is entered.
#[derive(Clone, Debug)]
pub struct Door {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it asks of everybody, if anything.
    pub token: Option<String>,
    /// Name, briefing, recording.
    pub hello: Hello,
    /// Rate of the microphone, one of the wire's.
    pub rate: u32,
}

/// Shows what happens.
pub trait Show {
    /// Draws everything anew.
    fn draw(&mut self, view: &View);
    /// A caption that will never change.
    fn said(&mut self, view: &View, caption: &WireCaption);
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Talked {
    /// The last view: the recording and its files.
    pub view: View,
    /// What went wrong on the way of the sound.
    pub faults: LineFaults,
    /// Frames of the AIs that could not be played.
    pub dropped_frames: u64,
    /// Times the connection was lost and came back.
    pub comebacks: u64,
}

/// Holds the session until the host or the studio ends it.
///
/// # Errors
/// If the studio cannot be reached, refuses, stays away, or leaves no recording.
pub async fn talk(
    door: &Door,
    line: SoundLine,
    mut keys: mpsc::Receiver<Key>,
    show: &mut dyn Show,
) -> anyhow::Result<Talked> {
    let mut client = Client::connect_with(door.address, door.token.as_deref()).await?;
    client.say(&ClientMessage::Hello(door.hello())).await?;
    let mut talk = Talk::new(line, door.rate);
    // What the microphone heard while the studio was being started is nobody's.
    talk.skip();
    let before = talk.line.faults();
    let mut step = interval(STEP);
    step.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut draw = interval(DRAW);
    draw.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut ending: Option<Instant> = None;
    while talk.view.files.is_empty() {
        let done = tokio::select! {
            received = client.next() => match received {
                Ok(Received::Closed { code, reason }) if code != 1006 => {
                    bail!("the studio closed the session: {}", talk.why(code, &reason))
                }
                Ok(received) => talk.take(&mut client, received, show).await,
                Err(error) => Err(error),
            },
            _ = step.tick() => talk.step(&mut client).await,
            key = keys.recv() => match key {
                Some(key) => {
                    if key == Key::End {
                        ending.get_or_insert_with(Instant::now);
                    }
                    talk.press(&mut client, key).await
                }
                // With nobody at the keys the studio ends the session.
                None => std::future::pending().await,
            },
            _ = draw.tick() => {
                talk.tell_time();
                show.draw(&talk.view);
                Ok(())
            }
        };
        if done.is_err() {
            talk.lose();
            show.draw(&talk.view);
            client = talk.come_back(door).await?;
        }
        if ending.is_some_and(|ending| ending.elapsed() > RECORDING_LIMIT) {
            bail!("no recording came within {} s", RECORDING_LIMIT.as_secs());
        }
    }
    Ok(Talked {
        faults: talk.line.faults().since(before),
        dropped_frames: talk.voices.dropped(),
        comebacks: talk.comebacks,
        view: talk.view,
    })
}

impl Door {
    fn hello(&self) -> Hello {
        Hello {
            audio: Some(HelloAudio { codec: "pcm".to_owned(), sample_rate: self.rate }),
            protocol: Some(1),
            reports: true,
            ..self.hello.clone()
        }
    }
}

struct Talk {
    line: SoundLine,
    voices: Voices,
    view: View,
    /// Session time of the last snapshot, and when it came.
    clock: Option<(u64, Instant)>,
    frame: Vec<i16>,
    mix: Vec<i16>,
    sequence: u32,
    captured: u64,
    resume_token: String,
    last_seq: u64,
    comebacks: u64,
}

type Sent = Result<(), super::ClientError>;

impl Talk {
    fn new(line: SoundLine, rate: u32) -> Self {
        let frame = usize::try_from(rate / 1000 * FRAME_MS).unwrap_or_default();
        Self {
            line,
            voices: Voices::default(),
            view: View::default(),
            clock: None,
            frame: vec![0; frame],
            mix: vec![0; PLAYOUT_SAMPLES],
            sequence: 0,
            captured: 0,
            resume_token: String::new(),
            last_seq: 0,
            comebacks: 0,
        }
    }

    /// Moves sound both ways and tells what was heard.
    async fn step(&mut self, client: &mut Client) -> Sent {
        let wanted = self.line.wanted().min(self.mix.len());
        self.voices.speak(self.line.next_place(), &mut self.mix[..wanted]);
        self.line.speak(&self.mix[..wanted]);
        for report in self.voices.hear(self.line.heard(), self.line.capture_now()) {
            client.say(&report).await?;
        }
        while self.line.listen(&mut self.frame) {
            let sound = self.next_frame();
            if !self.resume_token.is_empty() {
                client.send_sound(&sound).await?;
            }
        }
        Ok(())
    }

    fn next_frame(&mut self) -> HostAudio {
        let mut payload = BytesMut::with_capacity(self.frame.len() * 2);
        for sample in &self.frame {
            payload.put_i16_le(if self.view.muted { 0 } else { *sample });
        }
        let sound = HostAudio {
            sequence: self.sequence,
            capture_sample: self.captured,
            muted: self.view.muted,
            payload: payload.freeze(),
        };
        self.sequence = self.sequence.wrapping_add(1);
        self.captured += self.frame.len() as u64;
        sound
    }

    async fn take(&mut self, client: &mut Client, received: Received, show: &mut dyn Show) -> Sent {
        let numbered = match received {
            Received::Sound(frame) => {
                self.voices.take(&frame);
                return Ok(());
            }
            Received::Closed { .. } => return Err(super::ClientError::Gone),
            Received::Message(numbered) => numbered,
        };
        self.last_seq = self.last_seq.max(numbered.seq);
        let heard = if self.voices.silences(&numbered.message) {
            self.line.hush()
        } else {
            self.line.heard()
        };
        let report = self.voices.obey(&numbered.message, heard, self.line.capture_now());
        if let Some(report) = report {
            client.say(&report).await?;
        }
        self.view.take(&numbered.message);
        match &numbered.message {
            ServerMessage::SessionReady { resume_token, .. } => {
                self.resume_token.clone_from(resume_token);
            }
            ServerMessage::Snapshot { session, .. } => {
                self.clock = Some((session.now_ms, Instant::now()));
            }
            ServerMessage::Caption(caption) if caption.is_final && !caption.text.is_empty() => {
                show.said(&self.view, caption);
            }
            _ => {}
        }
        Ok(())
    }

    async fn press(&mut self, client: &mut Client, key: Key) -> Sent {
        let message = match key {
            Key::Interrupt => ClientMessage::Interrupt,
            Key::Mute => {
                self.view.muted = !self.view.muted;
                ClientMessage::Mute { muted: self.view.muted }
            }
            Key::Autopilot => {
                self.view.autopilot = !self.view.autopilot;
                ClientMessage::ToggleAutopilot { enabled: self.view.autopilot }
            }
            Key::End => {
                "The recording is being finished…".clone_into(&mut self.view.notice);
                ClientMessage::End
            }
        };
        client.say(&message).await
    }

    fn tell_time(&mut self) {
        if let Some((ms, since)) = self.clock {
            let passed = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.view.now_ms = ms.saturating_add(passed);
        }
    }

    /// Says that the connection is gone.
    fn lose(&mut self) {
        self.view.recording = false;
        "The connection to the studio was lost; trying again.".clone_into(&mut self.view.notice);
    }

    /// Goes on with the session that was lost, for as long as it waits.
    async fn come_back(&mut self, door: &Door) -> anyhow::Result<Client> {
        if self.resume_token.is_empty() {
            bail!(
                "the studio closed the connection before there was a session: {}",
                self.view.notice
            );
        }
        let hello = Hello {
            resume_token: Some(self.resume_token.clone()),
            last_seq: Some(self.last_seq),
            ..door.hello()
        };
        let trying = async {
            loop {
                if let Ok(mut client) =
                    Client::connect_with(door.address, door.token.as_deref()).await
                    && client.say(&ClientMessage::Hello(hello.clone())).await.is_ok()
                {
                    return client;
                }
                sleep(COMEBACK_WAIT).await;
            }
        };
        let Ok(client) = timeout(COMEBACK_LIMIT, trying).await else {
            bail!("the connection to the studio was lost for {} s", COMEBACK_LIMIT.as_secs());
        };
        self.comebacks += 1;
        // What was captured meanwhile is not sent late: the counter tells how much it was.
        self.skip();
        Ok(client)
    }

    /// Passes over what the microphone heard so far.
    fn skip(&mut self) {
        while self.line.listen(&mut self.frame) {
            self.captured += self.frame.len() as u64;
        }
    }

    /// Why the studio closed, in its own words where it said any.
    fn why(&self, code: u16, reason: &str) -> String {
        if self.view.notice.is_empty() {
            format!("{code} {reason}")
        } else {
            format!("{} ({reason})", self.view.notice)
        }
    }
}
