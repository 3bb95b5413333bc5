//! What is asked of the speaker, by whom, and about what.

use super::facts::lower_first;
use super::words::{Word, holds_any, turned_around, words};
use crate::conversation::Prompt;
use crate::conversation::prompt::{Message, Part, Role, STAGE, cues, line_of, lines, part};

/// Words that open a question inside a sentence.
pub(super) const QUESTION_WORDS: [&str; 8] =
    ["what", "who", "why", "how", "when", "where", "which", "whether"];
/// Words that belong to the one after them.
pub(super) const ARTICLES: [&str; 9] =
    ["the", "a", "an", "my", "your", "our", "their", "his", "no"];

/// Whispers that end the show.
const CLOSING: [&str; 7] = [
    "wrap up",
    "wrap it up",
    "say goodbye",
    "say good bye",
    "close the show",
    "end the show",
    "finish the show",
];

/// A prompt as the rehearsal model sees it.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    /// The speaker's own name.
    pub(super) name: &'a str,
    /// The speaker's role, or empty.
    pub(super) role: &'a str,
    /// How the speaker is, or empty.
    pub(super) persona: &'a str,
    /// The host's name.
    pub(super) host: &'a str,
    /// The other AI speaker's name.
    pub(super) other: &'a str,
    /// The show's title, or empty.
    pub(super) title: &'a str,
    /// The line to be answered; empty if nobody said anything since the speaker's own last words.
    pub(super) line: &'a str,
    /// Whether the host said that line.
    pub(super) is_by_host: bool,
    /// Whether the other AI has already answered it.
    pub(super) is_answered_by_other: bool,
    /// The last stage direction since then, or empty.
    direction: &'a str,
    /// The last that the producer whispered since then, or empty.
    whisper: &'a str,
}

/// What kind of answer a line wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// A few words for the way.
    Farewell,
    /// Silence, to say something else.
    Halt,
    /// Who the speaker is.
    Introduction,
    /// A greeting.
    Greeting,
    /// Whether the speaker agrees with the other.
    Opinion,
    /// An answer to a question.
    Answer,
    /// A word about what was said.
    Comment,
    /// A beginning.
    Opening,
}

/// How long the answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// As long as the show's answers are.
    Full,
    /// One short sentence.
    Short,
    /// One word.
    OneWord,
}

impl<'a> Scene<'a> {
    pub(super) fn of(prompt: &'a Prompt) -> Self {
        let you = part(&prompt.system, Part::You);
        let table = part(&prompt.system, Part::Table);
        let host = line_of(table, lines::HOST).unwrap_or("our host");
        let own_last = prompt.messages.iter().rposition(|message| message.role == Role::Assistant);
        let since = &prompt.messages[own_last.map_or(0, |index| index + 1)..];
        let is_aside = |message: &Message| {
            message.name == STAGE && !message.text.starts_with("(Nobody has spoken")
        };
        let said: Vec<&Message> = since.iter().filter(|message| !is_aside(message)).collect();
        let last = said.last().copied();
        let by_host = |message: &&&Message| message.name == host;
        let asides = || since.iter().rev().filter(|message| is_aside(message));
        let whisper = asides().find_map(|message| whispered(&message.text));
        let direction =
            asides().map(|message| message.text.as_str()).find(|aside| whispered(aside).is_none());
        let leads_on = |text: &&str| {
            [cues::NEXT_PART, cues::PART_OVER, cues::IN_CIRCLES]
                .iter()
                .any(|cue| text.contains(cue))
        };
        // The host's words come first, also where the other AI was quicker to answer them.
        let to_answer = said.iter().rfind(by_host).copied().or(last);
        let is_by_host = to_answer.is_some_and(|message| message.name == host);
        let led_on = direction.filter(leads_on).filter(|_| !is_by_host);
        Self {
            name: line_of(you, lines::NAME).unwrap_or("a voice"),
            role: line_of(you, lines::ROLE).unwrap_or_default(),
            persona: line_of(you, lines::PERSONA).unwrap_or_default(),
            host,
            other: line_of(table, lines::OTHER).unwrap_or("the other voice"),
            title: line_of(part(&prompt.system, Part::Show), lines::TITLE).unwrap_or_default(),
            line: led_on.or(to_answer.map(|message| message.text.as_str())).map_or("", str::trim),
            is_by_host,
            is_answered_by_other: last
                .zip(to_answer)
                .is_some_and(|(last, asked)| last.name != asked.name),
            direction: direction.unwrap_or_default(),
            whisper: whisper.unwrap_or_default(),
        }
    }

    /// The names at the table: they say whom, not what.
    pub(super) fn names(&self) -> [&'a str; 3] {
        [self.name, self.host, self.other]
    }

    pub(super) fn wish(&self) -> Wish {
        let line = self.line;
        let has_subject = self.has_subject();
        let holds = |phrases: &[&str]| holds_any(line, phrases);
        if words(line).next().is_none() {
            return Wish::Opening;
        }
        let is_thanks = holds(&["thank you", "thanks"]) && !has_subject && !line.contains('?');
        let is_bye = holds(&[
            "good night",
            "goodnight",
            "goodbye",
            "good bye",
            "bye",
            "see you",
            "farewell",
        ]);
        // Only host and director end a show, and the host stops a speaker: two AIs would part for ever.
        let closes = self.direction.contains(cues::CLOSE) || holds_any(self.whisper, &CLOSING);
        if closes || (self.is_by_host && (is_thanks || is_bye)) {
            return Wish::Farewell;
        }
        let is_halt =
            !has_subject && holds(&["stop", "wait", "hold on", "hang on", "one moment", "let me"]);
        if self.is_by_host && is_halt {
            return Wish::Halt;
        }
        if holds(&[
            "who are you",
            "who you are",
            "introduce yourself",
            "introduce yourselves",
            "your name",
        ]) {
            return Wish::Introduction;
        }
        let greets = holds(&[
            "hello",
            "hi",
            "hey",
            "welcome",
            "good morning",
            "good evening",
            "good afternoon",
        ]);
        if (greets || holds(&["how are you"]))
            && words(line).filter(|word| self.is_subject(*word)).count() <= 1
        {
            return Wish::Greeting;
        }
        if holds(&[
            "agree",
            "disagree",
            "what about you",
            "how about you",
            "and you",
            "your view",
            "your opinion",
        ]) {
            return Wish::Opinion;
        }
        if self.is_question() { Wish::Answer } else { Wish::Comment }
    }

    /// Whether a word of the line says what it is about.
    pub(super) fn has_subject(&self) -> bool {
        words(self.line).any(|word| self.is_subject(word))
    }

    pub(super) fn length(&self) -> Length {
        let holds = |phrases: &[&str]| self.is_by_host && holds_any(self.line, phrases);
        if holds(&["one word", "a single word", "single word", "yes or no"]) {
            return Length::OneWord;
        }
        let short = [
            "brief",
            "briefly",
            "be short",
            "in short",
            "keep it short",
            "make it short",
            "short please",
            "short answer",
            "a short one",
            "shortly",
            "short version",
            "one sentence",
            "a single sentence",
            "few words",
            "quick answer",
            "be quick",
            "real quick",
            "answer short",
            "short and",
            "very short",
        ];
        let is_told = self.direction.contains(cues::SHORT) || holds_any(self.whisper, &short);
        if holds(&short) || is_told { Length::Short } else { Length::Full }
    }

    /// The last few words that say what the line is about, with what stands between them: `the history of maps`.
    /// `None` where no word says anything.
    pub(super) fn topic(&self) -> Option<String> {
        self.topic_of(self.line)
    }

    /// What the producer whispers of, and whether it is to be asked about; none where nothing was whispered that
    /// somebody could speak of.
    pub(super) fn whispered_topic(&self) -> Option<(String, bool)> {
        let order = self.whisper;
        let (verb, rest) = order.split_once(' ')?;
        // What is spoken of stands behind the order's "about", or else behind its verb.
        let rest = order.split_once(" about ").map_or(rest, |(_, rest)| rest);
        let is_sayable =
            !holds_any(order, &CLOSING) && words(rest).any(|word| self.is_subject(word));
        let topic = self.topic_of(rest).filter(|_| is_sayable)?;
        Some((topic, verb.eq_ignore_ascii_case("ask")))
    }

    /// Whom a whispered question is for: the host, unless it names the other AI.
    pub(super) fn whispered_to(&self) -> &'a str {
        if holds_any(self.whisper, &[self.other.to_lowercase().as_str()]) {
            self.other
        } else {
            self.host
        }
    }

    pub(super) fn topic_of(&self, line: &str) -> Option<String> {
        let sentences: Vec<&str> = line.split(['.', '?', '!', ';']).collect();
        let phrase = |is_about: fn(&Self, Word<'_>) -> bool| {
            sentences.iter().rev().find_map(|sentence| self.phrase(sentence, is_about))
        };
        phrase(Self::is_subject).or_else(|| phrase(|_, word| word.is_talk()))
    }

    fn phrase(&self, sentence: &str, is_about: fn(&Self, Word<'_>) -> bool) -> Option<String> {
        // What the ear keeps of a sentence; a letter heap longer than this is no word.
        const WORDS_MAX: usize = 6;
        const SUBJECTS_MAX: usize = 3;
        const LETTERS_MAX: usize = 30;
        const ASKED_BEFORE_MAX: usize = 5;
        let all: Vec<Word<'_>> =
            words(sentence).filter(|word| word.text.chars().count() <= LETTERS_MAX).collect();
        let subjects: Vec<usize> = (0..all.len()).filter(|&at| is_about(self, all[at])).collect();
        let &last = subjects.last()?;
        let first = subjects
            .iter()
            .rev()
            .take(SUBJECTS_MAX)
            .copied()
            .filter(|at| last - at < WORDS_MAX)
            .min()?;
        let holds = |list: &[&str], at: usize| {
            list.iter().any(|entry| entry.eq_ignore_ascii_case(all[at].text))
        };
        // A question is named by its question, a thing with its article.
        let asks = (0..first)
            .rev()
            .take(ASKED_BEFORE_MAX)
            .find(|&at| holds(&QUESTION_WORDS, at) && !holds(&["about", "if"], at + 1));
        let mut start = asks.unwrap_or(first);
        while asks.is_none() && start > 0 && first - start < 2 && holds(&ARTICLES, start - 1) {
            start -= 1;
        }
        let phrase: Vec<&str> = all[start..=last].iter().map(|word| word.text).collect();
        let phrase = phrase.join(" ");
        let is_grammar = holds(&QUESTION_WORDS, start) || holds(&ARTICLES, start);
        Some(turned_around(&if is_grammar { lower_first(&phrase) } else { phrase }))
    }

    fn is_subject(&self, word: Word<'_>) -> bool {
        word.is_subject() && !self.names().iter().any(|name| name.eq_ignore_ascii_case(word.text))
    }

    fn is_question(&self) -> bool {
        // A recogniser's question mark is a guess, and many are missing: the first words count too.
        let starts = [
            "what", "who", "why", "how", "when", "where", "which", "do", "does", "did", "is",
            "are", "was", "were", "can", "could", "should", "would", "will", "tell", "explain",
            "describe",
        ];
        let polite = ["so", "and", "but", "well", "okay", "now", "please", "yes", "then"];
        let names = self.names();
        let first = words(self.line).map(|word| word.text.to_lowercase()).find(|word| {
            !polite.contains(&word.as_str())
                && !names.iter().any(|name| name.eq_ignore_ascii_case(word))
        });
        self.line.contains('?') || first.is_some_and(|word| starts.contains(&word.as_str()))
    }
}

/// What the producer says in an aside; none of one that is somebody else's.
fn whispered(aside: &str) -> Option<&str> {
    let (_, said) = aside.split_once(cues::WHISPER)?;
    said.rsplit_once(cues::WHISPER_END).map(|(said, _)| said)
}
