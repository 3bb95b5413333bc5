//! The integration tests of the studio, one module an area, in reading order.
#![cfg(test)] // says to clippy what cargo knows: helpers here may fail loudly, too

mod support;

mod floor;
mod floor_random;
mod floor_speech;
mod replay;

mod briefing;
mod rehearsal;

mod adapters;
mod speech;

mod recording;

mod judged;
mod session;

mod api_document;
mod http;
mod lifecycle;
mod live;
mod websocket;

mod command_line;
mod config;
mod models;

mod arrows;
mod tidy;
