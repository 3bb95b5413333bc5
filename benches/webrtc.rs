//! WebRTC as its listeners meet it: how soon sound flows, and a full house on one port.
//!
//! The listeners are str0m over OpenSSL, somebody else's stack, each with a UDP socket of its own on loopback; signalling
//! goes over the real WebSocket. The studio is a process of its own (this program again), so memory and CPU time are its
//! alone, and what the listeners take of the two cores is not in the figures but in the way. Real time, a minute and a
//! half; `connect` or `house` as an argument runs one half.

#[path = "../tests/it/support/caller.rs"]
#[expect(
    clippy::expect_used,
    clippy::panic,
    dead_code,
    reason = "shared with the tests, which use all of it and where it may fail loudly"
)]
mod caller;
#[path = "session/figures.rs"]
mod figures;
#[path = "webrtc/listener.rs"]
mod listener;
#[path = "session/process.rs"]
#[expect(dead_code, reason = "the bench of sessions uses the rest")]
mod process;
#[path = "session/studio.rs"]
mod studio;

use std::path::Path;
use std::time::Duration;

use figures::{figure, figure_at_least, note, percentile, say};
use listener::{Listener, Stay};
use process::Studio;

/// Calls one after the other, for the time until sound flows.
const CALLS: usize = 100;
/// A full house.
const HOUSE: usize = 200;
/// Between two that come: the house fills in four seconds.
const BETWEEN: Duration = Duration::from_millis(20);
/// How long all of them stay once the last has come.
const HOLD: Duration = Duration::from_secs(30);
/// A packet that comes so long after its time is late: what a browser's buffer takes without being heard.
const LATE_MS: f64 = 40.0;

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
    runtime.block_on(bench(wants("connect"), wants("house")))
}

async fn bench(connect: bool, house: bool) -> anyhow::Result<()> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let dir = tempfile::tempdir()?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    say(&format!(
        "webrtc: {cores} cores, load before {}, loopback, one UDP port, the project's dev profile\n",
        load.split(' ').next().unwrap_or_default()
    ));
    if connect {
        let studio = Studio::start(&dir.path().join("connect"), &models)?;
        Box::pin(one_by_one(&studio)).await?;
        studio.stop()?;
    }
    if house {
        let studio = Studio::start(&dir.path().join("house"), &models)?;
        Box::pin(full_house(&studio)).await?;
        studio.stop()?;
    }
    Ok(())
}

async fn one_by_one(studio: &Studio) -> anyhow::Result<()> {
    let mut after = Vec::new();
    for number in 0..CALLS {
        let listener = Box::pin(Listener::call(studio.address, number)).await?;
        let stayed = Box::pin(listener.stay(Stay::UntilSound)).await?;
        after.push(stayed.first_sound_ms);
    }
    say(&format!("{CALLS} calls, one after the other: offer sent → first decrypted packet"));
    figure("median", percentile(&after, 50), "ms", 50.0);
    figure("p99", percentile(&after, 99), "ms", 50.0);
    note("the slowest", percentile(&after, 100), "ms");
    Ok(())
}

async fn full_house(studio: &Studio) -> anyhow::Result<()> {
    // What everybody shares is made by the first one.
    let listener = Box::pin(Listener::call(studio.address, 0)).await?;
    Box::pin(listener.stay(Stay::UntilSound)).await?;
    let before = studio.resident_mb()?;
    let end = tokio::time::Instant::now() + BETWEEN * u32::try_from(HOUSE)? + HOLD;
    let mut house = tokio::task::JoinSet::new();
    for number in 1..=HOUSE {
        let address = studio.address;
        house.spawn(async move {
            let listener = Box::pin(Listener::call(address, number)).await?;
            Box::pin(listener.stay(Stay::Until(end))).await
        });
        tokio::time::sleep(BETWEEN).await;
    }
    let settle = HOLD / 3;
    tokio::time::sleep(settle).await;
    let cpu = studio.cpu_seconds()?;
    tokio::time::sleep(settle).await;
    let cpu = (studio.cpu_seconds()? - cpu) / settle.as_secs_f64();
    let resident = studio.resident_mb()?;
    let mut stayed = Vec::new();
    while let Some(listener) = house.join_next().await {
        match listener? {
            Ok(listener) => stayed.push(listener),
            Err(error) => say(&format!("  a listener gave up: {error:#}")),
        }
    }
    let held = stayed.iter().filter(|stayed| stayed.held).count();
    say(&format!(
        "\n{HOUSE} sessions on one port, two tracks to each, a microphone from each, {} s",
        HOLD.as_secs()
    ));
    figure_at_least("connected and held to the end", held as f64, "", HOUSE as f64);
    let firsts: Vec<f64> = stayed.iter().map(|stayed| stayed.first_sound_ms).collect();
    note(
        "offer sent → first decrypted packet while the house fills, median",
        percentile(&firsts, 50),
        "ms",
    );
    note("the same, the slowest", percentile(&firsts, 100), "ms");
    let late: Vec<f64> = stayed.iter().flat_map(|stayed| stayed.late_ms.iter().copied()).collect();
    let packets = late.len();
    let too_late = late.iter().filter(|late| **late > LATE_MS).count();
    figure(
        &format!("packets after their time, p99 of {packets}"),
        percentile(&late, 99),
        "ms",
        LATE_MS,
    );
    note("later than 40 ms", 100.0 * too_late as f64 / packets.max(1) as f64, "%");
    let lost: u64 = stayed.iter().map(|stayed| stayed.lost).sum();
    figure("packets lost on the way to listeners", lost as f64, "", 0.0);
    figure("memory a session", (resident - before) / HOUSE as f64, "MB", 2.0);
    note("the studio's CPU time, in cores", cpu, "");
    say(&format!("  /health: {}", health_of(studio).await?));
    Ok(())
}

/// What the studio itself says of its port.
async fn health_of(studio: &Studio) -> anyhow::Result<String> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut socket = tokio::net::TcpStream::connect(studio.address).await?;
    let request =
        format!("GET /health HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", studio.address);
    socket.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await?;
    let from = answer.find("\"webrtc\":").unwrap_or(0);
    Ok(answer.get(from..).unwrap_or_default().trim_end_matches('}').to_owned() + "}")
}
