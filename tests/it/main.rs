//! The studio's integration tests, one binary, in reading order.
#![cfg(test)] // says to clippy what cargo knows: helpers here may fail loudly, too

mod arrows;
mod command_line;
mod models;
mod support;
mod tidy;
