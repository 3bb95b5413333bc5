//! A real small file system that fills up: a warning in time, an orderly end while there is room to end in, and whatever
//! was written when there is none.
//!
//! The test mounts it itself, which only root may do; elsewhere it says what it skips.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use voice_studio::conversation::Speaker;
use voice_studio::recording::{Manifest, Recovered, recover};
use voice_studio::transport::protocol::{Hello, ServerMessage};

use crate::recording::decode;
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
