//! Where a listener is, and by what its datagrams travel.

use std::net::SocketAddr;

/// By what a datagram travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Carrier {
    /// By itself.
    Udp,
    /// Framed in a stream that the listener opened (RFC 6544).
    Tcp,
}

/// An address of a listener, as this machine sees it. The same address by another carrier is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Remote {
    /// Where.
    pub address: SocketAddr,
    /// By what.
    pub carrier: Carrier,
}

impl Remote {
    /// The far end of a stream.
    #[must_use]
    pub const fn by_tcp(address: SocketAddr) -> Self {
        Self { address, carrier: Carrier::Tcp }
    }
}

impl From<SocketAddr> for Remote {
    /// By UDP, as nearly everything is.
    fn from(address: SocketAddr) -> Self {
        Self { address, carrier: Carrier::Udp }
    }
}
