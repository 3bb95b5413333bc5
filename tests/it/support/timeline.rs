//! Text timelines: what people do goes in as text, what the studio does comes out as text.
//!
//! A script has a line for each thing that happens, `seconds who does what`, and is followed by `----` and the
//! story expected. `voice_studio::simulation::act` lists what a line may say; the rest of the world behaves as its plan says.
//!
//! ```text
//!  1.0 host says "What about rain?" for 1.2
//!  ----
//!  2.46 t1 host ended completed "What about rain?"
//! ```

use std::fmt::Write as _;

use voice_studio::simulation::Timeline;
use voice_studio::simulation::story::{ALL_KINDS, story};

/// Plays the script above `----` with all invariants watched, and compares the story with the text below it.
pub(crate) fn check(timeline: &str) {
    let (script, expected) = timeline.split_once("----").expect("a timeline has a line `----`");
    let (shows, script) = match script.trim().strip_prefix("show ") {
        Some(rest) => rest.split_once('\n').expect("a script"),
        None => ("", script),
    };
    let timeline = Timeline::parse(script).expect("a timeline");
    let mut events = Vec::new();
    if let Err(breach) = timeline.play(&mut events) {
        panic!("{}\n{breach}", story(&events, ALL_KINDS, true));
    }
    let story = story(&events, shows, false);
    let squeezed = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
    };
    let (expected, told) = (squeezed(expected), squeezed(&story));
    assert!(told == expected, "\nthe story differs:\n{}", diff(&expected, &told));
}

/// What was expected and not told (`-`), told and not expected (`+`), and both (` `), in order.
fn diff(expected: &[String], told: &[String]) -> String {
    // Longest common subsequence, from the end.
    let mut common = vec![vec![0_usize; told.len() + 1]; expected.len() + 1];
    for (i, left) in expected.iter().enumerate().rev() {
        for (j, right) in told.iter().enumerate().rev() {
            common[i][j] = if left == right {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut text) = (0, 0, String::new());
    while i < expected.len() || j < told.len() {
        let (mark, line) = if i < expected.len() && j < told.len() && expected[i] == told[j] {
            (i, j) = (i + 1, j + 1);
            (' ', &told[j - 1])
        } else if j == told.len() || (i < expected.len() && common[i + 1][j] >= common[i][j + 1]) {
            i += 1;
            ('-', &expected[i - 1])
        } else {
            j += 1;
            ('+', &told[j - 1])
        };
        writeln!(text, "{mark} {line}").unwrap();
    }
    text
}
