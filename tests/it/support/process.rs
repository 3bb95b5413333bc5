//! The real binary as an operator starts it: in a folder of its own, with settings of its own and no others.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use tempfile::TempDir;
use voice_studio::client::Client;
use voice_studio::transport::protocol::{ClientMessage, Hello};

use super::stand_ins::BRIEFING;
use super::studio::Guest;
use super::web::request;

/// The binary, set up for `dir` and for nothing else that this machine may have set.
pub(crate) fn binary(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_studio"));
    std::fs::create_dir_all(dir.join("briefings")).expect("a folder");
    std::fs::write(dir.join("briefings/table.md"), BRIEFING).expect("a briefing");
    command.current_dir(dir).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("PORT", "0").stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A studio that serves.
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) printed: Vec<String>,
    pub(crate) dir: TempDir,
    /// Held open: a process that cannot print any more would be another test.
    _out: BufReader<ChildStdout>,
    err: BufReader<ChildStderr>,
}

impl Process {
    /// Without models.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    pub(crate) fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::start_in(TempDir::new().expect("a folder"), settings)
    }

    /// In a folder that another process may have left.
    pub(crate) fn start_in(dir: TempDir, settings: &[(&str, &str)]) -> Self {
        let mut command = binary(dir.path());
        command.envs(settings.iter().copied());
        Self::spawn(command, dir)
    }

    /// With at most so many files open at one time (`prlimit` is in util-linux, which every Debian has).
    pub(crate) fn start_limited(files: usize, settings: &[(&str, &str)]) -> Self {
        let dir = TempDir::new().expect("a folder");
        let unlimited = binary(dir.path());
        let mut command = Command::new("prlimit");
        command.arg(format!("--nofile={files}:{files}")).arg(unlimited.get_program());
        command.current_dir(dir.path()).env_clear().stdout(Stdio::piped()).stderr(Stdio::piped());
        let own = unlimited.get_envs().filter_map(|(name, value)| Some((name, value?)));
        command.envs(own).envs(settings.iter().copied());
        Self::spawn(command, dir)
    }

    fn spawn(mut command: Command, dir: TempDir) -> Self {
        let mut child = command.spawn().expect("the binary");
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let err = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut printed = Vec::new();
        while !printed.last().is_some_and(|line: &String| line.starts_with("Health at ")) {
            let mut line = String::new();
            let count = out.read_line(&mut line).expect("text");
            assert!(count > 0, "it ended after {printed:?}");
            printed.push(line.trim_end().to_owned());
        }
        let listening = printed.iter().find_map(|line| line.strip_prefix("Listening on http://"));
        let address = listening.and_then(|address| address.parse().ok()).expect("an address");
        Self { child, address, printed, dir, _out: out, err }
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill is there").success());
    }

    /// Waits for the end; returns the exit code and what it said to the operator.
    pub(crate) fn end(&mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        while self.err.read_line(&mut said).expect("text") > 0 {}
        (self.child.wait().expect("an end").code(), said)
    }

    /// Ends it as a power cut would, and leaves its folder to the next.
    pub(crate) fn kill(mut self) -> TempDir {
        self.child.kill().expect("killed");
        self.end();
        std::mem::replace(&mut self.dir, TempDir::new().expect("a folder"))
    }

    pub(crate) async fn join(&self) -> Guest {
        self.join_as(Hello::default()).await
    }

    pub(crate) async fn join_as(&self, hello: Hello) -> Guest {
        let client = Client::connect(self.address).await.expect("a connection");
        let mut guest = Guest { client };
        guest.say(ClientMessage::Hello(hello)).await;
        guest
    }

    /// Waits until `/ready` says so.
    pub(crate) async fn is_ready(&self) {
        super::comes("the studio to be ready", async {
            while request(self.address, "GET", "/ready", &[]).await.status != 200 {}
        })
        .await;
    }

    pub(crate) fn recording(&self) -> PathBuf {
        self.dir.path().join("recordings/table")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended cannot be killed, and that is in order.
        if self.child.kill().is_ok() {
            assert!(self.child.wait().is_ok() || std::thread::panicking());
        }
    }
}
