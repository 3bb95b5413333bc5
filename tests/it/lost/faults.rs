//! Every part is let go wrong in mid-sentence, on purpose, while two other sessions are on air in the same arbiter: the
//! part is replaced or its session ends in order with a whole recording, and the neighbours' sound is never late.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use tokio::sync::watch;
use tokio::time::{Instant, interval};
use voice_studio::adapters::scripted::{ScriptedMind, ScriptedVoice};
use voice_studio::client::{Client, Received};
use voice_studio::conversation::{AiSpeaker, Speaker, TurnId};
use voice_studio::faults::{Fault, arm, fired};
use voice_studio::recording::{Manifest, read_events};
use voice_studio::transport::protocol::{ClientMessage, Hello, HostAudio, ServerMessage};

use crate::recording::decode;
use crate::support::comes;
use crate::support::page::Page;
use crate::support::proxy::{Proxy, Weather};
use crate::support::stand_ins::StandIns;
use crate::support::studio::{Guest, Opening, Studio};

/// What must come of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The part is replaced: the host is told so, and the next line is answered.
    Replaced(&'static str),
    /// The same, and the host is heard again.
    HearsAgain(&'static str),
    /// The session ends in order; its listener hears of it by this word, if by any.
    Ends(&'static str),
    /// The connection is lost, and the session waits for its listener.
    Lost,
}

/// Every part that may panic, and what comes of it.
const PANICS: [(&str, Outcome); 8] = [
    ("mind", Outcome::Replaced("llm error")),
    ("voice", Outcome::Replaced("tts error")),
    ("ears", Outcome::Replaced("stt error")),
    ("connection", Outcome::Lost),
    ("recorder", Outcome::Ends("recorder_lost")),
    ("logger", Outcome::Ends("recorder_lost")),
    ("writer", Outcome::Ends("recording_panicked")),
    ("session", Outcome::Ends("")),
];

/// Every stream of which nothing may come any more, and what its host is told.
const HANGS: [(&str, Outcome); 4] = [
    ("mind-stream", Outcome::Replaced("Ada found no words in time")),
    ("voice-stream", Outcome::Replaced("tts error")),
    ("detector-stream", Outcome::HearsAgain("stt error")),
    (RECOGNISER_STREAM, Outcome::HearsAgain("stt error")),
];
const RECOGNISER_STREAM: &str = "recogniser-stream";

/// What the host is heard to say, whenever it speaks.
const LINE: &str = "So it seems to me.";
/// How long it speaks: more than any cough.
const VOICE_MS: usize = 1_800;
/// What it is silent for behind that, in real time: more than ends a turn.
const QUIET_MS: usize = 1_200;

pub(super) const SENTENCE: &str = "This is a long sentence that goes on for quite a while so that there is a middle of it in which \
    something can go wrong and everybody at the table would hear it if it did.";

/// What a mind takes for a word. A sentence sounds before its last word is written, so that a mind can be struck in the
/// midst of the reply that is heard, and in no other.
const WORD_AFTER: Duration = Duration::from_millis(60);

pub(super) fn stand_ins() -> StandIns {
    let mut cast = StandIns::new(&[LINE; 20], &[""]);
    for place in 0..2 {
        let mind = ScriptedMind::new([SENTENCE]).with_delays(Duration::ZERO, WORD_AFTER);
        cast =
            cast.with_mind(place, Arc::new(mind)).with_voice(place, Arc::new(ScriptedVoice::new()));
    }
    cast
}

/// A session that will be broken, its AI in mid-sentence.
struct Victim {
    guest: Guest,
    episode: String,
    token: String,
    /// The turn that sounded last.
    heard: Option<TurnId>,
    began: Instant,
    sent_frames: u32,
}

impl Victim {
    async fn in_mid_sentence(studio: &Studio, episode: &str) -> Self {
        let hello = Hello { episode_id: episode.to_owned(), ..Hello::default() };
        let mut guest = studio.join(hello).await;
        let token = guest.resume_token().await;
        let episode = episode.to_owned();
        let (heard, began, sent_frames) = (None, Instant::now(), 0);
        let mut victim = Self { guest, episode, token, heard, began, sent_frames };
        victim.ask().await;
        victim
    }

    /// Asks by keyboard and waits for the sound of the answer.
    async fn ask(&mut self) {
        self.guest.say(ClientMessage::Say { text: "Ada, go on.".to_owned() }).await;
        loop {
            match self.guest.next().await {
                // What is left of the turn before is no answer.
                Received::Sound(sound) if self.heard != Some(sound.turn) => {
                    self.heard = Some(sound.turn);
                    return;
                }
                Received::Sound(_) | Received::Message(_) => {}
                Received::Closed { code, reason } => panic!("closed: {code} {reason}"),
            }
        }
    }

    /// Whatever leads into the part that is armed. A microphone sends all the time; a page with it off says one line.
    async fn go_on(&mut self) {
        let asks = [
            ClientMessage::Say { text: "Ada, and then?".to_owned() },
            ClientMessage::Marker { label: "here".to_owned() },
        ];
        for ask in asks {
            // A session that broke already does not hear it.
            drop(self.guest.client.say(&ask).await);
        }
        self.send_frame(0).await;
    }

    /// 20 ms of the host's sound, all of this loudness. Its counter is the time since it sat down.
    async fn send_frame(&mut self, loudness: i16) {
        let ms = u64::try_from(self.began.elapsed().as_millis()).expect("a short while");
        let samples = (0..960).map(|index| if index % 96 < 48 { loudness } else { -loudness });
        let frame = HostAudio {
            sequence: self.sent_frames,
            capture_sample: ms * 48,
            muted: false,
            payload: samples.flat_map(i16::to_le_bytes).collect::<Vec<u8>>().into(),
        };
        self.sent_frames += 1;
        // A session that broke already does not hear it.
        drop(self.guest.client.send_sound(&frame).await);
    }

    /// Speaks, and is silent again.
    async fn speak(&mut self) {
        let mut tick = interval(Duration::from_millis(20));
        let voice = std::iter::repeat_n(6_000, VOICE_MS / 20);
        for loudness in voice.chain(std::iter::repeat_n(0, QUIET_MS / 20)) {
            tick.tick().await;
            self.send_frame(loudness).await;
        }
    }

    /// Speaks and is understood.
    async fn is_heard(&mut self) {
        self.speak().await;
        self.guest
            .first("what the host said", |message| match message {
                ServerMessage::Caption(caption) => {
                    (caption.is_final && caption.text == LINE).then_some(())
                }
                _ => None,
            })
            .await;
    }

    /// Waits until the host is told so.
    async fn is_told(&mut self, told: &str) {
        self.guest
            .first(told, |message| match message {
                ServerMessage::Ack { message } => message.starts_with(told).then_some(()),
                _ => None,
            })
            .await;
    }

    /// Everything said until the connection ends: codes of errors, and the close.
    async fn last_words(&mut self) -> (Vec<String>, u16) {
        let mut words = Vec::new();
        loop {
            match self.guest.next().await {
                Received::Message(numbered) => match numbered.message {
                    ServerMessage::Error { code, .. } => words.push(code),
                    ServerMessage::RecordingReady { .. } => words.push("ready".to_owned()),
                    _ => {}
                },
                Received::Sound(_) => {}
                Received::Closed { code, .. } => return (words, code),
            }
        }
    }
}

pub(super) async fn is_whole(folder: &Path) {
    let manifest = folder.join("session.yml");
    comes("a whole recording", async {
        while !manifest.is_file() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(Manifest::read(folder).expect("readable").is_some());
    let lengths = Speaker::ALL.map(|speaker| decode(folder, speaker).len());
    assert!(lengths[0] > 0 && lengths == [lengths[0]; 3], "{lengths:?}");
    let numbers = read_events(&folder.join("events.jsonl")).expect("a log");
    let numbers: Vec<u64> = numbers.map(|event| event.expect("a whole line").seq).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
}

/// Breaks one part of one session and sees what comes of it.
async fn strike(studio: &Studio, place: &'static str, fault: Fault, outcome: Outcome) {
    let episode = format!("fault-{place}");
    let mut victim = Victim::in_mid_sentence(studio, &episode).await;
    let _lever = arm(place, &episode, fault);
    if fault == Fault::Panic {
        victim.go_on().await;
    } else if place == RECOGNISER_STREAM {
        victim.speak().await;
    }
    match outcome {
        Outcome::Replaced(told) => {
            victim.is_told(told).await;
            victim.ask().await;
            assert_eq!(victim.guest.end().await, victim.episode);
        }
        Outcome::HearsAgain(told) => {
            victim.is_told(told).await;
            victim.is_heard().await;
            assert_eq!(victim.guest.end().await, victim.episode);
        }
        Outcome::Ends(word) => {
            let (words, _code) = victim.last_words().await;
            let is_told = word.is_empty() || words.iter().any(|told| told == word);
            assert!(is_told, "{place}: {word} in {words:?}");
        }
        Outcome::Lost => {
            victim.last_words().await;
            let hello = Hello {
                resume_token: Some(victim.token.clone()),
                last_seq: Some(0),
                ..Hello::default()
            };
            victim.guest = studio.join(hello).await;
            victim.guest.is_well().await;
            assert_eq!(victim.guest.end().await, victim.episode);
        }
    }
    assert!(fired(place, &episode), "{place} was never come by");
    is_whole(&studio.recordings().join(&episode)).await;
}

/// Somebody on air beside all of this, until it is over: one show after the other, each on autopilot. Returns how many
/// seconds were heard.
async fn neighbour(studio: &Studio, number: u32, over: watch::Receiver<bool>) -> u64 {
    let calm = Weather { life_ms: (600_000, 600_000), slow_per_cent: 0, slow_ms: 1 };
    let proxy = Proxy::start(studio.address(), number.into(), calm).await;
    let mut heard = 0;
    for show in 1.. {
        let mut page = Page::new(format!("neighbour-{number}-{show}"));
        let mut client = Client::connect(proxy.address).await.expect("a connection");
        page.sit(&mut client, |page| *over.borrow() || page.is_done()).await;
        let counts = page.player.counts();
        assert_eq!((counts.underruns, counts.dropped), (0, 0), "{}", page.episode);
        heard += AiSpeaker::BOTH.map(|ai| page.player.heard_samples(ai)).iter().sum::<u64>();
        if *over.borrow() {
            break;
        }
    }
    heard / 48_000
}

/// Holds `breaking` beside two neighbours, whose sound must not be late by a frame.
pub(super) async fn beside_neighbours(studio: &Studio, breaking: LocalBoxFuture<'_, ()>) {
    let (stop, over) = watch::channel(false);
    let breaking = async {
        breaking.await;
        stop.send_replace(true);
    };
    let began = Instant::now();
    let (first, second, ()) = tokio::join!(
        neighbour(studio, 1, over.clone()).boxed_local(),
        neighbour(studio, 2, over.clone()).boxed_local(),
        breaking
    );
    let seconds = began.elapsed().as_secs();
    println!("neighbours heard {first} s and {second} s of {seconds} s, no frame late");
    // Shows begin and end, and AIs take turns: but most of the time somebody speaks.
    assert!(first.min(second) * 2 > seconds, "{first} s and {second} s of {seconds} s");
}

#[actix::test]
async fn each_part_that_panics_in_mid_sentence_leaves_its_neighbours_on_time() {
    let studio = Opening::of(stand_ins()).start().await;
    let breaking = async {
        for (place, outcome) in PANICS {
            strike(&studio, place, Fault::Panic, outcome).await;
        }
        // The one timer of the arbiter, which is everybody's.
        let _lever = arm("pacer", "", Fault::Panic);
        let mut guest = Victim::in_mid_sentence(&studio, "fault-pacer").await.guest;
        guest.end().await;
        assert!(fired("pacer", ""));
        // Who is on air is known to one actor alone: it turns one away and goes on.
        let _lever = arm("directory", "fault-directory", Fault::Panic);
        let hello = Hello { episode_id: "fault-directory".to_owned(), ..Hello::default() };
        let mut turned_away = studio.join(hello).await;
        assert_eq!(turned_away.error().await, "session_failed");
        let mut guest = Victim::in_mid_sentence(&studio, "after-directory").await.guest;
        assert_eq!(guest.end().await, "after-directory");
    };
    beside_neighbours(&studio, breaking.boxed_local()).await;
}

#[actix::test]
async fn each_stream_that_hangs_in_mid_sentence_is_replaced_and_leaves_its_neighbours_on_time() {
    let studio = Opening::of(stand_ins()).start().await;
    let strikes = HANGS.map(|(place, outcome)| strike(&studio, place, Fault::Hang, outcome));
    let breaking = futures_util::future::join_all(strikes).map(|_done| ());
    beside_neighbours(&studio, breaking.boxed_local()).await;
}

#[actix::test]
async fn a_disk_that_stands_still_ends_the_session_with_its_reason_and_keeps_what_was_written() {
    let studio = Opening::of(stand_ins()).start().await;
    let breaking = async {
        let episode = "fault-stalled";
        let victim = Victim::in_mid_sentence(&studio, episode).await;
        let mut page = Page::new(episode.to_owned());
        page.token = Some(victim.token.clone());
        let lever = arm("writer", episode, Fault::Stall);
        // The host's tone fills the queue: ten seconds of it are kept.
        let mut client = Client::connect(studio.address()).await.expect("a connection");
        page.errors_are_expected = true;
        page.sit(&mut client, |page| page.errors.iter().any(|code| code == "disk_stalled")).await;
        assert!(page.errors.iter().any(|code| code == "disk_slow"), "{:?}", page.errors);
        assert!(page.errors.iter().any(|code| code == "disk_stalled"), "{:?}", page.errors);
        drop(lever);
        is_whole(&studio.recordings().join(episode)).await;
    };
    beside_neighbours(&studio, breaking.boxed_local()).await;
}

#[actix::test]
async fn a_pool_thread_that_stands_still_is_given_up_counted_and_does_not_keep_others_out() {
    let studio = Opening::of(stand_ins()).start().await;
    let breaking = async {
        let lever = arm("open", "fault-open", Fault::Stall);
        let hello = |episode: &str| Hello { episode_id: episode.to_owned(), ..Hello::default() };
        let mut stuck = studio.join(hello("fault-open")).await;
        let mut other = studio.join(hello("beside-it")).await;
        other.snapshot().await;
        assert_eq!(stuck.error().await, "disk_stalled");
        other.is_well().await;
        drop(lever);
        let _lever = arm("open", "fault-open-2", Fault::Panic);
        let mut broken = studio.join(hello("fault-open-2")).await;
        assert_eq!(broken.error().await, "session_failed");
        assert_eq!(other.end().await, "beside-it");
    };
    beside_neighbours(&studio, breaking.boxed_local()).await;
}
