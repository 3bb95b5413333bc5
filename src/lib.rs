//! The Three-Way Voice Studio.
pub mod adapters;
pub mod app;
pub mod audio;
pub mod briefings;
pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod conversation;
pub mod factory;
pub mod house;
pub mod http;
pub mod models;
pub mod recording;
pub mod session;
pub mod time;
pub mod transport;
