//! Cuts a growing reply into pieces for speech.
//!
//! A piece is what the voice gets at once and what one caption cue shows. The first one leaves with its first
//! clause, so that the voice can begin while the rest is being written; later ones are sentences.
//!
//! Invariants: the pieces joined by single spaces are the text with its white space squeezed, whatever the chunks
//! it came in; the cuts do not depend on the chunks; no piece is longer than [`PIECE_MAX`] characters.
//! Units: characters (`char`), not bytes.

/// Longest piece. A voice says 14 to 17 characters a second, so it lasts 5.3 to 6.5 s, below the 7 s of a cue,
/// and it fits two caption lines of 65.
pub const PIECE_MAX: usize = 90;
/// Longest first piece: what can be said before the wait for a clause is felt.
const FIRST_MAX: usize = 60;
/// Shortest piece that a sentence may end, so that a cue lasts a second.
const SENTENCE_MIN: usize = 18;
/// Shortest first piece that a comma may end: shorter ones sound clipped.
const CLAUSE_MIN: usize = 24;

/// Takes text as it comes and gives pieces as they are whole.
#[derive(Clone, Debug, Default)]
pub struct Cutter {
    /// Whole words of the piece in the making, each with what may end after it.
    words: Vec<Word>,
    /// The word that is being written.
    open: String,
    /// Whether white space has ended `open`; the next letter decides whether a sentence ended with it.
    parted: bool,
    /// Whether a piece has left.
    begun: bool,
}

#[derive(Clone, Debug)]
struct Word {
    text: String,
    ends: Ends,
}

/// What may end after a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ends {
    Nothing,
    Clause,
    Sentence,
}

impl Cutter {
    /// Takes more text; appends the pieces that became whole to `pieces`.
    pub fn push(&mut self, text: &str, pieces: &mut Vec<String>) {
        for c in text.chars() {
            if c.is_whitespace() {
                self.parted |= !self.open.is_empty();
                continue;
            }
            if self.parted {
                self.close_word(Some(c), pieces);
            }
            self.open.push(c);
            // A word that fills a whole piece by itself (an address, a language without spaces).
            if self.open.chars().count() >= PIECE_MAX {
                self.close_word(None, pieces);
                self.cut(self.words.len(), pieces);
            }
        }
    }

    /// Ends the text: gives what is left.
    pub fn finish(&mut self, pieces: &mut Vec<String>) {
        if !self.open.is_empty() {
            self.close_word(None, pieces);
        }
        self.cut(self.words.len(), pieces);
    }

    /// Text that has left in no piece.
    #[must_use]
    pub fn rest(&self) -> String {
        let mut rest = joined(&self.words);
        if !self.open.is_empty() {
            if !rest.is_empty() {
                rest.push(' ');
            }
            rest.push_str(&self.open);
        }
        rest
    }

    /// The open word is whole, and `next` begins another one: cut where the text allows it.
    fn close_word(&mut self, next: Option<char>, pieces: &mut Vec<String>) {
        let text = std::mem::take(&mut self.open);
        self.parted = false;
        if length(&self.words) + 1 + text.chars().count() > self.max() && !self.words.is_empty() {
            let at = self.best_cut();
            self.cut(at, pieces);
        }
        let ends = ending(&text, next);
        self.words.push(Word { text, ends });
        let length = length(&self.words);
        let is_whole = match ends {
            Ends::Sentence => length >= SENTENCE_MIN,
            Ends::Clause => !self.begun && length >= CLAUSE_MIN,
            Ends::Nothing => false,
        };
        if is_whole && next.is_some() {
            self.cut(self.words.len(), pieces);
        }
    }

    const fn max(&self) -> usize {
        if self.begun { PIECE_MAX } else { FIRST_MAX }
    }

    /// Where a piece that would grow too long is cut: after its last sentence, else its last clause (unless only
    /// a stump would leave), else as late as possible.
    fn best_cut(&self) -> usize {
        let after = |kind: Ends| {
            let at = self.words.iter().rposition(|word| word.ends >= kind)? + 1;
            (length(&self.words[..at]) >= SENTENCE_MIN).then_some(at)
        };
        after(Ends::Sentence).or_else(|| after(Ends::Clause)).unwrap_or(self.words.len())
    }

    fn cut(&mut self, at: usize, pieces: &mut Vec<String>) {
        if at > 0 {
            pieces.push(joined(&self.words[..at]));
            self.words.drain(..at);
            self.begun = true;
        }
    }
}

fn length(words: &[Word]) -> usize {
    words.iter().map(|word| word.text.chars().count() + 1).sum::<usize>().saturating_sub(1)
}

fn joined(words: &[Word]) -> String {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    texts.join(" ")
}

/// What ends after `word`, where `next` is the first letter of the word that follows.
fn ending(word: &str, next: Option<char>) -> Ends {
    let bare = word.trim_end_matches(['"', '\'', '”', '’', ')', ']', '»', '*', '_']);
    let next_is_small = next.is_some_and(char::is_lowercase);
    match bare.chars().next_back() {
        Some('!' | '?') if !next_is_small => Ends::Sentence,
        // `"Why?" she asked` and `Hey! you` go on.
        Some('!' | '?') => Ends::Clause,
        Some('…') if next_is_small => Ends::Clause,
        Some('…') => Ends::Sentence,
        Some('.') if bare.ends_with("...") && next_is_small => Ends::Clause,
        Some('.') if bare.ends_with("...") => Ends::Sentence,
        Some('.') if is_abbreviation(bare, next) => Ends::Nothing,
        Some('.') => Ends::Sentence,
        Some(',' | ';' | ':' | '—' | '–') => Ends::Clause,
        // A dash with a space on both sides.
        Some('-') if bare == "-" => Ends::Clause,
        Some(_) | None => Ends::Nothing,
    }
}

/// Whether the full stop of `word` belongs to the word.
fn is_abbreviation(word: &str, next: Option<char>) -> bool {
    let stem = word.trim_end_matches('.').trim_start_matches(['"', '\'', '“', '‘', '(', '[', '«']);
    let next_is_small = next.is_some_and(char::is_lowercase);
    let next_is_digit = next.is_some_and(char::is_numeric);
    let lower = stem.to_lowercase();
    let mut letters = stem.chars();
    // "J. S. Bach", but "So did I. Then".
    matches!((letters.next(), letters.next()), (Some(c), None) if c.is_uppercase() && c != 'I')
        || TITLES.contains(&lower.as_str())
        || (next_is_digit && BEFORE_NUMBERS.contains(&lower.as_str()))
        // "at 5 p.m. we", "the U.S. market", "etc. and": with a capital behind it the sentence has ended.
        || ((next_is_small || next_is_digit) && (lower.contains('.') || OTHERS.contains(&lower.as_str())))
        || matches!(lower.as_str(), "e.g" | "i.e" | "cf")
}

/// Always followed by a name.
const TITLES: &[&str] = &[
    "mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "gen", "col", "capt", "lt", "sgt", "rev",
    "hon", "messrs", "vs",
];
/// Abbreviations when a number follows, words otherwise.
const BEFORE_NUMBERS: &[&str] =
    &["no", "nr", "vol", "fig", "p", "pp", "ch", "sec", "op", "ca", "approx"];
/// Inside a sentence when it goes on in small letters.
const OTHERS: &[&str] =
    &["etc", "inc", "ltd", "co", "corp", "dept", "approx", "ca", "est", "min", "max", "al"];

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(chunks: &[&str]) -> Vec<String> {
        let (mut cutter, mut pieces) = (Cutter::default(), Vec::new());
        for chunk in chunks {
            cutter.push(chunk, &mut pieces);
        }
        cutter.finish(&mut pieces);
        assert_eq!(cutter.rest(), "");
        pieces
    }

    #[test]
    fn the_first_piece_leaves_with_its_first_clause() {
        let (mut cutter, mut pieces) = (Cutter::default(), Vec::new());
        cutter.push("Rain begins as vapour rising, and then it cools", &mut pieces);
        assert_eq!(pieces, ["Rain begins as vapour rising,"]);
        assert_eq!(cutter.rest(), "and then it cools");
    }

    #[test]
    fn a_dash_between_words_ends_a_clause_and_a_hyphen_does_not() {
        let first = |text: &str| {
            let (mut cutter, mut pieces) = (Cutter::default(), Vec::new());
            cutter.push(text, &mut pieces);
            pieces
        };
        assert_eq!(first("Rain begins as some vapour - and"), ["Rain begins as some vapour -"]);
        assert_eq!(first("Rain begins as some vapour – and"), ["Rain begins as some vapour –"]);
        assert!(first("Rain begins with sub- and supercooling").is_empty());
    }

    #[test]
    fn later_pieces_are_sentences_and_short_ones_join_the_next() {
        assert_eq!(
            pieces(&[
                "Well, that depends a lot on the weather. Yes. It does, as everybody knows. ",
                "Good night."
            ]),
            [
                "Well, that depends a lot on the weather.",
                "Yes. It does, as everybody knows.",
                "Good night."
            ]
        );
    }

    #[test]
    fn full_stops_inside_a_sentence_do_not_end_it() {
        for text in [
            "Dr. Gray met Mrs. Hill at 5 p.m. in the U.S. embassy.",
            "See e.g. No. 5 and J. S. Bach, etc. for more.",
            "It costs 3.50 at studio.example.org today.",
            "1. First of all we wait here.",
            "He said \"Why?\" and left us… without a word.",
        ] {
            let mut cutter = Cutter { begun: true, ..Cutter::default() };
            let mut pieces = Vec::new();
            cutter.push(text, &mut pieces);
            cutter.finish(&mut pieces);
            assert_eq!(pieces, [text]);
        }
    }

    #[test]
    fn quotes_and_years_may_end_a_sentence() {
        let mut cutter = Cutter { begun: true, ..Cutter::default() };
        let mut pieces = Vec::new();
        cutter.push(
            "She said \"leave it as it is.\" It was in the year 1999. Then... Nobody came",
            &mut pieces,
        );
        assert_eq!(pieces, ["She said \"leave it as it is.\"", "It was in the year 1999."]);
        assert_eq!(cutter.rest(), "Then... Nobody came");
    }

    #[test]
    fn nothing_is_lost_or_doubled_whatever_the_chunks() {
        let text = "Well: I think so. Do you?  The thing about tides, as Mr. Hay (my neighbour) says, is that they \
                    come and go twice a day without anybody who asks for it or \n\n pays. \
                    https://example.org/a/very/long/address/that/has/no/spaces/and/goes/on/and/on/for/more/than/ninety/characters \
                    ends… here! „Gut.“ 雨が降ります。 ok";
        let whole = pieces(&[text]);
        let squeezed: Vec<&str> = text.split_whitespace().collect();
        assert_eq!(whole.concat().replace(' ', ""), squeezed.concat());
        assert!(whole.iter().all(|piece| piece.chars().count() <= PIECE_MAX), "{whole:?}");
        let letters: Vec<String> = text.chars().map(String::from).collect();
        for size in [1, 2, 3, 7, 50] {
            let chunks: Vec<String> = letters.chunks(size).map(<[String]>::concat).collect();
            let chunks: Vec<&str> = chunks.iter().map(String::as_str).collect();
            assert_eq!(pieces(&chunks), whole, "chunks of {size}");
        }
    }

    #[test]
    fn blank_text_is_no_piece() {
        assert_eq!(pieces(&["", "  \n"]), Vec::<String>::new());
    }

    #[test]
    fn the_first_piece_has_sixty_letters_and_the_others_ninety_at_most() {
        let letters = |begun: bool, last: usize, words: usize| {
            let text = format!("{} {} and", ["ninechars"; 20][..words].join(" "), "x".repeat(last));
            let mut cutter = Cutter { begun, ..Cutter::default() };
            let mut pieces = Vec::new();
            cutter.push(&text, &mut pieces);
            cutter.push(" so on", &mut pieces);
            pieces[0].len()
        };
        assert_eq!([10, 11].map(|last| letters(false, last, 5)), [60, 49]);
        assert_eq!([10, 11].map(|last| letters(true, last, 8)), [90, 79]);
    }
}
