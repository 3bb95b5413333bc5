//! A real small file system that fills up: a warning in time, an orderly end while there is room to end in, and whatever
//! was written when there is none.
//!
//! The test mounts it itself, which only root may do; elsewhere it says what it skips.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use voice_studio::client::Client;
use voice_studio::conversation::Speaker;
use voice_studio::recording::{Manifest, Recovered, recover};
use voice_studio::transport::protocol::{Hello, ServerMessage};

use super::faults::stand_ins;
use crate::recording::decode;
use crate::support::page::Page;
use crate::support::stand_ins::StandIns;
use crate::support::studio::{Guest, Opening, Studio};

/// A file system in memory of so many bytes, gone with the value.
struct SmallDisk {
    at: TempDir,
}

impl SmallDisk {
    fn mount(mib: u32) -> Option<Self> {
        let at = TempDir::new().expect("a folder");
        let size = format!("size={mib}m");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(at.path())
            .output()
            .is_ok_and(|output| output.status.success());
        if !mounted {
            println!("skipped: only root may mount a small file system");
            return None;
        }
        Some(Self { at })
    }

    /// Leaves so many KiB free.
    fn leave_kib(&self, kib: u64) {
        let ballast = self.at.path().join("ballast");
        std::fs::remove_file(&ballast).unwrap_or_default();
        let output = Command::new("df")
            .args(["--output=avail", "-k"])
            .arg(self.at.path())
            .output()
            .expect("df is there");
        let free: u64 = String::from_utf8_lossy(&output.stdout)
            .split_whitespace()
            .last()
            .and_then(|kib| kib.parse().ok())
            .expect("a number");
        std::fs::write(&ballast, vec![1; usize::try_from((free - kib) * 1024).unwrap()])
            .expect("room for the ballast");
    }

    fn recordings(&self) -> PathBuf {
        self.at.path().join("recordings")
    }

    async fn studio(&self) -> Studio {
        let cast = StandIns::new(&[], &["A moon is a rock."]);
        let recordings = self.recordings().display().to_string();
        Opening::of(cast).with("RECORDING_DIR", recordings).start().await
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let gone = Command::new("umount").arg("-l").arg(self.at.path()).status();
        assert!(gone.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

/// A file system on a block device, which can be frozen and can break as a disk does.
struct LoopDisk {
    at: TempDir,
    /// The device's name below `/dev`.
    device: String,
}

fn run(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

impl LoopDisk {
    fn mount() -> Option<Self> {
        let at = TempDir::new().expect("a folder");
        let (image, point) = (at.path().join("image"), at.path().join("disk"));
        std::fs::create_dir(&point).expect("a folder");
        let file = std::fs::File::create(&image).expect("a file");
        file.set_len(64 * 1024 * 1024).expect("a sparse file");
        let (image, point) = (image.to_str().expect("a name"), point.to_str().expect("a name"));
        let mounted = run("mkfs.ext4", &["-q", "-F", image])
            .and_then(|_| run("mount", &["-o", "loop,errors=remount-ro", image, point]));
        if mounted.is_none() {
            println!("skipped: only root may mount a file system of its own");
            return None;
        }
        let device = run("findmnt", &["-n", "-o", "SOURCE", point]).expect("it is mounted");
        Some(Self { device: device.trim_start_matches("/dev/").to_owned(), at })
    }

    fn point(&self) -> PathBuf {
        self.at.path().join("disk")
    }

    fn folder(&self) -> PathBuf {
        self.point().join("recordings/table")
    }

    /// Whoever writes waits from here on.
    fn freeze(&self) {
        run("fsfreeze", &["-f", self.point().to_str().expect("a name")]).expect("frozen");
    }

    fn thaw(&self) -> Option<String> {
        run("fsfreeze", &["-u", self.point().to_str().expect("a name")])
    }

    /// The system finds an error in it and takes no more writes.
    fn break_down(&self) {
        let trigger = Path::new("/sys/fs/ext4").join(&self.device).join("trigger_fs_error");
        std::fs::write(trigger, "1").expect("a broken file system");
    }

    async fn studio(&self) -> Studio {
        let recordings = self.point().join("recordings").display().to_string();
        // Long enough that nobody has said all before the queue is full.
        Opening::of(stand_ins()).with("RECORDING_DIR", recordings).start().await
    }

    /// Until some of the track has gone to the disk.
    async fn has_a_cluster(&self) {
        let track = self.folder().join("you.webm");
        let length = || std::fs::metadata(&track).map_or(0, |file| file.len());
        crate::support::comes("a track", async {
            while length() < 2_048 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

impl Drop for LoopDisk {
    fn drop(&mut self) {
        // One that nobody froze is thawed in vain.
        let _was_frozen = self.thaw().is_some();
        let gone = run("umount", &["-l", self.point().to_str().expect("a name")]);
        assert!(gone.is_some() || std::thread::panicking());
    }
}

async fn error(guest: &mut Guest, wanted: &str) -> String {
    guest
        .first(wanted, |message| match message {
            ServerMessage::Error { code, message, .. } if code == wanted => Some(message.clone()),
            _ => None,
        })
        .await
}

fn is_whole(folder: &Path) {
    assert!(Manifest::read(folder).expect("readable").is_some(), "a manifest");
    let lengths = Speaker::ALL.map(|speaker| decode(folder, speaker).len());
    assert!(lengths[0] > 0 && lengths == [lengths[0]; 3], "{lengths:?}");
}

#[actix::test]
async fn a_disk_that_fills_up_warns_at_fifteen_minutes_and_ends_the_session_in_order_at_two() {
    let Some(disk) = SmallDisk::mount(96) else { return };
    let studio = disk.studio().await;
    let mut guest = studio.join(Hello::default()).await;
    guest.snapshot().await;
    // Three voices at once come to 42 kB a second: 30 MiB last for 12 minutes, 4 MiB for a minute and a half.
    disk.leave_kib(30 * 1024);
    let message = error(&mut guest, "disk_low").await;
    assert!(message.contains("12 minutes") || message.contains("13 minutes"), "{message}");
    guest.is_well().await;
    disk.leave_kib(4 * 1024);
    error(&mut guest, "disk_full").await;
    assert_eq!(guest.recording().await, "table");
    assert_eq!(guest.closed().await, (1000, "session_ended".to_owned()));
    let folder = disk.recordings().join("table");
    is_whole(&folder);
    let manifest = Manifest::read(&folder).expect("readable").expect("finished");
    assert!(!manifest.recovered, "it ended in order");

    let mut late = studio.join(Hello::default()).await;
    assert_eq!(late.error().await, "disk_full", "a session that could not end is not begun");
    assert!(!disk.recordings().join("table-2").exists());
}

#[actix::test]
async fn a_disk_that_is_full_at_once_ends_the_session_and_what_was_written_is_brought_back() {
    let Some(disk) = SmallDisk::mount(24) else { return };
    let studio = disk.studio().await;
    let mut guest = studio.join(Hello::default()).await;
    guest.snapshot().await;
    let track = disk.recordings().join("table/you.webm");
    let began = std::fs::metadata(&track).expect("a track").len();
    crate::support::comes("the first cluster", async {
        while std::fs::metadata(&track).expect("a track").len() <= began {
            tokio::task::yield_now().await;
        }
    })
    .await;
    disk.leave_kib(0);
    error(&mut guest, "disk_full").await;
    // Whether its end is told as an end depends on whether anything fits: it does end.
    guest.closed().await;
    std::fs::remove_file(disk.at.path().join("ballast")).expect("a file");
    let folder = disk.recordings().join("table");
    match recover(&folder) {
        Ok(Recovered::AlreadyFinished | Recovered::Repaired { .. }) => is_whole(&folder),
        Err(error) => panic!("{error}"),
    }
}

/// A page with a tone in its microphone, until it is told this.
async fn talk_until(studio: &Studio, page: &mut Page, code: &str) {
    page.errors_are_expected = true;
    let mut client = Client::connect(studio.address()).await.expect("a connection");
    page.sit(&mut client, |page| page.errors.iter().any(|told| told == code)).await;
    assert!(page.errors.iter().any(|told| told == code), "{code} in {:?}", page.errors);
}

#[actix::test]
async fn a_real_disk_that_freezes_ends_the_session_and_after_the_thaw_its_recording_is_whole() {
    let Some(disk) = LoopDisk::mount() else { return };
    let studio = disk.studio().await;
    let mut page = Page::new("table".to_owned());
    let freezing = async {
        disk.has_a_cluster().await;
        disk.freeze();
    };
    tokio::join!(talk_until(&studio, &mut page, "disk_stalled"), freezing);
    assert!(page.errors.iter().any(|told| told == "disk_slow"), "{:?}", page.errors);
    disk.thaw().expect("thawed");
    let manifest = disk.folder().join("session.yml");
    crate::support::comes("the end of the recording", async {
        while !manifest.is_file() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    is_whole(&disk.folder());
}

#[actix::test]
async fn a_real_disk_that_fails_ends_the_session_with_its_reason_and_keeps_what_was_written() {
    let Some(disk) = LoopDisk::mount() else { return };
    let studio = disk.studio().await;
    let mut page = Page::new("table".to_owned());
    let failing = async {
        disk.has_a_cluster().await;
        disk.break_down();
    };
    tokio::join!(talk_until(&studio, &mut page, "recording_unwritable"), failing);
    // Nothing can be put right where nothing can be written: whoever saves the files elsewhere has a whole recording.
    let saved = TempDir::new().expect("a folder");
    for entry in std::fs::read_dir(disk.folder()).expect("readable") {
        let entry = entry.expect("an entry");
        if entry.path().is_file() {
            std::fs::copy(entry.path(), saved.path().join(entry.file_name())).expect("a copy");
        }
    }
    recover(saved.path()).expect("what was written is enough");
    is_whole(saved.path());
}
