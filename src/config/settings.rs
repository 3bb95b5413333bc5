//! Every setting, declared once: name, default, kind, and the sentence that `.env.example` shows.
//!
//! Names without `STUDIO_` are those of the providers and of the product's earlier deployments; they never change.
//! What values mean together is judged in `mod.rs`.

use super::providers::{
    DeployEnvironment, ElevenLabsBy, GuestProvider, LogLevel, SttProvider, TtsProvider,
};

/// One setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The variable's name.
    pub name: &'static str,
    /// An older name that is read where the first is not set.
    pub also: Option<&'static str>,
    /// What holds where nothing is set; `None` where nothing does.
    pub default: Option<&'static str>,
    /// Which values it takes.
    pub kind: Kind,
    /// What it is for, for the operator.
    pub doc: &'static str,
}

/// Settings that belong together.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// What they are about.
    pub title: &'static str,
    /// The settings, in reading order.
    pub settings: &'static [Setting],
}

/// Which values a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number within bounds, both included.
    Number {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// `true` or `false`.
    Switch,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Any text.
    Text,
    /// A file or folder.
    Path,
    /// An address with `http://` or `https://`.
    Url,
    /// The base address of a service that is sent a key: `https` or `wss`, or anything on this machine.
    Service,
    /// Several of these words, separated by commas.
    Choices(&'static [&'static str]),
    /// Web origins, separated by commas.
    Origins,
    /// The address of a network interface, or `localhost`.
    Host,
    /// A key or token of at least so many characters, without spaces. Never shown.
    Secret {
        /// The fewest characters.
        min_chars: usize,
    },
}

impl Kind {
    /// Whether values must never be shown.
    #[must_use]
    pub const fn is_secret(self) -> bool {
        matches!(self, Self::Secret { .. })
    }

    /// What is expected, as it stands in messages after "expected".
    #[must_use]
    pub fn expects(self) -> String {
        match self {
            Self::Number { min, max } => format!("a whole number from {min} to {max}"),
            Self::Switch => "true or false".to_owned(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::Text => "text".to_owned(),
            Self::Path => "a path".to_owned(),
            Self::Url => {
                "an address such as http://localhost:8080/v1, without a password in it".to_owned()
            }
            Self::Service => "an https or wss address, or one of this machine such as \
                http://127.0.0.1:9000: a key is sent there"
                .to_owned(),
            Self::Choices(words) => {
                format!("any of {}, separated by commas, or none", words.join(", "))
            }
            Self::Origins => {
                "origins such as http://localhost:3000, separated by commas".to_owned()
            }
            Self::Host => "an IP address such as 127.0.0.1 or 0.0.0.0, or localhost".to_owned(),
            Self::Secret { min_chars: 0 | 1 } => "a key without spaces".to_owned(),
            Self::Secret { min_chars } => {
                format!("a token of at least {min_chars} characters without spaces")
            }
        }
    }
}

/// One constant a setting, and the table of them all.
macro_rules! settings {
    ($($title:literal { $($name:ident $(or $also:ident)? $(= $default:literal)?: $kind:expr, $doc:literal;)* })*) => {
        $($(
            #[doc = concat!("`", stringify!($name), "`; see [`Setting::doc`].")]
            pub const $name: Setting = Setting {
                name: stringify!($name),
                also: settings!(@optional $(stringify!($also))?),
                default: settings!(@optional $($default)?),
                kind: $kind,
                doc: $doc,
            };
        )*)*
        /// The table of all settings.
        pub const SECTIONS: &[Section] = &[$(Section { title: $title, settings: &[$($name),*] }),*];
    };
    (@optional $value:expr) => { Some($value) };
    (@optional) => { None };
}

settings! {
    "The server" {
        STUDIO_ENV or NODE_ENV = "development": Kind::Choice(DeployEnvironment::NAMES),
            "What this installation is for. NODE_ENV is read where STUDIO_ENV is not set.";
        HOST = "127.0.0.1": Kind::Host,
            "Network interface to listen on. Anything but this machine itself demands STUDIO_ACCESS_TOKEN.";
        PORT = "4000": Kind::Number { min: 0, max: 65_535 },
            "Port to listen on; 0 takes any free one.";
        CORS_ORIGIN = "http://localhost:3000": Kind::Origins,
            "Web pages of other origins that may use the studio. Its own page always may.";
        STUDIO_ACCESS_TOKEN: Kind::Secret { min_chars: 16 },
            "What a visitor must present; make one with: openssl rand -hex 24";
        STUDIO_MAX_SESSIONS = "100": Kind::Number { min: 1, max: 100_000 },
            "Sessions at one time; one more is refused with a reason. Each may have 16 files open, beside two for every connection: with more than 500, see that the system allows it (ulimit -Hn).";
        STUDIO_ARBITERS = "0": Kind::Number { min: 0, max: 1024 },
            "Threads that sessions live on; 0 takes one a core.";
        STUDIO_DRAIN_SECONDS = "0": Kind::Number { min: 0, max: 86_400 },
            "How long running sessions may go on after the order to stop (SIGTERM); then they end in order. 0 ends them at once.";
        LOG_LEVEL = "info": Kind::Choice(LogLevel::NAMES),
            "How much is logged. Spoken words never are.";
    }
    "Sound by WebRTC" {
        STUDIO_WEBRTC_PORT = "0": Kind::Number { min: 0, max: 65_535 },
            "The one UDP port for the sound of all sessions, on HOST, and the TCP port of the same number for networks without UDP; open it beside PORT. 0 takes any free one, which is for this machine only.";
        STUDIO_WEBRTC_ADDRESS: Kind::Host,
            "The address browsers are told, where it is not this machine's own: behind NAT, in a container or behind a proxy.";
        STUDIO_TURN_URL: Kind::Text,
            "A TURN server for visitors whose network lets no WebRTC through: turn:turn.example.org:3478?transport=tcp";
        STUDIO_TURN_USERNAME: Kind::Text, "Whom it knows the visitors as.";
        STUDIO_TURN_CREDENTIAL: Kind::Secret { min_chars: 1 }, "And by what. Every visitor is told it.";
    }
    "Folders" {
        RECORDING_DIR = "./recordings": Kind::Path, "Where recordings go, one folder an episode.";
        BRIEFINGS_DIR = "./briefings": Kind::Path, "Where briefings lie (docs/briefings.md).";
        STUDIO_MODELS_DIR = "./models": Kind::Path, "Where `studio models pull` puts local models.";
        STUDIO_ONNXRUNTIME: Kind::Path,
            "The ONNX Runtime library; onnxruntime/libonnxruntime.so in STUDIO_MODELS_DIR unless set.";
    }
    "Who listens, thinks and speaks" {
        USE_REAL_ADAPTERS = "false": Kind::Switch,
            "false: everything runs on this machine without a key (moonshine, flite, rehearsal), whatever is chosen below.";
        STT_PROVIDER = "assemblyai": Kind::Choice(SttProvider::NAMES),
            "Speech to text. A briefing may choose another.";
        STT_MODEL: Kind::Text,
            "Its model as the provider spells it; models/services.toml names the one otherwise used. v2/long is Google's long in version 2.";
        TTS_PROVIDER = "google": Kind::Choice(TtsProvider::NAMES), "Text to speech. A briefing may choose another.";
        TTS_MODEL: Kind::Text,
            "The model of elevenlabs or openai as they spell it; models/services.toml names the one otherwise used. The others' voices are their models.";
        STUDIO_ELEVENLABS_BY = "socket": Kind::Choice(ElevenLabsBy::NAMES),
            "How ElevenLabs is asked: over a WebSocket, with the earliest sound, or by requests, where a network lets no socket through.";
        STUDIO_CLAUDE_MODEL = "claude-haiku-4-5": Kind::Text, "Claude's model; a briefing may name another.";
        GUEST_PROVIDER = "groq": Kind::Choice(GuestProvider::NAMES),
            "The guest's language model. A briefing may choose another.";
        GUEST_MODEL: Kind::Text, "The guest's model as its provider spells it; a briefing may name another.";
        WHISPER_ENDPOINT = "http://localhost:8001/transcribe": Kind::Url, "A Whisper server, for STT_PROVIDER=whisper.";
        STUDIO_WHISPER_MODEL = "./models/whisper-tiny-en/ggml-tiny.en.bin": Kind::Path,
            "A ggml model, for STT_PROVIDER=whisper-local; `studio models pull whisper-tiny-en` fetches this one.";
        LOCAL_LLAMA_ENDPOINT = "http://localhost:8080/v1": Kind::Url,
            "A llama.cpp server or another that speaks OpenAI's protocol, for GUEST_PROVIDER=local.";
        PIPER_PATH = "piper": Kind::Path, "The Piper program, for TTS_PROVIDER=piper.";
        PIPER_MODEL_PATH = "./models/en_US-lessac-medium.onnx": Kind::Path, "Piper's voice.";
        PIPER_HTTP_URL: Kind::Url, "A Piper HTTP server, used in place of the program where it is set.";
    }
    "Who steps in (in this order, within the turn, and back again once the first choice is well)" {
        STUDIO_STT_FALLBACK = "moonshine": Kind::Choices(SttProvider::NAMES), "When speech to text fails.";
        STUDIO_TTS_FALLBACK = "flite": Kind::Choices(TtsProvider::NAMES), "When a voice fails.";
        STUDIO_CLAUDE_FALLBACK: Kind::Choices(GuestProvider::NAMES), "When Claude's language model fails.";
        STUDIO_GUEST_FALLBACK: Kind::Choices(GuestProvider::NAMES), "When the guest's language model fails.";
    }
    "Where the services are (only for servers of your own, proxies and tests)" {
        ANTHROPIC_BASE_URL = "https://api.anthropic.com": Kind::Service, "Anthropic, without /v1.";
        OPENAI_BASE_URL = "https://api.openai.com/v1": Kind::Service, "OpenAI, with /v1.";
        GROQ_BASE_URL = "https://api.groq.com": Kind::Service, "Groq, without /openai/v1.";
        TOGETHER_BASE_URL = "https://api.together.ai": Kind::Service, "Together, without /v1.";
        ASSEMBLYAI_BASE_URL = "https://streaming.assemblyai.com": Kind::Service,
            "AssemblyAI; in the EU https://streaming.eu.assemblyai.com.";
        DEEPGRAM_BASE_URL = "https://api.deepgram.com": Kind::Service, "Deepgram.";
        ELEVENLABS_BASE_URL = "https://api.elevenlabs.io": Kind::Service, "ElevenLabs.";
        GOOGLE_SPEECH_ENDPOINT = "https://speech.googleapis.com": Kind::Service,
            "Google Cloud Speech; a region is https://REGION-speech.googleapis.com, whose own recognisers are asked then.";
        GOOGLE_TTS_ENDPOINT = "https://texttospeech.googleapis.com": Kind::Service, "Google Cloud Text-to-Speech.";
        GOOGLE_TOKEN_URI: Kind::Service, "Where Google's access tokens come from; the credentials say it themselves.";
    }
    "Keys (only those of the chosen providers are needed)" {
        ANTHROPIC_API_KEY: Kind::Secret { min_chars: 1 }, "Claude: https://platform.claude.com/settings/keys";
        ASSEMBLYAI_API_KEY: Kind::Secret { min_chars: 1 }, "AssemblyAI: https://www.assemblyai.com/dashboard/api-keys";
        GROQ_API_KEY: Kind::Secret { min_chars: 1 }, "Groq: https://console.groq.com/keys";
        TOGETHER_API_KEY: Kind::Secret { min_chars: 1 }, "Together: https://api.together.ai/settings/api-keys";
        OPENAI_API_KEY: Kind::Secret { min_chars: 1 }, "OpenAI: https://platform.openai.com/api-keys";
        ELEVENLABS_API_KEY: Kind::Secret { min_chars: 1 }, "ElevenLabs: https://elevenlabs.io/app/settings/api-keys";
        DEEPGRAM_API_KEY: Kind::Secret { min_chars: 1 }, "Deepgram: https://console.deepgram.com";
        GOOGLE_APPLICATION_CREDENTIALS: Kind::Path, "Google Cloud: path of a service account's JSON file.";
    }
}

/// All settings in the order of the table.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    SECTIONS.iter().flat_map(|section| section.settings)
}

/// The whole text of `.env.example`.
#[must_use]
pub fn env_example() -> String {
    let mut text = String::from(
        "# Settings of the studio. Copy this file to .env and change what you need; the environment wins over the file.\n\
         # Nothing has to be set: without keys and without network everything runs on this machine.\n\
         # Put values with spaces, # or $ in 'single quotes'.\n",
    );
    for section in SECTIONS {
        text.push_str(&format!("\n# ── {} ──\n", section.title));
        for Setting { name, default, kind, doc, .. } in section.settings {
            text.push_str(&format!("\n# {doc}\n# Expected: {}.\n", kind.expects()));
            match default {
                Some(default) => text.push_str(&format!("{name}={default}\n")),
                None => text.push_str(&format!("# {name}=\n")),
            }
        }
    }
    text
}
