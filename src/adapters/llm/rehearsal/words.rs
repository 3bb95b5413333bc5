//! Words: which of them carry meaning, and when two of them mean the same.
//!
//! English only; words of other languages all count as meaningful, which is right more often than not.

use crate::conversation::Prompt;

/// Words of the grammar: they say nothing about the subject.
const FUNCTION_WORDS: &str = "a about above after again against ah all almost along already also although always am an \
    and any are as at aye be because been before being between both but by can could did do does doing done down each \
    eh either else er even ever every few for from get gets got had has have having he her here hers herself him \
    himself his hm hmm how however i if in into is it its itself just least less let's like lot may maybe me mhm might \
    mine mm more most much must my myself never no nor not now of off oh ok okay on once one only onto or other our ours \
    out over own perhaps quite rather really right same shall she should since so some still such than that the their \
    theirs them themselves then there these they this those though through to too uh uhm um under until up upon us very \
    was we well were what when where whether which while who whom whose why will with within without would yeah yes yet \
    you your yours yourself yourselves i'm i've i'd i'll you're you've you'd you'll he's she's it's we're we've they're \
    that's there's what's who's how's don't doesn't didn't can't couldn't won't wouldn't isn't aren't wasn't \
    shouldn't sure";

/// Words of conversation: a subject only where there is no other.
const TALK_WORDS: &str = "agree answer anybody anyone anything ask asked bit both brief briefly bye come curious \
    describe disagree discuss eight everybody everyone everything excuse explain fine five four \
    give go going gonna good great guess hear hello hey hi hold keep kind know known let lets \
    little look make mean minute moment morning need next nice night nine opinion pardon please \
    question quick quickly said say see sentence seven short shortly six somebody someone something \
    somewhere sort speak start stop story talk talking tell ten thank thanks thing things think \
    thinking thought three today told try two view wait want wanted way welcome wonder wondering \
    word words zero";

/// One word of a text with its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    weight: Weight,
}

/// How much a word says about the subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Grammar,
    Talk,
    Subject,
}

impl Word<'_> {
    /// Whether it says what is talked about.
    pub(super) fn is_subject(self) -> bool {
        self.weight == Weight::Subject
    }

    /// Whether it may stand for the subject where no other word does.
    pub(super) fn is_talk(self) -> bool {
        self.weight == Weight::Talk
    }
}

/// The words of a text: letters and digits with apostrophes and hyphens inside.
pub(super) fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’' | '-');
    let parts =
        text.split(move |c: char| !is_part(c)).map(|part| part.trim_matches(['\'', '’', '-']));
    parts.filter(|part| !part.is_empty()).map(|text| Word { text, weight: weight(text) })
}

/// How many words a text has.
pub(super) fn count(text: &str) -> usize {
    words(text).count()
}

/// The stems of the words that say what a text is about, names at the table left out.
pub(super) fn subject_stems(text: &str, names: &[&str]) -> Vec<String> {
    let mut stems: Vec<String> = words(text)
        .filter(|word| {
            word.is_subject() && !names.iter().any(|name| name.eq_ignore_ascii_case(word.text))
        })
        .map(|word| stem(word.text))
        .collect();
    stems.sort_unstable();
    stems.dedup();
    stems
}

/// What a word has in common with its other forms: `measures`, `measured` and `measuring` give `measur`.
pub(super) fn stem(word: &str) -> String {
    // A stem of fewer letters says too little: `ring` is not a form of `r`.
    const LETTERS_MIN: usize = 4;
    let mut word = word.to_lowercase().replace('’', "'");
    for ending in ["'s", "ing", "ed", "es", "s", "ly", "e", "y", "i"] {
        if let Some(rest) = word.strip_suffix(ending)
            && (rest.chars().count() >= LETTERS_MIN
                || ending == "'s"
                || (ending == "s" && rest.chars().count() == 3))
            && !rest.ends_with('s')
        {
            word.truncate(rest.len());
        }
    }
    word
}

/// Whether a text holds one of `phrases`, word by word.
pub(super) fn holds_any(text: &str, phrases: &[&str]) -> bool {
    let plain: Vec<String> =
        words(text).map(|word| word.text.to_lowercase().replace('’', "'")).collect();
    let plain = format!(" {} ", plain.join(" "));
    phrases.iter().any(|phrase| plain.contains(&format!(" {phrase} ")))
}

/// Turns a phrase around: what was yours is mine. `your first year` gives `my first year`.
pub(super) fn turned_around(phrase: &str) -> String {
    let swapped = phrase.split(' ').map(|word| match word.to_lowercase().as_str() {
        "my" => "your",
        "your" => "my",
        "i" | "me" => "you",
        "mine" => "yours",
        "yours" => "mine",
        "myself" => "yourself",
        "yourself" => "myself",
        _ => word,
    });
    swapped.collect::<Vec<&str>>().join(" ")
}

/// How many replies of its own the prompt remembers.
pub(super) fn own_replies(prompt: &Prompt) -> usize {
    prompt
        .messages
        .iter()
        .filter(|message| message.role == crate::conversation::prompt::Role::Assistant)
        .count()
}

fn weight(word: &str) -> Weight {
    let word = word.to_lowercase().replace('’', "'");
    let is_in = |list: &str| list.split_whitespace().any(|entry| entry == word);
    if is_in(FUNCTION_WORDS) || (word.chars().count() < 3 && word.is_ascii()) {
        Weight::Grammar
    } else if is_in(TALK_WORDS) {
        Weight::Talk
    } else {
        Weight::Subject
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_word_have_one_stem() {
        for forms in
            [["measures", "measured"], ["measure", "measuring"], ["tide", "tides"], ["map", "maps"]]
        {
            assert_eq!(stem(forms[0]), stem(forms[1]), "{forms:?}");
        }
        assert_ne!(stem("ring"), stem("rung"));
        assert_eq!(stem("Ruth’s"), stem("ruth"));
    }

    #[test]
    fn phrases_are_found_word_by_word() {
        assert!(holds_any("Well, good night!", &["good night"]));
        assert!(!holds_any("a good nightmare", &["good night"]));
    }
}
