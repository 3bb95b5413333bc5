//! What the exchange tells: who is there, who is gone, and the counts.

use super::sending::Segment;

/// A listener's number; rises, and is never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeatId(pub u64);

/// Something a session should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// Packets flow both ways.
    Connected(SeatId),
    /// A voice begins, or goes on elsewhere.
    Segment(SeatId, Segment),
    /// The listener moved to another address.
    Moved(SeatId),
    /// It hung up, never came, or fell silent; its seat is free.
    Gone(SeatId, Farewell),
}

/// Why a listener is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// It said so, or its handshake failed.
    HungUp,
    /// The stack panicked at what it sent.
    Broke,
    /// No packet came through within [`super::exchange::CONNECT_LIMIT`].
    NeverCame,
    /// Nothing authentic for [`super::exchange::SILENT_LIMIT`].
    FellSilent,
}

impl Farewell {
    /// As listeners and logs are told.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::HungUp => "hung_up",
            Self::Broke => "broke",
            Self::NeverCame => "never_came",
            Self::FellSilent => "fell_silent",
        }
    }
}

/// What came in, went out and was dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExchangeCounts {
    /// Datagrams that came.
    pub datagrams: u64,
    /// Packets of voices that were authentic.
    pub media: u64,
    /// Reports of listeners that were authentic.
    pub reports: u64,
    /// Datagrams of nobody here, or of no known kind.
    pub strangers: u64,
    /// Packets of voices, reports and handshake records on a call that were forged, replayed or broken.
    pub rejected: u64,
    /// Checks that were not authentic or came from one address too many or another listener's, and answers to nothing that
    /// was asked or that ask nothing.
    pub false_checks: u64,
    /// Packets that were sent.
    pub voices: u64,
    /// Packets that could not leave.
    pub unsent: u64,
    /// Listeners at whom the stack panicked.
    pub broken: u64,
    /// Streams that found no room.
    pub refused_streams: u64,
}
