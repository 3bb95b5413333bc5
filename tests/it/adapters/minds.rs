//! Language models.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Map;
use tokio::time::Instant;
use voice_studio::adapters::AdapterError;
use voice_studio::adapters::llm::anthropic::Anthropic;
use voice_studio::adapters::llm::openai_compatible::{Dialect, OpenAiCompatible};
use voice_studio::adapters::llm::{LLM_EVENT_CAPACITY, LanguageModel, LlmEvent, LlmUse};
use voice_studio::adapters::net::{Endpoint, Net};
use voice_studio::adapters::resilience::mind::ResilientMind;
use voice_studio::adapters::resilience::{BreakerState, Member};
use voice_studio::adapters::scripted::{Fault, ScriptedMind};
use voice_studio::conversation::Prompt;
use voice_studio::conversation::prompt::{Message, Role};
use voice_studio::secret::Secret;

use crate::support::comes;
use crate::support::simulators::{self, Simulator, anthropic, chat};

const KEY: &str = "sk-simulated-0123456789";

fn prompt() -> Prompt {
    let line = |role, name: &str, text: &str| Message {
        role,
        name: name.to_owned(),
        text: text.to_owned(),
    };
    Prompt {
        system: "You are brief.".to_owned(),
        messages: vec![
            line(Role::Assistant, "Ada", "Welcome to the show."),
            line(Role::User, "Sam", "What is a moon?"),
            line(Role::User, "Oscar", "And a planet?"),
        ],
        answer_seconds: 5,
    }
}

/// The text of a reply, its pieces checked: none empty, one `Done`, nothing behind it.
async fn reply(adapter: &dyn LanguageModel) -> String {
    whole_reply(adapter).await.0
}

async fn whole_reply(adapter: &dyn LanguageModel) -> (String, LlmUse) {
    let mut stream = comes("open", adapter.open(prompt())).await.unwrap();
    let mut text = String::new();
    let (mut read, mut done) = (None, None);
    while let Some(event) = comes("an event", stream.events.recv()).await {
        assert!(done.is_none(), "{event:?} after Done");
        assert!(stream.events.len() <= LLM_EVENT_CAPACITY);
        match event.unwrap() {
            LlmEvent::Text(piece) => {
                assert!(!piece.is_empty());
                text.push_str(&piece);
            }
            LlmEvent::Begun(counted) => {
                assert_eq!((text.as_str(), read), ("", None), "told once, before the first text");
                read = Some(counted);
            }
            LlmEvent::Note(note) => println!("{note:?}"),
            LlmEvent::Done(usage) => done = Some(usage),
        }
    }
    let done = done.expect("no Done");
    // Of all of them only Anthropic's counts before it writes.
    let counted = read.map(|read| read.input_tokens);
    let wanted = (adapter.name() == "anthropic").then_some(done.input_tokens);
    assert_eq!(counted, wanted, "what was read at the start is what was read in the end");
    (text, done)
}

/// The contract: a whole reply and its counts, and that work which nobody listens to ends. `wanted` is what it will say
/// each time, at least 200 words.
pub(crate) async fn check_language_model(adapter: &dyn LanguageModel, wanted: &str) {
    let (text, usage) = whole_reply(adapter).await;
    assert_eq!(text, wanted);
    assert_eq!(usage.output_tokens, wanted.split(' ').count() as u64);
    assert!(usage.input_tokens > usage.cached_tokens && usage.cached_tokens > 0, "{usage:?}");
    let mut stream = comes("open", adapter.open(prompt())).await.unwrap();
    assert!(comes("a first event", stream.events.recv()).await.is_some_and(|event| event.is_ok()));
    drop(stream);
    assert_eq!(reply(adapter).await, wanted, "the next reply is whole");
}

/// The kind of error that ends a reply, and the text before it.
async fn failed_reply(adapter: &dyn LanguageModel) -> (String, Option<&'static str>) {
    let mut stream = match comes("open", adapter.open(prompt())).await {
        Ok(stream) => stream,
        Err(error) => return (String::new(), Some(error.kind())),
    };
    let mut text = String::new();
    loop {
        // A silent service is somebody else's to give up: a quarter of a second stands for it.
        let event = tokio::time::timeout(Duration::from_millis(250), stream.events.recv()).await;
        match event {
            Err(_elapsed) => return (text, None),
            Ok(Some(Ok(LlmEvent::Text(piece)))) => text.push_str(&piece),
            Ok(Some(Ok(LlmEvent::Begun(_) | LlmEvent::Note(_)))) => {}
            Ok(Some(Ok(LlmEvent::Done(_)))) => return (text, Some("done")),
            Ok(Some(Err(error))) => {
                assert!(!format!("{error} {error:?}").contains(KEY));
                assert!(stream.events.recv().await.is_none(), "something follows an error");
                return (text, Some(error.kind()));
            }
            Ok(None) => panic!("an end without Done or error"),
        }
    }
}

/// Each fault of the plan, in mid-reply: it ends in words of ours, and what came before is a beginning of the reply.
async fn check_faults<P: simulators::Protocol>(
    simulator: &Simulator<P>,
    adapter: &dyn LanguageModel,
    wanted: &str,
) {
    for fault in simulators::Fault::all(6) {
        simulator.plan.push(fault);
        let (text, end) = failed_reply(adapter).await;
        let expected = match fault {
            simulators::Fault::Status(..)
            | simulators::Fault::HalfClosedAfter(_)
            | simulators::Fault::EndsEarlyAfter(_)
            | simulators::Fault::ResetAfter(_) => Some("unavailable"),
            simulators::Fault::MalformedAfter(_) => Some("malformed"),
            simulators::Fault::SilenceAfter(_) => None,
            simulators::Fault::Latency(_)
            | simulators::Fault::Drip { .. }
            | simulators::Fault::ClockJump(_)
            | simulators::Fault::WrongOrder => Some("done"),
        };
        if fault == simulators::Fault::WrongOrder {
            // Words that a service itself mixes up are its words, and its farewell may come too early.
            assert!(matches!(end, Some("done" | "unavailable")), "{end:?}");
            continue;
        }
        assert_eq!(end, expected, "{fault:?}");
        match fault {
            _ if expected == Some("done") => assert_eq!(text, wanted, "{fault:?}"),
            _ => {
                assert!(
                    wanted.starts_with(&text) && text.len() < wanted.len(),
                    "{fault:?}: {text}"
                );
            }
        }
    }
    assert_eq!(reply(adapter).await, wanted, "after all faults");
}

fn long_reply() -> String {
    (0..200).map(|number| format!("word{number}")).collect::<Vec<_>>().join(" ")
}

fn claude_by(simulator: &Simulator<anthropic::Anthropic>, key: &str, model: &str) -> Anthropic {
    Anthropic::new(
        Net::new().unwrap(),
        Endpoint::parse(&simulator.url()).unwrap(),
        Secret::new(key.to_owned()),
        model.to_owned(),
    )
}

fn guest_by(simulator: &Simulator<chat::Chat>, house: chat::House, key: &str) -> OpenAiCompatible {
    let (dialect, path) = match house {
        chat::House::OpenAi => (Dialect::OPENAI, "/v1"),
        chat::House::Groq => (Dialect::GROQ, ""),
        chat::House::Together => (Dialect::TOGETHER, ""),
        chat::House::LlamaCpp => (Dialect::LOCAL, "/v1"),
    };
    OpenAiCompatible::new(
        dialect,
        Net::new().unwrap(),
        Endpoint::parse(&format!("{}{path}", simulator.url())).unwrap(),
        (house != chat::House::LlamaCpp).then(|| Secret::new(key.to_owned())),
        "a-model".to_owned(),
        Map::new(),
    )
}

#[tokio::test]
async fn claude_keeps_the_contract_and_lives_with_every_fault() {
    let wanted = long_reply();
    let simulator = Simulator::start(anthropic::Anthropic::new(KEY, &[&wanted])).await;
    let claude = claude_by(&simulator, KEY, "claude-haiku-4-5");
    check_language_model(&claude, &wanted).await;
    let asked = &simulator.asked()[0];
    let body = asked.json();
    assert_eq!(body["system"][0]["cache_control"]["type"], "ephemeral");
    assert_eq!(body["messages"].as_array().unwrap().len(), 3);
    assert_eq!((body["temperature"].is_null(), &body["stream"]), (true, &true.into()));
    check_faults(&simulator, &claude, &wanted).await;
}

/// How many seconds a rate limit that is nearly spent still lasts.
fn spent_s(adapter: &dyn LanguageModel) -> Option<u64> {
    let until = adapter.spent()?.until;
    Some(until.saturating_duration_since(Instant::now()).as_secs())
}

#[tokio::test]
async fn good_answers_tell_when_a_rate_limit_is_nearly_spent_and_for_how_long() {
    let simulator = Simulator::start(anthropic::Anthropic::new(KEY, &["Fine."])).await;
    let claude = claude_by(&simulator, KEY, "claude-haiku-4-5");
    reply(&claude).await;
    assert_eq!(spent_s(&claude), None, "49 of 50 are left");
    simulator.protocol.set_limits(3, "2026-11-28T18:01:30Z");
    reply(&claude).await;
    assert!(matches!(spent_s(&claude), Some(80..=90)), "{:?}", claude.spent());
    simulator.protocol.set_limits(49, "2026-11-28T18:00:01Z");
    reply(&claude).await;
    assert_eq!(spent_s(&claude), None, "whole again");

    for house in chat::House::ALL {
        let simulator = Simulator::start(chat::Chat::new(house, KEY, &["Fine."])).await;
        let guest = guest_by(&simulator, house, KEY);
        reply(&guest).await;
        assert_eq!(spent_s(&guest), None, "{house:?}");
        simulator.protocol.set_limits(9, "1m30s");
        reply(&guest).await;
        assert!(matches!(spent_s(&guest), Some(80..=90)), "{house:?}: {:?}", guest.spent());
    }
}

#[tokio::test]
async fn claude_says_which_refusals_another_try_does_not_cure() {
    let simulator = Simulator::start(anthropic::Anthropic::new(KEY, &["Fine."])).await;
    let wrong_key = claude_by(&simulator, "another", "claude-haiku-4-5");
    let error = wrong_key.open(prompt()).await.unwrap_err();
    assert_eq!(error.to_string(), "anthropic refused: HTTP 401 authentication_error");
    let wrong_model = claude_by(&simulator, KEY, "no-such-model");
    let error = wrong_model.open(prompt()).await.unwrap_err();
    assert_eq!(error.to_string(), "anthropic refused: HTTP 404 not_found_error");
}

#[tokio::test]
async fn every_dialect_of_chat_completions_keeps_the_contract_and_lives_with_every_fault() {
    let wanted = long_reply();
    for house in chat::House::ALL {
        let simulator = Simulator::start(chat::Chat::new(house, KEY, &[&wanted])).await;
        let guest = guest_by(&simulator, house, KEY);
        check_language_model(&guest, &wanted).await;
        check_faults(&simulator, &guest, &wanted).await;
        if house != chat::House::LlamaCpp {
            let error = guest_by(&simulator, house, "another").open(prompt()).await.unwrap_err();
            assert!(error.to_string().ends_with("refused: HTTP 401 invalid_api_key"), "{error}");
        }
    }
}

#[tokio::test]
async fn the_wait_that_a_service_asks_for_is_told() {
    let simulator = Simulator::start(chat::Chat::new(chat::House::Groq, KEY, &["Fine."])).await;
    simulator.plan.push(simulators::Fault::Status(429, Some(3)));
    let error = guest_by(&simulator, chat::House::Groq, KEY).open(prompt()).await.unwrap_err();
    let AdapterError::Unavailable { retry_after, .. } = error else { panic!("{error}") };
    assert_eq!(retry_after, Some(Duration::from_secs(3)));
}

#[tokio::test]
async fn the_wait_that_a_service_asks_for_is_kept() {
    let member = |simulator: &Simulator<chat::Chat>, house| {
        let guest: Arc<dyn LanguageModel> = Arc::new(guest_by(simulator, house, KEY));
        Member::of_mind(guest)
    };
    let groq = Simulator::start(chat::Chat::new(chat::House::Groq, KEY, &["Fine."])).await;
    let first = member(&groq, chat::House::Groq);
    groq.plan.push(simulators::Fault::Status(429, Some(1)));
    let began = Instant::now();
    assert_eq!(reply(&ResilientMind::new(first.clone(), [])).await, "Fine.");
    assert!(began.elapsed() >= Duration::from_secs(1), "asked again after {:?}", began.elapsed());

    // Longer than a listener has: another one answers, and nobody asks the first until then.
    let together = Simulator::start(chat::Chat::new(chat::House::Together, KEY, &["Well."])).await;
    let second = member(&together, chat::House::Together);
    let chain = ResilientMind::new(first.clone(), [second]);
    groq.plan.push(simulators::Fault::Status(429, Some(30)));
    for _ in 0..3 {
        assert_eq!(reply(&chain).await, "Well.");
    }
    assert_eq!(groq.asked().len(), 3, "it is let be");
    let state = first.health.state();
    assert_eq!((state.breaker, state.probes), (BreakerState::Open, 0));
    assert!(matches!(state.retry_in_ms, Some(20_000..=30_000)), "{state:?}");
}

#[tokio::test]
async fn one_connection_serves_one_reply_after_the_other() {
    let simulator = Simulator::start(anthropic::Anthropic::new(KEY, &["Fine."])).await;
    let claude = claude_by(&simulator, KEY, "claude-haiku-4-5");
    for _ in 0..4 {
        assert_eq!(reply(&claude).await, "Fine.");
    }
    assert!(simulator.connections() <= 2, "{} connections", simulator.connections());
}

#[tokio::test]
async fn a_scripted_mind_keeps_the_contract_and_gives_its_replies_in_order() {
    let long = "word ".repeat(500);
    let mind = ScriptedMind::new(["Well, yes.", &long]);
    assert_eq!(reply(&mind).await, "Well, yes.");
    assert_eq!(reply(&mind).await, long);
    assert_eq!(reply(&mind).await, long);
    assert_eq!(mind.prompts().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_scripted_mind_takes_its_time_and_hangs_when_told_to() {
    let mind = ScriptedMind::new(["one two three"])
        .with_delays(Duration::from_secs(2), Duration::from_secs(1))
        .with_faults(vec![None, Some(Fault::HangsAfter(1)), Some(Fault::HangsAtOpen)]);
    let before = Instant::now();
    assert_eq!(reply(&mind).await, "one two three");
    assert_eq!(before.elapsed().as_secs(), 4);

    let mut hanging = mind.open(prompt()).await.unwrap();
    assert!(hanging.events.recv().await.is_some());
    assert!(tokio::time::timeout(Duration::from_secs(3600), hanging.events.recv()).await.is_err());
    assert!(tokio::time::timeout(Duration::from_secs(3600), mind.open(prompt())).await.is_err());
}

#[tokio::test]
async fn a_scripted_mind_refuses_to_open_when_its_plan_says_so() {
    let mind = ScriptedMind::new(["fine"]).with_faults(vec![Some(Fault::AtOpen)]);
    assert!(mind.open(prompt()).await.is_err_and(|error| error.is_retryable()));
    assert_eq!(reply(&mind).await, "fine");
}
