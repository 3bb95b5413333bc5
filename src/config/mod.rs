//! Every setting of the studio.
//!
//! [`settings`] is the table; [`Config::from_env`] is a pure function of an [`Environment`] that either gives a
//! configuration in which everything fits together or says everything that is wrong with it at once.
//! [`Config::load`] is the one reader of the real environment.
//!
//! Invariants: no message holds a secret; with `USE_REAL_ADAPTERS=false` no choice of provider, right or wrong in
//! its needs, keeps the studio from starting.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

mod checks;
pub mod environment;
pub mod errors;
pub mod providers;
mod reader;
pub mod settings;

pub use crate::secret::{REDACTED, Secret};
pub use environment::{ENV_FILE, Environment};
pub use errors::{ConfigError, ConfigErrors};
pub use providers::{
    Choice, DeployEnvironment, ElevenLabsBy, GuestProvider, LogLevel, SttProvider, TtsProvider,
    WITHOUT_LOCAL_WHISPER,
};

use providers::Provider;
use reader::{Reader, unknown_names};

/// The exit code of a process whose settings cannot be used: `EX_CONFIG` of sysexits.h.
pub const EXIT_CONFIG: u8 = 78;

/// Where the ONNX Runtime library lies within the folder of models.
const ONNXRUNTIME_IN_MODELS: &str = "onnxruntime/libonnxruntime.so";

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// What this installation is for.
    pub environment: DeployEnvironment,
    /// The interface to listen on.
    pub host: IpAddr,
    /// The port to listen on; 0 for any free one.
    pub port: u16,
    /// Origins of other pages that may use the studio, in lower case, without a slash at the end.
    pub cors_origins: Vec<String>,
    /// What a visitor must present; always there when `host` is not this machine itself.
    pub access_token: Option<Secret>,
    /// Sessions at one time.
    pub max_sessions: usize,
    /// Threads that sessions live on; `None` for one a core.
    pub arbiters: Option<usize>,
    /// How long running sessions may go on after the order to stop.
    pub drain: Duration,
    /// The UDP port for the sound of all sessions; 0 for any free one.
    pub webrtc_port: u16,
    /// The address browsers are told for it, where it is not this machine's own.
    pub webrtc_address: Option<IpAddr>,
    /// A TURN server for visitors, with user and credential.
    pub turn: Option<Turn>,
    /// How much is logged.
    pub log_level: LogLevel,
    /// Where recordings go.
    pub recording_dir: PathBuf,
    /// Where briefings lie.
    pub briefings_dir: PathBuf,
    /// Where local models lie.
    pub models_dir: PathBuf,
    /// The ONNX Runtime library; may not exist.
    pub onnxruntime: PathBuf,
    /// Whether the chosen providers are in effect.
    pub use_real_adapters: bool,
    /// The providers that were chosen, in effect or not; see [`Self::effective`].
    pub chosen: Providers,
    /// Who steps in for whom.
    pub fallbacks: Fallbacks,
    /// Claude's model.
    pub claude_model: String,
    /// The guest's model, where one was named.
    pub guest_model: Option<String>,
    /// The recogniser's model, where one was named.
    pub stt_model: Option<String>,
    /// The voice's model, where one was named.
    pub tts_model: Option<String>,
    /// How ElevenLabs is spoken to.
    pub elevenlabs_by: ElevenLabsBy,
    /// Where the services are.
    pub addresses: ServiceAddresses,
    /// A Whisper server.
    pub whisper_endpoint: String,
    /// A model for Whisper on this machine.
    pub whisper_model: PathBuf,
    /// A server that speaks OpenAI's protocol.
    pub local_llama_endpoint: String,
    /// The Piper program.
    pub piper_path: PathBuf,
    /// Piper's voice.
    pub piper_model_path: PathBuf,
    /// Keys of providers, as far as they were given.
    pub keys: ProviderKeys,
    /// What is odd but keeps nothing from working, in sentences for the operator.
    pub warnings: Vec<String>,
}

/// A TURN server that visitors are told.
#[derive(Clone, Debug)]
pub struct Turn {
    /// `turn:host:port`, or `turns:`.
    pub url: String,
    /// Whom it knows the visitors as.
    pub username: Option<String>,
    /// And by what.
    pub credential: Option<Secret>,
}

/// Who listens, thinks and speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Providers {
    /// Speech to text.
    pub stt: SttProvider,
    /// Text to speech.
    pub tts: TtsProvider,
    /// The guest's language model.
    pub guest: GuestProvider,
}

/// Who steps in, in order, when the chosen one fails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fallbacks {
    /// For speech to text.
    pub stt: Vec<SttProvider>,
    /// For text to speech.
    pub tts: Vec<TtsProvider>,
    /// For Claude's language model.
    pub claude: Vec<GuestProvider>,
    /// For the guest's.
    pub guest: Vec<GuestProvider>,
}

/// Base addresses of the services, without a slash at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceAddresses {
    /// `ANTHROPIC_BASE_URL`.
    pub anthropic: String,
    /// `OPENAI_BASE_URL`.
    pub openai: String,
    /// `GROQ_BASE_URL`.
    pub groq: String,
    /// `TOGETHER_BASE_URL`.
    pub together: String,
    /// `ASSEMBLYAI_BASE_URL`.
    pub assemblyai: String,
    /// `DEEPGRAM_BASE_URL`.
    pub deepgram: String,
    /// `ELEVENLABS_BASE_URL`.
    pub elevenlabs: String,
    /// `GOOGLE_SPEECH_ENDPOINT`.
    pub google_speech: String,
    /// `GOOGLE_TTS_ENDPOINT`.
    pub google_tts: String,
    /// `GOOGLE_TOKEN_URI`.
    pub google_token: Option<String>,
    /// `PIPER_HTTP_URL`.
    pub piper_http: Option<String>,
}

/// Keys of providers.
#[derive(Clone, Debug, Default)]
pub struct ProviderKeys {
    /// `ANTHROPIC_API_KEY`.
    pub anthropic: Option<Secret>,
    /// `ASSEMBLYAI_API_KEY`.
    pub assemblyai: Option<Secret>,
    /// `GROQ_API_KEY`.
    pub groq: Option<Secret>,
    /// `TOGETHER_API_KEY`.
    pub together: Option<Secret>,
    /// `OPENAI_API_KEY`.
    pub openai: Option<Secret>,
    /// `ELEVENLABS_API_KEY`.
    pub elevenlabs: Option<Secret>,
    /// `DEEPGRAM_API_KEY`.
    pub deepgram: Option<Secret>,
    /// `GOOGLE_APPLICATION_CREDENTIALS`: the path of a file, itself no secret.
    pub google_credentials: Option<PathBuf>,
}

impl Config {
    /// Reads the process environment and the `.env` of the working folder.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn load() -> Result<Self, ConfigErrors> {
        Self::from_env(&Environment::read(Path::new("."))?)
    }

    /// Reads and checks all settings.
    ///
    /// # Errors
    /// Every value that cannot be used, and every value that the others make necessary and that is missing.
    pub fn from_env(environment: &Environment) -> Result<Self, ConfigErrors> {
        let mut reader = Reader { environment, errors: Vec::new() };
        let mut config = Self::read(&mut reader);
        config.check_access(&mut reader);
        if config.use_real_adapters {
            config.check_providers(&mut reader);
            let warnings = config.model_warnings();
            config.warnings.extend(warnings);
        }
        if reader.errors.is_empty() { Ok(config) } else { Err(ConfigErrors(reader.errors)) }
    }

    /// The providers in effect: with `USE_REAL_ADAPTERS=false` those that need no key and no network.
    #[must_use]
    pub const fn effective(&self) -> Providers {
        if self.use_real_adapters {
            self.chosen
        } else {
            Providers {
                stt: SttProvider::LOCAL,
                tts: TtsProvider::LOCAL,
                guest: GuestProvider::LOCAL,
            }
        }
    }

    /// The address to listen on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        SocketAddr::new(self.host, self.port)
    }

    /// The block that is printed at the start: effective values, no secrets.
    #[must_use]
    pub fn block(&self) -> ConfigBlock<'_> {
        ConfigBlock(self)
    }

    fn read(reader: &mut Reader<'_>) -> Self {
        let models_dir = reader.path(&settings::STUDIO_MODELS_DIR).unwrap_or_default();
        let onnxruntime = reader
            .path(&settings::STUDIO_ONNXRUNTIME)
            .unwrap_or_else(|| models_dir.join(ONNXRUNTIME_IN_MODELS));
        Self {
            environment: reader.choice(&settings::STUDIO_ENV, DeployEnvironment::Development),
            host: reader.host(&settings::HOST),
            port: reader.number(&settings::PORT),
            cors_origins: reader.origins(&settings::CORS_ORIGIN),
            access_token: reader.secret(&settings::STUDIO_ACCESS_TOKEN),
            max_sessions: reader.number(&settings::STUDIO_MAX_SESSIONS),
            arbiters: Some(reader.number(&settings::STUDIO_ARBITERS))
                .filter(|arbiters| *arbiters > 0),
            drain: Duration::from_secs(reader.number(&settings::STUDIO_DRAIN_SECONDS)),
            webrtc_port: reader.number(&settings::STUDIO_WEBRTC_PORT),
            webrtc_address: Some(reader.host(&settings::STUDIO_WEBRTC_ADDRESS))
                .filter(|_| reader.is_set(&settings::STUDIO_WEBRTC_ADDRESS)),
            turn: reader.text(&settings::STUDIO_TURN_URL).map(|url| Turn {
                url,
                username: reader.text(&settings::STUDIO_TURN_USERNAME),
                credential: reader.secret(&settings::STUDIO_TURN_CREDENTIAL),
            }),
            log_level: reader.choice(&settings::LOG_LEVEL, LogLevel::Info),
            recording_dir: reader.path(&settings::RECORDING_DIR).unwrap_or_default(),
            briefings_dir: reader.path(&settings::BRIEFINGS_DIR).unwrap_or_default(),
            models_dir,
            onnxruntime,
            use_real_adapters: reader.switch(&settings::USE_REAL_ADAPTERS),
            chosen: Providers {
                stt: reader.choice(&settings::STT_PROVIDER, SttProvider::LOCAL),
                tts: reader.choice(&settings::TTS_PROVIDER, TtsProvider::LOCAL),
                guest: reader.choice(&settings::GUEST_PROVIDER, GuestProvider::LOCAL),
            },
            fallbacks: Fallbacks {
                stt: reader.choices(&settings::STUDIO_STT_FALLBACK),
                tts: reader.choices(&settings::STUDIO_TTS_FALLBACK),
                claude: reader.choices(&settings::STUDIO_CLAUDE_FALLBACK),
                guest: reader.choices(&settings::STUDIO_GUEST_FALLBACK),
            },
            claude_model: reader.text(&settings::STUDIO_CLAUDE_MODEL).unwrap_or_default(),
            guest_model: reader.text(&settings::GUEST_MODEL),
            stt_model: reader.text(&settings::STT_MODEL),
            tts_model: reader.text(&settings::TTS_MODEL),
            elevenlabs_by: reader.choice(&settings::STUDIO_ELEVENLABS_BY, ElevenLabsBy::Socket),
            addresses: ServiceAddresses {
                anthropic: reader.service(&settings::ANTHROPIC_BASE_URL),
                openai: reader.service(&settings::OPENAI_BASE_URL),
                groq: reader.service(&settings::GROQ_BASE_URL),
                together: reader.service(&settings::TOGETHER_BASE_URL),
                assemblyai: reader.service(&settings::ASSEMBLYAI_BASE_URL),
                deepgram: reader.service(&settings::DEEPGRAM_BASE_URL),
                elevenlabs: reader.service(&settings::ELEVENLABS_BASE_URL),
                google_speech: reader.service(&settings::GOOGLE_SPEECH_ENDPOINT),
                google_tts: reader.service(&settings::GOOGLE_TTS_ENDPOINT),
                google_token: reader.optional_service(&settings::GOOGLE_TOKEN_URI),
                piper_http: reader.optional_service(&settings::PIPER_HTTP_URL),
            },
            whisper_endpoint: reader.url(&settings::WHISPER_ENDPOINT),
            whisper_model: reader.path(&settings::STUDIO_WHISPER_MODEL).unwrap_or_default(),
            local_llama_endpoint: reader.url(&settings::LOCAL_LLAMA_ENDPOINT),
            piper_path: reader.path(&settings::PIPER_PATH).unwrap_or_default(),
            piper_model_path: reader.path(&settings::PIPER_MODEL_PATH).unwrap_or_default(),
            keys: ProviderKeys {
                anthropic: reader.secret(&settings::ANTHROPIC_API_KEY),
                assemblyai: reader.secret(&settings::ASSEMBLYAI_API_KEY),
                groq: reader.secret(&settings::GROQ_API_KEY),
                together: reader.secret(&settings::TOGETHER_API_KEY),
                openai: reader.secret(&settings::OPENAI_API_KEY),
                elevenlabs: reader.secret(&settings::ELEVENLABS_API_KEY),
                deepgram: reader.secret(&settings::DEEPGRAM_API_KEY),
                google_credentials: reader.path(&settings::GOOGLE_APPLICATION_CREDENTIALS),
            },
            warnings: unknown_names(reader.environment),
        }
    }
}

/// Prints as the block `Backend Configuration`.
#[derive(Debug)]
pub struct ConfigBlock<'a>(&'a Config);

impl fmt::Display for ConfigBlock<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let config = self.0;
        let providers = config.effective();
        let lines: [(&str, &dyn fmt::Display); 9] = [
            ("Environment", &config.environment),
            ("Port", &config.port),
            ("CORS Origins", &config.cors_origins.join(", ")),
            ("Use Real Adapters", &config.use_real_adapters),
            ("STT Provider", &providers.stt),
            ("TTS Provider", &providers.tts),
            ("Guest Provider", &providers.guest),
            ("Recording Dir", &config.recording_dir.display()),
            ("Briefings Dir", &config.briefings_dir.display()),
        ];
        write!(f, "Backend Configuration")?;
        lines
            .iter()
            .try_for_each(|(label, value)| write!(f, "\n  {:<18} {value}", format!("{label}:")))
    }
}
