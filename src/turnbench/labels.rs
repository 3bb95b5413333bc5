//! Labels of recordings: which stretch of which file is what, as a table that any spreadsheet writes.
//!
//! Tab-separated, the first line names the columns: `file` and `kind`, and where only a part of a file is meant `from`
//! and `until` in seconds. Other columns are for people. Lines that begin with `#` are passed over.

use std::fmt;

/// What somebody did in a stretch of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Somebody's whole turn, fluently spoken; also what a host says who wants the floor.
    Turn,
    /// A whole turn with long pauses, filled pauses or restarts in it.
    Hesitant,
    /// A sound of somebody who listens: "mm-hmm", "right", a laugh, a breath.
    BackChannel,
    /// No voice at all.
    Noise,
}

impl Kind {
    /// All, in the order of the report.
    pub const ALL: [Self; 4] = [Self::Turn, Self::Hesitant, Self::BackChannel, Self::Noise];

    /// As it is written in a table of labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Turn => "turn",
            Self::Hesitant => "hesitant",
            Self::BackChannel => "back-channel",
            Self::Noise => "noise",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The recording, relative to the table's folder.
    pub file: String,
    /// What it is.
    pub kind: Kind,
    /// From where to where, in milliseconds; none for the whole file.
    pub part: Option<(u64, u64)>,
}

/// What is wrong with a table of labels.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct LabelError {
    /// Counted from 1.
    pub line: usize,
    /// In words.
    pub problem: String,
}

/// Reads a table of labels.
///
/// # Errors
/// [`LabelError`], the first.
pub fn read_labels(text: &str) -> Result<Vec<Label>, LabelError> {
    let mut lines = (1..).zip(text.lines()).filter(|(_, line)| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#')
    });
    let wrong = |line, problem: String| LabelError { line, problem };
    let (number, head) = lines.next().ok_or_else(|| wrong(1, "the table is empty".into()))?;
    let names: Vec<&str> = head.split('\t').map(str::trim).collect();
    let column = |name: &str| names.iter().position(|known| *known == name);
    let missing = |name| wrong(number, format!("no column is called {name}"));
    let file = column("file").ok_or_else(|| missing("file"))?;
    let kind = column("kind").ok_or_else(|| missing("kind"))?;
    let (from, until) = (column("from"), column("until"));
    let mut labels = Vec::new();
    for (number, line) in lines {
        let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
        let cell = |column: usize| cells.get(column).copied().unwrap_or_default();
        if cell(file).is_empty() {
            return Err(wrong(number, "no file is named".into()));
        }
        let known = Kind::ALL.into_iter().find(|known| known.as_str() == cell(kind));
        let known = known.ok_or_else(|| {
            let all = Kind::ALL.map(Kind::as_str).join(", ");
            wrong(number, format!("{:?} is no kind; expected one of {all}", cell(kind)))
        })?;
        let time = |column: Option<usize>| match column.map(cell).unwrap_or_default() {
            "" | "-" => Ok(None),
            text => millis(text).map(Some).ok_or_else(|| {
                wrong(number, format!("{text:?} is no time; expected seconds like 12.345"))
            }),
        };
        let part = match (time(from)?, time(until)?) {
            (None, None) => None,
            (Some(from), Some(until)) if from < until => Some((from, until)),
            _ => return Err(wrong(number, "expected from before until, or neither".into())),
        };
        labels.push(Label { file: cell(file).into(), kind: known, part });
    }
    Ok(labels)
}

/// Seconds with at most six decimals, as labelling programs write them, in milliseconds.
fn millis(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(part) || whole.len() > 6 || part.len() > 6 {
        return None;
    }
    format!("{whole}{:.3}", format!("{part:0<3}")).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_names_its_columns_in_any_order() {
        let table = "kind\tnote\tfile\tfrom\tuntil\n# a remark\nturn\tx\ta.wav\t\t\nback-channel\t\tb.wav\t1.5\t2.0625\n\nnoise\t\tc.wav";
        let labels = read_labels(table).unwrap();
        let part = |n: usize| (labels[n].file.as_str(), labels[n].kind, labels[n].part);
        assert_eq!(part(0), ("a.wav", Kind::Turn, None));
        assert_eq!(part(1), ("b.wav", Kind::BackChannel, Some((1500, 2062))));
        assert_eq!(part(2), ("c.wav", Kind::Noise, None));
    }

    #[test]
    fn what_is_wrong_is_told_by_line() {
        let told = |table: &str| read_labels(table).unwrap_err().to_string();
        assert_eq!(told(""), "line 1: the table is empty");
        assert_eq!(told("file\tfrom\n"), "line 1: no column is called kind");
        assert!(told("file\tkind\na.wav\tsneeze").starts_with("line 2: \"sneeze\" is no kind"));
        assert!(told("file\tkind\n\tturn").contains("no file"));
        let times = |from: &str, until: &str| {
            told(&format!("file\tkind\tfrom\tuntil\na.wav\tturn\t{from}\t{until}"))
        };
        assert!(times("2", "1").contains("from before until"));
        assert!(times("2", "").contains("or neither"));
        assert!(
            times("-1", "2").contains("is no time") && times("1e3", "2").contains("is no time")
        );
    }
}
