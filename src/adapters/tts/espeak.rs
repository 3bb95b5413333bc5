//! espeak-ng: more than a hundred languages, as a separate program.
//!
//! One process a piece (about 65 ms before the first sound): the program is under the GPL and is never linked, and a
//! process that is killed stops at once. Text goes in by its standard input, so that no list of processes shows it.
//! It tells no word times.

use std::collections::BTreeSet;
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
    /// Asked once.
    voices: OnceCell<Voices>,
}

/// What the program has to speak with.
#[derive(Debug)]
struct Voices {
    /// The languages, as it spells them.
    languages: Vec<String>,
    /// All that its voices answer to, in small letters.
    names: BTreeSet<String>,
}

impl Espeak {
    /// The program of this name or path.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>) -> Self {
        let rate = SampleRate::new(RATE_HZ).unwrap_or(SampleRate::HZ_24000);
        Self {
            voice: Arc::new(Processes { program: program.into(), rate, voices: OnceCell::new() }),
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
        let Voices { languages, names } = self.voices.get_or_try_init(|| self.ask_voices()).await?;
        if let Some(name) = voice.split('+').next().filter(|name| !name.is_empty()) {
            // The program itself would speak with any voice whose name begins alike: `no-such-voice` is Norwegian to it.
            return if names.contains(&name.to_ascii_lowercase()) {
                Ok(voice.clone())
            } else {
                refused(format!("it has no voice {name:?}"))
            };
        }
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

    async fn ask_voices(&self) -> Result<Voices, AdapterError> {
        // Those of MBROLA stand in a table of their own, present or not; one that is not says so when it is to speak.
        let (own, mbrola) = tokio::try_join!(self.table("--voices"), self.table("--voices=mb"))?;
        let language = |row: &str| row.split_whitespace().nth(1).map(str::to_owned);
        let languages = own.lines().skip(1).filter_map(language).collect();
        let rows = own.lines().skip(1).chain(mbrola.lines().skip(1));
        Ok(Voices { languages, names: rows.flat_map(names_of).collect() })
    }

    async fn table(&self, of: &str) -> Result<String, AdapterError> {
        let asked = Command::new(&self.program).arg(of).kill_on_drop(true).output().await;
        let table = asked.map_err(|error| self.absent(&error))?.stdout;
        Ok(String::from_utf8_lossy(&table).into_owned())
    }

    fn absent(&self, error: &std::io::Error) -> AdapterError {
        let program = self.program.display();
        unavailable(NAME, format!("start {program}: {error}; install the system package espeak-ng"))
    }
}

/// All that the voice in a row of the table answers to: languages, name, and file with and without its folder.
fn names_of(row: &str) -> Vec<String> {
    let columns: Vec<&str> = row.split_whitespace().collect();
    let [_priority, language, _age_and_gender, name, file, others @ ..] = &columns[..] else {
        return Vec::new();
    };
    let bare = file.rsplit('/').next().unwrap_or_default();
    // Each with its own priority: `(zh-cmn 5)(zh 5)`.
    let others = others.iter().flat_map(|part| part.split('(').skip(1));
    [*language, *name, *file, bare].into_iter().chain(others).map(str::to_ascii_lowercase).collect()
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
    stream::try_unfold(
        (process, sound, false),
        |(mut process, mut sound, has_sounded)| async move {
            let mut bytes = vec![0; READ_BYTES];
            let read = sound.read(&mut bytes).await;
            let read =
                read.map_err(|error| unavailable(NAME, format!("read its sound: {error}")))?;
            if read > 0 {
                bytes.truncate(read);
                return Ok(Some((Bytes::from(bytes), (process, sound, true))));
            }
            let ended = process.wait().await;
            match ended {
                Ok(status) if status.success() => Ok(None),
                // It says in words that it has no such voice or language, before any sound.
                Ok(status) if status.code().is_some() && !has_sounded => {
                    Err(AdapterError::Refused {
                        adapter: NAME,
                        reason: format!("ended with {status}"),
                    })
                }
                Ok(status) => Err(unavailable(NAME, format!("was stopped ({status})"))),
                Err(error) => Err(unavailable(NAME, format!("wait for its end: {error}"))),
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voice_answers_to_its_languages_its_name_and_its_file() {
        let row = " 5  cmn             --/M      Chinese_(Mandarin) sit/cmn-Latn         (zh-cmn 5)(zh 5)";
        let names = ["cmn", "chinese_(mandarin)", "sit/cmn-latn", "cmn-latn", "zh-cmn", "zh"];
        assert_eq!(names_of(row), names);
        assert!(names_of("").is_empty());
    }
}
