//! The sound of which the final words are not known yet, so that another recogniser can be given it again.
//!
//! Places are absolute: samples of all the sound that the chain was given, at its rate.

use std::collections::VecDeque;

use crate::adapters::stt::SttInput;

/// Sound kept at most, in seconds: longer than people talk without any word becoming final. 1 MB at 16 kHz.
pub(super) const KEPT_SECONDS: u64 = 30;

/// Where nobody speaks, another recogniser is given so much of the silence, in milliseconds.
const QUIET_MS: u64 = 1_000;

/// What was given, as far as it may be needed again.
#[derive(Debug)]
pub(super) struct Memory {
    rate_hz: u64,
    items: VecDeque<Kept>,
    /// The number of the first item kept.
    first: u64,
    /// Samples given in all, and kept.
    given: u64,
    kept: u64,
    /// Whether somebody was speaking before the first item.
    was_speaking: bool,
    /// Samples that were dropped because too many were kept.
    lost: u64,
}

#[derive(Debug)]
struct Kept {
    /// First sample of a stretch of sound; the place where a hint was given.
    at: u64,
    input: SttInput,
}

impl Kept {
    fn samples(&self) -> u64 {
        if let SttInput::Audio(frame) = &self.input { frame.samples.len() as u64 } else { 0 }
    }
}

/// Where another recogniser begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Start {
    /// The item it is given first.
    pub(super) item: u64,
    /// The place of its first sample.
    pub(super) base: u64,
    /// Whether somebody speaks there already.
    pub(super) is_speaking: bool,
}

impl Memory {
    pub(super) fn new(rate_hz: u32) -> Self {
        Self {
            rate_hz: u64::from(rate_hz),
            items: VecDeque::new(),
            first: 0,
            given: 0,
            kept: 0,
            was_speaking: false,
            lost: 0,
        }
    }

    /// Samples that no recogniser will be given any more though their words are not known.
    pub(super) const fn lost(&self) -> u64 {
        self.lost
    }

    /// Takes the next input; the oldest sound goes when too much is kept. `sent_until` is the item the running
    /// recogniser is given next.
    pub(super) fn push(&mut self, input: SttInput, sent_until: u64) {
        let item = Kept { at: self.given, input };
        self.given += item.samples();
        self.kept += item.samples();
        self.items.push_back(item);
        while self.kept > KEPT_SECONDS * self.rate_hz {
            let is_unsent = self.first >= sent_until;
            let samples = self.drop_first();
            self.lost += if is_unsent { samples } else { 0 };
        }
    }

    /// Forgets what was sent and whose words are final.
    pub(super) fn forget(&mut self, final_until: u64, sent_until: u64) {
        while self.first < sent_until
            && self.items.front().is_some_and(|item| item.at + item.samples() <= final_until)
        {
            self.drop_first();
        }
    }

    /// The item with this number.
    pub(super) fn item(&self, number: u64) -> Option<&SttInput> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.items.get(index).map(|item| &item.input)
    }

    /// The number of the item that comes next.
    pub(super) fn next(&self) -> u64 {
        self.first + self.items.len() as u64
    }

    /// The oldest item kept.
    pub(super) const fn oldest(&self) -> u64 {
        self.first
    }

    /// Whether somebody speaks now.
    pub(super) fn is_speaking(&self) -> bool {
        self.items.iter().fold(self.was_speaking, after)
    }

    /// Where a recogniser begins that takes over from one whose words are final up to `final_until`.
    pub(super) fn start(&self, final_until: u64) -> Start {
        let wanted = self.wanted_from(final_until);
        let mut speaking = self.was_speaking;
        for (item, number) in self.items.iter().zip(self.first..) {
            if item.samples() > 0 && item.at + item.samples() > wanted {
                return Start { item: number, base: item.at, is_speaking: speaking };
            }
            speaking = after(speaking, item);
        }
        Start { item: self.next(), base: self.given, is_speaking: speaking }
    }

    /// The first sample whose words may be missing.
    fn wanted_from(&self, final_until: u64) -> u64 {
        let quiet = self.rate_hz * QUIET_MS / 1000;
        let mut speaking = self.was_speaking;
        for item in &self.items {
            if speaking && item.at + item.samples() > final_until {
                return final_until;
            }
            if let SttInput::SpeechStarted { at_sample } = item.input
                && item.at > final_until
            {
                return final_until.max(at_sample.saturating_sub(quiet));
            }
            speaking = after(speaking, item);
        }
        // Without a detector's word there is no speech that anybody waits for.
        final_until.max(self.given.saturating_sub(quiet))
    }

    fn drop_first(&mut self) -> u64 {
        let Some(item) = self.items.pop_front() else { return 0 };
        self.was_speaking = after(self.was_speaking, &item);
        self.first += 1;
        self.kept -= item.samples();
        item.samples()
    }
}

const fn after(speaking: bool, item: &Kept) -> bool {
    match item.input {
        SttInput::SpeechStarted { .. } => true,
        SttInput::SpeechStopped { .. } => false,
        SttInput::Audio(_) | SttInput::Finish => speaking,
    }
}

/// An input as a recogniser is given it whose first sample is `base`.
pub(super) fn as_given(input: &SttInput, base: u64) -> SttInput {
    match input {
        SttInput::SpeechStarted { at_sample } => {
            SttInput::SpeechStarted { at_sample: at_sample.saturating_sub(base) }
        }
        SttInput::SpeechStopped { at_sample } => {
            SttInput::SpeechStopped { at_sample: at_sample.saturating_sub(base) }
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::{Frame, SampleRate};

    fn second() -> SttInput {
        SttInput::Audio(Frame::silence(SampleRate::HZ_16000, 16_000))
    }

    fn memory(inputs: Vec<SttInput>) -> Memory {
        let mut memory = Memory::new(16_000);
        for input in inputs {
            memory.push(input, 0);
        }
        memory
    }

    #[test]
    fn a_recogniser_that_takes_over_is_given_everything_after_the_last_final_word() {
        let mut memory = memory(vec![
            second(),
            SttInput::SpeechStarted { at_sample: 14_000 },
            second(),
            second(),
        ]);
        let start = memory.start(20_000);
        assert_eq!((start.base, start.is_speaking), (16_000, true));
        memory.forget(20_000, memory.next());
        assert_eq!(memory.start(20_000).base, 16_000, "sound is kept by the frame");
        assert!(memory.is_speaking());
        memory.forget(32_000, memory.next());
        assert_eq!((memory.start(32_000).base, memory.start(32_000).is_speaking), (32_000, true));
    }

    #[test]
    fn of_a_long_silence_only_the_last_second_is_given_again() {
        let memory = memory((0..9).map(|_| second()).collect());
        assert_eq!(memory.start(0).base, 8 * 16_000);
    }

    #[test]
    fn more_than_the_bound_is_dropped_and_counted_where_nobody_was_given_it() {
        let mut memory = memory((0..29).map(|_| second()).collect());
        for _ in 0..4 {
            memory.push(second(), 2);
        }
        assert_eq!(memory.lost(), 16_000, "three went, two of them had been sent");
        assert_eq!(memory.oldest(), 3);
    }
}
