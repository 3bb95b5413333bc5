//! The sentences of a prompt that can be said aloud.

use super::words::{count, subject_stems};
use crate::conversation::prompt::{Part, lines, part};

/// A sentence and what it is about.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    /// A whole sentence, in the speaker's own person.
    pub(super) text: String,
    /// Sorted stems of its subject words.
    pub(super) stems: Vec<String>,
}

/// Everything the speaker of `system` can say: what only it knows, what everyone knows, what the segments want.
pub(super) fn facts(system: &str, names: &[&str]) -> Vec<Fact> {
    let about = |text: &str| subject_stems(text, names);
    let private = sentences(part(system, Part::Private))
        .into_iter()
        .map(|sentence| in_first_person(&sentence));
    let everyone = sentences(part(system, Part::Everyone));
    let known = private.chain(everyone).map(|text| Fact { stems: about(&text), text });
    let goals = part(system, Part::Show).lines().filter_map(|line| line.strip_prefix(lines::GOAL));
    let planned = goals.flat_map(sentences).map(|goal| Fact {
        stems: about(&goal),
        text: format!("Our plan for this part is to {}", lower_first(&goal)),
    });
    known.chain(planned).collect()
}

/// The sentence, and what is left of it where it is cut at a joint: shorter ways to say a part of it.
pub(super) fn ways_to_say(sentence: &str) -> Vec<String> {
    // Fewer words are no sentence.
    const WORDS_MIN: usize = 4;
    let mut ways = vec![sentence.to_owned()];
    for joint in [
        "; ",
        ": ",
        ", and ",
        ", but ",
        ", so ",
        ", because ",
        " because ",
        ", which ",
        ", after ",
        ", when ",
    ] {
        if let Some((before, after)) = sentence.split_once(joint) {
            ways.push(format!("{}.", before.trim_end_matches(['.', ','])));
            if matches!(joint, "; " | ": " | ", and " | ", but ") {
                ways.push(upper_first(after));
            }
        }
    }
    ways.retain(|way| count(way) >= WORDS_MIN || way == sentence);
    ways
}

/// The sentences of a Markdown text. Headings and code are left out; an entry of a list is a sentence.
pub(super) fn sentences(markdown: &str) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut paragraph = String::new();
    let mut is_fenced = false;
    for line in markdown.lines().chain([""]) {
        let line = line.trim();
        let is_fence = line.starts_with("```");
        is_fenced ^= is_fence;
        let entry = list_entry(line);
        let is_break = line.is_empty() || is_fence || line.starts_with('#') || entry.is_some();
        if is_break {
            split_into(&std::mem::take(&mut paragraph), &mut sentences);
        }
        if !(is_fenced || is_fence || line.starts_with('#')) {
            paragraph.push_str(&plain(entry.unwrap_or(line)));
            paragraph.push(' ');
        }
    }
    sentences
}

/// The text of a list's entry: `- text`, `* text`, `3. text`.
fn list_entry(line: &str) -> Option<&str> {
    let bullet = line
        .strip_prefix("- ")
        .or_else(|| line.strip_prefix("* "))
        .or_else(|| line.strip_prefix("+ "));
    bullet.or_else(|| {
        let (number, text) = line.split_once(". ")?;
        (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
    })
}

/// A line without the marks of Markdown: `**bold**`, `[text](address)`, `> quote`.
fn plain(line: &str) -> String {
    let line = line.trim_start_matches(['>', '|', ' ']);
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, link)) = rest.split_once("](") {
        let Some((_, after)) = link.split_once(')') else { break };
        text.push_str(before);
        rest = after;
    }
    text.push_str(rest);
    text.replace(['*', '`', '[', ']', '_', '<', '>', '|', '#'], "")
}

fn split_into(paragraph: &str, sentences: &mut Vec<String>) {
    let text = paragraph.split_whitespace().collect::<Vec<&str>>().join(" ");
    let mut start = 0;
    let ends =
        text.match_indices(['.', '!', '?']).map(|(at, end)| at + end.len()).chain([text.len()]);
    for end in ends {
        let after = text[end..].chars().next();
        let next = text[end..].trim_start().chars().next();
        // A stop inside a number or before a small letter (`e.g. this`) ends nothing.
        let is_end =
            after.is_none_or(char::is_whitespace) && next.is_none_or(|c| !c.is_lowercase());
        let sentence = text.get(start..end).unwrap_or_default().trim();
        if is_end && count(sentence) > 0 {
            let stop = if sentence.ends_with(['.', '!', '?']) { "" } else { "." };
            sentences.push(format!("{}{stop}", sentence.trim_end_matches([':', ';', ','])));
            start = end;
        }
    }
}

/// A sentence about "you" as the one who is meant says it: `You build tools` gives `I build tools`.
fn in_first_person(sentence: &str) -> String {
    let words: Vec<&str> = sentence.split(' ').collect();
    let mut said: Vec<String> = Vec::with_capacity(words.len());
    for (index, word) in words.iter().enumerate() {
        let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        let before = index.checked_sub(1).map(|before| words[before].to_lowercase());
        let is_object = matches!(
            before.as_deref(),
            Some(
                "to" | "for"
                    | "with"
                    | "of"
                    | "by"
                    | "from"
                    | "about"
                    | "at"
                    | "on"
                    | "tell"
                    | "ask"
                    | "let"
                    | "give"
                    | "help"
            )
        );
        let follows_you = matches!(before.as_deref(), Some("you"));
        let mine = match bare.to_lowercase().as_str() {
            "you" if is_object => "me",
            "you" => "I",
            "your" => "my",
            "yours" => "mine",
            "yourself" => "myself",
            "you're" => "I'm",
            "you've" => "I've",
            "you'd" => "I'd",
            "you'll" => "I'll",
            "are" if follows_you => "am",
            "were" if follows_you => "was",
            _ => bare,
        };
        said.push(format!("{mine}{}", &word[bare.len()..]));
    }
    upper_first(&said.join(" "))
}

/// The text with a capital at its start.
pub(super) fn upper_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The text with a small letter at its start.
pub(super) fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_cut_where_people_stop() {
        let text = "### Detail\nIt is 3.8 m high, e.g. there. Is it? **Yes**!\n- [a link](http://x.example/a.b)\n2. two\n```\ncode.\n```\nend";
        assert_eq!(
            sentences(text),
            ["It is 3.8 m high, e.g. there.", "Is it?", "Yes!", "a link.", "two.", "end."]
        );
    }

    #[test]
    fn what_you_know_is_what_i_say() {
        assert_eq!(
            in_first_person("You are sure that your tools help you."),
            "I am sure that my tools help me."
        );
        assert_eq!(in_first_person("Rain falls."), "Rain falls.");
    }

    #[test]
    fn a_long_sentence_can_be_said_in_part() {
        let ways =
            ways_to_say("Gaps are short between people: a fifth of a second, and we know it.");
        assert!(ways.contains(&"Gaps are short between people.".to_owned()), "{ways:?}");
        assert!(ways.contains(&"A fifth of a second, and we know it.".to_owned()), "{ways:?}");
    }
}
