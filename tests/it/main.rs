//! The integration tests of the studio, one module an area.
#![cfg(test)] // says to clippy what cargo knows: helpers here may fail loudly, too

mod arrows;
mod command_line;
mod models;
mod support;

mod adapters;
mod briefing;
mod config;
mod models;
mod speech;
mod tidy;
mod rehearsal;
mod support;
//! The integration tests, one module an area.

mod recording;
