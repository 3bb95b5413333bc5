//! The line between a sound card's threads and the session: two rings and a few counters.
//!
//! [`Ear`] and [`Mouth`] live on the card's threads, [`SoundLine`] in the session. Neither of the first two requests
//! memory, takes a lock or waits: a callback that is late is heard as a click.
//!
//! Units: the microphone's samples are at its own rate, the loudspeaker's at 48 kHz; positions count samples that
//! passed through a ring since it was made.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rtrb::{Consumer, Producer, RingBuffer};

/// Room for the microphone: two seconds at 48 kHz. The session empties it every 5 ms; what it leaves longer comes as
/// silence of the same length and is counted.
pub const CAPTURE_SAMPLES: usize = 96_000;
/// Room for the loudspeaker: half a second, more than any card asks for at once.
pub const PLAYOUT_SAMPLES: usize = 24_000;
/// Kept ready beyond what the card takes at once: four of the session's steps.
const MARGIN_SAMPLES: u64 = 20 * 48;
/// Of falling silent and of coming back: shorter is a click, longer is late.
const FADE_SAMPLES: f32 = 5.0 * 48.0;

/// What both sides read and write.
#[derive(Debug, Default)]
struct Counters {
    captured: AtomicU64,
    capture_latency: AtomicU64,
    lost: AtomicU64,
    taken: AtomicU64,
    playout_latency: AtomicU64,
    burst: AtomicU64,
    dry: AtomicU64,
    /// Places of the loudspeaker's ring before this one are silence.
    hushed_until: AtomicU64,
    told: AtomicU64,
}

/// The three ends of a line.
#[must_use]
pub fn sound_line() -> (Ear, Mouth, SoundLine) {
    let counters = Arc::new(Counters::default());
    let (heard, microphone) = RingBuffer::new(CAPTURE_SAMPLES);
    let (loudspeaker, said) = RingBuffer::new(PLAYOUT_SAMPLES);
    let ear = Ear { ring: heard, owed: 0, counters: Arc::clone(&counters) };
    let mouth = Mouth { ring: said, place: 0, gain: 1.0, counters: Arc::clone(&counters) };
    (ear, mouth, SoundLine { microphone, loudspeaker, written: 0, counters })
}

/// The microphone's end.
#[derive(Debug)]
pub struct Ear {
    ring: Producer<i16>,
    /// Samples that found no room: silence in their place, so that the counter stays true.
    owed: usize,
    counters: Arc<Counters>,
}

impl Ear {
    /// Takes what the card captured; its first sample is `latency` samples old.
    pub fn take(&mut self, samples: impl ExactSizeIterator<Item = i16>, latency: u64) {
        let count = samples.len();
        let silence = self.owed.min(self.ring.slots());
        self.owed -= silence;
        let written = self.write(std::iter::repeat_n(0, silence));
        debug_assert_eq!(written, silence, "there was room");
        if self.owed > 0 || self.ring.slots() < count {
            self.owed += count;
            self.counters.lost.fetch_add(count as u64, Relaxed);
        } else {
            self.write(samples);
        }
        self.counters.capture_latency.store(latency, Relaxed);
        self.counters.captured.fetch_add(count as u64, Relaxed);
    }

    fn write(&mut self, samples: impl ExactSizeIterator<Item = i16>) -> usize {
        match self.ring.write_chunk_uninit(samples.len()) {
            Ok(chunk) => chunk.fill_from_iter(samples),
            Err(_full) => 0,
        }
    }

    /// Where the card's thread counts what it was told.
    #[must_use]
    pub fn faults(&self) -> Faults {
        Faults(Arc::clone(&self.counters))
    }
}

/// Counts errors of a card.
#[derive(Clone, Debug)]
pub struct Faults(Arc<Counters>);

impl Faults {
    /// One more.
    pub fn note(&self) {
        self.0.told.fetch_add(1, Relaxed);
    }
}

/// The loudspeaker's end.
#[derive(Debug)]
pub struct Mouth {
    ring: Consumer<i16>,
    place: u64,
    gain: f32,
    counters: Arc<Counters>,
}

impl Mouth {
    /// Where the card's thread counts what it was told.
    #[must_use]
    pub fn faults(&self) -> Faults {
        Faults(Arc::clone(&self.counters))
    }

    /// Gives `count` samples to the card, in order; the first will sound `latency` samples from now.
    pub fn fill(&mut self, count: usize, latency: u64, mut put: impl FnMut(i16)) {
        let hushed_until = self.counters.hushed_until.load(Relaxed);
        let ready = count.min(self.ring.slots());
        if let Ok(chunk) = self.ring.read_chunk(ready) {
            for sample in chunk {
                put(shaped(&mut self.gain, self.place < hushed_until, sample));
                self.place += 1;
            }
        }
        for _ in ready..count {
            put(0);
        }
        if ready < count {
            self.counters.dry.fetch_add(1, Relaxed);
        }
        self.counters.playout_latency.store(latency, Relaxed);
        self.counters.burst.fetch_max(count as u64, Relaxed);
        self.counters.taken.store(self.place, Relaxed);
    }
}

/// A sample with the fade into silence or out of it.
fn shaped(gain: &mut f32, is_hushed: bool, sample: i16) -> i16 {
    let step = if is_hushed { -1.0 / FADE_SAMPLES } else { 1.0 / FADE_SAMPLES };
    *gain = (*gain + step).clamp(0.0, 1.0);
    #[expect(clippy::cast_possible_truncation, reason = "a share of an i16 is one")]
    let shaped = (f32::from(sample) * *gain) as i16;
    shaped
}

/// The session's end.
#[derive(Debug)]
pub struct SoundLine {
    microphone: Consumer<i16>,
    loudspeaker: Producer<i16>,
    written: u64,
    counters: Arc<Counters>,
}

/// What went wrong on the line so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineFaults {
    /// Samples of the microphone that found no room.
    pub lost_samples: u64,
    /// Times the loudspeaker asked for more than there was.
    pub dry: u64,
    /// Errors that the card told.
    pub told: u64,
}

impl LineFaults {
    /// Those that came after `earlier`.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self {
            lost_samples: self.lost_samples.saturating_sub(earlier.lost_samples),
            dry: self.dry.saturating_sub(earlier.dry),
            told: self.told.saturating_sub(earlier.told),
        }
    }
}

impl SoundLine {
    /// Moves a frame of the microphone to `frame` if a whole one is there.
    pub fn listen(&mut self, frame: &mut [i16]) -> bool {
        self.microphone.pop_entire_slice(frame).is_ok()
    }

    /// How many samples the loudspeaker should be given now.
    #[must_use]
    pub fn wanted(&self) -> usize {
        let taken = self.counters.taken.load(Relaxed);
        let waiting = self.written.saturating_sub(taken);
        let target = self.counters.burst.load(Relaxed) + MARGIN_SAMPLES;
        usize::try_from(target.saturating_sub(waiting))
            .unwrap_or(usize::MAX)
            .min(self.loudspeaker.slots())
    }

    /// The place that the next sample given will have.
    #[must_use]
    pub const fn next_place(&self) -> u64 {
        self.written
    }

    /// Gives samples to the loudspeaker, at most as many as are wanted.
    pub fn speak(&mut self, samples: &[i16]) {
        let (given, _no_room) = self.loudspeaker.push_partial_slice(samples);
        self.written += given.len() as u64;
    }

    /// Makes silence of all that waits: with the card's next request it fades out within 5 ms. Returns the place up to
    /// which sound cannot be taken back, since the card has it.
    pub fn hush(&self) -> u64 {
        self.counters.hushed_until.store(self.written, Relaxed);
        self.counters.taken.load(Relaxed)
    }

    /// The place that sounds now.
    #[must_use]
    pub fn heard(&self) -> u64 {
        let taken = self.counters.taken.load(Relaxed);
        taken.saturating_sub(self.counters.playout_latency.load(Relaxed))
    }

    /// The microphone's counter for sound that reaches it now.
    #[must_use]
    pub fn capture_now(&self) -> u64 {
        self.counters.captured.load(Relaxed) + self.counters.capture_latency.load(Relaxed)
    }

    /// What went wrong so far.
    #[must_use]
    pub fn faults(&self) -> LineFaults {
        LineFaults {
            lost_samples: self.counters.lost.load(Relaxed),
            dry: self.counters.dry.load(Relaxed),
            told: self.counters.told.load(Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn give(mouth: &mut Mouth, count: usize) -> Vec<i16> {
        let mut given = Vec::new();
        mouth.fill(count, 0, |sample| given.push(sample));
        given
    }

    #[test]
    fn the_microphone_comes_whole_and_in_order() {
        let (mut ear, _mouth, mut line) = sound_line();
        ear.take((0..700).collect::<Vec<i16>>().into_iter(), 48);
        ear.take((700..1000).collect::<Vec<i16>>().into_iter(), 48);
        let mut frame = [0; 960];
        assert!(line.listen(&mut frame));
        assert_eq!(frame.to_vec(), (0..960).collect::<Vec<i16>>());
        assert!(!line.listen(&mut frame), "40 samples are no frame");
        assert_eq!(line.capture_now(), 1048);
    }

    #[test]
    fn what_found_no_room_comes_as_silence_of_the_same_length() {
        let (mut ear, _mouth, mut line) = sound_line();
        for _ in 0..101 {
            ear.take(std::iter::repeat_n(7, 960), 0);
        }
        assert_eq!(line.faults().lost_samples, 960);
        let mut frame = [0; 960];
        for _ in 0..2 {
            assert!(line.listen(&mut frame));
        }
        ear.take(std::iter::repeat_n(9, 960), 0);
        let mut heard = Vec::new();
        while line.listen(&mut frame) {
            heard.push(frame[0]);
        }
        assert_eq!(heard.len(), 98 + 2, "the counter has no hole");
        assert_eq!(heard[97..], [7, 0, 9]);
    }

    #[test]
    fn as_much_is_wanted_as_the_card_takes_at_once_and_a_margin() {
        let (_ear, mut mouth, mut line) = sound_line();
        assert_eq!(line.wanted(), 960);
        line.speak(&[1; 960]);
        assert_eq!(line.wanted(), 0);
        give(&mut mouth, 480);
        assert_eq!(line.wanted(), 960, "480 gone and 480 more to be kept");
    }

    #[test]
    fn an_order_to_be_silent_fades_what_waits_and_nothing_after_it() {
        let (_ear, mut mouth, mut line) = sound_line();
        line.speak(&[1000; 960]);
        assert_eq!(give(&mut mouth, 100), [1000; 100]);
        assert_eq!(line.hush(), 100);
        line.speak(&[500; 960]);
        let faded = give(&mut mouth, 860);
        assert!(faded[..240].windows(2).all(|pair| pair[1] <= pair[0]), "{:?}", &faded[..240]);
        assert!(faded[240..].iter().all(|sample| *sample == 0));
        let back = give(&mut mouth, 960);
        assert_eq!(back[240..], [500; 720]);
    }

    #[test]
    fn a_line_that_ran_dry_is_silent_and_counted() {
        let (_ear, mut mouth, mut line) = sound_line();
        line.speak(&[5; 10]);
        assert_eq!(give(&mut mouth, 12), [5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 0, 0]);
        assert_eq!((line.faults().dry, line.heard()), (1, 10));
    }

    #[test]
    fn what_the_card_still_holds_is_not_heard_yet() {
        let (_ear, mut mouth, mut line) = sound_line();
        line.speak(&[5; 960]);
        mouth.fill(480, 200, |_| ());
        assert_eq!(line.heard(), 280);
    }
}
