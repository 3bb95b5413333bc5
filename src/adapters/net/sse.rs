//! Server-sent events out of bytes that may be cut anywhere.

use super::super::AdapterError;
use super::status::unreadable;

/// The longest event: a model's piece of text is a few hundred bytes; a service that sends a megabyte without an end
/// is broken.
const EVENT_BYTES_MAX: usize = 1024 * 1024;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SseEvent {
    /// Its name; empty where none was given.
    pub name: String,
    /// Its data; several lines are joined by line feeds.
    pub data: String,
}

/// Takes bytes, gives events. A comment, which services send to keep a connection alive, gives nothing.
#[derive(Debug)]
pub struct SseParser {
    adapter: &'static str,
    waiting: Vec<u8>,
    event: SseEvent,
    has_data: bool,
}

impl SseParser {
    /// A parser at the beginning of a body.
    #[must_use]
    pub fn new(adapter: &'static str) -> Self {
        Self { adapter, waiting: Vec::new(), event: SseEvent::default(), has_data: false }
    }

    /// Takes the next bytes and gives the events that became whole.
    ///
    /// # Errors
    /// [`AdapterError::Malformed`] for an event without end or a line that is no text.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<SseEvent>, AdapterError> {
        self.waiting.extend_from_slice(bytes);
        let mut events = Vec::new();
        let mut from = 0;
        while let Some(length) = self.waiting[from..].iter().position(|byte| *byte == b'\n') {
            let line = &self.waiting[from..from + length];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let line = std::str::from_utf8(line)
                .map_err(|_broken| unreadable(self.adapter, "a line that is no UTF-8"))?
                .to_owned();
            from += length + 1;
            events.extend(self.line(&line));
        }
        self.waiting.drain(..from);
        if self.waiting.len() + self.event.data.len() > EVENT_BYTES_MAX {
            return Err(unreadable(self.adapter, "an event of more than a megabyte"));
        }
        Ok(events)
    }

    fn line(&mut self, line: &str) -> Option<SseEvent> {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return std::mem::take(&mut self.has_data).then_some(event);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.has_data = true;
                self.event.data.push_str(value);
            }
            "event" => value.clone_into(&mut self.event.name),
            // An empty field is a comment; ids and retry times are of no use here.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_the_same_however_the_bytes_are_cut() {
        let body = "event: a\r\ndata: één\r\n\r\n: ping\n\ndata:two\ndata: lines\n\nevent: lost\n\ndata: [DONE]\n\n";
        let whole = SseParser::new("t").push(body.as_bytes()).unwrap();
        assert_eq!(whole.len(), 3);
        assert_eq!((whole[0].name.as_str(), whole[0].data.as_str()), ("a", "één"));
        assert_eq!(whole[1].data, "two\nlines");
        for size in 1..7 {
            let mut parser = SseParser::new("t");
            let cut: Vec<_> = body
                .as_bytes()
                .chunks(size)
                .flat_map(|bytes| parser.push(bytes).unwrap())
                .collect();
            assert_eq!(cut, whole, "{size} bytes at a time");
        }
    }

    #[test]
    fn an_event_without_end_and_a_line_that_is_no_text_are_refused() {
        let mut parser = SseParser::new("t");
        let endless = vec![b'x'; EVENT_BYTES_MAX + 1];
        assert!(matches!(parser.push(&endless), Err(AdapterError::Malformed { .. })));
        assert!(SseParser::new("t").push(b"data: \xff\n\n").is_err());
    }
}
