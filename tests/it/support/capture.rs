//! A reader of the host's packets as they were kept: rtpdump, read by its published layout.

/// A kept packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// When it came, in session milliseconds.
    pub(crate) at_ms: u32,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) payload: Vec<u8>,
}

/// The records of a whole file.
pub(crate) fn kept_packets(file: &[u8]) -> Vec<Kept> {
    let line = file.iter().position(|byte| *byte == b'\n').expect("a first line") + 1;
    assert!(file.starts_with(b"#!rtpplay1.0 "));
    records(&file[line + 16..])
}

/// Records as far as they are whole.
pub(crate) fn records(mut rest: &[u8]) -> Vec<Kept> {
    let mut packets = Vec::new();
    while let Some(head) = rest.get(..20) {
        let length = usize::from(u16::from_be_bytes([head[0], head[1]]));
        let Some(record) = rest.get(..length).filter(|record| record.len() >= 20) else { break };
        let word = |at: usize| {
            u32::from_be_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]])
        };
        packets.push(Kept {
            at_ms: word(4),
            sequence: u16::from_be_bytes([record[10], record[11]]),
            timestamp: word(12),
            payload: record[20..].to_vec(),
        });
        rest = &rest[length..];
    }
    packets
}
