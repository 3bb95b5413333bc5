//! What several areas of the tests share.

pub(crate) mod file_server;
pub(crate) mod sources;
