//! How many files and sockets this process may have open, and who gets them.
//!
//! A crowd of connections must never take the files that a recording needs: connections wait to be accepted while they
//! hold their share, and go on when one of them leaves. Where the system allows too few files for all the sessions that
//! the settings allow, connections still have a quarter, and the log says so: all those sessions are hardly ever there.

/// What is asked for at least: a thousand sessions with a crowd of connections. Systems grant a process 1 024 of the more
/// than 500 000 that it may ask for.
const FILES_WANTED_MIN: u64 = 65_536;

/// Files and sockets of one session: three tracks, log, packets, a manifest in the making, a socket to each ear, mind and
/// voice and those of their fallbacks.
const FILES_A_SESSION: u64 = 16;

/// Files of one connection: its socket, and the handle by which a stalled one is ended.
const FILES_A_CONNECTION: u64 = 2;

/// What the studio itself has open: models, ports, event queues, files on their way to a browser, three tracks of each of
/// the few WAV files that are made at one time.
const FILES_OF_THE_STUDIO: u64 = 128;

/// Connections that are useful on any machine: as many as actix takes unless told otherwise.
const CONNECTIONS_MAX: u64 = 25_600;

/// Raises the limit as far as is wanted and allowed; returns how many connections may be held at one time beside
/// `sessions_max` sessions.
#[must_use]
pub fn make_room(sessions_max: usize) -> usize {
    let sessions_max = u64::try_from(sessions_max).unwrap_or(u64::MAX);
    // As much again for connections.
    let needed = files_of_sessions(sessions_max).saturating_mul(2);
    let wanted = needed.max(FILES_WANTED_MIN);
    let files = raise_limit(wanted).unwrap_or(wanted);
    if files < needed {
        tracing::warn!(
            files,
            needed,
            sessions_max,
            "few files may be open at one time: raise the limit (ulimit -n) or lower STUDIO_MAX_SESSIONS"
        );
    }
    usize::try_from(connections(files, sessions_max)).unwrap_or(usize::MAX)
}

fn files_of_sessions(sessions_max: u64) -> u64 {
    FILES_OF_THE_STUDIO.saturating_add(sessions_max.saturating_mul(FILES_A_SESSION))
}

/// As many as fit into what the sessions leave, or into a quarter.
fn connections(files: u64, sessions_max: u64) -> u64 {
    let left = files.saturating_sub(files_of_sessions(sessions_max)).max(files / 4);
    (left / FILES_A_CONNECTION).min(CONNECTIONS_MAX)
}

/// The limit after it was raised; `None` where there is none.
#[cfg(unix)]
fn raise_limit(wanted: u64) -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let current = current?;
    let raised = wanted.min(maximum.unwrap_or(u64::MAX)).max(current);
    let is_raised = setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum });
    Some(if is_raised.is_ok() { raised } else { current })
}

/// Windows has no such limit for sockets.
#[cfg(not(unix))]
fn raise_limit(_wanted: u64) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_come_first_and_connections_have_at_least_a_quarter() {
        assert_eq!(connections(65_536, 100), CONNECTIONS_MAX);
        assert_eq!(connections(4_096, 100), (4_096 - 128 - 1_600) / 2);
        assert_eq!(connections(1_024, 100), 128);
        assert_eq!(connections(256, 1), 56);
        assert_eq!(connections(0, usize::MAX as u64), 0);
    }
}
