//! What several areas of the tests need.

use std::path::{Path, PathBuf};

/// The folder of shared test material beside the project, if this machine has one.
pub(crate) fn shared_dir() -> Option<PathBuf> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    ["../shared", "../../shared"]
        .iter()
        .map(|folder| project.join(folder))
        .find(|folder| folder.is_dir())
}
