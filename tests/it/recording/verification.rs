//! A finished recording is compared with its manifest: what is not as it was is named, and nothing is changed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use voice_studio::recording::{Closing, Damage, Fault, Verified, verify};

use super::{converse, ms, recorder};

fn finished(root: &Path) -> PathBuf {
    let mut recorder = recorder(root);
    converse(&mut recorder, 2000);
    recorder.finish(ms(2000), Closing::default()).unwrap().dir
}

/// Cuts a track, changes a byte of another, takes captions away.
fn damage(dir: &Path) -> Vec<Damage> {
    let you = fs::read(dir.join("you.webm")).unwrap();
    fs::write(dir.join("you.webm"), &you[..100]).unwrap();
    let mut claude = fs::read(dir.join("claude.webm")).unwrap();
    let middle = claude.len() / 2;
    claude[middle] ^= 1;
    fs::write(dir.join("claude.webm"), claude).unwrap();
    fs::remove_file(dir.join("guest.vtt")).unwrap();
    let damage = |file: &str, fault| Damage { file: file.to_owned(), fault };
    vec![
        damage("you.webm", Fault::Length { found: 100, listed: you.len() as u64 }),
        damage("claude.webm", Fault::Content),
        damage("guest.vtt", Fault::Missing),
    ]
}

fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let paths = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    paths.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn every_file_that_is_not_what_the_manifest_says_is_named() {
    let root = tempfile::tempdir().unwrap();
    let dir = finished(root.path());
    assert_eq!(verify(&dir).unwrap(), Verified::Whole { files: 8 });
    let damage = damage(&dir);
    assert_eq!(verify(&dir).unwrap(), Verified::Damaged(damage));

    let manifest = dir.join("session.yml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("file: you.webm", "file: ../you.webm")).unwrap();
    let Verified::Damaged(damage) = verify(&dir).unwrap() else { panic!("it is damaged") };
    assert_eq!(damage[0].to_string(), "../you.webm: no name of a recording's file");
    for broken in [&b"session: ["[..], &[0xFF, 0xFE]] {
        fs::write(&manifest, broken).unwrap();
        let Verified::Damaged(damage) = verify(&dir).unwrap() else { panic!("it is damaged") };
        assert_eq!((damage.len(), damage[0].file.as_str()), (1, "session.yml"));
    }
    fs::remove_file(&manifest).unwrap();
    assert_eq!(verify(&dir).unwrap(), Verified::Unfinished);
    assert!(verify(&dir.join("absent")).is_err());
}

#[test]
fn the_command_line_names_what_is_damaged_and_changes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let dir = finished(root.path());
    let studio = |command: &str| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_studio")).arg(command).arg(&dir).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let folder = dir.display();
    let whole = format!("{folder}: whole, 8 files are what session.yml says\n");
    assert_eq!(studio("verify"), (Some(0), whole.clone(), String::new()));
    let already = whole.replace("whole", "whole already");
    assert_eq!(studio("recover"), (Some(0), already, String::new()));

    let length = fs::metadata(dir.join("you.webm")).unwrap().len();
    damage(&dir);
    let before = files(&dir);
    for command in ["verify", "recover"] {
        let (code, out, advice) = studio(command);
        assert_eq!(code, Some(1), "{command}");
        let expected = format!(
            "{folder}: not what session.yml says\n  you.webm: 100 bytes, session.yml says {length}\n  \
             claude.webm: as long as session.yml says, with another content\n  guest.vtt: not there\n"
        );
        assert_eq!(out, expected, "{command}");
        assert!(advice.starts_with("nothing was changed: "), "{command}: {advice}");
    }
    assert_eq!(files(&dir), before);

    fs::remove_file(dir.join("session.yml")).unwrap();
    let (code, out, advice) = studio("verify");
    assert_eq!((code, out), (Some(1), format!("{folder}: unfinished, it has no session.yml\n")));
    assert!(advice.contains("studio recover"), "{advice}");
}
