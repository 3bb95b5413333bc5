//! Replies that are written before they have the floor, through whole sessions: used, dropped, and when a mind breaks.
//!
//! The rules themselves are told as stories in `floor_prepared.rs`; here it is shown that what was prepared is what
//! sounds, once, and that what was dropped leaves nothing behind.

use std::sync::Arc;
use std::time::Duration;

use voice_studio::adapters::scripted::{Fault, ScriptedEndOfTurn, ScriptedMind};
use voice_studio::audio::SampleRate;
use voice_studio::conversation::{AiSpeaker, Input, Speaker};
use voice_studio::recording::Event;

use crate::recording::decode;
use crate::support::room::{Left, Room};
use crate::support::stand_ins::{Panicking, StandIns};

const QUESTION: &str = "Ada what is a moon";
const ANSWER: &str = "A moon is a rock that goes around a planet. It shines with borrowed light.";

/// A table at which replies are made ahead, as everywhere but in the other tests.
fn table(lines: &[&str], replies: &[&str]) -> StandIns {
    StandIns::new(lines, replies).with_rule("prepare.tries", "2").with_rule("prepare.next", "true")
}

async fn ask(room: &mut Room) {
    let before = room.page.replies_over();
    room.host_speaks(1500);
    room.until("an answer", |page| page.replies_over() > before).await;
}

fn of_kind<'a>(left: &'a Left, kind: &str) -> Vec<&'a Event> {
    left.events.iter().filter(|event| event.kind == kind).collect()
}

/// What became of the prepared replies, oldest first: the turn, how it ended, why.
fn prepared(left: &Left) -> Vec<(u64, String, String)> {
    let text = |event: &Event, field| event.fields[field].as_str().unwrap_or_default().to_owned();
    of_kind(left, "reply.prepared")
        .into_iter()
        .map(|event| {
            let turn = event.fields["turn"].as_u64().expect("a turn");
            (turn, text(event, "end"), text(event, "reason"))
        })
        .collect()
}

#[actix::test]
async fn the_reply_that_was_begun_before_the_turn_was_over_is_the_one_that_sounds() {
    let mind = Arc::new(ScriptedMind::new([ANSWER, "Nobody asked for this."]));
    let cast = table(&[QUESTION], &[]).with_mind(0, Arc::clone(&mind) as Arc<_>);
    let mut room = Room::open(&cast).await;
    ask(&mut room).await;
    let left = room.end().await;
    assert_eq!(mind.prompts().len(), 1, "asked once");
    assert_eq!(left.page.said(Speaker::Claude), ANSWER);
    let [(turn, end, reason)] = &prepared(&left)[..] else { panic!("{:?}", prepared(&left)) };
    assert_eq!((end.as_str(), reason.as_str()), ("used", "words_stood"));
    let grants = of_kind(&left, "floor.grant");
    let [grant] = grants[..] else { panic!("{grants:?}") };
    assert_eq!(grant.fields["turn"].as_u64(), Some(*turn));
    let started = of_kind(&left, "llm.start");
    assert!(started[0].seq < grant.seq, "asked before it had the floor");
    let metrics = of_kind(&left, "turn.metrics");
    let [metrics] = metrics[..] else { panic!("{metrics:?}") };
    assert!(metrics.fields["firstHeardMs"].is_u64(), "{metrics:?}");
}

#[actix::test]
async fn a_reply_to_half_a_question_is_dropped_unheard_and_the_whole_question_is_answered_once() {
    let mind = Arc::new(ScriptedMind::new(["Half an answer to half a question.", ANSWER]));
    let mut cast = table(&[QUESTION, "and what is a star"], &[]);
    cast = cast.with_mind(0, Arc::clone(&mind) as Arc<_>);
    // It may be over, says the model, but hardly is; at the end it is sure.
    cast.end_of_turn = Some(Arc::new(ScriptedEndOfTurn::new([100, 100, 900])));
    let mut room = Room::open(&cast).await;
    room.host_speaks(1500);
    room.run(2300).await;
    ask(&mut room).await;
    let left = room.end().await;
    assert_eq!(left.page.said(Speaker::Claude), ANSWER);
    assert_eq!(left.page.said(Speaker::You), format!("{QUESTION} and what is a star"));
    let ends: Vec<_> = prepared(&left).into_iter().map(|(_, end, _)| end).collect();
    assert_eq!(ends, ["discarded", "used"]);
    let dropped = prepared(&left)[0].0;
    let is_of_it = |event: &&Event| {
        event.fields.get("turn").and_then(serde_json::Value::as_u64) == Some(dropped)
    };
    for kind in ["floor.grant", "caption", "playout.order", "turn.end"] {
        assert_eq!(of_kind(&left, kind).into_iter().filter(is_of_it).count(), 0, "{kind}");
    }
    let words = ANSWER.split(' ').count() as u64;
    let heard = left.page.heard(AiSpeaker::Claude).len() as u64;
    assert_eq!(heard, words * 300 * 48, "what is heard is the one answer, whole");
    let last = mind.prompts().pop().expect("a prompt");
    let told: Vec<_> = last.messages.iter().map(|message| message.text.as_str()).collect();
    assert!(told.iter().all(|text| !text.contains("Half an answer")), "{told:?}");
}

#[actix::test]
async fn a_mind_that_breaks_while_it_prepares_answers_once_all_the_same() {
    tokio::time::pause();
    for fault in [Fault::FailsAfter(0), Fault::FailsAfter(3), Fault::AtOpen] {
        let mind = ScriptedMind::new([ANSWER]).with_faults(vec![Some(fault)]);
        let cast = table(&[QUESTION], &[]).with_mind(0, Arc::new(mind));
        let mut room = Room::open_next(&cast, SampleRate::HZ_48000).await;
        ask(&mut room).await;
        room.run(3000).await;
        let left = room.end().await;
        assert_eq!(left.page.said(Speaker::Claude), ANSWER, "{fault:?}");
        assert_eq!(prepared(&left)[0].2, "reply_failed", "{fault:?}");
    }
    let mind = Panicking::times(1, ScriptedMind::new([ANSWER]));
    let cast = table(&[QUESTION], &[]).with_mind(0, mind);
    let mut room = Room::open_next(&cast, SampleRate::HZ_48000).await;
    ask(&mut room).await;
    room.run(3000).await;
    let left = room.end().await;
    assert_eq!(left.page.said(Speaker::Claude), ANSWER, "a mind that panicked");
    let errors = of_kind(&left, "error");
    assert!(errors.iter().all(|error| error.fields["context"] == "llm") && errors.len() == 1);
}

/// A reply that nobody waits for yet is put off while a rate limit is nearly spent: until its reset, or until the floor is
/// given to it, whichever comes first.
#[actix::test]
async fn a_reply_is_not_made_ahead_while_a_rate_limit_is_nearly_spent() {
    tokio::time::pause();
    for (seconds, is_ahead) in [(3600, false), (0, true)] {
        let mind = ScriptedMind::new([ANSWER]).with_spent(Duration::from_secs(seconds));
        let mind = Arc::new(mind);
        let cast = table(&[QUESTION], &[]).with_mind(0, Arc::clone(&mind) as Arc<_>);
        let mut room = Room::open_next(&cast, SampleRate::HZ_48000).await;
        ask(&mut room).await;
        let left = room.end().await;
        assert_eq!(left.page.said(Speaker::Claude), ANSWER);
        assert_eq!(mind.prompts().len(), 1, "asked once");
        let [(_, end, _)] = &prepared(&left)[..] else { panic!("{:?}", prepared(&left)) };
        assert_eq!(end, "used", "what was put off is what is used");
        let first = of_kind(&left, "llm.first-token")[0].seq;
        let granted = of_kind(&left, "floor.grant")[0].seq;
        assert_eq!(first < granted, is_ahead, "reset after {seconds} s");
        let mut held = of_kind(&left, "adapter.state");
        held.retain(|event| event.fields.contains_key("outcome"));
        let [held] = held[..] else { panic!("{held:?}") };
        assert_eq!(held.fields["outcome"], "holding");
        assert_eq!(held.fields["cause"], "2 of 50 requests are left");
        assert!(left.page.told().is_empty(), "the host need not know: {:?}", left.page.told());
    }
}

/// The gap between two AI speakers is chosen, though each thinks for longer than it lasts.
#[actix::test]
async fn on_autopilot_the_next_speaker_begins_after_the_chosen_gap() {
    let think = Duration::from_millis(800);
    let mind = |text: &str| {
        Arc::new(ScriptedMind::new([text]).with_delays(think, Duration::ZERO)) as Arc<_>
    };
    let cast = table(&[QUESTION], &[])
        .with_rule("autopilot.maxTurns", "4")
        .with_mind(0, mind(ANSWER))
        .with_mind(1, mind("It is a good rock and I like it. Nobody knows why."));
    let mut room = Room::open(&cast).await;
    room.press(Input::AutopilotSet { enabled: true });
    ask(&mut room).await;
    room.until("four turns", |page| page.replies_over() >= 4).await;
    room.run(1000).await;
    let left = room.end().await;
    let tracks = [Speaker::Claude, Speaker::Guest].map(|ai| decode(&left.folder, ai));
    // Who sounds in each 5 ms, and for how many of them nobody does between two who do.
    let loud = |track: &[i16]| track.iter().any(|sample| sample.unsigned_abs() > 1500);
    let [claude, guest] = tracks.each_ref().map(|track| track.chunks(240).map(loud));
    let mut gaps = Vec::new();
    let mut last = None;
    for (at, sounds) in (0_usize..).zip(claude.zip(guest)) {
        let who = match sounds {
            (true, false) => Speaker::Claude,
            (false, true) => Speaker::Guest,
            (true, true) => panic!("both at {} ms", at * 5),
            (false, false) => continue,
        };
        if let Some((before, until)) = last
            && before != who
        {
            gaps.push((at - until - 1) * 5);
        }
        last = Some((who, at));
    }
    println!("gaps: {gaps:?} ms");
    assert_eq!(gaps.len(), 3, "{gaps:?}");
    assert!(gaps.iter().all(|gap| gap.abs_diff(250) <= 40), "{gaps:?}");
    let used = prepared(&left).into_iter().filter(|(_, end, _)| end == "used").count();
    assert!(used >= 3, "{:?}", prepared(&left));
}
