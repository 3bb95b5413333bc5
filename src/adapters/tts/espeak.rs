//! espeak-ng: more than a hundred languages, as a separate program.
//!
//! One process a piece (about 65 ms before the first sound): the program is under the GPL and is never linked, and a
//! process that is killed stops at once. Text goes in by its standard input, so that no list of processes shows it.
//! It tells no word times.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::OnceCell;

use super::piecewise::{self, Form, PieceVoice, Spoken};
use super::{TextToSpeech, TtsCapabilities, TtsOptions, TtsStream};
use crate::adapters::worker::unavailable;
use crate::adapters::{AdapterError, Availability, BoxFuture};
use crate::audio::SampleRate;

const NAME: &str = "espeak";
/// Its only rate.
const RATE_HZ: u32 = 22_050;
/// Bytes read at once: 100 ms of sound.
const READ_BYTES: usize = 4_410;

/// The product.
#[derive(Clone, Debug)]
pub struct Espeak {
    voice: Arc<Processes>,
}

#[derive(Debug)]
struct Processes {
    program: PathBuf,
    rate: SampleRate,
    /// The languages it has, as it spells them; asked once.
    languages: OnceCell<Vec<String>>,
}

impl Espeak {
    /// The program of this name or path.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>) -> Self {
        let rate = SampleRate::new(RATE_HZ).unwrap_or(SampleRate::HZ_24000);
        Self {
            voice: Arc::new(Processes {
                program: program.into(),
                rate,
                languages: OnceCell::new(),
            }),
        }
    }
}

impl TextToSpeech for Espeak {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> TtsCapabilities {
        TtsCapabilities { word_times: false, rate: self.voice.rate }
    }

    fn availability(&self) -> Availability {
        Availability::Ready
    }

    fn open(&self, options: TtsOptions) -> BoxFuture<'_, Result<TtsStream, AdapterError>> {
        Box::pin(async move {
            let voice = self.voice.voice(&options).await?;
            let options = TtsOptions { voice, ..options };
            Ok(piecewise::open(Arc::clone(&self.voice), options))
        })
    }
}

impl Processes {
    /// The voice as the program wants it: of the language, with the variant (`+f3`) that was asked for; or the voice
    /// that was named in full.
    async fn voice(&self, options: &TtsOptions) -> Result<String, AdapterError> {
        let TtsOptions { voice, language } = options;
        let refused = |reason: String| Err(AdapterError::Refused { adapter: NAME, reason });
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "+-_/".contains(c);
        if !voice.chars().all(is_plain) || voice.starts_with('-') {
            return refused(format!("{voice:?} is no name of a voice"));
        }
        if !voice.is_empty() && !voice.starts_with('+') {
            return Ok(voice.clone());
        }
        let languages = self.languages.get_or_try_init(|| self.ask_languages()).await?;
        let wanted =
            if language.is_empty() { "en-us".to_owned() } else { language.to_ascii_lowercase() };
        let base = wanted.split('-').next().unwrap_or_default();
        let of_base = |own: &&String| own.split('-').next() == Some(base);
        let exact = languages.iter().find(|own| **own == wanted);
        let found = exact
            .or_else(|| languages.iter().find(|own| *own == base))
            .or_else(|| languages.iter().find(of_base));
        match found {
            Some(found) => Ok(format!("{found}{voice}")),
            None => refused(format!("it has no voice for the language {wanted:?}")),
        }
    }

    async fn ask_languages(&self) -> Result<Vec<String>, AdapterError> {
        let asked = Command::new(&self.program).arg("--voices").kill_on_drop(true).output().await;
        let table = asked.map_err(|error| self.absent(&error))?.stdout;
        // Pty Language Age/Gender VoiceName …
        let rows = String::from_utf8_lossy(&table);
        Ok(rows
            .lines()
            .skip(1)
            .filter_map(|row| row.split_whitespace().nth(1).map(str::to_owned))
            .collect())
    }

    fn absent(&self, error: &std::io::Error) -> AdapterError {
        let program = self.program.display();
        unavailable(NAME, format!("start {program}: {error}; install the system package espeak-ng"))
    }
}

impl PieceVoice for Processes {
    const NAME: &'static str = NAME;
    /// A piece is a clause, and far shorter.
    const TEXT_BYTES_MAX: usize = 4096;

    fn rate(&self) -> SampleRate {
        self.rate
    }

    async fn say(&self, text: String, options: Arc<TtsOptions>) -> Result<Spoken, AdapterError> {
        let mut process = Command::new(&self.program)
            // Text in UTF-8 until the end of the input, a WAV file out.
            .args(["-b", "1", "--stdin", "--stdout", "-v", options.voice.as_str()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| self.absent(&error))?;
        let (Some(mut input), Some(sound)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(unavailable(NAME, "a process without input or output".to_owned()));
        };
        // A process that has refused its voice does not read; its exit code says so below.
        let _refusal_shows_in_its_exit: Result<(), _> = input.write_all(text.as_bytes()).await;
        drop(input);
        Ok(Spoken::sound(Form::Wav, sound_of(process, sound)))
    }
}

/// All that a process writes, and an error where it did not end well.
fn sound_of(
    process: Child,
    sound: ChildStdout,
) -> impl Stream<Item = Result<Bytes, AdapterError>> + Send {
    stream::try_unfold((process, sound), |(mut process, mut sound)| async move {
        let mut bytes = vec![0; READ_BYTES];
        let read = sound.read(&mut bytes).await;
        let read = read.map_err(|error| unavailable(NAME, format!("read its sound: {error}")))?;
        if read > 0 {
            bytes.truncate(read);
            return Ok(Some((Bytes::from(bytes), (process, sound))));
        }
        let ended = process.wait().await;
        match ended {
            Ok(status) if status.success() => Ok(None),
            // It says in words that it has no such voice or language; there is nothing else it ends badly for.
            Ok(status) if status.code().is_some() => {
                Err(AdapterError::Refused { adapter: NAME, reason: format!("ended with {status}") })
            }
            Ok(status) => Err(unavailable(NAME, format!("was stopped ({status})"))),
            Err(error) => Err(unavailable(NAME, format!("wait for its end: {error}"))),
        }
    })
}
