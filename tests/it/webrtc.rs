//! WebRTC: the studio's end against somebody else's, in virtual time and over a real port.

mod allocations;
pub(crate) mod attacks;
mod calls;
mod heard;
mod mends;
mod port;
mod python;
mod studio;
pub(crate) mod world;
