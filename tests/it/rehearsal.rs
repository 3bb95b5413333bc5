//! The rehearsal language model: what it says about what was asked.

use std::time::Duration;

use proptest::prelude::*;
use voice_studio::adapters::Availability;
use voice_studio::adapters::llm::rehearsal::Rehearsal;
use voice_studio::adapters::llm::{LanguageModel, LlmEvent};
use voice_studio::briefings;
use voice_studio::conversation::briefing::Briefing;
use voice_studio::conversation::prompt::{Message, Prompt, Role, STAGE, cues, system_prompt};
use voice_studio::conversation::{AiSpeaker, Speaker};

use crate::support::shared_dir;

/// Words a second of the offline voices.
const PACE: f64 = 2.6;

fn example() -> Briefing {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/briefings");
    briefings::load(folder.as_ref(), "example").unwrap().briefing
}

/// The briefing of the rehearsals' fixtures, or the example where this machine does not have it.
fn fixture() -> Briefing {
    let path = shared_dir().map(|shared| shared.join("fixtures/host/ada-and-grace.md"));
    path.map_or_else(example, |path| briefings::load_path(&path).unwrap().briefing)
}

/// What was said at a table, and what each AI sees of it.
struct Table {
    briefing: Briefing,
    said: Vec<(Speaker, String)>,
}

impl Table {
    fn new(briefing: Briefing) -> Self {
        Self { briefing, said: Vec::new() }
    }

    fn host(&mut self, text: &str) -> &mut Self {
        self.said.push((Speaker::You, text.to_owned()));
        self
    }

    fn prompt(&self, speaker: AiSpeaker) -> Prompt {
        let messages = self.said.iter().map(|(by, text)| Message {
            role: if *by == speaker.into() { Role::Assistant } else { Role::User },
            name: self.briefing.speaker(*by).name.clone(),
            text: text.clone(),
        });
        Prompt {
            system: system_prompt(&self.briefing, speaker),
            messages: messages.collect(),
            answer_seconds: self.briefing.rules.answer_seconds,
        }
    }

    fn answer(&mut self, speaker: AiSpeaker) -> String {
        let answer = Rehearsal::answer(&self.prompt(speaker));
        self.said.push((speaker.into(), answer.clone()));
        answer
    }
}

fn answer_to(briefing: Briefing, line: &str) -> String {
    Table::new(briefing).host(line).answer(AiSpeaker::Claude)
}

fn words(text: &str) -> Vec<String> {
    let words =
        text.split(|c: char| !(c.is_alphanumeric() || c == '\'')).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

fn seconds(text: &str) -> f64 {
    f64::from(u32::try_from(words(text).len()).unwrap()) / PACE
}

/// A word that both texts hold and that is not one of the grammar.
fn shared_word(a: &str, b: &str) -> Option<String> {
    const GRAMMAR: &str = "the and you are was for not but all any can had has her him his how its may one our out she \
        too two who why did get let say about have that this with they there then what from will would which been \
        were your some might than their them himself when into even";
    let b = words(b);
    words(a).into_iter().find(|word| {
        word.len() >= 3 && !GRAMMAR.split(' ').any(|other| other == word) && b.contains(word)
    })
}

/// The host's lines of the fixtures, each as the words of one turn.
fn fixture_lines() -> Vec<String> {
    let Some(shared) = shared_dir() else {
        println!("skipped: no ../shared beside the project");
        return Vec::new();
    };
    let text = std::fs::read_to_string(shared.join("fixtures/host/timeline.json")).unwrap();
    let timeline: serde_json::Value = serde_json::from_str(&text).unwrap();
    let files = timeline.as_object().unwrap().values();
    let lines = files.filter_map(|file| file["lines"].as_array()).flatten();
    lines.map(|line| line["text"].as_str().unwrap().to_owned()).collect()
}

/// What people read aloud in the shared clips.
fn clip_transcripts() -> Vec<String> {
    let Some(shared) = shared_dir() else {
        println!("skipped: no ../shared beside the project");
        return Vec::new();
    };
    let manifest = std::fs::read_to_string(shared.join("speech/MANIFEST.tsv")).unwrap();
    let rows = manifest.lines().skip(1).map(|row| row.split('\t').collect::<Vec<_>>());
    rows.filter(|row| matches!(row[4], "read" | "question" | "command") && row[6] != "-")
        .map(|row| row[6].into())
        .collect()
}

#[test]
fn an_answer_takes_up_a_word_of_what_was_said() {
    let back_channels = ["mm hmm.", "right.", "Wait, stop there. Let me ask something else."];
    let mut lines = fixture_lines();
    lines.retain(|line| !back_channels.contains(&line.as_str()));
    lines.extend(clip_transcripts());
    lines.extend(
        ["How far is the moon?", "tell me about rain", "so whats a tide then"].map(str::to_owned),
    );
    for line in lines {
        let answer = answer_to(fixture(), &line);
        assert!(shared_word(&line, &answer).is_some(), "{line:?} was answered by {answer:?}");
    }
}

#[test]
fn an_answer_takes_seven_to_twelve_seconds() {
    for briefing in [fixture(), example()] {
        let mut table = Table::new(briefing);
        for line in fixture_lines()
            .iter()
            .chain(&clip_transcripts())
            .chain(&["".to_owned(), "uh".to_owned()])
        {
            table.host(line);
            for speaker in AiSpeaker::BOTH {
                let answer = table.answer(speaker);
                assert!(
                    (7.0..=12.0).contains(&seconds(&answer)),
                    "{:.1} s: {line:?}: {answer:?}",
                    seconds(&answer)
                );
            }
        }
    }
}

#[test]
fn an_answer_follows_the_length_that_the_show_wants() {
    for answer_seconds in [5_u16, 8, 15, 20] {
        let mut briefing = example();
        briefing.rules.answer_seconds = answer_seconds;
        let answer = answer_to(briefing, "How far away is the moon?");
        let share = seconds(&answer) / f64::from(answer_seconds);
        assert!((0.7..=1.2).contains(&share), "{answer_seconds} s: {answer:?}");
    }
    let mut briefing = example();
    briefing.rules.answer_seconds = 2;
    let answer = answer_to(briefing, "How far away is the moon?");
    assert!((1..=6).contains(&words(&answer).len()), "{answer:?}");
}

#[test]
fn a_short_answer_is_short_when_asked_for() {
    for line in [
        "Briefly, what are tides?",
        "Keep it short: how far is the moon?",
        "Give me a short answer, Ada. Does the moon have wind?",
        "In one sentence, who was the first on the moon?",
        "be brief",
    ] {
        let answer = answer_to(example(), line);
        assert!((1..=12).contains(&words(&answer).len()), "{line:?}: {answer:?}");
    }
    let answer = answer_to(example(), "In one word, what raises the tides?");
    assert_eq!(words(&answer).len(), 1, "{answer:?}");
    let long = answer_to(example(), "Tell me the long story of a short month.");
    assert!(words(&long).len() > 12, "{long:?}");
}

#[test]
fn the_briefing_is_what_it_speaks_from() {
    let answer = answer_to(example(), "How did the moon form? I mean, four billion years ago.");
    assert!(answer.contains("Most scientists think that the Moon formed"), "{answer}");
    let mut table = Table::new(example());
    let answer = table.host("Oscar, why is a month called a month?").answer(AiSpeaker::Guest);
    assert!(answer.contains("The word month comes from the Moon"), "{answer}");
    let answer = answer_to(fixture(), "What do you know about turn-taking between people?");
    assert!(
        answer.contains("turn-taking works between people") || answer.contains("turn-taking"),
        "{answer}"
    );
}

#[test]
fn a_speaker_knows_who_it_is() {
    let answer = answer_to(example(), "Welcome to the show. Clara, who are you?");
    assert!(
        answer.contains("Clara") && answer.contains("the co-host of our show, The Moon"),
        "{answer}"
    );
    let answer = answer_to(example(), "Good morning, Clara.");
    assert!(answer.contains("Clara") && answer.contains("Host"), "{answer}");
}

#[test]
fn thanks_and_good_night_are_answered_with_a_goodbye() {
    let mut table = Table::new(example());
    table.host("Thank you both. Good night.");
    for speaker in AiSpeaker::BOTH {
        let answer = table.answer(speaker);
        assert!(answer.contains("Good night") && answer.contains("ank"), "{answer}");
    }
}

#[test]
fn an_interruption_gets_the_floor_and_no_lecture() {
    let answer = answer_to(example(), "Wait, stop there. Let me ask something else.");
    let gives_way = answer.to_lowercase().contains("ask");
    assert!(gives_way && !answer.contains("Moon"), "{answer}");
}

#[test]
fn whoever_is_asked_to_agree_speaks_of_what_the_other_said() {
    let mut table = Table::new(example());
    table.host("Clara, why is there no wind on the moon?").answer(AiSpeaker::Claude);
    let answer = table.host("Oscar, do you agree with her?").answer(AiSpeaker::Guest);
    assert!(answer.contains("agree") && answer.contains("Clara"), "{answer}");
}

#[test]
fn the_second_to_answer_builds_on_the_first() {
    let mut table = Table::new(example());
    let first = table.host("You two, what does the moon do to the sea?").answer(AiSpeaker::Claude);
    let second = table.answer(AiSpeaker::Guest);
    let builds = ["more", "go on"].iter().any(|words| second.contains(words));
    assert!(builds && second.contains("sea"), "{first} / {second}");
}

/// What Clara answers to a question about the moon's distance with this in her ear.
fn answer_under(order: &str) -> String {
    let mut table = Table::new(example());
    let mut prompt = table.host("How far away is the moon?").prompt(AiSpeaker::Claude);
    let text = format!("({}{order}{})", cues::WHISPER, cues::WHISPER_END);
    prompt.messages.insert(0, Message { role: Role::User, name: STAGE.to_owned(), text });
    let answer = Rehearsal::answer(&prompt);
    assert!(!words(&answer).iter().any(|word| word == "producer" || word == "ear"), "{answer}");
    answer
}

#[test]
fn a_whisper_is_acted_on_and_not_mentioned() {
    let asks = answer_under("ask about the budget");
    assert!(asks.contains("the budget, Host?") && asks.contains("moon"), "{asks}");
    assert!((7.0..=12.0).contains(&seconds(&asks)), "{asks}");
    let asks = answer_under("ask Oscar about lighthouses");
    assert!(asks.contains("lighthouses, Oscar?"), "{asks}");
    let known = answer_under("say something about the calendar");
    assert!(shared_word("calendar month", &known).is_some(), "{known}");
    let unknown = answer_under("mention the new sponsor");
    assert!(unknown.contains("the new sponsor."), "{unknown}");
    let brief = answer_under("be brief");
    assert!(words(&brief).len() <= 12, "{brief}");
    let last = answer_under("please wrap up");
    assert!(last.contains("Bye for now"), "{last}");
}

#[test]
fn a_whisper_is_acted_on_once() {
    let mut table = Table::new(example());
    let mut prompt = table.host("How far away is the moon?").prompt(AiSpeaker::Claude);
    let text = format!("({}ask about the budget{})", cues::WHISPER, cues::WHISPER_END);
    prompt.messages.push(Message { role: Role::User, name: STAGE.to_owned(), text });
    let (own, next) = ("And what about the budget, Host?", "And what is a tide?");
    for (role, name, text) in [(Role::Assistant, "Clara", own), (Role::User, "Host", next)] {
        prompt.messages.push(Message { role, name: name.to_owned(), text: text.to_owned() });
    }
    let answer = Rehearsal::answer(&prompt);
    assert!(!answer.contains("budget"), "{answer}");
}

#[test]
fn every_third_reply_hands_over_to_the_other_by_name() {
    let mut table = Table::new(example());
    let mut handed_over = Vec::new();
    for line in [
        "What about tides?",
        "And the calendar?",
        "And footprints?",
        "And lava?",
        "Mars?",
        "Apollo?",
    ] {
        let answer = table.host(line).answer(AiSpeaker::Claude);
        handed_over.push(answer.ends_with('?') && answer.contains("Oscar"));
    }
    assert_eq!(handed_over, [false, false, true, false, false, true]);
}

#[test]
fn nobody_repeats_themselves_in_a_long_dialogue() {
    let mut table = Table::new(fixture());
    let mut last = [String::new(), String::new()];
    for turn in 0..60 {
        match turn % 5 {
            0 => drop(table.host("So what makes a good conversation?")),
            2 => drop(table.host("yes")),
            _ => {}
        }
        for speaker in AiSpeaker::BOTH {
            let answer = table.answer(speaker);
            assert_ne!(answer, last[speaker.index()], "turn {turn}");
            last[speaker.index()] = answer;
        }
    }
}

#[test]
fn nobody_speaks_for_the_other() {
    let mut table = Table::new(example());
    for _ in 0..20 {
        table.host("What do you both make of the far side of the moon?");
        for speaker in AiSpeaker::BOTH {
            let answer = table.answer(speaker);
            let names = table.briefing.speakers.each_ref().map(|brief| format!("{}:", brief.name));
            assert!(!names.iter().any(|name| answer.contains(name.as_str())), "{answer}");
            let theirs = table.briefing.private(speaker.other()).lines();
            assert!(!theirs.clone().any(|secret| answer.contains(secret)), "{answer}");
        }
    }
}

#[test]
fn a_prompt_with_nothing_in_it_is_answered() {
    let empty = Prompt { system: String::new(), messages: Vec::new(), answer_seconds: 10 };
    let answer = Rehearsal::answer(&empty);
    assert!(seconds(&answer) >= 7.0, "{answer}");
    let nothing = Prompt { answer_seconds: 0, ..empty };
    assert!(!Rehearsal::answer(&nothing).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_words_of_the_host_get_an_answer_that_is_the_same_twice(line in "\\PC{0,200}", again in "[a-z ,.?!']{0,80}") {
        let mut table = Table::new(example());
        let first = table.host(&line).answer(AiSpeaker::Claude);
        table.host(&again);
        let prompt = table.prompt(AiSpeaker::Claude);
        let second = Rehearsal::answer(&prompt);
        prop_assert!(!first.trim().is_empty() && !second.trim().is_empty());
        prop_assert_eq!(&second, &Rehearsal::answer(&prompt));
        prop_assert_ne!(first, second);
    }
}

#[tokio::test(start_paused = true)]
async fn the_text_comes_in_pieces_at_its_pace_and_ends_once() {
    let model = Rehearsal::new(Duration::from_millis(40));
    assert_eq!(
        (model.name(), model.model(), model.availability()),
        ("rehearsal", "rehearsal", Availability::Ready)
    );
    let mut table = Table::new(example());
    let prompt = table.host("How far is the moon?").prompt(AiSpeaker::Claude);
    let start = tokio::time::Instant::now();
    let mut stream = model.open(prompt.clone()).await.unwrap();
    let (mut text, mut pieces, mut dones) = (String::new(), 0_u32, 0);
    while let Some(event) = stream.events.recv().await {
        match event.unwrap() {
            LlmEvent::Text(piece) => {
                assert!(!piece.is_empty() && dones == 0);
                text.push_str(&piece);
                pieces += 1;
            }
            LlmEvent::Begun(read) => panic!("nothing is counted here, but {read:?}"),
            LlmEvent::Note(note) => panic!("no product tells {note:?}"),
            LlmEvent::Done(_) => dones += 1,
        }
    }
    assert_eq!((text, dones), (Rehearsal::answer(&prompt), 1));
    assert!(pieces > 5);
    assert_eq!(start.elapsed(), Duration::from_millis(40) * pieces);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_stream_stops_the_work() {
    let model = Rehearsal::new(Duration::from_secs(3600));
    let mut table = Table::new(example());
    let stream = model.open(table.host("Hello.").prompt(AiSpeaker::Guest)).await.unwrap();
    drop(stream);
    let start = tokio::time::Instant::now();
    while tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
}
