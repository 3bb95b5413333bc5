//! The words a setting may be chosen from, and what each provider needs.

use std::fmt;

use super::settings::{
    ANTHROPIC_API_KEY, ASSEMBLYAI_API_KEY, DEEPGRAM_API_KEY, ELEVENLABS_API_KEY,
    GOOGLE_APPLICATION_CREDENTIALS, GROQ_API_KEY, OPENAI_API_KEY, PIPER_HTTP_URL, PIPER_MODEL_PATH,
    STUDIO_WHISPER_MODEL, Setting, TOGETHER_API_KEY,
};

/// A closed list of words.
pub trait Choice: Copy + 'static {
    /// Every value, in the order of messages.
    const ALL: &'static [Self];
    /// The word in settings, `/health` and recordings.
    fn as_str(self) -> &'static str;
}

/// An enum whose values are words in settings.
macro_rules! choice {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_meta])* $variant),* }

        impl $name {
            /// The words, in the order of messages.
            pub const NAMES: &'static [&'static str] = &[$($word),*];
        }

        impl Choice for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),*];
            fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

choice! {
    /// What an installation is for.
    DeployEnvironment {
        /// On a developer's desk.
        Development = "development",
        /// Serving people.
        Production = "production",
        /// Under test.
        Test = "test",
    }
}

choice! {
    /// How much is logged, least first.
    LogLevel {
        /// What somebody must act on.
        Error = "error",
        /// And what is odd but handled.
        Warn = "warn",
        /// And the begin and end of things.
        Info = "info",
        /// And a line a turn.
        Debug = "debug",
        /// And everything else.
        Trace = "trace",
    }
}

choice! {
    /// Speech to text.
    SttProvider {
        /// AssemblyAI, streaming.
        AssemblyAi = "assemblyai",
        /// Google Cloud Speech.
        Google = "google",
        /// A Whisper server.
        Whisper = "whisper",
        /// Whisper on this machine, where the binary was built with it.
        WhisperLocal = "whisper-local",
        /// Deepgram, streaming.
        Deepgram = "deepgram",
        /// Moonshine on this machine.
        Moonshine = "moonshine",
    }
}

choice! {
    /// Text to speech.
    TtsProvider {
        /// Google Cloud Text-to-Speech.
        Google = "google",
        /// Piper on this machine.
        Piper = "piper",
        /// ElevenLabs.
        ElevenLabs = "elevenlabs",
        /// OpenAI speech.
        OpenAi = "openai",
        /// Flite on this machine.
        Flite = "flite",
        /// espeak-ng on this machine.
        Espeak = "espeak",
    }
}

choice! {
    /// How ElevenLabs is spoken to.
    ElevenLabsBy {
        /// A WebSocket a turn.
        Socket = "socket",
        /// A request a piece of text.
        Requests = "requests",
    }
}

choice! {
    /// The guest's language model.
    GuestProvider {
        /// Groq.
        Groq = "groq",
        /// Together.
        Together = "together",
        /// A server that speaks OpenAI's protocol, at `LOCAL_LLAMA_ENDPOINT`.
        Local = "local",
        /// OpenAI.
        OpenAi = "openai",
        /// The built-in rehearsal model, which speaks from the briefing.
        Rehearsal = "rehearsal",
    }
}

/// A choice of a product: what it needs, and whether this version has it.
pub(super) trait Provider: Choice + PartialEq {
    /// The setting it is chosen by.
    const SETTING: &'static Setting;
    /// The one that needs no key and no network.
    const LOCAL: Self;
    /// Keys and files it cannot do without.
    fn needs(self) -> &'static [&'static Setting];
    /// The setting that, where somebody has set it, stands for all of them.
    fn instead(self) -> Option<&'static Setting> {
        None
    }
    /// Why it is told of no model by a setting of that name; `None` where it is.
    fn has_no_models(self) -> Option<&'static str> {
        None
    }
    /// Why this binary does not have it and what to do, in words for the operator; `None` where it does.
    fn lacks(self) -> Option<&'static str> {
        None
    }
}

/// What to do about a binary without Whisper.
pub const WITHOUT_LOCAL_WHISPER: &str =
    "a studio that was built with it: cargo build --features local-whisper";

/// What Claude's words need whenever real adapters are in use.
pub(super) const CLAUDE_NEEDS: &Setting = &ANTHROPIC_API_KEY;

impl Provider for SttProvider {
    const SETTING: &'static Setting = &super::settings::STT_PROVIDER;
    const LOCAL: Self = Self::Moonshine;
    fn needs(self) -> &'static [&'static Setting] {
        match self {
            Self::AssemblyAi => &[&ASSEMBLYAI_API_KEY],
            Self::Google => &[&GOOGLE_APPLICATION_CREDENTIALS],
            Self::Deepgram => &[&DEEPGRAM_API_KEY],
            Self::WhisperLocal => &[&STUDIO_WHISPER_MODEL],
            Self::Whisper | Self::Moonshine => &[],
        }
    }
    fn has_no_models(self) -> Option<&'static str> {
        match self {
            Self::WhisperLocal => Some("STUDIO_WHISPER_MODEL names the file of its model"),
            Self::Moonshine => Some("it has one model"),
            Self::AssemblyAi | Self::Google | Self::Deepgram | Self::Whisper => None,
        }
    }
    fn lacks(self) -> Option<&'static str> {
        let is_lacking = self == Self::WhisperLocal && cfg!(not(feature = "local-whisper"));
        is_lacking.then_some(WITHOUT_LOCAL_WHISPER)
    }
}

impl Provider for TtsProvider {
    const SETTING: &'static Setting = &super::settings::TTS_PROVIDER;
    const LOCAL: Self = Self::Flite;
    fn needs(self) -> &'static [&'static Setting] {
        match self {
            Self::Google => &[&GOOGLE_APPLICATION_CREDENTIALS],
            Self::Piper => &[&PIPER_MODEL_PATH],
            Self::ElevenLabs => &[&ELEVENLABS_API_KEY],
            Self::OpenAi => &[&OPENAI_API_KEY],
            Self::Flite | Self::Espeak => &[],
        }
    }
    fn instead(self) -> Option<&'static Setting> {
        (self == Self::Piper).then_some(&PIPER_HTTP_URL)
    }
    fn has_no_models(self) -> Option<&'static str> {
        match self {
            Self::Google | Self::Piper | Self::Flite | Self::Espeak => {
                Some("its voices are its models; a briefing names them")
            }
            Self::ElevenLabs | Self::OpenAi => None,
        }
    }
}

impl Provider for GuestProvider {
    const SETTING: &'static Setting = &super::settings::GUEST_PROVIDER;
    const LOCAL: Self = Self::Rehearsal;
    fn needs(self) -> &'static [&'static Setting] {
        match self {
            Self::Groq => &[&GROQ_API_KEY],
            Self::Together => &[&TOGETHER_API_KEY],
            Self::OpenAi => &[&OPENAI_API_KEY],
            Self::Local | Self::Rehearsal => &[],
        }
    }
    fn has_no_models(self) -> Option<&'static str> {
        (self == Self::Rehearsal).then_some("it is built in")
    }
}
