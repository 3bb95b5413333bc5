//! Voices that are asked for one piece at a time: by request, or by a process of their own.
//!
//! While a piece is being passed on the next one is asked for already, so that no pause comes between them. What a
//! product does for one piece is its [`PieceVoice`]; order, ends, rates and bounds are kept here.
//!
//! Invariants: at most two pieces are at work in one stream, the one being passed on and the next; dropping the stream
//! stops both; a text without anything to say is not asked for and has no sound.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;

use super::wav::WavReader;
use super::{
    TTS_EVENT_CAPACITY, TTS_INPUT_CAPACITY, TtsEvent, TtsOptions, TtsPiece, TtsStream, TtsWord,
};
use crate::adapters::AdapterError;
use crate::adapters::ending::{Events, Stop, conclude, give, unless_dropped};
use crate::adapters::net::unreadable;
use crate::adapters::task::Running;
use crate::adapters::wire::SampleReader;
use crate::audio::resample::Resampler;
use crate::audio::{Frame, SampleRate};

/// What a product does for one piece.
pub(super) trait PieceVoice: Send + Sync + 'static {
    /// The product.
    const NAME: &'static str;
    /// The most bytes of text it takes at once.
    const TEXT_BYTES_MAX: usize;
    /// The rate of the stream's sound.
    fn rate(&self) -> SampleRate;
    /// Has one text spoken. Returns when the sound begins to come.
    fn say(
        &self,
        text: String,
        options: Arc<TtsOptions>,
    ) -> impl Future<Output = Result<Spoken, AdapterError>> + Send;
}

/// The sound of one piece on its way.
pub(super) struct Spoken {
    pub(super) form: Form,
    pub(super) parts: Pin<Box<dyn Stream<Item = Result<Part, AdapterError>> + Send>>,
}

/// How the bytes of a piece hold its sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// 16-bit little-endian samples at the voice's rate, nothing else.
    Pcm,
    /// A WAV file, whatever its rate.
    Wav,
}

/// What comes of a piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The next bytes, cut anywhere.
    Sound(Bytes),
    /// Its words as far as they are known; a later list holds the earlier one's too.
    Words(Vec<TtsWord>),
}

impl Spoken {
    /// Sound and nothing else.
    pub(super) fn sound(
        form: Form,
        bytes: impl Stream<Item = Result<Bytes, AdapterError>> + Send + 'static,
    ) -> Self {
        Self { form, parts: Box::pin(bytes.map(|bytes| bytes.map(Part::Sound))) }
    }
}

/// Whether there is anything to say in a text.
pub(super) fn is_speakable(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// Opens a stream of a voice.
pub(super) fn open<V: PieceVoice>(voice: Arc<V>, options: TtsOptions) -> TtsStream {
    let (pieces, written) = mpsc::channel(TTS_INPUT_CAPACITY);
    let (spoken, events) = mpsc::channel(TTS_EVENT_CAPACITY);
    tokio::spawn(async move {
        let ended = say_all(&voice, Arc::new(options), written, &spoken).await;
        conclude(spoken, ended, TtsEvent::Done).await;
    });
    TtsStream { pieces, events }
}

/// A piece that was asked for; nothing to wait for where there is nothing to say.
type Begun = (TtsPiece, Option<Running<Result<Spoken, AdapterError>>>);

async fn say_all<V: PieceVoice>(
    voice: &Arc<V>,
    options: Arc<TtsOptions>,
    written: mpsc::Receiver<TtsPiece>,
    events: &Events<TtsEvent>,
) -> Result<(), Stop> {
    let (begun, mut next) = mpsc::channel(1);
    let _ahead = Running::spawn(begin_all(Arc::clone(voice), options, written, begun));
    while let Some((TtsPiece { piece, text: _ }, asked)) =
        unless_dropped(events, next.recv()).await?
    {
        if let Some(asked) = asked {
            let spoken = unless_dropped(events, asked.outcome()).await?;
            let spoken = spoken.map_err(|_panicked| broke_off(V::NAME))??;
            pass_on(V::NAME, voice.rate(), piece, spoken, events).await?;
        }
        give(events, TtsEvent::PieceEnded { piece }).await?;
    }
    Ok(())
}

/// Asks for pieces in order, never more than one ahead of the one that is passed on.
async fn begin_all<V: PieceVoice>(
    voice: Arc<V>,
    options: Arc<TtsOptions>,
    mut written: mpsc::Receiver<TtsPiece>,
    begun: mpsc::Sender<Begun>,
) {
    while let Ok(room) = begun.reserve().await {
        let Some(piece) = written.recv().await else { return };
        let asked = is_speakable(&piece.text).then(|| {
            let (voice, options) = (Arc::clone(&voice), Arc::clone(&options));
            let text = piece.text.clone();
            Running::spawn(async move {
                if text.len() > V::TEXT_BYTES_MAX {
                    return Err(too_long(V::NAME, text.len(), V::TEXT_BYTES_MAX));
                }
                voice.say(text, options).await
            })
        });
        room.send((piece, asked));
    }
}

/// A text that the product would refuse.
pub(super) fn too_long(adapter: &'static str, bytes: usize, most: usize) -> AdapterError {
    let reason = format!("a piece of {bytes} bytes; at most {most} are said");
    AdapterError::Refused { adapter, reason }
}

fn broke_off(adapter: &'static str) -> AdapterError {
    let reason = "the voice broke off".to_owned();
    AdapterError::Unavailable { adapter, reason, retry_after: None }
}

async fn pass_on(
    adapter: &'static str,
    rate: SampleRate,
    piece: u16,
    mut spoken: Spoken,
    events: &Events<TtsEvent>,
) -> Result<(), Stop> {
    let mut sound = Sound::new(adapter, rate, spoken.form);
    let mut total = 0_usize;
    while let Some(part) = unless_dropped(events, spoken.parts.next()).await? {
        match part? {
            Part::Sound(bytes) => {
                let samples = sound.push(&bytes)?;
                total += samples.len();
                give_sound(events, piece, rate, &samples).await?;
            }
            Part::Words(mut words) => {
                // A word cannot end behind the sound, however the service rounds.
                words.sort_by_key(|word| word.start_sample);
                give(events, TtsEvent::Words { piece, words }).await?;
            }
        }
    }
    let samples = sound.finish()?;
    total += samples.len();
    give_sound(events, piece, rate, &samples).await?;
    if total == 0 {
        // Words without any sound were not spoken.
        return Err(unreadable(adapter, "an answer without any sound").into());
    }
    Ok(())
}

/// Gives sound in frames of at most 100 ms, as the contract wants.
pub(super) async fn give_sound(
    events: &Events<TtsEvent>,
    piece: u16,
    rate: SampleRate,
    samples: &[i16],
) -> Result<(), Stop> {
    for part in samples.chunks(rate.samples_in_ms(100).max(1)) {
        give(events, TtsEvent::Audio { piece, frame: Frame::new(rate, part) }).await?;
    }
    Ok(())
}

/// Bytes of one piece as samples at the voice's rate.
struct Sound {
    adapter: &'static str,
    rate: SampleRate,
    wav: Option<WavReader>,
    pcm: SampleReader,
    /// Only where the file has another rate than the voice.
    resampler: Option<Resampler>,
}

impl Sound {
    fn new(adapter: &'static str, rate: SampleRate, form: Form) -> Self {
        let wav = (form == Form::Wav).then(WavReader::default);
        Self { adapter, rate, wav, pcm: SampleReader::default(), resampler: None }
    }

    fn push(&mut self, bytes: &[u8]) -> Result<Vec<i16>, AdapterError> {
        let samples = match &mut self.wav {
            None => self.pcm.push(bytes),
            Some(wav) => {
                let sound = wav.push(bytes).map_err(|what| unreadable(self.adapter, what))?;
                match wav.rate() {
                    Some(own) if own != self.rate && self.resampler.is_none() => {
                        self.resampler = Some(Resampler::new(own, self.rate));
                    }
                    _ => {}
                }
                self.pcm.push(&sound)
            }
        };
        Ok(match &mut self.resampler {
            None => samples,
            Some(resampler) => {
                let mut resampled = Vec::new();
                resampler.push(&samples, &mut resampled);
                resampled
            }
        })
    }

    fn finish(&mut self) -> Result<Vec<i16>, AdapterError> {
        if self.wav.as_ref().is_some_and(|wav| !wav.is_whole()) {
            return Err(unreadable(self.adapter, "a WAV file that ends early"));
        }
        let mut last = Vec::new();
        if let Some(resampler) = &mut self.resampler {
            resampler.finish(&mut last);
        }
        Ok(last)
    }
}
