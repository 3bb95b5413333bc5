//! Whether a talk leads on: how much of a turn is new, and how much of it was said before.
//!
//! Words are compared by their stems, names and small words left out. A turn that says little says nothing of the
//! topic either, so it has no measure.
//!
//! Units: per mille of a turn's stems. Bounds: [`STEMS_MAX`] stems a turn.

use super::words::plain_words;

/// Stems of a turn that are looked at: a turn of a minute has about so many.
const STEMS_MAX: usize = 80;
/// With fewer a turn has no measure: "Yes, exactly." is neither new nor a repetition.
const STEMS_MIN: usize = 4;

/// The stems of what says something in a turn, each once, in order of their letters; the first [`STEMS_MAX`].
pub(super) fn stems(text: &str, names: &[String]) -> Vec<String> {
    let mut stems = all_stems(text, names);
    stems.truncate(STEMS_MAX);
    stems
}

/// The same of a text of any length.
pub(super) fn all_stems(text: &str, names: &[String]) -> Vec<String> {
    let mut stems: Vec<String> = plain_words(text)
        .iter()
        .filter(|word| !names.contains(word))
        .filter(|word| word.chars().count() > 3 && COMMON.binary_search(&word.as_str()).is_err())
        .map(|word| stem(word))
        .collect();
    stems.sort_unstable();
    stems.dedup();
    stems
}

/// How much of `last` is in none of `before`; none where it has too few words.
pub(super) fn novelty<'a>(
    last: &[String],
    before: impl Iterator<Item = &'a [String]> + Clone,
) -> Option<u16> {
    let is_new = |stem: &&String| before.clone().all(|turn| turn.binary_search(stem).is_err());
    share(last, last.iter().filter(is_new).count())
}

/// How much of `last` was in the one of `before` that is most like it; none where it has too few words.
pub(super) fn repetition<'a>(
    last: &[String],
    before: impl Iterator<Item = &'a [String]>,
) -> Option<u16> {
    let shared =
        |turn: &[String]| last.iter().filter(|stem| turn.binary_search(stem).is_ok()).count();
    let most = before.filter(|turn| turn.len() >= STEMS_MIN).map(shared).max().unwrap_or(0);
    share(last, most)
}

/// How much of `asked` is among `known`; 0 where nothing was asked.
pub(super) fn knows(asked: &[String], known: &[String]) -> u16 {
    let matched = asked.iter().filter(|stem| known.binary_search(stem).is_ok()).count();
    per_mille(matched, asked.len())
}

fn share(turn: &[String], count: usize) -> Option<u16> {
    (turn.len() >= STEMS_MIN).then(|| per_mille(count, turn.len()))
}

fn per_mille(part: usize, whole: usize) -> u16 {
    u16::try_from(part * 1000 / whole.max(1)).unwrap_or(1000)
}

/// The word without its common endings: "moons", "Moon's" and "moon" are one.
fn stem(word: &str) -> String {
    let word = word.strip_suffix("'s").unwrap_or(word);
    for ending in ["ingly", "edly", "ings", "ing", "ies", "ed", "ly", "es", "s"] {
        if let Some(stem) = word.strip_suffix(ending).filter(|stem| stem.chars().count() >= 4) {
            return stem.trim_end_matches('e').to_owned();
        }
    }
    word.trim_end_matches('e').to_owned()
}

/// Words of more than three letters that any talk is made of, sorted.
const COMMON: &[&str] = &[
    "about",
    "above",
    "actually",
    "after",
    "again",
    "agree",
    "almost",
    "along",
    "already",
    "also",
    "always",
    "among",
    "another",
    "anything",
    "around",
    "away",
    "back",
    "because",
    "been",
    "before",
    "being",
    "below",
    "between",
    "both",
    "came",
    "can't",
    "come",
    "comes",
    "could",
    "did",
    "didn't",
    "different",
    "does",
    "doesn't",
    "doing",
    "don't",
    "done",
    "down",
    "each",
    "else",
    "even",
    "ever",
    "every",
    "everything",
    "exactly",
    "find",
    "first",
    "from",
    "gave",
    "gets",
    "give",
    "gives",
    "goes",
    "going",
    "gone",
    "good",
    "great",
    "half",
    "happen",
    "happens",
    "have",
    "having",
    "hear",
    "heard",
    "here",
    "how",
    "however",
    "i'll",
    "i'm",
    "i've",
    "indeed",
    "instead",
    "into",
    "it'll",
    "it's",
    "itself",
    "just",
    "keep",
    "kind",
    "knew",
    "know",
    "known",
    "knows",
    "last",
    "later",
    "least",
    "less",
    "let's",
    "like",
    "little",
    "long",
    "look",
    "looks",
    "lots",
    "made",
    "make",
    "makes",
    "many",
    "matter",
    "maybe",
    "mean",
    "means",
    "might",
    "more",
    "most",
    "much",
    "must",
    "need",
    "needs",
    "never",
    "next",
    "nothing",
    "often",
    "once",
    "only",
    "other",
    "others",
    "over",
    "part",
    "people",
    "perhaps",
    "point",
    "question",
    "quite",
    "rather",
    "really",
    "right",
    "said",
    "same",
    "says",
    "seem",
    "seems",
    "seen",
    "should",
    "show",
    "since",
    "some",
    "something",
    "sometimes",
    "still",
    "such",
    "sure",
    "take",
    "takes",
    "talk",
    "tell",
    "than",
    "that",
    "that's",
    "their",
    "them",
    "then",
    "there",
    "there's",
    "these",
    "they",
    "they're",
    "thing",
    "things",
    "think",
    "this",
    "those",
    "though",
    "thought",
    "through",
    "time",
    "times",
    "today",
    "together",
    "told",
    "took",
    "true",
    "turn",
    "under",
    "until",
    "upon",
    "used",
    "very",
    "want",
    "wants",
    "way",
    "ways",
    "we'll",
    "we're",
    "well",
    "went",
    "were",
    "what",
    "what's",
    "when",
    "where",
    "whether",
    "which",
    "while",
    "whole",
    "whose",
    "will",
    "with",
    "within",
    "without",
    "word",
    "words",
    "would",
    "year",
    "years",
    "you'll",
    "you're",
    "your",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        stems(text, &["ada".to_owned(), "grace".to_owned()])
    }

    #[test]
    fn the_list_of_common_words_is_sorted_and_without_doubles() {
        let odd = COMMON.windows(2).find(|pair| pair[0] >= pair[1]);
        assert_eq!(odd, None);
    }

    #[test]
    fn endings_and_names_do_not_count() {
        assert_eq!(of("Ada, the moons circled."), of("The moon's circling, Grace"));
        assert!(of("Yes, I do think so, Ada.").is_empty());
    }

    /// A talk that leads on, turn by turn.
    const LEADS_ON: [&str; 6] = [
        "Rain begins as vapour that rises from warm oceans and lakes into the cold sky.",
        "High up it cools, and tiny drops gather around grains of dust or salt.",
        "Those drops collide and grow until the wind cannot carry their weight any longer.",
        "In winter the same cloud drops snow, for ice crystals form before water does.",
        "Deserts get none of it, because mountains wring the air dry before it arrives.",
        "Farmers there dig canals, and whole cities depend on rivers from far away.",
    ];
    /// A talk that turns in circles.
    const IN_CIRCLES: [&str; 6] = [
        "Rain begins as vapour that rises from warm oceans and lakes into the cold sky.",
        "Vapour rises from the oceans, and it makes rain in the cold sky.",
        "The sky is cold, so the vapour that rises becomes rain over the warm lakes.",
        "Warm oceans give vapour, and vapour that rises gives rain.",
        "And rain is vapour that has risen into a cold sky, from oceans and lakes.",
        "Cold sky, warm oceans, rising vapour: that makes rain.",
    ];

    fn measured(talk: &[&str]) -> (Vec<u16>, Vec<u16>) {
        let turns: Vec<Vec<String>> = talk.iter().map(|text| of(text)).collect();
        let before = |at: usize| turns[..at].iter().map(Vec::as_slice);
        let novelties = (1..turns.len()).filter_map(|at| novelty(&turns[at], before(at)));
        let repetitions = (1..turns.len()).filter_map(|at| repetition(&turns[at], before(at)));
        (novelties.collect(), repetitions.collect())
    }

    /// The numbers that the defaults rest on.
    #[test]
    fn a_talk_that_leads_on_is_told_from_one_that_turns_in_circles() {
        let (novelties, repetitions) = measured(&LEADS_ON);
        assert!(novelties.iter().all(|new| *new >= 600), "{novelties:?}");
        assert!(repetitions.iter().all(|old| *old <= 350), "{repetitions:?}");
        let (novelties, repetitions) = measured(&IN_CIRCLES);
        assert!(novelties.iter().all(|new| *new <= 200), "{novelties:?}");
        assert!(repetitions.iter().all(|old| *old >= 600), "{repetitions:?}");
    }

    #[test]
    fn a_short_turn_has_no_measure() {
        assert_eq!(novelty(&of("Vapour rises."), std::iter::empty()), None);
        assert_eq!(repetition(&of("Vapour rises."), std::iter::empty()), None);
    }

    #[test]
    fn a_question_finds_who_knows() {
        let sailor = of("A sailor who knows tides, harbours and storms.");
        let cook = of("A cook: bread, soup and storms in a teacup.");
        let asked = of("What makes the tides so high in this harbour?");
        assert!(knows(&asked, &sailor) > knows(&asked, &cook), "{asked:?}");
        assert_eq!(knows(&[], &cook), 0);
    }

    #[test]
    fn the_first_eighty_stems_of_a_turn_are_looked_at() {
        let letters = || "bcdfghjkmn".chars();
        let words = letters().flat_map(|a| letters().map(move |b| format!("rain{a}{b}")));
        let text = words.collect::<Vec<_>>().join(" ");
        assert_eq!((of(&text).len(), all_stems(&text, &[]).len()), (80, 100));
    }
}
