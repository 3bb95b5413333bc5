//! The writing half of a listener's WebSocket: from the session's outbox to the wire, one frame at a time.
//!
//! A frame that the socket does not take within its limit ends the connection: the listener does not read.

use std::sync::Arc;
use std::time::Duration;

use actix_ws::{AggregatedMessage, CloseCode};

use super::protocol::AiAudio;
use super::translate;
use crate::session::notice::CloseReason;
use crate::session::outbox::{Outbox, Outgoing};
use crate::session::tally::tally;

/// Counts what a frame from a listener holds.
pub(super) fn count_bytes(frame: Option<&AggregatedMessage>) {
    let bytes = match frame {
        Some(AggregatedMessage::Text(text)) => text.len(),
        Some(AggregatedMessage::Binary(bytes)) => bytes.len(),
        _ => 0,
    };
    tally().socket_bytes_in.add(bytes as u64);
}

/// Why nothing more is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// All is, or the socket is gone.
    Over,
    /// The listener does not take it.
    Stalled,
}

/// Writes until the outbox says close, the socket is gone, or a frame takes too long.
pub(super) async fn write_all(
    mut socket: actix_ws::Session,
    outbox: Arc<Outbox>,
    limit: Duration,
) -> Written {
    loop {
        let writing = match outbox.next().await {
            Outgoing::Notice(seq, notice) => {
                let Some(json) = translate::to_json(seq, &notice) else { continue };
                tally().socket_bytes_out.add(json.len() as u64);
                tokio::time::timeout(limit, socket.text(json)).await
            }
            Outgoing::Sound(frame) => {
                let bytes =
                    AiAudio::encode(frame.speaker, frame.turn, frame.first_sample, &frame.samples);
                tally().socket_bytes_out.add(bytes.len() as u64);
                tokio::time::timeout(limit, socket.binary(bytes)).await
            }
            Outgoing::Close(reason) => {
                let closing =
                    tokio::time::timeout(limit, socket.close(Some(close_frame(reason)))).await;
                if closing.is_err() {
                    tracing::debug!("a listener did not take the close frame");
                    return Written::Stalled;
                }
                return Written::Over;
            }
        };
        match writing {
            Ok(Ok(())) => {}
            Ok(Err(_closed)) => return Written::Over,
            Err(_elapsed) => {
                tracing::info!(
                    code = "slow_client",
                    "a listener does not read; its connection is closed"
                );
                let closing = socket.close(Some(close_frame(CloseReason::SlowClient)));
                // Best effort: the socket is full, so the word may not get through; the connection ends either way.
                drop(tokio::time::timeout(Duration::from_millis(100), closing).await);
                return Written::Stalled;
            }
        }
    }
}

fn close_frame(reason: CloseReason) -> actix_ws::CloseReason {
    let (code, description) = match reason {
        CloseReason::Ended => (CloseCode::Normal, "session_ended"),
        CloseReason::Replaced => (CloseCode::Normal, "replaced"),
        CloseReason::SlowClient => (CloseCode::Policy, "slow_client"),
        CloseReason::Refused => (CloseCode::Policy, "refused"),
        CloseReason::TooLarge => (CloseCode::Size, "frame_too_large"),
        CloseReason::TryLater => (CloseCode::Again, "try_later"),
        CloseReason::Failed => (CloseCode::Error, "session_failed"),
    };
    actix_ws::CloseReason { code, description: Some(description.to_owned()) }
}
