//! The line between a session and a listener's WebRTC, where packets must not cost a message each.
//!
//! Two lanes under one lock. Towards the session: the host's packets as they came, in buffers that are used again; the
//! session is woken, not written to. Towards the listener: AI frames, of which the transport takes 20 ms at a time, so
//! that what the session takes back at a pause has truly never left.
//!
//! Full lane of packets: the newest is dropped and counted, as a network would. Full lane of sound: the oldest frame is
//! dropped and counted.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::notice::SoundFrame;
use super::tally::tally;
use crate::audio::FRAME_SAMPLES;
use crate::conversation::{AiSpeaker, TurnId};

/// Packets that wait for the session: 2.5 s of 20 ms, ten times what a busy arbiter is late.
pub const PACKETS_MAX: usize = 128;
/// Their bytes: 2.5 s at 100 kbit/s.
pub const PACKET_BYTES_CAPACITY: usize = 32 * 1024;
/// Frames of one AI that wait to leave: 1.2 s, more than the credit of such a line.
pub const FRAMES_MAX: usize = 60;

/// What is known of a packet besides its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketHead {
    /// RTP sequence number.
    pub sequence: u16,
    /// RTP timestamp, 48 kHz.
    pub timestamp: u32,
    /// When it came from the network.
    pub arrival: Instant,
}

/// 20 ms of an AI's turn that leave now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// In which turn.
    pub turn: TurnId,
    /// Place of the first sample in the turn.
    pub first_sample: u64,
    /// Samples of the turn; silence fills the frame.
    pub samples: usize,
}

/// See the module's text. Shared by a session and the transport.
#[derive(Debug, Default)]
pub struct MediaLine {
    lanes: Mutex<Lanes>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct Lanes {
    heads: VecDeque<(PacketHead, usize)>,
    bytes: VecDeque<u8>,
    sound: [VecDeque<SoundFrame>; 2],
    /// Samples of the first frame that left already.
    begun: [usize; 2],
    dropped_packets: u64,
    dropped_frames: u64,
    farewell: Option<&'static str>,
}

impl MediaLine {
    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        // A panic while holding the lock leaves plain queues behind: still true.
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Either side is done: nothing more is taken, and both learn of it. Why is a word for log and listener; the first
    /// one counts.
    pub fn close(&self, farewell: &'static str) {
        self.lanes().farewell.get_or_insert(farewell);
        self.wake.notify_one();
    }

    /// Why the line is over; `None` while it is not.
    #[must_use]
    pub fn farewell(&self) -> Option<&'static str> {
        self.lanes().farewell
    }

    /// Whether either side is done.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.farewell().is_some()
    }

    // ── From the host ────────────────────────────────────────────────────────────────────────────────────────

    /// A packet came from the network.
    pub fn hear(&self, head: PacketHead, payload: &[u8]) {
        let mut lanes = self.lanes();
        let fits = lanes.heads.len() < PACKETS_MAX
            && lanes.bytes.len() + payload.len() <= PACKET_BYTES_CAPACITY;
        if !fits || lanes.farewell.is_some() {
            lanes.dropped_packets += 1;
            tally().dropped_host_packets.add(1);
            return;
        }
        if lanes.heads.capacity() == 0 {
            lanes.heads.reserve_exact(PACKETS_MAX);
            lanes.bytes.reserve_exact(PACKET_BYTES_CAPACITY);
        }
        lanes.heads.push_back((head, payload.len()));
        lanes.bytes.extend(payload);
        drop(lanes);
        self.wake.notify_one();
    }

    /// Waits for packets; `false` once the line is closed and empty.
    pub async fn filled(&self) -> bool {
        loop {
            let (is_empty, is_closed) = {
                let lanes = self.lanes();
                (lanes.heads.is_empty(), lanes.farewell.is_some())
            };
            if !is_empty || is_closed {
                return !is_empty;
            }
            self.wake.notified().await;
        }
    }

    /// Takes the oldest packet into `payload`.
    pub fn next_packet(&self, payload: &mut Vec<u8>) -> Option<PacketHead> {
        let mut lanes = self.lanes();
        let (head, bytes) = lanes.heads.pop_front()?;
        payload.clear();
        payload.extend(lanes.bytes.drain(..bytes));
        Some(head)
    }

    /// Nobody needs the packets that wait: they are dropped and counted.
    pub fn discard_packets(&self) {
        let mut lanes = self.lanes();
        tally().dropped_host_packets.add(lanes.heads.len() as u64);
        lanes.heads.clear();
        lanes.bytes.clear();
    }

    /// Packets that found the lane full.
    #[must_use]
    pub fn dropped_packets(&self) -> u64 {
        self.lanes().dropped_packets
    }

    // ── To the listener ──────────────────────────────────────────────────────────────────────────────────────

    /// Queues a frame; returns how many old ones had to go.
    pub fn play(&self, frame: SoundFrame) -> u64 {
        let mut lanes = self.lanes();
        let index = frame.speaker.index();
        let mut dropped = 0;
        while lanes.sound[index].len() >= FRAMES_MAX {
            lanes.sound[index].pop_front();
            lanes.begun[index] = 0;
            dropped += 1;
        }
        lanes.dropped_frames += dropped;
        lanes.sound[index].push_back(frame);
        dropped
    }

    /// The speaker's next 20 ms into `frame`. What is left of a short frame is filled from the one after it.
    pub fn take(&self, speaker: AiSpeaker, frame: &mut [i16; FRAME_SAMPLES]) -> Option<Taken> {
        let mut lanes = self.lanes();
        let Lanes { sound, begun, .. } = &mut *lanes;
        let (queue, begun) = (&mut sound[speaker.index()], &mut begun[speaker.index()]);
        let front = queue.front()?;
        let (turn, first_sample) = (front.turn, front.first_sample + *begun as u64);
        let mut filled = 0;
        while filled < FRAME_SAMPLES
            && let Some(front) = queue.front()
            && front.turn == turn
            && front.first_sample + *begun as u64 == first_sample + filled as u64
        {
            let rest = &front.samples[*begun..];
            let length = rest.len().min(FRAME_SAMPLES - filled);
            frame[filled..filled + length].copy_from_slice(&rest[..length]);
            filled += length;
            *begun += length;
            if *begun == front.samples.len() {
                queue.pop_front();
                *begun = 0;
            }
        }
        frame[filled..].fill(0);
        Some(Taken { turn, first_sample, samples: filled })
    }

    /// Takes back every frame of this turn that has not left; returns the first sample taken back.
    pub fn take_back(&self, speaker: AiSpeaker, turn: TurnId) -> Option<u64> {
        let mut lanes = self.lanes();
        let index = speaker.index();
        let begun = lanes.begun[index] as u64;
        let queue = &mut lanes.sound[index];
        let is_front = queue.front().is_some_and(|front| front.turn == turn);
        let first = queue
            .iter()
            .find(|frame| frame.turn == turn)
            .map(|frame| frame.first_sample + if is_front { begun } else { 0 });
        queue.retain(|frame| frame.turn != turn);
        if is_front {
            lanes.begun[index] = 0;
        }
        first
    }

    /// Frames that were dropped because they were not fetched.
    #[must_use]
    pub fn dropped_frames(&self) -> u64 {
        self.lanes().dropped_frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(turn: u32, first_sample: u64, samples: usize) -> SoundFrame {
        let speaker = AiSpeaker::Guest;
        let sound: Vec<i16> = (0..samples)
            .map(|n| i16::try_from((first_sample + n as u64) % 1_000).unwrap())
            .collect();
        SoundFrame { speaker, turn: TurnId(turn), first_sample, samples: sound.into() }
    }

    fn take(line: &MediaLine) -> Option<(u32, u64, usize)> {
        let mut sound = [7; FRAME_SAMPLES];
        let taken = line.take(AiSpeaker::Guest, &mut sound)?;
        for (n, sample) in sound.iter().enumerate() {
            let expected = (taken.first_sample + n as u64) % 1_000;
            let expected = if n < taken.samples { i16::try_from(expected).unwrap() } else { 0 };
            assert_eq!(*sample, expected, "sample {n}");
        }
        Some((taken.turn.0, taken.first_sample, taken.samples))
    }

    #[test]
    fn short_frames_are_filled_from_the_next_of_their_turn() {
        let line = MediaLine::default();
        line.play(frame(1, 0, 500));
        line.play(frame(1, 500, 960));
        line.play(frame(2, 0, 960));
        assert_eq!(take(&line), Some((1, 0, 960)));
        assert_eq!(take(&line), Some((1, 960, 500)));
        assert_eq!(take(&line), Some((2, 0, 960)));
        assert_eq!(take(&line), None);
    }

    #[test]
    fn what_is_taken_back_has_not_left_and_begins_where_it_was_cut() {
        let line = MediaLine::default();
        line.play(frame(1, 0, 500));
        line.play(frame(1, 500, 960));
        line.play(frame(1, 1_460, 960));
        line.play(frame(2, 0, 960));
        assert_eq!(take(&line), Some((1, 0, 960)));
        assert_eq!(line.take_back(AiSpeaker::Guest, TurnId(1)), Some(960));
        assert_eq!(line.take_back(AiSpeaker::Guest, TurnId(1)), None);
        assert_eq!(take(&line), Some((2, 0, 960)));
    }

    #[tokio::test]
    async fn packets_come_out_as_they_went_in_and_a_full_lane_counts() {
        let line = MediaLine::default();
        let head = |sequence| PacketHead { sequence, timestamp: 9, arrival: Instant::now() };
        for n in 0..PACKETS_MAX + 3 {
            line.hear(head(u16::try_from(n).unwrap()), &[u8::try_from(n).unwrap(); 5]);
        }
        assert_eq!(line.dropped_packets(), 3);
        assert!(line.filled().await);
        let mut payload = Vec::new();
        for n in 0..PACKETS_MAX {
            assert_eq!(
                line.next_packet(&mut payload).map(|head| usize::from(head.sequence)),
                Some(n)
            );
            assert_eq!(payload, [u8::try_from(n).unwrap(); 5]);
        }
        assert_eq!(line.next_packet(&mut payload), None);
        line.close("over");
        assert!(!line.filled().await);
    }

    #[test]
    fn frames_that_nobody_fetches_cost_bounded_memory() {
        let line = MediaLine::default();
        for n in 0..1_000 {
            line.play(frame(1, n * 960, 960));
        }
        assert_eq!(line.dropped_frames(), 1_000 - FRAMES_MAX as u64);
    }
}
