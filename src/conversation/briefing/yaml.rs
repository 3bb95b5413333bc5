//! YAML as a tree that knows its lines.
//!
//! Knows nothing of briefings. Anchors, tags and the like are the parser's business; its own limits on depth and
//! expansion hold.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{MessageFormatter, Spanned, UserMessageFormatter};

use super::errors::BriefingError;

/// A value and the line it stands on, from 1.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub(super) line: u32,
    pub(super) value: T,
}

/// A YAML value.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Nothing,
    Switch(bool),
    Number(i64),
    Fraction,
    Text(String),
    List(Vec<At<Self>>),
    Map(Vec<(At<String>, At<Self>)>),
}

impl Node {
    /// The value in words, for messages.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Nothing => "nothing".to_owned(),
            Self::Switch(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
            Self::Fraction => "a fraction".to_owned(),
            Self::Text(text) if text.chars().count() > 40 => "a longer text".to_owned(),
            Self::Text(text) => format!("\"{}\"", text.escape_debug()),
            Self::List(_) => "a list".to_owned(),
            Self::Map(_) => "a group of keys".to_owned(),
        }
    }
}

/// Reads `text`, whose first line is line `first_line` of the file.
pub(super) fn read(text: &str, first_line: u32) -> Result<At<Node>, BriefingError> {
    let above = first_line - 1;
    match serde_saphyr::from_str::<Spanned<Raw>>(text) {
        Ok(raw) => Ok(placed(raw, above)),
        Err(error) => {
            let error = error.without_snippet();
            let line = error.location().map_or(1, |location| line_number(location.line()));
            let problem =
                format!("cannot be read as YAML: {}", UserMessageFormatter.format_message(error));
            Err(BriefingError { line: above + line, key: String::new(), problem })
        }
    }
}

/// What serde sees: values whose parts carry the parser's locations.
enum Raw {
    Leaf(Node),
    List(Vec<Spanned<Self>>),
    Map(Vec<(Spanned<String>, Spanned<Self>)>),
}

fn placed(raw: Spanned<Raw>, above: u32) -> At<Node> {
    let value = match raw.value {
        Raw::Leaf(node) => node,
        Raw::List(items) => Node::List(items.into_iter().map(|item| placed(item, above)).collect()),
        Raw::Map(entries) => Node::Map(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let line = above + line_number(key.referenced.line());
                    (At { line, value: key.value }, placed(value, above))
                })
                .collect(),
        ),
    };
    At { line: above + line_number(raw.referenced.line()), value }
}

fn line_number(line: u64) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX).max(1)
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Leaf(Node::Nothing))
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Leaf(Node::Nothing))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Leaf(Node::Switch(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Leaf(Node::Number(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Leaf(Node::Number(i64::try_from(value).unwrap_or(i64::MAX))))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Leaf(Node::Fraction))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Leaf(Node::Text(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}
