//! The body of a briefing: what everyone knows and what only one speaker knows.

use super::errors::{BriefingErrors, suggestion};

/// The headings, in the order of [`Sections`].
const HEADINGS: [&str; 3] = ["Everyone", "Claude", "Guest"];

/// The texts under the three headings; empty where there is none.
#[derive(Debug, Default)]
pub(super) struct Sections {
    pub(super) texts: [String; 3],
}

/// Reads the body, whose first line is line `first_line` of the file.
///
/// A heading inside a fenced block is text. One `# Title` above the first heading is allowed and not read.
pub(super) fn read(body: &str, first_line: u32, errors: &mut BriefingErrors) -> Sections {
    let mut sections: [Option<String>; 3] = Default::default();
    let mut open = None;
    let mut is_told = false;
    let mut is_fenced = false;
    for (line, number) in body.lines().zip(first_line..) {
        if line.trim_start().starts_with("```") {
            is_fenced = !is_fenced;
        }
        if let Some(title) = heading(line).filter(|_| !is_fenced) {
            is_told = true;
            open = HEADINGS.iter().position(|heading| heading.eq_ignore_ascii_case(title));
            match open.map(|index| &mut sections[index]) {
                Some(section @ None) => *section = Some(String::new()),
                Some(Some(_)) => errors.note(
                    number,
                    format!("## {title}"),
                    "occurs twice; expected one such heading",
                ),
                None => {
                    let meant = suggestion(title, HEADINGS.into_iter());
                    let problem = format!(
                        "unknown heading{meant}; expected ## Everyone, ## Claude or ## Guest (### is free)"
                    );
                    errors.note(number, format!("## {title}"), problem);
                }
            }
        } else if let Some(section) = open.and_then(|index| sections[index].as_mut()) {
            section.push_str(line.trim_end());
            section.push('\n');
        } else if !is_told && !line.trim().is_empty() && !line.starts_with("# ") {
            is_told = true;
            errors.note(
                number,
                "",
                "text above the first heading; expected ## Everyone, ## Claude or ## Guest",
            );
        }
    }
    Sections { texts: sections.map(|section| section.unwrap_or_default().trim().to_owned()) }
}

/// The title of a second-level heading.
fn heading(line: &str) -> Option<&str> {
    let title = line.strip_prefix("##")?;
    if title.starts_with('#') {
        return None;
    }
    Some(title.trim().trim_end_matches('#').trim_end())
}
