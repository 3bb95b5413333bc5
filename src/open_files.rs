//! How many files and sockets this process may have open, and who gets them.
//!
//! A crowd of connections must never take the files that a recording needs: connections wait to be accepted while they
//! hold their share, and go on when one of them leaves.

/// What is asked for at start: a thousand sessions with their connections. Systems grant a process 1 024 of the more than
/// 500 000 that it may ask for.
const FILES_WANTED: u64 = 65_536;

/// Files and sockets of one session: three tracks, log, packets, a manifest in the making, a socket to each ear, mind and
/// voice and those of their fallbacks.
const FILES_A_SESSION: u64 = 16;

/// What the studio itself has open: models, ports, event queues, files on their way to a browser.
const FILES_OF_THE_STUDIO: u64 = 128;

/// Connections that are useful on any machine: as many as actix takes unless told otherwise.
const CONNECTIONS_MAX: u64 = 25_600;

/// Raises the limit as far as is wanted and allowed; returns how many connections may be held at one time beside
/// `sessions_max` sessions.
#[must_use]
pub fn make_room(sessions_max: usize) -> usize {
    let sessions_max = u64::try_from(sessions_max).unwrap_or(u64::MAX);
    let files = raise_limit().unwrap_or(FILES_WANTED);
    let wanted = files_of_sessions(sessions_max);
    if files < wanted.saturating_mul(2) {
        tracing::warn!(
            files,
            wanted = wanted.saturating_mul(2),
            sessions_max,
            "few files may be open at one time: raise the limit (ulimit -n) or lower STUDIO_MAX_SESSIONS"
        );
    }
    usize::try_from(connections(files, sessions_max)).unwrap_or(usize::MAX)
}

fn files_of_sessions(sessions_max: u64) -> u64 {
    FILES_OF_THE_STUDIO.saturating_add(sessions_max.saturating_mul(FILES_A_SESSION))
}

/// What the sessions leave; a quarter where that is next to nothing, since not all sessions are ever there at once.
fn connections(files: u64, sessions_max: u64) -> u64 {
    files.saturating_sub(files_of_sessions(sessions_max)).max(files / 4).min(CONNECTIONS_MAX)
}

/// The limit after it was raised; `None` where there is none.
#[cfg(unix)]
fn raise_limit() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let current = current?;
    let raised = FILES_WANTED.min(maximum.unwrap_or(u64::MAX)).max(current);
    let is_raised = setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum });
    Some(if is_raised.is_ok() { raised } else { current })
}

/// Windows has no such limit for sockets.
#[cfg(not(unix))]
fn raise_limit() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_come_first_and_connections_have_at_least_a_quarter() {
        assert_eq!(connections(65_536, 100), CONNECTIONS_MAX);
        assert_eq!(connections(4_096, 100), 4_096 - 128 - 1_600);
        assert_eq!(connections(1_024, 100), 256);
        assert_eq!(connections(256, 1), 112);
        assert_eq!(connections(0, usize::MAX as u64), 0);
    }
}
