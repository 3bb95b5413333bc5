//! One session in the test's own arbiter, on paused time: a host who speaks, a page that plays and reports.
//!
//! Time goes on only by [`Room::step`]; it stands still while the writer's thread, which lives in real time, catches
//! up. Every room checks at its end what must hold for every session.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use futures_util::FutureExt;
use tempfile::TempDir;
use tokio::time::{Instant, sleep_until}; // of paused time: nothing waits
use voice_studio::audio::SampleRate;
use voice_studio::audio::playout::Reports;
use voice_studio::client::player::Player;
use voice_studio::clock::{Clock, SessionClock};
use voice_studio::conversation::{AiSpeaker, HostProfile, Input, OrbState, Setup, Speaker, TurnId};
use voice_studio::house::episode_setup;
use voice_studio::recording::{Event, read_events};
use voice_studio::session::Session;
use voice_studio::session::actor::{Identity, SessionParts};
use voice_studio::session::house::RecordRequest;
use voice_studio::session::messages::{
    Attach, AwaitEnd, Detach, EndSession, HostSound, Pressed, ReportPlayout,
};
use voice_studio::session::notice::{CloseReason, Notice, SoundFrame};
use voice_studio::session::outbox::{Outbox, Outgoing};
use voice_studio::session::pacer::Pacer;
use voice_studio::session::recorder::OpenRecord;
use voice_studio::time::SessionTime;
use voice_studio::transport::protocol::{AiAudio, ClientMessage, ServerMessage};

use super::log::check_log;
use super::simulators::numbered::speak_at;
use super::stand_ins::StandIns;

const STEP_MS: u64 = 20;
const STEP_SAMPLES: usize = 960;

/// A session and everybody around it.
pub(crate) struct Room {
    pub(crate) session: Addr<Session>,
    pub(crate) page: Page,
    pub(crate) folder: PathBuf,
    /// When the first frame of the connection was sent.
    pub(crate) began: SessionTime,
    /// The capture sample at which the host's microphone picks up a click.
    pub(crate) click_at: Option<u64>,
    clock: SessionClock,
    next: Instant,
    host_rate: SampleRate,
    _dir: TempDir,
    outbox: Option<Arc<Outbox>>,
    captured: u64,
    voice_left: usize,
    /// What the host says, at 48 kHz, as far as it is not said yet.
    line: std::collections::VecDeque<i16>,
    steps: u32,
    beats: u32,
}

/// What is left of a session.
pub(crate) struct Left {
    pub(crate) page: Page,
    pub(crate) folder: PathBuf,
    pub(crate) events: Vec<Event>,
    _dir: TempDir,
}

/// A session without a listener yet that records below `dir`, and its clock.
pub(crate) fn start_session(
    dir: &Path,
    stand_ins: &StandIns,
    host_rate: SampleRate,
) -> (Addr<Session>, SessionClock) {
    let clock = SessionClock::start(&Clock::set_to(1_769_860_800_000));
    let cast = stand_ins.cast();
    let setup = Setup {
        briefing: Arc::new(stand_ins.briefing.clone()),
        seed: 7,
        profile: HostProfile::default(),
    };
    let request = RecordRequest {
        briefing: &setup.briefing,
        cast: &cast,
        episode_id: "",
        session_id: "s-test",
        started_unix_ms: clock.unix_ms(),
    };
    let episode = episode_setup(dir.to_owned(), &request).expect("a good name");
    let record = OpenRecord::create(episode, clock.clone()).expect("a recording");
    let parts = SessionParts {
        identity: Identity {
            session_id: "s-test".to_owned(),
            resume_token: "r-test".to_owned(),
            episode_id: record.episode_id(),
        },
        setup,
        host_rate,
        cast,
        record,
        clock: clock.clone(),
        pacer: Pacer::default().start(),
        earlier: None,
        sound_check: None,
        keeper: None,
    };
    (Session::new(parts).start(), clock)
}

impl Room {
    /// A session with a listener in its chair, on time that stands still.
    pub(crate) async fn open(cast: &StandIns) -> Self {
        tokio::time::pause();
        Self::open_next(cast, SampleRate::HZ_48000).await
    }

    /// Another session on the same paused time, with a host at this rate.
    pub(crate) async fn open_next(cast: &StandIns, host_rate: SampleRate) -> Self {
        let dir = TempDir::new().expect("a folder");
        let (session, clock) = start_session(dir.path(), cast, host_rate);
        let mut room = Self {
            session,
            page: Page::default(),
            clock,
            host_rate,
            began: SessionTime::ZERO,
            click_at: None,
            next: Instant::now(),
            folder: dir.path().join("table"),
            _dir: dir,
            outbox: None,
            captured: 0,
            voice_left: 0,
            line: std::collections::VecDeque::new(),
            steps: 0,
            beats: 0,
        };
        // Between two ticks, so that it is never a matter of luck who comes first.
        room.next += Duration::from_millis(5);
        sleep_until(room.next).await;
        room.attach(None);
        room.run(200).await;
        room
    }

    /// Takes the listener's chair with a fresh connection.
    pub(crate) fn attach(&mut self, last_seq: Option<u64>) {
        self.attach_as(last_seq, Reports::Expected);
    }

    /// The same for a page that says whether it reports.
    pub(crate) fn attach_as(&mut self, last_seq: Option<u64>, reports: Reports) {
        let outbox = Arc::new(Outbox::default());
        outbox.note_sign(Instant::now());
        self.tell(Attach { outbox: Arc::clone(&outbox), last_seq, reports });
        self.outbox = Some(outbox);
        self.captured = 0;
    }

    /// The connection is dead, and the studio does not know: what it says goes nowhere.
    pub(crate) fn die_unnoticed(&mut self) {
        self.outbox = None;
    }

    /// The connection is lost, with everything that was on its way and everything the page held.
    pub(crate) fn lose_connection(&mut self) {
        if let Some(outbox) = self.outbox.take() {
            self.tell(Detach { outbox });
        }
        self.page.player = Player::keeping();
    }

    /// The host speaks for so long, from now on.
    pub(crate) fn host_speaks(&mut self, ms: usize) {
        self.voice_left = ms * 48;
    }

    /// The host says numbered words, from now on. Only at 48 kHz.
    pub(crate) fn host_says(&mut self, numbers: std::ops::Range<usize>) {
        self.line.extend(numbers.flat_map(|number| speak_at(number, 48_000)));
    }

    pub(crate) fn press(&self, input: Input) {
        self.tell(Pressed(input));
    }

    /// Says something to the session; one that is over does not hear it.
    pub(crate) fn tell<M>(&self, message: M)
    where
        Session: Handler<M>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        drop(self.session.try_send(message));
    }

    /// 20 ms go by.
    pub(crate) async fn step(&mut self) {
        if let Some(outbox) = &self.outbox {
            outbox.note_sign(Instant::now());
            let count = self.host_rate.samples_in_ms(20);
            let loud = self.voice_left > 0;
            self.voice_left = self.voice_left.saturating_sub(STEP_SAMPLES);
            let capture_sample = self.captured;
            if capture_sample == 0 {
                self.began = self.clock.now();
            }
            let line: Vec<i16> = self.line.drain(..count.min(self.line.len())).collect();
            let sample = |index: usize| {
                if let Some(spoken) = line.get(index) {
                    return *spoken;
                }
                let is_click = self
                    .click_at
                    .is_some_and(|at| (at..at + 16).contains(&(capture_sample + index as u64)));
                match (loud, index % 240 < 120) {
                    _ if is_click => 30_000,
                    (false, _) => 0,
                    (true, true) => 6000,
                    (true, false) => -6000,
                }
            };
            let pcm: Vec<u8> =
                (0..count).flat_map(|index| i16::to_le_bytes(sample(index))).collect();
            self.tell(HostSound { capture_sample, muted: false, pcm: pcm.into() });
            self.captured += count as u64;
        }
        // By the clock, not by counting: a sleep is rounded up, and a host who is late by 5 % has a broken device.
        self.next += Duration::from_millis(STEP_MS);
        sleep_until(self.next).await;
        self.take_in();
        if self.outbox.is_some() {
            for report in self.page.player.play(STEP_SAMPLES, self.captured) {
                self.report(&report);
            }
        }
        self.steps += 1;
        if self.steps.is_multiple_of(50) {
            self.beat().await;
        }
    }

    pub(crate) async fn run(&mut self, ms: u64) {
        for _ in 0..ms / STEP_MS {
            self.step().await;
        }
    }

    /// Lets time go by until the page has seen what must come; a minute is for ever.
    pub(crate) async fn until(&mut self, what: &str, seen: impl Fn(&Page) -> bool) {
        for _ in 0..60_000 / STEP_MS {
            if seen(&self.page) {
                return;
            }
            self.step().await;
        }
        panic!("waited in vain for {what}; the page saw {}", self.page.story());
    }

    /// Ends the session in order and checks what it leaves.
    pub(crate) async fn end(mut self) -> Left {
        self.tell(EndSession);
        self.run(500).await;
        self.over().await
    }

    /// Waits for the end of a session that ends by itself, and checks what it leaves.
    pub(crate) async fn over(mut self) -> Left {
        // An error says that the session is gone already, which is over too.
        let over = self.session.send(AwaitEnd);
        while_time_stands(async move { over.await.is_ok() }).await;
        self.take_in();
        let events: Vec<Event> = read_events(&self.folder.join("events.jsonl"))
            .expect("a log")
            .map(|event| event.expect("a whole line"))
            .collect();
        check_log(&events);
        let lengths =
            Speaker::ALL.map(|speaker| crate::recording::decode(&self.folder, speaker).len());
        assert!(lengths.iter().all(|length| *length == lengths[0] && *length > 0), "{lengths:?}");
        assert!(self.folder.join("session.yml").is_file());
        Left { page: self.page, folder: self.folder, events, _dir: self._dir }
    }

    fn take_in(&mut self) {
        let Some(outbox) = &self.outbox else { return };
        let mut answers = Vec::new();
        while let Some(outgoing) = outbox.next().now_or_never() {
            let is_end = matches!(outgoing, Outgoing::Close(_));
            answers.extend(self.page.take(outgoing, self.captured));
            if is_end {
                break;
            }
        }
        for answer in answers {
            self.report(&answer);
        }
    }

    fn report(&mut self, report: &ClientMessage) {
        let ClientMessage::Playout {
            speaker, turn, played_samples, capture_sample, flushed, ..
        } = *report
        else {
            return;
        };
        self.page.reported = (turn, played_samples);
        self.tell(ReportPlayout {
            speaker,
            turn,
            played_samples,
            capture_sample,
            clock: None,
            stalled: false,
            flushed,
        });
    }

    /// Waits until the writer's thread has written everything of before.
    async fn beat(&mut self) {
        self.beats += 1;
        let label = format!("beat {}", self.beats);
        self.press(Input::Marked { label: label.clone() });
        let log = self.folder.join("events.jsonl");
        let written = tokio::task::spawn_blocking(move || {
            // A thread of its own answers; a session that is over writes no more beats.
            (0..200_000).any(|_| {
                std::thread::yield_now();
                let text = std::fs::read_to_string(&log).unwrap_or_default();
                text.contains(&format!("\"label\":\"{label}\"")) || text.contains("\"session.end\"")
            })
        });
        assert!(written.await.expect("a reader"), "the recorder stands still");
    }
}

/// Awaits what a thread in real time will answer, without letting paused time run away meanwhile.
async fn while_time_stands<T>(future: impl Future<Output = T>) -> T {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let holder =
        tokio::task::spawn_blocking(move || held.recv_timeout(Duration::from_secs(60)).is_ok());
    let answer = future.await;
    drop(release);
    holder.await.expect("a holder");
    answer
}

/// What the page saw, in order.
#[derive(Clone, Debug)]
pub(crate) enum Seen {
    Notice(u64, Notice),
    Sound(SoundFrame),
    Closed(CloseReason),
}

/// A page that remembers.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) seen: Vec<Seen>,
    pub(crate) player: Player,
    /// The most sound that was sent and not yet reported as heard, in samples.
    pub(crate) most_ahead: u64,
    reported: (TurnId, u64),
}

impl Default for Page {
    fn default() -> Self {
        Self {
            seen: Vec::new(),
            player: Player::keeping(),
            most_ahead: 0,
            reported: (TurnId(0), 0),
        }
    }
}

impl Page {
    fn take(&mut self, outgoing: Outgoing, captured: u64) -> Option<ClientMessage> {
        match outgoing {
            Outgoing::Sound(frame) => {
                let SoundFrame { speaker, turn, first_sample, .. } = frame;
                let heard = if self.reported.0 == turn { self.reported.1 } else { 0 };
                let end = first_sample + frame.samples.len() as u64;
                self.most_ahead = self.most_ahead.max(end - heard);
                let samples = frame.samples.to_vec();
                self.player.take(&AiAudio { speaker, turn, first_sample, samples });
                self.seen.push(Seen::Sound(frame));
                None
            }
            Outgoing::Notice(seq, notice) => {
                let order = match &notice {
                    Notice::Pause { speaker, turn, fade_ms } => Some(ServerMessage::Pause {
                        speaker: *speaker,
                        turn: *turn,
                        fade_ms: *fade_ms,
                    }),
                    Notice::Resume { speaker, turn, from_sample } => Some(ServerMessage::Resume {
                        speaker: *speaker,
                        turn: *turn,
                        from_sample: *from_sample,
                    }),
                    Notice::Flush { speaker, turn, fade_ms } => Some(ServerMessage::Flush {
                        speaker: *speaker,
                        turn: *turn,
                        fade_ms: *fade_ms,
                    }),
                    _ => None,
                };
                self.seen.push(Seen::Notice(seq, notice));
                order.and_then(|order| self.player.obey(&order, captured))
            }
            Outgoing::Close(reason) => {
                self.seen.push(Seen::Closed(reason));
                None
            }
        }
    }

    pub(crate) fn notices(&self) -> impl Iterator<Item = &Notice> {
        self.seen.iter().filter_map(|seen| match seen {
            Seen::Notice(_, notice) => Some(notice),
            _ => None,
        })
    }

    pub(crate) fn frames(&self) -> impl Iterator<Item = &SoundFrame> {
        self.seen.iter().filter_map(|seen| match seen {
            Seen::Sound(frame) => Some(frame),
            _ => None,
        })
    }

    /// The states of a speaker's orb, in order.
    pub(crate) fn orbs(&self, speaker: Speaker) -> Vec<OrbState> {
        let state = |notice: &Notice| match notice {
            Notice::Orb(by, state) if *by == speaker => Some(*state),
            _ => None,
        };
        self.notices().filter_map(state).collect()
    }

    /// What a speaker's final captions say.
    pub(crate) fn said(&self, speaker: Speaker) -> String {
        let text = |notice: &Notice| match notice {
            Notice::Caption(caption) if caption.is_final && caption.speaker == speaker => {
                Some(caption.text.clone())
            }
            _ => None,
        };
        self.notices().filter_map(text).collect::<Vec<_>>().join(" ")
    }

    /// Sentences for the host.
    pub(crate) fn told(&self) -> Vec<&str> {
        self.seen
            .iter()
            .filter_map(|seen| match seen {
                Seen::Notice(_, Notice::Tell(text)) => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }

    /// How many replies have been heard to their end or cut.
    pub(crate) fn replies_over(&self) -> usize {
        self.notices().filter(|notice| matches!(notice, Notice::Metrics(_))).count()
    }

    pub(crate) fn heard(&self, speaker: AiSpeaker) -> &[i16] {
        self.player.heard(speaker)
    }

    pub(crate) fn story(&self) -> String {
        let line = |seen: &Seen| match seen {
            Seen::Sound(frame) => {
                format!("{} {} @{}", frame.speaker.as_str(), frame.turn, frame.first_sample)
            }
            Seen::Notice(_, Notice::State(_)) => "state".to_owned(),
            other => format!("{other:?}"),
        };
        self.seen.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}
