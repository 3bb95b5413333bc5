//! Flite's C library behind a safe door: a voice says a text, sound comes chunk by chunk.
//!
//! The two voices are shared libraries opened at run time; they bring Flite itself with them and are never closed.
//! This module is the only one of the adapter that holds `unsafe`; whatever passes its door is plain data.
//!
//! Facts it is built on: Flite keeps the *pointers* to feature names, so they are C literals. It reads the streaming
//! settings out of the voice's features, so each speaking thread gets an own copy of the voice with own features
//! (the weights stay shared). It frees the streaming settings when the feature is removed.
//!
//! Invariants: an utterance and a voice copy are used by one thread at a time; no panic crosses the C frames.

mod functions;

use std::ffi::{CStr, CString, c_char, c_int};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, OnceLock, PoisonError};

use libloading::Library;

use self::functions::{CStreaming, CVoice, CWave, Functions, Opaque, address};
use crate::adapters::numbers::samples;

/// Samples a second of both voices.
pub(super) const RATE_HZ: u32 = 16_000;
/// Least samples a chunk: Flite adds up to two frames of 80, and a chunk must stay within 100 ms.
const CHUNK_MIN_SAMPLES: c_int = 1440;

const STREAMING_INFO: &CStr = c"streaming_info";
const DURATION_STRETCH: &CStr = c"duration_stretch";
const STOP: c_int = -1;
const CONTINUE: c_int = 0;

/// A written token as Flite found it, and where it sounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// Byte offset in the text behind the token and the white space that follows it.
    pub(super) end_byte: usize,
    /// First and end sample of its words; `None` if it is not spoken.
    pub(super) sounds: Option<(u64, u64)>,
}

/// What a voice gives while it speaks.
#[derive(Debug)]
pub(super) enum Spoken<'a> {
    /// The tokens of the text, once, before any sound.
    Tokens(Vec<Token>),
    /// The next sound.
    Chunk(&'a [i16]),
}

/// The voices of this product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum VoiceName {
    Slt,
    Rms,
}

impl VoiceName {
    pub(super) const ALL: [Self; 2] = [Self::Slt, Self::Rms];

    const fn library(self) -> &'static str {
        match self {
            Self::Slt => "libflite_cmu_us_slt.so.1",
            Self::Rms => "libflite_cmu_us_rms.so.1",
        }
    }

    /// How much longer every sound lasts than in the voice's own hasty pace, so that both say about 2.7 words a second.
    /// Of 50 answers with 1200 words the offline recogniser wrote 6.0 % otherwise at the voices' own pace and 5.3 % at
    /// these; still slower it is 4.9 %, and the host waits.
    const fn stretch(self) -> f32 {
        match self {
            Self::Slt => 1.15,
            Self::Rms => 1.08,
        }
    }

    const fn register(self) -> &'static [u8] {
        match self {
            Self::Slt => b"register_cmu_us_slt\0",
            Self::Rms => b"register_cmu_us_rms\0",
        }
    }
}

/// One voice of the process.
pub(super) struct Voice {
    functions: Functions,
    registered: *const CVoice,
    stretch: f32,
    /// Copies not speaking at the moment; made on demand, never more than threads that ever spoke at once.
    resting: Mutex<Vec<VoiceCopy>>,
}

/// A voice with features of its own. Lives for the life of the process.
struct VoiceCopy(Box<CVoice>);

#[expect(
    unsafe_code,
    reason = "the copy's features belong to it alone and its holder is one thread at a time"
)]
// SAFETY: nothing in a copy is tied to the thread that made it; Flite holds no thread-local state.
unsafe impl Send for VoiceCopy {}

#[expect(
    unsafe_code,
    reason = "a voice is read only after it was registered; its copies are behind a lock"
)]
// SAFETY: `registered` is never written after `Voice::open`, `functions` are plain addresses.
unsafe impl Send for Voice {}

#[expect(
    unsafe_code,
    reason = "a voice is read only after it was registered; its copies are behind a lock"
)]
// SAFETY: as for `Send`; `resting` is a mutex.
unsafe impl Sync for Voice {}

impl std::fmt::Debug for Voice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Voice").finish_non_exhaustive()
    }
}

/// The voice of this name, opened on first use (about 3 ms) and kept for the life of the process.
///
/// # Errors
///
/// A sentence that names the library and what was wrong with it; it is not remembered.
pub(super) fn voice(name: VoiceName) -> Result<&'static Voice, String> {
    static OPENING: Mutex<()> = Mutex::new(());
    static SLT: OnceLock<Voice> = OnceLock::new();
    static RMS: OnceLock<Voice> = OnceLock::new();
    let place = match name {
        VoiceName::Slt => &SLT,
        VoiceName::Rms => &RMS,
    };
    // Flite's own start and the registering are not thread-safe.
    let _opening = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(voice) = place.get() {
        return Ok(voice);
    }
    let opened = Voice::open(name)?;
    Ok(place.get_or_init(|| opened))
}

impl Voice {
    #[expect(
        unsafe_code,
        reason = "opening a shared library and calling it is what this file is for"
    )]
    fn open(name: VoiceName) -> Result<Self, String> {
        let file = name.library();
        // SAFETY: Flite's libraries run no code on loading beyond their constructors, which only fill tables.
        let library =
            unsafe { Library::new(file) }.map_err(|error| format!("open {file}: {error}"))?;
        // Leaked on purpose: function addresses and the voice's tables must stay valid for ever.
        let library: &'static Library = Box::leak(Box::new(library));
        let functions = Functions::find(library).map_err(|error| format!("{file}: {error}"))?;
        // SAFETY: the signatures are those of flite.h and of the voice's register function (Flite 2.x). `flite_init`
        // may be called again; the caller holds the lock that both need.
        let registered = unsafe {
            let init: unsafe extern "C" fn() -> c_int = address(library, b"flite_init\0")?;
            let register: unsafe extern "C" fn(*const c_char) -> *const CVoice =
                address(library, name.register())?;
            init();
            register(std::ptr::null())
        };
        if registered.is_null() {
            return Err(format!("{file}: registers no voice"));
        }
        Ok(Self { functions, registered, stretch: name.stretch(), resting: Mutex::new(Vec::new()) })
    }

    /// Says `text` and hands over its tokens, then its sound, as they come. `take` ends the work by `Break`.
    ///
    /// Blocks the thread for as long as `take` does, plus 1 % of the sound's length.
    ///
    /// # Errors
    ///
    /// A sentence, if Flite cannot say the text.
    #[expect(unsafe_code, reason = "synthesis is a C call with a callback")]
    pub(super) fn say(&self, text: &str, take: &mut Take<'_>) -> Result<(), String> {
        let text = CString::new(text)
            .map_err(|nul| format!("the text holds a zero byte at {}", nul.nul_position()))?;
        let copy = self.wake()?;
        let mut call =
            Call { functions: self.functions, take, tokens_given: false, panicked: false };
        // SAFETY: `copy` is used by this thread alone. The streaming settings belong to the feature once set and are
        // freed by its removal, after the last use; feature names are static. `call` outlives the synthesis, which is
        // the only time at which the callback runs. The utterance is deleted once.
        let spoken = unsafe {
            let streaming = (self.functions.new_streaming)();
            (*streaming).min_buffsize = CHUNK_MIN_SAMPLES;
            (*streaming).callback = Some(on_chunk);
            (*streaming).userdata = (&raw mut call).cast();
            let value = (self.functions.streaming_val)(streaming);
            (self.functions.feat_set)(copy.0.features, STREAMING_INFO.as_ptr(), value);
            let utterance = (self.functions.synth_text)(text.as_ptr(), &raw const *copy.0);
            let spoken = !utterance.is_null();
            if spoken {
                (self.functions.delete_utterance)(utterance);
            }
            (self.functions.feat_remove)(copy.0.features, STREAMING_INFO.as_ptr());
            spoken
        };
        let panicked = call.panicked;
        self.resting.lock().unwrap_or_else(PoisonError::into_inner).push(copy);
        match (spoken, panicked) {
            (true, false) => Ok(()),
            (_, true) => Err("taking its sound broke off".to_owned()),
            (false, false) => Err("Flite gave no utterance".to_owned()),
        }
    }

    /// A copy of the voice for this thread.
    #[expect(unsafe_code, reason = "copies the voice's features by Flite's own functions")]
    fn wake(&self) -> Result<VoiceCopy, String> {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(copy) = resting.pop() {
            return Ok(copy);
        }
        // The lock is held on: copying counts references to values without atomics.
        // SAFETY: `registered` was checked and lives for ever; the copied pairs point at names and values that live as
        // long as the registered voice, which is never unregistered. The stretch is set in the copy; its name is static.
        let copy = unsafe {
            let features = (self.functions.new_features)();
            if features.is_null() {
                return Err("Flite gave no features".to_owned());
            }
            (self.functions.feat_copy_into)((*self.registered).features, features);
            (self.functions.feat_set_float)(features, DURATION_STRETCH.as_ptr(), self.stretch);
            CVoice { features, ..*self.registered }
        };
        Ok(VoiceCopy(Box::new(copy)))
    }
}

/// Takes what a voice gives.
pub(super) type Take<'a> = dyn FnMut(Spoken<'_>) -> ControlFlow<()> + 'a;

/// What the callback works on; lives on the stack of [`Voice::say`].
struct Call<'a, 'b> {
    functions: Functions,
    take: &'a mut Take<'b>,
    tokens_given: bool,
    panicked: bool,
}

/// Flite's callback: the new sound is `size` samples of the wave from `start`.
#[expect(unsafe_code, reason = "a C callback gets pointers")]
unsafe extern "C" fn on_chunk(
    wave: *const CWave,
    start: c_int,
    size: c_int,
    _last: c_int,
    streaming: *mut CStreaming,
) -> c_int {
    // SAFETY: Flite passes the settings it was given, whose `userdata` is the `Call` of the running `say`, used by
    // nobody else meanwhile; `utt` was set by Flite; `start + size` samples of the wave are written.
    let (call, utterance, sound) = unsafe {
        let call: &mut Call<'_, '_> = &mut *(*streaming).userdata.cast();
        let start = usize::try_from(start).unwrap_or(0);
        let size = usize::try_from(size).unwrap_or(0);
        let sound = if size == 0 || (*wave).samples.is_null() {
            &[][..]
        } else {
            std::slice::from_raw_parts((*wave).samples.add(start), size)
        };
        (call, (*streaming).utterance, sound)
    };
    let taken = catch_unwind(AssertUnwindSafe(|| {
        if !call.tokens_given {
            call.tokens_given = true;
            // SAFETY: the utterance is the one being spoken and its relations are complete before its sound.
            let tokens = unsafe { tokens(&call.functions, utterance) };
            (call.take)(Spoken::Tokens(tokens))?;
        }
        if sound.is_empty() { ControlFlow::Continue(()) } else { (call.take)(Spoken::Chunk(sound)) }
    }));
    match taken {
        Ok(ControlFlow::Continue(())) => CONTINUE,
        Ok(ControlFlow::Break(())) => STOP,
        Err(_panic) => {
            call.panicked = true;
            STOP
        }
    }
}

/// Reads the tokens of an utterance and where their words sound.
///
/// # Safety
///
/// `utterance` is null or a living utterance of Flite's.
#[expect(unsafe_code, reason = "walks Flite's relations")]
unsafe fn tokens(functions: &Functions, utterance: *const Opaque) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    if utterance.is_null() {
        return tokens;
    }
    // SAFETY: promised by the caller; every item comes from the utterance itself, and names are C literals.
    unsafe {
        let mut token = head(functions, utterance, c"Token");
        while !token.is_null() {
            let end_byte =
                usize::try_from((functions.ffeature_int)(token, c"file_pos".as_ptr())).unwrap_or(0);
            tokens.push(Token { end_byte, sounds: None });
            token = (functions.item_next)(token);
        }
        let mut word = head(functions, utterance, c"Word");
        let mut at = 0;
        while !word.is_null() {
            let end_byte = (functions.ffeature_int)(word, c"R:Token.parent.file_pos".as_ptr());
            let end_byte = usize::try_from(end_byte).unwrap_or(0);
            // A word without sounds of its own (a foreign letter) answers nought for both, or for its end.
            let begin =
                time(functions, word, c"R:SylStructure.daughter1.daughter1.R:Segment.p.end");
            let end = time(functions, word, c"R:SylStructure.daughtern.daughtern.R:Segment.end");
            while tokens.get(at).is_some_and(|token| token.end_byte < end_byte) {
                at += 1;
            }
            if let Some(token) = tokens.get_mut(at)
                && end > 0
            {
                let (first, last) = token.sounds.unwrap_or((begin, end));
                token.sounds = Some((first, last.max(end)));
            }
            word = (functions.item_next)(word);
        }
    }
    tokens
}

/// The first item of a relation, or null.
///
/// # Safety
///
/// `utterance` is a living utterance of Flite's.
#[expect(unsafe_code, reason = "walks Flite's relations")]
unsafe fn head(
    functions: &Functions,
    utterance: *const Opaque,
    relation: &'static CStr,
) -> *mut Opaque {
    // SAFETY: promised by the caller; a missing relation is null and asked no further.
    unsafe {
        let relation = (functions.utt_relation)(utterance, relation.as_ptr());
        if relation.is_null() { std::ptr::null_mut() } else { (functions.relation_head)(relation) }
    }
}

/// A time feature of an item, in samples; nought where the item has no such sound.
///
/// # Safety
///
/// `item` is a living item of Flite's.
#[expect(unsafe_code, reason = "reads a feature of an item")]
unsafe fn time(functions: &Functions, item: *const Opaque, path: &'static CStr) -> u64 {
    // SAFETY: promised by the caller.
    let seconds = unsafe { (functions.ffeature_float)(item, path.as_ptr()) };
    samples(seconds, RATE_HZ)
}
