//! A chain of language models that writes as one.
//!
//! A reply is asked for again, or of the next product, until its first text has been passed on. After that a break ends
//! it with an error: the listener may have heard its beginning, and another model would tell another story.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{
    Attempts, FIRST_RESULT_LIMIT, FIRST_RESULT_LIMIT_LAST, Health, IDLE_LIMIT, Member, Next,
    OPEN_LIMIT, OPEN_LIMIT_LAST, cause_of, probe,
};
use crate::adapters::llm::{
    LLM_EVENT_CAPACITY, LanguageModel, LlmEvent, LlmStream, LlmUse, tokens_of_letters,
};
use crate::adapters::net::Spent;
use crate::adapters::{
    AdapterError, AdapterNote, Availability, BoxFuture, ChangeOutcome, ServiceUse, Usage,
};
use crate::conversation::Prompt;

type Minds = Member<dyn LanguageModel>;

impl Minds {
    /// A language model that nobody has asked yet.
    #[must_use]
    pub fn of_mind(adapter: Arc<dyn LanguageModel>) -> Self {
        let ask = probe::of(&adapter, |adapter| {
            Box::pin(async move { probe::mind(adapter.as_ref()).await })
        });
        let health = Health::new(adapter.name(), adapter.model(), ask);
        Self { adapter, health }
    }
}

/// Language models in the order in which they are asked.
#[derive(Clone, Debug)]
pub struct ResilientMind {
    members: Arc<[Minds]>,
}

impl ResilientMind {
    /// A chain; `first` is the first choice.
    #[must_use]
    pub fn new(first: Minds, others: impl IntoIterator<Item = Minds>) -> Self {
        Self { members: std::iter::once(first).chain(others).collect() }
    }

    fn first(&self) -> &Minds {
        &self.members[0]
    }
}

impl LanguageModel for ResilientMind {
    fn name(&self) -> &'static str {
        self.first().adapter.name()
    }

    fn model(&self) -> &str {
        self.first().adapter.model()
    }

    fn availability(&self) -> Availability {
        best_of(self.members.iter().map(|member| (member.adapter.availability(), &member.health)))
    }

    /// Of whoever would be asked.
    fn spent(&self) -> Option<Spent> {
        self.members[Member::first(&self.members)].adapter.spent()
    }

    fn warm_up(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            for member in self.members.iter() {
                member.adapter.warm_up().await;
            }
        })
    }

    fn open(&self, prompt: Prompt) -> BoxFuture<'_, Result<LlmStream, AdapterError>> {
        Box::pin(async move {
            let (sender, events) = mpsc::channel(LLM_EVENT_CAPACITY);
            let members = Arc::clone(&self.members);
            tokio::spawn(async move {
                let gone = sender.clone();
                tokio::select! {
                    () = write(&members, &prompt, &sender) => {}
                    () = gone.closed() => {}
                }
            });
            Ok(LlmStream { events })
        })
    }
}

/// Ready if one of them is and may be asked.
pub(super) fn best_of<'a>(
    members: impl Iterator<Item = (Availability, &'a Arc<Health>)>,
) -> Availability {
    let mut worst = None;
    let mut is_loading = false;
    for (availability, health) in members {
        match availability {
            Availability::Ready if health.may_serve() => return Availability::Ready,
            Availability::Ready => {
                let cause = health.state().last_cause.unwrap_or_default();
                worst.get_or_insert(cause);
            }
            Availability::Loading => is_loading = true,
            Availability::Unavailable(reason) => {
                worst.get_or_insert(reason);
            }
        }
    }
    if is_loading {
        return Availability::Loading;
    }
    Availability::Unavailable(worst.unwrap_or_default())
}

/// How one attempt ended.
enum Ended {
    /// The reply is whole, or nobody listens.
    Over,
    /// It failed before any text.
    Bare(AdapterError),
    /// It broke after text was passed on.
    Broken(AdapterError),
}

type Events = mpsc::Sender<Result<LlmEvent, AdapterError>>;

async fn write(members: &[Minds], prompt: &Prompt, events: &Events) {
    let mut attempts = Attempts::new();
    let mut at = Member::first(members);
    let mut trouble: Option<String> = (at > 0).then(|| away(&members[0]));
    loop {
        let member = &members[at];
        let number = attempts.begin();
        let limits = if Member::next(members, at + 1).is_some() {
            (OPEN_LIMIT, FIRST_RESULT_LIMIT)
        } else {
            (OPEN_LIMIT_LAST, FIRST_RESULT_LIMIT_LAST)
        };
        let error = match attempt(member, prompt, events, limits, (number, &trouble)).await {
            Ended::Over => return,
            Ended::Broken(error) => {
                drop(events.send(Err(error)).await);
                return;
            }
            Ended::Bare(error) => error,
        };
        trouble = Some(cause_of(&error));
        let next = attempts.after(&error, members, at);
        let outcome = match next {
            Next::Retry(_) => ChangeOutcome::Retrying,
            Next::Switch(_) => ChangeOutcome::Switching,
            Next::GiveUp => {
                drop(events.send(Err(error)).await);
                return;
            }
        };
        if !tell(events, member, outcome, number, &trouble).await {
            return;
        }
        match next {
            Next::Retry(wait) => sleep(wait).await,
            Next::Switch(other) => at = other,
            Next::GiveUp => return,
        }
    }
}

/// One attempt with one product.
async fn attempt(
    member: &Minds,
    prompt: &Prompt,
    events: &Events,
    (open, first): (std::time::Duration, std::time::Duration),
    (number, trouble): (u32, &Option<String>),
) -> Ended {
    let adapter = member.adapter.name();
    let late = |stage, waited| AdapterError::TimedOut { adapter, stage, waited };
    member.health.began();
    let bare = |error: AdapterError, counts: bool| {
        member.health.failed(&error, counts);
        Ended::Bare(error)
    };
    let mut stream = match timeout(open, member.adapter.open(prompt.clone())).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return bare(error, true),
        Err(_elapsed) => return bare(late("open", open), true),
    };
    let mut letters = 0;
    let mut read = guessed_reading(prompt);
    let mut is_guessed = true;
    if !told(events, AdapterNote::Begun(use_of(member, read, is_guessed))).await {
        return Ended::Over;
    }
    let first_by = Instant::now() + first;
    loop {
        let (limit, by) = match letters {
            0 => (first, first_by),
            _ => (IDLE_LIMIT, Instant::now() + IDLE_LIMIT),
        };
        let error = match timeout_at(by, stream.events.recv()).await {
            Ok(Some(Ok(LlmEvent::Begun(counted)))) => {
                (read, is_guessed) = (LlmUse { output_tokens: 0, ..counted }, false);
                if !told(events, AdapterNote::Begun(use_of(member, read, is_guessed))).await {
                    return Ended::Over;
                }
                continue;
            }
            Ok(Some(Ok(LlmEvent::Text(text)))) => {
                if letters == 0 {
                    member.health.succeeded();
                    if trouble.is_some()
                        && !tell(events, member, ChangeOutcome::Serving, number, trouble).await
                    {
                        return Ended::Over;
                    }
                }
                letters += text.len();
                if events.send(Ok(LlmEvent::Text(text))).await.is_err() {
                    return Ended::Over;
                }
                continue;
            }
            Ok(Some(Ok(LlmEvent::Note(_)))) => continue,
            Ok(Some(Ok(LlmEvent::Done(usage)))) => {
                if letters == 0 {
                    let reason = "it answered without a word".to_owned();
                    return bare(AdapterError::Malformed { adapter, reason }, true);
                }
                if told(events, AdapterNote::Used(use_of(member, usage, false))).await {
                    // If nobody listens any more there is nobody to tell.
                    drop(events.send(Ok(LlmEvent::Done(usage))).await);
                }
                return Ended::Over;
            }
            Ok(Some(Err(error))) => error,
            Ok(None) => AdapterError::Unavailable {
                adapter,
                reason: "the stream ended without an end".to_owned(),
                retry_after: None,
            },
            Err(_elapsed) => late("text", limit),
        };
        if letters == 0 {
            // A model that declines a question is well: only this answer is missing.
            let counts = !matches!(error, AdapterError::Refused { .. });
            return bare(error, counts);
        }
        member.health.failed(&error, false);
        let usage = LlmUse { output_tokens: tokens_of_letters(letters), ..read };
        if !told(events, AdapterNote::Used(use_of(member, usage, true))).await {
            return Ended::Over;
        }
        return Ended::Broken(error);
    }
}

/// Why the first choice is not asked.
pub(super) fn away<Adapter: ?Sized>(member: &Member<Adapter>) -> String {
    member.health.state().last_cause.unwrap_or_else(|| "it failed before".to_owned())
}

/// What reading a prompt takes, until the product tells.
fn guessed_reading(prompt: &Prompt) -> LlmUse {
    let asked: usize = prompt.messages.iter().map(|line| line.text.len()).sum();
    let input_tokens = tokens_of_letters(prompt.system.len() + asked);
    LlmUse { input_tokens, ..LlmUse::default() }
}

fn use_of(member: &Minds, usage: LlmUse, is_estimated: bool) -> ServiceUse {
    let usage = Usage {
        input_tokens: usage.input_tokens,
        output_tokens: usage.output_tokens,
        cached_tokens: usage.cached_tokens,
        cache_written_tokens: usage.cache_written_tokens,
        ..Usage::default()
    };
    let model = member.adapter.model().to_owned();
    ServiceUse { adapter: member.adapter.name(), model, usage, is_estimated }
}

/// Whether anybody was there to be told.
async fn told(events: &Events, note: AdapterNote) -> bool {
    events.send(Ok(LlmEvent::Note(note))).await.is_ok()
}

async fn tell(
    events: &Events,
    member: &Minds,
    outcome: ChangeOutcome,
    attempt: u32,
    cause: &Option<String>,
) -> bool {
    let adapter = &member.adapter;
    member.health.told(outcome);
    let note =
        AdapterNote::changed(adapter.name(), adapter.model(), outcome, attempt, cause.clone());
    told(events, note).await
}
