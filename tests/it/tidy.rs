//! The house rules that a compiler does not know, read off the sources.
//!
//! Words that a layer must not say, the shape of files, links of the documents. (The arrows have a file of their own.)
//! Every rule is a row of a table; every failure names file, line and the rule.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::sources::{Source, paths_in, root, source_files};

/// Words that must not occur in a folder's code, with the reason.
const FORBIDDEN: &[(&str, &[&str], &str)] = &[
    ("conversation", PURE, "the rules of the conversation are a pure value"),
    ("audio", PURE, "sound is a pure value"),
    ("simulation", PURE, "a made-up meeting is the same on every machine"),
    (
        "conversation",
        &["f32", "f64"],
        "scores enter as integer per mille, so that a replay is exact everywhere",
    ),
    (
        "",
        &["unbounded_channel", "unbounded", "UnboundedSender", "UnboundedReceiver"],
        "every queue has a capacity",
    ),
    (
        "session",
        &["do_send"],
        "it ignores the mailbox limit and drops silently when the target is gone",
    ),
    (
        "transport",
        &["do_send"],
        "it ignores the mailbox limit and drops silently when the target is gone",
    ),
];

/// What a pure layer never touches: tasks, clocks, files, the network, the environment, unordered maps, chance.
const PURE: &[&str] = &[
    "async",
    "await",
    "tokio",
    "actix",
    "actix_web",
    "Instant",
    "SystemTime",
    "std::fs",
    "std::net",
    "std::env",
    "std::thread",
    "HashMap",
    "HashSet",
    "rand",
    "getrandom",
];

/// Words that one file may say all the same: file, word, reason.
const EXCUSED: &[(&str, &str, &str)] = &[(
    "src/conversation/briefing/yaml.rs",
    "f64",
    "a fraction is recognised in order to be refused",
)];

/// Words that must not occur in a test, with the reason.
const FORBIDDEN_IN_TESTS: &[(&str, &str)] = &[
    ("#[ignore", "a test that does not run proves nothing"),
    ("#[should_panic", "it cannot tell one panic from another"),
    ("dead_code", "a test that is called by nobody is an ignored one under another name"),
    ("thread::sleep", "a test that waits for the clock is slow and still flaky"),
    ("time::sleep", "a test that waits for the clock is slow and still flaky"),
];

/// Files that may be longer than [`MOST_LINES`], with the reason.
const LONG_FILES: &[(&str, &str)] = &[
    (
        "src/adapters/stt/stretch_ears.rs",
        "one stretch of speech from its first sound to its final words: every method moves the same state",
    ),
    (
        "src/audio/clock_fit.rs",
        "one fit with its epochs: the numbers of one method explain each other",
    ),
    ("src/audio/playout.rs", "one ledger: every method keeps the same three counters true"),
    (
        "src/conversation/floor.rs",
        "the one door: all that may happen and all deadlines on one page",
    ),
    ("src/session/messages.rs", "the closed list of what actors say to each other, on one page"),
];

/// A file that grows past this has usually found its second reason to change. Its own tests, at its end, do not count.
const MOST_LINES: usize = 400;

#[test]
fn no_layer_says_a_word_that_is_not_its_own() {
    let faults: Vec<_> = sources().iter().flat_map(forbidden_words).collect();
    assert!(faults.is_empty(), "forbidden words:\n{}", faults.join("\n"));
}

#[test]
fn a_planted_word_is_named_and_a_comment_is_not() {
    let planted = |path: &str, text: &str| forbidden_words(&Source::new(path, text));
    let found = planted("src/conversation/floor.rs", "//! No async here.\nasync fn f(x: f32) {}\n");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("src/conversation/floor.rs:2: async"), "{found:?}");
    assert_eq!(planted("src/audio/gate.rs", "use std::time::Instant;").len(), 1);
    assert_eq!(planted("src/session/tts.rs", "address.do_send(Audio);").len(), 1);
    assert_eq!(planted("src/http/mod.rs", "let (tx, rx) = mpsc::unbounded_channel();").len(), 1);
    assert_eq!(
        planted(
            "src/conversation/floor.rs",
            "struct InstantReply; // rand\nlet operand = \"rand\";"
        )
        .len(),
        0
    );
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    let faults: Vec<_> = all_rust_files()
        .iter()
        .filter(|source| !source.path.starts_with("benches") && !source.text.starts_with("//! "))
        .map(|source| source.path.clone())
        .collect();
    assert!(faults.is_empty(), "no `//!` header:\n{}", faults.join("\n"));
}

#[test]
fn no_file_has_two_reasons_to_change() {
    let sources = sources();
    let long: Vec<_> =
        sources.iter().filter(|source| source.product_lines() > MOST_LINES).collect();
    let is_excused = |path: &str| LONG_FILES.iter().any(|(file, _)| *file == path);
    let faults: Vec<_> = long
        .iter()
        .filter(|source| !is_excused(&source.path))
        .map(|source| {
            format!(
                "{}: {} lines, expected at most {MOST_LINES}",
                source.path,
                source.product_lines()
            )
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    for (file, _) in LONG_FILES {
        assert!(
            long.iter().any(|source| source.path == *file),
            "{file} is not long any more: take it off the list"
        );
    }
}

#[test]
fn no_test_sleeps_or_is_switched_off() {
    let mut faults = Vec::new();
    // This file says the words in order to forbid them; strings are not code, so it passes all the same.
    for source in all_rust_files().iter().filter(|source| !source.path.starts_with("benches")) {
        for (number, line) in source.code.lines().enumerate() {
            for (word, reason) in FORBIDDEN_IN_TESTS {
                let is_product_code = source.path.starts_with("src") && !word.starts_with('#');
                if line.contains(word) && !is_product_code {
                    faults.push(format!("{}:{}: {word}: {reason}", source.path, number + 1));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_link_inside_the_documents_leads_somewhere() {
    let mut faults = Vec::new();
    for path in documents() {
        let text = fs::read_to_string(root().join(&path)).expect("a document");
        for (number, link) in links_in(&text) {
            let target = link.split('#').next().unwrap_or_default();
            let folder = path.parent().unwrap_or(Path::new(""));
            let is_elsewhere =
                link.contains("://") || link.starts_with("mailto:") || target.is_empty();
            if !is_elsewhere && !root().join(folder).join(target).exists() {
                faults.push(format!("{}:{number}: {link} leads nowhere", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_spoken_lines_are_what_their_manifest_says() {
    let folder = root().join("tests/audio");
    let manifest = fs::read_to_string(folder.join("MANIFEST.tsv")).expect("the manifest");
    let mut bytes = 0;
    for line in manifest.lines().skip(1) {
        let columns: Vec<_> = line.split('\t').collect();
        let [file, ms, ..] = columns[..] else { panic!("not enough columns: {line}") };
        let wav = hound::WavReader::open(folder.join(file)).expect("a WAV file");
        let spec = wav.spec();
        assert_eq!(
            (spec.channels, spec.sample_rate, spec.bits_per_sample),
            (1, 16_000, 16),
            "{file}"
        );
        assert_eq!((wav.duration() / 16).to_string(), ms, "{file}");
        bytes += wav.duration() * 2;
    }
    assert!((1..2_000_000).contains(&bytes), "{bytes} bytes of speech");
}

fn forbidden_words(source: &Source) -> Vec<String> {
    let module = source.module().unwrap_or_default();
    let top = module.first().map_or("", String::as_str);
    let mut faults = Vec::new();
    for (part, words, reason) in
        FORBIDDEN.iter().filter(|(part, ..)| part.is_empty() || *part == top)
    {
        for (number, line) in source.code.lines().enumerate() {
            let is_excused = |word: &str| {
                EXCUSED.iter().any(|(file, own, _)| *file == source.path && *own == word)
            };
            for word in words.iter().filter(|word| says(line, word) && !is_excused(word)) {
                let place = if part.is_empty() { "src" } else { part };
                faults.push(format!("{}:{}: {word} in {place}: {reason}", source.path, number + 1));
            }
        }
    }
    faults
}

/// Whether a line of code has the word on its own, not as a part of another one.
fn says(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

fn sources() -> Vec<Source> {
    source_files(&root(), "src")
}

fn all_rust_files() -> Vec<Source> {
    ["src", "tests", "benches"].iter().flat_map(|folder| source_files(&root(), folder)).collect()
}

/// Every Markdown file of the project, relative to its root.
fn documents() -> Vec<PathBuf> {
    let mut found = paths_in(&root(), Path::new("docs"), "md");
    for folder in ["", "models", "recordings", "briefings", "tests"] {
        for entry in fs::read_dir(root().join(folder)).into_iter().flatten().flatten() {
            let name = Path::new(folder).join(entry.file_name());
            if name.extension().is_some_and(|extension| extension == "md") {
                found.push(name);
            }
        }
    }
    found
}

/// Targets of `[text](target)` outside code, with their line.
fn links_in(text: &str) -> Vec<(usize, String)> {
    let mut links = Vec::new();
    let mut in_code = false;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for (at, _) in line.match_indices("](") {
            if let Some((target, _)) = line[at + 2..].split_once(')') {
                links.push((number + 1, target.trim().to_owned()));
            }
        }
    }
    links
}
