//! Meetings in a made-up world: the conversation against scripted services, on virtual time.
//!
//! A [`Timeline`] is a meeting as text: what people do and how quick or unreliable the services are, a line each. It is
//! what tests are written in, what chance draws ([`random`]) and what a failure is told as. A [`Meeting`] answers the
//! conversation's orders as real services would; a [`Watch`] keeps its own books of facts and orders and says which
//! invariant is broken. The same timeline gives the same meeting, on every machine.
//!
//! Pure as the conversation itself: no clock, no files, no chance without a seed.

pub mod act;
mod breach;
pub mod dice;
mod host;
pub mod invariants;
pub mod known;
pub mod meeting;
mod minds;
pub mod plan;
pub mod random;
pub mod show;
mod show_books;
pub mod shrink;
pub mod story;
pub mod tally;
pub mod timeline;
pub mod trial;
pub mod voice;

pub use invariants::{Breach, Watch};
pub use meeting::{Event, Meeting};
pub use timeline::Timeline;
