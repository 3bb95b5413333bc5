//! A client of the wire protocol: what `rehearse`, `talk`, benches and tests hear and speak through.
//!
//! Sees only [`crate::transport::protocol`], like any other front end. [`player`] stands for a page's loudspeaker.

use std::net::SocketAddr;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use crate::transport::protocol::{AiAudio, ClientMessage, HostAudio, Numbered};

pub mod player;
pub mod rehearsal;
#[cfg(feature = "talk")]
pub mod talk;

/// Why a client could not go on.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The socket broke or was refused.
    #[error("the connection to the studio: {0}")]
    Socket(#[from] Box<tokio_tungstenite::tungstenite::Error>),
    /// The studio said something that is not in the protocol.
    #[error("the studio said something unreadable: {0}")]
    Unreadable(String),
    /// The connection ended without a word.
    #[error("the connection to the studio broke")]
    Gone,
}

impl From<tokio_tungstenite::tungstenite::Error> for ClientError {
    fn from(error: tokio_tungstenite::tungstenite::Error) -> Self {
        Self::Socket(Box::new(error))
    }
}

/// What comes from the studio.
#[derive(Clone, Debug, PartialEq)]
pub enum Received {
    /// A numbered message.
    Message(Box<Numbered>),
    /// A frame of an AI's sound.
    Sound(AiAudio),
    /// The end, with its code and reason.
    Closed {
        /// WebSocket close code; 1006 if none was said.
        code: u16,
        /// Its word.
        reason: String,
    },
}

/// One connection.
#[derive(Debug)]
pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Client {
    /// Opens the socket; says nothing yet.
    ///
    /// # Errors
    /// If the studio cannot be reached or refuses the upgrade.
    pub async fn connect(address: SocketAddr) -> Result<Self, ClientError> {
        Self::connect_with(address, None).await
    }

    /// The same with the access token of a studio that asks for one.
    ///
    /// # Errors
    /// If the studio cannot be reached or refuses the upgrade.
    pub async fn connect_with(
        address: SocketAddr,
        token: Option<&str>,
    ) -> Result<Self, ClientError> {
        let mut request = format!("ws://{address}/ws").into_client_request()?;
        if let Some(token) = token {
            let shown = HeaderValue::from_str(&format!("Bearer {token}"))
                .map_err(|error| ClientError::Unreadable(error.to_string()))?;
            request.headers_mut().insert("authorization", shown);
        }
        // At once, as browsers send: held back until an answer came, small messages were up to 40 ms late.
        let at_once = true;
        let (socket, _response) = connect_async_with_config(request, None, at_once).await?;
        Ok(Self { socket })
    }

    /// Says something.
    ///
    /// # Errors
    /// If the socket is gone.
    pub async fn say(&mut self, message: &ClientMessage) -> Result<(), ClientError> {
        let json = serde_json::to_string(message)
            .map_err(|error| ClientError::Unreadable(error.to_string()))?;
        Ok(self.socket.send(Message::text(json)).await?)
    }

    /// Sends a frame of the host's sound.
    ///
    /// # Errors
    /// If the socket is gone.
    pub async fn send_sound(&mut self, sound: &HostAudio) -> Result<(), ClientError> {
        Ok(self.socket.send(Message::binary(sound.encode())).await?)
    }

    /// Sends any frame, also ones that break the protocol.
    ///
    /// # Errors
    /// If the socket is gone.
    pub async fn send_raw(&mut self, frame: RawFrame) -> Result<(), ClientError> {
        let message = match frame {
            RawFrame::Text(text) => Message::text(text),
            RawFrame::Binary(bytes) => Message::binary(bytes),
        };
        Ok(self.socket.send(message).await?)
    }

    /// The next thing that comes; pings are answered on the way.
    ///
    /// # Errors
    /// If something unreadable came.
    pub async fn next(&mut self) -> Result<Received, ClientError> {
        loop {
            let Some(Ok(frame)) = self.socket.next().await else {
                return Ok(Received::Closed { code: 1006, reason: String::new() });
            };
            match frame {
                Message::Text(text) => {
                    let numbered = serde_json::from_str(&text)
                        .map_err(|error| ClientError::Unreadable(format!("{error} in {text}")))?;
                    return Ok(Received::Message(Box::new(numbered)));
                }
                Message::Binary(bytes) => {
                    let sound = AiAudio::parse(&bytes).ok_or_else(|| {
                        ClientError::Unreadable(format!("{} bytes of binary", bytes.len()))
                    })?;
                    return Ok(Received::Sound(sound));
                }
                Message::Close(frame) => {
                    let (code, reason) = frame
                        .map_or((CloseCode::Abnormal, String::new()), |frame| {
                            (frame.code, frame.reason.to_string())
                        });
                    return Ok(Received::Closed { code: code.into(), reason });
                }
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }
}

/// A frame as it is.
#[derive(Clone, Debug)]
pub enum RawFrame {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Bytes),
}
