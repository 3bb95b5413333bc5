//! Words to the person at the terminal: results to standard output, everything else to standard error.
//!
//! The only place that writes to either. A reader that went away (`studio models list | head -1`) is no error.

use std::io::{self, Write};

/// Writes one line of a result.
pub(crate) fn line(text: &str) -> io::Result<()> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes one line that is not part of a result: progress, advice.
pub(crate) fn aside(text: &str) {
    // With standard error gone there is nobody left to tell.
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// Writes an error with its causes.
pub(crate) fn error(error: &anyhow::Error) {
    aside(&format!("error: {}", told(error)));
}

/// An error and its causes, each once: some sentences say their cause themselves.
fn told(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if told.is_empty() {
            told = cause;
        } else if !told.contains(&cause) {
            told.push_str(": ");
            told.push_str(&cause);
        }
    }
    told
}

/// Writes to a terminal as it stands: what moves its cursor too.
pub(crate) fn screen(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_is_told_once() {
        let cause = || io::Error::from(io::ErrorKind::AddrInUse);
        let own = format!("listen on port 1: {} (port_unavailable)", cause());
        let says_it = anyhow::Error::new(cause()).context(own.clone()).context("start");
        assert_eq!(told(&says_it), format!("start: {own}"));
        let leaves_it = anyhow::Error::new(cause()).context("listen on port 1");
        assert_eq!(told(&leaves_it), format!("listen on port 1: {}", cause()));
    }
}
