//! Language models.

use std::time::Duration;

use voice_studio::adapters::llm::{LLM_EVENT_CAPACITY, LanguageModel, LlmEvent};
use voice_studio::adapters::scripted::{Fault, ScriptedMind};
use voice_studio::conversation::Prompt;

use crate::support::comes;

fn prompt() -> Prompt {
    Prompt { system: "You are brief.".to_owned(), messages: Vec::new(), answer_seconds: 5 }
}

/// The text of a reply, its pieces checked: none empty, one `Done`, nothing behind it.
async fn reply(adapter: &dyn LanguageModel) -> String {
    let mut stream = comes("open", adapter.open(prompt())).await.unwrap();
    let mut text = String::new();
    let mut done = false;
    while let Some(event) = comes("an event", stream.events.recv()).await {
        assert!(!done, "{event:?} after Done");
        assert!(stream.events.len() <= LLM_EVENT_CAPACITY);
        match event.unwrap() {
            LlmEvent::Text(piece) => {
                assert!(!piece.is_empty());
                text.push_str(&piece);
            }
            LlmEvent::Done(_) => done = true,
        }
    }
    assert!(done, "no Done");
    text
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
    let before = tokio::time::Instant::now();
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
