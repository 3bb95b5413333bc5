//! How long the other side of a listener's WebSocket is waited for.

use std::time::Duration;

/// Longest wait for `hello`.
pub const HELLO_LIMIT: Duration = Duration::from_secs(10);
/// How often the other side is asked whether it is there.
pub const PING_EVERY: Duration = Duration::from_secs(10);
/// Silence after which it is taken as gone.
pub const DEAD_AFTER: Duration = Duration::from_secs(20);
/// Longest a single frame may take to be written.
pub const WRITE_LIMIT: Duration = Duration::from_secs(5);

/// How long the other side is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For `hello`; [`HELLO_LIMIT`].
    pub hello: Duration,
    /// Between two pings; [`PING_EVERY`].
    pub ping: Duration,
    /// Until it is taken as gone; [`DEAD_AFTER`].
    pub dead: Duration,
    /// For one frame to be written; [`WRITE_LIMIT`].
    pub write: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { hello: HELLO_LIMIT, ping: PING_EVERY, dead: DEAD_AFTER, write: WRITE_LIMIT }
    }
}
