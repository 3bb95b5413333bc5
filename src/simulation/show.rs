//! Lines of a timeline about the show around the floor: the producer, the plan, the summaries, a host's breath.

use std::fmt;

use super::act::{ai, name_of, span};
use super::meeting::{Meeting, Script};
use super::timeline::in_seconds;
use crate::conversation::briefing::{Segment, Setting};
use crate::conversation::{AiSpeaker, Input, Outcome, Speaker};
use crate::time::{SessionTime, Span};

/// What the producer does, what the plan is, and how summaries turn out. Parts of the plan are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShowAct {
    /// The producer whispers to this AI.
    Whispers(AiSpeaker, String),
    /// The producer strikes the last turn, or so much of the last time.
    Strikes(Option<Span>),
    /// The producer goes to this part of the plan.
    GoesTo(u16),
    /// The host makes a sound that is no voice.
    Breathes,
    /// The plan has another part, of so many minutes. Before anything has happened.
    Part(String, u16),
    /// In this part a rule holds. Before anything has happened.
    PartRule(u16, Setting),
    /// For this speaker a rule holds. Before anything has happened.
    SpeakerRule(Speaker, Setting),
    /// This AI has a role. Before anything has happened.
    Role(AiSpeaker, String),
    /// What the next summary will be.
    Summary(Script),
}

impl ShowAct {
    /// Reads one line: its words and what is quoted in it; none if it is about something else.
    pub(super) fn parse(words: &[&str], quoted: &str) -> Option<Result<Self, String>> {
        let quoted = || quoted.to_owned();
        let number = |text: &str| text.parse().map_err(|_wrong| format!("{text:?} is no number"));
        Some(match words {
            ["producer", "whispers", name] => {
                ai(name).map(|speaker| Self::Whispers(speaker, quoted()))
            }
            ["producer", "strikes"] => Ok(Self::Strikes(None)),
            ["producer", "strikes", length] => {
                span(length).map(|length| Self::Strikes(Some(length)))
            }
            ["producer", "goes", "to", "part", part] => number(part).map(Self::GoesTo),
            ["host", "breathes"] => Ok(Self::Breathes),
            ["part", "of", minutes] => number(minutes).map(|minutes| Self::Part(quoted(), minutes)),
            ["part", part, "rule", key, value] => {
                number(part).map(|part| Self::PartRule(part, setting(key, value)))
            }
            [name, "rule", key, value] => {
                let speaker =
                    if *name == "host" { Ok(Speaker::You) } else { ai(name).map(Speaker::from) };
                speaker.map(|speaker| Self::SpeakerRule(speaker, setting(key, value)))
            }
            [name, "has", "the", "role"] => ai(name).map(|speaker| Self::Role(speaker, quoted())),
            ["summary", "will", "say"] => Ok(Self::Summary(Script::Says(quoted()))),
            ["summary", "will", "fail"] => {
                Ok(Self::Summary(Script::Fails(String::new(), Outcome::Failed)))
            }
            ["summary", "will", "hang"] => Ok(Self::Summary(Script::Hangs)),
            _ => return None,
        })
    }

    pub(super) fn play(&self, at: SessionTime, meeting: &mut Meeting) {
        match self {
            Self::Whispers(speaker, text) => {
                meeting.learn(at, Input::Whispered { speaker: *speaker, text: text.clone() });
            }
            Self::Strikes(last) => meeting.learn(at, Input::StrikePressed { last: *last }),
            Self::GoesTo(part) => {
                meeting.learn(at, Input::SegmentChosen { index: part.saturating_sub(1) });
            }
            Self::Breathes => meeting.learn(at, Input::SoundRose { at }),
            Self::Part(title, minutes) => meeting.show(|briefing| {
                let goal = format!("Speak about {title}.");
                let (title, minutes) = (title.clone(), *minutes);
                briefing.segments.push(Segment { title, minutes, goal, rules: Vec::new() });
            }),
            Self::PartRule(part, setting) => meeting.show(|briefing| {
                let index = usize::from(part.saturating_sub(1));
                if let Some(part) = briefing.segments.get_mut(index) {
                    part.rules.push(setting.clone());
                }
            }),
            Self::SpeakerRule(speaker, setting) => meeting.show(|briefing| {
                briefing.speakers[speaker.index()].rules.push(setting.clone());
            }),
            Self::Role(speaker, role) => meeting.show(|briefing| {
                briefing.speakers[Speaker::from(*speaker).index()].role.clone_from(role);
            }),
            Self::Summary(script) => meeting.summaries.push_back(script.clone()),
        }
    }
}

fn setting(key: &str, value: &str) -> Setting {
    Setting { key: key.to_owned(), value: value.to_owned() }
}

impl fmt::Display for ShowAct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whispers(speaker, text) => {
                write!(f, "producer whispers {} {text:?}", name_of(*speaker))
            }
            Self::Strikes(None) => f.write_str("producer strikes"),
            Self::Strikes(Some(last)) => {
                write!(f, "producer strikes {}", in_seconds(SessionTime::ZERO + *last))
            }
            Self::GoesTo(part) => write!(f, "producer goes to part {part}"),
            Self::Breathes => f.write_str("host breathes"),
            Self::Part(title, minutes) => write!(f, "part {title:?} of {minutes}"),
            Self::PartRule(part, Setting { key, value }) => {
                write!(f, "part {part} rule {key} {value}")
            }
            Self::SpeakerRule(speaker, Setting { key, value }) => {
                let name = speaker.ai().map_or("host", name_of);
                write!(f, "{name} rule {key} {value}")
            }
            Self::Role(speaker, role) => {
                write!(f, "{} has the role {role:?}", name_of(*speaker))
            }
            Self::Summary(Script::Says(text)) => write!(f, "summary will say {text:?}"),
            Self::Summary(Script::Fails(..)) => f.write_str("summary will fail"),
            Self::Summary(Script::Hangs) => f.write_str("summary will hang"),
        }
    }
}
