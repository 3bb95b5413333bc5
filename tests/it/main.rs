//! All integration tests, in one binary.

mod support;

mod floor;
mod floor_random;
