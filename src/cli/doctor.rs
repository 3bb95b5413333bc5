//! `studio doctor`: does every configured product work, and how fast?

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::print;
use crate::config::{Config, settings};
use crate::factory::{Adapters, Checkup, model_setting};

/// Ask every configured provider for the smallest piece of work
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Print one JSON object in place of the table
    #[arg(long)]
    json: bool,
}

/// The whole answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    ok: bool,
    real_adapters: bool,
    checks: Vec<Checked<'a>>,
    warnings: &'a [String],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Checked<'a> {
    #[serde(flatten)]
    check: &'a Checkup,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

/// Checks and reports; 1 if a first choice does not work.
///
/// # Errors
/// If the settings cannot be used, or nothing can be printed.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = Config::load()?;
    let checks = actix::System::new().block_on(async {
        let adapters = Adapters::from_config(&config);
        adapters.settle().await;
        adapters.check_up().await
    });
    let ok = checks.iter().all(|check| check.ok || check.fallback);
    let report = Report {
        ok,
        real_adapters: config.use_real_adapters,
        checks: checks.iter().map(|check| Checked { check, advice: advice_on(check) }).collect(),
        warnings: &config.warnings,
    };
    let text = if arguments.json { serde_json::to_string_pretty(&report)? } else { table(&report) };
    print::line(&text)?;
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn table(report: &Report<'_>) -> String {
    let mut text = String::new();
    if !report.real_adapters {
        text.push_str("USE_REAL_ADAPTERS=false: everything runs on this machine.\n\n");
    }
    let mut line = |columns: [&str; 5]| {
        let [kind, adapter, model, state, latency] = columns;
        text.push_str(&format!("{kind:<8} {adapter:<12} {model:<30} {state:<9} {latency:>9}\n"));
    };
    line(["for", "provider", "model", "state", "first"]);
    for Checked { check, .. } in &report.checks {
        let state = if check.ok { "works" } else { "FAILS" };
        let latency = check.latency_ms.map(|ms| format!("{ms} ms")).unwrap_or_default();
        let kind =
            if check.fallback { format!("└ {}", check.kind) } else { check.kind.to_owned() };
        line([&kind, &check.adapter, &check.model, state, &latency]);
    }
    for Checked { check, advice } in &report.checks {
        let words = [&check.problem, advice, &check.warning].into_iter().flatten();
        let words: Vec<&str> = words.map(String::as_str).collect();
        if !words.is_empty() {
            text.push_str(&format!("\n{} {}: {}", check.kind, check.adapter, words.join("; ")));
        }
    }
    for warning in report.warnings {
        text.push_str(&format!("\nwarning: {warning}"));
    }
    text
}

/// What to do about a problem; nothing where the problem says so itself.
fn advice_on(check: &Checkup) -> Option<String> {
    let problem = check.problem.as_deref()?;
    let says = |words: &[&str]| words.iter().any(|word| problem.contains(word));
    // What could not be built is told in a sentence that says what to do.
    if check.adapter == "none" || says(&["install the system package"]) {
        return None;
    }
    if let Some(advice) = advice_on_this_machine(&check.adapter, says) {
        return Some(advice.to_owned());
    }
    let key = || {
        let whose = format!("{}_", check.adapter.to_uppercase());
        let is_its_key = |name: &str| {
            name.starts_with(&whose) && (name.ends_with("_KEY") || name.ends_with("_CREDENTIALS"))
        };
        let setting = settings::all().find(|setting| is_its_key(setting.name));
        setting.map_or_else(|| "its key".to_owned(), |it| format!("{} ({})", it.name, it.doc))
    };
    // Some say by 401 or 429 that there is no more money: the word counts more than the number.
    let is_hurried = says(&["rate_limit"]);
    let is_spent =
        !is_hurried && says(&["HTTP 402", "quota", "billing", "limit_exceeded", "credit"]);
    Some(if is_spent {
        "the account has run out: see its billing page".to_owned()
    } else if says(&["HTTP 401", "HTTP 403", "invalid_api_key", "key"]) {
        format!("it does not accept the key: see {}", key())
    } else if says(&["HTTP 404", "model_not_found"]) {
        format!("it does not know this model: see {}", model_setting(check.kind))
    } else if is_hurried || says(&["HTTP 429"]) {
        "it is asked too often: wait, or ask for a higher limit".to_owned()
    } else if says(&["no connection", "connect"]) {
        "nothing answers there: see its address, the network, and whether a local server runs"
            .to_owned()
    } else if says(&["no progress", "in time"]) {
        "it takes too long: choose a faster model, or a region nearer to you".to_owned()
    } else {
        "try again in a minute; if it stays, see the provider's status page".to_owned()
    })
}

/// The same for products whose files lie here: no provider has a status page for them.
fn advice_on_this_machine(adapter: &str, says: impl Fn(&[&str]) -> bool) -> Option<&'static str> {
    match adapter {
        "moonshine" => Some(
            "run `studio models pull`, which fetches what is missing or damaged; `studio models verify` reads every byte",
        ),
        "whisper-local" => Some(
            "run `studio models pull whisper-tiny-en`, or see STUDIO_WHISPER_MODEL for a model of your own",
        ),
        // Its other form is a server, which is asked over the network.
        "piper" if !says(&["connect", "HTTP"]) => {
            Some("see PIPER_PATH for the program and PIPER_MODEL_PATH for its voice")
        }
        "flite" | "espeak" => {
            Some("it runs on this machine: see whether its system package is whole")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_names_the_setting_and_tells_haste_from_an_empty_account() {
        let advice = |kind, adapter: &str, problem: &str| {
            let check = Checkup {
                kind,
                adapter: adapter.to_owned(),
                model: String::new(),
                fallback: false,
                ok: false,
                latency_ms: None,
                problem: Some(format!("{adapter} is unavailable: {problem}")),
                warning: None,
            };
            advice_on(&check)
        };
        assert_eq!(advice("tts", "flite", "x; install the system package libflite1"), None);
        assert_eq!(advice("tts", "none", "ELEVENLABS_API_KEY is not set"), None, "it says itself");
        for (kind, adapter, problem, wanted) in [
            ("claude", "anthropic", "HTTP 401 authentication_error", "ANTHROPIC_API_KEY"),
            ("stt", "google", "HTTP 403 PERMISSION_DENIED", "GOOGLE_APPLICATION_CREDENTIALS"),
            ("guest", "local", "HTTP 401", "its key"),
            ("stt", "deepgram", "HTTP 404", "STT_MODEL"),
            ("tts", "openai", "HTTP 404 model_not_found", "TTS_MODEL"),
            ("guest", "groq", "HTTP 429 rate_limit_exceeded", "asked too often"),
            ("guest", "openai", "HTTP 429 insufficient_quota", "run out"),
            ("tts", "elevenlabs", "HTTP 401 quota_exceeded", "run out"),
            ("guest", "openai", "HTTP 429 slow_down", "asked too often"),
            ("stt", "whisper", "asking: no connection", "nothing answers"),
            ("stt", "moonshine", "no ONNX Runtime at ./models/x.so", "`studio models pull`"),
            ("stt", "moonshine", "no model at ./models/key.ort", "`studio models pull`"),
            ("stt", "moonshine", "open the model ./models/x.ort: bad", "`studio models pull`"),
            ("stt", "moonshine", "read ./models/tokenizer.bin: gone", "`studio models pull`"),
            ("stt", "whisper-local", "no model at ./x.bin: gone", "pull whisper-tiny-en`"),
            ("tts", "piper", "there is no voice at ./x.onnx", "PIPER_MODEL_PATH"),
            ("tts", "piper", "connect: no connection (gone)", "nothing answers"),
            ("tts", "espeak", "read its sound: gone", "on this machine"),
        ] {
            let advice = advice(kind, adapter, problem).unwrap();
            assert!(advice.contains(wanted), "{adapter}, {problem}: {advice}");
        }
    }
}
