//! Whom a line is addressed to.
//!
//! Named is not addressed: "as Ada said" speaks of Ada to somebody else. A name counts when it is *called*: at the
//! head of a sentence, at its end, or set off by commas. A called name may sound only roughly like the one meant,
//! for that is how recognisers write names; a name inside a sentence must be there as it is spelled.
//!
//! A pure function of the line and the names; who spoke last is the agenda's affair.

use super::briefing::Briefing;
use super::phonetics::{Phone, distance, least_distance, sounds, word_sounds};
use super::speaker::{AiSpeaker, Speaker};
use super::words::{plain_word, plain_words};

/// Whom a line is addressed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Addressed {
    /// Nobody in particular.
    Nobody,
    /// This one.
    One(AiSpeaker),
    /// Both, this one first.
    BothFrom(AiSpeaker),
    /// Both, in any order.
    Both,
}

/// The names of the two AIs and how they sound.
#[derive(Clone, Debug)]
pub(super) struct Names {
    names: Vec<Name>,
}

#[derive(Clone, Debug)]
struct Name {
    speaker: AiSpeaker,
    words: Vec<String>,
    sounds: Vec<Phone>,
}

/// A name found in a sentence.
#[derive(Clone, Copy, Debug)]
struct Call {
    speaker: AiSpeaker,
    rank: Rank,
}

/// How a name stands in its sentence; a later one outranks an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Spoken of.
    Mentioned,
    /// Called in a sentence that asks nothing.
    Called,
    /// Called in a question or a request.
    Asked,
}

/// A word of a sentence: as compared, as it sounds, and whether a comma or the like stands behind it.
#[derive(Clone, Debug)]
struct Token {
    word: String,
    sounds: Vec<Phone>,
    is_set_off: bool,
}

/// Share of a name's sounds that may be wrong where it is called, in hundredths of a sound for each.
const BUDGET_PER_SOUND: u32 = 20;
/// What may be wrong with a word alone before a comma and a question to "you", in hundredths of a sound: somebody is
/// called there, so a whole sound may be ("Beta, what do you make of that?" and "Hate, what …" for Ada).
const BUDGET_IN_ADDRESS: u32 = 135;

impl Names {
    pub(super) fn new(briefing: &Briefing) -> Self {
        let mut names = Vec::new();
        for speaker in AiSpeaker::BOTH {
            let brief = briefing.speaker(Speaker::from(speaker));
            for name in std::iter::once(&brief.name).chain(&brief.aliases) {
                let words = plain_words(name);
                if !words.is_empty() {
                    names.push(Name { speaker, sounds: sounds(&words), words });
                }
            }
        }
        Self { names }
    }

    /// Whom the host's `line` is addressed to.
    pub(super) fn addressed(&self, line: &str) -> Addressed {
        let sentences = sentences(line);
        if sentences.iter().any(|sentence| calls_both(sentence)) {
            return Addressed::Both;
        }
        let calls: Vec<Call> = sentences.iter().flat_map(|sentence| self.calls(sentence)).collect();
        // The best rank decides; both are meant if both reach it.
        let Some(best) =
            calls.iter().map(|call| call.rank).max().filter(|rank| *rank > Rank::Mentioned)
        else {
            return Addressed::Nobody;
        };
        let mut called = calls.iter().filter(|call| call.rank == best).map(|call| call.speaker);
        let Some(first) = called.next() else { return Addressed::Nobody };
        if called.any(|speaker| speaker != first) {
            Addressed::BothFrom(first)
        } else {
            Addressed::One(first)
        }
    }

    /// How each AI is called in `line`, in the order of [`AiSpeaker::BOTH`]: 0 not, 1 spoken of, 2 called, 3 asked.
    pub(super) fn called(&self, line: &str) -> [u8; 2] {
        let calls: Vec<Call> =
            sentences(line).iter().flat_map(|sentence| self.calls(sentence)).collect();
        AiSpeaker::BOTH.map(|speaker| {
            let ranks = calls.iter().filter(|call| call.speaker == speaker).map(|call| call.rank);
            ranks.max().map_or(0, |rank| match rank {
                Rank::Mentioned => 1,
                Rank::Called => 2,
                Rank::Asked => 3,
            })
        })
    }

    /// The words that are names: they say whom, not what.
    pub(super) fn words(&self) -> Vec<String> {
        self.names.iter().flat_map(|name| name.words.iter().cloned()).collect()
    }

    /// Whether the last sentence of `speaker`'s own words calls the other.
    pub(super) fn calls_other(&self, speaker: AiSpeaker, words: &str) -> bool {
        sentences(words).last().is_some_and(|last| {
            self.calls(last)
                .iter()
                .any(|call| call.speaker == speaker.other() && call.rank > Rank::Mentioned)
        })
    }

    /// The names in one sentence.
    fn calls(&self, sentence: &[Token]) -> Vec<Call> {
        let is_request = is_request(sentence);
        let head = head(sentence);
        let mut calls: Vec<Call> = Vec::new();
        let mut at = 0;
        while at < sentence.len() {
            let Some((name, length, is_exact)) = self.name_at(sentence, at) else {
                at += 1;
                continue;
            };
            let end = at + length;
            let is_parted =
                |at: usize| at == 0 || sentence.get(at - 1).is_some_and(|token| token.is_set_off);
            let next = sentence.get(end).map(|token| token.word.as_str());
            let is_first = at <= head || calls.last().is_some_and(|_| follows_and(sentence, at));
            let opens_request = next.is_none_or(|next| REQUESTS.contains(&next) || next == "and");
            let is_called = if is_exact {
                // "Ada, who are you?", "Ada who are you", "…, Ada", "what do you think Ada".
                let at_head = is_first && (is_parted(end) || opens_request);
                let at_end = end == sentence.len() && !speaks_of(sentence, at);
                at_head || at_end || (is_parted(at) && is_parted(end))
            } else {
                let at_head = is_first && (is_parted(end) || opens_request) && end < sentence.len();
                let at_end = end == sentence.len() && (is_parted(at) && at > 0);
                at_head || at_end
            };
            if is_called || is_exact {
                let rank = match (is_called, is_request) {
                    (false, _) => Rank::Mentioned,
                    (true, false) => Rank::Called,
                    (true, true) => Rank::Asked,
                };
                calls.push(Call { speaker: name, rank });
                at = end;
            } else {
                at += 1;
            }
        }
        calls
    }

    /// The name that the words from `at` are or sound like: who, how many words, and whether as spelled.
    fn name_at(&self, sentence: &[Token], at: usize) -> Option<(AiSpeaker, usize, bool)> {
        let words = |length: usize| -> Option<&[Token]> {
            let tokens = sentence.get(at..at + length)?;
            // A comma inside parts it from the name.
            tokens[..length - 1].iter().all(|token| !token.is_set_off).then_some(tokens)
        };
        let is_spelled = |name: &&Name| {
            words(name.words.len())
                .is_some_and(|tokens| tokens.iter().map(|token| &token.word).eq(&name.words))
        };
        if let Some(name) = self.names.iter().find(is_spelled) {
            return Some((name.speaker, name.words.len(), true));
        }
        let mut best: Option<(u32, AiSpeaker, usize)> = None;
        let mut heard = Vec::new();
        for name in &self.names {
            // A name may fall into one word more than it has, or be heard as one.
            for length in 1..=name.words.len() + 1 {
                let Some(tokens) = words(length) else { continue };
                if tokens.iter().all(|token| PLAIN.contains(&token.word.as_str())) {
                    continue;
                }
                heard.clear();
                heard.extend(tokens.iter().flat_map(|token| token.sounds.iter().copied()));
                let count = u32::try_from(name.sounds.len()).unwrap_or(0);
                let budget = if length == 1 && is_address(sentence, at) {
                    BUDGET_IN_ADDRESS.max(count * BUDGET_PER_SOUND)
                } else {
                    count * BUDGET_PER_SOUND
                };
                if least_distance(heard.len(), name.sounds.len()) > budget {
                    continue;
                }
                let cost = distance(&heard, &name.sounds);
                if cost <= budget && best.is_none_or(|(least, ..)| cost < least) {
                    best = Some((cost, name.speaker, length));
                }
            }
        }
        best.map(|(_, speaker, length)| (speaker, length, false))
    }
}

/// Parts a line into sentences of words.
fn sentences(line: &str) -> Vec<Vec<Token>> {
    let mut sentences = vec![Vec::new()];
    for written in line.split_whitespace() {
        let word = plain_word(written);
        let is_end =
            written.trim_end_matches(['"', '”', '\'', '’', ')']).ends_with(['.', '!', '?', '…']);
        let is_set_off = is_end || written.ends_with([',', ';', ':', '—', '–']);
        let Some(sentence) = sentences.last_mut() else { continue };
        if !word.is_empty() {
            // The name inside "Grace's" is spoken of; the word as a whole is another.
            let sounds = word_sounds(&word);
            sentence.push(Token { word, sounds, is_set_off });
        } else if let Some(last) = sentence.last_mut() {
            last.is_set_off = true;
        }
        if is_end {
            sentences.push(Vec::new());
        }
    }
    sentences.retain(|sentence| !sentence.is_empty());
    if let Some(last) = sentences.last_mut().and_then(|sentence| sentence.last_mut()) {
        last.is_set_off = true;
    }
    sentences
}

/// Whether the sentence calls both at once.
fn calls_both(sentence: &[Token]) -> bool {
    let words: Vec<&str> = sentence.iter().map(|token| token.word.as_str()).collect();
    BOTH.iter().any(|phrase| {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        words.windows(phrase.len()).any(|window| window == phrase)
    })
}

/// Where the sentence begins, small words left aside.
fn head(sentence: &[Token]) -> usize {
    sentence.iter().position(|token| !OPENERS.contains(&token.word.as_str())).unwrap_or(0)
}

/// Whether the word at `at` stands where somebody is called: alone, and then a question to "you".
fn is_address(sentence: &[Token], at: usize) -> bool {
    let (called, asked) = (&sentence[at], &sentence[at + 1..]);
    at == head(sentence)
        && called.is_set_off
        && asked.first().is_some_and(|token| REQUESTS.contains(&token.word.as_str()))
        && asked.iter().any(|token| token.word == "you" || token.word == "your")
}

/// Whether the sentence asks for something: by its words, for recognisers drop question marks.
fn is_request(sentence: &[Token]) -> bool {
    sentence.iter().any(|token| REQUESTS.contains(&token.word.as_str()))
}

/// Whether the word before `at` makes the name one that is spoken of: "thanks to Ada", "as Ada".
fn speaks_of(sentence: &[Token], at: usize) -> bool {
    at.checked_sub(1)
        .and_then(|before| sentence.get(before))
        .is_some_and(|token| !token.is_set_off && SPEAKING_OF.contains(&token.word.as_str()))
}

/// Whether the name at `at` is joined to one before: "Ada and Grace".
fn follows_and(sentence: &[Token], at: usize) -> bool {
    at.checked_sub(1)
        .and_then(|before| sentence.get(before))
        .is_some_and(|token| token.word == "and")
}

/// Phrases that mean both.
const BOTH: &[&str] = &[
    "you two",
    "you both",
    "both of you",
    "each of you",
    "two of you",
    "either of you",
    // "What would each of you do?", of whose "of you" recognisers make other words.
    "would each",
    "should each",
    "could each",
    "you each",
    "thank you both",
    "thanks both",
    "you guys",
    "you all",
    "everyone",
    "everybody",
];
/// Words before a call at the head of a sentence.
const OPENERS: &[&str] = &[
    "so", "and", "but", "well", "okay", "ok", "now", "hey", "hi", "hello", "right", "then", "yes",
    "yeah", "no", "oh", "um", "uh", "thanks", "thank", "you", "dear", "good", "great", "alright",
    "welcome",
];
/// Words that a question or a request has behind the name it calls.
const REQUESTS: &[&str] = &[
    "who", "what", "what's", "who's", "when", "where", "why", "how", "which", "whose", "do",
    "does", "did", "are", "is", "can", "could", "would", "will", "should", "have", "has", "tell",
    "explain", "give", "say", "please", "you", "your", "describe", "go", "let", "let's", "take",
    "over", "any", "start", "begin", "continue", "help", "name",
];
/// Words after which a name at the end is spoken of.
const SPEAKING_OF: &[&str] = &[
    "as", "to", "of", "with", "from", "about", "for", "by", "like", "than", "is", "was", "and",
    "or", "said", "says", "ask", "asked", "met", "meet", "called", "named", "on", "behind",
    "after", "before", "between", "against",
];
/// Words so common that they are taken for themselves, whatever they sound like.
const PLAIN: &[&str] = &[
    "a", "i", "it", "at", "add", "had", "had a", "the", "is", "as", "and", "to", "do", "day",
    "guess", "great", "other", "out", "odd", "aid", "close", "class", "loud", "cold", "get",
    "gets", "just", "yes", "gust", "guys", "folks",
];

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: AiSpeaker = AiSpeaker::Claude;
    const GRACE: AiSpeaker = AiSpeaker::Guest;

    fn names() -> Names {
        let speakers = "claude: { name: Ada }\n  guest: { name: Grace, aliases: [Amazing Grace] }";
        let text = format!("---\ntitle: Names\nspeakers:\n  {speakers}\n---\n");
        Names::new(&Briefing::parse(&text).expect("a briefing"))
    }

    #[test]
    fn a_name_is_called_at_the_head_at_the_end_and_between_commas() {
        for (line, addressed) in [
            ("Ada, who are you?", Addressed::One(ADA)),
            ("Ada who are you", Addressed::One(ADA)),
            ("So, Ada, it rains.", Addressed::One(ADA)),
            ("What do you think Grace", Addressed::One(GRACE)),
            ("I told you, Ada, that it rains.", Addressed::One(ADA)),
            ("Amazing Grace, who are you?", Addressed::One(GRACE)),
            ("Thank you, \"Grace.\"", Addressed::One(GRACE)),
            // Spoken of.
            ("Is Ada here?", Addressed::Nobody),
            ("Ada said that it rains.", Addressed::Nobody),
            ("Our thanks to Ada.", Addressed::Nobody),
            ("Thanks to Ada.", Addressed::Nobody),
            ("It was said by Grace", Addressed::Nobody),
            ("That is Grace's.", Addressed::Nobody),
            ("", Addressed::Nobody),
        ] {
            assert_eq!(names().addressed(line), addressed, "{line}");
        }
    }

    #[test]
    fn both_are_called_by_a_phrase_or_one_after_the_other() {
        for (line, addressed) in [
            ("What do you two think?", Addressed::Both),
            ("Hello, everybody.", Addressed::Both),
            ("Ada and Grace, who are you?", Addressed::BothFrom(ADA)),
            ("Grace and Ada who are you", Addressed::BothFrom(GRACE)),
            ("Grace, who are you? And you, Ada?", Addressed::BothFrom(GRACE)),
            ("Ada or Grace said so.", Addressed::Nobody),
            // A question outranks a greeting.
            ("Good morning, Ada. Grace, what is rain?", Addressed::One(GRACE)),
            ("Ada, what is rain? Good morning, Grace.", Addressed::One(ADA)),
        ] {
            assert_eq!(names().addressed(line), addressed, "{line}");
        }
    }

    #[test]
    fn a_called_name_may_sound_like_the_one_that_is_meant() {
        for (line, addressed) in [
            ("Brace, who are you?", Addressed::One(GRACE)),
            ("Brace who are you", Addressed::One(GRACE)),
            ("Eight a, who are you?", Addressed::One(ADA)),
            ("Who are you, Brace?", Addressed::One(GRACE)),
            ("Hello, Brace.", Addressed::One(GRACE)),
            // Where nobody is called it is another word.
            ("Who are you Brace", Addressed::Nobody),
            ("A brace, they say, is what it is.", Addressed::Nobody),
            ("Brace", Addressed::Nobody),
            // By a whole sound only where a question to "you" follows.
            ("Beta, what do you think?", Addressed::One(ADA)),
            ("Beta, what is your name?", Addressed::One(ADA)),
            ("Beta, what is it?", Addressed::Nobody),
            ("Beta what do you think", Addressed::Nobody),
            ("And what, Beta, do you think?", Addressed::Nobody),
            // Common words are what they are.
            ("Great, what do you think?", Addressed::Nobody),
        ] {
            assert_eq!(names().addressed(line), addressed, "{line}");
        }
    }

    #[test]
    fn how_each_is_called_is_a_score() {
        let called = |line: &str| names().called(line);
        assert_eq!(called("As Ada said, it rains. Good morning, Grace."), [1, 2]);
        assert_eq!(called("Ada, what is rain? It was made by Grace."), [3, 1]);
        assert_eq!(called("What is rain?"), [0, 0]);
    }

    #[test]
    fn an_ai_calls_the_other_in_its_last_sentence() {
        let calls = |speaker, words: &str| names().calls_other(speaker, words);
        assert!(calls(ADA, "It rains. What do you think, Grace?"));
        assert!(!calls(GRACE, "It rains. What do you think, Grace?"), "its own name");
        assert!(!calls(ADA, "What do you think, Grace? I like it."), "and goes on");
        assert!(!calls(ADA, "It rains, as I said to Grace."), "spoken of");
    }
}
