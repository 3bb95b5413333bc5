//! `studio talk` without a sound card: the same loop over the same socket, with a card of the test's own; and the
//! command itself on a machine that has none.
#![cfg(feature = "talk")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::interval;
use voice_studio::client::talk::sound_line::{Ear, Mouth, SoundLine, sound_line};
use voice_studio::client::talk::view::View;
use voice_studio::client::talk::{Door, KEYS_MAX, Key, Show, Talked, talk};
use voice_studio::conversation::{OrbState, Speaker};
use voice_studio::recording::{Manifest, read_events};
use voice_studio::transport::protocol::{Hello, WireCaption};

use crate::support::process::binary;
use crate::support::proxy::{Proxy, Weather};
use crate::support::sources::root;
use crate::support::stand_ins::StandIns;
use crate::support::studio::{Opening, Studio};
use crate::support::{comes, models};

const ANSWER: &str = "A moon is a rock that goes around a planet. It shines with borrowed light.";
/// A caption a sentence.
const SAID: [&str; 3] = [
    "Sam: Ada what is a moon",
    "Ada: A moon is a rock that goes around a planet.",
    "Ada: It shines with borrowed light.",
];
/// As long as a studio asks for.
const TOKEN: &str = "sesame-open-yourself";
/// What a card asks for at once: 10 ms.
const PERIOD: usize = 480;

/// A card that runs in real time: the host is loud for a while, the loudspeaker is kept.
struct Card {
    line: Option<SoundLine>,
    played: Arc<Mutex<Vec<i16>>>,
}

impl Card {
    /// The host sounds for `loud` periods after the first half second.
    fn start(loud: usize) -> Self {
        let (ear, mouth, line) = sound_line();
        let played = Arc::new(Mutex::new(Vec::new()));
        tokio::task::spawn_local(run(ear, mouth, loud, Arc::clone(&played)));
        Self { line: Some(line), played }
    }

    fn line(&mut self) -> SoundLine {
        self.line.take().expect("taken once")
    }

    fn loud_samples(&self) -> usize {
        let played = self.played.lock().expect("no panic");
        played.iter().filter(|sample| sample.unsigned_abs() > 300).count()
    }
}

async fn run(mut ear: Ear, mut mouth: Mouth, loud: usize, played: Arc<Mutex<Vec<i16>>>) {
    let mut tick = interval(Duration::from_millis(10));
    for period in 0_usize.. {
        tick.tick().await;
        let is_loud = (50..50 + loud).contains(&period);
        let sample = |index: usize| match (is_loud, index % 96 < 48) {
            (true, true) => 8_000,
            (true, false) => -8_000,
            (false, _) => 0,
        };
        ear.take((0..PERIOD).map(sample), 480);
        let mut played = played.lock().expect("no panic");
        mouth.fill(PERIOD, 480, |sample| played.push(sample));
    }
}

/// Keys, and what is on the screen when each is pressed.
type Plan = Vec<(fn(&View) -> bool, Key)>;

/// Presses keys when something is seen.
struct Hand {
    press: mpsc::Sender<Key>,
    plan: Plan,
    said: Vec<String>,
}

impl Show for Hand {
    fn draw(&mut self, view: &View) {
        let is_time = self.plan.first().is_some_and(|(is_time, _)| is_time(view));
        if is_time {
            let (_, key) = self.plan.remove(0);
            self.press.try_send(key).expect("room for a key");
        }
    }

    fn said(&mut self, view: &View, caption: &WireCaption) {
        self.said.push(format!("{}: {}", view.name(caption.speaker), caption.text));
    }
}

/// The last sentence of the answer was heard.
fn is_answered(view: &View) -> bool {
    let is_last = |text: &str| ANSWER.ends_with(text);
    view.captions.iter().any(|caption| caption.is_final && is_last(&caption.text))
}

fn is_speaking(view: &View) -> bool {
    view.orbs[Speaker::Claude.index()] == OrbState::Speaking
        && view.captions.iter().any(|caption| {
            caption.text.split(' ').count() > 3 && caption.speaker == Speaker::Claude
        })
}

async fn hold(
    address: std::net::SocketAddr,
    token: Option<&str>,
    card: &mut Card,
    plan: Plan,
) -> (Talked, Vec<String>) {
    let (press, keys) = mpsc::channel(KEYS_MAX);
    let mut hand = Hand { press, plan, said: Vec::new() };
    let door =
        Door { address, token: token.map(str::to_owned), hello: Hello::default(), rate: 48_000 };
    let talked =
        Box::pin(comes("the end of the talk", talk(&door, card.line(), keys, &mut hand))).await;
    (talked.expect("a recording"), hand.said)
}

fn stand_ins() -> StandIns {
    StandIns::new(&["Ada what is a moon"], &[ANSWER])
}

#[actix::test]
async fn a_question_is_answered_aloud_and_recorded() {
    let studio = Studio::start(stand_ins()).await;
    let mut card = Card::start(60);
    let plan: Plan = vec![(is_answered, Key::End)];
    let (talked, said) = Box::pin(hold(studio.address(), None, &mut card, plan)).await;
    assert_eq!(said, SAID);
    assert!(card.loud_samples() > 48_000, "{} loud samples were played", card.loud_samples());
    assert_eq!(talked.view.files.len(), 9, "{:?}", talked.view.files);
    let manifest = Manifest::read(&studio.recordings().join("table")).expect("readable");
    assert!(manifest.expect("a manifest").session.samples > 0);
}

#[actix::test]
async fn a_key_interrupts_and_nothing_of_the_turn_is_heard_after_it() {
    let studio = Studio::start(stand_ins()).await;
    let mut card = Card::start(60);
    let plan: Plan = vec![
        (is_speaking, Key::Interrupt),
        (|view| view.captions.iter().any(|caption| caption.cut), Key::Mute),
        (|view| view.muted && view.orbs[0] == OrbState::Muted, Key::End),
    ];
    let (_, said) = Box::pin(hold(studio.address(), None, &mut card, plan)).await;
    let cut = said.last().expect("a caption");
    assert!(cut.starts_with("Ada: A moon is") && cut.len() < ANSWER.len(), "{said:?}");
    let events = read_events(&studio.recordings().join("table/events.jsonl")).expect("a log");
    let flushed = events.filter_map(Result::ok).find(|event| {
        event.kind == "playout" && event.fields.get("input") == Some(&"flushed".into())
    });
    assert!(flushed.is_some(), "the last position was told");
}

#[actix::test]
async fn a_studio_that_asks_for_its_token_gets_it() {
    let opening = Opening::of(stand_ins()).with("STUDIO_ACCESS_TOKEN", TOKEN);
    let studio = opening.start_asking(TOKEN).await;
    let mut card = Card::start(0);
    let (press, keys) = mpsc::channel(KEYS_MAX);
    let mut hand = Hand { press, plan: Vec::new(), said: Vec::new() };
    let door =
        Door { address: studio.address(), token: None, hello: Hello::default(), rate: 48_000 };
    let refused = talk(&door, card.line(), keys, &mut hand).await;
    assert!(format!("{:#}", refused.expect_err("refused")).contains("401"));
    let mut card = Card::start(0);
    let plan: Plan = vec![(|view| view.recording, Key::End)];
    Box::pin(hold(studio.address(), Some(TOKEN), &mut card, plan)).await;
}

#[actix::test]
async fn a_lost_connection_comes_back_into_the_same_session() {
    let studio = Studio::start(stand_ins()).await;
    let weather = Weather { life_ms: (2_000, 3_000), slow_per_cent: 0, slow_ms: 0 };
    let proxy = Proxy::start(studio.address(), 7, weather).await;
    let mut card = Card::start(60);
    let (press, keys) = mpsc::channel(KEYS_MAX);
    let plan: Plan = vec![(is_answered, Key::End)];
    let mut hand = Hand { press, plan, said: Vec::new() };
    let door = Door { address: proxy.address, token: None, hello: Hello::default(), rate: 48_000 };
    let clearing_up = async {
        let mut look = interval(Duration::from_millis(5));
        while proxy.cuts() == 0 {
            look.tick().await;
        }
        proxy.calm_down();
    };
    let talking = comes("the end of the talk", talk(&door, card.line(), keys, &mut hand));
    let (talked, ()) = tokio::join!(talking, clearing_up);
    let talked = talked.expect("a recording");
    assert!(talked.comebacks >= 1, "{talked:?}");
    assert_eq!(hand.said, SAID);
    assert_eq!(talked.view.episode_id, "table", "one session, one take");
}

#[test]
fn without_a_sound_device_it_says_so_and_answers_69() {
    let dir = TempDir::new().expect("a folder");
    // No card, and a configuration of ALSA that names none: the same on every machine.
    let empty = dir.path().join("asound.conf");
    std::fs::write(&empty, "").expect("a file");
    for arguments in [&["talk"][..], &["talk", "--list-devices"], &["talk", "--input", "banjo"]] {
        let output = binary(dir.path())
            .env("ALSA_CONFIG_PATH", &empty)
            .env("HOME", dir.path())
            .args(arguments)
            .output()
            .expect("the binary");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(69), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert_eq!(said.lines().count(), 1, "one sentence and nothing of ALSA's: {said}");
        assert!(said.contains("sound_device"), "{arguments:?}: {said}");
    }
}

/// A sound server of the test's own: what is played into `mic` is heard by the microphone, `ear` is the loudspeaker.
struct SoundServer {
    child: Child,
    dir: TempDir,
}

impl SoundServer {
    /// `None` where this machine has none.
    fn start() -> Option<Self> {
        let has_plugin = ["x86_64", "aarch64"].iter().any(|machine| {
            let folder = format!("/usr/lib/{machine}-linux-gnu/alsa-lib");
            Path::new(&folder).join("libasound_module_pcm_pulse.so").exists()
        });
        if !has_plugin || Command::new("pulseaudio").arg("--version").output().is_err() {
            println!("skipped: a talk through a sound server: no PulseAudio here");
            return None;
        }
        let dir = TempDir::new().expect("a folder");
        let socket = dir.path().join("pulse.sock").display().to_string();
        let sink = |name: &str| format!("module-null-sink sink_name={name} rate=48000 channels=1");
        let modules = [
            format!("module-native-protocol-unix socket={socket} auth-anonymous=1"),
            sink("ear"),
            sink("mic"),
        ];
        let child = Command::new("pulseaudio")
            .args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=false"])
            .args(modules.iter().flat_map(|module| ["-L", module.as_str()]))
            .env("HOME", dir.path())
            .env("XDG_RUNTIME_DIR", dir.path())
            .stderr(Stdio::null())
            .spawn()
            .expect("a sound server");
        let server = Self { child, dir };
        // Each question takes it some hundredths of a second.
        let is_there = (0..500)
            .any(|_| server.client("pactl", &["info"]).output().expect("pactl").status.success());
        assert!(is_there, "the sound server answers");
        Some(server)
    }

    fn client(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).env("HOME", self.dir.path()).env("PULSE_SERVER", self.address());
        command
    }

    fn address(&self) -> String {
        format!("unix:{}", self.dir.path().join("pulse.sock").display())
    }
}

impl Drop for SoundServer {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            assert!(self.child.wait().is_ok() || std::thread::panicking());
        }
    }
}

#[test]
fn a_spoken_question_is_answered_through_the_sound_card() {
    if models("a talk through a sound server").is_none() {
        return;
    }
    let Some(sound) = SoundServer::start() else { return };
    let dir = TempDir::new().expect("a folder");
    let asound = dir.path().join("asound.conf");
    let default = "</usr/share/alsa/alsa.conf>\npcm.!default { type pulse }\n";
    std::fs::write(&asound, default).expect("a file");
    let ear = std::fs::File::create(dir.path().join("ear.raw")).expect("a file");
    let format = ["--format=s16le", "--rate=48000", "--channels=1"];
    let mut listening = sound
        .client("parec", &["--device=ear.monitor"])
        .args(format)
        .stdout(ear)
        .spawn()
        .expect("parec");
    let mut studio = binary(dir.path())
        .arg("talk")
        .env("ALSA_CONFIG_PATH", &asound)
        .env("HOME", sound.dir.path())
        .env("PULSE_SERVER", sound.address())
        .env("PULSE_SOURCE", "mic.monitor")
        .env("PULSE_SINK", "ear")
        .env("STUDIO_MODELS_DIR", root().join("models"))
        .stdin(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the binary");
    let mut lines =
        BufReader::new(studio.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    assert!(lines.next().is_some_and(|line| line.starts_with("On air: A table of three")));
    let question = root().join("tests/audio/question.wav");
    let spoken = sound.client("paplay", &["--device=mic"]).arg(question).status().expect("paplay");
    assert!(spoken.success());
    let heard = lines.next().expect("the host's line").to_lowercase();
    assert!(heard.contains("sam: ") && heard.contains("measure"), "{heard}");
    let answer = lines.next().expect("an answer");
    assert!(answer.contains("Ada: ") || answer.contains("Oscar: "), "{answer}");
    let mut keys = studio.stdin.take().expect("a pipe");
    keys.write_all(b"q").expect("a key");
    let rest: Vec<String> = lines.collect();
    assert!(rest.iter().any(|line| line.starts_with("Recorded: ")), "{rest:?}");
    assert_eq!(studio.wait().expect("an end").code(), Some(0));
    drop(keys);
    listening.kill().expect("it listens still");
    listening.wait().expect("an end");
    let played = std::fs::read(dir.path().join("ear.raw")).expect("a file");
    let samples = played.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]]));
    let loud = samples.filter(|sample| sample.unsigned_abs() > 1000).count();
    assert!(loud > 4_800, "{loud} loud samples reached the loudspeaker");
}
