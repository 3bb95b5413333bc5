//! Packets of a host in the order in which they were sent, at the price of as little waiting as the line allows.
//!
//! Nobody listens to the host's sound in here: recogniser and recorder want every packet at its place, not at an even
//! pace. So nothing is held back to smooth anything. What comes in order goes on at once; only a packet that comes
//! before one that is missing waits, for [`JitterBuffer::patience`], which is learnt from how late the missing ones of
//! this line come. Places are the sender's timestamps, never arrivals or counts: a lost packet moves nothing, and a
//! packet without sound (browsers probe the line with those) is not taken for lost sound.
//!
//! Invariants: what is given out rises in sequence; nothing is given out twice; nothing waits longer than
//! [`PATIENCE_MAX`]; memory is [`WINDOW`] packets, and their buffers are used again.
//! Units: timestamps in samples at 48 kHz, as RTP counts Opus; arrivals in session time.

pub use self::packet::{Due, JitterCounts, Packet};
use super::num;
use super::opus::{PACKET_BYTES_MAX, packet_samples};
use crate::time::{SessionTime, Span};

mod packet;

/// Packets between the one that is awaited and the newest: 2.5 s of 20 ms, over ten times what is ever waited for.
pub const WINDOW: u64 = 128;

/// Room in a slot from its first use on: twice and a half a packet of a voice at 40 kbit/s, so that a packet that is a little
/// larger than those before it costs no allocation. 32 KiB for all slots.
const SLOT_BYTES: usize = 256;

/// A gap is waited for at least so long: a packet that was overtaken by its neighbour comes within one interval.
pub const PATIENCE_MIN: Span = Span::from_millis(20);

/// A gap is waited for no longer. Sound may come 400 ms late before its place on session time is given away; half of
/// that is left to the network itself.
pub const PATIENCE_MAX: Span = Span::from_millis(200);

/// What is waited beyond the latest packet seen: a tick of whoever asks.
const PATIENCE_MARGIN: Span = Span::from_millis(5);

/// Patience falls by this part with every packet: to the half in 14 seconds, so that one bad moment is forgotten.
const PATIENCE_DECAY: u64 = 1024;

/// A sequence number this far ahead is another stream (RFC 3550, appendix A.1); a minute of packets.
const DROPOUT_MAX: u64 = 3000;

/// Packets in a row whose time falls back before the sender is believed to count anew.
const ODD_MAX: u32 = 10;

/// See the module's text.
#[derive(Debug)]
pub struct JitterBuffer {
    slots: Vec<Slot>,
    held: u64,
    line: Option<Line>,
    patience: Span,
    has_restarted: bool,
    /// The sequence number that would confirm another stream.
    candidate: Option<u16>,
    odd_in_a_row: u32,
    counts: JitterCounts,
}

#[derive(Clone, Debug)]
struct Slot {
    sequence: u64,
    timestamp: u64,
    samples: u64,
    arrival: SessionTime,
    payload: Vec<u8>,
    is_taken: bool,
}

/// Where the stream is.
#[derive(Clone, Copy, Debug)]
struct Line {
    /// Sequence number to be given out next, and the newest that came.
    next: u64,
    newest: u64,
    newest_timestamp: u64,
    /// Sender's counter after what was given out.
    place: u64,
    /// Which of the numbers before `next` came: the lowest bit is `next - 1`.
    came: u128,
    /// When the newest gap that was given up had been noticed.
    noticed: SessionTime,
}

impl Default for JitterBuffer {
    fn default() -> Self {
        let slot = Slot {
            sequence: 0,
            timestamp: 0,
            samples: 0,
            arrival: SessionTime::ZERO,
            payload: Vec::new(),
            is_taken: false,
        };
        Self {
            slots: vec![slot; num::index(WINDOW)],
            held: 0,
            line: None,
            patience: PATIENCE_MIN,
            has_restarted: false,
            candidate: None,
            odd_in_a_row: 0,
            counts: JitterCounts::default(),
        }
    }
}

impl JitterBuffer {
    /// A buffer that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a packet that arrived at `arrival`. What is due afterwards is asked with [`Self::due`].
    pub fn push(&mut self, packet: Packet<'_>, arrival: SessionTime) {
        self.counts.received += 1;
        let samples = if packet.payload.is_empty() {
            0
        } else {
            match packet_samples(packet.payload) {
                Some(samples) if packet.payload.len() <= PACKET_BYTES_MAX => samples as u64,
                _ => {
                    self.counts.odd += 1;
                    return;
                }
            }
        };
        let Some(mut line) = self.line else { return self.begin(packet, samples, arrival) };
        let sequence = unwrap_16(line.newest, packet.sequence);
        let timestamp = unwrap_32(line.newest_timestamp, packet.timestamp);
        if sequence >= line.newest + DROPOUT_MAX || sequence + WINDOW < line.next {
            return self.meet_stranger(packet, samples, arrival);
        }
        self.candidate = None;
        if sequence < line.next {
            return self.meet_late(&line, sequence, arrival);
        }
        if sequence > line.newest && timestamp < line.newest_timestamp {
            // Later in order and earlier in time.
            self.counts.odd += 1;
            self.odd_in_a_row += 1;
            if self.odd_in_a_row >= ODD_MAX {
                self.restart(packet, samples, arrival);
            }
            return;
        }
        self.odd_in_a_row = 0;
        if sequence >= line.next + WINDOW {
            // Whoever asks regularly has nothing left to wait for by now; what is left then is lost.
            self.counts.lost += sequence - line.next;
            self.clear_slots();
            line.next = sequence;
            line.came = 0;
        }
        if sequence < line.newest {
            if self.slots[slot_of(sequence)].is_taken {
                self.counts.repeated += 1;
                return;
            }
            self.counts.reordered += 1;
            let noticed = self.noticed_after(sequence, line.newest);
            self.learn(noticed, arrival);
        } else if sequence == line.newest && self.slots[slot_of(sequence)].is_taken {
            self.counts.repeated += 1;
            return;
        }
        line.newest = line.newest.max(sequence);
        line.newest_timestamp = line.newest_timestamp.max(timestamp);
        self.line = Some(line);
        self.keep(sequence, timestamp, samples, packet.payload, arrival);
    }

    /// What is due at `now`, oldest first; `None` until something else happens.
    pub fn due(&mut self, now: SessionTime) -> Option<Due<'_>> {
        if std::mem::take(&mut self.has_restarted) {
            return Some(Due::Restarted);
        }
        loop {
            let mut line = self.line?;
            if self.held == 0 {
                return None;
            }
            if !self.is_here(line.next) {
                let first = (line.next..=line.newest).find(|sequence| self.is_here(*sequence))?;
                let noticed = self.noticed_after(line.next, line.newest);
                if now.since(noticed) < self.patience {
                    return None;
                }
                let missed = first - line.next;
                self.counts.lost += missed;
                line.came = if missed < WINDOW { line.came << missed } else { 0 };
                line.next = first;
                line.noticed = noticed;
                self.line = Some(line);
            }
            let slot = slot_of(line.next);
            let Slot { timestamp, samples, arrival, .. } = self.slots[slot];
            if samples > 0 && timestamp > line.place {
                let gap = timestamp - line.place;
                self.line = Some(Line { place: timestamp, ..line });
                let next = &self.slots[slot].payload;
                return Some(Due::Gap {
                    at: line.place,
                    samples: gap,
                    next,
                    next_samples: samples,
                    arrival,
                });
            }
            line.next += 1;
            line.came = (line.came << 1) | 1;
            let is_sound = samples > 0 && timestamp == line.place;
            line.place = line.place.max(timestamp + samples);
            self.line = Some(line);
            self.slots[slot].is_taken = false;
            self.held -= 1;
            if is_sound {
                self.counts.given += 1;
                // Rounded up, or it would never come down all the way.
                let less = self.patience.samples().div_ceil(PATIENCE_DECAY);
                self.patience =
                    Span::from_samples(self.patience.samples() - less).max(PATIENCE_MIN);
                let payload = &self.slots[slot].payload;
                return Some(Due::Sound { at: timestamp, samples, payload, arrival });
            }
            // A probe, or sound that overlaps what was given out.
            self.counts.odd += u64::from(samples > 0);
        }
    }

    /// When a gap that is waited for is given up, if nothing comes before.
    #[must_use]
    pub fn next_deadline(&self) -> Option<SessionTime> {
        let line = self.line.filter(|_| self.held > 0)?;
        Some(self.noticed_after(line.next, line.newest) + self.patience)
    }

    /// How long a gap is waited for.
    #[must_use]
    pub const fn patience(&self) -> Span {
        self.patience
    }

    /// What became of the packets so far.
    #[must_use]
    pub const fn counts(&self) -> JitterCounts {
        self.counts
    }

    fn begin(&mut self, packet: Packet<'_>, samples: u64, arrival: SessionTime) {
        // Room below, so that numbers of packets that come before the first one do not become negative.
        let sequence = (1 << 16) + u64::from(packet.sequence);
        let timestamp = (1 << 32) + u64::from(packet.timestamp);
        self.line = Some(Line {
            next: sequence,
            newest: sequence,
            newest_timestamp: timestamp,
            place: timestamp,
            came: 0,
            noticed: arrival,
        });
        self.keep(sequence, timestamp, samples, packet.payload, arrival);
    }

    fn restart(&mut self, packet: Packet<'_>, samples: u64, arrival: SessionTime) {
        self.clear_slots();
        self.candidate = None;
        self.odd_in_a_row = 0;
        self.has_restarted = true;
        self.begin(packet, samples, arrival);
    }

    /// A number that does not belong here: the second in a row is another stream.
    fn meet_stranger(&mut self, packet: Packet<'_>, samples: u64, arrival: SessionTime) {
        if self.candidate == Some(packet.sequence) {
            return self.restart(packet, samples, arrival);
        }
        self.counts.odd += 1;
        self.candidate = Some(packet.sequence.wrapping_add(1));
    }

    /// A packet whose place has gone by.
    fn meet_late(&mut self, line: &Line, sequence: u64, arrival: SessionTime) {
        let age = line.next - 1 - sequence;
        if age < WINDOW && line.came >> age & 1 == 1 {
            self.counts.repeated += 1;
            return;
        }
        self.counts.late += 1;
        if let Some(line) = &mut self.line
            && age < WINDOW
        {
            line.came |= 1 << age;
        }
        self.learn(line.noticed, arrival);
    }

    /// A gap that was noticed at `noticed` was filled at `arrival`.
    fn learn(&mut self, noticed: SessionTime, arrival: SessionTime) {
        let needed = arrival.since(noticed) + PATIENCE_MARGIN;
        // More than can be waited for teaches nothing: waiting longest would not have helped.
        if needed <= PATIENCE_MAX {
            self.patience = self.patience.max(needed);
        }
    }

    /// When it was noticed that `sequence` is missing: the first arrival of a later one.
    fn noticed_after(&self, sequence: u64, newest: u64) -> SessionTime {
        (sequence + 1..=newest)
            .filter(|later| self.is_here(*later))
            .map(|later| self.slots[slot_of(later)].arrival)
            .min()
            .unwrap_or(SessionTime::ZERO)
    }

    fn keep(
        &mut self,
        sequence: u64,
        timestamp: u64,
        samples: u64,
        payload: &[u8],
        arrival: SessionTime,
    ) {
        let slot = &mut self.slots[slot_of(sequence)];
        slot.payload.clear();
        slot.payload.reserve(SLOT_BYTES);
        slot.payload.extend_from_slice(payload);
        (slot.sequence, slot.timestamp, slot.samples) = (sequence, timestamp, samples);
        slot.arrival = arrival;
        slot.is_taken = true;
        self.held += 1;
    }

    fn is_here(&self, sequence: u64) -> bool {
        let slot = &self.slots[slot_of(sequence)];
        slot.is_taken && slot.sequence == sequence
    }

    fn clear_slots(&mut self) {
        self.slots.iter_mut().for_each(|slot| slot.is_taken = false);
        self.held = 0;
    }
}

fn slot_of(sequence: u64) -> usize {
    num::index(sequence % WINDOW)
}

/// The number nearest to `newest` that ends in these 16 bits.
#[expect(clippy::cast_possible_truncation, reason = "the low bits are what is compared")]
fn unwrap_16(newest: u64, bits: u16) -> u64 {
    let ahead = bits.wrapping_sub(newest as u16).cast_signed();
    newest.saturating_add_signed(i64::from(ahead))
}

/// The number nearest to `newest` that ends in these 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "the low bits are what is compared")]
fn unwrap_32(newest: u64, bits: u32) -> u64 {
    let ahead = bits.wrapping_sub(newest as u32).cast_signed();
    newest.saturating_add_signed(i64::from(ahead))
}

#[cfg(test)]
mod tests;
