//! A streamed answer as a channel of an adapter's events: reads the body, parses its events, has them translated.

use futures_util::StreamExt;
use reqwest::Response;
use tokio::sync::mpsc;

use super::super::AdapterError;
use super::{SseEvent, SseParser, body_of};

/// One product's words on the left, ours on the right.
pub trait Translate: Send + 'static {
    /// Ours.
    type Event: Send + 'static;

    /// Translates one event into none, one or several.
    ///
    /// # Errors
    /// What the service says went wrong, or what cannot be read.
    fn take(&mut self, event: SseEvent, out: &mut Vec<Self::Event>) -> Result<Flow, AdapterError>;

    /// The body has ended; a protocol that needs no last word may add its end.
    ///
    /// # Errors
    /// [`super::truncated`] if something is missing.
    fn end(&mut self, out: &mut Vec<Self::Event>) -> Result<(), AdapterError>;
}

/// Whether more is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// More is to come.
    On,
    /// That was the last event.
    Over,
}

/// Reads a streamed answer in a task of its own, which ends with the answer or when nobody listens.
pub fn events_of<T: Translate>(
    adapter: &'static str,
    response: Response,
    capacity: usize,
    translator: T,
) -> mpsc::Receiver<Result<T::Event, AdapterError>> {
    let (events, receiver) = mpsc::channel(capacity);
    tokio::spawn(async move {
        let told = events.clone();
        let work = read(adapter, response, translator, events);
        tokio::select! {
            () = work => {}
            // The body is dropped with the work, which closes the connection: the service stops writing.
            () = told.closed() => {}
        }
    });
    receiver
}

async fn read<T: Translate>(
    adapter: &'static str,
    response: Response,
    mut translator: T,
    events: mpsc::Sender<Result<T::Event, AdapterError>>,
) {
    let mut body = body_of(adapter, response);
    let mut parser = SseParser::new(adapter);
    let mut out = Vec::new();
    loop {
        let step = match body.next().await {
            Some(Ok(bytes)) => take_all(&mut parser, &mut translator, &bytes, &mut out),
            Some(Err(error)) => Err(error),
            None => translator.end(&mut out).map(|()| Flow::Over),
        };
        for event in out.drain(..) {
            if events.send(Ok(event)).await.is_err() {
                return;
            }
        }
        match step {
            Ok(Flow::On) => {}
            Ok(Flow::Over) => return,
            Err(error) => {
                // If nobody listens any more there is nobody to tell.
                drop(events.send(Err(error)).await);
                return;
            }
        }
    }
}

fn take_all<T: Translate>(
    parser: &mut SseParser,
    translator: &mut T,
    bytes: &[u8],
    out: &mut Vec<T::Event>,
) -> Result<Flow, AdapterError> {
    for event in parser.push(bytes)? {
        if translator.take(event, out)? == Flow::Over {
            return Ok(Flow::Over);
        }
    }
    Ok(Flow::On)
}
