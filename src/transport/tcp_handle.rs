//! A handle on the TCP socket of an accepted connection, to end it where nobody takes what is written.
//!
//! The web server closes a connection once what it holds is written. A peer that does not read never lets it get there,
//! and the server has no limit for that (`actix-http` 3.20 begins to count only after its last byte is out). So whoever
//! gives such a peer up shuts the socket itself: both directions end at once, and the server lets go.

use std::any::Any;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Weak};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;

/// A second descriptor of the socket; it lives as long as the connection and is closed with it.
#[derive(Debug)]
struct Descriptor(OwnedFd);

/// See the module's text. Nothing happens where the connection is gone.
#[derive(Clone, Debug, Default)]
pub struct TcpHandle(Weak<Descriptor>);

impl TcpHandle {
    /// Keeps a descriptor of an accepted connection among its data. Without one, where the process may open no more, the
    /// connection works all the same, and its end is left to the server.
    pub fn keep(connection: &dyn Any, data: &mut Extensions) {
        let socket = connection.downcast_ref::<TcpStream>();
        if let Some(Ok(descriptor)) = socket.map(|socket| socket.as_fd().try_clone_to_owned()) {
            data.insert(Arc::new(Descriptor(descriptor)));
        }
    }

    /// That of the connection on which `request` came.
    pub(super) fn of(request: &HttpRequest) -> Self {
        Self(request.conn_data::<Arc<Descriptor>>().map(Arc::downgrade).unwrap_or_default())
    }

    /// Ends both directions at once.
    pub(super) fn shut(&self) {
        if let Some(descriptor) = self.0.upgrade() {
            // The other side may have been faster.
            drop(socket2::SockRef::from(&descriptor.0).shutdown(std::net::Shutdown::Both));
        }
    }

    /// The same after the time that the last words have.
    pub(super) fn shut_after(&self, grace: Duration) {
        let handle = self.clone();
        actix::spawn(async move {
            tokio::time::sleep(grace).await;
            handle.shut();
        });
    }
}
