//! The host's packets as they were received, beside the track that was rendered from them.
//!
//! Format: rtpdump (`#!rtpplay1.0`), which Wireshark opens and rtptools play again: a header, then for each packet its
//! length, when it came in session milliseconds, and the RTP packet. What of RTP is not kept by the session is made up:
//! payload type 111 and one stream. So whoever wants the sound as the browser encoded it has it, and a decoder that
//! improves can be given it again.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::error::{OnPath, RecordingError};
use crate::time::SessionTime;

/// The folder within a take.
pub const CAPTURE_DIR: &str = "capture";
/// The host's file within it.
pub const CAPTURE_FILE: &str = "you.rtpdump";

/// Bytes before each packet: its record's length, its own, when it came.
const RECORD_HEADER: usize = 8;
const RTP_HEADER: usize = 12;
const PAYLOAD_TYPE: u8 = 111;
/// The one stream's number.
const STREAM: u32 = 1;

/// Appends a packet's record to `block`.
pub fn append_packet(
    block: &mut Vec<u8>,
    at: SessionTime,
    sequence: u16,
    timestamp: u32,
    payload: &[u8],
) {
    let packet = RTP_HEADER + payload.len();
    // A record that its own length cannot tell is none: a voice packet is 1.3 KB at most.
    let (Ok(record), Ok(packet)) = (u16::try_from(RECORD_HEADER + packet), u16::try_from(packet))
    else {
        return;
    };
    block.extend(record.to_be_bytes());
    block.extend(packet.to_be_bytes());
    block.extend(u32::try_from(at.millis()).unwrap_or(u32::MAX).to_be_bytes());
    block.extend([0x80, PAYLOAD_TYPE]);
    block.extend(sequence.to_be_bytes());
    block.extend(timestamp.to_be_bytes());
    block.extend(STREAM.to_be_bytes());
    block.extend(payload);
}

/// The file's beginning for a session that began at `started_unix_ms`.
fn file_header(started_unix_ms: u64) -> Vec<u8> {
    let mut header = b"#!rtpplay1.0 127.0.0.1/4000\n".to_vec();
    let seconds = u32::try_from(started_unix_ms / 1000).unwrap_or(u32::MAX);
    let micros = u32::try_from(started_unix_ms % 1000 * 1000).unwrap_or(0);
    header.extend(seconds.to_be_bytes());
    header.extend(micros.to_be_bytes());
    header.extend([127, 0, 0, 1]);
    header.extend(4000_u16.to_be_bytes());
    header.extend([0, 0]);
    header
}

/// The file, made when the first packet comes: most takes have none.
#[derive(Debug, Default)]
pub(super) struct Capture {
    file: Option<(File, PathBuf)>,
}

impl Capture {
    /// Appends records made by [`append_packet`]; they go to the kernel at once.
    pub(super) fn append(
        &mut self,
        take: &Path,
        started_unix_ms: u64,
        block: &[u8],
    ) -> Result<(), RecordingError> {
        let (file, path) = match &mut self.file {
            Some(open) => open,
            None => self.file.insert(create(take, started_unix_ms)?),
        };
        file.write_all(block).on("write", path)
    }

    pub(super) fn sync(&self) -> Result<(), RecordingError> {
        match &self.file {
            Some((file, path)) => file.sync_data().on("sync", path),
            None => Ok(()),
        }
    }
}

fn create(take: &Path, started_unix_ms: u64) -> Result<(File, PathBuf), RecordingError> {
    let dir = take.join(CAPTURE_DIR);
    let made = DirBuilder::new().create(&dir);
    match made {
        Err(source) if source.kind() == io::ErrorKind::AlreadyExists => {}
        made => made.on("create", &dir)?,
    }
    let path = dir.join(CAPTURE_FILE);
    let mut file =
        OpenOptions::new().create_new(true).append(true).open(&path).on("create", &path)?;
    file.write_all(&file_header(started_unix_ms)).on("write", &path)?;
    Ok((file, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_follow_each_other_and_tell_their_length() {
        let mut block = Vec::new();
        append_packet(&mut block, SessionTime::from_millis(1_234), 65_535, 7, &[1, 2, 3]);
        append_packet(&mut block, SessionTime::from_millis(1_254), 0, 967, &[]);
        assert_eq!(block[..8], [0, 23, 0, 15, 0, 0, 4, 210]);
        assert_eq!(block[8..20], [0x80, 111, 255, 255, 0, 0, 0, 7, 0, 0, 0, 1]);
        assert_eq!((block[20..23].to_vec(), block.len()), (vec![1, 2, 3], 23 + 20));
        let mut whole = Vec::new();
        append_packet(&mut whole, SessionTime::ZERO, 0, 0, &[0; 70_000]);
        assert!(whole.is_empty());
    }

    #[test]
    fn the_folder_is_made_with_the_first_packet_and_the_header_stands_once() {
        let take = tempfile::tempdir().unwrap();
        let mut capture = Capture::default();
        assert!(!take.path().join(CAPTURE_DIR).exists());
        for n in 0..2 {
            let mut block = Vec::new();
            append_packet(&mut block, SessionTime::from_millis(n), 1, 2, &[9]);
            capture.append(take.path(), 1_769_860_800_500, &block).unwrap();
        }
        let bytes = std::fs::read(take.path().join(CAPTURE_DIR).join(CAPTURE_FILE)).unwrap();
        let header = file_header(1_769_860_800_500);
        assert!(bytes.starts_with(&header) && bytes.len() == header.len() + 2 * 21);
        assert_eq!(header.len(), 28 + 16);
    }
}
