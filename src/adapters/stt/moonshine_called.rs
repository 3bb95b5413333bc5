//! Names that are called, heard as names.
//!
//! The model has never seen the names at this table and writes what is more common: "They don't want to do you make of
//! that" for "Ada, what do you make of that?". So once a line is over it is read again as if one of the names had been
//! called, at its head and at its end; if the model finds such a reading nearly as likely as its own, that is what was
//! said. The words behind the name are read anew too.
//!
//! `tests/it/called_names.rs` counts what it finds and that it finds nothing where nobody is called.
//!
//! Bounds: [`NAMES_MAX`] names, three readings of each, most given up at the first token.

use std::sync::atomic::{AtomicBool, Ordering};

use super::inventions::is_loop;
use super::moonshine_model::{Model, Reading, Wanted};
use super::moonshine_network::Heard;

/// How much less likely than the model's own reading one with a name may be, in natural logarithms. When it was chosen,
/// 241 of 252 made lines that call somebody came within 9, and of 135 recorded stretches that call nobody the nearest was
/// 8.4 away.
const LESS_LIKELY_MAX: f32 = 8.0;
/// Where the model finds its own reading less likely than this, a token in the mean, several people speak at once or
/// nobody does, and any other guess may seem likelier. Lines that did call somebody were at -0.98 at the least.
const GUESSED: f32 = -1.0;
/// A word that the model found likelier than three to one is what it says, not a name.
const SURE: f32 = -0.3;
/// Words that one called name at the end may have been taken for ("No, ma'am" for Nova).
const WORDS_MAX: usize = 2;
/// Names and aliases that are listened for: two speakers, three names each.
const NAMES_MAX: usize = 6;
/// Words that may stand before a name that is called.
const OPENERS: &[&str] = &[
    "so", "and", "but", "well", "okay", "ok", "now", "hey", "hi", "hello", "right", "then", "yes",
    "yeah", "no", "oh", "thanks",
];

/// The likeliest reading that calls one of `names`, if it is likely enough and `plain` does not call one as it is.
pub(super) fn reading(
    model: &mut Model,
    heard: &mut Heard,
    plain: &Reading,
    names: &[String],
    tokens_max: usize,
    cancelled: &AtomicBool,
) -> ort::Result<Option<Reading>> {
    let line = Line::of(model, plain);
    if line.calls(names) || plain.mean() < GUESSED {
        return Ok(None);
    }
    let at_least = plain.likelihood() - LESS_LIKELY_MAX;
    let mut best: Option<Reading> = None;
    let mut take = |reading: Reading| {
        let likelihood = reading.likelihood();
        if likelihood >= best.as_ref().map_or(at_least, Reading::likelihood) {
            best = Some(reading);
        }
    };
    for name in names.iter().take(NAMES_MAX) {
        for begin in line.heads(model, name) {
            if is_hopeless(plain, &begin, at_least) {
                continue;
            }
            let tokens_max = tokens_max + begin.len();
            let wanted = Wanted { begin: &begin, at_least: Some(at_least) };
            if let Some(reading) = model.read(heard, wanted, tokens_max, cancelled)?
                && !reading.capped
                && !is_loop(&model.vocabulary.text(&reading.tokens))
            {
                take(reading);
            }
        }
        for tokens in line.ends(model, name) {
            if cancelled.load(Ordering::Relaxed) {
                return Ok(None);
            }
            take(model.judge(heard, tokens)?);
        }
    }
    Ok(best)
}

/// Whether already the first token is too unlikely.
fn is_hopeless(plain: &Reading, begin: &[usize], at_least: f32) -> bool {
    let first = begin.first().and_then(|token| plain.openings.get(*token));
    first.is_none_or(|share| *share < at_least)
}

/// The model's own reading, by words.
struct Line<'a> {
    plain: &'a Reading,
    /// Where each word begins.
    begins: Vec<usize>,
    /// As compared: small letters only.
    words: Vec<String>,
    /// The mark at the end.
    mark: &'static str,
}

impl<'a> Line<'a> {
    fn of(model: &Model, plain: &'a Reading) -> Self {
        let text = model.vocabulary.text(&plain.tokens);
        let begins = (0..plain.tokens.len())
            .filter(|place| model.vocabulary.begins_word(plain.tokens[*place]))
            .collect();
        let mark = [".", "?", "!"].into_iter().find(|mark| text.ends_with(mark)).unwrap_or(".");
        Self { plain, begins, words: compared(&text), mark }
    }

    /// Whether one of the names is the first, second or last word.
    fn calls(&self, names: &[String]) -> bool {
        names.iter().any(|name| {
            let name = compared(name);
            !name.is_empty()
                && (self.words.iter().position(|word| *word == name[0]).is_some_and(|at| at < 2)
                    || self.words.ends_with(&name))
        })
    }

    /// What the line begins with if it calls `name`: at once, or behind a small word.
    fn heads(&self, model: &Model, name: &str) -> Vec<Vec<usize>> {
        let Some(called) = model.vocabulary.tokens(&format!("{name},")) else { return Vec::new() };
        let opens = self.words.first().is_some_and(|word| OPENERS.contains(&word.as_str()));
        let behind = self.begins.get(1).filter(|_| opens).map(|end| {
            let mut tokens = self.plain.tokens[..*end].to_vec();
            tokens.extend_from_slice(&called);
            tokens
        });
        std::iter::once(called).chain(behind).collect()
    }

    /// The line with `name` called in the place of its last words, where the model was not sure of them.
    fn ends(&self, model: &Model, name: &str) -> Vec<Vec<usize>> {
        let (Some(comma), Some(mark), Some(called)) = (
            model.vocabulary.number(","),
            model.vocabulary.number(self.mark),
            model.vocabulary.tokens(name),
        ) else {
            return Vec::new();
        };
        let marks = [".", "?", "!", ","].map(|mark| model.vocabulary.number(mark));
        let mut ends = Vec::new();
        for words in 1..=WORDS_MAX.min(self.begins.len().saturating_sub(1)) {
            let from = self.begins[self.begins.len() - words];
            if self.plain.shares[from..].iter().all(|share| *share > SURE) {
                continue;
            }
            let mut tokens = self.plain.tokens[..from].to_vec();
            while tokens.last().is_some_and(|last| marks.contains(&Some(*last))) {
                tokens.pop();
            }
            tokens.push(comma);
            tokens.extend_from_slice(&called);
            tokens.push(mark);
            ends.push(tokens);
        }
        ends
    }
}

fn compared(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}
