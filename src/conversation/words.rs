//! Words as the rules compare them: lower case, without punctuation, and what a last word says about a sentence.
//!
//! Knows English. Another language's lists belong beside these.

/// The words of `text`, lower case, with letters, digits and inner apostrophes only; a hyphen parts two words.
pub(super) fn plain_words(text: &str) -> Vec<String> {
    each_plain_word(text).collect()
}

fn each_plain_word(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| c.is_whitespace() || c == '-' || c == '—' || c == '–')
        .map(plain_word)
        .filter(|word| !word.is_empty())
}

/// One word in lower case without its punctuation; empty if nothing else is in it.
pub(super) fn plain_word(word: &str) -> String {
    // Asked of every word at every step: one piece of memory a word.
    let mut plain = String::with_capacity(word.len());
    for c in word.chars().map(|c| if c == '’' { '\'' } else { c }) {
        if c.is_ascii_alphanumeric() || c == '\'' {
            plain.push(c.to_ascii_lowercase());
        } else if c.is_alphanumeric() {
            plain.extend(c.to_lowercase());
        }
    }
    let end = plain.trim_end_matches('\'').len();
    plain.truncate(end);
    let begin = plain.len() - plain.trim_start_matches('\'').len();
    plain.drain(..begin);
    plain
}

/// The words of a phrase of the rules, which is in lower case and without punctuation. Asked at every step, so nothing is
/// copied.
fn words_of(phrase: &str) -> impl Iterator<Item = &str> {
    phrase.split([' ', '-']).map(|word| word.trim_matches('\'')).filter(|word| !word.is_empty())
}

/// Whether the first word of `text` is the first of one of `phrases`. Asked at every step, so no more is read.
pub(super) fn begins_like(text: &str, phrases: &[String]) -> bool {
    each_plain_word(text)
        .next()
        .is_some_and(|first| phrases.iter().any(|it| words_of(it).next() == Some(first.as_str())))
}

/// How many words `phrase` has, if `words` begin with them; none if it has none.
fn length_at_begin(words: &[String], phrase: &str) -> Option<usize> {
    let mut rest = words.iter();
    let is_there = words_of(phrase).all(|word| rest.next().is_some_and(|other| other == word));
    let length = words.len() - rest.len();
    (is_there && length > 0).then_some(length)
}

/// Whether `words` holds the words of `phrase` one after the other.
pub(super) fn holds_phrase(words: &[String], phrase: &str) -> bool {
    (0..words.len()).any(|from| length_at_begin(&words[from..], phrase).is_some())
}

/// Whether `words` is nothing but `phrases`, in any order and number. No words at all are not.
pub(super) fn only_phrases(words: &[String], phrases: &[String]) -> bool {
    let mut rest = words;
    while !rest.is_empty() {
        // The longest phrase first, or "mm hmm" would end at "mm".
        let longest = phrases.iter().filter_map(|phrase| length_at_begin(rest, phrase)).max();
        let Some(length) = longest else { return false };
        rest = &rest[length..];
    }
    !words.is_empty()
}

/// Whether `text` ends with one of `phrases`, which are in plain words. Asked at every step, so only its end is read.
pub(super) fn ends_with_phrase(text: &str, phrases: &[String]) -> bool {
    let tail = text.char_indices().rev().nth(PHRASE_CHARS_MAX).map_or(0, |(place, _)| place);
    let words = plain_words(&text[tail..]);
    let Some(last) = words.last() else { return false };
    phrases
        .iter()
        .any(|phrase| phrase.ends_with(last.as_str()) && length_at_end(&words, phrase).is_some())
}

/// How many words `phrase` has, if `words` end with them; none if it has none.
pub(super) fn length_at_end(words: &[String], phrase: &str) -> Option<usize> {
    let length = words_of(phrase).count();
    let from = words.len().checked_sub(length)?;
    length_at_begin(&words[from..], phrase)
}

/// The longest phrase a briefing may hold, and a space before it.
const PHRASE_CHARS_MAX: usize = 61;

/// How many of `words` say something: no listener's sounds, no single letters, no words that only lead on.
pub(super) fn count_content(words: &[String], sounds: &[String]) -> usize {
    let says = |word: &&String| {
        word.chars().count() > 1
            && LEADING_ON.binary_search(&word.as_str()).is_err()
            && !sounds.contains(word)
    };
    words.iter().filter(says).count()
}

/// Whether the last sentence of `text` is built as a question.
pub(super) fn is_question(text: &str) -> bool {
    let sentence = text.trim_end().trim_end_matches(['.', '?', '!']);
    let last = sentence.rsplit(['.', '?', '!']).next().unwrap_or(sentence);
    let words = plain_words(last);
    words.len() > 2 && words.iter().take(3).any(|word| QUESTION_WORDS.contains(&word.as_str()))
}

/// Whether a question may begin with this word.
pub(super) fn is_question_word(word: &str) -> bool {
    QUESTION_WORDS.contains(&word)
}

/// Words that open a question; one may come behind a name and an "and".
const QUESTION_WORDS: &[&str] = &[
    "what", "why", "how", "who", "where", "when", "which", "do", "does", "did", "is", "are", "can",
    "could", "would", "should", "will", "have", "has",
];

/// Whether a sentence can end with the last word of `text`, whatever punctuation the recogniser added.
///
/// Recognisers put a full stop behind every pause, so punctuation says nothing. The words below lead on to
/// another one. Words that lead on only sometimes ("that", "in", "on", "up", "off", "over", "do", "have", "is")
/// are weighed by what is worse: a reply into the host's pause is worse than waiting for the ceiling. So
/// prepositions that also end questions ("what is it for", "where are you from") veto; particles that mostly end
/// ("on", "up", "off", "out", "down", "over") and verbs that stand alone in answers ("I do", "they have", "it is")
/// do not.
pub(super) fn can_end_sentence(text: &str) -> bool {
    let words = plain_words(text);
    let Some((last, before)) = words.split_last() else { return true };
    let ends_with = |place: usize, words: &[&str]| {
        before.iter().rev().nth(place).is_some_and(|word| words.contains(&word.as_str()))
    };
    let is_complement = match last.as_str() {
        "so" => ends_with(0, BEFORE_SO),
        "was" | "were" | "am" => ends_with(0, WHO_IS) && ends_with(1, BEFORE_WHO_IS),
        _ => false,
    };
    is_complement || LEADING_ON.binary_search(&last.as_str()).is_err()
}

/// "I think so", "if I may say so": here the last word is what was said.
const BEFORE_SO: &[&str] =
    &["think", "say", "said", "hope", "guess", "believe", "suppose", "do", "or", "not"];

/// "Than he was", "who you were", "as I am": what is said of somebody comes first.
const WHO_IS: &[&str] = &["i", "you", "he", "she", "it", "we", "they", "that", "this", "there"];
const BEFORE_WHO_IS: &[&str] =
    &["than", "as", "who", "what", "how", "where", "whoever", "whatever", "however", "wherever"];

/// Words that no finished sentence ends with, sorted: articles, possessives, prepositions, conjunctions, relative
/// words, modal and contracted auxiliaries, degree words, and the sounds of somebody who is still thinking.
const LEADING_ON: &[&str] = &[
    "a", "about", "although", "am", "among", "an", "and", "as", "at", "because", "between", "but",
    "by", "can't've", "could", "couldn't", "during", "each", "either", "er", "erm", "every",
    "except", "for", "from", "he'd", "he'll", "her's", "his", "how's", "i'd", "i'll", "i'm",
    "i've", "if", "in", "into", "it'd", "it'll", "its", "let's", "may", "might", "must", "my",
    "neither", "nor", "of", "onto", "or", "our", "per", "quite", "shall", "she'd", "she'll",
    "should", "since", "so", "than", "that's", "the", "their", "there's", "they'd", "they'll",
    "they're", "they've", "to", "toward", "towards", "uh", "um", "unless", "until", "upon",
    "versus", "very", "was", "we'd", "we'll", "we're", "we've", "were", "what's", "when",
    "whenever", "where's", "whereas", "wherever", "whether", "which", "while", "who's", "whose",
    "with", "within", "without", "would", "you'd", "you'll", "you're", "you've", "your",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(list: &[&str]) -> Vec<String> {
        list.iter().map(|&word| String::from(word)).collect()
    }

    #[test]
    fn the_list_of_words_that_lead_on_is_sorted_and_without_doubles() {
        assert!(LEADING_ON.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn a_full_stop_of_the_recogniser_does_not_make_an_end() {
        for text in [
            "I was thinking that we might.",
            "Let us go to the.",
            "It is my",
            "because",
            "We need, um.",
            "I think it was",
            "and then there were",
        ] {
            assert!(!can_end_sentence(text), "{text}");
        }
        for text in [
            "What about rain?",
            "I think so.",
            "I do",
            "Come on",
            "Good night.",
            "Who are you",
            "still more respectable than he was.",
            "Tell me who they were",
            "",
        ] {
            assert!(can_end_sentence(text), "{text}");
        }
    }

    #[test]
    fn only_what_says_something_counts() {
        let sounds = owned(&["mhm", "right"]);
        let count = |text: &str| count_content(&plain_words(text), &sounds);
        assert_eq!(count("mhm right and a I"), 0);
        assert_eq!(count("right, rain falls on us"), 4);
    }

    #[test]
    fn a_question_is_known_by_its_first_words() {
        for text in ["What is rain", "And you, do you agree.", "It rains. Is it so?"] {
            assert!(is_question(text), "{text}");
        }
        for text in ["What now?", "She knows now what it is", "What is it? I know it is rain"] {
            assert!(!is_question(text), "{text}");
        }
    }

    #[test]
    fn a_phrase_counts_at_the_end_only_as_a_whole() {
        let phrases = owned(&["let me see", "um"]);
        assert!(ends_with_phrase("That was, let me see", &phrases));
        assert!(ends_with_phrase("that was um...", &phrases));
        assert!(!ends_with_phrase("as far as I see", &phrases));
        assert!(!ends_with_phrase("um, I know", &phrases));
        assert!(!ends_with_phrase("", &phrases));
        let long = "a word and another one ".repeat(9);
        assert!(ends_with_phrase(&(long + "Let me see."), &phrases));
    }

    #[test]
    fn words_are_compared_without_marks_and_case() {
        assert_eq!(
            plain_words("'Tis the host’s — “ÄRGER”, no-one: 3.5!"),
            ["tis", "the", "host's", "ärger", "no", "one", "35"]
        );
        assert_eq!(plain_word("''"), "");
    }

    #[test]
    fn phrases_are_found_as_whole_words() {
        let words = plain_words("Well, hold-on — a moment!");
        assert!(holds_phrase(&words, "hold on"));
        assert!(!holds_phrase(&plain_words("a household one"), "hold on"));
        assert!(!holds_phrase(&words, ""));
    }

    #[test]
    fn a_back_channel_is_made_of_such_phrases_only() {
        let never = owned(&["mm hmm", "mm", "right", "i see"]);
        assert!(only_phrases(&plain_words("Mm-hmm. Right, I see."), &never));
        assert!(!only_phrases(&plain_words("Right, but why?"), &never));
        assert!(!only_phrases(&[], &never));
    }
}
