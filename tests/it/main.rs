//! The integration tests of the studio, one module an area.

mod briefing;
mod config;
mod rehearsal;
mod support;
