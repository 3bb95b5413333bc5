//! Piper as a process that stays: its voice is loaded once (0.2 to 2 s) and then speaks line after line.
//!
//! Its raw output has no mark between two lines, so it is asked for a file a line: it names each file when it is whole
//! (the older program on its standard output, the newer one in its log), and that name is the mark. Both programs take
//! the same options. The files lie in a folder that only this user may read, and are gone once they were read.
//!
//! Invariants: one process a voice, at most [`VOICES_MAX`]; lines are spoken in order; a line nobody waits for any more
//! is spoken to its end and thrown away, for to kill the process would cost the next line its load time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{Mutex, mpsc};

use super::TtsOptions;
use super::piecewise::{Form, PieceVoice, Spoken};
use super::piper::{NAME, PiperOptions};
use crate::adapters::AdapterError;
use crate::adapters::task::Running;
use crate::adapters::worker::unavailable;
use crate::audio::SampleRate;

/// Processes at once: each holds its voice, 60 to 120 MB.
const VOICES_MAX: usize = 8;
/// Names of files waiting to be read: a process is given a line only when the one before is spoken or given up.
const NAMES_CAPACITY: usize = 64;
/// Longest wait for a line, the load of the voice before it included.
const LINE_LIMIT: Duration = Duration::from_secs(20);

/// The processes of one installation.
#[derive(Debug)]
pub(super) struct PiperProcesses {
    options: PiperOptions,
    rate: SampleRate,
    voices: StdMutex<BTreeMap<PathBuf, Arc<Mutex<Option<Process>>>>>,
}

impl PiperProcesses {
    pub(super) fn new(options: PiperOptions, rate: SampleRate) -> Self {
        Self { options, rate, voices: StdMutex::default() }
    }

    /// Starts a voice's process, if it is not running, so that it loads while the first words are still written.
    pub(super) fn warm_up(&self, voice: &str) -> Result<(), AdapterError> {
        let model = self.model(voice)?;
        let place = self.place(&model)?;
        let program = self.options.program.clone();
        tokio::spawn(async move {
            // One that cannot be started says so when it is asked to speak.
            let mut process = place.lock().await;
            if process.is_none() {
                *process = Process::start(&program, &model).ok();
            }
        });
        Ok(())
    }

    fn model(&self, voice: &str) -> Result<PathBuf, AdapterError> {
        let refused = |reason| Err(AdapterError::Refused { adapter: NAME, reason });
        if voice.is_empty() {
            return Ok(self.options.model.clone());
        }
        if !voice.chars().all(|c| c.is_alphanumeric() || "_-".contains(c)) {
            return refused(format!("{voice:?} is no name of a voice"));
        }
        let model = self.options.model.with_file_name(format!("{voice}.onnx"));
        if model.is_file() {
            Ok(model)
        } else {
            refused(format!("there is no {}", model.display()))
        }
    }

    fn place(&self, model: &Path) -> Result<Arc<Mutex<Option<Process>>>, AdapterError> {
        let mut voices = self.voices.lock().unwrap_or_else(PoisonError::into_inner);
        if !voices.contains_key(model) && voices.len() >= VOICES_MAX {
            return Err(unavailable(NAME, format!("{VOICES_MAX} voices are loaded")));
        }
        Ok(Arc::clone(voices.entry(model.to_owned()).or_default()))
    }
}

impl PieceVoice for PiperProcesses {
    const NAME: &'static str = NAME;
    /// About a minute of speech: a line cannot be stopped once it is given.
    const TEXT_BYTES_MAX: usize = 1024;

    fn rate(&self) -> SampleRate {
        self.rate
    }

    async fn say(&self, text: String, options: Arc<TtsOptions>) -> Result<Spoken, AdapterError> {
        let model = self.model(&options.voice)?;
        let place = self.place(&model)?;
        let mut place = place.lock().await;
        if place.as_mut().is_none_or(|process| !process.is_usable()) {
            *place = Some(Process::start(&self.options.program, &model)?);
        }
        let Some(process) = place.as_mut() else {
            return Err(unavailable(NAME, "its process is gone".to_owned()));
        };
        let spoken = match tokio::time::timeout(LINE_LIMIT, process.speak(&text)).await {
            Ok(spoken) => spoken,
            Err(_elapsed) => {
                Err(AdapterError::TimedOut { adapter: NAME, stage: "a line", waited: LINE_LIMIT })
            }
        };
        if spoken.is_err() {
            *place = None;
        }
        let file = spoken?;
        Ok(Spoken::sound(Form::Wav, stream::iter([Ok(Bytes::from(file))])))
    }
}

/// One running process.
#[derive(Debug)]
struct Process {
    child: Child,
    input: ChildStdin,
    /// Names of finished files, in order.
    names: mpsc::Receiver<PathBuf>,
    _readers: [Running<()>; 2],
    /// Lines that were given and whose files have not been read.
    owed: usize,
    /// Whether it has the beginning of a line and not its end: what comes next would be said as one with it.
    is_torn: bool,
    _folder: Folder,
}

impl Process {
    fn start(program: &Path, model: &Path) -> Result<Self, AdapterError> {
        let folder = Folder::make()?;
        let mut child = Command::new(program)
            .arg("--model")
            .arg(model)
            .arg("--output_dir")
            .arg(&folder.path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| unavailable(NAME, format!("start {}: {error}", program.display())))?;
        let (Some(input), Some(output), Some(log)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(unavailable(NAME, "a process without input or output".to_owned()));
        };
        let (names, finished) = mpsc::channel(NAMES_CAPACITY);
        let readers = [
            Running::spawn(read_names(output, folder.path.clone(), names.clone())),
            Running::spawn(read_names(log, folder.path.clone(), names)),
        ];
        Ok(Self {
            child,
            input,
            names: finished,
            _readers: readers,
            owed: 0,
            is_torn: false,
            _folder: folder,
        })
    }

    fn is_usable(&mut self) -> bool {
        !self.is_torn && matches!(self.child.try_wait(), Ok(None))
    }

    /// Has one line spoken and returns its file.
    async fn speak(&mut self, text: &str) -> Result<Vec<u8>, AdapterError> {
        let broken =
            |what: &str, error: &std::io::Error| unavailable(NAME, format!("{what}: {error}"));
        // A line is an utterance: breaks inside are none of its.
        let line: String =
            text.chars().map(|c| if c.is_control() { ' ' } else { c }).chain(['\n']).collect();
        // Files of lines that were given up before.
        let stale = self.owed;
        let given = self.give(line.as_bytes()).await;
        given.map_err(|error| broken("give it a line", &error))?;
        for _ in 0..stale {
            let path = self.next_file().await?;
            let _gone_anyway: Result<(), _> = tokio::fs::remove_file(&path).await;
        }
        let path = self.next_file().await?;
        let file = tokio::fs::read(&path).await.map_err(|error| broken("read its file", &error))?;
        let _cleared_with_the_folder: Result<(), _> = tokio::fs::remove_file(&path).await;
        Ok(file)
    }

    /// Gives it a line. Whoever waits may be dropped meanwhile, and does wait where a process was just started: a file is
    /// owed only for a line that was given.
    async fn give(&mut self, line: &[u8]) -> std::io::Result<()> {
        // Dropped while it waits, this has written nothing.
        let given = self.input.write(line).await?;
        self.owed += 1;
        self.is_torn = true;
        self.input.write_all(&line[given..]).await?;
        self.input.flush().await?;
        self.is_torn = false;
        Ok(())
    }

    async fn next_file(&mut self) -> Result<PathBuf, AdapterError> {
        match self.names.recv().await {
            Some(path) => {
                self.owed -= 1;
                Ok(path)
            }
            None => Err(unavailable(NAME, "its process has ended".to_owned())),
        }
    }
}

/// Finds the names of finished files in what a process writes; everything else is let go, since it may hold words.
async fn read_names(output: impl AsyncRead + Unpin, folder: PathBuf, names: mpsc::Sender<PathBuf>) {
    let folder = folder.to_string_lossy().into_owned();
    let mut lines = BufReader::new(output).split(b'\n');
    while let Ok(Some(line)) = lines.next_segment().await {
        let line = String::from_utf8_lossy(&line);
        let name = line.find(&folder).map(|at| line[at..].trim());
        let is_given = match name.filter(|name| name.ends_with(".wav")) {
            Some(name) => names.send(PathBuf::from(name)).await.is_ok(),
            None => true,
        };
        if !is_given {
            return;
        }
    }
}

/// A folder of one process, gone with it.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn make() -> Result<Self, AdapterError> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("voice-studio-piper-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(&path)
            .map_err(|error| unavailable(NAME, format!("make {}: {error}", path.display())))?;
        Ok(Self { path })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed lies in the system's folder for passing files.
        let _left_to_the_system: Result<(), _> = std::fs::remove_dir_all(&self.path);
    }
}
