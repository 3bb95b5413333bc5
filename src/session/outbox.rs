//! The queue between a session and one listener's connection.
//!
//! Control goes before sound. The session fills it, the connection's writer empties it, and between the two lies
//! the last check of the floor: the moment the session pauses or stops a turn it takes that turn's frames back, so
//! none of them is written afterwards.
//!
//! Full sound queue: the oldest frame is dropped and counted. Full control queue: the listener does not read, and
//! the connection is closed with that reason.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::notice::{CloseReason, Notice, SoundFrame};
use crate::conversation::{AiSpeaker, TurnId};

/// Control messages waiting: about ten seconds of captions at their liveliest.
pub const CONTROL_CAPACITY: usize = 512;
/// Frames of sound waiting: 1 s for each AI, five times the credit a listener has.
pub const SOUND_CAPACITY: usize = 100;

/// How often a listener who does not promise reports is asked whether it is there: nothing else tells that it hears.
pub const SIGN_EVERY: Duration = Duration::from_secs(1);

/// A bounded queue with two lanes. Shared by the session and one writer.
#[derive(Debug, Default)]
pub struct Outbox {
    lanes: Mutex<Lanes>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct Lanes {
    control: VecDeque<(u64, Notice)>,
    sound: VecDeque<SoundFrame>,
    closed: Option<CloseReason>,
    dropped_frames: u64,
    /// When the other side last gave a sign of life, where its connection tells.
    last_sign: Option<Instant>,
}

/// What the writer is to write next.
#[derive(Clone, Debug, PartialEq)]
pub enum Outgoing {
    /// A numbered notice.
    Notice(u64, Notice),
    /// A frame of sound.
    Sound(SoundFrame),
    /// Close the connection; nothing follows.
    Close(CloseReason),
}

impl Outbox {
    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        // A panic while holding the lock leaves plain queues behind: still true.
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a notice under its number. If the lane is full the connection is told to close and `false` returned.
    pub fn push(&self, seq: u64, notice: Notice) -> bool {
        let mut lanes = self.lanes();
        if lanes.closed.is_some() {
            return true;
        }
        let fits = lanes.control.len() < CONTROL_CAPACITY;
        if fits {
            lanes.control.push_back((seq, notice));
        } else {
            lanes.control.clear();
            lanes.sound.clear();
            lanes.closed = Some(CloseReason::SlowClient);
        }
        drop(lanes);
        self.wake.notify_one();
        fits
    }

    /// Queues a frame of sound; returns how many old ones had to go.
    pub fn push_sound(&self, frame: SoundFrame) -> u64 {
        let mut lanes = self.lanes();
        let mut dropped = 0;
        while lanes.sound.len() >= SOUND_CAPACITY {
            lanes.sound.pop_front();
            dropped += 1;
        }
        lanes.dropped_frames += dropped;
        if lanes.closed.is_none() {
            lanes.sound.push_back(frame);
        }
        drop(lanes);
        self.wake.notify_one();
        dropped
    }

    /// Takes back every frame of this turn that was not written yet; returns the first sample taken back.
    pub fn take_back(&self, speaker: AiSpeaker, turn: TurnId) -> Option<u64> {
        let mut lanes = self.lanes();
        let of_turn = |frame: &SoundFrame| frame.speaker == speaker && frame.turn == turn;
        let first =
            lanes.sound.iter().filter(|frame| of_turn(frame)).map(|frame| frame.first_sample).min();
        lanes.sound.retain(|frame| !of_turn(frame));
        first
    }

    /// Lets the writer finish what is queued, then close.
    pub fn close(&self, reason: CloseReason) {
        let mut lanes = self.lanes();
        lanes.closed.get_or_insert(reason);
        lanes.sound.clear();
        drop(lanes);
        self.wake.notify_one();
    }

    /// Something came from the other side.
    pub fn note_sign(&self, at: Instant) {
        self.lanes().last_sign = Some(at);
    }

    /// When something last came from the other side, where its connection tells.
    #[must_use]
    pub fn last_sign(&self) -> Option<Instant> {
        self.lanes().last_sign
    }

    /// Whether nothing more is told to the listener: it is gone, or another has taken its chair.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.lanes().closed.is_some()
    }

    /// Frames dropped because the listener did not read.
    #[must_use]
    pub fn dropped_frames(&self) -> u64 {
        self.lanes().dropped_frames
    }

    /// The next thing to write, waiting for one. After [`Outgoing::Close`] it answers the same for ever.
    pub async fn next(&self) -> Outgoing {
        loop {
            if let Some(outgoing) = self.pop() {
                return outgoing;
            }
            self.wake.notified().await;
        }
    }

    fn pop(&self) -> Option<Outgoing> {
        let mut lanes = self.lanes();
        if let Some((seq, notice)) = lanes.control.pop_front() {
            return Some(Outgoing::Notice(seq, notice));
        }
        if let Some(frame) = lanes.sound.pop_front() {
            return Some(Outgoing::Sound(frame));
        }
        lanes.closed.map(Outgoing::Close)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(turn: u32, first_sample: u64) -> SoundFrame {
        SoundFrame {
            speaker: AiSpeaker::Claude,
            turn: TurnId(turn),
            first_sample,
            samples: vec![0; 960].into(),
        }
    }

    #[tokio::test]
    async fn control_goes_before_sound_and_close_comes_last() {
        let outbox = Outbox::default();
        outbox.push_sound(frame(1, 0));
        outbox.push(1, Notice::Autopilot(true));
        outbox.close(CloseReason::Ended);
        assert_eq!(outbox.next().await, Outgoing::Notice(1, Notice::Autopilot(true)));
        assert_eq!(outbox.next().await, Outgoing::Close(CloseReason::Ended));
        assert_eq!(outbox.next().await, Outgoing::Close(CloseReason::Ended));
    }

    #[tokio::test]
    async fn frames_of_a_stopped_turn_are_taken_back_and_others_stay() {
        let outbox = Outbox::default();
        outbox.push_sound(frame(1, 960));
        outbox.push_sound(frame(1, 1920));
        outbox.push_sound(frame(2, 0));
        assert_eq!(outbox.take_back(AiSpeaker::Claude, TurnId(1)), Some(960));
        assert_eq!(outbox.next().await, Outgoing::Sound(frame(2, 0)));
    }

    #[test]
    fn a_listener_that_does_not_read_costs_bounded_memory() {
        let outbox = Outbox::default();
        for index in 0..10_000 {
            outbox.push_sound(frame(1, index));
        }
        assert_eq!(outbox.dropped_frames(), 10_000 - SOUND_CAPACITY as u64);
        let taken =
            (0..10_000).take_while(|seq| outbox.push(*seq, Notice::Autopilot(true))).count();
        assert_eq!(taken, CONTROL_CAPACITY);
        assert_eq!(outbox.pop(), Some(Outgoing::Close(CloseReason::SlowClient)));
    }
}
