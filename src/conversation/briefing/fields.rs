//! The keys of one group of the front matter, taken out one by one.
//!
//! A value that does not fit is noted and read as absent. What nobody asked for is an unknown key.

use std::ops::RangeInclusive;

use super::errors::{BriefingErrors, suggestion};
use super::yaml::{At, Node};

/// One group of keys.
pub(super) struct Fields {
    path: String,
    /// Where the group begins, for what is missing in it.
    pub(super) line: u32,
    entries: Vec<(At<String>, At<Node>)>,
    asked: Vec<&'static str>,
}

/// How a text may be.
#[derive(Clone, Copy)]
pub(super) struct TextShape {
    /// Most characters.
    pub(super) chars_max: usize,
    /// Whether it may have several lines; they are joined by spaces.
    pub(super) is_prose: bool,
}

impl TextShape {
    /// A short text on one line.
    pub(super) const fn line(chars_max: usize) -> Self {
        Self { chars_max, is_prose: false }
    }

    /// A sentence or several.
    pub(super) const fn prose(chars_max: usize) -> Self {
        Self { chars_max, is_prose: true }
    }
}

impl Fields {
    /// The group `node` at `path` (empty for the top); noted and empty if it is something else.
    pub(super) fn of(node: At<Node>, path: String, errors: &mut BriefingErrors) -> Self {
        let line = node.line;
        let entries = match node.value {
            Node::Map(entries) => entries,
            Node::Nothing => Vec::new(),
            other @ (Node::Switch(_)
            | Node::Number(_)
            | Node::Fraction
            | Node::Text(_)
            | Node::List(_)) => {
                errors.note(
                    line,
                    path.as_str(),
                    format!("{}; expected a group of keys", other.describe()),
                );
                Vec::new()
            }
        };
        Self { path, line, entries, asked: Vec::new() }
    }

    /// A group in which nothing is set.
    pub(super) fn none(path: &str) -> Self {
        Self { path: path.to_owned(), line: 1, entries: Vec::new(), asked: Vec::new() }
    }

    /// The group under `key`, if there is one.
    pub(super) fn group(&mut self, key: &'static str, errors: &mut BriefingErrors) -> Option<Self> {
        let path = self.path_of(key);
        self.take(key).map(|node| Self::of(node, path, errors))
    }

    /// What stands under `key`, with its path, to be read by somebody else.
    pub(super) fn node(&mut self, key: &'static str) -> Option<(At<Node>, String)> {
        let path = self.path_of(key);
        self.take(key).map(|node| (node, path))
    }

    /// The groups of the list under `key`.
    pub(super) fn groups(
        &mut self,
        key: &'static str,
        max: usize,
        errors: &mut BriefingErrors,
    ) -> Vec<Self> {
        let path = self.path_of(key);
        let items = self.list(key, max, "groups of keys", errors);
        items
            .into_iter()
            .enumerate()
            .map(|(n, item)| Self::of(item, format!("{path}[{}]", n + 1), errors))
            .collect()
    }

    /// A text; spaces around it do not count, an empty one is absent.
    pub(super) fn text(
        &mut self,
        key: &'static str,
        shape: TextShape,
        errors: &mut BriefingErrors,
    ) -> Option<At<String>> {
        let path = self.path_of(key);
        text(self.take(key)?, &path, shape, errors).filter(|text| !text.value.is_empty())
    }

    /// A list of texts without empty ones; one text alone is a list of one.
    pub(super) fn texts(
        &mut self,
        key: &'static str,
        max: usize,
        shape: TextShape,
        errors: &mut BriefingErrors,
    ) -> Option<Vec<At<String>>> {
        let path = self.path_of(key);
        if !self.has(key) {
            self.asked.push(key);
            return None;
        }
        let items = self.list(key, max, "texts", errors);
        let texts = items.into_iter().filter_map(|item| text(item, &path, shape, errors));
        Some(texts.filter(|text| !text.value.is_empty()).collect())
    }

    /// A whole number in `range`; `unit` is said in messages.
    pub(super) fn number<N: TryFrom<i64> + Copy + Into<i64>>(
        &mut self,
        key: &'static str,
        range: RangeInclusive<N>,
        unit: &str,
        errors: &mut BriefingErrors,
    ) -> Option<N> {
        let path = self.path_of(key);
        let At { line, value } = self.take(key)?;
        let (min, max): (i64, i64) = ((*range.start()).into(), (*range.end()).into());
        if matches!(value, Node::Nothing) {
            return None;
        }
        let number = if let Node::Number(number) = value { Some(number) } else { None };
        let number = number
            .filter(|number| (min..=max).contains(number))
            .and_then(|number| N::try_from(number).ok());
        if number.is_none() {
            let found = value.describe();
            errors.note(
                line,
                path,
                format!("{found}; expected a whole number of {unit} from {min} to {max}"),
            );
        }
        number
    }

    /// `true` or `false`.
    pub(super) fn switch(
        &mut self,
        key: &'static str,
        errors: &mut BriefingErrors,
    ) -> Option<bool> {
        let path = self.path_of(key);
        let At { line, value } = self.take(key)?;
        match value {
            Node::Switch(on) => Some(on),
            Node::Nothing => None,
            Node::Number(_) | Node::Fraction | Node::Text(_) | Node::List(_) | Node::Map(_) => {
                errors.note(line, path, format!("{}; expected true or false", value.describe()));
                None
            }
        }
    }

    /// One of `words`.
    pub(super) fn word(
        &mut self,
        key: &'static str,
        words: &[&'static str],
        errors: &mut BriefingErrors,
    ) -> Option<&'static str> {
        let path = self.path_of(key);
        let At { line, value } = self.take(key)?;
        if matches!(value, Node::Nothing) {
            return None;
        }
        let known = words.iter().find(|known| matches!(&value, Node::Text(word) if word == *known));
        if known.is_none() {
            let problem = format!("{}; expected one of {}", value.describe(), words.join(", "));
            errors.note(line, path, problem);
        }
        known.copied()
    }

    /// Notes every key that nobody asked for.
    pub(super) fn finish(self, errors: &mut BriefingErrors) {
        for (key, _) in &self.entries {
            let meant = suggestion(&key.value, self.asked.iter().copied());
            let known = self.asked.join(", ");
            let path = self.path_of(&key.value);
            errors.note(key.line, path, format!("unknown key{meant}; expected one of {known}"));
        }
    }

    /// `key` with the path of the group before it.
    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(name, _)| name.value == key)
    }

    fn take(&mut self, key: &'static str) -> Option<At<Node>> {
        self.asked.push(key);
        let place = self.entries.iter().position(|(name, _)| name.value == key)?;
        Some(self.entries.remove(place).1)
    }

    fn list(
        &mut self,
        key: &'static str,
        max: usize,
        of: &str,
        errors: &mut BriefingErrors,
    ) -> Vec<At<Node>> {
        let path = self.path_of(key);
        let Some(At { line, value }) = self.take(key) else { return Vec::new() };
        match value {
            Node::List(items) if items.len() <= max => items,
            Node::List(items) => {
                errors.note(line, path, format!("{} entries; expected at most {max}", items.len()));
                Vec::new()
            }
            Node::Nothing => Vec::new(),
            single @ Node::Text(_) if of == "texts" => vec![At { line, value: single }],
            other @ (Node::Switch(_)
            | Node::Number(_)
            | Node::Fraction
            | Node::Text(_)
            | Node::Map(_)) => {
                errors.note(line, path, format!("{}; expected a list of {of}", other.describe()));
                Vec::new()
            }
        }
    }
}

fn text(
    node: At<Node>,
    path: &str,
    shape: TextShape,
    errors: &mut BriefingErrors,
) -> Option<At<String>> {
    let At { line, value } = node;
    let text = match value {
        Node::Text(text) => text.trim().to_owned(),
        Node::Nothing => return None,
        Node::Number(_) | Node::Switch(_) | Node::Fraction => {
            errors.note(
                line,
                path,
                format!("{}; expected text: put it in \"quotes\"", value.describe()),
            );
            return None;
        }
        Node::List(_) | Node::Map(_) => {
            errors.note(line, path, format!("{}; expected text", value.describe()));
            return None;
        }
    };
    let text =
        if shape.is_prose { text.split_whitespace().collect::<Vec<_>>().join(" ") } else { text };
    let chars = text.chars().count();
    if chars > shape.chars_max {
        errors.note(
            line,
            path,
            format!("{chars} characters; expected at most {}", shape.chars_max),
        );
        return None;
    }
    if text.chars().any(char::is_control) {
        errors.note(line, path, "several lines or control characters; expected text on one line");
        return None;
    }
    Some(At { line, value: text })
}
