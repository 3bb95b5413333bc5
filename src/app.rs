//! Composition: wires the parts, starts them in order and stops them in order.
//!
//! Start: adapters (loading in the background), listener, clock, directory, repair of unfinished recordings, ready.
//! Stop: no new sessions, those on air may come to their own end, the others end with whole recordings, the listener
//! closes.

use std::fs::DirEntry;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, middleware, web};

use crate::clock::Clock;
use crate::config::Config;
use crate::factory::Adapters;
use crate::house::StudioHouse;
use crate::http::access::{AccessRules, guard};
use crate::http::health::Readiness;
use crate::http::{self, AdapterStates, Studio};
use crate::open_files;
use crate::recording::{RecordingError, Recovered, recover};
use crate::session::directory::{BeginDrain, BreakOffAll, Directory, Drain, Repaired};
use crate::session::house::House;
use crate::session::notice::IceServer;
use crate::transport::signalling::MediaDesk;
use crate::transport::tcp_handle::TcpHandle;
use crate::transport::webrtc::MediaServer;
use crate::transport::websocket::Patience;

/// Longest time from the order to stop until the process is gone.
pub const STOP_LIMIT: Duration = Duration::from_secs(30);

/// What of it the sessions have, to end with whole recordings; the rest is for closing the sockets.
const SESSIONS_STOP_LIMIT: Duration = STOP_LIMIT.saturating_sub(Duration::from_secs(5));

/// What its connections have after that, to be told the rest and closed with a word.
const LAST_WORDS_LIMIT: Duration = Duration::from_secs(2);

const _: () =
    assert!(SESSIONS_STOP_LIMIT.as_secs() + LAST_WORDS_LIMIT.as_secs() < STOP_LIMIT.as_secs());

/// Send buffer of a connection: 64 KiB are 680 ms of PCM, so that a stalled listener shows within a second. The
/// kernel's default hides about 4 MB, 40 s.
const SEND_BUFFER_BYTES: usize = 64 * 1024;

/// Threads that serve HTTP and sockets; sessions live on arbiters of their own.
const HTTP_WORKERS: usize = 1;

/// WAV files that are made at one time: more would only wait for each other, with three tracks open each.
const DOWNLOADS_MAX: usize = 8;

/// Why a studio could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken or not this machine's.
    #[error("listen on {address}: {source} (port_unavailable: set PORT to a free one)")]
    Listen {
        /// What was tried.
        address: SocketAddr,
        /// What the system answered.
        source: io::Error,
    },
    /// The port for sound is taken.
    #[error(
        "open UDP {address} for WebRTC: {source} (webrtc_port_unavailable: set STUDIO_WEBRTC_PORT to a free one)"
    )]
    WebRtc {
        /// What was tried.
        address: SocketAddr,
        /// What the system answered.
        source: io::Error,
    },
    /// Recordings could not be written.
    #[error(
        "write to the recordings folder {dir}: {source} (recording_unwritable: set RECORDING_DIR to a folder you can write)"
    )]
    Recordings {
        /// The folder.
        dir: String,
        /// What the system answered.
        source: io::Error,
    },
}

/// A studio that runs. Dropping it does not stop it; [`Running::stop`] does.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where it takes sound by WebRTC.
    pub webrtc_address: SocketAddr,
    /// Who is on air.
    pub directory: Addr<Directory>,
    readiness: Readiness,
    server: ServerHandle,
}

/// Starts a studio with these adapters.
///
/// # Errors
/// [`StartError`], before anything runs.
pub fn start(config: &Config, adapters: &Arc<Adapters>) -> Result<Running, StartError> {
    let house = Arc::new(StudioHouse::new(config, Arc::clone(adapters)));
    start_with(config, house, states_of(adapters))
}

/// Asks these adapters for their state.
#[must_use]
pub fn states_of(adapters: &Arc<Adapters>) -> AdapterStates {
    let adapters = Arc::clone(adapters);
    AdapterStates(Arc::new(move || adapters.states()))
}

/// Starts a studio with a house of the caller's: tests and benches bring scripted adapters.
///
/// # Errors
/// [`StartError`], before anything runs.
pub fn start_with(
    config: &Config,
    house: Arc<dyn House>,
    adapters: AdapterStates,
) -> Result<Running, StartError> {
    start_patiently(config, house, adapters, Patience::default())
}

/// The same with other limits of patience towards connections.
///
/// # Errors
/// [`StartError`], before anything runs.
pub fn start_patiently(
    config: &Config,
    house: Arc<dyn House>,
    adapters: AdapterStates,
    patience: Patience,
) -> Result<Running, StartError> {
    check_recordings(config)?;
    let listener = listen(config.address())
        .map_err(|source| StartError::Listen { address: config.address(), source })?;
    let address = listener
        .local_addr()
        .map_err(|source| StartError::Listen { address: config.address(), source })?;
    let media = open_media(config)?;
    let webrtc_address = media.server.address();
    let clock = Clock::system();
    let arbiters = config
        .arbiters
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let directory =
        Directory::new(Arc::clone(&house), clock.clone(), config.max_sessions, arbiters).start();
    let readiness = Readiness::default();
    let studio = web::Data::new(Studio {
        directory: directory.clone(),
        adapters,
        clock,
        readiness: readiness.clone(),
        use_real_adapters: config.use_real_adapters,
        recording_dir: config.recording_dir.clone(),
        briefings_dir: config.briefings_dir.clone(),
        patience,
        media: Some(media),
        sessions_max: config.max_sessions,
        decode_turn: Arc::default(),
        downloads: Arc::new(tokio::sync::Semaphore::new(DOWNLOADS_MAX)),
        save_turn: Arc::default(),
        sound_check_turn: Arc::default(),
        house: Arc::clone(&house),
    });
    let rules = web::Data::new(AccessRules {
        origins: config.cors_origins.clone(),
        host: config.host,
        token: config.access_token.clone(),
    });
    let server = HttpServer::new(move || {
        App::new()
            .app_data(studio.clone())
            .app_data(rules.clone())
            .wrap(middleware::from_fn(guard))
            .configure(http::configure)
    })
    .workers(HTTP_WORKERS)
    .max_connections(open_files::make_room(config.max_sessions) / HTTP_WORKERS)
    .on_connect(TcpHandle::keep)
    // An order to fall silent does not wait until the listener has acknowledged what came before it.
    .tcp_nodelay(true)
    .disable_signals()
    .shutdown_timeout(LAST_WORDS_LIMIT.as_secs())
    .listen(listener)
    .map_err(|source| StartError::Listen { address, source })?
    .run();
    let handle = server.handle();
    actix::spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the web server stopped");
        }
    });
    become_ready(config, readiness.clone(), directory.clone());
    Ok(Running { address, webrtc_address, directory, readiness, server: handle })
}

impl Running {
    /// No new sessions from here on; those on air have `patience` to come to their own end. Returns when the last of them
    /// has, or when the time is up. `/ready` says that this studio is draining, and a lost listener still comes back.
    pub async fn drain(&self, patience: Duration) {
        self.readiness.set_draining();
        let seconds = patience.as_secs();
        let told = format!(
            "This studio will be restarted: the session goes on for {seconds} seconds more and then ends with its \
             recording whole."
        );
        let emptied = self.directory.send(BeginDrain { told });
        match tokio::time::timeout(patience, emptied).await {
            Ok(Ok(())) => tracing::info!("the last session is over"),
            Ok(Err(error)) => tracing::error!(%error, "the directory is gone"),
            Err(_elapsed) => tracing::info!("sessions are still on air after {seconds} s"),
        }
    }

    /// Ends what still runs without waiting for anybody's last words. [`Running::stop`], which waits, then returns soon.
    pub async fn hurry(directory: Addr<Directory>) {
        if let Err(error) = directory.send(BreakOffAll).await {
            tracing::error!(%error, "the directory is gone");
        }
    }

    /// Stops in order: no new sessions, whole recordings, closed sockets. Returns how many sessions were on air.
    ///
    /// Requests are answered until the last session has ended, so that `/ready` can say why no new one is taken.
    pub async fn stop(self) -> usize {
        self.readiness.set_draining();
        let ended = match tokio::time::timeout(SESSIONS_STOP_LIMIT, self.directory.send(Drain))
            .await
        {
            Ok(Ok(count)) => count,
            Ok(Err(error)) => {
                tracing::error!(%error, "the directory is gone");
                0
            }
            Err(_elapsed) => {
                tracing::error!(
                    "sessions did not end within {SESSIONS_STOP_LIMIT:?}; their recordings will be repaired"
                );
                0
            }
        };
        self.server.stop(true).await;
        ended
    }
}

fn check_recordings(config: &Config) -> Result<(), StartError> {
    let dir = &config.recording_dir;
    let cannot = |source| StartError::Recordings { dir: dir.display().to_string(), source };
    std::fs::create_dir_all(dir).map_err(cannot)?;
    let probe = dir.join(".studio-can-write");
    std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe)).map_err(cannot)
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    use socket2::{Domain, Protocol, Socket, Type};
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.bind(&address.into())?;
    // Connections that wait to be accepted: what listen(2) calls the backlog; more than anybody opens at once.
    socket.listen(1024)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// The one UDP port for the sound of all sessions, on the interface that serves everything else.
fn open_media(config: &Config) -> Result<MediaDesk, StartError> {
    let address = SocketAddr::new(config.host, config.webrtc_port);
    let server = MediaServer::start(address, config.webrtc_address, config.max_sessions)
        .map_err(|source| StartError::WebRtc { address, source })?;
    let turn = config.turn.as_ref().map(|turn| IceServer {
        url: turn.url.clone(),
        username: turn.username.clone(),
        credential: turn.credential.as_ref().map(|secret| secret.expose().to_owned()),
    });
    Ok(MediaDesk { server, ice_servers: turn.into_iter().collect() })
}

/// Unfinished recordings of an earlier process are repaired; then `/ready` says so. A session that comes earlier is
/// not in the way: its folder is its own, and its log is locked.
fn become_ready(config: &Config, readiness: Readiness, directory: Addr<Directory>) {
    let root = config.recording_dir.clone();
    actix::spawn(async move {
        let repaired = web::block(move || repair_all(&root)).await;
        if let Err(error) = repaired {
            tracing::error!(%error, "repairing recordings broke");
        }
        if directory.try_send(Repaired).is_err() {
            tracing::error!("the directory is gone");
        }
        readiness.set_ready();
    });
}

fn repair_all(root: &std::path::Path) {
    let swept = crate::recording::library::sweep(root);
    if swept > 0 {
        tracing::info!(swept, "finished deleting recordings");
    }
    let Ok(entries) = std::fs::read_dir(root) else { return };
    // No recording's name begins with a dot: there lies what is known of hosts, and what is being deleted.
    let is_hidden = |entry: &DirEntry| entry.file_name().as_encoded_bytes().starts_with(b".");
    let folders = entries.filter_map(Result::ok).filter(|entry| !is_hidden(entry));
    for folder in folders.map(|entry| entry.path()).filter(|path| path.is_dir()) {
        match recover(&folder) {
            Ok(Recovered::AlreadyFinished) => {}
            Ok(Recovered::Repaired { .. }) => {
                tracing::info!(folder = %folder.display(), "repaired an unfinished recording");
            }
            Err(RecordingError::InUse { .. }) => {
                tracing::debug!(folder = %folder.display(), "a recording that is going on is left alone");
            }
            Err(error) => {
                tracing::warn!(folder = %folder.display(), %error, "a recording could not be repaired");
            }
        }
    }
}
