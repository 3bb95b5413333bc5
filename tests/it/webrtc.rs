//! WebRTC: the studio's end against somebody else's, in virtual time and over a real port.

mod attacks;
mod calls;
mod studio;
mod world;
