//! From the text of a briefing to a checked [`Briefing`].

use super::errors::BriefingErrors;
use super::fields::{Fields, TextShape};
use super::yaml::At;
use super::{
    BRIEFING_BYTES_MAX, Briefing, ProviderChoice, Segment, SpeakerBrief, overlay, rules, sections,
    yaml,
};
use crate::conversation::rules::Rules;
use crate::conversation::speaker::Speaker;

// Limits: generous for a person, small for a machine. Names are said aloud, shown in orbs and written into files.
const TITLE: TextShape = TextShape::line(120);
const PROVIDER: TextShape = TextShape::line(40);
const EPISODE: TextShape = TextShape::line(64);
const LANGUAGE: TextShape = TextShape::line(35); // RFC 5646 §4.4.1
const TERM: TextShape = TextShape::line(60);
const NAME: TextShape = TextShape::line(40);
const ROLE: TextShape = TextShape::line(80);
const PERSONA: TextShape = TextShape::prose(1000);
const VOICE: TextShape = TextShape::line(80);
const MODEL: TextShape = TextShape::line(120);
const GOAL: TextShape = TextShape::prose(500);
const TERMS_MAX: usize = 100;
const ALIASES_MAX: usize = 8;
const SEGMENTS_MAX: usize = 30;
const SEGMENT_MINUTES_MAX: u16 = 600;

/// Rules that are about the host: patience.
const HOST_RULES: &[&str] = &["preset", "endOfTurn"];
/// Rules that are about an AI: how it may be interrupted, and its pace.
const AI_RULES: &[&str] = &["preset", "answerSeconds", "bargeIn", "autopilot.gapMs"];

/// Names where the briefing gives none.
const DEFAULT_NAMES: [&str; 3] = ["Host", "Claude", "Guest"];

pub(super) fn parse(text: &str) -> Result<Briefing, BriefingErrors> {
    let mut errors = BriefingErrors::default();
    if text.len() > BRIEFING_BYTES_MAX {
        errors.note(1, "", format!("{} bytes; expected at most {BRIEFING_BYTES_MAX}", text.len()));
        return Err(errors);
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some(Split { front, body, body_line }) = split(text) else {
        let problem =
            "no front matter; expected the keys between a first line --- and another line ---";
        errors.note(1, "", problem);
        return Err(errors);
    };
    let body = sections::read(body, body_line, &mut errors);
    let briefing = match yaml::read(front, 2) {
        Ok(node) => {
            let fields = Fields::of(node, String::new(), &mut errors);
            read_front(fields, body.texts, &mut errors)
        }
        Err(error) => {
            errors.0.push(error);
            None
        }
    };
    errors.0.sort_by_key(|error| error.line);
    match briefing {
        Some(briefing) if errors.0.is_empty() => Ok(briefing),
        _ => Err(errors),
    }
}

/// Front matter and body of a text.
struct Split<'a> {
    front: &'a str,
    body: &'a str,
    /// The line of the file on which the body begins.
    body_line: u32,
}

fn split(text: &str) -> Option<Split<'_>> {
    let mut at = 0;
    let mut front_start = None;
    for (line, number) in text.split_inclusive('\n').zip(1..) {
        let start = at;
        at += line.len();
        match (front_start, line.trim_end() == "---") {
            (None, true) => front_start = Some(at),
            (None, false) => return None,
            (Some(front), true) => {
                return Some(Split {
                    front: &text[front..start],
                    body: &text[at..],
                    body_line: number + 1,
                });
            }
            (Some(_), false) => {}
        }
    }
    None
}

fn read_front(mut top: Fields, body: [String; 3], errors: &mut BriefingErrors) -> Option<Briefing> {
    let line = top.line;
    let title = top.text("title", TITLE, errors).map(|title| title.value);
    let is_title_noted = errors.0.iter().any(|error| error.key == "title");
    if title.is_none() && !is_title_noted {
        errors.note(line, "title", "missing; expected the show's title");
    }
    let episode =
        top.text("episode", EPISODE, errors).filter(|episode| is_episode(episode, errors));
    let language =
        top.text("language", LANGUAGE, errors).filter(|language| is_language(language, errors));
    let terms = top.texts("terms", TERMS_MAX, TERM, errors).unwrap_or_default();
    let rules = rules::read(top.group("rules", errors), errors);
    let speakers = read_speakers(top.group("speakers", errors), &rules, errors);
    let providers = read_providers(top.group("providers", errors), errors);
    let segments = top.groups("segments", SEGMENTS_MAX, errors).into_iter();
    let segments: Vec<Option<Segment>> =
        segments.map(|segment| read_segment(segment, &rules, errors)).collect();
    top.finish(errors);
    note_rules_that_clash(&rules, &speakers, segments.iter().flatten(), line, errors);
    let [everyone, claude, guest] = body;
    let title = title?;
    Some(Briefing {
        episode: episode.map_or_else(|| episode_of(&title), |episode| episode.value),
        title,
        language: language.map_or_else(|| "en".to_owned(), |language| language.value),
        terms: terms.into_iter().map(|term| term.value).collect(),
        rules,
        speakers,
        providers,
        segments: segments.into_iter().flatten().collect(),
        everyone,
        private: [claude, guest],
    })
}

fn read_providers(group: Option<Fields>, errors: &mut BriefingErrors) -> ProviderChoice {
    let Some(mut group) = group else { return ProviderChoice::default() };
    let mut word = |key| group.text(key, PROVIDER, errors).map(|word| word.value);
    let [stt, tts, guest] = ["stt", "tts", "guest"].map(|key| word(key).unwrap_or_default());
    group.finish(errors);
    ProviderChoice { stt, tts, guest }
}

fn read_speakers(
    group: Option<Fields>,
    rules: &Rules,
    errors: &mut BriefingErrors,
) -> [SpeakerBrief; 3] {
    let mut group = group.unwrap_or_else(|| Fields::none("speakers"));
    let mut named = Vec::new();
    let speakers = Speaker::ALL.map(|speaker| {
        let fields = group.group(speaker.as_str(), errors);
        let fields = fields.unwrap_or_else(|| Fields::none(&group.path_of(speaker.as_str())));
        read_speaker(fields, speaker, rules, &mut named, errors)
    });
    group.finish(errors);
    note_shared_names(&named, errors);
    speakers
}

/// A name or alias, where it stands and whose it is.
struct Named {
    path: String,
    text: At<String>,
}

fn read_speaker(
    mut fields: Fields,
    speaker: Speaker,
    rules: &Rules,
    named: &mut Vec<Named>,
    errors: &mut BriefingErrors,
) -> SpeakerBrief {
    let name = fields
        .text("name", NAME, errors)
        .filter(|name| is_speakable(name, fields.path_of("name"), errors));
    let aliases = fields.texts("aliases", ALIASES_MAX, NAME, errors).unwrap_or_default();
    let name = name.unwrap_or_else(|| At {
        line: fields.line,
        value: DEFAULT_NAMES[speaker.index()].to_owned(),
    });
    named.push(Named { path: fields.path_of("name"), text: name.clone() });
    named.extend(
        aliases.iter().map(|alias| Named { path: fields.path_of("aliases"), text: alias.clone() }),
    );
    let own_rules = if speaker == Speaker::You { HOST_RULES } else { AI_RULES };
    let mut text =
        |key, shape| fields.text(key, shape, errors).map(|text| text.value).unwrap_or_default();
    let speaker = SpeakerBrief {
        name: name.value,
        aliases: aliases.into_iter().map(|alias| alias.value).collect(),
        role: text("role", ROLE),
        persona: text("persona", PERSONA),
        voice: text("voice", VOICE),
        model: text("model", MODEL),
        rules: overlay::read(fields.node("rules"), own_rules, rules, errors),
    };
    fields.finish(errors);
    speaker
}

fn read_segment(mut fields: Fields, rules: &Rules, errors: &mut BriefingErrors) -> Option<Segment> {
    let before = errors.0.len();
    let title = fields.text("title", TITLE, errors);
    if title.is_none() && errors.0.len() == before {
        errors.note(fields.line, fields.path_of("title"), "missing; expected the segment's title");
    }
    let minutes =
        fields.number("minutes", 0..=SEGMENT_MINUTES_MAX, "minutes", errors).unwrap_or_default();
    let goal = fields.text("goal", GOAL, errors).map(|goal| goal.value).unwrap_or_default();
    let rules = overlay::read(fields.node("rules"), &[], rules, errors);
    fields.finish(errors);
    Some(Segment { title: title?.value, minutes, goal, rules })
}

/// Rules of a part and of a speaker may each fit the show and not each other.
fn note_rules_that_clash<'a>(
    rules: &Rules,
    speakers: &[SpeakerBrief; 3],
    segments: impl Iterator<Item = &'a Segment>,
    line: u32,
    errors: &mut BriefingErrors,
) {
    if !errors.0.is_empty() {
        return;
    }
    for (number, segment) in (1..).zip(segments) {
        let part = rules.clone().with(&segment.rules);
        for (speaker, brief) in Speaker::ALL.iter().zip(speakers) {
            if let Err(clash) = overlay::over(&part, &brief.rules) {
                let key = format!("segments[{number}].rules");
                let problem =
                    clash.0.first().map(|first| first.problem.clone()).unwrap_or_default();
                errors.note(line, key, format!("with speakers.{speaker}.rules: {problem}"));
            }
        }
    }
}

/// Two speakers cannot share a name: the floor would not know whom the host means.
fn note_shared_names(named: &[Named], errors: &mut BriefingErrors) {
    for (index, name) in named.iter().enumerate() {
        let same =
            |other: &&Named| other.text.value.to_lowercase() == name.text.value.to_lowercase();
        if let Some(first) = named[..index].iter().find(same) {
            let problem = format!(
                "\"{}\" is {} already; expected a name of its own",
                name.text.value, first.path
            );
            errors.note(name.text.line, name.path.as_str(), problem);
        }
    }
}

fn is_speakable(name: &At<String>, path: String, errors: &mut BriefingErrors) -> bool {
    let is_speakable = name.value.chars().any(char::is_alphabetic);
    if !is_speakable {
        errors.note(
            name.line,
            path,
            format!("\"{}\"; expected a name that can be said", name.value),
        );
    }
    is_speakable
}

fn is_episode(episode: &At<String>, errors: &mut BriefingErrors) -> bool {
    let is_plain =
        episode.value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let fits = is_plain && episode.value.starts_with(|c: char| c.is_ascii_alphanumeric());
    if !fits {
        let expected = "letters, digits, - _ and . with a letter or digit first";
        errors.note(episode.line, "episode", format!("\"{}\"; expected {expected}", episode.value));
    }
    fits
}

fn is_language(language: &At<String>, errors: &mut BriefingErrors) -> bool {
    let mut parts = language.value.split('-');
    let is_primary =
        |part: &str| (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic());
    let is_subtag = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    let fits = parts.next().is_some_and(is_primary) && parts.all(is_subtag);
    if !fits {
        let problem =
            format!("\"{}\"; expected a language tag such as en or en-GB", language.value);
        errors.note(language.line, "language", problem);
    }
    fits
}

/// An episode id made of the title: `Two voices, one table` gives `two-voices-one-table`.
fn episode_of(title: &str) -> String {
    let mut id = String::new();
    for c in title.chars() {
        if c.is_ascii_alphanumeric() {
            id.push(c.to_ascii_lowercase());
        } else if !id.is_empty() && !id.ends_with('-') {
            id.push('-');
        }
    }
    id.truncate(EPISODE.chars_max);
    match id.trim_end_matches('-') {
        "" => "episode".to_owned(),
        id => id.to_owned(),
    }
}
