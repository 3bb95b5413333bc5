//! Language models over real connections, in a session whose time is paused.
//!
//! Bytes take real time on their way, of which a paused clock knows nothing: it would run through every limit before they
//! are there. So an exchange with a service takes place apart, in real time, while the session's time stands still; what
//! came of it is then given out in the session's time, late by what the service waited on purpose. Where the service fell
//! silent the session meets silence behind all that came before it.

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Mutex, mpsc};
use tokio::time::{Instant, sleep_until}; // of paused time: nothing waits
use voice_studio::adapters::llm::{LLM_EVENT_CAPACITY, LanguageModel, LlmEvent, LlmStream};
use voice_studio::adapters::{AdapterError, Availability, BoxFuture};
use voice_studio::conversation::Prompt;

use super::comes;
use super::simulators::{Simulator, Waits};

/// Does something in real time, while paused time stands still.
pub(crate) async fn apart<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    // Paused time does not go on by itself while a blocking task runs.
    let done = tokio::task::spawn_blocking(|| elsewhere().block_on(comes("work done apart", work)));
    done.await.expect("no panic apart")
}

/// A runtime whose time is real. It outlives every test, as the connections of a simulator live in it.
fn elsewhere() -> &'static Runtime {
    static ELSEWHERE: OnceLock<Runtime> = OnceLock::new();
    ELSEWHERE.get_or_init(|| {
        Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
    })
}

/// A language model whose exchanges with its service, a simulator that was started [`apart`], take place apart.
#[derive(Debug)]
pub(crate) struct AskedApart {
    mind: Arc<dyn LanguageModel>,
    service: Arc<Mutex<Arc<Waits>>>,
}

impl AskedApart {
    pub(crate) fn new<P>(mind: impl LanguageModel + 'static, service: &Simulator<P>) -> Self {
        let service = Arc::new(Mutex::new(Arc::clone(&service.waits)));
        Self { mind: Arc::new(mind), service }
    }
}

impl LanguageModel for AskedApart {
    fn name(&self) -> &'static str {
        self.mind.name()
    }

    fn model(&self) -> &str {
        self.mind.model()
    }

    fn availability(&self) -> Availability {
        self.mind.availability()
    }

    fn warm_up(&self) -> BoxFuture<'_, ()> {
        let mind = Arc::clone(&self.mind);
        Box::pin(apart(async move { mind.warm_up().await }))
    }

    fn open(&self, prompt: Prompt) -> BoxFuture<'_, Result<LlmStream, AdapterError>> {
        let (mind, service) = (Arc::clone(&self.mind), Arc::clone(&self.service));
        Box::pin(async move {
            let Exchange { given, is_silent, late_by } = apart(async move {
                // One at a time: a silence is that of the one that is under way.
                let waits = service.lock().await;
                exchange(mind.as_ref(), prompt, &waits).await
            })
            .await;
            sleep_until(Instant::now() + late_by).await;
            match given {
                Err(_hung_up) if is_silent => pending().await,
                given => given.map(|given| give_out(given, is_silent)),
            }
        })
    }
}

type Given = Vec<Result<LlmEvent, AdapterError>>;

/// A whole exchange.
struct Exchange {
    given: Result<Given, AdapterError>,
    /// Whether the service said nothing more after that.
    is_silent: bool,
    /// How long it waited on purpose.
    late_by: Duration,
}

async fn exchange(mind: &dyn LanguageModel, prompt: Prompt, waits: &Waits) -> Exchange {
    let before = waits.so_far();
    let mut all = pin!(async {
        let mut stream = mind.open(prompt).await?;
        let mut given = Given::new();
        while let Some(event) = stream.events.recv().await {
            given.push(event);
        }
        Ok(given)
    });
    let (mut given, is_silent) = tokio::select! {
        given = &mut all => (given, false),
        () = waits.silence() => {
            // All that was sent arrives before the end does.
            waits.hang_up();
            (all.await, true)
        }
    };
    if let (Ok(given), true) = (&mut given, is_silent) {
        given.pop_if(|hung_up| hung_up.is_err());
    }
    Exchange { given, is_silent, late_by: waits.so_far() - before }
}

fn give_out(given: Given, is_silent: bool) -> LlmStream {
    let (sender, events) = mpsc::channel(LLM_EVENT_CAPACITY);
    tokio::spawn(async move {
        for event in given {
            if sender.send(event).await.is_err() {
                return;
            }
        }
        if is_silent {
            sender.closed().await;
        }
    });
    LlmStream { events }
}
