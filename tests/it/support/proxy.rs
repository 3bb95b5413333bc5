//! A network that behaves badly: it lies between a client and a studio, splits what goes through at any byte, delays it,
//! cuts connections in mid-frame, and lets bytes of a lost connection arrive after its successor has said hello.
//!
//! Bytes of one connection stay in order, as TCP promises; everything else is left to seeded chance.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use voice_studio::simulation::dice::Dice;

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Both sides lose it at once, somewhere inside a frame.
    Cut,
    /// The client loses it; the studio thinks that it is still there, and gets its last bytes late.
    HalfOpen,
    /// What the studio says is swallowed for a while before both lose it.
    Deaf,
}

/// How bad it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    /// How long a connection lives, ms: from and to.
    pub(crate) life_ms: (u64, u64),
    /// How many pieces in a hundred are slow, and how slow at most, ms.
    pub(crate) slow_per_cent: u64,
    pub(crate) slow_ms: u64,
}

/// A proxy that runs until it is dropped.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    way: Arc<Way>,
    accepting: JoinHandle<()>,
}

/// The way between the two, shared by all connections.
struct Way {
    target: SocketAddr,
    weather: Weather,
    dice: Mutex<Dice>,
    cuts: AtomicU64,
    pieces: AtomicU64,
    is_calm: AtomicBool,
}

impl Proxy {
    pub(crate) async fn start(target: SocketAddr, seed: u64, weather: Weather) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let way = Arc::new(Way {
            target,
            weather,
            dice: Mutex::new(Dice::new(seed)),
            cuts: AtomicU64::new(0),
            pieces: AtomicU64::new(0),
            is_calm: AtomicBool::new(false),
        });
        let shared = Arc::clone(&way);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&shared).carry(client));
            }
        });
        Self { address, way, accepting }
    }

    /// From here on connections live.
    pub(crate) fn calm_down(&self) {
        self.way.is_calm.store(true, Ordering::Relaxed);
    }

    /// Connections ended by the weather.
    pub(crate) fn cuts(&self) -> u64 {
        self.way.cuts.load(Ordering::Relaxed)
    }

    /// Pieces into which the bytes were split.
    pub(crate) fn pieces(&self) -> u64 {
        self.way.pieces.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Way {
    fn throw<T>(&self, dice: impl FnOnce(&mut Dice) -> T) -> T {
        dice(&mut self.dice.lock().expect("no panic under the lock"))
    }

    /// Carries one connection to its end.
    async fn carry(self: Arc<Self>, client: TcpStream) {
        let Ok(studio) = TcpStream::connect(self.target).await else { return };
        let (life_ms, end) = self.throw(|dice| {
            let (from, to) = self.weather.life_ms;
            let end = *dice.pick(&[End::Cut, End::Cut, End::HalfOpen, End::Deaf]);
            (dice.between(from, to), end)
        });
        let ends_at = Instant::now() + Duration::from_millis(life_ms);
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_studio, mut to_studio) = studio.into_split();
        let mut up = Vec::new();
        let carried = timeout_at(
            ends_at,
            Box::pin(async {
                tokio::select! {
                    () = self.pump(&mut from_client, &mut to_studio, Some(&mut up)) => {}
                    () = self.pump(&mut from_studio, &mut to_client, None) => {}
                }
            }),
        );
        if carried.await.is_ok() {
            return;
        }
        if self.is_calm.load(Ordering::Relaxed) {
            tokio::select! {
                () = self.pump(&mut from_client, &mut to_studio, Some(&mut up)) => {}
                () = self.pump(&mut from_studio, &mut to_client, None) => {}
            }
            return;
        }
        self.cuts.fetch_add(1, Ordering::Relaxed);
        match end {
            End::Cut => {}
            End::HalfOpen => {
                drop((from_client, to_client));
                // Long enough for the successor's hello to overtake these bytes.
                delay(self.throw(|dice| dice.between(100, 900))).await;
                drop(to_studio.write_all(&up).await);
            }
            End::Deaf => {
                let swallowed = self.throw(|dice| dice.between(50, 400));
                let deaf = async {
                    let mut part = vec![0; 4096];
                    tokio::select! {
                        () = self.pump(&mut from_client, &mut to_studio, Some(&mut up)) => {}
                        () = async { while from_studio.read(&mut part).await.is_ok_and(|count| count > 0) {} } => {}
                    }
                };
                drop(timeout(Duration::from_millis(swallowed), deaf).await);
            }
        }
    }

    /// Carries bytes one way until an end is reached. What was read and not yet written stays in `held`.
    async fn pump(
        &self,
        from: &mut OwnedReadHalf,
        to: &mut OwnedWriteHalf,
        held: Option<&mut Vec<u8>>,
    ) {
        let mut own = Vec::new();
        let waiting = held.unwrap_or(&mut own);
        let mut part = vec![0; 8192];
        loop {
            while !waiting.is_empty() {
                let (count, slow_ms) = self.throw(|dice| {
                    let is_slow = dice.chance(self.weather.slow_per_cent);
                    let slow_ms = if is_slow { dice.between(1, self.weather.slow_ms) } else { 0 };
                    (dice.between(1, waiting.len() as u64), slow_ms)
                });
                if slow_ms > 0 && !self.is_calm.load(Ordering::Relaxed) {
                    delay(slow_ms).await;
                }
                let piece: Vec<u8> =
                    waiting.drain(..usize::try_from(count).expect("a part")).collect();
                if to.write_all(&piece).await.is_err() {
                    return;
                }
                self.pieces.fetch_add(1, Ordering::Relaxed);
            }
            match from.read(&mut part).await {
                Ok(count) if count > 0 => waiting.extend_from_slice(&part[..count]),
                _ => return,
            }
        }
    }
}

/// The network takes its time: this is what it is there to do, nobody waits for something that should have come.
async fn delay(ms: u64) {
    drop(timeout(Duration::from_millis(ms), pending::<()>()).await);
}
