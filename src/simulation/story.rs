//! What happened in a meeting, told as text: a line for each order, and for each fact where one asks for them.

use std::fmt::Write as _;

use super::meeting::Event;
use crate::conversation::Order;
use crate::time::SessionTime;

/// Kinds of orders that a story leaves out unless they are asked for.
pub const ALL_KINDS: &str = "captions interim orbs pieces prompts speech ignored director";

/// All that happened, with the kinds of orders named in `shows` (of [`ALL_KINDS`]) and with facts if `with_facts`.
#[must_use]
pub fn story(events: &[(SessionTime, Event)], shows: &str, with_facts: bool) -> String {
    let shows: Vec<&str> = shows.split_whitespace().collect();
    let mut text = String::new();
    for (now, event) in events {
        let line = match event {
            Event::Order(order) => tell(order, &shows),
            Event::Fact(input) => with_facts.then(|| format!("        {input:?}")),
        };
        if let Some(line) = line {
            put(&mut text, format_args!("{} {line}\n", told_at(*now)));
        }
    }
    text
}

/// Seconds in hundredths, as they are scripted; in thousandths where they say more, so that no millisecond is lost.
fn told_at(now: SessionTime) -> String {
    let (seconds, millis) = (now.millis() / 1000, now.millis() % 1000);
    if millis.is_multiple_of(10) {
        format!("{seconds}.{:02}", millis / 10)
    } else {
        format!("{seconds}.{millis:03}")
    }
}

/// Writing into a text cannot fail.
fn put(text: &mut String, words: std::fmt::Arguments<'_>) {
    let written = text.write_fmt(words);
    debug_assert!(written.is_ok(), "a text takes all that is written into it");
}

/// One order as a line of a story, if its kind is shown.
#[must_use]
pub fn tell(order: &Order, shows: &[&str]) -> Option<String> {
    let if_shown = |kind: &str, line: String| shows.contains(&kind).then_some(line);
    let word = |value: &dyn std::fmt::Debug| kebab(&format!("{value:?}"));
    match order {
        Order::AskEndOfTurn { ask } => Some(format!("ask {ask}")),
        Order::FinishRecognition => Some("finish recognition".into()),
        Order::StartReply { turn, speaker, prompt } => {
            let mut line = format!("{turn} {speaker} writes");
            if shows.contains(&"prompts") {
                for message in &prompt.messages {
                    let role = word(&message.role);
                    put(&mut line, format_args!(" | {role} {}: {}", message.name, message.text));
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
                put(&mut line, format_args!(" + {:?}", caption.pending));
            }
            if caption.cut {
                line.push_str(" cut");
            }
            put(&mut line, format_args!(" {} to {}", caption.start, caption.end));
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
                put(&mut line, format_args!(" unheard {unheard_text:?}"));
            }
            Some(line)
        }
        Order::NoteTurnJudged { turn, votes } => if_shown(
            "votes",
            format!("{turn} judged {:?} after {} ms", votes.decided, votes.silence_ms),
        ),
        Order::NoteGranted { turn, speaker, reason, .. } => {
            Some(format!("{turn} {speaker} granted {}", word(reason)))
        }
        Order::NoteDenied { speaker, reason, .. } => Some(format!("{speaker} denied {reason}")),
        Order::NotePreparing { turn, speaker, after } => {
            Some(format!("{turn} {speaker} prepares for after {after}"))
        }
        Order::NotePrepared { turn, speaker, end, reason, words } => {
            Some(format!("{turn} {speaker} {} {reason} {words} words", word(end)))
        }
        Order::NoteBargeIn { turn, verdict, .. } => {
            Some(format!("{turn} barge-in {}", word(verdict)))
        }
        Order::ShowSegment { index, reason } => Some(format!("part {} {reason}", index + 1)),
        Order::Land { turn, .. } => Some(format!("{turn} lands")),
        Order::NoteWhispered { speaker, text } => Some(format!("{speaker} is told {text:?}")),
        Order::NoteStruck { from, to, scope, turns } => {
            let mut line = format!("struck {} {from} to {to}", word(scope));
            for struck in turns {
                put(&mut line, format_args!(" {}", struck.turn));
                if !struck.kept.is_empty() {
                    put(&mut line, format_args!(" but {:?}", struck.kept));
                }
            }
            Some(line)
        }
        Order::NoteDirected { turn, speaker, step, reason, .. } => {
            if_shown("director", format!("{turn} {speaker} to {} {reason}", word(step)))
        }
        Order::StartSummary { summary, speaker, .. } => {
            Some(format!("{speaker} sums up {summary}"))
        }
        Order::NoteSummarised { speaker, upto, outcome, .. } => {
            Some(format!("{speaker} remembers up to {upto} as summary {}", word(outcome)))
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
