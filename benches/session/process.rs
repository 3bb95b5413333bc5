//! A process and what the system knows of it.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// Ticks of a CPU clock in a second: `sysconf(_SC_CLK_TCK)` of every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// A studio in a process of its own.
#[derive(Debug)]
pub(crate) struct Studio {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Studio {
    /// Starts this program as a studio that records into `dir`.
    pub(crate) fn start(dir: &Path, models: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--studio").arg(dir).arg(models);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().context("the studio's output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().parse().with_context(|| format!("an address in {line:?}"))?;
        Ok(Self { child, address })
    }

    /// CPU time of all its threads until now, seconds.
    pub(crate) fn cpu_seconds(&self) -> anyhow::Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The second field is a name in parentheses that may hold spaces; user and system time are the 14th and 15th.
        let (_, fields) = stat.rsplit_once(')').context("a name in /proc/stat")?;
        let ticks: f64 = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<f64>().ok())
            .sum();
        Ok(ticks / TICKS_PER_SECOND)
    }

    /// Memory it has touched, MB.
    pub(crate) fn resident_mb(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("VmRSS")?;
        let kib: f64 = line.split_whitespace().nth(1).context("VmRSS")?.parse()?;
        Ok(kib / 1024.0)
    }

    /// Lets it stop in order.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        drop(self.child.stdin.take());
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Studio {
    fn drop(&mut self) {
        // After an orderly stop there is nothing left to kill.
        drop(self.child.kill());
    }
}

/// Time from the start of the real program until `/health` answers, and until all its models are loaded.
pub(crate) fn start_times(models: &Path, dir: &Path) -> anyhow::Result<(Duration, Duration)> {
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    #[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
    let begin = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_studio"))
        .env("PORT", port.to_string())
        .env("STUDIO_MODELS_DIR", models)
        .env("RECORDING_DIR", dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let mut listening = None;
    let loaded = loop {
        if let Some(health) = health(port) {
            listening.get_or_insert(begin.elapsed());
            if !health.contains("\"loading\"") {
                break begin.elapsed();
            }
        }
        if begin.elapsed() > Duration::from_secs(20) {
            child.kill()?;
            anyhow::bail!("the studio did not start within 20 s");
        }
        pause();
    };
    child.kill()?;
    child.wait()?;
    Ok((listening.unwrap_or(loaded), loaded))
}

#[expect(clippy::disallowed_methods, reason = "no actor runs on this thread")]
fn pause() {
    std::thread::sleep(Duration::from_millis(2));
}

fn health(port: u16) -> Option<String> {
    use std::io::{Read as _, Write as _};
    let mut socket = std::net::TcpStream::connect(("127.0.0.1", port)).ok()?;
    socket.set_read_timeout(Some(Duration::from_millis(500))).ok()?;
    write!(socket, "GET /health HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n")
        .ok()?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).ok()?;
    answer.contains("\"status\"").then_some(answer)
}
