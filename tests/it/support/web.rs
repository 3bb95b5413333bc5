//! HTTP by hand, so that a test says every byte of a request, odd ones too.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::comes;

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map_or("", |(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {}", self.text()))
    }

    /// The stable code of a refusal.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// Sends one request on a connection of its own. `Host` is the address unless the headers name another.
pub(crate) async fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Answer {
    send(address, method, path, headers, None).await
}

/// The same with a body, as JSON unless the headers say otherwise.
pub(crate) async fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> Answer {
    let mut text = format!("{method} {path} HTTP/1.1\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        text.push_str(&format!("Host: {address}\r\n"));
    }
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("connection")) {
        text.push_str("Connection: close\r\n");
    }
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(body) = body {
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            text.push_str("Content-Type: application/json\r\n");
        }
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(body.unwrap_or_default());
    let mut socket = TcpStream::connect(address).await.expect("the studio listens");
    socket.write_all(text.as_bytes()).await.expect("a request");
    let mut bytes = Vec::new();
    comes("an answer", socket.read_to_end(&mut bytes)).await.expect("an answer");
    parse(&bytes)
}

/// The headers of a WebSocket handshake.
pub(crate) const HANDSHAKE: [(&str, &str); 4] = [
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

/// A handshake's request, as bytes.
pub(crate) fn handshake_text(address: SocketAddr) -> String {
    let lines = HANDSHAKE.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
    format!("GET /ws HTTP/1.1\r\nHost: {address}\r\n{}\r\n", lines.collect::<String>())
}

/// Sends the handshake with more headers; returns the answer's head only, since an upgraded connection stays open.
pub(crate) async fn handshake(address: SocketAddr, more: &[(&str, &str)]) -> Answer {
    let mut text = String::from("GET /ws HTTP/1.1\r\n");
    if !more.iter().any(|(name, _)| *name == "Host") {
        text.push_str(&format!("Host: {address}\r\n"));
    }
    for (name, value) in HANDSHAKE.iter().chain(more) {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    let mut socket = TcpStream::connect(address).await.expect("the studio listens");
    socket.write_all(text.as_bytes()).await.expect("a request");
    let mut bytes = Vec::new();
    while !is_whole(&bytes) {
        let mut part = [0; 2048];
        let count = comes("an answer", socket.read(&mut part)).await.expect("an answer");
        if count == 0 {
            break;
        }
        bytes.extend_from_slice(&part[..count]);
    }
    parse(&bytes)
}

/// Whether head and announced body are there.
fn is_whole(bytes: &[u8]) -> bool {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let answer = parse(bytes);
    let length: usize = answer.header("content-length").parse().unwrap_or(0);
    bytes.len() >= end + 4 + length
}

fn parse(bytes: &[u8]) -> Answer {
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer: {}", String::from_utf8_lossy(bytes)));
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status =
        lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    Answer { status: status.expect("a status"), headers, body: bytes[end + 4..].to_vec() }
}
