//! Rules of a part of the show or of a speaker: what of the show's rules they change.
//!
//! Kept as the settings themselves, by the keys of a briefing, because what they change is known only when the part is
//! on: the show's rules, then the part's, then the speaker's.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::errors::BriefingErrors;
use super::fields::Fields;
use super::yaml::{self, At, Node};
use crate::conversation::rules::Rules;

/// One rule, as a briefing writes it: `endOfTurn.ceilingMs` and `3000`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Its key under `rules`.
    pub key: String,
    /// Its value, as in YAML on one line.
    pub value: String,
}

impl Rules {
    /// These rules with `settings`. Settings that were never checked and do not fit change nothing.
    #[must_use]
    pub(in crate::conversation) fn with(self, settings: &[Setting]) -> Self {
        over(&self, settings).unwrap_or(self)
    }
}

/// `rules` with `settings`, all at once: two that bound each other may both be new.
///
/// # Errors
/// What is wrong with them.
pub(super) fn over(rules: &Rules, settings: &[Setting]) -> Result<Rules, BriefingErrors> {
    let mut errors = BriefingErrors::default();
    if settings.is_empty() {
        return Ok(rules.clone());
    }
    let is_key = |c: char| c.is_ascii_alphanumeric() || c == '.';
    let odd = settings.iter().find(|setting| {
        let Setting { key, value } = setting;
        key.is_empty() || !key.chars().all(is_key) || value.contains('\n')
    });
    if let Some(Setting { key, .. }) = odd {
        errors.note(1, key, "no key of rules; expected one like endOfTurn.firstAskMs");
        return Err(errors);
    }
    let mut groups: BTreeMap<&str, String> = BTreeMap::new();
    for Setting { key, value } in settings {
        let (group, rest) = key.split_once('.').unwrap_or((key, ""));
        let text = groups.entry(group).or_default();
        // Keys of rules are at most two deep; a deeper one is told as unknown by whoever reads it.
        if rest.is_empty() {
            text.extend([" ", value]);
        } else {
            text.extend(["\n  ", rest, ": ", value]);
        }
    }
    let text: String = groups.iter().map(|(group, text)| format!("{group}:{text}\n")).collect();
    let rules = match yaml::read(&text, 1) {
        Ok(node) => {
            let fields = Fields::of(node, "rules".into(), &mut errors);
            super::rules::read_over(rules.clone(), Some(fields), &mut errors)
        }
        Err(error) => {
            errors.0.push(error);
            rules.clone()
        }
    };
    if errors.0.is_empty() { Ok(rules) } else { Err(errors) }
}

/// The settings of the group `rules` at its path, checked over the show's `rules`; those of `only` where it names any.
pub(super) fn read(
    group: Option<(At<Node>, String)>,
    only: &[&str],
    rules: &Rules,
    errors: &mut BriefingErrors,
) -> Vec<Setting> {
    let Some((node, path)) = group else { return Vec::new() };
    let mut settings = Vec::new();
    flatten(&node, "", &mut settings);
    let line = node.line;
    let fields = Fields::of(node, path.clone(), errors);
    super::rules::read_over(rules.clone(), Some(fields), errors);
    let is_of = |key: &str, known: &str| {
        key == known || key.strip_prefix(known).is_some_and(|rest| rest.starts_with('.'))
    };
    for Setting { key, .. } in &settings {
        if !only.is_empty() && !only.iter().any(|known| is_of(key, known)) {
            let problem = format!("no rule of this speaker; expected one of {}", only.join(", "));
            errors.note(line, format!("{path}.{key}"), problem);
        }
    }
    settings
}

/// The leaves of a tree of keys, with their paths.
fn flatten(node: &At<Node>, path: &str, settings: &mut Vec<Setting>) {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let value = match &node.value {
        Node::Map(entries) => {
            for (key, value) in entries {
                let path = if path.is_empty() {
                    key.value.clone()
                } else {
                    format!("{path}.{}", key.value)
                };
                flatten(value, &path, settings);
            }
            return;
        }
        Node::Nothing | Node::Fraction => return,
        Node::Switch(on) => on.to_string(),
        Node::Number(number) => number.to_string(),
        Node::Text(words) => text(words),
        Node::List(items) => {
            let words = items.iter().filter_map(|item| match &item.value {
                Node::Text(words) => Some(text(words)),
                Node::Nothing
                | Node::Switch(_)
                | Node::Number(_)
                | Node::Fraction
                | Node::List(_)
                | Node::Map(_) => None,
            });
            format!("[{}]", words.collect::<Vec<_>>().join(", "))
        }
    };
    settings.push(Setting { key: path.to_owned(), value });
}
