//! Recognisers that fail in mid-sentence: every word of the host is in the transcript, once.

use std::sync::Arc;
use std::time::Duration;

use voice_studio::adapters::resilience::ears::ResilientEars;
use voice_studio::adapters::stt::{SpeechToText, SttEvent, SttOptions, SttStream};
use voice_studio::adapters::{AdapterNote, ChangeOutcome};
use voice_studio::conversation::Stability;

use crate::support::comes;
use crate::support::near_ears::NearEars;
use crate::support::simulators::Fault;
use crate::support::simulators::numbered::word;
use crate::write_an_adapter::spoken;

const WORDS: usize = 40;

fn all_words() -> String {
    (0..WORDS).map(word).collect::<Vec<_>>().join(" ")
}

/// The final words of a stream that is given numbered speech, and what was told of the products.
async fn transcript(ears: &ResilientEars) -> (String, Vec<ChangeOutcome>) {
    let stream = comes("open", ears.open(SttOptions::default())).await.unwrap();
    let SttStream { input, mut events } = stream;
    let feed = tokio::spawn(async move {
        for given in spoken(0..WORDS) {
            input.send(given).await.expect("a chain listens");
        }
    });
    let (mut finals, mut changes, mut last) = (Vec::new(), Vec::new(), 0);
    let mut is_done = false;
    while let Some(event) = comes("an event", events.recv()).await {
        match event.unwrap() {
            SttEvent::Words(words) => {
                assert!(words.segment > last, "words of a final segment: {words:?}");
                if words.stability == Stability::Final {
                    assert_eq!(words.segment, last + 1);
                    last = words.segment;
                    finals.push(words.text);
                }
            }
            SttEvent::Note(AdapterNote::Changed(change)) => changes.push(change.outcome),
            SttEvent::Note(AdapterNote::Begun(begun)) => panic!("a recogniser tells {begun:?}"),
            SttEvent::Note(AdapterNote::Used(_)) => {}
            SttEvent::Done => is_done = true,
        }
    }
    feed.await.unwrap();
    assert!(is_done);
    (finals.join(" "), changes)
}

#[tokio::test(start_paused = true)]
async fn no_word_is_lost_or_heard_twice_whatever_fault_strikes_in_mid_sentence() {
    for fault in Fault::all(7) {
        let ears = ResilientEars::new(NearEars::new(vec![Some(fault)]).member(), []);
        let (text, changes) = transcript(&ears).await;
        if fault == Fault::WrongOrder {
            // Older words in the place of newer ones are the service's own; none of them stays in the end.
            assert!(text.split(' ').count() <= WORDS, "{fault:?}: {text}");
            continue;
        }
        assert_eq!(text, all_words(), "{fault:?} {changes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_recogniser_steps_in_and_goes_on_where_the_first_one_broke() {
    for fault in [Fault::ResetAfter(9), Fault::MalformedAfter(9), Fault::SilenceAfter(9)] {
        let first = NearEars::new(vec![Some(fault); 3]);
        let second = NearEars::new(Vec::new());
        let ears = ResilientEars::new(first.member(), [second.member()]);
        let (text, changes) = transcript(&ears).await;
        assert_eq!(text, all_words(), "{fault:?} {changes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_recogniser_that_is_down_at_the_start_is_passed_over_and_comes_back_in_a_pause() {
    let first = NearEars::new(Vec::new());
    first.set_down(true);
    let primary = first.member();
    let ears = ResilientEars::new(primary.clone(), [NearEars::new(Vec::new()).member()]);
    let (text, changes) = transcript(&ears).await;
    assert_eq!(text, all_words());
    assert!(changes.contains(&ChangeOutcome::Switching), "{changes:?}");
    // One more stream, and its breaker is open.
    transcript(&ears).await;
    assert!(!primary.health.may_serve(), "{:?}", primary.health.state());

    first.set_down(false);
    let SttStream { input, mut events } = ears.open(SttOptions::default()).await.unwrap();
    let quiet = spoken(0..0);
    let mut returned = false;
    for _ in 0..120 {
        for given in &quiet {
            input.send(given.clone()).await.expect("a chain listens");
        }
        tokio::time::advance(Duration::from_secs(1)).await;
        while let Ok(event) = events.try_recv() {
            if let Ok(SttEvent::Note(AdapterNote::Changed(change))) = event {
                returned |= change.outcome == ChangeOutcome::Returned;
            }
        }
        if returned {
            break;
        }
    }
    assert!(returned, "{:?}", primary.health.state());
    assert!(primary.health.may_serve());
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_wrong_everywhere_ends_the_stream_with_the_refusal() {
    let ears = ResilientEars::new(NearEars::refusing().member(), []);
    let SttStream { input, mut events } = ears.open(SttOptions::default()).await.unwrap();
    let error = loop {
        match comes("an event", events.recv()).await {
            Some(Ok(_)) => {}
            Some(Err(error)) => break error,
            None => panic!("an end without an error"),
        }
    };
    assert_eq!(error.kind(), "refused");
    comes("the end", input.closed()).await;
}

/// One stream that the first choice refuses; then whether it may serve others, and how often its breaker opened.
async fn serves_after_a_refusal(first: &Arc<NearEars>) -> (bool, u64) {
    let primary = first.member();
    let ears = ResilientEars::new(primary.clone(), [NearEars::new(Vec::new()).member()]);
    let (text, changes) = transcript(&ears).await;
    assert_eq!(text, all_words(), "{changes:?}");
    assert!(changes.contains(&ChangeOutcome::Switching), "{changes:?}");
    // Longer than a probe takes.
    for _ in 0..60 {
        tokio::time::advance(Duration::from_millis(500)).await;
        tokio::task::yield_now().await;
    }
    assert!(primary.health.state().probes > 0);
    (primary.health.may_serve(), primary.health.state().opened)
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_one_request_keeps_the_product_for_everybody_else() {
    let first = NearEars::new(vec![Some(Fault::Status(400, None))]);
    assert_eq!(serves_after_a_refusal(&first).await, (true, 0));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_everybody_is_found_out_by_one_probe() {
    assert_eq!(serves_after_a_refusal(&NearEars::refusing()).await, (false, 1));
}

#[tokio::test(start_paused = true)]
async fn who_refuses_this_show_is_not_asked_again_in_every_pause() {
    let first = NearEars::speaking("en");
    let primary = first.member();
    let ears = ResilientEars::new(primary.clone(), [NearEars::new(Vec::new()).member()]);
    let german = SttOptions { language: "de".to_owned(), ..SttOptions::default() };
    let SttStream { input, mut events } = ears.open(german).await.unwrap();
    let quiet = spoken(0..0);
    let seconds = 150;
    for _ in 0..seconds {
        for given in &quiet {
            input.send(given.clone()).await.expect("a chain listens");
        }
        tokio::time::advance(Duration::from_secs(1)).await;
        while let Ok(event) = events.try_recv() {
            assert!(event.is_ok(), "{event:?}");
        }
    }
    let state = primary.health.state();
    println!(
        "asked {} times, probed {} times in {seconds} s of quiet",
        state.attempts, state.probes
    );
    assert!(primary.health.may_serve(), "it serves shows in its language: {state:?}");
    assert!((1..=4).contains(&state.attempts), "{state:?}");
    assert!((1..=4).contains(&state.probes), "{state:?}");
}
