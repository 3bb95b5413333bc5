//! When a recogniser fails, comes back, or has said everything: who is asked next, and what is told of it.

use tokio::time::{Instant, timeout};

use super::super::breaker::REFUSED_WAIT;
use super::super::{Attempts, Member, Next, OPEN_LIMIT, backoff, cause_of};
use super::{LAST_WORDS_LIMIT, Listening, Over, State};
use crate::adapters::stt::SttEvent;
use crate::adapters::{AdapterError, AdapterNote, ChangeOutcome, ServiceUse, Usage};

impl Listening {
    /// The running stream is over before its work.
    pub(super) async fn on_broken(&mut self, error: AdapterError) -> Result<(), Over> {
        self.tell_use().await?;
        let state = std::mem::replace(&mut self.state, State::Closed { until: Instant::now() });
        let is_well = matches!(&state, State::Running(running) if running.is_well);
        drop(state);
        if is_well {
            self.attempts = Attempts::new();
        }
        self.on_failure(error, !is_well).await
    }

    pub(super) async fn on_failure(
        &mut self,
        error: AdapterError,
        is_bare: bool,
    ) -> Result<(), Over> {
        self.member().health.failed(&error, is_bare);
        let number = self.attempts.number;
        let cause = cause_of(&error);
        self.refused = if self.note_refusal(&error) { self.refused + 1 } else { 0 };
        let next = self.attempts.after(&error, &self.members, self.at);
        let now = Instant::now();
        let (outcome, until) = match next {
            Next::Retry(wait) => (ChangeOutcome::Retrying, now + wait),
            Next::Switch(_) => (ChangeOutcome::Switching, now),
            Next::GiveUp if self.refused >= self.members.len() => {
                self.say_last().await?;
                drop(self.events.send(Err(error)).await);
                return Err(Over);
            }
            // With no more sound to come nobody waits for another round.
            Next::GiveUp if !self.is_open => return self.say_done().await,
            Next::GiveUp => (ChangeOutcome::Waiting, now + backoff::wait(number)),
        };
        self.tell(outcome, number, Some(cause.clone())).await?;
        self.trouble = Some(cause);
        self.state = State::Closed { until };
        match next {
            Next::Switch(other) => self.at = other,
            Next::GiveUp => {
                self.at = Member::first(&self.members);
                let rounds = self.attempts.number;
                self.attempts = Attempts::new();
                // Rounds without a result wait longer and longer.
                self.attempts.number = rounds;
            }
            Next::Retry(_) => {}
        }
        Ok(())
    }

    /// The first choice is well again and the host is silent: it takes over.
    pub(super) async fn return_if_quiet(&mut self) -> Result<(), Over> {
        let is_quiet = self.at > 0
            && matches!(&self.state, State::Running(running) if running.is_well)
            && !self.segments.is_open()
            && !self.memory.is_speaking()
            && self.is_open;
        // Who has just refused this stream would refuse it again, well as it may be for others.
        if !is_quiet || Instant::now() < self.may_return {
            return Ok(());
        }
        let Some(better) = Member::next(&self.members[..self.at], 0) else { return Ok(()) };
        self.tell_use().await?;
        let (at, cause) = (self.at, "the first choice is well again".to_owned());
        let member = self.members[better].clone();
        member.health.began();
        match timeout(OPEN_LIMIT, member.adapter.open(self.options.clone())).await {
            Ok(Ok(stream)) => {
                self.at = better;
                self.attempts = Attempts::new();
                self.run(stream);
                self.tell(ChangeOutcome::Returned, 1, Some(cause)).await
            }
            Ok(Err(error)) => {
                let _is_refusal = self.note_refusal(&error);
                member.health.failed(&error, true);
                self.at = at;
                Ok(())
            }
            Err(_elapsed) => {
                let adapter = member.adapter.name();
                let error = AdapterError::TimedOut { adapter, stage: "open", waited: OPEN_LIMIT };
                member.health.failed(&error, true);
                Ok(())
            }
        }
    }

    /// Whether this stream was refused; who refused it is left alone for a while.
    fn note_refusal(&mut self, error: &AdapterError) -> bool {
        let is_refusal = matches!(error, AdapterError::Refused { .. });
        if is_refusal {
            self.may_return = Instant::now() + REFUSED_WAIT;
        }
        is_refusal
    }

    /// All sound is sent and no more comes: the recogniser says its last words.
    pub(super) fn finish_if_all_is_sent(&mut self) {
        let State::Running(running) = &mut self.state else { return };
        if !self.is_open && self.cursor >= self.memory.next() && running.input.take().is_some() {
            running.words_by = Some(Instant::now() + LAST_WORDS_LIMIT);
        }
    }

    pub(super) async fn say_done(&mut self) -> Result<(), Over> {
        self.tell_use().await?;
        self.say_last().await?;
        self.give(SttEvent::Done).await?;
        Err(Over)
    }

    /// What is known of an unfinished stretch is its final words.
    async fn say_last(&mut self) -> Result<(), Over> {
        match self.segments.close() {
            Some(words) => self.give(SttEvent::Words(words)).await,
            None => Ok(()),
        }
    }

    pub(super) async fn tell_use(&mut self) -> Result<(), Over> {
        let State::Running(running) = &mut self.state else { return Ok(()) };
        running.told_use = Instant::now();
        let samples = std::mem::take(&mut running.sent_samples);
        if samples == 0 {
            return Ok(());
        }
        let adapter = &self.members[self.at].adapter;
        let audio_ms = samples * 1000 / u64::from(adapter.capabilities().rate.hz());
        let usage = Usage { audio_ms, ..Usage::default() };
        let (adapter, model) = (adapter.name(), adapter.model().to_owned());
        let used = ServiceUse { adapter, model, usage, is_estimated: false };
        self.give(SttEvent::Note(AdapterNote::Used(used))).await
    }

    pub(super) async fn tell(
        &self,
        outcome: ChangeOutcome,
        attempt: u32,
        cause: Option<String>,
    ) -> Result<(), Over> {
        let adapter = &self.member().adapter;
        self.member().health.told(outcome);
        let note = AdapterNote::changed(adapter.name(), adapter.model(), outcome, attempt, cause);
        self.give(SttEvent::Note(note)).await
    }

    pub(super) async fn give(&self, event: SttEvent) -> Result<(), Over> {
        self.events.send(Ok(event)).await.map_err(|_gone| Over)
    }
}
