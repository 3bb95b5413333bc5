//! A long session in simulated time, with a host whose clock is 500 ppm off and whose device stalls, is muted and goes
//! away: the tracks stay together to the end, and memory stays where it was.
//!
//! With every test run 12 minutes of it, fast and slow; `STUDIO_LONG_MINUTES=120` (`./dev torture`) makes it two hours.
//! It runs in a process of its own, so that its memory is its own.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use futures_util::FutureExt;
use tempfile::TempDir;
use tokio::time::{Instant, sleep_until}; // of paused time: nothing waits
use voice_studio::adapters::scripted::{ScriptedMind, ScriptedVoice};
use voice_studio::audio::SampleRate;
use voice_studio::audio::playout::Reports;
use voice_studio::client::player::Player;
use voice_studio::clock::SessionClock;
use voice_studio::conversation::{AiSpeaker, Input, Speaker};
use voice_studio::recording::read_events;
use voice_studio::session::Session;
use voice_studio::session::messages::{
    Attach, AwaitEnd, Detach, EndSession, HostSound, Pressed, ReportPlayout,
};
use voice_studio::session::notice::{Notice, SoundFrame};
use voice_studio::session::outbox::{Outbox, Outgoing};
use voice_studio::transport::protocol::{AiAudio, ClientMessage, ServerMessage};

use super::{in_a_process_of_its_own, setting};
use crate::recording::decode;
use crate::support::room::start_session;
use crate::support::stand_ins::StandIns;

/// How far tracks may be apart at the end.
const APART_SAMPLES_MAX: u64 = 10 * 48;
/// How much memory may grow from the first quarter to the end, in KiB, or, in a run of more than an hour, from 75
/// minutes of two hours on. What a session keeps is bounded (lines of memory, captions, turns of a topic), and the last
/// of these bounds is reached about then; the rest is the index of the tracks and the allocator's noise.
const GROWTH_KIB_MAX: u64 = 2 * 1024;
/// How often memory is looked at.
const LOOKS: u64 = 8;
const STEP: u64 = 960;

fn two_hours(ppm: i64) {
    let minutes = setting("STUDIO_LONG_MINUTES").unwrap_or(12);
    let per_million = u64::try_from(1_000_000 + ppm).expect("a rate");
    in_a_process_of_its_own(
        module_path!(),
        "the_session_itself",
        &[("STUDIO_LONG_PPM", per_million), ("STUDIO_LONG_MINUTES", minutes)],
    );
}

#[test]
fn a_host_whose_clock_runs_fast_stays_with_the_others() {
    two_hours(500);
}

#[test]
fn a_host_whose_clock_runs_slow_stays_with_the_others() {
    two_hours(-500);
}

/// The host's device: a clock of its own, and a click every ten seconds of it.
struct Device {
    /// Its samples in a million of the server's.
    per_million: u64,
    /// Server samples since the session's first step, minus those in which it stood still.
    ran: u64,
    /// Counter of the next sample to be sent.
    sent: u64,
    /// Counter at which this connection began.
    began: u64,
    is_muted: bool,
    /// Where clicks were truly heard, in session samples.
    clicks: Vec<u64>,
}

const CLICK_EVERY: u64 = 10 * 48_000;

impl Device {
    fn counter(&self) -> u64 {
        u64::try_from(u128::from(self.ran) * u128::from(self.per_million) / 1_000_000).unwrap()
    }

    /// How many server samples from now its next frame of 20 ms is complete, if that is within `span` of them.
    fn next_frame_within(&self, span: u64) -> Option<u64> {
        let ran = (u128::from(self.sent + STEP) * 1_000_000).div_ceil(self.per_million.into());
        let offset = u64::try_from(ran).unwrap().saturating_sub(self.ran);
        (offset <= span).then_some(offset)
    }

    /// The next frame, whose last sample was captured at `ended_at` of session time.
    fn frame(&mut self, ended_at: u64) -> HostSound {
        let first = self.sent;
        self.sent += STEP;
        let sample = |index: u64| -> i16 {
            match (self.is_muted, (first + index) % CLICK_EVERY) {
                (false, 0..48) => 28_000,
                (false, 48..96) => -28_000,
                _ => 0,
            }
        };
        let pcm: Vec<u8> = (0..STEP).flat_map(|index| sample(index).to_le_bytes()).collect();
        let in_frame = (CLICK_EVERY - first % CLICK_EVERY) % CLICK_EVERY;
        if in_frame < STEP && !self.is_muted {
            self.clicks.push(ended_at - (STEP - in_frame) * 1_000_000 / self.per_million);
        }
        let capture_sample = first - self.began;
        HostSound { capture_sample, muted: self.is_muted, pcm: pcm.into() }
    }
}

struct Show {
    session: Addr<Session>,
    clock: SessionClock,
    next: Instant,
    folder: PathBuf,
    _dir: TempDir,
    outbox: Option<Arc<Outbox>>,
    last_seq: u64,
    player: Player,
    device: Device,
    /// Session samples at which an AI truly began to sound, after silence.
    onsets: Vec<u64>,
    was_heard: u64,
    silent_steps: u64,
}

impl Show {
    fn open(per_million: u64) -> Self {
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| TempDir::new()).expect("a folder");
        let mut cast = StandIns::new(&[], &[""]);
        for place in 0..2 {
            let voice = ScriptedVoice::new().with_pace(Duration::from_millis(200));
            cast = cast
                .with_mind(place, Arc::new(ScriptedMind::new(["So it is, and so it stays."])))
                .with_voice(place, Arc::new(voice));
        }
        let (session, clock) = start_session(dir.path(), &cast, SampleRate::HZ_48000);
        Self {
            session,
            clock,
            next: Instant::now(),
            folder: dir.path().join("table"),
            _dir: dir,
            outbox: None,
            last_seq: 0,
            player: Player::default(),
            device: Device {
                per_million,
                ran: 0,
                sent: 0,
                began: 0,
                is_muted: false,
                clicks: Vec::new(),
            },
            onsets: Vec::new(),
            was_heard: 0,
            silent_steps: 0,
        }
    }

    fn tell<M>(&self, message: M)
    where
        Session: Handler<M>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        drop(self.session.try_send(message));
    }

    fn attach(&mut self) {
        let outbox = Arc::new(Outbox::default());
        let last_seq = (self.last_seq > 0).then_some(self.last_seq);
        self.tell(Attach { outbox: Arc::clone(&outbox), last_seq, reports: Reports::Expected });
        self.outbox = Some(outbox);
        // A page that comes back counts anew; what was captured meanwhile is gone.
        self.device.sent = self.device.counter();
        self.device.began = self.device.sent;
    }

    fn leave(&mut self) {
        if let Some(outbox) = self.outbox.take() {
            self.tell(Detach { outbox });
        }
    }

    /// 20 ms of the server's time. `is_stalled`: the host's device stands still.
    async fn step(&mut self, is_stalled: bool) {
        let start = self.next;
        self.next += Duration::from_millis(20);
        if !is_stalled {
            // A device sends a frame when it is complete, on its own clock.
            while let Some(offset) = self.device.next_frame_within(STEP) {
                sleep_until(start + Duration::from_nanos(offset * 1_000_000_000 / 48_000)).await;
                let frame = self.device.frame(self.clock.at(start).samples() + offset);
                if self.outbox.is_some() {
                    self.tell(frame);
                }
            }
            self.device.ran += STEP;
        }
        sleep_until(self.next).await;
        let now = self.clock.now().samples();
        if self.outbox.is_some() {
            self.take_in();
            let capture = self.device.counter() - self.device.began;
            let reports = self.player.play(960, capture);
            self.note_onset(now);
            reports.iter().for_each(|report| self.report(report));
        }
    }

    /// When an AI begins to sound after a silence, its first sample was just played: 20 ms before now.
    fn note_onset(&mut self, now: u64) {
        let heard = AiSpeaker::BOTH.map(|speaker| self.player.heard_samples(speaker)).iter().sum();
        if heard > self.was_heard && self.silent_steps > 50 {
            self.onsets.push(now - STEP);
        }
        self.silent_steps = if heard > self.was_heard { 0 } else { self.silent_steps + 1 };
        self.was_heard = heard;
    }

    fn take_in(&mut self) {
        let Some(outbox) = self.outbox.clone() else { return };
        while let Some(outgoing) = outbox.next().now_or_never() {
            match outgoing {
                Outgoing::Sound(SoundFrame { speaker, turn, first_sample, samples }) => {
                    let samples = samples.to_vec();
                    self.player.take(&AiAudio { speaker, turn, first_sample, samples });
                }
                Outgoing::Notice(seq, notice) => {
                    self.last_seq = seq;
                    if let Notice::Flush { speaker, turn, fade_ms } = notice {
                        let order = ServerMessage::Flush { speaker, turn, fade_ms };
                        if let Some(last) = self.player.obey(&order, self.device.counter()) {
                            self.report(&last);
                        }
                    }
                }
                Outgoing::Close(_) => return,
            }
        }
    }

    fn report(&self, report: &ClientMessage) {
        let ClientMessage::Playout {
            speaker, turn, played_samples, capture_sample, flushed, ..
        } = *report
        else {
            return;
        };
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

    /// Waits until the writer's thread, which lives in real time, has written everything of before.
    async fn beat(&self, number: u64) {
        let label = format!("beat {number}");
        self.tell(Pressed(Input::Marked { label: label.clone() }));
        let log = self.folder.join("events.jsonl");
        let written = tokio::task::spawn_blocking(move || {
            (0..2_000_000).any(|_| {
                std::thread::yield_now();
                tail(&log).contains(&format!("\"label\":\"{label}\""))
            })
        });
        assert!(written.await.expect("a reader"), "the recorder stands still");
    }
}

fn tail(path: &Path) -> String {
    let mut file = std::fs::File::open(path).expect("a log");
    let length = file.seek(SeekFrom::End(0)).expect("a length");
    file.seek(SeekFrom::Start(length.saturating_sub(8 * 1024))).expect("a place");
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).expect("its end");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Memory of this process in KiB; none where the system does not tell.
fn resident_kib() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(text.split_whitespace().nth(1)?.parse::<u64>().ok()? * 4)
}

#[actix::test]
async fn the_session_itself() {
    let Some(per_million) = setting("STUDIO_LONG_PPM") else {
        println!("run by the two tests above, in a process of its own");
        return;
    };
    tokio::time::pause();
    let minutes = setting("STUDIO_LONG_MINUTES").unwrap_or(12);
    let steps = minutes * 60 * 50;
    let mut show = Show::open(per_million);
    show.attach();
    let (mut memory, mut line) = (Vec::new(), 0);
    for step in 0..steps {
        let in_minute = step % 3_000;
        match in_minute {
            // Twenty seconds in, somebody asks; thirty in, the device is muted for five; forty in, the host is away for
            // three; fifty in, the device stands still for 300 ms. In between the AIs talk by themselves until they rest.
            // The last minute has none of it.
            1_000 => {
                line += 1;
                show.tell(Pressed(Input::Typed { text: format!("Ada, line {line}") }));
            }
            _ if step + 3_000 >= steps => {}
            1_100 => show.tell(Pressed(Input::AutopilotSet { enabled: true })),
            2_900 => show.tell(Pressed(Input::AutopilotSet { enabled: false })),
            1_500 => show.device.is_muted = true,
            1_750 => show.device.is_muted = false,
            2_000 => show.leave(),
            2_150 => show.attach(),
            _ => {}
        }
        let is_stalled = step + 3_000 < steps && (2_500..2_515).contains(&in_minute);
        show.step(is_stalled).await;
        if step % 50 == 49 {
            show.beat(step).await;
        }
        if (step + 1) % (steps / LOOKS) == 0 {
            memory.extend(resident_kib());
        }
    }
    show.tell(EndSession);
    for _ in 0..25 {
        show.step(false).await;
    }
    let over = show.session.send(AwaitEnd);
    let (release, held) = std::sync::mpsc::channel::<()>();
    let holder =
        tokio::task::spawn_blocking(move || held.recv_timeout(Duration::from_secs(120)).is_ok());
    let _is_over = over.await.is_ok();
    drop(release);
    holder.await.expect("a holder");
    judge(&show, per_million, minutes);
    println!("memory in KiB after each eighth: {memory:?}");
    let early = if minutes > 60 { memory.len() * 5 / 8 - 1 } else { 1 };
    if let (Some(early), Some(late)) = (memory.get(early), memory.last()) {
        assert!(*late <= early + GROWTH_KIB_MAX, "{early} KiB grew to {late}: {memory:?}");
    }
}

fn judge(show: &Show, per_million: u64, minutes: u64) {
    let you = decode(&show.folder, Speaker::You);
    let lengths = Speaker::ALL.map(|speaker| decode(&show.folder, speaker).len());
    assert_eq!(lengths, [lengths[0]; 3]);
    // Clicks of the last minute stand where they were heard.
    let end = you.len() as u64;
    let last_minute = end - 60 * 48_000;
    let clicks: Vec<u64> = show
        .device
        .clicks
        .iter()
        .copied()
        .filter(|at| *at > last_minute && *at + 48_000 < end)
        .collect();
    assert!(clicks.len() >= 4, "{clicks:?}");
    let host_off = clicks.iter().map(|at| off(&you, *at, 9_000)).max().expect("clicks");
    let claude = decode(&show.folder, Speaker::Claude);
    let onset = show.onsets.last().copied().expect("Ada spoke in the last minute");
    assert!(onset > last_minute, "{onset} of {end}");
    let ai_off = off(&claude, onset, 1_500);
    println!(
        "{minutes} minutes at {per_million} in a million: host {host_off} samples off, AI {ai_off} samples off at the end"
    );
    assert!(host_off <= APART_SAMPLES_MAX, "the host is {host_off} samples off");
    assert!(ai_off <= APART_SAMPLES_MAX, "the AI is {ai_off} samples off");
    assert!(host_off + ai_off <= APART_SAMPLES_MAX, "{} samples apart", host_off + ai_off);
    let log = read_events(&show.folder.join("events.jsonl")).expect("a log");
    let causes: std::collections::BTreeSet<String> = log
        .map(|event| event.expect("a whole line"))
        .filter(|event| event.kind == "recorder.gap")
        .filter_map(|event| event.fields["cause"].as_str().map(str::to_owned))
        .collect();
    assert!(causes.contains("absent") && causes.contains("stall"), "{causes:?}");
}

/// How far from `at` the first loud sample near it stands.
fn off(track: &[i16], at: u64, loud: u16) -> u64 {
    let from = at.saturating_sub(4_800);
    let near = &track
        [usize::try_from(from).unwrap()..usize::try_from(at + 4_800).unwrap().min(track.len())];
    let first = near.iter().position(|sample| sample.unsigned_abs() > loud);
    first.map_or(u64::MAX / 4, |first| (from + first as u64).abs_diff(at))
}
