//! What several areas of tests share.

pub(crate) mod apart;
pub(crate) mod caller;
pub(crate) mod capture;
pub(crate) mod file_server;
pub(crate) mod gate;
#[cfg(feature = "local-whisper")]
pub(crate) mod ggml;
pub(crate) mod hearing;
pub(crate) mod log;
pub(crate) mod near_ears;
pub(crate) mod page;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod room;
pub(crate) mod simulators;
pub(crate) mod sound;
pub(crate) mod sources;
pub(crate) mod stand_ins;
pub(crate) mod studio;
pub(crate) mod timeline;
pub(crate) mod web;
pub(crate) mod words;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use voice_studio::adapters::onnx::OfflineModels;

/// The folder of test material that is no part of the project, where it exists.
pub(crate) fn shared_dir() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    ["../shared", "../../shared"].iter().map(|path| root.join(path)).find(|path| path.is_dir())
}

/// The local models, where `./dev` has put them; says what is skipped otherwise.
pub(crate) fn models(what_needs_them: &str) -> Option<OfflineModels> {
    let models = OfflineModels::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("models"));
    if models.onnx_runtime().is_file() && models.silero().is_file() {
        return Some(models);
    }
    println!("skipped: {what_needs_them}: no models in {}", models.dir.display());
    None
}

/// Waits for something that must come; a test that waits for ever is a failed one.
pub(crate) async fn comes<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(Duration::from_secs(120), future).await {
        Ok(value) => value,
        Err(_) => panic!("waited in vain for {what}"),
    }
}
