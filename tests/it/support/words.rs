//! Word errors, counted the way the offline recogniser was measured: lower case, no punctuation, numbers spelt out,
//! "uh" and "um" left out.

use std::ops::AddAssign;

/// Errors against a reference.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WordErrors {
    /// Words replaced, left out or put in.
    pub(crate) wrong: usize,
    /// Words of the reference.
    pub(crate) words: usize,
}

impl WordErrors {
    pub(crate) fn percent(self) -> f64 {
        100.0 * self.wrong as f64 / self.words.max(1) as f64
    }
}

impl AddAssign for WordErrors {
    fn add_assign(&mut self, other: Self) {
        self.wrong += other.wrong;
        self.words += other.words;
    }
}

/// The least number of changes that make `heard` of `reference`.
pub(crate) fn word_errors(reference: &str, heard: &str) -> WordErrors {
    let (reference, heard) = (normal(reference), normal(heard));
    let mut row: Vec<usize> = (0..=heard.len()).collect();
    for (at, wanted) in reference.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (place, word) in heard.iter().enumerate() {
            let above = row[place + 1];
            row[place + 1] =
                (diagonal + usize::from(wanted != word)).min(above + 1).min(row[place] + 1);
            diagonal = above;
        }
    }
    WordErrors { wrong: row[heard.len()], words: reference.len() }
}

/// The words as they are compared.
pub(crate) fn normal(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let plain: String = text
        .to_lowercase()
        .replace('’', "'")
        .replace("per cent", "percent")
        .replace('%', " percent")
        .chars()
        .map(|letter| if letter.is_alphanumeric() || letter == '\'' { letter } else { ' ' })
        .collect();
    for word in plain.split_whitespace() {
        let word = word.trim_matches('\'').replace('\'', "");
        match word.as_str() {
            "" | "uh" | "um" => {}
            "mr" => words.push("mister".to_owned()),
            "mrs" => words.push("missus".to_owned()),
            "dr" => words.push("doctor".to_owned()),
            number if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                words.extend(spelt(number));
            }
            other => words.push(other.to_owned()),
        }
    }
    words
}

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] =
    ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// A number as it is spoken: years by halves.
fn spelt(number: &str) -> Vec<String> {
    let Ok(value) = number.parse::<usize>() else { return vec![number.to_owned()] };
    let mut words = Vec::new();
    match value {
        1100..=1999 => {
            words.extend(under_hundred(value / 100));
            words.extend(if value % 100 == 0 {
                vec!["hundred".to_owned()]
            } else {
                under_hundred(value % 100)
            });
        }
        1000..=9999 => {
            words.extend(under_hundred(value / 1000));
            words.push("thousand".to_owned());
            if value % 1000 > 0 {
                words.extend(spelt(&(value % 1000).to_string()));
            }
        }
        100..=999 => {
            words.extend(under_hundred(value / 100));
            words.push("hundred".to_owned());
            if value % 100 > 0 {
                words.extend(under_hundred(value % 100));
            }
        }
        0..=99 => words.extend(under_hundred(value)),
        _ => words.push(number.to_owned()),
    }
    words
}

fn under_hundred(value: usize) -> Vec<String> {
    match value {
        0..=19 => vec![SMALL[value].to_owned()],
        _ if value.is_multiple_of(10) => vec![TENS[value / 10].to_owned()],
        _ => vec![TENS[value / 10].to_owned(), SMALL[value % 10].to_owned()],
    }
}

#[test]
fn words_are_compared_without_case_marks_and_figures() {
    assert_eq!(word_errors("mister smith had forty two dogs", "Mr. Smith had 42 dogs!").wrong, 0);
    assert_eq!(word_errors("a twelve percent chance", "a 12% chance").wrong, 0);
    assert_eq!(word_errors("a twelve percent chance", "a 12 per cent chance").wrong, 0);
    let errors = word_errors("one two three four", "one too three four five");
    assert_eq!((errors.wrong, errors.words), (2, 4));
}
