//! The HTTP half of a simulator: reads a request, lets the protocol answer, lets the fault strike.

use std::sync::Mutex;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::fault::{Fault, FaultPlan, Strike};
use super::{Protocol, Waits, lock};

/// One request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Path with its query.
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The path without its query.
    pub(crate) fn route(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }
}

/// An answer being written; the fault strikes in it.
pub(crate) struct Answer<'a> {
    writer: &'a mut OwnedWriteHalf,
    reader: &'a mut BufReader<OwnedReadHalf>,
    waits: &'a Waits,
    fault: Option<Fault>,
    events: usize,
    held: Option<Vec<u8>>,
    /// Whether another request may follow on this connection.
    is_whole: bool,
    /// Whether the fault has ended the answer.
    is_over: bool,
}

impl Answer<'_> {
    /// By how much told times jump, in ms.
    pub(crate) fn clock_jump_ms(&self) -> i64 {
        self.fault.map_or(0, Fault::clock_jump_ms)
    }

    /// A whole answer at once.
    pub(crate) async fn whole(&mut self, status: u16, kind: &str, body: &[u8]) {
        self.whole_with(status, kind, "", body).await;
    }

    async fn whole_with(&mut self, status: u16, kind: &str, more: &str, body: &[u8]) {
        let head = format!(
            "HTTP/1.1 {status} Simulated\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n{more}\r\n",
            body.len()
        );
        let sent = self.writer.write_all(&[head.as_bytes(), body].concat()).await;
        self.is_whole = sent.is_ok();
    }

    /// Begins an answer in parts.
    pub(crate) async fn begin(&mut self, kind: &str, more_headers: &str) {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n{more_headers}\r\n"
        );
        self.is_over |= self.writer.write_all(head.as_bytes()).await.is_err();
    }

    /// The next event of a streamed answer, or what the fault puts in its place. `false` once the answer is over.
    pub(crate) async fn event(&mut self, event: impl Into<Vec<u8>>) -> bool {
        let event = event.into();
        if self.is_over {
            return false;
        }
        let number = self.events;
        self.events += 1;
        if let Some(strike) = self.fault.and_then(|fault| fault.strikes_at(number)) {
            self.strike(strike).await;
            return false;
        }
        if self.fault == Some(Fault::WrongOrder) {
            let Some(held) = self.held.take() else {
                self.held = Some(event);
                return true;
            };
            return self.chunk(&event).await && self.chunk(&held).await;
        }
        self.chunk(&event).await
    }

    /// The end of an answer in parts.
    pub(crate) async fn end(&mut self) {
        if self.is_over {
            return;
        }
        if let Some(held) = self.held.take() {
            self.chunk(&held).await;
        }
        self.is_whole = self.writer.write_all(b"0\r\n\r\n").await.is_ok();
        self.is_over = true;
    }

    /// Waits, unless the visitor leaves.
    pub(crate) async fn pause(&mut self, length: Duration) {
        if !length.is_zero() && !self.is_over {
            self.waits.be_late(length).await;
        }
    }

    async fn chunk(&mut self, bytes: &[u8]) -> bool {
        let (size, every) = match self.fault {
            Some(Fault::Drip { bytes: size, every }) => (size, every),
            _ => (bytes.len().max(1), Duration::ZERO),
        };
        for part in bytes.chunks(size) {
            let head = format!("{:x}\r\n", part.len());
            let whole = [head.as_bytes(), part, b"\r\n"].concat();
            if self.writer.write_all(&whole).await.is_err() {
                self.is_over = true;
                return false;
            }
            self.pause(every).await;
        }
        true
    }

    async fn strike(&mut self, strike: Strike) {
        match strike {
            Strike::Malformed => {
                self.chunk(
                    b"event: content_block_delta\ndata: {\"type\": nobody can read this\n\n",
                )
                .await;
                self.wait_for_the_end().await;
            }
            Strike::HalfClosed => {
                drop(self.writer.shutdown().await);
                self.wait_for_the_end().await;
            }
            Strike::Silence => self.waits.be_silent(self.wait_for_the_end()).await,
            Strike::EndsEarly => {
                self.is_whole = self.writer.write_all(b"0\r\n\r\n").await.is_ok();
            }
            Strike::Reset => super::reset(self.writer.as_ref()),
        }
        self.is_over = true;
    }

    /// Until the visitor hangs up.
    async fn wait_for_the_end(&mut self) {
        let mut sink = [0; 1024];
        while self.reader.read(&mut sink).await.is_ok_and(|length| length > 0) {}
    }
}

/// Serves the requests of one connection.
pub(super) async fn serve<P: Protocol>(
    stream: TcpStream,
    protocol: &P,
    (plan, waits): (&FaultPlan, &Waits),
    log: &Mutex<Vec<Asked>>,
) {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    while let Some(asked) = read_request(&mut reader).await {
        let is_warming = asked.method == "HEAD";
        let fault = if is_warming { None } else { plan.take() };
        if !is_warming {
            lock(log).push(asked.clone());
        }
        let mut answer = Answer {
            writer: &mut writer,
            reader: &mut reader,
            waits,
            fault,
            events: 0,
            held: None,
            is_whole: false,
            is_over: false,
        };
        if let Some(Fault::Latency(length)) = fault {
            answer.pause(length).await;
        }
        match fault.and_then(Fault::status) {
            _ if is_warming => {
                let head = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
                answer.is_whole = answer.writer.write_all(head).await.is_ok();
            }
            Some((status, retry_after)) => {
                let more = retry_after.map(|after| format!("retry-after: {after}\r\n"));
                let body = protocol.error_body(status);
                answer
                    .whole_with(
                        status,
                        "application/json",
                        &more.unwrap_or_default(),
                        body.as_bytes(),
                    )
                    .await;
            }
            None => protocol.serve(&asked, &mut answer).await,
        }
        if !answer.is_whole {
            return;
        }
    }
}

async fn read_request(reader: &mut BufReader<OwnedReadHalf>) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).await.ok().filter(|length| *length > 0)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut asked = Asked { method, path, ..Asked::default() };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).await.ok().filter(|length| *length > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        asked.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    if asked.header("expect").eq_ignore_ascii_case("100-continue") {
        return None;
    }
    if asked.header("transfer-encoding").eq_ignore_ascii_case("chunked") {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).await.ok()?;
            let size = usize::from_str_radix(size.trim(), 16).ok()?;
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk).await.ok()?;
            if size == 0 {
                return Some(asked);
            }
            asked.body.extend_from_slice(&chunk[..size]);
        }
    }
    let length = asked.header("content-length").parse().unwrap_or(0);
    asked.body = vec![0; length];
    reader.read_exact(&mut asked.body).await.ok()?;
    Some(asked)
}
