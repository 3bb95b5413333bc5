//! One file from one address: resumed, bounded, checked.
//!
//! What has come lies in `<file>.part`; a broken-off download goes on there, in this pull or a later one. A server
//! that ignores the range sends everything again, which is accepted. More bytes than the catalogue says end the
//! download.
//!
//! Invariants: the final name appears by a rename after the sha256 was right, and never otherwise.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::{Client, Response, StatusCode};
use tokio::time::timeout;

use super::pull::{Limits, Progress, Wanted};
use super::store::sha256_of;
use super::{ModelError, Store};

/// How a source did.
#[derive(Debug)]
pub(super) enum Gave {
    /// The file lies under its final name.
    File,
    /// Nothing of use, and why, for people.
    Nothing(String),
}

/// How one request ended, by what to do next.
enum Ended {
    /// All bytes are in the partial file.
    Complete,
    /// It broke off; the partial file can be gone on with.
    BrokenOff(String),
    /// This address will not give the file.
    GiveUp(String),
}

/// Asks addresses; remembers which hosts do not answer.
pub(super) struct Downloader {
    client: Result<Client, String>,
    limits: Limits,
    silent_hosts: BTreeSet<String>,
}

impl Downloader {
    pub(super) fn new(limits: Limits) -> Self {
        // A second installation in one process is refused and means that one is there already: nothing is lost.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder()
            .user_agent(concat!("voice-studio/", env!("CARGO_PKG_VERSION")))
            .build();
        // No certificate store on this machine: no address can be asked, the packages still can.
        let client = client.map_err(|error| format!("no https on this machine: {error}"));
        Self { client, limits, silent_hosts: BTreeSet::new() }
    }

    /// Fetches a file to its final name.
    ///
    /// # Errors
    /// [`ModelError::Disk`]; whatever the network does is a [`Gave::Nothing`].
    pub(super) async fn fetch(
        &mut self,
        url: &str,
        wanted: &Wanted<'_>,
        store: &Store,
        progress: &mut dyn Progress,
    ) -> Result<Gave, ModelError> {
        let client = match &self.client {
            Ok(client) => client.clone(),
            Err(why) => return Ok(Gave::Nothing(why.clone())),
        };
        let host = host_of(url);
        if self.silent_hosts.contains(host) {
            return Ok(Gave::Nothing(format!("{host} did not answer before")));
        }
        let path = wanted.path(store);
        let part = part_of(&path);
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir).map_err(ModelError::disk("create folder", dir))?;
        }
        progress.begin(&format!("{} from {host}", wanted.label()), Some(wanted.file.bytes));
        let outcome = self.fetch_to(&client, url, wanted, &part, progress).await;
        match &outcome {
            Ok(Gave::Nothing(why)) => progress.end(Err(why)),
            Ok(Gave::File) => progress.end(Ok(())),
            Err(error) => progress.end(Err(&error.to_string())),
        }
        if matches!(outcome, Ok(Gave::File)) {
            put_in_place(&part, &path)?;
        }
        outcome
    }

    /// Asks until the partial file is complete and right, or the address has used up its tries.
    async fn fetch_to(
        &mut self,
        client: &Client,
        url: &str,
        wanted: &Wanted<'_>,
        part: &Path,
        progress: &mut dyn Progress,
    ) -> Result<Gave, ModelError> {
        let mut why = String::new();
        for _ in 0..=self.limits.resumes {
            let start = length_of(part)?;
            let ended = if start == wanted.file.bytes {
                Ended::Complete
            } else {
                self.request(client, url, wanted.file.bytes, start, part, progress).await?
            };
            match ended {
                Ended::GiveUp(sentence) => return Ok(Gave::Nothing(sentence)),
                Ended::BrokenOff(sentence) => why = sentence,
                Ended::Complete => {
                    let hash = sha256_of(part).map_err(ModelError::disk("read", part))?;
                    if hash == wanted.file.sha256 {
                        return Ok(Gave::File);
                    }
                    remove(part)?;
                    why = format!("its sha256 is {hash}, expected {}", wanted.file.sha256);
                    // Only a file that came whole from here proves that this address has another one. What was
                    // there before may have been the wrong part.
                    if start == 0 {
                        return Ok(Gave::Nothing(why));
                    }
                }
            }
        }
        Ok(Gave::Nothing(why))
    }

    /// Sends one request and writes what comes.
    async fn request(
        &mut self,
        client: &Client,
        url: &str,
        bytes: u64,
        start: u64,
        part: &Path,
        progress: &mut dyn Progress,
    ) -> Result<Ended, ModelError> {
        let start = if start > bytes { 0 } else { start };
        let mut request = client.get(url);
        if start > 0 {
            request = request.header(RANGE, format!("bytes={start}-"));
        }
        let mut response = match timeout(self.limits.answer, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                self.silent_hosts.insert(host_of(url).to_owned());
                return Ok(Ended::GiveUp(cause(&error)));
            }
            Err(_) => {
                self.silent_hosts.insert(host_of(url).to_owned());
                return Ok(Ended::GiveUp(format!(
                    "no answer within {} ms",
                    self.limits.answer.as_millis()
                )));
            }
        };
        let mut at = match response.status() {
            StatusCode::OK => 0,
            StatusCode::PARTIAL_CONTENT if continues_at(&response, start) => start,
            StatusCode::RANGE_NOT_SATISFIABLE | StatusCode::PARTIAL_CONTENT => {
                remove(part)?;
                return Ok(Ended::BrokenOff("it answered another range than asked for".to_owned()));
            }
            status => return Ok(Ended::GiveUp(format!("it answered {status}"))),
        };
        let mut file = open_at(part, at)?;
        progress.at(at);
        loop {
            let piece = match timeout(self.limits.stall, response.chunk()).await {
                Ok(Ok(Some(piece))) => piece,
                Ok(Ok(None)) if at == bytes => return Ok(Ended::Complete),
                Ok(Ok(None)) => {
                    return Ok(Ended::BrokenOff(format!("it ended after {at} of {bytes} bytes")));
                }
                Ok(Err(error)) => return Ok(Ended::BrokenOff(cause(&error))),
                Err(_) => {
                    let waited = self.limits.stall.as_millis();
                    return Ok(Ended::BrokenOff(format!(
                        "it stalled for {waited} ms after {at} of {bytes} bytes"
                    )));
                }
            };
            at += u64::try_from(piece.len()).unwrap_or(u64::MAX);
            if at > bytes {
                drop(file);
                remove(part)?;
                return Ok(Ended::GiveUp(format!("it sends more than the {bytes} bytes expected")));
            }
            file.write_all(&piece).map_err(ModelError::disk("write", part))?;
            progress.at(at);
        }
    }
}

/// Whether a 206 goes on exactly where it was asked to.
fn continues_at(response: &Response, start: u64) -> bool {
    let range = response.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
    range.is_some_and(|range| range.starts_with(&format!("bytes {start}-")))
}

/// `<file>.part` beside the file, so that the rename stays on one file system.
pub(super) fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

/// Brings a checked file under its final name, on disk before the name says so.
pub(super) fn put_in_place(part: &Path, path: &Path) -> Result<(), ModelError> {
    File::open(part)
        .and_then(|file| file.sync_all())
        .map_err(ModelError::disk("write to disk", part))?;
    fs::rename(part, path).map_err(ModelError::disk("rename to", path))
}

fn open_at(part: &Path, at: u64) -> Result<File, ModelError> {
    let open = File::options().create(true).append(true).open(part);
    let file = open.map_err(ModelError::disk("open", part))?;
    file.set_len(at).map_err(ModelError::disk("cut", part))?;
    Ok(file)
}

fn length_of(part: &Path) -> Result<u64, ModelError> {
    match fs::metadata(part) {
        Ok(meta) => Ok(meta.len()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(ModelError::disk("look at", part)(error)),
    }
}

fn remove(part: &Path) -> Result<(), ModelError> {
    match fs::remove_file(part) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(ModelError::disk("remove", part)(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The host of an address, for messages and for remembering.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

/// The first cause of an error: reqwest's own words say only that a request failed.
fn cause(error: &dyn std::error::Error) -> String {
    let mut first = error;
    while let Some(inner) = first.source() {
        first = inner;
    }
    first.to_string()
}
