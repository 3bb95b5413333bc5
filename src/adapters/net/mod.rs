//! The way to services: one HTTP client, one WebSocket client, server-sent events, and what an HTTP status means.
//!
//! [`Net`] is made once by the factory and shared by all adapters, so that connections stay warm between turns.
//! TLS is rustls with ring. Nothing here knows a product.
//!
//! Invariants: no error holds a body, a key or a word that was spoken, only statuses and the machine words of
//! error codes; nothing here retries or waits without being asked to.

mod endpoint;
mod limits;
mod sse;
mod sse_stream;
mod status;
mod websocket;

use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use reqwest::{Client, RequestBuilder, Response};

use super::AdapterError;

pub use endpoint::Endpoint;
pub use limits::{RateLimits, Spent};
pub use sse::{SseEvent, SseParser};
pub use sse_stream::{Flow, Translate, events_of};
pub use status::{
    ERROR_BODY_MAX, broke, error_word, of_status, retry_after_of, truncated, unreadable,
};
pub use websocket::{Incoming, Socket};

/// Longest wait for TCP and TLS. A healthy service takes a tenth of it from anywhere.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// How long a connection without work is kept: longer than the pauses in a talk, shorter than the two minutes after
/// which most services hang up by themselves.
const IDLE_KEPT: Duration = Duration::from_secs(90);

/// Shared clients. Cloning shares them.
#[derive(Clone, Debug)]
pub struct Net {
    /// For services on this machine, which no proxy may come between.
    local: Client,
    remote: Client,
}

impl Net {
    /// Makes the clients.
    ///
    /// # Errors
    /// A sentence, where this machine has no certificates.
    pub fn new() -> Result<Self, String> {
        install_crypto();
        let build = |proxied: bool| {
            let client = Client::builder()
                .user_agent(concat!("voice-studio/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(CONNECT_LIMIT)
                .pool_idle_timeout(IDLE_KEPT)
                .tcp_nodelay(true)
                .redirect(reqwest::redirect::Policy::none());
            let client = if proxied { client } else { client.no_proxy() };
            client.build().map_err(|error| format!("no https on this machine: {error}"))
        };
        Ok(Self { local: build(false)?, remote: build(true)? })
    }

    /// A `POST` to `path` of a service.
    pub fn post(&self, service: &Endpoint, path: &str) -> RequestBuilder {
        self.client(service).post(service.http(path))
    }

    /// A `GET` of `path` of a service.
    pub fn get(&self, service: &Endpoint, path: &str) -> RequestBuilder {
        self.client(service).get(service.http(path))
    }

    /// A service that is asked for nothing opens its connection all the same, so that the first turn does not wait
    /// for TCP and TLS. Whether it worked does not matter.
    pub async fn warm_up(&self, service: &Endpoint) {
        let asked = self.client(service).head(service.http("")).timeout(CONNECT_LIMIT).send().await;
        if let Err(error) = asked {
            tracing::debug!(error = %error.without_url(), "a service could not be warmed up");
        }
    }

    fn client(&self, service: &Endpoint) -> &Client {
        if service.is_loopback() { &self.local } else { &self.remote }
    }
}

/// Ring is the process's one crypto provider. A second installation is refused and means that one is there already.
pub(crate) fn install_crypto() {
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// Sends a request and takes its answer if the status is a good one; otherwise reads the beginning of the body for
/// its error code.
///
/// # Errors
/// As [`of_status`] says, or `Unavailable` where nothing answered.
pub async fn answer_of(
    adapter: &'static str,
    request: RequestBuilder,
) -> Result<Response, AdapterError> {
    let response = request.send().await.map_err(|error| broke(adapter, "connect", &error))?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let retry_after = retry_after_of(response.headers());
    let body = beginning_of(response).await;
    Err(of_status(adapter, status.as_u16(), &error_word(&body), retry_after))
}

/// The first [`ERROR_BODY_MAX`] bytes of a body that is an error.
async fn beginning_of(response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    let read = async {
        while let Some(Ok(chunk)) = chunks.next().await {
            body.extend_from_slice(&chunk);
            if body.len() >= ERROR_BODY_MAX {
                break;
            }
        }
    };
    // An error whose body does not come is told without it.
    let _in_time: Result<(), _> = tokio::time::timeout(Duration::from_secs(1), read).await;
    body.truncate(ERROR_BODY_MAX);
    body
}

/// The bytes of a streamed answer, errors already in the studio's words.
pub fn body_of(
    adapter: &'static str,
    response: Response,
) -> impl Stream<Item = Result<Bytes, AdapterError>> + Unpin + Send {
    response
        .bytes_stream()
        .map(move |chunk| chunk.map_err(|error| broke(adapter, "read the answer", &error)))
}
