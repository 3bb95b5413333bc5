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
    aside(&format!("error: {error:#}"));
}

/// Writes to a terminal as it stands: what moves its cursor too.
pub(crate) fn screen(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
