//! Whole sessions with simulated services and a fault in mid-sentence: the show goes on, no word of the host is lost,
//! nothing is said twice, what was heard is what is captioned.

use std::sync::Arc;

use serde_json::Map;
use voice_studio::adapters::llm::LanguageModel;
use voice_studio::adapters::llm::anthropic::Anthropic;
use voice_studio::adapters::llm::openai_compatible::{Dialect, OpenAiCompatible};
use voice_studio::adapters::net::{Endpoint, Net};
use voice_studio::adapters::resilience::Member;
use voice_studio::adapters::resilience::ears::ResilientEars;
use voice_studio::adapters::resilience::mind::ResilientMind;
use voice_studio::adapters::resilience::voice::ResilientVoice;
use voice_studio::adapters::scripted::{Fault as Scripted, ScriptedVoice, pitch_hz};
use voice_studio::adapters::tts::TextToSpeech;
use voice_studio::audio::SampleRate;
use voice_studio::client::Received;
use voice_studio::conversation::{AiSpeaker, Input, OrbState, Speaker};
use voice_studio::secret::Secret;
use voice_studio::services::{Usage, services};
use voice_studio::transport::protocol::ClientMessage;

use crate::resilience::voices::pitches;
use crate::support::apart::{AskedApart, apart};
use crate::support::comes;
use crate::support::near_ears::NearEars;
use crate::support::process::Process;
use crate::support::room::{Left, Room};
use crate::support::simulators::anthropic::{Anthropic as AnthropicService, count_tokens};
use crate::support::simulators::chat::{Chat, House};
use crate::support::simulators::deepgram::Deepgram;
use crate::support::simulators::numbered::word;
use crate::support::simulators::speech::OpenAiSpeech;
use crate::support::simulators::{Asked, Fault, Simulator};
use crate::support::stand_ins::StandIns;
use crate::write_an_adapter::KEY;

const QUESTION: &str = "Ada what is a moon";
const ANSWER: &str =
    "A moon is a rock that goes around a planet. It shines with borrowed light, and that is all.";

fn claude(simulator: &Simulator<AnthropicService>) -> Member<dyn LanguageModel> {
    let service = Endpoint::parse(&simulator.url()).expect("an address");
    let key = Secret::new(KEY.to_owned());
    let model = "claude-haiku-4-5".to_owned();
    let claude = Anthropic::new(Net::new().expect("a client"), service, key, model);
    let claude: Arc<dyn LanguageModel> = Arc::new(AskedApart::new(claude, simulator));
    Member::of_mind(claude)
}

fn groq(simulator: &Simulator<Chat>) -> Member<dyn LanguageModel> {
    let service = Endpoint::parse(&simulator.url()).expect("an address");
    let key = Some(Secret::new(KEY.to_owned()));
    let (net, model) = (Net::new().expect("a client"), "openai/gpt-oss-20b".to_owned());
    let groq = OpenAiCompatible::new(Dialect::GROQ, net, service, key, model, Map::new());
    let groq: Arc<dyn LanguageModel> = Arc::new(AskedApart::new(groq, simulator));
    Member::of_mind(groq)
}

fn voice(voice: ScriptedVoice) -> Member<dyn TextToSpeech> {
    let voice: Arc<dyn TextToSpeech> = Arc::new(voice);
    Member::of_voice(voice)
}

/// The words that sound in what a listener heard are those of the captions.
fn heard_is_captioned(left: &Left, what: &str) {
    let said = left.page.said(Speaker::Claude);
    let captioned: Vec<u32> = said.split_whitespace().map(pitch_hz).collect();
    let sounded = pitches(left.page.heard(AiSpeaker::Claude), SampleRate::HZ_48000);
    assert_eq!(sounded.len(), captioned.len(), "{what}: {said:?}");
    for (sounded, captioned) in sounded.iter().zip(&captioned) {
        assert!(sounded.abs_diff(*captioned) <= 20, "{what}: {sounded} Hz in {said:?}");
    }
}

fn changes(left: &Left) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let is_change = |event: &&voice_studio::recording::Event| {
        event.kind == "adapter.state" && event.fields.contains_key("outcome")
    };
    left.events
        .iter()
        .filter(is_change)
        .map(|event| (text(&event.fields["adapter"]), text(&event.fields["outcome"])))
        .collect()
}

#[actix::test]
async fn a_recogniser_that_breaks_in_mid_sentence_loses_no_word_of_the_host() {
    tokio::time::pause();
    let words = 12;
    let spoken: Vec<String> = (0..words).map(word).collect();
    for fault in Fault::all(4) {
        let (first, second) = (NearEars::new(vec![Some(fault)]), NearEars::new(Vec::new()));
        let mut cast = StandIns::new(&[], &[ANSWER]);
        cast.speech_to_text = Arc::new(ResilientEars::new(first.member(), [second.member()]));
        let mut room = Room::open_next(&cast, SampleRate::HZ_48000).await;
        room.host_says(0..words);
        room.until("an answer", |page| page.replies_over() > 0).await;
        room.run(2000).await;
        let left = room.end().await;
        let said = left.page.said(Speaker::You);
        if fault != Fault::WrongOrder {
            assert_eq!(said, spoken.join(" "), "{fault:?}: {:?}", changes(&left));
        }
        assert!(!said.is_empty(), "{fault:?}");
    }
}

#[actix::test]
async fn a_language_model_that_fails_is_answered_for_within_the_turn() {
    tokio::time::pause();
    for fault in Fault::all(0) {
        // One that lasts: retries of the same service meet it again.
        let faults = vec![Some(fault); 4];
        let first =
            apart(Simulator::start_with(AnthropicService::new(KEY, &[ANSWER]), faults)).await;
        let second = apart(Simulator::start(Chat::new(House::Groq, KEY, &[ANSWER]))).await;
        let mind = Arc::new(ResilientMind::new(claude(&first), [groq(&second)]));
        let cast = StandIns::new(&[QUESTION], &[ANSWER]).with_mind(0, mind);
        let mut room = Room::open_next(&cast, SampleRate::HZ_48000).await;
        room.host_speaks(1500);
        room.until("an answer", |page| page.replies_over() > 0).await;
        let left = room.end().await;
        if fault != Fault::WrongOrder {
            let changes = changes(&left);
            assert_eq!(left.page.said(Speaker::Claude), ANSWER, "{fault:?}: {changes:?}");
            let is_harmless =
                matches!(fault, Fault::Latency(_) | Fault::Drip { .. } | Fault::ClockJump(_));
            assert_eq!(changes.is_empty(), is_harmless, "{fault:?}: {changes:?}");
        }
        heard_is_captioned(&left, &format!("{fault:?}"));
        let used = left.events.iter().filter(|event| event.kind == "service.use");
        assert!(used.count() > 0, "{fault:?}: tokens are accounted for");
    }
}

/// A language model at a service that goes wrong once, and the service, which lives as long as what is given back.
async fn failing_mind(is_claude: bool, fault: Fault) -> (Member<dyn LanguageModel>, Box<dyn Send>) {
    let plan = vec![Some(fault)];
    if is_claude {
        let service = AnthropicService::new(KEY, &[ANSWER]);
        let service = apart(Simulator::start_with(service, plan)).await;
        (claude(&service), Box::new(service))
    } else {
        let service = Chat::new(House::Groq, KEY, &[ANSWER]);
        let service = apart(Simulator::start_with(service, plan)).await;
        (groq(&service), Box::new(service))
    }
}

/// Each service, under each fault, in the middle of a sentence: what was written of the reply is said once and captioned as
/// it sounds, the turn ends, and the next question is answered as a whole.
#[actix::test]
async fn a_language_model_that_breaks_in_mid_reply_ends_its_turn_and_answers_the_next_question() {
    tokio::time::pause();
    // Who else speaks the second one's protocol is held to the same faults in `adapters/minds.rs`.
    for is_claude in [true, false] {
        for fault in Fault::all(9) {
            let what = format!("{}, {fault:?}", if is_claude { "anthropic" } else { "groq" });
            let (mind, _service) = failing_mind(is_claude, fault).await;
            let mind = Arc::new(ResilientMind::new(mind, []));
            let cast = StandIns::new(&[QUESTION, QUESTION], &[ANSWER]).with_mind(0, mind);
            let mut room = Room::open_next(&cast, SampleRate::HZ_48000).await;
            room.host_speaks(1500);
            room.until("the end of a turn", |page| page.replies_over() > 0).await;
            let before = room.page.said(Speaker::Claude);
            match fault {
                Fault::HalfClosedAfter(_)
                | Fault::EndsEarlyAfter(_)
                | Fault::ResetAfter(_)
                | Fault::MalformedAfter(_)
                | Fault::SilenceAfter(_) => {
                    let is_beginning = ANSWER.starts_with(before.trim());
                    assert!(is_beginning && before.len() < ANSWER.len(), "{what}: {before:?}");
                }
                Fault::Latency(_)
                | Fault::Drip { .. }
                | Fault::ClockJump(_)
                | Fault::Status(..) => assert_eq!(before, ANSWER, "{what}"),
                // Words that a service itself mixes up are its words.
                Fault::WrongOrder => {}
            }
            room.host_speaks(1500);
            room.until("an answer", |page| page.replies_over() > 1).await;
            let left = room.end().await;
            let said = left.page.said(Speaker::Claude);
            assert!(said.ends_with(ANSWER), "{what}: {said:?}");
            heard_is_captioned(&left, &what);
        }
    }
}

#[actix::test]
async fn a_voice_that_breaks_in_mid_word_goes_on_with_the_next_word() {
    tokio::time::pause();
    for events in [0, 1, 4, 9, 20, 35] {
        let broken = ScriptedVoice::new().with_faults(vec![Some(Scripted::FailsAfter(events))]);
        let other = ScriptedVoice::new().at_rate(SampleRate::HZ_24000);
        let voices = ResilientVoice::new(voice(broken), [(voice(other), String::new())]);
        let cast = StandIns::new(&[QUESTION], &[ANSWER]).with_voice(0, Arc::new(voices));
        let mut room = Room::open_next(&cast, SampleRate::HZ_48000).await;
        room.host_speaks(1500);
        room.until("an answer", |page| page.replies_over() > 0).await;
        let left = room.end().await;
        assert_eq!(left.page.said(Speaker::Claude), ANSWER, "after {events}: {:?}", changes(&left));
        heard_is_captioned(&left, &format!("after {events}"));
    }
}

#[actix::test]
async fn the_orb_a_sentence_and_the_log_say_what_is_going_on() {
    let first = apart(Simulator::start(AnthropicService::new(KEY, &[ANSWER]))).await;
    first.set_down(true);
    let second = apart(Simulator::start(Chat::new(House::Groq, KEY, &[ANSWER]))).await;
    let mind = Arc::new(ResilientMind::new(claude(&first), [groq(&second)]));
    let cast = StandIns::new(&[QUESTION], &[ANSWER]).with_mind(0, mind);
    let mut room = Room::open(&cast).await;
    room.host_speaks(1500);
    room.until("an answer", |page| page.replies_over() > 0).await;
    let left = room.end().await;
    assert!(left.page.orbs(Speaker::Claude).contains(&OrbState::Connecting));
    let told = left.page.told();
    assert!(
        told.contains(&"Ada's language model (anthropic) failed; another one is asked."),
        "{told:?}"
    );
    let changes = changes(&left);
    let seen: Vec<(&str, &str)> = changes.iter().map(|(a, o)| (a.as_str(), o.as_str())).collect();
    assert_eq!(seen, [("anthropic", "retrying"), ("anthropic", "switching"), ("groq", "serving")]);
    let change = left.events.iter().find(|event| event.fields.contains_key("outcome"));
    let fields = &change.expect("a change").fields;
    assert_eq!((fields["attempt"].as_u64(), fields["speaker"].as_str()), (Some(1), Some("claude")));
    assert!(
        fields["cause"].as_str().is_some_and(|cause| cause.starts_with("anthropic is unavailable"))
    );
    let manifest = std::fs::read_to_string(left.folder.join("session.yml")).expect("a manifest");
    assert!(
        manifest.contains("service: groq") && manifest.contains("output_tokens:"),
        "{manifest}"
    );
}

/// The lines of the log that say what Claude's language model was used for.
fn uses(left: &Left) -> Vec<&Map<String, serde_json::Value>> {
    let of_mind = |fields: &&Map<String, serde_json::Value>| {
        fields["kind"] == "llm" && fields["speaker"] == "claude"
    };
    let used = left.events.iter().filter(|event| event.kind == "service.use");
    used.map(|event| &event.fields).filter(of_mind).collect()
}

/// What the table of services says that a line of the log cost.
fn cost_of(fields: &Map<String, serde_json::Value>) -> Option<u64> {
    let number = |name: &str| fields[name].as_u64().expect("a number");
    let usage = Usage {
        input_tokens: number("inputTokens"),
        output_tokens: number("outputTokens"),
        cached_tokens: number("cachedTokens"),
        cache_written_tokens: number("cacheWrittenTokens"),
        ..Usage::default()
    };
    let text = |name: &str| fields[name].as_str().expect("a name");
    services().cost_micro_usd(text("adapter"), text("model"), usage)
}

#[actix::test]
async fn a_reply_that_is_interrupted_is_accounted_for_as_far_as_it_came() {
    tokio::time::pause();
    // A sentence and a word of the next one, of which the rest takes its time: longer than the host has.
    let words = 11;
    let written: usize = ANSWER.split_inclusive(' ').take(words).map(str::len).sum();
    let after = |events: usize| vec![Some(Fault::SilenceAfter(events + words))];
    let service = || AnthropicService::new(KEY, &[ANSWER]);
    let counting = apart(Simulator::start_with(service(), after(3))).await;
    let house = Chat::new(House::Groq, KEY, &[ANSWER]);
    let silent = apart(Simulator::start_with(house, after(2))).await;
    let whole = apart(Simulator::start(service())).await;
    let all_words = ANSWER.split(' ').count();
    for (mind, written, is_estimated) in [
        (claude(&counting), written / 4, true),
        (groq(&silent), written / 4, true),
        (claude(&whole), all_words, false),
    ] {
        let name = mind.adapter.name();
        let cast = StandIns::new(&[QUESTION], &[ANSWER])
            .with_mind(0, Arc::new(ResilientMind::new(mind, [])));
        let mut room = Room::open_next(&cast, SampleRate::HZ_48000).await;
        room.host_speaks(1500);
        room.until("the sound of an answer", |page| page.frames().count() > 0).await;
        room.press(Input::InterruptPressed);
        room.until("the end of the answer", |page| page.replies_over() > 0).await;
        let left = room.end().await;

        let used = uses(&left);
        assert_eq!(used.len(), 1, "{name}: once for one reply: {used:?}");
        let metrics = left.events.iter().find(|event| event.kind == "turn.metrics");
        for fields in [used[0], &metrics.expect("metrics").fields] {
            assert_eq!(fields["outputTokens"], written, "{name}: {fields:?}");
            assert_eq!(fields["estimated"], is_estimated, "{name}: {fields:?}");
        }
        let read = used[0]["inputTokens"].as_u64().expect("a number");
        match name {
            "anthropic" => {
                let service = if is_estimated { &counting } else { &whole };
                let told = count_tokens(&service.asked()[0].json());
                assert_eq!(read, told as u64, "what it told at the start");
                assert!(used[0]["cachedTokens"].as_u64() > Some(0), "{used:?}");
            }
            _ => assert!(read > 100, "a prompt of {read} tokens"),
        }
        let manifest = std::fs::read_to_string(left.folder.join("session.yml")).expect("a file");
        let cost = cost_of(used[0]);
        assert_eq!(
            cost.is_some(),
            name == "anthropic",
            "of the two the table knows this one's price"
        );
        for fields in [used[0], &metrics.expect("metrics").fields] {
            let told = fields.get("costMicroUsd").and_then(serde_json::Value::as_u64);
            assert_eq!(told, cost, "{name}: {fields:?}");
        }
        let dollars = manifest.lines().find_map(|line| line.trim().strip_prefix("cost_usd: "));
        let dollars = dollars.map(|dollars| dollars.parse::<f64>().expect("a number"));
        assert_eq!(dollars.is_some(), cost.is_some(), "{name}: {manifest}");
        let day = services().dated.as_str();
        let mut lines = manifest.lines().map(str::trim);
        let is_dated = lines.any(|line| line.starts_with("prices_dated: ") && line.contains(day));
        assert_eq!(is_dated, cost.is_some(), "{name}: {manifest}");
        let is_it = |(dollars, cost): (f64, u64)| (dollars * 1e6 - cost as f64).abs() < 1.0;
        assert!(dollars.zip(cost).is_none_or(is_it), "{name}: {dollars:?} and {cost:?}");
        assert!(manifest.contains(&format!("output_tokens: {written}")), "{name}: {manifest}");
        assert_eq!(manifest.contains("estimated: true"), is_estimated, "{name}: {manifest}");
    }
}

#[actix::test]
async fn connections_are_open_before_the_first_turn() {
    let key = "a-key-for-tests";
    let reply = ["A moon is a rock."];
    let claude = Simulator::start(AnthropicService::new(key, &reply)).await;
    let guest = Simulator::start(Chat::new(House::Groq, key, &reply)).await;
    let ears = Simulator::start(Deepgram::new(key)).await;
    let voice = Simulator::start(OpenAiSpeech::new(key)).await;
    let voices = format!("{}/v1", voice.url());
    let process = Process::start_with(&[
        ("USE_REAL_ADAPTERS", "true"),
        ("STT_PROVIDER", "deepgram"),
        ("TTS_PROVIDER", "openai"),
        ("GUEST_PROVIDER", "groq"),
        ("ANTHROPIC_API_KEY", key),
        ("GROQ_API_KEY", key),
        ("DEEPGRAM_API_KEY", key),
        ("OPENAI_API_KEY", key),
        ("ANTHROPIC_BASE_URL", &claude.url()),
        ("GROQ_BASE_URL", &guest.url()),
        ("DEEPGRAM_BASE_URL", &ears.url()),
        ("OPENAI_BASE_URL", &voices),
    ]);
    process.is_ready().await;
    let mut host = process.join().await;
    host.snapshot().await;
    comes("warm connections", async {
        while claude.connections().min(guest.connections()).min(voice.connections()) == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let is_warm_up = |asked: &Asked| asked.method == "HEAD";
    assert!(claude.asked().iter().chain(&guest.asked()).all(is_warm_up), "nobody was asked yet");
    host.say(ClientMessage::Say { text: "Ada, what is a moon?".to_owned() }).await;
    while !matches!(host.next().await, Received::Sound(_)) {}
    assert!(claude.asked().iter().any(|asked| asked.method == "POST"));
    assert_eq!(host.end().await, "table");
}
