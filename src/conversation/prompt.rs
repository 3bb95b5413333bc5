//! What a language model is asked: system text and history in one speaker's own point of view.
//!
//! The system text has the headings of [`Part`], in that order, whatever the briefing says, so that a program can
//! read a part back with [`part`]. It is made once a session and never changes in it: providers keep its beginning.
//!
//! Invariants: one AI speaker's private part never enters the other's prompt; no text of a briefing looks like one
//! of our headings.

use std::fmt::Write as _;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::briefing::{Briefing, SpeakerBrief};
use super::speaker::{AiSpeaker, Speaker};

/// A request to a language model, in no provider's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Prompt {
    /// Who the speaker is, who else is there, what is known and how to speak.
    pub system: String,
    /// What was heard so far, oldest first; ends with what is to be answered.
    pub messages: Vec<Message>,
    /// How long the reply should take to say, in seconds.
    pub answer_seconds: u16,
}

impl Prompt {
    /// Sixteen hex digits that differ where prompts do: what the log keeps of a prompt.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for text in std::iter::once(&self.system)
            .chain(self.messages.iter().flat_map(|line| [&line.name, &line.text]))
        {
            hash.update(text.len().to_le_bytes());
            hash.update(text);
        }
        crate::hex::hex(&hash.finalize()[..8])
    }
}

/// One line of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Whether the speaker itself said it.
    pub role: Role,
    /// The name of the speaker whose words these are.
    pub name: String,
    /// What was heard.
    pub text: String,
}

/// Point of view of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Somebody else said it: the host or the other AI, told apart by name.
    User,
    /// The speaker itself said it.
    Assistant,
}

/// A part of the system text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Name, role and persona of the one who is asked.
    You,
    /// Who else is there.
    Table,
    /// Title and segments of the show.
    Show,
    /// What everyone at the table knows.
    Everyone,
    /// What only the one who is asked knows.
    Private,
    /// How to speak.
    Manner,
    /// In place of all others but the first: what is to be summed up, and how.
    Summary,
}

impl Part {
    const fn heading(self) -> &'static str {
        match self {
            Self::You => "# You",
            Self::Table => "# At the table",
            Self::Show => "# The show",
            Self::Everyone => "# What everyone at the table knows",
            Self::Private => "# What only you know",
            Self::Manner => "# How to speak",
            Self::Summary => "# How to sum up",
        }
    }
}

/// Starts of the lines that a program reads back with [`line_of`].
pub mod lines {
    /// In [`super::Part::You`]: the speaker's own name.
    pub const NAME: &str = "Name: ";
    /// In [`super::Part::You`] and, with the other's name before it, in [`super::Part::Table`].
    pub const ROLE: &str = "Role: ";
    /// In [`super::Part::You`]: how the speaker is.
    pub const PERSONA: &str = "Persona: ";
    /// In [`super::Part::Table`]: the host's name.
    pub const HOST: &str = "Host: ";
    /// In [`super::Part::Table`]: the other AI speaker's name.
    pub const OTHER: &str = "Other AI speaker: ";
    /// In [`super::Part::Show`]: the show's title.
    pub const TITLE: &str = "Title: ";
    /// In [`super::Part::Show`], once a segment: what it should reach.
    pub const GOAL: &str = "Goal: ";
}

/// Words of stage directions that a program finds in them.
pub mod cues {
    /// The show goes on to another part, whose number, title and goal follow.
    pub const NEXT_PART: &str = "The show goes on to part ";
    /// The speaker is to lead over to the next part, whose title and goal follow.
    pub const PART_OVER: &str = "this part of the show is over.";
    /// The speaker is to find something new.
    pub const IN_CIRCLES: &str = "the talk turns in circles.";
    /// The speaker is to be short.
    pub const SHORT: &str = "one or two short sentences this time";
    /// The producer's word in the speaker's ear, which follows, up to [`WHISPER_END`].
    pub const WHISPER: &str = "The producer says in your ear, and only you hear it: ";
    /// Behind a whisper: what is to become of it.
    pub const WHISPER_END: &str = " – Act on it without mentioning it.";
    /// The speaker is to close the show.
    pub const CLOSE: &str = "Close with one sentence and say good-bye.";
}

/// The name under which stage directions stand in a history: nobody at the table.
pub const STAGE: &str = "Studio";

/// Words a second of a lively speaking voice, times ten (the offline voices say 26, news readers 25 to 28).
const WORDS_PER_TEN_SECONDS: u32 = 26;

/// Words that take so long to say.
pub(super) fn words_for(seconds: u16) -> u32 {
    (u32::from(seconds) * WORDS_PER_TEN_SECONDS).div_ceil(10)
}

/// Builds the system prompt of `speaker` from the briefing.
#[must_use]
pub fn system_prompt(briefing: &Briefing, speaker: AiSpeaker) -> String {
    let mut text = String::new();
    add_part(&mut text, Part::You, &you(briefing.speaker(speaker.into())));
    add_part(&mut text, Part::Table, &table(briefing, speaker));
    add_part(&mut text, Part::Show, &show(briefing));
    add_part(&mut text, Part::Everyone, &quoted(&briefing.everyone));
    add_part(&mut text, Part::Private, &quoted(briefing.private(speaker)));
    add_part(&mut text, Part::Manner, &manner(briefing, speaker));
    text
}

/// How long a summary would take to say, in seconds: about two hundred words.
const SUMMARY_SECONDS: u16 = 80;

/// The request to sum up `lines`, the oldest of what `speaker` remembers.
#[must_use]
pub fn summary_prompt(briefing: &Briefing, speaker: AiSpeaker, lines: &str) -> Prompt {
    let mut system = String::new();
    add_part(&mut system, Part::You, &you(briefing.speaker(speaker.into())));
    let language = &briefing.language;
    let how = format!(
        "- Nobody hears this: it is what you will remember of the conversation's beginning.\n\
         - Sum up the lines below in at most two hundred words, in the language with the tag {language}: who said \
         what, what was agreed and what was not, open questions, names and numbers as they were said.\n\
         - Plain sentences about the others by name and about yourself as \"I\". Nothing that was not said. No \
         headings, no lists, no brackets, no word about this request.\n"
    );
    add_part(&mut system, Part::Summary, &how);
    let request =
        Message { role: Role::User, name: STAGE.into(), text: lines.trim_end().to_owned() };
    Prompt { system, messages: vec![request], answer_seconds: SUMMARY_SECONDS }
}

/// The text of one part of a system prompt; empty if it is not there.
#[must_use]
pub fn part(system: &str, part: Part) -> &str {
    let heading = part.heading();
    let is_start = |at: usize| at == 0 || system[..at].ends_with('\n');
    let found = system.match_indices(heading).find(|&(at, _)| {
        let after = &system[at + heading.len()..];
        is_start(at) && (after.is_empty() || after.starts_with('\n'))
    });
    let Some((at, _)) = found else { return "" };
    let rest = &system[at + heading.len()..];
    rest.find("\n# ").map_or(rest, |end| &rest[..end]).trim()
}

/// What stands after `start` on the first line of `part` that begins with it; see [`lines`].
#[must_use]
pub fn line_of<'a>(part: &'a str, start: &str) -> Option<&'a str> {
    part.lines().find_map(|line| line.strip_prefix(start))
}

fn add_part(text: &mut String, part: Part, content: &str) {
    // A part that has nothing to say is left out: a model makes something up under an empty heading.
    if content.is_empty() {
        return;
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(part.heading());
    text.push_str("\n\n");
    text.push_str(content.trim_end());
    text.push('\n');
}

fn you(you: &SpeakerBrief) -> String {
    let mut text =
        String::from("You are an AI speaker in a live spoken conversation of three.\n\n");
    add_line(&mut text, lines::NAME, &you.name);
    add_line(&mut text, "Also called: ", &you.aliases.join(", "));
    add_line(&mut text, lines::ROLE, &you.role);
    add_line(&mut text, lines::PERSONA, &you.persona);
    text
}

fn table(briefing: &Briefing, speaker: AiSpeaker) -> String {
    let mut text = String::new();
    let mut add = |start: &str, brief: &SpeakerBrief, what: &str| {
        add_line(&mut text, start, &brief.name);
        add_line(&mut text, "  Also called: ", &brief.aliases.join(", "));
        add_line(&mut text, "  Role: ", &brief.role);
        add_line(&mut text, "  ", what);
    };
    let host = briefing.speaker(Speaker::You);
    add(
        lines::HOST,
        host,
        "A person, who leads the conversation and always has the first right to speak.",
    );
    add(
        lines::OTHER,
        briefing.speaker(speaker.other().into()),
        "Has a mind, a voice and knowledge of its own.",
    );
    text
}

fn show(briefing: &Briefing) -> String {
    let mut text = String::new();
    add_line(&mut text, lines::TITLE, &briefing.title);
    for (number, segment) in (1..).zip(&briefing.segments) {
        let minutes = match segment.minutes {
            0 => String::new(),
            1 => " (1 minute)".to_owned(),
            minutes => format!(" ({minutes} minutes)"),
        };
        add_line(
            &mut text,
            &format!("\nSegment {number}: "),
            &format!("{}{minutes}", segment.title),
        );
        add_line(&mut text, lines::GOAL, &segment.goal);
    }
    text
}

fn manner(briefing: &Briefing, speaker: AiSpeaker) -> String {
    let [you, host, other] = [Speaker::from(speaker), Speaker::You, speaker.other().into()]
        .map(|speaker| briefing.speaker(speaker).name.as_str());
    let seconds = briefing.rules.answer_seconds;
    let words = words_for(seconds);
    let language = &briefing.language;
    format!(
        "- Speak the language with the tag {language}.\n\
         - A voice says your words aloud and they are heard once. Talk as people talk: plain, whole, mostly short \
         sentences. No markdown, headings, lists, links, emoji, sounds or stage directions. Write numbers and units \
         the way they are said.\n\
         - An answer takes about {seconds} seconds to say, that is about {words} words. When {host} asks you to be \
         short, one short sentence or one word is enough.\n\
         - Answer what was said last, in its first sentence. Do not repeat what was said already.\n\
         - Say only your own words, as {you}. Never speak for {host} or {other}, never write their lines, and never \
         begin with a name and a colon.\n\
         - Now and then call {host} or {other} by name. When you want {other} to go on, end with a question to \
         {other} by name.\n\
         - Interruptions are normal. Where your own last words break off, you were interrupted and the rest was not \
         heard: answer what was said then, and come back to the rest only if it matters or you are asked to.\n\
         - The words of {host} come from speech recognition and may hold mistakes, in names too: answer what was \
         most likely meant.\n\
         - What you do not know, you say you do not know.\n"
    )
}

fn add_line(text: &mut String, start: &str, content: &str) {
    if !content.is_empty() {
        // Writing to a string cannot fail.
        let _infallible = writeln!(text, "{start}{content}");
    }
}

/// A text of the briefing in which no line looks like one of our headings.
fn quoted(text: &str) -> String {
    let lines = text.lines().map(|line| {
        if line.starts_with("# ") { line.replacen("# ", "### ", 1) } else { line.into() }
    });
    lines.collect::<Vec<String>>().join("\n")
}
