//! From scores and levels to "started" and "stopped".
//!
//! [`VoiceGate`] turns a voice detector's score of each hop into the two facts the conversation knows: speech started
//! and speech stopped, each with the time at which it sounded. [`LevelGate`] answers the cheaper question whether
//! there is any sound at all.
//!
//! Invariants: edges alternate, started first; their times never go back and lie on hop edges; a stop is the end of
//! the last speech hop, not the moment it was understood.
//! Units: stream samples at the rate of the caller's detector (16 kHz); scores per mille; levels in dBFS.

use super::levels;

/// Score from which a hop is voice. Silero's own 0.5: precision 0.98 on hand-labelled speech, and no hop of 41 s of
/// noise reached it.
pub const START_SCORE: u16 = 500;

/// Score below which a hop of running speech counts as quiet: the 0.15 under the start that detectors' makers use.
/// Unvoiced ends of words fall between the two.
pub const END_SCORE: u16 = 350;

/// Voice hops in a row that start speech. One: with Silero 2, 3 and 5 in a row removed no false start that one hop
/// had, and each costs 32 ms of an interruption. Earshot needs 3 (3, 1, 0 false starts with 2, 3, 5).
pub const START_HOPS: u8 = 1;

/// Quiet hops in a row that end speech: five of Silero's 32 ms are 160 ms, just under the 200 ms at which the
/// end-of-turn model is first asked.
pub const STOP_HOPS: u8 = 5;

/// The numbers of a [`VoiceGate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VoiceGateRules {
    /// Score from which a hop is voice, per mille.
    pub start_score: u16,
    /// Score below which a hop is quiet, per mille; at most `start_score`.
    pub end_score: u16,
    /// Voice hops in a row that start speech; 0 counts as 1.
    pub start_hops: u8,
    /// Quiet hops in a row that end speech; 0 counts as 1.
    pub stop_hops: u8,
}

impl Default for VoiceGateRules {
    fn default() -> Self {
        Self {
            start_score: START_SCORE,
            end_score: END_SCORE,
            start_hops: START_HOPS,
            stop_hops: STOP_HOPS,
        }
    }
}

/// A change between speech and silence, at a stream sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoiceEdge {
    /// Speech began with the hop that starts at `at_sample`: the first of the voice hops in a row.
    Started {
        /// Stream sample.
        at_sample: u64,
    },
    /// Speech ended at `at_sample`: the end of its last hop that was not quiet.
    Stopped {
        /// Stream sample.
        at_sample: u64,
    },
}

/// Hysteresis over the scores of one stream.
#[derive(Clone, Debug)]
pub struct VoiceGate {
    rules: VoiceGateRules,
    state: VoiceState,
    /// End of the last hop taken: time never goes back.
    judged_until: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum VoiceState {
    Quiet,
    /// Voice hops in a row, not yet enough.
    Rising {
        since: u64,
        hops: u8,
    },
    Speech {
        voiced_until: u64,
        quiet_hops: u8,
    },
}

impl VoiceGate {
    /// A gate in silence. An end score above the start score is taken as the start score.
    #[must_use]
    pub fn new(rules: VoiceGateRules) -> Self {
        let rules = VoiceGateRules {
            end_score: rules.end_score.min(rules.start_score),
            start_hops: rules.start_hops.max(1),
            stop_hops: rules.stop_hops.max(1),
            ..rules
        };
        Self { rules, state: VoiceState::Quiet, judged_until: 0 }
    }

    /// Takes the score of the hop `from_sample..until_sample`. Hops come in order; one that lies before what was
    /// judged already has no effect.
    pub fn judge(&mut self, from_sample: u64, until_sample: u64, score: u16) -> Option<VoiceEdge> {
        let from_sample = from_sample.max(self.judged_until);
        if until_sample <= from_sample {
            return None;
        }
        self.judged_until = until_sample;
        match self.state {
            VoiceState::Quiet if score >= self.rules.start_score => {
                self.rise(from_sample, until_sample, 1)
            }
            VoiceState::Quiet => None,
            VoiceState::Rising { since, hops } if score >= self.rules.start_score => {
                self.rise(since, until_sample, hops.saturating_add(1))
            }
            VoiceState::Rising { .. } => {
                self.state = VoiceState::Quiet;
                None
            }
            VoiceState::Speech { .. } if score >= self.rules.end_score => {
                self.state = VoiceState::Speech { voiced_until: until_sample, quiet_hops: 0 };
                None
            }
            VoiceState::Speech { voiced_until, quiet_hops } => {
                let quiet_hops = quiet_hops.saturating_add(1);
                if quiet_hops < self.rules.stop_hops {
                    self.state = VoiceState::Speech { voiced_until, quiet_hops };
                    return None;
                }
                self.state = VoiceState::Quiet;
                Some(VoiceEdge::Stopped { at_sample: voiced_until })
            }
        }
    }

    /// No more sound will come, or none that counts (mute, lost connection): speech that runs ends where it was last
    /// voice.
    pub fn finish(&mut self) -> Option<VoiceEdge> {
        match std::mem::replace(&mut self.state, VoiceState::Quiet) {
            VoiceState::Speech { voiced_until, .. } => {
                Some(VoiceEdge::Stopped { at_sample: voiced_until })
            }
            VoiceState::Quiet | VoiceState::Rising { .. } => None,
        }
    }

    /// Whether speech runs.
    #[must_use]
    pub const fn is_speech(&self) -> bool {
        matches!(self.state, VoiceState::Speech { .. })
    }

    fn rise(&mut self, since: u64, until_sample: u64, hops: u8) -> Option<VoiceEdge> {
        if hops < self.rules.start_hops {
            self.state = VoiceState::Rising { since, hops };
            return None;
        }
        self.state = VoiceState::Speech { voiced_until: until_sample, quiet_hops: 0 };
        Some(VoiceEdge::Started { at_sample: since })
    }
}

/// Level from which there is sound. Quiet rooms lie near −60 dBFS after a browser's gain control, speech above −45.
pub const SOUND_DBFS: f32 = -50.0;

/// Level below which sound has ended: 6 dB under the start, so that a level at the edge does not flutter.
pub const SILENCE_DBFS: f32 = -56.0;

/// Frames in a row below [`SILENCE_DBFS`] before it counts as silence: 10 of 20 ms bridge the closure of a stop
/// consonant and the gaps between words.
pub const SILENCE_FRAMES: u16 = 10;

/// Whether there is any sound at all, frame by frame.
#[derive(Clone, Debug)]
pub struct LevelGate {
    open_dbfs: f32,
    close_dbfs: f32,
    hold_frames: u16,
    quiet_frames: u16,
    is_open: bool,
}

impl Default for LevelGate {
    fn default() -> Self {
        Self::new(SOUND_DBFS, SILENCE_DBFS, SILENCE_FRAMES)
    }
}

impl LevelGate {
    /// A closed gate that opens from `open_dbfs` and closes after `hold_frames` frames below `close_dbfs`.
    #[must_use]
    pub fn new(open_dbfs: f32, close_dbfs: f32, hold_frames: u16) -> Self {
        Self {
            open_dbfs,
            close_dbfs: close_dbfs.min(open_dbfs),
            hold_frames,
            quiet_frames: 0,
            is_open: false,
        }
    }

    /// Takes the next frame and returns whether the gate is open for it.
    pub fn judge(&mut self, samples: &[i16]) -> bool {
        let level = levels::rms_dbfs(samples).unwrap_or(f32::NEG_INFINITY);
        if level >= self.open_dbfs {
            self.is_open = true;
            self.quiet_frames = 0;
        } else if level >= self.close_dbfs {
            self.quiet_frames = 0;
        } else if self.is_open {
            self.quiet_frames = self.quiet_frames.saturating_add(1);
            self.is_open = self.quiet_frames < self.hold_frames;
        }
        self.is_open
    }

    /// Whether the gate was open for the last frame.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.is_open
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOP: u64 = 512;

    fn edges(rules: VoiceGateRules, scores: &[u16]) -> Vec<VoiceEdge> {
        let mut gate = VoiceGate::new(rules);
        let mut edges: Vec<_> = (0_u64..)
            .zip(scores)
            .filter_map(|(hop, &score)| gate.judge(hop * HOP, (hop + 1) * HOP, score))
            .collect();
        edges.extend(gate.finish());
        edges
    }

    #[test]
    fn speech_starts_with_its_first_hop_and_stops_at_the_end_of_its_last() {
        let scores = [10, 40, 900, 950, 400, 800, 340, 0, 0, 0, 349, 0, 0];
        assert_eq!(
            edges(VoiceGateRules::default(), &scores),
            [VoiceEdge::Started { at_sample: 2 * HOP }, VoiceEdge::Stopped { at_sample: 6 * HOP }]
        );
    }

    #[test]
    fn four_quiet_hops_do_not_end_speech() {
        let scores = [900, 0, 0, 0, 0, 400, 0, 0, 0, 0, 900];
        assert_eq!(
            edges(VoiceGateRules::default(), &scores),
            [VoiceEdge::Started { at_sample: 0 }, VoiceEdge::Stopped { at_sample: 11 * HOP }]
        );
    }

    #[test]
    fn three_hops_in_a_row_start_speech_with_the_first_of_them() {
        let rules = VoiceGateRules { start_hops: 3, ..VoiceGateRules::default() };
        let scores = [600, 600, 100, 600, 600, 600, 0, 0, 0, 0, 0];
        assert_eq!(
            edges(rules, &scores),
            [VoiceEdge::Started { at_sample: 3 * HOP }, VoiceEdge::Stopped { at_sample: 6 * HOP }]
        );
    }

    #[test]
    fn a_hop_that_comes_twice_or_late_has_no_effect() {
        let mut gate = VoiceGate::new(VoiceGateRules { stop_hops: 2, ..VoiceGateRules::default() });
        gate.judge(0, HOP, 900);
        for _ in 0..5 {
            assert_eq!(gate.judge(0, HOP, 0), None);
        }
        assert!(gate.is_speech());
    }

    #[test]
    fn the_level_gate_opens_at_once_and_closes_after_its_hold() {
        let tone = |amplitude: i16| vec![amplitude; 320];
        let mut gate = LevelGate::new(-50.0, -56.0, 3);
        assert!(!gate.judge(&tone(70)), "-53 dBFS does not open it");
        assert!(gate.judge(&tone(400)));
        assert!(gate.judge(&tone(70)), "-53 dBFS keeps it open");
        assert!(gate.judge(&[0; 320]) && gate.judge(&[0; 320]));
        assert!(!gate.judge(&[0; 320]));
        assert!(!gate.is_open());
    }

    proptest! {
        #[test]
        fn edges_alternate_and_never_go_back(
            scores in proptest::collection::vec(0_u16..=1000, 0..300),
            start_hops in 0_u8..5,
            stop_hops in 0_u8..8,
        ) {
            let rules = VoiceGateRules { start_hops, stop_hops, ..VoiceGateRules::default() };
            let mut last = 0;
            for (place, edge) in edges(rules, &scores).into_iter().enumerate() {
                let (starts, at) = match edge {
                    VoiceEdge::Started { at_sample } => (true, at_sample),
                    VoiceEdge::Stopped { at_sample } => (false, at_sample),
                };
                prop_assert_eq!(starts, place % 2 == 0);
                prop_assert!(at >= last && at % HOP == 0 && at <= scores.len() as u64 * HOP);
                last = at;
            }
        }
    }
}
