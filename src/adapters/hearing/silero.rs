//! Silero VAD v6: voice activity by a small network.
//!
//! One session on one worker thread serves every stream of the process: the network's memory is an input, so a stream
//! owns 256 + 64 floats and nothing else. A hop is 512 samples (32 ms) and costs about 80 µs.
//!
//! Invariants: a stream has at most one hop at the worker; the network is given its 64 samples of context always.

use std::time::Duration;

use ort::session::Session;
use ort::value::TensorRef;
use tokio::sync::mpsc;

use super::hops::{Hop, Hops};
use super::{
    HEARING_AUDIO_CAPACITY, HEARING_EVENT_CAPACITY, VoiceActivity, VoiceActivityStream, VoiceScore,
};
use crate::adapters::numbers::unit;
use crate::adapters::onnx::{OfflineModels, open_session};
use crate::adapters::worker::{self, Line, Reply, WorkerState};
use crate::adapters::{AdapterError, Availability, BoxFuture};
use crate::audio::{Frame, SampleRate};

const NAME: &str = "silero";
/// What the network was trained on at 16 kHz: 32 ms.
const HOP_SAMPLES: usize = 512;
/// Samples before the hop that the network must see again. Without them it runs and answers nonsense.
const CONTEXT_SAMPLES: usize = 64;
const WINDOW_SAMPLES: usize = CONTEXT_SAMPLES + HOP_SAMPLES;
/// The network's memory, shape 2 × 1 × 128.
const STATE_FLOATS: usize = 256;
/// Hops waiting for the worker, all streams together: a stream waits when it is full. 256 hops are 20 ms of work.
const JOBS_MAX: usize = 256;
/// Longest a hop may take, 80 µs as a rule, before its thread is given up: sooner than a session replaces a detector that
/// does not answer (3 s), so that the next stream finds a thread that works.
const HOP_PATIENCE: Duration = Duration::from_secs(2);

/// The detector: one network for all streams of the process.
#[derive(Debug)]
pub struct Silero {
    jobs: mpsc::Sender<Job>,
    worker: WorkerState,
}

/// What a stream remembers between hops.
struct Memory {
    state: [f32; STATE_FLOATS],
    window: [f32; WINDOW_SAMPLES],
}

/// One hop on its way through the worker and back.
struct Job {
    memory: Box<Memory>,
    answer: Reply<(Box<Memory>, f32)>,
}

impl worker::Job for Job {
    fn line(&self) -> Line {
        self.answer.line()
    }
}

impl Silero {
    /// Starts the worker, which loads the network in the background.
    #[must_use]
    pub fn start(models: &OfflineModels) -> Self {
        let (jobs, mut waiting) = mpsc::channel::<Job>(JOBS_MAX);
        let (library, model) = (models.onnx_runtime(), models.silero());
        let worker = worker::spawn(
            NAME,
            HOP_PATIENCE,
            move || open_session(&library, &model),
            move || waiting.blocking_recv(),
            judge,
        );
        Self { jobs, worker }
    }
}

impl VoiceActivity for Silero {
    fn name(&self) -> &'static str {
        NAME
    }

    fn availability(&self) -> Availability {
        self.worker.availability()
    }

    fn open(&self) -> BoxFuture<'_, Result<VoiceActivityStream, AdapterError>> {
        Box::pin(async {
            self.worker.ready().await?;
            let (audio, sound) = mpsc::channel(HEARING_AUDIO_CAPACITY);
            let (judged, scores) = mpsc::channel(HEARING_EVENT_CAPACITY);
            let stream = Stream {
                jobs: self.jobs.clone(),
                worker: self.worker.clone(),
                memory: Some(Box::new(Memory {
                    state: [0.0; STATE_FLOATS],
                    window: [0.0; WINDOW_SAMPLES],
                })),
            };
            tokio::spawn(stream.listen(sound, judged));
            Ok(VoiceActivityStream { audio, scores })
        })
    }
}

/// One stream's side.
struct Stream {
    jobs: mpsc::Sender<Job>,
    worker: WorkerState,
    /// `None` only while a hop is at the worker, or after it was lost there.
    memory: Option<Box<Memory>>,
}

impl Stream {
    async fn listen(
        mut self,
        mut sound: mpsc::Receiver<Frame>,
        judged: mpsc::Sender<Result<VoiceScore, AdapterError>>,
    ) {
        let mut hops = Hops::<HOP_SAMPLES>::new();
        loop {
            let frame = tokio::select! {
                frame = sound.recv() => frame,
                () = judged.closed() => return,
            };
            let mut ended = false;
            let mut problem = None;
            match frame {
                Some(frame) => problem = hops.push(NAME, &frame).err(),
                None => ended = true,
            }
            while problem.is_none()
                && let Some(hop) =
                    hops.next_whole().or_else(|| if ended { hops.rest() } else { None })
            {
                let score = self.score(&hop).await;
                problem = score.as_ref().err().cloned();
                if problem.is_none() && judged.send(score).await.is_err() {
                    return;
                }
            }
            if let Some(error) = problem {
                // If nobody listens any more there is nobody to tell.
                drop(judged.send(Err(error)).await);
                return;
            }
            if ended {
                return;
            }
        }
    }

    async fn score(&mut self, hop: &Hop<HOP_SAMPLES>) -> Result<VoiceScore, AdapterError> {
        let mut memory = self.memory.take().ok_or_else(|| self.worker.job_lost())?;
        memory.window.copy_within(HOP_SAMPLES.., 0);
        for (place, sample) in memory.window[CONTEXT_SAMPLES..].iter_mut().zip(hop.samples) {
            *place = unit(sample);
        }
        let (answer, answered) = Reply::channel();
        self.jobs.send(Job { memory, answer }).await.map_err(|_gone| self.worker.job_lost())?;
        let (memory, probability) = answered.await.map_err(|_lost| self.worker.job_lost())?;
        self.memory = Some(memory);
        Ok(hop.score(probability))
    }
}

/// Runs the network over one window, on the worker's thread.
fn judge(session: &mut Session, job: Job) -> Result<(), String> {
    let Job { mut memory, answer } = job;
    if !answer.is_wanted() {
        return Ok(());
    }
    let probability =
        run(session, &mut memory).map_err(|error| format!("run the network: {error}"))?;
    answer.give((memory, probability));
    Ok(())
}

fn run(session: &mut Session, memory: &mut Memory) -> ort::Result<f32> {
    let rate = [i64::from(SampleRate::HZ_16000.hz())];
    let mut outputs = session.run(ort::inputs! {
        "input" => TensorRef::from_array_view(([1, WINDOW_SAMPLES], memory.window.as_slice()))?,
        "state" => TensorRef::from_array_view(([2_usize, 1, 128], memory.state.as_slice()))?,
        "sr" => TensorRef::from_array_view(((), rate.as_slice()))?,
    })?;
    let state =
        outputs.remove("stateN").ok_or_else(|| ort::Error::new("the network gave no state"))?;
    let output =
        outputs.remove("output").ok_or_else(|| ort::Error::new("the network gave no score"))?;
    let (_, scores) = output.try_extract_tensor::<f32>()?;
    let probability = scores
        .first()
        .copied()
        .ok_or_else(|| ort::Error::new("the network gave an empty score"))?;
    let (_, floats) = state.try_extract_tensor::<f32>()?;
    if floats.len() != STATE_FLOATS {
        return Err(ort::Error::new("the network's state has another size"));
    }
    memory.state.copy_from_slice(floats);
    Ok(probability)
}
