//! The Three-Way Voice Studio.
pub mod adapters;
pub mod audio;
pub mod conversation;
pub mod http;
pub mod time;
pub mod transport;
