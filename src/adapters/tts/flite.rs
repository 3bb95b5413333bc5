//! Flite: two small voices, `slt` and `rms`, without any network.
//!
//! A stream is one plain thread, for synthesis is a blocking C call that waits whenever the session has sound enough.
//! The first chunk of a short clause exists after about 10 ms; the words' exact times come before it.
//!
//! A thread whose stream was dropped and that does not come back from its call is given up: it counts as blocked and
//! costs nobody a stream, up to [`STUCK_MAX`] of them.
//!
//! Invariants: at most [`STREAMS_MAX`] streams at once, and at most [`STUCK_MAX`] threads beside theirs; a stream that is
//! dropped stops within one chunk; a text without anything to say ends at once, without sound.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::flite_ffi::{self, RATE_HZ, Spoken, Voice, VoiceName};
use super::flite_margins::Margins;
use super::flite_text::SpokenText;
use super::{
    TTS_EVENT_CAPACITY, TTS_INPUT_CAPACITY, TextToSpeech, TtsCapabilities, TtsEvent, TtsOptions,
    TtsPiece, TtsStream,
};
use crate::adapters::worker::unavailable;
use crate::adapters::{AdapterError, Availability, BoxFuture};
use crate::audio::{Frame, SampleRate};
use crate::blocked::{Blocked, Kind};
use crate::faults;

const NAME: &str = "flite";
const RATE: SampleRate = SampleRate::HZ_16000;
const _: () = assert!(RATE.hz() == RATE_HZ);
/// The contract's most samples a frame: 100 ms.
const FRAME_MAX_SAMPLES: usize = RATE.samples_in_ms(100);
/// Streams at once, in the whole process. A core makes 90 voices in real time; the session gives each turn one.
pub const STREAMS_MAX: usize = 64;
/// Threads that may stand still beside the streams' own. Each further one keeps its stream's place, so that a defect which
/// strikes again and again makes the voices unavailable and not the machine.
pub const STUCK_MAX: usize = 8;
/// How long a thread may take to notice that its stream was dropped: between two chunks it looks, and the longest stretch
/// without one takes 0.2 s of a core.
const NOTICE_LIMIT: Duration = Duration::from_secs(3);
/// Longest piece, in bytes: about a minute of speech. Flite makes one utterance of a piece before its first sound, 0.2 s
/// of a core for this many letters, and cannot be stopped meanwhile. A piece is a clause, and far shorter.
const PIECE_MAX_BYTES: usize = 1024;

/// The product with both voices.
#[derive(Debug)]
pub struct Flite {
    streams: Arc<Semaphore>,
    stuck: Arc<Semaphore>,
    availability: Availability,
}

impl Flite {
    /// Opens the voices' libraries, 3 ms each.
    #[must_use]
    pub fn new() -> Self {
        let problem = VoiceName::ALL.iter().find_map(|&name| flite_ffi::voice(name).err());
        let availability = match problem {
            None => Availability::Ready,
            Some(reason) => {
                Availability::Unavailable(format!("{reason}; install the system package libflite1"))
            }
        };
        Self {
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            stuck: Arc::new(Semaphore::new(STUCK_MAX)),
            availability,
        }
    }

    /// The voice an option names; `slt` if it names none.
    fn voice(&self, name: &str) -> Result<&'static Voice, AdapterError> {
        if let Availability::Unavailable(reason) = &self.availability {
            return Err(unavailable(NAME, reason.clone()));
        }
        let name = match name {
            "" | "slt" => VoiceName::Slt,
            "rms" => VoiceName::Rms,
            other => {
                let reason = format!("no voice {other:?}; there are slt and rms");
                return Err(AdapterError::Refused { adapter: NAME, reason });
            }
        };
        flite_ffi::voice(name).map_err(|reason| unavailable(NAME, reason))
    }
}

impl Default for Flite {
    fn default() -> Self {
        Self::new()
    }
}

impl TextToSpeech for Flite {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> TtsCapabilities {
        TtsCapabilities { word_times: true, rate: RATE }
    }

    fn availability(&self) -> Availability {
        self.availability.clone()
    }

    fn open(&self, options: TtsOptions) -> BoxFuture<'_, Result<TtsStream, AdapterError>> {
        Box::pin(async move {
            let voice = self.voice(&options.voice)?;
            let Ok(permit) = Arc::clone(&self.streams).try_acquire_owned() else {
                return Err(unavailable(NAME, format!("{STREAMS_MAX} streams are open")));
            };
            let (pieces, written) = mpsc::channel(TTS_INPUT_CAPACITY);
            let (spoken, events) = mpsc::channel(TTS_EVENT_CAPACITY);
            // One piece beyond the one being said: the rest waits in the stream's own channel.
            let (handed, waiting) = mpsc::channel(1);
            let listener = spoken.clone();
            let (end, ended) = oneshot::channel::<()>();
            let body = move || {
                speak(voice, waiting, &Speaker { events: spoken });
                drop(end);
            };
            std::thread::Builder::new()
                .name(NAME.to_owned())
                .spawn(body)
                .map_err(|error| unavailable(NAME, format!("start a thread: {error}")))?;
            let place = Place { stream: permit, stuck: Arc::clone(&self.stuck), ended };
            tokio::spawn(async move {
                hand_over(written, handed, &listener).await;
                place.give_back(&listener).await;
            });
            Ok(TtsStream { pieces, events })
        })
    }
}

/// Hands pieces to the thread, one at a time. Ends, and so ends the thread, when no more will come or nobody listens.
async fn hand_over(
    mut written: mpsc::Receiver<TtsPiece>,
    handed: mpsc::Sender<TtsPiece>,
    listener: &Listener,
) {
    loop {
        let piece = tokio::select! {
            piece = written.recv() => piece,
            () = listener.closed() => return,
            () = handed.closed() => return,
        };
        let Some(piece) = piece else { return };
        let taken = tokio::select! {
            taken = handed.send(piece) => taken.is_ok(),
            () = listener.closed() => false,
        };
        if !taken {
            return;
        }
    }
}

/// Whom a stream's events go to.
type Listener = mpsc::Sender<Result<TtsEvent, AdapterError>>;

/// A stream's place among the streams, held as long as its thread is at work.
struct Place {
    stream: OwnedSemaphorePermit,
    stuck: Arc<Semaphore>,
    /// Closes when the thread has ended.
    ended: oneshot::Receiver<()>,
}

impl Place {
    /// Waits for the thread's end. While somebody listens it may wait for them as long as they like; after that it has
    /// [`NOTICE_LIMIT`].
    async fn give_back(mut self, listener: &Listener) {
        tokio::select! {
            _ended = &mut self.ended => return,
            () = listener.closed() => {}
        }
        if tokio::time::timeout(NOTICE_LIMIT, &mut self.ended).await.is_ok() {
            return;
        }
        tracing::error!(adapter = NAME, "a thread stands still in a native call and is given up");
        let _blocked = Blocked::count(Kind::Voice);
        let beside = self.stuck.try_acquire_owned();
        let kept = beside.is_err().then_some(self.stream);
        // An error means that the thread is gone, which is what is waited for.
        drop(self.ended.await);
        drop((beside, kept));
    }
}

/// The thread of one stream, from its first piece to `Done` or an error.
fn speak(voice: &'static Voice, mut waiting: mpsc::Receiver<TtsPiece>, speaker: &Speaker) {
    let said = catch_unwind(AssertUnwindSafe(|| {
        let mut margins = Margins::default();
        while let Some(piece) = waiting.blocking_recv() {
            speaker.say(voice, &piece, &mut margins)?;
        }
        speaker.give(Ok(TtsEvent::Done))
    }));
    let problem = match said {
        Ok(Ok(()) | Err(Stop::Dropped)) => None,
        Ok(Err(Stop::Failed(error))) => Some(error),
        Err(_panic) => Some(unavailable(NAME, "the voice broke off".to_owned())),
    };
    if let Some(error) = problem {
        // If nobody listens any more there is nobody to tell.
        drop(speaker.give(Err(error)));
    }
}

/// Why a stream's thread ends before all is said.
enum Stop {
    Dropped,
    Failed(AdapterError),
}

/// The sending half of a stream, on its thread.
struct Speaker {
    events: Listener,
}

impl Speaker {
    /// Says one piece: its words, its sound, its end.
    fn say(&self, voice: &Voice, piece: &TtsPiece, margins: &mut Margins) -> Result<(), Stop> {
        let TtsPiece { piece, text } = piece;
        if text.len() > PIECE_MAX_BYTES {
            let reason =
                format!("a piece of {} bytes; at most {PIECE_MAX_BYTES} are said", text.len());
            return Err(Stop::Failed(AdapterError::Refused { adapter: NAME, reason }));
        }
        faults::point(NAME, text);
        let spoken = SpokenText::of(text);
        if spoken.is_speakable() {
            let mut stopped = false;
            let taken = voice.say(&spoken.ascii, &mut |heard| {
                let given = match heard {
                    Spoken::Tokens(tokens) => {
                        let mut words = spoken.words(text, &tokens);
                        margins.begin(&mut words);
                        self.give(Ok(TtsEvent::Words { piece: *piece, words }))
                    }
                    Spoken::Chunk(samples) => self.give_sound(*piece, &margins.sound(samples)),
                };
                stopped |= given.is_err();
                if stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            if stopped {
                return Err(Stop::Dropped);
            }
            taken.map_err(|reason| Stop::Failed(unavailable(NAME, reason)))?;
        }
        self.give(Ok(TtsEvent::PieceEnded { piece: *piece }))
    }

    fn give_sound(&self, piece: u16, samples: &[i16]) -> Result<(), Stop> {
        for part in samples.chunks(FRAME_MAX_SAMPLES) {
            self.give(Ok(TtsEvent::Audio { piece, frame: Frame::new(RATE, part) }))?;
        }
        Ok(())
    }

    /// Waits while the session has sound enough.
    fn give(&self, event: Result<TtsEvent, AdapterError>) -> Result<(), Stop> {
        self.events.blocking_send(event).map_err(|_gone| Stop::Dropped)
    }
}
