//! The integration tests of the studio, one module an area.
#![cfg(test)] // says to clippy what cargo knows: helpers here may fail loudly, too

mod support;

mod adapters;
mod arrows;
mod briefing;
mod command_line;
mod config;
mod models;
mod recording;
mod rehearsal;
mod speech;
mod tidy;
