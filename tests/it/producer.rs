//! The producer's channel, second takes and long shows through whole sessions: what reaches a model, a page and a file.
//!
//! Every session's log is replayed when it is over (`support/log.rs`): whispers, strikes and summaries are inputs.

use std::sync::Arc;

use voice_studio::adapters::llm::rehearsal::Rehearsal;
use voice_studio::adapters::scripted::ScriptedMind;
use voice_studio::conversation::{AiSpeaker, Input, Prompt, Speaker, StrikeScope};
use voice_studio::recording::{Event, Manifest};
use voice_studio::session::notice::Notice;
use voice_studio::time::Span;

use crate::support::room::{Left, Room};
use crate::support::stand_ins::StandIns;

const ANSWER: &str = "A moon is a rock that goes around a planet.";

async fn ask(room: &mut Room) {
    let before = room.page.replies_over();
    room.host_speaks(1500);
    room.until("an answer", |page| page.replies_over() > before).await;
    room.run(400).await;
}

fn of_kind<'a>(left: &'a Left, kind: &str) -> Vec<&'a Event> {
    left.events.iter().filter(|event| event.kind == kind).collect()
}

fn file(left: &Left, name: &str) -> String {
    std::fs::read_to_string(left.folder.join(name)).expect("a file of the recording")
}

fn told(prompt: &Prompt) -> Vec<&str> {
    prompt.messages.iter().map(|message| message.text.as_str()).collect()
}

#[actix::test]
async fn a_whisper_reaches_one_mind_and_no_caption_track_or_other_mind() {
    let minds = [0, 1].map(|_| Arc::new(ScriptedMind::new([ANSWER])));
    let cast = StandIns::new(&["Ada what is a moon", "Oscar what is a moon"], &[])
        .with_mind(0, Arc::clone(&minds[0]) as Arc<_>)
        .with_mind(1, Arc::clone(&minds[1]) as Arc<_>);
    let mut room = Room::open(&cast).await;
    let text = "mention the sponsor".to_owned();
    room.press(Input::Whispered { speaker: AiSpeaker::Guest, text: text.clone() });
    ask(&mut room).await;
    ask(&mut room).await;
    let is_taken = |notice: &Notice| matches!(notice, Notice::Whispered { speaker: AiSpeaker::Guest, text: told } if *told == text);
    assert!(room.page.notices().any(is_taken), "whoever whispered sees that it was taken");
    let left = room.end().await;
    let [ada, oscar] = minds.map(|mind| mind.prompts());
    assert!(ada.iter().all(|prompt| !told(prompt).concat().contains("sponsor")), "{ada:?}");
    assert_eq!(oscar.len(), 1);
    assert!(told(&oscar[0]).iter().any(|line| line.contains("mention the sponsor")), "{oscar:?}");
    for name in ["you.vtt", "claude.vtt", "guest.vtt", "episode.vtt", "session.yml"] {
        assert!(!file(&left, name).contains("sponsor"), "{name}");
    }
    assert_eq!(of_kind(&left, "whisper").len(), 1);
}

#[actix::test]
async fn what_is_struck_stays_in_the_files_is_listed_for_the_editor_and_is_forgotten() {
    let mind = Arc::new(ScriptedMind::new([ANSWER, "A moon is a stone, to be exact."]));
    let cast = StandIns::new(&["Ada what is a moon", "Ada what is a moon really"], &[])
        .with_mind(0, Arc::clone(&mind) as Arc<_>);
    let mut room = Room::open(&cast).await;
    ask(&mut room).await;
    room.press(Input::StrikePressed { last: None });
    room.run(400).await;
    ask(&mut room).await;
    let struck = room.page.notices().find_map(|notice| match notice {
        Notice::Struck { from, to, scope, turns } => Some((*from, *to, *scope, turns.clone())),
        _ => None,
    });
    let (from, to, scope, turns) = struck.expect("the page is told");
    assert_eq!(scope, StrikeScope::LastTurn);
    let left = room.end().await;
    let prompts = mind.prompts();
    assert_eq!(told(&prompts[1]), ["Ada what is a moon", "Ada what is a moon really"]);
    let manifest = Manifest::read(&left.folder).expect("it can be read").expect("it is there");
    let [cut] = &manifest.cuts[..] else { panic!("{:?}", manifest.cuts) };
    assert_eq!((cut.from_ms, cut.to_ms), (from.millis(), to.millis()));
    assert_eq!((cut.scope.as_str(), cut.turns.len()), ("last-turn", turns.len()));
    assert!(file(&left, "claude.vtt").contains("rock"), "captions keep what was said");
    let sounded = crate::recording::decode(&left.folder, Speaker::Claude);
    let of = |ms: u64| usize::try_from(ms * 48).expect("a place");
    let loud = sounded[of(from.millis())..of(to.millis())]
        .iter()
        .any(|sample| sample.unsigned_abs() > 300);
    assert!(loud, "the track keeps its sound");
}

#[actix::test]
async fn an_ai_that_is_struck_while_it_speaks_stops_and_the_stretch_ends_there() {
    let mind = Arc::new(ScriptedMind::new([
        "A moon is a rock that goes around a planet, and a planet is a rock that goes around a star.",
        ANSWER,
    ]));
    let cast = StandIns::new(&["Ada what is a moon", "Ada once more"], &[])
        .with_mind(0, Arc::clone(&mind) as Arc<_>);
    let mut room = Room::open(&cast).await;
    room.host_speaks(1500);
    let is_said = |notice: &Notice| matches!(notice, Notice::Caption(caption) if caption.speaker == Speaker::Claude && caption.text.contains("rock"));
    room.until("Ada speaks", |page| page.notices().any(is_said)).await;
    room.press(Input::StrikePressed { last: Some(Span::from_millis(60_000)) });
    room.run(1000).await;
    ask(&mut room).await;
    let left = room.end().await;
    let prompts = mind.prompts();
    assert_eq!(told(&prompts[1]), ["Ada once more"], "a minute ago nothing had been said");
    let manifest = Manifest::read(&left.folder).expect("it can be read").expect("it is there");
    assert_eq!(manifest.cuts.len(), 1);
    let ends: Vec<_> =
        of_kind(&left, "turn.end").iter().map(|end| end.fields["reason"].clone()).collect();
    assert_eq!(ends[1], "interrupted", "{ends:?}");
}

/// The rehearsal model sums up, as everywhere without a key; the session's log is replayed without any model.
#[actix::test]
async fn a_long_show_is_summed_up_by_the_minds_at_the_table() {
    let questions = [
        "Ada what is a moon and why does it go around us",
        "Oscar what is a star and why does it shine at night",
        "Ada what is a planet and how many of them are there",
        "Oscar what is a comet and where does it come from",
    ];
    let script: Vec<&str> = questions.iter().copied().cycle().take(7).collect();
    let mut cast = StandIns::new(&script, &[])
        .with_rule("historyWords", "200")
        .with_mind(0, Arc::new(Rehearsal::default()))
        .with_mind(1, Arc::new(Rehearsal::default()));
    cast.briefing.everyone = "The moon is a rock. A star is a ball of gas. A planet is round. A comet is made of ice. \
                              The moon goes around us in a month. Stars shine at night because they burn. There are eight planets. \
                              Comets come from far away."
        .to_owned();
    let mut room = Room::open(&cast).await;
    for _ in 0..script.len() {
        ask(&mut room).await;
    }
    let left = room.end().await;
    let asked = of_kind(&left, "summary.start").len();
    let written = of_kind(&left, "summary.written");
    assert!(
        asked >= 2 && written.len() >= asked - 2,
        "{asked} asked for, {} written",
        written.len()
    );
    let text = written[0].fields["text"].as_str().expect("a text");
    assert!(text.contains("Sam said: Ada what is a moon"), "{text}");
    let replies = of_kind(&left, "llm.start");
    let messages = |event: &Event| event.fields["messages"].as_u64().expect("a number");
    let most = replies.iter().map(|reply| messages(reply)).max().expect("replies");
    let all = 2 * script.len() as u64;
    assert!(most < all - 2, "the last prompt has not all {all} lines: {most}");
    let failed = of_kind(&left, "error");
    assert!(failed.is_empty(), "{failed:?}");
}
