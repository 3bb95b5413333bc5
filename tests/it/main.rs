<<<<<<< HEAD
//! The integration tests of the studio, one module an area.

mod config;
=======
//! The integration tests, one module an area.

// `cfg(test)` tells clippy that the helpers in here are tests as well.
#[cfg(test)]
mod support;

#[cfg(test)]
mod adapters;
#[cfg(test)]
mod speech;
>>>>>>> speech
