//! What is wrong with a briefing, all of it at once.

use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BriefingError {
    /// The line of the file, from 1.
    pub line: u32,
    /// The key or heading, `speakers.claude.name` or `## Guest`; empty where the whole text is meant.
    pub key: String,
    /// What was found and what was expected.
    pub problem: String,
}

impl fmt::Display for BriefingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key.as_str() {
            "" => write!(f, "line {}: {}", self.line, self.problem),
            key => write!(f, "line {}: {key}: {}", self.line, self.problem),
        }
    }
}

/// Everything that is wrong, in the order of lines. Prints one line each.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct BriefingErrors(pub Vec<BriefingError>);

impl BriefingErrors {
    pub(super) fn note(&mut self, line: u32, key: impl Into<String>, problem: impl Into<String>) {
        self.0.push(BriefingError { line, key: key.into(), problem: problem.into() });
    }
}

impl fmt::Display for BriefingErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

/// ` (did you mean "name"?)` for the name that is most like `given`, or nothing.
pub(super) fn suggestion<'a>(given: &str, names: impl Iterator<Item = &'a str>) -> String {
    // Two slips of the finger, or a third of a short word.
    let near = (given.chars().count() / 3).clamp(1, 2);
    let distance = |name: &str| strsim::osa_distance(&given.to_lowercase(), &name.to_lowercase());
    match names.map(|name| (distance(name), name)).min().filter(|(distance, _)| *distance <= near) {
        Some((_, name)) => format!(" (did you mean {name}?)"),
        None => String::new(),
    }
}
