//! A session whose process was killed goes on after the restart: with its token, its memory, its captions, in a new take.

use std::path::Path;

use voice_studio::client::Received;
use voice_studio::conversation::OrbState;
use voice_studio::recording::{Event, Manifest, find_survivor, read_events, recover};
use voice_studio::transport::protocol::{ClientMessage, Hello, ServerMessage, WireCaption};

use crate::support::log::check_log;
use crate::support::process::Process;
use crate::support::studio::Guest;
use crate::support::web::request;

/// What a page knows when its connection breaks.
#[derive(Default)]
struct Known {
    token: String,
    last_seq: u64,
    captions: Vec<WireCaption>,
}

impl Known {
    fn take(&mut self, received: &Received) {
        let Received::Message(numbered) = received else { return };
        self.last_seq = numbered.seq;
        match &numbered.message {
            ServerMessage::SessionReady { resume_token, .. } => {
                self.token.clone_from(resume_token);
            }
            ServerMessage::Caption(caption) if caption.is_final => {
                self.captions.push(caption.clone());
            }
            _ => {}
        }
    }

    async fn until(&mut self, guest: &mut Guest, seen: impl Fn(&Self, &Received) -> bool) {
        loop {
            let received = guest.next().await;
            assert!(!matches!(received, Received::Closed { .. }), "{received:?}");
            self.take(&received);
            if seen(self, &received) {
                return;
            }
        }
    }

    fn hello(&self) -> Hello {
        Hello {
            resume_token: Some(self.token.clone()),
            last_seq: Some(self.last_seq),
            ..Hello::default()
        }
    }
}

fn events(folder: &Path) -> Vec<Event> {
    let log = read_events(&folder.join("events.jsonl")).expect("a log");
    log.map(|event| event.expect("a whole line")).collect()
}

/// Asks by keyboard and waits until the line has its final caption.
async fn type_in(guest: &mut Guest, known: &mut Known, text: &str) {
    guest.say(ClientMessage::Say { text: text.to_owned() }).await;
    known.until(guest, |known, _| known.captions.iter().any(|caption| caption.text == text)).await;
}

/// Waits until the log on the disk has it too: what the page saw a few milliseconds before a kill may be lost.
async fn is_logged(folder: &Path, text: &str) {
    crate::support::comes("a line of the log", async {
        while !std::fs::read_to_string(folder.join("events.jsonl")).expect("a log").contains(text) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// What a take took over from the one before, line by line.
fn remembered(start: &Event) -> Vec<String> {
    let lines = start.fields["memory"]["lines"].as_array().expect("a memory");
    lines.iter().map(|line| line["text"].as_str().expect("a text").to_owned()).collect()
}

#[actix::test]
async fn a_session_whose_process_was_killed_goes_on_in_a_new_take_and_remembers() {
    let process = Process::start();
    process.is_ready().await;
    let mut guest = process.join().await;
    let mut known = Known::default();
    type_in(&mut guest, &mut known, "Ada, remember that my cat is called Tycho.").await;
    guest.say(ClientMessage::ToggleAutopilot { enabled: true }).await;
    known
        .until(&mut guest, |_, received| {
            matches!(received, Received::Message(numbered)
                if matches!(numbered.message, ServerMessage::Autopilot { enabled: true }))
        })
        .await;
    is_logged(&process.recording(), "\"order\":\"show-autopilot\"").await;
    let dir = process.kill();
    let first = events(&dir.path().join("recordings/table"));
    let text = std::fs::read_to_string(dir.path().join("recordings/table/events.jsonl"));
    assert!(!text.expect("a log").contains(&known.token), "the token is in no recording");

    let process = Process::start_in(dir, &[]);
    // Whoever comes before the repair is done waits for it.
    let mut guest = process.join_as(known.hello()).await;
    let heard_before = known.last_seq;
    let (mut greeted, mut shown) = (None, None);
    while shown.is_none() {
        let Received::Message(numbered) = guest.next().await else { continue };
        assert!(numbered.seq > heard_before, "numbers rise on over the gap");
        match &numbered.message {
            ServerMessage::SessionReady { resumed, episode_id, resume_token, .. } => {
                assert!(*resumed && *resume_token == known.token);
                greeted = Some(episode_id.clone());
            }
            ServerMessage::Snapshot { captions, autopilot, .. } => {
                assert!(*autopilot, "what the host had switched stays");
                shown = Some(captions.clone());
            }
            _ => {}
        }
    }
    assert_eq!(greeted.as_deref(), Some("table-2"), "a new take");
    let shown = shown.expect("captions");
    for caption in &known.captions {
        let same: Vec<_> = shown.iter().filter(|other| other.id == caption.id).collect();
        assert!(same.len() == 1 && same[0].text == caption.text, "{caption:?} in {shown:?}");
    }
    type_in(&mut guest, &mut known, "Oscar, what is my cat called?").await;
    let numbers: Vec<u32> = known.captions.iter().map(|caption| caption.id).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "no id twice: {numbers:?}");
    known
        .until(&mut guest, |_, received| {
            matches!(received, Received::Message(numbered) if matches!(
                numbered.message, ServerMessage::Orb { state: OrbState::Thinking, .. }))
        })
        .await;
    // A listener lost now comes back to the same session, not to a third take.
    drop(guest);
    let mut guest = process.join_as(known.hello()).await;
    guest.is_well().await;
    let listed = request(process.address, "GET", "/api/sessions", &[]).await.json();
    assert_eq!(listed["sessions"].as_array().map(Vec::len), Some(1));
    assert_eq!(guest.end().await, "table-2");

    let takes = process.dir.path().join("recordings");
    let second = events(&takes.join("table-2"));
    check_log(&second);
    let lines = remembered(&second[0]);
    assert!(lines.iter().any(|line| line.contains("Tycho")), "{lines:?}");
    let asked = second.iter().rfind(|event| event.kind == "llm.start").expect("somebody was asked");
    assert!(asked.fields["messages"].as_u64() > Some(1), "the cat and the question");
    let manifest = Manifest::read(&takes.join("table-2")).expect("readable").expect("finished");
    let continues = manifest.session.continues.expect("it says what it goes on from");
    assert_eq!((continues.episode.as_str(), manifest.recovered), ("table", false));
    let before = Manifest::read(&takes.join("table")).expect("readable").expect("repaired");
    assert!(before.recovered && before.session.continues.is_none());
    let ended = first[0].timestamp_ms - first[0].t_ms + before.session.samples / 48;
    let begun = second[0].timestamp_ms - second[0].t_ms;
    assert!(begun > ended, "{begun} and {ended}");
    assert_eq!(continues.gap_ms, begun - ended, "the gap is measured");

    // It has ended in order: its token opens nothing any more.
    let mut late = process.join_as(known.hello()).await;
    assert_eq!(late.error().await, "resume_unknown");
}

#[actix::test]
async fn a_session_that_died_twice_is_one_conversation_in_three_takes() {
    let mut dir = None;
    let mut known = Known::default();
    for take in 1..=3 {
        let process = match dir.take() {
            None => Process::start(),
            Some(dir) => Process::start_in(dir, &[]),
        };
        let mut guest = match take {
            1 => process.join().await,
            _ => process.join_as(known.hello()).await,
        };
        let line = format!("Ada, this is line {take}.");
        type_in(&mut guest, &mut known, &line).await;
        let folder = if take == 1 { "table".to_owned() } else { format!("table-{take}") };
        is_logged(
            &process.dir.path().join("recordings").join(folder),
            &format!("\"heardText\":\"{line}"),
        )
        .await;
        if take == 3 {
            assert_eq!(guest.end().await, "table-3");
            let folder = process.dir.path().join("recordings/table-3");
            let third = events(&folder);
            check_log(&third);
            let lines = remembered(&third[0]);
            for earlier in ["Ada, this is line 1.", "Ada, this is line 2."] {
                assert!(lines.iter().any(|line| line == earlier), "{earlier} in {lines:?}");
            }
        } else {
            dir = Some(process.kill());
        }
    }
}

#[actix::test]
async fn a_token_that_is_wrong_or_whose_recording_is_missing_opens_nothing() {
    let process = Process::start();
    let mut guest = process.join().await;
    let mut known = Known::default();
    type_in(&mut guest, &mut known, "Ada, good morning.").await;
    is_logged(&process.recording(), "good morning").await;
    let dir = process.kill();
    let process = Process::start_in(dir, &[]);
    let wrong = Hello { resume_token: Some(format!("{}0", known.token)), ..Hello::default() };
    let mut guest = process.join_as(wrong).await;
    assert_eq!(guest.error().await, "resume_unknown");
    process.is_ready().await;
    std::fs::remove_dir_all(process.recording()).expect("a folder");
    let mut guest = process.join_as(known.hello()).await;
    assert_eq!(guest.error().await, "resume_unknown");
    assert!(!process.dir.path().join("recordings/table-2").exists(), "nothing was begun");
}

#[actix::test]
async fn a_token_expires_ten_minutes_after_the_last_fact_of_its_session() {
    let process = Process::start();
    let mut guest = process.join().await;
    let mut known = Known::default();
    type_in(&mut guest, &mut known, "Ada, good morning.").await;
    is_logged(&process.recording(), "good morning").await;
    let dir = process.kill();
    let root = dir.path().join("recordings");
    recover(&root.join("table")).expect("repaired");
    let events = events(&root.join("table"));
    let hash = events[0].fields["resumeTokenHash"].as_str().expect("a hash").to_owned();
    let last = events.iter().map(|event| event.timestamp_ms).max().expect("a fact");
    let found_after = |minutes: u64, ms: u64| {
        find_survivor(&root, &hash, last + minutes * 60_000 + ms).expect("readable").is_some()
    };
    assert!(found_after(0, 0) && found_after(10, 0));
    assert!(!found_after(10, 1), "it is nobody's any more");
}
