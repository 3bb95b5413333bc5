//! The process log: to standard error, so that standard output stays for results.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::{Choice, LogLevel};

/// Starts the log at this level. Spoken words never enter it: ids, counts and durations do.
pub(super) fn start(level: LogLevel) {
    let filter = EnvFilter::new(match level {
        LogLevel::Error | LogLevel::Warn => level.as_str().to_owned(),
        // actix tells of every worker, and ONNX Runtime of its graph optimisations: of no use to an operator.
        LogLevel::Info | LogLevel::Debug | LogLevel::Trace => {
            format!("{},actix_server=warn,ort=warn,onnxruntime=warn", level.as_str())
        }
    });
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false);
    if log.try_init().is_err() {
        tracing::debug!("a log is there already");
    }
}
