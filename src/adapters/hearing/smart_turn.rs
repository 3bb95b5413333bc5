//! Smart Turn v3.2: does the speaker sound finished?
//!
//! A hint, not a measurement: the int8 network answers in jumps, so between 350 and 650 it has said nothing. It knows
//! only speech and calls pure noise finished; ask it at a pause after real speech. A question costs about 35 ms on the
//! one worker thread of the process.
//!
//! Invariants: a question nobody waits for any more is not worked out.

use std::sync::Arc;
use std::time::Duration;

use ort::session::Session;
use ort::value::TensorRef;
use tokio::sync::mpsc;

use super::EndOfTurn;
use super::smart_turn_features::{FRAMES, MELS, SmartTurnFeatures};
use crate::adapters::numbers::per_mille;
use crate::adapters::onnx::{OfflineModels, open_session};
use crate::adapters::worker::{self, Line, Reply, WorkerState, unavailable};
use crate::adapters::{AdapterError, Availability, BoxFuture};

const NAME: &str = "smart-turn";
/// Questions waiting, all sessions together: half a second of work. Beyond it an answer would come too late to be a
/// hint, so the question is turned away.
const QUESTIONS_MAX: usize = 16;
/// Longest a question may take, 35 ms as a rule, before its thread is given up.
const QUESTION_PATIENCE: Duration = Duration::from_secs(3);

/// The judge: one network for all sessions of the process.
#[derive(Debug)]
pub struct SmartTurn {
    questions: mpsc::Sender<Question>,
    worker: WorkerState,
}

struct Question {
    sound: Arc<[i16]>,
    answer: Reply<Result<u16, String>>,
}

impl worker::Job for Question {
    fn line(&self) -> Line {
        self.answer.line()
    }
}

/// What the worker's thread owns.
struct Judge {
    session: Session,
    features: SmartTurnFeatures,
}

impl SmartTurn {
    /// Starts the worker, which loads the network in the background.
    #[must_use]
    pub fn start(models: &OfflineModels) -> Self {
        let (questions, mut waiting) = mpsc::channel::<Question>(QUESTIONS_MAX);
        let (library, model) = (models.onnx_runtime(), models.smart_turn());
        let load = move || {
            let session = open_session(&library, &model)?;
            Ok(Judge { session, features: SmartTurnFeatures::new() })
        };
        let next_question = move || waiting.blocking_recv();
        let worker = worker::spawn(NAME, QUESTION_PATIENCE, load, next_question, Judge::answer);
        Self { questions, worker }
    }
}

impl EndOfTurn for SmartTurn {
    fn name(&self) -> &'static str {
        NAME
    }

    fn availability(&self) -> Availability {
        self.worker.availability()
    }

    fn judge(&self, sound: Arc<[i16]>) -> BoxFuture<'_, Result<u16, AdapterError>> {
        Box::pin(async {
            self.worker.ready().await?;
            let (answer, answered) = Reply::channel();
            self.questions
                .try_send(Question { sound, answer })
                .map_err(|full| unavailable(NAME, format!("its questions: {full}")))?;
            let answer = answered.await.map_err(|_lost| self.worker.job_lost())?;
            answer.map_err(|reason| unavailable(NAME, reason))
        })
    }
}

impl Judge {
    fn answer(&mut self, question: Question) -> Result<(), String> {
        if !question.answer.is_wanted() {
            return Ok(());
        }
        let judged = self.judge(&question.sound);
        let report = judged.as_ref().map(drop).map_err(Clone::clone);
        question.answer.give(judged);
        report
    }

    fn judge(&mut self, sound: &[i16]) -> Result<u16, String> {
        let picture = self.features.picture(sound)?;
        let probability =
            self.run(&picture).map_err(|error| format!("run the network: {error}"))?;
        Ok(per_mille(probability))
    }

    /// The output is called `logits` and is a probability already.
    fn run(&mut self, picture: &[f32]) -> ort::Result<f32> {
        let outputs = self.session.run(ort::inputs! {
            "input_features" => TensorRef::from_array_view(([1, MELS, FRAMES], picture))?,
        })?;
        let output =
            outputs.get("logits").ok_or_else(|| ort::Error::new("the network gave no answer"))?;
        let (_, scores) = output.try_extract_tensor::<f32>()?;
        scores.first().copied().ok_or_else(|| ort::Error::new("the network gave an empty answer"))
    }
}
