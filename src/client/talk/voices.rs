//! Both AIs' voices on the way into the loudspeaker's ring, and what of them was heard. Pure.
//!
//! Frames are placed by turn and sample. What is written into the ring is remembered as runs, so the place that sounds
//! now tells what of which turn was heard; what was written and must not sound is written again when its turn goes on.
//!
//! Units: places are samples of a turn or of the ring, at 48 kHz.

use std::collections::VecDeque;

use crate::client::player::{HELD_SAMPLES_MAX, REPORT_SAMPLES, START_SAMPLES};
use crate::transport::protocol::{AiAudio, AiSpeaker, ClientMessage, ServerMessage, TurnId};

/// Both voices.
#[derive(Debug)]
pub struct Voices {
    voices: [Voice; 2],
}

/// Samples of a turn that stand one after the other in the ring.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// Place in the ring.
    at: u64,
    /// Place in the turn.
    place: u64,
    samples: u64,
}

#[derive(Debug)]
struct Voice {
    speaker: AiSpeaker,
    turn: Option<TurnId>,
    flushed: Option<TurnId>,
    /// From `heard` on.
    held: VecDeque<i16>,
    heard: u64,
    /// The first sample that was not written into the ring.
    next: u64,
    runs: VecDeque<Run>,
    reported: u64,
    /// Samples of silence given while waiting for enough to begin.
    waited: usize,
    is_begun: bool,
    is_paused: bool,
    /// Whether the studio seems not to know what was heard.
    is_asked: bool,
    gain: Gain,
    dropped: u64,
}

/// Loudness on its way to another.
#[derive(Clone, Copy, Debug)]
struct Gain {
    now: f32,
    target: f32,
    step: f32,
}

impl Default for Voices {
    fn default() -> Self {
        Self { voices: AiSpeaker::BOTH.map(Voice::new) }
    }
}

impl Voices {
    /// Takes in a frame.
    pub fn take(&mut self, frame: &AiAudio) {
        self.voices[frame.speaker.index()].take(frame);
    }

    /// Whether this order means that what waits in the ring must not sound.
    #[must_use]
    pub fn silences(&self, order: &ServerMessage) -> bool {
        match order {
            ServerMessage::Pause { speaker, turn, .. }
            | ServerMessage::Flush { speaker, turn, .. } => {
                self.voices[speaker.index()].turn == Some(*turn)
            }
            _ => false,
        }
    }

    /// Obeys an order. Where it [`silences`](Self::silences), `heard` is the place up to which the ring still sounds.
    pub fn obey(
        &mut self,
        order: &ServerMessage,
        heard: u64,
        capture: u64,
    ) -> Option<ClientMessage> {
        let is_silenced = self.silences(order);
        if is_silenced {
            self.voices.iter_mut().for_each(|voice| voice.rewind(heard));
        }
        match order {
            ServerMessage::Pause { speaker, .. } if is_silenced => {
                let voice = &mut self.voices[speaker.index()];
                voice.is_paused = true;
                voice.turn.map(|turn| voice.report(turn, capture, false))
            }
            ServerMessage::Resume { speaker, turn, from_sample } => {
                self.voices[speaker.index()].go_on(*turn, *from_sample);
                None
            }
            ServerMessage::Flush { speaker, turn, .. } => {
                self.voices[speaker.index()].flush(*turn, capture)
            }
            ServerMessage::Duck { speaker, turn, gain_db, fade_ms } => {
                let voice = &mut self.voices[speaker.index()];
                if voice.turn == Some(*turn) {
                    voice.gain.go_to(*gain_db, *fade_ms);
                }
                None
            }
            _ => None,
        }
    }

    /// Makes the samples that come next into the ring, at its place `at`.
    pub fn speak(&mut self, at: u64, into: &mut [i16]) {
        into.fill(0);
        self.voices.iter_mut().for_each(|voice| voice.speak(at, into));
    }

    /// Learns the place of the ring that sounds now; returns the reports that are due.
    pub fn hear(&mut self, place: u64, capture: u64) -> Vec<ClientMessage> {
        self.voices.iter_mut().filter_map(|voice| voice.hear(place, capture)).collect()
    }

    /// Frames that could not be played.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.voices.iter().map(|voice| voice.dropped).sum()
    }
}

impl Voice {
    const fn new(speaker: AiSpeaker) -> Self {
        Self {
            speaker,
            turn: None,
            flushed: None,
            held: VecDeque::new(),
            heard: 0,
            next: 0,
            runs: VecDeque::new(),
            reported: 0,
            waited: 0,
            is_begun: false,
            is_paused: false,
            is_asked: false,
            gain: Gain { now: 1.0, target: 1.0, step: 0.0 },
            dropped: 0,
        }
    }

    /// Begins a turn at one of its samples.
    fn enter(&mut self, turn: TurnId, place: u64) {
        *self = Self {
            turn: Some(turn),
            flushed: self.flushed,
            heard: place,
            next: place,
            reported: place,
            dropped: self.dropped,
            ..Self::new(self.speaker)
        };
    }

    /// The first sample that did not come yet.
    fn end(&self) -> u64 {
        self.heard + self.held.len() as u64
    }

    fn take(&mut self, frame: &AiAudio) {
        if self.flushed == Some(frame.turn) {
            return;
        }
        if self.turn != Some(frame.turn) {
            self.enter(frame.turn, 0);
        }
        self.is_asked |= frame.first_sample < self.heard;
        let end = self.end();
        let known = usize::try_from(end.saturating_sub(frame.first_sample)).unwrap_or(usize::MAX);
        let is_next = frame.first_sample <= end && known < frame.samples.len();
        if !is_next || self.held.len() >= HELD_SAMPLES_MAX {
            self.dropped += 1;
            return;
        }
        self.held.extend(&frame.samples[known..]);
    }

    /// What was heard is not heard again, however little of it the studio knows.
    fn go_on(&mut self, turn: TurnId, from_sample: u64) {
        let is_over = self.flushed == Some(turn) || self.turn.is_some_and(|current| turn < current);
        if is_over {
            return;
        }
        if self.turn != Some(turn) || from_sample > self.end() {
            self.enter(turn, from_sample);
        }
        self.is_paused = false;
        self.is_asked = true;
    }

    fn flush(&mut self, turn: TurnId, capture: u64) -> Option<ClientMessage> {
        self.flushed = Some(turn);
        if self.turn != Some(turn) {
            return None;
        }
        let report = self.report(turn, capture, true);
        *self = Self { flushed: self.flushed, dropped: self.dropped, ..Self::new(self.speaker) };
        Some(report)
    }

    /// What lies in the ring after `place` will not sound: it is to be written again.
    fn rewind(&mut self, place: u64) {
        self.follow(place);
        self.next = self.heard;
        self.runs.clear();
    }

    /// Counts as heard what the ring holds up to `place`.
    fn follow(&mut self, place: u64) {
        let before = self.heard;
        while let Some(run) = self.runs.front().copied() {
            let passed = place.saturating_sub(run.at).min(run.samples);
            self.heard = self.heard.max(run.place + passed);
            if passed < run.samples {
                break;
            }
            self.runs.pop_front();
        }
        let heard = usize::try_from(self.heard - before).unwrap_or(usize::MAX);
        self.held.drain(..heard.min(self.held.len()));
    }

    fn speak(&mut self, at: u64, into: &mut [i16]) {
        if self.turn.is_none() || self.is_paused {
            return;
        }
        let first = usize::try_from(self.next - self.heard).unwrap_or(usize::MAX);
        let waiting = self.held.len().saturating_sub(first);
        if waiting == 0 {
            return;
        }
        // The end of a turn is shorter than what a start waits for: after as long a wait it is played.
        self.is_begun |= waiting >= START_SAMPLES || self.waited >= START_SAMPLES;
        if !self.is_begun {
            self.waited += into.len();
            return;
        }
        let count = waiting.min(into.len());
        for (sample, said) in into.iter_mut().zip(self.held.range(first..first + count)) {
            *sample = sample.saturating_add(self.gain.of(*said));
        }
        let samples = count as u64;
        match self.runs.back_mut() {
            Some(run) if run.at + run.samples == at && run.place + run.samples == self.next => {
                run.samples += samples;
            }
            _ => self.runs.push_back(Run { at, place: self.next, samples }),
        }
        self.next += samples;
    }

    fn hear(&mut self, place: u64, capture: u64) -> Option<ClientMessage> {
        let turn = self.turn?;
        self.follow(place);
        let is_due = self.is_asked
            || self.heard - self.reported >= REPORT_SAMPLES
            || (self.held.is_empty() && self.heard > self.reported);
        is_due.then(|| self.report(turn, capture, false))
    }

    const fn report(&mut self, turn: TurnId, capture: u64, flushed: bool) -> ClientMessage {
        self.reported = self.heard;
        self.is_asked = false;
        ClientMessage::Playout {
            speaker: self.speaker,
            turn,
            played_samples: self.heard,
            capture_sample: Some(capture),
            flushed,
            stalled: false,
            clock: None,
        }
    }
}

impl Gain {
    fn go_to(&mut self, gain_db: i8, fade_ms: u16) {
        self.target = 10_f32.powf(f32::from(gain_db) / 20.0);
        self.step = (self.target - self.now) / (f32::from(fade_ms) * 48.0).max(1.0);
    }

    fn of(&mut self, sample: i16) -> i16 {
        let left = self.target - self.now;
        self.now = if left.abs() <= self.step.abs() { self.target } else { self.now + self.step };
        #[expect(clippy::cast_possible_truncation, reason = "`as` keeps within the type's range")]
        let loud = (f32::from(sample) * self.now) as i16;
        loud
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: AiSpeaker = AiSpeaker::Claude;
    const FIRST: TurnId = TurnId(1);

    /// A ramp, so that every place can be told from every other.
    fn frame(turn: TurnId, first_sample: u64) -> AiAudio {
        let samples = (0..960).map(|index| i16::try_from(first_sample + index).unwrap()).collect();
        AiAudio { speaker: ADA, turn, first_sample, samples }
    }

    fn with_frames(count: u64) -> Voices {
        let mut voices = Voices::default();
        (0..count).for_each(|index| voices.take(&frame(FIRST, index * 960)));
        voices
    }

    fn speak(voices: &mut Voices, at: u64, count: usize) -> Vec<i16> {
        let mut into = vec![1; count];
        voices.speak(at, &mut into);
        into
    }

    fn ramp(from: i16, until: i16) -> Vec<i16> {
        (from..until).collect()
    }

    fn told(reports: &[ClientMessage]) -> Vec<(u64, bool)> {
        reports
            .iter()
            .map(|report| match report {
                ClientMessage::Playout { played_samples, flushed, .. } => {
                    (*played_samples, *flushed)
                }
                other => panic!("{other:?}"),
            })
            .collect()
    }

    fn pause() -> ServerMessage {
        ServerMessage::Pause { speaker: ADA, turn: FIRST, fade_ms: 10 }
    }

    fn resume(from_sample: u64) -> ServerMessage {
        ServerMessage::Resume { speaker: ADA, turn: FIRST, from_sample }
    }

    #[test]
    fn a_turn_begins_when_60_ms_are_there() {
        let mut voices = with_frames(2);
        assert_eq!(speak(&mut voices, 0, 240), vec![0; 240]);
        voices.take(&frame(FIRST, 1920));
        assert_eq!(speak(&mut voices, 240, 240), ramp(0, 240));
    }

    #[test]
    fn a_turn_shorter_than_that_is_played_after_as_long_a_wait() {
        let mut voices = with_frames(1);
        let mut at = 0;
        while at < 2880 {
            assert_eq!(speak(&mut voices, at, 240), vec![0; 240], "at {at}");
            at += 240;
        }
        assert_eq!(speak(&mut voices, at, 240), ramp(0, 240));
    }

    #[test]
    fn only_what_sounded_is_reported_and_the_end_at_once() {
        let mut voices = with_frames(4);
        speak(&mut voices, 100, 3840);
        assert!(voices.hear(100, 0).is_empty(), "nothing of it sounded");
        assert!(voices.hear(100 + 2399, 0).is_empty(), "less than 50 ms");
        assert_eq!(told(&voices.hear(100 + 2400, 0)), [(2400, false)]);
        assert_eq!(told(&voices.hear(9_000, 0)), [(3840, false)], "the ring ran on");
        assert!(voices.hear(9_500, 0).is_empty());
    }

    #[test]
    fn what_was_written_and_silenced_sounds_when_the_turn_goes_on() {
        let mut voices = with_frames(4);
        speak(&mut voices, 0, 1500);
        assert!(voices.silences(&pause()));
        let report = voices.obey(&pause(), 700, 5);
        assert_eq!(told(&report.into_iter().collect::<Vec<_>>()), [(700, false)]);
        assert_eq!(speak(&mut voices, 1500, 100), vec![0; 100]);
        voices.obey(&resume(700), 1600, 5);
        assert_eq!(speak(&mut voices, 1600, 240), ramp(700, 940));
        assert_eq!(told(&voices.hear(1600, 0)), [(700, false)], "told again, since it was asked");
    }

    #[test]
    fn a_flushed_turn_is_told_once_and_silent_for_good() {
        let mut voices = with_frames(4);
        speak(&mut voices, 0, 1500);
        let flush = ServerMessage::Flush { speaker: ADA, turn: FIRST, fade_ms: 10 };
        let report = voices.obey(&flush, 480, 5).into_iter().collect::<Vec<_>>();
        assert_eq!(told(&report), [(480, true)]);
        voices.take(&frame(FIRST, 3840));
        assert_eq!(speak(&mut voices, 1500, 960), vec![0; 960]);
        assert!(voices.hear(9_000, 0).is_empty());
        assert!(!voices.silences(&flush), "nothing of it waits");
    }

    #[test]
    fn the_other_voice_loses_nothing_by_an_order_that_is_not_its_own() {
        let mut voices = with_frames(4);
        let guest = AiAudio { speaker: AiSpeaker::Guest, ..frame(TurnId(2), 0) };
        voices.take(&guest);
        voices.take(&AiAudio { first_sample: 960, ..guest.clone() });
        voices.take(&AiAudio { first_sample: 1920, ..guest });
        speak(&mut voices, 0, 960);
        voices.obey(&pause(), 480, 5);
        assert_eq!(speak(&mut voices, 960, 240), ramp(480, 720), "the guest goes on where it was");
    }

    #[test]
    fn frames_that_come_twice_are_heard_once_and_told_again() {
        let mut voices = with_frames(4);
        speak(&mut voices, 0, 3840);
        assert_eq!(told(&voices.hear(3840, 0)), [(3840, false)]);
        voices.take(&frame(FIRST, 0));
        assert_eq!(told(&voices.hear(3840, 0)), [(3840, false)]);
        assert_eq!((speak(&mut voices, 3840, 9), voices.dropped()), (vec![0; 9], 1));
    }

    #[test]
    fn a_ducked_voice_is_quieter_and_comes_back() {
        let mut voices = Voices::default();
        for index in 0..8 {
            voices.take(&AiAudio { samples: vec![10_000; 960], ..frame(FIRST, index * 960) });
        }
        let duck = |gain_db| ServerMessage::Duck { speaker: ADA, turn: FIRST, gain_db, fade_ms: 5 };
        voices.obey(&duck(-20), 0, 0);
        let down = speak(&mut voices, 0, 480);
        assert!(down[0] > 9_900 && down[240..].iter().all(|sample| (999..=1001).contains(sample)));
        voices.obey(&duck(0), 0, 0);
        assert!(speak(&mut voices, 480, 480)[240..].iter().all(|sample| *sample == 10_000));
    }
}
