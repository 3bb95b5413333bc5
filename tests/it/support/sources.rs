//! The project's own sources as data: files, code without comments and strings, references between modules.

use std::fs;
use std::path::{Path, PathBuf};

/// One Rust file.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Source {
    /// Its path from the project's root, with forward slashes.
    pub(crate) path: String,
    /// As it is written.
    pub(crate) text: String,
    /// The same lines with comments and the insides of strings blanked out.
    pub(crate) code: String,
}

impl Source {
    /// A source of this text, wherever it comes from.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), code: code_of(text) }
    }

    /// Returns how many lines come before the file's own tests.
    pub(crate) fn product_lines(&self) -> usize {
        let tests = self.code.find("#[cfg(test)]\nmod ");
        self.text.lines().count() - tests.map_or(0, |at| self.code[at..].lines().count())
    }

    /// Returns the module that the file is, from the crate's root; nothing for roots of crates.
    pub(crate) fn module(&self) -> Option<Vec<String>> {
        let inner = self.path.strip_prefix("src/")?.strip_suffix(".rs")?;
        let mut parts: Vec<_> = inner.split('/').map(str::to_owned).collect();
        if parts.last().is_some_and(|last| last == "mod") {
            parts.pop();
        }
        let is_root = parts.len() == 1 && (parts[0] == "lib" || parts[0] == "main");
        (!is_root).then_some(parts)
    }
}

/// Returns the project's root.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Returns every Rust file below a folder.
pub(crate) fn source_files(root: &Path, folder: &str) -> Vec<Source> {
    let paths = paths_in(root, Path::new(folder), "rs");
    assert!(!paths.is_empty() || !root.join(folder).exists(), "no sources in {folder}");
    let read = |path: PathBuf| {
        let text = fs::read_to_string(root.join(&path)).expect("a source file");
        Source::new(&path.to_string_lossy().replace('\\', "/"), &text)
    };
    paths.into_iter().map(read).collect()
}

/// Returns every file with that extension below a folder, sorted, relative to `root`.
pub(crate) fn paths_in(root: &Path, folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root.join(folder)).into_iter().flatten().flatten() {
        let path = folder.join(entry.file_name());
        if root.join(&path).is_dir() {
            if entry.file_name() != "node_modules" {
                found.extend(paths_in(root, &path, extension));
            }
        } else if path.extension().is_some_and(|own| own == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Returns every path into the crate that the code names, with its line: `crate::a::{b, c::D}` gives two.
/// `super::super::…` is followed from the file's own module.
pub(crate) fn references_in(source: &Source) -> Vec<(usize, Vec<String>)> {
    let code = &source.code;
    let module = source.module().unwrap_or_default();
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        // `$crate::` and `some_crate::` are something else.
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        let tree = tree_at(&code[at + "crate::".len()..]);
        found.extend(leaves(tree, &[]).into_iter().map(|path| (line, path)));
    }
    for (at, _) in code.match_indices("super::super::") {
        if code[..at].ends_with("super::") {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        let mut rest = &code[at..];
        let mut base = module.clone();
        base.extend(inline_modules(&code[..at]));
        while let Some(inner) = rest.strip_prefix("super::") {
            base.pop();
            rest = inner;
        }
        found.extend(leaves(tree_at(rest), &base).into_iter().map(|path| (line, path)));
    }
    found
}

/// The modules written inside the file that are still open where the text ends: `mod tests {` and the like.
fn inline_modules(code: &str) -> Vec<String> {
    let mut open: Vec<Option<&str>> = Vec::new();
    for (at, c) in code.char_indices() {
        if c == '{' {
            let mut words = code[..at].split_whitespace().rev();
            let name = words.next();
            open.push(name.filter(|_| words.next() == Some("mod")));
        } else if c == '}' {
            open.pop();
        }
    }
    open.into_iter().flatten().map(str::to_owned).collect()
}

/// The use tree or path that a text begins with: up to the end of its names and braces.
fn tree_at(text: &str) -> &str {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' if depth > 0 || text[..at].is_empty() || text[..at].ends_with("::") => depth += 1,
            '}' if depth > 1 => depth -= 1,
            '}' if depth == 1 => return &text[..=at],
            _ if depth > 0 || c.is_alphanumeric() || "_:*".contains(c) => {}
            _ => return &text[..at],
        }
    }
    text
}

/// Every path of a use tree, spelled out.
fn leaves(tree: &str, base: &[String]) -> Vec<Vec<String>> {
    let tree = tree.trim();
    let Some((front, rest)) = tree.split_once('{') else {
        let tree = tree.split(" as ").next().unwrap_or_default();
        let names =
            tree.split("::").map(str::trim).filter(|name| !name.is_empty() && *name != "self");
        return vec![base.iter().cloned().chain(names.map(str::to_owned)).collect()];
    };
    let names = front.split("::").map(str::trim).filter(|name| !name.is_empty());
    let base: Vec<_> = base.iter().cloned().chain(names.map(str::to_owned)).collect();
    let inner = rest.strip_suffix('}').unwrap_or(rest);
    let mut found = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, c) in inner.char_indices().chain([(inner.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                let part = &inner[start..at];
                if !part.trim().is_empty() {
                    found.extend(leaves(part, &base));
                }
                start = at + 1;
            }
            _ => {}
        }
    }
    found
}

/// Blanks out comments and the insides of strings; lines and columns stay.
fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) =
            raw_string(rest).filter(|_| !code.ends_with(|c: char| c.is_alphanumeric()))
        {
            length
        } else if c == '"' {
            string(rest)
        } else if rest.starts_with("'\"'") {
            3
        } else {
            0
        };
        if skipped == 0 {
            code.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            code.extend(rest[..skipped].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = &rest[skipped..];
        }
    }
    code
}

/// The length of the string literal that a text begins with.
fn string(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of the raw string literal that a text begins with, if it does.
fn raw_string(text: &str) -> Option<usize> {
    let after = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    after[hashes..].starts_with('"').then(|| {
        let open = text.len() - after.len() + hashes + 1;
        let close = format!("\"{}", "#".repeat(hashes));
        text[open..].find(&close).map_or(text.len(), |end| open + end + close.len())
    })
}
