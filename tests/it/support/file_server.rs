//! A file server on loopback that misbehaves on purpose.
//!
//! The first part of a request's path says how the server behaves, the rest is the file's name.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// One server with its files; it ends with the test process.
pub(crate) struct FileServer {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl FileServer {
    /// Starts a server that has these files.
    pub(crate) fn start(files: &[(&str, &[u8])]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let address = listener.local_addr().expect("an address").to_string();
        let files: BTreeMap<String, Vec<u8>> =
            files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            // Connections that must stay open without an answer are kept here.
            let mut held = Vec::new();
            for stream in listener.incoming().flatten() {
                held.extend(answer(stream, &files, &log));
            }
        });
        Self { address, asked }
    }

    /// Returns the address of a file served with a behaviour of [`answer`].
    pub(crate) fn url(&self, behaviour: &str, file: &str) -> String {
        format!("http://{}/{behaviour}/{file}", self.address)
    }

    /// Returns the requests so far: path and range.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("the log").clone()
    }
}

/// Serves one request; returns the connection where it must stay open.
fn answer(
    stream: TcpStream,
    files: &BTreeMap<String, Vec<u8>>,
    log: &Mutex<Vec<String>>,
) -> Option<TcpStream> {
    let mut lines =
        BufReader::new(stream.try_clone().expect("a second handle")).lines().map_while(Result::ok);
    let first = lines.next()?;
    let path = first.split(' ').nth(1)?.trim_start_matches('/').to_owned();
    let mut start = None;
    for line in lines.take_while(|line| !line.is_empty()) {
        let line = line.to_ascii_lowercase();
        if let Some(range) = line.strip_prefix("range: bytes=") {
            start = range.trim_end_matches('-').parse::<usize>().ok();
        }
    }
    log.lock()
        .expect("the log")
        .push(start.map_or(path.clone(), |start| format!("{path} from {start}")));

    let (behaviour, name) = path.split_once('/')?;
    let whole = files.get(name).cloned().unwrap_or_default();
    match behaviour {
        "good" => send(stream, &whole, start, usize::MAX),
        // The first answer ends half-way; what is asked for again comes whole.
        "cut" if start.is_none() => send(stream, &whole, None, whole.len() / 2),
        "cut" => send(stream, &whole, start, usize::MAX),
        "always-cut" => send(stream, &whole, start, 1),
        "no-ranges" => send(stream, &whole, None, usize::MAX),
        "wrong" => {
            send(stream, &whole.iter().map(|byte| byte ^ 1).collect::<Vec<_>>(), start, usize::MAX)
        }
        "endless" => {
            send(stream, &[whole.as_slice(), whole.as_slice()].concat(), start, usize::MAX)
        }
        "stall" if start.is_none() => send_part_and_hold(stream, &whole),
        "stall" => send(stream, &whole, start, usize::MAX),
        "silent" => Some(stream),
        _ => {
            let mut stream = stream;
            stream
                .write_all(
                    b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                )
                .ok()?;
            None
        }
    }
}

fn head(whole: &[u8], start: Option<usize>) -> String {
    let length = whole.len() - start.unwrap_or(0);
    let status = start.map_or("200 OK\r\n".to_owned(), |start| {
        format!(
            "206 Partial Content\r\nContent-Range: bytes {start}-{}/{}\r\n",
            whole.len() - 1,
            whole.len()
        )
    });
    format!("HTTP/1.1 {status}Content-Length: {length}\r\nConnection: close\r\n\r\n")
}

/// Sends at most `most` bytes of the body that the head promises.
fn send(
    mut stream: TcpStream,
    whole: &[u8],
    start: Option<usize>,
    most: usize,
) -> Option<TcpStream> {
    let body = &whole[start.unwrap_or(0).min(whole.len())..];
    stream.write_all(head(whole, start).as_bytes()).ok()?;
    stream.write_all(&body[..body.len().min(most)]).ok()?;
    None
}

fn send_part_and_hold(mut stream: TcpStream, whole: &[u8]) -> Option<TcpStream> {
    stream.write_all(head(whole, None).as_bytes()).ok()?;
    stream.write_all(&whole[..whole.len() / 2]).ok()?;
    Some(stream)
}
