//! WebVTT captions: one file a speaker, and one with all three.
//!
//! Invariants: cue starts never go back; every cue ends after it starts; no cue holds a blank line, `-->` or NUL;
//! one `<v>` a cue, its name escaped.
//! House rules: a cue lasts at most 7 s and has at most two lines of 65 characters, if its words allow it; longer
//! captions are split, at the end of a sentence or clause where one is near, and so that no word or two stand alone. A cue
//! whose word times are spread rather than known has the class `estimated`; one of an AI whose word times are known carries
//! them. The last cue of a caption whose speaker was interrupted has the class `cut`.
//! Units: milliseconds of session time, rounded down.

use std::fmt::Write as _;

use crate::conversation::{Caption, Speaker};
use crate::time::{SESSION_RATE_HZ, SessionTime};

/// Longest cue (house rule, from the podcast namespace's advice).
const CUE_MS_MAX: u64 = 7_000;

/// Longest line in characters (the same advice).
const LINE_CHARACTERS_MAX: usize = 65;

/// Most lines of a cue.
const LINES_MAX: usize = 2;

/// Fewest words that a split leaves in a cue: one or two are gone before they are read.
const WORDS_MIN: usize = 3;

/// What a file's opening note says.
#[derive(Clone, Copy, Debug)]
pub struct VttHeader<'a> {
    /// The track: a speaker's display name, or the episode's title for the merged file.
    pub track: &'a str,
    /// The session.
    pub session_id: &'a str,
    /// BCP 47 tag of the language.
    pub language: &'a str,
}

/// A file and how many cues it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VttFile {
    /// The whole text.
    pub text: String,
    /// Cues in it.
    pub cues: usize,
}

/// Renders final captions as a file, in the order of their times. Interim captions, captions without words and parts of
/// no length are left out; what reaches beyond `end` is cut there.
#[must_use]
pub fn render(
    header: VttHeader<'_>,
    names: [&str; 3],
    captions: &[Caption],
    end: SessionTime,
) -> VttFile {
    let mut text = format!(
        "WEBVTT\n\nNOTE\ntrack: {}\nsession: {}\nlanguage: {}\nsample rate: {SESSION_RATE_HZ}\noffset: 0\n\
         class estimated: word times are spread evenly over the caption\n\
         class cut: the speaker was interrupted here\n",
        note(header.track),
        note(header.session_id),
        note(header.language),
    );
    let finals = captions.iter().filter(|caption| caption.is_final);
    let mut cues: Vec<Cue> = finals.flat_map(|caption| cues_of(caption, end)).collect();
    cues.sort_by_key(|cue| (cue.start_ms, cue.caption, cue.part));
    for cue in &cues {
        cue.write(names[cue.speaker.index()], &mut text);
    }
    VttFile { text, cues: cues.len() }
}

/// A word as it will be written, with when it begins and ends.
#[derive(Clone, Debug)]
struct Word {
    text: String,
    start_ms: u64,
    end_ms: u64,
}

/// One cue of a file.
#[derive(Debug)]
struct Cue {
    caption: u32,
    part: usize,
    speaker: Speaker,
    start_ms: u64,
    end_ms: u64,
    words: Vec<Word>,
    estimated: bool,
    cut: bool,
}

/// The cues a caption becomes; none if it has no words or no length.
fn cues_of(caption: &Caption, end: SessionTime) -> Vec<Cue> {
    let (mut words, estimated) = words_of(caption);
    let end_ms = caption.end.min(end).millis();
    if end < caption.end {
        words.retain(|word| word.start_ms < end_ms);
    }
    let groups = split(words);
    let starts: Vec<u64> =
        groups.iter().filter_map(|group| group.first()).map(|word| word.start_ms).collect();
    let last = groups.len().saturating_sub(1);
    let mut cues = Vec::new();
    for (part, words) in groups.into_iter().enumerate() {
        let word_end_ms = words.last().map_or(0, |word| word.end_ms);
        let start_ms = if part == 0 { caption.start.millis() } else { starts[part] };
        let part_end_ms =
            if part == last { caption.end.millis() } else { word_end_ms.min(starts[part + 1]) };
        let cue_end_ms = part_end_ms.min(end_ms);
        if start_ms < cue_end_ms {
            let speaker = caption.speaker;
            cues.push(Cue {
                caption: caption.id,
                part,
                speaker,
                start_ms,
                end_ms: cue_end_ms,
                words,
                estimated,
                cut: false,
            });
        }
    }
    if let Some(last) = cues.last_mut() {
        last.cut = caption.cut;
    }
    cues
}

/// The caption's words with rising times, and whether the times are estimated. The text is what counts: where the words
/// do not match it one by one, their times are spread over the caption.
fn words_of(caption: &Caption) -> (Vec<Word>, bool) {
    let tokens: Vec<String> = caption.text.split_whitespace().map(visible).collect();
    let (start_ms, end_ms) =
        (caption.start.millis(), caption.end.millis().max(caption.start.millis()));
    let is_timed = caption.words.len() == tokens.len();
    let count = tokens.len().max(1) as u64;
    let mut earliest = start_ms;
    let mut words = Vec::with_capacity(tokens.len());
    for (index, text) in (0..).zip(tokens) {
        let spread = |index: u64| start_ms + (end_ms - start_ms) * index / count;
        let known = is_timed
            .then(|| usize::try_from(index).ok().and_then(|index| caption.words.get(index)))
            .flatten();
        let (from, to) = known.map_or((spread(index), spread(index + 1)), |word| {
            (word.start.millis(), word.end.millis())
        });
        let from = from.clamp(earliest, end_ms.max(earliest));
        earliest = from;
        words.push(Word { text, start_ms: from, end_ms: to.clamp(from, end_ms.max(from)) });
    }
    (words, caption.estimated || !is_timed)
}

/// Cuts words into groups that fit a cue.
fn split(words: Vec<Word>) -> Vec<Vec<Word>> {
    let mut groups = Vec::new();
    let mut rest = words;
    while !rest.is_empty() {
        let next = rest.split_off(count_of_first(&rest));
        groups.push(rest);
        rest = next;
    }
    groups
}

/// How many words the first cue takes: all that fit, if these are all; else up to the last sentence that ends within it,
/// else to the last clause in its second half, else as many as are left for the next cue, if that is the last.
fn count_of_first(words: &[Word]) -> usize {
    let fitting = (1..=words.len())
        .take_while(|count| *count == 1 || fits(&words[..*count]))
        .last()
        .unwrap_or(1);
    if fitting == words.len() {
        return fitting;
    }
    let last_after = |ends: &[char], from: usize| {
        let most = fitting.min(words.len().saturating_sub(WORDS_MIN));
        let ends_there = |count: &usize| ends_with(&words[*count - 1].text, ends);
        (from.max(WORDS_MIN)..=most).rev().find(ends_there)
    };
    let even = if words.len() < 2 * fitting { words.len().div_ceil(2) } else { fitting };
    last_after(&SENTENCE_ENDS, 1)
        .or_else(|| last_after(&CLAUSE_ENDS, fitting.div_ceil(2)))
        .unwrap_or(even)
}

const SENTENCE_ENDS: [char; 7] = ['.', '!', '?', '…', '。', '！', '？'];
const CLAUSE_ENDS: [char; 9] = [',', ';', ':', '–', '—', '、', '，', '；', '：'];

/// Whether a word ends so, quotation marks and brackets behind it left aside.
fn ends_with(word: &str, ends: &[char]) -> bool {
    word.trim_end_matches(['"', '\'', '”', '’', '»', ')', ']']).ends_with(ends)
}

fn fits(words: &[Word]) -> bool {
    let first_ms = words.first().map_or(0, |word| word.start_ms);
    let last_ms = words.last().map_or(0, |word| word.end_ms);
    last_ms - first_ms <= CUE_MS_MAX && line_starts(words).len() <= LINES_MAX
}

/// The index of each line's first word, filling lines in turn.
fn line_starts(words: &[Word]) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut width = 0;
    for (index, word) in words.iter().enumerate() {
        let characters = word.text.chars().count();
        if index == 0 || width + 1 + characters > LINE_CHARACTERS_MAX {
            starts.push(index);
            width = characters;
        } else {
            width += 1 + characters;
        }
    }
    starts
}

impl Cue {
    fn write(&self, name: &str, out: &mut String) {
        let name = if name.trim().is_empty() { self.speaker.as_str() } else { name };
        let estimated = if self.estimated { ".estimated" } else { "" };
        let cut = if self.cut { ".cut" } else { "" };
        let suffix = if self.part == 0 { String::new() } else { format!("-{}", self.part + 1) };
        let times = format!("{} --> {}", timestamp(self.start_ms), timestamp(self.end_ms));
        let line = format!(
            "\nc{}{suffix}\n{times}\n<v{estimated}{cut} {}>",
            self.caption,
            escape(&one_line(name))
        );
        out.push_str(&line);
        let has_word_times = self.speaker.ai().is_some() && !self.estimated;
        let line_starts = line_starts(&self.words);
        let mut latest_ms = self.start_ms;
        for (index, word) in self.words.iter().enumerate() {
            if index > 0 {
                out.push(if line_starts.contains(&index) { '\n' } else { ' ' });
                // Karaoke times must rise strictly within the cue; a word that began with the one before has none.
                if has_word_times && latest_ms < word.start_ms && word.start_ms < self.end_ms {
                    latest_ms = word.start_ms;
                    out.push('<');
                    out.push_str(&timestamp(word.start_ms));
                    out.push('>');
                }
            }
            out.push_str(&escape(&word.text));
        }
        out.push_str("</v>\n");
    }
}

/// `hh:mm:ss.ttt`, hours of two digits or more.
fn timestamp(millis: u64) -> String {
    let seconds = millis / 1000;
    let mut text = String::with_capacity(12);
    // Writing to a String cannot fail.
    let written = write!(
        text,
        "{:02}:{:02}:{:02}.{:03}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        millis % 1000
    );
    debug_assert!(written.is_ok());
    text
}

/// The three characters that WebVTT takes for markup; escaping `>` also rids a text of `-->`.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A text on one line, without control characters.
fn one_line(text: &str) -> String {
    text.split_whitespace().map(visible).collect::<Vec<_>>().join(" ")
}

/// A word with U+FFFD for what a reader would replace or stumble over.
fn visible(word: &str) -> String {
    word.chars()
        .map(|character| if character.is_control() { '\u{FFFD}' } else { character })
        .collect()
}

/// A text inside a NOTE, which knows no markup but must not hold an arrow.
fn note(text: &str) -> String {
    one_line(text).replace('>', "&gt;")
}
