//! ONNX Runtime, found at run time.
//!
//! The library is opened by path, once a process: its environment may exist only once, is cheap to clone and is kept
//! for the life of the process. A failure is a sentence and is not remembered, so a library fetched later is found.
//!
//! Invariants: nothing here panics because a file is missing or is not what its name says; every session computes on
//! its caller's thread alone.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ort::environment::Environment;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;

/// Where the offline models lie: one folder a model under `dir`, as `models/catalogue.toml` names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfflineModels {
    /// The folder that holds them all.
    pub dir: PathBuf,
    /// ONNX Runtime's shared library, where it lies elsewhere.
    runtime: Option<PathBuf>,
}

impl OfflineModels {
    /// The models under `dir`. Nothing is opened.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), runtime: None }
    }

    /// The same models with ONNX Runtime at `library`.
    #[must_use]
    pub fn with_runtime(self, library: impl Into<PathBuf>) -> Self {
        Self { runtime: Some(library.into()), ..self }
    }

    /// ONNX Runtime's shared library.
    #[must_use]
    pub fn onnx_runtime(&self) -> PathBuf {
        if let Some(library) = &self.runtime {
            return library.clone();
        }
        let name =
            if cfg!(target_os = "macos") { "libonnxruntime.dylib" } else { "libonnxruntime.so" };
        self.dir.join("onnxruntime").join(name)
    }

    /// One of Moonshine's three files.
    #[must_use]
    pub fn moonshine(&self, file: &str) -> PathBuf {
        self.dir.join("moonshine-tiny-en").join(file)
    }

    /// Silero's network for 16 kHz.
    #[must_use]
    pub fn silero(&self) -> PathBuf {
        self.dir.join("silero-vad").join("silero_vad_16k_op15.onnx")
    }

    /// Smart Turn's network.
    #[must_use]
    pub fn smart_turn(&self) -> PathBuf {
        self.dir.join("smart-turn").join("smart-turn-v3.2-cpu.onnx")
    }
}

/// The one environment of the process and the library it came from.
static RUNTIME: Mutex<Option<(PathBuf, Environment)>> = Mutex::new(None);

/// Opens the network at `model` with the runtime at `library`.
///
/// The first library opened serves the whole process; a later, different path is refused, for two runtimes cannot live
/// side by side. Takes 20 ms to 0.5 s: call it on a worker's thread.
///
/// # Errors
///
/// A sentence that names the file and what was wrong with it.
pub(super) fn open_session(library: &Path, model: &Path) -> Result<Session, String> {
    let environment = environment(library)?;
    if !model.is_file() {
        return Err(format!("no model at {}", model.display()));
    }
    build(&environment, model)
        .map_err(|error| format!("open the model {}: {error}", model.display()))
}

fn environment(library: &Path) -> Result<Environment, String> {
    // The same file by two spellings is one library; what cannot be resolved is reported below.
    let resolved = library.canonicalize();
    let library = resolved.as_deref().unwrap_or(library);
    let mut runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((opened, environment)) = runtime.as_ref() {
        if opened != library {
            return Err(format!("ONNX Runtime is already open from {}", opened.display()));
        }
        return Ok(environment.clone());
    }
    if !library.is_file() {
        return Err(format!("no ONNX Runtime at {}", library.display()));
    }
    let opened = ort::init_from(library)
        .map_err(|error| format!("open ONNX Runtime at {}: {error}", library.display()))?
        .with_name("studio")
        .with_telemetry(false)
        .with_logger(Arc::new(log))
        .build()
        .map_err(|error| format!("start ONNX Runtime: {error}"))?;
    *runtime = Some((library.to_path_buf(), opened.clone()));
    Ok(opened)
}

/// The runtime would print its messages in colour to standard error; its errors come back as results as well.
fn log(level: ort::logging::LogLevel, category: &str, _id: &str, _location: &str, message: &str) {
    tracing::debug!(?level, category, message, "onnxruntime");
}

/// One thread and no spinning pool: the machine's cores belong to the sessions' arbiters. In a function of its own,
/// for a builder's error carries the builder and must not leave this file.
fn build(environment: &Environment, model: &Path) -> ort::Result<Session> {
    let session = Session::builder(environment)?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .with_optimization_level(GraphOptimizationLevel::All)?
        .commit_from_file(model)?;
    Ok(session)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_is_not_there_is_a_sentence() {
        let missing = Path::new("/nonexistent/libonnxruntime.so");
        // Where another test has already opened the real one, the sentence is the other refusal.
        let sentence =
            open_session(missing, Path::new("/nonexistent/model.onnx")).err().unwrap_or_default();
        assert!(sentence.contains("ONNX Runtime"), "{sentence:?}");
    }
}
