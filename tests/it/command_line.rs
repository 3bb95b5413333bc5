//! The `studio` binary as a script sees it: exit codes, and what goes to which stream.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;
use voice_studio::conversation::HostProfile;
use voice_studio::recording::keep_profile;

use crate::support::stand_ins::BRIEFING;

#[test]
fn models_list_names_every_model_with_its_state() {
    let dir = TempDir::new().expect("a folder");
    let output = studio(dir.path(), &["models", "list"]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).expect("text");
    for (name, licence) in [
        ("moonshine-tiny-en", "MIT"),
        ("smart-turn", "BSD-2-Clause"),
        ("two-cities", "MIT (package)"),
    ] {
        let line = text.lines().find(|line| line.starts_with(name)).expect("a line for each model");
        assert!(line.contains("missing") && line.contains(licence), "{line}");
    }
    assert!(!dir.path().join("models").exists(), "looking changes nothing");
}

#[test]
fn models_verify_says_what_to_do_and_answers_1() {
    let dir = TempDir::new().expect("a folder");
    let output = studio(dir.path(), &["models", "verify", "silero-vad"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(
        text.contains("silero_vad_16k_op15.onnx not there: run `studio models pull`"),
        "{text}"
    );
}

#[test]
fn an_unknown_model_is_an_error_with_a_code() {
    let dir = TempDir::new().expect("a folder");
    for action in ["list", "verify", "pull"] {
        let output = studio(dir.path(), &["models", action, "whisper"]);
        assert_eq!(output.status.code(), Some(1), "{action}");
        let text = String::from_utf8(output.stderr).expect("text");
        assert!(text.starts_with("error: model_unknown: there is no model \"whisper\""), "{text}");
    }
}

#[test]
fn a_command_that_does_not_exist_answers_2() {
    let dir = TempDir::new().expect("a folder");
    let output = studio(dir.path(), &["sing"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
}

#[test]
fn settings_that_cannot_be_used_answer_78_whatever_was_asked() {
    let dir = TempDir::new().expect("a folder");
    for arguments in [
        &["serve"][..],
        &["rehearse", "--host", "host.wav", "--briefing", "show.md"],
        &["briefings", "list"],
        &["models", "list"],
    ] {
        let output = studio_with(dir.path(), ("PORT", "many"), arguments);
        assert_eq!(output.status.code(), Some(78), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        let text = String::from_utf8(output.stderr).expect("text");
        assert!(text.contains("PORT: many; expected a whole number"), "{arguments:?}: {text}");
    }
}

#[test]
fn models_lie_where_the_settings_say_unless_a_folder_is_named() {
    let dir = TempDir::new().expect("a folder");
    let model = dir.path().join("elsewhere/silero-vad");
    std::fs::create_dir_all(&model).expect("a models folder");
    std::fs::write(model.join("silero_vad_16k_op15.onnx"), b"no model").expect("a file");
    let state = |folder: &[&str]| {
        let asked = [&["models", "verify", "silero-vad"], folder].concat();
        let setting = ("STUDIO_MODELS_DIR", "elsewhere");
        String::from_utf8(studio_with(dir.path(), setting, &asked).stdout).expect("text")
    };
    let (as_set, as_named) = (state(&[]), state(&["--dir", "models"]));
    assert!(as_set.contains("damaged"), "{as_set}");
    assert!(as_named.contains("not there"), "{as_named}");
}

#[test]
fn a_briefing_may_be_named_as_the_list_names_it() {
    let dir = TempDir::new().expect("a folder");
    let briefings = dir.path().join("briefings");
    std::fs::create_dir(&briefings).expect("a folder");
    std::fs::write(briefings.join("table.md"), BRIEFING).expect("a briefing");
    std::fs::write(briefings.join("bad.md"), "---\ntitel: Rain\n---\n").expect("a briefing");
    let checked = |asked: &str| {
        let output = studio(dir.path(), &["briefings", "check", asked]);
        (output.status.code(), String::from_utf8(output.stdout).expect("text"))
    };
    let by_name = checked("table");
    assert!(by_name.0 == Some(0) && by_name.1.contains("table.md: good"), "{by_name:?}");
    assert_eq!(checked("table.md"), by_name);
    assert_eq!(checked("briefings/table.md").0, Some(0));
    let (code, said) = checked("absent");
    assert!(code == Some(1) && said.ends_with("absent.md: no such briefing\n"), "{said}");

    let host = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/audio/ada.wav");
    for asked in ["bad", "briefings/bad.md"] {
        let output = studio(dir.path(), &["rehearse", "--host", host, "--briefing", asked]);
        let said = String::from_utf8(output.stderr).expect("text");
        assert!(said.contains("bad.md: line 2: titel: unknown key"), "{asked}: {said}");
        assert_eq!(output.status.code(), Some(1), "{asked}");
    }
}

#[test]
fn a_host_of_whom_nothing_is_known_is_told_so() {
    let dir = TempDir::new().expect("a folder");
    let shown = |name: &str| {
        let output = studio(dir.path(), &["profile", "show", name]);
        (output.status.code(), String::from_utf8(output.stdout).expect("text"))
    };
    assert_eq!(shown("Nobody"), (Some(1), "Nobody: nothing is known\n".to_owned()));
    let known = HostProfile { shows: 2, pause_ms: 900, pace_wpm: 160 };
    keep_profile(&dir.path().join("recordings"), "Zoë", known).expect("kept");
    let (code, said) = shown("Zoë");
    assert!(code == Some(0) && said.starts_with("Zoë: 2 shows"), "{said}");
}

/// Runs the binary of this build in a folder.
fn studio(dir: &Path, arguments: &[&str]) -> Output {
    studio_with(dir, ("STUDIO_ENV", "test"), arguments)
}

/// The same with one setting.
fn studio_with(dir: &Path, (name, value): (&str, &str), arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_studio"))
        .args(arguments)
        .env(name, value)
        .current_dir(dir)
        .output()
        .expect("the binary")
}
