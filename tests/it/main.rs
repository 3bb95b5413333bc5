//! The integration tests of the studio, one module an area.

mod config;
