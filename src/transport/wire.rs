//! The wire of an accepted connection, to be cut where nobody takes what is written.
//!
//! The web server closes a connection once what it holds is written. A peer that does not read never lets it get there,
//! and the server has no limit for that (`actix-http` 3.20 begins to count only after its last byte is out). So whoever
//! gives such a peer up cuts the wire itself: both directions end at once, and the server lets go.

use std::any::Any;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Weak};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;

/// A second handle on the socket; it lives as long as the connection and is closed with it.
#[derive(Debug)]
struct Handle(OwnedFd);

/// See the module's text. Nothing happens where the connection is gone.
#[derive(Clone, Debug, Default)]
pub struct Wire(Weak<Handle>);

impl Wire {
    /// Keeps a handle on an accepted connection among its data. Without one, for want of descriptors, the connection
    /// works all the same, and its end is left to the server.
    pub fn keep(connection: &dyn Any, data: &mut Extensions) {
        let socket = connection.downcast_ref::<TcpStream>();
        if let Some(Ok(handle)) = socket.map(|socket| socket.as_fd().try_clone_to_owned()) {
            data.insert(Arc::new(Handle(handle)));
        }
    }

    /// The wire on which `request` came.
    pub(super) fn of(request: &HttpRequest) -> Self {
        Self(request.conn_data::<Arc<Handle>>().map(Arc::downgrade).unwrap_or_default())
    }

    /// Ends both directions at once.
    pub(super) fn cut(&self) {
        if let Some(handle) = self.0.upgrade() {
            // The other side may have been faster.
            drop(socket2::SockRef::from(&handle.0).shutdown(std::net::Shutdown::Both));
        }
    }

    /// The same after the time that the last words have.
    pub(super) fn cut_after(&self, grace: Duration) {
        let wire = self.clone();
        actix::spawn(async move {
            tokio::time::sleep(grace).await;
            wire.cut();
        });
    }
}
