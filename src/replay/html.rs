//! The session drawn as one page that needs nothing else: no network, no other file.

use super::compare::Comparison;
use super::log::Log;
use super::view::View;

/// The page around the data. Its script reads them from the element `data`.
const PAGE: &str = include_str!("timeline.html");
/// Where the data go.
const PLACE: &str = "{\"data\":\"here\"}";

/// The page of `log`.
#[must_use]
pub fn page(log: &Log, comparison: &Comparison) -> String {
    let view = View::of(log, comparison);
    // A caption that says `</script>` must not end the data: JSON may write every `<` as an escape.
    let data = serde_json::to_string(&view).unwrap_or_default().replace('<', "\\u003c");
    PAGE.replace(PLACE, &data)
}
