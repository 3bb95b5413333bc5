//! A WebSocket to a service.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::super::AdapterError;
use super::status::{error_word, of_status, retry_after_of};
use super::{CONNECT_LIMIT, Endpoint, install_crypto};

/// The longest message taken: a second of sound as base64 is 130 KB; services send at most a few of them at once.
const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// An open socket. Dropping it closes the connection at once.
#[derive(Debug)]
pub struct Socket {
    adapter: &'static str,
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// What comes in. Pings are answered without being shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A text frame.
    Text(String),
    /// A binary frame.
    Binary(Bytes),
    /// The service closed, with its code (1005 where it gave none) and the reason as machine words read it.
    Closed {
        /// RFC 6455 or the service's own.
        code: u16,
        /// Never shown to anybody: services repeat requests in it.
        reason: String,
    },
}

impl Socket {
    /// Opens a socket to `path` of a service with these headers.
    ///
    /// # Errors
    /// As [`of_status`] says for a refused handshake; `Unavailable` where nothing answered; `TimedOut` after
    /// [`CONNECT_LIMIT`].
    pub async fn connect(
        adapter: &'static str,
        service: &Endpoint,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, AdapterError> {
        install_crypto();
        let refused = |reason: &str| AdapterError::Refused { adapter, reason: reason.to_owned() };
        let mut request = service
            .websocket(path)
            .into_client_request()
            .map_err(|_unusable| refused("its address cannot be used"))?;
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes());
            let value = HeaderValue::from_str(value);
            let (Ok(name), Ok(value)) = (name, value) else {
                return Err(refused(
                    "a header cannot be sent; see that the key holds no odd characters",
                ));
            };
            request.headers_mut().insert(name, value);
        }
        let config = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE_BYTES_MAX))
            .max_frame_size(Some(MESSAGE_BYTES_MAX));
        let opening = connect_async_with_config(request, Some(config), true);
        match tokio::time::timeout(CONNECT_LIMIT, opening).await {
            Ok(Ok((stream, _answer))) => Ok(Self { adapter, stream }),
            Ok(Err(Error::Http(answer))) => {
                let word = answer.body().as_deref().map(error_word).unwrap_or_default();
                let wait = retry_after_of(answer.headers());
                Err(of_status(adapter, answer.status().as_u16(), &word, wait))
            }
            Ok(Err(error)) => Err(broke(adapter, "connect", &error)),
            Err(_elapsed) => Err(AdapterError::TimedOut {
                adapter,
                stage: "WebSocket handshake",
                waited: CONNECT_LIMIT,
            }),
        }
    }

    /// Sends a text frame.
    ///
    /// # Errors
    /// `Unavailable` if the connection is gone.
    pub async fn send_text(&mut self, text: String) -> Result<(), AdapterError> {
        self.send(Message::text(text)).await
    }

    /// Sends a binary frame.
    ///
    /// # Errors
    /// `Unavailable` if the connection is gone.
    pub async fn send_binary(&mut self, bytes: impl Into<Bytes>) -> Result<(), AdapterError> {
        self.send(Message::binary(bytes.into())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), AdapterError> {
        self.stream.send(message).await.map_err(|error| broke(self.adapter, "send", &error))
    }

    /// The next frame; safe to be dropped while it waits. After [`Incoming::Closed`] nothing comes.
    ///
    /// # Errors
    /// `Unavailable` if the connection broke without a close frame.
    pub async fn next(&mut self) -> Result<Incoming, AdapterError> {
        loop {
            let incoming = match self.stream.next().await {
                Some(Ok(Message::Text(text))) => Incoming::Text(text.as_str().to_owned()),
                Some(Ok(Message::Binary(bytes))) => Incoming::Binary(bytes),
                Some(Ok(Message::Close(frame))) => Incoming::Closed {
                    code: frame.as_ref().map_or(1005, |frame| frame.code.into()),
                    reason: frame.map(|frame| frame.reason.as_str().to_owned()).unwrap_or_default(),
                },
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Err(error)) => return Err(broke(self.adapter, "receive", &error)),
                None => Incoming::Closed { code: 1006, reason: String::new() },
            };
            return Ok(incoming);
        }
    }
}

/// A connection that could not be made or broke, without its address or content.
fn broke(adapter: &'static str, doing: &str, error: &Error) -> AdapterError {
    let what = match error {
        // The system's own words: of many causes, a name that cannot be resolved among them, the kind says nothing.
        Error::Io(error) => error.to_string(),
        Error::Tls(_) => "TLS failed".to_owned(),
        Error::ConnectionClosed | Error::AlreadyClosed => "the connection is closed".to_owned(),
        Error::Capacity(_) => "a message that is too long".to_owned(),
        Error::Protocol(error) => format!("{error}"),
        _ => "the exchange failed".to_owned(),
    };
    AdapterError::Unavailable { adapter, reason: format!("{doing}: {what}"), retry_after: None }
}
