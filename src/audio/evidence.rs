//! How sure one may be that a sound which has just begun is a voice.
//!
//! One hop's score says little: the noise of an office scores 500 to 900 for a hop or three, and the first hops of a
//! loud voice score 400. [`VoiceEvidence`] adds hops up, each by its score and by how far it stands above the room, and
//! lets the sum leak away where nothing speaks for a voice. A pause waits for it; a duck does not.
//!
//! Invariants: told once at a voice's start and once more at most, when it has become sure; pure arithmetic on what it
//! is given.
//! Units: scores and shares per mille, loudness in dB above the room, evidence in ms of certain voice.

/// Evidence that makes a voice sure: three hops of 32 ms that are likely one, or one that hardly can be anything else. Of 380
/// noises one reaches it (two with 50; one more is paused for since it lasts), and 95 of 100 voices have it 268 ms after
/// their first sound.
pub const SURE_MS: f32 = 60.0;

/// A hop of this score counts twice, per mille: most voices score as much from their second hop on, and of 380 noises none
/// scored more than 880.
const UNMISTAKABLE: u16 = 950;

/// What a hop without any sign of a voice takes away: a quarter of a hop, so that a consonant between two vowels does
/// not undo the first.
const LEAK_MS: f32 = 8.0;

/// Score from which a hop speaks for a voice, per mille.
const SCORE_MIN: f32 = 500.0;

/// The score of a certain voice.
const CERTAIN: f32 = 1000.0;

/// Score below which no loudness makes a voice of a hop, per mille: a slammed door scores less than 100.
const SCORE_LEAST: u16 = 200;

/// From so far above the room loudness speaks for a voice: of 15 minutes of office noise in a quiet room nothing stood
/// higher than 32 dB, the vowels of people at a microphone stand 40 to 55 dB above it.
const LOUD_DB: f32 = 35.0;

/// How much of a score each further dB stands for, per mille, and how much loudness may stand for in all.
const PER_DB: f32 = 30.0;
const LOUD_MOST: f32 = 300.0;

/// What speaks for a voice, added up.
#[derive(Clone, Copy, Debug, Default)]
pub struct VoiceEvidence {
    sum_ms: f32,
    /// What was told of the voice that is on.
    told: Option<bool>,
}

impl VoiceEvidence {
    /// Takes a hop of `length_ms` after the gate took it: its score, and how many dB it stands above the room where that
    /// is known. Returns whether the voice is sure: with its first hop, and when that changes.
    pub fn judge(
        &mut self,
        is_speech: bool,
        length_ms: f32,
        score: u16,
        above_room_db: Option<f32>,
    ) -> Option<bool> {
        let loudness = above_room_db.map_or(0.0, |db| (db - LOUD_DB) * PER_DB);
        let share =
            (f32::from(score) - SCORE_MIN + loudness.clamp(0.0, LOUD_MOST)) / (CERTAIN - SCORE_MIN);
        if score >= UNMISTAKABLE {
            self.sum_ms += 2.0 * length_ms;
        } else if score >= SCORE_LEAST && share > 0.0 {
            self.sum_ms += share.min(1.0) * length_ms;
        } else {
            self.sum_ms = (self.sum_ms - LEAK_MS).max(0.0);
        }
        if !is_speech {
            if self.told.take().is_some() {
                self.sum_ms = 0.0;
            }
            return None;
        }
        let is_sure = self.sum_ms >= SURE_MS;
        if self.told == Some(true) || self.told == Some(is_sure) {
            return None;
        }
        self.told = Some(is_sure);
        self.told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of hops of 32 ms: place, score and dB above the room; the gate opens at 500.
    fn told(hops: &[(u16, f32)]) -> Vec<(usize, bool)> {
        let mut evidence = VoiceEvidence::default();
        let mut is_speech = false;
        let judge = |(place, &(score, db)): (usize, &(u16, f32))| {
            is_speech |= score >= 500;
            Some((place, evidence.judge(is_speech, 32.0, score, Some(db))?))
        };
        hops.iter().enumerate().filter_map(judge).collect()
    }

    #[test]
    fn a_clear_voice_is_sure_with_its_first_hop_and_a_likely_one_with_its_third() {
        assert_eq!(told(&[(10, 0.0), (950, 20.0), (990, 30.0), (999, 30.0)]), [(1, true)]);
        let likely = [(10, 0.0), (949, 20.0), (949, 20.0), (949, 20.0), (999, 30.0)];
        assert_eq!(told(&likely), [(1, false), (3, true)]);
        assert_eq!(told(&[(10, 0.0), (700, 20.0), (990, 20.0)]), [(1, false), (2, true)]);
    }

    #[test]
    fn the_murmur_of_an_office_never_is() {
        let murmur = [(472, 14.0), (752, 24.0), (792, 27.0), (621, 26.0), (472, 21.0), (468, 21.0)];
        assert_eq!(told(&murmur), [(1, false)]);
    }

    #[test]
    fn a_loud_sound_that_may_be_a_voice_counts_before_the_detector_is_sure() {
        let loud = [(462, 55.0), (490, 55.0), (423, 54.0), (429, 54.0), (602, 48.0), (663, 25.0)];
        assert_eq!(told(&loud), [(4, true)]);
        let quiet = loud.map(|(score, _)| (score, 20.0));
        assert_eq!(told(&quiet), [(4, false)]);
    }

    #[test]
    fn a_slammed_door_is_loud_and_nothing_else() {
        assert!(told(&[(40, 60.0), (90, 60.0), (60, 50.0), (20, 40.0)]).is_empty());
    }

    #[test]
    fn each_voice_is_told_anew() {
        let mut evidence = VoiceEvidence::default();
        for score in [990, 990, 990] {
            evidence.judge(true, 32.0, score, None);
        }
        assert_eq!(evidence.judge(false, 32.0, 0, None), None);
        assert_eq!(evidence.judge(true, 32.0, 600, None), Some(false));
    }
}
