//! The studio under measurement: the real one with scripted adapters, in a process of its own.
//!
//! A session's briefing names its scene, and the scene says how long minds and voices take. It prints its address and
//! runs until its input closes.

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use voice_studio::adapters::hearing::VoiceActivity;
use voice_studio::adapters::hearing::silero::Silero;
use voice_studio::adapters::llm::LanguageModel;
use voice_studio::adapters::onnx::OfflineModels;
use voice_studio::adapters::scripted::{
    ScriptedEars, ScriptedEndOfTurn, ScriptedMind, ScriptedVoice,
};
use voice_studio::adapters::tts::{TextToSpeech, TtsOptions};
use voice_studio::adapters::{AdapterState, Availability};
use voice_studio::app;
use voice_studio::config::{Config, Environment};
use voice_studio::conversation::briefing::{Briefing, ProviderChoice, SpeakerBrief};
use voice_studio::conversation::rules::Rules;
use voice_studio::house::episode_setup;
use voice_studio::http::AdapterStates;
use voice_studio::recording::EpisodeSetup;
use voice_studio::session::cast::{Cast, VoiceOf};
use voice_studio::session::ears::EarAdapters;
use voice_studio::session::house::{House, RecordRequest, StartError};

/// What a mind takes to its first text where a scene measures the engine.
pub(crate) const MIND: Duration = Duration::from_millis(40);
/// What a voice takes to its first sound.
pub(crate) const VOICE: Duration = Duration::from_millis(20);
/// What a mind takes on autopilot: less than its turns last.
pub(crate) const SLOW_MIND: Duration = Duration::from_millis(400);

/// A session's script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scene {
    /// Short answers, for latency.
    Quick,
    /// Answers of 2.1 s to questions of 2 s, for load.
    Talk,
    /// Long answers, to be interrupted.
    Long,
    /// Long answers, and Silero in place of the scripted detector.
    LongBySilero,
    /// Two AIs among themselves.
    Autopilot,
}

impl Scene {
    const ALL: [Self; 5] =
        [Self::Quick, Self::Talk, Self::Long, Self::LongBySilero, Self::Autopilot];

    /// Its briefing's name.
    pub(crate) fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    const fn words(self) -> usize {
        match self {
            Self::Quick => 1,
            Self::Talk => 7,
            Self::Long | Self::LongBySilero => 40,
            Self::Autopilot => 3,
        }
    }

    /// What its minds say.
    pub(crate) fn reply(self) -> String {
        let words = ["Rain", "falls", "on", "the", "old", "brick", "wall"];
        let reply: Vec<&str> = words.into_iter().cycle().take(self.words()).collect();
        format!("{}.", reply.join(" "))
    }
}

/// Starts, tells the address, waits for its input to close, and stops in order.
pub(crate) fn serve(dir: &Path, models: &Path) -> anyhow::Result<()> {
    actix::System::new().block_on(async {
        let recordings = dir.display().to_string();
        let settings = [("RECORDING_DIR", recordings.as_str()), ("STUDIO_MAX_SESSIONS", "500")];
        let mut config = Config::from_env(&Environment::of(settings))
            .map_err(|errors| anyhow::anyhow!(errors.to_string()))?;
        config.port = 0;
        let silero = Arc::new(Silero::start(&OfflineModels::new(models)));
        while silero.availability() == Availability::Loading {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let house = ScriptedHouse { dir: dir.to_owned(), silero };
        let states = AdapterStates(Arc::new(Vec::<AdapterState>::new));
        let running = app::start_with(&config, Arc::new(house), states)?;
        say_address(running.address);
        // A session's end is told by the parent's closing of our input.
        tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
        running.stop().await;
        Ok(())
    })
}

#[expect(clippy::print_stdout, reason = "the parent reads the address here")]
fn say_address(address: SocketAddr) {
    println!("{address}");
}

#[derive(Debug)]
struct ScriptedHouse {
    dir: PathBuf,
    silero: Arc<Silero>,
}

impl House for ScriptedHouse {
    fn briefing(&self, name: &str) -> Result<Briefing, StartError> {
        let speaker = |name: &str| SpeakerBrief { name: name.into(), ..SpeakerBrief::default() };
        Ok(Briefing {
            title: name.to_owned(),
            episode: "bench".into(),
            language: "en".into(),
            terms: Vec::new(),
            // Autopilot is to go on for as long as it is measured.
            rules: Rules { autopilot_max_turns: u16::MAX, ..Rules::default() },
            speakers: [speaker("Host"), speaker("Ada"), speaker("Grace")],
            segments: Vec::new(),
            everyone: String::new(),
            providers: ProviderChoice::default(),
            private: [String::new(), String::new()],
        })
    }

    fn cast(&self, briefing: &Briefing) -> Result<Cast, StartError> {
        let scene = Scene::ALL
            .into_iter()
            .find(|scene| scene.name() == briefing.title)
            .ok_or_else(|| StartError::BriefingNotFound(briefing.title.clone()))?;
        let ears =
            Arc::new(ScriptedEars::new(std::iter::repeat_n("Wait, what do you say to that?", 500)));
        let voice_activity: Arc<dyn VoiceActivity> = match scene {
            Scene::LongBySilero => Arc::clone(&self.silero) as Arc<dyn VoiceActivity>,
            _ => Arc::clone(&ears) as Arc<dyn VoiceActivity>,
        };
        let mind = || {
            let wait = if scene == Scene::Autopilot { SLOW_MIND } else { MIND };
            let mind = ScriptedMind::new([scene.reply()]).with_delays(wait, Duration::ZERO);
            Arc::new(mind) as Arc<dyn LanguageModel>
        };
        let voice = || VoiceOf {
            voice: Arc::new(ScriptedVoice::new().with_delay(VOICE)) as Arc<dyn TextToSpeech>,
            options: TtsOptions { voice: String::new(), language: "en".into() },
        };
        Ok(Cast {
            ears: EarAdapters {
                speech_to_text: ears,
                voice_activity,
                end_of_turn: Some(Arc::new(ScriptedEndOfTurn::new([990]))),
            },
            minds: [mind(), mind()],
            voices: [voice(), voice()],
        })
    }

    fn episode(&self, request: &RecordRequest<'_>) -> Result<EpisodeSetup, StartError> {
        episode_setup(self.dir.clone(), request)
    }
}
