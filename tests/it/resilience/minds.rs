//! Language models that fail: before the first word another one answers, after it nothing is said twice.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use voice_studio::adapters::llm::{LanguageModel, LlmEvent};
use voice_studio::adapters::resilience::Member;
use voice_studio::adapters::resilience::mind::ResilientMind;
use voice_studio::adapters::scripted::{Fault, ScriptedMind};
use voice_studio::adapters::{AdapterNote, ChangeOutcome, ServiceUse};
use voice_studio::conversation::Prompt;

use crate::support::comes;

fn member(mind: ScriptedMind) -> Member<dyn LanguageModel> {
    let mind: Arc<dyn LanguageModel> = Arc::new(mind);
    Member::of_mind(mind)
}

/// How a reply went.
#[derive(Debug, Default)]
struct Went {
    text: String,
    changes: Vec<ChangeOutcome>,
    used: Vec<ServiceUse>,
    error: Option<&'static str>,
    took: Duration,
}

async fn reply(mind: &ResilientMind) -> Went {
    let began = Instant::now();
    let prompt = Prompt { system: "Be brief.".to_owned(), messages: Vec::new(), answer_seconds: 5 };
    let mut stream = mind.open(prompt).await.unwrap();
    let mut went = Went::default();
    while let Some(event) = comes("an event", stream.events.recv()).await {
        match event {
            Ok(LlmEvent::Text(text)) => went.text.push_str(&text),
            Ok(LlmEvent::Note(AdapterNote::Changed(change))) => went.changes.push(change.outcome),
            Ok(LlmEvent::Note(AdapterNote::Used(used))) => went.used.push(used),
            Ok(LlmEvent::Begun(_) | LlmEvent::Note(AdapterNote::Begun(_)) | LlmEvent::Done(_)) => {}
            Err(error) => went.error = Some(error.kind()),
        }
    }
    went.took = began.elapsed();
    went
}

#[tokio::test(start_paused = true)]
async fn a_failure_before_the_first_word_is_tried_again_and_then_answered_by_another() {
    use ChangeOutcome::{Retrying, Serving, Switching};
    let once = ScriptedMind::new(["first"]).with_faults(vec![Some(Fault::AtOpen)]);
    let went = reply(&ResilientMind::new(member(once), [])).await;
    assert_eq!(
        (went.text.as_str(), went.changes.as_slice()),
        ("first", [Retrying, Serving].as_slice())
    );

    for fault in [Fault::AtOpen, Fault::FailsAfter(0), Fault::PanicsAfter(0)] {
        let broken = ScriptedMind::new(["first"]).with_faults(vec![Some(fault); 9]);
        let chain = ResilientMind::new(member(broken), [member(ScriptedMind::new(["second"]))]);
        let went = reply(&chain).await;
        assert_eq!(went.text, "second", "{fault:?}");
        assert_eq!(went.changes, [Retrying, Switching, Serving], "{fault:?}");
        assert!(went.took < Duration::from_secs(1), "{fault:?}: {:?}", went.took);
    }
    for fault in [Fault::HangsAtOpen, Fault::HangsAfter(0)] {
        let silent = ScriptedMind::new(["first"]).with_faults(vec![Some(fault); 9]);
        let chain = ResilientMind::new(member(silent), [member(ScriptedMind::new(["second"]))]);
        let went = reply(&chain).await;
        assert_eq!((went.text.as_str(), went.changes.len()), ("second", 2), "{fault:?}");
        assert!(went.took < Duration::from_secs(4), "{fault:?}: {:?}", went.took);
    }
}

#[tokio::test(start_paused = true)]
async fn a_break_in_mid_reply_ends_it_and_nothing_is_said_twice() {
    for fault in [Fault::FailsAfter(2), Fault::HangsAfter(2), Fault::PanicsAfter(2)] {
        let broken = ScriptedMind::new(["one two three"]).with_faults(vec![Some(fault)]);
        let other = ScriptedMind::new(["another story"]);
        let went = reply(&ResilientMind::new(member(broken), [member(other)])).await;
        assert_eq!(went.text, "one two ", "{fault:?}");
        assert!(went.error.is_some() && went.changes.is_empty(), "{fault:?}: {went:?}");
        assert!(went.used[0].usage.output_tokens > 0, "what was received is accounted for");
    }
}

#[tokio::test(start_paused = true)]
async fn a_model_that_keeps_failing_is_not_asked_until_a_probe_finds_it_well() {
    let mut faults = vec![Some(Fault::AtOpen); 4];
    faults.push(None);
    let primary = member(ScriptedMind::new(["first"]).with_faults(faults));
    let chain = ResilientMind::new(primary.clone(), [member(ScriptedMind::new(["second"]))]);
    for _ in 0..2 {
        assert_eq!(reply(&chain).await.text, "second");
    }
    let state = primary.health.state();
    assert!(!primary.health.may_serve(), "{state:?}");
    assert_eq!((state.opened, state.successes), (1, 0));
    let attempts = state.attempts;
    let went = reply(&chain).await;
    assert_eq!(went.text, "second");
    assert!(went.took < Duration::from_millis(100), "nobody waits for it: {:?}", went.took);
    assert_eq!(primary.health.state().attempts, attempts);
    // The first probe fails by the plan, the second does not.
    comes("a probe", async {
        while !primary.health.may_serve() {
            tokio::time::advance(Duration::from_millis(500)).await;
            tokio::task::yield_now().await;
        }
    })
    .await;
    let went = reply(&chain).await;
    assert_eq!((went.text.as_str(), went.changes.len()), ("first", 0));
    assert!(primary.health.state().probes >= 1);
}

#[tokio::test(start_paused = true)]
async fn a_chain_in_which_everybody_fails_says_so_within_the_turn() {
    let broken =
        || member(ScriptedMind::new(["x"]).with_faults(vec![Some(Fault::HangsAfter(0)); 9]));
    let went = reply(&ResilientMind::new(broken(), [broken()])).await;
    assert_eq!(went.error, Some("timed_out"));
    assert!(went.took < Duration::from_secs(12), "{:?}", went.took);
}
