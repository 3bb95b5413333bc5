//! A session as its host meets it: latency, interruptions, gaps, memory, sessions a core, start.
//!
//! Clients talk over the real WebSocket, on loopback, with a studio in a process of its own (this program again), whose
//! adapters follow a script. So providers' times are known and subtracted, and memory and CPU time are the studio's
//! alone. Real time, two and a half minutes; `quiet` or `loaded` as an argument runs one half. Each figure stands beside
//! its budget; what is not met says so.

#[path = "session/figures.rs"]
mod figures;
#[path = "session/guests.rs"]
mod guests;
#[path = "session/host.rs"]
mod host;
#[path = "session/latency.rs"]
mod latency;
#[path = "session/process.rs"]
mod process;
#[path = "session/studio.rs"]
mod studio;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use figures::{figure, figure_at_least, note, percentile, say};
use guests::{Asker, Interrupter, Listener};
use host::{Held, Sitting, buzz, hold};
use process::Studio;
use studio::Scene;

/// How long the three sessions talk that show latency, interruptions and gaps.
const QUIET: Duration = Duration::from_secs(75);
/// How often a client that measures looks at its clock.
const FINE: Duration = Duration::from_millis(2);
/// How often a client that only loads does.
const COARSE: Duration = Duration::from_millis(20);
/// Sessions at each step of the load; the last step comes close to loading two cores by half.
const STEPS: [usize; 3] = [10, 20, 50];
/// Time for a step's sessions to start and settle, then the time that is measured.
const SETTLE: Duration = Duration::from_secs(6);
const MEASURED: Duration = Duration::from_secs(12);
/// A question of whoever asks again and again: longer than voice of which the end-of-turn model is asked nothing
/// ([`Rules::model_speech_min`](voice_studio::conversation::rules::Rules)), so that the chosen silence is the model's.
const SHORT_QUESTION_MS: u64 = 1_200;
/// A talker's question, 2 s, and its period: the host has 40 %, the AI 42 %.
const QUESTION_MS: u64 = 2_000;
const PERIOD: Duration = Duration::from_secs(5);

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, mode, dir, models] = arguments.as_slice()
        && mode == "--studio"
    {
        return studio::serve(Path::new(dir), Path::new(models));
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let wants = |part: &str| {
        let mut parts = arguments.iter().skip(1).filter(|word| !word.starts_with("--")).peekable();
        parts.peek().is_none() || parts.any(|word| word == part)
    };
    runtime.block_on(bench(wants("quiet"), wants("loaded")))
}

async fn bench(quiet: bool, loaded: bool) -> anyhow::Result<()> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let dir = tempfile::tempdir()?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    say(&format!(
        "session: {cores} cores, load before {}, loopback, PCM 48 kHz both ways, the project's dev profile\n",
        load.split(' ').next().unwrap_or_default()
    ));
    start_up(&models, dir.path())?;
    if quiet {
        let dir = dir.path().join("quiet");
        let studio = Studio::start(&dir, &models)?;
        Box::pin(talk_and_interrupt(&studio, &dir, &models)).await?;
        studio.stop()?;
    }
    if loaded {
        let dir = dir.path().join("loaded");
        let studio = Studio::start(&dir, &models)?;
        load_up(&studio, &dir).await?;
        studio.stop()?;
    }
    Ok(())
}

fn start_up(models: &Path, dir: &Path) -> anyhow::Result<()> {
    say("start of the process");
    let none = dir.join("none");
    std::fs::create_dir_all(&none)?;
    let (listening, _) = process::start_times(&none, &dir.join("start"))?;
    figure("until it listens, without local models", ms(listening), "ms", 300.0);
    if models.join("moonshine-tiny-en").is_dir() {
        let (listening, loaded) = process::start_times(models, &dir.join("start"))?;
        figure("until it listens, with local models", ms(listening), "ms", 1_500.0);
        note("until the models have loaded too", ms(loaded), "ms");
    } else {
        say("  with local models: skipped, they are not here (studio models pull)");
    }
    Ok(())
}

/// Three sessions and one more: what each is for is measured in it.
async fn talk_and_interrupt(studio: &Studio, dir: &Path, models: &Path) -> anyhow::Result<()> {
    let sitting = |scene: Scene, voice: Arc<[i16]>| Sitting {
        address: studio.address,
        scene,
        episode: scene.name(),
        length: QUIET,
        tick: FINE,
        voice,
    };
    let mut asker = Asker::new(SHORT_QUESTION_MS, Duration::ZERO, Duration::from_millis(500));
    let mut interrupter = Interrupter::new(0, 1_200 * host::MS);
    let mut listener = Listener::default();
    let clip = clip();
    let mut by_silero =
        clip.as_ref().map(|clip| Interrupter::new(clip.onset, clip.samples.len() as u64));
    let quick = sitting(Scene::Quick, buzz());
    let long = sitting(Scene::Long, buzz());
    let chat = sitting(Scene::Autopilot, buzz());
    let silero = sitting(
        Scene::LongBySilero,
        clip.as_ref().map_or_else(buzz, |clip| Arc::clone(&clip.samples)),
    );
    let has_silero = by_silero.is_some() && models.join("silero-vad").is_dir();
    let with_silero = async {
        match by_silero.as_mut().filter(|_| has_silero) {
            Some(guest) => hold(&silero, guest).await.map(drop),
            None => Ok(()),
        }
    };
    let (asked, interrupted, chatted, heard, bare) = tokio::join!(
        hold(&quick, &mut asker),
        hold(&long, &mut interrupter),
        hold(&chat, &mut listener),
        with_silero,
        latency::without_rules(Scene::Quick, 60),
    );
    let asked = asked?;
    interrupted?;
    chatted?;
    heard?;
    let bare = bare?;
    say("\nfour sessions, the machine otherwise idle");
    latency::report(&latency::added(&dir.join(&asked.episode), &asked, &asker.answers)?, &bare)?;
    barge_in("scripted detector of 32 ms hops", &interrupter);
    if let (Some(guest), Some(clip)) = (&by_silero, &clip) {
        if has_silero {
            barge_in(&format!("Silero, {}", clip.name), guest);
        } else {
            say("  Silero: skipped, the model is not here");
        }
    }
    let flushes = &interrupter.flushes;
    note(
        &format!("interrupt pressed → flush at the client, p95 of {}", flushes.len()),
        percentile(flushes, 95),
        "ms",
    );
    let gaps = &listener.gaps;
    let apart: Vec<f64> = gaps.iter().map(|gap| (gap - 250.0).abs()).collect();
    note(&format!("gap between AI speakers, median of {}", gaps.len()), percentile(gaps, 50), "ms");
    figure("its distance from the chosen 250 ms, p95", percentile(&apart, 95), "ms", 40.0);
    Ok(())
}

fn barge_in(detector: &str, guest: &Interrupter) {
    let (ducks, pauses) = (&guest.ducks, &guest.pauses);
    say(&format!("  host onset → order at the client, {detector}, {} onsets", ducks.len()));
    figure("  duck, p50", percentile(ducks, 50), "ms", 60.0);
    figure("  duck, p95", percentile(ducks, 95), "ms", 110.0);
    figure("  pause, p50", percentile(pauses, 50), "ms", 210.0);
    figure("  pause, p95", percentile(pauses, 95), "ms", 280.0);
}

/// A clip of speech at 48 kHz whose onset is known.
struct Clip {
    name: String,
    samples: Arc<[i16]>,
    onset: u64,
}

/// The clip with word times, or a line of our own whose silence before the first word is digital.
fn clip() -> Option<Clip> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let labelled = ["../shared", "../../shared"]
        .map(|shared| root.join(shared).join("speech/mfa-acoustic_corpus.wav"));
    // Its first word begins at 1.05 s, in mfa-acoustic_corpus.words.tsv.
    let known = labelled.into_iter().find(|path| path.is_file()).map(|path| (path, Some(1.05)));
    let (path, onset_s) = known.unwrap_or((root.join("tests/audio/barge-in.wav"), None));
    let mut reader = hound::WavReader::open(&path).ok()?;
    let rate = voice_studio::audio::SampleRate::new(reader.spec().sample_rate)?;
    let narrow = reader.samples::<i16>().collect::<Result<Vec<i16>, _>>().ok()?;
    let mut to_48k = voice_studio::audio::resample::Resampler::new(
        rate,
        voice_studio::audio::SampleRate::HZ_48000,
    );
    let mut wide = Vec::new();
    to_48k.push(&narrow, &mut wide);
    to_48k.finish(&mut wide);
    let onset = match onset_s {
        Some(seconds) => host::samples(Duration::from_secs_f64(seconds)),
        None => wide.iter().position(|sample| sample.unsigned_abs() > 300)? as u64,
    };
    // Two seconds from 0.3 s before the first word.
    let from = onset.saturating_sub(300 * host::MS);
    let begin = usize::try_from(from).ok()?;
    let samples: Arc<[i16]> = wide.get(begin..)?.iter().copied().take(96_000).collect();
    let name = path.file_name()?.to_string_lossy().into_owned();
    Some(Clip { name, samples, onset: onset - from })
}

/// More and more talking sessions: memory, CPU, real time, and the latency of all of them.
async fn load_up(studio: &Studio, dir: &Path) -> anyhow::Result<()> {
    // What everybody shares is made by the first session.
    let first = talker(studio, 0, Duration::from_secs(4));
    first.await?;
    let length = (SETTLE + MEASURED) * u32::try_from(STEPS.len())?;
    let mut resident = vec![(0, studio.resident_mb()?)];
    let mut talkers = tokio::task::JoinSet::new();
    let (mut cpu, mut bare) = (Vec::new(), Vec::new());
    for (step, sessions) in STEPS.into_iter().enumerate() {
        let length = length - (SETTLE + MEASURED) * u32::try_from(step)?;
        while talkers.len() < sessions {
            talkers.spawn(talker(studio, talkers.len() + 1, length));
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
        tokio::time::sleep(SETTLE).await;
        let before = studio.cpu_seconds()?;
        let (bare_now, ()) =
            tokio::join!(latency::without_rules(Scene::Talk, 30), tokio::time::sleep(MEASURED));
        bare.extend(bare_now?);
        let used = studio.cpu_seconds()? - before;
        cpu.push((sessions, used / MEASURED.as_secs_f64()));
        resident.push((sessions, studio.resident_mb()?));
    }
    let (mut late, mut ready, mut added) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(talked) = talkers.join_next().await {
        let (held, answers) = talked??;
        added.extend(latency::added(&dir.join(&held.episode), &held, &answers)?);
        late.extend(held.late_ms);
        ready.push(held.ready_ms);
    }
    say(
        "\n10, then 20, then 50 sessions: host 40 %, one AI 42 % of the time, three tracks recorded",
    );
    for pair in resident.windows(2) {
        let [(fewer, less), (more, most)] = pair else { continue };
        let each = (most - less) / (more - fewer) as f64;
        figure(&format!("memory a session, from {fewer} to {more} sessions"), each, "MB", 2.0);
    }
    for (sessions, cores) in cpu {
        let name = format!("sessions a core, by the studio's CPU time with {sessions}");
        figure_at_least(&name, sessions as f64 / cores, "", 100.0);
    }
    figure(
        &format!("frames after their time, p99 of {}", late.len()),
        percentile(&late, 99),
        "ms",
        40.0,
    );
    note("the latest", percentile(&late, 100), "ms");
    figure(&format!("connect → ready, p50 of {}", ready.len()), percentile(&ready, 50), "ms", 20.0);
    note("connect → ready, the slowest", percentile(&ready, 100), "ms");
    say("  response latency of these sessions");
    latency::report(&added, &bare)
}

fn talker(
    studio: &Studio,
    number: usize,
    length: Duration,
) -> impl Future<Output = anyhow::Result<(Held, Vec<Duration>)>> + Send + 'static {
    let sitting = Sitting {
        address: studio.address,
        scene: Scene::Talk,
        episode: format!("talk-{number}"),
        length,
        tick: COARSE,
        voice: buzz(),
    };
    // Spread over the period, so that they do not all speak at once.
    let phase = PERIOD * u32::try_from(number * 7 % 50).unwrap_or(0) / 50;
    async move {
        let mut asker = Asker::new(QUESTION_MS, PERIOD, phase);
        let held = hold(&sitting, &mut asker).await?;
        Ok((held, asker.answers))
    }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
