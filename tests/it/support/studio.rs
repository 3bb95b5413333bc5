//! A whole studio on a port of its own, with scripted adapters and a recordings folder that goes with it.
//!
//! Must be started inside an actix system. Sessions live on an arbiter of their own, in real time.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;
use voice_studio::adapters::{AdapterState, Availability};
use voice_studio::app::{self, Running, StartError};
use voice_studio::client::{Client, RawFrame, Received};
use voice_studio::config::{Config, Environment};
use voice_studio::conversation::HostProfile;
use voice_studio::conversation::briefing::Briefing;
use voice_studio::factory::Adapters;
use voice_studio::house::StudioHouse;
use voice_studio::http::AdapterStates;
use voice_studio::recording::{EpisodeSetup, RecordingError, Survivor};
use voice_studio::session::cast::Cast;
use voice_studio::session::house::{House, RecordRequest, StartError as SessionError};
use voice_studio::transport::protocol::{ClientMessage, Hello, ServerMessage};
use voice_studio::transport::websocket::Patience;

use super::comes;
use super::stand_ins::{BRIEFING, StandIns};

/// A studio that runs.
pub(crate) struct Studio {
    pub(crate) running: Running,
    pub(crate) dir: TempDir,
}

/// How a studio is started.
pub(crate) struct Opening {
    pub(crate) cast: StandIns,
    pub(crate) settings: Vec<(&'static str, String)>,
    pub(crate) patience: Patience,
}

impl Opening {
    pub(crate) fn of(cast: StandIns) -> Self {
        Self { cast, settings: Vec::new(), patience: Patience::default() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.settings.push((name, value.into()));
        self
    }

    pub(crate) fn waiting(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// The configuration it would run with, in this folder, which gets a briefing.
    pub(crate) fn config(&self, dir: &TempDir) -> Config {
        let path = |name: &str| dir.path().join(name).display().to_string();
        fs::create_dir_all(path("briefings")).expect("a folder");
        fs::write(dir.path().join("briefings/table.md"), BRIEFING).expect("a briefing");
        let mut settings = vec![
            ("PORT", "0".to_owned()),
            ("RECORDING_DIR", path("recordings")),
            ("BRIEFINGS_DIR", path("briefings")),
            ("STUDIO_MODELS_DIR", path("models")),
            ("STUDIO_ARBITERS", "1".to_owned()),
        ];
        settings.retain(|(name, _)| !self.settings.iter().any(|(own, _)| own == name));
        settings.extend(self.settings.iter().cloned());
        Config::from_env(&Environment::of(settings)).expect("good settings")
    }

    pub(crate) async fn start(self) -> Studio {
        let dir = TempDir::new().expect("a folder");
        match self.start_in(&dir) {
            Ok(running) => {
                let studio = Studio { running, dir };
                comes("the studio to be ready", async {
                    while studio.get("/ready").await.status != 200 {}
                })
                .await;
                studio
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Starts a studio that asks for this token.
    pub(crate) async fn start_asking(self, token: &str) -> Studio {
        let dir = TempDir::new().expect("a folder");
        let running = self.start_in(&dir).unwrap_or_else(|error| panic!("{error}"));
        let bearer = format!("Bearer {token}");
        let address = running.address;
        comes("the studio to be ready", async {
            let shown = [("Authorization", bearer.as_str())];
            while super::web::request(address, "GET", "/ready", &shown).await.status != 200 {}
        })
        .await;
        Studio { running, dir }
    }

    pub(crate) fn start_in(self, dir: &TempDir) -> Result<Running, StartError> {
        let config = self.config(dir);
        let adapters = Arc::new(Adapters::from_config(&config));
        let house =
            ScriptedHouse { house: StudioHouse::new(&config, adapters), cast: self.cast.cast() };
        let states = AdapterStates(Arc::new(|| {
            let kinds = ["vad", "stt", "endOfTurn", "claude", "guest", "tts"];
            kinds.map(|kind| AdapterState::of(kind, "scripted", Availability::Ready)).into()
        }));
        app::start_patiently(&config, Arc::new(house), states, self.patience)
    }
}

impl Studio {
    pub(crate) async fn start(cast: StandIns) -> Self {
        Opening::of(cast).start().await
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.running.address
    }

    pub(crate) fn recordings(&self) -> PathBuf {
        self.dir.path().join("recordings")
    }

    pub(crate) async fn connect(&self) -> Guest {
        Guest { client: Client::connect(self.address()).await.expect("a connection") }
    }

    /// Connects and says hello.
    pub(crate) async fn join(&self, hello: Hello) -> Guest {
        let mut guest = self.connect().await;
        guest.say(ClientMessage::Hello(hello)).await;
        guest
    }

    pub(crate) async fn get(&self, path: &str) -> super::web::Answer {
        super::web::request(self.address(), "GET", path, &[]).await
    }
}

/// Somebody connected to a studio.
pub(crate) struct Guest {
    pub(crate) client: Client,
}

impl Guest {
    pub(crate) async fn say(&mut self, message: ClientMessage) {
        self.client.say(&message).await.expect("the socket is there");
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        let frame = RawFrame::Text(text.to_owned());
        self.client.send_raw(frame).await.expect("the socket is there");
    }

    pub(crate) async fn send_bytes(&mut self, bytes: Vec<u8>) {
        let frame = RawFrame::Binary(bytes.into());
        self.client.send_raw(frame).await.expect("the socket is there");
    }

    pub(crate) async fn next(&mut self) -> Received {
        comes("a frame", self.client.next()).await.expect("a readable frame")
    }

    /// The first message for which `wanted` gives something. Panics if the connection closes before.
    pub(crate) async fn first<T>(
        &mut self,
        what: &str,
        wanted: impl Fn(&ServerMessage) -> Option<T>,
    ) -> T {
        loop {
            match self.next().await {
                Received::Message(numbered) => {
                    if let Some(found) = wanted(&numbered.message) {
                        return found;
                    }
                }
                Received::Sound(_) => {}
                Received::Closed { code, reason } => {
                    panic!("closed with {code} {reason:?} before {what}")
                }
            }
        }
    }

    /// The code of the next error.
    pub(crate) async fn error(&mut self) -> String {
        self.first("an error", |message| match message {
            ServerMessage::Error { code, hint, .. } => {
                assert!(!hint.is_empty(), "{code} says what to do");
                Some(code.clone())
            }
            _ => None,
        })
        .await
    }

    /// What brings a listener back to its session.
    pub(crate) async fn resume_token(&mut self) -> String {
        self.first("ready", |message| match message {
            ServerMessage::SessionReady { resume_token, .. } => Some(resume_token.clone()),
            _ => None,
        })
        .await
    }

    /// How the connection ends, whatever comes before.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Received::Closed { code, reason } = self.next().await {
                return (code, reason);
            }
        }
    }

    /// Asks for the state, which only a connection that goes on answers.
    pub(crate) async fn is_well(&mut self) {
        self.say(ClientMessage::RequestState).await;
        self.snapshot().await;
    }

    pub(crate) async fn snapshot(&mut self) {
        self.first("a snapshot", |message| {
            matches!(message, ServerMessage::Snapshot { .. }).then_some(())
        })
        .await;
    }

    /// Ends the session and waits for its recording; returns the folder's name.
    pub(crate) async fn end(&mut self) -> String {
        self.say(ClientMessage::End).await;
        self.recording().await
    }

    pub(crate) async fn recording(&mut self) -> String {
        self.first("the recording", |message| match message {
            ServerMessage::RecordingReady { episode_id, .. } => Some(episode_id.clone()),
            _ => None,
        })
        .await
    }
}

/// Briefings and recordings of a real house, and scripted adapters.
#[derive(Debug)]
struct ScriptedHouse {
    house: StudioHouse,
    cast: Cast,
}

impl House for ScriptedHouse {
    fn briefing(&self, name: &str) -> Result<Briefing, SessionError> {
        self.house.briefing(name)
    }

    fn cast(&self, _briefing: &Briefing) -> Result<Cast, SessionError> {
        Ok(self.cast.clone())
    }

    fn episode(&self, request: &RecordRequest<'_>) -> Result<EpisodeSetup, SessionError> {
        self.house.episode(request)
    }

    fn profile(&self, host: &str) -> HostProfile {
        self.house.profile(host)
    }

    fn keep_profile(&self, host: &str, profile: HostProfile) -> Result<(), RecordingError> {
        self.house.keep_profile(host, profile)
    }

    fn survivor(&self, hash: &str, now: u64) -> Result<Option<Survivor>, SessionError> {
        self.house.survivor(hash, now)
    }
}
