//! A loudspeaker without a sound card: plays AI frames as a page does, on the caller's clock.
//!
//! Frames are placed by turn and sample, so what comes twice is heard once. It starts when 60 ms are there, obeys
//! pause, resume and flush at once, and reports what was heard every 50 ms.

use std::collections::VecDeque;

use crate::transport::protocol::{AiAudio, AiSpeaker, ClientMessage, ServerMessage, TurnId};

/// Sound that must be there before a turn starts: what a page on a local network waits for.
pub const START_SAMPLES: usize = 60 * 48;
/// How often progress is reported.
pub const REPORT_SAMPLES: u64 = 50 * 48;
/// Most sound one speaker may hold: the server sends 200 ms ahead, so a second is a broken server.
pub const HELD_SAMPLES_MAX: usize = 48_000;

/// Both AIs' loudspeakers.
#[derive(Debug)]
pub struct Player {
    speakers: [Loudspeaker; 2],
}

#[derive(Debug)]
struct Loudspeaker {
    speaker: AiSpeaker,
    turn: Option<TurnId>,
    flushed: Option<TurnId>,
    held: VecDeque<i16>,
    played: u64,
    reported: u64,
    is_playing: bool,
    is_paused: bool,
    /// Whether the other side seems not to know what was played: the report of it was lost with its connection.
    is_asked: bool,
    /// Whether the sound ran out: at the end of a turn it always does, so only what still comes makes it a hole.
    is_dry: bool,
    /// Times the sound ran out in the middle of a turn.
    underruns: u64,
    dropped: u64,
    heard_samples: u64,
    /// All that was heard, for whoever wants to look at it.
    kept: Option<Vec<i16>>,
}

/// What a stretch of playing came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlayerCounts {
    /// Times the sound ran out in the middle of a turn: the frame that followed was late.
    pub underruns: u64,
    /// Frames that could not be played: their place had passed, something before them is missing, or no room is left.
    pub dropped: u64,
    /// Whether anybody sounds or has sound waiting.
    pub is_busy: bool,
}

impl Default for Player {
    fn default() -> Self {
        Self { speakers: AiSpeaker::BOTH.map(Loudspeaker::new) }
    }
}

impl Player {
    /// One that keeps all that was heard: 6 MB for a minute of speech, so only for tests and benches.
    #[must_use]
    pub fn keeping() -> Self {
        let mut player = Self::default();
        player.speakers.iter_mut().for_each(|speaker| speaker.kept = Some(Vec::new()));
        player
    }

    /// Takes in a frame.
    pub fn take(&mut self, frame: &AiAudio) {
        self.speakers[frame.speaker.index()].take(frame);
    }

    /// Obeys an order; returns the last report of a flushed turn.
    pub fn obey(&mut self, message: &ServerMessage, capture_sample: u64) -> Option<ClientMessage> {
        match message {
            ServerMessage::Pause { speaker, turn, .. } => {
                self.speakers[speaker.index()].hold(*turn, true);
            }
            ServerMessage::Resume { speaker, turn, from_sample } => {
                self.speakers[speaker.index()].go_on(*turn, *from_sample);
            }
            ServerMessage::Flush { speaker, turn, .. } => {
                return self.speakers[speaker.index()].flush(*turn, capture_sample);
            }
            _ => {}
        }
        None
    }

    /// Plays `samples` more; the capture counter then stands at `capture_sample`. Returns the reports that are due.
    pub fn play(&mut self, samples: usize, capture_sample: u64) -> Vec<ClientMessage> {
        self.speakers
            .iter_mut()
            .filter_map(|speaker| speaker.play(samples, capture_sample))
            .collect()
    }

    /// What it came to so far.
    #[must_use]
    pub fn counts(&self) -> PlayerCounts {
        PlayerCounts {
            underruns: self.speakers.iter().map(|speaker| speaker.underruns).sum(),
            dropped: self.speakers.iter().map(|speaker| speaker.dropped).sum(),
            is_busy: self.speakers.iter().any(|speaker| !speaker.held.is_empty()),
        }
    }

    /// Everything this speaker was heard to say, turn after turn. Empty unless it was made by [`Self::keeping`].
    #[must_use]
    pub fn heard(&self, speaker: AiSpeaker) -> &[i16] {
        self.speakers[speaker.index()].kept.as_deref().unwrap_or_default()
    }

    /// How many samples of this speaker were heard.
    #[must_use]
    pub const fn heard_samples(&self, speaker: AiSpeaker) -> u64 {
        self.speakers[speaker.index()].heard_samples
    }
}

impl Loudspeaker {
    const fn new(speaker: AiSpeaker) -> Self {
        Self {
            speaker,
            turn: None,
            flushed: None,
            held: VecDeque::new(),
            played: 0,
            reported: 0,
            is_playing: false,
            is_paused: false,
            is_asked: false,
            is_dry: false,
            underruns: 0,
            dropped: 0,
            heard_samples: 0,
            kept: None,
        }
    }

    fn take(&mut self, frame: &AiAudio) {
        if self.flushed == Some(frame.turn) {
            return;
        }
        if self.turn != Some(frame.turn) {
            self.enter(frame.turn, 0);
        }
        self.is_asked |= frame.first_sample < self.played;
        let next = self.next();
        let known = usize::try_from(next.saturating_sub(frame.first_sample)).unwrap_or(usize::MAX);
        let is_next = frame.first_sample <= next && known < frame.samples.len();
        if !is_next || self.held.len() >= HELD_SAMPLES_MAX {
            self.dropped += 1;
            return;
        }
        self.underruns += u64::from(self.is_dry);
        self.is_dry = false;
        self.held.extend(&frame.samples[known..]);
    }

    /// Begins a turn at one of its samples.
    fn enter(&mut self, turn: TurnId, played: u64) {
        *self = Self {
            turn: Some(turn),
            flushed: self.flushed,
            played,
            reported: played,
            underruns: self.underruns,
            dropped: self.dropped,
            heard_samples: self.heard_samples,
            kept: self.kept.take(),
            ..Self::new(self.speaker)
        };
    }

    /// The first sample that did not come yet.
    fn next(&self) -> u64 {
        self.played + self.held.len() as u64
    }

    /// Goes on with a turn: where it stopped, or where it is told to if that lies beyond all that came. What was heard is
    /// not heard again, however little of it the other side knows.
    fn go_on(&mut self, turn: TurnId, from_sample: u64) {
        let is_over = self.flushed == Some(turn) || self.turn.is_some_and(|current| turn < current);
        if is_over {
            return;
        }
        if self.turn != Some(turn) || from_sample > self.next() {
            self.enter(turn, from_sample);
        }
        self.is_paused = false;
        self.is_asked = true;
    }

    fn hold(&mut self, turn: TurnId, is_paused: bool) {
        if self.turn == Some(turn) {
            self.is_paused = is_paused;
        }
    }

    fn flush(&mut self, turn: TurnId, capture_sample: u64) -> Option<ClientMessage> {
        self.flushed = Some(turn);
        if self.turn != Some(turn) {
            return None;
        }
        self.held.clear();
        self.turn = None;
        self.is_playing = false;
        Some(self.report(turn, capture_sample, true))
    }

    fn play(&mut self, samples: usize, capture_sample: u64) -> Option<ClientMessage> {
        let turn = self.turn?;
        if self.is_paused {
            return None;
        }
        // The end of a turn is shorter than what a start waits for: what came and is not joined by more is played.
        self.is_playing |= self.held.len() >= START_SAMPLES || self.played > 0;
        if !self.is_playing {
            self.is_playing = !self.held.is_empty();
            return None;
        }
        let count = samples.min(self.held.len());
        self.is_dry = count < samples;
        let heard = self.held.drain(..count);
        match &mut self.kept {
            Some(kept) => kept.extend(heard),
            None => drop(heard),
        }
        self.played += count as u64;
        self.heard_samples += count as u64;
        let is_due = self.is_asked
            || self.played - self.reported >= REPORT_SAMPLES
            || (self.held.is_empty() && self.played > self.reported);
        is_due.then(|| self.report(turn, capture_sample, false))
    }

    fn report(&mut self, turn: TurnId, capture_sample: u64, flushed: bool) -> ClientMessage {
        self.reported = self.played;
        self.is_asked = false;
        ClientMessage::Playout {
            speaker: self.speaker,
            turn,
            played_samples: self.played,
            capture_sample: Some(capture_sample),
            flushed,
            stalled: false,
            clock: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(first_sample: u64) -> AiAudio {
        AiAudio { speaker: AiSpeaker::Claude, turn: TurnId(1), first_sample, samples: vec![1; 960] }
    }

    #[test]
    fn what_comes_twice_is_heard_once() {
        let mut player = Player::keeping();
        for first in [0, 960, 960, 1920, 0, 2880] {
            player.take(&frame(first));
        }
        player.play(9_600, 0);
        assert_eq!(player.heard(AiSpeaker::Claude).len(), 4 * 960);
    }

    fn resume(from_sample: u64) -> ServerMessage {
        ServerMessage::Resume { speaker: AiSpeaker::Claude, turn: TurnId(1), from_sample }
    }

    fn told(player: &mut Player) -> Vec<u64> {
        let reports = player.play(960, 0).into_iter();
        reports
            .map(|report| match report {
                ClientMessage::Playout { played_samples, .. } => played_samples,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn what_was_played_is_told_again_to_a_server_that_sends_it_again() {
        let mut player = Player::keeping();
        (0..4).for_each(|index| player.take(&frame(index * 960)));
        player.play(9_600, 0);
        assert!(told(&mut player).is_empty(), "it was told");
        player.obey(&resume(960), 0);
        assert_eq!(told(&mut player), [4 * 960]);
        player.take(&frame(960));
        assert_eq!(told(&mut player), [4 * 960]);
        assert!(told(&mut player).is_empty());
        assert_eq!(player.heard(AiSpeaker::Claude).len(), 4 * 960);
    }

    #[test]
    fn a_player_without_the_sound_before_begins_where_it_is_told_to_go_on() {
        let mut player = Player::keeping();
        player.obey(&resume(9_600), 0);
        (10..14).for_each(|index| player.take(&frame(index * 960)));
        assert_eq!(told(&mut player), [10 * 960 + 960]);
        player.obey(&resume(0), 0);
        assert_eq!(told(&mut player), [12 * 960]);
        assert_eq!(player.heard(AiSpeaker::Claude).len(), 2 * 960);
    }

    #[test]
    fn only_a_hole_that_is_filled_later_was_a_hole() {
        let mut player = Player::keeping();
        (0..4).for_each(|index| player.take(&frame(index * 960)));
        player.play(9_600, 0);
        assert_eq!(player.counts().underruns, 0, "this may have been the end of the turn");
        (4..6).for_each(|index| player.take(&frame(index * 960)));
        assert_eq!(player.counts().underruns, 1);
        player.play(9_600, 0);
        assert_eq!(player.counts().underruns, 1);
    }

    #[test]
    fn frames_that_cannot_be_played_are_counted() {
        let mut player = Player::keeping();
        for first in [0, 960, 960, 3 * 960] {
            player.take(&frame(first));
        }
        assert_eq!(player.counts().dropped, 2, "one came twice, one after a hole");
    }

    #[test]
    fn a_flushed_turn_is_silent_for_good() {
        let mut player = Player::keeping();
        (0..4).for_each(|index| player.take(&frame(index * 960)));
        player.play(960, 0);
        let flush =
            ServerMessage::Flush { speaker: AiSpeaker::Claude, turn: TurnId(1), fade_ms: 10 };
        let last = player.obey(&flush, 5);
        assert!(
            matches!(last, Some(ClientMessage::Playout { played_samples: 960, flushed: true, .. })),
            "{last:?}"
        );
        player.take(&frame(960));
        player.play(960, 0);
        assert_eq!(player.heard(AiSpeaker::Claude).len(), 960);
    }
}
