//! The arrows between the layers: each part of the sources may use only what stands below it.
//!
//! The map in the crate's documentation is this table in words. A failure names file, line and the arrow.

use crate::support::sources::{Source, references_in, root, source_files};

/// What a part of the sources may use of the crate besides itself: modules of the crate, longest path wins.
///
/// This is the map's list of layers as a table. `adapters` alone means the traits and shared types; a product is
/// `adapters::<kind>::<product>`, and only the factory may name one.
const ARROWS: &[(&str, &[&str])] = &[
    ("time", &[]),
    ("hex", &[]),
    ("secret", &[]),
    ("services", &[]),
    ("faults", &[]),
    ("blocked", &[]),
    ("clock", &["time"]),
    ("conversation", &["time", "hex"]),
    ("simulation", &["conversation", "time"]),
    ("audio", &["time"]),
    ("adapters", &["conversation", "audio", "time", "secret", "services", "faults", "blocked"]),
    ("recording", &["conversation", "audio", "time", "hex", "faults", "blocked"]),
    ("replay", &["recording", "simulation", "conversation", "time"]),
    (
        "session",
        &[
            "adapters",
            "recording",
            "services",
            "conversation",
            "audio",
            "time",
            "clock",
            "hex",
            "faults",
            "blocked",
        ],
    ),
    ("transport", &["session", "recording", "conversation", "audio", "time", "clock", "faults"]),
    ("client", &["transport::protocol"]),
    ("turnbench", &["adapters", "conversation", "audio", "time"]),
    (
        "http",
        &[
            "transport",
            "session",
            "adapters",
            "recording",
            "briefings",
            "config",
            "clock",
            "conversation",
            "audio",
            "time",
            "hex",
            "blocked",
        ],
    ),
    ("models", &["hex"]),
    ("open_files", &[]),
    ("config", &["conversation", "time", "secret", "services"]),
    ("briefings", &["conversation", "time"]),
    (
        "factory",
        &[
            "config",
            "secret",
            "services",
            "models",
            "clock",
            "adapters::*",
            "session",
            "conversation",
            "audio",
            "time",
        ],
    ),
    ("house", &["factory", "session", "recording", "conversation", "config", "briefings"]),
    (
        "app",
        &[
            "factory",
            "house",
            "http",
            "transport",
            "session",
            "adapters",
            "recording",
            "conversation",
            "audio",
            "config",
            "briefings",
            "clock",
            "models",
            "open_files",
            "time",
        ],
    ),
    (
        "cli",
        &[
            "app",
            "client",
            "turnbench",
            "house",
            "factory",
            "http",
            "transport",
            "session",
            "replay",
            "simulation",
            "adapters",
            "recording",
            "conversation",
            "audio",
            "config",
            "briefings",
            "clock",
            "models",
            "time",
        ],
    ),
];

/// Kinds of adapters: a folder below one of them, or a file beside its `mod.rs`, is a product.
const ADAPTER_KINDS: &[&str] = &["stt", "llm", "tts", "hearing"];

#[test]
fn every_arrow_points_down() {
    let faults: Vec<_> = source_files(&root(), "src").iter().flat_map(wrong_arrows).collect();
    assert!(faults.is_empty(), "arrows that run the wrong way:\n{}", faults.join("\n"));
}

#[test]
fn a_planted_arrow_is_named_with_file_and_line() {
    let planted = |path: &str, text: &str| wrong_arrows(&Source::new(path, text));
    assert_eq!(
        planted("src/session/session.rs", "//! A session.\n\nuse crate::http;\n"),
        ["src/session/session.rs:3: session → http (crate::http)"]
    );
    let nested = "use std::fmt;\nuse crate::{\n    time::Span,\n    conversation::{Input, Order},\n    transport::protocol,\n};\n";
    assert_eq!(
        planted("src/recording/vtt.rs", nested),
        ["src/recording/vtt.rs:2: recording → transport (crate::transport::protocol)"]
    );
    assert_eq!(
        planted("src/audio/mix.rs", "fn f() { let x = crate::clock::now(); }"),
        ["src/audio/mix.rs:1: audio → clock (crate::clock::now)"]
    );
    assert_eq!(
        planted("src/session/stt.rs", "use crate::adapters::stt::moonshine::Moonshine;"),
        [
            "src/session/stt.rs:1: session → adapters::stt::moonshine (crate::adapters::stt::moonshine::Moonshine)"
        ]
    );
    assert_eq!(
        planted("src/adapters/tts/flite.rs", "use crate::adapters::tts::piper::Piper;"),
        [
            "src/adapters/tts/flite.rs:1: adapters::tts::flite → adapters::tts::piper (crate::adapters::tts::piper::Piper)"
        ]
    );
    assert_eq!(
        planted("src/session/session.rs", "use super::super::http::error;"),
        ["src/session/session.rs:1: session → http (crate::http::error)"]
    );
    assert_eq!(planted("src/client/mod.rs", "use crate::transport::websocket;").len(), 1);
    assert_eq!(
        planted("src/news.rs", "use crate::time;"),
        ["src/news.rs: news has no row in the table of arrows"]
    );
}

#[test]
fn arrows_that_point_down_pass() {
    for (path, text) in [
        (
            "src/session/session.rs",
            "use crate::conversation::Order;\nuse crate::adapters::stt::SpeechToText;",
        ),
        (
            "src/session/session.rs",
            "// use crate::http;\nuse crate::adapters::{AdapterError, stt::SttEvent};",
        ),
        (
            "src/adapters/stt/moonshine.rs",
            "use super::SttEvent;\nuse crate::adapters::onnx::Environment;",
        ),
        ("src/adapters/stt/moonshine/decoder.rs", "use crate::adapters::stt::moonshine::Words;"),
        (
            "src/audio/mix.rs",
            "mod tests {\n    mod inner {}\n    use super::super::levels::peak;\n}",
        ),
        ("src/factory.rs", "use crate::adapters::tts::flite::Flite;"),
        ("src/client/mod.rs", "use crate::transport::protocol::ClientMessage;"),
        ("src/transport/protocol.rs", "/// See [`crate::http`].\nlet text = \"use crate::http\";"),
    ] {
        assert_eq!(wrong_arrows(&Source::new(path, text)), Vec::<String>::new(), "{path}: {text}");
    }
}

/// Every reference to another part of the crate that the table does not allow, with file, line and arrow.
fn wrong_arrows(source: &Source) -> Vec<String> {
    let Some(module) = source.module() else { return Vec::new() };
    let Some(top) = module.first() else { return Vec::new() };
    let Some((_, allowed)) = ARROWS.iter().find(|(part, _)| part == top) else {
        return vec![format!("{}: {top} has no row in the table of arrows", source.path)];
    };
    // The file itself is proof enough that its module exists.
    let here = product_of(&[module.as_slice(), &[String::new()]].concat());
    let from = here.as_deref().unwrap_or(top);
    let mut faults = Vec::new();
    for (line, path) in references_in(source) {
        let Some(target) =
            path.first().filter(|target| target.starts_with(|c: char| c.is_ascii_lowercase()))
        else {
            continue;
        };
        let to = product_of(&path);
        let is_right = match &to {
            Some(product) => here.as_ref() == Some(product) || allowed.contains(&"adapters::*"),
            None => target == top || allowed.iter().any(|part| allows(part, &path)),
        };
        if !is_right {
            let to = to.as_deref().unwrap_or(target);
            faults.push(format!(
                "{}:{line}: {from} → {to} (crate::{})",
                source.path,
                path.join("::")
            ));
        }
    }
    faults
}

/// Whether an entry of the table covers a path: `transport` covers all of it, `transport::protocol` only that.
fn allows(part: &str, path: &[String]) -> bool {
    let mut names = part.trim_end_matches("::*").split("::");
    let mut path = path.iter();
    names.all(|name| path.next().is_some_and(|next| next == name))
}

/// The product that a path leads into, as `adapters::stt::moonshine`. What has no file of its own and leads nowhere
/// further is a function of the kind and no product.
fn product_of(path: &[String]) -> Option<String> {
    let [adapters, kind, product, further @ ..] = path else { return None };
    let folder = root().join("src/adapters").join(kind);
    let is_module = || {
        !further.is_empty()
            || folder.join(product).is_dir()
            || folder.join(format!("{product}.rs")).exists()
    };
    let is_product = adapters == "adapters"
        && ADAPTER_KINDS.contains(&kind.as_str())
        && product.starts_with(|c: char| c.is_ascii_lowercase())
        && is_module();
    is_product.then(|| format!("adapters::{kind}::{product}"))
}
