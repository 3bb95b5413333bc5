//! Ears that hear loudness, and write down the lines of a script.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use super::{Fault, FaultPlan, Outlet, Over, ready};
use crate::adapters::hearing::{
    HEARING_AUDIO_CAPACITY, HEARING_EVENT_CAPACITY, VoiceActivity, VoiceActivityStream, VoiceScore,
};
use crate::adapters::stt::{
    STT_AUDIO_CAPACITY, STT_EVENT_CAPACITY, SpeechToText, SttCapabilities, SttEvent, SttInput,
    SttOptions, SttStream, SttWords,
};
use crate::adapters::{AdapterError, Availability, BoxFuture};
use crate::audio::{Frame, SampleRate};
use crate::conversation::Stability;

const NAME: &str = "scripted-ears";
/// The hop of the detector it stands in for, 32 ms.
const HOP_SAMPLES: usize = 512;
/// Loudness over which sound is voice: -40 dBFS, as mean square of 16-bit samples.
const VOICE_MEAN_SQUARE: i64 = 328 * 328;
/// One more word of the line becomes known after so much voice.
const WORD_SAMPLES: u64 = SampleRate::HZ_16000.samples_in_ms(300) as u64;
/// Quiet after which words are final.
const HANG_SAMPLES: u64 = SampleRate::HZ_16000.samples_in_ms(700) as u64;

/// A recogniser whose n-th stretch of speech says the script's n-th line (nothing after the last), and a detector
/// that goes by loudness. Like the recogniser it stands in for, it hears stretches by the hints it is given.
#[derive(Debug, Default)]
pub struct ScriptedEars {
    lines: Arc<Mutex<VecDeque<String>>>,
    words_after: Duration,
    faults: FaultPlan,
}

impl ScriptedEars {
    /// Ears that will hear these lines. The script is one for all streams: a stream opened in place of a broken one
    /// goes on where that stopped.
    #[must_use]
    pub fn new<Text: Into<String>>(lines: impl IntoIterator<Item = Text>) -> Self {
        let lines = lines.into_iter().map(Into::into).collect();
        Self {
            lines: Arc::new(Mutex::new(lines)),
            words_after: Duration::ZERO,
            faults: FaultPlan::default(),
        }
    }

    /// Takes this long for complete and for final words that were not complete before.
    #[must_use]
    pub const fn with_delay(mut self, words_after: Duration) -> Self {
        self.words_after = words_after;
        self
    }

    /// Lets streams of either kind go wrong.
    #[must_use]
    pub fn with_faults(mut self, plan: Vec<Option<Fault>>) -> Self {
        self.faults = FaultPlan::new(plan);
        self
    }
}

fn wrong_rate(rate: SampleRate) -> AdapterError {
    let reason = format!("sound at {rate}, {} is wanted", SampleRate::HZ_16000);
    AdapterError::Refused { adapter: NAME, reason }
}

// ── Voice activity ───────────────────────────────────────────────────────────────────────────────────────

impl VoiceActivity for ScriptedEars {
    fn name(&self) -> &'static str {
        NAME
    }

    fn availability(&self) -> Availability {
        ready()
    }

    fn open(&self) -> BoxFuture<'_, Result<VoiceActivityStream, AdapterError>> {
        Box::pin(async {
            let fault = self.faults.open(NAME).await?;
            let (audio, sound) = mpsc::channel(HEARING_AUDIO_CAPACITY);
            let (sender, scores) = mpsc::channel(HEARING_EVENT_CAPACITY);
            let outlet = Outlet::new(NAME, sender, fault);
            tokio::spawn(async move { score_all(sound, outlet).await.unwrap_or(()) });
            Ok(VoiceActivityStream { audio, scores })
        })
    }
}

async fn score_all(
    mut sound: mpsc::Receiver<Frame>,
    mut outlet: Outlet<VoiceScore>,
) -> Result<(), Over> {
    let mut waiting: Vec<i16> = Vec::new();
    let mut judged = 0;
    loop {
        let frame = outlet.unless_dropped(sound.recv()).await?;
        let ended = frame.is_none();
        if let Some(frame) = frame {
            if frame.rate != SampleRate::HZ_16000 {
                return Err(outlet.fail(wrong_rate(frame.rate)).await);
            }
            waiting.extend_from_slice(&frame.samples);
        }
        while waiting.len() >= HOP_SAMPLES || (ended && !waiting.is_empty()) {
            let count = waiting.len().min(HOP_SAMPLES);
            let hop: Vec<i16> = waiting.drain(..count).collect();
            let until_sample = judged + count as u64;
            let score = if is_loud(&hop) { 1000 } else { 0 };
            outlet.give(VoiceScore { from_sample: judged, until_sample, score }).await?;
            judged = until_sample;
        }
        if ended {
            return Ok(());
        }
    }
}

fn is_loud(samples: &[i16]) -> bool {
    let energy: i64 = samples.iter().map(|&sample| i64::from(sample).pow(2)).sum();
    i64::try_from(samples.len()).is_ok_and(|count| energy > count * VOICE_MEAN_SQUARE)
}

// ── Speech to text ───────────────────────────────────────────────────────────────────────────────────────

impl SpeechToText for ScriptedEars {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> SttCapabilities {
        SttCapabilities { interim: true, word_times: false, rate: SampleRate::HZ_16000 }
    }

    fn availability(&self) -> Availability {
        ready()
    }

    fn open(&self, _options: SttOptions) -> BoxFuture<'_, Result<SttStream, AdapterError>> {
        Box::pin(async {
            let fault = self.faults.open(NAME).await?;
            let (input, given) = mpsc::channel(STT_AUDIO_CAPACITY);
            let (sender, events) = mpsc::channel(STT_EVENT_CAPACITY);
            let writer = Writer {
                outlet: Outlet::new(NAME, sender, fault),
                lines: Arc::clone(&self.lines),
                words_after: self.words_after,
                heard: 0,
                segments: 0,
                stretch: None,
            };
            tokio::spawn(async move { writer.write_all(given).await.unwrap_or(()) });
            Ok(SttStream { input, events })
        })
    }
}

/// A stream that writes down the script.
struct Writer {
    outlet: Outlet<SttEvent>,
    lines: Arc<Mutex<VecDeque<String>>>,
    words_after: Duration,
    heard: u64,
    segments: u32,
    stretch: Option<Stretch>,
}

struct Stretch {
    segment: u32,
    line: String,
    from_sample: u64,
    stopped_at: Option<u64>,
    words_said: usize,
}

impl Writer {
    async fn write_all(mut self, mut given: mpsc::Receiver<SttInput>) -> Result<(), Over> {
        while let Some(input) = self.outlet.unless_dropped(given.recv()).await? {
            match input {
                SttInput::Audio(frame) if frame.rate != SampleRate::HZ_16000 => {
                    return Err(self.outlet.fail(wrong_rate(frame.rate)).await);
                }
                SttInput::Audio(frame) => {
                    self.heard += frame.samples.len() as u64;
                    self.on_sound().await?;
                }
                SttInput::SpeechStarted { at_sample } => self.on_started(at_sample),
                SttInput::SpeechStopped { at_sample } => self.on_stopped(at_sample).await?,
                SttInput::Finish => self.finish().await?,
            }
        }
        self.finish().await?;
        self.outlet.give(SttEvent::Done).await
    }

    fn on_started(&mut self, at_sample: u64) {
        if let Some(stretch) = &mut self.stretch {
            stretch.stopped_at = None;
            return;
        }
        self.segments += 1;
        let line = self
            .lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
            .unwrap_or_default();
        self.stretch = Some(Stretch {
            segment: self.segments,
            line,
            from_sample: at_sample,
            stopped_at: None,
            words_said: 0,
        });
    }

    async fn on_stopped(&mut self, at_sample: u64) -> Result<(), Over> {
        let Some(stretch) = self.stretch.as_mut().filter(|stretch| stretch.stopped_at.is_none())
        else {
            return Ok(());
        };
        stretch.stopped_at = Some(at_sample);
        let words = stretch.words(stretch.line.clone(), at_sample, Stability::Complete);
        self.outlet.unless_dropped(tokio::time::sleep(self.words_after)).await?;
        self.outlet.give(words).await
    }

    /// Interim words while the voice sounds, final ones when it has been quiet.
    async fn on_sound(&mut self) -> Result<(), Over> {
        let Some(stretch) = &mut self.stretch else { return Ok(()) };
        if let Some(stopped_at) = stretch.stopped_at {
            return if self.heard >= stopped_at + HANG_SAMPLES {
                self.finish().await
            } else {
                Ok(())
            };
        }
        let known = (self.heard.saturating_sub(stretch.from_sample) / WORD_SAMPLES)
            .min(stretch.line_words() as u64);
        if known <= stretch.words_said as u64 {
            return Ok(());
        }
        stretch.words_said += 1;
        let text: Vec<&str> = stretch.line.split_whitespace().take(stretch.words_said).collect();
        let words = stretch.words(text.join(" "), self.heard, Stability::Interim);
        self.outlet.give(words).await
    }

    async fn finish(&mut self) -> Result<(), Over> {
        let Some(stretch) = self.stretch.take() else { return Ok(()) };
        if stretch.stopped_at.is_none() {
            self.outlet.unless_dropped(tokio::time::sleep(self.words_after)).await?;
        }
        let until_sample = stretch.stopped_at.unwrap_or(self.heard);
        self.outlet.give(stretch.words(stretch.line.clone(), until_sample, Stability::Final)).await
    }
}

impl Stretch {
    fn line_words(&self) -> usize {
        self.line.split_whitespace().count()
    }

    fn words(&self, text: String, until_sample: u64, stability: Stability) -> SttEvent {
        SttEvent::Words(SttWords {
            segment: self.segment,
            text,
            from_sample: self.from_sample,
            until_sample,
            stability,
            words: Vec::new(),
        })
    }
}
