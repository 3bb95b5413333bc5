//! Native calls that do not come back: a network's computation, the synthesis of a voice. No thread of them can be ended,
//! so each is given up, counted and capped; whoever waited goes on, and nobody else on air is late.
//!
//! All of it over the real recogniser, detector, end-of-turn model and voices, in a process of its own, for the places
//! are the process's. Needs the local models; says so where they are missing.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::{MissedTickBehavior, interval};
use voice_studio::adapters::hearing::silero::Silero;
use voice_studio::adapters::hearing::smart_turn::SmartTurn;
use voice_studio::adapters::scripted::ScriptedMind;
use voice_studio::adapters::stt::moonshine::Moonshine;
use voice_studio::adapters::tts::flite::{Flite, STREAMS_MAX, STUCK_MAX};
use voice_studio::adapters::tts::{TextToSpeech, TtsOptions, TtsPiece};
use voice_studio::blocked::{Kind, standing};
use voice_studio::client::Received;
use voice_studio::faults::{Fault, arm, fired};
use voice_studio::transport::protocol::{Hello, HelloAudio, HostAudio, ServerMessage};

use super::faults::{SENTENCE, beside_neighbours};
use super::{in_a_process_of_its_own, setting};
use crate::support::sound::wav_16k;
use crate::support::stand_ins::StandIns;
use crate::support::studio::{Guest, Opening, Studio};
use crate::support::{comes, models};

/// Samples of a frame of 20 ms at the host's 16 kHz.
const FRAME: usize = 320;

#[test]
fn native_calls_that_stand_still_are_given_up_counted_and_capped_and_others_are_on_time() {
    if models("native calls that stand still").is_some() {
        in_a_process_of_its_own(module_path!(), "the_calls_themselves", &[("STUDIO_NATIVE", 1)]);
    }
}

/// A host who talks into a microphone.
struct Talker {
    guest: Guest,
    line: VecDeque<i16>,
    sent: u32,
    /// Final captions of what was understood.
    understood: usize,
}

impl Talker {
    async fn join(studio: &Studio) -> Self {
        let audio = HelloAudio { codec: "pcm".to_owned(), sample_rate: 16_000 };
        let hello = Hello {
            episode_id: "native".to_owned(),
            audio: Some(audio),
            reports: true,
            ..Hello::default()
        };
        let mut guest = studio.join(hello).await;
        guest.snapshot().await;
        Self { guest, line: VecDeque::new(), sent: 0, understood: 0 }
    }

    /// Says a recorded line, again and again with a pause behind it, until `seen`.
    async fn says_until(&mut self, what: &str, line: &str, seen: impl Fn(&Self) -> bool) {
        let audio = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audio").join(line);
        let line = wav_16k(&audio);
        let mut tick = interval(Duration::from_millis(20));
        tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
        comes(what, async {
            while !seen(self) {
                if self.line.is_empty() {
                    self.line.extend(line.iter().copied().chain([0; 16_000 * 3]));
                }
                tokio::select! {
                    _ = tick.tick() => self.send_frame().await,
                    received = self.guest.client.next() => self.take(received.expect("readable")),
                }
            }
        })
        .await;
    }

    async fn send_frame(&mut self) {
        let payload: Vec<u8> =
            self.line.drain(..FRAME.min(self.line.len())).flat_map(i16::to_le_bytes).collect();
        let capture_sample = u64::from(self.sent) * FRAME as u64;
        let frame = HostAudio {
            sequence: self.sent,
            capture_sample,
            muted: false,
            payload: payload.into(),
        };
        self.sent += 1;
        self.guest.client.send_sound(&frame).await.expect("the connection goes on");
    }

    fn take(&mut self, received: Received) {
        match received {
            Received::Message(numbered) => {
                if let ServerMessage::Caption(caption) = numbered.message
                    && caption.is_final
                    && caption.speaker == voice_studio::conversation::Speaker::You
                    && !caption.text.is_empty()
                {
                    self.understood += 1;
                }
            }
            Received::Sound(_) => {}
            Received::Closed { code, reason } => panic!("closed: {code} {reason}"),
        }
    }

    /// Is understood, whatever was the matter before.
    async fn is_understood(&mut self) {
        let before = self.understood;
        self.says_until("words of the host", "question.wav", |host| host.understood > before).await;
    }
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let mut look = interval(Duration::from_millis(5));
    comes(what, async {
        while !holds() {
            look.tick().await;
        }
    })
    .await;
}

/// What `/health` tells of threads and panics.
async fn health(studio: &Studio, field: &str) -> u64 {
    let health = studio.get("/health").await.json();
    health.pointer(field).and_then(serde_json::Value::as_u64).expect("a number")
}

#[actix::test]
async fn the_calls_themselves() {
    if setting("STUDIO_NATIVE").is_none() {
        println!("run by the test above, in a process of its own");
        return;
    }
    let models = models("the calls").expect("the models");
    voice_studio::cli::log_panics();
    let flite = Arc::new(Flite::new());
    let mut cast = StandIns::new(&[], &[""]);
    cast.speech_to_text = Arc::new(Moonshine::start(&models));
    cast.voice_activity = Arc::new(Silero::start(&models));
    cast.end_of_turn = Some(Arc::new(SmartTurn::start(&models)));
    cast.voice_name = "slt";
    for place in 0..2 {
        let voice = Arc::clone(&flite) as Arc<dyn TextToSpeech>;
        cast =
            cast.with_mind(place, Arc::new(ScriptedMind::new([SENTENCE]))).with_voice(place, voice);
    }
    let studio = Opening::of(cast).start().await;
    let breaking = async {
        let mut host = Talker::join(&studio).await;
        host.is_understood().await;
        for adapter in ["silero", "smart-turn", "moonshine"] {
            let lever = arm("worker", adapter, Fault::Stall);
            host.says_until("the fault", "ada.wav", |_| fired("worker", adapter)).await;
            host.says_until("its thread to be given up", "ada.wav", |_| standing(Kind::Model) == 1)
                .await;
            assert_eq!(health(&studio, "/blockedThreads/models").await, 1, "{adapter}");
            host.is_understood().await;
            drop(lever);
            until("the thread to come back", || standing(Kind::Model) == 0).await;
        }
        let _lever = arm("worker", "moonshine", Fault::Panic);
        host.says_until("the panic", "ada.wav", |_| health_panics() > 0).await;
        host.is_understood().await;
        voices_stand_still(&flite).await;
        assert!(health(&studio, "/panics").await >= 1);
        assert!(health(&studio, "/threadsGivenUp").await >= 3 + STUCK_MAX as u64);
        host.guest.end().await;
    };
    beside_neighbours(&studio, breaking.boxed_local()).await;
}

fn health_panics() -> u64 {
    voice_studio::session::supervision::panics()
}

/// As many voices stand still as may; the others have all their places still.
async fn voices_stand_still(flite: &Flite) {
    let options = || TtsOptions { voice: "rms".to_owned(), language: "en".to_owned() };
    let mut levers = Vec::new();
    for number in 0..STUCK_MAX {
        let text = format!("Stand still, number {number}.");
        levers.push(arm("flite", &text, Fault::Stall));
        let stream = flite.open(options()).await.expect("a voice");
        let piece = TtsPiece { piece: 0, text: text.clone() };
        stream.pieces.send(piece).await.expect("a thread");
        until("the fault", || fired("flite", &text)).await;
    }
    until("all of them to be given up", || standing(Kind::Voice) == STUCK_MAX as u64).await;
    // The neighbours have one or two each.
    let places = STREAMS_MAX - 4;
    let mut streams = Vec::new();
    for _ in 0..places {
        streams.push(flite.open(options()).await.expect("a place that nobody blocks"));
    }
    drop(streams);
    drop(levers);
    until("all of them to come back", || standing(Kind::Voice) == 0).await;
}
