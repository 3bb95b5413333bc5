//! Text timelines: what people do goes in as text, what the studio does comes out as text.
//!
//! A script has a line for each thing that happens, `seconds who does what`, and is followed by `----` and the
//! story expected. The rest of the world (recogniser, models, voices, page) behaves as [`Plan::default`] says.
//!
//! ```text
//!  1.0 host says "What about rain?" for 1.2
//!  ----
//!  2.46 t1 host ended completed "What about rain?"
//! ```

use std::fmt::Write as _;

use voice_studio::conversation::{AiSpeaker, Input, Order, Outcome, Stability, TurnId};
use voice_studio::time::{SessionTime, Span};

use super::meeting::{Event, Meeting, Plan, Script, ms};

/// Plays the script above `----` and compares the story with the text below it.
pub(crate) fn check(timeline: &str) {
    let (script, expected) = timeline.split_once("----").expect("a timeline has a line `----`");
    let mut lines: Vec<&str> =
        script.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let shows = lines.first().and_then(|line| line.strip_prefix("show ")).map(String::from);
    if shows.is_some() {
        lines.remove(0);
    }
    let mut meeting = Meeting::new(Plan::default(), None);
    meeting.learn(SessionTime::ZERO, Input::HostConnected);
    let mut end = SessionTime::from_millis(60_000);
    for line in lines {
        if let Some(until) = line.strip_prefix("until ") {
            end = seconds(until);
        } else {
            act(&mut meeting, line);
        }
    }
    let mut events = Vec::new();
    meeting.run(end, &mut events);
    let story = story(&events, shows.as_deref().unwrap_or(""), false);
    let squeezed = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
    };
    let (expected, told) = (squeezed(expected), squeezed(&story));
    assert!(told == expected, "\nthe story differs:\n{}", diff(&expected, &told));
}

/// What was expected and not told (`-`), told and not expected (`+`), and both (` `), in order.
fn diff(expected: &[String], told: &[String]) -> String {
    // Longest common subsequence, from the end.
    let mut common = vec![vec![0_usize; told.len() + 1]; expected.len() + 1];
    for (i, left) in expected.iter().enumerate().rev() {
        for (j, right) in told.iter().enumerate().rev() {
            common[i][j] = if left == right {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut text) = (0, 0, String::new());
    while i < expected.len() || j < told.len() {
        let (mark, line) = if i < expected.len() && j < told.len() && expected[i] == told[j] {
            (i, j) = (i + 1, j + 1);
            (' ', &told[j - 1])
        } else if j == told.len() || (i < expected.len() && common[i + 1][j] >= common[i][j + 1]) {
            i += 1;
            ('-', &expected[i - 1])
        } else {
            j += 1;
            ('+', &told[j - 1])
        };
        writeln!(text, "{mark} {line}").unwrap();
    }
    text
}

fn seconds(text: &str) -> SessionTime {
    let seconds: f64 = text.trim().parse().unwrap_or_else(|_| panic!("{text:?} is no time"));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small times written in a test"
    )]
    SessionTime::from_millis((seconds * 1000.0).round() as u64)
}

fn span(text: &str) -> Span {
    seconds(text).since(SessionTime::ZERO)
}

/// One line of a script.
fn act(meeting: &mut Meeting, line: &str) {
    let (time, rest) = line.split_once(' ').unwrap_or_else(|| panic!("{line:?} has no time"));
    let at = seconds(time);
    let (quoted, plain) = match rest.split_once('"') {
        Some((before, after)) => {
            let (text, after) =
                after.rsplit_once('"').unwrap_or_else(|| panic!("{line:?}: an open quote"));
            (text, format!("{before}{after}"))
        }
        None => ("", String::from(rest)),
    };
    let words: Vec<&str> = plain.split_whitespace().collect();
    let ai = |name: &str| if name == "ada" { AiSpeaker::Claude } else { AiSpeaker::Guest };
    let reply = |meeting: &mut Meeting, name: &str, script: Script| {
        meeting.replies[ai(name).index()].push_back(script);
    };
    match words.as_slice() {
        ["host", "says", "for", length] => {
            meeting.say(at, span(length), quoted, ms(meeting.plan.words_after));
        }
        ["host", "says", "for", length, "heard", "after", after] => {
            meeting.say(at, span(length), quoted, span(after));
        }
        ["host", "sounds", "for", length] => meeting.voice(at, span(length)),
        ["recogniser", "hears", "for", length, "heard", "after", after] => {
            meeting.words(at, span(length), quoted, span(after));
        }
        ["recogniser", "hears", "for", length, "interim", "at", told] => {
            meeting.interim(at, span(length), quoted, seconds(told));
        }
        ["recogniser", "repeats", "it"] => meeting.repeat_last(at, Stability::Final),
        ["recogniser", "corrects", "it", "to"] => meeting.correct_last(at, quoted),
        ["host", "starts"] => meeting.learn(at, Input::SpeechStarted { at }),
        ["host", "stops"] => meeting.learn(at, Input::SpeechStopped { at }),
        ["ada", "plays", "in", "t9"] => {
            meeting.learn(at, Input::Played { turn: TurnId(9), samples: 480, at });
        }
        ["ada", "voice", "breaks", "after", heard] => meeting.break_voice(span(heard)),
        ["host", "types"] => meeting.learn(at, Input::Typed { text: quoted.into() }),
        ["host", "marks"] => meeting.learn(at, Input::Marked { label: quoted.into() }),
        ["host", "interrupts"] => meeting.learn(at, Input::InterruptPressed),
        ["host", "nominates", name] => meeting.learn(at, Input::Nominated { speaker: ai(name) }),
        ["host", "mutes"] => meeting.learn(at, Input::MuteSet { muted: true }),
        ["host", "unmutes"] => meeting.learn(at, Input::MuteSet { muted: false }),
        ["host", "holds", "the", "key"] => meeting.learn(at, Input::PushToTalkSet { held: true }),
        ["host", "releases", "the", "key"] => {
            meeting.learn(at, Input::PushToTalkSet { held: false });
        }
        ["host", "is", "lost"] => meeting.learn(at, Input::HostLost),
        ["host", "is", "back"] => meeting.learn(at, Input::HostConnected),
        ["host", "ends", "it"] => meeting.learn(at, Input::EndRequested),
        ["autopilot", "on"] => meeting.learn(at, Input::AutopilotSet { enabled: true }),
        ["autopilot", "off"] => meeting.learn(at, Input::AutopilotSet { enabled: false }),
        ["speculation", tries] => {
            meeting.rule(|rules| rules.speculation_tries = tries.parse().unwrap());
        }
        ["next", "is", "prepared"] => meeting.rule(|rules| rules.prepare_next = true),
        ["no", "sound", "is", "prepared"] => meeting.rule(|rules| rules.prepare_sound = false),
        ["gap", length] => {
            let gap = span(length);
            meeting.rule(move |rules| rules.ai_gap = gap);
        }
        ["ears", "fail"] => meeting.learn(at, Input::EarsChanged { available: false }),
        ["ears", "serve"] => meeting.learn(at, Input::EarsChanged { available: true }),
        ["model", "says", "nothing"] => meeting.scores.push_back(None),
        ["model", "says", score] => meeting.scores.push_back(Some(score.parse().unwrap())),
        ["model", "takes", delay] => meeting.plan.judge_after = span(delay).millis(),
        ["flush", "takes", delay] => meeting.plan.flush_after = span(delay).millis(),
        ["text", "takes", delay] => meeting.plan.text_after = span(delay).millis(),
        ["voice", "takes", delay] => meeting.plan.voice_after = span(delay).millis(),
        ["page", "reports", "every", delay] => meeting.plan.report_every = span(delay).millis(),
        [name @ ("ada" | "grace"), "will", "say"] => {
            reply(meeting, name, Script::Says(quoted.into()));
        }
        [name @ ("ada" | "grace"), "will", "fail"] => {
            reply(meeting, name, Script::Fails(quoted.into(), Outcome::Failed));
        }
        [name @ ("ada" | "grace"), "will", "refuse"] => {
            reply(meeting, name, Script::Fails(quoted.into(), Outcome::Refused));
        }
        [name @ ("ada" | "grace"), "will", "hang"] => reply(meeting, name, Script::Hangs),
        other => panic!("{line:?} means nothing here: {other:?}"),
    }
}

/// All that happened, as text, with facts if `with_facts`.
pub(crate) fn story_of(events: &[(SessionTime, Event)], with_facts: bool) -> String {
    story(events, "captions interim orbs pieces prompts speech ignored", with_facts)
}

fn story(events: &[(SessionTime, Event)], shows: &str, with_facts: bool) -> String {
    let shows: Vec<&str> = shows.split_whitespace().collect();
    let mut text = String::new();
    for (now, event) in events {
        let line = match event {
            Event::Order(order) => tell(order, &shows),
            Event::Fact(input) => with_facts.then(|| format!("        {input:?}")),
        };
        if let Some(line) = line {
            writeln!(text, "{}.{:02} {line}", now.millis() / 1000, now.millis() % 1000 / 10)
                .unwrap();
        }
    }
    text
}

fn tell(order: &Order, shows: &[&str]) -> Option<String> {
    let if_shown = |kind: &str, line: String| shows.contains(&kind).then_some(line);
    let word = |value: &dyn std::fmt::Debug| kebab(&format!("{value:?}"));
    match order {
        Order::AskEndOfTurn { ask } => Some(format!("ask {ask}")),
        Order::FinishRecognition => Some("finish recognition".into()),
        Order::StartReply { turn, speaker, prompt } => {
            let mut line = format!("{turn} {speaker} writes");
            if shows.contains(&"prompts") {
                for message in &prompt.messages {
                    write!(line, " | {} {}: {}", word(&message.role), message.name, message.text)
                        .unwrap();
                }
            }
            Some(line)
        }
        Order::Speak { turn, piece, text, .. } => {
            if_shown("pieces", format!("{turn} piece {piece} {text:?}"))
        }
        Order::FinishVoice { turn, .. } => if_shown("pieces", format!("{turn} no more pieces")),
        Order::StopReply { turn, speaker } => Some(format!("{turn} {speaker} stop")),
        Order::StartPlayout { turn, speaker } => Some(format!("{turn} {speaker} is heard")),
        Order::Duck { turn, gain_db, .. } => Some(format!("{turn} duck {gain_db} dB")),
        Order::Pause { turn, .. } => Some(format!("{turn} pause")),
        Order::Resume { turn, .. } => Some(format!("{turn} resume")),
        Order::Flush { turn, .. } => Some(format!("{turn} flush")),
        Order::SetOrb { speaker, state } => {
            if_shown("orbs", format!("orb {speaker} {}", word(state)))
        }
        Order::ShowCaption(caption) => {
            let mut line =
                format!("{} caption {} {:?}", caption.turn, caption.speaker, caption.text);
            if !caption.pending.is_empty() {
                write!(line, " + {:?}", caption.pending).unwrap();
            }
            if caption.cut {
                line.push_str(" cut");
            }
            write!(line, " {} to {}", caption.start, caption.end).unwrap();
            if_shown(if caption.is_final { "captions" } else { "interim" }, line)
        }
        Order::ShowAutopilot { enabled } => {
            Some(format!("autopilot {}", if *enabled { "on" } else { "off" }))
        }
        Order::Tell { code, .. } => Some(format!("tell {code}")),
        Order::NoteTurnStarted { turn, speaker } => Some(format!("{turn} {speaker} begins")),
        Order::NoteTurnEnded { turn, speaker, reason, heard_text, unheard_text } => {
            let mut line = format!("{turn} {speaker} ends {} {heard_text:?}", word(reason));
            if !unheard_text.is_empty() {
                write!(line, " unheard {unheard_text:?}").unwrap();
            }
            Some(line)
        }
        Order::NoteGranted { turn, speaker, reason } => {
            Some(format!("{turn} {speaker} granted {}", word(reason)))
        }
        Order::NoteDenied { speaker, reason } => Some(format!("{speaker} denied {reason}")),
        Order::NotePreparing { turn, speaker, after } => {
            Some(format!("{turn} {speaker} prepares for after {after}"))
        }
        Order::NotePrepared { turn, speaker, end, reason, words } => {
            Some(format!("{turn} {speaker} {} {reason} {words} words", word(end)))
        }
        Order::NoteBargeIn { turn, verdict, .. } => {
            Some(format!("{turn} barge-in {}", word(verdict)))
        }
        Order::NoteMarker { label, .. } => Some(format!("marker {label:?}")),
        Order::NoteIgnored { what } => if_shown("ignored", format!("ignored {what}")),
        Order::CloseSession => Some("close".into()),
    }
}

/// `BargedIn` as `barged-in`.
fn kebab(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.extend(c.to_lowercase());
    }
    text
}
