//! Brings written text into the letters Flite knows, and its words back to the places they were written.
//!
//! Flite reads ASCII. Typographic marks become plain ones, accents fall off, every other sign becomes a space; a table
//! remembers where each byte came from, so a word's time always points into the text as it was given.

use super::TtsWord;
use super::flite_ffi::Token;

/// A text as Flite is given it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SpokenText {
    /// ASCII without zero bytes.
    pub(super) ascii: String,
    /// For each byte of `ascii` the byte of the source where its character begins; one more entry for the end.
    origins: Vec<usize>,
}

impl SpokenText {
    pub(super) fn of(text: &str) -> Self {
        let mut spoken = Self {
            ascii: String::with_capacity(text.len()),
            origins: Vec::with_capacity(text.len() + 1),
        };
        for (at, character) in text.char_indices() {
            spoken.push(at, character);
        }
        spoken.origins.push(text.len());
        spoken
    }

    /// Whether there is anything a voice could say: Flite makes 0.2 s of silence of a text without letters.
    pub(super) fn is_speakable(&self) -> bool {
        self.ascii.bytes().any(|byte| byte.is_ascii_alphanumeric())
    }

    fn push(&mut self, at: usize, character: char) {
        let before = self.ascii.len();
        match character {
            '\0' => self.ascii.push(' '),
            '\u{2018}' | '\u{2019}' | '\u{02BC}' => self.ascii.push('\''),
            '\u{201C}' | '\u{201D}' | '\u{00AB}' | '\u{00BB}' => self.ascii.push('"'),
            // Between words a dash is a pause; Flite would run "one—two" into one token.
            '\u{2013}' | '\u{2014}' | '\u{2015}' => {
                self.ascii.push_str(if self.ascii.ends_with(|c: char| c.is_ascii_alphanumeric()) {
                    ", "
                } else {
                    " "
                });
            }
            '\u{2026}' => self.ascii.push_str("..."),
            ascii if ascii.is_ascii() => self.ascii.push(ascii),
            other => self.ascii.push_str(without_accent(other)),
        }
        self.origins.resize(self.origins.len() + self.ascii.len() - before, at);
    }

    /// Where the words of the text sound. A word is a written token with the marks that hug it, so that the words cut
    /// at any point give a text a reader can follow; tokens without sound are left out.
    ///
    /// `text` is the source; times never fall.
    pub(super) fn words(&self, text: &str, tokens: &[Token]) -> Vec<TtsWord> {
        let mut words: Vec<TtsWord> = Vec::with_capacity(tokens.len());
        let mut begin_byte = 0;
        let mut heard_until = 0;
        for token in tokens {
            let range = begin_byte..token.end_byte.clamp(begin_byte, self.ascii.len());
            begin_byte = range.end;
            let (Some((start_sample, end_sample)), Some((text_start, text_end))) =
                (token.sounds, self.source_range(text, range))
            else {
                continue;
            };
            let start_sample = start_sample.max(heard_until);
            let end_sample = end_sample.max(start_sample);
            heard_until = end_sample;
            words.push(TtsWord { text_start, text_end, start_sample, end_sample });
        }
        words
    }

    /// The source bytes of a range of the ASCII text, without white space at either end.
    fn source_range(&self, text: &str, range: std::ops::Range<usize>) -> Option<(usize, usize)> {
        let written = self.ascii.get(range.clone())?;
        let lead = written.len() - written.trim_start().len();
        let trail = written.len() - written.trim_end().len();
        let first = *self.origins.get(range.start + lead)?;
        let last = *self.origins.get((range.end - trail).checked_sub(1)?)?;
        // `last` is where its character begins; the word ends behind that character.
        let end = last + text.get(last..)?.chars().next().map_or(0, char::len_utf8);
        (first < end).then_some((first, end))
    }
}

/// The nearest ASCII letters of a Latin letter; a space for anything else.
fn without_accent(character: char) -> &'static str {
    match character {
        'À'..='Å' | 'Ā' | 'Ă' | 'Ą' => "A",
        'à'..='å' | 'ā' | 'ă' | 'ą' => "a",
        'Æ' => "AE",
        'æ' => "ae",
        'Ç' | 'Ć' | 'Ĉ' | 'Ċ' | 'Č' => "C",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'Ð' | 'Ď' | 'Đ' => "D",
        'ð' | 'ď' | 'đ' => "d",
        'È'..='Ë' | 'Ē' | 'Ĕ' | 'Ė' | 'Ę' | 'Ě' => "E",
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'Ĝ' | 'Ğ' | 'Ġ' | 'Ģ' => "G",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'Ì'..='Ï' | 'Ĩ' | 'Ī' | 'Į' | 'İ' => "I",
        'ì'..='ï' | 'ĩ' | 'ī' | 'į' | 'ı' => "i",
        'Ĺ' | 'Ľ' | 'Ł' => "L",
        'ĺ' | 'ľ' | 'ł' => "l",
        'Ñ' | 'Ń' | 'Ň' => "N",
        'ñ' | 'ń' | 'ň' => "n",
        'Ò'..='Ö' | 'Ø' | 'Ō' | 'Ő' => "O",
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => "o",
        'Œ' => "OE",
        'œ' => "oe",
        'Ŕ' | 'Ř' => "R",
        'ŕ' | 'ř' => "r",
        'Ś' | 'Ş' | 'Š' | 'Ș' => "S",
        'ś' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'Ţ' | 'Ť' | 'Ț' => "T",
        'ţ' | 'ť' | 'ț' => "t",
        'Þ' => "Th",
        'þ' => "th",
        'Ù'..='Ü' | 'Ũ' | 'Ū' | 'Ů' | 'Ű' | 'Ų' => "U",
        'ù'..='ü' | 'ũ' | 'ū' | 'ů' | 'ű' | 'ų' => "u",
        'Ý' | 'Ÿ' => "Y",
        'ý' | 'ÿ' => "y",
        'Ź' | 'Ż' | 'Ž' => "Z",
        'ź' | 'ż' | 'ž' => "z",
        _ => " ",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(ends: &[(usize, Option<(u64, u64)>)]) -> Vec<Token> {
        ends.iter().map(|&(end_byte, sounds)| Token { end_byte, sounds }).collect()
    }

    fn written<'a>(text: &'a str, words: &[TtsWord]) -> Vec<&'a str> {
        words.iter().map(|word| &text[word.text_start..word.text_end]).collect()
    }

    #[test]
    fn typographic_marks_and_accents_become_ascii() {
        assert_eq!(SpokenText::of("“Don’t”—café…").ascii, "\"Don't\" cafe...");
        assert_eq!(SpokenText::of("one—two").ascii, "one, two");
        assert_eq!(SpokenText::of("one — two").ascii, "one   two");
        assert_eq!(SpokenText::of("Straße, œuvre\0").ascii, "Strasse, oeuvre ");
    }

    #[test]
    fn what_has_no_letter_or_figure_is_not_speakable() {
        for text in ["", " \n", "...", "— –", "🎉", "你好", "?!"] {
            assert!(!SpokenText::of(text).is_speakable(), "{text:?}");
        }
        for text in ["a", "7", "é", "(x)"] {
            assert!(SpokenText::of(text).is_speakable(), "{text:?}");
        }
    }

    #[test]
    fn words_point_into_the_source_with_the_marks_that_hug_them() {
        let text = "Café, 你好 “wow” — yes.";
        let spoken = SpokenText::of(text);
        assert_eq!(spoken.ascii, "Cafe,    \"wow\"   yes.");
        let tokens = tokens(&[(9, Some((10, 20))), (17, Some((30, 40))), (21, Some((50, 60)))]);
        assert_eq!(written(text, &spoken.words(text, &tokens)), ["Café,", "“wow”", "yes."]);
    }

    #[test]
    fn tokens_without_sound_are_left_out_and_times_never_fall() {
        let text = "one - two three";
        let tokens = tokens(&[
            (4, Some((100, 200))),
            (6, None),
            (10, Some((150, 180))),
            (15, Some((300, 400))),
        ]);
        let words = SpokenText::of(text).words(text, &tokens);
        assert_eq!(written(text, &words), ["one", "two", "three"]);
        let times: Vec<_> = words.iter().map(|word| (word.start_sample, word.end_sample)).collect();
        assert_eq!(times, [(100, 200), (200, 200), (300, 400)]);
    }

    #[test]
    fn offsets_beyond_the_text_are_cut_to_it() {
        let text = "hi";
        let words =
            SpokenText::of(text).words(text, &tokens(&[(999, Some((1, 2))), (5, Some((3, 4)))]));
        assert_eq!(written(text, &words), ["hi"]);
    }
}
